"""verify: the database beside the API, what it finds, and what a sync makes of it."""
import os
import re

import support

TOTALS = re.compile(r"^source acme.*?: (\d+) equal(?:, (\d+) missing)?(?:, (\d+) extra)?(?:, (\d+) different)?"
                    r"(?:, (\d+) not compared)?;", re.M)


class Verify(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, lines=(), **options):
        fake = self.fake(tasks, **options)
        self.configure(fake.url, lines=lines)
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def verify(self, *arguments, expect=0, **options):
        ended = self.run_to_end("verify", "--config", self.config, *arguments, **options)
        self.assertEqual(ended.code, expect, ended)
        return ended

    def totals(self, ended):
        """equal, missing, extra, different, not compared"""
        return tuple(int(number or 0) for number in TOTALS.search(ended.out).groups())

    def found(self, ended):
        """{(table, gid)} by kind."""
        found = {"missing": set(), "extra": set(), "different": set()}
        for kind, table, gid in re.findall(r"^    (missing|extra|different) (\w+) (\S+)$", ended.out, re.M):
            found[kind].add((table, gid))
        return found

    def content(self):
        """Every row of the database."""
        names = self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        return {name: sorted(self.query(f'SELECT * FROM "{name}"'), key=repr) for (name,) in names}

    def entities(self):
        return {name: rows for name, rows in self.content().items() if name.startswith("asana_")}

    def test_a_mirror_is_equal_after_a_sync(self):
        for plan in ("free", "paid"):
            for seed in (1, 4):
                with self.subTest(plan=plan, seed=seed):
                    self.database = os.path.join(self.folder, f"{plan}{seed}")
                    fake = self.mirrored(400, plan=plan, seed=seed)
                    before, synced = self.content(), fake.minimum()
                    ended = self.verify()
                    self.assertEqual(self.totals(ended)[1:], (0, 0, 0, 0))
                    projects = self.query("SELECT count(*) FROM asana_projects WHERE mirrored_at IS NOT NULL")[0][0]
                    self.assertIn(f"task counts: {projects} compared, 0 different, 0 not available", ended.out)
                    fake.control("POST", "stats/reset")
                    ended = self.verify("--stories")
                    # Events are not asked for, the numbers of tasks are, and so are all attachments.
                    tasks = self.query("SELECT count(*) FROM asana_tasks WHERE mirrored_at IS NOT NULL")[0][0]
                    self.assertLessEqual(fake.stats()["total"], synced + projects + 2 * tasks)
                    rows = sum(self.query(f"SELECT count(*) FROM {table} WHERE mirrored_at IS NOT NULL")[0][0]
                               for table in ("asana_tasks", "asana_stories", "asana_attachments"))
                    self.assertGreater(self.totals(ended)[0], rows)
                    self.assertEqual(self.content(), before)

    def test_an_empty_workspace_is_equal(self):
        self.mirrored(0)
        self.verify("--stories")

    def test_requests_are_those_of_the_lists(self):
        fake = self.mirrored(600)
        self.verify()
        asked = fake.stats()["requests"]
        parents = self.query("SELECT count(*) FROM asana_tasks WHERE num_subtasks > 0")[0][0]
        projects = self.query("SELECT count(*) FROM asana_projects WHERE mirrored_at IS NOT NULL")[0][0]
        self.assertEqual(asked["/tasks/{gid}/subtasks"], parents)
        self.assertEqual(asked["/projects/{gid}/task_counts"], projects)
        self.assertFalse({"/tasks/{gid}", "/tasks/{gid}/stories", "/events"} & set(asked))

    def test_differences_are_those_of_the_truth(self):
        fake = self.mirrored()
        in_project = "SELECT gid FROM asana_tasks JOIN asana_task_memberships ON task_gid = gid " \
                     "WHERE num_subtasks = 0 AND parent_gid IS NULL AND NOT completed GROUP BY gid HAVING count(*) = 1 ORDER BY gid LIMIT 4"
        renamed, completed, deleted, moved = (gid for (gid,) in self.query(in_project))
        child, parent = self.query("SELECT gid, parent_gid FROM asana_tasks WHERE parent_gid IS NOT NULL "
                                   "AND num_subtasks = 0 AND gid NOT IN (SELECT task_gid FROM asana_task_memberships) "
                                   "ORDER BY gid LIMIT 1")[0]
        project, other = (gid for (gid,) in self.query(
            "SELECT project_gid FROM asana_task_memberships GROUP BY 1 ORDER BY count(*) DESC LIMIT 2"))
        fake.mutate(op="rename_task", gid=renamed, name="another name")
        fake.mutate(op="complete_task", gid=completed, completed=True)
        fake.mutate(op="delete_task", gid=deleted)
        fake.mutate(op="delete_task", gid=child)
        fake.mutate(op="new_task", project=project, name="new")
        fake.mutate(op="new_task", parent=renamed, name="new below")
        fake.mutate(op="leave_project", gid=moved, project=self.query(
            "SELECT project_gid FROM asana_task_memberships WHERE task_gid = ?", moved)[0][0])
        fake.mutate(op="add_to_project", gid=moved, project=other)
        stored = {row[0]: row[1:] for row in self.query(
            "SELECT gid, name, completed, num_subtasks, parent_gid FROM asana_tasks")}
        truth = {row["gid"]: row for row in fake.truth()["asana_tasks"]}
        before = self.entities()

        found = self.found(self.verify(expect=1))

        tasks = {kind: {gid for table, gid in rows if table == "asana_tasks"} for kind, rows in found.items()}
        self.assertEqual(tasks["missing"], set(truth) - set(stored))
        self.assertEqual(tasks["extra"], set(stored) - set(truth))
        changed = {gid for gid in set(truth) & set(stored) if stored[gid] != tuple(
            truth[gid][name] for name in ("name", "completed", "num_subtasks", "parent_gid"))}
        self.assertLessEqual({renamed, completed, parent}, changed)
        self.assertEqual(tasks["different"], changed | {moved})
        edges = {gid for table, gid in found["extra"] if table == "asana_task_memberships"}
        self.assertEqual(edges, {deleted, moved})
        self.assertEqual(self.entities(), before)

    def test_stories_and_attachments_differ_on_request_only(self):
        fake = self.mirrored()
        story = self.query("SELECT gid FROM asana_stories WHERE text IS NOT NULL "
                           "AND resource_subtype = 'comment_added' AND target_type = 'task' LIMIT 1")[0][0]
        fake.mutate(op="edit_comment", gid=story, text="edited")
        attachment = self.query("SELECT a.gid FROM asana_attachments a JOIN asana_tasks t ON t.gid = a.parent_gid "
                                "LIMIT 1")[0][0]
        fake.control("POST", "events", {"drop": 1})
        fake.mutate(op="delete_attachment", gid=attachment)

        found = self.found(self.verify("--stories", expect=1))
        self.assertIn(("asana_stories", story), found["different"])
        self.assertIn(("asana_attachments", attachment), found["extra"])
        self.assertFalse({table for kind in self.found(self.verify(expect=1 if self.tasks_differ(fake) else 0)).values()
                          for table, _ in kind} & {"asana_stories"})

        self.verify("--stories", "--repair", expect=1)
        self.sync()
        self.verify("--stories")

    def tasks_differ(self, fake):
        """An attachment that goes moves modified_at of its task, or does not."""
        return "asana_tasks" in self.differences(fake)

    def test_what_is_repaired_is_equal_after_a_sync(self):
        for seed in (1, 2, 3, 4):
            with self.subTest(seed=seed):
                self.database = f"{self.folder}/{seed}.db"
                fake = self.mirrored(150, seed=seed)
                fake.mutate(seed=seed, count=60, silent=True, events=False)
                before = self.entities()
                self.verify("--repair", "--stories", expect=1)
                self.assertEqual(self.entities(), before)
                self.sync()
                # What the first sync brings leads to more, such as the subtasks of a task that came back.
                for _ in range(2):
                    if self.run_to_end("verify", "--config", self.config, "--repair", "--stories").code == 0:
                        break
                    self.sync()
                self.verify("--stories")
                wrong = self.wrong_tables(fake) & {"asana_tasks", "asana_stories", "asana_task_memberships",
                                                   "asana_task_tags", "asana_task_followers", "asana_memberships"}
                self.assertEqual(wrong, set())

    def test_a_project_that_is_refused_is_not_compared(self):
        fake = self.mirrored()
        project = self.query("SELECT project_gid FROM asana_task_memberships LIMIT 1")[0][0]
        fake.fault({"kind": "status", "status": 403, "regex": f"/tasks\\?project={project}"})
        ended = self.verify(expect=1)
        self.assertEqual(self.totals(ended)[1:], (0, 0, 0, 1))
        self.assertIn(f"not compared project_tasks {project}: status 403", ended.out)
        fake.no_faults()
        self.verify()

    def test_numbers_of_tasks_that_are_refused_are_no_difference(self):
        fake = self.mirrored()
        projects = self.query("SELECT count(*) FROM asana_projects WHERE mirrored_at IS NOT NULL")[0][0]
        fake.fault({"kind": "status", "status": 402, "match": "task_counts"})
        self.assertIn(f"0 compared, 0 different, {projects} not available", self.verify().out)

    def test_one_project_alone(self):
        fake = self.mirrored()
        (large,), (small,) = self.query("SELECT project_gid FROM asana_task_memberships GROUP BY 1 "
                                        "ORDER BY count(*) DESC LIMIT 2")
        task = "SELECT gid FROM asana_tasks JOIN asana_task_memberships ON task_gid = gid WHERE project_gid = ? " \
               "AND gid NOT IN (SELECT task_gid FROM asana_task_memberships WHERE project_gid = ?) LIMIT 1"
        here, there = self.query(task, large, small)[0][0], self.query(task, small, large)[0][0]
        fake.mutate(op="rename_task", gid=here, name="here")
        fake.mutate(op="rename_task", gid=there, name="there")

        found = self.found(self.verify("--project", large, expect=1))

        self.assertEqual(found["different"], {("asana_tasks", here)})
        fake.control("POST", "stats/reset")
        self.verify("--project", large, "--repair", expect=1)
        asked = fake.stats()["requests"]
        self.assertNotIn("/tasks?assignee", asked)
        self.assertEqual(asked["/projects/{gid}/task_counts"], 1)
        self.sync()
        self.verify("--project", large)
        self.assertIn("no project 12345", self.verify("--project", "12345", expect=64).err)

    def test_a_deleted_project(self):
        fake = self.mirrored()
        project = self.query("SELECT p.gid FROM asana_task_memberships JOIN asana_projects p ON p.gid = project_gid "
                             "WHERE p.mirrored_at IS NOT NULL GROUP BY 1 ORDER BY count(*) LIMIT 1")[0][0]
        fake.control("POST", "events", {"drop": 1})
        fake.mutate(op="delete_project", gid=project)
        for arguments in ((), ("--project", project)):
            ended = self.verify(*arguments, expect=1)
            self.assertIn(("asana_projects", project), self.found(ended)["extra"])
        gone = {gid for (gid,) in self.query("SELECT gid FROM asana_tasks WHERE mirrored_at IS NOT NULL")} - {
            row["gid"] for row in fake.truth()["asana_tasks"]}
        with_it = sum(self.query(f"SELECT count(*) FROM {table} WHERE {column} = ?", project)[0][0] for table, column in (
            ("asana_task_memberships", "project_gid"), ("asana_sections", "project_gid"),
            ("asana_memberships", "parent_gid"), ("asana_status_updates", "parent_gid"),
            ("asana_project_briefs", "project_gid"), ("asana_task_templates", "project_gid"),
            ("asana_budgets", "parent_gid"), ("asana_rates", "parent_gid"), ("asana_allocations", "parent_gid"),
            ("asana_portfolio_items", "item_gid"), ("asana_project_portfolio_settings", "project_gid"),
            ("asana_goal_relationships", "supporting_resource_gid")))
        supporting = self.query("SELECT supporting_resource_gid FROM asana_goal_relationships")
        with_it += sum(task in gone for (task,) in supporting)
        tags = self.query("SELECT task_gid FROM asana_task_tags JOIN asana_tags g ON g.gid = tag_gid WHERE g.mirrored_at IS NOT NULL")
        with_it += sum(task in gone for (task,) in tags)
        with_it += sum(task in gone for (task,) in self.query("SELECT task_gid FROM asana_time_tracking_entries"))
        self.assertEqual(self.totals(self.verify(expect=1))[2], 1 + with_it + len(gone))
        self.verify("--repair", expect=1)
        self.sync()
        self.verify()

    def test_kills_leave_the_database_as_it_is(self):
        fake = self.mirrored(100, options=["--latency-ms", "5"])
        fake.mutate(seed=1, count=20)
        before = self.content()
        for delay in (0.02, 0.1, 0.2, 0.3):
            running = self.start("verify", "--config", self.config, "--stories")
            support.time.sleep(delay)
            running.kill()
            self.assert_sound()
            self.assertEqual(self.content(), before)
        running = self.start("verify", "--config", self.config, "--stories", "--repair")
        support.time.sleep(0.3)
        running.kill()
        self.assert_sound()
        self.assertEqual({name: rows for name, rows in before.items() if name != "sync_work"},
                         {name: rows for name, rows in self.content().items() if name != "sync_work"})

    def test_failures_have_their_exit_codes(self):
        fake = self.mirrored(30)
        self.verify(token="wrong", expect=77)
        fake.fault({"kind": "close"})
        self.verify(expect=69)
        self.database = os.path.join(self.folder, "none.db")
        self.configure(fake.url)
        self.verify(expect=66)
        self.assertFalse(os.path.exists(self.database))

    def test_the_quota_is_kept(self):
        fake = self.mirrored(60)
        fake.fault({"kind": "status", "status": 429, "retry_after": 2, "match": "subtasks", "times": 1})
        self.assertIn("1 answered 429", self.verify().out)
        self.assertEqual(fake.stats()["requests_inside_retry_after"], 0)


if __name__ == "__main__":
    support.main()
