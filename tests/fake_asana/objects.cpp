// One table per kind of object: https://developers.asana.com/reference, as known in 2026.
#include <array>
#include <functional>
#include <map>
#include <mutex>
#include <span>

#include "json.hpp"
#include "projection.hpp"
#include "text.hpp"
#include "words.hpp"

namespace fake_asana {

namespace {

enum Flags : unsigned {
    plain = 0,     // single GET
    in_lists = 1,  // in the compact record as well
    opt_in = 2     // only when opt_fields names it
};

struct Head {
    std::string_view name;
    unsigned flags = plain;
    Type nested = Type::none;
};
using S = const Selection&;  // of the nested object
// Writes the value and says true, or says false when the object has no such key.
template <class T>
struct Field {
    Head head;
    bool (*write)(Output&, const T&, S);
};

// Writers of values; all say true.
bool text(Output& o, std::string_view value) {
    append_string(o.json, value);
    return true;
}
bool null(Output& o) {
    o.json += "null";
    return true;
}
bool flag(Output& o, bool value) {
    o.json += value ? "true" : "false";
    return true;
}
template <class Number>
bool number(Output& o, Number value) {
    append_number(o.json, value);
    return true;
}
bool instant(Output& o, Millis value) { return value == kNoTime ? null(o) : text(o, iso_time(value)); }
bool date(Output& o, Millis value) { return value == kNoTime ? null(o) : text(o, iso_date(value)); }
bool gid(Output& o, Type type, Id id) { return text(o, o.world.gid(type, id)); }
bool ref(Output& o, Type type, Index index, S s) {
    if (index == kNone) return null(o);
    write(o, type, index, s);
    return true;
}
template <class List, class Write>
bool list(Output& o, const List& items, Write write_item) {
    o.json += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) o.json += ',';
        first = false;
        write_item(item);
    }
    o.json += ']';
    return true;
}
template <class List>
bool refs(Output& o, Type type, const List& items, S s) {
    return list(o, items, [&](Id item) { write(o, type, item, s); });
}

template <class T>
void write_fields(Output& o, std::span<const Field<T>> table, const T& object, const Selection& selection) {
    static const Selection kNothing;
    char separator = '{';
    for (std::size_t i = 0; i < table.size(); ++i) {
        if ((selection.bits >> i & 1U) == 0) continue;
        const std::size_t before = o.json.size();
        o.json += separator;
        o.json += '"';
        o.json += table[i].head.name;
        o.json += "\":";
        const auto& nested = selection.nested[i];
        if (table[i].write(o, object, nested ? *nested : kNothing)) {
            separator = ',';
        } else {
            o.json.resize(before);
        }
    }
    o.json += separator == '{' ? "{}" : "}";
}

struct Any {
    Type type;
    Id id;
};
void write_any(Output& o, Any any, S s);

// Everything below is Field<Id> unless it says otherwise; Id is the index in the world's vector.
template <Type type>
bool own_gid(Output& o, const Id& id, S) {
    return gid(o, type, id);
}
template <Type type>
bool own_type(Output& o, const Id&, S) {
    return text(o, type_name(type));
}
#define ENTITY(type) \
    {{"gid", in_lists}, own_gid<type>}, { {"resource_type", in_lists}, own_type<type> }

constexpr Field<Id> kWorkspace[] = {
    ENTITY(Type::workspace),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.workspaces[i].name); }},
    {{"email_domains"},
     [](Output& o, const Id& i, S) {
         return list(o, o.world.workspaces[i].email_domains, [&](const std::string& domain) { text(o, domain); });
     }},
    {{"is_organization"}, [](Output& o, const Id& i, S) { return flag(o, o.world.workspaces[i].organization); }},
};

const WorkspaceMembership& membership_of(Output& o, Id i) { return o.world.workspace_memberships[i]; }
constexpr Field<Id> kWorkspaceMembership[] = {
    ENTITY(Type::workspace_membership),
    {{"user", in_lists, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, membership_of(o, i).user, s); }},
    {{"workspace", in_lists, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, membership_of(o, i).workspace, s); }},
    {{"user_task_list", plain, Type::user_task_list},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user_task_list, static_cast<Index>(i), s); }},
    {{"is_active"}, [](Output& o, const Id& i, S) { return flag(o, membership_of(o, i).active); }},
    {{"is_admin"}, [](Output& o, const Id& i, S) { return flag(o, membership_of(o, i).admin); }},
    {{"is_guest"}, [](Output& o, const Id& i, S) { return flag(o, membership_of(o, i).guest); }},
    {{"is_view_only"}, [](Output& o, const Id& i, S) { return flag(o, membership_of(o, i).view_only); }},
    {{"vacation_dates"}, [](Output& o, const Id&, S) { return null(o); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, membership_of(o, i).created); }},
};

constexpr Field<Id> kUserTaskList[] = {
    ENTITY(Type::user_task_list),
    {{"name", in_lists}, [](Output& o, const Id&, S) { return text(o, "My tasks"); }},
    {{"owner", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, membership_of(o, i).user, s); }},
    {{"workspace", plain, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, membership_of(o, i).workspace, s); }},
};

template <int pixels>
bool image(Output& o, const Id& i, S) {
    return text(o, "https://s3.amazonaws.example/profile/" + std::to_string(i) + "_" + std::to_string(pixels) + ".png");
}
constexpr Field<Id> kPhoto[] = {
    {{"image_21x21", in_lists}, image<21>},    {{"image_27x27", in_lists}, image<27>},
    {{"image_36x36", in_lists}, image<36>},    {{"image_60x60", in_lists}, image<60>},
    {{"image_128x128", in_lists}, image<128>}, {{"image_1024x1024", in_lists}, image<1024>},
};

constexpr Field<Id> kUser[] = {
    ENTITY(Type::user),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.users[i].name); }},
    {{"email"}, [](Output& o, const Id& i, S) { return text(o, o.world.users[i].email); }},
    {{"photo", plain, Type::photo},
     [](Output& o, const Id& i, S s) {
         return o.world.users[i].photo ? ref(o, Type::photo, static_cast<Index>(i), s) : null(o);
     }},
    {{"workspaces", plain, Type::workspace},
     [](Output& o, const Id& i, S s) {
         std::vector<Index> mine;
         for (const WorkspaceMembership& membership : o.world.workspace_memberships) {
             if (membership.user == i && membership.active) mine.push_back(membership.workspace);
         }
         return refs(o, Type::workspace, mine, s);
     }},
};

bool custom_field_settings(Output& o, Type type, Id id, S s);

const Team& team_of(Output& o, Id i) { return o.world.teams[i]; }
bool team_access(Output& o, const Id& i, S) {
    return text(o, team_of(o, i).admins_only ? "only_team_admins" : "all_team_members");
}
constexpr Field<Id> kTeam[] = {
    ENTITY(Type::team),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, team_of(o, i).name); }},
    {{"description"}, [](Output& o, const Id& i, S) { return text(o, team_of(o, i).description); }},
    {{"html_description", opt_in}, [](Output& o, const Id& i, S) { return text(o, html(team_of(o, i).description)); }},
    {{"organization", plain, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, team_of(o, i).workspace, s); }},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) {
         return text(o, "https://app.asana.com/0/" + o.world.gid(Type::team, i) + "/overview");
     }},
    {{"visibility"}, [](Output& o, const Id& i, S) { return text(o, word(kVisibilities, team_of(o, i).visibility)); }},
    {{"endorsed"}, [](Output& o, const Id& i, S) { return flag(o, team_of(o, i).endorsed); }},
    {{"edit_team_name_or_description_access_level"}, team_access},
    {{"edit_team_visibility_or_trash_team_access_level"}, team_access},
    {{"member_invite_management_access_level"}, team_access},
    {{"guest_invite_management_access_level"}, team_access},
    {{"join_request_management_access_level"}, team_access},
    {{"team_member_removal_access_level"}, team_access},
    {{"team_content_management_access_level"},
     [](Output& o, const Id& i, S) {
         return text(o, team_of(o, i).admins_only ? "only_team_admins" : "no_restriction");
     }},
    {{"custom_field_settings", plain, Type::custom_field_setting},
     [](Output& o, const Id& i, S s) { return custom_field_settings(o, Type::team, i, s); }},
};

constexpr Field<Id> kTeamMembership[] = {
    ENTITY(Type::team_membership),
    {{"user", in_lists, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, o.world.team_memberships[i].user, s); }},
    {{"team", in_lists, Type::team},
     [](Output& o, const Id& i, S s) { return ref(o, Type::team, o.world.team_memberships[i].team, s); }},
    {{"is_guest", in_lists}, [](Output& o, const Id& i, S) { return flag(o, o.world.team_memberships[i].guest); }},
    {{"is_limited_access", in_lists},
     [](Output& o, const Id& i, S) { return flag(o, o.world.team_memberships[i].limited); }},
    {{"is_admin", in_lists}, [](Output& o, const Id& i, S) { return flag(o, o.world.team_memberships[i].admin); }},
};

// Those of projects do not say whose they are.
constexpr Field<Id> kMembership[] = {
    ENTITY(Type::membership),
    {{"resource_subtype", in_lists},
     [](Output& o, const Id& i, S) {
         return text(o, std::string(type_name(o.world.memberships[i].parent_type)) + "_membership");
     }},
    {{"parent", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         const Membership& membership = o.world.memberships[i];
         if (membership.parent_type == Type::project) return false;
         write_any(o, {membership.parent_type, membership.parent}, s);
         return true;
     }},
    {{"member", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         const Membership& membership = o.world.memberships[i];
         write_any(o, {membership.member_type, membership.member}, s);
         return true;
     }},
    {{"access_level", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kAccessLevels, o.world.memberships[i].access)); }},
};

constexpr Field<Id> kSection[] = {
    ENTITY(Type::section),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.sections[i].name); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, o.world.sections[i].created); }},
    {{"project", plain, Type::project},
     [](Output& o, const Id& i, S s) { return ref(o, Type::project, o.world.sections[i].project, s); }},
};

constexpr Field<Id> kOption[] = {
    ENTITY(Type::enum_option),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.options[i].name); }},
    {{"enabled", in_lists}, [](Output& o, const Id& i, S) { return flag(o, o.world.options[i].enabled); }},
    {{"color", in_lists}, [](Output& o, const Id& i, S) { return text(o, word(kColors, o.world.options[i].color)); }},
};

constexpr Field<Value> kDateValue[] = {
    {{"date", in_lists}, [](Output& o, const Value& v, S) { return date(o, v.date); }},
    {{"date_time", in_lists}, [](Output& o, const Value& v, S) { return v.has_time ? instant(o, v.date) : null(o); }},
};
constexpr Field<Dates> kDates[] = {
    {{"start_on", in_lists}, [](Output& o, const Dates& d, S) { return d.start != kNoTime && date(o, d.start); }},
    {{"due_at", in_lists}, [](Output& o, const Dates& d, S) { return d.has_time && instant(o, d.due); }},
    {{"due_on", in_lists}, [](Output& o, const Dates& d, S) { return date(o, d.due); }},
};
bool write_dates(Output& o, const Dates& dates, S s) {
    if (dates.null) return null(o);
    write_fields<Dates>(o, kDates, dates, s);
    return true;
}

// A custom field: its definition, or its value on an object.
struct FieldView {
    Index field;
    const Value* value = nullptr;  // null: the definition
    bool on_project = false;       // the compact schema: no people, no references
};
const CustomField& field_of(Output& o, const FieldView& v) { return o.world.fields[v.field]; }
FieldKind kind_of(Output& o, const FieldView& v) { return field_of(o, v).kind; }
bool is_number(FieldKind kind) { return word_of(kFieldSubtypes, kind) == "number"; }
bool has_options(FieldKind kind) { return kind == FieldKind::enumeration || kind == FieldKind::multi_enum; }

constexpr Field<FieldView> kCustomField[] = {
    {{"gid", in_lists}, [](Output& o, const FieldView& v, S) { return gid(o, Type::custom_field, v.field); }},
    {{"resource_type", in_lists}, [](Output& o, const FieldView&, S) { return text(o, "custom_field"); }},
    {{"name", in_lists}, [](Output& o, const FieldView& v, S) { return text(o, field_of(o, v).name); }},
    {{"resource_subtype"},
     [](Output& o, const FieldView& v, S) { return text(o, word_of(kFieldSubtypes, kind_of(o, v))); }},
    {{"type", in_lists},
     [](Output& o, const FieldView& v, S) { return text(o, word_of(kFieldSubtypes, kind_of(o, v))); }},
    {{"representation_type", in_lists},
     [](Output& o, const FieldView& v, S) { return text(o, word_of(kFieldRepresentations, kind_of(o, v))); }},
    {{"enabled", in_lists}, [](Output& o, const FieldView& v, S) { return v.value && flag(o, v.value->enabled); }},
    {{"id_prefix", in_lists},
     [](Output& o, const FieldView& v, S) { return kind_of(o, v) == FieldKind::custom_id ? text(o, "TEC") : null(o); }},
    {{"input_restrictions", in_lists},
     [](Output& o, const FieldView& v, S) {
         if (kind_of(o, v) != FieldKind::reference) return false;
         o.json += R"(["task"])";
         return true;
     }},
    {{"is_formula_field", in_lists},
     [](Output& o, const FieldView& v, S) { return flag(o, kind_of(o, v) == FieldKind::formula); }},
    {{"enum_options", in_lists, Type::enum_option},
     [](Output& o, const FieldView& v, S s) {
         if (!has_options(kind_of(o, v))) return false;
         std::vector<Index> offered;
         for (const Index option : field_of(o, v).options) {
             if (o.world.options[option].listed) offered.push_back(option);
         }
         return refs(o, Type::enum_option, offered, s);
     }},
    {{"date_value", in_lists, Type::date_value},
     [](Output& o, const FieldView& v, S s) {
         if (!v.value || word_of(kFieldSubtypes, kind_of(o, v)) != "date") return false;
         if (!v.value->set) return null(o);
         write_fields<Value>(o, kDateValue, *v.value, s);
         return true;
     }},
    {{"enum_value", in_lists, Type::enum_option},
     [](Output& o, const FieldView& v, S s) {
         if (!v.value || kind_of(o, v) != FieldKind::enumeration) return false;
         return v.value->set && !v.value->items.empty() ? ref(o, Type::enum_option, v.value->items[0], s) : null(o);
     }},
    {{"multi_enum_values", in_lists, Type::enum_option},
     [](Output& o, const FieldView& v, S s) {
         return v.value && kind_of(o, v) == FieldKind::multi_enum && refs(o, Type::enum_option, v.value->items, s);
     }},
    {{"number_value", in_lists},
     [](Output& o, const FieldView& v, S) {
         if (!v.value || !is_number(kind_of(o, v))) return false;
         return v.value->set ? number(o, v.value->number) : null(o);
     }},
    {{"text_value", in_lists},
     [](Output& o, const FieldView& v, S) {
         if (!v.value || kind_of(o, v) != FieldKind::text) return false;
         return v.value->set ? text(o, v.value->text) : null(o);
     }},
    {{"html_text_value"},
     [](Output& o, const FieldView& v, S) {
         if (!v.value || v.on_project || kind_of(o, v) != FieldKind::text) return false;
         return v.value->set ? text(o, html(v.value->text)) : null(o);
     }},
    {{"display_value", in_lists},
     [](Output& o, const FieldView& v, S) {
         const auto display = v.value ? o.world.display_value(v.field, *v.value) : std::nullopt;
         return display ? text(o, *display) : null(o);
     }},
    {{"people_value", plain, Type::user},
     [](Output& o, const FieldView& v, S s) {
         return v.value && !v.on_project && kind_of(o, v) == FieldKind::people &&
                refs(o, Type::user, v.value->items, s);
     }},
    {{"reference_value", plain, Type::any},
     [](Output& o, const FieldView& v, S s) {
         if (!v.value || v.on_project || kind_of(o, v) != FieldKind::reference) return false;
         return list(o, v.value->items, [&](Index task) { write_any(o, {Type::task, task}, s); });
     }},
    {{"precision"},
     [](Output& o, const FieldView& v, S) { return is_number(kind_of(o, v)) && number(o, field_of(o, v).precision); }},
    {{"format"},
     [](Output& o, const FieldView& v, S) {
         return is_number(kind_of(o, v)) && text(o, word_of(kFieldFormats, kind_of(o, v)));
     }},
    {{"currency_code"},
     [](Output& o, const FieldView& v, S) { return kind_of(o, v) == FieldKind::currency ? text(o, "EUR") : null(o); }},
    {{"custom_label"},
     [](Output& o, const FieldView& v, S) { return kind_of(o, v) == FieldKind::labelled ? text(o, "pcs") : null(o); }},
    {{"custom_label_position"},
     [](Output& o, const FieldView& v, S) {
         return kind_of(o, v) == FieldKind::labelled ? text(o, "suffix") : null(o);
     }},
    {{"description", opt_in}, [](Output& o, const FieldView& v, S) { return text(o, field_of(o, v).description); }},
    {{"is_global_to_workspace"}, [](Output& o, const FieldView& v, S) { return flag(o, field_of(o, v).global); }},
    {{"has_notifications_enabled"}, [](Output& o, const FieldView&, S) { return flag(o, false); }},
    {{"is_value_read_only"},
     [](Output& o, const FieldView& v, S) {
         return flag(o, kind_of(o, v) == FieldKind::formula || kind_of(o, v) == FieldKind::custom_id);
     }},
    {{"privacy_setting"},
     [](Output& o, const FieldView& v, S) { return text(o, v.field % 4 == 0 ? "public" : "public_with_guests"); }},
    {{"default_access_level"}, [](Output& o, const FieldView&, S) { return text(o, "editor"); }},
    {{"asana_created_field"},
     [](Output& o, const FieldView& v, S) {
         return kind_of(o, v) == FieldKind::duration ? text(o, "estimated_time") : null(o);
     }},
    {{"created_by", plain, Type::user},
     [](Output& o, const FieldView& v, S s) { return ref(o, Type::user, field_of(o, v).created_by, s); }},
};
void write_field(Output& o, const FieldView& view, S s) { write_fields<FieldView>(o, kCustomField, view, s); }

// A setting is known by what has it, and its place there.
struct SettingView {
    Type parent_type;
    Index parent;
    std::size_t position;
};
const Setting& setting_of(Output& o, const SettingView& v) {
    return o.world.settings(v.parent_type, v.parent)[v.position];
}
constexpr Field<SettingView> kSetting[] = {
    {{"gid", in_lists},
     [](Output& o, const SettingView& v, S) {
         const Id parent = v.parent * Id{32} + static_cast<Id>(v.parent_type);
         return gid(o, Type::custom_field_setting, parent * 1000 + v.position);
     }},
    {{"resource_type", in_lists}, [](Output& o, const SettingView&, S) { return text(o, "custom_field_setting"); }},
    {{"custom_field", in_lists, Type::custom_field},
     [](Output& o, const SettingView& v, S s) {
         write_field(o, {.field = setting_of(o, v).field}, s);
         return true;
     }},
    {{"parent", in_lists, Type::any},
     [](Output& o, const SettingView& v, S s) {
         write_any(o, {v.parent_type, v.parent}, s);
         return true;
     }},
    {{"project", in_lists, Type::project},
     [](Output& o, const SettingView& v, S s) {
         return v.parent_type == Type::project && ref(o, Type::project, v.parent, s);
     }},
    {{"is_important", in_lists},
     [](Output& o, const SettingView& v, S) { return flag(o, setting_of(o, v).important); }},
};
bool custom_field_settings(Output& o, Type type, Id id, S s) {
    if (o.free_plan) return false;
    SettingView view{type, static_cast<Index>(id), 0};
    return list(o, o.world.settings(type, id), [&](const Setting&) {
        write_fields<SettingView>(o, kSetting, view, s);
        ++view.position;
    });
}

const Project& project_of(Output& o, Id i) { return o.world.projects[i]; }
constexpr Field<Id> kProject[] = {
    ENTITY(Type::project),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, project_of(o, i).name); }},
    {{"archived"}, [](Output& o, const Id& i, S) { return flag(o, project_of(o, i).archived); }},
    {{"color"},
     [](Output& o, const Id& i, S) {
         return project_of(o, i).color < 0 ? null(o) : text(o, word(kColors, project_of(o, i).color));
     }},
    {{"icon"}, [](Output& o, const Id& i, S) { return text(o, word(kIcons, project_of(o, i).icon)); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, project_of(o, i).created); }},
    {{"modified_at"}, [](Output& o, const Id& i, S) { return instant(o, project_of(o, i).modified); }},
    {{"current_status_update", plain, Type::status_update},
     [](Output& o, const Id& i, S s) {
         const auto& updates = project_of(o, i).status_updates;
         return ref(o, Type::status_update, updates.empty() ? kNone : updates.back(), s);
     }},
    {{"custom_field_settings", plain, Type::custom_field_setting},
     [](Output& o, const Id& i, S s) { return custom_field_settings(o, Type::project, i, s); }},
    {{"custom_fields", plain, Type::custom_field},
     [](Output& o, const Id& i, S s) {
         if (o.free_plan) return false;
         return list(o, project_of(o, i).own_fields, [&](Index field) {
             const Value value = o.world.project_value(static_cast<Index>(i), field);
             write_field(o, {.field = field, .value = &value, .on_project = true}, s);
         });
     }},
    {{"default_view"}, [](Output& o, const Id& i, S) { return text(o, word(kViews, project_of(o, i).view)); }},
    {{"due_on"}, [](Output& o, const Id& i, S) { return date(o, project_of(o, i).due); }},
    {{"due_date"}, [](Output& o, const Id& i, S) { return date(o, project_of(o, i).due); }},
    {{"start_on"}, [](Output& o, const Id& i, S) { return date(o, project_of(o, i).start); }},
    {{"notes"}, [](Output& o, const Id& i, S) { return text(o, project_of(o, i).notes); }},
    {{"html_notes", opt_in}, [](Output& o, const Id& i, S) { return text(o, html(project_of(o, i).notes)); }},
    {{"privacy_setting"},
     [](Output& o, const Id& i, S) { return text(o, project_of(o, i).listed ? "public_to_workspace" : "private"); }},
    {{"default_access_level"},
     [](Output& o, const Id& i, S) { return text(o, word(kAccessLevels, static_cast<int>(i % 4))); }},
    {{"minimum_access_level_for_customization"}, [](Output& o, const Id&, S) { return text(o, "editor"); }},
    {{"minimum_access_level_for_sharing"},
     [](Output& o, const Id& i, S) { return text(o, word(kAccessLevels, static_cast<int>(i % 2))); }},
    {{"completed"}, [](Output& o, const Id& i, S) { return flag(o, project_of(o, i).completed); }},
    {{"completed_at"}, [](Output& o, const Id& i, S) { return instant(o, project_of(o, i).completed_at); }},
    {{"completed_by", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, project_of(o, i).completed_by, s); }},
    {{"members", plain, Type::user},
     [](Output& o, const Id& i, S s) { return refs(o, Type::user, project_of(o, i).members, s); }},
    {{"followers", plain, Type::user},
     [](Output& o, const Id& i, S s) { return refs(o, Type::user, project_of(o, i).followers, s); }},
    {{"owner", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, project_of(o, i).owner, s); }},
    {{"team", plain, Type::team},
     [](Output& o, const Id& i, S s) { return ref(o, Type::team, project_of(o, i).team, s); }},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) { return text(o, "https://app.asana.com/0/" + o.world.gid(Type::project, i)); }},
    {{"project_brief", opt_in, Type::project_brief},
     [](Output& o, const Id& i, S s) { return ref(o, Type::project_brief, project_of(o, i).brief, s); }},
    {{"created_from_template", opt_in, Type::any},
     [](Output& o, const Id& i, S s) {
         if (project_of(o, i).project_template == kNone) return null(o);
         write_any(o, {Type::project_template, project_of(o, i).project_template}, s);
         return true;
     }},
    {{"workspace", plain, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, project_of(o, i).workspace, s); }},
};

constexpr Field<Id> kBrief[] = {
    ENTITY(Type::project_brief),
    {{"title"}, [](Output& o, const Id& i, S) { return text(o, o.world.briefs[i].title); }},
    {{"html_text"}, [](Output& o, const Id& i, S) { return text(o, html(o.world.briefs[i].text)); }},
    {{"text", opt_in}, [](Output& o, const Id& i, S) { return text(o, o.world.briefs[i].text); }},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) {
         return text(o, "https://app.asana.com/0/brief/" + o.world.gid(Type::project_brief, i));
     }},
    {{"project", plain, Type::project},
     [](Output& o, const Id& i, S s) { return ref(o, Type::project, o.world.briefs[i].project, s); }},
};

struct LikeView {
    Type on;
    Id object;
    Index user;
};
constexpr Field<LikeView> kLike[] = {
    {{"gid", in_lists},
     [](Output& o, const LikeView& v, S) {
         return gid(o, Type::like, (v.object * 32 + static_cast<Id>(v.on)) % 1'000'000'000 * 1000 + v.user % 1000);
     }},
    {{"user", in_lists, Type::user}, [](Output& o, const LikeView& v, S s) { return ref(o, Type::user, v.user, s); }},
};
bool likes(Output& o, Type on, Id object, const std::vector<Index>& users, S s) {
    return list(o, users, [&](Index user) { write_fields<LikeView>(o, kLike, {on, object, user}, s); });
}

const StatusUpdate& update_of(Output& o, Id i) { return o.world.status_updates[i]; }
constexpr Field<Id> kStatusUpdate[] = {
    ENTITY(Type::status_update),
    {{"title", in_lists}, [](Output& o, const Id& i, S) { return text(o, update_of(o, i).title); }},
    {{"resource_subtype", in_lists},
     [](Output& o, const Id& i, S) {
         return text(o, std::string(type_name(update_of(o, i).parent_type)) + "_status_update");
     }},
    {{"text"}, [](Output& o, const Id& i, S) { return text(o, update_of(o, i).text); }},
    {{"html_text", opt_in}, [](Output& o, const Id& i, S) { return text(o, html(update_of(o, i).text)); }},
    {{"status_type"}, [](Output& o, const Id& i, S) { return text(o, word(kStatuses, update_of(o, i).status)); }},
    {{"author", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, update_of(o, i).author, s); }},
    {{"created_by", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, update_of(o, i).author, s); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, update_of(o, i).created); }},
    {{"modified_at"}, [](Output& o, const Id& i, S) { return instant(o, update_of(o, i).modified); }},
    {{"liked"}, [](Output& o, const Id&, S) { return flag(o, false); }},
    {{"likes", plain, Type::like},
     [](Output& o, const Id& i, S s) { return likes(o, Type::status_update, i, update_of(o, i).likes, s); }},
    {{"num_likes"}, [](Output& o, const Id& i, S) { return number(o, update_of(o, i).likes.size()); }},
    {{"parent", plain, Type::any},
     [](Output& o, const Id& i, S s) {
         write_any(o, {update_of(o, i).parent_type, update_of(o, i).parent}, s);
         return true;
     }},
};

const Tag& tag_of(Output& o, Id i) { return o.world.tags[i]; }
constexpr Field<Id> kTag[] = {
    ENTITY(Type::tag),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, tag_of(o, i).name); }},
    {{"color"},
     [](Output& o, const Id& i, S) {
         return tag_of(o, i).color < 0 ? null(o) : text(o, word(kColors, tag_of(o, i).color));
     }},
    {{"notes"}, [](Output& o, const Id& i, S) { return text(o, tag_of(o, i).notes); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, tag_of(o, i).created); }},
    {{"followers", plain, Type::user},
     [](Output& o, const Id& i, S s) { return refs(o, Type::user, tag_of(o, i).followers, s); }},
    {{"workspace", plain, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, tag_of(o, i).workspace, s); }},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) {
         return text(o, "https://app.asana.com/0/" + o.world.gid(Type::tag, i) + "/list");
     }},
};

constexpr Field<Id> kStatusOption[] = {
    ENTITY(Type::custom_type_status_option),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.status_options[i].name); }},
    {{"completion_state"},
     [](Output& o, const Id& i, S) { return text(o, o.world.status_options[i].done ? "completed" : "incomplete"); }},
    {{"enabled"}, [](Output& o, const Id& i, S) { return flag(o, o.world.status_options[i].enabled); }},
    {{"color"}, [](Output& o, const Id& i, S) { return text(o, word(kColors, o.world.status_options[i].color)); }},
};
constexpr Field<Id> kCustomType[] = {
    ENTITY(Type::custom_type),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.custom_types[i].name); }},
    {{"status_options", plain, Type::custom_type_status_option},
     [](Output& o, const Id& i, S s) {
         return refs(o, Type::custom_type_status_option, o.world.custom_types[i].options, s);
     }},
};

constexpr Field<TaskHome> kTaskMembership[] = {
    {{"project", in_lists, Type::project},
     [](Output& o, const TaskHome& h, S s) { return ref(o, Type::project, h.project, s); }},
    {{"section", in_lists, Type::section},
     [](Output& o, const TaskHome& h, S s) { return ref(o, Type::section, h.section, s); }},
};

const Task& task_of(Output& o, Id i) { return o.world.tasks[i]; }
constexpr Field<Id> kTask[] = {
    ENTITY(Type::task),
    {{"name", in_lists}, [](Output& o, const Id& i, S) { return text(o, o.world.task_name(static_cast<Index>(i))); }},
    {{"resource_subtype", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kTaskSubtypes, task_of(o, i).subtype)); }},
    {{"created_by", in_lists | opt_in, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, task_of(o, i).created_by, s); }},
    {{"approval_status"},
     [](Output& o, const Id& i, S) {
         return task_of(o, i).subtype == 2 && text(o, word(kApprovals, task_of(o, i).approval));
     }},
    {{"assignee_status"}, [](Output& o, const Id&, S) { return text(o, "upcoming"); }},
    {{"assigned_by", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, task_of(o, i).assigned_by, s); }},
    {{"completed"}, [](Output& o, const Id& i, S) { return flag(o, task_of(o, i).completed); }},
    {{"completed_at"}, [](Output& o, const Id& i, S) { return instant(o, task_of(o, i).completed_at); }},
    {{"completed_by", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, task_of(o, i).completed_by, s); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, task_of(o, i).created); }},
    {{"custom_type", plain, Type::custom_type},
     [](Output& o, const Id& i, S s) { return ref(o, Type::custom_type, task_of(o, i).custom_type, s); }},
    {{"custom_type_status_option", plain, Type::custom_type_status_option},
     [](Output& o, const Id& i, S s) {
         return ref(o, Type::custom_type_status_option, task_of(o, i).status_option, s);
     }},
    {{"dependencies", opt_in, Type::any},
     [](Output& o, const Id& i, S s) {
         return list(o, task_of(o, i).dependencies, [&](Index other) { write_any(o, {Type::task, other}, s); });
     }},
    {{"dependents", opt_in, Type::any},
     [](Output& o, const Id& i, S s) {
         static const std::vector<Index> kNobody;
         const auto found = o.world.dependents.find(static_cast<Index>(i));
         return list(o, found == o.world.dependents.end() ? kNobody : found->second, [&](Index other) {
             write_any(o, {Type::task, other}, s);
         });
     }},
    {{"due_at"},
     [](Output& o, const Id& i, S) { return task_of(o, i).due_time ? instant(o, task_of(o, i).due) : null(o); }},
    {{"due_on"}, [](Output& o, const Id& i, S) { return date(o, task_of(o, i).due); }},
    {{"html_notes", opt_in},
     [](Output& o, const Id& i, S) { return text(o, o.world.task_html_notes(static_cast<Index>(i))); }},
    {{"is_rendered_as_separator", opt_in},
     [](Output& o, const Id& i, S) { return task_of(o, i).subtype == 0 && flag(o, task_of(o, i).separator); }},
    {{"liked"}, [](Output& o, const Id&, S) { return flag(o, false); }},
    {{"likes", plain, Type::like},
     [](Output& o, const Id& i, S s) { return likes(o, Type::task, i, task_of(o, i).likes, s); }},
    {{"num_likes"}, [](Output& o, const Id& i, S) { return number(o, task_of(o, i).likes.size()); }},
    {{"hearted"}, [](Output& o, const Id&, S) { return flag(o, false); }},
    {{"hearts", plain, Type::like},
     [](Output& o, const Id& i, S s) { return likes(o, Type::task, i, task_of(o, i).likes, s); }},
    {{"num_hearts"}, [](Output& o, const Id& i, S) { return number(o, task_of(o, i).likes.size()); }},
    {{"memberships", plain, Type::task_membership},
     [](Output& o, const Id& i, S s) {
         return list(o, task_of(o, i).homes,
                     [&](const TaskHome& home) { write_fields<TaskHome>(o, kTaskMembership, home, s); });
     }},
    {{"modified_at"}, [](Output& o, const Id& i, S) { return instant(o, task_of(o, i).modified); }},
    {{"notes"}, [](Output& o, const Id& i, S) { return text(o, o.world.task_notes(static_cast<Index>(i))); }},
    {{"num_subtasks", opt_in}, [](Output& o, const Id& i, S) { return number(o, task_of(o, i).children.size()); }},
    {{"start_at"},
     [](Output& o, const Id& i, S) { return task_of(o, i).due_time ? instant(o, task_of(o, i).start) : null(o); }},
    {{"start_on"}, [](Output& o, const Id& i, S) { return date(o, task_of(o, i).start); }},
    {{"actual_time_minutes"},
     [](Output& o, const Id& i, S) { return task_of(o, i).minutes < 0 ? null(o) : number(o, task_of(o, i).minutes); }},
    {{"assignee", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, task_of(o, i).assignee, s); }},
    {{"assignee_section", plain, Type::section},
     [](Output& o, const Id& i, S s) { return ref(o, Type::section, task_of(o, i).assignee_section, s); }},
    {{"custom_fields", plain, Type::custom_field},
     [](Output& o, const Id& i, S s) {
         if (o.free_plan) return false;
         return list(o, o.world.task_values(static_cast<Index>(i)), [&](const std::pair<Index, Value>& entry) {
             write_field(o, {.field = entry.first, .value = &entry.second}, s);
         });
     }},
    {{"followers", plain, Type::user},
     [](Output& o, const Id& i, S s) { return refs(o, Type::user, task_of(o, i).followers, s); }},
    {{"parent", plain, Type::task},
     [](Output& o, const Id& i, S s) { return ref(o, Type::task, task_of(o, i).parent, s); }},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) { return text(o, "https://app.asana.com/0/0/" + o.world.gid(Type::task, i)); }},
    {{"projects", plain, Type::project},
     [](Output& o, const Id& i, S s) {
         return list(o, task_of(o, i).homes, [&](const TaskHome& home) { write(o, Type::project, home.project, s); });
     }},
    {{"tags", plain, Type::tag}, [](Output& o, const Id& i, S s) { return refs(o, Type::tag, task_of(o, i).tags, s); }},
    {{"workspace", plain, Type::workspace},
     [](Output& o, const Id& i, S s) { return ref(o, Type::workspace, task_of(o, i).workspace, s); }},
};

// Conditional members of stories: there only for the subtypes that have them.
template <StoryMember member, Type type>
bool story_ref(Output& o, const Story& story, S s) {
    return story_shape(story.shape).member == member && ref(o, type, story.ref, s);
}
template <StoryMember member>
bool story_text(Output& o, const Story& story, std::string_view value) {
    return story_shape(story.shape).member == member && text(o, value);
}
bool is_comment(const Story& story) { return story_shape(story.shape).member == StoryMember::comment; }
Dates dates_of(const Value& value) { return {.null = !value.set, .due = value.date, .has_time = value.has_time}; }
constexpr StoryMember kValueMembers[] = {StoryMember::text_value,   StoryMember::number_value,
                                         StoryMember::enum_value,   StoryMember::multi_enum_values,
                                         StoryMember::people_value, StoryMember::date_value};
template <StoryMember member, Value Story::*side>
bool story_value(Output& o, const Story& story, S s) {
    if (story_shape(story.shape).member != member) return false;
    const Value& value = story.*side;
    if (!value.set) return null(o);
    using enum StoryMember;
    if constexpr (member == text_value) return text(o, value.text);
    if constexpr (member == number_value) return number(o, value.number);
    if constexpr (member == enum_value)
        return value.items.empty() ? null(o) : ref(o, Type::enum_option, value.items[0], s);
    if constexpr (member == multi_enum_values) return refs(o, Type::enum_option, value.items, s);
    if constexpr (member == people_value) return refs(o, Type::user, value.items, s);
    return write_dates(o, dates_of(value), s);
}

using M = StoryMember;
constexpr Field<Story> kStory[] = {
    {{"gid", in_lists}, [](Output& o, const Story& t, S) { return gid(o, Type::story, t.id); }},
    {{"resource_type", in_lists}, [](Output& o, const Story&, S) { return text(o, "story"); }},
    {{"resource_subtype", in_lists},
     [](Output& o, const Story& t, S) { return text(o, story_shape(t.shape).subtype); }},
    {{"created_at", in_lists}, [](Output& o, const Story& t, S) { return instant(o, t.created); }},
    {{"created_by", in_lists, Type::user},
     [](Output& o, const Story& t, S s) { return ref(o, Type::user, t.created_by, s); }},
    {{"text", in_lists}, [](Output& o, const Story& t, S) { return text(o, t.text); }},
    {{"html_text", opt_in}, [](Output& o, const Story& t, S) { return text(o, html(t.text)); }},
    {{"type"}, [](Output& o, const Story& t, S) { return text(o, is_comment(t) ? "comment" : "system"); }},
    {{"is_pinned"}, [](Output& o, const Story& t, S) { return is_comment(t) && flag(o, t.pinned); }},
    {{"is_edited"}, [](Output& o, const Story& t, S) { return is_comment(t) && flag(o, t.edited); }},
    {{"is_editable"}, [](Output& o, const Story& t, S) { return is_comment(t) && flag(o, true); }},
    {{"liked"}, [](Output& o, const Story& t, S) { return is_comment(t) && flag(o, false); }},
    {{"likes", plain, Type::like},
     [](Output& o, const Story& t, S s) { return is_comment(t) && likes(o, Type::story, t.id, t.likes, s); }},
    {{"num_likes"}, [](Output& o, const Story& t, S) { return is_comment(t) && number(o, t.likes.size()); }},
    {{"source"}, [](Output& o, const Story& t, S) { return text(o, word(kSources, t.source)); }},
    {{"sticker_name"},
     [](Output& o, const Story& t, S) { return t.sticker < 0 ? null(o) : text(o, word(kStickers, t.sticker)); }},
    {{"target", plain, Type::any},
     [](Output& o, const Story& t, S s) {
         write_any(o, {t.target_type, t.task}, s);
         return true;
     }},
    {{"assignee", plain, Type::user}, story_ref<M::assignee, Type::user>},
    {{"follower", plain, Type::user}, story_ref<M::follower, Type::user>},
    {{"project", plain, Type::project}, story_ref<M::project, Type::project>},
    {{"tag", plain, Type::tag}, story_ref<M::tag, Type::tag>},
    {{"task", plain, Type::task}, story_ref<M::task, Type::task>},
    {{"dependency", plain, Type::task}, story_ref<M::dependency, Type::task>},
    {{"duplicate_of", plain, Type::task}, story_ref<M::duplicate_of, Type::task>},
    {{"duplicated_from", plain, Type::task}, story_ref<M::duplicated_from, Type::task>},
    {{"story", plain, Type::any},
     [](Output& o, const Story& t, S s) {
         if (story_shape(t.shape).member != M::story) return false;
         write_any(o, {Type::story, t.other_story}, s);
         return true;
     }},
    {{"custom_field", plain, Type::custom_field},
     [](Output& o, const Story& t, S s) {
         for (const StoryMember member : kValueMembers) {
             if (story_shape(t.shape).member == member) return ref(o, Type::custom_field, t.ref, s);
         }
         return false;
     }},
    {{"old_name"}, [](Output& o, const Story& t, S) { return story_text<M::name>(o, t, t.old_text); }},
    {{"new_name"}, [](Output& o, const Story& t, S) { return story_text<M::name>(o, t, t.new_text); }},
    {{"old_resource_subtype"}, [](Output& o, const Story& t, S) { return story_text<M::subtype>(o, t, t.old_text); }},
    {{"new_resource_subtype"}, [](Output& o, const Story& t, S) { return story_text<M::subtype>(o, t, t.new_text); }},
    {{"old_approval_status"}, [](Output& o, const Story& t, S) { return story_text<M::approval>(o, t, t.old_text); }},
    {{"new_approval_status"}, [](Output& o, const Story& t, S) { return story_text<M::approval>(o, t, t.new_text); }},
    {{"old_section", plain, Type::section},
     [](Output& o, const Story& t, S s) {
         return story_shape(t.shape).member == M::sections && ref(o, Type::section, t.old_section, s);
     }},
    {{"new_section", plain, Type::section},
     [](Output& o, const Story& t, S s) {
         return story_shape(t.shape).member == M::sections && ref(o, Type::section, t.new_section, s);
     }},
    {{"old_dates", plain, Type::dates},
     [](Output& o, const Story& t, S s) {
         return story_shape(t.shape).member == M::dates && write_dates(o, t.old_dates, s);
     }},
    {{"new_dates", plain, Type::dates},
     [](Output& o, const Story& t, S s) {
         return story_shape(t.shape).member == M::dates && write_dates(o, t.new_dates, s);
     }},
    {{"old_text_value"}, story_value<M::text_value, &Story::old_value>},
    {{"new_text_value"}, story_value<M::text_value, &Story::new_value>},
    {{"old_number_value"}, story_value<M::number_value, &Story::old_value>},
    {{"new_number_value"}, story_value<M::number_value, &Story::new_value>},
    {{"old_enum_value", plain, Type::enum_option}, story_value<M::enum_value, &Story::old_value>},
    {{"new_enum_value", plain, Type::enum_option}, story_value<M::enum_value, &Story::new_value>},
    {{"old_multi_enum_values", plain, Type::enum_option}, story_value<M::multi_enum_values, &Story::old_value>},
    {{"new_multi_enum_values", plain, Type::enum_option}, story_value<M::multi_enum_values, &Story::new_value>},
    {{"old_people_value", plain, Type::user}, story_value<M::people_value, &Story::old_value>},
    {{"new_people_value", plain, Type::user}, story_value<M::people_value, &Story::new_value>},
    {{"old_date_value", plain, Type::dates}, story_value<M::date_value, &Story::old_value>},
    {{"new_date_value", plain, Type::dates}, story_value<M::date_value, &Story::new_value>},
};

constexpr Field<Attachment> kAttachment[] = {
    {{"gid", in_lists}, [](Output& o, const Attachment& a, S) { return gid(o, Type::attachment, a.id); }},
    {{"resource_type", in_lists}, [](Output& o, const Attachment&, S) { return text(o, "attachment"); }},
    {{"name", in_lists}, [](Output& o, const Attachment& a, S) { return text(o, a.name); }},
    {{"resource_subtype", in_lists},
     [](Output& o, const Attachment& a, S) { return text(o, word(kAttachmentSubtypes, a.subtype)); }},
    {{"host"}, [](Output& o, const Attachment& a, S) { return text(o, word(kAttachmentSubtypes, a.subtype)); }},
    {{"created_at"}, [](Output& o, const Attachment& a, S) { return instant(o, a.created); }},
    {{"size"}, [](Output& o, const Attachment& a, S) { return a.subtype == 0 && number(o, a.size); }},
    {{"parent", plain, Type::any},
     [](Output& o, const Attachment& a, S s) {
         if (a.parent_type == Type::project_brief) return null(o);  // a brief's attachments do not say whose they are
         write_any(o, {a.parent_type, a.parent}, s);
         return true;
     }},
    {{"permanent_url"},
     [](Output& o, const Attachment& a, S) {
         return a.subtype == 0 ? text(o, "https://app.asana.com/app/asana/-/get_asset?asset_id=" +
                                             o.world.gid(Type::attachment, a.id))
                               : null(o);
     }},
    {{"view_url"},
     [](Output& o, const Attachment& a, S) {
         return text(o, "https://files.example/" + o.world.gid(Type::attachment, a.id));
     }},
    {{"download_url"},
     [](Output& o, const Attachment& a, S) {
         return text(o, "https://files.example/get?two_minutes=" + o.world.gid(Type::attachment, a.id));
     }},
    {{"connected_to_app"},
     [](Output& o, const Attachment& a, S) {
         const auto subtype = word(kAttachmentSubtypes, a.subtype);
         return (subtype == "external" || subtype == "gdrive") && flag(o, a.id % 2 == 0);
     }},
};

// Around work.
template <auto list, auto member>
bool text_of(Output& o, const Id& i, S) {
    return text(o, (o.world.*list)[i].*member);
}
template <auto list, auto member>
bool html_of(Output& o, const Id& i, S) {
    return text(o, html((o.world.*list)[i].*member));
}
template <auto list, auto member>
bool instant_of(Output& o, const Id& i, S) {
    return instant(o, (o.world.*list)[i].*member);
}
template <auto list, auto member>
bool date_of(Output& o, const Id& i, S) {
    return date(o, (o.world.*list)[i].*member);
}
template <Type type, auto list, auto member>
bool ref_of(Output& o, const Id& i, S s) {
    return ref(o, type, (o.world.*list)[i].*member, s);
}
template <Type type>
bool itself(Output& o, const Id& i, S s) {
    return ref(o, type, static_cast<Index>(i), s);
}
using W = World;

constexpr Field<Id> kTimeCategory[] = {
    ENTITY(Type::time_tracking_category),
    {{"name", in_lists}, text_of<&W::time_categories, &TimeCategory::name>},
    {{"color", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kCategoryColors, o.world.time_categories[i].color)); }},
    {{"is_archived"}, [](Output& o, const Id& i, S) { return flag(o, o.world.time_categories[i].archived); }},
};
constexpr Field<Id> kTimeEntry[] = {
    ENTITY(Type::time_tracking_entry),
    {{"duration_minutes", in_lists},
     [](Output& o, const Id& i, S) { return number(o, o.world.time_entries[i].minutes); }},
    {{"entered_on", in_lists}, date_of<&W::time_entries, &TimeEntry::day>},
    {{"attributable_to", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         if (o.world.time_entries[i].project == kNone) return null(o);
         write_any(o, {Type::project, o.world.time_entries[i].project}, s);
         return true;
     }},
    {{"created_by", in_lists, Type::user}, ref_of<Type::user, &W::time_entries, &TimeEntry::user>},
    {{"categories", in_lists, Type::time_tracking_category},
     [](Output& o, const Id& i, S s) {
         std::vector<Index> categories;
         if (const Index one = o.world.time_entries[i].category; one != kNone) categories.push_back(one);
         return refs(o, Type::time_tracking_category, categories, s);
     }},
    {{"task", plain, Type::task}, ref_of<Type::task, &W::time_entries, &TimeEntry::task>},
    {{"created_at"}, instant_of<&W::time_entries, &TimeEntry::created>},
    {{"approval_status"},
     [](Output& o, const Id& i, S) { return text(o, word(kTimeApprovals, o.world.time_entries[i].approval)); }},
    {{"billable_status"},
     [](Output& o, const Id& i, S) { return text(o, word(kBillables, o.world.time_entries[i].billable)); }},
    {{"description"}, text_of<&W::time_entries, &TimeEntry::description>},
};
constexpr Field<Id> kTimesheet[] = {
    ENTITY(Type::timesheet_approval_status),
    {{"created_at", in_lists}, instant_of<&W::timesheets, &Timesheet::created>},
    {{"user", in_lists, Type::user}, ref_of<Type::user, &W::timesheets, &Timesheet::user>},
    {{"workspace", in_lists, Type::workspace}, ref_of<Type::workspace, &W::timesheets, &Timesheet::workspace>},
    {{"start_date", in_lists}, date_of<&W::timesheets, &Timesheet::start>},
    {{"end_date", in_lists}, [](Output& o, const Id& i, S) { return date(o, o.world.timesheets[i].start + 6 * kDay); }},
    {{"approval_status", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kTimeApprovals, o.world.timesheets[i].approval)); }},
};
constexpr Field<Id> kEffort[] = {
    {{"type", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kEfforts, o.world.allocations[i].effort)); }},
    {{"value", in_lists}, [](Output& o, const Id& i, S) { return number(o, o.world.allocations[i].value); }},
};
constexpr Field<Id> kAllocation[] = {
    ENTITY(Type::allocation),
    {{"start_date", in_lists}, date_of<&W::allocations, &Allocation::start>},
    {{"end_date", in_lists}, date_of<&W::allocations, &Allocation::end>},
    {{"effort", in_lists, Type::effort},
     [](Output& o, const Id& i, S s) {
         return o.world.allocations[i].effort < 0 ? null(o) : itself<Type::effort>(o, i, s);
     }},
    {{"assignee", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         write_any(o, {o.world.allocations[i].assignee_type, o.world.allocations[i].assignee}, s);
         return true;
     }},
    {{"created_by", in_lists, Type::user}, ref_of<Type::user, &W::allocations, &Allocation::created_by>},
    {{"parent", in_lists, Type::project}, ref_of<Type::project, &W::allocations, &Allocation::project>},
    {{"resource_subtype", in_lists}, [](Output& o, const Id&, S) { return text(o, "project_allocation"); }},
};

const Budget& budget_of(Output& o, Id i) { return o.world.budgets[i]; }
bool budget_units(Output& o, const Id& i, S) { return text(o, budget_of(o, i).of_time ? "minutes" : "EUR"); }
bool budget_filter(Output& o, const Id& i, S) { return text(o, word(kBudgetFilters, static_cast<int>(i % 3))); }
bool budget_enabled(Output& o, const Id& i, S) { return flag(o, budget_of(o, i).enabled); }
template <auto amount>
bool budget_amount(Output& o, const Id& i, S) {
    return budget_of(o, i).enabled ? number(o, budget_of(o, i).*amount) : null(o);
}
constexpr Field<Id> kBudgetEstimate[] = {
    {{"billable_status_filter", in_lists}, budget_filter},
    {{"source", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kBudgetSources, static_cast<int>(i % 3))); }},
    {{"enabled", in_lists}, budget_enabled},
    {{"units", in_lists}, budget_units},
    {{"value", in_lists}, budget_amount<&Budget::estimate>},
};
constexpr Field<Id> kBudgetActual[] = {
    {{"billable_status_filter", in_lists}, budget_filter},
    {{"value", in_lists}, [](Output& o, const Id& i, S) { return number(o, budget_of(o, i).actual); }},
    {{"units", in_lists}, budget_units},
};
constexpr Field<Id> kBudgetTotal[] = {
    {{"enabled", in_lists}, budget_enabled},
    {{"value", in_lists}, budget_amount<&Budget::total>},
    {{"units", in_lists}, budget_units},
};
constexpr Field<Id> kBudget[] = {
    ENTITY(Type::budget),
    {{"budget_type", in_lists},
     [](Output& o, const Id& i, S) { return text(o, budget_of(o, i).of_time ? "time" : "cost"); }},
    {{"estimate", in_lists, Type::budget_estimate}, itself<Type::budget_estimate>},
    {{"actual", in_lists, Type::budget_actual}, itself<Type::budget_actual>},
    {{"total", in_lists, Type::budget_total}, itself<Type::budget_total>},
    {{"parent", in_lists, Type::project}, ref_of<Type::project, &W::budgets, &Budget::project>},
};
constexpr Field<Id> kRate[] = {
    ENTITY(Type::rate),
    {{"parent", in_lists, Type::project}, ref_of<Type::project, &W::rates, &Rate::project>},
    {{"resource", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         write_any(o, {o.world.rates[i].resource_type, o.world.rates[i].resource}, s);
         return true;
     }},
    {{"rate", in_lists}, [](Output& o, const Id& i, S) { return number(o, o.world.rates[i].rate); }},
    {{"currency_code", in_lists}, [](Output& o, const Id&, S) { return text(o, "EUR"); }},
    {{"created_by", in_lists, Type::user}, ref_of<Type::user, &W::rates, &Rate::created_by>},
};
constexpr Field<Id> kOooEntry[] = {
    ENTITY(Type::ooo_entry),
    {{"start_date", in_lists}, date_of<&W::ooo_entries, &OooEntry::start>},
    {{"end_date", in_lists}, date_of<&W::ooo_entries, &OooEntry::end>},
    {{"user", in_lists, Type::user}, ref_of<Type::user, &W::ooo_entries, &OooEntry::user>},
    {{"created_by", in_lists, Type::user}, ref_of<Type::user, &W::ooo_entries, &OooEntry::created_by>},
};

// What a project template asks for: the one in this place.
struct Requested {
    std::size_t place;
    const std::string& name;
};
constexpr Field<Requested> kRequestedDate[] = {
    {{"gid", in_lists}, [](Output& o, const Requested& r, S) { return text(o, std::to_string(r.place + 1)); }},
    {{"name", in_lists}, [](Output& o, const Requested& r, S) { return text(o, r.name); }},
    {{"description", in_lists}, [](Output& o, const Requested& r, S) { return text(o, "When " + r.name); }},
};
constexpr Field<Requested> kRequestedRole[] = {
    {{"gid", in_lists}, [](Output& o, const Requested& r, S) { return text(o, std::to_string(r.place + 1)); }},
    {{"resource_type", in_lists}, [](Output& o, const Requested&, S) { return text(o, "template_role"); }},
    {{"name", in_lists}, [](Output& o, const Requested& r, S) { return text(o, r.name); }},
};
template <auto names>
bool requested(Output& o, std::span<const Field<Requested>> table, const Id& i, S s) {
    std::size_t place = 0;
    return list(o, o.world.project_templates[i].*names, [&](const std::string& name) {
        write_fields<Requested>(o, table, {place++, name}, s);
    });
}
constexpr Field<Id> kProjectTemplate[] = {
    ENTITY(Type::project_template),
    {{"name", in_lists}, text_of<&W::project_templates, &ProjectTemplate::name>},
    {{"description"}, text_of<&W::project_templates, &ProjectTemplate::description>},
    {{"html_description"}, html_of<&W::project_templates, &ProjectTemplate::description>},
    {{"public"}, [](Output& o, const Id& i, S) { return flag(o, o.world.project_templates[i].open); }},
    {{"owner", plain, Type::user}, ref_of<Type::user, &W::project_templates, &ProjectTemplate::owner>},
    {{"team", plain, Type::team}, ref_of<Type::team, &W::project_templates, &ProjectTemplate::team>},
    {{"requested_dates", plain, Type::requested_date},
     [](Output& o, const Id& i, S s) { return requested<&ProjectTemplate::dates>(o, kRequestedDate, i, s); }},
    {{"color"},
     [](Output& o, const Id& i, S) {
         const int color = o.world.project_templates[i].color;
         return color < 0 ? null(o) : text(o, word(kColors, color));
     }},
    {{"requested_roles", plain, Type::requested_role},
     [](Output& o, const Id& i, S s) { return requested<&ProjectTemplate::roles>(o, kRequestedRole, i, s); }},
};

const TaskTemplate& recipe_of(Output& o, Id i) { return o.world.task_templates[i]; }
bool nothing_listed(Output& o, const Id&, S) {
    o.json += "[]";
    return true;
}
constexpr Field<Id> kRecipe[] = {
    {{"name", in_lists}, text_of<&W::task_templates, &TaskTemplate::name>},
    {{"task_resource_subtype", in_lists},
     [](Output& o, const Id& i, S) { return text(o, word(kRecipeSubtypes, recipe_of(o, i).subtype)); }},
    {{"description", in_lists}, text_of<&W::task_templates, &TaskTemplate::description>},
    {{"html_description", in_lists}, html_of<&W::task_templates, &TaskTemplate::description>},
    {{"memberships", in_lists, Type::project},
     [](Output& o, const Id& i, S s) {
         return refs(o, Type::project, std::vector<Index>{recipe_of(o, i).project}, s);
     }},
    {{"relative_start_on", in_lists},
     [](Output& o, const Id& i, S) { return recipe_of(o, i).start < 0 ? null(o) : number(o, recipe_of(o, i).start); }},
    {{"relative_due_on", in_lists},
     [](Output& o, const Id& i, S) { return recipe_of(o, i).due < 0 ? null(o) : number(o, recipe_of(o, i).due); }},
    {{"due_time", in_lists}, [](Output& o, const Id&, S) { return null(o); }},
    {{"dependencies", in_lists}, nothing_listed},
    {{"dependents", in_lists}, nothing_listed},
    {{"followers", in_lists, Type::user},
     [](Output& o, const Id& i, S s) { return refs(o, Type::user, recipe_of(o, i).followers, s); }},
    {{"attachments", in_lists}, nothing_listed},
    {{"subtasks", in_lists}, nothing_listed},
    {{"custom_fields", in_lists}, nothing_listed},
};
constexpr Field<Id> kTaskTemplate[] = {
    ENTITY(Type::task_template),
    {{"name", in_lists}, text_of<&W::task_templates, &TaskTemplate::name>},
    {{"project", plain, Type::project}, ref_of<Type::project, &W::task_templates, &TaskTemplate::project>},
    {{"template", plain, Type::recipe}, itself<Type::recipe>},
    {{"created_by", plain, Type::user}, ref_of<Type::user, &W::task_templates, &TaskTemplate::created_by>},
    {{"created_at"}, instant_of<&W::task_templates, &TaskTemplate::created>},
};

constexpr Field<Id> kPermissions[] = {
    {{"create_project", in_lists}, [](Output& o, const Id&, S) { return flag(o, true); }},
    {{"create_team", in_lists}, [](Output& o, const Id& i, S) { return flag(o, o.world.roles[i].base > 0); }},
    {{"task_deletion_policy", in_lists}, [](Output& o, const Id&, S) { return text(o, "task_creators"); }},
};
constexpr Field<Id> kRole[] = {
    ENTITY(Type::role),
    {{"name", in_lists}, text_of<&W::roles, &Role::name>},
    {{"description", in_lists}, text_of<&W::roles, &Role::description>},
    {{"is_standard_role", in_lists}, [](Output& o, const Id& i, S) { return flag(o, o.world.roles[i].standard); }},
    {{"creation_time"}, instant_of<&W::roles, &Role::created>},
    {{"modified_at"}, instant_of<&W::roles, &Role::modified>},
    {{"base_role_type"}, [](Output& o, const Id& i, S) { return text(o, word(kBaseRoles, o.world.roles[i].base)); }},
    {{"permissions", plain, Type::permissions}, itself<Type::permissions>},
    {{"workspace", plain, Type::workspace}, ref_of<Type::workspace, &W::roles, &Role::workspace>},
};
constexpr Field<Id> kAgent[] = {
    ENTITY(Type::agent),
    {{"resource_subtype", in_lists}, [](Output& o, const Id&, S) { return text(o, "asana_teammate"); }},
    {{"name", in_lists}, text_of<&W::agents, &Agent::name>},
    {{"description"}, text_of<&W::agents, &Agent::description>},
    {{"behavior_guidance"}, [](Output& o, const Id&, S) { return null(o); }},
    {{"workspace", plain, Type::workspace}, ref_of<Type::workspace, &W::agents, &Agent::workspace>},
    {{"photo", plain, Type::photo},
     [](Output& o, const Id& i, S s) { return o.world.agents[i].photo ? itself<Type::photo>(o, i, s) : null(o); }},
};

constexpr Field<Any> kAny[] = {
    {{"gid", in_lists}, [](Output& o, const Any& a, S) { return gid(o, a.type, a.id); }},
    {{"resource_type", in_lists}, [](Output& o, const Any& a, S) { return text(o, type_name(a.type)); }},
    {{"resource_subtype"},
     [](Output& o, const Any& a, S) {
         return a.type == Type::task && text(o, word(kTaskSubtypes, task_of(o, a.id).subtype));
     }},
    {{"name", in_lists},
     [](Output& o, const Any& a, S) {
         switch (a.type) {
             case Type::task:
                 return !task_of(o, a.id).deleted && text(o, o.world.task_name(static_cast<Index>(a.id)));
             case Type::project:
                 return text(o, project_of(o, a.id).name);
             case Type::user:
                 return text(o, o.world.users[a.id].name);
             case Type::team:
                 return text(o, team_of(o, a.id).name);
             case Type::section:
                 return text(o, o.world.sections[a.id].name);
             case Type::tag:
                 return text(o, tag_of(o, a.id).name);
             case Type::placeholder:
                 return text(o, o.world.placeholders[a.id].name);
             case Type::portfolio:
             case Type::goal:
                 return text(o, o.world.plan(a.type, a.id).name);
             default:
                 return false;
         }
     }},
};
void write_any(Output& o, Any any, S s) { write_fields<Any>(o, kAny, any, s); }

const Plan& plan_of(Output& o, Type type, Id i) { return o.world.plan(type, i); }
template <Type type>
bool plan_name(Output& o, const Id& i, S) {
    return text(o, plan_of(o, type, i).name);
}
template <Type type, Millis Plan::*day>
bool plan_date(Output& o, const Id& i, S) {
    return date(o, plan_of(o, type, i).*day);
}
template <Type type>
bool plan_owner(Output& o, const Id& i, S s) {
    return ref(o, Type::user, plan_of(o, type, i).owner, s);
}
template <Type type>
bool plan_people(Output& o, const Id& i, S s) {
    return refs(o, Type::user, plan_of(o, type, i).people, s);
}
template <Type type>
bool plan_workspace(Output& o, const Id& i, S s) {
    return ref(o, Type::workspace, plan_of(o, type, i).workspace, s);
}
template <Type type>
bool plan_status(Output& o, const Id& i, S s) {
    const auto& updates = plan_of(o, type, i).status_updates;
    return ref(o, Type::status_update, updates.empty() ? kNone : updates.back(), s);
}
template <Type type>
bool plan_settings(Output& o, const Id& i, S s) {
    return custom_field_settings(o, type, i, s);
}
template <Type type>
bool plan_values(Output& o, const Id& i, S s) {
    return list(o, plan_of(o, type, i).own_fields, [&](Index field) {
        const Value value = o.world.plan_value(type, static_cast<Index>(i), field);
        write_field(o, {.field = field, .value = &value, .on_project = true}, s);
    });
}

const Portfolio& portfolio_of(Output& o, Id i) { return o.world.portfolios[i]; }
constexpr Field<Id> kPortfolio[] = {
    ENTITY(Type::portfolio),
    {{"name", in_lists}, plan_name<Type::portfolio>},
    {{"archived", opt_in}, [](Output& o, const Id& i, S) { return flag(o, portfolio_of(o, i).archived); }},
    {{"color"}, [](Output& o, const Id& i, S) { return text(o, word(kColors, portfolio_of(o, i).color)); }},
    {{"start_on"}, plan_date<Type::portfolio, &Plan::start>},
    {{"due_on"}, plan_date<Type::portfolio, &Plan::due>},
    {{"default_access_level"}, [](Output& o, const Id&, S) { return text(o, "viewer"); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, portfolio_of(o, i).created); }},
    {{"created_by", plain, Type::user},
     [](Output& o, const Id& i, S s) { return ref(o, Type::user, portfolio_of(o, i).created_by, s); }},
    {{"custom_field_settings", plain, Type::custom_field_setting}, plan_settings<Type::portfolio>},
    {{"current_status_update", plain, Type::status_update}, plan_status<Type::portfolio>},
    {{"custom_fields", plain, Type::custom_field}, plan_values<Type::portfolio>},
    {{"members", plain, Type::user}, plan_people<Type::portfolio>},
    {{"owner", plain, Type::user}, plan_owner<Type::portfolio>},
    {{"workspace", plain, Type::workspace}, plan_workspace<Type::portfolio>},
    {{"permalink_url"},
     [](Output& o, const Id& i, S) {
         return text(o, "https://app.asana.com/0/portfolio/" + o.world.gid(Type::portfolio, i));
     }},
    {{"project_templates", plain, Type::any},
     [](Output& o, const Id& i, S s) {
         return list(o, portfolio_of(o, i).templates, [&](Index project) {
             write_any(o, {Type::project_template, project}, s);
         });
     }},
    {{"public"}, [](Output& o, const Id& i, S) { return flag(o, i % 2 == 0); }},
    {{"privacy_setting"}, [](Output& o, const Id&, S) { return text(o, "members_only"); }},
};

const ProjectPortfolioSetting& place_of(Output& o, Id i) { return o.world.project_portfolio_settings[i]; }
constexpr Field<Id> kProjectPortfolioSetting[] = {
    ENTITY(Type::project_portfolio_setting),
    {{"project", in_lists, Type::project},
     [](Output& o, const Id& i, S s) { return ref(o, Type::project, place_of(o, i).project, s); }},
    {{"portfolio", in_lists, Type::portfolio},
     [](Output& o, const Id& i, S s) { return ref(o, Type::portfolio, place_of(o, i).portfolio, s); }},
    {{"is_access_control_inherited", in_lists},
     [](Output& o, const Id& i, S) { return flag(o, place_of(o, i).inherited); }},
    {{"created_at"}, [](Output& o, const Id& i, S) { return instant(o, place_of(o, i).created); }},
};

const Goal& goal_of(Output& o, Id i) { return o.world.goals[i]; }
constexpr Field<Id> kGoalMetric[] = {
    ENTITY(Type::goal_metric),
    {{"resource_subtype", in_lists}, [](Output& o, const Id&, S) { return text(o, "number"); }},
    {{"precision", in_lists}, [](Output& o, const Id& i, S) { return number(o, i % 3); }},
    {{"unit", in_lists}, [](Output& o, const Id& i, S) { return text(o, word(kUnits, goal_of(o, i).unit)); }},
    {{"currency_code", in_lists},
     [](Output& o, const Id& i, S) { return goal_of(o, i).unit == 1 ? text(o, "EUR") : null(o); }},
    {{"initial_number_value", in_lists}, [](Output& o, const Id& i, S) { return number(o, goal_of(o, i).initial); }},
    {{"target_number_value", in_lists}, [](Output& o, const Id& i, S) { return number(o, goal_of(o, i).target); }},
    {{"current_number_value", in_lists}, [](Output& o, const Id& i, S) { return number(o, goal_of(o, i).current); }},
    {{"current_display_value", in_lists},
     [](Output& o, const Id& i, S) { return text(o, std::to_string(static_cast<int>(goal_of(o, i).current))); }},
    {{"progress_source", in_lists}, [](Output& o, const Id&, S) { return text(o, "manual"); }},
    {{"is_custom_weight", in_lists}, [](Output& o, const Id& i, S) { return flag(o, i % 2 == 0); }},
    {{"can_manage"}, [](Output& o, const Id&, S) { return flag(o, true); }},
};
constexpr Field<Id> kGoal[] = {
    ENTITY(Type::goal),
    {{"name", in_lists}, plan_name<Type::goal>},
    {{"owner", in_lists, Type::user}, plan_owner<Type::goal>},
    {{"notes"}, [](Output& o, const Id& i, S) { return text(o, goal_of(o, i).notes); }},
    {{"html_notes"}, [](Output& o, const Id& i, S) { return text(o, html(goal_of(o, i).notes)); }},
    {{"start_on"}, plan_date<Type::goal, &Plan::start>},
    {{"due_on"}, plan_date<Type::goal, &Plan::due>},
    {{"is_workspace_level"},
     [](Output& o, const Id& i, S) {
         return o.world.workspaces[goal_of(o, i).workspace].organization && flag(o, goal_of(o, i).of_workspace);
     }},
    {{"liked"}, [](Output& o, const Id&, S) { return flag(o, false); }},
    {{"likes", plain, Type::like},
     [](Output& o, const Id& i, S s) { return likes(o, Type::goal, i, goal_of(o, i).likes, s); }},
    {{"num_likes"}, [](Output& o, const Id& i, S) { return number(o, goal_of(o, i).likes.size()); }},
    {{"team", plain, Type::team},
     [](Output& o, const Id& i, S s) {
         return o.world.workspaces[goal_of(o, i).workspace].organization && ref(o, Type::team, goal_of(o, i).team, s);
     }},
    {{"workspace", plain, Type::workspace}, plan_workspace<Type::goal>},
    {{"followers", plain, Type::user}, plan_people<Type::goal>},
    {{"time_period", plain, Type::time_period},
     [](Output& o, const Id& i, S s) { return ref(o, Type::time_period, goal_of(o, i).time_period, s); }},
    {{"metric", plain, Type::goal_metric},
     [](Output& o, const Id& i, S s) {
         return goal_of(o, i).unit < 0 ? null(o) : ref(o, Type::goal_metric, static_cast<Index>(i), s);
     }},
    {{"current_status_update", plain, Type::status_update}, plan_status<Type::goal>},
    {{"status"},
     [](Output& o, const Id& i, S) {
         return goal_of(o, i).status < 0 ? null(o) : text(o, word(kGoalStatuses, goal_of(o, i).status));
     }},
    {{"privacy_setting"}, [](Output& o, const Id&, S) { return text(o, "public_to_workspace"); }},
    {{"default_access_level"}, [](Output& o, const Id&, S) { return text(o, "viewer"); }},
    {{"custom_field_settings", plain, Type::custom_field_setting}, plan_settings<Type::goal>},
    {{"custom_fields", plain, Type::custom_field}, plan_values<Type::goal>},
};

const GoalRelationship& relationship_of(Output& o, Id i) { return o.world.goal_relationships[i]; }
constexpr Field<Id> kGoalRelationship[] = {
    ENTITY(Type::goal_relationship),
    {{"resource_subtype", in_lists},
     [](Output& o, const Id& i, S) {
         return text(o, relationship_of(o, i).supporting_type == Type::goal ? "subgoal" : "supporting_work");
     }},
    {{"supporting_resource", in_lists, Type::any},
     [](Output& o, const Id& i, S s) {
         write_any(o, {relationship_of(o, i).supporting_type, relationship_of(o, i).supporting}, s);
         return true;
     }},
    {{"contribution_weight", in_lists},
     [](Output& o, const Id& i, S) { return number(o, relationship_of(o, i).weight); }},
    {{"supported_goal", plain, Type::goal},
     [](Output& o, const Id& i, S s) { return ref(o, Type::goal, relationship_of(o, i).goal, s); }},
};

const TimePeriod& period_of(Output& o, Id i) { return o.world.time_periods[i]; }
constexpr Field<Id> kTimePeriod[] = {
    ENTITY(Type::time_period),
    {{"start_on", in_lists}, [](Output& o, const Id& i, S) { return date(o, period_of(o, i).start); }},
    {{"end_on", in_lists}, [](Output& o, const Id& i, S) { return date(o, period_of(o, i).end); }},
    {{"period", in_lists}, [](Output& o, const Id& i, S) { return text(o, period_of(o, i).period); }},
    {{"display_name", in_lists}, [](Output& o, const Id& i, S) { return text(o, period_of(o, i).name); }},
    {{"parent", plain, Type::time_period},
     [](Output& o, const Id& i, S s) { return ref(o, Type::time_period, period_of(o, i).parent, s); }},
};

constexpr Field<EventChange> kChange[] = {
    {{"field", in_lists}, [](Output& o, const EventChange& c, S) { return text(o, c.field); }},
    {{"action", in_lists}, [](Output& o, const EventChange& c, S) { return text(o, c.action); }},
    {{"new_value", in_lists, Type::any},
     [](Output& o, const EventChange& c, S s) {
         if (c.value_type == Type::none || c.action != "changed") return false;
         write_any(o, {c.value_type, c.value}, s);
         return true;
     }},
    {{"added_value", in_lists, Type::any},
     [](Output& o, const EventChange& c, S s) {
         if (c.value_type == Type::none || c.action != "added") return false;
         write_any(o, {c.value_type, c.value}, s);
         return true;
     }},
    {{"removed_value", in_lists, Type::any},
     [](Output& o, const EventChange& c, S s) {
         if (c.value_type == Type::none || c.action != "removed") return false;
         write_any(o, {c.value_type, c.value}, s);
         return true;
     }},
};
constexpr Field<Event> kEvent[] = {
    {{"user", in_lists, Type::user}, [](Output& o, const Event& e, S s) { return ref(o, Type::user, e.user, s); }},
    {{"created_at", in_lists}, [](Output& o, const Event& e, S) { return instant(o, e.created); }},
    {{"type", in_lists}, [](Output& o, const Event& e, S) { return text(o, type_name(e.type)); }},
    {{"action", in_lists}, [](Output& o, const Event& e, S) { return text(o, e.action); }},
    {{"resource", in_lists, Type::any},
     [](Output& o, const Event& e, S s) {
         write_any(o, {e.type, e.resource}, s);
         return true;
     }},
    {{"parent", in_lists, Type::any},
     [](Output& o, const Event& e, S s) {
         if (e.parent_type == Type::none) return null(o);
         write_any(o, {e.parent_type, e.parent}, s);
         return true;
     }},
    {{"change", in_lists, Type::change},
     [](Output& o, const Event& e, S s) {
         if (!e.change) return false;
         write_fields<EventChange>(o, kChange, *e.change, s);
         return true;
     }},
};

template <class T, std::size_t N>
std::vector<Head> heads_of(const Field<T> (&table)[N]) {
    static_assert(N <= 64, "a selection has 64 bits");
    std::vector<Head> heads;
    for (const Field<T>& field : table) heads.push_back(field.head);
    return heads;
}

const std::vector<Head>& heads(Type type) {
    static const std::map<Type, std::vector<Head>> all{
        {Type::workspace, heads_of(kWorkspace)},
        {Type::workspace_membership, heads_of(kWorkspaceMembership)},
        {Type::user_task_list, heads_of(kUserTaskList)},
        {Type::user, heads_of(kUser)},
        {Type::photo, heads_of(kPhoto)},
        {Type::team, heads_of(kTeam)},
        {Type::team_membership, heads_of(kTeamMembership)},
        {Type::membership, heads_of(kMembership)},
        {Type::section, heads_of(kSection)},
        {Type::enum_option, heads_of(kOption)},
        {Type::date_value, heads_of(kDateValue)},
        {Type::dates, heads_of(kDates)},
        {Type::custom_field, heads_of(kCustomField)},
        {Type::custom_field_setting, heads_of(kSetting)},
        {Type::project, heads_of(kProject)},
        {Type::project_brief, heads_of(kBrief)},
        {Type::like, heads_of(kLike)},
        {Type::status_update, heads_of(kStatusUpdate)},
        {Type::tag, heads_of(kTag)},
        {Type::custom_type, heads_of(kCustomType)},
        {Type::custom_type_status_option, heads_of(kStatusOption)},
        {Type::task_membership, heads_of(kTaskMembership)},
        {Type::task, heads_of(kTask)},
        {Type::story, heads_of(kStory)},
        {Type::attachment, heads_of(kAttachment)},
        {Type::time_tracking_category, heads_of(kTimeCategory)},
        {Type::time_tracking_entry, heads_of(kTimeEntry)},
        {Type::timesheet_approval_status, heads_of(kTimesheet)},
        {Type::effort, heads_of(kEffort)},
        {Type::allocation, heads_of(kAllocation)},
        {Type::budget_estimate, heads_of(kBudgetEstimate)},
        {Type::budget_actual, heads_of(kBudgetActual)},
        {Type::budget_total, heads_of(kBudgetTotal)},
        {Type::budget, heads_of(kBudget)},
        {Type::rate, heads_of(kRate)},
        {Type::ooo_entry, heads_of(kOooEntry)},
        {Type::project_template, heads_of(kProjectTemplate)},
        {Type::recipe, heads_of(kRecipe)},
        {Type::task_template, heads_of(kTaskTemplate)},
        {Type::permissions, heads_of(kPermissions)},
        {Type::role, heads_of(kRole)},
        {Type::agent, heads_of(kAgent)},
        {Type::requested_date, heads_of(kRequestedDate)},
        {Type::requested_role, heads_of(kRequestedRole)},
        {Type::any, heads_of(kAny)},
        {Type::portfolio, heads_of(kPortfolio)},
        {Type::project_portfolio_setting, heads_of(kProjectPortfolioSetting)},
        {Type::goal, heads_of(kGoal)},
        {Type::goal_metric, heads_of(kGoalMetric)},
        {Type::goal_relationship, heads_of(kGoalRelationship)},
        {Type::time_period, heads_of(kTimePeriod)},
        {Type::event, heads_of(kEvent)},
        {Type::change, heads_of(kChange)},
    };
    return all.at(type);
}

bool is_structure(Type type) { return type >= Type::task_membership && type < Type::any; }

// A tree of the names in opt_fields.
struct Node {
    bool bare = false;
    std::map<std::string, Node, std::less<>> children;
};

// Adds one path, its groups (a|b) expanded.
void add_path(Node& node, std::string_view path) {
    if (path.empty()) {
        node.bare = true;
        return;
    }
    std::size_t end = 0;
    for (int depth = 0; end < path.size() && (depth > 0 || path[end] != '.'); ++end) {
        depth += path[end] == '(' ? 1 : path[end] == ')' ? -1 : 0;
    }
    std::string_view term = path.substr(0, end);
    const std::string_view rest = end < path.size() ? path.substr(end + 1) : std::string_view{};
    if (term.size() >= 2 && term.front() == '(' && term.back() == ')') {
        term = term.substr(1, term.size() - 2);
        while (true) {
            const std::size_t bar = term.find('|');
            add_path(node.children[std::string(term.substr(0, bar))], rest);
            if (bar == std::string_view::npos) break;
            term.remove_prefix(bar + 1);
        }
    } else if (term == "this") {
        add_path(node, rest);
    } else {
        add_path(node.children[std::string(term)], rest);
    }
}

std::shared_ptr<Selection> compiled(Type type, const Node& node) {
    const auto& fields = heads(type);
    auto selection = std::make_shared<Selection>();
    if (node.bare) *selection = *predefined(type, Extent::bare);
    selection->nested.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const auto wanted = node.children.find(fields[i].name);
        if (wanted == node.children.end() && fields[i].name != "gid") continue;
        selection->bits |= std::uint64_t{1} << i;
        if (fields[i].nested != Type::none) selection->nested[i] = compiled(fields[i].nested, wanted->second);
    }
    return selection;
}

std::shared_ptr<const Selection> make_predefined(Type type, Extent extent) {
    const auto& fields = heads(type);
    auto selection = std::make_shared<Selection>();
    selection->nested.resize(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const Head& field = fields[i];
        const bool wanted = extent == Extent::bare
                                ? is_structure(type) || field.name == "gid" || field.name == "resource_type"
                            : extent == Extent::compact ? (field.flags & in_lists) != 0 && (field.flags & opt_in) == 0
                                                        : (field.flags & opt_in) == 0;
        if (!wanted) continue;
        selection->bits |= std::uint64_t{1} << i;
        if (field.nested == Type::none) continue;
        selection->nested[i] = predefined(field.nested, extent == Extent::bare ? Extent::bare : Extent::compact);
        // Values come whole, with the members that only values have.
        if (field.nested == Type::custom_field && extent == Extent::full && type == Type::task) {
            selection->nested[i] = predefined(field.nested, Extent::full);
        }
    }
    return selection;
}

}  // namespace

std::shared_ptr<const Selection> predefined(Type type, Extent extent) {
    static std::recursive_mutex mutex;
    static std::map<std::pair<Type, Extent>, std::shared_ptr<const Selection>> made;
    const std::lock_guard lock(mutex);
    if (const auto found = made.find({type, extent}); found != made.end()) return found->second;
    auto selection = make_predefined(type, extent);
    made[{type, extent}] = selection;
    return selection;
}

std::shared_ptr<const Selection> selected(Type type, std::string_view opt_fields) {
    Node root;
    while (!opt_fields.empty()) {
        std::size_t end = 0;
        for (int depth = 0; end < opt_fields.size() && (depth > 0 || opt_fields[end] != ','); ++end) {
            depth += opt_fields[end] == '(' ? 1 : opt_fields[end] == ')' ? -1 : 0;
        }
        std::string_view path = opt_fields.substr(0, end);
        while (!path.empty() && path.front() == ' ') path.remove_prefix(1);
        if (!path.empty()) add_path(root, path);
        opt_fields.remove_prefix(std::min(end + 1, opt_fields.size()));
    }
    root.bare = false;
    return compiled(type, root);
}

void write(Output& out, Type type, Id id, const Selection& s) {
    switch (type) {
        case Type::workspace:
            return write_fields<Id>(out, kWorkspace, id, s);
        case Type::workspace_membership:
            return write_fields<Id>(out, kWorkspaceMembership, id, s);
        case Type::user_task_list:
            return write_fields<Id>(out, kUserTaskList, id, s);
        case Type::user:
            return write_fields<Id>(out, kUser, id, s);
        case Type::photo:
            return write_fields<Id>(out, kPhoto, id, s);
        case Type::team:
            return write_fields<Id>(out, kTeam, id, s);
        case Type::team_membership:
            return write_fields<Id>(out, kTeamMembership, id, s);
        case Type::membership:
            return write_fields<Id>(out, kMembership, id, s);
        case Type::section:
            return write_fields<Id>(out, kSection, id, s);
        case Type::enum_option:
            return write_fields<Id>(out, kOption, id, s);
        case Type::custom_field:
            return write_field(out, {.field = static_cast<Index>(id)}, s);
        case Type::project:
            return write_fields<Id>(out, kProject, id, s);
        case Type::project_brief:
            return write_fields<Id>(out, kBrief, id, s);
        case Type::status_update:
            return write_fields<Id>(out, kStatusUpdate, id, s);
        case Type::tag:
            return write_fields<Id>(out, kTag, id, s);
        case Type::custom_type:
            return write_fields<Id>(out, kCustomType, id, s);
        case Type::custom_type_status_option:
            return write_fields<Id>(out, kStatusOption, id, s);
        case Type::task:
            return write_fields<Id>(out, kTask, id, s);
        case Type::story:
            if (const auto story = out.world.story(id)) write_fields<Story>(out, kStory, *story, s);
            return;
        case Type::attachment:
            if (const auto attachment = out.world.attachment(id))
                write_fields<Attachment>(out, kAttachment, *attachment, s);
            return;
        case Type::time_tracking_category:
            return write_fields<Id>(out, kTimeCategory, id, s);
        case Type::time_tracking_entry:
            return write_fields<Id>(out, kTimeEntry, id, s);
        case Type::timesheet_approval_status:
            return write_fields<Id>(out, kTimesheet, id, s);
        case Type::effort:
            return write_fields<Id>(out, kEffort, id, s);
        case Type::allocation:
            return write_fields<Id>(out, kAllocation, id, s);
        case Type::budget_estimate:
            return write_fields<Id>(out, kBudgetEstimate, id, s);
        case Type::budget_actual:
            return write_fields<Id>(out, kBudgetActual, id, s);
        case Type::budget_total:
            return write_fields<Id>(out, kBudgetTotal, id, s);
        case Type::budget:
            return write_fields<Id>(out, kBudget, id, s);
        case Type::rate:
            return write_fields<Id>(out, kRate, id, s);
        case Type::ooo_entry:
            return write_fields<Id>(out, kOooEntry, id, s);
        case Type::project_template:
            return write_fields<Id>(out, kProjectTemplate, id, s);
        case Type::recipe:
            return write_fields<Id>(out, kRecipe, id, s);
        case Type::task_template:
            return write_fields<Id>(out, kTaskTemplate, id, s);
        case Type::permissions:
            return write_fields<Id>(out, kPermissions, id, s);
        case Type::role:
            return write_fields<Id>(out, kRole, id, s);
        case Type::agent:
            return write_fields<Id>(out, kAgent, id, s);
        case Type::portfolio:
            return write_fields<Id>(out, kPortfolio, id, s);
        case Type::project_portfolio_setting:
            return write_fields<Id>(out, kProjectPortfolioSetting, id, s);
        case Type::goal:
            return write_fields<Id>(out, kGoal, id, s);
        case Type::goal_metric:
            return write_fields<Id>(out, kGoalMetric, id, s);
        case Type::goal_relationship:
            return write_fields<Id>(out, kGoalRelationship, id, s);
        case Type::time_period:
            return write_fields<Id>(out, kTimePeriod, id, s);
        case Type::custom_field_setting:
        case Type::like:
        case Type::placeholder:
        case Type::requested_date:
        case Type::requested_role:
        case Type::task_membership:
        case Type::date_value:
        case Type::dates:
        case Type::event:
        case Type::change:
        case Type::any:
        case Type::none:
            break;
    }
    out.json += "null";
}

void write(Output& out, const Story& story, const Selection& s) { write_fields<Story>(out, kStory, story, s); }
void write(Output& out, const Attachment& a, const Selection& s) { write_fields<Attachment>(out, kAttachment, a, s); }
void write(Output& out, const Event& event, const Selection& s) { write_fields<Event>(out, kEvent, event, s); }

}  // namespace fake_asana
