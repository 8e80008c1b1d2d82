// News that comes while an answer is on its way: the answer may not know of it yet, so it does not count.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

const Reply kNotFound{.body = "", .status = 404};

// Lists a and b, which name rows 1 and 2, mirrored once; an hour later what b tells comes 100 ms after what a tells.
struct TwoLists : Bench {
    TwoLists() {
        periods = {.relist = 24h, .reconcile = 24h};
        api.on("/me", {{"open lists 1 a\nopen lists 1 b"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/changes/b", {{.body = "token t1", .status = 412}});
        api.on("/lists/a", {{"row 1 a\nrow 2 b"}});
        sync();
        forget();
        clock.advance(1h);
        api.on("/changes/a@t1", {{"token t2"}});
        api.on("/changes/b@t1", {{.body = "token t2", .after = 100ms}});
    }
    // Of a, b.
    void tell(const std::string& first, const std::string& second) {
        api.on("/changes/a@t1", {{"token t2\n" + first}});
        api.on("/changes/b@t1", {{.body = "token t2\n" + second, .after = 100ms}});
    }
};

}  // namespace

TEST_CASE("a sync asks for what two event streams name once both are read") {
    TwoLists bench;
    bench.tell("hint looks 1 1", "hint looks 1 1");
    bench.api.on("/looks/1", {{.body = "row 1 new", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/looks/1") == 1);
    CHECK(bench.api.place("/looks/1") > bench.api.place("/changes/b@t1"));
    CHECK(bench.projects() == "1|new 2|b");
}

TEST_CASE("what an event names while it is asked for is asked for again") {
    TwoLists bench;
    bench.tell("hint looks 1 1", "hint looks 1 1");
    bench.api.on("/looks/1", {{.body = "row 1 old", .after = 500ms}, {"row 1 new"}});

    bench.serve(2s);

    CHECK(bench.api.times("/looks/1") == 2);
    CHECK(bench.projects() == "1|new 2|b");
    CHECK(bench.due().empty());
}

TEST_CASE("what an event names before it is asked for is asked for once") {
    TwoLists bench;
    bench.tell("hint looks 1 1", "hint looks 1 1");
    bench.api.on("/looks/1", {{.body = "", .after = 1ms, .failure = http::Failure::reset}, {"row 1 new"}});
    bench.pace_options.concurrency = 2;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/looks/1") == 2);  // the one that failed, and the one after the second event
    CHECK(bench.projects() == "1|new 2|b");
}

TEST_CASE("what is deleted while it is looked at leaves, though it was still there") {
    TwoLists bench;
    bench.tell("hint looks 1 1", "hint looks 1 1 deleted 2026-01-01T00:00:05.000Z");
    bench.api.on("/looks/1", {{.body = "row 1 a", .after = 500ms}, kNotFound});

    bench.serve(2s);

    CHECK(bench.projects() == "2|b");
    CHECK(bench.tombstones() == "1|deleted|event|2026-01-01T00:00:05.000Z");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what is restored while it is looked at stays, though it was not there") {
    TwoLists bench;
    bench.tell("hint looks 1 1 deleted 2026-01-01T00:00:05.000Z", "hint looks 1 1");
    bench.api.on("/looks/1", {{.body = "", .status = 404, .after = 500ms}, {"row 1 a"}});

    bench.serve(2s);

    CHECK(bench.projects() == "1|a 2|b");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what an event says of work that was read ahead is heard") {
    TwoLists bench;
    bench.pace_options.concurrency = 1;
    bench.tell("hint looks 1 1\nhint looks 1 2", "");
    bench.api.on("/looks/1", {{"row 1 a\nhint looks 1 2 deleted 2026-01-01T00:00:05.000Z"}});
    bench.api.on("/looks/2", {kNotFound});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.tombstones() == "2|deleted|event|2026-01-01T00:00:05.000Z");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what a row opens when it changes is asked for again when it changes meanwhile") {
    TwoLists bench;
    bench.clock.advance(25h);
    bench.api.on("/lists/a", {{"row 1 c\nif_changed notes 1 1"}});
    bench.api.on("/lists/b", {{.body = "row 1 d\nif_changed notes 1 1", .after = 200ms}});
    bench.api.on("/notes/1", {{.body = "row 8 old", .after = 500ms}, {"row 8 old\nrow 9 new"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/1") == 2);
    CHECK(bench.projects() == "1|d 2|b 8|old 9|new");
}

TEST_CASE("what a row opens when it changes is asked for again though this pass has done it") {
    TwoLists bench;
    bench.clock.advance(25h);
    bench.api.on("/lists/a", {{"row 1 c\nif_changed parts 1 p"}});
    bench.api.on("/lists/b", {{.body = "row 1 d\nif_changed parts 1 p", .after = 200ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/parts/p") == 2);
}

TEST_CASE("a walk over pages that an event overtakes begins again, and proves nothing before") {
    TwoLists bench;
    bench.tell("hint parts 1 a\nhint looks 1 3", "hint parts 1 a");
    bench.api.on("/looks/3", {{"row 3 a"}});
    bench.api.on("/parts/a", {{"row 1 a\nnext o1"}, {"row 1 a\nrow 3 a"}});
    bench.api.on("/parts/a#o1", {{.body = "", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/parts/a") == 2);
    CHECK(bench.api.times("/parts/a#o1") == 1);
    CHECK(bench.api.times("/looks/3") == 1);  // the second walk names it
    CHECK(bench.due().empty());
}

TEST_CASE("a walk over pages that a process left begins again when an event names it") {
    TwoLists bench;
    bench.pace_options.concurrency = 1;
    bench.tell("hint notes 1 n", "");
    bench.api.on("/notes/n", {{"row 7 old\nnext o1"}, {"row 7 new\nnext o1"}});
    bench.api.on("/notes/n#o1", {{.body = "", .after = 1h}, {"row 8 x"}});
    bench.sync(at_most(4));
    CHECK(bench.rows("SELECT resume FROM sync_work WHERE stream = 'notes'") == "o1");
    bench.forget();
    const bool told = GENERATE(false, true);
    if (told) bench.api.on("/me", {{"hint notes 1 n"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/n") == (told ? 1 : 0));
    CHECK(bench.rows("SELECT name FROM asana_projects WHERE gid = '7'") == (told ? "new" : "old"));
}

TEST_CASE("a token that is too old begins its list again, for the first pages are older than the fresh token") {
    TwoLists bench;
    bench.clock.advance(25h);
    bench.api.on("/changes/a@t1", {{.body = "token t9", .status = 412, .after = 100ms}});
    bench.api.on("/lists/a", {{"row 1 a\nnext o1"}, {"row 1 new\nnext o1"}});
    bench.api.on("/lists/a#o1", {{.body = "row 2 b", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/lists/a") == 2);
    CHECK(bench.projects() == "1|new 2|b");
    CHECK(bench.cursors("a") == "t9|NULL");
}

TEST_CASE("events that are refused begin their list again, with a new token, for all that its rows open") {
    Bench bench;
    bench.periods = {.relist = 24h, .reconcile = 24h};
    bench.api.on("/me", {{"open boards 1 1"}});
    bench.api.on("/moves/1", {{.body = "token t1", .status = 412}, {.body = "token t5", .status = 412}});
    bench.api.on("/boards/1", {{"row 1 a\nif_changed notes 1 1"}});
    bench.api.on("/looks/1", {{"row 1 a\nopen boards 1 1"}});
    bench.sync();
    bench.forget();
    bench.clock.advance(25h);
    bench.api.on("/moves/1@t1", {{.body = "", .status = 403, .after = 100ms}});
    bench.api.on("/boards/1", {{"row 1 a\nif_changed notes 1 1\nnext o1"}, {"row 1 a\nif_changed notes 1 1"}});
    bench.api.on("/boards/1#o1", {{.body = "", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/boards/1") == 2);
    CHECK(bench.api.times("/notes/1") == 1);
    CHECK(bench.rows("SELECT cursor FROM sync_work WHERE stream = 'moves'") == "t5");
}

TEST_CASE("a page that was sent before a look at one of its rows does not bring back what is gone") {
    TwoLists bench;
    bench.clock.advance(25h);
    bench.tell("hint looks 1 1 deleted 2026-01-01T00:00:05.000Z", "");
    bench.api.on("/looks/1", {kNotFound});
    bench.api.on("/lists/a", {{.body = "row 1 a\nrow 2 b", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "2|b");
    CHECK(bench.tombstones() == "1|deleted|event|2026-01-01T00:00:05.000Z");
}
