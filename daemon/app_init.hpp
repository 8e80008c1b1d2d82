// The configuration that `init` writes: config.example.yaml with what was chosen in the place of the defaults.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror {

struct Chosen {
    std::filesystem::path database;
    std::filesystem::path token_file;     // empty: the service gives the token as a credential
    std::string base_url;                 // empty: Asana's
    std::vector<std::string> workspaces;  // gids; empty: all
};

std::string_view config_example();
std::string configuration_text(const Chosen& chosen);

}  // namespace taskmirror
