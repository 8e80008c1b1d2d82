// The tables that the mapping fills, against those of schema/asana.sql in a real database.
#include <catch2/catch.hpp>

#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "asana/mapping.hpp"
#include "store/schema.hpp"

using namespace taskmirror;

namespace {

using Names = std::vector<std::string>;

SQLite::Database database() {
    SQLite::Database memory(":memory:", SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE);
    memory.exec(std::string(store::asana_sql()));
    return memory;
}

Names names(SQLite::Database& memory, const std::string& sql, const std::string& parameter = "") {
    SQLite::Statement query(memory, sql);
    if (!parameter.empty()) query.bind(1, parameter);
    Names found;
    while (query.executeStep()) found.push_back(query.getColumn(0).getString());
    return found;
}

Names columns(SQLite::Database& memory, const std::string& table) {
    return names(memory, "SELECT name FROM pragma_table_info(?1) ORDER BY cid", table);
}

Names sorted(Names texts) {
    std::ranges::sort(texts);
    return texts;
}

}  // namespace

TEST_CASE("an entity table has the columns that its mapping fills, beside gid, content_hash and mirrored_at") {
    auto memory = database();
    const asana::Mapper mapper;
    int tables = 0;
    for (const Table& table : mapper.tables()) {
        if (!table.entity) continue;
        ++tables;
        INFO(table.name);
        Names filled(table.columns.begin(), table.columns.end());
        filled.insert(filled.end(), {"gid", "content_hash", "mirrored_at"});

        CHECK(sorted(filled) == sorted(columns(memory, std::string(table.name))));
    }
    CHECK(tables > 10);
}

TEST_CASE("a child table has exactly the columns that its rows give, and its key begins with the owner") {
    auto memory = database();
    const asana::Mapper mapper;
    int tables = 0;
    for (const Table& table : mapper.tables()) {
        if (table.entity) continue;
        ++tables;
        INFO(table.name);
        const std::string name(table.name);
        const Names filled(table.columns.begin(), table.columns.end());

        CHECK(sorted(filled) == sorted(columns(memory, name)));
        CHECK(names(memory, "SELECT name FROM pragma_table_info(?1) WHERE pk = 1", name) ==
              Names{std::string(table.columns.front())});
    }
    CHECK(tables > 5);
}

TEST_CASE("every table of the schema is filled by some mapping") {
    auto memory = database();
    const asana::Mapper mapper;
    Names filled;
    for (const Table& table : mapper.tables()) filled.emplace_back(table.name);

    CHECK(sorted(filled) == names(memory, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"));
}

TEST_CASE("no table is mapped twice, and no column stands twice in a table") {
    const asana::Mapper mapper;
    std::set<std::string_view> tables;
    for (const Table& table : mapper.tables()) {
        INFO(table.name);
        CHECK(tables.insert(table.name).second);
        CHECK(std::set(table.columns.begin(), table.columns.end()).size() == table.columns.size());
    }
}

TEST_CASE("every reference of the schema leads to a gid that exists") {
    auto memory = database();

    const auto dangling =
        names(memory,
              "SELECT t.name || '.' || f.\"from\" FROM sqlite_master t, pragma_foreign_key_list(t.name) f "
              "WHERE t.type = 'table' AND (f.\"to\" <> 'gid' OR f.\"table\" NOT IN "
              "(SELECT name FROM sqlite_master WHERE type = 'table'))");

    CHECK(dangling == Names{});
}
