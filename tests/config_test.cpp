#include <catch2/catch.hpp>

#include "config.hpp"
#include "core/error.hpp"

#include "temporary_folder.hpp"

#include <array>
#include <sstream>

using namespace taskmirror;
using testing::Environment;
using testing::TemporaryFolder;
using namespace std::string_view_literals;

namespace {

constexpr std::array kResources = {"stories"sv,
                                   "attachments"sv,
                                   "projectless_tasks"sv,
                                   "status_updates"sv,
                                   "project_briefs"sv,
                                   "custom_types"sv,
                                   "memberships"sv,
                                   "team_memberships"sv,
                                   "tags"sv,
                                   "time_tracking_entries"sv,
                                   "time_tracking_categories"sv,
                                   "timesheet_approval_statuses"sv,
                                   "allocations"sv,
                                   "budgets"sv,
                                   "rates"sv,
                                   "ooo_entries"sv,
                                   "project_templates"sv,
                                   "task_templates"sv,
                                   "roles"sv,
                                   "agents"sv,
                                   "audit_log_events"sv,
                                   "portfolios"sv,
                                   "goals"sv};

Config read(const std::string& text, unsigned mode = 0600) {
    const TemporaryFolder folder;
    return read_config(folder.write("c.yaml", text, mode), kResources);
}

// All mistakes, with `c.yaml` for the path of the file.
std::string mistakes(const std::string& text, unsigned mode = 0600) {
    const TemporaryFolder folder;
    const auto file = folder.write("c.yaml", text, mode);
    try {
        read_config(file, kResources);
    } catch (const Fatal& error) {
        CHECK(error.code() == ExitCode::configuration);
        std::string message = error.what();
        const std::string place = folder.path().string() + "/";
        for (std::size_t at = 0; (at = message.find(place)) != std::string::npos;) message.erase(at, place.size());
        return message;
    }
    return "none";
}

}  // namespace

TEST_CASE("the example names every default") {
    const std::filesystem::path file = std::filesystem::path(TASKMIRROR_SOURCE_DIR) / "config.example.yaml";
    Config defaults;
    defaults.file = file;
    defaults.database = file.parent_path() / defaults.database;

    CHECK(read_config(file, kResources) == defaults);
}

TEST_CASE("the example names every option") {
    std::ifstream in(std::filesystem::path(TASKMIRROR_SOURCE_DIR) / "config.example.yaml");
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    // An unknown key makes the reader list those that are known.
    const std::string known = mistakes(
        "XXXXXXXX: 1\n"
        "log: {XXXXXXXX: 1}\n"
        "notify: {XXXXXXXX: 1}\n"
        "deletions: {XXXXXXXX: 1}\n"
        "sources:\n"
        "- XXXXXXXX: 1\n"
        "  resources: {XXXXXXXX: 1}\n"
        "  projects: {XXXXXXXX: 1}\n"
        "  limits: {XXXXXXXX: 1}\n"
        "  api_changes: {XXXXXXXX: 1}\n");

    std::size_t options = 0;
    for (std::size_t at = 0; (at = known.find("known here: ", at)) != std::string::npos;) {
        at += "known here: "sv.size();
        std::istringstream names(known.substr(at, known.find('\n', at) - at));
        for (std::string name; names >> name; ++options) {
            if (name.back() == ',') name.pop_back();
            CHECK_THAT(text, Catch::Contains(" " + name + ":") || Catch::Contains("\n" + name + ":"));
        }
    }
    CHECK(options == 9 + 2 + 2 + 2 + 15 + 3 + kResources.size() + 3 + 2);
}

TEST_CASE("an empty file is all defaults") {
    const Config config = read("");

    CHECK(config.sources == std::vector<SourceConfig>{SourceConfig{}});
    CHECK(config.log == log::Options{});
    CHECK(config.database.filename() == "taskmirror.db");
}

TEST_CASE("every option reaches its field") {
    const TemporaryFolder folder;
    const auto file = folder.write("c.yaml",
                                   "database: data/acme.db\n"
                                   "sources:\n"
                                   "  - name: acme\n"
                                   "    type: asana\n"
                                   "    token_file: secret\n"
                                   "    base_url: http://127.0.0.1:8080/api/\n"
                                   "    ca_file: /etc/ssl/own.pem\n"
                                   "    proxy: http://proxy:3128\n"
                                   "    exports: allow\n"
                                   "    workspaces: [1200000000000001, Acme Inc]\n"
                                   "    resources: {stories: false, tags: true, memberships: false}\n"
                                   "    limits: {requests_per_minute: 1500, share: 0.5, concurrency: 10}\n"
                                   "    api_changes: {enable: [new_user_task_lists], disable: [string_ids]}\n"
                                   "  - name: second\n"
                                   "    token_env: SECOND_TOKEN\n"
                                   "  - name: third\n"
                                   "    token_command: pass show asana\n"
                                   "schedule: {stories_reread_every: 30d, max_staleness: 10s}\n"
                                   "time_zone: Asia/Kathmandu\n"
                                   "full_text_search: false\n"
                                   "deletions: {keep: 90d}\n"
                                   "notify: {heartbeat_url: 'https://hc-ping.com/x?y=z', on_failure: mail-me}\n"
                                   "log: {level: off, format: json}\n");

    const Config config = read_config(file, kResources);

    SourceConfig acme;
    acme.name = "acme";
    acme.token_file = folder.path() / "secret";
    acme.base_url = "http://127.0.0.1:8080/api";
    acme.ca_file = "/etc/ssl/own.pem";
    acme.proxy = "http://proxy:3128";
    acme.exports = Exports::allow;
    acme.workspaces = {"1200000000000001", "Acme Inc"};
    acme.resources_off = {"memberships", "stories"};
    acme.limits = {.requests_per_minute = 1500, .share = 0.5, .concurrency = 10};
    acme.api_changes = {.enable = {"new_user_task_lists"}, .disable = {"string_ids"}};
    REQUIRE(config.sources.size() == 3);
    CHECK(config.sources[0] == acme);
    CHECK(config.sources[1].token_env == "SECOND_TOKEN");
    CHECK(config.sources[2].token_command == "pass show asana");
    CHECK(config.file == file);
    CHECK(config.database == folder.path() / "data/acme.db");
    CHECK(config.schedule.stories_reread_every == std::chrono::hours(24 * 30));
    CHECK(config.schedule.max_staleness == std::chrono::seconds(10));
    CHECK(config.time_zone == "Asia/Kathmandu");
    CHECK_FALSE(config.full_text_search);
    CHECK(config.tombstones_kept == std::chrono::hours(24 * 90));
    CHECK(config.heartbeat_url == "https://hc-ping.com/x?y=z");
    CHECK(config.on_failure == "mail-me");
    CHECK(config.log == log::Options{.level = log::Level::off, .format = log::Format::json});
}

TEST_CASE("an impossible value is named with file, line, column, key and what would be right") {
    const auto [text, expected] = GENERATE(table<std::string, std::string>({
        {"sources:\n- name: Acme", "c.yaml:2:9: sources[0].name: must consist of a to z, 0 to 9, _ and -"},
        {"sources:\n- name: a\n- name: b\n- name: a",
         "c.yaml:4:9: sources[2].name: a is the name of another source: give each its own"},
        {"sources:\n- type: asana\n- type: asana",
         "c.yaml:3:3: sources[1].name: asana is the name of another source: give each its own"},
        {"sources: []", "c.yaml:1:10: sources: needs an entry: without one there is nothing to mirror"},
        {"sources:\n- type: asan", "c.yaml:2:9: sources[0].type: must be asana, not 'asan', did you mean asana?"},
        {"sources:\n- token_env: A\n  token_file: b",
         "c.yaml:3:15: sources[0].token_file: keep one of token_env, token_file, token_command"},
        {"sources:\n- token_file: 2/1199012345678901/1199012345678901:0123456789abcdef0123456789abcdef",
         "c.yaml:2:15: sources[0].token_file: must be the path of a file; this looks like the token itself: write it "
         "into a file that only its owner can read, and name that file"},
        {"sources:\n- token_env: 1/12:ab",
         "c.yaml:2:14: sources[0].token_env: must be the name of an environment variable, such as ASANA_TOKEN"},
        {"sources:\n- token_file: ~/token",
         "c.yaml:2:15: sources[0].token_file: ~ is not expanded: write the whole path"},
        {"database: ~/a.db", "c.yaml:1:11: database: ~ is not expanded: write the whole path"},
        {"sources:\n- base_url: app.asana.com",
         "c.yaml:2:13: sources[0].base_url: must be a URL without user, query and fragment, such as "
         "https://app.asana.com/api/1.0"},
        {"sources:\n- base_url: https://me@app.asana.com",
         "c.yaml:2:13: sources[0].base_url: must be a URL without user, query and fragment, such as "
         "https://app.asana.com/api/1.0"},
        {"sources:\n- resources: {storys: false}",
         "c.yaml:2:15: sources[0].resources.storys: unknown key, did you mean stories?"},
        {"time_zone: Europe/Atlantis",
         "c.yaml:1:12: time_zone: Europe/Atlantis is no time zone of this machine: name one as Europe/Berlin, see "
         "/usr/share/zoneinfo (package tzdata)"},
        {"sources:\n- resources: {stories: no}",
         "c.yaml:2:24: sources[0].resources.stories: must be true or false, not 'no'"},
        {"sources:\n- limits: {share: 0}",
         "c.yaml:2:19: sources[0].limits.share: must be a decimal number from 0.01 to 1, not '0'"},
        {"sources:\n- limits: {requests_per_minute: 0}",
         "c.yaml:2:33: sources[0].limits.requests_per_minute: must be auto or a whole number from 1 to 100000, not "
         "'0'"},
        {"sources:\n- limits: {concurrency: 51}",
         "c.yaml:2:25: sources[0].limits.concurrency: must be auto or a whole number from 1 to 50, not '51'"},
        {"sources:\n- api_changes: {enable: [a, 'b, c']}",
         "c.yaml:2:25: sources[0].api_changes.enable: must be names of changes, such as new_user_task_lists"},
        {"sources:\n- api_changes: {enable: [a], disable: [a]}",
         "c.yaml:2:39: sources[0].api_changes.disable: names a change that is enabled, too: keep one"},
        {"log: {level: verbose}",
         "c.yaml:1:14: log.level: must be one of debug, info, warning, error, off, not 'verbose'"},
        {"log: {format: jsn}",
         "c.yaml:1:15: log.format: must be one of auto, text, json, journal, not 'jsn', did you mean json?"},
        {"schedule: {relist_every: 1w}",
         "c.yaml:1:26: schedule.relist_every: must be a time from 1m to 7d, such as 90s, 5m, 1h or 7d, not '1w'"},
        {"schedule: {relist_every: 59s}",
         "c.yaml:1:26: schedule.relist_every: must be a time from 1m to 7d, such as 90s, 5m, 1h or 7d, not '59s'"},
        {"schedule: {stories_reread_every: 59m}",
         "c.yaml:1:34: schedule.stories_reread_every: must be a time from 1h to 365d, such as 90s, 5m, 1h or 7d, not "
         "'59m'"},
        {"schedule: {max_staleness: 25h}",
         "c.yaml:1:27: schedule.max_staleness: must be a time from 10s to 1d, such as 90s, 5m, 1h or 7d, not '25h'"},
        {"notify: {heartbeat_url: hc-ping.com/secret}",
         "c.yaml:1:25: notify.heartbeat_url: must be a URL without user and fragment, such as https://hc-ping.com/..."},
        {"planning: {max_staleness: 5m}",
         "c.yaml:1:1: planning: unknown key, known here: database, deletions, full_text_search, log, notify, "
         "schedule, sources, time_zone, wide_columns"},
    }));
    CAPTURE(text);

    CHECK(mistakes(text) == expected);
}

TEST_CASE("mistakes in several sources are all named in one run") {
    CHECK(mistakes("datbase: a\n"
                   "sources:\n"
                   "- name: A\n"
                   "  limits: {share: 2}\n"
                   "- name: b\n"
                   "  proxi: c\n") ==
          "c.yaml:1:1: datbase: unknown key, did you mean database?\n"
          "c.yaml:3:9: sources[0].name: must consist of a to z, 0 to 9, _ and -\n"
          "c.yaml:4:19: sources[0].limits.share: must be a decimal number from 0.01 to 1, not '2'\n"
          "c.yaml:6:3: sources[1].proxi: unknown key, did you mean proxy?");
}

TEST_CASE("a command for the token is refused in a file that others can write") {
    const std::string text = "sources:\n- token_command: pass show asana\n";

    CHECK(mistakes(text, 0644) == "none");
    CHECK(mistakes("sources:\n- token_env: A\n", 0666) == "none");
    CHECK(mistakes("notify: {on_failure: mail-me}\n", 0644) == "none");
    CHECK_THAT(mistakes("notify: {on_failure: mail-me}\n", 0664),
               Catch::Contains("notify.on_failure: refused, because others can write this file"));
    CHECK(mistakes(text, 0664) ==
          "c.yaml:2:18: sources[0].token_command: refused, because others can write this file: "
          "chmod go-w it, and let it belong to you or root");
}

TEST_CASE("a configuration is looked for in the working folder, that of the user, and /etc") {
    using Places = std::vector<std::filesystem::path>;
    const Environment home("HOME", "/home/me");
    {
        const Environment config_home("XDG_CONFIG_HOME", "/conf");
        CHECK(config_places() ==
              Places{"taskmirror.yaml", "/conf/taskmirror/config.yaml", "/etc/taskmirror/config.yaml"});
    }
    {
        const Environment config_home("XDG_CONFIG_HOME", std::nullopt);
        CHECK(config_places() ==
              Places{"taskmirror.yaml", "/home/me/.config/taskmirror/config.yaml", "/etc/taskmirror/config.yaml"});
    }
    {
        const Environment config_home("XDG_CONFIG_HOME", "relative");
        const Environment no_home("HOME", std::nullopt);
        CHECK(config_places() == Places{"taskmirror.yaml", "/etc/taskmirror/config.yaml"});
    }
}

TEST_CASE("the first configuration that exists is taken, readable or not") {
    const TemporaryFolder folder;
    const auto first = folder.path() / "first.yaml";
    const auto second = folder.write("second.yaml", "", 0);
    const auto third = folder.write("third.yaml", "");

    CHECK(first_existing(std::vector{first, second, third}) == second);
    CHECK(first_existing(std::vector{first}) == std::nullopt);
    CHECK(first_existing(std::vector{third / "below a file"}) == std::nullopt);
}

TEST_CASE("projects are filtered by gids and patterns") {
    const auto config = read("sources:\n- projects: {include: [12, Alpha*], exclude: ['*secret*'], archived: false}\n");

    CHECK(config.sources[0].projects ==
          ProjectFilter{.include = {"12", "Alpha*"}, .exclude = {"*secret*"}, .archived = false});
    CHECK(mistakes("sources:\n- projects: {exclude: secret}\n") ==
          "c.yaml:2:23: sources[0].projects.exclude: must be a list of texts, such as [a, b], not 'secret'");
}

TEST_CASE("texts are redacted by the names of their tables and columns") {
    const TemporaryFolder folder;
    const std::vector<std::string> redactable = {"asana_tasks.notes", "asana_users.email"};
    const auto file = folder.write("c.yaml", "sources:\n- redact: {asana_users.email: hash}\n", 0600);
    CHECK(read_config(file, kResources, redactable).sources[0].redact ==
          Redactions{{"asana_users.email", Redact::hash}});

    const auto wrong =
        folder.write("d.yaml", "sources:\n- redact:\n    asana_user.email: hash\n    asana_tasks.notes: no\n", 0600);
    try {
        read_config(wrong, kResources, redactable);
        CHECK(false);
    } catch (const Fatal& fatal) {
        CHECK_THAT(fatal.what(), Catch::Contains("d.yaml:3:5: sources[0].redact.asana_user.email: unknown key, did you "
                                                 "mean asana_users.email?"));
        CHECK_THAT(fatal.what(), Catch::Contains("d.yaml:4:24: sources[0].redact.asana_tasks.notes: must be one of "
                                                 "drop, hash, length, not 'no'"));
    }
}
