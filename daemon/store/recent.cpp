#include "store/recent.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

namespace taskmirror::store {

RowKey row_key(std::uint16_t table, std::string_view gid) {
    const auto hash = XXH3_128bits_withSeed(gid.data(), gid.size(), table);
    return {hash.low64, hash.high64};
}

bool AnswerOrder::outdated(const RowKey& row, const Sent& sent) const {
    const auto found = newest_.find(row);
    return found != newest_.end() && found->second > sent.number;
}

void AnswerOrder::remember(const RowKey& row, const Sent& sent) {
    if (sent.number <= sent.oldest_in_flight) return;
    newest_[row] = sent.number;
}

void AnswerOrder::forget_settled(const Sent& sent) {
    if (newest_.size() < sweep_at_) return;
    std::erase_if(newest_, [&](const auto& entry) { return entry.second <= sent.oldest_in_flight; });
    sweep_at_ = std::max<std::size_t>(1024, 2 * newest_.size());
}

bool MentionMemory::is_new(const Mention& mention) {
    const RowKey row = row_key(mention.table, mention.gid);
    const auto name = mention.name.is_null() ? std::string_view() : mention.name.as_text();
    const std::uint64_t seed = mention.name.is_null() ? 1 : 2;
    const auto content = row.high ^ XXH3_64bits_withSeed(name.data(), name.size(), seed);

    if (names_.size() >= kMost) names_.clear();
    const auto [place, inserted] = names_.try_emplace(row.low, content);
    if (!inserted && place->second == content) return false;
    place->second = content;
    return true;
}

}  // namespace taskmirror::store
