// Periods of days, as people name them, and where they begin and end. Knows no clock.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "core/time_zone.hpp"

namespace taskmirror::ops {

// Both days belong to it.
struct Period {
    std::chrono::sys_days from{};
    std::chrono::sys_days to{};

    bool operator==(const Period&) const = default;
};

// No period, where a report has a usual one.
constexpr std::string_view kAllTime = "all";

// "2026", "2026-Q3", "2026-07", "2026-07-15", "2026-01-01..2026-02-01", "last-30d" (today is the last of them). Throws
// Fatal(usage) that says so.
Period period(std::string_view text, std::chrono::sys_days today);

// "2026-07-15"
std::string iso_day(std::chrono::sys_days day);

// The first instant of a day, where these are the offsets from UTC in the order of their beginnings.
Instant begin_of(std::chrono::sys_days day, std::span<const UtcOffset> offsets);

// What must be added to UTC at an instant.
std::chrono::seconds offset_at(Instant instant, std::span<const UtcOffset> offsets);

}  // namespace taskmirror::ops
