#include "app.hpp"
#include "app_parts.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "cli.hpp"
#include "config.hpp"
#include "core/log.hpp"
#include "engine/sync.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "ops/control.hpp"
#include "ops/terminal.hpp"
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

void add(store::Run& run, const engine::Progress& progress) {
    run.requests += progress.requests;
    run.retries += progress.retries;
    run.rate_limited += progress.rate_limited;
    run.rows_written += progress.rows_written;
    run.rows_unchanged += progress.rows_unchanged;
}

bool is_of_one_account(const Fatal& fatal) {
    return !fatal.may_pass() && (fatal.code() == ExitCode::unavailable || fatal.code() == ExitCode::token_refused ||
                                 fatal.code() == ExitCode::configuration);
}

ExitCode graver(ExitCode one, ExitCode other) {
    using enum ExitCode;
    constexpr std::array kGrave = {done, incomplete, come_again, unavailable, token_refused, configuration};
    return std::ranges::find(kGrave, one) < std::ranges::find(kGrave, other) ? other : one;
}

ExitCode ended(const std::vector<Fatal>& failed, ExitCode code) {
    for (const auto& fatal : failed) code = graver(code, fatal.code());
    const auto gravest = std::ranges::find(failed, code, &Fatal::code);
    for (auto one = failed.begin(); one != failed.end(); ++one)
        if (one != gravest) log::error("{}", one->what());
    if (gravest != failed.end()) throw *gravest;
    return code;
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

// A configuration that cannot be read is told of here already, and the daemon goes on with the one that it has.
ExitCode reload(const Arguments& arguments) {
    const Config config = configuration(arguments);
    if (const auto code = ask_daemon(config, {"reload"})) return *code;
    throw Fatal(ExitCode::unavailable,
                fmt::format("no daemon serves {}: start one with taskmirror run", config.database.string()));
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
