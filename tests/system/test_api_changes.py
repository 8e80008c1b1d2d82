"""Coming changes to the API: what the configuration asks for is sent, what answers announce is kept and shown."""
import json
import urllib.error

import support

CHANGE = "name=new_goals;info=https://forum.example/t/1;affected=true, name=other;junk;=;,;"


class ApiChanges(support.SystemTest):
    def announcing(self, fake):
        def before(target):
            if not target.startswith("/api/1.0/workspaces?"):
                return None
            body = fake.get(target[len("/api/1.0"):])
            return 200, {"Content-Type": "application/json", "Asana-Change": CHANGE}, body
        return self.relay(fake, before=before)

    def test_configured_changes_are_sent(self):
        relay = self.relay(self.fake(0))
        self.configure(relay.url, lines=["api_changes: {enable: [one, two], disable: [three]}"])

        self.sync()

        self.assertEqual(relay.headers.get("Asana-Enable"), "one,two")
        self.assertEqual(relay.headers.get("Asana-Disable"), "three")

    def test_announced_changes_are_kept_told_and_shown(self):
        fake = self.fake(5)
        self.configure(self.announcing(fake).url)

        ended = self.sync()

        self.assertEqual(ended.err.count("API change source=acme name=new_goals"), 1, ended)
        self.assertEqual(self.query("SELECT source, name, info, affected, sample_path FROM sync_api_changes ORDER BY name"), [
            ("acme", "new_goals", "https://forum.example/t/1", 1, "/workspaces"),
            ("acme", "other", None, 0, "/workspaces")])
        self.assert_truth(fake)
        shown = self.run_to_end("status", "--config", self.config)
        self.assertIn("new_goals: concerns our requests", shown.out)
        self.assertIn("https://forum.example/t/1", shown.out)
        told = json.loads(self.run_to_end("status", "--json", "--config", self.config).out)
        self.assertEqual([change["name"] for change in told["sources"][0]["api_changes"]], ["new_goals", "other"])

        again = self.sync("--full")

        self.assertNotIn("API change", again.err)

    def test_every_kind_of_answer_may_announce(self):
        fake = self.fake(20, plan="service")
        kinds = {"/tasks/search": "search", "/events?": "events", "/audit_log_events": "audit", "/stories": "stories"}

        def before(target):
            kind = next((name for part, name in kinds.items() if part in target + "?"), None)
            if kind is None:
                return None
            try:
                status, body = 200, fake.get(target[len("/api/1.0"):])
            except urllib.error.HTTPError as error:
                status, body = error.code, error.read()
            return status, {"Content-Type": "application/json", "Asana-Change": f"name={kind};affected=true"}, body

        self.configure(self.relay(fake, before=before).url)

        self.sync()

        self.assertEqual(self.query("SELECT name FROM sync_api_changes WHERE affected ORDER BY name"),
                         [(name,) for name in sorted(kinds.values())])
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
