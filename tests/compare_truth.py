#!/usr/bin/env python3
"""Compares a mirror with what the fake Asana knows to be true.

usage: compare_truth.py DB TRUTH.ndjson

Every cell of every asana_ table is compared, content_hash and mirrored_at excepted. Rows of entity tables must have
mirrored_at set, mentions must not; of mentions only the columns in the truth are compared. A mention may keep a name that it
had when it was listed, and may stay when nothing refers to it any more: such rows are not looked at. For each table the counts of
equal, missing (not in the database), extra (not in the truth) and different rows, and the first five of each kind
that is wrong. Exit status 1 if there is any.
"""
import json
import sqlite3
import sys

SHOWN = 5
NOT_COMPARED = ("content_hash", "mirrored_at")


def read_truth(path):
    """{table: [(row, is_mention)]} and the summary."""
    tables, summary = {}, None
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if "summary" in entry:
                summary = entry["summary"]
            else:
                tables.setdefault(entry["table"], []).append((entry["row"], entry.get("mention", False)))
    if summary is None:
        sys.exit(f"{path} has no summary: it was cut short; fetch /_control/truth again")
    return tables, summary


def schema_of(database):
    """{table: (columns, key columns)} of the asana_ tables."""
    tables = {}
    names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'asana\\_%' ESCAPE '\\'")
    for (name,) in names.fetchall():
        columns = database.execute(f'PRAGMA table_info("{name}")').fetchall()
        tables[name] = ([c[1] for c in columns], [c[1] for c in sorted(columns, key=lambda c: c[5]) if c[5] > 0])
    return tables


def differences(stored, row, mention, columns):
    wrong = []
    for column in columns:
        if column in NOT_COMPARED or (mention and row.get(column) is None):
            continue
        if column not in row:
            wrong.append(f"{column}: the truth has no such column")
        elif stored[column] != row[column]:
            wrong.append(f"{column}: is {shortened(stored[column])}, should be {shortened(row[column])}")
    for column in row:
        if column not in columns:
            wrong.append(f"{column}: the database has no such column")
    if "mirrored_at" in columns and (stored["mirrored_at"] is None) != mention:
        wrong.insert(0, "mirrored_at is set on a mention" if mention else "mirrored_at is NULL on a listed row")
    return wrong


def shortened(value):
    text = repr(value)
    return text if len(text) <= 120 else text[:117] + "..."


def compare_rows(database, name, columns, key, rows_of_truth):
    """Yields kind, identity, what is wrong, the stored row and that of the truth; kinds are equal, missing, extra and
    different. A row of the truth that is only mentioned is missing as "(a mention)"."""
    expected = {}
    for row, mention in rows_of_truth:
        identity = tuple(row.get(column) for column in key)
        if identity in expected:
            yield "different", identity, ["the truth has it twice"], None, row
        expected[identity] = (row, mention)
    for values in database.execute(f'SELECT * FROM "{name}"'):
        stored = dict(zip(columns, values))
        identity = tuple(stored[column] for column in key)
        if identity not in expected:
            yield "extra", identity, [], stored, None
            continue
        row, mention = expected.pop(identity)
        wrong = differences(stored, row, mention, columns)
        yield "different" if wrong else "equal", identity, wrong, stored, row
    for identity, (row, mention) in expected.items():
        yield "missing", identity, ["(a mention)"] if mention else [], None, row


def compare_table(database, name, columns, key, rows_of_truth):
    """Counts of equal, missing, extra, different; and lines that show what is wrong."""
    counts, lines = {"equal": 0, "missing": 0, "extra": 0, "different": 0}, []
    for kind, identity, wrong, stored, _ in compare_rows(database, name, columns, key, rows_of_truth):
        if kind == "extra" and stored.get("mirrored_at", "a child") is None:
            continue  # what once was referred to keeps its name
        counts[kind] += 1
        if kind != "equal" and counts[kind] <= SHOWN:
            lines.append(f"    {kind} {identity}{' ' if wrong else ''}{'; '.join(wrong[:SHOWN])}")
    return counts, lines


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    truth, summary = read_truth(sys.argv[2])
    database = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    tables = schema_of(database)
    bad = False
    for name in sorted(set(tables) | set(truth)):
        if name not in tables:
            print(f"{name}: no such table in {sys.argv[1]}")
            bad = True
            continue
        columns, key = tables[name]
        counts, lines = compare_table(database, name, columns, key, truth.get(name, []))
        print(f"{name}: " + " ".join(f"{kind}={count}" for kind, count in counts.items()))
        print("\n".join(lines), end="\n" if lines else "")
        bad = bad or bool(lines)
    print("summary: " + " ".join(f"{key}={value}" for key, value in summary.items()))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
