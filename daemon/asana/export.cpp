#include "asana/export.hpp"

#include <fmt/format.h>

#include "core/error.hpp"

namespace taskmirror::asana {
namespace {

using source::Json;
using source::JsonObject;

constexpr std::string_view kStoriesInside = "stories", kAttachmentsInside = "attachments";
constexpr std::string_view kExpires = "view_url";  // exports do not have it

void add_fields(std::string& list, std::string_view prefix, const Mapping& mapping) {
    const auto fields = opt_fields(mapping);
    for (std::string_view left = fields; !left.empty();) {
        const auto field = left.substr(0, left.find(','));
        left.remove_prefix(std::min(left.size(), field.size() + 1));
        if (field == kExpires) continue;
        list += fmt::format("{}\"{}{}\"", list.empty() ? "" : ",", prefix, field);
    }
}

// The value as it stands there, without white space around it.
std::string_view raw(Json& json) {
    simdjson::ondemand::json_type type{};
    if (json.type().get(type)) source::wrong("a value");
    std::string_view text;
    if (type == simdjson::ondemand::json_type::object) {
        JsonObject object;
        if (json.get_object().get(object) || object.raw_json().get(text)) source::wrong("an object");
        return text.substr(0, text.rfind('}') + 1);
    }
    if (type == simdjson::ondemand::json_type::array) {
        source::JsonArray array;
        if (json.get_array().get(array) || array.raw_json().get(text)) source::wrong("an array");
        return text.substr(0, text.rfind(']') + 1);
    }
    text = json.raw_json_token();
    return text.substr(0, text.find_last_not_of(" \t\r\n,}") + 1);
}

JsonObject object_in(simdjson::ondemand::document& document) {
    JsonObject object;
    if (document.get_object().get(object)) source::wrong("an object");
    return object;
}

void parse(simdjson::ondemand::parser& parser, std::string_view text, simdjson::ondemand::document& document) {
    if (auto error = parser.iterate(text.data(), text.size(), text.size() + simdjson::SIMDJSON_PADDING).get(document))
        throw Error(simdjson::error_message(error));
}

}  // namespace

std::string export_body(std::string_view workspace, Inside inside) {
    std::string fields;
    add_fields(fields, "", kTasks);
    if (inside.stories) add_fields(fields, "stories.", kStories);
    if (inside.attachments) add_fields(fields, "attachments.", kAttachments);
    return fmt::format(
        R"({{"data":{{"workspace":"{}","export_request_parameters":[{{"resource_type":"task","fields":[{}]}}]}}}})",
        workspace, fields);
}

source::Answer::Job job_in(JsonObject& object, Page& page) {
    using Job = source::Answer::Job;
    Job job;
    std::string status;
    const auto read = [&](Json& json, std::string& into) {
        const Value text = source::text(json, page);
        if (!text.is_null()) into = text.as_text();
    };
    source::for_each_member(object, [&](std::string_view key, Json json) {
        if (key == "gid") read(json, job.gid);
        if (key == "status") read(json, status);
        if (key != "new_resource_export") return;
        if (auto made = source::object(json))
            source::for_each_member(*made, [&](std::string_view member, Json value) {
                if (member == "download_url") read(value, job.url);
            });
    });
    if (job.gid.empty() || job.gid.size() > kLongestGid) throw Error("a job without gid");
    if (status == "failed")
        job.is = Job::Is::failed;
    else if (status == "succeeded" && !job.url.empty())
        job.is = Job::Is::done;
    else if (status != "succeeded" && status != "not_started" && status != "in_progress")
        throw Error("a job with no status that is known");
    return job;
}

std::optional<std::string_view> gid_of_line(std::string_view line) {
    constexpr std::string_view kSpace = " \t\r";
    for (const std::string_view word : {"{", "\"gid\"", ":", "\""}) {
        line.remove_prefix(std::min(line.size(), line.find_first_not_of(kSpace)));
        if (!line.starts_with(word)) return std::nullopt;
        line.remove_prefix(word.size());
    }
    const auto gid = line.substr(0, std::min(line.find('"'), kLongestGid + 1));
    const bool plain = !gid.empty() && gid.size() <= kLongestGid && gid.size() < line.size() &&
                       gid.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") ==
                           std::string_view::npos;
    return plain ? std::optional(gid) : std::nullopt;
}

LineMapper::Mapped LineMapper::map(std::string_view line, std::string_view workspace, Page& page) {
    simdjson::ondemand::document document;
    parse(parser_, line, document);
    Mapped mapped;
    task_ = "{";
    auto members = object_in(document);
    source::for_each_member(members, [&](std::string_view key, Json json) {
        if (key == kStoriesInside || key == kAttachmentsInside) return;
        task_ += fmt::format("{}\"{}\":", task_.size() > 1 ? "," : "", key);
        task_ += raw(json);
    });
    const char* rest = nullptr;
    if (!document.current_location().get(rest) && rest < line.data() + line.size())
        throw Error("text behind the object");
    task_ += '}';
    task_.reserve(task_.size() + simdjson::SIMDJSON_PADDING);

    simdjson::ondemand::document document_of_task;
    parse(task_parser_, task_, document_of_task);
    auto task = object_in(document_of_task);
    mapped.task = mapper_.map(kTasks, task, {.root = workspace}, page);
    const auto gid = page.entities[mapped.task].gid;

    document.rewind();
    auto again = object_in(document);
    source::for_each_member(again, [&](std::string_view key, Json json) {
        const bool stories = key == kStoriesInside;
        if (!stories && key != kAttachmentsInside) return;
        auto elements = source::array(json);
        if (!elements) return;
        (stories ? mapped.came.stories : mapped.came.attachments) = true;
        if (!(stories ? wanted_.stories : wanted_.attachments)) return;
        source::for_each_element(*elements, [&](std::size_t index, Json element) {
            auto object = source::object(element);
            if (!object) source::wrong("an object");
            mapper_.map(
                stories ? kStories : kAttachments, *object,
                {.root = workspace, .scope = gid, .parent_type = "task", .position = static_cast<std::int64_t>(index)},
                page);
        });
    });
    return mapped;
}

}  // namespace taskmirror::asana
