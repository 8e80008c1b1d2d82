// The views of schema/asana_reports.sql over a small workspace whose answers are known by hand.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/time_zone.hpp"
#include "store/schema.hpp"

using namespace taskmirror;

namespace {

using Rows = std::vector<std::string>;

// "03 10:00" is 2026-03-03T10:00:00.000Z.
std::string at(const std::string& time) { return "2026-03-" + time.substr(0, 2) + "T" + time.substr(3) + ":00.000Z"; }

struct Mirror {
    SQLite::Database database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};

    Mirror() {
        for (const auto sql :
             {store::core_sql(), store::asana_sql(), store::asana_views_sql(), store::asana_reports_sql()})
            run(std::string(sql));
        run("INSERT INTO asana_users (gid, name, mirrored_at) VALUES ('ann', 'Ann', 'x'), ('ben', 'Ben', 'x');"
            "INSERT INTO asana_projects (gid, name, archived, mirrored_at) VALUES ('p', 'Launch', 0, 'x'), ('q', "
            "'Shop', 0, 'x');"
            "INSERT INTO asana_sections (gid, name, project_gid, mirrored_at) VALUES ('todo', 'To do', 'p', 'x'), "
            "('doing', 'Doing', 'p', 'x'), ('done', 'Done', 'p', 'x'), ('shop', 'Shop', 'q', 'x')");
    }
    void run(const std::string& sql) { database.exec(sql); }
    void task(const std::string& gid, const std::string& created, const std::string& rest = "") {
        run(
            fmt::format("INSERT INTO asana_tasks (gid, name, completed, created_at, modified_at, mirrored_at) "
                        "VALUES ('{0}', 'Task {0}', 0, '{1}', '{1}', 'x')",
                        gid, at(created)));
        if (!rest.empty()) set(gid, rest);
    }
    void set(const std::string& gid, const std::string& what) {
        run(fmt::format("UPDATE asana_tasks SET {} WHERE gid = '{}'", what, gid));
    }
    void stands(const std::string& task, const std::string& project, const std::string& section) {
        run(fmt::format("INSERT INTO asana_task_memberships VALUES ('{}', '{}', '{}')", task, project, section));
    }
    // Old and new as SQL.
    void change(const std::string& task, const std::string& time, const std::string& field, const std::string& old_gid,
                const std::string& new_gid, const std::string& old_value = "NULL",
                const std::string& new_value = "NULL") {
        run(fmt::format(
            "INSERT INTO asana_task_changes VALUES ('{:04}', 0, '{}', '{}', 'ann', '{}', NULL, {}, {}, {}, {})",
            ++stories, task, at(time), field, old_value, new_value, old_gid, new_gid));
    }
    Rows rows(const std::string& sql) {
        SQLite::Statement query(database, sql);
        Rows found;
        while (query.executeStep()) {
            std::string row;
            for (int i = 0; i < query.getColumnCount(); ++i)
                row += (i > 0 ? "|" : "") + (query.isColumnNull(i) ? "-" : query.getColumn(i).getString());
            found.push_back(row);
        }
        return found;
    }
    Rows sections(const std::string& task) {
        return rows(
            fmt::format("SELECT section_gid, substr(entered_at, 9, 8), substr(left_at, 9, 8), is_current, "
                        "iif(is_current, seconds > 0, seconds) FROM asana_time_in_section "
                        "WHERE task_gid = '{}' ORDER BY project_gid, entered_at IS NULL, entered_at",
                        task));
    }
    int stories = 0;
};

}  // namespace

TEST_CASE("a task that never moved was in its section since it was made") {
    Mirror m;
    m.task("1", "01 08:00");
    m.stands("1", "p", "todo");
    CHECK(m.sections("1") == Rows{"todo|01T08:00|-|1|1"});
}

TEST_CASE("each move ends one stay in a section and begins the next") {
    Mirror m;
    m.task("1", "01 08:00");
    m.stands("1", "p", "done");
    m.change("1", "02 08:00", "section", "'todo'", "'doing'");
    m.change("1", "02 09:00", "section", "'doing'", "'todo'");
    m.change("1", "03 08:00", "section", "'todo'", "'done'");
    CHECK(m.sections("1") == Rows{"todo|01T08:00|02T08:00|0|86400", "doing|02T08:00|02T09:00|0|3600",
                                  "todo|02T09:00|03T08:00|0|82800", "done|03T08:00|-|1|1"});
}

TEST_CASE("a stay begins when the task came to the project, and ends when it left") {
    Mirror m;
    m.task("1", "01 08:00");
    m.stands("1", "q", "shop");
    m.change("1", "02 08:00", "project", "NULL", "'p'");
    m.change("1", "03 08:00", "section", "'todo'", "'doing'");
    m.change("1", "04 08:00", "project", "'p'", "NULL");
    m.change("1", "05 08:00", "project", "NULL", "'p'");
    m.change("1", "06 08:00", "section", "'todo'", "'done'");
    m.change("1", "07 08:00", "project", "'p'", "NULL");
    CHECK(m.sections("1") == Rows{"todo|02T08:00|03T08:00|0|86400", "doing|03T08:00|04T08:00|0|86400",
                                  "todo|05T08:00|06T08:00|0|86400", "done|06T08:00|07T08:00|0|86400",
                                  "shop|01T08:00|-|1|1"});
}

TEST_CASE("a move to a section of another project ends one stay there and begins one here") {
    Mirror m;
    m.task("1", "01 08:00");
    m.stands("1", "q", "shop");
    m.change("1", "02 08:00", "section", "'todo'", "'shop'");
    CHECK(m.sections("1") == Rows{"todo|01T08:00|02T08:00|0|86400", "shop|02T08:00|-|1|1"});
}

TEST_CASE("times that no story tells are not known") {
    Mirror m;
    m.task("1", "01 08:00");
    m.stands("1", "p", "done");
    m.change("1", "02 08:00", "section", "'todo'", "'doing'");
    CHECK(m.sections("1") == Rows{"todo|01T08:00|02T08:00|0|86400", "doing|02T08:00|-|0|-", "done|-|-|1|-"});
    m.task("2", "01 08:00");
    m.change("2", "02 08:00", "section", "'todo'", "'doing'");
    CHECK(m.sections("2") == Rows{"todo|01T08:00|02T08:00|0|86400", "doing|02T08:00|-|0|-"});
}

TEST_CASE("who had a task before is told by the change before") {
    Mirror m;
    m.task("1", "01 08:00");
    m.change("1", "02 08:00", "assignee", "NULL", "'ann'");
    m.change("1", "03 08:00", "assignee", "NULL", "'ben'");
    m.change("1", "04 08:00", "assignee", "'ben'", "NULL");
    CHECK(m.rows("SELECT actor_name, old_assignee_name, new_assignee_name FROM asana_assignee_changes ORDER BY "
                 "changed_at") == Rows{"Ann|-|Ann", "Ann|Ann|Ben", "Ann|Ben|-"});
}

TEST_CASE("a due date slips by days, and back") {
    Mirror m;
    m.task("1", "01 08:00");
    m.change("1", "02 08:00", "due_on", "NULL", "NULL", "NULL", "'2026-03-10'");
    m.change("1", "03 08:00", "due_on", "NULL", "NULL", "'2026-03-10'", "'2026-04-01'");
    m.change("1", "04 08:00", "due_on", "NULL", "NULL", "'2026-04-01'", "'2026-03-31'");
    CHECK(m.rows("SELECT new_due_on, slip_days FROM asana_due_date_slips ORDER BY changed_at") ==
          Rows{"2026-03-10|-", "2026-04-01|22", "2026-03-31|-1"});
}

TEST_CASE("the state of a task at any instant is what its fields were then") {
    Mirror m;
    m.task("1", "01 08:00", "assignee_gid = 'ben', completed = 0, due_on = '2026-03-20'");
    m.change("1", "02 08:00", "assignee", "NULL", "'ann'");
    m.change("1", "03 08:00", "completed", "NULL", "NULL", "'0'", "'1'");
    m.change("1", "04 08:00", "completed", "NULL", "NULL", "'1'", "'0'");
    m.change("1", "05 08:00", "assignee", "NULL", "'ben'");
    const auto state = [&](const std::string& time) {
        return m.rows(
            fmt::format("SELECT field || '=' || coalesce(value, value_gid, '') FROM asana_task_states "
                        "WHERE task_gid = '1' AND since <= '{0}' AND (until > '{0}' OR until IS NULL) "
                        "AND field IN ('assignee', 'completed', 'due_on') ORDER BY field",
                        at(time)));
    };
    CHECK(state("01 09:00") == Rows{"assignee=", "completed=0", "due_on=2026-03-20"});
    CHECK(state("03 09:00") == Rows{"assignee=ann", "completed=1", "due_on=2026-03-20"});
    CHECK(state("06 09:00") == Rows{"assignee=ben", "completed=0", "due_on=2026-03-20"});
    CHECK(state("01 07:00").empty());
}

TEST_CASE("a completed task took from made to completed, and from its first move or assignment") {
    Mirror m;
    m.task("1", "01 08:00", "completed = 1, completed_at = '" + at("04 08:00") + "'");
    m.task("2", "01 08:00", "completed = 1, completed_at = '" + at("02 08:00") + "'");
    m.task("3", "01 08:00");
    m.change("1", "03 08:00", "section", "'todo'", "'doing'");
    m.change("1", "02 08:00", "assignee", "NULL", "'ann'");
    CHECK(m.rows("SELECT task_gid, lead_seconds / 86400, cycle_seconds / 86400 FROM asana_cycle_times ORDER BY 1") ==
          Rows{"1|3|2", "2|1|-"});
}

TEST_CASE("percentiles are those of the nearest rank") {
    Mirror m;
    for (int i = 1; i <= 20; ++i) {
        const auto gid = std::to_string(i);
        m.task(gid, "01 00:00",
               fmt::format("completed = 1, completed_at = '{}'", at(fmt::format("{:02} 00:00", i + 1))));
        m.stands(gid, "p", "done");
    }
    m.change("20", "19 00:00", "section", "'todo'", "'done'");
    CHECK(m.rows("SELECT project_name, tasks, lead_median_seconds / 86400, lead_p85_seconds / 86400, "
                 "lead_p95_seconds / 86400, cycle_median_seconds / 86400, cycle_p95_seconds / 86400 "
                 "FROM asana_cycle_time_percentiles") == Rows{"Launch|20|10|17|19|2|2"});
}

TEST_CASE("each day has what was made and completed, and what is open at its end") {
    Mirror m;
    m.task("1", "01 08:00", "completed = 1, completed_at = '" + at("01 20:00") + "'");
    m.task("2", "01 23:30");
    m.task("3", "03 08:00", "completed = 1, completed_at = '" + at("04 08:00") + "'");
    for (const auto* task : {"1", "2", "3"}) m.stands(task, "p", "todo");
    m.stands("3", "q", "shop");
    const std::string days =
        "SELECT day, created, completed, open, done, scope FROM asana_daily_counts WHERE project_gid = 'p' AND day <= "
        "'2026-03-05' ORDER BY day";
    CHECK(m.rows(days) == Rows{"2026-03-01|2|1|1|1|2", "2026-03-02|0|0|1|1|2", "2026-03-03|1|0|2|1|3",
                               "2026-03-04|0|1|1|2|3", "2026-03-05|0|0|1|2|3"});
    CHECK(m.rows("SELECT min(day), created FROM asana_daily_counts WHERE project_gid = 'q'") == Rows{"2026-03-03|1"});
    CHECK(m.rows("SELECT max(day) = (SELECT today FROM asana_today) FROM asana_daily_counts") == Rows{"1"});
    CHECK(
        m.rows("SELECT week, created, completed FROM asana_throughput WHERE project_gid = 'p' AND week < '2026-03-09' "
               "ORDER BY week") == Rows{"2026-02-23|2|1", "2026-03-02|1|1"});
    // In Kathmandu it is a day later by then.
    m.run("UPDATE sync_time_zone SET offset_seconds = 20700");
    CHECK(m.rows(days).front() == "2026-03-01|1|0|1|0|1");
    CHECK(m.rows(days).at(1) == "2026-03-02|1|1|1|1|2");
}

TEST_CASE("days follow summer time") {
    Mirror m;
    m.run("DELETE FROM sync_time_zone");
    for (bool first = true; const auto& offset : utc_offsets("Europe/Berlin")) {
        m.run(fmt::format("INSERT INTO sync_time_zone VALUES ('{}', {})", first ? "" : iso(offset.since),
                          offset.offset.count()));
        first = false;
    }
    m.task("winter", "28 22:30");  // 23:30 there
    m.task("summer", "29 22:30");  // 00:30 of the next day there
    m.stands("winter", "p", "todo");
    m.stands("summer", "p", "todo");
    CHECK(m.rows("SELECT day, created FROM asana_daily_counts WHERE day <= '2026-03-30' ORDER BY day") ==
          Rows{"2026-03-28|1", "2026-03-29|0", "2026-03-30|1"});
}

TEST_CASE("a section holds as many tasks a day as stood there at its end") {
    Mirror m;
    m.task("1", "01 08:00");
    m.task("2", "01 08:00");
    m.stands("1", "p", "doing");
    m.stands("2", "p", "todo");
    m.change("1", "03 08:00", "section", "'todo'", "'doing'");
    CHECK(m.rows("SELECT day, section_name, tasks FROM asana_cumulative_flow WHERE day <= '2026-03-03' "
                 "ORDER BY day, section_name") ==
          Rows{"2026-03-01|To do|2", "2026-03-02|To do|2", "2026-03-03|Doing|1", "2026-03-03|To do|1"});
}

TEST_CASE("overdue is what is open behind its day, or its time of today") {
    Mirror m;
    m.task("old", "01 08:00", "due_on = date('now', '-2 days'), assignee_gid = 'ann'");
    m.task("done", "01 08:00", "due_on = date('now', '-2 days'), completed = 1");
    m.task("today", "01 08:00", "due_on = date('now')");
    m.task("hour", "01 08:00",
           "due_on = date('now', '-1 hour'), due_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour')");
    m.task("later", "01 08:00", "due_on = date('now', '+3 days')");
    CHECK(m.rows("SELECT task_gid, assignee_name FROM asana_overdue ORDER BY 1") == Rows{"hour|-", "old|Ann"});
    CHECK(m.rows("SELECT days_overdue FROM asana_overdue WHERE task_gid = 'old'") == Rows{"2"});
    CHECK(m.rows("SELECT task_gid FROM asana_task_details WHERE is_overdue ORDER BY 1") == Rows{"hour", "old"});
    CHECK(m.rows("SELECT assignee_name, sum(open_tasks), sum(overdue_tasks) FROM asana_workload") == Rows{"Ann|1|1"});
    CHECK(m.rows("SELECT task_gid FROM asana_unassigned ORDER BY 1") == Rows{"hour", "later", "today"});
}

TEST_CASE("details name what a task refers to, and the root of a subtask") {
    Mirror m;
    m.task("1", "01 08:00", "assignee_gid = 'ann'");
    m.task("2", "01 08:00", "parent_gid = '1'");
    m.task("3", "01 08:00", "parent_gid = '2'");
    m.stands("1", "p", "todo");
    m.stands("1", "q", "shop");
    m.run("INSERT INTO asana_task_followers VALUES ('1', 'ben'), ('1', 'ann')");
    CHECK(m.rows("SELECT assignee_name, projects, sections, followers, tags, root_gid, depth FROM asana_task_details "
                 "WHERE task_gid = '1'") == Rows{"Ann|Launch, Shop|To do, Shop|Ann, Ben|-|1|0"});
    CHECK(m.rows("SELECT parent_name, root_name, depth FROM asana_task_details WHERE task_gid = '3'") ==
          Rows{"Task 2|Task 1|2"});
    m.set("1", "parent_gid = '3'");  // nonsense does not hang
    CHECK(m.rows("SELECT count(*) FROM asana_task_details") == Rows{"3"});
}

TEST_CASE("what waits for open work is blocked, and chains of it end, even in a circle") {
    Mirror m;
    for (const auto* gid : {"1", "2", "3", "4"}) m.task(gid, "01 08:00");
    m.set("1", "due_on = '2026-03-09'");
    m.set("2", "due_on = '2026-03-05'");
    m.run("INSERT INTO asana_task_dependencies VALUES ('2', '1'), ('3', '2'), ('4', '4')");
    CHECK(m.rows("SELECT task_gid, blockers, blocked_by, is_late FROM asana_blocked_tasks ORDER BY 1") ==
          Rows{"2|1|Task 1|1", "3|1|Task 2|-", "4|1|Task 4|-"});
    CHECK(m.rows("SELECT task_gid, length, chain FROM asana_dependency_chains") ==
          Rows{"1|3|Task 1 > Task 2 > Task 3"});
    m.set("1", "completed = 1");
    CHECK(m.rows("SELECT task_gid FROM asana_blocked_tasks ORDER BY 1") == Rows{"3", "4"});
}

TEST_CASE("a project stands as its latest status says, and as its tasks do") {
    Mirror m;
    m.task("1", "01 08:00", "completed = 1");
    m.task("2", "01 08:00", "due_on = '2026-03-02'");
    m.stands("1", "p", "todo");
    m.stands("2", "p", "todo");
    m.run(
        fmt::format("INSERT INTO asana_status_updates (gid, parent_gid, status_type, created_at) VALUES "
                    "('a', 'p', 'on_track', '{}'), ('b', 'p', 'at_risk', '{}')",
                    at("01 08:00"), at("02 08:00")));
    CHECK(m.rows("SELECT project_name, status_type, tasks, open_tasks, overdue_tasks, completed_share "
                 "FROM asana_project_health ORDER BY 1") == Rows{"Launch|at_risk|2|1|1|0.5", "Shop|-|0|0|0|-"});
}

TEST_CASE("goals, estimates and logged time are told as they are") {
    Mirror m;
    m.run(
        "INSERT INTO asana_goals (gid, name, metric_initial_number_value, metric_current_number_value, "
        "metric_target_number_value, mirrored_at) VALUES ('g', 'Grow', 10, 15, 30, 'x'), ('h', 'Wait', NULL, NULL, "
        "NULL, 'x')");
    CHECK(m.rows("SELECT goal_name, progress FROM asana_goal_progress ORDER BY 1") == Rows{"Grow|0.25", "Wait|-"});
    m.task("1", "01 08:00", "actual_time_minutes = 90");
    m.run(
        "INSERT INTO asana_custom_fields (gid, name, asana_created_field) VALUES ('f', 'Estimated time', "
        "'estimated_time');"
        "INSERT INTO asana_custom_field_values (object_gid, object_type, custom_field_gid, number_value) "
        "VALUES ('1', 'task', 'f', 60);"
        "INSERT INTO asana_time_tracking_entries (gid, task_gid, created_by_gid, entered_on, duration_minutes) "
        "VALUES ('e', '1', 'ann', '2026-03-04', 40), ('e2', '1', 'ann', '2026-03-08', 50)");
    CHECK(m.rows("SELECT task_name, estimated_minutes, over_minutes FROM asana_estimates") == Rows{"Task 1|60.0|30.0"});
    CHECK(m.rows("SELECT user_name, week, minutes, tasks FROM asana_logged_time") == Rows{"Ann|2026-03-02|90|1"});
}

TEST_CASE("a due time decides, whatever the day is where the time zone says") {
    Mirror m;
    // Its day is over there, its hour is not; and the other way round.
    m.task("later", "01 08:00",
           "due_on = date('now', '-1 day'), due_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour')");
    m.task("over", "01 08:00",
           "due_on = date('now', '+1 day'), due_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour')");
    for (const auto* task : {"later", "over"}) {
        m.set(task, "assignee_gid = 'ann'");
        m.stands(task, "p", "todo");
    }
    CHECK(m.rows("SELECT task_gid, days_overdue FROM asana_overdue") == Rows{"over|0"});
    CHECK(m.rows("SELECT task_gid FROM asana_task_details WHERE is_overdue") == Rows{"over"});
    CHECK(m.rows("SELECT sum(open_tasks), sum(overdue_tasks) FROM asana_workload") == Rows{"2|1"});
    CHECK(m.rows("SELECT open_tasks, overdue_tasks FROM asana_project_health WHERE project_gid = 'p'") == Rows{"2|1"});
}

TEST_CASE("work on a task begins with a move or an assignment, before it is completed") {
    Mirror m;
    for (const auto* task : {"1", "2", "3"})
        m.task(task, "01 08:00", "completed = 1, completed_at = '" + at("05 08:00") + "'");
    m.change("1", "02 08:00", "assignee", "'ann'", "NULL");
    m.change("1", "04 08:00", "assignee", "NULL", "'ben'");
    m.change("2", "06 08:00", "section", "'doing'", "'done'");
    m.change("3", "02 08:00", "assignee", "'ann'", "NULL");
    CHECK(m.rows("SELECT task_gid, cycle_seconds / 86400 FROM asana_cycle_times ORDER BY 1") ==
          Rows{"1|1", "2|-", "3|-"});
}

TEST_CASE("a task that was reopened was done in between, and open again") {
    Mirror m;
    m.task("1", "01 08:00", "completed = 1, completed_at = '" + at("05 08:00") + "'");
    m.task("2", "01 08:00");
    m.task("3", "01 08:00");
    for (const auto* task : {"1", "2", "3"}) m.stands(task, "p", "todo");
    m.change("1", "02 08:00", "completed", "NULL", "NULL", "'0'", "'1'");
    m.change("1", "04 08:00", "completed", "NULL", "NULL", "'1'", "'0'");
    m.change("1", "05 08:00", "completed", "NULL", "NULL", "'0'", "'1'");
    m.change("2", "03 08:00", "completed", "NULL", "NULL", "'0'", "'1'");
    m.change("2", "03 09:00", "completed", "NULL", "NULL", "'1'", "'0'");
    m.change("3", "03 08:00", "completed", "NULL", "NULL", "'1'", "'0'");  // nobody knows since when it was complete
    const Rows days{"2026-03-01|3|0|0|3|0", "2026-03-02|0|1|0|2|1", "2026-03-03|0|1|1|2|1", "2026-03-04|0|0|1|3|0",
                    "2026-03-05|0|1|0|2|1"};
    CHECK(m.rows("SELECT day, created, completed, reopened, open, done FROM asana_daily_counts WHERE day < "
                 "'2026-03-06' ORDER BY day") == days);
    CHECK(m.rows("SELECT day, created, completed, reopened, open, done FROM asana_daily_totals WHERE day < "
                 "'2026-03-06' ORDER BY day") == days);
    CHECK(m.rows("SELECT sum(completed) FROM asana_throughput") == Rows{"1"});
}

TEST_CASE("totals count a task once, in however many projects it is, or in none") {
    Mirror m;
    for (const auto* task : {"1", "2", "3"}) m.task(task, "01 23:30");
    m.stands("1", "p", "todo");
    m.stands("1", "q", "shop");
    m.set("3", "parent_gid = '1', completed = 1, completed_at = '" + at("02 08:00") + "'");
    const std::string days =
        "SELECT day, created, open, done FROM asana_daily_totals WHERE day <= '2026-03-02' ORDER BY day";
    CHECK(m.rows(days) == Rows{"2026-03-01|3|3|0", "2026-03-02|0|2|1"});
    m.run("UPDATE sync_time_zone SET offset_seconds = 20700");
    CHECK(m.rows(days) == Rows{"2026-03-02|3|2|1"});
    m.run("DELETE FROM asana_tasks WHERE gid = '2'");
    CHECK(m.rows(days) == Rows{"2026-03-02|2|1|1"});
}

TEST_CASE("a day begins when the clock says so, also where it skips midnight") {
    const auto bounds = [](const std::string& zone, const std::string& days) {
        Mirror m;
        m.run("DELETE FROM sync_time_zone");
        for (bool first = true; const auto& offset : utc_offsets(zone)) {
            m.run(fmt::format("INSERT INTO sync_time_zone VALUES ('{}', {})", first ? "" : iso(offset.since),
                              offset.offset.count()));
            first = false;
        }
        return m.rows(
            fmt::format("SELECT substr(starts_at, 6, 11) FROM asana_day_bounds WHERE day IN ({}) ORDER BY day", days));
    };
    CHECK(bounds("Europe/Berlin", "'2026-03-28', '2026-03-29', '2026-03-30'") ==
          Rows{"03-27T23:00", "03-28T23:00", "03-29T22:00"});
    CHECK(bounds("Europe/Berlin", "'2025-10-26', '2025-10-27'") == Rows{"10-25T22:00", "10-26T23:00"});
    CHECK(bounds("America/Sao_Paulo", "'2018-11-03', '2018-11-04', '2018-11-05'") ==
          Rows{"11-03T03:00", "11-04T03:00", "11-05T02:00"});
    CHECK(bounds("America/Sao_Paulo", "'2019-02-16', '2019-02-17'") == Rows{"02-16T02:00", "02-17T03:00"});
    CHECK(bounds("America/Havana", "'2025-11-02', '2025-11-03'") == Rows{"11-02T04:00", "11-03T05:00"});
}

TEST_CASE("a section's days begin with the day of its first task") {
    Mirror m;
    m.run("UPDATE sync_time_zone SET offset_seconds = 20700");
    m.task("1", "01 23:30");  // the 2nd there
    m.stands("1", "p", "todo");
    CHECK(m.rows("SELECT day, tasks FROM asana_cumulative_flow WHERE day <= '2026-03-03' ORDER BY day") ==
          Rows{"2026-03-02|1", "2026-03-03|1"});
}

TEST_CASE("nobody knows when a task moved in a project that the token does not see") {
    Mirror m;
    m.run(
        "INSERT INTO asana_projects (gid) VALUES ('hidden');"
        "INSERT INTO asana_sections (gid) VALUES ('x'), ('y')");
    m.task("1", "01 08:00");
    m.stands("1", "hidden", "y");
    m.change("1", "02 08:00", "section", "'x'", "'y'");
    CHECK(m.sections("1").empty());
}

TEST_CASE("blockers are named in the order of their names") {
    Mirror m;
    for (const auto* gid : {"1", "2", "3"}) m.task(gid, "01 08:00");
    m.set("1", "name = 'Zebra'");
    m.set("2", "name = 'Ant'");
    m.run("INSERT INTO asana_task_dependencies VALUES ('3', '1'), ('3', '2')");
    CHECK(m.rows("SELECT blockers, blocked_by FROM asana_blocked_tasks") == Rows{"2|Ant, Zebra"});
}
