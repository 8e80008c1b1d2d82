// When the next request may be sent: quota, requests at once, Retry-After, backoff. Pure decisions; the clock and the
// random numbers are parameters, nothing here waits.
//
// Asana evaluates its minute quota more often than once a minute and counts rejected requests, so requests are spaced
// evenly (GCRA) with at most 250 ms worth of burst, and 0.97 of the quota is the most that is ever used.
// https://developers.asana.com/docs/rate-limits
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace taskmirror::http {

struct PaceOptions {
    int requests_per_minute = 0;  // 0: auto, 150 until learned otherwise
    int search_per_minute = 60;
    double share = 0.8;   // of the quota that is ours; above 0, at most 1
    int concurrency = 0;  // 0: auto, as many as rate and latency need, at most 45 (0.9 of Asana's 50)
};

// A search counts against both quotas.
enum class Budget : std::uint8_t { standard, search };

class Pace {
  public:
    // `random` gives numbers in [0, 1).
    Pace(const PaceOptions& options, std::function<double()> random);

    // When the next request may be sent: now or earlier means at once. None: only after an answer has come, because
    // as many are in flight as may be.
    std::optional<Monotonic> next(Budget budget, Monotonic now) const;
    void sent(Budget budget, Monotonic now);
    // Every request that was sent is answered once. `usable`: neither a failure, a 429 nor a 5xx.
    void answered(Budget budget, Monotonic now, Milliseconds latency, bool usable);
    // A 429, or another status with Retry-After: the whole account pauses for that long, plus up to a second. Others
    // use the token too, so it takes less of its rate afterwards, and comes back within two minutes without a 429.
    // Further ones within the pause can only lengthen it.
    void throttled(Monotonic now, std::optional<Milliseconds> retry_after);
    // Nothing is sent for so long, for a reason that is not the quota.
    void pause(Monotonic now, Milliseconds duration);
    // An endpoint has answered that only paid plans have: 1,500 a minute, where the configuration says auto.
    void plan_is_paid();

    // The pause before attempt number `attempt` (1 for the first retry): full jitter. None: retries are used up, for
    // this request or for the budget of retries as a whole (under a tenth of all requests).
    std::optional<Milliseconds> retry_after(int attempt);

    double rate_per_minute() const;                  // of our share, as it is now
    int limit_per_minute() const { return limit_; }  // of the whole account
    int concurrency() const;                         // as it is now
    int in_flight() const { return in_flight_; }
    std::optional<Monotonic> parked_until() const { return parked_until_; }  // until the first request after it

  private:
    using Interval = std::chrono::nanoseconds;

    Interval interval(Budget budget) const;

    PaceOptions options_;
    std::function<double()> random_;
    double share_;              // of the limit: as configured, or a little less than all
    int limit_;                 // requests a minute, of the whole account
    double taken_ = 1.0;        // the part of our share that we take: below 1 after a 429
    Monotonic standard_due_{};  // GCRA's theoretical arrival time
    Monotonic search_due_{};
    std::optional<Monotonic> parked_until_;
    double left_ = 1.0;       // the part of our share that the others seemed to leave at the last 429
    double climbed_ = 0;      // seconds since then for which usable answers vouch
    Monotonic vouched_{};     // until when they do
    double latency_seconds_;  // moving average
    double retries_;          // that may be made now
    int in_flight_ = 0;
};

// The value of a Retry-After header, RFC 7231 section 7.1.3: seconds (a fraction is rounded up to a whole one) or a
// date, against `now` (one in the past is zero). More than a day is taken as a day, so that one wrong digit cannot stop
// a mirror for years. None: absent or neither of them.
std::optional<Milliseconds> parse_retry_after(std::string_view header, Instant now);

}  // namespace taskmirror::http
