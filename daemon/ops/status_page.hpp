// The status page of a running daemon, its health, and its metrics' source: pure functions of what was seen. A page
// needs no script and no network, and holds no text of users but as text.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "ops/live.hpp"
#include "ops/status.hpp"

namespace taskmirror::ops {

struct Seen {
    const Status& status;      // as of a moment ago
    std::string unreadable{};  // why the database could not be read; then the snapshot is an older one, or empty
    double read_seconds = 0;   // that reading it took
    Live live{};
    std::chrono::seconds quiet{0};  // since the loop has turned
};

inline constexpr std::chrono::minutes kHangs{5};      // a loop turns each second; building indexes may take minutes
inline constexpr std::chrono::minutes kNoCommit{10};  // a daemon that is well commits once a minute

enum class Health { good, notice, bad };
struct Judgement {
    Health health = Health::good;
    std::string sentence{};  // with its remedy
};
// The worst first; never empty.
std::vector<Judgement> judgements(const Seen& seen);

// Why the process should be restarted; empty: it need not be.
std::string unwell(const Seen& seen);
// Why it does not keep the database fresh; empty: it does.
std::string unready(const Seen& seen);

// What can be done about a gap.
std::string_view remedy(const store::GapCause& gap);

// `nonce` is for its style.
std::string status_page(const Seen& seen, std::string_view version, std::string_view nonce);

}  // namespace taskmirror::ops
