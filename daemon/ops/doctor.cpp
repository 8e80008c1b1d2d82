#include "ops/doctor.hpp"

#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

#include "core/text.hpp"
#include "store/finder.hpp"

namespace taskmirror::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 3> kVerdicts = {"ok", "warning", "PROBLEM"};

constexpr std::uintmax_t kMegabyte = 1'000'000;
constexpr std::uintmax_t kAlmostNone = 64 * kMegabyte;  // as large as the log may become
constexpr std::uintmax_t kToGrow = 256 * kMegabyte;     // beside a tenth of the database
constexpr std::uintmax_t kLongLog = 256 * kMegabyte;    // four times what is kept of it

std::string size(std::uintmax_t bytes) {
    return bytes < 1000 * kMegabyte ? fmt::format("{} MB", bytes / kMegabyte)
                                    : fmt::format("{:.1f} GB", static_cast<double>(bytes) / 1e9);
}

fs::path folder_of(const fs::path& database) { return fs::absolute(database).parent_path(); }

std::string quoted(const fs::path& path) {
    const auto text = path.string();
    const bool plain = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/._-+").find(c) != std::string_view::npos;
    });
    if (plain) return text;
    std::string shell = "'";
    for (const char c : text) shell += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return shell + "'";
}

}  // namespace

Finding clock_finding(std::string_view subject, std::chrono::seconds ahead) {
    const auto off = ahead < std::chrono::seconds(0) ? -ahead : ahead;
    if (off <= kMostSkew)
        return {std::string(subject), Verdict::ok, fmt::format("within {} s of the server's", off.count()), ""};
    return {std::string(subject), Verdict::warning,
            fmt::format("{} s {} the server's clock: times in the database are wrong by that, and changes may be asked "
                        "for twice or late",
                        off.count(), ahead > std::chrono::seconds(0) ? "ahead of" : "behind"),
            "sudo timedatectl set-ntp true"};
}

std::string_view shared_file_system(std::int64_t magic) {
    // statfs(2), and linux/magic.h where it has them.
    switch (static_cast<std::uint32_t>(magic)) {
        case NFS_SUPER_MAGIC:
            return "NFS";
        case SMB_SUPER_MAGIC:
            return "SMB";
        case CIFS_SUPER_MAGIC:
            return "CIFS";
        case SMB2_SUPER_MAGIC:
            return "SMB";
        case CEPH_SUPER_MAGIC:
            return "Ceph";
        case AFS_SUPER_MAGIC:
            return "AFS";
        case CODA_SUPER_MAGIC:
            return "Coda";
        case V9FS_MAGIC:
            return "9P";
        case FUSE_SUPER_MAGIC:
            return "FUSE";
        case 0x0BD00BD0:
            return "Lustre";
        case 0x01161970:
            return "GFS2";
        default:
            return {};
    }
}

Finding file_system_finding(const fs::path& folder) {
    struct statfs system = {};
    if (::statfs(folder.c_str(), &system) != 0)
        return {"file system", Verdict::problem, fmt::format("{}: {}", folder.string(), std::strerror(errno)),
                fmt::format("mkdir -p {}", quoted(folder))};
    const auto name = shared_file_system(static_cast<std::int64_t>(system.f_type));
    if (name.empty()) return {"file system", Verdict::ok, "local", ""};
    return {"file system", Verdict::warning,
            fmt::format("{} lies on {}: SQLite's log needs memory that all readers share, so readers on other machines "
                        "see nothing or wrong data, and the file may be damaged",
                        folder.string(), name),
            "put the database on a local disk, and copy it to the other machines with taskmirror backup"};
}

Finding disk_finding(const fs::path& folder, std::uintmax_t free_bytes, std::uintmax_t database_bytes) {
    const auto wanted = kToGrow + database_bytes / 10;
    auto verdict = Verdict::ok;
    if (free_bytes < wanted) verdict = Verdict::warning;
    if (free_bytes < kAlmostNone) verdict = Verdict::problem;
    auto says = fmt::format("{} free on the disk of {}", size(free_bytes), folder.string());
    if (verdict == Verdict::ok) return {"disk", verdict, says, ""};
    return {"disk", verdict, fmt::format("{}, {} are needed to go on for long", says, size(wanted)),
            fmt::format("free some, what takes it: sudo du -xh --max-depth=2 {} | sort -h | tail", quoted(folder))};
}

std::optional<Finding> disk_finding(const fs::path& database) {
    std::error_code none, unknown;
    const auto folder = folder_of(database);
    const auto bytes = fs::file_size(database, none);
    const auto space = fs::space(folder, unknown);
    if (unknown) return std::nullopt;
    return disk_finding(folder, space.available, none ? 0 : bytes);
}

Finding log_finding(std::uintmax_t log_bytes) {
    if (log_bytes < kLongLog) return {"log", Verdict::ok, fmt::format("{} of write-ahead log", size(log_bytes)), ""};
    return {"log", Verdict::warning,
            fmt::format("{} of write-ahead log: a program has been reading for so long that it cannot begin anew",
                        size(log_bytes)),
            "end the query that has been open the longest; fuser -v on the database shows who has it open"};
}

std::vector<Finding> permission_findings(const fs::path& database) {
    std::vector<Finding> findings;
    const auto add = [&](Verdict verdict, std::string says, std::string remedy) {
        findings.push_back({"permissions", verdict, std::move(says), std::move(remedy)});
    };
    const auto folder = folder_of(database);
    struct stat status = {};
    if (::stat(folder.c_str(), &status) != 0) {
        add(Verdict::problem, fmt::format("there is no folder {}", folder.string()),
            fmt::format("mkdir -p {}", quoted(folder)));
        return findings;
    }
    if ((status.st_mode & S_IWOTH) != 0 && (status.st_mode & S_ISVTX) == 0)
        add(Verdict::problem, fmt::format("everybody can replace the files in {}", folder.string()),
            fmt::format("chmod o-w {}", quoted(folder)));
    if (::access(folder.c_str(), W_OK) != 0)
        add(Verdict::warning, fmt::format("you cannot write to {}: a sync must run as its owner", folder.string()),
            fmt::format("sudo -u '#{}' taskmirror doctor", status.st_uid));
    for (const std::string_view ending : {"", "-wal", "-shm", ".redact-key"}) {
        const fs::path file = fs::absolute(database).string() + std::string(ending);
        if (::stat(file.c_str(), &status) != 0) continue;
        const bool key = ending == ".redact-key";
        if ((status.st_mode & (key ? S_IRWXG | S_IRWXO : S_IRWXO)) != 0)
            add(key ? Verdict::problem : Verdict::warning,
                fmt::format("{} is open to {}", file.string(), key ? "others" : "everybody on this machine"),
                fmt::format("chmod {} {}", key ? "600" : "o-rwx", quoted(file)));
        if (!key && ::access(file.c_str(), R_OK) != 0)
            add(Verdict::problem, fmt::format("you cannot read {}", file.string()),
                fmt::format("sudo usermod -aG {} $USER, then log in again", status.st_gid));
        else if (!key && ::access(folder.c_str(), W_OK) == 0 && ::access(file.c_str(), W_OK) != 0)
            add(Verdict::warning, fmt::format("you cannot write to {}: a sync must run as another user", file.string()),
                fmt::format("sudo -u '#{}' taskmirror doctor", status.st_uid));
    }
    if (findings.empty()) add(Verdict::ok, "files and folder are open to their owner and group alone", "");
    return findings;
}

std::vector<Finding> health_findings(const store::Health& health, bool full) {
    std::vector<Finding> findings;
    if (!health.damage.empty())
        findings.push_back(
            {"database", Verdict::problem, fmt::format("it is damaged: {}", health.damage),
             "stop taskmirror, move the file and its -wal and -shm away, then put a backup in its place, "
             "or sync anew"});
    else if (!health.all)
        findings.push_back({"database", Verdict::warning,
                            "too large to look at all of it within seconds; no damage so far",
                            "taskmirror doctor --full"});
    else
        findings.push_back(
            {"database", Verdict::ok, full ? "every page and index is sound" : "every page is sound", ""});
    if (!health.search_damage.empty())
        findings.push_back({"search", Verdict::problem,
                            fmt::format("the full-text index is damaged: {}; the tables are not", health.search_damage),
                            std::string(store::kSearchRemedy)});
    else if (full && health.damage.empty())
        findings.push_back({"search", Verdict::ok,
                            health.has_search ? "the full-text index is sound" : "there is no full-text index", ""});
    return findings;
}

bool has_problem(std::span<const Finding> findings) {
    return std::ranges::any_of(findings, [](const Finding& finding) { return finding.verdict == Verdict::problem; });
}

std::string doctor_text(std::span<const Finding> findings) {
    std::string text;
    std::array<std::size_t, 3> counts{};
    for (const auto& finding : findings) {
        ++counts[static_cast<std::size_t>(finding.verdict)];
        fmt::format_to(std::back_inserter(text), "{:<9}{}: {}\n", kVerdicts[static_cast<std::size_t>(finding.verdict)],
                       finding.subject, escaped(finding.says));
        if (!finding.remedy.empty())
            fmt::format_to(std::back_inserter(text), "{:9}-> {}\n", "", escaped(finding.remedy));
    }
    fmt::format_to(std::back_inserter(text), "\n{} ok, {} warnings, {} problems\n", counts[0], counts[1], counts[2]);
    return text;
}

std::string doctor_json(std::span<const Finding> findings) {
    std::string text = "[";
    for (const auto& finding : findings)
        fmt::format_to(std::back_inserter(text), R"({}{{"subject":{},"verdict":{},"says":{},"remedy":{}}})",
                       text.size() > 1 ? ",\n" : "", json(finding.subject),
                       json(finding.verdict == Verdict::problem ? "problem"
                                                                : kVerdicts[static_cast<std::size_t>(finding.verdict)]),
                       json(finding.says), finding.remedy.empty() ? "null" : json(finding.remedy));
    return text + "]\n";
}

}  // namespace taskmirror::ops
