// What a search of a whole workspace tells, where the plan has one: changed objects as rows, without a request for
// each.
//
// Its index lags behind, and may lose a change for good. So the last minutes are asked for again each time, no row that
// is as new is overwritten, nothing is taken for gone, and no event token moves; events and walks find what it lost.
#include <fmt/format.h>

#include <algorithm>

#include "engine/walk.hpp"

namespace taskmirror::engine {

// The search of its workspace goes first, for it spares requests of this stream, or what this one's answers lead to.
bool Sync::waits_for_search(const source::Stream& stream, std::string_view root) {
    if (stream.behind.empty()) return false;
    if (is_active(stream_named(stream.behind), root)) return true;
    const auto search = store_.work(name_, stream.behind, root);
    return search && search->due_at && *search->due_at <= due_at_;
}

// Whether search has told, and will tell, all that this stream would since it was asked for last.
bool Sync::is_told_by_search(const store::Work& row) {
    const auto& stream = stream_named(row.stream);
    if (!stream.told_by_search || stream.behind.empty()) return false;
    const auto& search = stream_named(stream.behind);
    const auto* feature = known_feature(row.root, search.capability);
    if (feature == nullptr || !feature->available) return false;
    const auto its = store_.work(name_, search.name, row.root);
    return its && !its->pending_cursor.empty() && row.cursor >= its->pending_cursor;
}

// Streams whose place search took are polled again where it does not any more.
void Sync::note_polls_without_search() {
    const auto streams = account_.source.streams();
    for (std::size_t i = 0; i < is_poll_.size(); ++i) {
        if (!is_poll_[i] || !streams[i].told_by_search) continue;
        for (const auto& row : store_.with_cursor(name_, streams[i].name))
            if (!polls_.contains(key_of(row))) note_poll(row);
    }
}

// What the answer says is not wanted leaves. Where that may be old, it is looked at first.
void Sync::drop_unwanted(const Walk& walk) {
    for (const auto& [index, gid] : answer_.unwanted) {
        const auto table = account_.source.tables()[index].name;
        if (!stream_of(walk).lags)
            exclude(table, {gid}, walk.row.root);
        else if (!store_.text(table, "mirrored_at", gid).empty())
            ask_for(*std::ranges::find(account_.source.streams(), table, &source::Stream::looks_at), gid,
                    walk.row.root);
    }
}

// Leaves on the page what is newer than what is stored. What was buried may be in the index still.
void Sync::drop_older(const Walk& walk) {
    auto& page = answer_.page;
    std::vector<std::int64_t> places;  // that entities have then; -1: none
    std::size_t kept = 0;
    for (const auto& entity : page.entities) {
        const bool newer = is_newer(entity, walk.row.root);
        places.push_back(newer ? static_cast<std::int64_t>(kept) : -1);
        if (newer) page.entities[kept++] = entity;
    }
    page.entities.resize(kept);
    std::erase_if(answer_.follow_ups, [&](source::FollowUp& follow_up) {
        for (auto* index : {&follow_up.entity, &follow_up.opener}) {
            if (*index < 0) continue;
            *index = places[static_cast<std::size_t>(*index)];
            if (*index < 0) return true;
        }
        return false;
    });
}

bool Sync::is_newer(const Entity& entity, std::string_view root) {
    const auto& table = account_.source.tables()[entity.table];
    const auto streams = account_.source.streams();
    const auto look = std::ranges::find(streams, table.name, &source::Stream::looks_at);
    if (look == streams.end() || look->modified_by.empty()) return true;
    const auto column = std::ranges::find(table.columns, look->modified_by) - table.columns.begin();
    const auto& value = answer_.page.values[entity.first + static_cast<std::size_t>(column)];
    const auto modified = value.type == Value::Type::text ? value.as_text() : std::string_view();
    if (!store_.text(table.name, "mirrored_at", entity.gid).empty())
        return modified > store_.text(table.name, look->modified_by, entity.gid);
    const auto buried_at = store_.buried_at(table.name, entity.gid);
    if (!buried_at) return true;
    if (modified > iso(*buried_at)) ask_for(*look, entity.gid, root, kMissing);  // it may have been restored
    return false;
}

// The event streams of what it found changed are asked for next. Those of an object are those of what it stands below.
void Sync::hurry(const Walk& search, const store::Written& written) {
    constexpr int kDeepest = 10;
    for (const auto& events : account_.source.streams()) {
        const auto* list = list_of(events);
        if (events.behind != stream_of(search).name || events.told_by_search || list == nullptr || list->proves.empty())
            continue;
        for (std::size_t i = 0; i < written.changed.size(); ++i) {
            if (!written.changed[i]) continue;
            const auto& entity = answer_.page.entities[i];
            const auto table = account_.source.tables()[entity.table].name;
            const auto its = std::ranges::find(account_.source.remains(), table, &Remains::table);
            std::string gid(entity.gid);
            for (int depth = 0; depth < kDeepest && !gid.empty(); ++depth) {
                for (const auto& scope : store_.gids(list->proves, list->proves_by, list->proves_gid, gid))
                    polls_.hurry(fmt::format("{} {}", events.name, scope));
                const bool is_below = its != account_.source.remains().end() && !its->above.empty();
                gid = is_below ? store_.text(table, its->above, gid) : std::string();
            }
        }
    }
}

// What even search cannot tell is found when the lists are walked; a pass later the gap is closed.
void Sync::note_untold(const Walk& walk) {
    const auto& [name, why] = *answer_.untold;
    store_.open_gap({.source = name_,
                     .stream = walk.row.stream,
                     .scope = fmt::format("{}/{}", walk.row.scope, name),
                     .status = std::nullopt,
                     .message = why,
                     .seen_at = now(),
                     .retry_at = std::nullopt});
}

// Whether what the event tells of is stored already.
bool Sync::is_told(const source::FollowUp& hint) {
    if (!hint.told.empty() && !store_.text(hint.told_in, "gid", hint.told).empty()) return true;
    const auto& stream = account_.source.streams()[hint.stream];
    return hint.known_by && !stream.modified_by.empty() &&
           store_.text(stream.looks_at, stream.modified_by, hint.scope) >= iso(*hint.known_by);
}

}  // namespace taskmirror::engine
