// As fields.hpp, of time tracking, capacity, budgets, templates, and of what an organization administers.
#pragma once

#include "asana/fields.hpp"

namespace taskmirror::asana {

inline constexpr std::string_view kPlaceholders = "asana_placeholders";

// The My Tasks of a person: it comes with the membership. https://developers.asana.com/reference/user-task-lists
inline constexpr Field kUserTaskListFields[] = {
    {"name", text},
    {"owner", reference, kUsers},
    {"workspace", reference},
};

inline constexpr Field kTimeTrackingEntryFields[] = {
    {"task", reference},
    {"created_by", person, kUsers},
    {"entered_on", text},
    {"duration_minutes", integer},
    {"attributable_to", reference, kProjects},
    {"description", text},
    {"approval_status", text},
    {"billable_status", text},
    {"created_at", text},
    {"categories", references, {}, "asana_time_tracking_entry_categories"},
};

inline constexpr Field kTimeTrackingCategoryFields[] = {
    {"name", text},
    {"color", text},
    {"is_archived", boolean},
};

inline constexpr Field kTimesheetApprovalStatusFields[] = {
    {"workspace", reference}, {"user", person, kUsers},  {"start_date", text},
    {"end_date", text},       {"approval_status", text}, {"created_at", text},
};

inline constexpr Field kEffortFields[] = {
    {"type", text, {}, {}, "effort_type"},
    {"value", number, {}, {}, "effort_value"},
};
// A placeholder has no list of its own: its name comes along here only.
inline constexpr Field kAllocationFields[] = {
    {"resource_subtype", text},
    {"parent", typed},
    {"assignee", typed_with_name},
    {"created_by", person, kUsers},
    {"start_date", text},
    {"end_date", text},
    {"effort", structure, {}, {}, {}, kEffortFields},
};

inline constexpr Field kEstimateFields[] = {
    {"billable_status_filter", text, {}, {}, "estimate_billable_status_filter"},
    {"source", text, {}, {}, "estimate_source"},
    {"enabled", boolean, {}, {}, "estimate_enabled"},
    {"units", text, {}, {}, "estimate_units"},
    {"value", number, {}, {}, "estimate_value"},
};
inline constexpr Field kActualFields[] = {
    {"billable_status_filter", text, {}, {}, "actual_billable_status_filter"},
    {"units", text, {}, {}, "actual_units"},
    {"value", number, {}, {}, "actual_value"},
};
inline constexpr Field kTotalFields[] = {
    {"enabled", boolean, {}, {}, "total_enabled"},
    {"units", text, {}, {}, "total_units"},
    {"value", number, {}, {}, "total_value"},
};
// The lists of budgets and rates take no opt_fields; their records are complete.
inline constexpr Field kBudgetFields[] = {
    {"parent", typed},
    {"budget_type", text},
    {"estimate", structure, {}, {}, {}, kEstimateFields},
    {"actual", structure, {}, {}, {}, kActualFields},
    {"total", structure, {}, {}, {}, kTotalFields},
};
inline constexpr Field kRateFields[] = {
    {"parent", typed},       {"resource", typed_with_name},  {"rate", number},
    {"currency_code", text}, {"created_by", person, kUsers},
};

inline constexpr Field kOooEntryFields[] = {
    {"user", person, kUsers},
    {"start_date", text},
    {"end_date", text},
    {"created_by", person, kUsers},
};

inline constexpr Field kRequestedDateFields[] = {{"name", text}, {"description", text}};
inline constexpr Field kRequestedRoleFields[] = {{"name", text}};
inline constexpr Field kProjectTemplateFields[] = {
    {"name", text},
    {"description", text},
    {"html_description", text},
    {"public", boolean},
    {"owner", reference, kUsers},
    {"team", reference},
    {"color", text},
    {"requested_dates", json, {}, {}, {}, kRequestedDateFields},
    {"requested_roles", json, {}, {}, {}, kRequestedRoleFields},
};

inline constexpr Field kRecipeFields[] = {
    {"name", text, {}, {}, "template_name"},
    {"task_resource_subtype", text, {}, {}, "template_task_resource_subtype"},
    {"description", text, {}, {}, "template_description"},
    {"html_description", text, {}, {}, "template_html_description"},
    {"relative_start_on", integer, {}, {}, "template_relative_start_on"},
    {"relative_due_on", integer, {}, {}, "template_relative_due_on"},
    {"due_time", text, {}, {}, "template_due_time"},
    {"memberships", json, {}, {}, "template_memberships"},
    {"dependencies", json, {}, {}, "template_dependencies"},
    {"dependents", json, {}, {}, "template_dependents"},
    {"followers", json, {}, {}, "template_followers"},
    {"attachments", json, {}, {}, "template_attachments"},
    {"subtasks", json, {}, {}, "template_subtasks"},
    {"custom_fields", json, {}, {}, "template_custom_fields"},
};
inline constexpr Field kTaskTemplateFields[] = {
    {"name", text},
    {"project", reference, kProjects},
    {"created_by", reference, kUsers},
    {"created_at", text},
    {"template", whole_structure, {}, {}, {}, kRecipeFields},
};

inline constexpr Field kRoleFields[] = {
    {"name", text},           {"workspace", reference}, {"description", text}, {"is_standard_role", boolean},
    {"base_role_type", text}, {"creation_time", text},  {"modified_at", text}, {"permissions", json},
};

inline constexpr Field kAgentFields[] = {
    {"name", text},        {"workspace", reference},    {"resource_subtype", text},
    {"description", text}, {"behavior_guidance", text}, {"photo", structure, {}, {}, {}, kPhotoFields},
};

inline constexpr std::string_view kAuditLog = "asana_audit_log_events";
inline constexpr Field kActorFields[] = {
    {"actor_type", text},
    {"gid", own_gid, {}, {}, "actor_gid"},
    {"name", text, {}, {}, "actor_name"},
    {"email", text, {}, {}, "actor_email"},
};
inline constexpr Field kAuditedFields[] = {
    {"resource_type", text},
    {"resource_subtype", text},
    {"gid", own_gid, {}, {}, "resource_gid"},
    {"name", text, {}, {}, "resource_name"},
    {"email", text, {}, {}, "resource_email"},
};
inline constexpr Field kContextFields[] = {
    {"context_type", text},
    {"api_authentication_method", text, {}, {}, "context_api_authentication_method"},
    {"client_ip_address", text, {}, {}, "context_client_ip_address"},
    {"user_agent", text, {}, {}, "context_user_agent"},
    {"oauth_app_name", text, {}, {}, "context_oauth_app_name"},
    {"rule_name", text, {}, {}, "context_rule_name"},
    {"on_behalf_of_user_id", integer, {}, {}, "context_on_behalf_of_user_id"},
};
inline constexpr Field kAuditLogEventFields[] = {
    {"created_at", text},
    {"event_type", text},
    {"event_category", text},
    {"actor", structure, {}, {}, {}, kActorFields},
    {"resource", structure, {}, {}, {}, kAuditedFields},
    {"details", json},
    {"context", structure, {}, {}, {}, kContextFields},
};

inline constexpr Field kPlaceholderFields[] = {{"name", text}};

inline constexpr std::string_view kEntryCategoryColumns[] = {"time_tracking_entry_gid", "time_tracking_category_gid"};
inline constexpr Children kWorkChildren[] = {{"asana_time_tracking_entry_categories", kEntryCategoryColumns}};

inline constexpr Mapping kUserTaskLists{"asana_user_task_lists", kUserTaskListFields, Given::membership};
inline constexpr Mapping kTimeTrackingEntries{"asana_time_tracking_entries", kTimeTrackingEntryFields,
                                              Given::workspace};
inline constexpr Mapping kTimeTrackingCategories{"asana_time_tracking_categories", kTimeTrackingCategoryFields,
                                                 Given::workspace};
inline constexpr Mapping kTimesheetApprovalStatuses{"asana_timesheet_approval_statuses",
                                                    kTimesheetApprovalStatusFields};
inline constexpr Mapping kAllocations{"asana_allocations", kAllocationFields, Given::workspace};
inline constexpr Mapping kBudgets{"asana_budgets", kBudgetFields, Given::parent};
inline constexpr Mapping kRates{"asana_rates", kRateFields, Given::parent};
inline constexpr Mapping kOooEntries{"asana_ooo_entries", kOooEntryFields, Given::workspace};
inline constexpr Mapping kProjectTemplates{"asana_project_templates", kProjectTemplateFields, Given::workspace};
inline constexpr Mapping kTaskTemplates{"asana_task_templates", kTaskTemplateFields};
inline constexpr Mapping kRoles{"asana_roles", kRoleFields};
inline constexpr Mapping kAgents{"asana_agents", kAgentFields};
inline constexpr Mapping kAuditLogEvents{kAuditLog, kAuditLogEventFields, Given::workspace};
inline constexpr Mapping kPlaceholderList{kPlaceholders, kPlaceholderFields};

inline constexpr const Mapping* kWorkMappings[] = {
    &kUserTaskLists,
    &kTimeTrackingEntries,
    &kTimeTrackingCategories,
    &kTimesheetApprovalStatuses,
    &kAllocations,
    &kBudgets,
    &kRates,
    &kOooEntries,
    &kProjectTemplates,
    &kTaskTemplates,
    &kRoles,
    &kAgents,
    &kAuditLogEvents,
    &kPlaceholderList,
};

}  // namespace taskmirror::asana
