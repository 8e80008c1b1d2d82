// The data dictionary as a document. A pure function; prints nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "store/dictionary.hpp"

namespace taskmirror::ops {

// `left_out`: what is not in the database on purpose, and why.
std::string dictionary_markdown(std::span<const store::Chapter> chapters,
                                std::span<const std::pair<std::string_view, std::string_view>> left_out);

}  // namespace taskmirror::ops
