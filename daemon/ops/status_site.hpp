// The status page of a daemon with its metrics and health, served by threads of its own. They read the database through
// a connection of their own, one at a time and seldom, and never wait for the loop, nor it for them.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ops/http_server.hpp"
#include "ops/live.hpp"
#include "ops/metrics.hpp"
#include "ops/status_page.hpp"

namespace taskmirror::ops {

struct SiteOptions {
    Address listen{};
    std::string token{};  // that readers must send, as bearer or as password; empty: none
    std::filesystem::path database{};
    std::function<Status()> read{};  // the database; called by a thread of its own
    Versions versions{};
};

class StatusSite {
  public:
    // `board` outlives it. Throws Error when it cannot listen.
    StatusSite(SiteOptions options, const Board& board);
    ~StatusSite();
    StatusSite(const StatusSite&) = delete;
    StatusSite& operator=(const StatusSite&) = delete;

    const Address& address() const { return server_->address(); }

  private:
    struct Reading;

    HttpAnswer answer(const HttpRequest& request);
    std::shared_ptr<const Reading> reading();
    void read_while_asked();
    std::shared_ptr<const Reading> read(const Reading* before) const;

    SiteOptions options_;
    const Board& board_;
    std::mutex mutex_;  // of what follows
    std::shared_ptr<const Reading> latest_;
    Monotonic asked_at_{};
    bool asked_ = false;  // somebody waits for a newer one
    bool stop_ = false;
    std::condition_variable changed_;
    std::thread reader_;
    std::optional<HttpServer> server_;  // its threads use all of the above
};

// Whether a request may be answered; else what it is answered. Pure.
std::optional<HttpAnswer> refusal(const HttpRequest& request, const Address& listen, std::string_view token);

}  // namespace taskmirror::ops
