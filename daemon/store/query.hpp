// Rows of a database by SQL that the program itself has written, as of one moment. Writes nothing, takes no lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace SQLite {
class Database;
class Transaction;
}  // namespace SQLite

namespace taskmirror::store {

// NULL, INTEGER, REAL, TEXT.
using Cell = std::variant<std::monostate, std::int64_t, double, std::string>;
std::optional<double> number(const Cell& cell);  // none: it is no number
std::string text(const Cell& cell);              // empty: it is no text

struct Rows {
    std::vector<std::string> columns{};
    std::vector<std::vector<Cell>> rows{};
};

// By the names that stand in the SQL, as ":from". Those that do not stand in it are left out.
using Parameters = std::map<std::string, std::string, std::less<>>;

class Moment {
  public:
    // Fatal 66: there is no database; 65, 74, 78: as open_sqlite().
    explicit Moment(const std::filesystem::path& file);
    ~Moment();
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;

    // All questions are answered as of the first. A parameter that is not given is NULL.
    Rows ask(const std::string& sql, const Parameters& parameters = {}) const;
    // Adds one row after another to `answer`, whose columns are named before, until `go_on` says no.
    void ask(const std::string& sql, const Parameters& parameters, Rows& answer,
             const std::function<bool()>& go_on) const;

  private:
    std::filesystem::path file_;
    std::unique_ptr<SQLite::Database> database_;
    std::unique_ptr<SQLite::Transaction> transaction_;
};

}  // namespace taskmirror::store
