-- Questions that are asked often, for any program that runs SQL on the mirror. Each begins with its name and title;
-- docs/analysts.md tells how they get into which program.

-- name: freshness
-- title: How old the data is
SELECT table_name, scope_name, fresh_as_of, age_seconds
FROM sync_freshness
ORDER BY fresh_as_of, table_name, scope_name;

-- name: open_by_project
-- title: Open and overdue tasks by project
SELECT project_name, owner_name, open_tasks, overdue_tasks, round(completed_share * 100) AS percent_done, status_type
FROM asana_project_health
ORDER BY overdue_tasks DESC, project_name;

-- name: overdue
-- title: Overdue tasks, the oldest first
SELECT task_name, assignee_name, due_on, days_overdue, permalink_url
FROM asana_overdue
ORDER BY days_overdue DESC, task_name;

-- name: workload
-- title: Who has how much to do in which week
SELECT assignee_name, week, open_tasks, overdue_tasks
FROM asana_workload
ORDER BY assignee_name, week;

-- name: throughput
-- title: Tasks made and completed by week
SELECT week, sum(created) AS created, sum(completed) AS completed
FROM asana_throughput
GROUP BY week
ORDER BY week;

-- name: slips
-- title: Due dates that were moved back
SELECT t.name AS task_name, s.old_due_on, s.new_due_on, s.slip_days, s.actor_name, s.changed_at
FROM asana_due_date_slips AS s
JOIN asana_tasks AS t ON t.gid = s.task_gid
WHERE s.slip_days > 0
ORDER BY s.changed_at DESC;

-- name: blocked
-- title: Open tasks that wait for others
SELECT task_name, due_on, blockers, blocked_by, latest_blocker_due_on, is_late
FROM asana_blocked_tasks
ORDER BY is_late DESC, due_on;

-- name: comments
-- title: Latest comments
SELECT s.created_at, u.name AS author, t.name AS task_name, s.text, t.permalink_url
FROM asana_stories AS s
JOIN asana_tasks AS t ON t.gid = s.target_gid
LEFT JOIN asana_users AS u ON u.gid = s.created_by_gid
WHERE s.type = 'comment'
ORDER BY s.created_at DESC
LIMIT 100;

-- name: custom_fields
-- title: Values of custom fields
SELECT t.name AS task_name, f.name AS field, v.display_value AS value
FROM asana_custom_field_values AS v
JOIN asana_tasks AS t ON t.gid = v.object_gid
JOIN asana_custom_fields AS f ON f.gid = v.custom_field_gid
WHERE v.enabled = 1 AND v.display_value IS NOT NULL
ORDER BY task_name, field;
