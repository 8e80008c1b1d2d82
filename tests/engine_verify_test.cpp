// The database beside the API.
#include <catch2/catch.hpp>

#include "engine/verify.hpp"
#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

// List a has the rows 1 and 2; their parts hold 1, 11, 12 and 2, 21. Mirrored once.
struct VerifyBench : Bench {
    std::vector<std::string> told;
    Compared compared;
    Progress progress;
    VerifyOptions options;

    VerifyBench() {
        pace_options.concurrency = 1;
        periods = {.relist = 24h, .reconcile = 24h};
        api.on("/me", {{"fact token_user 7\nopen lists r a"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/changes/a@t1", {{"token t1"}});
        api.on("/lists/a", {{"row 1 one\nopen parts r one\nif_changed notes r 1\nrow 2 two\nopen parts r two"}});
        api.on("/parts/one", {{"row 1 one\nrow 11 one\nrow 12 one"}});
        api.on("/parts/two", {{"row 2 two\nrow 21 two"}});
        api.on("/counts/one", {{"count 3"}});
        api.on("/counts/two", {{"count 2"}});
        sync();
        forget();
        clock.advance(1h);
    }

    bool verify() {
        const auto store = store::open_sqlite(file, source.tables());
        http::Pace pace(pace_options, [] { return 0.5; });
        api.drop();
        told.clear();
        forget();
        Verify verify({.source = source,
                       .transport = api,
                       .pace = pace,
                       .read_token = [this] { return token; },
                       .token = first_token},
                      *store, clock, options, [this](const Comparison& its) { told.push_back(text(its)); });
        const auto keep = [&] {
            compared = verify.compared();
            progress = verify.progress();
        };
        try {
            const bool over = verify.run(stop, {});
            keep();
            return over && compared.is_equal();
        } catch (...) {
            keep();
            throw;
        }
    }
    int verify_fails() {
        return store::exit_code([this] { verify(); });
    }
    static std::string text(const Comparison& its) {
        auto text = fmt::format("{}: {}", its.table.empty() ? its.stage : its.gid, its.equal);
        for (std::size_t kind = 0; kind < its.shown.size(); ++kind)
            for (const auto& [table, gid] : its.shown[kind]) text += fmt::format(" {} {}", kDifferenceNames[kind], gid);
        for (const auto& why : its.why) text += " not compared " + why;
        if (its.counted) text += fmt::format(" {}/{}", its.stored, *its.counted);
        return text;
    }
    std::string everything() const {
        return rows("SELECT * FROM asana_projects ORDER BY gid") + rows("SELECT * FROM sync_work") +
               rows("SELECT * FROM sync_gaps") + rows("SELECT * FROM sync_meta");
    }
};

using Told = std::vector<std::string>;
const Reply kGone{.body = "", .status = 404};

}  // namespace

TEST_CASE("a mirror that is as the API says is equal, and nothing is written") {
    VerifyBench bench;
    const auto before = bench.everything();

    CHECK(bench.verify());

    CHECK(bench.told == Told{"1: 3 3/3", "2: 2 2/2", "lists: 2"});
    CHECK(bench.compared.equal == 5);
    CHECK(bench.compared.counts == 2);
    CHECK(bench.api.asked == Targets{"/me", "/lists/a", "/parts/one", "/counts/one", "/parts/two", "/counts/two"});
    CHECK(bench.everything() == before);
}

TEST_CASE("what is fetched once per object is compared on request, however little has changed") {
    VerifyBench bench;
    bench.options.one_off = true;

    CHECK(bench.verify());

    CHECK(bench.api.times("/notes/1") == 1);
}

TEST_CASE("each row that is missing, extra or different is told of, and counted once") {
    VerifyBench bench;
    bench.api.on("/lists/a", {{"row 1 another\nopen parts r one\nrow 2 two\nopen parts r two"}});
    bench.api.on("/parts/one", {{"row 1 another\nrow 11 one\nrow 13 one"}});
    bench.api.on("/looks/12", {kGone});

    CHECK_FALSE(bench.verify());

    CHECK(bench.told ==
          Told{"1: 1 missing 13 different 1 3/3", "2: 2 2/2", "lists: 1 different 1", "looks: 0 extra 12"});
    CHECK(bench.compared.found == std::array<std::uint64_t, 3>{1, 1, 1});
    CHECK(bench.compared.equal == 3);
}

TEST_CASE("a row that no list names is no difference when it is there all the same") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{"row 1 one\nrow 11 one"}});
    bench.api.on("/counts/one", {{"count 3"}});
    bench.api.on("/looks/12", {{"row 12 one"}});

    CHECK(bench.verify());

    CHECK(bench.api.times("/looks/12") == 1);
    CHECK(bench.api.times("/looks/11") == 0);
    CHECK(bench.compared.equal == 5);
}

TEST_CASE("another number of tasks is a difference") {
    VerifyBench bench;
    bench.api.on("/counts/one", {{"count 4"}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.told.front() == "1: 3 3/4");
    CHECK(bench.compared.counts_different == 1);
}

TEST_CASE("a number of tasks that cannot be had is no difference") {
    const int status = GENERATE(402, 403, 404, 503);
    VerifyBench bench;
    bench.api.on("/counts/one", {{.body = "", .status = status}});

    CHECK(bench.verify());

    CHECK(bench.compared.counts == 1);
    CHECK(bench.compared.counts_refused == 1);
}

TEST_CASE("when the limit of the counts is reached, no more of them are asked for, and the pause is kept") {
    VerifyBench bench;
    bench.api.on("/counts/one", {{.body = "", .status = 429, .retry_after = "30"}});

    CHECK(bench.verify());

    CHECK(bench.compared.counts_refused == 2);
    CHECK(bench.api.times("/counts/two") == 0);
    const auto at = [&](const char* target) { return bench.api.asked_at[bench.api.place(target)]; };
    CHECK(at("/parts/two") - at("/counts/one") >= 30s);
}

TEST_CASE("a list that cannot be had is not compared, and nothing is concluded from it") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{.body = "no", .status = 403}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.told == Told{"1: 0 not compared parts one: status 403: no", "2: 2 2/2", "lists: 2"});
    CHECK(bench.compared.found == std::array<std::uint64_t, 3>{0, 0, 0});
    CHECK(bench.api.times("/looks/11") == 0);
}

TEST_CASE("a page that fails is asked for again") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{.body = "", .status = 503}, {"row 1 one\nrow 11 one\nnext o1"}});
    bench.api.on("/parts/one#o1", {{.body = "", .failure = http::Failure::reset}, {"row 12 one"}});

    CHECK(bench.verify());

    CHECK(bench.progress.retries == 2);
}

TEST_CASE("an offset that is dead begins the list again, and no row is told of twice") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{"row 1 one\nrow 13 one\nnext o1"}});
    bench.api.on("/parts/one#o1", {{.body = "expired", .status = 400}, {"row 11 one\nrow 12 one"}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.told.front() == "1: 3 missing 13 3/3");
    CHECK(bench.api.times("/parts/one") == 2);
}

TEST_CASE("a 429 costs its pause and nothing else") {
    VerifyBench bench;
    bench.api.on("/parts/one",
                 {{.body = "", .status = 429, .retry_after = "20"}, {"row 1 one\nrow 11 one\nrow 12 one"}});

    CHECK(bench.verify());

    CHECK(bench.progress.rate_limited == 1);
}

TEST_CASE("lists that keep failing are not compared while the account answers") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{.body = "", .status = 503}});
    bench.api.on("/parts/two", {{.body = "", .status = 503}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.compared.not_compared == 2);
    CHECK(bench.compared.equal == 2);
    CHECK(bench.api.times("/me") == 2);
}

TEST_CASE("when nothing answers any more, verify ends and says so") {
    VerifyBench bench;
    bench.api.watch = [&](const std::string& target) {
        if (target != "/parts/one") return;
        bench.api.down_from = bench.clock.monotonic();
        bench.api.down_until = Monotonic::max();
    };

    CHECK(bench.verify_fails() == 69);
}

TEST_CASE("a token that is refused ends verify, one that was renewed does not") {
    VerifyBench bench;
    bench.api.on("/me", {{.body = "", .status = 401}});
    CHECK(bench.verify_fails() == 77);

    bench.api.on("/me", {{.body = "", .status = 401}, {"fact token_user 7\nopen lists r a"}});
    bench.token = "new";
    CHECK(bench.verify());
    CHECK(bench.api.token == "new");
}

TEST_CASE("a token that one workspace refuses leaves its lists not compared") {
    VerifyBench bench;
    bench.api.on("/parts/one", {{.body = "", .status = 401}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.compared.not_compared == 1);
    CHECK(bench.told[1] == "2: 2 2/2");
}

TEST_CASE("the token of another person proves nothing") {
    VerifyBench bench;
    bench.api.on("/me", {{"fact token_user 8\nopen lists r a"}});
    bench.api.on("/parts/one", {{"row 1 one\nrow 11 one"}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.compared.other_user);
    CHECK(bench.api.times("/looks/12") == 0);
}

TEST_CASE("a feature that the plan lacks is no difference, and asked for once") {
    VerifyBench bench;
    bench.api.on("/me", {{"fact token_user 7\nopen lists r a\nopen goals r r\nopen milestones r r"}});
    bench.api.on("/goals/r", {{.body = "", .status = 402}});

    CHECK(bench.verify());

    CHECK(bench.api.times("/milestones/r") == 0);
}

TEST_CASE("one project alone is compared with all that it leads to, and nothing else is asked for") {
    VerifyBench bench;
    bench.options.project = "1";
    bench.api.on("/parts/one", {{"row 1 one\nrow 11 one"}});
    bench.api.on("/parts/two", {{"row 2 another"}});
    bench.api.on("/looks/12", {kGone});

    CHECK_FALSE(bench.verify());

    CHECK(bench.api.asked == Targets{"/me", "/lists/a", "/parts/one", "/counts/one", "/looks/12"});
    CHECK(bench.told == Told{"1: 2 extra 12 3/3", "lists: 1"});
    CHECK(bench.compared.project_found);
}

TEST_CASE("one project that no list names is looked at if it is stored") {
    VerifyBench bench;
    bench.options.project = "1";
    bench.api.on("/lists/a", {{"row 2 two\nopen parts r two"}});
    bench.api.on("/looks/1", {kGone});

    CHECK_FALSE(bench.verify());

    bench.options.project = "99";
    bench.verify();
    CHECK_FALSE(bench.compared.project_found);
    CHECK(bench.api.asked == Targets{"/me", "/lists/a"});
}

TEST_CASE("what differs is queued, and equal after the next sync") {
    VerifyBench bench;
    bench.options.repair = true;
    bench.api.on("/lists/a", {{"row 1 one\nopen parts r one\nrow 2 two\nopen parts r two\nrow 3 three\nnext o"}});
    bench.api.on("/lists/a#o", {{"row 4 four"}});
    bench.api.on("/parts/one", {{"row 1 one\nrow 11 new"}});
    bench.api.on("/looks/3", {{"row 3 three"}});
    bench.api.on("/looks/4", {{"row 4 four"}});
    bench.api.on("/looks/12", {kGone});
    bench.api.on("/looks/11", {{"row 11 new"}});
    bench.api.on("/counts/one", {{"count 1"}});
    const auto before = bench.rows("SELECT * FROM asana_projects ORDER BY gid");

    CHECK_FALSE(bench.verify());

    CHECK(bench.rows("SELECT * FROM asana_projects ORDER BY gid") == before);
    CHECK(bench.due() == "looks|11 looks|12 looks|3 looks|4 parts|one");
    CHECK(bench.rows("SELECT scope FROM sync_work WHERE cursor = 'missing'") == "12");
    CHECK(bench.compared.queued == 5);

    bench.clock.advance(1h);
    CHECK(bench.sync() == Ended::complete);
    CHECK(bench.projects() == "1|one 11|new 2|two 21|two 3|three 4|four");
    bench.clock.advance(1h);
    CHECK(bench.verify());
    CHECK(bench.compared.queued == 0);
}

TEST_CASE("a list that differs in more rows than it has pages is queued as a list") {
    VerifyBench bench;
    bench.options.repair = true;
    bench.api.on("/parts/two", {{"row 2 two\nrow 21 x\nrow 22 two"}});
    bench.api.on("/counts/two", {{"count 2"}});

    CHECK_FALSE(bench.verify());

    CHECK(bench.due() == "parts|two");
}

TEST_CASE("verify that is stopped has compared nothing in the end") {
    VerifyBench bench;
    bench.api.watch = [&](const std::string& target) {
        if (target == "/parts/one") bench.stop = true;
    };

    CHECK_FALSE(bench.verify());

    CHECK(bench.told.empty());
}

TEST_CASE("before the first sync has ended there is nothing to verify") {
    VerifyBench bench;
    bench.file = bench.folder.path() / "new.db";

    CHECK(bench.verify_fails() == 75);
}

TEST_CASE("verify goes step by step, beside another user of the transport") {
    VerifyBench bench;
    const auto store = store::open_sqlite(bench.file, bench.source.tables());
    http::Pace pace(bench.pace_options, [] { return 0.5; });
    Verify verify({.source = bench.source, .transport = bench.api, .pace = pace, .read_token = {}, .token = "old"},
                  *store, bench.clock, {}, [](const Comparison&) {});
    bench.api.get(1, "/other");
    std::size_t others = 0;

    while (!verify.is_over()) {
        const auto asked = bench.api.asked.size();
        verify.send(1);
        CHECK(bench.api.asked.size() - asked <= 1);
        for (auto& response : bench.api.wait(1s))
            if (Verify::owns(response))
                verify.answered(std::move(response));
            else
                ++others;
    }

    CHECK(others == 1);
    CHECK(verify.compared().is_equal());
}

namespace {

// A daemon that a verify was invited into.
struct GuestBench : VerifyBench {
    std::unique_ptr<store::Store> store = store::open_sqlite(file, source.tables());
    http::Pace pace{pace_options, [] { return 0.5; }};
    Account account{.source = source,
                    .transport = api,
                    .pace = pace,
                    .read_token = [this] { return token; },
                    .token = first_token,
                    .periods = {.relist = 24h, .reconcile = 24h}};
    Progress served;
    Sync sync{account, *store, clock, stop, [this](const Progress& its) { served = its; }};
    std::unique_ptr<Verify> guest;

    GuestBench() {
        sync.serve();
        for (int i = 0; i < 10; ++i) sync.turn(1s);
    }
    void invite() {
        guest = std::make_unique<Verify>(account, *store, clock, options,
                                         [this](const Comparison& its) { told.push_back(text(its)); });
        sync.invite(guest.get());
    }
    void serve(const std::function<bool()>& until) {
        for (int turns = 0; !until(); ++turns) {
            REQUIRE(turns < 1000);
            sync.turn(1s);
        }
    }
    bool is_over() const { return guest->is_over() && !guest->has_requests(); }
};

}  // namespace

TEST_CASE("a daemon carries a comparison out beside its own work") {
    GuestBench bench;
    bench.invite();

    bench.serve([&] { return bench.is_over(); });

    CHECK(bench.guest->compared().is_equal());
    CHECK(bench.told == Told{"1: 3 3/3", "2: 2 2/2", "lists: 2"});
    bench.sync.drain(bench.clock.monotonic() + 10s);
    CHECK(bench.pace.in_flight() == 0);
}

TEST_CASE("what a comparison queues is taken up by its daemon, which counts it") {
    GuestBench bench;
    bench.api.on("/parts/two", {{"row 2 two\nrow 22 two"}});
    bench.api.on("/looks/21", {kGone});
    bench.api.on("/looks/22", {{"row 22 two"}});
    bench.options.repair = true;
    bench.invite();
    std::int64_t least = 0;

    bench.serve([&] {
        least = std::min(least, bench.served.waiting);
        return bench.is_over();
    });
    bench.serve([&] {
        least = std::min(least, bench.served.waiting);
        return bench.rows("SELECT count(*) FROM asana_projects WHERE gid = '22'") == "1";
    });
    bench.sync.drain(bench.clock.monotonic() + 10s);

    CHECK(bench.guest->compared().queued > 0);
    CHECK(bench.rows("SELECT gid FROM asana_projects WHERE name = 'two' ORDER BY gid") == "2 22");
    CHECK(least == 0);
}

TEST_CASE("a comparison that is stopped sends nothing more, and the pace gets its answers") {
    GuestBench bench;
    bench.api.on("/parts/one", {{.body = "row 1 one\nrow 11 one\nrow 12 one", .after = 5s}});
    bench.invite();
    bench.serve([&] { return bench.api.times("/parts/one") > 0; });

    bench.guest->stop();
    CHECK_FALSE(bench.is_over());
    bench.serve([&] { return bench.is_over(); });

    CHECK(bench.api.times("/counts/one") == 0);
    bench.sync.drain(bench.clock.monotonic() + 10s);
    CHECK(bench.pace.in_flight() == 0);
}

TEST_CASE("a comparison that fails is over by itself, and the daemon goes on") {
    GuestBench bench;
    const Reply down{.body = "", .status = 503};
    bench.api.on("/me", {down, down, down, {"fact token_user 7\nopen lists r a"}});
    bench.invite();

    bench.serve([&] { return bench.is_over(); });

    REQUIRE(bench.guest->failure());
    CHECK(bench.guest->failure()->code() == ExitCode::unavailable);
    bench.sync.turn(1s);
}

TEST_CASE("edges that are missing or extra are told of, and their list is walked again") {
    VerifyBench bench;
    bench.api.on("/lists/a", {{"row 1 one\nopen links r l"}});
    bench.api.on("/links/l", {{"edge 7\nedge 8"}});
    bench.clock.advance(25h);
    bench.sync();
    CHECK(bench.rows("SELECT user_gid FROM asana_project_followers ORDER BY 1") == "7 8");
    bench.api.on("/parts/one", {{"row 1 one\nrow 11 one\nrow 12 one"}});
    bench.api.on("/lists/a", {{"row 1 one\nopen parts r one\nopen links r l\nrow 2 two\nopen parts r two"}});
    CHECK(bench.verify());

    bench.api.on("/links/l", {{"edge 8\nedge 9"}});
    bench.options.repair = true;
    CHECK_FALSE(bench.verify());

    CHECK(bench.compared.found[static_cast<std::size_t>(Difference::missing)] == 1);
    CHECK(bench.compared.found[static_cast<std::size_t>(Difference::extra)] == 1);
    CHECK(bench.due() == "links|l");
    bench.sync();
    CHECK(bench.rows("SELECT user_gid FROM asana_project_followers ORDER BY 1") == "8 9");
}
