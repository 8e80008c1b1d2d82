// The two kinds of failure, decided by who acts on them, and the exit codes of the program.
//
// Error: this request, page or stream stops; the sync goes on. Fatal: the process stops with an exit code.
// A message says what failed, on what, why, and what to do; it holds no token and no text of users.
#pragma once

#include <stdexcept>
#include <string>

namespace taskmirror {

// sysexits.h, where it has a fitting code.
enum class ExitCode : int {
    done = 0,
    incomplete = 1,  // sync ended with open gaps, verify found differences
    usage = 64,
    corrupt = 65,  // not our database, or damaged
    no_database = 66,
    unavailable = 69,  // the API did not answer
    internal = 70,     // our bug
    disk = 74,         // full, read-only, I/O error
    come_again = 75,   // locked by another instance, or stopped with work left
    token_refused = 77,
    configuration = 78,  // bad configuration, or a database of a newer schema
    interrupted = 130,   // second SIGINT
};

class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

class Fatal : public std::runtime_error {
  public:
    Fatal(ExitCode code, const std::string& message, bool may_pass = false)
        : std::runtime_error(message), code_(code), may_pass_(may_pass) {}
    ExitCode code() const { return code_; }
    // Waiting may mend it, so a daemon does: a full disk, a database that another program has locked.
    bool may_pass() const { return may_pass_; }

  private:
    ExitCode code_;
    bool may_pass_;
};

}  // namespace taskmirror
