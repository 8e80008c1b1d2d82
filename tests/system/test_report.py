"""`taskmirror report`: every report in every format over a synced database with hostile names, and its filters."""
import csv
import datetime
import html.parser
import io
import json
import os
import pty
import re
import resource
import subprocess

import support

HOSTILE = ("<script>alert(1)</script><img src=x onerror=alert(2)>", "=HYPERLINK(\"http://evil\",\"x\")", "+1", "-2+3", "@SUM(A1)",
           "quotes \" ' and, commas; | pipes `ticks` [link](javascript:alert(3))", "\U0001f389 \u65e5\u672c \u202eecnalg",
           "x" * 300, "\x1b[2Jcleared", "two\nlines", "</td></table></title><style>*{display:none}</style>", "&amp; &lt;b&gt;")
FORMULA = tuple("=+-@\t\r")
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Page(html.parser.HTMLParser):
    """Its elements, texts and headings; fails where tags do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.attributes, self.texts, self.rows = [], [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-5:])
        self.open.pop()

    def handle_data(self, data):
        self.texts.append(data)
        if self.rows and any(tag in ("td", "th") for tag in self.open):
            self.rows[-1][-1] += data


def shown(text):
    """As a page shows it."""
    return "".join(" " if c in "\n\r\t" else "\ufffd" if ord(c) < 32 or 127 <= ord(c) < 160 else c for c in text)


class Report(support.SystemTest):
    def setUp(self):
        super().setUp()
        fake = self.fake(250, seed=7)
        fake.mutate(seed=3, count=150)
        self.configure(fake.url)
        self.sync(expect=None)
        fake.mutate(seed=4, count=150)
        self.sync(expect=None)
        # Names that Asana would take, where reports show them: of late tasks, people, projects, sections, teams.
        late = [gid for gid, in self.query("SELECT gid FROM asana_tasks WHERE completed = 0 ORDER BY gid LIMIT 24")]
        self.assertEqual(len(late), 24)
        for i, gid in enumerate(late):
            self.change("UPDATE asana_tasks SET name = ?, due_on = '2024-02-03', due_at = NULL WHERE gid = ?",
                        HOSTILE[i % len(HOSTILE)], gid)
        for table in ("asana_users", "asana_projects", "asana_sections", "asana_teams", "asana_goals", "asana_custom_fields"):
            for i, (gid,) in enumerate(self.query(f"SELECT gid FROM {table} ORDER BY gid")):
                if i % 2 == 0:
                    self.change(f"UPDATE {table} SET name = ? WHERE gid = ?", HOSTILE[i // 2 % len(HOSTILE)], gid)

    def report(self, *arguments, expect=0):
        ended = self.run_to_end("report", *arguments, "--config", self.config)
        self.assertEqual(ended.code, expect, ended)
        return ended

    def names(self):
        return re.findall(r"^([a-z][a-z-]+)$", self.report("--list").out, re.MULTILINE)

    def of_history(self):
        """The reports that tell of the last 90 days, where no period is named."""
        texts = re.split(r"\n\n(?=[a-z-]+\n)", self.report("--list").out)
        return {text.split("\n")[0] for text in texts if "; usually last-90d" in text}

    def json(self, *arguments):
        return json.loads(self.report(*arguments, "--format", "json").out)

    def page(self, *arguments):
        path = os.path.join(self.folder, "page.html")
        ended = self.report(*arguments, "--html", path)
        self.assertEqual((ended.out, ended.err), ("", ""))
        with open(path, encoding="utf-8", newline="") as file:
            text = file.read()
        os.remove(path)
        return text

    def test_every_report_in_every_format(self):
        names = self.names()
        self.assertGreater(len(names), 22)
        with_rows = 0
        of_history = self.of_history()
        self.assertGreater(len(of_history), 8)
        for name in names:
            with self.subTest(report=name):
                self.assertEqual(list(self.json(name)["filters"]), ["period"] if name in of_history else [])
                asked = (name, "--period", "all") if name in of_history else (name,)
                answer = self.json(*asked)
                self.assertEqual((answer["report"], answer["filters"], answer["has_more"]), (name, {}, False))
                self.assertIn("as_of", answer)
                rows = answer["rows"]
                with_rows += bool(rows)
                self.assertTrue(all(len(row) == len(answer["columns"]) for row in rows))
                self.csv_is(asked, answer)
                self.table_is_harmless(asked, rows)
                self.markdown_is_harmless(asked, rows)
                self.page_is_harmless(asked, answer)
        self.assertGreater(with_rows, 17)

    def csv_is(self, asked, answer):
        ended = self.report(*asked, "--format", "csv")
        self.assertIn("data ", ended.err)
        table = list(csv.reader(io.StringIO(ended.out, newline="")))
        self.assertEqual(table[0], answer["columns"])
        self.assertEqual(len(table) - 1, len(answer["rows"]))
        for cells, row in zip(table[1:], answer["rows"]):
            for column, cell, value in zip(answer["columns"], cells, row):
                if isinstance(value, str):
                    self.assertEqual(cell, "'" + value if value.startswith(FORMULA) else value)
                elif value is None:
                    self.assertEqual(cell, "")
                else:  # a stay that goes on has got longer since
                    self.assertAlmostEqual(float(cell), value, delta=120 if column == "seconds" else 0)

    def table_is_harmless(self, asked, rows):
        text = self.report(*asked, "--limit", "100000").out
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
        self.assertRegex(text, rf"(?m)^{len(rows)} rows?; data ")
        if len(rows) > 500:
            self.assertRegex(self.report(*asked).out, r"(?m)^the first 500 rows; data ")

    def markdown_is_harmless(self, asked, rows):
        text = self.report(*asked, "--format", "markdown", "--limit", "100000").out
        self.assertNotIn("<", text)
        self.assertNotIn("\x1b", text)
        self.assertNotIn("](", text.replace("\\](", ""))
        lines = [line for line in text.splitlines() if line.startswith("|")]
        self.assertEqual(len(lines), len(rows) + 2 if rows else 0)
        self.assertEqual(len({len(re.findall(r"(?<!\\)\|", line.replace("\\\\", ""))) for line in lines}), 1 if rows else 0)

    def page_is_harmless(self, asked, answer):
        text = self.page(*asked)
        page = Page(text)
        self.assertLessEqual(set(page.tags), {
            "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "p", "dl", "div", "dt", "dd", "section",
            "figure", "figcaption", "svg", "desc", "text", "line", "rect", "circle", "path", "ul", "li", "i", "b", "table", "thead",
            "tbody", "tr", "th", "td", "a", "footer"})
        self.assertEqual(page.tags.count("style"), 1)
        for attribute, value in page.attributes:
            self.assertFalse(attribute.startswith("on") or attribute in ("src", "srcset", "style", "xlink:href"), attribute)
            if attribute == "href":
                self.assertTrue(value.startswith("https://"), value)
        self.assertIn(("content", "default-src 'none'; style-src 'unsafe-inline'"), page.attributes)
        self.assertTrue(any(text.startswith("data ") for text in page.texts))
        ids = [value for attribute, value in page.attributes if attribute == "id"]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertEqual(page.tags.count("svg"), len([1 for a, v in page.attributes if (a, v) == ("role", "img")]))
        if answer["report"] == "overview":
            self.assertGreaterEqual(page.tags.count("svg"), 6)
        elif answer["rows"]:
            self.assertEqual(len(page.rows) - 1, min(len(answer["rows"]), 500))
            column = next((i for i, c in enumerate(answer["columns"]) if c in ("task_name", "name")), None)
            if column is not None:
                at = page.rows[0].index("task" if answer["columns"][column] == "task_name" else "name")
                for cells, row in zip(page.rows[1:], answer["rows"]):
                    self.assertEqual(cells[at], shown(row[column] or ""))

    def test_a_sum_over_projects_says_that_a_task_counts_in_each(self):
        page = os.path.join(self.folder, "overview.html")
        team = self.query("SELECT min(gid) FROM asana_teams")[0][0]
        self.change("UPDATE asana_projects SET team_gid = ?", team)
        projects = self.query("SELECT DISTINCT project_gid FROM asana_task_memberships")
        self.assertGreater(len(projects), 1)
        project = projects[0][0]
        for filters, expected in (((), False), (("--project", project), False), (("--team", team), True)):
            with self.subTest(filters=filters):
                self.report("overview", *filters, "--html", page)
                with open(page, encoding="utf-8") as file:
                    text = file.read()
                self.assertEqual("what is open. Of several projects the sum: a task counts" in text, expected)
                self.assertEqual("Cumulative flow" in text, bool(filters))  # sections are those of projects

    def test_an_overview_is_of_the_last_90_days_unless_another_period_is_named(self):
        made = "SELECT count(*) FROM asana_tasks WHERE is_rendered_as_separator IS NOT 1 AND created_at {}"
        done = made.replace("created_at", "completed = 1 AND completed_at")
        today = datetime.datetime.now(datetime.timezone.utc).date()
        first = (today - datetime.timedelta(days=89)).isoformat()
        newest, = self.query("SELECT max(created_at) FROM asana_tasks")[0]
        self.change("UPDATE asana_tasks SET created_at = ?, completed = 1, completed_at = ? WHERE created_at = ?",
                    first + "T00:00:00.000Z", first + "T00:00:01.000Z", newest)
        usual = self.json("overview")
        self.assertEqual(usual["filters"]["period"], {"from": first, "to": today.isoformat()})
        for answer, when in ((usual, f">= '{first}'"), (self.json("overview", "--period", "2024-05"), "LIKE '2024-05-%'")):
            figures = dict(answer["rows"])
            self.assertEqual(figures["created tasks"], self.query(made.format(when))[0][0])
            self.assertEqual(figures["completed tasks"], self.query(done.format(when))[0][0])
            self.assertGreater(figures["created tasks"], 0)
        self.assertEqual(dict(usual["rows"])["open tasks without assignee"], self.query(
            "SELECT count(*) FROM asana_tasks WHERE completed = 0 AND is_rendered_as_separator IS NOT 1 AND assignee_gid IS NULL")[0][0])

    def test_so_many_rows_and_that_there_are_more(self):
        open_tasks, = self.query("SELECT count(*) FROM asana_stale_tasks")[0]
        self.assertGreater(open_tasks, 20)
        for limit in (1, 20, open_tasks):
            ended = self.report("stale-tasks", "--format", "csv", "--limit", str(limit))
            rows = list(csv.DictReader(io.StringIO(ended.out, newline="")))
            self.assertEqual([row["task_gid"] for row in rows], [gid for gid, in self.query(
                "SELECT task_gid FROM asana_stale_tasks ORDER BY modified_at, task_gid LIMIT ?", limit)])
            self.assertEqual(f"there are more rows than --limit {limit}\n" in ended.err, limit < open_tasks)
        history = self.report("due-date-slips", "--format", "csv").err
        self.assertRegex(history, r"(?m)^period \d{4}-\d\d-\d\d to \d{4}-\d\d-\d\d$")
        self.assertIn("--limit needs a whole number", self.report("overdue", "--limit", "none", expect=64).err)
        self.assertIn("--limit is of what --format writes", self.report("overdue", "--limit", "1", "--html", "x", expect=64).err)
        self.assertEqual(len(self.json("overview", "--limit", "2")["rows"]), 2)

    def test_filters_leave_what_sql_leaves(self):
        project, = self.query("SELECT m.project_gid FROM asana_task_memberships m JOIN asana_tasks t ON t.gid = m.task_gid WHERE "
                              "t.completed = 0 AND t.due_on < '2025' GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0]
        person, = self.query("SELECT assignee_gid FROM asana_overdue WHERE assignee_gid IS NOT NULL GROUP BY 1 "
                             "ORDER BY count(*) DESC, 1 LIMIT 1")[0]
        in_project = "SELECT task_gid FROM asana_task_memberships WHERE project_gid = ?"
        late = "SELECT gid FROM asana_tasks WHERE completed = 0 AND (due_on < date('now') OR due_at < strftime('%Y-%m-%dT%H:%M:%fZ','now'))"
        made = "SELECT gid FROM asana_tasks WHERE created_at >= '{}' AND created_at < '{}'"
        month, = self.query("SELECT substr(created_at, 1, 7) FROM asana_tasks GROUP BY 1 ORDER BY count(*) DESC LIMIT 1")[0]
        year, its = map(int, month.split("-"))
        after = f"{year + its // 12}-{its % 12 + 1:02}-01"
        today = datetime.datetime.now(datetime.timezone.utc).date()
        week = (today - datetime.timedelta(days=6)).isoformat()
        team, = self.query("SELECT p.team_gid FROM asana_projects p JOIN asana_task_memberships m ON m.project_gid = p.gid "
                           "WHERE p.team_gid IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1")[0]
        for arguments, sql, values in (
                (("overdue",), late, ()),
                (("overdue", "--project", project), f"{late} AND gid IN ({in_project})", (project,)),
                (("overdue", "--person", person), f"{late} AND assignee_gid = ?", (person,)),
                (("overdue", "--person", person, "--project", project), f"{late} AND assignee_gid = ? AND gid IN ({in_project})",
                 (person, project)),
                (("overdue", "--period", "2024-02-03"), f"{late} AND due_on = '2024-02-03'", ()),
                (("overdue", "--period", "2024-Q1"), f"{late} AND due_on BETWEEN '2024-01-01' AND '2024-03-31'", ()),
                (("overdue", "--period", "2024"), f"{late} AND due_on BETWEEN '2024-01-01' AND '2024-12-31'", ()),
                (("overdue", "--period", "2023-12..2024-02-03"), f"{late} AND due_on BETWEEN '2023-12-01' AND '2024-02-03'", ()),
                (("task-details", "--period", month), made.format(f"{month}-01", after), ()),
                (("task-details", "--period", "last-7d"), made.format(week, "9"), ()),
                (("task-details", "--team", team),
                 "SELECT task_gid FROM asana_task_memberships WHERE project_gid IN (SELECT gid FROM asana_projects WHERE team_gid = ?)",
                 (team,)),
                (("completion-changes", "--project", project, "--period", "all"),
                 f"SELECT task_gid FROM asana_task_changes WHERE field = 'completed' AND task_gid IN ({in_project})", (project,)),
                (("daily-counts", "--project", project, "--period", "last-30d"),
                 "SELECT project_gid FROM asana_daily_counts WHERE project_gid = ? AND day > date('now', '-30 days')", (project,))):
            with self.subTest(arguments=arguments):
                rows = self.json(*arguments)["rows"]
                expected = self.query(sql, *values)
                if "--team" in arguments:
                    expected = set(expected)
                self.assertEqual(sorted(row[0] for row in rows), sorted(gid for gid, in expected))
        self.assertGreater(len(self.json("overdue", "--project", project)["rows"]), 0)
        self.assertEqual(self.json("overdue", "--project", project)["filters"]["project"]["gid"], project)

    def test_names_are_found_and_what_is_meant_is_said(self):
        (one, other), = self.query("SELECT min(gid), max(gid) FROM asana_projects")
        self.change("UPDATE asana_projects SET name = 'Rocket' WHERE gid = ?", one)
        self.assertEqual(self.json("overdue", "--project", "rocket")["filters"]["project"], {"gid": one, "name": "Rocket"})
        self.assertEqual(self.json("overdue", "--project", "rock*")["filters"]["project"]["gid"], one)
        self.assertIn(f"did you mean 'Rocket' ({one})?", self.report("overdue", "--project", "Rokcet", expect=64).err)
        self.assertIn("taskmirror report projects lists them", self.report("overdue", "--project", "qqqqqqq", expect=64).err)
        self.change("UPDATE asana_projects SET name = 'Rocket' WHERE gid = ?", other)
        ambiguous = self.report("overdue", "--project", "Rocket", expect=64)
        self.assertEqual(ambiguous.out, "")
        for gid in (one, other):
            self.assertIn(gid, ambiguous.err)

    def test_exit_codes(self):
        for arguments in (("overdo",), ("overdue", "--format", "xls"), ("overdue", "--period", "soon"), ("overdue", "now"),
                          ("unassigned", "--person", "x"), ("overdue", "--person", "no such person")):
            ended = self.report(*arguments, expect=64)
            self.assertEqual(ended.out, "")
            self.assertEqual(len(ended.err.splitlines()), 1, ended.err)
        self.assertIn("overdue", self.report("overdo", expect=64).err)
        self.assertIn("--project", self.report("unassigned", "--person", "x", expect=64).err)
        # Written as it is read: what came before the disk was full is not whole.
        self.change("WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 15000) INSERT INTO asana_tasks "
                    "(gid, name, completed, mirrored_at) SELECT 'x' || n, 'Task', 0, 'x' FROM n")
        some = os.path.join(self.folder, "some.json")
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))  # noqa: E731
        with open(some, "wb") as file:
            command = [support.TASKMIRROR, "report", "stale-tasks", "--format", "json", "--config", self.config]
            ended = subprocess.run(command, stdout=file, stderr=subprocess.PIPE, check=False, preexec_fn=limit)
        self.assertEqual((ended.returncode, os.path.getsize(some)), (74, 100_000))
        self.assertIn(b"cannot write the report to standard output", ended.stderr)
        with open(some, encoding="utf-8") as file:
            self.assertRaises(json.JSONDecodeError, json.loads, file.read())
        missing = os.path.join(self.folder, "none.db")
        ended = self.run_to_end("report", "overdue", "--database", missing)
        self.assertEqual((ended.code, ended.out), (66, ""))
        self.assertFalse(os.path.exists(missing))
        self.assertEqual(self.report("overdue", "--html", os.path.join(self.folder, "no", "page.html"), expect=74).out, "")
        with open("/dev/full", "wb") as full:
            command = [support.TASKMIRROR, "report", "overdue", "--config", self.config]
            self.assertEqual(subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL, check=False).returncode, 74)

    def test_a_page_that_cannot_be_written_leaves_the_one_before(self):
        path = os.path.join(self.folder, "page.html")
        with open(path, "w", encoding="utf-8") as file:
            file.write("before")
        command = [support.TASKMIRROR, "report", "overview", "--config", self.config, "--html", path]
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # noqa: E731
        self.assertEqual(subprocess.run(command, stderr=subprocess.DEVNULL, check=False, preexec_fn=limit).returncode, 74)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "before")
        self.assertEqual([name for name in os.listdir(self.folder) if name.endswith(".part")], [])

    def test_a_terminal_gets_lines_that_fit(self):
        leader, follower = pty.openpty()
        command = ["sh", "-c", "stty cols 60 rows 20; exec \"$0\" report overdue --config \"$1\"", support.TASKMIRROR, self.config]
        with subprocess.Popen(command, stdin=follower, stdout=follower, stderr=subprocess.STDOUT) as process:
            os.close(follower)
            text = b""
            try:
                while more := os.read(leader, 65536):
                    text += more
            except OSError:
                pass  # it has ended
            os.close(leader)
        self.assertEqual(process.returncode, 0, text)
        lines = text.decode().replace("\r\n", "\n").split("\n\n")[1].splitlines()
        self.assertGreater(len(lines), 20)
        self.assertLessEqual(max(map(len, lines)), 60)
        self.assertIn("\u2026", text.decode())

    def test_help_and_list(self):
        self.assertIn("report NAME", self.run_to_end("--help").out)
        listed = self.run_to_end("report")
        self.assertEqual((listed.code, listed.out), (0, self.run_to_end("report", "--list").out))
        self.assertTrue(all(len(line) <= 90 for line in listed.out.splitlines()))


if __name__ == "__main__":
    support.main()
