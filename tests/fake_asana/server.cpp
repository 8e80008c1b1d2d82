#include "server.hpp"

#include <httplib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <shared_mutex>
#include <thread>

#include "api.hpp"
#include "control.hpp"
#include "faults.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

constexpr std::string_view kBase = "/api/1.0";
constexpr std::size_t kThreads = 80;  // one serves one connection
constexpr const char* kJson = "application/json; charset=UTF-8";

std::string gzip(std::string_view body, int level) {
    z_stream stream{};
    if (deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string result(deflateBound(&stream, body.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(result.data());
    stream.avail_out = static_cast<uInt>(result.size());
    deflate(&stream, Z_FINISH);
    result.resize(stream.total_out);
    deflateEnd(&stream);
    return result;
}

// bytes blanks inside a JSON object, compressed piece by piece.
std::string gzip_bomb(long bytes) {
    z_stream stream{};
    if (deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
    std::string result;
    std::string piece(1 << 20, ' '), out(1 << 16, '\0');
    piece[0] = '{';
    for (long left = bytes; left > 0; left -= static_cast<long>(piece.size())) {
        stream.next_in = reinterpret_cast<Bytef*>(piece.data());
        stream.avail_in = static_cast<uInt>(piece.size());
        const bool last = left <= static_cast<long>(piece.size());
        do {
            stream.next_out = reinterpret_cast<Bytef*>(out.data());
            stream.avail_out = static_cast<uInt>(out.size());
            deflate(&stream, last ? Z_FINISH : Z_NO_FLUSH);
            result.append(out, 0, out.size() - stream.avail_out);
        } while (stream.avail_out == 0);
        piece[0] = ' ';
    }
    deflateEnd(&stream);
    return result;
}

// Ends the connection of a request without an answer: httplib shows no socket, so it is found by its peer's port.
void cut_connection(int peer_port) {
    for (int fd = 3; fd < 4096; ++fd) {
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.ss_family != AF_INET)
            continue;
        sockaddr_in peer{};
        std::memcpy(&peer, &address, sizeof peer);
        sockaddr_in local{};
        size = sizeof local;
        if (ntohs(peer.sin_port) != peer_port || getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0)
            continue;
        // A client in this process has the same port as its local one, not as its peer's.
        shutdown(fd, SHUT_RDWR);
    }
}

}  // namespace

struct Server::State : Controlled {
    explicit State(const ServerOptions& o) : Controlled(o.shape), options(o), limits(o.limits) {
        api.free_plan = o.free_plan;
        api.service_account = o.service_account;
        api.search_lag = o.search_lag;
        api.delivery = delivery;
        free_plan = o.free_plan;
        service_account = o.service_account;
        for (Index i = 0; i < o.tokens.size(); ++i) tokens[o.tokens[i]] = i % static_cast<Index>(world.users.size());
    }

    ServerOptions options;
    ApiOptions api;
    Limits limits;
    std::atomic<int> in_flight{0};
    httplib::Server http;
    httplib::Server files;  // another host: it knows no token
    std::string files_url;
    std::thread files_thread;

    void handle_file(const httplib::Request& request, httplib::Response& response);
    void handle(const httplib::Request& request, httplib::Response& response);
    int answered(const httplib::Request& request, httplib::Response& response, const std::string& token,
                 std::optional<Fault>& fault);
    void send_fault(const Fault& fault, const httplib::Request& request, httplib::Response& response);
    void send(const httplib::Request& request, httplib::Response& response, std::string body);
};

void Server::State::send(const httplib::Request& request, httplib::Response& response, std::string body) {
    if (request.get_header_value("Accept-Encoding").find("gzip") != std::string::npos && body.size() > 200) {
        body = gzip(body, 1);
        response.set_header("Content-Encoding", "gzip");
    }
    response.body = std::move(body);
    response.set_header("Content-Type", kJson);
}

// A link to the file of an export. What is for the API alone has no business here.
void Server::State::handle_file(const httplib::Request& request, httplib::Response& response) {
    std::optional<Fault> fault;
    {
        const std::lock_guard lock(record_mutex);
        ++statistics.downloads;
        bool betrayed = false;
        for (const char* name : {"Authorization", "Cookie", "Asana-Enable", "Asana-Disable"})
            betrayed = betrayed || request.has_header(name);
        statistics.betrayals += betrayed ? 1 : 0;
        fault = faults.taken(request.target);
        if (betrayed) {
            response.status = 400;
            return;
        }
    }
    if (fault && fault->kind == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(fault->ms));
    if (fault && fault->kind != "truncate" && fault->kind != "slow") return send_fault(*fault, request, response);
    const auto file = exports.file(request.matches[1], request.get_param_value("expires"), virtual_now());
    if (!file) {
        response.status = 403;
        response.set_content("<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
                             "application/xml");
        return;
    }
    const auto size = static_cast<std::size_t>(lseek(fileno(file.get()), 0, SEEK_END));
    std::size_t most = size;
    if (fault) most = fault->bytes < 0 ? size / 2 : std::min(size, static_cast<std::size_t>(fault->bytes));
    const auto write = [file, most, size](std::size_t offset, httplib::DataSink& sink) {
        char piece[64 * 1024];
        const auto read = pread(fileno(file.get()), piece, sizeof piece, static_cast<off_t>(offset));
        const auto part =
            std::min(static_cast<std::size_t>(std::max<ssize_t>(read, 0)), most > offset ? most - offset : 0);
        return part > 0 ? sink.write(piece, part) : offset >= size;
    };
    response.set_header("ETag", "\"" + std::string(request.matches[1]) + "\"");
    if (exports.has_ranges()) {
        // A part of the file that was asked for counts from its beginning.
        response.set_content_provider(
            size, "application/gzip",
            [write](std::size_t offset, std::size_t, httplib::DataSink& sink) { return write(offset, sink); });
        return;
    }
    response.status = 200;
    response.set_chunked_content_provider("application/gzip",
                                          [write, size](std::size_t offset, httplib::DataSink& sink) {
                                              if (offset < size) return write(offset, sink);
                                              sink.done();
                                              return true;
                                          });
}

// Faults that replace the answer altogether.
void Server::State::send_fault(const Fault& fault, const httplib::Request& request, httplib::Response& response) {
    response.status = fault.status;
    if (fault.retry_after >= 0) response.set_header("Retry-After", std::to_string(fault.retry_after));
    if (fault.kind == "status") {
        send(request, response, fault.body.empty() ? error_body("a fault on demand") : fault.body);
    } else if (fault.kind == "html") {
        response.set_content(fault.body.empty() ? "<html><body><h1>Bad Gateway</h1></body></html>" : fault.body,
                             "text/html");
    } else if (fault.kind == "redirect") {
        response.set_header("Location", fault.location.empty() ? "/api/1.0/redirected" : fault.location);
    } else if (fault.kind == "drop_offset") {
        response.status = 400;
        send(request, response, error_body("offset: Your pagination token has expired."));
    } else if (fault.kind == "close") {
        cut_connection(request.remote_port);
    } else if (fault.kind == "big_body") {
        response.status = 200;
        const long bytes = fault.bytes < 0 ? 64L << 20 : fault.bytes;
        response.set_content("{\"data\":[{\"gid\":\"1\",\"name\":\"" +
                                 std::string(static_cast<std::size_t>(bytes), 'x') + "\"}],\"next_page\":null}",
                             kJson);
    } else if (fault.kind == "gzip_bomb") {
        response.status = 200;
        response.set_header("Content-Encoding", "gzip");
        response.set_content(gzip_bomb(fault.bytes < 0 ? 256L << 20 : fault.bytes), kJson);
    }
}

// Answers after the token was found good; the status.
int Server::State::answered(const httplib::Request& request, httplib::Response& response, const std::string& token,
                            std::optional<Fault>& fault) {
    ApiRequest call;
    call.path = request.path.substr(kBase.size());
    call.query.insert(request.params.begin(), request.params.end());
    call.now = virtual_now();
    std::string body;
    response.status = 200;
    try {
        const std::shared_lock lock(world_mutex);
        const auto user = tokens.find(token);
        if (user == tokens.end()) throw ApiError(401, "Not Authorized");
        call.me = user->second;
        if (request.method == "POST") {
            body = exports.begin(world, api, request.body, call.now);
            response.status = 201;
        } else if (call.path.rfind("/jobs/", 0) == 0) {
            body = exports.job(world, call.path.substr(6), files_url, call.now);
        } else
            body = answer(index && call.path.ends_with("/tasks/search") ? *index : world, api, call);
    } catch (const ApiError& error) {
        response.status = error.status;
        body = error_body(error.what(), error.sync);
    }
    if (fault && response.status == 200) {
        const auto offset = call.query.find("offset");
        body = spoiled(*fault, std::move(body), offset == call.query.end() ? "" : offset->second);
    }
    if (fault && fault->kind == "truncate") {
        const std::size_t whole = body.size();
        const std::size_t part = fault->bytes < 0 ? whole / 2 : std::min(whole, static_cast<std::size_t>(fault->bytes));
        response.set_content_provider(whole, kJson,
                                      [body, part](std::size_t offset, std::size_t, httplib::DataSink& sink) {
                                          if (offset >= part) return false;
                                          sink.write(body.data() + offset, part - offset);
                                          return true;
                                      });
    } else {
        send(request, response, std::move(body));
    }
    return response.status;
}

void Server::State::handle(const httplib::Request& request, httplib::Response& response) {
    response.set_header("Date", http_date(virtual_now()));
    if (request.path.rfind("/_control/", 0) == 0)
        return control(*this, request.method, request.path, request.params, request.body, response);
    struct InFlight {
        explicit InFlight(std::atomic<int>& c) : count(c) { now = ++count; }
        ~InFlight() { --count; }
        std::atomic<int>& count;
        int now;
    } flight(in_flight);

    const std::string header = request.get_header_value("Authorization");
    const std::string token = header.rfind("Bearer ", 0) == 0 ? header.substr(7) : "";
    const bool below_base = request.path.rfind(std::string(kBase) + "/", 0) == 0;
    const std::string name =
        below_base ? endpoint(request.path.substr(kBase.size()), {request.params.begin(), request.params.end()})
                   : request.path;
    const bool asks_for_export = request.method == "POST" && name == "/exports/resource" &&
                                 request.get_header_value("Content-Type") == "application/json";
    std::optional<Fault> fault;
    std::optional<int> wait;
    {
        const std::lock_guard lock(record_mutex);
        statistics.arrived(name, token, flight.now, monotonic_now());
        statistics.posts += request.method != "GET" ? 1 : 0;
        if (name == "/redirected") ++statistics.redirect_hits;
        wait = limits.refused(token, name.ends_with("/search"), flight.now, monotonic_now());
        if (!wait) fault = faults.taken(request.target);
    }
    if (options.latency_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(options.latency_ms));
    if (wait) {
        response.status = 429;
        response.set_header("Retry-After", std::to_string(*wait));
        send(request, response,
             "{\"errors\":[{\"message\":\"You've made too many requests and hit a rate limit. Please retry after the "
             "given amount of time.\"}]}");
    } else if (!below_base || (request.method != "GET" && !asks_for_export)) {
        response.status = 404;
        send(request, response, error_body("No matching route for request"));
    } else {
        static const std::set<std::string> kReplacing{"status",   "close",     "html",       "redirect",
                                                      "big_body", "gzip_bomb", "drop_offset"};
        if (fault && fault->kind == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(fault->ms));
        if (fault && kReplacing.contains(fault->kind)) {
            send_fault(*fault, request, response);
            if (fault->retry_after >= 0) wait = fault->retry_after;
        } else {
            answered(request, response, token, fault);
        }
    }
    const std::lock_guard lock(record_mutex);
    ++statistics.by_status[response.status];
    if (wait) statistics.told_to_wait(token, *wait, monotonic_now());
}

Server::Server(const ServerOptions& options) : state_(std::make_unique<State>(options)) {
    httplib::Server& http = state_->http;
    http.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    http.set_keep_alive_max_count(1'000'000'000);
    http.set_keep_alive_timeout(options.keep_alive_seconds);
    http.set_tcp_nodelay(true);
    const auto handler = [this](const httplib::Request& request, httplib::Response& response) {
        state_->handle(request, response);
    };
    http.Get(".*", handler);
    http.Post(".*", handler);
    http.Put(".*", handler);
    http.Delete(".*", handler);

    httplib::Server& files = state_->files;
    files.set_tcp_nodelay(true);
    files.Get("/export/([0-9]+)", [this](const httplib::Request& request, httplib::Response& response) {
        state_->handle_file(request, response);
    });
    state_->files_url = "http://localhost:" + std::to_string(files.bind_to_any_port("127.0.0.1"));
    state_->files_thread = std::thread([&files] { files.listen_after_bind(); });
}

Server::~Server() {
    stop();
    state_->files.stop();
    state_->files_thread.join();
}

int Server::bind(int port) {
    httplib::Server& http = state_->http;
    int socket = -1;
    http.set_socket_options([&socket](int its) {
        httplib::default_socket_options(its);
        socket = its;
    });
    if (port == 0) {
        port = http.bind_to_any_port("127.0.0.1");
    } else if (!http.bind_to_port("127.0.0.1", port)) {
        port = -1;
    }
    // The library lets 5 connections wait: of a burst some are dropped, and the kernel tries again a second later.
    http.set_socket_options(httplib::default_socket_options);
    if (port != -1) ::listen(socket, SOMAXCONN);
    return port;
}

void Server::serve() { state_->http.listen_after_bind(); }
void Server::stop() { state_->http.stop(); }
const World& Server::world() const { return state_->world; }

}  // namespace fake_asana
