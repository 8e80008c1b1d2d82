#include "store_test_support.hpp"

#include "store/schema.hpp"
#include "store/sqlite_open.hpp"

#include <fmt/ranges.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

using namespace taskmirror;
using namespace taskmirror::store;
namespace fs = std::filesystem;

namespace {

// Changes whenever a file of schema/ does. From the first release on it stands: what was released
// never changes, a new version is a new step.
constexpr std::uint64_t kSchemaHash = 0x608c341b8265b768;

const std::string kSmall =
    std::string(core_sql()) +
    "CREATE TABLE asana_projects (gid TEXT PRIMARY KEY, content_hash INTEGER, name TEXT, notes TEXT, mirrored_at TEXT);"
    "CREATE INDEX asana_projects_name ON asana_projects (name);";

// The real tables, and one statement more: on the connection of the store itself.
std::vector<Step> steps_with(const std::string& statement) { return {{1, schema_steps().front().sql + statement}}; }

std::string files(const fs::path& directory) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(directory)) names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return fmt::format("{}", fmt::join(names, " "));
}

mode_t mode(const fs::path& file) {
    struct stat status {};
    ::stat(file.c_str(), &status);
    return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("a new database has its marks, its log beside it, and no rights for others") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";

    const auto store = open_sqlite(file, kTables);

    CHECK(rows(file, "PRAGMA application_id") == "1953721197");
    CHECK(rows(file, "PRAGMA user_version") == "1");
    CHECK(rows(file, "PRAGMA journal_mode") == "wal");
    CHECK(rows(file, "PRAGMA page_size") == "16384");
    CHECK((mode(file) & 0027) == 0);
    CHECK((mode(file.string() + "-wal") & 0027) == 0);
    CHECK((mode(file) & 0640) == 0640);
}

TEST_CASE("opening again finds what was committed, and the log stays beside a closed database") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    {
        const auto store = open_sqlite(file, kTables);
        put(*store, Projects().add("1", 10, "Alpha"));
        store->begin();
        store->write(Projects().add("2", 20, "Beta").page(), {1, 1}, at(0));
    }
    CHECK(fs::exists(file.string() + "-wal"));

    const auto store = open_sqlite(file, kTables);

    CHECK(put(*store, Projects().add("1", 10, "Alpha")).unchanged == 1);
    CHECK(rows(file, "SELECT gid FROM asana_projects") == "1");
    CHECK_FALSE(fs::exists(file.string() + ".before-v1"));
}

TEST_CASE("a database whose tables were made with other comments is opened") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    std::string sql;
    for (const auto statement : statements(schema_steps().front().sql)) {
        std::string text(statement);
        for (std::size_t at = 0; (at = text.find("-- ", at)) != std::string::npos; at += 3)
            text.replace(at, 3, "-- so: ");
        sql += text + ";\n";
    }
    { open_sqlite(file, kTables, std::vector<Step>{{1, sql}}); }

    const auto store = open_sqlite(file, kTables);

    CHECK(rows(file, "SELECT instr(sql, '-- so: ') > 0 FROM sqlite_master WHERE name = 'sync_work'") == "1");
    CHECK(put(*store, Projects().add("1", 10, "Alpha")).inserted == 1);
}

TEST_CASE("a second instance is refused at once and told who holds the database") {
    testing::TemporaryFolder folder;
    const auto store = open_sqlite(folder.path() / "mirror.db", kTables);
    fs::create_directory_symlink(folder.path() / ".", folder.path() / "alias");
    std::string message;

    CHECK(exit_code([&] { open_sqlite(folder.path() / "mirror.db", kTables); }, &message) == 75);
    CHECK_THAT(message, Catch::Contains(fmt::format("process {}", ::getpid())));
    CHECK(exit_code([&] { open_sqlite(folder.path() / "alias/mirror.db", kTables); }) == 75);
}

TEST_CASE("the lock goes with the process that held it, and the last commit is what remains") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const pid_t child = ::fork();
    if (child == 0) {
        const auto store = open_sqlite(file, kTables);
        put(*store, Projects().add("1", 10, "Alpha", {"7"}));
        store->begin();
        store->as_one([&] {
            store->write(Projects().add("1", 11, "Changed").add("2", 20, "Beta", {"8"}).page(), {2, 2}, at(0));
            store->queue({.source = "acme", .stream = "task_stories", .scope = "2"}, at(0));
        });
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));

    const auto store = open_sqlite(file, kTables);

    CHECK(rows(file, "SELECT gid, name FROM asana_projects") == "1|Alpha");
    CHECK(rows(file, "SELECT gid FROM asana_users") == "7");
    CHECK(store->backlog("acme", at(0)).empty());
    CHECK(rows(file, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a missing directory, a directory that refuses files, and a link are said to be wrong") {
    testing::TemporaryFolder folder;
    std::string message;

    CHECK(exit_code([&] { open_sqlite(folder.path() / "missing/mirror.db", kTables); }, &message) == 74);
    CHECK_THAT(message, Catch::Contains("create it"));
    CHECK(exit_code([&] { open_sqlite("/proc/mirror.db", kTables); }, &message) == 74);
    CHECK_THAT(message, Catch::Contains("must be writable"));
    fs::create_directory(folder.path() / "folder.db");
    CHECK(exit_code([&] { open_sqlite(folder.path() / "folder.db", kTables); }, &message) == 74);
    CHECK_THAT(message, Catch::Contains("it is a directory"));
    { open_sqlite(folder.path() / "mirror.db", kTables); }
    fs::create_symlink(folder.path() / "mirror.db", folder.path() / "link.db");
    CHECK(exit_code([&] { open_sqlite(folder.path() / "link.db", kTables); }, &message) == 74);
    CHECK_THAT(message, Catch::Contains("name the file that it leads to"));
}

TEST_CASE("a file that is no database is refused and not touched") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "notes.txt";
    const std::string text = GENERATE(std::string("shopping list"), std::string(100'000, 'x'));
    std::ofstream(file) << text;
    std::string message;

    CHECK(exit_code([&] { open_sqlite(file, kTables); }, &message) == 65);
    CHECK_THAT(message, Catch::Contains("name another file"));
    CHECK(bytes(file) == text);
    CHECK(files(file.parent_path()) == "notes.txt");
}

TEST_CASE("a database of another program is refused and not touched") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "photos?100%.db";
    SQLite::Database(file, SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE).exec("CREATE TABLE photos (id)");
    const auto before = bytes(file);

    CHECK(exit_code([&] { open_sqlite(file, kTables); }) == 65);
    CHECK(bytes(file) == before);
    CHECK(files(file.parent_path()) == "photos?100%.db");
}

TEST_CASE("an empty file becomes a database") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    std::ofstream(file).flush();

    open_sqlite(file, kTables);

    CHECK(rows(file, "PRAGMA user_version") == "1");
}

TEST_CASE("a database of a newer version is refused and not touched") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    open_sqlite(file, kTables);
    const bool in_log = GENERATE(false, true);
    std::unique_ptr<SQLite::Database> reader;
    if (in_log) {  // an open reader keeps the newer version from reaching the file itself
        reader = std::make_unique<SQLite::Database>(file);
        reader->exec("BEGIN; SELECT * FROM sync_meta");
    }
    SQLite::Database(file, SQLite::OPEN_READWRITE).exec("PRAGMA user_version = 2");
    const auto before = bytes(file);
    const auto log = bytes(file.string() + "-wal");
    CHECK(log.empty() != in_log);
    std::string message;

    CHECK(exit_code([&] { open_sqlite(file, kTables); }, &message) == 78);
    CHECK_THAT(message, Catch::Contains("newer taskmirror"));
    CHECK(bytes(file) == before);
    CHECK(bytes(file.string() + "-wal") == log);
}

TEST_CASE("a damaged database is reported as damaged, with what to do") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    open_sqlite(file, kTables);
    {
        std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekp(100);
        stream << std::string(200'000, '\xff');
    }
    std::string message;

    CHECK(exit_code([&] { open_sqlite(file, kTables); }, &message) == 65);
    CHECK_THAT(message, Catch::Contains("restore a backup"));
}

TEST_CASE("a full disk ends with the content of the last commit") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const auto steps = steps_with("PRAGMA max_page_count = 150;");
    std::string message;
    {
        const auto store = open_sqlite(file, kTables, steps);
        put(*store, Projects().add("1", 10, "Alpha"));
        store->begin();
        store->as_one([&] { store->write(Projects().add("2", 20, "Beta").page(), {1, 1}, at(0)); });
        const std::string large(4'000'000, 'x');
        const auto code = exit_code(
            [&] { store->as_one([&] {
                      store->write(Projects().add("3", 30, large).page(), {1, 1}, at(0));
                  }); },
            &message);
        CHECK(code == 74);
    }
    CHECK_THAT(message, Catch::Contains("full") && Catch::Contains("free space"));

    open_sqlite(file, kTables, steps);

    CHECK(rows(file, "SELECT gid, name FROM asana_projects") == "1|Alpha");
    CHECK(rows(file, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("a database that another program has locked is to be tried again") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const auto store = open_sqlite(file, kTables, steps_with("PRAGMA busy_timeout = 0;"));
    SQLite::Database other(file, SQLite::OPEN_READWRITE);
    other.exec("BEGIN IMMEDIATE");
    std::string message;

    CHECK(exit_code([&] { store->begin(); }, &message) == 75);
    CHECK_THAT(message, Catch::Contains("locked by another program"));
    CHECK_FALSE(store->in_transaction());
    CHECK(exit_code([&] { store->set_fact("key", "value"); }) == 75);

    other.exec("COMMIT");
    put(*store, Projects().add("1", 10, "Alpha"));
    CHECK(rows(file, "SELECT gid FROM asana_projects") == "1");
}

TEST_CASE("a migration keeps the rows, and a copy of the database from before it") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const Step first{1, kSmall};
    const Step second{2, "ALTER TABLE asana_projects ADD COLUMN color TEXT; UPDATE asana_projects SET color = 'red';"};
    put(*open_sqlite(file, kTables,
                     std::array{first, Step{1, "CREATE TABLE asana_project_followers (project_gid, user_gid);"}}),
        Projects().add("1", 10, "Alpha"));

    open_sqlite(file, {}, std::array{first, second});

    CHECK(rows(file, "SELECT gid, name, color FROM asana_projects") == "1|Alpha|red");
    CHECK(rows(file, "PRAGMA user_version") == "2");
    const auto copy = file.string() + ".before-v2";
    CHECK(rows(copy, "SELECT * FROM asana_projects") == "1|10|Alpha|NULL|" + iso(at(0)));
    CHECK(rows(copy, "PRAGMA user_version") == "1");
    CHECK((mode(copy) & 0027) == 0);
    CHECK_FALSE(fs::exists(copy + ".tmp"));
}

TEST_CASE("a migration that fails leaves the version before it") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const Step first{1, kSmall};
    open_sqlite(file, {}, std::array{first});
    const Step broken{2, "CREATE TABLE half (x); CREATE TABLE asana_projects (x);"};

    CHECK(exit_code([&] { open_sqlite(file, {}, std::array{first, broken}); }) == 70);

    CHECK(rows(file, "PRAGMA user_version") == "1");
    CHECK(rows(file, "SELECT count(*) FROM sqlite_master WHERE name = 'half'") == "0");
}

TEST_CASE("the indexes of the mirrored tables wait, and are built once") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const auto store = open_sqlite(file, kTables);
    const std::string indexes = "SELECT count(*) FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND name ";
    CHECK(rows(file, indexes + "NOT GLOB 'sync_*'") == "0");
    CHECK(rows(file, indexes + "GLOB 'sync_work_due'") == "1");

    store->build_indexes();
    const auto built = rows(file, indexes + "NOT GLOB 'sync_*'");
    SQLite::Database(file, SQLite::OPEN_READWRITE).exec("DROP INDEX asana_tasks_parent");
    store->build_indexes();

    const auto all = statements(asana_sql());
    CHECK(std::stoi(built) ==
          std::count_if(all.begin(), all.end(), [](auto statement) { return !deferred_index(statement).empty(); }));
    CHECK(rows(file, indexes + "NOT GLOB 'sync_*'") == built);
}

TEST_CASE("statements are told apart whatever their comments and texts hold") {
    const auto found = statements(
        "-- a; b\nCREATE TABLE a (x); -- one; two\n\n/**/ INSERT INTO a VALUES (';--');\n"
        "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END;\n-- last");

    CHECK(found == std::vector<std::string_view>{"CREATE TABLE a (x)", "/**/ INSERT INTO a VALUES (';--')",
                                                 "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; END"});
}

TEST_CASE("the schema is the one that was released") {
    const auto& sql = schema_steps().front().sql;

    CHECK(XXH3_64bits(sql.data(), sql.size()) == kSchemaHash);
}
