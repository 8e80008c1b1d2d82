// A command of the user's, run by /bin/sh in a process group of its own. It is killed with all that it started, unless
// it has ended.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace taskmirror {

class Child {
  public:
    // Its standard input is empty, its output goes to descriptor `out`, and its messages where ours go. `environment`:
    // "NAME=value" for each variable that it has; none: ours. Throws std::system_error.
    Child(const std::string& command, int out, const std::vector<std::string>* environment = nullptr);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }

    // The status of waitpid(2): when it has ended, or none if it has not yet. Once it is there, not to be asked for
    // again.
    int wait();
    std::optional<int> ended();

  private:
    pid_t pid_ = -1;
};

}  // namespace taskmirror
