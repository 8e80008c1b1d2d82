// Where else a text stands than in its own column. Who redacts the one has the other redacted as well.
#pragma once

#include <span>
#include <string_view>

namespace taskmirror::asana {

struct Echo {
    std::span<const std::string_view> of;  // as "table.column"
    std::string_view in;
    bool part = false;  // among other text: all of it is dropped
    // Only in rows where this column has this text ("": any), and where nothing stands in those of `without`.
    std::string_view where = {};
    std::string_view is = {};
    std::span<const std::string_view> without = {};
};

inline constexpr std::string_view kPersonName[] = {"asana_users.name"};
inline constexpr std::string_view kEmail[] = {"asana_users.email"};
inline constexpr std::string_view kTaskName[] = {"asana_tasks.name"};
inline constexpr std::string_view kTaskOldName[] = {"asana_tasks.name", "asana_stories.old_name"};
inline constexpr std::string_view kTaskNewName[] = {"asana_tasks.name", "asana_stories.new_name"};
inline constexpr std::string_view kGoalName[] = {"asana_goals.name"};
inline constexpr std::string_view kFileName[] = {"asana_attachments.name"};
inline constexpr std::string_view kTextValue[] = {"asana_custom_field_values.text_value"};
inline constexpr std::string_view kDisplayValue[] = {"asana_custom_field_values.display_value"};
inline constexpr std::string_view kFieldText[] = {"asana_custom_field_values.text_value",
                                                  "asana_custom_field_values.display_value"};
// A change does not say of which kind its field is: all values of all fields.
inline constexpr std::string_view kOldFieldText[] = {
    "asana_custom_field_values.text_value", "asana_custom_field_values.display_value", "asana_stories.old_text_value"};
inline constexpr std::string_view kNewFieldText[] = {
    "asana_custom_field_values.text_value", "asana_custom_field_values.display_value", "asana_stories.new_text_value"};
inline constexpr std::string_view kChosen[] = {"asana_users.name", "asana_custom_field_options.name"};
inline constexpr std::string_view kPlainValues[] = {"text_value", "number_value", "date_value", "datetime_value"};
// What Asana tells in its own words: "Ada changed the name to ..".
inline constexpr std::string_view kTold[] = {
    "asana_users.name",
    "asana_users.email",
    "asana_tasks.name",
    "asana_tasks.notes",
    "asana_tasks.html_notes",
    "asana_goals.name",
    "asana_goals.notes",
    "asana_goals.html_notes",
    "asana_projects.name",
    "asana_portfolios.name",
    "asana_teams.name",
    "asana_tags.name",
    "asana_sections.name",
    "asana_custom_fields.name",
    "asana_custom_field_options.name",
    "asana_custom_field_values.text_value",
    "asana_custom_field_values.display_value",
    "asana_attachments.name",
    "asana_status_updates.title",
    "asana_workspaces.name",
    "asana_stories.old_name",
    "asana_stories.new_name",
    "asana_stories.old_text_value",
    "asana_stories.new_text_value",
};

inline constexpr Echo kEchoes[] = {
    {kTold, "asana_stories.text", true, "type", "system"},
    {kTold, "asana_stories.html_text", true, "type", "system"},
    {kTaskName, "asana_stories.old_name", false, "target_type", "task"},
    {kTaskName, "asana_stories.new_name", false, "target_type", "task"},
    {kGoalName, "asana_stories.old_name", false, "target_type", "goal"},
    {kGoalName, "asana_stories.new_name", false, "target_type", "goal"},
    {kFieldText, "asana_stories.old_text_value"},
    {kFieldText, "asana_stories.new_text_value"},
    {kTaskOldName, "asana_task_changes.old_value", false, "field", "name"},
    {kTaskNewName, "asana_task_changes.new_value", false, "field", "name"},
    {kOldFieldText, "asana_task_changes.old_value", false, "field", "custom_field"},
    {kNewFieldText, "asana_task_changes.new_value", false, "field", "custom_field"},
    {kTextValue, "asana_custom_field_values.display_value", false, "text_value"},
    {kDisplayValue, "asana_custom_field_values.text_value"},
    {kChosen, "asana_custom_field_values.display_value", true, {}, {}, kPlainValues},
    {kPersonName, "asana_user_task_lists.name", true},
    {kPersonName, "asana_task_templates.template_followers", true},
    {kFileName, "asana_task_templates.template_attachments", true},
    {kTold, "asana_task_templates.template_custom_fields", true},
    {kEmail, "asana_audit_log_events.actor_email"},
    {kEmail, "asana_audit_log_events.resource_email"},
    {kPersonName, "asana_audit_log_events.actor_name"},
    {kTold, "asana_audit_log_events.resource_name", true},
    {kTold, "asana_audit_log_events.details", true},
};

}  // namespace taskmirror::asana
