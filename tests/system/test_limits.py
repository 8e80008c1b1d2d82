"""Never more requests than the token may make, per minute and at once, nor more than the user allows."""
import os
import signal
import time

import support


class Limits(support.SystemTest):
    def test_max_requests_goes_on_where_it_stood(self):
        fake = self.fake(30)
        self.configure(fake.url)
        total = runs = 0
        while True:
            ended = self.start_sync("--max-requests", "25").wait()
            runs += 1
            requests = self.last_run()["requests"]
            total += requests
            self.assertLessEqual(requests, 25)
            if ended.code == 0:
                break
            self.assertEqual(ended.code, 75, ended)
            self.assertIn("stopped with work left", ended.out)
            self.assertLess(runs, 20)
        self.assertGreater(runs, 3)
        self.assertEqual(total, fake.stats()["total"])
        # Each sync asks anew whose token it has.
        self.assertLessEqual(total, fake.minimum() + runs + 1)
        self.assert_truth(fake)

    @support.long
    def test_max_minutes(self):
        fake = self.fake(600)
        self.configure(fake.url, "{requests_per_minute: 150, share: 1}")
        ended = self.sync("--max-minutes", "1", expect=75, timeout=90)
        self.assertGreater(ended.seconds, 59)
        self.assertLess(ended.seconds, 72)
        self.configure(fake.url)
        self.sync()
        self.assertLessEqual(fake.stats()["total"], fake.minimum() + 2)
        self.assert_truth(fake)

    def test_the_configured_pace(self):
        """Both plans side by side, for one quarter of a minute, which is what the server looks at."""
        cases = []
        for plan, per_minute, share, at_once in (("free", 150, 0.8, 3), ("paid", 1500, 0.8, 10), ("paid", 1500, 1, 45)):
            fake = self.fake(300, plan=plan, limits=True, options=["--latency-ms", "50"])
            self.config, self.database = (os.path.join(self.folder, f"{len(cases)}.{end}") for end in ("yaml", "db"))
            self.configure(fake.url, f"{{requests_per_minute: {per_minute}, share: {share}, concurrency: {at_once}}}")
            cases.append((fake, per_minute * min(share, 0.97), at_once, self.start_sync()))
        time.sleep(16)
        for fake, rate, at_once, running in cases:
            running.send(signal.SIGTERM)
            ended = running.wait(10)
            with self.subTest(rate=rate):
                stats = fake.stats()
                self.assertEqual(ended.code, 75, ended)
                self.assertEqual(set(stats["status"]) - {"402", "403"}, {"200", "412"}, stats["status"])
                self.assertLessEqual(stats["max_in_flight"], at_once)
                self.assertLessEqual(stats["max_per_10s"], rate / 6 * 1.05 + 2)
                self.assertGreater(stats["total"], rate / 60 * 15 * 0.9)

    def test_the_pace_of_a_paid_plan_is_found(self):
        fake = self.fake(30, limits=True)
        self.configure(fake.url, "{}")
        ended = self.sync()
        self.assertLess(ended.seconds, 20)  # 111 requests; at 120 a minute it would be 50 s
        self.assertNotIn("429", fake.stats()["status"])
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
