#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "app.hpp"

int main(int argc, char** argv) {
    using taskmirror::ExitCode;
    try {
        return static_cast<int>(taskmirror::run(argc, argv));
    } catch (const taskmirror::Fatal& fatal) {
        fmt::print(stderr, "taskmirror: {}\n", fatal.what());
        return static_cast<int>(fatal.code());
    } catch (const std::exception& error) {
        fmt::print(stderr, "taskmirror: internal error: {}; please report it\n", error.what());
        return static_cast<int>(ExitCode::internal);
    }
}
