// A day of work at the pace of Pace, alone and with another client that takes half of the quota on and off: how many
// requests are refused, how soon the rate is back. A virtual clock, no timing. Exit code 1: a figure is beyond its red
// line.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "pace_simulation.hpp"

using namespace pace_simulation;

namespace {

constexpr unsigned kSeeds = 2;
constexpr double kMostRefused = 0.01;     // of what is sent
constexpr double kLongestRecovery = 120;  // seconds
constexpr double kLeastAlone = 0.95;      // of our share
constexpr double kLeastBack = 0.9;        // of our share, from two minutes after the other left until it is back
constexpr double kAlways = 1e6;

// The worst of the seeds. False: beyond a red line; the other that never goes is for information.
bool print(Day day, const char* other) {
    Outcome worst{.used_alone = 1, .used_together = 1};
    double refused = 0;
    for (day.seed = 1; day.seed <= kSeeds; ++day.seed) {
        const auto its = run(day);
        worst.sent += its.sent;
        worst.refused += its.refused;
        worst.early += its.early;
        refused = std::max(refused, its.refused_share());
        worst.recovery = std::max(worst.recovery, its.recovery);
        worst.used_alone = std::min(worst.used_alone, its.used_alone);
        worst.used_together = std::min(worst.used_together, its.used_together);
    }
    const bool alone = day.other_minutes == 0;
    const bool always = day.other_minutes == kAlways;
    const bool good = worst.early == 0 && (alone    ? worst.refused == 0 && worst.used_alone >= kLeastAlone
                                           : always ? true
                                                    : refused < kMostRefused && worst.recovery <= kLongestRecovery &&
                                                          worst.used_alone >= kLeastBack);
    const auto figure = [](bool there, double value) { return there ? fmt::format("{:.3f}", value) : "-"; };
    fmt::print("{:>5}{:>6}{:>6.1f}  {:<7}{:<8}{:9}{:7}{:9.3f} %{:>9}{:>9}{:>10}{:7}{}\n", day.limit,
               day.configured ? "" : "auto", day.share, other,
               alone             ? ""
               : day.other_waits ? "waits"
                                 : "goes on",
               worst.sent, worst.refused, refused * 100,
               alone || always ? "-" : fmt::format("{:.0f} s", worst.recovery), figure(!always, worst.used_alone),
               figure(!alone, worst.used_together), worst.early, good ? "" : "  BEYOND ITS RED LINE");
    std::fflush(stdout);
    return good;
}

}  // namespace

int main() {
    fmt::print("{:>11}{:>6}  {:<15}{:>9}{:>7}{:>11}{:>9}{:>9}{:>10}{:>7}\n", "limit", "share", "the other", "sent",
               "429", "of sent", "back in", "alone", "together", "early");
    bool good = true;
    for (const int limit : {150, 1500}) {
        for (const double share : {0.8, 1.0}) {
            for (const bool configured : {true, false}) {
                good = print({.limit = limit, .configured = configured, .share = share}, "none") && good;
            }
            for (const double minutes : {3.0, 5.0, 7.0, 10.0, 30.0, kAlways}) {
                for (const bool waits : {true, false}) {
                    const auto title = minutes == kAlways ? "always" : fmt::format("{:.0f} min", minutes);
                    const Day day{.limit = limit, .share = share, .other_minutes = minutes, .other_waits = waits};
                    good = print(day, title.c_str()) && good;
                }
            }
        }
    }
    return good ? 0 : 1;
}
