// The configuration as plain data, and its file. It opens nothing but that file, and reads no token.
//
// Every field has the default that config.example.yaml names. An option is here when something uses it.
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/filter.hpp"
#include "core/log.hpp"
#include "core/redact.hpp"

namespace taskmirror {

enum class SourceType { asana };
enum class Exports { deny, allow };

struct Limits {
    int requests_per_minute = 0;  // of the token's quota; 0: auto, as the plan allows
    double share = 0.8;           // of it that is ours
    int concurrency = 0;          // requests at once; 0: auto, as many as rate and latency need

    bool operator==(const Limits&) const = default;
};

// Names of changes to the API, for its Asana-Enable and Asana-Disable headers.
struct ApiChanges {
    std::vector<std::string> enable;
    std::vector<std::string> disable;

    bool operator==(const ApiChanges&) const = default;
};

struct SourceConfig {
    std::string name = "asana";  // [a-z0-9_-]+, unique
    SourceType type = SourceType::asana;
    // Where the token is: at most one of the three. None: the systemd credential asana-token, else ASANA_TOKEN.
    std::string token_env;
    std::filesystem::path token_file;
    std::string token_command;
    std::string base_url = "https://app.asana.com/api/1.0";  // without a trailing slash
    std::filesystem::path ca_file;                           // empty: the system's authorities
    std::string proxy;                                       // empty: none, whatever the environment says
    std::vector<std::string> workspaces;  // gids, or patterns of names; empty: all that the token sees
    ProjectFilter projects;
    std::set<std::string> resources_off;  // optional resources that are not mirrored
    Exports exports = Exports::deny;      // whether a first load may start an export job
    Limits limits;
    Redactions redact;
    ApiChanges api_changes;

    bool operator==(const SourceConfig&) const = default;
};

// How long lists may go without being walked again, where no event tells of their changes.
struct Schedule {
    std::chrono::seconds relist_every = std::chrono::hours(1);      // small lists: people, teams, tags, projects, ...
    std::chrono::seconds reconcile_every = std::chrono::hours(24);  // all tasks of a project: what events have lost
    std::chrono::seconds stories_reread_every = std::chrono::hours(24 * 7);  // the stories of each task, in turn
    std::chrono::seconds max_staleness = std::chrono::minutes(5);  // how long events may go without being polled

    bool operator==(const Schedule&) const = default;
};

struct Config {
    std::filesystem::path file;  // where it was read; empty: nowhere
    std::filesystem::path database = "taskmirror.db";
    std::vector<SourceConfig> sources = {SourceConfig{}};
    Schedule schedule;
    std::string time_zone = "UTC";  // of the days in reports, as Europe/Berlin
    int wide_columns = 20'000;      // of all views with custom fields as columns; 0: there are none
    bool full_text_search = true;   // an index of the words of tasks, comments and projects
    double most_deleted = 0.2;      // share of the stored rows that one walk may find missing
    std::chrono::seconds tombstones_kept = std::chrono::hours(24 * 400);  // and runs, healed gaps, announced changes
    std::string heartbeat_url;                                            // a secret; empty: none
    std::string on_failure;                                               // for /bin/sh -c; empty: none
    log::Options log;

    bool operator==(const Config&) const = default;
};

// Where a configuration is looked for, in this order: ./taskmirror.yaml, $XDG_CONFIG_HOME/taskmirror/config.yaml,
// /etc/taskmirror/config.yaml.
std::vector<std::filesystem::path> config_places();

// The first of these that exists, even if it cannot be read.
std::optional<std::filesystem::path> first_existing(std::span<const std::filesystem::path> places);

// `resources` are the names that may be switched under `resources:`, `redactable` those that may stand under `redact:`.
// Relative paths in the file come out relative to
// it. Throws Fatal(configuration) with all mistakes, a line for each.
Config read_config(const std::filesystem::path& file, std::span<const std::string_view> resources,
                   std::span<const std::string> redactable = {});

}  // namespace taskmirror
