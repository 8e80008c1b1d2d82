"""The status page of a daemon, its metrics and its health: what they say in each state, to whom, and what bad clients do."""
import base64
import contextlib
import html
import http.client
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time
import unittest

import support

SOON = 60 if support.SANITIZED else 30
CANARY = "1/1234567890:canary0123456789abcdef"
EVIL = "<script>alert('x')</script>"


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(SOON)
        self.sock.connect(self.path)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class Page(support.SystemTest):
    def setUp(self):
        super().setUp()
        self.port = free_port()

    def write_config(self, url, status=None, limits="{requests_per_minute: 100000, share: 1, concurrency: 8}", lines=()):
        self.configure(url, limits=limits, lines=lines)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"status: {status or f'{{listen: 127.0.0.1:{self.port}}}'}\nschedule: {{max_staleness: 10s}}\n")

    def daemon(self, **options):
        return self.start("run", "--config", self.config, **options)

    def until(self, running, condition):
        deadline = time.monotonic() + SOON
        while True:
            with contextlib.suppress(ConnectionRefusedError, FileNotFoundError):
                if result := condition():
                    return result
            self.assertFalse(running.over(), running.ended)
            self.assertLess(time.monotonic(), deadline, running.said()[-3000:])
            time.sleep(0.05)

    def ask(self, path, method="GET", headers=None, to=None):
        """(status, headers, body)"""
        connection = to or http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()

    def raw(self, request):
        """What comes back for these bytes, to the end of the connection."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=SOON) as connection:
            answer = b""
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                connection.sendall(request)
                while piece := connection.recv(65536):
                    answer += piece
            return answer.decode()

    def text(self):
        """What a person reads on the page."""
        page = re.sub(r"<style.*?</style>", "", self.ask("/")[2], flags=re.S)
        return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())

    def metrics(self):
        """{name with labels: value}; fails for what is not text format 0.0.4."""
        status, headers, text = self.ask("/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        found, family, kind, seen = {}, None, None, set()
        self.assertTrue(text.endswith("\n"))
        for line in text[:-1].split("\n"):
            if match := re.fullmatch(r"# HELP ([a-z_]+) \S.*", line):
                family = match[1]
                self.assertNotIn(family, seen)
                seen.add(family)
            elif match := re.fullmatch(r"# TYPE ([a-z_]+) (counter|gauge|histogram)", line):
                self.assertEqual(match[1], family)
                kind = match[2]
            else:
                match = re.fullmatch(r'([a-z_]+)(\{[a-z_]+="[^"\\]*"(?:,[a-z_]+="[^"\\]*")*\})? (\S+)', line)
                self.assertIsNotNone(match, line)
                suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
                self.assertIn(match[1], [family + suffix for suffix in suffixes])
                self.assertNotIn(match[1] + (match[2] or ""), found)
                found[match[1] + (match[2] or "")] = float(match[3])
        return found

    def test_a_daemon_from_first_load_to_fresh(self):
        fake = self.fake(60)
        held = []
        relay = self.relay(fake, before=lambda target: time.sleep(0.2) if "/stories" in target and not held else None)
        self.write_config(relay.url)
        running = self.daemon()

        self.until(running, lambda: "The first load of acme is under way" in self.text())
        self.assertEqual(self.metrics()['taskmirror_first_load_complete{source="acme"}'], 0)
        self.until(running, lambda: self.ask("/readyz")[0] == 200)
        held.append(True)
        self.until(running, lambda: "Healthy: " in self.text())

        found = self.metrics()
        self.assertEqual(found['taskmirror_first_load_complete{source="acme"}'], 1)
        self.assertEqual(found['taskmirror_source_up{source="acme"}'], 1)
        sent = sum(value for name, value in found.items() if name.startswith("taskmirror_http_requests_total"))
        self.assertLessEqual(abs(sent - len(relay.arrivals)), 20)
        self.assertEqual(found['taskmirror_projects{source="acme",state="fresh"}'],
                         self.query("SELECT count(*) FROM sync_freshness f JOIN asana_projects p ON p.gid = f.scope_gid "
                                    "WHERE f.table_name = 'asana_tasks'")[0][0])
        self.assertGreater(found['taskmirror_rows_written_total{source="acme"}'], 60)
        self.assertGreater(found["process_resident_memory_bytes"], 1e6)
        self.assertAlmostEqual(found["process_start_time_seconds"], time.time(), delta=300)
        self.assertAlmostEqual(found['taskmirror_last_commit_timestamp_seconds{source="acme"}'], time.time(), delta=60)
        self.assertEqual(self.ask("/healthz")[::2], (200, "ok\n"))
        self.assertEqual(self.ask("/readyz")[::2], (200, "ok\n"))

        before = found['taskmirror_staleness_seconds_count{source="acme"}']
        fake.mutate(seed=1, count=5, kinds=["rename"])
        self.until(running, lambda: self.metrics()['taskmirror_staleness_seconds_count{source="acme"}'] > before)
        self.check_with_promtool()
        running.send(signal.SIGTERM)
        ended = running.wait(20)
        self.assertEqual(ended.code, 0)
        self.assertNotIn("Sanitizer", ended.err)

    def check_with_promtool(self):
        promtool = shutil.which("promtool")
        if promtool is None:
            print("promtool is not installed (package prometheus): its check of /metrics is left out", end=" ")
            return
        checked = subprocess.run([promtool, "check", "metrics"], input=self.ask("/metrics")[2], text=True,
                                 capture_output=True, check=False)
        self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))
        rules = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "monitoring", "alerts.yaml")
        checked = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_a_refused_token_is_told_and_shown_nowhere(self):
        fake = self.fake(5)
        fake.fault({"kind": "status", "match": "/users/me", "status": 401})
        self.write_config(fake.url)
        running = self.daemon(token=CANARY)

        self.until(running, lambda: self.ask("/readyz")[0] == 503 and "the token is refused" in self.ask("/readyz")[2])
        self.until(running, lambda: "Source acme is not mirrored: the token is refused" in self.text())

        self.assertEqual(self.ask("/healthz")[0], 200)
        self.assertEqual(self.metrics()['taskmirror_source_up{source="acme"}'], 0)
        for path in ("/", "/metrics", "/readyz", "/healthz"):
            self.assertNotIn("canary", self.ask(path)[2])

    def test_a_pause_that_the_server_asks_for(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: "Healthy: " in self.text())
        fake.fault({"kind": "status", "status": 429, "retry_after": 600, "times": 1})

        self.until(running, lambda: "Asana asks acme to wait until" in self.text())

        found = self.metrics()
        self.assertGreater(found['taskmirror_rate_limited_total{source="acme"}'], 0)
        self.assertGreater(found['taskmirror_rate_limit_paused_until_timestamp_seconds{source="acme"}'], time.time() + 300)

    def test_texts_of_users_are_shown_as_text(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: "Healthy: " in self.text())
        self.change("UPDATE asana_projects SET name = ?", EVIL)

        self.until(running, lambda: EVIL in self.text())

        self.assertNotIn("<script", self.ask("/")[2])
        self.assertNotIn("alert", self.ask("/metrics")[2])

    def test_what_is_too_old(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: "Healthy: " in self.text())
        self.change("UPDATE sync_work SET last_done_at = ? WHERE last_done_at IS NOT NULL", support.FAR_PAST)

        self.until(running, lambda: re.search(r"Stale: \d of \d+ projects? and [1-9]\d* of \d+ lists are older", self.text()))

        self.assertGreater(self.metrics()['taskmirror_lists{source="acme",state="stale"}'], 0)
        self.assertEqual(self.ask("/readyz")[0], 200)  # it is at it

    def test_headers_and_bad_requests(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: self.ask("/healthz")[0] == 200)

        status, headers, page = self.ask("/")
        self.assertEqual(status, 200)
        nonce = re.search(r"style-src 'nonce-([0-9a-f]{32})'", headers["Content-Security-Policy"])[1]
        self.assertIn(f'<style nonce="{nonce}">', page)
        self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'none'; "))
        for name, value in (("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"),
                            ("Referrer-Policy", "no-referrer"), ("Cache-Control", "no-store")):
            for path in ("/", "/metrics", "/nothing"):
                self.assertEqual(self.ask(path)[1][name], value)
        self.assertNotEqual(headers["Content-Security-Policy"], self.ask("/")[1]["Content-Security-Policy"])

        status, headers, body = self.ask("/metrics", "HEAD")
        self.assertEqual((status, body), (200, ""))
        self.assertGreater(int(headers["Content-Length"]), 1000)
        self.assertEqual(self.ask("/nothing")[0], 404)
        self.assertEqual(self.ask("/../etc/passwd")[0], 404)
        self.assertEqual(self.ask("/", "POST")[0], 405)
        self.assertEqual(self.ask("/", headers={"Host": "evil.example"})[0], 421)
        self.assertEqual(self.ask("/", headers={"Host": f"localhost:{self.port}"})[0], 200)
        for request, expected in ((b"\0\0\0\0\r\n\r\n", "400"), (b"GET / HTTP/1.1\r\nX: " + b"y" * 10_000, "431"),
                                  (b"GET / HTTP/1.1\r\nHost: localhost\r\nRange: bytes=" + b"0-," * 2000 + b"0-\r\n\r\n", "200"),
                                  (b"GET /" + b"a" * 20_000, "431"), (b"GET / HTTP/1.1\r\n", "408"),
                                  (b"GET / HTTP/9.9\r\n\r\n", "505")):
            answer = self.raw(request)
            self.assertIn(answer[9:12], (expected, ""), request[:40])  # or the connection was reset
            self.assertLess(len(answer), 100_000)
        self.assertEqual(self.ask("/healthz")[0], 200)
        self.assertFalse(running.over(), running.ended)

    def test_idle_and_slow_clients_hold_the_page_up_for_a_while_only(self):
        fake = self.fake(30)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: self.ask("/healthz")[0] == 200)
        with contextlib.ExitStack() as slow:
            for _ in range(40):
                connection = slow.enter_context(socket.create_connection(("127.0.0.1", self.port), timeout=SOON))
                connection.sendall(b"GET / HT")

            self.until(running, lambda: self.query("SELECT 1 FROM sync_meta WHERE key = 'acme.pass_ended_at'"))

        self.until(running, lambda: self.ask("/healthz")[0] == 200)
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait(20).code, 0)

    def test_a_port_that_is_in_use_stops_nothing(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        with socket.create_server(("127.0.0.1", self.port)):
            running = self.daemon()
            self.until(running, lambda: "another process listens there; end it, or change status.listen" in running.said())
            self.until(running, lambda: "serving" in running.said())

        running.send(signal.SIGHUP)

        self.until(running, lambda: self.ask("/healthz")[0] == 200)

    def test_a_reload_follows_the_configuration(self):
        fake = self.fake(5)
        self.write_config(fake.url)
        running = self.daemon()
        self.until(running, lambda: "Healthy: " in self.text())
        requests = 'taskmirror_http_requests_total{source="acme",class="walks",code="2xx"}'
        before, old = self.metrics()[requests], self.port

        self.port = free_port()
        self.write_config(fake.url)
        running.send(signal.SIGHUP)
        self.until(running, lambda: self.ask("/healthz")[0] == 200)
        self.assertGreaterEqual(self.until(running, self.metrics)[requests], before)
        self.port, new = old, self.port
        with self.assertRaises(ConnectionRefusedError):
            self.ask("/healthz")

        self.port = new
        self.write_config(fake.url, "{listen: 0.0.0.0:1}")  # without a token
        running.send(signal.SIGHUP)
        self.until(running, lambda: "status.token_file must name a file" in running.said())
        self.assertEqual(self.ask("/healthz")[0], 200)

        self.write_config(fake.url, "{}")
        running.send(signal.SIGHUP)
        self.until(running, lambda: running.said().count("reloaded") == 2)
        with self.assertRaises(ConnectionRefusedError):
            self.ask("/healthz")

    def test_a_token_for_the_page(self):
        fake = self.fake(5)
        secret = os.path.join(self.folder, "page-token")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("s3cret\n")
        os.chmod(secret, 0o644)
        self.write_config(fake.url, f"{{listen: 0.0.0.0:{self.port}, token_file: {secret}}}")
        ended = self.daemon().wait()
        self.assertEqual(ended.code, 78, ended)
        self.assertIn("can be read by others: chmod 600", ended.err)

        os.chmod(secret, 0o600)
        running = self.daemon()
        status, headers, _ = self.until(running, lambda: self.ask("/"))
        self.assertEqual(status, 401)
        self.assertTrue(headers["WWW-Authenticate"].startswith("Basic "))
        basic = base64.b64encode(b"me:s3cret").decode()
        for authorization, expected in (("Bearer s3cret", 200), (f"Basic {basic}", 200), ("Bearer s3cret2", 401)):
            self.assertEqual(self.ask("/healthz", headers={"Authorization": authorization})[0], expected)
        self.assertEqual(self.ask("/healthz", headers={"Authorization": "Bearer s3cret", "Host": "mirror.example"})[0], 200)
        with open(secret, "w", encoding="utf-8") as file:
            file.write("other")
        running.send(signal.SIGHUP)
        self.until(running, lambda: self.ask("/healthz", headers={"Authorization": "Bearer other"})[0] == 200)
        self.assertNotIn("s3cret", running.said())

    def test_a_unix_socket(self):
        fake = self.fake(5)
        path = os.path.join(self.folder, "status.sock")
        self.write_config(fake.url, f"{{listen: 'unix:{path}'}}")
        running = self.daemon()

        self.assertEqual(self.until(running, lambda: self.ask("/healthz", to=Unix(path)))[0], 200)

        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
        running.kill()
        running = self.daemon()
        self.assertEqual(self.until(running, lambda: self.ask("/healthz", to=Unix(path)))[0], 200)
        running.send(signal.SIGTERM)
        running.wait(20)
        self.assertFalse(os.path.exists(path))

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small disk needs root")
    def test_a_full_disk(self):
        place = os.path.join(self.folder, "disk")
        os.mkdir(place)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False).returncode:
            self.skipTest("no tmpfs can be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False)
        self.database = os.path.join(place, "mirror.db")
        fake = self.fake(3000)
        self.write_config(fake.url)
        running = self.daemon()

        self.until(running, lambda: re.search(r"Source acme is not mirrored: .*(full|no space)", self.text()))

        self.assertEqual(self.ask("/readyz")[0], 503)
        self.assertEqual(self.ask("/healthz")[0], 200)
        self.assertEqual(self.metrics()['taskmirror_source_up{source="acme"}'], 0)


if __name__ == "__main__":
    support.main()
