// The views of schema/asana_views.sql over rows that a test writes.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <optional>
#include <string>
#include <tuple>

#include "store/schema.hpp"

using namespace taskmirror;

namespace {

using Text = std::optional<std::string>;

// Of one day: "09:30" is "2026-06-01T09:30:00.000Z".
std::string day(const std::string& time) { return "2026-06-01T" + time + ":00.000Z"; }
const std::string kOutdated = "1970-01-01T00:00:00.000Z";  // of work that was dropped

struct Mirror {
    SQLite::Database database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};

    Mirror() {
        for (const auto sql : {store::core_sql(), store::asana_sql(), store::asana_views_sql()})
            database.exec(std::string(sql));
        fact("acme.pass_began_at");
        fact("acme.pass_ended_at");
        row("asana_workspaces", "w", "Acme");
        row("asana_projects", "p", "Launch");
    }

    void run(const std::string& sql) { database.exec(sql); }
    void fact(const std::string& key) {
        run(fmt::format("INSERT INTO sync_meta VALUES ('{}', '{}')", key, day("09:00")));
    }
    void row(const std::string& table, const std::string& gid, const std::string& name) {
        run(fmt::format("INSERT INTO {} (gid, name, mirrored_at) VALUES ('{}', '{}', 'x')", table, gid, name));
    }
    // A list: when it was done last, and its cursor.
    void list(const std::string& stream, const std::string& scope, const Text& done, const std::string& cursor = {}) {
        SQLite::Statement insert(database,
                                 "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, last_done_at, "
                                 "cursor) VALUES ('acme', ?1, ?2, iif(?1 = 'workspaces', '', 'w'), 'recurring', 0, "
                                 "?3, ?4)");
        insert.bind(1, stream);
        insert.bind(2, scope);
        if (done) insert.bind(3, *done);
        if (!cursor.empty()) insert.bind(4, cursor);
        insert.exec();
    }
    void waits(const std::string& stream, const std::string& scope, const std::string& due_at,
               std::int64_t order_key = 0) {
        SQLite::Statement insert(database,
                                 "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, due_at) "
                                 "VALUES ('acme', ?, ?, 'w', 'one_off', ?, ?)");
        insert.bind(1, stream);
        insert.bind(2, scope);
        insert.bind(3, order_key);
        insert.bind(4, due_at);
        insert.exec();
    }
    void gap(const std::string& stream, const std::string& scope) {
        run(fmt::format("INSERT INTO sync_gaps VALUES ('acme', '{}', '{}', 403, 'x', 'x', 'x', NULL, NULL)", stream,
                        scope));
    }
    // "NULL" or as of when; "none" if there is no such row.
    std::string fresh(const std::string& table, const std::string& scope) {
        SQLite::Statement query(database,
                                "SELECT coalesce(fresh_as_of, 'NULL') FROM sync_freshness "
                                "WHERE source = 'acme' AND table_name = ? AND scope_gid = ?");
        query.bind(1, table);
        query.bind(2, scope);
        if (!query.executeStep()) return "none";
        std::string found = query.getColumn(0);
        CHECK_FALSE(query.executeStep());
        return found;
    }
};

}  // namespace

TEST_CASE("the tasks of a project are as fresh as the last poll of its events") {
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", day("09:00"), "token");

    CHECK(m.fresh("asana_tasks", "p") == day("09:00"));
}

TEST_CASE("without an event token they are as fresh as the last walk") {
    const auto polled = GENERATE(Text(), Text(day("09:00")));
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", polled);

    CHECK(m.fresh("asana_tasks", "p") == day("08:00"));
}

TEST_CASE("a token that was never polled leaves them as fresh as the walk that it belongs to") {
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", {}, "token");

    CHECK(m.fresh("asana_tasks", "p") == day("08:00"));
}

TEST_CASE("a project that was never walked, or for another configuration only, was never complete") {
    const auto walked = GENERATE(Text(), Text(kOutdated));
    Mirror m;
    m.list("project_tasks", "p", walked);
    m.list("project_events", "p", day("09:00"), "token");

    CHECK(m.fresh("asana_tasks", "p") == "NULL");
}

TEST_CASE("they are not fresher than the oldest object that changed and was not fetched") {
    const auto stream = GENERATE("task", "task_subtasks", "project");
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", day("09:00"), "token");
    m.waits(stream, "1", day("08:40"));
    m.waits(stream, "2", day("08:30"));
    m.waits("task_stories", "3", day("08:20"));

    CHECK(m.fresh("asana_tasks", "p") == day("08:30"));
}

TEST_CASE("what waits for later, or to be reconciled, makes nothing older") {
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", day("09:00"), "token");
    m.waits("task", "1", day("23:00"));
    m.waits("task_subtasks", "2", day("08:30"), 2'000'000'000'000'000'000 + 30'000'000'000'000'000);

    CHECK(m.fresh("asana_tasks", "p") == day("09:00"));
}

TEST_CASE("stories wait for their tasks and for themselves") {
    Mirror m;
    m.list("project_tasks", "p", day("08:00"));
    m.list("project_events", "p", day("09:00"), "token");
    CHECK(m.fresh("asana_stories", "p") == "none");  // they may be switched off

    m.run("INSERT INTO asana_stories (gid) VALUES ('s')");
    CHECK(m.fresh("asana_stories", "p") == day("09:00"));
    m.waits("task_stories", "1", day("08:40"));
    CHECK(m.fresh("asana_stories", "p") == day("08:40"));
    CHECK(m.fresh("asana_tasks", "p") == day("09:00"));
    m.waits("task", "1", day("08:30"));
    CHECK(m.fresh("asana_stories", "p") == day("08:30"));
}

TEST_CASE("in the first load nothing is complete before what it waits for has come") {
    Mirror m;
    m.run("DELETE FROM sync_meta WHERE key = 'acme.pass_ended_at'");
    m.list("project_tasks", "p", day("09:00"));
    m.waits("task_stories", "1", day("08:40"));

    CHECK(m.fresh("asana_tasks", "p") == day("09:00"));
    CHECK(m.fresh("asana_stories", "p") == "NULL");
    m.waits("task_subtasks", "1", day("08:40"));
    CHECK(m.fresh("asana_tasks", "p") == "NULL");
}

TEST_CASE("a list of a workspace is as fresh as its last walk") {
    Mirror m;
    m.list("workspaces", "", day("08:00"));
    m.list("users", "w", day("08:10"));
    m.list("tags", "w", kOutdated);

    CHECK(m.fresh("asana_workspaces", "") == day("08:00"));
    CHECK(m.fresh("asana_users", "w") == day("08:10"));
    CHECK(m.fresh("asana_tags", "w") == "NULL");
    CHECK(m.fresh("asana_teams", "w") == "none");
}

TEST_CASE("lists of projects and teams are as fresh as the oldest of those that are still there and have no gap") {
    Mirror m;
    m.row("asana_projects", "q", "Second");
    m.row("asana_teams", "t", "Team");
    for (const auto& [scope, time] : {std::pair("p", "08:20"), std::pair("q", "08:10"), std::pair("gone", "01:00")})
        m.list("sections", scope, day(time));
    m.list("team_memberships", "t", day("08:30"));
    m.list("team_memberships", "gone", {});
    m.run("UPDATE asana_projects SET project_brief_gid = 'b' WHERE gid = 'p'");
    m.list("project_briefs", "b", day("08:40"));
    m.list("project_briefs", "gone", {});

    CHECK(m.fresh("asana_sections", "w") == day("08:10"));
    CHECK(m.fresh("asana_team_memberships", "w") == day("08:30"));
    CHECK(m.fresh("asana_project_briefs", "w") == day("08:40"));
    m.gap("sections", "q");
    CHECK(m.fresh("asana_sections", "w") == day("08:20"));
    m.gap("sections", "p");
    CHECK(m.fresh("asana_sections", "w") == "NULL");
}

TEST_CASE("one list that was never walked leaves its table incomplete") {
    Mirror m;
    m.row("asana_projects", "q", "Second");
    m.list("memberships", "p", day("08:20"));
    m.list("memberships", "q", {});

    CHECK(m.fresh("asana_memberships", "w") == "NULL");
}

TEST_CASE("absences are as fresh as the active person who was asked for longest ago") {
    Mirror m;
    for (const auto& [user, active, time] :
         {std::tuple("u", 1, "08:20"), std::tuple("v", 1, "08:10"), std::tuple("x", 0, "01:00")}) {
        m.run(
            fmt::format("INSERT INTO asana_workspace_memberships (gid, workspace_gid, user_gid, is_active) "
                        "VALUES ('m{0}', 'w', '{0}', {1})",
                        user, active));
        m.list("ooo_entries", fmt::format("w/{}", user), day(time));
    }

    CHECK(m.fresh("asana_ooo_entries", "w") == day("08:10"));
}

TEST_CASE("time that was tracked is as fresh as the last whole list, and categories as the older half") {
    Mirror m;
    m.list("time_tracking_entries", "w", day("06:00"));
    m.list("time_tracking_entries_since", "w", day("08:50"), "watermark");
    m.list("time_tracking_categories", "w/false", day("08:40"));
    m.list("time_tracking_categories", "w/true", day("08:30"));

    CHECK(m.fresh("asana_time_tracking_entries", "w") == day("06:00"));
    CHECK(m.fresh("asana_time_tracking_categories", "w") == day("08:30"));
}

TEST_CASE("attachments wait for those of the tasks") {
    Mirror m;
    m.list("project_attachments", "p", day("08:20"));
    m.waits("task_attachments", "1", day("08:10"));

    CHECK(m.fresh("asana_attachments", "w") == day("08:10"));
}

TEST_CASE("tasks outside of projects are as fresh as the person who was asked for longest ago, and the tag") {
    Mirror m;
    m.list("user_tasks", "u", day("07:00"));
    m.list("user_tasks_changed", "u", day("09:00"), "watermark");
    m.list("user_tasks", "v", day("08:50"));
    CHECK(m.fresh("asana_tasks", "w") == day("08:50"));

    m.row("asana_tags", "g", "Tag");
    m.list("tag_tasks", "g", day("06:00"));
    CHECK(m.fresh("asana_tasks", "w") == day("06:00"));
    m.waits("task", "1", day("05:00"));
    CHECK(m.fresh("asana_tasks", "w") == day("05:00"));
}

TEST_CASE("two sources stand side by side, and the age is that of the time") {
    Mirror m;
    m.fact("other.pass_began_at");
    m.list("project_tasks", "p", day("08:00"));
    m.run(
        "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, last_done_at) SELECT 'other', stream, "
        "scope, root, kind, order_key, strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-90 seconds') FROM sync_work");

    SQLite::Statement query(m.database,
                            "SELECT scope_name, age_seconds BETWEEN 89 AND 95 FROM sync_freshness "
                            "WHERE source = 'other' AND table_name = 'asana_tasks'");
    REQUIRE(query.executeStep());
    CHECK(query.getColumn(0).getString() == "Launch");
    CHECK(query.getColumn(1).getInt() == 1);
    CHECK(m.fresh("asana_tasks", "p") == day("08:00"));
}
