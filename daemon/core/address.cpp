#include "core/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstring>

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
        if (!address.path.is_absolute() || address.path.native().size() >= sizeof sockaddr_un::sun_path)
            return std::nullopt;
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
    if (address.host.empty()) {
        sockaddr_un local{};
        local.sun_family = AF_UNIX;
        std::memcpy(local.sun_path, address.path.c_str(), address.path.native().size());
        return stored(local);
    }
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

}  // namespace taskmirror
