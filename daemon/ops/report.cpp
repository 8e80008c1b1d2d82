#include "ops/report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "core/error.hpp"
#include "core/filter.hpp"
#include "core/text.hpp"

namespace taskmirror::ops {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using store::text;

// Of rows r that have a project, and of those that have a task.
constexpr Binding kProject{"r.project_gid = :project", "its project"};
// SQLite carries a list into the views behind r, not a subquery, and they would be computed for all projects.
constexpr Binding kTeam{"r.project_gid IN ($gids)", "its project's team"};
constexpr Report::Pieces of_projects(std::string_view gids) { return {gids, kTeam.condition, 5}; }
constexpr auto kByProject = of_projects("SELECT gid FROM asana_projects ORDER BY name, gid");
constexpr Binding kTaskProject{
    "r.task_gid IN (SELECT task_gid FROM asana_task_memberships WHERE project_gid = :project)",
    "a project of the task"};
constexpr Binding kTaskTeam{
    "r.task_gid IN (SELECT m.task_gid FROM asana_projects AS p JOIN asana_task_memberships AS m ON m.project_gid = "
    "p.gid "
    "WHERE p.team_gid = :team)",
    "the team of a project of the task"};
constexpr Binding kAssignee{"r.assignee_gid = :person", "the assignee"};
constexpr Binding kTaskAssignee{"t.assignee_gid = :person", "the assignee"};
constexpr Binding kActor{"r.actor_gid = :person", "who made the change"};
constexpr Binding kChanged{"r.changed_at >= :from_at AND r.changed_at < :to_at", "changed_at"};

constexpr std::string_view kHistory = "asana_tasks,asana_stories";
constexpr std::string_view kUsual = "last-90d";

// A chart of the page, and whether the period holds for it; else it tells how things stand now.
constexpr Report::Part kOverview[] = {{"daily-counts", true, "daily-totals"},
                                      {"cumulative-flow", true, {}, true},
                                      {"cycle-times"},
                                      {"workload", false},
                                      {"overdue", false}};

constexpr Report kReports[] = {
    {.name = "overview",
     .title = "Overview",
     .says = "Key figures of the last 90 days or another period; its page has the charts of daily-totals, cycle-times, "
             "workload and overdue; of a project or team, daily-counts and cumulative-flow.",
     // Each by an index that has all it asks for: open tasks, those made and those completed in a time.
     .sql = R"(
WITH open AS MATERIALIZED (
    SELECT count(*) AS tasks, count(*) - count(r.assignee_gid) AS unassigned, count(*) - count(r.due_on) AS undated
    FROM (SELECT gid AS task_gid, assignee_gid, due_on FROM asana_tasks
          WHERE completed = 0 AND is_rendered_as_separator IS NOT 1) AS r $where)
SELECT 'open tasks' AS figure, tasks AS value FROM open
UNION ALL SELECT 'overdue tasks', count(*) FROM asana_overdue AS r $where
UNION ALL SELECT 'open tasks without assignee', unassigned FROM open
UNION ALL SELECT 'open tasks without due date', undated FROM open
UNION ALL SELECT 'created tasks', count(*)
    FROM (SELECT gid AS task_gid FROM asana_tasks
          WHERE +is_rendered_as_separator IS NOT 1 AND created_at >= :from_at AND created_at < :to_at) AS r $where
UNION ALL SELECT 'completed tasks', count(*)
    FROM (SELECT gid AS task_gid FROM asana_tasks
          WHERE +completed = 1 AND +is_rendered_as_separator IS NOT 1
            AND completed_at >= :from_at AND completed_at < :to_at) AS r $where)",
     .project = kTaskProject,
     .team = kTaskTeam,
     .period = {"", "created and completed tasks, and the history"},
     .usual_period = kUsual,
     .tables = kHistory,
     .parts = kOverview},
    {.name = "projects",
     .title = "Projects",
     .says = "All projects with their gids, archived ones too.",
     .sql = R"(
SELECT r.gid, r.name, t.name AS team_name, o.name AS owner_name, r.archived, r.due_on, r.permalink_url
FROM asana_projects AS r LEFT JOIN asana_teams AS t ON t.gid = r.team_gid
LEFT JOIN asana_users AS o ON o.gid = r.owner_gid
$where ORDER BY r.archived, r.name, r.gid)",
     .team = {"r.team_gid = :team", "its team"},
     .person = {"r.owner_gid = :person", "its owner"},
     .tables = "asana_projects"},
    {.name = "teams",
     .title = "Teams",
     .says = "All teams with their gids, how many members and projects they have.",
     .sql = R"(
SELECT r.gid, r.name, (SELECT count(*) FROM asana_team_memberships WHERE team_gid = r.gid) AS members,
       (SELECT count(*) FROM asana_projects WHERE team_gid = r.gid) AS projects
FROM asana_teams AS r $where ORDER BY r.name, r.gid)",
     .person = {"r.gid IN (SELECT team_gid FROM asana_team_memberships WHERE user_gid = :person)", "a member"},
     .tables = "asana_teams,asana_team_memberships"},
    {.name = "people",
     .title = "People",
     .says = "All people with their gids, how many open tasks they have.",
     .sql = R"(
SELECT r.gid, r.name, r.email, coalesce(o.tasks, 0) AS open_tasks
FROM asana_users AS r
LEFT JOIN (SELECT assignee_gid, count(*) AS tasks FROM asana_tasks WHERE completed = 0 GROUP BY assignee_gid) AS o
  ON o.assignee_gid = r.gid
$where ORDER BY r.name, r.gid)",
     .team = {"r.gid IN (SELECT user_gid FROM asana_team_memberships WHERE team_gid = :team)", "a team of the person"},
     .tables = "asana_users"},
    {.name = "task-details",
     .title = "Tasks",
     .says = "Every task and subtask, with the names of what it refers to; the latest changed first.",
     .sql = "SELECT r.task_gid, r.task_name, r.assignee_gid, r.assignee_name, r.completed, r.is_overdue, r.due_on, "
            "r.due_at, "
            "r.start_on, r.projects, r.sections, r.tags, r.followers, r.parent_gid, r.parent_name, r.root_gid, "
            "r.root_name, "
            "r.depth, r.resource_subtype, r.approval_status, r.num_subtasks, r.num_likes, r.actual_time_minutes, "
            "r.created_by_name, r.created_at, r.modified_at, r.completed_at, r.workspace_name, r.permalink_url "
            "FROM asana_task_details AS r $where ORDER BY r.modified_at DESC, r.task_gid DESC",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.created_at >= :from_at AND r.created_at < :to_at", "created_at"}},
    {.name = "overdue",
     .title = "Overdue tasks",
     .says = "Open tasks whose due day, or due time, is over; the longest overdue first.",
     .sql = "SELECT r.task_gid, r.task_name, r.assignee_gid, r.assignee_name, r.due_on, r.due_at, r.days_overdue, "
            "r.permalink_url FROM asana_overdue AS r $where ORDER BY r.due_on, r.due_at, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.due_on BETWEEN :from AND :to", "due_on"},
     .chart = Chart::overdue},
    {.name = "unassigned",
     .title = "Tasks that nobody has",
     .says = "Open tasks without an assignee; the oldest first.",
     .sql = "SELECT r.task_gid, r.task_name, r.due_on, r.created_at, r.age_days, r.permalink_url "
            "FROM asana_unassigned AS r $where ORDER BY r.created_at, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .period = {"r.created_at >= :from_at AND r.created_at < :to_at", "created_at"}},
    {.name = "stale-tasks",
     .title = "Tasks that nothing happens to",
     .says = "Open tasks by how long nothing of them has changed.",
     .sql =
         "SELECT r.task_gid, r.task_name, r.assignee_gid, r.assignee_name, r.modified_at, r.days_unchanged, r.due_on, "
         "r.permalink_url FROM asana_stale_tasks AS r $where ORDER BY r.modified_at, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.modified_at >= :from_at AND r.modified_at < :to_at", "modified_at"}},
    {.name = "workload",
     .title = "Workload",
     .says = "Open tasks of each person by the week in which they are due (its Monday); no week: no due date.",
     .sql = R"(
SELECT a.assignee_gid, u.name AS assignee_name, a.week, a.open_tasks, a.overdue_tasks, a.logged_minutes
FROM (SELECT r.assignee_gid, date(r.due_on, '-6 days', 'weekday 1') AS week, count(*) AS open_tasks,
             count(*) FILTER (WHERE iif(r.due_at IS NULL, r.due_on < (SELECT today FROM asana_today),
                                        r.due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) AS overdue_tasks,
             sum(r.actual_time_minutes) AS logged_minutes
      FROM (SELECT gid AS task_gid, assignee_gid, due_on, due_at, actual_time_minutes FROM asana_tasks
            WHERE completed = 0 AND +assignee_gid IS NOT NULL AND is_rendered_as_separator IS NOT 1) AS r
      $where GROUP BY r.assignee_gid, week) AS a
JOIN asana_users AS u ON u.gid = a.assignee_gid ORDER BY u.name, a.assignee_gid, a.week)",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.due_on BETWEEN :from AND :to", "due_on"},
     .chart = Chart::workload},
    {.name = "blocked-tasks",
     .title = "Blocked tasks",
     .says = "Open tasks that wait for other open tasks.",
     .sql =
         "SELECT r.task_gid, r.task_name, r.assignee_gid, u.name AS assignee_name, r.due_on, r.blockers, r.blocked_by, "
         "r.latest_blocker_due_on, r.is_late FROM asana_blocked_tasks AS r LEFT JOIN asana_users AS u ON u.gid = "
         "r.assignee_gid $where ORDER BY r.is_late DESC, r.due_on IS NULL, r.due_on, r.task_name, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.due_on BETWEEN :from AND :to", "due_on"}},
    {.name = "dependency-chains",
     .title = "Chains of dependencies",
     .says = "Open tasks that others wait for, each with the longest chain of open tasks behind it.",
     .sql = "SELECT r.task_gid, r.task_name, r.length, r.chain FROM asana_dependency_chains AS r $where "
            "ORDER BY r.length DESC, r.task_name, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam},
    {.name = "project-health",
     .title = "How projects stand",
     .says = "Each project that is not archived: its latest status, its tasks, how many are done and overdue.",
     .sql = R"(
SELECT r.project_gid, r.project_name, r.owner_name, r.team_name, r.due_on, r.status_type, r.status_title, r.status_at,
       r.tasks, r.open_tasks, r.completed_tasks, r.overdue_tasks, r.completed_share
FROM asana_project_health AS r JOIN asana_projects AS p ON p.gid = r.project_gid
$where ORDER BY r.project_name, r.project_gid)",
     .project = kProject,
     .team = kTeam,
     .person = {"p.owner_gid = :person", "the owner"},
     .pieces =
         of_projects("SELECT gid FROM asana_projects WHERE :person IS NULL OR owner_gid = :person ORDER BY name, gid"),
     .tables = "asana_projects,asana_status_updates,asana_tasks",
     .chart = Chart::health},
    {.name = "goal-progress",
     .title = "How far goals are",
     .says = "Each goal with its status and the progress of its metric.",
     .sql = R"(
SELECT r.goal_gid, r.goal_name, r.owner_name, r.time_period, r.status, r.current_value, r.target_value, r.unit, r.progress,
       r.due_on, r.supporting
FROM asana_goal_progress AS r JOIN asana_goals AS g ON g.gid = r.goal_gid
$where ORDER BY r.time_period, r.goal_name, r.goal_gid)",
     .team = {"g.team_gid = :team", "its team"},
     .person = {"g.owner_gid = :person", "the owner"},
     .period = {"r.due_on BETWEEN :from AND :to", "due_on"},
     .tables = "asana_goals"},
    {.name = "daily-counts",
     .title = "Burn-up",
     .says = "Of each project, day by day: tasks made and completed; open, done and all tasks (scope) at the end of "
             "the day.",
     .sql = "SELECT r.project_gid, p.name AS project_name, r.day, r.created, r.completed, r.open, r.done, r.scope "
            "FROM asana_daily_counts AS r JOIN asana_projects AS p ON p.gid = r.project_gid $where "
            "ORDER BY p.name, r.project_gid, r.day",
     .project = kProject,
     .team = kTeam,
     .period = {"r.day BETWEEN :from AND :to", "day"},
     .usual_period = kUsual,
     .pieces = kByProject,
     .chart = Chart::burn_up},
    {.name = "daily-totals",
     .title = "Burn-up",
     .says =
         "Day by day, each task once, also subtasks and tasks without a project: made, completed and reopened; open, "
         "done and all tasks (scope) at the end of the day.",
     .sql = "SELECT r.day, r.created, r.completed, r.reopened, r.open, r.done, r.scope FROM asana_daily_totals AS r "
            "$where ORDER BY r.day",
     .period = {"r.day BETWEEN :from AND :to", "day"},
     .usual_period = kUsual,
     .tables = kHistory,
     .chart = Chart::burn_up},
    {.name = "throughput",
     .title = "Throughput",
     .says = "Of each project, week by week (its Monday): tasks made and completed.",
     .sql = "SELECT r.project_gid, r.project_name, r.week, r.created, r.completed FROM asana_throughput AS r $where "
            "ORDER BY r.project_name, r.project_gid, r.week",
     .project = kProject,
     .team = kTeam,
     .period = {"r.week BETWEEN :from AND :to", "week"},
     .usual_period = kUsual,
     .pieces = kByProject,
     .chart = Chart::throughput},
    {.name = "cumulative-flow",
     .title = "Cumulative flow",
     .says = "How many tasks stood in each section of a project at the end of each day.",
     .sql = "SELECT r.project_gid, p.name AS project_name, r.section_gid, r.section_name, r.day, r.tasks "
            "FROM asana_cumulative_flow AS r JOIN asana_projects AS p ON p.gid = r.project_gid "
            "JOIN asana_sections AS s ON s.gid = r.section_gid $where "
            "ORDER BY p.name, r.project_gid, s.position, r.section_gid, r.day",
     .project = kProject,
     .team = kTeam,
     .period = {"r.day BETWEEN :from AND :to", "day"},
     .usual_period = kUsual,
     .pieces = kByProject,
     .tables = kHistory,
     .chart = Chart::flow},
    {.name = "cycle-times",
     .title = "Cycle times",
     .says = "How long completed tasks took: from made (lead), and from their first assignment or move (cycle); the "
             "latest completed first.",
     .sql = "SELECT r.task_gid, r.task_name, r.assignee_gid, u.name AS assignee_name, r.created_at, r.started_at, "
            "r.completed_at, r.lead_seconds, r.cycle_seconds FROM asana_cycle_times AS r LEFT JOIN asana_users AS u ON "
            "u.gid = r.assignee_gid $where ORDER BY r.completed_at DESC, r.task_gid DESC",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"r.completed_at >= :from_at AND r.completed_at < :to_at", "completed_at"},
     .usual_period = kUsual,
     .tables = kHistory,
     .chart = Chart::cycle_times},
    {.name = "cycle-time-percentiles",
     .title = "Cycle times by project",
     .says = "Half of a project's completed tasks took no longer than the median, 85 and 95 of 100 than p85 and p95.",
     .sql = "SELECT r.* FROM asana_cycle_time_percentiles AS r $where ORDER BY r.project_name, r.project_gid",
     .project = kProject,
     .team = kTeam,
     .pieces = kByProject,
     .tables = kHistory},
    {.name = "time-in-section",
     .title = "Time in sections",
     .says = "When a task stood in which section of which project; without times that no story tells.",
     .sql = "SELECT r.task_gid, t.name AS task_name, r.project_gid, p.name AS project_name, r.section_gid, "
            "s.name AS section_name, r.entered_at, r.left_at, r.is_current, r.seconds FROM asana_time_in_section AS r "
            "JOIN asana_tasks AS t ON t.gid = r.task_gid LEFT JOIN asana_projects AS p ON p.gid = r.project_gid "
            "LEFT JOIN asana_sections AS s ON s.gid = r.section_gid $where "
            "ORDER BY p.name, r.project_gid, s.position, r.section_gid, r.entered_at, r.task_gid, r.left_at",
     .project = kProject,
     .team = kTeam,
     .person = kTaskAssignee,
     .period = {"coalesce(r.entered_at, '') < :to_at AND coalesce(r.left_at, 'a') >= :from_at", "any part of the stay"},
     .pieces = of_projects(
         "SELECT s.project_gid FROM (SELECT DISTINCT project_gid FROM asana_sections WHERE project_gid IS NOT NULL) "
         "AS s LEFT JOIN asana_projects AS p ON p.gid = s.project_gid ORDER BY p.name, s.project_gid"),
     .tables = kHistory,
     .chart = Chart::stages},
    {.name = "assignee-changes",
     .title = "Assignments",
     .says = "Each assignment: who had the task, who got it, and by whom.",
     .sql = "SELECT r.task_gid, t.name AS task_name, r.changed_at, r.actor_gid, r.actor_name, r.old_assignee_gid, "
            "r.old_assignee_name, r.new_assignee_gid, r.new_assignee_name FROM asana_assignee_changes AS r "
            "JOIN asana_tasks AS t ON t.gid = r.task_gid $where ORDER BY r.changed_at DESC, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = {"(r.old_assignee_gid = :person OR r.new_assignee_gid = :person)", "who had it or got it"},
     .period = kChanged,
     .usual_period = kUsual,
     .tables = kHistory},
    {.name = "completion-changes",
     .title = "Completions",
     .says = "Each time that a task was completed or reopened.",
     .sql = "SELECT r.task_gid, t.name AS task_name, r.changed_at, r.actor_gid, r.actor_name, r.completed "
            "FROM asana_completion_changes AS r JOIN asana_tasks AS t ON t.gid = r.task_gid $where "
            "ORDER BY r.changed_at DESC, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kActor,
     .period = kChanged,
     .usual_period = kUsual,
     .tables = kHistory},
    {.name = "reopenings",
     .title = "Reopened tasks",
     .says = "Each time that a completed task was reopened.",
     .sql = "SELECT r.task_gid, t.name AS task_name, r.completed_at, r.reopened_at FROM asana_reopenings AS r "
            "JOIN asana_tasks AS t ON t.gid = r.task_gid $where ORDER BY r.reopened_at DESC, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kTaskAssignee,
     .period = {"r.reopened_at >= :from_at AND r.reopened_at < :to_at", "reopened_at"},
     .usual_period = kUsual,
     .tables = kHistory},
    {.name = "due-date-slips",
     .title = "Moved due dates",
     .says = "Each change of a due date, by how many days, and by whom.",
     .sql =
         "SELECT r.task_gid, t.name AS task_name, r.changed_at, r.actor_gid, r.actor_name, r.old_due_on, r.new_due_on, "
         "r.slip_days FROM asana_due_date_slips AS r JOIN asana_tasks AS t ON t.gid = r.task_gid $where "
         "ORDER BY r.changed_at DESC, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kActor,
     .period = kChanged,
     .usual_period = kUsual,
     .tables = kHistory},
    {.name = "custom-field-changes",
     .title = "Changes of custom fields",
     .says = "Each change of a custom field's value, and by whom.",
     .sql = "SELECT r.task_gid, t.name AS task_name, r.changed_at, r.actor_gid, r.actor_name, r.custom_field_gid, "
            "r.custom_field_name, r.old_value, r.new_value FROM asana_custom_field_changes AS r "
            "JOIN asana_tasks AS t ON t.gid = r.task_gid $where ORDER BY r.changed_at DESC, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kActor,
     .period = kChanged,
     .usual_period = kUsual,
     .tables = kHistory},
    {.name = "task-states",
     .title = "States of tasks",
     .says = "What value a field of a task had from when to when.",
     .sql =
         "SELECT r.task_gid, t.name AS task_name, r.field, r.custom_field_gid, f.name AS custom_field_name, r.value, "
         "r.value_gid, r.since, r.until FROM asana_task_states AS r JOIN asana_tasks AS t ON t.gid = r.task_gid "
         "LEFT JOIN asana_custom_fields AS f ON f.gid = r.custom_field_gid $where "
         "ORDER BY r.task_gid, r.field, r.custom_field_gid, r.since",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kTaskAssignee,
     .period = {"coalesce(r.since, '') < :to_at AND coalesce(r.until, 'a') >= :from_at", "any part of the time"},
     .pieces = {"SELECT gid FROM asana_tasks WHERE assignee_gid = :person "
                "UNION ALL SELECT gid FROM asana_tasks WHERE :person IS NULL ORDER BY gid",
                "r.task_gid IN ($gids)", 100},
     .tables = kHistory},
    {.name = "estimates",
     .title = "Estimates",
     .says = "What tasks were estimated at (Asana's field \"Estimated time\"), and what they took.",
     .sql =
         "SELECT r.task_gid, r.task_name, r.assignee_gid, u.name AS assignee_name, r.completed, r.estimated_minutes, "
         "r.actual_minutes, r.over_minutes FROM asana_estimates AS r LEFT JOIN asana_users AS u ON u.gid = "
         "r.assignee_gid "
         "LEFT JOIN asana_tasks AS t ON t.gid = r.task_gid $where ORDER BY r.task_name, r.task_gid",
     .project = kTaskProject,
     .team = kTaskTeam,
     .person = kAssignee,
     .period = {"t.completed_at >= :from_at AND t.completed_at < :to_at", "when it was completed"}},
    {.name = "logged-time",
     .title = "Logged time",
     .says = "What was logged by whom in which week (its Monday).",
     .sql = "SELECT r.user_gid, r.user_name, r.week, r.minutes, r.tasks FROM asana_logged_time AS r $where "
            "ORDER BY r.week DESC, r.user_name, r.user_gid",
     .team = {"r.user_gid IN (SELECT user_gid FROM asana_team_memberships WHERE team_gid = :team)",
              "a team of the person"},
     .person = {"r.user_gid = :person", "who logged it"},
     .period = {"r.week BETWEEN :from AND :to", "week"},
     .usual_period = kUsual,
     .tables = "asana_time_tracking_entries",
     .chart = Chart::logged},
};

struct Option {
    std::string_view name;
    Binding Report::*binding;
    std::string Wishes::*wish;
};
constexpr Option kOptions[] = {{"--project", &Report::project, &Wishes::project},
                               {"--team", &Report::team, &Wishes::team},
                               {"--person", &Report::person, &Wishes::person},
                               {"--period", &Report::period, &Wishes::period}};

// By what it can be filtered.
std::vector<std::string_view> options_of(const Report& report) {
    std::vector<std::string_view> names;
    for (const auto& option : kOptions)
        if (!(report.*option.binding).by.empty()) names.push_back(option.name);
    return names;
}

void refuse_what_does_not_fit(const Report& report, const Wishes& wishes) {
    for (const auto& option : kOptions) {
        if ((wishes.*option.wish).empty() || !(report.*option.binding).by.empty()) continue;
        std::vector<std::string_view> others;
        for (const auto& other : kReports)
            if (!(other.*option.binding).by.empty()) others.push_back(other.name);
        const auto its = options_of(report);
        throw Fatal(
            ExitCode::usage,
            fmt::format("report {} cannot be filtered by {}, {}; reports that can are {}", report.name, option.name,
                        its.empty() ? "nor by anything else" : "but by " + listed(its), listed(others)));
    }
}

std::vector<Named> all(const store::Moment& moment, const std::string& sql) {
    std::vector<Named> found;
    for (const auto& row : moment.ask(sql).rows) found.push_back({text(row[0]), text(row[1]), text(row[2])});
    return found;
}

Filters filters_of(const store::Moment& moment, const Wishes& wishes, sys_days today) {
    Filters filters;
    if (!wishes.project.empty())
        filters.project = named("project", wishes.project, all(moment, "SELECT gid, name, NULL FROM asana_projects"));
    if (!wishes.team.empty()) {
        filters.team = named("team", wishes.team, all(moment, "SELECT gid, name, NULL FROM asana_teams"));
        const std::string sql = "SELECT gid FROM asana_projects WHERE team_gid = :team";
        for (const auto& row : moment.ask(sql, {{":team", filters.team->gid}}).rows)
            filters.projects.push_back(text(row[0]));
    }
    if (!wishes.person.empty())
        filters.person = named("person", wishes.person, all(moment, "SELECT gid, name, email FROM asana_users"));
    if (!wishes.period.empty()) filters.period = period(wishes.period, today);
    return filters;
}

std::string parameter(std::size_t gid) { return fmt::format(":gid_{}", gid); }

store::Parameters parameters_of(const Filters& filters, std::span<const UtcOffset> offsets) {
    // Without a period: all time.
    store::Parameters parameters{{":from", ""}, {":to", "a"}, {":from_at", ""}, {":to_at", "a"}};
    if (filters.project) parameters[":project"] = filters.project->gid;
    if (filters.team) parameters[":team"] = filters.team->gid;
    if (filters.person) parameters[":person"] = filters.person->gid;
    if (filters.period) {
        parameters[":from"] = iso_day(filters.period->from);
        parameters[":to"] = iso_day(filters.period->to);
        parameters[":from_at"] = iso(begin_of(filters.period->from, offsets));
        parameters[":to_at"] = iso(begin_of(filters.period->to + std::chrono::days(1), offsets));
    }
    return parameters;
}

bool is_in_pieces(const Report& report, const Filters& filters) {
    return !report.pieces.gids.empty() && !filters.project && !filters.team;
}

// `gids`: how many the team has of projects, or a piece has.
std::string sql_of(const Report& report, const Filters& filters, std::size_t gids) {
    std::vector<std::string_view> conditions;
    const auto add = [&](bool is_given, const Binding& binding) {
        if (is_given && !binding.condition.empty()) conditions.push_back(binding.condition);
    };
    add(filters.project.has_value(), report.project);
    add(filters.team.has_value(), report.team);
    add(filters.person.has_value(), report.person);
    add(filters.period.has_value(), report.period);
    if (is_in_pieces(report, filters)) conditions.push_back(report.pieces.condition);
    std::string sql(report.sql);
    const auto put = [&sql](std::string_view mark, const std::string& text) {
        for (auto at = sql.find(mark); at != std::string::npos; at = sql.find(mark, at))
            sql.replace(at, mark.size(), text);
    };
    put("$where", conditions.empty() ? std::string() : fmt::format("WHERE {}", fmt::join(conditions, " AND ")));
    std::vector<std::string> list;
    for (std::size_t i = 0; i < gids; ++i) list.push_back(parameter(i));
    put("$gids", fmt::format("{}", fmt::join(list, ", ")));
    return sql;
}

// How old what the report rests on is. Of a project or a team: tasks and stories of its projects.
void date(const store::Moment& moment, store::Parameters parameters, Told& told) {
    parameters[":tables"] = told.report->tables;
    const auto answer = moment.ask(R"(
WITH wanted AS (SELECT value AS table_name FROM json_each('["' || replace(:tables, ',', '","') || '"]'))
SELECT w.table_name, count(f.table_name), min(f.fresh_as_of), count(f.table_name) - count(f.fresh_as_of)
FROM wanted AS w LEFT JOIN sync_freshness AS f ON f.table_name = w.table_name
    AND (f.table_name NOT IN ('asana_tasks', 'asana_stories') OR :project IS NULL OR f.scope_gid = :project)
    AND (f.table_name NOT IN ('asana_tasks', 'asana_stories') OR :team IS NULL
         OR f.scope_gid IN (SELECT gid FROM asana_projects WHERE team_gid = :team))
GROUP BY w.table_name)",
                                   parameters);
    for (const auto& row : answer.rows) {
        if (std::get<std::int64_t>(row[1]) == 0) told.not_mirrored.push_back(text(row[0]));
        if (std::get<std::int64_t>(row[3]) > 0) told.incomplete = true;
        const auto as_of = parse_iso(text(row[2]));
        if (as_of) told.as_of = told.as_of ? std::min(*told.as_of, *as_of) : *as_of;
    }
    if (told.incomplete) told.as_of.reset();
    told.gaps = std::get<std::int64_t>(moment.ask("SELECT count(*) FROM sync_gaps WHERE healed_at IS NULL").rows[0][0]);
}

class Reader {
  public:
    Reader(const store::Moment& moment, const Wanted& wanted, std::optional<std::size_t> most, Told& told)
        : moment_(moment), wanted_(wanted), most_(most), told_(told) {}

    void read(const store::Parameters& parameters) {
        const auto& report = *told_.report;
        const auto& filters = told_.filters;
        if (!is_in_pieces(report, filters)) return read_rows(filters.projects, parameters);

        // The first rows come soon; many pieces would each cost what a question costs.
        constexpr std::size_t kMostTimes = 32;
        auto at_once = report.pieces.at_once;
        std::vector<std::string> gids;
        const auto read_piece = [&] {
            read_rows(gids, parameters);
            gids.clear();
            at_once = std::min(2 * at_once, kMostTimes * report.pieces.at_once);
            if (most_) at_once = std::min(at_once, *most_ - count_ + 1);  // most gids have a row
            return !told_.has_more;
        };
        store::Rows all;
        moment_.ask(std::string(report.pieces.gids), parameters, all, [&] {
            gids.push_back(text(all.rows[0][0]));
            all.rows.clear();
            return gids.size() < at_once || read_piece();
        });
        // With no gid at all it names the columns.
        if (!told_.has_more && (!gids.empty() || told_.answer.columns.empty())) read_piece();
    }

  private:
    void read_rows(std::span<const std::string> gids, store::Parameters parameters) {
        constexpr std::size_t kPoured = 10'000;
        for (std::size_t i = 0; i < gids.size(); ++i) parameters[parameter(i)] = gids[i];
        auto sql = sql_of(*told_.report, told_.filters, gids.size());
        if (most_) sql += fmt::format(" LIMIT {}", *most_ - count_ + 1);
        auto& rows = told_.answer.rows;
        moment_.ask(sql, parameters, told_.answer, [&] {
            if (most_ && count_ == *most_) {
                rows.pop_back();
                told_.has_more = true;
                return false;
            }
            ++count_;
            if (wanted_.pour && rows.size() == kPoured) {
                wanted_.pour(told_);
                rows.clear();
            }
            return true;
        });
    }

    const store::Moment& moment_;
    const Wanted& wanted_;
    std::optional<std::size_t> most_;
    Told& told_;
    std::size_t count_ = 0;
};

// A page shows few rows, but its chart is drawn from all; of pieces that would be too many.
std::optional<std::size_t> most_of(const Report& report, const Filters& filters, const Wanted& wanted) {
    constexpr std::size_t kDrawn = 10'000;
    if (!wanted.is_page) return wanted.most;
    if (report.chart == Chart::none && report.parts.empty()) return kShownRows;
    return is_in_pieces(report, filters) ? std::optional(kDrawn) : std::nullopt;
}

Told told_by(const store::Moment& moment, const Report& report, const Filters& filters,
             const std::vector<UtcOffset>& offsets, Instant now, const Wanted& wanted, bool is_part = false) {
    Told told{.report = &report, .filters = filters, .at = now, .offsets = offsets};
    const auto parameters = parameters_of(filters, offsets);
    date(moment, parameters, told);
    Reader(moment, wanted, most_of(report, filters, wanted), told).read(parameters);
    if (!wanted.is_page || is_part) return told;
    const bool all = !filters.project && !filters.team;
    for (const auto& part : report.parts) {
        if (all && part.of_some) continue;
        auto its = filters;
        if (!part.in_period) its.period.reset();
        const auto name = all && !part.of_all.empty() ? part.of_all : part.name;
        told.parts.push_back(told_by(moment, report_named(name), its, offsets, now, wanted, true));
    }
    return told;
}

std::string with_gid(const Named& one) { return fmt::format("'{}' ({})", escaped(one.name), escaped(one.gid)); }

// As a person would say them: a few, and how many more.
std::string some(const std::vector<const Named*>& these) {
    constexpr std::size_t kShown = 5;
    std::vector<std::string> names;
    for (const auto* const one : std::span(these).first(std::min(these.size(), kShown)))
        names.push_back(with_gid(*one));
    return fmt::format("{}{}", fmt::join(names, ", "),
                       these.size() > kShown ? fmt::format(" and {} more", these.size() - kShown) : "");
}

}  // namespace

std::span<const Report> reports() { return kReports; }

const Report& report_named(std::string_view name) {
    std::string wish(name);
    std::ranges::replace(wish, '_', '-');
    if (wish.starts_with("asana-")) wish.erase(0, 6);
    const auto* const found = std::ranges::find(kReports, wish, &Report::name);
    if (found != std::end(kReports)) return *found;
    std::vector<std::string_view> names;
    for (const auto& report : kReports) names.push_back(report.name);
    const auto meant = closest(wish, names);
    throw Fatal(ExitCode::usage, fmt::format("unknown report '{}', {}; see taskmirror report --list", escaped(name),
                                             meant ? fmt::format("did you mean {}?", *meant)
                                                   : fmt::format("known are {}", listed(names))));
}

std::string report_list() {
    std::string list =
        "Reports of `taskmirror report NAME`. Subtasks are tasks, but belong to no\n"
        "project of their own: filters by project and team find what stands in the\n"
        "project itself.\n";
    for (const auto& report : kReports) {
        constexpr std::size_t kLine = 80, kIndent = 4;
        list += fmt::format("\n{}\n", report.name);
        for (std::string_view says = report.says; !says.empty();) {
            auto cut = says.size() <= kLine - kIndent ? says.size() : says.rfind(' ', kLine - kIndent);
            if (cut == std::string_view::npos) cut = says.size();
            list += fmt::format("{:{}}{}\n", "", kIndent, says.substr(0, cut));
            says.remove_prefix(std::min(says.size(), cut + 1));
        }
        for (const auto& option : kOptions)
            if (const auto by = (report.*option.binding).by; !by.empty())
                list += fmt::format("{:{}}{:<10} {}{}\n", "", kIndent, option.name, by,
                                    option.binding == &Report::period && !report.usual_period.empty()
                                        ? fmt::format("; usually {}", report.usual_period)
                                        : "");
    }
    return list;
}

Named named(std::string_view what, std::string_view wish, std::span<const Named> all) {
    const auto meant = [&](auto&& is_meant) {
        std::vector<const Named*> found;
        for (const auto& one : all)
            if (is_meant(one)) found.push_back(&one);
        return found;
    };
    auto found = meant([&](const Named& one) { return one.gid == wish; });
    if (found.empty()) found = meant([&](const Named& one) { return one.name == wish || (one.email == wish); });
    if (found.empty())
        found = meant([&](const Named& one) { return matches_glob(wish, one.name) || matches_glob(wish, one.email); });
    if (found.size() == 1) return *found.front();
    if (found.size() > 1)
        throw Fatal(ExitCode::usage, fmt::format("'{}' means more than one {}: {}; name it by its gid", escaped(wish),
                                                 what, some(found)));

    auto near = meant([&](const Named& one) { return matches_glob(fmt::format("*{}*", wish), one.name); });
    if (near.empty()) {
        std::vector<std::string_view> names;
        for (const auto& one : all) names.push_back(one.name);
        if (const auto name = closest(wish, names)) near = meant([&](const Named& one) { return one.name == *name; });
    }
    const auto list = what == "person" ? std::string("people") : fmt::format("{}s", what);
    throw Fatal(ExitCode::usage,
                fmt::format("no {} is named '{}'{}; taskmirror report {} lists them", what, escaped(wish),
                            near.empty() ? "" : fmt::format(", did you mean {}?", some(near)), list));
}

Told tell(const store::Moment& moment, const Report& report, const Wishes& given, Instant now, const Wanted& wanted) {
    refuse_what_does_not_fit(report, given);
    auto wishes = given;
    if (wishes.period.empty()) wishes.period = report.usual_period;
    if (wishes.period == kAllTime) wishes.period.clear();
    std::vector<UtcOffset> offsets;
    for (const auto& row : moment.ask("SELECT starts_at, offset_seconds FROM sync_time_zone ORDER BY starts_at").rows)
        offsets.push_back({parse_iso(text(row[0])).value_or(Instant()), seconds(std::get<std::int64_t>(row[1]))});
    const auto today = std::chrono::floor<std::chrono::days>(now + offset_at(now, offsets));
    const auto filters = filters_of(moment, wishes, today);
    return told_by(moment, report, filters, offsets, now, wanted);
}

}  // namespace taskmirror::ops
