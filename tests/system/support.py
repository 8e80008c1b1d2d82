"""What the system tests share: the fake Asana as server, taskmirror as a user starts it, and the database.

TASKMIRROR and FAKE_ASANA name the two programs. Ports are free ones, files lie in a temporary folder, every process is
ended with the test that started it.
"""
import contextlib
import http.client
import http.server
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import compare_truth  # noqa: E402

TASKMIRROR = os.environ.get("TASKMIRROR", "")
FAKE_ASANA = os.environ.get("FAKE_ASANA", "")
TOKEN = "test-token"
TIMEOUT = 60  # seconds; nothing here takes longer by itself
SANITIZED = bool(TASKMIRROR) and b"__asan_init" in open(TASKMIRROR, "rb").read()
FAR_PAST = "2020-01-01T00:00:00.000Z"


class Fake:
    """A fake Asana, and its control routes."""

    def __init__(self, tasks, seed=1, plan="paid", limits=False, options=(), port=0):
        command = [FAKE_ASANA, "--port", str(port), "--seed", str(seed), "--tasks", str(tasks), "--plan", plan]
        if not limits:
            command += ["--requests-per-minute", "0", "--search-per-minute", "0", "--concurrency", "0"]
        if "--search-lag-ms" not in options:
            command += ["--search-lag-ms", "0"]
        self.process = subprocess.Popen(command + list(options), stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            self.stop()
            raise RuntimeError(f"the fake Asana did not start: {line}")
        self.url = line.split()[-1]
        self.host = self.url.split("/")[2]
        self.port = int(self.host.split(":")[1])

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, method, route, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://{self.host}/_control/{route}", data, method=method)
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            text = answer.read().decode()
            return text if route.startswith("truth") else json.loads(text)

    def fault(self, *rules):
        self.control("POST", "fault", list(rules))

    def without_search(self):
        """As on a plan that lacks search, and nothing else."""
        self.fault({"kind": "status", "match": "/tasks/search", "status": 402})

    def no_faults(self):
        self.control("DELETE", "fault")

    def mutate(self, **change):
        return self.control("POST", "mutate", change)

    def stats(self):
        return self.control("GET", "stats")

    def minimum(self, exported=False):
        return self.control("GET", "minimum?exports" if exported else "minimum")["total"]

    def unreachable_tasks(self):
        """How many tasks no request leads to."""
        return json.loads(self.control("GET", "truth").rstrip("\n").rsplit("\n", 1)[-1])["summary"]["unreachable_tasks"]

    def truth(self):
        """{table: [row]}, mentions left out."""
        tables = {}
        for line in self.control("GET", "truth").rstrip("\n").split("\n"):
            entry = json.loads(line)
            if "summary" not in entry and not entry.get("mention", False):
                tables.setdefault(entry["table"], []).append(entry["row"])
        return tables

    def get(self, target):
        """The bytes of an answer, as the program would see it."""
        request = urllib.request.Request(self.url + target, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
            return answer.read()


class Relay:
    """Stands between taskmirror and the fake: notes each request, and lets a test replace, hold or change its answer.

    before(target) may give (status, headers, body) instead of asking the fake; after(target, status, body) is called
    with the answer in hand, before it is passed on. Both run in the thread of that request.
    """

    def __init__(self, fake, before=None, after=None):
        self.arrivals = []  # (monotonic seconds, target)
        self.headers = {}  # of the last request
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            upstream = None

            def do_GET(self):
                relay.arrivals.append((time.monotonic(), self.path))
                relay.headers = dict(self.headers)
                answer = before(self.path) if before else None
                if answer is None:
                    if self.upstream is None:
                        self.upstream = http.client.HTTPConnection(fake.host, timeout=TIMEOUT)
                    headers = {"Authorization": self.headers.get("Authorization", "")}
                    self.upstream.request("GET", self.path, headers=headers)
                    reply = self.upstream.getresponse()
                    body = reply.read()
                    names = ("Content-Type", "Retry-After", "Date")
                    answer = reply.status, {n: reply.headers[n] for n in names if reply.headers[n]}, body
                    if after:
                        after(self.path, reply.status, body)
                status, headers, body = answer
                with contextlib.suppress(OSError):
                    self.wfile.write(f"HTTP/1.1 {status} -\r\n".encode())
                    for name, value in {**headers, "Content-Length": len(body)}.items():
                        self.wfile.write(f"{name}: {value}\r\n".encode())
                    self.wfile.write(b"\r\n" + body)
                    self.wfile.flush()

            def finish(self):
                if self.upstream:
                    self.upstream.close()
                with contextlib.suppress(OSError):
                    super().finish()

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128  # or a burst of connections waits a second for its second attempt

            def handle_error(self, *_):
                pass  # a program that was ended has closed its connections

        Handler.wbufsize = -1
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/1.0"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Listener:
    """Another host: accepts connections and counts what reaches it."""

    def __init__(self):
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.connections += 1
                connection.close()

    def stop(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()


class Ended:
    """A run that is over."""

    def __init__(self, code, out, err, seconds, megabytes):
        self.code, self.out, self.err, self.seconds, self.megabytes = code, out, err, seconds, megabytes

    def __str__(self):
        return f"exit {self.code} after {self.seconds:.1f} s\n{self.out}\n{self.err[-4000:]}"


class Running:
    """A taskmirror under way."""

    def __init__(self, command, environment, folder):
        # Files, not pipes: what nobody reads must not stop it.
        self.out, self.err = tempfile.TemporaryFile(dir=folder), tempfile.TemporaryFile(dir=folder)
        self.began, self.ended = time.monotonic(), None
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.out, stderr=self.err,
                                        env=environment, cwd=folder)
        self.pid = self.process.pid

    def send(self, number):
        os.kill(self.pid, number)

    def said(self):
        """Its log so far."""
        if self.ended is not None:
            return self.ended.err
        return os.pread(self.err.fileno(), 10_000_000, 0).decode(errors="replace")

    def over(self):
        if self.ended is not None:
            return True
        pid, status, usage = os.wait4(self.pid, os.WNOHANG)
        if pid == 0:
            return False
        seconds = time.monotonic() - self.began
        self.process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (self.out, self.err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
            file.close()
        self.ended = Ended(self.process.returncode, *texts, seconds, usage.ru_maxrss / 1024)
        return True

    def wait(self, timeout=TIMEOUT):
        """Its end; killed when it takes longer."""
        deadline = time.monotonic() + timeout
        while not self.over():
            if time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"taskmirror did not end within {timeout} s")
            time.sleep(0.005)
        return self.ended

    def kill(self):
        if self.ended is None:
            self.send(signal.SIGKILL)
            return self.wait()
        return self.ended


class SystemTest(unittest.TestCase):
    """A folder, and whatever is started in a test, ended after it."""
    soon = 60 if SANITIZED else 30  # seconds for what takes a few, on a busy machine

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="taskmirror-test-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.database = os.path.join(self.folder, "mirror.db")
        self.config = os.path.join(self.folder, "taskmirror.yaml")

    def fake(self, tasks, **options):
        fake = Fake(tasks, **options)
        self.addCleanup(fake.stop)
        return fake

    def relay(self, fake, **hooks):
        relay = Relay(fake, **hooks)
        self.addCleanup(relay.stop)
        return relay

    def configure(self, url, limits="{requests_per_minute: 100000, share: 1, concurrency: 8}", lines=()):
        """Writes the configuration; `lines` belong to the source."""
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"database: {self.database}\nsources:\n  - name: acme\n    type: asana\n    base_url: {url}\n"
                       f"    limits: {limits}\n" + "".join(f"    {line}\n" for line in lines))

    def start(self, *arguments, token=TOKEN, environment=None):
        variables = {"PATH": os.environ.get("PATH", ""), "HOME": self.folder, "LANG": "C.UTF-8"}
        variables.update({name: os.environ[name] for name in os.environ if name.endswith("SAN_OPTIONS")})
        if token is not None:
            variables["ASANA_TOKEN"] = token
        running = Running([TASKMIRROR, *arguments], {**variables, **(environment or {})}, self.folder)
        self.addCleanup(running.kill)
        return running

    def run_to_end(self, *arguments, timeout=TIMEOUT, **options):
        ended = self.start(*arguments, **options).wait(timeout)
        self.assertNotIn("Sanitizer", ended.err)
        return ended

    def await_that(self, running, condition, left=()):
        """`left`: what is missing still."""
        deadline = time.monotonic() + self.soon
        while not condition():
            self.assertFalse(running.over(), running.ended)
            if time.monotonic() > deadline:
                self.fail(f"waited {self.soon} s in vain; left: {left[:5]}; the log: {running.said()[-3000:]}")
            time.sleep(0.05)

    def start_sync(self, *arguments, **options):
        return self.start("sync", "--config", self.config, *arguments, **options)

    def sync(self, *arguments, expect=0, **options):
        ended = self.run_to_end("sync", "--config", self.config, *arguments, **options)
        self.assertIn(ended.code, (0, 1) if expect is None else (expect,), ended)
        return ended

    def query(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            return database.execute(sql, values).fetchall()

    def change(self, sql, *values):
        """As only a test may: the program's clock cannot be advanced, so its times are set back."""
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute(sql, values)

    def make_everything_due(self):
        self.change("UPDATE sync_work SET due_at = ? WHERE due_at IS NOT NULL", FAR_PAST)

    def open_gaps(self):
        return self.query("SELECT stream, scope, status, message, retry_at FROM sync_gaps WHERE healed_at IS NULL")

    def last_run(self):
        names = ("exit_code", "requests", "retries", "rate_limited", "rows_written", "rows_unchanged")
        return dict(zip(names, self.query(f"SELECT {', '.join(names)} FROM sync_runs ORDER BY id DESC LIMIT 1")[0]))

    def differences(self, fake, exported=False):
        """{table: [line]} of what is not as the truth says. `exported`: links that expire are in no export."""
        path = os.path.join(self.folder, "truth.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write(fake.control("GET", "truth"))
        truth, _ = compare_truth.read_truth(path)
        if exported:
            linkless = {gid for gid, in self.query("SELECT gid FROM asana_attachments WHERE view_url IS NULL")}
            for row, _ in truth.get("asana_attachments", []):
                if row["parent_type"] == "task" and row["gid"] in linkless:
                    row["view_url"] = None
        found = {}
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            tables = compare_truth.schema_of(database)
            for name in set(tables) | set(truth):
                if name not in tables:
                    found[name] = ["no such table"]
                    continue
                _, lines = compare_truth.compare_table(database, name, *tables[name], truth.get(name, []))
                if lines:
                    found[name] = lines
        return found

    def wrong_tables(self, fake):
        """Tables that differ; people, projects and the like that are only mentioned in what is missing do not count, nor
        does the history of stories that are missing."""
        wrong = {name for name, lines in self.differences(fake).items()
                 if not all(line.endswith("(a mention)") for line in lines)}
        return wrong - {"asana_task_changes"} if "asana_stories" in wrong else wrong

    def assert_truth(self, fake, exported=False):
        self.assertEqual(self.differences(fake, exported), {})

    def assert_nothing_wrong(self, fake):
        """What is stored is true, though some may be missing. Mentions are not looked at: they may come early."""
        for lines in self.differences(fake).values():
            for line in lines:
                self.assertTrue(line.lstrip().startswith("missing") or "mirrored_at is NULL" in line
                                or line.lstrip().startswith("extra"), line)

    def assert_sound(self):
        self.assertEqual(self.query("PRAGMA integrity_check"), [("ok",)])


# What needs a minute or more; TASKMIRROR_LONG=1 runs it.
long = unittest.skipUnless(os.environ.get("TASKMIRROR_LONG"), "takes long: set TASKMIRROR_LONG=1")


def wal_pages(path):
    """Numbers of the pages in a write-ahead log. https://www.sqlite.org/fileformat2.html#the_write_ahead_log"""
    with open(path, "rb") as file:
        log = io.BytesIO(file.read())
    header = log.read(32)
    if len(header) < 32:
        return []
    size, salt, pages = struct.unpack(">I", header[8:12])[0], header[16:24], []
    while len(frame := log.read(24)) == 24 and frame[8:16] == salt:
        pages.append(struct.unpack(">I", frame[:4])[0])
        log.seek(size, io.SEEK_CUR)
    return pages


def children_seconds():
    """Processor time of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def wait_until(condition, timeout=TIMEOUT):
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout} s in vain")
        time.sleep(0.005)


def gids(text):
    return re.findall(r'"gid":"([^"]+)"', text)


def main():
    if not TASKMIRROR or not FAKE_ASANA:
        sys.exit("set TASKMIRROR and FAKE_ASANA to the two programs")
    unittest.main(verbosity=2)
