-- The mirror under the table and column names of Fivetran's Asana connector: what the staging models of the dbt
-- package fivetran/asana read, so that the package, and queries written for it, find what they look for.
-- docs/dbt-asana.md tells how. Ids are gids. _fivetran_synced is when the content was first stored; rows that are only
-- mentioned have none.
--
-- Where the package reads _fivetran_deleted (people, projects, tags, teams), rows that are gone stand there with 1 and
-- their last content; those that a filter excludes do not. The other tables have no such column: they hold what is
-- there, and nothing that is gone is counted.
--
-- Columns that mean the same in each of these views:
--   _fivetran_synced   since when the row has this content
--   _fivetran_deleted  1: it is gone
--   id                 its gid
--   assignee_id, completed_by_id, created_by_id, owner_id, user_id  a person
--   parent_id          the task whose subtask it is
--   workspace_id, organization_id  the workspace
--   project_id         the project
--   section_id         the section
--   task_id, target_id  the task
--   team_id            the team
--   tag_id             the tag
--   due_date           the last day
--   email              of the person
--   message, liked, hearted  always NULL
--   num_hearts         how many people like it
--   source             where it was written: web, email, mobile, api, unknown
--   type               comment, system
--   current_status     the text of the current status update

-- Tasks and subtasks. `liked` depends on who asks and is not mirrored.
CREATE VIEW fivetran_task AS
SELECT mirrored_at AS _fivetran_synced,
       assignee_gid AS assignee_id,
       completed,
       completed_at,
       completed_by_gid AS completed_by_id,
       created_at,
       due_at,
       due_on,
       gid AS id,
       modified_at,
       name,
       notes,
       NULL AS liked,
       num_likes,
       parent_gid AS parent_id,
       start_on,
       workspace_gid AS workspace_id
FROM asana_tasks;

-- Projects. current_status is the text of the current status update; `public` is "public to the workspace".
CREATE VIEW fivetran_project AS
SELECT 0 AS _fivetran_deleted,
       p.mirrored_at AS _fivetran_synced,
       p.archived,
       p.color,
       p.created_at,
       s.text AS current_status,
       p.due_on AS due_date,
       p.gid AS id,
       p.modified_at,
       p.name,
       p.notes,
       p.owner_gid AS owner_id,
       p.privacy_setting = 'public_to_workspace' AS public,
       p.team_gid AS team_id,
       p.workspace_gid AS workspace_id
FROM asana_projects AS p
LEFT JOIN asana_status_updates AS s ON s.gid = p.current_status_update_gid
WHERE p.mirrored_at IS NOT NULL
UNION ALL
SELECT 1,
       detected_at,
       json_extract(row, '$.archived'),
       json_extract(row, '$.color'),
       json_extract(row, '$.created_at'),
       NULL,
       json_extract(row, '$.due_on'),
       gid,
       json_extract(row, '$.modified_at'),
       json_extract(row, '$.name'),
       json_extract(row, '$.notes'),
       json_extract(row, '$.owner_gid'),
       json_extract(row, '$.privacy_setting') = 'public_to_workspace',
       json_extract(row, '$.team_gid'),
       json_extract(row, '$.workspace_gid')
FROM sync_tombstones
WHERE table_name = 'asana_projects' AND cause <> 'excluded';

-- People: those that are listed, those that are only known because something refers to them, and those who left.
CREATE VIEW fivetran_user AS
SELECT 0 AS _fivetran_deleted,
       u.mirrored_at AS _fivetran_synced,
       u.email,
       u.gid AS id,
       u.name
FROM asana_users AS u
WHERE u.mirrored_at IS NOT NULL
   OR NOT EXISTS (SELECT 1 FROM sync_tombstones AS d WHERE d.table_name = 'asana_users' AND d.gid = u.gid
                    AND d.cause <> 'excluded')
UNION ALL
SELECT 1,
       detected_at,
       json_extract(row, '$.email'),
       gid,
       json_extract(row, '$.name')
FROM sync_tombstones
WHERE table_name = 'asana_users' AND cause <> 'excluded';

-- Teams.
CREATE VIEW fivetran_team AS
SELECT 0 AS _fivetran_deleted,
       mirrored_at AS _fivetran_synced,
       gid AS id,
       name,
       organization_gid AS organization_id
FROM asana_teams
UNION ALL
SELECT 1,
       detected_at,
       gid,
       json_extract(row, '$.name'),
       json_extract(row, '$.organization_gid')
FROM sync_tombstones
WHERE table_name = 'asana_teams' AND cause <> 'excluded';

-- Tags. Asana has no `message` any more.
CREATE VIEW fivetran_tag AS
SELECT 0 AS _fivetran_deleted,
       mirrored_at AS _fivetran_synced,
       color,
       created_at,
       gid AS id,
       NULL AS message,
       name,
       notes,
       workspace_gid AS workspace_id
FROM asana_tags
WHERE mirrored_at IS NOT NULL
UNION ALL
SELECT 1,
       detected_at,
       json_extract(row, '$.color'),
       json_extract(row, '$.created_at'),
       gid,
       NULL,
       json_extract(row, '$.name'),
       json_extract(row, '$.notes'),
       json_extract(row, '$.workspace_gid')
FROM sync_tombstones
WHERE table_name = 'asana_tags' AND cause <> 'excluded';

-- Comments and history of tasks. Hearts are called likes today; `hearted` depends on who asks.
CREATE VIEW fivetran_story AS
SELECT mirrored_at AS _fivetran_synced,
       created_at,
       created_by_gid AS created_by_id,
       NULL AS hearted,
       gid AS id,
       num_likes AS num_hearts,
       source,
       target_gid AS target_id,
       text,
       type
FROM asana_stories
WHERE target_type = 'task';

-- Sections of projects.
CREATE VIEW fivetran_section AS
SELECT mirrored_at AS _fivetran_synced,
       created_at,
       gid AS id,
       name,
       project_gid AS project_id
FROM asana_sections
WHERE mirrored_at IS NOT NULL;

-- The section of a task in each of its projects.
CREATE VIEW fivetran_task_section AS
SELECT t.mirrored_at AS _fivetran_synced,
       m.section_gid AS section_id,
       m.task_gid AS task_id
FROM asana_task_memberships AS m
LEFT JOIN asana_tasks AS t ON t.gid = m.task_gid
WHERE m.section_gid IS NOT NULL;

-- The projects of a task.
CREATE VIEW fivetran_project_task AS
SELECT t.mirrored_at AS _fivetran_synced,
       m.project_gid AS project_id,
       m.task_gid AS task_id
FROM asana_task_memberships AS m
LEFT JOIN asana_tasks AS t ON t.gid = m.task_gid;

-- The followers of a task.
CREATE VIEW fivetran_task_follower AS
SELECT t.mirrored_at AS _fivetran_synced,
       f.task_gid AS task_id,
       f.user_gid AS user_id
FROM asana_task_followers AS f
LEFT JOIN asana_tasks AS t ON t.gid = f.task_gid;

-- The tags of a task.
CREATE VIEW fivetran_task_tag AS
SELECT t.mirrored_at AS _fivetran_synced,
       g.tag_gid AS tag_id,
       g.task_gid AS task_id
FROM asana_task_tags AS g
LEFT JOIN asana_tasks AS t ON t.gid = g.task_gid;
