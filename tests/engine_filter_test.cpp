// What the configuration takes away: rows that are not wanted, texts that are redacted.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

constexpr int kMany = 40;

std::string lines(const std::string& word, const std::string& behind) {
    std::string all;
    for (int i = 0; i < kMany; ++i) all += fmt::format("{} {}{}\n", word, 100 + i, behind);
    return all;
}

}  // namespace

TEST_CASE("rows that are not wanted leave at once, without a look and without their content, however many") {
    Bench bench;
    bench.source.filter = "asana_projects";
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.body = lines("row", " 1")}, {.body = lines("away", "")}});
    bench.sync();
    REQUIRE(bench.rows("SELECT count(*) FROM asana_projects") == "40");

    bench.clock.advance(1h);
    bench.forget();
    bench.sync();

    CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "0");
    CHECK(bench.rows("SELECT count(*), min(cause), max(cause) FROM sync_tombstones") == "40|excluded|excluded");
    CHECK(bench.rows("SELECT row FROM sync_tombstones WHERE gid = '100'") == "{\"gid\":\"100\"}");
    CHECK(bench.gaps().empty());
    CHECK(bench.api.asked == Targets{"/me", "/parts/1"});
    CHECK(bench.rows("SELECT value FROM sync_meta WHERE key = 'acme.rewrite'").empty());
}

TEST_CASE("a row that is wanted again leaves the tombstones") {
    Bench bench;
    bench.source.filter = "asana_projects";
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.body = "row 5 1"}, {.body = "away 5"}, {.body = "row 5 1"}});
    for (int i = 0; i < 3; ++i) {
        bench.sync();
        bench.clock.advance(1h);
    }

    CHECK(bench.projects() == "5|1");
    CHECK(bench.tombstones().empty());
}

TEST_CASE("a new redaction takes stored texts away at once, one that stays takes nothing") {
    Bench bench;
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.body = "row 5 secret"}, {.body = "", .status = 503}});
    bench.sync();
    bench.source.redact = {{"asana_projects.name", "length"}};
    bench.clock.advance(1h);

    bench.sync();

    CHECK(bench.rows("SELECT name IS NULL FROM asana_projects") == "1");
    bench.api.on("/parts/1", {{.body = "row 5 6"}});
    bench.clock.advance(1h);
    bench.sync();
    bench.clock.advance(1h);
    bench.sync();
    CHECK(bench.projects() == "5|6");
}

TEST_CASE("another key than that of the stored hashes stops the sync") {
    Bench bench;
    bench.source.redact = {{"asana_projects.name", "hash"}};
    bench.source.key = "one";
    bench.sync();
    bench.source.key = "two";

    std::string message;
    CHECK(bench.sync_fails(&message) == 78);
    CHECK_THAT(message, Catch::Contains("put the right file back"));
    bench.source.key = "one";
    bench.sync();
}
