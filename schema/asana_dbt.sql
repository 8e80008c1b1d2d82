-- The final models of the dbt package fivetran/asana as views: the same columns in the same order, other arithmetic.
-- What differs from the package stands above each view with the reason; docs/dbt-asana.md has the whole list. Of all:
--   - one file is one connection: source_relation is 'asana'.
--   - What is deleted, or cannot be seen any more, is no row and counts nowhere as open; the package keeps it for good.
--   - Days are calendar days (UTC). They end when the task was completed, or today; the package lets those of finished
--     tasks grow, too. A task that was completed on the day it was made took 0 days, not none.
--   - History is read from the kinds of stories, not from their English text.
--   - People who left, or are only known because something refers to them, keep their names and their history.
--   - Lists of names are in a fixed order. A name that is not known is replaced by its id.
--
-- Columns that mean the same in each of these views:
--   source_relation  always 'asana'
--   task_id, project_id, user_id, team_id, tag_id, workspace_id  its gid
--   tag_name         its name
--   is_completed     1: done
--   is_archived      1: put away
--   due_date         the last day, or time
--   completed_by_user_id, assignee_user_id, owner_user_id  the person
--   number_of_open_tasks, number_of_assigned_open_tasks, number_of_tasks_completed  how many
--   avg_close_time_days, avg_close_time_assigned_days  how long its completed tasks took from made, from assigned, on
--                    the average

-- One row per task. Other than in the package:
--   - due_date and start_date keep the time of day where there is one.
--   - is_liked is NULL: whether the token's own user likes a task is not mirrored.
--   - has_been_assigned is 1 as well for who is assigned now or was taken off, without a story that tells of the
--     assignment; its dates are not known then.
--   - conversation is in the order of time, its lines are separated by line breaks, and comments by nobody known stay.
--   - A project whose section is not known is in the lists of projects; number_of_projects is 0, not NULL, for none.
--   - is_subtask holds as well where the parent cannot be seen.
-- Columns that are not asked for cost nothing. Columns:
--   task_description  its notes
--   parent_task_id, parent_task_name, parent_assignee_user_id, parent_assignee_name, parent_due_date, parent_created_at
--                    of the task whose subtask it is
--   start_date       the first day, or time
--   is_liked         always NULL
--   number_of_likes  how many people like it
--   task_link        its page in Asana
--   assignee_email   the assignee's address
--   days_open        from made to completed, or today
--   is_currently_assigned, has_been_assigned  1: somebody has it, somebody has or had it
--   days_since_last_assignment, days_since_first_assignment  until it was completed, or today
--   last_assigned_at, first_assigned_at  when; NULL: no story tells
--   first_modifier_user_id, first_modifier_name  who was the first to do something to it
--   conversation     its comments, a line for each
--   number_of_comments, number_of_followers, number_of_tags, number_of_projects  how many
--   followers, tags, project_names  names, separated by comma and space
--   project_ids      their gids, in the same way
--   projects_sections  names of the projects, each with a colon and its section
--   is_subtask       1: it has a parent
CREATE VIEW asana__task AS
SELECT 'asana' AS source_relation,
       t.gid AS task_id,
       t.assignee_gid AS assignee_user_id,
       t.completed AS is_completed,
       t.completed_at,
       t.completed_by_gid AS completed_by_user_id,
       t.created_at,
       coalesce(t.due_at, t.due_on) AS due_date,
       t.modified_at,
       t.name AS task_name,
       t.parent_gid AS parent_task_id,
       coalesce(t.start_at, t.start_on) AS start_date,
       t.notes AS task_description,
       NULL AS is_liked,
       t.num_likes AS number_of_likes,
       t.workspace_gid AS workspace_id,
       'https://app.asana.com/0/0/' || t.gid AS task_link,
       (SELECT u.name FROM asana_users AS u WHERE u.gid = t.assignee_gid) AS assignee_name,
       (SELECT u.email FROM asana_users AS u WHERE u.gid = t.assignee_gid) AS assignee_email,
       max(0, CAST(julianday(iif(t.completed, t.completed_at, 'now'), 'start of day')
                   - julianday(t.created_at, 'start of day') AS INTEGER)) AS days_open,
       t.assignee_gid IS NOT NULL AS is_currently_assigned,
       t.assignee_gid IS NOT NULL
           OR EXISTS (SELECT 1 FROM asana_stories AS s
                      WHERE s.target_gid = t.gid
                        AND (s.resource_subtype = 'assigned' OR s.resource_subtype = 'unassigned'))
           AS has_been_assigned,
       max(0, CAST(julianday(iif(t.completed, t.completed_at, 'now'), 'start of day')
                   - julianday((SELECT max(s.created_at) FROM asana_stories AS s
                                WHERE s.target_gid = t.gid AND s.resource_subtype = 'assigned'), 'start of day')
                   AS INTEGER)) AS days_since_last_assignment,
       max(0, CAST(julianday(iif(t.completed, t.completed_at, 'now'), 'start of day')
                   - julianday((SELECT min(s.created_at) FROM asana_stories AS s
                                WHERE s.target_gid = t.gid AND s.resource_subtype = 'assigned'), 'start of day')
                   AS INTEGER)) AS days_since_first_assignment,
       (SELECT max(s.created_at) FROM asana_stories AS s
        WHERE s.target_gid = t.gid AND s.resource_subtype = 'assigned') AS last_assigned_at,
       (SELECT min(s.created_at) FROM asana_stories AS s
        WHERE s.target_gid = t.gid AND s.resource_subtype = 'assigned') AS first_assigned_at,
       (SELECT s.created_by_gid FROM asana_stories AS s
        WHERE s.target_gid = t.gid AND s.created_by_gid IS NOT NULL
        ORDER BY s.created_at, s.gid LIMIT 1) AS first_modifier_user_id,
       (SELECT u.name FROM asana_stories AS s LEFT JOIN asana_users AS u ON u.gid = s.created_by_gid
        WHERE s.target_gid = t.gid AND s.created_by_gid IS NOT NULL
        ORDER BY s.created_at, s.gid LIMIT 1) AS first_modifier_name,
       (SELECT group_concat(line, char(10))
        FROM (SELECT s.created_at || '  -  ' || coalesce(u.name, s.created_by_gid, 'unknown') || ':  '
                     || coalesce(s.text, '') AS line
              FROM asana_stories AS s LEFT JOIN asana_users AS u ON u.gid = s.created_by_gid
              WHERE s.target_gid = t.gid AND s.type = 'comment'
              ORDER BY s.created_at, s.gid)) AS conversation,
       (SELECT count(*) FROM asana_stories AS s
        WHERE s.target_gid = t.gid AND s.type = 'comment') AS number_of_comments,
       (SELECT group_concat(name, ', ')
        FROM (SELECT coalesce(u.name, f.user_gid) AS name
              FROM asana_task_followers AS f LEFT JOIN asana_users AS u ON u.gid = f.user_gid
              WHERE f.task_gid = t.gid
              ORDER BY 1)) AS followers,
       (SELECT count(*) FROM asana_task_followers AS f WHERE f.task_gid = t.gid) AS number_of_followers,
       (SELECT group_concat(name, ', ')
        FROM (SELECT coalesce(g.name, tt.tag_gid) AS name
              FROM asana_task_tags AS tt LEFT JOIN asana_tags AS g ON g.gid = tt.tag_gid
              WHERE tt.task_gid = t.gid
              ORDER BY 1)) AS tags,
       (SELECT count(*) FROM asana_task_tags AS tt WHERE tt.task_gid = t.gid) AS number_of_tags,
       -- The three lists are in the order of the projects' ids.
       (SELECT group_concat(project_gid, ', ')
        FROM (SELECT m.project_gid FROM asana_task_memberships AS m
              WHERE m.task_gid = t.gid
              ORDER BY m.project_gid)) AS project_ids,
       (SELECT group_concat(name, ', ')
        FROM (SELECT coalesce(p.name, m.project_gid) AS name
              FROM asana_task_memberships AS m LEFT JOIN asana_projects AS p ON p.gid = m.project_gid
              WHERE m.task_gid = t.gid
              ORDER BY m.project_gid)) AS project_names,
       (SELECT group_concat(name, ', ')
        FROM (SELECT coalesce(p.name, m.project_gid)
                     || iif(s.name <> '(no section)', ': ' || s.name, '') AS name
              FROM asana_task_memberships AS m
              LEFT JOIN asana_projects AS p ON p.gid = m.project_gid
              LEFT JOIN asana_sections AS s ON s.gid = m.section_gid
              WHERE m.task_gid = t.gid
              ORDER BY m.project_gid)) AS projects_sections,
       (SELECT count(*) FROM asana_task_memberships AS m WHERE m.task_gid = t.gid) AS number_of_projects,
       t.parent_gid IS NOT NULL AS is_subtask,
       (SELECT p.name FROM asana_tasks AS p WHERE p.gid = t.parent_gid) AS parent_task_name,
       (SELECT p.assignee_gid FROM asana_tasks AS p WHERE p.gid = t.parent_gid) AS parent_assignee_user_id,
       (SELECT u.name FROM asana_tasks AS p JOIN asana_users AS u ON u.gid = p.assignee_gid
        WHERE p.gid = t.parent_gid) AS parent_assignee_name,
       (SELECT coalesce(p.due_at, p.due_on) FROM asana_tasks AS p WHERE p.gid = t.parent_gid) AS parent_due_date,
       (SELECT p.created_at FROM asana_tasks AS p WHERE p.gid = t.parent_gid) AS parent_created_at
FROM asana_tasks AS t;

-- One row per project that is listed. Other than in the package:
--   - Projects that belong to no team, or to one that cannot be seen, are here; their team_name is NULL.
--   - avg_close_time_assigned_days is the mean over the completed tasks that have an assignee and are known since when;
--     the package divides the days of all completed tasks by the number of those with an assignee.
--   - users_involved names a person once in each role, also who left.
--   - is_public: public to the workspace.
-- users_involved is empty for archived projects, as in the package. Columns:
--   project_link     its page in Asana
--   current_status   the text of the current status update
--   last_modified_at  when its own fields were last changed
--   users_involved   names, each with "as owner" or "as task assignee"
--   number_of_users_involved  how many people these are
--   sections         their names, in order
--   is_public        1: everybody in the workspace may see it
CREATE VIEW asana__project AS
WITH work AS (
    SELECT m.project_gid,
           count(*) FILTER (WHERE NOT t.is_completed) AS open,
           count(t.assignee_user_id) FILTER (WHERE NOT t.is_completed) AS assigned_open,
           count(*) FILTER (WHERE t.is_completed) AS completed,
           avg(t.days_open) FILTER (WHERE t.is_completed) AS days,
           avg(iif(t.is_completed AND t.assignee_user_id IS NOT NULL, t.days_since_last_assignment, NULL))
               AS days_assigned
    FROM asana_task_memberships AS m
    JOIN asana__task AS t ON t.task_id = m.task_gid
    GROUP BY m.project_gid
),
involved (project_gid, user_gid, role) AS (
    SELECT gid, owner_gid, 'owner' FROM asana_projects WHERE archived = 0 AND owner_gid IS NOT NULL
    UNION
    SELECT p.gid, t.assignee_gid, 'task assignee'
    FROM asana_projects AS p
    JOIN asana_task_memberships AS m ON m.project_gid = p.gid
    JOIN asana_tasks AS t ON t.gid = m.task_gid
    WHERE p.archived = 0 AND t.assignee_gid IS NOT NULL
),
people AS (
    SELECT project_gid, group_concat(name || ' as ' || role, ', ') AS names, count(DISTINCT user_gid) AS number
    FROM (SELECT i.project_gid, i.user_gid, i.role, coalesce(u.name, i.user_gid) AS name
          FROM involved AS i LEFT JOIN asana_users AS u ON u.gid = i.user_gid
          ORDER BY i.project_gid, i.role, name)
    GROUP BY project_gid
)
SELECT 'asana' AS source_relation,
       p.gid AS project_id,
       p.name AS project_name,
       coalesce(w.open, 0) AS number_of_open_tasks,
       coalesce(w.assigned_open, 0) AS number_of_assigned_open_tasks,
       coalesce(w.completed, 0) AS number_of_tasks_completed,
       round(w.days) AS avg_close_time_days,
       round(w.days_assigned) AS avg_close_time_assigned_days,
       'https://app.asana.com/0/' || p.gid || '/' || p.gid AS project_link,
       p.team_gid AS team_id,
       (SELECT tm.name FROM asana_teams AS tm WHERE tm.gid = p.team_gid) AS team_name,
       p.archived AS is_archived,
       p.created_at,
       (SELECT s.text FROM asana_status_updates AS s WHERE s.gid = p.current_status_update_gid) AS current_status,
       p.due_on AS due_date,
       p.modified_at AS last_modified_at,
       p.owner_gid AS owner_user_id,
       u.names AS users_involved,
       coalesce(u.number, 0) AS number_of_users_involved,
       (SELECT group_concat(name, ', ')
        FROM (SELECT s.name FROM asana_sections AS s
              WHERE s.project_gid = p.gid AND s.mirrored_at IS NOT NULL AND s.name <> '(no section)'
              ORDER BY s.position, s.gid)) AS sections,
       p.notes,
       p.privacy_setting = 'public_to_workspace' AS is_public
FROM asana_projects AS p
LEFT JOIN work AS w ON w.project_gid = p.gid
LEFT JOIN people AS u ON u.project_gid = p.gid
WHERE p.mirrored_at IS NOT NULL;

-- One row per person. Other than in the package:
--   - People who left, or are only known because something refers to them, have a row: their tasks are still there.
--   - avg_close_time_days is the mean over those completed tasks whose last assignment is known.
-- Columns:
--   email            the address
--   number_of_projects_owned  how many
--   number_of_projects_currently_assigned_to  how many hold open tasks of this person
--   projects_working_on  names of the projects, separated by comma and space
CREATE VIEW asana__user AS
WITH work AS (
    SELECT assignee_user_id AS user_gid,
           count(*) FILTER (WHERE NOT is_completed) AS open,
           count(*) FILTER (WHERE is_completed) AS completed,
           avg(iif(is_completed, days_since_last_assignment, NULL)) AS days
    FROM asana__task
    WHERE assignee_user_id IS NOT NULL
    GROUP BY assignee_user_id
),
involved (user_gid, project_gid, owns, works) AS (
    SELECT user_gid, project_gid, max(owns), max(works)
    FROM (SELECT owner_gid AS user_gid, gid AS project_gid, 1 AS owns, 0 AS works
          FROM asana_projects
          WHERE archived = 0 AND owner_gid IS NOT NULL
          UNION ALL
          SELECT t.assignee_gid, p.gid, 0, 1
          FROM asana_projects AS p
          JOIN asana_task_memberships AS m ON m.project_gid = p.gid
          JOIN asana_tasks AS t ON t.gid = m.task_gid
          WHERE p.archived = 0 AND t.completed = 0 AND t.assignee_gid IS NOT NULL)
    GROUP BY user_gid, project_gid
),
projects AS (
    SELECT user_gid, sum(owns) AS owned, sum(works) AS worked_on, group_concat(name, ', ') AS names
    FROM (SELECT i.user_gid, i.owns, i.works, coalesce(p.name, i.project_gid) AS name
          FROM involved AS i JOIN asana_projects AS p ON p.gid = i.project_gid
          ORDER BY i.user_gid, name)
    GROUP BY user_gid
)
SELECT 'asana' AS source_relation,
       u.gid AS user_id,
       u.email,
       u.name AS user_name,
       coalesce(w.open, 0) AS number_of_open_tasks,
       coalesce(w.completed, 0) AS number_of_tasks_completed,
       round(w.days) AS avg_close_time_days,
       coalesce(p.owned, 0) AS number_of_projects_owned,
       coalesce(p.worked_on, 0) AS number_of_projects_currently_assigned_to,
       p.names AS projects_working_on
FROM asana_users AS u
LEFT JOIN work AS w ON w.user_gid = u.gid
LEFT JOIN projects AS p ON p.user_gid = u.gid;

-- One row per team. Other than in the package:
--   - A task in several projects of the team counts once.
--   - Averages are over the team's tasks, not over the averages of its projects.
-- Columns:
--   number_of_active_projects, number_of_archived_projects  how many
--   active_projects  their names
CREATE VIEW asana__team AS
WITH work AS (
    SELECT h.team_gid,
           count(*) FILTER (WHERE NOT t.is_completed) AS open,
           count(t.assignee_user_id) FILTER (WHERE NOT t.is_completed) AS assigned_open,
           count(*) FILTER (WHERE t.is_completed) AS completed,
           avg(t.days_open) FILTER (WHERE t.is_completed) AS days,
           avg(iif(t.is_completed AND t.assignee_user_id IS NOT NULL, t.days_since_last_assignment, NULL))
               AS days_assigned
    FROM (SELECT DISTINCT p.team_gid, m.task_gid
          FROM asana_projects AS p
          JOIN asana_task_memberships AS m ON m.project_gid = p.gid
          WHERE p.team_gid IS NOT NULL) AS h
    JOIN asana__task AS t ON t.task_id = h.task_gid
    GROUP BY h.team_gid
),
projects AS (
    SELECT team_gid,
           count(*) FILTER (WHERE NOT archived) AS active,
           group_concat(name, ', ') FILTER (WHERE NOT archived) AS names,
           count(*) FILTER (WHERE archived) AS archived
    FROM (SELECT team_gid, archived, coalesce(name, gid) AS name
          FROM asana_projects
          WHERE team_gid IS NOT NULL
          ORDER BY team_gid, 3)
    GROUP BY team_gid
)
SELECT 'asana' AS source_relation,
       tm.gid AS team_id,
       tm.name AS team_name,
       coalesce(w.open, 0) AS number_of_open_tasks,
       coalesce(w.assigned_open, 0) AS number_of_assigned_open_tasks,
       coalesce(w.completed, 0) AS number_of_tasks_completed,
       round(w.days) AS avg_close_time_days,
       round(w.days_assigned) AS avg_close_time_assigned_days,
       coalesce(p.active, 0) AS number_of_active_projects,
       p.names AS active_projects,
       coalesce(p.archived, 0) AS number_of_archived_projects
FROM asana_teams AS tm
LEFT JOIN work AS w ON w.team_gid = tm.gid
LEFT JOIN projects AS p ON p.team_gid = tm.gid;

-- One row per tag that is listed. Other than in the package:
--   - Open tasks are counted; the package looks at completed tasks only.
--   - avg_days_assigned is the mean over the completed tasks that have an assignee and are known since when.
-- Columns:
--   avg_days_open    from made to completed
--   avg_days_assigned  from assigned to completed
CREATE VIEW asana__tag AS
SELECT 'asana' AS source_relation,
       g.gid AS tag_id,
       g.name AS tag_name,
       g.created_at,
       coalesce(w.open, 0) AS number_of_open_tasks,
       coalesce(w.assigned_open, 0) AS number_of_assigned_open_tasks,
       coalesce(w.completed, 0) AS number_of_tasks_completed,
       round(w.days) AS avg_days_open,
       round(w.days_assigned) AS avg_days_assigned
FROM asana_tags AS g
LEFT JOIN (SELECT tt.tag_gid,
                  count(*) FILTER (WHERE NOT t.is_completed) AS open,
                  count(t.assignee_user_id) FILTER (WHERE NOT t.is_completed) AS assigned_open,
                  count(*) FILTER (WHERE t.is_completed) AS completed,
                  avg(t.days_open) FILTER (WHERE t.is_completed) AS days,
                  avg(iif(t.is_completed AND t.assignee_user_id IS NOT NULL, t.days_since_last_assignment, NULL))
                      AS days_assigned
           FROM asana_task_tags AS tt
           JOIN asana__task AS t ON t.task_id = tt.task_gid
           GROUP BY tt.tag_gid) AS w ON w.tag_gid = g.gid
WHERE g.mirrored_at IS NOT NULL;

-- One row per day (UTC), from that of the oldest task to today, latest first: how many tasks were open at its end, and
-- what happened on it. Other than in the package:
--   - There are no days in the future.
--   - A task that was completed on the day it was made counts as made and as completed; the package counts neither, and
--     never counts a task as completed.
--   - A task that was completed and reopened on a later day was not open in between, and counts as completed each time.
--   - A task that is gone was open until it went. It still counts on the days when it was made and completed, as long
--     as its tombstone is kept.
--   - A task is assigned from its first assignment until it is taken off somebody for good; in the package it stays
--     assigned. Where no story tells of the assignment, it counts from the day the task was made.
-- Columns:
--   date_day         the day
--   number_of_tasks_open, number_of_tasks_open_assigned  at its end
--   number_of_tasks_created, number_of_tasks_completed  on this day
--   avg_days_open, avg_days_open_assigned  how long those had been open, or assigned, on the average
CREATE VIEW asana__daily_metrics AS
WITH RECURSIVE
-- A day is the number of the Julian day that begins at its noon; 1000000000 is never.
task (gid, made, done, gone, assignee_gid) AS (
    SELECT gid, CAST(julianday(created_at) + 0.5 AS INTEGER),
           iif(completed, CAST(julianday(completed_at) + 0.5 AS INTEGER), NULL), NULL, assignee_gid
    FROM asana_tasks
    UNION ALL
    SELECT gid, CAST(julianday(json_extract(row, '$.created_at')) + 0.5 AS INTEGER),
           iif(json_extract(row, '$.completed'),
               CAST(julianday(json_extract(row, '$.completed_at')) + 0.5 AS INTEGER), NULL),
           CAST(julianday(coalesce(deleted_at, detected_at)) + 0.5 AS INTEGER), json_extract(row, '$.assignee_gid')
    FROM sync_tombstones
    WHERE table_name = 'asana_tasks'
),
-- What their stories tell; those of a task that is gone went with it.
story (task_gid, at, kind) AS (
    SELECT target_gid, created_at, resource_subtype
    FROM asana_stories
    WHERE resource_subtype = 'assigned' OR resource_subtype = 'unassigned'
       OR resource_subtype = 'marked_complete' OR resource_subtype = 'marked_incomplete'
    UNION ALL
    SELECT json_extract(row, '$.target_gid'), json_extract(row, '$.created_at'),
           json_extract(row, '$.resource_subtype')
    FROM sync_tombstones
    WHERE table_name = 'asana_stories' AND detected_by = 'parent'
      AND json_extract(row, '$.resource_subtype')
          IN ('assigned', 'unassigned', 'marked_complete', 'marked_incomplete')
),
assignment (task_gid, began, ended) AS MATERIALIZED (
    SELECT task_gid,
           CAST(julianday(min(at) FILTER (WHERE kind = 'assigned')) + 0.5 AS INTEGER),
           CAST(julianday(max(at) FILTER (WHERE kind = 'unassigned')) + 0.5 AS INTEGER)
    FROM story
    WHERE kind IN ('assigned', 'unassigned')
    GROUP BY task_gid
),
-- When tasks were closed and opened again on a later day.
pause (task_gid, began, ended) AS MATERIALIZED (
    SELECT task_gid, CAST(julianday(before_at) + 0.5 AS INTEGER), CAST(julianday(at) + 0.5 AS INTEGER)
    FROM (SELECT task_gid, at, kind, lag(at) OVER by_time AS before_at, lag(kind) OVER by_time AS kind_before
          FROM story
          WHERE kind IN ('marked_complete', 'marked_incomplete')
          WINDOW by_time AS (PARTITION BY task_gid ORDER BY at, kind))
    WHERE kind = 'marked_incomplete' AND kind_before = 'marked_complete' AND date(before_at) < date(at)
),
-- Each task from when it was made to when it was done or went, with when it was assigned.
life (gid, made, done, ended, assigned, taken_off) AS MATERIALIZED (
    SELECT t.gid, t.made, t.done, coalesce(t.done, t.gone, 1000000000),
           coalesce(a.began, iif(t.assignee_gid IS NULL, 1000000000, t.made)),
           iif(t.assignee_gid IS NULL, coalesce(a.ended, a.began), 1000000000)
    FROM task AS t
    LEFT JOIN assignment AS a ON a.task_gid = t.gid
    WHERE t.made IS NOT NULL
),
-- Adds a life, takes its pauses away again.
piece (sign, made, began, ended, since, assigned, taken_off) AS MATERIALIZED (
    SELECT 1, made, made, ended, assigned, max(made, assigned), min(ended, taken_off)
    FROM life
    UNION ALL
    SELECT -1, l.made, p.began, p.ended, l.assigned, max(p.began, l.assigned), min(p.ended, l.taken_off)
    FROM pause AS p
    JOIN life AS l ON l.gid = p.task_gid
    WHERE p.began >= l.made AND p.ended <= l.ended
),
-- What each day adds: open tasks, the sum of the days when they were made; assigned ones, the sum of the days since when.
change (day, open, made, assigned, since, created, completed) AS (
    SELECT began, sum(sign), sum(sign * made), 0, 0, sum(sign = 1), sum(sign = -1) FROM piece GROUP BY began
    UNION ALL
    SELECT ended, -sum(sign), -sum(sign * made), 0, 0, 0, 0 FROM piece GROUP BY ended
    UNION ALL
    SELECT assigned, 0, 0, sum(sign), sum(sign * since), 0, 0 FROM piece WHERE assigned < taken_off GROUP BY 1
    UNION ALL
    SELECT taken_off, 0, 0, -sum(sign), -sum(sign * since), 0, 0 FROM piece WHERE assigned < taken_off GROUP BY 1
    UNION ALL
    SELECT done, 0, 0, 0, 0, 0, count(*) FROM life WHERE done IS NOT NULL GROUP BY done
),
day (day) AS (
    SELECT min(day) FROM change
    UNION ALL
    SELECT day + 1 FROM day WHERE day < CAST(julianday('now') + 0.5 AS INTEGER)
),
total (day, open, made, assigned, since, created, completed) AS (
    SELECT d.day, sum(sum(c.open)) OVER so_far, sum(sum(c.made)) OVER so_far, sum(sum(c.assigned)) OVER so_far,
           sum(sum(c.since)) OVER so_far, sum(c.created), sum(c.completed)
    FROM day AS d
    LEFT JOIN change AS c ON c.day = d.day
    GROUP BY d.day
    WINDOW so_far AS (ORDER BY d.day)
)
SELECT 'asana' AS source_relation,
       date(day) AS date_day,
       coalesce(open, 0) AS number_of_tasks_open,
       coalesce(assigned, 0) AS number_of_tasks_open_assigned,
       coalesce(created, 0) AS number_of_tasks_created,
       coalesce(completed, 0) AS number_of_tasks_completed,
       round(day - made * 1.0 / nullif(open, 0)) AS avg_days_open,
       round(day - since * 1.0 / nullif(assigned, 0)) AS avg_days_open_assigned
FROM total
WHERE day IS NOT NULL
ORDER BY day DESC;
