// Whether a database is sound. Writes nothing, takes no lock, as reader.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/time.hpp"

namespace taskmirror::store {

struct Health {
    std::string damage{};         // of the file, in SQLite's words, and in how many places; empty: none was found
    std::string search_damage{};  // of the full-text index alone
    bool all = true;              // false: the time was up before all was looked at
    bool has_search = false;
};

// `full`: every index is compared with its table, and the full-text index with what it counts, however long it takes;
// else what can be seen within this time. Fatal as read_snapshot().
Health examine(const std::filesystem::path& file, bool full, Milliseconds at_most);

}  // namespace taskmirror::store
