#include "ops/control.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "core/address.hpp"
#include "core/error.hpp"
#include "core/text.hpp"

namespace taskmirror::ops {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestLine = 4096;
constexpr std::size_t kMostConnections = 8;
constexpr std::size_t kMostUnsent = 65536;  // bytes that a client may leave untaken
constexpr auto kPatience = 10s;             // with who sends no line, or does not take the end of an answer
constexpr std::uint64_t kListener = 0;      // among the ids of connections

std::filesystem::path socket_of(const std::filesystem::path& database) { return database.string() + ".sock"; }

std::vector<std::string> words_of(std::string_view line) {
    std::vector<std::string> words;
    for (;;) {
        const auto start = line.find_first_not_of(' ');
        if (start == std::string_view::npos) return words;
        const auto end = std::min(line.find(' ', start), line.size());
        words.emplace_back(line.substr(start, end - start));
        line.remove_prefix(end);
    }
}

std::string last_line(int exit_code) { return fmt::format("exit {}\n", exit_code); }

std::optional<int> exit_code_of(std::string_view line) {
    constexpr std::string_view kStart = "exit ";
    int code = 0;
    if (!line.starts_with(kStart)) return std::nullopt;
    line.remove_prefix(kStart.size());
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), code);
    if (error != std::errc() || end != line.data() + line.size()) return std::nullopt;
    return code;
}

}  // namespace

ControlSocket::ControlSocket(const std::filesystem::path& database) : path_(socket_of(database)) {
    const auto fail = [&](const char* reason) {
        throw Error(fmt::format("cannot listen on control socket {}: {}", path_.string(), reason));
    };
    const auto address = unix_address(path_);
    if (!address) {
        fail(fmt::format("its name is longer than {} bytes; give the database a shorter path", kLongestSocketPath)
                 .c_str());
    }
    struct stat there = {};
    if (::lstat(path_.c_str(), &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) fail("another file has its name; move that away");
        if (::unlink(path_.c_str()) != 0) fail(std::strerror(errno));
    }
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // Between bind and listen nobody can connect, so the mode is right from the first client on.
    if (listener_.get() < 0 || ::bind(listener_.get(), address->generic(), address->size) != 0)
        fail(std::strerror(errno));
    events_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (::chmod(path_.c_str(), 0660) != 0 || ::listen(listener_.get(), kMostConnections) != 0 || events_.get() < 0) {
        const int error = errno;
        ::unlink(path_.c_str());
        fail(std::strerror(error));
    }
    watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN, kListener);
}

ControlSocket::~ControlSocket() { ::unlink(path_.c_str()); }

void ControlSocket::watch(int operation, int descriptor, std::uint32_t events, std::uint64_t id) {
    epoll_event event = {};
    event.events = events;
    event.data.u64 = id;
    ::epoll_ctl(events_.get(), operation, descriptor, &event);
}

std::vector<Request> ControlSocket::turn(Monotonic now) {
    now_ = now;
    std::vector<Request> requests;
    std::array<epoll_event, kMostConnections + 1> events;
    const int ready = ::epoll_wait(events_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < ready; ++i) {
        const auto& event = events[static_cast<std::size_t>(i)];
        if (event.data.u64 == kListener) {
            accept_all();
            continue;
        }
        const auto at = connections_.find(event.data.u64);
        if (at == connections_.end()) continue;
        auto& connection = at->second;
        if (!connection.asked && read(connection)) requests.push_back({at->first, words_of(connection.in)});
        if (event.events & (EPOLLHUP | EPOLLERR))
            connections_.erase(at);
        else
            settle(at);
    }
    std::erase_if(connections_, [&](const auto& one) { return one.second.deadline && now >= *one.second.deadline; });
    return requests;
}

void ControlSocket::accept_all() {
    for (std::size_t i = 0; i < kMostConnections; ++i) {
        Descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (socket.get() < 0) return;
        Connection connection;
        connection.socket = std::move(socket);
        connection.deadline = now_ + kPatience;
        if (connections_.size() >= kMostConnections) {
            refuse(connection, ExitCode::come_again, "too many others ask at the same time; ask again");
            send(connection);
            continue;
        }
        watch(EPOLL_CTL_ADD, connection.socket.get(), EPOLLIN, ++last_id_);
        connections_.emplace(last_id_, std::move(connection));
    }
}

// True when the line is complete: it stands in `in`. What comes behind it is not read.
bool ControlSocket::read(Connection& connection) {
    std::array<char, kLongestLine> bytes;
    const auto size = ::recv(connection.socket.get(), bytes.data(), bytes.size(), 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    if (size <= 0) {  // the end, and no line
        connection.finished = true;
        return false;
    }
    connection.in.append(bytes.data(), static_cast<std::size_t>(size));
    const auto end = connection.in.find('\n');
    if (std::min(end, connection.in.size()) > kLongestLine) {
        refuse(connection, ExitCode::usage, fmt::format("a request is at most {} bytes long", kLongestLine));
        return false;
    }
    if (end == std::string::npos) return false;
    connection.in.resize(end);
    if (has_control_characters(connection.in) || !is_utf8(connection.in)) {
        refuse(connection, ExitCode::usage, "a request is a line of words");
        return false;
    }
    connection.asked = true;
    connection.deadline.reset();
    return true;
}

void ControlSocket::refuse(Connection& connection, ExitCode code, std::string_view why) {
    connection.out = fmt::format("{}\n{}", why, last_line(static_cast<int>(code)));
    connection.finished = true;
}

// False: nobody takes it any more.
bool ControlSocket::send(Connection& connection) {
    while (!connection.out.empty()) {
        const auto size =
            ::send(connection.socket.get(), connection.out.data(), connection.out.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return errno == EAGAIN && connection.out.size() <= kMostUnsent;
        connection.out.erase(0, static_cast<std::size_t>(size));
    }
    return true;
}

// Sends what can be sent, and closes what is done or lost.
void ControlSocket::settle(Connections::iterator at) {
    auto& [id, connection] = *at;
    if (!send(connection) || (connection.finished && connection.out.empty())) {
        connections_.erase(at);
        return;
    }
    if (connection.finished && !connection.deadline) connection.deadline = now_ + kPatience;
    const std::uint32_t reading = connection.asked || connection.finished ? 0U : EPOLLIN;
    const std::uint32_t writing = connection.out.empty() ? 0U : EPOLLOUT;
    watch(EPOLL_CTL_MOD, connection.socket.get(), reading | writing, id);
}

void ControlSocket::reply(std::uint64_t id, std::string_view line) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    at->second.out += escaped(line) + '\n';
    settle(at);
}

void ControlSocket::finish(std::uint64_t id, int exit_code) {
    const auto at = connections_.find(id);
    if (at == connections_.end()) return;
    at->second.out += last_line(exit_code);
    at->second.finished = true;
    settle(at);
}

bool listens(const std::filesystem::path& database) {
    const auto address = unix_address(socket_of(database));
    return address && is_served(*address);
}

std::optional<int> ask_daemon(const std::filesystem::path& database, const std::vector<std::string>& words,
                              const std::function<void(std::string_view line)>& on_line) {
    const auto path = socket_of(database);
    const auto address = unix_address(path);
    if (!address) return std::nullopt;  // no daemon has such a socket
    const auto fail = [&](ExitCode code, std::string_view reason) {
        throw Fatal(code, fmt::format("cannot ask the daemon through {}: {}", path.string(), reason));
    };
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (socket.get() < 0) fail(ExitCode::disk, std::strerror(errno));
    if (::connect(socket.get(), address->generic(), address->size) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED || errno == ENOTSOCK) return std::nullopt;
        fail(ExitCode::disk, errno == EACCES ? "no permission; ask as the daemon's user or as a member of its group"
                                             : std::strerror(errno));
    }
    const auto request = fmt::format("{}\n", fmt::join(words, " "));
    for (std::string_view rest = request; !rest.empty();) {
        const auto size = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) break;  // what it says about that is read below
        rest.remove_prefix(static_cast<std::size_t>(size));
    }

    // "exit N" is the end only when no line comes behind it: the text of an answer may say the same.
    std::string text;
    std::string last;
    for (std::array<char, 4096> bytes;;) {
        const auto size = ::recv(socket.get(), bytes.data(), bytes.size(), 0);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) break;
        text.append(bytes.data(), static_cast<std::size_t>(size));
        std::size_t start = 0;
        for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n', start)) {
            if (!last.empty()) on_line(last);
            last = text.substr(start, end - start);
            start = end + 1;
            if (!exit_code_of(last)) on_line(std::exchange(last, {}));
        }
        text.erase(0, start);
    }
    const auto code = exit_code_of(last);
    if (!code) fail(ExitCode::come_again, "it ended before it had answered; ask again");
    return code;
}

}  // namespace taskmirror::ops
