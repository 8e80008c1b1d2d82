// The seam between the engine and a tracker.
//
// A source is asked what to fetch and told what came back; it answers with rows, follow-up work and what this answer
// proves. It never opens a socket, never writes SQL, keeps no state between answers: a pure function of bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "core/redact.hpp"
#include "core/rows.hpp"
#include "core/time.hpp"

namespace taskmirror::source {

enum class Kind : std::uint8_t { recurring, one_off };
enum class Budget : std::uint8_t { standard, search };
// How old the last complete walk of a list may be before an object that opens it does so: older than this pass, than
// `relist_every`, than `reconcile_every`, than `stories_reread_every`. What is done once is never done again.
enum class Every : std::uint8_t { pass, relist, reconcile, reread, once };

// One kind of request that the engine can make for this source.
struct Stream {
    std::string_view name = {};   // as in sync_work.stream
    std::string_view stage = {};  // what progress calls it; streams of one stage share a rank
    int rank = 0;                 // smaller is fetched earlier
    Kind kind = Kind::recurring;
    Budget budget = Budget::standard;
    std::string_view capability = {};  // a feature that the plan of the workspace may lack; empty: every plan has it
    bool off = false;                  // the configuration does not ask for it
    bool paid_only = false;            // an answer proves that the plan is a paid one
    // An event token of this stream is taken before the first page, and proved by the last.
    std::string_view token_stream = {};
    // Of a token stream: where the plan of a workspace lacks its `capability`, the list is walked without a token.
    // Where it does not, tokens of the streams that it replaces are not taken there, and given up once it has one: it
    // tells all that they would. Its scope is the workspace.
    std::string_view replaced_by = {};
    // Such a token is a time, which costs no request: the server's at the first page, less an overlap. What was
    // modified since then is asked for.
    bool watermark = false;
    // Of such a stream: the list whose complete walk gives it its first time. It is asked for once in `relist_every`: a
    // second net below the events, which may be lost.
    std::string_view net_of = {};
    Every every = Every::pass;
    // Its 403 or 404 is an answer: the row of this table with the gid of the scope is gone, or cannot be seen.
    std::string_view looks_at = {};
    bool gives_row = false;  // a 200 gives the row as the lists do
    // An object that is gone takes the edges of `proves` along: what they lead to is looked at by `looked_at_by`,
    // unless they left with it and other edges lead there. Otherwise a complete walk names every row of this table
    // whose column holds the scope. What it did not name is gone; with `looked_at_by`, a stream of single objects, it
    // is looked at first; without one, the rows are edges, which the walk alone proves. The scope of a token that is
    // refused is looked at, too.
    std::string_view proves = {};
    std::string_view proves_by = {};
    std::string_view proves_gid = "gid";  // the column that holds what the walk names
    std::string_view proves_root = {};    // the column that holds the workspace, where a scope stands in several
    std::string_view looked_at_by = {};
    // What one of these columns holds is not missing, though the walk did not name it.
    std::span<const Remains::Kin> named_by = {};
    // It names only rows with this text in that column.
    struct Part {
        std::string_view column = {};
        std::string_view is = {};
    } proves_part = {};
    // What a list of this other stream names is not missing, where that list is asked for.
    std::string_view others = {};
    // Its rows leave with those of other tables as well, which other lists prove: that it misses many at once is
    // ordinary, and each is looked at.
    bool follows = false;
    // No column says which list named a row. So what each list names is remembered; a row is gone when no list names it
    // any more, and two walks of the last one say so.
    bool remembered = false;
    // A complete walk has renewed the rows that name those of another table, which no list names: those that no row
    // names are looked at.
    struct Orphans {
        std::string_view table = {};
        Remains::Kin named_by = {};
        std::string_view looked_at_by = {};
    } orphans = {};
    // A verification reports by itself on each row of this list, with all that the row leads to.
    bool reported_by_row = false;
    // A stream whose answer counts what a walk of this list names. Only a verification asks for it.
    std::string_view counted_by = {};
    bool essential = false;  // without it most of the mirror stands still: what failed is asked for again by each sync
    // Of a stream of changes: what its events hint at waits until all of them are read, and then for this list, which
    // gives what was modified since, when that costs fewer requests than asking for each.
    std::string_view gathered_by = {};
    // Of such a list: the stream of single objects that wait for it. What it did not name is asked for by that stream.
    std::string_view gathers = {};
    // One-off work that is done again for each row of this table within `stories_reread_every`, rows with the latest
    // `rotates_by` first. `rotates_stored`: only where `proves` has rows for it.
    std::string_view rotates = {};
    std::string_view rotates_by = {};
    std::string_view rotates_root = {};  // the column with the workspace
    bool rotates_stored = false;
    // One-off work of this stream waits until that of the other stream with the same scope is done: what it tells may
    // ask for this, too.
    std::string_view after = {};
    // Nor is it asked for while the answer of this one with the same scope is awaited, which may ask for it, too.
    std::string_view not_beside = {};
    // A search of the whole workspace. Its answers may lag behind, so a row is taken only where its looking stream's
    // `modified_by` shows a later time than what is stored, or buried. With a `watermark`, which needs no list then, it
    // tells which streams of those that are `behind` it have changed. Without one, others leave their `first` load to
    // it.
    bool lags = false;
    std::string_view modified_by = {};  // of a stream that looks at single objects: the column with their last change
    // Waits while this search of its workspace is due.
    std::string_view behind = {};
    // What this stream tells, that search tells, too, where the plan has it: its place is kept for when it has not.
    bool told_by_search = false;
    // Of a list of single objects, the rows of `table`, that the object itself opens: where the plan has this search,
    // it is not asked for at first, but the search is, once. Not of an object that was modified after the first
    // question to the search that this one is `behind`, less two overlaps: the index may not know that yet.
    struct First {
        std::string_view by = {};
        std::string_view table = {};
        std::string_view root = {};  // the column with the workspace
        // The column with the number of the rows that the list names: it is asked for where not as many came. Without
        // one, the search opens the list of each object that has any.
        std::string_view number = {};
    } first = {};
    // A job of the server's writes all rows of a workspace, its scope, into one file: asked for once, by POST, and
    // where the user allows it. Without the token of its `token_stream` nobody would tell what changes meanwhile.
    bool exports = false;
    // In a first load it waits for that export of its workspace, which has what all its walks would give.
    std::string_view exported_by = {};
};

// gids, to be found by a view.
struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
};
using Gids = std::unordered_set<std::string, Hash, std::equal_to<>>;

// What to fetch. Texts are borrowed from the engine's row for the time of the call.
struct Work {
    std::uint16_t stream = 0;  // index into streams()
    std::string_view scope = {};
    std::string_view root = {};    // the workspace; empty above workspaces
    std::string_view offset = {};  // of the page; empty: the first
    std::string_view cursor = {};  // of a stream of changes: its token; empty: the first one is asked for. Of an
                                   // export: its job; empty: it is still to be asked for
    int limit = 0;                 // objects per page; 0: as many as the API allows
    std::int64_t walked = 0;       // objects on the pages before this one
    // Where a filter is in force, the rows of filtered() that are known and wanted; null: there is none. Nothing of the
    // others goes into an answer.
    const Gids* wanted = nullptr;
};

struct FollowUp {
    std::uint16_t stream = 0;
    std::string scope;
    std::string root;
    std::int64_t order = 0;    // within the stream's rank, smaller first
    std::int64_t entity = -1;  // index in page.entities: only when that one is new or changed; -1: in any case
    std::int64_t opener = -1;  // index in page.entities of the row that leads to it
    // Of that entity: only when it is new; only when it was gone and came back; only when a watched child set of it
    // changed, and then however recently the work was done.
    bool fresh = false;
    bool restored = false;
    bool watched = false;
    bool stored = false;   // only where what the stream proves has rows of this scope, or what it looks at is known
    bool lacking = false;  // only where it has none, and the row of its `first` table is stored
    std::optional<std::int64_t> number = {};  // only where it has not just so many
    // From an event, however recently the work was done: what the event said of the object, "", "deleted INSTANT" (of
    // an audit log "deleted INSTANT audit"), or "moved", which may have left its modified time alone.
    std::optional<std::string> said = {};
    std::optional<Instant> at = {};  // of the event, by the server's clock; none: a list cannot be expected to tell
    std::optional<Instant> known_by = {};  // needless if the object is stored as it was modified then or later
    // Needless if this row is stored: it came with the answer that the event would ask for.
    std::string_view told_in = {};
    std::string told = {};
};

// What one answer says. Reused from page to page: read() clears it first.
struct Answer {
    Page page;
    std::vector<FollowUp> follow_ups;
    std::optional<std::string> next;                         // offset of the next page; none: this was the last
    std::int64_t objects = 0;                                // on this page
    std::optional<std::int64_t> count;                       // of a stream that counts
    std::optional<std::string> token;                        // an event token
    bool more = false;                                       // events wait behind it
    std::vector<std::pair<std::string, std::string>> facts;  // for sync_meta
    // What cannot be had in any way, and why: a gap, by a name within the scope.
    std::optional<std::pair<std::string, std::string>> untold;
    // Objects that came and are not wanted: table and gid. What is stored of them leaves.
    std::vector<std::pair<std::uint16_t, std::string>> unwanted;
    std::optional<std::vector<std::string>> roots;  // all that the token sees, where the answer tells
    std::vector<std::string> asked_roots;           // those of them that the configuration asks for
    // Of an export: the job that makes its file, and where that lies once it is made.
    struct Job {
        std::string gid;
        enum class Is : std::uint8_t { running, done, failed } is = Is::running;
        std::string url;
    };
    std::optional<Job> job;

    void clear();
};

// What an HTTP answer means, and so what the engine does.
enum class Verdict : std::uint8_t {
    page,            // read it
    token,           // read it: a fresh event token and no page
    retry,           // again, after a pause
    shrink,          // again, with a smaller page: the server could not cope
    throttled,       // the account pauses until Retry-After; the work stays due
    busy,            // again, later: the server does something of the kind already
    unauthorized,    // the token is refused
    capability_off,  // the plan lacks the feature
    hidden,          // this object is not visible now
    blocked,         // the whole account is: stop
    restart,         // the offset is dead: the walk begins again
    refused,         // this request can never succeed as it stands
};

struct Reply {
    int status = 0;
    std::string_view content_type = {};
    // 64 bytes behind it must be readable (simdjson padding).
    std::string_view body = {};
};

// A change to the API that an answer announces.
struct ApiChange {
    std::string name{};
    std::string info{};     // a link; empty: none
    bool affected = false;  // the request behind this answer is concerned
};

using Headers = std::span<const std::pair<std::string, std::string>>;  // names in lower case

class Source {
  public:
    virtual ~Source() = default;

    virtual std::string_view name() const = 0;  // the configured account
    virtual std::span<const Stream> streams() const = 0;
    virtual std::span<const Table> tables() const = 0;
    // What leaves with a row, for each table whose rows can go.
    virtual std::span<const Remains> remains() const = 0;
    // What a pass begins with.
    virtual std::vector<FollowUp> roots() const = 0;
    // What of the configuration decides which follow-up work is opened. When it differs from the last pass, work that
    // waits is given up, and unchanged objects open theirs as well.
    virtual std::string fingerprint() const = 0;
    // The table of which the configuration wants some rows only, by gid or name; empty: no filter is in force. Which
    // ones the lists of them tell, and whoever asks remembers. Objects that belong to others are not wanted either.
    virtual std::string_view filtered() const { return {}; }
    // Nor are objects that belong to none of its rows.
    virtual bool wants_only_filtered() const { return false; }
    // Which texts are not stored as they are, in the order in which they are taken away; and with which key, as a hash.
    virtual std::vector<Redacted> redactions() const { return {}; }
    virtual std::string redaction_key() const { return {}; }
    // Path and query, percent-encoded, to be appended to the base URL. Throws Error for a scope that cannot be one.
    virtual std::string target(const Work& work) const = 0;
    // What is sent along, as JSON; empty: the request is a GET.
    virtual std::string body(const Work& work) const;
    virtual Verdict classify(const Work& work, const Reply& reply) const = 0;
    // The server's own words about a refusal, without line breaks; empty if it gave none.
    virtual std::string reason(std::string_view body) const = 0;
    // The changes to the API that the headers of an answer announce. What is not understood is left out.
    virtual std::vector<ApiChange> api_changes(Headers) const { return {}; }
    // Fills `answer`. Throws Error for a page that is not what the API promises: nothing of it may be stored. Throws
    // Fatal when the configuration does not fit what the account sees.
    virtual void read(const Work& work, std::string_view body, Answer& answer) = 0;
    // A line of the file that an export made; the same as read() in all else.
    virtual void read_line(const Work& work, std::string_view line, Answer& answer);
    // What asks for the object of a line that cannot be read, or of which only the beginning is there. None: it does
    // not say which one it is.
    virtual std::optional<FollowUp> in_place_of(const Work& work, std::string_view line) const;
};

// What an answer tells of the rows of the filtered table: those that are wanted, and those that are not any more.
void note_wanted(const Source& source, const Answer& answer, Gids& wanted);
// As Work takes them.
const Gids* in_force(const Source& source, const Gids& wanted);

}  // namespace taskmirror::source
