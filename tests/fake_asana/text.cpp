#include "text.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace fake_asana {

using namespace std::string_view_literals;

namespace {

constexpr std::array kWords{
    "plan"sv,     "review"sv,  "launch"sv,   "customer"sv, "budget"sv,  "draft"sv,    "report"sv,     "meeting"sv,
    "design"sv,   "update"sv,  "contract"sv, "invoice"sv,  "website"sv, "team"sv,     "quarter"sv,    "release"sv,
    "feature"sv,  "bug"sv,     "test"sv,     "server"sv,   "migrate"sv, "document"sv, "prepare"sv,    "call"sv,
    "supplier"sv, "order"sv,   "ship"sv,     "check"sv,    "approve"sv, "campaign"sv, "newsletter"sv, "interview"sv,
    "hire"sv,     "onboard"sv, "train"sv,    "survey"sv,   "analyse"sv, "data"sv,     "export"sv,     "import"sv,
    "archive"sv,  "clean"sv,   "office"sv,   "travel"sv,   "book"sv,    "venue"sv,    "speaker"sv,    "slides"sv,
    "agenda"sv,   "minutes"sv, "roadmap"sv,  "goal"sv,     "metric"sv,  "forecast"sv, "price"sv,      "offer"sv,
    "brand"sv,    "logo"sv,    "photo"sv,    "video"sv,    "script"sv,  "edit"sv,     "publish"sv,    "measure"sv};
constexpr std::array kFirstNames{"Ann"sv,    "Bob"sv,  "Chidi"sv, "Dana"sv,  "Emre"sv, "Fatima"sv,
                                 "Goran"sv,  "Hana"sv, "Ivan"sv,  "Júlia"sv, "Kofi"sv, "Lena"sv,
                                 "Mehmet"sv, "Nora"sv, "Olu"sv,   "Petra"sv};
constexpr std::array kLastNames{"Smith"sv,  "García"sv, "Müller"sv, "O'Brien"sv,    "Nguyễn"sv,  "Kowalski"sv,
                                "Tanaka"sv, "Okafor"sv, "Yılmaz"sv, "de la Cruz"sv, "Ivanova"sv, "Haddad"sv};

// Each of these has broken some program. The first is a name of no characters.
constexpr std::array kHurts{
    ""sv,
    "\xF0\x9F\x9A\x80 Launch \xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x91\xA7"sv,
    "\xD9\x85\xD8\xB1\xD8\xAD\xD8\xA8\xD8\xA7 \xD7\xA9\xD7\x9C\xD7\x95\xD7\x9D abc"sv,
    "half \xED\xA0\xBD a pair"sv,
    "\xED\xB8\x80 the other half"sv,
    "before\0after"sv,
    "line\xE2\x80\xA8separator\xE2\x80\xA9paragraph"sv,
    "Robert'); DROP TABLE asana_tasks;--"sv,
    "\"quoted\" \\ back\\slash 'single' `tick`"sv,
    "tab\tnewline\nreturn\rbell\a escape\x1B delete\x7F"sv,
    "Duplicate"sv,
    "Duplicate"sv,
    " leading and trailing "sv,
    "NULL"sv,
    "\xEF\xBB\xBF"
    "byte order mark"sv,
    "\xEF\xBF\xBF no character, \xEF\xBF\xBD replacement, \xED\x9F\xBF last before the surrogates"sv,
    "Z\xCC\x81\xCC\xA7\xCC\x88"
    "algo \xE2\x80\xAEoverride"sv,
    "<b>&amp; ]]> </body> %s %n $1 {{x}}"sv,
    "\xED\xB8\x80\xED\xA0\xBD"sv,  // two halves in the wrong order
};

std::uint64_t step(std::uint64_t& hash) {
    hash = hash * 6364136223846793005ULL + 1442695040888963407ULL;
    return hash >> 33U;
}

bool is_hurtful(std::uint64_t hash) { return (hash >> 20U) % 11 == 0; }
std::string_view hurt(std::uint64_t hash) { return kHurts[(hash >> 28U) % kHurts.size()]; }

template <std::size_t N>
void put_number(std::array<char, N>& buffer, std::size_t at, int digits, long long number) {
    for (int i = digits - 1; i >= 0; --i) {
        buffer[at + static_cast<std::size_t>(i)] = static_cast<char>('0' + number % 10);
        number /= 10;
    }
}

}  // namespace

std::string words(std::uint64_t hash, int count) {
    std::string result;
    result.reserve(static_cast<std::size_t>(count) * 8);
    for (int i = 0; i < count; ++i) {
        if (i > 0) result += ' ';
        result += kWords[step(hash) % kWords.size()];
    }
    if (!result.empty()) result[0] = static_cast<char>(result[0] - 'a' + 'A');
    return result;
}

std::string person_name(std::uint64_t hash) {
    std::string name(kFirstNames[step(hash) % kFirstNames.size()]);
    name += ' ';
    name += kLastNames[step(hash) % kLastNames.size()];
    return name;
}

std::string short_name(std::uint64_t hash, bool hurts) {
    if (hurts && is_hurtful(hash)) return std::string(hurt(hash));
    return words(hash, 2 + static_cast<int>(hash % 4));
}

std::string long_text(std::uint64_t hash, int bytes, bool hurts) {
    std::string text = words(hash, bytes / 8 + 1);
    if (hurts && is_hurtful(hash)) text.insert(text.size() / 2 - (text.size() / 2) % 2, hurt(hash));
    return text;
}

std::string html(std::string_view text) {
    std::string result = "<body>";
    result.reserve(text.size() + 16);
    for (const char c : text) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            default:
                result += c;
        }
    }
    return result + "</body>";
}

std::string iso_time(Millis instant) {
    using namespace std::chrono;
    const sys_time<milliseconds> time{milliseconds{instant}};
    const auto day = floor<days>(time);
    const year_month_day date{day};
    const auto of_day = (time - day).count();
    auto text = std::to_array("0000-00-00T00:00:00.000Z");
    put_number(text, 0, 4, int{date.year()});
    put_number(text, 5, 2, unsigned{date.month()});
    put_number(text, 8, 2, unsigned{date.day()});
    put_number(text, 11, 2, of_day / 3'600'000);
    put_number(text, 14, 2, of_day / 60'000 % 60);
    put_number(text, 17, 2, of_day / 1000 % 60);
    put_number(text, 20, 3, of_day % 1000);
    return {text.data(), 24};
}

std::string iso_date(Millis instant) { return iso_time(instant).substr(0, 10); }

std::string http_date(Millis instant) {
    using namespace std::chrono;
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = floor<days>(sys_time<milliseconds>{milliseconds{instant}});
    const std::string iso = iso_time(instant);
    const auto month = static_cast<std::size_t>(std::stoi(iso.substr(5, 2)) - 1);
    return std::string(kDays[weekday{day}.c_encoding()]) + ", " + iso.substr(8, 2) + " " + kMonths[month] + " " +
           iso.substr(0, 4) + " " + iso.substr(11, 8) + " GMT";
}

std::optional<Millis> parse_time(std::string_view text) {
    using namespace std::chrono;
    const std::string copy(text);
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0, ms = 0, used = 0;
    if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%n", &y, &mo, &d, &used) != 3 || used != 10) return std::nullopt;
    if (copy.size() > 10) {
        int time_used = 0;
        if (std::sscanf(copy.c_str() + 10, "T%2d:%2d:%2d%n", &h, &mi, &s, &time_used) != 3) return std::nullopt;
        std::string_view rest = std::string_view(copy).substr(10 + static_cast<std::size_t>(time_used));
        if (rest.size() == 5 && rest[0] == '.') {
            ms = (rest[1] - '0') * 100 + (rest[2] - '0') * 10 + (rest[3] - '0');
            rest.remove_prefix(4);
        }
        if (rest != "Z") return std::nullopt;
    }
    const year_month_day date{year{y}, month{static_cast<unsigned>(mo)}, day{static_cast<unsigned>(d)}};
    if (!date.ok() || h > 23 || mi > 59 || s > 60) return std::nullopt;
    return sys_days{date}.time_since_epoch().count() * kDay + ((h * 60 + mi) * 60 + s) * 1000LL + ms;
}

}  // namespace fake_asana
