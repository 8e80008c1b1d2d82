// What is read of each kind of Asana object, and into which columns: one field list per table, whatever request fills
// it, so that the same object gives the same row. opt_fields, columns and rows are all derived from these lists.
//
// Names of referenced objects are asked for people only: a renamed project must not rewrite its tasks.
// https://developers.asana.com/reference/rest-api-reference
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "asana/history.hpp"

namespace taskmirror::asana {

// How a field becomes columns or rows. Null and absence are NULL.
enum class Is : std::uint8_t {
    text,                   // x
    boolean,                // x, 0 or 1
    integer,                // x
    number,                 // x
    json_texts,             // a list of strings: x, as a JSON array
    reference,              // x_gid
    person,                 // x_gid, and the name as a mention
    typed,                  // x_gid and x_type
    typed_with_name,        // the same, and the name as a mention
    json_references,        // a list of references: x, as a JSON array of gids
    json_people,            // the same, with names as mentions
    json,                   // whatever it is: x, as JSON; of `inside` the members that are asked for
    structure,              // the columns of `inside`, each under its own name
    own_gid,                // inside a structure: its gid, which comes unasked
    whole_structure,        // the same, asked for as a whole because its members cannot be named in opt_fields
    texts,                  // a list of strings: a child row each
    references,             // a list of references: a child row each
    people,                 // the same, with names as mentions
    likes,                  // a list of {user}: a child row each
    task_memberships,       // {project, section}: a child row each
    custom_field_values,    // a child row each, and one for each item of a multi-enum, people or reference value
    custom_field_settings,  // a child row each, and the definition as an object of its own
    enum_options,           // objects of their own, with their position
    status_options,         // the same
    user_task_list,         // x_gid, and the list as an object of its own
};

struct Field {
    std::string_view name;  // the API's
    Is is;
    std::string_view to = {};      // the table it refers to, where a mention of it is a row
    std::string_view rows = {};    // the child table of a list
    std::string_view column = {};  // where it is not the name by the rule above
    std::span<const Field> inside = {};
};

// What stands in a row without being in the answer: taken from the request.
enum class Given : std::uint8_t {
    nothing,
    workspace,   // workspace_gid: the work's root
    parent,      // parent_gid and parent_type, where the answer does not say
    position,    // project_gid: the scope; position: the place in the whole list
    field,       // custom_field_gid and position: of an option, from the definition around it
    type,        // custom_type_gid and position
    membership,  // workspace_membership_gid: of a list, from the membership around it
    item,        // portfolio_gid: the scope; item_gid: the object's own. The row is an edge, and has no gid
};

struct Mapping {
    std::string_view table;
    std::span<const Field> fields;
    Given given = Given::nothing;
    std::string_view type = {};  // what the API calls the object, where its custom field values are kept
};

// The columns of a child table; the owner stands first. A list of references has the owner and the reference.
struct Children {
    std::string_view table;
    std::span<const std::string_view> columns;
    std::string_view watched = {};  // see Table
};

using enum Is;

inline constexpr std::string_view kUsers = "asana_users", kProjects = "asana_projects", kSections = "asana_sections",
                                  kTags = "asana_tags", kCustomFields = "asana_custom_fields",
                                  kOptions = "asana_custom_field_options";

inline constexpr Field kWorkspaceFields[] = {
    {"name", text},
    {"is_organization", boolean},
    {"email_domains", texts, {}, "asana_workspace_email_domains"},
};

inline constexpr Field kWorkspaceMembershipFields[] = {
    {"workspace", reference}, {"user", person, kUsers}, {"user_task_list", user_task_list}, {"is_active", boolean},
    {"is_admin", boolean},    {"is_guest", boolean},    {"is_view_only", boolean},          {"created_at", text},
};

inline constexpr Field kPhotoFields[] = {{"image_128x128", text, {}, {}, "photo_url"}};

// custom_fields of a user differ from workspace to workspace, so they are not part of the person.
inline constexpr Field kUserFields[] = {
    {"name", text},
    {"email", text},
    {"photo", structure, {}, {}, {}, kPhotoFields},
};

inline constexpr Field kTeamFields[] = {
    {"name", text},
    {"description", text},
    {"html_description", text},
    {"organization", reference},
    {"permalink_url", text},
    {"visibility", text},
    {"endorsed", boolean},
    {"edit_team_name_or_description_access_level", text},
    {"edit_team_visibility_or_trash_team_access_level", text},
    {"member_invite_management_access_level", text},
    {"guest_invite_management_access_level", text},
    {"join_request_management_access_level", text},
    {"team_member_removal_access_level", text},
    {"team_content_management_access_level", text},
    {"custom_field_settings", custom_field_settings},
};

inline constexpr Field kTeamMembershipFields[] = {
    {"team", reference},   {"user", person, kUsers}, {"is_guest", boolean}, {"is_limited_access", boolean},
    {"is_admin", boolean},
};

// Of a definition; also of the definition inside a project's setting, which is the only place of local fields.
inline constexpr Field kCustomFieldFields[] = {
    {"name", text},
    {"description", text},
    {"resource_subtype", text},
    {"representation_type", text},
    {"precision", integer},
    {"format", text},
    {"currency_code", text},
    {"custom_label", text},
    {"custom_label_position", text},
    {"id_prefix", text},
    {"input_restrictions", json_texts},
    {"is_global_to_workspace", boolean},
    {"is_formula_field", boolean},
    {"is_value_read_only", boolean},
    {"privacy_setting", text},
    {"default_access_level", text},
    {"asana_created_field", text},
    {"created_by", person, kUsers},
    {"enum_options", enum_options},
};

inline constexpr Field kOptionFields[] = {
    {"name", text},
    {"color", text},
    {"enabled", boolean},
};

// people_value and reference_value are not offered on projects.
inline constexpr Field kProjectValueFields[] = {
    {"enabled", boolean},
    {"display_value", text},
    {"text_value", text},
    {"number_value", number},
    {"date_value", whole_structure},
    {"enum_value", reference},
    {"multi_enum_values", references},
};
inline constexpr Field kTaskValueFields[] = {
    {"enabled", boolean},
    {"display_value", text},
    {"text_value", text},
    {"number_value", number},
    {"date_value", whole_structure},
    {"enum_value", reference},
    {"multi_enum_values", references},
    {"people_value", people},
    {"reference_value", references},
};

inline constexpr Field kProjectFields[] = {
    {"name", text},
    {"workspace", reference},
    {"team", reference},
    {"owner", reference, kUsers},
    {"archived", boolean},
    {"completed", boolean},
    {"completed_at", text},
    {"completed_by", person, kUsers},
    {"color", text},
    {"icon", text},
    {"default_view", text},
    {"privacy_setting", text},
    {"default_access_level", text},
    {"minimum_access_level_for_customization", text},
    {"minimum_access_level_for_sharing", text},
    {"start_on", text},
    {"due_on", text},
    {"notes", text},
    {"html_notes", text},
    {"current_status_update", reference},
    {"project_brief", reference},
    {"created_from_template", reference},
    {"permalink_url", text},
    {"created_at", text},
    {"modified_at", text},
    {"members", people, kUsers, "asana_project_members"},
    {"followers", people, kUsers, "asana_project_followers"},
    {"custom_field_settings", custom_field_settings},
    {"custom_fields", custom_field_values, {}, {}, {}, kProjectValueFields},
};

// The list takes no opt_fields; its compact record is complete but for the parent.
inline constexpr Field kMembershipFields[] = {
    {"resource_subtype", text},
    {"parent", typed},
    {"member", typed},
    {"access_level", text},
};

inline constexpr Field kSectionFields[] = {
    {"name", text},
    {"created_at", text},
};

inline constexpr Field kProjectBriefFields[] = {
    {"title", text}, {"html_text", text}, {"text", text}, {"permalink_url", text}, {"project", reference, kProjects},
};

inline constexpr Field kStatusUpdateFields[] = {
    {"parent", typed},
    {"resource_subtype", text},
    {"title", text},
    {"text", text},
    {"html_text", text},
    {"status_type", text},
    {"author", person, kUsers},
    {"created_by", person, kUsers},
    {"created_at", text},
    {"modified_at", text},
    {"num_likes", integer},
};

inline constexpr Field kTagFields[] = {
    {"name", text},
    {"workspace", reference},
    {"color", text},
    {"notes", text},
    {"permalink_url", text},
    {"created_at", text},
    {"followers", people, kUsers, "asana_tag_followers"},
};

inline constexpr Field kCustomTypeFields[] = {
    {"name", text},
    {"status_options", status_options},
};

inline constexpr Field kStatusOptionFields[] = {
    {"name", text},
    {"completion_state", text},
    {"enabled", boolean},
    {"color", text},
};

inline constexpr Field kTaskFields[] = {
    {"name", text},
    {"resource_subtype", text},
    {"workspace", reference},
    {"parent", reference},
    {"assignee", person, kUsers},
    {"assignee_section", reference, kSections},
    {"assigned_by", person, kUsers},
    {"created_by", reference, kUsers},
    {"completed", boolean},
    {"completed_at", text},
    {"completed_by", person, kUsers},
    {"approval_status", text},
    {"start_on", text},
    {"start_at", text},
    {"due_on", text},
    {"due_at", text},
    {"notes", text},
    {"html_notes", text},
    {"num_likes", integer},
    {"num_subtasks", integer},
    {"actual_time_minutes", number},
    {"is_rendered_as_separator", boolean},
    {"custom_type", reference},
    {"custom_type_status_option", reference},
    {"permalink_url", text},
    {"created_at", text},
    {"modified_at", text},
    {"memberships", task_memberships, {}, "asana_task_memberships"},
    {"followers", people, kUsers, "asana_task_followers"},
    {"tags", references, kTags, "asana_task_tags"},
    {"dependencies", references, {}, "asana_task_dependencies"},
    {"likes", likes, kUsers, "asana_task_likes"},
    {"custom_fields", custom_field_values, {}, {}, {}, kTaskValueFields},
};

inline constexpr Field kOldDatesFields[] = {
    {"start_on", text, {}, {}, "old_dates_start_on"},
    {"due_on", text, {}, {}, "old_dates_due_on"},
    {"due_at", text, {}, {}, "old_dates_due_at"},
};
inline constexpr Field kNewDatesFields[] = {
    {"start_on", text, {}, {}, "new_dates_start_on"},
    {"due_on", text, {}, {}, "new_dates_due_on"},
    {"due_at", text, {}, {}, "new_dates_due_at"},
};
inline constexpr Field kOldDateValueFields[] = {
    {"start_on", text, {}, {}, "old_date_value_start_on"},
    {"due_on", text, {}, {}, "old_date_value_due_on"},
    {"due_at", text, {}, {}, "old_date_value_due_at"},
};
inline constexpr Field kNewDateValueFields[] = {
    {"start_on", text, {}, {}, "new_date_value_start_on"},
    {"due_on", text, {}, {}, "new_date_value_due_on"},
    {"due_at", text, {}, {}, "new_date_value_due_at"},
};

inline constexpr Field kStoryFields[] = {
    {"resource_subtype", text},
    {"type", text},
    {"target", typed},
    {"created_by", person, kUsers},
    {"created_at", text},
    {"text", text},
    {"html_text", text},
    {"is_pinned", boolean},
    {"is_edited", boolean},
    {"num_likes", integer},
    {"source", text},
    {"sticker_name", text},
    {"assignee", person, kUsers},
    {"follower", person, kUsers},
    {"task", reference},
    {"project", reference, kProjects},
    {"tag", reference, kTags},
    {"story", reference},
    {"dependency", reference},
    {"duplicate_of", reference},
    {"duplicated_from", reference},
    {"custom_field", reference, kCustomFields},
    {"old_name", text},
    {"new_name", text},
    {"old_resource_subtype", text},
    {"new_resource_subtype", text},
    {"old_approval_status", text},
    {"new_approval_status", text},
    {"old_section", reference, kSections},
    {"new_section", reference, kSections},
    {"old_dates", structure, {}, {}, {}, kOldDatesFields},
    {"new_dates", structure, {}, {}, {}, kNewDatesFields},
    {"old_text_value", text},
    {"new_text_value", text},
    {"old_number_value", number},
    {"new_number_value", number},
    {"old_enum_value", reference, kOptions},
    {"new_enum_value", reference, kOptions},
    {"old_multi_enum_values", json_references, kOptions},
    {"new_multi_enum_values", json_references, kOptions},
    {"old_people_value", json_people, kUsers},
    {"new_people_value", json_people, kUsers},
    {"old_date_value", whole_structure, {}, {}, {}, kOldDateValueFields},
    {"new_date_value", whole_structure, {}, {}, {}, kNewDateValueFields},
};

inline constexpr Field kAttachmentFields[] = {
    {"name", text},    {"resource_subtype", text}, {"parent", typed},  {"created_at", text},          {"host", text},
    {"size", integer}, {"permanent_url", text},    {"view_url", text}, {"connected_to_app", boolean},
};

inline constexpr std::string_view kValues = "asana_custom_field_values", kItems = "asana_custom_field_value_items",
                                  kSettings = "asana_custom_field_settings";

inline constexpr std::string_view kDomainColumns[] = {"workspace_gid", "email_domain"};
inline constexpr std::string_view kProjectUserColumns[] = {"project_gid", "user_gid"};
inline constexpr std::string_view kTaskUserColumns[] = {"task_gid", "user_gid"};
inline constexpr std::string_view kTaskTagColumns[] = {"task_gid", "tag_gid"};
inline constexpr std::string_view kDependencyColumns[] = {"task_gid", "depends_on_gid"};
inline constexpr std::string_view kTagUserColumns[] = {"tag_gid", "user_gid"};
inline constexpr std::string_view kTaskMembershipColumns[] = {"task_gid", "project_gid", "section_gid"};
inline constexpr std::string_view kSettingColumns[] = {"parent_gid", "parent_type", "custom_field_gid", "is_important",
                                                       "position"};
inline constexpr std::string_view kValueColumns[] = {
    "object_gid", "object_type",  "custom_field_gid", "enabled",        "display_value",
    "text_value", "number_value", "date_value",       "datetime_value", "enum_option_gid"};
inline constexpr std::string_view kItemColumns[] = {"object_gid", "custom_field_gid", "position", "item_gid",
                                                    "item_type"};

inline constexpr Children kChildren[] = {
    {"asana_workspace_email_domains", kDomainColumns},
    {"asana_project_members", kProjectUserColumns},
    {"asana_project_followers", kProjectUserColumns},
    {"asana_task_memberships", kTaskMembershipColumns},
    {"asana_task_followers", kTaskUserColumns},
    {"asana_task_tags", kTaskTagColumns},
    {"asana_task_dependencies", kDependencyColumns},
    {"asana_task_likes", kTaskUserColumns},
    {"asana_tag_followers", kTagUserColumns},
    // Fields come to the tasks of a project, and leave them, with the project.
    {kSettings, kSettingColumns, "custom_field_gid"},
    {kValues, kValueColumns},
    {kItems, kItemColumns},
    {kTaskChanges, kTaskChangeColumns},
};

inline constexpr Mapping kWorkspaces{"asana_workspaces", kWorkspaceFields};
inline constexpr Mapping kWorkspaceMemberships{"asana_workspace_memberships", kWorkspaceMembershipFields};
inline constexpr Mapping kPeople{kUsers, kUserFields};
inline constexpr Mapping kTeams{"asana_teams", kTeamFields, Given::nothing, "team"};
inline constexpr Mapping kTeamMemberships{"asana_team_memberships", kTeamMembershipFields};
inline constexpr Mapping kDefinitions{kCustomFields, kCustomFieldFields, Given::workspace};
inline constexpr Mapping kEnumOptions{kOptions, kOptionFields, Given::field};
inline constexpr Mapping kProjectList{kProjects, kProjectFields, Given::nothing, "project"};
inline constexpr Mapping kMemberships{"asana_memberships", kMembershipFields, Given::parent};
inline constexpr Mapping kSectionList{kSections, kSectionFields, Given::position};
inline constexpr Mapping kProjectBriefs{"asana_project_briefs", kProjectBriefFields};
inline constexpr Mapping kStatusUpdates{"asana_status_updates", kStatusUpdateFields, Given::parent};
inline constexpr Mapping kTagList{kTags, kTagFields};
inline constexpr Mapping kCustomTypes{"asana_custom_types", kCustomTypeFields};
inline constexpr Mapping kStatusOptions{"asana_custom_type_status_options", kStatusOptionFields, Given::type};
inline constexpr Mapping kTasks{"asana_tasks", kTaskFields, Given::nothing, "task"};
inline constexpr Mapping kStories{"asana_stories", kStoryFields};
inline constexpr Mapping kAttachments{"asana_attachments", kAttachmentFields, Given::parent};

inline constexpr const Mapping* kMappings[] = {
    &kWorkspaces,  &kWorkspaceMemberships, &kPeople,        &kTeams,       &kTeamMemberships, &kDefinitions,
    &kEnumOptions, &kProjectList,          &kMemberships,   &kSectionList, &kProjectBriefs,   &kStatusUpdates,
    &kTagList,     &kCustomTypes,          &kStatusOptions, &kTasks,       &kStories,         &kAttachments,
};

}  // namespace taskmirror::asana
