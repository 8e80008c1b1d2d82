#include "store/health.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

namespace taskmirror::store {
namespace {

constexpr int kInstructions = 10'000;  // of SQLite, between two looks at the clock

// Some milliseconds of every statement that would take longer.
class Deadline {
  public:
    Deadline(sqlite3* database, Milliseconds at_most)
        : database_(database), until_(system_clock().monotonic() + at_most) {
        sqlite3_progress_handler(
            database_, kInstructions, [](void* self) { return static_cast<const Deadline*>(self)->is_over() ? 1 : 0; },
            this);
    }
    Deadline(const Deadline&) = delete;
    Deadline& operator=(const Deadline&) = delete;
    ~Deadline() { sqlite3_progress_handler(database_, 0, nullptr, nullptr); }

    bool is_over() const { return system_clock().monotonic() >= until_; }

  private:
    sqlite3* database_;
    Monotonic until_;
};

// Words in a document, as FTS5 counts them: a number of up to nine bytes for each column, seven bits a byte.
std::int64_t words(std::string_view sizes) {
    std::int64_t sum = 0, number = 0;
    for (const char c : sizes) {
        number = number << 7 | (c & 0x7f);
        if ((c & 0x80) != 0) continue;
        sum += number;
        number = 0;
    }
    return sum;
}

// FTS5's own check is a write. This reads all of the index, and counts: each document is in it, with all of its words.
std::string search_damage(sqlite3* database) try {
    Statement lost(
        database,
        "SELECT count(*) FROM (SELECT id FROM sync_search_documents EXCEPT SELECT id FROM sync_search_docsize "
        "UNION ALL SELECT id FROM (SELECT id FROM sync_search_docsize EXCEPT SELECT id FROM sync_search_documents))");
    lost.step();
    if (lost.integer(0) > 0) return fmt::format("{} documents are in it or in the tables alone", lost.integer(0));
    std::int64_t expected = 0;
    for (Statement size(database, "SELECT sz FROM sync_search_docsize"); size.step();) expected += words(size.text(0));
    Statement(database, "CREATE VIRTUAL TABLE temp.words_found USING fts5vocab(main, sync_search, 'row')").run();
    Statement found(database, "SELECT coalesce(sum(cnt), 0) FROM temp.words_found");
    found.step();
    if (found.integer(0) != expected) return fmt::format("it has {} words of {}", found.integer(0), expected);
    return {};
} catch (const Fatal& fatal) {
    if (fatal.code() != ExitCode::corrupt) throw;
    return "it cannot be read";
}

}  // namespace

Health examine(const std::filesystem::path& given, bool full, Milliseconds at_most) {
    const auto file = to_be_read(given);
    const auto database = open_to_read(file, schema_steps().back().version);
    sqlite3* const handle = database->getHandle();
    Health health;
    guarded("read", file, [&] {
        SQLite::Transaction moment(*database);
        Statement has_search(handle, "SELECT 1 FROM sqlite_master WHERE name = 'sync_search'");
        health.has_search = has_search.step();
        has_search.reset();
        std::optional<Deadline> deadline;
        if (!full) deadline.emplace(handle, at_most);
        std::int64_t places = 0;
        try {
            for (Statement check(handle, full ? "PRAGMA integrity_check" : "PRAGMA quick_check"); check.step();) {
                const auto said = check.text(0);
                if (said == "ok" || ++places > 1) continue;
                health.damage = said.substr(0, said.find('\n'));
            }
        } catch (const Fatal& fatal) {
            if (deadline && deadline->is_over()) {
                health.all = false;
            } else if (fatal.code() == ExitCode::corrupt) {
                ++places;
                health.damage = "it cannot be read";
            } else {
                throw;
            }
        }
        if (places > 1) health.damage += fmt::format(", and {} more", places - 1);
        if (full && health.damage.empty() && health.has_search) health.search_damage = search_damage(handle);
    });
    return health;
}

}  // namespace taskmirror::store
