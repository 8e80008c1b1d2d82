"""What an operator sees: status beside a sync, after it, without a database, without the right to write."""
import contextlib
import datetime
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

import support

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "status-json.md")


def members(value, path=""):
    """The names of all members: sources[].budget.rate_per_minute."""
    found = set()
    if isinstance(value, dict):
        for name, inner in value.items():
            found |= {f"{path}{name}"} | members(inner, f"{path}{name}.")
    elif isinstance(value, list):
        for inner in value:
            found |= members(inner, f"{path[:-1]}[].")
    return found


class Status(support.SystemTest):
    def status(self, *arguments, expect=0, **options):
        ended = self.run_to_end("status", "--config", self.config, *arguments, token=None, **options)
        self.assertEqual(ended.code, expect, ended)
        for line in ended.out.splitlines():
            if not arguments:
                self.assertLessEqual(len(line), 80, line)
        return json.loads(ended.out) if "--json" in arguments else ended.out

    def set_back(self, hours):
        """As if everything had been done so long ago."""
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.create_function("back", 1, lambda text: database_time(text, hours))
            database.execute("UPDATE sync_work SET last_done_at = back(last_done_at)")
            database.execute("UPDATE sync_runs SET started_at = back(started_at), ended_at = back(ended_at)")

    def test_after_a_sync_all_is_fresh_and_hours_later_it_is_not(self):
        fake = self.fake(60)
        self.configure(fake.url)
        self.sync("--quiet")

        text = self.status()
        self.assertTrue(text.startswith("status     fresh\n"), text)
        for words in ("process    none uses it", "source     acme", "backlog    nothing is due", "gaps       none"):
            self.assertIn(words, text)
        self.set_back(hours=3)
        text = self.status(expect=75)
        self.assertTrue(text.startswith("status     STALE\n"), text)
        self.sync("--quiet")
        self.status()

    def test_it_asks_nobody(self):
        fake = self.fake(60)
        self.configure(fake.url)
        self.sync("--quiet")
        before = fake.stats()["total"]
        self.status()
        self.assertEqual(fake.stats()["total"], before)
        fake.stop()
        self.status()

    def test_without_a_database(self):
        self.configure("http://127.0.0.1:1")
        ended = self.run_to_end("status", "--config", self.config, token=None)
        self.assertEqual(ended.code, 66, ended)
        self.assertEqual(ended.out, "")
        self.assertIn("there is no such file", ended.err)
        self.assertEqual(os.listdir(self.folder), ["taskmirror.yaml"])

    def test_beside_a_sync(self):
        fake = self.fake(300)
        fake.fault({"kind": "slow", "ms": 300, "match": "/stories"})
        self.configure(fake.url)
        running = self.start_sync("--quiet")
        support.wait_until(lambda: os.path.exists(self.database)
                           and self.query("SELECT name FROM sqlite_master WHERE name = 'sync_freshness'")
                           and self.query("SELECT 1 FROM sync_work WHERE stream = 'task_stories'"))

        seen = self.status("--json", expect=75)
        self.assertEqual(seen["process"], {"pid": running.pid, "command": "sync"})
        self.assertEqual(seen["runs"][0]["ended_at"], None)
        self.assertGreater(seen["sources"][0]["backlog"]["requests"], 0)
        self.assertIsNone(running.ended)
        self.assertIn(f"{running.pid} uses it: sync", self.status(expect=75))
        self.assertEqual(running.wait().code, 0)
        self.assertIsNone(self.status("--json")["process"])

    def test_gaps(self):
        fake = self.fake(60)
        fake.fault({"kind": "status", "status": 403, "match": "/sections"})
        self.configure(fake.url)
        self.sync("--quiet", expect=1)
        gaps = self.status("--json", expect=75)["sources"][0]["gaps"]  # sections were never complete
        self.assertEqual(gaps["open"], len(self.open_gaps()))
        self.assertEqual([(cause["stream"], cause["status"], cause["count"]) for cause in gaps["causes"]],
                         [("sections", 403, gaps["open"])])
        self.assertRegex(self.status(expect=75),
                         rf"gaps       {gaps['open']} open .*\n +{gaps['open']} sections +status 403 ")

    def test_every_documented_member_is_there_and_no_other(self):
        fake = self.fake(60, plan="free")
        fake.fault({"kind": "status", "status": 403, "match": "/sections"})
        self.configure(fake.url)
        self.sync("--quiet", "--max-requests", "60", expect=75)
        self.sync("--quiet", expect=1)
        self.make_everything_due()
        running = subprocess.Popen(["flock", self.database + ".lock", "sleep", "60"])
        self.addCleanup(running.wait)
        self.addCleanup(running.kill)
        support.wait_until(lambda: self.status("--json", expect=75)["process"])

        seen = members(self.status("--json", expect=75))
        with open(DOCUMENT, encoding="utf-8") as file:
            sections = re.split(r"\n(?=A (?:source|member of `freshness`|run):)", file.read())
        self.assertEqual(len(sections), 4)
        documented = set()
        for prefix, section in zip(("", "sources[].", "sources[].freshness[].", "runs[]."), sections):
            for row in re.findall(r"^\| (`.*?) \|(.*)\|$", section, re.MULTILINE):
                names = re.findall(r"`([^`]+)`", row[0])
                first = names[0]
                for name in names:
                    documented.add(prefix + (first.rsplit(".", 1)[0] + name if name.startswith(".") else name))
        named = {name.replace("[]", "") for name in documented}
        plain = {re.sub(r"\[\]", "", name) for name in seen}
        self.assertLessEqual(named, plain)
        # Members of members that stand in the meaning of a row.
        with open(DOCUMENT, encoding="utf-8") as file:
            words = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`]+`", file.read()))))
        self.assertLessEqual({name.rsplit(".", 1)[-1] for name in plain}, words)

    def test_a_user_who_may_only_read(self):
        fake = self.fake(60)
        self.configure(fake.url)
        self.sync("--quiet")
        for name in os.listdir(self.folder):
            os.chmod(os.path.join(self.folder, name), 0o444)
        os.chmod(self.folder, 0o555)
        self.addCleanup(os.chmod, self.folder, 0o755)
        reader = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        program = os.path.join(folder_for_all(self), "taskmirror")
        shutil.copy(support.TASKMIRROR, program)
        os.chmod(program, 0o755)

        def look(expect):
            ended = subprocess.run([program, "status", "--config", self.config], capture_output=True, text=True,
                                   check=False, cwd="/", env={"PATH": os.environ["PATH"], "HOME": "/"}, **reader)
            self.assertEqual(ended.returncode, expect, ended)
            return ended

        self.assertIn("status     fresh", look(0).stdout)
        os.chmod(self.folder, 0o755)
        for ending in ("-wal", "-shm"):
            os.remove(self.database + ending)
        os.chmod(self.folder, 0o555)
        self.assertIn("status     fresh", look(0).stdout)  # a copy of the one file
        os.chmod(self.database, 0o000)
        self.assertIn("as its owner or as a member of its group", look(74).stderr)


def database_time(text, hours):
    if text is None or text.startswith("1970"):
        return text
    time = datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ") - datetime.timedelta(hours=hours)
    return time.isoformat(timespec="milliseconds") + "Z"


def folder_for_all(test):
    folder = tempfile.mkdtemp(prefix="taskmirror-test-")
    test.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    os.chmod(folder, 0o755)
    return folder


if __name__ == "__main__":
    support.main()
