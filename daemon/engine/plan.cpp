#include "engine/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.hpp"
#include "engine/walk.hpp"

namespace taskmirror::engine {
namespace {

constexpr double kDeviations = 2.58;  // of a normal distribution: 99 of 100
constexpr double kLarge = 1000;       // lists or objects of a stream

// The question for it, and one for each time that its job is looked at.
constexpr Estimate kOfExport{.mean = 4, .variance = 1.5};

double square(double x) { return x * x; }

// Mean of the sample, and the variance within it. It may have missed what is rarer than one in its size, which is taken
// to be there.
Estimate spread(std::span<const double> sample) {
    const auto n = static_cast<double>(sample.size());
    if (sample.empty()) return {};
    Estimate its{.mean = std::accumulate(sample.begin(), sample.end(), 0.0) / n};
    for (const double x : sample) its.variance += square(x - its.mean) / std::max(n - 1, 1.0);
    its.variance = std::max(its.variance, 1 / n);
    return its;
}

// What is known of the sample, and so many more of its kind.
Estimate multiplied(std::span<const double> sample, const Estimate& all) {
    const auto n = static_cast<double>(sample.size());
    const double known = std::accumulate(sample.begin(), sample.end(), 0.0);
    const double others = std::max(all.mean - n, 0.0);
    const auto one = spread(sample);
    Estimate sum{.mean = known + others * one.mean, .variance = square(one.mean) * all.variance};
    if (others > 0) sum.variance += square(others) * one.variance / n + others * one.variance;
    return sum;
}

}  // namespace

double Estimate::low() const { return std::max(0.0, mean - kDeviations * std::sqrt(variance)); }
double Estimate::high() const { return mean + kDeviations * std::sqrt(variance); }

struct Plan::Sampled {
    Scope scope;
    std::uint16_t stream = 0;
    double requests = 0;  // that a sync makes for it
    double objects = 0;   // that it names
    double read = 0;      // of them, those that were looked at
    bool off = false;     // the plan lacks the feature
    // By stream: the weights of what the objects open, their sum and that of their squares.
    std::map<std::uint16_t, std::pair<double, double>> opens{};
};

struct Plan::Ask {
    Sampled* of = nullptr;
    std::uint16_t stream = 0;  // its own, or the one that counts
    std::string offset;
    std::int64_t walked = 0;
    bool may_count = true;
    int attempts = 0;
    Monotonic not_before{};
};

Plan::Plan(Account account, const Clock& clock, PlanOptions options)
    : account_(std::move(account)), clock_(clock), options_(options), random_(options.seed) {}

Plan::~Plan() = default;

bool Plan::run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& watch) {
    stop_ = &stop;
    watch_ = watch;
    for (const auto& root : account_.source.roots()) {
        auto& waiting = waiting_[root.stream];
        waiting.known.push_back({root.scope, root.root});
        waiting.seen.emplace(root.scope, root.stream);
    }
    const auto waits = [](const auto& one) { return !one.second.known.empty(); };
    const auto earlier = [&](const auto& one, const auto& other) {
        return std::pair(stream(one.first).rank, one.first) < std::pair(stream(other.first).rank, other.first);
    };
    while (!stop.load()) {
        auto first = waiting_.end();
        for (auto it = waiting_.begin(); it != waiting_.end(); ++it)
            if (waits(*it) && (first == waiting_.end() || earlier(*it, *first))) first = it;
        if (first == waiting_.end()) break;
        auto& waiting = first->second;
        Waiting now{.known = std::exchange(waiting.known, {}),
                    .weight = std::exchange(waiting.weight, 0),
                    .beyond = std::exchange(waiting.beyond, {})};
        progress_.stage = stream(first->first).stage;
        take(first->first, std::move(now));
    }
    plan_searches();
    report(true);
    for (auto& [index, planned] : found_)
        if (planned.requests.mean > 0) planned_.push_back(std::move(planned));
    std::ranges::stable_sort(planned_, {}, [&](const Planned& its) { return stream(its.stream).rank; });
    return !stop.load();
}

// Asks for a sample of what waits for this stream.
void Plan::take(std::uint16_t index, Waiting waiting) {
    const auto& its = stream(index);
    auto& planned = found_[index];
    planned.stream = index;
    auto& known = waiting.known;
    const auto told = static_cast<double>(known.size());
    std::erase_if(known, [&](const Scope& scope) { return is_exported(its, scope.root); });
    if (const auto left = static_cast<double>(known.size()); left < told) {
        waiting.weight *= left / told;
        waiting.beyond = {.mean = waiting.beyond.mean * left / told,
                          .variance = waiting.beyond.variance * square(left / told)};
    }
    std::ranges::sort(known, {}, &Scope::scope);  // answers come in any order: the same seed gives the same sample
    std::ranges::shuffle(known, random_);
    const bool whole = waiting.beyond.mean == 0 && waiting.beyond.variance == 0;
    Estimate all{.mean = whole ? static_cast<double>(known.size()) : waiting.weight + waiting.beyond.mean,
                 .variance = waiting.beyond.variance};
    std::vector<Sampled> sample;
    const auto add = [&](const Scope& scope) { sample.push_back({.scope = scope, .stream = index}); };
    const auto is_off = [&](const Scope& scope) { return features_off_.contains({scope.root, its.capability}); };
    if (!its.capability.empty()) {  // one request tells whether a workspace has the feature
        std::set<std::string> asked;
        for (const auto& scope : known)
            if (!is_off(scope) && asked.insert(scope.root).second) add(scope);
        ask(sample);
        planned.requests.mean += static_cast<double>(std::ranges::count_if(sample, &Sampled::off));
        const auto before = static_cast<double>(known.size());
        std::erase_if(known, [&](const Scope& scope) {
            return is_off(scope) || std::ranges::count(sample, scope, &Sampled::scope) > 0;
        });
        std::erase_if(sample, &Sampled::off);
        const double left = (static_cast<double>(known.size() + sample.size())) / std::max(before, 1.0);
        all = {.mean = all.mean * left, .variance = all.variance * square(left)};
    }
    const auto most = !its.counted_by.empty() ? options_.counted
                      : all.mean >= kLarge    ? options_.large
                                              : options_.sample;
    const auto begin = sample.size();
    for (const auto& scope : known)
        if (sample.size() < most) add(scope);
    ask(std::span(sample).subspan(begin));
    extrapolate(index, sample, all);
}

void Plan::extrapolate(std::uint16_t index, std::span<const Sampled> sample, const Estimate& all) {
    if (sample.empty() || stop_->load()) return;
    const auto& its = stream(index);
    std::vector<double> numbers;
    const auto each = [&](const auto& number_of) {
        numbers.clear();
        for (const auto& one : sample) numbers.push_back(number_of(one));
        return multiplied(numbers, all);
    };
    const auto is_searched = [&](const Sampled& one) {
        return !its.first.by.empty() &&
               !features_off_.contains({one.scope.root, stream(index_of(its.first.by)).capability});
    };
    const auto requests = each([&](const Sampled& one) {
        if (!is_searched(one)) return one.requests;
        return its.first.number.empty() && one.objects > 0 ? one.requests : 0.0;
    });
    for (const auto& one : sample)
        if (is_searched(one)) searched_[its.first.by].workspaces.insert(one.scope.root);
    if (const auto search = searched_.find(its.first.by); search != searched_.end()) {
        const auto objects = each([&](const Sampled& one) {
            if (!is_searched(one)) return 0.0;
            return its.first.number.empty() ? std::min(one.objects, 1.0) : one.objects;
        });
        search->second.objects.mean += objects.mean;
        search->second.objects.variance += objects.variance;
    }
    auto& planned = found_[index];
    planned.scopes += all.mean;
    planned.requests.mean += requests.mean;
    planned.requests.variance += requests.variance;
    planned.is_sample = planned.is_sample || all.mean - static_cast<double>(sample.size()) > 0.5 || all.variance > 0;
    plan_tokens(its, sample, all);
    std::set<std::uint16_t> opened;
    for (const auto& one : sample)
        for (const auto& [below, weights] : one.opens) opened.insert(below);
    for (const auto below : opened) {
        double beyond = 0, variance = 0, known = 0;
        const auto opens = each([&](const Sampled& one) {
            const auto found = one.opens.find(below);
            if (found == one.opens.end()) return 0.0;
            const auto& [weight, squares] = found->second;
            known += weight;
            const double rest = one.objects - one.read;
            if (rest <= 0) return weight;
            const double mean = weight / one.read;
            const double within = std::max(squares / one.read - square(mean), 1 / one.read);
            beyond += rest * mean;
            variance += rest * within + square(rest) * within / one.read;
            return weight + rest * mean;
        });
        if (opens.mean - known < 0.5) continue;  // all of it is known
        auto& waiting = waiting_[below];
        waiting.beyond.mean += opens.mean - known;
        waiting.beyond.variance += opens.variance + variance;
    }
}

// Whether the list is not walked, since an export of its workspace is asked for, with all that it leads to.
bool Plan::is_exported(const source::Stream& list, const std::string& root) {
    if (list.exported_by.empty() || !exportable_.contains(root)) return false;
    const auto index = index_of(list.exported_by);
    if (!has_tokens_.contains({root, stream(index).token_stream})) return false;
    auto& planned = found_[index];
    planned.stream = index;
    planned.tables.insert(list.proves);
    if (exported_.insert(root).second) {
        ++planned.scopes;
        planned.requests.mean += kOfExport.mean;
        planned.requests.variance += kOfExport.variance;
    }
    return true;
}

bool Plan::is_token(std::uint16_t index) const {
    const auto streams = account_.source.streams();
    return std::ranges::find(streams, stream(index).name, &source::Stream::token_stream) != streams.end();
}

source::Work Plan::work_of(const Ask& ask) const {
    const bool counts = ask.stream != ask.of->stream;
    return {.stream = ask.stream,
            .scope = ask.of->scope.scope,
            .root = ask.of->scope.root,
            .offset = counts ? std::string_view() : std::string_view(ask.offset),
            .walked = ask.walked,
            .wanted = source::in_force(account_.source, wanted_)};
}

// A list takes a token before its first page, unless its workspace has one for all.
void Plan::plan_tokens(const source::Stream& list, std::span<const Sampled> sample, const Estimate& all) {
    if (list.token_stream.empty() || stream(index_of(list.token_stream)).watermark) return;
    const auto index = index_of(list.token_stream);
    const auto& its = stream(index);
    if (!its.capability.empty()) {  // not every token may have them: one request tells
        std::vector<Sampled> asked;
        for (const auto& one : sample) asked.push_back({.scope = one.scope, .stream = index});
        ask(asked);
    }
    const auto without = std::ranges::count_if(sample, [&](const Sampled& one) {
        return its.replaced_by.empty() || !has_tokens_.contains({one.scope.root, its.replaced_by});
    });
    const double share = static_cast<double>(without) / static_cast<double>(sample.size());
    auto& tokens = found_[index];
    tokens.stream = index;
    tokens.scopes += all.mean * share;
    tokens.requests.mean += all.mean * share;
    tokens.requests.variance += all.variance * square(share);
}

// The search of each workspace that a first load asks for instead of the lists: it names so many objects, and on each
// page the last one of that before it once more.
void Plan::plan_searches() {
    for (const auto& [name, its] : searched_) {
        const auto index = index_of(name);
        const auto workspaces = static_cast<double>(its.workspaces.size());
        auto& search = found_[index];
        search.stream = index;
        search.scopes += workspaces;
        search.requests.mean += std::max(workspaces, workspaces / 2 + its.objects.mean / (kFullPage - 1));
        search.requests.variance += workspaces / 4 + its.objects.variance / square(kFullPage - 1);
        search.is_sample = true;
    }
}

// Sends the requests for these, and waits for all their answers.
void Plan::ask(std::span<Sampled> sample) {
    for (auto& one : sample) {
        auto ask = std::make_unique<Ask>();
        ask->of = &one;
        ask->stream = one.stream;
        to_send_.push_back(std::move(ask));
    }
    while ((!to_send_.empty() || !in_flight_.empty()) && !stop_->load()) {
        send();
        report(false);
        auto until = clock_.monotonic() + 500ms;
        if (const auto at = account_.pace.next(http::Budget::standard, clock_.monotonic()); at && !to_send_.empty())
            until = std::min(until, std::max(*at, to_send_.front()->not_before));
        const auto wait = std::chrono::ceil<Milliseconds>(until - clock_.monotonic());
        for (const auto& response : account_.transport.wait(std::max(wait, Milliseconds(0)))) answered(response);
    }
}

void Plan::send() {
    for (auto left = to_send_.size(); left > 0; --left) {
        const auto now = clock_.monotonic();
        const auto at = account_.pace.next(http::Budget::standard, now);
        if (!at || *at > now) return;
        auto ask = std::move(to_send_.front());
        to_send_.pop_front();
        if (ask->not_before > now) {
            to_send_.push_back(std::move(ask));
            continue;
        }
        const auto target = account_.source.target(work_of(*ask));
        account_.pace.sent(http::Budget::standard, now);
        ++progress_.requests;
        recent_requests_.push_back(now);
        in_flight_.emplace(++last_request_, std::move(ask));
        account_.transport.get(last_request_, target);
    }
}

void Plan::answered(const http::Response& response) {
    const auto found = in_flight_.find(response.id);
    if (found == in_flight_.end()) return;
    auto ask = std::move(found->second);
    in_flight_.erase(found);
    const auto now = clock_.monotonic();
    const bool arrived = response.failure == http::Failure::none;
    account_.pace.answered(http::Budget::standard, now, response.duration,
                           arrived && response.status < 500 && response.status != 429);
    const auto& scope = ask->of->scope;
    const auto verdict = arrived
                             ? account_.source.classify(work_of(*ask), {.status = response.status,
                                                                        .content_type = response.header("content-type"),
                                                                        .body = response.body})
                             : source::Verdict::retry;
    const auto pause = http::parse_retry_after(response.header("retry-after"), clock_.now());
    const bool counts = ask->stream != ask->of->stream;
    const bool is_root = scope.root.empty() && ask->stream == account_.source.roots().front().stream;
    const auto why = [&] { return arrived ? fmt::format("status {}", response.status) : response.message; };
    using enum source::Verdict;
    switch (verdict) {
        case page:
            return read(std::move(ask), response);
        case throttled:
            ++progress_.rate_limited;
            account_.pace.throttled(now, pause);
            return to_send_.push_front(std::move(ask));
        case unauthorized:
            if (!is_root) break;
            throw Fatal(ExitCode::token_refused,
                        fmt::format("source {}: the token is refused; create a new one in Asana under Settings, Apps, "
                                    "Manage Developer Apps, and put it where the old one stands",
                                    account_.source.name()));
        case blocked:
            throw Fatal(ExitCode::unavailable,
                        fmt::format("source {}: {}: the server refuses this address for legal reasons",
                                    account_.source.name(), why()));
        case token:
            has_tokens_.insert({scope.root, stream(ask->stream).name});
            return;
        case capability_off:
            if (counts || stream(ask->stream).capability.empty() || is_token(ask->stream)) break;
            features_off_.insert({scope.root, stream(ask->stream).capability});
            ask->of->off = true;
            return;
        case retry:
        case busy:
        case shrink:
        case restart:
            if (pause) account_.pace.pause(now, *pause);
            if (const auto after = account_.pace.retry_after(++ask->attempts)) {
                ++progress_.retries;
                ask->not_before = now + *after;
                return to_send_.push_back(std::move(ask));
            }
            break;
        case hidden:
        case refused:
            break;
    }
    if (is_token(ask->stream)) return;
    if (is_root)
        throw Fatal(ExitCode::unavailable, fmt::format("source {}: the API does not answer: {}; check base_url, proxy "
                                                       "and the network",
                                                       account_.source.name(), why()));
    if (counts) {  // then its pages are
        ask->stream = ask->of->stream;
        ask->may_count = false;
        ask->attempts = 0;
        return to_send_.push_front(std::move(ask));
    }
    ++ask->of->requests;  // a sync asks for it, too
    ++refused_;
}

void Plan::read(AskPtr ask, const http::Response& response) {
    auto& of = *ask->of;
    try {
        account_.source.read(work_of(*ask), response.body, answer_);
        source::note_wanted(account_.source, answer_, wanted_);
    } catch (const Error&) {
        ++of.requests;
        ++refused_;
        return;
    }
    const auto& its = stream(of.stream);
    if (ask->stream != of.stream) {  // objects are counted: those behind the first page, too
        of.objects = std::max(of.objects, static_cast<double>(answer_.count.value_or(0)));
        of.requests = std::max(of.requests, std::ceil(of.objects / kFullPage));
        return;
    }
    if (its.paid_only) account_.pace.plan_is_paid();
    ++of.requests;
    of.read += static_cast<double>(answer_.objects);
    of.objects = std::max(of.objects, of.read);
    open(*ask);
    auto& planned = found_[of.stream];
    for (const auto& entity : answer_.page.entities) planned.tables.insert(account_.source.tables()[entity.table].name);
    for (const auto& edge : answer_.page.edges) planned.tables.insert(account_.source.tables()[edge.table].name);
    if (!answer_.next || *answer_.next == ask->offset || of.requests >= static_cast<double>(kMostPages)) return;
    ask->walked += answer_.objects;
    ask->offset = *answer_.next;
    if (!its.counted_by.empty() && ask->may_count) ask->stream = index_of(its.counted_by);
    ask->attempts = 0;
    to_send_.push_front(std::move(ask));
}

// What the objects of a page lead to, as if each were new.
void Plan::open(const Ask& ask) {
    std::set<std::pair<std::uint16_t, std::string>> on_page;
    for (const auto& follow_up : answer_.follow_ups) {
        if (stream(follow_up.stream).exports) {  // nobody asks for one to see what it would be
            if (account_.exports.allowed) exportable_.insert(follow_up.root);
            continue;
        }
        if (follow_up.restored || follow_up.number == 0 || !on_page.emplace(follow_up.stream, follow_up.scope).second)
            continue;
        auto& waiting = waiting_[follow_up.stream];
        const auto [seen, is_new] = waiting.seen.emplace(follow_up.scope, ask.of->stream);
        if (is_new) waiting.known.push_back({follow_up.scope, follow_up.root});
        if (seen->second != ask.of->stream) continue;  // an earlier stream leads there
        const double weight =
            follow_up.opener >= 0
                ? weight_of(ask.of->stream, answer_.page.entities[static_cast<std::size_t>(follow_up.opener)])
                : 1;
        auto& [sum, squares] = ask.of->opens[follow_up.stream];
        sum += weight;
        squares += square(weight);
        waiting.weight += weight;
    }
}

// An object that several lists name opens its work once: nothing of it here when an earlier list names it, a part when
// several of this stream do.
double Plan::weight_of(std::uint16_t index, const Entity& entity) const {
    const auto& its = stream(index);
    if (its.looked_at_by.empty()) return 1;
    for (const auto& list : account_.source.streams())
        if (list.rank < its.rank && list.looked_at_by == its.looked_at_by && list.looks_at.empty() &&
            edges(list, entity) > 0)
            return 0;
    return 1 / static_cast<double>(std::max<std::size_t>(edges(its, entity), 1));
}

// How many lists of this stream name the object, as it says itself.
std::size_t Plan::edges(const source::Stream& list, const Entity& entity) const {
    const auto tables = account_.source.tables();
    const auto& page = answer_.page;
    if (list.proves_gid == "gid") {
        const auto& table = tables[entity.table];
        const auto column = std::ranges::find(table.columns, list.proves_by);
        if (table.name != list.proves || column == table.columns.end()) return 0;
        return page.values[entity.first + static_cast<std::size_t>(column - table.columns.begin())].is_null() ? 0 : 1;
    }
    std::size_t rows = 0;
    for (const auto& set : std::span(page.children).subspan(entity.first_child, entity.children))
        if (tables[set.table].name == list.proves) rows += set.rows;
    return rows;
}

std::uint16_t Plan::index_of(std::string_view name) const {
    const auto streams = account_.source.streams();
    return static_cast<std::uint16_t>(std::ranges::find(streams, name, &source::Stream::name) - streams.begin());
}

void Plan::report(bool now) {
    const auto time = clock_.monotonic();
    while (!recent_requests_.empty() && time - recent_requests_.front() > 1min) recent_requests_.pop_front();
    progress_.rate_per_minute = account_.pace.rate_per_minute();
    if (!watch_ || (!now && time - last_report_ < 250ms)) return;
    last_report_ = time;
    progress_.waiting = static_cast<std::int64_t>(to_send_.size() + in_flight_.size());
    progress_.used_per_minute = static_cast<double>(recent_requests_.size());
    progress_.in_flight = account_.pace.in_flight();
    progress_.paused = account_.pace.parked_until().value_or(time) > time;
    watch_(progress_);
}

}  // namespace taskmirror::engine
