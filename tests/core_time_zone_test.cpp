#include "core/time_zone.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>

#include "core/error.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;

namespace {

std::chrono::seconds at(const std::vector<UtcOffset>& offsets, const char* instant) {
    auto offset = offsets.front().offset;
    for (const auto& change : offsets)
        if (change.since <= parse_iso(instant)) offset = change.offset;
    return offset;
}

}  // namespace

TEST_CASE("a time zone is known to the second, summer time included") {
    const auto berlin = utc_offsets("Europe/Berlin");
    CHECK(at(berlin, "2026-03-29T00:59:59.000Z") == 1h);
    CHECK(at(berlin, "2026-03-29T01:00:00.000Z") == 2h);
    CHECK(at(berlin, "2026-10-25T00:59:59.000Z") == 2h);
    CHECK(at(berlin, "2026-10-25T01:00:00.000Z") == 1h);
    CHECK(at(utc_offsets("Asia/Kathmandu"), "2026-06-01T00:00:00.000Z") == 5h + 45min);
    CHECK(at(utc_offsets("America/New_York"), "2026-07-01T00:00:00.000Z") == -4h);
    CHECK(utc_offsets("UTC").size() == 1);
    CHECK(utc_offsets("UTC").front().offset == 0s);
}

TEST_CASE("what is no time zone is refused, and the process keeps its own") {
    const char* const own = std::getenv("TZ");
    for (const char* zone : {"", "Europe/Atlantis", "../../etc/passwd", "/etc/localtime", "Europe", "EST5EDT,M3"}) {
        INFO(zone);
        CHECK_THROWS_AS(utc_offsets(zone), Error);
    }
    utc_offsets("Europe/Berlin");
    CHECK(std::getenv("TZ") == own);
}
