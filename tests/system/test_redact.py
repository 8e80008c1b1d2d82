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

    def assert_redacted(self, rules):
        """Everything is as the truth says, but for what the rules make of it; names of mentions, too."""
        path = os.path.join(self.folder, "truth.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.world.control("GET", "truth"))
        truth, _ = compare_truth.read_truth(path)
        for name, how in {**{TWINS[name]: how for name, how in rules.items() if name in TWINS}, **rules}.items():
            table, column = name.split(".")
            for row, _ in truth.get(table, []):
                if column in row:
                    row[column] = self.redacted(how, row[column])
        found = {}
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            for name, (columns, key) in compare_truth.schema_of(database).items():
                _, lines = compare_truth.compare_table(database, name, columns, key, truth.get(name, []))
                if lines:
                    found[name] = lines
        self.assertEqual(found, {})

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
