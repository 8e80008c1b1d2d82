// Where a search stands, and how it goes on. Asana's search gives no offsets: the next page is asked for by the times
// of the last object on this one. https://developers.asana.com/reference/searchtasksforworkspace
//
// As many tasks as a page holds may have been modified in the same millisecond, by an import or a rule. Those are
// listed by when they were created; and those that share that, too, in four parts. Pure; knows no task.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "source/source.hpp"

namespace taskmirror::asana {

class SearchPlace {
  public:
    // By the offset, which is what text() gave; without one, by the cursor, a time. Throws Error for any other text.
    static SearchPlace of(const source::Work& work);

    std::vector<std::pair<std::string_view, std::string>> filters() const;
    std::string text() const;

    // Behind a full page, whose last object has these times. False: no filter gets at what is missing of it.
    bool go_on(Instant modified, Instant created);
    // Behind a page that is not full; false: that was all.
    bool go_on();

  private:
    Instant modified_{};  // after it, or, if `within_`, in this millisecond
    bool within_ = false;
    std::optional<Instant> created_{};  // after it, or, if `part_`, in this millisecond
    std::optional<int> part_{};         // bit 0: is_subtask, bit 1: completed
};

}  // namespace taskmirror::asana
