-- Full-text search: made where `full_text_search` is on, dropped where it is off. An FTS5 index over the words of tasks,
-- comments and projects, which holds no text itself. What is gone, or only mentioned, is not in it.
--
-- Triggers note what came, went and changed; the program takes that to the index before it commits, in the transaction of
-- the rows. They do not write to the index themselves: SQLite 3.40 lets no trigger use FTS5 while the schema of a file is
-- not trusted, and it takes many texts at once in a fraction of the time.

-- What can be found: one row per task, comment and project. Those with a higher id than any in the index are not yet in it.
CREATE TABLE sync_search_documents (
    id INTEGER PRIMARY KEY, -- the rowid in sync_search
    kind TEXT NOT NULL, -- task, comment, project
    gid TEXT NOT NULL, -- of the task, story or project
    UNIQUE (kind, gid)
);

-- What is no more to be found as it was, and still in the index. Empty after each commit.
CREATE TABLE sync_search_removed (
    id INTEGER PRIMARY KEY, -- the rowid in sync_search
    name TEXT, -- as it was
    text TEXT -- as it was
);

-- The texts that can be found, where they stand: what the index is built from, and what hits are shown with. Columns:
--   id    as in sync_search_documents
--   name  of a task or project; NULL: it is a comment
--   text  the notes of a task or project, the text of a comment
CREATE VIEW sync_search_texts AS
SELECT d.id, coalesce(t.name, p.name) AS name, coalesce(t.notes, s.text, p.notes) AS text
FROM sync_search_documents AS d
LEFT JOIN asana_tasks AS t ON d.kind = 'task' AND t.gid = d.gid
LEFT JOIN asana_stories AS s ON d.kind = 'comment' AND s.gid = d.gid
LEFT JOIN asana_projects AS p ON d.kind = 'project' AND p.gid = d.gid;

-- The index. Capital letters and accents do not count. Ask for rowids WHERE sync_search MATCH '"two" "words"' ORDER BY rank.
-- Columns:
--   name  words of the name, which count five times
--   text  words of the text
CREATE VIRTUAL TABLE sync_search USING fts5 (
    name, text, content = 'sync_search_texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
INSERT INTO sync_search (sync_search, rank) VALUES ('rank', 'bm25(5.0, 1.0)');

INSERT INTO sync_search_documents (kind, gid)
SELECT 'task', gid FROM asana_tasks WHERE mirrored_at IS NOT NULL
UNION ALL
SELECT 'comment', gid FROM asana_stories WHERE type = 'comment' AND mirrored_at IS NOT NULL
UNION ALL
SELECT 'project', gid FROM asana_projects WHERE mirrored_at IS NOT NULL;
INSERT INTO sync_search (sync_search) VALUES ('rebuild');

CREATE TRIGGER sync_search_task_came AFTER INSERT ON asana_tasks WHEN NEW.mirrored_at IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO sync_search_documents (kind, gid) VALUES ('task', NEW.gid);
END;
CREATE TRIGGER sync_search_task_went AFTER DELETE ON asana_tasks WHEN OLD.mirrored_at IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, OLD.name, OLD.notes FROM sync_search_documents WHERE kind = 'task' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'task' AND gid = OLD.gid;
END;
CREATE TRIGGER sync_search_task_changed AFTER UPDATE ON asana_tasks
WHEN NEW.name IS NOT OLD.name OR NEW.notes IS NOT OLD.notes
  OR (NEW.mirrored_at IS NULL) <> (OLD.mirrored_at IS NULL)
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, OLD.name, OLD.notes FROM sync_search_documents WHERE kind = 'task' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'task' AND gid = OLD.gid;
    INSERT OR IGNORE INTO sync_search_documents (kind, gid)
    SELECT 'task', NEW.gid WHERE NEW.mirrored_at IS NOT NULL;
END;

CREATE TRIGGER sync_search_project_came AFTER INSERT ON asana_projects WHEN NEW.mirrored_at IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO sync_search_documents (kind, gid) VALUES ('project', NEW.gid);
END;
CREATE TRIGGER sync_search_project_went AFTER DELETE ON asana_projects WHEN OLD.mirrored_at IS NOT NULL
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, OLD.name, OLD.notes FROM sync_search_documents WHERE kind = 'project' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'project' AND gid = OLD.gid;
END;
CREATE TRIGGER sync_search_project_changed AFTER UPDATE ON asana_projects
WHEN NEW.name IS NOT OLD.name OR NEW.notes IS NOT OLD.notes
  OR (NEW.mirrored_at IS NULL) <> (OLD.mirrored_at IS NULL)
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, OLD.name, OLD.notes FROM sync_search_documents WHERE kind = 'project' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'project' AND gid = OLD.gid;
    INSERT OR IGNORE INTO sync_search_documents (kind, gid)
    SELECT 'project', NEW.gid WHERE NEW.mirrored_at IS NOT NULL;
END;

CREATE TRIGGER sync_search_comment_came AFTER INSERT ON asana_stories WHEN NEW.mirrored_at IS NOT NULL AND NEW.type = 'comment'
BEGIN
    INSERT OR IGNORE INTO sync_search_documents (kind, gid) VALUES ('comment', NEW.gid);
END;
CREATE TRIGGER sync_search_comment_went AFTER DELETE ON asana_stories WHEN OLD.mirrored_at IS NOT NULL AND OLD.type = 'comment'
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, NULL, OLD.text FROM sync_search_documents WHERE kind = 'comment' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'comment' AND gid = OLD.gid;
END;
CREATE TRIGGER sync_search_comment_changed AFTER UPDATE ON asana_stories
WHEN NEW.text IS NOT OLD.text OR NEW.type IS NOT OLD.type
  OR (NEW.mirrored_at IS NULL) <> (OLD.mirrored_at IS NULL)
BEGIN
    INSERT OR IGNORE INTO sync_search_removed (id, name, text)
    SELECT id, NULL, OLD.text FROM sync_search_documents WHERE kind = 'comment' AND gid = OLD.gid;
    DELETE FROM sync_search_documents WHERE kind = 'comment' AND gid = OLD.gid;
    INSERT OR IGNORE INTO sync_search_documents (kind, gid)
    SELECT 'comment', NEW.gid WHERE NEW.mirrored_at IS NOT NULL AND NEW.type = 'comment';
END;
