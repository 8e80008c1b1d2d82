#include "store/dictionary.hpp"
#include "store/sqlite_statement.hpp"

#include <SQLiteCpp/Database.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <stdexcept>

namespace taskmirror::store {
namespace {

using Lines = std::vector<std::string>;
using Meanings = std::map<std::string, std::string, std::less<>>;  // by column

constexpr std::string_view kListOfView = "Columns:";
constexpr std::string_view kMakesTable = "CREATE TABLE ";
constexpr std::string_view kListOfFile = "Columns that mean the same";

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

// Blocks of comment lines that follow each other, without "-- ".
std::vector<Lines> blocks(std::string_view text) {
    std::vector<Lines> found(1);
    for (auto line : lines_of(text)) {
        if (!line.starts_with("--")) {
            if (!found.back().empty()) found.emplace_back();
            continue;
        }
        line.remove_prefix(line.starts_with("-- ") ? 3 : 2);
        found.back().emplace_back(line);
    }
    if (found.back().empty()) found.pop_back();
    return found;
}

std::string group_of(const Lines& block) {
    const std::string_view line = block.size() == 1 ? block.front() : std::string_view();
    if (line.size() < 6 || !line.starts_with("== ") || !line.ends_with(" ==")) return {};
    return std::string(line.substr(3, line.size() - 6));
}

void append(std::string& text, std::string_view more) {
    more = trimmed(more);
    if (!text.empty() && !more.empty()) text += ' ';
    text += more;
}

// Takes the lists of columns out of a comment.
Meanings take_list(Lines& block) {
    Meanings found;
    Lines rest;
    std::vector<std::string> names;
    bool inside = false;
    for (auto& line : block) {
        const auto indent = std::min(line.find_first_not_of(' '), line.size());
        if (inside && indent == 2) {
            names.clear();
            const auto gap = std::min(line.find("  ", indent), line.size());
            for (std::string_view left = std::string_view(line).substr(indent, gap - indent); !left.empty();) {
                const auto comma = std::min(left.find(", "), left.size());
                names.emplace_back(left.substr(0, comma));
                left.remove_prefix(std::min(comma + 2, left.size()));
            }
            for (const auto& name : names) append(found[name], line.substr(gap));
            continue;
        }
        if (inside && indent > 2 && !names.empty()) {
            for (const auto& name : names) append(found[name], line);
            continue;
        }
        inside = false;
        if (line.starts_with(kListOfFile)) {
            inside = true;
            continue;
        }
        if (line.ends_with(kListOfView)) {
            inside = true;
            line = trimmed(std::string_view(line).substr(0, line.size() - kListOfView.size()));
            if (line.empty()) continue;
        }
        rest.push_back(std::move(line));
    }
    while (!rest.empty() && rest.back().empty()) rest.pop_back();
    block = std::move(rest);
    return found;
}

// The comments behind the columns of a table.
Meanings comments_behind(std::string_view statement) {
    Meanings found;
    std::string column;
    for (const auto line : lines_of(statement)) {
        const auto dashes = line.find("--");
        const auto before = trimmed(line.substr(0, dashes));
        if (!before.empty()) column = before.substr(0, before.find(' '));
        if (dashes != std::string_view::npos) append(found[column], line.substr(dashes + 2));
    }
    return found;
}

// The name of the table or view that a statement makes; empty: it makes none.
std::string made_by(std::string_view statement, bool& view) {
    for (const auto start :
         {kMakesTable, std::string_view("CREATE VIEW "), std::string_view("CREATE VIRTUAL TABLE ")}) {
        if (!statement.starts_with(start)) continue;
        view = start == "CREATE VIEW ";
        const auto rest = statement.substr(start.size());
        return std::string(rest.substr(0, rest.find_first_of(" \n(")));
    }
    return {};
}

// `meanings`: those of the table itself, then those of its file, then those of all.
std::vector<DescribedColumn> columns_of(sqlite3* database, std::string_view table,
                                        std::initializer_list<const Meanings*> meanings) {
    std::vector<DescribedColumn> columns;
    std::set<std::string, std::less<>> names;
    Statement row(database,
                  "SELECT c.name, c.type, c.pk > 0, (SELECT f.\"table\" FROM pragma_foreign_key_list(?1) AS f "
                  "WHERE f.\"from\" = c.name) FROM pragma_table_info(?1) AS c ORDER BY c.cid");
    for (row.bind(1, table); row.step();) {
        DescribedColumn column{.name = std::string(row.text(0)),
                               .type = std::string(row.text(1)),
                               .key = row.integer(2) != 0,
                               .refers_to = std::string(row.text(3))};
        for (const auto* const these : meanings) {
            const auto at = these->find(column.name);
            if (column.comment.empty() && at != these->end()) column.comment = at->second;
        }
        names.insert(column.name);
        columns.push_back(std::move(column));
    }
    for (const auto& [name, meaning] : **meanings.begin())
        if (!names.contains(name))
            throw std::logic_error(fmt::format("the comment of {} describes a column {} that it lacks", table, name));
    return columns;
}

}  // namespace

std::vector<Chapter> describe(std::span<const SchemaFile> files) {
    SQLite::Database memory(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    std::vector<Chapter> chapters;
    Meanings before;  // of all columns of a name, by the heads of the files before
    for (const auto& file : files) {
        memory.exec(std::string(file.sql));
        Meanings common;
        Chapter chapter{.title = std::string(file.title)};
        std::string group;
        const char* end = file.sql.data();
        for (const auto statement : statements(file.sql)) {
            auto comments = blocks({end, static_cast<std::size_t>(statement.data() - end)});
            if (end == file.sql.data() && comments.size() > 1) {
                common = take_list(comments.front());
                before.insert(common.begin(), common.end());
                chapter.comment = std::move(comments.front());
            }
            end = statement.data() + statement.size();
            for (const auto& block : comments)
                if (auto title = group_of(block); !title.empty()) group = std::move(title);
            DescribedTable table{.group = group};
            table.name = made_by(statement, table.view);
            if (table.name.empty()) continue;
            Meanings own;
            if (!comments.empty() && group_of(comments.back()).empty()) {
                own = take_list(comments.back());
                table.comment = std::move(comments.back());
            }
            if (statement.starts_with(kMakesTable)) own = comments_behind(statement);
            std::erase_if(own, [](const auto& entry) { return entry.second.empty(); });
            table.columns = columns_of(memory.getHandle(), table.name, {&own, &common, &before});
            chapter.tables.push_back(std::move(table));
        }
        chapters.push_back(std::move(chapter));
    }
    return chapters;
}

}  // namespace taskmirror::store
