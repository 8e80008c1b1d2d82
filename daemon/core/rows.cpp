#include "core/rows.hpp"

#include <algorithm>
#include <cstring>

namespace taskmirror {

std::string_view Page::keep(std::string_view text) {
    while (block_ < blocks_.size() && used_ + text.size() > blocks_[block_].size) {
        ++block_;
        used_ = 0;
    }
    if (block_ == blocks_.size()) {
        const auto size = std::max(kBlock, text.size());
        blocks_.push_back({std::make_unique<char[]>(size), size});
    }
    char* const place = blocks_[block_].bytes.get() + used_;
    if (!text.empty()) std::memcpy(place, text.data(), text.size());
    used_ += text.size();
    return {place, text.size()};
}

void Page::clear() {
    entities.clear();
    edges.clear();
    children.clear();
    mentions.clear();
    values.clear();
    block_ = 0;
    used_ = 0;
    // One huge page must not keep its memory for ever.
    constexpr std::size_t kMost = 16;
    std::erase_if(blocks_, [](const Block& block) { return block.size > kBlock; });
    if (blocks_.size() > kMost) blocks_.resize(kMost);
}

}  // namespace taskmirror
