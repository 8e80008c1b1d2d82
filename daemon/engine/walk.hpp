// A row of the queue that is being worked on, and the constants of the loop. Inside the engine only.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/sync.hpp"

namespace taskmirror::engine {

using namespace std::chrono_literals;

inline constexpr std::size_t kPagesPerCommit = 100;  // measured: 40 us of CPU a task; 72 us with 10 pages, 99 us with 1
inline constexpr auto kCommitEvery = 2s;             // what a crash can cost
inline constexpr auto kOffsetLife = 14min;           // Asana's offsets die after 15
using store::kHeld;
inline constexpr std::string_view kMissing = "missing";  // said of a row that a walk did not name
inline constexpr std::size_t kFewRows = 20;              // a walk may miss any share of so few
inline constexpr double kLongestOfPeriod = 0.95;         // of a period: a sync each hour keeps relist_every 1h
inline constexpr double kSpread = 0.25;                  // of it, over which lists are spread
inline constexpr auto kOverlap = 5min;                   // what was modified while a first page was being made
inline constexpr auto kPendingTokenLife = 12h;           // event tokens die after 24, and the walk takes its time
inline constexpr auto kCapabilityLife = 24h;             // a feature that the plan lacks is asked for again daily
inline constexpr auto kNoteEvery = 10s;                  // the state of the account, for `status`
inline constexpr auto kWrongClock = 1min;                // less is awaited: dates do not go back
inline constexpr auto kPollAgain = 1h;                   // by a sync that takes longer
inline constexpr double kLeastForPolls = 0.2;            // of the rate: more freshness than that is worth little
inline constexpr auto kLookAgain = 24h;                  // at what is not visible or can never succeed as it stands
inline constexpr auto kTryAgain = 15min;                 // what failed for no lasting reason
inline constexpr auto kDrain = 10s;                      // for what is in flight when a sync is stopped
inline constexpr int kFailuresInARow = 3;                // without a usable answer: the whole API may be down
inline constexpr auto kOutagePause = 5s;                 // then 20, then 80: what most outages last
inline constexpr int kOutages = 3;                       // pauses, before a sync gives up
inline constexpr int kRestarts = 3;                      // of one walk whose offsets die
inline constexpr int kFullPage = 100;
inline constexpr int kSmallestPage = 10;
inline constexpr std::size_t kMostPages = 100'000;   // of one walk: a million objects in the smallest pages
inline constexpr std::size_t kLongestReason = 200;   // bytes of the server's words in a gap
inline constexpr std::size_t kGapsTold = 20;         // one by one in the log; the table has all
inline constexpr std::size_t kMostApiChanges = 100;  // that are remembered
inline constexpr std::size_t kLongestPath = 200;     // of a sample of them
inline constexpr auto kSeenAgain = 24h;              // an API change is noted again
inline constexpr std::size_t kPickAhead = 16;
inline constexpr std::size_t kMostCurious = 64;                    // walks that wait for the answer about a feature
inline constexpr std::int64_t kRank = 1'000'000'000'000'000;       // order_key = class * kClass + rank * kRank + order
inline constexpr std::int64_t kClass = 1'000'000'000'000'000'000;  // room for a thousand ranks

inline constexpr std::string_view kMoved = "moved";  // what an event says of what may not look modified
inline constexpr auto kHintOverlap = 10s;            // of the server's clock: events are told a little later than made
inline constexpr std::size_t kRotateAtOnce = 1000;   // rows in memory

struct Export;  // of sync_export.cpp: a file that is being read

struct Sync::Walk {
    Walk();
    ~Walk();
    store::Work row;
    std::uint16_t stream = 0;
    Instant began{};
    double found = 0;                  // changes that the pages before this one told of
    bool taking_token = false;         // the event token before the first page
    std::optional<Instant> watermark;  // the server's clock at the first page, less an overlap
    bool without_token = false;        // none could be had
    Milliseconds token_in{0};          // then it is asked for again
    std::size_t pages = 0;
    bool probe = false;  // only asks whether the token is still good
    int limit = 0;       // objects per page, once the server could not cope with full ones
    int attempts = 0;    // failures of the request at hand
    int restarts = 0;
    int token = 0;         // which token the request at hand was sent with
    bool doubted = false;  // has failed before, when it was asked whether everything does
    Monotonic not_before{};
    bool overtaken = false;                   // what it asks for may have changed since its request: it begins again
    bool whole = true;                        // all its pages came in this process, from the first one on
    std::vector<std::size_t> seen;            // hashes of gids, where a complete walk proves what is gone
    std::unordered_set<std::size_t> offsets;  // hashes of those seen: one that comes again would go on for ever
    Milliseconds pause{0};                    // of an export: before its job was asked the last time
    std::unique_ptr<Export> file;
};

// Which share of the budget it is paid from.
inline Class class_of(const store::Work& row) {
    return static_cast<Class>(std::clamp<std::int64_t>(row.order_key / kClass, 0, kClasses - 1));
}

// Whether the last request of this work left a gap because it was refused.
inline bool was_refused(const store::Work& row) {
    return row.last_error.starts_with("status 403") || row.last_error.starts_with("status 404");
}

// The gid that a list is of.
inline std::string_view last_of(std::string_view scope) { return scope.substr(scope.rfind('/') + 1); }

inline std::string key_of(const store::Work& row) { return row.stream + ' ' + row.scope; }

}  // namespace taskmirror::engine
