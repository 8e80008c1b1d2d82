#!/usr/bin/env python3
"""Runs every ```sql block of README.md against the mirror of a generated workspace: each must give rows.

Environment: TASKMIRROR and FAKE_ASANA, the paths of the two programs.
"""
import json
import os
import pathlib
import re
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request

README = pathlib.Path(__file__).resolve().parent.parent / "README.md"


def mirror(folder, url):
    config = folder / "taskmirror.yaml"
    config.write_text(f"sources:\n  - base_url: {url}\n    limits: {{requests_per_minute: 60000, share: 1}}\n")
    sync = [os.environ["TASKMIRROR"], "sync", "--config", config, "--database", folder / "readme.db",
            "--log-level", "warning"]

    def run():
        subprocess.run(sync, env={**os.environ, "ASANA_TOKEN": "test-token"}, check=True, timeout=120)

    run()
    # One question is what was deleted.
    body = json.dumps({"seed": 1, "count": 5, "kinds": ["delete_task"]}).encode()
    urllib.request.urlopen(url.replace("/api/1.0", "/_control/mutate"), body, timeout=10).close()
    run()
    return sqlite3.connect(folder / "readme.db")


def main():
    blocks = re.findall(r"^```sql\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    if not blocks:
        sys.exit("README.md has no sql blocks: was the marking of code changed?")
    fake = subprocess.Popen([os.environ["FAKE_ASANA"], "--port", "0", "--seed", "1", "--tasks", "300",
                             "--requests-per-minute", "0", "--concurrency", "0"], stdout=subprocess.PIPE, text=True)
    try:
        url = fake.stdout.readline().split()[-1]
        with tempfile.TemporaryDirectory() as name:
            database = mirror(pathlib.Path(name), url)
            failed = 0
            for block in blocks:
                title = block.strip().splitlines()[0]
                try:
                    rows = len(database.execute(block).fetchall())
                    print(f"{rows:6} rows: {title}")
                    failed += rows == 0
                except sqlite3.Error as error:
                    print(f"failed: {error}\n{block}")
                    failed += 1
            database.close()
    finally:
        fake.terminate()
        fake.wait()
    sys.exit(f"{failed} of {len(blocks)} queries of README.md give an error or no row" if failed else 0)


if __name__ == "__main__":
    main()
