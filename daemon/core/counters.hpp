// Figures that only grow while the process runs, for its metrics. Plain data: whoever counts has them in one thread,
// others get a copy.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/time.hpp"

namespace taskmirror {

// How many values were at most each bound; the last count is of those above all of them.
template <const auto& kBounds>
struct Histogram {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    double sum = 0;

    void add(double value) {
        const auto at = std::ranges::lower_bound(kBounds, value) - kBounds.begin();
        ++counts[static_cast<std::size_t>(at)];
        sum += value;
    }
};

// Seconds.
inline constexpr std::array kLatencyBounds = {0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};
inline constexpr std::array kStalenessBounds = {5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 21'600.0};
inline constexpr std::array kCommitBounds = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0};

// What answered a request; `none`: nothing did.
inline constexpr std::array<std::string_view, 6> kAnswerNames = {"2xx", "3xx", "4xx", "429", "5xx", "none"};
constexpr std::size_t answer_of(bool arrived, int status) {
    if (!arrived) return 5;
    if (status == 429) return 3;
    return status < 300 ? 0 : status < 400 ? 1 : status < 500 ? 2 : 4;
}

// The classes of work that share the budget.
inline constexpr std::array<std::string_view, 3> kWorkNames = {"changes", "walks", "reconcile"};

// Of one account.
struct Counters {
    std::array<std::array<std::uint64_t, kAnswerNames.size()>, kWorkNames.size()> answers{};
    Histogram<kLatencyBounds> latency{};
    Histogram<kStalenessBounds> staleness{};  // from an object's last change to its commit, of changes while serving
    Histogram<kCommitBounds> commits{};
    std::uint64_t retries = 0;
    std::uint64_t wire_bytes = 0;
    std::uint64_t decoded_bytes = 0;
    std::uint64_t rows_written = 0;
    std::uint64_t rows_unchanged = 0;
    std::uint64_t tombstones = 0;
    std::uint64_t gaps = 0;                // opened, or met again
    std::optional<Instant> answered_at{};  // usably
    std::optional<Instant> committed_at{};
};

}  // namespace taskmirror
