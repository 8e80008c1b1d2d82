"""A 429 parks the account until its Retry-After has passed, whatever form it has; waiting costs no processor."""
import email.utils
import signal
import threading
import time

import support


class Throttled(support.SystemTest):
    def waits(self, retry_after, least, most):
        """The 20th request is told to come back later."""
        fake = self.fake(30)
        told = []

        def before(_):
            if told or len(relay.arrivals) < 20:
                return None
            told.append(time.monotonic())
            return 429, {"Content-Type": "application/json", "Retry-After": retry_after()}, b'{"errors":[{"message":"slow down"}]}'

        relay = self.relay(fake, before=before)
        self.configure(relay.url)
        self.sync()
        later = [at - told[0] for at, _ in relay.arrivals if at > told[0] + 0.5]  # others were on their way
        self.assertGreaterEqual(min(later), least)
        self.assertLess(min(later), most)
        self.assertEqual(self.last_run()["rate_limited"], 1)
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_no_request_inside_a_retry_after(self):
        fake = self.fake(100, limits=True, options=["--requests-per-minute", "60"])
        self.configure(fake.url, "{requests_per_minute: 1500, share: 1, concurrency: 20}")
        running = self.start_sync()
        support.wait_until(lambda: fake.stats()["status"].get("429", 0) > 0)
        time.sleep(6)
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait(10).code, 75)
        self.assertEqual(fake.stats()["requests_inside_retry_after"], 0)
        self.assertLessEqual(fake.stats()["status"]["429"], 20)

    def test_whole_seconds(self):
        self.waits(lambda: "1", 1, 4)

    def test_a_fraction(self):
        self.waits(lambda: "1.2", 1.2, 4)

    def test_a_date(self):
        self.waits(lambda: email.utils.formatdate(time.time() + 4, usegmt=True), 1.5, 6)

    def test_without_a_time_it_stays_away_for_a_minute(self):
        fake = self.fake(30)
        told = threading.Event()

        def before(_):
            if told.is_set() or len(relay.arrivals) < 20:
                return None
            told.set()
            return 429, {"Content-Type": "application/json"}, b"{}"

        relay = self.relay(fake, before=before)
        self.configure(relay.url)
        running = self.start_sync()
        self.assertTrue(told.wait(support.TIMEOUT))
        time.sleep(0.5)
        before_pause = len(relay.arrivals)
        time.sleep(3)
        self.assertEqual(len(relay.arrivals), before_pause)
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait(10).code, 75)

    def test_waiting_costs_no_processor(self):
        """A pause, and an answer that takes its time, with work left in both cases."""
        fake = self.fake(30)
        self.configure(fake.url)
        fake.fault({"kind": "close", "match": "/sections", "times": 1},
                   {"kind": "status", "status": 429, "retry_after": 3, "match": "/stories", "times": 1, "after": 5})
        began = support.children_seconds()
        self.sync()
        self.assertLess(support.children_seconds() - began, 4 if support.SANITIZED else 1)
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
