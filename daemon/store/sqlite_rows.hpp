// The hot path: entities, their child sets and their mentions into the tables.
//
// Statements are made from Table at a table's first use and prepared once. What is equal is not written.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/rows.hpp"
#include "store/recent.hpp"
#include "store/sqlite_statement.hpp"
#include "store/store.hpp"

namespace taskmirror::store {

// See Store::gids.
std::vector<std::string> gids_of(sqlite3* database, std::string_view table, std::string_view of, std::string_view by,
                                 std::string_view value);

class RowWriter {
  public:
    // The database and the tables outlive the writer.
    RowWriter(sqlite3* database, std::span<const Table> tables);

    Written write(const Page& page, const Sent& sent, Instant mirrored_at);

    Stored stored(const Entity& entity);
    bool holds(const Page& page, const Edge& edge);

    // Moves a row, its children and its followers to the tombstones.
    Buried bury(std::span<const Remains> remains, std::string_view table, std::string_view gid, const Burial& burial);

    // Its requests are counted anew.
    void begin_requests(std::string_view account) { orders_.erase(std::string(account)); }
    // After a rollback: what write() remembers is no longer so.
    void forget();

  private:
    static constexpr std::size_t kRowsAtOnce = 8;  // of a child table; a step for each costs more than the row itself
    struct Statements {
        std::optional<Statement> lookup, insert, update, remove, mention, watched;
        std::array<std::optional<Statement>, kRowsAtOnce> insert_children;  // by number of rows, from one
    };

    void write_edge(const Page& page, const Edge& edge);
    void write_columns(Statement& statement, const Page& page, const Entity& entity, std::string_view mirrored_at);
    void write_children(const Page& page, const ChildSet& set, std::string_view owner, bool replace);
    std::string watched_values(std::uint16_t index, std::string_view owner);
    void write_mention(const Mention& mention);
    bool is_referred_to(const Remains& its, std::string_view gid) const;
    bool raise(std::string_view table, std::string_view gid);

    sqlite3* database_;
    std::span<const Table> tables_;
    std::vector<Statements> statements_;         // by table
    std::map<std::string, AnswerOrder> orders_;  // by account
    MentionMemory mentions_;
    bool has_tombstones_;  // or had: whether a row that comes is looked for among them
};

}  // namespace taskmirror::store
