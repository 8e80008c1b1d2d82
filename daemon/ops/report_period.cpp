#include "ops/report_period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error.hpp"
#include "core/text.hpp"

namespace taskmirror::ops {
namespace {

using std::chrono::days;
using std::chrono::month;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year;

constexpr int kMostDays = 36'500;

// Digits alone.
std::optional<int> number(std::string_view digits) {
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool all = error == std::errc() && end == digits.data() + digits.size() && digits.front() != '-';
    return all ? std::optional(value) : std::nullopt;
}

// From the first day of a month, so many months.
Period months_from(int its_year, int its_month, int count) {
    const auto first = year(its_year) / month(static_cast<unsigned>(its_month));
    return {sys_days(first / 1), sys_days((first + months(count)) / 1) - days(1)};
}

std::optional<Period> calendar(std::string_view text) {
    if (text.size() < 4) return std::nullopt;
    const auto its_year = number(text.substr(0, 4));
    if (!its_year || *its_year < 1) return std::nullopt;
    if (text.size() == 4) return months_from(*its_year, 1, 12);
    if (text[4] != '-') return std::nullopt;
    const auto rest = text.substr(5);
    if (rest.size() == 2 && (rest[0] == 'Q' || rest[0] == 'q') && rest[1] >= '1' && rest[1] <= '4')
        return months_from(*its_year, (rest[1] - '1') * 3 + 1, 3);
    const auto its_month = rest.size() >= 2 ? number(rest.substr(0, 2)) : std::nullopt;
    if (!its_month || *its_month < 1 || *its_month > 12) return std::nullopt;
    if (rest.size() == 2) return months_from(*its_year, *its_month, 1);
    const auto its_day = rest.size() == 5 && rest[2] == '-' ? number(rest.substr(3)) : std::nullopt;
    if (!its_day) return std::nullopt;
    const std::chrono::year_month_day date{year(*its_year), month(static_cast<unsigned>(*its_month)),
                                           std::chrono::day(static_cast<unsigned>(*its_day))};
    if (!date.ok()) return std::nullopt;
    return Period{sys_days(date), sys_days(date)};
}

std::optional<Period> read(std::string_view text, sys_days today) {
    constexpr std::string_view kLast = "last-";
    if (text.size() > kLast.size() + 1 && text.starts_with(kLast) && text.ends_with('d')) {
        const auto count = number(text.substr(kLast.size(), text.size() - kLast.size() - 1));
        if (!count || *count < 1 || *count > kMostDays) return std::nullopt;
        return Period{today - days(*count - 1), today};
    }
    const auto dots = text.find("..");
    if (dots == std::string_view::npos) return calendar(text);
    const auto from = calendar(text.substr(0, dots));
    const auto to = calendar(text.substr(dots + 2));
    if (!from || !to || from->from > to->to) return std::nullopt;
    return Period{from->from, to->to};
}

}  // namespace

Period period(std::string_view text, sys_days today) {
    if (const auto found = read(text, today)) return *found;
    throw Fatal(ExitCode::usage,
                fmt::format("--period needs a year (2026), a quarter (2026-Q3), a month (2026-07), a day (2026-07-15), "
                            "two of them (2026-01-01..2026-02-01), last days (last-30d) or all, not '{}'",
                            escaped(text)));
}

std::string iso_day(sys_days day) { return iso(Instant(day)).substr(0, 10); }

Instant begin_of(sys_days day, std::span<const UtcOffset> offsets) {
    for (std::size_t i = 0; i < offsets.size(); ++i) {
        const Instant begin = day - offsets[i].offset;
        if (i + 1 == offsets.size() || begin < offsets[i + 1].since)
            return i == 0 ? begin : std::max(begin, offsets[i].since);  // that hour may be left out
    }
    return day;
}

std::chrono::seconds offset_at(Instant instant, std::span<const UtcOffset> offsets) {
    std::chrono::seconds offset{};
    for (std::size_t i = 0; i < offsets.size(); ++i)
        if (i == 0 || offsets[i].since <= instant) offset = offsets[i].offset;
    return offset;
}

}  // namespace taskmirror::ops
