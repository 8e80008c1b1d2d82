"""The units as they are installed, under the systemd of a machine of its own, with the restrictions that they ask for."""
import os
import re
import subprocess
import tempfile
import time
import unittest

import machine
import support

UNITS = "/usr/lib/systemd/system"
DATABASE = "/var/lib/taskmirror/taskmirror.db"
PATIENCE = 120 if support.SANITIZED else 60
READ = ("import sqlite3; print(sqlite3.connect('file:%s?mode=ro', uri=True)"
        ".execute('SELECT count(*) FROM asana_tasks').fetchone()[0])" % DATABASE)
# What the filter does not let pass ends the program here; as shipped, it would be an error that might go unnoticed.
STRICT = "[Service]\nSystemCallErrorNumber=\n"


def install(folder):
    subprocess.run(["cmake", "--install", os.path.dirname(support.TASKMIRROR), "--prefix", "/usr"], check=True,
                   stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": folder})


class Files(unittest.TestCase):
    @unittest.skipIf(subprocess.run(["which", "systemd-analyze"], stdout=subprocess.DEVNULL, check=False).returncode,
                     "systemd-analyze is missing: install systemd")
    def test_systemd_knows_each_line_and_rates_the_exposure_at_most_15(self):
        with tempfile.TemporaryDirectory() as folder:
            install(folder)
            for unit in ("taskmirror", "taskmirror-sync"):
                ended = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", "--no-pager",
                                        f"{folder}{UNITS}/{unit}.service"], text=True, capture_output=True, check=False)
                self.assertEqual(ended.returncode, 0, ended.stdout[-2000:] + ended.stderr)
                self.assertNotIn("ignoring", ended.stderr)
                print(ended.stdout.strip().splitlines()[-1], flush=True)


@unittest.skipIf(machine.lacks(), machine.lacks())
class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.machine = machine.Machine()
        cls.addClassCleanup(cls.machine.stop)
        install(cls.machine.root)
        for command in (["systemd-sysusers"], ["useradd", "--no-create-home", "--groups", "taskmirror", "reader"],
                        ["useradd", "--no-create-home", "stranger"]):
            cls.machine.run(*command, check=True)
        for unit in ("taskmirror", "taskmirror-sync"):
            cls.machine.write(f"/etc/systemd/system/{unit}.service.d/test.conf", machine.NO_LEAKS if support.SANITIZED else STRICT)

    def setUp(self):
        self.machine.run("find", "/var/lib/taskmirror", "-type", "f", "-delete")
        self.fake = support.Fake(60)
        self.addCleanup(self.fake.stop)
        self.addCleanup(self.drop, "own")
        self.addCleanup(self.ctl, "reset-failed")
        self.addCleanup(self.ctl, "stop", "taskmirror.service", "taskmirror-sync.service")
        self.configure(self.fake.url.replace("127.0.0.1", "localhost"))
        self.machine.write("/etc/taskmirror/asana-token", support.TOKEN, 0o644)
        self.machine.run("systemd-tmpfiles", "--create", "taskmirror.conf", check=True)

    def configure(self, url, more="", token="token_command:"):
        self.machine.write("/etc/taskmirror/config.yaml", f"""database: {DATABASE}
sources:
  - name: acme
    base_url: {url}
    {token}
    limits: {{requests_per_minute: 100000, share: 1, concurrency: 8}}
schedule: {{max_staleness: 10s}}
{more}""", 0o640)

    def ctl(self, *arguments):
        return self.machine.run("systemctl", *arguments)

    def start(self, unit="taskmirror.service"):
        ended = self.ctl("start", unit)
        self.assertEqual(ended.returncode, 0, ended.stderr + self.journal(unit))

    def show(self, name, unit="taskmirror.service"):
        return self.ctl("show", "--value", "--property", name, unit).stdout.strip()

    def journal(self, unit="taskmirror.service"):
        return self.machine.run("journalctl", "--output=cat", "--lines=60", "--unit", unit).stdout

    def drop(self, name, text=None):
        path = f"/etc/systemd/system/taskmirror.service.d/{name}.conf"
        if text is None:
            self.machine.run("rm", "-f", path)
        else:
            self.machine.write(path, "[Service]\n" + text)
        self.ctl("daemon-reload")

    def as_user(self, name, *command):
        return self.machine.run("runuser", "--user", name, "--", *command)

    def await_that(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                self.fail(f"waited in vain for {what}: {self.journal()}")
            time.sleep(0.1)

    def tasks(self, user="reader"):
        return self.as_user(user, "/usr/bin/python3", "-c", READ).stdout.strip()

    def test_systemd_finds_nothing_wrong_in_the_installed_units(self):
        ended = self.machine.run("systemd-analyze", "verify", "--man=no", "taskmirror.service", "taskmirror-sync.service",
                                 "taskmirror-sync.timer")
        ours = [line for line in (ended.stdout + ended.stderr).splitlines() if "taskmirror" in line]
        self.assertEqual((ours, ended.returncode), ([], 0), ended.stderr)

    def test_a_service_lives_and_its_group_reads(self):
        began = time.monotonic()
        self.start()
        print(f"ready after {time.monotonic() - began:.1f} s", flush=True)
        self.await_that(lambda: self.tasks() not in ("", "0"), "tasks")
        stranger = self.as_user("stranger", "taskmirror", "status", "--database", DATABASE)
        self.assertNotEqual(stranger.returncode, 0, stranger.stdout)
        self.assertEqual(self.tasks("stranger"), "")

        gid = self.fake.truth()["asana_task_memberships"][0]["task_gid"]
        self.fake.mutate(op="rename_task", gid=gid, name="renamed by a test")
        found = lambda: self.as_user("reader", "taskmirror", "search", "renamed by a test", "--format", "json").stdout
        self.await_that(lambda: "renamed by a test" in found(), "the change")

        ended = self.ctl("reload", "taskmirror.service")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.await_that(lambda: "reloaded" in self.journal(), "the reload")
        self.assertEqual(self.show("ActiveState"), "active")

        modes = self.machine.run("stat", "--format=%n %a %U:%G", "/var/lib/taskmirror", DATABASE, DATABASE + "-wal",
                                 DATABASE + "-shm", DATABASE + ".lock", DATABASE + ".sock").stdout
        self.assertEqual([line.split(" ", 1)[1] for line in modes.splitlines()],
                         ["750 taskmirror:taskmirror"] + 4 * ["640 taskmirror:taskmirror"] + ["660 taskmirror:taskmirror"], modes)
        self.assertIn("requests waiting", self.show("StatusText"))

        began = time.monotonic()
        self.assertEqual(self.ctl("stop", "taskmirror.service").returncode, 0)
        self.assertLess(time.monotonic() - began, 15)
        self.assertEqual((self.show("Result"), self.show("ExecMainStatus")), ("success", "0"), self.journal())
        self.assertRegex(self.tasks(), r"^[1-9]\d*$")  # of a file that no daemon has open
        self.assertEqual(self.as_user("reader", "taskmirror", "report", "overdue").returncode, 0)
        self.assertNotIn("not permitted", self.journal())

    def test_each_command_works_in_the_sandbox(self):
        with open(f"{self.machine.root}{UNITS}/taskmirror-sync.service", encoding="utf-8") as file:
            shipped = file.read().replace("SuccessExitStatus=75\n", "")
        for command in ("check", "plan", "sync", "status", "report overdue --period 2026", "search task", "verify", "version"):
            arguments = "version" if command == "version" else rf"{command} --config /etc/taskmirror/config.yaml"
            unit, count = re.subn(r"(?m)^(ExecStart=\S+) .*", rf"\1 {arguments}", shipped)
            self.assertEqual(count, 1)
            self.machine.write("/etc/systemd/system/taskmirror-sync.service", unit)
            self.ctl("daemon-reload")
            if command == "plan":
                self.configure(self.fake.url, token="token_command: echo test-token")
                self.machine.run("systemd-tmpfiles", "--create", "taskmirror.conf", check=True)
            self.start("taskmirror-sync.service")
        said = self.journal("taskmirror-sync.service")
        self.assertNotIn("not permitted", said)
        self.assertIn("equal", said)
        self.machine.run("rm", "/etc/systemd/system/taskmirror-sync.service")
        self.ctl("daemon-reload")

    def test_a_sync_beside_the_daemon_is_no_failure_and_the_timer_counts_on(self):
        self.start()
        self.start("taskmirror-sync.service")
        self.assertIn("is in use by process", self.journal("taskmirror-sync.service"))
        self.ctl("stop", "taskmirror.service")
        self.start("taskmirror-sync.timer")
        self.assertNotEqual(self.show("NextElapseUSecRealtime", "taskmirror-sync.timer"), "")
        self.ctl("stop", "taskmirror-sync.timer")

    def test_one_that_hangs_is_ended_and_started_again(self):
        period = 6 if support.SANITIZED else 3
        self.drop("own", f"WatchdogSec={period}\nRestartSec=1\n")
        self.start()
        pid = self.show("MainPID")
        time.sleep(2 * period)  # it must not be ended while it works
        self.assertEqual((self.show("MainPID"), self.show("NRestarts")), (pid, "0"), self.journal())
        self.ctl("kill", "--signal=SIGSTOP", "taskmirror.service")
        self.await_that(lambda: self.show("NRestarts") == "1", "a restart")
        self.await_that(lambda: self.show("ActiveState") == "active", "the new one")
        self.assertIn("Watchdog timeout", self.journal())

    def test_what_may_pass_is_tried_again_and_what_a_person_must_mend_is_not(self):
        self.drop("own", "RestartSec=1\n")
        self.start()
        self.ctl("kill", "--signal=SIGSEGV", "taskmirror.service")
        self.await_that(lambda: self.show("NRestarts") == "1" and self.show("ActiveState") == "active", "a restart")
        self.ctl("stop", "taskmirror.service")

        def stays_down(message):
            self.ctl("reset-failed", "taskmirror.service")
            self.assertNotEqual(self.ctl("start", "taskmirror.service").returncode, 0)
            self.assertEqual((self.show("ActiveState"), self.show("ExecMainStatus"), self.show("NRestarts")),
                             ("failed", "78", "0"), self.journal())
            self.assertIn(message, self.journal())

        self.configure(self.fake.url, "no_such_key: 1\n")
        stays_down("no_such_key")
        self.configure(self.fake.url)
        os.unlink(self.machine.root + "/etc/taskmirror/asana-token")
        stays_down("LoadCredential names its file")


if __name__ == "__main__":
    machine.enter_namespace()
    support.main()
