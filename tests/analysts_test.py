#!/usr/bin/env python3
"""Every SQL in analysts/ runs on an empty mirror, every table and column that is described there exists, and what is
generated is current. TASKMIRROR names the program."""
import json
import os
import re
import sqlite3
import subprocess
import sys
import unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
ANALYSTS = os.path.join(ROOT, "analysts")


def read(name):
    with open(os.path.join(ANALYSTS, name), encoding="utf-8") as file:
        return file.read()


class Analysts(unittest.TestCase):
    def setUp(self):
        # Attached, as DuckDB does it: names without `mirror.` are found, too.
        self.database = sqlite3.connect(":memory:")
        self.addCleanup(self.database.close)
        schema = subprocess.run([os.environ["TASKMIRROR"], "schema", "--sql"], check=True, capture_output=True, text=True).stdout
        self.database.executescript(schema)

    def assert_run(self, queries, least):
        self.assertGreaterEqual(len(queries), least)
        for sql in queries:
            with self.subTest(sql=sql):
                self.database.execute(sql).fetchall()

    def test_queries(self):
        self.assert_run(re.findall(r"^SELECT[^;]*", read("queries.sql"), re.M), 9)

    def test_datasette(self):
        made = subprocess.run([sys.executable, os.path.join(ANALYSTS, "datasette_metadata.py")], check=True, capture_output=True,
                              encoding="utf-8", env={**os.environ, "PYTHONIOENCODING": "utf-8"}).stdout
        self.assertTrue(made == read("datasette-metadata.json"),
                        "out of date, run: analysts/datasette_metadata.py > analysts/datasette-metadata.json")
        described = json.loads(made)["databases"]["asana"]
        self.assert_run([query["sql"] for query in described["queries"].values()], read("queries.sql").count("-- name: "))
        names = self.database.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT GLOB "
                                      "'sync_search_[cdi]*' OR name = 'sync_search_documents'").fetchall()
        self.assertEqual(set(described["tables"]), {name for name, in names})
        for table, about in described["tables"].items():
            self.assertTrue(about["description"], table)
            columns = {row[1] for row in self.database.execute(f"PRAGMA table_info({table})")}
            self.assertEqual(set(about["columns"]), columns, table)

    def test_grafana(self):
        panels = json.loads(read("grafana-dashboard.json"))["panels"]
        self.assert_run([target["queryText"].replace("$__from", "1700000000000").replace("$__to", "1800000000000")
                         for panel in panels for target in panel["targets"]], 7)
        for panel in panels:
            for target in panel["targets"]:
                self.assertEqual(target["queryText"], target["rawQueryText"])

    def test_duckdb(self):
        text = re.sub(r"--.*", "", read("duckdb.sql")).replace("mirror.", "")
        queries = re.findall(r"sqlite_query\('mirror', '(.*)'\)", text)
        queries += re.findall(r"COPY \((.*)\)\s+TO", text)
        queries += [part for part in re.split(r";", text) if part.strip().startswith("SELECT") and "sqlite_query" not in part]
        self.assert_run(queries, 3)

    def test_pandas_and_r(self):
        for name in ("pandas_example.py", "r_example.R"):
            self.assert_run(re.findall(r'"(SELECT [^"]*)"', read(name)), 2)

    def test_the_diagram_names_what_is_there(self):
        arrows = re.findall(r'(\w+) -> (\w+) \[label = "(\w+)"\]', read("tables.dot"))
        self.assert_run([f"SELECT a.{column} FROM {table} AS a JOIN {other} AS b" for table, other, column in arrows], 20)
        drawn = read("tables.svg")
        for table, other, _ in arrows:
            self.assertIn(f">{table}<", drawn)
            self.assertIn(f">{other}<", drawn)


if __name__ == "__main__":
    unittest.main()
