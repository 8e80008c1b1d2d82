#include "store_test_support.hpp"

#include "store/lock.hpp"
#include "store/reader.hpp"
#include "store/sqlite_open.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>

using namespace taskmirror;
using namespace taskmirror::store;
namespace fs = std::filesystem;

namespace {

// A database with something of everything.
void fill(const fs::path& file) {
    const auto store = open_sqlite(file, kTables);
    store->begin();
    store->set_fact("acme.pass_began_at", iso(at(0)));
    store->set_fact("acme.pass_ended_at", iso(at(1)));
    store->write(Projects().add("p", 1, "Launch").page(), {1, 1}, at(0));
    Work list{.source = "acme", .stream = "project_tasks", .scope = "p", .root = "w", .recurring = true};
    list.last_done_at = at(5);
    store->save(list);
    for (const auto& [scope, key, due_at] :
         {std::tuple("1", std::int64_t{1}, at(0)), std::tuple("2", std::int64_t{2}, at(0)),
          std::tuple("3", std::int64_t{1'000'000'000'000'000'001}, at(0)), std::tuple("4", std::int64_t{3}, at(60))})
        store->queue({.source = "acme", .stream = "task_stories", .scope = scope, .order_key = key, .due_at = due_at},
                     at(0));
    const Gap gap{.source = "acme",
                  .stream = "sections",
                  .scope = "1",
                  .status = 403,
                  .message = "no",
                  .seen_at = at(3),
                  .retry_at = at(90)};
    store->open_gap(gap);
    auto second = gap;
    second.scope = "2";
    second.seen_at = at(2);
    second.retry_at = at(80);
    store->open_gap(second);
    auto held = gap;
    held.scope = "3";
    held.status.reset();
    held.message = std::string(kHeld) + "much";
    store->open_gap(held);
    auto healed = gap;
    healed.scope = "4";
    store->open_gap(healed);
    store->heal_gap("acme", "sections", "4", at(4));
    store->set_capability("acme", {"w", "search", false, at(0)});
    store->set_capability("acme", {"w", "custom_fields", true, at(0)});
    store->start_run({.command = "sync", .version = "1", .started_at = at(0), .ended_at = at(9), .exit_code = 1});
    store->start_run({.command = "run", .version = "1", .started_at = at(10)});
    store->commit();
}

}  // namespace

TEST_CASE("a snapshot has what stands in the mirror's own tables") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);

    const auto found = read_snapshot(file, at(30));

    CHECK(found.bytes == fs::file_size(file));
    CHECK(found.sources == std::vector<std::string>{"acme"});
    CHECK(found.facts.at("acme.pass_ended_at") == iso(at(1)));
    REQUIRE(found.freshness.size() == 2);  // the oldest first: stories wait since then
    CHECK((found.freshness[0].table == "asana_stories" && found.freshness[0].as_of == at(0)));
    CHECK((found.freshness[1].table == "asana_tasks" && found.freshness[1].as_of == at(5)));
    CHECK(found.freshness[1].name == "Launch");
    CHECK(found.freshness[1].of_project);
    CHECK_FALSE(found.freshness[1].gap);
    REQUIRE(found.waiting.size() == 2);
    CHECK((found.waiting[0].order_class == 0 && found.waiting[0].requests == 2));
    CHECK((found.waiting[1].order_class == 1 && found.waiting[1].requests == 1));
    REQUIRE(found.missing.size() == 1);
    CHECK(found.missing[0].second.name == "search");
    REQUIRE(found.runs.size() == 2);
    CHECK((found.runs[0].command == "run" && !found.runs[0].ended_at && !found.runs[0].exit_code));
    CHECK((found.runs[1].command == "sync" && found.runs[1].exit_code == 1));
}

TEST_CASE("open gaps are counted by their cause, with the oldest and the next try") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);

    const auto gaps = read_snapshot(file, at(30)).gaps;

    REQUIRE(gaps.size() == 2);
    CHECK(gaps[0].count == 2);
    CHECK(gaps[0].status == 403);
    CHECK(gaps[0].oldest == at(2));
    CHECK(gaps[0].retry_at == at(80));
    CHECK_FALSE(gaps[0].held);
    CHECK(gaps[1].count == 1);
    CHECK(gaps[1].held);
    CHECK_FALSE(gaps[1].status);
}

TEST_CASE("a project whose events are refused has a gap") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    SQLite::Database(file, SQLite::OPEN_READWRITE)
        .exec(
            "UPDATE sync_gaps SET stream = 'project_events', scope = 'p' "
            "WHERE scope = '1'");

    CHECK(read_snapshot(file, at(30)).freshness.at(0).gap);
}

TEST_CASE("reading changes no byte and makes no file") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const bool with_log = GENERATE(true, false);
    if (!with_log)
        for (const char* const ending : {"-wal", "-shm"}) fs::remove(file.string() + ending);
    const auto before = bytes(file);

    read_snapshot(file, at(30));

    CHECK(bytes(file) == before);
    CHECK(fs::exists(file.string() + "-journal") == false);
}

TEST_CASE("the holder of the lock is named while it holds it, and can be beside the reader") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    CHECK_FALSE(lock_holder(file));
    fill(file);
    CHECK_FALSE(lock_holder(file));

    const auto store = open_sqlite(file, kTables);
    store->begin();
    store->set_fact("acme.state", "not committed");

    const auto found = read_snapshot(file, at(30));
    CHECK(found.holder == ::getpid());
    CHECK_FALSE(found.facts.contains("acme.state"));
}

TEST_CASE("what is not there, empty, foreign or newer is refused with its exit code") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    std::string message;
    const auto code = [&] { return exit_code([&] { read_snapshot(file, at(0)); }, &message); };

    CHECK(code() == 66);
    CHECK_THAT(message, Catch::Contains(file.string()) && Catch::Contains("there is no such file"));
    CHECK(folder.path() == fs::path(message.substr(12, message.find("/mirror.db") - 12)));
    CHECK(fs::is_empty(folder.path()));
    folder.write("mirror.db", "");
    CHECK(code() == 66);
    folder.write("mirror.db", std::string(8192, 'x'));
    CHECK(code() == 65);
    fs::remove(file);
    fill(file);
    SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 99");
    CHECK(code() == 78);
    CHECK_THAT(message, Catch::Contains("install a newer taskmirror"));
    SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA application_id = 5");
    CHECK(code() == 65);
    CHECK_THAT(message, Catch::Contains("a database of another program"));
}

TEST_CASE("records of what was over before a time leave, at most so many at once") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);  // gap 4 was healed at 4; runs began at 0 and 10
    const auto store = open_sqlite(file, kTables);
    store->begin();
    store->set_api_change("acme",
                          {.name = "old", .first_seen_at = at(0), .last_seen_at = at(1), .sample_path = "/tasks"});
    store->set_api_change("acme",
                          {.name = "new", .first_seen_at = at(0), .last_seen_at = at(20), .sample_path = "/tasks"});
    store->commit();
    SQLite::Database(file, SQLite::OPEN_READWRITE)
        .exec(fmt::format("INSERT INTO sync_tombstones SELECT 'asana_tasks', value, 'acme', 'deleted', NULL, '{}', "
                          "'event', '{{}}' FROM json_each('[1, 2, 3, 4, 5]')",
                          iso(at(2))));
    SQLite::Database(file, SQLite::OPEN_READWRITE)
        .exec(fmt::format("UPDATE sync_tombstones SET detected_at = '{}' WHERE gid = '5'", iso(at(5))));
    const auto forget = [&](std::int64_t before, std::size_t at_most) {
        store->begin();
        const auto removed = store->forget_before(at(before), at_most);
        store->commit();
        return removed;
    };

    CHECK(forget(0, 100) == 0);
    CHECK(forget(5, 3) == 3);
    CHECK(forget(5, 3) == 3);
    CHECK(forget(5, 3) == 1);
    CHECK(forget(5, 3) == 0);
    CHECK(rows(file, "SELECT gid FROM sync_tombstones") == "5");
    CHECK(rows(file, "SELECT scope FROM sync_gaps ORDER BY scope") == "1 2 3");
    CHECK(rows(file, "SELECT name FROM sync_api_changes") == "new");
    CHECK(rows(file, "SELECT command FROM sync_runs") == "run");
    CHECK(forget(1000, 100) == 2);  // the last run stays, whatever its age
    CHECK(rows(file, "SELECT command FROM sync_runs") == "run");
}
