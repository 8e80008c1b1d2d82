// The command `status`: reads the database, and nothing else.
#include <fmt/format.h>

#include "app_parts.hpp"
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

}  // namespace

ExitCode show_status(const Arguments& arguments) {
    const Config config = configuration(arguments);
    const auto now = system_clock().now();
    const ops::Status status{.database = config.database,
                             .at = now,
                             .snapshot = store::read_snapshot(config.database, now),
                             .periods = periods(config.schedule)};
    fmt::print("{}", arguments.json ? ops::status_json(status, kVersion) : ops::status_text(status));
    return ops::is_stale(status) ? ExitCode::come_again : ExitCode::done;
}

}  // namespace taskmirror
