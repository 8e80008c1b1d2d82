-- Reports: views with plain names over the tables of the Asana mirror. What is gone stands in none of them.
-- Days are those of the configured time zone; durations are in seconds, times of work in minutes.
-- A task in several projects stands once in each view of tasks, and once per project where a view counts by project.
-- Subtasks are tasks, but belong to no project of their own: views by project count what stands in the project itself.
--
-- Columns that mean the same in every one of these views, where its own list says nothing else:
--   task_name  the name of the task
--   project_name  the name of the project
--   section_name  the name of the section
--   workspace_name  the name of the workspace
--   team_name  the name of the team
--   user_name  the name of the person
--   custom_field_name  the name of the field
--   assignee_name  the name of the assignee; NULL: nobody
--   owner_name     the name of the owner
--   changed_at     when
--   actor_gid      who did it; NULL: Asana itself
--   actor_name     the name of who did it
--   created, completed  how many tasks were made, and marked as done
--   week           its Monday
--   day            date

-- == What is there ==

-- What day it is, where `time_zone` says. Columns:
--   today           date
--   offset_seconds  to be added to UTC, now
CREATE VIEW asana_today AS
SELECT date('now', offset_seconds || ' seconds') AS today, offset_seconds
FROM (SELECT offset_seconds FROM sync_time_zone WHERE starts_at <= strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
      ORDER BY starts_at DESC LIMIT 1);

-- Tasks with the names of what they refer to. Columns:
--   task_gid, task_name, resource_subtype, workspace_name, permalink_url
--   parent_gid, parent_name  the task whose subtask it is
--   root_gid, root_name  the task at the top; of a task that is no subtask: itself
--   depth           0 for tasks, 1 for their subtasks, ...
--   assignee_gid, assignee_name
--   created_by_name  who made it
--   completed       1: done
--   completed_at, created_at, modified_at, start_on, due_on, due_at, approval_status
--   is_overdue      1: open, and its due time or day is over
--   projects, sections, tags, followers  names, separated by comma and space; NULL: none
--   num_subtasks    direct children
--   num_likes
--   actual_time_minutes  tracked for it
CREATE VIEW asana_task_details AS
SELECT t.gid AS task_gid, t.name AS task_name, t.resource_subtype, w.name AS workspace_name,
       t.parent_gid, p.name AS parent_name, t.root_gid, r.name AS root_name, t.depth,
       t.assignee_gid, a.name AS assignee_name, c.name AS created_by_name,
       t.completed, t.completed_at, t.created_at, t.modified_at, t.start_on, t.due_on, t.due_at, t.approval_status,
       CASE WHEN t.completed THEN 0 WHEN t.due_at IS NOT NULL THEN t.due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
            WHEN t.due_on IS NOT NULL THEN t.due_on < (SELECT today FROM asana_today) ELSE 0 END AS is_overdue,
       (SELECT group_concat(name, ', ') FROM (
            SELECT x.name FROM asana_task_memberships AS m JOIN asana_projects AS x ON x.gid = m.project_gid
            WHERE m.task_gid = t.gid ORDER BY x.name, x.gid)) AS projects,
       (SELECT group_concat(name, ', ') FROM (
            SELECT x.name FROM asana_task_memberships AS m JOIN asana_projects AS o ON o.gid = m.project_gid
            JOIN asana_sections AS x ON x.gid = m.section_gid
            WHERE m.task_gid = t.gid ORDER BY o.name, o.gid)) AS sections,
       (SELECT group_concat(name, ', ') FROM (
            SELECT x.name FROM asana_task_tags AS m JOIN asana_tags AS x ON x.gid = m.tag_gid
            WHERE m.task_gid = t.gid ORDER BY x.name, x.gid)) AS tags,
       (SELECT group_concat(name, ', ') FROM (
            SELECT x.name FROM asana_task_followers AS m JOIN asana_users AS x ON x.gid = m.user_gid
            WHERE m.task_gid = t.gid ORDER BY x.name, x.gid)) AS followers,
       t.num_subtasks, t.num_likes, t.actual_time_minutes, t.permalink_url
FROM (SELECT *,
             iif(parent_gid IS NULL, gid,
                 (WITH RECURSIVE up (gid, parent_gid, steps) AS (
                      SELECT inner_task.gid, inner_task.parent_gid, 0
                      UNION ALL
                      SELECT x.gid, x.parent_gid, steps + 1
                      FROM up JOIN asana_tasks AS x ON x.gid = up.parent_gid WHERE steps < 100)
                  SELECT gid FROM up ORDER BY steps DESC LIMIT 1)) AS root_gid,
             iif(parent_gid IS NULL, 0,
                 (WITH RECURSIVE up (parent_gid, steps) AS (
                      SELECT inner_task.parent_gid, 0
                      UNION ALL
                      SELECT x.parent_gid, steps + 1
                      FROM up JOIN asana_tasks AS x ON x.gid = up.parent_gid WHERE steps < 100)
                  SELECT max(steps) FROM up)) AS depth
      FROM asana_tasks AS inner_task) AS t
LEFT JOIN asana_workspaces AS w ON w.gid = t.workspace_gid
LEFT JOIN asana_tasks AS p ON p.gid = t.parent_gid
LEFT JOIN asana_tasks AS r ON r.gid = t.root_gid
LEFT JOIN asana_users AS a ON a.gid = t.assignee_gid
LEFT JOIN asana_users AS c ON c.gid = t.created_by_gid;

-- Open tasks whose due day, or due time, is over. Columns:
--   task_gid, task_name, assignee_gid, assignee_name, due_on, due_at
--   days_overdue    full days; 0: since today
--   permalink_url
CREATE VIEW asana_overdue AS
SELECT t.gid AS task_gid, t.name AS task_name, t.assignee_gid, u.name AS assignee_name, t.due_on, t.due_at,
       max(0, CAST(julianday(d.today) - julianday(t.due_on) AS INTEGER)) AS days_overdue, t.permalink_url
FROM asana_today AS d
CROSS JOIN asana_tasks AS t
LEFT JOIN asana_users AS u ON u.gid = t.assignee_gid
-- The day of a due time may be another one there.
WHERE t.completed = 0 AND t.due_on <= date(d.today, '+1 day')
  AND iif(t.due_at IS NULL, t.due_on < d.today, t.due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'));

-- Open tasks that nobody has. Columns:
--   task_gid, task_name, due_on, created_at
--   age_days        since it was made
--   permalink_url
CREATE VIEW asana_unassigned AS
SELECT gid AS task_gid, name AS task_name, due_on, created_at,
       CAST(julianday('now') - julianday(created_at) AS INTEGER) AS age_days, permalink_url
FROM asana_tasks
WHERE completed = 0 AND assignee_gid IS NULL AND is_rendered_as_separator IS NOT 1;

-- Open tasks by how long nothing of them has changed; ask for those WHERE days_unchanged > 30. Columns:
--   task_gid, task_name, assignee_gid, assignee_name, modified_at
--   days_unchanged  full days since modified_at
--   due_on, permalink_url
CREATE VIEW asana_stale_tasks AS
SELECT t.gid AS task_gid, t.name AS task_name, t.assignee_gid, u.name AS assignee_name, t.modified_at,
       CAST(julianday('now') - julianday(t.modified_at) AS INTEGER) AS days_unchanged, t.due_on, t.permalink_url
FROM asana_tasks AS t
LEFT JOIN asana_users AS u ON u.gid = t.assignee_gid
WHERE t.completed = 0 AND t.is_rendered_as_separator IS NOT 1;

-- == What happened ==

-- When a task stood in which section of which project. Columns:
--   task_gid, project_gid, section_gid
--   entered_at      when it came there; NULL: not known
--   left_at         when it left; NULL: still there, or not known
--   is_current      1: still there
--   seconds         until now, where it is still there; NULL: not known
-- A task that was made in a project was there since it was made. History that no story tells (a section that was
-- deleted below its tasks, a move by another way) leaves times that are not known, never wrong ones. Projects that the
-- token does not see are not in it, for which sections are theirs is not known.
CREATE VIEW asana_time_in_section AS
SELECT i.task_gid, i.project_gid, i.section_gid, i.entered_at, i.left_at, i.is_current,
       CAST(round((julianday(CASE WHEN i.is_current THEN 'now' ELSE i.left_at END) - julianday(i.entered_at)) * 86400)
            AS INTEGER) AS seconds
FROM (
    SELECT o.task_gid, o.project_gid,
           CASE k.part WHEN 1 THEN coalesce(o.enters, o.next_leaves) WHEN 3 THEN o.leaves ELSE o.next_leaves END
               AS section_gid,
           CASE k.part WHEN 1 THEN o.at WHEN 3 THEN (SELECT created_at FROM asana_tasks WHERE gid = o.task_gid) END
               AS entered_at,
           CASE k.part WHEN 1 THEN iif(o.moved_unseen, NULL, o.next_at) WHEN 2 THEN o.next_at WHEN 3 THEN o.at END
               AS left_at,
           CASE k.part WHEN 1 THEN coalesce(o.next_kind = 'now', 0) AND NOT o.moved_unseen WHEN 2 THEN o.next_kind = 'now'
                       WHEN 3 THEN o.kind = 'now' ELSE 1 END AS is_current
    FROM (
        SELECT *, next_leaves IS NOT NULL AND enters IS NOT NULL AND enters <> next_leaves AS moved_unseen
        FROM (
            SELECT *, row_number() OVER of_both AS number,
                   lead(at) OVER of_both AS next_at, lead(leaves) OVER of_both AS next_leaves,
                   lead(kind) OVER of_both AS next_kind
            FROM (
                -- What happened to a task in a project, by the indexes of places, which are for these two fields: it
                -- left a section (NULL: whichever it stood in), it entered one.
                SELECT c.task_gid, s.project_gid, c.changed_at AS at, c.story_gid AS place, c.old_gid AS leaves,
                       iif(n.project_gid IS s.project_gid, c.new_gid, NULL) AS enters,
                       iif(n.project_gid IS s.project_gid, 'move', 'out') AS kind
                FROM asana_sections AS s
                CROSS JOIN asana_task_changes AS c
                  ON c.old_gid = s.gid AND +c.field = 'section' AND +c.field IN ('section', 'project')
                LEFT JOIN asana_sections AS n ON n.gid = c.new_gid
                WHERE s.project_gid IS NOT NULL
                UNION ALL
                SELECT c.task_gid, n.project_gid, c.changed_at, c.story_gid, NULL, c.new_gid, 'in'
                FROM asana_sections AS n
                CROSS JOIN asana_task_changes AS c
                  ON c.new_gid = n.gid AND +c.field = 'section' AND +c.field IN ('section', 'project')
                LEFT JOIN asana_sections AS s ON s.gid = c.old_gid
                WHERE n.project_gid IS NOT NULL AND s.project_gid IS NOT n.project_gid
                UNION ALL
                SELECT task_gid, new_gid, changed_at, story_gid, NULL, NULL, 'in'
                FROM asana_task_changes
                WHERE +field = 'project' AND +field IN ('section', 'project') AND new_gid IS NOT NULL
                UNION ALL
                SELECT task_gid, old_gid, changed_at, story_gid, NULL, NULL, 'out'
                FROM asana_task_changes
                WHERE +field = 'project' AND +field IN ('section', 'project') AND old_gid IS NOT NULL
                UNION ALL
                -- Now: the section in which it stands. Behind everything.
                SELECT m.task_gid, m.project_gid, NULL, NULL, m.section_gid, NULL, 'now'
                FROM asana_task_memberships AS m
                JOIN asana_sections AS s ON s.gid = m.section_gid
                WHERE s.project_gid IS NOT NULL
            )
            WINDOW of_both AS (PARTITION BY task_gid, project_gid ORDER BY at IS NULL, at, place)
        )
    ) AS o
    -- 1: from each event to the next. 2: where what it left is not what it had entered, it moved in between, nobody
    -- knows when. 3: before the first, since the task was made. 4: it is back without a story.
    CROSS JOIN (SELECT column1 AS part FROM (VALUES (1), (2), (3), (4))) AS k
    WHERE CASE k.part WHEN 1 THEN o.kind IN ('move', 'in') AND coalesce(o.enters, o.next_leaves) IS NOT NULL
                    WHEN 2 THEN o.kind IN ('move', 'in') AND o.moved_unseen
                    WHEN 3 THEN o.number = 1 AND o.kind <> 'in' AND o.leaves IS NOT NULL
                    WHEN 4 THEN o.kind = 'out' AND o.next_kind = 'now' AND o.next_leaves IS NOT NULL END
) AS i
WHERE EXISTS (SELECT 1 FROM asana_tasks WHERE gid = i.task_gid);

-- Each time that a task was completed or reopened. Columns:
--   task_gid, changed_at, actor_gid, actor_name
--   completed       1: it was completed, 0: it was reopened
CREATE VIEW asana_completion_changes AS
SELECT c.task_gid, c.changed_at, c.actor_gid, u.name AS actor_name, CAST(c.new_value AS INTEGER) AS completed
FROM asana_task_changes AS c
JOIN asana_tasks AS t ON t.gid = c.task_gid
LEFT JOIN asana_users AS u ON u.gid = c.actor_gid
WHERE c.field = 'completed';

-- Each assignment. Columns:
--   task_gid, changed_at, actor_gid, actor_name
--   old_assignee_gid, old_assignee_name  who had it, by the change before; NULL: nobody, or not known
--   new_assignee_gid, new_assignee_name  who has got it; NULL: nobody
CREATE VIEW asana_assignee_changes AS
SELECT c.task_gid, c.changed_at, c.actor_gid, u.name AS actor_name,
       c.old_assignee_gid, o.name AS old_assignee_name, c.new_gid AS new_assignee_gid, n.name AS new_assignee_name
FROM (SELECT a.*, coalesce(a.old_gid, (SELECT b.new_gid FROM asana_task_changes AS b
                                       WHERE b.field = 'assignee' AND b.task_gid = a.task_gid
                                         AND (b.changed_at, b.story_gid, b.position) < (a.changed_at, a.story_gid, a.position)
                                       ORDER BY b.changed_at DESC, b.story_gid DESC, b.position DESC LIMIT 1))
                AS old_assignee_gid
      FROM asana_task_changes AS a WHERE a.field = 'assignee') AS c
JOIN asana_tasks AS t ON t.gid = c.task_gid
LEFT JOIN asana_users AS u ON u.gid = c.actor_gid
LEFT JOIN asana_users AS o ON o.gid = c.old_assignee_gid
LEFT JOIN asana_users AS n ON n.gid = c.new_gid;

-- Each change of a due date. Columns:
--   task_gid, changed_at, actor_gid, actor_name
--   old_due_on      the day before the change
--   new_due_on      the day since
--   slip_days       later by so many days; negative: earlier; NULL: there was, or is, no date
CREATE VIEW asana_due_date_slips AS
SELECT c.task_gid, c.changed_at, c.actor_gid, u.name AS actor_name, c.old_value AS old_due_on,
       c.new_value AS new_due_on, CAST(julianday(c.new_value) - julianday(c.old_value) AS INTEGER) AS slip_days
FROM asana_task_changes AS c
JOIN asana_tasks AS t ON t.gid = c.task_gid
LEFT JOIN asana_users AS u ON u.gid = c.actor_gid
WHERE c.field = 'due_on';

-- Each change of a custom field's value. Columns:
--   task_gid, changed_at, actor_gid, actor_name, custom_field_gid, custom_field_name
--   old_value, new_value  text, number, date, or the name of an option; of multi-enum and people fields a JSON array
--                   of gids
CREATE VIEW asana_custom_field_changes AS
SELECT c.task_gid, c.changed_at, c.actor_gid, u.name AS actor_name, c.custom_field_gid, f.name AS custom_field_name,
       coalesce(c.old_value, o.name) AS old_value, coalesce(c.new_value, n.name) AS new_value
FROM asana_task_changes AS c
JOIN asana_tasks AS t ON t.gid = c.task_gid
LEFT JOIN asana_users AS u ON u.gid = c.actor_gid
LEFT JOIN asana_custom_fields AS f ON f.gid = c.custom_field_gid
LEFT JOIN asana_custom_field_options AS o ON o.gid = c.old_gid
LEFT JOIN asana_custom_field_options AS n ON n.gid = c.new_gid
WHERE c.field = 'custom_field';

-- What value a field of a task had from when to when. The state of a task at an instant T is
--   SELECT field, value, value_gid FROM asana_task_states
--   WHERE task_gid = '...' AND since <= T AND (until > T OR until IS NULL)
-- Columns:
--   task_gid
--   field             assignee, completed, name, due_on, due_at, start_on, approval_status, resource_subtype or
--                     custom_field
--   custom_field_gid
--   value, value_gid  as in asana_task_changes; both NULL: none, or not known
--   since             from when it had this value
--   until             up to when; NULL: until now
-- Fields that never changed have their present value since the task was made; custom fields that never changed, and
-- notes, whose history Asana does not tell, do not stand here.
CREATE VIEW asana_task_states AS
SELECT c.task_gid, c.field, c.custom_field_gid, c.new_value AS value, c.new_gid AS value_gid, c.changed_at AS since,
       (SELECT n.changed_at FROM asana_task_changes AS n
        WHERE n.field = c.field AND n.task_gid = c.task_gid AND n.custom_field_gid IS c.custom_field_gid
          AND (n.changed_at, n.story_gid, n.position) > (c.changed_at, c.story_gid, c.position)
        ORDER BY n.changed_at, n.story_gid, n.position LIMIT 1) AS until
FROM asana_task_changes AS c
WHERE c.field IN ('assignee', 'completed', 'name', 'due_on', 'due_at', 'start_on', 'approval_status',
                  'resource_subtype', 'custom_field')
  AND EXISTS (SELECT 1 FROM asana_tasks WHERE gid = c.task_gid)
UNION ALL
-- What it had been before its first change.
SELECT c.task_gid, c.field, c.custom_field_gid, c.old_value, c.old_gid, t.created_at, c.changed_at
FROM asana_task_changes AS c
JOIN asana_tasks AS t ON t.gid = c.task_gid
WHERE c.field IN ('assignee', 'completed', 'name', 'due_on', 'due_at', 'start_on', 'approval_status',
                  'resource_subtype', 'custom_field')
  AND NOT EXISTS (SELECT 1 FROM asana_task_changes AS b
                  WHERE b.field = c.field AND b.task_gid = c.task_gid AND b.custom_field_gid IS c.custom_field_gid
                    AND (b.changed_at, b.story_gid, b.position) < (c.changed_at, c.story_gid, c.position))
UNION ALL
-- Columns of one type let SQLite look for a task in each of the three.
SELECT t.gid, CAST(f.column1 AS TEXT), CAST(NULL AS TEXT),
       CAST(CASE f.column1 WHEN 'completed' THEN t.completed WHEN 'name' THEN t.name WHEN 'due_on' THEN t.due_on
                      WHEN 'due_at' THEN t.due_at WHEN 'start_on' THEN t.start_on
                      WHEN 'approval_status' THEN t.approval_status WHEN 'resource_subtype' THEN t.resource_subtype END AS TEXT),
       CAST(iif(f.column1 = 'assignee', t.assignee_gid, NULL) AS TEXT), t.created_at, CAST(NULL AS TEXT)
FROM asana_tasks AS t
CROSS JOIN (VALUES ('assignee'), ('completed'), ('name'), ('due_on'), ('due_at'), ('start_on'), ('approval_status'),
                   ('resource_subtype')) AS f
WHERE NOT EXISTS (SELECT 1 FROM asana_task_changes AS c WHERE c.field = f.column1 AND c.task_gid = t.gid);

-- == How it goes ==

-- How long completed tasks took. Columns:
--   task_gid, task_name, assignee_gid, created_at, completed_at
--   started_at      when it first changed its section, or was first assigned, whichever was earlier; NULL: neither, or
--                   not before it was completed
--   lead_seconds    from made to completed
--   cycle_seconds   from started to completed
CREATE VIEW asana_cycle_times AS
SELECT task_gid, task_name, assignee_gid, created_at, completed_at, started_at,
       CAST(round((julianday(completed_at) - julianday(created_at)) * 86400) AS INTEGER) AS lead_seconds,
       CAST(round((julianday(completed_at) - julianday(started_at)) * 86400) AS INTEGER) AS cycle_seconds
FROM (SELECT t.gid AS task_gid, t.name AS task_name, t.assignee_gid, t.created_at, t.completed_at,
             (SELECT min(changed_at) FROM (
                  SELECT min(changed_at) AS changed_at FROM asana_task_changes
                  WHERE field = 'section' AND task_gid = t.gid AND changed_at <= t.completed_at
                  UNION ALL
                  SELECT min(changed_at) FROM asana_task_changes
                  WHERE field = 'assignee' AND task_gid = t.gid AND changed_at <= t.completed_at AND new_gid IS NOT NULL
              )) AS started_at
      FROM asana_tasks AS t
      -- The + are those of the index that has them by completed_at.
      WHERE +t.completed = 1 AND +t.is_rendered_as_separator IS NOT 1 AND t.completed_at IS NOT NULL);

-- The same, by project: half of its completed tasks took no longer than the median, 95 of 100 no longer than p95.
-- Columns:
--   project_gid, project_name
--   tasks           how many are completed
--   lead_median_seconds, lead_p85_seconds, lead_p95_seconds  from made to completed
--   cycle_median_seconds, cycle_p85_seconds, cycle_p95_seconds  from started to completed, of those tasks that were
--                   seen to start
CREATE VIEW asana_cycle_time_percentiles AS
SELECT t.project_gid, p.name AS project_name, t.tasks, t.lead_median_seconds, t.lead_p85_seconds, t.lead_p95_seconds,
       t.cycle_median_seconds, t.cycle_p85_seconds, t.cycle_p95_seconds
FROM (
    -- The nearest rank: of n values, the one whose rank is n * p, rounded up.
    SELECT project_gid, leads AS tasks, row_number() OVER of_project AS number,
           min(lead_seconds) FILTER (WHERE lead_rank * 100 >= leads * 50) OVER of_project AS lead_median_seconds,
           min(lead_seconds) FILTER (WHERE lead_rank * 100 >= leads * 85) OVER of_project AS lead_p85_seconds,
           min(lead_seconds) FILTER (WHERE lead_rank * 100 >= leads * 95) OVER of_project AS lead_p95_seconds,
           min(cycle_seconds) FILTER (WHERE cycle_rank * 100 >= cycles * 50) OVER of_project AS cycle_median_seconds,
           min(cycle_seconds) FILTER (WHERE cycle_rank * 100 >= cycles * 85) OVER of_project AS cycle_p85_seconds,
           min(cycle_seconds) FILTER (WHERE cycle_rank * 100 >= cycles * 95) OVER of_project AS cycle_p95_seconds
    FROM (
        SELECT m.project_gid, c.lead_seconds, c.cycle_seconds,
               row_number() OVER (PARTITION BY m.project_gid ORDER BY c.lead_seconds) AS lead_rank,
               count(*) OVER (PARTITION BY m.project_gid) AS leads,
               row_number() OVER (PARTITION BY m.project_gid ORDER BY c.cycle_seconds NULLS LAST) AS cycle_rank,
               count(c.cycle_seconds) OVER (PARTITION BY m.project_gid) AS cycles
        FROM asana_cycle_times AS c
        JOIN asana_task_memberships AS m ON m.task_gid = c.task_gid
    )
    WINDOW of_project AS (PARTITION BY project_gid)
) AS t
JOIN asana_projects AS p ON p.gid = t.project_gid
WHERE t.number = 1;

-- On which days the tasks of a project were made and completed. Columns:
--   task_gid, project_gid
--   created_on      date
--   completed_on    date; NULL: open
CREATE VIEW asana_task_days AS
SELECT m.task_gid, m.project_gid,
       date(t.created_at, (SELECT offset_seconds || ' seconds' FROM sync_time_zone WHERE starts_at <= t.created_at
                   ORDER BY starts_at DESC LIMIT 1)) AS created_on,
       iif(t.completed, date(t.completed_at, (SELECT offset_seconds || ' seconds' FROM sync_time_zone WHERE starts_at <= t.completed_at
                   ORDER BY starts_at DESC LIMIT 1)), NULL) AS completed_on
FROM asana_task_memberships AS m
JOIN asana_tasks AS t ON t.gid = m.task_gid
WHERE t.created_at IS NOT NULL AND t.is_rendered_as_separator IS NOT 1;

-- Each time that a completed task was reopened. Columns:
--   task_gid
--   completed_at    when it had been completed before; NULL: not known
--   reopened_at     when
CREATE VIEW asana_reopenings AS
SELECT c.task_gid,
       (SELECT iif(b.new_value = '1', b.changed_at, NULL) FROM asana_task_changes AS b
        WHERE b.field = 'completed' AND b.task_gid = c.task_gid
          AND (b.changed_at, b.story_gid) < (c.changed_at, c.story_gid)
        ORDER BY b.changed_at DESC, b.story_gid DESC LIMIT 1) AS completed_at,
       c.changed_at AS reopened_at
FROM asana_task_changes AS c
WHERE +c.field = 'completed' AND c.new_value = '0' AND EXISTS (SELECT 1 FROM asana_tasks WHERE gid = c.task_gid);

-- The days since 2008, when Asana was founded, until today. Columns:
--   day
CREATE VIEW asana_days AS
WITH RECURSIVE days (day, last) AS (
    SELECT '2008-01-01', today FROM asana_today
    UNION ALL
    SELECT date(day, '+1 day'), last FROM days WHERE day < last
)
SELECT day FROM days;

-- When those days begin and end in UTC, where `time_zone` says. Columns:
--   day
--   starts_at       its first instant
--   ends_at         the first instant of the next day
CREATE VIEW asana_day_bounds AS
SELECT day, starts_at, lead(starts_at, 1, '9999') OVER (ORDER BY day) AS ends_at
FROM (
    -- Midnight by the offset of the morning before; where the clock changes at that midnight, by the one after.
    SELECT d.day, max(z.starts_at, strftime('%Y-%m-%dT%H:%M:%fZ', d.day, (-z.offset_seconds) || ' seconds')) AS starts_at
    FROM (SELECT day, strftime('%Y-%m-%dT%H:%M:%fZ', day,
                               (SELECT (-offset_seconds) || ' seconds' FROM sync_time_zone
                                WHERE starts_at <= date(day, '-1 day') ORDER BY starts_at DESC LIMIT 1)) AS about
          FROM asana_days) AS d
    JOIN sync_time_zone AS z ON z.starts_at = (SELECT max(starts_at) FROM sync_time_zone WHERE starts_at <= d.about)
);

-- Of the whole mirror, day by day since its first task, each task once, subtasks and tasks without a project included:
-- what was made, completed and reopened, how much is open and done at the end of the day. What is deleted by now is not in
-- it. Columns:
--   day, created, completed
--   reopened        how many were marked as not done any more
--   open            tasks that are not done, at the end of the day
--   done            tasks that are
--   scope           both
CREATE VIEW asana_daily_totals AS
WITH reopened (completed_at, reopened_at) AS MATERIALIZED (
    SELECT r.completed_at, r.reopened_at FROM asana_reopenings AS r
    JOIN asana_tasks AS t ON t.gid = r.task_gid
    WHERE r.completed_at IS NOT NULL AND t.created_at IS NOT NULL AND t.is_rendered_as_separator IS NOT 1
),
again (day, completed, reopened) AS MATERIALIZED (
    SELECT day, sum(completed), sum(reopened)
    FROM (SELECT date(completed_at, (SELECT offset_seconds || ' seconds' FROM sync_time_zone
                                     WHERE starts_at <= completed_at ORDER BY starts_at DESC LIMIT 1)) AS day,
                 1 AS completed, 0 AS reopened
          FROM reopened
          UNION ALL
          SELECT date(reopened_at, (SELECT offset_seconds || ' seconds' FROM sync_time_zone
                                    WHERE starts_at <= reopened_at ORDER BY starts_at DESC LIMIT 1)), 0, 1
          FROM reopened)
    GROUP BY day
),
days (day, created, completed, reopened) AS MATERIALIZED (
    SELECT d.day,
           (SELECT count(*) FROM asana_tasks
            WHERE created_at >= d.starts_at AND created_at < d.ends_at AND +is_rendered_as_separator IS NOT 1),
           coalesce(a.completed, 0) +
           (SELECT count(*) FROM asana_tasks
            WHERE completed_at >= d.starts_at AND completed_at < d.ends_at AND +completed = 1
              AND +is_rendered_as_separator IS NOT 1),
           coalesce(a.reopened, 0)
    FROM asana_day_bounds AS d
    LEFT JOIN again AS a ON a.day = d.day
    WHERE d.ends_at > (SELECT min(created_at) FROM asana_tasks WHERE +is_rendered_as_separator IS NOT 1)
)
SELECT day, created, completed, reopened, sum(created - completed + reopened) OVER so_far AS open,
       sum(completed - reopened) OVER so_far AS done, sum(created) OVER so_far AS scope
FROM days
WINDOW so_far AS (ORDER BY day);

-- Of each project, day by day since its first task: what was made, completed and reopened, how much is open and done at
-- the end of the day (burn-up). Counts are those of the tasks that the project has now;
-- what is deleted by now is not in it. A task that was completed twice counts at both times, and as open in between.
-- Columns:
--   project_gid, day, created, completed
--   reopened        how many were marked as not done any more
--   open            tasks that are not done, at the end of the day
--   done            tasks that are
--   scope           both
CREATE VIEW asana_daily_counts AS
SELECT project_gid, day, created, completed, reopened, scope - done AS open, done, scope
FROM (
    SELECT project_gid, day, is_day, sum(created) OVER this_day AS created, sum(completed) OVER this_day AS completed,
           sum(reopened) OVER this_day AS reopened, sum(created) OVER so_far AS scope,
           sum(completed - reopened) OVER so_far AS done
    FROM (
        SELECT project_gid, created_on AS day, 1 AS created, 0 AS completed, 0 AS reopened, 0 AS is_day FROM asana_task_days
        UNION ALL
        SELECT project_gid, completed_on, 0, 1, 0, 0 FROM asana_task_days WHERE completed_on IS NOT NULL
        UNION ALL
        SELECT m.project_gid,
               date(iif(k.reopened, r.reopened_at, r.completed_at),
                    (SELECT offset_seconds || ' seconds' FROM sync_time_zone
                     WHERE starts_at <= iif(k.reopened, r.reopened_at, r.completed_at)
                     ORDER BY starts_at DESC LIMIT 1)), 0, 1 - k.reopened, k.reopened, 0
        FROM asana_task_memberships AS m
        CROSS JOIN asana_reopenings AS r ON r.task_gid = m.task_gid
        CROSS JOIN asana_tasks AS t ON t.gid = m.task_gid
        CROSS JOIN (SELECT column1 AS reopened FROM (VALUES (0), (1))) AS k
        WHERE r.completed_at IS NOT NULL AND t.created_at IS NOT NULL AND t.is_rendered_as_separator IS NOT 1
        UNION ALL
        SELECT f.project_gid, d.day, 0, 0, 0, 1
        FROM (SELECT project_gid, min(created_on) AS first_day FROM asana_task_days GROUP BY project_gid) AS f
        JOIN asana_days AS d ON d.day >= f.first_day
    )
    WINDOW so_far AS (PARTITION BY project_gid ORDER BY day),
           this_day AS (PARTITION BY project_gid ORDER BY day RANGE BETWEEN CURRENT ROW AND CURRENT ROW)
)
WHERE is_day;

-- Of each project, week by week: what was made and completed; weeks without either do not stand here. A task
-- that was reopened and completed again counts when it was last. Columns:
--   project_gid, project_name, week, created, completed
CREATE VIEW asana_throughput AS
SELECT e.project_gid, p.name AS project_name, e.week, e.created, e.completed
FROM (
    SELECT project_gid, date(iif(k.done, completed_on, created_on), '-6 days', 'weekday 1') AS week,
           sum(1 - k.done) AS created, sum(k.done) AS completed
    FROM asana_task_days CROSS JOIN (SELECT column1 AS done FROM (VALUES (0), (1))) AS k
    WHERE k.done = 0 OR completed_on IS NOT NULL
    GROUP BY project_gid, week
) AS e
JOIN asana_projects AS p ON p.gid = e.project_gid;

-- How many tasks stood in each section of a project at the end of each day, by asana_time_in_section; stays whose times
-- are not known do not count. Columns:
--   project_gid, section_gid, section_name, day
--   tasks           how many stood there
CREATE VIEW asana_cumulative_flow AS
SELECT f.project_gid, f.section_gid, s.name AS section_name, f.day, f.tasks
FROM (
    SELECT project_gid, section_gid, day, is_day,
           sum(more) OVER (PARTITION BY project_gid, section_gid ORDER BY day) AS tasks
    FROM (
        SELECT i.project_gid, i.section_gid,
               date(iif(k.more = 1, i.entered_at, i.left_at),
                    (SELECT offset_seconds || ' seconds' FROM sync_time_zone
                     WHERE starts_at <= iif(k.more = 1, i.entered_at, i.left_at)
                     ORDER BY starts_at DESC LIMIT 1)) AS day,
               k.more, 0 AS is_day
        FROM asana_time_in_section AS i
        CROSS JOIN (SELECT column1 AS more FROM (VALUES (1), (-1))) AS k
        WHERE i.entered_at IS NOT NULL AND (i.is_current OR i.left_at IS NOT NULL) AND (k.more = 1 OR NOT i.is_current)
        UNION ALL
        SELECT f.project_gid, f.section_gid, d.day, 0, 1
        FROM (SELECT project_gid, section_gid, entered_at AS first_at,
                     row_number() OVER (PARTITION BY project_gid, section_gid ORDER BY entered_at) AS number
              FROM asana_time_in_section
              WHERE entered_at IS NOT NULL AND (is_current OR left_at IS NOT NULL)) AS f
        JOIN asana_day_bounds AS d ON d.ends_at > f.first_at
        WHERE f.number = 1
    )
) AS f
JOIN asana_sections AS s ON s.gid = f.section_gid
WHERE f.is_day;

-- Who has how much to do. Columns:
--   assignee_gid, assignee_name
--   week            the Monday of the week in which tasks are due; NULL: those without a due date
--   open_tasks      how many are to do
--   overdue_tasks   how many of them are late
--   logged_minutes  that were logged for these tasks
CREATE VIEW asana_workload AS
SELECT t.assignee_gid, u.name AS assignee_name, t.week, t.open_tasks, t.overdue_tasks, t.logged_minutes
FROM (
    SELECT o.assignee_gid, date(o.due_on, '-6 days', 'weekday 1') AS week, count(*) AS open_tasks,
           count(*) FILTER (WHERE iif(o.due_at IS NULL, o.due_on < d.today,
                                      o.due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) AS overdue_tasks,
           sum(o.actual_time_minutes) AS logged_minutes
    FROM asana_today AS d
    CROSS JOIN asana_tasks AS o
    WHERE o.completed = 0 AND +o.assignee_gid IS NOT NULL AND o.is_rendered_as_separator IS NOT 1
    GROUP BY o.assignee_gid, week
) AS t
JOIN asana_users AS u ON u.gid = t.assignee_gid;

-- What was logged by whom in which week. Columns:
--   user_gid, user_name, week
--   minutes         the time that was logged
--   tasks           for how many tasks
CREATE VIEW asana_logged_time AS
SELECT e.created_by_gid AS user_gid, u.name AS user_name, date(e.entered_on, '-6 days', 'weekday 1') AS week,
       sum(e.duration_minutes) AS minutes, count(DISTINCT e.task_gid) AS tasks
FROM asana_time_tracking_entries AS e
LEFT JOIN asana_users AS u ON u.gid = e.created_by_gid
GROUP BY e.created_by_gid, week;

-- What tasks were estimated at and what they took. The estimate is the number of Asana's own field "Estimated time".
-- Columns:
--   task_gid, task_name, assignee_gid
--   completed       1: done
--   estimated_minutes  what it was estimated at
--   actual_minutes  what was tracked for it
--   over_minutes    the difference; negative: under the estimate; NULL: one of them is missing
CREATE VIEW asana_estimates AS
SELECT t.gid AS task_gid, t.name AS task_name, t.assignee_gid, t.completed, v.number_value AS estimated_minutes,
       t.actual_time_minutes AS actual_minutes, t.actual_time_minutes - v.number_value AS over_minutes
FROM asana_custom_fields AS f
JOIN asana_custom_field_values AS v ON v.custom_field_gid = f.gid AND v.object_type = 'task'
JOIN asana_tasks AS t ON t.gid = v.object_gid
WHERE f.asana_created_field = 'estimated_time' AND v.number_value IS NOT NULL;

-- Open tasks that wait for other open tasks. Columns:
--   task_gid, task_name, assignee_gid, due_on
--   blockers        how many it waits for
--   blocked_by      their names
--   latest_blocker_due_on  the latest of their due days
--   is_late         1: a blocker is due after the task itself
CREATE VIEW asana_blocked_tasks AS
SELECT d.task_gid, t.name AS task_name, t.assignee_gid, t.due_on, count(*) AS blockers,
       (SELECT group_concat(name, ', ') FROM (
            SELECT x.name FROM asana_task_dependencies AS o JOIN asana_tasks AS x ON x.gid = o.depends_on_gid
            WHERE o.task_gid = d.task_gid AND x.completed = 0 ORDER BY x.name, x.gid)) AS blocked_by,
       max(b.due_on) AS latest_blocker_due_on, max(b.due_on) > t.due_on AS is_late
FROM asana_task_dependencies AS d
CROSS JOIN asana_tasks AS t ON t.gid = d.task_gid AND t.completed = 0
CROSS JOIN asana_tasks AS b ON b.gid = d.depends_on_gid AND b.completed = 0
GROUP BY d.task_gid;

-- For each open task that others wait for, and which waits for none: the longest chain of open tasks behind it. Columns:
--   task_gid, task_name
--   length          how many tasks, itself included
--   chain           their names, from the first to the last
CREATE VIEW asana_dependency_chains AS
WITH RECURSIVE
open_dependencies AS MATERIALIZED (
    SELECT d.task_gid, t.name AS task_name, d.depends_on_gid, b.name AS depends_on_name
    FROM asana_task_dependencies AS d
    CROSS JOIN asana_tasks AS t ON t.gid = d.task_gid AND t.completed = 0
    CROSS JOIN asana_tasks AS b ON b.gid = d.depends_on_gid AND b.completed = 0
),
chains (first_gid, first_name, last_gid, length, gids, chain) AS (
    SELECT d.depends_on_gid, d.depends_on_name, d.depends_on_gid, 1, ' ' || d.depends_on_gid || ' ', d.depends_on_name
    FROM open_dependencies AS d
    WHERE NOT EXISTS (SELECT 1 FROM open_dependencies AS b WHERE b.task_gid = d.depends_on_gid)
    GROUP BY d.depends_on_gid
    UNION ALL
    SELECT c.first_gid, c.first_name, d.task_gid, c.length + 1, c.gids || d.task_gid || ' ',
           c.chain || ' > ' || d.task_name
    FROM chains AS c
    JOIN open_dependencies AS d ON d.depends_on_gid = c.last_gid
    WHERE c.length < 30 AND instr(c.gids, ' ' || d.task_gid || ' ') = 0
)
SELECT first_gid AS task_gid, first_name AS task_name, max(length) AS length, chain
FROM chains
GROUP BY first_gid;

-- How projects stand. Columns:
--   project_gid, project_name, owner_name, team_name, due_on
--   status_type     of the latest status update: on_track, at_risk, off_track, on_hold, complete, ...
--   status_title    its title
--   status_at       when it was written
--   tasks, open_tasks, completed_tasks, overdue_tasks  how many
--   completed_share  0 to 1; NULL: no tasks
CREATE VIEW asana_project_health AS
SELECT p.gid AS project_gid, p.name AS project_name, o.name AS owner_name, m.name AS team_name, p.due_on,
       s.status_type, s.title AS status_title, s.created_at AS status_at,
       count(t.gid) AS tasks, count(t.gid) - count(nullif(t.completed, 0)) AS open_tasks,
       count(nullif(t.completed, 0)) AS completed_tasks,
       count(t.gid) FILTER (WHERE t.completed = 0 AND iif(t.due_at IS NULL, t.due_on < d.today,
                                                          t.due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))) AS overdue_tasks,
       CAST(count(nullif(t.completed, 0)) AS REAL) / nullif(count(t.gid), 0) AS completed_share
FROM asana_projects AS p
CROSS JOIN asana_today AS d
LEFT JOIN asana_users AS o ON o.gid = p.owner_gid
LEFT JOIN asana_teams AS m ON m.gid = p.team_gid
LEFT JOIN asana_status_updates AS s ON s.gid = (
    SELECT gid FROM asana_status_updates WHERE parent_gid = p.gid ORDER BY created_at DESC, gid DESC LIMIT 1)
LEFT JOIN asana_task_memberships AS x ON x.project_gid = p.gid
LEFT JOIN asana_tasks AS t ON t.gid = x.task_gid AND t.is_rendered_as_separator IS NOT 1
WHERE p.mirrored_at IS NOT NULL AND p.archived = 0
GROUP BY p.gid;

-- How far goals are. Columns:
--   goal_gid
--   goal_name       its name
--   owner_name
--   time_period     such as Q1 FY22
--   status          open: green, yellow, red; closed: missed, achieved, partial, dropped
--   current_value   where its metric is
--   target_value    where it is to end
--   unit            none, currency, percentage
--   progress        0: as at the beginning, 1: reached; NULL: not measured
--   due_on
--   supporting      how many things support it
CREATE VIEW asana_goal_progress AS
SELECT g.gid AS goal_gid, g.name AS goal_name, u.name AS owner_name, t.display_name AS time_period, g.status,
       g.metric_current_number_value AS current_value, g.metric_target_number_value AS target_value,
       g.metric_unit AS unit,
       (g.metric_current_number_value - coalesce(g.metric_initial_number_value, 0))
           / nullif(g.metric_target_number_value - coalesce(g.metric_initial_number_value, 0), 0) AS progress,
       g.due_on,
       (SELECT count(*) FROM asana_goal_relationships AS r WHERE r.supported_goal_gid = g.gid) AS supporting
FROM asana_goals AS g
LEFT JOIN asana_users AS u ON u.gid = g.owner_gid
LEFT JOIN asana_time_periods AS t ON t.gid = g.time_period_gid
WHERE g.mirrored_at IS NOT NULL;
