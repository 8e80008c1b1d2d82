// Changes around tasks: projects, sections, status updates, custom fields, people, tags.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "mutate.hpp"

namespace fake_asana {

namespace {

constexpr std::size_t kPeopleLeft = 3, kTagsLeft = 2;  // random changes leave enough to go on with

bool lives(const Project& project) { return !project.deleted; }
bool listed(const Project& project) { return !project.deleted && project.listed; }

}  // namespace

bool Mutator::enough_projects() const {
    return 2 * static_cast<std::size_t>(std::count_if(w_.projects.begin(), w_.projects.end(), listed)) >
           w_.projects.size();
}

void Mutator::project_changed(Index p, std::string field) {
    w_.projects[p].modified = now_;
    record_for_project(p, {.created = now_,
                           .action = "changed",
                           .type = Type::project,
                           .resource = p,
                           .user = 0,
                           .change = EventChange{std::move(field), "changed"}});
}

void Mutator::project_told(Index p, std::string action) {
    record_for_project(p, {.created = now_,
                           .action = std::move(action),
                           .type = Type::project,
                           .resource = p,
                           .user = 0,
                           .change = std::nullopt});
}

void Mutator::section_told(Index section, std::string action) {
    const bool added = action == "added";
    record_for_project(w_.sections[section].project, {.created = now_,
                                                      .action = std::move(action),
                                                      .type = Type::section,
                                                      .resource = section,
                                                      .parent_type = added ? Type::project : Type::none,
                                                      .parent = added ? w_.sections[section].project : 0,
                                                      .user = 0,
                                                      .change = std::nullopt});
}

// In no team: new ones are not.
Index Mutator::new_project(Index workspace, const std::string& title) {
    const auto p = static_cast<Index>(w_.projects.size());
    Workspace& place = w_.workspaces[workspace];
    Project project{.name = title, .notes = "", .workspace = workspace};
    project.created = project.modified = now_;
    project.owner = 0;
    project.members = project.followers = {0};
    project.memberships = {static_cast<Index>(w_.memberships.size())};
    w_.memberships.push_back({p, 0, Type::user, 0});
    if (!place.fields.empty()) project.settings = {{place.fields[random_.pick(place.fields.size())], true}};
    w_.projects.push_back(std::move(project));
    place.projects.push_back(p);
    for (int i = 0; i < 2; ++i) new_section(p, name());
    return p;
}

void Mutator::rename_project(Index p, const std::string& name) {
    w_.projects[p].name = name;
    project_changed(p, "name");
}

void Mutator::archive(Index p, bool archived) {
    w_.projects[p].archived = archived;
    project_changed(p, "archived");
}

// Tasks that nothing else leads to are out of reach with it.
void Mutator::set_private(Index p, bool is_private) {
    w_.projects[p].listed = !is_private;
    project_changed(p, "privacy_setting");
}

// https://forum.asana.com/t/best-practices-when-deleting-a-project/100480: assigned tasks, those in another project and
// subtasks whose parent stays remain, all others go. That a subtask goes with its parent even when it is in another
// project is inferred, and so is that the tasks that remain get an event, no story, and no new modified_at.
void Mutator::remove_project(Index p) {
    const std::vector<Index> tasks = w_.projects[p].tasks;
    for (const Index t : tasks) {
        const Task& task = w_.tasks[t];
        if (task.deleted) continue;  // with its parent
        if (task.homes.size() == 1 && task.assignee == kNone && task.parent == kNone) {
            w_.projects[p].trashed.push_back(t);
            remove(t);
            continue;
        }
        const auto home =
            std::find_if(task.homes.begin(), task.homes.end(), [&](const TaskHome& h) { return h.project == p; });
        w_.projects[p].left.emplace_back(t, home->section);
        home_told(t, "removed", Type::project, p);
        w_.remove_home(t, p);
    }
    w_.projects[p].deleted = true;
    std::erase(w_.workspaces[w_.projects[p].workspace].projects, p);
    audit(Type::project, p, w_.projects[p].workspace, "deleted");
    project_told(p, "deleted");
}

void Mutator::restore_project(Index p) {
    Project& project = w_.projects[p];
    project.deleted = false;
    w_.workspaces[project.workspace].projects.push_back(p);
    audit(Type::project, p, project.workspace, "undeleted");
    project_told(p, "undeleted");
    for (const Index t : std::exchange(project.trashed, {})) {
        if (w_.tasks[t].deleted) restore(t);
    }
    for (const auto& [t, section] : std::exchange(project.left, {})) {
        if (w_.tasks[t].deleted) continue;
        w_.add_home(t, {p, section});
        home_told(t, "added", Type::project, p);
    }
}

// Anywhere among the others, whose places change with it.
Index Mutator::new_section(Index p, const std::string& title) {
    const auto section = static_cast<Index>(w_.sections.size());
    w_.sections.push_back({.name = title, .project = p, .created = now_});
    auto& sections = w_.projects[p].sections;
    sections.insert(sections.begin() + random_.number(static_cast<int>(sections.size()) + 1), section);
    section_told(section, "added");
    return section;
}

// "Sections must be empty to be deleted. The last remaining section cannot be deleted." So its tasks are moved first.
void Mutator::remove_section(Index section) {
    const Index p = w_.sections[section].project;
    if (p == kNone || w_.projects[p].sections.size() < 2) throw std::invalid_argument("a last section must stay");
    std::erase(w_.projects[p].sections, section);
    const auto& others = w_.projects[p].sections;
    const Index target = others[random_.pick(others.size())];
    const std::vector<Index> tasks = w_.projects[p].tasks;
    for (const Index t : tasks) {
        const auto& homes = w_.tasks[t].homes;
        const auto here = [&](const TaskHome& home) { return home.section == section; };
        if (std::any_of(homes.begin(), homes.end(), here)) move(t, p, target);
    }
    section_told(section, "deleted");
    w_.sections[section].deleted = true;
}

// The tasks of the project have a value more or less, and their modified_at does not move.
void Mutator::add_field(Index p, Index field) {
    auto& settings = w_.projects[p].settings;
    if (std::any_of(settings.begin(), settings.end(), [&](const Setting& s) { return s.field == field; }))
        throw std::invalid_argument("the project has the field");
    settings.push_back({field, false});
    project_changed(p, "custom_field_settings");
}

void Mutator::remove_field(Index p, Index field) {
    if (std::erase_if(w_.projects[p].settings, [&](const Setting& s) { return s.field == field; }) == 0)
        throw std::invalid_argument("the project does not have the field");
    project_changed(p, "custom_field_settings");
}

// In one project, and in the list of its workspace if it is global.
Index Mutator::new_field(Index p, const std::string& title, FieldKind kind, bool global) {
    const auto field = static_cast<Index>(w_.fields.size());
    const Index workspace = w_.projects[p].workspace;
    CustomField made{.name = title,
                     .description = "",
                     .workspace = workspace,
                     .kind = kind,
                     .global = global,
                     .precision = 2,
                     .created_by = kNone,
                     .options = {}};
    for (int i = 0; i < 3 && (kind == FieldKind::enumeration || kind == FieldKind::multi_enum); ++i) {
        made.options.push_back(static_cast<Index>(w_.options.size()));
        w_.options.push_back({name(), field, i, true, true});
    }
    made.first_options = made.options.size();
    w_.fields.push_back(std::move(made));
    if (global) w_.workspaces[workspace].fields.push_back(field);
    add_field(p, field);
    return field;
}

// Nothing tells of it, neither an event nor a modified_at.
void Mutator::rename_field(Index field, const std::string& title) { w_.fields[field].name = title; }

// Out of the lists of users and of the teams. The membership stays, inactive, or goes too: both are inferred. Whatever
// refers to them stays.
void Mutator::remove_user(Index workspace, Index user, bool keep_membership) {
    if (user == 0) throw std::invalid_argument("the token's user cannot leave");
    Workspace& place = w_.workspaces[workspace];
    std::erase(place.users, user);
    for (const Index team : place.teams) {
        std::erase_if(w_.teams[team].members, [&](Index m) { return w_.team_memberships[m].user == user; });
    }
    const auto membership = std::find_if(place.members.begin(), place.members.end(),
                                         [&](Index m) { return w_.workspace_memberships[m].user == user; });
    if (membership == place.members.end()) throw std::invalid_argument("the user is not in the workspace");
    w_.workspace_memberships[*membership].active = false;
    if (keep_membership) return;
    place.members.erase(membership);
    w_.joined.erase(World::pair_key(workspace, user));
}

// Its tasks lose it and tell nothing: inferred from what renaming it does.
void Mutator::remove_tag(Index tag) {
    const std::vector<Index> tasks = w_.tags[tag].tasks;
    for (const Index t : tasks) w_.remove_tag(t, tag);
    w_.tags[tag].deleted = true;
    std::erase(w_.workspaces[w_.tags[tag].workspace].tags, tag);
}

// None of the following tells anything: inferred.
void Mutator::remove_team(Index team) {
    w_.teams[team].deleted = true;
    audit(Type::team, team, w_.teams[team].workspace, "deleted");
    for (Goal& goal : w_.goals)
        if (goal.of_workspace && goal.team == team) goal.team = kNone;
    std::erase(w_.workspaces[w_.teams[team].workspace].teams, team);
}

// From the list, from every project, and so from its tasks.
void Mutator::remove_definition(Index field) {
    w_.fields[field].deleted = true;
    audit(Type::custom_field, field, w_.fields[field].workspace, "deleted");
    std::erase(w_.workspaces[w_.fields[field].workspace].fields, field);
    const auto drop_from = [&](auto& all) {
        for (auto& one : all) std::erase_if(one.settings, [&](const Setting& s) { return s.field == field; });
    };
    drop_from(w_.projects);
    drop_from(w_.teams);
    drop_from(w_.portfolios);
    drop_from(w_.goals);
    for (Project& project : w_.projects) std::erase(project.own_fields, field);
    for (Portfolio& portfolio : w_.portfolios) std::erase(portfolio.own_fields, field);
    for (Goal& goal : w_.goals) std::erase(goal.own_fields, field);
    for (Task& task : w_.tasks) {
        if (task.leftover_field == field) task.leftover_field = kNone;
    }
}

void Mutator::remove_brief(Index p) { w_.projects[p].brief = kNone; }

void Mutator::remove_type(Index p, Index type) { std::erase(w_.projects[p].custom_types, type); }

void Mutator::remove_member(Index membership) {
    const Membership& its = w_.memberships[membership];
    std::erase(its.parent_type == Type::project ? w_.projects[its.parent].memberships
                                                : w_.plan(its.parent_type, its.parent).memberships,
               membership);
}

void Mutator::leave_team(Index membership) {
    std::erase(w_.teams[w_.team_memberships[membership].team].members, membership);
}

void Mutator::remove_status_update(Index update) {
    const StatusUpdate& its = w_.status_updates[update];
    std::erase(its.parent_type == Type::project ? w_.projects[its.parent].status_updates
                                                : w_.plan(its.parent_type, its.parent).status_updates,
               update);
}

bool Mutator::add_some_to_project() {
    const Index t = some_task();
    if (t == kNone) return false;
    const Index p = some_project(
        [&](const Project& project) { return lives(project) && project.workspace == w_.tasks[t].workspace; });
    if (p == kNone) return false;
    const auto& homes = w_.tasks[t].homes;
    if (std::any_of(homes.begin(), homes.end(), [&](const TaskHome& home) { return home.project == p; })) return false;
    const auto& sections = w_.projects[p].sections;
    add_to_project(t, p, sections[random_.pick(sections.size())]);
    return true;
}

bool Mutator::new_some_project() {
    new_project(random_.pick(w_.workspaces.size()), name());
    return true;
}

bool Mutator::rename_project() {
    const Index p = some_project(lives);
    if (p == kNone) return false;
    w_.projects[p].name = name();
    project_changed(p, "name");
    return true;
}

bool Mutator::archive_some() {
    const Index p = some_project(lives);
    if (p != kNone) archive(p, !w_.projects[p].archived);
    return p != kNone;
}

bool Mutator::hide_some_project() {
    const Index p = enough_projects() ? some_project(listed) : kNone;
    if (p != kNone) set_private(p, true);
    return p != kNone;
}

bool Mutator::show_some_project() {
    const Index p = some_project([](const Project& project) { return !project.deleted && !project.listed; });
    if (p != kNone) set_private(p, false);
    return p != kNone;
}

bool Mutator::delete_some_project() {
    const Index p = enough_projects() ? some_project(lives) : kNone;
    if (p != kNone) remove_project(p);
    return p != kNone;
}

bool Mutator::restore_some_project() {
    const Index p = some_project([](const Project& project) { return project.deleted; });
    if (p != kNone) restore_project(p);
    return p != kNone;
}

bool Mutator::new_some_section() {
    const Index p = some_project(lives);
    if (p != kNone) new_section(p, name());
    return p != kNone;
}

bool Mutator::rename_section() {
    const Index p = some_project(lives);
    if (p == kNone) return false;
    const Index section = w_.projects[p].sections[random_.pick(w_.projects[p].sections.size())];
    w_.sections[section].name = name();
    record_for_project(p, {.created = now_,
                           .action = "changed",
                           .type = Type::section,
                           .resource = section,
                           .user = 0,
                           .change = EventChange{"name", "changed"}});
    return true;
}

bool Mutator::delete_some_section() {
    const Index p =
        some_project([](const Project& project) { return !project.deleted && project.sections.size() > 1; });
    if (p != kNone) remove_section(w_.projects[p].sections[random_.pick(w_.projects[p].sections.size())]);
    return p != kNone;
}

bool Mutator::add_status_update() {
    const Index p = some_project(lives);
    if (p == kNone) return false;
    w_.projects[p].status_updates.push_back(static_cast<Index>(w_.status_updates.size()));
    w_.status_updates.push_back({.title = name(),
                                 .text = long_text(random_.next(), 60, w_.shape.hurts),
                                 .parent = p,
                                 .author = 0,
                                 .status = random_.number(5),
                                 .created = now_,
                                 .modified = now_,
                                 .likes = {}});
    return true;
}

bool Mutator::delete_status_update() {
    const Index p =
        some_project([](const Project& project) { return !project.deleted && !project.status_updates.empty(); });
    if (p == kNone) return false;
    auto& updates = w_.projects[p].status_updates;
    updates.erase(updates.begin() + random_.number(static_cast<int>(updates.size())));
    return true;
}

bool Mutator::add_some_field() {
    const Index p = some_project(lives);
    if (p == kNone) return false;
    const auto& fields = w_.workspaces[w_.projects[p].workspace].fields;
    if (fields.empty()) return false;
    const Index field = fields[random_.pick(fields.size())];
    const auto& settings = w_.projects[p].settings;
    if (std::any_of(settings.begin(), settings.end(), [&](const Setting& s) { return s.field == field; })) return false;
    add_field(p, field);
    return true;
}

bool Mutator::remove_some_field() {
    const Index p = some_project([](const Project& project) { return !project.deleted && !project.settings.empty(); });
    if (p == kNone) return false;
    const auto& settings = w_.projects[p].settings;
    remove_field(p, settings[random_.pick(settings.size())].field);
    return true;
}

bool Mutator::disable_option() {
    if (w_.options.empty()) return false;
    Option& option = w_.options[random_.pick(w_.options.size())];
    return std::exchange(option.enabled, false);
}

bool Mutator::new_option() {
    if (w_.options.empty()) return false;
    const Index field = w_.options[random_.pick(w_.options.size())].field;
    w_.fields[field].options.push_back(static_cast<Index>(w_.options.size()));
    w_.options.push_back({name(), field, random_.number(16), true, true});
    return true;
}

bool Mutator::new_user() {
    const auto user = static_cast<Index>(w_.users.size());
    const Index workspace = random_.pick(w_.workspaces.size());
    Workspace& place = w_.workspaces[workspace];
    w_.users.push_back({.name = person_name(random_.next()),
                        .email = "user" + std::to_string(user) + "@acme.example",
                        .photo = false});
    place.members.push_back(static_cast<Index>(w_.workspace_memberships.size()));
    w_.workspace_memberships.push_back({.workspace = workspace,
                                        .user = user,
                                        .active = true,
                                        .admin = false,
                                        .guest = false,
                                        .view_only = false,
                                        .created = now_});
    place.users.push_back(user);
    place.people.push_back(user);
    w_.joined.insert(World::pair_key(workspace, user));
    return true;
}

bool Mutator::some_user_leaves() {
    const Index workspace = random_.pick(w_.workspaces.size());
    const auto& users = w_.workspaces[workspace].users;
    const Index user = users[random_.pick(users.size())];
    if (user == 0 || users.size() <= kPeopleLeft) return false;
    remove_user(workspace, user, random_.chance(0.5));
    return true;
}

bool Mutator::rename_user() {
    w_.users[random_.pick(w_.users.size())].name = person_name(random_.next());
    return true;
}

bool Mutator::new_tag() {
    const Index workspace = random_.pick(w_.workspaces.size());
    w_.workspaces[workspace].tags.push_back(static_cast<Index>(w_.tags.size()));
    w_.tags.push_back({.name = name(),
                       .notes = "",
                       .workspace = workspace,
                       .color = random_.number(19) - 1,
                       .listed = true,
                       .created = now_,
                       .followers = {0},
                       .tasks = {}});
    return true;
}

bool Mutator::rename_tag() {
    if (w_.tags.empty()) return false;
    w_.tags[random_.pick(w_.tags.size())].name = name();
    return true;
}

bool Mutator::delete_some_tag() {
    const auto& tags = w_.workspaces[random_.pick(w_.workspaces.size())].tags;
    if (tags.size() <= kTagsLeft) return false;
    remove_tag(tags[random_.pick(tags.size())]);
    return true;
}

}  // namespace fake_asana
