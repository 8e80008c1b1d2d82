// Typed history: what a story says has changed, as rows of asana_task_changes.
//
// Read from the old_ and new_ members of a story and from what it refers to, never from its text, which is English and
// not stable. Asana documents no list of subtypes, so one that is not known here is kept: its field is its subtype,
// its values are the gids, dates and numbers that it brings, but no texts.
// https://developers.asana.com/reference/stories
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/rows.hpp"

namespace taskmirror::asana {

inline constexpr std::string_view kTaskChanges = "asana_task_changes";
inline constexpr std::string_view kTaskChangeColumns[] = {
    "story_gid",        "position",  "task_gid",  "changed_at", "actor_gid", "field",
    "custom_field_gid", "old_value", "new_value", "old_gid",    "new_gid",
};

class History {
  public:
    // The columns of asana_stories, in the order of its values.
    explicit History(std::span<const std::string_view> columns);

    // Appends to page.values the changes that the story tells of whose values begin at `story`; gives their number. The
    // first column, the story's gid, is left NULL. Comments, and stories of goals, tell of none.
    std::uint32_t append(std::size_t story, Page& page) const;

  private:
    static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
    // Where the old or the new value of a change stands in a story; the first of the columns that is not NULL counts.
    struct Place {
        std::size_t columns[2] = {kNone, kNone};
        std::string_view constant = {};
    };
    struct Change {
        std::string_view field;
        Place old_value, new_value, old_gid, new_gid;
    };
    struct Subtype {
        std::string_view name;
        std::vector<Change> changes;
    };

    Value at(const Place& place, std::size_t story, Page& page) const;
    bool add(const Change& change, bool even_if_equal, std::size_t story, Page& page) const;

    std::vector<Subtype> subtypes_;
    std::vector<Change> pairs_;  // of subtypes that are not known
    std::size_t subtype_, type_, target_, target_type_, at_, by_, custom_field_;
};

}  // namespace taskmirror::asana
