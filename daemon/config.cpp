#include "config.hpp"

#include "core/error.hpp"
#include "core/section.hpp"
#include "core/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace taskmirror {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 1> kSourceTypes = {"asana"};
constexpr std::array<std::string_view, 2> kExports = {"deny", "allow"};
constexpr std::string_view kLowerCase = "abcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view kEnvironmentName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// What only a tracker knows.
struct Names {
    std::span<const std::string_view> resources;
    std::span<const std::string> redactable;
};

bool consists_of(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

void read_path(Section& section, std::string_view key, const fs::path& folder, fs::path& path) {
    std::string text;
    section.read(key, text);
    if (text.empty()) return;
    if (text.starts_with('~')) section.reject(key, "~ is not expanded: write the whole path");
    path = folder / text;
}

// Asana's tokens are 1/16 digits:32 hexadecimal digits, or longer.
bool holds_a_token(const fs::path& file) {
    constexpr std::ptrdiff_t kManyDigits = 24;
    const std::string text = file.string();
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    std::error_code error;
    return std::search_n(text.begin(), text.end(), kManyDigits, true, [&](char c, bool) { return is_hex(c); }) !=
               text.end() &&
           !fs::exists(file, error);
}

void read_token_place(Section& section, const fs::path& folder, bool others_may_write, SourceConfig& source) {
    section.read("token_env", source.token_env);
    read_path(section, "token_file", folder, source.token_file);
    section.read("token_command", source.token_command);
    if (holds_a_token(source.token_file)) {
        section.reject("token_file",
                       "must be the path of a file; this looks like the token itself: write it into a file "
                       "that only its owner can read, and name that file");
    }

    // The value is not repeated: it may be a token that was put in the wrong place.
    if (!consists_of(source.token_env, kEnvironmentName)) {
        section.reject("token_env", "must be the name of an environment variable, such as ASANA_TOKEN");
    }
    if (others_may_write && !source.token_command.empty()) {
        section.reject("token_command",
                       "refused, because others can write this file: "
                       "chmod go-w it, and let it belong to you or root");
    }
    bool given = false;
    for (const std::string_view key : {"token_env", "token_file", "token_command"}) {
        if (!section.has(key)) continue;
        if (given) section.reject(key, "keep one of token_env, token_file, token_command");
        given = true;
    }
}

void read_base_url(Section& section, std::string& url) {
    section.read("base_url", url);
    while (url.ends_with('/')) url.pop_back();
    const bool has_scheme = url.starts_with("https://") || url.starts_with("http://");
    if (!has_scheme || url.find_first_of(" ?#@") != std::string::npos) {
        section.reject("base_url",
                       "must be a URL without user, query and fragment, such as "
                       "https://app.asana.com/api/1.0");
    }
}

void read_resources(Section section, std::span<const std::string_view> names, std::set<std::string>& off) {
    for (const std::string_view name : names) {
        bool on = true;
        section.read(name, on);
        if (!on) off.emplace(name);
    }
}

void read_projects(Section section, ProjectFilter& projects) {
    section.read("include", projects.include);
    section.read("exclude", projects.exclude);
    section.read("archived", projects.archived);
}

void read_limits(Section section, Limits& limits) {
    section.read_or_auto("requests_per_minute", limits.requests_per_minute, 1, 100'000);
    section.read("share", limits.share, 0.01, 1);
    section.read_or_auto("concurrency", limits.concurrency, 1, 50);  // Asana's own limit
}

void read_redact(Section section, std::span<const std::string> names, Redactions& redact) {
    for (const std::string& name : names) {
        if (!section.has(name)) {
            Redact none{};
            section.read(name, none, kRedactNames);  // it is known
            continue;
        }
        section.read(name, redact[name], kRedactNames);
    }
}

// https://developers.asana.com/docs/deprecations
void read_api_changes(Section section, ApiChanges& changes) {
    section.read("enable", changes.enable);
    section.read("disable", changes.disable);
    for (const auto& [key, names] : {std::pair("enable", &changes.enable), std::pair("disable", &changes.disable)}) {
        if (!std::all_of(names->begin(), names->end(),
                         [](const auto& name) { return consists_of(name, kLowerCase); })) {
            section.reject(key, "must be names of changes, such as new_user_task_lists");
        }
    }
    const bool both = std::any_of(changes.enable.begin(), changes.enable.end(), [&](const auto& name) {
        return std::find(changes.disable.begin(), changes.disable.end(), name) != changes.disable.end();
    });
    if (both) section.reject("disable", "names a change that is enabled, too: keep one");
}

SourceConfig read_source(Section section, const fs::path& folder, bool others_may_write, Names names) {
    SourceConfig source;
    section.read("name", source.name);
    if (!consists_of(source.name, kLowerCase)) {
        section.reject("name", "must consist of a to z, 0 to 9, _ and -");
    }
    section.read("type", source.type, kSourceTypes);
    read_token_place(section, folder, others_may_write, source);
    read_base_url(section, source.base_url);
    read_path(section, "ca_file", folder, source.ca_file);
    section.read("proxy", source.proxy);
    section.read("workspaces", source.workspaces);
    read_projects(section.section("projects"), source.projects);
    read_resources(section.section("resources"), names.resources, source.resources_off);
    section.read("exports", source.exports, kExports);
    read_limits(section.section("limits"), source.limits);
    read_redact(section.section("redact"), names.redactable, source.redact);
    read_api_changes(section.section("api_changes"), source.api_changes);
    return source;
}

std::vector<SourceConfig> read_sources(Section& root, const fs::path& folder, bool others_may_write, Names names) {
    std::vector<SourceConfig> sources;
    for (Section& section : root.sections("sources")) {
        SourceConfig source = read_source(section, folder, others_may_write, names);
        const bool taken = std::any_of(sources.begin(), sources.end(),
                                       [&](const SourceConfig& other) { return other.name == source.name; });
        if (taken)
            section.reject("name", fmt::format("{} is the name of another source: give each its own", source.name));
        sources.push_back(std::move(source));
    }
    if (!root.has("sources")) sources.emplace_back();
    if (sources.empty()) root.reject("sources", "needs an entry: without one there is nothing to mirror");
    return sources;
}

void read_schedule(Section section, Schedule& schedule) {
    using namespace std::chrono_literals;
    section.read("relist_every", schedule.relist_every, 1min, 24h * 7);
    section.read("reconcile_every", schedule.reconcile_every, 1min, 24h * 30);
    section.read("stories_reread_every", schedule.stories_reread_every, 1h, 24h * 365);
    section.read("max_staleness", schedule.max_staleness, 10s, 24h);
}

void read_time_zone(Section& root, std::string& zone) {
    root.read("time_zone", zone);
    try {
        check_time_zone(zone);
    } catch (const Error& error) {
        root.reject("time_zone", error.what());
    }
}

void read_notify(Section section, bool others_may_write, Config& config) {
    section.read("heartbeat_url", config.heartbeat_url);
    const std::string& url = config.heartbeat_url;
    // The value is not repeated: who knows it can feign a heartbeat.
    if (!url.empty() && ((!url.starts_with("https://") && !url.starts_with("http://")) ||
                         url.find_first_of(" #@") != std::string::npos)) {
        section.reject("heartbeat_url", "must be a URL without user and fragment, such as https://hc-ping.com/...");
    }
    section.read("on_failure", config.on_failure);
    if (others_may_write && !config.on_failure.empty()) {
        section.reject("on_failure",
                       "refused, because others can write this file: "
                       "chmod go-w it, and let it belong to you or root");
    }
}

void read_log(Section section, log::Options& options) {
    section.read("level", options.level, log::kLevelNames);
    section.read("format", options.format, log::kFormatNames);
}

}  // namespace

std::vector<fs::path> config_places() {
    std::vector<fs::path> places = {"taskmirror.yaml"};
    const char* const home = std::getenv("HOME");
    const char* const config_home = std::getenv("XDG_CONFIG_HOME");
    // The XDG specification: a relative path is to be ignored.
    if (config_home != nullptr && fs::path(config_home).is_absolute()) {
        places.push_back(fs::path(config_home) / "taskmirror/config.yaml");
    } else if (home != nullptr && fs::path(home).is_absolute()) {
        places.push_back(fs::path(home) / ".config/taskmirror/config.yaml");
    }
    places.emplace_back("/etc/taskmirror/config.yaml");
    return places;
}

std::optional<fs::path> first_existing(std::span<const fs::path> places) {
    for (const fs::path& place : places) {
        std::error_code error;
        const fs::file_type type = fs::status(place, error).type();
        if (type != fs::file_type::not_found) return place;  // where we may not look, reading it says why
    }
    return std::nullopt;
}

Config read_config(const fs::path& file, std::span<const std::string_view> resources,
                   std::span<const std::string> redactable) {
    Document document = Document::open(file);
    const fs::path folder = file.parent_path();
    Section root = document.root();

    Config config;
    config.file = file;
    config.database = folder / config.database;
    read_path(root, "database", folder, config.database);
    config.sources = read_sources(root, folder, document.others_may_write(), {resources, redactable});
    read_schedule(root.section("schedule"), config.schedule);
    Section deletions = root.section("deletions");
    deletions.read("max_share", config.most_deleted, 0, 1);
    deletions.read("keep", config.tombstones_kept, std::chrono::hours(24), std::chrono::hours(24 * 36'500));
    read_notify(root.section("notify"), document.others_may_write(), config);
    read_time_zone(root, config.time_zone);
    root.read("wide_columns", config.wide_columns, 0, 1'000'000);
    root.read("full_text_search", config.full_text_search);
    read_log(root.section("log"), config.log);
    document.finish();
    return config;
}

}  // namespace taskmirror
