// Compares the database with the API: each object that a list names by gid and content hash, what is stored and not
// named, and the number of tasks. Writes no row of an object; what differs can be queued for the next sync.
//
// It makes the requests that a full sync makes, one project after the other, so that its memory grows with the largest
// project and not with the workspace. It waits for nothing by itself: who drives it sends and hands answers over, alone
// by run() or in a loop of another kind. One thread.
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
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "engine/sync.hpp"

namespace taskmirror::engine {

enum class Difference : std::uint8_t { missing, extra, different };
inline constexpr std::array<std::string_view, 3> kDifferenceNames = {"missing", "extra", "different"};

// What was compared: of one row of a list that is reported by row, with all that it leads to; else of one stage.
struct Comparison {
    static constexpr std::size_t kShown = 10;

    std::string_view stage;
    std::string_view table;  // empty: the stage as a whole
    std::string gid;
    std::uint64_t equal = 0;
    std::array<std::uint64_t, 3> found{};                                        // by Difference
    std::array<std::vector<std::pair<std::string_view, std::string>>, 3> shown;  // table and gid of the first ones
    std::uint64_t not_compared = 0;                                              // lists that could not be had
    std::vector<std::string> why;                                                // of the first ones
    std::optional<std::int64_t> counted;                                         // by the API
    std::int64_t stored = 0;                                                     // of what it counts
    bool is_equal() const;
};

// Of all comparisons. A row is counted once, however many lists name it.
struct Compared {
    std::uint64_t equal = 0;
    std::array<std::uint64_t, 3> found{};
    std::uint64_t not_compared = 0;
    std::uint64_t counts = 0, counts_different = 0;  // of tasks, by the API
    std::uint64_t counts_refused = 0;                // the API did not tell
    std::uint64_t queued = 0;                        // for the next sync
    bool project_found = false;                      // of VerifyOptions
    bool other_user = false;                         // the token is another person's than that of the rows
    bool is_equal() const;
};

struct VerifyOptions {
    bool repair = false;
    bool one_off = false;  // what is fetched once per object, too: stories and attachments
    std::string project;   // only the row with this gid of a list that is reported by row
};

class Verify {
  public:
    // No other user of the transport counts so far.
    static constexpr std::uint64_t kFirstRequest = std::uint64_t{1} << 62;

    // `found` is told of each comparison that is over.
    Verify(Account account, store::Store& store, const Clock& clock, VerifyOptions options,
           std::function<void(const Comparison&)> found);
    ~Verify();
    Verify(const Verify&) = delete;
    Verify& operator=(const Verify&) = delete;

    // Sends at most so many requests, as far as the pace allows. Gives when there may be more to send; none: not before
    // an answer has come.
    std::optional<Monotonic> send(std::size_t at_most = SIZE_MAX);
    static bool owns(const http::Response& response) { return response.id >= kFirstRequest; }
    // May open a commit group, for what is queued. Throws Fatal when the database fails.
    void answered(http::Response response);
    bool is_over() const { return over_; }
    // Sends nothing more; but the answers to what was sent are still to be handed over, for they are counted.
    void stop() { over_ = true; }
    bool has_requests() const { return !in_flight_.empty(); }
    // Why it was over before all was compared: the token is refused or the API does not answer.
    const std::optional<Fatal>& failure() const { return failure_; }

    // Sends and waits until it is over or `stop` is set. False: it was stopped. Throws what failed.
    bool run(const std::atomic<bool>& stop, const std::function<void(const Progress&)>& watch);

    const Compared& compared() const { return compared_; }
    const Progress& progress() const { return progress_; }

  private:
    struct Part;  // a comparison under way
    struct Walk;
    using WalkPtr = std::unique_ptr<Walk>;
    struct Pending {
        std::uint16_t stream = 0;
        std::string scope, root;
        Part* part = nullptr;
    };

    WalkPtr next();
    std::optional<Pending> next_pending();
    bool look_at_the_rest();
    void send(WalkPtr walk);
    std::optional<Monotonic> next_retry() const;

    void take(WalkPtr walk, const http::Response& response);
    void read(WalkPtr walk, const http::Response& response);
    void compare(Walk& walk, const Entity& entity);
    void compare(Walk& walk, const Edge& edge);
    void follow(const Walk& walk);
    void finish(Walk& walk);
    void find_extras(Walk& walk);
    void compare_count(Walk& walk);
    void not_there(Walk& walk);
    void look_within_project(std::uint16_t look, const std::string& gid, const Walk& walk);

    void try_again(WalkPtr walk, const std::string& why);
    void ask_again(WalkPtr walk);
    void doubt_token(WalkPtr walk, const std::string& why);
    void doubt(WalkPtr walk, const std::string& why);
    void settle_doubts();
    void usable_answer();
    static void start_over(Walk& walk);
    void give_up(Walk& walk, const std::string& why);
    void leave(Walk& walk);
    void count(Part& part, Difference difference, std::string_view table, std::string_view gid, std::string_view scope);
    void repair(const Walk& walk);
    void queue(std::uint16_t stream, std::string_view scope, std::string_view root, std::string_view said = {});

    bool add(std::uint16_t stream, std::string scope, std::string root, Part& part);
    Part& stage_of(std::uint16_t stream);
    Part& row_of(std::uint16_t stream, std::uint16_t table, std::string_view gid);
    void end(Part& part);
    const source::Stream& stream(std::uint16_t index) const { return account_.source.streams()[index]; }
    std::uint16_t index_of(std::string_view name) const;
    const source::Stream* list_counted_by(std::uint16_t stream) const;
    source::Work work_of(const Walk& walk) const;
    bool is_first_root(const Walk& walk) const;
    void report(const std::function<void(const Progress&)>& watch, bool now);

    Account account_;
    store::Store& store_;
    const Clock& clock_;
    VerifyOptions options_;
    std::function<void(const Comparison&)> found_;
    source::Gids wanted_;  // rows of the table that is filtered: listed ones
    std::string name_;
    std::map<std::string_view, std::uint16_t> stream_index_;
    std::map<std::string_view, std::uint16_t> looks_;  // by table: the stream that looks at one row of it

    // Parts of single rows go first, so that what is named elsewhere too is told of once. Above them: by rank.
    std::vector<Pending> below_;  // the next one is the last
    std::multimap<int, Pending> above_;
    std::map<std::pair<std::uint16_t, std::string>, std::unique_ptr<Part>> parts_;  // of rows: table and gid
    std::map<std::string_view, std::unique_ptr<Part>> stages_;
    std::map<std::uint64_t, WalkPtr> in_flight_;
    std::deque<WalkPtr> ready_;                                        // whose next page is due
    std::vector<WalkPtr> held_;                                        // waiting for their retry
    std::set<std::pair<std::string, std::string_view>> features_off_;  // workspace and feature
    std::set<std::string_view> named_;                                 // tables of which a row came
    std::set<std::string> roots_;                                      // of all walks
    std::set<std::string> others_roots_;                               // that other accounts mirror

    // Then what is stored and no list names is looked at, table by table.
    std::map<std::string_view, std::uint16_t>::const_iterator rest_;
    std::string rest_after_;
    bool over_ = false;
    std::optional<Fatal> failure_;
    bool counts_off_ = false;  // they have a limit of their own, which is reached
    struct Doubt {
        WalkPtr walk;
        std::string why;
    };
    std::vector<Doubt> doubts_;  // failed, until the first root tells whether the whole account does
    bool probing_ = false;       // it is being asked, and nothing else is
    WalkPtr probe_;              // the question, while it is not in flight
    int failures_in_a_row_ = 0;
    int token_number_ = 0;
    bool token_is_new_ = false;
    std::vector<std::string> tokens_;
    std::uint64_t last_request_ = kFirstRequest;
    std::deque<Monotonic> recent_requests_;
    Monotonic last_report_{};
    source::Answer answer_;
    Compared compared_;
    Progress progress_;
};

}  // namespace taskmirror::engine
