"""One random history of a workspace: every kind of change, before and during syncs that are cut short, killed, throttled and
lied to. Afterwards the database must equal the truth, once by `sync --full` and once by the periods of the schedule.
"""
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import time
import typing

import support
from support import compare_truth

LONGEST = 180  # seconds, of one sync
DAY = 26  # hours: a little more, for what is looked at again after a day
MONTH = 31 * 24  # hours
DAYS = 4  # a look, a second one, what the second one led to, and its second look


class Excuse(typing.NamedTuple):
    """What may be wrong in the end, and why."""
    why: str
    kind: str      # missing, extra, different
    tables: tuple
    columns: tuple = ()  # of a different row: only these
    stored: dict = {}    # only where the row has one of these values


# All that a mirror may still do wrong after a history. Empty this list: nothing else excuses anything.
LOCAL = {"is_global_to_workspace": (0,)}
EXCUSED = (
    Excuse("a field that no project has any more stands in no list, and is there when it is looked at", "extra",
           ("asana_custom_fields",), (), LOCAL),
    Excuse("the same, where a task has a value of it still", "different", ("asana_custom_fields",),
           ("mirrored_at is set on a mention", "name"), LOCAL),
)

FAULTS = (
    {"kind": "status", "status": 429, "retry_after": 1},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503, "retry_after": 1},
    {"kind": "status", "status": 504},
    {"kind": "close"},
    {"kind": "truncate", "bytes": 200},
    {"kind": "html"},
    {"kind": "garbage"},
    {"kind": "missing_data"},
    {"kind": "slow", "ms": 300},
)
PLACES = ("/tasks?", "/tasks/", "/stories", "/events", "/projects", "/sections", "/attachments", "memberships", "/subtasks",
          "/search")


class History(support.SystemTest):
    """Made by seed; kills and what happens during a sync take a time of their own, so no two runs are the same."""

    kills = made = syncs = 0

    def live(self, seed, changes):
        """The fake Asana after `changes` changes, mirrored all along."""
        self.dice = dice = random.Random(seed)
        options = ["--latency-ms", dice.choice(["0", "2", "8"]), "--search-lag-ms", dice.choice(["0", "300", "10000"])]
        if dice.random() < 0.2:
            options += ["--stories-per-task", "60"]  # so that some tasks have more than a page of them
        fake = self.fake(dice.choice([60, 120, 250]), seed=seed, plan=dice.choice(["free", "paid", "service"]), options=options)
        self.kinds = fake.control("GET", "kinds")
        self.configure(fake.url)
        self.sync()
        while self.made < changes:
            self.round(fake, min(dice.randrange(5, 120), changes - self.made))
        fake.control("POST", "events", {})
        fake.control("POST", "search", {})
        return fake

    def round(self, fake, changes):
        """Changes, half of them while a sync runs that may be killed."""
        dice = self.dice
        fake.control("POST", "events", {"drop": 0.01, "duplicate": 0.05, "reorder": True, "seed": dice.randrange(1 << 30),
                                        "lag_s": dice.choice([0, 0, 0.2])})
        before = dice.randrange(changes)
        self.change_world(fake, before)
        if dice.random() < 0.1:
            fake.control("POST", "expire_tokens")
        if dice.random() < 0.3:
            fake.control("POST", "advance", {"seconds": dice.randrange(3 * 3600)})
        fake.control("POST", "search", {"frozen": dice.random() < 0.2})
        for _ in range(dice.choice([0, 0, 1, 2, 3])):
            fake.fault({**dice.choice(FAULTS), "match": dice.choice(PLACES), "after": dice.randrange(40),
                        "times": dice.randrange(1, 4)})
        limits = dice.choice([[], [], [], ["--full"], ["--max-requests", str(dice.randrange(1, 200))]])
        running = self.start_sync(*limits)
        end = dice.choice([None, signal.SIGKILL, signal.SIGKILL, signal.SIGTERM])
        end_at = time.monotonic() + dice.random() * (3 if support.SANITIZED else 1)
        left = changes - before
        while not running.over():
            if end and time.monotonic() >= end_at:
                running.send(end)
                end = None
            if left > 0:
                left -= self.change_world(fake, min(left, dice.randrange(1, 6)))
            time.sleep(0.005)
            if time.monotonic() - running.began > LONGEST:
                running.kill()
                self.fail(f"a sync did not end within {LONGEST} s")
        self.change_world(fake, left)
        fake.no_faults()
        ended = running.ended
        self.syncs += 1
        self.kills += ended.code == -signal.SIGKILL
        self.assertNotIn("Sanitizer", ended.err)
        self.assertIn(ended.code, (0, 1, 75, -signal.SIGKILL, -signal.SIGTERM), ended)
        self.assert_sound()

    def change_world(self, fake, count):
        self.made += count
        if count > 0:
            fake.mutate(seed=self.dice.randrange(1 << 30), count=count, kinds=self.kinds)
        return count

    def settle_at_once(self):
        """--full, after what waits for another day; deletions accepted."""
        for _ in range(DAYS):
            self.make_everything_due()
            self.settle_by("--full", "--accept-deletions")

    def settle_by_periods(self, fake, tokens_expire):
        """What the schedule promises without --full: within days, and what is read in rotation within a month."""
        for hours in [DAY] * DAYS + [MONTH] + [DAY] * DAYS:
            self.let_pass(hours)
            if tokens_expire:
                fake.control("POST", "advance", {"seconds": hours * 3600})
            self.settle_by()

    def settle_by(self, *arguments):
        ended = self.run_to_end("sync", "--config", self.config, "--log-level", "debug", *arguments, timeout=LONGEST)
        with open(f"{self.database}.log", "a", encoding="utf-8") as log:
            log.write(ended.err)
        self.assertIn(ended.code, (0, 1), ended)

    def let_pass(self, hours):
        """As if the last run had been that long ago; the program's clock cannot be advanced."""
        def back(column):
            return f"{column} = strftime('%Y-%m-%dT%H:%M:%fZ', {column}, '-{hours} hours')"
        self.change(f"UPDATE sync_work SET {', '.join(map(back, ('due_at', 'resumed_at', 'pending_at')))}")
        self.change(f"UPDATE sync_work SET {back('last_done_at')} WHERE last_done_at > '1971'")
        self.change(f"UPDATE sync_gaps SET {', '.join(map(back, ('first_seen_at', 'last_seen_at', 'retry_at')))}")
        self.change(f"UPDATE sync_capabilities SET {back('checked_at')}")
        self.change(f"UPDATE sync_meta SET {back('value')} WHERE key LIKE '%\\_at' ESCAPE '\\'")
        began = "substr(value, 1, instr(value, ' ') - 1)"  # the first word
        self.change(f"UPDATE sync_meta SET value = strftime('%Y-%m-%dT%H:%M:%fZ', {began}, '-{hours} hours') "
                    "|| substr(value, instr(value, ' ')) WHERE key LIKE '%.rotation.%'")

    def wrong(self, fake):
        """[(table, kind, identity, details, stored, true)] of what is wrong and not excused."""
        path = os.path.join(self.folder, "truth.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write(fake.control("GET", "truth"))
        truth, _ = compare_truth.read_truth(path)
        found, gone = [], set()
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            tables = compare_truth.schema_of(database)
            for name, (columns, key) in tables.items():
                for kind, *rest in compare_truth.compare_rows(database, name, columns, key, truth.get(name, [])):
                    if kind != "equal":
                        found.append((name, kind, *rest))
        for _, kind, identity, details, stored, _ in found:
            if stored and "gid" in stored and (kind == "extra" or "mirrored_at is set on a mention" in details):
                gone.add(identity[0])
        return [one for one in found if not excused(*one) and not hangs_on(one, gone)]

    def keep(self, folder):
        """What explains a failure."""
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(self.folder):
            if name.startswith(("mirror.db", "periods.db", "truth", "taskmirror.yaml")) and not name.endswith(".lock"):
                shutil.copy(os.path.join(self.folder, name), folder)

    def history(self, seed, changes):
        """[line] of what is wrong in the end."""
        fake = self.live(seed, changes)
        by_full, by_periods = self.database, os.path.join(self.folder, "periods.db")
        with contextlib.closing(sqlite3.connect(by_full)) as one, contextlib.closing(sqlite3.connect(by_periods)) as two:
            one.backup(two)
        lines = []
        for database in (by_full, by_periods):
            self.database = database
            self.configure(fake.url)
            if database == by_full:
                self.settle_at_once()
            else:
                self.settle_by_periods(fake, self.dice.random() < 0.5)
            self.assert_sound()
            way = "by --full" if database == by_full else "by periods"
            lines += [f"{way}: {table} {kind} {identity} {'; '.join(details)}"
                      for table, kind, identity, details, _, _ in self.wrong(fake)]
        return lines


def columns_of(details):
    return {line.partition(":")[0] for line in details}


def excused(table, kind, _identity, details, stored, _true):
    columns = columns_of(details)
    if stored and stored.get("mirrored_at", "") is None and (kind == "extra" or columns == {"name"}):
        return True  # a mention that nothing refers to any more stays, and one keeps its name
    return any(kind == excuse.kind and table in excuse.tables and (not excuse.columns or columns <= set(excuse.columns))
               and all(stored[column] in values for column, values in excuse.stored.items()) for excuse in EXCUSED)


def hangs_on(wrong, gone):
    """Whether a row is there, or is more than a mention, only because one that it names is, and should not be: that one
    is told of, or excused."""
    _, kind, _, details, stored, _ = wrong
    there = kind == "extra" or (kind == "different" and columns_of(details) <= {"mirrored_at is set on a mention", "name"})
    return there and any(value in gone for column, value in stored.items() if column.endswith("_gid"))
