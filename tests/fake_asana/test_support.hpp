// What the tests of the fake share: a small world, and its API in process.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "api.hpp"
#include "mutate.hpp"
#include "truth.hpp"

namespace fake_asana {

using Json = nlohmann::json;
using Query = std::multimap<std::string, std::string>;

inline constexpr Millis kNow = kEpoch + 100 * kDay;

inline Shape small(std::uint64_t seed = 1, std::int64_t tasks = 400) {
    Shape shape;
    shape.seed = seed;
    shape.tasks = tasks;
    shape.hurts = false;  // nlohmann refuses lone surrogates
    return shape;
}

inline std::string raw(const World& world, const std::string& path, const Query& query = {}, Millis now = kNow,
                       bool free_plan = false) {
    static const auto kDelivery = std::make_shared<Delivery>();  // one, for tokens to be known from call to call
    ApiOptions options;
    options.free_plan = free_plan;
    options.delivery = kDelivery;
    return answer(world, options, {.path = path, .query = query, .me = 0, .now = now});
}
inline Json get(const World& world, const std::string& path, const Query& query = {}, Millis now = kNow) {
    return Json::parse(raw(world, path, query, now));
}
inline ApiError refusal(const World& world, const std::string& path, const Query& query = {}, Millis now = kNow,
                        bool free_plan = false) {
    try {
        raw(world, path, query, now, free_plan);
    } catch (const ApiError& error) {
        return error;
    }
    return {200, "no error"};
}

// Every object of a list, page by page.
inline std::vector<Json> all(const World& world, const std::string& path, Query query) {
    std::vector<Json> objects;
    query.emplace("limit", "100");
    while (true) {
        const Json page = get(world, path, query);
        for (const Json& object : page["data"]) objects.push_back(object);
        if (page["next_page"].is_null()) return objects;
        query.erase("offset");
        query.emplace("offset", page["next_page"]["offset"].get<std::string>());
    }
}

inline std::string truth(const World& world, bool free_plan = false) {
    std::string text;
    print_truth(world, free_plan, false, [&](std::string_view piece) {
        text += piece;
        return true;
    });
    return text;
}

inline std::vector<std::string> keys(const Json& object) {
    std::vector<std::string> result;
    for (const auto& [key, value] : object.items()) result.push_back(key);
    return result;
}

inline Index first_task_with(const World& world, bool (*wanted)(const Task&)) {
    for (Index t = 0; t < world.tasks.size(); ++t) {
        if (world.reachable(t) && wanted(world.tasks[t])) return t;
    }
    FAIL("the generated world has no such task");
    return 0;
}

}  // namespace fake_asana
