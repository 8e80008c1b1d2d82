// How events reach those who ask: what each token is good for, and how unreliable all of it is.
//
// A 412 begins a chain of tokens, and every answer ends with the next of its chain. The youngest one that was used is
// answered again as before, older ones no more. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "model.hpp"

namespace fake_asana {

constexpr std::size_t kEventsMost = 100;
constexpr std::size_t kWorkspaceEventsMost = 1000;
constexpr Millis kSyncLife = 24 * 3'600'000;

// Of the events of each stream, chosen by the seed.
struct Unreliable {
    double drop = 0, duplicate = 0;
    bool reorder = false;  // within an answer
    Millis lag = 0;        // events are told no sooner
    std::uint64_t seed = 1;
};

struct SyncToken {
    std::uint64_t position = 0;  // the first event not yet told
    Millis issued = 0;
    std::uint32_t chain = 0, step = 0;
};

class Delivery {
  public:
    struct Page {
        std::vector<Index> events;
        SyncToken next;
        bool more = false;
    };

    SyncToken begin(const World& world, Millis now);
    // What has happened on a stream since the token, none for a token that is of no use.
    std::optional<Page> page(const World& world, Id stream, const SyncToken& token, Millis now,
                             std::size_t most = kEventsMost);

    void make(const Unreliable& unreliable);  // from now on
    void expire();                            // every token given so far

  private:
    struct Chain {
        std::uint32_t step = 0;
        std::optional<Page> answered;
    };
    std::uint64_t told_until(const World& world, Millis now) const;
    Page next_page(const World& world, Id stream, const SyncToken& token, Millis now, std::size_t most) const;

    std::mutex mutex_;
    Unreliable unreliable_;
    std::map<std::pair<Id, std::uint32_t>, Chain> chains_;  // by stream and number
    std::uint32_t next_chain_ = 0, first_living_ = 0;
};

}  // namespace fake_asana
