// What a client sends beside GETs to its own host: a POST, and requests for files on other hosts.
#include <catch2/catch.hpp>

#include "core/error.hpp"
#include "http/client.hpp"
#include "http_test_server.hpp"

namespace {

using namespace std::chrono_literals;
using namespace http_test;
using namespace taskmirror::http;
using taskmirror::Error;

constexpr const char* kToken = "0/canary:token";

ClientOptions to(const Server& server) {
    ClientOptions options;
    options.base_url = server.url();
    options.token = kToken;
    options.user_agent = "taskmirror-test";
    options.headers = {{"Asana-Enable", "something"}};
    options.connect_timeout = 5s;
    options.timeout = 20s;
    return options;
}

Download at(std::string url) { return {.url = std::move(url), .from = 0, .version = {}}; }

// All pieces, up to the last one.
std::vector<Response> collect(Transport& client) {
    std::vector<Response> pieces;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while ((pieces.empty() || pieces.back().more) && std::chrono::steady_clock::now() < deadline)
        for (auto& response : client.wait(1s)) pieces.push_back(std::move(response));
    REQUIRE_FALSE(pieces.empty());
    REQUIRE_FALSE(pieces.back().more);
    CHECK(client.in_flight() == 0);
    return pieces;
}

std::vector<Response> download(const Server& api, const Download& file) {
    const auto client = make_client(to(api));
    client->download(7, file);
    return collect(*client);
}

// Answers one request after the other, and keeps their heads.
struct Files {
    std::vector<std::string> heads, answers;
    Server server{[this](Connection& connection) {
        for (std::string head; !(head = connection.request()).empty();) {
            heads.push_back(head);
            if (!connection.write(answers.at(std::min(heads.size(), answers.size()) - 1))) return;
            if (heads.size() >= answers.size()) return;
        }
    }};
};

bool has(const std::string& head, const std::string& text) { return head.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("a POST carries the token and JSON, and the next GET is an ordinary one") {
    std::string head, body, next;
    {
        const Server server([&](Connection& connection) {
            head = connection.request();
            body = connection.read(12);
            connection.write("HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
            next = connection.request();
            connection.write(ok("x"));
        });
        const auto client = make_client(to(server));
        client->post(1, "/exports/resource", R"({"data":{}}
)");
        const auto made = collect(*client);
        CHECK(made.front().status == 201);
        CHECK(made.front().body == "{}");
        client->get(2, "/jobs/1");
        CHECK(collect(*client).front().body == "x");
    }
    CHECK(head.starts_with("POST /exports/resource HTTP/1.1\r\n"));
    CHECK(has(head, std::string("Authorization: Bearer ") + kToken));
    CHECK(has(head, "Content-Type: application/json\r\n"));
    CHECK(has(head, "Asana-Enable: something\r\n"));
    CHECK_FALSE(has(head, "Expect"));
    CHECK(body == "{\"data\":{}}\n");
    CHECK(next.starts_with("GET /jobs/1 HTTP/1.1\r\n"));
    CHECK_FALSE(has(next, "Content-"));
}

TEST_CASE("a file is asked for without the token and without headers of ours") {
    Files files;
    files.answers = {ok("packed", "ETag: \"v\"\r\n")};
    const auto pieces = download(files.server, at(files.server.url() + "/f?signature=a%2Fb"));
    REQUIRE(pieces.size() == 1);
    CHECK(pieces[0].id == 7);
    CHECK(pieces[0].status == 200);
    CHECK(pieces[0].body == "packed");
    CHECK(pieces[0].header("etag") == "\"v\"");
    const auto& head = files.heads.front();
    CHECK(head.starts_with("GET /f?signature=a%2Fb HTTP/1.1\r\n"));
    for (const char* name : {"Authorization", "canary", "Asana-", "Cookie", "Accept-Encoding", "Range"})
        CHECK_FALSE(has(head, name));
    CHECK(has(head, "User-Agent: taskmirror-test\r\n"));
}

TEST_CASE("the rest of a file is asked for by its first byte and its version") {
    Files files;
    files.answers = {"HTTP/1.1 206 Partial\r\nContent-Range: bytes 5-9/10\r\nContent-Length: 5\r\n\r\n56789"};
    const auto pieces = download(files.server, {.url = files.server.url() + "/f", .from = 5, .version = "\"v\""});
    CHECK(pieces.back().status == 206);
    CHECK(pieces.back().body == "56789");
    CHECK(has(files.heads.front(), "Range: bytes=5-\r\n"));
    CHECK(has(files.heads.front(), "If-Range: \"v\"\r\n"));
}

TEST_CASE("a large file comes in pieces, and what came before it broke off is kept") {
    std::string large;
    while (large.size() < 5'000'000) large += std::to_string(large.size());
    Files files;
    const bool whole = GENERATE(true, false);
    files.answers = {whole ? ok(large)
                           : "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(large.size() + 1) + "\r\n\r\n" +
                                 large};
    const auto pieces = download(files.server, at(files.server.url() + "/f"));
    CHECK(pieces.size() > 10);
    std::string together;
    std::size_t longest = 0;
    for (const auto& piece : pieces) {
        together += piece.body;
        longest = std::max(longest, piece.body.size());
        CHECK(piece.status == 200);
    }
    CHECK(together == large);
    CHECK(longest < 512 * 1024);
    CHECK(pieces.back().failure == (whole ? Failure::none : Failure::reset));
}

TEST_CASE("a file that stands elsewhere is asked for there, a few times") {
    const Server elsewhere(always(ok("there")));
    Files files;
    files.answers = {"HTTP/1.1 302 Found\r\nLocation: " + elsewhere.url() + "/x\r\nContent-Length: 3\r\n\r\nabc"};
    CHECK(download(files.server, at(files.server.url() + "/f")).back().body == "there");

    const Server around([](Connection& connection) {
        while (!connection.request().empty() &&
               connection.write("HTTP/1.1 307 Again\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n")) {
        }
    });
    const auto ended = download(around, at(around.url() + "/f")).back();
    CHECK(ended.failure == Failure::protocol);
}

TEST_CASE("a file is not asked for where others could read along, or this machine alone could") {
    const Server server(always(ok("x")));
    Authority authority;
    const Server api(always(ok("x")), authority.context({}));
    auto options = to(api);
    options.ca_file = authority.ca_file();
    const auto https = make_client(options);
    CHECK_THROWS_AS(https->download(1, at(server.url() + "/f")), Error);  // http on loopback, from elsewhere
    const auto http = make_client(to(server));
    for (const std::string url : {"http://files.example/f", "ftp://127.0.0.1/f", "file:///etc/passwd", "", "files",
                                  "https://user:word@files.example/f", "https://files.example/f\r\nX: y"}) {
        CAPTURE(url);
        CHECK_THROWS_AS(http->download(1, at(url)), Error);
    }
    CHECK(http->in_flight() == 0);

    Files files;
    files.answers = {"HTTP/1.1 302 Found\r\nLocation: http://files.example/x\r\nContent-Length: 0\r\n\r\n"};
    CHECK(download(files.server, at(files.server.url() + "/f")).back().failure == Failure::protocol);
}

TEST_CASE("what comes in place of a file is kept short") {
    const std::string page(1'000'000, 'x');
    const Server server(
        always("HTTP/1.1 403 No\r\nContent-Length: " + std::to_string(page.size()) + "\r\n\r\n" + page));
    const auto pieces = download(server, at(server.url() + "/f"));
    CHECK(pieces.size() == 1);
    CHECK(pieces.back().status == 403);
    CHECK(pieces.back().body.size() <= 64 * 1024);
}
