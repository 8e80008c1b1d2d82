#include "core/log.hpp"

#include "core/text.hpp"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <utility>
#include <vector>

namespace taskmirror::log {
namespace {

struct Log {
    Log() : out("", std::make_shared<spdlog::sinks::stderr_sink_mt>()) { out.set_level(spdlog::level::trace); }

    spdlog::logger out;
    Options options;
    std::vector<std::string> secrets;  // the longest first: one may begin with another
    void (*before)() = nullptr;
    void (*after)() = nullptr;
};

std::array<std::atomic<std::uint64_t>, kLevelNames.size()> counts{};

// JOURNAL_STREAM is "device:inode" of the stream that leads to the journal.
bool goes_to_journal() {
    const char* const stream = std::getenv("JOURNAL_STREAM");
    struct stat status {};
    return stream != nullptr && fstat(STDERR_FILENO, &status) == 0 &&
           stream == fmt::format("{}:{}", status.st_dev, status.st_ino);
}

void set_format(Log& log) {
    std::string pattern = "%v";  // journal
    if (log.options.format == Format::text) pattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
    if (log.options.format == Format::json) {
        pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":"%v"})";
    }
    log.out.set_formatter(std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc));
}

Log& instance() {
    static Log log;
    return log;
}

spdlog::level::level_enum spdlog_level(Level level) {
    switch (level) {
        case Level::debug:
            return spdlog::level::debug;
        case Level::info:
            return spdlog::level::info;
        case Level::warning:
            return spdlog::level::warn;
        case Level::error:
            return spdlog::level::err;
        case Level::off:
            return spdlog::level::off;
    }
    return spdlog::level::off;
}

// syslog(3)
int priority(Level level) {
    switch (level) {
        case Level::debug:
            return 7;
        case Level::info:
            return 6;
        case Level::warning:
            return 4;
        case Level::error:
            return 3;
        case Level::off:
            break;
    }
    return 7;
}

}  // namespace

void configure(const Options& options) {
    Log& log = instance();
    log.options = options;
    if (options.format == Format::automatic) log.options.format = goes_to_journal() ? Format::journal : Format::text;
    set_format(log);
}

std::uint64_t count(Level level) { return counts[static_cast<std::size_t>(level)]; }

bool enabled(Level level) { return level != Level::off && level >= instance().options.level; }

void conceal(const std::string& secret) {
    if (secret.empty()) return;
    std::vector<std::string>& secrets = instance().secrets;
    secrets.push_back(secret);
    secrets.push_back(percent_encode(secret));
    std::sort(secrets.begin(), secrets.end(),
              [](const auto& a, const auto& b) { return std::pair(b.size(), a) < std::pair(a.size(), b); });
    secrets.erase(std::unique(secrets.begin(), secrets.end()), secrets.end());
}

void around_lines(void (*before)(), void (*after)()) {
    instance().before = before;
    instance().after = after;
}

void write(Level level, std::string_view line) {
    if (!enabled(level)) return;
    Log& log = instance();
    if (log.options.format == Format::automatic) configure(log.options);

    std::string text =
        escaped(without_secrets(std::string(line), log.secrets), log.options.format == Format::json ? "\"\\" : "");
    if (log.options.format == Format::journal) text.insert(0, fmt::format("<{}>", priority(level)));
    if (log.before != nullptr) log.before();
    ++counts[static_cast<std::size_t>(level)];
    log.out.log(spdlog_level(level), text);
    if (log.after != nullptr) log.after();
}

}  // namespace taskmirror::log
