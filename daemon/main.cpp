#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <system_error>

#include "app.hpp"

int main(int argc, char** argv) {
    using taskmirror::ExitCode;
    try {
        return static_cast<int>(taskmirror::run(argc, argv));
    } catch (const taskmirror::Fatal& fatal) {
        fmt::print(stderr, "taskmirror: {}\n", fatal.what());
        return static_cast<int>(fatal.code());
    } catch (const std::exception& error) {
        const auto* const failed = dynamic_cast<const std::system_error*>(&error);
        if (failed != nullptr &&
            failed->code() == std::errc::broken_pipe) {  // nobody reads on: `taskmirror ... | head`
            std::signal(SIGPIPE, SIG_DFL);
            std::raise(SIGPIPE);
        }
        fmt::print(stderr, "taskmirror: internal error: {}; please report it\n", error.what());
        return static_cast<int>(ExitCode::internal);
    }
}
