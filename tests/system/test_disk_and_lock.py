"""Disks that are full or read-only, files that are not ours, other instances, signals: the content equals the last
commit, and a file that is not ours keeps every byte."""
import contextlib
import os
import signal
import sqlite3
import subprocess
import time

import support


class Disk(support.SystemTest):
    def mount(self, options):
        """A small disk of its own, in place of the test's folder for the database."""
        place = os.path.join(self.folder, "disk")
        os.mkdir(place)
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", place]
        try:
            mounted = subprocess.run(command, capture_output=True, check=False)
        except OSError as error:
            self.skipTest(f"cannot mount: {error}")
        if mounted.returncode != 0:
            self.skipTest(f"cannot mount: {mounted.stderr.decode().strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False)
        self.database = os.path.join(place, "mirror.db")
        return place

    def test_a_full_disk(self):
        place = self.mount("size=3m")
        fake = self.fake(600)
        self.configure(fake.url)

        ended = self.sync(expect=74)

        self.assertIn(self.database, ended.err)
        self.assert_sound()
        self.assert_nothing_wrong(fake)
        stored = self.query("SELECT count(*) FROM asana_tasks")[0][0]
        subprocess.run(["mount", "-o", "remount,size=64m", place], check=True)
        self.assertEqual(self.query("SELECT count(*) FROM asana_tasks")[0][0], stored)
        self.sync()
        self.assert_sound()
        self.assert_truth(fake)

    def test_a_disk_that_is_full_from_the_start(self):
        self.mount("size=16k")
        fake = self.fake(0)
        self.configure(fake.url)
        self.sync(expect=74)
        self.assertEqual(fake.stats()["total"], 0)

    def test_a_read_only_disk(self):
        self.mount("size=1m,ro")
        fake = self.fake(0)
        self.configure(fake.url)
        self.assertRegex(self.sync(expect=74).err, "writable|[Rr]ead-only")
        self.assertEqual(fake.stats()["total"], 0)

    def test_a_directory_that_is_not_there(self):
        self.database = os.path.join(self.folder, "none", "mirror.db")
        fake = self.fake(0)
        self.configure(fake.url)
        self.assertIn("no directory", self.sync(expect=74).err)


class OtherFiles(support.SystemTest):
    def refused(self, code):
        fake = self.fake(0)
        self.configure(fake.url)
        with open(self.database, "rb") as file:
            before = file.read()
        ended = self.sync(expect=code)
        with open(self.database, "rb") as file:
            self.assertEqual(file.read(), before)
        self.assertIn(self.database, ended.err)
        self.assertEqual(fake.stats()["total"], 0)
        left = set(os.listdir(self.folder))
        self.assertLessEqual({name for name in left if name.startswith("mirror")}, {"mirror.db", "mirror.db.lock"})

    def test_a_newer_schema(self):
        fake = self.fake(0)
        self.configure(fake.url)
        self.sync()
        self.change("PRAGMA user_version = 99")
        self.refused(78)

    def test_a_database_of_another_program(self):
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("CREATE TABLE t (x)")
        self.refused(65)

    def test_a_text_file(self):
        with open(self.database, "w", encoding="utf-8") as file:
            file.write("my diary\n" * 1000)
        self.refused(65)

    def test_a_damaged_database(self):
        fake = self.fake(100)
        self.configure(fake.url)
        self.sync()
        with open(self.database, "r+b") as file:
            size = os.path.getsize(self.database)
            for at in range(8192, size, 8192):
                file.seek(at)
                file.write(b"\xa5" * 4000)
        self.sync(expect=65)


class Instances(support.SystemTest):
    def busy(self, fake):
        self.configure(fake.url)
        fake.fault({"kind": "slow", "ms": 100, "match": "/stories"})
        running = self.start_sync()
        support.wait_until(lambda: fake.stats()["total"] > 100)
        return running

    def test_a_second_instance_is_refused_at_once(self):
        fake = self.fake(250)
        running = self.busy(fake)
        second = self.sync(expect=75)
        self.assertLess(second.seconds, 5 if support.SANITIZED else 1)
        self.assertRegex(second.err, rf"process {running.pid}\b")
        self.assertIsNone(running.process.poll())

    def test_a_lock_is_free_after_a_kill(self):
        fake = self.fake(250)
        self.busy(fake).kill()
        fake.no_faults()
        self.sync()
        self.assert_truth(fake)

    def test_readers_are_not_in_the_way(self):
        fake = self.fake(250)
        running = self.busy(fake)
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as reader:
            reader.execute("BEGIN")
            before = reader.execute("SELECT count(*) FROM asana_stories").fetchone()
            fake.no_faults()
            self.assertEqual(running.wait().code, 0)
            self.assertEqual(reader.execute("SELECT count(*) FROM asana_stories").fetchone(), before)
        self.assert_truth(fake)

    def test_sigterm_ends_it_within_seconds_and_loses_nothing(self):
        fake = self.fake(250)
        running = self.busy(fake)
        began = time.monotonic()
        running.send(signal.SIGTERM)
        ended = running.wait(10)
        self.assertEqual(ended.code, 75, ended)
        self.assertLess(time.monotonic() - began, 4)
        self.assertEqual(self.last_run()["exit_code"], 75)

        fake.no_faults()
        self.sync()
        self.assert_truth(fake)
        # What was in flight was stored, so nothing was asked for twice.
        self.assertLessEqual(fake.stats()["total"], fake.minimum() + 2)

    def test_a_second_sigint_ends_it_at_once(self):
        fake = self.fake(30)
        self.configure(fake.url)
        fake.fault({"kind": "slow", "ms": 8000, "match": "/workspaces"})
        running = self.start_sync()
        support.wait_until(lambda: fake.stats()["total"] > 1)
        running.send(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(running.process.poll())
        running.send(signal.SIGINT)
        ended = running.wait(2)
        self.assertEqual(ended.code, 130, ended)
        self.assertIn("stopping, waiting for 1 requests, 10 s at most", ended.err)


if __name__ == "__main__":
    support.main()
