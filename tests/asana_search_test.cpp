// How a search without offsets goes on: everything is named, however many tasks share a time.
#include <catch2/catch.hpp>

#include <simdjson.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "asana/search.hpp"
#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "core/error.hpp"

using namespace taskmirror;
using asana::SearchPlace;

namespace {

constexpr std::size_t kPage = 4;

Instant at(std::int64_t milliseconds) { return Instant(Milliseconds(1'780'000'000'000 + milliseconds)); }

struct Task {
    int gid = 0;
    Instant modified, created;
    bool is_subtask = false, completed = false;
};

// What a server says to these filters. What has the same time comes in another order each time.
std::vector<Task> answer(const std::vector<Task>& tasks, const SearchPlace& place, std::mt19937& random) {
    std::map<std::string, std::string> filters;
    for (const auto& [name, value] : place.filters()) filters.emplace(name, value);
    const auto within = [&](const std::string& name, Instant time) {
        const auto after = filters.find(name + ".after"), before = filters.find(name + ".before");
        return (after == filters.end() || iso(time) > after->second) &&
               (before == filters.end() || iso(time) < before->second);
    };
    const auto flag = [&](const std::string& name, bool value) {
        const auto found = filters.find(name);
        return found == filters.end() || (found->second == "true") == value;
    };
    std::vector<Task> found;
    std::ranges::copy_if(tasks, std::back_inserter(found), [&](const Task& task) {
        return within("modified_at", task.modified) && within("created_at", task.created) &&
               flag("is_subtask", task.is_subtask) && flag("completed", task.completed);
    });
    std::ranges::shuffle(found, random);
    const bool by_creation = filters.at("sort_by") == "created_at";
    std::ranges::stable_sort(found, {}, [&](const Task& task) { return by_creation ? task.created : task.modified; });
    if (found.size() > kPage) found.resize(kPage);
    return found;
}

struct Searched {
    std::set<int> gids;
    int pages = 0, untold = 0;
};

Searched search(const std::vector<Task>& tasks, unsigned seed) {
    std::mt19937 random(seed);
    Searched searched;
    std::string offset;
    const auto since = iso(at(0));
    std::set<std::string> offsets;
    for (bool more = true; more;) {
        auto place = SearchPlace::of({.offset = offset, .cursor = since});
        const auto page = answer(tasks, place, random);
        ++searched.pages;
        for (const auto& task : page) searched.gids.insert(task.gid);
        if (page.size() < kPage)
            more = place.go_on();
        else if (!place.go_on(page.back().modified, page.back().created))
            ++searched.untold;
        offset = place.text();
        if (more && !offsets.insert(offset).second) FAIL("the same offset came twice: " << offset);
    }
    return searched;
}

std::string padded(std::string body) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    return body;
}

}  // namespace

TEST_CASE("a search names every task, however many of them share a time") {
    for (unsigned seed = 0; seed < 300; ++seed) {
        std::mt19937 random(seed);
        const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
        const auto spread = static_cast<unsigned>(1 + random() % 40);
        std::vector<Task> tasks;
        std::map<std::tuple<Instant, Instant, bool, bool>, std::size_t> alike;
        for (int gid = 0; gid < 60; ++gid) {
            const Task task{gid, at(1 + below(spread)), at(below(spread) - 1000), below(2) == 0, below(2) == 0};
            // A page of those that no filter tells apart is as many as can be told.
            if (++alike[{task.modified, task.created, task.is_subtask, task.completed}] < kPage) tasks.push_back(task);
        }

        const auto searched = search(tasks, seed);

        CHECK(searched.gids.size() == tasks.size());
        CHECK(searched.untold == 0);
    }
}

TEST_CASE("a search says when it cannot tell tasks apart, and names the others") {
    std::vector<Task> tasks;
    for (int gid = 0; gid < 20; ++gid) tasks.push_back({gid, at(5), at(-5), gid % 2 == 1, false});
    for (int gid = 20; gid < 30; ++gid) tasks.push_back({gid, at(gid), at(-gid), false, true});

    const auto searched = search(tasks, 1);

    CHECK(searched.untold == 2);
    for (int gid = 20; gid < 30; ++gid) CHECK(searched.gids.contains(gid));
}

TEST_CASE("a search whose times differ costs a request for each page") {
    std::vector<Task> tasks;
    for (int gid = 0; gid < 30; ++gid) tasks.push_back({gid, at(10 * gid + 10), at(-gid), false, false});

    CHECK(search(tasks, 1).pages == 10);  // each page names the last one of that before it once more
}

TEST_CASE("a search that is nowhere is refused") {
    for (const auto* offset : {"yesterday", "2026-01-01T00:00:00.000Z|x", "2026-01-01T00:00:00.000Z||1",
                               "2026-01-01T00:00:00.000Z|2026-01-01T00:00:00.000Z|4"})
        CHECK_THROWS_AS(SearchPlace::of({.offset = offset, .cursor = "2026-01-01T00:00:00.000Z"}), Error);
}

TEST_CASE("a search without a time only asks whether there is one") {
    const auto source = asana::make_source({"acme", {}, {}});
    const auto stream = static_cast<std::uint16_t>(asana::Id::search_tasks);
    source::Answer answer;

    CHECK(source->target({.stream = stream, .scope = "1", .root = "1"}) ==
          "/workspaces/1/tasks/search?limit=1&opt_fields=modified_at");
    source->read({.stream = stream, .scope = "1", .root = "1"}, padded(R"({"data":[{"gid":"5"}]})"), answer);

    CHECK(answer.page.entities.empty());
    CHECK(answer.follow_ups.empty());
    CHECK_FALSE(answer.next);
}

TEST_CASE("a search gives rows, and goes on behind a full page") {
    const auto source = asana::make_source({"acme", {}, {}});
    source::Work work{.stream = static_cast<std::uint16_t>(asana::Id::search_tasks),
                      .scope = "1",
                      .root = "1",
                      .cursor = "2026-01-01T00:00:00.000Z",
                      .limit = 2};
    source::Answer answer;
    const std::string one = R"({"data":[{"gid":"5","modified_at":"2026-01-02T00:00:00.000Z"})";

    CHECK(
        source->target(work).starts_with("/workspaces/1/tasks/search?sort_by=modified_at&sort_ascending=true&"
                                         "modified_at.after=2026-01-01T00%3A00%3A00.000Z&limit=2&opt_fields="));
    source->read(work, padded(one + "]}"), answer);
    CHECK(answer.page.entities.size() == 1);
    CHECK_FALSE(answer.next);
    source->read(work, padded(one + R"(,{"gid":"6","modified_at":"2026-01-03T00:00:00.000Z",
                                       "created_at":"2026-01-03T00:00:00.000Z"}]})"),
                 answer);
    CHECK(answer.next == "2026-01-02T23:59:59.999Z");
    CHECK_THROWS_AS(source->read(work, padded(one + R"(,{"gid":"6","modified_at":null}]})"), answer), Error);
}

TEST_CASE("a plan may lack search, however it says so") {
    const auto source = asana::make_source({"acme", {}, {}});
    const source::Work work{.stream = static_cast<std::uint16_t>(asana::Id::search_tasks), .scope = "1", .root = "1"};

    CHECK(source->classify(work, {.status = 402}) == source::Verdict::capability_off);
    CHECK(source->classify(work, {.status = 403, .body = "Search is only available to premium users."}) ==
          source::Verdict::capability_off);
    CHECK(source->classify(work, {.status = 403, .body = "You do not have access."}) == source::Verdict::hidden);
}

TEST_CASE("without tasks that stand in no project there is no search, for it would bring them") {
    const auto source = asana::make_source({"acme", {}, {"projectless_tasks"}});

    for (const auto& stream : source->streams()) {
        CHECK_FALSE(stream.lags);
        CHECK(stream.behind.empty());
    }
}
