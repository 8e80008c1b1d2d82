#include "asana/search.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"

namespace taskmirror::asana {
namespace {

constexpr Milliseconds kTick{1};
constexpr int kParts = 4;

Instant instant(std::string_view text) {
    const auto parsed = parse_iso(text);
    if (!parsed) throw Error("a search that stands nowhere");
    return *parsed;
}

std::string_view yes_or_no(bool value) { return value ? "true" : "false"; }

}  // namespace

// "MODIFIED", "MODIFIED|" with or without CREATED behind it, "MODIFIED|CREATED|PART".
SearchPlace SearchPlace::of(const source::Work& work) {
    SearchPlace place;
    std::string_view text = work.offset.empty() ? work.cursor : work.offset;
    const auto word = [&] {
        const auto end = std::min(text.find('|'), text.size());
        const auto first = text.substr(0, end);
        text.remove_prefix(end);
        return first;
    };
    place.modified_ = instant(word());
    if (text.empty()) return place;
    place.within_ = true;
    text.remove_prefix(1);
    if (const auto created = word(); !created.empty()) place.created_ = instant(created);
    if (text.empty()) return place;
    text.remove_prefix(1);
    if (text.size() != 1 || text[0] < '0' || text[0] >= '0' + kParts || !place.created_)
        throw Error("a search that stands nowhere");
    place.part_ = text[0] - '0';
    return place;
}

std::string SearchPlace::text() const {
    if (!within_) return iso(modified_);
    return fmt::format("{}|{}{}", iso(modified_), created_ ? iso(*created_) : "",
                       part_ ? fmt::format("|{}", *part_) : "");
}

std::vector<std::pair<std::string_view, std::string>> SearchPlace::filters() const {
    std::vector<std::pair<std::string_view, std::string>> filters = {
        {"sort_by", within_ ? "created_at" : "modified_at"},
        {"sort_ascending", "true"},
        {"modified_at.after", iso(within_ ? modified_ - kTick : modified_)}};
    if (within_) filters.emplace_back("modified_at.before", iso(modified_ + kTick));
    if (created_) filters.emplace_back("created_at.after", iso(part_ ? *created_ - kTick : *created_));
    if (!part_) return filters;
    filters.emplace_back("created_at.before", iso(*created_ + kTick));
    filters.emplace_back("is_subtask", yes_or_no((*part_ & 1) != 0));
    filters.emplace_back("completed", yes_or_no((*part_ & 2) != 0));
    return filters;
}

bool SearchPlace::go_on(Instant modified, Instant created) {
    if (part_) {
        go_on();
        return false;
    }
    // What has the same time as the last one may stand behind it.
    if (!within_ && modified - kTick > modified_) {
        modified_ = modified - kTick;
    } else if (!within_) {
        modified_ = modified;
        within_ = true;
    } else if (!created_ || created - kTick > *created_) {
        created_ = created - kTick;
    } else {
        created_ = created;
        part_ = 0;
    }
    return true;
}

bool SearchPlace::go_on() {
    if (part_) {
        if (++*part_ == kParts) part_.reset();
        return true;
    }
    created_.reset();
    return std::exchange(within_, false);
}

}  // namespace taskmirror::asana
