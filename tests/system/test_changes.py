"""After the first load: what changed arrives by events, and costs what changed."""

import support

# What events or modified_at tell. The others arrive when lists are walked again.
TOLD = ["rename", "notes", "complete", "assign", "due_date", "comment", "edit_comment", "delete_comment", "move",
        "new_task", "new_subtask", "tag", "untag", "custom_field_value", "follower", "dependency", "attachment",
        "rename_section", "rename_project"]


class Changes(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, **options):
        fake = self.fake(tasks, **options)
        self.configure(fake.url)
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def assert_told(self, fake):
        """Tasks of which events or lists by assignee tell are true: those of projects, at every depth, and those of
        members. Of the others only walking the lists again does."""
        truth = fake.truth()
        tasks = {row["gid"]: row for row in truth["asana_tasks"]}
        in_projects = {row["task_gid"] for row in truth["asana_task_memberships"]}
        members = {(row["workspace_gid"], row["user_gid"]) for row in truth["asana_workspace_memberships"]}

        def told(gid):
            task = tasks.get(gid)
            return task and (gid in in_projects or in_project(task["parent_gid"])
                             or (task["workspace_gid"], task["assignee_gid"]) in members)

        def in_project(gid):
            return gid in tasks and (gid in in_projects or in_project(tasks[gid]["parent_gid"]))

        columns = ("name", "modified_at", "completed", "num_subtasks", "assignee_gid", "parent_gid")
        wanted = {gid: tuple(row[name] for name in columns) for gid, row in tasks.items() if told(gid)}
        found = {row[0]: row[1:] for row in self.query(f"SELECT gid, {', '.join(columns)} FROM asana_tasks")}
        self.assertEqual({gid: found.get(gid) for gid in wanted}, wanted)
        for table, column in (("asana_stories", "target_gid"), ("asana_attachments", "parent_gid")):
            wanted_rows = {row["gid"]: row.get("text") for row in truth[table] if told(row[column])}
            text = "text" if table == "asana_stories" else "NULL"
            found_rows = dict(self.query(f"SELECT gid, {text} FROM {table}"))
            self.assertEqual({gid: found_rows.get(gid, "missing") for gid in wanted_rows}, wanted_rows)

    def test_nothing_changed(self):
        fake = self.mirrored()
        polled = self.query("SELECT count(*) FROM sync_work WHERE cursor IS NOT NULL AND stream != 'user_tasks_changed' "
                            "AND stream NOT LIKE '%\\_since' ESCAPE '\\'")
        self.sync()
        self.assertEqual(fake.stats()["total"], polled[0][0] + 1)
        self.assertEqual(self.last_run()["rows_written"], 0)
        self.assert_truth(fake)

    def test_changes_arrive_and_nothing_else_is_asked_for(self):
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                self.database = f"{self.folder}/{seed}.db"
                fake = self.mirrored(seed=seed)
                for round in range(4):
                    fake.mutate(seed=10 * seed + round, count=10, kinds=TOLD)
                    fake.control("POST", "stats/reset")
                    self.sync()
                    self.assert_told(fake)
                    # Each change costs its task, its stories, at most its attachments, subtasks and parent.
                    polled = self.query("SELECT count(*) FROM sync_work WHERE cursor IS NOT NULL")[0][0]
                    self.assertLessEqual(fake.stats()["total"], 1 + polled + 10 * 5)
                self.sync("--full")
                self.assert_truth(fake)

    def test_more_changes_than_one_answer_holds(self):
        fake = self.mirrored(30)
        fake.mutate(seed=1, count=400, kinds=["rename", "comment"])
        self.sync()
        self.assert_told(fake)
        self.assertGreater(fake.stats()["requests"]["/events"], 4)

    def test_deleted_and_restored(self):
        fake = self.mirrored()
        parent = self.query("SELECT gid FROM asana_tasks t JOIN asana_task_memberships m ON m.task_gid = t.gid "
                            "WHERE num_subtasks > 0 AND parent_gid IS NULL LIMIT 1")[0][0]
        fake.mutate(op="delete_task", gid=parent)
        self.sync()
        self.assert_truth(fake)
        graves = self.query("SELECT cause, detected_by, deleted_at IS NOT NULL FROM sync_tombstones "
                            "WHERE table_name = 'asana_tasks' AND gid = ?", parent)
        self.assertEqual(graves, [("deleted", "event", 1)])

        fake.mutate(op="undelete_task", gid=parent)
        self.sync()
        self.assert_truth(fake)
        self.assertEqual(self.query("SELECT * FROM sync_tombstones WHERE gid = ?", parent), [])

    def test_tokens_that_are_too_old(self):
        fake = self.mirrored()
        fake.mutate(seed=1, count=10, kinds=[kind for kind in TOLD if kind != "edit_comment"])
        fake.control("POST", "advance", {"seconds": 26 * 3600})
        self.sync()
        self.assert_told(fake)
        self.assertEqual(self.open_gaps(), [])
        fake.mutate(seed=2, count=10, kinds=TOLD)
        fake.control("POST", "stats/reset")
        self.sync()
        self.assert_told(fake)
        self.assertLess(fake.stats()["total"], 120)

    def test_deletions_whose_events_are_lost_are_proved_by_walking_the_lists(self):
        fake = self.mirrored()
        fake.mutate(seed=3, count=8, kinds=["delete_task", "leave_project", "delete_comment", "delete_attachment"],
                    events=False)
        self.sync()
        # Where its stories tell first that a task is not there, that is a gap, until they say the same a day later.
        self.assertIn(self.run_to_end("sync", "--config", self.config, "--full").code, (0, 1))
        self.assertEqual({gap[0] for gap in self.open_gaps()} - {"task_stories", "task_attachments"}, set())
        self.make_everything_due()
        self.sync()
        self.assertEqual(self.open_gaps(), [])
        in_projects = {row["task_gid"] for row in fake.truth()["asana_task_memberships"]}
        self.assertEqual({row[0] for row in self.query("SELECT DISTINCT task_gid FROM asana_task_memberships")}, in_projects)
        for gid, cause, by in self.query("SELECT gid, cause, detected_by FROM sync_tombstones "
                                         "WHERE table_name = 'asana_tasks' AND detected_by != 'parent'"):
            self.assertEqual((cause, by), ("not_visible", "walk"), gid)
            self.assertNotIn(gid, {row["gid"] for row in fake.truth()["asana_tasks"]})
        self.assertGreater(len(self.query("SELECT * FROM sync_tombstones WHERE table_name = 'asana_tasks'")), 0)

    def test_the_last_subtask_whose_deletion_was_lost_leaves_too(self):
        fake = self.mirrored()
        parent, child = self.query(
            "SELECT p.gid, c.gid FROM asana_tasks p JOIN asana_tasks c ON c.parent_gid = p.gid "
            "JOIN asana_task_memberships m ON m.task_gid = p.gid JOIN asana_projects j ON j.gid = m.project_gid "
            "WHERE p.num_subtasks = 1 AND j.mirrored_at IS NOT NULL AND c.assignee_gid IS NULL "
            "AND NOT EXISTS (SELECT 1 FROM asana_tasks WHERE parent_gid = c.gid) LIMIT 1")[0]
        fake.control("POST", "mutate", {"op": "delete_task", "gid": child, "events": False})
        self.sync("--full")
        self.assertEqual(self.query("SELECT num_subtasks FROM asana_tasks WHERE gid = ?", parent), [(0,)])
        self.assertEqual(self.query("SELECT cause FROM sync_tombstones WHERE gid = ?", child), [("not_visible",)])

    def test_a_walk_that_misses_much_is_held(self):
        fake = self.mirrored()
        project = self.query("SELECT project_gid FROM asana_task_memberships GROUP BY 1 ORDER BY count(*) DESC")[0][0]
        stored = self.query("SELECT count(*) FROM asana_task_memberships WHERE project_gid = ?", project)[0][0]
        # Those that no other list names.
        gone = [row[0] for row in self.query(
            "SELECT m.task_gid FROM asana_task_memberships m JOIN asana_tasks t ON t.gid = m.task_gid WHERE project_gid = ? "
            "AND assignee_gid IS NULL AND t.gid NOT IN (SELECT task_gid FROM asana_task_tags)", project)]
        self.assertGreater(len(gone), stored // 5)
        for gid in gone:
            fake.control("POST", "mutate", {"op": "delete_task", "gid": gid, "events": False})
        ended = self.sync("--full", expect=1)
        self.assertIn("held: the walk did not name", ended.out)
        # Small projects that name some of them too are not held.
        graves = self.query("SELECT count(*) FROM sync_tombstones WHERE table_name = 'asana_tasks'")[0][0]
        self.assertLess(graves, len(gone) // 2)
        self.sync("--accept-deletions")
        self.assertEqual(self.open_gaps(), [])
        left = {row[0] for row in self.query("SELECT task_gid FROM asana_task_memberships WHERE project_gid = ?", project)}
        self.assertEqual(left, {row["task_gid"] for row in fake.truth()["asana_task_memberships"]
                                if row["project_gid"] == project})

    def test_a_project_that_is_deleted_or_turns_private(self):
        for leave, back in (("delete_project", "undelete_project"), ("forbid", "permit")):
            with self.subTest(leave):
                self.database = f"{self.folder}/{leave}.db"
                fake = self.mirrored()
                project = self.query("SELECT m.project_gid FROM asana_task_memberships m JOIN asana_projects p "
                                     "ON p.gid = m.project_gid WHERE p.mirrored_at IS NOT NULL GROUP BY 1 "
                                     "ORDER BY count(*) DESC")[0][0]
                fake.mutate(op=leave, gid=project)
                self.sync()
                self.assert_told(fake)
                self.assertEqual(self.query("SELECT mirrored_at, archived FROM asana_projects WHERE gid = ?", project),
                                 [(None, None)])
                left = [row for row in fake.truth()["asana_task_memberships"] if row["project_gid"] == project]
                self.assertEqual(self.query("SELECT count(*) FROM asana_task_memberships WHERE project_gid = ?", project),
                                 [(len(left),)])
                gone = {row[0] for row in self.query("SELECT gid FROM sync_tombstones WHERE table_name = 'asana_tasks'")}
                self.assertGreater(len(gone), 0)
                self.assertFalse(gone & {row["gid"] for row in fake.truth()["asana_tasks"]})

                fake.mutate(op=back, gid=project)
                self.sync("--full")
                self.assert_told(fake)
                self.assertEqual(self.query("SELECT * FROM sync_tombstones WHERE gid = ?", project), [])

    def test_lost_events_arrive_with_a_full_sync(self):
        fake = self.mirrored()
        fake.mutate(seed=1, count=20, kinds=TOLD + ["like", "rename_user", "rename_tag", "status_update"],
                    events=False, silent=True)
        self.sync()
        self.assertNotEqual(self.differences(fake), {})
        self.sync("--full")
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
