#include "ops/dictionary.hpp"

#include <fmt/format.h>

#include <iterator>

namespace taskmirror::ops {
namespace {

constexpr std::string_view kHead = R"(# Data dictionary

The tables and views of the database and what their columns mean. Made by `taskmirror schema --markdown` from the comments of
`schema/*.sql`; `taskmirror schema --sql` prints those files.

Gids are text, booleans 0 and 1, instants UTC as `2026-01-31T09:00:00.000Z`, dates `2026-01-31`. A column without a type is
computed. An arrow leads to the table that a gid refers to; what it refers to may be missing there, where the token cannot see it.
)";

// Without what Markdown would take for its own.
std::string plain(std::string_view text) {
    std::string found;
    for (const char c : text) {
        if (c == '|' || c == '<' || c == '*') found += '\\';
        found += c;
    }
    return found;
}

// Paragraphs, lists and indented code, as they stand in comments.
std::string prose(std::span<const std::string> lines) {
    std::string text;
    char mode = 'p';
    for (const std::string_view line : lines) {
        const auto indent = std::min(line.find_first_not_of(' '), line.size());
        const auto words = line.substr(indent);
        const bool item = indent == 2 && words.starts_with("- ");
        const char now = indent == 0 ? 'p' : item || (mode == 'l' && indent >= 4) ? 'l' : 'c';
        if (now != mode && !text.empty() && !text.ends_with("\n\n")) text += '\n';
        if (now == 'c')
            text += fmt::format("    {}\n", line.substr(2));
        else
            text += fmt::format("{}{}\n", now == 'l' && !item ? "  " : "", plain(words));
        mode = now;
    }
    return text;
}

std::string table_markdown(const store::DescribedTable& table) {
    auto text = fmt::format("\n#### {}{}\n\n{}\n| column | type | meaning |\n|---|---|---|\n", table.name,
                            table.view ? " (view)" : "", prose(table.comment));
    for (const auto& column : table.columns)
        fmt::format_to(std::back_inserter(text), "| `{}` | {}{} | {}{} |\n", column.name, column.type,
                       column.key ? ", key" : "", plain(column.comment),
                       column.refers_to.empty() ? "" : fmt::format(" → `{}`", column.refers_to));
    return text;
}

}  // namespace

std::string dictionary_markdown(std::span<const store::Chapter> chapters,
                                std::span<const std::pair<std::string_view, std::string_view>> left_out) {
    std::string text(kHead);
    for (const auto& chapter : chapters) {
        fmt::format_to(std::back_inserter(text), "\n## {}\n\n{}", chapter.title, prose(chapter.comment));
        std::string_view group;
        for (const auto& table : chapter.tables) {
            if (table.group != group) fmt::format_to(std::back_inserter(text), "\n### {}\n", table.group);
            group = table.group;
            text += table_markdown(table);
        }
    }
    text += "\n## What is left out on purpose\n\n| what | why |\n|---|---|\n";
    for (const auto& [what, why] : left_out)
        fmt::format_to(std::back_inserter(text), "| {} | {} |\n", plain(what), plain(why));
    return text;
}

}  // namespace taskmirror::ops
