// What the commands share. Inside app*.cpp only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "engine/sync.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "source/source.hpp"

namespace taskmirror {

inline constexpr std::string_view kVersion = TASKMIRROR_VERSION;

extern std::atomic<bool> stop;          // set by SIGINT and SIGTERM
extern std::atomic<bool> reload_asked;  // by SIGHUP

// A source with all that is needed to talk to it.
struct Connection {
    const SourceConfig& config;
    std::string token;
    std::unique_ptr<source::Source> source;
    std::unique_ptr<http::Transport> transport;
    std::unique_ptr<http::Pace> pace;
};

// Reads the configuration, with what the arguments say in its place, and sets the log up.
Config configuration(const Arguments& arguments);
Connection connect(const SourceConfig& config);
std::vector<Connection> connect_all(const Config& config);
// What the engine gets of a connection, which must outlive it.
engine::Account account_of(Connection& connection, const Config& config, const Arguments& arguments);
std::string read_token_again(const SourceConfig& config);
void show(const engine::Progress& progress);

ExitCode serve(const Arguments& arguments);
ExitCode show_status(const Arguments& arguments);
ExitCode verify(const Arguments& arguments);

}  // namespace taskmirror
