#include "ops/chart.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <initializer_list>
#include <sstream>
#include <string>
#include <vector>

#include "core/time.hpp"

using namespace taskmirror;
using namespace taskmirror::ops;
using std::chrono::days;
using std::chrono::sys_days;

namespace {

sys_days day(const std::string& text) { return std::chrono::floor<days>(*parse_iso(text + "T00:00:00Z")); }

constexpr const char* kHostile = "</title><script>alert(1)</script> \"onload='x' & \x01\xFF\n🎉";

std::vector<std::string> labels(const std::vector<DayTick>& ticks) {
    std::vector<std::string> texts;
    for (const auto& tick : ticks) texts.push_back(tick.label);
    return texts;
}

std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
}

// The values of an attribute, in their order.
std::vector<std::string> values(const std::string& svg, const std::string& attribute) {
    std::vector<std::string> found;
    const auto begin = " " + attribute + "=\"";
    for (auto at = svg.find(begin); at != std::string::npos; at = svg.find(begin, at)) {
        at += begin.size();
        found.push_back(svg.substr(at, svg.find('"', at) - at));
    }
    return found;
}

// Tags are closed in the order in which they were opened, and hold no < or > and even quotes; no > stands outside.
bool is_well_formed(const std::string& svg) {
    std::vector<std::string> open;
    std::size_t end = 0;
    for (auto at = svg.find('<'); at != std::string::npos; at = svg.find('<', end)) {
        if (svg.substr(end, at - end).find('>') != std::string::npos) return false;
        end = svg.find('>', at);
        if (end == std::string::npos) return false;
        const auto tag = svg.substr(at + 1, end - at - 1);
        ++end;
        if (tag.find('<') != std::string::npos || std::count(tag.begin(), tag.end(), '"') % 2 != 0) return false;
        if (tag.front() == '/') {
            if (open.empty() || open.back() != tag.substr(1)) return false;
            open.pop_back();
        } else if (tag.back() != '/') {
            open.push_back(tag.substr(0, tag.find(' ')));
        }
    }
    return open.empty() && svg.substr(end).find('>') == std::string::npos;
}

// Every coordinate lies on the sheet.
bool is_inside(const std::string& svg) {
    std::istringstream box(values(svg, "viewBox").at(0));
    double zero = 0, width = 0, height = 0;
    box >> zero >> zero >> width >> height;
    const auto lies = [&](std::initializer_list<const char*> names, double most) {
        for (const auto* const name : names)
            for (const auto& value : values(svg, name))
                if (std::stod(value) < 0 || std::stod(value) > most + 0.5) return false;
        return true;
    };
    return lies({"x", "x1", "x2", "cx"}, width) && lies({"y", "y1", "y2", "cy"}, height) &&
           svg.find("nan") == std::string::npos && svg.find("inf") == std::string::npos;
}

TimeChart lines(std::size_t count, TimeChart::Kind kind = TimeChart::Kind::lines) {
    TimeChart chart{
        .heading = {"burn", "Burn-up", "It grows."}, .kind = kind, .series = {{.name = "done"}, {.name = "all"}}};
    for (std::size_t i = 0; i < count; ++i) {
        chart.days.push_back(day("2020-01-01") + days(i));
        chart.series[0].values.push_back(static_cast<double>(i));
        chart.series[1].values.push_back(static_cast<double>(2 * i));
    }
    return chart;
}

}  // namespace

TEST_CASE("ticks of numbers are round, begin at zero and reach the largest value") {
    CHECK(number_ticks(0, 5) == std::vector<double>{0, 1});
    CHECK(number_ticks(3, 5) == std::vector<double>{0, 1, 2, 3});
    CHECK(number_ticks(7, 5) == std::vector<double>{0, 2, 4, 6, 8});
    CHECK(number_ticks(640, 5) == std::vector<double>{0, 200, 400, 600, 800});
    for (const double most : {1.0, 9.0, 10.0, 11.0, 99.0, 101.0, 12345.0, 1e7}) {
        const auto ticks = number_ticks(most, 5);
        CAPTURE(most);
        CHECK(ticks.back() >= most);
        CHECK(ticks.size() <= 7);
    }
}

TEST_CASE("ticks of time are first days of weeks, months and years, and never too many") {
    using Labels = std::vector<std::string>;
    CHECK(labels(day_ticks(day("2026-07-01"), day("2026-07-04"), 10)) == Labels{"1 Jul", "2 Jul", "3 Jul", "4 Jul"});
    CHECK(labels(day_ticks(day("2026-07-01"), day("2026-07-31"), 10)) == Labels{"6 Jul", "13 Jul", "20 Jul", "27 Jul"});
    CHECK(labels(day_ticks(day("2025-11-20"), day("2026-03-02"), 5)) ==
          Labels{"Dec 2025", "Jan 2026", "Feb 2026", "Mar 2026"});
    CHECK(labels(day_ticks(day("2019-05-01"), day("2026-03-02"), 10)) ==
          Labels{"2020", "2021", "2022", "2023", "2024", "2025", "2026"});
    for (const int length : {0, 1, 6, 30, 100, 400, 3000, 7000, 40000})
        for (const std::size_t most : {3u, 5u, 12u}) {
            CAPTURE(length, most);
            CHECK(day_ticks(day("1999-12-31"), day("1999-12-31") + days(length), most).size() <= most);
        }
}

TEST_CASE("ticks of durations enclose what they measure") {
    for (const auto& [least, most] :
         {std::pair(0.0, 0.0), std::pair(1.0, 59.0), std::pair(60.0, 60.0), std::pair(86400.0, 86400.0),
          std::pair(3600.0, 4e6), std::pair(5.0, 9e8), std::pair(1e12, 1e13)}) {
        const auto ticks = duration_ticks(least, most, 8);
        CAPTURE(least, most);
        REQUIRE(ticks.size() >= 2);
        CHECK(ticks.size() <= 9);
        if (least >= 60 && most < 3e9) CHECK(ticks.front().seconds <= least);
        if (most < 3e9) CHECK(ticks.back().seconds >= most);
    }
}

TEST_CASE("a percentile is the value of the nearest rank") {
    std::vector<double> values;
    for (int i = 1; i <= 20; ++i) values.push_back(i);
    CHECK(percentile(values, 0.5) == 10);
    CHECK(percentile(values, 0.85) == 17);
    CHECK(percentile(values, 0.95) == 19);
    CHECK(percentile({7}, 0.5) == 7);
    CHECK(percentile({7}, 0.95) == 7);
}

TEST_CASE("durations have one unit") {
    CHECK(short_duration(0) == "0 s");
    CHECK(short_duration(120) == "2 min");
    CHECK(short_duration(5400) == "1.5 h");
    CHECK(short_duration(86'400 * 2.5) == "2.5 d");
    CHECK(short_duration(86'400 * 1234.5) == "1,235 d");
}

TEST_CASE("text becomes harmless in a page") {
    CHECK(html("a<b>&\"'c") == "a&lt;b&gt;&amp;&quot;&#39;c");
    CHECK(html("a\nb\tc\x01"
               "d\xFF"
               "e\xC2\x9B"
               "f") ==
          "a b c\xEF\xBF\xBD"
          "d\xEF\xBF\xBD"
          "e\xEF\xBF\xBD"
          "f");
    CHECK(html("Größe 日本 🎉") == "Größe 日本 🎉");
}

TEST_CASE("charts of nothing are empty") {
    CHECK(svg(TimeChart(), Size::wide).empty());
    CHECK(svg(BarChart(), Size::wide).empty());
    CHECK(svg(DotChart(), Size::narrow).empty());
}

TEST_CASE("a chart of time is sound with one day and with thousands") {
    for (const auto kind : {TimeChart::Kind::lines, TimeChart::Kind::stacked, TimeChart::Kind::columns})
        for (const std::size_t length : {1u, 2u, 30u, 400u, 5000u})
            for (const auto size : {Size::wide, Size::narrow}) {
                auto chart = lines(length, kind);
                chart.series[0].area = true;
                const auto drawn = svg(chart, size);
                CAPTURE(length, static_cast<int>(kind));
                CHECK(is_well_formed(drawn));
                CHECK(is_inside(drawn));
                if (kind != TimeChart::Kind::columns) CHECK(drawn.size() < 60'000);
            }
}

TEST_CASE("values are drawn to scale") {
    const auto drawn = svg(lines(3), Size::wide);  // 0, 1, 2 and 0, 2, 4, on a scale that ends at 4
    CHECK_THAT(drawn, Catch::Contains("L908 10") && Catch::Contains("L908 152") && Catch::Contains("M17 294L"));
}

TEST_CASE("layers stand one above the other") {
    auto chart = lines(2, TimeChart::Kind::stacked);
    chart.series[0].values = {1, 1};
    chart.series[1].values = {1, 3};
    const auto drawn = svg(chart, Size::wide);  // the scale ends at 4
    CHECK_THAT(drawn,
               Catch::Contains("M17 223L908 223L908 294L17 294Z") && Catch::Contains("M17 152L908 10L908 223L17 223Z"));
}

TEST_CASE("bars have the length of their sum") {
    BarChart chart{.heading = {"b", "Bars", ""},
                   .names = {"Ann", "Ben"},
                   .series = {{.name = "a", .values = {3, 1}}, {.name = "b", .values = {1, 1}}}};
    const auto drawn = svg(chart, Size::wide);
    CHECK(is_well_formed(drawn));
    CHECK(is_inside(drawn));
    std::vector<double> widths;
    for (const auto& width : values(drawn, "width")) widths.push_back(std::stod(width));
    REQUIRE(widths.size() == 4);
    CHECK(widths[0] == Approx(3 * widths[1]).epsilon(0.01));
    CHECK(widths[2] == Approx(widths[3]).epsilon(0.01));
    chart.series = {{.name = "none", .values = {0, 0}}};
    CHECK(is_inside(svg(chart, Size::narrow)));
}

TEST_CASE("a scatter is sound with one dot and with thousands") {
    for (const std::size_t count : {1u, 2u, 999u, 1001u, 30'000u})
        for (const auto size : {Size::wide, Size::narrow}) {
            DotChart chart{.heading = {"d", "Dots", ""}, .lines = {{"50 %", 100}, {"85 %", 100}, {"95 %", 101}}};
            for (std::size_t i = 0; i < count; ++i)
                chart.dots.push_back(
                    {day("2026-01-01") + std::chrono::minutes(i * 13), static_cast<double>(i * i), "Task"});
            const auto drawn = svg(chart, size);
            CAPTURE(count);
            CHECK(is_well_formed(drawn));
            CHECK(is_inside(drawn));
            CHECK(drawn.size() < 400'000);
        }
}

TEST_CASE("labels of lines that are close do not stand on each other") {
    DotChart chart{.heading = {"d", "Dots", ""},
                   .dots = {{day("2026-01-01"), 1000, "Task"}, {day("2026-02-01"), 9e6, "Task"}},
                   .lines = {{"50 %", 1000}, {"85 %", 1010}, {"95 %", 1020}}};
    const auto drawn = svg(chart, Size::wide);
    std::vector<double> places;
    for (auto at = drawn.find("class=\"value\""); at != std::string::npos; at = drawn.find("class=\"value\"", at + 1))
        places.push_back(std::stod(values(drawn.substr(at), "y").at(0)));
    REQUIRE(places.size() == 3);
    CHECK(places[0] - places[1] >= 14);
    CHECK(places[1] - places[2] >= 14);
}

TEST_CASE("hostile names stay text in every chart") {
    auto time = lines(30, GENERATE(TimeChart::Kind::lines, TimeChart::Kind::stacked, TimeChart::Kind::columns));
    time.heading.title = time.series[0].name = kHostile;
    const BarChart bars{.heading = {"b", kHostile, kHostile},
                        .names = {kHostile, std::string(300, '<')},
                        .series = {{.name = kHostile, .values = {1, 2}}}};
    const DotChart dots{
        .heading = {"d", kHostile, kHostile}, .dots = {{day("2026-01-01"), 5, kHostile}}, .lines = {{"50 %", 5}}};
    for (const auto& drawn :
         {svg(time, Size::wide), svg(bars, Size::wide), svg(bars, Size::narrow), svg(dots, Size::narrow)}) {
        CHECK(is_well_formed(drawn));
        CHECK(count(drawn, "<script") == 0);
        CHECK(count(drawn, "&lt;script&gt;") >= 1);
        CHECK(drawn.find('\x01') == std::string::npos);
    }
}
