#include "asana/source.hpp"

#include <fmt/format.h>
#include <xxhash.h>

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
constexpr std::size_t kMostChanges = 100;  // that one answer announces
constexpr std::size_t kLongestChange = 100, kLongestInfo = 500;
constexpr int kPageSize = 100;  // the most that Asana gives: https://developers.asana.com/docs/pagination

constexpr std::string_view kProjectless = "projectless_tasks";  // the switch of lists that lead to them

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
    explicit AsanaSource(Options options)
        : options_(std::move(options)), mapper_(options_.redact, options_.redact_key) {
        if (wants_only_filtered()) options_.resources_off.emplace(kProjectless);
        for (const Stream& stream : kStreams) {
            auto& engine = streams_.emplace_back(stream.engine);
            engine.off = !wanted(stream);
            if (engine.off) engine.rotates = engine.net_of = {};
            fields_.push_back(stream.mapping != nullptr && stream.opt_fields
                                  ? opt_fields(*stream.mapping, options_.projects.is_on())
                                  : "");
        }
        if (!wanted(stream_of(Id::resource_export)))
            for (auto& stream : streams_) stream.exported_by = {};
        if (!wanted(stream_of(Id::search_tasks)))  // it would bring what is not wanted
            for (auto& stream : streams_) {
                stream.behind = {};
                stream.first = {};
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
        if (options_.projects.is_on()) off += fmt::format("; projects: {:016x}", filter_hash());
        return "off: " + off;
    }

    std::vector<Redacted> redactions() const override { return {mapper_.rules().begin(), mapper_.rules().end()}; }
    std::string redaction_key() const override {
        return needs_key(options_.redact) ? keyed_hash(options_.redact_key, "key") : std::string();
    }

    std::string_view filtered() const override { return options_.projects.is_on() ? kProjects : std::string_view(); }
    bool wants_only_filtered() const override { return !options_.projects.include.empty(); }

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
            if (only_asks(stream, work)) return target + "?limit=1&opt_fields=modified_at";
            for (const auto& [name, value] : place(stream, work).filters(split(stream)))
                add(name, percent_encode(value));
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

    std::vector<source::ApiChange> api_changes(source::Headers headers) const override {
        std::vector<source::ApiChange> changes;
        for (const auto& [name, value] : headers) {
            if (name != "asana-change") continue;
            for (auto& change : read_api_changes(value)) {
                if (changes.size() == kMostChanges) return changes;
                changes.push_back(std::move(change));
            }
        }
        return changes;
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
                if (only_asks(stream, work)) return;
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
        if (stream.shape == Stream::Shape::search && !only_asks(stream, work)) go_on_with_search(work, answer);
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
        mapper_.redact(answer.page, 0);
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

    // Without a time to begin with, a search for what was modified since only asks whether the plan has search.
    static bool only_asks(const Stream& stream, const source::Work& work) {
        return stream.shape == Stream::Shape::search && stream.engine.watermark && work.cursor.empty();
    }

    // A search for all begins at the beginning.
    static SearchPlace place(const Stream& stream, source::Work work) {
        if (!stream.engine.watermark) work.cursor = "1970-01-01T00:00:00.000Z";
        return SearchPlace::of(work);
    }

    // What splits the tasks of one millisecond: not what is asked for anyway.
    static std::string_view split(const Stream& stream) {
        return stream.path.find("is_subtask") == std::string_view::npos ? "is_subtask" : "has_attachment";
    }

    void go_on_with_search(const source::Work& work, source::Answer& answer) const {
        auto place = this->place(kStreams[work.stream], work);
        if (answer.objects < page_size(work)) {
            if (place.go_on()) answer.next = place.text();
            return;
        }
        const auto name = place.text();
        if (!found_modified_ || !found_created_) throw Error("modified_at, created_at: not instants");
        if (!place.go_on(*found_modified_, *found_created_))
            answer.untold = {name, fmt::format("more than {} tasks were created and modified at the same time, which "
                                               "search does not tell apart; their lists will tell of the others",
                                               page_size(work))};
        answer.next = place.text();
    }

    // Of what is found last, wanted or not: the next page begins there.
    void note_times(std::span<const Value> values, const Entity& task) {
        const auto time = [&](std::string_view column) {
            const Value& value = values[task.first + mapper_.column(kTasks, column)];
            return value.type == Value::Type::text ? parse_iso(value.as_text()) : std::nullopt;
        };
        found_modified_ = time("modified_at");
        found_created_ = time("created_at");
    }

    static bool simdjson_at_end(simdjson::ondemand::document& document) {
        const char* rest = nullptr;
        if (document.current_location().get(rest)) return true;  // OUT_OF_BOUNDS: nothing is left
        return *rest == '\0';
    }

    void read_object(const source::Work& work, const Stream& stream, JsonObject& object, std::int64_t index,
                     source::Answer& answer) {
        if (stream.shape == Stream::Shape::search && stream.mapping == nullptr)
            return read_named(stream, work.root, object, answer);
        if (stream.mapping == nullptr) {
            read_me(object, answer);
            open(stream, work.root, {}, 0, -1, answer);
            return;
        }
        const auto scope = last_segment(work.scope);
        const auto before = answer.page.entities.size();
        const auto row = mapper_.map(*stream.mapping, object,
                                     {.root = work.root,
                                      .scope = scope,
                                      .parent_type = stream.parent_type,
                                      .position = work.walked + index,
                                      .wanted = work.wanted},
                                     answer.page);
        if (stream.shape == Stream::Shape::search) note_times(answer.page.values, answer.page.entities[row]);
        const Belongs& belongs = mapper_.belongs();
        if (stream.mapping->given == Given::item) {
            if (belongs.to_others) {
                answer.page.edges.pop_back();
                return;
            }
            const Edge& edge = answer.page.edges[row];
            open(stream, work.root, edge.gid, edge.first, -1, answer);
            return;
        }
        if (stream.mapping == &kAuditLogEvents) {
            const bool kept = is_above_projects(work, answer.page, row);
            if (!work.cursor.empty()) heed(work, row, kept, answer);
            answer.page.entities.resize(kept ? before + 1 : before);
            return mapper_.redact(answer.page, before);
        }
        const bool workspace = stream.mapping == &kWorkspaces;
        // Where nothing tells what is above a task, only its parent's list and a look at itself bring it.
        if (belongs.untold && !belongs.to_wanted && !belongs.to_others && stream.resource == kProjectless) {
            answer.page.entities.resize(before);
            return;
        }
        if (workspace ? !wanted(answer.page, row) : !wanted(work, stream, answer.page, row)) {
            const Entity& its = answer.page.entities[row];
            if (!workspace) answer.unwanted.emplace_back(its.table, its.gid);
            answer.page.entities.resize(before);
            return;
        }
        // What must be known of its texts is known.
        const Entity& entity = answer.page.entities[row];
        open(stream, workspace ? entity.gid : work.root, entity.gid, entity.first, static_cast<std::int64_t>(row),
             answer);
        mapper_.redact(answer.page, before);
    }

    // A search that gives no rows opens the list of each object that it names.
    void read_named(const Stream& stream, std::string_view root, JsonObject& object, source::Answer& answer) {
        std::string gid, modified, created;
        source::for_each_member(object, [&](std::string_view key, Json json) {
            if (key == "gid") read_text(json, answer.page, gid);
            if (key == "modified_at") read_text(json, answer.page, modified);
            if (key == "created_at") read_text(json, answer.page, created);
        });
        found_modified_ = parse_iso(modified);
        found_created_ = parse_iso(created);
        if (gid.empty() || gid.size() > kLongestGid) throw Error("an object without gid");
        for (const Opens& opens : stream.opens)
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(opens.stream),
                                         .scope = gid,
                                         .root = std::string(root),
                                         .order = newest_first(Value::of(modified)),
                                         .lacking = opens.lacking});
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
        bool known = false;  // only what is known is asked for
        const auto ask = [&](Id id, std::string_view scope, std::string said = {}) {
            const Stream& stream = stream_of(id);
            if (scope.empty() || !wanted(stream)) return;
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(id),
                                         .scope = std::string(scope),
                                         .root = std::string(work.root),
                                         .stored = known && !stream.engine.looks_at.empty(),
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
        // Most of a workspace may be of projects that are not wanted. What an event brings into one that is says so; a
        // new subtask comes with its parent.
        if (of_workspace && work.wanted != nullptr) {
            const bool of_others = !project.empty() && !work.wanted->contains(project);
            if (of_others && (resource.type != "task" || wants_only_filtered())) return;
            known = gone || (action == "changed" && resource.type != "project") || parent.type == "task" ||
                    (of_others && action == "added");
        }
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

    std::string_view audited(const Page& page, std::size_t entity, std::string_view column) const {
        const Value& found = page.values[page.entities[entity].first + mapper_.column(kAuditLogEvents, column)];
        return found.type == Value::Type::text ? found.as_text() : std::string_view();
    }

    // Where a filter is in force, nothing else is kept of the audit log: it does not say of which project a task is.
    bool is_above_projects(const source::Work& work, const Page& page, std::size_t entity) const {
        static constexpr std::string_view kAbove[] = {"user", "team", "workspace"};
        if (work.wanted == nullptr) return true;
        const auto type = audited(page, entity, "resource_type");
        return type == "project" ? work.wanted->contains(audited(page, entity, "resource_gid"))
                                 : std::ranges::find(kAbove, type) != std::end(kAbove);
    }

    // What the audit log says is gone is looked at, and so is what it says came back: the event may have been lost. Of
    // what is not kept only what is known is.
    void heed(const source::Work& work, std::size_t entity, bool kept, source::Answer& answer) const {
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
        const auto type = audited(answer.page, entity, "event_type"),
                   gid = audited(answer.page, entity, "resource_gid");
        const bool back = type.ends_with("_undeleted"), gone = type.ends_with("_deleted");
        if ((!back && !gone) || gid.empty() || gid.size() > kLongestGid) return;
        const auto* const looked = std::ranges::find_if(kLooked, [&](const Looked& one) {
            return type.starts_with(one.what) && type.substr(one.what.size()).starts_with('_');
        });
        if (looked == std::end(kLooked) || !wanted(stream_of(looked->look))) return;
        answer.follow_ups.push_back(
            {.stream = static_cast<std::uint16_t>(looked->look),
             .scope = std::string(gid),
             .root = std::string(work.root),
             .entity = kept ? static_cast<std::int64_t>(entity) : -1,
             .fresh = true,  // once
             .stored = !kept,
             .said = back ? "" : fmt::format("deleted {} audit", audited(answer.page, entity, "created_at"))});
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

    // What is excluded is stored nowhere, not even as a wish.
    std::uint64_t filter_hash() const {
        std::string filter = options_.projects.archived ? "archived" : "";
        for (const auto* wishes : {&options_.projects.include, &options_.projects.exclude}) {
            filter += '\n';
            for (const auto& wish : *wishes) filter += wish + '\n';
        }
        return XXH3_64bits(filter.data(), filter.size());
    }

    bool wanted(const Stream& stream) const {
        // An export has no part of a workspace: it would bring what is not wanted.
        if (stream.shape == Stream::Shape::job && options_.projects.is_on()) return false;
        return stream.resource.empty() || !options_.resources_off.contains(std::string(stream.resource));
    }

    bool wanted(const Page& page, std::size_t entity) const {
        const Entity& workspace = page.entities[entity];
        const Value& name = page.values[workspace.first + mapper_.column(kWorkspaces, "name")];
        return asks_for(workspace.gid, name.is_null() ? "" : name.as_text());
    }

    // Whether the configuration asks for that workspace.
    bool asks_for(std::string_view gid, std::string_view name) const {
        return options_.workspaces.empty() || std::ranges::any_of(options_.workspaces, [&](const std::string& wish) {
                   return is_meant(wish, gid, name);
               });
    }

    // By the filter of projects. Where the names of some are not known yet, they are not wanted yet.
    bool wanted(const source::Work& work, const Stream& stream, const Page& page, std::size_t entity) const {
        if (work.wanted == nullptr) return true;
        const Entity& its = page.entities[entity];
        if (stream.mapping == &kProjectList) {
            const auto value = [&](std::string_view column) -> const Value& {
                return page.values[its.first + mapper_.column(kProjectList, column)];
            };
            const Value& name = value("name");
            return options_.projects.of(its.gid, name.is_null() ? "" : name.as_text(), counts(value("archived"))) ==
                   ProjectFilter::Verdict::wanted;
        }
        const Belongs& belongs = mapper_.belongs();
        // A parent that is stored holds its subtasks, however deep, but for those that stand in other projects.
        const bool held = !wants_only_filtered() || &stream == &stream_of(Id::task_subtasks);
        if (stream.mapping == &kTasks) return belongs.to_wanted || (!belongs.to_others && held);
        if (stream.mapping == &kTimeTrackingEntries && wants_only_filtered() && !belongs.to_wanted) return false;
        return !belongs.is_about_others;
    }

    // Whose token it is, and whether the configured workspaces exist.
    void read_me(JsonObject& object, source::Answer& answer) const {
        const Me me = me_in(object, answer.page);
        answer.facts.emplace_back("token_user", me.gid);
        if (options_.workspaces.empty()) {
            answer.roots.emplace();
            for (const auto& [gid, name] : me.workspaces) answer.roots->push_back(gid);
        }
        for (const auto& [gid, name] : me.workspaces)
            if (asks_for(gid, name)) answer.asked_roots.push_back(gid);
        for (const std::string& wish : options_.workspaces) {
            const bool found = std::ranges::any_of(
                me.workspaces, [&](const auto& one) { return is_meant(wish, one.first, one.second); });
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
    std::vector<std::string> fields_;                            // opt_fields per stream
    std::optional<Instant> found_modified_{}, found_created_{};  // of what a search found last
    simdjson::ondemand::parser parser_;
};

}  // namespace

std::vector<source::ApiChange> read_api_changes(std::string_view header) {
    std::vector<source::ApiChange> changes;
    // The next part of a text, without the blanks around it.
    const auto next = [](std::string_view& rest, char separator) {
        auto part = rest.substr(0, rest.find(separator));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        while (part.starts_with(' ') || part.starts_with('\t')) part.remove_prefix(1);
        while (part.ends_with(' ') || part.ends_with('\t')) part.remove_suffix(1);
        return part;
    };
    const auto is_plain = [](std::string_view text, std::size_t longest) {
        return text.size() <= longest && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
    };
    while (!header.empty() && changes.size() < kMostChanges) {
        source::ApiChange change;
        for (auto said = next(header, ','); !said.empty();) {
            auto value = next(said, ';');
            const auto key = next(value, '=');
            value = next(value, '\0');
            if (key == "name" && is_plain(value, kLongestChange)) change.name = value;
            if (key == "info" && is_plain(value, kLongestInfo)) change.info = value;
            if (key == "affected") change.affected = value == "true";
        }
        if (!change.name.empty()) changes.push_back(std::move(change));
    }
    return changes;
}

std::string me_target() { return std::string(stream_of(Id::users_me).path); }

std::string probe_target(const Probe& probe, std::string_view workspace) {
    std::string target(probe.path);
    fill(target, "{root}", workspace);
    return target;
}

std::span<const std::string> redactable() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all = Mapper({}, {}).texts();
        // What follow-up work and the rotation look at.
        std::erase_if(all, [](const std::string& name) {
            return std::ranges::any_of(kStreams, [&](const Stream& stream) {
                const auto is = [&](std::string_view table, std::string_view column) {
                    return !column.empty() && name == fmt::format("{}.{}", table, column);
                };
                return is(stream.engine.rotates, stream.engine.rotates_by) ||
                       std::ranges::any_of(stream.opens, [&](const Opens& opens) {
                           return is(stream.mapping != nullptr ? stream.mapping->table : "", opens.where) ||
                                  is(stream.mapping != nullptr ? stream.mapping->table : "", opens.newest);
                       });
            });
        });
        return all;
    }();
    return names;
}

std::string projects_target(std::string_view workspace, std::string_view offset) {
    std::string target = "/projects?workspace={root}&limit=100&opt_fields=name,archived";
    fill(target, "{root}", workspace);
    if (!offset.empty()) target += "&offset=" + percent_encode(offset);
    return target;
}

FilteredProjects read_projects(std::string_view body, const ProjectFilter& filter) {
    FilteredProjects found;
    simdjson::ondemand::parser parser;
    const simdjson::padded_string padded(body);
    auto document = parser.iterate(padded);
    JsonObject envelope;
    if (document.get_object().get(envelope)) source::wrong("an object");
    Page page;
    source::for_each_member(envelope, [&](std::string_view key, Json json) {
        if (key == "data") {
            auto projects = source::array(json);
            if (!projects) source::wrong("an array");
            source::for_each_element(*projects, [&](std::size_t, Json element) {
                auto project = source::object(element);
                if (!project) source::wrong("an object");
                std::string gid, name;
                Value archived;
                source::for_each_member(*project, [&](std::string_view member, Json value) {
                    if (member == "gid") read_text(value, page, gid);
                    if (member == "name") read_text(value, page, name);
                    if (member == "archived") archived = source::boolean(value);
                });
                ++found.counts[filter.of(gid, name, counts(archived))];
            });
        } else if (key == "next_page") {
            auto next = source::object(json);
            if (!next) return;
            source::for_each_member(*next, [&](std::string_view member, Json value) {
                if (member == "offset") read_text(value, page, found.next);
            });
        }
    });
    return found;
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
