#include "ops/control.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstring>
#include <future>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/file.hpp"
#include "temporary_folder.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;
using ops::ControlSocket;
using Words = std::vector<std::string>;

namespace {

constexpr Monotonic kStart(1h);

// A client that does only what it is told to.
class Client {
  public:
    explicit Client(const std::filesystem::path& path) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path.c_str(), path.native().size());
        REQUIRE(::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    void send(const std::string& text) const {
        REQUIRE(::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size()));
    }
    // All that has come.
    std::string taken() const {
        std::string text;
        char bytes[4096];
        for (ssize_t size = 0; (size = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT)) > 0;)
            text.append(bytes, static_cast<std::size_t>(size));
        return text;
    }
    // Whether the server has closed, once all that has come is taken.
    bool cut() const {
        char byte = 0;
        const auto size = ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT);
        return size == 0 || (size < 0 && errno != EAGAIN);
    }
    void hang_up() { socket_.close(); }
    void end_of_input() const { ::shutdown(socket_.get(), SHUT_WR); }

  private:
    Descriptor socket_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
};

struct Fixture {
    testing::TemporaryFolder folder;
    std::filesystem::path database = folder.path() / "mirror.db";
    std::filesystem::path path = folder.path() / "mirror.db.sock";
    ControlSocket server{database};

    // The words of the requests that are complete after some turns at this time.
    std::vector<ops::Request> turns(Monotonic now = kStart) {
        std::vector<ops::Request> requests;
        for (int i = 0; i < 4; ++i)
            for (auto& request : server.turn(now)) requests.push_back(std::move(request));
        return requests;
    }
    ops::Request request(const Client& client, const std::string& line) {
        client.send(line);
        auto requests = turns();
        REQUIRE(requests.size() == 1);
        return requests.front();
    }
};

}  // namespace

TEST_CASE("a line of words is a request, and its answer ends with the exit code") {
    Fixture f;
    const Client client(f.path);

    const auto request = f.request(client, "verify  --stories --project 12\n");
    CHECK(request.words == Words{"verify", "--stories", "--project", "12"});
    f.server.reply(request.id, "two differences");
    CHECK(client.taken() == "two differences\n");
    CHECK_FALSE(client.cut());
    f.server.finish(request.id, 1);

    CHECK(client.taken() == "exit 1\n");
    CHECK(client.cut());
    CHECK_FALSE(f.server.connected(request.id));
}

TEST_CASE("only the owner and its group may connect") {
    Fixture f;
    struct stat there = {};

    REQUIRE(::stat(f.path.c_str(), &there) == 0);

    CHECK(S_ISSOCK(there.st_mode));
    CHECK((there.st_mode & 07777) == 0660);
}

TEST_CASE("a request may come in pieces, and its descriptor tells of each") {
    Fixture f;
    const Client client(f.path);
    pollfd waited = {.fd = f.server.descriptor(), .events = POLLIN, .revents = 0};
    f.turns();
    CHECK(::poll(&waited, 1, 0) == 0);

    client.send("rel");
    CHECK(::poll(&waited, 1, 0) == 1);
    CHECK(f.turns().empty());
    CHECK(::poll(&waited, 1, 0) == 0);

    CHECK(f.request(client, "oad\n").words == Words{"reload"});
}

TEST_CASE("two clients are answered each for itself") {
    Fixture f;
    const Client one(f.path), two(f.path);
    const auto first = f.request(one, "verify\n");
    const auto second = f.request(two, "reload\n");

    f.server.reply(first.id, "of the first");
    f.server.reply(second.id, "of the second");
    f.server.finish(second.id, 0);

    CHECK(one.taken() == "of the first\n");
    CHECK(two.taken() == "of the second\nexit 0\n");
    CHECK(f.server.connected(first.id));
}

TEST_CASE("who sends no line in time is cut off, who waits for an answer is not") {
    Fixture f;
    const Client slow(f.path), asking(f.path);
    slow.send("relo");
    const auto request = f.request(asking, "verify\n");

    f.turns(kStart + 9s);
    CHECK_FALSE(slow.cut());
    f.turns(kStart + 10s);
    CHECK(slow.cut());

    f.turns(kStart + 10h);
    CHECK(f.server.connected(request.id));
}

TEST_CASE("a line that is too long is refused") {
    Fixture f;
    const bool ended = GENERATE(true, false);
    const Client client(f.path);

    client.send(std::string(5000, 'x') + (ended ? "\n" : ""));

    CHECK(f.turns().empty());
    CHECK(client.taken() == "a request is at most 4096 bytes long\nexit 64\n");
    CHECK(client.cut());
}

TEST_CASE("a line of 4096 bytes is not too long") {
    Fixture f;
    const Client client(f.path);

    CHECK(f.request(client, std::string(4096, 'x') + "\n").words == Words{std::string(4096, 'x')});
}

TEST_CASE("what is no text is refused") {
    Fixture f;
    const auto line = GENERATE(std::string("a\x1b[2J\n"), std::string("\xff\n"), std::string("a\0b\n", 4));
    const Client client(f.path);

    client.send(line);

    CHECK(f.turns().empty());
    CHECK(client.taken() == "a request is a line of words\nexit 64\n");
}

TEST_CASE("a client that goes away in the middle of its line or of the answer is forgotten") {
    Fixture f;
    Client half(f.path), asking(f.path);
    half.send("rel");
    const auto request = f.request(asking, "verify\n");
    half.hang_up();
    asking.hang_up();

    CHECK(f.turns().empty());

    CHECK_FALSE(f.server.connected(request.id));
    f.server.reply(request.id, "to nobody");
    f.server.finish(request.id, 0);
}

TEST_CASE("a request whose client has gone at once is one, and nobody waits for its answer") {
    Fixture f;
    Client client(f.path);
    client.send("reload\n");
    client.hang_up();

    const auto requests = f.turns();

    REQUIRE(requests.size() == 1);
    CHECK(requests.front().words == Words{"reload"});
    CHECK_FALSE(f.server.connected(requests.front().id));
}

TEST_CASE("a client that has no more to say still gets its answer, and makes nobody busy") {
    Fixture f;
    const Client client(f.path);
    client.send("reload\nand more");
    client.end_of_input();
    const auto requests = f.turns();
    REQUIRE(requests.size() == 1);
    pollfd waited = {.fd = f.server.descriptor(), .events = POLLIN, .revents = 0};

    CHECK(::poll(&waited, 1, 0) == 0);
    f.server.finish(requests.front().id, 0);

    CHECK(client.taken() == "exit 0\n");
}

TEST_CASE("a client that takes nothing is cut off when too much waits for it") {
    Fixture f;
    const Client client(f.path);
    const auto request = f.request(client, "verify\n");

    int lines = 0;
    for (; f.server.connected(request.id) && lines < 100; ++lines) f.server.reply(request.id, std::string(10'000, 'x'));

    CHECK(lines > 5);
    CHECK(lines < 100);
    f.turns();
    CHECK(client.taken().size() < static_cast<std::size_t>(lines) * 10'001);
    CHECK(client.cut());
}

TEST_CASE("the end of an answer waits ten seconds to be taken") {
    Fixture f;
    const Client taking(f.path), idle(f.path);
    const auto first = f.request(taking, "verify\n");
    const auto second = f.request(idle, "verify\n");
    std::string sent;
    for (const auto id : {first.id, second.id}) {
        // More than a socket holds, less than what cuts off.
        for (int i = 0; i < 22; ++i) f.server.reply(id, std::string(10'000, 'x'));
        f.server.finish(id, 0);
        REQUIRE(f.server.connected(id));
    }

    for (int i = 0; i < 10; ++i) {
        sent += taking.taken();
        f.turns(kStart + 9s);
    }
    CHECK(sent.size() == 22 * 10'001 + 7);
    CHECK(f.server.connected(second.id));
    f.turns(kStart + 10s);
    CHECK_FALSE(f.server.connected(second.id));
}

TEST_CASE("the ninth client is told to come again") {
    Fixture f;
    std::vector<Client> clients;
    for (int i = 0; i < 8; ++i) clients.emplace_back(f.path);
    f.turns();

    const Client ninth(f.path);
    f.turns();

    CHECK(ninth.taken() == "too many others ask at the same time; ask again\nexit 75\n");
    CHECK(ninth.cut());
    CHECK(f.request(clients[3], "reload\n").words == Words{"reload"});
}

TEST_CASE("a line of an answer stays one line") {
    Fixture f;
    const Client client(f.path);
    const auto request = f.request(client, "verify\n");

    f.server.reply(request.id, "a\nexit 0\x1b");

    CHECK(client.taken() == "a\\u000aexit 0\\u001b\n");
}

TEST_CASE("the socket of a dead daemon is replaced, another file is not") {
    const testing::TemporaryFolder folder;
    const auto path = folder.path() / "mirror.db.sock";
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    {
        const Descriptor dead(::socket(AF_UNIX, SOCK_STREAM, 0));
        REQUIRE(::bind(dead.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    }
    REQUIRE(std::filesystem::exists(path));
    {
        const ControlSocket server(folder.path() / "mirror.db");
        const Client client(path);
    }
    CHECK_FALSE(std::filesystem::exists(path));

    folder.write("mirror.db.sock", "a text");
    CHECK_THROWS_WITH(ControlSocket(folder.path() / "mirror.db"),
                      Catch::Contains(path.string()) && Catch::Contains("another file has its name"));
    CHECK(std::filesystem::is_regular_file(path));
}

TEST_CASE("a name that is too long for a socket is an error that says so, and no daemon is there to be asked") {
    const testing::TemporaryFolder folder;
    const auto database = folder.path() / std::string(120, 'd');

    CHECK_THROWS_WITH(ControlSocket(database), Catch::Contains("longer than 107 bytes; give the database a shorter"));
    CHECK_FALSE(ops::ask_daemon(database, {"reload"}, [](auto) {}));
}

TEST_CASE("a daemon is asked and its answer comes line by line") {
    Fixture f;
    std::vector<std::string> lines;
    auto code = std::async(std::launch::async, [&] {
        return ops::ask_daemon(f.database, {"verify", "--project", "1"},
                               [&](std::string_view line) { lines.emplace_back(line); });
    });

    std::vector<ops::Request> requests;
    while (requests.empty()) {
        pollfd waited = {.fd = f.server.descriptor(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&waited, 1, 10'000) == 1);
        requests = f.server.turn(kStart);
    }
    CHECK(requests.front().words == Words{"verify", "--project", "1"});
    for (const char* const line : {"one", "exit 3", ""}) f.server.reply(requests.front().id, line);
    f.server.finish(requests.front().id, 1);

    CHECK(code.get() == 1);
    CHECK(lines == Words{"one", "exit 3", ""});
}

TEST_CASE("a daemon that ends before its answer does is an error") {
    const testing::TemporaryFolder folder;
    const auto database = folder.path() / "mirror.db";
    auto server = std::make_unique<ControlSocket>(database);
    auto code = std::async(std::launch::async, [&] { return ops::ask_daemon(database, {"verify"}, [](auto) {}); });

    std::vector<ops::Request> requests;
    while (requests.empty()) {
        pollfd waited = {.fd = server->descriptor(), .events = POLLIN, .revents = 0};
        REQUIRE(::poll(&waited, 1, 10'000) == 1);
        requests = server->turn(kStart);
    }
    server->reply(requests.front().id, "half of it");
    server.reset();

    CHECK_THROWS_WITH(code.get(), Catch::Contains("it ended before it had answered"));
}

TEST_CASE("where no daemon listens there is none") {
    const testing::TemporaryFolder folder;
    const auto database = folder.path() / "mirror.db";

    CHECK_FALSE(ops::ask_daemon(database, {"reload"}, [](auto) {}));
    folder.write("mirror.db.sock", "a text");
    CHECK_FALSE(ops::ask_daemon(database, {"reload"}, [](auto) {}));
}
