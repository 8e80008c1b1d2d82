// What a first sync would cost, worked out from a sample.
#include <catch2/catch.hpp>

#include "engine/plan.hpp"
#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

struct PlanBench : Bench {
    http::Pace pace{pace_options, [] { return 0.5; }};
    PlanOptions options{.sample = 10, .large = 20};
    std::unique_ptr<Plan> plan;

    bool make() {
        plan = std::make_unique<Plan>(
            Account{.source = source, .transport = api, .pace = pace, .read_token = {}, .token = "old"}, clock,
            options);
        return plan->run(stop, {});
    }
    int fails() {
        return store::exit_code([this] { make(); });
    }
    std::string requests() const {
        std::string text;
        for (const auto& its : plan->streams())
            text += fmt::format("{}{} {:.0f}", text.empty() ? "" : ", ", kLines[its.stream].name, its.requests.mean);
        return text;
    }
    const Planned& of(std::uint16_t stream) const {
        return *std::ranges::find(plan->streams(), stream, &Planned::stream);
    }
};

std::string opened(std::string_view stream, int from, int to) {
    std::string body;
    for (int i = from; i < to; ++i) body += fmt::format("row {0} p\nif_changed {1} 1 {0}\n", i, stream);
    return body;
}

}  // namespace

TEST_CASE("where there is little, a plan tells what a sync asks for, and writes nothing") {
    PlanBench bench;
    bench.api.on("/me", {{"open lists 1 a\nopen lists 1 b\nopen parts 1 p"}});
    bench.api.on("/changes/a", {{.body = "token t1", .status = 412}});
    bench.api.on("/changes/b", {{.body = "token t1", .status = 412}});
    bench.api.on("/lists/a", {{"row 1 a\nif_changed notes 1 1\nnext o1"}});
    bench.api.on("/lists/a#o1", {{"row 2 a\nif_changed notes 1 2"}});
    bench.api.on("/lists/b", {{"row 2 a\nif_changed notes 1 2"}});
    bench.api.on("/parts/p", {{"row 3 p"}});

    CHECK(bench.make());
    CHECK(bench.requests() == "me 1, lists 3, changes 2, parts 1, notes 2");
    CHECK(bench.of(kLists).requests.low() == 3);
    CHECK(bench.of(kLists).requests.high() == 3);
    CHECK(bench.of(kParts).tables == std::set<std::string_view>{"asana_projects"});
    CHECK_FALSE(bench.of(kNotes).is_sample);
    CHECK_FALSE(std::filesystem::exists(bench.file));
    const auto made = bench.api.asked.size();

    bench.forget();
    bench.sync();
    CHECK(made == bench.api.asked.size() - 2);  // the tokens are known to cost a request each
}

TEST_CASE("where there is much, a sample tells, with a range that holds the truth") {
    PlanBench bench;
    std::string me;
    for (int list = 0; list < 200; ++list) {
        me += fmt::format("open parts 1 {}\n", list);
        const int first = 100 * list;
        bench.api.on(fmt::format("/parts/{}", list), {{opened("notes", first, first + 5 + list % 11)}});
    }
    bench.api.on("/me", {{me}});
    int truth = 0;
    for (int list = 0; list < 200; ++list) truth += 5 + list % 11;
    bench.options.counted = 40;

    CHECK(bench.make());
    CHECK(bench.api.asked.size() == 1 + 40 + 20);
    CHECK(bench.of(kParts).requests.mean == 200);
    const auto& notes = bench.of(kNotes);
    CHECK(notes.is_sample);
    CHECK(notes.requests.low() <= truth);
    CHECK(notes.requests.high() >= truth);
    CHECK(notes.requests.mean == Approx(truth).epsilon(0.1));
    CHECK(notes.requests.low() > 0.75 * truth);
    CHECK(notes.requests.high() < 1.25 * truth);
}

TEST_CASE("what the API counts is read on the first page only") {
    PlanBench bench;
    bench.api.on("/me", {{"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{opened("notes", 0, 100) + "next o1"}});
    bench.api.on("/counts/p", {{"count 950"}});
    bench.api.on("/parts/q", {{opened("notes", 1000, 1100) + "next o1"}});
    bench.api.on("/counts/q", {{.body = "", .status = 403}});
    bench.api.on("/parts/q#o1", {{opened("notes", 1100, 1150)}});

    CHECK(bench.make());
    CHECK(bench.of(kParts).requests.mean == 12);
    CHECK(bench.of(kNotes).requests.mean == Approx(1100));
    CHECK(bench.api.times("/parts/p#o1") == 0);
}

TEST_CASE("an object that an earlier list names as well is counted there") {
    PlanBench bench;
    bench.source.table[kNames].proves = bench.source.table[kParts].proves;
    bench.source.table[kNames].proves_by = "name";
    bench.source.table[kNames].looked_at_by = "looks";
    bench.source.table[kNames].remembered = false;
    bench.options.counted = 5;
    std::string me;
    for (int list = 0; list < 10; ++list) {
        me += fmt::format("open parts 1 p{0}\nopen names 1 n{0}\n", list);
        bench.api.on(fmt::format("/parts/p{}", list), {{opened("notes", 10 * list, 10 * list + 10)}});
        bench.api.on(fmt::format("/names/n{}", list), {{opened("notes", 10 * list, 10 * list + 10)}});
    }
    bench.api.on("/me", {{me}});

    CHECK(bench.make());
    CHECK(bench.of(kNotes).requests.mean == 100);
}

TEST_CASE("a feature that the plan lacks costs one request, and is told") {
    PlanBench bench;
    bench.api.on("/me", {{"open goals 1 a\nopen goals 1 b\nopen milestones 1 a"}});
    bench.api.on("/goals/a", {{.body = "", .status = 402}});
    bench.api.on("/goals/b", {{.body = "", .status = 402}});

    CHECK(bench.make());
    CHECK(bench.requests() == "me 1, goals 1");
    CHECK(bench.plan->features_off() == std::set<std::pair<std::string, std::string_view>>{{"1", "goals"}});
}

TEST_CASE("a plan waits as the API asks, tries again, and tells what it could not have") {
    PlanBench bench;
    bench.api.on("/me", {{.body = "", .status = 429, .retry_after = "30"}, {"open parts 1 p\nopen parts 1 q"}});
    bench.api.on("/parts/p", {{.body = "", .status = 500}, {"row 1 p"}});
    bench.api.on("/parts/q", {{.body = "", .status = 403}});

    CHECK(bench.make());
    CHECK(bench.requests() == "me 1, parts 2");
    CHECK(bench.plan->refused() == 1);
    CHECK(bench.api.asked_at[1] - bench.api.asked_at[0] >= 30s);
}

TEST_CASE("without an answer to whose token it is there is no plan") {
    PlanBench bench;
    bench.api.on("/me", {{.body = "", .status = 401}});
    CHECK(bench.fails() == 77);
    bench.api.on("/me", {{.body = "", .status = 503}});
    CHECK(bench.fails() == 69);
    bench.stop = true;
    CHECK_FALSE(bench.make());
}
