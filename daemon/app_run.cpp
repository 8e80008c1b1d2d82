// The command run: the daemon. Serves every account in turns until a signal, and waits where waiting may mend a
// failure.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app_parts.hpp"
#include "app_upkeep.hpp"
#include "asana/source.hpp"
#include "core/counters.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "core/time_zone.hpp"
#include "engine/rest.hpp"
#include "engine/sync.hpp"
#include "engine/verify.hpp"
#include "ops/control.hpp"
#include "ops/live.hpp"
#include "ops/notify.hpp"
#include "ops/status_site.hpp"
#include "ops/terminal.hpp"
#include "store/store.hpp"
#include "token.hpp"

namespace taskmirror {
namespace {

using namespace std::chrono_literals;

constexpr auto kLongestTurn = 1s;            // the control socket and the watchdog wait so long
constexpr auto kTurnOfMany = 20ms;           // where another account waits for answers, too
constexpr auto kDrain = 10s;                 // for what is in flight, at the end and before a reload
constexpr auto kStopping = 4s;               // after that, for on_failure: the whole stop takes less than 15 s
constexpr auto kNoteEvery = 1min;            // the run, in sync_runs
constexpr auto kPublishEvery = 250ms;        // what the status page shows
constexpr auto kReadyAnyway = kFirstAnswer;  // a service manager waits for READY, but a network may be long in coming

// One account: served, or resting after a failure.
struct Served {
    const SourceConfig* config = nullptr;
    std::optional<Connection> connection;  // none: there was no token so far
    std::unique_ptr<engine::Sync> sync;    // null: resting
    Monotonic until{};                     // of the rest
    Monotonic since{};                     // served since
    engine::Rests rests;
    std::optional<Fatal> failure;  // why it rests
    bool told = false;             // of its failure: not with every try
};

// A verify that a client has asked for: one account after the other.
struct Comparing {
    std::uint64_t client = 0;
    std::unique_ptr<VerifyReport> report;
    std::size_t account = 0;
    std::unique_ptr<engine::Verify> verify{};
    bool is_whole = true;  // no account was left out
};

class Daemon {
  public:
    explicit Daemon(const Arguments& arguments)
        : arguments_(arguments), config_(std::make_unique<Config>(configuration(arguments))) {
        std::map<std::size_t, Fatal> failed;
        auto connections = connect_each(*config_, true, failed);
        page_token_ = page_token(*config_);
        store_ = store::open_sqlite(config_->database, of_tables_->tables());
        try {
            control_.emplace(config_->database);
        } catch (const Error& error) {
            log::warning("{}; verify and accept-deletions cannot reach this daemon", error.what());
        }
        upkeep_ = std::make_unique<Upkeep>(*config_);
        run_.started_at = clock_.now();
        store_->begin();
        run_id_ = store_->start_run(run_);
        store_->commit();
        open_page();
        take(std::move(connections), failed);
    }

    ExitCode serve() {
        try {
            while (!stop) turn();
            notifier_.stopping();
            end_comparison(ExitCode::come_again, "the daemon stops; verify again when it runs");
            log::info("stopping, waiting for answers, {} s at most", std::chrono::seconds(kDrain).count());
            drain();
        } catch (const Fatal& fatal) {
            end(fatal.code());
            upkeep_->failed(all_sources(), fatal.what(), fatal.code());
            upkeep_->settle(clock_, stop ? kStopping : kSettle);
            throw;
        }
        end(ExitCode::done);
        upkeep_->settle(clock_, kStopping);
        return ExitCode::done;
    }

  private:
    // Accounts without a token rest.
    void take(std::vector<Connection> connections, const std::map<std::size_t, Fatal>& failed = {}) {
        store_->begin();
        store_->set_time_zone(utc_offsets(config_->time_zone));
        store_->allow_wide_views(config_->wide_columns);
        store_->keep_search(config_->full_text_search);
        store_->commit();
        auto connection = connections.begin();
        for (std::size_t i = 0; i < config_->sources.size(); ++i) {
            accounts_.emplace_back().config = &config_->sources[i];
            if (!failed.contains(i)) accounts_.back().connection.emplace(std::move(*connection++));
        }
        began_ = clock_.monotonic();
        for (std::size_t i = 0; i < accounts_.size(); ++i)
            failed.contains(i) ? fail(accounts_[i], failed.at(i), false) : start(accounts_[i]);
    }

    void start(Served& account) {
        auto its = account_of(*account.connection, *config_, arguments_);
        its.counters = &counters_[account.config->name];
        account.sync = std::make_unique<engine::Sync>(std::move(its), *store_, clock_, stop,
                                                      watcher(*config_, arguments_, *account.config));
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
            if (!may_begin(accounts_, account, clock_.monotonic() - began_)) continue;
            guarded(account, [&] { account.sync->turn(longest_turn(account)); });
            if (account.sync != nullptr) account.rests.served(clock_.monotonic() - account.since);
        }
        // Nobody waits for answers, so nothing else waits here.
        if (std::ranges::none_of(accounts_, [](const Served& account) { return account.sync != nullptr; }))
            std::ranges::find_if(accounts_, [](const Served& account) {
                return account.connection.has_value();
            })->connection->transport->wait(kLongestTurn);
        feed_watchdog();
        upkeep_->turn(clock_.monotonic());
        if (control_)
            for (const auto& request : control_->turn(clock_.monotonic())) answer(request);
        go_on_comparing();
        note();
        publish();
    }

    // Not with each of a thousand turns a second.
    void feed_watchdog() {
        const auto time = clock_.monotonic();
        board_.tick(time);
        if (!notifier_.watchdog() || time - fed_at_ < *notifier_.watchdog() / 2) return;
        fed_at_ = time;
        notifier_.alive();
    }

    // Not beyond what another account waits for.
    Milliseconds longest_turn(const Served& account) const {
        auto longest = Milliseconds(kLongestTurn) / static_cast<int>(accounts_.size());
        const auto now = clock_.monotonic();
        for (const auto& other : accounts_) {
            if (&other == &account || other.sync == nullptr) continue;
            if (other.sync->has_requests()) longest = std::min(longest, Milliseconds(kTurnOfMany));
            const auto ready_in = std::chrono::ceil<Milliseconds>(other.sync->ready_at() - now);
            longest = std::clamp(ready_in, Milliseconds(0), longest);
        }
        return longest;
    }

    // What may pass stops this account alone, for a while; a database that fails stops all of them, for they share it.
    template <typename Body>
    void guarded(Served& account, Body&& body) {
        try {
            body();
        } catch (const Fatal& fatal) {
            if (fatal.may_pass()) {
                for (auto& one : accounts_)
                    if (one.sync != nullptr) rest(one, fatal);
            } else if (is_of_one_account(fatal)) {  // a token is read again
                rest(account, fatal);
            } else {
                throw;
            }
        }
    }

    void rest(Served& account, const Fatal& fatal) {
        const std::string& name = account.config->name;
        if (comparing_ && &accounts_[comparing_->account] == &account)
            end_comparison(ExitCode::unavailable, fmt::format("source {} cannot be asked: {}", name, fatal.what()));
        const bool blocked = account.sync->is_blocked();
        add_up(account);
        account.sync.reset();
        if (fatal.may_pass()) store_->roll_back();  // else the group has what others received
        fail(account, fatal, blocked);
    }

    void fail(Served& account, const Fatal& fatal, bool blocked) {
        const bool person =
            blocked || fatal.code() == ExitCode::token_refused || fatal.code() == ExitCode::configuration;
        const auto pause = account.rests.next(person);
        account.until = clock_.monotonic() + pause;
        account.failure = fatal;
        const std::string& name = account.config->name;
        log::error("{}; tried again in {} s", fatal.what(), std::chrono::seconds(pause / 1000ms).count());
        notifier_.status(fmt::format("{}: {}", name, fatal.what()));
        if (!account.told) account.told = upkeep_->failed(name, fatal.what(), fatal.code());
        const bool shared = store_->in_transaction();  // with what another account has received
        try {
            if (!shared) store_->begin();
            store_->set_fact(name + ".state", without_name(fatal.what(), name));
            store_->set_fact(name + ".state_since", iso(clock_.now()));
            store_->set_fact(name + ".retry_at", iso(clock_.now() + pause));
            if (!shared) store_->commit();
        } catch (const Fatal&) {  // a full disk is told by log and service manager alone
            if (!shared) store_->roll_back();
        }
    }

    // A new connection and a token that is read again: both may be what was wrong.
    void wake(Served& account) {
        const auto& config = *account.config;
        log::info("source {}: trying again", config.name);
        try {
            auto connection = connect(config, *config_);
            for (const auto& other : accounts_)
                if (&other != &account && other.connection) check_tokens(*other.connection, connection);
            account.connection.emplace(std::move(connection));
        } catch (const Fatal& fatal) {
            return fail(account, Fatal(fatal.code(), fmt::format("source {}: {}", config.name, fatal.what())), false);
        }
        noted_at_ = {};
        start(account);
    }

    static std::string page_token(const Config& config) {
        if (config.status.token_file.empty()) return {};
        auto token = read_token({.file = config.status.token_file});
        log::conceal(token);
        return token;
    }

    // The mirror goes on without it.
    void open_page() {
        site_.reset();
        if (!config_->status.listen) return;
        board_.tick(clock_.monotonic());
        try {
            site_.emplace(
                ops::SiteOptions{
                    .listen = *config_->status.listen,
                    .token = page_token_,
                    .database = config_->database,
                    .read = [config = *config_] { return status_of(config, system_clock().now()); },
                    .versions = {std::string(kVersion), store::library_version(), http::library_version()}},
                board_);
            log::info("status page address={}", to_string(site_->address()));
        } catch (const Error& error) {
            log::warning("{}; there is no status page until the daemon is told to reload", error.what());
        }
    }

    void publish() {
        const auto time = clock_.monotonic();
        if (!site_ || time - published_at_ < kPublishEvery) return;
        published_at_ = time;
        const auto now = clock_.now();
        const auto instant = [&](Monotonic then) { return now + std::chrono::ceil<Milliseconds>(then - time); };
        ops::Live live{.started_at = run_.started_at};
        for (const auto& account : accounts_) {
            const auto& name = account.config->name;
            auto& its = live.sources.emplace_back(ops::LiveSource{.name = name, .counters = counters_[name]});
            if (account.connection) {
                const auto& pace = *account.connection->pace;
                its.in_flight = pace.in_flight();
                its.rate_per_minute = pace.rate_per_minute();
                its.limit_per_minute = pace.limit_per_minute();
                if (pace.parked_until()) its.paused_until = instant(*pace.parked_until());
            }
            if (account.sync != nullptr) {
                its.answered = account.sync->has_been_answered();
                its.used_per_minute = account.sync->progress().used_per_minute;
            } else {
                its.failure = without_name(account.failure->what(), name);
                its.again_at = instant(account.until);
            }
        }
        minutes_.note(now, live.sources);
        live.minutes = minutes_.all();
        board_.publish(live);
    }

    // What is shown beside the name.
    static std::string without_name(std::string_view why, std::string_view name) {
        const auto prefix = fmt::format("source {}: ", name);
        return std::string(why.starts_with(prefix) ? why.substr(prefix.size()) : why);
    }

    // A bad new configuration keeps the old one.
    void reload(std::optional<std::uint64_t> asked_by) {
        notifier_.reloading(clock_.monotonic());
        ExitCode code = ExitCode::done;
        std::string said;
        std::unique_ptr<Config> config;
        std::vector<Connection> connections;
        std::string token;
        std::unique_ptr<Upkeep> upkeep;
        try {
            config = std::make_unique<Config>(configuration(arguments_));
            if (config->database != config_->database)
                throw Fatal(ExitCode::configuration, "another `database` needs a restart");
            connections = connect_all(*config);
            token = page_token(*config);
            upkeep = std::make_unique<Upkeep>(*config);
        } catch (const Fatal& fatal) {
            log::configure(config_->log);
            code = fatal.code();
            said = fmt::format("the configuration stays as it was: {}", fatal.what());
        }
        if (code == ExitCode::done) {
            end_comparison(ExitCode::come_again, "the daemon has read its configuration again; verify again");
            drain();
            for (auto& account : accounts_) add_up(account);
            accounts_.clear();
            upkeep->take_over(*upkeep_);
            upkeep_ = std::move(upkeep);  // before the configuration that the old one refers to
            config_ = std::move(config);
            page_token_ = std::move(token);
            open_page();
            take(std::move(connections));
            noted_at_ = {};
            ready_ = false;
            reloaded_ = true;
            if (asked_by) reload_clients_.push_back(*asked_by);
            return;
        }
        log::error("{}", said);
        if (ready_) notifier_.ready();
        if (!asked_by) return;
        control_->reply(*asked_by, said);
        control_->finish(*asked_by, static_cast<int>(code));
    }

    // Each account has been answered with the new configuration, or rests.
    void end_reload() {
        log::info("reloaded");
        ExitCode code = ExitCode::done;
        std::string said = "reloaded";
        for (const auto& account : accounts_) {
            if (account.sync != nullptr) continue;
            code = graver(code, account.failure->code());
            said += fmt::format("; {}", rests(account));
        }
        for (const auto client : std::exchange(reload_clients_, {})) {
            control_->reply(client, said);
            control_->finish(client, static_cast<int>(code));
        }
    }

    void answer(const ops::Request& request) {
        const auto refuse = [&](ExitCode code, std::string_view why) {
            control_->reply(request.id, why);
            control_->finish(request.id, static_cast<int>(code));
        };
        const auto& words = request.words;
        if (words == std::vector<std::string>{"reload"}) return reload(request.id);
        if (words == std::vector<std::string>{"accept-deletions"}) {
            std::vector<std::string> said;
            for (auto& account : accounts_)
                if (account.sync != nullptr) guarded(account, [&] { account.sync->accept_deletions(); });
            for (const auto& account : accounts_)
                if (account.sync == nullptr) said.push_back(rests(account));
            const auto code = said.empty() ? ExitCode::done : ExitCode::come_again;
            if (said.size() < accounts_.size())
                said.insert(said.begin(), "what was held is walked again, and removed if it is still missing");
            for (const auto& line : std::span(said).first(said.size() - 1)) control_->reply(request.id, line);
            return refuse(code, said.back());
        }
        if (!words.empty() && words.front() == "verify") {
            if (const auto options = verify_options(words)) {
                if (comparing_)
                    return refuse(ExitCode::come_again, "another verify is under way; ask again when it has ended");
                return compare(request.id, *options);
            }
        }
        refuse(ExitCode::usage,
               "a running daemon knows reload, accept-deletions and verify [--repair] [--stories] "
               "[--project GID]");
    }

    static std::string rests(const Served& account) {
        const auto& name = account.config->name;
        return fmt::format("source {} rests after a failure: {}", name, without_name(account.failure->what(), name));
    }

    static std::optional<engine::VerifyOptions> verify_options(const std::vector<std::string>& words) {
        engine::VerifyOptions options;
        for (std::size_t i = 1; i < words.size(); ++i) {
            if (words[i] == "--repair")
                options.repair = true;
            else if (words[i] == "--stories")
                options.one_off = true;
            else if (words[i] == "--project" && i + 1 < words.size())
                options.project = words[++i];
            else
                return std::nullopt;
        }
        return options;
    }

    void compare(std::uint64_t client, const engine::VerifyOptions& options) {
        const auto line = [this, client](std::string_view text) { control_->reply(client, text); };
        comparing_.emplace(
            Comparing{.client = client, .report = std::make_unique<VerifyReport>(options, true, *store_, line)});
        compare_next();
    }

    // Those that rest are named, and left out.
    void compare_next() {
        for (; comparing_->account < accounts_.size(); ++comparing_->account) {
            const auto& account = accounts_[comparing_->account];
            if (account.sync != nullptr) return compare(accounts_[comparing_->account]);
            control_->reply(comparing_->client, rests(account));
            comparing_->is_whole = false;
        }
        comparing_->account = 0;
        try {
            const auto code = comparing_->report->end();
            end_comparison(comparing_->is_whole ? code : graver(code, ExitCode::unavailable), {});
        } catch (const Fatal& fatal) {
            end_comparison(fatal.code(), fatal.what());
        }
    }

    void compare(Served& account) {
        try {
            comparing_->verify = comparing_->report->begin(account_of(*account.connection, *config_, arguments_));
        } catch (const Fatal& fatal) {
            if (fatal.code() != ExitCode::come_again || fatal.may_pass()) throw;
            return end_comparison(fatal.code(), fatal.what());
        }
        account.sync->invite(comparing_->verify.get());
    }

    // One account is compared, or cannot be, or nobody waits for it any more.
    void go_on_comparing() {
        if (!comparing_) return;
        auto& verify = *comparing_->verify;
        const bool wanted = control_->connected(comparing_->client);
        if (!wanted) verify.stop();
        if (!verify.is_over() || verify.has_requests()) return;
        if (!wanted) return end_comparison(ExitCode::come_again, {});
        if (const auto& failure = verify.failure()) return end_comparison(failure->code(), failure->what());
        auto& account = accounts_[comparing_->account];
        account.sync->invite(nullptr);
        comparing_->report->add(verify, account.config->name);
        comparing_->verify.reset();
        ++comparing_->account;
        compare_next();
    }

    // Its answers are all there, or nobody waits for them any more.
    void end_comparison(ExitCode code, std::string_view why) {
        if (!comparing_) return;
        if (auto& sync = accounts_[comparing_->account].sync) sync->invite(nullptr);
        if (!why.empty()) control_->reply(comparing_->client, why);
        control_->finish(comparing_->client, static_cast<int>(code));
        comparing_.reset();
        store_->clear_notes();
    }

    void drain() {
        const auto until = clock_.monotonic() + kDrain;
        for (auto& account : accounts_) {
            do {
                feed_watchdog();
                upkeep_->turn(clock_.monotonic());
                if (account.sync == nullptr) break;
                const auto turn_until = std::min(until, clock_.monotonic() + kLongestTurn);
                guarded(account, [&] { account.sync->drain(turn_until); });
            } while (account.sync != nullptr && account.sync->has_requests() && clock_.monotonic() < until);
        }
    }

    // READY once each account has been answered, or rests: configuration, token and database are good.
    void note() {
        const auto time = clock_.monotonic();
        const auto has_begun = [](const Served& account) {
            return account.sync == nullptr || account.sync->has_been_answered();
        };
        if (!ready_ && (time - began_ >= kReadyAnyway || std::ranges::all_of(accounts_, has_begun))) {
            ready_ = true;
            noted_at_ = {};  // the first heartbeat does not wait for a minute
            notifier_.ready();
            if (std::exchange(reloaded_, false))
                end_reload();
            else
                log::info("serving database={} sources={}", config_->database.string(), accounts_.size());
        }
        if (time - noted_at_ < kNoteEvery || store_->in_transaction()) return;  // then after this group
        noted_at_ = time;
        try {
            write_run();
            look_after();
            std::size_t gaps = 0;
            double used = 0;
            std::int64_t waiting = 0;
            for (const auto& account : accounts_) {
                gaps += store_->open_gaps(account.config->name).size();
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

    void look_after() {
        std::optional<std::chrono::seconds> ahead;
        bool good = true;
        for (auto& account : accounts_) {
            const bool served = account.sync != nullptr && account.sync->has_been_answered();
            good = good && served && !account.sync->is_blocked();
            if (served) account.told = false;
            if (served && account.sync->progress().clock_ahead) ahead = account.sync->progress().clock_ahead;
        }
        upkeep_->minute(*store_, good, ahead, clock_);
    }

    std::string all_sources() const {
        std::string names;
        for (const auto& source : config_->sources) names += (names.empty() ? "" : ",") + source.name;
        return names;
    }

    // The counts of a Sync that goes, for the run as a whole.
    void add_up(const Served& account) {
        if (account.sync != nullptr) add(run_, account.sync->progress());
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
    const std::unique_ptr<source::Source> of_tables_ = asana::make_source({});  // those of accounts come and go
    std::unique_ptr<store::Store> store_;
    std::optional<ops::ControlSocket> control_;
    ops::Notifier notifier_;
    std::map<std::string, Counters, std::less<>> counters_;  // by account; they outlive it
    ops::Board board_;
    ops::Minutes minutes_;
    std::string page_token_;
    std::optional<ops::StatusSite> site_;
    Monotonic published_at_{};
    std::unique_ptr<Upkeep> upkeep_;
    std::vector<Served> accounts_;
    store::Run run_{.command = "run", .version = std::string(kVersion)};
    std::int64_t run_id_ = 0;
    std::optional<Comparing> comparing_;
    Monotonic began_ = clock_.monotonic();
    bool ready_ = false;
    bool reloaded_ = false;                      // ready is what it is not yet with the new configuration
    std::vector<std::uint64_t> reload_clients_;  // wait for that
    Monotonic noted_at_{};
    Monotonic fed_at_{};
};

}  // namespace

ExitCode serve(const Arguments& arguments) { return Daemon(arguments).serve(); }

}  // namespace taskmirror
