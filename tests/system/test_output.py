"""What a person or a script gets to see: help, version, check, summary, logs; and the token, which nobody may see."""
import contextlib
import json
import os
import re
import signal
import socket
import subprocess

import support

CANARY = "canary-0f9c2e71b8d44a55"


class Output(support.SystemTest):
    def test_help_and_version(self):
        for arguments in (("--help",), ("help",), ("sync", "--help")):
            ended = self.run_to_end(*arguments)
            self.assertEqual((ended.code, ended.err), (0, ""), ended)
            self.assertIn("usage: taskmirror", ended.out)
            self.assertTrue(all(len(line) <= 80 for line in ended.out.splitlines()))
        for arguments in (("--version",), ("version",)):
            ended = self.run_to_end(*arguments)
            self.assertEqual(ended.code, 0)
            self.assertRegex(ended.out, r"^taskmirror \d+\.\d+\.\d+(\+[0-9a-f]{9})?\nlibcurl [\d.]+, SQLite [\d.]+\n$")

    def test_wrong_usage(self):
        for arguments in ((), ("snyc",), ("sync", "--confg", "x"), ("sync", "--max-requests", "0"), ("sync", "extra")):
            ended = self.run_to_end(*arguments)
            self.assertEqual((ended.code, ended.out), (64, ""), ended)
            self.assertNotEqual(ended.err, "")
        self.assertIn("sync", self.run_to_end("snyc").err)

    def test_a_reader_that_goes_ends_it_without_a_word(self):
        process = subprocess.Popen([support.TASKMIRROR, "schema", "--markdown"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        self.assertEqual((process.stderr.read(), process.wait()), (b"", -signal.SIGPIPE))
        process.stderr.close()

    def test_check_tells_and_writes_nothing(self):
        for plan, word in (("free", "no (402)"), ("paid", "yes")):
            with self.subTest(plan=plan):
                fake = self.fake(201, plan=plan)
                self.configure(fake.url)
                ended = self.run_to_end("check", "--config", self.config)
                self.assertEqual(ended.code, 0, ended)
                for row in fake.truth()["asana_workspaces"]:
                    self.assertIn(f"{row['name']} ({row['gid']})", ended.out)
                self.assertIn(word, ended.out)
                self.assertIn("never mirrored", ended.out)
                self.assertLess(fake.stats()["total"], 30)
                self.assertFalse(os.path.exists(self.database))

    def test_check_waits_when_it_is_told_to(self):
        fake = self.fake(30)
        fake.fault({"kind": "status", "status": 429, "match": "/users/me", "retry_after": 2, "times": 1})
        self.configure(fake.url)
        ended = self.run_to_end("check", "--config", self.config)
        self.assertEqual(ended.code, 0, ended)
        self.assertIn("asks for a pause of 2 s", ended.err)
        self.assertEqual(fake.stats()["requests_inside_retry_after"], 0)

    def test_names_cannot_steer_the_terminal(self):
        body = json.dumps({"data": {"gid": "1", "name": "a\x1b[2Jb\u009bc", "workspaces": []}}).encode()
        relay = self.relay(self.fake(0), before=lambda _: (200, {"Content-Type": "application/json"}, body))
        self.configure(relay.url)
        ended = self.run_to_end("check", "--config", self.config)
        self.assertEqual(ended.code, 0, ended)
        self.assertIn(r"a\u001b[2Jb\u009bc", ended.out)

    def test_check_with_a_refused_token_and_without_a_server(self):
        fake = self.fake(0)
        self.configure(fake.url)
        self.assertEqual(self.run_to_end("check", "--config", self.config, token="wrong").code, 77)
        fake.stop()
        self.assertEqual(self.run_to_end("check", "--config", self.config).code, 69)

    def test_the_summary(self):
        fake = self.fake(30)
        self.configure(fake.url)
        ended = self.sync()
        run = self.last_run()
        first = ended.out.split("\n")[0]
        self.assertRegex(first, rf"^mirrored into \S*mirror\.db in [\d.]+ s: {run['requests']} requests "
                                rf"\(0 repeated, 0 answered 429\), {run['rows_written']} rows written, ")
        counts = dict(re.findall(r"^  (asana_\w+) +(\d+)$", ended.out, re.MULTILINE))
        for table in ("asana_tasks", "asana_users", "asana_stories"):
            listed = self.query(f"SELECT count(*) FROM {table} WHERE mirrored_at IS NOT NULL")[0][0]
            self.assertEqual(counts[table], str(listed))

    def test_quiet_says_nothing_unless_something_is_wrong(self):
        fake = self.fake(30)
        self.configure(fake.url)
        ended = self.sync("--quiet")
        self.assertEqual((ended.out, ended.err), ("", ""))
        fake.fault({"kind": "status", "status": 403, "match": "/sections"})
        self.assertIn("gap", self.sync("--quiet", "--full", expect=1).err)

    def test_log_formats(self):
        fake = self.fake(30)
        self.configure(fake.url)
        for name, pattern in (("text", r"^\d{4}-\d\d-\d\dT\S+Z (debug|info|warning) "), ("journal", r"^<[0-7]>")):
            for line in self.sync("--log-format", name, "--log-level", "debug").err.splitlines():
                self.assertRegex(line, pattern)
        lines = self.sync("--log-format", "json", "--log-level", "debug").err.splitlines()
        self.assertGreater(len(lines), 5)
        for line in lines:
            self.assertIsInstance(json.loads(line), dict)


class Canary(support.SystemTest):
    def fake_of_canary(self):
        fake = self.fake(30, options=["--token", CANARY])
        path = os.path.join(self.folder, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(CANARY)
        self.configure(fake.url, lines=[f"token_file: {path}"])
        return fake

    def assert_nowhere(self, *ends):
        for ended in ends:
            self.assertNotIn(CANARY, ended.out + ended.err)
        for name in os.listdir(self.folder):
            if name not in ("token", "truth.ndjson") and not name.endswith(".sock"):
                with open(os.path.join(self.folder, name), "rb") as file:
                    self.assertNotIn(CANARY.encode(), file.read(), name)

    def test_the_token_is_nowhere(self):
        fake = self.fake_of_canary()
        fake.fault({"kind": "slow", "ms": 500, "match": "/users/me"})
        running = self.start_sync("--log-level", "debug", token=None)
        support.wait_until(lambda: fake.stats()["total"] > 0)
        for name in ("cmdline", "environ"):
            with open(f"/proc/{running.pid}/{name}", "rb") as file:
                self.assertNotIn(CANARY.encode(), file.read())
        support.wait_until(lambda: os.path.exists(self.database + "-wal"))
        support.wait_until(lambda: fake.stats()["total"] > 40)
        with open(self.database + "-wal", "rb") as file:
            self.assertNotIn(CANARY.encode(), file.read())
        ended = running.wait()
        self.assertEqual(ended.code, 0, ended)
        self.assertGreater(len(ended.err.splitlines()), 50)
        check = self.run_to_end("check", "--config", self.config, "--log-level", "debug", token=None)
        self.assertEqual(check.code, 0)
        self.assert_nowhere(ended, check)

    def test_a_daemon_shows_it_nowhere_whatever_it_shows(self):
        fake = self.fake_of_canary()
        os.chmod(self.config, 0o600)
        socket_path = os.path.join(self.folder, "page.sock")
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"status: {{listen: 'unix:{socket_path}'}}\nschedule: {{max_staleness: 10s}}\n"
                       "notify: {on_failure: 'env >told; cat /proc/$PPID/environ /proc/$PPID/cmdline >>told; mv told told.whole'}\n")
        running = self.start("run", "--config", self.config, "--log-level", "debug", token=None)

        def page(target):
            client = socket.socket(socket.AF_UNIX)
            with contextlib.closing(client):
                client.connect(socket_path)
                client.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                return b"".join(iter(lambda: client.recv(65536), b"")).decode()

        support.wait_until(lambda: os.path.exists(socket_path) and "pass done" in running.said())
        pages = [page(target) for target in ("/", "/metrics", "/readyz")]
        body = json.dumps({"errors": [{"message": f"the token {CANARY} may not do this"}]})
        fake.fault({"kind": "status", "status": 401, "body": body})
        support.wait_until(lambda: os.path.exists(os.path.join(self.folder, "told.whole")))
        pages += [page(target) for target in ("/", "/metrics", "/readyz")]
        self.assertIn("refuse", pages[3])
        for name in ("cmdline", "environ"):
            with open(f"/proc/{running.pid}/{name}", "rb") as file:
                self.assertNotIn(CANARY.encode(), file.read())
        ends = [self.run_to_end(*command, "--config", self.config, token=None) for command in (
            ["status", "--json"], ["doctor", "--json"], ["search", "task"], ["reload"],
            ["report", "overview", "--html", os.path.join(self.folder, "overview.html")],
            ["backup", os.path.join(self.folder, "copy.db")], ["verify"])]
        running.send(signal.SIGTERM)
        self.assert_nowhere(running.wait(), *ends)
        for text in pages:
            self.assertNotIn(CANARY, text)
        self.assertEqual({end.code for end in ends[:2]} - {0, 1, 75}, set(), ends)

    def test_a_server_that_repeats_the_token_does_not_betray_it(self):
        fake = self.fake(30, options=["--token", CANARY])
        self.configure(fake.url)
        body = json.dumps({"errors": [{"message": f"the token {CANARY} may not do this"}]})
        fake.fault({"kind": "status", "status": 403, "match": "/sections", "body": body},
                   {"kind": "status", "status": 500, "match": "/status_updates", "body": body},
                   {"kind": "garbage", "match": "/memberships", "body": f'{{"data":[{{"git":"{CANARY}"}}]}}'})
        gaps = self.sync("--log-level", "debug", token=CANARY, expect=1)
        self.assertNotEqual(self.open_gaps(), [])
        fake.no_faults()
        fake.fault({"kind": "status", "status": 401, "body": body})
        refused = self.sync("--log-level", "debug", token=CANARY, expect=77)
        self.assert_nowhere(gaps, refused)


if __name__ == "__main__":
    support.main()
