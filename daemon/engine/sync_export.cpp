// A first load by one file: the server's job makes it, its lines are what the walks of all lists of tasks would give.
//
// The event token is taken before the job is asked for, and used when the last line is stored: what changes meanwhile,
// the events tell later. So nothing is taken for gone, and no line that is older than what is stored does harm for
// long. Lists that the file has as well wait for it. Whatever goes wrong, they are walked instead.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/log.hpp"
#include "core/text.hpp"
#include "engine/walk.hpp"
#include "http/lines.hpp"

namespace taskmirror::engine {
namespace {

constexpr std::size_t kLongestLine = 8UL * 1024 * 1024;  // a task with 10,000 stories has less
constexpr std::size_t kLinesPerPage = 100;               // as pages are counted for a commit
constexpr int kDownloads = 5;                            // failures, without a byte more than before

// Where the rest of a file begins that was asked for. "bytes 1000-1999/2000"
std::optional<std::uint64_t> first_byte(std::string_view content_range) {
    constexpr std::string_view kUnit = "bytes ";
    std::uint64_t first = 0;
    if (!content_range.starts_with(kUnit)) return std::nullopt;
    content_range.remove_prefix(kUnit.size());
    const auto* const end = content_range.data() + content_range.size();
    const auto [rest, error] = std::from_chars(content_range.data(), end, first);
    return error == std::errc() && rest != end && *rest == '-' ? std::optional(first) : std::nullopt;
}

constexpr std::string_view kTooLong = "it takes too long";

}  // namespace

struct Export {
    std::unique_ptr<http::LineReader> reader;
    std::uint64_t received = 0, most = 0;  // bytes of the file; the most so far
    std::string version;
    bool begun = false;  // a piece of the answer at hand has been taken
    int failures = 0;
    std::size_t lines = 0, unread = 0;
};

// Defined where Export is known.
Sync::Walk::Walk() = default;
Sync::Walk::~Walk() = default;

// An export of this workspace is to come, or under way.
bool Sync::is_exporting(std::string_view name, std::string_view root) {
    if (name.empty() || !account_.exports.allowed) return false;
    const auto row = store_.work(name_, name, root);
    return row && row->due_at;
}

// Whether an export is about to give what the list would, which was never walked.
bool Sync::waits_for_file(const source::Stream& list, const source::FollowUp& opened) {
    if (!is_exporting(list.exported_by, opened.root)) return false;
    const auto row = store_.work(name_, list.name, opened.scope);
    return !row || !row->last_done_at;
}

// Whether such a token must not be used yet.
bool Sync::waits_for_export(std::string_view tokens, std::string_view root) {
    return std::ranges::any_of(account_.source.streams(), [&](const source::Stream& stream) {
        return stream.exports && stream.token_stream == tokens && is_exporting(stream.name, root);
    });
}

// The list that goes with the same token is about to take it.
bool Sync::waits_for_token(const source::Stream& exports, std::string_view root) {
    const auto* list = list_of(stream_named(exports.token_stream));
    return list != nullptr && is_active(*list, root);
}

// Whether any of the lists has been walked already, so that this is no first load.
bool Sync::has_begun_lists(const source::Stream& exports, const std::string& root) {
    return std::ranges::any_of(account_.source.streams(), [&](const source::Stream& list) {
        if (list.exported_by != exports.name) return false;
        return std::ranges::any_of(store_.with_root(name_, list.name, root),
                                   [](const store::Work& row) { return row.last_done_at.has_value(); });
    });
}

// Settles what needs no request. False: it is over.
bool Sync::goes_on_with_export(Walk& walk) {
    const auto& stream = stream_of(walk);
    const auto token = store_.work(name_, stream.token_stream, walk.row.root);
    const bool has_token = token && (!token->cursor.empty() || !token->pending_cursor.empty());
    const bool begun = !walk.row.cursor.empty();
    if (!account_.exports.allowed)
        end_export(walk, "the configuration does not allow it");
    else if (!has_token)
        end_export(walk, "the token does not get the events of the workspace, which tell what changes meanwhile");
    else if (!begun && has_begun_lists(stream, walk.row.root))
        end_export(walk, {});
    else if (is_too_long(walk))
        end_export(walk, kTooLong);
    else
        return true;
    leave(walk);
    return false;
}

bool Sync::is_too_long(const Walk& walk) {
    return now() - walk.row.pending_at.value_or(walk.began) > account_.exports.patience;
}

// The job says how far it is.
void Sync::job_answered(WalkPtr walk, const http::Response& response) {
    using Is = source::Answer::Job::Is;
    const auto job = *answer_.job;
    auto& row = walk->row;
    walk->attempts = 0;
    if (row.cursor.empty()) {
        log::info("export begins workspace={} job={}", row.root, job.gid);
        row.cursor = job.gid;
        walk->pause = {};
        row.pending_at = parse_http_date(response.header("date")).value_or(clock_.now()) - response.duration;
        open_group();
        store_.as_one([&] {
            store_.save(row);
            set_capability(row.root, stream_of(*walk).capability, true);
        });
        commit_group();  // or a second job would be asked for
    }
    if (job.is == Is::done) return begin_download(std::move(walk), job.url);
    if (job.is == Is::running) return ask_later(std::move(walk));
    if (row.attempts > 0) {
        end_export(*walk, "its job failed twice");
        return leave(*walk);
    }
    log::warning("export failed workspace={} job={}, asked for once more", row.root, job.gid);
    row.cursor.clear();
    row.attempts = 1;
    walk->pause = {};
    open_group();
    store_.as_one([&] { store_.save(row); });
    make_ready(std::move(walk));
}

// Soon at first, later less often.
void Sync::ask_later(WalkPtr walk) {
    const auto& times = account_.exports;
    walk->pause = std::clamp(walk->pause * 2, times.first_pause, times.longest_pause);
    walk->not_before = clock_.monotonic() + walk->pause;
    held_.push_back(std::move(walk));
}

void Sync::begin_download(WalkPtr walk, const std::string& url) {
    auto& file = walk->file;
    if (!file) file = std::make_unique<Export>();
    file->begun = false;
    const auto number = ++last_request_;
    try {
        account_.transport.download(number, {.url = url, .from = file->received, .version = file->version});
    } catch (const Error& error) {
        end_export(*walk, error.what());
        return leave(*walk);
    }
    downloads_.emplace(number, std::move(walk));
}

// A piece of the file, or its last one. False: it belongs to no export.
bool Sync::piece_arrived(const http::Response& response) {
    const auto found = downloads_.find(response.id);
    if (found == downloads_.end()) return false;
    const auto why = take_piece(*found->second, response);
    const bool too_long = is_too_long(*found->second);
    if (response.more && why.empty() && !too_long) return true;
    auto walk = std::move(found->second);
    downloads_.erase(found);
    if (!why.empty() || response.more)
        download_failed(std::move(walk), too_long ? kTooLong : why);
    else
        finish_export(std::move(walk));
    return true;
}

// Stores its lines. Gives why the file cannot be read on; empty: it can, or it is complete.
std::string Sync::take_piece(Walk& walk, const http::Response& response) {
    auto& file = *walk.file;
    if (response.status != 200 && response.status != 206)
        return response.failure == http::Failure::none ? fmt::format("status {}", response.status) : response.message;
    const auto from_the_start = [&](std::string why) {
        file.reader.reset();
        return why;
    };
    if (!std::exchange(file.begun, true)) {
        if (response.status == 200) {
            file.reader = std::make_unique<http::LineReader>(kLongestLine);
            file.received = file.lines = file.unread = 0;
        } else if (!file.reader || first_byte(response.header("content-range")) != file.received) {
            return from_the_start("another part of the file than was asked for");
        }
        file.version = response.header("etag");
    }
    const auto visit = [&](std::string_view line, bool whole) { store_line(walk, line, whole); };
    if (!file.reader->take(response.body, visit)) return from_the_start("the file is damaged");
    file.received += response.body.size();
    if (response.failure != http::Failure::none) return response.message;
    if (!response.more && !file.reader->end(visit)) return from_the_start("the file is cut off");
    return {};
}

// The job is asked for a fresh link, and the rest of the file there.
void Sync::download_failed(WalkPtr walk, std::string_view why) {
    auto& file = *walk->file;
    log::info("download broken off workspace={} bytes={} why=\"{}\"", walk->row.root, file.received,
              shortened(escaped(why), kLongestReason));
    file.failures = file.received > file.most ? 0 : file.failures + 1;
    file.most = std::max(file.most, file.received);
    if (!file.reader) file.received = 0;  // from the start
    if (file.failures >= kDownloads || is_too_long(*walk)) {
        end_export(*walk, fmt::format("its file cannot be downloaded: {}", why));
        return leave(*walk);
    }
    walk->pause = {};
    ask_later(std::move(walk));
}

// A line that cannot be read is no reason to lose its task.
void Sync::store_line(Walk& walk, std::string_view line, bool whole) {
    open_group();
    auto& file = *walk.file;
    if (file.lines++ % kLinesPerPage == 0) ++pages_in_group_;
    const auto work = work_of(walk);
    bool read = false;
    try {
        if (whole) account_.source.read_line(work, line, answer_);
        read = whole;
    } catch (const Error& error) {
        log::debug("line {} workspace={} why=\"{}\"", file.lines, walk.row.root, unusable(error));
    }
    if (!read) {
        const auto instead = account_.source.in_place_of(work, line);
        if (!instead) return static_cast<void>(++file.unread);
        log::info("a line that cannot be read is asked for by itself workspace={} scope={}", walk.row.root,
                  instead->scope);
        return store_.as_one(
            [&] { ask_for(account_.source.streams()[instead->stream], instead->scope, instead->root); });
    }
    store::Written written;
    store_.as_one([&] {
        // Whatever was asked for by itself is newer.
        written = store_.write(answer_.page,
                               {.number = 0, .oldest_in_flight = sent(0).oldest_in_flight, .account = name_}, now());
        queue_follow_ups(walk, written);
    });
    progress_.rows_written += written.inserted + written.updated;
    progress_.rows_unchanged += written.unchanged;
}

void Sync::finish_export(WalkPtr walk) {
    const auto& file = *walk->file;
    log::info("export done workspace={} lines={} unread={} bytes={}", walk->row.root, file.lines, file.unread,
              file.received);
    if (file.unread > 0) {
        end_export(*walk, fmt::format("{} of its lines do not say what they are", file.unread));
        return leave(*walk);
    }
    const Instant at = walk->row.pending_at.value_or(walk->began);  // all that it says is from then, or later
    open_group();
    store_.as_one([&] {
        for (auto& row : waiting_for_export(*walk)) {
            Walk list;
            list.stream = stream_index_.find(row.stream)->second;
            list.row = std::move(row);
            list.watermark = at - kOverlap;
            keep_watermark(list, at);
            store_.done(list.row, at);
        }
        // What a search for all would have told is there; it is made again, as nets are cast.
        for (const auto& search : account_.source.streams()) {
            if (search.off || !is_made_again(search)) continue;
            auto row = row_of(search, walk->row.root, walk->row.root, Class::walk);
            if (store_.work(name_, search.name, walk->row.root)) continue;
            row.cursor = iso(at);
            row.last_done_at = at;
            store_.save(row);
        }
        use_token(*walk);
        walk->row.pending_at.reset();
        store_.done(walk->row, at);
    });
    commit_group();
    leave(*walk);
}

// Nothing comes of it, or not all: its lists are walked. It is not asked for again.
void Sync::end_export(Walk& walk, std::string_view why) {
    if (!why.empty())
        log::warning("no export workspace={} why=\"{}\", its lists are walked instead", walk.row.root,
                     shortened(without_secrets(escaped(why), tokens_), kLongestReason));
    open_group();
    store_.as_one([&] {
        for (auto& row : waiting_for_export(walk)) {
            row.due_at = due_now();
            store_.save(row);
            came(row);
        }
        use_token(walk);
        walk.row.pending_at.reset();
        store_.done(walk.row, now());
        store_.heal_gap(name_, walk.row.stream, walk.row.scope, now());
    });
}

// The lists that were opened and not walked for its sake.
std::vector<store::Work> Sync::waiting_for_export(const Walk& walk) {
    std::vector<store::Work> rows;
    for (const auto& list : account_.source.streams()) {
        if (list.exported_by != stream_of(walk).name) continue;
        for (auto& row : store_.with_root(name_, list.name, walk.row.root))
            if (row.due_at > due_now() && !row.last_done_at && row.attempts == 0) rows.push_back(std::move(row));
    }
    return rows;
}

// The event token of the workspace, which waited for the export.
void Sync::use_token(const Walk& walk) {
    const auto& tokens = stream_of(walk).token_stream;
    const auto* list = list_of(stream_named(tokens));
    const auto its = list != nullptr ? store_.work(name_, list->name, walk.row.root) : std::nullopt;
    auto token = store_.work(name_, tokens, walk.row.root);
    if (!token || token->pending_cursor.empty() || (its && its->due_at)) return;  // the list will do it
    if (!token->last_done_at) token->last_done_at = token->pending_at;
    keep_cursor(*token);
}

}  // namespace taskmirror::engine
