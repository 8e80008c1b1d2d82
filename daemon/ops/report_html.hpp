// A report as one page: its charts and its table. It needs no network and no script, and holds no text of users but as
// text.
#pragma once

#include <string>
#include <string_view>

#include "ops/report.hpp"

namespace taskmirror::ops {

std::string html_page(const Told& told, std::string_view version);

}  // namespace taskmirror::ops
