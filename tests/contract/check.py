#!/usr/bin/env python3
"""Checks every request that the stream table can make, and every field that is read, against Asana's OpenAPI document;
and every GET of that document against the streams and coverage.py. Of a POST: its body against the document's schema.

Usage: check.py REQUESTS_PROGRAM; the document's path stands in TASKMIRROR_ASANA_OAS. Without it: exit 77, skipped.
"""
import json
import os
import re
import subprocess
import sys
from urllib.parse import parse_qsl, urlsplit

sys.dont_write_bytecode = True  # nothing is left in the source tree
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import coverage  # noqa: E402

# What the document lacks although the API has it, each with its reason.
UNDECLARED_PARAMETERS = {
    ("/workspaces/{workspace_gid}/tasks/search", "limit"): "the prose of the search page names it, up to 100",
    ("/workspaces/{workspace_gid}/audit_log_events", "limit"): "the prose says that the page size may be set",
}
UNDECLARED_FIELDS = {
    ("/time_tracking_entries", name): "the record has it; its list names the members of the compact record only"
    for name in ("task", "created_at", "approval_status", "billable_status", "description")
}
OTHER_TYPES = {
    "old_number_value": "typed integer; values of number fields have decimals",
    "new_number_value": "typed integer; values of number fields have decimals",
    "actual_time_minutes": "typed as a nullable long; read as any number",
    "email_domains": "items are typed as URIs; they are domain names",
    "reference_value": "items are typed as plain resources; only their gid and type are read",
}


def main():
    path = os.environ.get("TASKMIRROR_ASANA_OAS")
    if not path:
        print("skipped: TASKMIRROR_ASANA_OAS does not name Asana's OpenAPI document")
        return 77
    import yaml

    with open(path, encoding="utf-8") as file:
        document = yaml.load(file, getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def resolve(node):
        while "$ref" in node:
            target = document
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def properties(schema):
        schema = resolve(schema)
        found = {}
        for part in schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", []):
            found.update(properties(part))
        found.update(schema.get("properties", {}))
        return found

    def kind(schema):
        schema = resolve(schema)
        if "type" in schema:
            return schema["type"]
        for part in schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", []):
            if kind(part):
                return kind(part)
        return "object" if properties(schema) else None

    def step(schema, name):
        schema = resolve(schema)
        if kind(schema) == "array":
            schema = resolve(schema["items"])
        return properties(schema).get(name)

    def operation(path):
        for template, item in document["paths"].items():
            pattern = re.sub(r"\{[^}]*\}", "[^/]+", template)
            if "get" in item and re.fullmatch(pattern, path):
                # A literal segment wins over a placeholder, but /users/me is /users/{user_gid}.
                exact = [t for t in document["paths"] if t == path and "get" in document["paths"][t]]
                return (exact[0] if exact else template)
        return None

    problems = []

    # What one request would give an object by itself, an export gives of each, with those inside by their names.
    exported = {"stories": "/stories/{story_gid}", "attachments": "/attachments/{attachment_gid}", "": "/tasks/{task_gid}"}

    def offered(path):
        return next(resolve(p)["schema"]["items"]["enum"] for p in document["paths"][path]["get"]["parameters"]
                    if resolve(p)["name"] == "opt_fields")

    def check_body(stream, value, schema, at):
        schema = resolve(schema)
        if isinstance(value, dict):
            for name, inner in value.items():
                if name not in properties(schema):
                    problems.append(f"{stream}: the body takes no {at}{name}")
                else:
                    check_body(stream, inner, properties(schema)[name], f"{at}{name}.")
        elif isinstance(value, list):
            if kind(schema) != "array":
                problems.append(f"{stream}: {at} is no array")
            for inner in value:
                check_body(stream, inner, schema.get("items", {}), at)
                if at.endswith(".fields.") and isinstance(inner, str):
                    inside = inner.split(".")[0] if inner.split(".")[0] in exported else ""
                    name = inner[len(inside) + 1:] if inside else inner
                    if name not in offered(exported[inside]):
                        problems.append(f"{stream}: {exported[inside]} offers no field {name}")
        elif kind(schema) != "string":
            problems.append(f"{stream}: {at} is a string, should be {kind(schema)}")

    requests = {}
    checked_fields = 0
    lines = subprocess.run([sys.argv[1]], check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        if line.startswith("post "):
            _, stream, path, body = line.split(" ", 3)
            asked = document["paths"].get(path, {}).get("post")
            if asked is None:
                problems.append(f"{stream}: no POST {path}")
                continue
            check_body(stream, json.loads(body), asked["requestBody"]["content"]["application/json"]["schema"], "")
            if not {"201", 201} & set(asked["responses"]):
                problems.append(f"{stream}: POST {path} does not answer 201")
        elif line.startswith("request "):
            _, stream, target = line.split(" ", 2)
            url = urlsplit(target)
            template = operation(url.path)
            if template is None:
                problems.append(f"{stream}: no GET {url.path}")
                continue
            requests[stream] = template
            item = document["paths"][template]
            declared = {}
            for parameter in item.get("parameters", []) + item["get"].get("parameters", []):
                parameter = resolve(parameter)
                if parameter["in"] == "query":
                    declared[parameter["name"]] = parameter
            given = dict(parse_qsl(url.query, keep_blank_values=True))
            for name in given:
                if name not in declared and (template, name) not in UNDECLARED_PARAMETERS:
                    problems.append(f"{stream}: {template} has no parameter {name}")
            for name, parameter in declared.items():
                if parameter.get("required") and name not in given:
                    problems.append(f"{stream}: {template} requires {name}")
            if "limit" in given and not 1 <= int(given["limit"]) <= 100:
                problems.append(f"{stream}: limit {given['limit']}")
            if "opt_fields" in given:
                names = resolve(declared["opt_fields"])["schema"]["items"]["enum"]
                for field in given["opt_fields"].split(","):
                    if field not in names and (template, field) not in UNDECLARED_FIELDS:
                        problems.append(f"{stream}: {template} offers no field {field}")
        elif line.startswith("field "):
            _, stream, field, wanted = line.split(" ", 3)
            if stream not in requests:
                continue
            response = document["paths"][requests[stream]]["get"]["responses"]
            response = resolve(response.get("200", response.get(200)))
            schema = properties(response["content"]["application/json"]["schema"])["data"]
            if kind(schema) == "array":
                schema = resolve(schema["items"])
                # Lists declare the compact record and give, with opt_fields, what the full one has.
                name = response["content"]["application/json"]["schema"]["properties"]["data"]["items"].get("$ref", "")
                full = name.rsplit("/", 1)[-1].replace("Compact", "Response")
                schema = document["components"]["schemas"].get(full, schema)
            for part in field.split("."):
                schema = step(schema, part) if schema else None
            checked_fields += 1
            last = field.rsplit(".", 1)[-1]
            if schema is None and (requests[stream], field) in UNDECLARED_FIELDS:
                continue
            if schema is None:
                problems.append(f"{stream}: {requests[stream]} has no field {field}")
                continue
            actual = kind(schema)
            if actual == "array":
                actual = {"string": "strings"}.get(kind(schema["items"]), "objects")
            if wanted not in (actual, "any") and last not in OTHER_TYPES:
                problems.append(f"{stream}: {field} is {actual}, read as {wanted}")
    documented = {path for path, item in document["paths"].items() if "get" in item}
    used = {template for stream, template in requests.items() if stream != "check"}  # which only asks what the plan has
    left_out = dict(line.split(" ", 2)[1:] for line in lines if line.startswith("left_out "))
    problems += coverage.problems(documented, used, {**coverage.LISTS, "left_out.hpp": left_out})
    for problem in problems:
        print(problem)
    print(f"{len(lines) - checked_fields - len(left_out)} requests and {checked_fields} fields checked, {len(used)} of {len(documented)} paths "
          f"used, {len(problems)} problems")
    return 1 if problems or not requests or not checked_fields else 0


sys.exit(main())
