// The schema of the database: its text, its versions, and how a file of an older version becomes one of the newest.
//
// The text is schema/*.sql, compiled in. Steps go forward only; what was released never changes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror::store {

std::string_view core_sql();            // schema/core.sql
std::string_view asana_sql();           // schema/asana.sql
std::string_view asana_views_sql();     // schema/asana_views.sql
std::string_view asana_reports_sql();   // schema/asana_reports.sql
std::string_view asana_fivetran_sql();  // schema/asana_fivetran.sql
std::string_view asana_dbt_sql();       // schema/asana_dbt.sql
std::string_view asana_wide_sql();      // schema/asana_wide.sql
std::string_view asana_search_sql();    // schema/asana_search.sql: no part of a step, see sqlite_search.hpp

// All of them, in the order in which they are carried out; full-text search is the last one.
struct SchemaFile {
    std::string_view title;  // of what it makes
    std::string_view sql;
};
std::span<const SchemaFile> schema_files();

// Leads from version - 1 to version; 1 makes the tables of a new database.
struct Step {
    int version = 0;
    std::string sql;
};
std::span<const Step> schema_steps();

// The statements of a text, without the comments in front of them and without the semicolon.
std::vector<std::string_view> statements(std::string_view sql);

// The name of the index that a statement makes, when that waits until after the first load; else empty. The mirror's
// own indexes, sync_*, do not wait.
std::string_view deferred_index(std::string_view statement);

}  // namespace taskmirror::store
