// The full-text index of schema/asana_search.sql: made, dropped, and brought in step with the rows.
#pragma once

struct sqlite3;

namespace taskmirror::store {

// Inside a transaction. Makes it of what is stored, or drops it; nothing if that is how it is.
void keep_search(sqlite3* database, bool on);

// Takes to the index what the triggers have noted. Before every commit.
void bring_search_in_step(sqlite3* database);

// Makes the index anew: words that were removed stay in it until its parts are merged.
void renew_search(sqlite3* database);

}  // namespace taskmirror::store
