// What is read of portfolios and goals. See fields.hpp.
#pragma once

#include "asana/fields.hpp"

namespace taskmirror::asana {

inline constexpr std::string_view kPortfolios = "asana_portfolios", kPortfolioItems = "asana_portfolio_items",
                                  kGoals = "asana_goals";

inline constexpr Field kPortfolioFields[] = {
    {"name", text},
    {"workspace", reference},
    {"owner", person, kUsers},
    {"created_by", person, kUsers},
    {"archived", boolean},
    {"color", text},
    {"start_on", text},
    {"due_on", text},
    {"public", boolean},
    {"privacy_setting", text},
    {"default_access_level", text},
    {"current_status_update", reference},
    {"permalink_url", text},
    {"created_at", text},
    {"members", people, kUsers, "asana_portfolio_members"},
    {"project_templates", references, {}, "asana_portfolio_project_templates"},
    {"custom_field_settings", custom_field_settings},
    {"custom_fields", custom_field_values, {}, {}, {}, kProjectValueFields},
};

// Projects, and portfolios. The list is asked for its compact records: no opt_fields name the resource_type.
inline constexpr Field kPortfolioItemFields[] = {{"resource_type", text, {}, {}, "item_type"}};

inline constexpr Field kProjectPortfolioSettingFields[] = {
    {"project", reference, kProjects},
    {"portfolio", reference},
    {"is_access_control_inherited", boolean},
    {"created_at", text},
};

inline constexpr Field kGoalMetricFields[] = {
    {"gid", own_gid, {}, {}, "metric_gid"},
    {"resource_subtype", text, {}, {}, "metric_resource_subtype"},
    {"precision", integer, {}, {}, "metric_precision"},
    {"unit", text, {}, {}, "metric_unit"},
    {"currency_code", text, {}, {}, "metric_currency_code"},
    {"initial_number_value", number, {}, {}, "metric_initial_number_value"},
    {"target_number_value", number, {}, {}, "metric_target_number_value"},
    {"current_number_value", number, {}, {}, "metric_current_number_value"},
    {"current_display_value", text, {}, {}, "metric_current_display_value"},
    {"progress_source", text, {}, {}, "metric_progress_source"},
    {"is_custom_weight", boolean, {}, {}, "metric_is_custom_weight"},
};

inline constexpr Field kGoalFields[] = {
    {"name", text},
    {"workspace", reference},
    {"team", reference},
    {"owner", person, kUsers},
    {"time_period", reference},
    {"is_workspace_level", boolean},
    {"start_on", text},
    {"due_on", text},
    {"status", text},
    {"notes", text},
    {"html_notes", text},
    {"privacy_setting", text},
    {"default_access_level", text},
    {"current_status_update", reference},
    {"num_likes", integer},
    {"metric", structure, {}, {}, {}, kGoalMetricFields},
    {"followers", people, kUsers, "asana_goal_followers"},
    {"custom_field_settings", custom_field_settings},
    {"custom_fields", custom_field_values, {}, {}, {}, kProjectValueFields},
};

inline constexpr Field kGoalRelationshipFields[] = {
    {"resource_subtype", text},
    {"supported_goal", reference},
    {"supporting_resource", typed},
    {"contribution_weight", number},
};

inline constexpr Field kTimePeriodFields[] = {
    {"period", text}, {"display_name", text}, {"start_on", text}, {"end_on", text}, {"parent", reference},
};

inline constexpr std::string_view kPortfolioUserColumns[] = {"portfolio_gid", "user_gid"};
inline constexpr std::string_view kPortfolioTemplateColumns[] = {"portfolio_gid", "project_template_gid"};
inline constexpr std::string_view kGoalUserColumns[] = {"goal_gid", "user_gid"};

inline constexpr Children kPlanningChildren[] = {
    {"asana_portfolio_members", kPortfolioUserColumns},
    {"asana_portfolio_project_templates", kPortfolioTemplateColumns},
    {"asana_goal_followers", kGoalUserColumns},
};

inline constexpr Mapping kPortfolioList{kPortfolios, kPortfolioFields, Given::nothing, "portfolio"};
inline constexpr Mapping kPortfolioItemList{kPortfolioItems, kPortfolioItemFields, Given::item};
inline constexpr Mapping kProjectPortfolioSettings{"asana_project_portfolio_settings", kProjectPortfolioSettingFields};
inline constexpr Mapping kGoalList{kGoals, kGoalFields, Given::nothing, "goal"};
inline constexpr Mapping kGoalRelationships{"asana_goal_relationships", kGoalRelationshipFields};
inline constexpr Mapping kTimePeriods{"asana_time_periods", kTimePeriodFields, Given::workspace};

inline constexpr const Mapping* kPlanningMappings[] = {
    &kPortfolioList, &kPortfolioItemList, &kProjectPortfolioSettings, &kGoalList, &kGoalRelationships, &kTimePeriods,
};

}  // namespace taskmirror::asana
