"""Portfolios and goals: what is gone leaves on proof, what the plan lacks is no gap, what is refused is one."""
import support


class Planning(support.SystemTest):
    maxDiff = None

    def mirrored(self, tasks=201, seed=1, lines=(), **options):
        fake = self.fake(tasks, seed=seed, **options)
        self.configure(fake.url, lines=lines)
        self.sync()
        fake.control("POST", "stats/reset")
        return fake

    def one(self, sql, *values):
        found = self.query(sql, *values)
        self.assertTrue(found, sql)
        return found[0][0]

    def graves(self, table):
        return dict(self.query("SELECT gid, detected_by FROM sync_tombstones WHERE table_name = ?", table))

    def full(self, times=1):
        for _ in range(times):
            self.sync("--full")
        self.assertEqual(self.open_gaps(), [])

    def requests(self, fake):
        """Those for portfolios and goals, by endpoint."""
        return {path: count for path, count in fake.stats()["requests"].items()
                if any(word in path for word in ("portfolio", "goal", "time_period"))}

    def test_a_goal_that_is_deleted_takes_along_what_hangs_on_it(self):
        fake = self.mirrored(600, seed=4)
        for level in (0, 1):
            goal = self.one("SELECT gid FROM asana_goals g WHERE is_workspace_level = ? AND EXISTS "
                            "(SELECT 1 FROM asana_goal_relationships WHERE supported_goal_gid = g.gid)", level)
            hanging = {table: {gid for (gid,) in self.query(f"SELECT gid FROM {table} WHERE {column} = ?", goal)}
                       for table, column in (("asana_goal_relationships", "supported_goal_gid"),
                                             ("asana_memberships", "parent_gid"), ("asana_stories", "target_gid"),
                                             ("asana_status_updates", "parent_gid"))}
            fake.mutate(op="delete_goal", gid=goal)
            self.full(2)
            self.assert_truth(fake)
            self.assertEqual(self.graves("asana_goals")[goal], "walk")
            for table, gids in hanging.items():
                self.assertEqual({self.graves(table).get(gid) for gid in gids} - {"parent"}, set(), table)
            self.assertEqual(self.query("SELECT * FROM sync_work WHERE scope = ?", goal), [])

    def test_a_portfolio_that_is_deleted_and_those_that_only_it_led_to(self):
        fake = self.mirrored()
        portfolio = self.one("SELECT portfolio_gid FROM asana_portfolio_items i JOIN asana_portfolios p ON p.gid = i.item_gid "
                             "WHERE p.owner_gid <> (SELECT value FROM sync_meta WHERE key = 'acme.token_user')")
        settings = [gid for (gid,) in self.query(
            "SELECT gid FROM asana_project_portfolio_settings WHERE portfolio_gid = ?", portfolio)]
        fake.mutate(op="delete_portfolio", gid=portfolio)
        self.full(4)
        self.assert_truth(fake)
        self.assertGreater(len(self.graves("asana_portfolios")), 1)
        self.assertEqual({self.graves("asana_project_portfolio_settings")[gid] for gid in settings} - {"parent"}, set())
        fake.control("POST", "stats/reset")
        self.full()
        self.assertNotIn("/portfolios/{gid}", {path for path, count in self.requests(fake).items()
                                                if count > fake.control("GET", "minimum")["streams"]["nested_portfolios"]})

    def test_an_item_that_is_removed_takes_its_edge_alone(self):
        fake = self.mirrored()
        portfolio, project = self.query("SELECT portfolio_gid, item_gid FROM asana_portfolio_items WHERE item_type = 'project'")[0]
        fake.mutate(op="remove_item", gid=portfolio, item=project)
        self.full()
        self.assert_truth(fake)
        self.assertEqual(self.query("SELECT * FROM asana_portfolio_items WHERE portfolio_gid = ? AND item_gid = ?",
                                    portfolio, project), [])
        self.assertEqual(self.query("SELECT gid FROM sync_tombstones WHERE table_name <> 'asana_project_portfolio_settings'"), [])

    def test_portfolios_that_contain_each_other_are_read_once(self):
        fake = self.mirrored()
        above, below = self.query("SELECT portfolio_gid, item_gid FROM asana_portfolio_items WHERE item_type = 'portfolio'")[0]
        fake.mutate(op="add_item", gid=below, item=above)
        self.full()
        self.assert_truth(fake)
        self.assertLessEqual(self.requests(fake)["/portfolios/{gid}/items"],
                             fake.control("GET", "minimum")["streams"]["portfolio_items"])

    def test_a_relationship_and_a_time_period_that_are_gone(self):
        fake = self.mirrored()
        relationship = self.one("SELECT gid FROM asana_goal_relationships")
        period = self.one("SELECT gid FROM asana_time_periods")
        fake.mutate(op="remove_relationship", gid=relationship)
        fake.mutate(op="delete_time_period", gid=period)
        self.full()
        self.assert_truth(fake)
        self.assertEqual(self.graves("asana_goal_relationships"), {relationship: "walk"})
        self.assertEqual(self.graves("asana_time_periods"), {period: "walk"})

    def test_a_team_that_is_gone_takes_its_goals_along(self):
        fake = self.mirrored()
        team = self.one("SELECT team_gid FROM asana_goals WHERE is_workspace_level = 0")
        goals = {gid for (gid,) in self.query("SELECT gid FROM asana_goals WHERE is_workspace_level = 0 AND team_gid = ?", team)}
        fake.mutate(op="delete_team", gid=team)
        self.full(3)
        self.assert_truth(fake)
        self.assertEqual({gid: self.graves("asana_goals").get(gid) for gid in goals}, dict.fromkeys(goals, "walk"))

    def test_stories_of_a_goal_are_read_when_it_changed_and_else_once_a_day(self):
        fake = self.mirrored()
        changed, still = [gid for (gid,) in self.query("SELECT gid FROM asana_goals ORDER BY gid")][:2]
        fake.mutate(op="rename_goal", gid=changed, name="another name")
        self.change("UPDATE sync_work SET last_done_at = strftime('%Y-%m-%dT%H:%M:%fZ', last_done_at, '-2 hours')")
        self.sync()
        self.assert_truth(fake)
        requests = self.requests(fake)
        self.assertEqual(requests["/goals/{gid}/stories"], 1)
        self.assertGreater(requests["/goal_relationships"], 2)
        self.assertNotEqual(changed, still)

    def test_what_the_plan_lacks_is_no_gap_and_is_asked_for_once_a_day(self):
        fake = self.mirrored(30, plan="free")
        self.assertEqual(self.open_gaps(), [])
        self.assertEqual(set(self.query("SELECT capability, available FROM sync_capabilities")) &
                         {("portfolios", 0), ("goals", 0)}, {("portfolios", 0), ("goals", 0)})
        self.sync("--full")
        self.assertEqual(self.requests(fake), {})

    def test_rows_stay_when_the_plan_loses_a_feature(self):
        fake = self.mirrored()
        before = self.query("SELECT count(*) FROM asana_goals")
        fake.fault({"kind": "status", "status": 402, "match": "/goals"})
        self.full(2)
        self.assertEqual(self.query("SELECT count(*) FROM asana_goals"), before)
        self.assertEqual(self.query("SELECT available FROM sync_capabilities WHERE capability = 'goals'"), [(0,)] * 2)

    def test_a_refused_portfolio_is_a_gap_until_it_is_not_refused(self):
        fake = self.fake(201)
        self.configure(fake.url)
        nested = next(row["item_gid"] for row in fake.truth()["asana_portfolio_items"] if row["item_type"] == "portfolio")
        fake.fault({"kind": "status", "status": 403, "match": f"/portfolios/{nested}?"},
                   {"kind": "status", "status": 404, "match": f"/portfolios/{nested}/items"})
        self.sync(expect=1)
        self.assertLessEqual({(stream, scope) for stream, scope, *_ in self.open_gaps()},
                             {("nested_portfolios", nested), ("portfolio_items", nested)})
        self.assertIn(("nested_portfolios", nested, 403), [gap[:3] for gap in self.open_gaps()])
        fake.no_faults()
        self.make_everything_due()
        self.full()
        self.assert_truth(fake)

    def test_a_refused_list_of_goals_removes_nothing(self):
        fake = self.mirrored()
        before = self.query("SELECT count(*) FROM asana_goals")
        fake.fault({"kind": "status", "status": 403, "match": "/goals?"})
        self.sync("--full", expect=1)
        self.assertEqual(self.query("SELECT count(*) FROM asana_goals"), before)
        self.assertEqual({gap[0] for gap in self.open_gaps()}, {"goals", "team_goals"})
        fake.no_faults()
        self.make_everything_due()
        self.full()
        self.assert_truth(fake)

    def test_the_switches_turn_them_off(self):
        fake = self.fake(30)
        self.configure(fake.url, lines=["resources: {portfolios: false, goals: false}"])
        self.sync()
        self.assertEqual(self.requests(fake), {})
        self.assertEqual(self.query("SELECT 1 FROM sync_capabilities WHERE capability IN ('portfolios', 'goals')"), [])

    def test_switches_of_what_projects_have_hold_for_them_too(self):
        fake = self.mirrored(30, lines=["resources: {memberships: false, status_updates: false, stories: false}"])
        for table in ("asana_memberships", "asana_status_updates", "asana_stories"):
            self.assertEqual(self.query(f"SELECT count(*) FROM {table}"), [(0,)], table)
        self.assertTrue(self.query("SELECT 1 FROM asana_goals"))
        self.assertTrue(self.query("SELECT 1 FROM asana_portfolios"))
        self.assertLessEqual(self.wrong_tables(fake), {"asana_memberships", "asana_status_updates", "asana_stories"})

    def test_verify_finds_what_differs_and_repairs_it(self):
        fake = self.mirrored()
        verify = ("verify", "--config", self.config)
        self.assertEqual(self.run_to_end(*verify).code, 0)
        portfolio, project = self.query("SELECT portfolio_gid, item_gid FROM asana_portfolio_items WHERE item_type = 'project'")[0]
        fake.mutate(op="remove_item", gid=portfolio, item=project)
        goal = self.one("SELECT gid FROM asana_goals")
        fake.mutate(op="rename_goal", gid=goal, name="another name")
        ended = self.run_to_end(*verify, "--repair")
        self.assertEqual(ended.code, 1, ended)
        self.sync()
        self.assert_truth(fake)


if __name__ == "__main__":
    support.main()
