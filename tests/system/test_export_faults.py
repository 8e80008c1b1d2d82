"""What goes wrong with an export, and where the process dies: the lists, or the same job, make up for it."""
import json
import os
import random
import time
import urllib.request

import exports
import support


class ExportFaults(exports.ExportTest):
    def test_a_token_that_may_not_is_a_capability(self):
        for status in (402, 403):
            with self.subTest(status=status):
                self.database = os.path.join(self.folder, f"{status}.db")
                fake = self.begin(tasks=60)
                fake.fault({"kind": "status", "status": status, "match": "/exports/resource"})
                self.sync()
                self.assert_by_lists(fake)
                self.assertIn(("resource exports", 0),
                              self.query("SELECT capability, available FROM sync_capabilities"))
                self.sync()
                self.assertEqual(fake.stats()["posts"], 1)

    def test_it_waits_for_another_export(self):
        fake = self.begin(tasks=60)
        workspace = fake.truth()["asana_workspaces"][0]["gid"]
        body = {"data": {"workspace": workspace,
                         "export_request_parameters": [{"resource_type": "task", "fields": ["name"]}]}}
        request = urllib.request.Request(fake.url + "/exports/resource", json.dumps(body).encode(), method="POST",
                                         headers={"Authorization": f"Bearer {support.TOKEN}",
                                                  "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=support.TIMEOUT) as answer:
            other = json.load(answer)["data"]["gid"]
        sync = self.start_sync()
        support.wait_until(lambda: fake.stats()["posts"] >= 3)
        fake.get(f"/jobs/{other}")
        self.assertEqual(sync.wait().code, 0)
        self.assert_by_export(fake)
        self.assert_truth(fake, exported=True)

    def test_a_job_that_fails_is_asked_for_once_more(self):
        fake = self.begin(tasks=60, failures=1)
        self.sync()
        self.assertEqual(fake.stats()["posts"], 2)
        self.assert_by_export(fake)
        self.assert_truth(fake, exported=True)

    def test_a_job_that_fails_twice_leaves_it_to_the_lists(self):
        fake = self.begin(tasks=60, failures=2)
        ended = self.sync()
        self.assertEqual((fake.stats()["posts"], fake.stats()["downloads"]), (2, 0))
        self.assertIn("its job failed twice", ended.err)
        self.assert_by_lists(fake)
        self.sync()
        self.assertEqual(fake.stats()["posts"], 2)

    def test_a_link_that_expired_is_renewed(self):
        fake = self.begin(tasks=60)
        fake.fault({"kind": "status", "status": 403, "match": "/export/", "times": 2})
        self.sync()
        self.assertEqual((fake.stats()["posts"], fake.stats()["downloads"], self.asked(fake, "/jobs/{gid}")), (1, 3, 3))
        self.assert_by_export(fake)
        self.assert_truth(fake, exported=True)

    def test_a_download_that_breaks_off_goes_on_or_begins_again(self):
        for ranges in (True, False):
            with self.subTest(ranges=ranges):
                self.database = os.path.join(self.folder, f"{ranges}.db")
                fake = self.begin(tasks=3000, ranges=ranges)
                fake.fault({"kind": "truncate", "match": "/export/", "times": 1})
                self.sync()
                self.assertEqual((fake.stats()["posts"], fake.stats()["downloads"]), (1, 2))
                self.assert_by_export(fake)
                self.assert_truth(fake, exported=True)

    def test_a_file_that_never_comes_whole_leaves_it_to_the_lists(self):
        fake = self.begin(tasks=60)
        fake.fault({"kind": "truncate", "match": "/export/"})
        ended = self.sync()
        self.assertIn("its file cannot be downloaded", ended.err)
        self.assert_by_lists(fake)

    def test_a_line_that_is_too_long_or_none_is_asked_for_by_itself(self):
        for rules in ({"giant": 9_000_000}, {"invalid": True}):
            with self.subTest(rules=rules):
                self.database = os.path.join(self.folder, f"{list(rules)[0]}.db")
                fake = self.begin(tasks=200, **rules)
                self.sync()
                self.assertEqual(self.asked(fake, "/tasks/{gid}"), 1)
                self.assertEqual(self.asked(fake, "/tasks?project"), 0)
                self.assertLessEqual(self.asked(fake, "/tasks/{gid}/stories"), 1)
                self.assertEqual(self.open_gaps(), [])
                self.assert_truth(fake, exported=True)

    def test_a_line_that_does_not_say_what_it_is_leaves_it_to_the_lists(self):
        fake = self.begin(tasks=200, giant=9_000_000, nameless=True)
        ended = self.sync()
        self.assertIn("do not say what they are", ended.err)
        self.assertLessEqual(self.asked(fake, "/tasks/{gid}/stories"), 1)
        self.assert_by_lists(fake)

    def test_a_redirect_is_followed_without_the_token_and_nowhere_it_must_not_go(self):
        fake = self.begin(tasks=60)
        listener = support.Listener()
        self.addCleanup(listener.stop)
        fake.fault({"kind": "redirect", "match": "/export/", "location": f"ftp://127.0.0.1:{listener.port}/x"})
        self.sync()
        self.assertEqual(listener.connections, 0)
        self.assert_by_lists(fake)
        self.database = os.path.join(self.folder, "second.db")
        fake = self.begin(tasks=60, lines=["api_changes: {enable: [something]}"])
        fake.fault({"kind": "redirect", "match": "/export/", "times": 1, "location": "?expires=9999999999999"})
        self.sync()
        self.assertEqual(fake.stats()["downloads"], 2)
        self.assert_by_export(fake)

    def test_killed_anywhere_it_asks_for_one_job(self):
        fake = self.begin(tasks=600, polls=2)
        dice = random.Random(3)
        for _ in range(6):
            sync = self.start_sync()
            time.sleep(dice.uniform(0.05, 2))
            sync.kill()
            self.assert_sound() if os.path.exists(self.database) else None
        support.wait_until(lambda: self.start_sync().wait().code == 0)
        # A POST whose answer was not stored leaves a job that nobody knows of; until it ends, others are refused.
        self.assertLessEqual(fake.stats()["status"]["201"], 6 + 1)
        self.assertEqual(self.asked(fake, "/tasks?project"), 0)
        self.assert_truth(fake, exported=True)

    def test_a_job_is_remembered(self):
        fake = self.begin(tasks=200, polls=5)
        sync = self.start_sync()
        support.wait_until(lambda: self.asked(fake, "/jobs/{gid}") >= 2)
        sync.kill()
        self.sync()
        self.assertEqual(fake.stats()["posts"], 1)
        self.assert_by_export(fake)
        self.assert_truth(fake, exported=True)

    def test_denied_in_between_it_is_left_to_the_lists(self):
        fake = self.begin(tasks=60, never=True)
        sync = self.start_sync()
        support.wait_until(lambda: self.asked(fake, "/jobs/{gid}") >= 1)
        sync.kill()
        self.configure(fake.url, lines=["exports: deny"])
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertEqual((fake.stats()["posts"], self.asked(fake, "/jobs/{gid}")), (0, 0))
        self.assert_by_lists(fake)


if __name__ == "__main__":
    support.main()
