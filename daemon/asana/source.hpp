// Asana as a source: composed of the table of streams and the mapping of its objects.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/filter.hpp"
#include "core/redact.hpp"
#include "source/source.hpp"

namespace taskmirror::asana {

struct Options {
    std::string name;                          // of the account
    std::vector<std::string> workspaces = {};  // gids, or patterns of names; empty: all that the token sees
    std::set<std::string> resources_off = {};  // of kResources
    ProjectFilter projects = {};
    Redactions redact = {};       // of redactable()
    std::string redact_key = {};  // of hashes
};

std::unique_ptr<source::Source> make_source(Options options);

// The value of an Asana-Change header: "name=..;info=..;affected=true", several of them with commas between.
std::vector<source::ApiChange> read_api_changes(std::string_view header);

// Whose token it is, and the workspaces that it sees: gid and name.
struct Me {
    std::string gid;
    std::string name;
    std::vector<std::pair<std::string, std::string>> workspaces;
};
std::string me_target();
Me read_me(std::string_view body);  // throws Error

// The texts that may be redacted, as "table.column": all but gids and what the mirror itself needs.
std::span<const std::string> redactable();

// How many projects of a page the filter wants, by its verdict.
struct FilteredProjects {
    std::map<ProjectFilter::Verdict, int> counts;
    std::string next;  // offset of the next page; empty: this was the last
};
std::string projects_target(std::string_view workspace, std::string_view offset);
FilteredProjects read_projects(std::string_view body, const ProjectFilter& filter);  // throws Error

// What a plan may lack, and a request that tells. {root} is the workspace.
struct Probe {
    std::string_view feature;
    std::string_view path;
    bool mirrored = false;  // false: this version makes no use of it
};
inline constexpr std::string_view kSearch = "search";
inline constexpr std::string_view kWorkspaceEvents = "workspace events";
inline constexpr Probe kProbes[] = {
    {"custom fields", "/workspaces/{root}/custom_fields?limit=1", true},
    {"time tracking", "/time_tracking_entries?workspace={root}&entered_on_start_date=1970-01-01&limit=1", true},
    {"capacity plans", "/allocations?workspace={root}&limit=1", true},
    {kSearch, "/workspaces/{root}/tasks/search?limit=1", true},
    {"goals", "/goals?workspace={root}&limit=1", true},
    {"portfolios", "/portfolios?workspace={root}&owner=me&limit=1", true},
    {kWorkspaceEvents, "/workspaces/{root}/events", true},
    {"audit log", "/workspaces/{root}/audit_log_events?limit=1", true},
};
std::string probe_target(const Probe& probe, std::string_view workspace);

// What no list names, whatever the plan: shown by `check`.
inline constexpr std::string_view kStandingLimitation = "tasks without project, assignee and tag: no list names them";

}  // namespace taskmirror::asana
