#include "source/source.hpp"

#include "core/error.hpp"

namespace taskmirror::source {

void Answer::clear() {
    page.clear();
    follow_ups.clear();
    next.reset();
    objects = 0;
    count.reset();
    token.reset();
    more = false;
    facts.clear();
    roots.reset();
    untold.reset();
    job.reset();
}

std::string Source::body(const Work&) const { return {}; }

void Source::read_line(const Work&, std::string_view, Answer&) { throw Error("a line of nothing that was asked for"); }

std::optional<FollowUp> Source::in_place_of(const Work&, std::string_view) const { return std::nullopt; }

}  // namespace taskmirror::source
