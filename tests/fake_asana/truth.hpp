// What a complete mirror of the world must hold, as NDJSON; and what it must cost.
//
// One line a row: {"table":"asana_tasks","row":{column:value,...}} with the columns of schema/asana.sql except
// content_hash and mirrored_at; rows that are only referred to have "mention":true; the last line is a summary. It
// reads the world, never the answers of the API, so that a mistake in either shows.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "model.hpp"

namespace fake_asana {

// sink takes pieces of text of about 64 KB and says false to stop.
void print_truth(const World& world, bool free_plan, bool service_account,
                 const std::function<bool(std::string_view)>& sink);

// The least requests for a complete first mirror, by stream. `exported`: by one file for each organization, without
// the questions how far it is.
std::map<std::string, long> minimum_requests(const World& world, bool free_plan, bool service_account = false,
                                             bool exported = false);

}  // namespace fake_asana
