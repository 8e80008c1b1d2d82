#include "ops/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "core/text.hpp"
#include "core/width.hpp"
#include "ops/report_period.hpp"
#include "ops/report_text.hpp"

namespace taskmirror::ops {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// Pixels, where the page shows a chart as wide as it is.
constexpr double kWide = 920, kNarrow = 350;
constexpr double kHigh = 320, kLow = 260;
constexpr double kCharacter = 7;          // of a label, at most on average
constexpr double kLine = 15;              // from one line of labels to the next
constexpr double kBelow = 26;             // for the labels of the time
constexpr double kBar = 28;               // from one bar to the next
constexpr std::size_t kMostNamed = 1000;  // dots that tell their name

double width_of(Size size) { return size == Size::wide ? kWide : kNarrow; }
double height_of(Size size) { return size == Size::wide ? kHigh : kLow; }

double wide(std::string_view text) { return kCharacter * static_cast<double>(cells(text)); }

std::string number(double value) {
    auto text = fmt::format("{:.1f}", value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text == "-0" ? "0" : text;
}

double sum_of(const std::vector<Series>& series, std::size_t index) {
    double sum = 0;
    for (const auto& one : series) sum += std::max(0.0, one.values[index]);
    return sum;
}

class Canvas {
  public:
    Canvas(const Heading& heading, Size size, double width, double height) : width_(width) {
        const auto id = heading.id + (size == Size::wide ? "-w" : "-n");
        out_ = fmt::format(
            R"(<svg class="{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d"><title id="{}-t">{}</title>)"
            R"(<desc id="{}-d">{}</desc>)",
            size == Size::wide ? "wide" : "narrow", number(width), number(height), id, id, id, html(heading.title), id,
            html(heading.describes));
    }
    double width() const { return width_; }
    void text(double x, double y, std::string_view anchor, std::string_view words,
              std::string_view its_class = "label") {
        add(R"(<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>)", its_class, number(x), number(y), anchor,
            html(words));
    }
    void line(double x1, double y1, double x2, double y2, std::string_view its_class) {
        add(R"(<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>)", its_class, number(x1), number(y1), number(x2),
            number(y2));
    }
    void rectangle(double x, double y, double width, double height, std::size_t colour, std::string_view tells) {
        if (width <= 0 || height <= 0) return;
        add(R"(<rect class="f{}" x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>)", colour % kColours,
            number(x), number(y), number(width), number(height), html(tells));
    }
    void circle(double x, double y, double radius, std::size_t colour, std::string_view tells) {
        add(R"(<circle class="f{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>)", colour % kColours, number(x),
            number(y), number(radius), html(tells));
    }
    void path(std::string_view steps, std::string_view its_class, std::string_view tells) {
        add(R"(<path class="{}" d="{}"><title>{}</title></path>)", its_class, steps, html(tells));
    }
    std::string take() { return std::move(out_) + "</svg>"; }

  private:
    template <typename... Values>
    void add(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Values>(values)...);
    }
    double width_;
    std::string out_;
};

// Where the data stands, and what is drawn around it.
struct Plot {
    double left = 0, right = 0, top = 10, bottom = 0;
    sys_days from{}, to{};

    double x(std::chrono::sys_seconds at) const {
        if (from == to) return (left + right) / 2;
        const std::chrono::duration<double> since = at - from, all = to - from;
        return left + (right - left) * (since / all);
    }
};

void draw_days(Canvas& canvas, const Plot& plot) {
    canvas.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis");
    constexpr double kLabel = 66;
    if (plot.from == plot.to) {
        canvas.text(plot.x(plot.from), plot.bottom + kLine, "middle", iso_day(plot.from));
        return;
    }
    double free_from = 0;
    for (const auto& tick :
         day_ticks(plot.from, plot.to, static_cast<std::size_t>((plot.right - plot.left) / kLabel))) {
        const double x = plot.x(tick.day);
        canvas.line(x, plot.bottom, x, plot.bottom + 4, "axis");
        const double half = wide(tick.label) / 2;
        const double at = std::min(x, canvas.width() - half);
        if (at - half < free_from) continue;
        canvas.text(at, plot.bottom + kLine + 2, "middle", tick.label);
        free_from = at + half + 4;
    }
}

// The largest value is that of the last tick.
void draw_scale(Canvas& canvas, const Plot& plot, const std::vector<double>& ticks) {
    for (const double tick : ticks) {
        const double y = plot.bottom - (plot.bottom - plot.top) * tick / ticks.back();
        if (tick > 0) canvas.line(plot.left, y, plot.right, y, "grid");
        canvas.text(plot.left - 6, y + 4, "end", grouped(tick));
    }
}

std::string point(double x, double y) { return number(x) + " " + number(y); }

// One above the other.
void draw_columns(Canvas& canvas, const TimeChart& chart, const Plot& plot, const std::vector<double>& ticks) {
    const double step =
        (plot.right - plot.left) * 7 / std::max(7.0, static_cast<double>((plot.to - plot.from).count()));
    const double width = std::max(0.8, step * 0.8 / static_cast<double>(chart.series.size()));
    for (std::size_t s = 0; s < chart.series.size(); ++s)
        for (std::size_t i = 0; i < chart.days.size(); ++i) {
            const auto& one = chart.series[s];
            const double height = (plot.bottom - plot.top) * one.values[i] / ticks.back();
            canvas.rectangle(
                plot.x(chart.days[i]) + step * 0.1 + width * static_cast<double>(s), plot.bottom - height, width,
                height, one.colour,
                fmt::format("week of {}: {} {}", iso_day(chart.days[i]), grouped(one.values[i]), one.name));
        }
}

std::string last_of(const Series& one) {
    return fmt::format("{}: {} at the end", one.name, grouped(one.values.back()));
}

void draw_areas(Canvas& canvas, const TimeChart& chart, const Plot& plot, const std::vector<double>& ticks) {
    // No more points than pixels; the last one is always there.
    std::vector<std::size_t> points;
    const auto step = std::max<std::size_t>(1, chart.days.size() / static_cast<std::size_t>(plot.right - plot.left));
    for (std::size_t i = 0; i + 1 < chart.days.size(); i += step) points.push_back(i);
    points.push_back(chart.days.size() - 1);

    const bool stacked = chart.kind == TimeChart::Kind::stacked;
    std::vector<double> below(chart.days.size());
    const auto y = [&](double value) { return plot.bottom - (plot.bottom - plot.top) * value / ticks.back(); };
    for (const auto& one : chart.series) {
        std::vector<double> above = one.values;
        if (stacked) std::transform(above.begin(), above.end(), below.begin(), above.begin(), std::plus<>());
        if (points.size() == 1) {
            const double x = plot.x(chart.days[0]);
            if (stacked || one.area)
                canvas.rectangle(x - 20, y(above[0]), 40, y(stacked ? below[0] : 0) - y(above[0]), one.colour,
                                 last_of(one));
            else
                canvas.circle(x, y(above[0]), 5, one.colour, last_of(one));
        } else {
            std::string line = "M";
            for (const auto i : points)
                line += (line.size() > 1 ? "L" : "") + point(plot.x(chart.days[i]), y(above[i]));
            std::string area = line;
            for (std::size_t i = points.size(); i-- > 0;)
                area += "L" + point(plot.x(chart.days[points[i]]), y(stacked ? below[points[i]] : 0));
            const auto colour = one.colour % kColours;
            if (stacked)
                canvas.path(area + "Z", fmt::format("f{} edge", colour), last_of(one));
            else if (one.area)
                canvas.path(area + "Z", fmt::format("f{} soft", colour), last_of(one));
            if (!stacked) canvas.path(line, fmt::format("line s{}", colour), last_of(one));
        }
        if (stacked) below = std::move(above);
    }
}

// A tick: how many months, or else days; 0 months and 7 days: Mondays.
struct Step {
    int months = 0;
    int days = 0;
};
constexpr std::array kSteps = {Step{0, 1},  Step{0, 7},  Step{1, 0},  Step{2, 0},   Step{3, 0},   Step{6, 0},
                               Step{12, 0}, Step{24, 0}, Step{60, 0}, Step{120, 0}, Step{240, 0}, Step{600, 0}};

std::string label_of(sys_days day, const Step& step) {
    constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::chrono::year_month_day date(day);
    const auto* const month = kMonths[static_cast<unsigned>(date.month()) - 1];
    if (step.months == 0) return fmt::format("{} {}", static_cast<unsigned>(date.day()), month);
    if (step.months % 12 == 0) return fmt::format("{}", static_cast<int>(date.year()));
    return fmt::format("{} {}", month, static_cast<int>(date.year()));
}

std::vector<DayTick> ticks_by(sys_days from, sys_days to, const Step& step, std::size_t most) {
    std::vector<DayTick> ticks;
    const auto add = [&](sys_days day) {
        if (day >= from && day <= to) ticks.push_back({day, label_of(day, step)});
    };
    if (step.months == 0) {
        const std::chrono::weekday first(from);
        const auto ahead = step.days == 7 ? std::chrono::Monday - first : days(0);
        for (sys_days day = from + ahead; day <= to && ticks.size() <= most; day += days(step.days)) add(day);
        return ticks;
    }
    const std::chrono::year_month_day begin(from);
    const int month = static_cast<int>(begin.year()) * 12 + static_cast<int>(static_cast<unsigned>(begin.month())) - 1;
    for (int i = month - month % step.months; ticks.size() <= most; i += step.months) {
        const sys_days day = std::chrono::year(i / 12) / std::chrono::month(static_cast<unsigned>(i % 12) + 1) / 1;
        if (day > to) break;
        add(day);
    }
    return ticks;
}

constexpr double kMinute = 60, kHour = 3600, kDay = 86'400, kYear = 365 * kDay;

const std::vector<DurationTick>& fine_durations() {
    static const std::vector<DurationTick> ticks = {
        {kMinute, "1 min"},  {10 * kMinute, "10 min"}, {kHour, "1 h"},        {4 * kHour, "4 h"},
        {kDay, "1 d"},       {3 * kDay, "3 d"},        {7 * kDay, "7 d"},     {14 * kDay, "14 d"},
        {30 * kDay, "30 d"}, {90 * kDay, "90 d"},      {180 * kDay, "180 d"}, {kYear, "1 y"},
        {3 * kYear, "3 y"},  {10 * kYear, "10 y"},     {100 * kYear, "100 y"}};
    return ticks;
}

const std::vector<DurationTick>& coarse_durations() {
    static const std::vector<DurationTick> ticks = {{kMinute, "1 min"},   {kHour, "1 h"},        {kDay, "1 d"},
                                                    {7 * kDay, "7 d"},    {30 * kDay, "30 d"},   {kYear, "1 y"},
                                                    {10 * kYear, "10 y"}, {100 * kYear, "100 y"}};
    return ticks;
}

std::vector<DurationTick> between(const std::vector<DurationTick>& all, double least, double most) {
    std::size_t first = 0, last = all.size() - 1;
    while (first + 1 < all.size() && all[first + 1].seconds <= least) ++first;
    while (last > first + 1 && all[last - 1].seconds >= most) --last;
    if (last == first) --first;
    return {all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(last) + 1};
}

std::string named_dot(const DotChart::Dot& dot) {
    return fmt::format("{}: {}, {}", dot.name, short_duration(dot.seconds), iso_day(std::chrono::floor<days>(dot.at)));
}

}  // namespace

std::string html(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const auto size = utf8_character(text);
        const auto c = static_cast<unsigned char>(text.front());
        if (c == '&')
            out += "&amp;";
        else if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '"')
            out += "&quot;";
        else if (c == '\'')
            out += "&#39;";
        else if (c == '\n' || c == '\t' || c == '\r')
            out += ' ';
        else if (size == 0 || c < 0x20 || c == 0x7F ||
                 (size == 2 && c == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0))
            out += "\xEF\xBF\xBD";
        else
            out += text.substr(0, size);
        text.remove_prefix(std::max<std::size_t>(size, 1));
    }
    return out;
}

std::vector<double> number_ticks(double most, std::size_t steps) {
    most = std::max(most, 1.0);
    const double rough = most / static_cast<double>(std::max<std::size_t>(steps, 1));
    const double power = std::pow(10, std::floor(std::log10(rough)));
    double step = 10 * power;
    for (const double times : {1.0, 2.0, 5.0})
        if (times * power >= rough) {
            step = times * power;
            break;
        }
    step = std::max(step, 1.0);  // of what is counted there is no half
    std::vector<double> ticks = {0};
    while (ticks.back() < most) ticks.push_back(ticks.back() + step);
    return ticks;
}

std::vector<DayTick> day_ticks(sys_days from, sys_days to, std::size_t most) {
    for (const auto& step : kSteps)
        if (auto ticks = ticks_by(from, to, step, most); ticks.size() <= most) return ticks;
    return {};
}

std::vector<DurationTick> duration_ticks(double least, double most, std::size_t steps) {
    auto ticks = between(fine_durations(), least, most);
    return ticks.size() <= steps + 1 ? ticks : between(coarse_durations(), least, most);
}

double percentile(const std::vector<double>& sorted, double share) {
    const auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size()) - 1e-9));
    return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

std::string short_duration(double seconds) {
    if (seconds < kMinute) return fmt::format("{:.0f} s", seconds);
    if (seconds < kHour) return fmt::format("{:.0f} min", seconds / kMinute);
    if (seconds < 2 * kDay) return number(seconds / kHour) + " h";
    if (seconds < 100 * kDay) return number(seconds / kDay) + " d";
    return fmt::format("{} d", grouped(std::round(seconds / kDay)));
}

std::string svg(const TimeChart& chart, Size size) {
    if (chart.days.empty() || chart.series.empty()) return {};
    double most = 0;
    for (std::size_t i = 0; i < chart.days.size(); ++i) {
        if (chart.kind == TimeChart::Kind::stacked) most = std::max(most, sum_of(chart.series, i));
        for (const auto& one : chart.series) most = std::max(most, one.values[i]);
    }
    const auto ticks = number_ticks(most, size == Size::wide ? 5 : 4);
    Canvas canvas(chart.heading, size, width_of(size), height_of(size));
    const bool columns = chart.kind == TimeChart::Kind::columns;
    const Plot plot{.left = wide(grouped(ticks.back())) + 10,
                    .right = width_of(size) - 12,
                    .bottom = height_of(size) - kBelow,
                    .from = chart.days.front(),
                    .to = chart.days.back() + days(columns ? 7 : 0)};
    draw_scale(canvas, plot, ticks);
    if (columns)
        draw_columns(canvas, chart, plot, ticks);
    else
        draw_areas(canvas, chart, plot, ticks);
    draw_days(canvas, plot);
    return canvas.take();
}

std::string svg(const BarChart& chart, Size size) {
    if (chart.names.empty() || chart.series.empty()) return {};
    const auto value = [&](double its) { return chart.minutes ? short_duration(its * kMinute) : grouped(its); };
    double most = 0;
    std::size_t widest = 0;
    for (std::size_t i = 0; i < chart.names.size(); ++i) {
        most = std::max(most, sum_of(chart.series, i));
        widest = std::max(widest, cells(value(sum_of(chart.series, i))));
    }
    const double names = size == Size::wide ? 220 : 110;
    const double left = names + 8;
    const double right = width_of(size) - kCharacter * static_cast<double>(widest) - 10;
    Canvas canvas(chart.heading, size, width_of(size), kBar * static_cast<double>(chart.names.size()) + 8);
    canvas.line(left, 0, left, kBar * static_cast<double>(chart.names.size()) + 8, "axis");
    for (std::size_t i = 0; i < chart.names.size(); ++i) {
        const double y = 4 + kBar * static_cast<double>(i);
        canvas.text(names, y + kBar / 2 + 4, "end",
                    fitting(chart.names[i], static_cast<std::size_t>(names / kCharacter)), "name");
        double x = left;
        for (const auto& one : chart.series) {
            const double width = most > 0 ? (right - left) * std::max(0.0, one.values[i]) / most : 0;
            canvas.rectangle(x, y + 5, width, kBar - 10, one.colour,
                             fmt::format("{}: {} {}", chart.names[i], value(one.values[i]), one.name));
            x += width;
        }
        canvas.text(x + 6, y + kBar / 2 + 4, "start", value(sum_of(chart.series, i)), "value");
    }
    return canvas.take();
}

std::string svg(const DotChart& chart, Size size) {
    if (chart.dots.empty()) return {};
    const auto [least, most] = std::ranges::minmax_element(chart.dots, {}, &DotChart::Dot::seconds);
    const auto [first, last] = std::ranges::minmax_element(chart.dots, {}, &DotChart::Dot::at);
    const auto ticks = duration_ticks(least->seconds, most->seconds, size == Size::wide ? 8 : 6);
    Canvas canvas(chart.heading, size, width_of(size), height_of(size));
    std::size_t widest = 0;
    std::vector<std::string> labels;
    for (const auto& line : chart.lines) {
        labels.push_back(fmt::format("{} {}", line.name, short_duration(line.seconds)));
        widest = std::max(widest, cells(labels.back()));
    }
    const Plot plot{.left = 50,
                    .right = width_of(size) - kCharacter * static_cast<double>(widest) - 14,
                    .bottom = height_of(size) - kBelow,
                    .from = std::chrono::floor<days>(first->at),
                    .to = std::chrono::floor<days>(last->at) + days(1)};
    const auto y = [&](double seconds) {
        const double low = std::log(ticks.front().seconds), high = std::log(ticks.back().seconds);
        const double at = (std::log(std::max(seconds, ticks.front().seconds)) - low) / (high - low);
        return plot.bottom - (plot.bottom - plot.top) * std::min(at, 1.0);
    };
    for (const auto& tick : ticks) {
        if (tick.seconds > ticks.front().seconds)
            canvas.line(plot.left, y(tick.seconds), plot.right, y(tick.seconds), "grid");
        canvas.text(plot.left - 6, y(tick.seconds) + 4, "end", tick.label);
    }
    if (chart.dots.size() <= kMostNamed) {
        for (const auto& dot : chart.dots) canvas.circle(plot.x(dot.at), y(dot.seconds), 3.5, 0, named_dot(dot));
    } else {  // those on the same pixel are one
        std::set<std::pair<long, long>> places;
        std::string steps;
        for (const auto& dot : chart.dots) {
            const auto place = std::pair(std::lround(plot.x(dot.at)), std::lround(y(dot.seconds)));
            if (places.insert(place).second)
                fmt::format_to(std::back_inserter(steps), "M{} {}h0", place.first, place.second);
        }
        canvas.path(steps, "dots s0", fmt::format("{} tasks", grouped(static_cast<double>(chart.dots.size()))));
    }
    // Labels of lines that are close move up, away from each other; they are in the order of their values.
    double below = plot.bottom + kLine;
    for (std::size_t i = 0; i < chart.lines.size(); ++i) {
        const double at = y(chart.lines[i].seconds);
        canvas.line(plot.left, at, plot.right, at, "across");
        below = std::min(at + 4, below - kLine);
        canvas.text(plot.right + 6, below, "start", labels[i], "value");
    }
    draw_days(canvas, plot);
    return canvas.take();
}

std::string svg(const MinuteChart& chart, Size size) {
    if (chart.series.empty() || chart.series.front().values.empty()) return {};
    const auto count = chart.series.front().values.size();
    double most = 0;
    for (const auto& one : chart.series) most = std::max(most, *std::ranges::max_element(one.values));
    const double height = size == Size::wide ? 200 : 180;
    const auto ticks = number_ticks(most, 4);
    Canvas canvas(chart.heading, size, width_of(size), height);
    const Plot plot{.left = wide(grouped(ticks.back())) + 10, .right = width_of(size) - 12, .bottom = height - kBelow};
    const auto x = [&](std::size_t minute) {
        return plot.left +
               (plot.right - plot.left) * static_cast<double>(minute) / static_cast<double>(std::max(count, 2UL) - 1);
    };
    const auto y = [&](double value) { return plot.bottom - (plot.bottom - plot.top) * value / ticks.back(); };
    draw_scale(canvas, plot, ticks);
    for (const auto& one : chart.series) {
        std::string line;
        for (std::size_t i = 0; i < count; ++i) line += (i == 0 ? "M" : "L") + point(x(i), y(one.values[i]));
        const auto colour = one.colour % kColours;
        if (count == 1) {
            canvas.circle(x(0), y(one.values[0]), 4, colour, last_of(one));
            continue;
        }
        if (one.area)
            canvas.path(line + "L" + point(x(count - 1), plot.bottom) + "L" + point(x(0), plot.bottom) + "Z",
                        fmt::format("f{} soft", colour), last_of(one));
        canvas.path(line, fmt::format("line s{}", colour), last_of(one));
    }
    canvas.line(plot.left, plot.bottom, plot.right, plot.bottom, "axis");
    // The least step whose labels have room.
    const auto room = static_cast<std::size_t>((plot.right - plot.left) / (wide("00:00") + 12));
    std::size_t step = 1;
    for (const std::size_t minutes : {1, 2, 5, 10, 15, 30, 60, 120, 180, 360}) {
        step = minutes;
        if (count / minutes <= room) break;
    }
    for (std::size_t i = 0; i < count; ++i) {
        const auto minute =
            static_cast<std::size_t>((chart.first + std::chrono::minutes(i)).time_since_epoch().count());
        if (minute % step != 0) continue;
        canvas.line(x(i), plot.bottom, x(i), plot.bottom + 4, "axis");
        const double half = wide("00:00") / 2;
        canvas.text(std::min(x(i), canvas.width() - half), plot.bottom + kLine + 2, "middle",
                    fmt::format("{:02}:{:02}", minute / 60 % 24, minute % 60));
    }
    return canvas.take();
}

}  // namespace taskmirror::ops
