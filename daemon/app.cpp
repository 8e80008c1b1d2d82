#include "app.hpp"
#include "app_parts.hpp"
#include "app_upkeep.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "cli.hpp"
#include "config.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/time_zone.hpp"
#include "engine/sync.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "ops/control.hpp"
#include "ops/terminal.hpp"
#include "store/reader.hpp"
#include "store/store.hpp"
#include "token.hpp"

namespace taskmirror {

std::atomic<bool> stop{false};
std::atomic<bool> reload_asked{false};

namespace {

int wake_fd = -1;

// The first signal lets what is in flight arrive; the second one ends the process at once.
extern "C" void on_signal(int signal) {
    if (signal == SIGHUP)
        reload_asked = true;
    else if (stop.exchange(true) && signal == SIGINT)
        _exit(static_cast<int>(ExitCode::interrupted));
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_fd, &one, sizeof one);
}

void catch_signals(bool reloads) {
    wake_fd = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct sigaction action = {};
    action.sa_handler = on_signal;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    if (reloads) ::sigaction(SIGHUP, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a full disk
}

}  // namespace

Config configuration(const Arguments& arguments) {
    Config config;
    const auto places = config_places();
    const auto file = arguments.config.empty() ? first_existing(places) : std::optional(arguments.config);
    if (file) config = read_config(*file, asana::kResources, asana::redactable());
    if (!arguments.database.empty()) config.database = arguments.database;
    if (arguments.log_level) config.log.level = *arguments.log_level;
    if (arguments.log_format) config.log.format = *arguments.log_format;
    log::configure(config.log);
    return config;
}

namespace {

TokenPlace token_place(const SourceConfig& config) {
    TokenPlace place;
    place.env = config.token_env;
    place.file = config.token_file;
    place.command = config.token_command;
    return place;
}

}  // namespace

Connection connect(const SourceConfig& config, const Config& whole, bool writes) {
    auto token = read_token(token_place(config));
    log::conceal(token);

    http::ClientOptions client;
    client.base_url = config.base_url;
    client.token = token;
    client.ca_file = config.ca_file.string();
    client.proxy = config.proxy;
    client.user_agent = fmt::format("taskmirror/{}", kVersion);
    const auto add_header = [&](const char* name, const std::vector<std::string>& changes) {
        if (!changes.empty()) client.headers.emplace_back(name, fmt::format("{}", fmt::join(changes, ",")));
    };
    add_header("Asana-Enable", config.api_changes.enable);
    add_header("Asana-Disable", config.api_changes.disable);

    http::PaceOptions pace;
    pace.requests_per_minute = config.limits.requests_per_minute;
    // Asana allows a search for 25 requests; who has a larger quota has a larger one of both.
    pace.search_per_minute = std::max(pace.search_per_minute, pace.requests_per_minute / 25);
    pace.share = config.limits.share;
    pace.concurrency = config.limits.concurrency;
    auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
    auto random = [engine] { return std::uniform_real_distribution<double>(0, 1)(*engine); };

    return {.config = config,
            .token = std::move(token),
            .source = asana::make_source({.name = config.name,
                                          .workspaces = config.workspaces,
                                          .resources_off = config.resources_off,
                                          .projects = config.projects,
                                          .redact = config.redact,
                                          .redact_key = needs_key(config.redact) ? redact_key(whole, writes) : ""}),
            .transport = http::make_client(client, wake_fd),
            .pace = std::make_unique<http::Pace>(pace, random)};
}

std::string read_token_again(const SourceConfig& config) {
    auto token = read_token(token_place(config));
    log::conceal(token);
    return token;
}

namespace {

std::set<std::string> names_of(const Config& config) {
    std::set<std::string> names;
    for (const auto& source : config.sources) names.insert(source.name);
    return names;
}

}  // namespace

engine::Account account_of(Connection& connection, const Config& config, const Arguments& arguments) {
    return {.source = *connection.source,
            .transport = *connection.transport,
            .pace = *connection.pace,
            .read_token = [&] { return read_token_again(connection.config); },
            .token = connection.token,
            .periods = arguments.full ? engine::Periods{}
                                      : engine::Periods{.relist = config.schedule.relist_every,
                                                        .reconcile = config.schedule.reconcile_every,
                                                        .reread = config.schedule.stories_reread_every},
            .deletions = {.max_share = config.most_deleted, .accepted = arguments.accept_deletions},
            .polls = {.max_staleness = config.schedule.max_staleness},
            .exports = {.allowed = connection.config.exports == Exports::allow},
            .accounts = names_of(config)};
}

std::optional<ExitCode> ask_daemon(const Config& config, const std::vector<std::string>& words) {
    // While it answers there is nothing to finish here: a signal ends the process.
    const auto interrupted = std::signal(SIGINT, SIG_DFL);
    const auto terminated = std::signal(SIGTERM, SIG_DFL);
    const bool says = config.log.level <= log::Level::info;
    std::string last;  // of a refusal it is the reason
    const auto show = [&](std::string_view line) {
        if (says && !last.empty()) fmt::print("{}\n", last);
        last = line;
    };
    const auto answered = ops::ask_daemon(config.database, words, show);
    std::signal(SIGINT, interrupted);
    std::signal(SIGTERM, terminated);
    if (!answered) return std::nullopt;
    const auto code = static_cast<ExitCode>(*answered);
    if (code != ExitCode::done && code != ExitCode::incomplete) throw Fatal(code, last);
    show({});
    return code;
}

void check_tokens(const Connection& one, const Connection& other) {
    if (one.token != other.token || one.config.base_url != other.config.base_url) return;
    throw Fatal(ExitCode::configuration,
                fmt::format("sources {} and {} have the same token, which has one budget of requests: make them one "
                            "source, or create a token for each",
                            one.config.name, other.config.name));
}

std::vector<Connection> connect_each(const Config& config, bool writes, std::map<std::size_t, Fatal>& failed) {
    std::vector<Connection> connections;
    for (std::size_t i = 0; i < config.sources.size(); ++i) {
        const auto& source = config.sources[i];
        try {
            connections.push_back(connect(source, config, writes));
        } catch (const Fatal& fatal) {
            failed.emplace(i, Fatal(fatal.code(), fmt::format("source {}: {}", source.name, fatal.what())));
            continue;
        }
        for (std::size_t other = 0; other + 1 < connections.size(); ++other)
            check_tokens(connections[other], connections.back());
    }
    if (connections.empty()) throw failed.begin()->second;
    return connections;
}

std::vector<Connection> connect_all(const Config& config, bool writes) {
    std::map<std::size_t, Fatal> failed;
    auto connections = connect_each(config, writes, failed);
    if (!failed.empty()) throw failed.begin()->second;
    return connections;
}

ExitCode graver(ExitCode one, ExitCode other) {
    using enum ExitCode;
    constexpr std::array kGrave = {done, incomplete, come_again, unavailable, token_refused, configuration};
    return std::ranges::find(kGrave, one) < std::ranges::find(kGrave, other) ? other : one;
}

namespace {

std::string duration(std::chrono::seconds time) {
    if (time < std::chrono::minutes(2)) return fmt::format("{} s", time.count());
    if (time < std::chrono::hours(2)) return fmt::format("{} min", time.count() / 60);
    return fmt::format("{} h {:02} min", time.count() / 3600, time.count() / 60 % 60);
}

// What one wants to know first stands first: a narrow terminal cuts the rest.
void show(const engine::Progress& progress, std::string_view account) {
    ops::show_line(fmt::format("{}{}{}{}, {} waiting, {} rows, {} requests, {:.0f} of {:.0f}/min{}", account,
                               account.empty() ? "" : ": ", progress.stage,
                               progress.paused ? ", paused by Asana"
                               : progress.left ? ", at least " + duration(*progress.left) + " left"
                                               : "",
                               progress.waiting, progress.rows_written + progress.rows_unchanged, progress.requests,
                               progress.used_per_minute, progress.rate_per_minute,
                               progress.rate_limited > 0 ? fmt::format(", {} times 429", progress.rate_limited) : ""));
}

}  // namespace

std::function<void(const engine::Progress&)> watcher(const Config& config, const Arguments& arguments,
                                                     const SourceConfig& source) {
    if (!arguments.progress || !ops::has_terminal() || config.log.level > log::Level::info) return {};
    return [account = config.sources.size() > 1 ? source.name : std::string()](const engine::Progress& progress) {
        show(progress, account);
    };
}

namespace {

std::string listed_sources(const Config& config) {
    std::string names;
    for (const auto& source : config.sources) names += (names.empty() ? "" : ",") + source.name;
    return names;
}

void summarize(store::Store& store, const Config& config, const store::Run& run, bool complete) {
    const auto seconds = std::chrono::duration<double>(*run.ended_at - run.started_at).count();
    fmt::print("{} {} in {:.1f} s: {} requests ({} repeated, {} answered 429), {} rows written, {} unchanged\n",
               complete ? "mirrored into" : "stopped with work left; stored in", config.database.string(), seconds,
               run.requests, run.retries, run.rate_limited, run.rows_written, run.rows_unchanged);
    for (const auto& [table, rows] : store.row_counts())
        if (rows > 0) fmt::print("  {:<36}{:>12}\n", table, rows);
    for (const auto& source : config.sources) {
        for (const auto& capability : store.capabilities(source.name))
            if (!capability.available)
                fmt::print("the plan of workspace {} has no {}\n", escaped(capability.scope), capability.name);
        const auto gaps = store.open_gaps(source.name);
        constexpr std::size_t kShown = 10;
        if (!gaps.empty()) fmt::print("gaps: {} could not be fetched (table sync_gaps)\n", gaps.size());
        for (const auto& gap : std::span(gaps).first(std::min(gaps.size(), kShown)))
            fmt::print("  {} {}: {}{}\n", gap.stream, escaped(gap.scope), escaped(gap.message),
                       gap.retry_at ? "; tried again from " + iso(*gap.retry_at) : "");
        if (gaps.size() > kShown) fmt::print("  ... and {} more\n", gaps.size() - kShown);
    }
}

// One account of a sync.
struct Mirrored {
    Connection& connection;
    std::unique_ptr<engine::Sync> sync;  // null: it is over
};

// All accounts by turns, so that none holds up another: each has its own rate, and some wait long. What fails is told
// of when the others are done.
class Syncs {
  public:
    Syncs(const Config& config, const Arguments& arguments, std::vector<Connection>& connections, store::Store& store,
          store::Run& run)
        : arguments_(arguments), store_(store), run_(run) {
        for (auto& connection : connections) {
            accounts_.push_back(
                {connection, std::make_unique<engine::Sync>(account_of(connection, config, arguments), store, clock_,
                                                            stop, watcher(config, arguments, connection.config))});
            guarded(accounts_.back(), [](engine::Sync& sync) {
                sync.start();
                return true;
            });
        }
    }

    void run() {
        while (is_running())
            for (auto& account : accounts_) {
                if (account.sync == nullptr || !may_begin(accounts_, account, clock_.monotonic() - began_)) continue;
                guarded(account, [&](engine::Sync& sync) { return sync.step(left(account), longest_step(account)); });
            }
    }

    bool complete() const { return complete_; }
    const std::vector<Fatal>& failed() const { return failed_; }

  private:
    bool is_running() const {
        return std::ranges::any_of(accounts_, [](const Mirrored& account) { return account.sync != nullptr; });
    }

    // The limits hold for all of them together.
    engine::Limits left(const Mirrored& account) const {
        engine::Limits limits;
        if (arguments_.max_minutes) limits.time = std::chrono::minutes(*arguments_.max_minutes);
        if (!arguments_.max_requests) return limits;
        auto others = run_.requests;
        for (const auto& other : accounts_)
            if (&other != &account && other.sync != nullptr) others += other.sync->progress().requests;
        const auto most = static_cast<std::uint64_t>(*arguments_.max_requests);
        limits.requests = most - std::min(most, others);
        return limits;
    }

    // Nobody waits for long while others wait for answers.
    Milliseconds longest_step(const Mirrored& account) const {
        const bool alone = std::ranges::none_of(
            accounts_, [&](const Mirrored& other) { return &other != &account && other.sync != nullptr; });
        return alone ? Milliseconds(std::chrono::minutes(1)) : Milliseconds(20);
    }

    template <typename Body>
    void guarded(Mirrored& account, Body&& body) {
        try {
            if (body(*account.sync)) return;
            complete_ = account.sync->finish() == engine::Ended::complete && complete_;
            add_up(account);
        } catch (const Fatal& fatal) {
            add_up(account);
            if (fatal.code() == ExitCode::disk || fatal.code() == ExitCode::corrupt) throw;  // fails for all
            failed_.push_back(fatal);
            complete_ = false;
        }
    }

    void add_up(Mirrored& account) {
        ops::clear_line();
        const auto& progress = account.sync->progress();
        run_.requests += progress.requests;
        run_.retries += progress.retries;
        run_.rate_limited += progress.rate_limited;
        run_.rows_written += progress.rows_written;
        run_.rows_unchanged += progress.rows_unchanged;
        account.sync.reset();
    }

    const Arguments& arguments_;
    store::Store& store_;
    store::Run& run_;
    const Clock& clock_ = system_clock();
    const Monotonic began_ = clock_.monotonic();
    std::vector<Mirrored> accounts_;
    std::vector<Fatal> failed_;
    bool complete_ = true;
};

ExitCode sync(const Arguments& arguments, const Config& config) {
    std::map<std::size_t, Fatal> unconnected;
    auto connections = connect_each(config, true, unconnected);
    const auto store = store::open_sqlite(config.database, connections.front().source->tables());
    const Clock& clock = system_clock();

    store::Run run{.command = "sync", .version = std::string(kVersion), .started_at = clock.now()};
    store->begin();
    store->set_time_zone(utc_offsets(config.time_zone));
    store->allow_wide_views(config.wide_columns, arguments.full);
    store->keep_search(config.full_text_search);
    const auto run_id = store->start_run(run);
    store->commit();

    Syncs syncs(config, arguments, connections, *store, run);
    syncs.run();

    auto failed = syncs.failed();
    for (const auto& [source, fatal] : unconnected) failed.push_back(fatal);
    ExitCode code = syncs.complete() ? ExitCode::done : ExitCode::come_again;
    for (const auto& connection : connections)
        if (!store->open_gaps(connection.config.name).empty()) code = graver(code, ExitCode::incomplete);
    for (const auto& fatal : failed) code = graver(code, fatal.code());
    run.ended_at = clock.now();
    run.exit_code = static_cast<int>(code);
    store->begin();
    store->update_run(run_id, run);
    store->commit();
    // Before what is written for people: none of it is the run's.
    if (!stop)
        while (forget_old(*store, config, clock.now()) && !stop) {
        }

    // The gravest failure is what the process ends with.
    const auto gravest = std::ranges::find(failed, code, &Fatal::code);
    if (!failed.empty() && config.sources.size() == 1) throw failed.front();
    if (config.log.level <= log::Level::info) summarize(*store, config, run, syncs.complete() && unconnected.empty());
    for (auto one = failed.begin(); one != failed.end(); ++one)
        if (one != gravest) log::error("{}", one->what());
    if (gravest != failed.end()) throw *gravest;
    return code;
}

// A sync, and what others are told of its end. One that was stopped, or found the database in use, is no failure; nor a
// good one: who waits for heartbeats hears of it when it stays so.
ExitCode sync(const Arguments& arguments) {
    const Config config = configuration(arguments);
    if (arguments.accept_deletions && !arguments.full)
        if (const auto code = ask_daemon(config, {"accept-deletions"})) return *code;
    Upkeep upkeep(config);
    const Clock& clock = system_clock();
    try {
        const auto code = sync(arguments, config);
        const bool good = code == ExitCode::done || code == ExitCode::incomplete;  // gaps are known, the rest is fresh
        if (good) {
            note_failure(config, {});
            upkeep.good();
        }
        upkeep.settle(clock);
        return code;
    } catch (const Fatal& fatal) {
        if (fatal.code() != ExitCode::come_again && note_failure(config, fatal.code())) {
            upkeep.failed(listed_sources(config), fatal.what(), fatal.code());
            upkeep.settle(clock);
        }
        throw;
    }
}

// A configuration that cannot be read is told of here already, and the daemon goes on with the one that it has.
ExitCode reload(const Arguments& arguments) {
    const Config config = configuration(arguments);
    if (const auto code = ask_daemon(config, {"reload"})) return *code;
    throw Fatal(ExitCode::unavailable,
                fmt::format("no daemon serves {}: start one with taskmirror run", config.database.string()));
}

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
    ExitCode code = ExitCode::done;
    for (const auto& fatal : failed) code = graver(code, fatal.code());
    const auto gravest = std::ranges::find(failed, code, &Fatal::code);
    for (auto one = failed.begin(); one != failed.end(); ++one)
        if (one != gravest) log::error("{}", one->what());
    if (gravest != failed.end()) throw *gravest;
    return code;
}

}  // namespace

ExitCode run(int argc, const char* const* argv) {
    const Arguments arguments = parse(argc, argv);
    if (arguments.command == Command::report) return show_report(arguments);  // a signal may end it at once
    catch_signals(arguments.command == Command::run);
    switch (arguments.command) {
        case Command::none:
            fmt::print(stderr, "{}", help());
            return ExitCode::usage;
        case Command::help:
            fmt::print("{}", help());
            return ExitCode::done;
        case Command::version:
            fmt::print("{}", version_text(kVersion, http::library_version(), store::library_version()));
            return ExitCode::done;
        case Command::sync:
            return sync(arguments);
        case Command::check:
            return check(arguments);
        case Command::plan:
            return plan(arguments);
        case Command::run:
            return serve(arguments);
        case Command::reload:
            return reload(arguments);
        case Command::verify:
            return verify(arguments);
        case Command::status:
            return show_status(arguments);
        case Command::schema:
            return show_schema(arguments);
        case Command::search:
            return search_words(arguments);
        case Command::backup:
            return back_up(arguments);
        case Command::doctor:
            return doctor(arguments);
        case Command::init:
            return init(arguments);
        case Command::report:
            break;
    }
    return ExitCode::internal;
}

}  // namespace taskmirror
