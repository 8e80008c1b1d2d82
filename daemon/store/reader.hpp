// What an operator wants to know of a database, read at once and as of one moment. Writes nothing, takes no lock: it
// works beside a running daemon, while none runs, and for a user who may only read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "store/store.hpp"

namespace taskmirror::store {

// A row of sync_freshness.
struct Freshness {
    std::string source{};
    std::string table{};
    std::string scope{};
    std::string name{};
    std::optional<Instant> as_of{};  // none: never complete so far
    bool of_project = false;
    bool gap = false;  // an open one explains why it does not get fresher
};

// Requests that are due.
struct Waiting {
    std::string source{};
    std::int64_t order_class = 0;  // of order_key
    std::string stream{};
    std::int64_t requests = 0;
};

// Open gaps of one stream that have the same cause.
struct GapCause {
    std::string source{};
    std::string stream{};
    std::optional<int> status{};
    bool held = false;  // deletions that wait
    std::int64_t count = 0;
    std::string message{};  // of one of them
    Instant oldest{};
    std::optional<Instant> retry_at{};  // the first
};

struct Snapshot {
    std::uintmax_t bytes = 0;
    std::uintmax_t log_bytes = 0;
    std::optional<int> holder{};                                   // the process that has the database's lock
    std::vector<std::string> sources{};                            // that have begun a pass
    std::vector<Freshness> freshness{};                            // oldest first
    std::vector<Waiting> waiting{};                                // in the order in which they are taken
    std::vector<GapCause> gaps{};                                  // the most frequent first
    std::vector<std::pair<std::string, Capability>> missing;       // features that a plan lacks, by source
    std::vector<std::pair<std::string, Capability>> there;         // and those that it has
    std::vector<std::pair<std::string, ApiChange>> api_changes{};  // by source
    std::vector<Run> runs{};                                       // the latest first, a few
    std::map<std::string, std::string, std::less<>> facts{};       // of sync_meta
};

// Fatal 66: there is no database; 65, 74, 78: as open_sqlite().
Snapshot read_snapshot(const std::filesystem::path& file, Instant now);

// A row of sync_meta; none, too, if there is no database. Otherwise fails as read_snapshot().
std::optional<std::string> read_fact(const std::filesystem::path& file, std::string_view key);

}  // namespace taskmirror::store
