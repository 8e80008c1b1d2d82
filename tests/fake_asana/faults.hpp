// Faults on demand: rules that spoil the answers to requests that match them. See README.md for the kinds.
#pragma once

#include <regex.h>

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace fake_asana {

struct Fault {
    std::string kind, match, body, location, what;
    std::shared_ptr<regex_t> regex;  // extended POSIX
    int after = 0;                   // matching requests to let pass first
    int times = -1;                  // then to spoil; -1: all
    int status = 500, retry_after = -1;
    long bytes = -1, ms = 0;
};

// Throws std::invalid_argument for a kind that does not exist.
Fault parse_fault(const nlohmann::json& rule);

class Faults {
  public:
    void add(Fault fault) { rules_.push_back(std::move(fault)); }
    void clear() { rules_.clear(); }
    // The first rule that takes this request, counted down; a copy, for use after the lock.
    std::optional<Fault> taken(const std::string& path_and_query);

  private:
    std::vector<Fault> rules_;
};

// The right body made wrong, for the kinds that do so: doubled_data, missing_data, same_offset, no_gid, wrong_type,
// bad_utf8, garbage.
std::string spoiled(const Fault& fault, std::string body, const std::string& offset);

}  // namespace fake_asana
