#include "ops/status.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "core/counters.hpp"
#include "core/text.hpp"
#include "ops/status_parts.hpp"

namespace taskmirror::ops {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using store::Freshness;

constexpr std::string_view kSearch = "search";  // the feature that tells of changes in a whole workspace

constexpr std::size_t kShown = 10;     // rows of each list that a person is shown
constexpr std::size_t kRunsShown = 5;  // the latest
constexpr std::size_t kLine = 80;
constexpr std::size_t kIndent = 11;

}  // namespace

std::string_view class_name(std::int64_t order_class) {
    const auto index = static_cast<std::size_t>(order_class);
    return index < kWorkNames.size() ? kWorkNames[index] : "other";
}

std::string_view fact(const Status& status, std::string_view source, std::string_view name) {
    const auto found = status.snapshot.facts.find(fmt::format("{}.{}", source, name));
    return found != status.snapshot.facts.end() ? std::string_view(found->second) : std::string_view();
}

std::optional<double> number(const Status& status, std::string_view source, std::string_view name) {
    const auto text = fact(status, source, name);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

seconds age(const Status& status, Instant then) {
    return std::max(seconds(0), std::chrono::floor<seconds>(status.at - then));
}

bool is_running(const Status& status, const store::Run& run) {
    return status.snapshot.holder && !run.ended_at && &run == &status.snapshot.runs.front();
}

std::optional<seconds> duration_of(const Status& status, std::string_view source, std::int64_t requests) {
    const auto rate = number(status, source, "rate_per_minute");
    if (!rate || *rate <= 0) return std::nullopt;
    return seconds(std::llround(std::ceil(static_cast<double>(requests) / *rate * 60)));
}

Backlog backlog_of(const Status& status, std::string_view source) {
    Backlog backlog;
    for (const auto& waiting : status.snapshot.waiting) {
        if (waiting.source != source) continue;
        if (backlog.classes.empty() || backlog.classes.back().first != waiting.order_class)
            backlog.classes.push_back({waiting.order_class, {}});
        backlog.classes.back().second.push_back(waiting);
        backlog.requests += waiting.requests;
    }
    return backlog;
}

GapCounts gap_counts(const Status& status, std::string_view source) {
    GapCounts counts;
    for (const auto& gap : status.snapshot.gaps) {
        if (gap.source != source) continue;
        counts.open += gap.count;
        if (gap.held) counts.held += gap.count;
    }
    return counts;
}

bool is_stale(const Status& status, std::string_view source) {
    const auto& all = status.snapshot.freshness;
    const auto is_its = [&](const Freshness& data) { return data.source == source; };
    return std::ranges::none_of(all, is_its) ||
           std::ranges::any_of(all, [&](const Freshness& data) { return is_its(data) && is_stale(status, data); });
}

std::string size(std::uintmax_t bytes) {
    constexpr std::string_view kUnits[] = {"bytes", "KB", "MB", "GB", "TB"};
    if (bytes < 1000) return fmt::format("{} bytes", bytes);
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 999.95 && unit + 1 < std::size(kUnits); ++unit) value /= 1000;
    return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string instant(Instant time) { return iso(time).substr(0, 19) + "Z"; }

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string_view short_name(const Freshness& data) {
    if (data.table == kTasks && !data.of_project) return "other tasks";
    return std::string_view(data.table).substr(data.table.find('_') + 1);
}

double excess(const Status& status, const Freshness& data) {
    if (!data.as_of) return std::numeric_limits<double>::infinity();
    const auto most = limit(status, data).value_or(seconds(1));
    const std::chrono::duration<double> its = age(status, *data.as_of);
    return its / std::max(most, seconds(1));
}

namespace {

// The median of the times between the last syncs; none before the second.
std::optional<seconds> time_between_syncs(const Status& status) {
    std::vector<Instant> starts;
    for (const auto& run : status.snapshot.runs)
        if (run.command == "sync" || run.command == "run") starts.push_back(run.started_at);
    std::vector<seconds> times;
    for (std::size_t i = 1; i < starts.size(); ++i)
        times.push_back(std::chrono::floor<seconds>(starts[i - 1] - starts[i]));
    if (times.empty()) return std::nullopt;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::ranges::nth_element(times, middle);
    return std::max(seconds(0), *middle);
}

// To minutes.
std::string minute(Instant time) { return iso(time).substr(0, 16) + "Z"; }

// Without what moves the cursor, and no wider than that: a cut text ends with "...".
std::string fitted(std::string_view text, std::size_t width) {
    const auto whole = escaped(text);
    std::size_t characters = 0;
    std::size_t cut = 0;
    for (std::size_t i = 0; i < whole.size(); i += std::max<std::size_t>(1, utf8_character(whole.substr(i)))) {
        if (characters + 3 == width) cut = i;
        if (++characters > width) return whole.substr(0, cut) + "...";
    }
    return whole + std::string(width - characters, ' ');
}

// At most that wide.
std::string fitted_name(const Freshness& data, std::size_t width) {
    auto name = fitted(data.name.empty() ? data.scope : data.name, width);
    name.resize(name.find_last_not_of(' ') + 1);
    return name;
}

// The lines of a paragraph stand beside its name.
class Text {
  public:
    void say(std::string_view name, std::string_view line) {
        while (line.size() > kLine - kIndent) {  // a long sentence goes on below
            const auto blank = line.rfind(' ', kLine - kIndent);
            if (blank == std::string_view::npos) break;
            text_ += fmt::format("{:<{}}{}\n", name, kIndent, line.substr(0, blank));
            line.remove_prefix(blank + 1);
            name = {};
        }
        text_ += fmt::format("{:<{}}{}\n", name, kIndent, line);
    }
    // A row of a table, without blanks at its end.
    void row(std::string line) {
        line.resize(line.find_last_not_of(' ') + 1);
        text_ += line + '\n';
    }
    void blank() { text_ += '\n'; }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

void describe_database(const Status& status, Text& text) {
    const auto& snapshot = status.snapshot;
    text.say("database", fmt::format("{}", escaped(status.database.string())));
    text.say("", fmt::format("{}, and {} of log", size(snapshot.bytes), size(snapshot.log_bytes)));
    const bool running = !snapshot.runs.empty() && is_running(status, snapshot.runs.front());
    text.say("process",
             !snapshot.holder ? "none uses it"
             : running ? fmt::format("{} uses it: {}, for {}", *snapshot.holder, escaped(snapshot.runs.front().command),
                                     duration(age(status, snapshot.runs.front().started_at)))
                       : fmt::format("{} uses it", *snapshot.holder));
}

void describe_budget(const Status& status, std::string_view source, Text& text) {
    const auto limit = number(status, source, "limit_per_minute");
    const auto rate = number(status, source, "rate_per_minute");
    const auto used = number(status, source, "used_per_minute");
    if (!rate) return;
    // What was used belongs to the process that wrote it.
    text.say("budget", fmt::format("{}{:.0f} requests a minute{}",
                                   used && status.snapshot.holder ? fmt::format("{:.0f} of ", *used) : "", *rate,
                                   limit ? fmt::format("; the account may make {:.0f}", *limit) : ""));
}

void describe_freshness(const Status& status, std::string_view source, Text& text) {
    struct Counts {
        std::int64_t all = 0, stale = 0, gaps = 0;
    } tasks, stories, lists;
    const Freshness* oldest = nullptr;
    for (const auto& data : status.snapshot.freshness) {
        if (data.source != source) continue;
        const bool of_tasks = data.of_project && data.table == kTasks;
        auto& counts = of_tasks ? tasks : data.of_project ? stories : lists;
        ++counts.all;
        counts.stale += is_stale(status, data) ? 1 : 0;
        counts.gaps += data.gap ? 1 : 0;
        if (of_tasks && !data.gap && data.as_of && oldest == nullptr) oldest = &data;
    }
    if (tasks.all + lists.all == 0) {
        text.say("freshness", "nothing is complete yet");
        return;
    }
    const auto say = [&](std::string_view name, const Counts& counts, std::string_view one, std::string_view many) {
        if (counts.all == 0) return;
        std::vector<std::string> parts;
        if (counts.stale > 0) parts.push_back(fmt::format("{} STALE", counts.stale));
        if (counts.gaps > 0) parts.push_back(fmt::format("{} with a gap", counts.gaps));
        text.say(name, fmt::format("{}: {}", plural(counts.all, one, many),
                                   parts.empty() ? std::string("fresh") : fmt::format("{}", fmt::join(parts, ", "))));
    };
    say("freshness", tasks, "project", "projects");
    if (oldest != nullptr)
        text.say("", fmt::format("the oldest as of {}, {} ago", instant(*oldest->as_of),
                                 duration(age(status, *oldest->as_of))));
    say("", stories, "project's stories", "projects' stories");
    say(tasks.all > 0 ? "" : "freshness", lists, "list", "lists");
    const auto deadline = number(status, source, "deadline_s");
    if (deadline && daemon_runs(status)) {
        const auto binds = fact(status, source, "deadline_binds");
        text.say("", fmt::format("each project is asked for within {}{}", duration(seconds(std::llround(*deadline))),
                                 binds.empty() ? "" : fmt::format(" ({} decides)", escaped(binds))));
    }
}

void describe_backlog(const Status& status, std::string_view source, Text& text) {
    const auto backlog = backlog_of(status, source);
    if (backlog.requests == 0) {
        text.say("backlog", "nothing is due");
        return;
    }
    const auto left = [&](std::int64_t requests) {
        const auto time = duration_of(status, source, requests);
        return time ? ", at least " + duration(*time) : std::string();
    };
    text.say("backlog", plural(backlog.requests, "request", "requests") + left(backlog.requests));
    for (const auto& [order_class, streams] : backlog.classes) {
        std::vector<std::string> parts;
        for (const auto& one : streams) parts.push_back(fmt::format("{} {}", one.requests, escaped(one.stream)));
        text.say("", fmt::format("{}: {}", class_name(order_class), fmt::join(parts, ", ")));
    }
}

void describe_gaps(const Status& status, std::string_view source, Text& text) {
    const auto counts = gap_counts(status, source);
    if (counts.open == 0) {
        text.say("gaps", "none");
        return;
    }
    text.row(fmt::format("{:<{}}{:<33}{:<18}{}", "gaps", kIndent, fmt::format("{} open (table sync_gaps)", counts.open),
                         "since", "next try"));
    std::size_t shown = 0, causes = 0;
    for (const auto& gap : status.snapshot.gaps) {
        if (gap.source != source || ++causes > kShown) continue;
        ++shown;
        const auto cause = gap.held     ? "held deletions"
                           : gap.status ? fmt::format("status {}", *gap.status)
                                        : std::string("no answer");
        text.row(fmt::format("{:>6} {} {} {} {}", gap.count, fitted(gap.stream, 21), fitted(cause, 14),
                             minute(gap.oldest), gap.retry_at ? minute(*gap.retry_at) : ""));
    }
    if (causes > shown) text.row(fmt::format("  and {} more causes", causes - shown));
    if (counts.held > 0) {
        text.say("held", fmt::format("{} found much missing and removed nothing; a second walk a day later, or "
                                     "taskmirror sync --accept-deletions, decides",
                                     plural(counts.held, "walk", "walks")));
    }
}

// Which workspaces tell of changes by search, and which by events and lists alone.
std::pair<std::vector<std::string>, std::vector<std::string>> searched(const Status& status, std::string_view source) {
    std::pair<std::vector<std::string>, std::vector<std::string>> found;
    for (const auto& [its, feature] : status.snapshot.there)
        if (its == source && feature.name == kSearch) found.first.push_back(feature.scope);
    for (const auto& [its, feature] : status.snapshot.missing)
        if (its == source && feature.name == kSearch) found.second.push_back(feature.scope);
    return found;
}

void describe_features(const Status& status, std::string_view source, Text& text) {
    const auto [with, without_it] = searched(status, source);
    const auto say = [&](std::string_view by, const std::vector<std::string>& its) {
        std::vector<std::string> names;
        for (const auto& workspace : its) names.push_back(escaped(workspace));
        if (!its.empty()) text.say("changes", fmt::format("by {} in workspace {}", by, fmt::join(names, ", ")));
    };
    say("search and events", with);
    say("events and lists", without_it);
    std::map<std::string, std::vector<std::string>> workspaces;
    for (const auto& [its, feature] : status.snapshot.missing)
        if (its == source) workspaces[feature.name].push_back(escaped(feature.scope));
    for (const auto& [feature, without] : workspaces)
        text.say("plan", fmt::format("no {} in workspace {}", escaped(feature), fmt::join(without, ", ")));
}

// Those that concern us first.
void describe_api_changes(const Status& status, std::string_view source, Text& text) {
    std::vector<const store::ApiChange*> changes;
    for (const auto& [its, change] : status.snapshot.api_changes)
        if (its == source) changes.push_back(&change);
    std::ranges::stable_sort(changes, {}, [](const auto* change) { return !change->affected; });
    for (const auto* change : std::span(changes).first(std::min(changes.size(), kShown))) {
        text.say("API change",
                 fmt::format("{}: {}, since {}", escaped(change->name),
                             change->affected ? "concerns our requests" : "announced", instant(change->first_seen_at)));
        if (!change->info.empty()) text.say("", escaped(change->info));
    }
    if (changes.size() > kShown)
        text.say("", fmt::format("and {} more: table sync_api_changes", changes.size() - kShown));
}

// Workspaces that the account sees and another one mirrors.
std::vector<std::pair<std::string, std::string>> of_others(const Status& status, std::string_view source) {
    std::vector<std::pair<std::string, std::string>> found;
    auto asked = fact(status, source, "workspaces");
    while (!asked.empty()) {
        const auto root = asked.substr(0, asked.find(' '));
        asked.remove_prefix(std::min(root.size() + 1, asked.size()));
        const auto owner = status.snapshot.facts.find(fmt::format("{}{}", store::kOwnerOf, root));
        if (owner == status.snapshot.facts.end()) continue;
        auto name = store::owner_in(owner->second).source;
        if (name != source) found.emplace_back(root, std::move(name));
    }
    return found;
}

void describe_source(const Status& status, std::string_view source, Text& text) {
    const auto state = fact(status, source, "state");
    const auto since = parse_iso(fact(status, source, "state_since"));
    const auto ended = parse_iso(fact(status, source, "pass_ended_at"));
    text.blank();
    text.say("source", fmt::format("{}{}{}", escaped(source), state.empty() ? "" : ": " + escaped(state),
                                   since && state != "ok" ? ", since " + instant(*since) : ""));
    const auto retry = parse_iso(fact(status, source, "retry_at"));
    const auto paused = parse_iso(fact(status, source, "paused_until"));
    if (retry > status.at && state != "ok") text.say("", fmt::format("tried again at {}", instant(*retry)));
    if (paused > status.at) text.say("paused", fmt::format("by the API until {}", instant(*paused)));
    for (const auto& [root, other] : of_others(status, source))
        text.say("workspace", fmt::format("{} is mirrored by source {}", escaped(root), escaped(other)));
    text.say("complete", ended ? fmt::format("as of {}, {} ago", instant(*ended), duration(age(status, *ended)))
                               : "not yet: the first sync is not over");
    describe_freshness(status, source, text);
    describe_budget(status, source, text);
    describe_backlog(status, source, text);
    describe_gaps(status, source, text);
    describe_features(status, source, text);
    describe_api_changes(status, source, text);
}

// Projects by their tasks; of everything else, one row for each table, with the worst of it. The worst first.
void describe_stale(const Status& status, Text& text) {
    struct Row {
        const Freshness* worst = nullptr;
        std::int64_t stale = 0;
    };
    std::vector<Row> projects, tables;
    for (const auto& data : status.snapshot.freshness) {
        if (!is_stale(status, data)) continue;
        const bool of_tasks = data.of_project && data.table == kTasks;
        const auto same = std::ranges::find_if(tables, [&](const Row& row) {
            return row.worst->table == data.table && row.worst->of_project == data.of_project;
        });
        if (of_tasks || same == tables.end()) {
            (of_tasks ? projects : tables).push_back({&data, 1});
            continue;
        }
        ++same->stale;
        if (excess(status, data) > excess(status, *same->worst)) same->worst = &data;
    }
    if (projects.empty() && tables.empty()) return;
    const auto by_excess = [&](const Row& row) { return -excess(status, *row.worst); };
    std::ranges::stable_sort(projects, {}, by_excess);
    std::ranges::stable_sort(tables, {}, by_excess);
    const auto shown = std::min(projects.size(), kShown);

    text.blank();
    text.row(fmt::format("{:<24} {:<29}{:>13}{:>13}", "STALE", "of", "age", "limit"));
    const auto show = [&](const Row& row) {
        const auto& data = *row.worst;
        const auto more = row.stale > 1 ? fmt::format(" and {} more", row.stale - 1) : std::string();
        const auto most = limit(status, data);
        text.row(fmt::format("  {} {}{:>13}{:>13}", fitted(short_name(data), 22),
                             fitted(fitted_name(data, 29 - more.size()) + more, 29),
                             data.as_of ? duration(age(status, *data.as_of)) : "never", most ? duration(*most) : ""));
    };
    for (const auto& row : std::span(projects).first(shown)) show(row);
    if (projects.size() > shown) text.row(fmt::format("  and {} more: --json has all", projects.size() - shown));
    for (const auto& row : tables) show(row);
}

void describe_runs(const Status& status, Text& text) {
    const auto& runs = status.snapshot.runs;
    if (runs.empty()) return;
    text.blank();
    text.row(fmt::format("{:<22}{:<9}{:>14}{:>9}{:>12}{:>14}", "RUNS", "command", "time", "exit", "requests",
                         "rows written"));
    for (const auto& run : std::span(runs).first(std::min(runs.size(), kRunsShown))) {
        const auto end = run.ended_at.value_or(is_running(status, run) ? status.at : run.started_at);
        text.row(fmt::format(
            "{:<22}{:<9}{:>14}{:>9}{:>12}{:>14}", instant(run.started_at), escaped(run.command),
            run.ended_at || is_running(status, run) ? duration(std::chrono::floor<seconds>(end - run.started_at)) : "",
            run.exit_code             ? fmt::format("{}", *run.exit_code)
            : is_running(status, run) ? "running"
                                      : "killed",
            run.requests, run.rows_written));
    }
}

using taskmirror::json;
std::string json(bool yes) { return yes ? "true" : "false"; }
std::string json(Instant time) { return json(iso(time)); }
std::string json(seconds time) { return fmt::format("{}", time.count()); }
std::string json(int number) { return fmt::format("{}", number); }
std::string json(double number) { return fmt::format("{}", number); }

template <typename Value>
std::string json(const std::optional<Value>& value) {
    return value ? json(*value) : "null";
}

// None where the engine has not said it.
std::optional<std::string_view> said(std::string_view fact) {
    return fact.empty() ? std::nullopt : std::optional(fact);
}

template <typename Items, typename Member>
std::string list(const Items& items, Member&& member) {
    std::vector<std::string> members;
    for (const auto& item : items)
        if (auto text = member(item); !text.empty()) members.push_back(std::move(text));
    return fmt::format("[{}]", fmt::join(members, ","));
}

std::string freshness_json(const Status& status, const Freshness& data) {
    return fmt::format(
        R"({{"table":{},"scope_gid":{},"scope_name":{},"fresh_as_of":{},"age_seconds":{},"limit_seconds":{},)"
        R"("stale":{},"gap":{}}})",
        json(data.table), json(data.scope), json(data.name), json(data.as_of),
        json(data.as_of ? std::optional(age(status, *data.as_of)) : std::nullopt), json(limit(status, data)),
        json(is_stale(status, data)), json(data.gap));
}

std::string backlog_json(const Status& status, std::string_view source) {
    const auto backlog = backlog_of(status, source);
    const auto classes = list(backlog.classes, [&](const auto& one) {
        const auto requests = Backlog::sum(one.second);
        const auto streams = list(one.second, [](const store::Waiting& waiting) {
            return fmt::format(R"({{"stream":{},"requests":{}}})", json(waiting.stream), waiting.requests);
        });
        return fmt::format(R"({{"class":{},"requests":{},"seconds":{},"streams":{}}})", json(class_name(one.first)),
                           requests, json(duration_of(status, source, requests)), streams);
    });
    return fmt::format(R"({{"requests":{},"seconds":{},"classes":{}}})", backlog.requests,
                       json(duration_of(status, source, backlog.requests)), classes);
}

std::string gaps_json(const Status& status, std::string_view source) {
    const auto counts = gap_counts(status, source);
    const auto causes = list(status.snapshot.gaps, [&](const store::GapCause& gap) {
        if (gap.source != source) return std::string();
        return fmt::format(
            R"({{"stream":{},"status":{},"held_deletions":{},"count":{},"oldest_at":{},"next_retry_at":{},)"
            R"("message":{}}})",
            json(gap.stream), json(gap.status), json(gap.held), gap.count, json(gap.oldest), json(gap.retry_at),
            json(gap.message));
    });
    return fmt::format(R"({{"open":{},"held_deletions":{},"causes":{}}})", counts.open, counts.held, causes);
}

std::string source_json(const Status& status, std::string_view source) {
    const auto value = [&](std::string_view name) { return json(number(status, source, name)); };
    const auto time = [&](std::string_view name) { return json(parse_iso(fact(status, source, name))); };
    const auto text = [&](std::string_view name) { return json(said(fact(status, source, name))); };
    const auto freshness = list(status.snapshot.freshness, [&](const Freshness& data) {
        return data.source == source ? freshness_json(status, data) : std::string();
    });
    const auto missing = list(status.snapshot.missing, [&](const auto& one) {
        if (one.first != source) return std::string();
        return fmt::format(R"({{"workspace_gid":{},"feature":{},"checked_at":{}}})", json(one.second.scope),
                           json(one.second.name), json(one.second.checked_at));
    });
    const auto announced = list(status.snapshot.api_changes, [&](const auto& one) {
        if (one.first != source) return std::string();
        const auto& change = one.second;
        return fmt::format(
            R"({{"name":{},"info":{},"affected":{},"first_seen_at":{},"last_seen_at":{},"sample_path":{}}})",
            json(change.name), json(said(change.info)), json(change.affected), json(change.first_seen_at),
            json(change.last_seen_at), json(change.sample_path));
    });
    std::string changes;
    const auto [with, without_it] = searched(status, source);
    for (const auto& workspace : with)
        changes +=
            fmt::format(R"({}{{"workspace_gid":{},"by":"search"}})", changes.empty() ? "" : ",", json(workspace));
    for (const auto& workspace : without_it)
        changes += fmt::format(R"({}{{"workspace_gid":{},"by":"lists"}})", changes.empty() ? "" : ",", json(workspace));
    const auto others = list(of_others(status, source), [](const auto& one) {
        return fmt::format(R"({{"workspace_gid":{},"source":{}}})", json(one.first), json(one.second));
    });
    return fmt::format(
        R"({{"name":{},"stale":{},"state":{},"state_since":{},"retry_at":{},"paused_until":{},)"
        R"("mirrored_by_others":{},"pass_began_at":{},"pass_ended_at":{},)"
        R"("budget":{{"limit_per_minute":{},"rate_per_minute":{},"used_per_minute":{}}},)"
        R"("deadline":{{"seconds":{},"binds":{}}},"backlog":{},"gaps":{},"missing_features":{},"api_changes":{},)"
        R"("changes":[{}],"freshness":{}}})",
        json(source), json(is_stale(status, source)), text("state"), time("state_since"), time("retry_at"),
        time("paused_until"), others, time("pass_began_at"), time("pass_ended_at"), value("limit_per_minute"),
        value("rate_per_minute"), value("used_per_minute"), value("deadline_s"), text("deadline_binds"),
        backlog_json(status, source), gaps_json(status, source), missing, announced, changes, freshness);
}

}  // namespace

std::string duration(seconds time) {
    const auto n = time.count();
    if (n < 120) return fmt::format("{} s", n);
    if (n < 7200) return fmt::format("{} min", n / 60);
    if (n < 172'800) return fmt::format("{} h {:02} min", n / 3600, n / 60 % 60);
    return fmt::format("{} d {:02} h", n / 86'400, n / 3600 % 24);
}

bool daemon_runs(const Status& status) {
    const auto& runs = status.snapshot.runs;
    return !runs.empty() && runs.front().command == "run" && is_running(status, runs.front());
}

std::optional<seconds> limit(const Status& status, const Freshness& data) {
    seconds period = status.periods.tasks;
    if (data.of_project) {
        const auto deadline = number(status, data.source, "deadline_s");
        if (deadline && daemon_runs(status)) period = std::max(period, seconds(std::llround(*deadline)));
    } else {
        const auto its = status.periods.lists.find(data.table);
        if (its == status.periods.lists.end()) return std::nullopt;
        period = its->second;
    }
    const auto between = daemon_runs(status) ? std::nullopt : time_between_syncs(status);
    return 2 * (period + between.value_or(seconds(0)));
}

bool is_stale(const Status& status, const Freshness& data) {
    const auto most = limit(status, data);
    if (!most || data.gap) return false;
    return !data.as_of || age(status, *data.as_of) > *most;
}

bool is_stale(const Status& status) {
    const auto& sources = status.snapshot.sources;
    return sources.empty() ||
           std::ranges::any_of(sources, [&](const std::string& source) { return is_stale(status, source); });
}

std::string status_text(const Status& status) {
    Text text;
    text.say("status", is_stale(status) ? "STALE" : "fresh");
    describe_database(status, text);
    for (const auto& warning : status.warnings) text.say("warning", escaped(warning));
    for (const auto& source : status.snapshot.sources) describe_source(status, source, text);
    describe_stale(status, text);
    describe_runs(status, text);
    return text.take();
}

std::string status_json(const Status& status, std::string_view version) {
    const auto& snapshot = status.snapshot;
    const bool running = !snapshot.runs.empty() && is_running(status, snapshot.runs.front());
    const auto process =
        snapshot.holder
            ? fmt::format(R"({{"pid":{},"command":{}}})", *snapshot.holder,
                          json(running ? std::optional<std::string_view>(snapshot.runs.front().command) : std::nullopt))
            : std::string("null");
    const auto sources = list(snapshot.sources, [&](const std::string& source) { return source_json(status, source); });
    const auto runs = list(snapshot.runs, [](const store::Run& run) {
        return fmt::format(
            R"({{"command":{},"version":{},"started_at":{},"ended_at":{},"exit_code":{},"requests":{},"retries":{},)"
            R"("rate_limited":{},"rows_written":{},"rows_unchanged":{}}})",
            json(run.command), json(run.version), json(run.started_at), json(run.ended_at), json(run.exit_code),
            run.requests, run.retries, run.rate_limited, run.rows_written, run.rows_unchanged);
    });
    return fmt::format(
        R"({{"format":1,"version":{},"at":{},"stale":{},"database":{{"file":{},"bytes":{},"log_bytes":{}}},)"
        R"("warnings":{},"process":{},"sources":{},"runs":{}}})"
        "\n",
        json(version), json(status.at), json(is_stale(status)), json(status.database.string()), snapshot.bytes,
        snapshot.log_bytes, list(status.warnings, [](const std::string& warning) { return json(warning); }), process,
        sources, runs);
}

}  // namespace taskmirror::ops
