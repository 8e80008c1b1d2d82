-- Wide views: custom fields as columns. What stands here says which views there are to be, and with which columns; the
-- program writes them, see docs/architecture.md.
--
-- Columns that mean the same in each of these views:
--   project_gid, portfolio_gid, workspace_gid  of what a wide view is of
--   task_gid, task_name, resource_subtype, parent_gid  the task; parent_gid: whose subtask it is
--   section_gid, section_name  in this project
--   assignee_gid, assignee_name  who has it
--   owner_gid, owner_name  whose it is
--   completed, completed_at, approval_status, archived, start_on, start_at, due_on, due_at  as in the tables
--   created_at, modified_at, permalink_url  as in the tables
--   object_gid   of the project, portfolio or workspace
--   object_type  project, portfolio, workspace
--   custom_field_gid  the field

-- Tasks of projects, once for each project: what a project's wide view begins with.
CREATE VIEW asana_project_tasks AS
SELECT m.project_gid, t.gid AS task_gid, t.name AS task_name, t.resource_subtype, t.parent_gid,
       m.section_gid, s.name AS section_name, t.assignee_gid, u.name AS assignee_name,
       t.completed, t.completed_at, t.approval_status, t.start_on, t.start_at, t.due_on, t.due_at,
       t.created_at, t.modified_at, t.permalink_url
FROM asana_task_memberships AS m
JOIN asana_tasks AS t ON t.gid = m.task_gid
LEFT JOIN asana_sections AS s ON s.gid = m.section_gid
LEFT JOIN asana_users AS u ON u.gid = t.assignee_gid;

-- Tasks of workspaces, subtasks among them: what a workspace's wide view begins with.
CREATE VIEW asana_workspace_tasks AS
SELECT t.workspace_gid, t.gid AS task_gid, t.name AS task_name, t.resource_subtype, t.parent_gid,
       t.assignee_gid, u.name AS assignee_name,
       t.completed, t.completed_at, t.approval_status, t.start_on, t.start_at, t.due_on, t.due_at,
       t.created_at, t.modified_at, t.permalink_url
FROM asana_tasks AS t
LEFT JOIN asana_users AS u ON u.gid = t.assignee_gid;

-- What is in portfolios: what a portfolio's wide view begins with. Columns:
--   item_gid, item_name, item_type  a project, or another portfolio
--   completed, completed_at, modified_at  of projects only
--   status_type  of the current status update
CREATE VIEW asana_portfolio_entries AS
SELECT i.portfolio_gid, i.item_gid, coalesce(p.name, f.name) AS item_name, i.item_type,
       u.gid AS owner_gid, u.name AS owner_name, coalesce(p.archived, f.archived) AS archived,
       p.completed, p.completed_at, coalesce(p.start_on, f.start_on) AS start_on, coalesce(p.due_on, f.due_on) AS due_on,
       c.status_type, coalesce(p.created_at, f.created_at) AS created_at, p.modified_at,
       coalesce(p.permalink_url, f.permalink_url) AS permalink_url
FROM asana_portfolio_items AS i
LEFT JOIN asana_projects AS p ON p.gid = i.item_gid
LEFT JOIN asana_portfolios AS f ON f.gid = i.item_gid
LEFT JOIN asana_users AS u ON u.gid = coalesce(p.owner_gid, f.owner_gid)
LEFT JOIN asana_status_updates AS c ON c.gid = coalesce(p.current_status_update_gid, f.current_status_update_gid);

-- Values of custom fields that are attached, by what they are: one row for each field of an object. Columns:
--   object_gid     the task, project, portfolio, goal or person that has the value
--   text_value     of a text
--   number_value   of a number, also where a formula gives it; a percentage of 25 is 0.25
--   date_value     of a date, with its time where it has one
--   option_name    of an enum; its gid where the name is not known
--   item_names     of multi-enum, people and reference fields, separated by comma and space, in their order. As Asana shows
--                  them where it does not tell them one by one: people and references of projects
--   display_value  any kind, as Asana shows it
CREATE VIEW asana_typed_values AS
SELECT v.object_gid, v.custom_field_gid, v.text_value, v.number_value,
       coalesce(v.datetime_value, v.date_value) AS date_value,
       coalesce((SELECT name FROM asana_custom_field_options WHERE gid = v.enum_option_gid), v.enum_option_gid)
           AS option_name,
       coalesce((SELECT group_concat(name, ', ') FROM (
            SELECT coalesce(CASE i.item_type
                                WHEN 'enum_option' THEN (SELECT name FROM asana_custom_field_options WHERE gid = i.item_gid)
                                WHEN 'user' THEN (SELECT name FROM asana_users WHERE gid = i.item_gid)
                                WHEN 'task' THEN (SELECT name FROM asana_tasks WHERE gid = i.item_gid)
                                WHEN 'project' THEN (SELECT name FROM asana_projects WHERE gid = i.item_gid)
                                WHEN 'portfolio' THEN (SELECT name FROM asana_portfolios WHERE gid = i.item_gid)
                                WHEN 'goal' THEN (SELECT name FROM asana_goals WHERE gid = i.item_gid)
                            END, i.item_gid) AS name
            FROM asana_custom_field_value_items AS i
            WHERE i.object_gid = v.object_gid AND i.custom_field_gid = v.custom_field_gid
            ORDER BY i.position)), v.display_value) AS item_names,
       v.display_value
FROM asana_custom_field_values AS v
WHERE v.enabled IS NOT 0;

-- What has a wide view. Columns:
--   name     its own
--   rows_of  the view that its wide view begins with
--   rows_by  the column of that which holds object_gid
--   row_gid  the column of that with the gid whose values are shown
CREATE VIEW sync_wide_objects AS
SELECT gid AS object_gid, 'workspace' AS object_type, name,
       'asana_workspace_tasks' AS rows_of, 'workspace_gid' AS rows_by, 'task_gid' AS row_gid
FROM asana_workspaces
WHERE mirrored_at IS NOT NULL
UNION ALL
SELECT gid, 'portfolio', name, 'asana_portfolio_entries', 'portfolio_gid', 'item_gid'
FROM asana_portfolios
WHERE mirrored_at IS NOT NULL
UNION ALL
SELECT gid, 'project', name, 'asana_project_tasks', 'project_gid', 'task_gid'
FROM asana_projects
WHERE mirrored_at IS NOT NULL;

-- The custom fields that become columns: those of a project and of a portfolio, and of a workspace those that are global.
-- They come in the order of position and name. Columns:
--   position  in the list of a project or portfolio
--   name      of the field
--   value     the column of asana_typed_values that holds its values
--   type      REAL, TEXT
CREATE VIEW sync_wide_fields AS
SELECT w.object_gid, w.object_type, w.position, w.custom_field_gid, f.name,
       CASE WHEN f.representation_type = 'custom_id' THEN 'display_value'
            WHEN f.resource_subtype = 'text' THEN 'text_value'
            WHEN f.resource_subtype = 'number' THEN 'number_value'
            WHEN f.resource_subtype = 'date' THEN 'date_value'
            WHEN f.resource_subtype = 'enum' THEN 'option_name'
            WHEN f.resource_subtype IN ('multi_enum', 'people', 'reference') THEN 'item_names'
            ELSE 'display_value' END AS value,
       iif(f.resource_subtype = 'number' AND f.representation_type IS NOT 'custom_id', 'REAL', 'TEXT') AS type
FROM (SELECT parent_gid AS object_gid, parent_type AS object_type, position, custom_field_gid
      FROM asana_custom_field_settings
      UNION ALL
      SELECT workspace_gid, 'workspace', 0, gid
      FROM asana_custom_fields
      WHERE is_global_to_workspace AND mirrored_at IS NOT NULL) AS w
LEFT JOIN asana_custom_fields AS f ON f.gid = w.custom_field_gid;

-- Whose wide views may be out of step: what has changed, and what has a field that has.
CREATE VIEW sync_wide_due AS
SELECT gid AS object_gid FROM sync_wide_changes
UNION
SELECT s.parent_gid FROM asana_custom_field_settings AS s WHERE s.custom_field_gid IN (SELECT gid FROM sync_wide_changes)
UNION
SELECT f.workspace_gid FROM asana_custom_fields AS f
WHERE f.gid IN (SELECT gid FROM sync_wide_changes) AND f.workspace_gid IS NOT NULL;

-- What notes changes. A trigger sees each of them, whatever it comes from: answers, sweeps, filters, redaction, somebody's hand.
CREATE TRIGGER asana_workspaces_wide_insert AFTER INSERT ON asana_workspaces WHEN new.mirrored_at IS NOT NULL
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_workspaces_wide_update AFTER UPDATE ON asana_workspaces
WHEN old.name IS NOT new.name OR (old.mirrored_at IS NULL) <> (new.mirrored_at IS NULL)
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_workspaces_wide_delete AFTER DELETE ON asana_workspaces
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (old.gid); END;
CREATE TRIGGER asana_portfolios_wide_insert AFTER INSERT ON asana_portfolios WHEN new.mirrored_at IS NOT NULL
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_portfolios_wide_update AFTER UPDATE ON asana_portfolios
WHEN old.name IS NOT new.name OR (old.mirrored_at IS NULL) <> (new.mirrored_at IS NULL)
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_portfolios_wide_delete AFTER DELETE ON asana_portfolios
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (old.gid); END;
CREATE TRIGGER asana_projects_wide_insert AFTER INSERT ON asana_projects WHEN new.mirrored_at IS NOT NULL
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_projects_wide_update AFTER UPDATE ON asana_projects
WHEN old.name IS NOT new.name OR (old.mirrored_at IS NULL) <> (new.mirrored_at IS NULL)
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_projects_wide_delete AFTER DELETE ON asana_projects
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (old.gid); END;
CREATE TRIGGER asana_custom_field_settings_wide_insert AFTER INSERT ON asana_custom_field_settings
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.parent_gid); END;
CREATE TRIGGER asana_custom_field_settings_wide_update AFTER UPDATE ON asana_custom_field_settings
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (old.parent_gid), (new.parent_gid); END;
CREATE TRIGGER asana_custom_field_settings_wide_delete AFTER DELETE ON asana_custom_field_settings
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (old.parent_gid); END;
CREATE TRIGGER asana_custom_fields_wide_insert AFTER INSERT ON asana_custom_fields
BEGIN INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid); END;
CREATE TRIGGER asana_custom_fields_wide_update AFTER UPDATE ON asana_custom_fields
WHEN old.name IS NOT new.name OR old.resource_subtype IS NOT new.resource_subtype
  OR old.representation_type IS NOT new.representation_type
  OR old.is_global_to_workspace IS NOT new.is_global_to_workspace
  OR (old.mirrored_at IS NULL) <> (new.mirrored_at IS NULL)
  OR old.workspace_gid IS NOT new.workspace_gid
BEGIN
    INSERT OR IGNORE INTO sync_wide_changes VALUES (new.gid);
    INSERT OR IGNORE INTO sync_wide_changes SELECT old.workspace_gid WHERE old.workspace_gid IS NOT NULL;
END;
CREATE TRIGGER asana_custom_fields_wide_delete AFTER DELETE ON asana_custom_fields
BEGIN
    INSERT OR IGNORE INTO sync_wide_changes VALUES (old.gid);
    INSERT OR IGNORE INTO sync_wide_changes SELECT old.workspace_gid WHERE old.workspace_gid IS NOT NULL;
END;
