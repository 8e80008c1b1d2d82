#include "http/pace.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "pace_simulation.hpp"

namespace {

using namespace std::chrono_literals;
using taskmirror::Instant;
using taskmirror::Milliseconds;
using taskmirror::Monotonic;
using taskmirror::http::Budget;
using taskmirror::http::Pace;
using taskmirror::http::PaceOptions;
using taskmirror::http::parse_retry_after;

constexpr Monotonic kStart{1'000'000s};

double never() { return 0; }

// How many may be sent at `now`, one after the other; each is answered at once.
int burst(Pace& pace, Budget budget, Monotonic now) {
    int count = 0;
    for (; pace.next(budget, now) <= now; ++count) {
        pace.sent(budget, now);
        pace.answered(budget, now, 100ms, true);
    }
    return count;
}

// A caller with endless work, who wakes up to `lateness` too late. Gives the times of all requests.
std::vector<Monotonic> run(Pace& pace, Budget budget, Monotonic from, Monotonic until, Milliseconds lateness) {
    std::mt19937 random(7);
    std::uniform_int_distribution<std::int64_t> late(0, std::chrono::nanoseconds(lateness).count());
    std::vector<Monotonic> sent;
    for (Monotonic now = from; now < until;) {
        const Monotonic at = pace.next(budget, now).value();
        if (at > now) {
            now = at + std::chrono::nanoseconds(late(random));
            continue;
        }
        pace.sent(budget, now);
        pace.answered(budget, now, 1ms, true);
        sent.push_back(now);
    }
    return sent;
}

int most_within(const std::vector<Monotonic>& sent, std::chrono::nanoseconds window) {
    std::ptrdiff_t most = 0;
    for (auto first = sent.begin(), last = first; last != sent.end(); ++last) {
        while (*last - *first >= window) ++first;
        most = std::max(most, last - first + 1);
    }
    return static_cast<int>(most);
}

// A usable answer each second.
void work(Pace& pace, Monotonic& now, int seconds) {
    for (int i = 0; i < seconds; ++i) {
        now += 1s;
        pace.sent(Budget::standard, now);
        pace.answered(Budget::standard, now, 100ms, true);
    }
}

}  // namespace

TEST_CASE("the first request may be sent at once") {
    const Pace pace({}, never);

    CHECK(pace.next(Budget::standard, kStart) == kStart);
    CHECK(pace.next(Budget::search, kStart) == kStart);
}

TEST_CASE("a burst is a quarter of a second's worth") {
    Pace slow({.requests_per_minute = 150}, never);
    Pace fast({.requests_per_minute = 1500}, never);

    CHECK(burst(slow, Budget::standard, kStart) == 1);
    CHECK(burst(fast, Budget::standard, kStart) == 6);
    CHECK(burst(slow, Budget::search, kStart + 1h) == 1);
}

TEST_CASE("who has the whole quota leaves a little of it, so that no shorter span overflows") {
    const auto limit = GENERATE(150, 1500);
    Pace pace({.requests_per_minute = limit, .share = 1.0, .concurrency = 1000}, never);

    const auto sent = run(pace, Budget::standard, kStart, kStart + 10min, 200ms);

    CHECK(static_cast<double>(sent.size()) >= 0.95 * limit * 10);
    CHECK(most_within(sent, 15s) <= (limit + 3) / 4);
    CHECK(most_within(sent, 60s) <= limit);
}

TEST_CASE("idle time earns no more than one burst") {
    Pace pace({.requests_per_minute = 1500}, never);
    burst(pace, Budget::standard, kStart);

    CHECK(burst(pace, Budget::standard, kStart + 24h) == 6);
}

TEST_CASE("after a burst, requests are spaced evenly") {
    Pace pace({.requests_per_minute = 1500, .share = 0.8}, never);
    burst(pace, Budget::standard, kStart);

    CHECK(pace.next(Budget::standard, kStart) == kStart + 50ms);
}

TEST_CASE("no rate is lost to late wake-ups, and no window of ten seconds holds more than rate and burst") {
    struct Row {
        int per_minute;
        int burst;
        Milliseconds lateness;
    };
    const auto row = GENERATE(Row{120, 10, 0ms}, Row{120, 10, 200ms}, Row{1200, 10, 0ms}, Row{1200, 10, 200ms},
                              Row{60'000, 251, 0ms}, Row{60'000, 251, 200ms});
    CAPTURE(row.per_minute, row.lateness.count());
    Pace pace({.requests_per_minute = row.per_minute, .share = 1.0, .concurrency = 1000}, never);

    const auto sent = run(pace, Budget::standard, kStart, kStart + 10min, row.lateness);

    CHECK(static_cast<double>(sent.size()) >= 0.95 * row.per_minute * 10);
    CHECK(most_within(sent, 10s) <= row.per_minute * 10 / 60 + row.burst);
    CHECK(most_within(sent, 60s) <= row.per_minute + row.burst);
}

TEST_CASE("a search has its own rate, which late wake-ups do not lower either") {
    Pace pace({.requests_per_minute = 1500, .share = 0.8}, never);

    const auto sent = run(pace, Budget::search, kStart, kStart + 10min, 200ms);

    CHECK(sent.size() >= 456);  // 0.95 of 48 a minute
    CHECK(most_within(sent, 60s) <= 49);
}

TEST_CASE("a search also pays from the standard budget") {
    Pace pace({.requests_per_minute = 60, .search_per_minute = 6000, .share = 1.0}, never);

    pace.sent(Budget::search, kStart);

    CHECK(pace.next(Budget::standard, kStart).value() > kStart + 500ms);
    CHECK(pace.next(Budget::search, kStart).value() > kStart + 500ms);
}

TEST_CASE("a standard request does not pay from the search budget") {
    Pace pace({.requests_per_minute = 1500}, never);

    burst(pace, Budget::standard, kStart);

    CHECK(pace.next(Budget::search, kStart + 1s) == kStart + 1s);
}

TEST_CASE("the rate is the share of 150 a minute until a paid plan is known, then of 1,500") {
    Pace pace({.share = 0.8}, never);
    CHECK(pace.rate_per_minute() == Approx(120));

    pace.plan_is_paid();

    CHECK(pace.rate_per_minute() == Approx(1200));
}

TEST_CASE("a configured rate is not changed by the plan") {
    Pace pace({.requests_per_minute = 300, .share = 0.5}, never);

    pace.plan_is_paid();

    CHECK(pace.rate_per_minute() == Approx(150));
}

TEST_CASE("nothing is sent before Retry-After and up to a second more have passed") {
    const auto wait = GENERATE(1s, 30s, 3600s);
    Pace pace({}, [] { return 0.5; });
    pace.sent(Budget::standard, kStart);

    pace.throttled(kStart, wait);
    pace.answered(Budget::standard, kStart, 100ms, false);

    CHECK(pace.parked_until() == kStart + wait + 500ms);
    CHECK(pace.next(Budget::standard, kStart) == kStart + wait + 500ms);
    CHECK(pace.next(Budget::search, kStart + 1ms) == kStart + wait + 500ms);
}

TEST_CASE("a 429 without Retry-After pauses for a minute") {
    Pace pace({}, never);

    pace.throttled(kStart, std::nullopt);

    CHECK(pace.next(Budget::standard, kStart) == kStart + 60s);
}

TEST_CASE("a pause ends without a burst") {
    Pace pace({.requests_per_minute = 1500}, never);

    pace.throttled(kStart, 30s);

    CHECK(burst(pace, Budget::standard, kStart + 30s) == 1);
    CHECK_FALSE(pace.parked_until().has_value());
}

TEST_CASE("several 429s within one pause lower the rate once and never shorten the pause") {
    Pace pace({.requests_per_minute = 1000, .share = 1.0}, never);

    pace.throttled(kStart, 30s);
    pace.throttled(kStart + 1s, 10s);
    pace.throttled(kStart + 2s, 60s);

    CHECK(pace.rate_per_minute() == Approx(360 * 0.97));
    CHECK(pace.parked_until() == kStart + 62s);
}

TEST_CASE("the next 429 soon after a pause lowers the rate by a fifth, down to a twentieth") {
    Pace pace({.requests_per_minute = 1000, .share = 1.0}, never);
    pace.throttled(kStart, 30s);
    pace.throttled(kStart + 31s, 30s);
    CHECK(pace.rate_per_minute() == Approx(288 * 0.97));

    for (int i = 1; i < 50; ++i) pace.throttled(kStart + i * 1h, 30s);

    CHECK(pace.rate_per_minute() == Approx(50 * 0.97));
}

TEST_CASE("after a 429 the rate is soon near a guess, stays there for a minute, and then comes back ever faster") {
    Pace pace({.requests_per_minute = 1000, .share = 0.8}, never);
    pace.throttled(kStart, 1s);
    CHECK(pace.rate_per_minute() == Approx(800 * 0.36));

    Monotonic now = kStart + 1s;
    work(pace, now, 30);
    CHECK(pace.rate_per_minute() > 800 * 0.53);
    work(pace, now, 40);
    CHECK(pace.rate_per_minute() == Approx(800 * 0.6));
    work(pace, now, 15);
    CHECK(pace.rate_per_minute() < 800 * 0.63);
    work(pace, now, 30);
    CHECK(pace.rate_per_minute() == Approx(800));
    work(pace, now, 600);
    CHECK(pace.rate_per_minute() == Approx(800));
}

TEST_CASE("a refusal at a rate that stood for a while leaves a little less than that rate as the next plateau") {
    Pace pace({.requests_per_minute = 1000, .share = 1.0}, never);
    pace.throttled(kStart, 1s);
    Monotonic now = kStart + 1s;
    work(pace, now, 70);

    pace.throttled(now, 1s);
    now += 1s;
    CHECK(pace.rate_per_minute() == Approx(970 * 0.6 * 0.93 * 0.6));
    work(pace, now, 70);

    CHECK(pace.rate_per_minute() == Approx(970 * 0.6 * 0.93));
}

TEST_CASE("a rate that was lowered to a twentieth is back within four minutes") {
    Pace pace({.requests_per_minute = 1000, .share = 0.8}, never);
    Monotonic now = kStart;
    for (int i = 0; i < 50; ++i, now += 1min) pace.throttled(now, 30s);

    work(pace, now, 240);

    CHECK(pace.rate_per_minute() == Approx(800));
}

TEST_CASE("an idle hour counts as ten seconds, for it does not show that the others have gone") {
    Pace idle({.requests_per_minute = 1000, .share = 0.8}, never);
    Pace busy({.requests_per_minute = 1000, .share = 0.8}, never);
    idle.throttled(kStart, 1s);
    busy.throttled(kStart, 1s);

    Monotonic now = kStart + 1s;
    work(busy, now, 10);
    Monotonic later = kStart + 1h;
    work(idle, later, 1);

    CHECK(idle.rate_per_minute() == Approx(busy.rate_per_minute()));
}

TEST_CASE("a minute of failures gives no rate back") {
    Pace pace({.requests_per_minute = 1000, .share = 0.8}, never);
    pace.throttled(kStart, 1s);

    pace.sent(Budget::standard, kStart + 2min);
    pace.answered(Budget::standard, kStart + 2min, 1s, false);

    CHECK(pace.rate_per_minute() == Approx(288));
}

TEST_CASE("a paid plan keeps the part that a 429 has left") {
    Pace pace({.share = 1.0}, never);
    pace.throttled(kStart, 1s);

    pace.plan_is_paid();

    CHECK(pace.rate_per_minute() == Approx(540 * 0.97));
}

TEST_CASE("as many requests are in flight as configured, and an answer makes room") {
    Pace pace({.requests_per_minute = 6000, .concurrency = 3}, never);
    for (int i = 0; i < 3; ++i) pace.sent(Budget::standard, kStart);
    CHECK(pace.in_flight() == 3);
    CHECK_FALSE(pace.next(Budget::standard, kStart).has_value());

    pace.answered(Budget::standard, kStart, 100ms, false);

    CHECK(pace.in_flight() == 2);
    CHECK(pace.next(Budget::standard, kStart) == kStart);
}

TEST_CASE("concurrency follows rate and latency, between 2 and 45") {
    struct Row {
        int per_minute;
        Milliseconds latency;
        int concurrency;
    };
    const auto row = GENERATE(Row{1200, 500ms, 22}, Row{1200, 1000ms, 42}, Row{1200, 60'000ms, 45}, Row{60, 1ms, 3},
                              Row{1, 0ms, 3}, Row{120, 1000ms, 6});
    CAPTURE(row.per_minute, row.latency.count());
    Pace pace({.requests_per_minute = row.per_minute, .share = 1.0}, never);

    for (int i = 0; i < 200; ++i) {
        pace.sent(Budget::standard, kStart);
        pace.answered(Budget::standard, kStart, row.latency, true);
    }

    CHECK(std::abs(pace.concurrency() - row.concurrency) <= 1);
    CHECK(pace.concurrency() <= 45);
}

TEST_CASE("the latency of failures does not count") {
    Pace pace({.requests_per_minute = 1200, .share = 1.0}, never);
    const int before = pace.concurrency();

    pace.sent(Budget::standard, kStart);
    pace.answered(Budget::standard, kStart, 120s, false);

    CHECK(pace.concurrency() == before);
}

TEST_CASE("a request is tried three times at most") {
    Pace pace({}, never);

    CHECK(pace.retry_after(1).has_value());
    CHECK(pace.retry_after(2).has_value());
    CHECK_FALSE(pace.retry_after(3).has_value());
}

TEST_CASE("the pause before a retry is uniform between zero and half a second, then a second") {
    double random = 0;
    Pace pace({}, [&random] { return random; });

    CHECK(pace.retry_after(1) == Milliseconds(0));
    random = 0.5;
    CHECK(pace.retry_after(1) == Milliseconds(250));
    CHECK(pace.retry_after(2) == Milliseconds(500));
}

TEST_CASE("when everything fails, retries stay under a tenth of all requests beyond the first allowance") {
    Pace pace({}, never);
    int first_attempts = 0;
    int retries = 0;
    for (; first_attempts < 5000; ++first_attempts) {
        pace.sent(Budget::standard, kStart);
        pace.answered(Budget::standard, kStart, 1ms, false);
        for (int attempt = 1; pace.retry_after(attempt); ++attempt) {
            ++retries;
            pace.sent(Budget::standard, kStart);
            pace.answered(Budget::standard, kStart, 1ms, false);
        }
    }

    CHECK(retries > first_attempts / 20);
    CHECK(retries - 22 <= first_attempts / 10);
}

TEST_CASE("a long time without failures saves up a hundred retries and no more") {
    Pace pace({}, never);
    for (int i = 0; i < 10'000; ++i) {
        pace.sent(Budget::standard, kStart);
        pace.answered(Budget::standard, kStart, 1ms, true);
    }

    int retries = 0;
    while (pace.retry_after(1)) ++retries;

    CHECK(retries == 100);
}

TEST_CASE("against a server that limits one, ten and sixty seconds there is no 429 and hardly an unused request") {
    const int per_minute = GENERATE(150, 1500);
    CAPTURE(per_minute);
    Pace pace({.requests_per_minute = per_minute}, never);

    const auto sent = run(pace, Budget::standard, kStart, kStart + 30min, 50ms);

    CHECK(most_within(sent, 60s) <= per_minute);
    CHECK(most_within(sent, 10s) <= per_minute / 6);
    CHECK(most_within(sent, 1s) <= std::max(3, per_minute / 60 + 5));
    CHECK(static_cast<double>(sent.size()) >= 0.95 * 0.8 * per_minute * 30);
}

TEST_CASE("alone with its quota there is no 429") {
    const int limit = GENERATE(150, 1500);
    const bool configured = GENERATE(true, false);
    const double share = GENERATE(0.8, 1.0);
    CAPTURE(limit, configured, share);

    const auto outcome = pace_simulation::run(
        {.limit = limit, .configured = configured, .share = share, .hours = limit == 150 ? 4.0 : 0.5});

    CHECK(outcome.refused == 0);
    CHECK(outcome.used_alone >= 0.99);
}

TEST_CASE("beside another client that comes and goes, few are refused and the rate is back within two minutes") {
    const int limit = GENERATE(150, 1500);
    const double share = GENERATE(0.8, 1.0);
    const double minutes = GENERATE(3.0, 10.0);
    const bool waits = GENERATE(true, false);
    CAPTURE(limit, share, minutes, waits);

    const auto outcome = pace_simulation::run({.limit = limit,
                                               .share = share,
                                               .hours = limit == 150 ? 4.0 : 0.7,
                                               .other_minutes = minutes,
                                               .other_waits = waits});

    CHECK(outcome.refused > 0);
    CHECK(outcome.refused_share() < 0.01);
    CHECK(outcome.early == 0);
    CHECK(outcome.recovery <= 120);
    CHECK(outcome.used_alone >= 0.9);
    CHECK(outcome.used_together >= 0.7);
}

TEST_CASE("Retry-After in seconds is read, and a fraction is rounded up") {
    constexpr Instant kNow{};

    CHECK(parse_retry_after("30", kNow) == Milliseconds(30'000));
    CHECK(parse_retry_after(" 1\t", kNow) == Milliseconds(1000));
    CHECK(parse_retry_after("0", kNow) == Milliseconds(0));
    CHECK(parse_retry_after("0.1", kNow) == Milliseconds(1000));
    CHECK(parse_retry_after("2.000", kNow) == Milliseconds(2000));
    CHECK(parse_retry_after("2.001", kNow) == Milliseconds(3000));
}

TEST_CASE("Retry-After as a date is read against now, and one in the past is zero") {
    constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 9h};

    CHECK(parse_retry_after("Mon, 01 Jun 2026 09:00:30 GMT", kNow) == Milliseconds(30'000));
    CHECK(parse_retry_after("Mon, 01 Jun 2026 08:00:00 GMT", kNow) == Milliseconds(0));
}

TEST_CASE("a Retry-After of more than a day is taken as a day") {
    constexpr Instant kNow{std::chrono::sys_days{std::chrono::year{2026} / 6 / 1} + 9h};

    CHECK(parse_retry_after("86400.5", kNow) == Milliseconds(24h));
    CHECK(parse_retry_after("99999999999999999999999999", kNow) == Milliseconds(24h));
    CHECK(parse_retry_after("Fri, 01 Jun 2096 09:00:00 GMT", kNow) == Milliseconds(24h));
}

TEST_CASE("a Retry-After that is neither seconds nor a date is none") {
    const auto text = GENERATE("", "  ", "soon", "-1", "+1", "1e3", "1.", ".5", "1 s", "1,5", "0x10");
    CAPTURE(text);

    CHECK_FALSE(parse_retry_after(text, Instant{}).has_value());
}
