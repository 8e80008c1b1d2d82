"""kill -9 at random moments: the next start loses nothing, repeats at most one commit group and what was in flight, and
the database still converges to the truth. TASKMIRROR_SEED repeats a run."""
import collections
import os
import random
import sqlite3
import time

import history
import support

COMMIT_GROUP = 100  # pages, as in daemon/engine/walk.hpp
AT_ONCE = 8

# What events tell of tasks in projects, and modified_at of the others: the next sync brings it.
TOLD = ["rename", "notes", "complete", "due_date", "comment", "custom_field_value", "attachment", "new_task",
        "new_subtask"]


class Kill(history.History):
    def setUp(self):
        super().setUp()
        self.counts = collections.Counter()

    def killed_sync(self, longest):
        """Whether it was killed within so many seconds; the database is sound after it."""
        running = self.start_sync()
        time.sleep(self.dice.random() * longest)
        if running.kill().code == 0:
            return False
        self.counts["kills"] += 1
        if os.path.exists(self.database):
            try:
                sound = self.query("PRAGMA quick_check") == [("ok",)]
            except sqlite3.DatabaseError:
                sound = False
            self.counts["unsound"] += not sound
            self.assertTrue(sound, "the database is damaged")
        return True

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
        # Tags lead to tasks of which nothing but their list tells.
        fake = self.fake(dice.choice([100, 300, 600, 1500]), seed=seed % 1000,
                         options=["--latency-ms", "10", "--tags", "0"])
        self.first_load(fake, dice.randrange(1, kills // 3 + 2))
        while self.counts["kills"] < kills:
            for _ in range(dice.randrange(1, 6)):
                fake.mutate(seed=dice.randrange(1 << 30), count=dice.randrange(1, 40), kinds=TOLD)
                if self.killed_sync(1.0 if support.SANITIZED else 0.25):
                    self.counts["later"] += 1
            # A pass that was cut off asks for no events again; the next one does.
            self.sync()
            self.sync()
            ahead = self.wrong(fake)
            self.counts["ahead"] += sum(kind != "extra" for _, kind, *_ in ahead)
            if ahead:
                break
        self.sync("--full")
        self.assert_sound()
        wrong = self.wrong(fake)
        self.counts["lost"] += sum(kind != "extra" for _, kind, *_ in wrong)
        self.counts["duplicates"] += sum(kind == "extra" for _, kind, *_ in wrong)
        self.assertEqual([one[:4] for one in wrong], [])
        self.assertEqual(self.counts["ahead"], 0, ahead[:5])

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
