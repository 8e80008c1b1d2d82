// The control socket of a running daemon: how other commands ask the one process that may write the database.
//
// A Unix socket beside the database, for its owner and group. A client sends one line of words, such as "verify
// --stories"; the answer is lines, the last of which is "exit N". Nothing here waits: the daemon's loop calls turn().
// A client that sends nothing, or takes nothing, is cut off.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/file.hpp"
#include "core/time.hpp"

namespace taskmirror::ops {

struct Request {
    std::uint64_t id = 0;
    std::vector<std::string> words;
};

class ControlSocket {
  public:
    // Only for the holder of the database's lock: a socket that lies there is taken for a dead daemon's and replaced.
    // Throws Error when there can be none; the daemon works without it.
    explicit ControlSocket(const std::filesystem::path& database);
    ~ControlSocket();
    ControlSocket(const ControlSocket&) = delete;
    ControlSocket& operator=(const ControlSocket&) = delete;

    // Ready to be read when a turn has something to do; but once a second is enough.
    int descriptor() const { return events_.get(); }

    // Accepts, reads, sends what waits, cuts off who is too slow. Gives the requests that are complete now.
    std::vector<Request> turn(Monotonic now);

    // One more line of an answer, its end, and whether anybody waits for it still. A client that is gone is no mistake.
    void reply(std::uint64_t id, std::string_view line);
    void finish(std::uint64_t id, int exit_code);
    bool connected(std::uint64_t id) const { return connections_.contains(id); }

  private:
    struct Connection {
        Descriptor socket;
        std::string in;                     // of the line that is not complete yet
        std::string out;                    // not sent yet
        bool asked = false;                 // the line is complete
        bool finished = false;              // so is the answer
        std::optional<Monotonic> deadline;  // for the line, or for taking the end of the answer
    };
    using Connections = std::map<std::uint64_t, Connection>;

    void accept_all();
    static bool read(Connection& connection);
    static void refuse(Connection& connection, ExitCode code, std::string_view why);
    static bool send(Connection& connection);
    void settle(Connections::iterator at);
    void watch(int operation, int descriptor, std::uint32_t events, std::uint64_t id);

    std::filesystem::path path_;
    Descriptor listener_;
    Descriptor events_;  // epoll
    Connections connections_;
    std::uint64_t last_id_ = 0;
    Monotonic now_{};
};

// Whether a process listens there, or may: one that this user may not ask counts.
bool listens(const std::filesystem::path& database);

// Asks the daemon of this database and waits for the end of its answer. None if no daemon listens. Throws Fatal when it
// may not be asked, or ends before it has answered.
std::optional<int> ask_daemon(const std::filesystem::path& database, const std::vector<std::string>& words,
                              const std::function<void(std::string_view line)>& on_line);

}  // namespace taskmirror::ops
