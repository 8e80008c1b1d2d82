#include "store_test_support.hpp"

#include "store/recent.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;
using namespace taskmirror::store;

namespace {

const std::string kProjectRows = "SELECT gid, content_hash, name FROM asana_projects ORDER BY gid";
const std::string kFollowerRows = "SELECT * FROM asana_project_followers ORDER BY 1, 2";
const std::string kUserRows = "SELECT gid, name, mirrored_at IS NOT NULL FROM asana_users ORDER BY gid";

struct Fixture {
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "mirror.db";
    std::unique_ptr<Store> store = open_sqlite(file, kTables);
};

}  // namespace

TEST_CASE("a new object is stored with its child set and its mentions") {
    Fixture f;

    const auto written = put(*f.store, Projects().add("1", 10, "Alpha", {"8", "7"}));

    CHECK(written.inserted == 1);
    CHECK(written.changed == std::vector<bool>{true});
    CHECK(rows(f.file, kProjectRows) == "1|10|Alpha");
    CHECK(rows(f.file, "SELECT mirrored_at FROM asana_projects") == iso(at(0)));
    CHECK(rows(f.file, kFollowerRows) == "1|7 1|8");
    CHECK(rows(f.file, kUserRows) == "7|user 7|0 8|user 8|0");
}

TEST_CASE("an object whose hash is equal is not written, and keeps its mirrored_at") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7"}));

    const auto written = put(*f.store, Projects().add("1", 10, "Another", {"9"}), {1, 1}, at(60));

    CHECK(written.unchanged == 1);
    CHECK(written.changed == std::vector<bool>{false});
    CHECK(rows(f.file, kProjectRows) == "1|10|Alpha");
    CHECK(rows(f.file, kFollowerRows) == "1|7");
    CHECK(rows(f.file, "SELECT mirrored_at FROM asana_projects") == iso(at(0)));
}

TEST_CASE("what is stored for an object is told without writing") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7"}));
    const auto stored = [&](std::uint16_t table, std::string_view gid, std::int64_t hash) {
        return f.store->stored({.table = table, .gid = gid, .hash = hash});
    };

    CHECK(stored(kProjects, "1", 10) == Stored::equal);
    CHECK(stored(kProjects, "1", 11) == Stored::older);
    CHECK(stored(kProjects, "2", 10) == Stored::nothing);
    CHECK(stored(kUsers, "7", 10) == Stored::mention);
}

TEST_CASE("the gids of a table come in their order, some at a time, mentions left out") {
    Fixture f;
    put(*f.store, Projects().add("3", 1, "c").add("1", 1, "a").add("2", 1, "b", {"7"}));
    using Gids = std::vector<std::string>;

    CHECK(f.store->gids_after("asana_projects", "", 2) == Gids{"1", "2"});
    CHECK(f.store->gids_after("asana_projects", "2", 2) == Gids{"3"});
    CHECK(f.store->gids_after("asana_projects", "3", 2).empty());
    CHECK(f.store->gids_after("asana_users", "", 2).empty());
}

TEST_CASE("notes are kept until they are cleared, and are no part of the database") {
    Fixture f;
    const auto before = rows(f.file, "SELECT count(*) FROM sqlite_master");
    f.store->clear_notes();

    CHECK(f.store->note(-5));
    CHECK_FALSE(f.store->note(-5));
    CHECK(f.store->noted(-5));
    CHECK_FALSE(f.store->noted(5));
    f.store->clear_notes();
    CHECK(f.store->note(-5));
    CHECK(rows(f.file, "SELECT count(*) FROM sqlite_master") == before);
}

TEST_CASE("a changed object replaces its row and its child set, also by an empty one") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7", "8"}).add("2", 20, "Beta", {"7"}));

    const auto written =
        put(*f.store, Projects().add("1", 11, "Alpha 2", {"8", "9"}).add("2", 21, "Beta"), {1, 1}, at(60));

    CHECK(written.updated == 2);
    CHECK(rows(f.file, kProjectRows) == "1|11|Alpha 2 2|21|Beta");
    CHECK(rows(f.file, kFollowerRows) == "1|8 1|9");
    CHECK(rows(f.file, "SELECT DISTINCT mirrored_at FROM asana_projects") == iso(at(60)));
}

TEST_CASE("a list that names a member twice does not fail the page") {
    Fixture f;

    put(*f.store, Projects().add("1", 10, "Alpha", {"7", "7"}));

    CHECK(rows(f.file, kFollowerRows) == "1|7");
}

TEST_CASE("values keep their type and their bytes") {
    Fixture f;
    Page page;
    const std::string_view text("\xc3\xa4\n'\"", 5);
    page.values = {Value::of(text), Value::of(std::string_view())};
    page.entities = {{.table = kProjects, .gid = "1", .hash = -1, .first = 0}};
    f.store->begin();
    f.store->write(page, {1, 1}, at(0));
    page.values = {Value::of(0.25), Value::of(std::int64_t{-5'000'000'000})};
    page.entities = {{.table = kProjects, .gid = "2", .hash = 2, .first = 0}};
    f.store->write(page, {1, 1}, at(0));
    f.store->commit();

    CHECK(rows(f.file, "SELECT name, notes, typeof(notes), content_hash FROM asana_projects WHERE gid = 1") ==
          std::string(text) + "||text|-1");
    CHECK(rows(f.file, "SELECT name, notes FROM asana_projects WHERE gid = 2") == "0.25|-5000000000");
}

TEST_CASE("an object that was only mentioned becomes a listed one, and counts as inserted") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7"}));

    const auto written = put(*f.store, Projects().user("7", 70, "Maria"));

    CHECK(written.inserted == 1);
    CHECK(rows(f.file, kUserRows) == "7|Maria|1");
}

TEST_CASE("a mention never overwrites a listed row") {
    Fixture f;
    put(*f.store, Projects().user("7", 70, "Maria"));

    put(*f.store, Projects().add("1", 10, "Alpha").mention("7", "Another"));

    CHECK(rows(f.file, kUserRows) == "7|Maria|1");
}

TEST_CASE("a newer mention renames an older one, there and back again") {
    Fixture f;

    put(*f.store, Projects().add("1", 10, "Alpha").mention("7", "A"));
    put(*f.store, Projects().add("1", 11, "Alpha").mention("7", "B"));
    CHECK(rows(f.file, kUserRows) == "7|B|0");
    put(*f.store, Projects().add("1", 12, "Alpha").mention("7", "A"));
    CHECK(rows(f.file, kUserRows) == "7|A|0");
}

TEST_CASE("a mention without a name keeps the name that stands") {
    Fixture f;

    put(*f.store, Projects().add("1", 10, "Alpha").mention("7", "A").mention("7", ""));
    put(*f.store, Projects().add("1", 11, "Alpha").mention("8", "").mention("8", "B"));

    CHECK(rows(f.file, kUserRows) == "7|A|0 8|B|0");
}

TEST_CASE("a page that throws leaves nothing, and nothing of its group") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7"}));
    f.store->begin();
    f.store->as_one([&] { f.store->write(Projects().add("2", 20, "Beta", {"8"}).page(), {1, 1}, at(0)); });
    CHECK_THROWS_AS(f.store->as_one([&] {
        f.store->write(Projects().add("1", 11, "Changed").add("3", 30, "Gamma", {"9"}).page(), {2, 2}, at(0));
        f.store->set_fact("key", "value");
        throw Error("the page does not fit");
    }),
                    Error);

    CHECK_FALSE(f.store->in_transaction());
    CHECK(rows(f.file, kProjectRows) == "1|10|Alpha");
    CHECK(rows(f.file, kFollowerRows) == "1|7");
    CHECK_FALSE(f.store->fact("key"));
    // The mentions of 8 and 9 went with their pages, and are written again.
    put(*f.store, Projects().add("3", 30, "Gamma", {"8", "9"}));
    CHECK(rows(f.file, kUserRows) == "7|user 7|0 8|user 8|0 9|user 9|0");
}

TEST_CASE("an answer to an older request does not overwrite what a later request gave") {
    Fixture f;
    put(*f.store, Projects().add("1", 11, "new"), {.number = 5, .oldest_in_flight = 2});

    const auto written = put(*f.store, Projects().add("1", 10, "old").add("2", 20, "other"), {2, 2});

    CHECK(written.outdated == 1);
    CHECK(written.inserted == 1);
    CHECK(written.changed == std::vector<bool>{false, true});
    CHECK(rows(f.file, kProjectRows) == "1|11|new 2|20|other");
}

TEST_CASE("an answer that confirms the stored content protects it from an older one") {
    Fixture f;
    put(*f.store, Projects().add("1", 11, "new"), {1, 1});
    put(*f.store, Projects().add("1", 11, "new"), {.number = 5, .oldest_in_flight = 2});

    CHECK(put(*f.store, Projects().add("1", 10, "old"), {3, 2}).outdated == 1);
    CHECK(put(*f.store, Projects().add("1", 12, "newer"), {6, 2}).updated == 1);
}

TEST_CASE("what was rolled back does not hold off an older answer") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "first"), {.number = 3, .oldest_in_flight = 2});
    f.store->begin();
    CHECK_THROWS(f.store->as_one([&] {
        f.store->write(Projects().add("1", 12, "lost").add("2", 20, "lost").page(), {9, 2}, at(0));
        throw Error("lost");
    }));

    const auto written = put(*f.store, Projects().add("1", 11, "second").add("2", 21, "second"), {4, 2});

    CHECK(written.outdated == 0);
    CHECK(rows(f.file, kProjectRows) == "1|11|second 2|21|second");
}

TEST_CASE("the memory of answers holds no more than what is in flight can contest") {
    AnswerOrder order;

    for (std::uint64_t number = 11; number < 2011; ++number) {
        const Sent sent{.number = number, .oldest_in_flight = number - 10};
        order.forget_settled(sent);
        for (int i = 0; i < 100; ++i) order.remember(row_key(0, fmt::format("{}/{}", number, i)), sent);
    }

    CHECK(order.size() <= 2 * 11 * 100 + 1024);
    CHECK(order.outdated(row_key(0, "2010/5"), {2009, 2000}));
    CHECK_FALSE(order.outdated(row_key(1, "2010/5"), {2009, 2000}));
}

TEST_CASE("nothing is remembered when no older answer can arrive") {
    AnswerOrder order;

    order.remember(row_key(0, "1"), {7, 7});

    CHECK(order.size() == 0);
}

TEST_CASE("rows are counted in the order of the schema, without mentions and without the mirror's own tables") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "Alpha", {"7", "8"}).user("7", 70, "Maria"));

    const auto counts = f.store->row_counts();

    std::string filled;
    for (const auto& [table, count] : counts) {
        CHECK(table.rfind("sync_", 0) == std::string::npos);
        if (count > 0) filled += fmt::format("{}={} ", table, count);
    }
    CHECK(counts.front().first == "asana_workspaces");
    CHECK(filled == "asana_users=1 asana_projects=1 asana_project_followers=2 ");
}

namespace {

// A person stands in for what follows a project: its name holds the gid.
constexpr Remains::Kin kOfProject[] = {{"asana_project_followers", "project_gid"}};
constexpr Remains::Kin kWithProject[] = {{"asana_users", "name"}};
constexpr Remains kRemains[] = {{"asana_projects", kOfProject, kWithProject}, {"asana_users", {}, {}}};
// One whose rows stay as mentions; the notes of a project name people too.
constexpr Remains::Kin kOfUser[] = {{"asana_project_followers", "user_gid", "asana_projects", "project_gid"}};
constexpr Remains::Kin kNamesUser[] = {{"asana_projects", "notes"}};
constexpr Remains kMentioned[] = {{"asana_users", {}, {}, true, {}, kNamesUser}};
constexpr Remains kEdges[] = {{"asana_users", kOfUser, {}, true}};

std::size_t bury_user(Store& store, std::span<const Remains> remains, std::string_view gid) {
    store.begin();
    const auto left =
        store.bury(remains, "asana_users", gid,
                   {.source = "acme", .cause = "not_visible", .detected_by = "walk", .detected_at = at(0)});
    store.commit();
    return left.rows;
}

std::size_t bury(Store& store, std::string_view table, std::string_view gid) {
    store.begin();
    const auto left = store.bury(
        kRemains, table, gid,
        {.source = "acme", .cause = "deleted", .deleted_at = at(-60), .detected_by = "event", .detected_at = at(0)});
    store.commit();
    return left.rows;
}

}  // namespace

TEST_CASE("a row that leaves takes its children and followers along, and their last content is kept") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "it's \"A\"", {"7", "8"}).add("2", 20, "B", {"7"}).user("9", 1, "1"));

    CHECK(bury(*f.store, "asana_projects", "1") == 2);

    CHECK(rows(f.file, kProjectRows) == "2|20|B");
    CHECK(rows(f.file, kFollowerRows) == "2|7");
    CHECK(rows(f.file,
               "SELECT table_name, gid, source, cause, deleted_at, detected_at, detected_by "
               "FROM sync_tombstones ORDER BY table_name") ==
          fmt::format("asana_projects|1|acme|deleted|{0}|{1}|event asana_users|9|acme|deleted|{0}|{1}|parent",
                      iso(at(-60)), iso(at(0))));
    CHECK(rows(f.file,
               "SELECT json_extract(row, '$.name'), json_extract(row, '$.asana_project_followers[1].user_gid') "
               "FROM sync_tombstones WHERE gid = '1'") == "it's \"A\"|8");
}

TEST_CASE("what is not there, or only mentioned, cannot leave") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "A", {"7"}));

    CHECK(bury(*f.store, "asana_projects", "3") == 0);
    CHECK(bury(*f.store, "asana_users", "7") == 0);

    CHECK(rows(f.file, "SELECT count(*) FROM sync_tombstones") == "0");
    CHECK(rows(f.file, kUserRows) == "7|user 7|0");
}

TEST_CASE("a row that comes back leaves the tombstones, also after a restart") {
    Fixture f;
    const bool restart = GENERATE(false, true);
    put(*f.store, Projects().add("1", 10, "A").add("2", 20, "B"));
    bury(*f.store, "asana_projects", "1");
    bury(*f.store, "asana_projects", "2");
    if (restart) {
        f.store.reset();
        f.store = open_sqlite(f.file, kTables);
    }

    const auto written = put(*f.store, Projects().add("1", 10, "A"), {2, 2});

    CHECK(written.fresh == std::vector<bool>{true});
    CHECK(written.restored == std::vector<bool>{true});
    CHECK(rows(f.file, kProjectRows) == "1|10|A");
    CHECK(rows(f.file, "SELECT gid FROM sync_tombstones") == "2");
    CHECK(put(*f.store, Projects().add("3", 30, "C"), {3, 3}).restored == std::vector<bool>{false});
}

TEST_CASE("another set of values in a watched column is told, another order is not") {
    testing::TemporaryFolder folder;
    const auto store = open_sqlite(folder.path() / "mirror.db", kTables);
    const auto watched = [&](std::int64_t hash, std::initializer_list<std::string_view> followers) -> bool {
        return put(*store, Projects().add("1", hash, "a", followers)).watched.at(0);
    };

    CHECK_FALSE(watched(1, {"5", "6"}));  // a new row
    CHECK_FALSE(watched(2, {"6", "5"}));
    CHECK(watched(3, {"5"}));
    CHECK(watched(4, {"5", "7"}));
    CHECK(watched(5, {}));
    CHECK_FALSE(watched(6, {}));
}

TEST_CASE("rows come in the order of a column, latest first, from a place on, without mentions") {
    testing::TemporaryFolder folder;
    const auto file = folder.path() / "mirror.db";
    const auto store = open_sqlite(file, kTables);
    put(*store, Projects().add("1", 1, "b", {"9"}).add("2", 1, "a").add("3", 1, "b").add("4", 1, "c"));
    const auto behind = [&](const Store::Place& place, std::size_t limit) {
        std::string gids;
        for (const auto& row : store->rows_behind("asana_projects", "name", "notes", place, limit))
            gids += row.gid + " ";
        return gids;
    };

    CHECK(behind({"~", "", ""}, 10) == "4 3 1 2 ");
    CHECK(behind({"~", "", ""}, 2) == "4 3 ");
    CHECK(behind({"b", "3", ""}, 10) == "1 2 ");
    CHECK(store->rows_behind("asana_users", "name", "email", {"~", "", ""}, 10).empty());
    CHECK(store->count("asana_projects", "name") == 4);
    CHECK(store->count("asana_projects", "notes") == 0);

    store->build_indexes();
    SQLite::Database database(file);
    SQLite::Statement plan(
        database,
        "EXPLAIN QUERY PLAN SELECT modified_at, gid, workspace_gid FROM asana_tasks WHERE mirrored_at "
        "IS NOT NULL AND (modified_at, gid) < ('2026', '1') ORDER BY modified_at DESC, gid DESC LIMIT 9");
    std::string text;
    while (plan.executeStep()) text += plan.getColumn(3).getString() + "; ";
    CHECK(text == "SEARCH asana_tasks USING INDEX asana_tasks_modified_at ((modified_at,gid)<(?,?)); ");
}

TEST_CASE("a row that leaves becomes a mention while something refers to it, and goes otherwise") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "A", {"7"}).user("7", 1, "Ann").user("8", 1, "Bob").user("9", 1, "Cleo"));
    SQLite::Database(f.file, SQLite::OPEN_READWRITE).exec("UPDATE asana_projects SET notes = '[\"4\",\"9\"]'");

    CHECK(bury_user(*f.store, kMentioned, "7") == 1);
    CHECK(bury_user(*f.store, kMentioned, "8") == 1);
    CHECK(bury_user(*f.store, kMentioned, "9") == 1);

    CHECK(rows(f.file, kUserRows) == "7|Ann|0 9|Cleo|0");
    CHECK(rows(f.file, "SELECT count(*) FROM sync_tombstones") == "3");
}

TEST_CASE("what went is mentioned again by what names it later") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "A", {"7"}));
    put(*f.store, Projects().add("1", 11, "A").user("7", 1, "user 7"), {2, 2});
    bury_user(*f.store, kMentioned, "7");
    REQUIRE(rows(f.file, kUserRows).empty());

    put(*f.store, Projects().add("1", 12, "A", {"7"}), {3, 3});

    CHECK(rows(f.file, kUserRows) == "7|user 7|0");
}

TEST_CASE("an edge that leaves with one end counts as a change of the other, so that its next answer restores it") {
    Fixture f;
    const auto put_again = [&](const Sent& sent) {
        return put(*f.store, Projects().add("1", 10, "A", {"7", "8"}).add("2", 20, "B", {"8"}), sent);
    };
    put_again({1, 1});
    put(*f.store, Projects().user("7", 1, "Ann"), {2, 2});

    CHECK(bury_user(*f.store, kEdges, "7") == 1);
    CHECK(rows(f.file, kFollowerRows) == "1|8 2|8");
    CHECK(rows(f.file, kProjectRows) == "1|NULL|A 2|20|B");
    CHECK(rows(f.file, "SELECT json_extract(row, '$.asana_project_followers[0].project_gid') FROM sync_tombstones") ==
          "1");

    CHECK(put_again({3, 3}).changed == std::vector<bool>{true, false});
    CHECK(rows(f.file, kFollowerRows) == "1|7 1|8 2|8");
}

TEST_CASE("what leaves says which rows others hang on") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "A").user("9", 1, "1"));
    f.store->begin();

    const auto left = f.store->bury(kRemains, "asana_projects", "1", {});

    CHECK(left.rows == 2);
    CHECK(left.holders == std::vector<std::string>{"1"});
}

TEST_CASE("what came after the row that it hangs on had left leaves when that is looked at again") {
    Fixture f;
    put(*f.store, Projects().user("9", 1, "1"));
    f.store->begin();

    CHECK(f.store->bury(kRemains, "asana_projects", "1", {}).rows == 1);
    f.store->commit();

    CHECK(rows(f.file, "SELECT count(*) FROM asana_users") == "0");
    CHECK(rows(f.file, "SELECT table_name, gid, detected_by FROM sync_tombstones") == "asana_users|9|parent");
}

TEST_CASE("a name is missed twice before it counts, and held by the other lists of its stream") {
    Fixture f;
    const Work a{.source = "acme", .stream = "users", .scope = "a"},
        b{.source = "acme", .stream = "users", .scope = "b"};
    f.store->begin();
    f.store->name(a, "1");
    f.store->name(a, "2");
    f.store->name(b, "2");
    CHECK(f.store->names(a) == std::vector<std::string>{"1", "2"});

    CHECK_FALSE(f.store->miss(a, "2"));
    CHECK(f.store->miss(a, "2"));
    f.store->name(a, "2");
    CHECK_FALSE(f.store->miss(a, "2"));

    CHECK_FALSE(f.store->unname(a, "2"));
    CHECK(f.store->unname(b, "2"));
    CHECK(f.store->names(a) == std::vector<std::string>{"1"});
}

TEST_CASE("an edge is written where it differs, and removed by itself") {
    Fixture f;
    Page page;
    page.values = {Value::of(std::string_view("1")), Value::of(std::string_view("7")), Value::of(std::string_view("1")),
                   Value::of(std::string_view("8"))};
    page.mentions = {{kUsers, "7", Value()}};
    page.edges = {{.table = kFollowers, .gid = "7", .first = 0, .first_mention = 0, .mentions = 1},
                  {.table = kFollowers, .gid = "8", .first = 2}};
    f.store->begin();
    CHECK_FALSE(f.store->holds(page, page.edges[0]));
    f.store->write(page, {1, 1}, at(0));
    f.store->commit();
    CHECK(rows(f.file, kFollowerRows) == "1|7 1|8");
    CHECK(rows(f.file, "SELECT gid FROM asana_users") == "7");
    CHECK(f.store->holds(page, page.edges[0]));

    f.store->begin();
    f.store->unlink("asana_project_followers", "user_gid", "7", "project_gid", "1");
    f.store->unlink("asana_project_followers", "user_gid", "8", "project_gid", "2");
    f.store->commit();

    CHECK(rows(f.file, kFollowerRows) == "1|8");
}

TEST_CASE("rows that nothing names are found") {
    Fixture f;
    put(*f.store, Projects().add("1", 10, "A", {"7"}).mention("9", "Cleo").user("7", 1, "Ann").user("8", 1, "Bob"));

    CHECK(f.store->unnamed("asana_users", {"asana_project_followers", "user_gid"}) == std::vector<std::string>{"8"});
    CHECK(f.store->count("asana_users") == 2);
    CHECK(f.store->holds("asana_project_followers", "user_gid", "7"));
    CHECK_FALSE(f.store->holds("asana_project_followers", "user_gid", "8"));
}
