// What the tests of the engine share: a clock that only waiting moves, a transport that answers from a script, a small
// source whose bodies are lines, and a bench that holds them together with a real pace and a real database.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/log.hpp"
#include "engine/sync.hpp"
#include "store_test_support.hpp"

namespace taskmirror::engine {

using namespace std::chrono_literals;
using Targets = std::vector<std::string>;

class FakeClock final : public Clock {
  public:
    Instant now() const override { return store::at(0) + std::chrono::floor<Milliseconds>(gone_) - back_; }
    Monotonic monotonic() const override { return Monotonic(1h) + gone_; }
    void advance(std::chrono::nanoseconds time) { gone_ += time; }
    // The time of day alone.
    void set_back(Milliseconds time) { back_ += time; }

  private:
    std::chrono::nanoseconds gone_{0};
    Milliseconds back_{0};
};

// The streams of the source below, in the order of their ranks. `lists` takes a token of `changes` first; `notes` are
// one-off; `goals` and `milestones` are a feature that a plan may lack, `badges` another.
// `looks` are at one row. `parts` name every row whose name is their scope; `counts` count them. `boards` take a token
// of `moves` first, whose scope is a row; `members` take a time. `changed` is what was modified in a list. `names` name
// rows without a column that says so; `links` name edges.
enum : std::uint16_t {
    kMe,
    kLists,
    kChanges,
    kParts,
    kGoals,
    kMilestones,
    kNotes,
    kBadges,
    kLooks,
    kBoards,
    kMoves,
    kChanged,
    kCounts,
    kMembers,
    kMembersChanged,
    kNames,
    kLinks,
    kStreamCount
};
inline constexpr source::Stream kLines[kStreamCount] = {
    {.name = "me", .stage = "account", .rank = 10},
    {.name = "lists",
     .stage = "lists",
     .rank = 20,
     .token_stream = "changes",
     .every = source::Every::reconcile,
     .reported_by_row = true,
     .essential = true},
    {.name = "changes", .stage = "lists", .rank = 20},
    {.name = "parts",
     .stage = "parts",
     .rank = 30,
     .proves = "asana_projects",
     .proves_by = "name",
     .looked_at_by = "looks",
     .counted_by = "counts"},
    {.name = "goals", .stage = "goals", .rank = 40, .capability = "goals", .paid_only = true},
    {.name = "milestones", .stage = "goals", .rank = 41, .capability = "goals"},
    {.name = "notes", .stage = "notes", .rank = 60, .kind = source::Kind::one_off},
    {.name = "badges", .stage = "notes", .rank = 61, .kind = source::Kind::one_off, .capability = "badges"},
    {.name = "looks",
     .stage = "looks",
     .rank = 25,
     .kind = source::Kind::one_off,
     .looks_at = "asana_projects",
     .gives_row = true,
     .reported_by_row = true},
    {.name = "boards", .stage = "boards", .rank = 28, .token_stream = "moves", .every = source::Every::reconcile},
    {.name = "moves", .stage = "boards", .rank = 27, .looked_at_by = "looks"},
    {.name = "changed",
     .stage = "lists",
     .rank = 24,
     .kind = source::Kind::one_off,
     .watermark = true,
     .gathers = "looks"},
    {.name = "counts", .stage = "parts", .rank = 31, .kind = source::Kind::one_off},
    {.name = "members",
     .stage = "members",
     .rank = 50,
     .token_stream = "members_changed",
     .every = source::Every::reconcile},
    {.name = "members_changed", .stage = "members", .rank = 50, .watermark = true},
    {.name = "names", .stage = "parts", .rank = 31, .proves = "asana_projects", .remembered = true},
    {.name = "links",
     .stage = "parts",
     .rank = 32,
     .proves = "asana_project_followers",
     .proves_by = "project_gid",
     .proves_gid = "user_gid"},
};

// Lists may be asked of a row that others can hang on.
inline constexpr Remains::Kin kOfRow[] = {{"asana_project_followers", "project_gid"}};
inline constexpr Remains kRemains[] = {{"asana_projects", kOfRow, {}}};

// Bodies are lines: "row GID CONTENT [FOLLOWER..]" (of asana_projects; the content is its name and its hash), "edge
// GID" (from the scope, in asana_project_followers), "open STREAM ROOT SCOPE [ORDER]" (always), "if_changed STREAM ROOT
// SCOPE [ORDER]" (for the row before it), "next OFFSET", "token T". "hint STREAM ROOT SCOPE [deleted INSTANT]",
// "hint_at SECOND STREAM ROOT SCOPE [moved]", "if_stored STREAM ROOT SCOPE", "if_not STREAM ROOT SCOPE NUMBER",
// "if_watched" and "if_restored STREAM ROOT SCOPE" (for the row before it), "count N", "more", "fact KEY VALUE", "roots
// ROOT...", "asks ROOT..", "row_at SECOND GID CONTENT" (modified then), "known SECOND STREAM ROOT SCOPE" and "told GID
// STREAM ROOT SCOPE" (hints that may be needless), "untold NAME", "away GID" (of asana_projects: not wanted), "lacking
// STREAM ROOT SCOPE", "job GID running|done|failed [URL]" (of an export). Anything else makes the page unusable.
class Lines final : public source::Source {
  public:
    std::string account = "acme";
    std::string opens = "all";
    std::string_view filter = {};
    std::vector<Redacted> redact = {};
    std::string key = "";
    std::vector<source::Stream> table{std::begin(kLines), std::end(kLines)};
    std::span<const Remains> hangs = kRemains;

    std::string_view name() const override { return account; }
    std::span<const source::Stream> streams() const override { return table; }
    std::span<const Table> tables() const override { return store::kTables; }
    std::span<const Remains> remains() const override { return hangs; }
    std::vector<source::FollowUp> roots() const override { return {{.stream = kMe, .scope = "", .root = ""}}; }
    std::string fingerprint() const override { return opens; }
    std::string_view filtered() const override { return filter; }
    std::vector<Redacted> redactions() const override { return redact; }
    std::string redaction_key() const override { return key; }
    std::string target(const source::Work& work) const override {
        if (work.scope == "impossible") throw Error("a scope that cannot stand in a path");
        return fmt::format("/{}{}{}{}{}{}", kLines[work.stream].name, work.scope.empty() ? "" : "/", work.scope,
                           work.limit > 0 ? fmt::format("?limit={}", work.limit) : "",
                           work.offset.empty() ? "" : fmt::format("#{}", work.offset),
                           work.cursor.empty() || (work.stream != kChanges && work.stream != kMoves &&
                                                   work.stream != kChanged && table[work.stream].behind.empty() &&
                                                   !table[work.stream].lags && !table[work.stream].exports)
                               ? ""
                               : fmt::format("@{}", work.cursor));
    }
    source::Verdict classify(const source::Work& work, const source::Reply& reply) const override {
        using enum source::Verdict;
        switch (reply.status) {
            case 200:
                return page;
            case 400:
                return reply.body == "expired" ? restart : refused;
            case 401:
                return unauthorized;
            case 402:
                return capability_off;
            case 403:
            case 404:
                return hidden;
            case 409:
                return busy;
            case 412:
                return token;
            case 429:
                return throttled;
            case 451:
                return blocked;
            case 500:
                return work.stream == kMe ? retry : shrink;
            default:
                return retry;
        }
    }
    std::string reason(std::string_view body) const override { return std::string(body); }

    std::vector<source::ApiChange> api_changes(source::Headers headers) const override {
        std::vector<source::ApiChange> changes;
        for (auto [name, value] : headers) {
            if (name != "change") continue;
            const bool affected = value.ends_with('!');
            if (affected) value.pop_back();
            changes.push_back({.name = value, .info = "https://" + value, .affected = affected});
        }
        return changes;
    }

    void read(const source::Work& work, std::string_view body, source::Answer& answer) override {
        answer.clear();
        while (!body.empty()) {
            auto line = body.substr(0, body.find('\n'));
            body.remove_prefix(std::min(line.size() + 1, body.size()));
            std::vector<std::string> words;
            for (std::size_t end = 0; !line.empty(); line.remove_prefix(std::min(end + 1, line.size())))
                words.emplace_back(line.substr(0, end = std::min(line.find(' '), line.size())));
            read_line(words, work.scope, answer);
        }
    }

    std::string body(const source::Work& work) const override {
        return table[work.stream].exports && work.cursor.empty() ? "{}" : "";
    }
    // "broken GID" cannot be read, and is of that row; "broken" of nobody knows which.
    void read_line(const source::Work& work, std::string_view line, source::Answer& answer) override {
        read(work, line, answer);
    }
    std::optional<source::FollowUp> in_place_of(const source::Work& work, std::string_view line) const override {
        const auto gid = line.substr(std::min(line.size(), line.find(' ') + 1));
        if (line == "broken") return std::nullopt;
        return source::FollowUp{.stream = kLooks, .scope = std::string(gid), .root = std::string(work.root)};
    }

  private:
    static void read_line(const std::vector<std::string>& words, std::string_view scope, source::Answer& answer) {
        auto& page = answer.page;
        if (words.at(0) == "row") {
            const auto content = page.keep(words.at(2));
            page.entities.push_back({.table = store::kProjects,
                                     .gid = page.keep(words.at(1)),
                                     .hash = static_cast<std::int64_t>(std::hash<std::string_view>()(content)),
                                     .first = static_cast<std::uint32_t>(page.values.size())});
            page.values.push_back(Value::of(content));
            page.values.push_back(Value());
            if (words.size() > 3) {
                page.entities.back().hash += static_cast<std::int64_t>(words.size());
                page.entities.back().first_child = static_cast<std::uint32_t>(page.children.size());
                page.entities.back().children = 1;
                page.children.push_back({store::kFollowers, static_cast<std::uint32_t>(page.values.size()),
                                         static_cast<std::uint32_t>(words.size() - 3)});
                for (std::size_t i = 3; i < words.size(); ++i) {
                    page.values.push_back(Value::of(page.entities.back().gid));
                    page.values.push_back(Value::of(page.keep(words[i])));
                }
            }
            ++answer.objects;
        } else if (words[0] == "edge") {
            const auto gid = page.keep(words.at(1));
            page.edges.push_back(
                {.table = store::kFollowers, .gid = gid, .first = static_cast<std::uint32_t>(page.values.size())});
            page.values.push_back(Value::of(page.keep(scope)));
            page.values.push_back(Value::of(gid));
            ++answer.objects;
        } else if (words[0] == "open" || words[0].starts_with("if_")) {
            const auto stream = std::ranges::find(kLines, words.at(1), &source::Stream::name);
            answer.follow_ups.push_back(
                {.stream = static_cast<std::uint16_t>(stream - std::begin(kLines)),
                 .scope = words.at(3),
                 .root = words.at(2),
                 .order = words.size() > 4 ? std::stoll(words[4]) : 0,
                 .entity = words[0] == "open" || words[0] == "if_stored" || words[0] == "if_not"
                               ? -1
                               : static_cast<std::int64_t>(page.entities.size()) - 1,
                 .opener = static_cast<std::int64_t>(page.entities.size()) - 1,
                 .restored = words[0] == "if_restored",
                 .watched = words[0] == "if_watched",
                 .stored = words[0] == "if_stored",
                 .number = words[0] == "if_not" ? std::optional(std::stoll(words.at(4))) : std::nullopt});
        } else if (words[0] == "hint") {
            const auto stream = std::ranges::find(kLines, words.at(1), &source::Stream::name);
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(stream - std::begin(kLines)),
                                         .scope = words.at(3),
                                         .root = words.at(2),
                                         .said = words.size() > 4 ? words[4] + " " + words.at(5) : ""});
        } else if (words[0] == "hint_at") {
            const auto stream = std::ranges::find(kLines, words.at(2), &source::Stream::name);
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(stream - std::begin(kLines)),
                                         .scope = words.at(4),
                                         .root = words.at(3),
                                         .said = words.size() > 5 ? words[5] : "",
                                         .at = store::at(std::stoll(words.at(1)))});
        } else if (words[0] == "row_at") {
            page.entities.push_back({.table = store::kProjects,
                                     .gid = page.keep(words.at(2)),
                                     .hash = static_cast<std::int64_t>(std::hash<std::string_view>()(words.at(3))),
                                     .first = static_cast<std::uint32_t>(page.values.size())});
            page.values.push_back(Value::of(page.keep(words.at(3))));
            page.values.push_back(Value::of(page.keep(iso(store::at(std::stoll(words.at(1)))))));
            ++answer.objects;
        } else if (words[0] == "known" || words[0] == "told") {
            const auto stream = std::ranges::find(kLines, words.at(2), &source::Stream::name);
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(stream - std::begin(kLines)),
                                         .scope = words.at(4),
                                         .root = words.at(3),
                                         .said = ""});
            if (words[0] == "known") answer.follow_ups.back().known_by = store::at(std::stoll(words.at(1)));
            if (words[0] == "told") answer.follow_ups.back().told_in = "asana_projects";
            if (words[0] == "told") answer.follow_ups.back().told = words.at(1);
        } else if (words[0] == "lacking") {
            const auto stream = std::ranges::find(kLines, words.at(1), &source::Stream::name);
            answer.follow_ups.push_back({.stream = static_cast<std::uint16_t>(stream - std::begin(kLines)),
                                         .scope = words.at(3),
                                         .root = words.at(2),
                                         .lacking = true});
            ++answer.objects;
        } else if (words[0] == "untold") {
            answer.untold = {words.at(1), "not to be told apart"};
        } else if (words[0] == "fact") {
            answer.facts.emplace_back(words.at(1), words.at(2));
        } else if (words[0] == "away") {
            answer.unwanted.emplace_back(store::kProjects, words.at(1));
        } else if (words[0] == "count") {
            answer.count = std::stoll(words.at(1));
        } else if (words[0] == "job") {
            using Is = source::Answer::Job::Is;
            answer.job = {.gid = words.at(1),
                          .is = words.at(2) == "done"     ? Is::done
                                : words.at(2) == "failed" ? Is::failed
                                                          : Is::running,
                          .url = words.size() > 3 ? words[3] : ""};
        } else if (words[0] == "roots") {
            answer.roots.emplace(words.begin() + 1, words.end());
        } else if (words[0] == "asks") {
            answer.asked_roots.assign(words.begin() + 1, words.end());
        } else if (words[0] == "more") {
            answer.more = true;
        } else if (words[0] == "next") {
            answer.next = words.at(1);
        } else if (words[0] == "token") {
            answer.token = words.at(1);
        } else {
            throw Error(words[0] + " was not expected");
        }
    }
};

inline Limits at_most(std::uint64_t requests) { return {.time = {}, .requests = requests}; }

struct Reply {
    std::string body = "";
    int status = 200;
    std::string retry_after = "";
    Milliseconds after{10};  // when it arrives, counted from its request
    http::Failure failure = http::Failure::none;
    std::string change = "";  // an API change that it announces; with "!" at its end: that concerns it
};

struct Killed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// Answers each target with the replies that were set for it, one after the other, the last one again and again.
// A target without any gets an empty page.
class Script final : public http::Transport {
  public:
    explicit Script(FakeClock& clock) : clock_(clock) {}

    void on(const std::string& target, std::initializer_list<Reply> replies) { replies_[target] = replies; }

    Targets asked;                        // in the order of their requests
    std::vector<Monotonic> asked_at;      // when
    std::vector<std::string> posted;      // bodies
    std::vector<http::Download> files;    // that were asked for
    std::string token;                    // the one set last
    Monotonic down_from{}, down_until{};  // nothing that is sent in between is answered
    std::size_t kill_before = SIZE_MAX;   // the process dies when it would send this request, counted from 0
    std::size_t most_at_once = 0;
    std::size_t most_waits = 200'000;  // more: the engine waits for ever
    std::function<void(const std::string& target)> watch = [](const std::string&) {};

    void get(std::uint64_t id, const std::string& target) override {
        if (asked.size() == kill_before) throw Killed("killed");
        asked.push_back(target);
        asked_at.push_back(clock_.monotonic());
        watch(target);
        auto& replies = replies_[target];
        Reply reply = replies.empty() ? Reply{} : replies.front();
        if (replies.size() > 1) replies.pop_front();
        if (clock_.monotonic() >= down_from && clock_.monotonic() < down_until) reply.failure = http::Failure::reset;
        coming_.emplace(clock_.monotonic() + reply.after, response(id, reply));
        most_at_once = std::max(most_at_once, coming_.size());
    }
    void post(std::uint64_t id, const std::string& target, const std::string& json) override {
        posted.push_back(json);
        get(id, "POST " + target);
    }
    // In pieces, each of them a reply: all but the last one say that more follow. After a failure nothing comes.
    void download(std::uint64_t id, const http::Download& file) override {
        files.push_back(file);
        get(id, file.from > 0 ? fmt::format("{} from {}", file.url, file.from) : file.url);
    }
    std::size_t in_flight() const override { return coming_.size(); }
    std::vector<http::Response> wait(Milliseconds at_most) override {
        if (++waits_ > most_waits) throw std::runtime_error("the engine waits for ever");
        const auto until = clock_.monotonic() + at_most;
        std::vector<http::Response> arrived;
        if (coming_.empty() || coming_.begin()->first > until) {
            clock_.advance(at_most);
            return arrived;
        }
        clock_.advance(std::max(coming_.begin()->first - clock_.monotonic(), Monotonic::duration(0)));
        arrived.push_back(std::move(coming_.begin()->second));
        coming_.erase(coming_.begin());
        return arrived;
    }
    void set_token(std::string text) override { token = std::move(text); }

    // What was on its way to a process that is gone is lost.
    void drop() { coming_.clear(); }

    std::int64_t times(std::string_view target) const { return std::ranges::count(asked, target); }
    // The position of the first request for this target; past the end if there was none.
    std::size_t place(std::string_view target) const {
        return static_cast<std::size_t>(std::ranges::find(asked, target) - asked.begin());
    }

  private:
    static http::Response response(std::uint64_t id, const Reply& reply) {
        http::Response response;
        response.id = id;
        response.failure = reply.failure;
        if (reply.failure != http::Failure::none) response.message = "connection reset";
        response.status = reply.failure == http::Failure::none ? reply.status : 0;
        response.headers = {{"content-type", "application/json"}};
        if (!reply.retry_after.empty()) response.headers.emplace_back("retry-after", reply.retry_after);
        if (!reply.change.empty()) response.headers.emplace_back("change", reply.change);
        response.body = reply.body;
        response.body.reserve(response.body.size() + http::kPadding);
        response.duration = reply.after;
        return response;
    }

    FakeClock& clock_;
    std::map<std::string, std::deque<Reply>> replies_;
    std::multimap<Monotonic, http::Response> coming_;
    std::size_t waits_ = 0;
};

// One account, its tracker and its database. Each sync() is a process of its own.
struct Bench {
    testing::TemporaryFolder folder;
    std::filesystem::path file = folder.path() / "t.db";
    FakeClock clock;
    Script api{clock};
    Lines source;
    Periods periods;
    Deletions deletions;
    PollOptions polls;
    ExportOptions exports;
    std::set<std::string> accounts;  // that are configured
    http::PaceOptions pace_options{.requests_per_minute = 60'000, .share = 1, .concurrency = 8};
    std::atomic<bool> stop = false;
    std::string first_token = "old";
    std::string token = "old";  // what the token place gives later
    std::vector<Progress> seen;

    Bench() { log::configure({.level = log::Level::off}); }
    ~Bench() { log::configure({}); }
    Bench(const Bench&) = delete;
    Bench& operator=(const Bench&) = delete;

    Ended sync(const Limits& limits = {}) {
        const auto store = store::open_sqlite(file, source.tables());
        http::Pace pace(pace_options, [] { return 0.5; });
        api.drop();
        Sync sync(account(pace), *store, clock, stop, [this](const Progress& progress) { seen.push_back(progress); });
        seen.clear();
        return sync.run(limits);
    }
    // A daemon, for so long.
    void serve(Milliseconds time, const std::function<void(Sync&)>& each_turn = {}) {
        const auto store = store::open_sqlite(file, source.tables());
        http::Pace pace(pace_options, [] { return 0.5; });
        api.drop();
        Sync sync(account(pace), *store, clock, stop, [this](const Progress& progress) { seen.push_back(progress); });
        seen.clear();
        const auto until = clock.monotonic() + time;
        sync.serve();
        while (clock.monotonic() < until && !stop) {
            sync.turn(1s);
            if (each_turn) each_turn(sync);
        }
        sync.drain(clock.monotonic() + 10s);
    }
    Account account(http::Pace& pace) {
        return {.source = source,
                .transport = api,
                .pace = pace,
                .read_token = [this] { return token; },
                .token = first_token,
                .periods = periods,
                .deletions = deletions,
                .polls = polls,
                .exports = exports,
                .accounts = accounts};
    }
    // The exit code of the Fatal that ends it; 0 if none does.
    int sync_fails(std::string* message = nullptr) {
        return store::exit_code([this] { sync(); }, message);
    }
    // A sync that dies when it would send one more request than these.
    void sync_killed_after(std::size_t requests) {
        api.kill_before = api.asked.size() + requests;
        CHECK_THROWS_AS(sync(), Killed);
        api.kill_before = SIZE_MAX;
        forget();
    }
    void forget() {
        api.asked.clear();
        api.asked_at.clear();
    }
    std::string rows(const std::string& sql) const { return store::rows(file, sql); }
    std::string projects() const { return rows("SELECT gid, name FROM asana_projects ORDER BY gid"); }
    std::string tombstones() const { return rows("SELECT gid, cause, detected_by, deleted_at FROM sync_tombstones"); }
    std::string gaps() const {
        return rows("SELECT stream, scope, status FROM sync_gaps WHERE healed_at IS NULL ORDER BY stream, scope");
    }
    std::string due() const {
        return rows("SELECT stream, scope FROM sync_work WHERE due_at IS NOT NULL ORDER BY stream, scope");
    }
    std::string cursors(std::string_view scope) const {
        return rows(fmt::format(
            "SELECT cursor, pending_cursor FROM sync_work WHERE stream = 'changes' AND scope = '{}'", scope));
    }
};

}  // namespace taskmirror::engine
