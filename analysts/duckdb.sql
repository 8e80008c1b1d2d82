-- DuckDB on a mirror, from the folder that asana.db is in:  duckdb < analysts/duckdb.sql
-- Tables are read by their names. Views hold SQLite's own functions, so SQLite has to answer them: sqlite_query().
ATTACH 'asana.db' AS mirror (TYPE sqlite, READ_ONLY);

-- Tasks by project and month of completion.
SELECT p.name AS project, substr(t.completed_at, 1, 7) AS month, count(*) AS tasks
FROM mirror.asana_tasks AS t
JOIN mirror.asana_task_memberships AS m ON m.task_gid = t.gid
JOIN mirror.asana_projects AS p ON p.gid = m.project_gid
WHERE t.completed = 1
GROUP BY 1, 2
ORDER BY 1, 2;

-- Who has what to do, by a view of the mirror.
SELECT * FROM sqlite_query('mirror', 'SELECT assignee_name, sum(open_tasks) AS open_tasks FROM asana_workload GROUP BY 1 ORDER BY 2 DESC');

-- For everything else: columns as files.
COPY (SELECT gid, name, assignee_gid, completed, created_at, completed_at, due_on, modified_at FROM mirror.asana_tasks)
TO 'asana_tasks.parquet' (FORMAT parquet);
