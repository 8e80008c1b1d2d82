#include "store/lock.hpp"
#include "store/reader.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Transaction.h>

#include <algorithm>

namespace taskmirror::store {
namespace {

constexpr std::int64_t kRuns = 10;

constexpr std::string_view kPassBegan = ".pass_began_at";

// A project whose tasks or events cannot be fetched is in the gaps.
constexpr std::string_view kFreshnessSql =
    "SELECT f.source, f.table_name, f.scope_gid, f.scope_name, f.fresh_as_of, p.gid IS NOT NULL, "
    "EXISTS (SELECT 1 FROM sync_gaps g WHERE g.source = f.source AND g.stream IN ('project_tasks', 'project_events') "
    "AND g.scope = f.scope_gid AND g.healed_at IS NULL) "
    "FROM sync_freshness f LEFT JOIN asana_projects p ON p.gid = f.scope_gid "
    "ORDER BY f.fresh_as_of, f.source, f.table_name, f.scope_name, f.scope_gid";

constexpr std::string_view kWaitingSql =
    "SELECT source, order_key / 1000000000000000000 AS class, stream, count(*) FROM sync_work INDEXED BY sync_work_due "
    "WHERE due_at <= ?1 GROUP BY source, class, stream ORDER BY source, class, min(order_key)";

constexpr std::string_view kGapsSql =
    "SELECT source, stream, status, substr(message, 1, length(?1)) = ?1 AS held, count(*), min(message), "
    "min(first_seen_at), min(retry_at) FROM sync_gaps WHERE healed_at IS NULL "
    "GROUP BY source, stream, status, held ORDER BY count(*) DESC, stream, status";

constexpr std::string_view kFeaturesSql =
    "SELECT source, scope, capability, available, checked_at FROM sync_capabilities "
    "ORDER BY source, scope, capability";

constexpr std::string_view kApiChangesSql =
    "SELECT source, name, info, affected, first_seen_at, last_seen_at, sample_path FROM sync_api_changes "
    "ORDER BY source, name";

constexpr std::string_view kRunsSql =
    "SELECT command, version, started_at, ended_at, exit_code, requests, retries, rate_limited, rows_written, "
    "rows_unchanged FROM sync_runs ORDER BY id DESC LIMIT ?1";

std::string text(const Statement& row, int column) { return std::string(row.text(column)); }

std::optional<int> number(const Statement& row, int column) {
    return row.is_null(column) ? std::nullopt : std::optional(static_cast<int>(row.integer(column)));
}

std::uint64_t count(const Statement& row, int column) { return static_cast<std::uint64_t>(row.integer(column)); }

void read(sqlite3* database, Instant now, Snapshot& found) {
    for (Statement row(database, "SELECT key, value FROM sync_meta"); row.step();) {
        const auto key = row.text(0);
        if (key.ends_with(kPassBegan)) found.sources.emplace_back(key.substr(0, key.size() - kPassBegan.size()));
        found.facts.emplace(key, row.text(1));
    }
    for (Statement row(database, kFreshnessSql); row.step();) {
        found.freshness.push_back({.source = text(row, 0),
                                   .table = text(row, 1),
                                   .scope = text(row, 2),
                                   .name = text(row, 3),
                                   .as_of = row.instant(4),
                                   .of_project = row.integer(5) != 0,
                                   .gap = row.integer(6) != 0});
    }
    const auto until = iso(now);
    Statement waiting(database, kWaitingSql);
    for (waiting.bind(1, until); waiting.step();)
        found.waiting.push_back({text(waiting, 0), waiting.integer(1), text(waiting, 2), waiting.integer(3)});
    Statement gap(database, kGapsSql);
    for (gap.bind(1, kHeld); gap.step();) {
        found.gaps.push_back({.source = text(gap, 0),
                              .stream = text(gap, 1),
                              .status = number(gap, 2),
                              .held = gap.integer(3) != 0,
                              .count = gap.integer(4),
                              .message = text(gap, 5),
                              .oldest = gap.instant(6).value_or(Instant()),
                              .retry_at = gap.instant(7)});
    }
    for (Statement row(database, kFeaturesSql); row.step();) {
        const bool available = row.integer(3) != 0;
        (available ? found.there : found.missing)
            .emplace_back(text(row, 0), Capability{.scope = text(row, 1),
                                                   .name = text(row, 2),
                                                   .available = available,
                                                   .checked_at = row.instant(4).value_or(Instant())});
    }
    for (Statement row(database, kApiChangesSql); row.step();) {
        found.api_changes.emplace_back(text(row, 0), ApiChange{.name = text(row, 1),
                                                               .info = text(row, 2),
                                                               .affected = row.integer(3) != 0,
                                                               .first_seen_at = row.instant(4).value_or(Instant()),
                                                               .last_seen_at = row.instant(5).value_or(Instant()),
                                                               .sample_path = text(row, 6)});
    }
    Statement run(database, kRunsSql);
    for (run.bind(1, kRuns); run.step();) {
        found.runs.push_back({.command = text(run, 0),
                              .version = text(run, 1),
                              .started_at = run.instant(2).value_or(Instant()),
                              .ended_at = run.instant(3),
                              .exit_code = number(run, 4),
                              .requests = count(run, 5),
                              .retries = count(run, 6),
                              .rate_limited = count(run, 7),
                              .rows_written = count(run, 8),
                              .rows_unchanged = count(run, 9)});
    }
}

std::uintmax_t size_of(const std::filesystem::path& file) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file, error);
    return error ? 0 : size;
}

}  // namespace

Snapshot read_snapshot(const std::filesystem::path& given, Instant now) {
    Snapshot found;
    const auto file = to_be_read(given);
    const auto database = open_to_read(file, schema_steps().back().version);
    found.bytes = size_of(file);
    found.log_bytes = size_of(file.string() + "-wal");
    found.holder = lock_holder(file);
    guarded("read", file, [&] {
        SQLite::Transaction moment(*database);
        read(database->getHandle(), now, found);
    });
    return found;
}

std::optional<std::string> read_fact(const std::filesystem::path& given, std::string_view key) try {
    const auto file = resolve(given);
    const auto database = open_to_read(file, schema_steps().back().version);
    std::optional<std::string> value;
    guarded("read", file, [&] {
        Statement row(database->getHandle(), "SELECT value FROM sync_meta WHERE key = ?1");
        if (row.bind(1, key).step()) value = row.text(0);
    });
    return value;
} catch (const Fatal& fatal) {
    if (fatal.code() != ExitCode::no_database) throw;
    return std::nullopt;
}

}  // namespace taskmirror::store
