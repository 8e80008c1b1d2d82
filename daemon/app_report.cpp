// The command `report`: reads the database, and writes to standard output or a page.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app_parts.hpp"
#include "core/text.hpp"
#include "ops/report.hpp"
#include "ops/report_html.hpp"
#include "ops/report_text.hpp"
#include "store/query.hpp"

namespace taskmirror {
namespace {

Fatal cannot_write(std::string_view what) {
    return Fatal(ExitCode::disk, fmt::format("cannot write {}: {}; free space there, or name another file", what,
                                             std::strerror(errno)));
}

void print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
        throw cannot_write("the report to standard output");
}

// The page before stays where this one cannot be written whole.
void save(const std::string& text, const std::string& name) {
    const auto part = name + ".part";
    std::FILE* const file = std::fopen(part.c_str(), "wbe");
    if (file == nullptr) throw cannot_write(escaped(part));
    const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
    const int error = errno;
    if (std::fclose(file) != 0 || !written || std::rename(part.c_str(), name.c_str()) != 0) {
        if (!written) errno = error;
        const auto failure = cannot_write(escaped(name));
        ::unlink(part.c_str());
        throw failure;
    }
}

std::optional<std::size_t> terminal_width() {
    winsize size{};
    if (isatty(STDOUT_FILENO) != 1) return std::nullopt;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80U;
}

std::string written(const ops::Told& told, ReportFormat format, ops::Part part) {
    switch (format) {
        case ReportFormat::table:
            return ops::table_text(told, terminal_width());
        case ReportFormat::csv:
            return ops::csv_text(told, part);
        case ReportFormat::json:
            return ops::json_text(told, part);
        case ReportFormat::markdown:
            return ops::markdown_text(told);
    }
    return {};
}

}  // namespace

ExitCode show_report(const Arguments& arguments) {
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is a full disk
    if (arguments.list || arguments.report.empty()) {
        print(ops::report_list());
        return ExitCode::done;
    }
    const auto& report = ops::report_named(arguments.report);
    const Config config = configuration(arguments);
    const store::Moment moment(config.database);
    const ops::Wishes wishes{
        .project = arguments.project, .team = arguments.team, .person = arguments.person, .period = arguments.period};
    const auto now = system_clock().now();
    if (!arguments.html.empty())
        save(ops::html_page(ops::tell(moment, report, wishes, now, {.is_page = true}), kVersion), arguments.html);
    if (!arguments.html.empty() && !arguments.format) return ExitCode::done;

    const auto format = arguments.format.value_or(ReportFormat::table);
    const bool is_for_programs = format == ReportFormat::csv || format == ReportFormat::json;
    ops::Wanted wanted;
    if (arguments.limit) wanted.most = static_cast<std::size_t>(*arguments.limit);
    if (!wanted.most && !is_for_programs) wanted.most = ops::kShownRows;
    bool is_first = true;
    if (is_for_programs)
        wanted.pour = [&](const ops::Told& some) {
            print(written(some, format, {.is_first = is_first, .is_last = false}));
            is_first = false;
        };
    const auto told = ops::tell(moment, report, wishes, now, wanted);
    print(written(told, format, {.is_first = is_first}));
    // A file for programs has no place for it.
    if (format == ReportFormat::csv && config.log.level <= log::Level::info) {
        if (const auto filters = ops::filters_text(told); !filters.empty())
            fmt::print(stderr, "{}\n", escaped(filters));
        fmt::print(stderr, "{}\n", fmt::join(ops::age_text(told), "\n"));
        if (told.has_more) fmt::print(stderr, "there are more rows than --limit {}\n", *wanted.most);
    }
    return ExitCode::done;
}

}  // namespace taskmirror
