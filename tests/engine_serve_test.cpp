// The daemon's way: polls and passes without an end.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// One list with two rows, mirrored once; then it is served.
struct ServeBench : Bench {
    ServeBench() {
        periods = {.relist = 1h, .reconcile = 24h};
        pace_options = {.requests_per_minute = 60, .share = 1, .concurrency = 4};
        api.on("/me", {{"open lists 1 a"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/lists/a", {{"row 1 a\nrow 2 b"}});
        sync();
        forget();
        api.on("/changes/a@t1", {{"token t1"}});
    }
};

}  // namespace

TEST_CASE("a daemon asks for changes again and again, and whose token it is once in a pass") {
    ServeBench bench;

    bench.serve(3h - 1min);

    CHECK(bench.api.times("/me") == 3);
    CHECK(bench.api.times("/lists/a") == 0);
    const auto polls = bench.api.times("/changes/a@t1");
    CHECK(polls >= 3 * 12);            // each five minutes at least
    CHECK(polls <= 3 * 60 * 60 / 10);  // and not more often than each ten seconds
    CHECK(bench.cursors("a") == "t1|NULL");
}

TEST_CASE("what a poll tells is fetched at once and learned from") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{"token t1"}, {"hint looks 1 1\ntoken t2"}});
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/looks/1", {{"row 1 new"}});

    bench.serve(30min);

    CHECK(bench.projects() == "1|new 2|b");
    CHECK(bench.api.times("/looks/1") == 1);
    CHECK(bench.rows("SELECT round(changes), exposure > 1000 FROM sync_work WHERE stream = 'changes'") == "1.0|1");
}

TEST_CASE("a long walk does not keep a daemon from asking for changes") {
    ServeBench bench;
    bench.api.on("/me", {{"open parts 1 long"}});
    for (int page = 0; page < 900; ++page)
        bench.api.on(page == 0 ? "/parts/long" : "/parts/long#" + std::to_string(page),
                     {{.body = "next " + std::to_string(page + 1), .after = 100ms}});

    bench.serve(10min);

    std::size_t longest = 0, since = 0;
    for (const auto& target : bench.api.asked) {
        since = target == "/changes/a@t1" ? 0 : since + 1;
        longest = std::max(longest, since);
    }
    CHECK(bench.api.asked.size() > 500);
    CHECK(longest <= 60);  // a stream alone may be asked each ten seconds; a request goes out each second
}

TEST_CASE("a list is reconciled within its period, by a daemon that never rests") {
    ServeBench bench;
    bench.api.most_waits = 1'000'000;

    bench.serve(49h);

    const auto walks = bench.api.times("/lists/a");
    CHECK(walks >= 2);
    CHECK(walks <= 3);
}

TEST_CASE("a daemon goes on with a walk that a sync left, and ends its pass") {
    ServeBench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{"next o1"}});
    bench.clock.advance(2h);
    bench.sync(at_most(3));
    bench.forget();

    bench.serve(1min);

    CHECK(bench.api.times("/parts/p#o1") == 1);
    CHECK(bench.due().empty());
    CHECK(bench.rows("SELECT count(*) FROM sync_meta WHERE key = 'acme.pass_ended_at' AND value >= "
                     "(SELECT value FROM sync_meta WHERE key = 'acme.pass_began_at')") == "1");
}

TEST_CASE("what failed is tried again by a daemon when its time has come, and its gap heals") {
    ServeBench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    const Reply down{.body = "", .status = 503};
    bench.api.on("/parts/p", {down, down, down, down, down, down, {""}});  // two rounds, for it may be an outage

    std::string while_it_failed;
    bench.serve(20min, [&](Sync&) {
        if (while_it_failed.empty()) while_it_failed = bench.gaps();
    });

    CHECK(while_it_failed == "parts|p|503");
    CHECK(bench.gaps().empty());
    CHECK(bench.api.times("/parts/p") == 7);
}

TEST_CASE("an event poll that fails waits for its time and is not asked twice") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{.body = "", .status = 403}});

    bench.serve(2h);

    CHECK(bench.gaps() == "changes|a|403");
    CHECK(bench.api.times("/changes/a@t1") == 1);
}

TEST_CASE("a daemon that is stopped stores what is on its way") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{"hint looks 1 1\ntoken t2"}});
    bench.api.on("/looks/1", {{.body = "row 1 new", .after = 3s}});
    bench.api.watch = [&](const std::string& target) {
        if (target == "/looks/1") bench.stop = true;
    };

    bench.serve(1h);

    CHECK(bench.projects() == "1|new 2|b");
}

TEST_CASE("a poll that is on its way when a pass begins is counted once") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{.body = "token t1", .after = 50s}});
    std::int64_t least = 0;

    bench.serve(5h, [&](Sync&) { least = std::min(least, bench.seen.back().waiting); });

    CHECK(bench.api.times("/me") == 5);
    CHECK(least == 0);
}

TEST_CASE("accepting deletions takes back what a walk of a daemon held") {
    ServeBench bench;
    std::string many;
    for (int i = 0; i < 30; ++i) many += "row p" + std::to_string(i) + " box\n";
    bench.api.on("/me", {{"open parts 1 box"}});
    bench.api.on("/parts/box", {{many}, {"row p0 box"}});
    bench.sync();
    bench.clock.advance(2h);
    for (int i = 1; i < 30; ++i) bench.api.on("/looks/p" + std::to_string(i), {{.body = "", .status = 404}});

    bool accepted = false;
    bench.serve(3h, [&](Sync& sync) {
        if (accepted || bench.gaps() != "parts|box|NULL") return;
        accepted = true;
        CHECK(bench.api.times("/looks/p1") == 0);
        sync.accept_deletions();
    });

    CHECK(accepted);
    CHECK(bench.gaps().empty());
    CHECK(bench.api.times("/looks/p1") == 1);
}

TEST_CASE("a refused token ends a daemon's turn, and the next daemon goes on where it stood") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{.body = "", .status = 401}});
    bench.api.on("/me", {{.body = "", .status = 401}, {"open lists 1 a"}});

    CHECK(store::exit_code([&] { bench.serve(1h); }) == 77);
    bench.forget();
    bench.api.on("/changes/a@t1", {{"token t2"}});
    bench.serve(1min);

    CHECK(bench.cursors("a") == "t2|NULL");
}

TEST_CASE("many changes at once keep nobody from asking for further ones") {
    ServeBench bench;
    bench.api.on("/me", {{"open lists 1 a\nopen lists 1 b"}});
    bench.api.on("/changes/b", {{.body = "token u1", .status = 412}});
    std::string many;
    for (int i = 0; i < 1500; ++i) many += fmt::format("hint notes 1 n{}\n", i);
    bench.api.on("/changes/a@t2", {{"token t2"}});
    bench.api.on("/changes/b@u1", {{"token u1"}});
    bench.sync();
    bench.forget();
    bench.api.on("/changes/a@t1", {{many + "token t2"}});
    auto last = bench.clock.monotonic();

    bench.serve(40min);

    Monotonic::duration longest{0};
    for (std::size_t i = 0; i < bench.api.asked.size(); ++i) {
        if (bench.api.asked[i] != "/changes/b@u1") continue;
        longest = std::max(longest, bench.api.asked_at[i] - last);
        last = bench.api.asked_at[i];
    }
    CHECK(longest <= 6min);
    CHECK(bench.api.asked.size() > 1500);
}

TEST_CASE("a daemon polls on when a workspace is back, and walks what it could not") {
    ServeBench bench;
    bench.api.on("/me", {{"roots 1\nopen lists 1 a"}, {"roots 2\nopen parts 1 p"}, {"roots 1\nopen parts 1 p"}});
    bench.api.on("/parts/p", {{"row 3 p"}});

    std::int64_t before = 0;
    bench.serve(4h - 1min, [&](Sync&) {
        if (bench.api.times("/me") == 2) before = bench.api.times("/changes/a@t1");
    });

    CHECK(before > 0);
    CHECK(bench.api.times("/changes/a@t1") >= before + 12);
    CHECK(bench.projects() == "1|a 2|b 3|p");
}

TEST_CASE("a daemon lists again in each pass what must not be older than one") {
    ServeBench bench;
    bench.source.table[kParts].every = source::Every::relist;
    bench.api.on("/me", {{"open parts 1 p"}});

    bench.serve(4h - 1min);

    CHECK(bench.api.times("/parts/p") == 4);
}

TEST_CASE("work that is under way when a pass begins is counted until it is done") {
    ServeBench bench;
    bench.api.on("/changes/a@t1", {{.body = "token t1", .after = 40s}});
    bench.polls = {.shortest = 53s, .max_staleness = 1s};

    std::int64_t least = 0;
    bench.serve(5h, [&](Sync& sync) { least = std::min(least, sync.progress().waiting); });

    CHECK(least == 0);
}

TEST_CASE("a daemon goes on when the clock is set back, and does not wait for the time that it had") {
    ServeBench bench;
    bench.polls = {.shortest = 1h, .max_staleness = 1h};
    bench.api.on("/me", {{"open lists 1 a\nopen parts 1 p"}});
    const Reply down{.body = "", .status = 503};
    bench.api.on("/parts/p", {down, down, down, down, down, down, {"row 3 p"}});

    bool set = false;
    bench.serve(3h + 30min, [&](Sync&) {
        if (set || bench.gaps() != "parts|p|503") return;
        set = true;
        bench.clock.set_back(72h);
        bench.forget();
    });

    CHECK(set);
    CHECK(bench.api.times("/me") >= 3);
    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|a 2|b 3|p");
}
