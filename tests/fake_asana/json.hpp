// Writes JSON by hand into a string: fast, and able to write what no JSON library will (lone surrogates, U+0000).
//
// Text is "generalized UTF-8": UTF-8 in which a lone surrogate is allowed as its three bytes (0xED 0xA0..0xBF 0x..).
// It never checks that the calls nest properly.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

namespace fake_asana {

inline bool is_surrogate(std::string_view text, std::size_t at) {
    return at + 2 < text.size() && static_cast<unsigned char>(text[at]) == 0xED &&
           static_cast<unsigned char>(text[at + 1]) >= 0xA0;
}

// Appends text with JSON's escapes, without the quotes.
void append_escaped(std::string& out, std::string_view text);

inline void append_string(std::string& out, std::string_view text) {
    out += '"';
    append_escaped(out, text);
    out += '"';
}

template <class Number>
void append_number(std::string& out, Number number) {
    char buffer[32];
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    out.append(buffer, end);
}

// What a mirror stores: U+0000 removed, each lone surrogate U+FFFD.
std::string stored_text(std::string_view text);

}  // namespace fake_asana
