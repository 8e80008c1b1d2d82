"""kill -9 at random moments: the next start loses nothing, repeats at most one commit group and what was in flight, and
the database still converges to the truth. TASKMIRROR_SEED repeats a run."""
import os
import random

import support

COMMIT_GROUP = 100  # pages, as in daemon/engine/walk.hpp
AT_ONCE = 8


class Kill(support.SystemTest):
    def storm(self, tasks, seed, kills):
        """Requests made, the least possible, and the bound; `kills` syncs are killed, the last one ends by itself."""
        dice = random.Random(seed)
        fake = self.fake(tasks, seed=seed % 1000, options=["--latency-ms", "15"])
        self.configure(fake.url, f"{{requests_per_minute: 100000, share: 1, concurrency: {AT_ONCE}}}")
        killed = 0
        while killed < kills:
            running = self.start_sync()
            with_start = 1.0 if support.SANITIZED else 0.4
            support.time.sleep(dice.random() * with_start)
            ended = running.kill()
            killed += 1
            if ended.code == 0:
                break  # it was faster
            if os.path.exists(self.database) and dice.random() < 0.3:
                self.assert_sound()
        self.sync()
        self.assert_sound()
        self.assert_truth(fake)
        self.assertEqual(self.open_gaps(), [])
        made, least = fake.stats()["total"], fake.minimum()
        bound = least * 1.02 + 2 + killed * (COMMIT_GROUP + AT_ONCE)
        self.assertLessEqual(made, bound)
        return made, least, killed

    def test_a_first_sync_survives_kills(self):
        seed = int(os.environ.get("TASKMIRROR_SEED", random.SystemRandom().randrange(1_000_000)))
        print(f"TASKMIRROR_SEED={seed}", flush=True)
        made, least, killed = self.storm(600, seed, 8)
        print(f"{killed} kills: {made} requests where {least} are needed", flush=True)

    def test_a_later_sync_survives_kills(self):
        fake = self.fake(60, options=["--latency-ms", "3"])
        self.configure(fake.url)
        self.sync()
        fake.mutate(seed=7, count=20, kinds=["rename", "comment", "complete"])
        for delay in (0.05, 0.1, 0.2):
            running = self.start_sync()
            support.time.sleep(delay)
            running.kill()
        self.sync()
        self.assert_sound()
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
