#include "core/filter.hpp"

#include "core/text.hpp"

#include <locale.h>
#include <wctype.h>

#include <algorithm>

namespace taskmirror {
namespace {

// In lower case, one number a character; a byte that is no UTF-8 is a character of its own.
std::u32string folded(std::string_view text) {
    static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    std::u32string characters;
    while (!text.empty()) {
        const auto size = std::max<std::size_t>(1, utf8_character(text));
        const auto first = static_cast<unsigned char>(text.front());
        char32_t character = size == 1 ? first : first & (0xFFU >> (size + 1));
        for (std::size_t i = 1; i < size; ++i)
            character = character << 6U | (static_cast<unsigned char>(text[i]) & 0x3FU);
        if (unicode != nullptr)
            character = static_cast<char32_t>(towlower_l(static_cast<wint_t>(character), unicode));
        else if (character >= 'A' && character <= 'Z')
            character += 'a' - 'A';
        characters += character;
        text.remove_prefix(size);
    }
    return characters;
}

}  // namespace

// Goes back to the last star alone: that is enough, and never takes long.
bool matches_glob(std::string_view pattern, std::string_view text) {
    const auto wish = folded(pattern);
    const auto name = folded(text);
    std::size_t star = std::u32string::npos, behind_star = 0, w = 0;
    for (std::size_t n = 0; n < name.size();) {
        if (w < wish.size() && wish[w] == U'*') {
            star = w++;
            behind_star = n;
        } else if (w < wish.size() && (wish[w] == U'?' || wish[w] == name[n])) {
            ++w;
            ++n;
        } else if (star != std::u32string::npos) {
            w = star + 1;
            n = ++behind_star;
        } else {
            return false;
        }
    }
    return wish.find_first_not_of(U'*', w) == std::u32string::npos;
}

bool is_meant(std::string_view wish, std::string_view gid, std::string_view name) {
    return wish == gid || matches_glob(wish, name);
}

ProjectFilter::Verdict ProjectFilter::of(std::string_view gid, std::string_view name, bool is_archived) const {
    const auto any = [&](const std::vector<std::string>& wishes) {
        return std::ranges::any_of(wishes, [&](const std::string& wish) { return is_meant(wish, gid, name); });
    };
    if (any(exclude)) return Verdict::excluded;
    if (!include.empty() && !any(include)) return Verdict::not_included;
    return is_archived && !archived ? Verdict::archived : Verdict::wanted;
}

}  // namespace taskmirror
