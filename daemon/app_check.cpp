// The command `check`: what a token sees, and what its plan allows and hides. Writes nothing.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "app_parts.hpp"
#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "http/pace.hpp"
#include "store/reader.hpp"

namespace taskmirror {
namespace {

http::Response fetch(http::Transport& transport, const std::string& target) {
    constexpr int kAttempts = 3;
    constexpr auto kLongestPause = std::chrono::minutes(2);
    static std::uint64_t number = 0;
    const Clock& clock = system_clock();
    std::optional<http::Response> answer;
    for (int attempt = 1; !stop.load(); ++attempt) {
        transport.get(++number, target);
        for (answer.reset(); !answer && !stop.load();)
            for (auto& response : transport.wait(std::chrono::seconds(1))) answer = std::move(response);
        if (!answer) break;
        const auto pause = http::parse_retry_after(answer->header("retry-after"), clock.now());
        if (answer->status != 429 || attempt == kAttempts || !pause || *pause > kLongestPause)
            return std::move(*answer);
        fmt::print(stderr, "the API asks for a pause of {} s\n",
                   std::chrono::ceil<std::chrono::seconds>(*pause).count());
        const auto until = clock.monotonic() + *pause;
        while (!stop.load() && clock.monotonic() < until)
            transport.wait(std::chrono::ceil<Milliseconds>(until - clock.monotonic()));
    }
    throw Fatal(ExitCode::come_again, "stopped by a signal");
}

}  // namespace

asana::Me who_is_it(http::Transport& transport, const SourceConfig& config) {
    const auto me = fetch(transport, asana::me_target());
    if (me.failure != http::Failure::none)
        throw Fatal(ExitCode::unavailable,
                    fmt::format("source {}: {} does not answer: {}; check base_url, proxy, ca_file "
                                "and the network",
                                config.name, config.base_url, me.message));
    if (me.status == 401)
        throw Fatal(
            ExitCode::token_refused,
            fmt::format("source {}: the token is refused; create a new one in Asana under Settings, Apps, Manage "
                        "Developer Apps, and put it where the old one stands",
                        config.name));
    if (me.status != 200)
        throw Fatal(ExitCode::unavailable,
                    fmt::format("source {}: {} answered {} to /users/me; {}", config.name, config.base_url, me.status,
                                me.status == 429 || me.status >= 500 ? "try again later"
                                : me.status == 451                   ? "it refuses this address for legal reasons"
                                                                     : "check base_url and proxy"));
    try {
        return asana::read_me(me.body);
    } catch (const std::exception& error) {
        throw Fatal(ExitCode::unavailable, fmt::format("source {}: {} does not speak as Asana does: {}; check base_url",
                                                       config.name, config.base_url, error.what()));
    }
}

namespace {

// How many projects the filter leaves out; their names are not told.
void check_filter(const Connection& connection, std::string_view workspace) {
    constexpr int kMostPages = 1000;
    std::map<ProjectFilter::Verdict, int> counts;
    std::string why;
    int all = 0;
    std::string offset;
    for (int pages = 0; pages == 0 || (!offset.empty() && pages < kMostPages); ++pages) {
        const auto answer = fetch(*connection.transport, asana::projects_target(workspace, offset));
        if (answer.status != 200) {
            why = answer.status != 0 ? fmt::format("unknown (status {})", answer.status)
                                     : fmt::format("unknown ({})", answer.message);
            break;
        }
        try {
            const auto found = asana::read_projects(answer.body, connection.config.projects);
            for (const auto& [verdict, count] : found.counts) {
                counts[verdict] += count;
                all += count;
            }
            offset = found.next;
        } catch (const Error& error) {
            why = fmt::format("unknown ({})", escaped(error.what()));
            break;
        }
    }
    using enum ProjectFilter::Verdict;
    fmt::print("    projects          {}\n",
               !why.empty()
                   ? why
                   : fmt::format("{} of {} mirrored; excluded {}, not included {}, archived {}", counts[wanted], all,
                                 counts[excluded], counts[not_included], counts[archived]));
    if (!connection.config.projects.include.empty())
        fmt::print("    tasks elsewhere   not mirrored, because `projects.include` names some projects\n");
}

// `owners`: by workspace, the account that mirrors it.
void check(const Connection& connection, std::map<std::string, std::string>& owners) {
    const auto& config = connection.config;
    const auto who = who_is_it(*connection.transport, config);
    fmt::print("source {}\n  API         {}\n  token       accepted, of {} ({})\n", config.name, config.base_url,
               escaped(who.name), escaped(who.gid));
    for (const auto& [gid, name] : who.workspaces) {
        const auto is_wanted = [&its = gid, &its_name = name](const auto& wish) {
            return is_meant(wish, its, its_name);
        };
        const bool wanted = config.workspaces.empty() || std::ranges::any_of(config.workspaces, is_wanted);
        const auto owner = wanted ? owners.try_emplace(gid, config.name).first->second : config.name;
        const bool other = owner != config.name;
        fmt::print("  workspace   {} ({}){}\n", escaped(name), escaped(gid),
                   !wanted ? ", not mirrored"
                   : other ? fmt::format(", mirrored by source {}", owner)
                           : "");
        if (!wanted || other) continue;
        bool search = false, events = false;
        for (const auto& probe : asana::kProbes) {
            const auto answer = fetch(*connection.transport, asana::probe_target(probe, gid));
            const bool yes = answer.status == 200 || answer.status == 412;
            search = search ||
                     (yes && probe.feature == asana::kSearch && !config.resources_off.contains("projectless_tasks"));
            events = events || (yes && probe.feature == asana::kWorkspaceEvents);
            const bool no = answer.status == 402 || answer.status == 403 || answer.status == 404;
            fmt::print("    {:<18}{}\n", probe.feature,
                       yes                  ? probe.mirrored ? "yes" : "yes, not mirrored by this version"
                       : no                 ? fmt::format("no ({})", answer.status)
                       : answer.status != 0 ? fmt::format("unknown (status {})", answer.status)
                                            : fmt::format("unknown ({})", answer.message));
        }
        fmt::print("    changed tasks     {}\n", search ? "by search and events" : "by events and lists");
        // Asking whether the token may would start one.
        fmt::print("    first load        {}\n", !events || config.projects.is_on() ? "by lists"
                                                 : config.exports == Exports::allow
                                                     ? "by an export, if the token may ask for one"
                                                     : "by lists; `exports: allow` spares most requests");
        if (config.projects.is_on()) check_filter(connection, gid);
        fmt::print("    never mirrored    {}\n", asana::kStandingLimitation);
    }
    for (const auto& wish : config.workspaces)
        if (std::ranges::none_of(who.workspaces,
                                 [&](const auto& one) { return is_meant(wish, one.first, one.second); }))
            throw Fatal(ExitCode::configuration,
                        fmt::format("source {}: no workspace \"{}\" is visible to the token; correct `workspaces`",
                                    config.name, wish));
}

// Those that the database tells of: an account keeps what it has.
std::map<std::string, std::string> known_owners(const Config& config) {
    std::map<std::string, std::string> owners;
    std::error_code error;
    if (config.sources.size() < 2 || !std::filesystem::exists(config.database, error)) return owners;
    for (const auto& source : config.sources) {
        const auto asked = store::read_fact(config.database, source.name + ".workspaces").value_or("");
        std::istringstream roots(asked);
        for (std::string root; roots >> root;) {
            const auto fact = store::read_fact(config.database, fmt::format("{}{}", store::kOwnerOf, root));
            if (store::owner_in(fact.value_or("")).source == source.name) owners.emplace(root, source.name);
        }
    }
    return owners;
}

}  // namespace

ExitCode check(const Arguments& arguments) {
    const Config config = configuration(arguments);
    fmt::print("configuration {}\ndatabase      {}\n",
               config.file.empty() ? "none, all defaults" : config.file.string(), config.database.string());
    std::map<std::size_t, Fatal> unconnected;
    const auto connections = connect_each(config, false, unconnected);
    auto owners = known_owners(config);
    std::vector<Fatal> failed;
    for (const auto& connection : connections) {
        try {
            check(connection, owners);
        } catch (const Fatal& fatal) {
            if (fatal.code() == ExitCode::come_again) throw;  // a signal
            failed.push_back(fatal);
        }
    }
    for (const auto& [source, fatal] : unconnected) failed.push_back(fatal);
    return ended(failed, ExitCode::done);
}

}  // namespace taskmirror
