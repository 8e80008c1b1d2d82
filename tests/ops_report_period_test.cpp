#include "ops/report_period.hpp"

#include <catch2/catch.hpp>

#include "core/error.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;
using ops::Period;
using std::chrono::sys_days;

namespace {

sys_days day(const std::string& text) { return std::chrono::floor<std::chrono::days>(*parse_iso(text + "T00:00:00Z")); }

const sys_days kToday = day("2026-11-26");

}  // namespace

TEST_CASE("a period is the days that its name says, both ends included") {
    const auto [text, from, to] = GENERATE(table<std::string, std::string, std::string>({
        {"2026", "2026-01-01", "2026-12-31"},
        {"2026-Q1", "2026-01-01", "2026-03-31"},
        {"2026-Q3", "2026-07-01", "2026-09-30"},
        {"2026-q4", "2026-10-01", "2026-12-31"},
        {"2026-07", "2026-07-01", "2026-07-31"},
        {"2024-02", "2024-02-01", "2024-02-29"},
        {"2026-02", "2026-02-01", "2026-02-28"},
        {"2026-07-15", "2026-07-15", "2026-07-15"},
        {"2026-01-01..2026-02-01", "2026-01-01", "2026-02-01"},
        {"2025-Q4..2026-02", "2025-10-01", "2026-02-28"},
        {"last-1d", "2026-11-26", "2026-11-26"},
        {"last-30d", "2026-10-28", "2026-11-26"},
    }));

    CAPTURE(text);
    CHECK(ops::period(text, kToday) == Period{day(from), day(to)});
}

TEST_CASE("what is no period is refused with what would be one") {
    const auto* const text =
        GENERATE(as<const char*>(), "", "20", "26-07", "2026-13", "2026-00", "2026-Q5", "2026-Q", "2026-02-30",
                 "2026-7", "2026-02-01..2026-01-01", "..", "2026..", "last-0d", "last--1d", "last-d", "last-30",
                 "last-99999999999999d", "-026", "2026-07-15T00", "yesterday", "2026-07-1\x1b");

    CAPTURE(text);
    try {
        ops::period(text, kToday);
        FAIL("taken");
    } catch (const Fatal& fatal) {
        CHECK(fatal.code() == ExitCode::usage);
        CHECK_THAT(fatal.what(), Catch::Contains("2026-Q3") && !Catch::Contains("\x1b"));
    }
}

TEST_CASE("a day begins when the clocks of its time zone say so") {
    const std::vector<UtcOffset> utc = {{Instant(), 0s}};
    CHECK(iso(ops::begin_of(day("2026-07-01"), utc)) == "2026-07-01T00:00:00.000Z");

    const auto berlin = utc_offsets("Europe/Berlin");
    CHECK(iso(ops::begin_of(day("2026-03-29"), berlin)) == "2026-03-28T23:00:00.000Z");
    CHECK(iso(ops::begin_of(day("2026-03-30"), berlin)) == "2026-03-29T22:00:00.000Z");
    CHECK(iso(ops::begin_of(day("2026-10-25"), berlin)) == "2026-10-24T22:00:00.000Z");
    CHECK(iso(ops::begin_of(day("2026-10-26"), berlin)) == "2026-10-25T23:00:00.000Z");
    CHECK(iso(ops::begin_of(day("1999-07-01"), berlin)) == "1999-06-30T23:00:00.000Z");

    // In Beirut the clocks go forward at midnight: the day begins at one.
    const auto beirut = utc_offsets("Asia/Beirut");
    CHECK(iso(ops::begin_of(day("2022-03-27"), beirut)) == "2022-03-26T22:00:00.000Z");
}

TEST_CASE("the offset is that of the instant") {
    const auto berlin = utc_offsets("Europe/Berlin");
    CHECK(ops::offset_at(*parse_iso("2026-07-01T00:00:00Z"), berlin) == 2h);
    CHECK(ops::offset_at(*parse_iso("2026-12-01T00:00:00Z"), berlin) == 1h);
    CHECK(ops::offset_at(*parse_iso("2026-03-29T00:59:59Z"), berlin) == 1h);
    CHECK(ops::offset_at(*parse_iso("2026-03-29T01:00:00Z"), berlin) == 2h);
    CHECK(ops::offset_at(*parse_iso("1980-07-01T00:00:00Z"), berlin) == 1h);
}
