"""A first load by an export: the same mirror, by one file instead of a request for each task."""
import os
import signal
import time

import exports
import support


class Exports(exports.ExportTest):
    def test_the_mirror_is_the_same_and_costs_no_request_per_task(self):
        for seed in (1, 5):
            with self.subTest(seed=seed):
                self.database = os.path.join(self.folder, f"{seed}.db")
                fake = self.begin(polls=1, seed=seed)
                self.sync()
                self.assertEqual(self.asked(fake, "/jobs/{gid}"), 2)
                self.assertEqual(fake.stats()["total"], fake.minimum(exported=True) + 2)
                self.assertEqual((fake.stats()["posts"], fake.stats()["downloads"]), (1, 1))
                self.assert_by_export(fake)
                self.assert_truth(fake, exported=True)
                self.assertIn(("resource exports", 1),
                              self.query("SELECT capability, available FROM sync_capabilities"))
                fake.control("POST", "stats/reset")
                self.sync()
                self.assertEqual((self.last_run()["rows_written"], fake.stats()["posts"]), (0, 0))
                self.assert_by_export(fake)

    def test_rows_hash_as_those_of_lists_so_that_walking_them_writes_none(self):
        fake = self.begin(lines=["resources: {attachments: false}"])
        self.sync()
        self.assert_by_export(fake)
        fake.control("POST", "stats/reset")
        self.sync("--full")
        self.assertGreater(self.asked(fake, "/tasks/{gid}/stories"), 0)
        self.assertEqual(self.last_run()["rows_written"], 0)

    def test_links_that_expire_come_with_the_rotation(self):
        fake = self.begin()
        self.sync()
        self.assertNotEqual(self.differences(fake), {})
        self.sync("--full")
        self.assert_truth(fake)

    def test_all_workspaces_each_by_what_it_has(self):
        fake = self.fake(400, plan="service", options=["--workspaces", "3"])
        fake.control("POST", "exports", {"polls": 0})
        self.configure(fake.url, lines=["exports: allow"])
        self.sync()
        organizations = self.query("SELECT count(*) FROM asana_workspaces WHERE is_organization")[0][0]
        self.assertEqual(fake.stats()["posts"], organizations)
        self.assertEqual(fake.stats()["total"], fake.minimum(exported=True) + organizations)
        self.assert_truth(fake, exported=True)

    def test_without_stories_and_attachments(self):
        fake = self.begin(lines=["resources: {stories: false, attachments: false}"])
        self.sync()
        self.assert_by_export(fake)
        self.assertEqual(self.wrong_tables(fake) - {"asana_stories", "asana_attachments"}, set())
        self.assertEqual(self.count("asana_stories"),
                         self.query("SELECT count(*) FROM asana_stories WHERE target_type = 'goal'")[0][0])

    def test_what_changes_meanwhile_is_told_by_the_events(self):
        for at in ("request", "completion", "mixed"):
            with self.subTest(at=at):
                self.database = os.path.join(self.folder, f"{at}.db")
                fake = self.begin(at=at, polls=2, options=["--tags", "0"])
                sync = self.start_sync()
                support.wait_until(lambda: self.asked(fake, "/jobs/{gid}") >= 1)
                kinds = ["rename", "complete", "assign", "new_task", "new_subtask", "comment", "move", "add_to_project",
                         "attachment", "delete_task"]
                # Of a subtask that is in no file its parent may know, from before: only reconciling tells.
                fake.mutate(seed=11, count=60, kinds=kinds[:-1] if at == "mixed" else kinds)
                self.assertIn(sync.wait().code, (0, 1))
                self.assertEqual(fake.stats()["posts"], 1)
                self.sync(expect=None)
                differences = self.differences(fake, exported=True)
                for listed_hourly in ("asana_audit_log_events", "asana_goal_relationships"):
                    differences.pop(listed_hourly, None)
                self.assertEqual(differences, {})
                self.assertEqual(self.asked(fake, "/tasks?project"), 0)

    def test_the_other_lists_do_not_wait(self):
        fake = self.begin(never=True)
        sync = self.start_sync()
        support.wait_until(lambda: self.asked(fake, "/jobs/{gid}") >= 2)
        for endpoint in ("/memberships", "/projects/{gid}/sections", "/team_memberships", "/goals"):
            self.assertGreater(self.asked(fake, endpoint), 0, endpoint)
        self.assertEqual(self.asked(fake, "/tasks?project"), 0)
        sync.send(signal.SIGTERM)
        self.assertEqual(sync.wait().code, 75)

    def test_deny_is_the_default_and_sends_no_post(self):
        for exports in ("deny", ""):
            with self.subTest(exports=exports):
                self.database = os.path.join(self.folder, f"{exports}.db")
                fake = self.begin(tasks=60, exports=exports)
                self.sync()
                self.assertEqual(fake.stats()["posts"], 0)
                self.assertEqual(fake.stats()["total"], fake.minimum())
                self.assert_truth(fake)

    def test_a_personal_token_sends_no_post(self):
        fake = self.begin(tasks=60, plan="paid")
        ended = self.sync()
        self.assertEqual(fake.stats()["posts"], 0)
        self.assertLessEqual(fake.stats()["total"], fake.minimum() + 2)
        self.assertIn("its lists are walked instead", ended.err)
        self.assert_truth(fake)

    def test_a_mirror_that_has_begun_with_lists_goes_on_with_them(self):
        fake = self.begin(tasks=300, exports="deny")
        self.sync("--max-requests", str(fake.minimum() // 2), expect=75)
        self.assertGreater(self.asked(fake, "/tasks?project"), 0)
        self.configure(fake.url, lines=["exports: allow"])
        self.sync()
        self.assertEqual(fake.stats()["posts"], 0)
        self.assert_truth(fake)

    def test_freshness_claims_no_more_than_the_export(self):
        fake = self.begin(tasks=60, polls=2)
        sync = self.start_sync()
        support.wait_until(lambda: fake.stats()["posts"] == 1)
        time.sleep(0.2)
        asked = self.query("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")[0][0] if os.path.exists(self.database) else ""
        sync.wait()
        fresh = self.query("SELECT max(fresh_as_of) FROM sync_freshness WHERE table_name IN "
                           "('asana_tasks', 'asana_stories', 'asana_attachments') AND scope_gid IN "
                           "(SELECT scope FROM sync_work WHERE stream = 'project_tasks')")
        self.assertTrue(fresh[0][0])
        self.assertLess(fresh[0][0], asked)

    def test_a_daemon_begins_with_it_and_polls_then(self):
        fake = self.begin(tasks=200, polls=1, lines=[])
        daemon = self.start("run", "--config", self.config)
        support.wait_until(lambda: os.path.exists(self.database) and self.asked(fake, "/workspaces/{gid}/events") >= 2)
        self.assert_by_export(fake)
        support.wait_until(lambda: self.query("SELECT count(*) FROM sync_meta WHERE key LIKE '%pass_ended_at'")[0][0])
        self.assert_truth(fake, exported=True)
        daemon.send(signal.SIGTERM)
        self.assertEqual(daemon.wait().code, 0)

    def test_check_says_how_the_first_load_is_made(self):
        fake = self.begin(tasks=10)
        self.assertIn("by an export, if the token may", self.run_to_end("check", "--config", self.config).out)
        self.configure(fake.url)
        self.assertIn("`exports: allow` spares", self.run_to_end("check", "--config", self.config).out)
        self.assertEqual(fake.stats()["posts"], 0)


if __name__ == "__main__":
    support.main()
