// Typed history: stories as they come, and the changes that are read from them.
#include <fmt/format.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "asana/mapping.hpp"

using namespace taskmirror;

namespace {

using Rows = std::vector<std::string>;

std::string show(const Value& value) {
    switch (value.type) {
        case Value::Type::null:
            return "-";
        case Value::Type::integer:
            return std::to_string(value.integer);
        case Value::Type::real:
            return fmt::format("{}", value.real);
        case Value::Type::text:
            return std::string(value.as_text());
    }
    return "?";
}

// "field|custom field|old value|new value|old gid|new gid" of each change that a story with these members tells of.
Rows changes(const std::string& subtype, const std::string& members, const std::string& target = "task") {
    static asana::Mapper mapper;
    Page page;
    simdjson::ondemand::parser parser;
    const simdjson::padded_string json(
        R"({"gid":"9","resource_subtype":")" + subtype + R"(","type":")" +
        (subtype == "comment_added" ? "comment" : "system") + R"(","target":{"gid":"1","resource_type":")" + target +
        R"("},"created_by":{"gid":"5","name":"Ann"},"created_at":"2026-03-01T10:00:00.000Z","text":"did it")" +
        (members.empty() ? "" : "," + members) + "}");
    auto document = parser.iterate(json);
    simdjson::ondemand::object object = document.get_object();
    mapper.map(asana::kStories, object, {}, page);
    Rows rows;
    for (const auto& set : page.children) {
        REQUIRE(mapper.tables()[set.table].name == asana::kTaskChanges);
        constexpr auto kWidth = std::size(asana::kTaskChangeColumns);
        for (std::size_t row = 0; row < set.rows; ++row) {
            const auto at = [&](std::size_t column) { return show(page.values[set.first + row * kWidth + column]); };
            CHECK(at(0) == "9");
            CHECK(at(1) == std::to_string(row));
            CHECK(at(2) == "1");
            CHECK(at(3) == "2026-03-01T10:00:00.000Z");
            CHECK(at(4) == "5");
            rows.push_back(fmt::format("{}|{}|{}|{}|{}|{}", at(5), at(6), at(7), at(8), at(9), at(10)));
        }
    }
    return rows;
}

}  // namespace

TEST_CASE("each known kind of story is a change of its field, old value and new") {
    const auto [subtype, members, row] = GENERATE(table<std::string, std::string, std::string>({
        {"assigned", R"("assignee":{"gid":"7"})", "assignee|-|-|-|-|7"},
        {"unassigned", R"("assignee":{"gid":"7"})", "assignee|-|-|-|7|-"},
        {"marked_complete", "", "completed|-|0|1|-|-"},
        {"marked_incomplete", "", "completed|-|1|0|-|-"},
        {"name_changed", R"("old_name":"a","new_name":"b")", "name|-|a|b|-|-"},
        {"notes_changed", "", "notes|-|-|-|-|-"},
        {"added_to_project", R"("project":{"gid":"3"})", "project|-|-|-|-|3"},
        {"removed_from_project", R"("project":{"gid":"3"})", "project|-|-|-|3|-"},
        {"section_changed", R"("old_section":{"gid":"3"},"new_section":{"gid":"4"})", "section|-|-|-|3|4"},
        {"added_to_tag", R"("tag":{"gid":"3"})", "tag|-|-|-|-|3"},
        {"removed_from_tag", R"("tag":{"gid":"3"})", "tag|-|-|-|3|-"},
        {"follower_added", R"("follower":{"gid":"3"})", "follower|-|-|-|-|3"},
        {"follower_removed", R"("follower":{"gid":"3"})", "follower|-|-|-|3|-"},
        {"attachment_added", "", "attachment|-|-|-|-|-"},
        {"dependency_added", R"("dependency":{"gid":"3"})", "dependency|-|-|-|-|3"},
        {"dependency_removed", R"("dependency":{"gid":"3"})", "dependency|-|-|-|3|-"},
        {"dependent_added", R"("task":{"gid":"3"})", "dependent|-|-|-|-|3"},
        {"dependent_removed", R"("task":{"gid":"3"})", "dependent|-|-|-|3|-"},
        {"duplicated", R"("duplicate_of":{"gid":"3"})", "duplicate_of|-|-|-|-|3"},
        {"duplicated_from", R"("duplicated_from":{"gid":"3"})", "duplicated_from|-|-|-|-|3"},
        {"mentioned", R"("task":{"gid":"3"})", "mention|-|-|-|-|3"},
        {"approval_status_changed", R"("old_approval_status":"pending","new_approval_status":"approved")",
         "approval_status|-|pending|approved|-|-"},
        {"resource_subtype_changed", R"("old_resource_subtype":"default_task","new_resource_subtype":"milestone")",
         "resource_subtype|-|default_task|milestone|-|-"},
        {"text_custom_field_changed", R"("custom_field":{"gid":"8"},"old_text_value":"","new_text_value":"x")",
         "custom_field|8||x|-|-"},
        {"number_custom_field_changed", R"("custom_field":{"gid":"8"},"old_number_value":null,"new_number_value":2.5)",
         "custom_field|8|-|2.5|-|-"},
        {"enum_custom_field_changed",
         R"("custom_field":{"gid":"8"},"old_enum_value":{"gid":"3"},"new_enum_value":null)", "custom_field|8|-|-|3|-"},
        {"multi_enum_custom_field_changed",
         R"("custom_field":{"gid":"8"},"old_multi_enum_values":[],"new_multi_enum_values":[{"gid":"3"},{"gid":"4"}])",
         R"(custom_field|8|[]|["3","4"]|-|-)"},
        {"people_custom_field_changed",
         R"("custom_field":{"gid":"8"},"old_people_value":[{"gid":"3","name":"A"}],"new_people_value":[])",
         R"(custom_field|8|["3"]|[]|-|-)"},
        {"date_custom_field_changed",
         R"("custom_field":{"gid":"8"},"old_date_value":{"due_on":"2026-01-01"},)"
         R"("new_date_value":{"due_on":"2026-01-02","due_at":"2026-01-02T10:00:00.000Z"})",
         "custom_field|8|2026-01-01|2026-01-02T10:00:00.000Z|-|-"},
    }));
    INFO(subtype);
    CHECK(changes(subtype, members) == Rows{row});
}

TEST_CASE("a story of dates is a change of each date that is another one then") {
    const std::string subtype = GENERATE("due_date_changed", "start_date_changed");
    const auto of = [&](const std::string& before, const std::string& after) {
        return changes(subtype, R"("old_dates":)" + before + R"(,"new_dates":)" + after);
    };

    CHECK(of("null", R"({"due_on":"2026-01-02"})") == Rows{"due_on|-|-|2026-01-02|-|-"});
    CHECK(of(R"({"start_on":"2026-01-01","due_on":"2026-01-02"})",
             R"({"start_on":"2026-01-01","due_on":"2026-01-03"})") == Rows{"due_on|-|2026-01-02|2026-01-03|-|-"});
    CHECK(of(R"({"start_on":"2026-01-01"})", "null") == Rows{"start_on|-|2026-01-01|-|-|-"});
    CHECK(of(R"({"due_on":"2026-01-02","due_at":"2026-01-02T10:00:00.000Z"})",
             R"({"due_on":"2026-01-02","due_at":"2026-01-02T11:00:00.000Z"})") ==
          Rows{"due_at|-|2026-01-02T10:00:00.000Z|2026-01-02T11:00:00.000Z|-|-"});
    CHECK(of(R"({"start_on":"2026-01-01","due_on":"2026-01-02"})", R"({"start_on":"2026-01-03","due_on":"2026-01-04"})")
              .size() == 2);
    // Which of them changed is not told.
    CHECK(changes("due_date_changed", "") == Rows{"due_on|-|-|-|-|-"});
    CHECK(changes("start_date_changed", "") == Rows{"start_on|-|-|-|-|-"});
}

TEST_CASE(
    "a kind of story that is not known is kept under its name, with the values that it brings, but not its texts") {
    CHECK(changes("weather_changed", "") == Rows{"weather_changed|-|-|-|-|-"});
    CHECK(changes("weather_changed", R"("old_name":"rain","new_name":"sun")") == Rows{"weather_changed|-|-|-|-|-"});
    CHECK(changes("formula_custom_field_changed",
                  R"("custom_field":{"gid":"8"},"old_number_value":1,"new_number_value":2)") ==
          Rows{"formula_custom_field_changed|8|1.0|2.0|-|-"});
}

TEST_CASE("comments and the stories of goals are no changes of a task") {
    CHECK(changes("comment_added", "").empty());
    CHECK(changes("name_changed", R"("old_name":"a","new_name":"b")", "goal").empty());
}
