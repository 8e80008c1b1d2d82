// The command verify: what it finds, as text.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "app_parts.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "engine/verify.hpp"
#include "ops/terminal.hpp"
#include "store/store.hpp"

namespace taskmirror {
namespace {

void print_numbers(std::uint64_t equal, const std::array<std::uint64_t, 3>& found, std::uint64_t not_compared) {
    fmt::print("{} equal", equal);
    for (std::size_t kind = 0; kind < found.size(); ++kind)
        if (found[kind] > 0) fmt::print(", {} {}", found[kind], engine::kDifferenceNames[kind]);
    if (not_compared > 0) fmt::print(", {} not compared", not_compared);
}

void print_more(std::uint64_t all, std::size_t shown) {
    if (all > shown) fmt::print("    ... and {} more\n", all - shown);
}

void print(const engine::Comparison& comparison, store::Store& store) {
    ops::clear_line();
    if (comparison.table.empty())
        fmt::print("{}: ", comparison.stage);
    else
        fmt::print("{} {} \"{}\": ", comparison.table, escaped(comparison.gid),
                   escaped(store.text(comparison.table, "name", comparison.gid), "\""));
    print_numbers(comparison.equal, comparison.found, comparison.not_compared);
    if (comparison.counted) {
        fmt::print(", {} tasks stored", comparison.stored);
        if (*comparison.counted != comparison.stored) fmt::print(" where the API counts {}", *comparison.counted);
    }
    fmt::print("\n");
    for (std::size_t kind = 0; kind < comparison.found.size(); ++kind) {
        for (const auto& [table, gid] : comparison.shown[kind])
            fmt::print("    {} {} {}\n", engine::kDifferenceNames[kind], table, escaped(gid));
        print_more(comparison.found[kind], comparison.shown[kind].size());
    }
    for (const auto& why : comparison.why) fmt::print("    not compared {}\n", escaped(why));
    print_more(comparison.not_compared, comparison.why.size());
}

void summarize(const engine::Verify& verify, const std::string& source, const std::string& fresh_at, bool repair) {
    const auto& all = verify.compared();
    const auto& progress = verify.progress();
    fmt::print("source {}, last mirrored completely {}: ", source, fresh_at);
    print_numbers(all.equal, all.found, all.not_compared);
    fmt::print("; {} requests ({} repeated, {} answered 429)\n", progress.requests, progress.retries,
               progress.rate_limited);
    fmt::print("task counts: {} compared, {} different, {} not available\n", all.counts, all.counts_different,
               all.counts_refused);
    if (all.other_user) fmt::print("the token is another person's than that of the rows, and sees other things\n");
    if (all.is_equal())
        fmt::print("equal\n");
    else if (repair)
        fmt::print("not equal; {} pieces of work are queued: run taskmirror sync, then verify again\n", all.queued);
    else
        fmt::print("not equal; what has changed since the last sync differs, too: run taskmirror sync and verify "
                   "again, or verify --repair\n");
}

}  // namespace

ExitCode verify(const Arguments& arguments) {
    const Config config = configuration(arguments);
    if (!std::filesystem::exists(config.database))
        throw Fatal(ExitCode::no_database,
                    fmt::format("there is no database {}; run taskmirror sync first", config.database.string()));
    auto connections = connect_all(config);
    const auto store = store::open_sqlite(config.database, connections.front().source->tables());

    const bool says = config.log.level <= log::Level::info;
    const bool line = arguments.progress && says && ops::has_terminal();
    bool equal = true, project_found = arguments.project.empty();
    for (auto& connection : connections) {
        const auto& name = connection.config.name;
        engine::Verify verify({.source = *connection.source,
                               .transport = *connection.transport,
                               .pace = *connection.pace,
                               .read_token = [&] { return read_token_again(connection.config); },
                               .token = connection.token},
                              *store, system_clock(),
                              {.repair = arguments.repair, .one_off = arguments.stories, .project = arguments.project},
                              [&](const engine::Comparison& comparison) {
                                  if (says) print(comparison, *store);
                              });
        const bool over = verify.run(stop, line ? show : std::function<void(const engine::Progress&)>());
        ops::clear_line();
        if (!over) throw Fatal(ExitCode::come_again, "stopped by a signal, before all was compared");
        project_found |= verify.compared().project_found;
        equal = equal && verify.compared().is_equal();
        if (says) summarize(verify, name, store->fact(name + ".pass_ended_at").value_or("never"), arguments.repair);
    }
    if (!project_found)
        throw Fatal(ExitCode::usage, fmt::format("no project {} is visible to the token or stored; projects are named "
                                                 "by gid, the number in their address",
                                                 arguments.project));
    return equal ? ExitCode::done : ExitCode::incomplete;
}

}  // namespace taskmirror
