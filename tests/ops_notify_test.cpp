#include "ops/notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include <cstddef>
#include <cstring>
#include <string>

#include "core/file.hpp"
#include "temporary_folder.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;
using testing::Environment;

namespace {

// What systemd does: a datagram socket, and what has come to it.
class Listener {
  public:
    // As NOTIFY_SOCKET names it: "@name" is one in the abstract namespace.
    explicit Listener(const std::string& name) {
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        REQUIRE(name.size() < sizeof address.sun_path);
        std::memcpy(address.sun_path, name.data(), name.size());
        if (name[0] == '@') address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0);
    }

    // The oldest message; empty if there is none.
    std::string message() const {
        char bytes[4096];
        const auto size = ::recv(socket_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
        return size < 0 ? std::string() : std::string(bytes, static_cast<std::size_t>(size));
    }

  private:
    Descriptor socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
};

}  // namespace

TEST_CASE("each event of a service is one datagram in the words of sd_notify") {
    const testing::TemporaryFolder folder;
    const std::string name = folder.path() / "notify";
    const Listener systemd(name);
    const Environment socket("NOTIFY_SOCKET", name);
    ops::Notifier notifier;

    notifier.ready();
    CHECK(systemd.message() == "READY=1");
    notifier.status("120 projects");
    CHECK(systemd.message() == "STATUS=120 projects");
    notifier.reloading(Monotonic(1'234'567'890ns));
    CHECK(systemd.message() == "RELOADING=1\nMONOTONIC_USEC=1234567");
    notifier.alive();
    CHECK(systemd.message() == "WATCHDOG=1");
    notifier.stopping();
    CHECK(systemd.message() == "STOPPING=1");
}

TEST_CASE("a name in the abstract namespace is reached too") {
    const std::string name = fmt::format("@taskmirror-test-{}", ::getpid());
    const Listener systemd(name);
    const Environment socket("NOTIFY_SOCKET", name);

    ops::Notifier().ready();

    CHECK(systemd.message() == "READY=1");
}

TEST_CASE("a status of several lines cannot say anything else to systemd") {
    const testing::TemporaryFolder folder;
    const std::string name = folder.path() / "notify";
    const Listener systemd(name);
    const Environment socket("NOTIFY_SOCKET", name);

    ops::Notifier().status("one\nSTOPPING=1");

    CHECK(systemd.message() == "STATUS=one\\u000aSTOPPING=1");
}

TEST_CASE("without a socket, or with one that nobody reads, nothing happens") {
    const auto name = GENERATE(std::optional<std::string>(), "", "/nowhere/notify", "relative", std::string(200, '/'));
    const Environment socket("NOTIFY_SOCKET", name);
    ops::Notifier notifier;

    notifier.ready();
    notifier.alive();

    CHECK_FALSE(notifier.watchdog());
}

TEST_CASE("a socket that is full makes nobody wait") {
    const testing::TemporaryFolder folder;
    const std::string name = folder.path() / "notify";
    const Listener systemd(name);
    const Environment socket("NOTIFY_SOCKET", name);
    ops::Notifier notifier;

    for (int i = 0; i < 5000; ++i) notifier.status("full");  // far more than the kernel queues

    CHECK(systemd.message() == "STATUS=full");
}

TEST_CASE("the watchdog is fed twice in the time that systemd waits, if it waits for this process") {
    const Environment socket("NOTIFY_SOCKET", "/run/notify");
    const auto interval = [](std::optional<std::string> limit, std::optional<std::string> pid) {
        const Environment usec("WATCHDOG_USEC", limit);
        const Environment process("WATCHDOG_PID", pid);
        return ops::Notifier().watchdog();
    };

    CHECK(interval("30000000", std::nullopt) == 15s);
    CHECK(interval("30000000", fmt::format("{}", ::getpid())) == 15s);
    CHECK_FALSE(interval("30000000", fmt::format("{}", ::getpid() + 1)));
    CHECK_FALSE(interval(std::nullopt, std::nullopt));
    CHECK_FALSE(interval("0", std::nullopt));
    CHECK_FALSE(interval("soon", std::nullopt));
}
