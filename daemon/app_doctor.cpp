// The command `doctor`: looks at everything that a sync needs, and says what is wrong and what to do. Writes nothing.
#include <fmt/format.h>

#include <algorithm>

#include "app_parts.hpp"
#include "app_upkeep.hpp"
#include "asana/source.hpp"
#include "core/text.hpp"
#include "ops/control.hpp"
#include "ops/doctor.hpp"
#include "ops/status.hpp"
#include "store/health.hpp"
#include "store/lock.hpp"
#include "store/reader.hpp"

namespace taskmirror {
namespace {

using ops::Finding;
using ops::Verdict;
using namespace std::chrono_literals;

constexpr Milliseconds kAnswer = 10s;  // for one answer of the API
constexpr Milliseconds kLook = 8s;     // for one look at the database

bool is_without_token_place(const SourceConfig& source) {
    return source.token_env.empty() && source.token_file.empty() && source.token_command.empty();
}

std::optional<http::Response> ask(http::Transport& transport) {
    const Clock& clock = system_clock();
    const auto until = clock.monotonic() + kAnswer;
    transport.get(1, asana::me_target());
    while (!stop.load() && clock.monotonic() < until)
        for (auto& response : transport.wait(std::chrono::ceil<Milliseconds>(until - clock.monotonic())))
            return std::move(response);
    return std::nullopt;
}

// Why there is no answer, by what failed on the way there.
Finding unreachable(const SourceConfig& config, const http::Response& answer) {
    Finding finding{"network", Verdict::problem, fmt::format("source {}: {}", config.name, answer.message), ""};
    const bool by_proxy = !config.proxy.empty();
    switch (answer.failure) {
        case http::Failure::connect:
            if (answer.message.find("resolve") != std::string::npos)
                finding.remedy = by_proxy ? "correct `proxy`, or the name server: resolvectl status"
                                          : "correct `base_url`, or the name server: resolvectl status";
            else
                finding.remedy = by_proxy ? "look at the proxy, its port and the firewall"
                                          : fmt::format(
                                                "look at the firewall: curl -v {}/users/me; where a proxy is "
                                                "needed, name it as `proxy` (the environment's is not used)",
                                                config.base_url);
            break;
        case http::Failure::tls:
            finding.remedy = fmt::format(
                "set the clock; sudo apt install ca-certificates; behind a proxy that reads "
                "along, name its authority as `ca_file`: curl -v {}/users/me",
                config.base_url);
            break;
        case http::Failure::timeout:
        case http::Failure::reset:
        case http::Failure::cancelled:
        case http::Failure::none:
            finding.remedy = fmt::format("look at the network, then again later: curl -v {}/users/me", config.base_url);
            break;
        case http::Failure::too_large:
        case http::Failure::protocol:
            finding.remedy = "correct `base_url` or `proxy`: what answers there does not speak as Asana does";
            break;
    }
    return finding;
}

Finding answered(const SourceConfig& config, const http::Response& answer) {
    const auto says = [&](Verdict verdict, std::string_view what, std::string_view remedy) {
        return Finding{"token", verdict, fmt::format("source {}: {}", config.name, what), std::string(remedy)};
    };
    if (answer.status == 200) {
        try {
            const auto who = asana::read_me(answer.body);
            return says(Verdict::ok, fmt::format("accepted, of {}", who.name), "");
        } catch (const std::exception& error) {
            return says(Verdict::problem, fmt::format("what answers is not Asana: {}", error.what()),
                        "correct `base_url` or `proxy`");
        }
    }
    if (answer.status == 401)
        return says(Verdict::problem, "Asana refuses the token",
                    "create a new one in Asana under Settings, Apps, Manage Developer Apps, and put it where the old "
                    "one stands");
    const auto what = fmt::format("{} answered {}", config.base_url, answer.status);
    if (answer.status == 429)
        return says(Verdict::warning, fmt::format("{}: the quota is used up by somebody", what),
                    "wait a minute; smaller `limits.share` leaves more to others");
    if (answer.status >= 500) return says(Verdict::problem, what, "wait; https://status.asana.com");
    if (answer.status == 451)
        return says(Verdict::problem, what, "use another address: this one is refused for legal reasons");
    if (answer.status == 407) return says(Verdict::problem, what, "correct user and password in `proxy`");
    return says(Verdict::problem, what, "correct `base_url` and `proxy`");
}

void look_at_source(const SourceConfig& source, const Config& config, std::vector<Finding>& findings) {
    std::optional<Connection> connection;
    try {
        connection.emplace(connect(source, config, false));
    } catch (const Fatal& fatal) {
        // A service's token is for root, who hands it to the service alone.
        std::error_code error;
        const bool of_service = is_without_token_place(source) &&
                                std::filesystem::exists(std::filesystem::path(kServiceFolder) / kServiceToken, error);
        findings.push_back({"token", of_service ? Verdict::warning : Verdict::problem,
                            fmt::format("source {}: {}", source.name, fatal.what()),
                            of_service
                                ? "the service's own is seen by root: sudo CREDENTIALS_DIRECTORY=/etc/taskmirror "
                                  "taskmirror doctor"
                                : "see \"Get a token\" in the README"});
        return;
    }
    auto answer = ask(*connection->transport);
    if (!answer) {
        answer.emplace();
        answer->failure = http::Failure::timeout;
        answer->message = fmt::format("{} did not answer within {} s", source.base_url,
                                      std::chrono::seconds(kAnswer / 1000ms).count());
    }
    if (answer->failure != http::Failure::none) {
        findings.push_back(unreachable(source, *answer));
        return;
    }
    findings.push_back(
        {"network", Verdict::ok, fmt::format("source {}: {} answers", source.name, source.base_url), ""});
    findings.push_back(answered(source, *answer));
    if (const auto date = parse_http_date(answer->header("date")))
        findings.push_back(
            ops::clock_finding("clock", std::chrono::round<std::chrono::seconds>(system_clock().now() - *date)));
}

void look_at_service(const Config& config, const store::Snapshot& snapshot, std::vector<Finding>& findings) {
    const bool runs = snapshot.holder && !snapshot.runs.empty() && !snapshot.runs.front().ended_at;
    if (!snapshot.holder) {
        findings.push_back({"process", Verdict::ok, "none uses the database", ""});
    } else if (!runs || snapshot.runs.front().command != "run") {
        findings.push_back({"process", Verdict::ok, fmt::format("process {} uses the database", *snapshot.holder), ""});
    } else if (ops::listens(config.database)) {
        findings.push_back({"process", Verdict::ok, fmt::format("the daemon, process {}", *snapshot.holder), ""});
    } else {
        findings.push_back(
            {"process", Verdict::warning,
             fmt::format("the daemon, process {}, does not listen to {}.sock, so verify and "
                         "accept-deletions cannot reach it",
                         *snapshot.holder, config.database.string()),
             "look at its log for `control socket`, then restart it: sudo systemctl restart taskmirror"});
    }
}

void look_at_data(const Arguments& arguments, const Config& config, std::vector<Finding>& findings) {
    const auto now = system_clock().now();
    const auto status = status_of(config, now);
    look_at_service(config, status.snapshot, findings);
    findings.push_back(ops::log_finding(status.snapshot.log_bytes));
    for (const auto& source : config.sources) {
        const auto state = status.snapshot.facts.find(source.name + ".state");
        if (state == status.snapshot.facts.end() || state->second == "ok") continue;
        findings.push_back({"sync", Verdict::problem, fmt::format("source {}: {}", source.name, state->second),
                            "mend what it names; taskmirror status tells since when"});
    }
    if (ops::is_stale(status))
        findings.push_back({"data", Verdict::warning, "some is older than `schedule` wants",
                            status.snapshot.holder ? "taskmirror status" : "taskmirror sync"});
    else
        findings.push_back({"data", Verdict::ok, "fresh", ""});
    for (auto& finding : ops::health_findings(store::examine(config.database, arguments.full, kLook), arguments.full))
        findings.push_back(std::move(finding));
}

void look_at_database(const Arguments& arguments, const Config& config, std::vector<Finding>& findings) {
    for (auto& finding : ops::permission_findings(config.database)) findings.push_back(std::move(finding));
    const auto folder = std::filesystem::absolute(config.database).parent_path();
    std::error_code error;
    if (!std::filesystem::is_directory(folder, error)) return;
    findings.push_back(ops::file_system_finding(folder));
    if (auto disk = ops::disk_finding(config.database)) findings.push_back(std::move(*disk));
    try {
        look_at_data(arguments, config, findings);
    } catch (const Fatal& fatal) {
        if (fatal.code() == ExitCode::no_database)
            findings.push_back({"database", Verdict::warning, "nothing is mirrored yet", "taskmirror sync"});
        else
            findings.push_back({"database", Verdict::problem, fatal.what(),
                                fatal.code() == ExitCode::corrupt
                                    ? "stop taskmirror, move the file and its -wal and -shm away, then put a backup in "
                                      "its place, or sync anew"
                                    : "see what stands before"});
    }
}

}  // namespace

ExitCode doctor(const Arguments& arguments) {
    std::vector<Finding> findings;
    std::optional<Config> config;
    try {
        config = configuration(arguments);
        static_cast<void>(Heartbeat(*config));  // says what is wrong with its URL
        findings.push_back(
            {"configuration", Verdict::ok,
             fmt::format("{}, database {}, time zone {}", config->file.empty() ? "all defaults" : config->file.string(),
                         config->database.string(), config->time_zone),
             ""});
    } catch (const Fatal& fatal) {
        findings.push_back(
            {"configuration", Verdict::problem, fatal.what(), "correct it; config.example.yaml has every option"});
    }
    if (config) {
        for (const auto& source : config->sources) look_at_source(source, *config, findings);
        look_at_database(arguments, *config, findings);
    }
    if (stop) throw Fatal(ExitCode::come_again, "stopped by a signal");
    fmt::print("{}", arguments.json ? ops::doctor_json(findings) : ops::doctor_text(findings));
    return ops::has_problem(findings) ? ExitCode::incomplete : ExitCode::done;
}

}  // namespace taskmirror
