#include "json.hpp"

#include <array>

namespace fake_asana {

namespace {

constexpr char kHex[] = "0123456789abcdef";

void append_unit(std::string& out, unsigned unit) {
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHex[(unit >> shift) & 15U];
}

// The bytes that cannot be copied as they are: controls, quote, backslash, and the lead bytes of surrogates and of
// what lies beyond the basic plane (half of which goes out as a pair of escapes).
constexpr std::array<bool, 256> special_bytes() {
    std::array<bool, 256> special{};
    for (std::size_t i = 0; i < 0x20; ++i) special[i] = true;
    special['"'] = special['\\'] = special[0x7F] = special[0xED] = true;
    for (std::size_t i = 0xF0; i < 0xF5; ++i) special[i] = true;
    return special;
}
constexpr auto kSpecial = special_bytes();

unsigned byte_at(std::string_view text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size();) {
        const unsigned byte = byte_at(text, i);
        if (!kSpecial[byte]) {
            ++i;
            continue;
        }
        out.append(text, start, i - start);
        if (byte == 0xED) {
            if (is_surrogate(text, i)) {
                append_unit(out, 0xD000U | ((byte_at(text, i + 1) & 0x3FU) << 6U) | (byte_at(text, i + 2) & 0x3FU));
            } else {
                out.append(text, i, 3);
            }
            i += 3;
        } else if (byte >= 0xF0) {
            const unsigned point = ((byte & 7U) << 18U) | ((byte_at(text, i + 1) & 0x3FU) << 12U) |
                                   ((byte_at(text, i + 2) & 0x3FU) << 6U) | (byte_at(text, i + 3) & 0x3FU);
            if (point % 2 == 1) {
                append_unit(out, 0xD800U + ((point - 0x10000U) >> 10U));
                append_unit(out, 0xDC00U + ((point - 0x10000U) & 0x3FFU));
            } else {
                out.append(text, i, 4);
            }
            i += 4;
        } else {
            switch (byte) {
                case '"':
                    out += "\\\"";
                    break;
                case '\\':
                    out += "\\\\";
                    break;
                case '\n':
                    out += "\\n";
                    break;
                case '\t':
                    out += "\\t";
                    break;
                default:
                    append_unit(out, byte);
            }
            ++i;
        }
        start = i;
    }
    out.append(text, start, text.size() - start);
}

std::string stored_text(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        if (is_surrogate(text, i)) {
            result += "\xEF\xBF\xBD";
            i += 3;
        } else {
            if (text[i] != '\0') result += text[i];
            ++i;
        }
    }
    return result;
}

}  // namespace fake_asana
