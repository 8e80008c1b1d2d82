// How a sync ends before its work does, and what the person who watches it is told.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// Ten notes that take half a second each, two at once.
struct NotesBench : Bench {
    NotesBench() {
        pace_options.concurrency = 2;
        std::string notes;
        for (int i = 0; i < 10; ++i) {
            notes += fmt::format("open notes 1 n{} {}\n", i, i);
            api.on(fmt::format("/notes/n{}", i), {{.body = fmt::format("row {} a", i), .after = 500ms}});
        }
        api.on("/me", {{notes}, {""}});
    }
    std::string stored() const { return rows("SELECT count(*) FROM asana_projects"); }
};

}  // namespace

TEST_CASE("a limit of requests ends a sync with work left, and stores what is in flight") {
    NotesBench bench;

    CHECK(bench.sync(at_most(4)) == Ended::with_work_left);
    CHECK(bench.api.asked.size() == 4);
    CHECK(bench.stored() == "3");

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked.size() == 12);
    CHECK(bench.stored() == "10");
}

TEST_CASE("a limit that the work just reaches ends a sync complete") {
    NotesBench bench;

    CHECK(bench.sync(at_most(11)) == Ended::complete);
}

TEST_CASE("a limit of time ends a sync with work left, and stores what is in flight") {
    NotesBench bench;
    const auto began = bench.clock.monotonic();

    CHECK(bench.sync({.time = 1200ms, .requests = {}}) == Ended::with_work_left);

    CHECK(bench.api.asked_at.back() - began < 1200ms);
    CHECK(bench.clock.monotonic() - began <= 2s);
    CHECK(bench.stored() == std::to_string(bench.api.asked.size() - 1));
}

TEST_CASE("after a stop nothing is sent, and what is in flight is stored") {
    NotesBench bench;
    bench.api.watch = [&](const std::string& target) { bench.stop = target == "/notes/n3"; };

    CHECK(bench.sync() == Ended::with_work_left);

    CHECK(bench.api.asked.back() == "/notes/n3");
    CHECK(bench.stored() == "4");
    bench.stop = false;
    bench.api.watch = [](const std::string&) {};
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.stored() == "10");
}

TEST_CASE("after a stop an answer that does not come is waited for ten seconds, not longer") {
    NotesBench bench;
    bench.api.on("/notes/n3", {{.body = "row 3 a", .after = 100s}});
    bench.api.watch = [&](const std::string& target) { bench.stop = target == "/notes/n3"; };
    const auto began = bench.clock.monotonic();

    CHECK(bench.sync() == Ended::with_work_left);

    CHECK(bench.clock.monotonic() - began < 13s);
    CHECK(bench.stored() == "3");
    CHECK(bench.due().find("notes|n3") != std::string::npos);
}

TEST_CASE("a stop in the midst of a pause ends it") {
    NotesBench bench;
    bench.api.on("/notes/n0", {{.body = "", .status = 429, .retry_after = "3600"}});
    bench.api.watch = [&](const std::string& target) { bench.stop = target == "/notes/n1"; };
    const auto began = bench.clock.monotonic();

    CHECK(bench.sync() == Ended::with_work_left);

    CHECK(bench.clock.monotonic() - began < 12s);
}

TEST_CASE("no more requests are in flight than the pace allows") {
    NotesBench bench;

    bench.sync();

    CHECK(bench.api.most_at_once == 2);
}

TEST_CASE("the figures of the progress add up, and what waits goes down to nothing") {
    NotesBench bench;
    bench.api.on("/notes/n4", {{.body = "", .status = 503}, {.body = "row 4 a"}});
    bench.api.on("/notes/n5", {{.body = "", .status = 429, .retry_after = "5"}, {.body = "row 5 a\nrow 0 a"}});

    bench.sync();

    std::int64_t most = 0;
    for (const auto& progress : bench.seen) {
        CHECK(progress.waiting >= 0);
        CHECK(progress.in_flight <= 2);
        most = std::max(most, progress.waiting);
    }
    CHECK(most >= 9);  // told four times a second at most
    const auto& last = bench.seen.back();
    CHECK(last.waiting == 0);
    CHECK(last.left == 0s);
    CHECK(last.requests == bench.api.asked.size());
    CHECK(last.requests == 13);
    CHECK(last.retries == 1);
    CHECK(last.rate_limited == 1);
    CHECK(last.rows_written == 10);
    CHECK(last.rows_unchanged == 1);
    CHECK(last.in_flight == 0);
}

TEST_CASE("stages follow each other and never come back") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open parts 1 p\nopen notes 1 n"}});
    bench.api.on("/notes/n", {{.body = "open parts 1 q", .after = 1s}});
    for (const auto* target : {"/me", "/parts/p", "/parts/q"})
        if (std::string_view(target) != "/me") bench.api.on(target, {{.body = "", .after = 1s}});
    std::vector<std::string> stages;

    bench.sync();

    for (const auto& progress : bench.seen)
        if (stages.empty() || stages.back() != progress.stage) stages.emplace_back(progress.stage);
    CHECK(stages == std::vector<std::string>{"account", "parts", "notes", ""});
}

TEST_CASE("a gap that waits for its time is no work that waits, in this sync and in the next") {
    NotesBench bench;
    bench.api.on("/notes/n2", {{.body = "", .status = 404}});

    for (int pass = 0; pass < 2; ++pass) {
        CHECK(bench.sync() == Ended::complete);

        CHECK(bench.seen.back().waiting == 0);
        CHECK(bench.seen.back().stage.empty());
        bench.clock.advance(1h);
    }
}

TEST_CASE("a gap whose time comes within the same sync is tried again, and the figures stay right") {
    NotesBench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/notes/n0", {{.body = "rubbish"}, {.body = "rubbish"}, {.body = "rubbish"}, {.body = "row 0 a"}});
    for (int i = 1; i < 10; ++i)
        bench.api.on(fmt::format("/notes/n{}", i), {{.body = fmt::format("row {} a", i), .after = 200s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps().empty());
    for (const auto& progress : bench.seen) CHECK(progress.waiting >= 0);
    CHECK(bench.seen.back().waiting == 0);
    CHECK(bench.stored() == "10");
}
