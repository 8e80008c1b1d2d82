#!/usr/bin/env python3
"""What the status page costs: how fast it answers while a first load runs, and what a crowd of bad clients takes from
the sync. Prints figures; each comparison is a ratio of one run, at the rate of a paid plan.
"""
import argparse
import contextlib
import http.client
import os
import selectors
import socket
import sys
import tempfile
import time

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "system"))
import programs  # noqa: E402

if "TASKMIRROR" not in os.environ:
    programs.build()
import support  # noqa: E402


def page_cpu(pid):
    """Seconds of all threads but the first one, which syncs."""
    ticks = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        if int(thread) != pid:
            fields = open(f"/proc/{pid}/task/{thread}/stat", encoding="ascii").read().rsplit(") ", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


class Daemon:
    def __init__(self, folder, fake, port, rate):
        config = os.path.join(folder, "taskmirror.yaml")
        self.port = port
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"database: {folder}/mirror.db\nsources:\n  - name: acme\n    base_url: {fake.url}\n"
                       f"    limits: {{requests_per_minute: {rate}, share: 1, concurrency: 8}}\n"
                       f"status: {{listen: 127.0.0.1:{port}}}\nlog: {{level: warning}}\n")
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "ASANA_TOKEN": support.TOKEN}
        self.running = support.Running([support.TASKMIRROR, "run", "--config", config], environment, folder)

    def get(self, path):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def await_page(self):
        while True:
            with contextlib.suppress(OSError):
                if self.get("/healthz")[0] == 200:
                    return
            time.sleep(0.1)

    def metric(self, name):
        lines = [line for line in self.get("/metrics")[1].splitlines() if line.startswith(name)]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def rows(self):
        return self.metric("taskmirror_rows_written_total") + self.metric("taskmirror_rows_unchanged_total")


class Crowd:
    """Connections that say half a request, nonsense, too much, or take no answer; each is made anew when it ends."""

    SAYS = (b"GET / HTTP/1.1\r\nHost: loc", b"\0\xff\x80 nonsense\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"y" * 9000,
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"")

    def __init__(self, port, count):
        self.port, self.made, self.selector = port, 0, selectors.DefaultSelector()
        for _ in range(count):
            self.connect()

    def connect(self):
        connection = socket.socket()
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            connection.connect(("127.0.0.1", self.port))
        self.selector.register(connection, selectors.EVENT_WRITE | selectors.EVENT_READ, self.made % len(self.SAYS))
        self.made += 1

    def turn(self):
        for key, events in self.selector.select(0.05):
            connection = key.fileobj
            try:
                if events & selectors.EVENT_WRITE:
                    connection.send(self.SAYS[key.data])
                    self.selector.modify(connection, selectors.EVENT_READ, key.data)
                    continue
                if key.data != 3 and not connection.recv(65536):  # 3 takes nothing
                    raise ConnectionResetError
                if key.data == 3:
                    self.selector.modify(connection, selectors.EVENT_WRITE, 4)
            except OSError:
                self.selector.unregister(connection)
                connection.close()
                self.connect()

    def end(self):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--tasks", type=int, default=200_000)
    parser.add_argument("--rate", type=int, default=1500, help="requests a minute")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20, help="of each window of the comparison")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="taskmirror-page-") as folder, contextlib.ExitStack() as at_end:
        fake = support.Fake(options.tasks)
        at_end.callback(fake.stop)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        daemon = Daemon(folder, fake, port, options.rate)
        at_end.callback(daemon.running.kill)
        daemon.await_page()
        while daemon.rows() < min(20_000, options.tasks / 4):
            time.sleep(0.5)

        times = []
        for i in range(200):
            began = time.monotonic()
            status, _ = daemon.get("/" if i % 2 else "/metrics")
            assert status == 200, status
            times.append((time.monotonic() - began) * 1000)
            time.sleep(0.05)
        times.sort()
        print(f"page and metrics during a first load: median {times[100]:.1f} ms, p99 {times[197]:.1f} ms, "
              f"most {times[-1]:.1f} ms", flush=True)

        def window(crowd):
            """Requests a second of the sync, and cores of the threads that serve the page."""
            sent, used, began = fake.stats()["total"], page_cpu(daemon.running.pid), time.monotonic()
            while time.monotonic() - began < options.seconds:
                if crowd:
                    crowd.turn()
                else:
                    time.sleep(0.05)
            seconds = time.monotonic() - began
            return (fake.stats()["total"] - sent) / seconds, (page_cpu(daemon.running.pid) - used) / seconds

        ratios = []
        for _ in range(3):
            before, _ = window(None)
            crowd = Crowd(port, options.connections)
            during, cores = window(crowd)
            crowd.end()
            after, _ = window(None)
            ratios.append(during / ((before + after) / 2))
            print(f"{options.connections} bad clients at once, {crowd.made} in all: requests a second of the sync {before:.1f} "
                  f"before, {during:.1f} with them, {after:.1f} after; ratio {ratios[-1]:.3f}; the page took "
                  f"{cores:.3f} cores", flush=True)
        print(f"median ratio {sorted(ratios)[1]:.3f}")


if __name__ == "__main__":
    main()
