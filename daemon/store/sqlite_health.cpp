#include "store/health.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Transaction.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <optional>
#include <utility>
#include <vector>

namespace taskmirror::store {
namespace {

constexpr int kInstructions = 10'000;  // of SQLite, between two looks at the clock

// Interrupts what takes longer, where SQLite looks.
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

class Damage {
  public:
    void add(std::string_view place) {
        if (++places_ == 1) first_ = place.substr(0, place.find('\n'));
    }
    void look(Statement check) {
        while (check.step())
            if (const auto said = check.text(0); said != "ok") add(said);
    }
    std::string text() const { return places_ > 1 ? fmt::format("{}, and {} more", first_, places_ - 1) : first_; }

  private:
    std::int64_t places_ = 0;
    std::string first_;
};

// One table after the other, for SQLite 3.40 does not interrupt the look at the pages of one. False: the time was up.
bool look_at_tables(sqlite3* database, const Deadline& deadline, Damage& found) {
    std::vector<std::string> tables;
    for (Statement table(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0");
         table.step();)
        tables.emplace_back(table.text(0));
    for (const auto& table : tables) {
        if (deadline.is_over()) return false;
        Statement check(database, "SELECT * FROM pragma_quick_check(?1)");
        check.bind(1, table);
        found.look(std::move(check));
    }
    return true;
}

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
        Damage found;
        try {
            if (full)
                found.look(Statement(handle, "PRAGMA integrity_check"));
            else
                health.all = look_at_tables(handle, *deadline, found);
        } catch (const Fatal& fatal) {
            if (deadline && deadline->is_over())
                health.all = false;
            else if (fatal.code() == ExitCode::corrupt)
                found.add("it cannot be read");
            else
                throw;
        }
        health.damage = found.text();
        if (full && health.damage.empty() && health.has_search) health.search_damage = search_damage(handle);
    });
    return health;
}

}  // namespace taskmirror::store
