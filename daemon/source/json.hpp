// Small helpers over simdjson's on-demand API: typed members, null as absence, errors that say where.
//
// Every text is kept in a Page: U+0000 is removed and a lone surrogate becomes U+FFFD, so that what is stored is valid
// UTF-8 and one bad escape does not cost the page.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/rows.hpp"

namespace taskmirror::source {

using Json = simdjson::ondemand::value;
using JsonObject = simdjson::ondemand::object;
using JsonArray = simdjson::ondemand::array;

[[noreturn]] void wrong(std::string_view expected);

// Each reads its value once. Throws Error when the value is of another type.
bool is_null(Json& value);
Value text(Json& value, Page& page);  // null: a null Value
Value boolean(Json& value);           // as 0 or 1
Value integer(Json& value);
Value number(Json& value);
std::optional<JsonObject> object(Json& value);
std::optional<JsonArray> array(Json& value);

// The text of a JSON string token, quotes included, with every escape that can be resolved.
std::string unescape_leniently(std::string_view token);

// Calls visit(key, value) for each member. Errors come back with the key before them.
template <typename Visit>
void for_each_member(JsonObject& members, Visit&& visit) {
    for (auto result : members) {
        simdjson::ondemand::field field;
        if (auto error = std::move(result).get(field)) throw Error(simdjson::error_message(error));
        std::string_view key;
        if (auto error = field.unescaped_key().get(key)) throw Error(simdjson::error_message(error));
        try {
            visit(key, field.value());
        } catch (const Error& error) {
            throw Error(std::string(key) + ": " + error.what());
        }
    }
}

inline constexpr std::size_t kMostElements = 100'000;  // of one array: far beyond any that the API promises

// Calls visit(index, element) for each element. Errors come back with the index before them.
template <typename Visit>
void for_each_element(JsonArray& elements, Visit&& visit) {
    std::size_t index = 0;
    for (auto result : elements) {
        Json element;
        if (auto error = result.get(element)) throw Error(simdjson::error_message(error));
        if (index == kMostElements) throw Error("more than " + std::to_string(kMostElements) + " elements");
        try {
            visit(index, element);
        } catch (const Error& error) {
            throw Error("[" + std::to_string(index) + "] " + error.what());
        }
        ++index;
    }
}

}  // namespace taskmirror::source
