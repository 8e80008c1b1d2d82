// What `taskmirror report` can tell: one table of reports, what each is filtered by, and the answer to one of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"
#include "core/time_zone.hpp"
#include "ops/report_period.hpp"
#include "store/query.hpp"

namespace taskmirror::ops {

enum class Chart : std::uint8_t {
    none,
    burn_up,
    flow,
    cycle_times,
    throughput,
    workload,
    overdue,
    stages,
    logged,
    health
};

// One way to filter a report.
struct Binding {
    // SQL, with :project, :team, :person, :from and :to or :from_at and :to_at; $gids: the projects of the team, as a
    // list.
    std::string_view condition{};
    std::string_view by{};  // in words; empty: the report cannot be filtered so
};

struct Report {
    std::string_view name{};
    std::string_view title{};
    std::string_view says{};
    // The conditions stand in place of $where. Columns `x_gid` beside `x_name`, and permalink_url, are for programs.
    std::string_view sql{};
    Binding project{}, team{}, person{}, period{};
    std::string_view usual_period{};  // where none is given; empty: all that there is
    // Where no project and no team is given, some of what there is after another: all of it at once takes minutes, and
    // who wants few rows need not wait for more.
    struct Pieces {
        std::string_view gids{};       // SQL, of all, in the order of the rows; empty: it is asked for at once
        std::string_view condition{};  // rows r of $gids
        std::size_t at_once = 0;       // at first; then more
    } pieces{};
    std::string_view tables = "asana_tasks";  // whose age is that of the answer, separated by commas
    Chart chart = Chart::none;
    struct Part {
        std::string_view name{};
        bool in_period = true;
        std::string_view of_all{};  // the report in its place where no project and no team is given
        bool of_some = false;       // not there at all then
    };
    std::span<const Part> parts{};  // reports whose charts stand on its page, too
};

std::span<const Report> reports();
// Throws Fatal(usage) that names what is near.
const Report& report_named(std::string_view name);
// All of them, for people.
std::string report_list();

// As they were given; empty: not given.
struct Wishes {
    std::string project{}, team{}, person{}, period{};
};

struct Named {
    std::string gid{};
    std::string name{};
    std::string email{};  // of people
};

struct Filters {
    std::optional<Named> project{}, team{}, person{};
    std::vector<std::string> projects{};  // gids of those of the team
    std::optional<Period> period{};
};

// Who or what is meant by a gid, a name or a pattern: `what` is project, team or person. Throws Fatal(usage) when that
// is nobody, or several.
Named named(std::string_view what, std::string_view wish, std::span<const Named> all);

struct Told {
    const Report* report = nullptr;
    Filters filters{};
    store::Rows answer{};
    bool has_more = false;  // there are rows behind these that were not asked for
    std::vector<Told> parts{};
    Instant at{};                             // when it was asked for
    std::vector<UtcOffset> offsets{};         // of the configured time zone
    std::optional<Instant> as_of{};           // the oldest of what it rests on; none: nothing, or something incomplete
    bool incomplete = false;                  // something that it rests on was never complete so far
    std::vector<std::string> not_mirrored{};  // tables that it rests on, of which nothing was ever asked for
    std::int64_t gaps = 0;                    // open ones
};

// People read the first of many rows.
constexpr std::size_t kShownRows = 500;

// What of the rows is wanted.
struct Wanted {
    std::optional<std::size_t> most{};  // none: all
    // For a page: with the parts, and all rows that its chart needs; `most` does not count.
    bool is_page = false;
    // Gets the rows of `answer` while they come, some thousand at a time; they are forgotten then, and the last of them
    // are told.
    std::function<void(const Told&)> pour{};
};

// Throws Fatal(usage) for a filter that the report cannot use.
Told tell(const store::Moment& moment, const Report& report, const Wishes& wishes, Instant now, const Wanted& wanted);

}  // namespace taskmirror::ops
