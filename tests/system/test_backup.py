"""taskmirror backup: beside a daemon that writes, killed at any time, on a disk that is full; and what is put back."""
import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import time

import support


class Backup(support.SystemTest):
    def backup(self, to, *arguments, expect=0, **options):
        ended = self.run_to_end("backup", to, "--config", self.config, *arguments, token=None, **options)
        self.assertEqual(ended.code, expect, ended)
        return ended

    def mirrored(self, tasks=200):
        fake = self.fake(tasks)
        self.configure(fake.url)
        self.sync()
        return fake

    def copies(self):
        place = os.path.join(self.folder, "copies")
        os.makedirs(place, exist_ok=True)
        return place

    def assert_sound_copy(self, path):
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            self.assertEqual(copy.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            self.assertEqual(copy.execute("PRAGMA user_version").fetchone(), (1,))

    def write_steadily(self):
        """Another program that commits all the time: each commit moves one number and its double together."""
        script = ("import sqlite3, sys\n"
                  "database = sqlite3.connect(sys.argv[1], timeout=30)\n"
                  "n = 0\n"
                  "while True:\n"
                  "    n += 1\n"
                  "    with database:\n"
                  "        database.execute('INSERT OR REPLACE INTO sync_meta VALUES (?, ?)', ('one', n))\n"
                  "        database.execute('INSERT OR REPLACE INTO sync_meta VALUES (?, ?)', ('pad' + str(n % 500), 'x' * 9000))\n"
                  "        database.execute('INSERT OR REPLACE INTO sync_meta VALUES (?, ?)', ('two', 2 * n))\n")
        writer = subprocess.Popen(["/usr/bin/python3", "-c", script, self.database])
        self.addCleanup(writer.wait)
        self.addCleanup(writer.kill)
        support.wait_until(lambda: self.query("SELECT 1 FROM sync_meta WHERE key = 'two'"))

    def test_under_steady_writes_it_is_one_commit(self):
        self.mirrored()
        tasks = self.query("SELECT count(*), group_concat(gid) FROM asana_tasks")
        self.write_steadily()
        place = self.copies()
        seen = set()
        for number in range(5):
            before = int(self.query("SELECT value FROM sync_meta WHERE key = 'one'")[0][0])
            copy = os.path.join(place, f"{number}.db")
            self.backup(copy)
            after = int(self.query("SELECT value FROM sync_meta WHERE key = 'one'")[0][0])
            self.assert_sound_copy(copy)
            with contextlib.closing(sqlite3.connect(f"file:{copy}?mode=ro", uri=True)) as database:
                one, = database.execute("SELECT CAST(value AS INTEGER) FROM sync_meta WHERE key = 'one'").fetchone()
                two, = database.execute("SELECT CAST(value AS INTEGER) FROM sync_meta WHERE key = 'two'").fetchone()
                self.assertEqual(database.execute("SELECT count(*), group_concat(gid) FROM asana_tasks").fetchall(), tasks)
            self.assertEqual(two, 2 * one)
            self.assertTrue(before <= one <= after, (before, one, after))
            seen.add(one)
        self.assertGreater(len(seen), 1)
        self.assertEqual(sorted(os.listdir(place)), [f"{number}.db" for number in range(5)])

    def test_beside_a_daemon_and_for_a_user_who_may_only_read(self):
        fake = self.fake(100)
        self.configure(fake.url)
        daemon = self.start("run", "--config", self.config)
        support.wait_until(lambda: os.path.exists(self.database) and self.query(
            "SELECT 1 FROM sqlite_master WHERE name = 'asana_tasks'") and self.query("SELECT count(*) FROM asana_tasks")[0][0] > 50)
        copy = os.path.join(self.copies(), "copy.db")
        if os.geteuid() == 0 and shutil.which("setpriv"):
            os.chmod(self.folder, 0o755)
            os.chmod(self.copies(), 0o777)
            for name in os.listdir(self.folder):
                if name.startswith("mirror.db") and not name.endswith(".sock"):
                    os.chmod(os.path.join(self.folder, name), 0o644)
            os.chmod(self.config, 0o644)
            command = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", support.TASKMIRROR, "backup", copy,
                       "--config", self.config]
            ended = subprocess.run(command, capture_output=True, text=True, timeout=support.TIMEOUT, check=False)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            self.assertEqual(os.stat(copy).st_uid, 65534)
        else:
            self.backup(copy)
        self.assert_sound_copy(copy)
        self.assertFalse(daemon.over())

    def test_kills_leave_no_partial_file_under_the_name(self):
        self.mirrored(400)
        place = self.copies()
        copy = os.path.join(place, "copy.db")
        took = self.backup(copy).seconds
        self.assert_sound_copy(copy)
        os.unlink(copy)
        chance = random.Random(7)
        left_behind = 0
        for _ in range(20):
            running = self.start("backup", copy, "--config", self.config, token=None)
            time.sleep(chance.uniform(0.2, 1) * took)
            running.kill()
            left = set(os.listdir(place))
            left_behind += ".copy.db.taskmirror-unfinished" in left
            if "copy.db" in left:
                self.assert_sound_copy(copy)
                os.unlink(copy)
        self.assertGreater(left_behind, 0)  # else nothing was killed while it wrote
        self.backup(copy)
        self.assertEqual(os.listdir(place), ["copy.db"])
        self.assert_sound_copy(copy)

    def test_the_copy_is_flushed_before_it_has_its_name_and_the_name_after(self):
        if not shutil.which("strace"):
            self.skipTest("needs strace")
        self.mirrored(20)
        copy = os.path.join(self.copies(), "copy.db")
        trace = os.path.join(self.folder, "trace")
        command = ["strace", "-f", "-y", "-o", trace, "-e", "trace=fsync,fdatasync,rename", support.TASKMIRROR, "backup", copy,
                   "--config", self.config]
        environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}  # which would trace it, too
        ended = subprocess.run(command, capture_output=True, text=True, timeout=support.TIMEOUT, check=False, env=environment)
        if not os.path.exists(trace) or "ptrace" in ended.stderr:
            self.skipTest(f"strace does not work here: {ended.stderr}")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        with open(trace, encoding="utf-8") as file:
            calls = [line for line in file if "sync(" in line or "rename(" in line]
        self.assertRegex(calls[-3], r"fsync\(\d+<.*/\.copy\.db\.taskmirror-unfinished>\)\s+= 0")
        self.assertRegex(calls[-2], r"rename\(\".*/\.copy\.db\.taskmirror-unfinished\", \".*/copy\.db\"\)\s+= 0")
        self.assertRegex(calls[-1], r"fsync\(\d+<.*/copies>\)\s+= 0")

    def test_a_disk_without_room_is_told_beforehand(self):
        self.mirrored(100)
        place = self.copies()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", "-l", place], check=False)
        ended = self.backup(os.path.join(place, "copy.db"), expect=74)
        self.assertRegex(ended.err, r"it needs \d+ MB, and \d+ MB are free")
        self.assertEqual(os.listdir(place), [])

    def test_a_disk_that_becomes_full_leaves_nothing(self):
        self.mirrored(300)
        place = self.copies()
        command = ["/bin/sh", "-c", "ulimit -f 1024; exec \"$@\"", "sh", support.TASKMIRROR, "backup",
                   os.path.join(place, "copy.db"), "--config", self.config]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=support.TIMEOUT, check=False)
        self.assertEqual(ended.returncode, 74, ended.stderr)
        self.assertEqual(os.listdir(place), [])

    def test_what_is_put_back_goes_on(self):
        fake = self.mirrored(100)
        copy = os.path.join(self.copies(), "copy.db")
        self.backup(copy)
        fake.mutate(seed=3, count=20)
        self.sync()
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self.database + ending)
        shutil.copy(copy, self.database)
        self.sync("--full")
        self.assert_truth(fake)
        self.assert_sound()

    def test_a_folder_keeps_the_newest(self):
        self.mirrored(10)
        place = self.copies()
        for _ in range(3):
            self.backup(place + "/", "--keep", "2")
            time.sleep(1.1)
        names = sorted(os.listdir(place))
        self.assertEqual(len(names), 2)
        for name in names:
            self.assertRegex(name, r"^mirror-\d{4}-\d\d-\d\dT\d{6}Z\.db$")
            self.assert_sound_copy(os.path.join(place, name))

    def test_the_database_itself_is_refused(self):
        self.mirrored(10)
        for path in (self.database, self.database + "-wal", self.config):
            with open(path, "rb") as file:
                before = file.read()
            self.backup(path, expect=64)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), before)


if __name__ == "__main__":
    support.main()
