#include "engine/sync.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/log.hpp"
#include "engine/verify.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {
namespace {

http::Budget budget_of(const source::Stream& stream) {
    return stream.budget == source::Budget::search ? http::Budget::search : http::Budget::standard;
}

bool is_fresh(const store::Capability& capability, Instant now) {
    return capability.checked_at <= now && now - capability.checked_at < kCapabilityLife;
}

}  // namespace

bool is_known_as_paid(const source::Source& source, store::Store& store, Instant now) {
    return std::ranges::any_of(store.capabilities(source.name()), [&](const store::Capability& capability) {
        return capability.available && is_fresh(capability, now) &&
               std::ranges::any_of(source.streams(), [&](const source::Stream& stream) {
                   return stream.paid_only && stream.capability == capability.name;
               });
    });
}

Sync::Sync(Account account, store::Store& store, const Clock& clock, const std::atomic<bool>& stop,
           std::function<void(const Progress&)> watch)
    : account_(std::move(account)),
      store_(store),
      clock_(clock),
      stop_(stop),
      watch_(std::move(watch)),
      name_(account_.source.name()),
      counters_(account_.counters != nullptr ? *account_.counters : own_counters_) {
    if (!account_.token.empty()) tokens_.push_back(account_.token);
    const auto streams = account_.source.streams();
    for (const auto& stream : streams)
        is_poll_.push_back(list_of(stream) != nullptr || (stream.lags && stream.watermark));
    for (std::size_t i = 0; i < streams.size(); ++i)
        stream_index_.emplace(streams[i].name, static_cast<std::uint16_t>(i));
    for (auto& capability : store_.capabilities(name_)) capabilities_[{capability.scope, capability.name}] = capability;
    for (auto& change : store_.api_changes(name_)) api_changes_.emplace(change.name, change);
    if (is_known_as_paid(account_.source, store_, clock_.now())) account_.pace.plan_is_paid();
    if (const auto table = account_.source.filtered(); !table.empty())
        for (auto& gid : store_.gids_after(table, "", std::numeric_limits<std::int64_t>::max()))
            wanted_.insert(std::move(gid));
    store_.begin_requests(name_);
}

Sync::~Sync() = default;

void Sync::start() {
    run_began_ = stage_began_ = clock_.monotonic();
    check_redaction_key();
    open_group();
    begin_pass(false);
    load_polls();
    commit_group();
    note_stage();
}

Ended Sync::run(const Limits& limits) {
    start();
    while (step(limits, 1min)) {
    }
    return finish();
}

// False: it is over.
bool Sync::step(const Limits& limits, Milliseconds at_most) {
    try {
        const bool stopping = !may_send(limits);
        share_polls();
        const auto more_at = stopping ? std::nullopt : send_what_may_be_sent(limits);
        report(false);
        if (in_flight_.empty() && (stopping || (is_idle() && !anything_due()))) return false;
        if (stopping && !drain_until_) {
            drain_until_ = clock_.monotonic() + kDrain;
            log::info("stopping, waiting for {} requests, {} s at most", in_flight_.size(), kDrain.count());
        }
        if (drain_until_ && clock_.monotonic() > *drain_until_) return false;
        receive(std::min(at_most, wait_time(more_at)));
        return true;
    } catch (const Fatal& fatal) {
        keep_what_is_whole(fatal);
        throw;
    }
}

Ended Sync::finish() {
    open_group();
    const bool complete = store_.backlog(name_, pass_).empty();
    if (complete) end_pass();
    commit_group();
    note_stage();
    report(true);
    if (complete) store_.build_indexes();
    if (complete) rewrite();
    return complete ? Ended::complete : Ended::with_work_left;
}

void Sync::serve() {
    serving_ = true;
    start();
}

void Sync::turn(Milliseconds at_most) {
    try {
        const auto time = clock_.monotonic();
        const bool went_back = clock_.now() + kWrongClock < latest_;
        if (went_back) latest_ = clock_.now();  // the new pass dates again what a wrong clock has dated
        if (went_back || now() - pass_ >= std::max<Milliseconds>(account_.periods.relist, 1min)) {
            open_group();
            begin_pass(true);
            commit_group();
        }
        share_polls();
        const auto more_at = send_what_may_be_sent({});
        report(false);
        if (pass_is_open_ && time - looked_at_ >= 1s) {
            looked_at_ = time;
            if (is_walked()) {
                open_group();
                end_pass();
                commit_group();
                store_.build_indexes();
                rewrite();
            }
        }
        const auto wait = wait_time(more_at);
        ready_at_ = clock_.monotonic() + wait;
        receive(std::min(at_most, wait));
    } catch (const Fatal& fatal) {
        keep_what_is_whole(fatal);
        throw;
    }
}

void Sync::drain(Monotonic until) {
    try {
        while (!in_flight_.empty() && clock_.monotonic() < until)
            receive(std::chrono::ceil<Milliseconds>(until - clock_.monotonic()));
    } catch (const Fatal& fatal) {
        keep_what_is_whole(fatal);
        throw;
    }
    commit_group();
}

bool Sync::has_requests() const { return !in_flight_.empty() || (guest_ != nullptr && guest_->has_requests()); }

// What came back whole is kept, unless it is the database that failed.
void Sync::keep_what_is_whole(const Fatal& fatal) {
    if (store_.in_transaction() && fatal.code() != ExitCode::disk && fatal.code() != ExitCode::corrupt) commit_group();
}

void Sync::receive(Milliseconds at_most) {
    for (auto& response : account_.transport.wait(at_most)) {
        if (!Verify::owns(response)) {
            if (piece_arrived(response)) continue;
            answered(std::move(response));
            note_stage();
        } else if (guest_ != nullptr) {
            guest_->answered(std::move(response));
        }
    }
    if (!store_.in_transaction()) {  // another account has committed, or there was nothing
        group_began_.reset();
        pages_in_group_ = 0;
        return;
    }
    const auto now = clock_.monotonic();
    if (!group_began_) group_began_ = now;  // by somebody else, who may be gone before it ends
    if (pages_in_group_ >= kPagesPerCommit || now - *group_began_ >= kCommitEvery) commit_group();
}

// Nothing is under way.
bool Sync::is_idle() const {
    return held_.empty() && !probing_ && downloads_.empty() &&
           std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.ready.empty(); });
}

bool Sync::anything_due() {
    const auto refilled = [&] {
        for (std::size_t lane = 0; lane < kClasses; ++lane) {
            lanes_[lane].picked.clear();
            if (refill(static_cast<Class>(lane))) return true;
        }
        return false;
    };
    if (refilled()) return true;
    if (second_round_) return false;
    // What failed for no lasting reason, and long enough ago, gets one more chance.
    second_round_ = true;
    due_at_ = now();
    return refilled();
}

// Nothing that the pass of a daemon began with, or that it opened, is due any more.
bool Sync::is_walked() const {
    const auto is_due = [&](const source::FollowUp& root) {
        const auto row = store_.work(name_, account_.source.streams()[root.stream].name, root.scope);
        return row && row->due_at;
    };
    return std::ranges::none_of(account_.source.roots(), is_due) &&
           store_.due(name_, due_at_, 1, {.from = kClass}).empty();
}

void Sync::end_pass() {
    heal_abandoned_gaps();
    store_.set_fact(name_ + ".pass_ended_at", iso(now()));
    pass_is_open_ = false;
    account_.deletions.accepted = false;
    if (serving_)
        log::info("pass done source={} requests={} rows_written={} gaps={}", name_, progress_.requests,
                  progress_.rows_written, store_.open_gaps(name_).size());
}

void Sync::accept_deletions() {
    account_.deletions.accepted = true;
    open_group();
    begin_pass(true);
    commit_group();
}

// Goes on with the pass that was cut off, or begins a new one. What an earlier one left is due in any case.
void Sync::begin_pass(bool anew) {
    pass_ = now();
    pass_is_open_ = true;
    refused_roots_.clear();
    gaps_told_ = 0;
    stage_rank_ = 0;
    const auto began = instant(".pass_began_at");
    const auto ended = instant(".pass_ended_at");
    const auto dated = instant(".dated_at");
    if (dated == pass_) latest_ = pass_ += Milliseconds(1);  // what was done a moment ago was done before
    if (dated > pass_) {
        store_.clock_went_back(name_, pass_);
        if (ended >= pass_) store_.set_fact(name_ + ".pass_ended_at", iso(pass_ - Milliseconds(1)));
    }
    due_at_ = pass_;
    const auto streams = account_.source.streams();
    const auto opens = account_.source.fingerprint();
    const bool same = store_.fact(name_ + ".pass_opens") == opens;
    if (!same) {
        store_.drop_work(name_);  // what is queued was opened for another configuration
        for (const auto& stream : streams)
            if (stream.off)
                for (const auto& row : store_.with_cursor(name_, stream.name)) store_.forget(row);
    }
    if (!anew && same && began && (!ended || *ended < *began)) {
        pass_ = std::min(pass_, *began);
        log::info("sync continues source={} pass={}", name_, iso(pass_));
    } else {
        serving_ ? log::debug("pass begins source={}", name_) : log::info("sync begins source={}", name_);
        for (std::size_t i = 0; i < is_poll_.size(); ++i)
            if (!serving_ && is_poll_[i]) store_.make_cursors_due(name_, streams[i].name, pass_);
    }
    store_.set_fact(name_ + ".pass_began_at", iso(pass_));
    store_.set_fact(name_ + ".pass_opens", opens);

    for (const auto& gap : store_.open_gaps(name_)) {
        const auto stream = stream_index_.find(gap.stream);
        if (stream == stream_index_.end()) continue;
        const bool held = gap.message.starts_with(kHeld);
        if (held ? !account_.deletions.accepted : !streams[stream->second].essential) continue;
        auto row = store_.work(name_, gap.stream, gap.scope);
        if (!row || !row->due_at) continue;  // not asked for any more
        row->attempts = 0;
        row->due_at = pass_;
        store_.save(*row);
    }
    note_redactions();
    release_forgotten();
    cast_nets();
    rotate();
    if (serving_) note_polls_without_search();
    backlog_ = store_.backlog(name_, pass_);
    for (const auto& [key, walk] : active_) {  // each is counted until it is left
        const auto row = store_.work(name_, walk->row.stream, walk->row.scope);
        if (!row || !row->due_at || *row->due_at > pass_) ++backlog_[walk->row.stream];
    }
    for (const auto& root : account_.source.roots()) {
        auto row = row_of(streams[root.stream], root.scope, root.root, Class::fresh, root.order);
        row.due_at = pass_;
        // Each sync asks whose token it is, also when it continues a pass.
        if (store_.queue(row, now())) ++backlog_[row.stream];
    }
}

// What was not asked for in this pass and will not be asked for is not missing.
void Sync::heal_abandoned_gaps() {
    for (const auto& gap : store_.open_gaps(name_)) {
        const auto waits = [&](const source::Stream& stream) {
            if (stream.name != gap.stream && stream.token_stream != gap.stream) return false;
            const auto row = store_.work(name_, stream.name, gap.scope);
            return row && row->due_at;
        };
        if (gap.seen_at < pass_ && std::ranges::none_of(account_.source.streams(), waits))
            store_.heal_gap(name_, gap.stream, gap.scope, now());
    }
}

std::optional<Instant> Sync::instant(std::string_view fact) const {
    const auto text = store_.fact(fmt::format("{}{}", name_, fact));
    return text ? parse_iso(*text) : std::nullopt;
}

// The time of day, as work is dated by: it does not go back while a sync runs; a daemon's does, with a new pass.
Instant Sync::now() { return latest_ = std::max(latest_, clock_.now()); }

// When work is due that is asked for now: with this pass, or, by a daemon, at once.
Instant Sync::due_now() { return serving_ ? now() : pass_; }

bool Sync::may_send(const Limits& limits) const {
    if (stop_.load()) return false;
    if (limits.time && clock_.monotonic() - run_began_ >= *limits.time) return false;
    return !limits.requests || progress_.requests < *limits.requests;
}

// When more can be sent. None: not before an answer has come.
std::optional<Monotonic> Sync::send_what_may_be_sent(const Limits& limits) {
    while (may_send(limits)) {
        const auto now = clock_.monotonic();
        const auto at = account_.pace.next(http::Budget::standard, now);
        if (!at || *at > now) return at;
        if (send_next()) continue;
        const auto retry = next_retry();
        auto poll = probing_ ? std::nullopt : polls_.next_at(now);
        if (poll && *poll <= now) poll.reset();  // it cannot go before an answer has come
        return retry && poll ? std::min(retry, poll) : retry ? retry : poll;
    }
    return std::nullopt;
}

std::optional<Monotonic> Sync::next_retry() const {
    if (probing_) return probe_ ? std::optional(probe_->not_before) : std::nullopt;
    std::optional<Monotonic> first;
    for (const auto& held : held_) first = std::min(first.value_or(held->not_before), held->not_before);
    return first;
}

// The classes take turns. False: there is nothing to ask for now.
bool Sync::send_next() {
    const auto now = clock_.monotonic();
    if (probing_) {
        if (!probe_ || probe_->not_before > now) return false;
        send(std::move(probe_));
        return true;
    }
    for (std::size_t i = 0; i < held_.size();) {
        if (held_[i]->not_before > now) {
            ++i;
            continue;
        }
        std::swap(held_[i], held_.back());
        make_ready_first(std::move(held_.back()));
        held_.pop_back();
    }
    if (!user_known_) {
        auto walk = who_am_i();
        if (!walk) return false;
        send(std::move(walk));
        return true;
    }
    for (const auto lane : shares_.order()) {
        while (auto walk = next_of(lane)) {
            const auto its = account_.pace.next(budget_of(stream_of(*walk)), now);
            if (its && *its <= now) {
                shares_.served(lane);
                send(std::move(walk));
                return true;
            }
            walk->not_before = its.value_or(now);  // searches have a pace of their own, and others need not wait for it
            held_.push_back(std::move(walk));
        }
        if (lane == Class::reconcile && guest_sends()) {
            shares_.served(lane);
            return true;
        }
        shares_.idle(lane);
    }
    return false;
}

bool Sync::guest_sends() {
    if (guest_ == nullptr || guest_->is_over()) return false;
    const auto before = guest_->progress().requests;
    guest_->send(1);
    return guest_->progress().requests > before;
}

// A walk that is under way before a new one, for its offset lives 15 minutes; what an event told before the next poll,
// but polls that are overdue take turns with it: much may change at once.
Sync::WalkPtr Sync::next_of(Class lane) {
    auto& ready = lanes_[static_cast<std::size_t>(lane)].ready;
    while (!ready.empty()) {
        auto walk = std::move(ready.front());
        ready.pop_front();
        if (prepare(*walk)) return walk;
    }
    // One request tells whether a workspace has the feature; the others wait for its answer.
    while (curious_.size() < kMostCurious) {
        const bool turn = lane == Class::fresh && !polled_ && polls_.is_overdue(clock_.monotonic());
        auto walk = turn ? pick_poll() : nullptr;
        if (lane == Class::fresh) polled_ = walk != nullptr;
        if (!walk) walk = pick(lane);
        if (!walk && lane == Class::fresh) walk = pick_poll();
        if (!walk) break;
        if (!prepare(*walk)) continue;
        if (const auto feature = unknown_feature(*walk); !feature || !asked_.contains(*feature)) return walk;
        curious_.push_back(std::move(walk));
    }
    return nullptr;
}

void Sync::make_ready(WalkPtr walk) {
    auto& lane = lanes_[static_cast<std::size_t>(class_of(walk->row))];
    lane.ready.push_back(std::move(walk));
}

void Sync::make_ready_first(WalkPtr walk) {
    auto& lane = lanes_[static_cast<std::size_t>(class_of(walk->row))];
    lane.ready.push_front(std::move(walk));
}

// What is known of a feature, if that is not too old.
const store::Capability* Sync::known_feature(std::string_view root, std::string_view name) const {
    const auto found = capabilities_.find({std::string(root), std::string(name)});
    return found != capabilities_.end() && is_fresh(found->second, clock_.now()) ? &found->second : nullptr;
}

std::optional<std::pair<std::string, std::string>> Sync::unknown_feature(const Walk& walk) const {
    const auto name = stream_of(walk).capability;
    if (name.empty() || known_feature(walk.row.root, name) != nullptr) return std::nullopt;
    return std::pair(walk.row.root, std::string(name));
}

// Whose token it is. Until that has been answered no list would prove that anything is gone, so it goes before all.
Sync::WalkPtr Sync::who_am_i() {
    auto& ready = lanes_[static_cast<std::size_t>(Class::fresh)].ready;
    const auto held = std::ranges::find_if(ready, [&](const WalkPtr& walk) { return is_first_root(*walk); });
    if (held != ready.end()) {
        auto walk = std::move(*held);
        ready.erase(held);
        prepare(*walk);
        return walk;
    }
    const auto root = account_.source.roots().front();
    auto row = store_.work(name_, account_.source.streams()[root.stream].name, root.scope);
    return !row || active_.contains(key_of(*row)) ? nullptr : begin_walk(std::move(*row));
}

Sync::WalkPtr Sync::begin_walk(store::Work row) {
    auto walk = std::make_unique<Walk>();
    walk->stream = stream_index_.find(row.stream)->second;
    walk->row = std::move(row);
    walk->whole = walk->row.resume.empty();
    walk->began = now();
    active_.emplace(key_of(walk->row), walk.get());
    return walk;
}

// The next row of the queue. It was read ahead: what has happened to it since is looked up.
Sync::WalkPtr Sync::pick(Class lane) {
    auto& picked = lanes_[static_cast<std::size_t>(lane)].picked;
    for (bool refilled = false;;) {
        while (!picked.empty()) {
            const auto ahead = std::move(picked.front());
            picked.pop_front();
            if (active_.contains(key_of(ahead))) continue;
            auto row = store_.work(name_, ahead.stream, ahead.scope);
            if (!row || !row->due_at || *row->due_at > due_at_) continue;
            const auto stream = stream_index_.find(row->stream);
            if (stream == stream_index_.end()) {  // of another version of the program
                open_group();
                store_.drop_work(name_, row->stream);
                continue;
            }
            const auto& its = account_.source.streams()[stream->second];
            if (waits_for_search(its, *row) || waits_for_lists(*row) || waits_for_first_answer(its, *row)) continue;
            if (its.exports && waits_for_token(its, row->root)) continue;
            if (lane == Class::fresh && comes_after(its, row->scope)) continue;
            if (!its.not_beside.empty() && active_.contains(fmt::format("{} {}", its.not_beside, row->scope))) continue;
            auto walk = begin_walk(std::move(*row));
            if (!serving_ && walk->row.due_at > pass_) ++backlog_[walk->row.stream];  // its time has come since
            return walk;
        }
        if (refilled) return nullptr;
        refilled = true;
        refill(lane);
    }
}

// What was told of the same object is asked for first: its answer may ask for this again. And by a sync, which begins
// with asking for all events, those: several streams may tell of one object. Their ranks are before those of looks, or
// due() would give looks alone. Lists of what was modified tell of nothing that has to be looked at.
bool Sync::comes_after(const source::Stream& stream, std::string_view scope) {
    const bool looks = stream.kind == source::Kind::one_off && !stream.looks_at.empty();
    if (in_flight_.empty() || (stream.after.empty() && !looks)) return false;
    if (!serving_ && events_are_left()) return true;
    if (stream.after.empty()) return false;
    const auto before = store_.work(name_, stream.after, scope);
    return before && (!before->due_at || *before->due_at <= due_at_);
}

bool Sync::events_are_left() const {
    return std::ranges::any_of(backlog_, [&](const auto& left) {
        const auto found = stream_index_.find(left.first);
        return left.second > 0 && found != stream_index_.end() && is_poll_[found->second] &&
               !account_.source.streams()[found->second].watermark;
    });
}

// False: nothing is due.
bool Sync::refill(Class lane) {
    if (serving_) due_at_ = now();
    auto& picked = lanes_[static_cast<std::size_t>(lane)].picked;
    const auto from = static_cast<std::int64_t>(lane) * kClass;
    for (auto& row : store_.due(name_, due_at_, active_.size() + kPickAhead, {.from = from, .below = from + kClass}))
        if (!active_.contains(key_of(row))) picked.push_back(std::move(row));
    return !picked.empty();
}

// The stream of changes that is worth most.
Sync::WalkPtr Sync::pick_poll() {
    while (const auto key = polls_.next(clock_.monotonic())) {
        const auto space = key->find(' ');
        auto row = store_.work(name_, key->substr(0, space), key->substr(space + 1));
        if (!row || row->cursor.empty()) {
            polls_.remove(*key);
            continue;
        }
        if (active_.contains(*key)) continue;  // it is polled already
        auto walk = begin_walk(std::move(*row));
        ++backlog_[walk->row.stream];
        return walk;
    }
    return nullptr;
}

void Sync::load_polls() {
    // A sync asks all of them when it begins; one that takes long asks again.
    polls_ = Polls(serving_ ? account_.polls : PollOptions{.shortest = kPollAgain});
    for (std::size_t i = 0; i < is_poll_.size(); ++i) {
        if (!is_poll_[i]) continue;
        for (const auto& row : store_.with_cursor(name_, account_.source.streams()[i].name)) note_poll(row);
    }
}

// A stream of changes that can be polled, or not any more.
void Sync::note_poll(const store::Work& row) {
    const auto key = key_of(row);
    if (row.cursor.empty() || is_told_by_search(row)) return polls_.remove(key);
    const auto time = clock_.monotonic();
    auto last = time;
    if (serving_ && !row.last_done_at) last = Monotonic::min();
    if (serving_ && row.last_done_at) last = time - std::max(Milliseconds(0), now() - *row.last_done_at);
    polls_.put(key, {.changes = row.changes, .exposure = row.exposure}, last);
}

// A poll is complete: what it found tells how often its stream changes.
void Sync::learn(Walk& walk) {
    const auto time = now();
    Rate rate{.changes = walk.row.changes, .exposure = walk.row.exposure};
    if (walk.row.last_done_at && *walk.row.last_done_at > store::kOutdated && *walk.row.last_done_at < time)
        rate.observe(walk.found, std::chrono::duration<double>(time - *walk.row.last_done_at).count());
    walk.row.changes = rate.changes;
    walk.row.exposure = rate.exposure;
    walk.row.last_done_at = time;
    note_poll(walk.row);
}

// How much of the rate goes to polls: enough to ask each stream within max_staleness, for which two rounds of all must
// fit into it; a fifth at least, all at most. Until the first load is complete a fifth is all that they get.
void Sync::share_polls() {
    const double rate = account_.pace.rate_per_minute();
    const double least = kLeastForPolls * rate;
    const double minutes = std::chrono::duration<double, std::ratio<60>>(account_.polls.max_staleness).count();
    const double needed = 2 * static_cast<double>(polls_.size()) / minutes;
    polls_.set_rate(store_.has_indexes() ? std::clamp(needed, least, rate) : least);
}

// Settles what needs no request. False: the walk is over.
bool Sync::prepare(Walk& walk) {
    auto& row = walk.row;
    const auto time = now();
    if (std::exchange(walk.overtaken, false)) start_over(walk);
    if (!row.resume.empty() && (!row.resumed_at || time - *row.resumed_at > kOffsetLife)) start_over(walk);
    if (!row.resume.empty()) return true;
    if (!account_.source.filtered().empty() && !hangs_on_a_row(walk)) {  // an event may tell of what is not wanted
        open_group();
        store_.forget(row);
        store_.heal_gap(name_, row.stream, row.scope, time);
        leave(walk);
        return false;
    }
    if (refused_roots_.contains(row.root)) {
        end_in_gap(walk, 401, "the token is refused for this workspace", kLookAgain);
        return false;
    }
    if (others_roots_.contains(row.root)) {
        open_group();
        store_.forget(row);
        store_.heal_gap(name_, row.stream, row.scope, time);
        leave(walk);
        return false;
    }
    if (lost_roots_.contains(row.root)) {
        skip(walk);
        return false;
    }
    const auto* feature = known_feature(row.root, stream_of(walk).capability);
    if ((feature != nullptr && !feature->available) || is_told_by_search(row)) {
        skip(walk);
        return false;
    }
    const auto token_stream = stream_of(walk).token_stream;
    walk.taking_token = false;
    if (takes_token(walk)) {
        const auto token = store_.work(name_, token_stream, row.scope);
        const bool good = token && (!token->cursor.empty() || (!token->pending_cursor.empty() && token->pending_at &&
                                                               time - *token->pending_at < kPendingTokenLife));
        walk.taking_token = !good;
    }
    return !stream_of(walk).exports || walk.taking_token || goes_on_with_export(walk);
}

// Whether the list needs a token before its first page.
bool Sync::takes_token(const Walk& walk) {
    const auto name = stream_of(walk).token_stream;
    if (name.empty() || walk.without_token) return false;
    const auto& tokens = stream_named(name);
    if (tokens.watermark || is_replaced(tokens, walk.row.root)) return false;
    const auto found = capabilities_.find({walk.row.root, std::string(tokens.capability)});
    return tokens.capability.empty() || found == capabilities_.end() || found->second.available ||
           !is_fresh(found->second, clock_.now());
}

// Another stream of the workspace tells all that this one would.
bool Sync::is_replaced(const source::Stream& tokens, std::string_view root) {
    if (tokens.replaced_by.empty()) return false;
    const auto row = store_.work(name_, tokens.replaced_by, root);
    return row && (!row->cursor.empty() || !row->pending_cursor.empty());
}

// All that the poll had to tell has been told, for it began after the other stream was in use.
bool Sync::has_been_replaced(const Walk& walk) {
    const auto& tokens = stream_of(walk);
    if (tokens.replaced_by.empty()) return false;
    const auto row = store_.work(name_, tokens.replaced_by, walk.row.root);
    return row && !row->cursor.empty() && row->last_done_at && *row->last_done_at < walk.began;
}

void Sync::send(WalkPtr walk) {
    std::string target, json;
    try {
        target = account_.source.target(work_of(*walk));
        json = account_.source.body(work_of(*walk));
    } catch (const Error& error) {
        return give_up(std::move(walk), std::nullopt, error.what(), kLookAgain);
    }
    const auto now = clock_.monotonic();
    account_.pace.sent(budget_of(stream_of(*walk)), now);
    ++progress_.requests;
    recent_requests_.push_back(now);
    if (const auto feature = unknown_feature(*walk)) asked_.insert(*feature);
    walk->token = token_number_;
    const auto number = ++last_request_;
    in_flight_.emplace(number, std::move(walk));
    json.empty() ? account_.transport.get(number, target) : account_.transport.post(number, target, json);
}

Milliseconds Sync::wait_time(std::optional<Monotonic> more_at) const {
    const auto now = clock_.monotonic();
    // Progress is shown, limits are looked at; a daemon's caller says how long it may wait.
    auto until = now + (serving_ ? Milliseconds(1min) : Milliseconds(500));
    if (more_at) until = std::min(until, *more_at);
    if (store_.in_transaction() && group_began_) until = std::min(until, *group_began_ + kCommitEvery);
    return std::max(Milliseconds{0}, std::chrono::ceil<Milliseconds>(until - now));
}

void Sync::open_group() {
    if (store_.in_transaction()) return;
    store_.begin();
    group_began_ = clock_.monotonic();
}

void Sync::commit_group() {
    group_began_.reset();
    pages_in_group_ = 0;
    if (!store_.in_transaction()) return;
    store_.set_fact(name_ + ".dated_at", iso(now()));
    if (clock_.monotonic() - noted_at_ >= kNoteEvery) note_state();
    const auto began = clock_.monotonic();
    store_.commit();
    counters_.commits.add(std::chrono::duration<double>(clock_.monotonic() - began).count());
    counters_.committed_at = clock_.now();
}

// Work comes to a daemon from many sides, so it asks the queue how much there is.
void Sync::count_waiting() {
    progress_.waiting = 0;
    for (const auto& [stream, count] : store_.backlog(name_, now())) progress_.waiting += count;
}

// What status shows of the account, beside the queue.
void Sync::note_state() {
    noted_at_ = clock_.monotonic();
    const auto note = [&](std::string_view fact, const std::string& value) {
        store_.set_fact(fmt::format("{}.{}", name_, fact), value);
    };
    note("rate_per_minute", fmt::format("{:.0f}", progress_.rate_per_minute));
    note("used_per_minute", fmt::format("{:.0f}", progress_.used_per_minute));
    note("limit_per_minute", fmt::format("{}", account_.pace.limit_per_minute()));
    const auto pause = account_.pace.parked_until().value_or(noted_at_) - noted_at_;
    note("paused_until", pause > 0s ? iso(now() + std::chrono::ceil<Milliseconds>(pause)) : "");
    if (answered_ && store_.fact(name_ + ".state") != "ok") {
        note("state", "ok");
        note("state_since", iso(now()));
    }
    if (progress_.clock_ahead) note("clock_ahead_s", fmt::format("{}", progress_.clock_ahead->count()));
    if (!serving_) return;
    count_waiting();
    note("deadline_s", fmt::format("{:.0f}", std::chrono::duration<double>(polls_.deadline()).count()));
    note("deadline_binds", polls_.deadline_is_round_robin() ? "round robin" : "max_staleness");
}

source::Work Sync::work_of(const Walk& walk) const {
    const auto& row = walk.row;
    auto stream = walk.stream;
    if (walk.taking_token) stream = stream_index_.find(stream_of(walk).token_stream)->second;
    return {.stream = stream,
            .scope = row.scope,
            .root = row.root,
            .offset = row.resume,
            .cursor = walk.taking_token ? std::string_view() : std::string_view(row.cursor),
            .limit = walk.limit,
            .walked = row.walked,
            .wanted = source::in_force(account_.source, wanted_)};
}

store::Work Sync::row_of(const source::Stream& stream, std::string_view scope, std::string_view root, Class lane,
                         std::int64_t order) const {
    store::Work row;
    row.source = name_;
    row.stream = stream.name;
    row.scope = scope;
    row.root = root;
    row.recurring = stream.kind == source::Kind::recurring;
    row.order_key = static_cast<std::int64_t>(lane) * kClass + stream.rank * kRank + order;
    return row;
}

// The list that a token belongs to.
const source::Stream* Sync::list_of(const source::Stream& token_stream) const {
    const auto streams = account_.source.streams();
    const auto list = std::ranges::find_if(streams, [&](const source::Stream& stream) {
        return stream.token_stream == token_stream.name && !stream.exports;
    });
    return list != streams.end() ? &*list : nullptr;
}

const source::Stream& Sync::stream_of(const Walk& walk) const { return account_.source.streams()[walk.stream]; }

const source::Stream& Sync::stream_named(std::string_view name) const {
    return account_.source.streams()[stream_index_.find(name)->second];
}

bool Sync::is_first_root(const Walk& walk) const { return walk.stream == account_.source.roots().front().stream; }

std::string Sync::describe(const Walk& walk) {
    return walk.row.scope.empty() ? walk.row.stream : walk.row.stream + " " + walk.row.scope;
}

void Sync::report(bool now) {
    const auto time = clock_.monotonic();
    while (!recent_requests_.empty() && time - recent_requests_.front() > 1min) recent_requests_.pop_front();
    if (!now && time - last_report_ < 250ms) return;
    last_report_ = time;

    if (!serving_) {
        progress_.waiting = 0;
        for (const auto& [stream, count] : backlog_) progress_.waiting += count;
    }
    progress_.rate_per_minute = account_.pace.rate_per_minute();
    // Over ten seconds at least: the first requests are no rate yet.
    const std::chrono::duration<double> window = std::clamp<Monotonic::duration>(time - run_began_, 10s, 1min);
    progress_.used_per_minute = static_cast<double>(recent_requests_.size()) / window.count() * 60;
    progress_.in_flight = account_.pace.in_flight();
    progress_.paused = account_.pace.parked_until().value_or(time) > time;
    const double minutes = static_cast<double>(progress_.waiting) / std::max(progress_.rate_per_minute, 1.0);
    progress_.left = std::chrono::seconds(static_cast<std::int64_t>(minutes * 60));
    if (watch_) watch_(progress_);
}

// The stage is that of the earliest work that is left.
void Sync::note_stage() {
    const source::Stream* first = nullptr;
    for (const auto& [name, count] : backlog_) {
        const auto index = stream_index_.find(name);
        if (count <= 0 || index == stream_index_.end()) continue;
        const auto& stream = account_.source.streams()[index->second];
        // Follow-up work of an earlier stage does not bring that stage back.
        if (stream.rank < stage_rank_) continue;
        if (first == nullptr || stream.rank < first->rank) first = &stream;
    }
    const std::string_view stage = first != nullptr ? first->stage : std::string_view();
    if (stage == progress_.stage) return;
    const auto now = clock_.monotonic();
    if (!progress_.stage.empty() && !serving_)
        log::info("stage done name=\"{}\" seconds={:.1f}", progress_.stage,
                  std::chrono::duration<double>(now - stage_began_).count());
    progress_.stage = stage;
    if (first != nullptr) stage_rank_ = first->rank;
    stage_began_ = now;
}

}  // namespace taskmirror::engine
