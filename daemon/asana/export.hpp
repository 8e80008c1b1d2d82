// Resource exports: what is asked for, what their job says, and the lines of their file.
// https://developers.asana.com/reference/createresourceexport
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "asana/mapping.hpp"
#include "source/json.hpp"
#include "source/source.hpp"

namespace taskmirror::asana {

// What comes inside of each task.
struct Inside {
    bool stories = true;
    bool attachments = true;
};

// The body of the request: all tasks of a workspace, with the fields that their lists are asked for. Of attachments
// there are no links that expire: `view_url` is left to their list.
std::string export_body(std::string_view workspace, Inside inside);

source::Answer::Job job_in(source::JsonObject& object, Page& page);

// The gid of a line's task, if it stands first. The line may be cut off, or not be JSON at all.
std::optional<std::string_view> gid_of_line(std::string_view line);

class LineMapper {
  public:
    LineMapper(Mapper& mapper, Inside wanted) : mapper_(mapper), wanted_(wanted) {}

    // The task's index in page.entities, and what came inside of it. The task's content hash is that of the same object
    // without them.
    struct Mapped {
        std::size_t task = 0;
        Inside came{false, false};
    };
    // Appends the task and what is inside of it. Throws Error. kPadding bytes behind the line must be readable.
    Mapped map(std::string_view line, std::string_view workspace, Page& page);

  private:
    Mapper& mapper_;
    Inside wanted_;
    simdjson::ondemand::parser parser_, task_parser_;
    std::string task_;  // the line without what is inside
};

}  // namespace taskmirror::asana
