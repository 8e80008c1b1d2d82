#include "core/address.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;

TEST_CASE("an address is an IP address with a port, or a Unix socket") {
    CHECK(parse_address("127.0.0.1:9817") == Address{.host = "127.0.0.1", .port = 9817});
    CHECK(parse_address("localhost:1") == Address{.host = "127.0.0.1", .port = 1});
    CHECK(parse_address("[::1]:9817") == Address{.host = "::1", .port = 9817});
    CHECK(parse_address("0.0.0.0:65535") == Address{.host = "0.0.0.0", .port = 65535});
    CHECK(parse_address("unix:/run/taskmirror/status.sock") == Address{.path = "/run/taskmirror/status.sock"});
    for (const auto* text : {"127.0.0.1:9817", "[::1]:9817", "unix:/run/taskmirror/status.sock"})
        CHECK(to_string(*parse_address(text)) == text);
}

TEST_CASE("what is no address is none") {
    const auto* text = GENERATE("", ":", "9817", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                                "127.0.0.1:80x", "::1:80", "[127.0.0.1]:80", "[::1:80", "example.com:80", "*:80",
                                "unix:", "unix:status.sock", "http://127.0.0.1:80");
    CAPTURE(text);
    CHECK(!parse_address(text));
    CHECK(!parse_address("unix:/" + std::string(120, 'x')));
}

TEST_CASE("only this machine reaches loopback and Unix sockets") {
    for (const auto* text : {"127.0.0.1:1", "127.8.9.1:1", "[::1]:1", "unix:/s"})
        CHECK(parse_address(text)->is_private());
    for (const auto* text : {"0.0.0.0:1", "[::]:1", "192.168.1.1:1", "[::ffff:127.0.0.1]:1"})
        CHECK(!parse_address(text)->is_private());
    CHECK(!parse_address("unix:/s")->is_loopback());
}
