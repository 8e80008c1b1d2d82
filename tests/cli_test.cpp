#include <catch2/catch.hpp>

#include "cli.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

using namespace taskmirror;

namespace {

Arguments parsed(std::vector<const char*> words) {
    words.insert(words.begin(), "taskmirror");
    return parse(static_cast<int>(words.size()), words.data());
}

// The message of the usage error.
std::string mistake(const std::vector<const char*>& words) {
    try {
        parsed(words);
    } catch (const Fatal& error) {
        CHECK(error.code() == ExitCode::usage);
        return error.what();
    }
    return "none";
}

}  // namespace

TEST_CASE("a command and its options become plain data") {
    const Arguments arguments =
        parsed({"sync", "--max-minutes", "10", "--max-requests=2000", "--config", "a.yaml", "--database", "b.db",
                "--log-level", "debug", "--log-format", "json", "--no-progress"});

    CHECK(arguments.command == Command::sync);
    CHECK(arguments.max_minutes == 10);
    CHECK(arguments.max_requests == 2000);
    CHECK(arguments.config == "a.yaml");
    CHECK(arguments.database == "b.db");
    CHECK(arguments.log_level == log::Level::debug);
    CHECK(arguments.log_format == log::Format::json);
    CHECK_FALSE(arguments.progress);
}

TEST_CASE("verify has options of its own") {
    const Arguments arguments = parsed({"verify", "--repair", "--stories", "--project", "12"});

    CHECK(arguments.command == Command::verify);
    CHECK(arguments.repair);
    CHECK(arguments.stories);
    CHECK(arguments.project == "12");
    CHECK_FALSE(parsed({"verify"}).repair);
}

TEST_CASE("backup and doctor have arguments of their own") {
    const Arguments backup = parsed({"backup", "copies/", "--keep", "7"});
    CHECK(backup.command == Command::backup);
    CHECK(backup.to == "copies/");
    CHECK(backup.keep == 7);
    CHECK_FALSE(parsed({"backup", "copy.db"}).keep);
    const Arguments doctor = parsed({"doctor", "--full", "--json"});
    CHECK(doctor.command == Command::doctor);
    CHECK((doctor.full && doctor.json));
}

TEST_CASE("options stand before the command as well as after it") {
    const Arguments arguments = parsed({"--config", "a.yaml", "--max-minutes", "1", "sync", "--quiet"});

    CHECK(arguments.command == Command::sync);
    CHECK(arguments.config == "a.yaml");
    CHECK(arguments.max_minutes == 1);
}

TEST_CASE("a command without options leaves everything to the configuration") {
    const Arguments arguments = parsed({"check"});

    CHECK(arguments.command == Command::check);
    CHECK(arguments.config.empty());
    CHECK(arguments.database.empty());
    CHECK_FALSE(arguments.log_level.has_value());
    CHECK_FALSE(arguments.log_format.has_value());
    CHECK(arguments.progress);
}

TEST_CASE("status may speak to programs") {
    CHECK(parsed({"status", "--json"}).json);
    CHECK(parsed({"status", "--json"}).command == Command::status);
    CHECK_FALSE(parsed({"status"}).json);
}

TEST_CASE("search takes any number of words") {
    const Arguments arguments = parsed({"search", "red", "--limit", "3", "blue car", "--format", "json"});

    CHECK(arguments.command == Command::search);
    CHECK(arguments.words == std::vector<std::string>{"red", "blue car"});
    CHECK(arguments.limit == 3);
    CHECK(arguments.json);
    CHECK_FALSE(parsed({"search", "red", "--format", "table"}).json);
}

TEST_CASE("schema gives the data dictionary, or statements") {
    CHECK(parsed({"schema"}).command == Command::schema);
    CHECK_FALSE(parsed({"schema", "--markdown"}).sql);
    CHECK(parsed({"schema", "--sql"}).sql);
}

TEST_CASE("quiet means warnings only and no progress, unless a level is named") {
    CHECK(parsed({"sync", "--quiet"}).log_level == log::Level::warning);
    CHECK_FALSE(parsed({"sync", "--quiet"}).progress);
    CHECK(parsed({"sync", "--quiet", "--log-level", "error"}).log_level == log::Level::error);
}

TEST_CASE("help and version are commands and options") {
    CHECK(parsed({"--help"}).command == Command::help);
    CHECK(parsed({"-h"}).command == Command::help);
    CHECK(parsed({"help"}).command == Command::help);
    CHECK(parsed({"sync", "--help"}).command == Command::help);
    CHECK(parsed({"--version"}).command == Command::version);
    CHECK(parsed({"version"}).command == Command::version);
    CHECK(parsed({}).command == Command::none);
}

TEST_CASE("a usage error is one line that says what would be right") {
    const auto [words, expected] = GENERATE(table<std::vector<const char*>, std::string>({
        {{"snyc"}, "unknown command 'snyc', did you mean sync?; see taskmirror --help"},
        {{"fetch-all"},
         "unknown command 'fetch-all', known are help, version, sync, run, reload, check, plan, status, verify, "
         "schema, search, report, backup, doctor, init; see "
         "taskmirror --help"},
        {{"sync", "--max-minuts", "5"},
         "unknown option --max-minuts, did you mean --max-minutes?; see taskmirror --help"},
        {{"--databse=x.db", "sync"}, "unknown option --databse, did you mean --database?; see taskmirror --help"},
        {{"sync", "check"}, "sync takes no 'check'; see taskmirror --help"},
        {{"--quiet"},
         "a command is missing, one of help, version, sync, run, reload, check, plan, status, verify, schema, search, "
         "report, backup, doctor, init; see taskmirror --help"},
        {{"sync", "--max-minutes", "ten"},
         "--max-minutes needs a whole number from 1 to 525600, not 'ten'; see taskmirror --help"},
        {{"sync", "--max-minutes", "0"},
         "--max-minutes needs a whole number from 1 to 525600, not '0'; see taskmirror --help"},
        {{"sync", "--max-minutes", "525601"},
         "--max-minutes needs a whole number from 1 to 525600, not '525601'; see taskmirror --help"},
        {{"sync", "--max-requests", "5m"},
         "--max-requests needs a whole number from 1 to 1000000000, not '5m'; see taskmirror --help"},
        {{"check", "--max-minutes", "5"}, "--max-minutes belongs to sync; see taskmirror --help"},
        {{"status", "--full"}, "--full belongs to sync and doctor; see taskmirror --help"},
        {{"sync", "--log-level", "loud"},
         "--log-level needs one of debug, info, warning, error, off, not 'loud'; see taskmirror --help"},
        {{"sync", "--log-format", "xml"},
         "--log-format needs one of auto, text, json, journal, not 'xml'; see taskmirror --help"},
        {{"sync", "--config"}, "--config needs a value; see taskmirror --help"},
        {{"sync", "--config", ""}, "--config needs a value; see taskmirror --help"},
        {{"sync", "--database="}, "--database needs a value; see taskmirror --help"},
        {{"sync", "--config", "a", "--config", "b"}, "--config is given twice; see taskmirror --help"},
        {{"sync", "--quiet=maybe"},
         "--full, --accept-deletions, --repair, --stories, --json, --sql, --markdown, --list, --quiet, --no-progress, "
         "--help and --version take no value; see taskmirror --help"},
        {{"sync", "--repair"}, "--repair belongs to verify; see taskmirror --help"},
        {{"search", "red", "--format", "csv"}, "--format needs one of table, json, not 'csv'; see taskmirror --help"},
        {{"search", "red", "--limit", "0"},
         "--limit needs a whole number from 1 to 1000, not '0'; see taskmirror --help"},
        {{"status", "--limit", "5"}, "--limit belongs to search and report; see taskmirror --help"},
        {{"status", "--sql"}, "--sql belongs to schema; see taskmirror --help"},
        {{"sync", "--markdown"}, "--markdown belongs to schema; see taskmirror --help"},
        {{"schema", "--sql", "--markdown"}, "schema takes one of --sql and --markdown; see taskmirror --help"},
        {{"sync", "--json"}, "--json belongs to status and doctor; see taskmirror --help"},
        {{"backup"}, "backup needs a file or a folder to write to; see taskmirror --help"},
        {{"backup", "a.db", "b.db"}, "backup takes no 'b.db'; see taskmirror --help"},
        {{"backup", "a/", "--keep", "0"},
         "--keep needs a whole number from 1 to 100000, not '0'; see taskmirror --help"},
        {{"sync", "--keep", "3"}, "--keep belongs to backup; see taskmirror --help"},
        {{"check", "--project", "1"}, "--project belongs to verify and report; see taskmirror --help"},
        {{"status", "--period", "2026"}, "--period belongs to report; see taskmirror --help"},
        {{"report", "overdue", "now"}, "report takes no 'now'; see taskmirror --help"},
        {{"report", "--format", "xls"},
         "--format needs one of table, csv, json, markdown, not 'xls'; see taskmirror --help"},
        {{"sync", "--base-url", "x"}, "--base-url belongs to init; see taskmirror --help"},
        {{"verify", "--full"}, "--full belongs to sync and doctor; see taskmirror --help"},
    }));

    CHECK(mistake(words) == expected);
}

TEST_CASE("the help fits a screen and names every option and command") {
    const std::string text(help());

    CHECK(std::count(text.begin(), text.end(), '\n') <= 48);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
    for (const char* const word :
         {"sync",     "run",        "check",       "status",       "--json",        "verify",
          "--repair", "--project",  "--stories",   "version",      "--max-minutes", "--max-requests",
          "--config", "--database", "--log-level", "--log-format", "--quiet",       "--no-progress",
          "schema",   "--sql",      "--markdown",  "search",       "--format",      "--limit",
          "report",   "--list",     "--html",      "--period",     "--team",        "--person",
          "backup",   "--keep",     "doctor",      "init",         "--base-url",    "reload"}) {
        CHECK_THAT(text, Catch::Contains(word));
    }
}

TEST_CASE("init may be told of another API") {
    const Arguments arguments = parsed({"init", "--base-url", "https://proxy.example/api/1.0"});

    CHECK(arguments.command == Command::init);
    CHECK(arguments.base_url == "https://proxy.example/api/1.0");
    CHECK(parsed({"reload"}).command == Command::reload);
}

TEST_CASE("the version names the libraries") {
    CHECK(version_text("0.1.0", "7.88.1", "3.40.1") == "taskmirror 0.1.0\nlibcurl 7.88.1, SQLite 3.40.1\n");
}
