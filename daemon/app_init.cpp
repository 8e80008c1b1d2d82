// The command init: asks what a configuration needs, and writes it, with the token in a file of its own. Nothing is
// written before the last answer.
#include "app_init.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "app_parts.hpp"
#include "asana/source.hpp"
#include "core/file.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "http/client.hpp"

namespace taskmirror {
namespace {

namespace fs = std::filesystem;

// As the units have it.
constexpr std::string_view kServiceDatabase = "/var/lib/taskmirror/taskmirror.db";

constexpr std::array kUnits = {"/etc/systemd/system/taskmirror.service", "/usr/lib/systemd/system/taskmirror.service",
                               "/lib/systemd/system/taskmirror.service",
                               "/usr/local/lib/systemd/system/taskmirror.service"};

// Puts a value behind a key, which stands with its indentation, and leaves the comment in its column if it has room.
void put(std::string& text, std::string_view key, std::string_view value) {
    const auto found = fmt::format("\n{}:", key);
    const auto start = text.find(found) + 1;
    const auto end = text.find('\n', start);
    const auto comment = std::min(text.find('#', start), end);
    auto line = fmt::format("{}: {}", key, value);
    if (comment < end) line += std::string(line.size() + 2 < comment - start ? comment - start - line.size() : 2, ' ');
    text.replace(start, comment - start, line);
}

std::string scalar(const std::string& text) {
    const bool plain =
        !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") ==
                             std::string::npos;
    return plain ? text : json(text);
}

// What is typed is not shown while it lives.
class Hidden {
  public:
    Hidden() {
        known_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
        auto hidden = before_;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    ~Hidden() {
        if (known_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    Hidden(const Hidden&) = delete;
    Hidden& operator=(const Hidden&) = delete;

  private:
    termios before_{};
    bool known_ = false;
};

[[noreturn]] void give_up() {
    fmt::print("\n");
    throw Fatal(ExitCode::interrupted, "stopped, nothing was written");
}

std::string answer_to(const std::string& question) {
    constexpr std::size_t kLongest = 4096;
    fmt::print("{}", question);
    std::fflush(stdout);
    std::string line;
    while (!line.ends_with('\n')) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        const int ready = ::poll(&input, 1, 200);
        if (stop.load()) give_up();
        if (ready <= 0) continue;
        char c = 0;
        if (::read(STDIN_FILENO, &c, 1) != 1) give_up();
        if (line.size() < kLongest || c == '\n') line += c;
    }
    line.pop_back();
    while (line.ends_with(' ') || line.ends_with('\r')) line.pop_back();
    line.erase(0, std::min(line.find_first_not_of(' '), line.size()));
    return line;
}

std::string answer_or(const std::string& question, const std::string& otherwise) {
    auto answer = answer_to(fmt::format("{} [{}]: ", question, otherwise));
    return answer.empty() ? otherwise : answer;
}

std::string hidden_answer(const std::string& question) {
    std::string answer;
    {
        const Hidden hidden;
        answer = answer_to(question);
    }
    fmt::print("\n");
    return answer;
}

// Asked for until the API accepts it; a few times.
std::pair<std::string, asana::Me> ask_token(const SourceConfig& config) {
    constexpr int kTimes = 3;
    fmt::print(
        "A token is made in Asana: profile picture, Settings, Apps, Manage Developer Apps, Create new token.\n"
        "It sees what its user sees. taskmirror reads with it, and changes nothing.\n");
    for (int time = 1;; ++time) {
        auto token = hidden_answer("Token (it is not shown): ");
        const bool fits = !token.empty() && std::ranges::all_of(token, [](char c) { return c > ' ' && c < '\x7f'; });
        if (!fits && time == kTimes) throw Fatal(ExitCode::token_refused, "no token was given; nothing was written");
        if (!fits) {
            fmt::print("That is no token.\n");
            continue;
        }
        log::conceal(token);
        const auto client = http::make_client({.base_url = config.base_url,
                                               .token = token,
                                               .ca_file = {},
                                               .proxy = {},
                                               .user_agent = fmt::format("taskmirror/{}", kVersion),
                                               .headers = {}});
        try {
            return {std::move(token), who_is_it(*client, config)};
        } catch (const Fatal& fatal) {
            if (stop.load()) give_up();
            if (fatal.code() != ExitCode::token_refused || time == kTimes) throw;
            fmt::print("Asana refuses that token.\n");
        }
    }
}

std::vector<std::string> ask_workspaces(const asana::Me& me) {
    fmt::print("The token is accepted: it is of {}, and sees {}\n", escaped(me.name),
               me.workspaces.empty()       ? "no workspace"
               : me.workspaces.size() == 1 ? "this workspace:"
                                           : fmt::format("{} workspaces:", me.workspaces.size()));
    std::size_t number = 0;
    for (const auto& [gid, name] : me.workspaces)
        fmt::print("  {:>2}  {} ({})\n", ++number, escaped(name), escaped(gid));
    if (me.workspaces.size() < 2) return {};
    for (;;) {
        auto answer = answer_to("Which are to be mirrored? Numbers such as 1,3; nothing: all [all]: ");
        std::ranges::replace(answer, ',', ' ');
        std::vector<std::string> gids;
        bool good = true;
        for (std::string_view rest = answer; good && !rest.empty();) {
            const auto word = rest.substr(0, rest.find(' '));
            rest.remove_prefix(std::min(word.size() + 1, rest.size()));
            if (word.empty()) continue;
            std::size_t chosen = 0;
            const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), chosen);
            good = error == std::errc() && end == word.data() + word.size() && chosen >= 1 &&
                   chosen <= me.workspaces.size();
            if (good && std::ranges::find(gids, me.workspaces[chosen - 1].first) == gids.end())
                gids.push_back(me.workspaces[chosen - 1].first);
        }
        if (good) return gids;
        fmt::print("Numbers from 1 to {}, please.\n", me.workspaces.size());
    }
}

// A new file, readable by its owner alone.
void write_new(const fs::path& path, std::string_view text) {
    const auto fail = [&](int error) {
        throw Fatal(ExitCode::disk, fmt::format("cannot write {}: {}", path.string(), std::strerror(error)));
    };
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) fail(errno);
    while (!text.empty()) {
        const auto size = ::write(file.get(), text.data(), text.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) {
            const int error = errno;
            ::unlink(path.c_str());
            fail(error);
        }
        text.remove_prefix(static_cast<std::size_t>(size));
    }
    if (::fsync(file.get()) != 0) {
        const int error = errno;
        ::unlink(path.c_str());
        fail(error);
    }
}

void refuse_existing(const fs::path& path) {
    std::error_code error;
    if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return;
    throw Fatal(ExitCode::usage,
                fmt::format("{} exists already: edit it, or name another place with --config{}", path.string(),
                            fs::absolute(path).parent_path() == kServiceFolder
                                ? fmt::format("; the token of the service is the file {}/{}, of root, with mode 600",
                                              kServiceFolder, kServiceToken)
                                : ""));
}

bool service_is_installed() {
    std::error_code error;
    return std::ranges::any_of(kUnits, [&](const char* unit) { return fs::exists(unit, error); });
}

}  // namespace

std::string configuration_text(const Chosen& chosen) {
    std::string text(config_example());
    put(text, "database", scalar(chosen.database.string()));
    if (!chosen.token_file.empty()) put(text, "    token_file", scalar(chosen.token_file.string()));
    if (!chosen.base_url.empty()) put(text, "    base_url", scalar(chosen.base_url));
    std::string gids;
    for (const auto& gid : chosen.workspaces) gids += (gids.empty() ? "" : ", ") + json(gid);
    if (!gids.empty()) put(text, "    workspaces", fmt::format("[{}]", gids));
    return text;
}

ExitCode init(const Arguments& arguments) {
    if (::isatty(STDIN_FILENO) == 0 || ::isatty(STDOUT_FILENO) == 0)
        throw Fatal(ExitCode::usage,
                    "init asks questions and needs a terminal; without one write the token into a file, asana.token, "
                    "\"sources: [{token_file: asana.token}]\" into taskmirror.yaml beside it, and chmod 600 both");
    const bool offers_service = ::geteuid() == 0 && service_is_installed();
    const fs::path usual = offers_service ? fs::path(kServiceFolder) / "config.yaml" : fs::path("taskmirror.yaml");
    const fs::path file =
        arguments.config.empty() ? answer_or("Configuration file", usual.string()) : arguments.config.string();
    const bool service = offers_service && fs::absolute(file).parent_path() == kServiceFolder;
    std::error_code error;
    const bool packaged = service && fs::is_regular_file(file, error);  // then the token alone is missing
    if (!packaged) refuse_existing(file);
    const fs::path token_file = file.parent_path() / (service ? kServiceToken : "asana.token");
    refuse_existing(token_file);

    SourceConfig config;
    if (!arguments.base_url.empty()) config.base_url = arguments.base_url;
    while (config.base_url.ends_with('/')) config.base_url.pop_back();
    const auto [token, me] = ask_token(config);
    if (packaged) {
        write_new(token_file, token + '\n');
        fmt::print(
            "\nWritten, for root alone to read:\n  {}: the token\n"
            "{} is there already, and stays as it is. To start the service:\n  systemctl enable --now taskmirror\n",
            token_file.string(), file.string());
        return ExitCode::done;
    }
    Chosen chosen{.database = arguments.database,
                  .token_file = service ? fs::path() : token_file.filename(),
                  .base_url = arguments.base_url.empty() ? "" : config.base_url,
                  .workspaces = ask_workspaces(me)};
    if (chosen.database.empty())
        chosen.database = answer_or("Database file", service ? std::string(kServiceDatabase) : "asana.db");
    else if (chosen.database.is_relative())  // of the current folder, not of the configuration's
        chosen.database = fs::absolute(chosen.database);

    if (file.has_parent_path()) {
        fs::create_directories(file.parent_path(), error);  // writing says what is wrong
    }
    write_new(token_file, token + '\n');
    try {
        write_new(file, configuration_text(chosen));
    } catch (const Fatal&) {
        ::unlink(token_file.c_str());
        throw;
    }
    fmt::print(
        "\nWritten, for you alone to read:\n  {}: every option, with its default where nothing was chosen\n"
        "  {}: the token\n",
        file.string(), token_file.string());
    if (service) {
        fmt::print(
            "The service takes the token as a credential. To start it:\n"
            "  chgrp taskmirror {0} && chmod 640 {0}\n  systemctl enable --now taskmirror\n",
            file.string());
        return ExitCode::done;
    }
    const auto option = file == "taskmirror.yaml" ? std::string() : fmt::format(" --config {}", file.string());
    fmt::print("Next:\n  taskmirror plan{}    what the first sync costs\n  taskmirror sync{}    make it\n", option,
               option);
    return ExitCode::done;
}

}  // namespace taskmirror
