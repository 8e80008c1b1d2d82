// Charts as SVG that stands inside a page: colours, fonts and dashes are its classes, f0 to f7 to fill with and s0 to
// s7 to draw with. No script, nothing from elsewhere. Pure functions; texts may be anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror::ops {

inline constexpr std::size_t kColours = 8;

// As text or the value of an attribute. What HTML does not allow becomes U+FFFD, a new line a blank.
std::string html(std::string_view text);

struct Series {
    std::string name{};
    std::vector<double> values{};
    std::size_t colour = 0;
    bool area = false;  // of lines: filled down to zero
};

struct Heading {
    std::string id{};  // of the chart on its page
    std::string title{};
    std::string describes{};
};

// Values by day; each series has as many as there are days, which are in order.
struct TimeChart {
    Heading heading{};
    enum class Kind : std::uint8_t { lines, stacked, columns } kind = Kind::lines;
    std::vector<std::chrono::sys_days> days{};
    std::vector<Series> series{};
};

// Series one behind the other in one bar for each name.
struct BarChart {
    Heading heading{};
    std::vector<std::string> names{};
    std::vector<Series> series{};
    bool minutes = false;  // else they count
};

// Durations by the instant at which they ended, on a logarithmic scale, with lines across.
struct DotChart {
    Heading heading{};
    struct Dot {
        std::chrono::sys_seconds at{};
        double seconds = 0;
        std::string name{};
    };
    struct Line {
        std::string name{};
        double seconds = 0;
    };
    std::vector<Dot> dots{};
    std::vector<Line> lines{};
};

// Values by minute, one behind the other without a hole.
struct MinuteChart {
    Heading heading{};
    std::chrono::sys_time<std::chrono::minutes> first{};
    std::vector<Series> series{};
};

// Of the page on which it stands: a screen, or a phone.
enum class Size : std::uint8_t { wide, narrow };

// Empty charts give an empty text.
std::string svg(const TimeChart& chart, Size size);
std::string svg(const BarChart& chart, Size size);
std::string svg(const DotChart& chart, Size size);
std::string svg(const MinuteChart& chart, Size size);

// Round numbers from 0 to at least `most`, at most so many steps.
std::vector<double> number_ticks(double most, std::size_t steps);

struct DayTick {
    std::chrono::sys_days day{};
    std::string label{};
};
// First days of weeks, months, quarters or years between two days: at most so many.
std::vector<DayTick> day_ticks(std::chrono::sys_days from, std::chrono::sys_days to, std::size_t most);

struct DurationTick {
    double seconds = 0;
    std::string label{};
};
// From the last one that is not above `least` to the first one that is not below `most`, at most so many between.
std::vector<DurationTick> duration_ticks(double least, double most, std::size_t steps);

// The value of the nearest rank: so large a share of the sorted values is not above it. There must be one.
double percentile(const std::vector<double>& sorted, double share);

// "3.5 d": one unit.
std::string short_duration(double seconds);

}  // namespace taskmirror::ops
