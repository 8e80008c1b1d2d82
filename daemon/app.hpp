// Puts the program together: configuration, source, client, pace, store, engine. The whole architecture in one place.
#pragma once

#include <string>

#include "core/error.hpp"

namespace taskmirror {

// Throws Fatal.
ExitCode run(int argc, const char* const* argv);

// What `schema --markdown` prints.
std::string data_dictionary();

}  // namespace taskmirror
