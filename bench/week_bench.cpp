// A week of a daemon: the engine with the Asana source against the fake, under a virtual clock. What memory it takes
// each day, and what it asks for in an hour in which nothing changes. The fake lives in a process of its own, so that
// what is measured is the daemon's. Exit code 1: memory grows.
//
// usage: week_bench [DAYS]
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "asana/source.hpp"
#include "core/log.hpp"
#include "engine/sync.hpp"
#include "fake_asana/api.hpp"
#include "fake_asana/mutate.hpp"
#include "store/store.hpp"
#include "temporary_folder.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;

namespace {

constexpr int kChangesAnHour = 30;
constexpr double kMostGrowth = 1.0;  // MB a day, after the first one
constexpr double kMega = 1 << 20;
constexpr int kQuietHours = 6;
constexpr auto kLatency = 200ms;

class VirtualClock final : public Clock {
  public:
    Instant now() const override {
        return Instant(Milliseconds(fake_asana::kEpoch + 100 * fake_asana::kDay)) +
               std::chrono::floor<Milliseconds>(gone_);
    }
    Monotonic monotonic() const override { return Monotonic(1h) + gone_; }
    void advance(std::chrono::nanoseconds time) { gone_ += time; }

  private:
    std::chrono::nanoseconds gone_{0};
};

// What goes between the two processes: a number and a text.
class Channel {
  public:
    explicit Channel(int end) : end_(end) {}

    void send(std::int64_t number, const std::string& text) const {
        const std::pair<std::int64_t, std::size_t> head{number, text.size()};
        all(&head, sizeof head, [&](void* at, std::size_t size) { return ::write(end_, at, size); });
        all(text.data(), text.size(), [&](void* at, std::size_t size) { return ::write(end_, at, size); });
    }
    std::pair<std::int64_t, std::string> receive() const {
        std::pair<std::int64_t, std::size_t> head;
        const auto read = [&](void* at, std::size_t size) { return ::read(end_, at, size); };
        all(&head, sizeof head, read);
        std::string text;
        text.reserve(head.second + http::kPadding);
        text.resize(head.second);
        all(text.data(), text.size(), read);
        return {head.first, std::move(text)};
    }

  private:
    static void all(const void* data, std::size_t size, const auto& move) {
        auto* at = static_cast<char*>(const_cast<void*>(data));
        while (size > 0) {
            const auto done = move(at, size);
            if (done <= 0) std::_Exit(0);  // the other process has ended
            at += done;
            size -= static_cast<std::size_t>(done);
        }
    }

    int end_;
};

std::string decoded(std::string_view text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            plain += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            plain += text[i];
        }
    }
    return plain;
}

// The other process: a text that begins with a slash is a target, and the number the time; else the world changes.
[[noreturn]] void be_the_fake(const Channel& channel) {
    fake_asana::Shape shape;
    shape.tasks = 2000;
    shape.hurts = false;
    fake_asana::World world(shape);
    const fake_asana::ApiOptions options;
    for (std::uint64_t seed = 1;;) {
        const auto [now, target] = channel.receive();
        if (target.empty()) {
            fake_asana::Mutator(world, seed++, now, true).run(kChangesAnHour, {}, false);
            continue;
        }
        fake_asana::ApiRequest request;
        request.now = now;
        const auto path = target.substr(0, target.find('?'));
        request.path = decoded(path);
        for (std::string_view rest = std::string_view(target).substr(std::min(path.size() + 1, target.size()));
             !rest.empty();) {
            const auto one = rest.substr(0, rest.find('&'));
            rest.remove_prefix(std::min(one.size() + 1, rest.size()));
            const auto equals = one.find('=');
            request.query.emplace(decoded(one.substr(0, equals)),
                                  equals < one.size() ? decoded(one.substr(equals + 1)) : "");
        }
        try {
            channel.send(200, fake_asana::answer(world, options, request));
        } catch (const fake_asana::ApiError& error) {
            channel.send(error.status, fake_asana::error_body(error.what(), error.sync));
        }
    }
}

class Transport final : public http::Transport {
  public:
    Transport(VirtualClock& clock, const Channel& channel) : clock_(clock), channel_(channel) {}

    std::map<std::string, std::int64_t> asked;  // by the first part of the path

    void get(std::uint64_t id, const std::string& target) override {
        ++asked[target.substr(0, std::min(target.find('/', 1), target.find('?')))];
        channel_.send(clock_.now().time_since_epoch().count(), target);
        auto [status, body] = channel_.receive();
        http::Response response;
        response.id = id;
        response.status = static_cast<int>(status);
        response.headers = {{"content-type", "application/json"}};
        response.body = std::move(body);
        response.body.reserve(response.body.size() + http::kPadding);
        response.duration = kLatency;
        coming_.emplace(clock_.monotonic() + kLatency, std::move(response));
    }
    void post(std::uint64_t, const std::string& target, const std::string&) override {
        throw std::runtime_error("a mirror that is only read was written to: " + target);
    }
    void download(std::uint64_t, const http::Download& file) override {
        throw std::runtime_error("nothing was asked for that stands at " + file.url);
    }
    std::size_t in_flight() const override { return coming_.size(); }
    std::vector<http::Response> wait(Milliseconds at_most) override {
        std::vector<http::Response> arrived;
        if (coming_.empty() || coming_.begin()->first > clock_.monotonic() + at_most) {
            clock_.advance(at_most);
            return arrived;
        }
        clock_.advance(std::max(coming_.begin()->first - clock_.monotonic(), Monotonic::duration(0)));
        arrived.push_back(std::move(coming_.begin()->second));
        coming_.erase(coming_.begin());
        return arrived;
    }
    void set_token(std::string) override {}

  private:
    VirtualClock& clock_;
    const Channel& channel_;
    std::multimap<Monotonic, http::Response> coming_;
};

double resident_mb() {
    std::ifstream file("/proc/self/statm");
    double size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / kMega;
}

double sqlite_mb() { return static_cast<double>(::sqlite3_memory_used()) / kMega; }

// False: memory grows.
bool run(int days, const Channel& channel) {
    log::configure({.level = log::Level::off});
    const testing::TemporaryFolder folder;
    VirtualClock clock;
    Transport transport(clock, channel);
    const auto source = asana::make_source({.name = "bench", .workspaces = {}, .resources_off = {}});
    const auto file = folder.path() / "week.db";
    const auto store = store::open_sqlite(file, source->tables());
    http::Pace pace({.requests_per_minute = 150}, [] { return 0.5; });
    const std::atomic<bool> stop = false;
    engine::Progress last;
    engine::Sync sync({.source = *source,
                       .transport = transport,
                       .pace = pace,
                       .read_token = [] { return std::string("token"); },
                       .token = "token",
                       .periods = {.relist = 1h, .reconcile = 24h, .reread = 24h * 30}},
                      *store, clock, stop, [&](const engine::Progress& progress) { last = progress; });
    const auto serve_for = [&](Milliseconds time) {
        transport.asked.clear();
        const auto before = last;
        for (const auto until = clock.monotonic() + time; clock.monotonic() < until;) sync.turn(1min);
        return std::pair(last.requests - before.requests, last.rows_written - before.rows_written);
    };

    fmt::print("{:<24}{:>12}{:>10}{:>14}{:>14}{:>14}\n", "", "requests", "rows", "resident MB", "of SQLite MB",
               "database MB");
    const auto print = [&](const std::string& title, auto served) {
        fmt::print("{:<24}{:12}{:10}{:14.2f}{:14.2f}{:14.1f}\n", title, served.first, served.second, resident_mb(),
                   sqlite_mb(), static_cast<double>(std::filesystem::file_size(file)) / kMega);
        std::fflush(stdout);
    };
    sync.serve();
    double first = 0, first_of_sqlite = 0;
    for (int day = 1; day <= days; ++day) {
        std::pair<std::uint64_t, std::uint64_t> sum{};
        for (int hour = 0; hour < 24; ++hour) {
            const auto [requests, rows] = serve_for(1h);
            sum.first += requests;
            sum.second += rows;
            channel.send(clock.now().time_since_epoch().count(), "");
        }
        if (day == 1) first = resident_mb(), first_of_sqlite = sqlite_mb();
        print(fmt::format("day {}", day), sum);
    }
    const double growth = (resident_mb() - first) / std::max(days - 1, 1);
    const double growth_of_sqlite = (sqlite_mb() - first_of_sqlite) / std::max(days - 1, 1);
    serve_for(2h);  // what the last changes led to
    print(fmt::format("{} h without changes", kQuietHours), serve_for(std::chrono::hours(kQuietHours)));
    fmt::print("an hour of them:\n");
    for (const auto& [path, count] : transport.asked)
        fmt::print("  {:<22}{:12.1f}\n", path, static_cast<double>(count) / kQuietHours);
    const bool good = growth < kMostGrowth;
    fmt::print("memory grows by {:.3f} MB a day, {:.3f} MB of it SQLite's, whose cache fills up to its size{}\n",
               growth, growth_of_sqlite, good ? "" : "  BEYOND ITS RED LINE");
    return good;
}

}  // namespace

int main(int count, char** arguments) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) throw std::runtime_error("no socket pair");
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error("no process for the fake");
    if (child == 0) {
        ::close(ends[0]);
        be_the_fake(Channel(ends[1]));
    }
    ::close(ends[1]);
    return run(count > 1 ? std::atoi(arguments[1]) : 7, Channel(ends[0])) ? 0 : 1;
}
