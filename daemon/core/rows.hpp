// The row vocabulary: what a source hands to the store. Plain values, no SQL, no JSON.
//
// A Page holds the rows of one answer in flat arrays and owns their texts, so that filling it costs no allocation once
// it has grown to the size of a page. Indices into `tables` refer to the span of Table that the source declares.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace taskmirror {

// What the store must know of a table. Columns are in the order in which values are given.
struct Table {
    std::string_view name;
    // Entity tables: the columns beside gid, content_hash and mirrored_at. Child tables: all columns, the owner first.
    std::span<const std::string_view> columns;
    bool entity = true;  // false: a child table, whose rows are replaced as a set with their owner
    // Of a child table: when other values than before stand in this column, that is told; see Written::watched.
    std::string_view watched = {};
};

// What hangs on a row of an entity table, and leaves with it.
struct Remains {
    struct Kin {
        std::string_view table;
        std::string_view column;  // holds the gid of the row that goes
        // Of edges that belong to other rows: their table, and the column with their gid. They count as changed, so
        // that their next answer restores the edge if it is there again.
        std::string_view owner = {};
        std::string_view owner_column = {};
    };
    std::string_view table;
    std::span<const Kin> children = {};   // child tables: their rows have no life of their own
    std::span<const Kin> followers = {};  // entity tables: each row leaves in the same way
    bool mention = false;         // what refers to it keeps its name: the row stays as a mention while anything does
    std::string_view above = {};  // the column with the gid of the row that counts this one: it is looked at again
    // Columns that refer to it without a declared reference: one gid, or a JSON array of them.
    std::span<const Kin> named_in = {};
    // The column with the gid of a person of whom nothing more is asked for in this workspace.
    std::string_view ends = {};
    // Objects that refer to it, by a child table of theirs. No event tells them that it is gone: they are asked for
    // again, by one of these streams of single objects.
    struct Carriers {
        std::string_view table;
        std::string_view owner;   // the column that holds the gid of the object
        std::string_view column;  // holds the gid of the row that goes
        std::string_view stream;
    };
    std::span<const Carriers> carriers = {};
    std::string_view root = {};  // the column with its workspace
    // When the user does not want it any more: the rows of other objects' child tables that refer to it, which leave;
    // and those objects with them, if `owner` names their table, unless others of these or the row in `above` hold
    // them.
    std::span<const Kin> edges = {};
    // Rows of entity tables that speak of it, and leave with it then.
    std::span<const Kin> about = {};
    // What belongs to it alone then: rows of this table that one of its children (a table, and the column of the gid)
    // names, no row of that table names any more, and whose column `shared` is NULL or 0.
    struct Own {
        std::string_view table = {};
        Kin named_by = {};
        std::string_view by = {};  // the column that names
        std::string_view shared = {};
    } own = {};
};

// The cause of a tombstone whose content is not kept, and of which no name stays behind.
inline constexpr std::string_view kExcluded = "excluded";

struct Value {
    enum class Type : std::uint8_t { null, integer, real, text };

    Value() = default;
    static Value of(std::int64_t number) { return Value(Type::integer, number); }
    static Value of(double number) {
        Value value;
        value.type = Type::real;
        value.real = number;
        return value;
    }
    // The text must live as long as the page: see Page::keep.
    static Value of(std::string_view text) {
        Value value;
        value.type = Type::text;
        value.size = static_cast<std::uint32_t>(text.size());
        value.text = text.data();
        return value;
    }
    bool is_null() const { return type == Type::null; }
    std::string_view as_text() const { return {text, size}; }

    Type type = Type::null;
    std::uint32_t size = 0;  // bytes of text
    union {
        std::int64_t integer = 0;
        double real;
        const char* text;
    };

  private:
    Value(Type t, std::int64_t number) : type(t), integer(number) {}
};

// The rows of one child table that belong to one entity: they replace what is stored for this owner.
struct ChildSet {
    std::uint16_t table = 0;
    std::uint32_t first = 0;  // into Page::values; rows lie one behind the other, each as wide as the table
    std::uint32_t rows = 0;
};

// A row of a table that is known because something refers to it; stored only where no fuller row stands.
struct Mention {
    std::uint16_t table = 0;
    std::string_view gid;
    Value name;  // null where no name came along
};

// One object. Written only when its hash differs from the stored one, and then with its child sets and mentions.
struct Entity {
    std::uint16_t table = 0;
    std::string_view gid;
    std::int64_t hash = 0;
    std::uint32_t first = 0;  // into Page::values: one value per column of the table
    std::uint32_t first_child = 0, children = 0;
    std::uint32_t first_mention = 0, mentions = 0;
};

// A row of a child table that a list of its own names: it is written where it differs, and leaves when a complete walk
// of the list does not name it.
struct Edge {
    std::uint16_t table = 0;
    std::string_view gid;     // of what it leads to
    std::uint32_t first = 0;  // into Page::values: one value per column of the table
    std::uint32_t first_mention = 0, mentions = 0;
};

class Page {
  public:
    std::vector<Entity> entities;
    std::vector<Edge> edges;
    std::vector<ChildSet> children;
    std::vector<Mention> mentions;
    std::vector<Value> values;

    // Copies a text into the page. Valid until clear().
    std::string_view keep(std::string_view text);
    // Empties the page and keeps its memory.
    void clear();

  private:
    static constexpr std::size_t kBlock = 256UL * 1024;
    struct Block {
        std::unique_ptr<char[]> bytes;
        std::size_t size = 0;
    };
    std::vector<Block> blocks_;
    std::size_t block_ = 0;  // the block in use
    std::size_t used_ = 0;   // bytes used of it
};

}  // namespace taskmirror
