#include "store/sqlite_search.hpp"
#include "store/finder.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Transaction.h>
#include <sqlite3.h>

namespace taskmirror::store {
namespace {

// The best hits alone get a passage: it is read from the texts. A subtask without a project has those of the task above
// it. A goal has no permalink.
constexpr std::string_view kFindSql = R"(
WITH hits AS MATERIALIZED (
    SELECT rowid AS id, rank AS badness, snippet(sync_search, -1, '', '', '…', 16) AS passage
    FROM sync_search WHERE sync_search MATCH ?1 ORDER BY rank LIMIT ?2
)
SELECT d.kind, d.gid, coalesce(s.target_gid, ''), coalesce(t.name, p.name, g.name, ''),
       (SELECT group_concat(name, ', ') FROM (
            SELECT o.name FROM asana_task_memberships AS m JOIN asana_projects AS o ON o.gid = m.project_gid
            WHERE m.task_gid = (WITH RECURSIVE up (gid, steps) AS (
                                    SELECT t.gid, 0
                                    UNION ALL
                                    SELECT x.parent_gid, steps + 1
                                    FROM up JOIN asana_tasks AS x ON x.gid = up.gid WHERE steps < 100)
                                SELECT gid FROM up
                                WHERE EXISTS (SELECT 1 FROM asana_task_memberships WHERE task_gid = up.gid)
                                ORDER BY steps LIMIT 1)
            ORDER BY o.name, o.gid)),
       h.passage, coalesce(t.permalink_url, p.permalink_url, ''),
       CASE d.kind WHEN 'comment' THEN s.created_at WHEN 'task' THEN t.modified_at ELSE p.modified_at END
FROM hits AS h
JOIN sync_search_documents AS d ON d.id = h.id
LEFT JOIN asana_stories AS s ON d.kind = 'comment' AND s.gid = d.gid
LEFT JOIN asana_tasks AS t ON t.gid = iif(d.kind = 'task', d.gid, s.target_gid)
LEFT JOIN asana_goals AS g ON g.gid = s.target_gid
LEFT JOIN asana_projects AS p ON d.kind = 'project' AND p.gid = d.gid
ORDER BY h.badness, d.gid)";

bool has_search(sqlite3* database) {
    return Statement(database, "SELECT 1 FROM sqlite_master WHERE name = 'sync_search'").step();
}

// What is damaged, the index or the tables, SQLite tells of a search in the index alone.
bool next_hit(sqlite3* database, Statement& row, std::string_view expression) try {
    return row.step();
} catch (const Fatal& fatal) {
    if (fatal.code() == ExitCode::corrupt)
        Statement(database, "SELECT rank FROM sync_search WHERE sync_search MATCH ?1").bind(1, expression).run();
    throw;
}

void run(sqlite3* database, std::string_view sql) { Statement(database, sql).run(); }

}  // namespace

SearchIndex::SearchIndex(sqlite3* database) : database_(database) { look_again(); }

void SearchIndex::look_again() {
    steps_.reset();
    is_lost_ = false;
    if (!has_search(database_)) return;
    try {
        // Of each id that is in the index, the first text that was removed is the one that the index knows.
        steps_.emplace(
            Steps{Statement(database_,
                            "INSERT INTO sync_search (sync_search, rowid, name, text) SELECT 'delete', id, name, text "
                            "FROM sync_search_removed WHERE id IN (SELECT id FROM sync_search_docsize) ORDER BY id"),
                  Statement(database_, "DELETE FROM sync_search_removed"),
                  Statement(database_,
                            "INSERT INTO sync_search (rowid, name, text) SELECT id, name, text FROM sync_search_texts "
                            "WHERE id > (SELECT coalesce(max(id), 0) FROM sync_search_docsize) ORDER BY id")});
    } catch (const Fatal& fatal) {
        if (fatal.code() != ExitCode::corrupt) throw;
        is_lost_ = true;
    }
}

// Without its first record an index can be neither filled nor dropped: the one of an empty index lets SQLite do so.
void SearchIndex::find_again() {
    if (!is_lost_) return;
    const auto defend = [this](int on) { sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, on, nullptr); };
    defend(0);
    try {
        run(database_, "INSERT OR REPLACE INTO sync_search_data (id, block) VALUES (10, zeroblob(7))");
    } catch (...) {
        defend(1);
        throw;
    }
    defend(1);
    is_lost_ = false;
}

void SearchIndex::keep(bool on) {
    if (on == (steps_.has_value() || is_lost_)) return;
    find_again();
    steps_.reset();
    if (on) {
        for (const auto statement : statements(asana_search_sql())) run(database_, statement);
        return look_again();
    }
    std::vector<std::string> drops;
    for (Statement trigger(database_,
                           "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' "
                           "AND name GLOB 'sync_search_*'");
         trigger.step();)
        drops.emplace_back(trigger.text(0));
    for (const auto& drop : drops) run(database_, drop);
    run(database_, "DROP TABLE sync_search");
    run(database_, "DROP VIEW sync_search_texts");
    run(database_, "DROP TABLE sync_search_removed");
    run(database_, "DROP TABLE sync_search_documents");
}

bool SearchIndex::bring_in_step() {
    if (is_lost_) return false;
    if (!steps_) return true;
    try {
        steps_->remove.run();
        steps_->forget.run();
        steps_->add.run();
    } catch (const Fatal& fatal) {
        if (fatal.code() != ExitCode::corrupt) throw;
        return false;
    }
    return true;
}

void SearchIndex::renew() {
    const bool was_lost = is_lost_;
    find_again();
    if (steps_ || was_lost) run(database_, "INSERT INTO sync_search (sync_search) VALUES ('rebuild')");
    if (was_lost) look_again();
}

std::optional<std::vector<Hit>> find(const std::filesystem::path& given, std::string_view expression,
                                     std::size_t limit) {
    const auto file = to_be_read(given);
    const auto database = open_to_read(file, schema_steps().back().version);
    return guarded("read", file, [&]() -> std::optional<std::vector<Hit>> {
        SQLite::Transaction moment(*database);
        if (!has_search(database->getHandle())) return std::nullopt;
        Statement row(database->getHandle(), kFindSql);
        std::vector<Hit> hits;
        row.bind(1, expression).bind(2, static_cast<std::int64_t>(limit));
        while (next_hit(database->getHandle(), row, expression))
            hits.push_back({.kind = std::string(row.text(0)),
                            .gid = std::string(row.text(1)),
                            .of_gid = std::string(row.text(2)),
                            .name = std::string(row.text(3)),
                            .projects = std::string(row.text(4)),
                            .passage = std::string(row.text(5)),
                            .permalink = std::string(row.text(6)),
                            .at = row.instant(7)});
        return hits;
    });
}

}  // namespace taskmirror::store
