// What stands behind /api/1.0: a table of routes over the world. No sockets, no limits, no clock of its own: time is
// given. Reads only (but for what Delivery keeps), so any number of threads may answer at once while nobody changes
// the world.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "delivery.hpp"
#include "model.hpp"

namespace fake_asana {

struct ApiRequest {
    std::string path;                               // below /api/1.0, decoded: "/tasks/12"
    std::multimap<std::string, std::string> query;  // decoded
    Index me = 0;                                   // the token's user
    Millis now = 0;                                 // virtual
};

// A refusal: the status and what stands in errors[0].message.
struct ApiError : std::runtime_error {
    ApiError(int status_code, const std::string& message) : std::runtime_error(message), status(status_code) {}
    int status;
    std::string sync;  // the fresh token of a 412
};
std::string error_body(std::string_view message, std::string_view sync = {});

struct ApiOptions {
    bool free_plan = false;
    bool service_account = false;
    Millis search_lag = 0;  // how far the search index is behind
    std::shared_ptr<Delivery> delivery = std::make_shared<Delivery>();
    std::string public_url = "https://app.asana.com/api/1.0";  // next_page.uri starts with it
};

// The body of a 200; throws ApiError.
std::string answer(const World& world, const ApiOptions& options, const ApiRequest& request);

// "/tasks/{gid}/stories" for statistics; unknown paths as they are. GET /tasks names its scope: "/tasks?project".
std::string endpoint(std::string_view path, const std::multimap<std::string, std::string>& query);

constexpr Millis kOffsetLife = 15 * 60 * 1000;

}  // namespace fake_asana
