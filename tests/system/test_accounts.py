"""Several accounts in one configuration: none holds up another, and a workspace that two of them see is mirrored by one."""
import json
import os
import re
import signal
import sqlite3
import time

import support

SECOND = "second-token"  # of another user


class Accounts(support.SystemTest):
    maxDiff = None
    soon = 90 if support.SANITIZED else 30

    def write(self, *accounts, more=""):
        """Accounts as (name, URL, further keys)."""
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(f"database: {self.database}\nschedule: {{max_staleness: 10s}}\n{more}sources:\n")
            for name, url, keys in accounts:
                limits = "" if "limits:" in keys else ", limits: {requests_per_minute: 100000, share: 1, concurrency: 8}"
                file.write(f"  - {{name: {name}, base_url: {url}{limits}{keys}}}\n")

    def two_users(self, tasks=40, **options):
        return self.fake(tasks, options=("--token", support.TOKEN, "--token", SECOND), **options)

    def two_workspaces(self, tasks=40):
        """One that the first user alone sees, and one that both do."""
        fake = self.fake(tasks, plan="free",
                         options=("--token", support.TOKEN, "--token", SECOND, "--workspaces", "2"))
        both, first = sorted(row["gid"] for row in fake.truth()["asana_workspaces"])
        return fake, first, both

    def start(self, *arguments, environment=None, **options):
        return super().start(*arguments, environment={"SECOND": SECOND, **(environment or {})}, **options)

    def status(self, name):
        ended = self.run_to_end("status", "--json", "--config", self.config, token=None)
        return next(one for one in json.loads(ended.out)["sources"] if one["name"] == name)

    def stored(self, table, workspace):
        try:
            return {gid for gid, in self.query(
                f"SELECT gid FROM {table} WHERE workspace_gid = ? AND mirrored_at IS NOT NULL", workspace)}
        except sqlite3.OperationalError:  # before the first moment
            return set()

    def let_all_be_due(self):
        self.change("UPDATE sync_work SET last_done_at = ?, due_at = ?", support.FAR_PAST, support.FAR_PAST)

    def is_loaded(self, fake, workspace):
        truth = fake.truth()
        return all(self.stored(table, workspace) == {row["gid"] for row in truth[table] if row["workspace_gid"] == workspace}
                   for table in ("asana_projects", "asana_tasks"))

    def test_each_account_is_tried_and_the_gravest_failure_is_the_exit_code(self):
        fake = self.fake(30)
        self.write(("missing", fake.url, ", token_file: nothing"), ("refused", fake.url, ", token_env: WRONG"),
                   ("good", fake.url, ""))
        ended = self.sync(environment={"WRONG": "no-token"}, expect=78)
        self.assertIn("source missing: token file", ended.err)
        self.assertIn("source refused: the token is refused", ended.err)
        self.assert_truth(fake)
        self.assertEqual(self.last_run()["exit_code"], 78)
        checked = self.run_to_end("check", "--config", self.config, environment={"WRONG": "no-token"})
        self.assertEqual(checked.code, 78, checked)
        self.assertIn("source refused: the token is refused", checked.err)
        self.assertRegex(checked.out, r"source good\n.*\n.*accepted")

    def test_one_token_is_one_account(self):
        self.write(("one", "http://127.0.0.1:9", ""), ("two", "http://127.0.0.1:9", ""))
        for command in ("sync", "run", "check"):
            ended = self.run_to_end(command, "--config", self.config)
            self.assertEqual(ended.code, 78, ended)
            self.assertIn("sources one and two have the same token", ended.err)

    def test_a_workspace_of_two_accounts_is_mirrored_by_one(self):
        fake = self.two_users()
        relay = self.relay(fake)
        workspace = fake.truth()["asana_workspaces"][0]["gid"]
        accounts = ("one", fake.url, ""), ("two", relay.url, ", token_env: SECOND")
        self.write(*accounts)
        ended = self.sync()
        self.assertIn(f"workspace {workspace} is mirrored by source one, not by source two", ended.err)
        self.assertEqual({target.split("?")[0].removeprefix("/api/1.0") for _, target in relay.arrivals},
                         {"/users/me", "/workspaces"})
        self.assert_truth(fake)
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual(self.status("two")["mirrored_by_others"], [{"workspace_gid": workspace, "source": "one"}])
        self.assertEqual(self.status("one")["mirrored_by_others"], [])
        text = self.run_to_end("status", "--config", self.config, token=None)
        self.assertEqual(text.code, 0, text)
        self.assertIn(f"{workspace} is mirrored by source one", text.out)

        # It stays so, whatever the order.
        for order in (accounts, accounts[::-1]):
            self.write(*order)
            relay.arrivals.clear()
            self.make_everything_due()
            self.sync()
            self.assertLessEqual(len(relay.arrivals), 2)
            checked = self.run_to_end("check", "--config", self.config)
            self.assertRegex(checked.out, rf"source two\n(.*\n)*.*\({workspace}\), mirrored by source one\n")
        verified = self.run_to_end("verify", "--config", self.config)
        self.assertEqual(verified.code, 0, verified)
        self.assert_truth(fake)

    def test_without_a_database_the_first_one_in_the_file_has_it(self):
        fake = self.two_users()
        workspace = fake.truth()["asana_workspaces"][0]["gid"]
        self.write(("two", fake.url, ", token_env: SECOND"), ("one", fake.url, ""))
        checked = self.run_to_end("check", "--config", self.config)
        self.assertRegex(checked.out, rf"source one\n(.*\n)*.*\({workspace}\), mirrored by source two\n")
        self.assertFalse(os.path.exists(self.database))

    def test_the_next_account_takes_over_and_removes_nothing_until_that_is_accepted(self):
        fake = self.two_users(plan="free")
        workspace = fake.truth()["asana_workspaces"][0]["gid"]
        project = next(row["gid"] for row in fake.truth()["asana_projects"]
                       if any(edge["project_gid"] == row["gid"] for edge in fake.truth()["asana_task_memberships"]))

        def hide(target):
            """The second user does not see one project."""
            path = target.removeprefix("/api/1.0")
            if re.match(rf"/projects/{project}\b", path) or re.search(rf"[?&]project={project}\b", path):
                return 404, {"Content-Type": "application/json"}, b'{"errors":[{"message":"not there"}]}'
            if path.startswith("/projects?"):
                page = json.loads(fake.get(path))
                page["data"] = [one for one in page["data"] if one["gid"] != project]
                return 200, {"Content-Type": "application/json"}, json.dumps(page).encode()
            return None

        relay = self.relay(fake, before=hide)
        one, two = ("one", fake.url, ""), ("two", relay.url, ", token_env: SECOND")
        self.write(one, two)
        self.sync()
        self.assert_truth(fake)
        rows = self.stored("asana_projects", workspace), self.stored("asana_tasks", workspace)

        self.write(two)
        ended = self.sync()
        self.assertIn(f"workspace {workspace} is mirrored by source two from now on, source one does not any more", ended.err)
        self.assertRegex(ended.err, "the rows of workspace .* are of user .*: nothing is removed there until")
        for _ in range(2):
            self.let_all_be_due()
            self.sync(expect=None)
        self.assertEqual((self.stored("asana_projects", workspace), self.stored("asana_tasks", workspace)), rows)
        self.assertEqual(self.query("SELECT count(*) FROM sync_tombstones"), [(0,)])
        self.assertEqual(self.query("SELECT count(*) FROM sync_work WHERE source = 'one' AND root <> ''"), [(0,)])
        self.assertEqual([one["name"] for one in json.loads(self.run_to_end(
            "status", "--json", "--config", self.config, token=None).out)["sources"]], ["two"])

        # The first one that comes back has lost it; and what the second one does not see leaves when that is accepted.
        self.write(one, two)
        self.assertIn(f"workspace {workspace} is mirrored by source two, not by source one", self.sync(expect=None).err)
        self.write(two)
        self.let_all_be_due()
        self.sync("--accept-deletions", expect=None)
        self.assertNotIn(project, self.stored("asana_projects", workspace))
        self.assertEqual(self.query("SELECT cause FROM sync_tombstones WHERE gid = ?", project), [("not_visible",)])

    def test_an_account_that_loses_its_workspace_leaves_it_to_the_next_one(self):
        fake, second, first = self.two_workspaces()
        lost = []

        def lose(target):
            if lost and target.removeprefix("/api/1.0").startswith(("/users/me?", "/workspaces")):
                page = json.loads(fake.get(target.removeprefix("/api/1.0")))
                if "/users/me" in target:
                    page["data"]["workspaces"] = [one for one in page["data"]["workspaces"] if one["gid"] != first]
                elif target.removeprefix("/api/1.0").startswith("/workspaces?"):
                    page["data"] = [one for one in page["data"] if one["gid"] != first]
                else:
                    return None
                return 200, {"Content-Type": "application/json"}, json.dumps(page).encode()
            return None

        relay = self.relay(fake, before=lose)
        self.write(("one", relay.url, ""), ("two", fake.url, ", token_env: SECOND"))
        self.sync()
        self.assert_truth(fake)
        lost.append(True)
        ended = self.sync(expect=None)
        self.assertIn(f"workspace {first} is mirrored by source two from now on", ended.err)
        self.assertNotIn(f"workspace {second} is mirrored by source two from now on", ended.err)
        self.sync()
        self.assertEqual(self.open_gaps(), [])
        self.assertTrue(self.is_loaded(fake, first))
        self.assertEqual(self.query("SELECT count(*) FROM sync_tombstones"), [(0,)])
        self.assertEqual(self.query("SELECT DISTINCT source, root FROM sync_work WHERE root <> '' ORDER BY root"),
                         [("two", first), ("one", second)])

    def test_two_workspaces_of_two_accounts_know_nothing_of_each_other(self):
        """Whoever is in both stays while one list names them; no account looks at what the other one mirrors."""
        fake, first, second = self.two_workspaces()
        relays = self.relay(fake), self.relay(fake)
        self.write(("one", relays[0].url, f", workspaces: ['{first}']"),
                   ("two", relays[1].url, f", workspaces: ['{second}'], token_env: SECOND"))
        self.sync()
        tasks = self.stored("asana_tasks", first), self.stored("asana_tasks", second)
        for relay in relays:
            relay.arrivals.clear()
        self.let_all_be_due()
        self.sync("--full")
        for relay, others in zip(relays, tasks[::-1]):
            asked = {part for _, target in relay.arrivals for part in re.split("[/?&=]", target)}
            self.assertEqual(asked & others, set())
        verified = self.run_to_end("verify", "--stories", "--config", self.config)
        self.assertEqual(verified.code, 0, verified)

        both = self.query("SELECT user_gid FROM asana_workspace_memberships GROUP BY user_gid HAVING count(*) = 2 "
                          "AND user_gid NOT IN (SELECT value FROM sync_meta WHERE key LIKE '%.token_user') LIMIT 1")
        self.assertTrue(both)
        fake.mutate(op="user_leaves", gid=both[0][0], workspace=second)
        for _ in range(2):
            self.let_all_be_due()
            self.sync("--full")
        self.assertTrue(self.query("SELECT 1 FROM asana_users WHERE gid = ? AND mirrored_at IS NOT NULL", both[0][0]))

    def held_up(self, relay, fake, first, second, command):
        self.write(("one", relay.url, f", workspaces: ['{first}']"),
                   ("two", fake.url, f", workspaces: ['{second}'], token_env: SECOND"))
        running = self.start(command, "--config", self.config)
        began = time.monotonic()
        self.await_that(running, lambda: self.is_loaded(fake, second))
        print(f"{command}: the other account was loaded after {time.monotonic() - began:.1f} s", flush=True)
        self.assertFalse(self.is_loaded(fake, first))
        return running

    def test_one_that_must_pause_holds_up_no_other(self):
        fake, first, second = self.two_workspaces()
        count = []

        def pause(_):
            count.append(True)
            if len(count) > 3:
                return 429, {"Retry-After": "3600", "Content-Type": "application/json"}, b"{}"
            return None

        for command in ("sync", "run"):
            count.clear()
            running = self.held_up(self.relay(fake, before=pause), fake, first, second, command)
            self.await_that(running, lambda: self.status("one")["paused_until"] is not None)
            self.assertLessEqual(len(count), 3 + 8)
            self.assertIn("by the API until", self.run_to_end("status", "--config", self.config, token=None).out)
            running.send(signal.SIGTERM)
            self.assertEqual(running.wait(20).code, 75 if command == "sync" else 0)
            for end in ("", "-wal", "-shm", ".lock"):
                if os.path.exists(self.database + end):
                    os.unlink(self.database + end)

    def test_a_sync_ends_for_all_when_what_all_have_received_is_lost(self):
        """They share the transaction: who went on would count pages as stored that are not."""
        fake, first, second = self.two_workspaces(400)
        fast = []
        relay = self.relay(fake, before=lambda _: time.sleep(0 if fast else 0.3))
        self.write(("one", relay.url, f", workspaces: ['{first}']"),
                   ("two", relay.url, f", workspaces: ['{second}'], token_env: SECOND"))
        self.sync("--max-requests", "5", expect=75)
        self.change("CREATE TRIGGER not_ours BEFORE INSERT ON asana_stories WHEN EXISTS (SELECT 1 FROM asana_tasks "
                    f"WHERE gid = NEW.target_gid AND workspace_gid = '{first}') BEGIN SELECT RAISE(ABORT, 'no'); END")
        self.sync(expect=70)
        self.assertFalse(self.is_loaded(fake, second))
        self.change("DROP TRIGGER not_ours")
        fast.append(True)
        self.sync(expect=None)
        self.assert_truth(fake)

    def test_one_whose_answers_are_slow_holds_up_no_other(self):
        fake, first, second = self.two_workspaces()
        relay = self.relay(fake, before=lambda _: time.sleep(4))
        running = self.held_up(relay, fake, first, second, "sync")
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait(30).code, 75)

    def test_one_without_a_token_rests_in_a_daemon_and_comes_back(self):
        fake, first, second = self.two_workspaces()
        self.write(("one", fake.url, f", workspaces: ['{first}'], token_file: token"),
                   ("two", fake.url, f", workspaces: ['{second}'], token_env: SECOND"))
        running = self.start("run", "--config", self.config, token=None)
        self.await_that(running, lambda: self.is_loaded(fake, second))
        self.assertIn("source one: token file", running.said())
        self.assertIsNotNone(self.status("one")["retry_at"] if self.query(
            "SELECT 1 FROM sync_meta WHERE key = 'one.pass_began_at'") else self.query(
                "SELECT value FROM sync_meta WHERE key = 'one.retry_at'"))

        # The other one is asked all the same.
        self.await_that(running, lambda: "pass done" in running.said())
        verified = self.run_to_end("verify", "--config", self.config, token=None)
        self.assertEqual(verified.code, 69, verified)
        self.assertIn("source one rests after a failure", verified.out)
        self.assertRegex(verified.out, r"source two, last mirrored completely .*: \d+ equal")
        accepted = self.run_to_end("sync", "--accept-deletions", "--config", self.config, token=None)
        self.assertEqual(accepted.code, 75, accepted)
        self.assertIn("source one rests after a failure", accepted.err)
        self.assertIn("what was held is walked again", accepted.out)

        path = os.path.join(self.folder, "token")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(support.TOKEN)
        reloaded = self.run_to_end("reload", "--config", self.config, token=None)
        self.assertEqual((reloaded.code, reloaded.out), (0, "reloaded\n"), reloaded)
        self.await_that(running, lambda: self.is_loaded(fake, first))
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait(20).code, 0)
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
