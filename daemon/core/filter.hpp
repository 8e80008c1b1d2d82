// Which objects are wanted, by gid or by name. Knows no tracker.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror {

// Whether the whole text is as the pattern says: * stands for any characters, ? for one; letters of any script are the
// same in upper and lower case.
bool matches_glob(std::string_view pattern, std::string_view text);

// Whether a wish means this object: its gid, or a pattern that its name matches.
bool is_meant(std::string_view wish, std::string_view gid, std::string_view name);

struct ProjectFilter {
    std::vector<std::string> include = {};  // wishes; empty: all
    std::vector<std::string> exclude = {};  // wins
    bool archived = true;                   // archived ones, too

    enum class Verdict : std::uint8_t { wanted, not_included, excluded, archived };
    Verdict of(std::string_view gid, std::string_view name, bool is_archived) const;
    bool is_on() const { return !include.empty() || !exclude.empty() || !archived; }

    bool operator==(const ProjectFilter&) const = default;
};

}  // namespace taskmirror
