#include "targets.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "config.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "core/time.hpp"
#include "http/client.hpp"
#include "http/gzip.hpp"
#include "http/lines.hpp"
#include "http/pace.hpp"

namespace taskmirror::fuzz {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow{Milliseconds{1'780'000'000'000}};
constexpr Instant kLastDate{Milliseconds{253'402'300'800'000}};  // a leap second at the end of 9999

void hold(bool promise, const char* what) {
    if (!promise) throw Broken(what);
}

bool within(std::size_t first, std::size_t count, std::size_t size) { return first <= size && count <= size - first; }

void check_text(std::string_view text) {
    hold(is_utf8(text), "a text is not UTF-8");
    hold(text.find('\0') == std::string_view::npos, "a text holds U+0000");
}

void check_page(const Page& page, std::span<const Table> tables) {
    for (const Entity& entity : page.entities) {
        hold(entity.table < tables.size() && tables[entity.table].entity, "an entity is of no entity table");
        hold(!entity.gid.empty(), "an entity has no gid");
        check_text(entity.gid);
        hold(within(entity.first, tables[entity.table].columns.size(), page.values.size()), "values are missing");
        hold(within(entity.first_child, entity.children, page.children.size()), "child sets are missing");
        hold(within(entity.first_mention, entity.mentions, page.mentions.size()), "mentions are missing");
    }
    for (const ChildSet& set : page.children) {
        hold(set.table < tables.size() && !tables[set.table].entity, "a child set is of no child table");
        hold(within(set.first, set.rows * tables[set.table].columns.size(), page.values.size()), "rows are missing");
    }
    for (const Mention& mention : page.mentions) {
        hold(mention.table < tables.size() && tables[mention.table].entity, "a mention is of no entity table");
        hold(!mention.gid.empty(), "a mention has no gid");
        check_text(mention.gid);
    }
    for (const Value& value : page.values)
        if (value.type == Value::Type::text) check_text(value.as_text());
}

void check_answer(const source::Source& source, const source::Answer& answer) {
    check_page(answer.page, source.tables());
    for (const source::FollowUp& follow_up : answer.follow_ups) {
        hold(follow_up.stream < source.streams().size(), "follow-up work of no stream");
        hold(follow_up.entity < static_cast<std::int64_t>(answer.page.entities.size()), "follow-up work of no entity");
    }
    hold(!answer.next || !answer.next->empty(), "an empty offset");
}

}  // namespace

void json_to_rows(std::string_view bytes) {
    static const auto source = asana::make_source({.name = "acme", .workspaces = {}, .resources_off = {}});
    static source::Answer answer;
    if (bytes.empty()) return;
    const auto count = source->streams().size();
    const auto stream = static_cast<std::uint16_t>((static_cast<unsigned char>(bytes.front()) + 256U - 'a') % count);
    bytes.remove_prefix(1);
    // No byte more than what the reader may touch, so that the sanitizer sees every other one.
    std::vector<char> body(bytes.size() + http::kPadding);
    std::ranges::copy(bytes, body.begin());
    const std::string_view text(body.data(), bytes.size());

    const auto reason = source->reason(text);
    hold(reason.size() <= 4096 && is_utf8(reason), "a reason that is too long, or not UTF-8");
    hold(std::ranges::none_of(reason, [](unsigned char c) { return c < 0x20; }), "a reason of several lines");
    const source::Work work{.stream = stream, .scope = "1/2", .root = "1"};
    source->classify(work, {.status = 400, .content_type = "application/json", .body = text});
    try {
        source->read(work, text, answer);
        check_answer(*source, answer);
    } catch (const Error&) {
    } catch (const Fatal&) {
    }
    static const auto filtered = asana::make_source({.name = "acme",
                                                     .projects = {.exclude = {"*a*"}, .archived = false},
                                                     .redact = {{"asana_users.name", Redact::hash},
                                                                {"asana_tasks.notes", Redact::length},
                                                                {"asana_stories.text", Redact::drop}},
                                                     .redact_key = "key"});
    static const source::Gids wanted = {"1", "2", "1200000000000001"};
    try {
        filtered->read({.stream = stream, .scope = "1/2", .root = "1", .wanted = &wanted}, text, answer);
        check_answer(*filtered, answer);
    } catch (const Error&) {
    } catch (const Fatal&) {
    }
    try {
        asana::read_projects(text, {.include = {"a*"}});
    } catch (const Error&) {
    }
    try {
        asana::read_me(text);
    } catch (const Error&) {
    }
}

void headers(std::string_view bytes) {
    const auto pause = http::parse_retry_after(bytes, kNow);
    hold(!pause || (*pause >= 0ms && *pause <= 24h), "a pause that is negative or longer than a day");
    const auto instant = parse_iso(bytes);
    hold(!instant || parse_iso(iso(*instant)) == instant, "an instant that cannot be written and read again");
    for (const auto& change : asana::read_api_changes(bytes)) {
        hold(!change.name.empty() && change.name.size() <= 100 && change.info.size() <= 500, "an API change too long");
        for (const auto& text : {change.name, change.info})
            hold(std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; }), "an API change that is odd");
    }
    const auto date = parse_http_date(bytes);
    hold(!date || date <= kLastDate, "a date after the year 9999");
}

void gzip(std::string_view bytes) {
    constexpr std::size_t kCap = 64UL * 1024;
    static const http::Inflater inflater;
    std::string text = "left over";
    const auto inflated = inflater.inflate(bytes, kCap, http::kPadding, text);
    if (inflated != http::Inflated::complete) {
        hold(text.empty(), "text of a body that is not complete");
        return;
    }
    hold(text.size() <= kCap, "more than the cap");
    hold(text.capacity() - text.size() >= http::kPadding, "too little padding");
}

void export_lines(std::string_view bytes) {
    constexpr std::size_t kLongest = 4096;
    static const auto source = asana::make_source({.name = "acme", .workspaces = {}, .resources_off = {}});
    static source::Answer answer;
    const source::Work work{
        .stream = static_cast<std::uint16_t>(asana::Id::resource_export), .scope = "1", .root = "1"};
    const auto take_line = [&](std::string_view text) {
        std::vector<char> exact(text.size() + http::kPadding);
        std::ranges::copy(text, exact.begin());
        const std::string_view line(exact.data(), text.size());
        if (const auto instead = source->in_place_of(work, line)) {
            auto one = work;
            one.stream = instead->stream;
            one.scope = instead->scope;
            hold(source->target(one).starts_with("/tasks/"), "a line names what cannot be asked for");
        }
        try {
            source->read_line(work, line, answer);
            check_answer(*source, answer);
        } catch (const Error&) {
        }
    };
    take_line(bytes);
    http::LineReader reader(kLongest);
    const auto visit = [&](std::string_view line, bool whole) {
        hold(!line.empty() && line.size() <= kLongest, "a line that is empty or too long");
        hold(line.find('\n') == std::string_view::npos, "two lines in one");
        if (whole) take_line(line);
    };
    const std::size_t piece = 1 + bytes.size() / 3;
    bool good = true;
    for (std::size_t at = 0; at < bytes.size() && good; at += piece) good = reader.take(bytes.substr(at, piece), visit);
    hold(!reader.end(visit) || good, "a damaged file that ends well");
}

void config(std::string_view bytes) {
    struct File {
        int fd = memfd_create("config", MFD_CLOEXEC);
        ~File() { close(fd); }
    } const file;
    hold(file.fd >= 0 && write(file.fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
         "no file in memory");
    lseek(file.fd, 0, SEEK_SET);
    try {
        const auto read =
            read_config("/proc/self/fd/" + std::to_string(file.fd), asana::kResources, asana::redactable());
        hold(!read.sources.empty(), "no source");
        for (const SourceConfig& source : read.sources) {
            hold(!source.name.empty(), "a source without a name");
            hold(source.limits.share > 0 && source.limits.share <= 1, "a share that is none");
            hold(source.limits.requests_per_minute >= 0 && source.limits.concurrency >= 0, "a limit below zero");
        }
    } catch (const Fatal& fatal) {
        hold(fatal.code() == ExitCode::configuration, "refused with another exit code than 78");
    }
}

}  // namespace taskmirror::fuzz
