-- Views over the Asana mirror.

-- As of when the mirror is known to be complete: one row per source, table and scope. The scope is a project for
-- asana_tasks and asana_stories; a workspace for lists, and for those tasks that only people and tags lead to; '' for
-- asana_workspaces. Columns:
--   source       the configured account
--   table_name   what is as fresh as that
--   scope_gid    of the project or workspace; ''
--   scope_name   its name
--   fresh_as_of  NULL: never complete so far. Of a project: the end of the last poll of its events, or of its last
--                complete walk; but not later than the oldest object that is known to have changed and was not fetched
--                since. Of lists: the end of the last complete walk; where there is one list per project, team or
--                person, that of the oldest.
--   age_seconds  since then
-- What a poll finds was changed between the poll before and this one, and Asana tells of changes about a minute late:
-- so exact is it, not more. What stands in sync_gaps is told there: of lists it does not count here.
CREATE VIEW sync_freshness AS
WITH
-- `loaded`: at least one pass came to its end.
sources (source, loaded) AS (
    SELECT substr(began.key, 1, length(began.key) - length('.pass_began_at')),
           EXISTS (SELECT 1 FROM sync_meta AS ended
                   WHERE ended.key = replace(began.key, '.pass_began_at', '.pass_ended_at'))
    FROM sync_meta AS began
    WHERE began.key GLOB '*.pass_began_at'
),
-- The oldest work that waits; class 2 of order_key, reconcile, asks for nothing that is known to have changed.
-- There may be as much as there are tasks, so the index is read, once.
oldest_work AS MATERIALIZED (
    SELECT source,
           min(due_at) FILTER (WHERE stream IN ('task', 'task_subtasks', 'project', 'project_tasks_changed')) AS tasks,
           min(due_at) FILTER (WHERE stream = 'task_stories') AS stories,
           min(due_at) FILTER (WHERE stream = 'task_attachments') AS attachments
    FROM sync_work INDEXED BY sync_work_due
    WHERE due_at IS NOT NULL AND order_key < 2000000000000000000
    GROUP BY source
),
waiting AS MATERIALIZED (
    SELECT s.source, s.loaded, o.tasks, o.stories, o.attachments
    FROM sources AS s LEFT JOIN oldest_work AS o ON o.source = s.source
),
-- What was done in 1970 was done for another configuration: not at all.
tasks_of_projects AS MATERIALIZED (
    SELECT s.source, s.loaded, s.tasks, s.stories, w.scope, p.name,
           CASE WHEN w.last_done_at < '1971' THEN NULL
                ELSE max(w.last_done_at, coalesce(e.last_done_at, ''), coalesce(a.last_done_at, '')) END AS polled_at
    FROM waiting AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'project_tasks'
    JOIN asana_projects AS p ON p.gid = w.scope AND p.mirrored_at IS NOT NULL
    LEFT JOIN sync_work AS e
        ON e.source = w.source AND e.stream = 'project_events' AND e.scope = w.scope AND e.cursor IS NOT NULL
    LEFT JOIN sync_work AS a
        ON a.source = w.source AND a.stream = 'workspace_events' AND a.scope = w.root AND a.cursor IS NOT NULL
),
-- Each list, where what it belongs to is still there.
lists (source, stream, table_name, scope, root, done_at) AS (
    SELECT s.source, w.stream, k.column2, w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN (VALUES ('workspaces', 'asana_workspaces'), ('users', 'asana_users'), ('teams', 'asana_teams'),
                       ('workspace_memberships', 'asana_workspace_memberships'), ('tags', 'asana_tags'),
                       ('custom_fields', 'asana_custom_fields'), ('projects', 'asana_projects'),
                       ('time_tracking_entries', 'asana_time_tracking_entries'),
                       ('time_tracking_categories', 'asana_time_tracking_categories'),
                       ('timesheet_approval_statuses', 'asana_timesheet_approval_statuses'),
                       ('allocations', 'asana_allocations'), ('project_templates', 'asana_project_templates'),
                       ('roles', 'asana_roles'), ('agents', 'asana_agents'), ('portfolios', 'asana_portfolios'),
                       ('goals', 'asana_goals'), ('time_periods', 'asana_time_periods')) AS k
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = k.column1
    UNION ALL
    SELECT s.source, w.stream, k.column2, w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN (VALUES ('sections', 'asana_sections'), ('memberships', 'asana_memberships'),
                       ('status_updates', 'asana_status_updates'), ('custom_types', 'asana_custom_types'),
                       ('project_attachments', 'asana_attachments'), ('task_templates', 'asana_task_templates'),
                       ('budgets', 'asana_budgets'), ('rates', 'asana_rates')) AS k
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = k.column1
    JOIN asana_projects AS p ON p.gid = w.scope AND p.mirrored_at IS NOT NULL
    UNION ALL
    SELECT s.source, w.stream, k.column2, w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN (VALUES ('nested_portfolios', 'asana_portfolios'), ('portfolio_items', 'asana_portfolio_items'),
                       ('project_portfolio_settings', 'asana_project_portfolio_settings'),
                       ('portfolio_memberships', 'asana_memberships'),
                       ('portfolio_status_updates', 'asana_status_updates')) AS k
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = k.column1
    JOIN asana_portfolios AS p ON p.gid = w.scope AND p.mirrored_at IS NOT NULL
    UNION ALL
    SELECT s.source, w.stream, k.column2, w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN (VALUES ('goal_relationships', 'asana_goal_relationships'), ('goal_memberships', 'asana_memberships'),
                       ('goal_status_updates', 'asana_status_updates')) AS k
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = k.column1
    JOIN asana_goals AS g ON g.gid = w.scope AND g.mirrored_at IS NOT NULL
    UNION ALL
    SELECT s.source, w.stream, 'asana_goals', w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'team_goals'
    JOIN asana_teams AS t ON t.gid = w.scope AND t.mirrored_at IS NOT NULL
    UNION ALL
    SELECT s.source, w.stream, 'asana_project_briefs', w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN asana_projects AS p ON p.mirrored_at IS NOT NULL
    JOIN sync_work AS w ON w.source = s.source AND w.stream = 'project_briefs' AND w.scope = p.project_brief_gid
    UNION ALL
    SELECT s.source, w.stream, 'asana_team_memberships', w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'team_memberships'
    JOIN asana_teams AS t ON t.gid = w.scope AND t.mirrored_at IS NOT NULL
    UNION ALL
    -- Of people who were deactivated they are not asked for again.
    SELECT s.source, w.stream, 'asana_ooo_entries', w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'ooo_entries'
    JOIN asana_workspace_memberships AS m
        ON m.is_active AND w.scope = m.workspace_gid || '/' || m.user_gid
    UNION ALL
    SELECT s.source, w.stream, 'asana_tasks', w.scope, w.root, w.last_done_at
    FROM sources AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'tag_tasks'
    JOIN asana_tags AS t ON t.gid = w.scope AND t.mirrored_at IS NOT NULL
    UNION ALL
    -- A person's tasks: the later of the walk and of the last question for changes, which needs a walk before it. Search
    -- asks for those of all, where it has told of all since then (its pending_cursor).
    SELECT s.source, w.stream, 'asana_tasks', w.scope, w.root,
           CASE WHEN c.cursor IS NOT NULL AND w.last_done_at > '1971'
                THEN max(c.last_done_at, w.last_done_at,
                         CASE WHEN c.cursor >= q.pending_cursor THEN coalesce(q.last_done_at, '') ELSE '' END)
                ELSE w.last_done_at END
    FROM sources AS s
    CROSS JOIN sync_work AS w ON w.source = s.source AND w.stream = 'user_tasks'
    LEFT JOIN sync_work AS c ON c.source = w.source AND c.stream = 'user_tasks_changed' AND c.scope = w.scope
    LEFT JOIN sync_work AS q ON q.source = w.source AND q.stream = 'search_tasks' AND q.scope = w.root
),
-- None, if one of them was never walked.
oldest_lists AS MATERIALIZED (
    SELECT l.source, l.table_name, iif(l.table_name = 'asana_workspaces', '', l.root) AS scope,
           CASE WHEN count(*) FILTER (WHERE g.source IS NULL)
                     = count(*) FILTER (WHERE g.source IS NULL AND l.done_at > '1971')
                THEN min(l.done_at) FILTER (WHERE g.source IS NULL) END AS done_at
    FROM lists AS l
    LEFT JOIN sync_gaps AS g
        ON g.source = l.source AND g.stream = l.stream AND g.scope = l.scope AND g.healed_at IS NULL
    GROUP BY l.source, l.table_name, l.root
),
freshness (source, table_name, scope_gid, scope_name, fresh_as_of) AS (
    SELECT source, 'asana_tasks', scope, name,
           CASE WHEN loaded OR tasks IS NULL THEN min(polled_at, coalesce(tasks, polled_at)) END
    FROM tasks_of_projects
    UNION ALL
    SELECT source, 'asana_stories', scope, name,
           CASE WHEN loaded OR coalesce(tasks, stories) IS NULL
                THEN min(polled_at, coalesce(tasks, polled_at), coalesce(stories, polled_at)) END
    FROM tasks_of_projects
    WHERE stories IS NOT NULL OR EXISTS (SELECT 1 FROM asana_stories)
    UNION ALL
    SELECT l.source, l.table_name, l.scope, coalesce(ws.name, ''),
           CASE l.table_name
                WHEN 'asana_tasks' THEN CASE WHEN s.loaded OR s.tasks IS NULL
                                             THEN min(l.done_at, coalesce(s.tasks, l.done_at)) END
                WHEN 'asana_attachments' THEN CASE WHEN s.loaded OR s.attachments IS NULL
                                                   THEN min(l.done_at, coalesce(s.attachments, l.done_at)) END
                ELSE l.done_at END
    FROM oldest_lists AS l
    JOIN waiting AS s ON s.source = l.source
    LEFT JOIN asana_workspaces AS ws ON ws.gid = l.scope
)
SELECT source, table_name, scope_gid, scope_name, fresh_as_of,
       max(0, CAST(round((julianday('now') - julianday(fresh_as_of)) * 86400) AS INTEGER)) AS age_seconds
FROM freshness;
