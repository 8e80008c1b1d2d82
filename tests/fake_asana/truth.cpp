#include "truth.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <set>

#include "json.hpp"
#include "text.hpp"
#include "words.hpp"

namespace fake_asana {

namespace {

bool is_comment(const Story& story) { return story_shape(story.shape).member == StoryMember::comment; }

// Which objects some row refers to.
struct Mentions {
    std::set<Index> users, named_users, projects, sections, tags, fields, options, placeholders;

    void add(Type type, Index i) {
        if (i == kNone) return;
        switch (type) {
            case Type::user:
                users.insert(i);
                named_users.insert(i);
                break;
            case Type::project:
                projects.insert(i);
                break;
            case Type::section:
                sections.insert(i);
                break;
            case Type::tag:
                tags.insert(i);
                break;
            case Type::custom_field:
                fields.insert(i);
                break;
            case Type::enum_option:
                options.insert(i);
                break;
            case Type::placeholder:
                placeholders.insert(i);
                break;
            default:
                break;
        }
    }
};

class Printer {
  public:
    Printer(const World& world, bool free_plan, bool service_account, const std::function<bool(std::string_view)>& sink)
        : w(world), free_plan_(free_plan), service_account_(service_account), sink_(sink) {}

    const World& w;

    // One row, whole when it is destroyed: no two at once. Each column is written by one call; gid references are also
    // counted as mentions.
    class Row {
      public:
        Row(Printer& printer, std::string_view table, bool mention = false) : p_(printer), out_(printer.out_) {
            out_ += "{\"table\":\"";
            out_ += table;
            out_ += mention ? "\",\"mention\":true,\"row\":{" : "\",\"row\":{";
            first_ = true;
        }
        ~Row() {
            out_ += "}}\n";
            p_.flush(1 << 16);
        }
        Row(const Row&) = delete;
        Row& operator=(const Row&) = delete;

        Row& text(std::string_view column, std::string_view value) {
            key(column);
            append_string(out_, stored_text(value));
            return *this;
        }
        Row& null(std::string_view column) {
            key(column);
            out_ += "null";
            return *this;
        }
        Row& gid(std::string_view column, Type type, Id id) { return text(column, p_.w.gid(type, id)); }
        Row& ref(std::string_view column, Type type, Index i) {
            if (i == kNone) return null(column);
            p_.mentions_.add(type, i);
            return gid(column, type, i);
        }
        // A person whose name does not come along.
        Row& nameless(std::string_view column, Index user) {
            if (user == kNone) return null(column);
            p_.mentions_.users.insert(user);
            return gid(column, Type::user, user);
        }
        Row& flag(std::string_view column, bool value) { return number(column, value ? 1 : 0); }
        template <class Number>
        Row& number(std::string_view column, Number value) {
            key(column);
            append_number(out_, value);
            return *this;
        }
        Row& time(std::string_view column, Millis value) {
            return value == kNoTime ? null(column) : text(column, iso_time(value));
        }
        Row& date(std::string_view column, Millis value) {
            return value == kNoTime ? null(column) : text(column, iso_date(value));
        }
        // A JSON array of gids, as text.
        Row& gids(std::string_view column, Type type, const std::vector<Index>& items) {
            std::string array = "[";
            for (const Index item : items) {
                p_.mentions_.add(type, item);
                array += (array.size() > 1 ? ",\"" : "\"") + p_.w.gid(type, item) + "\"";
            }
            return text(column, array + "]");
        }
        // Calls write(*this) when there, else NULL.
        template <class Write>
        Row& when(bool there, std::string_view column, Write write) {
            if (there) {
                write(*this);
                return *this;
            }
            return null(column);
        }

      private:
        void key(std::string_view column) {
            if (!first_) out_ += ',';
            first_ = false;
            out_ += '"';
            out_ += column;
            out_ += "\":";
        }
        Printer& p_;
        std::string& out_;
        bool first_;
    };

    void print() {
        workspaces();
        teams();
        tags();
        custom_fields();
        projects();
        custom_types();
        if (!free_plan_) {
            portfolios();
            goals();
        }
        for (Index t = 0; t < w.tasks.size() && !stopped_; ++t) {
            if (w.reachable(t)) {
                ++reachable_;
                task(t);
            } else if (!w.tasks[t].deleted) {
                ++unreachable_;
            }
        }
        if (service_account_) audit_log();
        mentions();
        out_ += "{\"summary\":{\"tasks\":" + std::to_string(reachable_) +
                ",\"unreachable_tasks\":" + std::to_string(unreachable_) + "}}\n";
        flush(0);
    }

  private:
    void flush(std::size_t least) {
        if (out_.size() < least || stopped_) return;
        stopped_ = !sink_(out_);
        out_.clear();
    }

    void audit_log() {
        for (const AuditEvent& event : w.audit_log)
            Row(*this, "asana_audit_log_events")
                .text("gid", event.gid())
                .ref("workspace_gid", Type::workspace, event.workspace)
                .time("created_at", event.created)
                .text("event_type", audit_type(event))
                .text("event_category", event.action)
                .text("actor_type", "user")
                .gid("actor_gid", Type::user, 0)
                .text("actor_name", event.actor)
                .text("actor_email", w.users[0].email)
                .text("resource_type", type_name(event.type))
                .null("resource_subtype")
                .gid("resource_gid", event.type, event.resource)
                .when(!event.name.empty(), "resource_name", [&](Row& row) { row.text("resource_name", event.name); })
                .null("resource_email")
                .text("details", R"({"group":{},"email":")" + w.users[0].email + "\"}")
                .text("context_type", "web")
                .null("context_api_authentication_method")
                .text("context_client_ip_address", "1.1.1.1")
                .null("context_user_agent")
                .null("context_oauth_app_name")
                .null("context_rule_name")
                .null("context_on_behalf_of_user_id");
    }

    void workspaces() {
        for (Index i = 0; i < w.workspaces.size(); ++i) {
            const Workspace& workspace = w.workspaces[i];
            Row(*this, "asana_workspaces")
                .gid("gid", Type::workspace, i)
                .text("name", workspace.name)
                .flag("is_organization", workspace.organization);
            for (const std::string& domain : workspace.email_domains) {
                Row(*this, "asana_workspace_email_domains")
                    .gid("workspace_gid", Type::workspace, i)
                    .text("email_domain", domain);
            }
            for (const Index m : workspace.members) {
                const WorkspaceMembership& member = w.workspace_memberships[m];
                Row(*this, "asana_workspace_memberships")
                    .gid("gid", Type::workspace_membership, m)
                    .gid("workspace_gid", Type::workspace, i)
                    .ref("user_gid", Type::user, member.user)
                    .gid("user_task_list_gid", Type::user_task_list, m)
                    .flag("is_active", member.active)
                    .flag("is_admin", member.admin)
                    .flag("is_guest", member.guest)
                    .flag("is_view_only", member.view_only)
                    .time("created_at", member.created);
                Row(*this, "asana_user_task_lists")
                    .gid("gid", Type::user_task_list, m)
                    .text("name", "My tasks")
                    .nameless("owner_gid", member.user)
                    .gid("workspace_gid", Type::workspace, i)
                    .gid("workspace_membership_gid", Type::workspace_membership, m);
            }
            workspace_work(i);
            listed_users_.insert(workspace.users.begin(), workspace.users.end());
        }
        for (const Index i : listed_users_) {
            const User& user = w.users[i];
            Row row(*this, "asana_users");
            row.gid("gid", Type::user, i).text("name", user.name).text("email", user.email);
            row.when(user.photo, "photo_url", [&](Row& r) {
                r.text("photo_url", "https://s3.amazonaws.example/profile/" + std::to_string(i) + "_128.png");
            });
        }
    }

    // Around work.
    void workspace_work(Index workspace) {
        const auto in_workspace = [&](Row& row) { row.gid("workspace_gid", Type::workspace, workspace); };
        for (const Index i : w.work_of(Type::time_tracking_category, workspace)) {
            const TimeCategory& category = w.time_categories[i];
            Row row(*this, "asana_time_tracking_categories");
            row.gid("gid", Type::time_tracking_category, i)
                .text("name", category.name)
                .text("color", word(kCategoryColors, category.color))
                .flag("is_archived", category.archived);
            in_workspace(row);
        }
        for (const Index i : w.work_of(Type::timesheet_approval_status, workspace)) {
            const Timesheet& sheet = w.timesheets[i];
            Row row(*this, "asana_timesheet_approval_statuses");
            row.gid("gid", Type::timesheet_approval_status, i)
                .ref("user_gid", Type::user, sheet.user)
                .date("start_date", sheet.start)
                .date("end_date", sheet.start + 6 * kDay)
                .text("approval_status", word(kTimeApprovals, sheet.approval))
                .time("created_at", sheet.created);
            in_workspace(row);
        }
        for (const Index i : w.work_of(Type::ooo_entry, workspace)) {
            const OooEntry& entry = w.ooo_entries[i];
            Row row(*this, "asana_ooo_entries");
            row.gid("gid", Type::ooo_entry, i)
                .ref("user_gid", Type::user, entry.user)
                .date("start_date", entry.start)
                .date("end_date", entry.end)
                .ref("created_by_gid", Type::user, entry.created_by);
            in_workspace(row);
        }
        for (const Index i : w.work_of(Type::project_template, workspace)) {
            const ProjectTemplate& one = w.project_templates[i];
            Row row(*this, "asana_project_templates");
            row.gid("gid", Type::project_template, i)
                .text("name", one.name)
                .text("description", one.description)
                .text("html_description", html(one.description))
                .flag("public", one.open)
                .nameless("owner_gid", one.owner)
                .ref("team_gid", Type::team, one.team);
            row.when(one.color >= 0, "color", [&](Row& r) { r.text("color", word(kColors, one.color)); });
            row.text("requested_dates", requested(one.dates, true))
                .text("requested_roles", requested(one.roles, false));
            in_workspace(row);
        }
        for (const Index i : w.work_of(Type::role, workspace)) {
            const Role& role = w.roles[i];
            Row row(*this, "asana_roles");
            row.gid("gid", Type::role, i)
                .text("name", role.name)
                .text("description", role.description)
                .flag("is_standard_role", role.standard)
                .text("base_role_type", word(kBaseRoles, role.base))
                .time("creation_time", role.created)
                .time("modified_at", role.modified)
                .text("permissions", std::string(R"({"create_project":true,"create_team":)") +
                                         (role.base > 0 ? "true" : "false") +
                                         R"(,"task_deletion_policy":"task_creators"})");
            in_workspace(row);
        }
        for (const Index i : w.work_of(Type::agent, workspace)) {
            const Agent& agent = w.agents[i];
            Row row(*this, "asana_agents");
            row.gid("gid", Type::agent, i)
                .text("name", agent.name)
                .text("resource_subtype", "asana_teammate")
                .text("description", agent.description)
                .null("behavior_guidance");
            row.when(agent.photo, "photo_url", [&](Row& r) {
                r.text("photo_url", "https://s3.amazonaws.example/profile/" + std::to_string(i) + "_128.png");
            });
            in_workspace(row);
        }
        if (free_plan_) return;
        for (const Index i : w.work_of(Type::time_tracking_entry, workspace)) time_entry(workspace, i);
        for (const Index i : w.work_of(Type::allocation, workspace)) {
            const Allocation& one = w.allocations[i];
            Row row(*this, "asana_allocations");
            row.gid("gid", Type::allocation, i)
                .text("resource_subtype", "project_allocation")
                .ref("parent_gid", Type::project, one.project)
                .text("parent_type", "project")
                .ref("assignee_gid", one.assignee_type, one.assignee)
                .text("assignee_type", type_name(one.assignee_type))
                .ref("created_by_gid", Type::user, one.created_by)
                .date("start_date", one.start)
                .date("end_date", one.end);
            row.when(one.effort >= 0, "effort_type",
                     [&](Row& r) { r.text("effort_type", word(kEfforts, one.effort)); });
            row.when(one.effort >= 0, "effort_value", [&](Row& r) { r.number("effort_value", one.value); });
            in_workspace(row);
        }
    }

    void time_entry(Index workspace, Index i) {
        const TimeEntry& entry = w.time_entries[i];
        Row(*this, "asana_time_tracking_entries")
            .gid("gid", Type::time_tracking_entry, i)
            .gid("task_gid", Type::task, entry.task)
            .gid("workspace_gid", Type::workspace, workspace)
            .ref("created_by_gid", Type::user, entry.user)
            .date("entered_on", entry.day)
            .number("duration_minutes", entry.minutes)
            .ref("attributable_to_gid", Type::project, entry.project)
            .text("description", entry.description)
            .text("approval_status", word(kTimeApprovals, entry.approval))
            .text("billable_status", word(kBillables, entry.billable))
            .time("created_at", entry.created);
        if (entry.category == kNone) return;
        Row(*this, "asana_time_tracking_entry_categories")
            .gid("time_tracking_entry_gid", Type::time_tracking_entry, i)
            .gid("time_tracking_category_gid", Type::time_tracking_category, entry.category);
    }

    // What a project template asks for, as JSON.
    static std::string requested(const std::vector<std::string>& names, bool dates) {
        std::string json = "[";
        for (std::size_t i = 0; i < names.size(); ++i) {
            json +=
                (i > 0 ? ",{\"gid\":\"" : "{\"gid\":\"") + std::to_string(i + 1) + "\",\"name\":" + quoted(names[i]);
            if (dates) json += ",\"description\":" + quoted("When " + names[i]);
            json += '}';
        }
        return json + ']';
    }
    // As a mirror writes it: escaped where JSON demands it.
    static std::string quoted(std::string_view name) {
        std::string json = "\"";
        for (const char c : stored_text(name)) {
            if (c == '"' || c == '\\') json += '\\';
            if (static_cast<unsigned char>(c) < 0x20) {
                char buffer[8];
                std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
                json += buffer;
            } else {
                json += c;
            }
        }
        return json + '"';
    }

    void project_work(Index p) {
        for (const Index i : w.work_of(Type::task_template, p)) {
            const TaskTemplate& one = w.task_templates[i];
            const auto bare = [&](Type type, Index object) {
                return "[{\"gid\":\"" + w.gid(type, object) + "\",\"resource_type\":\"" + std::string(type_name(type)) +
                       "\"}]";
            };
            Row row(*this, "asana_task_templates");
            row.gid("gid", Type::task_template, i)
                .text("name", one.name)
                .ref("project_gid", Type::project, p)
                .nameless("created_by_gid", one.created_by)
                .time("created_at", one.created)
                .text("template_name", one.name)
                .text("template_task_resource_subtype", word(kRecipeSubtypes, one.subtype))
                .text("template_description", one.description)
                .text("template_html_description", html(one.description));
            row.when(one.start >= 0, "template_relative_start_on",
                     [&](Row& r) { r.number("template_relative_start_on", one.start); });
            row.when(one.due >= 0, "template_relative_due_on",
                     [&](Row& r) { r.number("template_relative_due_on", one.due); });
            row.null("template_due_time")
                .text("template_memberships", bare(Type::project, p))
                .text("template_followers", one.followers.empty() ? "[]" : bare(Type::user, one.followers[0]));
            for (const char* column : {"template_dependencies", "template_dependents", "template_attachments",
                                       "template_subtasks", "template_custom_fields"})
                row.text(column, "[]");
        }
        if (free_plan_) return;
        for (const Index i : w.work_of(Type::budget, p)) budget(i);
        for (const Index i : w.work_of(Type::rate, p)) {
            const Rate& rate = w.rates[i];
            Row(*this, "asana_rates")
                .gid("gid", Type::rate, i)
                .ref("parent_gid", Type::project, p)
                .text("parent_type", "project")
                .ref("resource_gid", rate.resource_type, rate.resource)
                .text("resource_type", type_name(rate.resource_type))
                .number("rate", rate.rate)
                .text("currency_code", "EUR")
                .ref("created_by_gid", Type::user, rate.created_by);
        }
    }

    void budget(Index i) {
        const Budget& one = w.budgets[i];
        const auto filter = word(kBudgetFilters, static_cast<int>(i % 3));
        const std::string_view units = one.of_time ? "minutes" : "EUR";
        Row row(*this, "asana_budgets");
        row.gid("gid", Type::budget, i)
            .ref("parent_gid", Type::project, one.project)
            .text("parent_type", "project")
            .text("budget_type", one.of_time ? "time" : "cost")
            .text("estimate_billable_status_filter", filter)
            .text("estimate_source", word(kBudgetSources, static_cast<int>(i % 3)))
            .flag("estimate_enabled", one.enabled)
            .text("estimate_units", units)
            .text("actual_billable_status_filter", filter)
            .text("actual_units", units)
            .number("actual_value", one.actual)
            .flag("total_enabled", one.enabled)
            .text("total_units", units);
        row.when(one.enabled, "estimate_value", [&](Row& r) { r.number("estimate_value", one.estimate); });
        row.when(one.enabled, "total_value", [&](Row& r) { r.number("total_value", one.total); });
    }

    void teams() {
        for (const Workspace& workspace : w.workspaces) {
            if (!workspace.organization) continue;
            for (const Index i : workspace.teams) team(i);
        }
    }

    void team(Index i) {
        const Team& team = w.teams[i];
        const std::string_view access = team.admins_only ? "only_team_admins" : "all_team_members";
        Row(*this, "asana_teams")
            .gid("gid", Type::team, i)
            .text("name", team.name)
            .text("description", team.description)
            .text("html_description", html(team.description))
            .gid("organization_gid", Type::workspace, team.workspace)
            .text("permalink_url", "https://app.asana.com/0/" + w.gid(Type::team, i) + "/overview")
            .text("visibility", word(kVisibilities, team.visibility))
            .flag("endorsed", team.endorsed)
            .text("edit_team_name_or_description_access_level", access)
            .text("edit_team_visibility_or_trash_team_access_level", access)
            .text("member_invite_management_access_level", access)
            .text("guest_invite_management_access_level", access)
            .text("join_request_management_access_level", access)
            .text("team_member_removal_access_level", access)
            .text("team_content_management_access_level", team.admins_only ? "only_team_admins" : "no_restriction");
        if (!free_plan_) settings(Type::team, i);
        for (const Index m : team.members) {
            const TeamMembership& member = w.team_memberships[m];
            Row(*this, "asana_team_memberships")
                .gid("gid", Type::team_membership, m)
                .gid("team_gid", Type::team, i)
                .ref("user_gid", Type::user, member.user)
                .flag("is_guest", member.guest)
                .flag("is_limited_access", member.limited)
                .flag("is_admin", member.admin);
        }
    }

    void tags() {
        for (Index i = 0; i < w.tags.size(); ++i) {
            const Tag& tag = w.tags[i];
            if (!w.listed_tag(i)) continue;
            listed_tags_.insert(i);
            {
                Row row(*this, "asana_tags");
                row.gid("gid", Type::tag, i)
                    .text("name", tag.name)
                    .gid("workspace_gid", Type::workspace, tag.workspace);
                row.when(tag.color >= 0, "color", [&](Row& r) { r.text("color", word(kColors, tag.color)); });
                row.text("notes", tag.notes)
                    .text("permalink_url", "https://app.asana.com/0/" + w.gid(Type::tag, i) + "/list")
                    .time("created_at", tag.created);
            }
            for (const Index user : tag.followers) follower("asana_tag_followers", "tag_gid", Type::tag, i, user);
        }
    }

    void follower(std::string_view table, std::string_view column, Type type, Index object, Index user) {
        Row(*this, table).gid(column, type, object).ref("user_gid", Type::user, user);
    }

    void custom_fields() {
        if (free_plan_) return;
        std::set<Index> listed;
        for (const Workspace& workspace : w.workspaces) listed.insert(workspace.fields.begin(), workspace.fields.end());
        for (Index p = 0; p < w.projects.size(); ++p) {
            if (!w.listed_project(p)) continue;
            for (const Setting& setting : w.projects[p].settings) listed.insert(setting.field);
        }
        for (const Index f : listed) custom_field(f);
        listed_fields_ = listed;
    }

    void custom_field(Index f) {
        const CustomField& field = w.fields[f];
        const auto subtype = word_of(kFieldSubtypes, field.kind);
        const bool number = subtype == "number";
        const bool computed = field.kind == FieldKind::formula || field.kind == FieldKind::custom_id;
        {
            Row row(*this, "asana_custom_fields");
            row.gid("gid", Type::custom_field, f)
                .text("name", field.name)
                .gid("workspace_gid", Type::workspace, field.workspace)
                .text("description", field.description)
                .text("resource_subtype", subtype)
                .text("representation_type", word_of(kFieldRepresentations, field.kind));
            row.when(number, "precision", [&](Row& r) { r.number("precision", field.precision); });
            row.when(number, "format", [&](Row& r) { r.text("format", word_of(kFieldFormats, field.kind)); });
            const auto only = [&](FieldKind kind, std::string_view column, std::string_view value) {
                row.when(field.kind == kind, column, [&](Row& r) { r.text(column, value); });
            };
            only(FieldKind::currency, "currency_code", "EUR");
            only(FieldKind::labelled, "custom_label", "pcs");
            only(FieldKind::labelled, "custom_label_position", "suffix");
            only(FieldKind::custom_id, "id_prefix", "TEC");
            only(FieldKind::reference, "input_restrictions", "[\"task\"]");
            row.flag("is_global_to_workspace", field.global)
                .flag("is_formula_field", field.kind == FieldKind::formula)
                .flag("is_value_read_only", computed)
                .text("privacy_setting", f % 4 == 0 ? "public" : "public_with_guests")
                .text("default_access_level", "editor");
            only(FieldKind::duration, "asana_created_field", "estimated_time");
            row.ref("created_by_gid", Type::user, field.created_by);
        }
        int position = 0;
        for (const Index i : field.options) {
            const Option& option = w.options[i];
            if (!option.listed) continue;
            listed_options_.insert(i);
            Row(*this, "asana_custom_field_options")
                .gid("gid", Type::enum_option, i)
                .gid("custom_field_gid", Type::custom_field, f)
                .text("name", option.name)
                .text("color", word(kColors, option.color))
                .flag("enabled", option.enabled)
                .number("position", position++);
        }
    }

    void projects() {
        for (Index p = 0; p < w.projects.size(); ++p) {
            if (!w.listed_project(p)) continue;
            listed_projects_.insert(p);
            project(p);
            project_lists(p);
            if (!free_plan_) project_fields(p);
            project_pages(p);
            project_work(p);
        }
    }

    void project(Index p) {
        const Project& project = w.projects[p];
        Row row(*this, "asana_projects");
        row.gid("gid", Type::project, p)
            .text("name", project.name)
            .gid("workspace_gid", Type::workspace, project.workspace)
            .ref("team_gid", Type::team, project.team)
            .nameless("owner_gid", project.owner)
            .flag("archived", project.archived)
            .flag("completed", project.completed)
            .time("completed_at", project.completed_at)
            .ref("completed_by_gid", Type::user, project.completed_by);
        row.when(project.color >= 0, "color", [&](Row& r) { r.text("color", word(kColors, project.color)); });
        row.text("icon", word(kIcons, project.icon))
            .text("default_view", word(kViews, project.view))
            .text("privacy_setting", "public_to_workspace")
            .text("default_access_level", word(kAccessLevels, static_cast<int>(p % 4)))
            .text("minimum_access_level_for_customization", "editor")
            .text("minimum_access_level_for_sharing", word(kAccessLevels, static_cast<int>(p % 2)))
            .date("start_on", project.start)
            .date("due_on", project.due)
            .text("notes", project.notes)
            .text("html_notes", html(project.notes))
            .ref("current_status_update_gid", Type::status_update,
                 project.status_updates.empty() ? kNone : project.status_updates.back())
            .ref("project_brief_gid", Type::project_brief, project.brief)
            .ref("created_from_template_gid", Type::project_template, project.project_template)
            .text("permalink_url", "https://app.asana.com/0/" + w.gid(Type::project, p))
            .time("created_at", project.created)
            .time("modified_at", project.modified);
    }

    void project_lists(Index p) {
        const Project& project = w.projects[p];
        for (const Index user : project.members)
            follower("asana_project_members", "project_gid", Type::project, p, user);
        for (const Index user : project.followers)
            follower("asana_project_followers", "project_gid", Type::project, p, user);
        memberships(project.memberships);
        int position = 0;
        for (const Index s : project.sections) {
            listed_sections_.insert(s);
            Row(*this, "asana_sections")
                .gid("gid", Type::section, s)
                .text("name", w.sections[s].name)
                .gid("project_gid", Type::project, p)
                .number("position", position++)
                .time("created_at", w.sections[s].created);
        }
        used_types_.insert(project.custom_types.begin(), project.custom_types.end());
    }

    void memberships(const std::vector<Index>& members) {
        for (const Index m : members) {
            const Membership& member = w.memberships[m];
            Row(*this, "asana_memberships")
                .gid("gid", Type::membership, m)
                .text("resource_subtype", std::string(type_name(member.parent_type)) + "_membership")
                .gid("parent_gid", member.parent_type, member.parent)
                .text("parent_type", type_name(member.parent_type))
                .ref("member_gid", member.member_type, member.member)
                .text("member_type", type_name(member.member_type))
                .text("access_level", word(kAccessLevels, member.access));
        }
    }

    void settings(Type type, Index parent) {
        int position = 0;
        for (const Setting& setting : w.settings(type, parent)) {
            Row(*this, "asana_custom_field_settings")
                .gid("parent_gid", type, parent)
                .text("parent_type", type_name(type))
                .ref("custom_field_gid", Type::custom_field, setting.field)
                .flag("is_important", setting.important)
                .number("position", position++);
        }
    }

    void project_fields(Index p) {
        const Project& project = w.projects[p];
        settings(Type::project, p);
        for (const Index field : project.own_fields) value(Type::project, p, field, w.project_value(p, field));
    }

    void project_pages(Index p) {
        const Project& project = w.projects[p];
        status_updates(project.status_updates);
        for (const Id a : project.attachments) attachment(*w.attachment(a));
        if (project.brief == kNone || free_plan_) return;
        const Brief& brief = w.briefs[project.brief];
        Row(*this, "asana_project_briefs")
            .gid("gid", Type::project_brief, project.brief)
            .text("title", brief.title)
            .text("html_text", html(brief.text))
            .text("text", brief.text)
            .text("permalink_url", "https://app.asana.com/0/brief/" + w.gid(Type::project_brief, project.brief))
            .gid("project_gid", Type::project, p);
        for (const Id a : brief.attachments) attachment(*w.attachment(a));
    }

    void status_updates(const std::vector<Index>& updates) {
        for (const Index u : updates) {
            const StatusUpdate& update = w.status_updates[u];
            Row(*this, "asana_status_updates")
                .gid("gid", Type::status_update, u)
                .gid("parent_gid", update.parent_type, update.parent)
                .text("parent_type", type_name(update.parent_type))
                .text("resource_subtype", std::string(type_name(update.parent_type)) + "_status_update")
                .text("title", update.title)
                .text("text", update.text)
                .text("html_text", html(update.text))
                .text("status_type", word(kStatuses, update.status))
                .ref("author_gid", Type::user, update.author)
                .ref("created_by_gid", Type::user, update.author)
                .time("created_at", update.created)
                .time("modified_at", update.modified)
                .number("num_likes", update.likes.size());
        }
    }

    // What portfolios and goals have in common, beside their own row.
    void plan(Type type, Index i) {
        const Plan& plan = w.plan(type, i);
        const bool is_goal = type == Type::goal;
        for (const Index user : plan.people)
            follower(is_goal ? "asana_goal_followers" : "asana_portfolio_members",
                     is_goal ? "goal_gid" : "portfolio_gid", type, i, user);
        settings(type, i);
        for (const Index field : plan.own_fields) value(type, i, field, w.plan_value(type, i, field));
        memberships(plan.memberships);
        status_updates(plan.status_updates);
    }

    void portfolios() {
        for (Index i = 0; i < w.portfolios.size(); ++i) {
            const Portfolio& portfolio = w.portfolios[i];
            if (!w.exists(Type::portfolio, i) || !w.allowed(Type::portfolio, i)) continue;
            Row(*this, "asana_portfolios")
                .gid("gid", Type::portfolio, i)
                .text("name", portfolio.name)
                .gid("workspace_gid", Type::workspace, portfolio.workspace)
                .ref("owner_gid", Type::user, portfolio.owner)
                .ref("created_by_gid", Type::user, portfolio.created_by)
                .flag("archived", portfolio.archived)
                .text("color", word(kColors, portfolio.color))
                .date("start_on", portfolio.start)
                .date("due_on", portfolio.due)
                .flag("public", i % 2 == 0)
                .text("privacy_setting", "members_only")
                .text("default_access_level", "viewer")
                .ref("current_status_update_gid", Type::status_update,
                     portfolio.status_updates.empty() ? kNone : portfolio.status_updates.back())
                .text("permalink_url", "https://app.asana.com/0/portfolio/" + w.gid(Type::portfolio, i))
                .time("created_at", portfolio.created);
            plan(Type::portfolio, i);
            for (const Index t : portfolio.templates)
                Row(*this, "asana_portfolio_project_templates")
                    .gid("portfolio_gid", Type::portfolio, i)
                    .gid("project_template_gid", Type::project_template, t);
            for (const auto& [type, item] : w.items(i))
                Row(*this, "asana_portfolio_items")
                    .gid("portfolio_gid", Type::portfolio, i)
                    .ref("item_gid", type, item)
                    .text("item_type", type_name(type));
            for (const Index s : w.project_settings(i)) {
                const ProjectPortfolioSetting& setting = w.project_portfolio_settings[s];
                Row(*this, "asana_project_portfolio_settings")
                    .gid("gid", Type::project_portfolio_setting, s)
                    .ref("project_gid", Type::project, setting.project)
                    .gid("portfolio_gid", Type::portfolio, i)
                    .flag("is_access_control_inherited", setting.inherited)
                    .time("created_at", setting.created);
            }
        }
    }

    void goals() {
        for (Index i = 0; i < w.time_periods.size(); ++i) {
            const TimePeriod& period = w.time_periods[i];
            if (!w.exists(Type::time_period, i)) continue;
            Row(*this, "asana_time_periods")
                .gid("gid", Type::time_period, i)
                .gid("workspace_gid", Type::workspace, period.workspace)
                .text("period", period.period)
                .text("display_name", period.name)
                .date("start_on", period.start)
                .date("end_on", period.end)
                .ref("parent_gid", Type::time_period, period.parent);
        }
        for (Index i = 0; i < w.goals.size(); ++i) {
            if (!w.exists(Type::goal, i) || !w.allowed(Type::goal, i)) continue;
            goal_row(i);
            plan(Type::goal, i);
            for (const Index r : w.relationships(i)) {
                const GoalRelationship& relationship = w.goal_relationships[r];
                Row(*this, "asana_goal_relationships")
                    .gid("gid", Type::goal_relationship, r)
                    .text("resource_subtype",
                          relationship.supporting_type == Type::goal ? "subgoal" : "supporting_work")
                    .gid("supported_goal_gid", Type::goal, i)
                    .ref("supporting_resource_gid", relationship.supporting_type, relationship.supporting)
                    .text("supporting_resource_type", type_name(relationship.supporting_type))
                    .number("contribution_weight", relationship.weight);
            }
            for (const Story& one : w.goals[i].stories) story(one);
        }
    }

    void goal_row(Index i) {
        const Goal& goal = w.goals[i];
        const bool organization = w.workspaces[goal.workspace].organization;
        Row row(*this, "asana_goals");
        row.gid("gid", Type::goal, i)
            .text("name", goal.name)
            .gid("workspace_gid", Type::workspace, goal.workspace)
            .ref("team_gid", Type::team, organization ? goal.team : kNone)
            .ref("owner_gid", Type::user, goal.owner)
            .ref("time_period_gid", Type::time_period, goal.time_period);
        row.when(organization, "is_workspace_level", [&](Row& r) { r.flag("is_workspace_level", goal.of_workspace); });
        row.date("start_on", goal.start).date("due_on", goal.due);
        row.when(goal.status >= 0, "status", [&](Row& r) { r.text("status", word(kGoalStatuses, goal.status)); });
        row.text("notes", goal.notes)
            .text("html_notes", html(goal.notes))
            .text("privacy_setting", "public_to_workspace")
            .text("default_access_level", "viewer")
            .ref("current_status_update_gid", Type::status_update,
                 goal.status_updates.empty() ? kNone : goal.status_updates.back())
            .number("num_likes", goal.likes.size());
        const auto metric = [&](std::string_view column, auto write) { row.when(goal.unit >= 0, column, write); };
        metric("metric_gid", [&](Row& r) { r.gid("metric_gid", Type::goal_metric, i); });
        metric("metric_resource_subtype", [&](Row& r) { r.text("metric_resource_subtype", "number"); });
        metric("metric_precision", [&](Row& r) { r.number("metric_precision", i % 3); });
        metric("metric_unit", [&](Row& r) { r.text("metric_unit", word(kUnits, goal.unit)); });
        row.when(goal.unit == 1, "metric_currency_code", [&](Row& r) { r.text("metric_currency_code", "EUR"); });
        metric("metric_initial_number_value", [&](Row& r) { r.number("metric_initial_number_value", goal.initial); });
        metric("metric_target_number_value", [&](Row& r) { r.number("metric_target_number_value", goal.target); });
        metric("metric_current_number_value", [&](Row& r) { r.number("metric_current_number_value", goal.current); });
        metric("metric_current_display_value",
               [&](Row& r) { r.text("metric_current_display_value", std::to_string(static_cast<int>(goal.current))); });
        metric("metric_progress_source", [&](Row& r) { r.text("metric_progress_source", "manual"); });
        metric("metric_is_custom_weight", [&](Row& r) { r.flag("metric_is_custom_weight", i % 2 == 0); });
    }

    void attachment(const Attachment& a) {
        const auto subtype = word(kAttachmentSubtypes, a.subtype);
        const bool own = a.subtype == 0;
        Row row(*this, "asana_attachments");
        row.gid("gid", Type::attachment, a.id)
            .text("name", a.name)
            .text("resource_subtype", subtype)
            .gid("parent_gid", a.parent_type, a.parent)
            .text("parent_type", type_name(a.parent_type))
            .time("created_at", a.created)
            .text("host", subtype);
        row.when(own, "size", [&](Row& r) { r.number("size", a.size); });
        row.when(own, "permanent_url", [&](Row& r) {
            r.text("permanent_url",
                   "https://app.asana.com/app/asana/-/get_asset?asset_id=" + w.gid(Type::attachment, a.id));
        });
        row.text("view_url", "https://files.example/" + w.gid(Type::attachment, a.id));
        row.when(subtype == "external" || subtype == "gdrive", "connected_to_app",
                 [&](Row& r) { r.flag("connected_to_app", a.id % 2 == 0); });
    }

    void custom_types() {
        for (const Index i : used_types_) {
            Row(*this, "asana_custom_types").gid("gid", Type::custom_type, i).text("name", w.custom_types[i].name);
            int position = 0;
            for (const Index s : w.custom_types[i].options) {
                const StatusOption& option = w.status_options[s];
                Row(*this, "asana_custom_type_status_options")
                    .gid("gid", Type::custom_type_status_option, s)
                    .gid("custom_type_gid", Type::custom_type, i)
                    .text("name", option.name)
                    .text("completion_state", option.done ? "completed" : "incomplete")
                    .flag("enabled", option.enabled)
                    .text("color", word(kColors, option.color))
                    .number("position", position++);
            }
        }
    }

    void value(Type type, Index object, Index f, const Value& value) {
        const FieldKind kind = w.fields[f].kind;
        const auto subtype = word_of(kFieldSubtypes, kind);
        {
            const auto display = w.display_value(f, value);
            Row row(*this, "asana_custom_field_values");
            row.gid("object_gid", type, object)
                .text("object_type", type_name(type))
                .ref("custom_field_gid", Type::custom_field, f)
                .flag("enabled", value.enabled);
            row.when(display.has_value(), "display_value", [&](Row& r) { r.text("display_value", *display); });
            row.when(value.set && kind == FieldKind::text, "text_value",
                     [&](Row& r) { r.text("text_value", value.text); });
            row.when(value.set && subtype == "number", "number_value",
                     [&](Row& r) { r.number("number_value", value.number); });
            row.when(value.set && subtype == "date", "date_value", [&](Row& r) { r.date("date_value", value.date); });
            row.when(value.set && subtype == "date" && value.has_time, "datetime_value",
                     [&](Row& r) { r.time("datetime_value", value.date); });
            row.ref("enum_option_gid", Type::enum_option,
                    value.set && kind == FieldKind::enumeration && !value.items.empty() ? value.items[0] : kNone);
        }
        const Type item_type = kind == FieldKind::multi_enum  ? Type::enum_option
                               : type != Type::task           ? Type::none
                               : kind == FieldKind::people    ? Type::user
                               : kind == FieldKind::reference ? Type::task
                                                              : Type::none;
        if (item_type == Type::none) return;
        int position = 0;
        for (const Index item : value.items) {
            Row(*this, "asana_custom_field_value_items")
                .gid("object_gid", type, object)
                .gid("custom_field_gid", Type::custom_field, f)
                .number("position", position++)
                .ref("item_gid", item_type, item)
                .text("item_type", type_name(item_type));
        }
    }

    void task(Index t) {
        task_row(t);
        const Task& task = w.tasks[t];
        for (const TaskHome& home : task.homes) {
            Row(*this, "asana_task_memberships")
                .gid("task_gid", Type::task, t)
                .ref("project_gid", Type::project, home.project)
                .ref("section_gid", Type::section, home.section);
        }
        for (const Index user : task.followers) follower("asana_task_followers", "task_gid", Type::task, t, user);
        for (const Index tag : task.tags)
            Row(*this, "asana_task_tags").gid("task_gid", Type::task, t).ref("tag_gid", Type::tag, tag);
        for (const Index other : task.dependencies) {
            Row(*this, "asana_task_dependencies")
                .gid("task_gid", Type::task, t)
                .gid("depends_on_gid", Type::task, other);
        }
        for (const Index user : task.likes) follower("asana_task_likes", "task_gid", Type::task, t, user);
        if (!free_plan_) {
            for (const auto& [field, field_value] : w.task_values(t)) value(Type::task, t, field, field_value);
        }
        for (const Story& one : w.stories(t)) story(one);
        for (const Attachment& one : w.task_attachments(t)) attachment(one);
    }

    void task_row(Index t) {
        const Task& task = w.tasks[t];
        Row row(*this, "asana_tasks");
        row.gid("gid", Type::task, t)
            .text("name", w.task_name(t))
            .text("resource_subtype", word(kTaskSubtypes, task.subtype))
            .gid("workspace_gid", Type::workspace, task.workspace)
            .ref("parent_gid", Type::task, task.parent)
            .ref("assignee_gid", Type::user, task.assignee)
            .ref("assignee_section_gid", Type::section, task.assignee_section)
            .ref("assigned_by_gid", Type::user, task.assigned_by)
            .ref("created_by_gid", Type::user, task.created_by)
            .flag("completed", task.completed)
            .time("completed_at", task.completed_at)
            .ref("completed_by_gid", Type::user, task.completed_by);
        row.when(task.subtype == 2, "approval_status",
                 [&](Row& r) { r.text("approval_status", word(kApprovals, task.approval)); });
        row.date("start_on", task.start)
            .time("start_at", task.due_time ? task.start : kNoTime)
            .date("due_on", task.due)
            .time("due_at", task.due_time ? task.due : kNoTime)
            .text("notes", w.task_notes(t))
            .text("html_notes", html(w.task_notes(t)))
            .number("num_likes", task.likes.size())
            .number("num_subtasks", task.children.size());
        row.when(task.minutes >= 0, "actual_time_minutes",
                 [&](Row& r) { r.number("actual_time_minutes", task.minutes); });
        row.when(task.subtype == 0, "is_rendered_as_separator",
                 [&](Row& r) { r.flag("is_rendered_as_separator", task.separator); });
        row.ref("custom_type_gid", Type::custom_type, task.custom_type)
            .ref("custom_type_status_option_gid", Type::custom_type_status_option, task.status_option)
            .text("permalink_url", "https://app.asana.com/0/0/" + w.gid(Type::task, t))
            .time("created_at", task.created)
            .time("modified_at", task.modified);
    }

    // What a story says has changed, row by row.
    void task_changes(const Story& s) {
        const StoryShape& shape = story_shape(s.shape);
        const StoryMember member = shape.member;
        if (is_comment(s) || s.target_type != Type::task) return;
        int position = 0;
        const auto change = [&](std::string_view field, auto write) {
            const bool of_field = field == "custom_field";
            Row row(*this, "asana_task_changes");
            row.gid("story_gid", Type::story, s.id)
                .number("position", position++)
                .gid("task_gid", Type::task, s.task)
                .time("changed_at", s.created)
                .ref("actor_gid", Type::user, s.created_by)
                .text("field", field)
                .ref("custom_field_gid", Type::custom_field, of_field ? s.ref : kNone);
            write(row);
        };
        const auto values = [&](std::string_view field, auto old_value, auto new_value) {
            change(field, [&](Row& row) {
                old_value(row, "old_value");
                new_value(row, "new_value");
                row.null("old_gid").null("new_gid");
            });
        };
        const auto gids = [&](std::string_view field, Type type, Index before, Index after) {
            change(field, [&](Row& row) {
                row.null("old_value").null("new_value").ref("old_gid", type, before).ref("new_gid", type, after);
            });
        };
        // By the end of its name: what came, or what went.
        const auto one = [&](std::string_view field, Type type) {
            const bool gone = shape.subtype.starts_with("removed") || shape.subtype.starts_with("un") ||
                              shape.subtype.ends_with("removed");
            gids(field, type, gone ? s.ref : kNone, gone ? kNone : s.ref);
        };
        const auto of_text = [](const std::string& value) {
            return [&value](Row& row, std::string_view column) { row.text(column, value); };
        };
        const auto of_value = [](const Value& value, auto write) {
            return [&value, write](Row& row, std::string_view column) {
                row.when(value.set, column, [&](Row& r) { write(r, column, value); });
            };
        };
        const auto both = [&](auto write) {
            values("custom_field", of_value(s.old_value, write), of_value(s.new_value, write));
        };
        const auto nothing_known = [](Row& row, std::string_view column) { row.null(column); };
        const auto constant = [](std::string_view value) {
            return [value](Row& row, std::string_view column) { row.text(column, value); };
        };
        switch (member) {
            case StoryMember::comment:
                break;
            case StoryMember::nothing:
                if (shape.subtype.starts_with("marked_")) {
                    const bool done = shape.subtype == "marked_complete";
                    values("completed", constant(done ? "0" : "1"), constant(done ? "1" : "0"));
                } else {
                    const std::string_view field = shape.subtype == "notes_changed"      ? "notes"
                                                   : shape.subtype == "attachment_added" ? "attachment"
                                                                                         : shape.subtype;
                    values(field, nothing_known, nothing_known);
                }
                break;
            case StoryMember::assignee:
                one("assignee", Type::user);
                break;
            case StoryMember::follower:
                one("follower", Type::user);
                break;
            case StoryMember::project:
                one("project", Type::project);
                break;
            case StoryMember::sections:
                gids("section", Type::section, s.old_section, s.new_section);
                break;
            case StoryMember::tag:
                one("tag", Type::tag);
                break;
            case StoryMember::name:
                values("name", of_text(s.old_text), of_text(s.new_text));
                break;
            case StoryMember::dates:
                dates(s, shape.subtype.starts_with("start"), values);
                break;
            case StoryMember::dependency:
                one("dependency", Type::task);
                break;
            case StoryMember::task:
                one(shape.subtype == "mentioned" ? "mention" : "dependent", Type::task);
                break;
            case StoryMember::duplicate_of:
                one("duplicate_of", Type::task);
                break;
            case StoryMember::duplicated_from:
                one("duplicated_from", Type::task);
                break;
            case StoryMember::story:
                values(shape.subtype, nothing_known, nothing_known);
                break;
            case StoryMember::approval:
                values("approval_status", of_text(s.old_text), of_text(s.new_text));
                break;
            case StoryMember::subtype:
                values("resource_subtype", of_text(s.old_text), of_text(s.new_text));
                break;
            case StoryMember::text_value:
                both([](Row& r, std::string_view column, const Value& value) { r.text(column, value.text); });
                break;
            case StoryMember::number_value:
                both([](Row& r, std::string_view column, const Value& value) {
                    char text[40];
                    std::snprintf(text, sizeof text, "%.15g", value.number);
                    r.text(column, std::string(text) +
                                       (std::string_view(text).find_first_of(".e") == std::string::npos ? ".0" : ""));
                });
                break;
            case StoryMember::enum_value: {
                const auto chosen = [](const Value& value) {
                    return value.set && !value.items.empty() ? value.items[0] : kNone;
                };
                gids("custom_field", Type::enum_option, chosen(s.old_value), chosen(s.new_value));
                break;
            }
            case StoryMember::multi_enum_values:
                both([](Row& r, std::string_view column, const Value& value) {
                    r.gids(column, Type::enum_option, value.items);
                });
                break;
            case StoryMember::people_value:
                both([](Row& r, std::string_view column, const Value& value) {
                    r.gids(column, Type::user, value.items);
                });
                break;
            case StoryMember::date_value:
                both([](Row& r, std::string_view column, const Value& value) {
                    value.has_time ? r.time(column, value.date) : r.date(column, value.date);
                });
                break;
        }
    }

    // A row for each of the three that changed; one for the first, if none did.
    template <class Values>
    void dates(const Story& s, bool start_first, Values values) {
        using Write = std::function<void(Row&, std::string_view)>;
        struct Part {
            std::string_view field;
            Millis before, after;
            bool is_time;
        };
        const auto start = [](const Dates& d) { return d.null ? kNoTime : d.start; };
        const auto due = [](const Dates& d) { return d.null ? kNoTime : d.due; };
        const auto due_at = [](const Dates& d) { return d.null || !d.has_time ? kNoTime : d.due; };
        std::vector<Part> parts{{"due_on", due(s.old_dates), due(s.new_dates), false},
                                {"due_at", due_at(s.old_dates), due_at(s.new_dates), true},
                                {"start_on", start(s.old_dates), start(s.new_dates), false}};
        if (start_first) std::rotate(parts.begin(), parts.end() - 1, parts.end());
        const auto text = [](Millis value, bool is_time) {
            return value == kNoTime ? std::string() : is_time ? iso_time(value) : iso_date(value);
        };
        const auto differs = [&](const Part& p) { return text(p.before, p.is_time) != text(p.after, p.is_time); };
        const bool none = std::none_of(parts.begin(), parts.end(), differs);
        for (std::size_t i = 0; i < parts.size(); ++i) {
            const Part& part = parts[i];
            if (none ? i > 0 : !differs(part)) continue;
            const auto write = [&part](Millis value) -> Write {
                return [&part, value](Row& row, std::string_view column) {
                    part.is_time ? row.time(column, value) : row.date(column, value);
                };
            };
            values(part.field, write(part.before), write(part.after));
        }
    }

    void story(const Story& s) {
        task_changes(s);
        const StoryMember member = story_shape(s.shape).member;
        const bool remark = is_comment(s);
        Row row(*this, "asana_stories");
        row.gid("gid", Type::story, s.id)
            .text("resource_subtype", story_shape(s.shape).subtype)
            .text("type", remark ? "comment" : "system")
            .gid("target_gid", s.target_type, s.task)
            .text("target_type", type_name(s.target_type))
            .ref("created_by_gid", Type::user, s.created_by)
            .time("created_at", s.created)
            .text("text", s.text)
            .text("html_text", html(s.text));
        row.when(remark, "is_pinned", [&](Row& r) { r.flag("is_pinned", s.pinned); });
        row.when(remark, "is_edited", [&](Row& r) { r.flag("is_edited", s.edited); });
        row.when(remark, "num_likes", [&](Row& r) { r.number("num_likes", s.likes.size()); });
        row.text("source", word(kSources, s.source));
        row.when(s.sticker >= 0, "sticker_name", [&](Row& r) { r.text("sticker_name", word(kStickers, s.sticker)); });
        using enum StoryMember;
        const auto ref = [&](std::string_view column, StoryMember of, Type type) {
            row.ref(column, type, member == of ? s.ref : kNone);
        };
        ref("assignee_gid", assignee, Type::user);
        ref("follower_gid", StoryMember::follower, Type::user);
        ref("task_gid", StoryMember::task, Type::task);
        ref("project_gid", StoryMember::project, Type::project);
        ref("tag_gid", tag, Type::tag);
        row.when(member == StoryMember::story, "story_gid",
                 [&](Row& r) { r.gid("story_gid", Type::story, s.other_story); });
        ref("dependency_gid", dependency, Type::task);
        ref("duplicate_of_gid", duplicate_of, Type::task);
        ref("duplicated_from_gid", duplicated_from, Type::task);
        const bool of_field = member == text_value || member == number_value || member == enum_value ||
                              member == multi_enum_values || member == people_value || member == date_value;
        row.ref("custom_field_gid", Type::custom_field, of_field ? s.ref : kNone);
        story_side(row, "old_", member, s.old_text, s.old_section, s.old_dates, s.old_value);
        story_side(row, "new_", member, s.new_text, s.new_section, s.new_dates, s.new_value);
    }

    void story_side(Row& row, const std::string& side, StoryMember member, const std::string& text, Index section,
                    const Dates& days, const Value& value) {
        using enum StoryMember;
        const auto text_of = [&](const char* column, StoryMember of) {
            row.when(member == of, side + column, [&](Row& r) { r.text(side + column, text); });
        };
        text_of("name", name);
        text_of("resource_subtype", subtype);
        text_of("approval_status", approval);
        row.ref(side + "section_gid", Type::section, member == sections ? section : kNone);
        const auto dates_of = [&](const std::string& prefix, bool there, Millis start, Millis due, bool time) {
            row.date(prefix + "_start_on", there ? start : kNoTime)
                .date(prefix + "_due_on", there ? due : kNoTime)
                .time(prefix + "_due_at", there && time ? due : kNoTime);
        };
        dates_of(side + "dates", member == StoryMember::dates && !days.null, days.start, days.due, days.has_time);
        const auto value_of = [&](const char* column, StoryMember of, auto write) {
            const std::string full = side + column;
            row.when(member == of && value.set, full, [&](Row& r) { write(r, full); });
        };
        value_of("text_value", text_value, [&](Row& r, const std::string& column) { r.text(column, value.text); });
        value_of("number_value", number_value,
                 [&](Row& r, const std::string& column) { r.number(column, value.number); });
        value_of("enum_value_gid", enum_value, [&](Row& r, const std::string& column) {
            r.ref(column, Type::enum_option, value.items.empty() ? kNone : value.items[0]);
        });
        value_of("multi_enum_values", multi_enum_values,
                 [&](Row& r, const std::string& column) { r.gids(column, Type::enum_option, value.items); });
        value_of("people_value", people_value,
                 [&](Row& r, const std::string& column) { r.gids(column, Type::user, value.items); });
        dates_of(side + "date_value", member == date_value && value.set, kNoTime, value.date, value.has_time);
    }

    void mentions() {
        for (const Index i : mentions_.users) {
            if (listed_users_.contains(i)) continue;
            Row row(*this, "asana_users", true);
            row.gid("gid", Type::user, i);
            row.when(mentions_.named_users.contains(i), "name", [&](Row& r) { r.text("name", w.users[i].name); });
        }
        for (const Index i : mentions_.placeholders) {
            Row(*this, "asana_placeholders", true)
                .gid("gid", Type::placeholder, i)
                .text("name", w.placeholders[i].name);
        }
        const auto nameless = [&](std::string_view table, Type type, const std::set<Index>& mentioned,
                                  const std::set<Index>& listed) {
            for (const Index i : mentioned) {
                if (!listed.contains(i)) Row(*this, table, true).gid("gid", type, i).null("name");
            }
        };
        nameless("asana_projects", Type::project, mentions_.projects, listed_projects_);
        nameless("asana_sections", Type::section, mentions_.sections, listed_sections_);
        nameless("asana_tags", Type::tag, mentions_.tags, listed_tags_);
        nameless("asana_custom_fields", Type::custom_field, mentions_.fields, listed_fields_);
        nameless("asana_custom_field_options", Type::enum_option, mentions_.options, listed_options_);
    }

    bool free_plan_, service_account_;
    const std::function<bool(std::string_view)>& sink_;
    std::string out_;
    bool stopped_ = false;
    long reachable_ = 0, unreachable_ = 0;
    Mentions mentions_;
    std::set<Index> listed_users_, listed_projects_, listed_sections_, listed_tags_, listed_fields_, listed_options_,
        used_types_;
};

long pages(std::size_t objects);

// Of what a free plan lacks one request tells, in each workspace and for each of the two features.
void planning_requests(const World& w, bool free_plan, std::map<std::string, long>& least) {
    if (free_plan) {
        least["portfolios"] = least["goals"] = static_cast<long>(w.workspaces.size());
        return;
    }
    for (Index i = 0; i < w.workspaces.size(); ++i) {
        const auto own = std::count_if(w.portfolios.begin(), w.portfolios.end(), [&](const Portfolio& portfolio) {
            const auto p = static_cast<Index>(&portfolio - w.portfolios.data());
            return portfolio.workspace == i && portfolio.owner == 0 && w.exists(Type::portfolio, p) &&
                   w.visible(Type::portfolio, p);
        });
        const auto named = [&](auto wanted) {
            return static_cast<std::size_t>(std::count_if(w.goals.begin(), w.goals.end(), [&](const Goal& goal) {
                const auto g = static_cast<Index>(&goal - w.goals.data());
                return wanted(goal) && w.exists(Type::goal, g) && w.allowed(Type::goal, g);
            }));
        };
        const auto periods = std::count_if(w.time_periods.begin(), w.time_periods.end(),
                                           [&](const TimePeriod& t) { return t.workspace == i && !t.deleted; });
        least["portfolios"] += pages(static_cast<std::size_t>(own));
        least["time_periods"] += pages(static_cast<std::size_t>(periods));
        least["goals"] += pages(named([&](const Goal& g) { return g.of_workspace && g.workspace == i; }));
        if (!w.workspaces[i].organization) continue;
        for (const Index t : w.workspaces[i].teams)
            least["team_goals"] += pages(named([&](const Goal& g) { return !g.of_workspace && g.team == t; }));
    }
    std::set<Index> nested;
    for (Index p = 0; p < w.portfolios.size(); ++p) {
        if (!w.exists(Type::portfolio, p) || !w.allowed(Type::portfolio, p)) continue;
        const auto items = w.items(p);
        for (const auto& [type, item] : items)
            if (type == Type::portfolio) nested.insert(item);
        least["portfolio_items"] += pages(items.size());
        least["project_portfolio_settings"] += pages(w.project_settings(p).size());
        least["portfolio_memberships"] += pages(w.portfolios[p].memberships.size());
        least["portfolio_status_updates"] += pages(w.portfolios[p].status_updates.size());
    }
    least["nested_portfolios"] = static_cast<long>(nested.size());
    for (Index g = 0; g < w.goals.size(); ++g) {
        if (!w.exists(Type::goal, g) || !w.allowed(Type::goal, g)) continue;
        least["goal_relationships"] += pages(w.relationships(g).size());
        least["goal_memberships"] += pages(w.goals[g].memberships.size());
        least["goal_status_updates"] += pages(w.goals[g].status_updates.size());
        least["goal_stories"] += pages(w.goals[g].stories.size());
    }
}

long pages(std::size_t objects) { return std::max<long>(1, static_cast<long>((objects + 99) / 100)); }

}  // namespace

void print_truth(const World& world, bool free_plan, bool service_account,
                 const std::function<bool(std::string_view)>& sink) {
    Printer(world, free_plan, service_account, sink).print();
}

std::map<std::string, long> minimum_requests(const World& w, bool free_plan, bool service_account, bool exported) {
    std::map<std::string, long> least;
    const auto in_file = [&](Index workspace) { return exported && w.workspaces[workspace].organization; };
    const auto shown = [&](const std::vector<Index>& tasks) {
        return static_cast<std::size_t>(
            std::count_if(tasks.begin(), tasks.end(), [&](Index t) { return !w.hidden_task(t); }));
    };
    least["users_me"] = 1;
    least["workspaces"] = pages(w.workspaces.size());
    std::set<Id> people;  // workspace and user
    for (Index i = 0; i < w.workspaces.size(); ++i) {
        const Workspace& workspace = w.workspaces[i];
        least["users"] += pages(workspace.users.size());
        least["workspace_memberships"] += pages(workspace.members.size());
        if (workspace.organization) least["teams"] += pages(workspace.teams.size());
        std::size_t tags = 0, projects = 0;
        bool brief = false;
        for (const Index tag : workspace.tags) tags += w.listed_tag(tag) ? 1 : 0;
        for (const Index p : workspace.projects) {
            projects += w.listed_project(p) ? 1 : 0;
            brief = brief || (w.listed_project(p) && w.projects[p].brief != kNone);
        }
        least["tags"] += pages(tags);
        ++least["search_tasks"];  // whether there is one
        least["custom_fields"] += free_plan ? 1 : pages(workspace.fields.size());
        least["projects"] += pages(projects);
        const auto listed = [&](const char* stream, Type type, bool paid = false) {
            least[stream] += paid && free_plan ? 1 : pages(w.work_of(type, i).size());
        };
        listed("time_tracking_entries", Type::time_tracking_entry, true);
        listed("timesheet_approval_statuses", Type::timesheet_approval_status);
        listed("allocations", Type::allocation, true);
        listed("project_templates", Type::project_template);
        if (workspace.organization) listed("roles", Type::role);
        if (workspace.organization) listed("agents", Type::agent);
        const auto categories = w.work_of(Type::time_tracking_category, i);
        const auto archived = static_cast<std::size_t>(std::count_if(
            categories.begin(), categories.end(), [&](Index one) { return w.time_categories[one].archived; }));
        least["time_tracking_categories"] += pages(archived) + pages(categories.size() - archived);
        if (free_plan && projects > 0) {
            ++least["budgets"];
            ++least["rates"];
        }
        if (in_file(i)) ++least["resource_export"];
        ++least["workspace_events"];                       // tells at least that there are none
        if (workspace.organization) ++least["audit_log"];  // the same
        if (free_plan && brief) ++least["project_briefs"];
        for (const Index m : workspace.members) people.insert(World::pair_key(i, w.workspace_memberships[m].user));
    }
    planning_requests(w, free_plan, least);
    for (const Team& team : w.teams) least["team_memberships"] += pages(team.members.size());
    for (Index p = 0; p < w.projects.size(); ++p) {
        if (!w.listed_project(p)) continue;
        const Project& project = w.projects[p];
        if (!service_account) ++least["project_events"];
        if (!in_file(project.workspace)) least["project_tasks"] += pages(shown(project.tasks));
        least["sections"] += pages(project.sections.size());
        least["memberships"] += pages(project.memberships.size());
        least["status_updates"] += pages(project.status_updates.size());
        least["custom_types"] += pages(project.custom_types.size());
        least["project_attachments"] += pages(project.attachments.size());
        least["task_templates"] += pages(w.work_of(Type::task_template, p).size());
        if (!free_plan) {
            ++least["budgets"];
            least["rates"] += pages(w.work_of(Type::rate, p).size());
        }
        if (!free_plan && project.brief != kNone) {
            ++least["project_briefs"];
            least["brief_attachments"] += pages(w.briefs[project.brief].attachments.size());
        }
    }
    for (const Id pair : people) {
        const auto found = w.assigned.find(pair);
        least["ooo_entries"] +=
            pages(w.ooo_entries_of(static_cast<Index>(pair >> 32U), static_cast<Index>(pair & kNone)).size());
        if (in_file(static_cast<Index>(pair >> 32U))) continue;
        least["user_tasks"] += pages(found == w.assigned.end() ? 0 : shown(found->second));
    }
    for (Index i = 0; i < w.tags.size(); ++i) {
        if (w.listed_tag(i) && !in_file(w.tags[i].workspace)) least["tag_tasks"] += pages(shown(w.tags[i].tasks));
    }
    struct Searched {
        std::size_t subtasks = 0, attached = 0;
        bool parents = false;
    };
    std::map<Index, Searched> searched;  // by workspace
    for (Index t = 0; t < w.tasks.size(); ++t) {
        if (!w.reachable(t) || in_file(w.tasks[t].workspace)) continue;
        const Task& task = w.tasks[t];
        const auto children = shown(task.children), attachments = w.task_attachments(t).size();
        least["task_stories"] += pages(w.stories(t).size());
        // Search names subtasks, and the tasks that have attachments. What it leaves is a list whose number it does not
        // reach: one of them is private.
        if (!task.children.empty() && (free_plan || children != task.children.size()))
            least["task_subtasks"] += pages(children);
        if (free_plan || attachments > 0) least["task_attachments"] += pages(attachments);
        Searched& its = searched[task.workspace];
        its.subtasks += task.parent != kNone ? 1 : 0;
        its.attached += attachments > 0 ? 1 : 0;
        its.parents = its.parents || !task.children.empty();
    }
    for (const auto& [workspace, its] : searched) {
        if (free_plan) continue;
        if (its.parents) least["search_subtasks"] += pages(its.subtasks);
        least["search_attachments"] += pages(its.attached);
    }
    return least;
}

}  // namespace fake_asana
