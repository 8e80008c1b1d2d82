"""Random histories, unreliable events, faults and kills: after sync --full nothing is missing and nothing is wrong.

What is deleted and not yet noticed may stay: README.md says what that is. CONVERGENCE_SEEDS sets how many histories (2).
scripts/converge starts it: kills make it take a time of its own, and no two runs are the same.
"""
import os
import random
import signal
import time

import support

ROUNDS = 8


class Convergence(support.SystemTest):
    maxDiff = None

    def history(self, seed):
        chance = random.Random(seed)
        self.database = os.path.join(self.folder, f"{seed}.db")
        fake = self.fake(chance.choice([60, 201, 300]), seed=seed, plan=chance.choice(["free", "paid"]))
        self.configure(fake.url)
        self.sync()
        fake.control("POST", "events", {"drop": 0.01, "duplicate": 0.05, "reorder": True, "seed": seed})
        for round in range(ROUNDS):
            # An edit of a comment is told by its event alone, which may be lost.
            kinds = [kind for kind in fake.control("GET", "kinds") if kind != "edit_comment"]
            fake.mutate(seed=seed * 100 + round, count=chance.randrange(1, 40), kinds=kinds)
            if chance.random() < 0.2:
                fake.control("POST", "expire_tokens")
            if chance.random() < 0.4:
                fake.fault({"kind": "status", "status": chance.choice([429, 500, 503, 504]), "match": "/tasks",
                            "retry_after": 1, "after": chance.randrange(20), "times": 2},
                           {"kind": "close", "match": "/stories", "after": chance.randrange(20), "times": 1})
            running = self.start_sync(*chance.choice([[], [], ["--max-requests", str(chance.randrange(1, 60))]]))
            if chance.random() < 0.5:
                time.sleep(chance.random() * 0.6)
                running.send(signal.SIGKILL)
            running.wait()
            fake.no_faults()
            self.assert_sound()
        fake.control("POST", "events", {"drop": 0, "duplicate": 0, "reorder": False, "seed": seed})
        self.settle(fake)
        mentions = {row[0] for row in self.query("SELECT gid FROM asana_users WHERE mirrored_at IS NULL")}
        for table, lines in self.differences(fake).items():
            for line in lines:
                # Who was renamed and left before that was noticed keeps the old name until what refers to them changes.
                left = (table == "asana_users" and ",) name: is " in line and line.count(": is ") == 1
                        and line.split("'")[1] in mentions)
                stays = left or line.lstrip().startswith("extra") or "mirrored_at is set on a mention" in line
                self.assertTrue(stays, f"{table}: {line}")

    def settle(self, fake):
        """What a day brings: second looks, walks that are due again."""
        for _ in range(4):
            self.change("UPDATE sync_work SET due_at = ? WHERE due_at IS NOT NULL", support.FAR_PAST)
            ended = self.run_to_end("sync", "--config", self.config, "--full", "--accept-deletions")
            self.assertIn(ended.code, (0, 1), ended)

    def test_histories(self):
        for seed in range(1, int(os.environ.get("CONVERGENCE_SEEDS", "2")) + 1):
            with self.subTest(seed=seed):
                self.history(seed)


if __name__ == "__main__":
    support.main()
