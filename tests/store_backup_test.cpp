#include "store_test_support.hpp"

#include "store/backup.hpp"
#include "store/reader.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

using namespace taskmirror;
using namespace taskmirror::store;
namespace fs = std::filesystem;

namespace {

void fill(const fs::path& file) {
    const auto store = open_sqlite(file, kTables);
    put(*store, Projects().add("1", 1, "Launch").add("2", 2, "Rest"));
}

std::set<std::string> names(const fs::path& folder) {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder)) found.insert(entry.path().filename().string());
    return found;
}

constexpr auto kProjectsSql = "SELECT gid, name FROM asana_projects ORDER BY gid";

}  // namespace

TEST_CASE("a backup has what is committed, in one file that needs no other") {
    testing::TemporaryFolder folder, elsewhere;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const auto store = open_sqlite(file, kTables);  // as a daemon: with its log and its lock
    put(*store, Projects().add("3", 3, "Late"), {2, 2});
    store->begin();
    store->write(Projects().add("4", 4, "Not committed").page(), {3, 3}, at(0));

    const auto made = back_up(file, {.to = elsewhere.path() / "copy.db"});

    CHECK(names(elsewhere.path()) == std::set<std::string>{"copy.db"});
    CHECK(made.file == fs::canonical(elsewhere.path()) / "copy.db");
    CHECK(made.bytes == fs::file_size(made.file));
    CHECK((fs::status(made.file).permissions() & fs::perms::all) == fs::perms(0640));
    CHECK(bytes(made.file)[18] == 1);
    CHECK(rows(made.file, kProjectsSql) == "1|Launch 2|Rest 3|Late");
    CHECK(read_snapshot(made.file, at(0)).bytes == made.bytes);
}

TEST_CASE("a backup is put back by a copy, and written to as before") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const auto copy = back_up(file, {.to = folder.path() / "copy.db"}).file;
    put(*open_sqlite(file, kTables), Projects().add("1", 9, "Spoilt"), {2, 2});

    for (const char* const ending : {"-wal", "-shm"}) fs::remove(file.string() + ending);
    fs::copy_file(copy, file, fs::copy_options::overwrite_existing);
    put(*open_sqlite(file, kTables), Projects().add("3", 3, "Later"), {3, 3});

    CHECK(rows(file, kProjectsSql) == "1|Launch 2|Rest 3|Later");
    CHECK(bytes(file)[18] == 2);
}

TEST_CASE("a newer backup takes the place of an older one") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const auto copy = back_up(file, {.to = folder.path() / "copy.db"}).file;
    put(*open_sqlite(file, kTables), Projects().add("1", 9, "Renamed"), {2, 2});

    back_up(file, {.to = copy});

    CHECK(rows(copy, kProjectsSql) == "1|Renamed 2|Rest");
}

TEST_CASE("what is no backup is never overwritten") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    fill(folder.path() / "other.db");  // another mirror
    folder.write("mirror.db.redact-key", "key");
    folder.write("diary.txt", "dear diary");
    SQLite::Database(folder.path() / "foreign.db", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE)
        .exec("CREATE TABLE t (x)");
    fs::create_symlink(file, folder.path() / "link.db");
    fs::create_hard_link(file, folder.path() / "hard.db");
    folder.write("empty.db", "");
    const auto before = bytes(file);

    for (const std::string name :
         {"mirror.db", "mirror.db-wal", "mirror.db-shm", "mirror.db.lock", "mirror.db.sock", "mirror.db.redact-key",
          "other.db", "diary.txt", "foreign.db", "link.db", "hard.db", "empty.db"}) {
        CAPTURE(name);
        const auto there = names(folder.path());
        const auto content = bytes(folder.path() / name);
        std::string message;
        CHECK(exit_code([&] { back_up(file, {.to = folder.path() / name}); }, &message) == 64);
        CHECK_THAT(message, Catch::Contains(name) && Catch::Contains("name another"));
        CHECK(bytes(folder.path() / name) == content);
        CHECK(names(folder.path()) == there);
    }
    CHECK(bytes(file) == before);
}

TEST_CASE("in a folder backups are named by their time, and the newest are kept") {
    testing::TemporaryFolder folder, copies;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const auto made = [&](std::int64_t seconds, std::optional<std::int64_t> keep) {
        return back_up(file, {.to = copies.path() / "", .keep = keep, .now = at(seconds)});
    };
    const auto first = made(0, {}).file.filename().string();
    CHECK(first == "mirror-2026-05-28T202640Z.db");
    const auto second = made(1, {}).file.filename().string();
    const auto third = made(2, {}).file.filename().string();
    // Neither another mirror's, nor what somebody has given such a name, nor another name.
    fs::copy_file(copies.path() / first, copies.path() / "mirror2-2020-01-01T000000Z.db");
    fs::copy_file(copies.path() / first, copies.path() / "mirror-2020-01-01.db");
    copies.write("mirror-2020-01-01T000000Z.db", "mine");

    const auto last = made(3, 2);

    CHECK(last.removed.size() == 2);
    CHECK(names(copies.path()) == std::set<std::string>{"mirror-2020-01-01.db", "mirror-2020-01-01T000000Z.db",
                                                        "mirror2-2020-01-01T000000Z.db", third,
                                                        last.file.filename().string()});
    CHECK(exit_code([&] { back_up(file, {.to = copies.path() / "x.db", .keep = 2}); }) == 64);
}

TEST_CASE("a backup that fails removes nothing and leaves nothing") {
    testing::TemporaryFolder folder, copies;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    back_up(file, {.to = copies.path(), .now = at(0)});
    const auto before = names(copies.path());

    std::string message;
    CHECK(exit_code(
              [&] { back_up(file, {.to = copies.path(), .keep = 1, .now = at(1), .stopped = [] { return true; }}); },
              &message) == 75);
    CHECK(names(copies.path()) == before);
    CHECK(exit_code([&] { back_up(file, {.to = copies.path() / "none" / "copy.db"}); }, &message) == 74);
    CHECK_THAT(message, Catch::Contains("create it"));
    CHECK(exit_code([&] { back_up(folder.path() / "none.db", {.to = copies.path() / "copy.db"}); }, &message) == 66);
    CHECK(names(copies.path()) == before);
}

TEST_CASE("a damaged database makes no backup") {
    testing::TemporaryFolder folder, copies;
    const auto file = folder.path() / "mirror.db";
    {
        const auto store = open_sqlite(file, kTables);
        Projects many;
        for (int i = 0; i < 5000; ++i) many.add(std::to_string(i), i, std::string(100, 'x'));
        put(*store, many);
    }
    {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(static_cast<std::streamoff>(fs::file_size(file)) - 3 * 16384);
        stream << std::string(3 * 16384, '\x5a');
    }

    std::string message;
    CHECK(exit_code([&] { back_up(file, {.to = copies.path() / "copy.db"}); }, &message) == 65);

    CHECK_THAT(message, Catch::Contains("taskmirror doctor --full"));
    CHECK(fs::is_empty(copies.path()));
}

TEST_CASE("what a killed backup left is taken over, what a running one writes is not") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    fill(file);
    const auto left = folder.write(".copy.db.taskmirror-unfinished", std::string(99'999, 'x'));
    folder.write(".copy.db.taskmirror-unfinished-wal", "y");
    const auto target = folder.path() / "copy.db";
    {
        const int running = ::open(left.c_str(), O_RDWR);
        REQUIRE(::flock(running, LOCK_EX) == 0);
        std::string message;
        CHECK(exit_code([&] { back_up(file, {.to = target}); }, &message) == 75);
        CHECK_THAT(message, Catch::Contains("another backup"));
        CHECK(fs::file_size(left) == 99'999);
        ::close(running);
    }

    back_up(file, {.to = target});

    CHECK(rows(target, kProjectsSql) == "1|Launch 2|Rest");
    CHECK_FALSE(fs::exists(left));
    CHECK_FALSE(fs::exists(left.string() + "-wal"));
}
