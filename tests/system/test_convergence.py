"""Random histories: whatever happens, and whenever the process dies, the mirror converges to the truth.

scripts/converge plays longer ones, and repeats one by its seed.
"""
import os

import history
import support

SEEDS = range(1, 6)
CHANGES = 60


class Convergence(history.History):
    def test_histories(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.database = os.path.join(self.folder, f"{seed}.db")
                self.assertEqual(self.history(seed, CHANGES), [])


if __name__ == "__main__":
    support.main()
