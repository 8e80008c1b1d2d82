#include "asana/source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "asana/export.hpp"
#include "asana/mapping.hpp"
#include "asana/search.hpp"
#include "asana/streams.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "source/json.hpp"

namespace taskmirror::asana {
namespace {

using source::Json;
using source::JsonObject;

constexpr std::int64_t kMostObjects = 1000;     // on a page: where Asana cuts lists that it does not page
constexpr std::size_t kMostValues = 4'000'000;  // of all their rows, 64 MB
constexpr std::size_t kLongestOffset = 8UL * 1024;
constexpr int kPageSize = 100;  // the most that Asana gives: https://developers.asana.com/docs/pagination

// What a watermark is to the parameter of this stream.
std::string since(const Stream& stream, std::string_view watermark) {
    if (stream.days == 0) return std::string(watermark);
    const auto at = parse_iso(watermark);
    if (!at) throw Error("a watermark that is no time");
    constexpr std::size_t kDate = 10;  // 2026-01-01
    return iso(*at - std::chrono::days(stream.days)).substr(0, kDate);
}

const Stream& stream_of(Id id) { return kStreams[static_cast<std::size_t>(id)]; }

std::string_view last_segment(std::string_view scope) {
    const auto slash = scope.rfind('/');
    return slash == std::string_view::npos ? scope : scope.substr(slash + 1);
}

std::string encoded_gid(std::string_view gid) {
    const bool odd = gid.empty() || gid.find("..") != std::string_view::npos ||
                     std::ranges::any_of(gid, [](char c) { return c == '/' || c == '?' || c == '#' || c == '\0'; });
    if (odd) throw Error("a gid that cannot stand in a path");
    return percent_encode(gid);
}

void fill(std::string& target, std::string_view placeholder, std::string_view gid) {
    const auto at = target.find(placeholder);
    if (at != std::string::npos) target.replace(at, placeholder.size(), encoded_gid(gid));
}

// Latest first, for any instant up to the year 9999.
std::int64_t newest_first(const Value& instant) {
    constexpr std::int64_t kEnd = 253402300800000;
    const auto parsed = instant.type == Value::Type::text ? parse_iso(instant.as_text()) : std::nullopt;
    return parsed ? kEnd - parsed->time_since_epoch().count() : kEnd;
}

bool counts(const Value& value) {
    return value.type == Value::Type::text || (value.type == Value::Type::integer && value.integer != 0) ||
           (value.type == Value::Type::real && value.real != 0);
}

// Stories of what may leave modified_at alone. The documentation contradicts itself.
constexpr std::string_view kMoves[] = {"section_changed", "added_to_project", "removed_from_project"};

// Matches loosely: the texts are not promised. https://developers.asana.com/docs/errors
bool says(std::string_view body, std::string_view words) { return body.find(words) != std::string_view::npos; }

// Null leaves it as it is.
void read_text(Json& json, Page& page, std::string& into) {
    const Value text = source::text(json, page);
    if (!text.is_null()) into = text.as_text();
}

Me me_in(JsonObject& object, Page& page) {
    Me me;
    const auto read = [&](Json& json, std::string& into) { read_text(json, page, into); };
    source::for_each_member(object, [&](std::string_view key, Json json) {
        if (key == "gid") read(json, me.gid);
        if (key == "name") read(json, me.name);
        if (key != "workspaces") return;
        auto workspaces = source::array(json);
        if (!workspaces) return;
        source::for_each_element(*workspaces, [&](std::size_t, Json element) {
            auto workspace = source::object(element);
            if (!workspace) source::wrong("an object");
            auto& visible = me.workspaces.emplace_back();
            source::for_each_member(*workspace, [&](std::string_view member, Json value) {
                if (member == "gid") read(value, visible.first);
                if (member == "name") read(value, visible.second);
            });
        });
    });
    if (me.gid.empty()) throw Error("an object without gid");
    return me;
}

class AsanaSource final : public source::Source {
  public:
    explicit AsanaSource(Options options) : options_(std::move(options)) {
        for (const Stream& stream : kStreams) {
            auto& engine = streams_.emplace_back(stream.engine);
            if (!wanted(stream)) engine.rotates = engine.net_of = {};
            fields_.push_back(stream.mapping != nullptr && stream.opt_fields ? opt_fields(*stream.mapping) : "");
        }
        if (!wanted(stream_of(Id::resource_export)))  // likewise
            for (auto& stream : streams_) stream.exported_by = {};
        if (!wanted(stream_of(Id::search_tasks)))  // it would bring what is not wanted
            for (auto& stream : streams_) {
                stream.behind = {};
                stream.told_by_search = stream.lags = false;
            }
    }

    std::string_view name() const override { return options_.name; }
    std::span<const source::Stream> streams() const override { return streams_; }
    std::span<const Table> tables() const override { return mapper_.tables(); }
    std::span<const Remains> remains() const override { return kRemains; }

    std::vector<source::FollowUp> roots() const override {
        return {{.stream = static_cast<std::uint16_t>(Id::users_me), .scope = "", .root = "", .order = 0}};
    }

    std::string fingerprint() const override {
        std::string off;
        for (const auto& resource : options_.resources_off) off += resource + ' ';
        for (const auto& workspace : options_.workspaces) off += "; only: " + workspace;
        return "off: " + off;
    }

    std::string target(const source::Work& work) const override {
        const Stream& stream = kStreams[work.stream];
        std::string target(stream.path);
        fill(target, "{scope}", last_segment(work.scope));
        fill(target, "{root}", work.root);
        char separator = stream.path.find('?') == std::string_view::npos ? '?' : '&';
        const auto add = [&](std::string_view parameter, std::string_view value) {
            target += separator;
            target += parameter;
            target += '=';
            target += value;
            separator = '&';
        };
        if (stream.shape == Stream::Shape::list) {
            if (stream.paged) add("limit", std::to_string(page_size(work)));
            if ((stream.paged || stream.endless) && !work.offset.empty()) add("offset", percent_encode(work.offset));
        }
        if (stream.shape == Stream::Shape::job && !work.cursor.empty())
            return fmt::format("/jobs/{}?opt_fields=status,new_resource_export.download_url", encoded_gid(work.cursor));
        if (stream.shape == Stream::Shape::search) {
            // Without a time to begin with it is only asked whether the plan has search.
            if (work.cursor.empty()) return target + "?limit=1&opt_fields=modified_at";
            for (const auto& [name, value] : SearchPlace::of(work).filters()) add(name, percent_encode(value));
            add("limit", std::to_string(page_size(work)));
        } else if (stream.engine.watermark && !work.cursor.empty()) {
            add(stream.since, percent_encode(since(stream, work.cursor)));
        }
        if (stream.shape == Stream::Shape::events && !work.cursor.empty()) add("sync", percent_encode(work.cursor));
        if (!fields_[work.stream].empty()) add("opt_fields", fields_[work.stream]);
        return target;
    }

    std::string body(const source::Work& work) const override {
        const bool asks = kStreams[work.stream].shape == Stream::Shape::job && work.cursor.empty();
        return asks ? export_body(encoded_gid(work.root), inside()) : std::string();
    }

    source::Verdict classify(const source::Work& work, const source::Reply& reply) const override {
        using enum source::Verdict;
        const Stream& stream = kStreams[work.stream];
        if (stream.shape == Stream::Shape::job && work.cursor.empty()) {
            if (reply.status == 201) return reply.content_type.starts_with("application/json") ? page : retry;
            // One at a time in a workspace: https://developers.asana.com/reference/createresourceexport
            if (reply.status == 403) return says(reply.body, "progress") ? busy : capability_off;
        }
        const bool list = stream.shape == Stream::Shape::list || stream.shape == Stream::Shape::search;
        switch (reply.status) {
            case 200:
                return reply.content_type.starts_with("application/json") ? page : retry;
            case 400:
                if (list && !work.offset.empty() && says(reply.body, "pagination token")) return restart;
                return refused;
            case 401:
                return unauthorized;
            case 402:
                return capability_off;
            case 403:
                if (stream.service_only) return capability_off;
                return !stream.engine.capability.empty() && says(reply.body, "premium") ? capability_off : hidden;
            case 404:
                return hidden;
            case 412:
                return kStreams[work.stream].shape == Stream::Shape::events ? token : refused;
            case 429:
                return throttled;
            case 451:
                return blocked;
            case 500:
            case 504:
                return list ? shrink : retry;
            default:
                return reply.status == 408 || reply.status == 424 || reply.status > 500 ? retry : refused;
        }
    }

    std::string reason(std::string_view body) const override {
        constexpr std::size_t kLongest = 4096;
        std::string words;
        try {
            const simdjson::padded_string padded(body);
            simdjson::ondemand::parser parser;
            auto document = parser.iterate(padded);
            for (auto error : document["errors"].get_array()) {
                if (words.size() >= kLongest) break;
                if (!words.empty()) words += "; ";
                words += std::string_view(error["message"].get_string());
            }
        } catch (const simdjson::simdjson_error&) {  // what came before it is kept
        }
        for (char& c : words)
            if (static_cast<unsigned char>(c) < 0x20) c = ' ';
        return shortened(escaped(words), kLongest);
    }

    void read(const source::Work& work, std::string_view body, source::Answer& answer) override {
        answer.clear();
        const Stream& stream = kStreams[work.stream];
        simdjson::ondemand::document document;
        if (auto error =
                parser_.iterate(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING).get(document))
            throw Error(simdjson::error_message(error));
        JsonObject envelope;
        if (document.get_object().get(envelope)) source::wrong("an object");

        int data = 0;
        source::for_each_member(envelope, [&](std::string_view key, Json json) {
            if (key == "data") {
                if (++data > 1) throw Error("stands twice");
                const bool search = stream.shape == Stream::Shape::search;
                if (search && work.cursor.empty()) return;
                if (stream.shape == Stream::Shape::list || search) {
                    auto objects = source::array(json);
                    if (!objects) source::wrong("an array");
                    source::for_each_element(*objects, [&](std::size_t index, Json element) {
                        auto object = source::object(element);
                        if (!object) source::wrong("an object");
                        if (answer.objects == kMostObjects) throw Error("more objects than a page can have");
                        read_object(work, stream, *object, static_cast<std::int64_t>(index), answer);
                        if (answer.page.values.size() > kMostValues) throw Error("more rows than a page can have");
                        ++answer.objects;
                    });
                } else if (stream.shape == Stream::Shape::events) {
                    auto events = source::array(json);
                    if (!events) source::wrong("an array");
                    source::for_each_element(*events, [&](std::size_t, Json element) {
                        auto event = source::object(element);
                        if (!event) source::wrong("an object");
                        read_event(work, *event, answer);
                    });
                } else if (stream.shape == Stream::Shape::count) {
                    auto object = source::object(json);
                    if (!object) source::wrong("an object");
                    source::for_each_member(*object, [&](std::string_view member, Json value) {
                        if (member != "num_tasks") return;
                        if (const Value number = source::integer(value); !number.is_null())
                            answer.count = number.integer;
                    });
                } else if (stream.shape == Stream::Shape::there) {
                    auto object = source::object(json);
                    if (!object) source::wrong("an object");
                    std::string gid;
                    source::for_each_member(*object, [&](std::string_view member, Json value) {
                        if (member == "gid") read_text(value, answer.page, gid);
                    });
                    if (gid.empty()) throw Error("an object without gid");
                    ++answer.objects;
                } else if (stream.shape == Stream::Shape::job) {
                    auto object = source::object(json);
                    if (!object) source::wrong("an object");
                    answer.job = job_in(*object, answer.page);
                } else if (stream.shape == Stream::Shape::single) {
                    auto object = source::object(json);
                    if (!object) source::wrong("an object");
                    read_object(work, stream, *object, 0, answer);
                    ++answer.objects;
                }
            } else if (key == "next_page" && stream.shape == Stream::Shape::list) {
                auto next = source::object(json);
                if (!next) return;
                source::for_each_member(*next, [&](std::string_view member, Json value) {
                    if (member != "offset") return;
                    const Value offset = source::text(value, answer.page);
                    if (offset.is_null() || offset.size == 0) source::wrong("a string that is not empty");
                    if (offset.size > kLongestOffset) throw Error("too long");
                    answer.next = offset.as_text();
                });
                if (!answer.next) source::wrong("an object with an offset");
            } else if (key == "sync" && stream.shape == Stream::Shape::events) {
                const Value token = source::text(json, answer.page);
                if (!token.is_null()) answer.token = token.as_text();
            } else if (key == "has_more" && stream.shape == Stream::Shape::events) {
                const Value more = source::boolean(json);
                answer.more = !more.is_null() && more.integer != 0;
            }
        });
        if (stream.endless && answer.objects == 0) answer.next.reset();
        if (!simdjson_at_end(document)) throw Error("text behind the answer");
        if (stream.shape == Stream::Shape::search && !work.cursor.empty()) go_on_with_search(work, answer);
        if (stream.shape == Stream::Shape::events) {
            if (!answer.token) throw Error("no sync token");
        } else if (data == 0) {
            throw Error("no data");
        }
    }

    void read_line(const source::Work& work, std::string_view line, source::Answer& answer) override {
        answer.clear();
        const auto mapped = lines_.map(line, work.root, answer.page);
        if (answer.page.values.size() > kMostValues) throw Error("more rows than a task can have");
        ++answer.objects;
        const Entity& task = answer.page.entities[mapped.task];
        const auto ask = [&](Id id, bool came, bool fresh) {
            if (came || !wanted(stream_of(id))) return;
            answer.follow_ups.push_back(
                {.stream = static_cast<std::uint16_t>(id),
                 .scope = std::string(task.gid),
                 .root = std::string(work.root),
                 .order = newest_first(answer.page.values[task.first + mapper_.column(kTasks, "modified_at")]),
                 .entity = static_cast<std::int64_t>(mapped.task),
                 .fresh = fresh});
        };
        ask(Id::task_stories, mapped.came.stories, false);
        ask(Id::task_attachments, mapped.came.attachments, true);
    }

    std::optional<source::FollowUp> in_place_of(const source::Work& work, std::string_view line) const override {
        const auto gid = gid_of_line(line);
        if (!gid) return std::nullopt;
        return source::FollowUp{
            .stream = static_cast<std::uint16_t>(Id::task), .scope = std::string(*gid), .root = std::string(work.root)};
    }

  private:
    Inside inside() const {
        return {.stories = wanted(stream_of(Id::task_stories)), .attachments = wanted(stream_of(Id::task_attachments))};
    }

    static int page_size(const source::Work& work) {
        return work.limit > 0 ? std::min(work.limit, kPageSize) : kPageSize;
    }

    void go_on_with_search(const source::Work& work, source::Answer& answer) const {
        auto place = SearchPlace::of(work);
        if (answer.objects < page_size(work)) {
            if (place.go_on()) answer.next = place.text();
            return;
        }
        const auto& entities = answer.page.entities;
        const auto last = std::find_if(entities.rbegin(), entities.rend(), [&](const Entity& entity) {
            return mapper_.tables()[entity.table].name == kTasks.table;
        });
        const auto time = [&](std::string_view column) {
            const Value& value = answer.page.values[last->first + mapper_.column(kTasks, column)];
            const auto instant = value.type == Value::Type::text ? parse_iso(value.as_text()) : std::nullopt;
            if (!instant) throw Error(fmt::format("{}: not an instant", column));
            return *instant;
        };
        const auto name = place.text();
        if (!place.go_on(time("modified_at"), time("created_at")))
            answer.untold = {name, fmt::format("more than {} tasks were created and modified at the same time, which "
                                               "search does not tell apart; their lists will tell of the others",
                                               page_size(work))};
        answer.next = place.text();
    }

    static bool simdjson_at_end(simdjson::ondemand::document& document) {
        const char* rest = nullptr;
        if (document.current_location().get(rest)) return true;  // OUT_OF_BOUNDS: nothing is left
        return *rest == '\0';
    }

    void read_object(const source::Work& work, const Stream& stream, JsonObject& object, std::int64_t index,
                     source::Answer& answer) {
        if (stream.mapping == nullptr) {
            read_me(object, answer);
            open(stream, work.root, {}, 0, -1, answer);
            return;
        }
        const auto scope = last_segment(work.scope);
        const auto row = mapper_.map(
            *stream.mapping, object,
            {.root = work.root, .scope = scope, .parent_type = stream.parent_type, .position = work.walked + index},
            answer.page);
        if (stream.mapping->given == Given::item) {
            const Edge& edge = answer.page.edges[row];
            open(stream, work.root, edge.gid, edge.first, -1, answer);
            return;
        }
        const bool workspace = stream.mapping == &kWorkspaces;
        if (workspace && !wanted(answer.page, row)) {
            answer.page.entities.pop_back();
            return;
        }
        const Entity& entity = answer.page.entities[row];
        if (stream.mapping == &kAuditLogEvents && !work.cursor.empty()) heed(work, row, answer);
        open(stream, workspace ? entity.gid : work.root, entity.gid, entity.first, static_cast<std::int64_t>(row),
             answer);
    }

    // An event is a hint: what it speaks of is asked for. https://developers.asana.com/reference/events
    void read_event(const source::Work& work, JsonObject& object, source::Answer& answer) const {
        struct Compact {
            std::string gid, type, subtype;
        };
        std::string action, created_at;
        Compact resource, parent;
        const auto read = [&](Json& json, std::string& into) { read_text(json, answer.page, into); };
        const auto read_compact = [&](Json& json, Compact& into) {
            auto members = source::object(json);
            if (!members) return;
            source::for_each_member(*members, [&](std::string_view key, Json value) {
                if (key == "gid") read(value, into.gid);
                if (into.gid.size() > kLongestGid) throw Error("too long");
                if (key == "resource_type") read(value, into.type);
                if (key == "resource_subtype") read(value, into.subtype);
            });
        };
        source::for_each_member(object, [&](std::string_view key, Json json) {
            if (key == "action") read(json, action);
            if (key == "created_at") read(json, created_at);
            if (key == "resource") read_compact(json, resource);
            if (key == "parent") read_compact(json, parent);
        });
        const auto ask = [&](Id id, std::string_view scope, std::string said = {}) {
            const Stream& stream = stream_of(id);
            if (scope.empty() || !wanted(stream)) return;
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(id),
                                         .scope = std::string(scope),
                                         .root = std::string(work.root),
                                         .said = std::move(said)});
        };
        // Which project speaks: a workspace tells it with what is in it.
        const bool of_workspace = &kStreams[work.stream] == &stream_of(Id::workspace_events);
        const std::string_view project = !of_workspace              ? last_segment(work.scope)
                                         : parent.type == "project" ? std::string_view(parent.gid)
                                                                    : std::string_view();
        // Stories and attachments that are gone are looked at alone; of others their list tells.
        const bool gone = action == "deleted" || (action == "removed" && resource.type == "story");
        const std::string said = gone ? "deleted " + created_at : "";
        // A list of what was modified may name it. Of what came into another container that is not sure, nor that its
        // modified_at tells of it.
        const auto ask_along = [&](std::string_view gid, bool moved) {
            ask(Id::task, gid, moved ? "moved" : "");
            if (gid.empty()) return;
            answer.follow_ups.back().at = parse_iso(created_at);
            if (!moved) answer.follow_ups.back().known_by = parse_iso(created_at);
        };
        // What is new, and stored already, came with the list that would be asked for.
        const auto ask_for_list = [&](Id id) {
            const auto before = answer.follow_ups.size();
            ask(id, parent.gid);
            if (action != "added" || answer.follow_ups.size() == before) return;
            answer.follow_ups.back().told_in = resource.type == "story" ? "asana_stories" : "asana_attachments";
            answer.follow_ups.back().told = resource.gid;
        };
        if (resource.type == "task") {
            if (gone || parent.type == "task") {
                ask(Id::task, resource.gid, said);
                if (!gone && action == "added" && !resource.gid.empty())
                    answer.follow_ups.back().known_by = parse_iso(created_at);
            } else {
                ask_along(resource.gid, !parent.gid.empty() && action != "changed");
            }
            if (parent.type == "task" && !parent.gid.empty()) {  // for its num_subtasks, and after the subtask
                ask(Id::task, parent.gid);
                answer.follow_ups.back().order = 1;
            }
        } else if ((resource.type == "story" || resource.type == "attachment") &&
                   (parent.type == "task" || (gone && parent.gid.empty()))) {
            const bool story = resource.type == "story";
            if (!story || action != "changed")
                ask_along(parent.gid, story && std::ranges::count(kMoves, resource.subtype) > 0);
            if (gone)
                ask(story ? Id::story : Id::attachment, resource.gid, said);
            else
                ask_for_list(story ? Id::task_stories : Id::task_attachments);
            if (story && resource.subtype == "attachment_added") ask_for_list(Id::task_attachments);
        } else if (resource.type == "section") {
            ask(Id::sections, project);
            if (gone) ask(Id::section, resource.gid, said);
        } else if (resource.type == "project") {
            ask(Id::project, resource.gid, said);
        } else if (resource.type == "project_membership") {
            ask(Id::memberships, project);
            ask(Id::project, project);  // for its members
        } else if (resource.type == "team_membership" && parent.type == "team") {
            ask(Id::team_memberships, parent.gid);
        } else if (resource.type == "tag" || resource.type == "team" || resource.type == "workspace_membership" ||
                   resource.type == "user") {
            const bool tag = resource.type == "tag", team = resource.type == "team";
            ask(tag ? Id::tags : team ? Id::teams : Id::workspace_memberships, work.root);
            if (!tag && !team) ask(Id::users, work.root);
            if (gone && (tag || team)) ask(tag ? Id::tag : Id::team, resource.gid, said);
        }
    }

    // What the audit log says is gone is looked at, and so is what it says came back: the event may have been lost.
    void heed(const source::Work& work, std::size_t entity, source::Answer& answer) const {
        struct Looked {
            std::string_view what;  // in the name of the event
            Id look;
        };
        static constexpr Looked kLooked[] = {
            {"task", Id::task},
            {"project", Id::project},
            {"team", Id::team},
            {"comment", Id::story},
            {"attachment", Id::attachment},
            {"custom_field", Id::custom_field},
            {"status_update", Id::status_update},
            {"portfolio", Id::portfolio},
            {"goal", Id::goal},
        };
        const auto value = [&](std::string_view column) {
            const auto& found =
                answer.page.values[answer.page.entities[entity].first + mapper_.column(kAuditLogEvents, column)];
            return found.type == Value::Type::text ? found.as_text() : std::string_view();
        };
        const auto type = value("event_type"), gid = value("resource_gid");
        const bool back = type.ends_with("_undeleted"), gone = type.ends_with("_deleted");
        if ((!back && !gone) || gid.empty() || gid.size() > kLongestGid) return;
        const auto* const looked = std::ranges::find_if(kLooked, [&](const Looked& one) {
            return type.starts_with(one.what) && type.substr(one.what.size()).starts_with('_');
        });
        if (looked == std::end(kLooked) || !wanted(stream_of(looked->look))) return;
        answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(looked->look),
                                     .scope = std::string(gid),
                                     .root = std::string(work.root),
                                     .entity = static_cast<std::int64_t>(entity),
                                     .fresh = true,  // once
                                     .said = back ? "" : fmt::format("deleted {} audit", value("created_at"))});
    }

    // The follow-up work of one row: its values begin at `first`; `opener` is its index, if it is an entity.
    void open(const Stream& stream, std::string_view root, std::string_view gid, std::uint32_t first,
              std::int64_t opener, source::Answer& answer) {
        const auto value = [&](std::string_view column) -> const Value& {
            return answer.page.values[first + mapper_.column(*stream.mapping, column)];
        };
        for (const Opens& opens : stream.opens) {
            const Stream& opened = stream_of(opens.stream);
            if (!wanted(opened)) continue;
            if (!opens.where.empty() && !opens.number && !counts(value(opens.where))) continue;
            if (!opens.is.empty() && value(opens.where).as_text() != opens.is) continue;
            const bool per_workspace = opened.path.find("{scope}") == std::string_view::npos;
            std::string scope(opens.part.empty() ? gid : opens.part);
            if (!opens.by.empty()) {
                if (value(opens.by).is_null()) continue;
                scope = value(opens.by).as_text();
            }
            // A person stands in several workspaces, and has other tasks in each.
            if (!per_workspace && opened.path.find("{root}") != std::string_view::npos)
                scope = fmt::format("{}/{}", root, scope);
            std::optional<std::int64_t> number;
            if (opens.number) number = value(opens.where).integer;
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(opens.stream),
                                         .scope = std::move(scope),
                                         .root = std::string(root),
                                         .order = opens.newest.empty() ? 0 : newest_first(value(opens.newest)),
                                         .entity = opens.when == When::always ? -1 : opener,
                                         .opener = opener,
                                         .fresh = opens.when == When::fresh,
                                         .restored = opens.when == When::restored,
                                         .watched = opens.when == When::watched,
                                         .stored = opens.stored,
                                         .number = number});
        }
    }

    bool wanted(const Stream& stream) const {
        return stream.resource.empty() || !options_.resources_off.contains(std::string(stream.resource));
    }

    bool wanted(const Page& page, std::size_t entity) const {
        if (options_.workspaces.empty()) return true;
        const Entity& workspace = page.entities[entity];
        const Value& name = page.values[workspace.first + mapper_.column(kWorkspaces, "name")];
        return std::ranges::any_of(options_.workspaces, [&](const std::string& wish) {
            return wish == workspace.gid || (name.type == Value::Type::text && wish == name.as_text());
        });
    }

    // Whose token it is, and whether the configured workspaces exist.
    void read_me(JsonObject& object, source::Answer& answer) const {
        const Me me = me_in(object, answer.page);
        answer.facts.emplace_back("token_user", me.gid);
        if (options_.workspaces.empty()) {
            answer.roots.emplace();
            for (const auto& [gid, name] : me.workspaces) answer.roots->push_back(gid);
        }
        for (const std::string& wish : options_.workspaces) {
            const bool found = std::ranges::any_of(
                me.workspaces, [&](const auto& one) { return one.first == wish || one.second == wish; });
            if (found) continue;
            std::string visible;
            for (const auto& [gid, name] : me.workspaces)
                visible += fmt::format("{}\"{}\" ({})", visible.empty() ? "" : ", ", escaped(name), escaped(gid));
            throw Fatal(ExitCode::configuration,
                        fmt::format("source {}: no workspace \"{}\" is visible to the token; visible are: {}; correct "
                                    "`workspaces` in the configuration",
                                    options_.name, wish, visible.empty() ? "none" : visible));
        }
    }

    Options options_;
    Mapper mapper_;
    LineMapper lines_{mapper_, inside()};
    std::vector<source::Stream> streams_;
    std::vector<std::string> fields_;  // opt_fields per stream
    simdjson::ondemand::parser parser_;
};

}  // namespace

std::string me_target() { return std::string(stream_of(Id::users_me).path); }

std::string probe_target(const Probe& probe, std::string_view workspace) {
    std::string target(probe.path);
    fill(target, "{root}", workspace);
    return target;
}

Me read_me(std::string_view body) {
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(body);
    auto document = parser.iterate(padded);
    JsonObject me;
    if (document["data"].get_object().get(me)) throw Error("no data");
    Page page;
    return me_in(me, page);
}

std::unique_ptr<source::Source> make_source(Options options) {
    return std::make_unique<AsanaSource>(std::move(options));
}

}  // namespace taskmirror::asana
