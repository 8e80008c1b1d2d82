// What the commands share. Inside app*.cpp only.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "cli.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "engine/sync.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "source/source.hpp"

namespace taskmirror {

extern std::atomic<bool> stop;  // set by a signal

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
std::vector<Connection> connect_all(const Config& config);
std::string read_token_again(const SourceConfig& config);
void show(const engine::Progress& progress);

ExitCode verify(const Arguments& arguments);

}  // namespace taskmirror
