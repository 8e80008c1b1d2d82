// What proves that something is gone, and what does not.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

const Reply kNotFound{.body = "", .status = 404};

struct SweepsBench : Bench {
    SweepsBench() { pace_options.concurrency = 1; }
    void first_sync() {
        sync();
        pass(25h);
    }
    void pass(Milliseconds time) {
        forget();
        clock.advance(time);
    }
    std::string tombstones() const { return rows("SELECT gid, cause, detected_by FROM sync_tombstones ORDER BY gid"); }
};

}  // namespace

TEST_CASE("what no list names any more leaves when two walks say so") {
    SweepsBench bench;
    bench.api.on("/me", {{"open names 1 p\nopen names 1 q"}});
    bench.api.on("/names/p", {{"row 1 a\nrow 2 b"}, {"row 1 a"}});
    bench.api.on("/names/q",
                 {{"row 2 b\nrow 3 c"}, {"row 2 b"}, {"row 2 b"}, {"row 2 b\nrow 4 d"}, {"row 2 b"}, {"row 4 d"}});
    bench.first_sync();

    bench.sync();
    CHECK(bench.projects() == "1|a 2|b 3|c");
    bench.pass(25h);
    bench.sync();
    CHECK(bench.projects() == "1|a 2|b");  // q names 2 still
    CHECK(bench.tombstones() == "3|not_visible|walk");

    for (int walk = 0; walk < 3; ++walk) {  // 4 comes, is missed once, and is named again; now q misses 2
        bench.pass(25h);
        bench.sync();
    }
    CHECK(bench.projects() == "1|a 2|b 4|d");
    bench.pass(25h);
    bench.sync();
    CHECK(bench.projects() == "1|a 4|d");
    CHECK(bench.gaps().empty());
}

TEST_CASE("names that a walk cut in two gave are remembered, and it misses none") {
    SweepsBench bench;
    bench.api.on("/me", {{"open names 1 p"}});
    bench.api.on("/names/p", {{"row 1 a\nnext o1"}, {"row 2 b"}});
    bench.api.on("/names/p#o1", {{"row 2 b"}});
    bench.sync(at_most(2));
    bench.sync();
    bench.pass(25h);

    bench.sync();
    CHECK(bench.projects() == "1|a 2|b");
    bench.pass(25h);
    bench.sync();
    CHECK(bench.projects() == "2|b");
}

TEST_CASE("many names that are missed are held as any other rows are") {
    SweepsBench bench;
    std::string all, few = "row 100 p\n";
    for (int i = 0; i < 30; ++i) all += fmt::format("row {} p\n", 100 + i);
    bench.api.on("/me", {{"open names 1 p"}});
    bench.api.on("/names/p", {{all}, {few}});
    bench.first_sync();

    bench.sync();
    CHECK(bench.rows("SELECT message LIKE 'held: the walk did not name 29 of 30 %' FROM sync_gaps") == "1");
    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "30");

    bench.pass(25h);
    bench.sync();
    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "1");
    CHECK(bench.gaps().empty());
}

TEST_CASE("a look that the plan does not allow, or that fails, proves nothing") {
    SweepsBench bench;
    const int status = GENERATE(402, 503, 400);
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {"row 1 p"}});
    bench.api.on("/looks/2", {{.body = "", .status = status}});
    bench.first_sync();

    bench.sync();

    CHECK(bench.projects() == "1|p 2|p");
    CHECK(bench.gaps() == fmt::format("looks|2|{}", status));
}

TEST_CASE("a failed look is not the first of two") {
    SweepsBench bench;
    bench.periods = {.relist = 24h, .reconcile = 24h * 30};
    bench.api.on("/me", {{"open lists 1 a"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/lists/a", {{"row 1 a"}});
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2"}});
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/looks/1", {{.body = "", .status = 400}, kNotFound});
    bench.first_sync();
    bench.sync();
    REQUIRE(bench.gaps() == "looks|1|400");

    bench.pass(25h);
    bench.sync();
    CHECK(bench.projects() == "1|a");
    CHECK(bench.gaps() == "looks|1|404");

    bench.pass(25h);
    bench.sync();
    CHECK(bench.tombstones() == "1|not_visible|walk");
}

TEST_CASE("a walk that is refused, unusable or without end proves nothing") {
    SweepsBench bench;
    const auto second =
        GENERATE(Reply{.body = "", .status = 402}, Reply{.body = "", .status = 403}, Reply{.body = "", .status = 404},
                 Reply{.body = "garbage here"}, Reply{.body = "next o1"});
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {"row 1 p\nnext o1"}});
    bench.api.on("/parts/p#o1", {second});
    bench.first_sync();

    bench.sync();

    CHECK(bench.projects() == "1|p 2|p");
    CHECK(bench.api.times("/looks/2") == 0);
    CHECK(bench.gaps().starts_with("parts|p|"));
}

TEST_CASE("a walk whose offset died counts from its new beginning") {
    SweepsBench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p\nrow 3 p"}, {"row 3 p\nnext o1"}, {"row 1 p\nnext o2"}});
    bench.api.on("/parts/p#o1", {{.body = "expired", .status = 400}});
    bench.api.on("/parts/p#o2", {{"row 2 p"}});
    bench.api.on("/looks/3", {kNotFound});
    bench.first_sync();

    bench.sync();

    CHECK(bench.projects() == "1|p 2|p");
    CHECK(bench.api.times("/looks/3") == 1);
    CHECK(bench.api.times("/looks/1") + bench.api.times("/looks/2") == 0);
}

TEST_CASE("what a walk misses while it is looked at for another reason leaves by that look") {
    SweepsBench bench;
    bench.pace_options.concurrency = 8;
    bench.api.on("/me", {{"fact token_user 1\nopen parts 1 p"}, {"fact token_user 1\nopen looks 1 2\nopen parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {.body = "row 1 p", .after = 20ms}});
    bench.api.on("/looks/2", {{.body = "", .status = 404, .after = 90ms}});
    bench.first_sync();

    bench.sync();

    CHECK(bench.projects() == "1|p");
    CHECK(bench.gaps().empty());
}

TEST_CASE("another user's token does not see, and so does not prove") {
    SweepsBench bench;
    bench.api.on("/me", {{"fact token_user 1\nopen parts 1 p"}, {"fact token_user 2\nopen parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {"row 1 p"}});
    bench.api.on("/looks/2", {kNotFound});
    bench.first_sync();
    bench.sync();
    CHECK(bench.api.times("/looks/2") == 0);

    bench.pass(25h);
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec(
            "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, due_at, cursor) "
            "VALUES ('acme', 'looks', '2', '1', 'one_off', 25, '2026-01-01T00:00:00.000Z', 'missing')");
    bench.sync();
    CHECK(bench.api.times("/looks/2") == 1);
    CHECK(bench.projects() == "1|p 2|p");
    CHECK(bench.gaps() == "looks|2|404");
}

TEST_CASE("what was left for a process to do waits until it is known whose token it is") {
    SweepsBench bench;
    bench.pace_options.concurrency = 8;
    bench.api.on("/me", {{"open parts 1 p"}, {"open parts 1 p"}, {.body = "open parts 1 p", .after = 90ms}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {"row 1 p"}});
    bench.api.on("/looks/2", {kNotFound});
    bench.first_sync();
    CHECK(bench.sync(at_most(1)) == Ended::with_work_left);

    bench.sync();

    CHECK(bench.projects() == "1|p");
    CHECK(bench.api.asked == Targets{"/me", "/me", "/parts/p", "/looks/2"});
}

TEST_CASE("an answer that comes after its token was replaced is asked for again") {
    SweepsBench bench;
    bench.pace_options.concurrency = 8;
    const std::string me = "fact token_user 1\nopen parts 1 p\nopen parts 1 q";
    bench.api.on("/me", {{me}, {me}, {.body = me, .after = 90ms}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {.body = "row 1 p", .after = 50ms}});
    bench.api.on("/parts/q", {{"row 3 q"}, {.body = "", .status = 401}, {"row 3 q"}});
    bench.api.on("/looks/2", {kNotFound});
    bench.first_sync();
    bench.token = "new";

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/q", "/me", "/parts/p", "/parts/q", "/looks/2"});
    CHECK(bench.projects() == "1|p 3|q");
}

TEST_CASE("a token that was replaced proves nothing until it is known whose it is") {
    SweepsBench bench;
    const bool same = GENERATE(true, false);
    const std::string me = "\nopen parts 1 p";
    bench.api.on("/me", {{"fact token_user 1" + me},
                         {"fact token_user 1" + me},
                         {(same ? "fact token_user 1" : "fact token_user 2") + me}});
    bench.api.on("/parts/p", {{"row 1 p\nrow 2 p"}, {"row 1 p\nnext o1"}});
    bench.api.on("/parts/p#o1", {{.body = "", .status = 401}, {"row 3 p"}});
    bench.api.on("/looks/2", {kNotFound});
    bench.first_sync();
    bench.token = "new";

    bench.sync();
    CHECK(bench.api.token == "new");
    CHECK(bench.api.times("/me") == 2);
    CHECK(bench.api.asked.back() == (same ? "/looks/2" : "/parts/p#o1"));
    CHECK(bench.projects() == (same ? "1|p 3|p" : "1|p 2|p 3|p"));
}

TEST_CASE("a workspace that the token does not see any more keeps its rows, is asked nothing of, and is a gap") {
    SweepsBench bench;
    bench.api.on("/me", {{"roots 1 2\nopen parts 1 p\nopen parts 2 q"},
                         {"roots 2\nopen parts 2 q"},
                         {"roots 2\nopen parts 2 q"},
                         {"roots 1 2\nopen parts 1 p\nopen parts 2 q"}});
    bench.api.on("/parts/p", {{"row 1 p"}});
    bench.api.on("/parts/q", {{"row 2 q"}});
    bench.api.on("/looks/1", {kNotFound});
    bench.first_sync();
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec(
            "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, due_at, cursor) "
            "VALUES ('acme', 'looks', '1', '1', 'one_off', 25000000000000000, '2026-01-01T00:00:00.000Z', 'missing')");

    bench.sync();
    CHECK(bench.api.asked == Targets{"/me", "/parts/q"});
    CHECK(bench.projects() == "1|p 2|q");
    CHECK(bench.gaps() == "me|1|NULL");

    bench.pass(1h);
    bench.sync();
    CHECK(bench.gaps() == "me|1|NULL");

    bench.pass(25h);
    bench.api.on("/looks/1", {{"row 1 p"}});
    bench.sync();
    CHECK(bench.gaps().empty());
    CHECK(bench.api.times("/parts/p") == 1);
}

TEST_CASE("of what is gone nothing is asked for, and its gaps are healed") {
    SweepsBench bench;
    bench.periods = {.relist = 24h, .reconcile = 24h * 30};
    bench.api.on("/me", {{"open lists 1 a\nopen parts 1 1\nopen notes 1 1"}, {"open lists 1 a"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/lists/a", {{"row 1 a"}});
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/looks/1", {kNotFound});
    bench.api.on("/parts/1", {{.body = "", .status = 403}});
    bench.api.on("/notes/1", {{.body = "", .status = 403}});
    bench.first_sync();
    REQUIRE(bench.gaps() == "notes|1|403 parts|1|403");

    bench.sync();

    CHECK(bench.projects().empty());
    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT stream FROM sync_work WHERE scope = '1'").empty());
    bench.forget();
    bench.sync();
    CHECK(bench.api.times("/parts/1") + bench.api.times("/notes/1") == 0);
}

TEST_CASE("an answer about what is gone in the meantime does not count") {
    SweepsBench bench;
    bench.pace_options.concurrency = 8;
    const auto status = GENERATE(200, 403);
    bench.api.on("/me", {{"open lists 1 a"}, {"open lists 1 a\nopen parts 1 1"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/lists/a", {{"row 1 a"}});
    bench.api.on("/changes/a@t1", {{"hint looks 1 1 deleted 2026-01-01T00:00:05.000Z\ntoken t2"}});
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/looks/1", {kNotFound});
    bench.api.on("/parts/1", {{.body = status == 200 ? "row 9 1\nnext o1" : "", .status = status, .after = 3s}});
    bench.periods = {.relist = 24h, .reconcile = 24h * 30};
    bench.first_sync();

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects().empty());
    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT stream FROM sync_work WHERE scope = '1'").empty());
    CHECK(bench.api.times("/parts/1#o1") == 0);
}

TEST_CASE("what is held waits a day for its second walk, though its list is walked without a token") {
    SweepsBench bench;
    auto& lists = bench.source.table[kLists];
    lists.proves = "asana_projects";
    lists.proves_by = "name";
    lists.looked_at_by = "looks";
    std::string all;
    for (int i = 0; i < 30; ++i) {
        all += fmt::format("row {} p\n", 100 + i);
        bench.api.on(fmt::format("/looks/{}", 100 + i), {kNotFound});
    }
    bench.api.on("/me", {{"open lists 1 p"}});
    bench.api.on("/changes/p", {{.body = "", .status = 503}});
    bench.api.on("/lists/p", {{all}, {"row 100 p\n"}});
    bench.first_sync();
    bench.sync();
    REQUIRE(bench.rows("SELECT count(*) FROM sync_gaps WHERE message LIKE 'held: %' AND healed_at IS NULL") == "1");

    bench.pass(1h);
    bench.sync();
    CHECK(bench.api.times("/looks/101") == 0);

    bench.pass(25h);
    bench.sync();
    CHECK(bench.api.times("/looks/101") == 1);
    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "1");
}

TEST_CASE("an edge that a complete walk of its list does not name leaves, without a look") {
    SweepsBench bench;
    bench.api.on("/me", {{"open links 1 p\nopen links 1 q"}});
    bench.api.on("/links/p", {{"edge 7\nedge 8"}, {"edge 8\nedge 9"}});
    bench.api.on("/links/q", {{"edge 7"}});
    bench.first_sync();

    bench.sync();

    CHECK(bench.rows("SELECT project_gid, user_gid FROM asana_project_followers ORDER BY 1, 2") == "p|8 p|9 q|7");
    CHECK(bench.api.asked == Targets{"/me", "/links/p", "/links/q"});
    CHECK(bench.tombstones().empty());
}

TEST_CASE("a walk of edges of which a page failed removes none") {
    SweepsBench bench;
    bench.api.on("/me", {{"open links 1 p"}});
    bench.api.on("/links/p", {{"edge 7\nedge 8"}, {"edge 8\nnext o"}});
    bench.api.on("/links/p#o", {{.body = "", .status = 404}});
    bench.first_sync();

    bench.sync();

    CHECK(bench.rows("SELECT user_gid FROM asana_project_followers ORDER BY 1") == "7 8");
}

TEST_CASE("what could not be had is not missing any more when the last edge that led there has left") {
    SweepsBench bench;
    bench.api.on("/me", {{"open links 1 p\nopen links 1 q"}});
    bench.api.on("/links/p", {{"edge 7\nopen boards 1 7"}, {""}});
    bench.api.on("/links/q", {{"edge 7\nopen boards 1 7"}, {"edge 7"}, {""}});
    bench.api.on("/moves/7", {{.body = "token t", .status = 412}});
    bench.api.on("/boards/7", {{.body = "", .status = 404}});
    bench.first_sync();
    CHECK(bench.gaps() == "boards|7|404");

    bench.sync();
    CHECK(bench.gaps() == "boards|7|404");
    bench.pass(25h);
    bench.sync();

    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT * FROM sync_work WHERE scope = '7'").empty());
}

TEST_CASE("what the list of another stream names is not missing while that list is asked for") {
    SweepsBench bench;
    bench.source.table[kParts].others = "names";
    bench.source.table[kNames] = {.name = "names",
                                  .stage = "parts",
                                  .rank = 31,
                                  .proves = "asana_projects",
                                  .proves_by = "notes",
                                  .looked_at_by = "looks"};
    bench.api.on("/me", {{"open parts 1 x\nopen names 1 n"}});
    bench.api.on("/parts/x", {{"row 1 x\nrow 2 x\nrow 3 x"}, {"row 3 x"}});
    bench.sync();
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE).exec("UPDATE asana_projects SET notes = 'n' WHERE gid = 1");
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE).exec("UPDATE asana_projects SET notes = 'm' WHERE gid = 2");
    bench.api.on("/names/n", {{"row 1 x"}});
    bench.api.on("/looks/2", {kNotFound});
    bench.pass(25h);

    bench.sync();

    CHECK(bench.api.times("/looks/1") == 0);
    CHECK(bench.tombstones() == "2|not_visible|walk");
}
