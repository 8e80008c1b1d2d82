#include "store/sqlite_search.hpp"
#include "store/finder.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Transaction.h>

namespace taskmirror::store {
namespace {

// The best hits alone get a passage: it is read from the texts. A goal has no permalink.
constexpr std::string_view kFindSql = R"(
WITH hits AS MATERIALIZED (
    SELECT rowid AS id, rank AS badness, snippet(sync_search, -1, '', '', '…', 16) AS passage
    FROM sync_search WHERE sync_search MATCH ?1 ORDER BY rank LIMIT ?2
)
SELECT d.kind, d.gid, coalesce(s.target_gid, ''), coalesce(t.name, p.name, g.name, ''),
       (SELECT group_concat(name, ', ') FROM (
            SELECT o.name FROM asana_task_memberships AS m JOIN asana_projects AS o ON o.gid = m.project_gid
            WHERE m.task_gid = t.gid ORDER BY o.name, o.gid)),
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

void run(sqlite3* database, std::string_view sql) { Statement(database, sql).run(); }

}  // namespace

void keep_search(sqlite3* database, bool on) {
    if (on == has_search(database)) return;
    if (on) {
        for (const auto statement : statements(asana_search_sql())) run(database, statement);
        return;
    }
    std::vector<std::string> drops;
    for (Statement trigger(database,
                           "SELECT 'DROP TRIGGER ' || name FROM sqlite_master WHERE type = 'trigger' "
                           "AND name GLOB 'sync_search_*'");
         trigger.step();)
        drops.emplace_back(trigger.text(0));
    for (const auto& drop : drops) run(database, drop);
    run(database, "DROP TABLE sync_search");
    run(database, "DROP VIEW sync_search_texts");
    run(database, "DROP TABLE sync_search_removed");
    run(database, "DROP TABLE sync_search_documents");
}

void bring_search_in_step(sqlite3* database) {
    if (!has_search(database)) return;
    // Of each id that is in the index, the first text that was removed is the one that the index knows.
    run(database,
        "INSERT INTO sync_search (sync_search, rowid, name, text) SELECT 'delete', id, name, text "
        "FROM sync_search_removed WHERE id IN (SELECT id FROM sync_search_docsize) ORDER BY id");
    run(database, "DELETE FROM sync_search_removed");
    run(database,
        "INSERT INTO sync_search (rowid, name, text) SELECT id, name, text FROM sync_search_texts "
        "WHERE id > (SELECT coalesce(max(id), 0) FROM sync_search_docsize) ORDER BY id");
}

void renew_search(sqlite3* database) {
    if (has_search(database)) run(database, "INSERT INTO sync_search (sync_search) VALUES ('rebuild')");
}

std::optional<std::vector<Hit>> find(const std::filesystem::path& given, std::string_view expression,
                                     std::size_t limit) {
    std::error_code error;
    const auto file = std::filesystem::exists(given, error) ? resolve(given) : std::filesystem::absolute(given);
    const auto database = open_to_read(file, schema_steps().back().version);
    return guarded("read", file, [&]() -> std::optional<std::vector<Hit>> {
        SQLite::Transaction moment(*database);
        if (!has_search(database->getHandle())) return std::nullopt;
        Statement row(database->getHandle(), kFindSql);
        std::vector<Hit> hits;
        for (row.bind(1, expression).bind(2, static_cast<std::int64_t>(limit)); row.step();)
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
