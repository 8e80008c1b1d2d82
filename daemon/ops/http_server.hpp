// A small HTTP/1.1 server for GET and HEAD, made for clients of any kind: what a request may be long, how long it may
// take to come and its answer to be taken, and how many are served at once are all bounded; one request for each
// connection. Its threads touch nothing but what the handler does.
#pragma once

#include <csignal>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/address.hpp"
#include "core/file.hpp"
#include "core/time.hpp"

namespace taskmirror::ops {

struct HttpRequest {
    std::string path{};                                          // without the query, as it came
    std::vector<std::pair<std::string, std::string>> headers{};  // names in lower case

    std::string_view header(std::string_view lower_case_name) const;  // empty if absent or repeated
};

struct HttpAnswer {
    int status = 200;
    std::string type = "text/plain; charset=utf-8";
    std::string body{};
    std::string styles = "'none'";  // that a page may use, for its Content-Security-Policy
    std::vector<std::pair<std::string, std::string>> headers{};
};

struct HttpServerOptions {
    Address listen{};
    std::size_t threads = 4;  // each serves one connection
    std::size_t longest_request = 8192;
    Milliseconds request_within{2'000};  // of the connection
    Milliseconds answer_within{5'000};
};

class HttpServer {
  public:
    // `handler` is called by several threads at once; what it throws is a 500. Throws Error when it cannot listen.
    HttpServer(HttpServerOptions options, std::function<HttpAnswer(const HttpRequest&)> handler);
    // Ends the connections, and waits for handlers that run.
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    const Address& address() const { return options_.listen; }  // with the port that was free

  private:
    void listen();
    void serve();
    void serve(const Descriptor& connection);

    HttpServerOptions options_;
    std::function<HttpAnswer(const HttpRequest&)> handler_;
    Descriptor listener_;
    Descriptor stop_;  // an eventfd: readable from then on
    std::vector<std::thread> threads_;
};

// Threads that begin meanwhile take no signals: those are for the thread that syncs.
class NoSignals {
  public:
    NoSignals();
    ~NoSignals();
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

  private:
    sigset_t before_{};
};

// The whole head of a request, up to the empty line. None: it is not one that is served; `status` says why.
std::optional<HttpRequest> parse_request(std::string_view head, bool& is_head, int& status);

}  // namespace taskmirror::ops
