#include "limits.hpp"

#include <algorithm>

namespace fake_asana {

namespace {

constexpr Millis kMinute = 60'000;
constexpr Millis kQuarter = 15'000;

void forget_before(std::deque<Millis>& times, Millis limit) {
    while (!times.empty() && times.front() <= limit) times.pop_front();
}

}  // namespace

std::optional<int> Limits::Window::refused(int per_minute, Millis now) {
    if (per_minute <= 0) return std::nullopt;
    forget_before(arrivals, now - kMinute);
    arrivals.push_back(now);
    Millis wait = 0;
    const auto check = [&](std::size_t quota, Millis window) {
        const auto begin = std::upper_bound(arrivals.begin(), arrivals.end(), now - window);
        const auto count = static_cast<std::size_t>(arrivals.end() - begin);
        if (count <= quota) return;
        // Free again when the window holds less than the quota.
        wait = std::max(wait, begin[static_cast<std::ptrdiff_t>(count - quota)] + window - now);
    };
    check(static_cast<std::size_t>(per_minute), kMinute);
    check(static_cast<std::size_t>((per_minute + 3) / 4), kQuarter);
    if (wait <= 0) return std::nullopt;
    return static_cast<int>((wait + 999) / 1000);
}

std::optional<int> Limits::refused(const std::string& token, bool search, int in_flight, Millis now) {
    auto wait = standard_[token].refused(options_.requests_per_minute, now);
    if (search) {
        const auto longer = search_[token].refused(options_.search_per_minute, now);
        if (longer) wait = std::max(wait.value_or(0), *longer);
    }
    if (options_.concurrency > 0 && in_flight > options_.concurrency) wait = std::max(wait.value_or(0), 2);
    return wait;
}

void Statistics::arrived(const std::string& endpoint, const std::string& token, int in_flight, Millis now) {
    ++total;
    ++by_endpoint[endpoint];
    max_in_flight = std::max(max_in_flight, in_flight);
    if (first == kNoTime) first = now;
    last = now;
    for (auto [times, window, most] :
         {std::tuple{&minute_, kMinute, &max_per_minute}, std::tuple{&ten_seconds_, Millis{10'000}, &max_per_10s}}) {
        forget_before(*times, now - window);
        times->push_back(now);
        *most = std::max(*most, times->size());
    }
    const auto until = retry_until.find(token);
    if (until != retry_until.end() && now < until->second && now > told_at_[token] + kTravel) ++inside_retry_after;
}

void Statistics::told_to_wait(const std::string& token, int seconds, Millis now) {
    auto& until = retry_until[token];
    if (now >= until) told_at_[token] = now;
    until = std::max(until, now + Millis{seconds} * 1000);
}

}  // namespace fake_asana
