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

std::string numbers(std::uint64_t equal, const std::array<std::uint64_t, 3>& found, std::uint64_t not_compared) {
    auto text = fmt::format("{} equal", equal);
    for (std::size_t kind = 0; kind < found.size(); ++kind)
        if (found[kind] > 0) text += fmt::format(", {} {}", found[kind], engine::kDifferenceNames[kind]);
    if (not_compared > 0) text += fmt::format(", {} not compared", not_compared);
    return text;
}

std::vector<std::string> words_of(const Arguments& arguments) {
    std::vector<std::string> words = {"verify"};
    if (arguments.repair) words.emplace_back("--repair");
    if (arguments.stories) words.emplace_back("--stories");
    if (!arguments.project.empty()) words.insert(words.end(), {"--project", arguments.project});
    return words;
}

}  // namespace

std::unique_ptr<engine::Verify> VerifyReport::begin(engine::Account account) {
    return std::make_unique<engine::Verify>(std::move(account), store_, system_clock(), options_,
                                            [this](const engine::Comparison& comparison) { tell(comparison); });
}

void VerifyReport::tell(const engine::Comparison& comparison) const {
    auto text = comparison.table.empty()
                    ? fmt::format("{}: ", comparison.stage)
                    : fmt::format("{} {} \"{}\": ", comparison.table, escaped(comparison.gid),
                                  escaped(store_.text(comparison.table, "name", comparison.gid), "\""));
    text += numbers(comparison.equal, comparison.found, comparison.not_compared);
    if (comparison.counted) {
        text += fmt::format(", {} tasks stored", comparison.stored);
        if (*comparison.counted != comparison.stored)
            text += fmt::format(" where the API counts {}", *comparison.counted);
    }
    line_(text);
    const auto tell_more = [&](std::uint64_t all, std::size_t shown) {
        if (all > shown) line_(fmt::format("    ... and {} more", all - shown));
    };
    for (std::size_t kind = 0; kind < comparison.found.size(); ++kind) {
        for (const auto& [table, gid] : comparison.shown[kind])
            line_(fmt::format("    {} {} {}", engine::kDifferenceNames[kind], table, escaped(gid)));
        tell_more(comparison.found[kind], comparison.shown[kind].size());
    }
    for (const auto& why : comparison.why) line_(fmt::format("    not compared {}", escaped(why)));
    tell_more(comparison.not_compared, comparison.why.size());
}

void VerifyReport::add(const engine::Verify& verify, const std::string& source) {
    const auto& all = verify.compared();
    const auto& progress = verify.progress();
    project_found_ = project_found_ || all.project_found;
    equal_ = equal_ && all.is_equal();
    line_(fmt::format("source {}, last mirrored completely {}: {}; {} requests ({} repeated, {} answered 429)", source,
                      store_.fact(source + ".pass_ended_at").value_or("never"),
                      numbers(all.equal, all.found, all.not_compared), progress.requests, progress.retries,
                      progress.rate_limited));
    line_(fmt::format("task counts: {} compared, {} different, {} not available", all.counts, all.counts_different,
                      all.counts_refused));
    if (all.other_user) line_("the token is another person's than that of the rows, and sees other things");
    const std::string_view again = served_ ? "verify again in a while" : "run taskmirror sync, then verify again";
    if (all.is_equal())
        line_("equal");
    else if (options_.repair)
        line_(fmt::format("not equal; {} pieces of work are queued: {}", all.queued, again));
    else
        line_(fmt::format("not equal; what has changed since the last {} differs, too: {}, or verify --repair",
                          served_ ? "poll" : "sync", again));
}

ExitCode VerifyReport::end() const {
    if (!options_.project.empty() && !project_found_)
        throw Fatal(ExitCode::usage, fmt::format("no project {} is visible to the token or stored; projects are named "
                                                 "by gid, the number in their address",
                                                 options_.project));
    return equal_ ? ExitCode::done : ExitCode::incomplete;
}

ExitCode verify(const Arguments& arguments) {
    const Config config = configuration(arguments);
    if (!std::filesystem::exists(config.database))
        throw Fatal(ExitCode::no_database,
                    fmt::format("there is no database {}; run taskmirror sync first", config.database.string()));
    if (const auto code = ask_daemon(config, words_of(arguments))) return *code;
    auto connections = connect_all(config, false);
    const auto store = store::open_sqlite(config.database, connections.front().source->tables());

    const bool says = config.log.level <= log::Level::info;
    VerifyReport report({.repair = arguments.repair, .one_off = arguments.stories, .project = arguments.project}, false,
                        *store, [&](std::string_view text) {
                            if (!says) return;
                            ops::clear_line();
                            fmt::print("{}\n", text);
                        });
    for (auto& connection : connections) {
        const auto verify = report.begin(account_of(connection, config, arguments));
        const bool over = verify->run(stop, watcher(config, arguments, connection.config));
        ops::clear_line();
        if (!over) throw Fatal(ExitCode::come_again, "stopped by a signal, before all was compared");
        report.add(*verify, connection.config.name);
    }
    return report.end();
}

}  // namespace taskmirror
