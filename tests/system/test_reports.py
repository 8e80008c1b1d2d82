"""Every view of schema/asana_reports.sql against values computed in Python (report_values.py) from the fake's truth, after
thousands of changes over simulated weeks with two changes of the clock, in several time zones; and against what the truth
was on the way.
"""
import collections
import contextlib
import datetime
import os
import random
import re
import sqlite3
import time
import zoneinfo

import report_values
import support
from report_values import iso

UTC = datetime.timezone.utc
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"  # summer time since 29 March and since 8 March 2026
ZONES = ("UTC", BERLIN, NEW_YORK, "Asia/Kathmandu")
FIRST_DAY, LAST_DAY = datetime.date(2026, 2, 24), datetime.date(2026, 4, 7)
KINDS = (["move"] * 8 + ["complete"] * 8 + ["assign"] * 5 + ["due_date"] * 4 + ["new_task"] * 2 + ["new_subtask"] * 2
         + ["delete_task", "undelete_task", "leave_project", "reparent", "rename", "tag", "comment", "time_entry"]
         + ["add_to_project"] * 2 + ["dependency"] * 3 + ["remove_dependency", "follower", "status_update", "goal_progress",
                                     "custom_field_value", "rename_section"])
ROUNDED = ("seconds", "progress", "share")  # ends of columns that the view may round otherwise


def key(row):
    return [(value is not None, isinstance(value, str), value) for value in row]


class Reports(support.SystemTest):
    maxDiff = 4000

    def begin(self, tasks, *options):
        fake = self.fake(tasks, seed=11, options=("--workspaces", "1", "--no-data-that-hurts", *options))
        self.ahead = 0.0
        self.configure_zone(fake, "UTC")
        return fake

    def configure_zone(self, fake, zone):
        self.configure(fake.url)
        with open(self.config, "a", encoding="utf-8") as file:
            file.write(f"time_zone: {zone}\n")

    def clock(self, fake, instant):
        """Sets that of the fake."""
        step = instant.timestamp() - (time.time() + self.ahead)
        fake.control("POST", "advance", {"seconds": step})
        self.ahead += step

    def local(self, day, hour, zone):
        return datetime.datetime.combine(day, hour, zoneinfo.ZoneInfo(zone)).astimezone(UTC)

    def settle(self, fake):
        for _ in range(3):
            self.make_everything_due()
            self.sync("--full", "--accept-deletions", expect=None)
        self.assertEqual(self.open_gaps(), [])
        self.assert_truth(fake)

    def names(self):
        """{table: {gid: name}}; of what is only mentioned, too."""
        return {table: dict(self.query(f"SELECT gid, name FROM {table}"))
                for table in ("asana_users", "asana_projects", "asana_sections", "asana_tags", "asana_workspaces", "asana_teams",
                              "asana_custom_fields", "asana_custom_field_options")}

    def values(self, fake, zone, now):
        return report_values.Values(fake.truth(), self.names(), zoneinfo.ZoneInfo(zone), now)

    @contextlib.contextmanager
    def views(self, now):
        """The database, where it is `now`."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as database, \
                contextlib.closing(sqlite3.connect(":memory:")) as other:
            for function in ("date", "julianday", "strftime"):
                def at(*values, function=function):
                    values = [iso(now) if value == "now" else value for value in values]
                    return other.execute(f"SELECT {function}({', '.join('?' * len(values))})", values).fetchone()[0]
                database.create_function(function, -1, at, deterministic=True)
            yield database

    def compare(self, view, columns, expected, database):
        """Row by row; what is rounded to a second, or a share, by nearly as much."""
        exact = [number for number, column in enumerate(columns) if not column.endswith(ROUNDED)]
        rounded = [number for number in range(len(columns)) if number not in exact]

        def ordered(rows):
            return sorted(([row[n] for n in exact] + [row[n] for n in rounded] for row in rows), key=key)
        stored = ordered(database.execute(f"SELECT {', '.join(columns)} FROM asana_{view}").fetchall())
        expected = ordered(expected)
        may = [1 if columns[number].endswith("seconds") else 1e-9 for number in rounded]
        wrong = [(have, want) for have, want in zip(stored, expected)
                 if have[:len(exact)] != want[:len(exact)]
                 or any((a is None) != (b is None) or (a is not None and abs(a - b) > by)
                        for a, b, by in zip(have[len(exact):], want[len(exact):], may))]
        for have, want in wrong[:3]:
            print(f"{view} {[columns[n] for n in exact + rounded]}\n  is        {have}\n  should be {want}")
        self.assertEqual((view, len(stored), len(wrong)), (view, len(expected), 0))

    def compare_all(self, fake, zone, now):
        values = self.values(fake, zone, now)
        with self.views(now) as database:
            for view in self.all_views():
                with self.subTest(view=view, zone=zone):
                    self.compare(view, *getattr(values, view)(), database)
        return values

    def all_views(self):
        """Those of asana_reports.sql, without asana_."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "schema", "asana_reports.sql")
        with open(path, encoding="utf-8") as file:
            return re.findall(r"^CREATE VIEW asana_(\w+)", file.read(), re.MULTILINE)

    def live(self, fake):
        """Changes on each day, most of them near the midnights of three zones; {instant: truth} of some midnights."""
        dice, made, snapshots = random.Random(3), collections.Counter(), {}
        days = [FIRST_DAY + datetime.timedelta(days=number) for number in range((LAST_DAY - FIRST_DAY).days)]
        times = [(self.local(day, datetime.time(hour, dice.randrange(1, 59)), zone), "change") for day in days
                 for zone, hours in ((BERLIN, (0, 11, 22, 23)), (NEW_YORK, (0, 11, 22, 23)), ("UTC", (0, 9, 15, 23)))
                 for hour in hours]
        times += [(self.local(day, datetime.time(0), zone), "look") for day in days for zone in (BERLIN, NEW_YORK)
                  if dice.random() < 0.15 or day in (datetime.date(2026, 3, 8), datetime.date(2026, 3, 30))]
        times += [(self.local(day, datetime.time(12), "UTC"), "sync") for day in days[::7]]
        people = [row["gid"] for row in fake.truth()["asana_users"]]
        for at, what in sorted(times):
            self.clock(fake, at)
            if what == "look":
                snapshots[at] = fake.truth()
            elif what == "sync":
                self.sync(expect=None)
                if at.date() == days[21]:
                    fake.mutate(op="user_leaves", gid=people[-1], keep_membership=False)
            else:
                made.update(fake.mutate(seed=dice.randrange(1 << 30), count=6, kinds=KINDS)["changes"])
        return made, snapshots

    def assert_it_happened(self, fake, values, made):
        """Or the comparison says nothing."""
        self.assertGreater(sum(made.values()), 3000)
        stories = [story for stories in values.stories.values() for story in stories]
        back = sum(1 for task in values.tasks for stay in values.stays_of(task) if stay[5] and any(
            other[1:3] == stay[1:3] and not other[5] for other in values.stays_of(task)))
        gone = {row["gid"] for row in fake.truth()["asana_users"]}
        shifted = {zone: sum(report_values.instant(story["created_at"]).astimezone(zoneinfo.ZoneInfo(zone)).date()
                             != report_values.instant(story["created_at"]).date() for story in stories) for zone in ZONES[1:]}
        happened = {
            "reopened": sum(more == -1 for list_ in values.completions.values() for _, more in list_),
            "moved": sum(story["resource_subtype"] == "section_changed" for story in stories),
            "moved back": back,
            "left a project": sum(story["resource_subtype"] == "removed_from_project" for story in stories),
            "in several projects": sum(len(homes) > 1 for homes in values.homes.values()),
            "completed subtasks": sum(task["completed"] and task["parent_gid"] is not None for task in values.tasks.values()),
            "deleted": len(self.query("SELECT 1 FROM sync_tombstones WHERE table_name = 'asana_tasks'")),
            "undeleted": made["undelete_task"],
            "assigned to somebody who left": sum(story["resource_subtype"] == "assigned" and story["assignee_gid"] not in gone
                                                 for story in stories),
            "blocked": len(values.waiting()),
            "overdue": sum(map(values.is_overdue, values.tasks.values())),
            "due later": sum(task["due_on"] is not None and task["due_on"] > values.today_ for task in values.tasks.values()),
            "cycle times": sum(row[-1] is not None for row in values.cycle_times()[1]),
            **{f"on another day in {zone}": count for zone, count in shifted.items()},
        }
        few = {name: count for name, count in happened.items() if count < 5}
        self.assertEqual(few, {}, happened)

    def test_every_view_is_as_the_truth_says_after_weeks_of_changes(self):
        fake = self.begin(160, "--stories-per-task", "0")
        self.clock(fake, datetime.datetime(2026, 2, 23, tzinfo=UTC))
        self.sync(expect=None)
        made, snapshots = self.live(fake)
        now = self.local(LAST_DAY, datetime.time(23, 45), NEW_YORK)  # the next day elsewhere
        self.clock(fake, now)
        self.settle(fake)

        for zone in ZONES:
            self.configure_zone(fake, zone)
            self.sync(expect=None)
            values = self.compare_all(fake, zone, now)

        self.assert_it_happened(fake, values, made)
        self.assertGreater(len(snapshots), 8)
        for at, truth in snapshots.items():
            self.assert_then(iso(at), report_values.Values(truth, self.names(), UTC, at), values)

    def assert_then(self, at, then, values):
        """What the rows of now tell of an instant, against what the truth was at that instant. Tasks that were made with a
        state, or that came to a project into a section that nothing names, are not known to have it."""
        stays, states = collections.defaultdict(list), collections.defaultdict(list)
        for task, project, *stay in values.stays:
            stays[task, project].append(stay)
        for task, field, _, value, gid, since, until in values.task_states()[1]:
            if since <= at and (until is None or until > at):
                states[task, field].append((value, gid, since))
        forgotten = {task for task, before, _ in values.reopenings()[1] if before is None}
        checked, unknown = 0, 0
        for gid in set(then.tasks) & set(values.tasks):
            task, homes = then.tasks[gid], dict(then.homes[gid])
            if gid not in forgotten:
                done = sum(more for when, more in values.completions[gid] if when <= at)
                self.assertEqual((at, gid, done), (at, gid, task["completed"]))
            for project in {project for one, project in stays if one == gid} | set(homes):
                there = [section for section, entered, left, current in stays[gid, project]
                         if entered is not None and entered <= at and (current or (left is not None and left > at))]
                if there:
                    self.assertEqual((at, gid, project, there), (at, gid, project, [homes[project]] if project in homes else []))
                checked, unknown = checked + 1, unknown + (not there and project in homes)
            for field in report_values.SYSTEM_FIELDS:
                if field == "approval_status":
                    continue  # to complete an approval approves it, and no story tells so
                (value, user, since), = states[gid, field]
                true = str(task[field]) if field == "completed" else task[field + "_gid" if field == "assignee" else field]
                if field != "assignee" or user is not None or since != task["created_at"]:
                    self.assertEqual((at, gid, field, user if field == "assignee" else value), (at, gid, field, true))
        self.assertGreater(checked, 50)
        self.assertLess(unknown, checked / 5)

    def test_every_view_is_as_the_truth_says_of_stories_that_contradict_each_other(self):
        fake = self.begin(120, "--stories-per-task", "12")
        self.sync()
        self.assert_truth(fake)
        now = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self.configure_zone(fake, BERLIN)
        self.sync()

        values = self.compare_all(fake, BERLIN, now)

        for view in ("custom_field_changes", "goal_progress", "logged_time", "due_date_slips"):
            self.assertGreater(len(getattr(values, view)()[1]), 0, view)


if __name__ == "__main__":
    support.main()
