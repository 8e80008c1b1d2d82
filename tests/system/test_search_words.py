"""taskmirror search: finds what a plain look at the tables finds, after any history of changes."""
import json
import re
import signal
import unicodedata

import support

PLACES = (("task", "asana_tasks", "name", "notes", "1"), ("project", "asana_projects", "name", "notes", "1"),
          ("comment", "asana_stories", "NULL", "text", "type = 'comment'"))


def words_of(text):
    """As the index sees them: letters and digits, without accents and capitals."""
    plain = "".join(c for c in unicodedata.normalize("NFD", text or "") if unicodedata.category(c) != "Mn")
    return re.findall(r"[0-9a-z]+", plain.lower())


class SearchWords(support.SystemTest):
    def configure(self, url, on=True, **options):
        super().configure(url, **options)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"full_text_search: {'true' if on else 'false'}\n")

    def search(self, *words, expect=0, limit=1000):
        ended = self.run_to_end("search", "--config", self.config, "--limit", str(limit), *words, token=None)
        self.assertEqual(ended.code, expect, ended)
        return ended

    def hits(self, *words):
        found = json.loads(self.search(*words, "--format", "json").out)
        return {(hit["kind"], hit["gid"]) for hit in found}

    def scanned(self):
        """{(kind, gid): {words}}"""
        found = {}
        for kind, table, name, text, where in PLACES:
            for gid, *texts in self.query(f"SELECT gid, {name}, {text} FROM {table} WHERE mirrored_at IS NOT NULL AND {where}"):
                found[kind, gid] = set(words_of(texts[0]) + words_of(texts[1]))
        return found

    def assert_found(self, words=("budget", "launch", "review", "brand", "nowhere")):
        scanned = self.scanned()
        for word in words:
            self.assertEqual(self.hits(word), {key for key, of in scanned.items() if word in of}, word)
        self.assertEqual(self.hits("budget", "review"), {key for key, of in scanned.items() if {"budget", "review"} <= of})
        self.assertEqual(self.hits("re*"), {key for key, of in scanned.items() if any(w.startswith("re") for w in of)})
        self.change("INSERT INTO sync_search (sync_search, rank) VALUES ('integrity-check', 1)")
        self.assertEqual(self.query("SELECT count(*) FROM sync_search_removed"), [(0,)])
        self.assert_sound()

    def test_hits_are_those_of_a_plain_look_after_any_changes(self):
        fake = self.fake(120)
        self.configure(fake.url)
        self.sync("--quiet")
        self.assert_truth(fake)
        self.assertTrue(self.hits("budget"))
        self.assert_found()
        for seed in (1, 2, 3):
            fake.mutate(seed=seed, count=60)
            self.sync("--quiet", "--full", expect=None)
            self.assert_found()
        self.assertTrue(self.query("SELECT 1 FROM sync_tombstones WHERE table_name = 'asana_tasks'"))

    def test_a_task_that_goes_is_not_found_until_it_is_back(self):
        fake = self.fake(40)
        self.configure(fake.url)
        self.sync("--quiet")
        (gid, project), = self.query("SELECT task_gid, project_gid FROM asana_task_memberships JOIN asana_tasks ON gid = task_gid "
                                     "WHERE parent_gid IS NULL LIMIT 1")
        fake.mutate(op="rename_task", gid=gid, name="Prüfung zaphod")
        fake.mutate(op="comment", gid=gid, text="beeblebrox \x1b[31m says")
        self.sync("--quiet")
        self.assertEqual(self.hits("prufung", "ZAPHOD"), {("task", gid)})
        text = self.search("beeblebrox").out
        self.assertIn("\\u001b[31m", text)
        self.assertIn("Prüfung zaphod", text)
        self.assertNotIn("\x1b", text)
        fake.mutate(op="delete_task", gid=gid)
        self.sync("--quiet")
        ended = self.search("zaphod")
        self.assertEqual((ended.out, ended.err), ("", "nothing found\n"))
        self.assertEqual(self.hits("beeblebrox"), set())
        fake.mutate(op="undelete_task", gid=gid)
        self.sync("--quiet", "--full")
        self.assertEqual(self.hits("zaphod"), {("task", gid)})
        self.assert_truth(fake)

    def test_switched_off_and_on(self):
        fake = self.fake(40)
        self.configure(fake.url, on=False)
        self.assertIn("there is no such file", self.search("budget", expect=66).err)
        self.sync("--quiet")
        self.assertIn("set full_text_search: true", self.search("budget", expect=78).err)
        self.configure(fake.url)
        self.assertIn("the next sync or run makes it", self.search("budget", expect=78).err)
        self.sync("--quiet")
        self.assert_found()
        self.configure(fake.url, on=False)
        self.sync("--quiet")
        self.assertEqual(self.query("SELECT name FROM sqlite_master WHERE name LIKE '%sync\\_search%' ESCAPE '\\'"), [])
        self.assert_truth(fake)

    def test_a_daemon_takes_the_switch_with_a_reload(self):
        fake = self.fake(20)
        self.configure(fake.url)
        self.sync("--quiet")
        running = self.start("run", "--config", self.config)
        support.wait_until(lambda: self.query("SELECT 1 FROM sync_runs WHERE command = 'run'"))
        for on in (False, True):
            self.configure(fake.url, on=on)
            running.send(signal.SIGHUP)
            support.wait_until(lambda: bool(self.query("SELECT 1 FROM sqlite_master WHERE name = 'sync_search'")) == on)
        running.send(signal.SIGTERM)
        self.assertEqual(running.wait().code, 0)
        self.assert_found()

    def test_no_word_breaks_the_question(self):
        fake = self.fake(10)
        self.configure(fake.url)
        self.sync("--quiet")
        for word in ('"a', "a OR", "NEAR(a b", "name:a", "^a", "a*b", "(a", "'a", "a\\", "a;DROP TABLE x", "é" * 50):
            self.search(word)
        self.search("***", expect=64)
        self.search(expect=64)

    def test_a_kill_leaves_the_index_in_step(self):
        fake = self.fake(200)
        self.configure(fake.url)
        for rows in (30, 90, 150):
            running = self.start_sync("--quiet")
            support.wait_until(lambda: running.over() or self.stored() >= rows)
            running.kill()
            if self.stored():
                self.assert_found(words=("budget",))
        self.sync("--quiet")
        self.assert_found()
        self.assert_truth(fake)

    def stored(self):
        try:
            return self.query("SELECT count(*) FROM asana_tasks")[0][0]
        except Exception:  # no file, no table yet
            return 0


if __name__ == "__main__":
    support.main()
