#include "asana/history.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include "core/error.hpp"

namespace taskmirror::asana {
namespace {

// A change by the names of columns of asana_stories; where a value may stand in two, the first that is filled counts.
// "=0" is the value 0.
struct Named {
    std::string_view subtype, field;
    std::string_view old_value = {}, new_value = {}, old_gid = {}, new_gid = {};
    std::string_view old_else = {}, new_else = {};  // of the values
};

// A subtype with several rows tells of those whose value changed. An assignment names no former assignee, a removal no
// next one; of notes and attachments it is only said that they changed.
constexpr Named kChanges[] = {
    {"assigned", "assignee", {}, {}, {}, "assignee_gid"},
    {"unassigned", "assignee", {}, {}, "assignee_gid", {}},
    {"marked_complete", "completed", "=0", "=1"},
    {"marked_incomplete", "completed", "=1", "=0"},
    {"name_changed", "name", "old_name", "new_name"},
    {"notes_changed", "notes"},
    {"due_date_changed", "due_on", "old_dates_due_on", "new_dates_due_on"},
    {"due_date_changed", "due_at", "old_dates_due_at", "new_dates_due_at"},
    {"due_date_changed", "start_on", "old_dates_start_on", "new_dates_start_on"},
    {"start_date_changed", "start_on", "old_dates_start_on", "new_dates_start_on"},
    {"start_date_changed", "due_on", "old_dates_due_on", "new_dates_due_on"},
    {"start_date_changed", "due_at", "old_dates_due_at", "new_dates_due_at"},
    {"added_to_project", "project", {}, {}, {}, "project_gid"},
    {"removed_from_project", "project", {}, {}, "project_gid", {}},
    {"section_changed", "section", {}, {}, "old_section_gid", "new_section_gid"},
    {"added_to_tag", "tag", {}, {}, {}, "tag_gid"},
    {"removed_from_tag", "tag", {}, {}, "tag_gid", {}},
    {"follower_added", "follower", {}, {}, {}, "follower_gid"},
    {"follower_removed", "follower", {}, {}, "follower_gid", {}},
    {"attachment_added", "attachment"},
    {"dependency_added", "dependency", {}, {}, {}, "dependency_gid"},
    {"dependency_removed", "dependency", {}, {}, "dependency_gid", {}},
    {"dependent_added", "dependent", {}, {}, {}, "task_gid"},
    {"dependent_removed", "dependent", {}, {}, "task_gid", {}},
    {"duplicated", "duplicate_of", {}, {}, {}, "duplicate_of_gid"},
    {"duplicated_from", "duplicated_from", {}, {}, {}, "duplicated_from_gid"},
    {"mentioned", "mention", {}, {}, {}, "task_gid"},
    {"approval_status_changed", "approval_status", "old_approval_status", "new_approval_status"},
    {"resource_subtype_changed", "resource_subtype", "old_resource_subtype", "new_resource_subtype"},
    {"text_custom_field_changed", "custom_field", "old_text_value", "new_text_value"},
    {"number_custom_field_changed", "custom_field", "old_number_value", "new_number_value"},
    {"enum_custom_field_changed", "custom_field", {}, {}, "old_enum_value_gid", "new_enum_value_gid"},
    {"multi_enum_custom_field_changed", "custom_field", "old_multi_enum_values", "new_multi_enum_values"},
    {"people_custom_field_changed", "custom_field", "old_people_value", "new_people_value"},
    {"date_custom_field_changed",
     "custom_field",
     "old_date_value_due_at",
     "new_date_value_due_at",
     {},
     {},
     "old_date_value_due_on",
     "new_date_value_due_on"},
};

// The pairs that a subtype of tomorrow may bring. Its texts stay in its story alone: who redacts names, or the values
// of a field, must find all of them.
constexpr std::string_view kPairs[] = {"section_changed",
                                       "due_date_changed",
                                       "approval_status_changed",
                                       "resource_subtype_changed",
                                       "number_custom_field_changed",
                                       "enum_custom_field_changed",
                                       "multi_enum_custom_field_changed",
                                       "people_custom_field_changed",
                                       "date_custom_field_changed"};

bool same(const Value& a, const Value& b) {
    if (a.type != b.type) return false;
    return a.is_null() || a.as_text() == b.as_text();  // gids, and values as texts
}

// As SQLite writes a number: 15 digits, and a point.
std::string number_text(double number) {
    char text[32];
    std::snprintf(text, sizeof text, "%.15g", number);
    return std::string(text) + (std::string_view(text).find_first_of(".en") == std::string_view::npos ? ".0" : "");
}

}  // namespace

History::History(std::span<const std::string_view> columns) {
    const auto column = [&](std::string_view name) {
        const auto found = std::ranges::find(columns, name);
        if (found == columns.end()) throw Fatal(ExitCode::internal, "no column " + std::string(name));
        return static_cast<std::size_t>(found - columns.begin());
    };
    const auto place = [&](std::string_view name, std::string_view other = {}) {
        Place its;
        if (name.starts_with('=')) return Place{.constant = name.substr(1)};
        if (!name.empty()) its.columns[0] = column(name);
        if (!other.empty()) its.columns[1] = column(other);
        return its;
    };
    for (const Named& named : kChanges) {
        if (subtypes_.empty() || subtypes_.back().name != named.subtype) subtypes_.push_back({named.subtype, {}});
        subtypes_.back().changes.push_back({named.field, place(named.old_value, named.old_else),
                                            place(named.new_value, named.new_else), place(named.old_gid),
                                            place(named.new_gid)});
        if (std::ranges::find(kPairs, named.subtype) != std::end(kPairs))
            pairs_.push_back(subtypes_.back().changes.back());
    }
    subtype_ = column("resource_subtype");
    type_ = column("type");
    target_ = column("target_gid");
    target_type_ = column("target_type");
    at_ = column("created_at");
    by_ = column("created_by_gid");
    custom_field_ = column("custom_field_gid");
}

Value History::at(const Place& place, std::size_t story, Page& page) const {
    if (!place.constant.empty()) return Value::of(place.constant);
    for (const auto column : place.columns) {
        if (column == kNone || page.values[story + column].is_null()) continue;
        const Value& value = page.values[story + column];
        return value.type == Value::Type::real ? Value::of(page.keep(number_text(value.real))) : value;
    }
    return {};
}

bool History::add(const Change& change, bool even_if_equal, std::size_t story, Page& page) const {
    const Value old_value = at(change.old_value, story, page), new_value = at(change.new_value, story, page);
    const Value old_gid = at(change.old_gid, story, page), new_gid = at(change.new_gid, story, page);
    if (!even_if_equal && same(old_value, new_value) && same(old_gid, new_gid)) return false;
    const auto of = [&](std::size_t column) { return page.values[story + column]; };
    const Value row[] = {
        {},        {},        of(target_), of(at_), of(by_), Value::of(change.field), of(custom_field_),
        old_value, new_value, old_gid,     new_gid};
    static_assert(std::size(row) == std::size(kTaskChangeColumns));
    page.values.insert(page.values.end(), std::begin(row), std::end(row));
    return true;
}

std::uint32_t History::append(std::size_t story, Page& page) const {
    const auto text = [&](std::size_t column) {
        const Value& value = page.values[story + column];
        return value.type == Value::Type::text ? value.as_text() : std::string_view();
    };
    const auto subtype = text(subtype_);
    if (subtype.empty() || subtype == "comment_added" || text(type_) == "comment" || text(target_type_) != "task")
        return 0;
    const auto known = std::ranges::find(subtypes_, subtype, &Subtype::name);
    const auto first = page.values.size();
    std::uint32_t rows = 0;
    if (known != subtypes_.end()) {
        for (const Change& change : known->changes) rows += add(change, known->changes.size() == 1, story, page);
        if (rows == 0) rows += add(known->changes.front(), true, story, page);
    } else {
        for (Change pair : pairs_) {
            pair.field = subtype;
            rows += add(pair, false, story, page);
        }
        if (rows == 0)
            rows += add({.field = subtype, .old_value = {}, .new_value = {}, .old_gid = {}, .new_gid = {}}, true, story,
                        page);
    }
    for (std::uint32_t row = 0; row < rows; ++row)
        page.values[first + row * std::size(kTaskChangeColumns) + 1] = Value::of(std::int64_t{row});
    return rows;
}

}  // namespace taskmirror::asana
