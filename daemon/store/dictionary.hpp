// What the tables, views and columns of the schema mean, read from the comments of its text:
//   - A comment in front of a statement describes the table or view; one at the head of a file, all of the file.
//   - A comment behind a column describes it. Those of a view stand in the view's comment, below a line that ends in
//     "Columns:", as `--   name, name  text`; further lines of the text are indented deeper.
//   - A list of this form at the head of a file, below a line that begins with "Columns that mean the same", holds for
//     the columns of that name in every table and view of the file, and of those behind it, that says nothing else.
//   - `-- == Title ==` begins a group.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/schema.hpp"

namespace taskmirror::store {

struct DescribedColumn {
    std::string name{};
    std::string type{};       // empty: computed
    bool key = false;         // part of the primary key
    std::string refers_to{};  // a table
    std::string comment{};    // empty: nothing describes it
};

struct DescribedTable {
    std::string name{};
    bool view = false;
    std::string group{};
    std::vector<std::string> comment{};  // lines without their dashes
    std::vector<DescribedColumn> columns{};
};

struct Chapter {
    std::string title{};
    std::vector<std::string> comment{};
    std::vector<DescribedTable> tables{};
};

// One chapter for each file. Throws std::logic_error where a list of columns names one that does not exist.
std::vector<Chapter> describe(std::span<const SchemaFile> files);

}  // namespace taskmirror::store
