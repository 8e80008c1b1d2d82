// The order of work, what a commit holds, and what is left when the process dies.
#include <catch2/catch.hpp>

#include <set>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// Parts p with five rows, each of which opens its notes.
void five_rows(Bench& bench) {
    bench.api.on("/me", {{"open parts 1 p"}});
    std::string body;
    for (int i = 1; i <= 5; ++i) body += fmt::format("row {} a\nif_changed notes 1 n{} {}\n", i, i, i);
    bench.api.on("/parts/p", {{body}});
}

}  // namespace

TEST_CASE("work goes in the order of ranks, whatever the order in which it was opened") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open notes 1 n\nopen goals 1 g\nopen lists 1 a\nopen parts 1 p"}});
    bench.api.on("/changes/a", {{"token t1"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/changes/a", "/lists/a", "/parts/p", "/goals/g", "/notes/n"});
}

TEST_CASE("a walk under way goes on before a new one begins") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{"next o1"}});
    bench.api.on("/parts/p#o1", {{"next o2"}});

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/p#o1", "/parts/p#o2", "/parts/q"});
}

TEST_CASE("within a rank the smallest order goes first") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open notes 1 x 30\nopen notes 1 y 10\nopen notes 1 z 20"}});

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/notes/y", "/notes/z", "/notes/x"});
}

TEST_CASE("more valuable work that comes later goes before what was picked ahead") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    std::string notes;
    for (int i = 10; i < 40; ++i) notes += fmt::format("open notes 1 n{} {}\n", i, i);
    bench.api.on("/me", {{notes}});
    bench.api.on("/notes/n12", {{"open parts 1 p"}});

    bench.sync();

    CHECK(bench.api.place("/parts/p") == bench.api.place("/notes/n12") + 1);
    CHECK(bench.api.asked.size() == 32);
}

TEST_CASE("an opened object that was opened before is asked for once") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{"row 1 a\nif_changed notes 1 n1"}});
    bench.api.on("/parts/q", {{"row 1 a\nif_changed notes 1 n1"}});

    bench.sync();

    CHECK(bench.api.times("/notes/n1") == 1);
}

TEST_CASE("a hundred pages share a commit") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    for (int i = 0; i < 150; ++i)
        bench.api.on(i == 0 ? "/parts/p" : fmt::format("/parts/p#o{}", i),
                     {{fmt::format("row {} a{}", i, i < 149 ? fmt::format("\nnext o{}", i + 1) : "")}});
    std::set<std::string> committed;
    bench.api.watch = [&](const std::string&) { committed.insert(bench.rows("SELECT count(*) FROM asana_projects")); };

    bench.sync();

    CHECK(committed == std::set<std::string>{"0", "99"});  // the page of /me is the hundredth
    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "150");
}

TEST_CASE("a page waits two seconds for its commit at most") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    for (int i = 0; i < 30; ++i)
        bench.api.on(
            i == 0 ? "/parts/p" : fmt::format("/parts/p#o{}", i),
            {{.body = fmt::format("row {} a{}", i, i < 29 ? fmt::format("\nnext o{}", i + 1) : ""), .after = 300ms}});
    int stored = -1, most_open = 0;  // the first request is that of /me
    std::set<int> committed;
    bench.api.watch = [&](const std::string&) {
        const int count = std::stoi(bench.rows("SELECT count(*) FROM asana_projects"));
        committed.insert(count);
        most_open = std::max(most_open, stored++ - count);
    };

    bench.sync();

    CHECK(most_open >= 5);
    CHECK(most_open <= 7);
    CHECK(committed.size() <= 6);
}

TEST_CASE("a page that cannot be read leaves nothing, and the pages around it stay") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{"row 1 a\nnext o1"}});
    bench.api.on("/parts/p#o1", {{"row 2 a\nopen notes 1 n2\nrubbish"}});
    bench.api.on("/parts/q", {{"row 3 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|a 3|a");
    CHECK(bench.api.times("/notes/n2") == 0);
    CHECK(bench.gaps() == "parts|p|200");
}

TEST_CASE("rows and the work that they open are committed together") {
    Bench bench;
    five_rows(bench);

    bench.sync_killed_after(2);
    CHECK(bench.projects().empty());
    CHECK(bench.due() == "me|");
    bench.sync();

    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "5");
    CHECK(bench.api.asked.size() == 7);
}

TEST_CASE("a killed sync goes on with what was not committed, and repeats no one-off work") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    five_rows(bench);
    for (int i = 1; i <= 5; ++i) bench.api.on(fmt::format("/notes/n{}", i), {{.body = "", .after = 1200ms}});

    bench.sync_killed_after(6);  // before n5: n1 to n3 are committed, n4 is not
    CHECK(bench.due() == "notes|n4 notes|n5");
    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/notes/n4", "/notes/n5"});
}

TEST_CASE("wherever a sync is killed, the next ones bring the same rows") {
    const auto script = [](Bench& bench) {
        bench.api.on("/me", {{"open lists 1 a\nopen lists 1 b\nopen goals 1 g"}});
        bench.api.on("/changes/a", {{"token ta"}});
        bench.api.on("/changes/b", {{.body = "token tb", .after = 1500ms}});
        bench.api.on("/lists/a", {{"row 1 a\nif_changed notes 1 n1\nnext o1"}});
        bench.api.on("/lists/a#o1", {{.body = "row 2 a\nif_changed notes 1 n2", .after = 900ms}});
        bench.api.on("/lists/b", {{"row 1 a\nif_changed notes 1 n1\nrow 3 a\nif_changed notes 1 n3"}});
        for (const auto* note : {"1", "2", "3"})
            bench.api.on(fmt::format("/notes/n{}", note), {{.body = fmt::format("row 1{} a", note), .after = 700ms}});
    };
    constexpr auto kRows = "1|a 11|a 12|a 13|a 2|a 3|a";
    Bench whole;
    script(whole);
    whole.sync();
    CHECK(whole.projects() == kRows);

    for (std::size_t first = 0; first <= whole.api.asked.size(); ++first) {
        INFO(first);
        Bench bench;
        script(bench);
        if (first < whole.api.asked.size()) bench.sync_killed_after(first);
        if (first > 2) bench.sync_killed_after(2);

        CHECK(bench.sync() == Ended::complete);

        CHECK(bench.projects() == kRows);
        CHECK(bench.due().empty());
        CHECK(bench.gaps().empty());
        CHECK(bench.cursors("a") == "ta|NULL");
        CHECK(bench.cursors("b") == "tb|NULL");
    }
}

TEST_CASE("an older answer that arrives later does not overwrite a newer one") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{.body = "row 1 old\nif_changed notes 1 n1", .after = 3s}});  // asked first
    bench.api.on("/parts/q", {{.body = "row 1 new", .after = 100ms}});

    bench.sync();

    REQUIRE(bench.api.place("/parts/p") < bench.api.place("/parts/q"));
    CHECK(bench.projects() == "1|new");
    CHECK(bench.api.times("/notes/n1") == 0);
}

TEST_CASE("a second pass over unchanged objects writes nothing and opens nothing") {
    Bench bench;
    five_rows(bench);
    bench.sync();
    const auto before = bench.rows("SELECT gid, mirrored_at FROM asana_projects ORDER BY gid");
    bench.forget();
    bench.clock.advance(1h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p"});
    CHECK(bench.rows("SELECT gid, mirrored_at FROM asana_projects ORDER BY gid") == before);
    CHECK(bench.seen.back().rows_written == 0);
    CHECK(bench.seen.back().rows_unchanged == 5);
}

TEST_CASE("a changed object opens its work again, its neighbours do not") {
    Bench bench;
    five_rows(bench);
    bench.sync();
    bench.forget();
    bench.clock.advance(1h);
    bench.api.on("/parts/p", {{"row 1 a\nif_changed notes 1 n1\nrow 2 b\nif_changed notes 1 n2"}});

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/notes/n2"});
}

TEST_CASE("when the configuration has grown, unchanged objects open their work once") {
    Bench bench;
    five_rows(bench);
    bench.sync();
    bench.source.opens = "all and more";
    for (const auto expected : {5, 0}) {
        bench.forget();
        bench.clock.advance(1h);
        CHECK(bench.sync() == Ended::complete);

        CHECK(bench.api.asked.size() == 2U + static_cast<unsigned>(expected));
    }
}

TEST_CASE("a configuration that grows while a pass is unfinished still opens everything") {
    Bench bench;
    five_rows(bench);
    bench.sync(at_most(4));
    bench.source.opens = "all and more";
    bench.forget();
    bench.clock.advance(1min);

    CHECK(bench.sync() == Ended::complete);

    for (int i = 1; i <= 5; ++i) CHECK(bench.api.times(fmt::format("/notes/n{}", i)) == 1);
}

TEST_CASE("a list that ended in a gap when the configuration had grown opens its work when it heals") {
    Bench bench;
    five_rows(bench);
    bench.sync();
    const std::string page = "row 1 a\nif_changed notes 1 n1";
    bench.api.on("/parts/p", {{.body = "", .status = 403}, {page}});
    bench.source.opens = "all and more";
    bench.sync();
    bench.forget();
    bench.clock.advance(25h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/n1") == 1);
}

TEST_CASE("work and gaps of what the configuration no longer asks for go") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}, {""}});
    bench.api.on("/parts/p", {{"row 1 a\nif_changed notes 1 n1\nif_changed notes 1 n2"}});
    bench.api.on("/notes/n1", {{.body = "", .status = 404}});
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps() == "notes|n1|404");
    bench.source.opens = "no notes";
    bench.forget();
    bench.clock.advance(1min);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps().empty());
    CHECK(bench.due().empty());
    CHECK(bench.api.asked == Targets{"/me"});
}

TEST_CASE("a clock that was wrong does not keep work from being done") {
    Bench bench;
    five_rows(bench);
    bench.clock.advance(24h * 365 * 70);
    bench.sync();
    bench.clock.set_back(24h * 365 * 70);
    bench.forget();

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/parts/p"});
    bench.forget();
    bench.clock.advance(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/parts/p"});
}

TEST_CASE("a pass that was cut off before the clock went back goes on") {
    Bench bench;
    five_rows(bench);
    bench.clock.advance(24h);
    bench.sync(at_most(2));
    bench.clock.set_back(24h);
    bench.forget();

    CHECK(bench.sync() == Ended::complete);

    for (int i = 1; i <= 5; ++i) CHECK(bench.api.times(fmt::format("/notes/n{}", i)) == 1);
    CHECK(bench.due().empty());
}

TEST_CASE("a known feature of paid plans raises an automatic rate from the first request on") {
    Bench bench;
    bench.pace_options = {.requests_per_minute = 0, .share = 1};
    bench.api.on("/me", {{"open goals 1 g"}});
    bench.sync();
    bench.clock.advance(1h);

    bench.sync();

    CHECK(bench.seen.front().rate_per_minute > 1000);
}

TEST_CASE("work of streams that this version does not know goes, and hides no other") {
    Bench bench;
    five_rows(bench);
    bench.sync();
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) INSERT INTO sync_work "
            "(source, stream, scope, root, kind, order_key, due_at) SELECT 'acme', 'portfolios', i, '', 'one_off', "
            "0, '2020-01-01T00:00:00.000Z' FROM n");
    bench.forget();
    bench.clock.advance(1h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p"});
    CHECK(bench.due().empty());
}

TEST_CASE("a list that failed and is no longer asked for is left alone, essential or not") {
    Bench bench;
    bench.api.on("/me", {{"open lists 2 b\nopen parts 1 p"}, {"open parts 1 p"}});
    bench.api.on("/changes/b", {{"token t1"}});
    bench.api.on("/lists/b", {{.body = "", .status = 403}, {"row 9 secret"}});
    bench.sync();
    bench.source.opens = "without b";

    for (int i = 0; i < 2; ++i) {
        bench.clock.advance(1h);
        CHECK(bench.sync() == Ended::complete);
        CHECK(bench.gaps().empty());
        CHECK(bench.api.times("/lists/b") == 1);
    }
}

TEST_CASE("a sync in which more fails than a quarter of an hour holds looks at each request twice, and ends") {
    Bench bench;
    bench.pace_options = {.requests_per_minute = 120, .share = 0.8, .concurrency = 4};
    constexpr int kNotes = 1000;
    std::string notes;
    for (int i = 0; i < kNotes; ++i) {
        notes += fmt::format("open notes 1 n{} {}\n", i, i);
        bench.api.on(fmt::format("/notes/n{}", i), {{"rubbish"}});
    }
    bench.api.on("/me", {{notes}});

    CHECK(bench.sync(at_most(20'000)) == Ended::complete);

    CHECK(bench.rows("SELECT count(*) FROM sync_gaps WHERE healed_at IS NULL") == std::to_string(kNotes));
    CHECK(bench.api.times("/notes/n0") <= 12);
    CHECK(bench.api.times(fmt::format("/notes/n{}", kNotes - 1)) > 0);
}

TEST_CASE("what was dated by a clock that ran ahead for a while is done again") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen notes 1 n"}});
    bench.api.on("/parts/p", {{"row 1 a"}, {"row 1 b"}});
    bench.api.on("/parts/q", {{.body = "", .status = 403}, {"row 2 a"}});
    bench.api.watch = [&](const std::string& target) {
        if (target != "/parts/p") return;
        bench.clock.set_back(-30 * 24h);
        bench.api.watch = [](const std::string&) {};
    };
    CHECK(bench.sync(at_most(3)) == Ended::with_work_left);
    bench.clock.set_back(30 * 24h);

    for (int i = 0; i < 2; ++i) {
        bench.clock.advance(24h);
        CHECK(bench.sync() == Ended::complete);
    }

    CHECK(bench.projects() == "1|b 2|a");
    CHECK(bench.gaps().empty());
}

TEST_CASE("limited syncs come to the end of a pass after the clock went back") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen notes 1 n"}});
    bench.clock.advance(365 * 24h);
    bench.sync();
    bench.clock.set_back(365 * 24h);
    bench.forget();

    bool complete = false;
    for (int i = 0; i < 3 && !complete; ++i) {
        bench.clock.advance(1h);
        complete = bench.sync(at_most(3)) == Ended::complete;
    }

    CHECK(complete);
    CHECK(bench.api.times("/notes/n") == 1);
}

TEST_CASE("thousands of walks may wait for the answer about one feature") {
    Bench bench;
    std::string goals;
    for (int i = 0; i < 3000; ++i) goals += fmt::format("open goals 1 g{} {}\n", i, i);
    bench.api.on("/me", {{goals + "open parts 1 p"}});
    bench.api.on("/goals/g0", {{.body = "", .after = 2s}});
    bench.pace_options.concurrency = 4;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked.size() == 3002);
    CHECK(bench.api.most_at_once == 4);
}

TEST_CASE("the answer about another feature does not let them go") {
    Bench bench;
    bench.pace_options.concurrency = 4;
    bench.api.on("/me", {{"open goals 1 g\nopen goals 1 h\nopen badges 1 b"}});
    bench.api.on("/goals/g", {{.body = "", .status = 402, .after = 2s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/badges/b") == 1);
    CHECK(bench.api.times("/goals/h") == 0);
}

TEST_CASE("walks that wait for the answer about a feature go on though it has become known meanwhile") {
    Bench bench;
    bench.pace_options.concurrency = 4;
    bench.api.on("/me", {{"open goals 1 g"}, {"open goals 1 g\nopen goals 1 h"}});
    bench.sync();
    bench.clock.set_back(2s);
    bench.api.on("/goals/g", {{.body = "", .after = 5s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/goals/h") == 1);
}
