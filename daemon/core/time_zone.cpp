#include "core/time_zone.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <optional>

#include "core/error.hpp"

namespace taskmirror {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirst = std::chrono::sys_days(std::chrono::year(2000) / 1 / 1);
constexpr auto kLast = std::chrono::sys_days(std::chrono::year(2050) / 1 / 1);

// TZ as long as this lives.
class LocalZone {
  public:
    explicit LocalZone(const std::string& zone) {
        if (const char* const before = std::getenv("TZ"); before != nullptr) before_ = before;
        ::setenv("TZ", zone.c_str(), 1);
        ::tzset();
    }
    ~LocalZone() {
        if (before_)
            ::setenv("TZ", before_->c_str(), 1);
        else
            ::unsetenv("TZ");
        ::tzset();
    }
    LocalZone(const LocalZone&) = delete;
    LocalZone& operator=(const LocalZone&) = delete;

    static std::chrono::seconds offset_at(std::chrono::sys_seconds instant) {
        const std::time_t time = std::chrono::system_clock::to_time_t(instant);
        std::tm local{};
        ::localtime_r(&time, &local);
        return std::chrono::seconds(local.tm_gmtoff);
    }

  private:
    std::optional<std::string> before_;
};

bool exists(const std::string& zone) {
    const bool plain = std::ranges::all_of(zone, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' || c == '_' ||
               c == '-' || c == '+';
    });
    std::error_code error;
    return plain && !zone.empty() && zone.front() != '/' &&
           std::filesystem::is_regular_file("/usr/share/zoneinfo/" + zone, error);
}

}  // namespace

void check_time_zone(const std::string& zone) {
    if (zone != "UTC" && !exists(zone))
        throw Error(
            fmt::format("{} is no time zone of this machine: name one as Europe/Berlin, see "
                        "/usr/share/zoneinfo (package tzdata)",
                        zone));
}

std::vector<UtcOffset> utc_offsets(const std::string& zone) {
    if (zone == "UTC") return {{kFirst, 0s}};
    check_time_zone(zone);
    const LocalZone local(":" + zone);
    std::vector<UtcOffset> offsets{{kFirst, LocalZone::offset_at(kFirst)}};
    for (std::chrono::sys_seconds day = kFirst; day < kLast; day += 24h) {
        // No zone changes twice a day.
        auto before = day;
        auto after = day + 24h;
        const auto offset = LocalZone::offset_at(after);
        if (offset == offsets.back().offset) continue;
        while (after - before > 1s) {
            const auto middle = before + (after - before) / 2;
            (LocalZone::offset_at(middle) == offset ? after : before) = middle;
        }
        offsets.push_back({after, offset});
    }
    return offsets;
}

}  // namespace taskmirror
