#include "faults.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>

namespace fake_asana {

namespace {

constexpr std::array<std::string_view, 16> kKinds{
    "status",    "close",        "truncate",     "html",        "redirect", "garbage",    "slow",     "big_body",
    "gzip_bomb", "doubled_data", "missing_data", "same_offset", "no_gid",   "wrong_type", "bad_utf8", "drop_offset"};

std::shared_ptr<regex_t> compiled(const std::string& pattern) {
    auto regex = std::make_unique<regex_t>();
    if (regcomp(regex.get(), pattern.c_str(), REG_EXTENDED | REG_NOSUB) != 0) {
        throw std::invalid_argument("not a regular expression: " + pattern);
    }
    return {regex.release(), [](regex_t* expression) {
                regfree(expression);
                delete expression;
            }};
}

// Replaces what follows a key, up to the end of that string or to the bracket.
void replace_string_after(std::string& body, std::string_view key, std::string_view replacement) {
    const std::size_t at = body.find(key);
    if (at == std::string::npos) return;
    const std::size_t begin = at + key.size();
    const std::size_t end = body.find('"', begin + 1) + 1;
    body.replace(begin, end - begin, replacement);
}

}  // namespace

Fault parse_fault(const nlohmann::json& rule) {
    Fault fault;
    fault.kind = rule.at("kind").get<std::string>();
    if (std::find(kKinds.begin(), kKinds.end(), fault.kind) == kKinds.end()) {
        throw std::invalid_argument("unknown kind of fault: " + fault.kind);
    }
    fault.match = rule.value("match", "");
    if (rule.contains("regex")) fault.regex = compiled(rule["regex"].get<std::string>());
    fault.after = rule.value("after", 0);
    fault.times = rule.value("times", -1);
    fault.status = rule.value("status", fault.kind == "redirect" ? 302 : fault.kind == "html" ? 502 : 500);
    fault.retry_after = rule.value("retry_after", -1);
    fault.body = rule.value("body", "");
    fault.location = rule.value("location", "");
    fault.what = rule.value("what", "data");
    fault.bytes = rule.value("bytes", -1L);
    fault.ms = rule.value("ms", 1000L);
    return fault;
}

std::optional<Fault> Faults::taken(const std::string& path_and_query) {
    for (Fault& rule : rules_) {
        if (rule.times == 0) continue;
        if (rule.regex ? regexec(rule.regex.get(), path_and_query.c_str(), 0, nullptr, 0) != 0
                       : path_and_query.find(rule.match) == std::string::npos) {
            continue;
        }
        if (rule.after > 0) {
            --rule.after;
            continue;
        }
        if (rule.times > 0) --rule.times;
        return rule;
    }
    return std::nullopt;
}

std::string spoiled(const Fault& fault, std::string body, const std::string& offset) {
    if (fault.kind == "garbage") return fault.body.empty() ? "{\"data\":[{\"gid\":nul" : fault.body;
    if (fault.kind == "doubled_data") return "{\"data\":[]," + body.substr(1);
    if (fault.kind == "missing_data") return "{\"next_page\":null}";
    if (fault.kind == "same_offset")
        replace_string_after(body, "\"offset\":", '"' + (offset.empty() ? "again" : offset) + '"');
    if (fault.kind == "no_gid") {
        const std::size_t at = body.find("\"gid\":");
        if (at != std::string::npos) body.replace(at + 1, 3, "git");
    }
    if (fault.kind == "wrong_type") {
        if (fault.what == "gid") {
            replace_string_after(body, "\"gid\":", "12345");
        } else if (fault.what == "next_page") {
            const std::size_t at = body.rfind(",\"next_page\":");
            if (at != std::string::npos) body = body.substr(0, at) + ",\"next_page\":[7]}";
        } else {
            body = "{\"data\":\"a string\"}";
        }
    }
    if (fault.kind == "bad_utf8") {
        const std::size_t at = body.find("\"name\":\"");
        body.insert(at == std::string::npos ? body.size() - 1 : at + 8, "\xC3\x28\xFF");
    }
    return body;
}

}  // namespace fake_asana
