// What is fuzzed: each function takes arbitrary bytes as the network or a user could give them, and throws Broken when
// a promise does not hold. libFuzzer drives them, and a test replays the kept corpora through them.
#pragma once

#include <span>
#include <stdexcept>
#include <string_view>

namespace taskmirror::fuzz {

class Broken : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

// The first byte picks the stream ('a' is the first of the table), the rest is the body of an answer. It becomes a page
// whose indices are all in range and whose texts are valid UTF-8, or an Error, or a Fatal.
void json_to_rows(std::string_view bytes);
// The values of Retry-After, Date and Asana-Change, and stored instants.
void headers(std::string_view bytes);
// A packed body: complete within the cap, or nothing.
void gzip(std::string_view bytes);
// A file of an export, packed or not, in pieces: its lines are within their length. And as one line of it: rows, or an
// Error; what it says of itself could be asked for.
void export_lines(std::string_view bytes);
// A configuration file: read, or refused with a Fatal of exit code 78.
void config(std::string_view bytes);

struct Target {
    std::string_view name;
    void (*run)(std::string_view bytes);
};
inline constexpr Target kTargets[] = {{"json_to_rows", json_to_rows},
                                      {"headers", headers},
                                      {"gzip", gzip},
                                      {"config", config},
                                      {"export_lines", export_lines}};

}  // namespace taskmirror::fuzz
