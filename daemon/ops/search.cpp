#include "ops/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/text.hpp"

namespace taskmirror::ops {
namespace {

// ASCII apart, SQLite alone knows what is a letter.
bool may_be_letter(char c) {
    return static_cast<unsigned char>(c) >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
           (c >= 'a' && c <= 'z');
}

}  // namespace

std::string search_expression(std::span<const std::string> words) {
    std::string expression;
    for (std::string_view word : words) {
        if (std::ranges::none_of(word, may_be_letter)) continue;
        const bool beginning = word.ends_with('*');
        if (beginning) word.remove_suffix(1);
        if (!expression.empty()) expression += ' ';
        expression += '"';
        for (const char c : word) expression += c == '"' ? std::string("\"\"") : std::string(1, c);
        expression += beginning ? "\" *" : "\"";
    }
    return expression;
}

std::string hits_text(std::span<const store::Hit> hits) {
    std::string text;
    for (const auto& hit : hits) {
        fmt::format_to(std::back_inserter(text), "{:<9}{}  {}{}\n", hit.kind,
                       hit.at ? iso(*hit.at).substr(0, 10) : std::string(10, ' '), escaped(hit.name),
                       hit.projects.empty() ? "" : fmt::format("  [{}]", escaped(hit.projects)));
        if (hit.passage != hit.name) {
            auto passage = hit.passage;
            std::ranges::replace(passage, '\n', ' ');
            fmt::format_to(std::back_inserter(text), "{:21}{}\n", "", escaped(passage));
        }
        fmt::format_to(std::back_inserter(text), "{:21}{}\n", "",
                       escaped(hit.permalink.empty() ? hit.gid : hit.permalink));
    }
    return text;
}

std::string hits_json(std::span<const store::Hit> hits) {
    std::string text = "[";
    for (const auto& hit : hits)
        fmt::format_to(
            std::back_inserter(text),
            R"({}{{"kind":{},"gid":{},"of_gid":{},"name":{},"projects":{},"passage":{},"permalink_url":{},"at":{}}})",
            text.size() > 1 ? ",\n" : "", json(hit.kind), json(hit.gid), hit.of_gid.empty() ? "null" : json(hit.of_gid),
            json(hit.name), json(hit.projects), json(hit.passage), json(hit.permalink),
            hit.at ? json(iso(*hit.at)) : "null");
    return text + "]\n";
}

}  // namespace taskmirror::ops
