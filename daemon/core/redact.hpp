// What is stored in place of a text that the user does not want stored. Keeps nothing, knows no table.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>

namespace taskmirror {

enum class Redact : std::uint8_t { drop, hash, length };
inline constexpr std::array<std::string_view, 3> kRedactNames = {"drop", "hash", "length"};

// By "table.column".
using Redactions = std::map<std::string, Redact, std::less<>>;

// Of some rows only: those where this column has the text ("": any), and where nothing stands in those of `without`.
struct Redacted {
    std::string_view table{}, column{};
    Redact how{};
    std::string_view where{}, is{};
    std::span<const std::string_view> without{};
};

bool needs_key(const Redactions& rules);

// HMAC-SHA-256, the first 32 hexadecimal digits: the same for the same text and key, and without the key nobody can try
// what the text may have been.
std::string keyed_hash(std::string_view key, std::string_view text);

// The characters of a valid text.
std::size_t characters(std::string_view text);

}  // namespace taskmirror
