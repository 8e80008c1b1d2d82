// Prints every kind of request that the stream table can make, and every field that is read, for check.py:
//   request <stream> <target>
//   post <stream> <path> <body>
//   field <stream> <dotted path> <type>
// and what is left out on purpose:
//   left_out <path> <reason>
#include <fmt/format.h>

#include <string>

#include "asana/left_out.hpp"
#include "asana/source.hpp"
#include "asana/streams.hpp"

using namespace taskmirror;
using namespace taskmirror::asana;

namespace {

void print_fields(std::string_view stream, std::span<const Field> fields, const std::string& prefix) {
    const auto print = [&](const std::string& name, std::string_view type) {
        fmt::print("field {} {} {}\n", stream, prefix + name, type);
    };
    for (const Field& field : fields) {
        const std::string name(field.name);
        switch (field.is) {
            case Is::text:
                print(name, "string");
                break;
            case Is::boolean:
                print(name, "boolean");
                break;
            case Is::integer:
                print(name, "integer");
                break;
            case Is::number:
                print(name, "number");
                break;
            case Is::json_texts:
            case Is::texts:
                print(name, "strings");
                break;
            case Is::reference:
            case Is::typed:
                print(name, "object");
                break;
            case Is::json:
                if (field.inside.empty()) print(name, "any");
                print_fields(stream, field.inside, prefix + name + ".");
                break;
            case Is::own_gid:
                print(name, "string");
                break;
            case Is::person:
            case Is::typed_with_name:
                print(name, "object");
                print(name + ".name", "string");
                break;
            case Is::json_references:
            case Is::references:
                print(name, "objects");
                break;
            case Is::json_people:
            case Is::people:
                print(name, "objects");
                print(name + ".name", "string");
                break;
            case Is::likes:
                print(name + ".user.name", "string");
                break;
            case Is::task_memberships:
                print(name + ".project", "object");
                print(name + ".section", "object");
                break;
            case Is::structure:
            case Is::whole_structure:
                print_fields(stream, field.inside, prefix + name + ".");
                break;
            case Is::custom_field_values:
                for (const Field& value : field.inside)
                    if (value.name == "date_value") {
                        print(name + ".date_value.date", "string");
                        print(name + ".date_value.date_time", "string");
                    } else {
                        print_fields(stream, {&value, 1}, prefix + name + ".");
                    }
                break;
            case Is::custom_field_settings:
                print(name + ".is_important", "boolean");
                print_fields(stream, kCustomFieldFields, prefix + name + ".custom_field.");
                break;
            case Is::enum_options:
                print_fields(stream, kOptionFields, prefix + name + ".");
                break;
            case Is::status_options:
                print_fields(stream, kStatusOptionFields, prefix + name + ".");
                break;
            case Is::user_task_list:
                print_fields(stream, kUserTaskListFields, prefix + name + ".");
                break;
        }
    }
}

}  // namespace

int main() {
    const auto source = make_source({"contract", {}, {}});
    for (std::size_t i = 0; i < std::size(kStreams); ++i) {
        const auto& stream = kStreams[i];
        if (stream.shape == Stream::Shape::job) {  // its lines are of objects that have streams of their own
            const source::Work asks{.stream = static_cast<std::uint16_t>(i), .scope = "1002", .root = "1002"};
            auto polls = asks;
            polls.cursor = "1003";
            fmt::print("post {} {} {}\n", stream.engine.name, source->target(asks), source->body(asks));
            fmt::print("request {} {}\n", stream.engine.name, source->target(polls));
            continue;
        }
        fmt::print("request {} {}\n", stream.engine.name,
                   source->target({.stream = static_cast<std::uint16_t>(i),
                                   .scope = "1001",
                                   .root = "1002",
                                   .offset = stream.shape == Stream::Shape::list ? "o" : "",
                                   .cursor = stream.engine.watermark ? "2026-01-02T03:04:05.000Z" : ""}));
        if (stream.shape == Stream::Shape::search)  // the deepest place has all its filters
            fmt::print("request {} {}\n", stream.engine.name,
                       source->target({.stream = static_cast<std::uint16_t>(i),
                                       .scope = "1002",
                                       .root = "1002",
                                       .offset = "2026-01-01T00:00:00.000Z|2026-01-01T00:00:00.000Z|3",
                                       .cursor = "2026-01-01T00:00:00.000Z"}));
        if (stream.mapping != nullptr) print_fields(stream.engine.name, stream.mapping->fields, "");
    }
    for (const auto& [what, path, why] : kLeftOut)
        if (!path.empty()) fmt::print("left_out {} {}\n", path, why);
    for (const auto& probe : kProbes) fmt::print("request check {}\n", probe_target(probe, "1002"));
}
