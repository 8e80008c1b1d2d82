#include "engine/rest.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace std::chrono_literals;
using namespace taskmirror;
using engine::Rests;

namespace {

std::vector<Milliseconds> rests(bool needs_person, int failures) {
    Rests rests;
    std::vector<Milliseconds> all;
    for (int i = 0; i < failures; ++i) all.push_back(rests.next(needs_person));
    return all;
}

}  // namespace

TEST_CASE("a rest doubles with each failure, up to ten minutes", "[engine]") {
    CHECK(rests(false, 6) == std::vector<Milliseconds>{1min, 2min, 4min, 8min, 10min, 10min});
    CHECK(rests(false, 100).back() == 10min);
}

TEST_CASE("what a person has to mend is asked for once an hour at last", "[engine]") {
    CHECK(rests(true, 5) == std::vector<Milliseconds>{10min, 20min, 40min, 1h, 1h});
    CHECK(rests(true, 100).back() == 1h);
}

TEST_CASE("five minutes of service end a row of failures, less do not", "[engine]") {
    Rests rests;
    rests.next(false);
    rests.served(5min - 1ms);
    CHECK(rests.next(false) == 2min);
    rests.served(5min);
    CHECK(rests.next(false) == 1min);
}
