"""What changed is fetched by as few requests as can be, and what no event tells of is read again in its turn."""

import datetime
import re
import threading
import time

import support


class Refetch(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, schedule="", **options):
        fake = self.fake(tasks, **options)
        fake.without_search()  # which would tell most of it, without these requests
        self.configure(fake.url)
        if schedule:
            with open(self.config, "a", encoding="utf-8") as file:
                file.write(f"schedule: {schedule}\n")
        self.sync()
        self.polled = self.query("SELECT count(*) FROM sync_work WHERE cursor IS NOT NULL")[0][0]
        fake.control("POST", "stats/reset")
        return fake

    def asked(self, fake):
        """Requests by endpoint, without those of every sync."""
        requests = fake.stats()["requests"]
        for endpoint in ("/users/me", "/events"):
            requests.pop(endpoint)
        return {endpoint: count for endpoint, count in requests.items() if "assignee" not in endpoint}

    def members(self, count, where="TRUE"):
        """A project, and so many of its tasks that stand in no other one, below no task, and have no attachments."""
        rows = self.query("SELECT m.project_gid, m.task_gid FROM asana_task_memberships m "
                          "JOIN asana_projects p ON p.gid = m.project_gid JOIN asana_tasks t ON t.gid = m.task_gid "
                          "WHERE p.mirrored_at IS NOT NULL AND t.parent_gid IS NULL AND (SELECT count(*) FROM "
                          "asana_task_memberships o WHERE o.task_gid = m.task_gid) = 1 AND t.gid NOT IN (SELECT parent_gid "
                          f"FROM asana_attachments) AND {where} ORDER BY 1, 2")
        tasks = {}
        for project, task in rows:
            tasks.setdefault(project, []).append(task)
        project = max(tasks, key=lambda one: len(tasks[one]))
        self.assertGreaterEqual(len(tasks[project]), count)
        return project, tasks[project][:count]

    def rename(self, fake, tasks, **options):
        for gid in tasks:
            fake.mutate(op="rename_task", gid=gid, name=f"new name of {gid}", **options)

    def rotation(self, ago):
        """The round of the rotation began so many hours ago."""
        name, value = self.query("SELECT key, value FROM sync_meta WHERE key LIKE '%.rotation.%'")[0]
        began = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=ago)
        start = began.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        self.change("UPDATE sync_meta SET value = ? WHERE key = ?", " ".join([start, *value.split(" ")[1:]]), name)

    def test_many_single_tasks_are_asked_for_at_once_and_do_not_wait_for_the_polls_of_people(self):
        fake = self.mirrored(600, options=["--users", "100", "--projects", "60"])
        subtasks = [gid for gid, in self.query(
            "SELECT t.gid FROM asana_tasks t JOIN asana_task_memberships m ON m.task_gid = t.parent_gid "
            "WHERE t.mirrored_at IS NOT NULL GROUP BY 1 ORDER BY 1")]
        self.assertGreater(len(subtasks), 40)  # more than are read ahead
        lock, at_once, polls, most = threading.Lock(), [], [], []

        def before(target):
            if "assignee=" in target:
                polls.append(target)
            if not re.search(r"/tasks/\d+\?", target):
                return
            with lock:
                at_once.append(target)
                if not polls:
                    most.append(len(at_once))
            time.sleep(0.1)
            with lock:
                at_once.remove(target)

        self.configure(self.relay(fake, before=before).url)
        self.rename(fake, subtasks)
        self.sync()
        self.assertGreater(len(polls), 0)
        self.assertGreater(max(most), 5)
        self.assert_truth(fake)

    def test_changed_tasks_of_a_project_cost_one_list_and_one_story_list_each(self):
        fake = self.mirrored()
        _, tasks = self.members(5, "t.assignee_gid IS NULL")  # or the tasks of a person may tell of them first
        self.rename(fake, tasks)
        fake.mutate(op="comment", gid=tasks[0], text="twice")
        self.sync()
        self.assertEqual(self.asked(fake), {"/tasks?project&modified_since": 1, "/tasks/{gid}/stories": 5})
        self.assert_truth(fake)

    def test_one_changed_task_and_subtasks_are_asked_for_by_themselves(self):
        fake = self.mirrored()
        _, tasks = self.members(1, "t.assignee_gid IS NULL")
        subtasks = [row[0] for row in self.query(
            "SELECT s.gid FROM asana_tasks s JOIN asana_task_memberships m ON m.task_gid = s.parent_gid "
            "JOIN asana_projects p ON p.gid = m.project_gid WHERE p.mirrored_at IS NOT NULL AND s.assignee_gid IS NULL "
            "AND s.gid NOT IN (SELECT task_gid FROM asana_task_memberships) AND s.gid NOT IN (SELECT parent_gid FROM asana_attachments) GROUP BY 1 ORDER BY 1 LIMIT 3")]
        self.rename(fake, tasks + subtasks)
        self.sync()
        self.assertEqual(self.asked(fake), {"/tasks/{gid}": 4, "/tasks/{gid}/stories": 4})
        self.assert_truth(fake)

    def test_a_task_that_left_its_project_is_asked_for_by_itself(self):
        fake = self.mirrored()
        project, tasks = self.members(4, "t.assignee_gid IS NOT NULL")
        self.rename(fake, tasks)
        fake.mutate(op="leave_project", gid=tasks[0], project=project)
        self.sync()
        self.assertEqual(self.asked(fake), {"/tasks?project&modified_since": 1, "/tasks/{gid}": 1, "/tasks/{gid}/stories": 4})
        self.assertEqual(self.query("SELECT * FROM asana_task_memberships WHERE task_gid = ?", tasks[0]), [])

    def test_a_list_that_is_refused_loses_nothing(self):
        fake = self.mirrored()
        _, tasks = self.members(3)
        self.rename(fake, tasks)
        fake.fault({"kind": "status", "regex": "project=.*modified_since", "status": 403})
        self.sync()
        self.assertEqual(fake.stats()["requests"]["/tasks/{gid}"], 3)
        self.assertEqual(self.query("SELECT count(*) FROM asana_tasks WHERE name LIKE 'new name of %'"), [(3,)])

    def test_an_edited_comment_costs_one_story_list(self):
        fake = self.mirrored()
        story = self.query("SELECT s.gid FROM asana_stories s JOIN asana_task_memberships m ON m.task_gid = s.target_gid "
                           "JOIN asana_projects p ON p.gid = m.project_gid WHERE p.mirrored_at IS NOT NULL "
                           "AND s.resource_subtype = 'comment_added' LIMIT 1")[0][0]
        fake.mutate(op="edit_comment", gid=story, text="edited")
        self.sync()
        self.assertEqual(self.asked(fake), {"/tasks/{gid}/stories": 1})
        self.assertEqual(self.query("SELECT text FROM asana_stories WHERE gid = ?", story), [("edited",)])
        self.assert_truth(fake)

    def test_stories_are_read_again_in_proportion_to_the_time(self):
        fake = self.mirrored(schedule="{stories_reread_every: 10h}")
        tasks = self.query("SELECT count(*) FROM asana_tasks WHERE mirrored_at IS NOT NULL")[0][0]
        fake.mutate(seed=1, count=20, kinds=["edit_comment", "delete_comment"], events=False)
        self.sync()  # the first round begins
        self.assertNotEqual(self.differences(fake), {})
        fake.control("POST", "stats/reset")
        self.rotation(ago=5)
        self.sync()
        half = fake.stats()["requests"]["/tasks/{gid}/stories"]
        self.assertAlmostEqual(half, tasks / 2, delta=25)  # some changed
        self.rotation(ago=9.9999)
        self.sync()
        self.rotation(ago=10.0001)
        self.sync()
        self.assertEqual(self.query("SELECT count(*) FROM sync_work WHERE stream = 'task_stories'"), [(0,)])
        truth = {row["gid"]: row["text"] for row in fake.truth()["asana_stories"]}
        self.assertEqual(dict(self.query("SELECT gid, text FROM asana_stories")), truth)

    def test_a_full_sync_reads_every_story_and_attachment_once_though_it_is_interrupted(self):
        fake = self.mirrored()
        before = {row["gid"]: row["modified_at"] for row in fake.truth()["asana_tasks"]}
        fake.mutate(seed=1, count=30, kinds=["edit_comment", "delete_comment", "delete_attachment"], events=False)
        changed = sum(before.get(row["gid"]) != row["modified_at"] for row in fake.truth()["asana_tasks"])
        tasks = self.query("SELECT count(*) FROM asana_tasks WHERE mirrored_at IS NOT NULL")[0][0]
        fake.control("POST", "stats/reset")
        self.sync("--full", "--max-requests", "150", expect=75)
        self.sync("--max-requests", "150", expect=75)
        self.sync()
        self.assert_truth(fake)
        # Once each; once more where a walk finds the task changed after its turn.
        asked = fake.stats()["requests"]["/tasks/{gid}/stories"]
        self.assertGreaterEqual(asked, tasks)
        self.assertLessEqual(asked, tasks + changed)

    def test_the_tasks_of_a_project_are_read_again_when_its_fields_change(self):
        fake = self.mirrored()
        project, field = self.query(
            "SELECT s.parent_gid, s.custom_field_gid FROM asana_custom_field_settings s JOIN asana_projects p "
            "ON p.gid = s.parent_gid JOIN asana_task_memberships m ON m.project_gid = p.gid "
            "WHERE p.mirrored_at IS NOT NULL GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1")[0]
        members = self.query("SELECT count(*) FROM asana_task_memberships WHERE project_gid = ?", project)[0][0]
        for op in ("remove_field_from_project", "add_field_to_project"):
            fake.mutate(op=op, gid=project, field=field)
            fake.control("POST", "stats/reset")
            self.sync()
            self.assertEqual(self.asked(fake)["/tasks?project"], -(-members // 100))
            self.assert_truth(fake)
        fake.control("POST", "stats/reset")
        self.sync()
        self.assertEqual(self.asked(fake), {})


if __name__ == "__main__":
    support.main()
