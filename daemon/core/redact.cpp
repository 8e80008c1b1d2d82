#include "core/redact.hpp"

#include "core/error.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

namespace taskmirror {

bool needs_key(const Redactions& rules) {
    return std::ranges::any_of(rules, [](const auto& rule) { return rule.second == Redact::hash; });
}

std::string keyed_hash(std::string_view key, std::string_view text) {
    constexpr std::size_t kKept = 16;  // bytes
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
    unsigned size = 0;
    if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data(), &size) == nullptr)
        throw Fatal(ExitCode::internal, "libcrypto gives no HMAC-SHA-256");
    std::string digits;
    for (std::size_t i = 0; i < kKept; ++i) digits += fmt::format("{:02x}", hash.at(i));
    return digits;
}

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace taskmirror
