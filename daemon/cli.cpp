#include "cli.hpp"

#include "core/error.hpp"
#include "core/text.hpp"

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <vector>

namespace taskmirror {
namespace {

// In the order of Command, from help on.
constexpr std::array<std::string_view, 15> kCommands = {"help",   "version", "sync",   "run",    "reload",
                                                        "check",  "plan",    "status", "verify", "schema",
                                                        "search", "report",  "backup", "doctor", "init"};

constexpr std::array<std::string_view, 27> kOptions = {
    "--config",      "--database", "--log-level", "--log-format",  "--quiet",        "--full",
    "--no-progress", "--help",     "--version",   "--max-minutes", "--max-requests", "--accept-deletions",
    "--repair",      "--project",  "--stories",   "--json",        "--sql",          "--markdown",
    "--format",      "--limit",    "--list",      "--html",        "--period",       "--team",
    "--person",      "--keep",     "--base-url",
};

constexpr std::array<std::string_view, 4> kReportFormats = {"table", "csv", "json", "markdown"};  // as ReportFormat

constexpr std::string_view kHelp = R"(taskmirror keeps a SQLite database that is a faithful copy of a work tracker

usage: taskmirror COMMAND [OPTIONS]

  init                ask for token and workspaces, write a configuration
      --base-url URL      of another API than Asana's, such as a proxy
  sync                bring the database up to date, then exit
      --full              walk every list, whatever events tell
      --accept-deletions  remove what held walks found missing
      --max-minutes N     stop after so many minutes, with exit code 75
      --max-requests N    stop after so many requests, with exit code 75
  run                 keep the database fresh until a signal comes
  reload              have it read the configuration again, and wait for that
  check               configuration, token, workspaces, plan; writes nothing
  plan                what a first sync would cost: requests and time
  status [--json]     freshness, backlog, gaps, last runs; 75 if data is stale
  verify              compare the database with the API, gid by gid
      --repair            queue what differs for the next sync
      --project GID       this project alone
      --stories           stories and attachments, too: two requests per task
  schema [--markdown] the data dictionary: what tables and columns are
      --sql               the statements that make them
  search WORDS        find tasks, comments and projects in the database
      --format F, --limit N   table, json; the best N hits, or 20
  report NAME         what the database tells; --list explains each
      --format F          table, csv, json, markdown
      --limit N           the first N rows, or 500; of csv and json all
      --html FILE         a page with charts
      --period P          2026, 2026-Q3, 2026-07, 2026-07-15, last-30d, or
                          from..to: 2026-01-01..2026-02-01, both included; all
      --project, --team, --person  by gid, name or pattern
  backup TO           copy the database while it is in use: to a file, or into a
                      folder, under a name with the time
      --keep N            of a folder: only the newest N copies stay
  doctor [--json]     look for what is wrong, and tell the remedy
      --full              every index, too: minutes for a large database
  version             show the versions of taskmirror and its libraries

  --config FILE       instead of the first of ./taskmirror.yaml,
                      $XDG_CONFIG_HOME/taskmirror/config.yaml (or ~/.config)
                      and /etc/taskmirror/config.yaml
  --database FILE     instead of the configured one
  --log-level L       debug, info, warning, error, off
  --log-format F      auto, text, json, journal
  --quiet             log warnings and errors only; no progress, no summary
  --no-progress       show no progress

example: ASANA_TOKEN=... taskmirror sync --database asana.db
)";

[[noreturn]] void refuse(std::string_view what) {
    throw Fatal(ExitCode::usage, fmt::format("{}; see taskmirror --help", what));
}

std::string or_nearest(std::string_view word, std::span<const std::string_view> known) {
    const auto meant = closest(word, known);
    return meant ? fmt::format(", did you mean {}?", *meant) : fmt::format(", known are {}", listed(known));
}

// Texts as they were given; empty: not given.
struct Given {
    std::vector<std::string> words;
    std::string config, database, log_level, log_format, max_minutes, max_requests, project, format, limit, keep;
    bool repair = false, stories = false;
    bool full = false, accept_deletions = false, quiet = false, no_progress = false, help = false, version = false;
    bool json = false, sql = false, markdown = false, list = false;
    std::string html, period, team, person, base_url;
};

Given read_words(int argc, const char* const* argv) {
    Given given;
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    app.add_option("--config", given.config);
    app.add_option("--database", given.database);
    app.add_option("--log-level", given.log_level);
    app.add_option("--log-format", given.log_format);
    app.add_option("--max-minutes", given.max_minutes);
    app.add_option("--max-requests", given.max_requests);
    app.add_option("--project", given.project);
    app.add_option("--html", given.html);
    app.add_option("--period", given.period);
    app.add_option("--team", given.team);
    app.add_option("--person", given.person);
    app.add_option("--keep", given.keep);
    app.add_option("--base-url", given.base_url);
    app.add_flag("--list", given.list);
    app.add_flag("--repair", given.repair);
    app.add_flag("--stories", given.stories);
    app.add_flag("--full", given.full);
    app.add_flag("--accept-deletions", given.accept_deletions);
    app.add_flag("--quiet", given.quiet);
    app.add_flag("--no-progress", given.no_progress);
    app.add_flag("--json", given.json);
    app.add_option("--format", given.format);
    app.add_option("--limit", given.limit);
    app.add_flag("--sql", given.sql);
    app.add_flag("--markdown", given.markdown);
    app.add_flag("-h,--help", given.help);
    app.add_flag("--version", given.version);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ArgumentMismatch& error) {
        const std::string_view words = error.what();  // "--config: At Most 1 required but received 2"
        const bool twice = words.find("At Most") != std::string_view::npos;
        refuse(fmt::format("{} {}", words.substr(0, words.find(':')), twice ? "is given twice" : "needs a value"));
    } catch (const CLI::ConversionError&) {  // all that have a value take any text
        refuse(
            "--full, --accept-deletions, --repair, --stories, --json, --sql, --markdown, --list, --quiet, "
            "--no-progress, "
            "--help and --version take no value");
    } catch (const CLI::ParseError& error) {
        refuse(error.what());
    }
    for (const CLI::Option* const option : app.get_options()) {
        const auto values = option->results();
        const bool empty = std::any_of(values.begin(), values.end(), [](const auto& value) { return value.empty(); });
        if (empty) refuse(fmt::format("{} needs a value", option->get_name()));
    }
    given.words = app.remaining();
    return given;
}

std::optional<std::int64_t> number(std::string_view option, const std::string& text, std::int64_t most) {
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > most) {
        refuse(fmt::format("{} needs a whole number from 1 to {}, not '{}'", option, most, text));
    }
    return value;
}

template <typename Enum>
std::optional<Enum> choice(std::string_view option, const std::string& text, std::span<const std::string_view> names) {
    if (text.empty()) return std::nullopt;
    const auto at = std::find(names.begin(), names.end(), text);
    if (at == names.end()) refuse(fmt::format("{} needs one of {}, not '{}'", option, listed(names), text));
    return static_cast<Enum>(at - names.begin());
}

Command command_of(const Given& given) {
    for (const std::string& word : given.words) {
        if (word.size() > 1 && word.starts_with('-')) {
            const std::string name = word.substr(0, word.find('='));
            refuse(fmt::format("unknown option {}{}", name, or_nearest(name, kOptions)));
        }
    }
    if (given.help) return Command::help;
    if (given.version) return Command::version;
    if (given.words.empty()) refuse(fmt::format("a command is missing, one of {}", listed(kCommands)));

    const std::string& word = given.words.front();
    const auto* const at = std::find(kCommands.begin(), kCommands.end(), word);
    if (at == kCommands.end()) refuse(fmt::format("unknown command '{}'{}", word, or_nearest(word, kCommands)));
    const auto command = static_cast<Command>(at - kCommands.begin() + 1);
    const std::size_t most = command == Command::search                                 ? given.words.size()
                             : command == Command::report || command == Command::backup ? 2
                                                                                        : 1;
    if (given.words.size() > most) refuse(fmt::format("{} takes no '{}'", word, given.words[most]));
    return command;
}

}  // namespace

Arguments parse(int argc, const char* const* argv) {
    if (argc < 2) return {};
    const Given given = read_words(argc, argv);

    Arguments arguments;
    arguments.command = command_of(given);
    arguments.config = given.config;
    arguments.database = given.database;
    arguments.log_level = choice<log::Level>("--log-level", given.log_level, log::kLevelNames);
    if (given.quiet && !arguments.log_level) arguments.log_level = log::Level::warning;
    arguments.log_format = choice<log::Format>("--log-format", given.log_format, log::kFormatNames);
    arguments.progress = !given.quiet && !given.no_progress;
    arguments.full = given.full;
    arguments.accept_deletions = given.accept_deletions;
    arguments.sql = given.sql;
    constexpr std::array<std::string_view, 2> kFormats = {"table", "json"};
    enum class Format { table, json };
    arguments.json = given.json;
    if (arguments.command == Command::report)
        arguments.format = choice<ReportFormat>("--format", given.format, kReportFormats);
    else if (choice<Format>("--format", given.format, kFormats) == Format::json)
        arguments.json = true;
    arguments.limit = number("--limit", given.limit, arguments.command == Command::report ? 1'000'000'000 : 1000);
    if (arguments.command == Command::search) arguments.words.assign(given.words.begin() + 1, given.words.end());
    if (given.sql && given.markdown) refuse("schema takes one of --sql and --markdown");
    arguments.max_minutes = number("--max-minutes", given.max_minutes, 525'600 /* a year */);
    arguments.max_requests = number("--max-requests", given.max_requests, 1'000'000'000);
    arguments.repair = given.repair;
    arguments.stories = given.stories;
    arguments.project = given.project;
    if (arguments.command == Command::report && given.words.size() > 1) arguments.report = given.words[1];
    if (arguments.command == Command::backup) {
        if (given.words.size() < 2) refuse("backup needs a file or a folder to write to");
        arguments.to = given.words[1];
    }
    arguments.keep = number("--keep", given.keep, 100'000);
    arguments.list = given.list;
    arguments.html = given.html;
    if (arguments.limit && !arguments.html.empty() && !arguments.format)
        refuse("--limit is of what --format writes, a page has bounds of its own");
    arguments.period = given.period;
    arguments.team = given.team;
    arguments.person = given.person;
    arguments.base_url = given.base_url;
    struct Own {
        std::string_view name;
        bool is_given;
        Command command;
        Command also = Command::none;
    };
    for (const auto& [name, is_given, command, also] :
         {Own{"--full", arguments.full, Command::sync, Command::doctor},
          Own{"--accept-deletions", arguments.accept_deletions, Command::sync},
          Own{"--max-minutes", arguments.max_minutes.has_value(), Command::sync},
          Own{"--max-requests", arguments.max_requests.has_value(), Command::sync},
          Own{"--json", given.json, Command::status, Command::doctor}, Own{"--sql", arguments.sql, Command::schema},
          Own{"--format", !given.format.empty(), Command::search, Command::report},
          Own{"--limit", arguments.limit.has_value(), Command::search, Command::report},
          Own{"--markdown", given.markdown, Command::schema}, Own{"--repair", arguments.repair, Command::verify},
          Own{"--stories", arguments.stories, Command::verify},
          Own{"--project", !arguments.project.empty(), Command::verify, Command::report},
          Own{"--list", arguments.list, Command::report}, Own{"--html", !arguments.html.empty(), Command::report},
          Own{"--period", !arguments.period.empty(), Command::report},
          Own{"--base-url", !arguments.base_url.empty(), Command::init},
          Own{"--team", !arguments.team.empty(), Command::report},
          Own{"--person", !arguments.person.empty(), Command::report},
          Own{"--keep", arguments.keep.has_value(), Command::backup}}) {
        if (!is_given || arguments.command < Command::sync || arguments.command == command || arguments.command == also)
            continue;
        const auto name_of = [](Command its) { return kCommands[static_cast<std::size_t>(its) - 1]; };
        refuse(fmt::format("{} belongs to {}{}", name, name_of(command),
                           also == Command::none ? "" : fmt::format(" and {}", name_of(also))));
    }
    return arguments;
}

std::string_view help() { return kHelp; }

std::string version_text(std::string_view version, std::string_view curl, std::string_view sqlite) {
    return fmt::format("taskmirror {}\nlibcurl {}, SQLite {}\n", version, curl, sqlite);
}

}  // namespace taskmirror
