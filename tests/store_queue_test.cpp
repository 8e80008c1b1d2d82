#include "store_test_support.hpp"

#include "store/sqlite_queue.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;
using namespace taskmirror::store;

namespace {

struct Fixture {
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "mirror.db";
    std::unique_ptr<Store> store = open_sqlite(file, kTables);

    std::string due(Instant now, std::size_t limit = 100) {
        std::string scopes;
        for (const auto& work : store->due("acme", now, limit)) scopes += work.scope + " ";
        return scopes;
    }
};

Work one_off(std::string scope, std::int64_t order, Instant due_at = at(0)) {
    return {.source = "acme",
            .stream = "task_stories",
            .scope = std::move(scope),
            .root = "w",
            .order_key = order,
            .due_at = due_at};
}

Work recurring(std::string scope, std::int64_t order) {
    Work work = one_off(std::move(scope), order);
    work.stream = "project_tasks";
    work.recurring = true;
    return work;
}

}  // namespace

TEST_CASE("due work comes in order, up to the limit, without what is due later or belongs to another source") {
    Fixture f;
    f.store->queue(one_off("third", 3), at(0));
    f.store->queue(one_off("first", -1), at(0));
    f.store->queue(one_off("second", 2), at(0));
    f.store->queue(one_off("later", 1, at(60)), at(0));
    Work other = one_off("other", 0);
    other.source = "another";
    f.store->queue(other, at(0));

    CHECK(f.due(at(0)) == "first second third ");
    CHECK(f.due(at(0), 2) == "first second ");
    CHECK(f.due(at(60)) == "first later second third ");
}

TEST_CASE("picking due work walks the partial index and sorts nothing") {
    Fixture f;

    SQLite::Database database(f.file);
    SQLite::Statement plan(database, "EXPLAIN QUERY PLAN " + due_sql());
    std::string text;
    while (plan.executeStep()) text += plan.getColumn(3).getString() + "; ";

    CHECK(text == "SEARCH sync_work USING INDEX sync_work_due (source=? AND order_key>? AND order_key<?); ");
}

TEST_CASE("every column of work comes back as it was saved") {
    Fixture f;
    Work work = recurring("1/2", 7);
    work.resume = "offset";
    work.resumed_at = at(1);
    work.walked = 300;
    work.cursor = "cursor";
    work.pending_cursor = "pending";
    work.pending_at = at(2);
    work.attempts = 3;
    work.last_error = "HTTP 500";
    work.last_done_at = at(-5);
    work.changes = 1.5;
    work.exposure = 3600;

    f.store->save(work);

    const auto found = f.store->work("acme", "project_tasks", "1/2");
    REQUIRE(found);
    CHECK(found->root == "w");
    CHECK(found->recurring);
    CHECK(found->order_key == 7);
    CHECK(found->due_at == at(0));
    CHECK(found->resume == "offset");
    CHECK(found->resumed_at == at(1));
    CHECK(found->walked == 300);
    CHECK(found->cursor == "cursor");
    CHECK(found->pending_cursor == "pending");
    CHECK(found->pending_at == at(2));
    CHECK(found->attempts == 3);
    CHECK(found->last_error == "HTTP 500");
    CHECK(found->last_done_at == at(-5));
    CHECK(found->changes == 1.5);
    CHECK(found->exposure == 3600);
    CHECK_FALSE(f.store->work("acme", "project_tasks", "1"));
}

TEST_CASE("saving work empties what is empty") {
    Fixture f;
    Work work = recurring("1", 1);
    work.resume = "offset";
    f.store->save(work);

    work.resume.clear();
    work.due_at.reset();
    f.store->save(work);

    CHECK(rows(f.file, "SELECT resume, due_at, cursor FROM sync_work") == "NULL|NULL|NULL");
}

TEST_CASE("each part of the queue is picked by itself, and asking with a smaller key moves a row forward") {
    Fixture f;
    f.store->queue(one_off("walk", 1000), at(0));
    f.store->queue(one_off("change", 1), at(0));

    const auto scopes = [&](Orders orders) {
        std::string found;
        for (const auto& work : f.store->due("acme", at(0), 10, orders)) found += work.scope + " ";
        return found;
    };
    CHECK(scopes({.below = 1000}) == "change ");
    CHECK(scopes({.from = 1000}) == "walk ");

    CHECK_FALSE(f.store->queue(one_off("walk", 2), at(0)));
    CHECK(scopes({.below = 1000}) == "change walk ");
    CHECK_FALSE(f.store->queue(one_off("walk", 3000), at(0)));  // and none moves back
    CHECK(scopes({.below = 1000}) == "change walk ");
}

TEST_CASE("the rows of a stream that have a cursor are found whether they are due or not") {
    Fixture f;
    Work polled = recurring("1", 1);
    polled.cursor = "token";
    polled.due_at.reset();
    f.store->save(polled);
    f.store->save(recurring("2", 1));

    const auto found = f.store->with_cursor("acme", "project_tasks");

    REQUIRE(found.size() == 1);
    CHECK(found.front().scope == "1");
}

TEST_CASE("work that is due keeps its place in its walk, unless it came there before what asks for it") {
    Fixture f;
    Work work = one_off("1", 1);
    work.resume = "offset";
    work.resumed_at = at(10);
    work.walked = 300;
    f.store->save(work);

    CHECK_FALSE(f.store->queue(one_off("1", 1), at(10)));
    CHECK(rows(f.file, "SELECT resume, walked FROM sync_work") == "offset|300");

    CHECK_FALSE(f.store->queue(one_off("1", 1), at(11)));
    CHECK(rows(f.file, "SELECT resume, resumed_at, walked, due_at IS NULL FROM sync_work") == "NULL|NULL|0|0");
}

TEST_CASE("work without a scope has an empty one") {
    Fixture f;

    f.store->queue(recurring("", 1), at(0));

    CHECK(f.store->work("acme", "project_tasks", ""));
    CHECK(rows(f.file, "SELECT scope FROM sync_work").empty());
}

TEST_CASE("queueing work that is due already keeps its place in its walk") {
    Fixture f;
    Work work = recurring("1", 1);
    CHECK(f.store->queue(work, at(0)));
    work.resume = "offset";
    work.walked = 100;
    f.store->save(work);

    CHECK_FALSE(f.store->queue(recurring("1", 1), at(10)));

    CHECK(f.store->work("acme", "project_tasks", "1")->resume == "offset");
    CHECK(f.store->work("acme", "project_tasks", "1")->walked == 100);
}

TEST_CASE("recurring work that is done stays without anything to do until a later pass") {
    Fixture f;
    Work work = recurring("1", 1);
    f.store->queue(work, at(0));
    work.resume = "offset";
    work.walked = 100;
    work.attempts = 2;
    work.last_error = "HTTP 500";
    f.store->save(work);
    work.cursor = "proved";

    f.store->done(work, at(5));

    const auto found = f.store->work("acme", "project_tasks", "1");
    REQUIRE(found);
    CHECK_FALSE(found->due_at);
    CHECK(found->resume.empty());
    CHECK(found->walked == 0);
    CHECK(found->attempts == 0);
    CHECK(found->last_error.empty());
    CHECK(found->cursor == "proved");
    CHECK(found->last_done_at == at(5));
    CHECK_FALSE(f.store->queue(recurring("1", 1), at(5)));
    CHECK(f.due(at(100)).empty());
    CHECK(f.store->queue(recurring("1", 1), at(6)));
    CHECK(f.due(at(100)) == "1 ");
}

TEST_CASE("one-off work leaves the table when it is done") {
    Fixture f;
    f.store->queue(one_off("1", 1), at(0));

    f.store->done(one_off("1", 1), at(5));

    CHECK(rows(f.file, "SELECT count(*) FROM sync_work") == "0");
}

TEST_CASE("queueing brings planned work forward, and leaves failed work to its time") {
    Fixture f;
    f.store->queue(one_off("planned", 1, at(60)), at(0));
    Work failed = one_off("failed", 2, at(60));
    failed.attempts = 1;
    f.store->save(failed);

    CHECK(f.store->queue(one_off("planned", 1), at(0)));
    CHECK_FALSE(f.store->queue(one_off("failed", 2), at(0)));

    CHECK(f.due(at(0)) == "planned ");
    CHECK(f.due(at(60)) == "planned failed ");
}

TEST_CASE("the backlog counts what is due") {
    Fixture f;
    f.store->queue(one_off("1", 1), at(0));
    f.store->queue(one_off("2", 1, at(3600)), at(0));
    f.store->queue(recurring("1", 1), at(0));
    f.store->queue(recurring("2", 1), at(0));
    f.store->done(recurring("2", 1), at(1));

    using Counts = std::map<std::string, std::int64_t>;
    CHECK(f.store->backlog("acme", at(0)) == Counts{{"project_tasks", 1}, {"task_stories", 1}});
    CHECK(f.store->backlog("acme", at(3600)) == Counts{{"project_tasks", 1}, {"task_stories", 2}});
    CHECK(f.store->backlog("another", at(0)).empty());
}

TEST_CASE("a gap that is seen again keeps when it was first seen, and its healing is dated") {
    Fixture f;
    const Gap gap{.source = "acme",
                  .stream = "project_tasks",
                  .scope = "1",
                  .status = 403,
                  .message = "forbidden",
                  .seen_at = at(0),
                  .retry_at = at(60)};
    f.store->open_gap(gap);
    Gap again = gap;
    again.status.reset();
    again.message = "no answer";
    again.seen_at = at(60);
    again.retry_at.reset();
    f.store->open_gap(again);

    const auto gaps = f.store->open_gaps("acme");
    REQUIRE(gaps.size() == 1);
    CHECK(gaps[0].scope == "1");
    CHECK_FALSE(gaps[0].status);
    CHECK(gaps[0].message == "no answer");
    CHECK(gaps[0].first_seen_at == at(0));
    CHECK(gaps[0].seen_at == at(60));
    CHECK_FALSE(gaps[0].retry_at);

    f.store->heal_gap("acme", "project_tasks", "1", at(70));
    f.store->heal_gap("acme", "project_tasks", "1", at(80));
    CHECK(f.store->open_gaps("acme").empty());
    CHECK(rows(f.file, "SELECT healed_at FROM sync_gaps") == iso(at(70)));

    again.seen_at = at(90);
    f.store->open_gap(again);
    CHECK(f.store->open_gaps("acme").at(0).first_seen_at == at(90));
}

TEST_CASE("capabilities and facts are remembered, and replaced") {
    Fixture f;
    f.store->set_capability("acme", {.scope = "w", .name = "search", .available = true, .checked_at = at(0)});
    f.store->set_capability("acme", {.scope = "w", .name = "search", .available = false, .checked_at = at(9)});
    f.store->set_fact("user", "1");
    f.store->set_fact("user", "2");

    const auto found = f.store->capabilities("acme");
    REQUIRE(found.size() == 1);
    CHECK(found[0].name == "search");
    CHECK_FALSE(found[0].available);
    CHECK(found[0].checked_at == at(9));
    CHECK(f.store->fact("user") == "2");
    CHECK_FALSE(f.store->fact("another"));
}

TEST_CASE("a run is a row from its start") {
    Fixture f;
    Run run{.command = "sync", .version = "0.1.0", .started_at = at(0)};
    const auto id = f.store->start_run(run);
    CHECK(rows(f.file, "SELECT command, version, started_at, ended_at, exit_code FROM sync_runs") ==
          "sync|0.1.0|" + iso(at(0)) + "|NULL|NULL");

    run.ended_at = at(5);
    run.exit_code = 1;
    run.requests = 10;
    run.retries = 1;
    run.rate_limited = 2;
    run.rows_written = 300;
    run.rows_unchanged = 4;
    f.store->update_run(id, run);

    CHECK(rows(f.file,
               "SELECT ended_at, exit_code, requests, retries, rate_limited, rows_written, rows_unchanged "
               "FROM sync_runs") == iso(at(5)) + "|1|10|1|2|300|4");
}

TEST_CASE("what waits for a list is not due, and is found by the scope of the list") {
    Fixture f;
    for (const std::string scope : {"1", "2", "3"}) {
        Work work = one_off(scope, 1);
        work.due_at.reset();
        work.pending_cursor = scope == "3" ? "b" : "a";
        work.cursor = "moved";
        f.store->save(work);
    }
    Work token = recurring("a", 1);
    token.due_at.reset();
    token.pending_cursor = "a";
    f.store->save(token);
    const auto waiting = [&](std::string_view list) {
        std::string scopes;
        for (const auto& work : f.store->waiting("acme", list)) scopes += work.scope + " ";
        return scopes;
    };

    CHECK(f.due(at(9999)).empty());
    CHECK(waiting("a") == "1 2 ");
    CHECK(waiting("b") == "3 ");
    CHECK(waiting("").size() == 6);
    CHECK(f.store->waiting("another", "").empty());

    CHECK(f.store->queue(one_off("1", 1), at(0)));  // somebody else wants it
    CHECK(waiting("a") == "2 ");
    CHECK(f.due(at(0)) == "1 ");
}

TEST_CASE("one-off work that waits at the end moves forward when it is asked for, and never back") {
    Fixture f;
    f.store->queue(one_off("a", 9), at(0));
    f.store->queue(one_off("b", 5), at(0));

    CHECK_FALSE(f.store->queue(one_off("a", 1), at(0)));
    CHECK(f.due(at(0)) == "a b ");
    CHECK_FALSE(f.store->queue(one_off("a", 9), at(0)));
    CHECK(f.due(at(0)) == "a b ");
}

TEST_CASE("a workspace is handed over: its work is dropped, its gaps heal, what its lists named stays named") {
    Fixture f;
    auto list = recurring("p", 1);
    auto elsewhere = recurring("q", 1);
    elsewhere.root = "v";
    f.store->begin();
    f.store->queue(list, at(0));
    f.store->queue(elsewhere, at(0));
    f.store->name(list, "5");
    f.store->name(elsewhere, "6");
    for (const auto* scope : {"p", "q", "w"})
        f.store->open_gap(
            {.source = "acme", .stream = "project_tasks", .scope = scope, .message = "no", .seen_at = at(0)});
    f.store->set_capability("acme", {.scope = "w", .name = "search", .available = true, .checked_at = at(0)});
    f.store->set_owner("w", {.source = "acme", .user = "7"});

    f.store->hand_over("acme", "other", "w", at(1));
    f.store->commit();

    CHECK(f.due(at(2)) == "q ");
    CHECK(f.store->open_gaps("acme").size() == 1);
    CHECK(f.store->capabilities("acme").empty());
    list.source = "other";
    CHECK(f.store->names(list) == std::vector<std::string>{"5"});
    CHECK(f.store->names(elsewhere) == std::vector<std::string>{"6"});
    const auto owners = f.store->owners();
    REQUIRE(owners.size() == 1);
    CHECK(owners.at("w").source == "acme");
    CHECK(owners.at("w").user == "7");
}
