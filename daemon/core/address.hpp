// Where a server listens: an IP address and a port, or a Unix socket.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace taskmirror {

struct Address {
    std::string host{};            // an IPv4 or IPv6 address, without brackets; empty: a Unix socket
    std::uint16_t port = 0;        // 0: one that is free
    std::filesystem::path path{};  // of the Unix socket

    bool is_loopback() const;
    // Nobody on another machine can reach it.
    bool is_private() const { return host.empty() || is_loopback(); }

    bool operator==(const Address&) const = default;
};

// "127.0.0.1:9817", "localhost:9817" (127.0.0.1), "[::1]:9817", "unix:/run/taskmirror/status.sock". None: it is none of
// these.
std::optional<Address> parse_address(std::string_view text);

// As parse_address() takes it.
std::string to_string(const Address& address);

// For bind(2) and connect(2); the size is what of it counts.
struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t size = 0;

    const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
SocketAddress socket_address(const Address& address);

// None: the path is longer than the name of a Unix socket may be.
inline constexpr std::size_t kLongestSocketPath = 107;  // bytes: unix(7)
std::optional<SocketAddress> unix_address(const std::filesystem::path& path);

// Whether a process listens to that Unix socket, be it another user's, or one with as many clients as it takes.
bool is_served(const SocketAddress& address);

}  // namespace taskmirror
