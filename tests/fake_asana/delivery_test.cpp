// Which events reach a client, with which tokens; and the filters of GET /tasks that stand in for events.
#include <algorithm>

#include "test_support.hpp"
#include "text.hpp"

using namespace fake_asana;

namespace {

// A world of one project with one task, a client of its events.
struct Client {
    explicit Client(const Unreliable& unreliable = {}) : world(small(1, 50)) {
        delivery.make(unreliable);
        task = Mutator(world, 1, kEpoch, true).new_task(0, 0, kNone, "watched");
        token = delivery.begin(world, kNow);
    }
    void comments(int count, Millis now = kNow) {
        Mutator change(world, 1, now, true);
        for (int i = 0; i < count; ++i) change.comment(task, "again");
    }
    std::optional<Delivery::Page> ask(const SyncToken& with, Millis now = kNow) {
        return delivery.page(world, World::stream_key(Type::project, 0), with, now);
    }
    // All there is.
    std::vector<Index> drain() {
        std::vector<Index> events;
        for (bool more = true; more;) {
            const auto page = ask(token);
            REQUIRE(page);
            CHECK(page->events.size() <= kEventsMost);
            events.insert(events.end(), page->events.begin(), page->events.end());
            token = page->next;
            more = page->more;
        }
        return events;
    }

    World world;
    Delivery delivery;
    Index task;
    SyncToken token;
};

}  // namespace

TEST_CASE("the current token is answered again as before and an older one no more", "[fake_asana]") {
    World world(small());
    const Query project{{"resource", world.gid(Type::project, 0)}};
    const auto since = [&](const std::string& token) {
        Query query = project;
        query.emplace("sync", token);
        return query;
    };
    const std::string start = refusal(world, "/events", project).sync;
    Mutator(world, 1, kNow, true).archive(0, false);
    const std::string first = raw(world, "/events", since(start));
    Mutator(world, 2, kNow, true).archive(0, true);

    CHECK(raw(world, "/events", since(start)) == first);
    const std::string next = Json::parse(first)["sync"];
    CHECK(get(world, "/events", since(next))["data"].size() == 1);
    const ApiError old = refusal(world, "/events", since(start));
    CHECK(old.status == 412);
    CHECK(get(world, "/events", since(old.sync))["data"].empty());
}

TEST_CASE("a token dies after a day, and all of them on demand", "[fake_asana]") {
    Client client;
    CHECK(client.ask(client.token, kNow + kSyncLife));
    const auto page = client.ask(client.token, kNow + kSyncLife);
    REQUIRE(page);
    CHECK(client.ask(page->next, kNow + 2 * kSyncLife));
    CHECK_FALSE(client.ask(page->next, kNow + 2 * kSyncLife + 1));
    client.delivery.expire();
    CHECK_FALSE(client.ask(page->next));
    CHECK(client.ask(client.delivery.begin(client.world, kNow)));
}

TEST_CASE("what happens to a subtask of a task in two projects is told to both", "[fake_asana]") {
    World world(small());
    Mutator change(world, 1, kNow, true);
    Index leaf = change.new_task(0, 0, kNone, "top");
    change.add_to_project(leaf, 1, kNone);
    while (world.tasks[leaf].depth < kDepthMost) leaf = change.new_task(0, kNone, leaf, "below");
    std::map<Index, std::string> start;
    for (const Index p : {0U, 1U})
        start[p] = refusal(world, "/events", {{"resource", world.gid(Type::project, p)}}).sync;

    change.comment(leaf, "hello");

    for (const Index p : {0U, 1U}) {
        const Json events =
            get(world, "/events", {{"resource", world.gid(Type::project, p)}, {"sync", start[p]}})["data"];
        REQUIRE(events.size() == 1);
        CHECK(events[0]["resource"]["resource_type"] == "story");
        CHECK(events[0]["parent"]["gid"] == world.gid(Type::task, leaf));
    }
}

TEST_CASE("unreliable delivery loses and repeats events by its seed, and mixes no answers", "[fake_asana]") {
    const auto received = [](const Unreliable& unreliable) {
        Client client(unreliable);
        client.comments(900);
        return client.drain();
    };
    const auto reliable = received({});
    REQUIRE(reliable.size() == 900);

    const auto some = received({.drop = 0.1});
    CHECK(some.size() > 750);
    CHECK(some.size() < 870);
    CHECK(std::is_sorted(some.begin(), some.end()));
    CHECK(received({.drop = 0.1}) == some);
    CHECK(received({.drop = 0.1, .seed = 2}) != some);

    auto twice = received({.duplicate = 0.2, .reorder = true});
    CHECK(twice.size() > 1000);
    CHECK_FALSE(std::is_sorted(twice.begin(), twice.end()));
    std::sort(twice.begin(), twice.end());
    twice.erase(std::unique(twice.begin(), twice.end()), twice.end());
    CHECK(twice == reliable);
}

TEST_CASE("events that lag come later and are not lost", "[fake_asana]") {
    Client client({.lag = 60'000});
    client.comments(3);
    const auto early = client.ask(client.token, kNow + 59'999);
    REQUIRE(early);
    CHECK(early->events.empty());
    const auto late = client.ask(early->next, kNow + 60'000);
    REQUIRE(late);
    CHECK(late->events.size() == 3);
}

TEST_CASE("modified_since and completed_since begin at the given instant, in every scope that has them",
          "[fake_asana]") {
    World world(small());
    const Index t = Mutator(world, 1, kEpoch, true).new_task(0, 0, kNone, "watched");
    Mutator change(world, 1, kNow, true);
    change.assign(t, 0);
    change.complete(t, true);
    const Query scopes[] = {{{"project", world.gid(Type::project, 0)}},
                            {{"assignee", "me"}, {"workspace", world.gid(Type::workspace, 0)}}};
    for (const Query& scope : scopes) {
        const auto listed = [&](const char* filter, const std::string& since) {
            Query query = scope;
            query.emplace(filter, since);
            const std::string gid = world.gid(Type::task, t);
            return raw(world, "/tasks", query).find('"' + gid + '"') != std::string::npos;
        };
        CHECK(listed("modified_since", iso_time(kNow)));
        CHECK_FALSE(listed("modified_since", iso_time(kNow + 1)));
        CHECK(listed("completed_since", iso_time(kNow)));
        CHECK_FALSE(listed("completed_since", iso_time(kNow + 1)));
    }
}
