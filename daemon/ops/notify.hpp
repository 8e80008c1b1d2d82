// What systemd is told about a service of Type=notify: sd_notify(3), as datagrams of our own. Without NOTIFY_SOCKET
// nothing is sent. Never waits, never throws: a message that cannot be delivered is lost.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "core/time.hpp"

namespace taskmirror::ops {

class Notifier {
  public:
    // Of the environment: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID.
    Notifier();

    void ready();
    void status(std::string_view text);  // one line for `systemctl status`
    void reloading(Monotonic now);       // ready() ends it
    void stopping();

    // How often alive() is to be called: half of what systemd waits. None: nobody waits for it.
    std::optional<Milliseconds> watchdog() const { return watchdog_; }
    void alive();

  private:
    void send(std::string_view message);

    std::string address_;  // as in sockaddr_un: a path, or a name in the abstract namespace behind a zero byte
    Descriptor socket_;
    std::optional<Milliseconds> watchdog_;
};

}  // namespace taskmirror::ops
