// Small questions about texts. Knows nothing of what they mean.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace taskmirror {

// For one segment of a path, or one value of a query: all but the unreserved characters of RFC 3986 section 2.3 become
// %XX. So "/" does too.
std::string percent_encode(std::string_view text);

// Bytes of the valid UTF-8 character at the start of the text: 1 to 4; 0 if there is none (surrogates, overlong forms
// and what lies above U+10FFFF are none).
std::size_t utf8_character(std::string_view text);
bool is_utf8(std::string_view text);

// Whether a byte below 0x20 or 0x7F stands in it.
bool has_control_characters(std::string_view text);

// For a terminal or a line of a log: control characters and what is not UTF-8 become \uXXXX, as inside a JSON string,
// and these characters get a backslash.
std::string escaped(std::string_view text, std::string_view behind_backslash = {});

// A JSON string.
std::string json(std::string_view text);

// Each secret becomes "[hidden]".
std::string without_secrets(std::string text, std::span<const std::string> secrets);

// Its first bytes, at most so many, without cutting a character in two.
std::string shortened(std::string text, std::size_t most);

// What is most likely meant by a mistyped word: none if nothing is near (a third of the letters may differ).
std::optional<std::string_view> closest(std::string_view word, std::span<const std::string_view> known);

// "a, b, c"
std::string listed(std::span<const std::string_view> words);

}  // namespace taskmirror
