// Store on SQLite: one connection, one writer, statements prepared once.
#include "core/text.hpp"
#include "store/lock.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_queue.hpp"
#include "store/sqlite_rows.hpp"
#include "store/sqlite_search.hpp"
#include "store/sqlite_statement.hpp"
#include "store/sqlite_wide.hpp"
#include "store/store.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

namespace taskmirror::store {
namespace {

class SqliteStore final : public Store {
  public:
    SqliteStore(std::filesystem::path file, std::span<const Table> tables, std::span<const Step> steps)
        : file_(std::move(file)),
          steps_(steps.begin(), steps.end()),
          lock_(file_),
          database_(open_database(file_, steps_)),
          has_indexes_(missing_indexes(*database_, steps_).empty()),
          rows_(database_->getHandle(), tables),
          queue_(database_->getHandle()),
          wide_(database_->getHandle()),
          search_(database_->getHandle()) {}

    bool in_transaction() const override { return group_.has_value(); }

    void begin() override {
        assert(!group_);
        guarded("begin a transaction in", file_,
                [&] { group_.emplace(*database_, SQLite::TransactionBehavior::IMMEDIATE); });
    }

    void commit() override {
        assert(group_);
        guarded("commit to", file_, [&] {
            wide_.keep_in_step();
            if (!search_.bring_in_step()) mend_search();
            group_->commit();
        });
        group_.reset();
    }

    void roll_back() override {
        group_.reset();
        rows_.forget();
        search_.look_again();
    }

    void as_one(const std::function<void()>& body) override {
        assert(group_);
        try {
            body();
        } catch (...) {
            roll_back();
            throw;
        }
    }

    void begin_requests(std::string_view account) override { rows_.begin_requests(account); }

    Written write(const Page& page, const Sent& sent, Instant mirrored_at) override {
        assert(group_);
        return rows_.write(page, sent, mirrored_at);
    }

    Buried bury(std::span<const Remains> remains, std::string_view table, std::string_view gid,
                const Burial& burial) override {
        assert(group_);
        return rows_.bury(remains, table, gid, burial);
    }
    std::optional<Instant> buried_at(std::string_view table, std::string_view gid) override {
        auto query = statement(
            "SELECT coalesce(deleted_at, detected_at) FROM sync_tombstones WHERE table_name = ?1 AND gid = ?2");
        query.bind(1, table).bind(2, gid);
        return query.step() ? query.instant(0) : std::nullopt;
    }
    std::string text(std::string_view table, std::string_view column, std::string_view gid) override {
        auto query = statement(fmt::format("SELECT {} FROM {} WHERE gid = ?1", column, table));
        query.bind(1, gid);
        return query.step() ? std::string(query.text(0)) : std::string();
    }
    std::vector<std::string> gids(std::string_view table, std::string_view of, std::string_view by,
                                  std::string_view value) override {
        return gids_of(database_->getHandle(), table, of, by, value);
    }
    std::vector<std::string> gids_of_any(std::string_view table, std::string_view of, std::string_view by,
                                         std::span<const std::string> values) override {
        std::string list;
        for (const auto& value : values) list += fmt::format("{}{}", list.empty() ? "" : ",", json(value));
        list = fmt::format("[{}]", list);
        auto query =
            statement(fmt::format("SELECT DISTINCT {0} FROM {1} WHERE {2} IN (SELECT value FROM json_each(?1)){3}", of,
                                  table, by, of == "gid" ? " AND mirrored_at IS NOT NULL" : ""));
        query.bind(1, list);
        std::vector<std::string> gids;
        while (query.step()) gids.emplace_back(query.text(0));
        return gids;
    }
    bool holds(std::string_view table, std::string_view column, std::string_view value) override {
        auto query = statement(fmt::format("SELECT 1 FROM {} WHERE {} = ?1 LIMIT 1", table, column));
        return query.bind(1, value).step();
    }
    std::size_t count(std::string_view table) override {
        auto query = statement(fmt::format("SELECT count(*) FROM {} WHERE mirrored_at IS NOT NULL", table));
        query.step();
        return static_cast<std::size_t>(query.integer(0));
    }
    std::vector<std::string> unnamed(std::string_view table, const Remains::Kin& named_by) override {
        auto query = statement(
            fmt::format("SELECT gid FROM {0} WHERE mirrored_at IS NOT NULL AND gid NOT IN (SELECT {2} FROM {1} WHERE "
                        "{2} IS NOT NULL)",
                        table, named_by.table, named_by.column));
        std::vector<std::string> gids;
        while (query.step()) gids.emplace_back(query.text(0));
        return gids;
    }

    void name(const Work& list, std::string_view gid) override {
        of_list(
            "INSERT INTO sync_named (source, stream, scope, gid) VALUES (?1, ?2, ?3, ?4) "
            "ON CONFLICT DO UPDATE SET missed = 0 WHERE missed",
            list)
            .bind(4, gid)
            .run();
    }
    std::vector<std::string> names(const Work& list) override {
        auto query = of_list("SELECT gid FROM sync_named WHERE source = ?1 AND stream = ?2 AND scope = ?3", list);
        std::vector<std::string> gids;
        while (query.step()) gids.emplace_back(query.text(0));
        return gids;
    }
    bool miss(const Work& list, std::string_view gid) override {
        return of_list(
                   "UPDATE sync_named SET missed = 1 "
                   "WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND gid = ?4 AND NOT missed",
                   list)
                   .bind(4, gid)
                   .run() == 0;
    }
    bool unname(const Work& list, std::string_view gid) override {
        of_list("DELETE FROM sync_named WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND gid = ?4", list)
            .bind(4, gid)
            .run();
        // Those of other accounts count, too: a person may be in workspaces of several.
        auto other = statement("SELECT 1 FROM sync_named WHERE stream = ?1 AND gid = ?2 LIMIT 1");
        return !other.bind(1, list.stream).bind(2, gid).step();
    }

    bool holds(const Page& page, const Edge& edge) override { return rows_.holds(page, edge); }
    void unlink(std::string_view table, std::string_view of, std::string_view gid, std::string_view by,
                std::string_view value) override {
        assert(group_);
        statement(fmt::format("DELETE FROM {} WHERE {} = ?1 AND {} = ?2", table, by, of))
            .bind(1, value)
            .bind(2, gid)
            .run();
    }

    Stored stored(const Entity& entity) override { return rows_.stored(entity); }
    std::vector<std::string> gids_after(std::string_view table, std::string_view after, std::size_t limit) override {
        auto query = statement(
            fmt::format("SELECT gid FROM {} WHERE gid > ?1 AND mirrored_at IS NOT NULL ORDER BY gid LIMIT ?2", table));
        query.bind(1, after).bind(2, static_cast<std::int64_t>(limit));
        std::vector<std::string> gids;
        while (query.step()) gids.emplace_back(query.text(0));
        return gids;
    }
    std::vector<std::string> miscounted(std::string_view table, std::string_view number, std::string_view by,
                                        std::string_view root, std::string_view value) override {
        auto query = statement(fmt::format(
            "WITH counted AS MATERIALIZED (SELECT {2} AS above, count(*) AS rows FROM {0} WHERE {2} IS NOT NULL "
            "AND mirrored_at IS NOT NULL GROUP BY {2}) SELECT t.gid FROM {0} AS t LEFT JOIN counted AS c "
            "ON c.above = t.gid WHERE t.{3} = ?1 AND t.mirrored_at IS NOT NULL AND t.{1} <> coalesce(c.rows, 0)",
            table, number, by, root));
        query.bind(1, value);
        std::vector<std::string> gids;
        while (query.step()) gids.emplace_back(query.text(0));
        return gids;
    }
    void clear_notes() override {
        statement("CREATE TABLE IF NOT EXISTS temp.notes (number INTEGER PRIMARY KEY)").run();
        statement("DELETE FROM temp.notes").run();
        note_.emplace(statement("INSERT OR IGNORE INTO temp.notes (number) VALUES (?1)"));
        noted_.emplace(statement("SELECT EXISTS (SELECT 1 FROM temp.notes WHERE number = ?1)"));
    }
    bool note(std::int64_t number) override { return note_->bind(1, number).run() > 0; }
    bool noted(std::int64_t number) override {
        noted_->bind(1, number).step();
        const bool found = noted_->integer(0) != 0;
        noted_->reset();
        return found;
    }
    std::vector<Place> rows_behind(std::string_view table, std::string_view by, std::string_view root,
                                   const Place& place, std::size_t limit) override {
        auto query = statement(
            fmt::format("SELECT {1}, gid, {2} FROM {0} WHERE mirrored_at IS NOT NULL AND ({1}, gid) < (?1, ?2) "
                        "ORDER BY {1} DESC, gid DESC LIMIT ?3",
                        table, by, root));
        query.bind(1, place.by).bind(2, place.gid).bind(3, static_cast<std::int64_t>(limit));
        std::vector<Place> rows;
        while (query.step())
            rows.push_back({std::string(query.text(0)), std::string(query.text(1)), std::string(query.text(2))});
        return rows;
    }
    std::int64_t count(std::string_view table, std::string_view column) override {
        auto query = statement(fmt::format("SELECT count({}) FROM {}", column, table));
        query.step();
        return query.integer(0);
    }

    bool queue(const Work& work, Instant pass) override { return queue_.queue(work, pass); }
    void say(const Work& work, std::string_view said) override { queue_.say(work, said); }
    void make_cursors_due(std::string_view source, std::string_view stream, Instant at) override {
        queue_.make_cursors_due(source, stream, at);
    }
    std::vector<Work> due(std::string_view source, Instant now, std::size_t limit, Orders orders) override {
        return queue_.due(source, now, limit, orders);
    }
    std::vector<Work> with_root(std::string_view source, std::string_view stream, std::string_view root) override {
        return queue_.with_root(source, stream, root);
    }
    std::vector<Work> with_cursor(std::string_view source, std::string_view stream) override {
        return queue_.with_cursor(source, stream);
    }
    std::optional<Work> work(std::string_view source, std::string_view stream, std::string_view scope) override {
        return queue_.work(source, stream, scope);
    }
    std::vector<Work> waiting(std::string_view source, std::string_view scope) override {
        return queue_.waiting(source, scope);
    }
    void save(const Work& work) override { queue_.save(work); }
    void drop_work(std::string_view source, std::string_view stream) override { queue_.drop(source, stream); }
    void clock_went_back(std::string_view source, Instant now) override { queue_.clock_went_back(source, now); }
    void done(const Work& work, Instant now) override { queue_.done(work, now); }
    void forget(const Work& work) override { queue_.forget(work); }
    std::map<std::string, std::int64_t> backlog(std::string_view source, Instant at) override {
        return queue_.backlog(source, at);
    }

    void open_gap(const Gap& gap) override {
        const auto seen_at = iso(gap.seen_at);
        const auto retry_at = gap.retry_at ? iso(*gap.retry_at) : std::string();
        open_gap_.bind(1, gap.source).bind(2, gap.stream).bind(3, gap.scope).bind(5, gap.message).bind(6, seen_at);
        gap.status ? open_gap_.bind(4, std::int64_t{*gap.status}) : open_gap_.bind_null(4);
        open_gap_.bind_filled(7, retry_at).run();
    }

    void heal_gap(std::string_view source, std::string_view stream, std::string_view scope, Instant now) override {
        const auto healed_at = iso(now);
        heal_gap_.bind(1, source).bind(2, stream).bind(3, scope).bind(4, healed_at).run();
    }

    std::vector<Gap> open_gaps(std::string_view source) override {
        auto query = statement(
            "SELECT stream, scope, status, message, last_seen_at, retry_at, first_seen_at FROM sync_gaps "
            "WHERE source = ?1 AND healed_at IS NULL ORDER BY stream, scope");
        query.bind(1, source);
        std::vector<Gap> gaps;
        while (query.step()) {
            gaps.push_back({
                .source = std::string(source),
                .stream = std::string(query.text(0)),
                .scope = std::string(query.text(1)),
                .status = query.is_null(2) ? std::nullopt : std::optional(static_cast<int>(query.integer(2))),
                .message = std::string(query.text(3)),
                .seen_at = query.instant(4).value_or(Instant()),
                .retry_at = query.instant(5),
                .first_seen_at = query.instant(6).value_or(Instant()),
            });
        }
        return gaps;
    }

    void set_capability(std::string_view source, const Capability& capability) override {
        auto upsert = statement(
            "INSERT OR REPLACE INTO sync_capabilities (source, scope, capability, available, checked_at) "
            "VALUES (?1, ?2, ?3, ?4, ?5)");
        const auto checked_at = iso(capability.checked_at);
        upsert.bind(1, source).bind(2, capability.scope).bind(3, capability.name);
        upsert.bind(4, std::int64_t{capability.available}).bind(5, checked_at).run();
    }

    std::vector<Capability> capabilities(std::string_view source) override {
        auto query = statement(
            "SELECT scope, capability, available, checked_at FROM sync_capabilities WHERE source = ?1 "
            "ORDER BY scope, capability");
        query.bind(1, source);
        std::vector<Capability> found;
        while (query.step()) {
            found.push_back({
                .scope = std::string(query.text(0)),
                .name = std::string(query.text(1)),
                .available = query.integer(2) != 0,
                .checked_at = query.instant(3).value_or(Instant()),
            });
        }
        return found;
    }

    void set_api_change(std::string_view source, const ApiChange& change) override {
        auto upsert = statement(
            "INSERT OR REPLACE INTO sync_api_changes (source, name, info, affected, first_seen_at, last_seen_at, "
            "sample_path) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
        const auto first_seen_at = iso(change.first_seen_at);
        const auto last_seen_at = iso(change.last_seen_at);
        upsert.bind(1, source).bind(2, change.name).bind_filled(3, change.info).bind(4, std::int64_t{change.affected});
        upsert.bind(5, first_seen_at).bind(6, last_seen_at).bind(7, change.sample_path).run();
    }

    std::vector<ApiChange> api_changes(std::string_view source) override {
        auto query = statement(
            "SELECT name, info, affected, first_seen_at, last_seen_at, sample_path FROM sync_api_changes "
            "WHERE source = ?1 ORDER BY name");
        query.bind(1, source);
        std::vector<ApiChange> found;
        while (query.step()) {
            found.push_back({
                .name = std::string(query.text(0)),
                .info = std::string(query.text(1)),
                .affected = query.integer(2) != 0,
                .first_seen_at = query.instant(3).value_or(Instant()),
                .last_seen_at = query.instant(4).value_or(Instant()),
                .sample_path = std::string(query.text(5)),
            });
        }
        return found;
    }

    void set_fact(std::string_view key, std::string_view value) override {
        statement("INSERT OR REPLACE INTO sync_meta (key, value) VALUES (?1, ?2)").bind(1, key).bind(2, value).run();
    }

    std::map<std::string, Owner> owners() override {
        std::map<std::string, Owner> owners;
        auto query = statement("SELECT key, value FROM sync_meta WHERE key >= ?1 AND key < ?2");
        const auto end = std::string(kOwnerOf.substr(0, kOwnerOf.size() - 1)) + '!';  // what comes after a space
        for (query.bind(1, kOwnerOf).bind(2, end); query.step();)
            owners.emplace(query.text(0).substr(kOwnerOf.size()), owner_in(query.text(1)));
        return owners;
    }
    void set_owner(std::string_view root, const Owner& owner) override {
        set_fact(fmt::format("{}{}", kOwnerOf, root), fmt::format("{} {}", owner.source, owner.user));
    }
    void hand_over(std::string_view from, std::string_view to, std::string_view root, Instant now) override {
        assert(group_);
        const auto in_root = [&](std::string_view sql) {
            auto change = statement(std::string(sql));
            change.bind(1, from).bind(2, root);
            return change;
        };
        in_root(
            "UPDATE OR REPLACE sync_named SET source = ?3 WHERE source = ?1 AND (stream, scope) IN "
            "(SELECT stream, scope FROM sync_work WHERE source = ?1 AND root = ?2)")
            .bind(3, to)
            .run();
        const auto healed_at = iso(now);
        in_root(
            "UPDATE sync_gaps SET healed_at = ?3, retry_at = NULL WHERE source = ?1 AND healed_at IS NULL AND "
            "(scope = ?2 OR scope IN (SELECT scope FROM sync_work WHERE source = ?1 AND root = ?2))")
            .bind(3, healed_at)
            .run();
        in_root("DELETE FROM sync_capabilities WHERE source = ?1 AND scope = ?2").run();
        in_root("DELETE FROM sync_work WHERE source = ?1 AND root = ?2").run();
    }

    void set_time_zone(std::span<const UtcOffset> offsets) override {
        using Rows = std::vector<std::pair<std::string, std::int64_t>>;
        Rows wanted, stored;
        for (const auto& offset : offsets)
            wanted.emplace_back(wanted.empty() ? std::string() : iso(offset.since), offset.offset.count());
        auto query = statement("SELECT starts_at, offset_seconds FROM sync_time_zone ORDER BY starts_at");
        while (query.step()) stored.emplace_back(query.text(0), query.integer(1));
        if (wanted == stored) return;
        statement("DELETE FROM sync_time_zone").run();
        auto insert = statement("INSERT INTO sync_time_zone VALUES (?1, ?2)");
        for (const auto& [starts_at, seconds] : wanted) insert.bind(1, starts_at).bind(2, seconds).run();
    }

    void allow_wide_views(std::int64_t columns, bool anew) override {
        assert(group_);
        wide_.allow(columns, anew);
    }

    void keep_search(bool on) override {
        assert(group_);
        search_.keep(on);
    }

    std::optional<std::string> fact(std::string_view key) override {
        auto query = statement("SELECT value FROM sync_meta WHERE key = ?1");
        query.bind(1, key);
        if (!query.step()) return std::nullopt;
        return std::string(query.text(0));
    }

    std::int64_t start_run(const Run& run) override {
        auto insert = statement("INSERT INTO sync_runs (command, version, started_at) VALUES (?1, ?2, ?3)");
        const auto started_at = iso(run.started_at);
        insert.bind(1, run.command).bind(2, run.version).bind(3, started_at).run();
        const auto id = database_->getLastInsertRowid();
        update_run(id, run);
        return id;
    }

    void update_run(std::int64_t id, const Run& run) override {
        auto update = statement(
            "UPDATE sync_runs SET ended_at = ?2, exit_code = ?3, requests = ?4, retries = ?5, rate_limited = ?6, "
            "rows_written = ?7, rows_unchanged = ?8 WHERE id = ?1");
        const auto ended_at = run.ended_at ? iso(*run.ended_at) : std::string();
        update.bind(1, id).bind_filled(2, ended_at);
        run.exit_code ? update.bind(3, std::int64_t{*run.exit_code}) : update.bind_null(3);
        int parameter = 4;
        for (const auto count : {run.requests, run.retries, run.rate_limited, run.rows_written, run.rows_unchanged}) {
            update.bind(parameter++, static_cast<std::int64_t>(count));
        }
        update.run();
    }

    std::size_t forget_before(Instant before, std::size_t at_most) override {
        assert(group_);
        // The last run is the one that asks.
        constexpr std::array<std::array<std::string_view, 3>, 4> kRecords = {{
            {"sync_tombstones", "table_name, gid", "detected_at < ?1"},
            {"sync_gaps", "source, stream, scope", "healed_at < ?1"},
            {"sync_runs", "id", "started_at < ?1 AND id < (SELECT max(id) FROM sync_runs)"},
            {"sync_api_changes", "source, name", "last_seen_at < ?1"},
        }};
        const auto until = iso(before);
        std::size_t removed = 0;
        for (const auto& [table, key, old] : kRecords)
            removed += static_cast<std::size_t>(
                statement(fmt::format("DELETE FROM {0} WHERE ({1}) IN (SELECT {1} FROM {0} WHERE {2} LIMIT ?2)", table,
                                      key, old))
                    .bind(1, until)
                    .bind(2, static_cast<std::int64_t>(at_most - removed))
                    .run());
        return removed;
    }

    void build_indexes() override {
        guarded("build the indexes of", file_, [&] { build_missing_indexes(*database_, steps_); });
        has_indexes_ = true;
    }

    bool blank(const Redacted& texts) override {
        assert(group_);
        const auto table = texts.table, column = texts.column, where = texts.where, is = texts.is;
        auto has_hash = statement("SELECT 1 FROM pragma_table_info(?1) WHERE name = 'content_hash'");
        const bool entity = has_hash.bind(1, table).step();
        const auto those = [&](std::string_view name) {  // what a column is called: "{}", or where a tombstone keeps it
            std::string condition = fmt::format(fmt::runtime(name), column) + " IS NOT NULL";
            if (!where.empty())
                condition += " AND " + fmt::format(fmt::runtime(name), where) +
                             (is.empty() ? " IS NOT NULL" : fmt::format(" = '{}'", is));
            for (const auto& other : texts.without)
                condition += " AND " + fmt::format(fmt::runtime(name), other) + " IS NULL";
            return condition;
        };
        // Of the rows; of those that have left; of those that hung on what has left.
        return statement(fmt::format("UPDATE {0} SET {1} = NULL{2} WHERE {3}", table, column,
                                     entity ? ", content_hash = NULL" : "", those("{}")))
                       .run() +
                   statement(fmt::format("UPDATE sync_tombstones SET row = json_set(row, '$.{1}', NULL) "
                                         "WHERE table_name = '{0}' AND {2}",
                                         table, column, those("json_extract(row, '$.{}')")))
                       .run() +
                   statement(fmt::format("UPDATE sync_tombstones SET row = json_remove(row, '$.{0}') "
                                         "WHERE json_type(row, '$.{0}') IS NOT NULL",
                                         table))
                       .run() >
               0;
    }

    void rewrite() override {
        assert(!group_);
        guarded("write anew", file_, [&] {
            search_.renew();
            database_->exec("VACUUM");
            database_->exec("PRAGMA wal_checkpoint(TRUNCATE)");
        });
    }

    bool has_indexes() const override { return has_indexes_; }

    std::vector<std::pair<std::string, std::int64_t>> row_counts() override {
        // An entity table has mirrored_at, which is NULL in mentions.
        auto tables = statement(
            "SELECT name, EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE name = 'mirrored_at') "
            "FROM sqlite_master t WHERE type = 'table' AND name NOT GLOB 'sync_*' AND name NOT GLOB 'sqlite_*' "
            "ORDER BY t.rowid");
        std::vector<std::pair<std::string, std::int64_t>> counts;
        while (tables.step()) {
            std::string name(tables.text(0));
            auto count = statement("SELECT count(*) FROM " + name +
                                   (tables.integer(1) != 0 ? " WHERE mirrored_at IS NOT NULL" : ""));
            count.step();
            counts.emplace_back(std::move(name), count.integer(0));
        }
        return counts;
    }

  private:
    // All that stands in the index stands in the tables; where those are damaged, this fails, too. The group is lost.
    [[noreturn]] void mend_search() {
        roll_back();
        SQLite::Transaction transaction(*database_, SQLite::TransactionBehavior::IMMEDIATE);
        search_.renew();
        transaction.commit();
        throw Fatal(ExitCode::come_again,
                    fmt::format("the full-text index of {} was damaged, and has been made anew; nothing is lost: start "
                                "again, and it goes on",
                                file_.string()),
                    true);
    }

    // For what is asked seldom: prepared for one use.
    Statement statement(std::string_view sql) const { return {database_->getHandle(), sql}; }
    Statement of_list(std::string_view sql, const Work& list) const {
        auto made = statement(sql);
        made.bind(1, list.source).bind(2, list.stream).bind(3, list.scope);
        return made;
    }

    std::filesystem::path file_;
    std::vector<Step> steps_;
    FileLock lock_;
    std::unique_ptr<SQLite::Database> database_;
    bool has_indexes_;
    RowWriter rows_;
    Queue queue_;
    WideViews wide_;
    SearchIndex search_;
    // A gap that opens again after it was healed is a new one.
    Statement open_gap_ = statement(
        "INSERT INTO sync_gaps (source, stream, scope, status, message, first_seen_at, last_seen_at, retry_at) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7) ON CONFLICT DO UPDATE SET status = excluded.status, "
        "message = excluded.message, last_seen_at = excluded.last_seen_at, retry_at = excluded.retry_at, "
        "first_seen_at = iif(healed_at IS NULL, first_seen_at, excluded.first_seen_at), healed_at = NULL");
    Statement heal_gap_ = statement(
        "UPDATE sync_gaps SET healed_at = ?4, retry_at = NULL "
        "WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND healed_at IS NULL");
    std::optional<Statement> note_, noted_;
    std::optional<SQLite::Transaction> group_;  // goes first: rolls back
};

}  // namespace

Owner owner_in(std::string_view fact) {
    const auto space = std::min(fact.find(' '), fact.size());
    return {.source = std::string(fact.substr(0, space)),
            .user = std::string(fact.substr(std::min(space + 1, fact.size())))};
}

std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, std::span<const Table> tables,
                                   std::span<const Step> steps) {
    const auto resolved = resolve(file);
    // Before the lock, which is a file beside it.
    guarded("open database", resolved, [&] { refuse_what_is_not_ours(resolved, steps.back().version); });
    return std::make_unique<SqliteStore>(resolved, tables, steps);
}

std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, std::span<const Table> tables) {
    return open_sqlite(file, tables, schema_steps());
}

std::string library_version() { return sqlite3_libversion(); }

}  // namespace taskmirror::store
