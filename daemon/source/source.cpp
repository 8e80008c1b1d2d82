#include "source/source.hpp"

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
}

}  // namespace taskmirror::source
