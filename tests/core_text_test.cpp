#include <catch2/catch.hpp>

#include "core/text.hpp"

#include <array>

using namespace taskmirror;
using namespace std::string_view_literals;

TEST_CASE("everything but unreserved characters is percent-encoded") {
    CHECK(percent_encode("AZaz09-._~") == "AZaz09-._~");
    CHECK(percent_encode("a/b?c#d&e=f+g h%") == "a%2Fb%3Fc%23d%26e%3Df%2Bg%20h%25");
    CHECK(percent_encode("\xC3\xA9\x00\x7F"sv) == "%C3%A9%00%7F");
    CHECK(percent_encode("").empty());
}

TEST_CASE("valid UTF-8 is told from what is not") {
    CHECK(is_utf8(""));
    CHECK(is_utf8("plain \xC2\x80 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF"));

    const std::string_view invalid = GENERATE("\x80"sv, "\xC3"sv, "\xC0\x80"sv, "\xC1\xBF"sv, "\xE0\x9F\xBF"sv,
                                              "\xED\xA0\x80"sv, "\xF0\x8F\xBF\xBF"sv, "\xF4\x90\x80\x80"sv, "\xF5"sv,
                                              "\xE2\x82"sv, "\xE2\x28\xA1"sv, "\xF0\x90\x28\x80"sv, "\xFF"sv);
    CHECK_FALSE(is_utf8(invalid));
    CHECK_FALSE(is_utf8(std::string("text ") + std::string(invalid) + "text"));
}

TEST_CASE("control characters are found") {
    CHECK(has_control_characters("a\nb"));
    CHECK(has_control_characters("\x7F"));
    CHECK(has_control_characters("\0"sv));
    CHECK_FALSE(has_control_characters("plain \xC3\xA9"));
}

TEST_CASE("the nearest word is suggested for a mistyped one") {
    constexpr std::array kKnown = {"token_env"sv, "token_file"sv, "workspaces"sv, "log"sv};

    CHECK(closest("workspace", kKnown) == "workspaces");
    CHECK(closest("token_fiel", kKnown) == "token_file");
    CHECK(closest("tokenenv", kKnown) == "token_env");
    CHECK(closest("lgo", kKnown) == "log");
}

TEST_CASE("nothing is suggested for a word that is like none") {
    constexpr std::array kKnown = {"token_env"sv, "log"sv};

    CHECK_FALSE(closest("database", kKnown).has_value());
    CHECK_FALSE(closest("xyz", kKnown).has_value());
    CHECK_FALSE(closest(std::string(100'000, 'x'), kKnown).has_value());
    CHECK_FALSE(closest("log", {}).has_value());
}
