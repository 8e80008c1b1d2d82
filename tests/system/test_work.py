"""Time, capacity, budgets, absence, templates, roles and agents: what no event tells of is found by lists, and leaves on proof."""
import datetime

import support

# What names them, and how they leave.
BY_WORKSPACE = ("asana_time_tracking_entries", "asana_timesheet_approval_statuses", "asana_allocations", "asana_project_templates",
                "asana_roles", "asana_agents")
BY_PROJECT = ("asana_budgets", "asana_rates", "asana_task_templates")
PAID = {"/time_tracking_entries", "/allocations", "/budgets", "/rates"}


class Work(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, lines=(), options=(), **more):
        fake = self.fake(tasks, options=("--projects", "20", *options), **more)
        self.configure(fake.url, lines=lines)
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def one(self, table, where="mirrored_at IS NOT NULL"):
        found = self.query(f"SELECT gid FROM {table} WHERE {where}")
        self.assertTrue(found, table)
        return found[0][0]

    def graves(self, table):
        return self.query("SELECT gid, cause, detected_by FROM sync_tombstones WHERE table_name = ? ORDER BY gid", table)

    def set_back(self, stream, hours):
        back = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.change("UPDATE sync_work SET last_done_at = ? WHERE stream = ? AND last_done_at > ?", back, stream, back)

    def day(self, ago):
        return (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=ago)).strftime("%Y-%m-%d")

    def asked(self, fake):
        """Requests by the first part of their path."""
        found = {}
        for path, count in fake.stats()["requests"].items():
            first = "/" + path.split("/")[1]
            found[first] = found.get(first, 0) + count
        return found

    def test_what_is_deleted_leaves_with_a_tombstone(self):
        fake = self.mirrored()
        gone = {table: self.one(table) for table in BY_WORKSPACE + BY_PROJECT + ("asana_ooo_entries",)}
        for gid in gone.values():
            fake.mutate(op="delete_work", gid=gid)

        self.sync("--full")

        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)
        for table, gid in gone.items():
            self.assertEqual(self.graves(table), [(gid, "not_visible", "walk")])
        entry = gone["asana_time_tracking_entries"]
        self.assertEqual(self.query("SELECT * FROM asana_time_tracking_entry_categories WHERE time_tracking_entry_gid = ?", entry), [])
        fake.control("POST", "stats/reset")
        self.sync("--full")
        looks = {f"/{table.removeprefix('asana_')}/{{gid}}" for table in gone}
        self.assertEqual(looks & set(fake.stats()["requests"]), set())

    def test_an_entry_that_is_still_there_stays_though_its_list_left_it_out(self):
        empty = [False]

        def before(target):
            if empty[0] and "/time_tracking_entries?" in target:
                return 200, {"Content-Type": "application/json"}, b'{"data":[],"next_page":null}'
            return None

        fake = self.fake(60)
        self.configure(self.relay(fake, before=before).url)
        self.sync()
        rows = self.query("SELECT count(*) FROM asana_time_tracking_entries")
        self.assertGreater(rows, [(0,)])
        empty[0] = True
        self.sync("--full", "--accept-deletions")
        self.assertEqual(self.query("SELECT count(*) FROM asana_time_tracking_entries"), rows)
        self.assertEqual(self.graves("asana_time_tracking_entries"), [])

    def test_a_category_that_is_archived_stays_and_a_deleted_one_leaves_after_two_walks(self):
        fake = self.mirrored()
        category = self.one("asana_time_tracking_categories", "is_archived = 0")
        fake.mutate(op="delete_work", gid=category)
        for _ in range(20):
            fake.mutate(seed=3, count=3, kinds=["time_category"])
        self.sync("--full")
        self.assertEqual(self.graves("asana_time_tracking_categories"), [])
        self.sync("--full")
        self.assertIn((category, "not_visible", "walk"), self.graves("asana_time_tracking_categories"))
        self.assert_truth(fake)
        archived = self.query("SELECT is_archived, count(*) FROM asana_time_tracking_categories GROUP BY 1 ORDER BY 1")
        self.assertEqual([flag for flag, _ in archived], [0, 1])

    def test_time_of_the_last_days_comes_within_the_hour_and_other_time_within_the_day(self):
        fake = self.mirrored(options=("--workspaces", "1"))
        task = self.one("asana_tasks")
        new = fake.mutate(op="track", gid=task, day=self.day(2), minutes=7)["gid"]
        old = fake.mutate(op="track", gid=task, day=self.day(40), minutes=8)["gid"]
        minutes = "SELECT gid, duration_minutes FROM asana_time_tracking_entries WHERE gid IN (?, ?) ORDER BY 2"
        self.sync()
        self.assertEqual(self.query(minutes, new, old), [])
        self.assertEqual(self.asked(fake).get("/time_tracking_entries", 0), 0)

        self.set_back("time_tracking_entries_since", 2)
        self.sync()
        self.assertEqual(self.query(minutes, new, old), [(new, 7)])
        self.assertEqual(self.asked(fake)["/time_tracking_entries"], 1)

        for stream in ("workspaces", "time_tracking_entries"):
            self.set_back(stream, 26)
        self.sync()
        self.assertEqual(self.query(minutes, new, old), [(new, 7), (old, 8)])

    def test_entries_go_and_come_back_with_their_task_and_what_a_project_has_with_the_project(self):
        fake = self.mirrored()
        task = self.query("SELECT task_gid FROM asana_time_tracking_entries JOIN asana_task_memberships USING (task_gid) "
                          "JOIN asana_projects p ON p.gid = project_gid AND p.mirrored_at IS NOT NULL")[0][0]
        entries = self.query("SELECT gid, 'deleted', 'parent' FROM asana_time_tracking_entries WHERE task_gid = ? ORDER BY 1", task)
        fake.mutate(op="delete_task", gid=task)
        self.sync()
        self.assertEqual([grave for grave in self.graves("asana_time_tracking_entries") if grave[0] in dict((e[0], e) for e in entries)],
                         entries)

        fake.mutate(op="undelete_task", gid=task)
        self.sync()
        self.assertEqual(self.query("SELECT gid, 'deleted', 'parent' FROM asana_time_tracking_entries WHERE task_gid = ? ORDER BY 1", task),
                         entries)

        project = self.query("SELECT parent_gid FROM asana_budgets JOIN asana_rates USING (parent_gid) "
                             "JOIN asana_allocations USING (parent_gid)")[0][0]
        fake.mutate(op="delete_project", gid=project)
        self.sync()
        for table in ("asana_budgets", "asana_rates", "asana_allocations"):
            self.assertEqual(self.query(f"SELECT * FROM {table} WHERE parent_gid = ?", project), [])
            self.assertEqual({by for _, _, by in self.graves(table)}, {"parent"})
        self.sync("--full")
        self.assert_truth(fake)

    def test_that_much_is_gone_with_a_project_is_not_held(self):
        fake = self.fake(201)
        self.configure(fake.url)
        self.sync()
        rows = self.query("SELECT count(*) FROM asana_time_tracking_entries")[0][0]
        self.assertGreater(rows, 20)
        project = self.query("SELECT attributable_to_gid FROM asana_time_tracking_entries JOIN asana_projects p "
                             "ON p.gid = attributable_to_gid AND p.mirrored_at IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC")[0][0]
        fake.mutate(op="private_project", gid=project, events=False)
        self.sync("--full")
        self.assertEqual(self.open_gaps(), [])
        self.assertLess(self.query("SELECT count(*) FROM asana_time_tracking_entries")[0][0], 0.8 * rows)

    def test_absences_go_with_the_person(self):
        for keep in (True, False):
            with self.subTest(keep_membership=keep):
                self.database = f"{self.folder}/{keep}.db"
                fake = self.mirrored(options=("--workspaces", "1"))
                me = self.query("SELECT value FROM sync_meta WHERE key = 'acme.token_user'")[0][0]
                user = self.query("SELECT user_gid FROM asana_ooo_entries WHERE user_gid <> ?", me)[0][0]
                lists = self.query("SELECT count(*) FROM asana_user_task_lists")[0][0]
                fake.mutate(op="user_leaves", gid=user, keep_membership=keep)
                self.sync("--full")
                self.sync("--full")
                self.assert_truth(fake)
                self.assertEqual(self.query("SELECT * FROM asana_ooo_entries WHERE user_gid = ?", user), [])
                self.assertEqual(self.query("SELECT count(*) FROM asana_user_task_lists")[0][0], lists if keep else lists - 1)
                fake.control("POST", "stats/reset")
                self.sync("--full")
                active = self.query("SELECT count(*) FROM asana_workspace_memberships WHERE is_active")[0][0]
                self.assertEqual(self.asked(fake)["/ooo_entries"], active)

    def test_a_feature_that_the_plan_lacks_is_asked_for_once_a_day(self):
        fake = self.fake(201, plan="free", options=("--workspaces", "1"))
        self.configure(fake.url)
        self.sync()
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual({path: self.asked(fake)[path] for path in PAID}, dict.fromkeys(PAID, 1))  # not once per project
        off = {name for (name,) in self.query("SELECT capability FROM sync_capabilities WHERE NOT available")}
        self.assertLessEqual({"time tracking", "capacity plans", "budgets", "rates"}, off)
        fake.control("POST", "stats/reset")
        self.sync("--full")
        self.assertEqual(PAID & set(self.asked(fake)), set())

    def test_a_feature_that_is_lost_leaves_its_rows(self):
        fake = self.mirrored()
        rows = {table: self.query(f"SELECT count(*) FROM {table}") for table in BY_PROJECT + BY_WORKSPACE}
        fake.fault({"kind": "status", "status": 402, "regex": "/(budgets|rates|task_templates|roles|agents|allocations|"
                                                              "timesheet_approval_statuses|time_tracking_entries|project_templates)"})
        self.change("DELETE FROM sync_capabilities")
        self.sync("--full")
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual({table: self.query(f"SELECT count(*) FROM {table}") for table in rows}, rows)

    def test_what_is_refused_is_a_gap_and_its_rows_stay(self):
        fake = self.mirrored()
        rows = self.query("SELECT count(*) FROM asana_rates")
        projects = self.query("SELECT count(*) FROM asana_projects WHERE mirrored_at IS NOT NULL")[0][0]
        fake.fault({"kind": "status", "status": 403, "regex": "/(rates|roles)\\?"})
        self.sync("--full", expect=1)
        streams = [gap[0] for gap in self.open_gaps()]
        self.assertEqual((streams.count("rates"), streams.count("roles")), (projects, 1))
        self.assertEqual(self.query("SELECT count(*) FROM asana_rates"), rows)
        self.assertEqual(self.graves("asana_rates"), [])
        fake.no_faults()
        self.make_everything_due()
        self.sync("--full")
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_what_is_switched_off_is_not_asked_for(self):
        fake = self.mirrored()
        off = ("time_tracking_entries", "time_tracking_categories", "timesheet_approval_statuses", "allocations", "budgets", "rates",
               "ooo_entries", "project_templates", "task_templates", "roles", "agents")
        self.configure(fake.url, lines=["resources: {" + ", ".join(f"{name}: false" for name in off) + "}"])
        self.sync()
        fake.control("POST", "stats/reset")
        self.set_back("time_tracking_entries_since", 2)
        self.sync("--full")
        asked = {path.rsplit("/", 1)[-1] for path in fake.stats()["requests"]}
        self.assertEqual(asked & set(off), set())

    def test_a_placeholder_has_the_name_that_came_along(self):
        fake = self.mirrored()
        names = self.query("SELECT DISTINCT p.name IS NOT NULL, p.mirrored_at FROM asana_placeholders p JOIN asana_allocations a "
                           "ON a.assignee_gid = p.gid WHERE a.assignee_type = 'placeholder'")
        self.assertEqual(names, [(1, None)])
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
