// The values that Asana's enumerations take; the model keeps their index.
#pragma once

#include <array>
#include <string_view>

namespace fake_asana {

using Words = std::string_view;

constexpr std::array<Words, 19> kColors{
    "dark-pink",   "dark-green",     "dark-blue",    "dark-red",        "dark-teal",  "dark-brown", "dark-orange",
    "dark-purple", "dark-warm-gray", "light-pink",   "light-green",     "light-blue", "light-red",  "light-teal",
    "light-brown", "light-orange",   "light-purple", "light-warm-gray", "none"};
constexpr std::array<Words, 32> kIcons{"list",
                                       "board",
                                       "timeline",
                                       "calendar",
                                       "rocket",
                                       "people",
                                       "graph",
                                       "star",
                                       "bug",
                                       "light_bulb",
                                       "globe",
                                       "gear",
                                       "notebook",
                                       "computer",
                                       "check",
                                       "target",
                                       "html",
                                       "megaphone",
                                       "chat_bubbles",
                                       "briefcase",
                                       "page_layout",
                                       "mountain_flag",
                                       "puzzle",
                                       "presentation",
                                       "line_and_symbols",
                                       "speed_dial",
                                       "ribbon",
                                       "shoe",
                                       "shopping_basket",
                                       "map",
                                       "ticket",
                                       "coins"};
constexpr std::array<Words, 4> kViews{"list", "board", "calendar", "timeline"};
constexpr std::array<Words, 4> kAccessLevels{"admin", "editor", "commenter", "viewer"};
constexpr std::array<Words, 3> kVisibilities{"secret", "request_to_join", "public"};
constexpr std::array<Words, 9> kStatuses{"on_track", "at_risk", "off_track", "on_hold", "complete",
                                         "achieved", "partial", "missed",    "dropped"};
constexpr std::array<Words, 7> kGoalStatuses{"green", "yellow", "red", "missed", "achieved", "partial", "dropped"};
constexpr std::array<Words, 3> kUnits{"none", "currency", "percentage"};
constexpr std::array<Words, 4> kTaskSubtypes{"default_task", "milestone", "approval", "custom"};
constexpr std::array<Words, 4> kApprovals{"pending", "approved", "rejected", "changes_requested"};
constexpr std::array<Words, 7> kAttachmentSubtypes{"asana", "dropbox", "gdrive",  "onedrive",
                                                   "box",   "vimeo",   "external"};
constexpr std::array<Words, 5> kSources{"web", "email", "mobile", "api", "unknown"};
constexpr std::array<Words, 12> kStickers{
    "green_checkmark",     "people_dancing",      "dancing_unicorn",     "heart",
    "party_popper",        "people_waving_flags", "splashing_narwhal",   "trophy",
    "yeti_riding_unicorn", "celebrating_people",  "determined_climbers", "phoenix_spreading_love"};

// Around work.
constexpr std::array<Words, 4> kCategoryColors{"none", "red", "blue-green", "hot-pink"};
constexpr std::array<Words, 4> kTimeApprovals{"DRAFT", "SUBMITTED", "APPROVED", "REJECTED"};
constexpr std::array<Words, 3> kBillables{"billable", "nonBillable", "notApplicable"};
constexpr std::array<Words, 2> kEfforts{"hours", "percent"};
constexpr std::array<Words, 3> kBudgetFilters{"billable", "non_billable", "any"};
constexpr std::array<Words, 3> kBudgetSources{"none", "tasks", "capacity_plans"};
constexpr std::array<Words, 3> kRecipeSubtypes{"default_task", "milestone_task", "approval_task"};
constexpr std::array<Words, 4> kBaseRoles{"guest", "member", "admin", "super_admin"};

// Custom fields, by FieldKind.
constexpr std::array<Words, 15> kFieldSubtypes{"text",   "number", "number",    "number",     "number",
                                               "number", "number", "enum",      "multi_enum", "date",
                                               "date",   "people", "reference", "number",     "text"};
constexpr std::array<Words, 15> kFieldRepresentations{"text",   "number", "number",    "number",     "number",
                                                      "number", "number", "enum",      "multi_enum", "date",
                                                      "date",   "people", "reference", "formula",    "custom_id"};
constexpr std::array<Words, 15> kFieldFormats{
    "", "none", "currency", "percentage", "custom", "duration", "identifier", "", "", "", "", "", "", "none", ""};

template <std::size_t N>
constexpr Words word(const std::array<Words, N>& words, int index) {
    return words[static_cast<std::size_t>(index)];
}
template <std::size_t N, class Kind>
constexpr Words word_of(const std::array<Words, N>& words, Kind kind) {
    return words[static_cast<std::size_t>(kind)];
}

}  // namespace fake_asana
