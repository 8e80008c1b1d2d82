// What the store costs by itself, without network and parsing: CPU time per task, and what it takes to pick work.
//
// A task brings 15 rows, of about the sizes that real ones have, with gids that do not follow the order of the walk:
// locality is what writing costs. usage: store_bench [TASKS [DIRECTORY]]
#include "store/store.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <string>

using namespace taskmirror;

namespace {

constexpr std::array<std::string_view, 27> kTask = {"name",
                                                    "resource_subtype",
                                                    "workspace_gid",
                                                    "parent_gid",
                                                    "assignee_gid",
                                                    "assignee_section_gid",
                                                    "assigned_by_gid",
                                                    "created_by_gid",
                                                    "completed",
                                                    "completed_at",
                                                    "completed_by_gid",
                                                    "approval_status",
                                                    "start_on",
                                                    "start_at",
                                                    "due_on",
                                                    "due_at",
                                                    "notes",
                                                    "html_notes",
                                                    "num_likes",
                                                    "num_subtasks",
                                                    "actual_time_minutes",
                                                    "is_rendered_as_separator",
                                                    "custom_type_gid",
                                                    "custom_type_status_option_gid",
                                                    "permalink_url",
                                                    "created_at",
                                                    "modified_at"};
constexpr std::array<std::string_view, 3> kMembership = {"task_gid", "project_gid", "section_gid"};
constexpr std::array<std::string_view, 2> kFollower = {"task_gid", "user_gid"};
constexpr std::array<std::string_view, 2> kTag = {"task_gid", "tag_gid"};
constexpr std::array<std::string_view, 10> kField = {
    "object_gid", "object_type",  "custom_field_gid", "enabled",        "display_value",
    "text_value", "number_value", "date_value",       "datetime_value", "enum_option_gid"};
constexpr std::array<std::string_view, 3> kUser = {"name", "email", "photo_url"};
constexpr std::array<Table, 6> kTables = {{{"asana_tasks", kTask},
                                           {"asana_task_memberships", kMembership, false},
                                           {"asana_task_followers", kFollower, false},
                                           {"asana_task_tags", kTag, false},
                                           {"asana_custom_field_values", kField, false},
                                           {"asana_users", kUser}}};

constexpr int kPerPage = 100;
constexpr int kPagesPerGroup = 100;

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// The walk goes project by project, a thousand tasks each; gids follow creation, in which twenty projects alternate. So
// neighbours in the walk are twenty gids apart.
std::string task_gid(std::int64_t task) {
    constexpr std::int64_t kProject = 1000, kAlternating = 20, kBlock = kProject * kAlternating;
    const auto created = task / kBlock * kBlock + task % kProject * kAlternating + task / kProject % kAlternating;
    return fmt::format("1204{:012}", created * 17);
}

class Pages {
  public:
    const Page& page(std::int64_t number) {
        page_.clear();
        for (int i = 0; i < kPerPage; ++i) add(number * kPerPage + i);
        return page_;
    }

  private:
    Value text(std::string_view text) { return Value::of(page_.keep(text)); }

    void add(std::int64_t task) {
        const auto gid = page_.keep(task_gid(task));
        const auto user = [&](std::int64_t n) { return text(fmt::format("1200{:012}", n % 300)); };
        Entity entity{.table = 0, .gid = gid, .hash = task + 1};
        entity.first = static_cast<std::uint32_t>(page_.values.size());
        auto& values = page_.values;
        const Value when = text("2026-06-01T09:00:00.123Z");
        const std::string notes(300, 'n');
        values.insert(values.end(), {text("Prepare the quarterly report for the board"),
                                     text("default_task"),
                                     text("1200000000000001"),
                                     Value(),
                                     user(task),
                                     text("1200000000000007"),
                                     Value(),
                                     user(task + 1),
                                     Value::of(std::int64_t{0}),
                                     Value(),
                                     Value(),
                                     Value(),
                                     Value(),
                                     Value(),
                                     text("2026-07-01"),
                                     Value(),
                                     text(notes),
                                     text("<body>" + notes + "</body>"),
                                     Value::of(std::int64_t{2}),
                                     Value::of(std::int64_t{0}),
                                     Value(),
                                     Value::of(std::int64_t{0}),
                                     Value(),
                                     Value(),
                                     text(fmt::format("https://app.asana.com/0/1201/{}", gid)),
                                     when,
                                     when});
        entity.first_child = static_cast<std::uint32_t>(page_.children.size());
        const auto set = [&](std::uint16_t table, std::uint32_t rows) {
            page_.children.push_back({table, static_cast<std::uint32_t>(values.size()), rows});
        };
        const Value owner = Value::of(gid);
        set(1, 1);
        values.insert(values.end(), {owner, text(fmt::format("1201{:012}", task / 1000)), text("1202000000000003")});
        set(2, 3);
        for (int i = 0; i < 3; ++i) values.insert(values.end(), {owner, user(task + 7 * i)});
        set(3, 1);
        values.insert(values.end(), {owner, text(fmt::format("1203{:012}", task % 100))});
        set(4, 9);
        for (int i = 0; i < 9; ++i) {
            values.insert(values.end(),
                          {owner, text("task"), text(fmt::format("1205{:012}", i)), Value::of(std::int64_t{1}),
                           text("In progress"), text("In progress"), Value(), Value(), Value(), Value()});
        }
        entity.children = 4;
        entity.first_mention = static_cast<std::uint32_t>(page_.mentions.size());
        for (int i = 0; i < 3; ++i) page_.mentions.push_back({5, user(task + 7 * i).as_text(), text("Maria Beispiel")});
        entity.mentions = 3;
        page_.entities.push_back(entity);
    }

    Page page_;
};

void walk(store::Store& store, std::int64_t tasks, std::string_view title) {
    Pages pages;
    double spent = 0;
    store::Sent sent{.number = 50, .oldest_in_flight = 1};  // as if 50 requests were under way
    store::Written total;
    const auto timed = [&](auto&& body) {
        const double start = cpu_seconds();
        body();
        spent += cpu_seconds() - start;
    };
    for (std::int64_t number = 0; number < tasks / kPerPage; ++number) {
        const Page& page = pages.page(number);
        timed([&] {
            if (!store.in_transaction()) store.begin();
            store.as_one([&] {
                const auto written = store.write(page, sent, Instant(Milliseconds(1'780'000'000'000)));
                total.inserted += written.inserted;
                total.unchanged += written.unchanged;
            });
            if ((number + 1) % kPagesPerGroup == 0) store.commit();
        });
        ++sent.number;
        ++sent.oldest_in_flight;
    }
    if (store.in_transaction()) timed([&] { store.commit(); });
    fmt::print("{:<12} {:6.2f} us CPU per task, {} inserted, {} unchanged\n", title,
               spent * 1e6 / static_cast<double>(tasks), total.inserted, total.unchanged);
}

void pick(store::Store& store, std::int64_t rows) {
    const Instant now(Milliseconds(1'780'000'000'000));
    double start = cpu_seconds();
    store.begin();
    for (std::int64_t i = 0; i < rows; ++i) {
        store.queue({.source = "acme",
                     .stream = "task_stories",
                     .scope = task_gid(i),
                     .order_key = 1'000'000 - i,
                     .due_at = now},
                    now);
    }
    store.commit();
    fmt::print("queue        {:6.2f} us CPU per row, {} rows\n",
               (cpu_seconds() - start) * 1e6 / static_cast<double>(rows), rows);

    constexpr int kTimes = 1000;
    std::size_t seen = 0;
    start = cpu_seconds();
    for (int i = 0; i < kTimes; ++i) seen += store.due("acme", now, 64).size();
    fmt::print("due          {:6.1f} us CPU for {} rows\n", (cpu_seconds() - start) * 1e6 / kTimes, seen / kTimes);

    start = cpu_seconds();
    store.backlog("acme", now);
    fmt::print("backlog      {:6.1f} ms CPU\n", (cpu_seconds() - start) * 1e3);
}

}  // namespace

int main(int count, char** arguments) {
    const std::int64_t tasks = count > 1 ? std::atoll(arguments[1]) : 200'000;
    const std::filesystem::path directory =
        count > 2 ? std::filesystem::path(arguments[2]) : std::filesystem::temp_directory_path() / "taskmirror_bench";
    std::filesystem::remove_all(directory);
    std::filesystem::create_directories(directory);
    {
        const auto store = store::open_sqlite(directory / "bench.db", kTables);
        walk(*store, tasks, "first load");
        const double start = cpu_seconds();
        store->build_indexes();
        fmt::print("indexes      {:6.2f} us CPU per task\n",
                   (cpu_seconds() - start) * 1e6 / static_cast<double>(tasks));
        walk(*store, tasks, "unchanged");
        fmt::print(
            "database     {:6.0f} bytes per task\n",
            static_cast<double>(std::filesystem::file_size(directory / "bench.db")) / static_cast<double>(tasks));
        pick(*store, 500'000);
    }
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    fmt::print("peak memory  {:6.1f} MB\n", static_cast<double>(usage.ru_maxrss) / 1024);
    std::filesystem::remove_all(directory);
}
