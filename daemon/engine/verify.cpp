#include "engine/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "core/log.hpp"
#include "core/text.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {
namespace {

constexpr std::size_t kRowsAtOnce = 1000;  // that are looked for among those that no list named

// Stands for a text in the store's notes: 64 bits of hash.
std::int64_t number_of(std::string_view what, std::string_view where, std::string_view gid,
                       std::string_view scope = {}) {
    return static_cast<std::int64_t>(std::hash<std::string>()(fmt::format("{}\n{}\n{}\n{}", what, where, gid, scope)));
}

std::int64_t number_of_row(std::string_view table, std::string_view gid) { return number_of("row", table, gid); }

}  // namespace

bool Comparison::is_equal() const {
    return std::accumulate(found.begin(), found.end(), not_compared) == 0 && counted.value_or(stored) == stored;
}

bool Compared::is_equal() const {
    return std::accumulate(found.begin(), found.end(), not_compared) == 0 && counts_different == 0 && !other_user;
}

struct Verify::Part {
    Comparison comparison;
    std::uint16_t table = 0;  // of a row
    std::size_t open = 0;     // walks that belong to it
    bool is_stage() const { return comparison.table.empty(); }
};

struct Verify::Walk {
    std::uint16_t stream = 0;
    std::string scope, root;
    Part* part = nullptr;
    std::string offset;
    std::int64_t walked = 0;
    std::size_t pages = 0;
    int limit = 0;  // objects per page, once the server could not cope with full ones
    int attempts = 0;
    int restarts = 0;
    int token = 0;  // which token the request at hand was sent with
    bool probe = false;
    bool doubted = false;        // has failed before, when it was asked whether everything does
    bool token_refused = false;  // that was the failure
    Monotonic not_before{};
    std::vector<std::size_t> seen;            // hashes of gids, where a complete walk proves what is gone
    std::unordered_set<std::size_t> offsets;  // hashes of those seen
    std::uint64_t equal = 0;
    struct Wrong {
        Difference difference;
        std::string_view table;
        std::string gid;
    };
    std::vector<Wrong> wrong;
    bool names_too_little = false;  // rows that no look could tell of
};

Verify::Verify(Account account, store::Store& store, const Clock& clock, VerifyOptions options,
               std::function<void(const Comparison&)> found)
    : account_(std::move(account)),
      store_(store),
      clock_(clock),
      options_(std::move(options)),
      found_(std::move(found)),
      name_(account_.source.name()) {
    if (!store_.has_indexes())
        throw Fatal(ExitCode::come_again,
                    fmt::format("source {}: the first sync has not ended; run taskmirror sync before verify", name_));
    if (is_known_as_paid(account_.source, store_, clock_.now())) account_.pace.plan_is_paid();
    if (!account_.token.empty()) tokens_.push_back(account_.token);
    const auto streams = account_.source.streams();
    for (std::uint16_t i = 0; i < streams.size(); ++i) {
        stream_index_.emplace(streams[i].name, i);
        if (!streams[i].looks_at.empty()) looks_.emplace(streams[i].looks_at, i);
    }
    if (const auto table = account_.source.filtered(); !table.empty())
        for (auto& gid : store_.gids_after(table, "", std::numeric_limits<std::int64_t>::max()))
            wanted_.insert(std::move(gid));
    rest_ = looks_.begin();
    store_.clear_notes();
    for (const auto& [root, owner] : store_.owners())
        if (owner.source != name_) others_roots_.insert(root);
    for (auto& root : account_.source.roots()) add(root.stream, root.scope, root.root, stage_of(root.stream));
}

Verify::~Verify() = default;

bool Verify::run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& watch) {
    while (!over_ && !stop.load()) {
        const auto more_at = send();
        report(watch, false);
        if (over_) break;
        const auto now = clock_.monotonic();
        const auto until = std::min(more_at.value_or(now + 500ms), now + 500ms);
        const auto at_most = std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(until - now));
        for (auto& response : account_.transport.wait(at_most)) answered(std::move(response));
        if (store_.in_transaction()) store_.commit();
    }
    report(watch, true);
    if (failure_) throw *failure_;
    return over_;
}

std::optional<Monotonic> Verify::send(std::size_t at_most) {
    for (; at_most > 0 && !over_; --at_most) {
        const auto now = clock_.monotonic();
        const auto at = account_.pace.next(http::Budget::standard, now);
        if (!at || *at > now) return at;
        auto walk = next();
        if (!walk) return next_retry();
        send(std::move(walk));
    }
    return std::nullopt;
}

std::optional<Monotonic> Verify::next_retry() const {
    if (probing_) return probe_ ? std::optional(probe_->not_before) : std::nullopt;
    std::optional<Monotonic> first;
    for (const auto& held : held_) first = std::min(first.value_or(held->not_before), held->not_before);
    return first;
}

// A walk that is under way before a new one: its offset lives 15 minutes, and it holds memory.
Verify::WalkPtr Verify::next() {
    const auto now = clock_.monotonic();
    if (probing_) return probe_ && probe_->not_before <= now ? std::move(probe_) : nullptr;
    for (auto& held : held_) {
        if (held->not_before > now) continue;
        std::swap(held, held_.back());
        auto walk = std::move(held_.back());
        held_.pop_back();
        return walk;
    }
    if (!ready_.empty()) {
        auto walk = std::move(ready_.front());
        ready_.pop_front();
        return walk;
    }
    do {
        while (auto pending = next_pending()) {
            auto walk = std::make_unique<Walk>();
            walk->stream = pending->stream;
            walk->scope = std::move(pending->scope);
            walk->root = std::move(pending->root);
            walk->part = pending->part;
            if (features_off_.contains({walk->root, stream(walk->stream).capability}))
                leave(*walk);
            else if (counts_off_ && list_counted_by(walk->stream) != nullptr)
                give_up(*walk, {});
            else
                return walk;
        }
        if (!in_flight_.empty() || !held_.empty()) return nullptr;
    } while (look_at_the_rest());
    over_ = true;
    for (const auto& its : account_.source.streams())
        if (const auto stage = stages_.extract(its.stage)) end(*stage.mapped());
    return nullptr;
}

std::optional<Verify::Pending> Verify::next_pending() {
    std::optional<Pending> pending;
    if (!below_.empty()) {
        pending = std::move(below_.back());
        below_.pop_back();
    } else if (parts_.empty() && !above_.empty()) {
        pending = std::move(above_.begin()->second);
        above_.erase(above_.begin());
    }
    return pending;
}

// All lists are compared. What is stored, and named by none of them, may be there all the same: a task that has left
// its last project. False: there is no more of it.
bool Verify::look_at_the_rest() {
    if (compared_.not_compared > 0 || compared_.other_user) return false;
    // Of the rows that other accounts mirror this one's token tells nothing. Where there are some, only rows that name
    // their workspace are looked at.
    const auto workspace_in = [&](std::string_view table) {
        const auto its = std::ranges::find(account_.source.remains(), table, &Remains::table);
        return its != account_.source.remains().end() ? its->root : std::string_view();
    };
    const auto is_ours = [&](std::string_view table, std::string_view column, const std::string& gid) {
        return others_roots_.empty() || roots_.contains(store_.text(table, column, gid));
    };
    for (; rest_ != looks_.end(); ++rest_, rest_after_.clear()) {
        const auto& table = rest_->first;
        const auto look = rest_->second;
        const auto root = roots_.size() == 1 ? *roots_.begin() : std::string();
        const auto column = workspace_in(table);
        if (!others_roots_.empty() && column.empty()) continue;
        if (!options_.project.empty()) {
            const auto& gid = options_.project;
            if (is_ours(table, column, gid) && stream(look).reported_by_row && !compared_.project_found &&
                !store_.gids(table, "gid", "gid", gid).empty() && add(look, gid, root, stage_of(look)))
                return true;
            continue;
        }
        const auto left_out = [&](const source::Stream& list) {
            return list.proves == table && list.kind == source::Kind::one_off && !options_.one_off;
        };
        // Nothing of a table is named that the configuration switches off.
        if (!named_.contains(table) || std::ranges::any_of(account_.source.streams(), left_out)) continue;
        for (bool more = true; more;) {
            const auto gids = store_.gids_after(table, rest_after_, kRowsAtOnce);
            more = !gids.empty();
            if (more) rest_after_ = gids.back();
            bool any = false;
            for (const auto& gid : gids)
                if (!store_.noted(number_of_row(table, gid)) && is_ours(table, column, gid))
                    any |= add(look, gid, root, stage_of(look));
            if (any) return true;
        }
    }
    return false;
}

void Verify::send(WalkPtr walk) {
    std::string target;
    try {
        target = account_.source.target(work_of(*walk));
    } catch (const Error& error) {
        return give_up(*walk, error.what());
    }
    const auto now = clock_.monotonic();
    account_.pace.sent(http::Budget::standard, now);
    ++progress_.requests;
    recent_requests_.push_back(now);
    progress_.stage = stream(walk->stream).stage;
    walk->token = token_number_;
    const auto number = ++last_request_;
    in_flight_.emplace(number, std::move(walk));
    account_.transport.get(number, target);
}

void Verify::answered(http::Response response) {
    const auto found = in_flight_.find(response.id);
    if (found == in_flight_.end()) return;
    auto walk = std::move(found->second);
    in_flight_.erase(found);

    const auto now = clock_.monotonic();
    const bool arrived = response.failure == http::Failure::none;
    account_.pace.answered(http::Budget::standard, now, response.duration,
                           arrived && response.status < 500 && response.status != 429);
    log::debug("answer stream={} scope={} status={} ms={} bytes={} {}", stream(walk->stream).name, walk->scope,
               response.status, response.duration.count(), response.wire_bytes, response.message);
    if (over_) return;
    try {
        take(std::move(walk), response);
    } catch (const Fatal& fatal) {
        if (fatal.may_pass() || fatal.code() == ExitCode::disk || fatal.code() == ExitCode::corrupt) throw;
        failure_ = fatal;
        over_ = true;
    }
}

void Verify::take(WalkPtr walk, const http::Response& response) {
    if (response.failure != http::Failure::none) return try_again(std::move(walk), response.message);

    const auto now = clock_.monotonic();

    const auto pause = http::parse_retry_after(response.header("retry-after"), clock_.now());
    const auto verdict = account_.source.classify(
        work_of(*walk),
        {.status = response.status, .content_type = response.header("content-type"), .body = response.body});
    const auto why = [&] {
        const auto reason = shortened(without_secrets(account_.source.reason(response.body), tokens_), kLongestReason);
        return fmt::format("status {}{}{}", response.status, reason.empty() ? "" : ": ", reason);
    };
    const bool counts = list_counted_by(walk->stream) != nullptr;
    using enum source::Verdict;
    if (pause && (verdict == retry || verdict == shrink)) account_.pace.pause(now, *pause);
    switch (verdict) {
        case page:
            return read(std::move(walk), response);
        case throttled:
            if (response.status == 429) ++progress_.rate_limited;
            failures_in_a_row_ = 0;
            account_.pace.throttled(now, pause);
            if (!counts) return ask_again(std::move(walk));
            counts_off_ = true;
            return give_up(*walk, why());
        case shrink:
            // An offset belongs to its page size, so the walk begins again.
            if (walk->attempts > 0 && walk->limit != kSmallestPage) {
                walk->limit = std::max(kSmallestPage, (walk->limit > 0 ? walk->limit : kFullPage) / 2);
                walk->attempts = 0;
                start_over(*walk);
            }
            return try_again(std::move(walk), why());
        case retry:
        case busy:
            return try_again(std::move(walk),
                             response.status == 200 ? "status 200 with a body that is not JSON" : why());
        case restart:
            usable_answer();
            if (++walk->restarts > kRestarts) return give_up(*walk, why());
            start_over(*walk);
            ready_.push_back(std::move(walk));
            return;
        case unauthorized:
            return doubt_token(std::move(walk), why());
        case blocked:
            throw Fatal(ExitCode::unavailable,
                        fmt::format("source {}: {}: the server refuses this address for legal reasons; verify again "
                                    "when it does not",
                                    name_, why()));
        case capability_off:
        case hidden:
        case refused:
        case token:
            usable_answer();
            if (is_first_root(*walk)) {
                if (walk->probe) return settle_doubts();
                throw Fatal(ExitCode::unavailable,
                            fmt::format("source {}: {}: {}; check base_url, proxy and the network, then verify again",
                                        name_, stream(walk->stream).name, why()));
            }
            if (const auto feature = stream(walk->stream).capability; verdict == capability_off && !feature.empty()) {
                features_off_.emplace(walk->root, feature);
                return leave(*walk);
            }
            if (verdict != refused && !stream(walk->stream).looks_at.empty()) return not_there(*walk);
            return give_up(*walk, why());
    }
}

void Verify::read(WalkPtr walk, const http::Response& response) {
    const std::hash<std::string> hash;
    try {
        account_.source.read(work_of(*walk), response.body, answer_);
        source::note_wanted(account_.source, answer_, wanted_);
        if (answer_.next && (*answer_.next == walk->offset || walk->offsets.contains(hash(*answer_.next))))
            throw Error("next_page: the same offset came twice");
        if (answer_.next && walk->pages + 1 == kMostPages)
            throw Error(fmt::format("comes without end, {} pages so far", kMostPages));
    } catch (const Error& error) {
        const auto what = shortened(without_secrets(escaped(error.what()), tokens_), kLongestReason);
        return try_again(std::move(walk), fmt::format("unusable answer: {}", what));
    }
    usable_answer();
    if (walk->probe) return settle_doubts();
    for (const auto& [key, value] : answer_.facts) {
        const auto before = store_.fact(fmt::format("{}.{}", name_, key));
        compared_.other_user |= before && *before != value;
    }
    const auto& its = stream(walk->stream);
    for (const auto& entity : answer_.page.entities) {
        compare(*walk, entity);
        if (!its.proves.empty()) walk->seen.push_back(std::hash<std::string_view>()(entity.gid));
    }
    for (const auto& edge : answer_.page.edges) compare(*walk, edge);
    follow(*walk);
    ++walk->pages;
    walk->attempts = 0;
    if (!options_.project.empty() && its.reported_by_row && compared_.project_found) answer_.next.reset();
    if (!answer_.next) return finish(*walk);
    walk->offset = *answer_.next;
    walk->offsets.insert(hash(*answer_.next));
    walk->walked += answer_.objects;
    ready_.push_back(std::move(walk));
}

void Verify::compare(Walk& walk, const Entity& entity) {
    const auto& its = stream(walk.stream);
    if (!options_.project.empty() && walk.part->is_stage() && (its.looks_at.empty() || its.reported_by_row)) {
        if (!its.reported_by_row || entity.gid != options_.project) return;
        compared_.project_found = true;
    }
    const auto table = account_.source.tables()[entity.table].name;
    const bool first = store_.note(number_of_row(table, entity.gid));
    named_.insert(table);
    const auto stored = store_.stored(entity);
    if (stored == store::Stored::equal) {
        compared_.equal += first ? 1 : 0;
        walk.equal += first || !walk.part->is_stage() ? 1 : 0;
        ++progress_.rows_unchanged;
        return;
    }
    walk.wrong.push_back({.difference = stored == store::Stored::older ? Difference::different : Difference::missing,
                          .table = table,
                          .gid = std::string(entity.gid)});
}

void Verify::compare(Walk& walk, const Edge& edge) {
    if (!options_.project.empty() && walk.part->is_stage()) return;
    walk.seen.push_back(std::hash<std::string_view>()(edge.gid));
    if (store_.holds(answer_.page, edge)) return;
    count(*walk.part, Difference::missing, account_.source.tables()[edge.table].name, edge.gid, walk.scope);
    walk.names_too_little = true;
}

// As a full sync does, whatever has changed; the first is walked first.
void Verify::follow(const Walk& walk) {
    for (auto follow_up = answer_.follow_ups.rbegin(); follow_up != answer_.follow_ups.rend(); ++follow_up) {
        const auto& opened = stream(follow_up->stream);
        if (follow_up->said || follow_up->stored || follow_up->restored || follow_up->number ||
            !opened.looks_at.empty() || opened.lags || opened.exports)
            continue;
        if (opened.kind == source::Kind::one_off && !options_.one_off) continue;
        Part* part = walk.part;
        if (part->is_stage()) {
            if (stream(walk.stream).reported_by_row && follow_up->opener >= 0) {
                const auto& entity = answer_.page.entities[static_cast<std::size_t>(follow_up->opener)];
                if (!options_.project.empty() && entity.gid != options_.project) continue;
                part = &row_of(walk.stream, entity.table, entity.gid);
            } else {
                // What leads to all rows is what a mirror cannot do without.
                if (!options_.project.empty() && !opened.essential) continue;
                part = &stage_of(follow_up->stream);
            }
        }
        add(follow_up->stream, std::move(follow_up->scope), std::move(follow_up->root), *part);
    }
}

void Verify::finish(Walk& walk) {
    const auto& its = stream(walk.stream);
    if (list_counted_by(walk.stream) != nullptr) {
        compare_count(walk);
    } else {
        find_extras(walk);
        if (!its.counted_by.empty()) add(index_of(its.counted_by), walk.scope, walk.root, *walk.part);
    }
    leave(walk);
}

// What is stored and was not named.
void Verify::find_extras(Walk& walk) {
    const auto& its = stream(walk.stream);
    if (its.proves.empty() || its.proves_by.empty() || !its.looks_at.empty()) return;
    if (!options_.project.empty() && walk.part->is_stage()) return;  // not all of it was compared
    auto stored = store_.gids(its.proves, its.proves_gid, its.proves_by, last_of(walk.scope));
    std::ranges::sort(walk.seen);
    std::erase_if(stored, [&](const std::string& gid) {
        return std::ranges::binary_search(walk.seen, std::hash<std::string_view>()(gid));
    });
    for (const auto& gid : stored) {
        if (its.looked_at_by.empty()) {
            count(*walk.part, Difference::extra, its.proves, gid, walk.scope);
            walk.names_too_little = true;
            continue;
        }
        const auto looker = index_of(its.looked_at_by);
        if (stream(looker).looks_at != its.proves) {
            count(*walk.part, Difference::extra, its.proves, gid, walk.scope);
            queue(looker, gid, walk.root, kMissing);
        }
        look_within_project(looker, gid, walk);
    }
}

// Where all is compared, it waits for what the other lists name.
void Verify::look_within_project(std::uint16_t look, const std::string& gid, const Walk& walk) {
    if (!options_.project.empty() && !store_.noted(number_of_row(stream(look).looks_at, gid)))
        add(look, gid, walk.root, *walk.part);
}

void Verify::compare_count(Walk& walk) {
    if (!answer_.count) {
        ++compared_.counts_refused;
        return;
    }
    const auto& list = *list_counted_by(walk.stream);
    auto& comparison = walk.part->comparison;
    comparison.counted = answer_.count;
    comparison.stored =
        static_cast<std::int64_t>(store_.gids(list.proves, list.proves_gid, list.proves_by, walk.scope).size());
    ++compared_.counts;
    if (comparison.counted == comparison.stored) return;
    ++compared_.counts_different;
    queue(index_of(list.name), walk.scope, walk.root);
}

// A row that was looked at is not there: neither is what it alone leads to.
void Verify::not_there(Walk& walk) {
    const auto& its = stream(walk.stream);
    compared_.project_found |= its.reported_by_row && walk.scope == options_.project;
    if (!store_.gids(its.looks_at, "gid", "gid", walk.scope).empty()) {
        count(*walk.part, Difference::extra, its.looks_at, walk.scope, {});
        queue(walk.stream, walk.scope, walk.root, kMissing);
    }
    if (!its.proves.empty()) {
        const auto looker = index_of(its.looked_at_by);
        for (const auto& gid : store_.gids(its.proves, its.proves_gid, its.proves_by, walk.scope)) {
            count(*walk.part, Difference::extra, its.proves, gid, walk.scope);
            look_within_project(looker, gid, walk);
        }
    }
    leave(walk);
}

void Verify::try_again(WalkPtr walk, const std::string& why) {
    ++failures_in_a_row_;
    ++walk->attempts;
    if (const auto pause = account_.pace.retry_after(walk->attempts)) {
        ++progress_.retries;
        walk->not_before = clock_.monotonic() + *pause;
        (walk->probe ? probe_ : held_.emplace_back()) = std::move(walk);
        return;
    }
    if (is_first_root(*walk))
        throw Fatal(ExitCode::unavailable,
                    fmt::format("source {}: the API does not answer: {}; verify again when it does", name_, why));
    if (failures_in_a_row_ >= kFailuresInARow && !walk->doubted) return doubt(std::move(walk), why);
    give_up(*walk, why);
}

void Verify::usable_answer() {
    failures_in_a_row_ = 0;
    token_is_new_ = false;
}

void Verify::ask_again(WalkPtr walk) {
    if (walk->probe)
        probe_ = std::move(walk);
    else
        ready_.push_front(std::move(walk));
}

// It may have been renewed; then the first root tells whether it is refused as such.
void Verify::doubt_token(WalkPtr walk, const std::string& why) {
    if (walk->token != token_number_) return ask_again(std::move(walk));
    if (account_.read_token && !token_is_new_) {
        auto token = account_.read_token();
        if (token != account_.token) {
            account_.token = token;
            tokens_.push_back(token);
            ++token_number_;
            token_is_new_ = true;
            account_.transport.set_token(std::move(token));
            return ask_again(std::move(walk));
        }
    }
    if (is_first_root(*walk))
        throw Fatal(ExitCode::token_refused,
                    fmt::format("source {}: the token is refused ({}); create a new one in Asana under Settings, Apps, "
                                "Manage Developer Apps, and put it where the old one stands",
                                name_, why));
    walk->token_refused = true;
    doubt(std::move(walk), why);
}

// Is it this request that fails, or everything? The first root tells; until then nothing else is asked.
void Verify::doubt(WalkPtr walk, const std::string& why) {
    doubts_.push_back({.walk = std::move(walk), .why = why});
    if (std::exchange(probing_, true)) return;
    const auto root = account_.source.roots().front();
    probe_ = std::make_unique<Walk>();
    probe_->probe = true;
    probe_->stream = root.stream;
}

// The account is well. What failed gets one more round, for the failures may have been the end of an outage.
void Verify::settle_doubts() {
    probing_ = false;
    for (auto& [walk, why] : std::exchange(doubts_, {})) {
        if (walk->token_refused) {
            give_up(*walk, why);
            continue;
        }
        walk->doubted = true;
        walk->attempts = 0;
        ready_.push_back(std::move(walk));
    }
}

void Verify::start_over(Walk& walk) {
    walk.offset.clear();
    walk.walked = 0;
    walk.pages = 0;
    walk.offsets.clear();
    walk.seen.clear();
    walk.equal = 0;
    walk.wrong.clear();
}

void Verify::give_up(Walk& walk, const std::string& why) {
    if (list_counted_by(walk.stream) != nullptr) {
        ++compared_.counts_refused;
        return leave(walk);
    }
    auto& comparison = walk.part->comparison;
    ++comparison.not_compared;
    ++compared_.not_compared;
    if (comparison.why.size() < Comparison::kShown)
        comparison.why.push_back(fmt::format("{} {}: {}", stream(walk.stream).name, walk.scope, why));
    leave(walk);
}

void Verify::leave(Walk& walk) {
    walk.part->comparison.equal += walk.equal;
    for (const auto& wrong : walk.wrong) count(*walk.part, wrong.difference, wrong.table, wrong.gid, {});
    repair(walk);
    if (--walk.part->open == 0 && !walk.part->is_stage()) end(*walk.part);
}

// A row of an edge is told apart by its scope.
void Verify::count(Part& part, Difference difference, std::string_view table, std::string_view gid,
                   std::string_view scope) {
    const auto kind = static_cast<std::size_t>(difference);
    const bool first = store_.note(number_of(kDifferenceNames[kind], table, gid, scope));
    if (!first && part.is_stage()) return;
    compared_.found[kind] += first ? 1 : 0;
    auto& comparison = part.comparison;
    ++comparison.found[kind];
    if (comparison.shown[kind].size() < Comparison::kShown) comparison.shown[kind].emplace_back(table, gid);
}

// Its list again, or its rows one by one: what costs less.
void Verify::repair(const Walk& walk) {
    if (walk.wrong.empty() && !walk.names_too_little) return;
    const auto looked_at = [&](const Walk::Wrong& wrong) {
        const auto look = looks_.find(wrong.table);
        return look != looks_.end() && stream(look->second).gives_row;
    };
    if (walk.names_too_little || walk.wrong.size() > walk.pages || !std::ranges::all_of(walk.wrong, looked_at))
        return queue(walk.stream, walk.scope, walk.root);
    for (const auto& wrong : walk.wrong) queue(looks_.find(wrong.table)->second, wrong.gid, walk.root);
}

void Verify::queue(std::uint16_t index, std::string_view scope, std::string_view root, std::string_view said) {
    if (!options_.repair) return;
    const auto& its = stream(index);
    const auto now = clock_.now();
    const store::Work row{.source = name_,
                          .stream = std::string(its.name),
                          .scope = std::string(scope),
                          .root = std::string(root),
                          .recurring = its.kind == source::Kind::recurring,
                          .order_key = its.rank * kRank,
                          .due_at = now};
    if (!store_.in_transaction()) store_.begin();
    if (!store_.queue(row, now + Milliseconds(1))) return;  // it waits already
    if (!said.empty()) store_.say(row, said);
    ++compared_.queued;
}

// Once, however many rows lead to it.
bool Verify::add(std::uint16_t index, std::string scope, std::string root, Part& part) {
    if (others_roots_.contains(root)) return false;
    if (!store_.note(number_of("walk", stream(index).name, scope))) return false;
    ++part.open;
    if (!root.empty()) roots_.insert(root);
    Pending pending{.stream = index, .scope = std::move(scope), .root = std::move(root), .part = &part};
    if (part.is_stage())
        above_.emplace(stream(index).rank, std::move(pending));
    else
        below_.push_back(std::move(pending));
    return true;
}

Verify::Part& Verify::stage_of(std::uint16_t index) {
    auto& part = stages_[stream(index).stage];
    if (!part) {
        part = std::make_unique<Part>();
        part->comparison.stage = stream(index).stage;
    }
    return *part;
}

Verify::Part& Verify::row_of(std::uint16_t index, std::uint16_t table, std::string_view gid) {
    auto& part = parts_[{table, std::string(gid)}];
    if (!part) {
        part = std::make_unique<Part>();
        part->table = table;
        part->comparison.stage = stream(index).stage;
        part->comparison.table = account_.source.tables()[table].name;
        part->comparison.gid = gid;
    }
    return *part;
}

void Verify::end(Part& part) {
    const auto& comparison = part.comparison;
    if (!part.is_stage() || comparison.equal > 0 || !comparison.is_equal()) found_(comparison);
    if (!part.is_stage()) parts_.erase({part.table, comparison.gid});
}

std::uint16_t Verify::index_of(std::string_view name) const { return stream_index_.find(name)->second; }

// None: the stream does not count.
const source::Stream* Verify::list_counted_by(std::uint16_t index) const {
    const auto streams = account_.source.streams();
    const auto list = std::ranges::find(streams, streams[index].name, &source::Stream::counted_by);
    return list != streams.end() ? &*list : nullptr;
}

source::Work Verify::work_of(const Walk& walk) const {
    return {.stream = walk.stream,
            .scope = walk.scope,
            .root = walk.root,
            .offset = walk.offset,
            .limit = walk.limit,
            .walked = walk.walked,
            .wanted = source::in_force(account_.source, wanted_)};
}

bool Verify::is_first_root(const Walk& walk) const { return walk.stream == account_.source.roots().front().stream; }

void Verify::report(const std::function<void(const Progress&)>& watch, bool now) {
    const auto time = clock_.monotonic();
    while (!recent_requests_.empty() && time - recent_requests_.front() > 1min) recent_requests_.pop_front();
    if (!watch || (!now && time - last_report_ < 250ms)) return;
    last_report_ = time;
    progress_.waiting =
        static_cast<std::int64_t>(below_.size() + above_.size() + ready_.size() + held_.size() + in_flight_.size());
    progress_.rate_per_minute = account_.pace.rate_per_minute();
    progress_.used_per_minute = static_cast<double>(recent_requests_.size());
    progress_.in_flight = account_.pace.in_flight();
    progress_.paused = account_.pace.parked_until().value_or(time) > time;
    watch(progress_);
}

}  // namespace taskmirror::engine
