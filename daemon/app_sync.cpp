// The command `sync`: all accounts by turns, once.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "app_parts.hpp"
#include "app_upkeep.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/time_zone.hpp"
#include "engine/sync.hpp"
#include "ops/terminal.hpp"
#include "store/store.hpp"

namespace taskmirror {
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
            if (!is_of_one_account(fatal)) throw;  // the group is gone, with what the others have received
            failed_.push_back(fatal);
            complete_ = false;
        }
    }

    void add_up(Mirrored& account) {
        ops::clear_line();
        add(run_, account.sync->progress());
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

    if (!failed.empty() && config.sources.size() == 1) throw failed.front();
    if (config.log.level <= log::Level::info) summarize(*store, config, run, syncs.complete() && unconnected.empty());
    return ended(failed, code);
}

}  // namespace

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

}  // namespace taskmirror
