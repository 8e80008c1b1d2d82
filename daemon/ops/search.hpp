// What `taskmirror search` asks for and shows. Pure functions; prints nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "store/finder.hpp"

namespace taskmirror::ops {

// An expression of FTS5 that finds what has all of these words, whatever characters are in them. A word with a space in
// it is a phrase, one that ends in * a beginning. Empty: there is no letter and no digit in them.
std::string search_expression(std::span<const std::string> words);

// For people: two or three lines a hit.
std::string hits_text(std::span<const store::Hit> hits);
// For programs: an array of objects.
std::string hits_json(std::span<const store::Hit> hits);

}  // namespace taskmirror::ops
