"""Every GET that Asana documents is either used by a stream, or stands here with the reason why it is not; or, where it
is not part of what a mirror holds, in daemon/asana/left_out.hpp."""

# The same objects come with another request, which costs less or tells more.
REDUNDANT = {
    "/projects/{project_gid}/custom_field_settings": "the settings come with the project",
    "/portfolios/{portfolio_gid}/custom_field_settings": "the settings come with the portfolio",
    "/goals/{goal_gid}/custom_field_settings": "the settings come with the goal",
    "/teams/{team_gid}/custom_field_settings": "the settings come with the team",
    "/goals/{goal_gid}/parentGoals": "the relationships of goals tell the same",
    "/projects/{project_gid}/project_portfolio_settings": "those of each portfolio, which are fewer",
    "/custom_types/{custom_type_gid}": "the list gives all of it",
    "/portfolio_memberships": "/memberships gives the same of each portfolio, in the shape of today",
    "/portfolio_memberships/{portfolio_membership_gid}": "/memberships, too",
    "/portfolios/{portfolio_gid}/portfolio_memberships": "/memberships, too",
    "/project_memberships/{project_membership_gid}": "/memberships gives the same, teams included",
    "/projects/{project_gid}/project_memberships": "/memberships, too",
    "/project_statuses/{project_status_gid}": "deprecated: /status_updates",
    "/projects/{project_gid}/project_statuses": "deprecated: /status_updates",
    "/teams/{team_gid}/project_templates": "one list of the workspace names those of all teams",
    "/tasks/{task_gid}/projects": "the memberships of a task come with it",
    "/teams/{team_gid}/projects": "one list of the workspace names all projects, also those without a team",
    "/workspaces/{workspace_gid}/projects": "/projects, with the workspace as a parameter",
    "/workspaces/{workspace_gid}/projects/search": "the list of all projects is short, and search lags behind it",
    "/tasks/{task_gid}/tags": "the tags of a task come with it",
    "/workspaces/{workspace_gid}/tags": "/tags, with the workspace as a parameter",
    "/projects/{project_gid}/tasks": "/tasks, which also takes modified_since",
    "/sections/{section_gid}/tasks": "the sections of a task come with it",
    "/user_task_lists/{user_task_list_gid}/tasks": "/tasks?assignee=, which also takes modified_since",
    "/tasks/{task_gid}/dependencies": "the dependencies of a task come with it",
    "/tasks/{task_gid}/dependents": "the dependencies of the other task",
    "/workspaces/{workspace_gid}/tasks/custom_id/{custom_id}": "looks a task up; its number comes with its custom fields",
    "/teams/{team_gid}/team_memberships": "/team_memberships, with the team as a parameter",
    "/users/{user_gid}/team_memberships": "those of all people are those of all teams, and teams are fewer",
    "/users/{user_gid}/teams": "the same",
    "/time_tracking_categories/{time_tracking_category_gid}": "two lists give all of them",
    "/time_tracking_categories/{time_tracking_category_gid}/time_tracking_entries": "the categories of an entry come with it",
    "/tasks/{task_gid}/time_tracking_entries": "one list of the workspace names those of all tasks",
    "/user_task_lists/{user_task_list_gid}": "the list comes with the workspace membership",
    "/users/{user_gid}/user_task_list": "the same",
    "/teams/{team_gid}/users": "the memberships of a team name its people",
    "/workspaces/{workspace_gid}/users": "/users, with the workspace as a parameter",
    "/workspaces/{workspace_gid}/users/{user_gid}": "the list of people gives all of them",
    "/users/{user_gid}/workspace_memberships": "one list of the workspace names those of all people",
    "/workspaces/{workspace_gid}": "the list of workspaces gives all of them",
}

# Not mirrored yet.
NOT_YET = {
}

LISTS = {"REDUNDANT": REDUNDANT, "NOT_YET": NOT_YET}


def problems(documented, used, lists=None):
    """[line] of each GET that nobody accounts for, and of each entry above that is wrong."""
    lists = LISTS if lists is None else lists
    found = [f"GET {path} is new: use it in a stream, or give the reason in tests/contract/coverage.py or daemon/asana/left_out.hpp"
             for path in sorted(documented - used) if not any(path in reasons for reasons in lists.values())]
    listed = {}
    for name, reasons in lists.items():
        for path, reason in reasons.items():
            if path in listed:
                found.append(f"{name}: {path} stands in {listed[path]} as well")
            listed[path] = name
            if path in used:
                found.append(f"{name}: a stream uses GET {path}: take it off the list")
            elif path not in documented:
                found.append(f"{name}: there is no GET {path}: take it off the list")
            if not reason:
                found.append(f"{name}: {path} has no reason")
    return found
