"""After every kind of change that the fake Asana knows, a new mirror equals the truth."""
import os

import support


class Mutations(support.SystemTest):
    def test_a_new_mirror_of_a_changed_workspace(self):
        kinds, made = None, set()
        for seed in (1, 2, 3):
            with self.subTest(seed=seed):
                fake = self.fake(120, seed=seed)
                kinds = fake.control("GET", "kinds")
                for kind in kinds:
                    made.update(fake.mutate(seed=seed, count=2, kinds=[kind])["changes"])
                fake.mutate(seed=seed, count=150, silent=True)
                self.database = os.path.join(self.folder, str(seed))
                self.configure(fake.url)

                fake.control("POST", "advance", {"seconds": 3600})  # so that the index of the search may be believed
                self.sync()

                self.assert_truth(fake)
                self.assertEqual(self.open_gaps(), [])
                self.assertLessEqual(fake.stats()["total"], max(fake.minimum() * 1.02, fake.minimum() + 2))
        self.assertEqual(made, set(kinds))


if __name__ == "__main__":
    support.main()
