// Puts the program together: configuration, source, client, pace, store, engine. The whole architecture in one place.
#pragma once

#include "core/error.hpp"

namespace taskmirror {

// Throws Fatal.
ExitCode run(int argc, const char* const* argv);

}  // namespace taskmirror
