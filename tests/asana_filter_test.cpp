// What of an answer is left out by a filter of projects, and what its texts become by redaction.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "core/error.hpp"

using namespace taskmirror;
using asana::Id;

namespace {

// A source, and the projects that are known to be wanted.
struct Reader {
    std::unique_ptr<source::Source> source;
    source::Answer answer;
    source::Gids wanted;

    explicit Reader(asana::Options options) : source(asana::make_source(std::move(options))) {}

    std::string cursor = "";
    int limit = 0;

    void read(Id stream, const std::string& objects, std::string scope = "7") {
        std::string body = R"({"data":)" + objects + R"(,"sync":"t"})";
        body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
        source->read({.stream = static_cast<std::uint16_t>(stream),
                      .scope = scope,
                      .root = "1",
                      .cursor = cursor,
                      .limit = limit,
                      .wanted = source::in_force(*source, wanted)},
                     body, answer);
        source::note_wanted(*source, answer, wanted);
    }
    std::vector<std::string> gids() const {
        std::vector<std::string> gids;
        for (const auto& entity : answer.page.entities) gids.emplace_back(entity.gid);
        return gids;
    }
    // What is asked for next, "stream scope", with a * where only what is known is.
    std::vector<std::string> asked() const {
        std::vector<std::string> asked;
        for (const auto& one : answer.follow_ups)
            asked.push_back(std::string(source->streams()[one.stream].name) + " " + one.scope +
                            (one.stored ? "*" : ""));
        return asked;
    }
    std::vector<std::string> unwanted() const {
        std::vector<std::string> gids;
        for (const auto& [table, gid] : answer.unwanted) gids.push_back(gid);
        return gids;
    }
    std::string cell(std::size_t entity, std::string_view column) const {
        const auto& its = answer.page.entities.at(entity);
        const auto& columns = source->tables()[its.table].columns;
        const auto at = std::ranges::find(columns, column) - columns.begin();
        const Value& value = answer.page.values[its.first + static_cast<std::size_t>(at)];
        return value.is_null() ? "NULL" : std::string(value.as_text());
    }
    // The second column of the rows of a child table.
    std::vector<std::string> children(std::size_t entity, std::string_view table) const {
        std::vector<std::string> found;
        const auto& its = answer.page.entities.at(entity);
        for (const auto& set : std::span(answer.page.children).subspan(its.first_child, its.children)) {
            const auto& columns = source->tables()[set.table];
            if (columns.name != table) continue;
            for (std::size_t row = 0; row < set.rows; ++row)
                found.emplace_back(answer.page.values[set.first + row * columns.columns.size() + 1].as_text());
        }
        return found;
    }
    std::vector<std::string> mentions(std::string_view table) const {
        std::vector<std::string> found;
        for (const auto& mention : answer.page.mentions)
            if (source->tables()[mention.table].name == table)
                found.push_back(mention.name.is_null() ? "NULL" : std::string(mention.name.as_text()));
        return found;
    }
};

using Texts = std::vector<std::string>;

Reader excluding(std::vector<std::string> exclude) {
    return Reader({.name = "acme", .projects = {.exclude = std::move(exclude)}});
}

const std::string kProjects = R"([{"gid":"10","name":"Open","archived":false},
    {"gid":"20","name":"Secret plans","archived":false,"custom_field_settings":[{"gid":"1","custom_field":{"gid":"5","name":"x"}}]},
    {"gid":"30","name":"Old","archived":true}])";

std::string task(const std::string& gid, const std::string& memberships, const std::string& parent = "null") {
    return R"({"gid":")" + gid + R"(","memberships":[)" + memberships + R"(],"parent":)" + parent + "}";
}
std::string home(const std::string& project) {
    return R"({"project":{"gid":")" + project + R"(","resource_type":"project"},"section":{"gid":"s)" + project +
           R"(","resource_type":"section"}})";
}

}  // namespace

TEST_CASE("a project is excluded by a pattern of its name, by its gid, or because it is archived") {
    Reader reader({.name = "acme", .projects = {.exclude = {"SECRET*"}, .archived = false}});
    reader.read(Id::projects, kProjects, "1");
    CHECK(reader.gids() == Texts{"10"});
    CHECK(reader.unwanted() == Texts{"20", "30"});
    CHECK(std::ranges::none_of(reader.answer.follow_ups, [](const auto& one) { return one.scope == "20"; }));

    Reader by_gid({.name = "acme", .projects = {.include = {"20", "O*"}, .exclude = {"10"}}});
    by_gid.read(Id::projects, kProjects, "1");
    CHECK(by_gid.unwanted() == Texts{"10"});
}

TEST_CASE("a task of several projects is without the excluded one, and is another row with it") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    reader.read(Id::project_tasks, "[" + task("1", home("10") + "," + home("20")) + "]");
    CHECK(reader.gids() == Texts{"1"});
    CHECK(reader.children(0, "asana_task_memberships") == Texts{"10"});
    CHECK(reader.mentions("asana_projects").size() == 1);
    CHECK(reader.mentions("asana_sections").size() == 1);
    const auto without = reader.answer.page.entities[0].hash;

    reader.wanted.emplace("20");
    reader.read(Id::project_tasks, "[" + task("1", home("10") + "," + home("20")) + "]");
    CHECK(reader.children(0, "asana_task_memberships") == Texts{"10", "20"});
    CHECK(reader.answer.page.entities[0].hash != without);
}

TEST_CASE("a task of excluded projects alone is not wanted, whatever list names it") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const std::string below = R"({"gid":"9","memberships":[)" + home("20") + R"(],"parent":null})";
    const std::string far_below = R"({"gid":"8","memberships":[],"parent":)" + below + "}";
    reader.read(Id::user_tasks,
                "[" + task("1", home("20")) + "," + task("2", "") + "," + task("3", "", below) + "," +
                    task("4", "", far_below) + "," + task("5", home("10"), below) + "]",
                "1/7");
    CHECK(reader.gids() == Texts{"2", "5"});
    CHECK(reader.unwanted() == Texts{"1", "3", "4"});
    CHECK(std::ranges::none_of(reader.answer.follow_ups, [](const auto& one) { return one.scope == "1"; }));
}

TEST_CASE("a field that refers to an excluded project does not name it, and puts no task into another") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const std::string values = R"("custom_fields":[{"gid":"5","display_value":"Secret plans, Open","reference_value":[
        {"gid":"20","resource_type":"project"},{"gid":"10","resource_type":"project"}]}])";
    reader.read(Id::user_tasks,
                R"([{"gid":"1",)" + values + R"(},{"gid":"2","memberships":[)" + home("20") + "]," + values + "}]",
                "1/7");
    CHECK(reader.gids() == Texts{"1"});
    const auto& set = reader.answer.page.children[reader.answer.page.entities[0].first_child];
    CHECK(set.rows == 1);
    CHECK(reader.answer.page.values[set.first + 4].is_null());
    const auto& items = reader.answer.page.children[reader.answer.page.entities[0].first_child + 1];
    CHECK(items.rows == 1);
}

TEST_CASE("a subtask whose parent is not told of is brought by its parent's list, and by no person's") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const std::string tasks = "[" + task("1", "", R"({"gid":"9"})") + "]";
    reader.read(Id::user_tasks, tasks, "1/7");
    CHECK(reader.gids().empty());
    CHECK(reader.unwanted().empty());
    reader.read(Id::task_subtasks, tasks, "9");
    CHECK(reader.gids() == Texts{"1"});
}

TEST_CASE("a list of wanted projects leaves tasks outside of projects out") {
    Reader reader({.name = "acme", .projects = {.include = {"Open"}}});
    reader.read(Id::projects, kProjects, "1");
    reader.read(Id::project_tasks, "[" + task("1", home("10")) + "," + task("2", "") + "]");
    CHECK(reader.gids() == Texts{"1"});
    CHECK(reader.source->streams()[static_cast<std::size_t>(Id::user_tasks)].off);
}

TEST_CASE("stories about an excluded project or its sections are not wanted") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const auto section = [](const std::string& project) {
        return R"({"gid":"s","resource_type":"section","project":{"gid":")" + project +
               R"(","resource_type":"project"}})";
    };
    reader.read(Id::task_stories,
                R"([{"gid":"1","project":{"gid":"20","resource_type":"project"},"text":"added to Secret plans"},
                    {"gid":"2","project":{"gid":"10","resource_type":"project"}},
                    {"gid":"3","old_section":)" +
                    section("20") + R"(},{"gid":"4","new_section":)" + section("10") + "}]");
    CHECK(reader.gids() == Texts{"2", "4"});
    CHECK(reader.unwanted() == Texts{"1", "3"});
}

TEST_CASE("an excluded project is no item of a portfolio, and leads nowhere") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    reader.read(Id::portfolio_items, R"([{"gid":"20","resource_type":"project","name":"Secret plans"},
        {"gid":"10","resource_type":"project","name":"Open"},{"gid":"31","resource_type":"portfolio","name":"Q"}])");
    Texts items;
    for (const auto& edge : reader.answer.page.edges) items.emplace_back(edge.gid);
    CHECK(items == Texts{"10", "31"});
    CHECK(reader.answer.follow_ups.size() == 1);
}

TEST_CASE(
    "what supports a goal, a setting, an allocation or tracked time is not wanted when it is about an excluded "
    "project") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const auto about = [&](Id stream, const std::string& field) {
        const auto object = [&](const std::string& gid, const std::string& project) {
            return R"({"gid":")" + gid + R"(",")" + field + R"(":{"gid":")" + project +
                   R"(","resource_type":"project"}})";
        };
        reader.read(stream, "[" + object("1", "20") + "," + object("2", "10") + "]");
        CHECK(reader.gids() == Texts{"2"});
        CHECK(reader.unwanted() == Texts{"1"});
    };
    about(Id::goal_relationships, "supporting_resource");
    about(Id::project_portfolio_settings, "project");
    about(Id::allocations, "parent");
    about(Id::time_tracking_entries, "attributable_to");
    about(Id::budgets, "parent");
    about(Id::rates, "parent");
    about(Id::task_templates, "project");
}

TEST_CASE("time that was tracked for a task is wanted where the task is") {
    const std::string entries = R"([{"gid":"1","task":)" + task("71", home("20")) + R"(},{"gid":"2","task":)" +
                                task("72", home("10")) + R"(},{"gid":"3","task":)" +
                                task("73", "", task("74", home("20"))) + R"(},{"gid":"4","task":)" + task("75", "") +
                                "}]";
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    reader.read(Id::time_tracking_entries, entries);
    CHECK(reader.gids() == Texts{"2", "4"});

    Reader only({.name = "acme", .projects = {.include = {"Open"}}});
    only.read(Id::projects, kProjects, "1");
    only.read(Id::time_tracking_entries, entries);
    CHECK(only.gids() == Texts{"2"});
}

TEST_CASE("what is kept as JSON does not name an excluded project, and is another row with it") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    const std::string templates = R"([{"gid":"1","project":{"gid":"10"},"template":{"memberships":[)" + home("20") +
                                  R"(,{"gid":"20","resource_type":"project"}, )" + home("10") +
                                  R"(],"followers":[{"gid":"7","name":"Ann"}]}}])";
    reader.read(Id::task_templates, templates);
    CHECK(reader.cell(0, "template_memberships") == "[" + home("10") + "]");
    CHECK(reader.cell(0, "template_followers") == R"([{"gid":"7","name":"Ann"}])");
    const auto without = reader.answer.page.entities[0].hash;

    reader.wanted.emplace("20");
    reader.read(Id::task_templates, templates);
    CHECK(reader.cell(0, "template_memberships").find(R"("20")") != std::string::npos);
    CHECK(reader.answer.page.entities[0].hash != without);
}

TEST_CASE("a filter asks for the projects above a task and of sections, and only a filter does") {
    const auto target = [](const Reader& reader, Id stream) {
        return reader.source->target({.stream = static_cast<std::uint16_t>(stream), .scope = "7", .root = "1"});
    };
    const auto filtered = excluding({"20"});
    const Reader plain({.name = "acme"});
    CHECK(target(filtered, Id::project_tasks).find("parent.parent.memberships.project") != std::string::npos);
    CHECK(target(filtered, Id::task_stories).find("new_section.project") != std::string::npos);
    CHECK(target(filtered, Id::time_tracking_entries).find("task.parent.memberships.project") != std::string::npos);
    CHECK(target(plain, Id::project_tasks).find("parent.memberships") == std::string::npos);
    CHECK(target(plain, Id::time_tracking_entries).find("memberships") == std::string::npos);
    CHECK(target(plain, Id::task_stories).find("new_section.project") == std::string::npos);
    CHECK(filtered.source->fingerprint() != plain.source->fingerprint());
    CHECK(excluding({"Secret"}).source->fingerprint() != filtered.source->fingerprint());
    CHECK(excluding({"Secret"}).source->fingerprint().find("Secret") == std::string::npos);
}

TEST_CASE("a search goes on behind what it found last, wanted or not") {
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    reader.cursor = "2026-01-01T00:00:00.000Z";
    reader.limit = 2;
    const auto found = [](const std::string& gid, const std::string& project, const std::string& modified) {
        return R"({"gid":")" + gid + R"(","modified_at":"2026-01-0)" + modified +
               R"(T00:00:00.000Z","created_at":"2025-01-01T00:00:00.000Z","memberships":[)" + home(project) + "]}";
    };
    reader.read(Id::search_tasks, "[" + found("1", "10", "2") + "," + found("2", "20", "3") + "]");
    CHECK(reader.gids() == Texts{"1"});
    CHECK(reader.unwanted() == Texts{"2"});
    CHECK(reader.answer.next == "2026-01-02T23:59:59.999Z");
    reader.read(Id::search_tasks, "[" + found("3", "20", "2") + "," + found("4", "20", "4") + "]");
    CHECK(reader.gids().empty());
    CHECK(reader.answer.next == "2026-01-03T23:59:59.999Z");
}

TEST_CASE("of the audit log only what is above projects is kept, and what it says is gone is looked at where known") {
    const auto event = [](const std::string& gid, const std::string& type, const std::string& of) {
        return R"({"gid":")" + gid + R"(","created_at":"2026-01-01T00:00:00.000Z","event_type":")" + type +
               R"(_deleted","resource":{"resource_type":")" + type + R"(","gid":")" + of +
               R"(","name":"Secret plans"},"details":{"group":{"gid":"20","resource_type":"project","name":"Secret plans"}}})";
    };
    const std::string events = "[" + event("1", "task", "7") + "," + event("2", "project", "20") + "," +
                               event("3", "project", "10") + "," + event("4", "team", "6") + "]";
    auto reader = excluding({"20"});
    reader.read(Id::projects, kProjects, "1");
    reader.cursor = "2026-01-01T00:00:00.000Z";
    reader.read(Id::audit_log_events, events);
    CHECK(reader.gids() == Texts{"3", "4"});
    CHECK(reader.unwanted().empty());
    CHECK(reader.cell(1, "details").find("Secret") == std::string::npos);
    CHECK(reader.asked() == Texts{"task 7*", "project 20*", "project 10", "team 6"});

    Reader plain({.name = "acme"});
    plain.cursor = reader.cursor;
    plain.read(Id::audit_log_events, events);
    CHECK(plain.gids().size() == 4);
    CHECK(plain.asked() == Texts{"task 7", "project 20", "project 10", "team 6"});
}

TEST_CASE("of a workspace's events those of excluded projects ask for nothing that is not known") {
    const auto event = [](const std::string& type, const std::string& gid, const std::string& action,
                          const std::string& parent = "null", const std::string& of = "project") {
        return R"({"action":")" + action + R"(","created_at":"2026-01-01T00:00:00.000Z","resource":{"gid":")" + gid +
               R"(","resource_type":")" + type + R"("},"parent":)" +
               (parent == "null" ? parent : R"({"gid":")" + parent + R"(","resource_type":")" + of + R"("})") + "}";
    };
    const std::string events = "[" + event("task", "1", "added", "10") + "," + event("task", "2", "added", "20") + "," +
                               event("task", "3", "removed", "20") + "," + event("task", "4", "changed") + "," +
                               event("task", "5", "deleted") + "," + event("section", "6", "added", "20") + "," +
                               event("task", "7", "added", "8", "task") + "," + event("task", "9", "undeleted") + "," +
                               event("project", "20", "changed") + "]";
    const auto asked = [&](Reader reader) {
        reader.read(Id::projects, kProjects, "1");
        reader.cursor = "t0";
        reader.read(Id::workspace_events, events, "1");
        return reader.asked();
    };
    CHECK(asked(excluding({"20"})) ==
          Texts{"task 1", "task 2*", "task 3", "task 4*", "task 5*", "task 7*", "task 8*", "task 9", "project 20"});
    CHECK(asked(Reader({.name = "acme", .projects = {.include = {"Open"}}})) ==
          Texts{"task 1", "task 4*", "task 5*", "task 7*", "task 8*", "task 9", "project 20"});
    CHECK(asked(Reader({.name = "acme"})) == Texts{"task 1", "task 2", "task 3", "task 4", "task 5", "sections 20",
                                                   "task 7", "task 8", "task 9", "project 20"});
}

TEST_CASE("what is redacted is redacted where else it stands") {
    Reader reader({.name = "acme",
                   .redact = {{"asana_tasks.name", Redact::hash},
                              {"asana_users.email", Redact::hash},
                              {"asana_users.name", Redact::drop},
                              {"asana_custom_field_values.text_value", Redact::length}},
                   .redact_key = "key"});
    reader.read(
        Id::task_stories,
        R"([{"gid":"1","type":"system","target":{"gid":"7","resource_type":"task"},"text":"changed to Plan","html_text":"<b>Plan",
                     "old_name":"Plan","new_name":"Plan B","old_text_value":"abc","new_text_value":"abcd"},
                    {"gid":"2","type":"comment","target":{"gid":"7","resource_type":"task"},"text":"my Plan"},
                    {"gid":"3","type":"system","target":{"gid":"8","resource_type":"goal"},"new_name":"Goal"}])");
    CHECK(reader.cell(0, "text") == "NULL");
    CHECK(reader.cell(0, "html_text") == "NULL");
    CHECK(reader.cell(0, "old_name") == keyed_hash("key", "Plan"));
    CHECK(reader.cell(0, "new_name") == keyed_hash("key", "Plan B"));
    CHECK(reader.cell(0, "old_text_value") == "3");
    CHECK(reader.cell(0, "new_text_value") == "4");
    CHECK(reader.cell(1, "text") == "my Plan");
    CHECK(reader.cell(2, "new_name") == "Goal");

    reader.read(
        Id::audit_log_events,
        R"([{"gid":"1","actor":{"gid":"7","name":"Ann","email":"a@b.c"},"resource":{"gid":"9","resource_type":"task",
                     "name":"Plan"},"details":{"new_value":"a@b.c"},"context":{"user_agent":"curl"}}])");
    CHECK(reader.cell(0, "actor_name") == "NULL");
    CHECK(reader.cell(0, "actor_email") == keyed_hash("key", "a@b.c"));
    CHECK(reader.cell(0, "resource_name") == "NULL");
    CHECK(reader.cell(0, "details") == "NULL");
    CHECK(reader.cell(0, "context_user_agent") == "curl");

    // A text field, a people field, and a number, whose display names nobody.
    reader.read(Id::project_tasks,
                R"([{"gid":"1","custom_fields":[{"gid":"5","display_value":"abc","text_value":"abc"},
                     {"gid":"6","display_value":"Ann"},{"gid":"8","display_value":"25","number_value":25}]}])");
    const auto& set = reader.answer.page.children[reader.answer.page.entities[0].first_child];
    const auto width = reader.source->tables()[set.table].columns.size();
    const auto display = [&](std::size_t row) { return reader.answer.page.values[set.first + row * width + 4]; };
    CHECK(display(0).as_text() == "3");
    CHECK(display(1).is_null());
    CHECK(display(2).as_text() == "25");
}

TEST_CASE("a rule of its own goes before that of what it repeats") {
    Reader reader(
        {.name = "acme", .redact = {{"asana_tasks.name", Redact::drop}, {"asana_stories.text", Redact::length}}});
    reader.read(Id::task_stories,
                R"([{"gid":"1","type":"system","text":"changed"},{"gid":"2","type":"comment","text":"ab"}])");
    CHECK(reader.cell(0, "text") == "7");
    CHECK(reader.cell(1, "text") == "2");
    Texts rules;
    for (const auto& rule : reader.source->redactions())
        rules.push_back(std::string(rule.table) + "." + std::string(rule.column));
    CHECK(std::ranges::count(rules, "asana_stories.text") == 1);
    CHECK(std::ranges::find(rules, "asana_stories.old_name") < std::ranges::find(rules, "asana_tasks.name"));
}

TEST_CASE("texts are dropped, hashed or told by their length, html twins and mentions with them") {
    Reader reader({.name = "acme",
                   .redact = {{"asana_tasks.notes", Redact::length},
                              {"asana_tasks.name", Redact::drop},
                              {"asana_users.name", Redact::hash},
                              {"asana_custom_field_values.display_value", Redact::length}},
                   .redact_key = "key"});
    reader.read(Id::project_tasks,
                R"([{"gid":"1","name":"a","notes":"gr\u00fcn","html_notes":"<b>",
                     "assignee":{"gid":"7","name":"Ann","resource_type":"user"},
                     "custom_fields":[{"gid":"5","display_value":"secret"}]},{"gid":"2","notes":null}])");
    CHECK(reader.cell(0, "name") == "NULL");
    CHECK(reader.cell(0, "notes") == "4");
    CHECK(reader.cell(0, "html_notes") == "3");
    CHECK(reader.cell(1, "notes") == "NULL");
    CHECK(reader.mentions("asana_users") == Texts{keyed_hash("key", "Ann")});
    const auto& set = reader.answer.page.children[reader.answer.page.entities[0].first_child];
    CHECK(reader.source->tables()[set.table].name == "asana_custom_field_values");
    CHECK(reader.answer.page.values[set.first + 4].as_text() == "6");
}

TEST_CASE("each rule and each key makes another row of the same object") {
    const auto hash = [](Redactions rules, std::string key) {
        Reader reader({.name = "acme", .redact = std::move(rules), .redact_key = std::move(key)});
        reader.read(Id::users, R"([{"gid":"7","name":"Ann"}])", "1");
        return reader.answer.page.entities[0].hash;
    };
    const auto plain = hash({}, "");
    const auto dropped = hash({{"asana_users.name", Redact::drop}}, "");
    const auto hashed = hash({{"asana_users.name", Redact::hash}}, "one");
    CHECK(plain != dropped);
    CHECK(dropped != hashed);
    CHECK(hashed != hash({{"asana_users.name", Redact::hash}}, "two"));
    CHECK(hashed == hash({{"asana_users.name", Redact::hash}}, "one"));
}

TEST_CASE("a keyed hash is that of RFC 4231") {
    // Test case 2: https://www.rfc-editor.org/rfc/rfc4231#section-4.3
    CHECK(keyed_hash("Jefe", "what do ya want for nothing?") == "5bdcc146bf60754e6a042426089575c7");
}

TEST_CASE("gids and what the mirror itself needs cannot be redacted") {
    const auto names = asana::redactable();
    const auto has = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
    for (const auto* name :
         {"asana_users.email", "asana_users.photo_url", "asana_tasks.notes", "asana_stories.text",
          "asana_custom_field_values.text_value", "asana_projects.name", "asana_goals.metric_unit",
          "asana_task_templates.template_followers", "asana_roles.permissions", "asana_placeholders.name"})
        CHECK(has(name));
    for (const auto* name : {"asana_tasks.gid", "asana_tasks.modified_at", "asana_stories.resource_subtype",
                             "asana_tasks.parent_gid", "asana_tasks.completed", "asana_task_tags.tag_gid",
                             "asana_portfolio_items.item_type", "asana_goals.metric_gid"})
        CHECK_FALSE(has(name));
}

TEST_CASE("a pattern is * and ?, and letters of any script match whatever their case") {
    CHECK(matches_glob("*", ""));
    CHECK(matches_glob("", ""));
    CHECK_FALSE(matches_glob("", "a"));
    CHECK(matches_glob("secret*", "SECRET plans"));
    CHECK_FALSE(matches_glob("secret", "secret plans"));
    CHECK(matches_glob("*\u00dcber*", "\u00fcBERgang"));
    CHECK(matches_glob("?\u00df", "\u20ac\u00df"));
    CHECK_FALSE(matches_glob("?", "ab"));
    CHECK(matches_glob("a*b*c", "aXbYbZc"));
    CHECK_FALSE(matches_glob("a*b*c", "aXbYbZ"));
    CHECK(matches_glob("[x]", "[X]"));
    CHECK_FALSE(matches_glob(std::string(2000, '*') + "b", std::string(2000, 'a')));
    std::string stars;
    for (int i = 0; i < 500; ++i) stars += "*a";
    CHECK_FALSE(matches_glob(stars + "b", std::string(5000, 'a')));
}
