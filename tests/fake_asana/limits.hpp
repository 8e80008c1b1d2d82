// Rate limits by token, and the record of what was asked for.
//
// The quota of a minute is looked at over 60 s and over 15 s (a quarter of it each), because Asana evaluates it more
// often than once a minute; refused requests count. Times are monotonic milliseconds, given by the caller. Not
// thread-safe: the server locks.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "model.hpp"

namespace fake_asana {

struct LimitOptions {
    int requests_per_minute = 0;  // 0: no limit
    int search_per_minute = 60;
    int concurrency = 50;
};

class Limits {
  public:
    explicit Limits(const LimitOptions& options) : options_(options) {}

    // Counts a request; the seconds of its Retry-After when it is refused.
    std::optional<int> refused(const std::string& token, bool search, int in_flight, Millis now);

  private:
    struct Window {
        std::deque<Millis> arrivals;  // of the last minute
        std::optional<int> refused(int per_minute, Millis now);
    };
    LimitOptions options_;
    std::map<std::string, Window> standard_, search_;
};

struct Statistics {
    std::map<std::string, long> by_endpoint;
    std::map<int, long> by_status;
    long total = 0, inside_retry_after = 0, redirect_hits = 0;
    long posts = 0;                     // requests that are no GET
    long downloads = 0, betrayals = 0;  // of files; those that came with a header that is for the API alone
    int max_in_flight = 0;
    std::size_t max_per_minute = 0, max_per_10s = 0;
    Millis first = kNoTime, last = kNoTime;     // monotonic
    std::map<std::string, Millis> retry_until;  // by token

    // A request arrives; it is early when its token was told to wait, and had time to hear of it.
    void arrived(const std::string& endpoint, const std::string& token, int in_flight, Millis now);
    void told_to_wait(const std::string& token, int seconds, Millis now);

  private:
    static constexpr Millis kTravel = 500;  // on a loaded machine
    std::deque<Millis> minute_, ten_seconds_;
    std::map<std::string, Millis> told_at_;
};

}  // namespace fake_asana
