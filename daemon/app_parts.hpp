// What the commands share. Inside app*.cpp only.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "asana/source.hpp"
#include "cli.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "engine/sync.hpp"
#include "engine/verify.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "ops/status.hpp"
#include "source/source.hpp"
#include "store/store.hpp"

namespace taskmirror {

extern const std::string_view kVersion;  // cmake/version.cmake makes it

// Of the service, as its units have them.
inline constexpr std::string_view kServiceFolder = "/etc/taskmirror";
inline constexpr std::string_view kServiceToken = "asana-token";

extern std::atomic<bool> stop;          // set by SIGINT and SIGTERM
extern std::atomic<bool> reload_asked;  // by SIGHUP

// A source with all that is needed to talk to it.
struct Connection {
    const SourceConfig& config;
    std::string token;
    std::unique_ptr<source::Source> source;
    std::unique_ptr<http::Transport> transport;
    std::unique_ptr<http::Pace> pace;
};

// Reads the configuration, with what the arguments say in its place, and sets the log up.
Config configuration(const Arguments& arguments);
// `writes`: what is asked for is stored; else no key of redacted texts is made.
Connection connect(const SourceConfig& source, const Config& config, bool writes = true);
std::vector<Connection> connect_all(const Config& config, bool writes = true);
// Those that can be had; why the others cannot goes to `failed`, by the index of the account. Throws if none can.
std::vector<Connection> connect_each(const Config& config, bool writes, std::map<std::size_t, Fatal>& failed);
// Two accounts of one token would take twice what it may ask for. Throws Fatal.
void check_tokens(const Connection& one, const Connection& other);
// The counts of an account go to the run.
void add(store::Run& run, const engine::Progress& progress);
// A failure that the other accounts do not share, as they share the database. What was received stays in the group.
bool is_of_one_account(const Fatal& fatal);
// The graver of two: what a person must mend, then what may pass, then gaps.
ExitCode graver(ExitCode one, ExitCode other);
// What a command of several accounts ends with: the gravest failure is thrown, the others go to the log. None: `code`.
ExitCode ended(const std::vector<Fatal>& failed, ExitCode code);
// Of redacted texts, beside the database. It is made when there is none and nothing was redacted with one.
std::string redact_key(const Config& config, bool make);
// What the engine gets of a connection, which must outlive it.
engine::Account account_of(Connection& connection, const Config& config, const Arguments& arguments);
std::string read_token_again(const SourceConfig& config);
// Shows the progress line, with the name of the account where there are several; none where no line is shown.
std::function<void(const engine::Progress&)> watcher(const Config& config, const Arguments& arguments,
                                                     const SourceConfig& source);
// At the start accounts are asked whose token they are one after the other, for the first that sees a workspace has it.
// But for one that does not answer the others wait so long only.
inline constexpr auto kFirstAnswer = std::chrono::seconds(30);
template <typename Accounts>
bool may_begin(const Accounts& accounts, const typename Accounts::value_type& account,
               Monotonic::duration since_start) {
    if (since_start >= kFirstAnswer) return true;
    for (const auto& before : accounts) {
        if (&before == &account) return true;
        if (before.sync != nullptr && !before.sync->has_been_answered()) return false;
    }
    return true;
}

// Whose token it is. Throws Fatal that says why that cannot be known.
asana::Me who_is_it(http::Transport& transport, const SourceConfig& config);

// What status judges. Fails as read_snapshot().
ops::Status status_of(const Config& config, Instant now);

// Asks the daemon of this database, if one runs, and shows its answer. None: there is no daemon.
std::optional<ExitCode> ask_daemon(const Config& config, const std::vector<std::string>& words);

// Comparisons of one account after the other, told line by line.
class VerifyReport {
  public:
    // `served`: a daemon carries out what is queued.
    VerifyReport(engine::VerifyOptions options, bool served, store::Store& store,
                 std::function<void(std::string_view)> line)
        : options_(std::move(options)), served_(served), store_(store), line_(std::move(line)) {}
    VerifyReport(const VerifyReport&) = delete;
    VerifyReport& operator=(const VerifyReport&) = delete;

    // The comparison of one account, to be carried out; then add() it.
    std::unique_ptr<engine::Verify> begin(engine::Account account);
    void add(const engine::Verify& verify, const std::string& source);
    // Throws Fatal when no account has the project.
    ExitCode end() const;

  private:
    void tell(const engine::Comparison& comparison) const;

    engine::VerifyOptions options_;
    bool served_;
    store::Store& store_;
    std::function<void(std::string_view)> line_;
    bool equal_ = true, project_found_ = false;
};

ExitCode back_up(const Arguments& arguments);
ExitCode check(const Arguments& arguments);
ExitCode doctor(const Arguments& arguments);
ExitCode init(const Arguments& arguments);
ExitCode plan(const Arguments& arguments);
ExitCode serve(const Arguments& arguments);
ExitCode show_report(const Arguments& arguments);
ExitCode show_status(const Arguments& arguments);
ExitCode show_schema(const Arguments& arguments);
ExitCode sync(const Arguments& arguments);
ExitCode search_words(const Arguments& arguments);
ExitCode verify(const Arguments& arguments);

}  // namespace taskmirror
