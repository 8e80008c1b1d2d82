#include "asana/mapping.hpp"

#include "asana/echoes.hpp"
#include "asana/fields_planning.hpp"
#include "asana/fields_work.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <utility>

namespace taskmirror::asana {
namespace {

// Part of every content hash: a new number makes every row be written again. Raise it when the same JSON gives other
// rows than before.
constexpr std::uint64_t kMappingVersion = 1;

constexpr int kMostAbove = 5;  // parents of a task whose projects are asked for

constexpr int kNone = -1;

using source::Json;
using source::JsonArray;
using source::JsonObject;

Value gid_in(Json& json, Page& page) {
    const Value gid = source::text(json, page);
    if (!gid.is_null() && (gid.size == 0 || gid.size > kLongestGid)) throw Error("empty or too long");
    return gid;
}

// The table in which a mention of an object of this type is a row.
std::string_view mention_table(std::string_view type) {
    if (type == "user") return kUsers;
    if (type == "project") return kProjects;
    if (type == "section") return kSections;
    if (type == "tag") return kTags;
    if (type == "custom_field") return kCustomFields;
    if (type == "enum_option") return kOptions;
    if (type == "placeholder") return kPlaceholders;
    return {};
}

std::uint64_t mix(std::uint64_t seed, std::string_view text) {
    return XXH3_64bits_withSeed(text.data(), text.size(), seed);
}

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<int>(c));
        else
            out += c;
    }
    out += '"';
}

constexpr int kDeepest = 32;  // of what is kept as JSON

// A value as it came, but for white space, for what no text may hold, and for projects that are not wanted.
struct JsonCopy {
    Page& page;
    const source::Gids* wanted = nullptr;
    std::uint64_t left_out = 0;  // see Mapper::Draft
    std::string text = {};

    // False: it was left out.
    bool append(Json& json, bool is_project = false, int depth = 0) {
        if (depth == kDeepest) throw Error("nested too deep");
        const std::size_t start = text.size();
        const auto separate = [&] {
            if (text.size() > start + 1) text += ',';
        };
        simdjson::ondemand::json_type type{};
        if (json.type().get(type)) source::wrong("a value");
        switch (type) {
            case simdjson::ondemand::json_type::object: {
                auto members = source::object(json);
                text += '{';
                std::string gid;
                bool of_others = false;
                source::for_each_member(*members, [&](std::string_view key, Json member) {
                    separate();
                    append_json_string(text, key);
                    text += ':';
                    const std::size_t value = text.size();
                    if (!append(member, key == "project", depth + 1)) {
                        of_others |= key == "project";
                        text += "null";
                    }
                    if (key == "gid") gid = text.substr(value);
                    is_project |= key == "resource_type" && text.substr(value) == "\"project\"";
                });
                text += '}';
                if (wanted != nullptr && is_project && gid.size() > 2) {
                    of_others |= !wanted->contains(std::string_view(gid).substr(1, gid.size() - 2));
                    if (of_others) left_out += mix(kMappingVersion, gid);
                }
                if (of_others) text.resize(start);
                return !of_others;
            }
            case simdjson::ondemand::json_type::array: {
                auto elements = source::array(json);
                text += '[';
                source::for_each_element(*elements, [&](std::size_t, Json element) {
                    const std::size_t before = text.size();
                    separate();
                    if (!append(element, false, depth + 1)) text.resize(before);
                });
                text += ']';
                break;
            }
            case simdjson::ondemand::json_type::string:
                append_json_string(text, source::text(json, page).as_text());
                break;
            case simdjson::ondemand::json_type::number: {
                const std::string_view token = json.raw_json_token();
                if (source::number(json).is_null()) source::wrong("a number");
                text += token.substr(0, token.find_first_not_of("+-.0123456789eE"));
                break;
            }
            case simdjson::ondemand::json_type::boolean:
                text += source::boolean(json).integer != 0 ? "true" : "false";
                break;
            case simdjson::ondemand::json_type::null:
                if (!source::is_null(json)) source::wrong("null");
                text += "null";
                break;
        }
        return true;
    }
};

void append_opt_fields(std::span<const Field> fields, const std::string& prefix, std::string& out) {
    const auto add = [&](std::string_view name, std::string_view member = {}) {
        if (!out.empty()) out += ',';
        out += prefix;
        out += name;
        out += member;
    };
    for (const Field& field : fields) {
        const std::string inner = prefix + std::string(field.name) + ".";
        switch (field.is) {
            case Is::text:
            case Is::boolean:
            case Is::integer:
            case Is::number:
            case Is::json_texts:
            case Is::reference:
            case Is::typed:
            case Is::json_references:
            case Is::whole_structure:
            case Is::texts:
            case Is::references:
                add(field.name);
                break;
            case Is::json:
                if (field.inside.empty()) add(field.name);
                append_opt_fields(field.inside, inner, out);
                break;
            case Is::typed_with_name:
                add(field.name);
                add(field.name, ".name");
                break;
            case Is::own_gid:
                break;
            case Is::person:
            case Is::json_people:
            case Is::people:
                add(field.name, ".name");
                break;
            case Is::likes:
                add(field.name, ".user.name");
                break;
            case Is::task_memberships:
                add(field.name, ".project");
                add(field.name, ".section");
                break;
            case Is::structure:
            case Is::custom_field_values:
                append_opt_fields(field.inside, inner, out);
                break;
            case Is::custom_field_settings:
                add(field.name, ".is_important");
                append_opt_fields(kCustomFieldFields, inner + "custom_field.", out);
                break;
            case Is::enum_options:
                append_opt_fields(kOptionFields, inner, out);
                break;
            case Is::status_options:
                append_opt_fields(kStatusOptionFields, inner, out);
                break;
            case Is::user_task_list:
                append_opt_fields(kUserTaskListFields, inner, out);
                break;
        }
    }
}

}  // namespace

// One field and what became of it, or a list of them.
struct Mapper::Reader {
    std::string_view name;
    Is is{};
    int column = kNone;  // the first of its columns
    int rows = kNone;    // the child table
    int to = kNone;      // the table of mentions
    int gid = kNone;     // of a structure: the column that keeps its gid
    std::vector<Reader> inside;
    std::vector<std::uint16_t> order;  // of the keys in the last object: the next one has most likely the same
};

struct Mapper::Compiled {
    const Mapping* mapping = nullptr;
    std::uint16_t table = 0;
    std::vector<std::string_view> columns;
    Reader fields;
    int given = kNone;  // the first of the columns that the request gives
};

struct Mapper::Reference {
    Value gid, type, name;
    Belongs belongs = {};
    bool told = false;  // of which projects it is
};

struct Mapper::Draft {
    Page* page = nullptr;
    const source::Gids* wanted = nullptr;
    Belongs belongs;
    std::uint64_t left_out = 0;  // a hash of the references that were: with them the row is another one
    const Mapping* mapping = nullptr;
    std::uint32_t first = 0;  // of the row in page->values
    Value gid;
    std::vector<ChildSet> children;
    std::vector<Mention> mentions;
    std::vector<Value> later;  // rows of a second child table, while those of the first are being appended

    Value& operator[](int column) const { return page->values[first + static_cast<std::uint32_t>(column)]; }
    void note(const Reference& reference) {
        belongs.to_wanted |= reference.belongs.to_wanted;
        belongs.to_others |= reference.belongs.to_others;
        belongs.is_about_others |= reference.belongs.is_about_others;
    }
    // False: it is of a project that is not wanted, and is left out.
    bool take(const Reference& reference) {
        if (!reference.belongs.to_others || reference.belongs.to_wanted) return true;
        left_out += mix(kMappingVersion, reference.gid.as_text());
        return false;
    }
    void mention(int table, const Value& mentioned, const Value& name) {
        if (table == kNone || mentioned.is_null()) return;
        mentions.push_back({static_cast<std::uint16_t>(table), mentioned.as_text(), name});
    }
};

// `table`: of which its object is a row, if the field says so. Belonging is told by what a filter asks for beside a
// reference: the project of a section, the projects of a parent and of those above it.
std::optional<Mapper::Reference> Mapper::reference_in(Json& json, Draft& draft, std::string_view table) {
    Page& page = *draft.page;
    auto members = source::object(json);
    if (!members) return std::nullopt;
    Reference reference;
    const auto belongs_to = [&](const Value& project) {
        if (project.is_null()) return;
        (draft.wanted->contains(project.as_text()) ? reference.belongs.to_wanted : reference.belongs.to_others) = true;
    };
    const auto gid_of = [&](Json& value) {
        Value gid;
        if (auto inner = source::object(value))
            source::for_each_member(*inner, [&](std::string_view key, Json member) {
                if (key == "gid") gid = gid_in(member, page);
            });
        return gid;
    };
    source::for_each_member(*members, [&](std::string_view key, Json value) {
        if (key == "gid") reference.gid = gid_in(value, page);
        if (key == "resource_type") reference.type = source::text(value, page);
        if (key == "name") reference.name = source::text(value, page);
        if (draft.wanted == nullptr) return;
        if (key == "project") belongs_to(gid_of(value));
        if (key == "parent") {
            if (const auto above = reference_in(value, draft)) {
                reference.belongs.untold |= !above->told || above->belongs.untold;
                reference.belongs.to_wanted |= above->belongs.to_wanted;
                reference.belongs.to_others |= above->belongs.to_others;
            }
        }
        if (key == "memberships") {
            auto memberships = source::array(value);
            if (!memberships) return;
            reference.told = true;
            source::for_each_element(*memberships, [&](std::size_t, Json element) {
                auto membership = source::object(element);
                if (!membership) return;
                source::for_each_member(*membership, [&](std::string_view of, Json project) {
                    if (of == "project") belongs_to(gid_of(project));
                });
            });
        }
    });
    if (reference.gid.is_null()) source::wrong("a reference with a gid");
    if (draft.wanted != nullptr) {
        if (table == kProjects || (!reference.type.is_null() && reference.type.as_text() == "project"))
            belongs_to(reference.gid);
        // A task stays without such a parent; what else refers to something of another project is about it.
        reference.belongs.is_about_others =
            draft.mapping != &kTasks && reference.belongs.to_others && !reference.belongs.to_wanted;
    }
    return reference;
}

Mapper::Mapper(const Redactions& wishes, std::string key) : key_(std::move(key)), seed_(kMappingVersion) {
    const std::span<const Mapping* const> mappings[] = {kMappings, kWorkMappings, kPlanningMappings};
    const std::span<const Children> children[] = {kChildren, kWorkChildren, kPlanningChildren};
    for (const auto& group : mappings) {
        for (const Mapping* mapping : group) {
            compiled_.push_back(std::make_unique<Compiled>());
            compiled_.back()->mapping = mapping;
            compiled_.back()->table = static_cast<std::uint16_t>(tables_.size());
            tables_.push_back({.name = mapping->table, .columns = {}, .entity = mapping->given != Given::item});
        }
    }
    for (const auto& group : children)
        for (const Children& child : group)
            tables_.push_back(
                {.name = child.table, .columns = child.columns, .entity = false, .watched = child.watched});

    for (const auto& compiled : compiled_) {
        auto& columns = compiled->columns;
        if (compiled->mapping->given == Given::item) columns = {"portfolio_gid", "item_gid"};  // the key comes first
        compile(compiled->mapping->fields, compiled->fields, columns);
        compiled->given = static_cast<int>(columns.size());
        switch (compiled->mapping->given) {
            case Given::nothing:
            case Given::parent:
            case Given::item:
                break;
            case Given::workspace:
                columns.emplace_back("workspace_gid");
                break;
            case Given::position:
                columns.insert(columns.end(), {"project_gid", "position"});
                break;
            case Given::field:
                columns.insert(columns.end(), {"custom_field_gid", "position"});
                break;
            case Given::type:
                columns.insert(columns.end(), {"custom_type_gid", "position"});
                break;
            case Given::membership:
                columns.emplace_back("workspace_membership_gid");
                break;
        }
        tables_[compiled->table].columns = columns;
    }
    history_.emplace(compiled(kStories).columns);
    changes_ = table_index(kTaskChanges);
    compile_rules(wishes);
}

// A changed rule makes every row another one.
void Mapper::compile_rules(Redactions wishes) {
    const auto all = texts();
    for (const auto& name : all) {
        const auto column = name.find('.') + 1;
        const bool html = name.compare(column, 5, "html_") == 0;
        const auto twin = html ? name.substr(0, column) + name.substr(column + 5)
                               : name.substr(0, column) + "html_" + name.substr(column);
        if (const auto its = wishes.find(twin); its != wishes.end()) wishes.try_emplace(name, its->second);
    }
    const auto add = [&](std::string_view name, Redacted rule) {
        const auto dot = name.find('.');
        const auto& table = tables_[table_index(name.substr(0, dot))];
        const auto kept = [&](std::string_view column) {
            const auto found = std::ranges::find(table.columns, column);
            if (found == table.columns.end()) throw Fatal(ExitCode::internal, fmt::format("no column {}", name));
            return *found;
        };
        rule.table = table.name;
        rule.column = kept(name.substr(dot + 1));
        if (!rule.where.empty()) rule.where = kept(rule.where);
        rules_.push_back(rule);
        seed_ = mix(seed_, fmt::format("{} {}", name, static_cast<int>(rule.how)));
    };
    for (const Echo& echo : kEchoes) {
        const auto wish = std::ranges::find_if(
            wishes, [&](const auto& one) { return std::ranges::find(echo.of, one.first) != echo.of.end(); });
        if (wish == wishes.end() || wishes.contains(echo.in)) continue;
        add(echo.in, {.how = echo.part ? Redact::drop : wish->second,
                      .where = echo.where,
                      .is = echo.is,
                      .without = echo.without});
    }
    for (const auto& [name, how] : wishes) add(name, {.how = how});
    redacted_.resize(tables_.size());
    for (const auto& rule : rules_) redacted_[table_index(rule.table)].push_back(rule);
    if (needs_key(wishes)) seed_ = mix(seed_, keyed_hash(key_, "seed"));
}

std::vector<std::string> Mapper::texts() const {
    std::vector<std::string> names;
    const auto add = [&](std::size_t table, const Reader& reader, const auto& self) -> void {
        for (const Reader& field : reader.inside) {
            if (field.is == Is::text || field.is == Is::json || field.is == Is::json_texts)
                names.push_back(fmt::format("{}.{}", tables_[table].name,
                                            tables_[table].columns[static_cast<std::size_t>(field.column)]));
            if (field.is == Is::structure || field.is == Is::whole_structure) self(table, field, self);
        }
    };
    for (const auto& compiled : compiled_) add(compiled->table, compiled->fields, add);
    for (const std::string_view column : {"display_value", "text_value"})
        names.push_back(fmt::format("{}.{}", kValues, column));
    return names;
}

void Mapper::redact(Page& page, std::size_t first) const {
    if (rules_.empty()) return;
    const auto apply = [&](Value& value, Redact how) {
        if (value.is_null()) return;
        const auto text = value.as_text();
        value = how == Redact::drop     ? Value()
                : how == Redact::length ? Value::of(page.keep(std::to_string(characters(text))))
                                        : Value::of(page.keep(keyed_hash(key_, text)));
    };
    std::vector<std::pair<Value*, Redact>> texts;  // by the row as it came
    const auto apply_to = [&](std::uint16_t table, std::size_t row) {
        const auto value = [&](std::string_view column) -> Value& {
            const auto& columns = tables_[table].columns;
            return page.values[row + static_cast<std::size_t>(std::ranges::find(columns, column) - columns.begin())];
        };
        texts.clear();
        for (const Redacted& rule : redacted_[table]) {
            const auto is_nothing = [&](std::string_view column) { return value(column).is_null(); };
            if (!rule.where.empty() && is_nothing(rule.where)) continue;
            if (!rule.is.empty() && value(rule.where).as_text() != rule.is) continue;
            if (std::ranges::all_of(rule.without, is_nothing)) texts.emplace_back(&value(rule.column), rule.how);
        }
        for (const auto& [text, how] : texts) apply(*text, how);
    };
    for (const Entity& entity : std::span(page.entities).subspan(first)) {
        apply_to(entity.table, entity.first);
        for (const ChildSet& set : std::span(page.children).subspan(entity.first_child, entity.children))
            for (std::size_t row = 0; row < set.rows; ++row)
                apply_to(set.table, set.first + row * tables_[set.table].columns.size());
        for (Mention& mention : std::span(page.mentions).subspan(entity.first_mention, entity.mentions))
            for (const Redacted& rule : redacted_[mention.table])
                if (rule.column == "name") apply(mention.name, rule.how);
    }
}

Mapper::~Mapper() = default;

std::string_view Mapper::name_of(std::string made_up) {
    return *names_.emplace_back(std::make_unique<std::string>(std::move(made_up)));
}

std::uint16_t Mapper::table_index(std::string_view name) const {
    const auto found = std::ranges::find(tables_, name, &Table::name);
    if (found == tables_.end()) throw Fatal(ExitCode::internal, "no mapping for table " + std::string(name));
    return static_cast<std::uint16_t>(found - tables_.begin());
}

std::string_view Mapper::table_of(int index) const {
    return index == kNone ? std::string_view() : tables_[static_cast<std::size_t>(index)].name;
}

Mapper::Compiled& Mapper::compiled(const Mapping& mapping) const {
    return **std::ranges::find(compiled_, &mapping, &Compiled::mapping);
}

std::size_t Mapper::column(const Mapping& mapping, std::string_view name) const {
    const auto& columns = compiled(mapping).columns;
    const auto found = std::ranges::find(columns, name);
    if (found == columns.end()) throw Fatal(ExitCode::internal, "no column " + std::string(name));
    return static_cast<std::size_t>(found - columns.begin());
}

void Mapper::compile(std::span<const Field> fields, Reader& reader, std::vector<std::string_view>& columns) {
    for (const Field& field : fields) {
        Reader& one = reader.inside.emplace_back();
        one.name = field.name;
        one.is = field.is;
        if (!field.to.empty()) one.to = table_index(field.to);
        if (!field.rows.empty()) one.rows = table_index(field.rows);
        const std::string name(field.name);
        const auto column = [&](std::string_view rule) {
            if (one.column == kNone) one.column = static_cast<int>(columns.size());
            columns.push_back(field.column.empty() ? rule : field.column);
        };
        switch (field.is) {
            case Is::text:
            case Is::boolean:
            case Is::integer:
            case Is::number:
            case Is::json_texts:
            case Is::json_references:
            case Is::json_people:
            case Is::json:
                column(field.name);
                break;
            case Is::reference:
            case Is::person:
            case Is::user_task_list:
                column(name_of(name + "_gid"));
                break;
            case Is::typed:
            case Is::typed_with_name:
                column(name_of(name + "_gid"));
                column(name_of(name + "_type"));
                break;
            case Is::own_gid:
                reader.gid = static_cast<int>(columns.size());
                columns.push_back(field.column);
                break;
            case Is::structure:
            case Is::whole_structure:
                compile(field.inside, one, columns);
                break;
            case Is::custom_field_values:
                one.rows = table_index(kValues);
                break;
            case Is::custom_field_settings:
                one.rows = table_index(kSettings);
                break;
            case Is::texts:
            case Is::references:
            case Is::people:
            case Is::likes:
            case Is::task_memberships:
            case Is::enum_options:
            case Is::status_options:
                break;
        }
    }
}

std::size_t Mapper::map(const Mapping& mapping, JsonObject& object, const Context& context, Page& page) {
    std::string_view raw;
    if (object.raw_json().get(raw)) source::wrong("an object");
    raw = raw.substr(0, raw.rfind('}') + 1);
    if (object.reset().error()) source::wrong("an object");

    if (depth_ == drafts_.size()) drafts_.push_back(std::make_unique<Draft>());
    Draft& draft = *drafts_[depth_];
    // A draft for each depth of nesting; the depth goes back when this object is done, or refused.
    ++depth_;
    const auto leave = [](std::size_t* depth) { --*depth; };
    const std::unique_ptr<std::size_t, decltype(leave)> nested(&depth_, leave);
    Compiled& target = compiled(mapping);
    draft.page = &page;
    draft.mapping = &mapping;
    draft.first = static_cast<std::uint32_t>(page.values.size());
    draft.gid = {};
    draft.wanted = context.wanted;
    draft.belongs = {};
    draft.left_out = 0;
    draft.children.clear();
    draft.mentions.clear();
    page.values.resize(page.values.size() + target.columns.size());

    read(target.fields, object, context, draft);
    if (draft.gid.is_null()) throw Error("an object without gid");

    if (mapping.given == Given::item) return add_edge(draft, context);

    std::uint64_t seed = seed_;
    if (mapping.given != Given::nothing) {
        const auto scope = page.keep(mapping.given == Given::workspace ? context.root : context.scope);
        seed = mix(seed, scope);
        if (mapping.given == Given::workspace || mapping.given == Given::membership) {
            draft[target.given] = Value::of(scope);
        } else if (mapping.given == Given::parent) {
            const int parent = static_cast<int>(column(mapping, "parent_gid"));
            seed = mix(seed, context.parent_type);
            if (draft[parent].is_null()) {
                draft[parent] = Value::of(scope);
                draft[parent + 1] = Value::of(context.parent_type);
            }
        } else {
            draft[target.given] = Value::of(scope);
            draft[target.given + 1] = Value::of(context.position);
            seed += static_cast<std::uint64_t>(context.position) + 1;
        }
    }

    if (&mapping == &kStories) {
        ChildSet changes{changes_, static_cast<std::uint32_t>(page.values.size()), 0};
        changes.rows = history_->append(draft.first, page);
        draft.children.push_back(changes);
    }

    if (draft.left_out != 0) seed ^= draft.left_out;
    belongs_ = draft.belongs;

    Entity entity;
    entity.table = target.table;
    entity.gid = draft.gid.as_text();
    entity.hash = static_cast<std::int64_t>(mix(seed, raw));
    entity.first = draft.first;
    entity.first_child = static_cast<std::uint32_t>(page.children.size());
    entity.children = static_cast<std::uint32_t>(draft.children.size());
    entity.first_mention = static_cast<std::uint32_t>(page.mentions.size());
    entity.mentions = static_cast<std::uint32_t>(draft.mentions.size());
    for (const ChildSet& set : draft.children) {
        const std::size_t width = tables_[set.table].columns.size();
        for (std::size_t row = 0; row < set.rows; ++row) page.values[set.first + row * width] = draft.gid;
        page.children.push_back(set);
    }
    page.mentions.insert(page.mentions.end(), draft.mentions.begin(), draft.mentions.end());
    page.entities.push_back(entity);
    return page.entities.size() - 1;
}

// Of what leads somewhere: the place to which it leads is mentioned.
std::size_t Mapper::add_edge(Draft& draft, const Context& context) {
    Page& page = *draft.page;
    draft[0] = Value::of(page.keep(context.scope));
    draft[1] = draft.gid;
    const auto type = draft[2].is_null() ? std::string_view() : draft[2].as_text();
    belongs_ = {};
    if (draft.wanted != nullptr && type == "project")
        (draft.wanted->contains(draft.gid.as_text()) ? belongs_.to_wanted : belongs_.to_others) = true;
    if (const auto table = mention_table(type); !table.empty()) draft.mention(table_index(table), draft.gid, Value());
    page.edges.push_back({.table = compiled(*draft.mapping).table,
                          .gid = draft.gid.as_text(),
                          .first = draft.first,
                          .first_mention = static_cast<std::uint32_t>(page.mentions.size()),
                          .mentions = static_cast<std::uint32_t>(draft.mentions.size())});
    page.mentions.insert(page.mentions.end(), draft.mentions.begin(), draft.mentions.end());
    return page.edges.size() - 1;
}

void Mapper::read(Reader& reader, JsonObject& object, const Context& context, Draft& draft) {
    Page& page = *draft.page;
    std::size_t place = 0;
    source::for_each_member(object, [&](std::string_view key, Json json) {
        if (key == "gid") {
            draft.gid = gid_in(json, page);
            if (reader.gid != kNone) draft[reader.gid] = draft.gid;
            return;
        }
        auto& fields = reader.inside;
        std::size_t index = place < reader.order.size() ? reader.order[place] : fields.size();
        if (index >= fields.size() || fields[index].name != key) {
            index = static_cast<std::size_t>(std::ranges::find(fields, key, &Reader::name) - fields.begin());
            if (index == fields.size()) return;
            reader.order.resize(std::max(reader.order.size(), place + 1), 0);
            reader.order[place] = static_cast<std::uint16_t>(index);
        }
        ++place;

        Reader& field = fields[index];
        switch (field.is) {
            case Is::text:
                draft[field.column] = source::text(json, page);
                break;
            case Is::boolean:
                draft[field.column] = source::boolean(json);
                break;
            case Is::integer:
                draft[field.column] = source::integer(json);
                break;
            case Is::number:
                draft[field.column] = source::number(json);
                break;
            case Is::reference:
            case Is::person:
                if (const auto reference = reference_in(json, draft, table_of(field.to))) {
                    draft.note(*reference);
                    if (draft.wanted != nullptr && field.name == "parent")
                        draft.belongs.untold = !reference->told || reference->belongs.untold;
                    draft[field.column] = reference->gid;
                    draft.mention(field.to, reference->gid, field.is == Is::person ? reference->name : Value());
                }
                break;
            case Is::typed:
            case Is::typed_with_name:
                if (const auto reference = reference_in(json, draft)) {
                    draft.note(*reference);
                    draft[field.column] = reference->gid;
                    draft[field.column + 1] = reference->type;
                    const auto table = mention_table(reference->type.is_null() ? "" : reference->type.as_text());
                    if (!table.empty()) draft.mention(table_index(table), reference->gid, reference->name);
                }
                break;
            case Is::json_texts:
            case Is::json_references:
            case Is::json_people:
                if (auto elements = source::array(json)) {
                    std::string list = "[";
                    source::for_each_element(*elements, [&](std::size_t, Json element) {
                        Value item;
                        if (field.is == Is::json_texts) {
                            item = source::text(element, page);
                        } else if (const auto reference = reference_in(element, draft, table_of(field.to))) {
                            if (!draft.take(*reference)) return;
                            item = reference->gid;
                            draft.mention(field.to, reference->gid,
                                          field.is == Is::json_people ? reference->name : Value());
                        }
                        if (item.is_null()) source::wrong("an element that is not null");
                        if (list.size() > 1) list += ',';
                        append_json_string(list, item.as_text());
                    });
                    draft[field.column] = Value::of(page.keep(list + "]"));
                }
                break;
            case Is::json:
                if (!source::is_null(json)) {
                    JsonCopy copy{.page = page, .wanted = draft.wanted};
                    if (copy.append(json)) draft[field.column] = Value::of(page.keep(copy.text));
                    draft.left_out += copy.left_out;
                }
                break;
            case Is::structure:
            case Is::whole_structure:
                if (auto members = source::object(json)) {
                    const Value gid = draft.gid;
                    read(field, *members, context, draft);
                    draft.gid = gid;
                }
                break;
            case Is::own_gid:
                break;
            case Is::texts:
            case Is::references:
            case Is::people:
            case Is::likes:
            case Is::task_memberships:
                read_list(field, json, draft);
                break;
            case Is::custom_field_values:
                read_custom_field_values(field, json, context, draft);
                break;
            case Is::custom_field_settings:
                read_custom_field_settings(field, json, context, draft);
                break;
            case Is::enum_options:
            case Is::status_options:
                if (auto elements = source::array(json)) {
                    if (draft.gid.is_null()) source::wrong("a gid before the options");
                    const auto owner = draft.gid.as_text();
                    source::for_each_element(*elements, [&](std::size_t position, Json element) {
                        auto option = source::object(element);
                        if (!option) source::wrong("an object");
                        map(field.is == Is::enum_options ? kEnumOptions : kStatusOptions, *option,
                            {.root = context.root, .scope = owner, .position = static_cast<std::int64_t>(position)},
                            page);
                    });
                }
                break;
            case Is::user_task_list:
                if (auto list = source::object(json)) {
                    if (draft.gid.is_null()) source::wrong("a gid before the list");
                    const auto entity = map(kUserTaskLists, *list, {.scope = draft.gid.as_text()}, page);
                    draft[field.column] = Value::of(page.entities[entity].gid);
                }
                break;
        }
    });
}

void Mapper::read_list(const Reader& field, Json& json, Draft& draft) {
    Page& page = *draft.page;
    ChildSet set{static_cast<std::uint16_t>(field.rows), static_cast<std::uint32_t>(page.values.size()), 0};
    if (auto elements = source::array(json)) {
        source::for_each_element(*elements, [&](std::size_t, Json element) {
            Value item, section;
            if (field.is == Is::texts) {
                item = source::text(element, page);
            } else if (field.is == Is::references || field.is == Is::people) {
                const auto reference = reference_in(element, draft, table_of(field.to));
                if (!reference) source::wrong("a reference");
                if (!draft.take(*reference)) return;
                item = reference->gid;
                draft.mention(field.to, item, field.is == Is::people ? reference->name : Value());
            } else {
                auto members = source::object(element);
                if (!members) source::wrong("an object");
                const std::size_t mentions = draft.mentions.size();
                bool taken = true;
                source::for_each_member(*members, [&](std::string_view key, Json value) {
                    if (key != "user" && key != "project" && key != "section") return;
                    const auto reference = reference_in(value, draft, mention_table(key));
                    if (!reference) return;
                    if (key == "project") {
                        draft.note(*reference);
                        taken = draft.take(*reference);
                    }
                    (key == "section" ? section : item) = reference->gid;
                    draft.mention(table_index(mention_table(key)), reference->gid,
                                  key == "user" ? reference->name : Value());
                });
                if (!taken) draft.mentions.resize(mentions);
                if (!taken) return;
            }
            if (item.is_null()) return;
            page.values.insert(page.values.end(), {Value(), item});
            if (field.is == Is::task_memberships) page.values.push_back(section);
            ++set.rows;
        });
    }
    draft.children.push_back(set);
}

void Mapper::read_custom_field_values(Reader& field, Json& json, const Context& context, Draft& draft) {
    Page& page = *draft.page;
    const int fields_table = table_index(kCustomFields), options_table = table_index(kOptions);
    ChildSet values{static_cast<std::uint16_t>(field.rows), static_cast<std::uint32_t>(page.values.size()), 0};
    ChildSet items{table_index(kItems), 0, 0};
    draft.later.clear();
    static_cast<void>(context);

    if (auto elements = source::array(json)) {
        source::for_each_element(*elements, [&](std::size_t, Json element) {
            auto members = source::object(element);
            if (!members) source::wrong("an object");
            Value gid, enabled, display, text, number, date, datetime, option;
            std::int64_t position = 0;
            bool all = true;
            const std::size_t first_item = draft.later.size();
            const auto add_items = [&](Json& list, std::string_view type) {
                auto references = source::array(list);
                if (!references) return;
                source::for_each_element(*references, [&](std::size_t, Json value) {
                    const auto item = reference_in(value, draft);
                    if (!item) source::wrong("a reference");
                    if (!draft.take(*item)) {
                        all = false;
                        return;
                    }
                    const Value of_type = type.empty() ? item->type : Value::of(type);
                    draft.later.insert(draft.later.end(),
                                       {Value(), Value(), Value::of(position++), item->gid, of_type});
                    const auto table = mention_table(of_type.is_null() ? "" : of_type.as_text());
                    if (!table.empty())
                        draft.mention(table_index(table), item->gid, table == kUsers ? item->name : Value());
                });
            };
            source::for_each_member(*members, [&](std::string_view key, Json value) {
                if (key == "gid")
                    gid = gid_in(value, page);
                else if (key == "enabled")
                    enabled = source::boolean(value);
                else if (key == "display_value")
                    display = source::text(value, page);
                else if (key == "text_value")
                    text = source::text(value, page);
                else if (key == "number_value")
                    number = source::number(value);
                else if (key == "date_value") {
                    if (auto parts = source::object(value)) {
                        source::for_each_member(*parts, [&](std::string_view part, Json instant) {
                            if (part == "date") date = source::text(instant, page);
                            if (part == "date_time") datetime = source::text(instant, page);
                        });
                    }
                } else if (key == "enum_value") {
                    if (const auto chosen = reference_in(value, draft)) {
                        option = chosen->gid;
                        draft.mention(options_table, option, Value());
                    }
                } else if (key == "multi_enum_values")
                    add_items(value, "enum_option");
                else if (key == "people_value")
                    add_items(value, "user");
                else if (key == "reference_value")
                    add_items(value, {});
            });
            if (gid.is_null()) throw Error("an object without gid");
            if (!all) display = {};  // it has the names of all
            for (std::size_t item = first_item; item < draft.later.size(); item += std::size(kItemColumns)) {
                draft.later[item + 1] = gid;
                ++items.rows;
            }
            draft.mention(fields_table, gid, Value());
            page.values.insert(page.values.end(), {Value(), Value::of(draft.mapping->type), gid, enabled, display, text,
                                                   number, date, datetime, option});
            ++values.rows;
        });
    }
    items.first = static_cast<std::uint32_t>(page.values.size());
    page.values.insert(page.values.end(), draft.later.begin(), draft.later.end());
    draft.children.push_back(values);
    draft.children.push_back(items);
}

void Mapper::read_custom_field_settings(const Reader& field, Json& json, const Context& context, Draft& draft) {
    Page& page = *draft.page;
    ChildSet set{static_cast<std::uint16_t>(field.rows), 0, 0};
    draft.later.clear();
    if (auto elements = source::array(json)) {
        source::for_each_element(*elements, [&](std::size_t position, Json element) {
            auto members = source::object(element);
            if (!members) source::wrong("an object");
            Value definition, important;
            source::for_each_member(*members, [&](std::string_view key, Json value) {
                if (key == "is_important") important = source::boolean(value);
                if (key == "custom_field") {
                    if (auto inner = source::object(value)) {
                        const auto entity = map(kDefinitions, *inner, {.root = context.root}, page);
                        definition = Value::of(page.entities[entity].gid);
                    }
                }
            });
            if (definition.is_null()) return;
            draft.later.insert(draft.later.end(), {Value(), Value::of(draft.mapping->type), definition, important,
                                                   Value::of(static_cast<std::int64_t>(position))});
            ++set.rows;
        });
    }
    set.first = static_cast<std::uint32_t>(page.values.size());
    page.values.insert(page.values.end(), draft.later.begin(), draft.later.end());
    draft.children.push_back(set);
}

std::string opt_fields(const Mapping& mapping, bool filtered) {
    std::string out;
    append_opt_fields(mapping.fields, "", out);
    if (filtered && &mapping == &kStories) out += ",old_section.project,new_section.project";
    if (filtered && (&mapping == &kTasks || &mapping == &kTimeTrackingEntries)) {
        std::string above = &mapping == &kTasks ? "" : "task.";
        if (!above.empty()) out += "," + above + "memberships.project";
        for (int level = 0; level < kMostAbove; ++level) {
            above += "parent.";
            out += "," + above + "memberships.project";
        }
    }
    return out;
}

}  // namespace taskmirror::asana
