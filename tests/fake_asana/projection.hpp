// opt_fields: which fields of an object go into an answer, and how each is written.
//
// objects.cpp holds one table per kind of object: a field's name, when Asana sends it unasked, and how it is written.
// The order of keys is that of the table, whatever the order in opt_fields. Selections are immutable; those that
// predefined() gives live as long as the program.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"

namespace fake_asana {

// The fields wanted of one kind of object, and of the objects in them.
struct Selection {
    std::uint64_t bits = 0;                                // by position in the kind's table
    std::vector<std::shared_ptr<const Selection>> nested;  // likewise; null where not wanted
};

enum class Extent {
    bare,     // what a bare name gives of an object: gid, resource_type (of a structure: everything)
    compact,  // what lists give without opt_fields
    full      // what a single GET gives without opt_fields
};
std::shared_ptr<const Selection> predefined(Type type, Extent extent);
std::shared_ptr<const Selection> selected(Type type, std::string_view opt_fields);

struct Output {
    const World& world;
    std::string& json;
    bool free_plan = false;
};
void write(Output& out, Type type, Id id, const Selection& selection);
void write(Output& out, const Story& story, const Selection& selection);
void write(Output& out, const Attachment& attachment, const Selection& selection);
void write(Output& out, const Event& event, const Selection& selection);

}  // namespace fake_asana
