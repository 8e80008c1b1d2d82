"""What is gone without an event leaves the mirror, on proof; what hangs on it goes along; what comes back is there again."""
import json
import re

import support

# Requests for single objects that only a suspicion leads to.
LOOKS = ["/sections/{gid}", "/tags/{gid}", "/teams/{gid}", "/custom_fields/{gid}", "/workspace_memberships/{gid}",
         "/team_memberships/{gid}", "/memberships/{gid}", "/status_updates/{gid}", "/stories/{gid}",
         "/attachments/{gid}", "/tasks/{gid}", "/projects/{gid}", "/project_portfolio_settings/{gid}", "/goals/{gid}",
         "/goal_relationships/{gid}", "/time_periods/{gid}"]


class Sweeps(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, deletions="{}", **options):
        fake = self.fake(tasks, **options)
        self.configure(fake.url)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"deletions: {deletions}\n")
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def one(self, sql, *values):
        found = self.query(sql, *values)
        self.assertTrue(found, sql)
        return found[0][0]

    def graves(self, table):
        return self.query("SELECT gid, cause, detected_by FROM sync_tombstones WHERE table_name = ? ORDER BY gid", table)

    def full(self, times=1):
        for _ in range(times):
            self.sync("--full")
        self.assertEqual(self.open_gaps(), [])

    def looks(self, fake):
        return {path: count for path, count in fake.stats()["requests"].items() if path in LOOKS}

    def test_nothing_that_is_named_is_looked_at(self):
        fake = self.mirrored()
        self.full()
        self.assertEqual(self.looks(fake), {})
        self.assertEqual(self.query("SELECT * FROM sync_tombstones"), [])

    def check_gone(self, fake, table, gid, change, times=1, cause="not_visible"):
        fake.mutate(events=False, **change)
        self.full(times)
        self.assert_truth(fake)
        self.assertIn((gid, cause, "walk"), self.graves(table))
        self.full()  # and it is at rest
        self.assert_truth(fake)

    def test_section(self):
        fake = self.mirrored()
        section = self.one("SELECT gid FROM asana_sections WHERE mirrored_at IS NOT NULL GROUP BY project_gid HAVING count(*) > 2")
        self.check_gone(fake, "asana_sections", section, {"op": "delete_section", "gid": section})

    def test_section_with_an_event(self):
        fake = self.mirrored()
        section = self.one("SELECT gid FROM asana_sections WHERE mirrored_at IS NOT NULL GROUP BY project_gid HAVING count(*) > 2")
        fake.mutate(op="delete_section", gid=section)
        self.sync()
        self.assertEqual(self.graves("asana_sections"), [(section, "deleted", "event")])
        self.assert_truth(fake)

    def test_comment_and_attachment_with_events(self):
        fake = self.mirrored()
        told = "JOIN asana_task_memberships m ON m.task_gid = {} JOIN asana_projects p ON p.gid = m.project_gid AND p.mirrored_at IS NOT NULL"
        story = self.one("SELECT s.gid FROM asana_stories s " + told.format("s.target_gid") + " WHERE s.type = 'comment'")
        attachment = self.one("SELECT a.gid FROM asana_attachments a " + told.format("a.parent_gid"))
        fake.mutate(op="delete_comment", gid=story)
        fake.mutate(op="delete_attachment", gid=attachment)
        self.sync()
        self.assertEqual(self.graves("asana_stories"), [(story, "deleted", "event")])
        self.assertEqual(self.graves("asana_attachments"), [(attachment, "deleted", "event")])
        self.assertFalse(self.wrong_tables(fake) & {"asana_stories", "asana_attachments"})

    def test_tag(self):
        fake = self.mirrored()
        tag = self.one("SELECT t.gid FROM asana_tags t JOIN asana_task_tags e ON e.tag_gid = t.gid WHERE t.mirrored_at IS NOT NULL")
        self.check_gone(fake, "asana_tags", tag, {"op": "delete_tag", "gid": tag})
        self.assertEqual(self.query("SELECT * FROM asana_task_tags WHERE tag_gid = ?", tag), [])
        self.assertEqual(self.query("SELECT * FROM sync_work WHERE scope = ?", tag), [])

    def test_team_takes_its_memberships_along(self):
        fake = self.mirrored()
        team = self.one("SELECT team_gid FROM asana_team_memberships")
        members = self.query("SELECT count(*) FROM asana_team_memberships WHERE team_gid = ?", team)[0][0]
        self.check_gone(fake, "asana_teams", team, {"op": "delete_team", "gid": team})
        self.assertEqual([by for _, _, by in self.graves("asana_team_memberships")], ["parent"] * members)

    def test_custom_field_takes_its_options_along(self):
        fake = self.mirrored()
        field = self.one("SELECT custom_field_gid FROM asana_custom_field_options WHERE mirrored_at IS NOT NULL")
        options = self.query("SELECT count(*) FROM asana_custom_field_options WHERE mirrored_at IS NOT NULL AND custom_field_gid = ?", field)[0][0]
        # Its values leave with the walk of their tasks.
        self.check_gone(fake, "asana_custom_fields", field, {"op": "delete_field", "gid": field}, times=2)
        self.assertEqual([by for _, _, by in self.graves("asana_custom_field_options")], ["parent"] * options)

    def test_person_and_what_refers_to_them(self):
        for keep in (True, False):
            with self.subTest(keep_membership=keep):
                self.database = f"{self.folder}/{keep}.db"
                fake = self.mirrored()
                me = json.loads(fake.get("/users/me"))["data"]["gid"]
                user = self.one("SELECT u.gid FROM asana_users u JOIN asana_tasks t ON t.created_by_gid = u.gid "
                                "WHERE u.mirrored_at IS NOT NULL AND u.gid <> ? AND (SELECT count(*) FROM "
                                "asana_workspace_memberships m WHERE m.user_gid = u.gid) = 1 ORDER BY u.gid", me)
                name = self.one("SELECT name FROM asana_users WHERE gid = ?", user)
                self.check_gone(fake, "asana_users", user, {"op": "user_leaves", "gid": user, "keep_membership": keep}, times=2)
                self.assertEqual(self.query("SELECT name, email, mirrored_at FROM asana_users WHERE gid = ?", user),
                                 [(name, None, None)])
                asked = self.query("SELECT count(*) FROM sync_work WHERE scope LIKE '%/' || ?", user)[0][0]
                self.assertEqual(asked > 0, keep)

    def test_a_person_of_two_workspaces_stays_while_one_names_them(self):
        fake = self.mirrored(options=("--workspaces", "2"))
        both = self.query("SELECT user_gid, min(workspace_gid) FROM asana_workspace_memberships WHERE is_active "
                          "GROUP BY 1 HAVING count(*) = 2")
        me = json.loads(fake.get("/users/me"))["data"]["gid"]
        both = [(user, workspace) for user, workspace in both if user != me]
        self.assertTrue(both)
        user, workspace = both[0]
        fake.mutate(op="user_leaves", gid=user, workspace=workspace, keep_membership=False)
        self.full(3)
        self.assert_truth(fake)
        self.assertEqual(self.graves("asana_users"), [])

    def test_what_belongs_to_a_project(self):
        fake = self.mirrored()
        listed = "WHERE mirrored_at IS NOT NULL"
        member = self.one(f"SELECT gid FROM asana_memberships {listed}")
        in_team = self.one(f"SELECT gid FROM asana_team_memberships {listed}")
        update = self.one(f"SELECT gid FROM asana_status_updates {listed}")
        brief, project = self.query(f"SELECT gid, project_gid FROM asana_project_briefs {listed}")[0]
        for op, gid in (("remove_member", member), ("leave_team", in_team), ("delete_status_update", update),
                        ("delete_brief", project)):
            fake.mutate(op=op, gid=gid)
        self.full()
        self.assert_truth(fake)
        for table, gid in (("asana_memberships", member), ("asana_team_memberships", in_team),
                           ("asana_status_updates", update), ("asana_project_briefs", brief)):
            self.assertEqual(self.graves(table), [(gid, "not_visible", "walk")])
        self.assertEqual(self.query("SELECT * FROM sync_work WHERE scope = ?", brief), [])

    def test_custom_type_leaves_with_the_last_project_that_has_it(self):
        fake = self.mirrored()
        # Which projects have it stands in no table.
        named = self.query("SELECT gid, scope FROM sync_named WHERE stream = 'custom_types'")
        self.assertTrue(named)
        gid = named[0][0]
        projects = [scope for type_gid, scope in named if type_gid == gid]
        for project in projects[1:]:
            fake.mutate(op="remove_type", gid=project, type=gid)
        self.full(2)
        self.assertEqual(self.graves("asana_custom_types"), [])
        fake.mutate(op="remove_type", gid=projects[0], type=gid)
        self.full(2)
        self.assertEqual(self.graves("asana_custom_types"), [(gid, "not_visible", "walk")])
        self.assert_truth(fake)

    def test_tasks_without_a_project(self):
        fake = self.mirrored(400)
        alone = ("parent_gid IS NULL AND gid NOT IN (SELECT task_gid FROM asana_task_memberships)")
        assigned = self.one(f"SELECT gid FROM asana_tasks WHERE {alone} AND assignee_gid IS NOT NULL")
        tagged = self.one(f"SELECT gid FROM asana_tasks WHERE {alone} AND assignee_gid IS NULL "
                          "AND gid IN (SELECT task_gid FROM asana_task_tags)")
        for gid in (assigned, tagged):
            fake.mutate(op="delete_task", gid=gid, events=False)
        self.full()
        self.assert_truth(fake)
        self.assertLessEqual({(assigned, "not_visible", "walk"), (tagged, "not_visible", "walk")},
                             set(self.graves("asana_tasks")))

    def test_project_that_goes_and_comes_back(self):
        for leave, back in (("delete_project", "undelete_project"), ("private_project", "public_project"), ("forbid", "permit")):
            with self.subTest(leave):
                self.database = f"{self.folder}/{leave}.db"
                fake = self.mirrored(deletions="{max_share: 1}")
                before = self.query("SELECT count(*) FROM asana_sections WHERE mirrored_at IS NOT NULL")
                project = self.one("SELECT gid FROM asana_projects p WHERE mirrored_at IS NOT NULL AND "
                                   "(SELECT count(*) FROM asana_status_updates WHERE parent_gid = p.gid) > 0 AND "
                                   "(SELECT count(*) FROM asana_task_memberships WHERE project_gid = p.gid) > 5")
                fake.mutate(op=leave, gid=project, events=False)
                self.full(2)
                self.assert_truth(fake)
                self.assertEqual(self.query("SELECT stream FROM sync_work WHERE scope = ?", project), [])
                for table in ("asana_sections", "asana_memberships", "asana_status_updates"):
                    self.assertEqual({by for _, _, by in self.graves(table)}, {"parent"}, table)
                fake.control("POST", "stats/reset")
                self.sync()
                self.assertEqual(self.looks(fake), {})

                fake.mutate(op=back, gid=project, events=False)
                self.full(2)
                self.assert_truth(fake)
                self.assertEqual(self.query("SELECT * FROM sync_tombstones"), [])
                self.assertEqual(self.query("SELECT count(*) FROM asana_sections WHERE mirrored_at IS NOT NULL"), before)

    def test_what_a_drifting_page_leaves_out_is_looked_at_and_stays(self):
        fake = self.fake(201)
        empty = [False]

        def before(target):
            # As lists that changed while they were read.
            lists = r"/(stories|attachments|memberships|team_memberships|status_updates|sections|tags|teams)(\?|$)"
            if empty[0] and re.search(lists, target):
                return 200, {"Content-Type": "application/json"}, b'{"data":[],"next_page":null}'
            return None

        relay = self.relay(fake, before=before)
        self.configure(relay.url)
        self.sync()
        fake.mutate(seed=1, count=10, kinds=["comment"])
        self.sync()
        tables = ["asana_stories", "asana_attachments", "asana_memberships", "asana_team_memberships", "asana_status_updates",
                  "asana_sections", "asana_tags", "asana_teams"]
        counts = [self.query(f"SELECT count(*) FROM {table} WHERE mirrored_at IS NOT NULL") for table in tables]
        fake.mutate(seed=2, count=10, kinds=["rename"])  # so that their stories are read again
        empty[0] = True
        self.sync("--full", "--accept-deletions")
        self.assertGreater(sum(self.looks(fake).values()), 50)
        self.assertEqual([self.query(f"SELECT count(*) FROM {table} WHERE mirrored_at IS NOT NULL") for table in tables], counts)
        self.assertEqual(self.query("SELECT * FROM sync_tombstones"), [])
        empty[0] = False
        self.full()
        self.assertLessEqual(self.wrong_tables(fake), {"asana_stories"})  # what is new of them was left out as well

    def test_lists_that_miss_much_are_held(self):
        fake = self.mirrored(options=("--workspaces", "1", "--tags", "40"))
        tags = [row[0] for row in self.query("SELECT gid FROM asana_tags WHERE mirrored_at IS NOT NULL")]
        self.assertGreaterEqual(len(tags), 20)
        for gid in tags[:len(tags) // 2]:
            fake.mutate(op="delete_tag", gid=gid)
        ended = self.sync("--full", expect=1)
        self.assertIn(f"held: the walk did not name {len(tags) // 2} of {len(tags)} in asana_tags", ended.out)
        self.assertEqual(self.graves("asana_tags"), [])
        self.sync("--accept-deletions")
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual({gid for gid, _, _ in self.graves("asana_tags")}, set(tags[:len(tags) // 2]))

    def test_a_held_list_of_projects_waits_for_its_day(self):
        fake = self.fake(201, options=("--workspaces", "1", "--projects", "40"))
        empty = [False]

        def before(target):
            if empty[0] and "/projects?" in target:
                return 200, {"Content-Type": "application/json"}, b'{"data":[],"next_page":null}'
            return None

        self.configure(self.relay(fake, before=before).url)
        self.sync()
        empty[0] = True
        self.sync("--full", expect=1)
        self.sync("--full", expect=1)
        self.assertEqual([gap[0] for gap in self.open_gaps()], ["projects"])
        self.assertNotIn("/projects/{gid}", self.looks(fake))
        empty[0] = False
        self.sync("--full", "--accept-deletions")
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def test_a_workspace_that_is_not_seen_any_more(self):
        fake = self.fake(201, options=("--workspaces", "2"))
        lost = [None]

        def before(target):
            if lost[0] is None:
                return None
            json_type = {"Content-Type": "application/json"}
            if "/users/me" in target:
                answer = json.loads(fake.get("/users/me?opt_fields=name,workspaces.name"))
                answer["data"]["workspaces"] = [w for w in answer["data"]["workspaces"] if w["gid"] != lost[0]]
                return 200, json_type, json.dumps(answer).encode()
            if f"={lost[1]}" in target:
                return 403, json_type, b'{"errors":[{"message":"Forbidden"}]}'
            return None

        relay = self.relay(fake, before=before)
        self.configure(relay.url)
        self.sync()
        rows = self.query("SELECT count(*), count(mirrored_at) FROM asana_projects")
        lost[0], project = self.query("SELECT workspace_gid, gid FROM asana_projects WHERE mirrored_at IS NOT NULL ORDER BY 1 DESC")[0]
        lost.append(project)
        for _ in range(2):
            self.sync(expect=1)
            self.assertEqual([(stream, scope) for stream, scope, *_ in self.open_gaps() if stream == "users_me"],
                             [("users_me", lost[0])])
        self.assertEqual(self.query("SELECT count(*), count(mirrored_at) FROM asana_projects"), rows)
        self.assertEqual(self.query("SELECT * FROM sync_tombstones"), [])
        lost[0] = None
        self.make_everything_due()
        self.full(2)
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
