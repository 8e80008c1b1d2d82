"""taskmirror doctor: names what is wrong and its remedy, writes nothing, waits for nothing long."""
import contextlib
import email.utils
import json
import os
import sqlite3
import time

import support


class Doctor(support.SystemTest):
    def doctor(self, *arguments, expect=0, **options):
        ended = self.run_to_end("doctor", "--config", self.config, "--json", *arguments, **options)
        self.assertEqual(ended.code, expect, ended)
        found = {}
        for finding in json.loads(ended.out):
            self.assertEqual(finding["verdict"] == "ok", finding["remedy"] is None, finding)
            found.setdefault(finding["subject"], []).append(finding)
        return found

    def wrong(self, found):
        return {subject for subject, findings in found.items() if any(f["verdict"] != "ok" for f in findings)}

    def mirrored(self):
        fake = self.fake(50)
        self.configure(fake.url)
        self.sync()
        return fake

    def times(self):
        """When each file was last written to; in -shm readers note that they read."""
        return {name: os.stat(os.path.join(self.folder, name)).st_mtime_ns for name in os.listdir(self.folder)
                if not name.endswith("-shm")}

    def test_all_is_well(self):
        self.mirrored()
        before = self.times()
        found = self.doctor("--full")
        self.assertEqual(self.wrong(found), set())
        self.assertLessEqual({"configuration", "network", "token", "clock", "permissions", "file system", "disk", "process",
                              "log", "data", "database", "search"}, set(found))
        self.assertEqual(self.times(), before)
        text = self.run_to_end("doctor", "--config", self.config)
        self.assertEqual(text.code, 0)
        self.assertIn("0 problems", text.out)
        self.assertNotIn(support.TOKEN, text.out + text.err)

    def test_nothing_is_made_before_the_first_sync(self):
        fake = self.fake(0)
        self.configure(fake.url)
        found = self.doctor()
        self.assertEqual(self.wrong(found), {"database"})
        self.assertEqual(found["database"][0]["remedy"], "taskmirror sync")
        self.assertEqual(os.listdir(self.folder), ["taskmirror.yaml"])

    def test_a_bad_configuration(self):
        self.configure("http://127.0.0.1:1/api/1.0", lines=["bogus: 1"])
        self.assertIn("bogus: unknown key", self.doctor(expect=1)["configuration"][0]["says"])

    def test_no_token_and_a_refused_one(self):
        self.mirrored()
        self.assertEqual(self.doctor(expect=1, token=None)["token"][0]["verdict"], "problem")
        fake = self.fake(0)
        fake.fault({"kind": "status", "match": "/users/me", "status": 401})
        self.configure(fake.url)
        found = self.doctor(expect=1)
        self.assertIn("refuses", found["token"][0]["says"])
        self.assertIn("create a new one", found["token"][0]["remedy"])

    def test_what_fails_on_the_way_has_its_own_remedy(self):
        for url, remedy in (("http://127.0.0.1:1/api/1.0", "firewall"), ("https://no-such-host.invalid/api", "name server")):
            self.configure(url)
            found = self.doctor(expect=1)
            self.assertIn(remedy, found["network"][0]["remedy"], found)
        fake = self.fake(0)
        self.configure(fake.url.replace("http://", "https://"))  # no TLS there
        self.assertIn("authority", self.doctor(expect=1)["network"][0]["remedy"])
        relay = self.relay(fake, before=lambda target: (302, {"Location": "http://portal/"}, b""))
        self.configure(relay.url)
        self.assertIn("302", self.doctor(expect=1)["token"][0]["says"])

    def test_an_answer_that_does_not_come(self):
        fake = self.fake(0)
        fake.fault({"kind": "slow", "ms": 60000, "match": "/users/me"})
        self.configure(fake.url)
        began = time.monotonic()
        found = self.doctor(expect=1)
        self.assertLess(time.monotonic() - began, 25)
        self.assertIn("did not answer within", found["network"][0]["says"])

    def test_a_clock_that_is_off(self):
        fake = self.mirrored()
        late = email.utils.formatdate(time.time() + 300, usegmt=True)
        relay = self.relay(fake, before=lambda target: (200, {"Date": late, "Content-Type": "application/json"},
                                                        fake.get(target[len("/api/1.0"):])))
        self.configure(relay.url)
        found = self.doctor()
        self.assertEqual(self.wrong(found), {"clock"})
        self.assertRegex(found["clock"][0]["says"], r"(299|300|301) s behind")

    def test_damage_is_told_apart(self):
        self.mirrored()
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute("DELETE FROM sync_search_data WHERE id > 10")
        found = self.doctor("--full", expect=1)
        self.assertEqual(self.wrong(found), {"search"})
        self.assertEqual(found["database"][0]["verdict"], "ok")
        ended = self.run_to_end("search", "a*", "--config", self.config)
        self.assertEqual(ended.code, 65, ended)
        self.assertIn("the full-text index of", ended.err)
        self.assertIn("full_text_search: false", ended.err)
        for on in ("false", "true"):  # what it says is to be done
            with open(self.config, "a", encoding="utf-8") as file:
                file.write(f"full_text_search: {on}\n")
            self.sync()
            with open(self.config, "r+", encoding="utf-8") as file:
                lines = [line for line in file if "full_text" not in line]
                file.seek(0)
                file.truncate()
                file.writelines(lines)
        self.assertEqual(self.wrong(self.doctor("--full")), set())

        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.database, "r+b") as file:
            for at in range(65536, os.path.getsize(self.database), 65536):
                file.seek(at)
                file.write(b"\xa5" * 4000)
        found = self.doctor(expect=1)
        self.assertIn("database", self.wrong(found))
        self.assertIn("backup", found["database"][0]["remedy"])

    def test_beside_a_daemon_and_with_stale_data(self):
        fake = self.mirrored()
        daemon = self.start("run", "--config", self.config)
        support.wait_until(lambda: os.path.exists(self.database + ".sock"))
        found = self.doctor()
        self.assertIn(f"process {daemon.pid}", found["process"][0]["says"])
        self.assertEqual(self.wrong(found) - {"data"}, set())
        daemon.send(15)
        daemon.wait()
        self.change("UPDATE sync_work SET last_done_at = ?", support.FAR_PAST)
        self.assertEqual(self.doctor()["data"][0]["verdict"], "warning")
        self.assertGreater(fake.stats()["total"], 0)


if __name__ == "__main__":
    support.main()
