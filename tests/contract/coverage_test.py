#!/usr/bin/env python3
"""What the lists of coverage.py are held to; needs no document."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import coverage  # noqa: E402


class Coverage(unittest.TestCase):
    def problems(self, documented, used, **lists):
        return coverage.problems(set(documented), set(used), lists)

    def test_what_is_used_or_listed_is_accounted_for(self):
        self.assertEqual(self.problems(["/a", "/b"], ["/a"], NOT_DATA={"/b": "because"}), [])

    def test_a_new_path_is_named(self):
        self.assertEqual(len(self.problems(["/a", "/b", "/new"], ["/a"], NOT_DATA={"/b": "because"})), 1)
        self.assertIn("GET /new is new", self.problems(["/new"], [])[0])

    def test_an_entry_that_is_used_is_wrong(self):
        self.assertIn("a stream uses GET /a", self.problems(["/a"], ["/a"], NOT_YET={"/a": "because"})[0])

    def test_an_entry_that_does_not_exist_is_wrong(self):
        self.assertIn("there is no GET /gone", self.problems(["/a"], ["/a"], REDUNDANT={"/gone": "because"})[0])

    def test_an_entry_stands_once_and_has_a_reason(self):
        self.assertIn("in NOT_DATA as well", self.problems(["/a"], [], NOT_DATA={"/a": "x"}, NOT_YET={"/a": "y"})[0])
        self.assertIn("has no reason", self.problems(["/a"], [], NOT_DATA={"/a": ""})[0])
        self.assertEqual(sum(map(len, coverage.LISTS.values())), len(set().union(*coverage.LISTS.values())))


if __name__ == "__main__":
    unittest.main()
