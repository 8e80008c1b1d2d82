#include "ops/http_server.hpp"

#include <sys/socket.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <stdexcept>
#include <string>

#include "core/error.hpp"
#include "temporary_folder.hpp"

using namespace taskmirror;
using testing::TemporaryFolder;
using namespace std::chrono_literals;
using ops::HttpAnswer;
using ops::HttpRequest;
using ops::HttpServer;

namespace {

Descriptor connected(const Address& to) {
    const auto address = socket_address(to);
    Descriptor socket(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address.storage), address.size) == 0);
    return socket;
}

void send(const Descriptor& socket, std::string_view bytes) {
    ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

// Until the server ends the connection.
std::string all_of(const Descriptor& socket) {
    std::string text;
    char bytes[4096];
    for (ssize_t size; (size = ::recv(socket.get(), bytes, sizeof bytes, 0)) > 0;)
        text.append(bytes, static_cast<std::size_t>(size));
    return text;
}

std::string asked(const Address& address, std::string_view request) {
    const auto socket = connected(address);
    send(socket, request);
    return all_of(socket);
}

std::optional<HttpRequest> parsed(std::string_view head, int& status) {
    bool is_head = false;
    return ops::parse_request(head, is_head, status);
}

HttpAnswer echo(const HttpRequest& request) {
    if (request.path == "/throws") throw std::runtime_error("secret");
    return {.body = request.path};
}

const Address kAnyPort{.host = "127.0.0.1", .port = 0};

}  // namespace

TEST_CASE("a request is its path and its headers") {
    bool is_head = false;
    int status = 0;

    const auto request =
        ops::parse_request("HEAD /a/b?c=d HTTP/1.1\r\nHost:  x \r\nX-Two: 1\r\nx-two: 2\r\n", is_head, status);

    REQUIRE(request);
    CHECK(is_head);
    CHECK(request->path == "/a/b");
    CHECK(request->header("host") == "x");
    CHECK(request->header("x-two").empty());  // which of them counts is anybody's guess
}

TEST_CASE("what is no request for a page is refused with its reason") {
    const auto [head, expected] = GENERATE(table<const char*, int>({
        {"", 400},
        {"GET\r\n", 400},
        {"GET / HTTP/1.1 \r\n", 505},
        {"GET  / HTTP/1.1\r\n", 400},
        {"GET http://x/ HTTP/1.1\r\n", 400},
        {"GET /\x01 HTTP/1.1\r\n", 400},
        {"G(T / HTTP/1.1\r\n", 400},
        {"GET / HTTP/2.0\r\n", 505},
        {"GET / HTP/1.1\r\n", 400},
        {"GET / HTTP/1.1\r\nno colon\r\n", 400},
        {"GET / HTTP/1.1\r\n folded: x\r\n", 400},
        {"GET / HTTP/1.1\r\nHost : x\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: x\x7F\r\n", 400},
        {"POST / HTTP/1.1\r\n", 405},
        {"OPTIONS / HTTP/1.1\r\n", 405},
        {"GET / HTTP/1.1\r\nContent-Length: 1\r\n", 413},
        {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", 413},
    }));
    CAPTURE(head);
    int status = 0;

    CHECK(!parsed(head, status));
    CHECK(status == expected);
}

TEST_CASE("each answer forbids whatever a page of ours does not need") {
    const HttpServer server({.listen = kAnyPort}, echo);

    for (const std::string_view request : {"GET /a HTTP/1.1\r\n\r\n", "GET /throws HTTP/1.1\r\n\r\n", "X\r\n\r\n"}) {
        const auto answer = asked(server.address(), request);
        CAPTURE(answer);
        CHECK_THAT(answer, Catch::Contains("\r\nContent-Security-Policy: default-src 'none'; style-src 'none'; "));
        CHECK_THAT(answer, Catch::Contains("frame-ancestors 'none'"));
        CHECK_THAT(answer, Catch::Contains("\r\nX-Content-Type-Options: nosniff\r\n"));
        CHECK_THAT(answer, Catch::Contains("\r\nX-Frame-Options: DENY\r\n"));
        CHECK_THAT(answer, Catch::Contains("\r\nReferrer-Policy: no-referrer\r\n"));
        CHECK_THAT(answer, Catch::Contains("\r\nCache-Control: no-store\r\n"));
        CHECK_THAT(answer, !Catch::Contains("secret"));
    }
}

TEST_CASE("HEAD gets the head of what GET gets") {
    const HttpServer server({.listen = kAnyPort}, echo);

    const auto whole = asked(server.address(), "GET /abc HTTP/1.1\r\n\r\n");
    const auto head = asked(server.address(), "HEAD /abc HTTP/1.1\r\n\r\n");

    CHECK_THAT(whole, Catch::StartsWith("HTTP/1.1 200 OK\r\n") && Catch::EndsWith("\r\n\r\n/abc"));
    CHECK(head + "/abc" == whole);
}

TEST_CASE("who sends too much, or nothing more, is sent away") {
    const HttpServer server({.listen = kAnyPort, .threads = 1, .request_within = 300ms}, echo);

    CHECK_THAT(asked(server.address(), "GET / HTTP/1.1\r\n" + std::string(9000, 'x')),
               Catch::StartsWith("HTTP/1.1 431 "));
    CHECK_THAT(asked(server.address(), "GET / HTTP/1.1\r\n"), Catch::StartsWith("HTTP/1.1 408 "));
    CHECK(all_of(connected(server.address())).empty());
    CHECK_THAT(asked(server.address(), "GET / HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("who takes no answer holds a thread for its time alone") {
    const HttpServer server({.listen = kAnyPort, .threads = 1, .answer_within = 50ms},
                            [](const HttpRequest&) { return HttpAnswer{.body = std::string(20'000'000, 'x')}; });
    const auto lazy = connected(server.address());
    send(lazy, "GET / HTTP/1.1\r\n\r\n");

    CHECK_THAT(asked(server.address(), "HEAD / HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200 "));
}

TEST_CASE("a server that ends waits for no client") {
    Descriptor lazy;
    const auto began = std::chrono::steady_clock::now();
    {
        const HttpServer server({.listen = kAnyPort, .request_within = 60s}, echo);
        lazy = connected(server.address());
        send(lazy, "GET");
    }
    CHECK(std::chrono::steady_clock::now() - began < 30s);
}

TEST_CASE("an address is given to one server") {
    const HttpServer server({.listen = kAnyPort}, echo);

    CHECK_THROWS_WITH(HttpServer({.listen = server.address()}, echo),
                      Catch::Contains("another process listens there; end it, or change status.listen"));
}

TEST_CASE("a Unix socket is for user and group, and takes the place of one that is left over") {
    const TemporaryFolder folder;
    const Address address{.path = folder.path() / "s"};
    {
        const HttpServer server({.listen = address}, echo);
        struct stat there {};
        REQUIRE(::stat(address.path.c_str(), &there) == 0);
        CHECK((there.st_mode & 0777) == 0660);
        CHECK_THAT(asked(address, "GET /u HTTP/1.1\r\n\r\n"), Catch::EndsWith("/u"));
        CHECK_THROWS_WITH(HttpServer({.listen = address}, echo), Catch::Contains("another process listens there"));
    }
    CHECK(!std::filesystem::exists(address.path));
    {
        const auto left_over = socket_address(address);
        const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM, 0));
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&left_over.storage), left_over.size) == 0);
    }
    const HttpServer server({.listen = address}, echo);
    CHECK_THAT(asked(address, "GET /again HTTP/1.1\r\n\r\n"), Catch::EndsWith("/again"));
}

TEST_CASE("a file in the place of the socket stays") {
    const TemporaryFolder folder;
    const Address address{.path = folder.path() / "s"};
    folder.write("s", "mine");

    CHECK_THROWS_WITH(HttpServer({.listen = address}, echo), Catch::Contains("another file has its name"));
    CHECK(std::filesystem::file_size(address.path) == 4);
}
