#include "app_upkeep.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <system_error>

#include "app_parts.hpp"
#include "asana/source.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "store/reader.hpp"

namespace taskmirror {
namespace {

using namespace std::chrono_literals;

constexpr auto kRepeat = 24h;         // of a warning, and of looking for what is old
constexpr std::size_t kPiece = 1000;  // rows that are removed by one commit
constexpr std::size_t kLongestReason = 1000;
constexpr std::size_t kMostWaiting = 16;  // failures that on_failure is still to be told of
constexpr std::size_t kSecret = 8;        // shorter paths are words that stand elsewhere, too

// What the command of a user needs to work at all; no token is among these.
constexpr std::array<const char*, 8> kHandedOn = {"PATH", "HOME",   "USER", "LOGNAME",
                                                  "LANG", "LC_ALL", "TZ",   "XDG_RUNTIME_DIR"};

}  // namespace

Heartbeat::Heartbeat(const Config& config) {
    const std::string& url = config.heartbeat_url;
    if (url.empty()) return;
    log::conceal(url);
    const auto begin = url.find("://") + 3;
    const auto end = std::min(url.find_first_of("/?", begin), url.size());
    host_ = url.substr(begin, end - begin);
    target_ = url.substr(end);
    if (!target_.starts_with('/')) target_.insert(0, "/");
    if (target_.size() >= kSecret) log::conceal(target_);
    http::ClientOptions options;
    options.base_url = url.substr(0, end);
    options.user_agent = fmt::format("taskmirror/{}", kVersion);
    options.connect_timeout = options.timeout = options.stall_timeout = kHeartbeat;
    options.max_body = 64UL * 1024;
    try {
        transport_ = http::make_client(options);
    } catch (const Fatal& fatal) {
        throw Fatal(fatal.code(),
                    fmt::format("notify.heartbeat_url: it must be https, or http on this machine, without "
                                "user and fragment ({})",
                                host_));
    }
}

void Heartbeat::beat() {
    if (transport_ != nullptr && is_idle()) transport_->get(++number_, target_);
}

void Heartbeat::turn() {
    if (is_idle()) return;
    for (const auto& answer : transport_->wait(Milliseconds(0))) {
        const bool good = answer.status >= 200 && answer.status < 300;
        if (!good && !failed_)
            log::warning(
                "heartbeat to {} failed: {}", host_,
                answer.failure == http::Failure::none ? fmt::format("status {}", answer.status) : answer.message);
        failed_ = !good;
    }
}

void Heartbeat::give_up() {
    if (!is_idle()) log::warning("heartbeat to {} was given up: it was not answered before the end", host_);
}

bool FailureHook::run(std::string_view source, std::string_view reason, ExitCode code) {
    if (command_.empty()) return true;
    if (waiting_.size() >= kMostWaiting) {
        log::warning("on_failure is not told of source {} now: {} failures wait for it already", source,
                     waiting_.size());
        return false;
    }
    Environment environment;
    for (const char* const name : kHandedOn)
        if (const char* const value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
    environment.push_back(fmt::format("TASKMIRROR_SOURCE={}", source));
    environment.push_back(fmt::format("TASKMIRROR_REASON={}", escaped(std::string(reason.substr(0, kLongestReason)))));
    environment.push_back(fmt::format("TASKMIRROR_EXIT_CODE={}", static_cast<int>(code)));
    waiting_.push_back(std::move(environment));
    return true;
}

void FailureHook::turn(Monotonic now) {
    if (const auto status = child_ != nullptr ? child_->ended() : std::nullopt) {
        if (WIFSIGNALED(*status))
            log::warning("on_failure was ended by signal {}", WTERMSIG(*status));
        else if (WEXITSTATUS(*status) != 0)
            log::warning("on_failure failed with exit code {}", WEXITSTATUS(*status));
        child_.reset();
    } else if (child_ != nullptr && now >= until_) {
        log::warning("on_failure did not end within {} s, and was killed",
                     std::chrono::seconds(kHook / 1000ms).count());
        child_.reset();
    }
    while (child_ == nullptr && !waiting_.empty()) {
        try {
            child_ = std::make_unique<Child>(command_, STDERR_FILENO, &waiting_.front());
            until_ = now + kHook;
        } catch (const std::system_error& error) {
            log::warning("on_failure cannot be run: {}", error.code().message());
        }
        waiting_.pop_front();
    }
}

void FailureHook::give_up() {
    if (child_ != nullptr) log::warning("on_failure did not end before the end of taskmirror, and was killed");
    if (!waiting_.empty())
        log::warning("on_failure was not told of {} more failures, for lack of time", waiting_.size());
    child_.reset();
    waiting_.clear();
}

void FailureHook::take_over(FailureHook& before) {
    child_ = std::move(before.child_);
    until_ = before.until_;
    if (!command_.empty()) waiting_ = std::move(before.waiting_);
}

std::vector<ops::Finding> dangers(const std::filesystem::path& database, std::optional<std::chrono::seconds> ahead) {
    std::vector<ops::Finding> found = {ops::file_system_finding(std::filesystem::absolute(database).parent_path())};
    if (auto disk = ops::disk_finding(database)) found.push_back(std::move(*disk));
    if (ahead) found.push_back(ops::clock_finding("clock", *ahead));
    std::error_code error;
    const auto log = std::filesystem::file_size(database.string() + "-wal", error);
    if (!error) found.push_back(ops::log_finding(log));
    std::erase_if(found, [](const ops::Finding& finding) { return finding.verdict == ops::Verdict::ok; });
    return found;
}

void Warnings::tell(const std::vector<ops::Finding>& findings, Monotonic now) {
    for (const auto& finding : findings) {
        const auto [told, first] = told_.try_emplace(finding.subject, now);
        if (!first && now - told->second < kRepeat) continue;
        told->second = now;
        log::warning("{}: {}; {}", finding.subject, finding.says, finding.remedy);
    }
}

bool forget_old(store::Store& store, const Config& config, Instant now) {
    store.begin();
    const auto removed = store.forget_before(now - config.tombstones_kept, kPiece);
    store.commit();
    return removed == kPiece;
}

bool note_failure(const Config& config, std::optional<ExitCode> code) {
    constexpr std::string_view kFact = "sync_failure";
    std::error_code error;
    if (!std::filesystem::exists(config.database, error)) return true;
    const auto now = code ? fmt::format("{}", static_cast<int>(*code)) : std::string();
    try {
        if (store::read_fact(config.database, kFact).value_or("") == now) return false;
        const auto of_tables = asana::make_source({});
        const auto store = store::open_sqlite(config.database, of_tables->tables());
        store->begin();
        store->set_fact(kFact, now);
        store->commit();
    } catch (const Fatal& fatal) {
        log::debug("cannot note how the sync ended: {}", fatal.what());
    }
    return true;
}

void Upkeep::minute(store::Store& store, bool good, std::optional<std::chrono::seconds> ahead, const Clock& clock) {
    const auto time = clock.monotonic();
    if (good) heartbeat_.beat();
    warnings_.tell(dangers(config_.database, ahead), time);
    if (forgotten_at_ && time - *forgotten_at_ < kRepeat) return;
    // One piece a minute: 1.4 million rows a day.
    if (!forget_old(store, config_, clock.now())) forgotten_at_ = time;
}

void Upkeep::turn(Monotonic now) {
    heartbeat_.turn();
    hook_.turn(now);
}

void Upkeep::settle(const Clock& clock, Milliseconds at_most) {
    const auto until = clock.monotonic() + at_most;
    for (auto now = clock.monotonic(); now < until; now = clock.monotonic()) {
        turn(now);
        if (heartbeat_.is_idle() && hook_.is_idle()) return;
        ::usleep(10'000);
    }
    heartbeat_.give_up();
    hook_.give_up();
}

}  // namespace taskmirror
