#include "ops/status_page.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>

#include "core/text.hpp"
#include "ops/chart.hpp"
#include "ops/page_style.hpp"
#include "ops/report_text.hpp"
#include "ops/status_parts.hpp"

namespace taskmirror::ops {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using store::Freshness;

constexpr int kRefresh = 15;  // seconds
constexpr std::size_t kProjects = 12, kLists = 8, kGaps = 12, kChanges = 8, kRuns = 6, kFeatures = 20, kStreams = 4;
constexpr std::size_t kLongestName = 120;

constexpr std::string_view kOwnStyle = R"(
.health{border-left:6px solid var(--c2);background:var(--card);border-radius:10px;padding:14px 18px;margin:0 0 20px}
.health p{margin:0}.health p+p{margin-top:8px;font-size:.95rem}
.health strong{font-size:1.2rem;font-weight:600;line-height:1.35;overflow-wrap:anywhere}
.notice{border-left-color:var(--c1)}.bad{border-left-color:var(--c5)}
.top{display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;gap:0 20px}
.facts{margin:8px 0 0;padding:10px 0 0;border-width:1px 0 0}
td.w,th.w{min-width:9rem;max-width:26rem;overflow-wrap:anywhere}
.figures small{display:block}
)";

std::string count(std::int64_t number) { return grouped(static_cast<double>(number)); }
std::string count(std::uint64_t number) { return grouped(static_cast<double>(number)); }

// Of a user: at most so long.
std::string named(std::string_view name) { return html(shortened(std::string(name), kLongestName)); }

std::string name_of(const Freshness& data) { return named(data.name.empty() ? data.scope : data.name); }

bool is_project(const Freshness& data) { return data.of_project && data.table == kTasks; }

std::string ago(const Status& status, Instant then) {
    return fmt::format("{}, {} ago", instant(then), duration(age(status, then)));
}

// Sources that the daemon serves, and those that the database knows beside them.
std::vector<std::string> sources_of(const Seen& seen) {
    std::vector<std::string> names;
    for (const auto& source : seen.live.sources) names.push_back(source.name);
    for (const auto& name : seen.status.snapshot.sources)
        if (std::ranges::find(names, name) == names.end()) names.push_back(name);
    return names;
}

const LiveSource* live_of(const Seen& seen, std::string_view name) {
    const auto found = std::ranges::find(seen.live.sources, name, &LiveSource::name);
    return found != seen.live.sources.end() ? &*found : nullptr;
}

std::optional<seconds> left(const Seen& seen, std::string_view source, std::int64_t requests) {
    const auto* live = live_of(seen, source);
    if (live == nullptr || live->rate_per_minute <= 0) return duration_of(seen.status, source, requests);
    return seconds(std::llround(std::ceil(static_cast<double>(requests) / live->rate_per_minute * 60)));
}

// The value below which so large a share lies, as its bucket tells; none above all bounds.
template <typename Its>
std::optional<double> below(const Its& histogram, std::span<const double> bounds, double share) {
    std::uint64_t all = 0, so_far = 0;
    for (const auto one : histogram.counts) all += one;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
        so_far += histogram.counts[i];
        if (static_cast<double>(so_far) >= share * static_cast<double>(all)) return bounds[i];
    }
    return std::nullopt;
}

struct Table {
    std::string out;
    Table(std::string_view title, const std::vector<std::pair<std::string_view, std::string_view>>& columns,
          std::string_view id) {
        out = fmt::format(
            "<section><h2 id=\"{}\">{}</h2><div class=\"scroll\" tabindex=\"0\" role=\"region\" "
            "aria-labelledby=\"{}\"><table><thead><tr>",
            id, title, id);
        for (const auto& [name, its_class] : columns) {
            out += fmt::format("<th scope=\"col\" class=\"{}\">{}</th>", its_class, name);
            classes.push_back(its_class);
        }
        out += "</tr></thead><tbody>";
    }
    std::vector<std::string_view> classes;
    // Cells are HTML.
    void row(const std::vector<std::string>& cells) {
        out += "\n<tr>";
        for (std::size_t i = 0; i < cells.size(); ++i)
            out += fmt::format("<td class=\"{}\">{}</td>", classes[i], cells[i]);
        out += "</tr>";
    }
    std::string take(std::string_view below = {}) {
        out += "</tbody></table></div>";
        if (!below.empty()) out += fmt::format("<p class=\"note\">{}</p>", below);
        return std::move(out) + "</section>\n";
    }
};

void figure(std::string& out, std::string_view value, std::string_view says) {
    out += fmt::format("<li><b>{}</b>{}</li>", value, says);
}

std::string figures(const Seen& seen) {
    const auto& status = seen.status;
    std::string out = "<ul class=\"figures\">";
    std::int64_t projects = 0, complete = 0;
    const Freshness* oldest = nullptr;
    for (const auto& data : status.snapshot.freshness) {
        if (!is_project(data)) continue;
        ++projects;
        complete += data.as_of ? 1 : 0;
        if (!data.gap && data.as_of && (oldest == nullptr || *data.as_of < *oldest->as_of)) oldest = &data;
    }
    if (complete < projects)
        figure(out, fmt::format("{} of {}", count(complete), count(projects)), "projects complete so far");
    if (oldest != nullptr)
        figure(out, duration(age(status, *oldest->as_of)),
               fmt::format("age of the oldest of {}", plural(complete, "project", "projects")));

    std::int64_t due = 0;
    std::optional<seconds> longest;
    for (const auto& source : sources_of(seen)) {
        const auto requests = backlog_of(status, source).requests;
        due += requests;
        if (requests == 0) continue;
        if (const auto its = left(seen, source, requests)) longest = std::max(longest.value_or(0s), *its);
    }
    figure(out, count(due), longest ? fmt::format("requests due: at least {}", duration(*longest)) : "requests due");

    double used = 0, allowed = 0;
    Counters sum;
    std::uint64_t requests = 0, limited = 0;
    for (const auto& source : seen.live.sources) {
        used += source.used_per_minute;
        allowed += source.rate_per_minute;
        requests += requests_of(source.counters);
        limited += rate_limited_of(source.counters);
        sum.rows_written += source.counters.rows_written;
        for (std::size_t i = 0; i < sum.staleness.counts.size(); ++i)
            sum.staleness.counts[i] += source.counters.staleness.counts[i];
    }
    figure(out, fmt::format("{} of {}", grouped(std::round(used)), grouped(std::round(allowed))),
           "requests a minute, of those allowed");

    const auto said = [&](double share) {
        const auto bound = below(sum.staleness, kStalenessBounds, share);
        return bound ? fmt::format("within {}", duration(seconds(std::llround(*bound))))
                     : fmt::format("over {}", duration(seconds(std::llround(kStalenessBounds.back()))));
    };
    std::uint64_t changes = 0;
    for (const auto one : sum.staleness.counts) changes += one;
    if (changes > 0)
        figure(out, said(0.5), fmt::format("half of {} changes were here; 95 of 100 {}", count(changes), said(0.95)));
    figure(out, count(sum.rows_written), "rows written since the start");
    figure(out, size(status.snapshot.bytes), fmt::format("database, and {} of log", size(status.snapshot.log_bytes)));
    return out + "</ul>\n";
}

std::string budget(const Seen& seen) {
    auto minutes = seen.live.minutes;
    if (minutes.size() < 2) return {};
    minutes.pop_back();  // it is not over
    MinuteChart chart;
    chart.first = minutes.front().at;
    chart.series = {{.name = "requests in each minute", .colour = 0, .area = true},
                    {.name = "allowed, our share of the quota", .colour = 1}};
    Series limited{.name = "refused as too many (429)", .colour = 5};
    double most = 0;
    std::uint64_t refused = 0;
    for (const auto& one : minutes) {
        chart.series[0].values.push_back(static_cast<double>(one.requests));
        chart.series[1].values.push_back(one.allowed);
        limited.values.push_back(static_cast<double>(one.rate_limited));
        most = std::max(most, static_cast<double>(one.requests));
        refused += one.rate_limited;
    }
    if (refused > 0) chart.series.push_back(std::move(limited));
    chart.heading = {
        "budget", "Requests a minute",
        fmt::format("From {} to {}: at most {} requests in a minute; {} were refused as too many.",
                    instant(minutes.front().at), instant(minutes.back().at), grouped(most), count(refused))};
    std::string out = fmt::format("<section><h2>Requests a minute</h2><figure>{}{}<figcaption><ul class=\"legend\">",
                                  svg(chart, Size::wide), svg(chart, Size::narrow));
    for (const auto& one : chart.series) out += fmt::format("<li><i class=\"f{}\"></i>{}</li>", one.colour, one.name);
    return out + fmt::format(
                     "</ul><p class=\"note\">Times are UTC. {}</p></figcaption>"
                     "</figure></section>\n",
                     minutes.size() + 1 < kMinutes ? "Since the daemon started." : "The last six hours.");
}

void account(const Seen& seen, const std::string& source, std::string& out) {
    const auto& status = seen.status;
    const auto* const live = live_of(seen, source);
    out += fmt::format("<section><h2>{}</h2><dl class=\"facts\">", html("Source " + source));
    const auto say = [&](std::string_view name, const std::string& value, std::string_view its_class = "") {
        out += fmt::format("<div><dt>{}</dt><dd class=\"{}\">{}</dd></div>", name, its_class, html(value));
    };
    const auto noted = fact(status, source, "state");
    if (live == nullptr)
        say("State", "not in the configuration any more", "warn");
    else if (!live->failure.empty())
        say("State", fmt::format("rests until {}, see above", instant(live->again_at)), "warn");
    else
        say("State", live->answered || noted == "ok" ? "served" : "waits for its first answer");
    const auto ended = parse_iso(fact(status, source, "pass_ended_at"));
    say("All lists walked", ended ? ago(status, *ended) : "not yet");
    if (live != nullptr) {
        say("Quota", fmt::format("{} a minute; ours {}", grouped(live->limit_per_minute),
                                 grouped(std::round(live->rate_per_minute))));
        const auto deadline = number(status, source, "deadline_s");
        if (deadline)
            say("Each project asked within", fmt::format("{} ({} decides)", duration(seconds(std::llround(*deadline))),
                                                         fact(status, source, "deadline_binds")));
        say("In flight", grouped(live->in_flight));
        const auto& its = live->counters;
        say("Since the start", fmt::format("{} requests, {} retries, {} refused as too many (429)",
                                           count(requests_of(its)), count(its.retries), count(rate_limited_of(its))));
        say("Rows", fmt::format("{} written, {} unchanged, {} gone", count(its.rows_written), count(its.rows_unchanged),
                                count(its.tombstones)));
    }
    out += "</dl></section>\n";
}

bool has_loaded(const Status& status, std::string_view source) {
    return !fact(status, source, "pass_ended_at").empty();
}

std::string freshness(const Seen& seen) {
    const auto& status = seen.status;
    std::vector<const Freshness*> projects, lists;
    for (const auto& data : status.snapshot.freshness) {
        if (is_project(data)) {
            projects.push_back(&data);
        } else if (is_stale(status, data) && (data.as_of || has_loaded(status, data.source))) {
            lists.push_back(&data);
        }
    }
    if (projects.empty() && lists.empty()) return {};
    // A gap explains why it does not get fresher.
    const auto worst = [&](const Freshness* data) { return data->gap ? -1.0 : -excess(status, *data); };
    const auto shown = std::min(projects.size(), kProjects), lists_shown = std::min(lists.size(), kLists);
    std::ranges::partial_sort(projects, projects.begin() + static_cast<std::ptrdiff_t>(shown), {}, worst);
    std::ranges::partial_sort(lists, lists.begin() + static_cast<std::ptrdiff_t>(lists_shown), {}, worst);
    Table table("Freshness, the oldest first", {{"Project or list", "w"}, {"Age", "n"}, {"Limit", "n"}, {"State", "d"}},
                "freshness");
    const auto show = [&](const Freshness& data, const std::string& name) {
        const auto most = limit(status, data);
        const bool stale = is_stale(status, data);
        table.row({name, data.as_of ? duration(age(status, *data.as_of)) : "never", most ? duration(*most) : "",
                   data.gap ? "gap"
                   : stale  ? (data.as_of ? "<span class=\"warn\">stale</span>" : "to come")
                            : "fresh"});
    };
    for (const auto* data : std::span(projects).first(shown)) show(*data, name_of(*data));
    for (const auto* data : std::span(lists).first(lists_shown))
        show(*data, fmt::format("{}: {}", html(short_name(*data)), name_of(*data)));
    std::vector<std::string> more;
    if (projects.size() > shown)
        more.push_back(plural(static_cast<std::int64_t>(projects.size() - shown), "more project", "more projects"));
    if (lists.size() > lists_shown)
        more.push_back(
            plural(static_cast<std::int64_t>(lists.size() - lists_shown), "more stale list", "more stale lists"));
    return table.take(
        more.empty() ? "" : fmt::format("And {}: taskmirror status --json has all.", fmt::join(more, " and ")));
}

std::string backlog(const Seen& seen) {
    Table table("Backlog", {{"Source", "t"}, {"Class", "t"}, {"Requests", "n"}, {"At least", "n"}, {"What", "w"}},
                "backlog");
    bool any = false;
    for (const auto& source : sources_of(seen)) {
        for (const auto& [order_class, streams] : backlog_of(seen.status, source).classes) {
            const auto requests = Backlog::sum(streams);
            const auto its = left(seen, source, requests);
            auto largest = streams;
            std::ranges::stable_sort(largest, std::greater<>(), &store::Waiting::requests);
            std::vector<std::string> parts;
            for (const auto& one : std::span(largest).first(std::min(largest.size(), kStreams)))
                parts.push_back(fmt::format("{} {}", count(one.requests), html(one.stream)));
            if (largest.size() > kStreams) parts.push_back(fmt::format("{} more kinds", largest.size() - kStreams));
            table.row({html(source), std::string(class_name(order_class)), count(requests), its ? duration(*its) : "",
                       fmt::format("{}", fmt::join(parts, ", "))});
            any = true;
        }
    }
    if (!any) return {};
    return table.take("Walks may need several requests, and what they find needs more.");
}

std::string gaps(const Seen& seen) {
    const auto& all = seen.status.snapshot.gaps;
    if (all.empty()) return {};
    Table table("Gaps",
                {{"Objects", "n"}, {"What", "w"}, {"Why", "w"}, {"Since", "d"}, {"Next try", "d"}, {"What to do", "w"}},
                "gaps");
    for (const auto& gap : std::span(all).first(std::min(all.size(), kGaps)))
        table.row({count(gap.count), html(fmt::format("{}: {}", gap.source, gap.stream)), named(gap.message),
                   instant(gap.oldest), gap.retry_at ? instant(*gap.retry_at) : "", html(remedy(gap))});
    return table.take(all.size() > kGaps
                          ? fmt::format("And {} more causes: table sync_gaps has all.", all.size() - kGaps)
                          : "Table sync_gaps has each of them.");
}

std::string features(const Seen& seen) {
    std::map<std::pair<std::string, std::string>, std::vector<std::string>> missing;
    for (const auto& [source, feature] : seen.status.snapshot.missing)
        missing[{source, feature.name}].push_back(feature.scope);
    if (missing.empty()) return {};
    Table table("What the plan or the token lacks", {{"Source", "t"}, {"Feature", "t"}, {"Workspaces", "w"}},
                "features");
    std::size_t shown = 0;
    for (auto& [feature, scopes] : missing) {
        if (++shown > kFeatures) break;
        const auto few = std::min<std::size_t>(scopes.size(), 5);
        table.row({html(feature.first), html(feature.second),
                   html(fmt::format("{}{}", fmt::join(std::span(scopes).first(few), ", "),
                                    scopes.size() > few ? fmt::format(" and {} more", scopes.size() - few) : ""))});
    }
    return table.take("Not a fault: looked at again daily, and mirrored once it is there.");
}

std::string api_changes(const Seen& seen) {
    const auto& all = seen.status.snapshot.api_changes;
    if (all.empty()) return {};
    std::vector<const std::pair<std::string, store::ApiChange>*> changes;
    for (const auto& one : all) changes.push_back(&one);
    std::ranges::stable_sort(changes, {}, [](const auto* one) { return !one->second.affected; });
    Table table("Announced changes to the API", {{"Name", "w"}, {"Concerns us", "d"}, {"Since", "d"}, {"Says", "w"}},
                "changes");
    for (const auto* one : std::span(changes).first(std::min(changes.size(), kChanges)))
        table.row({named(one->second.name), one->second.affected ? "yes" : "no", instant(one->second.first_seen_at),
                   named(one->second.info)});
    return table.take(all.size() > kChanges ? "Table sync_api_changes has all." : "");
}

std::string runs(const Seen& seen) {
    const auto& status = seen.status;
    const auto& all = status.snapshot.runs;
    if (all.empty()) return {};
    Table table(
        "Last runs",
        {{"Began", "d"}, {"Command", "t"}, {"Time", "n"}, {"Exit", "n"}, {"Requests", "n"}, {"Rows written", "n"}},
        "runs");
    for (const auto& run : std::span(all).first(std::min(all.size(), kRuns))) {
        const bool running = is_running(status, run);
        const auto end = run.ended_at.value_or(status.at);
        table.row({instant(run.started_at), html(run.command),
                   run.ended_at || running ? duration(std::chrono::floor<seconds>(end - run.started_at)) : "",
                   run.exit_code ? fmt::format("{}", *run.exit_code)
                   : running     ? "running"
                                 : "killed",
                   count(run.requests), count(run.rows_written)});
    }
    return table.take();
}

std::string sentence(std::string text) {
    if (!text.empty() && text.back() != '.') text += '.';
    return text;
}

}  // namespace

std::string_view remedy(const store::GapCause& gap) {
    if (gap.held)
        return "A second walk a day later decides; taskmirror sync --accept-deletions removes what is missing now.";
    const int status = gap.status.value_or(0);
    if (status == 401)
        return "The workspace refuses the token: ask its administrator, or leave it out (sources, workspaces).";
    if (status == 403 || status == 404)
        return "Give the token's user access in Asana, or exclude the project (sources, projects).";
    if (status == 0 || status == 429 || status >= 500)
        return "Tried again by itself; if it stays, look at the log and at Asana's status page.";
    return "Tried again by itself; if it stays, report it with what the log says.";
}

std::vector<Judgement> judgements(const Seen& seen) {
    const auto& status = seen.status;
    std::vector<Judgement> found;
    const auto say = [&](Health health, std::string text) { found.push_back({health, sentence(std::move(text))}); };

    if (const auto why = unwell(seen); !why.empty()) say(Health::bad, why);
    if (!seen.unreadable.empty()) say(Health::bad, "The database cannot be read: " + seen.unreadable);
    for (const auto& source : seen.live.sources) {
        if (!source.failure.empty())
            say(Health::bad, fmt::format("Source {} is not mirrored: {}. It is tried again at {}", source.name,
                                         source.failure, instant(source.again_at)));
    }
    std::int64_t projects = 0, lists = 0, stale_projects = 0, stale_lists = 0;
    bool loading = false;
    for (const auto& source : sources_of(seen)) {
        const auto* const live = live_of(seen, source);
        if (live == nullptr) continue;
        if (has_loaded(status, source)) continue;
        loading = true;
        if (!live->failure.empty()) continue;
        const auto requests = backlog_of(status, source).requests;
        const auto its = left(seen, source, requests);
        say(Health::notice,
            fmt::format("The first load of {} is under way: {} requests that are known of are left{}", source,
                        count(requests), its ? fmt::format(", at least {}", duration(*its)) : ""));
    }
    for (const auto& data : status.snapshot.freshness) {
        if (live_of(seen, data.source) == nullptr || !has_loaded(status, data.source)) continue;
        ++(is_project(data) ? projects : lists);
        if (is_stale(status, data)) ++(is_project(data) ? stale_projects : stale_lists);
    }
    if (stale_projects + stale_lists > 0)
        say(Health::bad,
            fmt::format("Stale: {} of {} and {} of {} are older than they should be", count(stale_projects),
                        plural(projects, "project", "projects"), count(stale_lists), plural(lists, "list", "lists")));
    for (const auto& source : seen.live.sources) {
        if (source.failure.empty() && source.paused_until && *source.paused_until > status.at)
            say(Health::notice,
                fmt::format("Asana asks {} to wait until {}: others use its quota too, or limits.share is too large",
                            source.name, instant(*source.paused_until)));
    }
    std::int64_t open = 0, held = 0;
    for (const auto& source : sources_of(seen)) {
        const auto counts = gap_counts(status, source);
        open += counts.open - counts.held;
        held += counts.held;
    }
    if (held > 0)
        say(Health::notice, fmt::format("{} found much missing and removed nothing: taskmirror sync --accept-deletions "
                                        "removes it, or a second walk a day later",
                                        plural(held, "walk", "walks")));
    if (open > 0)
        say(Health::notice,
            fmt::format("{} could not be fetched: see the gaps", plural(open, "object or list", "objects or lists")));
    for (const auto& warning : status.warnings) say(Health::notice, "Warning: " + warning);
    const bool all_answered =
        std::ranges::all_of(seen.live.sources, [](const LiveSource& source) { return source.answered; });
    if (!loading && !all_answered && found.empty()) say(Health::notice, "The daemon waits for its first answers");
    std::ranges::stable_sort(found, std::greater<>(), &Judgement::health);
    if (found.empty() ||
        (found.front().health == Health::notice && !loading && stale_projects + stale_lists == 0 && all_answered)) {
        const auto all = fmt::format("{} and {} are as fresh as they should be",
                                     plural(projects, "project", "projects"), plural(lists, "list", "lists"));
        found.insert(found.begin(), {found.empty() ? Health::good : Health::notice,
                                     sentence((found.empty() ? "Healthy: " : "") + all)});
    }
    return found;
}

std::string unwell(const Seen& seen) {
    if (seen.quiet <= kHangs) return {};
    return fmt::format("The daemon hangs: its loop has not turned for {}; restart it", duration(seen.quiet));
}

std::string unready(const Seen& seen) {
    if (const auto why = unwell(seen); !why.empty()) return why;
    if (!seen.unreadable.empty()) return "the database cannot be read: " + seen.unreadable;
    if (seen.live.sources.empty()) return "no source is served yet";
    for (const auto& source : seen.live.sources) {
        if (!source.failure.empty()) return fmt::format("source {} is not mirrored: {}", source.name, source.failure);
        if (!source.answered) return fmt::format("source {} has not been answered yet", source.name);
        if (source.paused_until && *source.paused_until > seen.status.at) continue;  // it waits, as it was told to
        const auto last = source.counters.committed_at.value_or(seen.live.started_at);
        if (seen.status.at - last > kNoCommit)
            return fmt::format("source {}: nothing was committed since {}", source.name, instant(last));
    }
    return {};
}

std::string status_page(const Seen& seen, std::string_view version, std::string_view nonce) {
    const auto found = judgements(seen);
    constexpr std::string_view kHealthNames[] = {"good", "notice", "bad"};
    std::string out = fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta http-equiv=\"refresh\" content=\"{}\">\n"
        "<title>taskmirror: {}</title>\n<style nonce=\"{}\">{}{}</style>\n</head>\n<body>\n<main>\n"
        "<header class=\"top\"><h1>taskmirror</h1><p class=\"muted\">{}</p></header>\n",
        kRefresh, html(shortened(found.front().sentence, 60)), nonce, page_style(), kOwnStyle,
        fmt::format("As of {}, made anew every {} s", instant(seen.status.at), kRefresh));
    out += fmt::format("<div class=\"health {}\" role=\"status\"><p><strong>{}</strong></p>",
                       kHealthNames[static_cast<std::size_t>(found.front().health)], html(found.front().sentence));
    for (const auto& one : std::span(found).subspan(1)) out += fmt::format("<p>{}</p>", html(one.sentence));
    out += "</div>\n";
    out += figures(seen) + freshness(seen) + budget(seen) + backlog(seen) + gaps(seen);
    for (const auto& source : sources_of(seen)) account(seen, source, out);
    out += features(seen) + api_changes(seen) + runs(seen);
    out += fmt::format(
        "<footer><p>taskmirror {}, running since {}. Database {}, read in {:.0f} ms. "
        "<a href=\"/metrics\">Metrics</a>, <a href=\"/healthz\">health</a>, "
        "<a href=\"/readyz\">readiness</a>.</p></footer>\n</main>\n</body>\n</html>\n",
        html(version), instant(seen.live.started_at), html(seen.status.database.string()), seen.read_seconds * 1000);
    return out;
}

}  // namespace taskmirror::ops
