// The command run: the daemon. Serves every account in turns until a signal, and waits where waiting may mend a failure.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "app_parts.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "engine/sync.hpp"
#include "ops/control.hpp"
#include "ops/notify.hpp"
#include "ops/terminal.hpp"
#include "store/store.hpp"

namespace taskmirror {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestTurn = 1s;    // the control socket and the watchdog wait so long
constexpr auto kTurnOfMany = 20ms;   // where another account waits for answers, too
constexpr auto kDrain = 10s;         // for what is in flight at the end
constexpr auto kNoteEvery = 1min;    // the run, in sync_runs
constexpr auto kSettled = 5min;      // an account that was served so long is well
constexpr Milliseconds kFirstRest = 1min;  // after a failure; doubled by each further one
constexpr Milliseconds kLongestRest = 10min;
constexpr Milliseconds kLongRest = 10min;  // where a person has to do something
constexpr Milliseconds kLongestOfLongRests = 1h;

// One account: served, or resting after a failure.
struct Served {
    std::optional<Connection> connection;
    std::unique_ptr<engine::Sync> sync;  // null: resting
    Monotonic until{};                   // of the rest
    Monotonic since{};                   // served since
    int failures = 0;                    // in a row
};

class Daemon {
  public:
    explicit Daemon(const Arguments& arguments)
        : arguments_(arguments), config_(std::make_unique<Config>(configuration(arguments))) {
        auto connections = connect_all(*config_);
        store_ = store::open_sqlite(config_->database, connections.front().source->tables());
        try {
            control_.emplace(config_->database);
        } catch (const Error& error) {
            log::warning("{}; verify and accept-deletions cannot reach this daemon", error.what());
        }
        run_.started_at = clock_.now();
        store_->begin();
        run_id_ = store_->start_run(run_);
        store_->commit();
        take(std::move(connections));
    }

    ExitCode serve() {
        try {
            while (!stop) turn();
            notifier_.stopping();
            log::info("stopping, waiting for answers, {} s at most", std::chrono::seconds(kDrain).count());
            drain();
        } catch (const Fatal& fatal) {
            end(fatal.code());
            throw;
        }
        end(ExitCode::done);
        return ExitCode::done;
    }

  private:
    void take(std::vector<Connection> connections) {
        accounts_.clear();
        for (auto& connection : connections) accounts_.emplace_back().connection.emplace(std::move(connection));
        for (auto& account : accounts_) start(account);
    }

    void start(Served& account) {
        const bool line = arguments_.progress && ops::has_terminal() && config_->log.level <= log::Level::info;
        account.sync = std::make_unique<engine::Sync>(
            account_of(*account.connection, *config_, arguments_), *store_, clock_, stop,
            line ? show : std::function<void(const engine::Progress&)>());
        account.since = clock_.monotonic();
        guarded(account, [&] { account.sync->serve(); });
    }

    void turn() {
        if (reload_asked.exchange(false)) reload(std::nullopt);
        for (auto& account : accounts_) {
            if (account.sync == nullptr) {
                if (clock_.monotonic() >= account.until) wake(account);
                continue;
            }
            guarded(account, [&] { account.sync->turn(longest_turn(account)); });
            if (account.sync != nullptr && clock_.monotonic() - account.since > kSettled) account.failures = 0;
        }
        // Nobody waits for answers, so nothing else waits here.
        if (std::ranges::none_of(accounts_, [](const Served& account) { return account.sync != nullptr; }))
            accounts_.front().connection->transport->wait(kLongestTurn);
        notifier_.alive();
        if (control_)
            for (const auto& request : control_->turn(clock_.monotonic())) answer(request);
        note();
    }

    Milliseconds longest_turn(const Served& account) const {
        const bool alone = std::ranges::none_of(accounts_, [&](const Served& other) {
            return &other != &account && other.sync != nullptr && other.sync->has_requests();
        });
        return alone ? kLongestTurn / static_cast<int>(accounts_.size()) : Milliseconds(kTurnOfMany);
    }

    // What may pass stops this account alone, for a while; a failure of the database all of them, for the group that is
    // rolled back holds pages of each.
    template <typename Body>
    void guarded(Served& account, Body&& body) {
        try {
            body();
        } catch (const Fatal& fatal) {
            const bool remote = fatal.code() == ExitCode::unavailable || fatal.code() == ExitCode::token_refused;
            if (remote) return rest(account, fatal);
            if (!fatal.may_pass()) throw;
            for (auto& each : accounts_)
                if (each.sync != nullptr) rest(each, fatal);
        }
    }

    void rest(Served& account, const Fatal& fatal) {
        const bool person = fatal.code() == ExitCode::token_refused || account.sync->is_blocked();
        const auto pause = std::min((person ? kLongRest : kFirstRest) * (1 << std::min(account.failures++, 8)),
                                    person ? kLongestOfLongRests : kLongestRest);
        add_up(account);
        account.sync.reset();
        store_->roll_back();
        account.until = clock_.monotonic() + pause;
        const std::string& name = account.connection->config.name;
        log::error("{}; tried again in {} s", fatal.what(), std::chrono::seconds(pause / 1000ms).count());
        notifier_.status(fmt::format("{}: {}", name, fatal.what()));
        try {
            store_->begin();
            store_->set_fact(name + ".state", fatal.what());
            store_->set_fact(name + ".state_since", iso(clock_.now()));
            store_->commit();
        } catch (const Fatal&) {  // a full disk is told by log and service manager alone
            store_->roll_back();
        }
    }

    // A new connection and a token that is read again: both may be what was wrong.
    void wake(Served& account) {
        try {
            const auto& config = account.connection->config;
            auto connection = connect(config);
            account.connection.emplace(std::move(connection));
        } catch (const Fatal& fatal) {
            log::error("source {}: {}", account.connection->config.name, fatal.what());
            account.until = clock_.monotonic() + kLongestRest;
            return;
        }
        log::info("source {}: trying again", account.connection->config.name);
        start(account);
    }

    // A bad new configuration keeps the old one.
    void reload(std::optional<std::uint64_t> asked_by) {
        notifier_.reloading(clock_.monotonic());
        ExitCode code = ExitCode::done;
        std::string said = "reloaded";
        try {
            auto config = std::make_unique<Config>(configuration(arguments_));
            if (config->database != config_->database)
                throw Fatal(ExitCode::configuration, "another `database` needs a restart");
            auto connections = connect_all(*config);
            drain();
            for (auto& account : accounts_) add_up(account);
            accounts_.clear();
            const auto before = std::exchange(config_, std::move(config));
            take(std::move(connections));
        } catch (const Fatal& fatal) {
            if (accounts_.empty()) throw;
            log::configure(config_->log);
            code = fatal.code();
            said = fmt::format("the configuration stays as it was: {}", fatal.what());
        }
        code == ExitCode::done ? log::info("{}", said) : log::error("{}", said);
        notifier_.ready();
        if (!asked_by) return;
        control_->reply(*asked_by, said);
        control_->finish(*asked_by, static_cast<int>(code));
    }

    void answer(const ops::Request& request) {
        const auto refuse = [&](ExitCode code, std::string_view why) {
            control_->reply(request.id, why);
            control_->finish(request.id, static_cast<int>(code));
        };
        const auto& words = request.words;
        if (words == std::vector<std::string>{"reload"}) return reload(request.id);
        if (words == std::vector<std::string>{"accept-deletions"}) {
            for (auto& account : accounts_)
                if (account.sync != nullptr) guarded(account, [&] { account.sync->accept_deletions(); });
            return refuse(ExitCode::done, "what was held is walked again, and removed if it is still missing");
        }
        refuse(ExitCode::usage, "a running daemon knows reload and accept-deletions");
    }

    void drain() {
        const auto until = clock_.monotonic() + kDrain;
        for (auto& account : accounts_)
            if (account.sync != nullptr) guarded(account, [&] { account.sync->drain(until); });
    }

    // READY once each account has asked something, or could not: the configuration, the token and the database are good.
    void note() {
        const auto time = clock_.monotonic();
        const auto has_begun = [](const Served& account) {
            return account.sync == nullptr || account.sync->has_been_answered();
        };
        if (!ready_ && std::ranges::all_of(accounts_, has_begun)) {
            ready_ = true;
            notifier_.ready();
            log::info("serving database={} sources={}", config_->database.string(), accounts_.size());
        }
        if (time - noted_at_ < kNoteEvery || store_->in_transaction()) return;  // then after this group
        noted_at_ = time;
        try {
            write_run();
            std::size_t gaps = 0;
            double used = 0;
            std::int64_t waiting = 0;
            for (const auto& account : accounts_) {
                gaps += store_->open_gaps(account.connection->config.name).size();
                if (account.sync == nullptr) return;  // its failure is what the service manager shows
                used += account.sync->progress().used_per_minute;
                waiting += account.sync->progress().waiting;
            }
            notifier_.status(fmt::format("{} requests waiting, {:.0f} a minute, {} gaps", waiting, used, gaps));
        } catch (const Fatal& fatal) {
            if (!fatal.may_pass()) throw;
            store_->roll_back();
        }
    }

    // The counts of a Sync that goes, for the run as a whole.
    void add_up(const Served& account) {
        if (account.sync == nullptr) return;
        const auto& progress = account.sync->progress();
        run_.requests += progress.requests;
        run_.retries += progress.retries;
        run_.rate_limited += progress.rate_limited;
        run_.rows_written += progress.rows_written;
        run_.rows_unchanged += progress.rows_unchanged;
    }

    void write_run() {
        const auto before = run_;
        for (const auto& account : accounts_) add_up(account);
        const auto now = std::exchange(run_, before);
        store_->begin();
        store_->update_run(run_id_, now);
        store_->commit();
    }

    void end(ExitCode code) {
        ops::clear_line();
        store_->roll_back();
        run_.ended_at = clock_.now();
        run_.exit_code = static_cast<int>(code);
        try {
            write_run();
        } catch (const Fatal&) {  // the failure that ends the run is told
            store_->roll_back();
        }
    }

    const Arguments& arguments_;
    const Clock& clock_ = system_clock();
    std::unique_ptr<Config> config_;
    std::unique_ptr<store::Store> store_;
    std::optional<ops::ControlSocket> control_;
    ops::Notifier notifier_;
    std::vector<Served> accounts_;
    store::Run run_{.command = "run", .version = std::string(kVersion)};
    std::int64_t run_id_ = 0;
    bool ready_ = false;
    Monotonic noted_at_{};
};

}  // namespace

ExitCode serve(const Arguments& arguments) { return Daemon(arguments).serve(); }

}  // namespace taskmirror
