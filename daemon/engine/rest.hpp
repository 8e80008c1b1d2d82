// How long a daemon leaves an account alone after a failure. Pure; the caller waits.
#pragma once

#include <algorithm>

#include "core/time.hpp"

namespace taskmirror::engine {

class Rests {
  public:
    // The rest after one more failure: doubled by each, up to a bound. Both are longer where a person has to do
    // something.
    Milliseconds next(bool needs_person) {
        const auto first = needs_person ? kFirstForPerson : kFirst;
        return std::min(first * (1 << std::min(failures_++, 8)), needs_person ? kLongestForPerson : kLongest);
    }
    // It has been served for so long since.
    void served(Monotonic::duration time) {
        if (time >= kSettled) failures_ = 0;
    }

    static constexpr Milliseconds kFirst = std::chrono::minutes(1);
    static constexpr Milliseconds kLongest = std::chrono::minutes(10);
    static constexpr Milliseconds kFirstForPerson = std::chrono::minutes(10);
    static constexpr Milliseconds kLongestForPerson = std::chrono::hours(1);
    static constexpr Milliseconds kSettled = std::chrono::minutes(5);

  private:
    int failures_ = 0;  // in a row
};

}  // namespace taskmirror::engine
