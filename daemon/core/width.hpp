// How wide texts are where characters stand in cells of one width: most take one, those of East Asian scripts and emoji
// two, accents that follow their letter none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace taskmirror {

// `text` is UTF-8 without control characters, as escaped() gives it.
std::size_t cells(std::string_view text);

// As much of it as fits into so many cells, at least 1; where it is cut stands "…".
std::string fitting(std::string_view text, std::size_t most);

// Each character that steers the direction of what follows it becomes \uXXXX: it would reach beyond its cell.
std::string without_direction(std::string_view text);

}  // namespace taskmirror
