// The command `backup`: reads the database, and writes a copy of it.
#include <fmt/format.h>

#include "app_parts.hpp"
#include "store/backup.hpp"

namespace taskmirror {

ExitCode back_up(const Arguments& arguments) {
    const Config config = configuration(arguments);
    const Clock& clock = system_clock();
    const auto began = clock.monotonic();
    const auto made = store::back_up(
        config.database,
        {.to = arguments.to, .keep = arguments.keep, .now = clock.now(), .stopped = [] { return stop.load(); }});
    if (config.log.level > log::Level::info) return ExitCode::done;
    fmt::print("{}: {:.1f} MB in {:.1f} s\n", made.file.string(), static_cast<double>(made.bytes) / 1e6,
               std::chrono::duration<double>(clock.monotonic() - began).count());
    for (const auto& file : made.removed) fmt::print("removed {}\n", file.string());
    return ExitCode::done;
}

}  // namespace taskmirror
