// Answers of reports as text: for a terminal, for other programs, for documents. Pure functions of what was told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ops/report.hpp"

namespace taskmirror::ops {

// What stands in a column, by its name.
enum class Kind : std::uint8_t { text, number, yes_no, share, seconds, minutes, instant };

struct Shown {
    std::size_t index = 0;  // of the column
    std::string label{};
    Kind kind = Kind::text;
};

// The columns for people: names instead of gids.
std::vector<Shown> shown_columns(const Told& told);
// A cell for people; NULL is empty.
std::string shown(const store::Cell& cell, Kind kind, const Told& told);
// "1,234.5", at most one digit behind the point.
std::string grouped(double number);

// "project 'Launch', period 2026-07-01 to 2026-09-30"; empty: none.
std::string filters_text(const Told& told);
// How old the data is, and what is missing, as sentences without their last full stop.
std::vector<std::string> age_text(const Told& told);

// At most so many cells wide; none: as wide as it must be.
std::string table_text(const Told& told, std::optional<std::size_t> width);
// Whether the rows are the first of an answer, and whether no more follow.
struct Part {
    bool is_first = true, is_last = true;
};
// RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe in front.
std::string csv_text(const Told& told, Part part = {});
// {report, filters, as_of, columns, rows, ...}: docs/report-json.md.
std::string json_text(const Told& told, Part part = {});
std::string markdown_text(const Told& told);

}  // namespace taskmirror::ops
