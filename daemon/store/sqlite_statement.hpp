// A prepared statement over SQLite's C API: what the hot path needs, and no more. Every failure is a Fatal.
//
// Texts are bound without a copy: they must live until the statement has been stepped through.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/rows.hpp"
#include "core/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace taskmirror::store {

// What a result code means for the user. `doing` says what failed: "cannot <doing> <file>: ...".
Fatal fatal(int result, std::string_view reason, std::string_view doing, std::string_view file);

class Statement {
  public:
    Statement(sqlite3* database, std::string_view sql);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    // Parameters count from 1 and keep their value until they are bound again.
    Statement& bind(int parameter, std::string_view text);
    Statement& bind(int parameter, std::int64_t number);
    Statement& bind(int parameter, double number);
    Statement& bind(int parameter, const Value& value);
    Statement& bind_null(int parameter);
    // Empty means NULL.
    Statement& bind_filled(int parameter, std::string_view text);

    // True: a row stands in the columns. False: there are no more, and the statement is ready for the next use.
    bool step();
    // For statements without rows. Gives the number of rows that they changed.
    int run();
    // Needed only when step() has not come to its end.
    void reset();

    // Columns count from 0. Texts live until the next step() or reset(); NULL is an empty text and 0.
    std::string_view text(int column) const;
    std::int64_t integer(int column) const;
    double real(int column) const;
    bool is_null(int column) const;
    std::optional<Instant> instant(int column) const;

  private:
    [[noreturn]] void fail(int result) const;

    sqlite3* database_;
    sqlite3_stmt* statement_ = nullptr;
};

}  // namespace taskmirror::store
