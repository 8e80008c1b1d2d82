"""Tokens that are refused, renewed or badly kept; configurations that cannot be right. Each ends with its exit code and
its remedy, and with as few requests as can be."""
import os
import time

import support


class Token(support.SystemTest):
    def test_a_refused_token_costs_one_request(self):
        fake = self.fake(30)
        self.configure(fake.url)
        ended = self.sync(token="revoked", expect=77)
        self.assertEqual(fake.stats()["total"], 1)
        self.assertRegex(ended.err, "refused.*create a new one")

    def test_a_token_that_is_revoked_midway_stops_the_account_and_keeps_what_is_there(self):
        fake = self.fake(250)
        self.configure(fake.url)
        fake.fault({"kind": "slow", "ms": 20, "match": "/stories"})
        running = self.start_sync()
        support.wait_until(lambda: fake.stats()["total"] > 300)
        fake.mutate(op="revoke_token", token=support.TOKEN)
        ended = running.wait()
        self.assertEqual(ended.code, 77, ended)
        refused = fake.stats()["status"]["401"]
        self.assertLessEqual(refused, 8 + 1)  # what was in flight, and one question
        self.assertEqual(self.open_gaps(), [])
        self.assert_nothing_wrong(fake)

        fake.mutate(op="add_token", token="another")
        fake.no_faults()
        self.sync(token="another")
        self.assert_truth(fake)

    def test_a_token_that_is_renewed_midway_is_read_again(self):
        fake = self.fake(250)
        path = os.path.join(self.folder, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(support.TOKEN)
        self.configure(fake.url, lines=[f"token_file: {path}"])
        fake.fault({"kind": "slow", "ms": 20, "match": "/stories"})
        running = self.start_sync(token=None)
        support.wait_until(lambda: fake.stats()["total"] > 300)
        fake.mutate(op="add_token", token="renewed")
        with open(path, "w", encoding="utf-8") as file:
            file.write("renewed")
        fake.mutate(op="revoke_token", token=support.TOKEN)
        ended = running.wait()
        self.assertEqual(ended.code, 0, ended)
        self.assertGreater(fake.stats()["status"]["401"], 0)
        self.assert_truth(fake)

    def test_a_workspace_that_refuses_the_token_leaves_the_other_one_complete(self):
        fake = self.fake(250)
        self.configure(fake.url)
        truth = fake.truth()
        good, bad = sorted(row["gid"] for row in truth["asana_workspaces"])
        fake.fault({"kind": "status", "status": 401, "regex": f"workspace={bad}|/workspaces/{bad}/"})

        self.sync(expect=1)

        self.assertTrue(all(gap[1].split("/")[0] == bad and gap[2] == 401 for gap in self.open_gaps()), self.open_gaps())
        self.assertIn("projects", {gap[0] for gap in self.open_gaps()})
        self.assertLessEqual(fake.stats()["status"]["401"], 8)
        for table in ("asana_projects", "asana_tasks"):
            expected = {row["gid"] for row in truth[table] if row["workspace_gid"] == good}
            stored = {gid for gid, in self.query(
                f"SELECT gid FROM {table} WHERE workspace_gid = ? AND mirrored_at IS NOT NULL", good)}
            self.assertEqual(stored, expected)
        stories = {row["gid"] for row in truth["asana_stories"]}
        tasks = {row["gid"] for row in truth["asana_tasks"] if row["workspace_gid"] == good}
        expected = {row["gid"] for row in truth["asana_stories"] if row["target_gid"] in tasks}
        self.assertLessEqual(expected, {gid for gid, in self.query("SELECT gid FROM asana_stories")} & stories)

        fake.no_faults()
        self.make_everything_due()
        self.sync()
        self.assert_truth(fake)

    def test_a_token_that_others_can_read_is_refused(self):
        path = os.path.join(self.folder, "token")
        with open(path, "w", encoding="utf-8") as file:
            file.write(support.TOKEN)
        os.chmod(path, 0o644)
        self.configure("http://127.0.0.1:9/api/1.0", lines=[f"token_file: {path}"])
        self.assertIn("chmod 600", self.sync(expect=78).err)

    def test_a_command_gives_the_token(self):
        fake = self.fake(0)
        self.configure(fake.url, lines=[f'token_command: "printf %s {support.TOKEN}"'])
        os.chmod(self.config, 0o600)
        self.sync(token=None)
        self.assert_truth(fake)

    def test_no_token(self):
        self.configure("http://127.0.0.1:9/api/1.0")
        self.assertIn("ASANA_TOKEN", self.sync(token=None, expect=78).err)


class Configuration(support.SystemTest):
    def write(self, text):
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(text)

    def test_a_wrong_workspace_names_the_visible_ones(self):
        fake = self.fake(250)
        self.configure(fake.url, lines=["workspaces: [Nowhere]"])
        ended = self.sync(expect=78)
        self.assertIn("Nowhere", ended.err)
        for row in fake.truth()["asana_workspaces"]:
            self.assertIn(row["gid"], ended.err)
        self.assertEqual(fake.stats()["total"], 1)

    def test_one_workspace_of_two(self):
        fake = self.fake(250)
        wanted, other = sorted(row["gid"] for row in fake.truth()["asana_workspaces"])
        self.configure(fake.url, lines=[f'workspaces: ["{wanted}"]'])
        self.sync()
        self.assertEqual(self.query("SELECT gid FROM asana_workspaces"), [(wanted,)])
        self.assertEqual(self.query("SELECT count(*) FROM asana_projects WHERE workspace_gid = ?", other), [(0,)])

    def test_a_source_that_fails_does_not_hold_up_the_next_one(self):
        fake = self.fake(30)
        self.write(f"database: {self.database}\nsources:\n"
                   f"  - {{name: first, type: asana, base_url: {fake.url}, token_env: WRONG}}\n"
                   f"  - {{name: second, type: asana, base_url: {fake.url}}}\n")
        ended = self.sync(environment={"WRONG": "no-token"}, expect=77)
        self.assertIn("source first: the token is refused", ended.err)
        self.assert_truth(fake)
        self.assertEqual(self.last_run()["exit_code"], 77)

    def test_all_mistakes_are_told_at_once(self):
        self.write("databse: x.db\nsources:\n  - name: Acme\n    type: asana\n    base_url: ftp://x\n"
                   "    limits: {share: 7, concurrency: many}\n    limits: {}\nlog: {level: loud}\n")
        ended = self.sync(expect=78)
        for word in ("databse", "database", "name", "base_url", "share", "concurrency", "level", "limits"):
            self.assertIn(word, ended.err)
        for line in (1, 3, 5, 6, 7, 8):
            self.assertIn(f"{self.config}:{line}", ended.err)
        self.assertFalse(os.path.exists(self.database))

    def test_a_file_that_is_not_there(self):
        ended = self.run_to_end("sync", "--config", os.path.join(self.folder, "none.yaml"))
        self.assertEqual(ended.code, 78, ended)

    def test_http_to_another_machine_is_refused(self):
        self.configure("http://192.0.2.1/api/1.0")
        self.assertIn("https", self.sync(expect=78).err)

    def test_without_a_configuration_the_environment_is_enough(self):
        began = time.monotonic()
        ended = self.run_to_end("sync", "--database", self.database, token="x\ny")
        self.assertEqual(ended.code, 78, ended)  # a token with a line break: refused before anything is sent
        self.assertLess(time.monotonic() - began, 5)


if __name__ == "__main__":
    support.main()
