#!/usr/bin/env python3
"""pandas on a mirror: analysts/pandas_example.py asana.db"""
import sqlite3
import sys

import pandas

# Read only: it may be read while taskmirror writes, and nothing is locked. Not immutable=1, see docs/analysts.md.
mirror = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)

tasks = pandas.read_sql("SELECT gid, name, assignee_gid, created_at, completed_at FROM asana_tasks WHERE completed = 1", mirror,
                        dtype={"gid": str}, parse_dates=["created_at", "completed_at"])
days = (tasks.completed_at - tasks.created_at).dt.total_seconds() / 86400
print(days.describe())

weeks = pandas.read_sql("SELECT week, sum(created) AS created, sum(completed) AS completed FROM asana_throughput GROUP BY week",
                        mirror, index_col="week", parse_dates=["week"])
print(weeks.tail(8))
