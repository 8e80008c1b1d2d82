// The command line as plain data. Prints nothing, ends nothing, opens nothing. The only user of CLI11.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/log.hpp"

namespace taskmirror {

enum class Command {
    none,  // no arguments at all: help() on standard error, exit code 64
    help,
    version,
    sync,
    run,
    reload,
    check,
    plan,
    status,
    verify,
    schema,
    search,
    report,
    backup,
    doctor,
    init,
};

enum class ReportFormat : std::uint8_t { table, csv, json, markdown };

struct Arguments {
    Command command = Command::none;
    std::filesystem::path config;         // empty: not given
    std::filesystem::path database;       // empty: as configured
    std::optional<log::Level> log_level;  // none: as configured; --quiet gives warning
    std::optional<log::Format> log_format;
    bool progress = true;                      // where standard error is a terminal
    bool full = false;                         // sync: every list is walked; doctor: every index is looked at
    bool accept_deletions = false;             // sync: nothing is held
    bool repair = false;                       // verify: what differs is queued for the next sync
    bool stories = false;                      // verify: stories and attachments, too
    std::string project;                       // verify, report: only this one; empty: all
    bool json = false;                         // status, search, doctor: for programs
    bool sql = false;                          // schema: as statements
    std::vector<std::string> words;            // of search
    std::optional<std::int64_t> limit;         // search, report: how many hits or rows
    std::filesystem::path to;                  // backup: a file or a folder
    std::optional<std::int64_t> keep;          // backup: how many copies stay in the folder
    std::optional<std::int64_t> max_minutes;   // of sync, then it stops with work left
    std::optional<std::int64_t> max_requests;  // the same

    std::string base_url;  // of init; empty: Asana's

    // Of report. Empty: not given.
    std::string report;  // its name
    bool list = false;   // which there are
    std::optional<ReportFormat> format;
    std::string html;  // a file
    std::string period, team, person;
};

// Throws Fatal(usage) with one line that says what would be right.
Arguments parse(int argc, const char* const* argv);

// At most 48 lines.
std::string_view help();

// "taskmirror 0.1.0", and a line for the libraries: their versions as they name them.
std::string version_text(std::string_view version, std::string_view curl, std::string_view sqlite);

}  // namespace taskmirror
