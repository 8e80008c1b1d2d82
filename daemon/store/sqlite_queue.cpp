#include "store/sqlite_queue.hpp"

#include <fmt/format.h>

namespace taskmirror::store {

namespace {

constexpr std::string_view kColumns =
    "source, stream, scope, root, kind, order_key, due_at, resume, resumed_at, walked, cursor, pending_cursor, "
    "pending_at, attempts, last_error, last_done_at, changes, exposure";

constexpr std::string_view kQueueSql =
    "INSERT INTO sync_work (source, stream, scope, root, kind, order_key, due_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
    "ON CONFLICT DO UPDATE SET root = excluded.root, order_key = excluded.order_key, due_at = excluded.due_at "
    "WHERE due_at IS NULL AND (last_done_at IS NULL OR last_done_at < ?8)";

// What is due already, or planned, moves forward in its queue.
constexpr std::string_view kRaiseSql =
    "UPDATE sync_work SET order_key = ?4 WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND order_key > ?4 "
    "AND due_at IS NOT NULL";

// What is planned for later comes sooner; but what failed waits for its time, whoever asks for it in the meantime.
constexpr std::string_view kSoonerSql =
    "UPDATE sync_work SET due_at = ?4 WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND due_at > ?4 "
    "AND attempts = 0 AND (last_done_at IS NULL OR last_done_at < ?5)";

// The pages behind it are too old.
constexpr std::string_view kAnewSql =
    "UPDATE sync_work SET resume = NULL, resumed_at = NULL, walked = 0 WHERE source = ?1 AND stream = ?2 "
    "AND scope = ?3 AND resumed_at < ?4";

constexpr std::string_view kSaveSql =
    "INSERT INTO sync_work ({}) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18) "
    "ON CONFLICT DO UPDATE SET root = ?4, kind = ?5, order_key = ?6, due_at = ?7, resume = ?8, resumed_at = ?9, "
    "walked = ?10, cursor = ?11, pending_cursor = ?12, pending_at = ?13, attempts = ?14, last_error = ?15, "
    "last_done_at = ?16, changes = ?17, exposure = ?18";

constexpr std::string_view kDoneSql =
    "UPDATE sync_work SET due_at = NULL, resume = NULL, resumed_at = NULL, walked = 0, attempts = 0, last_error = "
    "NULL, "
    "last_done_at = ?4, cursor = ?5, pending_cursor = ?6, pending_at = ?7, changes = ?8, exposure = ?9 "
    "WHERE source = ?1 AND stream = ?2 AND scope = ?3";

constexpr std::string_view kBehindAll = "\xff";  // no text in UTF-8 is larger

std::string_view kind(const Work& work) { return work.recurring ? "recurring" : "one_off"; }

std::string text_of(std::optional<Instant> instant) { return instant ? iso(*instant) : std::string(); }

Work row(const Statement& statement) {
    return {
        .source = std::string(statement.text(0)),
        .stream = std::string(statement.text(1)),
        .scope = std::string(statement.text(2)),
        .root = std::string(statement.text(3)),
        .recurring = statement.text(4) == "recurring",
        .order_key = statement.integer(5),
        .due_at = statement.instant(6),
        .resume = std::string(statement.text(7)),
        .resumed_at = statement.instant(8),
        .walked = statement.integer(9),
        .cursor = std::string(statement.text(10)),
        .pending_cursor = std::string(statement.text(11)),
        .pending_at = statement.instant(12),
        .attempts = static_cast<int>(statement.integer(13)),
        .last_error = std::string(statement.text(14)),
        .last_done_at = statement.instant(15),
        .changes = statement.real(16),
        .exposure = statement.real(17),
    };
}

}  // namespace

std::string due_sql() {
    return fmt::format(
        "SELECT {} FROM sync_work WHERE source = ?1 AND order_key >= ?4 AND order_key < ?5 AND due_at <= ?2 "
        "ORDER BY order_key, due_at, stream, scope LIMIT ?3",
        kColumns);
}

Queue::Queue(sqlite3* database)
    : queue_(database, kQueueSql),
      raise_(database, kRaiseSql),
      sooner_(database, kSoonerSql),
      anew_(database, kAnewSql),
      due_(database, due_sql()),
      with_cursor_(database, fmt::format("SELECT {} FROM sync_work WHERE source = ?1 AND stream = ?2 "
                                         "AND cursor IS NOT NULL",
                                         kColumns)),
      with_root_(database,
                 fmt::format("SELECT {} FROM sync_work WHERE source = ?1 AND stream = ?2 AND root = ?3", kColumns)),
      work_(database,
            fmt::format("SELECT {} FROM sync_work WHERE source = ?1 AND stream = ?2 AND scope = ?3", kColumns)),
      save_(database, fmt::format(kSaveSql, kColumns)),
      done_(database, kDoneSql),
      remove_(database, "DELETE FROM sync_work WHERE source = ?1 AND stream = ?2 AND scope = ?3"),
      drop_one_off_(database,
                    "DELETE FROM sync_work WHERE source = ?1 AND (?2 = '' OR stream = ?2) AND kind = 'one_off'"),
      rest_(database,
            "UPDATE sync_work SET due_at = NULL, resume = NULL, resumed_at = NULL, walked = 0, attempts = 0, "
            "last_error = NULL, last_done_at = ?3 WHERE source = ?1 AND (?2 = '' OR stream = ?2)"),
      backlog_(database, "SELECT stream, count(*) FROM sync_work WHERE source = ?1 AND due_at <= ?2 GROUP BY stream"),
      clock_(database,
             "UPDATE sync_work SET due_at = min(due_at, ?2), last_done_at = min(last_done_at, ?3), "
             "pending_at = min(pending_at, ?2) WHERE source = ?1"),
      say_(database,
           "UPDATE sync_work SET cursor = ?4 WHERE source = ?1 AND stream = ?2 AND scope = ?3 AND kind = 'one_off'"),
      cursors_due_(database,
                   "UPDATE sync_work SET due_at = ?3 WHERE source = ?1 AND stream = ?2 AND cursor IS NOT NULL "
                   "AND due_at IS NULL"),
      waiting_(database,
               fmt::format("SELECT {} FROM sync_work WHERE source = ?1 AND due_at IS NULL AND kind = 'one_off' "
                           "AND pending_cursor >= ?2 AND pending_cursor <= ?3",
                           kColumns)) {}

bool Queue::queue(const Work& work, Instant pass) {
    const std::string due_at = iso(work.due_at.value_or(pass));
    const std::string pass_text = iso(pass);
    queue_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, work.root).bind(5, kind(work));
    queue_.bind(6, work.order_key).bind(7, due_at).bind(8, pass_text);
    if (queue_.run() > 0) return true;
    raise_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, work.order_key).run();
    anew_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, pass_text).run();
    sooner_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, due_at).bind(5, pass_text);
    return sooner_.run() > 0;
}

void Queue::say(const Work& work, std::string_view said) {
    say_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind_filled(4, said).run();
}

void Queue::make_cursors_due(std::string_view source, std::string_view stream, Instant at) {
    const auto due_at = iso(at);
    cursors_due_.bind(1, source).bind(2, stream).bind(3, due_at).run();
}

std::vector<Work> Queue::due(std::string_view source, Instant now, std::size_t limit, Orders orders) {
    std::vector<Work> rows;
    const std::string now_text = iso(now);
    due_.bind(1, source).bind(2, now_text).bind(3, static_cast<std::int64_t>(limit));
    due_.bind(4, orders.from).bind(5, orders.below);
    while (due_.step()) rows.push_back(row(due_));
    return rows;
}

std::vector<Work> Queue::with_cursor(std::string_view source, std::string_view stream) {
    std::vector<Work> rows;
    with_cursor_.bind(1, source).bind(2, stream);
    while (with_cursor_.step()) rows.push_back(row(with_cursor_));
    return rows;
}

std::vector<Work> Queue::with_root(std::string_view source, std::string_view stream, std::string_view root) {
    std::vector<Work> rows;
    with_root_.bind(1, source).bind(2, stream).bind(3, root);
    while (with_root_.step()) rows.push_back(row(with_root_));
    return rows;
}

std::optional<Work> Queue::work(std::string_view source, std::string_view stream, std::string_view scope) {
    std::optional<Work> found;
    work_.bind(1, source).bind(2, stream).bind(3, scope);
    while (work_.step()) found = row(work_);
    return found;
}

std::vector<Work> Queue::waiting(std::string_view source, std::string_view scope) {
    std::vector<Work> rows;
    waiting_.bind(1, source).bind(2, scope).bind(3, scope.empty() ? kBehindAll : scope);
    while (waiting_.step()) rows.push_back(row(waiting_));
    return rows;
}

void Queue::save(const Work& work) {
    const auto due_at = text_of(work.due_at);
    const auto resumed_at = text_of(work.resumed_at);
    const auto pending_at = text_of(work.pending_at);
    const auto last_done_at = text_of(work.last_done_at);
    save_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, work.root).bind(5, kind(work));
    save_.bind(6, work.order_key).bind_filled(7, due_at).bind_filled(8, work.resume).bind_filled(9, resumed_at);
    save_.bind(10, work.walked).bind_filled(11, work.cursor).bind_filled(12, work.pending_cursor);
    save_.bind_filled(13, pending_at).bind(14, std::int64_t{work.attempts}).bind_filled(15, work.last_error);
    save_.bind_filled(16, last_done_at).bind(17, work.changes).bind(18, work.exposure).run();
}

void Queue::done(const Work& work, Instant now) {
    if (!work.recurring) return forget(work);
    const auto now_text = iso(now);
    const auto pending_at = text_of(work.pending_at);
    done_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).bind(4, now_text);
    done_.bind_filled(5, work.cursor).bind_filled(6, work.pending_cursor).bind_filled(7, pending_at);
    done_.bind(8, work.changes).bind(9, work.exposure).run();
}

void Queue::forget(const Work& work) { remove_.bind(1, work.source).bind(2, work.stream).bind(3, work.scope).run(); }

void Queue::drop(std::string_view source, std::string_view stream) {
    drop_one_off_.bind(1, source).bind(2, stream).run();
    const auto outdated = iso(kOutdated);
    rest_.bind(1, source).bind(2, stream).bind(3, outdated).run();
}

void Queue::clock_went_back(std::string_view source, Instant now) {
    const auto due = iso(now);
    const auto done = iso(now - Milliseconds(1));
    clock_.bind(1, source).bind(2, due).bind(3, done).run();
}

std::map<std::string, std::int64_t> Queue::backlog(std::string_view source, Instant at) {
    std::map<std::string, std::int64_t> counts;
    const auto until = iso(at);
    backlog_.bind(1, source).bind(2, until);
    while (backlog_.step()) counts.emplace(backlog_.text(0), backlog_.integer(1));
    return counts;
}

}  // namespace taskmirror::store
