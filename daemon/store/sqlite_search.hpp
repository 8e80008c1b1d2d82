// The full-text index of schema/asana_search.sql: made, dropped, and brought in step with the rows.
#pragma once

#include <optional>

#include "store/sqlite_statement.hpp"

namespace taskmirror::store {

class SearchIndex {
  public:
    // The database outlives it.
    explicit SearchIndex(sqlite3* database);

    // Inside a transaction. Makes it of what is stored, or drops it; nothing if that is how it is.
    void keep(bool on);

    // Takes to the index what the triggers have noted. Before every commit; three looks where there is nothing. False:
    // the index is damaged, or the texts are, and SQLite has rolled the group back.
    bool bring_in_step();

    // Makes the index anew: words that were removed stay in it until its parts are merged.
    void renew();

    // After a rollback, which may have made or dropped it.
    void look_again();

  private:
    struct Steps {
        Statement remove, forget, add;
    };
    void find_again();

    sqlite3* database_;
    std::optional<Steps> steps_{};  // where there is an index
    bool is_lost_ = false;          // there is one, so damaged that SQLite cannot open it
};

}  // namespace taskmirror::store
