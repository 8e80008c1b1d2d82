// What is fetched again, and by how many requests: several changed objects by one list, what referred to something that
// is gone, and, in rotation, what no event tells of.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

std::string changed(std::string_view list, std::int64_t since) {
    return fmt::format("/changed/{}@{}", list, iso(store::at(since)));
}

// Lists a and b, whose rows have the list as follower; mirrored once. An hour later a's events speak of several rows.
struct RefetchBench : Bench {
    RefetchBench() {
        pace_options.concurrency = 1;
        periods = {.relist = 24h, .reconcile = 24h, .reread = 24h};
        auto& lists = source.table[kLists];
        lists.proves = "asana_project_followers";
        lists.proves_by = "user_gid";
        lists.proves_gid = "project_gid";
        lists.looked_at_by = "looks";
        source.table[kChanges].gathered_by = "changed";
        api.on("/me", {{"open lists 1 a\nopen lists 1 b"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        api.on("/changes/b", {{.body = "token u1", .status = 412}});
        api.on("/lists/a", {{"row 1 old a\nrow 2 old a\nrow 3 old a"}});
        api.on("/lists/b", {{"row 4 old b\nrow 5 old a b\nrow 6 old"}});
        sync();
        pass(1h);
        api.on("/changes/a@t1", {{"token t2"}});
        api.on("/changes/b@u1", {{"token u2"}});
        for (int gid = 1; gid < 10; ++gid)
            api.on(fmt::format("/looks/{}", gid), {{fmt::format("row {} looked_at a", gid)}});
    }
    void pass(Milliseconds time) {
        forget();
        clock.advance(time);
    }
    // What was asked for, without what every sync asks for.
    Targets asked() const {
        Targets targets;
        for (const auto& target : api.asked)
            if (target != "/me" && !target.starts_with("/changes/")) targets.push_back(target);
        return targets;
    }
    std::string waiting() const {
        return rows("SELECT stream, scope FROM sync_work WHERE due_at IS NULL AND kind = 'one_off'");
    }
};

const std::string kTwo = "hint_at 3500 looks 1 1\nhint_at 3400 looks 1 2\nhint_at 3550 looks 1 1\ntoken t2";

}  // namespace

TEST_CASE("several changed objects of a list are asked for by one request, from the oldest event on") {
    RefetchBench bench;
    bench.api.on("/changes/a@t1", {{kTwo}});
    bench.api.on(changed("a", 3390), {{"row 1 new a\nrow 2 new a"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{changed("a", 3390)});
    CHECK(bench.projects() == "1|new 2|new 3|old 4|old 5|old 6|old");
    CHECK(bench.waiting().empty());
    CHECK(bench.due().empty());
}

TEST_CASE("one changed object is asked for by itself") {
    RefetchBench bench;
    bench.api.on("/changes/a@t1", {{"hint_at 3500 looks 1 1\ntoken t2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{"/looks/1"});
}

TEST_CASE("what the list of what was modified does not name is asked for by itself") {
    RefetchBench bench;
    bench.api.on("/changes/a@t1", {{kTwo + "\nhint_at 3500 looks 1 3 moved"}});
    bench.api.on(changed("a", 3390), {{"row 2 new a\nnext o1"}});
    bench.api.on(changed("a", 3390).insert(10, "#o1"), {{"row 4 new b"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{changed("a", 3390), changed("a", 3390).insert(10, "#o1"), "/looks/1", "/looks/3"});
    CHECK(bench.projects() == "1|looked_at 2|new 3|looked_at 4|new 5|old 6|old");
}

TEST_CASE("a list is asked for only if it can be expected to save requests") {
    RefetchBench bench;
    const auto [second, expected] = GENERATE(table<std::string, Targets>({
        {"hint_at 3500 looks 1 2 moved", {"/looks/1", "/looks/2"}},                     // may not look modified
        {"hint_at 3500 looks 1 6", {"/looks/1", "/looks/6"}},                           // stands in no list
        {"hint looks 1 2", {"/looks/1", "/looks/2"}},                                   // nobody knows when
        {"hint looks 1 2 deleted 2026-01-01T00:00:05.000Z", {"/looks/1", "/looks/2"}},  // needs a look
        {"hint_at 3500 looks 1 9", {changed("a", 3490), "/looks/1", "/looks/9"}},       // is new
        {"hint_at 3500 looks 1 2 moved\nhint_at 3500 looks 1 2", {changed("a", 3490), "/looks/1", "/looks/2"}},
    }));
    bench.api.on("/changes/a@t1", {{"hint_at 3500 looks 1 1\n" + second + "\ntoken t2"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == expected);
    CHECK(bench.waiting().empty());
}

TEST_CASE("an object that was deleted after it changed is looked at") {
    RefetchBench bench;
    bench.api.on("/changes/a@t1", {{kTwo + "\nhint looks 1 1 deleted 2026-01-01T00:00:05.000Z"}});
    bench.api.on("/looks/1", {{.body = "", .status = 404}});

    bench.sync();

    CHECK(bench.asked() == Targets{"/looks/1", "/looks/2"});
    CHECK(bench.rows("SELECT gid, cause, detected_by FROM sync_tombstones") == "1|deleted|event");
}

TEST_CASE("an object that stands in two lists joins the one that is asked for") {
    RefetchBench bench;
    bench.api.on("/changes/a@t1", {{"hint_at 3500 looks 1 5\ntoken t2"}});
    bench.api.on("/changes/b@u1", {{"hint_at 3500 looks 1 4\nhint_at 3500 looks 1 5\ntoken u2"}});
    bench.api.on(changed("b", 3490), {{"row 4 new b\nrow 5 new a b"}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{changed("b", 3490)});
}

TEST_CASE("nothing of what events speak of is lost, wherever the process dies") {
    for (std::size_t requests = 1; requests <= 9; ++requests) {
        RefetchBench bench;
        bench.api.on("/changes/a@t1", {{"hint_at 3500 looks 1 1\nhint_at 3400 looks 1 2\ntoken t2\nmore"}});
        bench.api.on("/changes/a@t2", {{"hint_at 3500 looks 1 3\nhint_at 3500 looks 1 9\ntoken t3"}});
        const auto list = changed("a", 3390);
        bench.api.on(list, {{"row 1 new a\nnext o1"}});
        bench.api.on(list.substr(0, 10) + "#o1" + list.substr(10), {{"row 2 new a"}});
        bench.api.kill_before = requests;
        bool killed = false;
        try {
            bench.sync();
        } catch (const Killed&) {
            killed = true;
        }
        bench.api.kill_before = SIZE_MAX;
        bench.pass(1min);
        if (killed) CHECK(bench.sync() == Ended::complete);

        CAPTURE(requests);
        CHECK(bench.rows("SELECT gid FROM asana_projects WHERE name = 'old' AND gid IN ('1', '2', '3', '9')").empty());
        CHECK(bench.rows("SELECT count(*) FROM asana_projects") == "7");
        CHECK(bench.waiting().empty());
        CHECK(bench.due().empty());
    }
}

TEST_CASE("a list of what was modified that cannot be had leads to its objects, and is no gap") {
    RefetchBench bench;
    const int status = GENERATE(403, 400, 503);
    bench.api.on("/changes/a@t1", {{kTwo}});
    bench.api.on(changed("a", 3390), {{.body = "", .status = status}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.projects() == "1|looked_at 2|looked_at 3|old 4|old 5|old 6|old");
    CHECK(bench.gaps().empty());
    CHECK(bench.waiting().empty());
}

TEST_CASE("events that end before their last page lead to the objects of the pages before") {
    RefetchBench bench;
    const int status = GENERATE(400, 403, 404, 412);
    bench.api.on("/changes/a@t1", {{kTwo + "\nmore"}});
    bench.api.on("/changes/a@t2", {{.body = status == 412 ? "token t9" : "", .status = status}});
    bench.api.on("/lists/a", {{"row 1 new a\nrow 2 new a\nrow 3 old a\nrow 5 old a b"}});

    bench.sync();

    CHECK(bench.api.times("/looks/1") == 1);
    CHECK(bench.api.times("/looks/2") == 1);
    CHECK(bench.waiting().empty());
}

TEST_CASE("an event that comes while its list is under way asks for the object again") {
    RefetchBench bench;
    bench.pace_options.concurrency = 2;
    bench.api.on("/changes/a@t1", {{kTwo}});
    bench.api.on("/changes/b@u1", {{.body = "hint_at 3590 looks 1 1\nhint_at 3590 looks 1 5\ntoken u2", .after = 1s}});
    bench.api.on(changed("a", 3390), {{.body = "row 1 older a\nrow 2 new a", .after = 2s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{changed("a", 3390), "/looks/1", "/looks/5"});
    CHECK(bench.projects() == "1|looked_at 2|new 3|old 4|old 5|looked_at 6|old");
}

TEST_CASE("what waits for events that nobody asks for any more is asked for by the next sync") {
    RefetchBench bench;
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec(
            "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, pending_cursor) "
            "VALUES ('acme', 'looks', '1', '1', 'one_off', 1, 'gone')");

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{"/looks/1"});
    CHECK(bench.waiting().empty());
}

namespace {

inline constexpr Remains::Carriers kFollowed[] = {{"asana_project_followers", "project_gid", "user_gid", "looks"}};
inline constexpr Remains kCarried[] = {{"asana_projects", {}, {}, false, {}, {}, {}, kFollowed}};

// Row z is followed by the first rows of list a; then it is deleted.
struct CarriersBench : RefetchBench {
    explicit CarriersBench(int carriers) {
        source.hangs = kCarried;
        std::string body;
        for (int gid = 100; gid < 250; ++gid)
            body += fmt::format("row {} old a{}\n", gid, gid - 100 < carriers ? " z" : "");
        api.on("/lists/a", {{body + "row z old"}});
        api.on("/lists/b", {{"row 4 old b\nrow 5 old b"}});
        periods.reconcile = 0h;
        sync();
        pass(1h);
        periods.reconcile = 24h;
        api.on("/changes/a@t2", {{"hint looks 1 z deleted 2026-01-01T00:00:05.000Z\ntoken t3"}});
        api.on("/looks/z", {{.body = "", .status = 404}});
    }
    static std::string all() { return fmt::format("/changed/a@{}", iso(store::kOutdated)); }
};

}  // namespace

TEST_CASE("what referred to something that is gone is asked for again") {
    CarriersBench bench(2);

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{"/looks/z", "/looks/100", "/looks/101"});
}

TEST_CASE("if many referred to it, their whole list is asked for, and those that it does not name") {
    CarriersBench bench(20);
    std::string body;
    for (int gid = 101; gid < 250; ++gid) body += fmt::format("row {} old a\n", gid);
    bench.api.on(CarriersBench::all(), {{body}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.asked() == Targets{"/looks/z", CarriersBench::all(), "/looks/100"});
}

TEST_CASE("a list is walked again, whatever its period, when a watched child set of its object changes") {
    RefetchBench bench;
    bench.api.on("/me", {{"row 7 project f1 f2\nif_watched lists 1 a"}});
    bench.sync();
    bench.pass(1min);
    const auto [row, walks] = GENERATE(table<std::string, int>({
        {"row 7 project f1 f2", 0},
        {"row 7 project f2 f1", 0},
        {"row 7 renamed f1 f2", 0},
        {"row 7 project f1", 1},
        {"row 7 project f1 f2 f3", 1},
    }));
    bench.api.on("/me", {{row + "\nif_watched lists 1 a"}});
    bench.api.on("/changes/a@t2", {{"token t2"}});

    bench.sync();

    CHECK(bench.api.times("/lists/a") == walks);
}

TEST_CASE("work that depends on what is stored is opened where that is so") {
    RefetchBench bench;
    auto& parts = bench.source.table[kParts];
    parts.proves = "asana_project_followers";
    parts.proves_by = "user_gid";
    parts.proves_gid = "project_gid";
    bench.api.on("/me", {{"if_stored parts 1 a\nif_stored parts 1 nobody\nif_not parts 1 b 2\nif_not parts 1 c 1\n"
                          "row 9 new d\nif_not parts 1 d 0\nif_not parts 1 nothing 0"}});

    bench.sync();

    CHECK(bench.api.times("/parts/a") == 1);
    CHECK(bench.api.times("/parts/nobody") == 0);
    CHECK(bench.api.times("/parts/b") == 0);
    CHECK(bench.api.times("/parts/c") == 1);
    CHECK(bench.api.times("/parts/d") == 1);
    CHECK(bench.api.times("/parts/nothing") == 0);
}

TEST_CASE("a first load, which cannot tell what is stored, opens nothing where nothing should be") {
    Bench bench;
    bench.api.on("/me", {{"if_not parts 1 a 0\nif_not parts 1 b 1"}});

    bench.sync();

    CHECK(bench.api.times("/parts/a") == 0);
    CHECK(bench.api.times("/parts/b") == 1);
}

namespace {

// Ten rows with notes, which are read again within ten hours, the row with the largest name first.
struct RotationBench : Bench {
    RotationBench() {
        pace_options.concurrency = 1;
        periods = {.relist = 24h, .reconcile = 9999h, .reread = 10h};
        auto& notes = source.table[kNotes];
        notes.rotates = "asana_projects";
        notes.rotates_by = "name";
        notes.rotates_root = "notes";
        api.on("/me", {{"open lists 1 a"}});
        api.on("/changes/a", {{.body = "token t1", .status = 412}});
        std::string body;
        for (int gid = 10; gid < 20; ++gid) body += fmt::format("row {} n{}\n", gid, 30 - gid);
        api.on("/lists/a", {{body}});
        api.on("/changes/a@t1", {{"token t1"}});
        sync();
        clock.advance(1s);
        sync();  // the round begins
        forget();
    }
    std::string notes() const {
        std::string gids;
        for (const auto& target : api.asked)
            if (target.starts_with("/notes/")) gids += target.substr(7) + " ";
        return gids;
    }
    std::string after(Milliseconds time) {
        forget();
        clock.advance(time);
        CHECK(sync() == Ended::complete);
        return notes();
    }
};

}  // namespace

TEST_CASE("what rotates is done again in proportion to the time, in order, and once in each period") {
    RotationBench bench;

    CHECK(bench.after(0h).empty());
    CHECK(bench.after(59min).empty());
    CHECK(bench.after(1min) == "10 ");
    CHECK(bench.after(2h) == "11 12 ");
    CHECK(bench.after(90min) == "13 ");
    CHECK(bench.after(90min) == "14 15 ");
    CHECK(bench.after(5h) == "10 16 17 18 19 ");
    CHECK(bench.after(100h) == "10 11 12 13 14 15 16 17 18 19 ");
    CHECK(bench.after(1h) == "10 ");
}

TEST_CASE("a rotation goes on where it was, whatever comes to the front or goes") {
    RotationBench bench;
    CHECK(bench.after(2h) == "10 11 ");
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec("UPDATE asana_projects SET name = 'n99' WHERE gid = '13'; DELETE FROM asana_projects WHERE gid = '11'");

    CHECK(bench.after(2h) == "12 14 ");
}

TEST_CASE("a full sync does all of it, and one that is continued does not begin again") {
    RotationBench bench;
    CHECK(bench.after(2h) == "10 11 ");
    bench.periods = {};
    bench.clock.advance(1min);
    bench.forget();
    CHECK(bench.sync(at_most(6)) == Ended::with_work_left);
    const auto first = bench.notes();
    const bool full = GENERATE(false, true);
    bench.periods = full ? Periods{} : Periods{.relist = 24h, .reconcile = 9999h, .reread = 10h};

    const auto rest = bench.after(1min);

    CHECK(std::ranges::count(first + rest, ' ') == 10);
    CHECK(bench.rows("SELECT count(*) FROM sync_work WHERE stream = 'notes'") == "0");
    bench.periods.reread = 10h;
    CHECK(bench.after(1min).empty());
}

TEST_CASE("what an event asks for waits for the object that may ask for it, too, and is asked for once") {
    RefetchBench bench;
    bench.source.table[kNotes].after = "looks";
    bench.pace_options.concurrency = GENERATE(1, 2);
    bench.api.on("/changes/a@t1", {{kTwo + "\nhint notes 1 1"}});
    bench.api.on(changed("a", 3390),
                 {{.body = "row 1 new a\nif_changed notes 1 1\nrow 2 new a\nif_changed notes 1 2", .after = 1s}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.api.times("/notes/1") == 1);
    CHECK(bench.api.times("/notes/2") == 1);
}

TEST_CASE("what belongs to a row that is gone is not missed") {
    RotationBench bench;
    bench.source.table[kLists].looked_at_by = "looks";
    bench.api.on("/notes/10", {{.body = "", .status = 404}});
    bench.api.on("/looks/10", {{.body = "", .status = 404}});

    CHECK(bench.after(1h) == "10 ");
    CHECK(bench.gaps() == "notes|10|404");
    CHECK(bench.rows("SELECT count(*) FROM asana_projects WHERE gid = '10'") == "1");

    bench.after(25h);
    CHECK(bench.gaps().empty());
    CHECK(bench.rows("SELECT gid, cause FROM sync_tombstones") == "10|not_visible");
    CHECK(bench.rows("SELECT count(*) FROM sync_work WHERE scope = '10'") == "0");
}

TEST_CASE("what waits for the list of something that is gone is asked for by itself") {
    RefetchBench bench;
    bench.pace_options.concurrency = 2;
    bench.api.on("/lists/b", {{"row 4 old b\nrow 5 old b\nrow a old b"}});
    bench.periods.reconcile = 0h;
    bench.sync();
    bench.pass(1h);
    bench.periods.reconcile = 24h;
    bench.api.on("/changes/a@t2", {{"hint_at 7100 looks 1 1\nhint_at 7100 looks 1 2\nhint_at 7100 looks 1 9\n"
                                    "hint looks 1 a deleted 2026-01-01T00:00:05.000Z\ntoken t3"}});
    bench.api.on(changed("a", 7090), {{.body = "", .status = 404, .after = 1s}});
    bench.api.on("/looks/a", {{.body = "", .status = 404}});

    CHECK(bench.sync() == Ended::complete);

    CHECK(bench.rows("SELECT gid FROM sync_tombstones") == "a");
    CHECK(bench.waiting().empty());
    CHECK(bench.api.times("/looks/1") == 1);
    CHECK(bench.api.times("/looks/9") == 1);
}
