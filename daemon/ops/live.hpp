// What only the running daemon knows of itself, beside what the database says. Its loop publishes a copy; who shows it
// takes one. The loop waits for nobody.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/counters.hpp"
#include "core/time.hpp"

namespace taskmirror::ops {

struct LiveSource {
    std::string name{};
    std::string failure{};                  // why it rests, and what to do; empty: it is served
    Instant again_at{};                     // of the rest
    bool answered = false;                  // usably, since it is served
    std::optional<Instant> paused_until{};  // the server asked for a rest
    int in_flight = 0;
    double rate_per_minute = 0;  // our share of the quota, as it is now
    double used_per_minute = 0;
    int limit_per_minute = 0;  // of the whole account
    Counters counters{};
};

// Of all accounts.
struct Minute {
    std::chrono::sys_time<std::chrono::minutes> at{};
    std::uint64_t requests = 0;
    std::uint64_t rate_limited = 0;  // of these
    double allowed = 0;
};

inline constexpr std::size_t kMinutes = 360;  // that are remembered

struct Live {
    Instant started_at{};
    std::vector<LiveSource> sources{};
    std::deque<Minute> minutes{};  // the latest last, without a hole
};

std::uint64_t requests_of(const Counters& counters);
std::uint64_t rate_limited_of(const Counters& counters);

// Requests by minute, out of counters that grow.
class Minutes {
  public:
    void note(Instant now, const std::vector<LiveSource>& sources);
    const std::deque<Minute>& all() const { return minutes_; }

  private:
    std::deque<Minute> minutes_;
    std::uint64_t requests_ = 0, rate_limited_ = 0;
};

class Board {
  public:
    // The loop turns.
    void tick(Monotonic now) { ticked_at_.store(now.time_since_epoch().count(), std::memory_order_relaxed); }
    Monotonic ticked_at() const { return Monotonic(Monotonic::duration(ticked_at_.load(std::memory_order_relaxed))); }

    // Left out while somebody reads.
    void publish(const Live& live);
    Live read() const;

  private:
    std::atomic<std::int64_t> ticked_at_{0};
    mutable std::mutex mutex_;
    Live live_;
};

}  // namespace taskmirror::ops
