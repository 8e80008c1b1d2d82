// JSON objects to rows, by the field lists of fields.hpp.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "asana/fields.hpp"
#include "core/redact.hpp"
#include "core/rows.hpp"
#include "source/json.hpp"
#include "source/source.hpp"

namespace taskmirror::asana {

// What the request knows and the answer may not say.
struct Context {
    std::string_view root = {};         // the workspace
    std::string_view scope = {};        // the gid of the object that holds this one
    std::string_view parent_type = {};  // of Given::parent
    std::int64_t position = 0;          // of the object in the whole list
    // Where a filter is in force: the projects that are wanted. References to others are left out.
    const source::Gids* wanted = nullptr;
};

// To which projects an object belongs, where a filter is in force.
struct Belongs {
    bool to_wanted = false;
    bool to_others = false;
    bool untold = false;           // of something above it the projects were not told
    bool is_about_others = false;  // it refers to one of those, not as one of a list
};

inline constexpr std::size_t kLongestGid = 256;  // they have 16 digits, and are texts to us

class Mapper {
  public:
    explicit Mapper(const Redactions& wishes = {}, std::string key = {});
    ~Mapper();
    Mapper(const Mapper&) = delete;
    Mapper& operator=(const Mapper&) = delete;

    std::span<const Table> tables() const { return tables_; }

    // Appends the object, with whatever objects stand inside it, to the page. Gives its index in page.entities; of
    // Given::item, in page.edges.
    // Throws Error when it has no gid, or a field of a wrong type.
    std::size_t map(const Mapping& mapping, source::JsonObject& object, const Context& context, Page& page);
    // Of the object that was mapped last.
    const Belongs& belongs() const { return belongs_; }

    // Redacts the entities from this one on, once nothing more must be known of their texts.
    void redact(Page& page, std::size_t first) const;
    // What follows from what was asked for: a text and its html_ twin share a rule, unless each has its own; so do its
    // echoes, which come first.
    std::span<const Redacted> rules() const { return rules_; }
    // All columns that hold texts, as "table.column".
    std::vector<std::string> texts() const;

    // Where a column of this mapping stands in the values of an entity.
    std::size_t column(const Mapping& mapping, std::string_view name) const;

  private:
    struct Reader;    // a field list, compiled
    struct Compiled;  // a mapping, compiled
    struct Draft;     // an entity in the making
    struct Reference;

    Compiled& compiled(const Mapping& mapping) const;
    std::uint16_t table_index(std::string_view name) const;
    std::string_view table_of(int index) const;
    void compile(std::span<const Field> fields, Reader& reader, std::vector<std::string_view>& columns);
    std::string_view name_of(std::string made_up);
    void compile_rules(Redactions wishes);

    static std::optional<Reference> reference_in(source::Json& json, Draft& draft, std::string_view table = {});
    std::size_t add_edge(Draft& draft, const Context& context);
    void read(Reader& reader, source::JsonObject& object, const Context& context, Draft& draft);
    void read_list(const Reader& field, source::Json& json, Draft& draft);
    void read_custom_field_values(Reader& field, source::Json& json, const Context& context, Draft& draft);
    void read_custom_field_settings(const Reader& field, source::Json& json, const Context& context, Draft& draft);

    std::vector<Table> tables_;
    std::vector<std::unique_ptr<std::string>> names_;  // made-up column names: x_gid, x_type
    std::vector<std::unique_ptr<Compiled>> compiled_;
    std::vector<std::unique_ptr<Draft>> drafts_;  // one per depth of nesting, reused
    std::vector<Redacted> rules_;
    std::string key_;
    std::vector<std::vector<Redacted>> redacted_;  // by table
    std::uint64_t seed_ = 0;                       // of every content hash
    std::size_t depth_ = 0;
    Belongs belongs_;
};

// The field list of a mapping as the API wants it: "name,assignee.name,...". `filtered`: with what tells to which
// projects an object belongs.
std::string opt_fields(const Mapping& mapping, bool filtered = false);

}  // namespace taskmirror::asana
