"""A first load by an export: the same mirror, by one file instead of a request for each task."""
import unittest

import support


class Exports(support.SystemTest):
    def begin(self, tasks=300, exports="allow", lines=(), options=(), **rules):
        fake = self.fake(tasks, plan="service", options=["--workspaces", "1", *options])
        fake.control("POST", "exports", rules)
        self.configure(fake.url, lines=[f"exports: {exports}", *lines])
        return fake

    def asked(self, fake, endpoint):
        return fake.stats()["requests"].get(endpoint, 0)

    def test_the_mirror_is_the_same_and_costs_no_request_per_task(self):
        fake = self.begin(polls=2)
        self.sync()
        self.assertEqual(self.asked(fake, "/jobs/{gid}"), 3)
        self.assertEqual(fake.stats()["total"], fake.minimum(exported=True) + 3)
        self.assertEqual((fake.stats()["downloads"], fake.stats()["betrayals"]), (1, 0))
        self.assert_truth(fake, exported=True)
        self.assertEqual(self.open_gaps(), [])


if __name__ == "__main__":
    support.main()
