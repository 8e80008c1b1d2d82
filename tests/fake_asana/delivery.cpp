#include "delivery.hpp"

#include <algorithm>

#include "text.hpp"

namespace fake_asana {

SyncToken Delivery::begin(const World& world, Millis now) {
    const std::lock_guard lock(mutex_);
    return {.position = told_until(world, now), .issued = now, .chain = next_chain_++};
}

std::optional<Delivery::Page> Delivery::page(const World& world, Id stream, const SyncToken& token, Millis now,
                                             std::size_t most) {
    const std::lock_guard lock(mutex_);
    if (token.chain < first_living_ || token.issued + kSyncLife < now || token.position > world.events.size())
        return std::nullopt;
    Chain& chain = chains_[{stream, token.chain}];
    if (token.step < chain.step) return std::nullopt;
    if (token.step > chain.step || !chain.answered) {
        chain.step = token.step;
        chain.answered = next_page(world, stream, token, now, most);
    }
    return chain.answered;
}

void Delivery::make(const Unreliable& unreliable) {
    const std::lock_guard lock(mutex_);
    unreliable_ = unreliable;
}

void Delivery::expire() {
    const std::lock_guard lock(mutex_);
    first_living_ = next_chain_;
    chains_.clear();
}

// Events are in the order of their time.
std::uint64_t Delivery::told_until(const World& world, Millis now) const {
    const auto& events = world.events;
    if (unreliable_.lag == 0) return events.size();
    const auto held_back = std::partition_point(
        events.begin(), events.end(), [&](const Event& event) { return event.created + unreliable_.lag <= now; });
    return static_cast<std::uint64_t>(held_back - events.begin());
}

Delivery::Page Delivery::next_page(const World& world, Id stream, const SyncToken& token, Millis now,
                                   std::size_t most) const {
    Page page;
    page.next = {.position = std::max(token.position, told_until(world, now)),
                 .issued = now,
                 .chain = token.chain,
                 .step = token.step + 1};
    const auto found = world.event_streams.find(stream);
    if (found == world.event_streams.end()) return page;
    const auto& numbers = found->second;
    for (auto at = std::lower_bound(numbers.begin(), numbers.end(), token.position);
         at != numbers.end() && *at < page.next.position; ++at) {
        if (page.events.size() == most) {
            page.more = true;
            page.next.position = *at;
            break;
        }
        Random dice(unreliable_.seed * 1'000'003 + stream * 31 + *at);
        if (dice.chance(unreliable_.drop)) continue;
        page.events.push_back(*at);
        if (dice.chance(unreliable_.duplicate) && page.events.size() < most) page.events.push_back(*at);
    }
    Random dice(unreliable_.seed + stream + token.position);
    for (std::size_t i = page.events.size(); unreliable_.reorder && i > 1; --i) {
        std::swap(page.events[i - 1], page.events[dice.pick(i)]);
    }
    return page;
}

}  // namespace fake_asana
