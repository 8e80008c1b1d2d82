#include "ops/live.hpp"

#include <numeric>

namespace taskmirror::ops {

std::uint64_t requests_of(const Counters& counters) {
    std::uint64_t sum = 0;
    for (const auto& of_class : counters.answers) sum = std::accumulate(of_class.begin(), of_class.end(), sum);
    return sum;
}

std::uint64_t rate_limited_of(const Counters& counters) {
    std::uint64_t sum = 0;
    for (const auto& of_class : counters.answers) sum += of_class[answer_of(true, 429)];
    return sum;
}

void Minutes::note(Instant now, const std::vector<LiveSource>& sources) {
    std::uint64_t requests = 0, rate_limited = 0;
    double allowed = 0;
    for (const auto& source : sources) {
        requests += requests_of(source.counters);
        rate_limited += rate_limited_of(source.counters);
        allowed += source.rate_per_minute;
    }
    const auto minute = std::chrono::floor<std::chrono::minutes>(now);
    if (!minutes_.empty() &&
        (minute < minutes_.back().at || minute - minutes_.back().at > std::chrono::minutes(kMinutes)))
        minutes_.clear();  // the clock was set, or the machine slept
    while (minutes_.empty() || minutes_.back().at < minute) {
        minutes_.push_back(
            {.at = minutes_.empty() ? minute : minutes_.back().at + std::chrono::minutes(1), .allowed = allowed});
        if (minutes_.size() > kMinutes) minutes_.pop_front();
    }
    auto& last = minutes_.back();
    last.allowed = allowed;
    // An account that has gone takes its part with it.
    last.requests += requests >= requests_ ? requests - requests_ : 0;
    last.rate_limited += rate_limited >= rate_limited_ ? rate_limited - rate_limited_ : 0;
    requests_ = requests;
    rate_limited_ = rate_limited;
}

void Board::publish(const Live& live) {
    const std::unique_lock lock(mutex_, std::try_to_lock);
    if (lock) live_ = live;
}

Live Board::read() const {
    const std::lock_guard lock(mutex_);
    return live_;
}

}  // namespace taskmirror::ops
