// Walks over pages: where they go on, when they begin again, and the event token that is taken before them.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// Lists a in two pages, after their token; one request at a time.
struct ListBench : Bench {
    ListBench() {
        pace_options.concurrency = 1;
        api.on("/me", {{"open lists 1 a"}});
        api.on("/changes/a", {{"token t1"}, {"token t2"}});
        api.on("/lists/a", {{"row 1 a\nnext o1"}});
        api.on("/lists/a#o1", {{"row 2 a"}});
    }
};

// Parts p, without a token.
struct PartBench : Bench {
    PartBench() {
        pace_options.concurrency = 1;
        api.on("/me", {{"open parts 1 p"}});
        api.on("/parts/p", {{"row 1 a\nrow 2 a\nnext o1"}});
        api.on("/parts/p#o1", {{"row 3 a"}});
    }
};

}  // namespace

TEST_CASE("a walk that was cut off goes on at its offset") {
    PartBench bench;
    CHECK(bench.sync(at_most(2)) == Ended::with_work_left);
    CHECK(bench.rows("SELECT resume, walked FROM sync_work WHERE stream = 'parts'") == "o1|2");
    bench.forget();
    bench.clock.advance(13min);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p#o1"});
    CHECK(bench.rows("SELECT resume, walked, due_at FROM sync_work WHERE stream = 'parts'") == "NULL|0|NULL");
}

TEST_CASE("an offset older than 14 minutes is not used: the walk begins again") {
    PartBench bench;
    bench.sync(at_most(2));
    bench.forget();
    bench.clock.advance(15min);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/p#o1"});
    CHECK(bench.projects() == "1|a 2|a 3|a");
}

TEST_CASE("an offset that the server calls dead begins the walk again, without a gap") {
    PartBench bench;
    bench.api.on("/parts/p#o1", {{.body = "expired", .status = 400}, {"row 3 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/p#o1", "/parts/p", "/parts/p#o1"});
    CHECK(bench.gaps().empty());
}

TEST_CASE("a walk whose offsets die again and again ends with a gap") {
    PartBench bench;
    bench.api.on("/parts/p#o1", {{.body = "expired", .status = 400}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/parts/p#o1") == 4);
    CHECK(bench.gaps() == "parts|p|400");
}

TEST_CASE("the same offset twice ends the walk with a gap, and what came before it stays") {
    PartBench bench;
    const auto* const again = GENERATE("row 3 a\nnext o1", "row 3 a\nnext o0");
    bench.api.on("/parts/p", {{"row 1 a\nrow 2 a\nnext o0"}});
    bench.api.on("/parts/p#o0", {{"next o1"}});
    bench.api.on("/parts/p#o1", {{again}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "parts|p|200");
    CHECK(bench.rows("SELECT message FROM sync_gaps") == "unusable answer: next_page: the same offset came twice");
    CHECK(bench.projects() == "1|a 2|a");
}

TEST_CASE("the event token is taken before the first page and becomes the cursor with the last one") {
    ListBench bench;

    CHECK(bench.sync(at_most(3)) == Ended::with_work_left);
    CHECK(bench.api.asked == Targets{"/me", "/changes/a", "/lists/a"});
    CHECK(bench.cursors("a") == "NULL|t1");

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.cursors("a") == "t1|NULL");
    CHECK(bench.due().empty());
}

TEST_CASE("an answer 412 with a token is the token") {
    ListBench bench;
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.cursors("a") == "t1|NULL");
    CHECK(bench.gaps().empty());
}

TEST_CASE("a walk that begins again keeps a pending token younger than twelve hours") {
    ListBench bench;
    bench.sync(at_most(3));
    bench.forget();
    bench.clock.advance(11h);

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/lists/a", "/lists/a#o1"});
    CHECK(bench.cursors("a") == "t1|NULL");
}

TEST_CASE("a walk that begins again takes a new token for one older than twelve hours") {
    ListBench bench;
    bench.sync(at_most(3));
    bench.forget();
    bench.clock.advance(13h);

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/changes/a", "/lists/a", "/lists/a#o1"});
    CHECK(bench.cursors("a") == "t2|NULL");
}

TEST_CASE("a walk that fails leaves its token pending") {
    ListBench bench;
    bench.api.on("/lists/a#o1", {{.body = "", .status = 404}});

    bench.sync();

    CHECK(bench.gaps() == "lists|a|404");
    CHECK(bench.cursors("a") == "NULL|t1");
}

TEST_CASE("a list whose event token cannot be had is walked without it, and the gap heals with a token") {
    ListBench bench;
    const int code = GENERATE(400, 402, 403, 404);
    bench.api.on("/changes/a", {{.body = "", .status = code}, {"token t2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/changes/a", "/lists/a", "/lists/a#o1"});
    CHECK(bench.gaps() == fmt::format("changes|a|{}", code));
    CHECK(bench.due() == "lists|a");  // which will ask for a token again

    bench.clock.advance(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps().empty());
    CHECK(bench.cursors("a") == "t2|NULL");
}

TEST_CASE("the gap of a token stays open while its list waits for its time") {
    Bench bench;
    bench.api.on("/me", {{"open lists 1 a"}});
    bench.api.on("/changes/a", {{.body = "", .status = 403}});
    bench.api.on("/lists/a", {{"row 1 a"}});
    bench.sync();
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec("UPDATE sync_work SET due_at = '2099-01-01T00:00:00.000Z', attempts = 1 WHERE stream = 'lists'");
    bench.clock.advance(1h);

    bench.sync();

    CHECK(bench.gaps() == "changes|a|403");
}

TEST_CASE("a list whose event token fails for no lasting reason is walked without it") {
    ListBench bench;
    bench.api.on("/changes/a", {{.body = "", .status = 503}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "changes|a|503");
    CHECK(bench.projects() == "1|a 2|a");
}

TEST_CASE(
    "a page that the server cannot cope with is asked for once more, then the walk begins again with half of it") {
    PartBench bench;
    bench.api.on("/parts/p#o1", {{.body = "", .status = 500}});
    bench.api.on("/parts/p?limit=50", {{"row 1 a\nnext x1"}});
    bench.api.on("/parts/p?limit=50#x1", {{"row 3 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked ==
          Targets{"/me", "/parts/p", "/parts/p#o1", "/parts/p#o1", "/parts/p?limit=50", "/parts/p?limit=50#x1"});
    CHECK(bench.projects() == "1|a 2|a 3|a");
    CHECK(bench.gaps().empty());
}

TEST_CASE("pages become smaller until the server copes, down to ten objects") {
    PartBench bench;
    for (const auto* limit : {"", "?limit=50", "?limit=25", "?limit=12"})
        bench.api.on(fmt::format("/parts/p{}", limit), {{.body = "", .status = 500}});
    bench.api.on("/parts/p?limit=10", {{"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|a");
    CHECK(bench.gaps().empty());
}

TEST_CASE("a list that fails with the smallest page too is a gap") {
    PartBench bench;
    for (const auto* limit : {"", "?limit=50", "?limit=25", "?limit=12", "?limit=10"})
        bench.api.on(fmt::format("/parts/p{}", limit), {{.body = "", .status = 500}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "parts|p|500");
}

TEST_CASE("a walk whose rows were committed and whose process died does not count them twice") {
    PartBench bench;
    bench.sync(at_most(2));
    bench.sync(at_most(1));  // asks whose token it is, and no more

    CHECK(bench.rows("SELECT resume, walked FROM sync_work WHERE stream = 'parts'") == "o1|2");
    CHECK(bench.sync() == Ended::complete);
}
