#include "source/json.hpp"

#include <cmath>
#include <cstring>

namespace taskmirror::source {
namespace {

void append_utf8(std::string& out, std::uint32_t code) {
    if (code == 0) return;
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | code >> 6);
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | code >> 12);
        out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | code >> 18);
        out += static_cast<char>(0x80 | (code >> 12 & 0x3F));
        out += static_cast<char>(0x80 | (code >> 6 & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

std::optional<std::uint32_t> hex4(std::string_view digits) {
    if (digits.size() < 4) return std::nullopt;
    std::uint32_t code = 0;
    for (const char c : digits.substr(0, 4)) {
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return std::nullopt;
        code = code << 4 | static_cast<std::uint32_t>(digit);
    }
    return code;
}

}  // namespace

void wrong(std::string_view expected) { throw Error(std::string(expected) + " was expected"); }

bool is_null(Json& value) {
    bool null = false;
    if (value.is_null().get(null)) wrong("null, or another value");  // such as nul
    return null;
}

std::string unescape_leniently(std::string_view token) {
    constexpr std::uint32_t kReplacement = 0xFFFD;
    std::string out;
    std::size_t at = 1;  // behind the opening quote
    while (at < token.size() && token[at] != '"') {
        if (token[at] != '\\') {
            out += token[at++];
            continue;
        }
        if (at + 1 >= token.size()) wrong("a string");
        const char escape = token[at + 1];
        at += 2;
        switch (escape) {
            case '"':
            case '\\':
            case '/':
                out += escape;
                continue;
            case 'b':
                out += '\b';
                continue;
            case 'f':
                out += '\f';
                continue;
            case 'n':
                out += '\n';
                continue;
            case 'r':
                out += '\r';
                continue;
            case 't':
                out += '\t';
                continue;
            case 'u':
                break;
            default:
                wrong("a string");
        }
        auto code = hex4(token.substr(std::min(at, token.size())));
        if (!code) wrong("a string");
        at += 4;
        if (*code >= 0xD800 && *code < 0xDC00 && token.substr(at, 2) == "\\u") {
            const auto low = hex4(token.substr(at + 2));
            if (low && *low >= 0xDC00 && *low < 0xE000) {
                code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
                at += 6;
            }
        }
        append_utf8(out, *code >= 0xD800 && *code < 0xE000 ? kReplacement : *code);
    }
    if (at >= token.size()) wrong("a string");
    return out;
}

Value text(Json& value, Page& page) {
    const std::string_view token = value.raw_json_token();
    if (token.empty() || token.front() != '"') {
        if (is_null(value)) return {};
        wrong("a string");
    }
    std::string_view plain;
    const auto error = value.get_string().get(plain);
    if (error == simdjson::STRING_ERROR) return Value::of(page.keep(unescape_leniently(token)));
    if (error) wrong("a string");
    if (!plain.empty() && std::memchr(plain.data(), 0, plain.size()) != nullptr)
        return Value::of(page.keep(unescape_leniently(token)));
    return Value::of(page.keep(plain));
}

Value boolean(Json& value) {
    if (is_null(value)) return {};
    bool truth = false;
    if (value.get_bool().get(truth)) wrong("a boolean");
    return Value::of(std::int64_t{truth});
}

Value integer(Json& value) {
    const std::string_view token = value.raw_json_token();
    if (!token.empty() && token.front() != '"') {
        if (is_null(value)) return {};
        std::int64_t whole = 0;
        if (!value.get_int64().get(whole)) return Value::of(whole);
        // 5.0 is an integer too.
        double real = 0;
        simdjson::ondemand::value again = value;
        if (!again.get_double().get(real) && std::nearbyint(real) == real && std::fabs(real) < 9e15)
            return Value::of(static_cast<std::int64_t>(real));
    }
    wrong("an integer");
}

Value number(Json& value) {
    if (is_null(value)) return {};
    double real = 0;
    if (value.get_double().get(real)) wrong("a number");
    return Value::of(real);
}

std::optional<JsonObject> object(Json& value) {
    if (is_null(value)) return std::nullopt;
    JsonObject members;
    if (value.get_object().get(members)) wrong("an object");
    return members;
}

std::optional<JsonArray> array(Json& value) {
    if (is_null(value)) return std::nullopt;
    JsonArray elements;
    if (value.get_array().get(elements)) wrong("an array");
    return elements;
}

}  // namespace taskmirror::source
