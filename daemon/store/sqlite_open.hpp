// How a database file is opened, and brought to the newest schema. Refuses what is not ours without touching a byte.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Exception.h>
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <span>

#include "core/rows.hpp"
#include "store/schema.hpp"
#include "store/sqlite_statement.hpp"
#include "store/store.hpp"

namespace taskmirror::store {

inline constexpr int kApplicationId = 0x74736b6d;  // "tskm": tells our files from those of other programs

// KiB of the connection's cache. A first load writes each task to leaves of its own in every tree; measured on 100,000
// tasks in 100 projects, us of CPU a task and MB of peak memory: pages of 8 KiB with 16 MiB of cache 107 and 41, of
// 16 KiB with 24 MiB 95 and 49, with 32 MiB 78 and 58.
inline constexpr int kCache = 24 * 1024;

// As open_sqlite() of store.hpp, for another list of steps.
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, std::span<const Table> tables,
                                   std::span<const Step> steps);

// The path with its directory resolved, so that each file has one name. Fatal 74 when there is no such directory.
std::filesystem::path resolve(const std::filesystem::path& file);

// Looks at the file without writing, and without making files beside it. Fatal 65: another program's; 78: newer.
void refuse_what_is_not_ours(const std::filesystem::path& file, int newest);

// Opens or creates the file and carries out the steps that it lacks. The caller holds the lock.
std::unique_ptr<SQLite::Database> open_database(const std::filesystem::path& file, std::span<const Step> steps);

// The same of a file that may be missing, with its directory too: open_to_read() tells that.
std::filesystem::path to_be_read(const std::filesystem::path& file);

// Opens the file without writing to it, also where this user may not write. Fatal 66: there is nothing in it yet; 65
// and 78 as above.
std::unique_ptr<SQLite::Database> open_to_read(const std::filesystem::path& file, int newest);

// Carries out the steps above the file's version, each in a transaction. A database with content is copied to
// `<file>.before-v<newest>` before the first of them.
void migrate(SQLite::Database& database, std::span<const Step> steps);
// The statements that would make the secondary indexes that are missing.
std::vector<std::string> missing_indexes(SQLite::Database& database, std::span<const Step> steps);
// Sorts in a quarter of the cache: the sorter takes as much memory as the cache may, beside it.
void build_missing_indexes(SQLite::Database& database, std::span<const Step> steps);

// Runs body; what SQLiteCpp or std::filesystem throws becomes a Fatal.
template <typename Body>
auto guarded(std::string_view doing, const std::filesystem::path& file, Body&& body) {
    try {
        return body();
    } catch (const SQLite::Exception& error) {
        throw fatal(error.getErrorCode(), error.what(), doing, file.string());
    } catch (const std::filesystem::filesystem_error& error) {
        throw Fatal(ExitCode::disk, fmt::format("cannot {} {}: {}; look at the disk and start again", doing,
                                                file.string(), error.what()));
    }
}

}  // namespace taskmirror::store
