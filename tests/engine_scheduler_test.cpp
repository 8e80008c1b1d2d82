#include "engine/scheduler.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "freshness_simulation.hpp"

namespace {

using namespace std::chrono_literals;
using namespace taskmirror;
using engine::Class;
using engine::PollOptions;
using engine::Polls;
using engine::Rate;
using engine::Shares;

constexpr Monotonic kStart{1'000'000s};
constexpr Monotonic kNever = Monotonic::min();

// A rate of so many changes an hour, well known.
Rate hourly(double changes) { return {.changes = changes * 100, .exposure = 360'000}; }

// Polls `count` times, one answer at once after the other; gives the keys.
std::vector<std::string> poll(Polls& polls, Monotonic& now, int count) {
    std::vector<std::string> keys;
    for (int i = 0; i < count; ++i) {
        now = polls.next_at(now).value();
        keys.push_back(polls.next(now).value());
        polls.polled(keys.back(), now, 0);
    }
    return keys;
}

// What each class is served in so many requests, when those have work for which `backlogged` is true.
std::array<int, 3> serve(Shares& shares, std::array<bool, 3> backlogged, int requests) {
    std::array<int, 3> served{};
    for (int i = 0; i < requests; ++i) {
        for (const Class c : shares.order()) {
            const auto its = static_cast<std::size_t>(c);
            if (!backlogged.at(its)) {
                shares.idle(c);
                continue;
            }
            shares.served(c);
            ++served.at(its);
            break;
        }
    }
    return served;
}

}  // namespace

TEST_CASE("a stream that was never observed has the rate of its kind") {
    CHECK(Rate{}.per_second(1.0 / 3600) == Approx(1.0 / 3600));
}

TEST_CASE("what was observed outweighs the prior in time") {
    Rate rate;
    for (int i = 0; i < 300; ++i) rate.observe(2, 600);  // 12 an hour, for two days

    CHECK(rate.per_second(1.0 / 3600) * 3600 == Approx(12).epsilon(0.1));
    CHECK(rate.per_second(100.0 / 3600) * 3600 == Approx(12).epsilon(0.1));
}

TEST_CASE("twelve hours halve what was learned") {
    Rate rate{.changes = 100, .exposure = 10'000};

    rate.observe(0, 12 * 3600);

    CHECK(rate.changes == Approx(50));
    CHECK(rate.exposure == Approx(5'000 + 12 * 3600));
}

TEST_CASE("a stream that falls silent is believed to be quiet within days") {
    Rate rate;
    for (int i = 0; i < 300; ++i) rate.observe(10, 600);
    CHECK(rate.per_second(1.0 / 3600) * 3600 > 50);

    for (int i = 0; i < 4 * 24 * 6; ++i) rate.observe(0, 600);

    CHECK(rate.per_second(1.0 / 3600) < 1.0 / 3600);
}

TEST_CASE("classes that have work share by their weights within two hundredths, and no request is lost") {
    constexpr std::array<double, 3> kWeights = {0.5, 0.4, 0.1};
    const auto subset = GENERATE(range(1, 8));
    const std::array<bool, 3> backlogged = {(subset & 1) != 0, (subset & 2) != 0, (subset & 4) != 0};
    CAPTURE(subset);
    double all = 0;
    for (std::size_t i = 0; i < 3; ++i) all += backlogged.at(i) ? kWeights.at(i) : 0;
    Shares shares;

    const auto served = serve(shares, backlogged, 1000);

    CHECK(served[0] + served[1] + served[2] == 1000);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(std::abs(served.at(i) - (backlogged.at(i) ? 1000 * kWeights.at(i) / all : 0)) <= 20);
    }
}

TEST_CASE("every class that has work gets its part of any ten requests, but for one") {
    Shares shares;
    std::array<int, 3> before{};
    std::vector<std::array<int, 3>> sums = {before};
    for (int i = 0; i < 200; ++i) {
        const auto one = serve(shares, {true, true, true}, 1);
        for (std::size_t c = 0; c < 3; ++c) before.at(c) += one.at(c);
        sums.push_back(before);
    }

    for (std::size_t i = 20; i < sums.size(); ++i) {
        CHECK(sums[i][0] - sums[i - 10][0] >= 4);
        CHECK(sums[i][1] - sums[i - 10][1] >= 3);
        CHECK(sums[i][2] - sums[i - 20][2] >= 1);
    }
}

TEST_CASE("a class that had nothing to do has saved nothing up") {
    Shares shares;
    serve(shares, {false, true, true}, 1000);

    const auto served = serve(shares, {true, true, true}, 20);

    CHECK(served[0] >= 9);
    CHECK(served[0] <= 15);
    CHECK(served[1] >= 4);
}

TEST_CASE("when no class has work, nothing is owed to any") {
    Shares shares;
    serve(shares, {false, false, false}, 100);

    CHECK(serve(shares, {true, true, true}, 1000) == std::array<int, 3>{500, 400, 100});
}

TEST_CASE("nothing is polled without a stream or without a rate") {
    Polls polls;
    CHECK_FALSE(polls.next(kStart).has_value());
    CHECK_FALSE(polls.next_at(kStart).has_value());

    polls.put("a", {}, kNever);
    CHECK_FALSE(polls.next(kStart).has_value());
    CHECK_FALSE(polls.next_at(kStart).has_value());

    polls.set_rate(60);
    CHECK(polls.next_at(kStart) == kStart);
    CHECK(polls.next(kStart) == "a");
}

TEST_CASE("a stream that is out is not polled again until it is back") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", {}, kNever);
    polls.next(kStart);

    CHECK_FALSE(polls.next(kStart + 24h).has_value());
    CHECK_FALSE(polls.next_at(kStart).has_value());

    polls.polled("a", kStart + 24h, 1);
    CHECK(polls.next_at(kStart + 24h) == kStart + 24h);
}

TEST_CASE("a new stream goes before all others, except those past the deadline") {
    Polls polls;
    polls.set_rate(60);
    polls.put("busy", hourly(1000), kStart - 100s);
    polls.put("overdue", hourly(0), kStart - 300s);
    polls.put("new", {}, kNever);

    Monotonic now = kStart;

    CHECK(poll(polls, now, 3) == std::vector<std::string>{"overdue", "new", "busy"});
}

TEST_CASE("polls are spaced evenly, and a caller who comes late catches up a second of them") {
    Polls polls;
    polls.set_rate(120);
    for (int i = 0; i < 100; ++i) polls.put(std::to_string(i), {}, kNever);
    CHECK(polls.next(kStart).has_value());
    const auto burst = [&](Monotonic now) {
        int count = 0;
        while (polls.next(now)) ++count;
        return count;
    };
    const int first = burst(kStart);
    CHECK(first <= 2);

    CHECK(polls.next_at(kStart) == kStart + 500ms);
    CHECK(burst(kStart + 499ms) == 0);
    CHECK(burst(kStart + 500ms) == 1);
    CHECK(burst(kStart + 1h) <= 3);

    int all = 0;
    for (Monotonic now = kStart + 2h; now < kStart + 2h + 30s; now += 730ms) all += burst(now);
    CHECK(all >= 59);
    CHECK(all <= 63);
}

TEST_CASE("a higher rate shortens the wait that a lower one has begun") {
    Polls polls;
    polls.put("a", {}, kNever);
    polls.put("b", {}, kNever);
    polls.set_rate(1);
    for (int i = 0; i < 2 && polls.next(kStart); ++i) polls.put("a", {}, kNever);
    CHECK(polls.next_at(kStart).value() > kStart + 50s);

    polls.set_rate(60);

    CHECK(polls.next_at(kStart).value() <= kStart + 1s);
}

TEST_CASE("the stream with the largest rate times the cube of its age is polled") {
    Polls polls;
    polls.set_rate(60);
    polls.put("busy", hourly(70), kStart - 50s);    // 70 * 50^3 = 8.75 million
    polls.put("quiet", hourly(10), kStart - 100s);  // 10 * 100^3 = 10 million
    polls.put("silent", hourly(1), kStart - 200s);  // 1 * 200^3 = 8 million

    Monotonic now = kStart;

    CHECK(poll(polls, now, 3) == std::vector<std::string>{"quiet", "busy", "silent"});
}

TEST_CASE("the power weighs age against rate") {
    for (const auto& [power, expected] : std::map<double, std::string>{{1.5, "busy"}, {6, "quiet"}}) {
        Polls polls({.power = power});
        polls.set_rate(60);
        polls.put("busy", hourly(70), kStart - 50s);
        polls.put("quiet", hourly(10), kStart - 100s);

        CHECK(polls.next(kStart) == expected);
    }
}

TEST_CASE("what a poll finds makes its stream go earlier") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", hourly(1), kStart - 100s);
    polls.put("b", hourly(1), kStart - 100s);

    polls.polled("b", kStart, 50);
    polls.polled("a", kStart, 0);

    CHECK(polls.rate("b").changes == Approx(150).epsilon(0.01));
    CHECK(polls.rate("a").exposure == Approx(360'100).epsilon(0.01));
    CHECK(polls.next(kStart + 60s) == "b");
}

TEST_CASE("the first poll of a new stream teaches nothing, for nobody knows since when it counts") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", {}, kNever);
    polls.next(kStart);

    polls.polled("a", kStart, 100);

    CHECK(polls.rate("a").changes == 0);
    CHECK(polls.rate("a").exposure == 0);
}

TEST_CASE("no stream is polled more often than the shortest interval, however busy") {
    Polls polls({.shortest = 10s});
    polls.set_rate(6000);
    polls.put("a", hourly(100'000), kNever);
    Monotonic now = kStart;

    poll(polls, now, 100);

    CHECK(now >= kStart + 990s);
    polls.hurry("a");
    CHECK(polls.next_at(now) == now + 10s);
}

TEST_CASE("who is in a hurry goes before the index, once, but after the deadline") {
    Polls polls;
    polls.set_rate(60);
    polls.put("busy", hourly(1000), kStart - 200s);
    polls.put("quiet", hourly(1), kStart - 20s);
    polls.put("overdue", hourly(1), kStart - 400s);
    polls.hurry("quiet");
    polls.hurry("unknown");

    Monotonic now = kStart;
    CHECK(poll(polls, now, 3) == std::vector<std::string>{"overdue", "quiet", "busy"});
    now += 60s;
    CHECK(poll(polls, now, 1) == std::vector<std::string>{"busy"});
}

TEST_CASE("a hurry that comes while the stream is out is kept") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", hourly(1), kStart - 200s);
    polls.put("b", hourly(1000), kStart);
    CHECK(polls.next(kStart) == "a");

    polls.hurry("a");
    polls.polled("a", kStart, 0);

    CHECK(polls.next(kStart + 20s) == "a");
}

TEST_CASE("a stream that failed waits as long as it is told, learns nothing, and does not forget its age") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", hourly(10), kStart - 200s);
    polls.put("b", hourly(10), kStart - 100s);
    CHECK(polls.next(kStart) == "a");

    polls.failed("a", kStart + 60s);

    CHECK(polls.rate("a").exposure == 360'000);
    CHECK(polls.next(kStart + 1s) == "b");
    CHECK(polls.next_at(kStart + 1s) == kStart + 60s);
    polls.polled("b", kStart + 1s, 0);
    CHECK(polls.next(kStart + 59s) == "b");
    polls.polled("b", kStart + 59s, 0);
    CHECK(polls.next(kStart + 70s) == "a");
}

TEST_CASE("streams that always fail starve no other") {
    Polls polls({.max_staleness = 60s});
    polls.set_rate(60);
    for (int i = 0; i < 20; ++i) polls.put("bad " + std::to_string(i), hourly(1000), kStart - 50s);
    polls.put("good", hourly(0), kStart);

    Monotonic last = kStart;
    for (Monotonic now = kStart; now < kStart + 1h;) {
        now = polls.next_at(now).value();
        const auto key = polls.next(now).value();
        if (key == "good") {
            CHECK(now - last <= polls.deadline() + 1s);
            last = now;
            polls.polled(key, now, 0);
        } else {
            polls.failed(key, now + 1s);
        }
    }
    CHECK(last > kStart + 58min);
}

TEST_CASE("a removed stream is gone, its late answer is ignored, and the others stay what they are") {
    Polls polls;
    polls.set_rate(60);
    for (const auto* key : {"a", "b", "c"}) polls.put(key, hourly(key[0]), kStart - 100s);
    CHECK(polls.next(kStart) == "c");

    polls.remove("c");
    polls.remove("a");
    polls.remove("unknown");
    polls.polled("c", kStart, 1);
    polls.failed("c", kStart);

    CHECK(polls.size() == 1);
    CHECK_FALSE(polls.contains("a"));
    CHECK_FALSE(polls.contains("c"));
    CHECK(polls.rate("b").changes == hourly('b').changes);
    CHECK(polls.next(kStart + 1s) == "b");
    polls.remove("b");
    CHECK(polls.size() == 0);
}

TEST_CASE("put replaces a stream, and takes it back when it was out") {
    Polls polls;
    polls.set_rate(60);
    polls.put("a", {}, kNever);
    polls.next(kStart);

    polls.put("a", hourly(5), kStart);

    CHECK(polls.size() == 1);
    CHECK(polls.rate("a").changes == 500);
    CHECK(polls.next(kStart + 10s) == "a");
}

TEST_CASE("the deadline is the larger of max_staleness and two rounds, and twelve hours at most") {
    Polls polls;
    for (int i = 0; i < 100; ++i) polls.put(std::to_string(i), {}, kNever);

    polls.set_rate(60);
    CHECK(polls.deadline() == 5min);
    CHECK_FALSE(polls.deadline_is_round_robin());

    polls.set_rate(20);
    CHECK(polls.deadline() == 10min);
    CHECK(polls.deadline_is_round_robin());

    polls.set_rate(0.1);
    CHECK(polls.deadline() == 12h);
    polls.set_rate(0);
    CHECK(polls.deadline() == 12h);
}

// The proof of scheduler.hpp: whatever the rates, and whatever hurries.
TEST_CASE("no stream waits longer than the deadline and one poll, whatever rates and hurries") {
    struct Row {
        int streams;
        double polls_per_minute;
        double power;
    };
    const auto row = GENERATE(Row{50, 60, 3}, Row{100, 15, 3}, Row{100, 15, 1}, Row{100, 15, 0}, Row{20, 5, 2},
                              Row{80, 150, 6}, Row{7, 1.5, 3});
    const auto seed = GENERATE(1u, 2u);
    CAPTURE(row.streams, row.polls_per_minute, row.power, seed);
    std::mt19937 random(seed);
    std::lognormal_distribution<double> rates(0, 5);
    Polls polls({.power = row.power});
    polls.set_rate(row.polls_per_minute);
    std::map<std::string, Monotonic> last;
    for (int i = 0; i < row.streams; ++i) {
        polls.put(std::to_string(i), hourly(rates(random)), kNever);
        last[std::to_string(i)] = kStart;
    }
    const auto most = polls.deadline() + Milliseconds(std::llround(60'000 / row.polls_per_minute));

    Monotonic::duration longest{};
    Monotonic now = kStart;
    for (int i = 0; i < row.streams * 12; ++i) {
        // More hurries than there are polls, of the same few.
        for (int k = 0; k < 2; ++k) polls.hurry(std::to_string(random() % static_cast<unsigned>(row.streams / 4 + 1)));
        now = polls.next_at(now).value();
        const auto key = polls.next(now).value();
        longest = std::max(longest, now - last[key]);
        last[key] = now;
        polls.polled(key, now, rates(random));
    }
    for (const auto& [_, at] : last) longest = std::max(longest, now - at);

    CHECK(longest <= most);
}

TEST_CASE("a busy stream does not starve a quiet one, and is polled more often") {
    Polls polls({.max_staleness = 20min});
    polls.set_rate(6);
    polls.put("busy", hourly(10'000), kStart);
    for (int i = 0; i < 20; ++i) polls.put(std::to_string(i), hourly(0.001), kStart);
    std::map<std::string, int> count;
    Monotonic now = kStart;

    for (const auto& key : poll(polls, now, 6 * 60 * 5)) ++count[key];

    CHECK(count.size() == 21);
    CHECK(count["busy"] > 500);
    for (const auto& [_, times] : count) CHECK(times >= 14);
}

TEST_CASE("changes are seen much earlier than by round robin, at the cost of few") {
    const freshness::Workspace workspace{.projects = 100, .polls_per_minute = 12, .hours = 10, .warm_hours = 4};

    const auto ours = freshness::by_scheduler(workspace);
    const auto robin = freshness::by_round_robin(workspace);

    CHECK(ours.mean <= 0.7 * robin.mean);
    CHECK(ours.p99 <= 1.3 * robin.p99);
    CHECK(ours.longest_gap <= ours.deadline + 60 / workspace.polls_per_minute);
}
