#include "store_test_support.hpp"

#include "store/schema.hpp"
#include "store/sqlite_open.hpp"
#include "store/sqlite_wide.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;
using namespace taskmirror::store;
namespace fs = std::filesystem;

namespace {

using Names = std::vector<std::string>;

// A database with one workspace and whatever is written into it by SQL; each change is followed by a commit of the
// store. `columns`: none, and views are not spoken of.
class Mirror {
  public:
    explicit Mirror(std::span<const Step> steps = schema_steps(), std::optional<std::int64_t> columns = 20'000)
        : store_(open_sqlite(file_, kTables, steps)) {
        if (columns) allow(*columns);
        change("INSERT INTO asana_workspaces (gid, name, mirrored_at) VALUES ('9', 'Acme', '')");
    }

    void allow(std::int64_t columns, bool anew = false) {
        store_->begin();
        store_->allow_wide_views(columns, anew);
        store_->commit();
    }
    // By somebody else: nothing is brought in step.
    void change_alone(const std::string& sql) { SQLite::Database(file_, SQLite::OPEN_READWRITE).exec(sql); }
    void change(const std::string& sql) {
        change_alone(sql);
        commit();
    }
    void commit() {
        store_->begin();
        store_->commit();
    }
    void open_again(std::span<const Step> steps = schema_steps()) {
        store_.reset();
        store_ = open_sqlite(file_, kTables, steps);
    }

    void project(std::string_view gid, std::string_view name) {
        change(
            fmt::format("INSERT INTO asana_projects (gid, name, workspace_gid, mirrored_at) VALUES ({}, {}, '9', '')",
                        in_quotes(gid, '\''), in_quotes(name, '\'')));
    }
    void field(std::string_view gid, std::string_view name, std::string_view kind = "text", std::string_view of = "1",
               bool global = false) {
        change(
            fmt::format("INSERT INTO asana_custom_fields (gid, name, workspace_gid, resource_subtype, "
                        "representation_type, is_global_to_workspace, mirrored_at) "
                        "VALUES ({0}, {1}, '9', '{2}', '{2}', {3}, '');"
                        "INSERT INTO asana_custom_field_settings VALUES ('{4}', 'project', {0}, 0, {5})",
                        in_quotes(gid, '\''), in_quotes(name, '\''), kind, int{global}, of, ++fields_));
    }

    std::string rows(const std::string& sql) const { return store::rows(file_, sql); }
    std::string views() const {
        return rows(
            "SELECT name FROM sqlite_master WHERE type = 'view' AND name GLOB 'asana_project_*[0-9]' ORDER BY name");
    }
    std::string view_of(const std::string& object) const {
        return rows("SELECT view_name FROM sync_wide_views WHERE object_gid = '" + object + "'");
    }
    std::string note_of(const std::string& object) const {
        return rows("SELECT note FROM sync_wide_views WHERE object_gid = '" + object + "'");
    }
    // Those of fields, separated by |.
    std::string columns_of(const std::string& object) const {
        return rows(
            fmt::format("SELECT group_concat(name, '|') FROM (SELECT name FROM pragma_table_info({}) "
                        "WHERE cid >= (SELECT count(*) FROM pragma_table_info('asana_project_tasks')))",
                        in_quotes(view_of(object), '\'')));
    }

  private:
    testing::TemporaryFolder folder_;
    fs::path file_ = folder_.path() / "mirror.db";
    std::unique_ptr<Store> store_;
    int fields_ = 0;
};

}  // namespace

TEST_CASE("a name becomes lower case, digits and single underscores, its accents are dropped") {
    CHECK(slug("Website Relaunch 2026") == "website_relaunch_2026");
    CHECK(slug("  Q3/Q4 -- \"Goals\"; DROP TABLE x  ") == "q3_q4_goals_drop_table_x");
    CHECK(slug("Größe, Übersicht, Łódź, cœur, ſ") == "grose_ubersicht_lodz_cour_s");
    CHECK(slug("3 × 4 ÷ 2") == "3_4_2");
    CHECK(slug("🚀 日本 مرحبا") == "");
    CHECK(slug("") == "");
    CHECK(slug(std::string(300, 'x')) == std::string(40, 'x'));
    CHECK(slug(std::string(39, 'x') + " y") == std::string(39, 'x'));
    CHECK(slug("broken \xC3") == "broken");
}

TEST_CASE("a field that stands alone has its name as column, all others their gid in it") {
    const Names base = {"task_gid", "completed"};
    const std::vector<NamedField> fields = {
        {"1", "Cost"},      {"2", "Priority"},   {"3", "pRIORITY"}, {"4", ""},  {"5", ""},
        {"6", "Completed"}, {"7", "Priority_2"}, {"8", "Ä"},        {"9", "ä"}, {"10", std::string(300, 'x')}};

    const auto names = column_names(fields, base);

    CHECK(names == Names{"Cost", "Priority_2_2", "pRIORITY_3", "field_4", "field_5", "Completed_6", "Priority_2", "Ä",
                         "ä", std::string(100, 'x')});
    CHECK(column_names(
              std::vector<NamedField>{{"1", std::string(99, 'x') + "é" + "a"}, {"2", std::string(99, 'x') + "é" + "b"}},
              {}) == Names{std::string(99, 'x') + "é_1", std::string(99, 'x') + "é_2"});
}

TEST_CASE("each listed project, portfolio and workspace has a view, named from it") {
    Mirror mirror;
    mirror.project("1", "Website Relaunch");
    mirror.project("2", "🚀");
    mirror.change(
        "INSERT INTO asana_projects (gid, name) VALUES ('3', 'only mentioned');"
        "INSERT INTO asana_portfolios (gid, name, mirrored_at) VALUES ('4', 'All of it', '')");

    CHECK(mirror.rows("SELECT object_gid, object_type, view_name, note FROM sync_wide_views ORDER BY object_gid") ==
          "1|project|asana_project_website_relaunch_1|NULL 2|project|asana_project_2|NULL "
          "4|portfolio|asana_portfolio_all_of_it_4|NULL 9|workspace|asana_workspace_acme_9|NULL");
    for (const std::string gid : {"1", "2", "4", "9"})
        CHECK(mirror.rows("SELECT * FROM " + mirror.view_of(gid)).empty());
}

TEST_CASE("a value of each kind stands in its column, typed") {
    Mirror mirror;
    mirror.project("1", "P");
    int gid = 100;
    for (const auto* kind : {"text", "number", "enum", "multi_enum", "date", "people", "reference", "custom_id", "new"})
        mirror.field(std::to_string(gid++), kind, kind);
    mirror.change(
        "INSERT INTO asana_tasks (gid, name, mirrored_at) VALUES ('t', 'Task', ''), ('u', 'Unset', '');"
        "INSERT INTO asana_task_memberships VALUES ('t', '1', NULL), ('u', '1', NULL);"
        "INSERT INTO asana_users (gid, name) VALUES ('a', 'Ann'), ('b', 'Bob');"
        "INSERT INTO asana_custom_field_options (gid, name) VALUES ('o', 'High'), ('p', 'Low');"
        "INSERT INTO asana_custom_field_values VALUES"
        "('t', 'task', '100', 1, 'x', 'words', NULL, NULL, NULL, NULL),"
        "('t', 'task', '101', 1, 'x', NULL, 2.5, NULL, NULL, NULL),"
        "('t', 'task', '102', 1, 'x', NULL, NULL, NULL, NULL, 'o'),"
        "('t', 'task', '103', 1, 'x', NULL, NULL, NULL, NULL, NULL),"
        "('t', 'task', '104', 1, 'x', NULL, NULL, '2026-01-31', NULL, NULL),"
        "('t', 'task', '105', 1, 'x', NULL, NULL, NULL, NULL, NULL),"
        "('t', 'task', '106', NULL, 'Unset', NULL, NULL, NULL, NULL, NULL),"
        "('t', 'task', '107', 1, 'ID-7', NULL, NULL, NULL, NULL, NULL),"
        "('t', 'task', '108', 1, 'as shown', NULL, NULL, NULL, NULL, NULL),"
        "('u', 'task', '100', 0, 'x', 'no longer attached', NULL, NULL, NULL, NULL);"
        "INSERT INTO asana_custom_field_value_items VALUES"
        "('t', '103', 0, 'p', 'enum_option'), ('t', '103', 1, 'o', 'enum_option'),"
        "('t', '105', 0, 'b', 'user'), ('t', '105', 1, 'a', 'user'), ('t', '105', 2, 'unknown', 'user'),"
        "('t', '106', 0, 'u', 'task')");
    const auto view = mirror.view_of("1");

    CHECK(
        mirror.rows("SELECT task_name, text, number, enum, multi_enum, date, people, reference, custom_id, new FROM " +
                    view) ==
        "Task|words|2.5|High|Low, High|2026-01-31|Bob, Ann, unknown|Unset|ID-7|as shown "
        "Unset|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL");
    CHECK(mirror.rows("SELECT typeof(number), typeof(text) FROM " + view + " LIMIT 1") == "real|text");
    CHECK(mirror.rows("SELECT type FROM pragma_table_info('" + view + "') WHERE name IN ('number', 'text')") ==
          "TEXT REAL");
    CHECK(mirror.rows("SELECT custom_field_gid, position, column_name, type FROM sync_wide_columns LIMIT 2") ==
          "100|0|text|TEXT 101|1|number|REAL");
}

TEST_CASE("hostile names of projects, portfolios and fields are nothing but names") {
    Mirror mirror;
    const Names hostile = {"Robert'); DROP TABLE asana_tasks;--",
                           "\"); DROP TABLE asana_tasks; --",
                           "a\"b'c`d]e[",
                           "SELECT",
                           "",
                           "rowid",
                           " \t\n",
                           "🚀 -- /* ",
                           "?1 :a @b $c",
                           "%s {} {0}",
                           std::string(300, '"'),
                           std::string(300, 'x')};
    mirror.project("1", hostile[0]);
    int gid = 100;
    for (const auto& name : hostile) {
        mirror.field(std::to_string(gid), name);
        mirror.project(std::to_string(++gid), name);
    }

    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_views WHERE view_name IS NULL OR note IS NOT NULL") == "0");
    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_columns WHERE object_gid = '1'") ==
          std::to_string(hostile.size()));
    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_columns c JOIN sync_wide_views v USING (object_gid) "
                      "JOIN pragma_table_info(v.view_name) i ON i.name = c.column_name") ==
          std::to_string(hostile.size()));
    CHECK(mirror.columns_of("1").starts_with(
        fmt::format("{}|{}|{}|SELECT|field_104|rowid", hostile[0], hostile[1], hostile[2])));
    CHECK(mirror.rows("SELECT count(*) FROM asana_tasks") == "0");
}

TEST_CASE("gids that are no numbers are nothing but gids") {
    Mirror mirror;
    mirror.project("1';\"--", "P");
    mirror.change("INSERT INTO asana_custom_field_settings VALUES ('1'';\"--', 'project', 'f''\"', 0, 0)");

    CHECK(mirror.view_of("1'';\"--") == "asana_project_p_1';\"--");
    CHECK(mirror.rows("SELECT \"field_f'\"\"\" FROM \"asana_project_p_1';\"\"--\"").empty());
}

TEST_CASE("views with equal names do not collide, and do not change when another comes") {
    Mirror mirror;
    mirror.project("1", "Roadmap");
    mirror.project("2", "ROADMAP!");

    CHECK(mirror.views() == "asana_project_roadmap_1 asana_project_roadmap_2");
    mirror.change("DELETE FROM asana_projects WHERE gid = '1'");
    CHECK(mirror.views() == "asana_project_roadmap_2");
}

TEST_CASE("a view follows its project and its fields in the commit that changes them") {
    Mirror mirror;
    mirror.project("1", "Old");
    mirror.field("100", "Cost", "number");
    mirror.field("101", "Stage");
    const auto named = [&](const std::string& view, const std::string& columns) {
        CHECK(mirror.views() == view);
        CHECK(mirror.columns_of("1") == columns);
    };
    named("asana_project_old_1", "Cost|Stage");

    SECTION("a project that is renamed") {
        mirror.change("UPDATE asana_projects SET name = 'New'");
        named("asana_project_new_1", "Cost|Stage");
    }
    SECTION("a field that is renamed") {
        mirror.change("UPDATE asana_custom_fields SET name = 'Budget' WHERE gid = '100'");
        named("asana_project_old_1", "Budget|Stage");
    }
    SECTION("a field of another kind") {
        mirror.change("UPDATE asana_custom_fields SET resource_subtype = 'text', representation_type = 'text'");
        CHECK(mirror.rows("SELECT type FROM sync_wide_columns WHERE custom_field_gid = '100'") == "TEXT");
    }
    SECTION("fields in another order") {
        mirror.change("UPDATE asana_custom_field_settings SET position = 9 WHERE custom_field_gid = '100'");
        named("asana_project_old_1", "Stage|Cost");
    }
    SECTION("a field that is taken away") {
        mirror.change("DELETE FROM asana_custom_field_settings WHERE custom_field_gid = '100'");
        named("asana_project_old_1", "Stage");
        mirror.change("DELETE FROM asana_custom_field_settings");
        CHECK(mirror.views() == "asana_project_old_1");
    }
    SECTION("a definition that is gone while the project still has it") {
        mirror.change("DELETE FROM asana_custom_fields WHERE gid = '100'");
        named("asana_project_old_1", "field_100|Stage");
    }
    SECTION("a project that is only mentioned from now on, and comes back") {
        mirror.change("UPDATE asana_projects SET mirrored_at = NULL");
        CHECK(mirror.views().empty());
        CHECK(mirror.rows("SELECT count(*) FROM sync_wide_columns") == "0");
        mirror.change("UPDATE asana_projects SET mirrored_at = ''");
        named("asana_project_old_1", "Cost|Stage");
    }
    SECTION("a project that is gone") {
        mirror.change("DELETE FROM asana_projects");
        CHECK(mirror.views().empty());
        CHECK(mirror.rows("SELECT count(*) FROM sync_wide_views WHERE object_type = 'project'") == "0");
    }
    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_changes") == "0");
}

TEST_CASE("the view of a workspace has its global fields") {
    Mirror mirror;
    mirror.project("1", "P");
    mirror.field("100", "Global", "text", "1", true);
    mirror.field("101", "Local");
    CHECK(mirror.rows("SELECT group_concat(column_name) FROM sync_wide_columns WHERE object_gid = '9'") == "Global");

    mirror.change("UPDATE asana_custom_fields SET is_global_to_workspace = NOT is_global_to_workspace");
    CHECK(mirror.rows("SELECT group_concat(column_name) FROM sync_wide_columns WHERE object_gid = '9'") == "Local");

    mirror.change("DELETE FROM asana_custom_fields");
    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_columns WHERE object_gid = '9'") == "0");
}

TEST_CASE("a group that is rolled back takes its views with it") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const auto store = open_sqlite(file, kTables);
    store->begin();
    store->allow_wide_views(100);
    store->commit();
    put(*store, Projects().add("1", 10, "Alpha"));
    const std::string made = "SELECT view_name FROM sync_wide_views";
    CHECK(rows(file, made) == "asana_project_alpha_1");

    store->begin();
    store->write(Projects().add("1", 11, "Beta").page(), {2, 2}, at(0));
    store->roll_back();

    CHECK(rows(file, made) == "asana_project_alpha_1");
    put(*store, Projects().add("1", 12, "Gamma"), {3, 3});
    CHECK(rows(file, made) == "asana_project_gamma_1");
    CHECK(rows(file, "SELECT count(*) FROM asana_project_gamma_1") == "0");
}

TEST_CASE("whatever has the name already stays, and the view comes when the name is free") {
    Mirror mirror;
    const auto* const made = GENERATE("CREATE VIEW ASANA_project_p_1 AS SELECT 7 AS mine",
                                      "CREATE TABLE asana_project_p_1 AS SELECT 7 AS mine");
    mirror.change_alone(made);

    mirror.project("1", "P");
    CHECK(mirror.view_of("1") == "NULL");
    CHECK_THAT(mirror.note_of("1"), Catch::Contains("already exists"));
    CHECK(mirror.rows("SELECT mine FROM asana_project_p_1") == "7");

    mirror.change("UPDATE asana_projects SET name = 'Q'");
    CHECK(mirror.view_of("1") == "asana_project_q_1");
    mirror.change("UPDATE asana_projects SET name = 'P'");
    mirror.change_alone(std::string_view(made).starts_with("CREATE VIEW") ? "DROP VIEW asana_project_p_1"
                                                                          : "DROP TABLE asana_project_p_1");
    mirror.allow(20'000);
    CHECK(mirror.view_of("1") == "asana_project_p_1");
    CHECK(mirror.note_of("1") == "NULL");
}

TEST_CASE("a view that somebody put in the place of ours is not ours") {
    Mirror mirror;
    mirror.project("1", "P");
    mirror.change_alone("DROP VIEW asana_project_p_1; CREATE VIEW asana_project_p_1 AS SELECT 7 AS mine");

    mirror.change("UPDATE asana_projects SET name = 'Q'");

    CHECK(mirror.rows("SELECT mine FROM asana_project_p_1") == "7");
    CHECK(mirror.view_of("1") == "asana_project_q_1");
    mirror.change("DELETE FROM asana_projects");
    CHECK(mirror.views() == "asana_project_p_1");
}

TEST_CASE("a view that somebody dropped comes back when all are looked at") {
    Mirror mirror;
    mirror.project("1", "P");
    mirror.change_alone("DROP VIEW asana_project_p_1");

    mirror.allow(20'000);
    CHECK(mirror.views().empty());
    mirror.allow(20'000, true);
    CHECK(mirror.views() == "asana_project_p_1");
}

TEST_CASE("views have as many columns as they may, and those that had no room get what others leave") {
    Mirror mirror(schema_steps(), 4);
    mirror.project("1", "P");
    mirror.project("2", "Q");
    mirror.field("100", "Cost");
    CHECK(mirror.views() == "asana_project_p_1 asana_project_q_2");

    mirror.field("101", "Stage", "text", "2");
    CHECK(mirror.views() == "asana_project_p_1");
    CHECK_THAT(mirror.note_of("2"), Catch::Contains("no room") && Catch::Contains("4 columns"));

    mirror.change("DELETE FROM asana_projects WHERE gid = '1'");
    mirror.open_again();
    mirror.allow(4);
    CHECK(mirror.views() == "asana_project_q_2");
    mirror.allow(0);
    CHECK(mirror.rows("SELECT count(*) FROM sync_wide_views") == "0");
    CHECK(mirror.views().empty());
    mirror.change("UPDATE asana_projects SET name = 'R'");
    CHECK(mirror.views().empty());
    mirror.allow(20'000);
    CHECK(mirror.columns_of("2") == "Stage");
}

TEST_CASE("more fields than a view can have are left out, and it works with those that it has") {
    Mirror mirror;
    mirror.project("1", "P");
    mirror.change(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1950) "
        "INSERT INTO asana_custom_field_settings SELECT '1', 'project', 'f' || i, 0, i FROM n;"
        "INSERT INTO asana_custom_fields (gid, name, resource_subtype) "
        "SELECT custom_field_gid, 'Field ' || position, 'multi_enum' FROM asana_custom_field_settings;"
        "INSERT INTO asana_tasks (gid) VALUES ('t'); INSERT INTO asana_task_memberships VALUES ('t', '1', NULL);"
        "INSERT INTO asana_custom_field_values (object_gid, custom_field_gid) VALUES ('t', 'f1900');"
        "INSERT INTO asana_custom_field_value_items VALUES ('t', 'f1900', 0, 'x', 'y')");

    CHECK(mirror.note_of("1") == "1900 of 1950 fields have a column: more do not go into a view");
    CHECK(mirror.rows("SELECT \"Field 1900\" FROM (SELECT * FROM asana_project_p_1)") == "x");
    CHECK(mirror.rows("SELECT count(*), count(column_name) FROM sync_wide_columns") == "1950|1900");
}

TEST_CASE("a migration drops the views, so that tables below them can change, and they are made again") {
    const Step old{1, fmt::format("{}{}", core_sql(), asana_sql())}, with_views{2, std::string(asana_wide_sql())};
    const Step next{3,
                    "DROP VIEW asana_typed_values; ALTER TABLE asana_custom_field_values DROP COLUMN text_value;"
                    "CREATE VIEW asana_typed_values AS SELECT *, display_value AS text_value "
                    "FROM asana_custom_field_values;"};
    Mirror mirror(std::array{old}, std::nullopt);
    mirror.project("1", "P");
    mirror.field("100", "Cost");
    CHECK(mirror.views().empty());

    mirror.open_again(std::array{old, with_views});
    mirror.allow(20'000);
    CHECK(mirror.columns_of("1") == "Cost");

    mirror.open_again(std::array{old, with_views, next});
    CHECK(mirror.views().empty());
    mirror.allow(20'000);
    CHECK(mirror.columns_of("1") == "Cost");
    CHECK(mirror.rows("SELECT Cost FROM asana_project_p_1").empty());
}
