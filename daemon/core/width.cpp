#include "core/width.hpp"

#include <fmt/format.h>
#include <locale.h>
#include <wchar.h>

#include <algorithm>
#include <iterator>

#include "core/text.hpp"

namespace taskmirror {
namespace {

// Knows the characters, whatever the environment says; wcwidth() is told by the locale of the thread.
class Locale {
  public:
    Locale() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)), before_(uselocale(locale_)) {}
    ~Locale() {
        uselocale(before_);
        if (locale_ != nullptr) freelocale(locale_);
    }
    Locale(const Locale&) = delete;
    Locale& operator=(const Locale&) = delete;

  private:
    locale_t locale_;
    locale_t before_;
};

char32_t code_point(std::string_view character) {
    const auto bits = [&](std::size_t i, unsigned mask) {
        return static_cast<char32_t>(static_cast<unsigned char>(character[i]) & mask);
    };
    switch (character.size()) {
        case 2:
            return bits(0, 0x1F) << 6U | bits(1, 0x3F);
        case 3:
            return bits(0, 0x0F) << 12U | bits(1, 0x3F) << 6U | bits(2, 0x3F);
        case 4:
            return bits(0, 0x07) << 18U | bits(1, 0x3F) << 12U | bits(2, 0x3F) << 6U | bits(3, 0x3F);
        default:
            return bits(0, 0x7F);
    }
}

// Gives each character to `take`, until it returns false.
template <typename Take>
void each(std::string_view text, Take&& take) {
    while (!text.empty()) {
        const auto size = std::max<std::size_t>(1, utf8_character(text));
        if (!take(text.substr(0, size))) return;
        text.remove_prefix(size);
    }
}

std::size_t cells_of(std::string_view character) {
    if (character.size() == 1) return 1;
    return static_cast<std::size_t>(std::max(0, ::wcwidth(static_cast<wchar_t>(code_point(character)))));
}

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

}  // namespace

std::size_t cells(std::string_view text) {
    if (is_ascii(text)) return text.size();
    const Locale locale;
    std::size_t sum = 0;
    each(text, [&](std::string_view character) {
        sum += cells_of(character);
        return true;
    });
    return sum;
}

std::string fitting(std::string_view text, std::size_t most) {
    if (cells(text) <= most) return std::string(text);
    const Locale locale;
    std::size_t width = 0, bytes = 0;
    each(text, [&](std::string_view character) {
        width += cells_of(character);
        if (width + 1 > most) return false;
        bytes += character.size();
        return true;
    });
    return std::string(text.substr(0, bytes)) + "…";
}

std::string without_direction(std::string_view text) {
    std::string out;
    each(text, [&](std::string_view character) {
        const auto code = code_point(character);
        const bool steers =
            character.size() == 3 && (code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
                                      (code >= 0x2066 && code <= 0x2069));
        if (steers)
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(code));
        else
            out += character;
        return true;
    });
    return out;
}

}  // namespace taskmirror
