#include "store/query.hpp"
#include "store/schema.hpp"
#include "store/sqlite_open.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <sqlite3.h>

namespace taskmirror::store {
namespace {

Cell cell(const SQLite::Column& column) {
    if (column.isNull()) return {};
    if (column.isInteger()) return column.getInt64();
    if (column.isFloat()) return column.getDouble();
    return column.getString();
}

}  // namespace

std::optional<double> number(const Cell& cell) {
    if (const auto* const whole = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*whole);
    if (const auto* const real = std::get_if<double>(&cell)) return *real;
    return std::nullopt;
}

std::string text(const Cell& cell) {
    const auto* const its = std::get_if<std::string>(&cell);
    return its != nullptr ? *its : std::string();
}

Moment::Moment(const std::filesystem::path& given) {
    file_ = to_be_read(given);
    database_ = open_to_read(file_, schema_steps().back().version);
    database_->exec(
        "PRAGMA cache_size = -65536");  // KiB; with SQLite's 2 MB reports read the same pages again and again
    guarded("read", file_, [&] { transaction_ = std::make_unique<SQLite::Transaction>(*database_); });
}

Moment::~Moment() = default;

Rows Moment::ask(const std::string& sql, const Parameters& parameters) const {
    Rows answer;
    ask(sql, parameters, answer, [] { return true; });
    return answer;
}

void Moment::ask(const std::string& sql, const Parameters& parameters, Rows& answer,
                 const std::function<bool()>& go_on) const {
    SQLite::Statement statement = guarded("read", file_, [&] { return SQLite::Statement(*database_, sql); });
    for (const auto& [name, value] : parameters)
        if (const int index = statement.getIndex(name.c_str()); index > 0) statement.bindNoCopy(index, value);
    const int columns = statement.getColumnCount();
    answer.columns.clear();
    for (int i = 0; i < columns; ++i) answer.columns.emplace_back(statement.getColumnName(i));
    while (guarded("read", file_, [&] { return statement.executeStep(); })) {
        auto& row = answer.rows.emplace_back();
        row.reserve(static_cast<std::size_t>(columns));
        for (int i = 0; i < columns; ++i) row.push_back(cell(statement.getColumn(i)));
        if (!go_on()) return;
    }
}

}  // namespace taskmirror::store
