// What is fetched again, by as few requests as can be: changed objects that one list names together, what refers to
// something that is gone, and, in rotation, what no event tells of.
//
// An object of which an event speaks waits until all events of its list are read: its row has nothing to do, and the
// list's scope as pending_cursor. The row of the list of what was modified stands as long as anything waits for it. It
// becomes due, or what waits does; so nothing waits for ever, wherever the process dies.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "core/log.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {

bool Sync::is_active(const source::Stream& stream, std::string_view scope) const {
    return active_.contains(fmt::format("{} {}", stream.name, scope));
}

// The list whose edges tell what the list of modified ones can name.
const source::Stream* Sync::members_of(const source::Stream& list) const {
    const auto streams = account_.source.streams();
    const auto changes = std::ranges::find(streams, list.name, &source::Stream::gathered_by);
    return changes != streams.end() ? list_of(*changes) : nullptr;
}

// The scopes whose lists are known to name the object.
std::vector<std::string> Sync::named_in(const source::Stream& list, std::string_view gid) {
    const auto* members = members_of(list);
    if (members == nullptr || members->proves.empty()) return {};
    return store_.gids(members->proves, members->proves_by, members->proves_gid, gid);
}

bool Sync::may_name(const source::Stream& list, std::string_view scope, std::string_view gid) {
    if (store_.text(stream_named(list.gathers).looks_at, "mirrored_at", gid).empty()) return true;  // a new one
    return std::ranges::count(named_in(list, gid), scope) > 0;
}

// True: what the event speaks of waits. What is asked for by itself already joins those that wait for the list, until
// its request is sent. A list that is being walked may have been asked for before the event, so nothing joins that.
bool Sync::gather(const Walk& changes, const source::FollowUp& hint, const store::Work& work) {
    const auto name = stream_of(changes).gathered_by;
    if (name.empty() || !hint.at) return false;
    const auto& list = stream_named(name);
    auto stored = store_.work(name_, work.stream, work.scope);
    if (stored && !stored->due_at) {
        if (is_active(list, stored->pending_cursor)) return false;
        if (stored->cursor == kMoved) stored->cursor = *hint.said;
        store_.save(*stored);
        return true;
    }
    if (is_active(list, changes.row.scope) || !may_name(list, changes.row.scope, work.scope)) return false;
    if (stored) {
        const auto key = key_of(*stored);
        if (active_.contains(key) || stored->due_at > due_now() || !stored->cursor.empty()) return false;
        --backlog_[work.stream];
    }
    wait_for(list, changes.row.scope, work, *hint.said, *hint.at - kHintOverlap);
    return true;
}

void Sync::wait_for(const source::Stream& list, std::string_view scope, store::Work work, std::string_view said,
                    Instant since) {
    work.due_at.reset();
    work.pending_cursor = scope;
    work.pending_at = now();
    work.cursor = said;
    store_.save(work);
    auto row = store_.work(name_, list.name, scope);
    if (row && row->cursor <= iso(since)) return;
    if (!row) row = row_of(list, scope, work.root, Class::fresh);
    row->cursor = iso(since);
    store_.save(*row);
}

// All that waits for this list is known: it is asked for, if that is cheaper than asking for each object.
void Sync::end_of_hints(const source::Stream& list, std::string_view scope) {
    auto row = store_.work(name_, list.name, scope);
    if (!row || row->due_at) return;
    const auto rows = store_.waiting(name_, scope);
    const auto named = std::ranges::count_if(rows, [](const store::Work& work) { return work.cursor != kMoved; });
    std::size_t objects = rows.size();
    if (const auto* members = members_of(list); members != nullptr && row->cursor == iso(store::kOutdated))
        objects = store_.gids(members->proves, members->proves_gid, members->proves_by, scope).size();
    if (static_cast<std::size_t>(named) > 1 + objects / kFullPage) {
        row->due_at = due_now();
        store_.save(*row);
        came(*row);
    } else {
        release(scope);
        store_.done(*row, now());
    }
}

// Nobody will say that all events are read.
void Sync::no_more_hints(const Walk& changes) {
    const auto name = stream_of(changes).gathered_by;
    if (name.empty()) return;
    const auto row = store_.work(name_, name, changes.row.scope);
    if (!row || row->due_at) return;
    release(changes.row.scope);
    store_.done(*row, now());
}

// What stands on this page of the list needs no request of its own.
void Sync::named(const Walk& walk) {
    for (const auto& entity : answer_.page.entities) {
        const auto row = store_.work(name_, stream_of(walk).gathers, entity.gid);
        if (row && !row->due_at && row->pending_cursor == walk.row.scope) store_.done(*row, now());
    }
}

// What waits for the list of this scope is asked for by itself.
void Sync::release(std::string_view scope) {
    for (auto& row : store_.waiting(name_, scope)) {
        row.due_at = due_now();
        row.pending_cursor.clear();
        row.pending_at.reset();
        if (row.cursor == kMoved) row.cursor.clear();
        store_.save(row);
        came(row);
    }
}

// The list cannot be had.
void Sync::give_back(Walk& walk) {
    open_group();
    store_.as_one([&] {
        release(walk.row.scope);
        store_.done(walk.row, now());
    });
    leave(walk);
}

// Nothing waits for a list that is not asked for, nor for events that are not.
void Sync::release_forgotten() {
    std::set<std::string> scopes;
    for (auto& row : store_.waiting(name_, {})) scopes.insert(std::move(row.pending_cursor));
    for (const auto& scope : scopes) {
        bool awaited = false;
        for (const auto& stream : account_.source.streams()) {
            if (stream.gathers.empty() && stream.gathered_by.empty()) continue;
            const auto row = store_.work(name_, stream.name, scope);
            awaited = awaited || (row && row->due_at);
        }
        if (!awaited) release(scope);
    }
}

// A row left its table: the objects that referred to it have changed without an event and without a new modified time.
void Sync::carriers_of(std::string_view table, std::string_view gid, std::string_view root) {
    const auto remains = account_.source.remains();
    const auto its = std::ranges::find(remains, table, &Remains::table);
    if (its == remains.end()) return;
    for (const auto& carriers : its->carriers) {
        const auto& look = stream_named(carriers.stream);
        const auto streams = account_.source.streams();
        const auto list = std::ranges::find(streams, look.name, &source::Stream::gathers);
        std::vector<std::pair<std::string, std::vector<std::string>>> owners;  // and the scopes that name them
        std::map<std::string, int> counts;                                     // of owners, by scope
        for (auto& owner : store_.gids(carriers.table, carriers.owner, carriers.column, gid)) {
            if (store_.text(look.looks_at, "mirrored_at", owner).empty()) continue;
            auto scopes = list != streams.end() ? named_in(*list, owner) : std::vector<std::string>();
            for (const auto& scope : scopes) ++counts[scope];
            owners.emplace_back(std::move(owner), std::move(scopes));
        }
        std::set<std::string> awaited;
        for (const auto& [owner, scopes] : owners) {
            const auto most = std::ranges::max_element(scopes, {}, [&](const auto& scope) { return counts[scope]; });
            if (most == scopes.end() || is_active(*list, *most) || store_.work(name_, look.name, owner)) {
                ask_for(look, owner, root);
                continue;
            }
            wait_for(*list, *most, row_of(look, owner, root, Class::fresh), {}, store::kOutdated);
            awaited.insert(*most);
        }
        for (const auto& scope : awaited) end_of_hints(*list, scope);
    }
}

// What belongs to a row cannot be seen. If the row is gone, nothing is missing. Else that is a gap; and when it is the
// same a day later, the row is looked at, for no list may name it.
void Sync::owner_hidden(WalkPtr walk, int status, const std::string& why) {
    const auto& stream = stream_of(*walk);
    const auto streams = account_.source.streams();
    const auto look = std::ranges::find(streams, stream.rotates, &source::Stream::looks_at);
    const bool stored = !store_.text(stream.rotates, "mirrored_at", walk->row.scope).empty();
    if (stored || look == streams.end()) {
        const auto scope = walk->row.scope, root = walk->row.root;
        const bool second = was_refused(walk->row);
        give_up(std::move(walk), status, why, kLookAgain);
        if (second && look != streams.end()) store_.as_one([&] { ask_for(*look, scope, root, kMissing); });
        return;
    }
    const auto now = this->now();
    open_group();
    store_.as_one([&] {
        store_.done(walk->row, now);
        store_.heal_gap(name_, walk->row.stream, walk->row.scope, now);
    });
    leave(*walk);
}

namespace {

// How far the rotation through a table has come. In sync_meta as "START TOTAL QUEUED BY GID".
struct Rotation {
    Instant start{};         // of this round
    std::int64_t total = 0;  // rows then
    std::int64_t queued = 0;
    store::Store::Place place{};  // of the last row that was queued

    void begin(Instant at, std::int64_t rows) { *this = {.start = at, .total = rows, .place = {.by = "~"}}; }
    std::string text() const { return fmt::format("{} {} {} {} {}", iso(start), total, queued, place.by, place.gid); }
    static std::optional<Rotation> parse(const std::string& text) {
        std::istringstream words(text);
        std::string start;
        Rotation rotation;
        words >> start >> rotation.total >> rotation.queued >> rotation.place.by;
        const auto began = parse_iso(start);
        if (!words || !began) return std::nullopt;
        rotation.start = *began;
        words.ignore();
        std::getline(words, rotation.place.gid);
        return rotation;
    }
};

}  // namespace

void Sync::rotate() {
    if (!store_.has_indexes()) return;  // the first load reads everything
    std::map<std::string_view, std::vector<const source::Stream*>> tables;
    for (const auto& stream : account_.source.streams())
        if (!stream.rotates.empty()) tables[stream.rotates].push_back(&stream);
    for (const auto& [table, streams] : tables) rotate(table, streams);
}

// Of each round, the part for which the time has come since the last pass. What changes meanwhile goes to the front,
// and is read because it changed.
void Sync::rotate(std::string_view table, std::span<const source::Stream* const> streams) {
    const auto period = account_.periods.reread;
    const auto by = streams.front()->rotates_by;
    const auto key = fmt::format("{}.rotation.{}", name_, table);
    const auto owners = store_.owners();
    Rotation rotation;
    rotation.begin(pass_, 0);
    if (const auto fact = store_.fact(key)) {
        if (const auto parsed = Rotation::parse(*fact)) rotation = *parsed;
    } else {
        rotation.total = store_.count(table, by);
    }
    for (;;) {
        const auto gone = pass_ - rotation.start;
        const auto goal =
            gone >= period
                ? std::numeric_limits<std::int64_t>::max()
                : static_cast<std::int64_t>(static_cast<double>(rotation.total) *
                                            (static_cast<double>(gone.count()) / static_cast<double>(period.count())));
        while (rotation.queued < goal) {
            const auto most = std::min<std::int64_t>(kRotateAtOnce, goal - rotation.queued);
            const auto rows = store_.rows_behind(table, by, streams.front()->rotates_root, rotation.place,
                                                 static_cast<std::size_t>(most));
            if (rows.empty()) break;
            for (const auto& row : rows) {
                ++rotation.queued;
                const auto owner = owners.find(row.root);
                if (owner != owners.end() && owner->second.source != name_) continue;
                for (const auto* stream : streams) {
                    if (stream->rotates_stored && stored_of(*stream, row.gid) == 0) continue;
                    auto work = row_of(*stream, row.gid, row.root, Class::reconcile, rotation.queued);
                    work.due_at = pass_;
                    store_.queue(work, pass_);
                }
            }
            rotation.place = rows.back();
        }
        if (rotation.start + period >= pass_) break;
        rotation.begin(std::max(rotation.start + period, pass_ - period), store_.count(table, by));
    }
    store_.set_fact(key, rotation.text());
}

}  // namespace taskmirror::engine
