"""kill -9 at random moments: the next start loses nothing, repeats at most one commit group and what was in flight, and
the database still converges to the truth. TASKMIRROR_SEED repeats a run."""
import collections
import contextlib
import os
import random
import shutil
import sqlite3
import time

import history
import support

COMMIT_GROUP = 100  # pages, as in daemon/engine/walk.hpp
AT_ONCE = 8

# Of tasks in projects, the next sync brings it: events tell.
TOLD = ["rename", "notes", "complete", "due_date", "comment", "custom_field_value", "attachment", "new_task",
        "new_subtask"]


def task_of(table, row):
    """The task that a row tells of."""
    columns = ("gid",) if table == "asana_tasks" else ("task_gid", "target_gid", "object_gid", "parent_gid")
    return next((row[column] for column in columns if column in row), None)


class Kill(history.History):
    def setUp(self):
        super().setUp()
        self.counts = collections.Counter()

    def killed_sync(self, longest, meanwhile=lambda: None):
        """Whether it was killed within so many seconds; the database is sound after it."""
        running = self.start_sync()
        end_at = time.monotonic() + self.dice.random() * longest
        while time.monotonic() < end_at and not running.over():
            meanwhile()
            time.sleep(0.002)
        if running.kill().code == 0:
            return False
        self.counts["kills"] += 1
        if os.path.exists(self.database):
            said = self.soundness()
            self.counts["unsound"] += said != "ok"
            self.assertEqual(said, "ok")
        return True

    def soundness(self):
        """Of a copy: looking would do what the next start has to do."""
        copy = os.path.join(self.folder, "copy.db")
        for end in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(copy + end)
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(self.database + end, copy + end)
        try:
            with contextlib.closing(sqlite3.connect(copy)) as database:
                return database.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            return str(error)

    def first_load(self, fake, kills):
        """A first sync that is killed that often, unless it is faster."""
        self.configure(fake.url, f"{{requests_per_minute: 100000, share: 1, concurrency: {AT_ONCE}}}")
        killed = 0
        while killed < kills and self.killed_sync(1.0 if support.SANITIZED else 0.4):
            killed += 1
        self.counts["first_loads"] += killed
        self.sync()
        self.assert_sound()
        self.assert_truth(fake)
        self.assertEqual(self.open_gaps(), [])
        made, least = fake.stats()["total"], fake.minimum()
        self.assertLessEqual(made, least * 1.02 + 2 + killed * (COMMIT_GROUP + AT_ONCE))
        return made, least, killed

    def mixed_storm(self, seed, kills):
        """A first load and later syncs, killed `kills` times in all; changes come before, between and during these."""
        self.dice = dice = random.Random(seed)
        fake = self.fake(dice.choice([100, 300, 600, 1500]), seed=seed % 1000, options=["--latency-ms", "10"])
        self.first_load(fake, dice.randrange(1, kills // 3 + 2))

        def change(count):
            fake.mutate(seed=dice.randrange(1 << 30), count=count, kinds=TOLD)

        while self.counts["kills"] < kills:
            for _ in range(dice.randrange(1, 6)):
                change(dice.randrange(1, 40))
                if self.killed_sync(1.0 if support.SANITIZED else 0.25, lambda: change(1)):
                    self.counts["later"] += 1
            running = self.start_sync()
            while not running.over():
                change(1)
                time.sleep(0.02)
            self.assertEqual(running.ended.code, 0, running.ended)
            # A pass that was cut off asks for no events again; the next one does.
            self.sync()
            in_projects = self.tasks_in_projects(fake.truth())
            ahead = [one[:4] for one in self.wrong(fake) if one[5] and task_of(one[0], one[5]) in in_projects]
            self.counts["ahead"] += len(ahead)
            if ahead:
                break
        self.sync("--full")
        self.assert_sound()
        wrong = self.wrong(fake)
        self.counts["lost"] += sum(kind != "extra" for _, kind, *_ in wrong)
        self.counts["duplicates"] += sum(kind == "extra" for _, kind, *_ in wrong)
        self.assertEqual([one[:4] for one in wrong], [])
        self.assertEqual(ahead[:5], [])

    @staticmethod
    def tasks_in_projects(truth):
        """Those below them too; tasks may also be in a project that cannot be seen."""
        parents = {row["gid"]: row["parent_gid"] for row in truth["asana_tasks"]}
        visible = {row["gid"] for row in truth["asana_projects"]}
        homes = {row["task_gid"] for row in truth["asana_task_memberships"] if row["project_gid"] in visible}

        def in_project(gid):
            return gid in homes or (gid in parents and in_project(parents[gid]))

        return {gid for gid in parents if in_project(gid)}

    def seed(self):
        seed = int(os.environ.get("TASKMIRROR_SEED", random.SystemRandom().randrange(1_000_000)))
        print(f"TASKMIRROR_SEED={seed}", flush=True)
        return seed

    def test_a_first_sync_survives_kills(self):
        seed = self.seed()
        self.dice = random.Random(seed)
        fake = self.fake(600, seed=seed % 1000, options=["--latency-ms", "15"])
        made, least, killed = self.first_load(fake, 8)
        print(f"{killed} kills: {made} requests where {least} are needed", flush=True)

    def test_first_and_later_syncs_survive_kills(self):
        self.mixed_storm(self.seed(), 8)
        print(dict(self.counts), flush=True)


if __name__ == "__main__":
    support.main()
