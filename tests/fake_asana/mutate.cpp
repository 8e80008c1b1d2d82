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
        {"edit_comment", false, &M::edit_comment},
        {"delete_comment", false, &M::delete_comment},
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
        {"rename_section", false, &M::rename_section},
        {"rename_project", false, &M::rename_project},
        {"status_update", false, &M::add_status_update},
        {"like", true, &M::like},
        {"rename_user", true, &M::rename_user},
        {"rename_tag", true, &M::rename_tag},
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

// What happens to a task is told to the task, the tasks above it, and the projects of all of them.
void Mutator::record(Index t, Event event) {
    if (!events_) return;
    const auto number = static_cast<Index>(w_.events.size());
    w_.events.push_back(std::move(event));
    const auto tell = [&](Type type, Id id) {
        auto& stream = w_.event_streams[World::stream_key(type, id)];
        if (stream.empty() || stream.back() != number) stream.push_back(number);
    };
    for (Index at = t; at != kNone; at = w_.tasks[at].parent) {
        tell(Type::task, at);
        for (const TaskHome& home : w_.tasks[at].homes) tell(Type::project, home.project);
    }
}

void Mutator::record_for_project(Index project, Event event) {
    if (!events_) return;
    w_.event_streams[World::stream_key(Type::project, project)].push_back(static_cast<Index>(w_.events.size()));
    w_.events.push_back(std::move(event));
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

void Mutator::remove(Index t) {
    const std::vector<Index> children = w_.tasks[t].children;
    for (const Index child : children) remove(child);
    record(
        t,
        {.created = now_, .action = "deleted", .type = Type::task, .resource = t, .user = 0, .change = std::nullopt});
    w_.unlink(t);
    w_.tasks[t].deleted = true;
    deleted_.push_back(t);
}

// The task alone: its subtasks stay in the trash.
void Mutator::restore(Index t) {
    w_.tasks[t].deleted = false;
    if (w_.tasks[t].parent != kNone && w_.tasks[w_.tasks[t].parent].deleted) w_.tasks[t].parent = kNone;
    w_.relink(t);
    touch(t);
    record(
        t,
        {.created = now_, .action = "undeleted", .type = Type::task, .resource = t, .user = 0, .change = std::nullopt});
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
    Event event{
        .created = now_, .action = "added", .type = Type::task, .resource = t, .user = 0, .change = std::nullopt};
    if (parent != kNone) {
        task.parent = parent;
        task.depth = static_cast<std::uint8_t>(w_.tasks[parent].depth + 1);
        w_.tasks[parent].children.push_back(t);
        event.parent_type = Type::task;
        event.parent = parent;
    } else if (project != kNone) {
        const auto& sections = w_.projects[project].sections;
        w_.add_home(t, {project, sections.empty() ? kNone : sections[random_.pick(sections.size())]});
        event.parent_type = Type::project;
        event.parent = project;
    }
    record(t, event);
    return t;
}

void Mutator::move(Index t, Index project, Index section) {
    Task& task = w_.tasks[t];
    const Millis before = task.modified;
    const auto home =
        std::find_if(task.homes.begin(), task.homes.end(), [&](const TaskHome& h) { return h.project == project; });
    if (home == task.homes.end()) {
        w_.add_home(t, {project, section});
        record(t, {.created = now_,
                   .action = "added",
                   .type = Type::task,
                   .resource = t,
                   .parent_type = Type::project,
                   .parent = project,
                   .user = 0,
                   .change = std::nullopt});
        add_story(t, "added_to_project", project);
    } else {
        const Index old = home->section;
        home->section = section;
        if (Story* story = add_story(t, "section_changed")) {
            story->old_section = old;
            story->new_section = section;
        }
    }
    if (random_.chance(0.5)) task.modified = before;  // the documentation contradicts itself here
}

void Mutator::leave(Index t, Index project) {
    const Millis before = w_.tasks[t].modified;
    record(t, {.created = now_,
               .action = "removed",
               .type = Type::task,
               .resource = t,
               .parent_type = Type::project,
               .parent = project,
               .user = 0,
               .change = std::nullopt});
    w_.remove_home(t, project);
    add_story(t, "removed_from_project", project);
    if (random_.chance(0.5)) w_.tasks[t].modified = before;
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
    Dates before{.null = task.due == kNoTime, .start = kNoTime, .due = task.due, .has_time = task.due_time};
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

bool Mutator::edit_comment() {
    const Index t = some_task();
    if (t == kNone) return false;
    for (Story story : w_.stories(t)) {
        if (story_shape(story.shape).member != StoryMember::comment) continue;
        story.text = long_text(random_.next(), 90, w_.shape.hurts);
        story.edited = true;
        bool added = false;
        if (w_.tasks[t].changes) {
            for (Story& stored : w_.changes(t).stories) {
                if (stored.id == story.id) {
                    stored = story;
                    added = true;
                }
            }
        }
        if (!added) w_.changed_stories[story.id] = story;
        record(t, {.created = now_,
                   .action = "changed",
                   .type = Type::story,
                   .resource = story.id,
                   .parent_type = Type::task,
                   .parent = t,
                   .user = 0,
                   .change = EventChange{"text", "changed"}});
        return true;
    }
    return false;
}

bool Mutator::delete_comment() {
    const Index t = some_task();
    if (t == kNone) return false;
    for (const Story& story : w_.stories(t)) {
        if (story_shape(story.shape).member != StoryMember::comment) continue;
        w_.deleted_stories.insert(story.id);
        touch(t);
        record(t, {.created = now_,
                   .action = "removed",
                   .type = Type::story,
                   .resource = story.id,
                   .parent_type = Type::task,
                   .parent = t,
                   .user = 0,
                   .change = std::nullopt});
        return true;
    }
    return false;
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
    if (t == kNone || w_.tasks[t].depth >= 5) return false;
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
    w_.changes(t).values[field] = w_.derived_value(random_.next() % 1'000'000'007, field);
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

bool Mutator::rename_section() {
    if (w_.projects.empty()) return false;
    const Index p = random_.pick(w_.projects.size());
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

bool Mutator::rename_project() {
    if (w_.projects.empty()) return false;
    const Index p = random_.pick(w_.projects.size());
    w_.projects[p].name = name();
    w_.projects[p].modified = now_;
    record_for_project(p, {.created = now_,
                           .action = "changed",
                           .type = Type::project,
                           .resource = p,
                           .user = 0,
                           .change = EventChange{"name", "changed"}});
    return true;
}

bool Mutator::add_status_update() {
    if (w_.projects.empty()) return false;
    const Index p = random_.pick(w_.projects.size());
    w_.projects[p].status_updates.push_back(static_cast<Index>(w_.status_updates.size()));
    w_.status_updates.push_back({.title = name(),
                                 .text = long_text(random_.next(), 60, w_.shape.hurts),
                                 .project = p,
                                 .author = 0,
                                 .status = random_.number(5),
                                 .created = now_,
                                 .modified = now_,
                                 .likes = {}});
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

bool Mutator::rename_user() {
    w_.users[random_.pick(w_.users.size())].name = person_name(random_.next());
    return true;
}

bool Mutator::rename_tag() {
    if (w_.tags.empty()) return false;
    w_.tags[random_.pick(w_.tags.size())].name = name();
    return true;
}

}  // namespace fake_asana
