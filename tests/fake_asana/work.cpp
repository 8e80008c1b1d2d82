// Around work: time, capacity, budgets, templates, absence, roles and agents. Generated after all else, from numbers of
// their own.
#include <algorithm>

#include "model.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

class WorkGenerator {
  public:
    explicit WorkGenerator(World& world) : w_(world), random_(world.shape.seed * 6367 + 29) {}

    void run() {
        for (int i = 0; i < 3; ++i) w_.placeholders.push_back({name()});
        for (Index workspace = 0; workspace < w_.workspaces.size(); ++workspace) {
            make_lists(workspace);
            make_absences(workspace);
        }
        for (Index p = 0; p < w_.projects.size(); ++p) make_parts(p);
        for (Index t = 0; t < w_.tasks.size(); ++t) track(t);
    }

  private:
    std::string name() { return short_name(random_.next(), w_.shape.hurts); }
    Index from(const std::vector<Index>& list) { return list.empty() ? kNone : list[random_.pick(list.size())]; }
    Millis some_day() { return kEpoch - static_cast<Millis>(random_.below(900)) * kDay; }
    std::vector<std::string> names(int at_most) {
        std::vector<std::string> some;
        for (int i = random_.number(at_most + 1); i > 0; --i) some.push_back(name());
        return some;
    }

    void make_lists(Index workspace) {
        const Workspace& place = w_.workspaces[workspace];
        for (int i = 2 + random_.number(4); i > 0; --i)
            w_.time_categories.push_back({name(), workspace, random_.number(4), random_.chance(0.3)});
        for (const Index user : place.users) {
            for (int i = random_.number(3); i > 0; --i) {
                const Millis start = some_day();
                w_.timesheets.push_back({workspace, user, start + kDay, start, random_.number(4)});
            }
        }
        std::vector<Index> templates;
        for (int i = 1 + random_.number(4); i > 0; --i) {
            templates.push_back(static_cast<Index>(w_.project_templates.size()));
            w_.project_templates.push_back({.name = name(),
                                            .description = long_text(random_.next(), 80, w_.shape.hurts),
                                            .workspace = workspace,
                                            .team = from(place.teams),
                                            .owner = random_.chance(0.8) ? from(place.people) : kNone,
                                            .open = random_.chance(0.5),
                                            .color = random_.number(19) - 1,
                                            .dates = names(2),
                                            .roles = names(2)});
        }
        for (const Index p : place.projects) {
            if (w_.projects[p].project_template != kNone) w_.projects[p].project_template = from(templates);
        }
        if (!place.organization) return;
        for (int base = 0; base < 5; ++base) {
            const Millis created = some_day();
            w_.roles.push_back({name(), words(random_.next(), 5), workspace, base < 4, base % 4, created, created + 1});
        }
        for (int i = 1 + random_.number(2); i > 0; --i)
            w_.agents.push_back({name(), words(random_.next(), 8), workspace, random_.chance(0.5)});
    }

    void make_absences(Index workspace) {
        for (const Index user : w_.workspaces[workspace].users) {
            for (int i = random_.number(3); i > 0; --i) {
                const Millis start = some_day();
                w_.ooo_entries.push_back({workspace, user, user, start, start + random_.number(20) * kDay});
            }
        }
    }

    void make_parts(Index p) {
        const Workspace& place = w_.workspaces[w_.projects[p].workspace];
        const auto somebody = [&]() -> std::pair<Type, Index> {
            if (random_.chance(0.3)) return {Type::placeholder, random_.pick(w_.placeholders.size())};
            return {Type::user, from(place.people)};
        };
        for (int i = random_.number(3); i > 0; --i) {
            const auto [type, assignee] = somebody();
            const Millis start = some_day();
            w_.allocations.push_back({.project = p,
                                      .assignee_type = type,
                                      .assignee = assignee,
                                      .created_by = from(place.people),
                                      .start = start,
                                      .end = start + random_.number(60) * kDay,
                                      .effort = random_.number(3) - 1,
                                      .value = random_.number(80) / 2.0});
        }
        if (random_.chance(0.4)) {
            w_.budgets.push_back({p, random_.chance(0.5), random_.chance(0.8), random_.number(9000) / 4.0,
                                  random_.number(9000) / 4.0, static_cast<double>(random_.number(10000))});
        }
        for (int i = random_.number(3); i > 0; --i) {
            const auto [type, resource] = somebody();
            w_.rates.push_back({p, type, resource, from(place.people), 20 + random_.number(300) / 2.0});
        }
        for (int i = random_.chance(0.3) ? 1 + random_.number(2) : 0; i > 0; --i) {
            w_.task_templates.push_back({.name = name(),
                                         .description = long_text(random_.next(), 60, w_.shape.hurts),
                                         .project = p,
                                         .created_by = from(place.people),
                                         .created = some_day(),
                                         .subtype = random_.number(3),
                                         .start = random_.number(5) - 1,
                                         .due = random_.number(20) - 1,
                                         .followers = {from(place.people)}});
        }
    }

    // What is tracked for a task is its actual time.
    void track(Index t) {
        const Task& task = w_.tasks[t];
        const Workspace& place = w_.workspaces[task.workspace];
        std::vector<Index> categories;
        for (Index i = 0; i < w_.time_categories.size(); ++i) {
            if (w_.time_categories[i].workspace == task.workspace) categories.push_back(i);
        }
        for (std::int32_t left = task.minutes; left > 0;) {
            const std::int32_t minutes = random_.chance(0.6) ? left : 1 + random_.number(left);
            left -= minutes;
            w_.time_entries.push_back({.task = t,
                                       .user = from(place.people),
                                       .category = random_.chance(0.6) ? from(categories) : kNone,
                                       .project = task.homes.empty() ? kNone : task.homes[0].project,
                                       .minutes = minutes,
                                       .day = (task.created / kDay + random_.number(30)) * kDay,
                                       .created = task.created + random_.number(1'000'000),
                                       .description = random_.chance(0.3) ? name() : "",
                                       .approval = random_.number(4),
                                       .billable = random_.number(3)});
        }
    }

    World& w_;
    Random random_;
};

}  // namespace

void generate_work(World& world) { WorkGenerator(world).run(); }

std::size_t World::work_count(Type type) const {
    switch (type) {
        case Type::project_template:
            return project_templates.size();
        case Type::task_template:
            return task_templates.size();
        case Type::time_tracking_entry:
            return time_entries.size();
        case Type::time_tracking_category:
            return time_categories.size();
        case Type::timesheet_approval_status:
            return timesheets.size();
        case Type::allocation:
            return allocations.size();
        case Type::budget:
            return budgets.size();
        case Type::rate:
            return rates.size();
        case Type::ooo_entry:
            return ooo_entries.size();
        case Type::role:
            return roles.size();
        case Type::agent:
            return agents.size();
        default:
            return 0;
    }
}

Index World::work_owner(Type type, Index i) const {
    switch (type) {
        case Type::project_template:
            return project_templates[i].workspace;
        case Type::task_template:
            return task_templates[i].project;
        case Type::time_tracking_entry:
            return tasks[time_entries[i].task].workspace;
        case Type::time_tracking_category:
            return time_categories[i].workspace;
        case Type::timesheet_approval_status:
            return timesheets[i].workspace;
        case Type::allocation:
            return projects[allocations[i].project].workspace;
        case Type::budget:
            return budgets[i].project;
        case Type::rate:
            return rates[i].project;
        case Type::ooo_entry:
            return ooo_entries[i].workspace;
        case Type::role:
            return roles[i].workspace;
        case Type::agent:
            return agents[i].workspace;
        default:
            return kNone;
    }
}

std::vector<Index> World::work_of(Type type, Index owner) const {
    std::vector<Index> found;
    for (Index i = 0; i < work_count(type); ++i) {
        if (work_owner(type, i) == owner && exists(type, i) && allowed(type, i)) found.push_back(i);
    }
    return found;
}

std::vector<Index> World::ooo_entries_of(Index workspace, Index user) const {
    std::vector<Index> found = work_of(Type::ooo_entry, workspace);
    std::erase_if(found, [&](Index i) { return ooo_entries[i].user != user; });
    return found;
}

bool World::work_exists(Type type, Id id) const {
    if (id >= work_count(type) || gone_work.contains({type, id})) return false;
    const auto i = static_cast<Index>(id);
    switch (type) {
        case Type::task_template:
        case Type::budget:
        case Type::rate:
            return !projects[work_owner(type, i)].deleted;
        case Type::allocation:
            return !projects[allocations[i].project].deleted;
        case Type::time_tracking_entry:
            return !tasks[time_entries[i].task].deleted;
        case Type::ooo_entry: {  // that it goes with the person is inferred
            const auto& users_there = workspaces[ooo_entries[i].workspace].users;
            return std::find(users_there.begin(), users_there.end(), ooo_entries[i].user) != users_there.end();
        }
        default:
            return true;
    }
}

bool World::work_allowed(Type type, Id id) const {
    const auto i = static_cast<Index>(id);
    switch (type) {
        case Type::task_template:
        case Type::budget:
        case Type::rate:
            return listed_project(work_owner(type, i));
        case Type::allocation:
            return listed_project(allocations[i].project);
        case Type::time_tracking_entry:
            return reachable(time_entries[i].task);
        default:
            return true;
    }
}

}  // namespace fake_asana
