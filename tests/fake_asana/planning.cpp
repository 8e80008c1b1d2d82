// Portfolios, goals and time periods: made from the seed, and who sees them.
//
// The token's user owns some portfolios; of the others it sees those that are items of one that it sees. Goals of teams
// are in the lists of their teams alone: inferred, as is that they are gone with their team.
#include <algorithm>
#include <set>

#include "model.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

class Generator {
  public:
    explicit Generator(World& world) : w_(world), random_(world.shape.seed * 6037 + 23) {}

    void run() {
        if (w_.shape.tasks == 0 || w_.shape.bench) return;
        for (Index workspace = 0; workspace < w_.workspaces.size(); ++workspace) {
            make_time_periods(workspace);
            const bool first = workspace == 0;
            const auto many = static_cast<int>(std::min<std::int64_t>(30, w_.shape.tasks / 120));
            make_portfolios(workspace, first ? 4 + many : 1);
            make_goals(workspace, first ? 6 + 2 * many : 2);
        }
        for (Team& team : w_.teams)
            if (random_.chance(0.5)) team.settings = settings(team.workspace);
    }

  private:
    static Index index(std::size_t size) { return static_cast<Index>(size); }
    std::string name() { return short_name(random_.next(), w_.shape.hurts); }
    std::string text(int bytes) { return long_text(random_.next(), bytes, w_.shape.hurts); }
    Millis past() { return kEpoch - static_cast<Millis>(random_.below(900)) * kDay - random_.number(86'400'000); }
    Index from(const std::vector<Index>& list) { return list.empty() ? kNone : list[random_.pick(list.size())]; }
    std::vector<Index> some(const std::vector<Index>& list, int at_most) {
        std::vector<Index> result;
        for (int i = random_.number(at_most + 1); i > 0; --i) {
            const Index one = from(list);
            if (one != kNone && std::find(result.begin(), result.end(), one) == result.end()) result.push_back(one);
        }
        return result;
    }
    std::vector<Setting> settings(Index workspace) {
        std::vector<Setting> result;
        for (const Index field : some(w_.workspaces[workspace].fields, 4))
            result.push_back({field, random_.chance(0.3)});
        return result;
    }

    void make_time_periods(Index workspace) {
        const Index year = index(w_.time_periods.size());
        const Millis start = kEpoch - 365 * kDay;
        w_.time_periods.push_back({workspace, "FY", "FY25", start, kEpoch - kDay, kNone});
        for (int quarter = 0; quarter < 4; ++quarter) {
            const std::string period = "Q" + std::to_string(quarter + 1);
            w_.time_periods.push_back({workspace, period, period + " FY25", start + quarter * 91 * kDay,
                                       start + (quarter + 1) * 91 * kDay - kDay, year});
        }
    }

    // Whatever has members, status updates, custom fields.
    void fill(Plan& plan, Type type, Index number, Index workspace) {
        const Workspace& place = w_.workspaces[workspace];
        plan.name = name();
        plan.workspace = workspace;
        plan.owner = from(place.users);
        if (random_.chance(0.6)) plan.due = kEpoch + random_.number(300) * kDay;
        if (plan.due != kNoTime && random_.chance(0.5)) plan.start = plan.due - random_.number(90) * kDay;
        plan.people = some(place.people, 5);
        plan.settings = settings(workspace);
        plan.own_fields = some(place.fields, 3);
        for (const Index user : plan.people) member(plan, type, number, Type::user, user);
        if (!place.teams.empty() && random_.chance(0.4)) member(plan, type, number, Type::team, from(place.teams));
        for (int i = random_.number(3); i > 0; --i) {
            const Millis created = past();
            plan.status_updates.push_back(index(w_.status_updates.size()));
            w_.status_updates.push_back({.title = name(),
                                         .text = text(80),
                                         .parent = number,
                                         .author = from(place.people),
                                         .status = random_.number(9),
                                         .created = created,
                                         .modified = created + 1000,
                                         .likes = some(place.people, 2),
                                         .parent_type = type});
        }
    }

    void member(Plan& plan, Type type, Index number, Type member_type, Index who) {
        plan.memberships.push_back(index(w_.memberships.size()));
        w_.memberships.push_back({number, who, member_type, random_.number(4), type});
    }

    // The first is the user's own, the third somebody else's inside it, the fourth nobody leads to.
    void make_portfolios(Index workspace, int count) {
        const Workspace& place = w_.workspaces[workspace];
        const Index first = index(w_.portfolios.size());
        const Index other = place.users.size() > 1 ? place.users[1] : 0;
        for (int i = 0; i < count; ++i) {
            const Index p = index(w_.portfolios.size());
            Portfolio portfolio;
            fill(portfolio, Type::portfolio, p, workspace);
            if (i == 0 || i == 1) portfolio.owner = 0;
            if (i == 2 || i == 3) portfolio.owner = other;
            portfolio.color = random_.number(18);
            portfolio.archived = random_.chance(0.15);
            portfolio.created_by = from(place.people);
            portfolio.created = past();
            portfolio.templates = some(place.projects, 2);
            w_.portfolios.push_back(std::move(portfolio));
            for (const Index project : some(place.projects, 8)) w_.add_item(p, Type::project, project, past());
            if (i > 0 && i != 3 && (i < 3 || random_.chance(0.6)))
                w_.add_item(i < 3 ? first : first + random_.pick(static_cast<std::size_t>(i)), Type::portfolio, p,
                            past());
        }
    }

    void make_goals(Index workspace, int count) {
        const Workspace& place = w_.workspaces[workspace];
        const Index first = index(w_.goals.size());
        for (int i = 0; i < count; ++i) {
            const Index g = index(w_.goals.size());
            Goal goal;
            fill(goal, Type::goal, g, workspace);
            if (random_.chance(0.2)) goal.owner = kNone;
            goal.notes = random_.chance(0.6) ? text(150) : "";
            if (!place.teams.empty() && (i == 0 || random_.chance(0.5))) goal.team = from(place.teams);
            goal.of_workspace = goal.team == kNone || (i > 0 && random_.chance(0.3));
            if (random_.chance(0.8)) goal.time_period = index(w_.time_periods.size()) - 1 - random_.pick(5);
            goal.status = random_.number(8) - 1;
            goal.unit = random_.number(4) - 1;
            goal.initial = random_.number(100) / 4.0;
            goal.target = goal.initial + 1 + random_.number(100);
            goal.current = goal.initial + random_.number(50) / 8.0;
            goal.likes = some(place.people, 2);
            for (int n = random_.number(5); n > 0; --n) add_story(goal, g, place);
            w_.goals.push_back(std::move(goal));
            if (g > first && random_.chance(0.7))  // of an earlier one: no circles
                w_.add_relationship(first + random_.pick(g - first), Type::goal, g, random_.number(5) / 4.0);
            if (const Index project = from(place.projects); project != kNone && random_.chance(0.6))
                w_.add_relationship(g, Type::project, project, 1);
            if (random_.chance(0.4)) {
                const Index task = random_.pick(w_.tasks.size());
                if (w_.tasks[task].workspace == workspace) w_.add_relationship(g, Type::task, task, 0.5);
            }
            if (random_.chance(0.3)) w_.add_relationship(g, Type::portfolio, random_.pick(w_.portfolios.size()), 1);
        }
    }

    void add_story(Goal& goal, Index g, const Workspace& place) {
        Story story;
        story.id = kGoalStories + g * kStoriesPerGoal + goal.stories.size();
        story.task = g;
        story.target_type = Type::goal;
        story.created_by = from(place.people);
        story.shape = story_shape_named(random_.chance(0.5) ? "comment_added" : "notes_changed");
        story.created = past();
        story.text = text(60);
        story.source = random_.number(5);
        goal.stories.push_back(std::move(story));
    }

    World& w_;
    Random random_;
};

}  // namespace

void generate_planning(World& world) { Generator(world).run(); }

void World::add_item(Index portfolio, Type type, Index item, Millis now) {
    auto& items = portfolios[portfolio].items;
    if (std::find(items.begin(), items.end(), std::pair(type, item)) != items.end()) return;
    items.emplace_back(type, item);
    if (type != Type::project) return;
    portfolios[portfolio].project_settings.push_back(static_cast<Index>(project_portfolio_settings.size()));
    project_portfolio_settings.push_back({item, portfolio, item % 2 == 0, now});
}

void World::remove_item(Index portfolio, Type type, Index item) {
    std::erase(portfolios[portfolio].items, std::pair(type, item));
    if (type != Type::project) return;
    std::erase_if(portfolios[portfolio].project_settings,
                  [&](Index setting) { return project_portfolio_settings[setting].project == item; });
}

void World::add_relationship(Index goal, Type type, Index supporting, double weight) {
    goals[goal].relationships.push_back(static_cast<Index>(goal_relationships.size()));
    goal_relationships.push_back({goal, supporting, type, weight});
}

Value World::plan_value(Type type, Index object, Index field) const {
    return derived_value((type == Type::portfolio ? 910'000'000'000ULL : 920'000'000'000ULL) + object, field);
}

const Plan& World::plan(Type type, Id id) const {
    if (type == Type::portfolio) return portfolios.at(id);
    return goals.at(id);
}

const std::vector<Setting>& World::settings(Type type, Id id) const {
    if (type == Type::project) return projects[id].settings;
    if (type == Type::team) return teams[id].settings;
    return plan(type, id).settings;
}

bool World::led_to(Index portfolio) const {
    std::set<Index> seen;
    std::vector<Index> next;
    for (Index p = 0; p < portfolios.size(); ++p)
        if (portfolios[p].owner == 0) next.push_back(p);
    while (!next.empty()) {
        const Index p = next.back();
        next.pop_back();
        if (portfolios[p].deleted || !visible(Type::portfolio, p) || !seen.insert(p).second) continue;
        if (p == portfolio) return true;
        for (const auto& [type, item] : portfolios[p].items)
            if (type == Type::portfolio) next.push_back(item);
    }
    return false;
}

// What is deleted is in none.
std::vector<std::pair<Type, Index>> World::items(Index portfolio) const {
    auto result = portfolios[portfolio].items;
    std::erase_if(result, [&](const auto& item) { return !exists(item.first, item.second); });
    return result;
}

std::vector<Index> World::project_settings(Index portfolio) const {
    auto result = portfolios[portfolio].project_settings;
    std::erase_if(result, [&](Index setting) { return projects[project_portfolio_settings[setting].project].deleted; });
    return result;
}

std::vector<Index> World::relationships(Index goal) const {
    auto result = goals[goal].relationships;
    std::erase_if(result, [&](Index r) {
        return !exists(goal_relationships[r].supporting_type, goal_relationships[r].supporting);
    });
    return result;
}

std::optional<Story> World::goal_story(Id id) const {
    const Id g = (id - kGoalStories) / kStoriesPerGoal;
    if (g >= goals.size()) return std::nullopt;
    const auto found =
        std::find_if(goals[g].stories.begin(), goals[g].stories.end(), [&](const Story& s) { return s.id == id; });
    return found == goals[g].stories.end() ? std::nullopt : std::optional(*found);
}

bool World::planning_exists(Type type, Id id) const {
    const auto has = [&](const std::vector<Index>& list) {
        return std::find(list.begin(), list.end(), id) != list.end();
    };
    switch (type) {
        case Type::portfolio:
            return id < portfolios.size() && !portfolios[id].deleted;
        case Type::goal:
            return id < goals.size() && !goals[id].deleted &&
                   (goals[id].of_workspace || !teams[goals[id].team].deleted);
        case Type::project_portfolio_setting:
            return id < project_portfolio_settings.size() &&
                   exists(Type::portfolio, project_portfolio_settings[id].portfolio) &&
                   has(project_settings(project_portfolio_settings[id].portfolio));
        case Type::goal_relationship:
            return id < goal_relationships.size() && exists(Type::goal, goal_relationships[id].goal) &&
                   has(relationships(goal_relationships[id].goal));
        case Type::time_period:
            return id < time_periods.size() && !time_periods[id].deleted;
        default:
            return false;
    }
}

bool World::planning_allowed(Type type, Id id) const {
    switch (type) {
        case Type::portfolio:
            return led_to(static_cast<Index>(id));
        case Type::project_portfolio_setting:
            return allowed(Type::portfolio, project_portfolio_settings[id].portfolio);
        case Type::goal_relationship:
            return allowed(Type::goal, goal_relationships[id].goal);
        default:
            return true;
    }
}

}  // namespace fake_asana
