// Changes of the world: random ones by seed, and single ones for tests that need a certain story.
//
// A change moves a task's modified_at only where Asana does (asana: "any story created", name, completion, dates,
// assignee, custom field values); half of the moves between sections and projects do not. Each records the events that
// project and task streams would carry. Silent changes (likes, names of people and tags) have neither.
#pragma once

#include <map>
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
    void remove(Index task);
    void restore(Index task);
    Index new_task(Index workspace, Index project, Index parent, const std::string& name);
    void move(Index task, Index project, Index section);
    void leave(Index task, Index project);

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
    bool edit_comment();
    bool delete_comment();
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
    bool rename_section();
    bool rename_project();
    bool add_status_update();
    bool like();
    bool rename_user();
    bool rename_tag();

    Index some_task();  // kNone: none left
    Index some_person(Index workspace);
    std::string name() { return short_name(random_.next(), w_.shape.hurts); }
    void touch(Index task) { w_.tasks[task].modified = now_; }
    Story* add_story(Index task, std::string_view subtype, Index ref = kNone);
    void record(Index task, Event event);
    void record_for_project(Index project, Event event);
    void task_changed(Index task, std::string field, std::string action, Type type = Type::none, Id value = 0);

    World& w_;
    Random random_;
    Millis now_;
    bool events_;
    std::vector<Index> deleted_;
};

}  // namespace fake_asana
