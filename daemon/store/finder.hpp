// Finds tasks, comments and projects by their words. Writes nothing, takes no lock, as reader.hpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace taskmirror::store {

struct Hit {
    std::string kind{};  // task, comment, project
    std::string gid{};
    std::string of_gid{};         // of a comment: the task or goal
    std::string name{};           // of the task or project; of a comment: of the task or goal
    std::string projects{};       // of the task, or the one above it; several are separated by commas
    std::string passage{};        // with the words
    std::string permalink{};      // of the task or project
    std::optional<Instant> at{};  // when it was last changed; of a comment: made
};

// What to do where the full-text index is damaged, and the tables are not.
inline constexpr std::string_view kSearchRemedy =
    "set full_text_search: false in the configuration and run taskmirror sync (or reload the daemon), then set it to "
    "true "
    "and do the same: that makes the index anew";

// The best hits first. `expression` is one of FTS5. None: the database has no index. Fails as read_snapshot().
std::optional<std::vector<Hit>> find(const std::filesystem::path& file, std::string_view expression, std::size_t limit);

}  // namespace taskmirror::store
