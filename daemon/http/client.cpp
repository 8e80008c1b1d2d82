#include "http/client.hpp"

#include "core/error.hpp"
#include "http/gzip.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>
#include <utility>

namespace taskmirror::http {

namespace {

constexpr long kLowSpeedLimit = 100;        // bytes a second
constexpr long kConnectionLifetime = 3600;  // seconds; a certificate is looked at only when connecting
constexpr long kConnectionIdle = 60;        // seconds
constexpr std::size_t kFirstBuffer = 16UL * 1024;
constexpr std::size_t kInflatedAtOnce = 4;       // other answers that have arrived wait as they came, compressed
constexpr std::size_t kPiece = 256UL * 1024;     // of a download
constexpr std::size_t kErrorBody = 64UL * 1024;  // kept of what comes instead of a file
constexpr std::size_t kLongestUrl = 16UL * 1024;
constexpr int kMostRedirects = 3;

template <auto function>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        function(object);
    }
};
using Easy = std::unique_ptr<CURL, Free<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Free<curl_multi_cleanup>>;
using List = std::unique_ptr<curl_slist, Free<curl_slist_free_all>>;
using Url = std::unique_ptr<CURLU, Free<curl_url_cleanup>>;

[[noreturn]] void refuse(const std::string& what) { throw Fatal(ExitCode::configuration, what); }

void initialize_libcurl() {
    // CURLOPT_NOSIGNAL leaves SIGPIPE to the program, and TLS libraries write to sockets that the peer has closed.
    static const CURLcode code = [] {
        std::signal(SIGPIPE, SIG_IGN);
        return curl_global_init(CURL_GLOBAL_DEFAULT);
    }();
    if (code != CURLE_OK)
        throw Fatal(ExitCode::internal, "libcurl does not start: " + std::string(curl_easy_strerror(code)));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// libcurl passes headers on as they are: a line break would start another one.
void require_printable(std::string_view text, const std::string& what) {
    if (std::any_of(text.begin(), text.end(), is_control)) {
        refuse(what + " holds a control character, such as a line break; remove it");
    }
}

std::string lower_case(std::string_view text) {
    std::string lower(text);
    for (char& c : lower) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
}

std::string part(CURLU* url, CURLUPart name) {
    char* text = nullptr;
    if (curl_url_get(url, name, &text, 0) != CURLUE_OK) return {};
    const std::unique_ptr<char, Free<curl_free>> owned(text);
    return text;
}

bool is_loopback(const std::string& host) {
    in_addr address{};
    if (inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
    return lower_case(host) == "localhost" || host == "[::1]";
}

// The scheme of a base URL that may be used.
std::string checked_scheme(const std::string& base_url) {
    const Url url(curl_url());
    if (!url) throw std::bad_alloc();
    require_printable(base_url, "base_url");
    if (curl_url_set(url.get(), CURLUPART_URL, base_url.c_str(), 0) != CURLUE_OK || base_url.ends_with('/')) {
        refuse("base_url is not a URL without a slash at its end; write it as https://host/path");
    }
    for (const auto excluded : {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY, CURLUPART_FRAGMENT}) {
        if (!part(url.get(), excluded).empty()) {
            refuse("base_url holds a user, query or fragment; write it as https://host/path");
        }
    }
    std::string scheme = part(url.get(), CURLUPART_SCHEME);
    if (scheme == "https" || (scheme == "http" && is_loopback(part(url.get(), CURLUPART_HOST)))) return scheme;
    refuse("base_url uses " + scheme + ", which would show the token to others; use https (http: this machine only)");
}

// Whether a file may be asked for there. `api`: the scheme of the base URL.
bool may_download(const std::string& address, const std::string& api) {
    const Url url(curl_url());
    if (!url) throw std::bad_alloc();
    if (address.size() > kLongestUrl || std::any_of(address.begin(), address.end(), is_control) ||
        curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK ||
        !part(url.get(), CURLUPART_USER).empty())
        return false;
    const std::string scheme = part(url.get(), CURLUPART_SCHEME);
    return scheme == "https" || (scheme == "http" && api == "http" && is_loopback(part(url.get(), CURLUPART_HOST)));
}

void check(const ClientOptions& options) {
    require_printable(options.token, "the token");
    require_printable(options.proxy, "proxy");
    require_printable(options.user_agent, "the user agent");
    for (const auto& [name, value] : options.headers) {
        require_printable(name, "the name of a header");
        require_printable(value, "header " + name);
    }
    if (options.ca_file.empty()) return;
    require_printable(options.ca_file, "ca_file");
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(options.ca_file, ignored) || !std::ifstream(options.ca_file)) {
        refuse("ca_file " + options.ca_file + " cannot be read; name a file of certificates in PEM form");
    }
}

Failure failure_of(CURLcode code) {
    switch (code) {
        case CURLE_OK:
            return Failure::none;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_COULDNT_RESOLVE_HOST:
        case CURLE_COULDNT_CONNECT:
        case CURLE_PROXY:
            return Failure::connect;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_INVALIDCERTSTATUS:
        case CURLE_SSL_ENGINE_NOTFOUND:
        case CURLE_SSL_ENGINE_SETFAILED:
        case CURLE_SSL_ENGINE_INITFAILED:
        case CURLE_USE_SSL_FAILED:
            return Failure::tls;
        case CURLE_OPERATION_TIMEDOUT:
            return Failure::timeout;
        case CURLE_PARTIAL_FILE:
        case CURLE_GOT_NOTHING:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_HTTP2_STREAM:
        case CURLE_SSL_SHUTDOWN_FAILED:
            return Failure::reset;
        case CURLE_OUT_OF_MEMORY:  // libcurl's word for a header line of more than 100 KB
        case CURLE_FILESIZE_EXCEEDED:
            return Failure::too_large;
        default:
            return Failure::protocol;
    }
}

// One request and its answer. Its handle is used again for the next one.
struct Transfer {
    Easy easy;
    Response response;  // its body as transferred, until it is finished
    std::size_t header_bytes = 0;
    std::array<char, CURL_ERROR_SIZE> error{};
    const ClientOptions* options = nullptr;
    std::size_t* held = nullptr;  // bytes of all bodies
    // Of a download:
    bool download = false;
    bool paused = false;  // a piece waits to be taken
    int redirects = 0;
    List headers;

    bool gives_file() const {
        long status = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
        return status == 200 || status == 206;
    }

    std::size_t fail(Failure failure, std::string message) {
        response.failure = failure;
        response.message = std::move(message);
        return 0;  // which makes libcurl end the transfer
    }

    void release_body() {
        *held -= response.body.size();
        response.body = std::string();
    }
};

std::string too_large(std::string_view what, std::size_t limit) {
    return std::string(what) + " of more than " + std::to_string(limit) + " bytes";
}

std::size_t on_header(char*, std::size_t, std::size_t size, void* pointer) {
    auto& transfer = *static_cast<Transfer*>(pointer);
    transfer.header_bytes += size;  // of the answers before the last one (1xx) too
    if (transfer.header_bytes <= transfer.options->max_headers) return size;
    return transfer.fail(Failure::too_large, too_large("headers", transfer.options->max_headers));
}

std::size_t on_body(char* data, std::size_t, std::size_t size, void* pointer) {
    auto& transfer = *static_cast<Transfer*>(pointer);
    std::string& body = transfer.response.body;
    const std::size_t needed = body.size() + size;
    if (transfer.download) {
        const bool file = transfer.gives_file();
        transfer.paused = file && body.size() >= kPiece;
        if (transfer.paused) return CURL_WRITEFUNC_PAUSE;
        if (!file && needed > kErrorBody) return size;
        body.append(data, size);
        *transfer.held += size;
        return size;
    }
    const auto& options = *transfer.options;
    if (needed > options.max_body) {
        return transfer.fail(Failure::too_large, too_large("body", options.max_body));
    }
    if (*transfer.held + size > options.max_bodies) {
        return transfer.fail(Failure::too_large, too_large("bodies in flight", options.max_bodies));
    }
    // Doubling by itself, a string could take twice the limit.
    if (needed + kPadding > body.capacity()) {
        body.reserve(std::min(std::max({needed, body.capacity() * 2, kFirstBuffer}), options.max_body) + kPadding);
    }
    body.append(data, size);
    *transfer.held += size;
    return size;
}

class Client final : public Transport {
  public:
    Client(const ClientOptions& options, int wake_fd)
        : options_(options), wake_fd_(wake_fd), scheme_(checked_scheme(options.base_url)), multi_(curl_multi_init()) {
        if (!multi_) throw std::bad_alloc();
        check(options_);
        if (scheme_ == "http" && !options_.proxy.empty()) {
            refuse("a proxy would carry http off this machine; use https or no proxy");
        }
        add_header("Accept-Encoding: gzip");  // and not libcurl's own decoding: see gzip.hpp
        for (const auto& [name, value] : options_.headers) add_header(std::string(name).append(": ").append(value));
        for (const auto* header = headers_.get(); header != nullptr; header = header->next)
            add_header(post_headers_, header->data);
        add_header(post_headers_, "Content-Type: application/json");
        add_header(post_headers_, "Expect:");  // nothing to wait for: the body is short
    }

    ~Client() override {
        for (const auto& transfer : transfers_) curl_multi_remove_handle(multi_.get(), transfer->easy.get());
        for (const auto& transfer : downloads_) curl_multi_remove_handle(multi_.get(), transfer->easy.get());
    }

    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    void get(std::uint64_t id, const std::string& target) override { send(id, target, nullptr); }

    void post(std::uint64_t id, const std::string& target, const std::string& json) override {
        send(id, target, &json);
    }

    void download(std::uint64_t id, const Download& file) override {
        if (!may_download(file.url, scheme_)) throw Error("a link to a file that does not begin with https");
        auto transfer = std::make_unique<Transfer>();
        transfer->easy.reset(curl_easy_init());
        if (!transfer->easy) throw std::bad_alloc();
        transfer->options = &options_;
        transfer->held = &held_;
        transfer->response.id = id;
        transfer->download = true;
        configure(*transfer);
        CURL* easy = transfer->easy.get();
        // Here the token has no business. A paused HTTP/2 stream would be kept in memory.
        set(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_NONE));
        set(easy, CURLOPT_XOAUTH2_BEARER, nullptr);
        set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(easy, CURLOPT_TIMEOUT_MS, 0L);  // however large it is; it must not stall
        if (file.from > 0) {
            set(easy, CURLOPT_RANGE, (std::to_string(file.from) + "-").c_str());
            if (!file.version.empty() && std::none_of(file.version.begin(), file.version.end(), is_control))
                add_header(transfer->headers, "If-Range: " + file.version);
        }
        set(easy, CURLOPT_HTTPHEADER, transfer->headers.get());
        begin_download(*transfer, file.url);
        downloads_.push_back(std::move(transfer));
    }

    std::size_t in_flight() const override { return transfers_.size() - idle_.size() + downloads_.size(); }

    std::vector<Response> wait(Milliseconds at_most) override {
        using std::chrono::steady_clock;
        const auto deadline = steady_clock::now() + at_most;
        for (bool woken = false;;) {
            int running = 0;
            for (const auto& transfer : downloads_)
                if (std::exchange(transfer->paused, false)) curl_easy_pause(transfer->easy.get(), CURLPAUSE_CONT);
            require(curl_multi_perform(multi_.get(), &running));
            std::vector<Response> responses = finished();
            add_pieces(responses);
            const auto left = std::chrono::ceil<Milliseconds>(deadline - steady_clock::now());
            if (!responses.empty() || woken || left <= Milliseconds(0)) return responses;

            curl_waitfd wake{.fd = wake_fd_, .events = CURL_WAIT_POLLIN, .revents = 0};
            const int timeout = static_cast<int>(std::min<Milliseconds::rep>(left.count(), 3'600'000));
            require(curl_multi_poll(multi_.get(), &wake, wake_fd_ >= 0 ? 1 : 0, timeout, nullptr));
            woken = wake.revents != 0;
            std::uint64_t count = 0;
            if (woken) static_cast<void>(::read(wake_fd_, &count, sizeof count) == 0);
        }
    }

    void set_token(std::string token) override {
        require_printable(token, "the token");
        options_.token = std::move(token);
    }

  private:
    void send(std::uint64_t id, const std::string& target, const std::string* json) {
        // Anything else could continue the host's name.
        if (!target.starts_with('/')) throw Fatal(ExitCode::internal, "request target does not begin with a slash");

        Transfer& transfer = idle_transfer();
        CURL* easy = transfer.easy.get();
        transfer.response = {};
        transfer.response.id = id;
        transfer.header_bytes = 0;
        transfer.error[0] = '\0';
        set(easy, CURLOPT_URL, (options_.base_url + target).c_str());
        set(easy, CURLOPT_XOAUTH2_BEARER, options_.token.empty() ? nullptr : options_.token.c_str());
        set(easy, CURLOPT_HTTPHEADER, json != nullptr ? post_headers_.get() : headers_.get());
        if (json != nullptr) {
            set(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(json->size()));
            set(easy, CURLOPT_COPYPOSTFIELDS, json->c_str());
        } else {
            set(easy, CURLOPT_HTTPGET, 1L);
        }
        start(easy);
        idle_.pop_back();
    }

    void start(CURL* easy) {
        if (const auto code = curl_multi_add_handle(multi_.get(), easy); code != CURLM_OK)
            throw Fatal(ExitCode::internal, std::string("libcurl takes no request: ") + curl_multi_strerror(code));
    }

    void begin_download(Transfer& transfer, const std::string& url) {
        transfer.header_bytes = 0;
        transfer.error[0] = '\0';
        set(transfer.easy.get(), CURLOPT_URL, url.c_str());
        set(transfer.easy.get(), CURLOPT_PROTOCOLS_STR, url.starts_with("https") ? "https" : "http");
        start(transfer.easy.get());
    }

    template <typename T>
    static void set(CURL* easy, CURLoption option, T value) {
        const CURLcode code = curl_easy_setopt(easy, option, value);
        if (code == CURLE_OK) return;
        throw Fatal(ExitCode::configuration, "libcurl refuses option " + std::to_string(option) + ": " +
                                                 curl_easy_strerror(code) + "; its build may lack a feature");
    }

    static void require(CURLMcode code) {
        if (code == CURLM_OK) return;
        throw Fatal(ExitCode::internal, std::string("libcurl cannot go on: ") + curl_multi_strerror(code));
    }

    void add_header(const std::string& line) { add_header(headers_, line); }
    static void add_header(List& list, const std::string& line) {
        curl_slist* longer = curl_slist_append(list.get(), line.c_str());
        if (!longer) throw std::bad_alloc();
        static_cast<void>(list.release());
        list.reset(longer);
    }

    Transfer& idle_transfer() {
        if (idle_.empty()) {
            auto transfer = std::make_unique<Transfer>();
            transfer->easy.reset(curl_easy_init());
            if (!transfer->easy) throw std::bad_alloc();
            transfer->options = &options_;
            transfer->held = &held_;
            configure(*transfer);
            idle_.push_back(transfer.get());
            transfers_.push_back(std::move(transfer));
        }
        return *idle_.back();
    }

    void configure(Transfer& transfer) const {
        CURL* easy = transfer.easy.get();
        const bool https = scheme_ == "https";
        set(easy, CURLOPT_PRIVATE, &transfer);
        set(easy, CURLOPT_ERRORBUFFER, transfer.error.data());
        set(easy, CURLOPT_WRITEFUNCTION, &on_body);
        set(easy, CURLOPT_WRITEDATA, &transfer);
        set(easy, CURLOPT_HEADERFUNCTION, &on_header);
        set(easy, CURLOPT_HEADERDATA, &transfer);
        set(easy, CURLOPT_HTTPHEADER, headers_.get());
        set(easy, CURLOPT_USERAGENT, options_.user_agent.c_str());
        set(easy, CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BEARER));
        set(easy, CURLOPT_NOSIGNAL, 1L);

        // Where to, and nowhere else: no redirect, no cookie (the default), no .netrc, nothing from the environment.
        set(easy, CURLOPT_PROTOCOLS_STR, scheme_.c_str());
        set(easy, CURLOPT_REDIR_PROTOCOLS_STR, scheme_.c_str());
        set(easy, CURLOPT_FOLLOWLOCATION, 0L);
        set(easy, CURLOPT_MAXREDIRS, 0L);
        set(easy, CURLOPT_UNRESTRICTED_AUTH, 0L);
        set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(easy, CURLOPT_PROXY, options_.proxy.c_str());
        set(easy, CURLOPT_NOPROXY, "");

        set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
        set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
        set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (!options_.ca_file.empty()) {  // in place of the system's
            set(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
            set(easy, CURLOPT_CAPATH, nullptr);
            set(easy, CURLOPT_PROXY_CAINFO, options_.ca_file.c_str());
            set(easy, CURLOPT_PROXY_CAPATH, nullptr);
        }

        // With TLS, the first request learns whether the server speaks HTTP/2; the others wait for that, and share its
        // connection or open their own.
        set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(https ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
        set(easy, CURLOPT_PIPEWAIT, https ? 1L : 0L);
        set(easy, CURLOPT_MAXLIFETIME_CONN, kConnectionLifetime);
        set(easy, CURLOPT_MAXAGE_CONN, kConnectionIdle);

        const auto stall = std::chrono::ceil<std::chrono::seconds>(options_.stall_timeout);
        set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
        set(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
        set(easy, CURLOPT_LOW_SPEED_LIMIT, kLowSpeedLimit);
        set(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(stall.count()));
    }

    // What has ended, a few at a time.
    std::vector<Response> finished() {
        std::vector<Response> responses;
        int left = 0;
        while (responses.size() < kInflatedAtOnce) {
            const CURLMsg* message = curl_multi_info_read(multi_.get(), &left);
            if (message == nullptr) break;
            if (message->msg != CURLMSG_DONE) continue;
            CURL* easy = message->easy_handle;
            const CURLcode code = message->data.result;
            char* pointer = nullptr;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, &pointer);
            auto& transfer = *reinterpret_cast<Transfer*>(pointer);
            if (transfer.download && goes_elsewhere(transfer, code)) continue;
            complete(transfer, code);
            curl_multi_remove_handle(multi_.get(), easy);
            responses.push_back(std::move(transfer.response));
            if (transfer.download)
                std::erase_if(downloads_, [&](const auto& one) { return one.get() == &transfer; });
            else
                idle_.push_back(&transfer);
        }
        for (const auto& response : responses) held_ -= response.body.size();
        return responses;
    }

    // A file that stands in another place is asked for there.
    bool goes_elsewhere(Transfer& transfer, CURLcode code) {
        const char* url = nullptr;
        curl_easy_getinfo(transfer.easy.get(), CURLINFO_REDIRECT_URL, &url);
        if (code != CURLE_OK || url == nullptr) return false;
        const std::string elsewhere = url;
        if (++transfer.redirects > kMostRedirects || !may_download(elsewhere, scheme_)) {
            transfer.fail(Failure::protocol, "a redirect to where it must not be asked for, or too many of them");
            return false;
        }
        curl_multi_remove_handle(multi_.get(), transfer.easy.get());
        transfer.release_body();
        begin_download(transfer, elsewhere);
        return true;
    }

    // What has come of the downloads so far.
    void add_pieces(std::vector<Response>& responses) {
        for (const auto& transfer : downloads_) {
            if (transfer->response.body.size() < kPiece || !transfer->gives_file()) continue;
            Response piece;
            piece.id = transfer->response.id;
            piece.more = true;
            note_answer(*transfer, piece);
            piece.body.swap(transfer->response.body);
            piece.wire_bytes = piece.body.size();
            held_ -= piece.body.size();
            responses.push_back(std::move(piece));
        }
    }

    static void note_answer(const Transfer& transfer, Response& response) {
        CURL* easy = transfer.easy.get();
        long status = 0;
        curl_off_t microseconds = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &microseconds);
        response.status = static_cast<int>(status);
        response.duration = std::chrono::duration_cast<Milliseconds>(std::chrono::microseconds(microseconds));
        curl_header* header = nullptr;
        while ((header = curl_easy_nextheader(easy, CURLH_HEADER, -1, header))) {
            response.headers.emplace_back(lower_case(header->name), header->value);
        }
    }

    void complete(Transfer& transfer, CURLcode code) {
        Response& response = transfer.response;
        response.wire_bytes = response.body.size();
        note_answer(transfer, response);
        if (response.failure == Failure::none && code != CURLE_OK) {
            const char* words = transfer.error[0] != '\0' ? transfer.error.data() : curl_easy_strerror(code);
            transfer.fail(failure_of(code), words);
        }
        if (transfer.download) return;  // as it came; what came before it broke off is good
        if (response.failure == Failure::none) decode(transfer);
        if (response.failure != Failure::none) transfer.release_body();
    }

    void decode(Transfer& transfer) {
        Response& response = transfer.response;
        std::string encodings;
        for (const auto& [name, value] : response.headers) {
            if (name == "content-encoding") encodings += (encodings.empty() ? "" : ", ") + lower_case(value);
        }
        if (encodings.empty() || encodings == "identity" || response.body.empty()) {
            const std::size_t size = response.body.size();
            response.body.resize(size + kPadding);
            response.body.resize(size);
            return;
        }
        if (encodings != "gzip" && encodings != "x-gzip") {
            transfer.fail(Failure::protocol, "body in an encoding that was not asked for");
            return;
        }

        const std::size_t cap = std::min(options_.max_body, options_.max_bodies - held_);
        std::string text;
        switch (inflater_.inflate(response.body, cap, kPadding, text)) {
            case Inflated::complete:
                transfer.release_body();
                response.body = std::move(text);
                held_ += response.body.size();
                break;
            case Inflated::too_large:
                transfer.fail(Failure::too_large, too_large("unpacked body", cap));
                break;
            case Inflated::damaged:
                transfer.fail(Failure::protocol, "gzip body that is truncated or damaged");
                break;
        }
    }

    ClientOptions options_;
    int wake_fd_;
    std::string scheme_;
    Inflater inflater_;
    std::size_t held_ = 0;  // bytes of all bodies
    List headers_, post_headers_;
    Multi multi_;  // goes after the handles
    std::vector<std::unique_ptr<Transfer>> transfers_;
    std::vector<Transfer*> idle_;
    std::vector<std::unique_ptr<Transfer>> downloads_;
};

}  // namespace

std::string_view Response::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
        if (name == lower_case_name) return value;
    }
    return {};
}

std::unique_ptr<Transport> make_client(const ClientOptions& options, int wake_fd) {
    initialize_libcurl();
    return std::make_unique<Client>(options, wake_fd);
}

std::string library_version() { return curl_version_info(CURLVERSION_NOW)->version; }

}  // namespace taskmirror::http
