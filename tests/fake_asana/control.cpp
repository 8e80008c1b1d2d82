#include "control.hpp"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mutate.hpp"
#include "truth.hpp"

namespace fake_asana {

namespace {

using Json = nlohmann::json;

Index named(const World& world, const Json& body, const char* key, Type type, Index otherwise = kNone) {
    if (!body.contains(key) || body[key].is_null()) return otherwise;
    const auto found = world.parsed(body[key].get<std::string>());
    if (!found || found->first != type) {
        throw std::invalid_argument(std::string(key) + " names no " + std::string(type_name(type)));
    }
    return static_cast<Index>(found->second);
}

Index required(const World& world, const Json& body, const char* key, Type type) {
    const Index found = named(world, body, key, type);
    const bool there = type != Type::task || found < world.tasks.size();
    if (found == kNone || !there) throw std::invalid_argument(std::string(key) + " is missing or unknown");
    return found;
}

Json change(Controlled& server, const Json& body) {
    World& world = server.world;
    const Millis now = server.virtual_now();
    const std::unique_lock lock(server.world_mutex);
    Mutator mutator(world, body.value("seed", std::uint64_t{1}), now, body.value("events", true));
    const std::string op = body.value("op", "");
    const auto task = [&] { return required(world, body, "gid", Type::task); };
    Json result = Json::object();
    if (op.empty()) {
        result["changes"] = mutator.run(body.value("count", 1), body.value("kinds", std::vector<std::string>{}),
                                        body.value("silent", false));
    } else if (op == "rename_task") {
        mutator.rename(task(), body.at("name").get<std::string>());
    } else if (op == "complete_task") {
        mutator.complete(task(), body.value("completed", true));
    } else if (op == "assign_task") {
        mutator.assign(task(), named(world, body, "user", Type::user));
    } else if (op == "comment") {
        result["gid"] = world.gid(Type::story, mutator.comment(task(), body.value("text", "a comment")));
    } else if (op == "delete_task") {
        mutator.remove(task());
    } else if (op == "undelete_task") {
        mutator.restore(task());
    } else if (op == "move_task") {
        mutator.move(task(), required(world, body, "project", Type::project),
                     named(world, body, "section", Type::section));
    } else if (op == "leave_project") {
        mutator.leave(task(), required(world, body, "project", Type::project));
    } else if (op == "new_task") {
        const Index project = named(world, body, "project", Type::project),
                    parent = named(world, body, "parent", Type::task);
        const Index workspace = parent != kNone    ? world.tasks[parent].workspace
                                : project != kNone ? world.projects[project].workspace
                                                   : 0;
        result["gid"] = world.gid(Type::task, mutator.new_task(workspace, project, parent, body.value("name", "new")));
    } else if (op == "forbid" || op == "permit") {
        const auto object = world.parsed(body.at("gid").get<std::string>());
        if (!object) throw std::invalid_argument("gid is unknown");
        if (op == "forbid") {
            world.forbidden.insert(*object);
        } else {
            world.forbidden.erase(*object);
        }
    } else if (op == "revoke_token") {
        server.tokens.erase(body.at("token").get<std::string>());
    } else if (op == "add_token") {
        server.tokens[body.at("token").get<std::string>()] = named(world, body, "user", Type::user, 0);
    } else {
        throw std::invalid_argument("unknown op: " + op);
    }
    return result;
}

Json statistics(Controlled& server) {
    const std::lock_guard lock(server.record_mutex);
    const Statistics& s = server.statistics;
    Json by_status = Json::object();
    for (const auto& [status, count] : s.by_status) by_status[std::to_string(status)] = count;
    return {{"total", s.total},
            {"requests", s.by_endpoint},
            {"status", by_status},
            {"max_in_flight", s.max_in_flight},
            {"max_per_minute", s.max_per_minute},
            {"max_per_10s", s.max_per_10s},
            {"requests_inside_retry_after", s.inside_retry_after},
            {"redirect_hits", s.redirect_hits},
            {"first_request_ms", s.first == kNoTime ? Json() : Json(s.first)},
            {"last_request_ms", s.last == kNoTime ? Json() : Json(s.last)}};
}

Json dispatched(Controlled& server, const std::string& what, const Json& body) {
    if (what == "POST /_control/mutate") return change(server, body);
    if (what == "POST /_control/advance") {
        const std::unique_lock lock(server.world_mutex);
        server.advanced += static_cast<Millis>(body.at("seconds").get<double>() * 1000);
        return Json::object();
    }
    if (what == "POST /_control/fault" || what == "DELETE /_control/fault") {
        const std::lock_guard lock(server.record_mutex);
        if (what[0] == 'D') {
            server.faults.clear();
        } else if (body.is_array()) {
            for (const Json& rule : body) server.faults.add(parse_fault(rule));
        } else {
            server.faults.add(parse_fault(body));
        }
        return Json::object();
    }
    if (what == "GET /_control/stats") return statistics(server);
    if (what == "POST /_control/stats/reset") {
        const std::lock_guard lock(server.record_mutex);
        server.statistics = Statistics{};
        return Json::object();
    }
    throw std::invalid_argument("no such control route: " + what);
}

}  // namespace

void control(Controlled& server, const std::string& method, const std::string& path,
             const std::multimap<std::string, std::string>& query, const std::string& body,
             httplib::Response& response) {
    const auto plan = query.find("plan");
    const bool free_plan = plan == query.end() ? server.free_plan : plan->second == "free";
    if (method == "GET" && path == "/_control/truth") {
        response.set_chunked_content_provider(
            "application/x-ndjson", [&server, free_plan](std::size_t, httplib::DataSink& sink) {
                const std::shared_lock lock(server.world_mutex);
                print_truth(server.world, free_plan,
                            [&](std::string_view piece) { return sink.write(piece.data(), piece.size()); });
                sink.done();
                return true;
            });
        return;
    }
    try {
        Json result;
        if (method == "GET" && path == "/_control/minimum") {
            const std::shared_lock lock(server.world_mutex);
            const auto least = minimum_requests(server.world, free_plan);
            long total = 0;
            for (const auto& [stream, count] : least) total += count;
            result = {{"streams", least}, {"total", total}};
        } else {
            result = dispatched(server, method + " " + path, body.empty() ? Json::object() : Json::parse(body));
        }
        response.set_content(result.dump(), "application/json; charset=UTF-8");
    } catch (const std::exception& error) {
        response.status = 400;
        response.set_content(Json{{"error", error.what()}}.dump(), "application/json; charset=UTF-8");
    }
}

}  // namespace fake_asana
