"""Offsets that expire, answers that overtake each other, servers that go away: the mirror converges all the same."""
import signal
import threading
import time
import urllib.parse

import support


class Disorder(support.SystemTest):
    def test_offsets_that_expire_in_the_middle_of_a_walk(self):
        fake = self.fake(250, seed=2, options=["--projects", "3"])
        advanced = []

        def before(target):
            if "tasks?project=" in target and "offset=" in target and not advanced:
                advanced.append(target)
                fake.control("POST", "advance", {"seconds": 16 * 60})

        relay = self.relay(fake, before=before)
        self.configure(relay.url)

        self.sync()

        self.assertEqual(len(advanced), 1)
        self.assertIn("400", fake.stats()["status"])
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_an_old_offset_is_not_used_after_a_restart(self):
        fake = self.fake(250, seed=2, options=["--projects", "3"])
        relay = self.relay(fake)
        self.configure(relay.url, "{requests_per_minute: 100000, share: 1, concurrency: 1}")
        walks = []
        while not walks:
            self.sync("--max-requests", "2", expect=75)
            walks = self.query("SELECT resume FROM sync_work WHERE resume IS NOT NULL")
        self.change("UPDATE sync_work SET resumed_at = ? WHERE resume IS NOT NULL", support.FAR_PAST)
        relay.arrivals.clear()

        self.sync()

        offsets = {offset for offset, in walks}
        asked = {urllib.parse.parse_qs(urllib.parse.urlsplit(target).query).get("offset", [""])[0]
                 for _, target in relay.arrivals}
        self.assertEqual(asked & offsets, set())
        self.assertNotIn("400", fake.stats()["status"])
        self.assert_truth(fake)

    def test_an_old_page_that_comes_late_does_not_overwrite_a_fresher_answer(self):
        fake = self.fake(30, seed=2, options=["--no-data-that-hurts"])
        truth = fake.truth()
        assignee = {row["gid"]: row["assignee_gid"] for row in truth["asana_tasks"]}
        task, project = next((row["task_gid"], row["project_gid"]) for row in truth["asana_task_memberships"]
                             if assignee.get(row["task_gid"]))
        renamed, fresher_came = threading.Event(), threading.Event()

        def after(target, _, body):
            if "assignee=" in target and task.encode() in body and not renamed.is_set():
                fake.mutate(op="rename_task", gid=task, name="the fresher name")
                renamed.set()
                fresher_came.wait(10)
                time.sleep(0.3)  # the answer that overtook this one is on its way
            elif f"tasks?project={project}&" in target and b"the fresher name" in body:
                fresher_came.set()

        relay = self.relay(fake, after=after)
        self.configure(relay.url)

        self.sync()

        self.assertTrue(fresher_came.is_set())
        self.assertEqual(self.query("SELECT name FROM asana_tasks WHERE gid = ?", task), [("the fresher name",)])
        self.assertEqual(self.wrong_tables(fake) - {"asana_stories"}, set())

    def dying_server(self):
        """A sync whose server has just died, and that server."""
        fake = self.fake(250, seed=2)
        self.configure(fake.url)
        fake.fault({"kind": "slow", "ms": 50, "match": "/stories"})
        running = self.start_sync()
        support.wait_until(lambda: fake.stats()["total"] > 300)
        fake.stop()
        return running, fake

    def test_a_server_that_dies_and_comes_back(self):
        running, old = self.dying_server()
        time.sleep(1)
        fake = self.fake(250, seed=2, port=old.port)

        ended = running.wait()

        self.assertEqual(ended.code, 0, ended)
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_a_sync_that_is_ended_while_the_server_is_down(self):
        running, _ = self.dying_server()
        time.sleep(3)
        running.send(signal.SIGTERM)
        ended = running.wait(5)
        self.assertEqual(ended.code, 75, ended)
        self.assertEqual(self.open_gaps(), [])

        fake = self.fake(250, seed=2)
        self.configure(fake.url)
        self.sync()
        self.assert_truth(fake)

    @support.long
    def test_a_server_that_does_not_come_back(self):
        running, _ = self.dying_server()
        ended = running.wait(300)
        self.assertEqual(ended.code, 69, ended)
        self.assertEqual(self.open_gaps(), [])

    def test_a_server_that_is_down_from_the_start(self):
        fake = self.fake(0)
        fake.stop()
        self.configure(fake.url)
        ended = self.sync(expect=69)
        self.assertIn("base_url", ended.err)
        self.assertLess(ended.seconds, 10)


if __name__ == "__main__":
    support.main()
