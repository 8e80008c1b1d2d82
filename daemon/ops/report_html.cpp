#include "ops/report_html.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <set>

#include "ops/chart.hpp"
#include "ops/page_style.hpp"
#include "ops/report_text.hpp"
#include "ops/status.hpp"

namespace taskmirror::ops {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr std::size_t kMostBars = 25;
constexpr std::size_t kMostLayers = kColours;
constexpr std::string_view kNobody = "(nobody)";

// Of page_style().
enum Colour : std::size_t { blue, orange, green, purple, sky, red, yellow, grey };

// What a report told, by the names of its columns.
class Table {
  public:
    explicit Table(const store::Rows& rows) : rows_(rows) {}
    std::size_t size() const { return rows_.rows.size(); }
    bool is_null(std::size_t row, std::string_view column) const {
        return std::holds_alternative<std::monostate>(cell(row, column));
    }
    std::string text(std::size_t row, std::string_view column) const { return store::text(cell(row, column)); }
    double number(std::size_t row, std::string_view column) const {
        return store::number(cell(row, column)).value_or(0);
    }
    std::optional<sys_days> day(std::size_t row, std::string_view column) const {
        const auto instant = parse_iso(text(row, column) + "T00:00:00Z");
        return instant ? std::optional(std::chrono::floor<days>(*instant)) : std::nullopt;
    }

  private:
    const store::Cell& cell(std::size_t row, std::string_view column) const {
        const auto at = std::ranges::find(rows_.columns, column) - rows_.columns.begin();
        return rows_.rows[row].at(static_cast<std::size_t>(at));
    }
    const store::Rows& rows_;
};

// A chart with what stands below it.
struct Drawn {
    std::string wide{}, narrow{};
    std::vector<Series> legend{};  // without values
    std::string note{};
};

template <typename Chart>
Drawn drawn(const Chart& chart, std::vector<Series> legend, std::string note) {
    for (auto& one : legend) one.values.clear();
    return {svg(chart, Size::wide), svg(chart, Size::narrow), std::move(legend), std::move(note)};
}

std::string_view title_of(const Report& report) {
    switch (report.chart) {
        case Chart::workload:
            return "Open tasks by person";
        case Chart::overdue:
            return "Overdue by person";
        case Chart::stages:
            return "Median time in each section";
        case Chart::logged:
            return "Logged time by person";
        case Chart::health:
            return "Tasks by project";
        case Chart::none:
        case Chart::burn_up:
        case Chart::flow:
        case Chart::cycle_times:
        case Chart::throughput:
            break;
    }
    return report.title;
}

Heading heading(const Told& told, std::string describes) {
    return {std::string(told.report->name), std::string(title_of(*told.report)), std::move(describes)};
}

std::string name_or(std::string name, std::string_view other) { return name.empty() ? std::string(other) : name; }

std::string count(double number, std::string_view what) { return fmt::format("{} {}", grouped(number), what); }

// Sums of columns by the day in another one; days without a row are those before or between, and count 0.
TimeChart by_day(const Table& table, std::string_view day, const std::vector<std::string_view>& columns) {
    std::map<sys_days, std::vector<double>> sums;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto its = table.day(row, day);
        if (!its) continue;
        auto& values = sums.try_emplace(*its, columns.size()).first->second;
        for (std::size_t i = 0; i < columns.size(); ++i) values[i] += table.number(row, columns[i]);
    }
    TimeChart chart;
    chart.series.resize(columns.size());
    for (const auto& [its, values] : sums) {
        chart.days.push_back(its);
        for (std::size_t i = 0; i < columns.size(); ++i) chart.series[i].values.push_back(values[i]);
    }
    return chart;
}

// What a line or column stands for that adds several projects up.
std::string of_several_projects(const Told& told) {
    if (std::ranges::count(told.answer.columns, "project_gid") == 0) return {};
    const Table table(told.answer);
    std::set<std::string> projects;
    for (std::size_t row = 0; row < table.size(); ++row) projects.insert(table.text(row, "project_gid"));
    return projects.size() < 2 ? "" : "Of several projects the sum: a task counts in each of its projects.";
}

Drawn burn_up(const Told& told) {
    auto chart = by_day(Table(told.answer), "day", {"done", "scope"});
    chart.series[0].name = "done";
    chart.series[0].colour = blue;
    chart.series[0].area = true;
    chart.series[1].name = "all tasks (scope)";
    chart.series[1].colour = orange;
    if (!chart.days.empty())
        chart.heading =
            heading(told, fmt::format("From {} to {}: at the end {} of {} are done.", iso_day(chart.days.front()),
                                      iso_day(chart.days.back()), grouped(chart.series[0].values.back()),
                                      count(chart.series[1].values.back(), "tasks")));
    return drawn(chart, chart.series, "Between the lines: what is open. " + of_several_projects(told));
}

Drawn throughput(const Told& told) {
    auto chart = by_day(Table(told.answer), "week", {"created", "completed"});
    chart.kind = TimeChart::Kind::columns;
    chart.series[0].name = "created";
    chart.series[0].colour = orange;
    chart.series[1].name = "completed";
    chart.series[1].colour = blue;
    const auto sum = [&](std::size_t i) {
        return std::accumulate(chart.series[i].values.begin(), chart.series[i].values.end(), 0.0);
    };
    chart.heading = heading(told, fmt::format("{} created, {} completed, by week.", grouped(sum(0)), grouped(sum(1))));
    return drawn(chart, chart.series, of_several_projects(told));
}

// The sections of several projects that have one name are one layer.
Drawn flow(const Told& told) {
    const Table table(told.answer);
    std::vector<std::string> names;  // in the order of sections
    std::map<std::string, std::map<sys_days, double>> layers;
    std::map<std::string, double> most;
    std::set<sys_days> all;
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto day = table.day(row, "day");
        if (!day) continue;
        const auto name = name_or(table.text(row, "section_name"), "(no name)");
        const auto [layer, is_new] = layers.try_emplace(name);
        if (is_new) names.push_back(name);
        const auto value = layer->second[*day] += table.number(row, "tasks");
        most[name] = std::max(most[name], value);
        all.insert(*day);
    }
    std::string note =
        "A section's layer is as high as tasks stood in it. Of several projects, sections of one name are one layer.";
    std::set<std::string> apart(names.begin(), names.end());
    if (names.size() > kMostLayers) {
        auto order = names;
        std::ranges::stable_sort(order, std::greater<>(), [&](const auto& name) { return most[name]; });
        apart = {order.begin(), order.begin() + static_cast<std::ptrdiff_t>(kMostLayers) - 1};
        note += fmt::format(" The {} smallest layers are one.", names.size() - apart.size());
    }

    TimeChart chart{.kind = TimeChart::Kind::stacked, .days = {all.begin(), all.end()}};
    const auto add = [&](const std::string& name, std::size_t colour) -> Series& {
        chart.series.push_back({.name = name, .values = std::vector<double>(all.size()), .colour = colour});
        return chart.series.back();
    };
    // The last section, usually what is done, stands at the bottom.
    Series others{.name = "other sections", .values = std::vector<double>(all.size()), .colour = grey};
    for (auto name = names.rbegin(); name != names.rend(); ++name) {
        auto& series = apart.contains(*name) ? add(*name, chart.series.size()) : others;
        std::size_t i = 0;
        for (const auto day : all) {
            const auto& its = layers[*name];
            const auto found = its.find(day);
            series.values[i++] += found != its.end() ? found->second : 0;
        }
    }
    if (names.size() > kMostLayers) chart.series.push_back(others);
    if (!all.empty())
        chart.heading = heading(
            told, fmt::format("Tasks by section from {} to {}.", iso_day(*all.begin()), iso_day(*all.rbegin())));
    auto legend = chart.series;
    std::ranges::reverse(legend);
    return drawn(chart, legend, note);
}

Drawn cycle_times(const Told& told) {
    const Table table(told.answer);
    const auto chart_of = [&](std::string_view column) {
        DotChart chart;
        for (std::size_t row = 0; row < table.size(); ++row) {
            const auto at = parse_iso(table.text(row, "completed_at"));
            if (!at || table.is_null(row, column) || table.number(row, column) < 0)
                continue;  // started behind its end: not known
            chart.dots.push_back({std::chrono::floor<std::chrono::seconds>(*at + offset_at(*at, told.offsets)),
                                  table.number(row, column), table.text(row, "task_name")});
        }
        return chart;
    };
    auto chart = chart_of("cycle_seconds");
    std::string note = "From the first assignment or move of a task until it was completed.";
    if (chart.dots.empty()) {
        chart = chart_of("lead_seconds");
        note = "From when a task was made until it was completed: none has a known start.";
    } else if (chart.dots.size() < table.size()) {
        note += fmt::format(" {} of {} tasks have no known start and are not shown.",
                            grouped(static_cast<double>(table.size() - chart.dots.size())),
                            grouped(static_cast<double>(table.size())));
    }
    std::vector<double> sorted;
    for (const auto& dot : chart.dots) sorted.push_back(dot.seconds);
    std::ranges::sort(sorted);
    if (!sorted.empty()) {
        chart.lines = {
            {"50 %", percentile(sorted, 0.5)}, {"85 %", percentile(sorted, 0.85)}, {"95 %", percentile(sorted, 0.95)}};
        chart.heading = heading(
            told,
            fmt::format("{}: half took no longer than {}, 85 of 100 no longer than {}, 95 of 100 no longer than {}.",
                        count(static_cast<double>(sorted.size()), "completed tasks"),
                        short_duration(chart.lines[0].seconds), short_duration(chart.lines[1].seconds),
                        short_duration(chart.lines[2].seconds)));
        note += " The scale is logarithmic. Dashed: so many of 100 tasks took no longer.";
    }
    return drawn(chart, {{.name = "a task, by the day of its completion", .colour = blue}}, note);
}

// Bars of those who have most; the others are counted together.
class Bars {
  public:
    explicit Bars(std::vector<Series> series) : series_(std::move(series)) {}
    void add(const std::string& key, const std::string& name, std::size_t series, double value) {
        auto& row =
            rows_.try_emplace(key, Row{name_or(name, "(no name)"), std::vector<double>(series_.size())}).first->second;
        row.values[series] += value;
    }
    // `others` is what the rest are: "people". In the order of the keys where it is empty.
    Drawn draw(const Told& told, std::string_view others, bool minutes = false, std::string note = "") const {
        std::vector<Row> rows;
        for (const auto& [key, row] : rows_) rows.push_back(row);
        if (!others.empty()) std::ranges::stable_sort(rows, std::greater<>(), [](const Row& row) { return row.sum(); });
        BarChart chart{
            .heading = heading(told, fmt::format("{} bars.", rows.size())), .series = series_, .minutes = minutes};
        const auto shown = std::min(rows.size(), kMostBars);
        double rest = 0;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i >= shown) {
                rest += rows[i].sum();
                continue;
            }
            chart.names.push_back(rows[i].name);
            for (std::size_t s = 0; s < series_.size(); ++s) chart.series[s].values.push_back(rows[i].values[s]);
        }
        if (rows.size() > shown)
            note += fmt::format("{}And {} more{}{}, with {} together.", note.empty() ? "" : " ", rows.size() - shown,
                                others.empty() ? "" : " ", others, minutes ? short_duration(rest * 60) : grouped(rest));
        if (!rows.empty())
            chart.heading.describes =
                fmt::format("{}; the first is {}.",
                            count(static_cast<double>(rows.size()), others.empty() ? "bars" : others), rows[0].name);
        return drawn(chart, series_, note);
    }

  private:
    struct Row {
        std::string name;
        std::vector<double> values;
        double sum() const { return std::accumulate(values.begin(), values.end(), 0.0); }
    };
    std::vector<Series> series_;
    std::map<std::string, Row> rows_;
};

Drawn workload(const Told& told) {
    const Table table(told.answer);
    Bars bars({{.name = "overdue", .colour = red},
               {.name = "due later", .colour = blue},
               {.name = "no due date", .colour = grey}});
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto gid = table.text(row, "assignee_gid"), name = table.text(row, "assignee_name");
        const double open = table.number(row, "open_tasks"), late = table.number(row, "overdue_tasks");
        bars.add(gid, name, 0, late);
        bars.add(gid, name, table.is_null(row, "week") ? 2 : 1, open - late);
    }
    return bars.draw(told, "people");
}

Drawn overdue(const Told& told) {
    const Table table(told.answer);
    Bars bars({{.name = "up to 7 days", .colour = yellow},
               {.name = "up to 30 days", .colour = orange},
               {.name = "longer", .colour = red}});
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto gid = table.text(row, "assignee_gid");
        const double late = table.number(row, "days_overdue");
        bars.add(gid, gid.empty() ? std::string(kNobody) : table.text(row, "assignee_name"),
                 late <= 7    ? 0
                 : late <= 30 ? 1
                              : 2,
                 1);
    }
    return bars.draw(told, "people");
}

Drawn stages(const Told& told) {
    const Table table(told.answer);
    std::map<std::string, std::vector<double>> stays;
    std::vector<std::string> names;
    for (std::size_t row = 0; row < table.size(); ++row) {
        if (table.is_null(row, "seconds")) continue;
        const auto name = name_or(table.text(row, "section_name"), "(no name)");
        auto& its = stays[name];
        if (its.empty()) names.push_back(name);
        its.push_back(table.number(row, "seconds"));
    }
    Bars bars({{.name = "median stay", .colour = blue}});
    for (std::size_t i = 0; i < names.size(); ++i) {
        auto& its = stays[names[i]];
        std::ranges::sort(its);
        bars.add(fmt::format("{:09}", i), names[i], 0, percentile(its, 0.5) / 60);
    }
    return bars.draw(told, "", true, "Stays that go on count until now. Sections of one name are one bar.");
}

Drawn logged(const Told& told) {
    const Table table(told.answer);
    Bars bars({{.name = "logged", .colour = blue}});
    for (std::size_t row = 0; row < table.size(); ++row)
        bars.add(table.text(row, "user_gid"), table.text(row, "user_name"), 0, table.number(row, "minutes"));
    return bars.draw(told, "people", true);
}

Drawn health(const Told& told) {
    const Table table(told.answer);
    Bars bars(
        {{.name = "completed", .colour = blue}, {.name = "open", .colour = grey}, {.name = "overdue", .colour = red}});
    for (std::size_t row = 0; row < table.size(); ++row) {
        const auto gid = table.text(row, "project_gid"), name = table.text(row, "project_name");
        bars.add(gid, name, 0, table.number(row, "completed_tasks"));
        bars.add(gid, name, 1, table.number(row, "open_tasks") - table.number(row, "overdue_tasks"));
        bars.add(gid, name, 2, table.number(row, "overdue_tasks"));
    }
    return bars.draw(told, "projects");
}

Drawn drawn(const Told& told) {
    switch (told.report->chart) {
        case Chart::none:
            return {};
        case Chart::burn_up:
            return burn_up(told);
        case Chart::flow:
            return flow(told);
        case Chart::cycle_times:
            return cycle_times(told);
        case Chart::throughput:
            return throughput(told);
        case Chart::workload:
            return workload(told);
        case Chart::overdue:
            return overdue(told);
        case Chart::stages:
            return stages(told);
        case Chart::logged:
            return logged(told);
        case Chart::health:
            return health(told);
    }
    return {};
}

std::string figure(const Told& told) {
    if (told.has_more)
        return "<p class=\"muted\">Too many rows for one picture: name a project or a team (--project, --team).</p>";
    const auto chart = drawn(told);
    if (chart.wide.empty()) return "<p class=\"muted\">Nothing to draw: there is no such data.</p>";
    std::string out = fmt::format("<figure>{}{}<figcaption><ul class=\"legend\">", chart.wide, chart.narrow);
    for (const auto& one : chart.legend)
        out += fmt::format("<li><i class=\"f{}\"></i>{}</li>", one.colour % kColours, html(one.name));
    out += "</ul>";
    if (!chart.note.empty()) out += fmt::format("<p class=\"note\">{}</p>", html(chart.note));
    return out + "</figcaption></figure>";
}

// With a link, where the tracker gave one.
std::string name_cell(const Told& told, const std::vector<store::Cell>& row, const std::string& text) {
    const auto at = std::ranges::find(told.answer.columns, "permalink_url") - told.answer.columns.begin();
    if (static_cast<std::size_t>(at) == told.answer.columns.size()) return html(text);
    const auto* const url = std::get_if<std::string>(&row[static_cast<std::size_t>(at)]);
    if (url == nullptr || !url->starts_with("https://")) return html(text);
    return fmt::format("<a href=\"{}\" rel=\"noreferrer\">{}</a>", html(*url), html(text));
}

std::string table_section(const Told& told) {
    const auto& all = told.answer.rows;
    if (all.empty()) return "<section><h2>Rows</h2><p class=\"muted\">None.</p></section>";
    const auto columns = shown_columns(told);
    const auto shown_rows = std::min(all.size(), kShownRows);
    std::string out = fmt::format("<section><h2 id=\"rows\">{}{}</h2>", told.has_more ? "More than " : "",
                                  count(static_cast<double>(all.size()), all.size() == 1 ? "row" : "rows"));
    if (told.has_more || shown_rows < all.size())
        out += fmt::format("<p class=\"muted\">The first {} of them; taskmirror report {} --format csv has all.</p>",
                           grouped(static_cast<double>(shown_rows)), told.report->name);
    out += "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-labelledby=\"rows\"><table><thead><tr>";
    const auto class_of = [](const Shown& column) {
        switch (column.kind) {
            case Kind::yes_no:
                return "d";
            case Kind::text:
                return column.label.ends_with("gid") || column.label.ends_with(" on") || column.label == "day" ||
                               column.label == "week"
                           ? "d"
                           : "t";
            case Kind::instant:
                return "d";
            case Kind::number:
            case Kind::share:
            case Kind::seconds:
            case Kind::minutes:
                break;
        }
        return "n";
    };
    for (const auto& column : columns)
        out += fmt::format("<th scope=\"col\" class=\"{}\">{}</th>", class_of(column), html(column.label));
    out += "</tr></thead><tbody>";
    for (std::size_t i = 0; i < shown_rows; ++i) {
        out += "\n<tr>";
        for (const auto& column : columns) {
            const auto text = shown(all[i][column.index], column.kind, told);
            const bool is_name =
                told.answer.columns[column.index] == "task_name" || told.answer.columns[column.index] == "name";
            const auto* const tag = &column == columns.data() ? "th scope=\"row\"" : "td";
            out += fmt::format("<{} class=\"{}\">{}</{}>", tag, class_of(column),
                               is_name ? name_cell(told, all[i], text) : html(text),
                               &column == columns.data() ? "th" : "td");
        }
        out += "</tr>";
    }
    return out + "</tbody></table></div></section>";
}

std::string facts(const Told& told) {
    std::string out = "<dl class=\"facts\">";
    const auto say = [&](std::string_view name, std::string_view value, std::string_view its_class = "") {
        out += fmt::format("<div><dt>{}</dt><dd class=\"{}\">{}</dd></div>", name, its_class, html(value));
    };
    const auto filters = filters_text(told);
    say("Filters", filters.empty() ? "none" : filters);
    const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(offset_at(told.at, told.offsets)).count();
    say("Days and times",
        fmt::format("UTC{}", minutes == 0 ? ""
                                          : fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+',
                                                        std::abs(minutes) / 60, std::abs(minutes) % 60)));
    for (bool first = true; const auto& line : age_text(told)) {
        say(first ? "How old" : "Missing", line, first && told.as_of ? "" : "warn");
        first = false;
    }
    return out + "</dl>";
}

}  // namespace

std::string html_page(const Told& told, std::string_view version) {
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n"
        "<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n"
        "<header><h1>{}</h1><p class=\"says\">{}</p>{}</header>\n",
        html(filters_text(told).empty() ? std::string(told.report->title)
                                        : fmt::format("{}: {}", told.report->title, filters_text(told))),
        page_style(), html(told.report->title), html(told.report->says), facts(told));
    if (told.parts.empty()) {
        if (told.report->chart != Chart::none)
            out += fmt::format("<section><h2>{}</h2>{}</section>\n", html(title_of(*told.report)), figure(told));
        out += table_section(told);
    } else {
        const Table table(told.answer);
        out += "<ul class=\"figures\">";
        for (std::size_t i = 0; i < table.size(); ++i)
            out +=
                fmt::format("<li><b>{}</b>{}</li>", grouped(table.number(i, "value")), html(table.text(i, "figure")));
        out += "</ul>\n";
        for (const auto& part : told.parts)
            out += fmt::format("<section><h2>{}</h2><p class=\"muted\">{}</p>{}</section>\n",
                               html(title_of(*part.report)), html(part.report->says), figure(part));
    }
    out += fmt::format("\n<footer><p>Written by taskmirror {} at {}Z.</p></footer>\n</main>\n</body>\n</html>\n",
                       html(version), iso(told.at).substr(0, 19));
    return out;
}

}  // namespace taskmirror::ops
