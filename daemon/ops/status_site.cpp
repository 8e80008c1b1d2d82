#include "ops/status_site.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <random>

namespace taskmirror::ops {
namespace {

using namespace std::chrono_literals;

constexpr auto kFreshFor = 2s;   // the figures of the database
constexpr int kRestFactor = 20;  // reading them takes a twentieth of the time at most
constexpr auto kWatched = 60s;   // after a request they are read on and on, so that the next one need not wait
constexpr auto kOldest = 15s;    // then a request waits for newer ones
constexpr auto kPatience = 3s;   // so long

constexpr const char* kPage = "text/html; charset=utf-8";
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string nonce() {
    std::random_device random;
    std::string text;
    for (int i = 0; i < 4; ++i) text += fmt::format("{:08x}", random());
    return text;
}

// In time that does not tell how much of it is right.
bool is_same(std::string_view one, std::string_view other) {
    unsigned difference = one.size() == other.size() ? 0 : 1;
    for (std::size_t i = 0; i < one.size(); ++i)
        difference |=
            static_cast<unsigned>(one[i]) ^ static_cast<unsigned>(other[i % std::max<std::size_t>(other.size(), 1)]);
    return difference == 0;
}

// RFC 4648, without its end. None: it is none.
std::optional<std::string> from_base64(std::string_view text) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    while (text.ends_with('=')) text.remove_suffix(1);
    std::string out;
    unsigned bits = 0, count = 0;
    for (const char c : text) {
        const auto digit = kDigits.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = bits << 6 | static_cast<unsigned>(digit);
        count += 6;
        if (count < 8) continue;
        count -= 8;
        out += static_cast<char>(bits >> count & 0xFF);
    }
    return out;
}

bool has_token(std::string_view authorization, std::string_view token) {
    const auto blank = authorization.find(' ');
    if (blank == std::string_view::npos) return false;
    std::string scheme(authorization.substr(0, blank));
    std::ranges::transform(scheme, scheme.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    const auto rest = authorization.substr(std::min(authorization.find_first_not_of(' ', blank), authorization.size()));
    if (scheme == "bearer") return is_same(rest, token);
    if (scheme != "basic") return false;
    const auto both = from_base64(rest);
    if (!both) return false;
    const auto colon = both->find(':');
    return colon != std::string::npos && is_same(std::string_view(*both).substr(colon + 1), token);
}

// A name that leads a browser to our loopback address may belong to anybody's page.
bool is_our_host(std::string_view host, const Address& listen) {
    if (host == "[::1]" || host.starts_with("[::1]:")) return true;
    const auto name = host.substr(0, host.find(':'));
    return name == "localhost" || name == "127.0.0.1" || name == listen.host;
}

HttpAnswer says(int status, std::string text) { return {.status = status, .body = std::move(text) + "\n"}; }

}  // namespace

struct StatusSite::Reading {
    Status status;
    std::string failure;
    Monotonic at{};
    std::chrono::duration<double> took{};
};

std::optional<HttpAnswer> refusal(const HttpRequest& request, const Address& listen, std::string_view token) {
    if (listen.is_loopback() && !is_our_host(request.header("host"), listen))
        return says(421, fmt::format("this page is served to {} and localhost alone: ask for it by one of these names",
                                     listen.host));
    if (!token.empty() && !has_token(request.header("authorization"), token)) {
        auto answer = says(401, "send the token of status.token_file, as bearer or as the password of any user");
        answer.headers.emplace_back("WWW-Authenticate", "Basic realm=\"taskmirror\", charset=\"UTF-8\"");
        return answer;
    }
    return std::nullopt;
}

StatusSite::StatusSite(SiteOptions options, const Board& board) : options_(std::move(options)), board_(board) {
    server_.emplace(HttpServerOptions{.listen = options_.listen},
                    [this](const HttpRequest& request) { return answer(request); });
    const NoSignals no_signals;
    reader_ = std::thread([this] { read_while_asked(); });
}

StatusSite::~StatusSite() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_all();
    server_.reset();
    reader_.join();
}

HttpAnswer StatusSite::answer(const HttpRequest& request) {
    if (auto refused = refusal(request, options_.listen, options_.token)) return std::move(*refused);
    const std::string_view path = request.path;
    if (path != "/" && path != "/metrics" && path != "/healthz" && path != "/readyz")
        return says(404, "there are /, /metrics, /healthz and /readyz");
    const auto quiet = std::chrono::floor<std::chrono::seconds>(system_clock().monotonic() - board_.ticked_at());
    if (path == "/healthz") {  // without the database: it may be what hangs
        const Status none{.at = system_clock().now()};
        const auto why = unwell({.status = none, .quiet = quiet});
        return why.empty() ? says(200, "ok") : says(503, why);
    }
    const auto reading = this->reading();
    if (!reading) return says(503, "the database is still being read; ask again");
    const Seen seen{.status = reading->status,
                    .unreadable = reading->failure,
                    .read_seconds = reading->took.count(),
                    .live = board_.read(),
                    .quiet = quiet};
    if (path == "/readyz") {
        const auto why = unready(seen);
        return why.empty() ? says(200, "ok") : says(503, why);
    }
    if (path == "/metrics") {
        std::array<std::uint64_t, log::kLevelNames.size()> messages{};
        for (std::size_t i = 0; i < messages.size(); ++i) messages[i] = log::count(static_cast<log::Level>(i));
        return {.type = kMetricsType, .body = metrics_text(seen, process(), options_.versions, messages)};
    }
    const auto its = nonce();
    return {.type = kPage,
            .body = status_page(seen, options_.versions.taskmirror, its),
            .styles = fmt::format("'nonce-{}'", its)};
}

std::shared_ptr<const StatusSite::Reading> StatusSite::reading() {
    std::unique_lock lock(mutex_);
    asked_at_ = system_clock().monotonic();
    if (latest_ && asked_at_ - latest_->at <= kOldest) return latest_;
    asked_ = true;
    changed_.notify_all();
    const auto is_new = [this, known = latest_] { return latest_ != known || stop_; };
    changed_.wait_for(lock, kPatience, is_new);  // all threads would wait here, and none be left for /healthz
    return latest_;
}

void StatusSite::read_while_asked() {
    std::unique_lock lock(mutex_);
    for (;;) {
        if (latest_) {
            const auto rest = std::max<std::chrono::duration<double>>(kFreshFor, kRestFactor * latest_->took);
            changed_.wait_for(lock, rest, [this] { return stop_; });
        }
        if (!latest_ || system_clock().monotonic() - asked_at_ > kWatched)
            changed_.wait(lock, [this] { return asked_ || stop_; });
        if (stop_) return;
        const auto known = latest_;
        lock.unlock();
        auto reading = read(known.get());
        lock.lock();
        latest_ = std::move(reading);
        asked_ = false;
        changed_.notify_all();
    }
}

std::shared_ptr<const StatusSite::Reading> StatusSite::read(const Reading* before) const {
    auto reading = std::make_shared<Reading>();
    const auto began = system_clock().monotonic();
    try {
        reading->status = options_.read();
    } catch (const std::exception& error) {
        reading->failure = error.what();
        reading->status = before != nullptr ? before->status : Status{.database = options_.database};
        reading->status.at = system_clock().now();
    }
    reading->status.snapshot.holder = ::getpid();  // it is us, even where a sandbox hides the list of locks
    reading->at = system_clock().monotonic();
    reading->took = reading->at - began;
    return reading;
}

}  // namespace taskmirror::ops
