// What answers say of coming changes to the API.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

std::string changes(const Bench& bench) {
    return bench.rows("SELECT name, info, affected, sample_path FROM sync_api_changes ORDER BY name");
}

std::string last_seen(const Bench& bench) { return bench.rows("SELECT name, last_seen_at FROM sync_api_changes"); }

}  // namespace

TEST_CASE("a change to the API is kept once, with the path of a request that it concerns") {
    Bench bench;
    bench.api.on("/me", {{.body = "open parts w 1\nopen parts w 2", .change = "new_goals"}});
    bench.api.on("/parts/1", {{.body = "row 1 a", .change = "new_goals!"}});
    bench.api.on("/parts/2", {{.body = "", .change = "new_goals!"}});

    bench.sync();

    CHECK(changes(bench) == "new_goals|https://new_goals|1|/parts/1");
}

TEST_CASE("a refusal announces changes, too") {
    Bench bench;
    bench.api.on("/me", {{.body = "open parts w 1"}});
    bench.api.on("/parts/1", {{.status = 404, .change = "new_goals"}});

    bench.sync();

    CHECK(changes(bench) == "new_goals|https://new_goals|0|/parts/1");
}

TEST_CASE("a change that was seen is noted once a day, and one that concerns no more stays so") {
    Bench bench;
    bench.api.on("/me", {{.change = "new_goals!"}, {.change = "new_goals"}});
    bench.sync();
    const auto first = last_seen(bench);

    bench.clock.advance(23h);
    bench.sync();
    CHECK(last_seen(bench) == first);

    bench.clock.advance(2h);
    bench.sync();
    CHECK(last_seen(bench) != first);
    CHECK(changes(bench) == "new_goals|https://new_goals|1|/me");
}

TEST_CASE("no more than a hundred changes are remembered") {
    Bench bench;
    std::string lists;
    for (int i = 0; i < 130; ++i) {
        lists += fmt::format("open parts w {}\n", i);
        bench.api.on(fmt::format("/parts/{}", i), {{.change = fmt::format("c{}", i)}});
    }
    bench.api.on("/me", {{.body = lists}});

    bench.sync();

    CHECK(bench.rows("SELECT count(*) FROM sync_api_changes") == "100");
}
