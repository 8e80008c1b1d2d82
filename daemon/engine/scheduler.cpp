#include "engine/scheduler.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

namespace taskmirror::engine {

namespace {

using namespace std::chrono_literals;

constexpr double kHalfLife = 12 * 3600;

constexpr Monotonic kNever = Monotonic::min();

// Which goes first, from the last to the first.
enum class Rank : std::uint8_t { ordinary, hurried, unseen, overdue };

// Of a stream when none was ever observed: one change an hour.
constexpr double kFirstChanges = 1;
constexpr double kFirstExposure = 3600;

// What a caller who comes late may catch up.
constexpr Monotonic::duration kTolerance = 1s;
// The deadline is this many rounds of all streams.
constexpr double kRounds = 2;

double seconds(Monotonic::duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

void Rate::observe(double found, double seconds) {
    const double kept = std::exp2(-seconds / kHalfLife);
    changes = changes * kept + found;
    exposure = exposure * kept + seconds;
}

double Rate::per_second(double prior) const { return (changes + 1) / (exposure + 1 / prior); }

std::array<Class, 3> Shares::order() const {
    std::array<Class, 3> order = {Class::fresh, Class::walk, Class::reconcile};
    // By the part of its quantum that is left: so the classes of a round take turns.
    std::stable_sort(order.begin(), order.end(), [this](Class a, Class b) {
        const auto i = static_cast<std::size_t>(a), j = static_cast<std::size_t>(b);
        return left_[i] * kQuantum[j] > left_[j] * kQuantum[i];
    });
    return order;
}

void Shares::served(Class c) {
    int& left = left_[static_cast<std::size_t>(c)];
    left = std::max(0, left - 1);
    begin_round_if_over();
}

void Shares::idle(Class c) {
    left_[static_cast<std::size_t>(c)] = 0;
    begin_round_if_over();
}

void Shares::begin_round_if_over() {
    if (left_ == std::array<int, 3>{}) left_ = kQuantum;
}

Polls::Stream* Polls::find(std::string_view key) {
    const auto place = places_.find(key);
    return place == places_.end() ? nullptr : &streams_[place->second];
}

void Polls::put(std::string_view key, const Rate& rate, Monotonic last) {
    const auto [place, added] = places_.try_emplace(std::string(key), streams_.size());
    if (added) streams_.emplace_back();
    streams_[place->second] = {.key = place->first, .rate = rate, .seen = last, .tried = last};
}

void Polls::remove(std::string_view key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return;

    // The last one fills the hole.
    const std::size_t hole = place->second;
    places_.find(streams_.back().key)->second = hole;
    std::swap(streams_[hole], streams_.back());
    streams_.pop_back();
    places_.erase(place);
}

void Polls::set_rate(double polls_per_minute) { per_second_ = std::max(0.0, polls_per_minute) / 60; }

std::optional<std::string> Polls::next(Monotonic now) {
    const auto due = due_at();
    if (!due || *due > now) return std::nullopt;

    const auto longest = deadline();
    const double assumed = prior();
    Stream* best = nullptr;
    std::tuple<Rank, double> most;
    for (Stream& stream : streams_) {
        if (stream.out || eligible_at(stream) > now) continue;
        std::tuple<Rank, double> its;
        if (stream.tried != kNever && now - stream.tried >= longest) {
            its = {Rank::overdue, seconds(now - stream.tried)};
        } else if (stream.seen == kNever) {
            its = {Rank::unseen, 0};
        } else {
            const double waited = seconds(now - stream.seen);
            its = {stream.hurried ? Rank::hurried : Rank::ordinary,
                   stream.rate.per_second(assumed) * std::pow(waited, options_.power)};
        }
        if (best && its <= most) continue;
        best = &stream;
        most = its;
    }
    if (!best) return std::nullopt;

    best->out = true;
    best->hurried = false;
    best->tried = now;
    spaced_ = std::max(*due, now - kTolerance);
    return best->key;
}

bool Polls::is_overdue(Monotonic now) const {
    const auto due = due_at();
    if (!due || *due > now) return false;
    const auto longest = deadline();
    return std::ranges::any_of(streams_, [&](const Stream& stream) {
        return !stream.out && eligible_at(stream) <= now && (stream.tried == kNever || now - stream.tried >= longest);
    });
}

std::optional<Monotonic> Polls::next_at(Monotonic now) const {
    const auto due = due_at();
    if (!due) return std::nullopt;

    std::optional<Monotonic> first;
    for (const Stream& stream : streams_) {
        if (!stream.out) first = std::min(first.value_or(Monotonic::max()), eligible_at(stream));
    }
    if (!first) return std::nullopt;
    return std::max({now, *due, *first});
}

void Polls::polled(std::string_view key, Monotonic now, double found) {
    Stream* stream = find(key);
    if (!stream) return;

    if (stream->seen != kNever) stream->rate.observe(found, seconds(now - stream->seen));
    stream->seen = now;
    if (!stream->out) stream->tried = now;
    stream->out = false;
    stream->not_before = kNever;
}

void Polls::failed(std::string_view key, Monotonic not_before) {
    Stream* stream = find(key);
    if (!stream) return;

    stream->out = false;
    stream->not_before = not_before;
}

void Polls::hurry(std::string_view key) {
    if (Stream* stream = find(key)) stream->hurried = true;
}

const Rate& Polls::rate(std::string_view key) const { return streams_.at(places_.find(key)->second).rate; }

Milliseconds Polls::deadline() const {
    const double longest = seconds(options_.longest);
    const double most = std::max(seconds(options_.max_staleness), kRounds * round_seconds());
    return Milliseconds(std::llround(std::min(longest, most) * 1000));
}

bool Polls::deadline_is_round_robin() const { return kRounds * round_seconds() > seconds(options_.max_staleness); }

std::optional<Monotonic> Polls::due_at() const {
    if (per_second_ <= 0) return std::nullopt;
    return spaced_ + std::chrono::duration_cast<Monotonic::duration>(std::chrono::duration<double>(1 / per_second_));
}

double Polls::round_seconds() const {
    if (streams_.empty()) return 0;
    return per_second_ > 0 ? static_cast<double>(streams_.size()) / per_second_
                           : std::numeric_limits<double>::infinity();
}

Monotonic Polls::eligible_at(const Stream& stream) const {
    return std::max(stream.tried + options_.shortest, stream.not_before);
}

// What all streams together have shown.
double Polls::prior() const {
    double changes = kFirstChanges;
    double exposure = kFirstExposure;
    for (const Stream& stream : streams_) {
        changes += stream.rate.changes;
        exposure += stream.rate.exposure;
    }
    return changes / exposure;
}

}  // namespace taskmirror::engine
