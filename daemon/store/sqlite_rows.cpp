#include "store/sqlite_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace taskmirror::store {
namespace {

// "?first, ..., ?first+count-1"
std::string parameters(std::size_t first, std::size_t count) {
    std::string text = fmt::format("?{}", first);
    for (std::size_t i = 1; i < count; ++i) text += fmt::format(", ?{}", first + i);
    return text;
}

std::string lookup_sql(const Table& table) {
    return fmt::format("SELECT content_hash, mirrored_at IS NOT NULL FROM {} WHERE gid = ?1", table.name);
}

// The row, with all its columns.
std::string lookup_edge_sql(const Table& table) {
    std::string text = fmt::format("SELECT 1 FROM {}", table.name);
    for (std::size_t i = 0; i < table.columns.size(); ++i)
        text += fmt::format(" {} {} IS ?{}", i == 0 ? "WHERE" : "AND", table.columns[i], i + 1);
    return text;
}

// ?1 gid, ?2 hash, ?3 mirrored_at, then the columns; the same in update_sql().
std::string insert_sql(const Table& table) {
    return fmt::format("INSERT INTO {} (gid, content_hash, mirrored_at, {}) VALUES ({})", table.name,
                       fmt::join(table.columns, ", "), parameters(1, 3 + table.columns.size()));
}

// A list may name a member twice.
std::string insert_children_sql(const Table& table, std::size_t rows) {
    const auto width = table.columns.size();
    auto text = fmt::format("INSERT OR REPLACE INTO {} ({}) VALUES ({})", table.name, fmt::join(table.columns, ", "),
                            parameters(1, width));
    for (std::size_t row = 1; row < rows; ++row) text += fmt::format(", ({})", parameters(1 + row * width, width));
    return text;
}

std::string update_sql(const Table& table) {
    std::string text = fmt::format("UPDATE {} SET content_hash = ?2, mirrored_at = ?3", table.name);
    for (std::size_t i = 0; i < table.columns.size(); ++i) text += fmt::format(", {} = ?{}", table.columns[i], i + 4);
    return text + " WHERE gid = ?1";
}

std::string remove_sql(const Table& table) {
    return fmt::format("DELETE FROM {} WHERE {} = ?1", table.name, table.columns.front());
}

// The columns of a table but these, each written in this form, with commas between.
std::string each_column(sqlite3* database, std::string_view table, std::initializer_list<std::string_view> but,
                        fmt::string_view form) {
    Statement columns(database, "SELECT name FROM pragma_table_info(?1)");
    columns.bind(1, table);
    std::string text;
    while (columns.step()) {
        const auto column = columns.text(0);
        if (std::ranges::find(but, column) != but.end()) continue;
        if (!text.empty()) text += ", ";
        text += fmt::vformat(form, fmt::make_format_args(column));
    }
    return text;
}

// "'gid', gid, 'name', name, ...": what json_object() takes, for all columns but what is about this copy.
std::string json_of(sqlite3* database, std::string_view table) {
    return each_column(database, table, {"content_hash"}, "'{0}', {0}");
}

// "notes = NULL, ...": what makes a row a mention.
std::string mention_of(sqlite3* database, std::string_view table, bool with_name) {
    if (!with_name) return each_column(database, table, {"gid"}, "{0} = NULL");
    return each_column(database, table, {"gid", "name"}, "{0} = NULL");
}

bool has_name(const Table& table) { return std::ranges::find(table.columns, "name") != table.columns.end(); }

// A fuller row is never overwritten, a newer name renames an older one, NULL never replaces a name.
std::string mention_sql(const Table& table) {
    if (!has_name(table)) {
        return fmt::format("INSERT INTO {} (gid) VALUES (?1) ON CONFLICT (gid) DO NOTHING", table.name);
    }
    return fmt::format(
        "INSERT INTO {} (gid, name) VALUES (?1, ?2) ON CONFLICT (gid) DO UPDATE SET name = excluded.name "
        "WHERE mirrored_at IS NULL AND excluded.name IS NOT NULL AND name IS NOT excluded.name",
        table.name);
}

}  // namespace

std::vector<std::string> gids_of(sqlite3* database, std::string_view table, std::string_view of, std::string_view by,
                                 std::string_view value) {
    Statement query(database, fmt::format("SELECT {} FROM {} WHERE {} = ?1{}", of, table, by,
                                          of == "gid" ? " AND mirrored_at IS NOT NULL" : ""));
    query.bind(1, value);
    std::vector<std::string> gids;
    while (query.step()) gids.emplace_back(query.text(0));
    return gids;
}

RowWriter::RowWriter(sqlite3* database, std::span<const Table> tables)
    : database_(database), tables_(tables), statements_(tables.size()) {
    Statement any(database_, "SELECT EXISTS (SELECT 1 FROM sync_tombstones)");
    any.step();
    has_tombstones_ = any.integer(0) != 0;
}

Written RowWriter::write(const Page& page, const Sent& sent, Instant mirrored_at) {
    Written written;
    written.changed.resize(page.entities.size());
    written.fresh.resize(page.entities.size());
    written.restored.resize(page.entities.size());
    written.watched.resize(page.entities.size());
    const std::string at = iso(mirrored_at);
    auto& order = orders_[std::string(sent.account)];
    order.forget_settled(sent);
    for (std::size_t i = 0; i < page.entities.size(); ++i) {
        const Entity& entity = page.entities[i];
        const RowKey key = row_key(entity.table, entity.gid);
        if (order.outdated(key, sent)) {
            ++written.outdated;
            continue;
        }
        order.remember(key, sent);

        auto& statements = statements_[entity.table];
        const Stored before = stored(entity);
        if (before == Stored::equal) {
            ++written.unchanged;
            continue;
        }
        const Table& table = tables_[entity.table];
        if (before == Stored::nothing) {
            if (!statements.insert) statements.insert.emplace(database_, insert_sql(table));
            write_columns(*statements.insert, page, entity, at);
        } else {
            if (!statements.update) statements.update.emplace(database_, update_sql(table));
            write_columns(*statements.update, page, entity, at);
        }
        written.changed[i] = true;
        written.fresh[i] = before != Stored::older;
        written.restored[i] = written.fresh[i] && has_tombstones_ && raise(table.name, entity.gid);
        ++(before == Stored::older ? written.updated : written.inserted);
        for (const ChildSet& set : std::span(page.children).subspan(entity.first_child, entity.children)) {
            const bool watched = before == Stored::older && !tables_[set.table].watched.empty();
            const auto values = watched ? watched_values(set.table, entity.gid) : std::string();
            write_children(page, set, entity.gid, before != Stored::nothing);
            if (watched && watched_values(set.table, entity.gid) != values) written.watched[i] = true;
        }
        for (const Mention& mention : std::span(page.mentions).subspan(entity.first_mention, entity.mentions)) {
            if (mentions_.is_new(mention)) write_mention(mention);
        }
    }
    for (const Edge& edge : page.edges) write_edge(page, edge);
    return written;
}

void RowWriter::write_edge(const Page& page, const Edge& edge) {
    if (holds(page, edge)) return;
    const Table& table = tables_[edge.table];
    auto& insert = statements_[edge.table].insert_children[0];
    if (!insert) insert.emplace(database_, insert_children_sql(table, 1));
    int parameter = 1;
    for (const Value& value : std::span(page.values).subspan(edge.first, table.columns.size()))
        insert->bind(parameter++, value);
    insert->step();
    for (const Mention& mention : std::span(page.mentions).subspan(edge.first_mention, edge.mentions))
        if (mentions_.is_new(mention)) write_mention(mention);
}

bool RowWriter::holds(const Page& page, const Edge& edge) {
    const Table& table = tables_[edge.table];
    auto& lookup = statements_[edge.table].lookup;
    if (!lookup) lookup.emplace(database_, lookup_edge_sql(table));
    int parameter = 1;
    for (const Value& value : std::span(page.values).subspan(edge.first, table.columns.size()))
        lookup->bind(parameter++, value);
    const bool there = lookup->step();
    lookup->reset();
    return there;
}

void RowWriter::forget() {
    orders_.clear();
    mentions_.clear();
}

Stored RowWriter::stored(const Entity& entity) {
    auto& lookup = statements_[entity.table].lookup;
    if (!lookup) lookup.emplace(database_, lookup_sql(tables_[entity.table]));
    lookup->bind(1, entity.gid);
    if (!lookup->step()) return Stored::nothing;
    const bool listed = lookup->integer(1) != 0;
    const bool equal = !lookup->is_null(0) && lookup->integer(0) == entity.hash;
    lookup->reset();
    if (!listed) return Stored::mention;
    return equal ? Stored::equal : Stored::older;
}

void RowWriter::write_columns(Statement& statement, const Page& page, const Entity& entity,
                              std::string_view mirrored_at) {
    statement.bind(1, entity.gid).bind(2, entity.hash).bind(3, mirrored_at);
    int parameter = 4;
    const auto width = tables_[entity.table].columns.size();
    for (const Value& value : std::span(page.values).subspan(entity.first, width)) statement.bind(parameter++, value);
    statement.step();
}

void RowWriter::write_children(const Page& page, const ChildSet& set, std::string_view owner, bool replace) {
    const Table& table = tables_[set.table];
    auto& statements = statements_[set.table];
    if (replace) {
        if (!statements.remove) statements.remove.emplace(database_, remove_sql(table));
        statements.remove->bind(1, owner).step();
    }
    if (set.rows == 0) return;
    const auto width = table.columns.size();
    auto values = std::span(page.values).subspan(set.first, set.rows * width);
    while (!values.empty()) {
        const auto rows = std::min(values.size() / width, kRowsAtOnce);
        auto& insert = statements.insert_children[rows - 1];
        if (!insert) insert.emplace(database_, insert_children_sql(table, rows));
        int parameter = 1;
        for (const Value& value : values.first(rows * width)) insert->bind(parameter++, value);
        insert->step();
        values = values.subspan(rows * width);
    }
}

// What stands in the watched column, as one text.
std::string RowWriter::watched_values(std::uint16_t index, std::string_view owner) {
    const Table& table = tables_[index];
    auto& statement = statements_[index].watched;
    if (!statement)
        statement.emplace(database_, fmt::format("SELECT json_group_array({0}) FROM (SELECT DISTINCT {0} FROM {1} "
                                                 "WHERE {2} = ?1 ORDER BY {0})",
                                                 table.watched, table.name, table.columns.front()));
    statement->bind(1, owner).step();
    std::string values(statement->text(0));
    statement->reset();
    return values;
}

Buried RowWriter::bury(std::span<const Remains> remains, std::string_view table, std::string_view gid,
                       const Burial& burial) {
    const auto of = [&](std::string_view name) -> const Remains& {
        const auto found = std::ranges::find(remains, name, &Remains::table);
        if (found == remains.end()) throw std::logic_error(fmt::format("rows of {} cannot leave", name));
        return *found;
    };
    const Remains& its = of(table);
    const auto index = std::ranges::find(tables_, table, &Table::name) - tables_.begin();
    orders_[std::string(burial.sent.account)].remember(row_key(static_cast<std::uint16_t>(index), gid), burial.sent);
    const bool excluded = burial.cause == kExcluded;
    auto json = excluded ? std::string("'gid', gid") : json_of(database_, table);
    for (const auto& child : excluded ? std::span<const Remains::Kin>() : its.children)
        json += fmt::format(", '{0}', (SELECT json_group_array(json_object({1})) FROM {0} WHERE {2} = ?1)", child.table,
                            json_of(database_, child.table), child.column);
    const auto deleted_at = burial.deleted_at ? iso(*burial.deleted_at) : std::string();
    const auto detected_at = iso(burial.detected_at);
    Statement keep(database_,
                   fmt::format("INSERT OR REPLACE INTO sync_tombstones (table_name, gid, source, cause, deleted_at, "
                               "detected_at, detected_by, row) SELECT ?2, gid, ?3, ?4, ?5, ?6, ?7, json_object({}) "
                               "FROM {} WHERE gid = ?1 AND mirrored_at IS NOT NULL",
                               json, table));
    keep.bind(1, gid).bind(2, table).bind(3, burial.source).bind(4, burial.cause).bind_filled(5, deleted_at);
    Buried buried;
    const auto run = [&](const std::string& sql) { Statement(database_, sql).bind(1, gid).run(); };
    const bool is_there = keep.bind(6, detected_at).bind(7, burial.detected_by).run() > 0;
    if (is_there) {
        has_tombstones_ = true;
        for (const auto& child : its.children) {
            if (!child.owner.empty())
                run(fmt::format("UPDATE {} SET content_hash = NULL WHERE gid IN (SELECT {} FROM {} WHERE {} = ?1)",
                                child.owner, child.owner_column, child.table, child.column));
            run(fmt::format("DELETE FROM {} WHERE {} = ?1", child.table, child.column));
        }
        if (excluded)
            for (const auto& edge : its.edges) {
                run(fmt::format("DELETE FROM {} WHERE {} = ?1", edge.table, edge.column));
                if (edge.owner.empty()) continue;
                // What stood in it and has left before.
                run(
                    fmt::format("UPDATE sync_tombstones SET row = json_object('gid', gid) WHERE table_name = '{}' AND "
                                "instr(row, '\"' || ?1 || '\"')",
                                edge.owner));
            }
        ++buried.rows;
        if (!its.children.empty() || !its.followers.empty()) buried.holders.emplace_back(gid);
        run(its.mention ? fmt::format("UPDATE {} SET {} WHERE gid = ?1", table, mention_of(database_, table, !excluded))
                        : fmt::format("DELETE FROM {} WHERE gid = ?1", table));
    }
    // What hangs on it may have come after it had left.
    auto with_it = burial;
    with_it.detected_by = "parent";
    with_it.sent = {};  // nobody looked at it
    for (const auto& kin : its.followers) {
        if (kin.table == table && burial.cause != "deleted") continue;  // may be seen without it
        for (const auto& follower : gids_of(database_, kin.table, "gid", kin.column, gid)) {
            const auto more = bury(remains, kin.table, follower, with_it);
            buried.rows += more.rows;
            buried.holders.insert(buried.holders.end(), more.holders.begin(), more.holders.end());
        }
    }
    // Now that its followers do not refer to it any more. What else does may go later: the mention stays then.
    if (is_there && its.mention && !is_referred_to(its, gid)) run(fmt::format("DELETE FROM {} WHERE gid = ?1", table));
    mentions_.clear();  // some of them may be gone
    return buried;
}

// Reads whole tables where no index helps: rows that can be mentions leave seldom.
bool RowWriter::is_referred_to(const Remains& its, std::string_view gid) const {
    std::string any;
    Statement references(database_,
                         "SELECT t.name, f.\"from\" FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f "
                         "WHERE t.type = 'table' AND f.\"table\" = ?1 ORDER BY t.rowid");
    references.bind(1, its.table);
    while (references.step())
        any += fmt::format("EXISTS (SELECT 1 FROM {0} WHERE {1} = ?1) OR ", references.text(0), references.text(1));
    for (const auto& kin : its.named_in)
        any += fmt::format("EXISTS (SELECT 1 FROM {0} WHERE {1} = ?1 OR instr({1}, '\"' || ?1 || '\"')) OR ", kin.table,
                           kin.column);
    Statement query(database_, "SELECT " + any + "0");
    query.bind(1, gid);
    query.step();
    return query.integer(0) != 0;
}

// The row is back: it is not gone any more. True if it was.
bool RowWriter::raise(std::string_view table, std::string_view gid) {
    return Statement(database_, "DELETE FROM sync_tombstones WHERE table_name = ?1 AND gid = ?2")
               .bind(1, table)
               .bind(2, gid)
               .run() > 0;
}

void RowWriter::write_mention(const Mention& mention) {
    auto& statement = statements_[mention.table].mention;
    const Table& table = tables_[mention.table];
    if (!statement) statement.emplace(database_, mention_sql(table));
    statement->bind(1, mention.gid);
    if (has_name(table)) statement->bind(2, mention.name);
    statement->step();
}

}  // namespace taskmirror::store
