#include "ops/status.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>

using namespace taskmirror;
using namespace std::chrono_literals;
using nlohmann::json;
using ops::Status;

namespace {

const Instant kNow = *parse_iso("2026-06-01T12:00:00.000Z");

store::Freshness tasks(std::optional<Milliseconds> age, const std::string& name = "Launch") {
    return {.source = "acme",
            .table = "asana_tasks",
            .scope = "12",
            .name = name,
            .as_of = age ? std::optional(kNow - *age) : std::nullopt,
            .of_project = true};
}

store::Freshness users(std::optional<Milliseconds> age) {
    auto data = tasks(age, "Acme");
    data.table = "asana_users";
    data.of_project = false;
    return data;
}

store::Run run(const std::string& command, Milliseconds ago, std::optional<int> exit_code = 0) {
    store::Run run{.command = command, .version = "0.1.0", .started_at = kNow - ago, .exit_code = exit_code};
    if (exit_code) run.ended_at = run.started_at + 90s;
    run.requests = 420;
    run.rows_written = 17;
    return run;
}

// One source, fresh.
Status healthy() {
    Status status{.database = "/var/lib/taskmirror/asana.db", .at = kNow};
    status.periods = {.tasks = 5min, .lists = {{"asana_users", 1h}}};
    auto& snapshot = status.snapshot;
    snapshot.bytes = 12'345'678;
    snapshot.log_bytes = 4096;
    snapshot.sources = {"acme"};
    snapshot.freshness = {tasks(4min), users(30min)};
    snapshot.facts = {{"acme.pass_began_at", "2026-06-01T11:55:00.000Z"},
                      {"acme.pass_ended_at", "2026-06-01T11:56:00.000Z"},
                      {"acme.rate_per_minute", "1200"},
                      {"acme.limit_per_minute", "1500"},
                      {"acme.used_per_minute", "96"},
                      {"acme.state", "ok"},
                      {"acme.state_since", "2026-06-01T08:00:00.000Z"},
                      {"acme.deadline_s", "300"},
                      {"acme.deadline_binds", "max_staleness"}};
    return status;
}

Status with_daemon() {
    auto status = healthy();
    status.snapshot.holder = 4711;
    status.snapshot.runs = {run("run", 3h, std::nullopt)};
    return status;
}

}  // namespace

TEST_CASE("what is not older than its limit is fresh") {
    CHECK_FALSE(ops::is_stale(healthy()));
    CHECK_FALSE(ops::is_stale(with_daemon()));
}

TEST_CASE("tasks are stale when they are older than twice their period, lists by theirs") {
    const auto status = with_daemon();

    CHECK_FALSE(ops::is_stale(status, tasks(10min)));
    CHECK(ops::is_stale(status, tasks(10min + 1s)));
    CHECK_FALSE(ops::is_stale(status, users(2h)));
    CHECK(ops::is_stale(status, users(2h + 1s)));
}

TEST_CASE("what was never complete is stale, and so is a database in which nothing was mirrored") {
    auto status = healthy();
    CHECK(ops::is_stale(status, tasks({})));

    status.snapshot.freshness.clear();
    CHECK(ops::is_stale(status));
    status.snapshot.sources.clear();
    CHECK(ops::is_stale(status));
}

TEST_CASE("one stale source of two is enough") {
    auto status = healthy();
    status.snapshot.sources.push_back("other");
    CHECK(ops::is_stale(status));  // nothing of it is there

    status.snapshot.freshness.push_back(users(1min));
    status.snapshot.freshness.back().source = "other";
    CHECK_FALSE(ops::is_stale(status));
}

TEST_CASE("a gap explains why a project gets no fresher") {
    auto data = tasks({});
    data.gap = true;

    CHECK_FALSE(ops::is_stale(healthy(), data));
}

TEST_CASE("projects with a gap are counted as such, not as fresh") {
    auto status = healthy();
    status.snapshot.freshness.push_back(tasks({}, "Hidden"));
    status.snapshot.freshness.back().gap = true;

    CHECK_THAT(ops::status_text(status), Catch::Contains("freshness  2 projects: 1 with a gap\n"));
}

TEST_CASE("a table that nobody promised anything about is not judged") {
    auto data = users({});
    data.table = "asana_new";

    CHECK_FALSE(ops::limit(healthy(), data));
    CHECK_FALSE(ops::is_stale(healthy(), data));
}

TEST_CASE("without a daemon the usual time between syncs counts, twice") {
    auto status = healthy();
    status.snapshot.runs = {run("sync", 5min), run("sync", 35min), run("verify", 40min), run("sync", 65min),
                            run("sync", 10h)};

    CHECK(ops::limit(status, tasks(0s)) == 10min + 60min);
    CHECK(ops::limit(status, users(0s)) == 2h + 60min);

    status.snapshot.runs.insert(status.snapshot.runs.begin(), run("run", 1min, std::nullopt));
    status.snapshot.holder = 1;
    CHECK(ops::daemon_runs(status));
    CHECK(ops::limit(status, tasks(0s)) == 10min);
}

TEST_CASE("a daemon that was killed is none") {
    auto status = with_daemon();
    status.snapshot.holder.reset();

    CHECK_FALSE(ops::daemon_runs(status));
    CHECK(ops::status_text(status).find("killed") != std::string::npos);
}

TEST_CASE("a deadline that the budget makes longer holds while the daemon runs") {
    auto status = with_daemon();
    status.snapshot.facts["acme.deadline_s"] = "1200";
    CHECK(ops::limit(status, tasks(0s)) == 40min);

    status.snapshot.facts["acme.deadline_s"] = "60";
    CHECK(ops::limit(status, tasks(0s)) == 10min);
    status.snapshot.facts["acme.deadline_s"] = "soon";
    CHECK(ops::limit(status, tasks(0s)) == 10min);
}

TEST_CASE("a healthy daemon in plain words") {
    CHECK(ops::status_text(with_daemon()) ==
          R"(status     fresh
database   /var/lib/taskmirror/asana.db
           12.3 MB, and 4.1 KB of log
process    4711 uses it: run, for 3 h 00 min

source     acme: ok
complete   as of 2026-06-01T11:56:00Z, 4 min ago
freshness  1 project: fresh
           the oldest as of 2026-06-01T11:56:00Z, 4 min ago
           1 list: fresh
           each project is asked for within 5 min (max_staleness decides)
budget     96 of 1200 requests a minute; the account may make 1500
backlog    nothing is due
gaps       none

RUNS                  command            time     exit    requests  rows written
2026-06-01T09:00:00Z  run          3 h 00 min  running         420            17
)");
}

TEST_CASE("everything that can be wrong in plain words") {
    auto status = healthy();
    auto& snapshot = status.snapshot;
    snapshot.facts["acme.state"] = "the token is refused: create a new one in Asana under Settings, Apps, Manage Apps";
    snapshot.freshness = {tasks({}, "Überfällig: a project with a name that is much too long"), tasks(3h, "a\x1b[2Jb"),
                          users(50h), users(49h)};
    snapshot.freshness.push_back(tasks(120h));
    snapshot.freshness.back().table = "asana_stories";
    snapshot.waiting = {{"acme", 0, "task", 12}, {"acme", 1, "task_stories", 29'000}, {"acme", 1, "sections", 4}};
    snapshot.gaps = {{.source = "acme",
                      .stream = "sections",
                      .status = 403,
                      .count = 3,
                      .oldest = kNow - 30h,
                      .retry_at = kNow + 2h},
                     {.source = "acme", .stream = "project_tasks", .held = true, .count = 1, .oldest = kNow - 1h}};
    snapshot.missing = {{"acme", {.scope = "12", .name = "custom_fields"}},
                        {"acme", {.scope = "12", .name = "search"}},
                        {"acme", {.scope = "13", .name = "search"}}};
    snapshot.runs = {run("sync", 3h, 77), run("sync", 4h, std::nullopt)};

    CHECK(ops::status_text(status) ==
          R"(status     STALE
database   /var/lib/taskmirror/asana.db
           12.3 MB, and 4.1 KB of log
process    none uses it

source     acme: the token is refused: create a new one in Asana under Settings,
           Apps, Manage Apps, since 2026-06-01T08:00:00Z
complete   as of 2026-06-01T11:56:00Z, 4 min ago
freshness  2 projects: 2 STALE
           the oldest as of 2026-06-01T09:00:00Z, 3 h 00 min ago
           1 project's stories: 1 STALE
           2 lists: 2 STALE
budget     1200 requests a minute; the account may make 1500
backlog    29016 requests, at least 24 min
           changes: 12 task
           walks: 29000 task_stories, 4 sections
gaps       4 open (table sync_gaps)         since             next try
     3 sections              status 403     2026-05-31T06:00Z 2026-06-01T14:00Z
     1 project_tasks         held deletions 2026-06-01T11:00Z
held       1 walk found much missing and removed nothing; a second walk a day
           later, or taskmirror sync --accept-deletions, decides
changes    by events and lists in workspace 12, 13
plan       no custom_fields in workspace 12
plan       no search in workspace 12, 13

STALE                    of                                     age        limit
  tasks                  Überfällig: a project with...        never   2 h 10 min
  tasks                  a\u001b[2Jb                     3 h 00 min   2 h 10 min
  stories                Launch                            5 d 00 h   2 h 10 min
  users                  Acme and 1 more                   2 d 02 h   4 h 00 min

RUNS                  command            time     exit    requests  rows written
2026-06-01T09:00:00Z  sync               90 s       77         420            17
2026-06-01T08:00:00Z  sync                      killed         420            17
)");
}

TEST_CASE("no line of the text is longer than 80 columns") {
    auto status = with_daemon();
    status.snapshot.runs.front().requests = 12'345'678;
    for (int i = 0; i < 30; ++i) {
        status.snapshot.freshness.push_back(tasks(48h + i * 1h, std::string(100, 'x')));
        status.snapshot.gaps.push_back({.source = "acme",
                                        .stream = "project_brief_attachments",
                                        .status = 404,
                                        .count = 123'456,
                                        .oldest = kNow,
                                        .retry_at = kNow});
    }

    const auto text = ops::status_text(status);

    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
    CHECK_THAT(text, Catch::Contains("and 20 more: --json has all") && Catch::Contains("and 20 more causes"));
    CHECK_THAT(text, Catch::Contains("3 d 05 h"));  // the worst is among those that are shown
}

TEST_CASE("what an engine has not said is null, and does not hinder the rest") {
    auto status = healthy();
    status.snapshot.facts = {{"acme.pass_began_at", "2026-06-01T11:55:00.000Z"}, {"acme.rate_per_minute", "many"}};
    status.snapshot.waiting = {{"acme", 0, "task", 12}};

    const auto source = json::parse(ops::status_json(status, "0.1.0"))["sources"][0];

    CHECK(source["state"].is_null());
    CHECK(source["pass_ended_at"].is_null());
    CHECK(source["budget"]["rate_per_minute"].is_null());
    CHECK(source["deadline"]["seconds"].is_null());
    CHECK(source["backlog"]["seconds"].is_null());
    CHECK(source["backlog"]["requests"] == 12);
    CHECK_THAT(ops::status_text(status), Catch::Contains("12 requests\n"));
}

TEST_CASE("programs read the same in JSON") {
    auto status = with_daemon();
    auto& snapshot = status.snapshot;
    snapshot.freshness.push_back(tasks({}, "with \"quotes\" and \\ and \n and \x01"));
    snapshot.waiting = {{"acme", 0, "task", 12}, {"acme", 2, "project_tasks", 1200}};
    snapshot.gaps = {{.source = "acme", .stream = "sections", .count = 3, .message = "why", .oldest = kNow}};
    snapshot.missing = {{"acme", {.scope = "12", .name = "search", .checked_at = kNow}}};

    const auto all = json::parse(ops::status_json(status, "0.1.0"));

    CHECK(all["format"] == 1);
    CHECK(all["stale"] == true);
    CHECK(all["at"] == "2026-06-01T12:00:00.000Z");
    CHECK(all["process"] == json({{"pid", 4711}, {"command", "run"}}));
    CHECK(all["database"]["bytes"] == 12'345'678);
    const auto& source = all["sources"][0];
    CHECK(source["state"] == "ok");
    CHECK(source["budget"]["used_per_minute"] == 96);
    CHECK(source["deadline"] == json({{"seconds", 300}, {"binds", "max_staleness"}}));
    CHECK(source["backlog"]["requests"] == 1212);
    CHECK(source["backlog"]["seconds"] == 61);
    CHECK(source["backlog"]["classes"][1] == json({{"class", "reconcile"},
                                                   {"requests", 1200},
                                                   {"seconds", 60},
                                                   {"streams", {{{"stream", "project_tasks"}, {"requests", 1200}}}}}));
    CHECK(source["gaps"]["causes"][0]["status"].is_null());
    CHECK(source["gaps"]["causes"][0]["message"] == "why");
    CHECK(source["missing_features"][0]["feature"] == "search");
    CHECK(source["changes"][0]["by"] == "lists");
    CHECK(source["changes"][0]["workspace_gid"] == "12");
    CHECK(source["freshness"][0]["age_seconds"] == 240);
    CHECK(source["freshness"][0]["limit_seconds"] == 600);
    CHECK(source["freshness"][2]["scope_name"] == "with \"quotes\" and \\ and \n and \x01");
    CHECK(source["freshness"][2]["fresh_as_of"].is_null());
    CHECK(source["freshness"][2]["stale"] == true);
    CHECK(all["runs"][0]["exit_code"].is_null());
    CHECK(all["runs"][0]["started_at"] == "2026-06-01T09:00:00.000Z");
}

TEST_CASE("a database without a source says that nothing was mirrored") {
    Status status{.database = "a.db", .at = kNow};

    CHECK_THAT(ops::status_text(status), Catch::StartsWith("status     STALE\n"));
    CHECK(json::parse(ops::status_json(status, "0.1.0"))["sources"].empty());
}
