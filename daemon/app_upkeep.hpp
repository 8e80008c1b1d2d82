// What the program does beside mirroring: it tells others how it goes, warns of what will stop it, and forgets what is
// old. Inside app*.cpp only. Nothing here waits, but for settle(), and nothing here fails: what cannot be done is
// logged.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config.hpp"
#include "core/child.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "http/client.hpp"
#include "ops/doctor.hpp"
#include "store/store.hpp"

namespace taskmirror {

inline constexpr Milliseconds kHeartbeat = std::chrono::seconds(10);  // for its answer
inline constexpr Milliseconds kHook = std::chrono::seconds(30);       // then on_failure is killed
inline constexpr auto kSettle = kHeartbeat + kHook;                   // at the end, for both

// A GET of `notify.heartbeat_url`, for a service that sounds an alarm when none comes.
class Heartbeat {
  public:
    // Throws Fatal(configuration) for a URL that must not be asked.
    explicit Heartbeat(const Config& config);

    // Sends one, unless another is under way.
    void beat();
    // Takes what has come. To be called now and then, and until is_idle() at the end.
    void turn();
    // At the end: warns of one that is still under way.
    void give_up();
    bool is_idle() const { return transport_ == nullptr || transport_->in_flight() == 0; }

  private:
    std::string host_, target_;  // the host alone is no secret
    std::unique_ptr<http::Transport> transport_;
    std::uint64_t number_ = 0;
    bool failed_ = false;  // the last one did, which was logged
};

// Runs `notify.on_failure`, one at a time, while others wait; what it is to know is in its environment.
class FailureHook {
  public:
    explicit FailureHook(const Config& config) : command_(config.on_failure) {}

    // With the next turn that finds none running. False: too many wait already.
    bool run(std::string_view source, std::string_view reason, ExitCode code);
    // Notes its end, or ends it when it has taken too long, and starts the next.
    void turn(Monotonic now);
    bool is_idle() const { return child_ == nullptr && waiting_.empty(); }
    // At the end: kills the one that runs, forgets those that wait, and warns of it.
    void give_up();
    // What runs goes on; the failures that wait are told by the command of this one.
    void take_over(FailureHook& before);

  private:
    using Environment = std::vector<std::string>;

    std::string command_;
    std::unique_ptr<Child> child_;
    Monotonic until_{};
    std::deque<Environment> waiting_;
};

// What will stop the mirror some day: a disk that fills, a clock that is wrong, a file system that is shared, a log
// that grows. `ahead`: the clock, of the server's, if that is known.
std::vector<ops::Finding> dangers(const std::filesystem::path& database, std::optional<std::chrono::seconds> ahead);

// Logs each of them when it comes, and once a day while it stays.
class Warnings {
  public:
    void tell(const std::vector<ops::Finding>& findings, Monotonic now);

  private:
    std::map<std::string, Monotonic> told_;
};

// Removes a piece of what is older than `deletions.keep`, in a group of its own. True: there may be more.
bool forget_old(store::Store& store, const Config& config, Instant now);

// Keeps in the database how the last sync failed, if it did. True: it failed otherwise before, or not at all. A
// database that cannot be used remembers nothing.
bool note_failure(const Config& config, std::optional<ExitCode> code);

class Upkeep {
  public:
    explicit Upkeep(const Config& config) : config_(config), heartbeat_(config), hook_(config) {}

    // Of the daemon: once a minute or so. `good`: every account is served. `ahead` as of dangers().
    void minute(store::Store& store, bool good, std::optional<std::chrono::seconds> ahead, const Clock& clock);
    // Of the daemon: with every turn.
    void turn(Monotonic now);
    // False: to be told again later.
    bool failed(std::string_view source, std::string_view reason, ExitCode code) {
        return hook_.run(source, reason, code);
    }
    void good() { heartbeat_.beat(); }
    // Waits for what is under way, and gives up the rest.
    void settle(const Clock& clock, Milliseconds at_most = kSettle);
    // What is under way at a reload.
    void take_over(Upkeep& before) { hook_.take_over(before.hook_); }

  private:
    const Config& config_;
    Heartbeat heartbeat_;
    FailureHook hook_;
    Warnings warnings_;
    std::optional<Monotonic> forgotten_at_;  // all that was old
};

}  // namespace taskmirror
