// What to ask for next: which class of work, and of the streams that tell of changes, which. Pure decisions; time is a
// parameter, nothing here waits, sends or stores.
//
// What a user loses is the delay between a change and its row here. A stream that changes at the rate lambda and was
// last polled tau ago holds back lambda * tau^2 / 2 of it; to poll where lambda * tau^2 is largest gives the least mean
// delay. A power of three costs a little of the mean and takes much from the longest delays. bench/freshness_bench.cpp
// replays it against round robin.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace taskmirror::engine {

// How often a stream changes, learned with forgetting (half-life 12 h): the posterior of a Gamma distribution.
struct Rate {
    double changes = 0;   // seen
    double exposure = 0;  // seconds observed

    void observe(double found, double seconds);
    // `prior`: what to assume of a stream that was never observed, above 0. It counts as one change.
    double per_second(double prior) const;
};

enum class Class : std::uint8_t {
    fresh,      // polls, and refetches of what they tell of
    walk,       // walks and backfill
    reconcile,  // reconcile and verify
};

// Who gets the next request: deficit round robin, 5 : 4 : 1. What a class does not use flows to the others, and one
// that always has work gets its part of every ten requests.
class Shares {
  public:
    // Which class to try first, second and third. Each that is tried and has nothing to do is told by idle(), until
    // one is served().
    std::array<Class, 3> order() const;
    void served(Class c);  // a request of this class goes out
    void idle(Class c);    // saves nothing up

  private:
    void begin_round_if_over();

    static constexpr std::array<int, 3> kQuantum = {5, 4, 1};
    std::array<int, 3> left_ = kQuantum;  // of this round, by class
};

struct PollOptions {
    double power = 3;               // of tau in the index
    Milliseconds shortest{10'000};  // no stream is polled more often
    Milliseconds max_staleness{300'000};
    Milliseconds longest{43'200'000};  // an event token dies after 24 h
};

// Which stream of changes to poll next. In this order: one that has waited for the deadline, the longest first; one
// that was never polled; one that is in a hurry; the one with the largest index.
//
// No stream starves, whatever the rates, hurries and failures: polls are spaced evenly, so streams reach the deadline
// at most as fast as they can be polled, and each is then the next but for those that reached it before. As the
// deadline is at least twice the time that a round of all takes, this needs at most half of all polls.
class Polls {
  public:
    explicit Polls(PollOptions options = {}) : options_(options) {}

    // A stream, by a key of the caller's. `last`: when it was last polled; Monotonic::min(): never, so it is polled at
    // once. Replaces one that is there.
    void put(std::string_view key, const Rate& rate, Monotonic last);
    void remove(std::string_view key);
    bool contains(std::string_view key) const { return places_.find(key) != places_.end(); }
    std::size_t size() const { return streams_.size(); }

    // How many polls may be made; none until it is set.
    void set_rate(double polls_per_minute);

    // The stream to poll now; it is out until polled() or failed(). None: nothing may be polled yet.
    std::optional<std::string> next(Monotonic now);
    // Whether next() gives one that has waited for the deadline, or was never polled.
    bool is_overdue(Monotonic now) const;
    // When next() may give one, `now` at the earliest. None: not before an answer, a new stream or another rate.
    std::optional<Monotonic> next_at(Monotonic now) const;

    // These ignore a key that was removed meanwhile.
    void polled(std::string_view key, Monotonic now, double found);
    void failed(std::string_view key, Monotonic not_before);  // was no observation
    void hurry(std::string_view key);                         // something else says that it has changed

    const Rate& rate(std::string_view key) const;  // of a stream that is there
    // How long a stream waits at most: the larger of max_staleness and twice the time that a round of all takes, but
    // not more than `longest`.
    Milliseconds deadline() const;
    bool deadline_is_round_robin() const;  // and not max_staleness

  private:
    struct Stream {
        std::string key;
        Rate rate;
        Monotonic seen;   // last polled with success
        Monotonic tried;  // last sent out
        Monotonic not_before = Monotonic::min();
        bool hurried = false;
        bool out = false;
    };

    Stream* find(std::string_view key);
    std::optional<Monotonic> due_at() const;  // by the spacing of all polls; none: not at this rate
    double round_seconds() const;
    Monotonic eligible_at(const Stream& stream) const;
    double prior() const;

    PollOptions options_;
    std::vector<Stream> streams_;
    std::map<std::string, std::size_t, std::less<>> places_;  // in streams_
    double per_second_ = 0;
    Monotonic spaced_ = Monotonic::min();  // where the last poll stands in their even spacing
};

}  // namespace taskmirror::engine
