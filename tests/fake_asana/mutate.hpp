// Changes of the world: random ones by seed, and single ones for tests that need a certain story.
//
// A change moves a task's modified_at only where Asana does (asana: "any story created", name, completion, dates,
// assignee, custom field values); half of the moves between sections, projects and parents do not. Each records the
// events that project and task streams would carry. Silent changes have neither: likes, people, tags, options, status
// updates that go, and what is around work. What Asana refuses throws std::invalid_argument.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model.hpp"
#include "text.hpp"

namespace fake_asana {

class Mutator {
  public:
    // now: virtual; events: false loses the events, as Asana may.
    Mutator(World& world, std::uint64_t seed, Millis now, bool events)
        : w_(world), random_(seed * 31 + 5), now_(now), events_(events) {}

    // count random changes of these kinds (empty: all but the silent ones); how many of each were made.
    std::map<std::string, int> run(int count, const std::vector<std::string>& kinds, bool silent);
    static std::vector<std::string> kinds(bool silent);

    void rename(Index task, const std::string& name);
    void complete(Index task, bool completed);
    void assign(Index task, Index user);
    Id comment(Index task, const std::string& text);
    void edit_comment(Id story, const std::string& text);
    void delete_comment(Id story);
    void remove(Index task);   // its subtasks go with it
    void restore(Index task);  // and come back with it
    Index new_task(Index workspace, Index project, Index parent, const std::string& name);
    void move(Index task, Index project, Index section);  // adds it where it is not
    void add_to_project(Index task, Index project, Index section);
    void leave(Index task, Index project);
    void reparent(Index task, Index parent);  // kNone: none
    void delete_attachment(Id attachment);

    // Around tasks: mutate_around.cpp.
    Index new_project(Index workspace, const std::string& title);
    void rename_project(Index project, const std::string& name);
    void archive(Index project, bool archived);
    void set_private(Index project, bool is_private);
    void remove_project(Index project);
    void restore_project(Index project);
    Index new_section(Index project, const std::string& title);
    void remove_section(Index section);
    void add_field(Index project, Index field);
    void remove_field(Index project, Index field);
    Index new_field(Index project, const std::string& title, FieldKind kind, bool global);
    void rename_field(Index field, const std::string& title);
    void remove_user(Index workspace, Index user, bool keep_membership);
    void remove_tag(Index tag);
    void remove_team(Index team);
    void remove_definition(Index field);
    void remove_brief(Index project);
    void remove_type(Index project, Index type);
    void remove_member(Index membership);
    void leave_team(Index membership);
    void remove_status_update(Index update);

    // Around work: mutate_work.cpp.
    Index track(Index task, std::int32_t minutes, Millis day);
    void remove_work(Type type, Index index);

    // Portfolios and goals: mutate_planning.cpp. Nothing tells of them.
    void add_item(Index portfolio, std::pair<Type, Index> item);
    void remove_item(Index portfolio, std::pair<Type, Index> item);
    void remove_portfolio(Index portfolio);
    void rename_portfolio(Index portfolio, const std::string& title);
    void add_portfolio_field(Index portfolio, Index field);
    void remove_goal(Index goal);
    void rename_goal(Index goal, const std::string& title);
    void remove_relationship(Index relationship);
    void remove_time_period(Index period);

  private:
    struct Kind {
        std::string_view name;
        bool silent;
        bool (Mutator::*change)();
    };
    static const std::vector<Kind>& table();

    bool rename_some();
    bool rewrite_notes();
    bool complete_some();
    bool assign_some();
    bool change_due_date();
    bool comment_some();
    bool edit_some_comment();
    bool delete_some_comment();
    bool move_some();
    bool leave_some();
    bool new_some_task();
    bool new_some_subtask();
    bool delete_some();
    bool restore_some();
    bool tag_some();
    bool untag_some();
    bool change_value();
    bool add_follower();
    bool add_some_dependency();
    bool attach();
    bool add_some_to_project();
    bool reparent_some();
    bool unfollow();
    bool remove_some_dependency();
    bool delete_some_attachment();
    bool new_some_project();
    bool archive_some();
    bool hide_some_project();
    bool show_some_project();
    bool delete_some_project();
    bool restore_some_project();
    bool rename_section();
    bool new_some_section();
    bool delete_some_section();
    bool rename_project();
    bool add_status_update();
    bool delete_status_update();
    bool add_some_field();
    bool remove_some_field();
    bool disable_option();
    bool new_option();
    bool new_user();
    bool some_user_leaves();
    bool new_tag();
    bool delete_some_tag();
    bool like();
    bool rename_user();
    bool rename_tag();
    bool track_some();
    bool edit_some_time_entry();
    bool delete_some_time_entry();
    bool change_time_category();
    bool change_timesheet();
    bool change_allocation();
    bool change_budget();
    bool change_rate();
    bool change_absence();
    bool change_project_template();
    bool change_task_template();
    bool change_role();
    bool change_agent();
    bool new_portfolio();
    bool rename_portfolio();
    bool delete_some_portfolio();
    bool restore_some_portfolio();
    bool add_some_item();
    bool remove_some_item();
    bool new_goal();
    bool rename_some_goal();
    bool goal_progress();
    bool delete_some_goal();
    bool restore_some_goal();
    bool move_goal();
    bool relate_goal();
    bool unrelate_goal();
    bool comment_goal();
    bool uncomment_goal();
    bool plan_status_update();
    bool plan_member();
    bool plan_field();

    Index some_task();  // kNone: none left
    Index some_work(Type type);
    void recount(Index task);
    std::optional<Id> some_comment();
    template <class Wanted>
    Index some_project(Wanted wanted);  // kNone: none found
    bool enough_projects() const;       // for one to go
    bool can_be_under(Index task, Index parent) const;
    void trash(Index task);
    void bring_back(Index task);
    Index some_person(Index workspace);
    Index some_portfolio(bool deleted = false);  // kNone: none found; mutate_planning.cpp
    Index some_goal(bool deleted = false);
    Plan* some_plan(Type& type, Index& number);  // null: none found
    std::string name() { return short_name(random_.next(), w_.shape.hurts); }
    void touch(Index task) { w_.tasks[task].modified = now_; }
    Story* add_story(Index task, std::string_view subtype, Index ref = kNone);
    void audit(Type type, Id resource, Index workspace, std::string action);
    void record(Index task, Event event);
    void record_for_project(Index project, Event event);
    void project_changed(Index project, std::string field);
    void project_told(Index project, std::string action);
    void section_told(Index section, std::string action);
    void home_told(Index task, std::string action, Type parent_type, Index parent);
    void task_changed(Index task, std::string field, std::string action, Type type = Type::none, Id value = 0);

    World& w_;
    Random random_;
    Millis now_;
    bool events_;
    std::vector<Index> deleted_;  // some of them may live again
};

template <class Wanted>
Index Mutator::some_project(Wanted wanted) {
    for (int attempt = 0; attempt < 30 && !w_.projects.empty(); ++attempt) {
        const Index p = random_.pick(w_.projects.size());
        if (wanted(w_.projects[p])) return p;
    }
    return kNone;
}

}  // namespace fake_asana
