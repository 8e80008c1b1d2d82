// A workspace whose projects change at random, polled under a virtual clock: by Polls, and by round robin.
#pragma once

#include "engine/scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

namespace freshness {

using taskmirror::Monotonic;
using taskmirror::engine::Polls;
using taskmirror::engine::Rate;

enum class Shape {
    steady,
    diurnal,     // twelve times as many by day as by night
    bursty,      // ten at a time on average, within five minutes
    reshuffled,  // halfway through what is measured, every project gets another's rate
};

struct Workspace {
    std::size_t projects = 500;
    double sigma = 1.5;  // of the logarithm of their rates
    double changes_per_minute = 20;
    double polls_per_minute = 60;
    double hours = 24;
    double warm_hours = 4;  // of these, to learn the rates: not measured
    Shape shape = Shape::steady;
    unsigned seed = 1;
};

struct Delays {
    double mean = 0, p99 = 0, max = 0;  // seconds from a change to the poll that finds it
    double longest_gap = 0;             // seconds between two polls of one project, or until the end
    double deadline = 0;                // seconds
};

// When each project changes, in seconds.
inline std::vector<std::vector<double>> changes(const Workspace& workspace) {
    std::mt19937 random(workspace.seed);
    std::lognormal_distribution<double> lognormal(0, workspace.sigma);
    std::vector<double> rates(workspace.projects);
    for (double& rate : rates) rate = lognormal(random);
    const double all = std::accumulate(rates.begin(), rates.end(), 0.0);
    auto later = rates;
    std::shuffle(later.begin(), later.end(), random);

    const double end = workspace.hours * 3600;
    const double half = (workspace.warm_hours + workspace.hours) / 2 * 3600;
    std::exponential_distribution<double> one(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::geometric_distribution<int> more(0.1);  // beside the first: 9 on average
    std::vector<std::vector<double>> changes(workspace.projects);
    for (std::size_t i = 0; i < workspace.projects; ++i) {
        const auto add = [&](double rate, double from, double until) {
            const double a_second = rate / all * workspace.changes_per_minute / 60;
            const bool bursty = workspace.shape == Shape::bursty;
            const double fastest = a_second * (workspace.shape == Shape::diurnal ? 1 + 11.0 / 13 : 1);
            for (double at = from;;) {
                at += one(random) / fastest * (bursty ? 10 : 1);
                if (at >= until) break;
                const double now = a_second * (1 + 11.0 / 13 * std::sin(at * 2 * M_PI / 86'400));
                if (workspace.shape == Shape::diurnal && uniform(random) * fastest > now) continue;
                changes[i].push_back(at);
                for (int k = bursty ? more(random) : 0; k > 0; --k) changes[i].push_back(at + uniform(random) * 300);
            }
        };
        const bool reshuffled = workspace.shape == Shape::reshuffled;
        add(rates[i], 0, reshuffled ? half : end);
        if (reshuffled) add(later[i], half, end);
        std::sort(changes[i].begin(), changes[i].end());
    }
    return changes;
}

// `poll(at, found)` is told when and how much the last poll has found, and gives the next one: which project, when.
struct Poll {
    std::size_t project = 0;
    double at = 0;
};
template <class Next>
Delays delays(const Workspace& workspace, Next next) {
    const auto changed = changes(workspace);
    std::vector<std::size_t> seen(workspace.projects, 0);
    std::vector<double> last(workspace.projects, 0);
    std::vector<double> waits;
    Delays result;
    const double end = workspace.hours * 3600;
    double found = 0;
    for (Poll poll = next(found); poll.at < end; poll = next(found)) {
        found = 0;
        const auto& its = changed[poll.project];
        for (auto& i = seen[poll.project]; i < its.size() && its[i] <= poll.at; ++i, ++found) {
            if (poll.at >= workspace.warm_hours * 3600) waits.push_back(poll.at - its[i]);
        }
        result.longest_gap = std::max(result.longest_gap, poll.at - last[poll.project]);
        last[poll.project] = poll.at;
    }
    for (const double at : last) result.longest_gap = std::max(result.longest_gap, end - at);

    std::sort(waits.begin(), waits.end());
    result.mean = std::accumulate(waits.begin(), waits.end(), 0.0) / static_cast<double>(waits.size());
    result.p99 = waits[waits.size() * 99 / 100];
    result.max = waits.back();
    return result;
}

inline Delays by_round_robin(const Workspace& workspace) {
    std::size_t count = 0;
    return delays(workspace, [&](double) {
        const Poll poll{count % workspace.projects, static_cast<double>(count) * 60 / workspace.polls_per_minute};
        ++count;
        return poll;
    });
}

inline Delays by_scheduler(const Workspace& workspace) {
    constexpr Monotonic kStart{std::chrono::hours(1000)};
    Polls polls;
    polls.set_rate(workspace.polls_per_minute);
    for (std::size_t i = 0; i < workspace.projects; ++i) polls.put(std::to_string(i), Rate{}, Monotonic::min());

    Monotonic now = kStart;
    std::string out;
    auto result = delays(workspace, [&](double found) {
        if (!out.empty()) polls.polled(out, now, found);
        now = polls.next_at(now).value();
        out = polls.next(now).value();
        return Poll{std::stoul(out), std::chrono::duration<double>(now - kStart).count()};
    });
    result.deadline = std::chrono::duration<double>(polls.deadline()).count();
    return result;
}

}  // namespace freshness
