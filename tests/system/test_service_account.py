"""A service account: one stream of events for a workspace, in place of one for each project."""
import unittest

import support


class ServiceAccount(support.SystemTest):
    def mirrored(self, tasks=300, options=()):
        fake = self.fake(tasks, plan="service", options=["--workspaces", "1", *options])
        self.configure(fake.url)
        self.sync()
        return fake

    def asked(self, fake, endpoint):
        return fake.stats()["requests"].get(endpoint, 0)

    def events_of(self, fake):
        asked = fake.stats()["requests"]
        return asked.get("/workspaces/{gid}/events", 0), asked.get("/events", 0)

    def test_the_mirror_is_the_same_and_costs_no_request_per_project(self):
        fake = self.mirrored()
        self.assertEqual(fake.stats()["total"], fake.minimum())
        self.assertEqual(self.events_of(fake), (1, 0))
        self.assert_truth(fake)
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertEqual(self.events_of(fake), (1, 0))
        self.assertEqual(self.last_run()["rows_written"], 0)

    def test_changes_of_every_kind_arrive(self):
        fake = self.mirrored()
        for seed in range(4):
            fake.mutate(seed=seed, count=60, silent=False)
            self.sync(expect=None)
        self.sync("--full", expect=None)
        self.make_everything_due()
        self.sync("--full", expect=None)
        self.assertEqual(self.events_of(fake)[1], 0)
        self.assert_nothing_wrong(fake)

    def test_a_changed_task_is_found_by_the_stream_of_the_workspace(self):
        fake = self.mirrored()
        task = self.query("SELECT t.gid FROM asana_tasks t JOIN asana_task_memberships m ON m.task_gid = t.gid "
                          "WHERE t.mirrored_at IS NOT NULL LIMIT 1")[0][0]
        fake.control("POST", "stats/reset")
        fake.mutate(op="rename_task", gid=task, name="renamed")
        self.sync()
        self.assertEqual(self.query("SELECT name FROM asana_tasks WHERE gid = ?", task), [("renamed",)])
        self.assertEqual(self.events_of(fake), (1, 0))
        self.assert_truth(fake)

    def test_a_task_that_may_not_be_seen_is_not_asked_for_its_stories(self):
        fake = self.mirrored()
        project = self.query("SELECT gid FROM asana_projects WHERE mirrored_at IS NOT NULL LIMIT 1")[0][0]
        task = fake.mutate(op="new_task", project=project, name="hidden")["gid"]
        fake.mutate(op="comment", gid=task, text="hidden, too")
        fake.mutate(op="forbid", gid=task)
        fake.control("POST", "stats/reset")
        self.sync(expect=1)
        self.assertEqual((self.asked(fake, "/tasks/{gid}"), self.asked(fake, "/tasks/{gid}/stories")), (1, 0))
        self.assertEqual(self.query("SELECT stream, scope FROM sync_gaps WHERE healed_at IS NULL"), [("task", task)])
        fake.mutate(op="permit", gid=task)
        self.make_everything_due()
        self.sync()
        self.assert_truth(fake)

    def test_what_was_lost_when_the_token_expired_is_walked(self):
        fake = self.mirrored(options=["--tags", "0"])  # a task that only a tag leads to is found with the tag's next walk
        fake.mutate(seed=7, count=30, kinds=["rename", "complete", "new_task", "comment"])
        fake.control("POST", "expire_tokens", {})
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertEqual(self.events_of(fake), (1, 0))
        self.assertGreater(fake.stats()["requests"]["/tasks?project"], 2)
        self.assert_truth(fake)

    def test_it_is_an_ordinary_token_afterwards(self):
        fake = self.mirrored()
        refused = {"kind": "status", "status": 403, "regex": "/workspaces/[0-9]+/events"}
        fake.fault(refused)
        fake.mutate(seed=3, count=20, kinds=["rename", "complete"])
        self.sync()
        self.assert_truth(fake)
        self.assertEqual(self.open_gaps(), [])
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertEqual(self.events_of(fake)[0], 0)
        self.assertGreater(self.events_of(fake)[1], 2)
        self.assertIn(("workspace_events", 0), self.query("SELECT capability, available FROM sync_capabilities"))

    def test_a_deletion_whose_event_was_lost_stands_in_the_audit_log(self):
        fake = self.mirrored()
        task = self.query("SELECT t.gid FROM asana_tasks t JOIN asana_task_memberships m ON m.task_gid = t.gid "
                          "WHERE t.num_subtasks = 0 AND t.parent_gid IS NULL LIMIT 1")[0][0]
        self.make_everything_due()
        self.sync()
        fake.control("POST", "events", {"drop": 1})
        fake.mutate(op="delete_task", gid=task)
        fake.control("POST", "stats/reset")
        self.change("UPDATE sync_work SET last_done_at = ? WHERE stream IN ('workspaces', 'audit_log_events')",
                    support.FAR_PAST)
        self.sync()
        self.assertNotIn("/tasks?project", fake.stats()["requests"])
        self.assertEqual(self.query("SELECT cause, detected_by, deleted_at IS NOT NULL FROM sync_tombstones "
                                    "WHERE gid = ?", task), [("deleted", "audit", 1)])
        self.assertEqual(self.query("SELECT event_type, resource_gid FROM asana_audit_log_events"),
                         [("task_deleted", task)])
        fake.control("POST", "stats/reset")
        self.change("UPDATE sync_work SET last_done_at = ? WHERE stream IN ('workspaces', 'audit_log_events')",
                    support.FAR_PAST)
        self.sync()
        self.assertNotIn("/tasks/{gid}", fake.stats()["requests"])  # heeded once
        self.assert_truth(fake)

    def test_the_audit_log_is_a_capability(self):
        fake = self.fake(60, plan="paid")
        self.configure(fake.url)
        self.sync()
        self.assertEqual(self.open_gaps(), [])
        self.assertIn(("audit log", 0), self.query("SELECT capability, available FROM sync_capabilities"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
