#include "http/client.hpp"

#include "core/error.hpp"
#include "gzip_support.hpp"
#include "http_test_server.hpp"

#include <sys/eventfd.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>

namespace {

using namespace std::chrono_literals;
using namespace http_test;
using taskmirror::ExitCode;
using taskmirror::Fatal;
using taskmirror::Milliseconds;
using taskmirror::http::ClientOptions;
using taskmirror::http::Failure;
using taskmirror::http::kPadding;
using taskmirror::http::make_client;
using taskmirror::http::Response;
using taskmirror::http::Transport;
using taskmirror::testing::gzip;

constexpr std::size_t kMegabyte = 1024 * 1024;
constexpr const char* kToken = "0/canary:token";

ClientOptions to(const Server& server) {
    ClientOptions options;
    options.base_url = server.url();
    options.token = kToken;
    options.user_agent = "taskmirror-test";
    options.connect_timeout = 5s;
    options.timeout = 20s;
    options.stall_timeout = 10s;
    return options;
}

std::vector<Response> collect(Transport& client, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    std::vector<Response> responses;
    while (responses.size() < count && std::chrono::steady_clock::now() < deadline) {
        for (auto& response : client.wait(1s)) responses.push_back(std::move(response));
    }
    REQUIRE(responses.size() == count);
    return responses;
}

Response fetch(Transport& client, const std::string& target = "/") {
    client.get(1, target);
    return std::move(collect(client, 1).front());
}

Response fetch(const ClientOptions& options, const std::string& target = "/") {
    return fetch(*make_client(options), target);
}

Response answer_to(const std::string& raw) {
    const Server server([&raw](Connection& connection) {
        if (!connection.request().empty()) connection.write(raw);
    });
    return fetch(to(server));
}

// The head of the request that a client with these options sends; `change` gets the options.
std::string request_sent(const std::function<void(ClientOptions&)>& change = [](ClientOptions&) {}) {
    std::string head;
    {
        const Server server([&head](Connection& connection) {
            head = connection.request();
            connection.write(ok("x"));
        });
        auto options = to(server);
        change(options);
        fetch(options, "/tasks?limit=100&offset=a%2Fb");
    }
    return head;
}

std::string gzip_answer(std::string_view packed) { return ok(packed, "Content-Encoding: gzip\r\n"); }

bool padded_with_zeros(const std::string& body) {
    return body.capacity() >= body.size() + kPadding &&
           std::all_of(body.data() + body.size(), body.data() + body.size() + kPadding, [](char c) { return c == 0; });
}

// By how much the largest resident size ever exceeded that at the start, in bytes.
std::size_t peak_growth(const std::function<void()>& work) {
    const auto kilobytes = [](const std::string& name) {
        std::ifstream status("/proc/self/status");
        for (std::string word; status >> word;) {
            if (word == name) {
                std::size_t value = 0;
                status >> value;
                return value;
            }
        }
        throw std::runtime_error("no " + name);
    };
    std::ofstream("/proc/self/clear_refs") << "5" << std::flush;
    const auto before = kilobytes("VmRSS:");
    work();
    const auto peak = kilobytes("VmHWM:");
    return peak > before ? (peak - before) * 1024 : 0;
}

class Environment {
  public:
    Environment(const char* name, const std::string& value) : name_(name) {
        if (const char* old = std::getenv(name)) old_ = old;
        setenv(name, value.c_str(), 1);
    }
    ~Environment() {
        if (old_) {
            setenv(name_, old_->c_str(), 1);
        } else {
            unsetenv(name_);
        }
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    const char* name_;
    std::optional<std::string> old_;
};

std::string refusal(const ClientOptions& options) {
    try {
        make_client(options);
    } catch (const Fatal& error) {
        CHECK(error.code() == ExitCode::configuration);
        return error.what();
    }
    return {};
}

}  // namespace

// What an answer looks like

TEST_CASE("an answer comes with its status, lower-case headers and body") {
    const Server server(always(ok(R"({"data":[]})", "Content-TYPE: application/json\r\nX-Twice: a\r\nX-Twice: b\r\n")));

    const auto response = fetch(to(server));

    CHECK(response.failure == Failure::none);
    CHECK(response.message.empty());
    CHECK(response.id == 1);
    CHECK(response.status == 200);
    CHECK(response.body == R"({"data":[]})");
    CHECK(response.wire_bytes == 11);
    CHECK(response.header("content-type") == "application/json");
    CHECK(response.header("x-twice") == "a");
    CHECK(response.header("absent").empty());
}

TEST_CASE("bodies of any size are followed by readable zeros") {
    const auto size = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{15}, std::size_t{16},
                               std::size_t{16384 - 64}, std::size_t{16384}, std::size_t{1'000'000});
    const bool packed = GENERATE(false, true);
    CAPTURE(size, packed);
    const std::string body(size, 'x');
    const Server server(always(packed ? gzip_answer(gzip(body)) : ok(body)));

    const auto response = fetch(to(server));

    CHECK(response.failure == Failure::none);
    CHECK(response.body == body);
    CHECK(padded_with_zeros(response.body));
}

TEST_CASE("an HTTP error comes with its body and is no failure") {
    const auto response = answer_to("HTTP/1.1 429 Too Many Requests\r\nRetry-After: 30\r\nContent-Length: 2\r\n\r\n{}");

    CHECK(response.failure == Failure::none);
    CHECK(response.status == 429);
    CHECK(response.header("retry-after") == "30");
    CHECK(response.body == "{}");
}

TEST_CASE("an empty body and no body at all are no failures") {
    const auto head = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n");

    const auto response = answer_to(head);

    CHECK(response.failure == Failure::none);
    CHECK(response.body.empty());
    CHECK(padded_with_zeros(response.body));
}

TEST_CASE("interim answers are passed over, and their headers are not those of the answer") {
    const auto response =
        answer_to("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + ok("x"));

    CHECK(response.status == 200);
    CHECK(response.body == "x");
    CHECK(response.header("link").empty());
}

TEST_CASE("a trailer is no header") {
    const auto response =
        answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Encoding: gzip\r\n\r\n");

    CHECK(response.failure == Failure::none);
    CHECK(response.body == "x");
}

TEST_CASE("the duration is from sending to the last byte") {
    const Server server([](Connection& connection) {
        connection.request();
        std::this_thread::sleep_for(60ms);
        connection.write(ok("x"));
    });

    const auto response = fetch(to(server));

    CHECK(response.duration >= 60ms);
    CHECK(response.duration < 10s);
}

// Many at once

TEST_CASE("answers come in the order of their arrival and carry the ids of their requests") {
    std::atomic<bool> fast_done = false;
    const Server server([&fast_done](Connection& connection) {
        const bool slow = connection.request().starts_with("GET /slow");
        while (slow && !fast_done) std::this_thread::yield();
        connection.write(ok(slow ? "slow" : "fast"));
    });
    const auto client = make_client(to(server));

    client->get(7, "/slow");
    client->get(8, "/fast");
    CHECK(client->in_flight() == 2);
    const auto first = collect(*client, 1);
    fast_done = true;
    const auto second = collect(*client, 1);

    CHECK(first[0].id == 8);
    CHECK(first[0].body == "fast");
    CHECK(second[0].id == 7);
    CHECK(second[0].body == "slow");
    CHECK(client->in_flight() == 0);
}

TEST_CASE("a request that stalls does not hold up the others") {
    const Server server([](Connection& connection) {
        while (true) {
            const auto head = connection.request();
            if (head.empty() || head.starts_with("GET /stall")) break;
            connection.write(ok("x"));
        }
        connection.wait_until_closed();
    });
    const auto client = make_client(to(server));
    client->get(0, "/stall");

    for (std::uint64_t id = 1; id <= 20; ++id) {
        client->get(id, "/");
        CHECK(collect(*client, 1)[0].id == id);
    }

    CHECK(client->in_flight() == 1);
}

TEST_CASE("a connection is used again") {
    const Server server(always(ok("x")));
    const auto client = make_client(to(server));

    for (int i = 0; i < 10; ++i) CHECK(fetch(*client).body == "x");

    CHECK(server.connections() == 1);
}

TEST_CASE("over HTTP/1.1, requests at once have a connection each") {
    std::atomic<int> arrived = 0;
    const Server server([&arrived](Connection& connection) {
        connection.request();
        ++arrived;
        while (arrived < 5) std::this_thread::yield();
        connection.write(ok("x"));
    });
    const auto client = make_client(to(server));

    for (std::uint64_t id = 0; id < 5; ++id) client->get(id, "/");
    collect(*client, 5);

    CHECK(server.connections() == 5);
}

TEST_CASE("a wait without requests ends after its time, and at once when woken") {
    const Server server(always(ok("x")));
    const int wake = eventfd(0, EFD_CLOEXEC);
    const auto client = make_client(to(server), wake);

    const auto start = std::chrono::steady_clock::now();
    CHECK(client->wait(20ms).empty());
    CHECK(std::chrono::steady_clock::now() - start >= 20ms);

    eventfd_write(wake, 1);
    CHECK(client->wait(1h).empty());
    close(wake);
}

TEST_CASE("a client may go while requests are in flight") {
    const Server server([](Connection& connection) { connection.wait_until_closed(); });
    auto client = make_client(to(server));
    for (std::uint64_t id = 0; id < 5; ++id) client->get(id, "/");
    client->wait(10ms);

    client.reset();

    CHECK_FALSE(client);
}

// What is sent

TEST_CASE("a request carries path and query as they are, the token once, and no more than was asked for") {
    const auto head = request_sent([](ClientOptions& options) { options.headers = {{"Asana-Enable", "one,two"}}; });

    CHECK_THAT(head, Catch::StartsWith("GET /tasks?limit=100&offset=a%2Fb HTTP/1.1\r\n"));
    CHECK_THAT(head, Catch::Contains("\r\nAuthorization: Bearer 0/canary:token\r\n"));
    CHECK(head.find("canary") == head.rfind("canary"));
    CHECK_THAT(head, Catch::Contains("\r\nAccept-Encoding: gzip\r\n"));
    CHECK_THAT(head, Catch::Contains("\r\nUser-Agent: taskmirror-test\r\n"));
    CHECK_THAT(head, Catch::Contains("\r\nAsana-Enable: one,two\r\n"));
}

TEST_CASE("a new token is used from the next request on") {
    std::vector<std::string> heads;
    {
        const Server server([&heads](Connection& connection) {
            for (std::string head; !(head = connection.request()).empty(); connection.write(ok("x"))) {
                heads.push_back(head);
            }
        });
        const auto client = make_client(to(server));

        fetch(*client);
        client->set_token("another");
        fetch(*client);
        client->set_token("");
        fetch(*client);
    }

    REQUIRE(heads.size() == 3);
    CHECK_THAT(heads[0], Catch::Contains("Bearer 0/canary:token"));
    CHECK_THAT(heads[1], Catch::Contains("Bearer another"));
    CHECK_THAT(heads[2], !Catch::Contains("Authorization"));
}

TEST_CASE("a cookie is not sent back") {
    std::string second;
    {
        const Server server([&second](Connection& connection) {
            connection.request();
            connection.write(ok("x", "Set-Cookie: a=b; Path=/\r\n"));
            second = connection.request();
            connection.write(ok("x"));
        });
        const auto client = make_client(to(server));
        fetch(*client);
        fetch(*client);
    }

    CHECK_THAT(second, Catch::StartsWith("GET"));
    CHECK_THAT(second, !Catch::Contains("Cookie"));
}

TEST_CASE("a netrc file is not read") {
    char home[] = "/tmp/taskmirror-home-XXXXXX";
    REQUIRE(mkdtemp(home));
    std::ofstream(std::string(home) + "/.netrc") << "machine 127.0.0.1 login somebody password secret\n";
    const Environment environment("HOME", home);

    const auto head = request_sent([](ClientOptions& options) { options.token = ""; });
    std::filesystem::remove_all(home);

    CHECK_THAT(head, Catch::StartsWith("GET"));
    CHECK_THAT(head, !Catch::Contains("Authorization"));
}

TEST_CASE("proxies of the environment are ignored") {
    const Server proxy(always(ok("proxy")));
    const Server server(always(ok("server")));
    const Environment http("http_proxy", proxy.url());
    const Environment https("https_proxy", proxy.url());
    const Environment all("ALL_PROXY", proxy.url());

    CHECK(fetch(to(server)).body == "server");
    CHECK(proxy.connections() == 0);
}

TEST_CASE("a configured proxy gets the host's name and not the token, whatever no_proxy says") {
    std::string seen;
    {
        const Server proxy([&seen](Connection& connection) {
            seen = connection.request();
            connection.write("HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n");
        });
        const Environment environment("no_proxy", "*");
        auto options = to(proxy);
        options.base_url = "https://tracker.example";
        options.proxy = proxy.url();

        CHECK(fetch(options).failure != Failure::none);
    }

    CHECK_THAT(seen, Catch::StartsWith("CONNECT tracker.example:443"));
    CHECK_THAT(seen, !Catch::Contains("canary"));
}

TEST_CASE("a redirect is an answer and is not followed") {
    const Server other(always(ok("other")));
    const auto target = GENERATE_REF(as<std::string>{}, other.url() + "/", std::string("file:///etc/passwd"),
                                     std::string("ftp://127.0.0.1/"), std::string("/same-host"));
    std::atomic<int> requests = 0;
    const Server server([&](Connection& connection) {
        while (!connection.request().empty()) {
            ++requests;
            connection.write("HTTP/1.1 302 Found\r\nLocation: " + target + "\r\nContent-Length: 0\r\n\r\n");
        }
    });

    const auto response = fetch(to(server));

    CHECK(response.failure == Failure::none);
    CHECK(response.status == 302);
    CHECK(response.header("location") == target);
    CHECK(requests == 1);
    CHECK(other.connections() == 0);
}

// What is refused before anything is sent

TEST_CASE("a base URL is https, or http on this machine") {
    const auto good = GENERATE("https://app.asana.com/api/1.0", "https://10.0.0.1:8443", "http://127.0.0.1:80",
                               "http://127.1.2.3/x", "http://[::1]:80", "http://localhost:80", "http://LOCALHOST");
    CAPTURE(good);
    ClientOptions options;
    options.base_url = good;

    CHECK(refusal(options).empty());
}

TEST_CASE("any other base URL is refused with what to do") {
    const auto bad = GENERATE("", "app", "http://app.asana.com/api/1.0", "http://127.0.0.1.example.com",
                              "http://10.0.0.1", "http://localhost.example.com", "http://[::2]", "ftp://127.0.0.1",
                              "file:///etc/passwd", "https://user:password@app.asana.com", "https://app.asana.com/?a=b",
                              "https://app.asana.com/#x", "https://app.asana.com/", "https://app.asana.com/\r\nX: y");
    CAPTURE(bad);
    ClientOptions options;
    options.base_url = bad;

    CHECK_THAT(refusal(options), Catch::StartsWith("base_url"));
    CHECK_THAT(refusal(options), !Catch::Contains("password@"));
}

TEST_CASE("control characters are refused wherever they could reach a request, and the message does not repeat them") {
    const std::string evil = GENERATE(std::string("canary\r\nX: y"), std::string("canary\n"),
                                      std::string("can\0ary", 7), std::string("canary\x7f"));
    ClientOptions base;
    base.base_url = "https://app.asana.com";
    auto token = base, agent = base, proxy = base, name = base, value = base;
    token.token = agent.user_agent = proxy.proxy = evil;
    name.headers = {{evil, "x"}};
    value.headers = {{"X", evil}};

    for (const auto& options : {token, agent, proxy, name, value}) {
        CHECK_THAT(refusal(options), Catch::Contains("control character"));
        CHECK_THAT(refusal(options), !Catch::Contains("canary"));
    }
    CHECK_THROWS_AS(make_client(base)->set_token(evil), Fatal);
}

TEST_CASE("a ca_file that cannot be read is refused") {
    const auto file = GENERATE("/nonexistent/ca.pem", "/etc");
    ClientOptions options;
    options.base_url = "https://app.asana.com";
    options.ca_file = file;

    CHECK_THAT(refusal(options), Catch::Contains(file) && Catch::Contains("cannot be read"));
}

TEST_CASE("http does not go through a proxy") {
    ClientOptions options;
    options.base_url = "http://127.0.0.1";
    options.proxy = "https://proxy.example:3128";

    CHECK_THAT(refusal(options), Catch::Contains("proxy"));
}

TEST_CASE("a target that could continue the host's name is refused") {
    ClientOptions options;
    options.base_url = "https://app.asana.com";

    CHECK_THROWS_AS(make_client(options)->get(1, "@example.com/"), Fatal);
    CHECK_THROWS_AS(make_client(options)->get(1, ".example.com/"), Fatal);
}

TEST_CASE("a line break in a target fails the request and does not reach the server") {
    const Server server(always(ok("x")));

    CHECK(fetch(to(server), "/x\r\nX: y").failure == Failure::protocol);
    CHECK(server.connections() == 0);
}

// Answers that are cut off

TEST_CASE("a body that is shorter than it said, or ends in a broken chunk, is a reset") {
    const auto raw = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100\r\nhalf",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n");

    const auto response = answer_to(raw);

    CHECK(response.failure == Failure::reset);
    CHECK_FALSE(response.message.empty());
    CHECK(response.body.empty());
}

TEST_CASE("a connection that is closed or reset is a reset, wherever it happens") {
    const auto part = GENERATE("", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    CAPTURE(part);
    const Server server([part](Connection& connection) {
        connection.request();
        connection.write(part);
        connection.reset();
    });

    CHECK(fetch(to(server)).failure == Failure::reset);
}

TEST_CASE("an idle connection that the server has closed costs no failure") {
    const Server server([](Connection& connection) {
        connection.request();
        connection.write(ok("x"));
    });
    const auto client = make_client(to(server));

    for (int i = 0; i < 5; ++i) CHECK(fetch(*client).failure == Failure::none);

    CHECK(server.connections() == 5);
}

TEST_CASE("what is not HTTP is a protocol failure") {
    const auto raw = GENERATE("SSH-2.0-OpenSSH_9.2\r\n", "<html>hello</html>", "HTTP/1.1 2x0 OK\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n");
    CAPTURE(raw);

    CHECK(answer_to(raw).failure == Failure::protocol);
}

TEST_CASE("nobody listening is a connect failure") {
    auto options = [] { return to(Server(always(""))); }();

    CHECK(fetch(options).failure == Failure::connect);
}

// Answers that are too large

TEST_CASE("a body without end is cut off at the cap, in bounded memory") {
    std::atomic<std::size_t> sent = 0;
    const Server server([&sent](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string chunk = "100000\r\n" + std::string(kMegabyte, 'x') + "\r\n";
        while (sent < 200 * kMegabyte && connection.write(chunk)) sent += kMegabyte;
    });
    auto options = to(server);
    options.max_body = 8 * kMegabyte;

    Response response;
    const auto growth = peak_growth([&] { response = fetch(options); });

    CHECK(response.failure == Failure::too_large);
    CHECK_THAT(response.message, Catch::Contains("8388608"));
    CHECK(response.body.empty());
    CHECK(sent < 64 * kMegabyte);
    CHECK(growth < options.max_body + 16 * kMegabyte);
}

TEST_CASE("a body of exactly the cap is let through, and one byte more is not") {
    const bool packed = GENERATE(false, true);
    const std::string exact(100'000, 'x');
    const auto answer = [packed](const std::string& body) { return packed ? gzip_answer(gzip(body)) : ok(body); };
    const Server fits(always(answer(exact)));
    const Server exceeds(always(answer(exact + "x")));
    auto options = to(fits);
    options.max_body = exact.size();
    CHECK(fetch(options).body == exact);

    options.base_url = exceeds.url();

    CHECK(fetch(options).failure == Failure::too_large);
}

TEST_CASE("all bodies in flight share one limit, which is free again when they have been taken") {
    const bool packed = GENERATE(false, true);
    const std::string body(kMegabyte, 'x');
    const std::string answer = packed ? gzip_answer(gzip(body)) : ok(body);
    std::atomic<int> arrived = 0;
    const Server server([&](Connection& connection) {
        for (std::string head; !(head = connection.request()).empty(); connection.write(answer)) {
            if (head.starts_with("GET /together")) ++arrived;
            while (head.starts_with("GET /together") && arrived < 5) std::this_thread::yield();
        }
    });
    auto options = to(server);
    options.max_bodies = 3 * kMegabyte;
    const auto client = make_client(options);
    const auto one_after_the_other = [&client] {
        for (int i = 0; i < 8; ++i) CHECK(fetch(*client).failure == Failure::none);
    };
    one_after_the_other();

    for (std::uint64_t id = 0; id < 5; ++id) client->get(id, "/together");
    const auto together = collect(*client, 5);

    const auto failed = [](const Response& response) { return response.failure != Failure::none; };
    CHECK(std::count_if(together.begin(), together.end(), failed) < 5);
    for (const auto& response : together) {
        CHECK((!failed(response) || response.failure == Failure::too_large));
    }
    one_after_the_other();
}

TEST_CASE("bodies that are in flight at the same time cannot exceed their common limit") {
    const Server server([](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + std::string(100'000, 'x'));
        connection.wait_until_closed();
    });
    auto options = to(server);
    options.timeout = 2s;
    options.max_bodies = 250'000;
    const auto client = make_client(options);

    for (std::uint64_t id = 0; id < 3; ++id) client->get(id, "/");
    const auto first = collect(*client, 1);

    CHECK(first[0].failure == Failure::too_large);
    CHECK_THAT(first[0].message, Catch::Contains("in flight"));
    CHECK(client->in_flight() == 2);
}

TEST_CASE("headers beyond their limit end the request, in many lines, in one, or in answers before the answer") {
    const std::string many = [] {
        std::string text = "HTTP/1.1 200 OK\r\n";
        for (int i = 0; i < 20'000; ++i) text += "X-" + std::to_string(i) + ": " + std::string(500, 'x') + "\r\n";
        return text + "Content-Length: 0\r\n\r\n";
    }();
    const std::string one =
        "HTTP/1.1 200 OK\r\nX: " + std::string(10 * kMegabyte, 'x') + "\r\nContent-Length: 0\r\n\r\n";
    const std::string interim = [] {
        std::string text;
        while (text.size() < 10 * kMegabyte) text += "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
        return text + ok("x");
    }();
    const auto raw = GENERATE_REF(as<std::string>{}, many, one, interim);

    Response response;
    const auto growth = peak_growth([&] { response = answer_to(raw); });

    CHECK(response.failure == Failure::too_large);
    CHECK(growth < 16 * kMegabyte);
}

// Packed bodies

TEST_CASE("a gzip body is unpacked, and its size on the wire is told") {
    const std::string body(50'000, 'x');
    const auto name = GENERATE("gzip", "GZIP", "x-gzip");
    const Server server(always(ok(gzip(body), std::string("Content-Encoding: ") + name + "\r\n")));

    const auto response = fetch(to(server));

    CHECK(response.body == body);
    CHECK(response.wire_bytes == gzip(body).size());
}

TEST_CASE("gzip members that follow each other are joined") {
    const std::string large(100'000, 'b');

    const auto response = answer_to(gzip_answer(gzip("first ") + gzip(large) + gzip("") + gzip(" last")));

    CHECK(response.failure == Failure::none);
    CHECK(response.body == "first " + large + " last");
    CHECK(padded_with_zeros(response.body));
}

TEST_CASE("a gzip body that is cut anywhere is a protocol failure") {
    const std::string packed = gzip(R"({"data":[{"gid":"1"},{"gid":"2"}]})");
    std::string raw;
    const Server server([&](Connection& connection) {
        for (std::string head; !(head = connection.request()).empty();) {
            connection.write(gzip_answer(packed.substr(0, std::stoul(head.substr(5)))));
        }
    });
    const auto client = make_client(to(server));

    for (std::size_t size = 1; size < packed.size(); ++size) {
        CAPTURE(size);
        CHECK(fetch(*client, "/" + std::to_string(size)).failure == Failure::protocol);
    }
    CHECK(fetch(*client, "/1000").failure == Failure::none);
}

TEST_CASE("damage in a gzip body is a protocol failure: a flipped bit, bytes after the end, no gzip at all") {
    std::string flipped = gzip("some text that is long enough");
    flipped[flipped.size() / 2] ^= 1;
    const std::string wrong_size = [] {
        std::string packed = gzip("text");
        packed.back() = '\x7f';
        return packed;
    }();
    const auto packed = GENERATE_REF(as<std::string>{}, flipped, wrong_size, gzip("x") + "garbage",
                                     gzip("x") + std::string(4, '\0'), std::string("{}"));

    const auto response = answer_to(gzip_answer(packed));

    CHECK(response.failure == Failure::protocol);
    CHECK_THAT(response.message, Catch::Contains("gzip"));
    CHECK(response.body.empty());
}

TEST_CASE("a gzip bomb ends at the cap, in bounded memory") {
    const std::string member = gzip(std::string(64 * kMegabyte, '\0'));
    std::string gigabyte;
    for (int i = 0; i < 16; ++i) gigabyte += member;
    std::string modest = gigabyte + gzip("x");  // whose end claims one byte
    const auto bomb = GENERATE_REF(as<std::string>{}, member, gigabyte, modest);
    const Server server(always(gzip_answer(bomb)));
    auto options = to(server);
    options.max_body = 8 * kMegabyte;

    Response response;
    const auto growth = peak_growth([&] { response = fetch(options); });

    CHECK(response.failure == Failure::too_large);
    CHECK_THAT(response.message, Catch::Contains("8388608"));
    CHECK(growth < options.max_body + 16 * kMegabyte);
}

TEST_CASE("a bomb in the transfer encoding ends at the cap too") {
    const std::string packed = gzip(std::string(64 * kMegabyte, '\0'));
    const Server server([&packed](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed);
    });
    auto options = to(server);
    options.max_body = 8 * kMegabyte;

    Response response;
    const auto growth = peak_growth([&] { response = fetch(options); });

    CHECK((response.failure == Failure::too_large || response.failure == Failure::protocol));
    CHECK(growth < options.max_body + 16 * kMegabyte);
}

TEST_CASE("an encoding that was not asked for is a protocol failure") {
    const auto encoding = GENERATE("br", "deflate", "zstd", "gzip, gzip", "gzip\r\nContent-Encoding: gzip", "x");
    CAPTURE(encoding);

    const auto response = answer_to(ok("x", std::string("Content-Encoding: ") + encoding + "\r\n"));

    CHECK(response.failure == Failure::protocol);
    CHECK_THAT(response.message, Catch::Contains("encoding"));
}

// Answers that do not come

TEST_CASE("a server that takes the request and says nothing is a timeout") {
    const Server server([](Connection& connection) { connection.wait_until_closed(); });
    auto options = to(server);
    options.timeout = 100ms;

    const auto response = fetch(options);

    CHECK(response.failure == Failure::timeout);
    CHECK(response.duration < 5s);
}

TEST_CASE("a body that trickles is a timeout when it stays below 100 bytes a second") {
    const Server server([](Connection& connection) {
        connection.request();
        connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (connection.write("x")) std::this_thread::sleep_for(100ms);
    });
    auto options = to(server);
    options.stall_timeout = 1s;

    const auto response = fetch(options);

    CHECK(response.failure == Failure::timeout);
    CHECK(response.duration < 10s);
}

TEST_CASE("a TLS handshake that stalls is a timeout") {
    const Server server([](Connection& connection) { connection.wait_until_closed(); });
    auto options = to(server);
    options.base_url = "https://127.0.0.1:" + std::to_string(server.port());
    options.connect_timeout = 100ms;

    CHECK(fetch(options).failure == Failure::timeout);
}

// TLS

TEST_CASE("a certificate of the authority in ca_file is accepted") {
    const Authority authority;
    const Server server(always(ok("x")), authority.context({}));
    auto options = to(server);
    options.ca_file = authority.ca_file();

    const auto response = fetch(options);

    CHECK(response.message.empty());
    CHECK(response.body == "x");
}

TEST_CASE("a server that cannot prove who it is gets no request") {
    struct Row {
        const char* name;
        Identity identity;
        bool trusted;
    };
    const auto row =
        GENERATE(Row{"unknown authority", {}, false}, Row{"wrong host", {.names = "DNS:other.example"}, true},
                 Row{"wrong address", {.names = "IP:127.0.0.2"}, true}, Row{"expired", {.expired = true}, true},
                 Row{"TLS 1.1", {.only_tls_1_1 = true}, true});
    CAPTURE(row.name);
    const Authority authority;
    std::atomic<int> requests = 0;
    const Server server([&requests](Connection& connection) { requests += connection.request().empty() ? 0 : 1; },
                        authority.context(row.identity));
    auto options = to(server);
    if (row.trusted) options.ca_file = authority.ca_file();

    const auto response = fetch(options);

    CHECK(response.failure == Failure::tls);
    CHECK_FALSE(response.message.empty());
    CHECK(requests == 0);
}

TEST_CASE("the authority in ca_file stands in place of the system's") {
    const Authority ours;
    const Authority theirs;
    const Server server(always(ok("x")), theirs.context({}));
    auto options = to(server);
    options.ca_file = ours.ca_file();

    CHECK(fetch(options).failure == Failure::tls);
}

TEST_CASE("a ca_file without certificates accepts nobody") {
    const Authority authority;
    const Server server(always(ok("x")), authority.context({}));
    auto options = to(server);
    options.ca_file = "/etc/hostname";

    CHECK(fetch(options).failure == Failure::tls);
}

// HTTP/2, RFC 9113: just enough of it

namespace {

std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload) {
    std::string text;
    for (const int shift : {16, 8, 0}) text += static_cast<char>(payload.size() >> shift & 0xff);
    text += static_cast<char>(type);
    text += static_cast<char>(flags);
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(stream >> shift & 0xff);
    return text.append(payload);
}

// Calls `request` with the stream of each request.
void serve_http2(Connection& connection, const std::function<void(std::uint32_t)>& request) {
    constexpr int kHeaders = 1;
    constexpr int kSettings = 4;
    connection.read(std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").size());
    connection.write(frame(kSettings, 0, 0, ""));
    for (std::string head; (head = connection.read(9)).size() == 9;) {
        const auto byte = [&head](std::size_t i) {
            return static_cast<std::uint32_t>(static_cast<unsigned char>(head[i]));
        };
        connection.read(byte(0) << 16 | byte(1) << 8 | byte(2));
        if (byte(3) == kHeaders) request(byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
    }
}

std::string http2_ok(std::uint32_t stream, std::string_view body) {
    return frame(1, 0x4, stream, "\x88") + frame(0, 0x1, stream, body);  // 0x88: ":status: 200" of the static table
}

}  // namespace

TEST_CASE("thirty requests share one HTTP/2 connection and may all be in flight") {
    const Authority authority;
    const Server server(
        [](Connection& connection) {
            std::vector<std::uint32_t> waiting;
            serve_http2(connection, [&](std::uint32_t stream) {
                waiting.push_back(stream);
                if (waiting.size() < 30) return;
                for (auto it = waiting.rbegin(); it != waiting.rend(); ++it) connection.write(http2_ok(*it, "x"));
            });
        },
        authority.context({.http2 = true}));
    auto options = to(server);
    options.ca_file = authority.ca_file();
    const auto client = make_client(options);

    for (std::uint64_t id = 0; id < 30; ++id) client->get(id, "/");
    const auto responses = collect(*client, 30);

    for (const auto& response : responses) {
        CHECK(response.failure == Failure::none);
        CHECK(response.status == 200);
        CHECK(response.body == "x");
    }
    CHECK(server.connections() == 1);
}

TEST_CASE("an HTTP/2 stream or connection that the server ends is a failure, and the next request succeeds") {
    struct Row {
        const char* name;
        int type;
        std::uint32_t stream;
        std::string payload;
    };
    const auto row = GENERATE(Row{"RST_STREAM", 3, 1, std::string("\0\0\0\2", 4)},
                              Row{"GOAWAY", 7, 0, std::string("\0\0\0\0\0\0\0\2", 8)});
    CAPTURE(row.name);
    const Authority authority;
    std::atomic<int> requests = 0;
    const Server server(
        [&](Connection& connection) {
            serve_http2(connection, [&](std::uint32_t stream) {
                connection.write(++requests == 1 ? frame(row.type, 0, row.stream, row.payload) : http2_ok(stream, "x"));
            });
        },
        authority.context({.http2 = true}));
    auto options = to(server);
    options.ca_file = authority.ca_file();
    const auto client = make_client(options);

    const auto first = fetch(*client);
    const auto second = fetch(*client);

    CHECK((first.failure == Failure::reset || first.failure == Failure::protocol));
    CHECK(second.failure == Failure::none);
}

// Discretion

TEST_CASE("no message holds the token or the query") {
    const Authority authority;
    const auto row = GENERATE(0, 1, 2, 3, 4, 5);
    CAPTURE(row);
    const Server server(
        [row](Connection& connection) {
            connection.request();
            if (row == 1) connection.write("garbage 0/canary:token offset=canary\r\n\r\n");
            if (row == 2) connection.write("HTTP/1.1 200 OK\r\nContent-Length: canary\r\n\r\n");
            if (row == 3) connection.write(ok("x", "Content-Encoding: canary\r\n"));
            if (row == 4) connection.write("HTTP/1.1 canary\r\n\r\n");
        },
        row == 5 ? authority.context({}) : nullptr);

    const auto response = fetch(to(server), "/tasks?offset=canary");

    CHECK(response.failure != Failure::none);
    CHECK_FALSE(response.message.empty());
    CHECK_THAT(response.message, !Catch::Contains("canary"));
}
