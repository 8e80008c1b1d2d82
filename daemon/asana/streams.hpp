// Every kind of request that is made to Asana, as a table: what it lists, with which fields, in which order, and which
// further requests a row of it opens. The table is the documentation.
//
// A path is filled in with {scope}, the last gid of the work's scope, and {root}, the gid of its workspace.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "asana/fields.hpp"
#include "asana/fields_planning.hpp"
#include "asana/fields_work.hpp"
#include "source/source.hpp"

namespace taskmirror::asana {

enum class Id : std::uint16_t {
    users_me,
    workspaces,
    users,
    workspace_memberships,
    teams,
    custom_fields,
    tags,
    search_tasks,
    search_subtasks,
    search_attachments,
    projects,
    project,
    sections,
    project_tasks,
    project_tasks_changed,
    project_tasks_since,
    task,
    task_subtasks,
    user_tasks,
    user_tasks_changed,
    tag_tasks,
    team_memberships,
    memberships,
    status_updates,
    custom_types,
    project_briefs,
    project_attachments,
    project_brief_attachments,
    task_stories,
    task_attachments,
    project_events,
    workspace_events,
    project_task_counts,
    section,
    tag,
    team,
    custom_field,
    workspace_membership,
    team_membership,
    membership,
    status_update,
    project_brief,
    story,
    attachment,
    time_tracking_entries,
    time_tracking_entries_since,
    time_tracking_categories,
    timesheet_approval_statuses,
    timesheet_approval_statuses_since,
    allocations,
    project_templates,
    roles,
    agents,
    ooo_entries,
    task_templates,
    budgets,
    rates,
    task_time_tracking_entries,
    time_tracking_entry,
    timesheet_approval_status,
    allocation,
    project_template,
    role,
    agent,
    ooo_entry,
    task_template,
    budget,
    rate,
    audit_log_events,
    portfolios,
    nested_portfolios,
    portfolio_items,
    project_portfolio_settings,
    portfolio_memberships,
    portfolio_status_updates,
    goals,
    team_goals,
    time_periods,
    goal_relationships,
    goal_memberships,
    goal_status_updates,
    goal_stories,
    portfolio,
    project_portfolio_setting,
    goal,
    goal_relationship,
    time_period,
    resource_export,
};

// A row of one stream opens work in another one.
struct Opens {
    Id stream;
    std::string_view by = {};      // the column that holds the gid of the new scope; empty: the row's own gid
    std::string_view where = {};   // only if this column is neither NULL nor 0
    std::string_view is = {};      // and, if this is given, has this text
    std::string_view newest = {};  // order: latest value of this column first
    enum class When : std::uint8_t {
        always,
        changed,
        fresh,
        restored,
        watched
    } when = When::always;       // the row: new or not as it was; new; back; with another set in a watched column
    bool stored = false;         // and only if rows of that stream are stored for it
    bool number = false;         // and only if not so many are stored as `where` says
    bool lacking = false;        // and only if none are stored, and what it belongs to is
    std::string_view part = {};  // stands for {scope}: this part of a list that has several
};
using When = Opens::When;

struct Stream {
    source::Stream engine;
    std::string_view path;
    const Mapping* mapping = nullptr;  // none: the answer gives no rows
    enum class Shape : std::uint8_t {
        list,
        single,
        there,  // one object, of which only counts that it is there: what its list gives of it, it does not
        events,
        search,  // a list that has no offsets, in the order of its times
        job,     // that makes a file: its lines are objects
        count
    } shape = Shape::list;
    std::span<const Opens> opens = {};
    bool opt_fields = true;             // false: the endpoint takes none
    std::string_view resource = {};     // the switch in the configuration; empty: always on
    std::string_view parent_type = {};  // of Given::parent
    bool paged = true;                  // false: the list takes neither limit nor offset
    bool endless = false;               // but an offset, which comes with each page: an empty page is the last
    bool service_only = false;          // 403 tells that the token is not that of a service account
    // Of a stream with a watermark: the parameter that takes it. Of a date so many days are taken off: it is the day
    // that something is for, not that of the change.
    std::string_view since = "modified_since";
    int days = 0;
};

inline constexpr Opens kOpenedByMe[] = {{Id::workspaces}};
inline constexpr Opens kOpenedByWorkspace[] = {
    {Id::users},
    {Id::workspace_memberships},
    {Id::teams, {}, "is_organization"},  // other workspaces have none
    {Id::custom_fields},
    {Id::search_tasks},
    {Id::tags},
    {Id::projects},
    {Id::time_tracking_entries},
    {.stream = Id::time_tracking_categories, .part = "false"},
    {.stream = Id::time_tracking_categories, .part = "true"},
    {Id::timesheet_approval_statuses},
    {Id::allocations},
    {Id::project_templates},
    {Id::roles, {}, "is_organization"},
    {Id::agents, {}, "is_organization"},
    {Id::audit_log_events, {}, "is_organization"},
    {Id::portfolios},
    {Id::goals},
    {Id::time_periods},
    {Id::resource_export, {}, "is_organization"},
};
inline constexpr Opens kOpenedByUser[] = {{Id::user_tasks}};
// Deactivated people are in no list of users, and keep their tasks.
inline constexpr Opens kOpenedByWorkspaceMembership[] = {
    {Id::user_tasks, "user_gid"},
    {Id::ooo_entries, "user_gid", "is_active"},
    {.stream = Id::ooo_entries, .by = "user_gid", .when = When::changed},  // of the deactivated, once
};
inline constexpr Opens kOpenedByTeam[] = {{Id::team_memberships}, {Id::team_goals}};
inline constexpr Opens kOpenedByTag[] = {{Id::tag_tasks}};
inline constexpr Opens kOpenedByProject[] = {
    {Id::sections},
    {Id::project_tasks},
    {Id::memberships},
    {Id::status_updates},
    {Id::custom_types},
    {Id::project_briefs, "project_brief_gid", "project_brief_gid"},
    {Id::project_attachments},
    {Id::task_templates},
    {Id::budgets},
    {Id::rates},
    {.stream = Id::project_tasks,
     .when = When::watched},  // its fields are those of its tasks, and move nothing in them
};
inline constexpr Opens kOpenedByProjectBrief[] = {{Id::project_brief_attachments}};
inline constexpr Opens kOpenedByTask[] = {
    {Id::task_subtasks, {}, "num_subtasks"},
    {.stream = Id::task_subtasks,
     .where = "num_subtasks",
     .when = When::changed,
     .number = true},  // the last one has gone
    {Id::task_stories, {}, {}, {}, "modified_at", When::changed},
    {Id::task_attachments, {}, {}, {}, "modified_at", When::fresh},  // of other tasks a story tells
    {.stream = Id::task_attachments,
     .newest = "modified_at",
     .when = When::changed,
     .stored = true},  // one may be gone
    // What was tracked for it may be older than what the list of time is asked for.
    {Id::task_time_tracking_entries, {}, "actual_time_minutes", {}, {}, When::restored},
};
// Looked at by itself, a task leads to its subtasks only when some are missing: they have events of their own. A new
// one, or one that came back, is counted by its parent; what was tracked for it may be older than what is asked for.
inline constexpr Opens kOpenedByChangedTask[] = {
    {Id::task, "parent_gid", {}, {}, {}, When::fresh},
    {.stream = Id::task_subtasks, .where = "num_subtasks", .number = true},
    {Id::task_stories, {}, {}, {}, "modified_at", When::changed},
    {Id::task_attachments, {}, {}, {}, "modified_at", When::fresh},
    {Id::task_time_tracking_entries, {}, "actual_time_minutes", {}, {}, When::fresh},
};
// As that; and no event has told whether an attachment is gone.
inline constexpr Opens kOpenedByModifiedTask[] = {
    {Id::task, "parent_gid", {}, {}, {}, When::fresh},
    {.stream = Id::task_subtasks, .where = "num_subtasks", .when = When::changed, .number = true},
    {Id::task_stories, {}, {}, {}, "modified_at", When::changed},
    {Id::task_attachments, {}, {}, {}, "modified_at", When::fresh},
    {.stream = Id::task_attachments, .newest = "modified_at", .when = When::changed, .stored = true},
    {Id::task_time_tracking_entries, {}, "actual_time_minutes", {}, {}, When::fresh},
};
inline constexpr Opens kOpenedBySearchForAttachments[] = {
    {.stream = Id::task_attachments, .newest = "modified_at", .lacking = true},
};
inline constexpr Opens kOpenedByStory[] = {
    {Id::task_attachments, "target_gid", "resource_subtype", "attachment_added", {}, When::fresh},
};
inline constexpr Opens kOpenedByPortfolio[] = {
    {Id::portfolio_items},
    {Id::project_portfolio_settings},
    {Id::portfolio_memberships},
    {Id::portfolio_status_updates},
};
// One that somebody else owns is in no other list.
inline constexpr Opens kOpenedByPortfolioItem[] = {{Id::nested_portfolios, "item_gid", "item_type", "portfolio"}};
inline constexpr Opens kOpenedByGoal[] = {
    {Id::goal_relationships},
    {Id::goal_memberships},
    {Id::goal_status_updates},
    {Id::goal_stories},
    {.stream = Id::goal_stories, .when = When::changed},
};

// A field that is local to a project stands in no list; a value remains when its field is taken off.
inline constexpr Remains::Kin kFieldsInUse[] = {
    {kSettings, "custom_field_gid"},
    {kValues, "custom_field_gid"},
};
inline constexpr Remains::Kin kNested[] = {{kPortfolioItems, "item_gid"}};

using source::Every;
using source::Kind;
using Shape = Stream::Shape;

// clang-format off
inline constexpr Stream kStreams[] = {
    {.engine = {.name = "users_me", .stage = "organization", .rank = 10, .essential = true},
     .path = "/users/me?opt_fields=name,workspaces.name", .shape = Shape::single, .opens = kOpenedByMe, .opt_fields = false},
    {.engine = {.name = "workspaces", .stage = "organization", .rank = 11, .every = Every::relist, .essential = true},
     .path = "/workspaces", .mapping = &kWorkspaces, .opens = kOpenedByWorkspace},
    // What is asked of a single person is answered though no list names them any more.
    {.engine = {.name = "users", .stage = "organization", .rank = 12, .every = Every::relist, .proves = "asana_users", .remembered = true},
     .path = "/users?workspace={root}", .mapping = &kPeople, .opens = kOpenedByUser},
    {.engine = {.name = "workspace_memberships", .stage = "organization", .rank = 13, .every = Every::relist,
                .proves = "asana_workspace_memberships", .proves_by = "workspace_gid", .looked_at_by = "workspace_membership"},
     .path = "/workspaces/{root}/workspace_memberships", .mapping = &kWorkspaceMemberships, .opens = kOpenedByWorkspaceMembership},
    {.engine = {.name = "teams", .stage = "organization", .rank = 14, .every = Every::relist,
                .proves = "asana_teams", .proves_by = "organization_gid", .looked_at_by = "team"},
     .path = "/workspaces/{root}/teams", .mapping = &kTeams, .opens = kOpenedByTeam},
    {.engine = {.name = "custom_fields", .stage = "organization", .rank = 15, .capability = "custom_fields", .paid_only = true, .every = Every::relist,
                .proves = "asana_custom_fields", .proves_by = "workspace_gid", .looked_at_by = "custom_field", .named_by = kFieldsInUse},
     .path = "/workspaces/{root}/custom_fields", .mapping = &kDefinitions},
    {.engine = {.name = "tags", .stage = "organization", .rank = 16, .every = Every::relist,
                .proves = "asana_tags", .proves_by = "workspace_gid", .looked_at_by = "tag"},
     .path = "/tags?workspace={root}", .mapping = &kTagList, .opens = kOpenedByTag, .resource = "tags"},
    // What was modified in the workspace, wherever it stands. Not what is gone, and up to a minute late, so the last
    // minutes are asked for again each time. https://developers.asana.com/reference/searchtasksforworkspace
    {.engine = {.name = "search_tasks", .stage = "organization", .rank = 16, .budget = source::Budget::search, .capability = "search", .paid_only = true,
                .watermark = true, .lags = true},
     .path = "/workspaces/{root}/tasks/search", .mapping = &kTasks, .shape = Shape::search, .opens = kOpenedByModifiedTask, .resource = "projectless_tasks"},
    // All subtasks, a hundred a request, instead of a request for each parent; and the tasks that have attachments,
    // instead of a request for each task. For a first load: the index knows what is ten minutes old. What it does not
    // know, for it stands still or has lost it, is found all the same:
    // - A subtask: its parent counts it, so the parent's list is asked for. One that was deleted just now and another
    //   that has come make up for each other: the other one is modified, search_tasks tells of it within minutes, the
    //   parent is looked at then, and its number is wrong by now. Below a subtask that the index shows as it was longer
    //   ago, and for what it shows of that, the lists of subtasks tell, which are walked within `reconcile_every`.
    // - An attachment: the story that tells of it opens the list of its task, and the stories of all tasks are read.
    //   Without stories, or of an image in a description, the search for attachments itself, which is made again
    //   within `stories_reread_every`, and opens the lists of those tasks of which none are stored.
    {.engine = {.name = "search_subtasks", .stage = "subtasks", .rank = 42, .budget = source::Budget::search, .capability = "search", .paid_only = true,
                .lags = true, .behind = "search_tasks"},
     .path = "/workspaces/{root}/tasks/search?is_subtask=true", .mapping = &kTasks, .shape = Shape::search, .opens = kOpenedByTask, .resource = "projectless_tasks"},
    {.engine = {.name = "search_attachments", .stage = "stories and attachments", .rank = 60, .budget = source::Budget::search, .capability = "search", .paid_only = true,
                .every = Every::reread, .lags = true, .behind = "search_tasks"},
     .path = "/workspaces/{root}/tasks/search?has_attachment=true&opt_fields=created_at,modified_at", .shape = Shape::search,
     .opens = kOpenedBySearchForAttachments, .opt_fields = false, .resource = "attachments"},
    {.engine = {.name = "projects", .stage = "projects", .rank = 17, .token_stream = "workspace_events", .every = Every::relist,  // archived ones come along
                .proves = "asana_projects", .proves_by = "workspace_gid", .looked_at_by = "project",
                .orphans = {"asana_project_briefs", {"asana_projects", "project_brief_gid"}, "project_brief"},
                .reported_by_row = true, .essential = true},
     .path = "/projects?workspace={root}", .mapping = &kProjectList, .opens = kOpenedByProject},
    {.engine = {.name = "project", .stage = "projects", .rank = 18, .kind = Kind::one_off, .looks_at = "asana_projects", .gives_row = true,
                .proves = "asana_task_memberships", .proves_by = "project_gid", .proves_gid = "task_gid", .looked_at_by = "task",
                .reported_by_row = true},
     .path = "/projects/{scope}", .mapping = &kProjectList, .shape = Shape::single, .opens = kOpenedByProject},
    {.engine = {.name = "sections", .stage = "tasks", .rank = 20, .every = Every::reconcile,
                .proves = "asana_sections", .proves_by = "project_gid", .looked_at_by = "section"},
     .path = "/projects/{scope}/sections", .mapping = &kSectionList},
    {.engine = {.name = "project_tasks", .stage = "tasks", .rank = 21, .token_stream = "project_events", .every = Every::reconcile,
                .proves = "asana_task_memberships", .proves_by = "project_gid", .proves_gid = "task_gid", .looked_at_by = "task",
                .counted_by = "project_task_counts", .exported_by = "resource_export"},
     .path = "/tasks?project={scope}", .mapping = &kTasks, .opens = kOpenedByTask},
    // Several changed tasks of a project at once. Subtasks are not named, nor what left the project.
    {.engine = {.name = "project_tasks_changed", .stage = "tasks", .rank = 22, .kind = Kind::one_off, .watermark = true, .gathers = "task"},
     .path = "/tasks?project={scope}", .mapping = &kTasks, .opens = kOpenedByChangedTask},
    {.engine = {.name = "project_tasks_since", .stage = "tasks", .rank = 22, .watermark = true, .net_of = "project_tasks", .every = Every::relist,
                .behind = "search_tasks", .told_by_search = true},
     .path = "/tasks?project={scope}", .mapping = &kTasks, .opens = kOpenedByModifiedTask},
    {.engine = {.name = "task", .stage = "tasks", .rank = 22, .kind = Kind::one_off, .looks_at = "asana_tasks", .gives_row = true, .modified_by = "modified_at"},
     .path = "/tasks/{scope}", .mapping = &kTasks, .shape = Shape::single, .opens = kOpenedByChangedTask},
    {.engine = {.name = "task_subtasks", .stage = "subtasks", .rank = 30,
                .proves = "asana_tasks", .proves_by = "parent_gid", .looked_at_by = "task",
                .first = {"search_subtasks", "asana_tasks", "workspace_gid", "num_subtasks"}},
     .path = "/tasks/{scope}/subtasks", .mapping = &kTasks, .opens = kOpenedByTask},
    {.engine = {.name = "user_tasks", .stage = "tasks without a project", .rank = 40, .token_stream = "user_tasks_changed", .every = Every::reconcile,
                .proves = "asana_tasks", .proves_by = "assignee_gid", .proves_root = "workspace_gid", .looked_at_by = "task", .exported_by = "resource_export"},
     .path = "/tasks?assignee={scope}&workspace={root}", .mapping = &kTasks, .opens = kOpenedByTask, .resource = "projectless_tasks"},
    // No event tells of a task without a project.
    {.engine = {.name = "user_tasks_changed", .stage = "tasks without a project", .rank = 40, .watermark = true, .behind = "search_tasks", .told_by_search = true},
     .path = "/tasks?assignee={scope}&workspace={root}", .mapping = &kTasks, .opens = kOpenedByModifiedTask, .resource = "projectless_tasks"},
    {.engine = {.name = "tag_tasks", .stage = "tasks without a project", .rank = 41, .every = Every::reconcile,
                .proves = "asana_task_tags", .proves_by = "tag_gid", .proves_gid = "task_gid", .looked_at_by = "task", .exported_by = "resource_export"},
     .path = "/tags/{scope}/tasks", .mapping = &kTasks, .opens = kOpenedByTask, .resource = "projectless_tasks"},
    {.engine = {.name = "team_memberships", .stage = "people and projects in detail", .rank = 50, .every = Every::relist,
                .proves = "asana_team_memberships", .proves_by = "team_gid", .looked_at_by = "team_membership"},
     .path = "/team_memberships?team={scope}", .mapping = &kTeamMemberships, .resource = "team_memberships"},
    {.engine = {.name = "memberships", .stage = "people and projects in detail", .rank = 51, .every = Every::relist,
                .proves = "asana_memberships", .proves_by = "parent_gid", .looked_at_by = "membership"},
     .path = "/memberships?parent={scope}", .mapping = &kMemberships, .opt_fields = false, .resource = "memberships", .parent_type = "project"},
    {.engine = {.name = "status_updates", .stage = "people and projects in detail", .rank = 52, .every = Every::relist,
                .proves = "asana_status_updates", .proves_by = "parent_gid", .looked_at_by = "status_update"},
     .path = "/status_updates?parent={scope}", .mapping = &kStatusUpdates, .resource = "status_updates", .parent_type = "project"},
    {.engine = {.name = "custom_types", .stage = "people and projects in detail", .rank = 53, .every = Every::relist,
                .proves = "asana_custom_types", .remembered = true},
     .path = "/custom_types?project={scope}", .mapping = &kCustomTypes, .resource = "custom_types"},
    {.engine = {.name = "project_briefs", .stage = "people and projects in detail", .rank = 54, .capability = "project_briefs", .every = Every::relist},
     .path = "/project_briefs/{scope}", .mapping = &kProjectBriefs, .shape = Shape::single, .opens = kOpenedByProjectBrief, .resource = "project_briefs"},
    {.engine = {.name = "project_attachments", .stage = "people and projects in detail", .rank = 55, .every = Every::relist,
                .proves = "asana_attachments", .proves_by = "parent_gid", .looked_at_by = "attachment"},
     .path = "/attachments?parent={scope}", .mapping = &kAttachments, .resource = "attachments", .parent_type = "project"},
    {.engine = {.name = "project_brief_attachments", .stage = "people and projects in detail", .rank = 56, .capability = "project_briefs", .every = Every::relist,
                .proves = "asana_attachments", .proves_by = "parent_gid", .looked_at_by = "attachment"},
     .path = "/attachments?parent={scope}", .mapping = &kAttachments, .resource = "attachments", .parent_type = "project_brief"},
    {.engine = {.name = "task_stories", .stage = "stories and attachments", .rank = 60, .kind = Kind::one_off,
                .proves = "asana_stories", .proves_by = "target_gid", .looked_at_by = "story",
                .rotates = "asana_tasks", .rotates_by = "modified_at", .rotates_root = "workspace_gid", .after = "task"},
     .path = "/tasks/{scope}/stories", .mapping = &kStories, .opens = kOpenedByStory, .resource = "stories"},
    // After all stories: they open the same work, which is asked for once then.
    {.engine = {.name = "task_attachments", .stage = "stories and attachments", .rank = 61, .kind = Kind::one_off,
                .proves = "asana_attachments", .proves_by = "parent_gid", .looked_at_by = "attachment",
                .rotates = "asana_tasks", .rotates_by = "modified_at", .rotates_root = "workspace_gid", .rotates_stored = true, .after = "task",
                .not_beside = "task_stories",
                .first = {"search_attachments", "asana_tasks", "workspace_gid"}},
     .path = "/attachments?parent={scope}", .mapping = &kAttachments, .resource = "attachments", .parent_type = "task"},
    // A token is taken before a project's first page, so that what changes during the walk is told later.
    {.engine = {.name = "project_events", .stage = "tasks", .rank = 21, .replaced_by = "workspace_events", .looked_at_by = "project", .gathered_by = "project_tasks_changed", .behind = "search_tasks"},
     .path = "/events?resource={scope}", .shape = Shape::events, .opt_fields = false},
    // Of service accounts of Enterprise+: one request for all projects. https://developers.asana.com/reference/getworkspaceevents
    {.engine = {.name = "workspace_events", .stage = "projects", .rank = 17, .capability = "workspace_events", .paid_only = true, .behind = "search_tasks"},
     .path = "/workspaces/{root}/events", .shape = Shape::events, .opt_fields = false},
    // Has a limit of its own, and costs much: https://developers.asana.com/reference/gettaskcountsforproject
    {.engine = {.name = "project_task_counts", .stage = "tasks", .rank = 21, .kind = Kind::one_off},
     .path = "/projects/{scope}/task_counts?opt_fields=num_tasks", .shape = Shape::count, .opt_fields = false},
    // Looks at single objects, when a list does not name them or an event says that they are gone.
    {.engine = {.name = "section", .stage = "tasks", .rank = 23, .kind = Kind::one_off, .looks_at = "asana_sections"},
     .path = "/sections/{scope}", .shape = Shape::there, .opt_fields = false},
    {.engine = {.name = "tag", .stage = "tasks", .rank = 23, .kind = Kind::one_off, .looks_at = "asana_tags", .gives_row = true,
                .proves = "asana_task_tags", .proves_by = "tag_gid", .proves_gid = "task_gid", .looked_at_by = "task"},
     .path = "/tags/{scope}", .mapping = &kTagList, .shape = Shape::single, .opens = kOpenedByTag, .resource = "tags"},
    {.engine = {.name = "team", .stage = "tasks", .rank = 23, .kind = Kind::one_off, .looks_at = "asana_teams", .gives_row = true},
     .path = "/teams/{scope}", .mapping = &kTeams, .shape = Shape::single, .opens = kOpenedByTeam},
    {.engine = {.name = "custom_field", .stage = "tasks", .rank = 23, .kind = Kind::one_off, .capability = "custom_fields", .looks_at = "asana_custom_fields", .gives_row = true},
     .path = "/custom_fields/{scope}", .mapping = &kDefinitions, .shape = Shape::single},
    {.engine = {.name = "workspace_membership", .stage = "tasks", .rank = 23, .kind = Kind::one_off, .looks_at = "asana_workspace_memberships", .gives_row = true},
     .path = "/workspace_memberships/{scope}", .mapping = &kWorkspaceMemberships, .shape = Shape::single},
    {.engine = {.name = "team_membership", .stage = "people and projects in detail", .rank = 57, .kind = Kind::one_off, .looks_at = "asana_team_memberships", .gives_row = true},
     .path = "/team_memberships/{scope}", .mapping = &kTeamMemberships, .shape = Shape::single, .resource = "team_memberships"},
    {.engine = {.name = "membership", .stage = "people and projects in detail", .rank = 57, .kind = Kind::one_off, .looks_at = "asana_memberships"},
     .path = "/memberships/{scope}", .shape = Shape::there, .opt_fields = false, .resource = "memberships"},
    {.engine = {.name = "status_update", .stage = "people and projects in detail", .rank = 57, .kind = Kind::one_off, .looks_at = "asana_status_updates"},
     .path = "/status_updates/{scope}", .shape = Shape::there, .opt_fields = false, .resource = "status_updates"},
    {.engine = {.name = "project_brief", .stage = "people and projects in detail", .rank = 57, .kind = Kind::one_off, .capability = "project_briefs", .looks_at = "asana_project_briefs", .gives_row = true},
     .path = "/project_briefs/{scope}", .mapping = &kProjectBriefs, .shape = Shape::single, .resource = "project_briefs"},
    {.engine = {.name = "story", .stage = "stories and attachments", .rank = 62, .kind = Kind::one_off, .looks_at = "asana_stories", .gives_row = true},
     .path = "/stories/{scope}", .mapping = &kStories, .shape = Shape::single, .opens = kOpenedByStory, .resource = "stories"},
    {.engine = {.name = "attachment", .stage = "stories and attachments", .rank = 62, .kind = Kind::one_off, .looks_at = "asana_attachments"},
     .path = "/attachments/{scope}", .shape = Shape::there, .opt_fields = false, .resource = "attachments"},
    // Only the full list proves what is gone; what is entered for the last days is asked for more often.
    {.engine = {.name = "time_tracking_entries", .stage = "time, capacity and templates", .rank = 58, .capability = "time tracking", .every = Every::reconcile,
                .proves = "asana_time_tracking_entries", .proves_by = "workspace_gid", .looked_at_by = "time_tracking_entry", .follows = true},
     .path = "/time_tracking_entries?workspace={root}&entered_on_start_date=1970-01-01", .mapping = &kTimeTrackingEntries, .resource = "time_tracking_entries"},
    {.engine = {.name = "time_tracking_entries_since", .stage = "time, capacity and templates", .rank = 58, .capability = "time tracking", .watermark = true, .net_of = "time_tracking_entries", .every = Every::relist},
     .path = "/time_tracking_entries?workspace={root}", .mapping = &kTimeTrackingEntries, .resource = "time_tracking_entries", .since = "entered_on_start_date", .days = 7},
    // Either half names a part of them, and none of the other.
    {.engine = {.name = "time_tracking_categories", .stage = "time, capacity and templates", .rank = 58, .capability = "time tracking categories", .every = Every::relist,
                .proves = "asana_time_tracking_categories", .remembered = true},
     .path = "/time_tracking_categories?workspace={root}&is_archived={scope}", .mapping = &kTimeTrackingCategories, .resource = "time_tracking_categories"},
    {.engine = {.name = "timesheet_approval_statuses", .stage = "time, capacity and templates", .rank = 58, .capability = "timesheets", .every = Every::reconcile,
                .proves = "asana_timesheet_approval_statuses", .proves_by = "workspace_gid", .looked_at_by = "timesheet_approval_status"},
     .path = "/timesheet_approval_statuses?workspace={root}", .mapping = &kTimesheetApprovalStatuses, .resource = "timesheet_approval_statuses"},
    {.engine = {.name = "timesheet_approval_statuses_since", .stage = "time, capacity and templates", .rank = 58, .capability = "timesheets", .watermark = true, .net_of = "timesheet_approval_statuses", .every = Every::relist},
     .path = "/timesheet_approval_statuses?workspace={root}", .mapping = &kTimesheetApprovalStatuses, .resource = "timesheet_approval_statuses", .since = "from_date", .days = 35},
    {.engine = {.name = "allocations", .stage = "time, capacity and templates", .rank = 58, .capability = "capacity plans", .every = Every::relist,
                .proves = "asana_allocations", .proves_by = "workspace_gid", .looked_at_by = "allocation", .follows = true},
     .path = "/allocations?workspace={root}", .mapping = &kAllocations, .resource = "allocations"},
    {.engine = {.name = "project_templates", .stage = "time, capacity and templates", .rank = 58, .capability = "project templates", .every = Every::relist,
                .proves = "asana_project_templates", .proves_by = "workspace_gid", .looked_at_by = "project_template"},
     .path = "/project_templates?workspace={root}", .mapping = &kProjectTemplates, .resource = "project_templates"},
    {.engine = {.name = "roles", .stage = "time, capacity and templates", .rank = 58, .capability = "roles", .every = Every::relist,
                .proves = "asana_roles", .proves_by = "workspace_gid", .looked_at_by = "role"},
     .path = "/roles?workspace={root}", .mapping = &kRoles, .resource = "roles"},
    {.engine = {.name = "agents", .stage = "time, capacity and templates", .rank = 58, .capability = "agents", .every = Every::relist,
                .proves = "asana_agents", .proves_by = "workspace_gid", .looked_at_by = "agent"},
     .path = "/workspaces/{root}/agents", .mapping = &kAgents, .resource = "agents"},
    // One request per project or person: no list of a workspace tells of them.
    {.engine = {.name = "ooo_entries", .stage = "time, capacity and templates", .rank = 58, .capability = "out-of-office entries", .every = Every::reconcile,
                .proves = "asana_ooo_entries", .proves_by = "user_gid", .proves_root = "workspace_gid", .looked_at_by = "ooo_entry"},
     .path = "/ooo_entries?user={scope}&workspace={root}", .mapping = &kOooEntries, .resource = "ooo_entries"},
    {.engine = {.name = "task_templates", .stage = "time, capacity and templates", .rank = 58, .capability = "task templates", .every = Every::reconcile,
                .proves = "asana_task_templates", .proves_by = "project_gid", .looked_at_by = "task_template"},
     .path = "/task_templates?project={scope}", .mapping = &kTaskTemplates, .resource = "task_templates"},
    {.engine = {.name = "budgets", .stage = "time, capacity and templates", .rank = 58, .capability = "budgets", .every = Every::reconcile,
                .proves = "asana_budgets", .proves_by = "parent_gid", .looked_at_by = "budget"},
     .path = "/budgets?parent={scope}", .mapping = &kBudgets, .opt_fields = false, .resource = "budgets", .parent_type = "project", .paged = false},
    {.engine = {.name = "rates", .stage = "time, capacity and templates", .rank = 58, .capability = "rates", .every = Every::reconcile,
                .proves = "asana_rates", .proves_by = "parent_gid", .looked_at_by = "rate"},
     .path = "/rates?parent={scope}", .mapping = &kRates, .opt_fields = false, .resource = "rates", .parent_type = "project"},
    {.engine = {.name = "task_time_tracking_entries", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "time tracking"},
     .path = "/time_tracking_entries?task={scope}", .mapping = &kTimeTrackingEntries, .resource = "time_tracking_entries"},
    {.engine = {.name = "time_tracking_entry", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "time tracking", .looks_at = "asana_time_tracking_entries", .gives_row = true},
     .path = "/time_tracking_entries/{scope}", .mapping = &kTimeTrackingEntries, .shape = Shape::single, .resource = "time_tracking_entries"},
    {.engine = {.name = "timesheet_approval_status", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "timesheets", .looks_at = "asana_timesheet_approval_statuses", .gives_row = true},
     .path = "/timesheet_approval_statuses/{scope}", .mapping = &kTimesheetApprovalStatuses, .shape = Shape::single, .resource = "timesheet_approval_statuses"},
    {.engine = {.name = "allocation", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "capacity plans", .looks_at = "asana_allocations", .gives_row = true},
     .path = "/allocations/{scope}", .mapping = &kAllocations, .shape = Shape::single, .resource = "allocations"},
    {.engine = {.name = "project_template", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "project templates", .looks_at = "asana_project_templates", .gives_row = true},
     .path = "/project_templates/{scope}", .mapping = &kProjectTemplates, .shape = Shape::single, .resource = "project_templates"},
    {.engine = {.name = "role", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "roles", .looks_at = "asana_roles", .gives_row = true},
     .path = "/roles/{scope}", .mapping = &kRoles, .shape = Shape::single, .resource = "roles"},
    {.engine = {.name = "agent", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "agents", .looks_at = "asana_agents", .gives_row = true},
     .path = "/agents/{scope}", .mapping = &kAgents, .shape = Shape::single, .resource = "agents"},
    {.engine = {.name = "ooo_entry", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "out-of-office entries", .looks_at = "asana_ooo_entries", .gives_row = true},
     .path = "/ooo_entries/{scope}", .mapping = &kOooEntries, .shape = Shape::single, .resource = "ooo_entries"},
    {.engine = {.name = "task_template", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "task templates", .looks_at = "asana_task_templates", .gives_row = true},
     .path = "/task_templates/{scope}", .mapping = &kTaskTemplates, .shape = Shape::single, .resource = "task_templates"},
    {.engine = {.name = "budget", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "budgets", .looks_at = "asana_budgets"},
     .path = "/budgets/{scope}", .shape = Shape::there, .opt_fields = false, .resource = "budgets"},
    {.engine = {.name = "rate", .stage = "time, capacity and templates", .rank = 59, .kind = Kind::one_off, .capability = "rates", .looks_at = "asana_rates"},
     .path = "/rates/{scope}", .shape = Shape::there, .opt_fields = false, .resource = "rates"},
    // Tells of deletions, too, whose events were lost. https://developers.asana.com/docs/audit-log-events
    {.engine = {.name = "audit_log_events", .stage = "audit log", .rank = 63, .capability = "audit log", .watermark = true, .every = Every::relist},
     .path = "/workspaces/{root}/audit_log_events", .mapping = &kAuditLogEvents, .opt_fields = false, .resource = "audit_log_events", .paged = false, .endless = true, .service_only = true, .since = "start_at"},
    // A personal token gets the portfolios that its user owns, and no others: https://developers.asana.com/reference/getportfolios
    {.engine = {.name = "portfolios", .stage = "portfolios and goals", .rank = 58, .capability = "portfolios", .every = Every::relist,
                .proves = kPortfolios, .proves_by = "workspace_gid", .looked_at_by = "portfolio", .named_by = kNested},
     .path = "/portfolios?workspace={root}&owner=me", .mapping = &kPortfolioList, .opens = kOpenedByPortfolio, .resource = "portfolios"},
    {.engine = {.name = "nested_portfolios", .stage = "portfolios and goals", .rank = 59, .capability = "portfolios", .every = Every::relist},
     .path = "/portfolios/{scope}", .mapping = &kPortfolioList, .shape = Shape::single, .opens = kOpenedByPortfolio, .resource = "portfolios"},
    {.engine = {.name = "portfolio_items", .stage = "portfolios and goals", .rank = 59, .capability = "portfolios", .every = Every::relist,
                .proves = kPortfolioItems, .proves_by = "portfolio_gid", .proves_gid = "item_gid"},
     .path = "/portfolios/{scope}/items", .mapping = &kPortfolioItemList, .opens = kOpenedByPortfolioItem, .opt_fields = false, .resource = "portfolios"},
    {.engine = {.name = "project_portfolio_settings", .stage = "portfolios and goals", .rank = 59, .capability = "portfolios", .every = Every::relist,
                .proves = "asana_project_portfolio_settings", .proves_by = "portfolio_gid", .looked_at_by = "project_portfolio_setting"},
     .path = "/portfolios/{scope}/project_portfolio_settings", .mapping = &kProjectPortfolioSettings, .resource = "portfolios"},
    {.engine = {.name = "portfolio_memberships", .stage = "portfolios and goals", .rank = 59, .capability = "portfolios", .every = Every::relist,
                .proves = "asana_memberships", .proves_by = "parent_gid", .looked_at_by = "membership"},
     .path = "/memberships?parent={scope}", .mapping = &kMemberships, .opt_fields = false, .resource = "memberships", .parent_type = "portfolio"},
    {.engine = {.name = "portfolio_status_updates", .stage = "portfolios and goals", .rank = 59, .capability = "portfolios", .every = Every::relist,
                .proves = "asana_status_updates", .proves_by = "parent_gid", .looked_at_by = "status_update"},
     .path = "/status_updates?parent={scope}", .mapping = &kStatusUpdates, .resource = "status_updates", .parent_type = "portfolio"},
    // Whether the list of a workspace has the goals of teams, too, is not documented: each team is asked for its own.
    {.engine = {.name = "goals", .stage = "portfolios and goals", .rank = 58, .capability = "goals", .every = Every::relist,
                .proves = kGoals, .proves_by = "workspace_gid", .looked_at_by = "goal", .others = "team_goals"},
     .path = "/goals?workspace={root}", .mapping = &kGoalList, .opens = kOpenedByGoal, .resource = "goals"},
    {.engine = {.name = "team_goals", .stage = "portfolios and goals", .rank = 58, .capability = "goals", .every = Every::relist,
                .proves = kGoals, .proves_by = "team_gid", .looked_at_by = "goal", .proves_part = {"is_workspace_level", "0"}},
     .path = "/goals?team={scope}", .mapping = &kGoalList, .opens = kOpenedByGoal, .resource = "goals"},
    {.engine = {.name = "time_periods", .stage = "portfolios and goals", .rank = 59, .capability = "goals", .every = Every::relist,
                .proves = "asana_time_periods", .proves_by = "workspace_gid", .looked_at_by = "time_period"},
     .path = "/time_periods?workspace={root}", .mapping = &kTimePeriods, .resource = "goals"},
    {.engine = {.name = "goal_relationships", .stage = "portfolios and goals", .rank = 59, .capability = "goals", .every = Every::relist,
                .proves = "asana_goal_relationships", .proves_by = "supported_goal_gid", .looked_at_by = "goal_relationship"},
     .path = "/goal_relationships?supported_goal={scope}", .mapping = &kGoalRelationships, .resource = "goals"},
    {.engine = {.name = "goal_memberships", .stage = "portfolios and goals", .rank = 59, .capability = "goals", .every = Every::relist,
                .proves = "asana_memberships", .proves_by = "parent_gid", .looked_at_by = "membership"},
     .path = "/memberships?parent={scope}", .mapping = &kMemberships, .opt_fields = false, .resource = "memberships", .parent_type = "goal"},
    {.engine = {.name = "goal_status_updates", .stage = "portfolios and goals", .rank = 59, .capability = "goals", .every = Every::relist,
                .proves = "asana_status_updates", .proves_by = "parent_gid", .looked_at_by = "status_update"},
     .path = "/status_updates?parent={scope}", .mapping = &kStatusUpdates, .resource = "status_updates", .parent_type = "goal"},
    // Most come with a change of the goal, which has them read at once; one request for each goal in an hour would be too many.
    {.engine = {.name = "goal_stories", .stage = "portfolios and goals", .rank = 59, .capability = "goals", .every = Every::reconcile,
                .proves = "asana_stories", .proves_by = "target_gid", .looked_at_by = "story"},
     .path = "/goals/{scope}/stories", .mapping = &kStories, .resource = "stories"},
    {.engine = {.name = "portfolio", .stage = "portfolios and goals", .rank = 59, .kind = Kind::one_off, .capability = "portfolios", .looks_at = kPortfolios, .gives_row = true},
     .path = "/portfolios/{scope}", .mapping = &kPortfolioList, .shape = Shape::single, .opens = kOpenedByPortfolio, .resource = "portfolios"},
    {.engine = {.name = "project_portfolio_setting", .stage = "portfolios and goals", .rank = 59, .kind = Kind::one_off, .capability = "portfolios",
                .looks_at = "asana_project_portfolio_settings", .gives_row = true},
     .path = "/project_portfolio_settings/{scope}", .mapping = &kProjectPortfolioSettings, .shape = Shape::single, .resource = "portfolios"},
    {.engine = {.name = "goal", .stage = "portfolios and goals", .rank = 59, .kind = Kind::one_off, .capability = "goals", .looks_at = kGoals, .gives_row = true},
     .path = "/goals/{scope}", .mapping = &kGoalList, .shape = Shape::single, .opens = kOpenedByGoal, .resource = "goals"},
    {.engine = {.name = "goal_relationship", .stage = "portfolios and goals", .rank = 59, .kind = Kind::one_off, .capability = "goals",
                .looks_at = "asana_goal_relationships", .gives_row = true},
     .path = "/goal_relationships/{scope}", .mapping = &kGoalRelationships, .shape = Shape::single, .resource = "goals"},
    {.engine = {.name = "time_period", .stage = "portfolios and goals", .rank = 59, .kind = Kind::one_off, .capability = "goals", .looks_at = "asana_time_periods", .gives_row = true},
     .path = "/time_periods/{scope}", .mapping = &kTimePeriods, .shape = Shape::single, .resource = "goals"},
    // All tasks of a first load, with their stories and attachments: the only POST, and only where the configuration
    // allows it. Of service accounts of Enterprise+. https://developers.asana.com/reference/createresourceexport
    {.engine = {.name = "resource_export", .stage = "tasks", .rank = 19, .capability = "resource exports", .token_stream = "workspace_events", .every = Every::once,
                .exports = true},
     .path = "/exports/resource", .mapping = &kTasks, .shape = Shape::job, .opt_fields = false, .resource = "projectless_tasks"},
};
// clang-format on

// What leaves with a row that is gone.
inline constexpr Remains::Kin kOfTask[] = {
    {"asana_task_memberships", "task_gid"},
    {"asana_task_followers", "task_gid"},
    {"asana_task_tags", "task_gid"},
    {"asana_task_dependencies", "task_gid"},
    {"asana_task_likes", "task_gid"},
    {"asana_custom_field_values", "object_gid"},
    {"asana_custom_field_value_items", "object_gid"},
};
inline constexpr Remains::Kin kOfStory[] = {{kTaskChanges, "story_gid"}};
inline constexpr Remains::Kin kWithTask[] = {
    {"asana_stories", "target_gid"},
    {"asana_attachments", "parent_gid"},
    {"asana_tasks", "parent_gid"},
    {"asana_time_tracking_entries", "task_gid"},
};
inline constexpr Remains::Kin kOfProject[] = {
    {"asana_project_members", "project_gid"},         {"asana_project_followers", "project_gid"},
    {"asana_custom_field_settings", "parent_gid"},    {"asana_custom_field_values", "object_gid"},
    {"asana_custom_field_value_items", "object_gid"},
};
// Its tasks may stand elsewhere: they are looked at one by one.
inline constexpr Remains::Kin kWithProject[] = {
    {"asana_sections", "project_gid"},       {"asana_memberships", "parent_gid"},
    {"asana_status_updates", "parent_gid"},  {"asana_attachments", "parent_gid"},
    {"asana_project_briefs", "project_gid"}, {"asana_task_templates", "project_gid"},
    {"asana_budgets", "parent_gid"},         {"asana_rates", "parent_gid"},
    {"asana_allocations", "parent_gid"},
};
inline constexpr Remains::Kin kWithProjectBrief[] = {{"asana_attachments", "parent_gid"}};
inline constexpr Remains::Kin kOfTag[] = {
    {"asana_tag_followers", "tag_gid"},
    {"asana_task_tags", "tag_gid", "asana_tasks", "task_gid"},
};
inline constexpr Remains::Kin kWithWorkspaceMembership[] = {{"asana_user_task_lists", "workspace_membership_gid"}};
inline constexpr Remains::Kin kOfEntry[] = {{"asana_time_tracking_entry_categories", "time_tracking_entry_gid"}};
inline constexpr Remains::Kin kOfPortfolio[] = {
    {"asana_portfolio_members", "portfolio_gid"},
    {"asana_portfolio_project_templates", "portfolio_gid"},
    {kPortfolioItems, "portfolio_gid"},
    {kSettings, "parent_gid"},
    {kValues, "object_gid"},
    {kItems, "object_gid"},
};
inline constexpr Remains::Kin kWithPortfolio[] = {
    {"asana_project_portfolio_settings", "portfolio_gid"},
    {"asana_memberships", "parent_gid"},
    {"asana_status_updates", "parent_gid"},
};
inline constexpr Remains::Kin kOfGoal[] = {
    {"asana_goal_followers", "goal_gid"},
    {kSettings, "parent_gid"},
    {kValues, "object_gid"},
    {kItems, "object_gid"},
};
inline constexpr Remains::Kin kWithGoal[] = {
    {"asana_goal_relationships", "supported_goal_gid"},
    {"asana_memberships", "parent_gid"},
    {"asana_status_updates", "parent_gid"},
    {"asana_stories", "target_gid"},
};
inline constexpr Remains::Kin kNamesProject[] = {
    {kPortfolioItems, "item_gid"},
    {"asana_goal_relationships", "supporting_resource_gid"},
};
inline constexpr Remains::Kin kOfTeam[] = {{kSettings, "parent_gid"}};
inline constexpr Remains::Kin kWithTeam[] = {{"asana_team_memberships", "team_gid"}};
inline constexpr Remains::Kin kWithCustomField[] = {{kOptions, "custom_field_gid"}};
inline constexpr Remains::Kin kWithCustomType[] = {{"asana_custom_type_status_options", "custom_type_gid"}};
inline constexpr Remains::Kin kNamesUser[] = {
    {kItems, "item_gid"},
    {"asana_stories", "old_people_value"},
    {"asana_stories", "new_people_value"},
    {"asana_allocations", "assignee_gid"},
    {"asana_rates", "resource_gid"},
    {"asana_memberships", "member_gid"},
};
inline constexpr Remains::Kin kNamesOption[] = {
    {kItems, "item_gid"},
    {"asana_stories", "old_multi_enum_values"},
    {"asana_stories", "new_multi_enum_values"},
};
// What referred to it, and is not told that it is gone.
inline constexpr Remains::Kin kInProject[] = {
    {"asana_task_memberships", "project_gid", "asana_tasks", "task_gid"},
    {kPortfolioItems, "item_gid"},
};
inline constexpr Remains::Kin kAboutProject[] = {
    {"asana_stories", "project_gid"},
    {"asana_time_tracking_entries", "attributable_to_gid"},
    {"asana_project_portfolio_settings", "project_gid"},
    {"asana_goal_relationships", "supporting_resource_gid"},
    {kAuditLog, "resource_gid"},
};
inline constexpr Remains::Kin kAboutSection[] = {
    {"asana_stories", "old_section_gid"},
    {"asana_stories", "new_section_gid"},
    {kAuditLog, "resource_gid"},
};
inline constexpr Remains::Kin kAudited[] = {{kAuditLog, "resource_gid"}};
inline constexpr Remains::Carriers kInSection[] = {{"asana_task_memberships", "task_gid", "section_gid", "task"}};
inline constexpr Remains kRemains[] = {
    {.table = "asana_tasks",
     .children = kOfTask,
     .followers = kWithTask,
     .above = "parent_gid",
     .root = "workspace_gid",
     .about = kAudited},
    {.table = "asana_projects",
     .children = kOfProject,
     .followers = kWithProject,
     .mention = true,
     .named_in = kNamesProject,
     .root = "workspace_gid",
     .edges = kInProject,
     .about = kAboutProject,
     .own = {kCustomFields, {kSettings, "parent_gid"}, "custom_field_gid", "is_global_to_workspace"}},
    {"asana_project_briefs", {}, kWithProjectBrief},
    {.table = "asana_sections", .mention = true, .carriers = kInSection, .about = kAboutSection},
    {.table = "asana_tags", .children = kOfTag, .mention = true, .root = "workspace_gid"},
    {.table = "asana_teams", .children = kOfTeam, .followers = kWithTeam, .root = "organization_gid"},
    {"asana_users", {}, {}, true, {}, kNamesUser},
    {.table = "asana_custom_fields", .followers = kWithCustomField, .mention = true, .root = "workspace_gid"},
    {"asana_custom_field_options", {}, {}, true, {}, kNamesOption},
    {"asana_custom_types", {}, kWithCustomType},
    {"asana_custom_type_status_options", {}, {}},
    {.table = "asana_stories", .children = kOfStory, .followers = {}, .about = kAudited},
    {.table = "asana_attachments", .about = kAudited},
    {kAuditLog, {}, {}},
    {"asana_workspace_memberships", {}, kWithWorkspaceMembership, false, {}, {}, "user_gid"},
    {"asana_team_memberships", {}, {}},
    {"asana_memberships", {}, {}},
    {"asana_status_updates", {}, {}},
    {"asana_user_task_lists", {}, {}},
    {"asana_time_tracking_entries", kOfEntry, {}},
    {"asana_time_tracking_categories", {}, {}},
    {"asana_timesheet_approval_statuses", {}, {}},
    {"asana_allocations", {}, {}},
    {"asana_project_templates", {}, {}},
    {"asana_roles", {}, {}},
    {"asana_agents", {}, {}},
    {"asana_ooo_entries", {}, {}},
    {"asana_task_templates", {}, {}},
    {"asana_budgets", {}, {}},
    {"asana_rates", {}, {}},
    {.table = kPortfolios, .children = kOfPortfolio, .followers = kWithPortfolio, .root = "workspace_gid"},
    {"asana_project_portfolio_settings", {}, {}},
    {.table = kGoals, .children = kOfGoal, .followers = kWithGoal, .root = "workspace_gid"},
    {"asana_goal_relationships", {}, {}},
    {"asana_time_periods", {}, {}},
};

// The switches of `resources` in the configuration.
inline constexpr std::string_view kResources[] = {
    "stories",
    "attachments",
    "projectless_tasks",
    "status_updates",
    "project_briefs",
    "custom_types",
    "memberships",
    "team_memberships",
    "tags",
    "time_tracking_entries",
    "time_tracking_categories",
    "timesheet_approval_statuses",
    "allocations",
    "budgets",
    "rates",
    "ooo_entries",
    "project_templates",
    "task_templates",
    "roles",
    "agents",
    "audit_log_events",
    "portfolios",
    "goals",
};

}  // namespace taskmirror::asana
