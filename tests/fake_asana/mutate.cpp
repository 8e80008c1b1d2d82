#include "mutate.hpp"

#include <algorithm>
#include <stdexcept>

namespace fake_asana {

const std::vector<Mutator::Kind>& Mutator::table() {
    using M = Mutator;
    static const std::vector<Kind> kinds{
        {"rename", false, &M::rename_some},
        {"notes", false, &M::rewrite_notes},
        {"complete", false, &M::complete_some},
        {"assign", false, &M::assign_some},
        {"due_date", false, &M::change_due_date},
        {"comment", false, &M::comment_some},
        {"edit_comment", false, &M::edit_some_comment},
        {"delete_comment", false, &M::delete_some_comment},
        {"move", false, &M::move_some},
        {"leave_project", false, &M::leave_some},
        {"new_task", false, &M::new_some_task},
        {"new_subtask", false, &M::new_some_subtask},
        {"delete_task", false, &M::delete_some},
        {"undelete_task", false, &M::restore_some},
        {"tag", false, &M::tag_some},
        {"untag", false, &M::untag_some},
        {"custom_field_value", false, &M::change_value},
        {"follower", false, &M::add_follower},
        {"dependency", false, &M::add_some_dependency},
        {"attachment", false, &M::attach},
        {"add_to_project", false, &M::add_some_to_project},
        {"reparent", false, &M::reparent_some},
        {"unfollow", false, &M::unfollow},
        {"remove_dependency", false, &M::remove_some_dependency},
        {"delete_attachment", false, &M::delete_some_attachment},
        {"new_project", false, &M::new_some_project},
        {"rename_project", false, &M::rename_project},
        {"archive_project", false, &M::archive_some},
        {"private_project", false, &M::hide_some_project},
        {"public_project", false, &M::show_some_project},
        {"delete_project", false, &M::delete_some_project},
        {"undelete_project", false, &M::restore_some_project},
        {"new_section", false, &M::new_some_section},
        {"rename_section", false, &M::rename_section},
        {"delete_section", false, &M::delete_some_section},
        {"status_update", false, &M::add_status_update},
        {"add_field_to_project", false, &M::add_some_field},
        {"remove_field_from_project", false, &M::remove_some_field},
        {"delete_status_update", true, &M::delete_status_update},
        {"disable_option", true, &M::disable_option},
        {"new_option", true, &M::new_option},
        {"new_user", true, &M::new_user},
        {"user_leaves", true, &M::some_user_leaves},
        {"rename_user", true, &M::rename_user},
        {"new_tag", true, &M::new_tag},
        {"rename_tag", true, &M::rename_tag},
        {"delete_tag", true, &M::delete_some_tag},
        {"like", true, &M::like},
        {"time_entry", true, &M::track_some},
        {"edit_time_entry", true, &M::edit_some_time_entry},
        {"delete_time_entry", true, &M::delete_some_time_entry},
        {"time_category", true, &M::change_time_category},
        {"timesheet", true, &M::change_timesheet},
        {"allocation", true, &M::change_allocation},
        {"budget", true, &M::change_budget},
        {"rate", true, &M::change_rate},
        {"absence", true, &M::change_absence},
        {"project_template", true, &M::change_project_template},
        {"task_template", true, &M::change_task_template},
        {"role", true, &M::change_role},
        {"agent", true, &M::change_agent},
        {"new_portfolio", true, &M::new_portfolio},
        {"rename_portfolio", true, &M::rename_portfolio},
        {"delete_portfolio", true, &M::delete_some_portfolio},
        {"undelete_portfolio", true, &M::restore_some_portfolio},
        {"add_item", true, &M::add_some_item},
        {"remove_item", true, &M::remove_some_item},
        {"new_goal", true, &M::new_goal},
        {"rename_goal", true, &M::rename_some_goal},
        {"goal_progress", true, &M::goal_progress},
        {"delete_goal", true, &M::delete_some_goal},
        {"undelete_goal", true, &M::restore_some_goal},
        {"move_goal", true, &M::move_goal},
        {"relate_goal", true, &M::relate_goal},
        {"unrelate_goal", true, &M::unrelate_goal},
        {"comment_goal", true, &M::comment_goal},
        {"uncomment_goal", true, &M::uncomment_goal},
        {"plan_status_update", true, &M::plan_status_update},
        {"plan_member", true, &M::plan_member},
        {"plan_field", true, &M::plan_field},
    };
    return kinds;
}

std::vector<std::string> Mutator::kinds(bool silent) {
    std::vector<std::string> names;
    for (const Kind& kind : table()) {
        if (silent || !kind.silent) names.emplace_back(kind.name);
    }
    return names;
}

std::map<std::string, int> Mutator::run(int count, const std::vector<std::string>& wanted, bool silent) {
    std::vector<Kind> chosen;
    for (const std::string& name : wanted.empty() ? kinds(silent) : wanted) {
        const auto found =
            std::find_if(table().begin(), table().end(), [&](const Kind& kind) { return kind.name == name; });
        if (found == table().end()) throw std::invalid_argument("unknown kind of change: " + name);
        chosen.push_back(*found);
    }
    for (Index t = 0; t < w_.tasks.size(); ++t) {
        if (w_.tasks[t].deleted) deleted_.push_back(t);
    }
    std::map<std::string, int> done;
    int made = 0;
    for (int attempts = 0; made < count && attempts < count * 20; ++attempts) {
        const Kind& kind = chosen[random_.pick(chosen.size())];
        if (!(this->*kind.change)()) continue;
        ++done[std::string(kind.name)];
        ++made;
    }
    return done;
}

// Whether or not its event gets lost.
void Mutator::audit(Type type, Id resource, Index workspace, std::string action) {
    w_.audit_log.push_back({.created = now_,
                            .action = std::move(action),
                            .type = type,
                            .resource = resource,
                            .name = type == Type::task      ? w_.task_name(static_cast<Index>(resource))
                                    : type == Type::project ? w_.projects[static_cast<Index>(resource)].name
                                                            : "",
                            .actor = w_.users[0].name,
                            .workspace = workspace,
                            .number = w_.audit_log.size()});
}

// What happens to a task is told to the task, the tasks above it, and the projects of all of them.
void Mutator::record(Index t, Event event) {
    if (!events_) return;
    const auto number = static_cast<Index>(w_.events.size());
    w_.events.push_back(std::move(event));
    const auto tell = [&](Type type, Id id) {
        auto& stream = w_.event_streams[World::stream_key(type, id)];
        if (stream.empty() || stream.back() != number) stream.push_back(number);
    };
    tell(Type::workspace, w_.tasks[t].workspace);
    for (Index at = t; at != kNone; at = w_.tasks[at].parent) {
        tell(Type::task, at);
        for (const TaskHome& home : w_.tasks[at].homes) tell(Type::project, home.project);
    }
}

void Mutator::record_for_project(Index project, Event event) {
    if (!events_) return;
    const auto number = static_cast<Index>(w_.events.size());
    w_.event_streams[World::stream_key(Type::project, project)].push_back(number);
    w_.event_streams[World::stream_key(Type::workspace, w_.projects[project].workspace)].push_back(number);
    w_.events.push_back(std::move(event));
}

// The task is told to have come to or left a project or a parent; to be called while it is there.
void Mutator::home_told(Index t, std::string action, Type parent_type, Index parent) {
    record(t, {.created = now_,
               .action = std::move(action),
               .type = Type::task,
               .resource = t,
               .parent_type = parent_type,
               .parent = parent,
               .user = 0,
               .change = std::nullopt});
}

void Mutator::task_changed(Index t, std::string field, std::string action, Type type, Id value) {
    record(t, {.created = now_,
               .action = "changed",
               .type = Type::task,
               .resource = t,
               .user = 0,
               .change = EventChange{std::move(field), std::move(action), type, value}});
}

Story* Mutator::add_story(Index t, std::string_view subtype, Index ref) {
    const auto id = w_.next_story_id(t);
    if (!id) return nullptr;
    Story story;
    story.id = *id;
    story.task = t;
    story.created_by = 0;
    story.shape = story_shape_named(subtype);
    story.created = now_;
    story.text = "did something";
    story.ref = ref;
    auto& stories = w_.changes(t).stories;
    stories.push_back(std::move(story));
    touch(t);
    record(t, {.created = now_,
               .action = "added",
               .type = Type::story,
               .resource = *id,
               .parent_type = Type::task,
               .parent = t,
               .user = 0,
               .change = std::nullopt});
    return &stories.back();
}

Index Mutator::some_task() {
    for (int attempt = 0; attempt < 30 && !w_.tasks.empty(); ++attempt) {
        const Index t = random_.pick(w_.tasks.size());
        if (!w_.hidden_task(t)) return t;
    }
    return kNone;
}

Index Mutator::some_person(Index workspace) {
    const auto& people = w_.workspaces[workspace].people;
    return people[random_.pick(people.size())];
}

void Mutator::rename(Index t, const std::string& name) {
    const std::string before = w_.task_name(t);
    if (Story* story = add_story(t, "name_changed")) {
        story->old_text = before;
        story->new_text = name;
        story->text = "changed the name to \"" + name + '"';
    }
    w_.changes(t).name = name;
    touch(t);
    task_changed(t, "name", "changed");
}

void Mutator::complete(Index t, bool completed) {
    Task& task = w_.tasks[t];
    task.completed = completed;
    task.completed_at = completed ? now_ : kNoTime;
    task.completed_by = completed ? 0 : kNone;
    if (task.subtype == 2) task.approval = completed ? 1 : 0;
    touch(t);
    task_changed(t, "completed", "changed");
    add_story(t, completed ? "marked_complete" : "marked_incomplete");
}

void Mutator::assign(Index t, Index user) {
    w_.assign(t, user);
    w_.tasks[t].assigned_by = user == kNone ? kNone : 0;
    touch(t);
    task_changed(t, "assignee", "changed", user == kNone ? Type::none : Type::user, user);
    add_story(t, user == kNone ? "unassigned" : "assigned", user);
}

Id Mutator::comment(Index t, const std::string& text) {
    Story* story = add_story(t, "comment_added");
    if (!story) throw std::invalid_argument("the task has no room for another story");
    story->text = text;
    return story->id;
}

void Mutator::edit_comment(Id id, const std::string& text) {
    Story story = *w_.story(id);
    if (story_shape(story.shape).member != StoryMember::comment) throw std::invalid_argument("the story is no comment");
    story.text = text;
    story.edited = true;
    const Index t = story.task;
    record(t, {.created = now_,
               .action = "changed",
               .type = Type::story,
               .resource = id,
               .parent_type = Type::task,
               .parent = t,
               .user = 0,
               .change = EventChange{"text", "changed"}});
    if (w_.tasks[t].changes) {
        for (Story& stored : w_.changes(t).stories) {
            if (stored.id == id) {
                stored = std::move(story);
                return;
            }
        }
    }
    w_.changed_stories[id] = std::move(story);
}

void Mutator::delete_comment(Id id) {
    const Story story = *w_.story(id);
    if (story_shape(story.shape).member != StoryMember::comment) throw std::invalid_argument("the story is no comment");
    w_.deleted_stories.insert(id);
    audit(Type::story, id, w_.tasks[story.task].workspace, "deleted");
    touch(story.task);
    record(story.task, {.created = now_,
                        .action = "removed",
                        .type = Type::story,
                        .resource = id,
                        .parent_type = Type::task,
                        .parent = story.task,
                        .user = 0,
                        .change = std::nullopt});
}

void Mutator::delete_attachment(Id id) {
    const Attachment attachment = *w_.attachment(id);
    Event event{.created = now_,
                .action = "deleted",
                .type = Type::attachment,
                .resource = id,
                .user = 0,
                .change = std::nullopt};
    if (attachment.parent_type == Type::task) {
        w_.deleted_attachments.insert(id);
        audit(Type::attachment, id, w_.tasks[attachment.parent].workspace, "deleted");
        touch(attachment.parent);
        record(attachment.parent, event);
        return;
    }
    const bool of_project = attachment.parent_type == Type::project;
    const Index project = of_project ? attachment.parent : w_.briefs[attachment.parent].project;
    std::erase(of_project ? w_.projects[project].attachments : w_.briefs[attachment.parent].attachments, id);
    w_.attachments.erase(id);
    audit(Type::attachment, id, w_.projects[project].workspace, "deleted");
    record_for_project(project, event);
}

void Mutator::remove(Index t) {
    trash(t);
    if (w_.tasks[t].parent != kNone) std::erase(w_.tasks[w_.tasks[t].parent].children, t);
}

// Those below stay in the list of the task above them, and so come back with it.
void Mutator::trash(Index t) {
    for (const Index child : w_.tasks[t].children) trash(child);
    record(
        t,
        {.created = now_, .action = "deleted", .type = Type::task, .resource = t, .user = 0, .change = std::nullopt});
    audit(Type::task, t, w_.tasks[t].workspace, "deleted");
    w_.unlink(t);
    w_.tasks[t].deleted = true;
    deleted_.push_back(t);
}

void Mutator::restore(Index t) {
    const Index parent = w_.tasks[t].parent;
    const bool stays = parent != kNone && !w_.tasks[parent].deleted && can_be_under(t, parent);
    w_.set_parent(t, stays ? parent : kNone);
    bring_back(t);
}

void Mutator::bring_back(Index t) {
    Task& task = w_.tasks[t];
    task.deleted = false;
    // What went meanwhile is not come back to.
    std::erase_if(task.homes, [&](const TaskHome& home) { return w_.projects[home.project].deleted; });
    std::erase_if(task.tags, [&](Index tag) { return w_.tags[tag].deleted; });
    for (TaskHome& home : task.homes) {
        if (home.section != kNone && w_.sections[home.section].deleted)
            home.section = w_.projects[home.project].sections.front();
    }
    audit(Type::task, t, task.workspace, "undeleted");
    w_.relink(t);
    touch(t);
    record(
        t,
        {.created = now_, .action = "undeleted", .type = Type::task, .resource = t, .user = 0, .change = std::nullopt});
    for (const Index child : task.children) bring_back(child);
}

Index Mutator::new_task(Index workspace, Index project, Index parent, const std::string& name) {
    const auto t = static_cast<Index>(w_.tasks.size());
    w_.tasks.emplace_back();
    Task& task = w_.tasks.back();
    task.workspace = workspace;
    task.created = task.modified = now_;
    task.created_by = 0;
    task.followers = {0};
    w_.changes(t).name = name;
    w_.changes(t).notes = "";
    if (parent != kNone) {
        w_.set_parent(t, parent);
        home_told(t, "added", Type::task, parent);
    } else if (project != kNone) {
        const auto& sections = w_.projects[project].sections;
        w_.add_home(t, {project, sections.empty() ? kNone : sections[random_.pick(sections.size())]});
        home_told(t, "added", Type::project, project);
    }
    return t;
}

void Mutator::move(Index t, Index project, Index section) {
    if (section != kNone && w_.sections[section].project != project)
        throw std::invalid_argument("the section is not in the project");
    Task& task = w_.tasks[t];
    const auto home =
        std::find_if(task.homes.begin(), task.homes.end(), [&](const TaskHome& h) { return h.project == project; });
    if (home == task.homes.end()) return add_to_project(t, project, section);
    const Millis before = task.modified;
    const Index old = home->section;
    if (old == section) return;  // another place in it: no story is known for this
    home->section = section;
    if (Story* story = add_story(t, "section_changed")) {
        story->old_section = old;
        story->new_section = section;
    }
    if (random_.chance(0.5)) task.modified = before;  // the documentation contradicts itself here
}

void Mutator::add_to_project(Index t, Index project, Index section) {
    Task& task = w_.tasks[t];
    if (std::any_of(task.homes.begin(), task.homes.end(), [&](const TaskHome& h) { return h.project == project; }))
        throw std::invalid_argument("the task is in the project");
    const Millis before = task.modified;
    w_.add_home(t, {project, section});
    home_told(t, "added", Type::project, project);
    add_story(t, "added_to_project", project);
    if (random_.chance(0.5)) task.modified = before;
}

void Mutator::leave(Index t, Index project) {
    const Millis before = w_.tasks[t].modified;
    home_told(t, "removed", Type::project, project);
    w_.remove_home(t, project);
    add_story(t, "removed_from_project", project);
    if (random_.chance(0.5)) w_.tasks[t].modified = before;
}

bool Mutator::can_be_under(Index t, Index parent) const {
    if (w_.tasks[t].workspace != w_.tasks[parent].workspace) return false;
    for (Index at = parent; at != kNone; at = w_.tasks[at].parent) {
        if (at == t) return false;
    }
    const auto height = [&](const auto& self, Index at) -> int {
        int most = 0;
        for (const Index child : w_.tasks[at].children) most = std::max(most, 1 + self(self, child));
        return most;
    };
    return w_.tasks[parent].depth + 1 + height(height, t) <= kDepthMost;
}

// No story is known for this, so only the documentation's contradiction is left: half of them move modified_at. The
// parents stay as they are.
void Mutator::reparent(Index t, Index parent) {
    if (parent != kNone && !can_be_under(t, parent))
        throw std::invalid_argument("the task cannot be under that one: a circle, too deep, or another workspace");
    const Index old = w_.tasks[t].parent;
    if (old == parent) return;
    if (old != kNone) home_told(t, "removed", Type::task, old);
    w_.set_parent(t, parent);
    if (parent != kNone) home_told(t, "added", Type::task, parent);
    if (random_.chance(0.5)) touch(t);
}

bool Mutator::rename_some() {
    const Index t = some_task();
    if (t != kNone) rename(t, name());
    return t != kNone;
}

bool Mutator::rewrite_notes() {
    const Index t = some_task();
    if (t == kNone) return false;
    w_.changes(t).notes = long_text(random_.next(), random_.number(300), w_.shape.hurts);
    touch(t);
    task_changed(t, "notes", "changed");
    add_story(t, "notes_changed");
    return true;
}

bool Mutator::complete_some() {
    const Index t = some_task();
    if (t != kNone) complete(t, !w_.tasks[t].completed);
    return t != kNone;
}

bool Mutator::assign_some() {
    const Index t = some_task();
    if (t != kNone) assign(t, random_.chance(0.2) ? kNone : some_person(w_.tasks[t].workspace));
    return t != kNone;
}

bool Mutator::change_due_date() {
    const Index t = some_task();
    if (t == kNone) return false;
    Task& task = w_.tasks[t];
    Dates before{.null = task.due == kNoTime, .start = task.start, .due = task.due, .has_time = task.due_time};
    task.due_time = false;
    task.start = kNoTime;
    task.due = now_ / kDay * kDay + random_.number(60) * kDay;
    touch(t);
    task_changed(t, "due_on", "changed");
    if (Story* story = add_story(t, "due_date_changed")) {
        story->old_dates = before;
        story->new_dates = {.null = false, .start = kNoTime, .due = task.due, .has_time = false};
    }
    return true;
}

bool Mutator::comment_some() {
    const Index t = some_task();
    if (t == kNone || !w_.next_story_id(t)) return false;
    comment(t, long_text(random_.next(), 80, w_.shape.hurts));
    return true;
}

std::optional<Id> Mutator::some_comment() {
    const Index t = some_task();
    if (t == kNone) return std::nullopt;
    for (const Story& story : w_.stories(t)) {
        if (story_shape(story.shape).member == StoryMember::comment) return story.id;
    }
    return std::nullopt;
}

bool Mutator::edit_some_comment() {
    const auto id = some_comment();
    if (id) edit_comment(*id, long_text(random_.next(), 90, w_.shape.hurts));
    return id.has_value();
}

bool Mutator::delete_some_comment() {
    const auto id = some_comment();
    if (id) delete_comment(*id);
    return id.has_value();
}

bool Mutator::move_some() {
    const Index t = some_task();
    if (t == kNone) return false;
    const auto& projects = w_.workspaces[w_.tasks[t].workspace].projects;
    if (projects.empty()) return false;
    const auto& homes = w_.tasks[t].homes;
    const Index project =
        !homes.empty() && random_.chance(0.6) ? homes[0].project : projects[random_.pick(projects.size())];
    const auto& sections = w_.projects[project].sections;
    if (sections.empty()) return false;
    move(t, project, sections[random_.pick(sections.size())]);
    return true;
}

bool Mutator::leave_some() {
    const Index t = some_task();
    if (t == kNone || w_.tasks[t].homes.empty()) return false;
    leave(t, w_.tasks[t].homes[0].project);
    return true;
}

bool Mutator::new_some_task() {
    const Index workspace = random_.pick(w_.workspaces.size());
    const auto& projects = w_.workspaces[workspace].projects;
    if (projects.empty()) return false;
    new_task(workspace, projects[random_.pick(projects.size())], kNone, name());
    return true;
}

bool Mutator::new_some_subtask() {
    const Index t = some_task();
    if (t == kNone || w_.tasks[t].depth >= kDepthMost) return false;
    new_task(w_.tasks[t].workspace, kNone, t, name());
    return true;
}

bool Mutator::delete_some() {
    const Index t = some_task();
    if (t != kNone) remove(t);
    return t != kNone;
}

bool Mutator::restore_some() {
    if (deleted_.empty()) return false;
    const std::size_t at = random_.pick(deleted_.size());
    const Index t = deleted_[at];
    deleted_.erase(deleted_.begin() + static_cast<std::ptrdiff_t>(at));
    if (!w_.tasks[t].deleted) return false;  // it came back with another one
    restore(t);
    return true;
}

bool Mutator::tag_some() {
    const Index t = some_task();
    if (t == kNone) return false;
    const auto& tags = w_.workspaces[w_.tasks[t].workspace].tags;
    if (tags.empty()) return false;
    const Index tag = tags[random_.pick(tags.size())];
    const auto& mine = w_.tasks[t].tags;
    if (std::find(mine.begin(), mine.end(), tag) != mine.end()) return false;
    w_.add_tag(t, tag);
    task_changed(t, "tags", "added", Type::tag, tag);
    add_story(t, "added_to_tag", tag);
    return true;
}

bool Mutator::untag_some() {
    const Index t = some_task();
    if (t == kNone || w_.tasks[t].tags.empty()) return false;
    const Index tag = w_.tasks[t].tags[0];
    w_.remove_tag(t, tag);
    task_changed(t, "tags", "removed", Type::tag, tag);
    add_story(t, "removed_from_tag", tag);
    return true;
}

bool Mutator::change_value() {
    const Index t = some_task();
    if (t == kNone) return false;
    const auto values = w_.task_values(t);
    if (values.empty()) return false;
    const Index field = values[random_.pick(values.size())].first;
    Value value = w_.derived_value(random_.next() % 1'000'000'007, field);
    const auto& options = w_.fields[field].options;  // younger ones than the generator knew among them
    if (value.set && w_.fields[field].kind == FieldKind::enumeration)
        value.items = {options[random_.pick(options.size())]};
    w_.changes(t).values[field] = std::move(value);
    touch(t);
    task_changed(t, "custom_fields", "changed", Type::custom_field, field);
    return true;
}

bool Mutator::add_follower() {
    const Index t = some_task();
    if (t == kNone) return false;
    const Index user = some_person(w_.tasks[t].workspace);
    auto& followers = w_.tasks[t].followers;
    if (std::find(followers.begin(), followers.end(), user) != followers.end()) return false;
    followers.push_back(user);
    task_changed(t, "followers", "added", Type::user, user);
    add_story(t, "follower_added", user);
    return true;
}

bool Mutator::add_some_dependency() {
    const Index t = some_task(), other = some_task();
    if (t == kNone || t == other || w_.tasks[t].workspace != w_.tasks[other].workspace) return false;
    w_.add_dependency(t, other);
    task_changed(t, "dependencies", "added", Type::task, other);
    add_story(t, "dependency_added", other);
    return true;
}

bool Mutator::attach() {
    const Index t = some_task();
    if (t == kNone) return false;
    const auto id = w_.next_attachment_id(t);
    if (!id) return false;
    Attachment attachment;
    attachment.id = *id;
    attachment.name = name() + ".txt";
    attachment.parent = t;
    attachment.created = now_;
    attachment.size = random_.number(100'000);
    w_.changes(t).attachments.push_back(std::move(attachment));
    add_story(t, "attachment_added");
    return true;
}

bool Mutator::reparent_some() {
    const Index t = some_task(), other = some_task();
    if (t == kNone) return false;
    const bool detach = w_.tasks[t].parent != kNone && random_.chance(0.4);
    const Index parent = detach ? kNone : other;
    if (!detach && (parent == w_.tasks[t].parent || !can_be_under(t, parent))) return false;
    reparent(t, parent);
    return true;
}

bool Mutator::unfollow() {
    const Index t = some_task();
    if (t == kNone || w_.tasks[t].followers.empty()) return false;
    auto& followers = w_.tasks[t].followers;
    const Index user = followers[random_.pick(followers.size())];
    std::erase(followers, user);
    task_changed(t, "followers", "removed", Type::user, user);
    add_story(t, "follower_removed", user);
    return true;
}

bool Mutator::remove_some_dependency() {
    const Index t = some_task();
    if (t == kNone || w_.tasks[t].dependencies.empty()) return false;
    const Index other = w_.tasks[t].dependencies[0];
    w_.remove_dependency(t, other);
    task_changed(t, "dependencies", "removed", Type::task, other);
    add_story(t, "dependency_removed", other);
    return true;
}

bool Mutator::delete_some_attachment() {
    const Index t = some_task();
    const auto attachments = t == kNone ? std::vector<Attachment>{} : w_.task_attachments(t);
    if (attachments.empty()) return false;
    delete_attachment(attachments[random_.pick(attachments.size())].id);
    return true;
}

bool Mutator::like() {
    const Index t = some_task();
    if (t == kNone) return false;
    auto& likes = w_.tasks[t].likes;
    const Index user = some_person(w_.tasks[t].workspace);
    if (std::find(likes.begin(), likes.end(), user) != likes.end()) return false;
    likes.push_back(user);
    return true;
}

}  // namespace fake_asana
