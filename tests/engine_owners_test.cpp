// Which of several accounts mirrors a workspace, and what the next one does with its rows.
#include <catch2/catch.hpp>

#include "engine_support.hpp"

using namespace taskmirror;
using namespace taskmirror::engine;

namespace {

const Reply kNotFound{.body = "", .status = 404};

// Two accounts of one database, one after the other; a list of workspace 1 has rows 1 and 2.
struct OwnersBench : Bench {
    OwnersBench() {
        pace_options.concurrency = 1;
        accounts = {"acme", "other"};
        api.on("/parts/p", {{"row 1 p\nrow 2 p"}});
        api.on("/looks/2", {kNotFound});
    }
    // What they see, and ask for.
    Ended sync_as(const std::string& account, const std::string& user, const std::string& asks = "1") {
        source.account = account;
        api.on("/me", {{fmt::format("fact token_user {}\nasks {}\nopen parts 1 p", user, asks)}});
        forget();
        clock.advance(25h);
        return sync();
    }
    std::string owners() const { return rows("SELECT key, value FROM sync_meta WHERE key LIKE 'workspace %'"); }
    std::string work_of(const std::string& account) const {
        return rows(fmt::format("SELECT stream, scope FROM sync_work WHERE source = '{}' AND root = '1'", account));
    }
};

}  // namespace

TEST_CASE("a workspace is mirrored by the first account that sees it, and the next one asks nothing of it") {
    OwnersBench bench;
    bench.sync_as("acme", "7");
    CHECK(bench.owners() == "workspace 1|acme 7");

    CHECK(bench.sync_as("other", "8") == Ended::complete);

    CHECK(bench.api.asked == Targets{"/me"});
    CHECK(bench.owners() == "workspace 1|acme 7");
    CHECK(bench.work_of("other").empty());
    CHECK(bench.gaps().empty());
}

TEST_CASE("an account that another one keeps its workspace from drops the work that it had there") {
    OwnersBench bench;
    bench.sync_as("acme", "7");
    CHECK(bench.work_of("acme") == "parts|p");
    {
        const auto store = store::open_sqlite(bench.file, bench.source.tables());
        store->begin();
        store->set_owner("1", {.source = "other", .user = "8"});
        store->set_fact("other.workspaces", "2 1");
        store->commit();
    }

    bench.sync_as("acme", "7");

    CHECK(bench.work_of("acme").empty());
    CHECK(bench.projects() == "1|p 2|p");
}

TEST_CASE(
    "a workspace passes to the next account when the first one is gone, or asks for it no more, and no row leaves "
    "until that is accepted") {
    OwnersBench bench;
    bench.sync_as("acme", "7");
    const bool configured = GENERATE(false, true);
    if (configured)
        bench.sync_as("acme", "7", "3");  // and asks for another one
    else
        bench.accounts = {"other"};
    bench.api.on("/parts/p", {{"row 1 p"}});

    bench.sync_as("other", "8");
    CHECK(bench.api.asked == Targets{"/me", "/parts/p"});
    CHECK(bench.owners().find("workspace 1|other 7") != std::string::npos);
    CHECK(bench.work_of("acme").empty());
    bench.sync_as("other", "8");
    CHECK(bench.projects() == "1|p 2|p");
    CHECK(bench.tombstones().empty());

    bench.deletions.accepted = true;
    bench.sync_as("other", "8");
    CHECK(bench.projects() == "1|p");
    CHECK(bench.owners().find("workspace 1|other 8") != std::string::npos);
}

TEST_CASE("an account of the same user goes on with the rows of the one before") {
    OwnersBench bench;
    bench.sync_as("acme", "7");
    bench.accounts = {"other"};
    bench.api.on("/parts/p", {{"row 1 p"}});

    bench.sync_as("other", "7");

    CHECK(bench.projects() == "1|p");
    CHECK(bench.owners() == "workspace 1|other 7");
}

TEST_CASE("a look that finds nothing removes no row of another user, until that is accepted") {
    OwnersBench bench;
    bench.sync_as("acme", "7");
    bench.accounts = {"other"};
    bench.sync_as("other", "8");
    SQLite::Database(bench.file, SQLite::OPEN_READWRITE)
        .exec(
            "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, due_at, cursor) "
            "VALUES ('other', 'looks', '2', '1', 'one_off', 25, '2026-01-01T00:00:00.000Z', 'missing')");

    bench.sync_as("other", "8");

    CHECK(bench.api.times("/looks/2") == 1);
    CHECK(bench.projects() == "1|p 2|p");
}

TEST_CASE("who is named by a list of another account has not left") {
    OwnersBench bench;
    bench.source.account = "acme";
    bench.api.on("/me", {{"fact token_user 7\nasks 1\nopen names 1 a"}});
    bench.api.on("/names/a", {{"row 5 p\nrow 6 p"}, {"row 6 p"}});
    bench.sync();
    bench.source.account = "other";
    bench.api.on("/me", {{"fact token_user 8\nasks 2\nopen names 2 b"}});
    bench.api.on("/names/b", {{"row 5 p"}});
    bench.clock.advance(25h);
    bench.sync();
    bench.source.account = "acme";
    bench.api.on("/me", {{"fact token_user 7\nasks 1\nopen names 1 a"}});
    bench.api.on("/names/a", {{"row 6 p"}});

    for (int walk = 0; walk < 3; ++walk) {
        bench.clock.advance(25h);
        bench.sync();
    }

    CHECK(bench.projects() == "5|p 6|p");
}

TEST_CASE("a pause that the server asks for is noted at once") {
    Bench bench;
    bench.api.on("/me", {{"open parts 1 p"}});
    bench.api.on("/parts/p", {{.body = "", .status = 429, .retry_after = "3600"}, {"row 1 p"}});
    std::string noted;
    bench.serve(5s, [&](Sync&) { noted = bench.rows("SELECT value FROM sync_meta WHERE key = 'acme.paused_until'"); });
    CHECK(parse_iso(noted) > bench.clock.now() + 3500s);

    bench.serve(2h);
    CHECK(bench.rows("SELECT value FROM sync_meta WHERE key = 'acme.paused_until'").empty());
}
