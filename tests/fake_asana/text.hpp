// Words, names and instants as text; deterministic. The data that hurts is made here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model.hpp"

namespace fake_asana {

// A small random generator (splitmix64): the same numbers from the same seed on every machine.
class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() {
        state_ += 0x9E3779B97F4A7C15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
        z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
        return z ^ (z >> 31U);
    }
    // 0 <= result < bound; 0 when bound is 0.
    std::uint64_t below(std::uint64_t bound) { return bound == 0 ? 0 : next() % bound; }
    Index pick(std::size_t bound) { return static_cast<Index>(below(bound)); }
    int number(int bound) { return static_cast<int>(below(static_cast<std::uint64_t>(bound))); }
    double unit() { return static_cast<double>(next() >> 11U) / 9007199254740992.0; }
    bool chance(double probability) { return unit() < probability; }

  private:
    std::uint64_t state_;
};

// count words in lower case, the first capitalised.
std::string words(std::uint64_t hash, int count);
std::string person_name(std::uint64_t hash);

// A name of two to five words; one in eleven hurts when hurts is set.
std::string short_name(std::uint64_t hash, bool hurts);
// A text of about bytes bytes; one in eleven hurts.
std::string long_text(std::uint64_t hash, int bytes, bool hurts);

// "<body>...</body>" around the text, with & < > escaped.
std::string html(std::string_view text);

std::string iso_time(Millis instant);  // 2026-01-01T00:00:00.000Z
std::string iso_date(Millis instant);  // 2026-01-01
std::string http_date(Millis instant);
// What iso_time and iso_date give, the fraction optional.
std::optional<Millis> parse_time(std::string_view text);

}  // namespace fake_asana
