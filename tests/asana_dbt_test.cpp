// The views of schema/asana_fivetran.sql and schema/asana_dbt.sql over rows that a test writes.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

#include "store/schema.hpp"

using namespace taskmirror;

namespace {

// Of June 2026: on(3, "09:30") is "2026-06-03T09:30:00.000Z".
std::string on(int day, const std::string& time = "12:00") {
    return fmt::format("2026-06-{:02}T{}:00.000Z", day, time);
}

struct Workspace {
    SQLite::Database database{":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE};
    int stories = 0;

    Workspace() {
        for (const auto sql :
             {store::core_sql(), store::asana_sql(), store::asana_fivetran_sql(), store::asana_dbt_sql()})
            database.exec(std::string(sql));
        run("INSERT INTO asana_teams (gid, name, mirrored_at) VALUES ('team', 'Team', 'x')");
        run("INSERT INTO asana_tags (gid, name, mirrored_at) VALUES ('tag', 'Tag', 'x')");
        user("ann", "Ann");
        user("bob", "Bob");
        project("p", "Launch");
    }

    void run(const std::string& sql) { database.exec(sql); }
    void user(const std::string& gid, const std::string& name) {
        run(fmt::format(
            "INSERT INTO asana_users (gid, name, email, mirrored_at) VALUES ('{0}', '{1}', '{0}@acme', 'x')", gid,
            name));
    }
    void project(const std::string& gid, const std::string& name, const std::string& team = "'team'") {
        run(
            fmt::format("INSERT INTO asana_projects (gid, name, team_gid, archived, mirrored_at) "
                        "VALUES ('{}', '{}', {}, 0, 'x')",
                        gid, name, team));
    }
    // In project p. Empty: not completed, not assigned.
    void task(const std::string& gid, const std::string& made, const std::string& completed = {},
              const std::string& assignee = {}) {
        run(
            fmt::format("INSERT INTO asana_tasks (gid, name, created_at, completed, completed_at, assignee_gid, "
                        "mirrored_at) VALUES ('{0}', 'Task {0}', '{1}', '{2}' <> '', nullif('{2}', ''), "
                        "nullif('{3}', ''), 'x')",
                        gid, made, completed, assignee));
        home(gid, "p");
    }
    void home(const std::string& task, const std::string& project) {
        run(fmt::format("INSERT INTO asana_task_memberships VALUES ('{}', '{}', NULL)", task, project));
    }
    void story(const std::string& task, const std::string& kind, const std::string& at, const std::string& by = "ann",
               const std::string& text = "") {
        run(
            fmt::format("INSERT INTO asana_stories (gid, target_gid, target_type, resource_subtype, type, created_at, "
                        "created_by_gid, text, mirrored_at) VALUES ('{}', '{}', 'task', '{}', '{}', '{}', "
                        "nullif('{}', ''), '{}', 'x')",
                        ++stories, task, kind, kind == "comment_added" ? "comment" : "system", at, by, text));
    }
    // As the program does it, with what hangs on the task.
    void delete_task(const std::string& gid, const std::string& at) {
        const auto bury = [&](const std::string& table, const std::string& where, const std::string& columns,
                              const std::string& by) {
            run(
                fmt::format("INSERT INTO sync_tombstones SELECT '{}', gid, 'acme', 'deleted', '{}', '2026-06-30', "
                            "'{}', json_object({}) FROM {} WHERE {}",
                            table, at, by, columns, table, where));
            run(fmt::format("DELETE FROM {} WHERE {}", table, where));
        };
        bury("asana_tasks", fmt::format("gid = '{}'", gid),
             "'created_at', created_at, 'completed', completed, 'completed_at', completed_at, 'assignee_gid', "
             "assignee_gid",
             "event");
        bury("asana_stories", fmt::format("target_gid = '{}'", gid),
             "'target_gid', target_gid, 'created_at', created_at, 'resource_subtype', resource_subtype", "parent");
        for (const auto table : {"asana_task_memberships", "asana_task_tags", "asana_task_followers"})
            run(fmt::format("DELETE FROM {} WHERE task_gid = '{}'", table, gid));
    }
    // Rows as "a b", separated by "; ".
    std::string ask(const std::string& sql) {
        SQLite::Statement query(database, sql);
        std::vector<std::string> rows;
        while (query.executeStep()) {
            std::vector<std::string> cells;
            for (int i = 0; i < query.getColumnCount(); ++i)
                cells.push_back(query.isColumnNull(i) ? "NULL" : query.getColumn(i).getString());
            rows.push_back(fmt::format("{}", fmt::join(cells, " ")));
        }
        return fmt::format("{}", fmt::join(rows, "; "));
    }
    // From the first to the last day of June: "open assigned created completed" of each.
    std::string days(int first, int last) {
        return ask(
            fmt::format("SELECT number_of_tasks_open, number_of_tasks_open_assigned, number_of_tasks_created, "
                        "number_of_tasks_completed FROM asana__daily_metrics "
                        "WHERE date_day BETWEEN '2026-06-{:02}' AND '2026-06-{:02}' ORDER BY date_day",
                        first, last));
    }
    std::string columns(const std::string& view) {
        return ask(fmt::format("SELECT group_concat(name, ' ') FROM pragma_table_info('{}')", view));
    }
};

}  // namespace

TEST_CASE("the durations of a finished task end when it was completed, those of an open one today") {
    Workspace w;
    w.task("1", on(1), on(11), "ann");
    w.story("1", "assigned", on(3));
    w.story("1", "assigned", on(6));
    w.task("2", on(1));
    w.run("INSERT INTO asana_task_tags VALUES ('1', 'tag')");

    CHECK(w.ask("SELECT days_open, days_since_first_assignment, days_since_last_assignment FROM asana__task "
                "WHERE task_id = '1'") == "10 8 5");
    CHECK(w.ask("SELECT days_open = julianday('now', 'start of day') - julianday('2026-06-01'), "
                "days_since_last_assignment FROM asana__task WHERE task_id = '2'") == "1 NULL");
    CHECK(w.ask("SELECT avg_close_time_days, avg_close_time_assigned_days FROM asana__project") == "10.0 5.0");
    CHECK(w.ask("SELECT avg_close_time_days, avg_close_time_assigned_days FROM asana__team") == "10.0 5.0");
    CHECK(w.ask("SELECT avg_days_open, avg_days_assigned FROM asana__tag") == "10.0 5.0");
    CHECK(w.ask("SELECT avg_close_time_days FROM asana__user WHERE user_id = 'ann'") == "5.0");
}

TEST_CASE("a task that was completed on the day it was made is counted on that day, and took no days") {
    Workspace w;
    w.task("1", on(1, "09:00"), on(1, "17:00"));
    w.task("2", on(1), on(2));

    CHECK(w.days(1, 3) == "1 0 2 1; 0 0 0 1; 0 0 0 0");
    CHECK(w.ask("SELECT days_open FROM asana__task ORDER BY task_id") == "0; 1");
    w.run("DELETE FROM asana_tasks WHERE gid = '2'");
    CHECK(w.ask("SELECT avg_close_time_days FROM asana__project") == "0.0");
}

TEST_CASE("a tag counts its open tasks") {
    Workspace w;
    w.task("1", on(1));
    w.task("2", on(1), {}, "ann");
    w.task("3", on(1), on(4), "ann");
    w.run("INSERT INTO asana_task_tags VALUES ('1', 'tag'), ('2', 'tag'), ('3', 'tag')");

    CHECK(w.ask("SELECT number_of_open_tasks, number_of_assigned_open_tasks, number_of_tasks_completed, avg_days_open "
                "FROM asana__tag") == "2 1 1 3.0");
}

TEST_CASE("what was deleted is not open any more, and was until then") {
    Workspace w;
    w.task("1", on(1), {}, "ann");
    w.story("1", "assigned", on(2));
    w.task("2", on(1), on(2));
    w.task("3", on(1));
    w.delete_task("1", on(4));
    w.delete_task("2", on(4));

    CHECK(w.ask("SELECT task_id FROM asana__task") == "3");
    CHECK(w.ask("SELECT number_of_open_tasks, number_of_assigned_open_tasks, number_of_tasks_completed "
                "FROM asana__project") == "1 0 0");
    CHECK(w.ask("SELECT number_of_open_tasks FROM asana__user WHERE user_id = 'ann'") == "0");
    CHECK(w.days(1, 4) == "3 0 3 0; 2 1 0 1; 2 1 0 0; 1 0 0 0");
    CHECK(w.ask("SELECT id FROM fivetran_task") == "3");
    CHECK(w.ask("SELECT id FROM fivetran_story").empty());
}

TEST_CASE("a deleted project, tag or team is no row") {
    Workspace w;
    w.project("q", "Second");
    w.run("UPDATE asana_projects SET mirrored_at = NULL, archived = NULL, team_gid = NULL WHERE gid = 'q'");
    w.run("UPDATE asana_tags SET mirrored_at = NULL");
    w.run("DELETE FROM asana_teams");

    CHECK(w.ask("SELECT project_id FROM asana__project") == "p");
    CHECK(w.ask("SELECT count(*) FROM asana__tag") == "0");
    CHECK(w.ask("SELECT count(*) FROM asana__team") == "0");
}

TEST_CASE("the history of people who left stays, and so do their tasks") {
    Workspace w;
    w.task("1", on(1), on(9), "bob");
    w.task("2", on(1), {}, "bob");
    w.story("1", "assigned", on(2), "bob");
    w.story("1", "comment_added", on(3), "bob", "Hello");
    w.story("1", "comment_added", on(4), "", "Bye");
    w.run("INSERT INTO asana_task_followers VALUES ('1', 'ann'), ('1', 'bob')");
    w.run("UPDATE asana_projects SET owner_gid = 'bob'");
    w.run(
        "INSERT INTO sync_tombstones SELECT 'asana_users', gid, 'acme', 'deleted', NULL, 'x', 'walk', "
        "json_object('name', name, 'email', email) FROM asana_users WHERE gid = 'bob'");
    w.run("UPDATE asana_users SET email = NULL, mirrored_at = NULL WHERE gid = 'bob'");

    CHECK(w.ask("SELECT assignee_name, first_modifier_user_id, first_modifier_name, has_been_assigned, "
                "number_of_comments, followers FROM asana__task WHERE task_id = '1'") == "Bob bob Bob 1 2 Ann, Bob");
    CHECK(w.ask("SELECT conversation FROM asana__task WHERE task_id = '1'") ==
          on(3) + "  -  Bob:  Hello\n" + on(4) + "  -  unknown:  Bye");
    CHECK(w.ask("SELECT number_of_open_tasks, number_of_tasks_completed, avg_close_time_days, "
                "number_of_projects_owned, number_of_projects_currently_assigned_to, projects_working_on "
                "FROM asana__user WHERE user_id = 'bob'") == "1 1 7.0 1 1 Launch");
    CHECK(w.ask("SELECT users_involved, number_of_users_involved FROM asana__project") ==
          "Bob as owner, Bob as task assignee 1");
}

TEST_CASE("a project that belongs to no team, or to one that is not seen, is there") {
    const auto team = GENERATE(std::string("NULL"), std::string("'hidden'"));
    Workspace w;
    w.project("q", "Alone", team);
    w.task("1", on(1));
    w.home("1", "q");

    CHECK(w.ask("SELECT project_id, team_name, number_of_open_tasks FROM asana__project ORDER BY 1") ==
          "p Team 1; q NULL 1");
}

TEST_CASE("history is read from the kind of a story, in whatever words it is told") {
    Workspace w;
    w.task("1", on(1), {}, "ann");
    w.story("1", "assigned", on(2), "bob", "hat Ann die Aufgabe zugewiesen");
    w.story("1", "enum_custom_field_changed", on(3), "ann", "assigned Priority to High");
    w.story("1", "comment_added", on(4), "ann", "assigned to nobody");
    w.task("2", on(1));
    w.story("2", "name_changed", on(3), "ann", "assigned");
    w.task("3", on(1));
    w.story("3", "unassigned", on(3));
    w.task("4", on(1), {}, "ann");

    CHECK(w.ask("SELECT first_assigned_at, last_assigned_at FROM asana__task WHERE task_id = '1'") ==
          on(2) + " " + on(2));
    CHECK(w.ask("SELECT has_been_assigned, is_currently_assigned FROM asana__task ORDER BY task_id") ==
          "1 1; 0 0; 1 0; 1 1");
}

TEST_CASE("the last day is today") {
    Workspace w;
    w.task("1", on(1));

    CHECK(w.ask("SELECT min(date_day), max(date_day) = date('now'), "
                "count(*) = 1 + julianday('now', 'start of day') - julianday('2026-06-01') "
                "FROM asana__daily_metrics") == "2026-06-01 1 1");
}

TEST_CASE("without tasks there are no days") {
    Workspace w;

    CHECK(w.ask("SELECT count(*) FROM asana__daily_metrics") == "0");
}

TEST_CASE("a team counts a task in two of its projects once, and averages over tasks") {
    Workspace w;
    w.project("q", "Second");
    for (int i = 1; i <= 3; ++i) w.task(std::to_string(i), on(1), on(5));
    w.task("4", on(1), on(13));
    w.run("UPDATE asana_task_memberships SET project_gid = 'q' WHERE task_gid = '4'");
    w.task("5", on(1), {}, "ann");
    w.home("5", "q");

    CHECK(w.ask("SELECT number_of_open_tasks, number_of_assigned_open_tasks, number_of_tasks_completed, "
                "avg_close_time_days, number_of_active_projects, active_projects, number_of_archived_projects "
                "FROM asana__team") == "1 1 4 6.0 2 Launch, Second 0");
    CHECK(w.ask("SELECT number_of_open_tasks FROM asana__project") == "1; 1");
    CHECK(w.ask("SELECT number_of_tasks_open FROM asana__daily_metrics LIMIT 1") == "1");
}

TEST_CASE("a task is in its projects with a section and without") {
    Workspace w;
    w.project("q", "Second");
    w.project("r", "Third");
    w.run(
        "INSERT INTO asana_sections (gid, name, project_gid, mirrored_at) VALUES ('s', 'Doing', 'q', 'x'), "
        "('t', '(no section)', 'r', 'x')");
    w.task("1", on(1));
    w.home("1", "q");
    w.home("1", "r");
    w.run("UPDATE asana_task_memberships SET section_gid = 's' WHERE project_gid = 'q'");
    w.run("UPDATE asana_task_memberships SET section_gid = 't' WHERE project_gid = 'r'");

    CHECK(w.ask("SELECT project_ids, project_names, projects_sections, number_of_projects FROM asana__task") ==
          "p, q, r Launch, Second, Third Launch, Second: Doing, Third 3");
    CHECK(w.ask("SELECT sections FROM asana__project ORDER BY project_id") == "NULL; Doing; NULL");
}

TEST_CASE("a task that was completed and reopened was not open in between, nor assigned then") {
    Workspace w;
    w.task("1", on(1), on(9), "ann");
    w.story("1", "assigned", on(2));
    w.story("1", "marked_complete", on(3));
    w.story("1", "marked_incomplete", on(5));
    w.story("1", "marked_complete", on(6, "10:00"));
    w.story("1", "marked_incomplete", on(6, "11:00"));
    w.story("1", "marked_complete", on(9));

    CHECK(w.days(1, 10) == "1 0 1 0; 1 1 0 0; 0 0 0 1; 0 0 0 0; 1 1 0 0; 1 1 0 0; 1 1 0 0; 1 1 0 0; 0 0 0 1; 0 0 0 0");
    w.run("UPDATE asana_tasks SET completed = 0, completed_at = NULL");
    CHECK(w.ask("SELECT days_open = julianday('now', 'start of day') - julianday('2026-06-01'), is_completed "
                "FROM asana__task") == "1 0");
}

TEST_CASE("a task that was taken off somebody is assigned no more, and who is assigned without a story always was") {
    Workspace w;
    w.task("1", on(1));
    w.story("1", "assigned", on(2));
    w.story("1", "unassigned", on(4));
    w.task("2", on(1), {}, "ann");

    CHECK(w.days(1, 4) == "2 1 2 0; 2 2 0 0; 2 2 0 0; 2 1 0 0");
    CHECK(w.ask("SELECT avg_days_open, avg_days_open_assigned FROM asana__daily_metrics "
                "WHERE date_day = '2026-06-03'") == "2.0 2.0");  // 1 and 2 days since they were assigned: 1.5
}

TEST_CASE("times of day stay, and what depends on who asks is not known") {
    Workspace w;
    w.task("1", on(1));
    w.run("UPDATE asana_tasks SET due_on = '2026-06-07', due_at = '2026-06-07T15:00:00.000Z', start_on = '2026-06-02'");
    w.task("2", on(1));
    w.run("UPDATE asana_tasks SET parent_gid = '1' WHERE gid = '2'");

    CHECK(w.ask("SELECT due_date, start_date, is_liked, is_subtask FROM asana__task WHERE task_id = '1'") ==
          "2026-06-07T15:00:00.000Z 2026-06-02 NULL 0");
    CHECK(w.ask("SELECT is_subtask, parent_task_name, parent_due_date, parent_created_at FROM asana__task "
                "WHERE task_id = '2'") == "1 Task 1 2026-06-07T15:00:00.000Z " + on(1));
}

TEST_CASE("who is gone stands once in the tables of Fivetran, with 1 and the last content") {
    Workspace w;
    w.user("eve", "Eve");
    w.run("UPDATE asana_users SET mirrored_at = NULL, email = NULL WHERE gid IN ('bob', 'eve')");
    w.run(
        "INSERT INTO sync_tombstones VALUES "
        "('asana_users', 'bob', 'acme', 'deleted', NULL, 'y', 'walk', '{\"name\":\"Bob\",\"email\":\"bob@acme\"}'), "
        "('asana_projects', 'q', 'acme', 'deleted', NULL, 'y', 'event', "
        "'{\"name\":\"Old\",\"archived\":1,\"due_on\":\"2026-06-01\",\"privacy_setting\":\"private\"}'), "
        "('asana_teams', 'gone', 'acme', 'deleted', NULL, 'y', 'walk', "
        "'{\"name\":\"Gone\",\"organization_gid\":\"w\"}'), "
        "('asana_tags', 'gone', 'acme', 'deleted', NULL, 'y', 'walk', '{\"name\":\"Gone\",\"color\":\"red\"}')");

    CHECK(w.ask("SELECT _fivetran_deleted, _fivetran_synced, id, name, email FROM fivetran_user ORDER BY id") ==
          "0 x ann Ann ann@acme; 1 y bob Bob bob@acme; 0 NULL eve Eve NULL");
    CHECK(w.ask("SELECT _fivetran_deleted, id, name, archived, due_date, public FROM fivetran_project ORDER BY id") ==
          "0 p Launch 0 NULL NULL; 1 q Old 1 2026-06-01 0");
    CHECK(w.ask("SELECT _fivetran_deleted, id, name, organization_id FROM fivetran_team ORDER BY id") ==
          "1 gone Gone w; 0 team Team NULL");
    CHECK(w.ask("SELECT _fivetran_deleted, id, name, color FROM fivetran_tag ORDER BY id") ==
          "1 gone Gone red; 0 tag Tag NULL");
}

TEST_CASE("the views have the columns of the package's models, in their order") {
    Workspace w;

    CHECK(w.columns("asana__task") ==
          "source_relation task_id assignee_user_id is_completed completed_at completed_by_user_id created_at due_date "
          "modified_at task_name parent_task_id start_date task_description is_liked number_of_likes workspace_id "
          "task_link assignee_name assignee_email days_open is_currently_assigned has_been_assigned "
          "days_since_last_assignment days_since_first_assignment last_assigned_at first_assigned_at "
          "first_modifier_user_id first_modifier_name conversation number_of_comments followers number_of_followers "
          "tags number_of_tags project_ids project_names projects_sections number_of_projects is_subtask "
          "parent_task_name parent_assignee_user_id parent_assignee_name parent_due_date parent_created_at");
    CHECK(w.columns("asana__project") ==
          "source_relation project_id project_name number_of_open_tasks number_of_assigned_open_tasks "
          "number_of_tasks_completed avg_close_time_days avg_close_time_assigned_days project_link team_id team_name "
          "is_archived created_at current_status due_date last_modified_at owner_user_id users_involved "
          "number_of_users_involved sections notes is_public");
    CHECK(w.columns("asana__user") ==
          "source_relation user_id email user_name number_of_open_tasks number_of_tasks_completed avg_close_time_days "
          "number_of_projects_owned number_of_projects_currently_assigned_to projects_working_on");
    CHECK(w.columns("asana__team") ==
          "source_relation team_id team_name number_of_open_tasks number_of_assigned_open_tasks "
          "number_of_tasks_completed avg_close_time_days avg_close_time_assigned_days number_of_active_projects "
          "active_projects number_of_archived_projects");
    CHECK(w.columns("asana__tag") ==
          "source_relation tag_id tag_name created_at number_of_open_tasks number_of_assigned_open_tasks "
          "number_of_tasks_completed avg_days_open avg_days_assigned");
    CHECK(w.columns("asana__daily_metrics") ==
          "source_relation date_day number_of_tasks_open number_of_tasks_open_assigned number_of_tasks_created "
          "number_of_tasks_completed avg_days_open avg_days_open_assigned");
}

TEST_CASE("the source views have the columns that the package's staging models read") {
    Workspace w;

    CHECK(w.columns("fivetran_task") ==
          "_fivetran_synced assignee_id completed completed_at completed_by_id created_at due_at due_on id modified_at "
          "name notes liked num_likes parent_id start_on workspace_id");
    CHECK(w.columns("fivetran_project") ==
          "_fivetran_deleted _fivetran_synced archived color created_at current_status due_date id modified_at name "
          "notes owner_id public team_id workspace_id");
    CHECK(w.columns("fivetran_user") == "_fivetran_deleted _fivetran_synced email id name");
    CHECK(w.columns("fivetran_team") == "_fivetran_deleted _fivetran_synced id name organization_id");
    CHECK(w.columns("fivetran_tag") ==
          "_fivetran_deleted _fivetran_synced color created_at id message name notes workspace_id");
    CHECK(w.columns("fivetran_story") ==
          "_fivetran_synced created_at created_by_id hearted id num_hearts source target_id text type");
    CHECK(w.columns("fivetran_section") == "_fivetran_synced created_at id name project_id");
    CHECK(w.columns("fivetran_task_section") == "_fivetran_synced section_id task_id");
    CHECK(w.columns("fivetran_project_task") == "_fivetran_synced project_id task_id");
    CHECK(w.columns("fivetran_task_follower") == "_fivetran_synced task_id user_id");
    CHECK(w.columns("fivetran_task_tag") == "_fivetran_synced tag_id task_id");
}
