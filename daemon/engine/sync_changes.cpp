// What changes the mirror after the first load: events, and what proves that something is gone.
#include <fmt/format.h>

#include <algorithm>

#include "core/log.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {

// What was done since then needs not be done because another object leads to it.
Instant Sync::outdated_before(const source::Stream& stream) const {
    const auto& periods = account_.periods;
    return pass_ - (stream.every == source::Every::relist      ? periods.relist
                    : stream.every == source::Every::reconcile ? periods.reconcile
                                                               : Milliseconds(0));
}

// After the last page: what is stored and was not named is gone.
void Sync::sweep(Walk& walk) {
    const auto& stream = stream_of(walk);
    if (stream.proves.empty() || !walk.whole || !store_.has_indexes()) return;
    const auto scope = walk.row.scope;
    for (const auto& gid : store_.gids(stream.proves, stream.proves_by, scope))
        if (!walk.seen.contains(gid))
            store_.bury(account_.source.remains(), stream.proves, gid,
                        {.source = name_, .cause = "deleted", .detected_by = "walk", .detected_at = now()});
}

// A complete walk proves everything up to its first page.
void Sync::keep_watermark(Walk& walk) {
    if (!walk.watermark) return;  // a walk that another process began
    const auto& stream = stream_of(walk);
    if (stream.watermark) walk.row.cursor = iso(*walk.watermark);
    if (stream.token_stream.empty() || !stream_named(stream.token_stream).watermark) return;
    const auto& changes = stream_named(stream.token_stream);
    store::Work row;
    row.source = name_;
    row.stream = changes.name;
    row.scope = walk.row.scope;
    row.root = walk.row.root;
    row.recurring = true;
    row.order_key = changes.rank * kRank;
    row.cursor = iso(*walk.watermark);
    row.last_done_at = now();
    store_.save(row);
}

// An object that was looked at is not there. It leaves its table if an event said that it was deleted, or if this is
// the second look; before that it is a gap, and its row stays.
void Sync::gone(Walk& walk, int status, const std::string& why) {
    constexpr std::string_view kDeleted = "deleted ";
    const bool deleted = walk.row.cursor.starts_with(kDeleted);
    if (!deleted && walk.row.attempts == 0) return end_in_gap(walk, status, why, kLookAgain);
    const auto now = this->now();
    const auto& table = stream_of(walk).looks_at;
    const auto remains = account_.source.remains();
    std::string above;
    if (const auto its = std::ranges::find(remains, table, &Remains::table); !its->above.empty())
        above = store_.text(table, its->above, walk.row.scope);
    open_group();
    store_.as_one([&] {
        store_.bury(remains, table, walk.row.scope,
                    {.source = name_,
                     .cause = deleted ? "deleted" : "not_visible",
                     .deleted_at = deleted ? parse_iso(walk.row.cursor.substr(kDeleted.size())) : std::nullopt,
                     .detected_by = deleted ? "event" : "walk",
                     .detected_at = now});
        if (!above.empty()) ask_for(stream_of(walk), above, walk.row.root);
        store_.done(walk.row, now);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
    });
    leave(walk);
}

// An event token is too old: what it would have told is lost. The fresh one waits until its list is walked again.
void Sync::expired(WalkPtr walk, const http::Response& response) {
    try {
        account_.source.read(work_of(*walk), response.body, answer_);
    } catch (const Error& error) {
        return try_again(std::move(walk), response.status, unusable(error));
    }
    usable_answer();
    const auto streams = account_.source.streams();
    const auto list = std::ranges::find(streams, stream_of(*walk).name, &source::Stream::token_stream);
    if (list == streams.end())
        return give_up(std::move(walk), response.status, "a token that nothing waits for", kLookAgain);
    log::info("events expired stream={} scope={}", walk->row.stream, walk->row.scope);
    const auto now = this->now();
    auto& row = walk->row;
    row.cursor.clear();
    row.pending_cursor = *answer_.token;
    row.pending_at = now;
    open_group();
    store_.as_one([&] {
        store_.done(row, now);
        ask_for(*list, row.scope, row.root);
        store_.heal_gap(name_, row.stream, row.scope, now);
    });
    leave(*walk);
}

// However recently it was done.
void Sync::ask_for(const source::Stream& stream, std::string_view scope, std::string_view root) {
    store::Work row;
    row.source = name_;
    row.stream = stream.name;
    row.scope = scope;
    row.root = root;
    row.recurring = stream.kind == source::Kind::recurring;
    row.order_key = stream.rank * kRank;
    row.due_at = pass_;
    if (store_.queue(row, now() + Milliseconds(1))) ++backlog_[row.stream];
}

}  // namespace taskmirror::engine
