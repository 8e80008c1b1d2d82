// A server on loopback that answers byte for byte what a test wants, over plain sockets or TLS, and a certificate
// authority of its own. A thread per connection; nothing of it outlives the server.
#pragma once

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace http_test {

template <auto function>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        function(object);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, Free<SSL_free>>;

// What a TLS server shows.
struct Identity {
    std::string names = "IP:127.0.0.1";  // subjectAltName
    bool expired = false;
    bool http2 = false;
    bool only_tls_1_1 = false;
};

class Authority {
  public:
    Authority() : key_(EVP_EC_gen("P-256")), certificate_(signed_by_us(key_.get(), "", false)) {
        char name[] = "/tmp/taskmirror-ca-XXXXXX";
        const int file = mkstemp(name);
        if (file < 0) throw std::runtime_error("no temporary file");
        ca_file_ = name;
        std::FILE* stream = fdopen(file, "w");
        PEM_write_X509(stream, certificate_.get());
        std::fclose(stream);
    }
    ~Authority() { std::filesystem::remove(ca_file_); }
    Authority(const Authority&) = delete;
    Authority& operator=(const Authority&) = delete;

    const std::string& ca_file() const { return ca_file_; }

    Context context(const Identity& identity) const {
        Context context(SSL_CTX_new(TLS_server_method()));
        const Key key(EVP_EC_gen("P-256"));
        const Certificate certificate = signed_by_us(key.get(), identity.names, identity.expired);
        SSL_CTX_use_certificate(context.get(), certificate.get());
        SSL_CTX_use_PrivateKey(context.get(), key.get());
        if (identity.only_tls_1_1) {
            SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0");
            SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
            SSL_CTX_set_max_proto_version(context.get(), TLS1_1_VERSION);
        }
        if (identity.http2) SSL_CTX_set_alpn_select_cb(context.get(), &select_http2, nullptr);
        return context;
    }

  private:
    static int select_http2(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                            unsigned offered_size, void*) {
        static const unsigned char kWanted[] = {2, 'h', '2'};
        unsigned char* chosen = nullptr;
        const int result = SSL_select_next_proto(&chosen, size, kWanted, sizeof kWanted, offered, offered_size);
        *out = chosen;
        return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
    }

    // Without names: the authority's own.
    Certificate signed_by_us(EVP_PKEY* key, const std::string& names, bool expired) const {
        static long serial = 0;
        Certificate certificate(X509_new());
        X509* x = certificate.get();
        X509_set_version(x, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(x), -7200);
        X509_gmtime_adj(X509_getm_notAfter(x), expired ? -3600 : 3600);
        X509_set_pubkey(x, key);
        const auto* subject = reinterpret_cast<const unsigned char*>(names.empty() ? "test authority" : "test server");
        X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, subject, -1, -1, 0);
        X509* issuer = names.empty() ? x : certificate_.get();
        X509_set_issuer_name(x, X509_get_subject_name(issuer));
        extend(x, NID_basic_constraints, names.empty() ? "critical,CA:TRUE" : "CA:FALSE");
        if (!names.empty()) extend(x, NID_subject_alt_name, names);
        X509_sign(x, key_.get(), EVP_sha256());
        return certificate;
    }

    static void extend(X509* certificate, int id, const std::string& value) {
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    }

    Key key_;
    Certificate certificate_;
    std::string ca_file_;
};

class Connection {
  public:
    Connection(int socket, SSL_CTX* context) : socket_(socket) {
        if (!context) return;
        ssl_.reset(SSL_new(context));
        SSL_set_fd(ssl_.get(), socket);
        open_ = SSL_accept(ssl_.get()) == 1;
    }
    ~Connection() {
        if (ssl_ && open_) SSL_shutdown(ssl_.get());
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // At most this many bytes; fewer only when the client is gone.
    std::string read(std::size_t size) {
        std::string text(size, '\0');
        std::size_t used = 0;
        while (used < size && open_) {
            const auto count =
                ssl_ ? static_cast<ssize_t>(SSL_read(ssl_.get(), text.data() + used, static_cast<int>(size - used)))
                     : recv(socket_, text.data() + used, size - used, 0);
            open_ = count > 0;
            if (open_) used += static_cast<std::size_t>(count);
        }
        text.resize(used);
        return text;
    }

    // Head of the next HTTP/1.1 request, up to the empty line; empty when the client is gone.
    std::string request() {
        std::string head;
        while (!head.ends_with("\r\n\r\n")) {
            const std::string byte = read(1);
            if (byte.empty()) return {};
            head += byte;
        }
        return head;
    }

    // False when the client is gone.
    bool write(std::string_view text) {
        while (!text.empty() && open_) {
            const auto count =
                ssl_ ? static_cast<ssize_t>(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())))
                     : send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
            open_ = count > 0;
            if (open_) text.remove_prefix(static_cast<std::size_t>(count));
        }
        return open_;
    }

    void wait_until_closed() {
        while (!read(1).empty()) {
        }
    }

    // Leaves with a reset instead of an orderly end.
    void reset() {
        const linger at_once{.l_onoff = 1, .l_linger = 0};
        setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        open_ = false;
    }

  private:
    int socket_;
    Ssl ssl_;
    bool open_ = true;
};

class Server {
  public:
    using Handler = std::function<void(Connection&)>;

    explicit Server(Handler handler, Context context = nullptr)
        : handler_(std::move(handler)), context_(std::move(context)), listener_(socket(AF_INET, SOCK_STREAM, 0)) {
        std::signal(SIGPIPE, SIG_IGN);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener_, 100) != 0) {
            throw std::runtime_error("no socket to listen on");
        }
        getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        accepting_ = std::thread([this] { accept_all(); });
    }

    ~Server() {
        shutdown(listener_, SHUT_RDWR);
        accepting_.join();
        {
            const std::lock_guard lock(mutex_);
            for (const int socket : open_) shutdown(socket, SHUT_RDWR);
        }
        for (auto& thread : serving_) thread.join();
        close(listener_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    int port() const { return port_; }
    std::string url() const { return (context_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_); }

    int connections() const {
        const std::lock_guard lock(mutex_);
        return connections_;
    }

  private:
    void accept_all() {
        for (int socket = 0; (socket = accept(listener_, nullptr, nullptr)) >= 0;) {
            const std::lock_guard lock(mutex_);
            ++connections_;
            open_.push_back(socket);
            serving_.emplace_back([this, socket] { serve(socket); });
        }
    }

    void serve(int socket) {
        {
            Connection connection(socket, context_.get());
            handler_(connection);
        }
        const std::lock_guard lock(mutex_);
        std::erase(open_, socket);
        close(socket);
    }

    Handler handler_;
    Context context_;
    int listener_;
    int port_ = 0;
    mutable std::mutex mutex_;  // of what follows
    int connections_ = 0;
    std::vector<int> open_;
    std::vector<std::thread> serving_;
    std::thread accepting_;
};

// Gives this answer to every request.
inline Server::Handler always(std::string answer) {
    return [answer = std::move(answer)](Connection& connection) {
        while (!connection.request().empty() && connection.write(answer)) {
        }
    };
}

inline std::string ok(std::string_view body, std::string_view headers = "") {
    return "HTTP/1.1 200 OK\r\n" + std::string(headers) + "Content-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

}  // namespace http_test
