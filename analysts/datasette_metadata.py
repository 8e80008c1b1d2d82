#!/usr/bin/env python3
"""Prints the metadata for Datasette: descriptions from docs/data-dictionary.md, canned queries from queries.sql.

    analysts/datasette_metadata.py > analysts/datasette-metadata.json
"""
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATABASE = "asana"  # the file's name without its ending; another one may be given as the first argument


def read(*path):
    with open(os.path.join(HERE, *path), encoding="utf-8") as file:
        return file.read()


def plain(text):
    return text.replace("\\", "")


def tables(dictionary):
    found = {}
    for part in re.split(r"\n#### ", dictionary)[1:]:
        part = re.split(r"\n##", part)[0]
        name = re.match(r"\w+", part)[0]
        prose, _, rows = part.partition("| column | type | meaning |")
        columns = dict(re.findall(r"^\| `(\w+)` \| [^|]*\| (.*) \|$", rows, re.M))
        found[name] = {"description": plain(" ".join(prose.split("\n", 1)[1].split())),
                       "columns": {column: plain(meaning) for column, meaning in columns.items()}}
    return found


def queries(text):
    found = re.findall(r"^-- name: (\w+)\n-- title: (.*)\n([^;]*);", text, re.M)
    return {name: {"title": title, "sql": sql} for name, title, sql in found}


def main():
    database = {"tables": tables(read("..", "docs", "data-dictionary.md")), "queries": queries(read("queries.sql"))}
    for table in database["tables"]:
        if table.startswith("sync_") and table != "sync_freshness":
            database["tables"][table]["hidden"] = True
    json.dump({"title": "A mirror of Asana", "databases": {sys.argv[1] if len(sys.argv) > 1 else DATABASE: database}},
              sys.stdout, indent=1, ensure_ascii=False)
    print()


if __name__ == "__main__":
    main()
