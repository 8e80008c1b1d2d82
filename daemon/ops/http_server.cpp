#include "ops/http_server.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include "core/error.hpp"

namespace taskmirror::ops {
namespace {

constexpr int kWaiting = 64;  // connections that the kernel keeps while all threads are busy
constexpr std::string_view kEnd = "\r\n\r\n";

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 413:
            return "Content Too Large";
        case 421:
            return "Misdirected Request";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Internal Server Error";
    }
}

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return result;
}

bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

bool is_visible(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

// Takes the text up to `end` and that away from the front. None: it is not there.
std::optional<std::string_view> taken(std::string_view& text, std::string_view end) {
    const auto at = text.find(end);
    if (at == std::string_view::npos) return std::nullopt;
    const auto found = text.substr(0, at);
    text.remove_prefix(at + end.size());
    return found;
}

// False: the time is over, or the server stops.
bool wait_for(int descriptor, short events, int stop, Monotonic until) {
    for (;;) {
        const auto left = std::chrono::ceil<Milliseconds>(until - system_clock().monotonic()).count();
        if (left <= 0) return false;
        std::array<pollfd, 2> watched = {pollfd{descriptor, events, 0}, pollfd{stop, POLLIN, 0}};
        const int ready = ::poll(watched.data(), watched.size(), static_cast<int>(left));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 || watched[1].revents != 0) return false;
        return true;
    }
}

void send_all(int socket, int stop, std::string_view bytes, Monotonic until) {
    while (!bytes.empty() && wait_for(socket, POLLOUT, stop, until)) {
        const auto size = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (size < 0) return;
        bytes.remove_prefix(static_cast<std::size_t>(size));
    }
}

std::string head_of(const HttpAnswer& answer) {
    auto head = fmt::format(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nConnection: close\r\n"
        "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Frame-Options: DENY\r\n"
        "Referrer-Policy: no-referrer\r\nContent-Security-Policy: default-src 'none'; style-src {}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n",
        answer.status, reason(answer.status), answer.type, answer.body.size(), answer.styles);
    for (const auto& [name, value] : answer.headers) head += fmt::format("{}: {}\r\n", name, value);
    return head + "\r\n";
}

}  // namespace

NoSignals::NoSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
}

NoSignals::~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::string_view HttpRequest::header(std::string_view name) const {
    std::string_view found;
    for (const auto& [its, value] : headers) {
        if (its != name) continue;
        if (!found.empty()) return {};
        found = value;
    }
    return found;
}

std::optional<HttpRequest> parse_request(std::string_view head, bool& is_head, int& status) {
    status = 400;
    const auto line = taken(head, "\r\n");
    if (!line) return std::nullopt;
    std::string_view rest = *line;
    const auto method = taken(rest, " ");
    const auto target = taken(rest, " ");
    if (!method || !target || !is_token(*method) || !is_visible(*target) || !target->starts_with('/'))
        return std::nullopt;
    if (rest != "HTTP/1.1" && rest != "HTTP/1.0") {
        status = rest.starts_with("HTTP/") ? 505 : 400;
        return std::nullopt;
    }
    HttpRequest request;
    request.path = target->substr(0, target->find('?'));
    while (const auto field = taken(head, "\r\n")) {
        if (field->empty()) break;
        std::string_view value = *field;
        const auto name = taken(value, ":");
        if (!name || !is_token(*name)) return std::nullopt;
        while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
        while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
        if (std::ranges::any_of(value, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7F; }))
            return std::nullopt;
        request.headers.emplace_back(lower(*name), value);
    }
    is_head = *method == "HEAD";
    if (!is_head && *method != "GET") {
        status = 405;
        return std::nullopt;
    }
    const auto length = request.header("content-length");
    if ((!length.empty() && length != "0") || !request.header("transfer-encoding").empty()) {
        status = 413;  // there is nothing that a body could say
        return std::nullopt;
    }
    return request;
}

HttpServer::HttpServer(HttpServerOptions options, std::function<HttpAnswer(const HttpRequest&)> handler)
    : options_(std::move(options)), handler_(std::move(handler)), stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    listen();
    const NoSignals no_signals;
    for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { serve(); });
}

HttpServer::~HttpServer() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(stop_.get(), &one, sizeof one);
    for (auto& thread : threads_) thread.join();
    if (options_.listen.host.empty()) ::unlink(options_.listen.path.c_str());
}

void HttpServer::listen() {
    const auto fail = [&](std::string_view why) {
        throw Error(fmt::format("cannot listen on {}: {}", to_string(options_.listen), why));
    };
    const bool is_unix = options_.listen.host.empty();
    const auto address = socket_address(options_.listen);
    if (is_unix) {
        struct stat there = {};
        if (::lstat(options_.listen.path.c_str(), &there) == 0) {
            if (!S_ISSOCK(there.st_mode)) fail("another file has its name; move that away");
            if (is_served(address)) fail("another process listens there; give each daemon its own status.listen");
            if (::unlink(options_.listen.path.c_str()) != 0) fail(std::strerror(errno));
        }
    }
    listener_ = Descriptor(::socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int yes = 1;
    if (!is_unix) ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (listener_.get() < 0 || ::bind(listener_.get(), address.generic(), address.size) != 0) {
        fail(errno == EADDRINUSE ? "another process listens there; end it, or change status.listen"
                                 : std::strerror(errno));
    }
    // Between bind and listen nobody can connect, so the mode is right from the first client on.
    if ((is_unix && ::chmod(options_.listen.path.c_str(), 0660) != 0) || ::listen(listener_.get(), kWaiting) != 0)
        fail(std::strerror(errno));
    if (options_.listen.port == 0 && !is_unix) {
        SocketAddress bound;
        bound.size = sizeof bound.storage;
        ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
        const auto port = bound.storage.ss_family == AF_INET6
                              ? reinterpret_cast<const sockaddr_in6*>(&bound.storage)->sin6_port
                              : reinterpret_cast<const sockaddr_in*>(&bound.storage)->sin_port;
        options_.listen.port = ntohs(port);
    }
}

void HttpServer::serve() {
    for (;;) {
        std::array<pollfd, 2> watched = {pollfd{listener_.get(), POLLIN, 0}, pollfd{stop_.get(), POLLIN, 0}};
        if (::poll(watched.data(), watched.size(), -1) < 0 && errno != EINTR) return;
        if (watched[1].revents != 0) return;
        const Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (connection.get() >= 0) {
            serve(connection);
        } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
            // No descriptors or memory are left: those who connect wait.
            wait_for(-1, 0, stop_.get(), system_clock().monotonic() + std::chrono::milliseconds(100));
        }
    }
}

void HttpServer::serve(const Descriptor& connection) {
    const int socket = connection.get();
    std::string head;
    std::array<char, 4096> bytes;
    const auto until = system_clock().monotonic() + options_.request_within;
    HttpAnswer answer;
    bool is_head = false;
    for (;;) {
        if (!wait_for(socket, POLLIN, stop_.get(), until)) {
            if (head.empty()) return;  // it has said nothing, so it is told nothing
            answer = {.status = 408, .body = "the request did not come in time\n"};
            break;
        }
        const auto size = ::recv(socket, bytes.data(), bytes.size(), 0);
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (size <= 0) return;
        const auto from = head.size() < kEnd.size() ? 0 : head.size() - kEnd.size();
        head.append(bytes.data(), static_cast<std::size_t>(size));
        const auto end = head.find(kEnd, from);
        if (std::min(end, head.size()) > options_.longest_request) {
            answer = {.status = 431, .body = "the request is too long\n"};
            break;
        }
        if (end == std::string::npos) continue;
        int status = 0;
        const auto request = parse_request(std::string_view(head).substr(0, end + 2), is_head, status);
        if (!request) {
            answer = {.status = status,
                      .body = fmt::format("{}: GET and HEAD without a body are served\n", reason(status))};
            if (status == 405) answer.headers.emplace_back("Allow", "GET, HEAD");
            break;
        }
        try {
            answer = handler_(*request);
        } catch (const std::exception&) {
            answer = {.status = 500, .body = "this page could not be made\n"};
        }
        break;
    }
    auto out = head_of(answer);
    if (!is_head) out += answer.body;
    send_all(socket, stop_.get(), out, system_clock().monotonic() + options_.answer_within);
    // What is left unread would make the kernel reset the connection, and the answer be lost.
    ::shutdown(socket, SHUT_WR);
    for (int i = 0; i < 16 && ::recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT) > 0; ++i) {
    }
}

}  // namespace taskmirror::ops
