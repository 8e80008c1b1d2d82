// One stream of changes for a whole workspace, where the token may have it, in place of one for each list.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

const Reply kRefused{.body = "", .status = 403};
Reply fresh(std::string_view token) { return {.body = fmt::format("token {}", token), .status = 412}; }

// Board 1 is the list of the workspace, and leads to list a.
struct WorkspaceBench : Bench {
    WorkspaceBench() {
        pace_options.concurrency = 1;
        source.table[kMoves].capability = "moves";
        source.table[kChanges].replaced_by = "moves";
        source.table[kBoards].every = source::Every::relist;
        periods = {.relist = 1h, .reconcile = 24h};
        api.on("/me", {{"open boards 1 1"}});
        api.on("/boards/1", {{"row 9 b\nopen lists 1 a"}});
        api.on("/moves/1@w1", {{"token w1"}});
        api.on("/changes/a", {fresh("t1")});
        api.on("/changes/a@t1", {{"token t1"}});
        api.on("/lists/a", {{"row 1 a"}});
    }
    Targets asked_after(Milliseconds time) {
        forget();
        clock.advance(time);
        CHECK(sync() == Ended::complete);
        CHECK(gaps().empty());
        return api.asked;
    }
    std::string tokens() const {
        return rows(
            "SELECT stream, cursor, pending_cursor FROM sync_work WHERE stream IN ('moves', 'changes') ORDER BY 1 "
            "DESC");
    }
};

}  // namespace

TEST_CASE("where a workspace tells of all changes, its lists take no token of their own") {
    WorkspaceBench bench;
    bench.api.on("/moves/1", {fresh("w1")});

    CHECK(bench.asked_after(0h) == Targets{"/me", "/moves/1", "/boards/1", "/lists/a"});
    CHECK(bench.tokens() == "moves|w1|NULL");
    CHECK(bench.asked_after(1min) == Targets{"/me", "/moves/1@w1"});

    bench.api.on("/moves/1@w1", {{"hint looks 1 1\ntoken w2"}});
    bench.api.on("/looks/1", {{"row 1 new"}});
    CHECK(bench.asked_after(1min) == Targets{"/me", "/moves/1@w1", "/looks/1"});
    CHECK(bench.projects() == "1|new 9|b");
}

TEST_CASE("where the token may not have them, each list has its own, and they are asked for daily") {
    WorkspaceBench bench;
    bench.api.on("/moves/1", {kRefused});

    CHECK(bench.asked_after(0h) == Targets{"/me", "/moves/1", "/boards/1", "/changes/a", "/lists/a"});
    CHECK(bench.rows("SELECT capability, available FROM sync_capabilities") == "moves|0");
    CHECK(bench.tokens() == "changes|t1|NULL");
    CHECK(bench.asked_after(2h) == Targets{"/me", "/changes/a@t1", "/boards/1"});
    CHECK(std::ranges::count(bench.asked_after(23h), "/moves/1") == 1);
}

TEST_CASE("the tokens of lists are used once more when the workspace has one, and then given up") {
    WorkspaceBench bench;
    bench.api.on("/moves/1", {kRefused, fresh("w1")});
    bench.asked_after(0h);

    bench.asked_after(25h);
    CHECK(bench.tokens() == "moves|w1|NULL changes|t1|NULL");
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2"}});
    bench.api.on("/looks/1", {{"row 1 new"}});
    CHECK(bench.api.times("/looks/1") == 0);
    bench.asked_after(1min);
    CHECK(bench.projects() == "1|new 9|b");
    CHECK(bench.tokens() == "moves|w1|NULL changes|NULL|NULL");
    CHECK(bench.asked_after(1min) == Targets{"/me", "/moves/1@w1"});
}

TEST_CASE("when the token may not have them any more, the lists are walked again with tokens of their own") {
    WorkspaceBench bench;
    bench.api.on("/moves/1", {fresh("w1"), kRefused});
    bench.asked_after(0h);

    bench.api.on("/moves/1@w1", {kRefused});
    bench.api.on("/lists/a", {{"row 1 new"}});
    CHECK(bench.asked_after(1min) == Targets{"/me", "/moves/1@w1", "/changes/a", "/lists/a"});
    CHECK(bench.projects() == "1|new 9|b");
    CHECK(bench.tokens() == "moves|NULL|NULL changes|t1|NULL");
    CHECK(bench.asked_after(1min) == Targets{"/me", "/changes/a@t1"});
}

TEST_CASE("when the token of a workspace is too old, its lists are walked again, wherever the process dies") {
    const auto requests = GENERATE(0U, 1U, 2U, 3U, 9U);
    WorkspaceBench bench;
    bench.api.on("/moves/1", {fresh("w1")});
    bench.asked_after(0h);

    bench.api.on("/moves/1@w1", {fresh("w2")});
    bench.api.on("/moves/1@w2", {{"token w2"}});
    bench.api.on("/lists/a", {{"row 1 new"}});
    bench.forget();
    bench.clock.advance(1min);
    if (requests < 4) {
        bench.sync_killed_after(requests);
        CHECK(bench.tokens() != "moves|w2|NULL");
    }
    bench.sync();

    CHECK(bench.projects() == "1|new 9|b");
    CHECK(bench.tokens() == "moves|w2|NULL");
    CHECK(bench.api.times("/changes/a") == 0);
    CHECK(bench.asked_after(1min) == Targets{"/me", "/moves/1@w2"});
}

TEST_CASE("a token that waited too long for its list is taken anew, and what was walked meanwhile is walked again") {
    WorkspaceBench bench;
    bench.api.on("/moves/1", {fresh("w1"), fresh("w2")});
    bench.api.on("/moves/1@w2", {{"token w2"}});
    bench.api.on("/boards/1", {{"row 9 b\nopen lists 1 a\nnext o1"}});
    bench.api.on("/boards/1#o1", {{.body = "", .status = 503}});
    bench.sync();
    CHECK(bench.tokens() == "moves|NULL|w1");
    CHECK(bench.projects() == "1|a 9|b");

    bench.api.on("/lists/a", {{"row 1 new"}});
    bench.api.on("/boards/1#o1", {{"row 8 b"}});
    CHECK(bench.asked_after(13h) == Targets{"/me", "/moves/1", "/boards/1", "/boards/1#o1", "/lists/a"});
    CHECK(bench.tokens() == "moves|w2|NULL");
    CHECK(bench.projects() == "1|new 8|b 9|b");
}
