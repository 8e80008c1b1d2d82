// The full-text index, on the real schema and by the ways in which the store writes.
#include "store_test_support.hpp"

#include "store/finder.hpp"
#include "store/schema.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <optional>

using namespace taskmirror;
using namespace taskmirror::store;

namespace {

using Gids = std::vector<std::string>;

constexpr std::array<std::string_view, 2> kTaskColumns = {"name", "notes"};
constexpr std::array<std::string_view, 4> kStoryColumns = {"type", "text", "target_gid", "target_type"};
enum : std::uint16_t { kTask, kStory, kProject };
constexpr std::array<Table, 3> kSearched = {
    {{"asana_tasks", kTaskColumns}, {"asana_stories", kStoryColumns}, {"asana_projects", kProjectColumns}}};
constexpr std::array<Remains::Kin, 1> kStoriesOfTask = {{{"asana_stories", "target_gid"}}};
const std::array<Remains, 3> kRemains = {{{.table = "asana_tasks", .followers = kStoriesOfTask},
                                          {.table = "asana_stories"},
                                          {.table = "asana_projects", .mention = true}}};

struct Fixture {
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "mirror.db";
    std::unique_ptr<Store> store = open_sqlite(file, kSearched);
    std::int64_t hash = 0;

    Fixture() { keep(true); }

    void in_group(const std::function<void()>& body) {
        store->begin();
        body();
        store->commit();
    }
    void keep(bool on) {
        in_group([&] { store->keep_search(on); });
    }
    void write(std::uint16_t table, std::string_view gid, std::initializer_list<std::string_view> texts) {
        Page page;
        page.entities = {{.table = table, .gid = gid, .hash = ++hash, .first = 0}};
        for (const auto text : texts) page.values.push_back(text.empty() ? Value() : Value::of(text));
        store->write(page, {1, 1}, at(hash));
    }
    void put(std::uint16_t table, std::string_view gid, std::initializer_list<std::string_view> texts) {
        in_group([&] { write(table, gid, texts); });
    }
    void bury(std::string_view table, std::string_view gid, std::string cause = "deleted") {
        in_group([&] {
            store->bury(kRemains, table, gid,
                        {.source = "acme", .cause = std::move(cause), .detected_by = "event", .detected_at = at(0)});
        });
    }
    // In the order of their gids; the index is sound, and says what the texts say.
    Gids found(std::string_view expression) {
        SQLite::Database database(file, SQLite::OPEN_READWRITE);
        database.exec("INSERT INTO sync_search (sync_search, rank) VALUES ('integrity-check', 1)");
        CHECK(database.execAndGet("SELECT count(*) FROM sync_search_removed").getInt() == 0);
        CHECK(rows(file, "SELECT gid FROM sync_search_documents WHERE kind <> 'comment' ORDER BY gid") ==
              rows(file,
                   "SELECT gid FROM (SELECT gid, mirrored_at FROM asana_tasks UNION ALL SELECT gid, mirrored_at FROM "
                   "asana_projects) WHERE mirrored_at IS NOT NULL ORDER BY gid"));
        Gids gids;
        const auto hits = find(file, expression, 100).value();
        for (const auto& hit : hits) gids.push_back(hit.gid);
        std::ranges::sort(gids);
        return gids;
    }
};

}  // namespace

TEST_CASE("tasks, comments and projects are found by their words, capital letters and accents apart") {
    Fixture f;
    f.put(kTask, "1", {"Überprüfung der Rechnung", "by the end of May"});
    f.put(kStory, "2", {"comment", "the RECHNUNG has come", "1", "task"});
    f.put(kStory, "3", {"system", "rechnung was added", "1", "task"});
    f.put(kProject, "4", {"Finance", "rechnung and more"});

    CHECK(f.found("rechnung") == Gids{"1", "2", "4"});
    CHECK(f.found("uberprufung") == Gids{"1"});
    CHECK(f.found("uber") == Gids{});
    CHECK(f.found("uber*") == Gids{"1"});
    const auto hits = find(f.file, "rechnung", 100).value();
    CHECK(hits.front().gid == "1");  // in its name
    CHECK(hits.front().kind == "task");
    const auto comment = *std::ranges::find(hits, "2", &Hit::gid);
    CHECK(comment.name == "Überprüfung der Rechnung");
    CHECK(comment.of_gid == "1");
    CHECK(comment.passage == "the RECHNUNG has come");
    CHECK(find(f.file, "rechnung", 2).value().size() == 2);
}

TEST_CASE("a subtask is shown with the projects of the task above it, unless it has its own") {
    Fixture f;
    for (const auto gid : {"1", "2", "3"}) f.put(kTask, gid, {"launch", ""});
    f.put(kProject, "8", {"Ship", ""});
    f.put(kProject, "9", {"Own", ""});
    SQLite::Database(f.file, SQLite::OPEN_READWRITE)
        .exec(
            "UPDATE asana_tasks SET parent_gid = CAST(gid - 1 AS TEXT) WHERE gid IN ('2', '3');"
            "INSERT INTO asana_task_memberships (task_gid, project_gid) VALUES ('1', '8')");

    const auto projects = [&] {
        std::string all;
        auto hits = find(f.file, "launch", 10).value();
        std::ranges::sort(hits, {}, &Hit::gid);
        for (const auto& hit : hits) all += hit.gid + hit.projects + " ";
        return all;
    };
    CHECK(projects() == "1Ship 2Ship 3Ship ");
    SQLite::Database(f.file, SQLite::OPEN_READWRITE)
        .exec("INSERT INTO asana_task_memberships (task_gid, project_gid) VALUES ('2', '9')");
    CHECK(projects() == "1Ship 2Own 3Own ");
}

TEST_CASE("the index follows what changes, goes and comes back") {
    Fixture f;
    f.put(kTask, "1", {"first", "alpha"});
    f.put(kTask, "2", {"second", "alpha"});
    f.put(kStory, "3", {"comment", "alpha", "2", "task"});

    f.put(kTask, "1", {"first", "beta"});
    CHECK(f.found("alpha") == Gids{"2", "3"});
    CHECK(f.found("beta") == Gids{"1"});
    f.bury("asana_tasks", "2");
    CHECK(f.found("alpha") == Gids{});
    f.put(kTask, "2", {"second", "gamma"});
    CHECK(f.found("gamma") == Gids{"2"});
    CHECK(f.found("second OR first") == Gids{"1", "2"});
}

TEST_CASE("what comes, changes and goes in one group leaves no trace in the index") {
    Fixture f;
    f.put(kTask, "1", {"first", "alpha"});

    f.in_group([&] {
        f.write(kTask, "2", {"second", "alpha"});
        f.write(kTask, "1", {"first", "beta"});
        f.write(kTask, "2", {"second", "beta"});
        f.write(kTask, "1", {"first", "gamma"});
        f.store->bury(kRemains, "asana_tasks", "2", {.source = "acme", .cause = "deleted", .detected_at = at(0)});
        f.write(kTask, "3", {"third", "gamma"});
    });

    CHECK(f.found("alpha") == Gids{});
    CHECK(f.found("beta") == Gids{});
    CHECK(f.found("gamma") == Gids{"1", "3"});
}

TEST_CASE("a group that is rolled back leaves the index as it was") {
    Fixture f;
    f.put(kTask, "1", {"first", "alpha"});

    f.store->begin();
    f.write(kTask, "1", {"first", "beta"});
    f.write(kTask, "2", {"second", "beta"});
    f.store->roll_back();

    CHECK(f.found("alpha") == Gids{"1"});
    CHECK(f.found("beta") == Gids{});
    f.put(kTask, "3", {"third", "beta"});
    CHECK(f.found("beta") == Gids{"3"});
}

TEST_CASE("a project that only remains as a mention is not found") {
    Fixture f;
    f.put(kProject, "4", {"Finance", "alpha"});
    {
        SQLite::Database other(f.file, SQLite::OPEN_READWRITE);
        other.exec("INSERT INTO asana_task_memberships (task_gid, project_gid) VALUES ('1', '4')");
    }

    f.bury("asana_projects", "4", "not_visible");

    CHECK(rows(f.file, "SELECT name FROM asana_projects") == "Finance");
    CHECK(f.found("finance") == Gids{});
    f.put(kProject, "4", {"Finance", "alpha"});
    CHECK(f.found("finance") == Gids{"4"});
}

TEST_CASE("texts that are redacted leave the index, and its bytes") {
    Fixture f;
    f.put(kTask, "1", {"first", "extraordinarily"});
    f.put(kStory, "2", {"comment", "extraordinarily", "1", "task"});

    f.in_group([&] {
        f.store->blank({.table = "asana_tasks", .column = "notes"});
        f.store->blank({.table = "asana_stories", .column = "text"});
    });
    CHECK(f.found("extraordinarily") == Gids{});
    CHECK(f.found("first") == Gids{"1"});
    f.store->rewrite();

    CHECK(f.found("first") == Gids{"1"});
    f.store.reset();
    CHECK(bytes(f.file).find("extraordinarily") == std::string::npos);
}

TEST_CASE("a switch whose group is rolled back has not happened") {
    Fixture f;
    const bool before = GENERATE(true, false);
    f.keep(before);

    f.store->begin();
    f.store->keep_search(!before);
    f.store->roll_back();
    f.put(kTask, "1", {"walrus", "in the rain"});

    CHECK(find(f.file, "walrus", 10).has_value() == before);
    f.keep(true);
    CHECK(f.found("walrus") == Gids{"1"});
}

TEST_CASE("switched off the index is dropped, switched on again it is made of what is stored") {
    Fixture f;
    const auto objects = "SELECT count(*) FROM sqlite_master WHERE name GLOB '*sync_search*'";
    f.put(kTask, "1", {"first", "alpha"});

    f.keep(false);
    CHECK(rows(f.file, objects) == "0");
    CHECK_FALSE(find(f.file, "alpha", 100).has_value());
    f.put(kTask, "1", {"first", "beta"});
    f.put(kTask, "2", {"second", "beta"});
    f.keep(true);

    CHECK(f.found("beta") == Gids{"1", "2"});
    CHECK(f.found("alpha") == Gids{});
    f.keep(true);
    CHECK(f.found("beta") == Gids{"1", "2"});
}

TEST_CASE("the index stays in step when the file is opened again, and when it was written anew") {
    Fixture f;
    f.put(kTask, "1", {"first", "alpha"});
    f.put(kTask, "2", {"second", "alpha"});
    f.bury("asana_tasks", "1");
    f.store.reset();
    f.store = open_sqlite(f.file, kSearched);
    f.store->rewrite();

    f.put(kTask, "2", {"second", "beta"});
    f.put(kTask, "3", {"third", "beta"});

    CHECK(f.found("alpha") == Gids{});
    CHECK(f.found("beta") == Gids{"2", "3"});
}

TEST_CASE("a database without tables for search has no hits, and none is made for them") {
    Fixture f;
    std::string message;

    CHECK(exit_code([&] { find(f.folder.path() / "other.db", "alpha", 1); }, &message) == 66);
    CHECK_THAT(message, Catch::Contains("there is no such file"));
}
