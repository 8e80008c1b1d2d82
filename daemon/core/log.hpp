// One event, one line, on standard error: verb, object, key=value. Never a token, never a user's text.
//
// The only user of spdlog. Not for output that was asked for: that goes to standard output.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace taskmirror::log {

enum class Level { debug, info, warning, error, off };
enum class Format { text, json, journal };

// journal: no time stamp, and the priority prefix <N> of sd-daemon(3).
struct Options {
    Level level = Level::info;
    Format format = Format::text;
};

void configure(const Options& options);
bool enabled(Level level);

// Every later line has "[hidden]" where this text stood. For tokens.
void conceal(const std::string& secret);

// Called before and after each line, so that a progress line on the same terminal can give way.
void around_lines(void (*before)(), void (*after)());

void write(Level level, std::string_view line);

template <typename... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <typename... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace taskmirror::log
