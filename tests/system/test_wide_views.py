"""Custom fields as columns: the wide views have the names, columns and cells that follow from the truth, after any change."""
import collections
import json
import re
import unicodedata

import support

HOSTILE = ["Robert'); DROP TABLE asana_tasks;--", '"quoted" `tick` [bracket] \'single\'', "SELECT", "", "\U0001F680", "rowid",
           "task_name", "Größe × 2", "\U0001F680" * 300, "x" * 300, "-- /* ?1 :a %s {}"]
BASE = {
    "project": ["project_gid", "task_gid", "task_name", "resource_subtype", "parent_gid", "section_gid", "section_name"],
    "workspace": ["workspace_gid", "task_gid", "task_name", "resource_subtype", "parent_gid"],
    "portfolio": ["portfolio_gid", "item_gid", "item_name", "item_type", "owner_gid", "owner_name", "archived",
                  "completed", "completed_at", "start_on", "due_on", "status_type", "created_at", "modified_at",
                  "permalink_url"]}
OF_TASKS = ["assignee_gid", "assignee_name", "completed", "completed_at", "approval_status", "start_on", "start_at",
            "due_on", "due_at", "created_at", "modified_at", "permalink_url"]
VIEWS = "SELECT object_gid, view_name FROM sync_wide_views"


def lower(text):
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)


def view_name(kind, gid, name):
    plain = "".join(unicodedata.normalize("NFD", c)[0] if "À" <= c <= "ſ" else c for c in name or "")
    slug = re.sub("[^a-z0-9]+", "_", lower(plain)).lstrip("_")[:40].rstrip("_")
    return "_".join(part for part in ("asana", kind, slug, gid) if part)


def column_names(base, fields):
    """Of [(gid, name)]."""
    names = [(name or "")[:100] for _, name in fields]
    count = collections.Counter(map(lower, names))
    alone = [name != "" and count[lower(name)] == 1 and lower(name) not in base for name in names]
    used = set(base) | {lower(name) for name, its_own in zip(names, alone) if its_own}
    for i, (gid, _) in enumerate(fields):
        if not alone[i]:
            names[i] = f"{names[i] or 'field'}_{gid}"
            while lower(names[i]) in used:
                names[i] += f"_{gid}"
            used.add(lower(names[i]))
    return names


class Truth:
    """What the views must be, from what the fake Asana knows."""

    def __init__(self, fake):
        self.listed, self.names = fake.truth(), {}
        for line in fake.control("GET", "truth").rstrip("\n").split("\n"):
            row = json.loads(line).get("row", {})
            if "gid" in row:
                self.names[row["gid"]] = row.get("name")
        self.fields = {row["gid"]: row for row in self.rows("asana_custom_fields")}
        self.values = {(row["object_gid"], row["custom_field_gid"]): row for row in self.rows("asana_custom_field_values")}
        self.items = collections.defaultdict(list)
        for row in sorted(self.rows("asana_custom_field_value_items"), key=lambda row: row["position"]):
            self.items[row["object_gid"], row["custom_field_gid"]].append(self.names.get(row["item_gid"]) or row["item_gid"])
        self.tasks = {row["gid"]: row for row in self.rows("asana_tasks")}
        self.settings = collections.defaultdict(list)
        for row in self.rows("asana_custom_field_settings"):
            self.settings[row["parent_gid"]].append((row["position"], self.name_key(row["custom_field_gid"])))
        for field in self.fields.values():
            if field["is_global_to_workspace"]:
                self.settings[field["workspace_gid"]].append((0, self.name_key(field["gid"])))

    def rows(self, table):
        return self.listed.get(table, [])

    def name_key(self, gid):
        name = self.fields[gid]["name"]
        return (name is not None, (name or "").encode(), gid)

    def cell(self, gid, field):
        value = self.values.get((gid, field))
        if value is None or value["enabled"] == 0:
            return None
        kind = self.fields[field]
        if kind["representation_type"] == "custom_id":
            return value["display_value"]
        if kind["resource_subtype"] in ("text", "number"):
            return value[kind["resource_subtype"] + "_value"]
        if kind["resource_subtype"] == "date":
            return value["datetime_value"] or value["date_value"]
        if kind["resource_subtype"] == "enum":
            return self.names.get(value["enum_option_gid"]) or value["enum_option_gid"]
        items = self.items[gid, field]
        return ", ".join(items) if items else value["display_value"]

    def task(self, gid, more):
        row = {**self.tasks[gid], **more, "task_gid": gid, "task_name": self.tasks[gid]["name"]}
        return {**row, "assignee_name": self.names.get(row["assignee_gid"])}

    def objects(self):
        """(kind, row, [row of the view without fields], the column whose gid has the values)"""
        homes, items = collections.defaultdict(list), collections.defaultdict(list)
        for home in self.rows("asana_task_memberships"):
            if home["task_gid"] in self.tasks:
                homes[home["project_gid"]].append(
                    self.task(home["task_gid"], {**home, "section_name": self.names.get(home["section_gid"])}))
        owned = {row["gid"]: row for table in ("asana_projects", "asana_portfolios") for row in self.rows(table)}
        status = {row["gid"]: row["status_type"] for row in self.rows("asana_status_updates")}
        for item in self.rows("asana_portfolio_items"):
            row = owned.get(item["item_gid"], {})
            items[item["portfolio_gid"]].append(
                {**row, **item, "item_name": row.get("name"), "owner_name": self.names.get(row.get("owner_gid")),
                 "status_type": status.get(row.get("current_status_update_gid"))})
        for row in self.rows("asana_projects"):
            yield "project", row, homes[row["gid"]], "task_gid"
        for row in self.rows("asana_portfolios"):
            yield "portfolio", row, items[row["gid"]], "item_gid"
        for row in self.rows("asana_workspaces"):
            yield "workspace", row, [self.task(gid, {}) for gid, task in self.tasks.items()
                                     if task["workspace_gid"] == row["gid"]], "task_gid"

    def views(self):
        """{name: ([column], [row])}"""
        found = {}
        for kind, its, rows, of in self.objects():
            base = BASE[kind] + ([] if kind == "portfolio" else OF_TASKS)
            fields = [gid for _, (_, _, gid) in sorted(self.settings[its["gid"]])]
            columns = base + column_names(base, [(gid, self.fields[gid]["name"]) for gid in fields])
            cells = [tuple(row.get(name) for name in base) + tuple(self.cell(row[of], gid) for gid in fields) for row in rows]
            found[view_name(kind, its["gid"], its["name"])] = columns, sorted(cells, key=repr)
        return found


class WideViews(support.SystemTest):
    maxDiff = 4000

    def mirrored(self, tasks=250, **options):
        fake = self.fake(tasks, **options)
        self.configure(fake.url)
        self.sync()
        return fake

    def settle(self, *arguments):
        for _ in range(2):
            self.make_everything_due()
            self.sync("--full", "--accept-deletions", *arguments, expect=None)

    def select(self, name):
        quoted = name.replace('"', '""')
        with support.contextlib.closing(support.sqlite3.connect(self.database)) as database:
            cursor = database.execute(f'SELECT * FROM "{quoted}"')
            return [column[0] for column in cursor.description], sorted(cursor.fetchall(), key=repr)

    def assert_views(self, fake):
        self.assert_truth(fake)
        expected = Truth(fake).views()
        self.assertEqual(self.query("SELECT * FROM sync_wide_views WHERE note IS NOT NULL"), [])
        self.assertEqual(sorted(name for _, name in self.query(VIEWS)), sorted(expected))
        for name, (columns, rows) in expected.items():
            made = self.select(name)
            self.assertEqual(made[0], columns, name)
            self.assertEqual(made[1], rows, name)
        columns = self.query("SELECT v.view_name, c.column_name FROM sync_wide_columns c JOIN sync_wide_views v "
                             "USING (object_gid) ORDER BY v.view_name, c.position")
        self.assertEqual(columns, sorted(((name, column) for name, (columns, _) in expected.items()
                                          for column in columns[len(BASE[name.split("_")[1]]) + (
                                              0 if name.split("_")[1] == "portfolio" else len(OF_TASKS)):]),
                                         key=lambda one: one[0]))
        self.assertEqual(self.query("SELECT * FROM sync_wide_changes"), [])
        return expected

    def some(self, sql, *values):
        return [gid for gid, in self.query(sql, *values)]

    def assert_in_step(self):
        """With the definitions that stand in the database."""
        fields = collections.defaultdict(list)
        for gid, field, name in self.query("SELECT object_gid, custom_field_gid, name FROM sync_wide_fields "
                                           "ORDER BY object_gid, position, name, custom_field_gid"):
            fields[gid].append((field, name))
        expected = []
        for kind in BASE:
            base = BASE[kind] + ([] if kind == "portfolio" else OF_TASKS)
            for gid, name in self.query(f"SELECT gid, name FROM asana_{kind}s WHERE mirrored_at IS NOT NULL"):
                columns = base + column_names(base, fields[gid])
                expected += [(view_name(kind, gid, name), column) for column in columns]
        made = self.query("SELECT m.name, i.name FROM sqlite_master m JOIN pragma_table_info(m.name) i ON m.type = 'view' "
                          "WHERE m.name IN (SELECT view_name FROM sync_wide_views) ORDER BY m.name, i.cid")
        self.assertEqual(made, sorted(expected, key=lambda one: one[0]))

    def test_every_cell_of_every_view_follows_from_the_truth(self):
        fake = self.mirrored(400, seed=2)
        expected = self.assert_views(fake)
        self.assertTrue(any(cell is not None for _, rows in expected.values() for row in rows for cell in row[19:]))

    def test_views_are_in_step_after_every_sync_also_one_that_is_cut_off(self):
        fake = self.mirrored(120, seed=1)
        for change in range(4):
            fake.mutate(seed=change, count=150, silent=True)
            self.make_everything_due()
            self.sync("--full", *(["--max-requests", "40"] if change % 2 else []), expect=75 if change % 2 else None)
            self.assert_in_step()

    def test_views_follow_names_fields_and_what_is_gone(self):
        fake = self.mirrored(150, seed=3)
        projects = self.some("SELECT gid FROM asana_projects WHERE mirrored_at IS NOT NULL ORDER BY gid")
        fields = self.some("SELECT gid FROM asana_custom_fields WHERE mirrored_at IS NOT NULL ORDER BY gid")
        portfolio, = self.some("SELECT gid FROM asana_portfolios WHERE mirrored_at IS NOT NULL ORDER BY gid LIMIT 1")
        for project, name in zip(projects, HOSTILE):
            fake.mutate(op="rename_project", gid=project, name=name)
        for field, name in zip(fields, HOSTILE):
            fake.mutate(op="rename_field", gid=field, name=name)
        kinds = ["text", "number", "enum", "multi_enum", "date", "people"]
        for i, name in enumerate(HOSTILE + ["Equal", "EQUAL", "equal"]):
            made = fake.mutate(op="new_field", gid=projects[0], name=name, kind=kinds[i % 6])["gid"]
        fake.mutate(op="add_field_to_portfolio", gid=portfolio, field=made)
        fake.mutate(op="rename_portfolio", gid=portfolio, name=HOSTILE[0])
        gone, field = self.query("SELECT parent_gid, custom_field_gid FROM asana_custom_field_settings "
                                 "WHERE parent_gid = ? LIMIT 1", projects[1])[0]
        fake.mutate(op="remove_field_from_project", gid=gone, field=field)
        fake.mutate(op="delete_field", gid=fields[-1])
        fake.mutate(op="delete_project", gid=projects[-1])

        self.settle()

        expected = self.assert_views(fake)
        columns = next(columns for name, (columns, _) in expected.items() if name.endswith(f"drop_table_asana_tasks_{projects[0]}"))
        self.assertGreater(len(columns), 19 + len(HOSTILE))
        self.assertFalse([name for name in expected if name.endswith(projects[-1])])

    def test_what_others_made_stays_and_costs_no_sync(self):
        fake = self.mirrored(60, seed=4)
        project, old = self.query(f"{VIEWS} WHERE object_type = 'project' LIMIT 1")[0]
        self.change(f'CREATE VIEW mine AS SELECT count(*) AS tasks FROM "{old}"')
        self.change(f"CREATE TABLE {view_name('project', project, 'taken')} (mine)")
        fake.mutate(op="rename_project", gid=project, name="Taken")
        self.sync("--full")
        note = self.query("SELECT view_name, note FROM sync_wide_views WHERE object_gid = ?", project)[0]
        self.assertIsNone(note[0])
        self.assertIn("already exists", note[1])
        self.assertEqual(self.select(view_name("project", project, "taken")), (["mine"], []))

        self.change(f"DROP TABLE {view_name('project', project, 'taken')}")
        self.change("DROP VIEW mine")
        self.sync()
        self.assert_views(fake)

    def test_an_excluded_project_leaves_no_view_and_not_its_name(self):
        fake = self.mirrored(100, seed=5)
        project, = self.some("SELECT gid FROM asana_projects p WHERE mirrored_at IS NOT NULL AND NOT EXISTS "
                             "(SELECT 1 FROM asana_stories WHERE text LIKE '%' || p.name || '%') LIMIT 1")
        fake.mutate(op="rename_project", gid=project, name="Zyxwvu Secret")
        self.sync("--full")
        name = view_name("project", project, "Zyxwvu Secret")
        self.assertIn((project, name), self.query(VIEWS))

        self.configure(fake.url, lines=[f"projects: {{exclude: ['{project}']}}"])
        self.sync("--full", "--accept-deletions")

        self.assertNotIn(project, dict(self.query(VIEWS)))
        for suffix in ("", "-wal"):
            with open(self.database + suffix, "rb") as file:
                self.assertNotIn(b"zyxwvu_secret", file.read())

    def test_redacted_names_are_redacted_in_views(self):
        fake = self.mirrored(60, seed=6)
        self.configure(fake.url, lines=['redact: {"asana_projects.name": drop, "asana_custom_fields.name": drop}'])

        self.sync("--full")

        for gid, name in self.query(f"{VIEWS} WHERE object_type = 'project'"):
            self.assertEqual(name, f"asana_project_{gid}")
            columns = self.select(name)[0][19:]
            self.assertTrue(all(re.fullmatch("field_[0-9a-f]+", column) for column in columns), columns)

    def test_there_are_none_where_none_are_wanted(self):
        fake = self.mirrored(60, seed=7)
        self.configure(fake.url)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("wide_columns: 0\n")
        self.sync()
        self.assertEqual(self.query(VIEWS), [])
        self.assertEqual(self.query("SELECT name FROM sqlite_master WHERE type = 'view' AND name GLOB 'asana_project_*[0-9]'"), [])

        self.configure(fake.url)
        self.sync()
        self.assert_views(fake)


if __name__ == "__main__":
    support.main()
