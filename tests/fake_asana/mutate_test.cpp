// What changes of the fake's world do to answers, events and modified_at.
#include <algorithm>
#include <set>

#include "test_support.hpp"
#include "text.hpp"

using namespace fake_asana;

namespace {

std::string task_path(const World& world, Index task) { return "/tasks/" + world.gid(Type::task, task); }

Json task_fields(const World& world, Index task, const std::string& fields) {
    return get(world, task_path(world, task), {{"opt_fields", fields}})["data"];
}

std::set<std::string> gids(const Json& page) {
    std::set<std::string> found;
    for (const Json& object : page["data"]) found.insert(object["gid"].get<std::string>());
    return found;
}

// What a stream has told since the beginning, as "action type parent".
std::multiset<std::string> told(const World& world, Type type, Id id, std::size_t since = 0) {
    std::multiset<std::string> found;
    const auto stream = world.event_streams.find(World::stream_key(type, id));
    if (stream == world.event_streams.end()) return found;
    for (const Index number : stream->second) {
        const Event& event = world.events[number];
        if (number < since) continue;
        const std::string parent =
            event.parent_type == Type::none ? "" : " of " + std::string(type_name(event.parent_type));
        found.insert(event.action + " " + std::string(type_name(event.type)) + parent);
    }
    return found;
}

// A task above others, in one project, with nothing else that leads to it.
Index family(World& world, Index project) {
    Mutator make(world, 1, kEpoch, true);
    const Index top = make.new_task(world.projects[project].workspace, project, kNone, "top");
    make.new_task(world.projects[project].workspace, kNone, make.new_task(0, kNone, top, "middle"), "leaf");
    return top;
}
Index only_child(const World& world, Index task) { return world.tasks[task].children.at(0); }

}  // namespace

TEST_CASE("every kind of change can be made, and lists and tasks stay in step", "[fake_asana]") {
    World world(small(5, 600));
    const auto done = Mutator(world, 9, kNow, true).run(3000, {}, true);

    CHECK(done.size() == Mutator::kinds(true).size());
    for (Index p = 0; p < world.projects.size(); ++p) {
        for (const Index t : world.projects[p].tasks) {
            REQUIRE_FALSE(world.tasks[t].deleted);
            REQUIRE(std::any_of(world.tasks[t].homes.begin(), world.tasks[t].homes.end(),
                                [&](const TaskHome& h) { return h.project == p; }));
        }
    }
    for (Index t = 0; t < world.tasks.size(); ++t) {
        const Task& task = world.tasks[t];
        for (const Index child : task.children) {
            REQUIRE(world.tasks[child].parent == t);
            REQUIRE(world.tasks[child].deleted == task.deleted);
            REQUIRE(world.tasks[child].depth == task.depth + 1);
        }
        REQUIRE(task.depth <= kDepthMost);
        if (task.deleted) continue;
        for (const TaskHome& home : task.homes) {
            REQUIRE_FALSE(world.projects[home.project].deleted);
            REQUIRE((home.section == kNone || world.exists(Type::section, home.section)));
        }
    }
}

TEST_CASE("the same seed makes the same changes", "[fake_asana]") {
    const auto changed = [](std::uint64_t seed) {
        World world(small(5, 300));
        Mutator(world, seed, kNow, true).run(400, {}, true);
        return truth(world);
    };
    CHECK(changed(3) == changed(3));
    CHECK(changed(3) != changed(4));
}

TEST_CASE("changes around a task leave its history as it was", "[fake_asana]") {
    World world(small());
    const auto history = [&] {
        std::string all_of_it;
        for (Index t = 0; t < 100; ++t) {
            for (const Story& story : world.stories(t)) {
                if (story.created >= kEpoch) continue;
                for (const Id part : {Id{story.ref}, Id{story.old_section}, Id{story.new_section}, story.other_story})
                    all_of_it += std::to_string(part) + ' ';
                for (const Index item : story.new_value.items) all_of_it += std::to_string(item) + ' ';
                all_of_it += story.text + '\n';
            }
        }
        return all_of_it;
    };
    const std::string before = history();
    Mutator(world, 1, kNow, true)
        .run(200,
             {"new_user", "user_leaves", "new_tag", "delete_tag", "new_option", "new_section", "delete_section",
              "new_project", "delete_project"},
             true);
    CHECK(history() == before);
}

TEST_CASE("a deleted task takes its subtasks along and brings them back", "[fake_asana]") {
    World world(small());
    const Index top = family(world, 0), middle = only_child(world, top), leaf = only_child(world, middle);
    Mutator change(world, 1, kNow, true);
    change.remove(leaf);
    const Index second = change.new_task(0, kNone, middle, "second leaf");

    change.remove(top);
    CHECK(refusal(world, task_path(world, top)).status == 404);
    CHECK(refusal(world, task_path(world, second)).status == 404);
    CHECK(told(world, Type::task, second).count("deleted task") == 1);
    change.restore(top);
    CHECK(gids(get(world, task_path(world, middle) + "/subtasks")) == std::set{world.gid(Type::task, second)});
    CHECK(refusal(world, task_path(world, leaf)).status == 404);  // it went before
    change.restore(leaf);
    CHECK(task_fields(world, middle, "num_subtasks")["num_subtasks"] == 2);
}

TEST_CASE("a subtask that comes back without its parent has none", "[fake_asana]") {
    World world(small());
    const Index top = family(world, 0), middle = only_child(world, top);
    world.add_home(middle, {0, kNone});
    Mutator change(world, 1, kNow, true);
    change.remove(top);
    change.restore(middle);
    CHECK(task_fields(world, middle, "parent")["parent"].is_null());
    change.restore(top);
    CHECK(task_fields(world, top, "num_subtasks")["num_subtasks"] == 0);
}

TEST_CASE("a task cannot come under its own subtask, too deep, or into another workspace", "[fake_asana]") {
    World world(small());
    const Index top = family(world, 0), leaf = only_child(world, only_child(world, top));
    Mutator change(world, 1, kNow, true);
    CHECK_THROWS_AS(change.reparent(top, leaf), std::invalid_argument);
    CHECK_THROWS_AS(change.reparent(top, top), std::invalid_argument);
    const Index other = change.new_task(1, kNone, kNone, "elsewhere");
    CHECK_THROWS_AS(change.reparent(top, other), std::invalid_argument);
    const Index far = family(world, 0);
    const Index deep = change.new_task(0, kNone, only_child(world, only_child(world, far)), "at depth 3");
    CHECK_THROWS_AS(change.reparent(top, deep), std::invalid_argument);
    CHECK_NOTHROW(change.reparent(leaf, deep));
    CHECK(world.tasks[leaf].depth == 4);
}

TEST_CASE("a task that changes its parent is told to the projects above both", "[fake_asana]") {
    World world(small());
    const Index from = family(world, 0), to = family(world, 1), leaf = only_child(world, only_child(world, from));
    const std::size_t start = world.events.size();

    Mutator(world, 1, kNow, true).reparent(leaf, to);

    CHECK(told(world, Type::project, 0, start) == std::multiset<std::string>{"removed task of task"});
    CHECK(told(world, Type::project, 1, start) == std::multiset<std::string>{"added task of task"});
    CHECK(task_fields(world, leaf, "parent")["parent"]["gid"] == world.gid(Type::task, to));
    CHECK(world.tasks[to].modified < kNow);  // of no parent
}

TEST_CASE("a task in a second project is in both lists, and both are told", "[fake_asana]") {
    World world(small());
    const Index t = family(world, 0);
    const std::size_t start = world.events.size();

    Mutator(world, 1, kNow, true).add_to_project(t, 1, world.projects[1].sections[0]);

    for (const Index p : {0U, 1U}) {
        const Query list{{"project", world.gid(Type::project, p)}, {"modified_since", iso_time(kEpoch)}};
        CHECK(gids(get(world, "/tasks", list)).contains(world.gid(Type::task, t)));
        CHECK(told(world, Type::project, p, start) ==
              std::multiset<std::string>{"added task of project", "added story of task"});
    }
    CHECK_THROWS_AS(Mutator(world, 1, kNow, true).add_to_project(t, 1, kNone), std::invalid_argument);
}

TEST_CASE("of a deleted project remain the tasks that something else leads to, until it comes back", "[fake_asana]") {
    World world(small());
    Mutator change(world, 1, kNow, true);
    const Index gone = family(world, 0), assigned = family(world, 0), elsewhere = family(world, 0);
    world.assign(assigned, 0);
    world.add_home(elsewhere, {1, world.projects[1].sections[0]});
    const std::string before = truth(world);
    const std::size_t start = world.events.size();

    change.remove_project(0);
    CHECK(refusal(world, task_path(world, only_child(world, gone))).status == 404);
    CHECK(task_fields(world, assigned, "projects")["projects"].empty());
    CHECK(task_fields(world, elsewhere, "projects")["projects"].size() == 1);
    CHECK(world.tasks[elsewhere].modified < kNow);
    CHECK(told(world, Type::project, 1, start).contains("removed task of project"));
    CHECK(truth(world) != before);

    change.restore_project(0);
    CHECK(gids(get(world, task_path(world, gone) + "/subtasks")).size() == 1);
    CHECK(task_fields(world, assigned, "projects")["projects"].size() == 1);
    CHECK(task_fields(world, elsewhere, "projects")["projects"].size() == 2);
    CHECK(told(world, Type::project, 0, start).contains("undeleted project"));
}

TEST_CASE("what hangs on a project that is deleted or private is unknown or forbidden", "[fake_asana]") {
    World world(small());
    Mutator change(world, 1, kNow, true);
    const auto with = [&](auto wanted) {
        Index p = 0;
        while (!world.listed_project(p) || !wanted(world.projects[p])) ++p;
        return p;
    };
    const Index p = with([](const Project& project) {
        return project.brief != kNone && !project.status_updates.empty() && !project.attachments.empty();
    });
    const std::string gid = world.gid(Type::project, p);
    const Index top = family(world, p);
    const std::string comment = world.gid(Type::story, change.comment(top, "hello"));
    const std::string sync = refusal(world, "/events", {{"resource", gid}}).sync;
    const auto statuses = [&] {
        std::set<int> found;
        const auto ask = [&](const std::string& path, const Query& query = {}) {
            found.insert(refusal(world, path, query).status);
        };
        ask("/projects/" + gid);
        ask("/projects/" + gid + "/sections");
        ask("/tasks", {{"project", gid}});
        ask("/memberships", {{"parent", gid}});
        ask("/status_updates", {{"parent", gid}});
        ask("/attachments", {{"parent", gid}});
        ask("/events", {{"resource", gid}, {"sync", sync}});
        ask("/sections/" + world.gid(Type::section, world.projects[p].sections[0]));
        ask("/status_updates/" + world.gid(Type::status_update, world.projects[p].status_updates[0]));
        ask("/project_briefs/" + world.gid(Type::project_brief, world.projects[p].brief));
        ask("/attachments/" + world.gid(Type::attachment, world.projects[p].attachments[0]));
        ask(task_path(world, top));
        ask(task_path(world, only_child(world, top)));
        ask("/stories/" + comment);
        return found;
    };
    CHECK(statuses() == std::set{200});
    change.set_private(p, true);
    CHECK(statuses() == std::set{403});
    change.set_private(p, false);
    CHECK(statuses() == std::set{200});
    change.remove_project(p);
    CHECK(statuses() == std::set{404});
    change.restore_project(p);
    CHECK(statuses() == std::set{200});
}

TEST_CASE("an archived project keeps its tasks and is told", "[fake_asana]") {
    World world(small());
    const bool before = world.projects[0].archived;
    Mutator(world, 1, kNow, true).archive(0, !before);

    CHECK(get(world, "/projects/" + world.gid(Type::project, 0))["data"]["archived"] == !before);
    CHECK(get(world, "/tasks", {{"project", world.gid(Type::project, 0)}, {"limit", "1"}})["data"].size() == 1);
    CHECK(told(world, Type::project, 0) == std::multiset<std::string>{"changed project"});
}

TEST_CASE("the tasks of a deleted section are in another one, and a last section stays", "[fake_asana]") {
    World world(small());
    Mutator change(world, 1, kNow, true);
    const Index section = change.new_section(0, "to go"), t = family(world, 0);
    change.move(t, 0, section);
    const std::size_t start = world.events.size();

    change.remove_section(section);

    const Json home = task_fields(world, t, "memberships.section")["memberships"][0];
    CHECK(home["section"]["gid"] != world.gid(Type::section, section));
    CHECK(refusal(world, "/sections/" + world.gid(Type::section, section)).status == 404);
    CHECK(told(world, Type::project, 0, start) == std::multiset<std::string>{"added story of task", "deleted section"});
    while (world.projects[0].sections.size() > 1) change.remove_section(world.projects[0].sections[0]);
    CHECK_THROWS_AS(change.remove_section(world.projects[0].sections[0]), std::invalid_argument);
}

TEST_CASE("a field that leaves a project takes its values from the tasks, whose modified_at stays", "[fake_asana]") {
    World world(small());
    const Index t = first_task_with(world, [](const Task& task) {
        return task.homes.size() == 1 && task.leftover_field == kNone && task.parent == kNone;
    });
    const Index p = world.tasks[t].homes[0].project, field = world.projects[p].settings.at(0).field;
    const Millis before = world.tasks[t].modified;
    const auto values = [&] { return task_fields(world, t, "custom_fields")["custom_fields"].size(); };
    const std::size_t had = values();
    Mutator change(world, 1, kNow, true);

    change.remove_field(p, field);
    CHECK(values() == had - 1);
    change.add_field(p, field);
    CHECK(values() == had);
    CHECK(world.tasks[t].modified == before);
}

TEST_CASE("who leaves is in no list of users, and what refers to them stays", "[fake_asana]") {
    World world(small());
    const std::string workspace = world.gid(Type::workspace, 0);
    const Index user = world.workspaces[0].users.at(1), second = world.workspaces[0].users.at(2);
    const Index t = family(world, 0);
    Mutator change(world, 1, kNow, true);
    change.assign(t, user);

    change.remove_user(0, user, true);
    change.remove_user(0, second, false);

    const auto listed = gids(get(world, "/users", {{"workspace", workspace}}));
    CHECK_FALSE(listed.contains(world.gid(Type::user, user)));
    CHECK_FALSE(listed.contains(world.gid(Type::user, second)));
    CHECK(task_fields(world, t, "assignee")["assignee"]["gid"] == world.gid(Type::user, user));
    std::map<std::string, bool> active;
    for (const Json& member :
         all(world, "/workspaces/" + workspace + "/workspace_memberships", {{"opt_fields", "user,is_active"}})) {
        active[member["user"]["gid"]] = member["is_active"];
    }
    CHECK(active.at(world.gid(Type::user, user)) == false);
    CHECK_FALSE(active.contains(world.gid(Type::user, second)));
    CHECK_THROWS_AS(change.remove_user(0, 0, true), std::invalid_argument);
}

TEST_CASE("a deleted tag is gone from its tasks and tells nothing", "[fake_asana]") {
    World world(small());
    const Index t = first_task_with(world, [](const Task& task) { return !task.tags.empty() && !task.homes.empty(); });
    const Index tag = world.tasks[t].tags[0];
    const Millis before = world.tasks[t].modified;

    Mutator(world, 1, kNow, true).remove_tag(tag);

    CHECK(refusal(world, "/tags/" + world.gid(Type::tag, tag)).status == 404);
    CHECK(task_fields(world, t, "tags").dump().find(world.gid(Type::tag, tag)) == std::string::npos);
    CHECK(world.tasks[t].modified == before);
    CHECK(world.events.empty());
}

TEST_CASE("deleting an attachment or a comment moves modified_at, editing a comment does not", "[fake_asana]") {
    World world(small());
    const Index t = family(world, 0);
    const Id comment = Mutator(world, 1, kEpoch, true).comment(t, "hello");
    Mutator(world, 1, kEpoch, true).run(400, {"attachment"}, false);
    const Index other =
        first_task_with(world, [](const Task& task) { return task.modified == kEpoch && task.changes; });
    const std::size_t start = world.events.size();

    Mutator(world, 1, kNow, true).edit_comment(comment, "goodbye");
    CHECK(world.tasks[t].modified == kEpoch);
    CHECK(get(world, "/stories/" + world.gid(Type::story, comment))["data"]["text"] == "goodbye");
    Mutator(world, 1, kNow, true).delete_comment(comment);
    CHECK(world.tasks[t].modified == kNow);
    CHECK(refusal(world, "/stories/" + world.gid(Type::story, comment)).status == 404);
    CHECK(told(world, Type::project, 0, start) ==
          std::multiset<std::string>{"changed story of task", "removed story of task"});

    const Id attachment = world.task_attachments(other).at(0).id;
    Mutator(world, 1, kNow, true).delete_attachment(attachment);
    CHECK(refusal(world, "/attachments/" + world.gid(Type::attachment, attachment)).status == 404);
    CHECK(world.tasks[other].modified == kNow);
    CHECK(told(world, Type::task, other, start).contains("deleted attachment"));
}
