// The fake Asana as an HTTP server on the loopback: bearer tokens, rate limits, gzip, faults, and /_control.
//
// One lock guards the world (many readers, one writer), another the limits and statistics; neither is held while a
// request sleeps. Real time (monotonic) paces the limits, virtual time everything else: real UTC plus what
// /_control/advance added.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "limits.hpp"
#include "model.hpp"

namespace fake_asana {

struct ServerOptions {
    Shape shape;
    LimitOptions limits;
    bool free_plan = false;
    bool service_account = false;
    std::vector<std::string> tokens{"test-token"};  // the n-th belongs to the n-th user
    int latency_ms = 0;
    Millis search_lag = 10'000;
    int keep_alive_seconds = 60;
};

class Server {
  public:
    explicit Server(const ServerOptions& options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Takes a free port when port is 0; the port, or -1 when it is taken.
    int bind(int port);
    void serve();  // returns after stop()
    void stop();

    const World& world() const;  // only while nobody changes it

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace fake_asana
