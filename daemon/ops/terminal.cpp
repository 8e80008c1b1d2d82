#include "ops/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/log.hpp"

namespace taskmirror::ops {
namespace {

constexpr const char* kClear = "\r\033[K";

std::string shown;

void hide() {
    if (!shown.empty()) std::fputs(kClear, stderr);
}

void show_again() {
    if (!shown.empty()) std::fputs(shown.c_str(), stderr);
}

}  // namespace

bool has_terminal() {
    const char* const term = std::getenv("TERM");
    return isatty(STDERR_FILENO) == 1 && term != nullptr && std::string_view(term) != "dumb";
}

void show_line(const std::string& line) {
    if (shown.empty()) log::around_lines(hide, show_again);
    winsize size{};
    const std::size_t width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1U : 79U;
    shown = line.substr(0, width);
    std::fprintf(stderr, "%s%s", kClear, shown.c_str());
}

void clear_line() {
    hide();
    shown.clear();
}

}  // namespace taskmirror::ops
