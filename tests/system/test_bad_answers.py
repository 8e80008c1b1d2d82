"""Whatever the network sends: that request fails with a retry or a gap, nothing of the page is stored, other work goes
on, and a later sync heals what was missing."""
import os
import time

import support


class BadAnswers(support.SystemTest):
    def workspace(self, tasks=30, seed=2):
        fake = self.fake(tasks, seed=seed, options=["--no-data-that-hurts"])
        self.configure(fake.url)
        return fake

    def tasks_with_stories(self, fake, count):
        """Of reachable tasks: only /tasks/{gid}/stories leads to these rows."""
        found = list(dict.fromkeys(row["target_gid"] for row in fake.truth()["asana_stories"]
                                   if row["target_type"] == "task"))
        self.assertGreaterEqual(len(found), count)
        return found[:count]

    def assert_gaps_then_healed(self, fake, rules):
        """One task's stories are spoiled by each rule, for good; then the faults end."""
        tasks = self.tasks_with_stories(fake, len(rules))
        fake.fault(*({**rule, "match": f"/tasks/{task}/stories"} for task, rule in zip(tasks, rules)))

        ended = self.sync(expect=1)

        gaps = {scope: (stream, message, retry_at) for stream, scope, _, message, retry_at in self.open_gaps()}
        for task, rule in zip(tasks, rules):
            with self.subTest(rule=rule):
                self.assertIn(task, gaps, ended)
                self.assertEqual(gaps[task][0], "task_stories")
                self.assertTrue(gaps[task][1] and gaps[task][2])
                self.assertEqual(self.query("SELECT count(*) FROM asana_stories WHERE target_gid = ? "
                                            "AND mirrored_at IS NOT NULL", task), [(0,)])
        self.assertEqual(set(gaps), set(tasks))
        self.assertEqual(self.wrong_tables(fake), {"asana_stories"})
        self.assert_nothing_wrong(fake)

        fake.no_faults()
        self.make_everything_due()
        self.sync()
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual(self.query("SELECT count(healed_at) FROM sync_gaps"), [(len(rules),)])
        self.assert_truth(fake)
        return ended

    def test_a_connection_that_is_cut(self):
        self.assert_gaps_then_healed(self.workspace(), [
            {"kind": "truncate", "bytes": 0},
            {"kind": "truncate", "bytes": 1},
            {"kind": "truncate"},
            {"kind": "close"}])

    def test_json_that_is_cut_in_a_whole_answer(self):
        fake = self.workspace()
        whole = fake.get(f"/tasks/{self.tasks_with_stories(fake, 1)[0]}/stories?limit=100").decode()
        cuts = (1, 9, len(whole) // 2, len(whole) - 1)
        self.assert_gaps_then_healed(fake, [{"kind": "garbage", "body": whole[:cut]} for cut in cuts])

    def test_answers_that_are_not_what_the_api_promises(self):
        self.assert_gaps_then_healed(self.workspace(), [
            {"kind": "garbage", "body": "not JSON"},
            {"kind": "garbage", "body": "[]"},
            {"kind": "garbage", "body": '{"data":[]} and more'},
            {"kind": "missing_data"},
            {"kind": "doubled_data"},
            {"kind": "no_gid"},
            {"kind": "wrong_type", "what": "data"},
            {"kind": "wrong_type", "what": "gid"},
            {"kind": "wrong_type", "what": "next_page"},
            {"kind": "garbage", "body": '{"data":[{"gid":"7","text":"\xc3\x28"'},
            {"kind": "html", "status": 200}])

    def test_invalid_utf8(self):
        fake = self.workspace()
        project = fake.truth()["asana_sections"][0]["project_gid"]
        fake.fault({"kind": "bad_utf8", "match": f"/projects/{project}/sections"})

        self.sync(expect=1)

        self.assertEqual([gap[:2] for gap in self.open_gaps()], [("sections", project)])
        self.assertEqual(self.query("SELECT count(*) FROM asana_sections WHERE project_gid = ?", project), [(0,)])
        fake.no_faults()
        self.make_everything_due()
        self.sync()
        self.assert_truth(fake)

    def test_bodies_that_are_too_large(self):
        ended = self.assert_gaps_then_healed(self.workspace(), [
            {"kind": "big_body", "bytes": 200_000_000}, {"kind": "gzip_bomb", "bytes": 80 << 20}])
        if not support.SANITIZED:
            self.assertLess(ended.megabytes, 400)

    def test_a_redirect_reaches_no_other_host(self):
        fake = self.workspace()
        other = support.Listener()
        self.addCleanup(other.stop)
        location = f"http://127.0.0.1:{other.port}/api/1.0/tasks"
        self.assert_gaps_then_healed(fake, [{"kind": "redirect", "status": status, "location": location}
                                            for status in (301, 302, 303, 307, 308)])
        self.assertEqual(other.connections, 0)

    def test_the_same_offset_for_ever(self):
        fake = self.fake(600, seed=2, options=["--projects", "3"])
        self.configure(fake.url)
        fake.fault({"kind": "same_offset", "regex": "/tasks\\?project=.*offset="})

        ended = self.sync(expect=1)

        self.assertIn("same offset", self.open_gaps()[0][3])
        self.assertLess(fake.stats()["total"], fake.minimum() + 50, ended)
        fake.no_faults()
        self.make_everything_due()
        self.sync()
        self.assert_truth(fake)

    def test_server_errors_shrink_the_page_and_then_pass(self):
        fake = self.fake(250, seed=2)
        relay = self.relay(fake)
        self.configure(relay.url)
        project = fake.truth()["asana_projects"][0]["gid"]
        fake.fault({"kind": "status", "status": 500, "match": f"/tasks?project={project}", "times": 2},
                   {"kind": "status", "status": 504, "match": "/projects?workspace=", "times": 2},
                   {"kind": "status", "status": 503, "match": "/users?workspace=", "times": 2},
                   {"kind": "status", "status": 502, "match": "/memberships", "times": 1})

        self.sync()

        self.assertIn("limit=50", " ".join(target for _, target in relay.arrivals))
        self.assertEqual(self.last_run()["retries"], 7)
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_many_objects_that_always_fail_do_not_stop_the_rest(self):
        fake = self.workspace(100)
        tasks = self.tasks_with_stories(fake, 30)
        fake.fault(*({"kind": "status", "status": 500, "match": f"/tasks/{task}/stories"} for task in tasks))

        self.sync(expect=1)

        self.assertEqual({gap[1] for gap in self.open_gaps()}, set(tasks))
        self.assertEqual(self.wrong_tables(fake), {"asana_stories"})

    def test_a_feature_that_the_plan_lacks_is_no_gap(self):
        fake = self.workspace()
        fake.fault({"kind": "status", "status": 402, "match": "/project_briefs/"})

        ended = self.sync()

        self.assertEqual(self.open_gaps(), [])
        off = self.query("SELECT capability FROM sync_capabilities WHERE NOT available ORDER BY capability")
        self.assertEqual(off, [("audit log",), ("project_briefs",), ("workspace_events",)])
        self.assertIn("project_briefs", ended.out)

    def test_what_is_hidden_is_a_gap_that_heals(self):
        for status in (403, 404):
            with self.subTest(status=status):
                self.database = os.path.join(self.folder, f"{status}.db")
                fake = self.workspace()
                task = self.tasks_with_stories(fake, 1)[0]
                fake.fault({"kind": "status", "status": status, "match": f"/tasks/{task}/stories"})

                ended = self.sync(expect=1)

                (stream, scope, found, message, retry_at), = self.open_gaps()
                self.assertEqual((stream, scope, found), ("task_stories", task, status))
                self.assertIn("a fault on demand", message)
                self.assertGreater(retry_at, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()))
                self.assertIn(task, ended.out)
                before = fake.stats()["requests"]
                self.sync(expect=1)  # not asked again before its time
                key = next(name for name in before if "stories" in name)
                self.assertEqual(fake.stats()["requests"][key], before[key])

                fake.no_faults()
                self.make_everything_due()
                self.sync()
                self.assertEqual(self.query("SELECT count(*) FROM sync_gaps WHERE healed_at IS NOT NULL"), [(1,)])
                self.assert_truth(fake)

    def test_a_legal_refusal_stops_the_account(self):
        fake = self.workspace()
        fake.fault({"kind": "status", "status": 451, "match": "/tasks"})
        ended = self.sync(expect=69)
        self.assertIn("451", ended.err)
        self.assertLess(fake.stats()["total"], 60)


if __name__ == "__main__":
    support.main()
