// One event, one line, on standard error: verb, object, key=value. Never a token, never a user's text.
//
// The only user of spdlog. Not for output that was asked for: that goes to standard output.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace taskmirror::log {

enum class Level { debug, info, warning, error, off };
enum class Format { automatic, text, json, journal };

// As in the configuration and on the command line; in the order of the enumerators.
inline constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error", "off"};
inline constexpr std::array<std::string_view, 4> kFormatNames = {"auto", "text", "json", "journal"};

// automatic: journal where standard error goes to the journal (JOURNAL_STREAM, systemd.exec(5)), else text.
// journal: no time stamp, and the priority prefix <N> of sd-daemon(3).
struct Options {
    Level level = Level::info;
    Format format = Format::automatic;

    bool operator==(const Options&) const = default;
};

void configure(const Options& options);
// How many lines of this level were written so far. From any thread.
std::uint64_t count(Level level);
bool enabled(Level level);

// Every later line has "[hidden]" where this text stood, plain or percent-encoded. For tokens.
void conceal(const std::string& secret);

// Called before and after each line, so that a progress line on the same terminal can give way.
void around_lines(void (*before)(), void (*after)());

// Control characters and invalid UTF-8 come out escaped: what a server says can neither forge a line nor move the
// cursor.
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
