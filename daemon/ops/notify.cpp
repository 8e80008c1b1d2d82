#include "ops/notify.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "core/text.hpp"

namespace taskmirror::ops {
namespace {

std::string_view variable(const char* name) {
    const char* const value = std::getenv(name);
    return value != nullptr ? value : "";
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// sd_watchdog_enabled(3)
std::optional<Milliseconds> watchdog_interval() {
    const auto limit = number(variable("WATCHDOG_USEC"));
    const auto pid = variable("WATCHDOG_PID");
    if (!limit || *limit <= 0 || (!pid.empty() && number(pid) != ::getpid())) return std::nullopt;
    return std::max(Milliseconds(1), std::chrono::floor<Milliseconds>(std::chrono::microseconds(*limit / 2)));
}

}  // namespace

Notifier::Notifier() : address_(variable("NOTIFY_SOCKET")) {
    if (address_.empty() || (address_[0] != '/' && address_[0] != '@')) return;
    if (address_.size() > sizeof(sockaddr_un::sun_path)) return;
    if (address_[0] == '@') address_[0] = '\0';
    socket_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    watchdog_ = watchdog_interval();
}

void Notifier::ready() { send("READY=1"); }

void Notifier::status(std::string_view text) { send(fmt::format("STATUS={}", escaped(text))); }

void Notifier::reloading(Monotonic now) {
    const auto time = std::chrono::floor<std::chrono::microseconds>(now.time_since_epoch());
    send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}", time.count()));
}

void Notifier::stopping() { send("STOPPING=1"); }

void Notifier::alive() { send("WATCHDOG=1"); }

void Notifier::send(std::string_view message) {
    if (socket_.get() < 0) return;
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, address_.data(), address_.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    [[maybe_unused]] const auto sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                                reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace taskmirror::ops
