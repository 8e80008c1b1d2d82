// Wide views: one for each object that has custom fields, with a typed column for each of them, kept in step with the
// definitions in the transaction that changes them.
//
// Which objects and fields those are is said by the views sync_wide_objects, sync_wide_fields and sync_wide_due of
// schema/*.sql; what changed is noted by triggers. Names come from the tracker and may be anything. A view that
// somebody else made is never touched, and no view is worth a failed commit: why there is none stands in
// sync_wide_views.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "store/sqlite_statement.hpp"

namespace taskmirror::store {

// The part of a name that needs no quotes: lower case, digits and single underscores, at most 40 characters. Accents
// are dropped, and so is whatever is not Latin.
std::string slug(std::string_view name);

// A column's name for each field, of at most 100 characters and some digits: its own. Fields without one, with the same
// one but for the case of ASCII letters, or with one of those in `taken`, have their gid in it.
struct NamedField {
    std::string gid;
    std::string name;
};
std::vector<std::string> column_names(std::span<const NamedField> fields, std::span<const std::string> taken);

// Text between these quotes, for SQL.
std::string in_quotes(std::string_view text, char quote);

class WideViews {
  public:
    // The database outlives it.
    explicit WideViews(sqlite3* database);

    // How many columns all of them may have, a view itself counting as one; 0: there are none. `anew`: all are compared
    // with what they should be. In a group, like all that follows.
    void allow(std::int64_t columns, bool anew);
    // Makes, renames and drops views as the changes since the last call ask for. Costs one look where there are none.
    void keep_in_step();

    // Drops them all: before the tables below them change. The next allow() makes them again.
    static void drop_all(sqlite3* database);

  private:
    // What was made of an object, and stands there as it was made; no name: nothing.
    struct View {
        std::string name{};
        std::int64_t hash = 0;
    };
    using Hashes = std::unordered_map<std::string, std::int64_t>;  // of the texts of all views, by name
    static Hashes hashes(sqlite3* database);
    static View view_of(sqlite3* database, std::string_view object, const Hashes& hashes);
    static void drop(sqlite3* database, std::string_view object, const View& view);
    void remake(const std::string& object, const Hashes& hashes);

    sqlite3* database_;
    std::int64_t most_ = 0;  // columns of all views; 0 until something is allowed
    std::int64_t used_ = 0;  // of them, while views are brought in step
    std::optional<Statement> changed_;
    std::map<std::string, std::vector<std::string>> taken_;  // columns that are not of custom fields, by `rows_of`
};

}  // namespace taskmirror::store
