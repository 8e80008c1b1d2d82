"""The views with the names of Fivetran and its dbt package, after some hundred changes: each value is computed again from
what the fake Asana knows to be true."""
import contextlib
import datetime
import fractions
import json
import sqlite3

import support

# What events tell. Nothing is made in the second round: what is gone was seen as it was after the first.
FIRST = ["rename", "complete", "assign", "due_date", "comment", "edit_comment", "delete_comment", "move", "new_task",
         "new_subtask", "tag", "untag", "follower", "add_to_project", "leave_project", "reparent", "unfollow",
         "archive_project", "rename_project", "new_project", "status_update", "rename_section"]
SECOND = ["complete", "assign", "move", "delete_task", "add_to_project", "leave_project", "archive_project",
          "delete_comment", "untag", "delete_section"]
KINDS = ("assigned", "unassigned", "marked_complete", "marked_incomplete")


def day(instant):
    return datetime.date.fromisoformat(instant[:10]).toordinal()


def whole(days):
    """The mean, rounded as SQLite does; None of nothing."""
    days = [one for one in days if one is not None]
    return float((fractions.Fraction(2 * sum(days), len(days)) + 1) // 2) if days else None


def in_order(names):
    """Text is sorted by its bytes."""
    return sorted(names, key=lambda name: name.encode())


def listed(names):
    return ", ".join(names) or None


class Truth:
    """What is true, and what was, oldest first: tasks that are gone are as they were last seen."""

    def __init__(self, now, before, stored_names, today):
        self.today = today
        self.names = stored_names  # of those that are only mentioned
        for table, rows in now.items():
            if table in stored_names:
                stored_names[table].update({row["gid"]: row["name"] for row in rows})
        self.rows = {table: {row["gid"]: row for row in rows} for table, rows in now.items() if "gid" in rows[0]}
        self.tasks, self.projects = self.rows["asana_tasks"], self.rows["asana_projects"]
        self.gone, self.stories = {}, {}
        for then in [*before, now]:
            for row in then["asana_tasks"]:
                self.stories[row["gid"]] = []
                self.gone[row["gid"]] = row
            for row in then["asana_stories"]:
                if row["target_type"] == "task":
                    self.stories[row["target_gid"]].append(row)
        self.gone = {gid: row for gid, row in self.gone.items() if gid not in self.tasks}
        for told in self.stories.values():
            told.sort(key=lambda row: (row["created_at"], row["gid"]))
        self.edges = {table: now.get(table, []) for table in
                      ("asana_task_memberships", "asana_task_followers", "asana_task_tags")}

    def of(self, table, task, column):
        return sorted(row[column] for row in self.edges[table] if row["task_gid"] == task)

    def name(self, table, gid):
        return self.names[table].get(gid) if gid else None

    def named(self, table, gid):
        name = self.name(table, gid)
        return gid if name is None else name

    def days(self, task, since):
        end = day(task["completed_at"]) if task["completed"] else self.today
        return None if since is None else max(0, end - day(since))

    def assignments(self, gid, kind="assigned"):
        return [row["created_at"] for row in self.stories.get(gid, []) if row["resource_subtype"] == kind]

    def task(self, task):
        gid, stories, own = task["gid"], self.stories.get(task["gid"], []), task["assignee_gid"]
        assigned = self.assignments(gid)
        first, last = (assigned[0], assigned[-1]) if assigned else (None, None)
        authors = [row["created_by_gid"] for row in stories if row["created_by_gid"]]
        comments = [row for row in stories if row["type"] == "comment"]
        lines = [f"{row['created_at']}  -  {self.named('asana_users', row['created_by_gid']) or 'unknown'}:  "
                 f"{row['text'] or ''}" for row in comments]
        followers = [self.named("asana_users", user) for user in self.of("asana_task_followers", gid, "user_gid")]
        tags = [self.named("asana_tags", tag) for tag in self.of("asana_task_tags", gid, "tag_gid")]
        homes = sorted((row["project_gid"], row["section_gid"]) for row in self.edges["asana_task_memberships"]
                       if row["task_gid"] == gid)
        projects = [self.named("asana_projects", project) for project, _ in homes]
        sections = [self.name("asana_sections", section) for _, section in homes]
        parent = self.tasks.get(task["parent_gid"], {})
        return {
            "source_relation": "asana", "task_id": gid, "assignee_user_id": own, "is_completed": task["completed"],
            "completed_at": task["completed_at"], "completed_by_user_id": task["completed_by_gid"],
            "created_at": task["created_at"], "due_date": task["due_at"] or task["due_on"],
            "modified_at": task["modified_at"], "task_name": task["name"], "parent_task_id": task["parent_gid"],
            "start_date": task["start_at"] or task["start_on"], "task_description": task["notes"], "is_liked": None,
            "number_of_likes": task["num_likes"], "workspace_id": task["workspace_gid"],
            "task_link": f"https://app.asana.com/0/0/{gid}", "assignee_name": self.name("asana_users", own),
            "assignee_email": self.rows["asana_users"].get(own, {}).get("email"),
            "days_open": self.days(task, task["created_at"]), "is_currently_assigned": int(own is not None),
            "has_been_assigned": int(bool(own or assigned or self.assignments(gid, "unassigned"))),
            "days_since_last_assignment": self.days(task, last), "days_since_first_assignment": self.days(task, first),
            "last_assigned_at": last, "first_assigned_at": first,
            "first_modifier_user_id": authors[0] if authors else None,
            "first_modifier_name": self.name("asana_users", authors[0]) if authors else None,
            "conversation": "\n".join(lines) if lines else None, "number_of_comments": len(comments),
            "followers": listed(in_order(followers)), "number_of_followers": len(followers),
            "tags": listed(in_order(tags)), "number_of_tags": len(tags),
            "project_ids": listed([project for project, _ in homes]), "project_names": listed(projects),
            "projects_sections": listed([one if section is None else f"{one}: {section}"
                                         for one, section in zip(projects, sections)]),
            "number_of_projects": len(homes), "is_subtask": int(task["parent_gid"] is not None),
            "parent_task_name": parent.get("name"), "parent_assignee_user_id": parent.get("assignee_gid"),
            "parent_assignee_name": self.name("asana_users", parent.get("assignee_gid")),
            "parent_due_date": parent.get("due_at") or parent.get("due_on"), "parent_created_at": parent.get("created_at"),
        }

    def counts(self, gids):
        """open, assigned and open, completed, and the two means: of days open, of days since the last assignment."""
        tasks = [self.tasks[gid] for gid in gids]
        done = [task for task in tasks if task["completed"]]
        return (len(tasks) - len(done), sum(bool(task["assignee_gid"]) for task in tasks if not task["completed"]),
                len(done), whole([self.days(task, task["created_at"]) for task in done]),
                whole([self.days(task, (self.assignments(task["gid"]) or [None])[-1])
                       for task in done if task["assignee_gid"]]))

    def in_project(self, gid):
        return {row["task_gid"] for row in self.edges["asana_task_memberships"] if row["project_gid"] == gid}

    def project(self, project):
        gid = project["gid"]
        roles = {(project["owner_gid"], "owner")} if project["owner_gid"] else set()
        roles |= {(self.tasks[task]["assignee_gid"], "task assignee") for task in self.in_project(gid)
                  if self.tasks[task]["assignee_gid"]}
        if project["archived"]:
            roles = set()
        people = sorted((role, self.named("asana_users", user).encode()) for user, role in roles)
        sections = sorted((row["position"], row["gid"]) for row in self.rows["asana_sections"].values()
                          if row["project_gid"] == gid)
        status = self.rows["asana_status_updates"].get(project["current_status_update_gid"], {})
        number_open, assigned, done, days, days_assigned = self.counts(self.in_project(gid))
        return {
            "source_relation": "asana", "project_id": gid, "project_name": project["name"],
            "number_of_open_tasks": number_open, "number_of_assigned_open_tasks": assigned,
            "number_of_tasks_completed": done, "avg_close_time_days": days,
            "avg_close_time_assigned_days": days_assigned, "project_link": f"https://app.asana.com/0/{gid}/{gid}",
            "team_id": project["team_gid"],
            "team_name": self.rows["asana_teams"].get(project["team_gid"], {}).get("name"),
            "is_archived": project["archived"], "created_at": project["created_at"],
            "current_status": status.get("text"), "due_date": project["due_on"],
            "last_modified_at": project["modified_at"], "owner_user_id": project["owner_gid"],
            "users_involved": listed([f"{name.decode()} as {role}" for role, name in people]),
            "number_of_users_involved": len({user for user, _ in roles}),
            "sections": listed([self.rows["asana_sections"][section]["name"] for _, section in sections]),
            "notes": project["notes"],
            "is_public": None if project["privacy_setting"] is None
            else int(project["privacy_setting"] == "public_to_workspace"),
        }

    def user(self, gid):
        own = [task["gid"] for task in self.tasks.values() if task["assignee_gid"] == gid]
        active = {project: row for project, row in self.projects.items() if not row["archived"]}
        owned = {project for project, row in active.items() if row["owner_gid"] == gid}
        works = {project for project in active if any(task in self.in_project(project) and not self.tasks[task]["completed"]
                                                      for task in own)}
        number_open, _, done, _, days = self.counts(own)
        return {
            "source_relation": "asana", "user_id": gid,
            "email": self.rows["asana_users"].get(gid, {}).get("email"), "user_name": self.name("asana_users", gid),
            "number_of_open_tasks": number_open, "number_of_tasks_completed": done, "avg_close_time_days": days,
            "number_of_projects_owned": len(owned), "number_of_projects_currently_assigned_to": len(works),
            "projects_working_on": listed(in_order(active[project]["name"] for project in owned | works)),
        }

    def team(self, team):
        projects = [row for row in self.projects.values() if row["team_gid"] == team["gid"]]
        number_open, assigned, done, days, days_assigned = self.counts(
            set().union(*(self.in_project(row["gid"]) for row in projects)))
        active = [row["name"] for row in projects if not row["archived"]]
        return {
            "source_relation": "asana", "team_id": team["gid"], "team_name": team["name"],
            "number_of_open_tasks": number_open, "number_of_assigned_open_tasks": assigned,
            "number_of_tasks_completed": done, "avg_close_time_days": days,
            "avg_close_time_assigned_days": days_assigned, "number_of_active_projects": len(active),
            "active_projects": listed(in_order(active)), "number_of_archived_projects": len(projects) - len(active),
        }

    def tag(self, tag):
        number_open, assigned, done, days, days_assigned = self.counts(
            {row["task_gid"] for row in self.edges["asana_task_tags"] if row["tag_gid"] == tag["gid"]})
        return {
            "source_relation": "asana", "tag_id": tag["gid"], "tag_name": tag["name"], "created_at": tag["created_at"],
            "number_of_open_tasks": number_open, "number_of_assigned_open_tasks": assigned,
            "number_of_tasks_completed": done, "avg_days_open": days, "avg_days_assigned": days_assigned,
        }

    def lives(self):
        """Of each task that ever was: when it was made, closed and opened again; since when and until when assigned."""
        for gid, task in {**self.tasks, **self.gone}.items():
            made = day(task["created_at"])
            done = day(task["completed_at"]) if task["completed"] else None
            end = done or (self.today if gid in self.gone else None)
            told = sorted((row["created_at"], row["resource_subtype"]) for row in self.stories.get(gid, [])
                          if row["resource_subtype"] in KINDS[2:])
            pauses = [(day(one[0]), day(two[0])) for one, two in zip(told, told[1:])
                      if (one[1], two[1]) == KINDS[2:] and made <= day(one[0]) < day(two[0]) <= (end or self.today)]
            taken_off = None
            assigned = day(min(self.assignments(gid))) if self.assignments(gid) else None
            if task["assignee_gid"] is None:
                off = self.assignments(gid, "unassigned")
                taken_off = day(off[-1]) if off else assigned
            elif assigned is None:
                assigned = made
            yield made, done, end, pauses, assigned, taken_off

    def daily(self):
        lives = list(self.lives())
        for now in range(min(life[0] for life in lives), self.today + 1):
            ages, assigned_ages, made_today, done_today = [], [], 0, 0
            for made, done, end, pauses, assigned, taken_off in lives:
                made_today += made == now
                done_today += (done == now) + sum(closed == now for closed, _ in pauses)
                if made <= now and (end is None or now < end) and not any(a <= now < b for a, b in pauses):
                    ages.append(now - made)
                    if assigned is not None and assigned <= now and (taken_off is None or now < taken_off):
                        assigned_ages.append(now - assigned)
            yield {
                "source_relation": "asana", "date_day": datetime.date.fromordinal(now).isoformat(),
                "number_of_tasks_open": len(ages), "number_of_tasks_open_assigned": len(assigned_ages),
                "number_of_tasks_created": made_today, "number_of_tasks_completed": done_today,
                "avg_days_open": whole(ages), "avg_days_open_assigned": whole(assigned_ages),
            }


class Dbt(support.SystemTest):
    maxDiff = None

    def settle(self, fake):
        """Until nothing of what the views read differs."""
        for _ in range(4):
            self.make_everything_due()
            self.sync("--full", "--accept-deletions", expect=None)  # 1: tasks that only these changes hid
            wrong = self.wrong_tables(fake) & {"asana_tasks", "asana_stories", "asana_projects", "asana_sections",
                                               "asana_users", "asana_teams", "asana_tags", "asana_status_updates",
                                               "asana_task_memberships", "asana_task_followers", "asana_task_tags"}
            if not wrong:
                return
        self.fail(f"not at rest: {wrong}")

    def view(self, name):
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM asana__{name}")]

    def assert_equal(self, name, key, expected):
        found = {row[key]: row for row in self.view(name)}
        self.assertEqual(set(found), {row[key] for row in expected}, name)
        for row in expected:
            self.assertEqual(found[row[key]], row, name)
            self.assertEqual(list(found[row[key]]), list(row), "the order of the columns")

    def test_views_after_changes(self):
        for seed in (1, 2):
            with self.subTest(seed=seed):
                self.database = f"{self.folder}/{seed}.db"
                self.check(seed)

    def check(self, seed):
        fake = self.fake(250, seed=seed)
        self.configure(fake.url)
        self.sync()
        before = [fake.truth()]
        fake.mutate(seed=seed, count=150, kinds=FIRST)
        self.settle(fake)
        before.append(fake.truth())
        me = json.loads(fake.get("/users/me"))["data"]["gid"]
        busy = [row[0] for row in self.query("SELECT assignee_gid FROM asana_tasks JOIN asana_users u ON u.gid = assignee_gid "
                                             "WHERE u.mirrored_at IS NOT NULL AND u.gid <> ? "
                                             "GROUP BY 1 ORDER BY count(*) DESC LIMIT 2", me)]
        for user in busy:
            fake.mutate(op="user_leaves", gid=user, keep_membership=False)
        fake.mutate(seed=seed + 100, count=100, kinds=SECOND)
        today = datetime.datetime.now(datetime.timezone.utc).date().toordinal()
        self.settle(fake)
        names = {table: dict(self.query(f"SELECT gid, name FROM {table}"))
                 for table in ("asana_users", "asana_projects", "asana_sections", "asana_tags")}
        truth = Truth(fake.truth(), before, names, today)
        self.assertGreater(len(truth.gone), 5)
        people = {row[0] for row in self.query("SELECT gid FROM asana_users")}
        self.assertTrue(set(truth.rows["asana_users"]) < people)

        self.assert_equal("task", "task_id", [truth.task(row) for row in truth.tasks.values()])
        self.assert_equal("project", "project_id", [truth.project(row) for row in truth.projects.values()])
        self.assert_equal("user", "user_id", [truth.user(gid) for gid in people])
        self.assert_equal("team", "team_id", [truth.team(row) for row in truth.rows["asana_teams"].values()])
        self.assert_equal("tag", "tag_id", [truth.tag(row) for row in truth.rows["asana_tags"].values()])
        self.assert_equal("daily_metrics", "date_day", list(truth.daily()))
        self.check_against_each_other()
        self.check_sources(truth)
        if today != datetime.datetime.now(datetime.timezone.utc).date().toordinal():
            self.skipTest("a day ended")

    def check_against_each_other(self):
        [last] = self.query("SELECT number_of_tasks_open, number_of_tasks_open_assigned FROM asana__daily_metrics LIMIT 1")
        self.assertEqual(self.query("SELECT count(*), count(assignee_user_id) FROM asana__task WHERE NOT is_completed"), [last])
        self.assertEqual(self.query("SELECT sum(number_of_open_tasks) FROM asana__user"), [last[1:]])

    def check_sources(self, truth):
        """Each table of Fivetran has a row for each that is there, and one for each that is gone where it can say so."""
        for name in ("task", "project", "user", "team", "tag", "section", "story"):
            table = f"asana_{'stories' if name == 'story' else name + 's'}"
            true = {gid for gid, row in truth.rows[table].items() if row.get("target_type", "task") == "task"}
            deletable = name in ("project", "user", "team", "tag")
            rows = self.query(f"SELECT id, {'_fivetran_deleted' if deletable else 0}, _fivetran_synced FROM fivetran_{name}")
            self.assertEqual(len({row[0] for row in rows}), len(rows), name)
            self.assertEqual({gid for gid, deleted, synced in rows if synced and not deleted}, true, name)
            if deletable:
                self.assertEqual({gid for gid, deleted, _ in rows if deleted},
                                 {gid for gid, in self.query("SELECT gid FROM sync_tombstones WHERE table_name = ?", table)})
        for name, table, columns in (("project_task", "asana_task_memberships", ("project_gid", "task_gid")),
                                     ("task_section", "asana_task_memberships", ("section_gid", "task_gid")),
                                     ("task_follower", "asana_task_followers", ("task_gid", "user_gid")),
                                     ("task_tag", "asana_task_tags", ("tag_gid", "task_gid"))):
            true = sorted(tuple(row[column] for column in columns) for row in truth.edges[table]
                          if all(row[column] for column in columns))
            ids = ", ".join(column.replace("_gid", "_id") for column in columns)
            self.assertEqual(sorted(self.query(f"SELECT {ids} FROM fivetran_{name}")), true, name)


if __name__ == "__main__":
    support.main()
