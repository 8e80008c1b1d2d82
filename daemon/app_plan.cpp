// The command plan: what a first sync would cost, as a table.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <string>

#include "app_parts.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "engine/plan.hpp"
#include "ops/terminal.hpp"

namespace taskmirror {
namespace {

std::string number(double requests) { return fmt::format("{:.0f}", requests); }

std::string range(double low, double high) {
    return number(low) == number(high) ? "" : fmt::format("{} to {}", number(low), number(high));
}

std::string time_of(double requests, double per_minute) {
    const double minutes = requests / per_minute;
    if (minutes < 2) return fmt::format("{:.0f} s", std::ceil(minutes * 60));
    if (minutes < 120) return fmt::format("{:.0f} min", minutes);
    return fmt::format("{:.1f} h", minutes / 60);
}

void show_plan(const engine::Plan& plan, const Connection& connection) {
    const double rate = plan.progress().rate_per_minute;
    fmt::print("source {}: a first sync at {:.0f} requests a minute, {:.0f} % of the quota of {}\n",
               connection.config.name, rate, connection.config.limits.share * 100, connection.pace->limit_per_minute());
    const auto line = [&](std::string_view what, double mean, double low, double high, std::string_view tables) {
        fmt::print("  {:<26}{:>9}  {:<20}{:>9}  {}\n", what, number(mean), range(low, high), time_of(mean, rate),
                   tables);
    };
    fmt::print("  {:<26}{:>9}  {:<20}{:>9}  {}\n", "stream", "requests", "range", "time", "tables");
    double mean = 0, low = 0, high = 0;
    bool sampled = false;
    for (const auto& its : plan.streams()) {
        std::string tables;
        for (const auto table : its.tables) tables += fmt::format("{}{}", tables.empty() ? "" : ", ", table);
        line(connection.source->streams()[its.stream].name, its.requests.mean, its.requests.low(), its.requests.high(),
             tables);
        mean += its.requests.mean;
        low += its.requests.low();
        high += its.requests.high();
        sampled = sampled || its.is_sample;
    }
    line("all", mean, low, high, {});
    fmt::print("  tables are useful long before the end: stories and attachments come last\n");
    for (const auto& [workspace, feature] : plan.features_off())
        fmt::print("  not mirrored: {}, which the plan of workspace {} lacks\n", feature, escaped(workspace));
    for (const auto& resource : connection.config.resources_off)
        fmt::print("  not mirrored: {}, which the configuration switches off\n", resource);
    if (plan.refused() > 0)
        fmt::print("  {} of the lists that were asked for cannot be had: each will be a gap\n", plan.refused());
    fmt::print("  {} requests were made for this plan{}\n", plan.progress().requests,
               sampled ? "; where there is much, it is worked out from a sample" : "");
}

}  // namespace

ExitCode plan(const Arguments& arguments) {
    const Config config = configuration(arguments);
    for (auto& connection : connect_all(config, false)) {
        engine::Plan plan(account_of(connection, config, arguments), system_clock());
        const bool over = plan.run(stop, watcher(config, arguments, connection.config));
        ops::clear_line();
        if (!over) throw Fatal(ExitCode::come_again, "stopped by a signal, before the plan was complete");
        show_plan(plan, connection);
    }
    return ExitCode::done;
}

}  // namespace taskmirror
