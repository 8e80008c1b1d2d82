#include "ops/metrics.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <utility>
#include <vector>

#include "ops/status_parts.hpp"

namespace taskmirror::ops {
namespace {

using enum MetricType;

constexpr std::array kMetrics = {
    Metric{"taskmirror_build_info", gauge, "version, sqlite, curl", "Always 1; the versions are its labels."},
    Metric{"taskmirror_source_up", gauge, "source", "1: the source is served; 0: it rests after a failure."},
    Metric{"taskmirror_first_load_complete", gauge, "source", "1: all lists were walked once."},
    Metric{"taskmirror_http_requests_total", counter, "source, class, code",
           "Requests that have ended, by class of work and kind of answer; none: no answer came."},
    Metric{"taskmirror_http_request_duration_seconds", histogram, "source", "From sending a request to its last byte."},
    Metric{"taskmirror_http_retries_total", counter, "source", "Requests that were sent again after a failure."},
    Metric{"taskmirror_http_in_flight", gauge, "source", "Requests that wait for their answer."},
    Metric{"taskmirror_http_response_bytes_total", counter, "source, encoding",
           "Bytes of answers, as transferred (wire) and decoded."},
    Metric{"taskmirror_rate_limited_total", counter, "source", "Answers 429: too many requests."},
    Metric{"taskmirror_rate_limit_requests_per_second", gauge, "source",
           "What taskmirror may send now: its share of the quota, less after answers 429."},
    Metric{"taskmirror_rate_limit_quota_requests_per_second", gauge, "source", "The quota of the whole account."},
    Metric{"taskmirror_rate_limit_paused_until_timestamp_seconds", gauge, "source",
           "Until when the server asked to wait; 0: it does not."},
    Metric{"taskmirror_staleness_seconds", histogram, "source",
           "From an object's last change to its commit, of changes that were found while serving."},
    Metric{
        "taskmirror_oldest_project_timestamp_seconds", gauge, "source",
        "As of when the tasks of the oldest project are; projects with a gap and those never complete are left out."},
    Metric{"taskmirror_projects", gauge, "source, state", "Projects by the state of their tasks."},
    Metric{"taskmirror_lists", gauge, "source, state", "Other lists by their state."},
    Metric{"taskmirror_backlog_requests", gauge, "source, class", "Requests that are due."},
    Metric{"taskmirror_open_gaps", gauge, "source, cause", "What could not be fetched, and is not healed."},
    Metric{"taskmirror_gaps_total", counter, "source", "Gaps that were opened or met again."},
    Metric{"taskmirror_missing_features", gauge, "source", "Features that the plan or the token lacks, by workspace."},
    Metric{"taskmirror_api_changes", gauge, "source, affected", "Announced changes to the API."},
    Metric{"taskmirror_rows_written_total", counter, "source", "Rows of objects that were new or had changed."},
    Metric{"taskmirror_rows_unchanged_total", counter, "source", "Objects that came and were stored just so."},
    Metric{"taskmirror_tombstones_total", counter, "source", "Objects that moved to the tombstones."},
    Metric{"taskmirror_last_answer_timestamp_seconds", gauge, "source", "The last usable answer; 0: none so far."},
    Metric{"taskmirror_last_commit_timestamp_seconds", gauge, "source", "The last commit; 0: none so far."},
    Metric{"taskmirror_last_pass_timestamp_seconds", gauge, "source",
           "When all lists that were due had been walked for the last time; 0: never."},
    Metric{"taskmirror_db_commit_duration_seconds", histogram, "source", "Commits of received rows."},
    Metric{"taskmirror_db_size_bytes", gauge, "", "The database file."},
    Metric{"taskmirror_db_wal_bytes", gauge, "", "Its write-ahead log."},
    Metric{"taskmirror_db_readable", gauge, "", "1: the figures of the database in these metrics are new."},
    Metric{"taskmirror_db_read_timestamp_seconds", gauge, "", "When those figures were read."},
    Metric{"taskmirror_warnings", gauge, "",
           "What will stop it some day: disk, clock, file system, log; taskmirror doctor names it."},
    Metric{"taskmirror_loop_last_turn_timestamp_seconds", gauge, "", "When the loop of the daemon turned last."},
    Metric{"taskmirror_log_messages_total", counter, "level",
           "Lines of the log; those below log.level are not counted."},
    Metric{"process_start_time_seconds", gauge, "", "Start of the process, since the epoch."},
    Metric{"process_cpu_seconds_total", counter, "", "User and system time of the process."},
    Metric{"process_resident_memory_bytes", gauge, "", "Memory in use."},
    Metric{"process_virtual_memory_bytes", gauge, "", "Address space."},
    Metric{"process_threads", gauge, "", "Threads of the process."},
    Metric{"process_open_fds", gauge, "", "Open file descriptors."},
    Metric{"process_max_fds", gauge, "", "File descriptors that may be open."},
};

constexpr std::array<std::string_view, 4> kStates = {"fresh", "stale", "gap", "unjudged"};
constexpr std::array<std::string_view, 4> kCauses = {"refused", "failed", "no_answer", "held"};

std::string_view type_name(MetricType type) {
    return type == counter ? "counter" : type == gauge ? "gauge" : "histogram";
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

std::string label_value(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || c == '"') out += '\\';
        out += c;
    }
    return out;
}

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Samples of one metric stand together, whatever the order in which they come.
class Families {
  public:
    void add(std::string_view name, Labels labels, double value) { family(name) += line(name, "", labels, "", value); }
    void add(std::string_view name, Labels labels, std::uint64_t value) {
        add(name, labels, static_cast<double>(value));
    }
    void add(std::string_view name, Labels labels, bool value) { add(name, labels, value ? 1.0 : 0.0); }
    void add(std::string_view name, Labels labels, Instant time) {
        add(name, labels, static_cast<double>(time.time_since_epoch().count()) / 1000);
    }

    template <const auto& kBounds>
    void add(std::string_view name, Labels labels, const Histogram<kBounds>& histogram) {
        auto& out = family(name);
        std::uint64_t so_far = 0;
        for (std::size_t i = 0; i <= kBounds.size(); ++i) {
            so_far += histogram.counts[i];
            const auto bound = i < kBounds.size() ? number(kBounds[i]) : std::string("+Inf");
            out += line(name, "_bucket", labels, bound, static_cast<double>(so_far));
        }
        out += line(name, "_sum", labels, "", histogram.sum);
        out += line(name, "_count", labels, "", static_cast<double>(so_far));
    }

    std::string take() const {
        std::string out;
        for (std::size_t i = 0; i < kMetrics.size(); ++i)
            out += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n{3}", kMetrics[i].name, kMetrics[i].help,
                               type_name(kMetrics[i].type), samples_[i]);
        return out;
    }

  private:
    std::string& family(std::string_view name) {
        const auto found = std::ranges::find(kMetrics, name, &Metric::name);
        assert(found != kMetrics.end());
        return samples_[static_cast<std::size_t>(found - kMetrics.begin())];
    }
    static std::string line(std::string_view name, std::string_view suffix, Labels labels, std::string_view bound,
                            double value) {
        std::string all;
        for (const auto& [label, its] : labels)
            fmt::format_to(std::back_inserter(all), "{}{}=\"{}\"", all.empty() ? "" : ",", label, label_value(its));
        if (!bound.empty()) fmt::format_to(std::back_inserter(all), "{}le=\"{}\"", all.empty() ? "" : ",", bound);
        return all.empty() ? fmt::format("{}{} {}\n", name, suffix, number(value))
                           : fmt::format("{}{}{{{}}} {}\n", name, suffix, all, number(value));
    }
    std::array<std::string, kMetrics.size()> samples_;
};

void add_live(const LiveSource& live, Instant now, Families& out) {
    const std::string_view source = live.name;
    const auto& its = live.counters;
    const auto add = [&](std::string_view name, const auto& value) { out.add(name, {{"source", source}}, value); };
    add("taskmirror_source_up", live.failure.empty());
    for (std::size_t of_class = 0; of_class < kWorkNames.size(); ++of_class)
        for (std::size_t code = 0; code < kAnswerNames.size(); ++code)
            out.add("taskmirror_http_requests_total",
                    {{"source", source}, {"class", kWorkNames[of_class]}, {"code", kAnswerNames[code]}},
                    its.answers[of_class][code]);
    add("taskmirror_http_request_duration_seconds", its.latency);
    add("taskmirror_http_retries_total", its.retries);
    add("taskmirror_http_in_flight", static_cast<double>(live.in_flight));
    out.add("taskmirror_http_response_bytes_total", {{"source", source}, {"encoding", "wire"}}, its.wire_bytes);
    out.add("taskmirror_http_response_bytes_total", {{"source", source}, {"encoding", "decoded"}}, its.decoded_bytes);
    add("taskmirror_rate_limited_total", rate_limited_of(its));
    add("taskmirror_rate_limit_requests_per_second", live.rate_per_minute / 60);
    add("taskmirror_rate_limit_quota_requests_per_second", static_cast<double>(live.limit_per_minute) / 60);
    const bool paused = live.paused_until && *live.paused_until > now;
    add("taskmirror_rate_limit_paused_until_timestamp_seconds", paused ? *live.paused_until : Instant());
    add("taskmirror_staleness_seconds", its.staleness);
    add("taskmirror_gaps_total", its.gaps);
    add("taskmirror_rows_written_total", its.rows_written);
    add("taskmirror_rows_unchanged_total", its.rows_unchanged);
    add("taskmirror_tombstones_total", its.tombstones);
    add("taskmirror_last_answer_timestamp_seconds", its.answered_at.value_or(Instant()));
    add("taskmirror_last_commit_timestamp_seconds", its.committed_at.value_or(Instant()));
    add("taskmirror_db_commit_duration_seconds", its.commits);
}

std::size_t cause_of(const store::GapCause& gap) {
    if (gap.held) return 3;
    if (!gap.status) return 2;
    return *gap.status >= 400 && *gap.status < 500 ? 0 : 1;
}

// Of a source that is served: what of others still stands in the database is nobody's business here.
void add_stored(const Status& status, std::string_view source, Families& out) {
    const auto& snapshot = status.snapshot;
    const auto add = [&](std::string_view name, const auto& value) { out.add(name, {{"source", source}}, value); };
    const auto ended = parse_iso(fact(status, source, "pass_ended_at"));
    add("taskmirror_first_load_complete", ended.has_value());
    add("taskmirror_last_pass_timestamp_seconds", ended.value_or(Instant()));

    std::array<std::uint64_t, kStates.size()> projects{}, lists{};
    std::optional<Instant> oldest;
    for (const auto& data : snapshot.freshness) {
        if (data.source != source) continue;
        const bool of_tasks = data.of_project && data.table == kTasks;
        ++(of_tasks ? projects : lists)[data.gap ? 2 : !limit(status, data) ? 3 : is_stale(status, data) ? 1 : 0];
        if (of_tasks && !data.gap && data.as_of && (!oldest || *data.as_of < *oldest)) oldest = data.as_of;
    }
    for (std::size_t i = 0; i < kStates.size(); ++i) {
        out.add("taskmirror_projects", {{"source", source}, {"state", kStates[i]}}, projects[i]);
        out.add("taskmirror_lists", {{"source", source}, {"state", kStates[i]}}, lists[i]);
    }
    if (oldest) add("taskmirror_oldest_project_timestamp_seconds", *oldest);

    std::array<std::int64_t, kWorkNames.size()> backlog{};
    for (const auto& waiting : snapshot.waiting)
        if (waiting.source == source && static_cast<std::size_t>(waiting.order_class) < backlog.size())
            backlog[static_cast<std::size_t>(waiting.order_class)] += waiting.requests;
    for (std::size_t i = 0; i < backlog.size(); ++i)
        out.add("taskmirror_backlog_requests", {{"source", source}, {"class", kWorkNames[i]}},
                static_cast<double>(backlog[i]));

    std::array<std::int64_t, kCauses.size()> gaps{};
    for (const auto& gap : snapshot.gaps)
        if (gap.source == source) gaps[cause_of(gap)] += gap.count;
    for (std::size_t i = 0; i < gaps.size(); ++i)
        out.add("taskmirror_open_gaps", {{"source", source}, {"cause", kCauses[i]}}, static_cast<double>(gaps[i]));

    const auto of_source = [&](const auto& one) { return one.first == source; };
    add("taskmirror_missing_features", static_cast<double>(std::ranges::count_if(snapshot.missing, of_source)));
    for (const bool affected : {false, true})
        out.add("taskmirror_api_changes", {{"source", source}, {"affected", affected ? "true" : "false"}},
                static_cast<double>(std::ranges::count_if(snapshot.api_changes, [&](const auto& one) {
                    return one.first == source && one.second.affected == affected;
                })));
}

}  // namespace

std::span<const Metric> metrics() { return kMetrics; }

Process process() {
    Process found;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto time = [](const timeval& its) {
        return static_cast<double>(its.tv_sec) + static_cast<double>(its.tv_usec) / 1e6;
    };
    found.cpu_seconds = time(used.ru_utime) + time(used.ru_stime);
    // proc(5): pages of the whole address space, and of what is in memory.
    std::ifstream pages("/proc/self/statm");
    double all = 0, resident = 0;
    if (pages >> all >> resident) {
        const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
        found.virtual_bytes = all * page;
        found.resident_bytes = resident * page;
    }
    std::error_code error;
    found.threads = static_cast<double>(std::distance(std::filesystem::directory_iterator("/proc/self/task", error),
                                                      std::filesystem::directory_iterator()));
    found.open_descriptors = static_cast<double>(std::distance(
        std::filesystem::directory_iterator("/proc/self/fd", error), std::filesystem::directory_iterator()));
    rlimit most{};
    getrlimit(RLIMIT_NOFILE, &most);
    found.most_descriptors = static_cast<double>(most.rlim_cur);
    return found;
}

std::string metrics_text(const Seen& seen, const Process& process, const Versions& versions,
                         const std::array<std::uint64_t, log::kLevelNames.size()>& log_messages) {
    Families out;
    const auto& status = seen.status;
    out.add("taskmirror_build_info",
            {{"version", versions.taskmirror}, {"sqlite", versions.sqlite}, {"curl", versions.curl}}, 1.0);
    for (const auto& live : seen.live.sources) {
        add_live(live, status.at, out);
        if (seen.unreadable.empty()) add_stored(status, live.name, out);
    }
    out.add("taskmirror_db_readable", {}, seen.unreadable.empty());
    if (seen.unreadable.empty()) {
        out.add("taskmirror_db_size_bytes", {}, static_cast<std::uint64_t>(status.snapshot.bytes));
        out.add("taskmirror_db_wal_bytes", {}, static_cast<std::uint64_t>(status.snapshot.log_bytes));
        out.add("taskmirror_db_read_timestamp_seconds", {}, status.at);
        out.add("taskmirror_warnings", {}, static_cast<double>(status.warnings.size()));
    }
    out.add("taskmirror_loop_last_turn_timestamp_seconds", {}, status.at - seen.quiet);
    for (std::size_t i = 0; i < log_messages.size(); ++i)
        if (static_cast<log::Level>(i) != log::Level::off)
            out.add("taskmirror_log_messages_total", {{"level", log::kLevelNames[i]}}, log_messages[i]);
    out.add("process_start_time_seconds", {}, seen.live.started_at);
    out.add("process_cpu_seconds_total", {}, process.cpu_seconds);
    out.add("process_resident_memory_bytes", {}, process.resident_bytes);
    out.add("process_virtual_memory_bytes", {}, process.virtual_bytes);
    out.add("process_threads", {}, process.threads);
    out.add("process_open_fds", {}, process.open_descriptors);
    out.add("process_max_fds", {}, process.most_descriptors);
    return out.take();
}

}  // namespace taskmirror::ops
