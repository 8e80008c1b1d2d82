// How long a change waits until it is seen: the scheduler with rates that it learns, against round robin with as many
// polls. A virtual clock, no timing. Exit code 1: a figure is beyond its red line.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "freshness_simulation.hpp"

using namespace freshness;

namespace {

constexpr unsigned kSeeds = 5;

struct Row {
    const char* title;
    double sigma;
    Shape shape;
    double most_mean;  // of round robin's; 0: for information
    double most_p99;
};

constexpr Row kRows[] = {
    {"steady, sigma 1", 1, Shape::steady, 0.85, 1.25}, {"steady, sigma 1.5", 1.5, Shape::steady, 0.65, 1.25},
    {"steady, sigma 2", 2, Shape::steady, 0.5, 1.25},  {"diurnal, sigma 1.5", 1.5, Shape::diurnal, 0, 0},
    {"bursty, sigma 1.5", 1.5, Shape::bursty, 0, 0},   {"reshuffled, sigma 1.5", 1.5, Shape::reshuffled, 0, 0},
};

// False: beyond a red line.
bool print(const Row& row) {
    Delays ours, robin;
    double gap = 0;  // of the deadline
    double late = 0;
    for (unsigned seed = 1; seed <= kSeeds; ++seed) {
        const Workspace workspace{.sigma = row.sigma, .shape = row.shape, .seed = seed};
        const auto a = by_scheduler(workspace);
        const auto b = by_round_robin(workspace);
        ours.mean += a.mean / kSeeds, robin.mean += b.mean / kSeeds;
        ours.p99 += a.p99 / kSeeds, robin.p99 += b.p99 / kSeeds;
        ours.max = std::max(ours.max, a.max), robin.max = std::max(robin.max, b.max);
        gap = std::max(gap, a.longest_gap / a.deadline);
        late = std::max(late, a.longest_gap - a.deadline);
    }
    const double mean = ours.mean / robin.mean, p99 = ours.p99 / robin.p99;
    // One poll may be under way when a deadline passes.
    const bool good = (row.most_mean == 0 || (mean <= row.most_mean && p99 <= row.most_p99)) && late <= 1.0;
    fmt::print("{:<24}{:8.0f} s{:8.0f} s{:8.3f}{:8.0f} s{:8.0f} s{:8.3f}{:8.3f}{:12.3f}{}\n", row.title, ours.mean,
               robin.mean, mean, ours.p99, robin.p99, p99, ours.max / robin.max, gap,
               good ? "" : "  BEYOND ITS RED LINE");
    std::fflush(stdout);
    return good;
}

}  // namespace

int main() {
    const Workspace workspace;
    fmt::print("{} projects, {} changes and {} polls a minute, {:.0f} h, {} seeds\n", workspace.projects,
               workspace.changes_per_minute, workspace.polls_per_minute, workspace.hours, kSeeds);
    fmt::print("{:<24}{:>10}{:>10}{:>8}{:>10}{:>10}{:>8}{:>8}{:>12}\n", "delay", "mean", "robin's", "ratio", "p99",
               "robin's", "ratio", "max", "deadline");
    bool good = true;
    for (const Row& row : kRows) good = print(row) && good;
    return good ? 0 : 1;
}
