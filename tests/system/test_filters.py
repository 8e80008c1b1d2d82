"""A filter of projects: the mirror equals the truth without what is excluded, of which no byte is stored."""
import contextlib
import fnmatch
import json
import os
import sqlite3

import support
import compare_truth


class Reduced:
    """The truth of a fake, without what a filter leaves out. Rows that are only mentioned are not looked at."""

    def __init__(self, fake, wanted, only_projects=False):
        truth = fake.truth()
        rows = lambda table: truth.get(table, [])
        self.projects = {row["gid"] for row in rows("asana_projects") if wanted(row)}
        self.sections = {row["gid"] for row in rows("asana_sections") if row["project_gid"] in self.projects}
        parents = {row["gid"]: row["parent_gid"] for row in rows("asana_tasks")}
        homes = {}
        for row in rows("asana_task_memberships"):
            homes.setdefault(row["task_gid"], set()).add(row["project_gid"])

        def line(task):
            while task in parents:
                yield task
                task = parents[task]

        def is_kept(task):
            projects = set().union(*(homes.get(one, set()) for one in line(task)))
            return bool(projects & self.projects) or (not projects and not only_projects)

        self.tasks = {gid for gid in parents if is_kept(gid)}
        briefs = {row["gid"] for row in rows("asana_project_briefs") if row["project_gid"] in self.projects}
        objects = self.projects | self.tasks | briefs
        fields = {row["custom_field_gid"] for row in rows("asana_custom_field_settings")
                  if row["parent_type"] != "project" or row["parent_gid"] in self.projects}
        fields |= {row["gid"] for row in rows("asana_custom_fields") if row["is_global_to_workspace"]}
        types = {gid for project in self.projects
                 for gid in (one["gid"] for one in json.loads(fake.get(f"/custom_types?project={project}"))["data"])}
        sections = lambda gid: gid is None or gid in self.sections
        elsewhere = {row["gid"] for table in ("asana_portfolios", "asana_goals") for row in rows(table)}
        objects |= elsewhere
        is_wanted = lambda gid, kind="project": gid is None or kind != "project" or gid in self.projects
        of_parent = lambda row: is_wanted(row["parent_gid"], row["parent_type"])
        entries = {row["gid"] for row in rows("asana_time_tracking_entries")
                   if is_kept(row["task_gid"]) and is_wanted(row["attributable_to_gid"])}
        above = {"team", "user", "workspace"}
        rules = {
            "asana_audit_log_events": lambda row: row["resource_type"] in above or row["resource_gid"] in self.projects,
            "asana_projects": lambda row: row["gid"] in self.projects,
            "asana_project_members": lambda row: row["project_gid"] in self.projects,
            "asana_project_followers": lambda row: row["project_gid"] in self.projects,
            "asana_sections": lambda row: row["gid"] in self.sections,
            "asana_memberships": of_parent,
            "asana_status_updates": of_parent,
            "asana_project_briefs": lambda row: row["gid"] in briefs,
            "asana_tasks": lambda row: row["gid"] in self.tasks,
            "asana_task_memberships": lambda row: row["task_gid"] in self.tasks and row["project_gid"] in self.projects,
            "asana_stories": lambda row: row["target_gid"] in self.tasks | elsewhere
            and (row["project_gid"] is None or row["project_gid"] in self.projects)
            and sections(row["old_section_gid"]) and sections(row["new_section_gid"]),
            "asana_attachments": lambda row: row["parent_gid"] in objects,
            "asana_custom_fields": lambda row: row["gid"] in fields,
            "asana_custom_field_options": lambda row: row["custom_field_gid"] in fields,
            "asana_custom_field_settings": of_parent,
            "asana_custom_field_values": lambda row: row["object_gid"] in objects,
            "asana_custom_field_value_items": lambda row: row["object_gid"] in objects,
            "asana_custom_types": lambda row: row["gid"] in types,
            "asana_custom_type_status_options": lambda row: row["custom_type_gid"] in types,
            "asana_portfolio_items": lambda row: is_wanted(row["item_gid"], row["item_type"]),
            "asana_project_portfolio_settings": lambda row: is_wanted(row["project_gid"]),
            "asana_goal_relationships": lambda row: is_wanted(row["supporting_resource_gid"],
                                                              row["supporting_resource_type"]),
            "asana_time_tracking_entries": lambda row: row["gid"] in entries,
            "asana_time_tracking_entry_categories": lambda row: row["time_tracking_entry_gid"] in entries,
            "asana_allocations": of_parent,
            "asana_budgets": of_parent,
            "asana_rates": of_parent,
            "asana_task_templates": lambda row: is_wanted(row["project_gid"]),
        }
        for table in ("followers", "tags", "dependencies", "likes"):
            rules["asana_task_" + table] = lambda row: row["task_gid"] in self.tasks
        self.rows = {table: [row for row in all_of_it if rules.get(table, lambda _: True)(row)]
                     for table, all_of_it in truth.items()}
        self.left_out = {table: len(all_of_it) - len(self.rows[table]) for table, all_of_it in truth.items()}


class Filters(support.SystemTest):
    def setUp(self):
        super().setUp()
        self.world = self.fake(150, seed=3, options=["--no-data-that-hurts", "--projects", "9"])
        self.all = self.world.truth()["asana_projects"]

    def filter(self, projects="", *more):
        self.configure(self.world.url, lines=([f"projects: {projects}"] if projects else []) + list(more))

    def assert_reduced(self, wanted, only_projects=False):
        truth = Reduced(self.world, wanted, only_projects)
        found = {}
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            for name, (columns, key) in compare_truth.schema_of(database).items():
                rows = [(row, False) for row in truth.rows.get(name, [])]
                _, lines = compare_truth.compare_table(database, name, columns, key, rows)
                if lines:
                    found[name] = lines
        self.assertEqual(found, {})
        self.assertEqual(self.open_gaps(), [])
        return truth

    def assert_nowhere(self, *texts):
        """In no file of the database, and in no tombstone."""
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if not name.startswith("mirror.db"):
                continue
            with open(path, "rb") as file:
                content = file.read()
            for text in texts:
                self.assertFalse(text.encode() in content, f"{text} in {name}")

    def several(self, count):
        """Projects in which tasks stand, some of them in others, too."""
        sizes = {}
        for row in self.world.truth()["asana_task_memberships"]:
            sizes[row["project_gid"]] = sizes.get(row["project_gid"], 0) + 1
        listed = [row["gid"] for row in self.all]
        return sorted((gid for gid in sizes if gid in listed), key=lambda gid: -sizes[gid])[:count]

    def rename(self, gid, name):
        self.world.mutate(op="rename_project", gid=gid, name=name)

    def test_excluded_projects_are_not_stored(self):
        one, two = self.several(2)
        self.rename(two, "Streng geheim \u00dcBUNG 7Q9X")
        self.filter(f'{{exclude: ["{one}", "*geheim \u00fcbung*"]}}')

        ended = self.sync("--log-level", "debug")

        truth = self.assert_reduced(lambda row: row["gid"] not in (one, two))
        for table in ("asana_tasks", "asana_stories", "asana_sections", "asana_memberships", "asana_portfolio_items",
                      "asana_project_portfolio_settings", "asana_goal_relationships", "asana_time_tracking_entries",
                      "asana_allocations", "asana_budgets", "asana_rates", "asana_task_templates"):
            self.assertGreater(truth.left_out[table], 0, table)
        self.assert_nowhere("7Q9X", two)
        self.assertNotIn("7Q9X", ended.err + ended.out)
        self.assertNotIn(two, ended.err + ended.out)
        again = self.sync("--full")
        self.assertEqual(self.last_run()["rows_written"], 0, again)
        self.assertEqual(self.run_to_end("verify", "--config", self.config).code, 0)

    def test_only_included_projects_are_stored_and_archived_ones_may_be_left_out(self):
        some = self.several(4)
        for gid in some:
            self.world.mutate(op="archive_project", gid=gid, archived=False)
        self.world.mutate(op="archive_project", gid=some[0])
        self.rename(some[1], "Alpha one")
        self.rename(some[2], "alpha two")
        self.rename(some[3], "ALPHA three")
        self.filter(f'{{include: ["{some[0]}", "Alpha*"], exclude: ["*THREE"], archived: false}}')

        self.sync()

        self.assert_reduced(lambda row: row["gid"] in some[1:3], only_projects=True)
        checked = self.run_to_end("check", "--config", self.config)
        self.assertEqual(checked.code, 0, checked)
        self.assertIn("2 of ", checked.out)
        self.assertIn("excluded 1, ", checked.out)
        self.assertIn("archived 1\n", checked.out)
        self.assertIn("tasks elsewhere   not mirrored", checked.out)

    def test_a_filter_takes_what_is_stored_away_and_all_comes_back_without_it(self):
        one, two = self.several(2)
        self.rename(one, "Hidden 7Q9X")
        self.filter()
        self.sync()
        self.assert_truth(self.world)
        before = self.world.stats()["total"]
        self.filter('{exclude: ["hidden*"]}')

        self.sync("--log-level", "debug")

        self.assert_reduced(lambda row: row["gid"] != one)
        self.assertGreater(self.world.stats()["total"], before)
        causes = self.query("SELECT DISTINCT cause FROM sync_tombstones")
        self.assertEqual(causes, [("excluded",)])
        self.assertEqual(self.query("SELECT row FROM sync_tombstones WHERE gid = ?", one), [(json.dumps({"gid": one}, separators=(",", ":")),)])
        self.assert_nowhere("7Q9X")
        self.filter('{include: ["%s"]}' % two)

        self.sync()

        self.assert_reduced(lambda row: row["gid"] == two, only_projects=True)
        self.filter()

        self.sync()

        self.assert_truth(self.world)
        self.assertEqual(self.query("SELECT count(*) FROM sync_tombstones"), [(0,)])

    def test_a_project_that_is_renamed_into_an_exclusion_leaves_with_its_tasks(self):
        one, _ = self.several(2)
        self.filter('{exclude: ["secret*"]}')
        self.sync()
        self.assertGreater(self.query("SELECT count(*) FROM asana_task_memberships WHERE project_gid = ?", one)[0][0], 5)
        self.rename(one, "Secret 7Q9X")

        self.sync()

        self.assert_reduced(lambda row: row["gid"] != one)
        self.assert_nowhere("7Q9X")
        self.assertEqual(self.query("SELECT cause FROM sync_tombstones WHERE gid = ?", one), [("excluded",)])
        self.rename(one, "Open again")

        self.sync("--full")

        self.assert_reduced(lambda row: True)

    def test_a_task_that_moves_to_an_excluded_project_leaves_and_comes_back(self):
        one, two = self.several(2)
        self.filter(f'{{exclude: ["{two}"]}}')
        self.sync()
        homes = self.query("SELECT task_gid FROM asana_task_memberships WHERE project_gid = ? AND (SELECT count(*) FROM "
                           "asana_task_memberships o WHERE o.task_gid = asana_task_memberships.task_gid) = 1", one)
        away = [row["task_gid"] for row in self.world.truth()["asana_task_memberships"] if row["project_gid"] == two]
        task = next(gid for (gid,) in homes if gid not in away)
        self.world.mutate(op="add_to_project", gid=task, project=two)
        self.world.mutate(op="leave_project", gid=task, project=one)

        self.sync()

        truth = self.assert_reduced(lambda row: row["gid"] != two)
        self.assertNotIn(task, truth.tasks)
        self.world.mutate(op="add_to_project", gid=task, project=one)

        self.sync()

        self.assertIn(task, self.assert_reduced(lambda row: row["gid"] != two).tasks)

    def test_events_of_a_whole_workspace_bring_nothing_that_is_excluded(self):
        self.world = self.fake(100, seed=5, plan="service",
                               options=["--no-data-that-hurts", "--projects", "9", "--workspaces", "1"])
        self.all = self.world.truth()["asana_projects"]
        one = self.several(1)[0]
        self.filter(f'{{exclude: ["{one}"]}}')
        self.sync()
        truth = self.world.truth()
        kept = Reduced(self.world, lambda row: row["gid"] != one).tasks
        away = [row["task_gid"] for row in truth["asana_task_memberships"]
                if row["project_gid"] == one and row["task_gid"] not in kept]
        story = self.world.mutate(op="comment", gid=away[0], text="Nobody reads 7Q9X")["gid"]
        self.sync()
        self.world.mutate(op="edit_comment", gid=story, text="Nobody reads 7Q9X again")
        self.world.mutate(op="new_task", project=one, name="Nobody sees 7Q9X")
        self.world.mutate(op="rename_task", gid=away[1], name="Nobody sees 7Q9X")
        self.rename(one, "7Q9X")

        self.sync()

        self.assert_reduced(lambda row: row["gid"] != one)
        self.assert_nowhere("7Q9X")

    def test_events_of_other_projects_cost_nothing(self):
        self.world = self.fake(100, seed=5, plan="service",
                               options=["--no-data-that-hurts", "--projects", "9", "--workspaces", "1"])
        self.all = self.world.truth()["asana_projects"]
        one, two = self.several(2)
        self.filter(f'{{include: ["{two}"]}}')
        self.sync()
        kept = Reduced(self.world, lambda row: row["gid"] == two, True).tasks
        truth = self.world.truth()
        away = [row["task_gid"] for row in truth["asana_task_memberships"]
                if row["project_gid"] == one and row["task_gid"] not in kept]
        self.sync()
        for gid in away[:3]:
            self.world.mutate(op="rename_task", gid=gid, name="Nobody sees 7Q9X")
            self.world.mutate(op="comment", gid=gid, text="Nobody reads 7Q9X")
        self.world.mutate(op="new_task", project=one, name="Nobody sees 7Q9X")
        self.world.mutate(op="delete_task", gid=away[3])
        self.world.control("POST", "stats/reset")

        self.sync()

        requests = self.world.stats()["requests"]
        self.assertEqual(sorted(requests), ["/users/me", "/workspaces/{gid}/events"])
        self.world.mutate(op="new_task", project=two, name="Seen 7Q8X")
        self.world.mutate(op="new_task", parent=next(iter(sorted(kept))), name="Seen 7Q8Y")
        self.sync()
        self.assert_reduced(lambda row: row["gid"] == two, only_projects=True)
        self.assertEqual(self.query("SELECT count(*) FROM asana_tasks WHERE name LIKE 'Seen%'"), [(2,)])
        self.assert_nowhere("7Q9X")

    def test_search_finds_what_is_wanted_alone(self):
        one, two = self.several(2)
        self.filter(f'{{exclude: ["{one}"]}}')
        self.sync()
        self.assertEqual(self.query("SELECT DISTINCT available FROM sync_capabilities WHERE capability = 'search'"), [(1,)])
        truth = Reduced(self.world, lambda row: row["gid"] != one)
        homes = [row for row in self.world.truth()["asana_task_memberships"]]
        files = {row["parent_gid"] for row in self.world.truth()["asana_attachments"]}
        away = [row["task_gid"] for row in homes if row["project_gid"] == one and row["task_gid"] not in truth.tasks]
        seen = [row["task_gid"] for row in homes if row["project_gid"] == two and row["task_gid"] not in files][:2]
        nowhere = [gid for (gid,) in self.query(
            "SELECT gid FROM asana_tasks WHERE parent_gid IS NULL AND assignee_gid IS NOT NULL AND gid NOT IN (SELECT task_gid "
            "FROM asana_task_memberships) ORDER BY gid") if gid not in files][:2]
        for gid in away[:5]:
            self.world.mutate(op="rename_task", gid=gid, name="Nobody sees 7Q9X")
        for gid in seen + nowhere:
            self.world.mutate(op="rename_task", gid=gid, name="Seen")
        self.world.control("POST", "stats/reset")

        self.sync()

        requests = self.world.stats()["requests"]
        for usual in ("/users/me", "/events", "/workspaces/{gid}/tasks/search"):
            requests.pop(usual, None)
        self.assertEqual(requests, {"/tasks/{gid}/stories": len(seen + nowhere)})
        self.assert_reduced(lambda row: row["gid"] != one)
        self.assert_nowhere("7Q9X")
        # Without an event: what joins an excluded project is looked at once, and leaves.
        self.world.control("POST", "events", {"drop": 1})
        self.world.mutate(op="add_to_project", gid=nowhere[0], project=one)
        self.world.mutate(op="rename_task", gid=nowhere[0], name="Nobody sees 7Q9X")
        self.world.control("POST", "events", {})
        self.world.control("POST", "stats/reset")
        self.sync()
        self.sync()
        self.assertEqual(self.world.stats()["requests"]["/tasks/{gid}"], 1)
        self.assertEqual(self.query("SELECT cause FROM sync_tombstones WHERE gid = ?", nowhere[0]), [("excluded",)])
        self.assert_reduced(lambda row: row["gid"] != one)
        self.assert_nowhere("7Q9X")

    def test_a_project_that_is_excluded_later_costs_no_more_than_a_first_sync_without_it(self):
        one, _ = self.several(2)
        self.rename(one, "Hidden 7Q9X")
        self.filter()
        self.sync()
        self.filter('{exclude: ["hidden*"]}')
        self.world.control("POST", "stats/reset")

        self.sync()

        truth = self.assert_reduced(lambda row: row["gid"] != one)
        self.assertEqual(self.query("SELECT cause FROM sync_tombstones WHERE gid = ?", one), [("excluded",)])
        self.assert_nowhere("7Q9X")
        stats = self.world.stats()
        self.assertLess(stats["total"], self.world.minimum())
        # Each task that something else may hold, too, is read again without this project.
        parents = {row["gid"]: row["parent_gid"] for row in self.world.truth()["asana_tasks"]}
        tasks = {row["task_gid"] for row in self.world.truth()["asana_task_memberships"] if row["project_gid"] == one}
        held = {gid for gid in tasks if {gid, parents.get(gid)} & truth.tasks}
        self.assertLessEqual(stats["requests"].get("/tasks/{gid}", 0), len(held))
        self.world.control("POST", "stats/reset")
        self.sync()
        self.assertEqual(set(self.world.stats()["requests"]), {"/users/me", "/events", "/workspaces/{gid}/tasks/search"})
        self.assertEqual(self.last_run()["rows_written"], 0)

    def test_the_audit_log_names_no_excluded_project_nor_what_is_in_it(self):
        self.world = self.fake(100, seed=5, plan="service",
                               options=["--no-data-that-hurts", "--projects", "9", "--workspaces", "1"])
        self.all = self.world.truth()["asana_projects"]
        one, two = self.several(2)
        self.filter()
        self.sync()
        again = lambda: (self.change("UPDATE sync_work SET last_done_at = ? WHERE stream IN ('workspaces', 'audit_log_events')",
                                     support.FAR_PAST), self.sync())
        kept = Reduced(self.world, lambda row: row["gid"] != one).tasks
        tasks = [row["task_gid"] for row in self.world.truth()["asana_task_memberships"]
                 if row["project_gid"] == one and row["task_gid"] not in kept]
        for gid in tasks[:2]:
            self.world.mutate(op="rename_task", gid=gid, name="Hidden 7Q9X")
            self.world.mutate(op="delete_task", gid=gid)
            self.world.mutate(op="undelete_task", gid=gid)
        self.rename(one, "Hidden 7Q9X")
        self.world.mutate(op="delete_project", gid=one)
        self.world.mutate(op="undelete_project", gid=one)
        again()
        self.assertEqual(self.query("SELECT count(*) FROM asana_audit_log_events WHERE resource_name LIKE '%7Q9X'"), [(6,)])
        self.filter(f'{{exclude: ["{one}"]}}')

        self.sync()

        self.assert_nowhere("7Q9X")
        self.world.mutate(op="delete_project", gid=one)
        self.world.control("POST", "events", {"drop": 1})
        lost = next(row["task_gid"] for row in self.world.truth()["asana_task_memberships"] if row["project_gid"] == two)
        self.world.mutate(op="delete_task", gid=lost)
        again()
        self.assert_nowhere("7Q9X")
        self.assertEqual(self.query("SELECT cause, detected_by FROM sync_tombstones WHERE gid = ?", lost), [("deleted", "audit")])

    def test_workspaces_may_be_patterns(self):
        names = [row["name"] for row in self.world.truth()["asana_workspaces"]]
        self.configure(self.world.url, lines=[f'workspaces: ["{names[0][:4].upper()}*"]'])

        self.sync()

        wanted = sorted(name for name in names if fnmatch.fnmatch(name.lower(), names[0][:4].lower() + "*"))
        self.assertEqual(sorted(name for (name,) in self.query("SELECT name FROM asana_workspaces")), wanted)


if __name__ == "__main__":
    support.main()
