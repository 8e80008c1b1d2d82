#include "core/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "core/file.hpp"

namespace taskmirror {
namespace {

template <typename Raw>
std::optional<Raw> raw(int family, const std::string& host) {
    Raw address;
    return inet_pton(family, host.c_str(), &address) == 1 ? std::optional(address) : std::nullopt;
}

template <typename Raw>
SocketAddress stored(const Raw& address) {
    SocketAddress result;
    std::memcpy(&result.storage, &address, sizeof address);
    result.size = sizeof address;
    return result;
}

}  // namespace

bool Address::is_loopback() const {
    if (const auto four = raw<in_addr>(AF_INET, host)) return ntohl(four->s_addr) >> 24 == 127;
    const auto six = raw<in6_addr>(AF_INET6, host);
    return six && IN6_IS_ADDR_LOOPBACK(&*six);
}

std::optional<Address> parse_address(std::string_view text) {
    Address address;
    if (text.starts_with("unix:")) {
        address.path = text.substr(5);
        if (!address.path.is_absolute() || !unix_address(address.path)) return std::nullopt;
        return address;
    }
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    auto host = text.substr(0, colon);
    const auto port = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
    if (port.empty() || error != std::errc() || end != port.data() + port.size()) return std::nullopt;
    const bool brackets = host.starts_with('[') && host.ends_with(']');
    if (brackets) host = host.substr(1, host.size() - 2);
    address.host = host == "localhost" ? "127.0.0.1" : host;
    const bool valid =
        brackets ? raw<in6_addr>(AF_INET6, address.host).has_value() : raw<in_addr>(AF_INET, address.host).has_value();
    return valid ? std::optional(std::move(address)) : std::nullopt;
}

std::string to_string(const Address& address) {
    if (address.host.empty()) return "unix:" + address.path.string();
    const bool brackets = address.host.find(':') != std::string::npos;
    return fmt::format("{}{}{}:{}", brackets ? "[" : "", address.host, brackets ? "]" : "", address.port);
}

SocketAddress socket_address(const Address& address) {
    if (address.host.empty()) return unix_address(address.path).value();
    if (const auto six = raw<in6_addr>(AF_INET6, address.host)) {
        sockaddr_in6 its{};
        its.sin6_family = AF_INET6;
        its.sin6_addr = *six;
        its.sin6_port = htons(address.port);
        return stored(its);
    }
    sockaddr_in its{};
    its.sin_family = AF_INET;
    its.sin_addr = raw<in_addr>(AF_INET, address.host).value_or(in_addr{});
    its.sin_port = htons(address.port);
    return stored(its);
}

std::optional<SocketAddress> unix_address(const std::filesystem::path& path) {
    sockaddr_un address{};
    static_assert(kLongestSocketPath == sizeof address.sun_path - 1);
    const auto& name = path.native();
    if (name.size() > kLongestSocketPath) return std::nullopt;
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    return stored(address);
}

bool is_served(const SocketAddress& address) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    return socket.get() >= 0 && (::connect(socket.get(), address.generic(), address.size) == 0 ||
                                 (errno != ECONNREFUSED && errno != ENOENT));
}

}  // namespace taskmirror
