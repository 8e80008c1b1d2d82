#include "store/sqlite_wide.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/text.hpp"

namespace taskmirror::store {
namespace {

constexpr std::size_t kLongestSlug = 40;
constexpr std::size_t kLongestColumn = 100;  // characters
// SQLite gives a view 2,000 columns at most, and some are not of custom fields.
// https://www.sqlite.org/limits.html#max_column
constexpr std::size_t kMostFields = 1900;

// The fact with which the views are made: another one, and all are made anew. The first number goes up with what this
// file makes of the same definitions.
constexpr std::string_view kFact = "wide_views";
std::string fact_of(std::int64_t columns) { return fmt::format("1 {}", columns); }

// The letters of U+00C0 to U+017F without their accents; a space where there is none.
constexpr std::string_view kLatin =
    "aaaaaaaceeeeiiiidnooooo ouuuuytsaaaaaaaceeeeiiiidnooooo ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin.size() == 0x180 - 0xC0);

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The first so many characters.
std::string_view beginning(std::string_view text, std::size_t characters) {
    for (std::size_t i = 0; i < text.size(); ++i)
        if (!is_continuation(text[i]) && characters-- == 0) return text.substr(0, i);
    return text;
}

std::int64_t hash_of(std::string_view sql) { return static_cast<std::int64_t>(XXH3_64bits(sql.data(), sql.size())); }

// Why it was refused; empty: it was not. What is wrong with the disk is no reason: it ends the group.
std::string refusal(sqlite3* database, const std::string& sql) {
    const int result = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
    if (result == SQLITE_OK) return {};
    const std::string reason = sqlite3_errmsg(database);
    if (result != SQLITE_ERROR && result != SQLITE_TOOBIG)
        throw fatal(sqlite3_extended_errcode(database), reason, "make a wide view in",
                    sqlite3_db_filename(database, "main"));
    return reason;
}

std::vector<std::string> texts(sqlite3* database, std::string_view sql) {
    std::vector<std::string> found;
    for (Statement query(database, sql); query.step();) found.emplace_back(query.text(0));
    return found;
}

std::int64_t number(sqlite3* database, std::string_view sql) {
    Statement query(database, sql);
    query.step();
    return query.integer(0);
}

}  // namespace

std::string in_quotes(std::string_view text, char quote) {
    std::string result(1, quote);
    for (const char c : text) {
        if (c == quote) result += c;
        result += c;
    }
    return result + quote;
}

std::string slug(std::string_view name) {
    std::string result;
    for (std::size_t i = 0; i < name.size() && result.size() < kLongestSlug; ++i) {
        const auto byte = static_cast<unsigned char>(name[i]);
        char letter = lower(name.substr(i, 1)).front();
        if (byte >= 0xC3 && byte <= 0xC5 && i + 1 < name.size() && is_continuation(name[i + 1])) {
            const auto point = ((byte & 0x1FU) << 6U) | (static_cast<unsigned char>(name[++i]) & 0x3FU);
            letter = kLatin[point - 0xC0];
        }
        if ((letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9')) {
            result += letter;
        } else if (!result.empty() && result.back() != '_') {
            result += '_';
        }
    }
    if (result.ends_with('_')) result.pop_back();
    return result;
}

std::vector<std::string> column_names(std::span<const NamedField> fields, std::span<const std::string> taken) {
    std::map<std::string, int> count;
    std::set<std::string> used;
    std::vector<std::string> names;
    for (const auto& name : taken) used.insert(lower(name));
    for (const auto& field : fields) ++count[lower(names.emplace_back(beginning(field.name, kLongestColumn)))];
    const auto stands_alone = [&](const std::string& name) {
        return !name.empty() && count[lower(name)] == 1 && !used.contains(lower(name));
    };
    std::vector<std::size_t> rest;
    std::vector<std::string> alone;
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (stands_alone(names[i]))
            alone.push_back(lower(names[i]));
        else
            rest.push_back(i);
    used.insert(alone.begin(), alone.end());
    for (const auto i : rest) {
        if (names[i].empty()) names[i] = "field";
        do names[i] += "_" + fields[i].gid;
        while (!used.insert(lower(names[i])).second);
    }
    return names;
}

WideViews::WideViews(sqlite3* database) : database_(database) {
    Statement fact(database_, "SELECT value FROM sync_meta WHERE key = ?1");
    if (!fact.bind(1, kFact).step()) return;
    const auto text = fact.text(0);
    const auto number = text.substr(std::min(text.find(' '), text.size() - 1) + 1);
    std::from_chars(number.data(), number.data() + number.size(), most_);
}

void WideViews::allow(std::int64_t columns, bool anew) {
    most_ = columns;
    const auto fact = fact_of(columns);
    const bool other = Statement(database_,
                                 "INSERT INTO sync_meta (key, value) VALUES (?1, ?2) ON CONFLICT DO UPDATE "
                                 "SET value = excluded.value WHERE value <> excluded.value")
                           .bind(1, kFact)
                           .bind(2, fact)
                           .run() > 0;
    // Those that there was no name or no room for are tried again.
    Statement(database_, anew || other
                             ? "INSERT OR IGNORE INTO sync_wide_changes SELECT object_gid FROM sync_wide_objects "
                               "UNION SELECT object_gid FROM sync_wide_views"
                             : "INSERT OR IGNORE INTO sync_wide_changes SELECT object_gid FROM sync_wide_views "
                               "WHERE view_name IS NULL")
        .run();
}

WideViews::Hashes WideViews::hashes(sqlite3* database) {
    Hashes found;
    for (Statement view(database, "SELECT name, sql FROM sqlite_master WHERE type = 'view'"); view.step();)
        found.emplace(view.text(0), hash_of(view.text(1)));
    return found;
}

WideViews::View WideViews::view_of(sqlite3* database, std::string_view object, const Hashes& hashes) {
    Statement made(database, "SELECT view_name, view_hash FROM sync_wide_views WHERE object_gid = ?1");
    if (!made.bind(1, object).step() || made.is_null(0)) return {};
    View view{std::string(made.text(0)), made.integer(1)};
    const auto stands = hashes.find(view.name);
    return stands != hashes.end() && stands->second == view.hash ? view : View();
}

void WideViews::drop(sqlite3* database, std::string_view object, const View& view) {
    if (!view.name.empty()) Statement(database, "DROP VIEW " + in_quotes(view.name, '"')).run();
    Statement(database, "DELETE FROM sync_wide_columns WHERE object_gid = ?1").bind(1, object).run();
    Statement(database, "DELETE FROM sync_wide_views WHERE object_gid = ?1").bind(1, object).run();
}

void WideViews::keep_in_step() {
    if (!changed_) changed_.emplace(database_, "SELECT 1 FROM sync_wide_changes LIMIT 1");
    const bool changed = changed_->step();
    changed_->reset();
    if (!changed) return;
    used_ = number(database_,
                   "SELECT (SELECT count(*) FROM sync_wide_views WHERE view_name IS NOT NULL) + "
                   "(SELECT count(*) FROM sync_wide_columns WHERE column_name IS NOT NULL)");
    const auto stand = hashes(database_);  // each object makes and drops its own view alone
    // What goes makes room; then those of which there are few.
    for (const auto& object : texts(database_,
                                    "SELECT d.object_gid FROM sync_wide_due AS d LEFT JOIN sync_wide_objects AS o "
                                    "ON o.object_gid = d.object_gid ORDER BY o.object_type IS NOT NULL, "
                                    "o.object_type = 'project', o.object_type, d.object_gid"))
        remake(object, stand);
    Statement(database_, "DELETE FROM sync_wide_changes").run();
}

void WideViews::remake(const std::string& object, const Hashes& hashes) {
    struct Field {
        std::string gid, value, type, column;
    };
    const View before = view_of(database_, object, hashes);
    const auto drop_it = [&] {
        used_ -= Statement(database_, "DELETE FROM sync_wide_columns WHERE object_gid = ?1 AND column_name IS NOT NULL")
                     .bind(1, object)
                     .run();
        if (!before.name.empty()) --used_;
        drop(database_, object, before);
    };

    Statement wanted(
        database_, "SELECT object_type, name, rows_of, rows_by, row_gid FROM sync_wide_objects WHERE object_gid = ?1");
    if (most_ <= 0 || !wanted.bind(1, object).step()) return drop_it();
    const std::string type(wanted.text(0)), rows_of(wanted.text(2)), row_gid(wanted.text(4));
    const auto readable = slug(wanted.text(1));
    const auto name = fmt::format("asana_{}_{}{}{}", type, readable, readable.empty() ? "" : "_", object);

    std::vector<Field> fields;
    std::vector<NamedField> named;
    Statement of(database_,
                 "SELECT custom_field_gid, value, type, name FROM sync_wide_fields WHERE object_gid = ?1 "
                 "AND object_type = ?2 ORDER BY position, name, custom_field_gid");
    for (of.bind(1, object).bind(2, type); of.step();) {
        fields.push_back({std::string(of.text(0)), std::string(of.text(1)), std::string(of.text(2)), {}});
        if (fields.size() <= kMostFields) named.push_back({fields.back().gid, std::string(of.text(3))});
    }
    auto& taken = taken_[rows_of];
    if (taken.empty()) taken = texts(database_, "SELECT name FROM pragma_table_info(" + in_quotes(rows_of, '\'') + ")");
    const auto columns = column_names(named, taken);
    auto sql = fmt::format("CREATE VIEW {} AS\nSELECT t.*", in_quotes(name, '"'));
    for (std::size_t i = 0; i < columns.size(); ++i) {
        fields[i].column = columns[i];
        sql +=
            fmt::format(",\n(SELECT {} FROM asana_typed_values WHERE object_gid = {} AND custom_field_gid = {}) AS {}",
                        fields[i].value, row_gid, in_quotes(fields[i].gid, '\''), in_quotes(columns[i], '"'));
    }
    sql += fmt::format("\nFROM {} AS t WHERE {} = {}", rows_of, wanted.text(3), in_quotes(object, '\''));
    wanted.reset();
    const auto hash = hash_of(sql);
    if (before.name == name && before.hash == hash) return;

    drop_it();
    const auto needed = static_cast<std::int64_t>(columns.size()) + 1;
    std::string note;
    if (used_ + needed > most_) {
        note = fmt::format(
            "no room: all views may have {} columns, as `wide_columns` says; {} and asana_typed_values "
            "hold the same",
            most_, rows_of);
    } else {
        note = refusal(database_, sql);
    }
    const bool made = note.empty();
    if (columns.size() < fields.size())
        note += fmt::format("{}{} of {} fields have a column: more do not go into a view", made ? "" : "; ",
                            columns.size(), fields.size());
    Statement insert(database_,
                     "INSERT INTO sync_wide_views (object_gid, object_type, view_name, view_hash, note) "
                     "VALUES (?1, ?2, ?3, ?4, ?5)");
    insert.bind(1, object).bind(2, type).bind_filled(5, note);
    made ? insert.bind(3, name).bind(4, hash) : insert.bind_null(3).bind_null(4);
    insert.run();
    if (!made) return;
    used_ += needed;
    Statement column(database_,
                     "INSERT INTO sync_wide_columns (object_gid, custom_field_gid, position, column_name, type) "
                     "VALUES (?1, ?2, ?3, ?4, ?5)");
    for (std::size_t i = 0; i < fields.size(); ++i) {
        column.bind(1, object).bind(2, fields[i].gid).bind(3, static_cast<std::int64_t>(i));
        column.bind_filled(4, fields[i].column).bind(5, fields[i].type).run();
    }
}

void WideViews::drop_all(sqlite3* database) {
    if (number(database, "SELECT count(*) FROM sqlite_master WHERE name = 'sync_wide_views'") == 0) return;
    const auto stand = hashes(database);
    for (const auto& object : texts(database, "SELECT object_gid FROM sync_wide_views"))
        drop(database, object, view_of(database, object, stand));
    Statement(database, "DELETE FROM sync_meta WHERE key = ?1").bind(1, kFact).run();
}

}  // namespace taskmirror::store
