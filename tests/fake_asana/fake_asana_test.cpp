// The fake's own behaviour: what other tests build upon. The API in process where a socket adds nothing.
#include <httplib.h>

#include <catch2/catch.hpp>
#include <set>
#include <thread>

#include "faults.hpp"
#include "json.hpp"
#include "limits.hpp"
#include "projection.hpp"
#include "server.hpp"
#include "test_support.hpp"
#include "text.hpp"

using namespace fake_asana;

TEST_CASE("the same seed gives the same world and another seed another", "[fake_asana]") {
    CHECK(truth(World(small(7))) == truth(World(small(7))));
    CHECK(truth(World(small(7))) != truth(World(small(8))));
}

TEST_CASE("without tasks there is one workspace with one user", "[fake_asana]") {
    const World world(small(1, 0));

    CHECK(get(world, "/workspaces")["data"].size() == 1);
    CHECK(get(world, "/users", {{"workspace", world.gid(Type::workspace, 0)}})["data"].size() == 1);
    CHECK(get(world, "/projects", {{"workspace", world.gid(Type::workspace, 0)}})["data"].empty());
}

TEST_CASE("opt_fields gives exactly the named fields and gid", "[fake_asana]") {
    const World world(small());
    const Index t =
        first_task_with(world, [](const Task& task) { return task.assignee != kNone && !task.homes.empty(); });
    const std::string path = "/tasks/" + world.gid(Type::task, t);
    const auto data = [&](const std::string& fields) { return get(world, path, {{"opt_fields", fields}})["data"]; };

    CHECK(keys(data("name")) == std::vector<std::string>{"gid", "name"});
    CHECK(keys(data("no_such_field")) == std::vector<std::string>{"gid"});
    CHECK(keys(data("assignee")["assignee"]) == std::vector<std::string>{"gid", "resource_type"});
    CHECK(keys(data("assignee.name")["assignee"]) == std::vector<std::string>{"gid", "name"});
    CHECK(keys(data("this.(assignee|workspace).name")) == std::vector<std::string>{"assignee", "gid", "workspace"});
    CHECK(keys(data("memberships.project")["memberships"][0]) == std::vector<std::string>{"project"});
    CHECK(keys(data("memberships")["memberships"][0]) == std::vector<std::string>{"project", "section"});
    CHECK(raw(world, path, {{"opt_fields", "name,completed"}}) == raw(world, path, {{"opt_fields", "completed,name"}}));
}

TEST_CASE("without opt_fields lists are compact and single objects full but not opt-in", "[fake_asana]") {
    const World world(small());
    const Index t = first_task_with(world, [](const Task& task) { return !task.homes.empty(); });

    const Json listed =
        get(world, "/tasks", {{"project", world.gid(Type::project, world.tasks[t].homes[0].project)}})["data"][0];
    const Json single = get(world, "/tasks/" + world.gid(Type::task, t))["data"];

    CHECK(keys(listed) == std::vector<std::string>{"gid", "name", "resource_subtype", "resource_type"});
    CHECK(single.contains("notes"));
    CHECK_FALSE(single.contains("html_notes"));
    CHECK_FALSE(single.contains("num_subtasks"));
}

TEST_CASE("an offset serves its own list only and dies after fifteen minutes", "[fake_asana]") {
    const World world(small());
    const Query list{{"workspace", world.gid(Type::workspace, 0)}, {"limit", "2"}};
    const Json page = get(world, "/projects", list);
    Query next = list;
    next.emplace("offset", page["next_page"]["offset"].get<std::string>());

    CHECK(get(world, "/projects", next)["data"][0] != page["data"][0]);
    CHECK(refusal(world, "/projects", next, kNow + kOffsetLife + 1).what() ==
          std::string("offset: Your pagination token has expired."));
    Query other = next;
    other.erase("limit");
    other.emplace("limit", "3");
    CHECK(refusal(world, "/projects", other).what() == std::string("offset: Your pagination token is invalid."));
    Query more = next;
    more.emplace("opt_fields", "name");
    CHECK(refusal(world, "/projects", more).status == 400);
}

TEST_CASE("the pages of a list hold each of its objects once", "[fake_asana]") {
    const World world(small(3, 3000));
    for (Index p = 0; p < world.projects.size(); ++p) {
        if (!world.listed_project(p)) continue;
        std::set<std::string> gids;
        for (const Json& task : all(world, "/tasks", {{"project", world.gid(Type::project, p)}}))
            gids.insert(task["gid"]);
        CHECK(gids.size() == world.projects[p].tasks.size());
    }
}

TEST_CASE("the numbers of a project's tasks are those of its list, and given on request only", "[fake_asana]") {
    const World world(small());
    const std::string project = world.gid(Type::project, 0), path = "/projects/" + project + "/task_counts";
    std::int64_t completed = 0;
    const auto tasks = all(world, "/tasks", {{"project", project}, {"opt_fields", "completed"}});
    for (const Json& task : tasks) completed += task["completed"].get<bool>() ? 1 : 0;

    CHECK(get(world, path)["data"] == Json::object());
    const Json counts = get(world, path, {{"opt_fields", "num_tasks,num_completed_tasks"}})["data"];
    CHECK(counts == Json{{"num_tasks", tasks.size()}, {"num_completed_tasks", completed}});
}

TEST_CASE("requests that Asana refuses are refused in its words", "[fake_asana]") {
    World world(small());
    const std::string project = world.gid(Type::project, 0);

    CHECK(refusal(world, "/nothing/here").what() == std::string("No matching route for request"));
    CHECK(refusal(world, "/projects").what() == std::string("workspace: Missing input"));
    CHECK(refusal(world, "/tasks").status == 400);
    CHECK(refusal(world, "/tasks", {{"project", project}, {"tag", world.gid(Type::tag, 0)}}).status == 400);
    CHECK(refusal(world, "/tasks/x-y").what() == std::string("task: Not a recognized ID: x-y"));
    CHECK(refusal(world, "/tasks/999").what() == std::string("task: Unknown object: 999"));
    CHECK(refusal(world, "/projects", {{"workspace", world.gid(Type::workspace, 0)}, {"limit", "101"}}).status == 400);
    world.forbidden.insert({Type::project, 0});
    CHECK(refusal(world, "/projects/" + project).status == 403);
}

TEST_CASE("a list of more than a thousand objects needs a limit", "[fake_asana]") {
    Shape shape = small(1, 2500);
    shape.bench = true;
    const World world(shape);
    const std::string project = world.gid(Type::project, 0);
    REQUIRE(world.projects[0].tasks.size() > 1000);

    CHECK(refusal(world, "/tasks", {{"project", project}}).status == 400);
    CHECK(get(world, "/tasks", {{"project", project}, {"limit", "100"}})["data"].size() == 100);
}

TEST_CASE("the free plan lacks custom fields, briefs and search", "[fake_asana]") {
    const World world(small());
    const std::string workspace = "/workspaces/" + world.gid(Type::workspace, 0);
    const Index t = first_task_with(world, [](const Task&) { return true; });

    CHECK(refusal(world, workspace + "/custom_fields", {}, kNow, true).status == 402);
    CHECK(refusal(world, workspace + "/tasks/search", {}, kNow, true).what() ==
          std::string("Search is only available to premium users."));
    CHECK(refusal(world, "/project_briefs/" + world.gid(Type::project_brief, 0), {}, kNow, true).status == 402);
    CHECK(raw(world, "/tasks/" + world.gid(Type::task, t), {{"opt_fields", "custom_fields"}}, kNow, true)
              .find("custom_fields") == std::string::npos);
    CHECK(truth(world, true).find("asana_custom_field_values") == std::string::npos);
}

TEST_CASE("portfolios and goals are of paid plans alone", "[fake_asana]") {
    const World world(small());
    const std::multimap<std::string, std::string> workspace{{"workspace", world.gid(Type::workspace, 0)}};

    CHECK(refusal(world, "/portfolios", workspace, kNow, true).status == 402);
    CHECK(refusal(world, "/goals", workspace, kNow, true).status == 402);
    CHECK(refusal(world, "/memberships", {{"parent", world.gid(Type::goal, 0)}}, kNow, true).status == 402);
    CHECK(truth(world, true).find("asana_goals") == std::string::npos);
    CHECK(get(world, "/goals", workspace)["data"].size() > 1);
}

TEST_CASE("a portfolio of somebody else answers while it is an item of one that answers", "[fake_asana]") {
    World world(small());
    REQUIRE(world.portfolios[2].owner != 0);
    const std::string path = "/portfolios/" + world.gid(Type::portfolio, 2);
    const Json items = get(world, "/portfolios/" + world.gid(Type::portfolio, 0) + "/items")["data"];
    CHECK(std::any_of(items.begin(), items.end(), [](const Json& i) { return i["resource_type"] == "portfolio"; }));
    CHECK(get(world, path)["data"]["gid"] == world.gid(Type::portfolio, 2));

    for (Index p = 0; p < world.portfolios.size(); ++p) world.remove_item(p, Type::portfolio, 2);

    CHECK(refusal(world, path).status == 403);
}

TEST_CASE("events start with a 412, tell each change once, and expire after a day", "[fake_asana]") {
    World world(small());
    const Index t = first_task_with(world, [](const Task& task) { return task.parent != kNone; });
    Index root = t;
    while (world.tasks[root].parent != kNone) root = world.tasks[root].parent;
    REQUIRE_FALSE(world.tasks[root].homes.empty());
    const std::string project = world.gid(Type::project, world.tasks[root].homes[0].project);
    const std::string start = refusal(world, "/events", {{"resource", project}}).sync;
    REQUIRE(refusal(world, "/events", {{"resource", project}}).status == 412);

    Mutator(world, 1, kNow, true).rename(t, "renamed");
    const Json told = get(world, "/events", {{"resource", project}, {"sync", start}});
    const Json again = get(world, "/events", {{"resource", project}, {"sync", told["sync"].get<std::string>()}});

    std::set<std::string> seen;
    for (const Json& event : told["data"]) seen.insert(event["resource"]["gid"].get<std::string>());
    CHECK(seen.contains(world.gid(Type::task, t)));  // a subtask's change bubbles up
    CHECK(told["has_more"] == false);
    CHECK(again["data"].empty());
    CHECK(refusal(world, "/events", {{"resource", project}, {"sync", start}}, kNow + kSyncLife + 1).status == 412);
    CHECK(refusal(world, "/events", {{"resource", project}, {"sync", "stale"}}).status == 412);
}

TEST_CASE("more than a hundred events come in several calls", "[fake_asana]") {
    World world(small());
    const Index t = first_task_with(world, [](const Task& task) { return !task.homes.empty(); });
    const std::string gid = world.gid(Type::task, t);
    std::string sync = refusal(world, "/events", {{"resource", gid}}).sync;
    Mutator mutator(world, 1, kNow, true);
    for (int i = 0; i < 150; ++i) mutator.comment(t, "again");

    std::size_t told = 0;
    int calls = 0;
    for (bool more = true; more; ++calls) {
        const Json page = get(world, "/events", {{"resource", gid}, {"sync", sync}});
        told += page["data"].size();
        sync = page["sync"];
        more = page["has_more"];
    }

    CHECK(told == 150);
    CHECK(calls == 2);
}

TEST_CASE("modified_since gives the changed tasks and a deleted one is unknown", "[fake_asana]") {
    World world(small());
    const Index t = first_task_with(world, [](const Task& task) { return !task.homes.empty(); });
    const Query changed{{"project", world.gid(Type::project, world.tasks[t].homes[0].project)},
                        {"modified_since", iso_time(kNow)}};
    REQUIRE(get(world, "/tasks", changed)["data"].empty());

    Mutator(world, 1, kNow, true).comment(t, "hello");
    CHECK(get(world, "/tasks", changed)["data"].size() == 1);
    Mutator(world, 1, kNow, true).remove(t);
    CHECK(get(world, "/tasks", changed)["data"].empty());
    CHECK(refusal(world, "/tasks/" + world.gid(Type::task, t)).status == 404);
}

TEST_CASE("the truth has the rows that a walk over the API finds", "[fake_asana]") {
    World world(small(4, 800));
    Mutator(world, 2, kNow, true).run(300, {}, true);
    std::map<std::string, std::set<std::string>> rows;
    const std::string text = truth(world);
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = text.find('\n', begin);
        const Json line = Json::parse(text.substr(begin, end - begin));
        begin = end + 1;
        if (line.contains("table") && !line.contains("mention") && line["row"].contains("gid")) {
            CHECK(rows[line["table"]].insert(line["row"]["gid"]).second);
        }
    }

    std::map<std::string, std::set<std::string>> walked;
    std::vector<std::string> queue, portfolios;
    const auto take = [&](const std::string& path, const Query& query) {
        for (const Json& task : all(world, path, query)) {
            if (walked["asana_tasks"].insert(task["gid"]).second) queue.push_back(task["gid"]);
        }
    };
    for (const Json& workspace : all(world, "/workspaces", {})) {
        const std::string gid = workspace["gid"];
        for (const Json& project : all(world, "/projects", {{"workspace", gid}})) {
            walked["asana_projects"].insert(project["gid"]);
            take("/tasks", {{"project", project["gid"]}});
        }
        for (const Json& member : all(world, "/workspaces/" + gid + "/workspace_memberships", {})) {
            take("/tasks", {{"assignee", member["user"]["gid"]}, {"workspace", gid}});
        }
        for (const Json& tag : all(world, "/tags", {{"workspace", gid}})) {
            walked["asana_tags"].insert(tag["gid"]);
            take("/tags/" + tag["gid"].get<std::string>() + "/tasks", {});
        }
        const auto take_goals = [&](const Query& query) {
            for (const Json& goal : all(world, "/goals", query)) {
                walked["asana_goals"].insert(goal["gid"]);
                for (const Json& story : all(world, "/goals/" + goal["gid"].get<std::string>() + "/stories", {}))
                    walked["asana_stories"].insert(story["gid"]);
            }
        };
        take_goals({{"workspace", gid}});
        if (gid == world.gid(Type::workspace, 0))
            for (const Json& team : all(world, "/workspaces/" + gid + "/teams", {}))
                take_goals({{"team", team["gid"]}});
        for (const Json& portfolio : all(world, "/portfolios", {{"workspace", gid}, {"owner", "me"}}))
            portfolios.push_back(portfolio["gid"]);
    }
    while (!portfolios.empty()) {
        const std::string portfolio = portfolios.back();
        portfolios.pop_back();
        if (!walked["asana_portfolios"].insert(portfolio).second) continue;
        for (const Json& item : all(world, "/portfolios/" + portfolio + "/items", {}))
            if (item["resource_type"] == "portfolio") portfolios.push_back(item["gid"]);
    }
    while (!queue.empty()) {
        const std::string task = queue.back();
        queue.pop_back();
        take("/tasks/" + task + "/subtasks", {});
        for (const Json& story : all(world, "/tasks/" + task + "/stories", {}))
            walked["asana_stories"].insert(story["gid"]);
    }

    CHECK(walked["asana_tasks"] == rows["asana_tasks"]);
    CHECK(walked["asana_projects"] == rows["asana_projects"]);
    CHECK(walked["asana_tags"] == rows["asana_tags"]);
    CHECK(walked["asana_stories"] == rows["asana_stories"]);
    CHECK(walked["asana_goals"] == rows["asana_goals"]);
    CHECK(walked["asana_portfolios"] == rows["asana_portfolios"]);
    CHECK(minimum_requests(world, false).at("task_stories") >= static_cast<long>(rows["asana_tasks"].size()));
}

TEST_CASE("gids beyond 2^53 and with letters lead back to their objects", "[fake_asana]") {
    Shape shape = small();
    shape.hurts = true;
    const World world(shape);
    bool big = false, lettered = false;
    for (Index t = 0; t < world.tasks.size(); ++t) {
        const std::string gid = world.gid(Type::task, t);
        REQUIRE(world.parsed(gid) == std::pair{Type::task, Id{t}});
        big = big || std::stoull(gid) > (1ULL << 53U);
        lettered = lettered || gid.back() == 'a';
    }
    CHECK(big);
    CHECK(lettered);
    CHECK_FALSE(world.parsed("abc"));
}

TEST_CASE("what JSON can hardly say is escaped on the wire and mended in the truth", "[fake_asana]") {
    std::string json;
    append_string(json, std::string_view("a\0\"\n\xED\xA0\xBD", 7));
    CHECK(json == R"("a\u0000\"\n\ud83d")");
    CHECK(stored_text(std::string_view("a\0b\xED\xA0\xBD", 6)) == "ab\xEF\xBF\xBD");
}

TEST_CASE("the quota of a minute refuses, counts refusals, and recovers", "[fake_asana]") {
    Limits limits({.requests_per_minute = 60, .search_per_minute = 4, .concurrency = 2});
    Millis now = 1'000'000;
    for (int i = 0; i < 15; ++i) CHECK_FALSE(limits.refused("t", false, 1, now));  // a quarter of it in 15 s

    const auto wait = limits.refused("t", false, 1, now);
    REQUIRE(wait);
    CHECK(*wait == 15);
    CHECK_FALSE(limits.refused("another", false, 1, now));
    CHECK_FALSE(limits.refused("t", false, 1, now + *wait * 1000));
    CHECK(limits.refused("third", false, 3, now));  // too many at once
    CHECK_FALSE(limits.refused("fourth", true, 1, now));
    CHECK(limits.refused("fourth", true, 1, now));  // search has a quota of its own
}

TEST_CASE("requests before the end of a Retry-After are counted", "[fake_asana]") {
    Statistics statistics;
    statistics.told_to_wait("t", 10, 1000);
    statistics.arrived("/users/me", "t", 1, 5000);
    statistics.arrived("/users/me", "other", 1, 5000);
    statistics.arrived("/users/me", "t", 1, 11'000);

    CHECK(statistics.inside_retry_after == 1);
    CHECK(statistics.max_per_minute == 3);
}

TEST_CASE("a fault lets the first requests pass and wears off", "[fake_asana]") {
    Faults faults;
    faults.add(parse_fault(Json::parse(R"({"kind":"status","match":"/tasks","after":1,"times":1})")));

    CHECK_FALSE(faults.taken("/api/1.0/projects"));
    CHECK_FALSE(faults.taken("/api/1.0/tasks?project=1"));
    CHECK(faults.taken("/api/1.0/tasks?project=1"));
    CHECK_FALSE(faults.taken("/api/1.0/tasks?project=1"));
    faults.add(parse_fault(Json::parse(R"({"kind":"close","regex":"/tasks/[0-9]+/stories"})")));
    CHECK(faults.taken("/api/1.0/tasks/12/stories?limit=100"));
    CHECK_FALSE(faults.taken("/api/1.0/tasks/12"));
    CHECK_THROWS(parse_fault(Json::parse(R"({"kind":"nonsense"})")));
}

TEST_CASE("spoiled bodies are spoiled", "[fake_asana]") {
    const std::string body = R"({"data":[{"gid":"1","name":"a"}],"next_page":{"offset":"x","path":"p","uri":"u"}})";
    const auto as = [&](const char* kind, const char* what = "data") {
        Fault fault;
        fault.kind = kind;
        fault.what = what;
        return spoiled(fault, body, "before");
    };
    CHECK_FALSE(Json::accept(as("garbage")));
    CHECK(as("same_offset").find(R"("offset":"before")") != std::string::npos);
    CHECK_FALSE(Json::parse(as("no_gid"))["data"][0].contains("gid"));
    CHECK(Json::parse(as("wrong_type", "gid"))["data"][0]["gid"].is_number());
    CHECK(Json::parse(as("wrong_type", "next_page"))["next_page"].is_array());
    CHECK(Json::parse(as("wrong_type"))["data"].is_string());
    CHECK_FALSE(Json::accept(as("bad_utf8")));
    CHECK_FALSE(Json::parse(as("missing_data")).contains("data"));
    CHECK(as("doubled_data").find(R"({"data":[],"data":[)") == 0);
}

namespace {

// A server on a port of its own for one test.
struct Running {
    explicit Running(ServerOptions options) {
        options.keep_alive_seconds = 1;
        server = std::make_unique<Server>(options);
        port = server->bind(0);
        thread = std::thread([this] { server->serve(); });
    }
    ~Running() {
        server->stop();
        thread.join();
    }
    httplib::Result get(const std::string& path, const char* token = "test-token") {
        httplib::Client client("127.0.0.1", port);
        client.set_url_encode(false);
        return client.Get(path, {{"Authorization", std::string("Bearer ") + token}});
    }
    Json control(const std::string& path, const std::string& body) {
        httplib::Client client("127.0.0.1", port);
        return Json::parse(client.Post(path, body, "application/json")->body);
    }
    std::unique_ptr<Server> server;
    int port = 0;
    std::thread thread;
};

ServerOptions tiny() {
    ServerOptions options;
    options.shape = small(1, 50);
    return options;
}

}  // namespace

TEST_CASE("over HTTP the token is asked for, and answers carry type and date", "[fake_asana]") {
    Running server(tiny());

    CHECK(server.get("/api/1.0/users/me", "wrong")->status == 401);
    const auto me = server.get("/api/1.0/users/me");
    REQUIRE(me);
    CHECK(me->status == 200);
    CHECK(me->get_header_value("Content-Type") == "application/json; charset=UTF-8");
    CHECK(me->get_header_value("Date").size() == 29);
    server.control("/_control/mutate", R"({"op":"revoke_token","token":"test-token"})");
    CHECK(server.get("/api/1.0/users/me")->status == 401);
}

TEST_CASE("over HTTP the quota answers 429 with a Retry-After", "[fake_asana]") {
    ServerOptions options = tiny();
    options.limits.requests_per_minute = 4;
    Running server(options);

    CHECK(server.get("/api/1.0/users/me")->status == 200);
    const auto refused = server.get("/api/1.0/users/me");
    REQUIRE(refused);
    CHECK(refused->status == 429);
    CHECK(std::stoi(refused->get_header_value("Retry-After")) > 0);
    CHECK(refused->body.find("You've made too many requests") != std::string::npos);
}

TEST_CASE("over HTTP virtual time moves on demand", "[fake_asana]") {
    Running server(tiny());
    const std::string list = "/api/1.0/users?limit=1&workspace=1200000000000000";
    const Json page = Json::parse(server.get(list)->body);
    const std::string next = list + "&offset=" + page["next_page"]["offset"].get<std::string>();

    CHECK(server.get(next)->status == 200);
    server.control("/_control/advance", R"({"seconds":901})");
    CHECK(server.get(next)->status == 400);
}

TEST_CASE("over HTTP faults cut, replace and slow answers", "[fake_asana]") {
    Running server(tiny());
    const auto fault = [&](const std::string& rule) { server.control("/_control/fault", rule); };

    fault(R"({"kind":"close","match":"/users/me","times":1})");
    CHECK_FALSE(server.get("/api/1.0/users/me"));
    fault(R"({"kind":"truncate","match":"/users/me","times":1})");
    CHECK_FALSE(server.get("/api/1.0/users/me"));
    fault(R"({"kind":"status","match":"/users/me","times":1,"status":503,"retry_after":7})");
    const auto unavailable = server.get("/api/1.0/users/me");
    REQUIRE(unavailable);
    CHECK(unavailable->status == 503);
    CHECK(unavailable->get_header_value("Retry-After") == "7");
    CHECK(server.get("/api/1.0/users/me")->status == 200);
    httplib::Client client("127.0.0.1", server.port);
    CHECK(Json::parse(client.Get("/_control/stats")->body)["requests_inside_retry_after"] ==
          0);  // within its travel time
}

TEST_CASE("over HTTP single changes are made by name and refused in words", "[fake_asana]") {
    Running server(tiny());
    const World& world = server.server->world();
    const std::string project = world.gid(Type::project, 0);
    const auto change = [&](const std::string& body) { return server.control("/_control/mutate", body); };

    CHECK(change(R"({"op":"delete_project","gid":")" + project + "\"}").empty());
    CHECK(server.get("/api/1.0/projects/" + project)->status == 404);
    CHECK(change(R"({"op":"archive_project","gid":")" + project + "\"}")["error"] == "gid names no project");
    CHECK(change(R"({"op":"undelete_project","gid":")" + project + "\"}").empty());
    CHECK(server.get("/api/1.0/projects/" + project)->status == 200);
    const std::string task = change(R"({"op":"new_task","project":")" + project + "\"}")["gid"];
    const std::string top = change(R"({"op":"new_task","project":")" + project + "\"}")["gid"];
    CHECK(change(R"({"op":"reparent","gid":")" + task + R"(","parent":")" + top + "\"}").empty());
    CHECK(change(R"({"op":"reparent","gid":")" + top + R"(","parent":")" + task + "\"}").contains("error"));
    CHECK(server.get("/api/1.0/tasks/" + top + "/subtasks")->body.find(task) != std::string::npos);
    CHECK(change(R"({"op":"no_such_thing"})")["error"] == "unknown op: no_such_thing");
}

TEST_CASE("over HTTP events are lost and tokens expire on demand", "[fake_asana]") {
    Running server(tiny());
    const std::string project = server.server->world().gid(Type::project, 0);
    const std::string path = "/api/1.0/events?resource=" + project;
    const std::string start = Json::parse(server.get(path)->body)["sync"];
    server.control("/_control/events", R"({"drop":1})");
    server.control("/_control/mutate", R"({"op":"archive_project","gid":")" + project + "\"}");

    const Json silence = Json::parse(server.get(path + "&sync=" + start)->body);
    CHECK(silence["data"].empty());
    server.control("/_control/events", "{}");
    server.control("/_control/mutate", R"({"op":"archive_project","gid":")" + project + "\"}");
    const std::string next = silence["sync"];
    CHECK(Json::parse(server.get(path + "&sync=" + next)->body)["data"].size() == 1);
    server.control("/_control/expire_tokens", "");
    CHECK(server.get(path + "&sync=" + next)->status == 412);
}
