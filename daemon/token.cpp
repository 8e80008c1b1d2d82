#include "token.hpp"

#include "core/child.hpp"
#include "core/error.hpp"
#include "core/file.hpp"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {  // missing in the header of glibc 2.36
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <system_error>

namespace taskmirror {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxSize = 4096;

template <typename... Args>
[[noreturn]] void fail(fmt::format_string<Args...> format, Args&&... args) {
    throw Fatal(ExitCode::configuration, fmt::format(format, std::forward<Args>(args)...));
}

// `origin` says where the text comes from.
std::string checked(std::string text, std::string_view origin) {
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.empty()) fail("{} is empty: put the token there", origin);
    if (text.size() > kMaxSize) fail("{} is longer than {} bytes: that is no token", origin, kMaxSize);
    const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
    if (!printable) {
        fail("{} holds spaces, line breaks or other characters that no token has: put the token there alone", origin);
    }
    return text;
}

std::optional<fs::path> credentials_folder() {
    const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') return std::nullopt;
    return fs::path(folder);
}

// systemd guards its directory itself; files in it may be readable for a group through an access list.
bool is_credential(const fs::path& file) {
    const auto folder = credentials_folder();
    return folder && file.lexically_normal().parent_path() == (*folder / "").lexically_normal().parent_path();
}

void check_owner(const Descriptor& file, const fs::path& path) {
    struct stat status {};
    if (fstat(file.get(), &status) != 0) throw std::system_error(errno, std::generic_category());
    if (!S_ISREG(status.st_mode)) fail("token file {} is not a regular file", path.string());
    if (is_credential(path)) return;
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        fail("token file {} belongs to another user: chown {} {}", path.string(), geteuid(), path.string());
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        fail("token file {} can be read by others: chmod 600 {}", path.string(), path.string());
    }
}

std::string from_file(const fs::path& path) {
    try {
        // Not waiting for a writer, should it be a pipe.
        const Descriptor file = open_file(path, O_NOFOLLOW | O_NONBLOCK);
        check_owner(file, path);
        auto text = read_file(file, kMaxSize);
        const std::string origin =
            is_credential(path)
                ? fmt::format("systemd credential {} (LoadCredential names its file)", path.filename().string())
                : fmt::format("token file {}", path.string());
        if (!text) fail("{} is longer than {} bytes: that is no token", origin, kMaxSize);
        return checked(std::move(*text), origin);
    } catch (const std::system_error& error) {
        if (error.code().value() == ELOOP) {
            fail("token file {} is a symbolic link: name the file that it leads to", path.string());
        }
        fail("token file {} cannot be read: {}", path.string(), error.code().message());
    }
}

std::string from_environment(const std::string& name) {
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) fail("environment variable {} is not set: put the token there", name);
    return checked(value, fmt::format("environment variable {}", name));
}

// False: the deadline passed first.
bool wait_until_readable(const Descriptor& file, Monotonic deadline) {
    pollfd waiting{file.get(), POLLIN, 0};
    while (true) {
        const auto left = std::chrono::ceil<Milliseconds>(deadline - system_clock().monotonic()).count();
        const int ready = poll(&waiting, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (ready > 0) return true;
        if (ready == 0) return false;
        if (errno != EINTR) throw std::system_error(errno, std::generic_category());
    }
}

std::string from_command(const std::string& command, Milliseconds limit) {
    constexpr std::string_view kOrigin = "the output of token_command";
    try {
        const Monotonic deadline = system_clock().monotonic() + limit;
        const auto in_time = [&](const Descriptor& file) {
            if (wait_until_readable(file, deadline)) return;
            fail("token_command did not end within {} s: try it in a terminal",
                 static_cast<double>(limit.count()) / 1000);
        };
        std::array<int, 2> ends{};
        if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category());
        const Descriptor out(ends[0]);
        Descriptor in(ends[1]);
        Child child(command, in.get());
        in.close();

        std::string text;
        std::array<char, 1024> buffer{};
        while (true) {
            in_time(out);
            const ssize_t size = read(out.get(), buffer.data(), buffer.size());
            if (size < 0 && errno == EINTR) continue;
            if (size < 0) throw std::system_error(errno, std::generic_category());
            if (size == 0) break;
            text.append(buffer.data(), static_cast<std::size_t>(size));
            if (text.size() > kMaxSize + 2) fail("{} is longer than {} bytes: that is no token", kOrigin, kMaxSize);
        }
        const Descriptor ended(pidfd_open(child.pid(), 0));
        if (ended.get() < 0) throw std::system_error(errno, std::generic_category());
        in_time(ended);
        const int status = child.wait();
        if (WIFSIGNALED(status)) fail("token_command was ended by signal {}: try it in a terminal", WTERMSIG(status));
        if (WEXITSTATUS(status) != 0) {
            fail("token_command failed with exit code {}: try it in a terminal", WEXITSTATUS(status));
        }
        return checked(std::move(text), kOrigin);
    } catch (const std::system_error& error) {
        fail("token_command cannot be run: {}", error.code().message());
    }
}

}  // namespace

std::string read_token(const TokenPlace& place) {
    if (!place.command.empty()) return from_command(place.command, place.command_limit);
    if (!place.file.empty()) return from_file(place.file);
    if (!place.env.empty()) return from_environment(place.env);

    if (const auto folder = credentials_folder()) {
        const fs::path credential = *folder / place.default_credential;
        std::error_code error;
        if (fs::exists(credential, error)) return from_file(credential);
    }
    if (std::getenv(place.default_env.c_str()) == nullptr) {
        fail("no token: set {} in the environment, or name token_file or token_command in the configuration",
             place.default_env);
    }
    return from_environment(place.default_env);
}

}  // namespace taskmirror
