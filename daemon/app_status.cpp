// The command `status`: reads the database, and nothing else.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "app_parts.hpp"
#include "app_upkeep.hpp"
#include "asana/streams.hpp"
#include "ops/status.hpp"

namespace taskmirror {
namespace {

// How often each list is walked, by the table that it fills.
ops::Periods periods(const Schedule& schedule) {
    ops::Periods periods{.tasks = schedule.max_staleness};
    for (const auto& stream : asana::kStreams) {
        if (stream.mapping == nullptr || stream.engine.every == source::Every::pass) continue;
        auto& period = periods.lists[std::string(stream.mapping->table)];
        period = std::max(
            period, stream.engine.every == source::Every::relist ? schedule.relist_every : schedule.reconcile_every);
    }
    return periods;
}

// What an account has left behind that the configuration names no more is not judged.
void leave_out_others(store::Snapshot& snapshot, const Config& config) {
    const auto is_other = [&](std::string_view source) {
        return std::ranges::find(config.sources, source, &SourceConfig::name) == config.sources.end();
    };
    std::erase_if(snapshot.sources, is_other);
    const auto by_member = [&](const auto& one) { return is_other(one.source); };
    std::erase_if(snapshot.freshness, by_member);
    std::erase_if(snapshot.waiting, by_member);
    std::erase_if(snapshot.gaps, by_member);
    const auto by_name = [&](const auto& one) { return is_other(one.first); };
    std::erase_if(snapshot.missing, by_name);
    std::erase_if(snapshot.there, by_name);
    std::erase_if(snapshot.api_changes, by_name);
}

}  // namespace

ops::Status status_of(const Config& config, Instant now) {
    ops::Status status{.database = config.database,
                       .at = now,
                       .snapshot = store::read_snapshot(config.database, now),
                       .periods = periods(config.schedule)};
    if (!config.file.empty()) leave_out_others(status.snapshot, config);
    std::optional<std::chrono::seconds> ahead;
    for (const auto& source : config.sources)
        if (const auto fact = status.snapshot.facts.find(source.name + ".clock_ahead_s");
            fact != status.snapshot.facts.end())
            ahead = std::chrono::seconds(std::atoll(fact->second.c_str()));
    for (const auto& finding : dangers(config.database, ahead))
        status.warnings.push_back(fmt::format("{}: {}", finding.subject, finding.says));
    return status;
}

ExitCode show_status(const Arguments& arguments) {
    const Config config = configuration(arguments);
    const auto status = status_of(config, system_clock().now());
    fmt::print("{}", arguments.json ? ops::status_json(status, kVersion) : ops::status_text(status));
    return ops::is_stale(status) ? ExitCode::come_again : ExitCode::done;
}

}  // namespace taskmirror
