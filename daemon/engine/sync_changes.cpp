// What changes the mirror after the first load: events, and what proves that something is gone.
#include <fmt/format.h>

#include <algorithm>

#include "core/log.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {
namespace {

constexpr std::string_view kDeleted = "deleted ";  // what events say

}  // namespace

// What was done since then needs not be done because another object leads to it.
Instant Sync::outdated_before(const source::Stream& stream) const {
    const auto& periods = account_.periods;
    return pass_ - (stream.every == source::Every::relist      ? periods.relist
                    : stream.every == source::Every::reconcile ? periods.reconcile
                                                               : Milliseconds(0));
}

// After the last page: what is stored and was not named. False: so much that a second walk must say the same.
bool Sync::sweep(Walk& walk) {
    const auto& stream = stream_of(walk);
    if (stream.proves.empty() || !stream.looks_at.empty() || !walk.whole || !store_.has_indexes() || other_user_)
        return true;
    auto stored = store_.gids(stream.proves, stream.proves_gid, stream.proves_by, walk.row.scope);
    const auto all = stored.size();
    std::ranges::sort(walk.seen);
    std::erase_if(stored, [&](const std::string& gid) {
        return std::ranges::binary_search(walk.seen, std::hash<std::string_view>()(gid));
    });
    const bool many =
        all >= kFewRows && static_cast<double>(stored.size()) > account_.deletions.max_share * static_cast<double>(all);
    if (many && !account_.deletions.accepted && !walk.row.last_error.starts_with(kHeld)) {
        walk.row.last_error = fmt::format(
            "{}the walk did not name {} of {} in {}; a walk that says the same in a day, or "
            "sync --accept-deletions, removes them",
            kHeld, stored.size(), all, stream.proves);
        return false;
    }
    for (const auto& gid : stored) {
        if (!stream.looked_at_by.empty()) {
            ask_for(stream_named(stream.looked_at_by), gid, walk.row.root, kMissing);
        } else {
            store_.bury(account_.source.remains(), stream.proves, gid,
                        {.source = name_, .cause = "deleted", .detected_by = "walk", .detected_at = now()});
            carriers_of(stream.proves, gid, walk.row.root);
        }
    }
    return true;
}

// The walk is complete; what it found missing waits for the next one.
void Sync::hold(Walk& walk) {
    const auto why = walk.row.last_error;
    start_over(walk);
    walk.row.last_done_at = now();
    walk.row.due_at = now() + kLookAgain;
    walk.row.attempts = 1;  // nobody walks it before that
    store_.save(walk.row);
    log::warning("gap stream={} scope={} why=\"{}\"", walk.row.stream, walk.row.scope, why);
    store_.open_gap({.source = name_,
                     .stream = walk.row.stream,
                     .scope = walk.row.scope,
                     .status = std::nullopt,
                     .message = why,
                     .seen_at = now(),
                     .retry_at = walk.row.due_at});
}

// Another token is another world: what it does not see need not be gone.
void Sync::note_user(const std::string& fact, const std::string& user) {
    const auto key = name_ + "." + fact;
    const auto before = store_.fact(key);
    other_user_ = before && *before != user && !account_.deletions.accepted;
    if (other_user_) {
        log::warning(
            "the token is of user {}, the rows are of user {}: nothing is removed until sync --accept-deletions", user,
            *before);
        return;
    }
    store_.set_fact(key, user);
}

// A complete walk proves everything up to its first page.
void Sync::keep_watermark(Walk& walk) {
    if (!walk.watermark) return;  // a walk that another process began
    const auto& stream = stream_of(walk);
    if (stream.watermark) walk.row.cursor = iso(*walk.watermark);
    if (stream.token_stream.empty() || !stream_named(stream.token_stream).watermark) return;
    const auto& changes = stream_named(stream.token_stream);
    auto row = row_of(changes, walk.row.scope, walk.row.root);
    row.cursor = iso(*walk.watermark);
    row.last_done_at = now();
    store_.save(row);
}

// An object that was looked at is not there. It leaves its table if an event said that it was deleted, if a walk did
// not name it, or if this is the second look; before that it is a gap, and its row stays.
void Sync::gone(Walk& walk, int status, const std::string& why) {
    const bool deleted = walk.row.cursor.starts_with(kDeleted);
    const bool second = walk.row.cursor == kMissing || walk.row.attempts > 0;
    if (!deleted && (!second || other_user_)) return end_in_gap(walk, status, why, kLookAgain);
    const auto now = this->now();
    const auto& table = stream_of(walk).looks_at;
    const auto remains = account_.source.remains();
    const auto its = std::ranges::find(remains, table, &Remains::table);
    const auto above = its->above.empty() ? std::string() : store_.text(table, its->above, walk.row.scope);
    open_group();
    store_.as_one([&] {
        if (!deleted)
            for (const auto& kin : its->followers)
                if (kin.table == table)
                    for (const auto& gid : store_.gids(table, "gid", kin.column, walk.row.scope))
                        ask_for(stream_of(walk), gid, walk.row.root, kMissing);
        store_.bury(remains, table, walk.row.scope,
                    {.source = name_,
                     .cause = deleted ? "deleted" : "not_visible",
                     .deleted_at = deleted ? parse_iso(walk.row.cursor.substr(kDeleted.size())) : std::nullopt,
                     .detected_by = deleted ? "event" : "walk",
                     .detected_at = now});
        carriers_of(table, walk.row.scope, walk.row.root);
        forget_details(table, walk.row.scope);
        if (!above.empty() && !store_.text(table, "gid", above).empty()) ask_for(stream_of(walk), above, walk.row.root);
        if (const auto& stream = stream_of(walk); !stream.proves.empty())
            for (const auto& gid : store_.gids(stream.proves, stream.proves_gid, stream.proves_by, walk.row.scope))
                ask_for(stream_named(stream.looked_at_by), gid, walk.row.root, kMissing);
        store_.done(walk.row, now);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
    });
    leave(walk);
}

// The events of an object are refused, so it is looked at itself. If it comes back, its list is walked from the start.
void Sync::forget_token(Walk& walk) {
    const auto& stream = stream_of(walk);
    const auto now = this->now();
    walk.row.cursor.clear();
    open_group();
    store_.as_one([&] {
        store_.done(walk.row, now);
        no_more_hints(walk);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
        const auto* list = list_of(stream);
        if (auto row = list != nullptr ? store_.work(name_, list->name, walk.row.scope) : std::nullopt) {
            row->last_done_at = store::kOutdated;
            store_.save(*row);
        }
        ask_for(stream_named(stream.looked_at_by), walk.row.scope, walk.row.root, kMissing);
    });
    leave(walk);
}

// An event token is too old: what it would have told is lost. The fresh one waits until its list is walked again.
void Sync::expired(WalkPtr walk, const http::Response& response) {
    if (!read_token(walk, response)) return;
    const auto* list = list_of(stream_of(*walk));
    if (list == nullptr) return give_up(std::move(walk), response.status, "a token that nothing waits for", kLookAgain);
    log::info("events expired stream={} scope={}", walk->row.stream, walk->row.scope);
    const auto now = this->now();
    auto& row = walk->row;
    row.cursor.clear();
    row.pending_cursor = *answer_.token;
    row.pending_at = now;
    open_group();
    store_.as_one([&] {
        store_.done(row, now);
        no_more_hints(*walk);
        ask_for(*list, row.scope, row.root);
        store_.heal_gap(name_, row.stream, row.scope, now);
    });
    leave(*walk);
}

// However recently it was done.
void Sync::ask_for(const source::Stream& stream, std::string_view scope, std::string_view root, std::string_view said) {
    auto row = row_of(stream, scope, root);
    row.due_at = pass_;
    if (!store_.queue(row, now() + Milliseconds(1))) return;
    ++backlog_[row.stream];
    if (!said.empty()) store_.say(row, said);
}

}  // namespace taskmirror::engine
