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

TEST_CASE("lists that left out what they tell of a row are asked again when it becomes wanted") {
    constexpr Remains::Kin kMentioned[] = {{"asana_project_followers", "user_gid"}};
    const Remains remains[] = {{.table = "asana_projects", .edges = kMentioned}};
    Bench bench;
    bench.source.filter = "asana_projects";
    bench.source.hangs = remains;
    bench.source.table[kLinks].every = source::Every::reconcile;
    bench.periods = {.relist = 1h, .reconcile = 240h};
    bench.api.on("/me", {{.body = "open parts 1 1\nopen links 1 7"}});
    bench.api.on("/parts/1", {{.body = "row 5 1\naway 6"}, {.body = "row 5 1\naway 6"}, {.body = "row 5 1\nrow 6 1"}});
    bench.api.on("/links/7", {{.body = ""}, {.body = "edge 6"}});
    bench.sync();
    bench.clock.advance(1h);
    bench.forget();
    bench.sync();
    CHECK(bench.api.asked == Targets{"/me", "/parts/1"});

    // A list that another filter has asked for anyway, beside that of the rows, may have left it out, too.
    const bool grown = GENERATE(false, true);
    if (grown) bench.source.opens = "another filter";
    bench.clock.advance(1h);
    bench.forget();
    bench.sync();

    CHECK(bench.api.times("/links/7") == (grown ? 2 : 1));
    CHECK(bench.rows("SELECT project_gid, user_gid FROM asana_project_followers") == "7|6");
    bench.clock.advance(1h);
    bench.forget();
    bench.sync();
    CHECK(bench.api.asked == Targets{"/me", "/parts/1"});
}

TEST_CASE("a search that says that a row is not wanted has it looked at, for it may be late") {
    Bench bench;
    bench.source.filter = "asana_projects";
    bench.source.table[kGoals].lags = bench.source.table[kGoals].watermark = true;
    bench.source.table[kLooks].modified_by = "notes";
    bench.periods = {.relist = 240h, .reconcile = 240h};
    bench.api.on("/me", {{.body = "open parts 1 1\nopen goals 1 1"}});
    bench.api.on("/parts/1", {{.body = "row_at 0 5 1\nrow_at 0 6 1"}});
    bench.sync();
    const auto search = [&] { return "/goals/1@" + bench.rows("SELECT cursor FROM sync_work WHERE stream = 'goals'"); };
    bench.clock.advance(1h);
    bench.forget();
    bench.api.on(search(), {{.body = "away 5\naway 6\naway 9"}});
    bench.api.on("/looks/5", {{.body = "away 5"}});
    bench.api.on("/looks/6", {{.body = "row_at 0 6 1"}});

    bench.sync();

    CHECK(bench.api.times("/looks/5") == 1);
    CHECK(bench.api.times("/looks/6") == 1);
    CHECK(bench.api.times("/looks/9") == 0);
    CHECK(bench.projects() == "6|1");
    CHECK(bench.rows("SELECT gid, cause FROM sync_tombstones") == "5|excluded");
    CHECK(bench.gaps().empty());
}

TEST_CASE("what an event says of a row that is not known is not asked for where the source says so") {
    Bench bench;
    bench.periods = {.relist = 240h, .reconcile = 240h};
    bench.api.on("/me", {{.body = "open lists 1 a"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/changes/a@t1",
                 {{.body = "token t1"}, {.body = "if_stored looks 1 5\nif_stored looks 1 6\ntoken t2"}});
    bench.api.on("/lists/a", {{.body = "row 5 1"}});
    bench.sync();
    bench.clock.advance(1h);
    bench.sync();
    bench.clock.advance(1h);
    bench.forget();

    bench.sync();

    CHECK(bench.api.times("/looks/5") + bench.api.times("/looks/6") <= 1);
    CHECK(bench.api.times("/looks/6") == 0);
}

TEST_CASE("a new redaction takes stored texts away at once, one that stays takes nothing") {
    Bench bench;
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.body = "row 5 secret"}, {.body = "", .status = 503}});
    bench.sync();
    bench.source.redact = {{.table = "asana_projects", .column = "name", .how = Redact::length}};
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

TEST_CASE("a redaction of some rows takes the texts of those alone away, from tombstones, too") {
    Bench bench;
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.body = "row_at 1 5 secret\nrow 6 secret\nrow_at 1 7 secret\nrow 8 secret"}});
    bench.sync();
    constexpr std::string_view kNotes[] = {"notes"};
    const auto blank = [&](const Redacted& texts) {
        const auto store = store::open_sqlite(bench.file, bench.source.tables());
        store->begin();
        const bool any = store->blank(texts);
        store->commit();
        return any;
    };
    {
        const auto store = store::open_sqlite(bench.file, bench.source.tables());
        store->begin();
        for (const auto* gid : {"7", "8"})
            store->bury(bench.source.remains(), "asana_projects", gid,
                        {.source = "acme", .cause = "deleted", .detected_by = "walk", .detected_at = store::at(1)});
        store->commit();
    }

    CHECK(blank({.table = "asana_projects", .column = "name", .where = "notes"}));
    CHECK(bench.rows("SELECT gid FROM asana_projects WHERE name IS NULL") == "5");
    const std::string without =
        "SELECT gid FROM sync_tombstones WHERE json_extract(row, '$.name') IS NULL ORDER BY gid";
    CHECK(bench.rows(without) == "7");
    CHECK(blank({.table = "asana_projects", .column = "name", .where = "name", .is = "secret", .without = kNotes}));
    CHECK(bench.rows("SELECT gid FROM asana_projects WHERE name IS NULL ORDER BY gid") == "5 6");
    CHECK(bench.rows(without) == "7 8");
    CHECK_FALSE(blank({.table = "asana_projects", .column = "name"}));
}

TEST_CASE("another key than that of the stored hashes stops the sync") {
    Bench bench;
    bench.source.redact = {{.table = "asana_projects", .column = "name", .how = Redact::hash}};
    bench.source.key = "one";
    bench.sync();
    bench.source.key = "two";

    std::string message;
    CHECK(bench.sync_fails(&message) == 78);
    CHECK_THAT(message, Catch::Contains("put the right file back"));
    bench.source.key = "one";
    bench.sync();
}
