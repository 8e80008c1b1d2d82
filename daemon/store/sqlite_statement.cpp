#include "store/sqlite_statement.hpp"

#include "store/finder.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <utility>

namespace taskmirror::store {

Fatal fatal(int result, std::string_view reason, std::string_view doing, std::string_view file) {
    const auto say = [&](ExitCode code, std::string_view remedy, bool may_pass = false) {
        return Fatal(code, fmt::format("cannot {} {}: {}; {}", doing, file, reason, remedy), may_pass);
    };
    switch (result & 0xff) {
        case SQLITE_FULL:
            return say(ExitCode::disk, "free space on its disk", true);
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            return say(ExitCode::disk, "the file and its directory must be writable for this user");
        case SQLITE_IOERR:
            return say(ExitCode::disk, "look at the disk and start again");
        case SQLITE_CORRUPT:
            if (result == SQLITE_CORRUPT_VTAB)  // the only virtual table that has files of its own
                return Fatal(
                    ExitCode::corrupt,
                    fmt::format("the full-text index of {} is damaged, its tables are not; {}", file, kSearchRemedy));
            return say(ExitCode::corrupt, "restore a backup, or move the file away and sync anew");
        case SQLITE_NOTADB:
            return say(ExitCode::corrupt, "name another file");
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return Fatal(
                ExitCode::come_again,
                fmt::format("cannot {} {}: the database is locked by another program; end that and start again", doing,
                            file),
                true);
        default:
            return say(ExitCode::internal, "this is a defect of taskmirror");
    }
}

Statement::Statement(sqlite3* database, std::string_view sql) : database_(database) {
    const int result = sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()),
                                          SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
    if (result != SQLITE_OK) fail(result);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::bind(int parameter, std::string_view text) {
    // A null pointer would bind NULL.
    const int result = sqlite3_bind_text64(statement_, parameter, text.data() ? text.data() : "", text.size(),
                                           SQLITE_STATIC, SQLITE_UTF8);
    if (result != SQLITE_OK) fail(result);
    return *this;
}

Statement& Statement::bind(int parameter, std::int64_t number) {
    const int result = sqlite3_bind_int64(statement_, parameter, number);
    if (result != SQLITE_OK) fail(result);
    return *this;
}

Statement& Statement::bind(int parameter, double number) {
    const int result = sqlite3_bind_double(statement_, parameter, number);
    if (result != SQLITE_OK) fail(result);
    return *this;
}

Statement& Statement::bind_null(int parameter) {
    const int result = sqlite3_bind_null(statement_, parameter);
    if (result != SQLITE_OK) fail(result);
    return *this;
}

Statement& Statement::bind(int parameter, const Value& value) {
    using enum Value::Type;
    switch (value.type) {
        case null:
            return bind_null(parameter);
        case integer:
            return bind(parameter, value.integer);
        case text:
            return bind(parameter, value.as_text());
        case real:
            return bind(parameter, value.real);
    }
    return *this;
}

Statement& Statement::bind_filled(int parameter, std::string_view text) {
    return text.empty() ? bind_null(parameter) : bind(parameter, text);
}

bool Statement::step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result != SQLITE_DONE) fail(result);
    sqlite3_reset(statement_);
    return false;
}

int Statement::run() {
    while (step()) {
    }
    return sqlite3_changes(database_);
}

void Statement::reset() { sqlite3_reset(statement_); }

std::string_view Statement::text(int column) const {
    const auto* bytes = sqlite3_column_text(statement_, column);
    if (!bytes) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

double Statement::real(int column) const { return sqlite3_column_double(statement_, column); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::optional<Instant> Statement::instant(int column) const {
    return is_null(column) ? std::nullopt : parse_iso(text(column));
}

void Statement::fail(int result) const {
    const std::string reason = sqlite3_errmsg(database_);
    const int extended = sqlite3_extended_errcode(database_);
    sqlite3_reset(statement_);  // gives the same error again
    const char* file = sqlite3_db_filename(database_, "main");
    throw fatal((extended & 0xff) == (result & 0xff) ? extended : result, reason, "use", file ? file : "the database");
}

}  // namespace taskmirror::store
