// What `taskmirror doctor` finds, and how it says so: judgements of what was measured. Pure but for looks at files;
// writes nothing, asks no network.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/health.hpp"
#include "store/reader.hpp"

namespace taskmirror::ops {

enum class Verdict : std::uint8_t { ok, warning, problem };

struct Finding {
    std::string subject{};
    Verdict verdict = Verdict::ok;
    std::string says{};
    std::string remedy{};  // what to type or do; empty where nothing is wrong
};

inline constexpr std::chrono::seconds kMostSkew{30};

// The machine's clock is that much ahead of the server's (behind, if it is negative).
Finding clock_finding(std::string_view subject, std::chrono::seconds ahead);

// What a file system is, by its number in statfs(2), where a write-ahead log does not work on it: processes on several
// machines, or of FUSE, do not share its memory. Empty: it does, as far as is known.
std::string_view shared_file_system(std::int64_t magic);
Finding file_system_finding(const std::filesystem::path& folder);

// A database of that size needs some space to grow.
Finding disk_finding(const std::filesystem::path& folder, std::uintmax_t free_bytes, std::uintmax_t database_bytes);
// The same for a database that may be there; none: its disk cannot be asked.
std::optional<Finding> disk_finding(const std::filesystem::path& database);

// The write-ahead log is larger than a running mirror lets it become.
Finding log_finding(std::uintmax_t log_bytes);

// Who may read and write the database, the files beside it, and their folder. For the user who asks.
std::vector<Finding> permission_findings(const std::filesystem::path& database);

std::vector<Finding> health_findings(const store::Health& health, bool full);

bool has_problem(std::span<const Finding> findings);
std::string doctor_text(std::span<const Finding> findings);
std::string doctor_json(std::span<const Finding> findings);

}  // namespace taskmirror::ops
