// What `taskmirror status` says of a database: what of it is stale, what is still to do, what could not be had. Pure
// functions of a snapshot; prints nothing.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "store/reader.hpp"

namespace taskmirror::ops {

// How often data is to be renewed, as configured.
struct Periods {
    std::chrono::seconds tasks{};                                      // of a project, and their stories
    std::map<std::string, std::chrono::seconds, std::less<>> lists{};  // by table; others: not judged
};

struct Status {
    std::filesystem::path database{};
    Instant at{};
    store::Snapshot snapshot{};
    Periods periods{};
    std::vector<std::string> warnings{};  // of what will stop it some day
};

// Whether a daemon keeps the data fresh; else syncs do, one after the other.
bool daemon_runs(const Status& status);

// What the data may be old: twice its period, and without a daemon twice the usual time between syncs more. None: as
// old as it likes.
std::optional<std::chrono::seconds> limit(const Status& status, const store::Freshness& data);

// Never complete, or older than its limit. What a gap explains is not stale: it stands among the gaps.
bool is_stale(const Status& status, const store::Freshness& data);
// Whether anything is, or nothing has been mirrored yet.
bool is_stale(const Status& status);

// What is short enough for a table: "45 s", "12 min", "3 h 05 min", "4 d 02 h".
std::string duration(std::chrono::seconds time);

// For people, at most 80 columns.
std::string status_text(const Status& status);
// For programs: docs/status-json.md.
std::string status_json(const Status& status, std::string_view version);

}  // namespace taskmirror::ops
