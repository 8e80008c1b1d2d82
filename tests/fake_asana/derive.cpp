// gids, everything that follows from the seed, and the changes that keep the lists of the model in step.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "model.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

using enum StoryMember;

// The subtypes seen in public clients, and which members each brings along.
constexpr std::array kStoryShapes{
    StoryShape{"comment_added", comment},
    StoryShape{"comment_added", comment},  // comments are the most frequent
    StoryShape{"comment_added", comment},
    StoryShape{"assigned", assignee},
    StoryShape{"unassigned", assignee},
    StoryShape{"marked_complete", nothing},
    StoryShape{"marked_incomplete", nothing},
    StoryShape{"name_changed", name},
    StoryShape{"notes_changed", nothing},
    StoryShape{"due_date_changed", dates},
    StoryShape{"start_date_changed", dates},
    StoryShape{"added_to_project", project},
    StoryShape{"removed_from_project", project},
    StoryShape{"section_changed", sections},
    StoryShape{"added_to_tag", tag},
    StoryShape{"removed_from_tag", tag},
    StoryShape{"follower_added", follower},
    StoryShape{"follower_removed", follower},
    StoryShape{"attachment_added", nothing},
    StoryShape{"dependency_added", dependency},
    StoryShape{"dependency_removed", dependency},
    StoryShape{"dependent_added", task},
    StoryShape{"dependent_removed", task},
    StoryShape{"duplicated", duplicate_of},
    StoryShape{"duplicated_from", duplicated_from},
    StoryShape{"mentioned", task},
    StoryShape{"approval_status_changed", approval},
    StoryShape{"resource_subtype_changed", subtype},
    StoryShape{"text_custom_field_changed", text_value},
    StoryShape{"number_custom_field_changed", number_value},
    StoryShape{"enum_custom_field_changed", enum_value},
    StoryShape{"multi_enum_custom_field_changed", multi_enum_values},
    StoryShape{"people_custom_field_changed", people_value},
    StoryShape{"date_custom_field_changed", date_value},
    StoryShape{"story_reaction_added", story},
    StoryShape{"a_subtype_of_tomorrow", nothing},
};

constexpr std::array kApprovals{"pending", "approved", "rejected", "changes_requested"};
constexpr std::array kSubtypes{"default_task", "milestone", "approval", "custom"};

constexpr std::array<std::string_view, static_cast<std::size_t>(Type::time_period) + 1> kTypeNames{
    "workspace",
    "workspace_membership",
    "user",
    "user_task_list",
    "team",
    "team_membership",
    "project",
    "membership",
    "section",
    "project_brief",
    "status_update",
    "task",
    "tag",
    "custom_field",
    "enum_option",
    "custom_field_setting",
    "custom_type",
    "custom_type_status_option",
    "story",
    "attachment",
    "like",
    "project_template",
    "task_template",
    "time_tracking_entry",
    "time_tracking_category",
    "timesheet_approval_status",
    "allocation",
    "budget",
    "rate",
    "placeholder",
    "ooo_entry",
    "role",
    "agent",
    "portfolio",
    "project_portfolio_setting",
    "goal",
    "goal_metric",
    "goal_relationship",
    "time_period"};

constexpr Id kKindStep = 10'000'000'000'000;
constexpr Id kFirstGid = 1'200'000'000'000'000;
constexpr Id kBigGid = 8'000'000'000'000'000;  // added to some: beyond 2^53 = 9007199254740992
constexpr Id kStoriesPerTask = 1024;           // room in the numbering, not a count
constexpr Id kAttachmentsPerTask = 64;

std::string plain_number(double number, int precision) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%.*f", precision, number);
    return buffer;
}

template <class T>
void drop(std::vector<T>& list, const T& item) {
    list.erase(std::remove(list.begin(), list.end(), item), list.end());
}

}  // namespace

std::string_view type_name(Type type) { return kTypeNames.at(static_cast<std::size_t>(type)); }
const StoryShape& story_shape(int shape) { return kStoryShapes[static_cast<std::size_t>(shape)]; }

int story_shape_named(std::string_view subtype) {
    const auto found = std::find_if(kStoryShapes.begin(), kStoryShapes.end(),
                                    [&](const StoryShape& shape) { return shape.subtype == subtype; });
    return static_cast<int>(found - kStoryShapes.begin());
}

World::World(const Shape& wanted) : shape(wanted) {
    generate(*this);
    generate_planning(*this);
}

std::string World::gid(Type type, Id index) const {
    Id number = kFirstGid + static_cast<Id>(type) * kKindStep + index;
    if (shape.hurts && index % 5 == 3) number += kBigGid;
    char buffer[24];
    char* end = std::to_chars(buffer, buffer + sizeof buffer, number).ptr;
    if (shape.hurts && index % 61 == 17) *end++ = 'a';
    return {buffer, end};
}

// As the documentation's list of audit log events calls it.
std::string audit_type(const AuditEvent& event) {
    const std::string type(event.type == Type::story ? "comment" : type_name(event.type));
    return type + '_' + event.action;
}

std::optional<std::pair<Type, Id>> World::parsed(std::string_view text) const {
    std::string_view digits = text;
    if (!digits.empty() && digits.back() == 'a') digits.remove_suffix(1);
    Id number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    if (number >= kFirstGid + kBigGid) number -= kBigGid;
    if (number < kFirstGid) return std::nullopt;
    const Id type = (number - kFirstGid) / kKindStep;
    if (type > static_cast<Id>(Type::time_period)) return std::nullopt;
    const std::pair result{static_cast<Type>(type), (number - kFirstGid) % kKindStep};
    if (gid(result.first, result.second) != text) return std::nullopt;
    return result;
}

std::uint64_t World::hash(std::uint64_t salt, std::uint64_t index) const {
    return Random(shape.seed * 0x9E3779B97F4A7C15ULL + salt * 0xD6E8FEB86659FD93ULL + index * 0xA0761D6478BD642FULL)
        .next();
}

std::string World::task_name(Index t) const {
    if (tasks[t].changes && tasks[t].changes->name) return *tasks[t].changes->name;
    return short_name(hash(1, t), shape.hurts);
}

std::string World::task_notes(Index t) const {
    if (tasks[t].changes && tasks[t].changes->notes) return *tasks[t].changes->notes;
    const std::uint64_t h = hash(2, t);
    if (shape.bench) return words(h, 110 + static_cast<int>(h % 90));  // makes a task 4 to 5 KB
    if (shape.hurts && t % 997 == 500) return long_text(h, 60'000, true);
    return h % 3 == 0 ? "" : long_text(h, 40 + static_cast<int>(h % 400), shape.hurts);
}

std::string World::task_html_notes(Index t) const { return html(task_notes(t)); }

Value World::derived_value(std::uint64_t object, Index f) const {
    const CustomField& field = fields[f];
    Random random(hash(3, object * 1'000'003 + f));
    Value value;
    if (random.chance(shape.bench ? 0.1 : 0.3)) return value;
    value.set = true;
    const std::vector<Index>& people = first_workspaces[field.workspace].people;
    switch (field.kind) {
        case FieldKind::text:
            value.text = shape.bench ? words(random.next(), 4) : short_name(random.next(), shape.hurts);
            break;
        case FieldKind::number:
            value.number = random.number(20000) / 4.0 - 500;
            break;
        case FieldKind::currency:
            value.number = random.number(1'000'000) / 100.0;
            break;
        case FieldKind::percentage:
            value.number = random.number(101) / 100.0;
            break;
        case FieldKind::labelled:
            value.number = random.chance(0.05) ? 1.5e21 : random.number(500);
            break;
        case FieldKind::duration:
            value.number = random.number(600);
            break;
        case FieldKind::identifier:
            value.number = random.number(100'000);
            break;
        case FieldKind::enumeration:
            value.items = {field.options[random.pick(field.first_options)]};
            break;
        case FieldKind::multi_enum:
            for (std::size_t i = 0; i < field.first_options; ++i) {
                if (random.chance(0.3)) value.items.push_back(field.options[i]);
            }
            break;
        case FieldKind::date:
        case FieldKind::date_time:
            value.has_time = field.kind == FieldKind::date_time;
            value.date = kEpoch + random.number(400) * kDay + (value.has_time ? random.number(96) * 900'000 : 0);
            break;
        case FieldKind::people:
            for (int i = 1 + random.number(2); i > 0; --i) {
                const Index one = people[random.pick(people.size())];
                if (std::find(value.items.begin(), value.items.end(), one) == value.items.end())
                    value.items.push_back(one);
            }
            break;
        case FieldKind::reference:
            if (!tasks.empty()) value.items = {random.pick(static_cast<std::size_t>(shape.tasks))};
            break;
        case FieldKind::formula:
            value.number = random.number(9999) / 8.0;
            break;
        case FieldKind::custom_id:
            value.text = "TEC-" + std::to_string(object % 1'000'000);
            break;
    }
    return value;
}

std::optional<std::string> World::display_value(Index f, const Value& value) const {
    const CustomField& field = fields[f];
    if (!value.set) return std::nullopt;
    std::string result;
    switch (field.kind) {
        case FieldKind::text:
        case FieldKind::custom_id:
            return value.text;
        case FieldKind::number:
        case FieldKind::formula:
        case FieldKind::identifier:
            return plain_number(value.number, field.precision);
        case FieldKind::currency:
            return "€" + plain_number(value.number, 2);
        case FieldKind::percentage:
            return plain_number(value.number * 100, 0) + "%";
        case FieldKind::labelled:
            return plain_number(value.number, 0) + " pcs";
        case FieldKind::duration: {
            const int minutes = static_cast<int>(value.number);
            return std::to_string(minutes / 60) + "h " + std::to_string(minutes % 60) + "m";
        }
        case FieldKind::date:
            return iso_date(value.date);
        case FieldKind::date_time:
            return iso_time(value.date);
        case FieldKind::enumeration:
        case FieldKind::multi_enum:
            if (value.items.empty()) return std::nullopt;
            for (const Index option : value.items) result += (result.empty() ? "" : ", ") + options[option].name;
            return result;
        case FieldKind::people:
            if (value.items.empty()) return std::nullopt;
            for (const Index user : value.items) result += (result.empty() ? "" : ", ") + users[user].name;
            return result;
        case FieldKind::reference:
            if (value.items.empty()) return std::nullopt;
            for (const Index task : value.items) result += (result.empty() ? "" : ", ") + gid(Type::task, task);
            return result;
    }
    return result;
}

std::vector<std::pair<Index, Value>> World::task_values(Index t) const {
    const Task& task = tasks[t];
    std::vector<std::pair<Index, Value>> result;
    const auto add = [&](Index field, bool enabled) {
        for (const auto& entry : result) {
            if (entry.first == field) return;
        }
        const bool changed = task.changes && task.changes->values.contains(field);
        result.emplace_back(field, changed ? task.changes->values.at(field) : derived_value(t, field));
        result.back().second.enabled = enabled;
    };
    for (const TaskHome& home : task.homes) {
        for (const Setting& setting : projects[home.project].settings) add(setting.field, true);
    }
    if (task.leftover_field != kNone) add(task.leftover_field, false);
    return result;
}

Value World::project_value(Index project, Index field) const {
    return derived_value(900'000'000'000ULL + project, field);
}

int World::derived_story_count(Index t) const {
    if (t >= shape.tasks) return 0;
    if (shape.hurts && t % 311 == 200) return 110;  // more than one page
    const std::uint64_t h = hash(4, t);
    const auto limit = static_cast<std::uint64_t>(shape.stories_per_task * 2 + 1.0);
    return static_cast<int>(std::min<std::uint64_t>(h % limit, kStoriesPerTask / 2));
}

Story World::derived_story(Index t, int number, int count) const {
    const Task& on = tasks[t];
    const Workspace& place = first_workspaces[on.workspace];
    Random random(hash(5, t * kStoriesPerTask + static_cast<Id>(number)));
    const auto person = [&] { return place.people[random.pick(place.people.size())]; };
    const auto text = [&] { return short_name(random.next(), shape.hurts); };
    // The neighbourhood in the order of creation: the same workspace, mostly visible, not always.
    const auto neighbour = [&] {
        const Index other = t > 20 ? t - 1 - random.pick(20) : t;
        return tasks[other].workspace == on.workspace ? other : t;
    };
    Story story;
    story.id = t * kStoriesPerTask + static_cast<Id>(number);
    story.task = t;
    story.shape = static_cast<int>(random.pick(kStoryShapes.size()));
    // Derived from what cannot change, so that a story stays what it was.
    story.created = on.created + (kEpoch - on.created) / (count + 1) * number + random.number(900);
    story.created_by = random.chance(0.06) ? kNone : person();
    story.source = random.number(5);
    const auto value = [&](FieldKind kind) {
        for (std::size_t i = 0; i < place.fields.size(); ++i) {
            if (fields[place.fields[i]].kind == kind) {
                story.ref = place.fields[i];
                story.old_value = derived_value(random.next() % 1'000'000, story.ref);
                story.new_value = derived_value(random.next() % 1'000'000, story.ref);
                return;
            }
        }
        story.shape = 0;  // no such field in this workspace: a comment instead
    };
    const auto some_dates = [&] {
        Dates result;
        if (random.chance(0.3)) return result;
        result.null = false;
        result.has_time = random.chance(0.3);
        result.due = kEpoch + random.number(300) * kDay + (result.has_time ? random.number(96) * 900'000 : 0);
        if (random.chance(0.4)) result.start = result.due - random.number(20) * kDay;
        return result;
    };
    story.text = words(random.next(), 4);
    switch (story_shape(story.shape).member) {
        case comment:
        case nothing:
        case StoryMember::sections:
            break;
        case assignee:
        case follower:
            story.ref = person();
            break;
        case project: {
            const Index any = random.pick(static_cast<std::size_t>(shape.projects));
            if (shape.projects > 0 && projects[any].workspace == on.workspace) story.ref = any;
            break;
        }
        case tag:
            story.ref = place.tags.empty() ? kNone : place.tags[random.pick(place.tags.size())];
            break;
        case name:
            story.old_text = text();
            story.new_text = text();
            story.text = "changed the name to \"" + story.new_text + '"';
            break;
        case dates:
            story.old_dates = some_dates();
            story.new_dates = some_dates();
            break;
        case dependency:
        case task:
        case duplicate_of:
        case duplicated_from:
            story.ref = neighbour();
            break;
        case StoryMember::story:
            story.other_story = story.id - static_cast<Id>(number);
            break;
        case approval:
            story.old_text = kApprovals[random.pick(4)];
            story.new_text = kApprovals[random.pick(4)];
            break;
        case subtype:
            story.old_text = kSubtypes[random.pick(4)];
            story.new_text = kSubtypes[random.pick(4)];
            break;
        case text_value:
            value(FieldKind::text);
            break;
        case number_value:
            value(FieldKind::number);
            break;
        case enum_value:
            value(FieldKind::enumeration);
            break;
        case multi_enum_values:
            value(FieldKind::multi_enum);
            break;
        case people_value:
            value(FieldKind::people);
            break;
        case date_value:
            value(FieldKind::date_time);
            break;
    }
    if (story_shape(story.shape).member == StoryMember::sections) {
        const auto section = [&] {  // null in one case of some
            const Index p = random.pick(static_cast<std::size_t>(shape.projects));
            if (shape.projects == 0 || projects[p].workspace != on.workspace) return kNone;
            return projects[p].first_section;
        };
        story.old_section = section();
        story.new_section = section();
    }
    if (story_shape(story.shape).member == comment) {
        story.text = long_text(random.next(), 30 + random.number(200), shape.hurts);
        story.pinned = random.chance(0.03);
        story.edited = random.chance(0.1);
        if (random.chance(0.05)) story.sticker = random.number(12);
        for (int i = random.number(4) - 1; i > 0; --i) {
            const Index user = person();
            if (std::find(story.likes.begin(), story.likes.end(), user) == story.likes.end())
                story.likes.push_back(user);
        }
    }
    return story;
}

std::vector<Story> World::stories(Index t) const {
    std::vector<Story> result;
    const int count = derived_story_count(t);
    for (int i = 0; i < count; ++i) {
        const Id id = t * kStoriesPerTask + static_cast<Id>(i);
        if (!deleted_stories.empty() && deleted_stories.contains(id)) continue;
        const auto changed = changed_stories.empty() ? changed_stories.end() : changed_stories.find(id);
        result.push_back(changed != changed_stories.end() ? changed->second : derived_story(t, i, count));
    }
    if (tasks[t].changes) {
        for (const Story& story : tasks[t].changes->stories) {
            if (!deleted_stories.contains(story.id)) result.push_back(story);
        }
    }
    return result;
}

std::optional<Story> World::story(Id id) const {
    if (id >= kGoalStories) return goal_story(id);
    const Id t = id / kStoriesPerTask;
    if (t >= tasks.size()) return std::nullopt;
    for (Story& story : stories(static_cast<Index>(t))) {
        if (story.id == id) return std::move(story);
    }
    return std::nullopt;
}

int World::derived_attachment_count(Index t) const {
    if (t >= shape.tasks) return 0;
    const std::uint64_t h = hash(6, t);
    const double wanted = shape.attachments_per_task;
    const auto whole = static_cast<int>(wanted);
    const bool one_more = static_cast<double>(h % 10'000) / 10'000.0 < wanted - whole;
    return std::min(whole + (one_more ? 1 : 0), static_cast<int>(kAttachmentsPerTask) / 2);
}

Attachment World::derived_attachment(Index t, int number) const {
    Random random(hash(7, t * kAttachmentsPerTask + static_cast<Id>(number)));
    Attachment attachment;
    attachment.id = t * kAttachmentsPerTask + static_cast<Id>(number);
    attachment.name = short_name(random.next(), shape.hurts) + ".png";
    attachment.subtype = random.chance(0.7) ? 0 : random.number(7);
    attachment.parent = t;
    attachment.created = tasks[t].created + random.number(1'000'000);
    attachment.size = static_cast<std::int64_t>(random.below(6'000'000'000));  // some beyond 2^32
    return attachment;
}

std::vector<Attachment> World::task_attachments(Index t) const {
    std::vector<Attachment> result;
    const int count = derived_attachment_count(t);
    for (int i = 0; i < count; ++i) result.push_back(derived_attachment(t, i));
    if (tasks[t].changes) {
        result.insert(result.end(), tasks[t].changes->attachments.begin(), tasks[t].changes->attachments.end());
    }
    if (!deleted_attachments.empty()) {
        std::erase_if(result, [&](const Attachment& a) { return deleted_attachments.contains(a.id); });
    }
    return result;
}

std::optional<Attachment> World::attachment(Id id) const {
    if (const auto found = attachments.find(id); found != attachments.end()) return found->second;
    const Id t = id / kAttachmentsPerTask;
    if (t >= tasks.size()) return std::nullopt;
    for (Attachment& attachment : task_attachments(static_cast<Index>(t))) {
        if (attachment.id == id) return std::move(attachment);
    }
    return std::nullopt;
}

TaskChanges& World::changes(Index t) {
    auto& changes = tasks[t].changes;
    if (!changes) changes = std::make_shared<TaskChanges>();
    if (changes.use_count() > 1) changes = std::make_shared<TaskChanges>(*changes);
    return *tasks[t].changes;
}

Index World::my_tasks_section(Index workspace, Index user) {
    const auto [found, added] =
        my_tasks_sections.try_emplace(pair_key(workspace, user), static_cast<Index>(sections.size()));
    if (added) sections.push_back({.name = "Recently assigned", .project = kNone, .created = kEpoch});
    return found->second;
}

void World::assign(Index t, Index user) {
    Task& task = tasks[t];
    if (task.assignee != kNone) drop(assigned[pair_key(task.workspace, task.assignee)], t);
    task.assignee = user;
    task.assignee_section = user == kNone ? kNone : my_tasks_section(task.workspace, user);
    if (user != kNone) assigned[pair_key(task.workspace, user)].push_back(t);
}

void World::add_home(Index t, TaskHome home) {
    tasks[t].homes.push_back(home);
    projects[home.project].tasks.push_back(t);
}

void World::remove_home(Index t, Index project) {
    std::erase_if(tasks[t].homes, [&](const TaskHome& home) { return home.project == project; });
    drop(projects[project].tasks, t);
}

void World::add_tag(Index t, Index tag) {
    tasks[t].tags.push_back(tag);
    tags[tag].tasks.push_back(t);
}

void World::remove_tag(Index t, Index tag) {
    drop(tasks[t].tags, tag);
    drop(tags[tag].tasks, t);
}

void World::unlink(Index t) {
    const Task& task = tasks[t];
    for (const TaskHome& home : task.homes) drop(projects[home.project].tasks, t);
    for (const Index tag : task.tags) drop(tags[tag].tasks, t);
    if (task.assignee != kNone) drop(assigned[pair_key(task.workspace, task.assignee)], t);
}

void World::relink(Index t) {
    const Task& task = tasks[t];
    for (const TaskHome& home : task.homes) projects[home.project].tasks.push_back(t);
    for (const Index tag : task.tags) tags[tag].tasks.push_back(t);
    if (task.assignee != kNone) assigned[pair_key(task.workspace, task.assignee)].push_back(t);
}

std::optional<Id> World::next_story_id(Index t) const {
    const std::size_t added = tasks[t].changes ? tasks[t].changes->stories.size() : 0;
    const Id number = static_cast<Id>(derived_story_count(t)) + added;
    return number < kStoriesPerTask ? std::optional(t * kStoriesPerTask + number) : std::nullopt;
}

std::optional<Id> World::next_attachment_id(Index t) const {
    const std::size_t added = tasks[t].changes ? tasks[t].changes->attachments.size() : 0;
    const Id number = static_cast<Id>(derived_attachment_count(t)) + added;
    return number < kAttachmentsPerTask ? std::optional(t * kAttachmentsPerTask + number) : std::nullopt;
}

void World::add_dependency(Index t, Index depends_on) {
    auto& list = tasks[t].dependencies;
    if (t == depends_on || std::find(list.begin(), list.end(), depends_on) != list.end()) return;
    list.push_back(depends_on);
    dependents[depends_on].push_back(t);
}

void World::remove_dependency(Index t, Index depends_on) {
    drop(tasks[t].dependencies, depends_on);
    drop(dependents[depends_on], t);
}

void World::set_parent(Index t, Index parent) {
    Task& task = tasks[t];
    if (task.parent != kNone) drop(tasks[task.parent].children, t);
    task.parent = parent;
    if (parent != kNone) tasks[parent].children.push_back(t);
    const auto sink = [&](const auto& self, Index at, int depth) -> void {
        tasks[at].depth = static_cast<std::uint8_t>(depth);
        for (const Index child : tasks[at].children) self(self, child, depth + 1);
    };
    sink(sink, t, parent == kNone ? 0 : tasks[parent].depth + 1);
}

bool World::exists(Type type, Id id) const {
    const auto has = [&](const std::vector<Index>& list) {
        return std::find(list.begin(), list.end(), id) != list.end();
    };
    switch (type) {
        case Type::workspace:
            return id < workspaces.size();
        case Type::workspace_membership:
        case Type::user_task_list:
            return id < workspace_memberships.size() &&
                   joined.contains(pair_key(workspace_memberships[id].workspace, workspace_memberships[id].user));
        case Type::user:
            return id < users.size();
        case Type::team:
            return id < teams.size() && !teams[id].deleted;
        case Type::team_membership:
            return id < team_memberships.size() && exists(Type::team, team_memberships[id].team) &&
                   has(teams[team_memberships[id].team].members);
        case Type::project:
            return id < projects.size() && !projects[id].deleted;
        case Type::membership:
            if (id >= memberships.size() || !exists(memberships[id].parent_type, memberships[id].parent)) return false;
            return has(memberships[id].parent_type == Type::project
                           ? projects[memberships[id].parent].memberships
                           : plan(memberships[id].parent_type, memberships[id].parent).memberships);
        case Type::section:
            return id < sections.size() && !sections[id].deleted &&
                   (sections[id].project == kNone || !projects[sections[id].project].deleted);
        case Type::project_brief:
            return id < briefs.size() && !projects[briefs[id].project].deleted &&
                   projects[briefs[id].project].brief == id;
        case Type::status_update: {
            if (id >= status_updates.size()) return false;
            const auto& [parent_type, parent] = std::pair(status_updates[id].parent_type, status_updates[id].parent);
            return exists(parent_type, parent) &&
                   has(parent_type == Type::project ? projects[parent].status_updates
                                                    : plan(parent_type, parent).status_updates);
        }
        case Type::task:
            return id < tasks.size() && !tasks[id].deleted;
        case Type::tag:
            return id < tags.size() && !tags[id].deleted;
        case Type::custom_field:
            return id < fields.size() && !fields[id].deleted;
        case Type::enum_option:
            return id < options.size();
        case Type::custom_type:
            return id < custom_types.size();
        case Type::custom_type_status_option:
            return id < status_options.size();
        case Type::story: {
            const auto found = story(id);
            return found && exists(found->target_type, found->task);
        }
        case Type::attachment: {
            const auto found = attachment(id);
            return found && exists(found->parent_type, found->parent);
        }
        default:
            return type >= Type::portfolio ? planning_exists(type, id) : work_exists(type, id);
    }
}

bool World::reachable(Index t) const {
    const Task& task = tasks[t];
    if (hidden_task(t)) return false;
    const auto listed_home = [&](const TaskHome& home) { return listed_project(home.project); };
    return std::any_of(task.homes.begin(), task.homes.end(), listed_home) ||
           (task.assignee != kNone && joined.contains(pair_key(task.workspace, task.assignee))) ||
           std::any_of(task.tags.begin(), task.tags.end(), [&](Index tag) { return listed_tag(tag); }) ||
           (task.parent != kNone && reachable(task.parent));
}

bool World::allowed(Type type, Id id) const {
    if (!visible(type, id)) return false;
    switch (type) {
        case Type::task:
            return reachable(static_cast<Index>(id));
        case Type::project:
            return listed_project(static_cast<Index>(id));
        case Type::tag:
            return listed_tag(static_cast<Index>(id));
        case Type::section:
            return sections[id].project == kNone || listed_project(sections[id].project);
        case Type::membership:
            return allowed(memberships[id].parent_type, memberships[id].parent);
        case Type::project_brief:
            return listed_project(briefs[id].project);
        case Type::status_update:
            return allowed(status_updates[id].parent_type, status_updates[id].parent);
        case Type::story: {
            const Story found = *story(id);
            return allowed(found.target_type, found.task);
        }
        case Type::attachment: {
            const Attachment found = *attachment(id);
            return allowed(found.parent_type, found.parent);
        }
        default:
            return type >= Type::portfolio ? planning_allowed(type, id) : work_allowed(type, id);
    }
}

}  // namespace fake_asana
