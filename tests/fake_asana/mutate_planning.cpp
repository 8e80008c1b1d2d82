// Changes of portfolios and goals. No event and no modified_at tells of them.
#include <algorithm>
#include <set>
#include <stdexcept>
#include <utility>

#include "mutate.hpp"

namespace fake_asana {

namespace {

constexpr std::size_t kLeft = 3;  // random changes leave enough to go on with

template <class List>
std::size_t living(const List& list) {
    return static_cast<std::size_t>(
        std::count_if(list.begin(), list.end(), [](const auto& one) { return !one.deleted; }));
}

// Whether the portfolio is below the other one, or is it.
bool is_under(const World& w, Index portfolio, Index other) {
    std::set<Index> seen;
    std::vector<Index> next{other};
    while (!next.empty()) {
        const Index p = next.back();
        next.pop_back();
        if (p == portfolio) return true;
        if (!seen.insert(p).second) continue;
        for (const auto& [type, item] : w.portfolios[p].items)
            if (type == Type::portfolio) next.push_back(item);
    }
    return false;
}

}  // namespace

void Mutator::add_item(Index portfolio, std::pair<Type, Index> item) {
    w_.add_item(portfolio, item.first, item.second, now_);
}

void Mutator::remove_item(Index portfolio, std::pair<Type, Index> item) {
    w_.remove_item(portfolio, item.first, item.second);
}

void Mutator::remove_portfolio(Index portfolio) { w_.portfolios[portfolio].deleted = true; }

void Mutator::remove_goal(Index goal) { w_.goals[goal].deleted = true; }

void Mutator::rename_goal(Index goal, const std::string& title) { w_.goals[goal].name = title; }

void Mutator::remove_relationship(Index relationship) {
    std::erase(w_.goals[w_.goal_relationships[relationship].goal].relationships, relationship);
}

void Mutator::remove_time_period(Index period) { w_.time_periods[period].deleted = true; }

Index Mutator::some_portfolio(bool deleted) {
    for (int attempt = 0; attempt < 30 && !w_.portfolios.empty(); ++attempt) {
        const Index p = random_.pick(w_.portfolios.size());
        if (w_.portfolios[p].deleted == deleted) return p;
    }
    return kNone;
}

Index Mutator::some_goal(bool deleted) {
    for (int attempt = 0; attempt < 30 && !w_.goals.empty(); ++attempt) {
        const Index g = random_.pick(w_.goals.size());
        if (w_.goals[g].deleted == deleted) return g;
    }
    return kNone;
}

Plan* Mutator::some_plan(Type& type, Index& number) {
    type = random_.chance(0.5) ? Type::goal : Type::portfolio;
    number = type == Type::goal ? some_goal() : some_portfolio();
    return number == kNone ? nullptr : &w_.plan(type, number);
}

bool Mutator::new_portfolio() {
    Portfolio portfolio;
    portfolio.name = name();
    portfolio.workspace = random_.pick(w_.workspaces.size());
    portfolio.owner = random_.chance(0.6) ? 0 : some_person(portfolio.workspace);
    portfolio.created_by = portfolio.owner;
    portfolio.created = now_;
    w_.portfolios.push_back(std::move(portfolio));
    return true;
}

void Mutator::rename_portfolio(Index p, const std::string& title) { w_.portfolios[p].name = title; }

void Mutator::add_portfolio_field(Index p, Index field) {
    auto& settings = w_.portfolios[p].settings;
    if (std::any_of(settings.begin(), settings.end(), [&](const Setting& s) { return s.field == field; }))
        throw std::invalid_argument("the portfolio has the field");
    settings.push_back({field, false});
}

bool Mutator::rename_portfolio() {
    const Index p = some_portfolio();
    if (p != kNone) w_.portfolios[p].name = name();
    return p != kNone;
}

bool Mutator::delete_some_portfolio() {
    const Index p = living(w_.portfolios) > kLeft ? some_portfolio() : kNone;
    if (p != kNone) remove_portfolio(p);
    return p != kNone;
}

bool Mutator::restore_some_portfolio() {
    const Index p = some_portfolio(true);
    if (p != kNone) w_.portfolios[p].deleted = false;
    return p != kNone;
}

// A portfolio holds what is in its workspace: inferred.
bool Mutator::add_some_item() {
    const Index p = some_portfolio();
    if (p == kNone) return false;
    if (random_.chance(0.4)) {
        const Index other = some_portfolio();
        if (other == kNone || is_under(w_, p, other) || w_.portfolios[other].workspace != w_.portfolios[p].workspace)
            return false;
        add_item(p, {Type::portfolio, other});
        return true;
    }
    const Index project = w_.projects.empty() ? kNone : random_.pick(w_.projects.size());
    if (project == kNone || w_.projects[project].deleted ||
        w_.projects[project].workspace != w_.portfolios[p].workspace)
        return false;
    add_item(p, {Type::project, project});
    return true;
}

bool Mutator::remove_some_item() {
    const Index p = some_portfolio();
    if (p == kNone || w_.portfolios[p].items.empty()) return false;
    remove_item(p, w_.portfolios[p].items[random_.pick(w_.portfolios[p].items.size())]);
    return true;
}

bool Mutator::new_goal() {
    Goal goal;
    goal.name = name();
    goal.workspace = random_.pick(w_.workspaces.size());
    goal.owner = 0;
    goal.people = {0};
    const auto& teams = w_.workspaces[goal.workspace].teams;
    if (!teams.empty() && random_.chance(0.5)) {
        goal.team = teams[random_.pick(teams.size())];
        goal.of_workspace = false;
    }
    w_.goals.push_back(std::move(goal));
    return true;
}

bool Mutator::rename_some_goal() {
    const Index g = some_goal();
    if (g != kNone) rename_goal(g, name());
    return g != kNone;
}

bool Mutator::goal_progress() {
    const Index g = some_goal();
    if (g == kNone) return false;
    w_.goals[g].unit = random_.number(3);
    w_.goals[g].current += 0.25;
    w_.goals[g].status = random_.number(7);
    return true;
}

bool Mutator::delete_some_goal() {
    const Index g = living(w_.goals) > kLeft ? some_goal() : kNone;
    if (g != kNone) remove_goal(g);
    return g != kNone;
}

bool Mutator::restore_some_goal() {
    const Index g = some_goal(true);
    if (g != kNone) w_.goals[g].deleted = false;
    return g != kNone;
}

// To a team, to another one, or to the workspace.
bool Mutator::move_goal() {
    const Index g = some_goal();
    if (g == kNone) return false;
    Goal& goal = w_.goals[g];
    const auto& teams = w_.workspaces[goal.workspace].teams;
    goal.of_workspace = teams.empty() || random_.chance(0.4);
    goal.team = teams.empty() || goal.of_workspace ? kNone : teams[random_.pick(teams.size())];
    return true;
}

// Of an older one, so that there are no circles.
bool Mutator::relate_goal() {
    const Index g = some_goal(), other = some_goal();
    if (g == kNone || other >= g) return false;
    w_.add_relationship(other, Type::goal, g, 0.5);
    return true;
}

bool Mutator::unrelate_goal() {
    const Index g = some_goal();
    if (g == kNone || w_.goals[g].relationships.empty()) return false;
    remove_relationship(w_.goals[g].relationships[random_.pick(w_.goals[g].relationships.size())]);
    return true;
}

bool Mutator::comment_goal() {
    const Index g = some_goal();
    if (g == kNone) return false;
    auto& stories = w_.goals[g].stories;
    Story story;
    story.id = stories.empty() ? kGoalStories + g * kStoriesPerGoal + 500 : stories.back().id + 1;
    story.task = g;
    story.target_type = Type::goal;
    story.created_by = 0;
    story.shape = story_shape_named("comment_added");
    story.created = now_;
    story.text = name();
    stories.push_back(std::move(story));
    return true;
}

bool Mutator::uncomment_goal() {
    const Index g = some_goal();
    if (g == kNone || w_.goals[g].stories.empty()) return false;
    w_.goals[g].stories.erase(w_.goals[g].stories.begin());
    return true;
}

bool Mutator::plan_status_update() {
    Type type{};
    Index number = kNone;
    Plan* const plan = some_plan(type, number);
    if (plan == nullptr) return false;
    plan->status_updates.push_back(static_cast<Index>(w_.status_updates.size()));
    w_.status_updates.push_back({.title = name(),
                                 .text = name(),
                                 .parent = number,
                                 .author = 0,
                                 .status = random_.number(9),
                                 .created = now_,
                                 .modified = now_,
                                 .likes = {},
                                 .parent_type = type});
    return true;
}

bool Mutator::plan_member() {
    Type type{};
    Index number = kNone;
    Plan* const plan = some_plan(type, number);
    if (plan == nullptr) return false;
    if (!plan->memberships.empty() && random_.chance(0.5)) {
        remove_member(plan->memberships.front());
        return true;
    }
    plan->memberships.push_back(static_cast<Index>(w_.memberships.size()));
    w_.memberships.push_back({number, some_person(plan->workspace), Type::user, random_.number(4), type});
    return true;
}

bool Mutator::plan_field() {
    Type type{};
    Index number = kNone;
    Plan* const plan = some_plan(type, number);
    if (plan == nullptr) return false;
    const auto& fields = w_.workspaces[plan->workspace].fields;
    if (!plan->settings.empty() && random_.chance(0.5)) {
        plan->settings.erase(plan->settings.begin());
        return true;
    }
    const Index field = fields.empty() ? kNone : fields[random_.pick(fields.size())];
    if (field == kNone || std::any_of(plan->settings.begin(), plan->settings.end(),
                                      [&](const Setting& setting) { return setting.field == field; }))
        return false;
    plan->settings.push_back({field, false});
    return true;
}

}  // namespace fake_asana
