// The table of streams and the reading of whole answers.
#include <catch2/catch.hpp>

#include <simdjson.h>
#include <algorithm>

#include <string>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "core/error.hpp"

using namespace taskmirror;
using asana::Id;

namespace {

std::uint16_t index(Id id) { return static_cast<std::uint16_t>(id); }

// A body with the padding that the reader needs.
std::string padded(std::string body) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    return body;
}

struct Reader {
    std::unique_ptr<source::Source> source;
    source::Answer answer;

    explicit Reader(asana::Options options = {"acme", {}, {}}) : source(asana::make_source(std::move(options))) {}

    const source::Answer& read(Id stream, const std::string& body, std::string scope = "7", std::string offset = "",
                               std::int64_t walked = 0) {
        const std::string text = padded(body);
        source->read({.stream = index(stream), .scope = scope, .root = "1", .offset = offset, .walked = walked}, text,
                     answer);
        return answer;
    }
    // Whatever is stored, or only where something is.
    std::vector<std::string> opened(Id stream, bool stored = false, bool number = false) const {
        std::vector<std::string> scopes;
        for (const auto& follow_up : answer.follow_ups)
            if (follow_up.stream == index(stream) && follow_up.stored == stored && !follow_up.watched &&
                follow_up.number.has_value() == number)
                scopes.push_back(follow_up.scope);
        return scopes;
    }
};

const std::string kTwoTasks =
    R"({"data":[{"gid":"11","name":"a","num_subtasks":2,"modified_at":"2026-01-02T03:04:05.006Z"},
    {"gid":"12","name":"b","num_subtasks":0,"modified_at":"2026-01-03T03:04:05.006Z"}],"next_page":null})";

}  // namespace

TEST_CASE("the table of streams stands in the order of its names") {
    for (std::size_t i = 0; i < std::size(asana::kStreams); ++i)
        for (std::size_t j = i + 1; j < std::size(asana::kStreams); ++j)
            CHECK(asana::kStreams[i].engine.name != asana::kStreams[j].engine.name);
    CHECK(asana::kStreams[index(Id::users_me)].engine.name == "users_me");
    CHECK(asana::kStreams[index(Id::project_tasks)].engine.name == "project_tasks");
    CHECK(asana::kStreams[index(Id::task_attachments)].engine.name == "task_attachments");
    CHECK(asana::kStreams[index(Id::project_events)].engine.name == "project_events");
    CHECK(asana::kStreams[index(Id::attachment)].engine.name == "attachment");
    CHECK(asana::kStreams[index(Id::time_tracking_entry)].engine.name == "time_tracking_entry");
    CHECK(asana::kStreams[index(Id::rate)].engine.name == "rate");
    CHECK(asana::kStreams[index(Id::portfolio_items)].engine.name == "portfolio_items");
    CHECK(asana::kStreams[index(Id::goal_stories)].engine.name == "goal_stories");
    CHECK(asana::kStreams[index(Id::time_period)].engine.name == "time_period");
    CHECK(asana::kStreams[index(Id::resource_export)].engine.name == "resource_export");
    CHECK(std::size(asana::kStreams) == index(Id::resource_export) + 1U);
}

TEST_CASE("what lists prove is looked at by a stream of single objects of that table, and can leave it") {
    const auto stream = [](std::string_view name) -> const asana::Stream& {
        return *std::ranges::find_if(asana::kStreams, [&](const auto& one) { return one.engine.name == name; });
    };
    const auto can_leave = [](std::string_view table) {
        return std::ranges::find(asana::kRemains, table, &Remains::table) != std::end(asana::kRemains);
    };
    int looks = 0;
    for (const auto& list : asana::kStreams) {
        const auto& engine = list.engine;
        INFO(engine.name);
        if (!engine.looks_at.empty()) {
            ++looks;
            CHECK(can_leave(engine.looks_at));
            CHECK(engine.kind == source::Kind::one_off);
        }
        if (engine.proves.empty()) continue;
        // The items of a portfolio are proved by their walk alone.
        const bool are_edges = list.mapping->given == asana::Given::item;
        CHECK(engine.looked_at_by.empty() == (engine.remembered || are_edges));
        if (engine.remembered) CHECK(can_leave(engine.proves));
        if (engine.looked_at_by.empty()) continue;
        // Of edges it is the objects that they lead to.
        const auto& looked_at = stream(engine.looked_at_by).engine.looks_at;
        CHECK(looked_at == (engine.proves_gid == "gid" ? engine.proves : "asana_tasks"));
        if (!engine.orphans.table.empty())
            CHECK(stream(engine.orphans.looked_at_by).engine.looks_at == engine.orphans.table);
    }
    CHECK(looks == 28);
    for (const auto& its : asana::kRemains)
        for (const auto& kin : its.followers) CHECK(can_leave(kin.table));
}

TEST_CASE("of an object whose list says more than it does counts only that it is there") {
    Reader reader;

    reader.read(Id::section, R"({"data":{"gid":"5","name":"a","project":{"gid":"7"}}})");
    CHECK(reader.answer.objects == 1);
    CHECK(reader.answer.page.entities.empty());

    CHECK_THROWS_AS(reader.read(Id::section, R"({"data":{"name":"a"}})"), Error);
    CHECK_THROWS_AS(reader.read(Id::section, R"({"data":[]})"), Error);
    CHECK_THROWS_AS(reader.read(Id::section, R"({})"), Error);
}

TEST_CASE("a single object gives the same row as its list") {
    const std::string tag =
        R"({"gid":"5","name":"a","workspace":{"gid":"1"},"color":"red","notes":"","followers":[{"gid":"9","name":"n"}]})";
    Reader list, look;
    list.read(Id::tags, R"({"data":[)" + tag + R"(],"next_page":null})", "1");
    look.read(Id::tag, R"({"data":)" + tag + "}", "5");

    CHECK(look.answer.page.entities.at(0).hash == list.answer.page.entities.at(0).hash);

    const std::string field = R"({"gid":"5","name":"a","resource_subtype":"text"})";
    list.read(Id::custom_fields, R"({"data":[)" + field + R"(],"next_page":null})", "1");
    look.read(Id::custom_field, R"({"data":)" + field + "}", "5");

    CHECK(look.answer.page.entities.at(0).hash == list.answer.page.entities.at(0).hash);
}

TEST_CASE("the workspaces that a token sees are told, unless the configuration names its own") {
    const std::string me = R"({"data":{"gid":"1","workspaces":[{"gid":"5","name":"a"},{"gid":"6","name":"b"}]}})";
    Reader all, some({"acme", {"b"}, {}});
    all.read(Id::users_me, me);
    some.read(Id::users_me, me);

    CHECK(all.answer.roots == std::vector<std::string>{"5", "6"});
    CHECK_FALSE(some.answer.roots);
}

TEST_CASE("a task with subtasks opens their list, and each task its stories and attachments, newest first") {
    Reader reader;

    reader.read(Id::project_tasks, kTwoTasks);

    CHECK(reader.opened(Id::task_subtasks) == std::vector<std::string>{"11"});
    CHECK(reader.opened(Id::task_subtasks, false, true) ==
          std::vector<std::string>{"11", "12"});  // if others are stored
    CHECK(reader.opened(Id::task_stories) == std::vector<std::string>{"11", "12"});
    CHECK(reader.opened(Id::task_attachments) == std::vector<std::string>{"11", "12"});
    CHECK(reader.opened(Id::task_attachments, true) == std::vector<std::string>{"11", "12"});
    std::vector<std::int64_t> orders;
    for (const auto& follow_up : reader.answer.follow_ups)
        if (follow_up.stream == index(Id::task_stories)) orders.push_back(follow_up.order);
    CHECK(orders.at(0) > orders.at(1));
}

TEST_CASE("stories are opened for new and changed tasks only, subtasks in any case") {
    Reader reader;

    reader.read(Id::project_tasks, kTwoTasks);

    for (const auto& follow_up : reader.answer.follow_ups)
        CHECK((follow_up.entity >= 0) == (follow_up.stream != index(Id::task_subtasks) || follow_up.number));
}

TEST_CASE("a task that was looked at opens its subtasks only if not so many are stored") {
    Reader reader;

    for (const auto stream : {Id::project_tasks_changed, Id::user_tasks_changed}) {
        reader.read(stream, kTwoTasks);

        CHECK(reader.opened(Id::task_subtasks).empty());
        CHECK(reader.opened(Id::task_subtasks, false, true) == std::vector<std::string>{"11", "12"});
        for (const auto& follow_up : reader.answer.follow_ups)
            if (follow_up.stream == index(Id::task_subtasks))
                CHECK(follow_up.number == (follow_up.scope == "11" ? 2 : 0));
    }
}

TEST_CASE("a project opens its tasks, and opens them again when its fields are other ones") {
    Reader reader;

    reader.read(Id::projects, R"({"data":[{"gid":"7","name":"a"}]})");

    std::vector<bool> watched;
    for (const auto& follow_up : reader.answer.follow_ups)
        if (follow_up.stream == index(Id::project_tasks)) watched.push_back(follow_up.watched);
    CHECK(watched == std::vector<bool>{false, true});
    CHECK(std::ranges::find(reader.source->tables(), "asana_custom_field_settings", &Table::name)->watched ==
          "custom_field_gid");
}

TEST_CASE("stories and attachments are read in rotation, unless they are switched off") {
    const auto rotating = [](std::set<std::string> off) {
        std::string names;
        const auto source = asana::make_source({"acme", {}, std::move(off)});
        for (const auto& stream : source->streams())
            if (!stream.rotates.empty()) names += std::string(stream.name) + " ";
        return names;
    };

    CHECK(rotating({}) == "task_stories task_attachments ");
    CHECK(rotating({"stories"}) == "task_attachments ");
    CHECK(rotating({"stories", "attachments"}).empty());
}

TEST_CASE("a resource that is switched off is not opened") {
    Reader reader({"acme", {}, {"stories"}});

    reader.read(Id::project_tasks, kTwoTasks);

    CHECK(reader.opened(Id::task_stories).empty());
    CHECK(reader.opened(Id::task_attachments).size() == 2);
}

TEST_CASE("an organization opens its teams, a plain workspace has none") {
    Reader reader;

    reader.read(Id::workspaces,
                R"({"data":[{"gid":"1","name":"org","is_organization":true,"email_domains":["a.example"]},
        {"gid":"2","name":"plain","is_organization":false,"email_domains":[]}],"next_page":null})",
                "");

    CHECK(reader.opened(Id::teams) == std::vector<std::string>{"1"});
    CHECK(reader.opened(Id::projects) == std::vector<std::string>{"1", "2"});
    CHECK(reader.answer.follow_ups.front().root == "1");
    CHECK(reader.answer.follow_ups.back().root == "2");
}

TEST_CASE("a workspace that is not wanted leaves no row and opens nothing") {
    Reader reader({"acme", {"plain"}, {}});

    reader.read(Id::workspaces, R"({"data":[{"gid":"1","name":"org","is_organization":true},
        {"gid":"2","name":"plain","is_organization":false}],"next_page":null})",
                "");

    REQUIRE(reader.answer.page.entities.size() == 1);
    CHECK(reader.answer.page.entities[0].gid == "2");
    CHECK(reader.opened(Id::projects) == std::vector<std::string>{"2"});
}

TEST_CASE("a configured workspace that the token does not see ends with those that it sees") {
    Reader reader({"acme", {"Akme"}, {}});

    try {
        reader.read(Id::users_me, R"({"data":{"gid":"5","name":"Ann","workspaces":[{"gid":"1","name":"Acme"}]}})", "");
        FAIL("no error");
    } catch (const Fatal& fatal) {
        CHECK(fatal.code() == ExitCode::configuration);
        CHECK(std::string(fatal.what()).find("\"Akme\"") != std::string::npos);
        CHECK(std::string(fatal.what()).find("\"Acme\" (1)") != std::string::npos);
    }
}

TEST_CASE("a person's tasks are asked for per workspace, deactivated people included") {
    Reader reader;

    reader.read(Id::users, R"({"data":[{"gid":"5","name":"Ann"}],"next_page":null})");
    CHECK(reader.opened(Id::user_tasks) == std::vector<std::string>{"1/5"});
    reader.read(Id::workspace_memberships,
                R"({"data":[{"gid":"900","user":{"gid":"6","name":"Bo"},"is_active":false}],"next_page":null})");
    CHECK(reader.opened(Id::user_tasks) == std::vector<std::string>{"1/6"});

    CHECK(reader.source->target({.stream = index(Id::user_tasks), .scope = "1/6", .root = "1"})
              .starts_with("/tasks?assignee=6&workspace=1&limit=100&opt_fields=name,"));
}

TEST_CASE("a person's absences are asked for while they are active, and once more when their membership changes") {
    Reader reader;

    reader.read(Id::workspace_memberships, R"({"data":[{"gid":"1","user":{"gid":"5","name":"Ann"},"is_active":true},
        {"gid":"2","user":{"gid":"6","name":"Bo"},"is_active":false}]})",
                "1");

    std::vector<std::string> always, changed;
    for (const auto& follow_up : reader.answer.follow_ups)
        if (follow_up.stream == index(Id::ooo_entries))
            (follow_up.entity < 0 ? always : changed).push_back(follow_up.scope);
    CHECK(always == std::vector<std::string>{"1/5"});
    CHECK(changed == std::vector<std::string>{"1/5", "1/6"});
}

TEST_CASE("the categories of time tracking are asked for in two parts, archived ones by themselves") {
    Reader reader;

    reader.read(Id::workspaces, R"({"data":[{"gid":"1","name":"a","is_organization":false}]})", "");

    CHECK(reader.opened(Id::time_tracking_categories) == std::vector<std::string>{"1/false", "1/true"});
    CHECK(reader.opened(Id::roles).empty());  // of organizations only
    CHECK(reader.source->target({.stream = index(Id::time_tracking_categories), .scope = "1/true", .root = "1"})
              .starts_with("/time_tracking_categories?workspace=1&is_archived=true&limit=100&opt_fields="));
}

TEST_CASE("a day that something is for is asked for from some days before the watermark on") {
    const Reader reader;
    const auto target = [&](Id id, std::string_view cursor) {
        return reader.source->target({.stream = index(id), .scope = "1", .root = "1", .cursor = cursor});
    };

    CHECK(target(Id::time_tracking_entries_since, "2026-03-03T10:00:00.000Z")
              .find("workspace=1&limit=100&entered_on_start_date=2026-02-24&") != std::string::npos);
    CHECK(target(Id::timesheet_approval_statuses_since, "2026-03-03T10:00:00.000Z").find("&from_date=2026-01-27&") !=
          std::string::npos);
    CHECK_THROWS_AS(target(Id::time_tracking_entries_since, "yesterday"), Error);
}

TEST_CASE(
    "what was tracked for a task is asked for where it came back, and where it is new by a look at what changed") {
    Reader reader;
    const std::string tasks =
        R"({"data":[{"gid":"11","actual_time_minutes":2.5},{"gid":"12","actual_time_minutes":null},{"gid":"13","actual_time_minutes":0}]})";

    for (const auto list : {Id::project_tasks, Id::project_tasks_changed}) {
        reader.read(list, tasks);
        CHECK(reader.opened(Id::task_time_tracking_entries) == std::vector<std::string>{"11"});
        for (const auto& follow_up : reader.answer.follow_ups) {
            if (follow_up.stream != index(Id::task_time_tracking_entries)) continue;
            CHECK(follow_up.restored == (list == Id::project_tasks));
            CHECK(follow_up.fresh != follow_up.restored);
        }
    }
}

TEST_CASE("a list that takes no pages is asked for without any") {
    const Reader reader;

    CHECK(reader.source->target({.stream = index(Id::budgets), .scope = "7", .root = "1"}) == "/budgets?parent=7");
    CHECK(reader.source->target({.stream = index(Id::rates), .scope = "7", .root = "1"}) ==
          "/rates?parent=7&limit=100");
}

TEST_CASE("what a resource that is switched off would ask for in between is not asked for") {
    const auto source = asana::make_source({"acme", {}, {"time_tracking_entries"}});

    CHECK(source->streams()[index(Id::time_tracking_entries_since)].net_of.empty());
    CHECK(source->streams()[index(Id::timesheet_approval_statuses_since)].net_of == "timesheet_approval_statuses");
}

TEST_CASE("a project opens its brief only when it has one") {
    Reader reader;

    reader.read(Id::projects, R"({"data":[{"gid":"7","name":"a","project_brief":{"gid":"70"}},
        {"gid":"8","name":"b","project_brief":null}],"next_page":null})");

    CHECK(reader.opened(Id::project_briefs) == std::vector<std::string>{"70"});
    CHECK(reader.opened(Id::project_tasks) == std::vector<std::string>{"7", "8"});
}

TEST_CASE("a page is asked for with its offset, its size and nothing that the endpoint does not take") {
    const auto source = asana::make_source({"acme", {}, {}});

    CHECK(source->target({.stream = index(Id::sections), .scope = "7", .root = "1", .offset = "a/b=", .limit = 50}) ==
          "/projects/7/sections?limit=50&offset=a%2Fb%3D&opt_fields=name,created_at");
    CHECK(source->target({.stream = index(Id::memberships), .scope = "7", .root = "1"}) ==
          "/memberships?parent=7&limit=100");
    CHECK(source->target({.stream = index(Id::project_events), .scope = "7", .root = "1"}) == "/events?resource=7");
    CHECK(source->target({.stream = index(Id::project_briefs), .scope = "70", .root = "1"})
              .starts_with("/project_briefs/70?opt_fields="));
}

TEST_CASE("a gid that would change the path is refused") {
    const auto source = asana::make_source({"acme", {}, {}});

    for (const std::string gid : {"", "7?x=1", "7#", "..", "1/.."})
        CHECK_THROWS_AS(source->target({.stream = index(Id::sections), .scope = gid, .root = "1"}), Error);
    CHECK(source->target({.stream = index(Id::sections), .scope = "a b&c", .root = "1"})
              .starts_with("/projects/a%20b%26c/sections?"));
}

TEST_CASE("the offset of the next page is taken, its address is not looked at") {
    Reader reader;

    reader.read(Id::sections,
                R"({"data":[{"gid":"3"}],"next_page":{"offset":"xyz","path":"/evil","uri":"https://evil.example/"}})");

    CHECK(reader.answer.next == "xyz");
    CHECK(reader.answer.objects == 1);
}

TEST_CASE("an answer that is not what the API promises is refused as a whole") {
    Reader reader;
    const char* const bad[] = {
        "",
        "null",
        "[]",
        "{}",
        "<html>busy</html>",
        R"({"data":null,"next_page":null})",
        R"({"data":{},"next_page":null})",
        R"({"data":[],"data":[],"next_page":null})",
        R"({"next_page":null})",
        R"({"data":[{"name":"no gid"}],"next_page":null})",
        R"({"data":[{"gid":null}],"next_page":null})",
        R"({"data":[{"gid":7}],"next_page":null})",
        R"({"data":[{"gid":""}],"next_page":null})",
        R"({"data":[null],"next_page":null})",
        R"({"data":["7"],"next_page":null})",
        R"({"data":[{"gid":"7","name":5}],"next_page":null})",
        R"({"data":[{"gid":"7"}],"next_page":"x"})",
        R"({"data":[{"gid":"7"}],"next_page":{}})",
        R"({"data":[{"gid":"7"}],"next_page":{"offset":5}})",
        R"({"data":[{"gid":"7"}],"next_page":{"offset":""}})",
        R"({"data":[{"gid":"7"}],"next_page":null} {"data":[]})",
        "{\"data\":[{\"gid\":\"7\",\"name\":\"\xC3\x28\"}],\"next_page\":null}",
        R"({"data":[{"gid":"7","name":"a\qb"}],"next_page":null})",
        R"({"data":[{"gid":"7","name":tru}],"next_page":null})",
    };
    for (const char* body : bad) {
        INFO(body);
        CHECK_THROWS_AS(reader.read(Id::sections, body), Error);
    }
}

TEST_CASE("a page that is cut at any byte is refused") {
    Reader reader;
    reader.read(Id::project_tasks, kTwoTasks);

    for (std::size_t size = 0; size + 1 < kTwoTasks.size(); ++size) {
        INFO(size);
        CHECK_THROWS_AS(reader.read(Id::project_tasks, kTwoTasks.substr(0, size)), Error);
    }
}

TEST_CASE("an event token is read from an answer that refuses the old one") {
    Reader reader;

    reader.read(Id::project_events, R"({"errors":[{"message":"Sync token invalid or too old."}],"sync":"abc"})");

    CHECK(reader.answer.token == "abc");
    CHECK_THROWS_AS(reader.read(Id::project_events, R"({"errors":[]})"), Error);
}

TEST_CASE("the number of tasks of a project is read where the API gives it, and gives no row") {
    Reader reader;

    CHECK(reader.read(Id::project_task_counts, R"({"data":{"num_tasks":12}})").count == 12);
    CHECK(reader.answer.page.entities.empty());
    CHECK_FALSE(reader.read(Id::project_task_counts, R"({"data":{}})").count.has_value());
    CHECK_THROWS_AS(reader.read(Id::project_task_counts, R"({"data":[]})"), Error);
    CHECK(reader.source->target({.stream = index(Id::project_task_counts), .scope = "7", .root = "1"}) ==
          "/projects/7/task_counts?opt_fields=num_tasks");
}

TEST_CASE("what a row opens says which row it is") {
    Reader reader;

    reader.read(Id::project_tasks, kTwoTasks);

    for (const auto& follow_up : reader.answer.follow_ups)
        CHECK(reader.answer.page.entities[static_cast<std::size_t>(follow_up.opener)].gid == follow_up.scope);
    CHECK(reader.answer.follow_ups.size() == 9);
}

TEST_CASE("each status means what the API's documents say") {
    const auto source = asana::make_source({"acme", {}, {}});
    const auto verdict = [&](int status, std::string_view body = "", Id stream = Id::sections,
                             std::string_view offset = "") {
        return source->classify({.stream = index(stream), .scope = "7", .root = "1", .offset = offset},
                                {.status = status, .content_type = "application/json; charset=UTF-8", .body = body});
    };
    using enum source::Verdict;

    CHECK(verdict(200) == page);
    CHECK(source->classify({.stream = index(Id::sections)}, {.status = 200, .content_type = "text/html"}) == retry);
    CHECK(verdict(302) == refused);
    CHECK(verdict(400) == refused);
    CHECK(verdict(400, R"({"errors":[{"message":"offset: Your pagination token has expired."}]})", Id::sections, "x") ==
          restart);
    CHECK(verdict(401) == unauthorized);
    CHECK(verdict(402) == capability_off);
    CHECK(verdict(403) == hidden);
    CHECK(verdict(404) == hidden);
    CHECK(verdict(412, "", Id::project_events) == token);
    CHECK(verdict(412) == refused);
    CHECK(verdict(424) == retry);
    CHECK(verdict(429) == throttled);
    CHECK(verdict(451) == blocked);
    CHECK(verdict(500) == shrink);
    CHECK(verdict(504) == shrink);
    CHECK(verdict(500, "", Id::project_briefs) == retry);
    CHECK(verdict(503) == retry);
    CHECK(verdict(598) == retry);
}

TEST_CASE("the server's reason is shortened and stays on its line") {
    const auto source = asana::make_source({"acme", {}, {}});

    CHECK(source->reason(R"({"errors":[{"message":"one\ntwo"},{"message":"three"}]})") == "one two; three");
    CHECK(source->reason("<html>").empty());
    CHECK(source->reason(R"({"errors":[{"message":")" + std::string(5000, 'x') + R"("}]})").size() == 4096);
}

TEST_CASE("a page with more than can be is refused, and so are texts that no gid or offset can be") {
    Reader reader;
    const auto refusal = [&](const std::string& body) {
        try {
            reader.read(Id::project_tasks, body);
        } catch (const Error& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const auto objects = [](int count) {
        std::string body = R"({"data":[{"gid":"0"})";
        for (int i = 1; i < count; ++i) body += R"(,{"gid":")" + std::to_string(i) + R"("})";
        return body + "]}";
    };
    const auto gid = [](std::size_t size) { return R"({"data":[{"gid":")" + std::string(size, '1') + R"("}]})"; };
    const auto offset = [](std::size_t size) {
        return R"({"data":[],"next_page":{"offset":")" + std::string(size, 'o') + R"("}})";
    };
    const auto followers = [](int count) {
        std::string body = R"({"data":[{"gid":"1","followers":[{"gid":"2"})";
        for (int i = 1; i < count; ++i) body += R"(,{"gid":"3"})";
        return body + "]}]}";
    };

    CHECK(refusal(objects(1000)).empty());
    CHECK(refusal(objects(1001)) == "data: [1000] more objects than a page can have");
    CHECK(refusal(gid(256)).empty());
    CHECK(refusal(gid(257)) == "data: [0] gid: empty or too long");
    CHECK(refusal(gid(0)) == "data: [0] gid: empty or too long");
    CHECK(refusal(R"({"data":[{"gid":"1","parent":{"gid":""}}]})") == "data: [0] parent: gid: empty or too long");
    CHECK(refusal(offset(8192)).empty());
    CHECK(refusal(offset(8193)) == "next_page: offset: too long");
    CHECK(refusal(followers(100'000)).empty());
    CHECK(refusal(followers(100'001)) == "data: [0] followers: more than 100000 elements");
}

TEST_CASE("an event leads to what it speaks of, and says what was deleted") {
    Reader reader;
    const auto asked = [&](const std::string& event) {
        std::string text;
        reader.read(Id::project_events, R"({"data":[{)" + event + R"(}],"sync":"t2","has_more":true})");
        for (const auto& hint : reader.answer.follow_ups) {
            CHECK(hint.said);
            text += std::string(asana::kStreams[hint.stream].engine.name) + " " + hint.scope + " " + *hint.said + ";";
        }
        return text;
    };
    const std::string task = R"("resource":{"gid":"5","resource_type":"task"})";
    const std::string parent = R"("parent":{"gid":"6","resource_type":"task"})";

    CHECK(asked(R"("action":"changed",)" + task) == "task 5 ;");
    CHECK(asked(R"("action":"added","parent":{"gid":"7","resource_type":"project"},)" + task) == "task 5 moved;");
    CHECK(asked(R"("action":"removed","parent":{"gid":"8","resource_type":"section"},)" + task) == "task 5 moved;");
    CHECK(asked(R"("action":"removed",)" + parent + "," + task) == "task 5 ;task 6 ;");
    CHECK(asked(R"("action":"deleted","created_at":"2026-01-01T00:00:00.000Z","parent":null,)" + task) ==
          "task 5 deleted 2026-01-01T00:00:00.000Z;");
    CHECK(asked(R"("action":"undeleted",)" + task) == "task 5 ;");
    CHECK(asked(R"("action":"added",)" + parent +
                R"(,"resource":{"gid":"5","resource_type":"story","resource_subtype":"comment_added"})") ==
          "task 6 ;task_stories 6 ;");
    CHECK(asked(R"("action":"added",)" + parent +
                R"(,"resource":{"gid":"5","resource_type":"story","resource_subtype":"attachment_added"})") ==
          "task 6 ;task_stories 6 ;task_attachments 6 ;");
    CHECK(asked(R"("action":"added",)" + parent +
                R"(,"resource":{"gid":"5","resource_type":"story","resource_subtype":"section_changed"})") ==
          "task 6 moved;task_stories 6 ;");
    CHECK(asked(R"("action":"changed",)" + parent +
                R"(,"resource":{"gid":"5","resource_type":"story","resource_subtype":"comment_added"})") ==
          "task_stories 6 ;");  // an edited comment leaves its task as it was
    CHECK(asked(R"("action":"deleted",)" + parent + R"(,"resource":{"gid":"5","resource_type":"attachment"})") ==
          "task 6 ;attachment 5 deleted ;");
    CHECK(asked(R"("action":"undeleted",)" + parent + R"(,"resource":{"gid":"5","resource_type":"attachment"})") ==
          "task 6 ;task_attachments 6 ;");
    CHECK(asked(R"("action":"removed","created_at":"2026-01-01T00:00:00.000Z",)" + parent +
                R"(,"resource":{"gid":"5","resource_type":"story","resource_subtype":"comment_added"})") ==
          "task 6 ;story 5 deleted 2026-01-01T00:00:00.000Z;");
    CHECK(asked(R"("action":"deleted","parent":null,"resource":{"gid":"5","resource_type":"attachment"})") ==
          "attachment 5 deleted ;");
    CHECK(
        asked(
            R"("action":"removed","parent":{"gid":"7","resource_type":"project"},"resource":{"gid":"5","resource_type":"story"})")
            .empty());
    CHECK(asked(R"("action":"changed","resource":{"gid":"5","resource_type":"section"})") == "sections 7 ;");
    CHECK(asked(R"("action":"deleted","resource":{"gid":"5","resource_type":"section"})") ==
          "sections 7 ;section 5 deleted ;");
    CHECK(asked(R"("action":"deleted","resource":{"gid":"7","resource_type":"project"})") == "project 7 deleted ;");
    CHECK(asked(R"("action":"changed","resource":{"gid":"7","resource_type":"project"})") == "project 7 ;");
    CHECK(asked(R"("action":"added","resource":{"gid":"5","resource_type":"project_membership"})") ==
          "memberships 7 ;project 7 ;");
    CHECK(asked(R"("action":"added","resource":{"gid":"5","resource_type":"invention"})").empty());
    CHECK(asked(R"("action":"added","resource":null)").empty());
    CHECK(reader.answer.token == "t2");
    CHECK(reader.answer.more);
}

TEST_CASE(
    "a list may tell of what an event speaks of, but not of what was deleted, nor of subtasks and their parents") {
    Reader reader;
    const auto batched = [&](const std::string& event) {
        reader.read(Id::project_events,
                    R"({"data":[{"created_at":"2026-01-01T00:00:00.000Z",)" + event + R"(}],"sync":"t2"})");
        return std::ranges::count_if(reader.answer.follow_ups, [](const auto& hint) { return hint.at.has_value(); });
    };
    const std::string task = R"("resource":{"gid":"5","resource_type":"task"})";
    const std::string parent = R"("parent":{"gid":"6","resource_type":"task"})";

    CHECK(batched(R"("action":"changed",)" + task) == 1);
    CHECK(reader.answer.follow_ups.at(0).at == parse_iso("2026-01-01T00:00:00.000Z"));
    CHECK(batched(R"("action":"added",)" + parent + R"(,"resource":{"gid":"5","resource_type":"story"})") == 1);
    CHECK(batched(R"("action":"deleted",)" + task) == 0);
    CHECK(batched(R"("action":"added",)" + parent + "," + task) == 0);
    CHECK(batched(R"("action":"changed","created_at":"yesterday",)" + task) == 0);
    CHECK(reader.answer.follow_ups.size() == 1);
}

TEST_CASE("the tasks of a project that were modified are asked for with the time") {
    const auto source = asana::make_source({"acme", {}, {}});

    CHECK(source
              ->target({.stream = index(Id::project_tasks_changed),
                        .scope = "7",
                        .root = "1",
                        .offset = "o",
                        .cursor = "2026-01-01T00:00:00.000Z"})
              .starts_with(
                  "/tasks?project=7&limit=100&offset=o&modified_since=2026-01-01T00%3A00%3A00.000Z&opt_fields="));
}

TEST_CASE("events of what is not mirrored lead to nothing") {
    Reader reader({"acme", {}, {"stories", "attachments"}});

    reader.read(Id::project_events,
                R"({"data":[{"action":"added","resource":{"gid":"5","resource_type":"story"},
                "parent":{"gid":"6","resource_type":"task"}}],"sync":"t2"})");

    CHECK(reader.answer.follow_ups.size() == 1);  // the task
    CHECK_FALSE(reader.answer.more);
}

TEST_CASE("events are asked for with their token") {
    const auto source = asana::make_source({"acme", {}, {}});

    CHECK(source->target({.stream = index(Id::project_events), .scope = "7", .root = "1"}) == "/events?resource=7");
    CHECK(source->target({.stream = index(Id::project_events), .scope = "7", .root = "1", .cursor = "a:b"}) ==
          "/events?resource=7&sync=a%3Ab");
}

TEST_CASE("headers that announce changes to the API are read, repeated and joined") {
    const Reader reader;
    const std::vector<std::pair<std::string, std::string>> headers = {
        {"content-type", "application/json"},
        {"asana-change", "name=new_goal_memberships;info=https://forum.asana.com/t/1?a=b;affected=true, name=b ;info="},
        {"asana-change", "name = c ; affected = false"}};

    const auto changes = reader.source->api_changes(headers);

    REQUIRE(changes.size() == 3);
    CHECK(changes[0].name == "new_goal_memberships");
    CHECK(changes[0].info == "https://forum.asana.com/t/1?a=b");
    CHECK(changes[0].affected);
    CHECK(changes[1].name == "b");
    CHECK(changes[1].info.empty());
    CHECK_FALSE(changes[1].affected);
    CHECK(changes[2].name == "c");
    CHECK_FALSE(changes[2].affected);
}

TEST_CASE("a header that announces nothing, too much or something odd is left out") {
    const auto read = [](const std::string& header) { return asana::read_api_changes(header); };
    CHECK(read("").empty());
    CHECK(read("affected=true;info=https://x").empty());
    CHECK(read("name=,,;=;,name").empty());
    CHECK(read("name=two words").empty());
    CHECK(read("name=" + std::string(101, 'n')).empty());
    CHECK(read("name=\x1b[2J").empty());
    const auto long_info = read("name=a;info=" + std::string(501, 'i'));
    REQUIRE(long_info.size() == 1);
    CHECK(long_info[0].info.empty());
    std::string many;
    for (int i = 0; i < 500; ++i) many += "name=c" + std::to_string(i) + ",";
    CHECK(read(many).size() == 100);
}
