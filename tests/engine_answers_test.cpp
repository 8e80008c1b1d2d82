// What an answer that is no page leads to: a pause, another attempt, a gap, a capability, or the end.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

Reply status(int code, Milliseconds after = 10ms) { return {.body = "", .status = code, .after = after}; }
const Reply kReset{.failure = http::Failure::reset};

// When this target was asked for the n-th time, in milliseconds after the first request of all.
std::vector<std::int64_t> times(const Script& api, const std::string& target) {
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < api.asked.size(); ++i)
        if (api.asked[i] == target)
            found.push_back(std::chrono::floor<Milliseconds>(api.asked_at[i] - api.asked_at.front()).count());
    return found;
}

// Parts p and q in workspace 1, r in workspace 2; one request at a time, in this order.
struct ThreeBench : Bench {
    ThreeBench() {
        pace_options.concurrency = 1;
        api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}});
        api.on("/parts/p", {{"row 1 a"}});
        api.on("/parts/q", {{"row 2 a"}});
        api.on("/parts/r", {{"row 3 a"}});
    }
};

}  // namespace

TEST_CASE("a feature that the plan lacks is asked for once per workspace, is no gap, and is looked at again daily") {
    Bench bench;
    bench.pace_options.concurrency = GENERATE(1, 8);
    bench.api.on("/me", {{"open goals 1 g\nopen goals 1 h\nopen milestones 1 m\nopen goals 2 i"}});
    bench.api.on("/goals/g", {status(402), {"row 1 a"}});
    bench.api.on("/goals/h", {{"row 2 a"}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.asked == Targets{"/me", "/goals/g", "/goals/i"});
    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT scope, capability, available FROM sync_capabilities ORDER BY scope") ==
          "1|goals|0 2|goals|1");

    bench.forget();
    bench.clock.advance(23h);
    bench.sync();
    CHECK(bench.api.times("/goals/g") + bench.api.times("/goals/h") + bench.api.times("/milestones/m") == 0);

    bench.forget();
    bench.clock.advance(2h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "1|a 2|a");
    CHECK(bench.api.times("/milestones/m") == 1);
    CHECK(bench.rows("SELECT available FROM sync_capabilities WHERE scope = '1'") == "1");
}

TEST_CASE("an answer that only paid plans give raises an automatic rate") {
    Bench bench;
    bench.pace_options = {.requests_per_minute = 0, .share = 1};
    bench.api.on("/me", {{"open goals 1 g"}});

    bench.sync();

    CHECK(bench.seen.front().rate_per_minute <= 150);
    CHECK(bench.seen.back().rate_per_minute > 1000);
}

TEST_CASE("what is refused or hidden is a gap, the pass goes on, and the gap heals at its time") {
    ThreeBench bench;
    const int code = GENERATE(400, 403, 404);
    bench.api.on("/parts/p", {status(code), {"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps() == fmt::format("parts|p|{}", code));
    CHECK(bench.projects() == "2|a 3|a");
    CHECK(bench.api.times("/parts/p") == 1);
    CHECK(bench.rows("SELECT round((julianday(retry_at) - julianday(last_seen_at)) * 24) FROM sync_gaps") == "24.0");

    bench.clock.advance(23h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("/parts/p") == 1);  // not before its time, though its owner opens it
    CHECK(bench.gaps() == fmt::format("parts|p|{}", code));

    bench.clock.advance(2h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT count(healed_at) FROM sync_gaps") == "1");
    CHECK(bench.projects() == "1|a 2|a 3|a");
    CHECK(bench.rows("SELECT attempts, last_error FROM sync_work WHERE scope = 'p'") == "0|NULL");
}

TEST_CASE("what is hidden is not asked for again when another object opens it in the same pass") {
    Bench bench;
    bench.pace_options.concurrency = 1;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen goals 1 g"}});
    bench.api.on("/parts/p", {{"open goals 1 g"}});
    bench.api.on("/goals/g", {status(404)});
    bench.api.on("/notes/n", {{"open goals 1 g"}});
    bench.api.on("/parts/q", {{"open notes 1 n"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/goals/g") == 1);
    CHECK(bench.seen.back().waiting == 0);
}

TEST_CASE("a gap that stays keeps the time when it was first seen") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(404)});
    bench.sync();
    const auto first = bench.rows("SELECT first_seen_at FROM sync_gaps");
    bench.clock.advance(25h);

    bench.sync();

    CHECK(bench.rows("SELECT first_seen_at FROM sync_gaps") == first);
    CHECK(bench.rows("SELECT last_seen_at > first_seen_at FROM sync_gaps") == "1");
}

TEST_CASE("work that no request can be made of is a gap without a status") {
    ThreeBench bench;
    bench.api.on("/parts/q", {{"open notes 1 impossible"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "notes|impossible|NULL");
    CHECK(bench.projects() == "1|a 3|a");
}

TEST_CASE("a token that is refused is read again, and a new one is used") {
    ThreeBench bench;
    bench.api.on("/parts/q", {status(401), {"row 2 a"}});
    bench.token = "new";

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.token == "new");
    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/q", "/me", "/parts/q", "/parts/r"});
    CHECK(bench.gaps().empty());
}

TEST_CASE("a token that the first root refuses ends the sync with 77 after one request") {
    ThreeBench bench;
    bench.api.on("/me", {status(401)});
    std::string message;

    CHECK(bench.sync_fails(&message) == 77);

    CHECK(bench.api.asked == Targets{"/me"});
    CHECK(message.find("token is refused") != message.npos);
}

TEST_CASE("a token that is refused in the midst of a sync ends it with 77, and what came before stays") {
    ThreeBench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}, status(401)});
    bench.api.on("/parts/q", {status(401)});

    CHECK(bench.sync_fails() == 77);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/q", "/me"});
    CHECK(bench.projects() == "1|a");
    CHECK(bench.gaps().empty());
}

TEST_CASE("a token that is refused by several answers in flight leads to one question") {
    ThreeBench bench;
    bench.pace_options.concurrency = 8;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}, status(401)});
    for (const auto* part : {"p", "q", "r"}) bench.api.on(fmt::format("/parts/{}", part), {status(401)});

    CHECK(bench.sync_fails() == 77);

    CHECK(bench.api.times("/me") == 2);
    CHECK(bench.api.asked.size() == 5);
}

TEST_CASE("a workspace that refuses the token is a gap, and leaves the others alone") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(401)});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/me", "/parts/r"});
    CHECK(bench.gaps() == "parts|p|401 parts|q|401");
    CHECK(bench.projects() == "3|a");
}

TEST_CASE("after a 429 nothing is sent before its Retry-After has passed, and nothing is lost") {
    ThreeBench bench;
    bench.pace_options.concurrency = GENERATE(1, 8);
    bench.api.on("/parts/p", {{.body = "", .status = 429, .retry_after = "30"}, {"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);

    const auto asked = times(bench.api, "/parts/p");
    REQUIRE(asked.size() == 2);
    CHECK(asked[1] - asked[0] >= 30'000);
    CHECK(asked[1] - asked[0] < 32'000);
    for (std::size_t i = 0; i < bench.api.asked.size(); ++i) {
        const auto at = std::chrono::floor<Milliseconds>(bench.api.asked_at[i] - bench.api.asked_at[0]).count();
        CHECK((at <= asked[0] + 10 || at >= asked[0] + 30'010));
    }
    CHECK(bench.projects() == "1|a 2|a 3|a");
    CHECK(bench.gaps().empty());
    CHECK(bench.seen.back().rate_limited == 1);
    CHECK(bench.seen.back().retries == 0);
}

TEST_CASE("a pause is shown while it lasts") {
    ThreeBench bench;
    bench.api.on("/parts/p", {{.body = "", .status = 429, .retry_after = "30"}, {"row 1 a"}});

    bench.sync();

    CHECK(std::ranges::any_of(bench.seen, &Progress::paused));
    CHECK_FALSE(bench.seen.back().paused);
}

TEST_CASE("a request that fails is tried again after the pauses of the pace") {
    ThreeBench bench;
    const Reply failure = GENERATE(status(503), status(500), kReset, Reply{"<html>"});
    bench.api.on("/parts/p", {failure, failure, {"row 1 a"}});
    bench.api.on("/parts/p?limit=50", {{"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.seen.back().retries == 2);
    auto asked = times(bench.api, "/parts/p");
    for (const auto later : times(bench.api, "/parts/p?limit=50")) asked.push_back(later);
    REQUIRE(asked.size() == 3);
    CHECK(asked[1] - asked[0] >= 250);                                  // half of 500 ms, for random() is 0.5
    CHECK(asked[2] - asked[1] >= (failure.status == 500 ? 250 : 500));  // a smaller page is another request
    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|a 2|a 3|a");
}

TEST_CASE("other work goes on while a request waits for its next attempt") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(503), {"row 1 a"}});

    bench.sync();

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/q", "/parts/r", "/parts/p"});
}

TEST_CASE("after three attempts a request is a gap, which is tried again a quarter of an hour later") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(503), status(503), status(503), {"row 1 a"}});
    // Answers in between show that the API is well.
    bench.api.on("/parts/q", {{.body = "row 2 a\nnext o1", .after = 400ms}});
    bench.api.on("/parts/q#o1", {{.body = "row 2 a\nnext o2", .after = 500ms}});
    bench.api.on("/parts/q#o2", {{.body = "row 2 a", .after = 500ms}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.api.times("/parts/p") == 3);
    CHECK(bench.gaps() == "parts|p|503");
    CHECK(bench.rows("SELECT message FROM sync_gaps") == "status 503");

    bench.clock.advance(14min);
    bench.sync();
    CHECK(bench.api.times("/parts/p") == 3);
    bench.clock.advance(2min);
    bench.sync();
    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|a 2|a 3|a");
}

TEST_CASE("a request that fails while nothing else is asked gets one more round once the first root has answered") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {kReset});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/parts/p") == 6);
    CHECK(bench.gaps() == "parts|p|NULL");
}

TEST_CASE("when nothing answers any more the sync pauses longer and longer, then ends with 69, without a gap") {
    ThreeBench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}, kReset});
    for (const auto* part : {"p", "q", "r"}) bench.api.on(fmt::format("/parts/{}", part), {kReset});
    const auto began = bench.clock.monotonic();

    CHECK(bench.sync_fails() == 69);
    CHECK(bench.clock.monotonic() - began >= 105s);
    CHECK(bench.clock.monotonic() - began < 180s);
    CHECK(bench.gaps().empty());

    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}});
    for (const auto* part : {"p", "q", "r"})
        bench.api.on(fmt::format("/parts/{}", part), {{fmt::format("row {} a", part)}});
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "p|a q|a r|a");
}

TEST_CASE("an outage that ends within a minute and a half costs its time and no gap") {
    ThreeBench bench;
    bench.pace_options.concurrency = GENERATE(1, 8);
    const auto lasts = GENERATE(1s, 5s, 20s, 60s, 90s);
    bench.api.down_from = bench.clock.monotonic() + 5ms;
    bench.api.down_until = bench.clock.monotonic() + lasts;

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|a 2|a 3|a");
    CHECK(bench.clock.monotonic() <= bench.api.down_until + 85s);
}

TEST_CASE("a first root that does not answer ends the sync with 69") {
    ThreeBench bench;
    bench.api.on("/me", {kReset});
    std::string message;

    CHECK(bench.sync_fails(&message) == 69);

    CHECK(bench.api.asked == Targets{"/me", "/me", "/me"});
    CHECK(message.find("check base_url, proxy and the network") != message.npos);
}

TEST_CASE("a legal refusal ends the sync with 69 at once, and what came before stays") {
    ThreeBench bench;
    bench.api.on("/parts/q", {status(451)});

    CHECK(bench.sync_fails() == 69);

    CHECK(bench.api.asked == Targets{"/me", "/parts/p", "/parts/q"});
    CHECK(bench.projects() == "1|a");
}

TEST_CASE("a server that repeats the token brings it neither into a gap nor into the queue") {
    ThreeBench bench;
    bench.api.on("/parts/p", {{.body = "no access with old", .status = 403}});

    bench.sync();

    CHECK(bench.rows("SELECT message FROM sync_gaps") == "status 403: no access with [hidden]");
    CHECK(bench.rows("SELECT last_error FROM sync_work WHERE scope = 'p'") == "status 403: no access with [hidden]");
}

TEST_CASE("a token that was replaced stays hidden") {
    ThreeBench bench;
    bench.pace_options.concurrency = 8;
    bench.token = "new";
    bench.api.on("/parts/p", {status(401), {"row 1 a"}});
    bench.api.on("/parts/q", {{.body = "no access with old", .status = 403, .after = 1s}});

    bench.sync();

    CHECK(bench.rows("SELECT message FROM sync_gaps") == "status 403: no access with [hidden]");
}

TEST_CASE("a token is hidden before a reason is cut, so that no part of it is left") {
    ThreeBench bench;
    bench.first_token = "t0ken";
    bench.api.on("/parts/p", {{.body = std::string(197, 'x') + "t0ken", .status = 403}});

    bench.sync();

    CHECK(bench.rows("SELECT message FROM sync_gaps") == "status 403: " + std::string(197, 'x') + "[hi");
}

TEST_CASE("a token that is part of the word for what is hidden is hidden once") {
    ThreeBench bench;
    bench.first_token = "hidden";
    bench.api.on("/parts/p", {{.body = "hidden", .status = 403}});

    bench.sync();

    CHECK(bench.rows("SELECT message FROM sync_gaps") == "status 403: [hidden]");
}

TEST_CASE("what an unusable answer says of itself is cut, and shows no token") {
    ThreeBench bench;
    bench.first_token = "t0ken";
    bench.api.on("/parts/p", {{"t0ken" + std::string(5000, 'x')}});

    bench.sync();

    CHECK(bench.rows("SELECT message FROM sync_gaps").starts_with("unusable answer: [hidden]xxx"));
    CHECK(bench.rows("SELECT length(message) FROM sync_gaps") == "217");
}

TEST_CASE("a first root that is refused or hidden ends the sync with 69, and the next one asks for it again") {
    ThreeBench bench;
    const int code = GENERATE(400, 402, 403, 404);
    bench.api.on("/me", {status(code), {"open parts 1 p"}});
    std::string message;

    CHECK(bench.sync_fails(&message) == 69);
    CHECK(message.find("check base_url, proxy and the network") != message.npos);
    CHECK(bench.gaps().empty());

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "1|a");
}

TEST_CASE("what most of the mirror hangs on is asked for again by each sync") {
    Bench bench;
    bench.api.on("/me", {{"open lists 1 a\nopen parts 1 p"}});
    bench.api.on("/changes/a", {{"token t1"}});
    bench.api.on("/lists/a", {status(403), {"row 1 a"}});
    bench.api.on("/parts/p", {status(403), {"row 2 a"}});

    bench.sync();
    CHECK(bench.gaps() == "lists|a|403 parts|p|403");
    bench.clock.advance(1min);

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps() == "parts|p|403");
    CHECK(bench.projects() == "1|a");
}

TEST_CASE("402 for what is no feature is a gap") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(402)});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps() == "parts|p|402");
    CHECK(bench.rows("SELECT count(*) FROM sync_capabilities") == "0");
}

TEST_CASE("what is asked for once waits while the plan lacks its feature") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{"row 1 a\nif_changed badges 1 b\nif_changed badges 1 c"}});
    bench.api.on("/badges/b", {status(402), {"row 2 b"}});
    bench.api.on("/badges/c", {{"row 3 c"}});

    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.gaps().empty());
    CHECK(bench.projects() == "1|a");
    bench.clock.advance(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "1|a");

    bench.clock.advance(24h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "1|a 2|b 3|c");
    CHECK(bench.due().empty());
}

TEST_CASE("a token that the token place renews with each look ends the sync when it is refused") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(401)});
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}, status(401)});
    int looks = 0;
    bench.api.watch = [&](const std::string&) { bench.token = fmt::format("new {}", ++looks); };

    CHECK(bench.sync_fails() == 77);

    CHECK(bench.api.asked.size() <= 5);
}

TEST_CASE("a token may be renewed more than once, if it was good in between") {
    ThreeBench bench;
    bench.api.on("/parts/p", {status(401), {"row 1 a"}});
    bench.api.on("/parts/r", {status(401), {"row 3 a"}});
    int looks = 0;
    bench.api.watch = [&](const std::string&) { bench.token = fmt::format("new {}", ++looks); };

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|a 2|a 3|a");
}

TEST_CASE("a server that asks for a rest with Retry-After gets it, and keeps its rate") {
    ThreeBench bench;
    bench.api.on("/parts/p", {{.body = "", .status = 503, .retry_after = "30"}, {"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.gaps().empty());
    CHECK(times(bench.api, "/parts/q").front() >= 30'000);
    CHECK(bench.seen.back().rate_per_minute == Approx(60'000 * 0.97));
}

TEST_CASE("answers that are no pages count as failures of the whole API") {
    ThreeBench bench;
    for (const auto* target : {"/parts/p", "/parts/q", "/parts/r"}) bench.api.on(target, {{"<html>"}});
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q\nopen parts 2 r"}, {"<html>"}});

    CHECK(bench.sync_fails() == 69);

    CHECK(bench.gaps().empty());
}

TEST_CASE("outages are counted anew after a usable answer") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}, kReset});
    bench.api.on("/parts/p", {kReset, kReset, kReset, {"next o1"}});
    bench.api.on("/parts/p#o1", {kReset, kReset, kReset, {"next o2"}});
    bench.api.on("/parts/p#o2", {kReset, kReset, kReset, {"next o3"}});
    bench.api.on("/parts/p#o3", {kReset, kReset, kReset, {"row 1 a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|a");
    CHECK(bench.gaps().empty());
}
