#!/usr/bin/env python3
"""What reports cost: a database of made-up tasks with ten stories each, and the processor time of each view, warm, of one
task, one project, one team and everything, or of each `taskmirror report`; what takes longer than LIMIT is broken off.
usage: reports.py TASKS [FILE [TASKMIRROR]]  (FILE is kept and used again; TASKMIRROR is the program)"""
import os, re, resource, sqlite3, subprocess, sys, tempfile, threading, time

TASKS = int(sys.argv[1])
FILE = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp() + "/reports.db"
SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "schema")
PROJECTS = max(1, TASKS // 150)
TEAMS = max(1, PROJECTS // 30)
LIMIT = 60  # seconds on the wall
INSTANT = "strftime('%Y-%m-%dT%H:%M:%fZ', '2024-06-01', '+' || ({}) || ' minutes')"

def fill(db):
    indexes = []
    for name in ("core", "asana", "asana_views", "asana_reports"):
        sql = open(f"{SCHEMA}/{name}.sql", encoding="utf-8").read()
        indexes += re.findall(r"^CREATE INDEX asana[^;]*;", sql, re.MULTILINE)  # built after the first load
        db.executescript(re.sub(r"^CREATE INDEX asana[^;]*;", "", sql, flags=re.MULTILINE))
    numbers = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {})"
    def run(sql, *of):
        db.execute(sql.format(*of))
    run(numbers + " INSERT INTO asana_users (gid, name, mirrored_at) SELECT 'u' || n, 'Person ' || n, 'x' FROM n", 300)
    run(numbers + " INSERT INTO asana_teams (gid, name, mirrored_at) SELECT 't' || n, 'Team ' || n, 'x' FROM n", TEAMS)
    run(numbers + " INSERT INTO asana_projects (gid, name, archived, team_gid, mirrored_at) SELECT 'p' || n, 'Project ' || n, 0, 't' || (n % {} + 1), 'x' FROM n", PROJECTS, TEAMS)
    run(numbers + " INSERT INTO asana_status_updates (gid, parent_gid, status_type, created_at, mirrored_at) SELECT 'v' || n, 'p' || (n % {} + 1), 'on_track', " + INSTANT.replace("{}", "n * 7919 % 1200000") + ", 'x' FROM n", 4 * PROJECTS, PROJECTS)
    for s in range(5):
        run("INSERT INTO asana_sections (gid, name, project_gid, position, mirrored_at) SELECT 's' || substr(gid, 2) || '.{0}', 'Section {0}', gid, {0}, 'x' FROM asana_projects", s)
    run(numbers + """ INSERT INTO asana_tasks (gid, name, notes, completed, created_at, modified_at, completed_at, assignee_gid, due_on, num_subtasks, mirrored_at)
        SELECT '12000000' || n, 'Task ' || n, printf('%.*c', 1500, 'n'), n % 5 < 3, """ + INSTANT.replace("{}", "n * 7919 % 1200000") + ", "
        + INSTANT.replace("{}", "n * 7919 % 1200000 + 9000") + ", iif(n % 5 < 3, " + INSTANT.replace("{}", "n * 7919 % 1200000 + n % 40000") + """, NULL),
        iif(n % 4, 'u' || (n * 31 % 300 + 1), NULL), date('2024-06-01', '+' || (n * 13 % 1000) || ' days'), 0, 'x' FROM n""", TASKS)
    run(numbers + " INSERT INTO asana_task_memberships SELECT '12000000' || n, 'p' || (n % {} + 1), 's' || (n % {} + 1) || '.' || (n % 5) FROM n", TASKS, PROJECTS, PROJECTS)
    run(numbers + " INSERT INTO asana_task_dependencies SELECT '12000000' || (n * 10 + 3), '12000000' || (n * 10 - 1) FROM n", TASKS // 11)
    run("INSERT INTO asana_custom_fields (gid, name, asana_created_field, mirrored_at) VALUES ('f', 'Estimated time', 'estimated_time', 'x')")
    run(numbers + " INSERT INTO asana_custom_field_values (object_gid, object_type, custom_field_gid, number_value) SELECT '12000000' || (n * 10), 'task', 'f', n % 500 FROM n", TASKS // 10)
    run(numbers + " INSERT INTO asana_time_tracking_entries (gid, task_gid, created_by_gid, entered_on, duration_minutes, mirrored_at) SELECT 'e' || n, '12000000' || (n * 5), 'u' || (n % 300 + 1), date('2024-06-01', '+' || (n % 900) || ' days'), n % 200, 'x' FROM n", TASKS // 5)
    # One of 50 tasks was completed before, and reopened.
    for story, (old, new) in enumerate((("'0'", "'1'"), ("'1'", "'0'"))):
        run(numbers + " INSERT INTO asana_task_changes SELECT '14000000' || (n * 10 + " + str(story) + "), 0, '12000000' || (n * 50), " + INSTANT.replace("{}", "n * 50 * 7919 % 1200000 + " + str(50 + 20 * story))
            + f", 'u1', 'completed', NULL, {old}, {new}, NULL, NULL FROM n", TASKS // 50)
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
    for index in indexes:
        db.execute(index)
    db.commit()

fresh = not os.path.exists(FILE)
db = sqlite3.connect(FILE)
if fresh:
    fill(db)
print(f"{TASKS} tasks, {10 * TASKS} stories of which {6 * TASKS} are changes, {PROJECTS} projects, {os.path.getsize(FILE) / 1e6:.0f} MB")
TASK, PROJECT, TEAM = "12000000" + str(TASKS // 2), "p1", "t1"
of_team = [gid for gid, in db.execute("SELECT gid FROM asana_projects WHERE team_gid = ?", (TEAM,))]
of_tasks = "task_gid IN (SELECT task_gid FROM asana_task_memberships WHERE project_gid IN ({}))"
quoted = ", ".join(f"'{gid}'" for gid in of_team)

def cost_of_report(*arguments):
    """Seconds of processor time of the program; empty: it has no such filter."""
    def used():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime
    began = used()
    try:
        ended = subprocess.run([sys.argv[3], "report", "--database", FILE, *arguments], stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return f"over {LIMIT}"
    return "" if ended.returncode == 64 else f"{used() - began:.2f}" if ended.returncode == 0 else f"exit {ended.returncode}"

if len(sys.argv) > 3:
    # As a sync would leave it.
    source = open(f"{SCHEMA}/../daemon/store/sqlite_open.hpp", encoding="utf-8").read()
    db.execute(f"PRAGMA application_id = {int(re.search('kApplicationId = (0x[0-9A-Fa-f]+|[0-9]+)', source).group(1), 0)}")
    db.execute("PRAGMA user_version = 1")
    db.close()
    asked = {"a table": (), "a page": ("--html", FILE + ".html"), "a project": ("--project", PROJECT), "a team": ("--team", TEAM)}
    names = re.findall(r"^([a-z-]+)$", subprocess.run([sys.argv[3], "report", "--list"], capture_output=True, text=True, check=True).stdout, re.MULTILINE)
    print(f"{'seconds of CPU':<26}" + "".join(f"{one:>12}" for one in asked))
    for name in names:
        print(f"{name:<26}" + "".join(f"{cost_of_report(name, *arguments):>12}" for arguments in asked.values()), flush=True)
    os.remove(FILE + ".html")
    sys.exit()

def cost(sql):
    """Seconds of processor time: the best of two."""
    best = None
    for _ in range(2):
        timer = threading.Timer(LIMIT, db.interrupt)
        timer.start()
        began = time.process_time()
        try:
            for _ in db.execute(sql):
                pass
        except sqlite3.OperationalError:
            return f"over {time.process_time() - began:.1f}"
        finally:
            timer.cancel()
        best = min(best or 1e9, time.process_time() - began)
        if best > 2:
            break
    return f"{best:.3f}"

print(f"{'seconds of CPU':<32}{'one task':>12}{'one project':>12}{'team of ' + str(len(of_team)):>12}{'everything':>12}")
for view, in db.execute("SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'asana%' ORDER BY name").fetchall():
    columns = [row[0] for row in db.execute("SELECT name FROM pragma_table_info(?)", (view,))]
    wheres = ["", "", "", "1"]
    if "task_gid" in columns:
        wheres = [f"task_gid = '{TASK}'", of_tasks.format(f"'{PROJECT}'"), of_tasks.format(quoted), "1"]
    if "project_gid" in columns:
        wheres[1:3] = [f"project_gid = '{PROJECT}'", f"project_gid IN ({quoted})"]
    times = [cost(f"SELECT * FROM {view} WHERE {where}") if where else "" for where in wheres]
    print(f"{view:<32}" + "".join(f"{one:>12}" for one in times), flush=True)
