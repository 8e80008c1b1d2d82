// A search of a whole workspace beside events: what it gives, what it spares, and what it may not do.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// `goals` is the search, of workspace 1: its rows tell when they were modified. The events of list a are behind it, as
// are the changes of member m, which it replaces. Mirrored once; then an hour goes by.
struct SearchBench : Bench {
    SearchBench() {
        source.table[kGoals].lags = source.table[kGoals].watermark = true;
        source.table[kGoals].budget = source::Budget::search;
        source.table[kLooks].modified_by = "notes";
        source.table[kChanges].behind = source.table[kMembersChanged].behind = "goals";
        source.table[kMembersChanged].told_by_search = true;
        pace_options.search_per_minute = 60'000;
        periods = {.relist = 24h, .reconcile = 24h};
        api.on("/me", {{"open goals 1 1\nopen lists 1 a\nopen members 1 m"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/changes/a@t1", {{"token t1"}});
        api.on("/lists/a", {{"row_at 0 1 a\nrow_at 0 2 b"}});
    }
    void mirrored() {
        CHECK(sync() == Ended::complete);
        pass(1h);
    }
    void pass(Milliseconds time) {
        forget();
        clock.advance(time);
    }
    // The target of the next search.
    std::string search(const std::string& offset = "") const {
        return "/goals/1" + offset + "@" + rows("SELECT cursor FROM sync_work WHERE stream = 'goals'");
    }
    std::string replaced() const {
        return "/members_changed/m@" + rows("SELECT cursor FROM sync_work WHERE stream = 'members_changed'");
    }
};

const Reply kOff{.body = "", .status = 402};
const Reply kNotFound{.body = "", .status = 404};

}  // namespace

TEST_CASE("a search is first asked whether there is one, and then for what was modified since") {
    SearchBench bench;
    bench.mirrored();
    const auto first = bench.search();
    CHECK(first < "/goals/1@" + iso(store::at(0)));  // the clock less an overlap

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", first, "/changes/a@t1"});
    CHECK(bench.search() > first);
    CHECK(bench.rows("SELECT capability, available FROM sync_capabilities") == "goals|1");
}

TEST_CASE("what a search names is stored, and needs no look when its events come") {
    SearchBench bench;
    bench.mirrored();
    bench.api.on(bench.search(), {{"row_at 3000 1 new\nif_changed notes 1 1\nrow_at 3000 3 c"}});
    bench.api.on("/changes/a@t1", {{"known 2900 looks 1 1\nknown 3000 looks 1 3\nknown 3001 looks 1 2\ntoken t2"}});
    bench.api.on("/looks/2", {{"row_at 3001 2 later"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|new 2|later 3|c");
    CHECK(bench.api.times("/looks/1") + bench.api.times("/looks/3") == 0);
    CHECK(bench.api.times("/looks/2") == 1);
    CHECK(bench.api.times("/notes/1") == 1);
    CHECK(bench.cursors("a") == "t2|NULL");
}

TEST_CASE("what an event says has come is not asked for when it is stored") {
    SearchBench bench;
    bench.mirrored();
    bench.api.on("/changes/a@t1", {{"told 1 notes 1 1\ntold 9 notes 1 2\ntoken t2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/1") == 0);
    CHECK(bench.api.times("/notes/2") == 1);
}

TEST_CASE("a search that lags behind overwrites nothing that is as new") {
    SearchBench bench;
    bench.api.on("/lists/a", {{"row_at 100 1 a\nrow_at 100 2 b\nrow_at 100 3 c"}});
    bench.mirrored();
    bench.api.on(bench.search(), {{"row_at 50 1 old\nrow_at 100 2 other\nif_changed notes 1 2\nrow_at 150 3 new"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|a 2|b 3|new");
    CHECK(bench.api.times("/notes/2") == 0);
}

TEST_CASE("a search overtakes no answer that is on its way") {
    SearchBench bench;
    bench.mirrored();
    bench.source.table[kChanges].behind = {};
    bench.api.on(bench.search(), {{.body = "row_at 200 1 found", .after = 300ms}});
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2"}});
    bench.api.on("/looks/1", {{.body = "row_at 300 1 looked", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|looked 2|b");
}

TEST_CASE("a search brings back nothing that is gone; what was modified since is looked at") {
    SearchBench bench;
    bench.mirrored();
    bench.api.on("/changes/a@t1", {{fmt::format("hint looks 1 1 deleted {}\ntoken t2", iso(store::at(1000)))}});
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/looks/1", {kNotFound});
    bench.sync();
    CHECK(bench.projects() == "2|b");
    bench.pass(1min);
    bench.api.on(bench.search(), {{"row_at 999 1 a"}});

    bench.sync();

    CHECK(bench.projects() == "2|b");
    CHECK(bench.api.times("/looks/1") == 0);
    bench.pass(1min);
    bench.api.on(bench.search(), {{"row_at 1001 1 restored"}});
    bench.api.on("/looks/1", {{"row_at 1002 1 there"}});

    bench.sync();

    CHECK(bench.projects() == "1|there 2|b");
    CHECK(bench.tombstones() == "");
    CHECK(bench.gaps() == "");
}

TEST_CASE("events are asked for when the search of their workspace is over") {
    SearchBench bench;
    bench.mirrored();
    bench.api.on(bench.search(), {{.body = "row_at 200 1 x\nnext 2", .after = 3s}});
    bench.api.on(bench.search("#2"), {{.body = "", .after = 3s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/changes/a@t1") == 1);
    CHECK(bench.api.place("/changes/a@t1") == bench.api.asked.size() - 1);
    CHECK(bench.api.asked_at.back() - bench.api.asked_at.front() >= 6s);
}

TEST_CASE("a search that fails holds nothing up, and goes on from its place") {
    SearchBench bench;
    bench.mirrored();
    const auto search = bench.search();
    const Reply busy{.body = "", .status = 503};
    bench.api.on(search, {busy, busy, busy, busy, busy, busy, {"row_at 200 1 x"}});

    CHECK(bench.sync() == Ended::complete);  // its gap waits for another time

    CHECK(bench.gaps() == "goals|1|503");
    CHECK(bench.api.times("/changes/a@t1") == 1);
    CHECK(bench.search() == search);
    bench.pass(1h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "");
    CHECK(bench.projects() == "1|x 2|b");
}

TEST_CASE("a stream that search replaces is not asked for while there is search, and from its old place afterwards") {
    SearchBench bench;
    bench.mirrored();
    const auto place = bench.replaced();

    bench.sync();

    CHECK(bench.api.times(place) == 0);
    CHECK(bench.replaced() == place);
    bench.pass(25h);
    bench.api.on(bench.search(), {kOff});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times(place) == 1);
    CHECK(bench.replaced() > place);
    CHECK(bench.gaps() == "");
    CHECK(bench.search() == "/goals/1@NULL");
}

TEST_CASE("when a plan gets search, what it replaces is asked for once more") {
    SearchBench bench;
    bench.api.on("/goals/1", {kOff, {""}});
    bench.mirrored();
    const auto place = bench.replaced();
    bench.sync();  // within the day nobody asks for search again
    CHECK(bench.api.times("/goals/1") == 0);
    CHECK(bench.api.times(place) == 1);
    bench.pass(24h);
    const auto second = bench.replaced();

    bench.sync();

    CHECK(bench.api.times("/goals/1") == 1);
    CHECK(bench.api.times(second) == 1);
    bench.pass(1h);
    const auto third = bench.replaced();

    bench.sync();

    CHECK(bench.api.times(third) == 0);
}

TEST_CASE("a search that waits for its own pace keeps nothing else waiting") {
    SearchBench bench;
    bench.mirrored();
    bench.source.table[kChanges].behind = {};
    bench.pace_options.search_per_minute = 6;
    bench.api.on(bench.search(), {{"next 2"}});
    bench.api.on("/changes/a@t1", {{"hint notes 1 n\ntoken t2"}});
    const auto search = bench.search(), next = bench.search("#2");

    CHECK(bench.sync() == Ended::complete);

    const auto at = [&](const std::string& target) { return bench.api.asked_at.at(bench.api.place(target)); };
    CHECK(at("/notes/n") - at(search) < 1s);
    CHECK(at(next) - at(search) > 9s);
    CHECK(at(next) - at(search) < 11s);
}

TEST_CASE("what even a search cannot tell is a gap until a later pass has ended") {
    SearchBench bench;
    bench.mirrored();
    bench.api.on(bench.search(), {{"untold x"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "goals|1/x|NULL");
    bench.pass(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps() == "");
}

TEST_CASE("what a search finds changed lets its events be asked for next") {
    SearchBench bench;
    bench.source.table[kLists].proves = "asana_project_followers";
    bench.source.table[kLists].proves_by = "user_gid";
    bench.source.table[kLists].proves_gid = "project_gid";
    bench.source.table[kLists].looked_at_by = "looks";
    bench.source.hangs = {};
    std::string lists = "open goals 1 1\n";
    for (int i = 0; i < 20; ++i) {
        lists += fmt::format("open lists 1 l{}\n", i);
        bench.api.on(fmt::format("/changes/l{}", i), {{.body = "token t", .status = 412}});
        bench.api.on(fmt::format("/changes/l{}@t", i), {{"token t"}});
        bench.api.on(fmt::format("/lists/l{}", i), {{fmt::format("row {} x l{}", i, i)}});
    }
    bench.api.on("/me", {{lists}});
    bench.sync();
    bench.pass(1s);
    bench.pace_options = {.requests_per_minute = 20, .share = 1};
    bench.api.on(bench.search(), {{"row_at 0 13 new"}});
    bench.api.watch = [&](const std::string& target) {
        if (target != "/changes/l13@t") return;
        bench.stop = true;
    };
    const auto store = store::open_sqlite(bench.file, bench.source.tables());
    http::Pace pace(bench.pace_options, [] { return 0.5; });
    Sync sync({.source = bench.source,
               .transport = bench.api,
               .pace = pace,
               .read_token = [] { return std::string("old"); },
               .token = "old",
               .periods = bench.periods,
               .deletions = {},
               .polls = {}},
              *store, bench.clock, bench.stop, {});
    const auto search = bench.search();

    sync.serve();
    for (int turn = 0; turn < 3000 && !bench.stop; ++turn) sync.turn(1s);

    REQUIRE(bench.stop);
    REQUIRE(bench.api.times(search) > 0);
    CHECK(bench.api.place("/changes/l13@t") == bench.api.place(search) + 1);
}
