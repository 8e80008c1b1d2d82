#include "http/pace.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace taskmirror::http {

namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// https://developers.asana.com/docs/rate-limits, requests a minute of one token.
constexpr int kFreeLimit = 150;
constexpr int kPaidLimit = 1500;

// How far ahead of its even spacing a request may be sent: what a caller that wakes late may catch up. Without it,
// timer slack and the handling of answers would cost rate. It is also the burst: 6 requests at 1,500 a minute.
constexpr nanoseconds kTolerance = 250ms;
// Asana looks at shorter spans than a minute, and not at ours: even who has the whole quota leaves room for the burst.
constexpr double kMostShare = 0.97;

// A 429 below the quota: others use the token too. The rate that we take then follows a cubic of the seconds since, as
// TCP's does after a loss (CUBIC, RFC 9438). It begins at kDecrease of what the others seem to leave, is soon back near
// that, stays there so long that the next refusal is a minute away while they are there, and then rises faster and
// faster: when they have gone, two minutes lead from a half of the limit to 0.9 of all of it. bench/pace_bench.cpp has
// the figures.
constexpr double kDecrease = 0.6;
constexpr double kPlateau = 70;   // seconds until what the others seem to leave
constexpr double kDoubling = 46;  // seconds from there to twice of it
// What they seem to leave: a little less than was refused, for it takes seconds until too high a rate is. A refusal
// soon after another may only mean that the quota is still used up, so each lowers it by a fifth at most. The first one
// tells nothing but that they have come.
constexpr double kBelow = 0.93;
constexpr double kLeastKept = 0.8;
constexpr double kFirstGuess = 0.6;  // of our share
constexpr double kLeast = 0.05;      // of our share: enough to notice when they have gone
// What one usable answer vouches for: neither idle time nor a time of failures shows that they have gone.
constexpr double kVouched = 10;  // seconds
// Asana always sends Retry-After with a 429. Where a gateway in between drops it, a whole minute is the time after
// which a quota by the minute is whole again.
constexpr Milliseconds kUntoldPause = 60s;
constexpr Milliseconds kLongestPause = 24h;

constexpr int kMostAtOnce = 45;
constexpr int kLeastAtOnce = 2;
constexpr double kFirstLatency = 0.5;  // seconds, until the first answer
constexpr double kLatencyWeight = 0.1;

constexpr int kAttempts = 3;
constexpr double kBackoffBase = 500;  // milliseconds
constexpr double kBackoffCap = 20'000;
constexpr double kFirstRetries = 20;
constexpr double kMostRetries = 100;
constexpr double kEarnedRetries = 1.0 / 11;  // by each request, retries included: a tenth of the first attempts

Milliseconds milliseconds(double count) { return Milliseconds(static_cast<Milliseconds::rep>(count)); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

Pace::Pace(const PaceOptions& options, std::function<double()> random)
    : options_(options),
      random_(std::move(random)),
      share_(std::min(options.share, kMostShare)),
      limit_(options.requests_per_minute > 0 ? options.requests_per_minute : kFreeLimit),
      latency_seconds_(kFirstLatency),
      retries_(kFirstRetries) {}

nanoseconds Pace::interval(Budget budget) const {
    const int limit = budget == Budget::search ? options_.search_per_minute : limit_;
    return nanoseconds(static_cast<nanoseconds::rep>(60e9 / (limit * share_ * taken_)));
}

std::optional<Monotonic> Pace::next(Budget budget, Monotonic now) const {
    if (in_flight_ >= concurrency()) return std::nullopt;

    Monotonic at = std::max(now, standard_due_ - kTolerance);
    if (budget == Budget::search) at = std::max(at, search_due_ - kTolerance);
    if (parked_until_) at = std::max(at, *parked_until_);
    return at;
}

void Pace::sent(Budget budget, Monotonic now) {
    // An arrival time in the past would be credit for idle time. What is due counts from when it was due, not from
    // when a late caller sent it: the tolerance bounds what can be caught up.
    standard_due_ = std::max(standard_due_, now) + interval(Budget::standard);
    if (budget == Budget::search) search_due_ = std::max(search_due_, now) + interval(Budget::search);
    if (parked_until_ && now >= *parked_until_) parked_until_.reset();
    retries_ = std::min(kMostRetries, retries_ + kEarnedRetries);
    ++in_flight_;
}

void Pace::answered(Budget, Monotonic now, Milliseconds latency, bool usable) {
    --in_flight_;
    if (!usable) return;

    const double seconds = std::chrono::duration<double>(latency).count();
    latency_seconds_ += kLatencyWeight * (seconds - latency_seconds_);
    if (taken_ >= 1 || now <= vouched_) return;

    climbed_ += std::min(kVouched, std::chrono::duration<double>(now - vouched_).count());
    vouched_ = now;
    const double before = (climbed_ - kPlateau) / kPlateau;
    const double after = (climbed_ - kPlateau) / kDoubling;
    const double cubic = before < 0 ? (1 - kDecrease) * before * before * before : after * after * after;
    taken_ = std::clamp(left_ * (1 + cubic), kLeast, 1.0);
}

void Pace::throttled(Monotonic now, std::optional<Milliseconds> retry_after) {
    // Answers to what was in flight tell the same thing again: one pause, one decrease.
    const bool parked = parked_until_ && now < *parked_until_;
    if (!parked) {
        left_ = taken_ < 1 ? std::max({kBelow * taken_, kLeastKept * left_, kLeast}) : kFirstGuess;
        taken_ = std::max(kLeast, kDecrease * left_);
        climbed_ = 0;
    }

    const Monotonic until = now + retry_after.value_or(kUntoldPause) + milliseconds(random_() * 1000);
    parked_until_ = parked ? std::max(*parked_until_, until) : until;
    vouched_ = *parked_until_;
    // No burst when the pause ends.
    standard_due_ = std::max(standard_due_, *parked_until_ + kTolerance);
    search_due_ = std::max(search_due_, *parked_until_ + kTolerance);
}

void Pace::pause(Monotonic now, Milliseconds duration) {
    parked_until_ = std::max(parked_until_.value_or(now), now + duration);
    standard_due_ = std::max(standard_due_, *parked_until_ + kTolerance);
    search_due_ = std::max(search_due_, *parked_until_ + kTolerance);
}

void Pace::plan_is_paid() {
    if (options_.requests_per_minute == 0) limit_ = kPaidLimit;
}

std::optional<Milliseconds> Pace::retry_after(int attempt) {
    if (attempt >= kAttempts || retries_ < 1) return std::nullopt;

    retries_ -= 1;
    return milliseconds(random_() * std::min(kBackoffCap, std::ldexp(kBackoffBase, attempt - 1)));
}

double Pace::rate_per_minute() const { return limit_ * share_ * taken_; }

int Pace::concurrency() const {
    if (options_.concurrency > 0) return options_.concurrency;

    // Little's law, twice for the spread of latencies.
    const double needed = rate_per_minute() / 60 * latency_seconds_ * 2 + 2;
    return std::clamp(static_cast<int>(std::ceil(std::min<double>(needed, kMostAtOnce))), kLeastAtOnce, kMostAtOnce);
}

std::optional<Milliseconds> parse_retry_after(std::string_view header, Instant now) {
    constexpr std::string_view kBlank = " \t";
    header.remove_prefix(std::min(header.find_first_not_of(kBlank), header.size()));
    header = header.substr(0, header.find_last_not_of(kBlank) + 1);
    if (header.empty()) return std::nullopt;

    if (!is_digit(header.front())) {
        const auto date = parse_http_date(header);
        if (!date) return std::nullopt;
        return std::clamp(*date - now, Milliseconds(0), kLongestPause);
    }

    std::int64_t seconds = 0;
    std::size_t i = 0;
    const auto longest = std::chrono::duration_cast<std::chrono::seconds>(kLongestPause).count();
    for (; i < header.size() && is_digit(header[i]); ++i) seconds = std::min(seconds * 10 + (header[i] - '0'), longest);
    if (i < header.size()) {
        const auto fraction = header.substr(i + 1);
        if (header[i] != '.' || fraction.empty() || !std::all_of(fraction.begin(), fraction.end(), is_digit)) {
            return std::nullopt;
        }
        if (fraction.find_first_not_of('0') != fraction.npos) ++seconds;
    }
    return std::min<Milliseconds>(std::chrono::seconds(seconds), kLongestPause);
}

}  // namespace taskmirror::http
