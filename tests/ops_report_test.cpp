// Reports over a small database whose answers are known by hand, and how they are written.
#include "ops/report.hpp"

#include <SQLiteCpp/SQLiteCpp.h>
#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>

#include "core/error.hpp"
#include "core/width.hpp"
#include "ops/report_html.hpp"
#include "ops/report_text.hpp"
#include "store/store.hpp"
#include "temporary_folder.hpp"

using namespace taskmirror;
using namespace taskmirror::ops;
using Catch::Contains;
using nlohmann::json;

namespace {

const Instant kNow = *parse_iso("2026-11-26T12:00:00Z");
constexpr const char* kHostile = "=1+1,\"<script>alert('x')</script>|`*\x1b[2J\xE2\x80\xAE\nnext 🎉";

// Ann and Ben, teams Red and Blue with the projects Launch and Shop; tasks 1 (Launch, Ann) and 2 (Shop, Ben), both
// late.
class Mirror {
  public:
    Mirror() : file_(folder_.path() / "mirror.db") {
        store::open_sqlite(file_, {});
        run("INSERT INTO asana_users (gid, name, email, mirrored_at) VALUES ('ann', 'Ann', 'ann@example.com', 'x'), "
            "('ben', 'Ben', NULL, 'x');"
            "INSERT INTO asana_teams (gid, name, mirrored_at) VALUES ('red', 'Red', 'x'), ('blue', 'Blue', 'x');"
            "INSERT INTO asana_team_memberships (gid, team_gid, user_gid, mirrored_at) VALUES ('m', 'red', 'ann', 'x');"
            "INSERT INTO asana_projects (gid, name, team_gid, archived, mirrored_at) VALUES ('p', 'Launch', 'red', 0, "
            "'x'), "
            "('q', 'Shop', 'blue', 0, 'x');"
            "INSERT INTO asana_tasks (gid, name, completed, created_at, due_on, assignee_gid, mirrored_at) VALUES "
            "('1', 'First', 0, '2026-03-01T08:00:00.000Z', '2020-01-01', 'ann', 'x'), "
            "('2', 'Second', 0, '2026-03-02T08:00:00.000Z', '2020-03-01', 'ben', 'x');"
            "INSERT INTO asana_task_memberships VALUES ('1', 'p', NULL), ('2', 'q', NULL);"
            "INSERT INTO sync_meta VALUES ('acme.pass_began_at', '2026-11-26T11:00:00.000Z'), "
            "('acme.pass_ended_at', '2026-11-26T11:01:00.000Z');"
            "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, last_done_at) VALUES "
            "('acme', 'project_tasks', 'p', 'w', 'recurring', 0, '2026-11-26T11:55:00.000Z'), "
            "('acme', 'project_tasks', 'q', 'w', 'recurring', 0, '2026-11-26T11:30:00.000Z')");
    }
    void run(const std::string& sql) { SQLite::Database(file_, SQLite::OPEN_READWRITE).exec(sql); }
    void name_task(const std::string& name) {
        SQLite::Database database(file_, SQLite::OPEN_READWRITE);
        SQLite::Statement update(database, "UPDATE asana_tasks SET name = ?1 WHERE gid = '1'");
        update.bind(1, name);
        update.exec();
    }
    Told told(std::string_view report, const Wishes& wishes = {}, const Wanted& wanted = {.is_page = true}) const {
        return tell(store::Moment(file_), report_named(report), wishes, kNow, wanted);
    }
    std::vector<std::vector<store::Cell>> ask(const std::string& sql) const {
        return store::Moment(file_).ask(sql).rows;
    }
    std::vector<std::string> gids(std::string_view report, const Wishes& wishes) const {
        std::vector<std::string> found;
        for (const auto& row : told(report, wishes).answer.rows) found.push_back(std::get<std::string>(row[0]));
        return found;
    }
    std::string refusal(std::string_view report, const Wishes& wishes) const {
        try {
            told(report, wishes);
        } catch (const Fatal& fatal) {
            CHECK(fatal.code() == ExitCode::usage);
            return fatal.what();
        }
        return "";
    }

  private:
    testing::TemporaryFolder folder_;
    std::filesystem::path file_;
};

using Gids = std::vector<std::string>;

// Rows of cells, as RFC 4180 says.
std::vector<Gids> parse_csv(const std::string& text) {
    std::vector<Gids> rows(1);
    rows.back().emplace_back();
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"')
            rows.back().back() += text[++i];
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == ',')
            rows.back().emplace_back();
        else if (!quoted && c == '\n')
            rows.emplace_back().emplace_back();
        else if (quoted || c != '\r')
            rows.back().back() += c;
    }
    rows.pop_back();
    return rows;
}

}  // namespace

TEST_CASE("every report answers, whatever it is filtered by, in every form") {
    const Mirror mirror;
    for (const auto& report : reports()) {
        Wishes wishes{.project = "p", .team = "red", .person = "ann", .period = "2026"};
        if (report.project.by.empty()) wishes.project.clear();
        if (report.team.by.empty()) wishes.team.clear();
        if (report.person.by.empty()) wishes.person.clear();
        if (report.period.by.empty()) wishes.period.clear();
        CAPTURE(report.name);
        for (const auto& wish : {Wishes(), wishes}) {
            const auto told = mirror.told(report.name, wish);
            CHECK_FALSE(table_text(told, 80).empty());
            CHECK(parse_csv(csv_text(told)).size() == told.answer.rows.size() + 1);
            CHECK(json::parse(json_text(told))["rows"].size() == told.answer.rows.size());
            CHECK_THAT(markdown_text(told), Contains(std::string(report.title)));
            CHECK_THAT(html_page(told, "1"), Contains("</html>"));
        }
        CHECK_THAT(report_list(), Contains(fmt::format("\n{}\n", report.name)));
    }
}

TEST_CASE("a report tells what its filters leave") {
    const Mirror mirror;
    CHECK(mirror.gids("overdue", {}) == Gids{"1", "2"});
    CHECK(mirror.gids("overdue", {.project = "p"}) == Gids{"1"});
    CHECK(mirror.gids("overdue", {.team = "Blue"}) == Gids{"2"});
    CHECK(mirror.gids("overdue", {.person = "ann@example.com"}) == Gids{"1"});
    CHECK(mirror.gids("overdue", {.period = "2020-Q1"}) == Gids{"1", "2"});
    CHECK(mirror.gids("overdue", {.period = "2020-02..2020-03-01"}) == Gids{"2"});
    CHECK(mirror.gids("overdue", {.project = "launch", .person = "Ben"}).empty());
    CHECK(mirror.gids("task-details", {.period = "2026-03-01"}) == Gids{"1"});
    CHECK(mirror.gids("workload", {.project = "q"}) == Gids{"ben"});
    CHECK(mirror.gids("people", {.team = "red"}) == Gids{"ann"});
}

TEST_CASE("history is that of the last 90 days, where no period is named") {
    Mirror mirror;
    mirror.run(
        "INSERT INTO asana_task_changes (story_gid, position, task_gid, changed_at, field, new_value) VALUES "
        "('s1', 0, '1', '2026-08-28T23:59:59.000Z', 'completed', '1'), "
        "('s2', 0, '2', '2026-08-29T00:00:00.000Z', 'completed', '1')");
    CHECK(mirror.gids("completion-changes", {}) == Gids{"2"});
    CHECK(mirror.gids("completion-changes", {.period = "2026-08"}) == Gids{"2", "1"});
    CHECK(mirror.gids("completion-changes", {.period = "all"}) == Gids{"2", "1"});
    CHECK_THAT(table_text(mirror.told("completion-changes"), 80), Contains(": period 2026-08-29 to 2026-11-26\n"));
    CHECK_FALSE(mirror.told("completion-changes", {.period = "all"}).filters.period);

    const auto created = [&](const Wishes& wishes) { return mirror.told("overview", wishes).answer.rows.at(4).at(1); };
    CHECK(created({}) == store::Cell(std::int64_t{0}));
    CHECK(created({.period = "all"}) == store::Cell(std::int64_t{2}));
}

TEST_CASE("pieces of a report are the whole, in its order") {
    Mirror mirror;
    mirror.run(R"(
DELETE FROM asana_projects;
WITH RECURSIVE n (n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM n WHERE n < 32)
INSERT INTO asana_projects (gid, name, team_gid, archived, mirrored_at)
SELECT n, 'Project ' || n * 7 % 5, 'red', 0, 'x' FROM n;
INSERT INTO asana_sections (gid, name, project_gid, position, mirrored_at)
SELECT k.column1 || gid, k.column1, gid, k.column1 = 'done', 'x'
FROM asana_projects CROSS JOIN (VALUES ('to do'), ('done')) AS k;
DELETE FROM asana_task_memberships;
DELETE FROM asana_tasks;
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 9)
INSERT INTO asana_tasks (gid, name, completed, created_at, completed_at, mirrored_at)
SELECT 't' || gid || n, 'Task ' || (gid * 7 + n * 3) % 10, n % 2, '2026-10-0' || (1 + gid % 9) || 'T08:00:00.000Z',
       iif(n % 2, '2026-11-01T08:00:00.000Z', NULL), 'x'
FROM asana_projects CROSS JOIN n;
INSERT INTO asana_task_memberships SELECT gid, substr(gid, 2, 2), iif(completed, 'done', 'to do') || substr(gid, 2, 2)
FROM asana_tasks;
INSERT INTO asana_task_changes (story_gid, position, task_gid, changed_at, field, old_gid, new_gid)
SELECT 's' || gid, 0, gid, '2026-10-20T0' || (gid % 10) || ':00:00.000Z', 'section', 'to do' || substr(gid, 2, 2),
       'done' || substr(gid, 2, 2)
FROM asana_tasks WHERE completed)");
    int of_pieces = 0;
    for (const auto& report : reports()) {
        if (report.pieces.gids.empty()) continue;
        CAPTURE(report.name);
        const Wishes since{.period = report.period.by.empty() ? "" : "2026-09..2026-11"};
        const Wishes of_all{.team = "red", .period = since.period};  // asked for at once
        auto whole = mirror.told(report.name, of_all, {}), pieces = mirror.told(report.name, since, {});
        if (report.name == "time-in-section") {
            // A stay that goes on has got longer between the two.
            for (auto* const rows : {&whole.answer.rows, &pieces.answer.rows})
                for (auto& row : *rows)
                    if (row.at(8) == store::Cell(std::int64_t{1})) row.at(9) = {};
        }
        CHECK(mirror.ask(std::string(report.pieces.gids)).size() > 2 * report.pieces.at_once);
        CHECK_FALSE(whole.answer.rows.empty());
        CHECK(pieces.answer.columns == whole.answer.columns);
        CHECK(pieces.answer.rows == whole.answer.rows);
        ++of_pieces;
    }
    CHECK(of_pieces > 5);

    const auto some = mirror.told("project-health", {}, {.most = 12});
    CHECK(some.has_more);
    CHECK(some.answer.rows.size() == 12);
    CHECK(
        std::ranges::equal(some.answer.rows, mirror.told("project-health", {.team = "red"}, {.most = 12}).answer.rows));
    CHECK_FALSE(mirror.told("project-health", {}, {.most = 23}).has_more);
    mirror.run("UPDATE asana_projects SET owner_gid = 'ann' WHERE gid IN ('10', '20', '31')");
    CHECK(mirror.gids("project-health", {.person = "ann"}) == Gids{"10", "20", "31"});
    CHECK(mirror.told("project-health", {}, {.most = 22}).has_more);

    mirror.run("UPDATE asana_tasks SET created_at = '2009' || substr(created_at, 5)");
    const Wishes all_time{.period = "all"};
    CHECK_THAT(html_page(mirror.told("daily-counts", all_time), "1"), Contains("Too many rows for one picture"));
    CHECK_THAT(html_page(mirror.told("daily-counts", {.team = "red", .period = "all"}), "1"), Contains("<svg"));

    mirror.run("DELETE FROM asana_task_memberships; DELETE FROM asana_sections; DELETE FROM asana_projects");
    CHECK(csv_text(mirror.told("time-in-section", {}, {})) ==
          "task_gid,task_name,project_gid,project_name,section_gid,section_name,entered_at,left_at,is_current,"
          "seconds\r\n");
}

TEST_CASE("the first rows of more say that there are more") {
    const Mirror mirror;
    const auto both = mirror.told("overdue", {}, {.most = 2});
    CHECK_FALSE(both.has_more);
    CHECK_THAT(table_text(both, 80), Contains("\n2 rows; data as of"));
    CHECK(json::parse(json_text(both))["has_more"] == false);

    const auto one = mirror.told("overdue", {}, {.most = 1});
    CHECK(one.has_more);
    CHECK(one.answer.rows.size() == 1);
    CHECK_THAT(table_text(one, 80), Contains("\nthe first 1 row; data as of") && Contains("--limit N shows so many"));
    CHECK_THAT(markdown_text(one), Contains("the first 1 row of more; data as of"));
    CHECK(json::parse(json_text(one))["has_more"] == true);
}

TEST_CASE("what is poured adds up to the whole") {
    Mirror mirror;
    mirror.run(
        "WITH RECURSIVE n (n) AS (SELECT 10000 UNION ALL SELECT n + 1 FROM n WHERE n < 21999) INSERT INTO asana_tasks "
        "(gid, name, completed, due_on, mirrored_at) SELECT n, 'Task ' || n, 0, '2025-01-01', 'x' FROM n");
    for (const auto* const report : {"overdue", "task-states"}) {
        std::string csv, json_parts;
        int parts = 0;
        const Part first{.is_last = false}, between{.is_first = false, .is_last = false}, last{.is_first = false};
        const auto rest = mirror.told(report, {}, {.pour = [&](const Told& some) {
                                          CHECK(some.answer.rows.size() == 10'000);
                                          csv += csv_text(some, parts == 0 ? first : between);
                                          json_parts += json_text(some, parts == 0 ? first : between);
                                          ++parts;
                                      }});
        csv += csv_text(rest, last);
        json_parts += json_text(rest, last);
        const auto whole = mirror.told(report, {}, {});
        CHECK(parts == static_cast<int>(whole.answer.rows.size() / 10'000));
        CHECK(csv == csv_text(whole));
        CHECK(json_parts == json_text(whole));
        CHECK(json::accept(json_parts));
    }
}

TEST_CASE("days of a filter follow the time zone of the database") {
    Mirror mirror;
    mirror.run("UPDATE asana_tasks SET created_at = '2026-03-01T22:30:00.000Z' WHERE gid = '1'");
    CHECK(mirror.gids("task-details", {.period = "2026-03-01"}) == Gids{"1"});
    mirror.run("UPDATE sync_time_zone SET offset_seconds = 7200");
    CHECK(mirror.gids("task-details", {.period = "2026-03-01"}).empty());
    CHECK(mirror.gids("task-details", {.person = "ann", .period = "2026-03-02"}) == Gids{"1"});
    CHECK_THAT(table_text(mirror.told("unassigned"), 80), Contains("0 rows"));
    CHECK_THAT(csv_text(mirror.told("task-details")), Contains("2026-03-01T22:30:00.000Z"));
    CHECK_THAT(table_text(mirror.told("task-details"), std::nullopt), Contains("2026-03-02 00:30"));
}

TEST_CASE("a filter that a report cannot use is refused with those that it can") {
    const Mirror mirror;
    CHECK_THAT(mirror.refusal("unassigned", {.person = "ann"}),
               Contains("cannot be filtered by --person, but by --project, --team, --period; reports that can are") &&
                   Contains("overdue"));
    CHECK_THAT(mirror.refusal("dependency-chains", {.period = "2026"}), Contains("but by --project, --team"));
}

TEST_CASE("an unknown report is refused with what is meant") {
    CHECK(report_named("cycle_times").name == "cycle-times");
    CHECK(report_named("asana_overdue").name == "overdue");
    CHECK_THROWS_WITH(report_named("overdo"), Contains("did you mean overdue?"));
    CHECK_THROWS_WITH(report_named("xxxxxxxxx\x1b"), Contains("known are overview") && !Contains("\x1b"));
}

TEST_CASE("whoever is meant is found by gid, name, address or pattern") {
    const std::vector<Named> people = {{"1", "Ann Smith", "ann@example.com"},
                                       {"2", "Ann Smith", "smith@example.com"},
                                       {"3", "Özlem", ""},
                                       {"4", "1", ""},
                                       {"5", "Why?", ""},
                                       {"6", "Whys", ""}};
    const auto gid = [&](std::string_view wish) { return named("person", wish, people).gid; };
    CHECK(gid("1") == "1");
    CHECK(gid("smith@example.com") == "2");
    CHECK(gid("özLEM") == "3");
    CHECK(gid("ö*") == "3");
    CHECK(gid("Why?") == "5");
    CHECK(gid("ann@*") == "1");
    CHECK_THROWS_WITH(gid("Ann Smith"),
                      "'Ann Smith' means more than one person: 'Ann Smith' (1), 'Ann Smith' (2); name it by its gid");
    CHECK_THROWS_WITH(gid("Smith"),
                      "no person is named 'Smith', did you mean 'Ann Smith' (1), 'Ann Smith' (2)?; taskmirror "
                      "report people lists them");
    CHECK_THROWS_WITH(gid("Ozlem"), Contains("did you mean 'Özlem' (3)?"));
    CHECK_THROWS_WITH(gid("Zacharias"), "no person is named 'Zacharias'; taskmirror report people lists them");
    CHECK_THROWS_WITH(named("project", "x\x1b", {}),
                      "no project is named 'x\\u001b'; taskmirror report projects lists them");
}

TEST_CASE("an answer is as old as the oldest of what it rests on") {
    Mirror mirror;
    CHECK(mirror.told("overdue").as_of == parse_iso("2026-11-26T11:30:00Z"));
    CHECK(mirror.told("overdue", {.project = "p"}).as_of == parse_iso("2026-11-26T11:55:00Z"));
    CHECK(mirror.told("overdue", {.team = "red"}).as_of == parse_iso("2026-11-26T11:55:00Z"));
    CHECK_THAT(table_text(mirror.told("overdue"), 80),
               Contains("2 rows; data as of 2026-11-26T11:30:00Z, 30 min ago\n"));

    CHECK(mirror.told("overdue").not_mirrored.empty());
    CHECK(mirror.told("cycle-times").not_mirrored == Gids{"asana_stories"});
    CHECK_THAT(table_text(mirror.told("cycle-times"), 80),
               Contains("data that is not mirrored is missing: asana_stories"));

    mirror.run("UPDATE sync_work SET last_done_at = '1970-01-01T00:00:00.000Z' WHERE scope = 'q'");
    CHECK_FALSE(mirror.told("overdue").as_of);
    CHECK(mirror.told("overdue", {.project = "p"}).as_of);
    CHECK_THAT(table_text(mirror.told("overdue"), 80), Contains("not complete yet"));
    CHECK(json::parse(json_text(mirror.told("overdue")))["as_of"].is_null());

    mirror.run(
        "INSERT INTO sync_gaps (source, stream, scope, message, first_seen_at, last_seen_at) VALUES ('acme', "
        "'sections', 'p', 'no', 'x', 'x')");
    CHECK_THAT(markdown_text(mirror.told("overdue")), Contains("something that should be there could not be fetched"));
}

TEST_CASE("the workload of everybody is that of its view") {
    Mirror mirror;
    mirror.run(
        "INSERT INTO asana_tasks (gid, name, completed, due_on, assignee_gid, actual_time_minutes, "
        "is_rendered_as_separator, mirrored_at) VALUES ('3', 'x', 0, NULL, 'ann', 5, 0, 'x'), ('4', 'x', 0, "
        "'2030-01-01', 'ann', NULL, 0, 'x'), ('5', 'x', 1, '2020-01-01', 'ann', NULL, 0, 'x'), ('6', 'x', 0, "
        "'2020-01-01', 'ann', NULL, 1, 'x'), ('7', 'x', 0, '2020-01-02', 'ann', 3, 0, 'x')");
    const auto told = mirror.told("workload");
    CHECK(told.answer.rows == mirror.ask("SELECT * FROM asana_workload ORDER BY assignee_name, week"));
    CHECK(csv_text(told) ==
          "assignee_gid,assignee_name,week,open_tasks,overdue_tasks,logged_minutes\r\n"
          "ann,Ann,,1,0,5\r\nann,Ann,2019-12-30,2,2,3\r\nann,Ann,2029-12-31,1,0,\r\n"
          "ben,Ben,2020-02-24,1,1,\r\n");
}

TEST_CASE("CSV says what the text is, but never as a formula") {
    Mirror mirror;
    const auto cell = [&](const std::string& name) {
        mirror.name_task(name);
        return parse_csv(csv_text(mirror.told("overdue"))).at(1).at(1);
    };
    for (const auto* const name : {"plain", "a, b", "\"quoted\"", "two\r\nlines", "it's", "a=b", "", "ümläut 🎉"})
        CHECK(cell(name) == name);
    for (const auto* const name : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=HYPERLINK(\"http://x\")"})
        CHECK(cell(name) == std::string("'") + name);
    mirror.name_task("x");
    CHECK_THAT(csv_text(mirror.told("overdue")), Contains("1,x,ann,Ann,2020-01-01,,2521,"));  // a number is one
}

TEST_CASE("JSON gives every text back") {
    Mirror mirror;
    mirror.name_task(kHostile);
    const auto told = mirror.told("overdue", {.project = "Launch", .period = "2020"});
    const auto answer = json::parse(json_text(told));
    CHECK(answer["report"] == "overdue");
    CHECK(answer["filters"] ==
          json::parse(R"({"project":{"gid":"p","name":"Launch"},"period":{"from":"2020-01-01","to":"2020-12-31"}})"));
    CHECK(answer["as_of"] == "2026-11-26T11:55:00.000Z");
    CHECK(answer["columns"][1] == "task_name");
    CHECK(answer["rows"][0][1] == kHostile);
    CHECK(answer["rows"][0][5].is_null());
    CHECK(answer["rows"][0][6] == 2521);
}

TEST_CASE("a table steers no terminal, and is as wide as one") {
    Mirror mirror;
    mirror.name_task(std::string(kHostile) + std::string(300, 'x'));
    for (const std::size_t width : {20u, 40u, 80u, 200u}) {
        for (const auto* const report : {"overdue", "task-details"}) {
            const auto text = table_text(mirror.told(report), width);
            CHECK(text.find('\x1b') == std::string::npos);
            CHECK(text.find("\xE2\x80\xAE") == std::string::npos);
            std::istringstream lines(text.substr(text.find("\n\n") + 2));
            for (std::string line; std::getline(lines, line) && !line.empty();) CHECK(cells(line) <= width);
        }
    }
    CHECK_THAT(table_text(mirror.told("overdue"), 200), Contains("\\u001b[2J\\u202e\\u000anext"));
    CHECK_THAT(table_text(mirror.told("task-details"), 80), Contains("more columns do not fit"));
    CHECK_THAT(table_text(mirror.told("overdue"), std::nullopt), Contains(std::string(300, 'x')));
}

TEST_CASE("Markdown keeps markup as text") {
    Mirror mirror;
    mirror.name_task(kHostile);
    const auto text = markdown_text(mirror.told("overdue"));
    CHECK_THAT(text, Contains("| =1+1,\"&lt;script&gt;alert('x')&lt;/script&gt;\\|\\`\\*\\\\u001b\\[2J"));
    CHECK(text.find("<script") == std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("a page holds no markup of users, no script, and needs nothing from elsewhere") {
    Mirror mirror;
    mirror.name_task(kHostile);
    mirror.run(
        "UPDATE asana_users SET name = '<img src=x onerror=alert(1)>' WHERE gid = 'ann';"
        "UPDATE asana_projects SET name = '</title><script>alert(1)</script>' WHERE gid = 'p';"
        "UPDATE asana_tasks SET permalink_url = 'javascript:alert(1)' WHERE gid = '1';"
        "UPDATE asana_tasks SET permalink_url = 'https://app.asana.com/0/\"><script>' WHERE gid = '2'");
    for (const auto& report : reports()) {
        Wishes wishes;
        if (!report.project.by.empty() && report.name != "overdue") wishes.project = "p";
        const auto page = html_page(mirror.told(report.name, wishes), "1.0");
        CAPTURE(report.name);
        CHECK(page.find("<script") == std::string::npos);
        CHECK(page.find("<img") == std::string::npos);
        CHECK(page.find("href=\"javascript:") == std::string::npos);
        CHECK(page.find("url(") == std::string::npos);
        CHECK(page.find('\x1b') == std::string::npos);
        CHECK_THAT(page,
                   Contains("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                            "'unsafe-inline'\">"));
        CHECK_THAT(page, Contains(report.name == "logged-time" ? "data that is not mirrored" : "data "));
    }
    const auto page = html_page(mirror.told("overdue"), "1.0");
    CHECK_THAT(page, Contains("&lt;img src=x onerror=alert(1)&gt;") &&
                         Contains("href=\"https://app.asana.com/0/&quot;&gt;&lt;script&gt;\""));
    CHECK_THAT(page, Contains("2,521") && Contains("<svg class=\"wide\"") && Contains("<svg class=\"narrow\""));
}

TEST_CASE("a page of a large report shows its first rows and says so") {
    Mirror mirror;
    mirror.run(
        "WITH RECURSIVE n (n) AS (SELECT 100 UNION ALL SELECT n + 1 FROM n WHERE n < 1599) INSERT INTO asana_tasks "
        "(gid, name, completed, due_on, mirrored_at) SELECT n, 'Task ' || n, 0, '2025-01-01', 'x' FROM n");
    const auto page = html_page(mirror.told("overdue"), "1.0");
    CHECK_THAT(page, Contains("1,502 rows") &&
                         Contains("The first 500 of them; taskmirror report overdue --format csv has all"));
    CHECK_THAT(page, Contains("(nobody)"));
    CHECK_THAT(html_page(mirror.told("unassigned"), "1.0"),  // no chart needs them all
               Contains("More than 500 rows") && Contains("The first 500 of them"));
}
