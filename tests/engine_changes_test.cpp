// Events after the first load, and what leaves the mirror.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// List a with the rows 1 and 2, mirrored once; then an hour goes by, and only its events are asked for.
struct ChangesBench : Bench {
    ChangesBench() {
        pace_options.concurrency = 1;
        periods = {.relist = 24h, .reconcile = 24h};
        api.on("/me", {{"open lists 1 a"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/lists/a", {{"row 1 a\nrow 2 b"}});
        sync();
        pass(1h);
        api.on("/changes/a@t1", {{"token t2"}});
    }
    void pass(Milliseconds time) {
        forget();
        clock.advance(time);
    }
};

const Reply kNotFound{.body = "", .status = 404};

}  // namespace

TEST_CASE("when nothing changed, each list costs the request for its events") {
    ChangesBench bench;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/changes/a@t1"});
    CHECK(bench.cursors("a") == "t2|NULL");
    CHECK(bench.seen.back().rows_unchanged == 0);
}

TEST_CASE("a list is walked again after its period, its events are asked for all the same") {
    ChangesBench bench;
    bench.pass(24h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked.size() == 3);
    CHECK(bench.api.times("/changes/a@t1") == 1);
    CHECK(bench.api.times("/lists/a") == 1);
}

TEST_CASE("what an event speaks of is asked for once, however many events speak of it") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\nhint looks 1 1\ntoken t2\nmore"}});
    bench.api.on("/changes/a@t2", {{"hint looks 1 1\ntoken t3"}});
    bench.api.on("/looks/1", {{"row 1 new"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/changes/a@t1", "/changes/a@t2", "/looks/1"});
    CHECK(bench.projects() == "1|new 2|b");
    CHECK(bench.cursors("a") == "t3|NULL");
}

TEST_CASE("an event asks again for what this pass has done already") {
    ChangesBench bench;
    bench.pass(24h);
    bench.api.on("/lists/a", {{.body = "row 1 a\nrow 2 b\nopen parts 1 p", .after = 1ms}});
    bench.sync();
    bench.pass(1h);
    bench.api.on("/changes/a@t2", {{"hint parts 1 p\ntoken t3"}});

    bench.sync();

    CHECK(bench.api.times("/parts/p") == 1);
}

TEST_CASE("a token is stored with the work that its events led to, wherever the process dies") {
    for (std::size_t requests = 1; requests <= 4; ++requests) {
        ChangesBench bench;
        bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2\nmore"}});
        bench.api.on("/changes/a@t2", {{"hint looks 1 2\ntoken t3"}});
        bench.api.on("/looks/1", {{"row 1 new"}});
        bench.api.on("/looks/2", {{"row 2 new"}});
        bench.api.kill_before = requests;
        try {
            bench.sync();
        } catch (const Killed&) {
        }
        bench.api.kill_before = SIZE_MAX;
        bench.pass(1min);

        CHECK(bench.sync() == Ended::complete);

        CHECK(bench.projects() == "1|new 2|new");
        CHECK(bench.cursors("a") == "t3|NULL");
    }
}

TEST_CASE("a token that is too old is ordinary: the list is walked again, and its fresh token waits for that") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{.body = "token t9", .status = 412}});
    bench.api.on("/lists/a", {{.body = "row 1 new\nnext o1"}});
    bench.api.on("/lists/a#o1", {{.body = "", .status = 403}, {"row 2 b"}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/changes/a@t1", "/lists/a", "/lists/a#o1"});
    CHECK(bench.gaps() == "lists|a|403");
    CHECK(bench.cursors("a") == "NULL|t9");  // nothing proves it yet

    bench.pass(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps().empty());
    CHECK(bench.cursors("a") == "t9|NULL");
}

TEST_CASE("what changed since the first page of a list is asked for, also when another process walked the rest of it") {
    Bench bench;
    bench.periods = {.relist = 24h, .reconcile = 24h};
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open members 1 m"}});
    bench.api.on("/members/m", {{"row 1 a\nnext o1"}});
    bench.api.on("/members/m#o1", {{"row 2 b"}});
    bench.sync(at_most(2));
    bench.sync();
    bench.forget();
    bench.clock.advance(1h);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/members_changed/m"});
}

TEST_CASE("events that cannot be had are a gap, and their token stays") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{.body = "", .status = 403}, {"hint looks 1 1\ntoken t2"}});
    bench.api.on("/looks/1", {{"row 1 new"}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps() == "changes|a|403");
    CHECK(bench.cursors("a") == "t1|NULL");

    bench.pass(25h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|new 2|b");
}

TEST_CASE("an object whose list is refused is looked at, and is gone if it is not there") {
    Bench bench;
    const bool token = GENERATE(false, true);
    bench.api.on("/me", {{"row 1 a\nopen boards 1 1"}});
    bench.api.on("/moves/1", {{.body = "token t1", .status = token ? 412 : 403}});
    bench.api.on("/boards/1", {{.body = "", .status = 403}});
    const bool there = GENERATE(false, true);
    bench.api.on("/looks/1", {kNotFound});
    if (there) bench.api.on("/looks/1", {{"row 1 a"}});

    bench.sync();

    CHECK(bench.projects() == (there ? "1|a" : ""));
    CHECK(bench.tombstones() == (there ? "" : "1|not_visible|walk|NULL"));
}

TEST_CASE("events that come without end or with one token are unusable") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"token t1\nmore"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "changes|a|200");
    CHECK(bench.cursors("a") == "t1|NULL");
}

TEST_CASE("what an event calls deleted and is not there leaves its table, and keeps its last content") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/looks/1", {kNotFound});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "2|b");
    CHECK(bench.tombstones() == "1|deleted|event|2026-01-01T00:00:05.000Z");
    CHECK(bench.rows("SELECT json_extract(row, '$.name') FROM sync_tombstones") == "a");
    CHECK(bench.gaps().empty());
    CHECK(bench.due().empty());
}

TEST_CASE("what an event calls deleted and is there stays") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/looks/1", {{"row 1 a"}});

    bench.sync();

    CHECK(bench.projects() == "1|a 2|b");
    CHECK(bench.tombstones().empty());
}

TEST_CASE("what was deleted and restored before it is looked at counts as restored") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\nhint looks 1 1\ntoken t2"}});
    bench.api.on("/looks/1", {kNotFound});

    bench.sync();

    CHECK(bench.projects() == "1|a 2|b");
    CHECK(bench.gaps() == "looks|1|404");
}

TEST_CASE("what is not there without having been deleted is a gap first, and not visible at the second look") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2"}});
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/looks/1", {kNotFound});

    bench.sync();
    CHECK(bench.projects() == "1|a 2|b");
    CHECK(bench.gaps() == "looks|1|404");

    bench.pass(23h);
    bench.sync();
    CHECK(bench.projects() == "1|a 2|b");

    bench.pass(2h);
    bench.api.on("/lists/a", {{"row 2 b"}});
    bench.sync();
    CHECK(bench.projects() == "2|b");
    CHECK(bench.tombstones() == "1|not_visible|walk|NULL");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what comes back leaves the tombstones") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/looks/1", {kNotFound, {"row 1 a"}});
    bench.sync();
    bench.pass(1h);
    bench.api.on("/changes/a@t2", {{"hint looks 1 1\ntoken t3"}});

    bench.sync();

    CHECK(bench.projects() == "1|a 2|b");
    CHECK(bench.tombstones().empty());
}

TEST_CASE("what a row that came back asks for is asked for then, not for a new row, nor for one that changed") {
    ChangesBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/looks/1", {kNotFound, {"row 1 a\nif_restored notes 1 n"}, {"row 1 b\nif_restored notes 1 n"}});
    bench.api.on("/looks/3", {{"row 3 c\nif_restored notes 1 n"}});
    bench.sync();
    const auto then = [&](int token, const std::string& hint) {
        bench.pass(1h);
        bench.api.on(fmt::format("/changes/a@t{}", token), {{fmt::format("{}\ntoken t{}", hint, token + 1)}});
        bench.sync();
        return bench.api.times("/notes/n");
    };

    CHECK(then(2, "hint looks 1 3") == 0);
    CHECK(then(3, "hint looks 1 1") == 1);
    CHECK(then(4, "hint looks 1 1") == 0);
}

namespace {

// Parts p, which names 30 rows, mirrored; a day later it names only the first ones.
struct SweepBench : Bench {
    explicit SweepBench(int left) {
        api.on("/me", {{"open parts 1 p"}});
        api.on("/parts/p", {{page(30)}, {page(left)}});
        for (int i = left; i < 30; ++i) api.on(fmt::format("/looks/{}", 100 + i), {kNotFound});
        sync();
        forget();
        clock.advance(25h);
    }
    static std::string page(int rows) {
        std::string body;
        for (int i = 0; i < rows; ++i) body += fmt::format("row {} p\n", 100 + i);
        return body;
    }
    std::string count() const { return rows("SELECT count(*) FROM asana_projects"); }
    std::string graves() const {
        return rows("SELECT cause, detected_by, count(*) FROM sync_tombstones GROUP BY 1, 2");
    }
};

}  // namespace

TEST_CASE("what a complete walk did not name is looked at, and leaves if it is not there") {
    SweepBench bench(28);
    bench.api.on("/looks/128", {{"row 128 p"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/looks/128", "/looks/129"});
    CHECK(bench.count() == "29");
    CHECK(bench.graves() == "not_visible|walk|1");
    CHECK(bench.gaps().empty());
}

TEST_CASE("a walk that failed, or was continued by another process, proves nothing") {
    SweepBench bench(2);
    const bool continued = GENERATE(false, true);
    bench.api.on("/parts/p", {{SweepBench::page(28) + "next o1"}});
    bench.api.on("/parts/p#o1", {{.body = "", .status = continued ? 200 : 403}});
    if (continued) bench.sync(at_most(2));

    bench.sync();

    CHECK(bench.count() == "30");
    CHECK(bench.graves().empty());
    CHECK(bench.api.times("/looks/129") == 0);
}

TEST_CASE("a walk that misses many rows is held, and removes them when a second one says the same") {
    SweepBench bench(20);

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.count() == "30");
    CHECK(bench.rows("SELECT message LIKE 'held: the walk did not name 10 of 30 %' FROM sync_gaps") == "1");

    bench.clock.advance(23h);
    bench.sync();
    CHECK(bench.count() == "30");

    bench.clock.advance(2h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.count() == "20");
    CHECK(bench.graves() == "not_visible|walk|10");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what is held is gone when the user accepts it, at once") {
    SweepBench bench(20);
    bench.sync();
    bench.clock.advance(1min);
    bench.deletions.accepted = true;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.count() == "20");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what is held and named again by the second walk stays") {
    SweepBench bench(20);
    bench.sync();
    bench.clock.advance(25h);
    bench.api.on("/parts/p", {{SweepBench::page(30)}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.count() == "30");
    CHECK(bench.gaps().empty());
}

TEST_CASE("the token of another user removes nothing until the user accepts it") {
    SweepBench bench(28);
    bench.api.on("/me", {{"fact token_user 2\nopen parts 1 p"}});
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec("INSERT INTO sync_meta (key, value) VALUES ('acme.token_user', '1')");

    bench.sync();
    CHECK(bench.count() == "30");
    CHECK(bench.rows("SELECT value FROM sync_meta WHERE key = 'acme.token_user'") == "1");

    bench.clock.advance(25h);
    bench.deletions.accepted = true;
    bench.sync();
    CHECK(bench.count() == "28");
    CHECK(bench.rows("SELECT value FROM sync_meta WHERE key = 'acme.token_user'") == "2");
}

TEST_CASE("what events have lost is found once in relist_every by what was modified since") {
    Bench bench;
    bench.source.table[kMembers].token_stream = {};
    bench.source.table[kMembersChanged].net_of = "lists";
    bench.source.table[kMembersChanged].every = source::Every::relist;
    bench.periods = {.relist = 1h, .reconcile = 24h};
    bench.api.on("/me", {{"open lists 1 a"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/changes/a@t1", {{"token t1"}});
    bench.api.on("/lists/a", {{"row 1 a"}});
    bench.api.on("/members_changed/a", {{"row 1 new"}});
    const auto nets_after = [&](Milliseconds time) {
        bench.forget();
        bench.clock.advance(time);
        CHECK(bench.sync() == Ended::complete);
        return bench.api.times("/members_changed/a");
    };
    const auto since = [&] { return bench.rows("SELECT cursor FROM sync_work WHERE stream = 'members_changed'"); };

    CHECK(nets_after(0h) == 0);
    const auto first = since();
    CHECK(nets_after(30min) == 0);
    CHECK(bench.projects() == "1|a");
    CHECK(since() == first);

    CHECK(nets_after(31min) == 1);
    CHECK(bench.projects() == "1|new");
    CHECK(since() > first);
    CHECK(nets_after(55min) == 0);
    CHECK(nets_after(5min) == 1);
}
