// The database as the engine sees it: transactions, rows, the queue, gaps, facts. One writer, one thread.
//
// A second database is one more implementation of this interface beside sqlite.cpp. It never looks into a row: what a
// table means is the business of the source. Every failure of the database is a Fatal with its exit code and remedy.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/redact.hpp"
#include "core/rows.hpp"
#include "core/time.hpp"
#include "core/time_zone.hpp"

namespace taskmirror::store {

// When work was last done that was then dropped: never, for what is asked for now.
inline constexpr Instant kOutdated{};

// A row of sync_work. Texts are empty where the column is NULL.
struct Work {
    std::string source{};
    std::string stream{};
    std::string scope{};
    std::string root{};
    bool recurring = false;
    std::int64_t order_key = 0;
    std::optional<Instant> due_at{};
    std::string resume{};
    std::optional<Instant> resumed_at{};
    std::int64_t walked = 0;
    std::string cursor{};
    std::string pending_cursor{};
    std::optional<Instant> pending_at{};
    int attempts = 0;
    std::string last_error{};
    std::optional<Instant> last_done_at{};
    double changes = 0;   // of a stream of changes: what was seen, with forgetting
    double exposure = 0;  // seconds in which it was
};

// A part of the queue: rows whose order_key is at least `from` and less than `below`.
struct Orders {
    std::int64_t from = std::numeric_limits<std::int64_t>::min();
    std::int64_t below = std::numeric_limits<std::int64_t>::max();
};

// Which account mirrors a workspace, and the user that its rows are of.
struct Owner {
    std::string source{};
    std::string user{};
};

// Begins the fact that tells which account mirrors a workspace; and what stands in it: "ACCOUNT USER".
inline constexpr std::string_view kOwnerOf = "workspace ";
Owner owner_in(std::string_view fact);

// The fact that tells with which key texts were redacted: a hash of it.
inline constexpr std::string_view kRedactKey = "redact_key";

// Begins the message of a gap that waits for the user or another walk: what a walk found missing is held.
inline constexpr std::string_view kHeld = "held: ";

struct Gap {
    std::string source{};
    std::string stream{};
    std::string scope{};
    std::optional<int> status{};  // HTTP; none: no usable answer came
    std::string message{};
    Instant seen_at{};
    std::optional<Instant> retry_at{};
    Instant first_seen_at{};  // filled by open_gaps()
};

struct Capability {
    std::string scope{};
    std::string name{};
    bool available = false;
    Instant checked_at{};
};

// A change to the API, as announced by the tracker.
struct ApiChange {
    std::string name{};
    std::string info{};
    bool affected = false;
    Instant first_seen_at{};
    Instant last_seen_at{};
    std::string sample_path{};
};

struct Written {
    std::uint64_t inserted = 0;   // entity rows that were not there, or were mentions
    std::uint64_t updated = 0;    // entity rows whose content changed
    std::uint64_t unchanged = 0;  // entity rows that came and equalled what is stored
    std::uint64_t outdated = 0;   // entity rows left alone, because a later request had already given their content
    std::vector<bool> changed;    // per entity of the page: inserted or updated
    std::vector<bool> fresh;      // inserted
    std::vector<bool> restored;   // inserted, and not among the tombstones any more
    std::vector<bool> watched;    // updated, with another set of values in a watched column of a child table
};

// In which order the requests behind two answers were sent. Numbers grow by one with each request.
struct Sent {
    std::uint64_t number = 0;
    std::uint64_t oldest_in_flight = 0;  // no answer to an older request can still arrive
    std::string_view account = {};       // each counts by itself
};

// What stands in the database for an object that has come.
enum class Stored : std::uint8_t { nothing, mention, older, equal };

// What left with a row, itself included.
struct Buried {
    std::size_t rows = 0;
    std::vector<std::string> holders;  // gids of those that others hang on: lists may be asked of them
};

// Why a row leaves its table.
struct Burial {
    std::string source{};
    std::string cause{};  // deleted, not_visible, excluded: its content is not kept then
    std::optional<Instant> deleted_at{};
    std::string detected_by{};  // event, audit, walk; of what leaves with another row: parent
    Instant detected_at{};
    Sent sent{};  // behind the answer that it is not there: no answer to an older request brings it back
};

struct Run {
    std::string command{};
    std::string version{};
    Instant started_at{};
    std::optional<Instant> ended_at{};
    std::optional<int> exit_code{};
    std::uint64_t requests = 0, retries = 0, rate_limited = 0, rows_written = 0, rows_unchanged = 0;
};

class Store {
  public:
    virtual ~Store() = default;

    // One commit group at a time. A group that is not committed is rolled back when the store goes.
    virtual bool in_transaction() const = 0;
    virtual void begin() = 0;
    virtual void commit() = 0;
    // Gives the open group up, if there is one. What is remembered of it elsewhere is void.
    virtual void roll_back() = 0;
    // All of `body` or nothing of it, inside the open group. If it throws, the whole group is rolled back: what is
    // remembered of it elsewhere is void, so the caller ends. (A savepoint would save the rest of the group, which
    // nobody needs after a failure of the database, and costs a copy of every page of the file that it changes:
    // measured, 138 us of CPU a task against 107.)
    virtual void as_one(const std::function<void()>& body) = 0;

    // The numbers of an account's requests begin anew: no answer to an earlier one can arrive.
    virtual void begin_requests(std::string_view account) = 0;
    // Stores each entity whose content differs from what is stored, with its child sets and mentions; and the edges.
    virtual Written write(const Page& page, const Sent& sent, Instant mirrored_at) = 0;

    // Moves a row to the tombstones, with what `remains` says of its table and of those that follow it. Gives what
    // left; nothing if there was no such row. Rows of its own table follow what was deleted, not what
    // cannot be seen. A row that comes back leaves the tombstones by write().
    virtual Buried bury(std::span<const Remains> remains, std::string_view table, std::string_view gid,
                        const Burial& burial) = 0;
    // When it was deleted, or found to be gone; none: it is not among the tombstones.
    virtual std::optional<Instant> buried_at(std::string_view table, std::string_view gid) = 0;
    // What a column of a row holds; empty if it is NULL or there is no such row.
    virtual std::string text(std::string_view table, std::string_view column, std::string_view gid) = 0;
    // What column `of` holds in the rows whose column `by` holds this value. Of `gid`, mentions are left out.
    virtual std::vector<std::string> gids(std::string_view table, std::string_view of, std::string_view by,
                                          std::string_view value) = 0;
    // The same for any of these values, in one look at the table.
    virtual std::vector<std::string> gids_of_any(std::string_view table, std::string_view of, std::string_view by,
                                                 std::span<const std::string> values) = 0;
    // Whether any row's column holds this value.
    virtual bool holds(std::string_view table, std::string_view column, std::string_view value) = 0;
    // How many rows are listed.
    virtual std::size_t count(std::string_view table) = 0;
    // The listed rows whose column `root` holds this value, and in whose column `number` another number stands than
    // that of the listed rows whose column `by` names them.
    virtual std::vector<std::string> miscounted(std::string_view table, std::string_view number, std::string_view by,
                                                std::string_view root, std::string_view value) = 0;
    // The listed rows whose gid stands in no row's column of the other table.
    virtual std::vector<std::string> unnamed(std::string_view table, const Remains::Kin& named_by) = 0;

    // What each list names, for rows that do not say which list named them. A list is the key of its work.
    virtual void name(const Work& list, std::string_view gid) = 0;
    virtual std::vector<std::string> names(const Work& list) = 0;
    // A complete walk did not name it. True if the walk before it did not, either.
    virtual bool miss(const Work& list, std::string_view gid) = 0;
    // This list names it no more. True if no other list of the stream does.
    virtual bool unname(const Work& list, std::string_view gid) = 0;

    // Whether the edge stands there, just so.
    virtual bool holds(const Page& page, const Edge& edge) = 0;
    // Removes the row of a child table whose column `of` holds this gid, and `by` this value.
    virtual void unlink(std::string_view table, std::string_view of, std::string_view gid, std::string_view by,
                        std::string_view value) = 0;

    // What is stored for this object: by its gid and content hash.
    virtual Stored stored(const Entity& entity) = 0;
    // The rows of a table in the order of their gids, mentions left out: the first `limit` behind `after`.
    virtual std::vector<std::string> gids_after(std::string_view table, std::string_view after, std::size_t limit) = 0;
    // A set of numbers that may grow with the database, kept beside it in a temporary file: no part of it.
    virtual void clear_notes() = 0;
    virtual bool note(std::int64_t number) = 0;  // true the first time
    virtual bool noted(std::int64_t number) = 0;
    // The next rows of a table behind a place in the order of `by`, latest first; mentions are left out. A place is the
    // value of `by` and the gid.
    struct Place {
        std::string by{};
        std::string gid{};
        std::string root{};  // of the row, from column `root`
    };
    virtual std::vector<Place> rows_behind(std::string_view table, std::string_view by, std::string_view root,
                                           const Place& place, std::size_t limit) = 0;
    // How many rows have a value in that column.
    virtual std::int64_t count(std::string_view table, std::string_view column) = 0;

    // Makes work due. A row that is due already keeps its place in its walk, if it came there since `pass`, and comes
    // earlier if it is asked for with a smaller order_key; one that was done since `pass` stays done. True if the row
    // was not due before.
    virtual bool queue(const Work& work, Instant pass) = 0;
    // What an event said of an object that waits to be looked at; kept in the row's cursor.
    virtual void say(const Work& work, std::string_view said) = 0;
    // Makes those rows of a stream due that have a cursor.
    virtual void make_cursors_due(std::string_view source, std::string_view stream, Instant at) = 0;
    // The first `limit` rows of this part of the queue that are due, in order.
    virtual std::vector<Work> due(std::string_view source, Instant now, std::size_t limit, Orders orders = {}) = 0;
    // The rows of a stream that have a cursor.
    virtual std::vector<Work> with_cursor(std::string_view source, std::string_view stream) = 0;
    // The rows of a stream in one workspace.
    virtual std::vector<Work> with_root(std::string_view source, std::string_view stream, std::string_view root) = 0;
    virtual std::optional<Work> work(std::string_view source, std::string_view stream, std::string_view scope) = 0;
    // Stores where a walk stands: every column of `work` but its key. A missing row is inserted.
    virtual void save(const Work& work) = 0;
    // One-off work that has nothing to do at present, and waits for the list with this scope, its pending_cursor; for
    // any list if it is empty.
    virtual std::vector<Work> waiting(std::string_view source, std::string_view scope) = 0;
    // The walk is complete. Recurring work stays, without anything to do, with its cursors and its rate; one-off work
    // leaves the table.
    virtual void done(const Work& work, Instant now) = 0;
    // What is gone is not asked for: the row leaves the table.
    virtual void forget(const Work& work) = 0;
    // Nothing of this source, or of this stream of it, is due any more: one-off work goes, recurring work keeps its
    // cursors and counts as done at kOutdated.
    virtual void drop_work(std::string_view source, std::string_view stream = {}) = 0;
    // How many rows of each stream are due at that time.
    virtual std::map<std::string, std::int64_t> backlog(std::string_view source, Instant at) = 0;
    // Work that a later time than `now` stands at was stored with a wrong clock: done just before now, due now.
    virtual void clock_went_back(std::string_view source, Instant now) = 0;

    virtual void open_gap(const Gap& gap) = 0;  // or renews it: first_seen_at stays
    virtual void heal_gap(std::string_view source, std::string_view stream, std::string_view scope, Instant now) = 0;
    virtual std::vector<Gap> open_gaps(std::string_view source) = 0;

    virtual void set_capability(std::string_view source, const Capability& capability) = 0;
    virtual std::vector<Capability> capabilities(std::string_view source) = 0;

    virtual void set_api_change(std::string_view source, const ApiChange& change) = 0;
    virtual std::vector<ApiChange> api_changes(std::string_view source) = 0;

    virtual void set_fact(std::string_view key, std::string_view value) = 0;
    virtual std::optional<std::string> fact(std::string_view key) = 0;

    // By workspace.
    virtual std::map<std::string, Owner> owners() = 0;
    virtual void set_owner(std::string_view root, const Owner& owner) = 0;
    // An account asks for nothing in this workspace any more: its work there is dropped and its gaps are healed. What
    // its lists named counts as named by those of the other account.
    virtual void hand_over(std::string_view from, std::string_view to, std::string_view root, Instant now) = 0;

    // What the days of reports go by; written where it is another one.
    virtual void set_time_zone(std::span<const UtcOffset> offsets) = 0;

    // How many columns the views with custom fields as columns may have in all, each view counting as one more; 0, and
    // until this is said once: there are none. Each commit keeps them in step. `anew`: all of them are looked at.
    virtual void allow_wide_views(std::int64_t columns, bool anew = false) = 0;

    // Keeps an index of the words of what is stored, from now on, or drops it. Inside a group.
    virtual void keep_search(bool on) = 0;

    virtual std::int64_t start_run(const Run& run) = 0;
    virtual void update_run(std::int64_t id, const Run& run) = 0;

    // Removes records of what was over before that time: tombstones, healed gaps, runs, announced changes to the API
    // that nobody announces any more. At most so many; gives how many it were.
    virtual std::size_t forget_before(Instant before, std::size_t at_most) = 0;

    // Builds the secondary indexes that are still missing. After the first load; then they stay.
    virtual void build_indexes() = 0;
    // Takes texts away, from tombstones as well. The rows count as changed. True if there were any.
    virtual bool blank(const Redacted& texts) = 0;
    // Writes the whole file anew, so that nothing of what was removed remains in it. Not in a group.
    virtual void rewrite() = 0;
    // Whether they stand: before that, looking rows up by anything but their gid reads whole tables.
    virtual bool has_indexes() const = 0;
    // Rows per table, in the order of the schema; mentions are not counted.
    virtual std::vector<std::pair<std::string, std::int64_t>> row_counts() = 0;
};

// Of SQLite: "3.40.1".
std::string library_version();

// Takes the lock beside the file (Fatal 75 names its holder), opens or creates the database, brings its schema up to
// date. Fatal 65: not our database or damaged; 74: disk; 78: written by a newer version. `tables` may be referred to by
// the pages that are written later: the indices of Entity, ChildSet and Mention are indices into it.
std::unique_ptr<Store> open_sqlite(const std::filesystem::path& file, std::span<const Table> tables);

}  // namespace taskmirror::store
