// The world that the fake Asana serves: plain data, generated from a seed, changed by control requests.
//
// Objects are referred to by their index in the vector of their kind; gids are computed from kind and index. Long
// texts, stories, task attachments and custom field values are not stored but derived from the seed whenever they are
// asked for, and stored only once a change made them differ, so that a million tasks fit in about a gigabyte.
// It knows nothing of HTTP. Callers lock: one writer or many readers.
//
// Instants are milliseconds since 1970 UTC. Text is generalized UTF-8, see json.hpp.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace fake_asana {

using Index = std::uint32_t;
using Id = std::uint64_t;
using Millis = std::int64_t;

constexpr Index kNone = 0xFFFFFFFF;
constexpr Millis kNoTime = INT64_MIN;
constexpr Millis kDay = 86'400'000;
constexpr int kDepthMost = 5;                 // of a subtask
constexpr Millis kEpoch = 1'767'225'600'000;  // 2026-01-01: generated data is older

enum class Type : std::uint8_t {
    workspace,
    workspace_membership,
    user,
    user_task_list,
    team,
    team_membership,
    project,
    membership,
    section,
    project_brief,
    status_update,
    task,
    tag,
    custom_field,
    enum_option,
    custom_field_setting,
    custom_type,
    custom_type_status_option,
    story,
    attachment,
    like,
    project_template,
    task_template,
    time_tracking_entry,
    time_tracking_category,
    timesheet_approval_status,
    allocation,
    budget,
    rate,
    placeholder,
    ooo_entry,
    role,
    agent,
    portfolio,
    project_portfolio_setting,
    goal,
    goal_metric,
    goal_relationship,
    time_period,  // the last one with gids
    // Structures, without gid:
    task_membership,
    date_value,
    dates,
    photo,
    event,
    change,
    effort,
    budget_estimate,
    budget_actual,
    budget_total,
    requested_date,
    requested_role,
    recipe,
    permissions,
    any,  // a reference to an object of whatever type
    none
};
std::string_view type_name(Type type);

// What the generator makes. -1: derived from the number of tasks.
struct Shape {
    std::uint64_t seed = 1;
    std::int64_t tasks = 1000;  // subtasks included
    std::int64_t workspaces = -1;
    std::int64_t projects = -1;
    std::int64_t users = -1;
    std::int64_t teams = -1;
    std::int64_t tags = -1;
    double stories_per_task = 4;
    double attachments_per_task = 0.3;
    double subtask_share = 0.3;
    bool hurts = true;   // data that hurts: see text.cpp
    bool bench = false;  // one big plain shape, see README.md
};

struct Like {
    Id id;
    Index user;
};

struct Workspace {
    std::string name;
    bool organization = false;
    std::vector<std::string> email_domains = {};
    std::vector<Index> users = {}, members = {}, teams = {}, projects = {}, tags = {};
    std::vector<Index> fields = {};  // the workspace-global ones
    std::vector<Index> people = {};  // whom new data may name: users, deactivated people, people in no list
};
struct User {
    std::string name, email;
    bool photo = false;
};
struct WorkspaceMembership {
    Index workspace, user;
    bool active, admin, guest, view_only;
    Millis created;
};
struct Setting {
    Index field;
    bool important;
};
struct Team {
    std::string name, description;
    Index workspace;
    int visibility;  // index in a table of objects.cpp
    bool endorsed, admins_only;
    std::vector<Index> members;  // team memberships
    bool deleted = false;
    std::vector<Setting> settings = {};
};
struct TeamMembership {
    Index team, user;
    bool guest, limited, admin;
};
struct Project {
    std::string name, notes;
    Index workspace, team = kNone, owner = kNone, completed_by = kNone, brief = kNone, project_template = kNone;
    bool archived = false, completed = false, listed = true, deleted = false;
    int color = -1, icon = 0, view = 0;
    Millis created = 0, modified = 0, completed_at = kNoTime, start = kNoTime, due = kNoTime;
    std::vector<Index> sections = {}, tasks = {}, members = {}, followers = {}, memberships = {}, status_updates = {},
                       custom_types = {};
    std::vector<Index> own_fields = {};  // fields whose values the project itself carries
    std::vector<Setting> settings = {};
    std::vector<Id> attachments = {};
    Index first_section = kNone;  // as generated: stories name it
    // While it is deleted: the tasks that went with it, and those that stayed with the section they were in.
    std::vector<Index> trashed = {};
    std::vector<std::pair<Index, Index>> left = {};
};
struct Membership {
    Index parent, member;
    Type member_type;
    int access;
    Type parent_type = Type::project;
};
struct Section {
    std::string name;
    Index project;  // kNone: a section of somebody's My Tasks
    Millis created;
    bool deleted = false;
};
struct Tag {
    std::string name, notes;
    Index workspace;
    int color;
    bool listed;
    Millis created;
    std::vector<Index> followers, tasks;
    bool deleted = false;
};
enum class FieldKind : std::uint8_t {
    text,
    number,
    currency,
    percentage,
    labelled,
    duration,
    identifier,
    enumeration,
    multi_enum,
    date,
    date_time,
    people,
    reference,
    formula,
    custom_id
};
constexpr int kFieldKinds = 15;
struct CustomField {
    std::string name, description;
    Index workspace;
    FieldKind kind;
    bool global;
    int precision;
    Index created_by;
    std::vector<Index> options;
    bool deleted = false;
    std::size_t first_options = 0;  // how many the generator made: what is derived has no others
};
struct Option {
    std::string name;
    Index field;
    int color;
    bool enabled;
    bool listed;  // false: values still point at it, the definition no longer has it
};
struct CustomType {
    std::string name;
    std::vector<Index> options;
};
struct StatusOption {
    std::string name;
    Index type;
    bool done, enabled;
    int color;
};
struct StatusUpdate {
    std::string title, text;
    Index parent, author;
    int status;
    Millis created, modified;
    std::vector<Index> likes;
    Type parent_type = Type::project;
};
struct Brief {
    std::string title, text;
    Index project;
    std::vector<Id> attachments;
};

// The value of one custom field on one object; which members count depends on the field's kind.
struct Value {
    bool set = false, enabled = true, has_time = false;
    std::string text;
    double number = 0;
    Millis date = kNoTime;
    std::vector<Index> items;  // options (one for enum), users or tasks
};
struct Dates {
    bool null = true;
    Millis start = kNoTime, due = kNoTime;
    bool has_time = false;
};

// Which members a story's subtype brings along; see kStoryShapes in derive.cpp.
enum class StoryMember : std::uint8_t {
    comment,
    nothing,
    assignee,
    follower,
    project,
    sections,
    tag,
    name,
    dates,
    dependency,
    task,
    duplicate_of,
    duplicated_from,
    story,
    approval,
    subtype,
    text_value,
    number_value,
    enum_value,
    multi_enum_values,
    people_value,
    date_value
};
struct StoryShape {
    std::string_view subtype;
    StoryMember member;
};
struct Story {
    Id id = 0;
    Index task = kNone, created_by = kNone;  // the task, or the goal
    Type target_type = Type::task;
    int shape = 0;  // index in the table of shapes
    Millis created = 0;
    std::string text;
    bool pinned = false, edited = false;
    int source = 0, sticker = -1;
    std::vector<Index> likes;
    Index ref = kNone;  // user, project, tag or task by shape; the custom field of a value
    Id other_story = 0;
    Index old_section = kNone, new_section = kNone;
    std::string old_text, new_text;
    Value old_value, new_value;
    Dates old_dates, new_dates;
};
const StoryShape& story_shape(int shape);
int story_shape_named(std::string_view subtype);

struct Attachment {
    Id id = 0;
    std::string name;
    int subtype = 0;
    Type parent_type = Type::task;
    Index parent = kNone;
    Millis created = 0;
    std::int64_t size = 0;
};

struct TaskHome {
    Index project, section;  // section may be kNone
};
// What of a task no longer follows from the seed.
struct TaskChanges {
    std::optional<std::string> name, notes;
    std::map<Index, Value> values;  // by custom field
    std::vector<Story> stories;     // after the derived ones
    std::vector<Attachment> attachments;
};
struct Task {
    Index workspace = 0, parent = kNone, assignee = kNone, assignee_section = kNone, assigned_by = kNone,
          created_by = kNone, completed_by = kNone, status_option = kNone, custom_type = kNone, leftover_field = kNone;
    Millis created = 0, modified = 0, completed_at = kNoTime, start = kNoTime, due = kNoTime;
    std::int32_t minutes = -1;  // actual time; -1: null
    std::uint8_t subtype = 0, approval = 0, depth = 0;
    bool completed = false, separator = false, deleted = false, due_time = false;
    std::vector<TaskHome> homes;
    std::vector<Index> children, followers, tags, dependencies, likes;
    std::shared_ptr<TaskChanges> changes;  // of a copy of the world: the same until one of them changes
};

// Around work: work.cpp. What was deleted stands in World::gone_work.
struct ProjectTemplate {
    std::string name, description;
    Index workspace, team, owner;
    bool open;
    int color;
    std::vector<std::string> dates, roles;  // that are asked for
};
struct TaskTemplate {
    std::string name, description;
    Index project, created_by;
    Millis created;
    int subtype, start = -1, due = -1;  // days; -1: null
    std::vector<Index> followers;
};
struct TimeEntry {
    Index task, user, category = kNone, project = kNone;
    std::int32_t minutes;
    Millis day, created;
    std::string description;
    int approval, billable;
};
struct TimeCategory {
    std::string name;
    Index workspace;
    int color;
    bool archived;
};
struct Timesheet {
    Index workspace, user;
    Millis created, start;  // of a week
    int approval;
};
struct Allocation {
    Index project;
    Type assignee_type;
    Index assignee, created_by;
    Millis start, end;
    int effort;  // index in a table of objects.cpp; -1: null
    double value;
};
struct Budget {
    Index project;
    bool of_time, enabled;
    double estimate, actual, total;
};
struct Rate {
    Index project;
    Type resource_type;
    Index resource, created_by;
    double rate;
};
struct Placeholder {
    std::string name;
};
struct OooEntry {
    Index workspace, user, created_by;
    Millis start, end;
};
struct Role {
    std::string name, description;
    Index workspace;
    bool standard;
    int base;
    Millis created, modified;
};
struct Agent {
    std::string name, description;
    Index workspace;
    bool photo;
};

struct EventChange {
    std::string field, action;
    Type value_type = Type::none;
    Id value = 0;
};
struct Event {
    Millis created;
    std::string action;
    Type type;
    Id resource;
    Type parent_type = Type::none;
    Id parent = 0;
    Index user = kNone;
    std::optional<EventChange> change;
};

// Of the audit log: what only a service account may read.
struct AuditEvent {
    Millis created;
    std::string action;  // deleted, undeleted
    Type type;
    Id resource;
    std::string name;   // of the resource then; empty: it has none
    std::string actor;  // the name then of the token's user
    Index workspace;
    std::string gid() const { return std::to_string(7'700'000'000'000'000 + number); }
    Id number;
};

std::string audit_type(const AuditEvent& event);

// What portfolios and goals have in common.
struct Plan {
    std::string name;
    Index workspace = 0, owner = kNone;
    Millis start = kNoTime, due = kNoTime;
    std::vector<Index> people = {}, memberships = {}, status_updates = {};  // people: members or followers
    std::vector<Setting> settings = {};
    std::vector<Index> own_fields = {};
    bool deleted = false;
};
struct Portfolio : Plan {
    int color = 0;
    bool archived = false;
    Index created_by = kNone;
    Millis created = 0;
    std::vector<std::pair<Type, Index>> items = {};
    std::vector<Index> project_settings = {}, templates = {};
};
struct ProjectPortfolioSetting {
    Index project, portfolio;
    bool inherited;
    Millis created;
};
struct Goal : Plan {
    std::string notes;
    Index team = kNone, time_period = kNone;
    bool of_workspace = true;
    int status = -1;  // index in a table of words.hpp; -1: null
    int unit = -1;    // of the metric; -1: there is none
    double initial = 0, target = 0, current = 0;
    std::vector<Index> likes = {}, relationships = {};
    std::vector<Story> stories = {};
};
struct GoalRelationship {
    Index goal, supporting;
    Type supporting_type;
    double weight;
};
struct TimePeriod {
    Index workspace;
    std::string period, name;
    Millis start, end;
    Index parent;
    bool deleted = false;
};
constexpr Id kGoalStories = 4'000'000'000'000;  // the first number of a goal's story, behind those of all tasks
constexpr Id kStoriesPerGoal = 1024;            // room in the numbering, not a count

class World {
  public:
    explicit World(const Shape& shape);

    Shape shape;
    std::vector<Workspace> workspaces;
    std::vector<Workspace> first_workspaces;  // as generated: what is derived names their people, tags and fields
    std::vector<User> users;
    std::vector<WorkspaceMembership> workspace_memberships;
    std::vector<Team> teams;
    std::vector<TeamMembership> team_memberships;
    std::vector<Project> projects;
    std::vector<Membership> memberships;
    std::vector<Section> sections;
    std::vector<Tag> tags;
    std::vector<CustomField> fields;
    std::vector<Option> options;
    std::vector<CustomType> custom_types;
    std::vector<StatusOption> status_options;
    std::vector<StatusUpdate> status_updates;
    std::vector<Brief> briefs;
    std::vector<Portfolio> portfolios;
    std::vector<ProjectPortfolioSetting> project_portfolio_settings;
    std::vector<Goal> goals;
    std::vector<GoalRelationship> goal_relationships;
    std::vector<TimePeriod> time_periods;
    std::vector<Task> tasks;
    std::vector<ProjectTemplate> project_templates;
    std::vector<TaskTemplate> task_templates;
    std::vector<TimeEntry> time_entries;
    std::vector<TimeCategory> time_categories;
    std::vector<Timesheet> timesheets;
    std::vector<Allocation> allocations;
    std::vector<Budget> budgets;
    std::vector<Rate> rates;
    std::vector<Placeholder> placeholders;
    std::vector<OooEntry> ooo_entries;
    std::vector<Role> roles;
    std::vector<Agent> agents;
    std::set<std::pair<Type, Id>> gone_work;
    std::unordered_map<Id, Attachment> attachments;            // of projects and briefs
    std::unordered_map<Id, Story> changed_stories;             // derived stories that were edited
    std::set<Id> deleted_stories, deleted_attachments;         // of tasks
    std::unordered_map<Index, std::vector<Index>> dependents;  // by the task waited for
    std::unordered_map<Id, std::vector<Index>> assigned;       // by workspace << 32 | user
    std::unordered_map<Id, Index> my_tasks_sections;           // likewise
    std::vector<Event> events;
    std::vector<AuditEvent> audit_log;
    std::unordered_map<Id, std::vector<Index>> event_streams;  // by stream_key(): indices into events
    std::set<std::pair<Type, Id>> forbidden;
    std::unordered_set<Id> joined;  // workspace << 32 | user, of the workspace memberships

    // gids.
    std::string gid(Type type, Id index) const;
    std::optional<std::pair<Type, Id>> parsed(std::string_view gid) const;

    // What is derived from the seed.
    std::uint64_t hash(std::uint64_t salt, std::uint64_t index) const;
    std::string task_name(Index task) const;
    std::string task_notes(Index task) const;
    std::string task_html_notes(Index task) const;
    std::vector<std::pair<Index, Value>> task_values(Index task) const;
    Value project_value(Index project, Index field) const;
    Value plan_value(Type type, Index object, Index field) const;  // of a portfolio or goal
    Value derived_value(std::uint64_t object, Index field) const;
    std::optional<std::string> display_value(Index field, const Value& value) const;
    std::vector<Story> stories(Index task) const;
    std::optional<Story> story(Id id) const;
    std::vector<Attachment> task_attachments(Index task) const;
    std::optional<Attachment> attachment(Id id) const;

    // Changes that keep the model's lists in step.
    void assign(Index task, Index user);
    void add_home(Index task, TaskHome home);
    void remove_home(Index task, Index project);
    void add_tag(Index task, Index tag);
    void remove_tag(Index task, Index tag);
    void add_dependency(Index task, Index depends_on);
    void remove_dependency(Index task, Index depends_on);
    void set_parent(Index task, Index parent);  // kNone: none
    Index my_tasks_section(Index workspace, Index user);
    TaskChanges& changes(Index task);
    void unlink(Index task);  // out of every list but its parent's; the task keeps its own fields
    void relink(Index task);
    std::optional<Id> next_story_id(Index task) const;  // none: the task has no room for more
    std::optional<Id> next_attachment_id(Index task) const;

    // Portfolios and goals: planning.cpp.
    const Plan& plan(Type type, Id id) const;
    Plan& plan(Type type, Id id) { return const_cast<Plan&>(std::as_const(*this).plan(type, id)); }
    const std::vector<Setting>& settings(Type type, Id id) const;  // of a project, team, portfolio or goal
    bool led_to(Index portfolio) const;  // by the list of its user's, or by one that is led to
    std::vector<std::pair<Type, Index>> items(Index portfolio) const;
    std::vector<Index> project_settings(Index portfolio) const;
    void add_item(Index portfolio, Type type, Index item, Millis now);
    void remove_item(Index portfolio, Type type, Index item);
    void add_relationship(Index goal, Type type, Index supporting, double weight);
    std::vector<Index> relationships(Index goal) const;
    std::optional<Story> goal_story(Id id) const;
    bool planning_exists(Type type, Id id) const;
    bool planning_allowed(Type type, Id id) const;

    // Neither deleted, nor part of what is.
    bool exists(Type type, Id id) const;

    // Of the objects around work.
    std::size_t work_count(Type type) const;
    Index work_owner(Type type, Index index) const;  // its project or workspace
    // Those of this project or workspace that the token sees, in the order of their list.
    std::vector<Index> work_of(Type type, Index owner) const;
    std::vector<Index> ooo_entries_of(Index workspace, Index user) const;

    // Visibility for the token. Tasks that no list leads to are private: nobody gets them.
    bool visible(Type type, Id id) const { return !forbidden.contains({type, id}); }
    bool listed_project(Index project) const {
        return projects[project].listed && !projects[project].deleted && visible(Type::project, project);
    }
    bool listed_tag(Index tag) const { return tags[tag].listed && !tags[tag].deleted && visible(Type::tag, tag); }
    bool hidden_task(Index task) const { return tasks[task].deleted || !visible(Type::task, task); }
    bool reachable(Index task) const;
    bool allowed(Type type, Id id) const;  // what hangs on something follows it

    static Id pair_key(Index a, Index b) { return (static_cast<Id>(a) << 32U) | b; }
    static Id stream_key(Type type, Id id) { return (static_cast<Id>(type) << 56U) | id; }

  private:
    bool work_exists(Type type, Id id) const;
    bool work_allowed(Type type, Id id) const;
    Story derived_story(Index task, int number, int count) const;
    int derived_story_count(Index task) const;
    Attachment derived_attachment(Index task, int number) const;
    int derived_attachment_count(Index task) const;
};

// Fills the empty world from its shape (generate.cpp).
void generate(World& world);
void generate_work(World& world);  // work.cpp
// Adds portfolios, goals and time periods (planning.cpp).
void generate_planning(World& world);

}  // namespace fake_asana
