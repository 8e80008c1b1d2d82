"""What the tests of exports share."""
import support

TASK_LISTS = ("/tasks?project", "/tasks?assignee", "/tags/{gid}/tasks", "/tasks/{gid}/subtasks", "/tasks/{gid}/stories")


class ExportTest(support.SystemTest):
    def begin(self, tasks=300, exports="allow", lines=(), options=(), plan="service", seed=1, **rules):
        fake = self.fake(tasks, seed=seed, plan=plan, options=["--workspaces", "1", *options])
        fake.control("POST", "exports", {"polls": 0, **rules})
        self.configure(fake.url, lines=[f"exports: {exports}", *lines])
        return fake

    def asked(self, fake, endpoint):
        return fake.stats()["requests"].get(endpoint, 0)

    def count(self, table):
        return self.query(f"SELECT count(*) FROM {table} WHERE mirrored_at IS NOT NULL")[0][0]

    def assert_by_export(self, fake):
        """No list of tasks, and no task by itself, has been asked for."""
        self.assertEqual({endpoint: self.asked(fake, endpoint) for endpoint in TASK_LISTS}, dict.fromkeys(TASK_LISTS, 0))
        self.assertEqual(fake.stats()["betrayals"], 0)
        self.assertEqual(self.open_gaps(), [])

    def assert_by_lists(self, fake):
        self.assertGreater(self.asked(fake, "/tasks?project"), 0)
        self.assertEqual(fake.stats()["betrayals"], 0)
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake, exported=True)
