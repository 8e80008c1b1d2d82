"""What taskmirror does beside mirroring: heartbeats, a command on failure, old records, warnings."""
import contextlib
import http.server
import os
import re
import signal
import sqlite3
import threading
import time
import urllib.error

import support

SOON = 60 if support.SANITIZED else 30
SECRET = "/ping/5f1c-secret-of-the-heartbeat"


class Monitor:
    """Where heartbeats go: notes each, and answers as it is told."""

    def __init__(self, status=200, delay=0):
        self.heard = []
        self.status, self.delay = status, delay
        monitor = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                monitor.heard.append((self.path, dict(self.headers)))
                time.sleep(monitor.delay)
                with contextlib.suppress(OSError):
                    self.send_response(monitor.status)
                    if monitor.status == 302:
                        self.send_header("Location", "/elsewhere")
                    self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_port}{SECRET}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Upkeep(support.SystemTest):
    def monitor(self, **options):
        monitor = Monitor(**options)
        self.addCleanup(monitor.stop)
        return monitor

    def notify(self, url, monitor=None, hook=None, more=""):
        self.configure(url)
        os.chmod(self.config, 0o600)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write("schedule: {max_staleness: 10s}\nnotify:\n")
            if monitor:
                file.write(f"  heartbeat_url: {monitor.url}\n")
            if hook:
                file.write(f"  on_failure: '{hook}'\n")
            file.write(more)

    def told(self):
        """What the command on failure has written, one entry a call."""
        path = os.path.join(self.folder, "told")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return file.read().split("----\n")[:-1]

    HOOK = "(env; echo ----) >>told"

    def test_a_good_sync_sends_one_heartbeat_without_the_token(self):
        fake, monitor = self.fake(10), self.monitor()
        self.notify(fake.url, monitor)
        ended = self.sync("--log-level", "debug")
        self.assertEqual([path for path, _ in monitor.heard], [SECRET])
        self.assertNotIn(support.TOKEN, str(monitor.heard))
        self.assertNotIn("Authorization", str(monitor.heard))
        self.assertNotIn("secret-of-the", ended.err + ended.out)

    def test_gaps_are_no_failure_and_a_sync_that_was_cut_off_is_not_good(self):
        fake, monitor = self.fake(30), self.monitor()
        self.notify(fake.url, monitor, self.HOOK)
        self.sync("--max-requests", "5", expect=75)
        self.assertEqual(monitor.heard, [])
        fake.fault({"kind": "status", "match": "/stories", "status": 403})
        self.sync(expect=1)
        self.assertEqual(len(monitor.heard), 1)
        self.assertEqual(self.told(), [])

    def test_a_monitor_that_fails_or_is_slow_changes_nothing(self):
        fake = self.fake(5)
        for options in ({"status": 500}, {"status": 302}, {"delay": 30}):
            monitor = self.monitor(**options)
            self.notify(fake.url, monitor)
            ended = self.sync()
            self.assertEqual(len(monitor.heard), 1)
            self.assertLess(ended.seconds, 20)
            self.assertRegex(ended.err, r"heartbeat to 127.0.0.1:\d+ failed")
            self.assertNotIn("secret-of-the", ended.err)
        self.notify(fake.url, self.monitor())
        with open(self.config, encoding="utf-8") as file:
            text = re.sub(r"heartbeat_url: .*", "heartbeat_url: http://example.com/x", file.read())
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.assertIn("heartbeat_url", self.sync(expect=78).err)

    def test_a_failing_sync_tells_once_what_fails_and_keeps_the_token_to_itself(self):
        fake, monitor = self.fake(10), self.monitor()
        self.notify(fake.url, monitor, self.HOOK)
        self.sync()
        fake.fault({"kind": "status", "match": "/", "status": 401})
        for _ in range(3):
            self.sync(expect=77)
        self.assertEqual(len(self.told()), 1, self.told())
        told = self.told()[0]
        self.assertIn("TASKMIRROR_SOURCE=acme\n", told)
        self.assertIn("TASKMIRROR_EXIT_CODE=77\n", told)
        self.assertRegex(told, r"TASKMIRROR_REASON=.*token is refused")
        self.assertNotIn(support.TOKEN, told)
        self.assertNotIn("ASANA_TOKEN", told)
        self.assertEqual(len(monitor.heard), 1)
        fake.no_faults()
        self.sync()
        fake.fault({"kind": "status", "match": "/", "status": 401})
        self.sync(expect=77)
        self.assertEqual(len(self.told()), 2)

    def test_what_a_server_says_is_no_command(self):
        fake = self.fake(5)
        self.notify(fake.url, hook=self.HOOK)
        with open(self.config, encoding="utf-8") as file:
            text = file.read().replace("name: acme", "name: acme\n    workspaces: [\"$(touch harm); `touch harm`\"]")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        self.sync(expect=78)
        self.assertEqual(len(self.told()), 1)
        self.assertIn("$(touch harm)", self.told()[0])
        self.assertNotIn("harm", os.listdir(self.folder))

    def test_a_command_that_hangs_is_killed(self):
        fake = self.fake(5)
        self.notify(fake.url, hook="echo $$ >pid; sleep 300")
        fake.fault({"kind": "status", "match": "/", "status": 401})
        began = time.monotonic()
        ended = self.sync(expect=77)
        self.assertLess(time.monotonic() - began, 50)
        self.assertIn("on_failure did not end within 30 s", ended.err)
        with open(os.path.join(self.folder, "pid"), encoding="utf-8") as file:
            self.assertFalse(os.path.exists(f"/proc/{file.read().strip()}"))

    def test_the_daemon_beats_while_it_is_well_and_tells_once_when_it_is_not(self):
        fake, monitor = self.fake(20), self.monitor()
        self.notify(fake.url, monitor, self.HOOK)
        daemon = self.start("run", "--config", self.config)
        support.wait_until(lambda: monitor.heard, SOON)
        self.assertEqual([path for path, _ in monitor.heard], [SECRET])
        fake.fault({"kind": "status", "match": "/", "status": 401})
        support.wait_until(self.told, SOON)
        self.assertIn("TASKMIRROR_EXIT_CODE=77", self.told()[0])
        before = fake.stats()["total"]
        daemon.send(signal.SIGHUP)  # another try, which fails as well
        support.wait_until(lambda: fake.stats()["total"] > before, SOON)
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()
        self.assertEqual(ended.code, 0, ended)
        self.assertNotIn("secret-of-the", ended.err)
        self.assertLessEqual(len(self.told()), 2)  # the reload began anew

    def two_refused(self, hook):
        """A daemon whose two accounts fail at once."""
        second = "second-token"
        fake = self.fake(5, options=("--token", support.TOKEN, "--token", second))
        fake.fault({"kind": "status", "match": "/", "status": 401})
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"database: {self.database}\nsources:\n  - {{name: acme, base_url: {fake.url}}}\n"
                       f"  - {{name: second, base_url: {fake.url}, token_env: SECOND}}\nnotify:\n  on_failure: '{hook}'\n")
        os.chmod(self.config, 0o600)
        return self.start("run", "--config", self.config, environment={"SECOND": second})

    def sources_told(self):
        return [re.search(r"TASKMIRROR_SOURCE=(.*)", told)[1] for told in self.told()]

    def has(self, name):
        return os.path.exists(os.path.join(self.folder, name))

    def test_accounts_that_fail_at_once_are_all_told_one_after_the_other(self):
        self.two_refused(f"test ! -e busy || touch both; touch busy; sleep 1; {self.HOOK}; rm busy")
        support.wait_until(lambda: len(self.told()) == 2, SOON)
        self.assertEqual(self.sources_told(), ["acme", "second"])
        self.assertFalse(self.has("both"))

    def test_a_reload_lets_the_command_end_and_what_waits_is_told_by_the_new_one(self):
        daemon = self.two_refused(f"touch begun; until test -e go; do sleep 0.1; done; touch old; {self.HOOK}")
        support.wait_until(lambda: self.has("begun"), SOON)
        with open(self.config, encoding="utf-8") as file:
            text = re.sub(r"on_failure: .*", f"on_failure: 'touch new; {self.HOOK}'", file.read())
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)
        daemon.send(signal.SIGHUP)
        # Both accounts fail anew, which is the third and the fourth failure.
        support.wait_until(lambda: "reloaded" in daemon.said(), SOON)
        self.assertEqual(self.told(), [])
        self.assertFalse(self.has("new"))
        open(os.path.join(self.folder, "go"), "w", encoding="utf-8").close()
        support.wait_until(lambda: len(self.told()) == 4, SOON)
        self.assertTrue(self.has("old") and self.has("new"))
        self.assertEqual(self.sources_told(), ["acme", "second", "acme", "second"])

    def test_a_stop_waits_for_the_command_and_for_those_that_wait(self):
        daemon = self.two_refused(f"touch begun; sleep 1; {self.HOOK}")
        support.wait_until(lambda: self.has("begun"), SOON)
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()
        self.assertEqual(ended.code, 0, ended)
        self.assertEqual(self.sources_told(), ["acme", "second"])
        self.assertNotIn("on_failure", ended.err)

    def test_a_stop_does_not_wait_long_for_a_command_that_hangs(self):
        daemon = self.two_refused("echo $$ >pid; touch begun; sleep 300")
        support.wait_until(lambda: self.has("begun"), SOON)
        began = time.monotonic()
        daemon.send(signal.SIGTERM)
        ended = daemon.wait()
        self.assertEqual(ended.code, 0, ended)
        self.assertLess(time.monotonic() - began, 15)
        self.assertIn("on_failure did not end before the end", ended.err)
        self.assertIn("on_failure was not told of 1 more failures", ended.err)
        with open(os.path.join(self.folder, "pid"), encoding="utf-8") as file:
            self.assertFalse(os.path.exists(f"/proc/{file.read().strip()}"))

    def test_old_records_leave_in_small_pieces_and_young_ones_stay(self):
        fake = self.fake(20)
        self.notify(fake.url, more="deletions: {keep: 30d}\n")
        self.sync()
        old = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 31 * 86400))
        young = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 29 * 86400))
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.executemany("INSERT INTO sync_tombstones VALUES ('asana_tasks', ?, 'acme', 'deleted', ?, ?, 'event', '{}')",
                                 [(f"{n}", when, when) for n, when in enumerate([old] * 2500 + [young] * 7, 5000)])
            for n, when in enumerate((old, young)):
                database.execute("INSERT INTO sync_gaps VALUES ('acme', 'sections', ?, 403, 'no', ?, ?, NULL, ?)",
                                 (str(n), when, when, when))
                database.execute("INSERT INTO sync_api_changes VALUES ('acme', ?, NULL, 0, ?, ?, '/')", (f"change_{n}", when, when))
            database.execute("INSERT INTO sync_gaps VALUES ('acme', 'tags', '9', 403, 'no', ?, ?, NULL, NULL)", (old, old))
            database.execute("UPDATE sync_runs SET started_at = ?", (old,))
        self.sync(expect=None)
        self.assertEqual(self.query("SELECT count(*), min(detected_at) FROM sync_tombstones"), [(7, young)])
        self.assertEqual(self.query("SELECT scope FROM sync_gaps WHERE stream = 'sections'"), [("1",)])
        self.assertEqual(len(self.query("SELECT 1 FROM sync_gaps WHERE stream = 'tags'")), 1)
        self.assertEqual(self.query("SELECT name FROM sync_api_changes WHERE name LIKE 'change%'"), [("change_1",)])
        self.assertEqual(self.query("SELECT count(*) FROM sync_runs"), [(1,)])

    def test_status_warns_of_a_clock_that_is_off(self):
        fake = self.fake(5)

        def late(target):
            try:
                status, body = 200, fake.get(target[len("/api/1.0"):])
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            return status, {"Date": "Mon, 01 Jun 2020 09:00:00 GMT", "Content-Type": "application/json"}, body

        relay = self.relay(fake, before=late)
        self.configure(relay.url)
        self.sync(expect=None)
        ended = self.run_to_end("status", "--config", self.config)
        self.assertRegex(ended.out, r"(?m)^warning +clock: \d+ s ahead")


if __name__ == "__main__":
    support.main()
