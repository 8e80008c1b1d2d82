// What must be added to UTC in a time zone, as the system's tz database says (tzdata, /usr/share/zoneinfo).
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/time.hpp"

namespace taskmirror {

struct UtcOffset {
    Instant since;
    std::chrono::seconds offset;
};

// Throws Error where there is no such zone.
void check_time_zone(const std::string& zone);

// From 2000 to 2050; the first entry holds before, the last one behind. Throws Error where there is no such zone.
// Not for several threads: the C library knows one time zone per process, and this sets it for a moment (tzset(3)).
std::vector<UtcOffset> utc_offsets(const std::string& zone);

}  // namespace taskmirror
