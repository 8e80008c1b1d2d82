#include "ops/report_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "core/text.hpp"
#include "core/width.hpp"
#include "ops/status.hpp"

namespace taskmirror::ops {
namespace {

using store::Cell;

constexpr std::size_t kLeast = 8;  // cells of a column that is cut
constexpr std::size_t kGap = 2;    // between columns

bool has(const Told& told, std::string_view column) {
    return std::ranges::find(told.answer.columns, column) != told.answer.columns.end();
}

Kind kind_of(const Told& told, std::size_t column) {
    const std::string_view name = told.answer.columns[column];
    if (name.ends_with("_seconds") || name == "seconds") return Kind::seconds;
    if (name.ends_with("_minutes") || name == "minutes") return Kind::minutes;
    if (name.ends_with("_at") || name == "since" || name == "until") return Kind::instant;
    if (name == "completed_share" || name == "progress") return Kind::share;
    // Of a task it says whether, elsewhere how many.
    if (name.starts_with("is_") || name == "archived" || (name == "completed" && has(told, "task_gid")))
        return Kind::yes_no;
    const bool is_number = std::ranges::any_of(told.answer.rows, [&](const auto& row) {
        return std::holds_alternative<std::int64_t>(row[column]) || std::holds_alternative<double>(row[column]);
    });
    return is_number ? Kind::number : Kind::text;
}

std::string label_of(std::string_view name) {
    if (name == "seconds" || name == "minutes") return "time";
    if (name == "due_at") return "due time";
    for (const std::string_view ending : {"_seconds", "_minutes", "_name", "_at"})
        if (name.size() > ending.size() && name.ends_with(ending)) name.remove_suffix(ending.size());
    if (name.starts_with("is_")) name.remove_prefix(3);
    std::string label(name);
    std::ranges::replace(label, '_', ' ');
    return label;
}

std::string local(Instant instant, const Told& told) {
    return iso(instant + offset_at(instant, told.offsets)).replace(10, 1, " ").substr(0, 16);
}

std::string signed_duration(double seconds) {
    const auto time = std::chrono::seconds(std::llround(std::abs(seconds)));
    return (seconds < 0 ? "-" : "") + duration(time);
}

bool is_right(Kind kind) {
    return kind == Kind::number || kind == Kind::share || kind == Kind::seconds || kind == Kind::minutes;
}

std::string json_cell(const Cell& cell) {
    if (const auto* const text = std::get_if<std::string>(&cell)) return json(*text);
    if (const auto* const whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
    const auto* const real = std::get_if<double>(&cell);
    return real != nullptr && std::isfinite(*real) ? fmt::format("{}", *real) : "null";
}

std::string csv(const Cell& cell) {
    if (const auto* const whole = std::get_if<std::int64_t>(&cell)) return fmt::format("{}", *whole);
    if (const auto* const real = std::get_if<double>(&cell)) return fmt::format("{}", *real);
    const auto* const its = std::get_if<std::string>(&cell);
    if (its == nullptr) return {};
    std::string text = *its;
    // https://owasp.org/www-community/attacks/CSV_Injection
    if (!text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos)
        text.insert(0, "'");
    if (text.find_first_of(",\"\r\n;\t'") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

// What Markdown and HTML inside it would take for markup.
std::string markdown(std::string_view text) {
    std::string out;
    for (const char c : escaped(text)) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else {
            if (std::string_view("\\`*_[]|~#!$").find(c) != std::string_view::npos) out += '\\';
            out += c;
        }
    }
    return out;
}

void trim(std::string& line) { line.resize(line.find_last_not_of(' ') + 1); }

std::size_t least_width(const std::vector<std::size_t>& widths) {
    std::size_t sum = kGap * (widths.size() - 1);
    for (const auto width : widths) sum += std::min(width, kLeast);
    return sum;
}

// The widest columns give way until all fit together, or none can.
void fit(std::vector<std::size_t>& widths, std::size_t most) {
    const auto total = [&] {
        return std::accumulate(widths.begin(), widths.end(), std::size_t{0}) + kGap * (widths.size() - 1);
    };
    for (auto sum = total(); sum > most; sum = total()) {
        const auto widest = std::ranges::max_element(widths);
        if (*widest <= kLeast) return;
        const auto next = std::accumulate(
            widths.begin(), widths.end(), kLeast,
            [&](std::size_t least, std::size_t one) { return one < *widest ? std::max(least, one) : least; });
        *widest = std::max({next == *widest ? *widest - 1 : next, kLeast, *widest - std::min(*widest, sum - most)});
    }
}

// "1 row", "the first 500 rows".
std::string rows_text(const Told& told) {
    const auto rows = told.answer.rows.size();
    return fmt::format("{}{} row{}", told.has_more ? "the first " : "", rows, rows == 1 ? "" : "s");
}

std::string json_head(const Told& told) {
    std::vector<std::string> filters, columns, missing;
    const auto say = [&](std::string_view what, const std::optional<Named>& one) {
        if (one)
            filters.push_back(fmt::format(R"("{}":{{"gid":{},"name":{}}})", what, json(one->gid), json(one->name)));
    };
    say("project", told.filters.project);
    say("team", told.filters.team);
    say("person", told.filters.person);
    if (told.filters.period)
        filters.push_back(fmt::format(R"("period":{{"from":"{}","to":"{}"}})", iso_day(told.filters.period->from),
                                      iso_day(told.filters.period->to)));
    for (const auto& column : told.answer.columns) columns.push_back(json(column));
    for (const auto& table : told.not_mirrored) missing.push_back(json(table));
    return fmt::format(
        R"({{"report":{},"filters":{{{}}},"at":{},"as_of":{},"not_mirrored":[{}],"open_gaps":{},"columns":[{}],"rows":[)",
        json(told.report->name), fmt::join(filters, ","), json(iso(told.at)),
        told.as_of ? json(iso(*told.as_of)) : "null", fmt::join(missing, ","), told.gaps, fmt::join(columns, ","));
}

}  // namespace

std::string grouped(double number) {
    auto text = fmt::format("{:.{}f}", std::abs(number), number == std::floor(number) ? 0 : 1);
    const auto point = std::min(text.find('.'), text.size());
    for (auto at = point; at > 3; at -= 3) text.insert(at - 3, ",");
    return (number < 0 ? "-" : "") + text;
}

std::vector<Shown> shown_columns(const Told& told) {
    std::vector<Shown> columns;
    for (std::size_t i = 0; i < told.answer.columns.size(); ++i) {
        const std::string_view name = told.answer.columns[i];
        if (name == "permalink_url") continue;
        if (name.ends_with("_gid") &&
            (has(told, fmt::format("{}_name", name.substr(0, name.size() - 4))) || name == "root_gid"))
            continue;
        columns.push_back({i, label_of(name), kind_of(told, i)});
    }
    return columns;
}

std::string shown(const Cell& cell, Kind kind, const Told& told) {
    if (std::holds_alternative<std::monostate>(cell)) return {};
    const auto number = store::number(cell);
    const auto* const text = std::get_if<std::string>(&cell);
    if (kind == Kind::instant && text != nullptr) {
        const auto instant = parse_iso(*text);
        return instant ? local(*instant, told) : *text;
    }
    if (!number) return text != nullptr ? *text : std::string();
    switch (kind) {
        case Kind::yes_no:
            return *number != 0 ? "yes" : "no";
        case Kind::share:
            return fmt::format("{:.0f} %", *number * 100);
        case Kind::seconds:
            return signed_duration(*number);
        case Kind::minutes:
            return signed_duration(*number * 60);
        case Kind::text:
        case Kind::number:
        case Kind::instant:
            break;
    }
    return grouped(*number);
}

std::string filters_text(const Told& told) {
    std::vector<std::string> parts;
    const auto say = [&](std::string_view what, const std::optional<Named>& one) {
        if (one) parts.push_back(fmt::format("{} '{}'", what, one->name.empty() ? one->gid : one->name));
    };
    say("project", told.filters.project);
    say("team", told.filters.team);
    say("person", told.filters.person);
    if (told.filters.period)
        parts.push_back(
            fmt::format("period {} to {}", iso_day(told.filters.period->from), iso_day(told.filters.period->to)));
    return fmt::format("{}", fmt::join(parts, ", "));
}

std::vector<std::string> age_text(const Told& told) {
    std::vector<std::string> lines;
    if (told.as_of) {
        const auto age =
            std::max(std::chrono::seconds(0), std::chrono::floor<std::chrono::seconds>(told.at - *told.as_of));
        lines.push_back(fmt::format("data as of {}Z, {} ago", iso(*told.as_of).substr(0, 19), duration(age)));
    } else if (told.incomplete) {
        lines.emplace_back("data is not complete yet: the first sync is not over");
    }
    if (!told.not_mirrored.empty())
        lines.push_back(fmt::format("data that is not mirrored is missing: {}", fmt::join(told.not_mirrored, ", ")));
    if (told.gaps > 0)
        lines.push_back(fmt::format("{} could not be fetched: see taskmirror status",
                                    told.gaps == 1 ? std::string("something that should be there")
                                                   : fmt::format("{} things that should be there", told.gaps)));
    return lines;
}

std::string table_text(const Told& told, std::optional<std::size_t> width) {
    auto columns = shown_columns(told);
    std::vector<std::vector<std::string>> lines(1);
    for (const auto& column : columns) lines[0].push_back(column.label);
    for (const auto& row : told.answer.rows) {
        auto& line = lines.emplace_back();
        for (const auto& column : columns)
            line.push_back(without_direction(escaped(shown(row[column.index], column.kind, told))));
    }
    std::vector<std::size_t> widths(columns.size());
    for (const auto& line : lines)
        for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], cells(line[i]));
    if (width) {
        while (widths.size() > 1 && least_width(widths) > *width) widths.pop_back();
        fit(widths, *width);
    }
    const auto left_out = columns.size() - widths.size();
    columns.resize(widths.size());

    std::string text = fmt::format("{}", told.report->title);
    if (const auto filters = filters_text(told); !filters.empty()) text += ": " + without_direction(escaped(filters));
    text += '\n';
    const auto add = [&](const std::vector<std::string>& line) {
        std::string out;
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const auto cell = fitting(line[i], widths[i]);
            const std::string blanks(widths[i] - std::min(widths[i], cells(cell)), ' ');
            if (i > 0) out.append(kGap, ' ');
            out += is_right(columns[i].kind) ? blanks + cell : cell + blanks;
        }
        trim(out);
        text += out + '\n';
    };
    if (!told.answer.rows.empty()) {
        text += '\n';
        add(lines[0]);
        std::vector<std::string> rules;
        for (const auto one : widths) rules.emplace_back(one, '-');
        add(rules);
        for (std::size_t i = 1; i < lines.size(); ++i) add(lines[i]);
        text += '\n';
    }
    text += fmt::format("{}; {}\n", rows_text(told), fmt::join(age_text(told), "\n"));
    if (told.has_more) text += "there are more rows: --limit N shows so many, --format csv has all\n";
    if (left_out > 0) text += fmt::format("{} more columns do not fit: --format csv has all\n", left_out);
    return text;
}

std::string csv_text(const Told& told, Part part) {
    std::string text;
    if (part.is_first) text = fmt::format("{}\r\n", fmt::join(told.answer.columns, ","));
    for (const auto& row : told.answer.rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text += ',';
            text += csv(row[i]);
        }
        text += "\r\n";
    }
    return text;
}

std::string json_text(const Told& told, Part part) {
    std::string text;
    if (part.is_first) text = json_head(told);
    for (bool is_first = part.is_first; const auto& row : told.answer.rows) {
        text += is_first ? "\n[" : ",\n[";
        is_first = false;
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i > 0) text += ',';
            text += json_cell(row[i]);
        }
        text += ']';
    }
    if (part.is_last) text += fmt::format(R"(],"has_more":{}}}{})", told.has_more, '\n');
    return text;
}

std::string markdown_text(const Told& told) {
    const auto columns = shown_columns(told);
    std::string text = fmt::format("## {}\n\n", told.report->title);
    if (const auto filters = filters_text(told); !filters.empty()) text += markdown(filters) + "\n\n";
    if (!told.answer.rows.empty()) {
        std::string rules;
        for (const auto& column : columns) {
            text += fmt::format("| {} ", column.label);
            rules += is_right(column.kind) ? "|---:" : "|---";
        }
        text += "|\n" + rules + "|\n";
        for (const auto& row : told.answer.rows) {
            for (const auto& column : columns)
                text += fmt::format("| {} ", markdown(shown(row[column.index], column.kind, told)));
            text += "|\n";
        }
        text += '\n';
    }
    text += fmt::format("{}{}; {}.\n", rows_text(told), told.has_more ? " of more" : "",
                        markdown(fmt::format("{}", fmt::join(age_text(told), "; "))));
    return text;
}

}  // namespace taskmirror::ops
