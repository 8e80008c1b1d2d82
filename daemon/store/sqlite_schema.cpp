#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_wide.hpp"

#include "core/error.hpp"

#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace taskmirror::store {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// Without the white space and the line comments at its front.
std::string_view trimmed(std::string_view text) {
    for (;;) {
        const auto start = text.find_first_not_of(kSpace);
        if (start == std::string_view::npos) return {};
        text.remove_prefix(start);
        if (!text.starts_with("--")) return text;
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
}

void flush(const std::filesystem::path& path, int flags) {
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC);
    const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
    const int error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (!flushed) {
        throw Fatal(ExitCode::disk, fmt::format("cannot write {}: {}; look at the disk and start again", path.string(),
                                                std::strerror(error)));
    }
}

// VACUUM INTO neither flushes its file nor is it atomic, so the copy gets its name when it is known to be whole.
void back_up(SQLite::Database& database, const std::filesystem::path& copy) {
    const std::filesystem::path unfinished = copy.string() + ".tmp";
    std::filesystem::remove(unfinished);
    SQLite::Statement vacuum(database, "VACUUM INTO ?");
    vacuum.bind(1, unfinished.string());
    vacuum.exec();

    const auto verdict = SQLite::Database(unfinished).execAndGet("PRAGMA quick_check").getString();
    if (verdict != "ok") throw fatal(SQLITE_CORRUPT, verdict, "migrate", database.getFilename());
    flush(unfinished, O_RDWR);
    std::filesystem::rename(unfinished, copy);
    flush(copy.parent_path(), O_RDONLY | O_DIRECTORY);
}

}  // namespace

std::span<const SchemaFile> schema_files() {
    static const std::vector<SchemaFile> files = {
        {"The mirror itself", core_sql()},
        {"Asana", asana_sql()},
        {"Freshness", asana_views_sql()},
        {"Reports", asana_reports_sql()},
        {"In the names of Fivetran", asana_fivetran_sql()},
        {"The models of the dbt package", asana_dbt_sql()},
        {"Custom fields as columns", asana_wide_sql()},
        {"Full-text search", asana_search_sql()},
    };
    return files;
}

std::span<const Step> schema_steps() {
    static const std::vector<Step> steps = [] {
        Step first{.version = 1, .sql = {}};
        for (const auto& file : schema_files().first(schema_files().size() - 1)) first.sql += file.sql;
        return std::vector{first};
    }();
    return steps;
}

std::vector<std::string_view> statements(std::string_view sql) {
    std::vector<std::string_view> found;
    std::size_t end = 0;
    for (sql = trimmed(sql); (end = sql.find(';', end)) != std::string_view::npos;) {
        // Knows comments, quotes and the bodies of triggers.
        if (!sqlite3_complete(std::string(sql.substr(0, ++end)).c_str())) continue;
        found.push_back(sql.substr(0, end - 1));
        sql = trimmed(sql.substr(end));
        end = 0;
    }
    return found;
}

std::string_view deferred_index(std::string_view statement) {
    constexpr std::string_view kStart = "CREATE INDEX ";
    if (!statement.starts_with(kStart)) return {};
    const auto name = statement.substr(kStart.size(), statement.find_first_of(kSpace, kStart.size()) - kStart.size());
    return name.starts_with("sync_") ? std::string_view() : name;
}

void migrate(SQLite::Database& database, std::span<const Step> steps) {
    const int version = database.execAndGet("PRAGMA user_version").getInt();
    const int newest = steps.back().version;
    if (version >= newest) return;
    if (version > 0) back_up(database, fmt::format("{}.before-v{}", database.getFilename(), newest));
    for (const Step& step : steps) {
        if (step.version <= version) continue;
        SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
        WideViews::drop_all(database.getHandle());
        for (const auto statement : statements(step.sql)) {
            if (deferred_index(statement).empty()) database.exec(std::string(statement));
        }
        database.exec(fmt::format("PRAGMA application_id = {}", kApplicationId));
        database.exec(fmt::format("PRAGMA user_version = {}", step.version));
        transaction.commit();
    }
}

std::vector<std::string> missing_indexes(SQLite::Database& database, std::span<const Step> steps) {
    std::vector<std::string> missing;
    SQLite::Statement known(database, "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = ?");
    for (const Step& step : steps) {
        for (const auto statement : statements(step.sql)) {
            const std::string name(deferred_index(statement));
            if (name.empty()) continue;
            known.bind(1, name);
            const bool exists = known.executeStep();
            known.reset();
            if (!exists) missing.emplace_back(statement);
        }
    }
    return missing;
}

void build_missing_indexes(SQLite::Database& database, std::span<const Step> steps) {
    const auto missing = missing_indexes(database, steps);
    if (missing.empty()) return;
    database.exec(fmt::format("PRAGMA cache_size = -{}", kCache / 4));
    for (const auto& statement : missing) database.exec(statement);
    database.exec(fmt::format("PRAGMA cache_size = -{}", kCache));
}

}  // namespace taskmirror::store
