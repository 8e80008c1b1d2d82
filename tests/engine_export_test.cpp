// A first load by one file, in place of the walks of the lists that it has as well.
#include <catch2/catch.hpp>

#include "engine_support.hpp"
#include "gzip_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;
using taskmirror::testing::gzip;

namespace {

const std::string kLink = "https://files.example/1";
const Reply kBegun{.body = "job j1 running", .status = 200};

// Board 1 is the list of the workspace, and leads to list a; `goals` export what the lists have.
struct ExportBench : Bench {
    ExportBench() {
        pace_options.concurrency = 1;
        exports.allowed = true;
        source.table[kMoves].capability = "moves";
        source.table[kChanges].replaced_by = "moves";
        source.table[kBoards].rank = 15;
        source.table[kBoards].every = source::Every::relist;
        source.table[kLists].exported_by = "goals";
        source.table[kGoals] = {.name = "goals",
                                .stage = "lists",
                                .rank = 19,
                                .capability = "goals",
                                .token_stream = "moves",
                                .every = source::Every::once,
                                .exports = true};
        periods = {.relist = 1h, .reconcile = 24h};
        api.on("/me", {{"open goals 1 1\nopen boards 1 1"}});
        api.on("/boards/1", {{"row 9 b\nopen lists 1 a"}});
        api.on("/moves/1", {{.body = "token w1", .status = 412}});
        api.on("/moves/1@w1", {{"token w1"}});
        api.on("/lists/a", {{"row 1 a"}});
        api.on("POST /goals/1", {kBegun});
        api.on("/goals/1@j1", {{"job j1 done " + kLink}});
        api.on(kLink, {{gzip("row 1 a\nrow 2 c\n")}});
    }
    std::string tokens() const { return rows("SELECT cursor, pending_cursor FROM sync_work WHERE stream = 'moves'"); }
    std::string lists() const {
        return rows("SELECT due_at IS NULL, last_done_at FROM sync_work WHERE stream = 'lists'");
    }
};

const std::string kLoaded = "1|a 2|c 9|b";

}  // namespace

TEST_CASE("a first load asks for one file instead of walking its lists, and for no second one") {
    ExportBench bench;
    const auto before = bench.clock.now();
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/moves/1", "/boards/1", "POST /goals/1", "/goals/1@j1", kLink});
    CHECK(bench.api.posted == std::vector<std::string>{"{}"});
    CHECK(bench.projects() == kLoaded);
    CHECK(bench.tokens() == "w1|NULL");
    CHECK(bench.gaps().empty());

    // It is as fresh as the moment at which the job was asked for.
    const auto done = bench.lists();
    CHECK(done > "1|" + iso(before));
    CHECK(done < "1|" + iso(before + 200ms));

    bench.forget();
    bench.clock.advance(2h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/moves/1@w1", "/boards/1"});
    bench.forget();
    bench.clock.advance(23h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("/lists/a") == 1);
    CHECK(bench.api.times("POST /goals/1") == 0);
}

TEST_CASE("without leave nothing is posted") {
    ExportBench bench;
    bench.exports.allowed = false;
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/moves/1", "/boards/1", "/lists/a"});
    CHECK(bench.api.posted.empty());
    CHECK(bench.tokens() == "w1|NULL");
}

TEST_CASE("the job is asked ever less often how far it is") {
    ExportBench bench;
    bench.api.on("/goals/1@j1", {kBegun, kBegun, kBegun, kBegun, kBegun, kBegun, kBegun, {"job j1 done " + kLink}});
    CHECK(bench.sync() == Ended::complete);
    std::vector<Milliseconds> pauses;
    std::optional<Monotonic> last;
    for (std::size_t i = 0; i < bench.api.asked.size(); ++i) {
        if (bench.api.asked[i].find("/goals/1") == std::string::npos) continue;
        if (last) pauses.push_back(std::chrono::round<std::chrono::seconds>(bench.api.asked_at[i] - *last));
        last = bench.api.asked_at[i];
    }
    CHECK(pauses == std::vector<Milliseconds>{1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s});
    CHECK(bench.projects() == kLoaded);
}

TEST_CASE("whoever cannot export walks the lists") {
    ExportBench bench;
    SECTION("it may not") { bench.api.on("POST /goals/1", {{.body = "", .status = 402}}); }
    SECTION("the request is refused") { bench.api.on("POST /goals/1", {{.body = "", .status = 400}}); }
    SECTION("the job fails twice") { bench.api.on("/goals/1@j1", {{"job j1 failed"}}); }
    SECTION("the job is unknown") { bench.api.on("/goals/1@j1", {{.body = "", .status = 404}}); }
    SECTION("nothing tells what changes meanwhile") { bench.api.on("/moves/1", {{.body = "", .status = 403}}); }
    SECTION("it takes too long") { bench.api.on("/goals/1@j1", {kBegun}); }
    SECTION("another one takes too long") { bench.api.on("POST /goals/1", {{.body = "", .status = 409}}); }
    SECTION("its link is dead") { bench.api.on(kLink, {{.body = "", .status = 403}}); }
    SECTION("its file is none") { bench.api.on(kLink, {{"row 1 a"}}); }
    SECTION("its file is cut off") { bench.api.on(kLink, {{gzip("row 1 a\n").substr(0, 15)}}); }
    bench.source.table[kChanges].replaced_by = {};
    bench.source.table[kLists].token_stream = {};
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("/lists/a") == 1);
    CHECK(bench.projects() == "1|a 9|b");
    CHECK(bench.gaps().empty());
    CHECK(bench.tokens() == (bench.api.times("POST /goals/1") == 0 ? "" : "w1|NULL"));

    bench.forget();
    bench.clock.advance(2h);
    bench.sync();
    CHECK(bench.api.times("POST /goals/1") == 0);
}

TEST_CASE("a job that fails once is asked for again, and another export is waited for") {
    ExportBench bench;
    bench.api.on("POST /goals/1",
                 {{.body = "", .status = 409}, {.body = "", .status = 409}, kBegun, {"job j2 running"}});
    bench.api.on("/goals/1@j1", {{"job j1 failed"}});
    bench.api.on("/goals/1@j2", {{"job j2 done " + kLink}});
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("POST /goals/1") == 4);
    CHECK(bench.api.times("/lists/a") == 0);
    CHECK(bench.projects() == kLoaded);
}

TEST_CASE("a list that was walked before is walked again, and nothing is posted") {
    ExportBench bench;
    bench.exports.allowed = false;
    bench.sync();
    bench.exports.allowed = true;
    bench.forget();
    bench.clock.advance(25h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("POST /goals/1") == 0);
    CHECK(bench.api.times("/lists/a") == 1);
}

TEST_CASE("a line that cannot be read is asked for by itself, or left to the lists") {
    ExportBench bench;
    bench.api.on("/looks/2", {{"row 2 c"}});
    SECTION("it says what it is") {
        bench.api.on(kLink, {{gzip("row 1 a\nbroken 2\n")}});
        CHECK(bench.sync() == Ended::complete);
        CHECK(bench.api.times("/looks/2") == 1);
        CHECK(bench.api.times("/lists/a") == 0);
    }
    SECTION("it does not") {
        bench.api.on(kLink, {{gzip("broken\nrow 2 c\n")}});
        CHECK(bench.sync() == Ended::complete);
        CHECK(bench.api.times("/lists/a") == 1);
    }
    CHECK(bench.projects() == kLoaded);
}

TEST_CASE("wherever the process dies, the same job is gone on with, and the token waits for its file") {
    const auto requests = GENERATE(1U, 2U, 3U, 4U, 5U);
    ExportBench bench;
    bench.sync_killed_after(requests);
    CHECK(bench.tokens() != "w1|NULL");
    CHECK(bench.projects().find("1|a") == std::string::npos);
    bench.sync();
    CHECK(bench.projects() == kLoaded);
    CHECK(bench.tokens() == "w1|NULL");
    CHECK(bench.api.times("POST /goals/1") == (requests < 4 ? 1 : 0));
    CHECK(bench.api.times("/lists/a") == 0);
}

TEST_CASE("what it takes away the leave for in between is left to the lists") {
    ExportBench bench;
    bench.sync_killed_after(5);
    bench.exports.allowed = false;
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/lists/a"});
    CHECK(bench.tokens() == "w1|NULL");
}
