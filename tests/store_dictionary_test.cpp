#include <catch2/catch.hpp>

#include "store/dictionary.hpp"

#include <array>
#include <stdexcept>

using namespace taskmirror::store;

namespace {

constexpr std::string_view kSmall = R"(-- Head of the file.
--
-- Columns that mean the same everywhere:
--   gid   an id
--   name  a name,
--         as it came

-- == Things ==

-- What things are; see
-- elsewhere.
CREATE TABLE things (
    gid TEXT PRIMARY KEY,
    name TEXT, -- its own name; not
               -- that of its kind
    kind_gid TEXT REFERENCES kinds (gid) -- the kind
);
CREATE INDEX things_kind ON things (kind_gid);

-- == Kinds ==

CREATE TABLE kinds (gid TEXT PRIMARY KEY, name TEXT);

-- Things with their kinds. Columns:
--   gid, name
--   kind    the kind's name
--   both    both names,
--           with a space
-- What is left out.
CREATE VIEW named_things AS
SELECT t.gid, t.name, k.name AS kind, t.name || ' ' || k.name AS both FROM things AS t JOIN kinds AS k ON k.gid = kind_gid;
)";

std::vector<Chapter> read(std::string_view sql) { return describe(std::array{SchemaFile{"Small", sql}}); }

}  // namespace

TEST_CASE("comments describe files, tables and columns") {
    const auto chapter = read(kSmall).front();

    CHECK(chapter.title == "Small");
    CHECK(chapter.comment == std::vector<std::string>{"Head of the file."});
    REQUIRE(chapter.tables.size() == 3);
    const auto& things = chapter.tables[0];
    CHECK(things.name == "things");
    CHECK(things.group == "Things");
    CHECK(things.comment == std::vector<std::string>{"What things are; see", "elsewhere."});
    REQUIRE(things.columns.size() == 3);
    CHECK(things.columns[0].comment == "an id");
    CHECK(things.columns[0].key);
    CHECK(things.columns[1].comment == "its own name; not that of its kind");
    CHECK(things.columns[2].refers_to == "kinds");
    CHECK(things.columns[2].type == "TEXT");
    CHECK(chapter.tables[1].comment.empty());
    CHECK(chapter.tables[1].group == "Kinds");
    CHECK(chapter.tables[1].columns[1].comment == "a name, as it came");
}

TEST_CASE("the columns of a view stand in its comment") {
    const auto view = read(kSmall).front().tables[2];

    CHECK(view.view);
    CHECK(view.comment == std::vector<std::string>{"Things with their kinds.", "What is left out."});
    REQUIRE(view.columns.size() == 4);
    CHECK(view.columns[0].comment == "an id");
    CHECK(view.columns[2].comment == "the kind's name");
    CHECK(view.columns[3].comment == "both names, with a space");
    CHECK(view.columns[3].type.empty());
}

TEST_CASE("a list that names a column which is not there is refused") {
    CHECK_THROWS_AS(read("-- One. Columns:\n--   two  is missing\nCREATE VIEW v AS SELECT 1 AS one;"),
                    std::logic_error);
}

TEST_CASE("every table, view and column of the schema is described") {
    // Write the comment in schema/*.sql; daemon/store/dictionary.hpp says where.
    std::vector<std::string> without;
    for (const auto& chapter : describe(schema_files())) {
        if (chapter.comment.empty()) without.push_back(chapter.title);
        for (const auto& table : chapter.tables) {
            if (table.comment.empty()) without.push_back(table.name);
            for (const auto& column : table.columns)
                if (column.comment.empty()) without.push_back(table.name + "." + column.name);
        }
    }
    CHECK(without == std::vector<std::string>{});
}
