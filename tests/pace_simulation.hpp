// A backlog that is worked off under a virtual clock, at the pace of Pace, against the limits of the fake Asana, which
// another client with the same token uses too.
#pragma once

#include "http/pace.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "fake_asana/limits.hpp"

namespace pace_simulation {

using taskmirror::Milliseconds;
using taskmirror::Monotonic;
using taskmirror::http::Budget;
using taskmirror::http::Pace;

struct Day {
    int limit = 150;         // the server's
    bool configured = true;  // known to us; else as it is learned
    double share = 0.8;
    double hours = 24;
    // The other client sends half of what the limit allows, for so many minutes, and then nothing for as many. 0: there
    // is none.
    double other_minutes = 0;
    bool other_waits = false;  // and heeds Retry-After; else it goes on, and what is refused counts
    double latency = 0.25;     // seconds, median
    unsigned seed = 1;
};

struct Outcome {
    long sent = 0, refused = 0, early = 0;  // ours; early: inside a Retry-After that we were told
    double used_alone = 0;                  // of our share: while there is no other, but for two minutes after it left
    double used_together = 0;               // of what the other leaves us
    double recovery = 0;                    // seconds after the other left until we take 0.9 of our share, at worst
    double refused_share() const { return static_cast<double>(refused) / static_cast<double>(sent); }
};

inline Outcome run(const Day& day) {
    constexpr double kStart = 100'000, kMinute = 60, kRecovery = 120;
    const auto at = [](double seconds) {
        return Monotonic(std::chrono::duration_cast<Monotonic::duration>(std::chrono::duration<double>(seconds)));
    };
    const auto seconds = [](Monotonic time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); };

    std::mt19937 random(day.seed);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::lognormal_distribution<double> spread(0, 0.4);
    Pace pace({.requests_per_minute = day.configured ? day.limit : 0, .share = day.share},
              [&] { return uniform(random); });
    if (!day.configured && day.limit > 150) pace.plan_is_paid();
    const double full = pace.rate_per_minute();

    fake_asana::Limits limits({.requests_per_minute = day.limit});
    const std::string token = "token";
    int in_flight = 0;
    const auto refused = [&](double time) {
        return limits.refused(token, false, in_flight, static_cast<fake_asana::Millis>(time * 1000));
    };

    struct Step {
        double time;
        double sent;
        double answered;  // 0: has not reached the server yet
        std::optional<int> retry_after;
        bool operator>(const Step& other) const { return time > other.time; }
    };
    std::priority_queue<Step, std::vector<Step>, std::greater<>> steps;

    // Where in its phases the day begins is random.
    const double phase = day.other_minutes * kMinute;
    const double offset = day.other_minutes < day.hours * 60 ? uniform(random) * 2 * phase : 0;
    const double end = kStart + day.hours * 3600;
    const auto other_is_there = [&](double time) {
        return phase > 0 && std::fmod(time - kStart + offset, 2 * phase) < phase;
    };
    const double other_interval = kMinute / (day.limit / 2.0);
    double other_next = phase > 0 ? kStart : end;
    double other_until = 0;  // its Retry-After
    double told_until = 0, told_at = 0;

    Outcome outcome;
    double alone = 0, together = 0;          // seconds
    long sent_alone = 0, sent_together = 0;  // requests
    double left = kStart - kRecovery;        // when the other did
    bool recovered = true, was_there = false;
    for (double now = kStart; now < end;) {
        const auto next = pace.next(Budget::standard, at(now));
        const double ours = next ? std::max(now, seconds(*next)) : end;
        const double step = steps.empty() ? end : steps.top().time;
        const double before = now;
        now = std::min({ours, step, other_next, end});

        const bool there = other_is_there(now);
        if (was_there && !there) left = now, recovered = false;
        if (there && !was_there && !recovered) outcome.recovery = std::max(outcome.recovery, now - left);
        was_there = there;
        if (!there && !recovered && pace.rate_per_minute() >= 0.9 * full && !(pace.parked_until() > at(now))) {
            recovered = true;
            outcome.recovery = std::max(outcome.recovery, now - left);
        }
        const bool is_alone = !there && now - left > kRecovery;
        if (is_alone) alone += now - before;
        if (there) together += now - before;

        if (now == other_next) {
            if (there && now >= other_until) {
                const auto wait = refused(now);
                if (wait && day.other_waits) other_until = now + *wait;
            }
            other_next += other_interval * (0.9 + 0.2 * uniform(random));
        } else if (now == step) {
            Step it = steps.top();
            steps.pop();
            if (it.answered == 0) {
                it.retry_after = refused(now);
                it.answered = now + (it.retry_after ? 0.5 * (now - it.sent) : now - it.sent);
                it.time = it.answered;
                steps.push(it);
                continue;
            }
            --in_flight;
            const auto latency = Milliseconds(static_cast<Milliseconds::rep>((now - it.sent) * 1000));
            pace.answered(Budget::standard, at(now), latency, !it.retry_after);
            if (!it.retry_after) continue;
            ++outcome.refused;
            pace.throttled(at(now), std::chrono::seconds(*it.retry_after));
            told_until = std::max(told_until, now + *it.retry_after), told_at = now;
        } else if (now == ours) {
            pace.sent(Budget::standard, at(now));
            ++in_flight;
            ++outcome.sent;
            if (is_alone) ++sent_alone;
            if (there) ++sent_together;
            if (now < told_until - 1e-6 && now > told_at) ++outcome.early;
            steps.push({.time = now + day.latency * spread(random) / 2, .sent = now, .answered = 0, .retry_after = {}});
        }
    }
    outcome.used_alone = alone > 0 ? static_cast<double>(sent_alone) / (alone / kMinute * full) : 0;
    const double free = std::min(full, day.limit / 2.0);
    outcome.used_together = together > 0 ? static_cast<double>(sent_together) / (together / kMinute * free) : 0;
    return outcome;
}

}  // namespace pace_simulation
