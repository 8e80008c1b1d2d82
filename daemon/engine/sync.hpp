// The loop: takes the most valuable due work that the budget allows, asks for it, stores what came back.
//
// Work falls into three classes that share the budget: changes, walks, reconciling. A sync goes on until nothing is
// due; a daemon begins a pass of walks every `relist` and polls for changes in between, the most valuable stream first.
//
// Request -> page -> rows, follow-up work and cursor as one -> commit -> next. A first load groups pages into
// one commit, by count and by at most two seconds. What is in flight when the process dies is asked for again; nothing
// else is. One thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/counters.hpp"
#include "core/error.hpp"
#include "core/time.hpp"
#include "engine/scheduler.hpp"
#include "http/client.hpp"
#include "http/pace.hpp"
#include "source/source.hpp"
#include "store/store.hpp"

namespace taskmirror::engine {

inline constexpr std::size_t kClasses = std::tuple_size_v<decltype(Shares().order())>;
static_assert(kClasses == kWorkNames.size());

struct Limits {
    std::optional<Milliseconds> time;
    std::optional<std::uint64_t> requests;
};

// Where a sync stands, for the person who watches it.
struct Progress {
    std::string_view stage;
    std::uint64_t requests = 0, retries = 0, rate_limited = 0;
    std::uint64_t rows_written = 0;  // of entity tables: new or changed
    std::uint64_t rows_unchanged = 0;
    std::int64_t waiting = 0;    // requests that are known to be needed still; walks may need several
    double rate_per_minute = 0;  // our share of the quota
    double used_per_minute = 0;  // requests of the last minute
    int in_flight = 0;
    std::optional<std::chrono::seconds> left;         // of the work that is known, at our rate
    bool paused = false;                              // a Retry-After runs
    std::optional<std::chrono::seconds> clock_ahead;  // our clock, of the server's, as it last said
};

// How old a list may be before it is walked again; see source::Every. Zero: older than this pass.
struct Periods {
    Milliseconds relist{0};
    Milliseconds reconcile{0};
    Milliseconds reread{0};  // of what is read in rotation; zero: all of it in this pass
};

// What a walk may find missing of what is stored, before it is held until a second walk, a day later, says the same.
struct Deletions {
    double max_share = 0.2;
    bool accepted = false;  // by the user: nothing is held
};

// A first load by an export of the server's, where it makes one.
struct ExportOptions {
    bool allowed = false;            // by the user: it is asked for by POST
    Milliseconds first_pause{1000};  // between questions to its job; each is twice as long as the one before
    Milliseconds longest_pause{30'000};
    Milliseconds patience{std::chrono::hours(8)};  // then its lists are walked: event tokens live for a day
};

enum class Ended { complete, with_work_left };

struct Account {
    source::Source& source;
    http::Transport& transport;
    http::Pace& pace;
    std::function<std::string()> read_token;  // asked again after a 401
    std::string token;
    Periods periods{};
    Deletions deletions{};
    PollOptions
        polls{};  // of a daemon; a sync asks each stream of changes once, and again when it takes longer than an hour
    ExportOptions exports{};
    Counters* counters = nullptr;      // of the account, for metrics; it outlives the Sync
    std::set<std::string> accounts{};  // all that the configuration names
};

// Whether an answer of the last day proved that the plan is a paid one: its quota is a larger one.
bool is_known_as_paid(const source::Source& source, store::Store& store, Instant now);

class Verify;

class Sync {
  public:
    // `stop` is set by a signal: no new requests, what is in flight is stored or dropped whole.
    Sync(Account account, store::Store& store, const Clock& clock, const std::atomic<bool>& stop,
         std::function<void(const Progress&)> watch);
    ~Sync();
    Sync(const Sync&) = delete;
    Sync& operator=(const Sync&) = delete;

    // Runs until nothing is due, a limit is reached or `stop` is set. Throws Fatal; what was complete is stored then.
    Ended run(const Limits& limits);

    // The same beside others: start() once, then step() until it gives false, which sends what may be sent and waits
    // `at_most` for answers; at the end finish().
    void start();
    bool step(const Limits& limits, Milliseconds at_most);
    Ended finish();

    // As a daemon: serve() once, then turn() again and again, which sends what may be sent and waits `at_most` for
    // answers; at the end drain(), which stores what comes until then. After a Fatal the object is of no more use.
    void serve();
    void turn(Milliseconds at_most);
    void drain(Monotonic until);
    bool has_requests() const;
    bool has_been_answered() const { return answered_; }
    // When it may have something to send, unless an answer comes before: others need not wait for longer.
    Monotonic ready_at() const { return ready_at_; }
    // From now on this comparison is carried out beside it, from the share of reconciling; null: none. It must stay
    // until it has all its answers, or go with the transport.
    void invite(Verify* verify) { guest_ = verify; }
    // The user has seen what held walks found missing, and whose token it is now.
    void accept_deletions();
    // What the server said to the whole account: nothing may be asked until a person has looked.
    bool is_blocked() const { return blocked_; }

    const Progress& progress() const { return progress_; }

  private:
    struct Walk;
    using WalkPtr = std::unique_ptr<Walk>;

    void begin_pass(bool anew);
    bool is_walked() const;
    void end_pass();
    void receive(Milliseconds at_most);
    void keep_what_is_whole(const Fatal& fatal);
    bool is_idle() const;
    bool anything_due();
    void heal_abandoned_gaps();
    std::optional<Instant> instant(std::string_view fact) const;
    Instant now();
    Instant due_now();
    bool may_send(const Limits& limits) const;
    std::optional<Monotonic> send_what_may_be_sent(const Limits& limits);
    std::optional<Monotonic> next_retry() const;
    bool send_next();
    WalkPtr next_of(Class lane);
    bool guest_sends();
    bool takes_token(const Walk& walk);
    bool is_replaced(const source::Stream& tokens, std::string_view root);
    bool has_been_replaced(const Walk& walk);
    WalkPtr who_am_i();
    WalkPtr begin_walk(store::Work row);
    WalkPtr pick(Class lane);
    WalkPtr pick_poll();
    bool refill(Class lane);
    bool comes_after(const source::Stream& stream, std::string_view scope);
    bool events_are_left() const;
    void make_ready(WalkPtr walk);
    void make_ready_first(WalkPtr walk);
    void load_polls();
    void note_poll(const store::Work& row);
    void learn(Walk& walk);
    void share_polls();
    bool prepare(Walk& walk);
    std::optional<std::pair<std::string, std::string>> unknown_feature(const Walk& walk) const;
    void send(WalkPtr walk);
    Milliseconds wait_time(std::optional<Monotonic> more_at) const;

    void answered(http::Response response);
    void read_page(WalkPtr walk, const http::Response& response);
    void store_page(Walk& walk, std::uint64_t request);
    store::Sent sent(std::uint64_t request) const;
    void note_watermark(const Walk& walk);
    void keep_watermark(Walk& walk, Instant done);
    void cast_nets();
    Instant outdated_before(const source::Stream& stream, std::string_view scope) const;
    bool sweep(Walk& walk);
    bool proves(const source::Stream& stream, std::string_view gid) const;
    bool is_asked_for(const source::Stream& stream, std::string_view gid) const;
    struct Missing;
    std::vector<Missing> missing(Walk& walk);
    void unlink(const Walk& walk, std::string_view gid);
    void bury(std::string_view table, std::string_view gid, std::string_view root, store::Burial burial);
    void forget(std::string_view scope, std::string_view cause = "not_visible");
    void exclude(std::string_view table, std::vector<std::string> gids, std::string_view root);
    void exclude_unheld(std::string_view root);
    bool hangs_on_a_row(const Walk& walk) const;
    bool is_held(std::string_view table, std::string_view gid) const;
    const Remains& remains_of(std::string_view table) const;
    void check_redaction_key();
    void note_redactions();
    void rewrite();
    bool leads_there(std::string_view look, std::string_view gid, const source::Stream* but) const;
    bool is_a_member(std::string_view person, std::string_view root) const;
    void end(std::string_view person, std::string_view root);
    void hold(Walk& walk);
    void skip_what_comes_after(const Walk& look);
    void forget_token(Walk& walk);
    void look_at_scope(const Walk& walk);
    void gone(WalkPtr pointer, std::uint64_t request, int status, const std::string& why);
    void ask_for(const source::Stream& stream, std::string_view scope, std::string_view root,
                 std::string_view said = {});
    bool queue_anew(const store::Work& row, const std::optional<std::string>& said = {});
    Walk* overtake(const store::Work& row);
    void expired(WalkPtr walk, const http::Response& response);
    bool read_token(WalkPtr& walk, const http::Response& response);
    void keep_token(WalkPtr walk, const http::Response& response);
    void usable_answer();
    void note_api_changes(const source::Work& work, const http::Response& response);
    void try_again(WalkPtr walk, std::optional<int> status, const std::string& why);
    void doubt_token(WalkPtr walk, const std::string& why);
    void doubt(WalkPtr walk, std::optional<int> status, const std::string& why);
    void ask_again(WalkPtr walk);
    void settle_doubts();
    void outage(const std::string& why);
    static void start_over(Walk& walk);
    void give_up(WalkPtr walk, std::optional<int> status, const std::string& why, Milliseconds retry_in);
    void go_without_token(WalkPtr walk, std::optional<int> status, const std::string& why, Milliseconds retry_in);
    void end_in_gap(Walk& walk, std::optional<int> status, const std::string& why, Milliseconds retry_in);
    void feature_off(Walk& walk);
    void set_capability(const std::string& root, std::string_view name, bool available);
    bool is_optional_token(const Walk& walk) const;
    void token_off(WalkPtr walk);
    void walk_again(const source::Stream& tokens, const std::string& root);
    void skip(Walk& walk);
    void leave(const Walk& walk);
    void note_user(const std::string& fact, const std::string& user);
    void queue_follow_ups(Walk& walk, const store::Written& written);
    Class class_of_follow_up(const source::FollowUp& follow_up, const Walk& walk) const;
    std::optional<std::int64_t> stored_of(const source::Stream& stream, std::string_view scope);
    bool is_known(const source::Stream& stream, std::string_view scope);
    void came(const store::Work& work);
    bool gather(const Walk& changes, const source::FollowUp& hint, const store::Work& work);
    void wait_for(const source::Stream& list, std::string_view scope, store::Work work, std::string_view said,
                  Instant since);
    bool may_name(const source::Stream& list, std::string_view scope, std::string_view gid);
    std::vector<std::string> named_in(const source::Stream& list, std::string_view gid);
    const source::Stream* members_of(const source::Stream& list) const;
    bool is_active(const source::Stream& stream, std::string_view scope) const;
    void end_of_hints(const source::Stream& list, std::string_view scope);
    void named(const Walk& walk);
    void release(std::string_view scope);
    void no_more_hints(const Walk& changes);
    void give_back(Walk& walk);
    void release_forgotten();
    void carriers_of(std::string_view table, std::string_view gid, std::string_view root);
    void owner_hidden(WalkPtr walk, int status, const std::string& why);
    bool waits_for_search(const source::Stream& stream, const store::Work& row);
    bool is_told_by_search(const store::Work& row);
    void note_polls_without_search();
    void drop_older(const Walk& walk);
    void drop_unwanted(const Walk& walk);
    bool is_newer(const Entity& entity, std::string_view root);
    std::string_view modified_at(const Entity& entity) const;
    void hurry(const Walk& search, const store::Written& written);
    void note_untold(const Walk& walk);
    bool is_first_search(const source::Stream& stream) const { return stream.lags && !stream.watermark; }
    bool is_made_again(const source::Stream& search) const {
        return is_first_search(search) && search.every == source::Every::reread;
    }
    bool is_left_to_search(const source::FollowUp& follow_up);
    bool waits_for_lists(const store::Work& search);
    bool waits_for_first_answer(const source::Stream& stream, const store::Work& row);
    void ask_for_miscounted(const Walk& search);
    void ask_for_all(const Walk& search);
    void ask_for_one(const source::Stream& list, std::string_view scope, std::string_view root);
    bool is_told(const source::FollowUp& hint);
    bool is_exporting(std::string_view name, std::string_view root);
    bool waits_for_file(const source::Stream& list, const source::FollowUp& opened);
    bool waits_for_export(std::string_view tokens, std::string_view root);
    bool waits_for_token(const source::Stream& exports, std::string_view root);
    bool has_begun_lists(const source::Stream& exports, const std::string& root);
    bool goes_on_with_export(Walk& walk);
    void job_answered(WalkPtr walk, const http::Response& response);
    void ask_later(WalkPtr walk);
    void begin_download(WalkPtr walk, const std::string& url);
    bool piece_arrived(const http::Response& response);
    std::string take_piece(Walk& walk, const http::Response& response);
    bool is_too_long(const Walk& walk);
    void download_failed(WalkPtr walk, std::string_view why);
    void store_line(Walk& walk, std::string_view line, bool whole);
    void finish_export(WalkPtr walk);
    void end_export(Walk& walk, std::string_view why);
    std::vector<store::Work> waiting_for_export(const Walk& walk);
    void use_token(const Walk& walk);
    void keep_cursor(store::Work& token);
    void rotate();
    void rotate(std::string_view table, std::span<const source::Stream* const> streams);
    void note_owners(const std::vector<std::string>& asked);
    bool keeps(const std::string& account, const std::string& root);
    void note_roots(const std::vector<std::string>& visible, const std::string& stream);
    void ask_whose_token();
    // Of what is in this workspace: the rows are those of another user, who sees another world.
    bool is_of_other_user(const std::string& root) const { return other_user_ || others_rows_.contains(root); }
    bool proves_nothing(const std::string& root) const { return !user_known_ || is_of_other_user(root); }

    source::Work work_of(const Walk& walk) const;
    store::Work row_of(const source::Stream& stream, std::string_view scope, std::string_view root, Class lane,
                       std::int64_t order = 0) const;
    const source::Stream* list_of(const source::Stream& token_stream) const;
    const source::Stream& stream_of(const Walk& walk) const;
    const source::Stream& stream_named(std::string_view name) const;
    bool is_first_root(const Walk& walk) const;
    const store::Capability* known_feature(std::string_view root, std::string_view name) const;
    static std::string describe(const Walk& walk);
    void open_group();
    void commit_group();
    void count_waiting();
    void note_state();
    void report(bool now);
    void note_stage();
    std::string unusable(const Error& error) const;
    void count_answer(const Walk& walk, const http::Response& response);
    void count_staleness(const Walk& walk, const std::vector<bool>& changed);

    Account account_;
    store::Store& store_;
    const Clock& clock_;
    const std::atomic<bool>& stop_;
    std::function<void(const Progress&)> watch_;

    std::string name_;  // of the account
    std::map<std::string, std::uint16_t, std::less<>> stream_index_;
    Instant pass_{};    // when this pass began
    Instant latest_{};  // what now() gave last
    Instant due_at_{};  // work is taken up that is due by then: when the sync began, or its second round
    bool second_round_ = false;
    bool serving_ = false;
    bool pass_is_open_ = true;  // of a daemon: something that it opened is due
    bool blocked_ = false;
    bool answered_ = false;  // usably, once at least
    Verify* guest_ = nullptr;
    Monotonic looked_at_{};  // the queue, for the end of a pass
    Monotonic noted_at_{};   // the state of the account
    Monotonic ready_at_{};

    std::uint64_t last_request_ = 0;
    std::uint64_t token_since_ = 0;               // the first request that went with the present token
    std::map<std::uint64_t, WalkPtr> in_flight_;  // by number of the request: the first is the oldest
    std::map<std::uint64_t, WalkPtr> downloads_;  // the files of exports, which cost nothing of the rate
    struct Lane {
        std::deque<WalkPtr> ready;       // walks whose next page is due
        std::deque<store::Work> picked;  // the next rows of the queue
    };
    std::array<Lane, kClasses> lanes_;
    Shares shares_;
    Polls polls_;
    bool polled_ = false;                            // the last of its class was a poll that was overdue
    std::vector<bool> is_poll_;                      // by stream: it tells of changes
    std::vector<WalkPtr> held_;                      // waiting for their retry
    std::unordered_map<std::string, Walk*> active_;  // all walks above, by key
    std::unordered_set<std::string> forgotten_;      // of these: what they ask of is gone, their answer does not count
    std::map<std::string, std::int64_t> backlog_;    // work waiting or active, by stream
    std::map<std::pair<std::string, std::string>, store::Capability> capabilities_;  // by workspace and name
    std::map<std::string, store::ApiChange, std::less<>> api_changes_;               // by name
    std::unordered_set<std::string> refused_roots_;                                  // workspaces that refuse the token
    std::unordered_set<std::string> lost_roots_;           // workspaces that it does not see any more
    std::unordered_set<std::string> others_roots_;         // workspaces that other accounts mirror
    std::unordered_set<std::string> others_rows_;          // workspaces whose rows came with another user's token
    std::set<std::pair<std::string, std::string>> asked_;  // features that an answer in flight will tell of
    std::vector<WalkPtr> curious_;                         // walks that wait for such an answer
    struct Doubt {
        WalkPtr walk;
        std::optional<int> status;
        std::string why;
    };
    std::vector<Doubt> doubts_;             // failed, until the first root tells whether the whole account does
    bool probing_ = false;                  // it is being asked, and nothing else is
    WalkPtr probe_;                         // the question, while it is not in flight
    int failures_in_a_row_ = 0;             // without a usable answer
    source::Gids wanted_;                   // rows of the table that is filtered: listed ones
    std::optional<Monotonic> drain_until_;  // a sync that stops waits for answers
    bool user_known_ = false;               // whose token it is has been answered
    std::string user_;                      // who that is
    bool other_user_ = false;          // the token is another person's than that of the rows: nothing is taken for gone
    std::vector<std::string> tokens_;  // that were sent: none is shown
    int token_number_ = 0;             // grows when the token is replaced
    bool token_is_new_ = false;        // replaced, and no usable answer since
    int outages_ = 0;                  // in a row

    source::Answer answer_;
    std::size_t pages_in_group_ = 0;
    std::optional<Monotonic> group_began_;  // none: no group is open, as far as we know
    Monotonic run_began_{};
    Monotonic stage_began_{};
    int stage_rank_ = 0;
    std::size_t gaps_told_ = 0;  // in the log
    std::deque<Monotonic> recent_requests_;
    Monotonic last_report_{};
    Progress progress_;
    Counters own_counters_;  // where the account has none
    Counters& counters_;
};

}  // namespace taskmirror::engine
