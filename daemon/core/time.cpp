#include "core/time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace taskmirror {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

class SystemClock final : public Clock {
  public:
    Instant now() const override { return std::chrono::floor<Milliseconds>(std::chrono::system_clock::now()); }
    Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
};

// Digits only, no sign and no spaces; -1 for anything else.
int number(std::string_view digits) {
    int value = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

// Whether the text has the punctuation of the pattern, where '0' stands for a digit and 'a' for a letter.
bool has_shape(std::string_view text, std::string_view pattern) {
    return std::equal(text.begin(), text.end(), pattern.begin(), pattern.end(), [](char c, char p) {
        if (p == '0') return c >= '0' && c <= '9';
        if (p == 'a') return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return c == p;
    });
}

std::optional<sys_days> day_of(int year, int month, int day) {
    const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                              std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok()) return std::nullopt;
    return sys_days{date};
}

// "09:00:00"; `last_second` is 60 where leap seconds may be written.
std::optional<std::chrono::seconds> time_of_day(std::string_view text, int last_second) {
    const int hours = number(text.substr(0, 2));
    const int minutes = number(text.substr(3, 2));
    const int seconds = number(text.substr(6, 2));
    if (hours > 23 || minutes > 59 || seconds > last_second) return std::nullopt;
    return std::chrono::hours{hours} + std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
}

}  // namespace

const Clock& system_clock() {
    static const SystemClock clock;
    return clock;
}

std::string iso(Instant instant) {
    const auto day = std::chrono::floor<std::chrono::days>(instant);
    const year_month_day date{day};
    const std::chrono::hh_mm_ss time{instant - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                       time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

std::optional<Instant> parse_iso(std::string_view text) {
    const bool fraction = has_shape(text, "0000-00-00T00:00:00.000Z");
    if (!fraction && !has_shape(text, "0000-00-00T00:00:00Z")) return std::nullopt;

    const auto day = day_of(number(text.substr(0, 4)), number(text.substr(5, 2)), number(text.substr(8, 2)));
    const auto time = time_of_day(text.substr(11, 8), 59);
    if (!day || !time) return std::nullopt;
    return *day + *time + Milliseconds{fraction ? number(text.substr(20, 3)) : 0};
}

std::optional<Instant> parse_http_date(std::string_view text) {
    using namespace std::string_view_literals;
    constexpr std::array kDays = {"Sun"sv, "Mon"sv, "Tue"sv, "Wed"sv, "Thu"sv, "Fri"sv, "Sat"sv};
    constexpr std::array kMonths = {"Jan"sv, "Feb"sv, "Mar"sv, "Apr"sv, "May"sv, "Jun"sv,
                                    "Jul"sv, "Aug"sv, "Sep"sv, "Oct"sv, "Nov"sv, "Dec"sv};
    if (!has_shape(text, "aaa, 00 aaa 0000 00:00:00 GMT")) return std::nullopt;

    const auto* const month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
    const auto day =
        day_of(number(text.substr(12, 4)), static_cast<int>(month - kMonths.begin()) + 1, number(text.substr(5, 2)));
    const auto time = time_of_day(text.substr(17, 8), 60);
    if (!day || !time) return std::nullopt;
    if (kDays[std::chrono::weekday{*day}.c_encoding()] != text.substr(0, 3)) return std::nullopt;
    return *day + *time;
}

}  // namespace taskmirror
