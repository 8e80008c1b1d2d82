// JSON objects to rows: real shapes in, cells out.
#include <fmt/format.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "asana/fields_work.hpp"
#include "asana/mapping.hpp"
#include "core/error.hpp"

using namespace taskmirror;

namespace {

// One object, mapped; its cells by the names of the columns.
struct Mapped {
    asana::Mapper mapper;
    Page page;
    simdjson::ondemand::parser parser;
    std::size_t entity = 0;

    Mapped(const asana::Mapping& mapping, const std::string& json, asana::Context context = {}) {
        const simdjson::padded_string padded(json);
        auto document = parser.iterate(padded);
        simdjson::ondemand::object object = document.get_object();
        entity = mapper.map(mapping, object, context, page);
    }
    std::string show(const Value& value) const {
        switch (value.type) {
            case Value::Type::null:
                return "NULL";
            case Value::Type::integer:
                return std::to_string(value.integer);
            case Value::Type::real:
                return fmt::format("{}", value.real);
            case Value::Type::text:
                return std::string(value.as_text());
        }
        return "?";
    }
    std::string cell(std::string_view column) const { return cell(entity, column); }
    std::string cell(std::size_t of, std::string_view column) const {
        const auto& table = mapper.tables()[page.entities[of].table];
        for (std::size_t i = 0; i < table.columns.size(); ++i)
            if (table.columns[i] == column) return show(page.values[page.entities[of].first + i]);
        return "no such column";
    }
    // The rows of a child table, cells joined by '|'.
    std::vector<std::string> rows(std::string_view table) const {
        std::vector<std::string> rows;
        const auto& owner = page.entities[entity];
        for (std::uint32_t c = owner.first_child; c < owner.first_child + owner.children; ++c) {
            const auto& set = page.children[c];
            if (mapper.tables()[set.table].name != table) continue;
            const auto width = mapper.tables()[set.table].columns.size();
            for (std::size_t r = 0; r < set.rows; ++r) {
                std::string row;
                for (std::size_t i = 0; i < width; ++i)
                    row += (i > 0 ? "|" : "") + show(page.values[set.first + r * width + i]);
                rows.push_back(row);
            }
        }
        return rows;
    }
    std::vector<std::string> mentions() const {
        std::vector<std::string> all;
        const auto& owner = page.entities[entity];
        for (std::uint32_t m = owner.first_mention; m < owner.first_mention + owner.mentions; ++m)
            all.push_back(std::string(mapper.tables()[page.mentions[m].table].name) + " " +
                          std::string(page.mentions[m].gid) + " " + show(page.mentions[m].name));
        return all;
    }
};

using Rows = std::vector<std::string>;

}  // namespace

TEST_CASE("a task's columns come from its fields, by the rules of their names") {
    const Mapped task(asana::kTasks, R"({"gid":"9007199254740993123","name":"Write \"it\" \ud83d\ude00",
        "resource_subtype":"default_task","completed":true,"num_subtasks":3,"actual_time_minutes":12.5,
        "assignee":{"gid":"5","name":"Ann"},"parent":{"gid":"8","resource_type":"task"},"approval_status":null,
        "due_on":"2026-06-01","notes":"","unknown_field":{"deep":[1,2,{"x":null}]},"workspace":{"gid":"1"}})");

    CHECK(task.page.entities[task.entity].gid == "9007199254740993123");
    CHECK(task.cell("name") == "Write \"it\" \xF0\x9F\x98\x80");
    CHECK(task.cell("completed") == "1");
    CHECK(task.cell("num_subtasks") == "3");
    CHECK(task.cell("actual_time_minutes") == "12.5");
    CHECK(task.cell("assignee_gid") == "5");
    CHECK(task.cell("parent_gid") == "8");
    CHECK(task.cell("workspace_gid") == "1");
    CHECK(task.cell("approval_status") == "NULL");
    CHECK(task.cell("due_on") == "2026-06-01");
    CHECK(task.cell("due_at") == "NULL");
    CHECK(task.cell("notes").empty());
    CHECK(task.mentions() == Rows{"asana_users 5 Ann"});
}

TEST_CASE("a task's lists become rows of their own") {
    const Mapped task(asana::kTasks, R"({"gid":"11",
        "memberships":[{"project":{"gid":"7","resource_type":"project"},"section":{"gid":"70"}},
                       {"project":{"gid":"8"},"section":null}],
        "followers":[{"gid":"5","name":"Ann"},{"gid":"6","name":"Bo"}],"tags":[{"gid":"90","resource_type":"tag"}],
        "dependencies":[{"gid":"12"},{"gid":"13"}],"likes":[{"gid":"1000","user":{"gid":"5","name":"Ann"}}]})");

    CHECK(task.rows("asana_task_memberships") == Rows{"11|7|70", "11|8|NULL"});
    CHECK(task.rows("asana_task_followers") == Rows{"11|5", "11|6"});
    CHECK(task.rows("asana_task_tags") == Rows{"11|90"});
    CHECK(task.rows("asana_task_dependencies") == Rows{"11|12", "11|13"});
    CHECK(task.rows("asana_task_likes") == Rows{"11|5"});
    CHECK(task.mentions() == Rows{"asana_projects 7 NULL", "asana_sections 70 NULL", "asana_projects 8 NULL",
                                  "asana_users 5 Ann", "asana_users 6 Bo", "asana_tags 90 NULL", "asana_users 5 Ann"});
}

TEST_CASE("every kind of custom field value has its columns or items") {
    const Mapped task(asana::kTasks, R"({"gid":"11","custom_fields":[
        {"gid":"1","enabled":true,"display_value":"abc","text_value":"abc"},
        {"gid":"2","enabled":true,"display_value":"5.25","number_value":5.25},
        {"gid":"3","enabled":false,"display_value":"High","enum_value":{"gid":"31","resource_type":"enum_option"}},
        {"gid":"4","enabled":true,"display_value":"a, b","multi_enum_values":[{"gid":"41"},{"gid":"42"}]},
        {"gid":"5","enabled":true,"display_value":"x","date_value":{"date":"2026-01-02","date_time":"2026-01-02T03:04:05.000Z"}},
        {"gid":"6","enabled":true,"display_value":"Ann","people_value":[{"gid":"50","name":"Ann"}]},
        {"gid":"7","enabled":true,"display_value":"T","reference_value":[{"gid":"60","resource_type":"task"}]},
        {"gid":"8","enabled":true,"display_value":null,"number_value":null,"enum_value":null,"date_value":null}]})");

    CHECK(task.rows("asana_custom_field_values") ==
          Rows{"11|task|1|1|abc|abc|NULL|NULL|NULL|NULL", "11|task|2|1|5.25|NULL|5.25|NULL|NULL|NULL",
               "11|task|3|0|High|NULL|NULL|NULL|NULL|31", "11|task|4|1|a, b|NULL|NULL|NULL|NULL|NULL",
               "11|task|5|1|x|NULL|NULL|2026-01-02|2026-01-02T03:04:05.000Z|NULL",
               "11|task|6|1|Ann|NULL|NULL|NULL|NULL|NULL", "11|task|7|1|T|NULL|NULL|NULL|NULL|NULL",
               "11|task|8|1|NULL|NULL|NULL|NULL|NULL|NULL"});
    CHECK(task.rows("asana_custom_field_value_items") ==
          Rows{"11|4|0|41|enum_option", "11|4|1|42|enum_option", "11|6|0|50|user", "11|7|0|60|task"});
}

TEST_CASE("a project brings the definitions of its custom fields, with their options") {
    const Mapped project(asana::kProjectList, R"({"gid":"7","name":"P","archived":false,"custom_field_settings":[
        {"gid":"100","is_important":true,"custom_field":{"gid":"3","name":"Priority","precision":2,"created_by":{"gid":"5","name":"Ann"},
          "enum_options":[{"gid":"31","name":"High","enabled":true,"color":"red"},{"gid":"32","name":"Low","enabled":false,"color":"blue"}]}},
        {"gid":"101","is_important":false,"custom_field":{"gid":"4","name":"Kind","input_restrictions":["task","project"]}}],
        "members":[{"gid":"5","name":"Ann"}],"team":null})",
                         {.root = "1"});

    CHECK(project.rows("asana_custom_field_settings") == Rows{"7|project|3|1|0", "7|project|4|0|1"});
    CHECK(project.rows("asana_project_members") == Rows{"7|5"});
    CHECK(project.cell("team_gid") == "NULL");
    REQUIRE(project.page.entities.size() == 5);  // two options, two definitions, the project
    CHECK(project.cell(0, "custom_field_gid") == "3");
    CHECK(project.cell(1, "position") == "1");
    CHECK(project.cell(1, "enabled") == "0");
    CHECK(project.cell(2, "name") == "Priority");
    CHECK(project.cell(2, "workspace_gid") == "1");
    CHECK(project.cell(3, "input_restrictions") == R"(["task","project"])");
    CHECK(project.page.entities[4].gid == "7");
}

TEST_CASE("a section's project and position come from the request") {
    const Mapped section(asana::kSectionList, R"({"gid":"70","name":"To do"})", {.scope = "7", .position = 103});

    CHECK(section.cell("project_gid") == "7");
    CHECK(section.cell("position") == "103");
}

TEST_CASE("a section that moved has another hash, the same section has the same") {
    const std::string json = R"({"gid":"70","name":"To do"})";
    const Mapped here(asana::kSectionList, json, {.scope = "7", .position = 1});
    const Mapped again(asana::kSectionList, json, {.scope = "7", .position = 1});
    const Mapped there(asana::kSectionList, json, {.scope = "7", .position = 2});

    CHECK(here.page.entities[0].hash == again.page.entities[0].hash);
    CHECK(here.page.entities[0].hash != there.page.entities[0].hash);
}

TEST_CASE("a parent that the answer lacks comes from the request") {
    const Mapped silent(asana::kAttachments, R"({"gid":"1","parent":null})", {.scope = "7", .parent_type = "project"});
    const Mapped told(asana::kAttachments, R"({"gid":"1","parent":{"gid":"8","resource_type":"task"}})",
                      {.scope = "7", .parent_type = "project"});

    CHECK(silent.cell("parent_gid") == "7");
    CHECK(silent.cell("parent_type") == "project");
    CHECK(told.cell("parent_gid") == "8");
    CHECK(told.cell("parent_type") == "task");
}

TEST_CASE("a story keeps its old and new members") {
    const Mapped story(asana::kStories,
                       R"({"gid":"1","resource_subtype":"due_date_changed","target":{"gid":"11","resource_type":"task"},
        "old_dates":{"start_on":null,"due_on":"2026-01-01"},"new_dates":{"due_at":"2026-01-02T00:00:00.000Z","due_on":"2026-01-02"},
        "old_people_value":[{"gid":"5","name":"Ann"},{"gid":"6","name":"Bo"}],"new_people_value":[],"new_multi_enum_values":null,
        "old_number_value":5,"new_section":{"gid":"70"},"old_date_value":{"due_on":"2025-01-01"}})");

    CHECK(story.cell("target_gid") == "11");
    CHECK(story.cell("target_type") == "task");
    CHECK(story.cell("old_dates_due_on") == "2026-01-01");
    CHECK(story.cell("new_dates_due_at") == "2026-01-02T00:00:00.000Z");
    CHECK(story.cell("old_people_value") == R"(["5","6"])");
    CHECK(story.cell("new_people_value") == "[]");
    CHECK(story.cell("new_multi_enum_values") == "NULL");
    CHECK(story.cell("old_number_value") == "5");
    CHECK(story.cell("new_section_gid") == "70");
    CHECK(story.cell("old_date_value_due_on") == "2025-01-01");
}

TEST_CASE("a lone surrogate becomes U+FFFD, U+0000 goes, all else stays") {
    const Mapped task(
        asana::kTasks,
        R"({"gid":"1","name":"a\ud83db\u0000c\udc00","notes":"\ud83d\ude00\ud83d\u2028\u00e9\n","html_notes":"x\u0000"})");

    CHECK(task.cell("name") ==
          "a\xEF\xBF\xBD"
          "bc\xEF\xBF\xBD");
    CHECK(task.cell("notes") == "\xF0\x9F\x98\x80\xEF\xBF\xBD\xE2\x80\xA8\xC3\xA9\n");
    CHECK(task.cell("html_notes") == "x");
}

TEST_CASE("an integer may come as 5.0, a wrong type is refused with its place") {
    CHECK(Mapped(asana::kTasks, R"({"gid":"1","num_likes":5.0})").cell("num_likes") == "5");
    const std::pair<const char*, const char*> bad[] = {
        {R"({"gid":"1","num_likes":"5"})", "num_likes: an integer was expected"},
        {R"({"gid":"1","num_likes":5.5})", "num_likes: an integer was expected"},
        {R"({"gid":"1","completed":1})", "completed: a boolean was expected"},
        {R"({"gid":"1","assignee":"Ann"})", "assignee: an object was expected"},
        {R"({"gid":"1","assignee":{}})", "assignee: a reference with a gid was expected"},
        {R"({"gid":"1","followers":{}})", "followers: an array was expected"},
        {R"({"gid":"1","followers":[{"gid":"2"},null]})", "followers: [1] a reference was expected"},
        {R"({"gid":"1","custom_fields":[{"gid":"2","number_value":"x"}]})",
         "custom_fields: [0] number_value: a number was expected"},
        {R"({"name":"x"})", "an object without gid"},
    };
    for (const auto& [json, message] : bad) {
        INFO(json);
        CHECK_THROWS_WITH(Mapped(asana::kTasks, json), message);
    }
}

TEST_CASE("fields may come in any order, and in another one in the next object") {
    asana::Mapper mapper;
    Page page;
    simdjson::ondemand::parser parser;
    for (const std::string json : {R"({"gid":"1","name":"a","completed":true,"followers":[{"gid":"5"}]})",
                                   R"({"followers":[{"gid":"5"}],"completed":false,"name":"b","gid":"2"})",
                                   R"({"gid":"3","completed":true,"name":"c"})"}) {
        const simdjson::padded_string padded(json);
        auto document = parser.iterate(padded);
        simdjson::ondemand::object object = document.get_object();
        mapper.map(asana::kTasks, object, {}, page);
    }

    const auto name = mapper.column(asana::kTasks, "name");
    CHECK(page.values[page.entities[0].first + name].as_text() == "a");
    CHECK(page.values[page.entities[1].first + name].as_text() == "b");
    CHECK(page.values[page.entities[2].first + name].as_text() == "c");
    CHECK(page.values[page.children[1].first].as_text() == "2");
}

TEST_CASE("opt_fields name every field once, people with their names") {
    const auto fields = "," + asana::opt_fields(asana::kTasks) + ",";

    for (const char* field :
         {"name", "assignee.name", "parent", "memberships.project", "memberships.section", "followers.name",
          "likes.user.name", "custom_fields.people_value.name", "custom_fields.date_value", "dependencies"})
        CHECK(fields.find("," + std::string(field) + ",") != std::string::npos);
    CHECK(fields.find(",gid,") == std::string::npos);
    CHECK(fields.find("enum_options") == std::string::npos);
    CHECK(asana::opt_fields(asana::kPeople) == "name,email,photo.image_128x128");
}

TEST_CASE("a membership brings the person's My Tasks along") {
    const Mapped member(asana::kWorkspaceMemberships, R"({"gid":"20","user":{"gid":"5","name":"Ann"},"is_active":true,
        "user_task_list":{"gid":"30","name":"My tasks","owner":{"gid":"5"},"workspace":{"gid":"1"}}})");

    CHECK(member.cell("user_task_list_gid") == "30");
    REQUIRE(member.page.entities.size() == 2);
    CHECK(member.page.entities[0].gid == "30");
    CHECK(member.cell(0, "name") == "My tasks");
    CHECK(member.cell(0, "owner_gid") == "5");
    CHECK(member.cell(0, "workspace_gid") == "1");
    CHECK(member.cell(0, "workspace_membership_gid") == "20");
    const Mapped none(asana::kWorkspaceMemberships, R"({"gid":"20","user_task_list":null})");
    CHECK(none.cell("user_task_list_gid") == "NULL");
    CHECK(none.page.entities.size() == 1);
}

TEST_CASE("a time tracking entry has its workspace from the request, and a row for each category") {
    const Mapped entry(asana::kTimeTrackingEntries, R"({"gid":"9","task":{"gid":"11"},"duration_minutes":90,
        "entered_on":"2026-03-01","attributable_to":{"gid":"7"},"created_by":{"gid":"5","name":"Ann"},
        "approval_status":"DRAFT","billable_status":"nonBillable","description":"","categories":[{"gid":"40"},{"gid":"41"}]})",
                       {.root = "1"});

    CHECK(entry.cell("workspace_gid") == "1");
    CHECK(entry.cell("task_gid") == "11");
    CHECK(entry.cell("duration_minutes") == "90");
    CHECK(entry.cell("attributable_to_gid") == "7");
    CHECK(entry.cell("billable_status") == "nonBillable");
    CHECK(entry.rows("asana_time_tracking_entry_categories") == Rows{"9|40", "9|41"});
    CHECK(entry.mentions() == Rows{"asana_projects 7 NULL", "asana_users 5 Ann"});
}

TEST_CASE("an allocation is somebody's or that of a placeholder, whose name comes along") {
    const Mapped one(asana::kAllocations, R"({"gid":"9","parent":{"gid":"7","resource_type":"project"},
        "assignee":{"gid":"50","resource_type":"placeholder","name":"Designer"},"effort":{"type":"hours","value":4.5}})",
                     {.root = "1"});
    const Mapped other(asana::kAllocations, R"({"gid":"9","effort":null,
        "assignee":{"gid":"5","resource_type":"user","name":"Ann"}})",
                       {.root = "1"});

    CHECK(one.cell("assignee_gid") == "50");
    CHECK(one.cell("assignee_type") == "placeholder");
    CHECK(one.cell("effort_type") == "hours");
    CHECK(one.cell("effort_value") == "4.5");
    CHECK(one.mentions() == Rows{"asana_projects 7 NULL", "asana_placeholders 50 Designer"});
    CHECK(other.cell("effort_value") == "NULL");
    CHECK(other.mentions() == Rows{"asana_users 5 Ann"});
}

TEST_CASE("a budget's amounts stand in columns of their own") {
    const Mapped budget(asana::kBudgets,
                        R"({"gid":"9","budget_type":"cost","parent":{"gid":"7","resource_type":"project","name":"P"},
        "estimate":{"billable_status_filter":"any","source":"tasks","enabled":true,"units":"EUR","value":10},
        "actual":{"value":2.5,"units":"EUR"},"total":{"enabled":false,"units":null,"value":null}})",
                        {.scope = "7", .parent_type = "project"});

    CHECK(budget.cell("estimate_source") == "tasks");
    CHECK(budget.cell("estimate_value") == "10");
    CHECK(budget.cell("actual_value") == "2.5");
    CHECK(budget.cell("total_enabled") == "0");
    CHECK(budget.cell("total_value") == "NULL");
    const Mapped rate(asana::kRates,
                      R"({"gid":"9","rate":80.5,"resource":{"gid":"5","resource_type":"user","name":"Ann"}})",
                      {.scope = "7", .parent_type = "project"});
    CHECK(rate.cell("parent_gid") == "7");
    CHECK(rate.cell("resource_type") == "user");
    CHECK(rate.cell("rate") == "80.5");
}

TEST_CASE("what has no columns is kept as JSON, without white space and without what no text may hold") {
    const Mapped role(asana::kRoles,
                      R"({"gid":"9","permissions": { "a" : true, "b\"c" : [ 1.50 , -2e3 , null, {} , [ ] ],
        "d" : "x\u0000y \ud800 \u00e9 \n/" , "e":false } })");
    const Mapped none(asana::kRoles, R"({"gid":"9","permissions":null})");

    CHECK(role.cell("permissions") ==
          "{\"a\":true,\"b\\\"c\":[1.50,-2e3,null,{},[]],\"d\":\"xy \xEF\xBF\xBD \xC3\xA9 \\u000a/\",\"e\":false}");
    CHECK(none.cell("permissions") == "NULL");
}

TEST_CASE("JSON that is nested too deep, or is none, is refused") {
    const auto role = [](const std::string& permissions) { return R"({"gid":"9","permissions":)" + permissions + "}"; };

    CHECK_NOTHROW(Mapped(asana::kRoles, role(std::string(30, '[') + std::string(30, ']'))));
    CHECK_THROWS_AS(Mapped(asana::kRoles, role(std::string(33, '[') + std::string(33, ']'))), Error);
    CHECK_THROWS_AS(Mapped(asana::kRoles, role("[1x]")), Error);
    CHECK_THROWS_AS(Mapped(asana::kRoles, role("[tru]")), Error);
}

TEST_CASE("a task template's task stands in columns, its lists as they came") {
    const Mapped made(asana::kTaskTemplates, R"({"gid":"9","name":"T","project":{"gid":"7"},"created_by":{"gid":"5"},
        "template":{"name":"A task","relative_due_on":3,"due_time":null,"followers":[{"gid":"5","resource_type":"user"}],
                    "subtasks":[{"name":"first","gid":"1"}]}})");

    CHECK(made.cell("name") == "T");
    CHECK(made.cell("template_name") == "A task");
    CHECK(made.cell("template_relative_due_on") == "3");
    CHECK(made.cell("template_due_time") == "NULL");
    CHECK(made.cell("template_followers") == R"([{"gid":"5","resource_type":"user"}])");
    CHECK(made.cell("template_subtasks") == R"([{"name":"first","gid":"1"}])");
    CHECK(made.cell("template_custom_fields") == "NULL");
}

TEST_CASE("of what is kept as JSON the members that are known are asked for") {
    CHECK(asana::opt_fields(asana::kProjectTemplates) ==
          "name,description,html_description,public,owner,team,color,requested_dates.name,requested_dates.description,"
          "requested_roles.name");
    CHECK(
        asana::opt_fields(asana::kAllocations) ==
        "resource_subtype,parent,assignee,assignee.name,created_by.name,start_date,end_date,effort.type,effort.value");
}
