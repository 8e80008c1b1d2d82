// What Asana has and a mirror does not hold, on purpose. The data dictionary shows it; a test finds a reason here, or
// in tests/contract/coverage.py, for every GET that Asana documents and no stream uses.
#pragma once

#include <array>
#include <string_view>

namespace taskmirror::asana {

struct LeftOut {
    std::string_view what;
    std::string_view path;  // of the GET, as Asana documents it; empty: there is none of its own
    std::string_view why;
};

inline constexpr std::array kLeftOut = {
    LeftOut{"favorites", "/users/{user_gid}/favorites", "of the token's own user only"},
    LeftOut{"whether one likes an object oneself", "",
            "depends on who asks; who likes a task stands in asana_task_likes"},
    LeftOut{"reactions by emoji", "/reactions", "asks for one emoji of one object after the other"},
    LeftOut{"typeahead", "/workspaces/{workspace_gid}/typeahead",
            "guesses what somebody types: approximate, 100 at most"},
    LeftOut{"webhooks", "/webhooks", "those of this token only; the mirror polls events instead"},
    LeftOut{"what a webhook is", "/webhooks/{webhook_gid}", "the same"},
    LeftOut{"access requests", "/access_requests",
            "asks for one object after the other, and names what is pending at the moment only"},
    LeftOut{"jobs", "", "what the token has asked Asana to do; the mirror polls its own export alone"},
    LeftOut{"organization exports", "/organization_exports/{organization_export_gid}",
            "an export that this token began"},
    LeftOut{"contents of attached files", "", "names and links are mirrored; a file may be of any size"},
};

}  // namespace taskmirror::asana
