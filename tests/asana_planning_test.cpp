// Portfolios and goals: JSON to rows, and what their pages open.
#include <fmt/format.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include "asana/mapping.hpp"
#include "asana/source.hpp"
#include "asana/streams.hpp"

using namespace taskmirror;
using asana::Id;
using Texts = std::vector<std::string>;

namespace {

struct Reader {
    std::unique_ptr<source::Source> source = asana::make_source({"acme", {}, {}});
    source::Answer answer;

    void read(Id stream, std::string body, std::string_view scope = "7") {
        body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
        source->read({.stream = static_cast<std::uint16_t>(stream), .scope = scope, .root = "1"}, body, answer);
    }
    std::string target(Id stream) const {
        return source->target({.stream = static_cast<std::uint16_t>(stream), .scope = "7", .root = "1"});
    }
    static std::string show(const Value& value) {
        if (value.type == Value::Type::text) return std::string(value.as_text());
        if (value.type == Value::Type::integer) return std::to_string(value.integer);
        return value.is_null() ? "NULL" : fmt::format("{}", value.real);
    }
    // Of the last object of a page: what stands inside it comes before it.
    std::string cell(std::string_view column) const {
        const auto& entity = answer.page.entities.back();
        const auto& columns = source->tables()[entity.table].columns;
        const auto at = std::ranges::find(columns, column);
        REQUIRE(at != columns.end());
        return show(answer.page.values[entity.first + static_cast<std::size_t>(at - columns.begin())]);
    }
    std::string row(std::uint32_t first, std::size_t width) const {
        std::string text;
        for (std::size_t i = 0; i < width; ++i) text += (i > 0 ? "|" : "") + show(answer.page.values[first + i]);
        return text;
    }
    Texts rows(std::string_view table) const {
        Texts all;
        for (const auto& set : answer.page.children) {
            if (source->tables()[set.table].name != table) continue;
            const auto width = source->tables()[set.table].columns.size();
            for (std::uint32_t r = 0; r < set.rows; ++r)
                all.push_back(row(set.first + r * static_cast<std::uint32_t>(width), width));
        }
        return all;
    }
    Texts edges() const {
        Texts all;
        for (const auto& edge : answer.page.edges)
            all.push_back(row(edge.first, source->tables()[edge.table].columns.size()));
        return all;
    }
    Texts opened() const {
        Texts all;
        for (const auto& follow_up : answer.follow_ups)
            all.push_back(fmt::format("{} {}{}", source->streams()[follow_up.stream].name, follow_up.scope,
                                      follow_up.entity >= 0 ? " if changed" : ""));
        return all;
    }
};

}  // namespace

TEST_CASE("the metric of a goal is flattened, and keeps its own gid") {
    Reader reader;
    reader.read(Id::goal, R"({"data":{"gid":"20","name":"More","is_workspace_level":false,"team":{"gid":"4"},
        "time_period":{"gid":"90","resource_type":"time_period"},"owner":{"gid":"5","name":"Ann"},
        "metric":{"gid":"21","resource_subtype":"number","precision":2,"unit":"currency","currency_code":"EUR",
                  "initial_number_value":0,"target_number_value":10.5,"current_number_value":2.25,
                  "current_display_value":"2.25","progress_source":"manual","is_custom_weight":false,"can_manage":true},
        "followers":[{"gid":"5","name":"Ann"}],"num_likes":3}})");

    CHECK(reader.answer.page.entities.back().gid == "20");
    for (const auto& [column, value] :
         std::vector<std::pair<std::string, std::string>>{{"name", "More"},
                                                          {"team_gid", "4"},
                                                          {"time_period_gid", "90"},
                                                          {"owner_gid", "5"},
                                                          {"is_workspace_level", "0"},
                                                          {"num_likes", "3"},
                                                          {"metric_gid", "21"},
                                                          {"metric_precision", "2"},
                                                          {"metric_unit", "currency"},
                                                          {"metric_currency_code", "EUR"},
                                                          {"metric_initial_number_value", "0"},
                                                          {"metric_target_number_value", "10.5"},
                                                          {"metric_current_number_value", "2.25"},
                                                          {"metric_current_display_value", "2.25"},
                                                          {"metric_progress_source", "manual"},
                                                          {"metric_is_custom_weight", "0"}}) {
        INFO(column);
        CHECK(reader.cell(column) == value);
    }
    CHECK(reader.rows("asana_goal_followers") == Texts{"20|5"});
}

TEST_CASE("a goal without a metric has none of its columns") {
    Reader reader;
    reader.read(Id::goal, R"({"data":{"gid":"20","metric":null}})");

    CHECK(reader.cell("metric_gid") == "NULL");
    CHECK(reader.cell("metric_current_number_value") == "NULL");
}

TEST_CASE("the gid of a metric is not asked for, it comes unasked") {
    const auto fields = "," + asana::opt_fields(asana::kGoalList) + ",";

    CHECK(fields.find(",metric.unit,") != std::string::npos);
    CHECK(fields.find("metric.gid") == std::string::npos);
}

TEST_CASE("the items of a portfolio are edges; a project among them is mentioned, a portfolio asked for") {
    Reader reader;
    reader.read(Id::portfolio_items, R"({"data":[{"gid":"30","resource_type":"project","name":"P"},
        {"gid":"31","resource_type":"portfolio","name":"Q"}],"next_page":null})");

    CHECK(reader.edges() == Texts{"7|30|project", "7|31|portfolio"});
    CHECK(reader.answer.page.entities.empty());
    CHECK(reader.answer.objects == 2);
    REQUIRE(reader.answer.page.mentions.size() == 1);
    CHECK(reader.answer.page.mentions[0].gid == "30");
    CHECK(reader.answer.page.edges[0].mentions == 1);
    CHECK(reader.answer.page.edges[1].mentions == 0);
    CHECK(reader.opened() == Texts{"nested_portfolios 31"});
    CHECK(reader.target(Id::portfolio_items) == "/portfolios/7/items?limit=100");
}

TEST_CASE("an item without a gid makes the page unusable") {
    Reader reader;
    CHECK_THROWS_AS(reader.read(Id::portfolio_items, R"({"data":[{"resource_type":"project"}],"next_page":null})"),
                    Error);
}

TEST_CASE("a portfolio leads to what is in it, and its fields and values are its own") {
    Reader reader;
    reader.read(Id::nested_portfolios, R"({"data":{"gid":"31","name":"Q","members":[{"gid":"5","name":"Ann"}],
        "custom_field_settings":[{"gid":"1","is_important":true,"custom_field":{"gid":"60","name":"F"}}],
        "custom_fields":[{"gid":"61","text_value":"x","enabled":true}]}})");

    CHECK(reader.rows("asana_portfolio_members") == Texts{"31|5"});
    CHECK(reader.rows("asana_custom_field_settings") == Texts{"31|portfolio|60|1|0"});
    CHECK(reader.rows("asana_custom_field_values") == Texts{"31|portfolio|61|1|NULL|x|NULL|NULL|NULL|NULL"});
    CHECK(reader.opened() == Texts{"portfolio_items 31", "project_portfolio_settings 31", "portfolio_memberships 31",
                                   "portfolio_status_updates 31"});
}

TEST_CASE("the custom fields of a team come with the team") {
    Reader reader;
    reader.read(Id::team, R"({"data":{"gid":"4","custom_field_settings":[
        {"gid":"1","is_important":false,"custom_field":{"gid":"60","name":"F"}}]}})");

    CHECK(reader.rows("asana_custom_field_settings") == Texts{"4|team|60|0|0"});
    CHECK(reader.opened() == Texts{"team_memberships 4", "team_goals 4"});
}

TEST_CASE("the stories of a goal are read within the period of its reconciliation, and at once when it changed") {
    Reader reader;
    reader.read(Id::goals, R"({"data":[{"gid":"20"}],"next_page":null})", "1");

    CHECK(reader.opened() == Texts{"goal_relationships 20", "goal_memberships 20", "goal_status_updates 20",
                                   "goal_stories 20", "goal_stories 20 if changed"});
    CHECK(asana::kStreams[static_cast<std::size_t>(Id::goal_stories)].engine.every == source::Every::reconcile);
}

TEST_CASE("a membership keeps the parent that its answer names, else that of its request") {
    Reader reader;
    reader.read(Id::goal_memberships, R"({"data":[{"gid":"40","resource_subtype":"goal_membership",
        "parent":{"gid":"20","resource_type":"goal"},"member":{"gid":"4","resource_type":"team"}}],"next_page":null})");
    CHECK(reader.cell("parent_gid") == "20");
    CHECK(reader.cell("parent_type") == "goal");

    reader.read(Id::portfolio_memberships, R"({"data":[{"gid":"41","member":{"gid":"5"}}],"next_page":null})");
    CHECK(reader.cell("parent_gid") == "7");
    CHECK(reader.cell("parent_type") == "portfolio");
}

TEST_CASE("what supports a goal is kept with its type, and a project is mentioned") {
    Reader reader;
    reader.read(Id::goal_relationships, R"({"data":[{"gid":"50","resource_subtype":"supporting_work",
        "supported_goal":{"gid":"20"},"supporting_resource":{"gid":"30","resource_type":"project"},
        "contribution_weight":0.5}],"next_page":null})");

    CHECK(reader.cell("supported_goal_gid") == "20");
    CHECK(reader.cell("supporting_resource_gid") == "30");
    CHECK(reader.cell("supporting_resource_type") == "project");
    CHECK(reader.cell("contribution_weight") == "0.5");
    CHECK(reader.answer.page.mentions.size() == 1);
}

TEST_CASE("a personal token is asked for the portfolios of its user, and each team for its goals") {
    const Reader reader;
    CHECK(reader.target(Id::portfolios).starts_with("/portfolios?workspace=1&owner=me&limit=100&opt_fields="));
    CHECK(reader.target(Id::goals).starts_with("/goals?workspace=1&limit=100&opt_fields="));
    CHECK(reader.target(Id::team_goals).starts_with("/goals?team=7&limit=100&opt_fields="));
    CHECK(reader.target(Id::goal_relationships).starts_with("/goal_relationships?supported_goal=7&limit=100"));
}
