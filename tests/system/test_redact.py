"""Redaction: what is redacted stands nowhere, the rest of the mirror equals the truth."""
import contextlib
import hashlib
import hmac
import os
import sqlite3
import stat

import support
import compare_truth

RULES = {
    "asana_users.email": "hash", "asana_users.name": "hash", "asana_tasks.name": "drop", "asana_tasks.notes": "length",
    "asana_stories.text": "drop", "asana_custom_field_values.text_value": "length", "asana_goals.notes": "hash",
    "asana_time_tracking_entries.description": "drop", "asana_placeholders.name": "hash",
    "asana_task_templates.template_followers": "length", "asana_roles.permissions": "drop",
}
TWINS = {"asana_tasks.notes": "asana_tasks.html_notes", "asana_stories.text": "asana_stories.html_text",
         "asana_goals.notes": "asana_goals.html_notes"}
# What Asana tells in its own words, or as it was, of what these hold, is redacted as well.
ECHOED = {
    "asana_users.email": "hash", "asana_users.name": "drop", "asana_tasks.name": "hash", "asana_tasks.notes": "length",
    "asana_goals.notes": "drop", "asana_custom_field_values.text_value": "length", "asana_time_tracking_entries.description": "hash",
}


class Redact(support.SystemTest):
    def setUp(self):
        super().setUp()
        self.world = self.fake(60, seed=2)
        self.key_file = self.database + ".redact-key"

    def redact(self, rules):
        lines = ["redact:"] + [f'  "{name}": {how}' for name, how in rules.items()]
        self.configure(self.world.url, lines=lines if rules else [])

    def key(self):
        with open(self.key_file, encoding="ascii") as file:
            return file.read().strip().encode()

    def redacted(self, how, text):
        if text is None or how == "drop":
            return None
        if how == "length":
            return str(len(text))
        return hmac.new(self.key(), text.encode(), hashlib.sha256).hexdigest()[:32]

    def redacted_truth(self, rules):
        path = os.path.join(self.folder, "truth.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.world.control("GET", "truth"))
        truth, _ = compare_truth.read_truth(path)
        self.redact_echoes(rules, truth)
        for name, how in {**{TWINS[name]: how for name, how in rules.items() if name in TWINS}, **rules}.items():
            table, column = name.split(".")
            for row, _ in truth.get(table, []):
                if column in row:
                    row[column] = self.redacted(how, row[column])
        return truth

    def assert_redacted(self, rules):
        """Everything is as the truth says, but for what the rules make of it; names of mentions, too."""
        truth = self.redacted_truth(rules)
        found = {}
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            for name, (columns, key) in compare_truth.schema_of(database).items():
                _, lines = compare_truth.compare_table(database, name, columns, key, truth.get(name, []))
                if lines:
                    found[name] = lines
        self.assertEqual(found, {})

    def redact_echoes(self, rules, truth):
        def redact(table, column, rule, where=lambda row: True, whole=True):
            if rule not in rules or f"{table}.{column}" in rules or TWINS.get(f"{table}.{column[5:]}") in rules:
                return
            for row, _ in truth.get(table, []):
                if where(row) and row.get(column) is not None:
                    row[column] = self.redacted(rules[rule] if whole else "drop", row[column])

        number_or_text = ("text_value", "number_value", "date_value", "datetime_value")
        told = [rule for rule in rules if rule.startswith(("asana_users.", "asana_tasks.", "asana_goals.", "asana_custom_field_values."))]
        redact("asana_custom_field_values", "display_value", "asana_users.name",
               lambda row: all(row.get(name) is None for name in number_or_text), whole=False)
        redact("asana_custom_field_values", "display_value", "asana_custom_field_values.text_value",
               lambda row: row.get("text_value") is not None)
        for side in ("old_", "new_"):
            for kind in ("task", "goal"):
                redact("asana_stories", side + "name", f"asana_{kind}s.name", lambda row: row["target_type"] == kind)
            redact("asana_stories", side + "text_value", "asana_custom_field_values.text_value")
        redact("asana_audit_log_events", "actor_email", "asana_users.email")
        redact("asana_audit_log_events", "actor_name", "asana_users.name")
        redact("asana_user_task_lists", "name", "asana_users.name", whole=False)
        redact("asana_task_templates", "template_followers", "asana_users.name", whole=False)
        for rule in told[:1]:
            for column in ("text", "html_text"):
                if "asana_stories.text" not in rules:
                    redact("asana_stories", column, rule, lambda row: row["type"] == "system", whole=False)
            redact("asana_audit_log_events", "resource_name", rule, whole=False)
            redact("asana_audit_log_events", "details", rule, whole=False)
            redact("asana_task_templates", "template_custom_fields", rule, whole=False)

    def secrets(self):
        truth = self.world.truth()
        found = {row["email"] for row in truth["asana_users"] if row["email"]}
        found |= {row["notes"] for row in truth["asana_tasks"] if row["notes"] and len(row["notes"]) > 30}
        found |= {row["text"] for row in truth["asana_stories"] if row["text"] and len(row["text"]) > 30}
        self.assertGreater(len(found), 50)
        return {text.encode()[:200] for text in found}

    def assert_nowhere(self, secrets, *logs):
        for name in os.listdir(self.folder):
            if not name.startswith("mirror.db"):
                continue
            with open(os.path.join(self.folder, name), "rb") as file:
                content = file.read()
            for secret in secrets:
                self.assertFalse(secret in content, f"{secret} in {name}")
        for log in logs:
            for secret in secrets:
                self.assertFalse(secret.decode(errors="replace") in log)

    def test_nothing_of_a_redacted_text_is_stored(self):
        self.redact(RULES)

        ended = self.sync("--log-level", "debug")

        self.assertEqual(stat.S_IMODE(os.stat(self.key_file).st_mode), 0o600)
        self.assert_redacted(RULES)
        self.assert_nowhere(self.secrets(), ended.out, ended.err)
        self.sync("--full")
        self.assertEqual(self.last_run()["rows_written"], 0)
        task = self.query("SELECT gid FROM asana_tasks LIMIT 1")[0][0]
        secrets = self.secrets()
        self.world.mutate(op="delete_task", gid=task)
        self.sync("--full")
        self.assertEqual(self.query("SELECT count(*) FROM sync_tombstones WHERE gid = ?", task), [(1,)])
        self.assert_nowhere(secrets)

    def test_what_stories_the_audit_log_and_displays_repeat_is_redacted_too(self):
        self.world = self.fake(100, seed=4, plan="service", options=["--workspaces", "1"])
        truth = self.world.truth()
        tasks = [row["gid"] for row in truth["asana_tasks"] if row["parent_gid"] is None]
        texts = {row["object_gid"] for row in truth["asana_custom_field_values"] if row["text_value"]}
        self.assertGreater(len(texts), 5)

        def change(some):
            for number, gid in enumerate(some):
                self.world.mutate(op="rename_task", gid=gid, name=f"Canary 7Q9X {number}")
            self.world.mutate(op="comment", gid=some[0], text="not redacted 7Q8X")
            self.world.mutate(op="track", gid=some[1], day="2026-01-01", minutes=3)
            self.world.mutate(op="delete_task", gid=some[2])
            self.world.mutate(op="undelete_task", gid=some[2])
            self.world.mutate(op="delete_task", gid=some[3])

        def secrets():
            truth = self.world.truth()
            found = {row["email"] for row in truth["asana_users"] if row["email"]}
            found |= {row["notes"] for row in truth["asana_tasks"] if row["notes"] and len(row["notes"]) > 30}
            found |= {row["description"] for row in truth["asana_time_tracking_entries"] if row["description"] and len(row["description"]) > 12}
            values = {row["text_value"] for row in truth["asana_custom_field_values"] if row["text_value"]}
            values |= {row[side] for row in truth["asana_stories"] for side in ("old_text_value", "new_text_value") if row[side]}
            found |= {text for text in values if len(text) > 12}
            stays = repr([row for rows in self.redacted_truth(dict.fromkeys(ECHOED, "drop")).values() for row in rows])  # the same words elsewhere
            return {b"7Q9X"} | {text.encode()[:200] for text in found if repr(text)[1:-1][:40] not in stays}

        self.redact({})
        self.sync()
        change(tasks[:5])
        self.sync("--full")
        self.change("UPDATE sync_work SET last_done_at = ? WHERE stream IN ('workspaces', 'audit_log_events')", support.FAR_PAST)
        self.sync()
        self.assertGreater(self.query("SELECT count(*) FROM asana_audit_log_events WHERE resource_name LIKE '%7Q9X%'")[0][0], 1)
        before = secrets()
        self.assertGreater(len(before), 80)
        self.redact(ECHOED)

        ended = self.sync("--log-level", "debug")

        self.assert_nowhere(before, ended.out, ended.err)
        self.assertEqual(self.query("SELECT count(*) FROM asana_stories WHERE text = 'not redacted 7Q8X'"), [(1,)])
        change(tasks[5:10])
        ended = self.sync("--full", "--log-level", "debug")
        self.assert_nowhere(before | secrets(), ended.out, ended.err)
        self.change("UPDATE sync_work SET last_done_at = NULL")
        self.make_everything_due()
        ended = self.sync("--full", "--log-level", "debug")
        self.assert_nowhere(before | secrets(), ended.out, ended.err)
        self.assert_redacted(ECHOED)
        status = self.run_to_end("status", "--config", self.config, "--json")
        self.assert_nowhere(before, status.out)

    def test_a_new_rule_takes_stored_texts_away_at_once_and_reaches_every_row_with_the_next_walk(self):
        self.redact({})
        self.sync()
        self.assert_truth(self.world)
        secrets = self.secrets()
        self.redact(RULES)

        self.sync()

        self.assert_nowhere(secrets)
        self.sync("--full")
        self.assert_redacted(RULES)
        self.assert_nowhere(secrets)
        self.redact({"asana_tasks.notes": "hash"})

        self.sync("--full")

        self.assert_redacted({"asana_tasks.notes": "hash"})
        self.redact({})
        self.sync("--full")
        self.assert_truth(self.world)

    def test_hashes_need_the_key_that_they_were_made_with(self):
        self.redact({"asana_users.email": "hash"})
        checked = self.run_to_end("check", "--config", self.config)
        self.assertEqual(checked.code, 0, checked)
        self.assertFalse(os.path.exists(self.key_file))
        self.sync()
        key = self.key()
        os.rename(self.key_file, self.key_file + ".away")

        ended = self.sync(expect=78)

        self.assertIn("put it back from a backup", ended.err)
        self.assertFalse(os.path.exists(self.key_file))
        with open(self.key_file, "wb") as file:
            file.write(b"0" * 64)
        os.chmod(self.key_file, 0o600)
        self.assertIn("is not the one with which", self.sync(expect=78).err)
        with open(self.key_file, "wb") as file:
            file.write(key)
        os.chmod(self.key_file, 0o640)
        self.assertIn("chmod 600", self.sync(expect=78).err)
        os.chmod(self.key_file, 0o600)
        self.sync()
        self.assert_redacted({"asana_users.email": "hash"})

    def test_only_known_texts_can_be_redacted(self):
        self.redact({"asana_users.emial": "hash", "asana_tasks.gid": "drop", "asana_tasks.notes": "hide"})

        ended = self.sync(expect=78)

        self.assertIn("asana_users.emial: unknown key, did you mean asana_users.email?", ended.err)
        self.assertIn("asana_tasks.gid: unknown key", ended.err)
        self.assertIn("must be one of drop, hash, length, not 'hide'", ended.err)


if __name__ == "__main__":
    support.main()
