// What comes back: an answer becomes rows, a pause, a gap, or the end.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/log.hpp"
#include "core/text.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {

void Sync::answered(http::Response response) {
    const auto found = in_flight_.find(response.id);
    if (found == in_flight_.end()) return;
    auto walk = std::move(found->second);
    in_flight_.erase(found);
    if (const auto feature = stream_of(*walk).capability; !feature.empty()) {
        asked_.erase({walk->row.root, std::string(feature)});
        std::erase_if(curious_, [&](WalkPtr& waiting) {
            if (waiting->row.root != walk->row.root || stream_of(*waiting).capability != feature) return false;
            make_ready(std::move(waiting));
            return true;
        });
    }

    const auto now = clock_.monotonic();
    const bool arrived = response.failure == http::Failure::none;
    account_.pace.answered(http::Budget::standard, now, response.duration,
                           arrived && response.status < 500 && response.status != 429);
    count_answer(*walk, response);
    log::debug("answer stream={} scope={} status={} ms={} bytes={} {}", walk->row.stream, walk->row.scope,
               response.status, response.duration.count(), response.wire_bytes, response.message);
    if (!arrived) return try_again(std::move(walk), std::nullopt, response.message);

    const auto work = work_of(*walk);
    note_api_changes(work, response);
    const auto pause = http::parse_retry_after(response.header("retry-after"), clock_.now());
    const auto verdict = account_.source.classify(
        work, {.status = response.status, .content_type = response.header("content-type"), .body = response.body});
    const auto why = [&] {
        // A server may repeat what it was sent.
        const auto reason = shortened(without_secrets(account_.source.reason(response.body), tokens_), kLongestReason);
        return fmt::format("status {}{}{}", response.status, reason.empty() ? "" : ": ", reason);
    };
    using enum source::Verdict;
    const bool says_no = verdict == capability_off || verdict == hidden || verdict == refused;
    if (says_no || verdict == restart) usable_answer();
    if (says_no && walk->probe) return settle_doubts();
    if ((says_no || verdict == page || verdict == token) && forgotten_.erase(key_of(walk->row)) > 0)
        return leave(*walk);
    if (walk->overtaken && !walk->taking_token && (says_no || verdict == page)) return ask_again(std::move(walk));
    // It went with the token before, and what it does not show may be there for this one's user.
    if (!user_known_ && !is_first_root(*walk) && (says_no || verdict == page)) return ask_again(std::move(walk));
    // Who asks for a rest gets it.
    if (pause && (verdict == retry || verdict == shrink)) account_.pace.pause(now, *pause);
    switch (verdict) {
        case page:
            if (walk->taking_token) return keep_token(std::move(walk), response);
            return read_page(std::move(walk), response);
        case token:
            return walk->taking_token ? keep_token(std::move(walk), response) : expired(std::move(walk), response);
        case throttled:
            if (response.status == 429) ++progress_.rate_limited;
            failures_in_a_row_ = 0;
            account_.pace.throttled(now, pause);
            ask_again(std::move(walk));
            open_group();
            note_state();  // at once: there may be nothing else to store until the pause ends
            return;
        case busy:
            usable_answer();
            return ask_later(std::move(walk));
        case shrink:
            // An offset belongs to its page size, so the walk begins again.
            if (walk->attempts > 0 && walk->limit != kSmallestPage) {
                walk->limit = std::max(kSmallestPage, (walk->limit > 0 ? walk->limit : kFullPage) / 2);
                walk->attempts = 0;
                start_over(*walk);
            }
            return try_again(std::move(walk), response.status, why());
        case retry:
            return try_again(std::move(walk), response.status,
                             response.status == 200 ? "status 200 with a body that is not JSON" : why());
        case restart:
            if (++walk->restarts > kRestarts) return give_up(std::move(walk), response.status, why(), kTryAgain);
            start_over(*walk);
            make_ready(std::move(walk));
            return;
        case unauthorized:
            if (response.id < token_since_) return ask_again(std::move(walk));  // it went with the token before
            return doubt_token(std::move(walk), why());
        case capability_off:
            if (is_optional_token(*walk)) return token_off(std::move(walk));
            if (!walk->taking_token && !stream_of(*walk).capability.empty()) return feature_off(*walk);
            [[fallthrough]];  // a part of the mirror, not a feature
        case hidden:
            if (is_optional_token(*walk)) return token_off(std::move(walk));
            // Only what is refused is: a plan that lacks it proves nothing.
            if (verdict == hidden && !stream_of(*walk).looks_at.empty())
                return gone(std::move(walk), response.id, response.status, why());
            if (verdict == hidden && !walk->row.cursor.empty() && !stream_of(*walk).looked_at_by.empty())
                return forget_token(*walk);
            if (verdict == hidden && !walk->taking_token && !stream_of(*walk).token_stream.empty())
                look_at_scope(*walk);
            if (verdict == hidden && !stream_of(*walk).rotates.empty())
                return owner_hidden(std::move(walk), response.status, why());
            [[fallthrough]];
        case refused:
            return give_up(std::move(walk), response.status, why(), kLookAgain);
        case blocked:
            blocked_ = true;
            throw Fatal(ExitCode::unavailable,
                        fmt::format("source {}: {}: the server refuses this address for legal reasons{}", name_, why(),
                                    serving_ ? "" : "; nothing is asked until you start a sync again"));
    }
}

void Sync::read_page(WalkPtr walk, const http::Response& response) {
    const std::hash<std::string> hash;
    try {
        account_.source.read(work_of(*walk), response.body, answer_);
        if (answer_.next && (*answer_.next == walk->row.resume || walk->offsets.contains(hash(*answer_.next))))
            throw Error("next_page: the same offset came twice");
        if (answer_.more && (!answer_.token || *answer_.token == walk->row.cursor))
            throw Error("sync: more events, and no other token");
        if ((answer_.next || answer_.more) && ++walk->pages == kMostPages)
            throw Error(fmt::format("comes without end, {} pages so far", kMostPages));
    } catch (const Error& error) {
        return try_again(std::move(walk), response.status, unusable(error));
    }
    usable_answer();
    if (walk->probe) return settle_doubts();
    if (answer_.job) return job_answered(std::move(walk), response);
    if (walk->row.resume.empty()) {
        const auto date = parse_http_date(response.header("date"));
        if (date) progress_.clock_ahead = std::chrono::round<std::chrono::seconds>(clock_.now() - *date);
        walk->watermark = date.value_or(clock_.now()) - response.duration - kOverlap;
    }
    store_page(*walk, response.id);
    if (answer_.next || answer_.more) {
        if (answer_.next) walk->offsets.insert(hash(*answer_.next));
        walk->attempts = 0;
        make_ready(std::move(walk));
    } else {
        leave(*walk);
    }
}

// Rows, follow-up work and the walk's place: all of it or nothing.
void Sync::store_page(Walk& walk, std::uint64_t request) {
    open_group();
    const auto now = this->now();
    const auto& stream = stream_of(walk);
    store::Written written;
    store_.as_one([&] {
        drop_unwanted(walk);
        if (stream.lags) drop_older(walk);
        auto of = sent(request);
        if (stream.lags) of.number = of.oldest_in_flight;  // nobody knows how new it is: it overtakes no other answer
        written = store_.write(answer_.page, of, now);
        const auto filtered = account_.source.filtered();
        const bool more_wanted = std::ranges::any_of(answer_.page.entities, [&](const Entity& entity) {
            return account_.source.tables()[entity.table].name == filtered && !wanted_.contains(entity.gid);
        });
        source::note_wanted(account_.source, answer_, wanted_);
        // Lists that are not its own left out what they tell of it, or are doing so on their way.
        if (more_wanted && !filtered.empty()) {
            const Remains& its = remains_of(filtered);
            for (const auto& list : account_.source.streams()) {
                const auto tells = [&](const Remains::Kin& kin) {
                    return kin.table == list.proves && kin.column != list.proves_by;
                };
                if (list.kind != source::Kind::recurring || list.off ||
                    !(std::ranges::any_of(its.about, tells) || std::ranges::any_of(its.edges, tells) ||
                      std::ranges::any_of(its.followers, tells)))
                    continue;
                for (const auto& row : store_.with_root(name_, list.name, walk.row.root))
                    ask_for(list, row.scope, row.root);
            }
        }
        for (const auto& [key, value] : answer_.facts) note_user(key, value);
        if (is_first_root(walk)) note_owners(answer_.asked_roots);
        if (answer_.roots) note_roots(*answer_.roots, walk.row.stream);
        queue_follow_ups(walk, written);
        if (stream.lags && serving_) hurry(walk, written);
        if (answer_.untold) is_first_search(stream) ? ask_for_all(walk) : note_untold(walk);
        if (!stream.gathers.empty()) named(walk);
        user_known_ = user_known_ || is_first_root(walk);
        if (!stream.proves.empty()) {
            for (const auto& edge : answer_.page.edges) walk.seen.push_back(std::hash<std::string_view>()(edge.gid));
            for (const auto& entity : answer_.page.entities) {
                walk.seen.push_back(std::hash<std::string_view>()(entity.gid));
                if (stream.remembered && account_.source.tables()[entity.table].name == stream.proves)
                    store_.name(walk.row, entity.gid);
            }
        }
        if (answer_.token) walk.row.cursor = *answer_.token;
        if (answer_.more) return store_.save(walk.row);
        if (answer_.next) {
            if (walk.row.resume.empty()) note_watermark(walk);
            walk.row.resume = *answer_.next;
            walk.row.resumed_at = now;
            walk.row.walked += answer_.objects;
            store_.save(walk.row);
            return;
        }
        if (!stream.gathered_by.empty()) end_of_hints(stream_named(stream.gathered_by), walk.row.scope);
        if (!stream.gathers.empty()) release(walk.row.scope);
        const bool swept = sweep(walk);
        // The filter is another one: what no row of it holds was held by nothing but itself.
        if (walk.row.last_done_at == store::kOutdated && account_.source.wants_only_filtered() &&
            stream.proves == account_.source.filtered() && stream.looks_at.empty())
            exclude_unheld(walk.row.root);
        keep_watermark(walk, now);
        if (has_been_replaced(walk)) walk.row.cursor.clear();
        if (is_first_search(stream)) ask_for_miscounted(walk);
        if (is_made_again(stream)) walk.row.cursor = iso(now);  // as nets are cast
        if (is_poll_[walk.stream]) learn(walk);
        store_.done(walk.row, now);
        if (swept)
            store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
        else
            hold(walk);
        if (!stream.token_stream.empty() && !waits_for_export(stream.token_stream, walk.row.root)) {
            if (auto token = store_.work(name_, stream.token_stream, walk.row.scope);
                token && !token->pending_cursor.empty()) {
                if (!token->last_done_at) token->last_done_at = now;
                keep_cursor(*token);
            }
        }
        if (walk.without_token) {  // until there is one, only walking again tells what changed
            start_over(walk);
            walk.row.last_done_at = now;
            walk.row.due_at = std::max(walk.row.due_at, std::optional(now + walk.token_in));  // held: for longer
            store_.save(walk.row);
        }
        if (!stream.capability.empty()) set_capability(walk.row.root, stream.capability, true);
    });
    if (stream.paid_only) account_.pace.plan_is_paid();
    progress_.rows_written += written.inserted + written.updated;
    progress_.rows_unchanged += written.unchanged;
    counters_.rows_written += written.inserted + written.updated;
    counters_.rows_unchanged += written.unchanged;
    count_staleness(walk, written.changed);
    ++pages_in_group_;
}

// The token proves what was stored: from now on it is asked what has changed since.
void Sync::keep_cursor(store::Work& token) {
    token.cursor = std::exchange(token.pending_cursor, {});
    token.pending_at.reset();
    store_.save(token);
    note_poll(token);
}

// A list that was walked for another configuration opens the work of unchanged rows too: it may be missing.
void Sync::queue_follow_ups(Walk& walk, const store::Written& written) {
    const bool everything = walk.row.last_done_at == store::kOutdated;
    const auto streams = account_.source.streams();
    for (const auto& follow_up : answer_.follow_ups) {
        const auto& which = follow_up.watched    ? written.watched
                            : follow_up.restored ? written.restored
                            : follow_up.fresh    ? written.fresh
                                                 : written.changed;
        const bool changed = follow_up.entity >= 0 && which[static_cast<std::size_t>(follow_up.entity)];
        if (follow_up.entity >= 0 && !changed && !(everything && !follow_up.watched)) continue;
        if (follow_up.restored && (!changed || everything)) continue;  // for another configuration all is asked for
        const auto& stream = streams[follow_up.stream];
        if (stream.exports && !account_.exports.allowed) continue;
        if (others_roots_.contains(follow_up.root)) continue;
        auto row =
            row_of(stream, follow_up.scope, follow_up.root, class_of_follow_up(follow_up, walk), follow_up.order);
        row.due_at = due_now();
        if (waits_for_file(stream, follow_up)) {
            *row.due_at += account_.exports.patience;
            store_.queue(row, outdated_before(stream, follow_up.scope));
            continue;
        }
        if (follow_up.number && stored_of(stream, row.scope).value_or(0) == follow_up.number) continue;
        if (is_left_to_search(follow_up)) continue;
        if (follow_up.lacking && (store_.text(stream.first.table, "mirrored_at", row.scope).empty() ||
                                  stored_of(stream, row.scope).value_or(0) > 0))
            continue;
        if (follow_up.stored &&
            (stream.looks_at.empty() ? stored_of(stream, row.scope) == 0 : !is_known(stream, row.scope)))
            continue;
        if (follow_up.said && is_told(follow_up)) {
            ++walk.found;
            continue;
        }
        if (follow_up.said && gather(walk, follow_up, row)) {
            ++walk.found;
            continue;
        }
        const bool news = changed || follow_up.said || (follow_up.number && store_.has_indexes());
        if (!(news ? queue_anew(row, follow_up.said) : store_.queue(row, outdated_before(stream, follow_up.scope))))
            continue;
        came(row);
        ++walk.found;
    }
}

// How many rows are stored that the stream would name for this scope. None: that would cost too much to tell.
std::optional<std::int64_t> Sync::stored_of(const source::Stream& stream, std::string_view scope) {
    if (!store_.has_indexes()) return std::nullopt;
    const auto rows = store_.gids(stream.proves, stream.proves_gid, stream.proves_by, scope);
    return static_cast<std::int64_t>(rows.size());
}

// Whether what the stream looks at is stored, asked for, or may be on its way.
bool Sync::is_known(const source::Stream& stream, std::string_view scope) {
    return !store_.has_indexes() || !store_.text(stream.looks_at, "mirrored_at", scope).empty() ||
           store_.work(name_, stream.name, scope) || std::ranges::any_of(active_, [&](const auto& active) {
               const auto& its = stream_of(*active.second);
               return its.looked_at_by == stream.name && its.looks_at.empty() && !is_poll_[active.second->stream];
           });
}

// It was not due before. What was picked ahead is put back when something more valuable has come.
void Sync::came(const store::Work& work) {
    ++backlog_[work.stream];
    auto& picked = lanes_[static_cast<std::size_t>(class_of(work))].picked;
    if (!picked.empty() && work.order_key < picked.back().order_key) picked.clear();
}

// Changes are read first, whoever found them; a list that was complete before is reconciled.
Class Sync::class_of_follow_up(const source::FollowUp& follow_up, const Walk& walk) const {
    const auto& stream = account_.source.streams()[follow_up.stream];
    const auto of_walk = is_first_root(walk) ? Class::walk : class_of(walk.row);
    if (follow_up.said || is_poll_[follow_up.stream]) return Class::fresh;
    if (stream.kind == source::Kind::one_off)
        return of_walk == Class::reconcile && follow_up.entity >= 0 ? Class::fresh : of_walk;
    if (stream.every == source::Every::pass) return of_walk;
    if (stream.every == source::Every::relist) return Class::walk;
    const auto row = store_.work(name_, stream.name, follow_up.scope);
    return row && row->last_done_at && *row->last_done_at > store::kOutdated ? Class::reconcile : Class::walk;
}

store::Sent Sync::sent(std::uint64_t request) const {
    const auto oldest = in_flight_.empty() ? std::numeric_limits<std::uint64_t>::max() : in_flight_.begin()->first;
    return {.number = request, .oldest_in_flight = oldest, .account = name_};
}

// False: it is no answer, and is asked for again.
bool Sync::read_token(WalkPtr& walk, const http::Response& response) {
    try {
        account_.source.read(work_of(*walk), response.body, answer_);
    } catch (const Error& error) {
        try_again(std::move(walk), response.status, unusable(error));
        return false;
    }
    usable_answer();
    return true;
}

void Sync::keep_token(WalkPtr walk, const http::Response& response) {
    if (!read_token(walk, response)) return;
    const auto now = this->now();
    const auto& stream = stream_named(stream_of(*walk).token_stream);
    auto row = row_of(stream, walk->row.scope, walk->row.root, Class::fresh);
    if (auto stored = store_.work(name_, stream.name, walk->row.scope)) row = std::move(*stored);
    const bool anew = !row.pending_cursor.empty();
    row.pending_cursor = *answer_.token;
    row.pending_at = now;
    open_group();
    store_.as_one([&] {
        store_.save(row);
        if (anew) walk_again(stream, row.root);  // what was walked since the one before is not told by this one
        if (!stream.capability.empty()) set_capability(row.root, stream.capability, true);
        store_.heal_gap(name_, row.stream, row.scope, now);
    });
    if (stream.paid_only) account_.pace.plan_is_paid();
    walk->taking_token = false;
    walk->attempts = 0;
    make_ready_first(std::move(walk));
}

void Sync::try_again(WalkPtr walk, std::optional<int> status, const std::string& why) {
    ++failures_in_a_row_;
    ++walk->attempts;
    const auto pause = account_.pace.retry_after(walk->attempts);
    if (pause) {
        ++progress_.retries;
        ++counters_.retries;
        walk->not_before = clock_.monotonic() + *pause;
        log::debug("retry stream={} scope={} in_ms={} why=\"{}\"", walk->row.stream, walk->row.scope, pause->count(),
                   why);
        (walk->probe ? probe_ : held_.emplace_back()) = std::move(walk);
        return;
    }
    if (walk->probe) return outage(why);
    if (failures_in_a_row_ >= kFailuresInARow && !is_first_root(*walk)) return doubt(std::move(walk), status, why);
    give_up(std::move(walk), status, why, kTryAgain);
}

void Sync::usable_answer() {
    if (!std::exchange(answered_, true)) noted_at_ = {};  // the account is well again: at once
    counters_.answered_at = clock_.now();
    failures_in_a_row_ = 0;
    outages_ = 0;
    token_is_new_ = false;
}

// Written only when it tells something new. Whatever stands there, the answer counts.
void Sync::note_api_changes(const source::Work& work, const http::Response& response) {
    for (auto& announced : account_.source.api_changes(response.headers)) {
        const auto known = api_changes_.find(announced.name);
        const bool is_new = known == api_changes_.end();
        if (is_new && api_changes_.size() >= kMostApiChanges) continue;
        auto change = is_new ? store::ApiChange{.name = announced.name, .first_seen_at = now()} : known->second;
        const bool concerns_now = announced.affected && !change.affected;
        if (!is_new && !concerns_now && now() - change.last_seen_at < kSeenAgain) continue;
        change.last_seen_at = now();
        change.affected |= announced.affected;
        if (!announced.info.empty()) change.info = std::move(announced.info);
        if (is_new || concerns_now) {
            const auto target = account_.source.target(work);
            change.sample_path = shortened(target.substr(0, target.find('?')), kLongestPath);
            log::warning("API change source={} name={} affected={} path={} info={}", name_, change.name,
                         change.affected, change.sample_path, change.info);
        }
        open_group();
        store_.as_one([&] { store_.set_api_change(name_, change); });
        api_changes_.insert_or_assign(change.name, change);
    }
}

// An error names members of the answer.
std::string Sync::unusable(const Error& error) const {
    return fmt::format("unusable answer: {}",
                       shortened(without_secrets(escaped(error.what()), tokens_), kLongestReason));
}

void Sync::ask_again(WalkPtr walk) {
    if (walk->probe)
        probe_ = std::move(walk);
    else
        make_ready_first(std::move(walk));
}

// Is it this request that fails, or everything? The first root tells; until then nothing else is asked.
void Sync::doubt(WalkPtr walk, std::optional<int> status, const std::string& why) {
    doubts_.push_back({.walk = std::move(walk), .status = status, .why = why});
    if (probing_) return;
    probing_ = true;
    auto probe = std::make_unique<Walk>();
    probe->probe = true;
    probe->stream = account_.source.roots().front().stream;
    probe->row.source = name_;
    probe->row.stream = account_.source.streams()[probe->stream].name;
    probe_ = std::move(probe);
}

// The account is well: what failed has itself to blame, or its workspace. Except for a refused token it gets one more
// round, for the failures may have been the end of an outage.
void Sync::settle_doubts() {
    probing_ = false;
    for (auto& [walk, status, why] : doubts_) {
        if (status == 401) {
            refused_roots_.insert(walk->row.root);
            end_in_gap(*walk, status, why, kLookAgain);
        } else if (walk->doubted) {
            give_up(std::move(walk), status, why, kTryAgain);
        } else {
            walk->doubted = true;
            walk->attempts = 0;
            make_ready(std::move(walk));
        }
    }
    doubts_.clear();
}

// Nothing answers: a pause for all, and a gap for none.
void Sync::outage(const std::string& why) {
    probing_ = false;
    if (outages_ == kOutages)
        throw Fatal(ExitCode::unavailable,
                    fmt::format("source {}: the API does not answer: {}; what was received is stored{}", name_, why,
                                serving_ ? "" : ", run the sync again when it answers"));
    const auto pause = kOutagePause * (1 << 2 * outages_++);
    log::warning("the API does not answer why=\"{}\" pause_s={}", why, pause.count());
    account_.pace.pause(clock_.monotonic(), pause);
    for (auto& doubtful : doubts_) {
        doubtful.walk->attempts = 0;
        make_ready(std::move(doubtful.walk));
    }
    doubts_.clear();
}

// The token is asked for again, for it may have been renewed; then the first root tells whether it is refused as such.
void Sync::doubt_token(WalkPtr walk, const std::string& why) {
    if (walk->token != token_number_) return ask_again(std::move(walk));  // sent before the token was replaced
    if (account_.read_token && !token_is_new_) {
        auto token = account_.read_token();
        if (token != account_.token) {
            account_.token = token;
            tokens_.push_back(token);
            ++token_number_;
            token_is_new_ = true;
            token_since_ = last_request_ + 1;
            account_.transport.set_token(std::move(token));
            ask_whose_token();
            ask_again(std::move(walk));
            return;
        }
    }
    if (walk->probe || is_first_root(*walk))
        throw Fatal(ExitCode::token_refused,
                    fmt::format("source {}: the token is refused ({}); create a new one in Asana under Settings, Apps, "
                                "Manage Developer Apps, and put it where the old one stands",
                                name_, why));
    doubt(std::move(walk), 401, "status 401: the token is refused for this workspace");
}

void Sync::start_over(Walk& walk) {
    walk.row.resume.clear();
    walk.row.resumed_at.reset();
    walk.row.walked = 0;
    walk.offsets.clear();
    walk.seen.clear();
    walk.whole = true;
}

// What was asked for cannot be had now.
void Sync::give_up(WalkPtr walk, std::optional<int> status, const std::string& why, Milliseconds retry_in) {
    if (is_first_root(*walk))
        throw Fatal(ExitCode::unavailable,
                    fmt::format("source {}: {}: {}; check base_url, proxy and the network{}", name_, describe(*walk),
                                why, serving_ ? "" : ", then run the sync again"));
    if (walk->taking_token) return go_without_token(std::move(walk), status, why, retry_in);
    if (stream_of(*walk).exports) {
        end_export(*walk, why);
        return leave(*walk);
    }
    end_in_gap(*walk, status, why, retry_in);
}

// The list can be had without its event token; until there is one, it is walked again.
void Sync::go_without_token(WalkPtr walk, std::optional<int> status, const std::string& why, Milliseconds retry_in) {
    const auto token_stream = stream_of(*walk).token_stream;
    log::warning("gap stream={} scope={} why=\"{}\"", token_stream, walk->row.scope, why);
    open_group();
    store_.as_one([&] {
        store_.open_gap({.source = name_,
                         .stream = std::string(token_stream),
                         .scope = walk->row.scope,
                         .status = status,
                         .message = why,
                         .seen_at = now(),
                         .retry_at = now() + retry_in});
    });
    walk->taking_token = false;
    walk->without_token = true;
    walk->token_in = retry_in;
    walk->attempts = 0;
    walk->doubted = false;
    make_ready_first(std::move(walk));
}

// The work stays in the queue, to be looked at again later.
void Sync::end_in_gap(Walk& walk, std::optional<int> status, const std::string& why, Milliseconds retry_in) {
    if (forgotten_.erase(key_of(walk.row)) > 0) return leave(walk);
    const auto now = this->now();
    if (!stream_of(walk).gathers.empty()) {
        log::info("asked for one by one instead stream={} scope={} why=\"{}\"", walk.row.stream, walk.row.scope, why);
        return give_back(walk);
    }
    if (gaps_told_ < kGapsTold)
        log::warning("gap stream={} scope={} why=\"{}\" retry_at={}", walk.row.stream, walk.row.scope, why,
                     iso(now + retry_in));
    if (++gaps_told_ == kGapsTold) log::warning("further gaps are told by table sync_gaps alone");
    ++counters_.gaps;
    start_over(walk);
    walk.row.attempts += std::max(walk.attempts, 1);  // so that nobody asks again before its time
    walk.row.last_error = why;
    walk.row.due_at = now + retry_in;
    open_group();
    store_.as_one([&] {
        store_.save(walk.row);
        no_more_hints(walk);
        store_.open_gap({.source = name_,
                         .stream = walk.row.stream,
                         .scope = walk.row.scope,
                         .status = status,
                         .message = why,
                         .seen_at = now,
                         .retry_at = walk.row.due_at});
    });
    leave(walk);
}

void Sync::set_capability(const std::string& root, std::string_view name, bool available) {
    const store::Capability its{root, std::string(name), available, now()};
    store_.set_capability(name_, its);
    capabilities_[{its.scope, its.name}] = its;
}

// The plan lacks the feature: not a gap.
void Sync::feature_off(Walk& walk) {
    const auto feature = stream_of(walk).capability;
    log::info("the plan has no {} workspace={}", feature, walk.row.root);
    open_group();
    store_.as_one([&] { set_capability(walk.row.root, feature, false); });
    if (stream_of(walk).lags) {  // what changes from now on, it will not have told
        walk.row.cursor.clear();
        walk.row.pending_cursor.clear();
        note_polls_without_search();
    }
    skip(walk);
}

// Whether the request is for a token that not every plan has: the first one, or what changed since.
bool Sync::is_optional_token(const Walk& walk) const {
    const auto& stream = stream_of(walk);
    if (walk.taking_token) return !stream_named(stream.token_stream).capability.empty();
    return is_poll_[walk.stream] && !stream.capability.empty() && !stream.lags;
}

// The workspace has no such tokens, or has them no more: what they replaced is taken again.
void Sync::token_off(WalkPtr walk) {
    const auto& stream = stream_of(*walk);
    const auto& tokens = walk->taking_token ? stream_named(stream.token_stream) : stream;
    log::info("the token has no {} workspace={}", tokens.capability, walk->row.root);
    open_group();
    store_.as_one([&] {
        set_capability(walk->row.root, tokens.capability, false);
        if (auto row = store_.work(name_, tokens.name, walk->row.root)) {
            const bool was_used = !row->cursor.empty() || !row->pending_cursor.empty();
            row->cursor.clear();
            row->pending_cursor.clear();
            row->pending_at.reset();
            polls_.remove(key_of(*row));
            store_.save(*row);
            store_.done(*row, now());
            if (was_used) walk_again(tokens, row->root);
        }
        store_.heal_gap(name_, tokens.name, walk->row.root, now());
    });
    if (!walk->taking_token) return leave(*walk);
    walk->attempts = 0;
    make_ready_first(std::move(walk));
}

// Lists are opened again by the next pass; what is asked for once waits until the feature may be there.
void Sync::skip(Walk& walk) {
    if (forgotten_.contains(key_of(walk.row))) return leave(walk);
    if (stream_of(walk).exports) {
        end_export(walk, "the token may not ask for it");
        return leave(walk);
    }
    if (!stream_of(walk).gathers.empty()) return give_back(walk);
    const auto now = this->now();
    const bool lost = lost_roots_.contains(walk.row.root);  // what was not asked for is not done
    start_over(walk);
    walk.row.attempts = 0;
    walk.row.last_error.clear();
    walk.row.due_at = now + kCapabilityLife;
    if (walk.row.recurring) walk.row.due_at.reset();
    if (is_poll_[walk.stream]) polls_.failed(key_of(walk.row), clock_.monotonic() + kTryAgain);
    if (walk.row.cursor.empty() || is_told_by_search(walk.row)) polls_.remove(key_of(walk.row));
    open_group();
    store_.as_one([&] {
        if (is_first_search(stream_of(walk)) && !walk.row.last_done_at && !lost) {
            ask_for_miscounted(walk);
            ask_for_all(walk);
        }
        walk.row.recurring && !lost ? store_.done(walk.row, now) : store_.save(walk.row);
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now);
    });
    leave(walk);
}

void Sync::count_answer(const Walk& walk, const http::Response& response) {
    const bool arrived = response.failure == http::Failure::none;
    ++counters_.answers[static_cast<std::size_t>(class_of(walk.row))][answer_of(arrived, response.status)];
    counters_.latency.add(std::chrono::duration<double>(response.duration).count());
    counters_.wire_bytes += response.wire_bytes;
    counters_.decoded_bytes += response.body.size();
}

// How long changes were on their way, as far as objects tell when they were modified. Not of what is only found now: a
// first load, and what reconciling finds.
void Sync::count_staleness(const Walk& walk, const std::vector<bool>& changed) {
    if (!serving_ || class_of(walk.row) != Class::fresh) return;
    for (std::size_t i = 0; i < changed.size(); ++i) {
        if (!changed[i]) continue;
        if (const auto at = parse_iso(modified_at(answer_.page.entities[i])))
            counters_.staleness.add(std::max(0.0, std::chrono::duration<double>(clock_.now() - *at).count()));
    }
}

void Sync::leave(const Walk& walk) {
    forgotten_.erase(key_of(walk.row));
    active_.erase(key_of(walk.row));
    --backlog_[walk.row.stream];
}

}  // namespace taskmirror::engine
