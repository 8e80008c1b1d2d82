// The generator: one pass per kind of object, in the order in which they need each other. Numbers of the shape that
// are not given follow from the number of tasks.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "model.hpp"
#include "text.hpp"

namespace fake_asana {

namespace {

class Generator {
  public:
    explicit Generator(World& world) : w_(world), shape_(world.shape), random_(world.shape.seed * 7919 + 17) {}

    void run() {
        counts();
        make_workspaces();
        make_people();
        make_teams();
        make_fields();
        make_tags();
        make_projects();
        make_tasks();
        w_.first_workspaces = w_.workspaces;
    }

  private:
    static Index index(std::size_t size) { return static_cast<Index>(size); }
    std::uint64_t any() { return random_.next(); }
    Index from(const std::vector<Index>& list) { return list.empty() ? kNone : list[random_.pick(list.size())]; }
    std::string name() { return short_name(any(), shape_.hurts); }
    Millis past() { return kEpoch - static_cast<Millis>(random_.below(900)) * kDay - random_.number(86'400'000); }
    std::vector<Index> some(const std::vector<Index>& list, int at_least, int at_most) {
        std::vector<Index> result;
        const int count = at_least + random_.number(at_most - at_least + 1);
        for (int i = 0; i < count; ++i) {
            const Index one = from(list);
            if (one != kNone && std::find(result.begin(), result.end(), one) == result.end()) result.push_back(one);
        }
        return result;
    }

    void counts() {
        const auto set = [](std::int64_t& number, std::int64_t value) {
            if (number < 0) number = value;
        };
        Shape& s = w_.shape;
        const bool empty = s.tasks == 0;
        if (s.bench) {
            set(s.workspaces, 1);
            set(s.projects, std::max<std::int64_t>(1, s.tasks / 1000));
            set(s.tags, 100);
            s.hurts = false;
            s.subtask_share = 0;
        }
        set(s.workspaces, s.tasks > 200 ? 2 : 1);
        set(s.projects, empty ? 0 : std::max<std::int64_t>(5, s.tasks / 100));
        set(s.users, empty ? 1 : std::max<std::int64_t>(5, s.tasks / 70));
        set(s.teams, empty ? 0 : std::max<std::int64_t>(2, s.users / 10));
        set(s.tags, empty ? 0 : std::max<std::int64_t>(3, std::min<std::int64_t>(500, s.tasks / 200)));
        shape_ = s;
    }

    void make_workspaces() {
        for (std::int64_t i = 0; i < shape_.workspaces; ++i) {
            Workspace workspace{.name = i == 0 ? "Acme" : words(any(), 2)};
            workspace.organization = i == 0;
            if (i == 0) workspace.email_domains = {"acme.example", "acme-europe.example"};
            w_.workspaces.push_back(std::move(workspace));
        }
    }

    Index new_user() {
        const std::uint64_t hash = any();
        w_.users.push_back({.name = shape_.hurts && hash % 9 == 0 && !w_.users.empty() ? name() : person_name(hash),
                            .email = "user" + std::to_string(w_.users.size()) + "@acme.example",
                            .photo = hash % 3 == 0});
        return index(w_.users.size() - 1);
    }

    void join(Index workspace, Index user, bool active) {
        Workspace& place = w_.workspaces[workspace];
        place.members.push_back(index(w_.workspace_memberships.size()));
        place.people.push_back(user);
        w_.joined.insert(World::pair_key(workspace, user));
        if (active) place.users.push_back(user);
        w_.workspace_memberships.push_back({.workspace = workspace,
                                            .user = user,
                                            .active = active,
                                            .admin = user == 0,
                                            .guest = random_.chance(0.05),
                                            .view_only = random_.chance(0.03),
                                            .created = past()});
    }

    // Users of every workspace, deactivated people (workspace memberships only), and people in no list at all.
    void make_people() {
        for (std::int64_t i = 0; i < shape_.users; ++i) {
            const Index user = new_user();
            join(0, user, true);
            for (Index other = 1; other < w_.workspaces.size(); ++other) {
                if (user == 0 || (user + other) % 3 == 0) join(other, user, true);
            }
        }
        if (shape_.tasks == 0) return;
        for (std::int64_t i = 0; i < std::max<std::int64_t>(1, shape_.users / 12); ++i) join(0, new_user(), false);
        for (std::int64_t i = 0; i < std::max<std::int64_t>(2, shape_.users / 20); ++i) {
            const Index stranger = new_user();
            for (Workspace& workspace : w_.workspaces) workspace.people.push_back(stranger);
        }
        owner_only_ = new_user();  // named by a project's owner and nothing else
    }

    void make_teams() {
        for (std::int64_t i = 0; i < shape_.teams; ++i) {
            const Index team = index(w_.teams.size());
            w_.teams.push_back({.name = name(),
                                .description = long_text(any(), 60, shape_.hurts),
                                .workspace = 0,
                                .visibility = random_.number(3),
                                .endorsed = random_.chance(0.2),
                                .admins_only = random_.chance(0.4),
                                .members = {}});
            w_.workspaces[0].teams.push_back(team);
            for (const Index user : some(w_.workspaces[0].users, 0, 12)) {
                w_.teams[team].members.push_back(index(w_.team_memberships.size()));
                w_.team_memberships.push_back(
                    {team, user, random_.chance(0.05), random_.chance(0.05), random_.chance(0.2)});
            }
        }
    }

    Index new_field(Index workspace, FieldKind kind, bool global) {
        const Index field = index(w_.fields.size());
        w_.fields.push_back({.name = name(),
                             .description = random_.chance(0.5) ? words(any(), 6) : "",
                             .workspace = workspace,
                             .kind = kind,
                             .global = global,
                             .precision = kind == FieldKind::currency ? 2 : random_.number(3),
                             .created_by = random_.chance(0.3) ? kNone : from(w_.workspaces[workspace].people),
                             .options = {}});
        if (kind == FieldKind::enumeration || kind == FieldKind::multi_enum) {
            const int count = 3 + random_.number(6);
            for (int i = 0; i < count; ++i) {
                w_.fields[field].options.push_back(index(w_.options.size()));
                w_.options.push_back({name(), field, random_.number(16), random_.chance(0.85), true});
            }
            if (shape_.hurts && random_.chance(0.4)) {  // gone from the definition, alive in values
                w_.fields[field].options.push_back(index(w_.options.size()));
                w_.options.push_back({words(any(), 2), field, 0, false, false});
            }
        }
        w_.fields[field].first_options = w_.fields[field].options.size();
        return field;
    }

    void make_fields() {
        if (shape_.tasks == 0) return;
        const auto more = std::min<std::int64_t>(40, shape_.tasks / 500);
        for (Index workspace = 0; workspace < w_.workspaces.size(); ++workspace) {
            for (int kind = 0; kind < kFieldKinds; ++kind) {
                if (workspace > 0 && random_.chance(0.5)) continue;
                w_.workspaces[workspace].fields.push_back(new_field(workspace, static_cast<FieldKind>(kind), true));
            }
            for (std::int64_t i = 0; workspace == 0 && i < more; ++i) {
                const auto kind = static_cast<FieldKind>(random_.number(kFieldKinds));
                w_.workspaces[workspace].fields.push_back(new_field(workspace, kind, true));
            }
        }
        for (int i = 0; i < 2; ++i) {
            const Index type = index(w_.custom_types.size());
            w_.custom_types.push_back({name(), {}});
            const int count = 2 + random_.number(3);
            for (int j = 0; j < count; ++j) {
                w_.custom_types[type].options.push_back(index(w_.status_options.size()));
                w_.status_options.push_back({words(any(), 1), type, j + 1 == count, random_.chance(0.9), j});
            }
        }
    }

    void make_tags() {
        for (std::int64_t i = 0; i < shape_.tags; ++i) {
            const Index workspace = i > 3 ? random_.pick(w_.workspaces.size()) : index(0);
            const bool listed = shape_.bench || i != 2;  // one tag is in no list
            const Index tag = index(w_.tags.size());
            w_.tags.push_back({.name = name(),
                               .notes = random_.chance(0.3) ? long_text(any(), 50, shape_.hurts) : "",
                               .workspace = workspace,
                               .color = random_.number(19) - 1,
                               .listed = listed,
                               .created = past(),
                               .followers = some(w_.workspaces[workspace].people, 0, 2),
                               .tasks = {}});
            w_.workspaces[workspace].tags.push_back(tag);
        }
    }

    void make_projects() {
        for (std::int64_t i = 0; i < shape_.projects; ++i) {
            const bool second = w_.workspaces.size() > 1 && i > 2 && random_.chance(0.12);
            new_project(second ? 1 + random_.pick(w_.workspaces.size() - 1) : 0, i);
        }
        weights_.resize(w_.workspaces.size());
        for (Index p = 0; p < w_.projects.size(); ++p) {
            auto& weights = weights_[w_.projects[p].workspace];
            double weight = std::exp(1.2 * std::sqrt(-2 * std::log(1 - random_.unit())) *
                                     std::cos(2 * std::numbers::pi * random_.unit()));
            if (shape_.bench) weight = 1;
            if (!w_.projects[p].listed) weight = 0.02;
            const bool empty = !shape_.bench && p == 1;
            if (!empty) weights.emplace_back((weights.empty() ? 0 : weights.back().first) + weight, p);
        }
    }

    void new_project(Index workspace, std::int64_t number) {
        const Index p = index(w_.projects.size());
        const Workspace& place = w_.workspaces[workspace];
        Project project{.name = name(),
                        .notes = random_.chance(0.6) ? long_text(any(), 200, shape_.hurts) : "",
                        .workspace = workspace};
        if (!place.teams.empty() && random_.chance(0.8)) project.team = from(place.teams);
        project.owner = random_.chance(0.15) ? kNone : from(place.users);
        if (number == 0) project.owner = owner_only_;
        project.listed = shape_.bench || number != 2;  // the private project: in no list
        project.archived = !shape_.bench && random_.chance(0.15);
        project.completed = random_.chance(0.1);
        project.created = past();
        project.modified = project.created + static_cast<Millis>(random_.below(100)) * 1'000'000;
        if (project.completed) {
            project.completed_at = project.modified;
            project.completed_by = from(place.people);
        }
        project.color = random_.number(20) - 1;
        project.icon = random_.number(32);
        project.view = random_.number(4);
        if (random_.chance(0.4)) project.due = kEpoch / kDay * kDay + random_.number(300) * kDay;
        if (project.due != kNoTime && random_.chance(0.5)) project.start = project.due - random_.number(90) * kDay;
        if (random_.chance(0.2)) project.project_template = p;
        project.members = some(place.people, 1, 8);
        project.followers = project.members;
        if (project.followers.size() > 2) project.followers.pop_back();
        if (!w_.custom_types.empty() && random_.chance(0.3)) {
            project.custom_types = {random_.pick(w_.custom_types.size())};
        }
        make_settings(project);
        w_.projects.push_back(std::move(project));
        w_.workspaces[workspace].projects.push_back(p);
        make_project_parts(p);
    }

    void make_settings(Project& project) {
        const Workspace& place = w_.workspaces[project.workspace];
        std::vector<Index> chosen = some(place.fields, shape_.bench ? 9 : 2, shape_.bench ? 9 : 7);
        if (shape_.bench && chosen.size() > 5) chosen.resize(5);
        if (!shape_.bench && random_.chance(0.4)) {
            chosen.push_back(new_field(project.workspace, static_cast<FieldKind>(random_.number(kFieldKinds)), false));
            if (!project.listed) hidden_fields_.push_back(chosen.back());
        }
        for (const Index field : chosen) project.settings.push_back({field, random_.chance(0.3)});
        if (random_.chance(0.4)) project.own_fields = some(place.fields, 1, 4);
    }

    void make_project_parts(Index p) {
        Project& project = w_.projects[p];
        const Workspace& place = w_.workspaces[project.workspace];
        for (int i = 1 + random_.number(6); i > 0; --i) {
            project.sections.push_back(index(w_.sections.size()));
            w_.sections.push_back({.name = name(), .project = p, .created = project.created + i});
        }
        project.first_section = project.sections[0];
        for (const Index user : project.members) {
            project.memberships.push_back(index(w_.memberships.size()));
            w_.memberships.push_back({p, user, Type::user, random_.number(4)});
        }
        if (project.team != kNone && random_.chance(0.7)) {
            project.memberships.push_back(index(w_.memberships.size()));
            w_.memberships.push_back({p, project.team, Type::team, random_.number(4)});
        }
        for (int i = random_.number(4); i > 0; --i) {
            const Index update = index(w_.status_updates.size());
            project.status_updates.push_back(update);
            const Millis created = past();
            w_.status_updates.push_back({.title = name(),
                                         .text = long_text(any(), 120, shape_.hurts),
                                         .parent = p,
                                         .author = from(place.people),
                                         .status = random_.number(9),
                                         .created = created,
                                         .modified = created + 1000,
                                         .likes = some(place.people, 0, 2)});
        }
        if (random_.chance(0.4)) {
            project.brief = index(w_.briefs.size());
            w_.briefs.push_back(
                {.title = name(), .text = long_text(any(), 400, shape_.hurts), .project = p, .attachments = {}});
            if (random_.chance(0.5)) {
                w_.briefs.back().attachments.push_back(new_attachment(Type::project_brief, project.brief));
            }
        }
        for (int i = random_.number(3); i > 0; --i) {
            project.attachments.push_back(new_attachment(Type::project, p));
        }
    }

    Id new_attachment(Type parent_type, Index parent) {
        const Id id = 5'000'000'000'000ULL + w_.attachments.size();
        w_.attachments.emplace(id, Attachment{.id = id,
                                              .name = name() + ".pdf",
                                              .subtype = random_.number(7),
                                              .parent_type = parent_type,
                                              .parent = parent,
                                              .created = past(),
                                              .size = static_cast<std::int64_t>(random_.below(10'000'000))});
        return id;
    }

    // Tasks arrive in the order of their creation and go to projects at random, as in life: a project's list has
    // rising gids that are far apart.
    void make_tasks() {
        const auto count = static_cast<Index>(shape_.tasks);
        w_.tasks.resize(count);
        std::vector<Index> firsts;  // the first task of each workspace
        for (Index workspace = 0; workspace < w_.workspaces.size(); ++workspace) {
            firsts.push_back(workspace == 0
                                 ? 0
                                 : count - count / 7 + (workspace - 1) * (count / 7 / index(w_.workspaces.size() - 1)));
        }
        Index workspace = 0;
        for (Index t = 0; t < count; ++t) {
            while (workspace + 1 < firsts.size() && t >= firsts[workspace + 1]) ++workspace;
            new_task(t, workspace, firsts[workspace], count);
        }
    }

    void new_task(Index t, Index workspace, Index first, Index count) {
        Task& task = w_.tasks[t];
        const Workspace& place = w_.workspaces[workspace];
        task.workspace = workspace;
        const Millis span = 700 * kDay;
        task.created =
            kEpoch - span + static_cast<Millis>(static_cast<double>(span) * t / count) + random_.number(1000);
        task.modified = task.created + static_cast<Millis>(random_.unit() * random_.unit() *
                                                           static_cast<double>(kEpoch - task.created));
        task.created_by = from(place.people);
        details(task, place);
        if (!shape_.bench) choose_parent(t, first);
        choose_homes(t, place);
        if (shape_.bench ? random_.chance(0.8) : task.homes.empty() ? random_.chance(0.4) : random_.chance(0.6)) {
            w_.assign(t, from(random_.chance(0.95) ? place.users : place.people));
            if (random_.chance(0.5)) task.assigned_by = from(place.people);
        }
        task.followers = some(place.people, shape_.bench ? 2 : 0, 4);
        if (random_.chance(0.12)) task.likes = some(place.people, 1, 4);
        if (random_.chance(shape_.bench ? 1 : 0.25)) {
            for (const Index tag : some(place.tags, 1, 2)) w_.add_tag(t, tag);
        }
        if (t > first && random_.chance(0.08)) {
            for (int i = 1 + random_.number(2); i > 0; --i) w_.add_dependency(t, first + random_.pick(t - first));
        }
        if (!shape_.bench && random_.chance(0.06)) {
            task.leftover_field = !hidden_fields_.empty() && workspace == 0 && random_.chance(0.3)
                                      ? from(hidden_fields_)
                                      : from(place.fields);
        }
    }

    void details(Task& task, const Workspace& place) {
        const double kind = random_.unit();
        task.subtype = kind < 0.90 ? 0 : kind < 0.94 ? 1 : 2;  // default_task, milestone, approval
        task.separator = task.subtype == 0 && random_.chance(0.01);
        if (task.subtype == 2) task.approval = static_cast<std::uint8_t>(random_.number(4));
        task.completed = task.subtype == 2 ? task.approval != 0 : random_.chance(0.45);
        if (task.completed) {
            task.completed_at = task.modified;
            task.completed_by = from(place.people);
        }
        if (random_.chance(0.5)) {
            task.due_time = random_.chance(0.3);
            task.due = task.created / kDay * kDay + random_.number(120) * kDay;
            if (task.due_time) task.due += random_.number(96) * 900'000;
            if (random_.chance(0.4)) task.start = task.due - random_.number(30) * kDay;
        }
        if (random_.chance(0.15)) task.minutes = random_.number(2000);
    }

    // Parents are one task in eight, and near, so that a few parents have several children each.
    void choose_parent(Index t, Index first) {
        if (!random_.chance(shape_.subtask_share)) return;
        for (int attempt = 0; attempt < 6; ++attempt) {
            const Index back = 1 + random_.pick(30);
            if (t < first + back) continue;
            const Index candidate = t - back;
            if (w_.tasks[candidate].depth >= kDepthMost || w_.hash(21, candidate) % 4 != 0) continue;
            w_.tasks[t].parent = candidate;
            w_.tasks[t].depth = static_cast<std::uint8_t>(w_.tasks[candidate].depth + 1);
            w_.tasks[candidate].children.push_back(t);
            return;
        }
    }

    void choose_homes(Index t, const Workspace&) {
        Task& task = w_.tasks[t];
        const auto& weights = weights_[task.workspace];
        if (weights.empty()) return;
        int homes = 1;
        if (!shape_.bench) {
            const double dice = random_.unit();
            homes = task.parent != kNone ? dice < 0.1 : dice < 0.10 ? 0 : dice < 0.90 ? 1 : dice < 0.98 ? 2 : 3;
        }
        for (int i = 0; i < homes; ++i) {
            const double at = random_.unit() * weights.back().first;
            const auto found = std::lower_bound(weights.begin(), weights.end(), std::make_pair(at, Index{0}));
            const Index p = (found == weights.end() ? weights.back() : *found).second;
            const bool doubled =
                std::any_of(task.homes.begin(), task.homes.end(), [&](const TaskHome& h) { return h.project == p; });
            if (doubled) continue;
            const Project& project = w_.projects[p];
            w_.add_home(t, {p, random_.chance(0.98) ? from(project.sections) : kNone});
            if (!project.custom_types.empty() && task.subtype == 0 && !task.separator && random_.chance(0.3)) {
                task.subtype = 3;
                task.custom_type = project.custom_types[0];
                task.status_option = from(w_.custom_types[task.custom_type].options);
            }
        }
    }

    World& w_;
    Shape shape_;
    Random random_;
    Index owner_only_ = kNone;
    std::vector<Index> hidden_fields_;                            // local to the project that is in no list
    std::vector<std::vector<std::pair<double, Index>>> weights_;  // by workspace: running sum, project
};

}  // namespace

void generate(World& world) {
    Generator(world).run();
    if (world.shape.tasks > 0 && !world.shape.bench) generate_work(world);
}

}  // namespace fake_asana
