"""What `taskmirror plan` says before a first sync, beside what that sync then asks for."""
import os
import re
import unittest

import support


class Plan(support.SystemTest):
    def plan(self, *arguments, expect=0):
        ended = self.run_to_end("plan", "--config", self.config, *arguments)
        self.assertEqual(ended.code, expect, ended)
        return ended

    @staticmethod
    def requests(text):
        """{stream: (requests, least, most)}"""
        found = {}
        for line in text.splitlines():
            match = re.match(r"  (\w+) +(\d+)  (?:(\d+) to (\d+))?", line)
            if match:
                name, mean, low, high = match.groups()
                found[name] = int(mean), int(low or mean), int(high or mean)
        return found

    def test_the_range_holds_what_a_sync_asks_for(self):
        for tasks, plan, seed, exports in ((0, "paid", 1, "deny"), (60, "free", 2, "deny"), (3000, "paid", 3, "deny"),
                                           (300, "service", 4, "allow")):
            with self.subTest(tasks=tasks, plan=plan):
                fake = self.fake(tasks, seed=seed, plan=plan)
                self.configure(fake.url, lines=[f"exports: {exports}"])
                planned = self.requests(self.plan().out)
                asked = fake.stats()["total"]
                self.assertFalse(os.path.exists(self.database))
                mean, low, high = planned["all"]
                fake.control("POST", "stats/reset")
                self.sync()
                needed = fake.stats()["total"]
                searches = sum(planned.get(name, (0,))[0] for name in ("search_tasks", "search_subtasks", "search_attachments"))
                self.assertAlmostEqual(searches, fake.stats()["requests"]["/workspaces/{gid}/tasks/search"], delta=3)
                lists = planned.get("project_tasks", (0,))[0]
                self.assertAlmostEqual(lists, fake.stats()["requests"].get("/tasks?project", 0), delta=1)
                self.assertEqual("resource_export" in planned, fake.stats()["posts"] > 0)
                self.assertLessEqual(low, needed)
                self.assertGreaterEqual(high, needed)
                self.assertAlmostEqual(mean, needed, delta=0.07 * needed + 3)
                if tasks >= 3000:
                    self.assertLess(asked, needed / 5)
                os.remove(self.database)

    def test_what_is_not_mirrored_is_named(self):
        fake = self.fake(60, plan="free")
        self.configure(fake.url, lines=["resources: {stories: false}"])
        text = self.plan().out
        self.assertNotIn("task_stories", self.requests(text))
        self.assertIn("not mirrored: stories, which the configuration switches off\n", text)
        self.assertRegex(text, "not mirrored: custom_fields, which the plan of workspace [0-9]+ lacks\n")

    def test_the_time_is_that_of_the_rate_in_force(self):
        fake = self.fake(300, plan="free")
        self.configure(fake.url, limits="{requests_per_minute: 6000, share: 0.5}")
        self.assertIn("a first sync at 3000 requests a minute, 50 % of the quota of 6000\n", self.plan().out)

    def test_a_refused_token_is_an_error(self):
        fake = self.fake(60)
        self.configure(fake.url)
        fake.fault({"kind": "status", "status": 401, "match": "/"})
        self.assertIn("the token is refused", self.plan(expect=77).err)


if __name__ == "__main__":
    unittest.main(verbosity=2)
