// HTTPS requests, many at once, over libcurl's multi interface. The only user of libcurl.
//
// It follows no redirect, but of a download; it never keeps a cookie, never writes the token anywhere but into the
// Authorization header of requests to the configured host. A file on another host is asked for without it. It decides
// nothing: what an answer means is the caller's business.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/time.hpp"

namespace taskmirror::http {

// Why no complete answer came.
enum class Failure : std::uint8_t { none, connect, tls, timeout, reset, too_large, protocol, cancelled };

struct Response {
    std::uint64_t id = 0;  // of the request
    Failure failure = Failure::none;
    std::string message;  // libcurl's words, when failure is not none
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    std::string body;              // decoded; its capacity exceeds its size by at least kPadding
    Milliseconds duration{0};      // from send to last byte
    std::uint64_t wire_bytes = 0;  // of the body, as transferred
    bool more = false;             // of a download: only a piece of the body, others follow

    std::string_view header(std::string_view lower_case_name) const;  // empty if absent; the first if repeated
};

inline constexpr std::size_t kPadding = 64;  // simdjson reads this far past the end

struct ClientOptions {
    std::string base_url;  // without a trailing slash
    std::string token;     // opaque
    std::string ca_file;   // empty: the system's
    std::string proxy;     // empty: none, the environment is ignored
    std::string user_agent;
    std::vector<std::pair<std::string, std::string>> headers;  // further request headers
    Milliseconds connect_timeout{10'000};
    Milliseconds timeout{120'000};                 // of one request; bounds the memory for out-of-order answers
    Milliseconds stall_timeout{30'000};            // below 100 bytes a second for this long
    std::size_t max_body = 64UL * 1024 * 1024;     // decoded bytes of one answer
    std::size_t max_bodies = 256UL * 1024 * 1024;  // decoded bytes of all answers in flight
    std::size_t max_headers = 256UL * 1024;
};

// A file on any host, asked for without the token and without headers of ours.
struct Download {
    std::string url;         // https, or http on loopback where the base URL is
    std::uint64_t from = 0;  // the first byte that is wanted; the server may give all (200) or the rest (206)
    std::string version;     // the ETag of what came before; another file comes as a whole
};

// The seam for tests of what stands above it.
class Transport {
  public:
    virtual ~Transport() = default;
    // `target` is path and query, encoded, beginning with '/'.
    virtual void get(std::uint64_t id, const std::string& target) = 0;
    virtual void post(std::uint64_t id, const std::string& target, const std::string& json) = 0;
    // Its body comes in pieces, as transferred; the server waits while nobody takes them. A few redirects are followed.
    // Throws Error for a URL that must not be asked.
    virtual void download(std::uint64_t id, const Download& file) = 0;
    virtual std::size_t in_flight() const = 0;
    // Answers that have arrived, a few at a time; waits at most this long for the first one. Returns early when woken.
    virtual std::vector<Response> wait(Milliseconds at_most) = 0;
    // The token to use from the next request on.
    virtual void set_token(std::string token) = 0;
};

// Of libcurl: "7.88.1".
std::string library_version();

// Throws Fatal(configuration) for a base URL that is neither https nor http on loopback, for a token, proxy or header
// with control characters, and for a ca_file that cannot be read. `wake_fd` (or -1): an
// eventfd(2) that does not block; being written to, it ends one wait.
std::unique_ptr<Transport> make_client(const ClientOptions& options, int wake_fd = -1);

}  // namespace taskmirror::http
