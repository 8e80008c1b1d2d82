// Copies of a database that is in use: whole, checked and on the disk before they get their name. Takes no lock of the
// database, writes nothing beside it, and works for whoever may read it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

#include "core/time.hpp"

namespace taskmirror::store {

struct BackupOptions {
    std::filesystem::path to{};  // a file, or a folder, which ends in / or is there: then the name tells the time
    std::optional<std::int64_t> keep{};  // of a folder: how many of the newest copies of this database stay
    Instant now{};
    std::function<bool()> stopped{};  // asked now and then: ends the copy
};

struct Backup {
    std::filesystem::path file{};
    std::uintmax_t bytes = 0;
    std::vector<std::filesystem::path> removed{};  // older ones
};

// The content is that of one commit. A copy that is there is replaced, nothing else is. Fatal 64, 74, 75: it cannot be
// made there, 65: what was copied is damaged; 66 and others as read_snapshot(). No file has the name then, or the one
// that had it has it still.
Backup back_up(const std::filesystem::path& database, const BackupOptions& options);

}  // namespace taskmirror::store
