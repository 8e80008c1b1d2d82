#include "control.hpp"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "mutate.hpp"
#include "truth.hpp"

namespace fake_asana {

namespace {

using Json = nlohmann::json;

// The object that body[key] names. What is deleted counts only when asked for.
std::optional<Id> named(const World& world, const Json& body, const char* key, Type type, bool deleted = false) {
    if (!body.contains(key) || body[key].is_null()) return std::nullopt;
    const auto found = world.parsed(body[key].get<std::string>());
    const auto [kind, id] = found.value_or(std::pair{Type::none, Id{0}});
    const bool there = deleted ? type == Type::task ? id < world.tasks.size() && world.tasks[id].deleted
                                                    : id < world.projects.size() && world.projects[id].deleted
                               : world.exists(kind, id);
    if (kind != type || !there)
        throw std::invalid_argument(std::string(key) + " names no " + std::string(type_name(type)));
    return id;
}

// One change that a test asks for by name.
struct Change {
    Controlled& server;
    World& world;
    Mutator& mutator;
    const Json& body;
    Json& result;

    Id id(const char* key, Type type, bool deleted = false) const {
        const auto found = named(world, body, key, type, deleted);
        if (!found) throw std::invalid_argument(std::string(key) + " is missing");
        return *found;
    }
    Index one(const char* key, Type type, bool deleted = false) const {
        return static_cast<Index>(id(key, type, deleted));
    }
    Index maybe(const char* key, Type type) const {
        return static_cast<Index>(named(world, body, key, type).value_or(kNone));
    }
    Index task() const { return one("gid", Type::task); }
    std::pair<Type, Index> item() const {
        const auto found = world.parsed(body.at("item").get<std::string>());
        if (!found) throw std::invalid_argument("item is unknown");
        return {found->first, static_cast<Index>(found->second)};
    }
    Index project() const { return one("gid", Type::project); }
    std::string text(const char* key, const char* otherwise) const { return body.value(key, std::string(otherwise)); }
};

void new_task(const Change& c) {
    const Index project = c.maybe("project", Type::project), parent = c.maybe("parent", Type::task);
    const Index workspace = parent != kNone    ? c.world.tasks[parent].workspace
                            : project != kNone ? c.world.projects[project].workspace
                                               : 0;
    c.result["gid"] = c.world.gid(Type::task, c.mutator.new_task(workspace, project, parent, c.text("name", "new")));
}

void new_field(const Change& c) {
    static const std::map<std::string, FieldKind> kKinds{
        {"text", FieldKind::text}, {"number", FieldKind::number}, {"enum", FieldKind::enumeration},
        {"date", FieldKind::date}, {"people", FieldKind::people}, {"multi_enum", FieldKind::multi_enum}};
    const auto kind = kKinds.find(c.text("kind", "text"));
    if (kind == kKinds.end()) throw std::invalid_argument("kind is unknown");
    const Index field = c.mutator.new_field(c.project(), c.body.at("name"), kind->second, c.body.value("global", true));
    c.result["gid"] = c.world.gid(Type::custom_field, field);
}

void user_leaves(const Change& c) {
    const Index user = c.one("gid", Type::user), workspace = c.maybe("workspace", Type::workspace);
    c.mutator.remove_user(workspace == kNone ? 0 : workspace, user, c.body.value("keep_membership", true));
}

std::pair<Type, Id> anything(const Change& c) {
    const auto object = c.world.parsed(c.body.at("gid").get<std::string>());
    if (!object) throw std::invalid_argument("gid is unknown");
    return *object;
}

const std::map<std::string_view, void (*)(const Change&)> kOperations{
    {"rename_task", [](const Change& c) { c.mutator.rename(c.task(), c.body.at("name").get<std::string>()); }},
    {"complete_task", [](const Change& c) { c.mutator.complete(c.task(), c.body.value("completed", true)); }},
    {"assign_task", [](const Change& c) { c.mutator.assign(c.task(), c.maybe("user", Type::user)); }},
    {"comment",
     [](const Change& c) {
         c.result["gid"] = c.world.gid(Type::story, c.mutator.comment(c.task(), c.text("text", "a comment")));
     }},
    {"edit_comment",
     [](const Change& c) { c.mutator.edit_comment(c.id("gid", Type::story), c.text("text", "an edited comment")); }},
    {"delete_comment", [](const Change& c) { c.mutator.delete_comment(c.id("gid", Type::story)); }},
    {"delete_attachment", [](const Change& c) { c.mutator.delete_attachment(c.id("gid", Type::attachment)); }},
    {"new_task", new_task},
    {"delete_task", [](const Change& c) { c.mutator.remove(c.task()); }},
    {"undelete_task", [](const Change& c) { c.mutator.restore(c.one("gid", Type::task, true)); }},
    {"reparent", [](const Change& c) { c.mutator.reparent(c.task(), c.maybe("parent", Type::task)); }},
    {"move_task",
     [](const Change& c) {
         c.mutator.move(c.task(), c.one("project", Type::project), c.maybe("section", Type::section));
     }},
    {"add_to_project",
     [](const Change& c) {
         c.mutator.add_to_project(c.task(), c.one("project", Type::project), c.maybe("section", Type::section));
     }},
    {"leave_project", [](const Change& c) { c.mutator.leave(c.task(), c.one("project", Type::project)); }},
    {"rename_project", [](const Change& c) { c.mutator.rename_project(c.project(), c.body.at("name")); }},
    {"archive_project", [](const Change& c) { c.mutator.archive(c.project(), c.body.value("archived", true)); }},
    {"private_project", [](const Change& c) { c.mutator.set_private(c.project(), true); }},
    {"public_project", [](const Change& c) { c.mutator.set_private(c.project(), false); }},
    {"delete_project", [](const Change& c) { c.mutator.remove_project(c.project()); }},
    {"undelete_project", [](const Change& c) { c.mutator.restore_project(c.one("gid", Type::project, true)); }},
    {"delete_section", [](const Change& c) { c.mutator.remove_section(c.one("gid", Type::section)); }},
    {"remove_field_from_project",
     [](const Change& c) { c.mutator.remove_field(c.project(), c.one("field", Type::custom_field)); }},
    {"add_field_to_project",
     [](const Change& c) { c.mutator.add_field(c.project(), c.one("field", Type::custom_field)); }},
    {"new_field", new_field},
    {"rename_field",
     [](const Change& c) { c.mutator.rename_field(c.one("gid", Type::custom_field), c.body.at("name")); }},
    {"add_field_to_portfolio",
     [](const Change& c) {
         c.mutator.add_portfolio_field(c.one("gid", Type::portfolio), c.one("field", Type::custom_field));
     }},
    {"rename_portfolio",
     [](const Change& c) { c.mutator.rename_portfolio(c.one("gid", Type::portfolio), c.body.at("name")); }},
    {"delete_tag", [](const Change& c) { c.mutator.remove_tag(c.one("gid", Type::tag)); }},
    {"delete_team", [](const Change& c) { c.mutator.remove_team(c.one("gid", Type::team)); }},
    {"delete_field", [](const Change& c) { c.mutator.remove_definition(c.one("gid", Type::custom_field)); }},
    {"delete_brief", [](const Change& c) { c.mutator.remove_brief(c.project()); }},
    {"remove_type", [](const Change& c) { c.mutator.remove_type(c.project(), c.one("type", Type::custom_type)); }},
    {"remove_member", [](const Change& c) { c.mutator.remove_member(c.one("gid", Type::membership)); }},
    {"leave_team", [](const Change& c) { c.mutator.leave_team(c.one("gid", Type::team_membership)); }},
    {"delete_status_update",
     [](const Change& c) { c.mutator.remove_status_update(c.one("gid", Type::status_update)); }},
    {"user_leaves", user_leaves},
    {"track",
     [](const Change& c) {
         const auto day = parse_time(c.body.at("day").get<std::string>());
         if (!day) throw std::invalid_argument("day is no date");
         const Index entry = c.mutator.track(c.task(), c.body.value("minutes", 30), *day);
         c.result["gid"] = c.world.gid(Type::time_tracking_entry, entry);
     }},
    {"delete_work",
     [](const Change& c) {
         const auto [type, id] = anything(c);
         if (!c.world.exists(type, id) || c.world.work_count(type) == 0)
             throw std::invalid_argument("gid names nothing around work");
         c.mutator.remove_work(type, static_cast<Index>(id));
     }},
    {"add_item", [](const Change& c) { c.mutator.add_item(c.one("gid", Type::portfolio), c.item()); }},
    {"remove_item", [](const Change& c) { c.mutator.remove_item(c.one("gid", Type::portfolio), c.item()); }},
    {"delete_portfolio", [](const Change& c) { c.mutator.remove_portfolio(c.one("gid", Type::portfolio)); }},
    {"delete_goal", [](const Change& c) { c.mutator.remove_goal(c.one("gid", Type::goal)); }},
    {"rename_goal",
     [](const Change& c) { c.mutator.rename_goal(c.one("gid", Type::goal), c.body.at("name").get<std::string>()); }},
    {"remove_relationship",
     [](const Change& c) { c.mutator.remove_relationship(c.one("gid", Type::goal_relationship)); }},
    {"delete_time_period", [](const Change& c) { c.mutator.remove_time_period(c.one("gid", Type::time_period)); }},
    {"forbid", [](const Change& c) { c.world.forbidden.insert(anything(c)); }},
    {"permit", [](const Change& c) { c.world.forbidden.erase(anything(c)); }},
    {"revoke_token", [](const Change& c) { c.server.tokens.erase(c.body.at("token").get<std::string>()); }},
    {"add_token",
     [](const Change& c) {
         const Index user = c.maybe("user", Type::user);
         c.server.tokens[c.body.at("token").get<std::string>()] = user == kNone ? 0 : user;
     }},
};

Json change(Controlled& server, const Json& body) {
    World& world = server.world;
    const Millis now = server.virtual_now();
    const std::unique_lock lock(server.world_mutex);
    Mutator mutator(world, body.value("seed", std::uint64_t{1}), now, body.value("events", true));
    const std::string op = body.value("op", "");
    Json result = Json::object();
    if (op.empty()) {
        result["changes"] = mutator.run(body.value("count", 1), body.value("kinds", std::vector<std::string>{}),
                                        body.value("silent", false));
        return result;
    }
    const auto found = kOperations.find(op);
    if (found == kOperations.end()) throw std::invalid_argument("unknown op: " + op);
    found->second({server, world, mutator, body, result});
    return result;
}

void make_delivery(Controlled& server, const Json& body) {
    server.delivery->make({.drop = body.value("drop", 0.0),
                           .duplicate = body.value("duplicate", 0.0),
                           .reorder = body.value("reorder", false),
                           .lag = static_cast<Millis>(body.value("lag_s", 0.0) * 1000),
                           .seed = body.value("seed", std::uint64_t{1})});
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
            {"posts", s.posts},
            {"downloads", s.downloads},
            {"betrayals", s.betrayals},
            {"first_request_ms", s.first == kNoTime ? Json() : Json(s.first)},
            {"last_request_ms", s.last == kNoTime ? Json() : Json(s.last)}};
}

Json dispatched(Controlled& server, const std::string& what, const Json& body) {
    if (what == "POST /_control/mutate") return change(server, body);
    if (what == "GET /_control/kinds") return Mutator::kinds(true);
    if (what == "POST /_control/events") {
        make_delivery(server, body);
        return Json::object();
    }
    if (what == "POST /_control/search") {
        const std::unique_lock lock(server.world_mutex);
        server.index = body.value("frozen", false) ? std::make_unique<const World>(server.world) : nullptr;
        return Json::object();
    }
    if (what == "POST /_control/exports") {
        server.exports.make({.polls = body.value("polls", 1),
                             .at = body.value("at", std::string("request")),
                             .failures = body.value("failures", 0),
                             .background = body.value("background", false),
                             .ranges = body.value("ranges", true),
                             .giant = body.value("giant", -1L),
                             .nameless = body.value("nameless", false),
                             .invalid = body.value("invalid", false),
                             .never = body.value("never", false),
                             .shuffled = body.value("shuffled", true)});
        return Json::object();
    }
    if (what == "POST /_control/expire_tokens") {
        server.delivery->expire();
        return Json::object();
    }
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
    const bool service = plan == query.end() ? server.service_account : plan->second == "service";
    const bool exported = query.contains("exports");
    if (method == "GET" && path == "/_control/truth") {
        response.set_chunked_content_provider(
            "application/x-ndjson", [&server, free_plan, service](std::size_t, httplib::DataSink& sink) {
                const std::shared_lock lock(server.world_mutex);
                print_truth(server.world, free_plan, service,
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
            const auto least = minimum_requests(server.world, free_plan, service, exported);
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
