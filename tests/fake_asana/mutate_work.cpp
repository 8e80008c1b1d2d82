// Changes around work. None is told by events, nor moves modified_at.
#include <algorithm>

#include "mutate.hpp"

namespace fake_asana {

namespace {

bool lives(const Project& project) { return !project.deleted; }

}  // namespace

Index Mutator::some_work(Type type) {
    for (int attempt = 0; attempt < 30 && w_.work_count(type) > 0; ++attempt) {
        const Index i = random_.pick(w_.work_count(type));
        if (w_.exists(type, i)) return i;
    }
    return kNone;
}

// What is tracked for a task is its actual time.
void Mutator::recount(Index t) {
    Task& task = w_.tasks[t];
    task.minutes = -1;
    for (Index i = 0; i < w_.time_entries.size(); ++i) {
        if (w_.time_entries[i].task == t && !w_.gone_work.contains({Type::time_tracking_entry, i}))
            task.minutes = std::max(task.minutes, 0) + w_.time_entries[i].minutes;
    }
}

void Mutator::remove_work(Type type, Index i) {
    w_.gone_work.insert({type, i});
    if (type == Type::time_tracking_entry) recount(w_.time_entries[i].task);
    if (type != Type::time_tracking_category) return;
    for (TimeEntry& entry : w_.time_entries) {
        if (entry.category == i) entry.category = kNone;
    }
}

Index Mutator::track(Index t, std::int32_t minutes, Millis day) {
    const auto entry = static_cast<Index>(w_.time_entries.size());
    const auto& homes = w_.tasks[t].homes;
    const auto categories = w_.work_of(Type::time_tracking_category, w_.tasks[t].workspace);
    w_.time_entries.push_back({.task = t,
                               .user = some_person(w_.tasks[t].workspace),
                               .category = categories.empty() ? kNone : categories[random_.pick(categories.size())],
                               .project = homes.empty() ? kNone : homes[0].project,
                               .minutes = minutes,
                               .day = day / kDay * kDay,
                               .created = now_,
                               .description = name(),
                               .approval = 0,
                               .billable = random_.number(3)});
    recount(t);
    return entry;
}

bool Mutator::track_some() {
    const Index t = some_task();
    if (t != kNone) track(t, 1 + random_.number(480), now_ - random_.number(30) * kDay);
    return t != kNone;
}

bool Mutator::edit_some_time_entry() {
    const Index i = some_work(Type::time_tracking_entry);
    if (i == kNone) return false;
    TimeEntry& entry = w_.time_entries[i];
    if (random_.chance(0.5)) entry.category = kNone;
    entry.approval = random_.number(4);
    entry.minutes += 1 + random_.number(60);
    recount(entry.task);
    return true;
}

bool Mutator::delete_some_time_entry() {
    const Index i = some_work(Type::time_tracking_entry);
    if (i != kNone) remove_work(Type::time_tracking_entry, i);
    return i != kNone;
}

bool Mutator::change_time_category() {
    const Index i = some_work(Type::time_tracking_category);
    if (i == kNone || random_.chance(0.3)) {
        w_.time_categories.push_back({name(), random_.pick(w_.workspaces.size()), random_.number(4), false});
    } else if (random_.chance(0.3)) {
        remove_work(Type::time_tracking_category, i);
    } else {
        w_.time_categories[i].archived = !w_.time_categories[i].archived;
        if (random_.chance(0.5)) w_.time_categories[i].name = name();
    }
    return true;
}

bool Mutator::change_timesheet() {
    const Index i = some_work(Type::timesheet_approval_status);
    if (i == kNone || random_.chance(0.4)) {
        const Index workspace = random_.pick(w_.workspaces.size());
        const Millis start = now_ / kDay * kDay - random_.number(60) * kDay;
        w_.timesheets.push_back({workspace, some_person(workspace), now_, start, 0});
    } else if (random_.chance(0.2)) {
        remove_work(Type::timesheet_approval_status, i);
    } else {
        w_.timesheets[i].approval = random_.number(4);
    }
    return true;
}

bool Mutator::change_allocation() {
    const Index i = some_work(Type::allocation);
    const Index p = some_project(lives);
    if (p == kNone) return false;
    const Millis today = now_ / kDay * kDay;
    if (i == kNone || random_.chance(0.4)) {
        w_.allocations.push_back({.project = p,
                                  .assignee_type = Type::user,
                                  .assignee = some_person(w_.projects[p].workspace),
                                  .created_by = 0,
                                  .start = today,
                                  .end = today + 7 * kDay,
                                  .effort = 0,
                                  .value = 4});
    } else if (random_.chance(0.4)) {
        remove_work(Type::allocation, i);
    } else {
        w_.allocations[i].end += kDay;
        w_.allocations[i].value += 0.5;
    }
    return true;
}

bool Mutator::change_budget() {
    const Index i = some_work(Type::budget);
    const Index p = some_project(lives);
    if (p == kNone) return false;
    if (w_.work_of(Type::budget, p).empty() && random_.chance(0.5)) {
        w_.budgets.push_back({p, random_.chance(0.5), true, 10, 20.5, 300});
    } else if (i == kNone) {
        return false;
    } else if (random_.chance(0.3)) {
        remove_work(Type::budget, i);
    } else {
        w_.budgets[i].actual += 1.25;
    }
    return true;
}

bool Mutator::change_rate() {
    const Index i = some_work(Type::rate);
    const Index p = some_project(lives);
    if (p == kNone) return false;
    if (i == kNone || random_.chance(0.4)) {
        const bool placeholder = !w_.placeholders.empty() && random_.chance(0.3);
        w_.rates.push_back({p, placeholder ? Type::placeholder : Type::user,
                            placeholder ? random_.pick(w_.placeholders.size()) : some_person(w_.projects[p].workspace),
                            0, 99.5});
    } else if (random_.chance(0.4)) {
        remove_work(Type::rate, i);
    } else {
        w_.rates[i].rate += 0.5;
    }
    return true;
}

bool Mutator::change_absence() {
    const Index i = some_work(Type::ooo_entry);
    if (i == kNone || random_.chance(0.4)) {
        const Index workspace = random_.pick(w_.workspaces.size());
        const auto& users = w_.workspaces[workspace].users;
        if (users.empty()) return false;
        const Millis today = now_ / kDay * kDay;
        w_.ooo_entries.push_back({workspace, users[random_.pick(users.size())], 0, today, today + 9 * kDay});
    } else if (random_.chance(0.4)) {
        remove_work(Type::ooo_entry, i);
    } else {
        w_.ooo_entries[i].end += kDay;
    }
    return true;
}

bool Mutator::change_project_template() {
    const Index i = some_work(Type::project_template);
    if (i == kNone || random_.chance(0.3)) {
        w_.project_templates.push_back({.name = name(),
                                        .description = "",
                                        .workspace = random_.pick(w_.workspaces.size()),
                                        .team = kNone,
                                        .owner = 0,
                                        .open = true,
                                        .color = -1,
                                        .dates = {name()},
                                        .roles = {}});
    } else if (random_.chance(0.3)) {
        remove_work(Type::project_template, i);
    } else {
        w_.project_templates[i].dates.push_back(name());
    }
    return true;
}

bool Mutator::change_task_template() {
    const Index i = some_work(Type::task_template);
    const Index p = some_project(lives);
    if (p == kNone) return false;
    if (i == kNone || random_.chance(0.4)) {
        w_.task_templates.push_back({.name = name(),
                                     .description = "",
                                     .project = p,
                                     .created_by = 0,
                                     .created = now_,
                                     .subtype = 0,
                                     .followers = {}});
    } else if (random_.chance(0.4)) {
        remove_work(Type::task_template, i);
    } else {
        w_.task_templates[i].name = name();
        w_.task_templates[i].due += 2;
    }
    return true;
}

bool Mutator::change_role() {
    const Index i = some_work(Type::role);
    if (i == kNone || random_.chance(0.3)) {
        w_.roles.push_back({name(), "", 0, false, random_.number(4), now_, now_});
    } else if (random_.chance(0.3)) {
        remove_work(Type::role, i);
    } else {
        w_.roles[i].name = name();
        w_.roles[i].modified = now_;
    }
    return true;
}

bool Mutator::change_agent() {
    const Index i = some_work(Type::agent);
    if (i == kNone || random_.chance(0.3)) {
        w_.agents.push_back({name(), "", 0, false});
    } else if (random_.chance(0.3)) {
        remove_work(Type::agent, i);
    } else {
        w_.agents[i].name = name();
    }
    return true;
}

}  // namespace fake_asana
