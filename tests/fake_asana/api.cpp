#include "api.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <optional>

#include "json.hpp"
#include "projection.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

constexpr std::size_t kUnpagedMost = 1000;

// FNV-1a with a secret in front: enough against clients that make up tokens.
std::uint64_t digest(std::string_view text) {
    std::uint64_t h = 0xCBF29CE484222325ULL ^ 0x5EC4E7ULL;
    for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return h;
}

std::string hex(std::uint64_t number) {
    char buffer[17];
    std::snprintf(buffer, sizeof buffer, "%016llx", static_cast<unsigned long long>(number));
    return buffer;
}

// Tokens carry four numbers and a digest of them and of what they are bound to.
struct Token {
    std::uint64_t a, b, c;
};
std::string encoded(const Token& token, std::string_view bound_to) {
    const std::string numbers = hex(token.a) + hex(token.b) + hex(token.c);
    return numbers + hex(digest(numbers + std::string(bound_to)));
}
std::optional<Token> decoded(std::string_view text, std::string_view bound_to) {
    if (text.size() != 64 || hex(digest(std::string(text.substr(0, 48)) + std::string(bound_to))) != text.substr(48)) {
        return std::nullopt;
    }
    std::array<std::uint64_t, 3> n{};
    for (std::size_t i = 0; i < 3; ++i) std::from_chars(text.data() + 16 * i, text.data() + 16 * (i + 1), n[i], 16);
    return Token{n[0], n[1], n[2]};
}

std::string url_encoded(std::string_view text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || std::string_view("-_.~,").find(c) != std::string_view::npos) {
            result += c;
        } else {
            char buffer[4];
            std::snprintf(buffer, sizeof buffer, "%%%02X", byte);
            result += buffer;
        }
    }
    return result;
}

// One request being answered.
class Call {
  public:
    Call(const World& world, const ApiOptions& options, const ApiRequest& request)
        : w(world), options_(options), request_(request), out_{world, json_, options.free_plan} {}

    const World& w;
    std::vector<std::string_view> args;  // what stands in the {} of the route

    bool free_plan() const { return options_.free_plan; }
    bool service_account() const { return options_.service_account; }
    Millis now() const { return request_.now; }
    Millis search_lag() const { return options_.search_lag; }

    std::optional<std::string_view> query(const std::string& name) const {
        const auto found = request_.query.find(name);
        if (found == request_.query.end()) return std::nullopt;
        return found->second;
    }
    std::string_view required(const std::string& name) const {
        const auto value = query(name);
        if (!value || value->empty()) throw ApiError(400, name + ": Missing input");
        return *value;
    }
    std::optional<Millis> time(const std::string& name) const {
        const auto value = query(name);
        if (!value) return std::nullopt;
        if (*value == "now") return request_.now;
        const auto parsed = parse_time(*value);
        if (!parsed)
            throw ApiError(400, name + ": Date must be in ISO-8601 (yyyy-mm-dd) format, not: " + std::string(*value));
        return parsed;
    }

    // The object that a gid in the path or the query names, or the refusal that Asana has for it.
    std::pair<Type, Id> object(const std::string& name, std::string_view gid) const {
        const bool well_formed =
            !gid.empty() && gid.size() < 40 && std::isdigit(static_cast<unsigned char>(gid[0])) &&
            std::all_of(gid.begin(), gid.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)); });
        if (!well_formed) throw ApiError(400, name + ": Not a recognized ID: " + std::string(gid));
        const auto found = w.parsed(gid);
        if (!found || !w.exists(found->first, found->second)) {
            throw ApiError(404, name + ": Unknown object: " + std::string(gid));
        }
        if (!w.allowed(found->first, found->second)) {
            throw ApiError(403, "You do not have access to this " + std::string(type_name(found->first)) + ".");
        }
        return *found;
    }
    Index object(Type type, std::string_view gid) const { return object(type, std::string(type_name(type)), gid); }
    Index object(Type type, const std::string& name, std::string_view gid) const {
        const auto [found, id] = object(name, gid);
        if (found != type) throw ApiError(404, name + ": Not a recognized ID: " + std::string(gid));
        return static_cast<Index>(id);
    }
    Index user(std::string_view text) const {
        if (text == "me") return request_.me;
        for (Index i = 0; text.find('@') != std::string_view::npos && i < w.users.size(); ++i) {
            if (w.users[i].email == text) return i;
        }
        return object(Type::user, text);
    }

    // Answers.
    std::string one(Type type, Id id) {
        json_ = "{\"data\":";
        write(out_, type, id, *selection(type, Extent::full));
        return finished();
    }
    template <class Item>
    std::string one_of(Type type, const Item& item) {
        json_ = "{\"data\":";
        write(out_, item, *selection(type, Extent::full));
        return finished();
    }
    std::string page(Type type, const std::vector<Index>& items, Extent extent = Extent::compact) {
        const auto s = selection(type, extent);
        return paged(
            items, [](Index i) { return Id{i}; }, [&](Index i) { write(out_, type, i, *s); });
    }
    template <class Item>
    std::string page_of(Type type, const std::vector<Item>& items) {
        const auto s = selection(type, Extent::compact);
        return paged(
            items, [](const Item& i) { return i.id; }, [&](const Item& i) { write(out_, i, *s); });
    }
    std::string fixed(Type type, const std::vector<Index>& items) {  // opt_fields has no say here
        const auto s = predefined(type, Extent::compact);
        return paged(
            items, [](Index i) { return Id{i}; }, [&](Index i) { write(out_, type, i, *s); });
    }
    // Compact records of whatever type.
    std::string references(const std::vector<std::pair<Type, Index>>& items) {
        return paged(
            items, [](const auto& i) { return World::stream_key(i.first, i.second); },
            [&](const auto& i) { write(out_, i.first, i.second, *predefined(i.first, Extent::compact)); });
    }
    // limit without offset, as search has it.
    std::string first(Type type, std::vector<Index> items, std::size_t unasked) {
        const std::size_t most = limit().value_or(unasked);
        if (items.size() > most) items.resize(most);
        const auto s = selection(type, Extent::compact);
        json_ = "{\"data\":[";
        write_items(items, 0, items.size(), [&](Index i) { write(out_, type, i, *s); });
        json_ += "]}";
        return finished_raw();
    }
    std::string events(Type type, Id id);
    std::string audit_log(Index workspace);

  private:
    std::string finished() {
        json_ += '}';
        return finished_raw();
    }
    std::string finished_raw() { return std::move(json_); }

    std::shared_ptr<const Selection> selection(Type type, Extent extent) const {
        const auto fields = query("opt_fields");
        return fields ? selected(type, *fields) : predefined(type, extent);
    }

    std::optional<std::size_t> limit() const {
        const auto text = query("limit");
        if (!text) return std::nullopt;
        std::size_t number = 0;
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
        if (error != std::errc{} || end != text->data() + text->size() || number < 1 || number > 100) {
            throw ApiError(400, "limit: Must be between 1 and 100");
        }
        return number;
    }

    // The path and every query parameter but the offset: what an offset is bound to.
    std::string signature() const {
        std::string result = request_.path;
        for (const auto& [name, value] : request_.query) {
            if (name == "offset") continue;
            result += result.size() == request_.path.size() ? '?' : '&';
            result += url_encoded(name) + '=' + url_encoded(value);
        }
        return result;
    }

    template <class Items, class Write>
    void write_items(const Items& items, std::size_t begin, std::size_t end, Write write_item) {
        for (std::size_t i = begin; i < end; ++i) {
            if (i > begin) json_ += ',';
            write_item(items[i]);
        }
    }

    template <class Items, class Key, class Write>
    std::string paged(const Items& items, Key key, Write write_item) {
        const auto most = limit();
        const auto offset = query("offset");
        if (!most && !offset && items.size() > kUnpagedMost) {
            throw ApiError(400,
                           "The result is too large. You should use pagination (may require specifying a workspace)!");
        }
        std::size_t begin = 0;
        if (offset) begin = resumed(items, key, *offset);
        const std::size_t end = most ? std::min(items.size(), begin + *most) : items.size();
        json_.reserve(4096 + (end - begin) * 5000);
        json_ = "{\"data\":[";
        write_items(items, begin, end, write_item);
        json_ += ']';
        if (most) next_page(end<items.size(), end, end> begin ? key(items[end - 1]) : 0);
        return finished();
    }

    // Pages go on behind the last object of the page before, wherever it stands by now.
    template <class Items, class Key>
    std::size_t resumed(const Items& items, Key key, std::string_view offset) const {
        const auto token = decoded(offset, signature());
        if (!token) throw ApiError(400, "offset: Your pagination token is invalid.");
        if (static_cast<Millis>(token->c) < request_.now)
            throw ApiError(400, "offset: Your pagination token has expired.");
        const auto at = static_cast<std::size_t>(token->a);
        if (at <= items.size() && at > 0 && key(items[at - 1]) == token->b) return at;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (key(items[i]) == token->b) return i + 1;
        }
        return std::min(at == 0 ? 0 : at - 1, items.size());
    }

    void next_page(bool more, std::size_t end, Id last) {
        json_ += ",\"next_page\":";
        if (!more) {
            json_ += "null";
            return;
        }
        const std::string bound = signature();
        const std::string token = encoded({end, last, static_cast<std::uint64_t>(request_.now + kOffsetLife)}, bound);
        const std::string path = bound + "&offset=" + token;
        json_ += "{\"offset\":";
        append_string(json_, token);
        json_ += ",\"path\":";
        append_string(json_, path);
        json_ += ",\"uri\":";
        append_string(json_, options_.public_url + path);
        json_ += '}';
    }

    const ApiOptions& options_;
    const ApiRequest& request_;
    std::string json_;
    Output out_;
};

std::string sync_text(const SyncToken& token, std::string_view bound_to) {
    return encoded({token.position, static_cast<std::uint64_t>(token.issued), World::pair_key(token.chain, token.step)},
                   bound_to);
}

std::string Call::events(Type type, Id id) {
    const std::string bound = "sync" + w.gid(type, id);
    const auto sync = query("sync");
    std::optional<Delivery::Page> page;
    if (const auto token = sync ? decoded(*sync, bound) : std::nullopt) {
        page = options_.delivery->page(w, World::stream_key(type, id),
                                       {.position = token->a,
                                        .issued = static_cast<Millis>(token->b),
                                        .chain = static_cast<std::uint32_t>(token->c >> 32U),
                                        .step = static_cast<std::uint32_t>(token->c)},
                                       now(), type == Type::workspace ? kWorkspaceEventsMost : kEventsMost);
    }
    if (!page) {
        ApiError error(412,
                       "Sync token invalid or too old. If you are attempting to keep resources in sync, you must fetch "
                       "the full dataset for this query now and use the new sync token for the next sync.");
        error.sync = sync_text(options_.delivery->begin(w, now()), bound);
        throw error;
    }
    const auto s = selection(Type::event, Extent::compact);
    json_ = "{\"data\":[";
    write_items(page->events, 0, page->events.size(), [&](Index event) { write(out_, w.events[event], *s); });
    json_ += "],\"sync\":";
    append_string(json_, sync_text(page->next, bound));
    json_ += page->more ? ",\"has_more\":true}" : ",\"has_more\":false}";
    return std::move(json_);
}

// Once something has matched, next_page is given for ever: the offset goes on with what comes later.
std::string Call::audit_log(Index workspace) {
    const auto from = time("start_at");
    const auto most = limit().value_or(1000);
    std::size_t at = 0, given = 0;
    if (const auto offset = query("offset")) {
        const auto token = decoded(*offset, signature());
        if (!token) throw ApiError(400, "offset: Your pagination token is invalid.");
        at = static_cast<std::size_t>(token->a);
    }
    json_ = "{\"data\":[";
    for (; at < w.audit_log.size() && given < most; ++at) {
        const AuditEvent& event = w.audit_log[at];
        if (event.workspace != workspace || (from && event.created < *from)) continue;
        if (given++ > 0) json_ += ',';
        json_ += R"({"gid":")" + event.gid() + R"(","created_at":")" + iso_time(event.created) + R"(","event_type":")" +
                 audit_type(event) + R"(","event_category":")" + event.action +
                 R"(","actor":{"actor_type":"user","gid":")" + w.gid(Type::user, 0) + R"(","name":)";
        append_string(json_, event.actor);
        json_ += R"(,"email":)";
        append_string(json_, w.users[0].email);
        json_ += R"(},"resource":{"resource_type":")" + std::string(type_name(event.type)) + R"(","gid":")" +
                 w.gid(event.type, event.resource) + '"';
        if (!event.name.empty()) append_string(json_ += R"(,"name":)", event.name);
        json_ += R"(},"details":{"group":{},"email":")" + w.users[0].email +
                 R"("},"context":{"context_type":"web","client_ip_address":"1.1.1.1"}})";
    }
    json_ += "]";
    next_page(given > 0 || query("offset").has_value(), at, 0);
    return finished();
}

template <class List, class Keep>
std::vector<Index> kept(const List& list, Keep keep) {
    std::vector<Index> result;
    result.reserve(list.size());
    std::copy_if(list.begin(), list.end(), std::back_inserter(result), keep);
    return result;
}

template <class List>
std::vector<Index> all(const List& list) {
    std::vector<Index> result(list.size());
    for (Index i = 0; i < result.size(); ++i) result[i] = i;
    return result;
}

// A list of tasks: what the token sees of it, by the filters that this endpoint has.
std::string task_list(Call& c, const std::vector<Index>& tasks, bool completed_filter, bool modified_filter) {
    const auto completed = completed_filter ? c.time("completed_since") : std::nullopt;
    const auto modified = modified_filter ? c.time("modified_since") : std::nullopt;
    return c.page(Type::task, kept(tasks, [&](Index t) {
                      const Task& task = c.w.tasks[t];
                      return !c.w.hidden_task(t) &&
                             (!completed || !task.completed || task.completed_at >= *completed) &&
                             (!modified || task.modified >= *modified);
                  }));
}

// Those counts of tasks that opt_fields names, and none without it.
std::string task_counts(Call& c, Index project) {
    std::int64_t all = 0, completed = 0;
    for (const Index t : c.w.projects[project].tasks) {
        if (c.w.hidden_task(t)) continue;
        ++all;
        completed += c.w.tasks[t].completed ? 1 : 0;
    }
    std::string data;
    const auto fields = ',' + std::string(c.query("opt_fields").value_or("")) + ',';
    for (const auto& [name, number] : {std::pair("num_tasks", all), std::pair("num_completed_tasks", completed),
                                       std::pair("num_incomplete_tasks", all - completed)})
        if (fields.find(',' + std::string(name) + ',') != std::string::npos)
            data += (data.empty() ? "\"" : ",\"") + std::string(name) + "\":" + std::to_string(number);
    return "{\"data\":{" + data + "}}";
}

std::string section_tasks(Call& c, Index section, bool modified_filter) {
    const Index project = c.w.sections[section].project;
    if (project == kNone) return task_list(c, {}, true, modified_filter);
    const auto there = [&](Index t) {
        const auto& homes = c.w.tasks[t].homes;
        return std::any_of(homes.begin(), homes.end(), [&](const TaskHome& home) { return home.section == section; });
    };
    return task_list(c, kept(c.w.projects[project].tasks, there), true, modified_filter);
}

std::string tasks_of_a_scope(Call& c) {
    int scopes = 0;
    for (const char* name : {"project", "section", "tag", "assignee", "user_task_list"})
        scopes += c.query(name) ? 1 : 0;
    if (scopes != 1 || c.query("assignee").has_value() != c.query("workspace").has_value()) {
        throw ApiError(400,
                       "Must specify exactly one of project, tag, section, user task list, or assignee + workspace");
    }
    if (const auto project = c.query("project")) {
        return task_list(c, c.w.projects[c.object(Type::project, *project)].tasks, true, true);
    }
    if (const auto section = c.query("section")) return section_tasks(c, c.object(Type::section, *section), true);
    if (const auto tag = c.query("tag")) return task_list(c, c.w.tags[c.object(Type::tag, *tag)].tasks, true, true);
    Index workspace = 0, user = 0;
    if (const auto list = c.query("user_task_list")) {
        const WorkspaceMembership& membership = c.w.workspace_memberships[c.object(Type::user_task_list, *list)];
        workspace = membership.workspace;
        user = membership.user;
    } else {
        workspace = c.object(Type::workspace, c.required("workspace"));
        user = c.user(c.required("assignee"));
    }
    const auto found = c.w.assigned.find(World::pair_key(workspace, user));
    const bool member = c.w.joined.contains(World::pair_key(workspace, user));
    return task_list(c, found == c.w.assigned.end() || !member ? std::vector<Index>{} : found->second, true, true);
}

std::string users(Call& c) {
    if (const auto team = c.query("team")) {
        std::vector<Index> members;
        for (const Index m : c.w.teams[c.object(Type::team, *team)].members)
            members.push_back(c.w.team_memberships[m].user);
        return c.page(Type::user, members);
    }
    return c.page(Type::user, c.w.workspaces[c.object(Type::workspace, c.required("workspace"))].users);
}

std::string projects(Call& c, Index workspace) {
    const auto archived = c.query("archived");
    return c.page(Type::project, kept(c.w.workspaces[workspace].projects, [&](Index p) {
                      return c.w.listed_project(p) && (!archived || c.w.projects[p].archived == (*archived == "true"));
                  }));
}

std::string tags(Call& c, Index workspace) {
    return c.page(Type::tag, kept(c.w.workspaces[workspace].tags, [&](Index tag) { return c.w.listed_tag(tag); }));
}

std::string attachments(Call& c) {
    const auto [type, id] = c.object("parent", c.required("parent"));
    std::vector<Attachment> found;
    if (type == Type::task) {
        found = c.w.task_attachments(static_cast<Index>(id));
    } else if (type == Type::project) {
        for (const Id a : c.w.projects[id].attachments) found.push_back(*c.w.attachment(a));
    } else if (type == Type::project_brief) {
        if (c.free_plan()) throw ApiError(402, "Project briefs are not available for free users.");
        for (const Id a : c.w.briefs[id].attachments) found.push_back(*c.w.attachment(a));
    } else {
        throw ApiError(400, "parent: Not a recognized ID: " + std::string(c.required("parent")));
    }
    return c.page_of(Type::attachment, found);
}

void refuse_on_free_plan(const Call& c) {
    if (c.free_plan()) throw ApiError(402, "This feature is not available for free users or guests.");
}

// A portfolio or goal, of a paid plan.
Index plan(Call& c, Type type, const std::string& name, std::string_view gid) {
    const Index found = c.object(type, name, gid);
    refuse_on_free_plan(c);
    return found;
}

// For whom it is asked: the token's user, or whose name is given.
std::string portfolios(Call& c) {
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    refuse_on_free_plan(c);
    const Index owner = c.user(c.query("owner").value_or("me"));
    return c.page(Type::portfolio, kept(all(c.w.portfolios), [&](Index p) {
                      return c.w.portfolios[p].workspace == workspace && c.w.portfolios[p].owner == owner &&
                             c.w.exists(Type::portfolio, p) && c.w.visible(Type::portfolio, p);
                  }));
}

std::string portfolio_items(Call& c) {
    return c.references(c.w.items(plan(c, Type::portfolio, "portfolio", c.args[0])));
}

// Those of a workspace, or of a team: the lists have none in common.
std::string goals(Call& c) {
    const auto team = c.query("team");
    const Index t = team ? c.object(Type::team, *team) : kNone;
    const Index workspace = team ? kNone : c.object(Type::workspace, c.required("workspace"));
    refuse_on_free_plan(c);
    return c.page(
        Type::goal, kept(all(c.w.goals), [&](Index g) {
            const Goal& goal = c.w.goals[g];
            return c.w.exists(Type::goal, g) && c.w.allowed(Type::goal, g) &&
                   (team ? !goal.of_workspace && goal.team == t : goal.of_workspace && goal.workspace == workspace);
        }));
}

std::string time_periods(Call& c) {
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    refuse_on_free_plan(c);
    return c.page(Type::time_period, kept(all(c.w.time_periods), [&](Index t) {
                      return c.w.time_periods[t].workspace == workspace && c.w.exists(Type::time_period, t);
                  }));
}

std::string memberships(Call& c) {
    const auto [type, id] = c.object("parent", c.required("parent"));
    if (type == Type::project) return c.fixed(Type::membership, c.w.projects[id].memberships);
    if (type != Type::portfolio && type != Type::goal)
        throw ApiError(400, "parent: Not a recognized ID: " + std::string(c.required("parent")));
    refuse_on_free_plan(c);
    return c.fixed(Type::membership, c.w.plan(type, id).memberships);
}

std::string search(Call& c, Index workspace) {
    if (c.free_plan()) throw ApiError(402, "Search is only available to premium users.");
    if (c.query("offset")) throw ApiError(400, "offset: Search has no pages");
    const auto sort_by = c.query("sort_by").value_or("modified_at");
    if (sort_by != "modified_at" && sort_by != "created_at")
        throw ApiError(400, "sort_by: Not one of the sorts of this server: " + std::string(sort_by));
    const bool by_creation = sort_by == "created_at";
    const bool ascending = c.query("sort_ascending") == "true";
    const auto after = c.time("modified_at.after"), before = c.time("modified_at.before");
    const auto created_after = c.time("created_at.after"), created_before = c.time("created_at.before");
    const auto wanted = [&](const char* name) -> std::optional<bool> {
        const auto text = c.query(name);
        if (!text) return std::nullopt;
        if (*text != "true" && *text != "false") throw ApiError(400, std::string(name) + ": Not a boolean");
        return *text == "true";
    };
    const auto is_subtask = wanted("is_subtask"), completed = wanted("completed"), attached = wanted("has_attachment");
    std::vector<Index> found;
    for (Index t = 0; t < c.w.tasks.size(); ++t) {
        const Task& task = c.w.tasks[t];
        if (task.workspace != workspace || (after && task.modified <= *after) || (before && task.modified >= *before) ||
            (created_after && task.created <= *created_after) || (created_before && task.created >= *created_before) ||
            task.modified > c.now() - c.search_lag() ||
            is_subtask.value_or(task.parent != kNone) != (task.parent != kNone) ||
            completed.value_or(task.completed) != task.completed || !c.w.reachable(t) ||
            (attached && *attached == c.w.task_attachments(t).empty())) {
            continue;
        }
        found.push_back(t);
    }
    const auto key = [&](Index t) { return by_creation ? c.w.tasks[t].created : c.w.tasks[t].modified; };
    // What has the same time comes in another order each time.
    const auto salt = std::to_string(c.now());
    const auto disorder = [&](Index t) { return digest(salt + '/' + std::to_string(t)); };
    std::sort(found.begin(), found.end(), [&](Index a, Index b) {
        if (key(a) != key(b)) return ascending ? key(a) < key(b) : key(a) > key(b);
        return disorder(a) < disorder(b);
    });
    return c.first(Type::task, std::move(found), 20);
}

std::string team_members(Call& c, std::string_view team) {
    return c.page(Type::team_membership, c.w.teams[c.object(Type::team, team)].members);
}

std::string teams(Call& c) {
    const Workspace& workspace = c.w.workspaces[c.object(Type::workspace, c.args[0])];
    if (!workspace.organization) throw ApiError(400, "workspace: Not an organization");
    return c.page(Type::team, workspace.teams);
}

std::string custom_fields(Call& c) {
    const Index workspace = c.object(Type::workspace, c.args[0]);
    if (c.free_plan()) throw ApiError(402, "Custom Fields are not available for free users or guests.");
    return c.page(Type::custom_field, c.w.workspaces[workspace].fields, Extent::full);
}

std::string custom_field(Call& c) {
    if (c.free_plan()) throw ApiError(402, "Custom Fields are not available for free users or guests.");
    return c.one(Type::custom_field, Id{c.object(Type::custom_field, c.args[0])});
}

std::string status_updates(Call& c) {
    const auto since = c.time("created_since");
    const auto [type, id] = c.object("parent", c.required("parent"));
    const bool planned = type == Type::portfolio || type == Type::goal;
    if (type != Type::project && !planned)
        throw ApiError(400, "parent: Not a recognized ID: " + std::string(c.required("parent")));
    if (planned) refuse_on_free_plan(c);
    const auto& updates = planned ? c.w.plan(type, id).status_updates : c.w.projects[id].status_updates;
    return c.page(Type::status_update,
                  kept(updates, [&](Index update) { return !since || c.w.status_updates[update].created >= *since; }));
}

std::string brief(Call& c) {
    const Index found = c.object(Type::project_brief, c.args[0]);
    if (c.free_plan()) throw ApiError(402, "Project briefs are not available for free users.");
    return c.one(Type::project_brief, Id{found});
}

std::string project_templates(Call& c) {
    return c.page(Type::project_template,
                  c.w.work_of(Type::project_template, c.object(Type::workspace, c.required("workspace"))));
}

std::string task_templates(Call& c) {
    return c.page(Type::task_template,
                  c.w.work_of(Type::task_template, c.object(Type::project, c.required("project"))));
}

std::string time_entries(Call& c) {
    if (const auto of = c.query("task")) {
        const Index task = c.object(Type::task, *of);
        refuse_on_free_plan(c);
        return c.page(Type::time_tracking_entry, kept(c.w.work_of(Type::time_tracking_entry, c.w.tasks[task].workspace),
                                                      [&](Index i) { return c.w.time_entries[i].task == task; }));
    }
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    const auto first = c.time("entered_on_start_date"), last = c.time("entered_on_end_date");
    if (!first && !last)
        throw ApiError(400, "entered_on_start_date or entered_on_end_date: Missing input, with a workspace");
    refuse_on_free_plan(c);
    return c.page(Type::time_tracking_entry, kept(c.w.work_of(Type::time_tracking_entry, workspace), [&](Index i) {
                      const Millis day = c.w.time_entries[i].day;
                      return (!first || day >= *first) && (!last || day <= *last);
                  }));
}

std::string time_categories(Call& c) {
    const bool archived = c.query("is_archived") == "true";
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    return c.page(Type::time_tracking_category,
                  kept(c.w.work_of(Type::time_tracking_category, workspace),
                       [&](Index i) { return c.w.time_categories[i].archived == archived; }));
}

std::string timesheets(Call& c) {
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    const auto from = c.time("from_date"), to = c.time("to_date");
    return c.page(Type::timesheet_approval_status,
                  kept(c.w.work_of(Type::timesheet_approval_status, workspace), [&](Index i) {
                      const Millis start = c.w.timesheets[i].start;
                      return (!from || start + 6 * kDay >= *from) && (!to || start <= *to);
                  }));
}

std::string allocations(Call& c) {
    const Index workspace = c.object(Type::workspace, c.required("workspace"));
    refuse_on_free_plan(c);
    return c.page(Type::allocation, c.w.work_of(Type::allocation, workspace), Extent::full);
}

// Budgets and rates.
template <Type type>
std::string of_project(Call& c) {
    const Index project = c.object(Type::project, "parent", c.required("parent"));
    refuse_on_free_plan(c);
    return c.fixed(type, c.w.work_of(type, project));
}

std::string ooo_entries(Call& c) {
    const Index user = c.user(c.required("user"));
    return c.page(Type::ooo_entry, c.w.ooo_entries_of(c.object(Type::workspace, c.required("workspace")), user),
                  Extent::full);
}

std::string roles(Call& c) {
    return c.page(Type::role, c.w.work_of(Type::role, c.object(Type::workspace, c.required("workspace"))));
}

std::string audit_log(Call& c) {
    const Index workspace = c.object(Type::workspace, c.args[0]);
    if (!c.service_account()) throw ApiError(403, "You do not have access to this workspace's audit log.");
    return c.audit_log(workspace);
}

std::string workspace_events(Call& c) {
    const Index workspace = c.object(Type::workspace, c.args[0]);
    if (!c.service_account()) throw ApiError(403, "You do not have access to this workspace's events.");
    return c.events(Type::workspace, Id{workspace});
}

std::string events(Call& c) {
    const auto [type, id] = c.object("resource", c.required("resource"));
    if (type != Type::task && type != Type::project) throw ApiError(400, "resource: Not the correct type");
    return c.events(type, id);
}

struct Route {
    std::string_view pattern;
    std::string (*answer)(Call&);
};
using C = Call&;
template <Type type>
std::string single(C c) {
    return c.one(type, Id{c.object(type, c.args[0])});
}

template <Type type>
std::string paid(C c) {
    const Index found = c.object(type, c.args[0]);
    refuse_on_free_plan(c);
    return c.one(type, Id{found});
}

constexpr Route kRoutes[] = {
    {"/users/{user}", [](C c) { return c.one(Type::user, Id{c.user(c.args[0])}); }},
    {"/workspaces", [](C c) { return c.page(Type::workspace, all(c.w.workspaces)); }},
    {"/workspaces/{workspace}", single<Type::workspace>},
    {"/users", users},
    {"/workspaces/{workspace}/users",
     [](C c) { return c.page(Type::user, c.w.workspaces[c.object(Type::workspace, c.args[0])].users); }},
    {"/workspaces/{workspace}/workspace_memberships",
     [](C c) {
         return c.page(Type::workspace_membership, c.w.workspaces[c.object(Type::workspace, c.args[0])].members);
     }},
    {"/workspace_memberships/{membership}", single<Type::workspace_membership>},
    {"/workspaces/{workspace}/teams", teams},
    {"/teams/{team}", single<Type::team>},
    {"/team_memberships", [](C c) { return team_members(c, c.required("team")); }},
    {"/team_memberships/{membership}", single<Type::team_membership>},
    {"/teams/{team}/team_memberships", [](C c) { return team_members(c, c.args[0]); }},
    {"/projects", [](C c) { return projects(c, c.object(Type::workspace, c.required("workspace"))); }},
    {"/workspaces/{workspace}/projects", [](C c) { return projects(c, c.object(Type::workspace, c.args[0])); }},
    {"/projects/{project}", single<Type::project>},
    {"/projects/{project}/sections",
     [](C c) { return c.page(Type::section, c.w.projects[c.object(Type::project, c.args[0])].sections); }},
    {"/projects/{project}/task_counts", [](C c) { return task_counts(c, c.object(Type::project, c.args[0])); }},
    {"/sections/{section}", single<Type::section>},
    {"/memberships", memberships},
    {"/memberships/{membership}", single<Type::membership>},
    {"/tasks", tasks_of_a_scope},
    {"/projects/{project}/tasks",
     [](C c) { return task_list(c, c.w.projects[c.object(Type::project, c.args[0])].tasks, true, false); }},
    {"/sections/{section}/tasks", [](C c) { return section_tasks(c, c.object(Type::section, c.args[0]), false); }},
    {"/tags/{tag}/tasks",
     [](C c) { return task_list(c, c.w.tags[c.object(Type::tag, c.args[0])].tasks, false, false); }},
    {"/tasks/{task}", single<Type::task>},
    {"/tasks/{task}/subtasks",
     [](C c) { return task_list(c, c.w.tasks[c.object(Type::task, c.args[0])].children, false, false); }},
    {"/tasks/{task}/stories", [](C c) { return c.page_of(Type::story, c.w.stories(c.object(Type::task, c.args[0]))); }},
    {"/stories/{story}", [](C c) { return c.one_of(Type::story, *c.w.story(c.object("story", c.args[0]).second)); }},
    {"/attachments", attachments},
    {"/attachments/{attachment}",
     [](C c) { return c.one_of(Type::attachment, *c.w.attachment(c.object("attachment", c.args[0]).second)); }},
    {"/tags", [](C c) { return tags(c, c.object(Type::workspace, c.required("workspace"))); }},
    {"/workspaces/{workspace}/tags", [](C c) { return tags(c, c.object(Type::workspace, c.args[0])); }},
    {"/tags/{tag}", single<Type::tag>},
    {"/workspaces/{workspace}/custom_fields", custom_fields},
    {"/custom_fields/{field}", custom_field},
    {"/custom_types",
     [](C c) {
         return c.page(Type::custom_type, c.w.projects[c.object(Type::project, c.required("project"))].custom_types,
                       Extent::full);
     }},
    {"/custom_types/{type}", single<Type::custom_type>},
    {"/status_updates", status_updates},
    {"/status_updates/{update}", single<Type::status_update>},
    {"/project_briefs/{brief}", brief},
    {"/events", events},
    {"/workspaces/{workspace}/events", workspace_events},
    {"/workspaces/{workspace}/audit_log_events", audit_log},
    {"/workspaces/{workspace}/tasks/search", [](C c) { return search(c, c.object(Type::workspace, c.args[0])); }},
    {"/project_templates", project_templates},
    {"/project_templates/{template}", single<Type::project_template>},
    {"/task_templates", task_templates},
    {"/task_templates/{template}", single<Type::task_template>},
    {"/time_tracking_entries", time_entries},
    {"/time_tracking_entries/{entry}", paid<Type::time_tracking_entry>},
    {"/time_tracking_categories", time_categories},
    {"/time_tracking_categories/{category}", single<Type::time_tracking_category>},
    {"/timesheet_approval_statuses", timesheets},
    {"/timesheet_approval_statuses/{status}", single<Type::timesheet_approval_status>},
    {"/allocations", allocations},
    {"/allocations/{allocation}", paid<Type::allocation>},
    {"/budgets", of_project<Type::budget>},
    {"/budgets/{budget}", paid<Type::budget>},
    {"/rates", of_project<Type::rate>},
    {"/rates/{rate}", paid<Type::rate>},
    {"/ooo_entries", ooo_entries},
    {"/ooo_entries/{entry}", single<Type::ooo_entry>},
    {"/roles", roles},
    {"/roles/{role}", single<Type::role>},
    {"/workspaces/{workspace}/agents",
     [](C c) { return c.page(Type::agent, c.w.work_of(Type::agent, c.object(Type::workspace, c.args[0]))); }},
    {"/agents/{agent}", single<Type::agent>},
    {"/user_task_lists/{list}", single<Type::user_task_list>},
    {"/portfolios", portfolios},
    {"/portfolios/{portfolio}", paid<Type::portfolio>},
    {"/portfolios/{portfolio}/items", portfolio_items},
    {"/portfolios/{portfolio}/project_portfolio_settings",
     [](C c) {
         return c.page(Type::project_portfolio_setting,
                       c.w.project_settings(plan(c, Type::portfolio, "portfolio", c.args[0])));
     }},
    {"/project_portfolio_settings/{setting}", paid<Type::project_portfolio_setting>},
    {"/goals", goals},
    {"/goals/{goal}", paid<Type::goal>},
    {"/goals/{goal}/stories",
     [](C c) { return c.page_of(Type::story, c.w.goals[plan(c, Type::goal, "goal", c.args[0])].stories); }},
    {"/goal_relationships",
     [](C c) {
         const Index goal = plan(c, Type::goal, "supported_goal", c.required("supported_goal"));
         return c.page(Type::goal_relationship, c.w.relationships(goal));
     }},
    {"/goal_relationships/{relationship}", paid<Type::goal_relationship>},
    {"/time_periods", time_periods},
    {"/time_periods/{period}", paid<Type::time_period>},
};

std::vector<std::string_view> parts(std::string_view path) {
    std::vector<std::string_view> result;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        result.push_back(path.substr(0, end));
        path.remove_prefix(end);
    }
    return result;
}

// The route of a path, with what stands in its {}; null when there is none.
const Route* routed(std::string_view path, std::vector<std::string_view>& args) {
    if (path.empty() || path[0] != '/') return nullptr;
    static const auto patterns = [] {
        std::vector<std::vector<std::string_view>> all;
        for (const Route& route : kRoutes) all.push_back(parts(route.pattern));
        return all;
    }();
    const auto given = parts(path);
    for (std::size_t r = 0; r < std::size(kRoutes); ++r) {
        if (patterns[r].size() != given.size()) continue;
        args.clear();
        bool same = true;
        for (std::size_t i = 0; same && i < given.size(); ++i) {
            if (patterns[r][i][0] == '{') {
                args.push_back(given[i]);
            } else {
                same = patterns[r][i] == given[i];
            }
        }
        if (same) return &kRoutes[r];
    }
    return nullptr;
}

}  // namespace

std::string error_body(std::string_view message, std::string_view sync) {
    std::string body = "{\"errors\":[{\"message\":";
    append_string(body, message);
    body +=
        ",\"help\":\"For more information on API status codes and how to handle them, read the docs on errors: "
        "https://developers.asana.com/docs/errors\"}]";
    if (!sync.empty()) {
        body += ",\"sync\":";
        append_string(body, sync);
    }
    return body + '}';
}

std::string answer(const World& world, const ApiOptions& options, const ApiRequest& request) {
    Call call(world, options, request);
    const Route* route = routed(request.path, call.args);
    if (!route) throw ApiError(404, "No matching route for request");
    return route->answer(call);
}

std::string endpoint(std::string_view path, const std::multimap<std::string, std::string>& query) {
    std::vector<std::string_view> args;
    if (path == "/users/me") return "/users/me";
    if (path.rfind("/jobs/", 0) == 0) return "/jobs/{gid}";
    const Route* route = routed(path, args);
    if (!route) return std::string(path);
    std::string result;
    for (const std::string_view part : parts(route->pattern)) {
        result += '/';
        result += part[0] == '{' ? "{gid}" : part;
    }
    if (result != "/tasks") return result;
    for (const char* scope : {"project", "section", "tag", "assignee", "user_task_list"}) {
        if (query.contains(scope)) result += std::string("?") + scope;
    }
    return query.contains("modified_since") ? result + "&modified_since" : result;
}

}  // namespace fake_asana
