"""Where the plan has search: the same mirror with fewer requests, whatever the index of the search loses."""
import os
import time

import support
from test_changes import TOLD

SEARCH = "/workspaces/{gid}/tasks/search"
OFF = 402, {"Content-Type": "application/json"}, b'{"errors":[{"message":"Search is only available to premium users."}]}'


class Search(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, lag_ms=0, **options):
        fake = self.fake(tasks, options=["--search-lag-ms", str(lag_ms)], **options)
        self.configure(fake.url)
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def asked(self, fake):
        """Requests by endpoint, without those of every sync."""
        requests = fake.stats()["requests"]
        for endpoint in ("/users/me", "/events", SEARCH):
            requests.pop(endpoint, None)
        fake.control("POST", "stats/reset")
        return requests

    def rows(self):
        """{table: rows}, of all that is mirrored, but when it was."""
        tables = [row[0] for row in self.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB 'asana_*'")]
        found = {}
        for table in tables:
            columns = [row[0] for row in self.query("SELECT name FROM pragma_table_info(?)", table)]
            columns = [name for name in columns if name != "mirrored_at"]
            found[table] = sorted(self.query(f"SELECT {', '.join(columns)} FROM {table}"), key=repr)
        return found

    def stored_tasks(self):
        return [row[0] for row in self.query("SELECT gid FROM asana_tasks WHERE mirrored_at IS NOT NULL")]

    def projectless(self, count=1):
        rows = self.query("SELECT gid FROM asana_tasks t WHERE parent_gid IS NULL AND assignee_gid IS NOT NULL AND gid NOT IN "
                          "(SELECT task_gid FROM asana_task_memberships) AND gid NOT IN (SELECT parent_gid FROM "
                          f"asana_attachments) AND mirrored_at IS NOT NULL ORDER BY gid LIMIT {count}")
        self.assertEqual(len(rows), count)
        return [row[0] for row in rows]

    def name(self, gid):
        return self.query("SELECT name FROM asana_tasks WHERE gid = ?", gid)[0][0]

    def test_slow_stories_do_not_ask_for_attachments_twice(self):
        fake = self.fake(201, plan="paid")
        slow = [f"/tasks/{row['target_gid']}/stories" for row in fake.truth()["asana_stories"]
                if row["resource_subtype"] == "attachment_added"]
        self.assertGreater(len(slow), 0)
        relay = self.relay(fake, before=lambda target: time.sleep(0.5) if target.split("?")[0].endswith(tuple(slow)) else None)
        self.configure(relay.url)
        self.sync()
        self.assertEqual(fake.stats()["total"], fake.minimum())

    def test_both_ways_give_the_same_database(self):
        for seed in (1, 2):
            with self.subTest(seed=seed):
                fake = self.fake(201, seed=seed, options=["--search-lag-ms", "0"])
                relay = self.relay(fake, before=lambda target: OFF if "/tasks/search" in target else None)
                ways = [(fake.url, os.path.join(self.folder, f"with{seed}.db")),
                        (relay.url, os.path.join(self.folder, f"without{seed}.db"))]
                requests = [0, 0]

                def each(*arguments):
                    found = []
                    for way, (url, self.database) in enumerate(ways):
                        self.configure(url)
                        fake.control("POST", "stats/reset")
                        self.sync(*arguments)
                        requests[way] = fake.stats()["total"]
                        found.append(self.rows())
                    for table in found[0]:
                        self.assertEqual(found[0][table], found[1][table], table)

                each()
                for round in range(3):
                    fake.mutate(seed=10 * seed + round, count=20,
                                kinds=["rename", "notes", "complete", "due_date", "comment", "edit_comment", "move",
                                       "custom_field_value", "attachment", "delete_task"])
                    each()
                    self.assertLess(requests[0], requests[1])
                fake.mutate(seed=7, count=40, kinds=TOLD)
                for _, self.database in ways:
                    self.make_everything_due()
                each("--full")
                self.assert_truth(fake)

    def test_a_first_load_asks_search_instead_of_each_task(self):
        fake = self.fake(600)
        self.configure(fake.url)
        self.sync()
        self.assert_truth(fake)
        requests, least = fake.stats()["requests"], fake.control("GET", "minimum")["streams"]
        parents = self.query("SELECT count(*) FROM asana_tasks WHERE num_subtasks > 0")[0][0]
        tasks = self.query("SELECT count(*) FROM asana_tasks WHERE mirrored_at IS NOT NULL")[0][0]
        self.assertGreater(parents, 50)
        self.assertLess(requests.get("/tasks/{gid}/subtasks", 0), 5)
        attachments = sum(count for stream, count in least.items() if stream.endswith("_attachments"))
        self.assertLess(requests["/attachments"], tasks / 2)
        self.assertAlmostEqual(requests["/attachments"], attachments, delta=5)

    def test_a_first_load_finds_what_the_index_does_not_know_yet(self):
        fake = self.fake(201, options=["--search-lag-ms", "60000"])
        fake.mutate(seed=1, count=60, kinds=["attachment", "new_subtask", "delete_attachment", "delete_task"])
        self.configure(fake.url)
        self.sync()
        self.assert_truth(fake)

    def test_a_first_load_finds_what_the_index_has_lost(self):
        fake = self.fake(201)
        fake.control("POST", "search", {"frozen": True})
        fake.mutate(seed=1, count=60, kinds=["attachment", "new_subtask"])
        fake.control("POST", "advance", {"seconds": 3600})  # longer ago than an index needs
        self.configure(fake.url)
        self.sync()
        truth = fake.truth()
        above = {row["gid"]: row["parent_gid"] for row in truth["asana_tasks"]}
        # What stands below a subtask is counted by that one, and its number is lost as well.
        self.assertEqual({gid for gid in above.keys() - set(self.stored_tasks()) if not above.get(above[gid])}, set())
        stored = {row[0] for row in self.query("SELECT parent_gid FROM asana_attachments WHERE mirrored_at IS NOT NULL")}
        empty = {row["parent_gid"] for row in truth["asana_attachments"]} - stored
        self.assertEqual(empty & set(self.stored_tasks()), set())
        fake.control("POST", "search", {})
        self.sync()
        self.sync("--full")
        self.assert_truth(fake)

    def test_without_stories_the_next_search_for_all_finds_an_attachment_that_the_index_had_lost(self):
        fake = self.fake(60)
        fake.control("POST", "search", {"frozen": True})
        fake.mutate(seed=1, count=20, kinds=["attachment"])
        fake.control("POST", "advance", {"seconds": 3600})
        self.configure(fake.url, lines=["resources: {stories: false}"])
        self.sync()
        true = {row["gid"] for row in fake.truth()["asana_attachments"]}

        def stored():
            return {row[0] for row in self.query("SELECT gid FROM asana_attachments WHERE mirrored_at IS NOT NULL")}

        self.assertLess(stored(), true)
        fake.control("POST", "search", {})
        self.change("UPDATE sync_work SET last_done_at = '2020-01-01T00:00:00.000Z' WHERE stream = 'search_attachments'")
        self.sync()
        self.assertEqual(stored(), {row["gid"] for row in fake.truth()["asana_attachments"]})

    def test_a_changed_task_costs_its_stories_wherever_it_stands(self):
        fake = self.mirrored()
        free = "t.gid NOT IN (SELECT parent_gid FROM asana_attachments)"
        members = [row[0] for row in self.query(
            "SELECT DISTINCT t.gid FROM asana_tasks t JOIN asana_task_memberships m ON m.task_gid = t.gid JOIN asana_projects p "
            f"ON p.gid = m.project_gid WHERE p.mirrored_at IS NOT NULL AND t.parent_gid IS NULL AND {free} ORDER BY 1 LIMIT 3")]
        subtasks = [row[0] for row in self.query(
            f"SELECT gid FROM asana_tasks t WHERE parent_gid IS NOT NULL AND {free} ORDER BY 1 LIMIT 3")]
        tasks = {*members, *subtasks, *self.projectless(3)}
        for gid in tasks:
            fake.mutate(op="rename_task", gid=gid, name=f"new name of {gid}")

        self.sync()

        self.assertEqual(self.asked(fake), {"/tasks/{gid}/stories": len(tasks)})
        self.assert_truth(fake)
        self.sync()
        self.assertEqual(self.asked(fake), {})
        self.assertEqual(self.last_run()["rows_written"], 0)

    def test_an_index_that_lags_loses_nothing(self):
        fake = self.mirrored(lag_ms=60_000)
        projectless, = self.projectless()
        member = self.query("SELECT m.task_gid FROM asana_task_memberships m JOIN asana_projects p ON p.gid = m.project_gid "
                            "WHERE p.mirrored_at IS NOT NULL ORDER BY 1 LIMIT 1")[0][0]
        fake.mutate(op="rename_task", gid=projectless, name="found later")
        fake.mutate(op="rename_task", gid=member, name="told by an event")
        self.sync()
        self.assertEqual(self.name(member), "told by an event")
        self.assertNotEqual(self.name(projectless), "found later")
        for _ in range(4):  # meanwhile searches go on
            fake.control("POST", "advance", {"seconds": 20})
            self.sync()
        self.assertEqual(self.name(projectless), "found later")
        self.assert_truth(fake)

    def test_an_index_that_stands_still_changes_nothing_that_is_newer(self):
        fake = self.mirrored()
        fake.mutate(seed=1, count=30, kinds=["rename", "notes"])
        fake.control("POST", "search", {"frozen": True})
        fake.mutate(seed=2, count=30, kinds=["rename", "move", "delete_task", "new_task", "new_subtask", "complete"])
        self.sync()
        self.sync()
        gone = {row["gid"] for row in fake.truth()["asana_tasks"]}
        self.assertEqual([row for row in self.query("SELECT gid FROM asana_tasks WHERE mirrored_at IS NOT NULL "
                                                    "AND gid IN (SELECT gid FROM sync_tombstones)")], [])
        self.assertGreater(len(gone), 0)
        fake.control("POST", "search", {})
        self.sync()
        self.sync("--full")
        self.assert_truth(fake)

    def test_many_tasks_of_one_millisecond(self):
        fake = self.mirrored(600)
        fake.mutate(seed=1, count=400, kinds=["rename"])
        names = {row["gid"]: row["name"] for row in fake.truth()["asana_tasks"]}
        before = dict(self.query("SELECT gid, name FROM asana_tasks WHERE mirrored_at IS NOT NULL"))
        self.assertGreater(sum(name != names[gid] for gid, name in before.items()), 150)
        self.sync()
        self.assertEqual(dict(self.query("SELECT gid, name FROM asana_tasks WHERE mirrored_at IS NOT NULL")), names)
        self.assertEqual(self.open_gaps(), [])

    def test_what_search_cannot_tell_apart_is_a_gap_and_found_all_the_same(self):
        fake = self.mirrored()
        fake.mutate(seed=1, count=250, kinds=["new_task"])
        ended = self.sync(expect=1)
        self.assertIn("search does not tell apart", ended.out)
        fake.control("POST", "advance", {"seconds": 600})
        self.sync(expect=1)  # it asks for what it asked for before, the last minutes
        self.sync("--full")
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_no_more_searches_than_may_be_made(self):
        fake = self.fake(600, limits=True, options=["--requests-per-minute", "0", "--concurrency", "0"])  # of searches alone
        self.configure(fake.url, limits="{requests_per_minute: 1500, share: 1}")
        self.sync()
        fake.mutate(seed=1, count=1000, kinds=["rename"])
        fake.control("POST", "stats/reset")
        ended = self.sync()
        searches = fake.stats()["requests"][SEARCH]
        self.assertGreater(searches, 4)
        self.assertGreaterEqual(ended.seconds, (searches - 2) / 60 * 60 / 0.97 - 1)
        self.assertNotIn("429", fake.stats()["status"])

    def test_a_plan_without_search_is_asked_once_a_day(self):
        fake = self.fake(60, plan="free")
        self.configure(fake.url)
        self.sync()
        workspaces = self.query("SELECT count(*) FROM asana_workspaces")[0][0]
        self.assertEqual(self.query("SELECT count(*) FROM sync_capabilities WHERE capability = 'search' AND available = 0"),
                         [(workspaces,)])
        self.assertEqual(fake.stats()["requests"][SEARCH], workspaces)
        self.assertEqual(self.open_gaps(), [])
        fake.control("POST", "stats/reset")
        self.sync("--full")
        self.assertNotIn(SEARCH, fake.stats()["requests"])
        self.change("UPDATE sync_capabilities SET checked_at = '2020-01-01T00:00:00.000Z'")
        self.sync("--full")
        self.assertEqual(fake.stats()["requests"][SEARCH], workspaces)
        status = self.run_to_end("status", "--config", self.config)
        self.assertIn("no search", status.out)

    def test_a_plan_that_loses_search_and_gets_it_back(self):
        fake = self.mirrored()
        first, second, third = self.projectless(3)
        fake.fault({"kind": "status", "match": "/tasks/search", "status": 402})
        fake.mutate(op="rename_task", gid=first, name="without search")
        self.sync()
        self.assertEqual(self.name(first), "without search")
        self.assertEqual(self.open_gaps(), [])
        fake.no_faults()
        fake.mutate(op="rename_task", gid=second, name="still without")
        self.sync()
        self.assertEqual(self.name(second), "still without")
        self.change("UPDATE sync_capabilities SET checked_at = '2020-01-01T00:00:00.000Z'")
        self.change("UPDATE sync_work SET last_done_at = '2020-01-01T00:00:00.000Z' WHERE stream = 'workspaces'")
        fake.mutate(op="rename_task", gid=third, name="with it again")
        self.sync()
        self.assertEqual(self.name(third), "with it again")
        self.assert_truth(fake)
        self.sync()  # the first search tells since when it replaces the lists
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertNotIn("/tasks?assignee&modified_since", fake.stats()["requests"])


if __name__ == "__main__":
    support.main()
