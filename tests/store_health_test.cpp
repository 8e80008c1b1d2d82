// What of a damaged database is found, and what a damaged full-text index costs: nothing but a search.
#include "store_test_support.hpp"

#include "store/finder.hpp"
#include "store/health.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;
using namespace taskmirror::store;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 2> kTaskColumns = {"name", "notes"};
constexpr std::array<Table, 1> kTasks = {{{"asana_tasks", kTaskColumns}}};

void write(Store& store, int from, int to, const std::string& notes) {
    std::vector<std::string> gids;
    for (int i = from; i < to; ++i) gids.push_back(std::to_string(1000 + i));
    const auto hash = static_cast<std::int64_t>(std::hash<std::string>()(notes));
    Page page;
    for (const auto& gid : gids) {
        page.entities.push_back(
            {.table = 0, .gid = gid, .hash = hash, .first = static_cast<std::uint32_t>(page.values.size())});
        page.values.push_back(Value::of("launch"));
        page.values.push_back(Value::of(notes));
    }
    store.begin();
    store.write(page, {static_cast<std::uint64_t>(from) + 1, 1}, at(from));
    store.commit();
}

struct Searched {
    testing::TemporaryFolder folder;
    fs::path file = folder.path() / "mirror.db";

    Searched() {
        const auto store = open_sqlite(file, kTasks);
        store->begin();
        store->keep_search(true);
        store->commit();
        write(*store, 0, 200, "some words about the rocket");
    }
    // As no trigger sees it.
    void damage_index(const std::string& sql) const { SQLite::Database(file, SQLite::OPEN_READWRITE).exec(sql); }
};

}  // namespace

TEST_CASE("a sound database is found sound, beside its writer and without changing a byte") {
    Searched f;
    const auto store = open_sqlite(f.file, kTasks);
    store->begin();
    store->set_fact("a", "b");
    const auto before = bytes(f.file);

    for (const bool full : {false, true}) {
        const auto health = examine(f.file, full, 10s);
        CHECK(health.damage.empty());
        CHECK(health.search_damage.empty());
        CHECK(health.all);
        CHECK(health.has_search);
    }
    CHECK(bytes(f.file) == before);
}

TEST_CASE("changed and removed texts leave the index sound") {
    Searched f;
    {
        const auto store = open_sqlite(f.file, kTasks);
        write(*store, 100, 200, "other words altogether, and more of them");
        write(*store, 150, 151, "");
    }
    CHECK(examine(f.file, true, 10s).search_damage.empty());
}

TEST_CASE("a damaged page is found by both looks") {
    Searched f;
    {
        const auto store = open_sqlite(f.file, kTasks);
        write(*store, 1000, 9000, std::string(100, 'x'));
    }
    SQLite::Database(f.file, SQLite::OPEN_READWRITE).exec("PRAGMA wal_checkpoint(TRUNCATE)");
    {
        std::fstream stream(f.file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(static_cast<std::streamoff>(fs::file_size(f.file)) - 3L * 16384);
        stream << std::string(3UL * 16384, '\x5a');
    }

    for (const bool full : {false, true}) CHECK_FALSE(examine(f.file, full, 10s).damage.empty());
}

TEST_CASE("what time does not allow is told, and is no damage") {
    Searched f;
    {
        const auto store = open_sqlite(f.file, kTasks);
        write(*store, 1000, 9000, "words");
    }
    const auto health = examine(f.file, false, 0ms);
    CHECK_FALSE(health.all);
    CHECK(health.damage.empty());
}

TEST_CASE("a damaged full-text index is found, called by its name, and made anew by what the message says") {
    Searched f;
    const auto harm = GENERATE(as<std::string>(), "DELETE FROM sync_search_data WHERE id > 10",
                               "DELETE FROM sync_search_data WHERE id = 10",
                               "UPDATE sync_search_data SET block = zeroblob(200) WHERE id > 10",
                               "DELETE FROM sync_search_docsize WHERE id < 50");
    CAPTURE(harm);
    f.damage_index(harm);

    CHECK(examine(f.file, true, 10s).damage.empty());
    CHECK_FALSE(examine(f.file, true, 10s).search_damage.empty());
    CHECK(examine(f.file, false, 10s).damage.empty());
    std::string message;
    const auto code = exit_code([&] { find(f.file, "rocket", 10); }, &message);
    if (code != 0) {
        CHECK(code == 65);
        CHECK_THAT(message,
                   Catch::Contains("the full-text index of " + f.file.string() + " is damaged, its tables are not"));
        CHECK_THAT(message, Catch::Contains("full_text_search: false"));
    }

    {  // the remedy that it names
        const auto store = open_sqlite(f.file, kTasks);
        for (const bool on : {false, true}) {
            store->begin();
            store->keep_search(on);
            store->commit();
        }
    }
    CHECK(examine(f.file, true, 10s).search_damage.empty());
    CHECK(find(f.file, "rocket", 1000).value().size() == 200);
}

TEST_CASE("a commit that meets a damaged index makes it anew, and the next one goes on") {
    Searched f;
    f.damage_index("DELETE FROM sync_search_data WHERE id = 10");  // its structure

    const auto store = open_sqlite(f.file, kTasks);
    std::string message;
    CHECK(exit_code([&] { write(*store, 0, 201, "other words"); }, &message) == 75);
    CHECK_THAT(message, Catch::Contains("has been made anew"));
    CHECK_FALSE(store->in_transaction());
    CHECK(find(f.file, "rocket", 1000).value().size() == 200);
    write(*store, 0, 201, "other words");
    write(*store, 300, 301, "more of the rocket");

    CHECK(examine(f.file, true, 10s).search_damage.empty());
    CHECK(find(f.file, "rocket", 1000).value().size() == 1);
    CHECK(find(f.file, "other", 1000).value().size() == 201);
}
