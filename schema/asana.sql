-- Tables of the Asana mirror: what the token can see, one table per kind of object, named in Asana's own words.
-- A reference x is x_gid; a polymorphic one has x_type beside it. What the API gave as null or left out is NULL.
-- content_hash tells whether an object changed since it was stored; mirrored_at is when this content was first stored.
-- A row with mirrored_at NULL is a mention: something refers to it, no list names it.
-- References are declared so that tools can follow them; they are not enforced.
-- Statements that start with CREATE INDEX are carried out after the first load, which is faster without them.
--
-- Columns that mean the same in every table and view, where no comment beside them says otherwise:
--   gid               Asana's id of the object
--   content_hash      of the object as it came; NULL: it is written anew when it comes again
--   mirrored_at       since when the row has this content; NULL: a mention
--   name              as Asana shows it
--   description, notes, text  plain text
--   html_description, html_notes, html_text  the same as rich text, in Asana's HTML
--   title             plain text
--   color             one of Asana's names of colors
--   position          place in its list, 0 is the first
--   enabled           0: not offered any more
--   resource_subtype  the kind of object, in Asana's words
--   parent_gid        what it belongs to
--   item_gid          the object that is meant
--   workspace_gid     the workspace
--   project_gid       the project
--   section_gid       the section
--   task_gid          the task
--   story_gid         the story
--   team_gid          the team
--   tag_gid           the tag
--   portfolio_gid     the portfolio
--   goal_gid          the goal
--   user_gid          the person
--   custom_field_gid  the definition of the field
--   object_gid        what has the value
--   owner_gid         the person who is responsible
--   assignee_gid      the person who is to do it
--   created_by_gid    who made it
--   created_at        when it was made
--   modified_at       when it was last changed
--   completed         1: done
--   completed_at      when it was marked as done
--   completed_by_gid  who marked it as done
--   archived, is_archived  1: put away
--   start_on, start_date  the first day
--   due_on, end_on, end_date  the last day
--   due_at            the same with a time of day, where one was set
--   num_likes         how many people like it
--   current_status_update_gid  the latest status update
--   permalink_url     its page in Asana
--   public            1: everybody in the workspace may see it
--   privacy_setting   who may see it
--   default_access_level  what those may do with whom it is shared
--   approval_status   of an approval: pending, approved, rejected, changes_requested
--   currency_code     ISO 4217
--   is_admin, is_guest  1: the person has that role

-- == Organization ==

-- Workspaces and organizations that the token sees.
CREATE TABLE asana_workspaces (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    is_organization INTEGER, -- 1: an organization, 0: a workspace without teams
    mirrored_at TEXT
);
CREATE INDEX asana_workspaces_mirrored_at ON asana_workspaces (mirrored_at);

-- The e-mail domains of an organization.
CREATE TABLE asana_workspace_email_domains (
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    email_domain TEXT, -- such as example.com
    PRIMARY KEY (workspace_gid, email_domain)
) WITHOUT ROWID;

-- Who belongs to a workspace, deactivated people included.
CREATE TABLE asana_workspace_memberships (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    user_task_list_gid TEXT REFERENCES asana_user_task_lists (gid), -- the person's My Tasks
    is_active INTEGER, -- 0: deactivated
    is_admin INTEGER,
    is_guest INTEGER,
    is_view_only INTEGER, -- 1: may look, not change
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_workspace_memberships_mirrored_at ON asana_workspace_memberships (mirrored_at);

-- People. Rows with mirrored_at NULL are only known because something refers to them.
CREATE TABLE asana_users (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    email TEXT, -- NULL: not shown to the token
    photo_url TEXT, -- 128 x 128 pixels
    mirrored_at TEXT
);
CREATE INDEX asana_users_mirrored_at ON asana_users (mirrored_at);

-- Teams that the token sees.
CREATE TABLE asana_teams (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    description TEXT,
    html_description TEXT,
    organization_gid TEXT REFERENCES asana_workspaces (gid), -- the workspace
    permalink_url TEXT,
    visibility TEXT, -- secret, request_to_join, public
    endorsed INTEGER, -- 1: marked as endorsed by the organization
    edit_team_name_or_description_access_level TEXT, -- who may; so are those below: all_team_members, only_team_admins
    edit_team_visibility_or_trash_team_access_level TEXT, -- the same: who may change who sees the team, or delete it
    member_invite_management_access_level TEXT, -- the same: invite members
    guest_invite_management_access_level TEXT, -- the same: invite guests
    join_request_management_access_level TEXT, -- the same: answer requests to join
    team_member_removal_access_level TEXT, -- the same: remove members
    team_content_management_access_level TEXT, -- who may make and share what is in the team
    mirrored_at TEXT
);
CREATE INDEX asana_teams_mirrored_at ON asana_teams (mirrored_at);

-- Who is in a team.
CREATE TABLE asana_team_memberships (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    team_gid TEXT REFERENCES asana_teams (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    is_guest INTEGER,
    is_limited_access INTEGER, -- 1: sees only what was shared with them
    is_admin INTEGER,
    mirrored_at TEXT
);
CREATE INDEX asana_team_memberships_mirrored_at ON asana_team_memberships (mirrored_at);

-- == Projects ==

-- Projects, archived ones too.
CREATE TABLE asana_projects (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    team_gid TEXT REFERENCES asana_teams (gid), -- NULL for projects that belong to no team
    owner_gid TEXT REFERENCES asana_users (gid),
    archived INTEGER,
    completed INTEGER, -- the project itself, not its tasks
    completed_at TEXT,
    completed_by_gid TEXT REFERENCES asana_users (gid),
    color TEXT,
    icon TEXT, -- one of Asana's names of icons
    default_view TEXT, -- list, board, timeline, calendar
    privacy_setting TEXT,
    default_access_level TEXT,
    minimum_access_level_for_customization TEXT, -- admin, editor
    minimum_access_level_for_sharing TEXT, -- admin, editor
    start_on TEXT,
    due_on TEXT,
    notes TEXT,
    html_notes TEXT,
    current_status_update_gid TEXT REFERENCES asana_status_updates (gid),
    project_brief_gid TEXT REFERENCES asana_project_briefs (gid), -- its key resource page
    created_from_template_gid TEXT REFERENCES asana_project_templates (gid), -- what it was made from
    permalink_url TEXT,
    created_at TEXT,
    modified_at TEXT, -- of the project's own fields; its tasks do not move it
    mirrored_at TEXT
);
CREATE INDEX asana_projects_mirrored_at ON asana_projects (mirrored_at);

-- People with access to a project; teams stand in asana_memberships only.
CREATE TABLE asana_project_members (
    project_gid TEXT REFERENCES asana_projects (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (project_gid, user_gid)
) WITHOUT ROWID;

-- People who are notified about a project.
CREATE TABLE asana_project_followers (
    project_gid TEXT REFERENCES asana_projects (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (project_gid, user_gid)
) WITHOUT ROWID;

-- Who may do what with a project, portfolio or goal: people and teams.
CREATE TABLE asana_memberships (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    resource_subtype TEXT,
    parent_gid TEXT,
    parent_type TEXT, -- project, portfolio, goal
    member_gid TEXT, -- a person or a team
    member_type TEXT, -- user or team
    access_level TEXT, -- admin, editor, commenter, viewer
    mirrored_at TEXT
);
CREATE INDEX asana_memberships_mirrored_at ON asana_memberships (mirrored_at);

-- Sections of projects and of My Tasks; a row with mirrored_at NULL is only referred to.
CREATE TABLE asana_sections (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    project_gid TEXT REFERENCES asana_projects (gid),
    position INTEGER, -- 0 for the first section of its project
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_sections_mirrored_at ON asana_sections (mirrored_at);

-- The key resource page of a project.
CREATE TABLE asana_project_briefs (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    title TEXT,
    html_text TEXT,
    text TEXT,
    permalink_url TEXT,
    project_gid TEXT REFERENCES asana_projects (gid),
    mirrored_at TEXT
);
CREATE INDEX asana_project_briefs_mirrored_at ON asana_project_briefs (mirrored_at);

-- Status updates of projects, portfolios and goals.
CREATE TABLE asana_status_updates (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    parent_gid TEXT,
    parent_type TEXT, -- project, portfolio, goal
    resource_subtype TEXT,
    title TEXT,
    text TEXT,
    html_text TEXT,
    status_type TEXT, -- on_track, at_risk, off_track, on_hold, complete, ...
    author_gid TEXT REFERENCES asana_users (gid), -- in whose name it was written
    created_by_gid TEXT REFERENCES asana_users (gid),
    created_at TEXT,
    modified_at TEXT,
    num_likes INTEGER,
    mirrored_at TEXT
);
CREATE INDEX asana_status_updates_mirrored_at ON asana_status_updates (mirrored_at);

-- == Tasks ==

-- Tasks and subtasks at every depth.
CREATE TABLE asana_tasks (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    resource_subtype TEXT, -- default_task, milestone, approval, custom
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    parent_gid TEXT REFERENCES asana_tasks (gid), -- the task whose subtask this is
    assignee_gid TEXT REFERENCES asana_users (gid),
    assignee_section_gid TEXT REFERENCES asana_sections (gid), -- where it stands in the assignee's My Tasks
    assigned_by_gid TEXT REFERENCES asana_users (gid), -- who gave it to the assignee
    created_by_gid TEXT REFERENCES asana_users (gid),
    completed INTEGER,
    completed_at TEXT,
    completed_by_gid TEXT REFERENCES asana_users (gid),
    approval_status TEXT, -- approvals only: pending, approved, rejected, changes_requested
    start_on TEXT,
    start_at TEXT, -- the same with a time of day
    due_on TEXT,
    due_at TEXT,
    notes TEXT,
    html_notes TEXT,
    num_likes INTEGER,
    num_subtasks INTEGER, -- direct children
    actual_time_minutes REAL, -- tracked for it
    is_rendered_as_separator INTEGER, -- 1: a heading between tasks, of old projects
    custom_type_gid TEXT REFERENCES asana_custom_types (gid), -- its custom type
    custom_type_status_option_gid TEXT REFERENCES asana_custom_type_status_options (gid), -- its status, of a custom type
    permalink_url TEXT,
    created_at TEXT,
    modified_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_tasks_mirrored_at ON asana_tasks (mirrored_at);

-- The projects of a task, and the section in each.
CREATE TABLE asana_task_memberships (
    task_gid TEXT REFERENCES asana_tasks (gid),
    project_gid TEXT REFERENCES asana_projects (gid),
    section_gid TEXT REFERENCES asana_sections (gid), -- NULL: not known
    PRIMARY KEY (task_gid, project_gid)
) WITHOUT ROWID;

-- People who are notified about a task.
CREATE TABLE asana_task_followers (
    task_gid TEXT REFERENCES asana_tasks (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (task_gid, user_gid)
) WITHOUT ROWID;

-- The tags of a task.
CREATE TABLE asana_task_tags (
    task_gid TEXT REFERENCES asana_tasks (gid),
    tag_gid TEXT REFERENCES asana_tags (gid),
    PRIMARY KEY (task_gid, tag_gid)
) WITHOUT ROWID;

-- What a task waits for.
CREATE TABLE asana_task_dependencies (
    task_gid TEXT REFERENCES asana_tasks (gid),
    depends_on_gid TEXT REFERENCES asana_tasks (gid), -- the task that has to be done first
    PRIMARY KEY (task_gid, depends_on_gid)
) WITHOUT ROWID;

-- Who liked a task.
CREATE TABLE asana_task_likes (
    task_gid TEXT REFERENCES asana_tasks (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (task_gid, user_gid)
) WITHOUT ROWID;

-- Tags; a row with mirrored_at NULL is only referred to.
CREATE TABLE asana_tags (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    color TEXT,
    notes TEXT,
    permalink_url TEXT,
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_tags_mirrored_at ON asana_tags (mirrored_at);

-- People who follow a tag.
CREATE TABLE asana_tag_followers (
    tag_gid TEXT REFERENCES asana_tags (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (tag_gid, user_gid)
) WITHOUT ROWID;

-- == Custom fields ==

-- Definitions of custom fields, global and local to a project.
CREATE TABLE asana_custom_fields (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    description TEXT,
    resource_subtype TEXT, -- text, enum, multi_enum, number, date, people, reference
    representation_type TEXT, -- as resource_subtype, and formula, custom_id
    precision INTEGER, -- digits behind the point of a number
    format TEXT, -- none, currency, identifier, percentage, custom, duration
    currency_code TEXT,
    custom_label TEXT, -- shown beside a number of format custom
    custom_label_position TEXT, -- prefix, suffix
    id_prefix TEXT, -- of a custom_id, as BUG in BUG-12
    input_restrictions TEXT, -- JSON array of the resource types that a reference field takes
    is_global_to_workspace INTEGER, -- 0: local to one project
    is_formula_field INTEGER, -- 1: computed by Asana
    is_value_read_only INTEGER, -- 1: its values cannot be set by hand
    privacy_setting TEXT,
    default_access_level TEXT,
    asana_created_field TEXT, -- which of Asana's own fields it is, such as estimated_time; NULL: none
    created_by_gid TEXT REFERENCES asana_users (gid),
    mirrored_at TEXT
);
CREATE INDEX asana_custom_fields_mirrored_at ON asana_custom_fields (mirrored_at);

-- The options of enum and multi_enum fields.
CREATE TABLE asana_custom_field_options (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid),
    name TEXT,
    color TEXT,
    enabled INTEGER,
    position INTEGER,
    mirrored_at TEXT
);
CREATE INDEX asana_custom_field_options_mirrored_at ON asana_custom_field_options (mirrored_at);

-- Which custom fields a project, portfolio, goal or team has.
CREATE TABLE asana_custom_field_settings (
    parent_gid TEXT,
    parent_type TEXT, -- project, portfolio, goal, team
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid),
    is_important INTEGER, -- 1: shown in lists
    position INTEGER,
    PRIMARY KEY (parent_gid, custom_field_gid)
) WITHOUT ROWID;

-- Values of custom fields: one row per field of the object, unset and disabled ones too.
CREATE TABLE asana_custom_field_values (
    object_gid TEXT,
    object_type TEXT, -- task, project, portfolio, goal
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid),
    enabled INTEGER, -- 0: the field is no longer attached, its value remains
    display_value TEXT, -- any kind, as text
    text_value TEXT, -- of a text field
    number_value REAL, -- a percentage of 25 is 0.25
    date_value TEXT, -- of a date field
    datetime_value TEXT, -- of a date field with a time of day
    enum_option_gid TEXT REFERENCES asana_custom_field_options (gid), -- of an enum field
    PRIMARY KEY (object_gid, custom_field_gid)
) WITHOUT ROWID;

-- The members of multi-enum, people and reference values.
CREATE TABLE asana_custom_field_value_items (
    object_gid TEXT,
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid),
    position INTEGER,
    item_gid TEXT,
    item_type TEXT, -- enum_option, user, task, ...
    PRIMARY KEY (object_gid, custom_field_gid, position)
) WITHOUT ROWID;

-- Custom task types.
CREATE TABLE asana_custom_types (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_custom_types_mirrored_at ON asana_custom_types (mirrored_at);

-- The statuses that a custom task type offers.
CREATE TABLE asana_custom_type_status_options (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    custom_type_gid TEXT REFERENCES asana_custom_types (gid), -- the type that offers it
    name TEXT,
    completion_state TEXT, -- which state of completion it stands for, such as Incomplete
    enabled INTEGER,
    color TEXT,
    position INTEGER,
    mirrored_at TEXT
);
CREATE INDEX asana_custom_type_status_options_mirrored_at ON asana_custom_type_status_options (mirrored_at);

-- == Activity ==

-- Comments and history of tasks and goals.
CREATE TABLE asana_stories (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    resource_subtype TEXT, -- comment_added, assigned, section_changed, ...: an open list
    type TEXT, -- comment or system
    target_gid TEXT, -- the task or goal that the story is about
    target_type TEXT, -- task, goal
    created_by_gid TEXT REFERENCES asana_users (gid),
    created_at TEXT,
    text TEXT, -- English, and not stable: use the old_ and new_ columns
    html_text TEXT,
    is_pinned INTEGER, -- 1: pinned to the top
    is_edited INTEGER, -- 1: changed after it was written
    num_likes INTEGER,
    source TEXT, -- web, email, mobile, api, unknown
    sticker_name TEXT, -- of a comment that is a sticker
    assignee_gid TEXT REFERENCES asana_users (gid), -- assigned: the new assignee
    follower_gid TEXT REFERENCES asana_users (gid), -- follower_added, follower_removed
    task_gid TEXT REFERENCES asana_tasks (gid), -- the other task of a subtask, a mention, ...
    project_gid TEXT REFERENCES asana_projects (gid), -- added_to_project, removed_from_project, ...
    tag_gid TEXT REFERENCES asana_tags (gid), -- added_to_tag, removed_from_tag
    story_gid TEXT REFERENCES asana_stories (gid), -- the comment that was liked or mentioned
    dependency_gid TEXT REFERENCES asana_tasks (gid), -- dependency_added, dependency_removed, ...
    duplicate_of_gid TEXT REFERENCES asana_tasks (gid), -- marked_duplicate: the task that it is a duplicate of
    duplicated_from_gid TEXT REFERENCES asana_tasks (gid), -- duplicated: the task that it was copied from
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid), -- the field whose value has changed
    old_name TEXT, -- the value before; NULL: none, or of another kind
    old_resource_subtype TEXT, -- the value before
    old_approval_status TEXT, -- the value before
    old_section_gid TEXT REFERENCES asana_sections (gid), -- the value before
    old_dates_start_on TEXT, -- the value before
    old_dates_due_on TEXT, -- the value before
    old_dates_due_at TEXT, -- the value before
    old_text_value TEXT, -- the value before
    old_number_value REAL, -- the value before
    old_enum_value_gid TEXT REFERENCES asana_custom_field_options (gid), -- the value before
    old_multi_enum_values TEXT, -- JSON array of option gids
    old_people_value TEXT, -- JSON array of user gids
    old_date_value_start_on TEXT, -- the value before
    old_date_value_due_on TEXT, -- the value before
    old_date_value_due_at TEXT, -- the value before
    new_name TEXT, -- the value since
    new_resource_subtype TEXT, -- the value since
    new_approval_status TEXT, -- the value since
    new_section_gid TEXT REFERENCES asana_sections (gid), -- the value since
    new_dates_start_on TEXT, -- the value since
    new_dates_due_on TEXT, -- the value since
    new_dates_due_at TEXT, -- the value since
    new_text_value TEXT, -- the value since
    new_number_value REAL, -- the value since
    new_enum_value_gid TEXT REFERENCES asana_custom_field_options (gid), -- the value since
    new_multi_enum_values TEXT, -- JSON array of option gids
    new_people_value TEXT, -- JSON array of user gids
    new_date_value_start_on TEXT, -- the value since
    new_date_value_due_on TEXT, -- the value since
    new_date_value_due_at TEXT, -- the value since
    mirrored_at TEXT
);
CREATE INDEX asana_stories_mirrored_at ON asana_stories (mirrored_at);

-- What the stories of tasks say has changed: typed history, one row per value. Made from the old_ and new_ columns and
-- the references of asana_stories, never from their text.
CREATE TABLE asana_task_changes (
    story_gid TEXT REFERENCES asana_stories (gid),
    position INTEGER, -- 0, 1, ...: one story may tell of several values
    task_gid TEXT REFERENCES asana_tasks (gid),
    changed_at TEXT, -- created_at of the story
    actor_gid TEXT REFERENCES asana_users (gid), -- NULL: Asana itself
    field TEXT, -- assignee, completed, name, notes, due_on, due_at, start_on, project, section, tag, follower, attachment, dependency, dependent, duplicate_of, duplicated_from, mention, approval_status, resource_subtype, custom_field; else the story's resource_subtype
    custom_field_gid TEXT REFERENCES asana_custom_fields (gid),
    old_value TEXT, -- text, number, date, 0 or 1; JSON array of gids of a multi-enum or people field
    new_value TEXT, -- the value since, in the same forms
    old_gid TEXT, -- of the user, section, project, tag, task or enum option that was the value, or was removed
    new_gid TEXT, -- of what is the value since, or was added; NULL with an old_gid: removed
    PRIMARY KEY (story_gid, position)
) WITHOUT ROWID;

-- Files and links of tasks, projects and project briefs.
CREATE TABLE asana_attachments (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    resource_subtype TEXT, -- asana, dropbox, gdrive, onedrive, box, vimeo, external
    parent_gid TEXT,
    parent_type TEXT, -- task, project, project_brief
    created_at TEXT,
    host TEXT, -- where the file is: as resource_subtype
    size INTEGER, -- bytes; files kept by Asana only
    permanent_url TEXT, -- its page in Asana; needs a login
    view_url TEXT, -- opens the file; dies soon, unless it leads to another host
    connected_to_app INTEGER, -- 1: connected to the app that the token belongs to
    mirrored_at TEXT
);
CREATE INDEX asana_attachments_mirrored_at ON asana_attachments (mirrored_at);

-- == Time and capacity ==

-- The My Tasks of people.
CREATE TABLE asana_user_task_lists (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    owner_gid TEXT REFERENCES asana_users (gid),
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    workspace_membership_gid TEXT REFERENCES asana_workspace_memberships (gid), -- through which the person has it
    mirrored_at TEXT
);
CREATE INDEX asana_user_task_lists_mirrored_at ON asana_user_task_lists (mirrored_at);

-- Time that was worked on tasks.
CREATE TABLE asana_time_tracking_entries (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    task_gid TEXT REFERENCES asana_tasks (gid),
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    created_by_gid TEXT REFERENCES asana_users (gid),
    entered_on TEXT, -- the day that the work is logged for
    duration_minutes INTEGER, -- the time that was worked
    attributable_to_gid TEXT REFERENCES asana_projects (gid), -- the project that it counts for
    description TEXT,
    approval_status TEXT, -- DRAFT, SUBMITTED, APPROVED, REJECTED
    billable_status TEXT, -- billable, nonBillable, notApplicable
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_time_tracking_entries_mirrored_at ON asana_time_tracking_entries (mirrored_at);

-- The categories of time tracking entries.
CREATE TABLE asana_time_tracking_entry_categories (
    time_tracking_entry_gid TEXT REFERENCES asana_time_tracking_entries (gid), -- the entry
    time_tracking_category_gid TEXT REFERENCES asana_time_tracking_categories (gid), -- what it was tracked for
    PRIMARY KEY (time_tracking_entry_gid, time_tracking_category_gid)
) WITHOUT ROWID;

-- What time can be tracked for, archived ones too.
CREATE TABLE asana_time_tracking_categories (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    color TEXT,
    is_archived INTEGER,
    mirrored_at TEXT
);
CREATE INDEX asana_time_tracking_categories_mirrored_at ON asana_time_tracking_categories (mirrored_at);

-- Whether the time that somebody tracked in a period is approved.
CREATE TABLE asana_timesheet_approval_statuses (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    start_date TEXT,
    end_date TEXT,
    approval_status TEXT, -- DRAFT, SUBMITTED, APPROVED, REJECTED
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_timesheet_approval_statuses_mirrored_at ON asana_timesheet_approval_statuses (mirrored_at);

-- Who is planned to work how much on a project.
CREATE TABLE asana_allocations (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    resource_subtype TEXT,
    parent_gid TEXT,
    parent_type TEXT, -- project
    assignee_gid TEXT, -- a person or a placeholder
    assignee_type TEXT, -- user or placeholder
    created_by_gid TEXT REFERENCES asana_users (gid),
    start_date TEXT,
    end_date TEXT,
    effort_type TEXT, -- hours, percent
    effort_value REAL, -- a day, in effort_type
    mirrored_at TEXT
);
CREATE INDEX asana_allocations_mirrored_at ON asana_allocations (mirrored_at);

-- The budgets of projects: what is estimated, spent, available.
CREATE TABLE asana_budgets (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    parent_gid TEXT,
    parent_type TEXT, -- project
    budget_type TEXT, -- cost, time
    estimate_billable_status_filter TEXT, -- billable, non_billable, any
    estimate_source TEXT, -- none, tasks, capacity_plans
    estimate_enabled INTEGER, -- 1: there is an estimate
    estimate_units TEXT, -- minutes, or a currency
    estimate_value REAL, -- what is estimated
    actual_billable_status_filter TEXT, -- the same of what is spent
    actual_units TEXT, -- the same
    actual_value REAL, -- what is spent
    total_enabled INTEGER, -- 1: the budget is limited
    total_units TEXT, -- the same
    total_value REAL, -- what is available
    mirrored_at TEXT
);
CREATE INDEX asana_budgets_mirrored_at ON asana_budgets (mirrored_at);

-- What an hour of somebody costs in a project.
CREATE TABLE asana_rates (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    parent_gid TEXT,
    parent_type TEXT, -- project
    resource_gid TEXT, -- whose hour it is: a person or a placeholder
    resource_type TEXT, -- user or placeholder
    rate REAL, -- of an hour, in currency_code
    currency_code TEXT,
    created_by_gid TEXT REFERENCES asana_users (gid),
    mirrored_at TEXT
);
CREATE INDEX asana_rates_mirrored_at ON asana_rates (mirrored_at);

-- Stands in for a person in allocations and rates. No list names them: all rows are mentions.
CREATE TABLE asana_placeholders (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_placeholders_mirrored_at ON asana_placeholders (mirrored_at);

-- When people are out of office.
CREATE TABLE asana_ooo_entries (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    start_date TEXT,
    end_date TEXT,
    created_by_gid TEXT REFERENCES asana_users (gid),
    mirrored_at TEXT
);
CREATE INDEX asana_ooo_entries_mirrored_at ON asana_ooo_entries (mirrored_at);

-- == Templates, roles, audit ==

-- What projects are made from.
CREATE TABLE asana_project_templates (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    description TEXT,
    html_description TEXT,
    public INTEGER,
    owner_gid TEXT REFERENCES asana_users (gid),
    team_gid TEXT REFERENCES asana_teams (gid),
    color TEXT,
    requested_dates TEXT, -- JSON array of {gid, name, description}: what is asked for when it is used
    requested_roles TEXT, -- JSON array of {gid, name}
    mirrored_at TEXT
);
CREATE INDEX asana_project_templates_mirrored_at ON asana_project_templates (mirrored_at);

-- What tasks of a project are made from; template_ is what such a task gets.
CREATE TABLE asana_task_templates (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    project_gid TEXT REFERENCES asana_projects (gid),
    created_by_gid TEXT REFERENCES asana_users (gid),
    created_at TEXT,
    template_name TEXT, -- the name of the task
    template_task_resource_subtype TEXT, -- default_task, milestone_task, approval_task
    template_description TEXT, -- its notes
    template_html_description TEXT, -- the same as rich text, in Asana's HTML
    template_relative_start_on INTEGER, -- days after the task is made
    template_relative_due_on INTEGER, -- the same of the last day
    template_due_time TEXT, -- time of day
    template_memberships TEXT, -- JSON array of projects, as Asana gave it; so are those below
    template_dependencies TEXT, -- tasks that it waits for
    template_dependents TEXT, -- tasks that wait for it
    template_followers TEXT, -- people
    template_attachments TEXT, -- files
    template_subtasks TEXT, -- tasks
    template_custom_fields TEXT, -- fields with their values
    mirrored_at TEXT
);
CREATE INDEX asana_task_templates_mirrored_at ON asana_task_templates (mirrored_at);

-- What members of an organization may do.
CREATE TABLE asana_roles (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    description TEXT,
    is_standard_role INTEGER, -- 1: Asana's own, 0: made by the organization
    base_role_type TEXT, -- guest, member, admin, super_admin
    creation_time TEXT, -- when it was made
    modified_at TEXT,
    permissions TEXT, -- JSON object
    mirrored_at TEXT
);
CREATE INDEX asana_roles_mirrored_at ON asana_roles (mirrored_at);

-- AI teammates of an organization.
CREATE TABLE asana_agents (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    resource_subtype TEXT,
    description TEXT,
    behavior_guidance TEXT, -- what it was told to do
    photo_url TEXT, -- 128 x 128 pixels
    mirrored_at TEXT
);
CREATE INDEX asana_agents_mirrored_at ON asana_agents (mirrored_at);

-- What happened in an organization, as its audit log tells. Only a service account may read it. Asana keeps an event for
-- 90 days; what was read stays here.
CREATE TABLE asana_audit_log_events (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    created_at TEXT,
    event_type TEXT, -- such as task_deleted
    event_category TEXT, -- a group of event types, such as deletion
    actor_type TEXT, -- user, asana, asana_support, anonymous, external_administrator
    actor_gid TEXT, -- of a user
    actor_name TEXT, -- who did it
    actor_email TEXT, -- of a user
    resource_type TEXT, -- what it happened to
    resource_subtype TEXT, -- the same, closer
    resource_gid TEXT, -- its id
    resource_name TEXT, -- its name at that time
    resource_email TEXT, -- of a user
    details TEXT, -- JSON object, as the type of the event has it
    context_type TEXT, -- web, desktop, mobile, asana_support, asana, email, api
    context_api_authentication_method TEXT, -- cookie, oauth, personal_access_token, service_account
    context_client_ip_address TEXT, -- where it was asked from
    context_user_agent TEXT, -- the program that asked
    context_oauth_app_name TEXT, -- the app that asked
    context_rule_name TEXT, -- the rule that did it
    context_on_behalf_of_user_id INTEGER, -- who asked for it through Asana's support
    mirrored_at TEXT
);
CREATE INDEX asana_audit_log_events_mirrored_at ON asana_audit_log_events (mirrored_at);

-- == Portfolios and goals ==

-- Portfolios that the token's user owns, and those that are items of a portfolio.
CREATE TABLE asana_portfolios (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    owner_gid TEXT REFERENCES asana_users (gid),
    created_by_gid TEXT REFERENCES asana_users (gid),
    archived INTEGER,
    color TEXT,
    start_on TEXT,
    due_on TEXT,
    public INTEGER,
    privacy_setting TEXT, -- public_to_domain, members_only
    default_access_level TEXT,
    current_status_update_gid TEXT REFERENCES asana_status_updates (gid),
    permalink_url TEXT,
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_portfolios_mirrored_at ON asana_portfolios (mirrored_at);

-- People with access to a portfolio; teams stand in asana_memberships only.
CREATE TABLE asana_portfolio_members (
    portfolio_gid TEXT REFERENCES asana_portfolios (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (portfolio_gid, user_gid)
) WITHOUT ROWID;

-- The project templates that are in a portfolio.
CREATE TABLE asana_portfolio_project_templates (
    portfolio_gid TEXT REFERENCES asana_portfolios (gid),
    project_template_gid TEXT, -- the template
    PRIMARY KEY (portfolio_gid, project_template_gid)
) WITHOUT ROWID;

-- What is in a portfolio: projects, and other portfolios.
CREATE TABLE asana_portfolio_items (
    portfolio_gid TEXT REFERENCES asana_portfolios (gid),
    item_gid TEXT,
    item_type TEXT, -- project, portfolio
    PRIMARY KEY (portfolio_gid, item_gid)
) WITHOUT ROWID;

-- Whether the members of a portfolio have access to a project in it.
CREATE TABLE asana_project_portfolio_settings (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    project_gid TEXT REFERENCES asana_projects (gid),
    portfolio_gid TEXT REFERENCES asana_portfolios (gid),
    is_access_control_inherited INTEGER, -- 1: they have
    created_at TEXT,
    mirrored_at TEXT
);
CREATE INDEX asana_project_portfolio_settings_mirrored_at ON asana_project_portfolio_settings (mirrored_at);

-- Goals of workspaces and teams.
CREATE TABLE asana_goals (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    name TEXT,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    team_gid TEXT REFERENCES asana_teams (gid),
    owner_gid TEXT REFERENCES asana_users (gid),
    time_period_gid TEXT REFERENCES asana_time_periods (gid), -- when it is to be reached
    is_workspace_level INTEGER, -- 0: the goal of a team; NULL: the workspace is no organization
    start_on TEXT,
    due_on TEXT,
    status TEXT, -- open: green, yellow, red; closed: missed, achieved, partial, dropped
    notes TEXT,
    html_notes TEXT,
    privacy_setting TEXT,
    default_access_level TEXT,
    current_status_update_gid TEXT REFERENCES asana_status_updates (gid),
    num_likes INTEGER,
    metric_gid TEXT, -- all NULL: progress is not measured
    metric_resource_subtype TEXT, -- number
    metric_precision INTEGER, -- digits behind the point
    metric_unit TEXT, -- none, currency, percentage
    metric_currency_code TEXT, -- ISO 4217, where the unit is a currency
    metric_initial_number_value REAL, -- where it began
    metric_target_number_value REAL, -- where it is to end
    metric_current_number_value REAL, -- a percentage of 25 is 0.25
    metric_current_display_value TEXT, -- where it is, as text
    metric_progress_source TEXT, -- manual, subgoal_progress, project_task_completion, ...
    metric_is_custom_weight INTEGER, -- 1: what supports it counts by contribution_weight
    mirrored_at TEXT
);
CREATE INDEX asana_goals_mirrored_at ON asana_goals (mirrored_at);

-- The members of a goal who are people; teams stand in asana_memberships only.
CREATE TABLE asana_goal_followers (
    goal_gid TEXT REFERENCES asana_goals (gid),
    user_gid TEXT REFERENCES asana_users (gid),
    PRIMARY KEY (goal_gid, user_gid)
) WITHOUT ROWID;

-- What supports a goal: other goals, projects, tasks, portfolios.
CREATE TABLE asana_goal_relationships (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    resource_subtype TEXT, -- subgoal, supporting_work
    supported_goal_gid TEXT REFERENCES asana_goals (gid), -- the goal that is supported
    supporting_resource_gid TEXT, -- what supports it
    supporting_resource_type TEXT, -- goal, project, task, portfolio
    contribution_weight REAL, -- 0 to 1: its part in the progress of the goal
    mirrored_at TEXT
);
CREATE INDEX asana_goal_relationships_mirrored_at ON asana_goal_relationships (mirrored_at);

-- Time periods of goals: years, halves, quarters.
CREATE TABLE asana_time_periods (
    gid TEXT PRIMARY KEY,
    content_hash INTEGER,
    workspace_gid TEXT REFERENCES asana_workspaces (gid),
    period TEXT, -- FY, H1, H2, Q1, Q2, Q3, Q4
    display_name TEXT, -- such as Q1 FY22
    start_on TEXT, -- its first day
    end_on TEXT,
    parent_gid TEXT REFERENCES asana_time_periods (gid), -- the longer period that it is part of
    mirrored_at TEXT
);
CREATE INDEX asana_time_periods_mirrored_at ON asana_time_periods (mirrored_at);

-- What reports join on, beside the keys.
CREATE INDEX asana_tasks_parent ON asana_tasks (parent_gid) WHERE parent_gid IS NOT NULL;
CREATE INDEX asana_tasks_assignee ON asana_tasks (assignee_gid) WHERE assignee_gid IS NOT NULL;
CREATE INDEX asana_task_memberships_project ON asana_task_memberships (project_gid);
CREATE INDEX asana_task_memberships_section ON asana_task_memberships (section_gid) WHERE section_gid IS NOT NULL;
CREATE INDEX asana_task_tags_tag ON asana_task_tags (tag_gid);
CREATE INDEX asana_tasks_open_due ON asana_tasks (due_on, due_at, assignee_gid, actual_time_minutes, is_rendered_as_separator)
    WHERE completed = 0;
CREATE INDEX asana_tasks_modified_at ON asana_tasks (modified_at, gid);
-- Counts by day, each task once. Here and below, the + is written by queries that mean such an index, so that others
-- do not scan it, and these use none by field: each value of it stands in millions of rows.
CREATE INDEX asana_tasks_created ON asana_tasks (created_at) WHERE +is_rendered_as_separator IS NOT 1;
CREATE INDEX asana_tasks_completed ON asana_tasks (completed_at)
    WHERE +completed = 1 AND +is_rendered_as_separator IS NOT 1;
CREATE INDEX asana_stories_target ON asana_stories (target_gid);
-- Who a task was assigned to, and when it was completed. Used where a query names these kinds with OR, in this order.
CREATE INDEX asana_stories_states ON asana_stories (target_gid, created_at, resource_subtype)
    WHERE resource_subtype = 'assigned' OR resource_subtype = 'unassigned'
       OR resource_subtype = 'marked_complete' OR resource_subtype = 'marked_incomplete';
CREATE INDEX asana_task_changes_field ON asana_task_changes (field, task_gid, changed_at, new_gid);
CREATE INDEX asana_task_changes_old_place ON asana_task_changes (old_gid, task_gid)
    WHERE +field IN ('section', 'project');
CREATE INDEX asana_task_changes_new_place ON asana_task_changes (new_gid, task_gid)
    WHERE +field IN ('section', 'project');
CREATE INDEX asana_task_changes_reopened ON asana_task_changes (task_gid, changed_at)
    WHERE +field = 'completed' AND new_value = '0';
CREATE INDEX asana_attachments_parent ON asana_attachments (parent_gid);
CREATE INDEX asana_sections_project ON asana_sections (project_gid) WHERE project_gid IS NOT NULL;
CREATE INDEX asana_memberships_parent ON asana_memberships (parent_gid);
CREATE INDEX asana_status_updates_parent ON asana_status_updates (parent_gid);
CREATE INDEX asana_user_task_lists_membership ON asana_user_task_lists (workspace_membership_gid);
CREATE INDEX asana_time_tracking_entries_task ON asana_time_tracking_entries (task_gid);
CREATE INDEX asana_budgets_parent ON asana_budgets (parent_gid);
CREATE INDEX asana_rates_parent ON asana_rates (parent_gid);
CREATE INDEX asana_allocations_parent ON asana_allocations (parent_gid);
CREATE INDEX asana_ooo_entries_user ON asana_ooo_entries (user_gid);
CREATE INDEX asana_task_templates_project ON asana_task_templates (project_gid);
CREATE INDEX asana_project_portfolio_settings_portfolio ON asana_project_portfolio_settings (portfolio_gid);
CREATE INDEX asana_goal_relationships_supported_goal ON asana_goal_relationships (supported_goal_gid);
