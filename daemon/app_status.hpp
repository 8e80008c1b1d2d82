// The command `status`.
#pragma once

#include <string_view>

#include "config.hpp"
#include "core/error.hpp"

namespace taskmirror {

// 0: fresh, 75: something is stale. Throws Fatal.
ExitCode show_status(const Config& config, bool as_json, std::string_view version);

}  // namespace taskmirror
