#include "ops/status_page.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "ops/metrics.hpp"
#include "ops/status_site.hpp"

using namespace taskmirror;
using namespace std::chrono_literals;
using ops::Health;
using ops::Seen;
using ops::Status;

namespace {

const Instant kNow = *parse_iso("2026-06-01T12:00:00.000Z");

store::Freshness tasks(std::optional<Milliseconds> age, const std::string& name) {
    return {.source = "acme",
            .table = "asana_tasks",
            .scope = "12",
            .name = name,
            .as_of = age ? std::optional(kNow - *age) : std::nullopt,
            .of_project = true};
}

Status healthy_status() {
    Status status{.database = "/var/lib/taskmirror/asana.db", .at = kNow};
    status.periods = {.tasks = 5min, .lists = {{"asana_users", 1h}}};
    auto& snapshot = status.snapshot;
    snapshot.bytes = 12'345'678;
    snapshot.holder = 4711;
    snapshot.sources = {"acme"};
    snapshot.freshness = {tasks(4min, "Launch"), tasks(2min, "Website")};
    snapshot.freshness.push_back({.source = "acme", .table = "asana_users", .scope = "1", .as_of = kNow - 30min});
    snapshot.facts = {{"acme.pass_ended_at", "2026-06-01T11:56:00.000Z"}, {"acme.deadline_s", "300"}};
    snapshot.runs = {{.command = "run", .version = "0.1.0", .started_at = kNow - 2h}};
    return status;
}

ops::Live healthy_live() {
    ops::Live live{.started_at = kNow - 2h};
    live.sources.push_back({.name = "acme",
                            .answered = true,
                            .in_flight = 3,
                            .rate_per_minute = 120,
                            .used_per_minute = 60,
                            .limit_per_minute = 150});
    auto& counters = live.sources[0].counters;
    counters.answers[0][0] = 40;
    counters.committed_at = counters.answered_at = kNow - 10s;
    counters.staleness.add(12);
    counters.staleness.add(70);
    for (int i = 0; i < 10; ++i)
        live.minutes.push_back({.at = std::chrono::floor<std::chrono::minutes>(kNow) - std::chrono::minutes(10 - i),
                                .requests = 30,
                                .allowed = 120});
    return live;
}

struct Site {
    Status status = healthy_status();
    ops::Live live = healthy_live();
    std::string unreadable{};
    std::chrono::seconds quiet{0};

    Seen seen() const { return {.status = status, .unreadable = unreadable, .live = live, .quiet = quiet}; }
    ops::Judgement first() const { return ops::judgements(seen()).front(); }
    std::string page() const { return ops::status_page(seen(), "0.1.0", "abc"); }
    std::string metrics() const {
        return ops::metrics_text(seen(), {.cpu_seconds = 1.5}, {"0.1.0", "3.40.1", "7.88.1"}, {1, 2, 3, 4, 0});
    }
};

std::string without_tags(const std::string& page) { return std::regex_replace(page, std::regex("<[^>]*>"), " "); }

std::string file(const std::string& name) {
    std::ifstream in(std::string(TASKMIRROR_SOURCE_DIR) + "/" + name);
    return {std::istreambuf_iterator<char>(in), {}};
}

// By name with labels; fails for what the format does not allow.
std::map<std::string, double> samples(const std::string& text) {
    static const std::regex sample(
        R"re(([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? ([-+.e0-9]+|NaN|[+-]Inf))re");
    static const std::regex comment("# (HELP|TYPE) ([a-z_]+) (.+)");
    std::map<std::string, double> found;
    std::set<std::string> over;
    std::string family, type;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        CAPTURE(line);
        std::smatch part;
        if (std::regex_match(line, part, comment)) {
            if (part[1] == "HELP") {
                family = part[2];
                CHECK(over.insert(family).second);
            } else {
                CHECK(part[2] == family);
                type = part[3];
            }
            continue;
        }
        REQUIRE(std::regex_match(line, part, sample));
        const std::string name = part[1];
        const auto rest = name.substr(std::min(name.size(), family.size()));
        CHECK(name.rfind(family, 0) == 0);
        CHECK((type == "histogram" ? rest == "_bucket" || rest == "_sum" || rest == "_count" : rest.empty()));
        CHECK((type == "counter") == (type != "histogram" && name.ends_with("_total")));
        CHECK(found.emplace(name + part[2].str(), std::stod(part[3])).second);
    }
    CHECK(text.ends_with('\n'));
    return found;
}

}  // namespace

TEST_CASE("a daemon that keeps everything fresh is healthy") {
    const Site site;

    CHECK(site.first().health == Health::good);
    CHECK(site.first().sentence == "Healthy: 2 projects and 1 list are as fresh as they should be.");
    CHECK(ops::judgements(site.seen()).size() == 1);
    CHECK(ops::unready(site.seen()).empty());
    CHECK(ops::unwell(site.seen()).empty());
}

TEST_CASE("the first sentence of a page says the worst, with its remedy") {
    Site site;

    SECTION("a token that is refused") {
        site.live.sources[0].failure = "the token is refused (status 401); create a new one";
        site.live.sources[0].again_at = kNow + 10min;
        site.status.snapshot.freshness[0].as_of = kNow - 3h;
        CHECK(site.first().health == Health::bad);
        CHECK(site.first().sentence ==
              "Source acme is not mirrored: the token is refused (status 401); create a new one. It is tried again at "
              "2026-06-01T12:10:00Z.");
        CHECK(ops::unready(site.seen()) ==
              "source acme is not mirrored: the token is refused (status 401); create a new one");
    }
    SECTION("a first load") {
        site.status.snapshot.facts.erase("acme.pass_ended_at");
        site.status.snapshot.freshness[0].as_of.reset();
        site.status.snapshot.waiting = {{"acme", 1, "task_stories", 1200}};
        CHECK(site.first().health == Health::notice);
        CHECK(site.first().sentence ==
              "The first load of acme is under way: 1,200 requests that are known of are left, at least 10 min.");
    }
    SECTION("stale projects") {
        site.status.snapshot.freshness[0].as_of = kNow - 3h;
        CHECK(site.first().health == Health::bad);
        CHECK(site.first().sentence == "Stale: 1 of 2 projects and 0 of 1 list are older than they should be.");
        CHECK(ops::unready(site.seen()).empty());  // it is at it
    }
    SECTION("a pause that the server asked for") {
        site.live.sources[0].paused_until = kNow + 40s;
        CHECK(site.first().health == Health::notice);
        CHECK_THAT(site.page(), Catch::Contains("asks acme to wait until 2026-06-01T12:00:40Z"));
    }
    SECTION("a pause that is over") {
        site.live.sources[0].paused_until = kNow - 1s;
        CHECK(site.first().health == Health::good);
    }
    SECTION("a loop that hangs") {
        site.quiet = 6min;
        CHECK(site.first().health == Health::bad);
        CHECK_THAT(ops::unwell(site.seen()), Catch::Contains("hangs") && Catch::Contains("6 min"));
        CHECK(!ops::unready(site.seen()).empty());
    }
    SECTION("a database that cannot be read") {
        site.unreadable = "cannot read a.db: disk I/O error";
        CHECK(site.first().sentence == "The database cannot be read: cannot read a.db: disk I/O error.");
        CHECK(!ops::unready(site.seen()).empty());
    }
    SECTION("nothing is committed any more") {
        site.live.sources[0].counters.committed_at = kNow - 11min;
        CHECK(ops::unready(site.seen()) == "source acme: nothing was committed since 2026-06-01T11:49:00Z");
    }
    SECTION("what will stop it some day") {
        site.status.warnings = {"disk: 1 GB free"};
        CHECK(site.first().health == Health::notice);
        CHECK_THAT(site.page(), Catch::Contains("<p>Warning: disk: 1 GB free.</p>"));
    }
    SECTION("no answer so far") {
        site.live.sources[0].answered = false;
        CHECK(site.first().health == Health::notice);
        CHECK(ops::unready(site.seen()) == "source acme has not been answered yet");
    }
    SECTION("gaps and held deletions") {
        site.status.snapshot.gaps = {
            {.source = "acme", .stream = "task", .status = 403, .count = 3, .message = "no", .oldest = kNow - 1h},
            {.source = "acme", .stream = "project_tasks", .held = true, .count = 1, .oldest = kNow - 1h}};
        CHECK(site.first().health == Health::notice);
        const auto text = without_tags(site.page());
        CHECK_THAT(text, Catch::Contains("3 objects or lists could not be fetched"));
        CHECK_THAT(text, Catch::Contains("Give the token&#39;s user access in Asana"));
        CHECK_THAT(text, Catch::Contains("taskmirror sync --accept-deletions"));
    }
}

TEST_CASE("a page of an empty database is whole") {
    const Status status{.database = "a.db", .at = kNow};
    const ops::Live live;

    const auto page = ops::status_page({.status = status, .live = live}, "0.1.0", "abc");

    CHECK_THAT(page, Catch::Contains("<!DOCTYPE html>") && Catch::EndsWith("</html>\n"));
    CHECK(ops::unready({.status = status, .live = live}) == "no source is served yet");
}

TEST_CASE("texts of users and of the server come into a page as text") {
    Site site;
    const std::string evil = "<script>alert(1)</script><img src=x onerror=\"a\">'\x01";
    auto& snapshot = site.status.snapshot;
    snapshot.freshness[0].name = evil;
    snapshot.freshness[0].as_of = kNow - 3h;
    snapshot.freshness[2].name = evil;
    snapshot.freshness[2].as_of = kNow - 30h;
    snapshot.gaps = {{.source = "acme", .stream = evil, .status = 500, .count = 1, .message = evil, .oldest = kNow}};
    snapshot.missing = {{"acme", {.scope = evil, .name = evil}}};
    snapshot.api_changes = {{"acme", {.name = evil, .info = evil, .affected = true, .sample_path = evil}}};
    snapshot.waiting = {{"acme", 0, evil, 1}};
    snapshot.runs[0].command = evil;
    snapshot.facts["acme.deadline_binds"] = evil;
    site.status.database = "/" + evil;
    site.live.sources[0].failure = evil;

    const auto page = site.page();

    CHECK(page.find("<script") == std::string::npos);
    CHECK(page.find("<img") == std::string::npos);
    CHECK(page.find('\x01') == std::string::npos);
    CHECK_THAT(page, Catch::Contains("&lt;script&gt;"));
    CHECK(page.find("style=\"") == std::string::npos);  // what the policy would refuse
    CHECK(site.metrics().find("alert") == std::string::npos);
}

TEST_CASE("a page shows the worst projects first, and does not grow with the workspace") {
    Site site;
    const auto small = site.page().size();
    for (int i = 0; i < 5000; ++i)
        site.status.snapshot.freshness.push_back(tasks(Milliseconds(1min) * i, "project " + std::to_string(i)));
    for (int i = 0; i < 1000; ++i)
        site.status.snapshot.gaps.push_back(
            {.source = "acme", .stream = "s" + std::to_string(i), .count = 1, .oldest = kNow});

    const auto page = site.page();

    CHECK(page.size() < small + 20'000);
    CHECK(page.find("project 4999") < page.find("project 4998"));
    CHECK_THAT(page, Catch::Contains("project 4990") && !Catch::Contains("project 4900"));
    CHECK_THAT(page, Catch::Contains("And 4990 more projects"));
}

TEST_CASE("each metric has the form of Prometheus, and stands in the documentation") {
    Site site;
    site.live.sources.push_back({.name = "we\"ird\\name\n"});

    const auto found = samples(site.metrics());

    const auto docs = file("docs/monitoring.md");
    for (const auto& metric : ops::metrics()) {
        const auto* const type = metric.type == ops::MetricType::counter ? "counter"
                                 : metric.type == ops::MetricType::gauge ? "gauge"
                                                                         : "histogram";
        const auto labels = metric.labels.empty() ? std::string() : fmt::format(" {}", metric.labels);
        CHECK_THAT(docs,
                   Catch::Contains(fmt::format("| `{}` | {} |{} | {} |", metric.name, type, labels, metric.help)));
        const auto has_sample = std::any_of(found.begin(), found.end(), [&](const auto& one) {
            return one.first.rfind(std::string(metric.name), 0) == 0;
        });
        CAPTURE(metric.name);
        CHECK(has_sample);
    }
}

TEST_CASE("metrics tell what was counted") {
    Site site;
    auto& counters = site.live.sources[0].counters;
    counters.answers = {};
    counters.answers[1][3] = 2;
    counters.answers[2][5] = 1;
    site.status.snapshot.gaps = {{.source = "acme", .stream = "task", .status = 403, .count = 3},
                                 {.source = "acme", .stream = "task", .count = 2}};

    auto found = samples(site.metrics());

    CHECK(found[R"(taskmirror_http_requests_total{source="acme",class="walks",code="429"})"] == 2);
    CHECK(found[R"(taskmirror_http_requests_total{source="acme",class="reconcile",code="none"})"] == 1);
    CHECK(found[R"(taskmirror_http_requests_total{source="acme",class="changes",code="2xx"})"] == 0);
    CHECK(found[R"(taskmirror_rate_limited_total{source="acme"})"] == 2);
    CHECK(found[R"(taskmirror_staleness_seconds_bucket{source="acme",le="15"})"] == 1);
    CHECK(found[R"(taskmirror_staleness_seconds_bucket{source="acme",le="120"})"] == 2);
    CHECK(found[R"(taskmirror_staleness_seconds_bucket{source="acme",le="+Inf"})"] == 2);
    CHECK(found[R"(taskmirror_staleness_seconds_sum{source="acme"})"] == 82);
    CHECK(found[R"(taskmirror_open_gaps{source="acme",cause="refused"})"] == 3);
    CHECK(found[R"(taskmirror_open_gaps{source="acme",cause="no_answer"})"] == 2);
    CHECK(found[R"(taskmirror_projects{source="acme",state="fresh"})"] == 2);
    CHECK(found[R"(taskmirror_rate_limit_requests_per_second{source="acme"})"] == 2);
    CHECK(found[R"(taskmirror_log_messages_total{level="warning"})"] == 3);
    CHECK(found["taskmirror_db_size_bytes"] == 12'345'678);
    CHECK(found[R"(taskmirror_oldest_project_timestamp_seconds{source="acme"})"] ==
          static_cast<double>((kNow - 4min).time_since_epoch().count()) / 1000);
}

TEST_CASE("figures of a database that cannot be read are left out") {
    Site site;
    site.unreadable = "no";

    const auto found = samples(site.metrics());

    CHECK(found.at("taskmirror_db_readable") == 0);
    CHECK(found.count("taskmirror_db_size_bytes") == 0);
    CHECK(found.count(R"(taskmirror_source_up{source="acme"})") == 1);
}

TEST_CASE("alerts and dashboard ask for metrics that exist") {
    const auto* name = GENERATE("monitoring/alerts.yaml", "monitoring/grafana-dashboard.json");
    const auto text = file(name);
    static const std::regex metric(R"(\b(taskmirror|process)_[a-z_]+\b)");
    std::size_t count = 0;
    for (auto at = std::sregex_iterator(text.begin(), text.end(), metric); at != std::sregex_iterator();
         ++at, ++count) {
        auto its = at->str();
        for (const std::string suffix : {"_bucket", "_sum", "_count"})
            if (its.ends_with(suffix)) its.resize(its.size() - suffix.size());
        CAPTURE(its);
        CHECK(std::ranges::count(ops::metrics(), its, &ops::Metric::name) == 1);
    }
    CHECK(count > 10);
}

TEST_CASE("requests are counted by the minute in which they ended") {
    ops::Minutes minutes;
    std::vector<ops::LiveSource> sources(1);
    sources[0].rate_per_minute = 100;
    const auto note = [&](Instant at, std::uint64_t requests, std::uint64_t limited) {
        sources[0].counters.answers[0][0] = requests - limited;
        sources[0].counters.answers[0][3] = limited;
        minutes.note(at, sources);
    };

    note(kNow, 5, 0);
    note(kNow + 59s, 7, 1);
    note(kNow + 3min, 10, 1);

    REQUIRE(minutes.all().size() == 4);
    CHECK(minutes.all()[0].requests == 7);
    CHECK(minutes.all()[0].rate_limited == 1);
    CHECK(minutes.all()[1].requests == 0);
    CHECK(minutes.all()[3].requests == 3);
    CHECK(minutes.all()[3].allowed == 100);

    note(kNow + 7h, 11, 1);  // more than is remembered
    CHECK(minutes.all().size() == 1);
    note(kNow, 12, 1);  // the clock was set back
    CHECK(minutes.all().size() == 1);
    for (int i = 0; i < 500; ++i) note(kNow + std::chrono::minutes(i), 12, 1);
    CHECK(minutes.all().size() == ops::kMinutes);
}

TEST_CASE("a loopback page is served to names of this machine alone") {
    const auto listen = *parse_address("127.0.0.1:9817");
    const auto status = [&](const std::string& host, const Address& at) {
        const auto refused = ops::refusal({.headers = {{"host", host}}}, at, "");
        return refused ? refused->status : 200;
    };

    for (const auto* host : {"localhost", "localhost:9817", "127.0.0.1:8080", "[::1]:9817"})
        CHECK(status(host, listen) == 200);
    for (const auto* host : {"", "evil.example", "evil.example:9817", "127.0.0.1.evil.example",
                             "localhost.evil.example", "[::1", "[::1].evil.example"})
        CHECK(status(host, listen) == 421);
    CHECK(status("mirror.example", *parse_address("0.0.0.0:9817")) == 200);
    CHECK(status("mirror.example", *parse_address("unix:/s")) == 200);
}

TEST_CASE("a token opens the page as bearer and as password, and nothing else does") {
    const auto status = [](const std::string& authorization) {
        const auto refused =
            ops::refusal({.headers = {{"authorization", authorization}}}, *parse_address("0.0.0.0:9817"), "s3cret");
        return refused ? refused->status : 200;
    };

    CHECK(status("Bearer s3cret") == 200);
    CHECK(status("bearer  s3cret") == 200);
    CHECK(status("Basic bWU6czNjcmV0") == 200);  // me:s3cret
    CHECK(status("Basic OnMzY3JldA==") == 200);  // :s3cret
    for (const auto* other : {"", "s3cret", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret2", "Bearer s3creT",
                              "Basic s3cret", "Basic bWU6czNjcmVU", "Basic czNjcmV0", "Basic !", "Digest s3cret"})
        CHECK(status(other) == 401);
}
