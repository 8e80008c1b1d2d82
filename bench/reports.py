#!/usr/bin/env python3
"""What the report views cost: a database of made-up tasks with ten stories each, and the time of each view, warm, of one
project and of everything. usage: reports.py TASKS [FILE]  (FILE is kept and used again)"""
import os, sqlite3, sys, tempfile, time

TASKS = int(sys.argv[1])
FILE = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp() + "/reports.db"
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "schema")
PROJECTS = max(1, TASKS // 150)
INSTANT = "strftime('%Y-%m-%dT%H:%M:%fZ', '2024-06-01', '+' || ({}) || ' minutes')"

def fill(db):
    for name in ("core", "asana", "asana_views", "asana_reports"):
        db.executescript(open(f"{SCHEMA}/{name}.sql", encoding="utf-8").read())
    numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})"
    def run(sql, *of):
        db.execute(sql.format(*of))
    run(numbers + " INSERT INTO asana_users (gid, name, mirrored_at) SELECT 'u' || n, 'Person ' || n, 'x' FROM n", 300)
    run(numbers + " INSERT INTO asana_projects (gid, name, archived, mirrored_at) SELECT 'p' || n, 'Project ' || n, 0, 'x' FROM n", PROJECTS)
    for s in range(5):
        run("INSERT INTO asana_sections (gid, name, project_gid, position, mirrored_at) SELECT 's' || substr(gid, 2) || '.{0}', 'Section {0}', gid, {0}, 'x' FROM asana_projects", s)
    run(numbers + """ INSERT INTO asana_tasks (gid, name, notes, completed, created_at, modified_at, completed_at, assignee_gid, due_on, num_subtasks, mirrored_at)
        SELECT '12000000' || n, 'Task ' || n, printf('%.*c', 1500, 'n'), n % 5 < 3, """ + INSTANT.replace("{}", "n * 7919 % 1200000") + ", "
        + INSTANT.replace("{}", "n * 7919 % 1200000 + 9000") + ", iif(n % 5 < 3, " + INSTANT.replace("{}", "n * 7919 % 1200000 + n % 40000") + """, NULL),
        iif(n % 4, 'u' || (n * 31 % 300 + 1), NULL), date('2024-06-01', '+' || (n * 13 % 1000) || ' days'), 0, 'x' FROM n""", TASKS)
    run(numbers + " INSERT INTO asana_task_memberships SELECT '12000000' || n, 'p' || (n % {} + 1), 's' || (n % {} + 1) || '.' || (n % 5) FROM n", TASKS, PROJECTS, PROJECTS)
    # Of ten stories four are comments, one each moves, assigns, dates and completes, two are of other fields.
    for story, (field, old, new, old_gid, new_gid) in enumerate((
            ("section", "NULL", "NULL", "'s' || (n % {} + 1) || '.' || ((n + 4) % 5)", "'s' || (n % {} + 1) || '.' || (n % 5)"),
            ("assignee", "NULL", "NULL", "NULL", "'u' || (n * 31 % 300 + 1)"),
            ("due_on", "'2024-06-01'", "'2024-07-01'", "NULL", "NULL"),
            ("completed", "'0'", "'1'", "NULL", "NULL"),
            ("follower", "NULL", "NULL", "NULL", "'u1'"),
            ("name", "'a'", "'b'", "NULL", "NULL"))):
        run(numbers + " INSERT INTO asana_task_changes SELECT '13000000' || (n * 10 + " + str(story) + "), 0, '12000000' || n, " + INSTANT.replace("{}", "n * 7919 % 1200000 + 100 + n % 3000 + " + str(100 * story))
            + f", 'u1', '{field}', NULL, {old}, {new}, {old_gid}, {new_gid} FROM n", TASKS, PROJECTS, PROJECTS)
    db.commit()
    db.execute("ANALYZE")
    db.commit()

fresh = not os.path.exists(FILE)
db = sqlite3.connect(FILE)
if fresh:
    fill(db)
print(f"{TASKS} tasks, {10 * TASKS} stories of which {6 * TASKS} are changes, {PROJECTS} projects, {os.path.getsize(FILE) / 1e6:.0f} MB")
one_task = "task_gid IN (SELECT task_gid FROM asana_task_memberships WHERE project_gid = 'p1')"
print(f"{'view':<32}{'one project':>14}{'everything':>14}")
for view, in db.execute("SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'asana%' ORDER BY name").fetchall():
    columns = [row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (view,))]
    of_project = "project_gid = 'p1'" if "project_gid" in columns else one_task if "task_gid" in columns else None
    times = []
    for where in (of_project, "1"):
        if where is None:
            times.append("")
            continue
        best = None
        for _ in range(2):
            began = time.perf_counter()
            db.execute(f"SELECT count(*), " + ", ".join(f"max({column})" for column in columns) + f" FROM {view} WHERE {where}").fetchall()
            best = min(best or 1e9, time.perf_counter() - began)
            if best > 20:
                break
        times.append(f"{best:.3f} s")
    print(f"{view:<32}{times[0]:>14}{times[1]:>14}", flush=True)
