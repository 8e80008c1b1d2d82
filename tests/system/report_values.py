"""What each view of schema/asana_reports.sql must answer, computed in Python from the rows of the fake's truth and nothing else:
histories are replayed story by story, days come from zoneinfo.
"""
import collections
import datetime
import math

SYSTEM_FIELDS = ("assignee", "completed", "name", "due_on", "due_at", "start_on", "approval_status", "resource_subtype")


def instant(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def iso(at):
    return at.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def seconds(since, until):
    return None if since is None or until is None else (instant(until) - instant(since)).total_seconds()


def days_between(since, until):
    """Whole days from one date or instant to another, towards zero."""
    if since is None or until is None:
        return None
    return int((datetime.datetime.fromisoformat(until.replace("Z", "")) - datetime.datetime.fromisoformat(since.replace("Z", "")))
               / datetime.timedelta(days=1))


def monday(day):
    if day is None:
        return None
    day = datetime.date.fromisoformat(day)
    return (day - datetime.timedelta(days=day.weekday())).isoformat()


def listed(names):
    return ", ".join(names) if names else None


def total(numbers):
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


class Values:
    """One method per view, named as the view without asana_; each gives (columns, rows)."""

    def __init__(self, truth, names, zone, now):
        """truth: {table: [row]}; names: {table: {gid: name}}, of what is only mentioned, too."""
        self.truth = collections.defaultdict(list, truth)
        self.names, self.zone, self.now = names, zone, iso(now)
        self.tasks = {row["gid"]: row for row in self.truth["asana_tasks"]}
        self.projects = {row["gid"]: row for row in self.truth["asana_projects"]}
        self.project_of = {row["gid"]: row["project_gid"] for row in self.truth["asana_sections"]}
        self.homes = collections.defaultdict(list)  # task: [(project, section)]
        for row in self.truth["asana_task_memberships"]:
            self.homes[row["task_gid"]].append((row["project_gid"], row["section_gid"]))
        self.stories = collections.defaultdict(list)
        for row in sorted(self.truth["asana_stories"], key=lambda row: (row["created_at"], row["gid"])):
            if row["target_type"] == "task" and row["target_gid"] in self.tasks:
                self.stories[row["target_gid"]].append(row)
        self.today_ = self.day(self.now)
        self.stays = [stay for task in self.tasks for stay in self.stays_of(task)]
        self.completions = {task: self.completions_of(task) for task in self.tasks}

    def name(self, table, gid):
        return self.names[table].get(gid)

    def user(self, gid):
        return self.name("asana_users", gid)

    def day(self, at):
        return None if at is None else instant(at).astimezone(self.zone).date().isoformat()

    def days_until_today(self, first):
        day, last = datetime.date.fromisoformat(first), datetime.date.fromisoformat(self.today_)
        while day <= last:
            yield day.isoformat()
            day += datetime.timedelta(days=1)

    def is_overdue(self, task):
        if task["completed"]:
            return False
        if task["due_at"] is not None:
            return task["due_at"] < self.now
        return task["due_on"] is not None and task["due_on"] < self.today_

    def is_work(self, task):
        return not task["is_rendered_as_separator"]

    # Replays.

    def stays_of(self, gid):
        """[(task, project, section, entered, left, is current)]: the stories in their order, then what is now."""
        now = {project: section for project, section in self.homes[gid] if self.project_of.get(section) is not None}
        created = self.tasks[gid]["created_at"]
        events = collections.defaultdict(list)  # project: [(kind, time, section left, section entered)]
        for story in self.stories[gid]:
            at = story["created_at"]
            if story["resource_subtype"] == "added_to_project":
                events[story["project_gid"]].append(("in", at, None, None))
            elif story["resource_subtype"] == "removed_from_project":
                events[story["project_gid"]].append(("out", at, None, None))
            elif story["resource_subtype"] == "section_changed":
                old, new = story["old_section_gid"], story["new_section_gid"]
                before, after = self.project_of.get(old), self.project_of.get(new)
                if before is not None:
                    events[before].append(("move" if after == before else "out", at, old, new if after == before else None))
                if after is not None and after != before:
                    events[after].append(("in", at, None, new))
        found = []
        for project in set(events) | set(now):
            history = events[project] + ([("now", None, now[project], None)] if project in now else [])
            since, section, there = created, None, True  # where it stands, as far as is known
            for number, (kind, at, left, entered) in enumerate(history):
                if kind == "in":
                    since, section, there = at, entered, True
                    continue
                if not there:  # it came back without a story
                    since = None
                elif section is None or left is None:
                    section = section or left
                elif section != left:  # it moved, nobody knows when
                    found.append((gid, project, section, since, None, 0))
                    since = None
                where = left or section
                if where is not None and (there or kind == "now"):
                    found.append((gid, project, where, since, None if kind == "now" else at, int(kind == "now")))
                since, section, there = at, entered, kind != "out"
                if kind == "now":
                    break
            else:
                if there and section is not None and history:
                    found.append((gid, project, section, since, None, 0))
        return found

    def completions_of(self, gid):
        """[(time, +1 or -1)] of all that is known to have happened, ending as the task says."""
        task, found = self.tasks[gid], []
        for story in self.stories[gid]:
            done = bool(found) and found[-1][1] == 1
            if story["resource_subtype"] == "marked_complete":
                found[len(found) - done:] = [(story["created_at"], 1)]  # the last one counts
            elif story["resource_subtype"] == "marked_incomplete" and done:
                found.append((story["created_at"], -1))
        done = bool(found) and found[-1][1] == 1
        if done:
            found.pop()
        if task["completed"] and task["completed_at"] is not None:
            found.append((task["completed_at"], 1))
        return found

    def changes(self):
        """(task, time, actor, field, custom field, old value, new value, old gid, new gid), in the order of each task."""
        for gid, stories in self.stories.items():
            for story in stories:
                for change in changes_of(story):
                    yield (gid, story["created_at"], story["created_by_gid"], *change)

    # Views.

    def today(self):
        offset = instant(self.now).astimezone(self.zone).utcoffset()
        return ("today", "offset_seconds"), [(self.today_, int(offset.total_seconds()))]

    def days(self):
        return ("day",), [(day,) for day in self.days_until_today("2008-01-01")]

    def task_details(self):
        def above(gid):
            chain = [gid]
            while self.tasks.get(chain[-1], {}).get("parent_gid") is not None:
                chain.append(self.tasks[chain[-1]]["parent_gid"])
            return [one for one in chain if one in self.tasks]

        def of(table, column, gids):
            return listed([name for name, _ in sorted(((self.name(table, gid), gid) for gid in gids),
                                                      key=lambda pair: (pair[0] is not None, pair[0], pair[1]))
                           if name is not None])
        tags, followers = collections.defaultdict(list), collections.defaultdict(list)
        for row in self.truth["asana_task_tags"]:
            tags[row["task_gid"]].append(row["tag_gid"])
        for row in self.truth["asana_task_followers"]:
            followers[row["task_gid"]].append(row["user_gid"])
        copied = ("resource_subtype", "completed", "completed_at", "created_at", "modified_at", "start_on", "due_on", "due_at",
                  "approval_status", "num_subtasks", "num_likes", "actual_time_minutes", "permalink_url", "parent_gid",
                  "assignee_gid")
        rows = []
        for gid, task in self.tasks.items():
            chain = above(gid)
            homes = sorted(self.homes[gid], key=lambda home: (self.name("asana_projects", home[0]) or "", home[0]))
            sections = [self.name("asana_sections", section) for _, section in homes]
            rows.append((gid, task["name"], self.name("asana_workspaces", task["workspace_gid"]),
                         self.tasks.get(task["parent_gid"], {}).get("name"), chain[-1], self.tasks[chain[-1]]["name"],
                         len(chain) - 1, self.user(task["assignee_gid"]), self.user(task["created_by_gid"]),
                         int(self.is_overdue(task)), of("asana_projects", "", [project for project, _ in homes]),
                         listed([name for name in sections if name is not None]), of("asana_tags", "", tags[gid]),
                         of("asana_users", "", followers[gid]), *(task[column] for column in copied)))
        return ("task_gid", "task_name", "workspace_name", "parent_name", "root_gid", "root_name", "depth", "assignee_name",
                "created_by_name", "is_overdue", "projects", "sections", "tags", "followers", *copied), rows

    def overdue(self):
        return (("task_gid", "task_name", "assignee_gid", "assignee_name", "due_on", "due_at", "days_overdue", "permalink_url"),
                [(gid, task["name"], task["assignee_gid"], self.user(task["assignee_gid"]), task["due_on"], task["due_at"],
                  max(0, days_between(task["due_on"], self.today_)), task["permalink_url"])
                 for gid, task in self.tasks.items() if self.is_overdue(task)])

    def unassigned(self):
        return (("task_gid", "task_name", "due_on", "created_at", "age_days", "permalink_url"),
                [(gid, task["name"], task["due_on"], task["created_at"], days_between(task["created_at"], self.now),
                  task["permalink_url"]) for gid, task in self.tasks.items()
                 if not task["completed"] and task["assignee_gid"] is None and self.is_work(task)])

    def stale_tasks(self):
        return (("task_gid", "task_name", "assignee_gid", "assignee_name", "modified_at", "days_unchanged", "due_on",
                 "permalink_url"),
                [(gid, task["name"], task["assignee_gid"], self.user(task["assignee_gid"]), task["modified_at"],
                  days_between(task["modified_at"], self.now), task["due_on"], task["permalink_url"])
                 for gid, task in self.tasks.items() if not task["completed"] and self.is_work(task)])

    def time_in_section(self):
        return (("task_gid", "project_gid", "section_gid", "entered_at", "left_at", "is_current", "seconds"),
                [(task, project, section, entered, left, current, seconds(entered, self.now if current else left))
                 for task, project, section, entered, left, current in self.stays])

    def completion_changes(self):
        return (("task_gid", "changed_at", "actor_gid", "actor_name", "completed"),
                [(task, at, actor, self.user(actor), int(new)) for task, at, actor, field, _, _, new, _, _ in self.changes()
                 if field == "completed"])

    def assignee_changes(self):
        rows, had = [], {}
        for task, at, actor, field, _, _, _, old, new in self.changes():
            if field == "assignee":
                old = old or had.get(task)
                rows.append((task, at, actor, self.user(actor), old, self.user(old), new, self.user(new)))
                had[task] = new
        return ("task_gid", "changed_at", "actor_gid", "actor_name", "old_assignee_gid", "old_assignee_name",
                "new_assignee_gid", "new_assignee_name"), rows

    def due_date_slips(self):
        return (("task_gid", "changed_at", "actor_gid", "actor_name", "old_due_on", "new_due_on", "slip_days"),
                [(task, at, actor, self.user(actor), old, new, days_between(old, new))
                 for task, at, actor, field, _, old, new, _, _ in self.changes() if field == "due_on"])

    def custom_field_changes(self):
        option = self.names["asana_custom_field_options"].get
        return (("task_gid", "changed_at", "actor_gid", "actor_name", "custom_field_gid", "custom_field_name", "old_value",
                 "new_value"),
                [(task, at, actor, self.user(actor), of, self.name("asana_custom_fields", of),
                  old if old is not None else option(old_gid), new if new is not None else option(new_gid))
                 for task, at, actor, field, of, old, new, old_gid, new_gid in self.changes() if field == "custom_field"])

    def task_states(self):
        histories, rows = collections.defaultdict(list), []
        for task, at, _, field, of, old, new, old_gid, new_gid in self.changes():
            if field in SYSTEM_FIELDS + ("custom_field",):
                histories[task, field, of].append((at, old, new, old_gid, new_gid))
        for (task, field, of), history in histories.items():
            at, old, _, old_gid, _ = history[0]
            rows.append((task, field, of, old, old_gid, self.tasks[task]["created_at"], at))
            for number, (at, _, new, _, new_gid) in enumerate(history):
                until = history[number + 1][0] if number + 1 < len(history) else None
                rows.append((task, field, of, new, new_gid, at, until))
        for gid, task in self.tasks.items():
            for field in SYSTEM_FIELDS:
                if (gid, field, None) not in histories:
                    value = None if field == "assignee" else task[field]
                    rows.append((gid, field, None, str(value) if field == "completed" else value,
                                 task["assignee_gid"] if field == "assignee" else None, task["created_at"], None))
        return ("task_gid", "field", "custom_field_gid", "value", "value_gid", "since", "until"), rows

    def cycle_times(self):
        started = {}
        for task, at, _, field, _, _, _, _, new in self.changes():
            if field == "section" or (field == "assignee" and new is not None):
                started.setdefault(task, at)
        rows = []
        for gid, task in self.tasks.items():
            if task["completed"] and task["completed_at"] is not None and self.is_work(task):
                start = started.get(gid)
                start = start if start is not None and start <= task["completed_at"] else None
                rows.append((gid, task["name"], task["assignee_gid"], task["created_at"], task["completed_at"], start,
                             seconds(task["created_at"], task["completed_at"]), seconds(start, task["completed_at"])))
        return ("task_gid", "task_name", "assignee_gid", "created_at", "completed_at", "started_at", "lead_seconds",
                "cycle_seconds"), rows

    def cycle_time_percentiles(self):
        of = collections.defaultdict(list)
        for gid, *_, lead, cycle in self.cycle_times()[1]:
            for project, _ in self.homes[gid]:
                of[project].append((lead, cycle))

        def ranks(values):
            values = sorted(value for value in values if value is not None)
            return [values[math.ceil(len(values) * p / 100) - 1] if values else None for p in (50, 85, 95)]
        return (("project_gid", "project_name", "tasks", "lead_median_seconds", "lead_p85_seconds", "lead_p95_seconds",
                 "cycle_median_seconds", "cycle_p85_seconds", "cycle_p95_seconds"),
                [(project, self.name("asana_projects", project), len(times), *ranks([lead for lead, _ in times]),
                  *ranks([cycle for _, cycle in times])) for project, times in of.items()])

    def reopenings(self):
        rows = []
        for gid, stories in self.stories.items():
            before = None
            for story in stories:
                if story["resource_subtype"] == "marked_incomplete":
                    rows.append((gid, before, story["created_at"]))
                    before = None
                elif story["resource_subtype"] == "marked_complete":
                    before = story["created_at"]
        return ("task_gid", "completed_at", "reopened_at"), rows

    def task_days(self):
        return (("task_gid", "project_gid", "created_on", "completed_on"),
                [(gid, project, self.day(task["created_at"]), self.day(task["completed_at"]) if task["completed"] else None)
                 for gid, task in self.tasks.items() if self.is_work(task) for project, _ in self.homes[gid]])

    def day_bounds(self):
        days = [datetime.date.fromisoformat(day) for day in self.days_until_today("2008-01-01")]
        # The first minute that belongs to the day: a midnight may not exist.
        starts = []
        for day in days:
            at = datetime.datetime.combine(day, datetime.time(0), datetime.timezone.utc) - datetime.timedelta(hours=16)
            for step in (60, 1):
                while at.astimezone(self.zone).date() < day:
                    at += datetime.timedelta(minutes=step)
                at -= datetime.timedelta(minutes=step)
            starts.append(iso(at + datetime.timedelta(minutes=1)))
        return ("day", "starts_at", "ends_at"), list(zip([day.isoformat() for day in days], starts, starts[1:] + ["9999"]))

    def counted_by_day(self, tasks):
        """(day, created, completed, reopened, open, done, scope), from the first day until today."""
        created, completed, reopened = collections.Counter(), collections.Counter(), collections.Counter()
        for gid in tasks:
            created[self.day(self.tasks[gid]["created_at"])] += 1
            for at, more in self.completions[gid]:
                (completed if more == 1 else reopened)[self.day(at)] += 1
        scope = done = 0
        for day in self.days_until_today(min(created)) if created else ():
            scope += created[day]
            done += completed[day] - reopened[day]
            yield day, created[day], completed[day], reopened[day], scope - done, done, scope

    def daily_counts(self):
        of = collections.defaultdict(list)
        for gid, task in self.tasks.items():
            for project, _ in self.homes[gid] if self.is_work(task) else ():
                of[project].append(gid)
        return (("project_gid", "day", "created", "completed", "reopened", "open", "done", "scope"),
                [(project, *row) for project, tasks in of.items() for row in self.counted_by_day(tasks)])

    def daily_totals(self):
        return (("day", "created", "completed", "reopened", "open", "done", "scope"),
                list(self.counted_by_day([gid for gid, task in self.tasks.items() if self.is_work(task)])))

    def throughput(self):
        created, completed = collections.Counter(), collections.Counter()
        for _, project, made, done in self.task_days()[1]:
            created[project, monday(made)] += 1
            if done is not None:
                completed[project, monday(done)] += 1
        return (("project_gid", "project_name", "week", "created", "completed"),
                [(project, self.name("asana_projects", project), week, created[project, week], completed[project, week])
                 for project, week in set(created) | set(completed)])

    def cumulative_flow(self):
        more = collections.defaultdict(collections.Counter)
        for _, project, section, entered, left, current in self.stays:
            if entered is not None and (current or left is not None):
                more[project, section][self.day(entered)] += 1
                if not current:
                    more[project, section][self.day(left)] -= 1
        rows = []
        for (project, section), days in more.items():
            tasks = 0
            for day in self.days_until_today(min(days)):
                tasks += days[day]
                rows.append((project, section, self.name("asana_sections", section), day, tasks))
        return ("project_gid", "section_gid", "section_name", "day", "tasks"), rows

    def workload(self):
        of = collections.defaultdict(list)
        for task in self.tasks.values():
            if not task["completed"] and task["assignee_gid"] is not None and self.is_work(task):
                of[task["assignee_gid"], monday(task["due_on"])].append(task)
        return (("assignee_gid", "assignee_name", "week", "open_tasks", "overdue_tasks", "logged_minutes"),
                [(user, self.user(user), week, len(tasks), sum(map(self.is_overdue, tasks)),
                  total(task["actual_time_minutes"] for task in tasks)) for (user, week), tasks in of.items()])

    def logged_time(self):
        of = collections.defaultdict(list)
        for entry in self.truth["asana_time_tracking_entries"]:
            of[entry["created_by_gid"], monday(entry["entered_on"])].append(entry)
        return (("user_gid", "user_name", "week", "minutes", "tasks"),
                [(user, self.user(user), week, sum(entry["duration_minutes"] for entry in entries),
                  len({entry["task_gid"] for entry in entries})) for (user, week), entries in of.items()])

    def estimates(self):
        fields = {row["gid"] for row in self.truth["asana_custom_fields"] if row["asana_created_field"] == "estimated_time"}
        rows = []
        for value in self.truth["asana_custom_field_values"]:
            task = self.tasks.get(value["object_gid"])
            if task is not None and value["custom_field_gid"] in fields and value["number_value"] is not None:
                actual, number = task["actual_time_minutes"], value["number_value"]
                rows.append((task["gid"], task["name"], task["assignee_gid"], task["completed"], number, actual,
                             None if actual is None else actual - number))
        return ("task_gid", "task_name", "assignee_gid", "completed", "estimated_minutes", "actual_minutes",
                "over_minutes"), rows

    def waiting(self):
        """{open task: [open tasks that it waits for]}"""
        of = collections.defaultdict(list)
        for row in self.truth["asana_task_dependencies"]:
            pair = self.tasks.get(row["task_gid"]), self.tasks.get(row["depends_on_gid"])
            if all(task is not None and not task["completed"] for task in pair):
                of[pair[0]["gid"]].append(pair[1]["gid"])
        return of

    def blocked_tasks(self):
        rows = []
        for gid, blockers in self.waiting().items():
            task, due = self.tasks[gid], [self.tasks[one]["due_on"] for one in blockers if self.tasks[one]["due_on"]]
            latest = max(due, default=None)
            names = [name for name, _ in sorted((self.tasks[one]["name"], one) for one in blockers)]
            rows.append((gid, task["name"], task["assignee_gid"], task["due_on"], len(blockers), listed(names), latest,
                         None if latest is None or task["due_on"] is None else int(latest > task["due_on"])))
        return ("task_gid", "task_name", "assignee_gid", "due_on", "blockers", "blocked_by", "latest_blocker_due_on",
                "is_late"), rows

    def dependency_chains(self):
        """Without the names: of chains that are equally long one stands there."""
        waiting, behind = self.waiting(), collections.defaultdict(list)
        for gid, blockers in waiting.items():
            for blocker in blockers:
                behind[blocker].append(gid)

        def longest(gid, seen):
            if len(seen) >= 30:
                return len(seen)
            return max([len(seen)] + [longest(one, seen | {one}) for one in behind[gid] if one not in seen])
        return (("task_gid", "task_name", "length"),
                [(gid, self.tasks[gid]["name"], longest(gid, {gid})) for gid in list(behind) if gid not in waiting])

    def project_health(self):
        rows = []
        updates = collections.defaultdict(list)
        for row in self.truth["asana_status_updates"]:
            updates[row["parent_gid"]].append((row["created_at"], row["gid"], row["status_type"], row["title"]))
        of = collections.defaultdict(list)
        for gid, task in self.tasks.items():
            for project, _ in self.homes[gid] if self.is_work(task) else ():
                of[project].append(task)
        for gid, project in self.projects.items():
            if not project["archived"]:
                at, _, status, title = max(updates[gid], default=(None, None, None, None))
                tasks, done = of[gid], sum(task["completed"] for task in of[gid])
                rows.append((gid, project["name"], self.user(project["owner_gid"]),
                             self.name("asana_teams", project["team_gid"]), project["due_on"], status, title, at, len(tasks),
                             len(tasks) - done, done, sum(map(self.is_overdue, tasks)), done / len(tasks) if tasks else None))
        return ("project_gid", "project_name", "owner_name", "team_name", "due_on", "status_type", "status_title", "status_at",
                "tasks", "open_tasks", "completed_tasks", "overdue_tasks", "completed_share"), rows

    def goal_progress(self):
        periods = {row["gid"]: row["display_name"] for row in self.truth["asana_time_periods"]}
        supporting = collections.Counter(row["supported_goal_gid"] for row in self.truth["asana_goal_relationships"])
        rows = []
        for goal in self.truth["asana_goals"]:
            first, value, target = (goal[f"metric_{which}_number_value"] for which in ("initial", "current", "target"))
            way = None if target is None else target - (first or 0)
            rows.append((goal["gid"], goal["name"], self.user(goal["owner_gid"]), periods.get(goal["time_period_gid"]),
                         goal["status"], value, target, goal["metric_unit"],
                         (value - (first or 0)) / way if value is not None and way else None, goal["due_on"],
                         supporting[goal["gid"]]))
        return ("goal_gid", "goal_name", "owner_name", "time_period", "status", "current_value", "target_value", "unit",
                "progress", "due_on", "supporting"), rows


def number(value):
    """As a history writes it."""
    return None if value is None else repr(float(value))


def changes_of(story):
    """(field, custom field, old value, new value, old gid, new gid) of a story, for the fields that views tell of."""
    subtype, of = story["resource_subtype"], story["custom_field_gid"]
    if subtype == "assigned":
        return [("assignee", of, None, None, None, story["assignee_gid"])]
    if subtype == "unassigned":
        return [("assignee", of, None, None, story["assignee_gid"], None)]
    if subtype in ("marked_complete", "marked_incomplete"):
        done = subtype == "marked_complete"
        return [("completed", of, "01"[not done], "01"[done], None, None)]
    if subtype == "section_changed":
        return [("section", of, None, None, story["old_section_gid"], story["new_section_gid"])]
    if subtype == "name_changed":
        return [("name", of, story["old_name"], story["new_name"], None, None)]
    if subtype in ("approval_status_changed", "resource_subtype_changed"):
        field = subtype[:-len("_changed")]
        return [(field, of, story["old_" + field], story["new_" + field], None, None)]
    if subtype in ("due_date_changed", "start_date_changed"):
        first = "due_on" if subtype == "due_date_changed" else "start_on"
        pairs = [(field, of, story["old_dates_" + field], story["new_dates_" + field], None, None)
                 for field in ("due_on", "due_at", "start_on")]
        return [pair for pair in pairs if pair[2] != pair[3]] or [pair for pair in pairs if pair[0] == first]
    if subtype.endswith("_custom_field_changed"):
        kind = subtype[:-len("_custom_field_changed")]
        old, new = (
            (story[side + "_enum_value_gid"] if kind == "enum" else
             number(story[side + "_number_value"]) if kind == "number" else
             story[side + "_date_value_due_at"] or story[side + "_date_value_due_on"] if kind == "date" else
             story[side + {"multi_enum": "_multi_enum_values", "people": "_people_value"}.get(kind, "_text_value")])
            for side in ("old", "new"))
        return [("custom_field", of, None, None, old, new) if kind == "enum" else ("custom_field", of, old, new, None, None)]
    return []
