// Reads the token from where the configuration says it is, each time anew: it may have been replaced.
//
// Never puts it into a message, an argument or a file. Whoever receives it conceals it from the log.
#pragma once

#include <filesystem>
#include <string>

#include "core/time.hpp"

namespace taskmirror {

// At most one of the first three is given.
struct TokenPlace {
    std::string env = {};             // name of an environment variable
    std::filesystem::path file = {};  // readable by its owner alone, who is us or root
    std::string command = {};         // for /bin/sh -c; prints the token
    // Where none is given: this file in $CREDENTIALS_DIRECTORY (systemd.exec(5)), else this environment variable.
    std::string default_credential = "asana-token";
    std::string default_env = "ASANA_TOKEN";
    Milliseconds command_limit{10'000};  // after it the command is killed
};

// Printable ASCII without spaces, 1 to 4096 bytes. Throws Fatal(configuration) that names the place and the remedy.
std::string read_token(const TokenPlace& place);

}  // namespace taskmirror
