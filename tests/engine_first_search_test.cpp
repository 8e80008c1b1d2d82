// A first load where a workspace has search: lists of single objects are left to it, and none is lost.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// `goals` is the search of workspace 1 for changes, `milestones` that for objects with a list of `notes`, which have
// edges; a row has the workspace as its name. List a has rows 1 and 2, and row 3, which is a minute old.
struct FirstBench : Bench {
    FirstBench() {
        source.table[kGoals].lags = source.table[kGoals].watermark = true;
        source.table[kLooks].modified_by = "notes";
        auto& search = source.table[kMilestones];
        search.lags = true;
        search.behind = "goals";
        search.every = source::Every::reread;
        auto& notes = source.table[kNotes];
        notes.first = {"milestones", "asana_projects", "name"};
        notes.proves = "asana_project_followers";
        notes.proves_by = "project_gid";
        notes.proves_gid = "user_gid";
        periods = {.relist = 24h, .reconcile = 24h, .reread = 7 * 24h};
        api.on("/me", {{"open goals 1 1\nopen lists 1 a"}});
        api.on("/changes/a", {{.body = "token t", .status = 412}});
        api.on("/lists/a", {{"row_at -9000 1 1\nif_changed notes 1 1\nrow_at -9000 2 1\nif_changed notes 1 2\n"
                             "row_at -60 3 1\nif_changed notes 1 3"}});
        api.on("/milestones/1", {{"lacking notes 1 2\nlacking notes 1 9"}});
        api.on("/notes/2", {{"edge x"}});
    }
    // How often the search and each list of notes was asked for.
    std::string asked() const {
        const auto times = [&](const char* target) { return api.times(target); };
        return fmt::format("{}: {} {} {} {}", times("/milestones/1"), times("/notes/1"), times("/notes/2"),
                           times("/notes/3"), times("/notes/9"));
    }
    void pass(Milliseconds time) {
        forget();
        clock.advance(time);
    }
};

const Reply kOff{.body = "", .status = 402};
const Reply kBusy{.body = "", .status = 503};

}  // namespace

TEST_CASE("a first load asks for the lists that search names, and for those that it may not know yet") {
    FirstBench bench;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == "1: 0 1 1 0");  // 9 is in no list: the mirror would have a part of it alone
    CHECK(bench.api.place("/milestones/1") > bench.api.place("/lists/a"));
    CHECK(bench.api.place("/notes/3") > bench.api.place("/milestones/1"));
    CHECK(bench.due() == "");
}

TEST_CASE("lists that search may spare others wait until it is known whether there is one") {
    FirstBench bench;
    bench.source.table[kLists].looked_at_by = "looks";
    bench.api.on("/goals/1", {{.body = "", .after = 3s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.place("/lists/a") > bench.api.place("/goals/1"));
    CHECK(bench.asked() == "1: 0 1 1 0");
}

TEST_CASE("without search, each list is asked for by itself") {
    FirstBench bench;
    bench.api.on("/goals/1", {kOff});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == "0: 1 1 1 0");
}

TEST_CASE("when search is lost before it has told, all that was left to it is asked for") {
    FirstBench bench;
    bench.api.on("/milestones/1", {kOff});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == "1: 1 1 1 0");
    CHECK(bench.gaps() == "");
}

TEST_CASE("what a search cannot tell apart is asked for by itself") {
    FirstBench bench;
    bench.api.on("/milestones/1", {{"lacking notes 1 2\nuntold x"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == "1: 1 1 1 0");
    CHECK(bench.gaps() == "");
}

TEST_CASE("a search for a first load that fails is a gap, and made when its time comes") {
    FirstBench bench;
    bench.api.on("/milestones/1", {kBusy, kBusy, kBusy, kBusy, kBusy, kBusy, {"lacking notes 1 2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "milestones|1|503");
    CHECK(bench.api.times("/notes/2") == 0);
    CHECK(bench.api.times("/notes/3") == 1);
    bench.pass(1h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "");
    CHECK(bench.asked() == "1: 0 1 0 0");
}

TEST_CASE("nothing that was left to search is lost, wherever the process dies") {
    for (std::size_t requests = 1; requests < 9; ++requests) {
        FirstBench bench;
        bench.api.on("/milestones/1", {{"lacking notes 1 1\nnext o"}});
        bench.api.on("/milestones/1#o", {{"lacking notes 1 2"}});
        bench.sync_killed_after(requests);

        bench.sync();

        CHECK(bench.rows("SELECT project_gid FROM asana_project_followers") == "2");
        CHECK(bench.due() == "");
        CHECK(bench.gaps() == "");
    }
}

TEST_CASE("what is new after a first load is asked for by itself") {
    FirstBench bench;
    bench.sync();
    bench.pass(1h);
    bench.api.on("/changes/a@t", {{"hint looks 1 4\nhint looks 1 5\ntoken u"}});
    bench.api.on("/looks/4", {{"row_at 3000 4 1\nif_changed notes 1 4"}});
    bench.api.on("/looks/5", {{"row_at -9000 5 1\nif_changed notes 1 5"}});  // it was not visible then

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/4") == 1);
    CHECK(bench.api.times("/notes/5") == 1);
    CHECK(bench.api.times("/milestones/1") == 0);
}

TEST_CASE("what the index had lost comes with the next search for all") {
    FirstBench bench;
    bench.sync();
    bench.pass(6 * 24h);
    bench.sync();
    CHECK(bench.api.asked.size() > 1);
    CHECK(bench.rows("SELECT count(*) FROM sync_work WHERE stream = 'milestones'") == "1");
    const auto again = "/milestones/1@" + bench.rows("SELECT cursor FROM sync_work WHERE stream = 'milestones'");
    CHECK(bench.api.times(again) == 0);
    bench.pass(25h);
    bench.api.on(again, {{"lacking notes 1 1\nlacking notes 1 2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times(again) == 1);
    CHECK(bench.api.times("/notes/1") == 1);
    CHECK(bench.api.times("/notes/2") == 0);  // those that are stored have their own ways
}

TEST_CASE("a list whose rows search has named, as many as are counted, is not asked for") {
    FirstBench bench;
    bench.source.table[kNotes].first = {};
    auto& parts = bench.source.table[kParts];
    parts.first = {"milestones", "asana_projects", "name", "name"};  // row 1 says that 1 row has the name 1
    bench.api.on("/lists/a", {{"row_at -9000 1 1\nopen parts 1 1"}});
    bench.api.on("/milestones/1", {{""}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/milestones/1") == 1);
    CHECK(bench.api.times("/parts/1") == 0);
    CHECK(bench.due() == "");
}

TEST_CASE("no search is made for an object whose list is empty") {
    FirstBench bench;
    bench.source.table[kNotes].first = {};
    auto& parts = bench.source.table[kParts];
    parts.first = {"milestones", "asana_projects", "name", "name"};
    bench.api.on("/lists/a", {{"row_at -9000 1 1\nif_not parts 1 1 0"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/milestones/1") == 0);
    CHECK(bench.api.times("/parts/1") == 0);
}

TEST_CASE("a list of which search has not named enough, or too much, is asked for") {
    FirstBench bench;
    bench.source.table[kNotes].first = {};
    auto& parts = bench.source.table[kParts];
    parts.first = {"milestones", "asana_projects", "name", "name"};
    bench.api.on("/lists/a", {{"row_at -9000 1 1\nopen parts 1 1"}});
    bench.api.on("/milestones/1", {{"row_at -9000 2 1\nopen parts 1 2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/milestones/1") == 1);
    CHECK(bench.api.times("/parts/1") == 1);
    CHECK(bench.api.times("/parts/2") == 1);
}

TEST_CASE("for another configuration each list is walked that was left to search, and opens the work of its rows") {
    FirstBench bench;
    bench.source.table[kNotes].first = {};
    auto& parts = bench.source.table[kParts];
    parts.first = {"milestones", "asana_projects", "name", "name"};
    bench.api.on("/lists/a", {{"row_at -9000 1 1\nopen parts 1 1"}});
    bench.api.on("/parts/1", {{"row_at -9000 1 1\nif_changed notes 1 1"}});
    bench.api.on("/milestones/1", {{""}});
    bench.sync();
    CHECK(bench.api.times("/parts/1") == 0);
    bench.pass(1h);
    bench.source.opens = "more";

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/parts/1") == 1);
    CHECK(bench.api.times("/notes/1") == 1);
    CHECK(bench.projects() == "1|1");
}
