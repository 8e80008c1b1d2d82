// The facts of a Status one by one, for those that show them: status as text and as JSON, the status page, metrics.
// Pure functions.
#pragma once

#include <cstdint>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ops/status.hpp"

namespace taskmirror::ops {

inline constexpr std::string_view kTasks = "asana_tasks";  // of projects: shown one by one

// The classes of sync_work.order_key.
std::string_view class_name(std::int64_t order_class);

// What the engine has noted of a source in sync_meta; empty, none: nothing.
std::string_view fact(const Status& status, std::string_view source, std::string_view name);
std::optional<double> number(const Status& status, std::string_view source, std::string_view name);

std::chrono::seconds age(const Status& status, Instant then);
bool is_running(const Status& status, const store::Run& run);

// What the requests of a source take at the present rate; none if that is not known.
std::optional<std::chrono::seconds> duration_of(const Status& status, std::string_view source, std::int64_t requests);

struct Backlog {
    std::int64_t requests = 0;
    std::vector<std::pair<std::int64_t, std::vector<store::Waiting>>> classes;

    static std::int64_t sum(const std::vector<store::Waiting>& streams) {
        return std::accumulate(streams.begin(), streams.end(), std::int64_t{0},
                               [](std::int64_t all, const auto& one) { return all + one.requests; });
    }
};
Backlog backlog_of(const Status& status, std::string_view source);

struct GapCounts {
    std::int64_t open = 0;
    std::int64_t held = 0;  // walks whose deletions wait
};
GapCounts gap_counts(const Status& status, std::string_view source);

bool is_stale(const Status& status, std::string_view source);

// How many times its limit the data is old; infinite: never complete.
double excess(const Status& status, const store::Freshness& data);

// Without "asana_". Tasks that belong to no project are a list like others.
std::string_view short_name(const store::Freshness& data);

std::string size(std::uintmax_t bytes);
std::string instant(Instant time);  // to seconds
std::string plural(std::int64_t count, std::string_view one, std::string_view many);

}  // namespace taskmirror::ops
