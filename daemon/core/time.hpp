// Instants, their text forms, and the clock as a parameter.
//
// Pacing, timeouts and backoff use the monotonic clock; what is stored uses UTC with milliseconds.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace taskmirror {

using Milliseconds = std::chrono::milliseconds;
using Instant = std::chrono::sys_time<Milliseconds>;  // UTC
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, std::chrono::nanoseconds>;

class Clock {
  public:
    virtual ~Clock() = default;
    virtual Instant now() const = 0;
    virtual Monotonic monotonic() const = 0;
};

// The machine's clocks.
const Clock& system_clock();

// "2026-06-01T09:00:00.123Z"
std::string iso(Instant instant);

// Takes what iso() gives, with or without the fraction; nothing else.
std::optional<Instant> parse_iso(std::string_view text);

// The Date header, RFC 7231 section 7.1.1.1: "Mon, 01 Jun 2026 09:00:00 GMT".
std::optional<Instant> parse_http_date(std::string_view text);

}  // namespace taskmirror
