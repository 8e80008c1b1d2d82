#include <catch2/catch.hpp>

#include "core/time.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;

namespace {

constexpr Instant kInstant = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 9h + 5ms;

}  // namespace

TEST_CASE("an instant is written in UTC with milliseconds") {
    CHECK(iso(kInstant) == "2026-06-01T09:00:00.005Z");
    CHECK(iso(Instant{}) == "1970-01-01T00:00:00.000Z");
    CHECK(iso(Instant{-1ms}) == "1969-12-31T23:59:59.999Z");
    CHECK(iso(std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 23h + 59min + 59s) ==
          "2024-02-29T23:59:59.000Z");
}

TEST_CASE("what is written is read back") {
    for (const Instant instant : {kInstant, Instant{}, Instant{-1ms}, Instant{4'102'444'799'999ms}}) {
        CHECK(parse_iso(iso(instant)) == instant);
    }
    CHECK(parse_iso("2026-06-01T09:00:00Z") == kInstant - 5ms);
}

TEST_CASE("an instant in any other form is refused") {
    const char* const text =
        GENERATE("", "2026-06-01", "2026-06-01T09:00:00", "2026-06-01 09:00:00Z", "2026-06-01T09:00:00+00:00",
                 "2026-06-01T09:00:00.1Z", "2026-06-01T09:00:00.1234Z", "2026-13-01T09:00:00Z", "2026-00-01T09:00:00Z",
                 "2026-02-30T09:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T09:60:00Z", "2026-06-01T09:00:60Z",
                 "+026-06-01T09:00:00Z", "2026-06-01T09:00:00.12 Z", "2026-06-01T09:00:00ZZ");
    CAPTURE(text);
    CHECK_FALSE(parse_iso(text).has_value());
}

TEST_CASE("the date of an HTTP header is read") {
    CHECK(parse_http_date("Mon, 01 Jun 2026 09:00:00 GMT") == kInstant - 5ms);
    CHECK(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT") ==
          std::chrono::sys_days{std::chrono::year{2024} / 2 / 29} + 23h + 59min + 59s);
    CHECK(parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") ==
          Instant{std::chrono::sys_days{std::chrono::year{2017} / 1 / 1}});  // a leap second
}

TEST_CASE("a date in any other form than that of RFC 7231 is refused") {
    const char* const text = GENERATE(
        "", "0", "Tue, 01 Jun 2026 09:00:00 GMT", "Mon, 1 Jun 2026 09:00:00 GMT", "Mon, 01 Jun 2026 09:00:00 UTC",
        "Mon, 01 jun 2026 09:00:00 GMT", "Mon, 31 Jun 2026 09:00:00 GMT", "Mon, 01 Foo 2026 09:00:00 GMT",
        "Monday, 01-Jun-26 09:00:00 GMT", "Mon, 01 Jun 2026 25:00:00 GMT", "Mon, 01 Jun 2026 09:00:00 GMT ");
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
}

TEST_CASE("the machine's clocks do not run backwards") {
    const Clock& clock = system_clock();
    const Monotonic before = clock.monotonic();

    CHECK(clock.monotonic() >= before);
    CHECK(clock.now() > kInstant - 24h * 365 * 10);
}
