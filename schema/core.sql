-- The mirror's own tables: what is still to do, what could not be fetched, what is gone, what each run did.
-- Instants are TEXT 'YYYY-MM-DDTHH:MM:SS.sssZ' (UTC); booleans are INTEGER 0/1.
--
-- Columns that mean the same in each of these tables, where no comment beside them says otherwise:
--   source   the configured account, by its name
--   stream, scope  of the work, as in sync_work
--   first_seen_at  when it was met for the first time
--   last_seen_at  when it was met for the last time

-- Everything that the program will do, and everything that it knows about where it stands.
CREATE TABLE sync_work (
    source         TEXT NOT NULL,
    stream         TEXT NOT NULL,     -- what to fetch: project_tasks, task_stories, ...
    scope          TEXT NOT NULL,     -- of which object: a gid, several joined by '/' in the order of the path, or ''
    root           TEXT NOT NULL,     -- the workspace that the scope belongs to: capabilities hold per workspace; '' above workspaces
    kind           TEXT NOT NULL,     -- recurring: the row stays; one_off: deleted with the page that finishes it
    order_key      INTEGER NOT NULL,  -- smaller is fetched earlier: the class (0 changes, 1 walks, 2 reconciling), the stream's rank, newest first
    due_at         TEXT,              -- NULL: nothing to do at present
    resume         TEXT,              -- a walk in progress: the offset of its next page
    resumed_at     TEXT,              -- when that offset was given; it dies after 15 minutes
    walked         INTEGER NOT NULL DEFAULT 0,  -- objects on the pages before resume: positions continue from here
    cursor         TEXT,              -- what the last complete pass proved: an event token, a watermark
    pending_cursor TEXT,              -- taken before a snapshot; becomes the cursor with the snapshot's last page. Of one-off
                                      -- work with nothing to do: the scope of the list that may do it along
    pending_at     TEXT,              -- when pending_cursor was taken
    attempts       INTEGER NOT NULL DEFAULT 0,  -- failed requests since the last success
    last_error     TEXT,              -- of the last failed request
    last_done_at   TEXT,              -- when the last complete pass ended; 1970: one for another configuration
    changes        REAL NOT NULL DEFAULT 0,     -- changes seen, with forgetting: the numerator of the learned change rate
    exposure       REAL NOT NULL DEFAULT 0,     -- seconds observed, with forgetting: its denominator
    PRIMARY KEY (source, stream, scope)
) WITHOUT ROWID;

-- Picking work: the next rows in order, without those that have nothing to do.
CREATE INDEX sync_work_due ON sync_work (source, order_key, due_at) WHERE due_at IS NOT NULL;

-- What waits for a list, by the scope of that list.
CREATE INDEX sync_work_waiting ON sync_work (source, pending_cursor) WHERE due_at IS NULL AND kind = 'one_off';

-- One row per invocation.
CREATE TABLE sync_runs (
    id             INTEGER PRIMARY KEY,         -- counts up
    command        TEXT NOT NULL,     -- sync, run
    version        TEXT NOT NULL,     -- of the program
    started_at     TEXT NOT NULL,               -- when it began
    ended_at       TEXT,              -- NULL: running, or killed
    exit_code      INTEGER,                     -- NULL: running, or killed
    requests       INTEGER NOT NULL DEFAULT 0,  -- issued, retries included
    retries        INTEGER NOT NULL DEFAULT 0,  -- requests that were repeated
    rate_limited   INTEGER NOT NULL DEFAULT 0,  -- answers 429
    rows_written   INTEGER NOT NULL DEFAULT 0,  -- entity rows inserted or changed
    rows_unchanged INTEGER NOT NULL DEFAULT 0   -- entity rows that came and equalled what is stored
);

-- What should be here and could not be fetched. Open while healed_at is NULL.
CREATE TABLE sync_gaps (
    source         TEXT NOT NULL,
    stream         TEXT NOT NULL,
    scope          TEXT NOT NULL,
    status         INTEGER,           -- HTTP status; NULL: no usable answer came
    message        TEXT NOT NULL,     -- why, and what happens next
    first_seen_at  TEXT NOT NULL,
    last_seen_at   TEXT NOT NULL,
    retry_at       TEXT,              -- when it is tried again
    healed_at      TEXT,              -- since when it is closed
    PRIMARY KEY (source, stream, scope)
) WITHOUT ROWID;

-- What is to be added to UTC in the configured time zone, from these instants on. Reports take their days from it.
CREATE TABLE sync_time_zone (
    starts_at      TEXT PRIMARY KEY,  -- '': since ever
    offset_seconds INTEGER NOT NULL   -- to be added
) WITHOUT ROWID;
INSERT INTO sync_time_zone VALUES ('', 0);

-- What left its table, and why: one row per object, with its last content.
CREATE TABLE sync_tombstones (
    table_name     TEXT NOT NULL,     -- where it stood
    gid            TEXT NOT NULL,     -- of the object
    source         TEXT NOT NULL,
    cause          TEXT NOT NULL,     -- deleted, not_visible, excluded: by the configuration
    deleted_at     TEXT,              -- NULL: unknown
    detected_at    TEXT NOT NULL,     -- when the mirror found out
    detected_by    TEXT NOT NULL,     -- event, audit, walk, parent
    row            TEXT NOT NULL,     -- the last content with its child sets, as JSON; of what is excluded its gid alone
    PRIMARY KEY (table_name, gid)
) WITHOUT ROWID;

-- What leaves the tombstones, the oldest first, and what left the mirror lately.
CREATE INDEX sync_tombstones_detected ON sync_tombstones (detected_at);

-- What the last walks of a list named, of rows that do not say which list named them: people, custom types.
CREATE TABLE sync_named (
    source         TEXT NOT NULL,
    stream         TEXT NOT NULL,
    scope          TEXT NOT NULL,     -- the list, as in sync_work
    gid            TEXT NOT NULL,     -- of what was named
    missed         INTEGER NOT NULL DEFAULT 0,  -- 1: the last complete walk did not name it
    PRIMARY KEY (source, stream, scope, gid)
) WITHOUT ROWID;

-- What the plan of a workspace allows. A feature that is off is not a gap.
CREATE TABLE sync_capabilities (
    source         TEXT NOT NULL,
    scope          TEXT NOT NULL,     -- the workspace
    capability     TEXT NOT NULL,     -- custom_fields, search, ...
    available      INTEGER NOT NULL,  -- 1: the plan has it
    checked_at     TEXT NOT NULL,     -- when it was last asked for
    PRIMARY KEY (source, scope, capability)
) WITHOUT ROWID;

-- Changes to its API that the tracker has announced in its answers.
CREATE TABLE sync_api_changes (
    source         TEXT NOT NULL,
    name           TEXT NOT NULL,     -- as Asana-Enable and Asana-Disable take it
    info           TEXT,              -- a link that explains it
    affected       INTEGER NOT NULL,  -- 1: an answer said that its own request is concerned
    first_seen_at  TEXT NOT NULL,
    last_seen_at   TEXT NOT NULL,     -- to the day
    sample_path    TEXT NOT NULL,     -- of a request that it was said of, without its query; one that is concerned, if any is
    PRIMARY KEY (source, name)
) WITHOUT ROWID;

-- Wide views: one for each project, portfolio and workspace, with a column for each of its custom fields. The program makes
-- them, renames them with what they are of, and never touches a view that is not here.
CREATE TABLE sync_wide_views (
    object_gid     TEXT NOT NULL PRIMARY KEY,  -- whose view it is
    object_type    TEXT NOT NULL,     -- project, portfolio, workspace
    view_name      TEXT,              -- NULL: there is none, `note` says why
    view_hash      INTEGER,           -- of its SQL: a view with another text was made by somebody else
    note           TEXT               -- why there is no view, or not each field has a column
) WITHOUT ROWID;

-- Which column of its wide view a custom field has.
CREATE TABLE sync_wide_columns (
    object_gid     TEXT NOT NULL REFERENCES sync_wide_views (object_gid),  -- whose view it is
    custom_field_gid TEXT NOT NULL,   -- the field
    position       INTEGER NOT NULL,  -- 0 for the first of them
    column_name    TEXT,              -- NULL: no column, the view has as many as it may
    type           TEXT NOT NULL,     -- REAL, TEXT
    PRIMARY KEY (object_gid, custom_field_gid)
) WITHOUT ROWID;

-- Projects, portfolios, workspaces and custom fields that changed since the wide views were last brought in step, which
-- each commit of the program does: triggers note them.
CREATE TABLE sync_wide_changes (
    gid            TEXT NOT NULL PRIMARY KEY  -- of what changed
) WITHOUT ROWID;

-- Facts about the database as a whole: the token's user, whether the first load is complete, ...
-- Those of one source are named <source>.<fact>.
CREATE TABLE sync_meta (
    key            TEXT NOT NULL PRIMARY KEY, -- the name of the fact
    value          TEXT                       -- what is known
) WITHOUT ROWID;
