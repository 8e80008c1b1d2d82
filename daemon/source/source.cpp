#include "source/source.hpp"

#include "core/error.hpp"

namespace taskmirror::source {

void Answer::clear() {
    page.clear();
    unwanted.clear();
    follow_ups.clear();
    next.reset();
    objects = 0;
    count.reset();
    token.reset();
    more = false;
    facts.clear();
    roots.reset();
    asked_roots.clear();
    untold.reset();
    job.reset();
}

std::string Source::body(const Work&) const { return {}; }

void Source::read_line(const Work&, std::string_view, Answer&) { throw Error("a line of nothing that was asked for"); }

std::optional<FollowUp> Source::in_place_of(const Work&, std::string_view) const { return std::nullopt; }
void note_wanted(const Source& source, const Answer& answer, Gids& wanted) {
    const auto filtered = source.filtered();
    if (filtered.empty()) return;
    const auto is_filtered = [&](std::uint16_t table) { return source.tables()[table].name == filtered; };
    for (const auto& entity : answer.page.entities)
        if (is_filtered(entity.table)) wanted.emplace(entity.gid);
    for (const auto& [table, gid] : answer.unwanted)
        if (is_filtered(table)) wanted.erase(gid);
}

const Gids* in_force(const Source& source, const Gids& wanted) { return source.filtered().empty() ? nullptr : &wanted; }

}  // namespace taskmirror::source
