#include "asana/export.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "asana/source.hpp"
#include "asana/streams.hpp"
#include "core/error.hpp"

using namespace taskmirror;
using namespace taskmirror::asana;

namespace {

const std::string kTask =
    R"({"gid":"11","name":"a","completed":false,"custom_fields":[],"memberships":[{"project":{"gid":"5"},"section":{"gid":"6"}}],"modified_at":"2026-01-02T03:04:05.000Z"})";

struct Lines {
    std::unique_ptr<source::Source> source = make_source({"acme", {}, {}});
    source::Answer answer;
    static source::Work work(Id id, std::string_view scope = "1", std::string_view cursor = "") {
        return {.stream = static_cast<std::uint16_t>(id), .scope = scope, .root = "1", .cursor = cursor};
    }
    const source::Answer& read(const std::string& line) {
        std::string padded = line + "\n{\"gid\":\"next\"}" + std::string(simdjson::SIMDJSON_PADDING, '\0');
        source->read_line(work(Id::resource_export), std::string_view(padded).substr(0, line.size()), answer);
        return answer;
    }
    // Of the task, as this list gives it.
    const Entity& listed(Id id, std::string_view scope, const std::string& object) {
        std::string body = "{\"data\":[" + object + "]}";
        body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
        source->read(work(id, scope), body, answer);
        return answer.page.entities.front();
    }
};

// The line of the same task, with other members in it.
std::string with(const std::string& member, bool first = false) {
    auto line = kTask;
    first ? line.insert(1, member + ",") : line.insert(line.size() - 1, "," + member);
    return line;
}

}  // namespace

TEST_CASE("a task in an export is the same row as in a list, whatever is inside of it") {
    Lines lines;
    const auto hash = lines.listed(Id::project_tasks, "5", kTask).hash;
    const std::string stories = R"("stories":[{"gid":"21","text":"hello","target":{"gid":"11"}}])";
    for (const auto& line :
         {with(stories), with(stories, true), with(R"("attachments":[])", true),
          with(stories + R"(,"attachments":[{"gid":"31","name":"f"}])"), with(R"("stories":null)")}) {
        CAPTURE(line);
        const auto& answer = lines.read(line);
        CHECK(answer.page.entities.front().gid == "11");
        CHECK(answer.page.entities.front().hash == hash);
        CHECK(answer.objects == 1);
    }
}

TEST_CASE("stories and attachments in an export are the same rows as in their lists") {
    Lines lines;
    const std::string story = R"({"gid":"21","text":"hello","target":{"gid":"11","resource_type":"task"}})";
    const std::string attachment = R"({"gid":"31","name":"f","parent":{"gid":"11","resource_type":"task"}})";
    const auto told = lines.listed(Id::task_stories, "11", story).hash;
    const auto attached = lines.listed(Id::task_attachments, "11", attachment).hash;
    const auto& entities =
        lines.read(with("\"attachments\":[" + attachment + "],\"stories\":[" + story + "]", true)).page.entities;
    REQUIRE(entities.size() == 3);
    CHECK(entities[1].gid == "31");
    CHECK(entities[1].hash == attached);
    CHECK(entities[2].gid == "21");
    CHECK(entities[2].hash == told);
}

TEST_CASE("what a line does not have inside is asked for by itself") {
    Lines lines;
    CHECK(lines.read(with(R"("stories":[],"attachments":[])")).follow_ups.empty());
    const auto& answer = lines.read(with(R"("attachments":null)"));
    REQUIRE(answer.follow_ups.size() == 2);
    CHECK(answer.follow_ups[0].stream == static_cast<std::uint16_t>(Id::task_stories));
    CHECK(answer.follow_ups[0].scope == "11");
    CHECK(answer.follow_ups[1].stream == static_cast<std::uint16_t>(Id::task_attachments));
}

TEST_CASE("what is not mirrored is neither asked for nor taken from an export") {
    Lines lines;
    lines.source = make_source({"acme", {}, {"stories", "attachments"}});
    const auto body = lines.source->body(Lines::work(Id::resource_export));
    CHECK(body.find("stories") == std::string::npos);
    CHECK(body.find("attachments") == std::string::npos);
    CHECK(lines.read(with(R"("stories":[{"gid":"21"}],"attachments":[{"gid":"31"}])")).page.entities.size() == 1);
    CHECK(lines.read(kTask).follow_ups.empty());
}

TEST_CASE("a line that is no task is refused") {
    Lines lines;
    for (const std::string line :
         {"[]", "{}", "null", "\"gid\"", "{\"gid\":\"11\"", "{\"gid\":\"11\"} {}", "{\"gid\":\"11\"}x", "{\"gid\":11}",
          "{\"gid\":\"11\",\"stories\":{}}", "{\"gid\":\"11\",\"stories\":[1]}", "{\"gid\":\"11\",\"stories\":[{}]}",
          "{\"gid\":\"11\",,\"name\":\"a\"}", "{\"gid\":\"11\",\"name\":[\"a\"]}", "}{",
          "{\"gid\":\"11\",\"stories\":[{\"gid\":\"1\"}"}) {
        CAPTURE(line);
        CHECK_THROWS_AS(lines.read(line), Error);
    }
    CHECK_THROWS_AS(lines.read(std::string("{\"gid\":\"1\0\"}", 12)), Error);
}

TEST_CASE("a line that cannot be read says which task it is of if its gid stands first") {
    CHECK(gid_of_line(R"({"gid":"12","name":"cut off her)") == "12");
    CHECK(gid_of_line(R"( { "gid" : "12" , )") == "12");
    for (const std::string line : {R"({"name":"a","gid":"12"})", R"({"gid":"12)", R"({"gid":12})", R"({"gid":""})",
                                   R"({"gid":"a/b"})", R"({"gid":"..?"})", "", "{", "garbage"}) {
        CAPTURE(line);
        CHECK_FALSE(gid_of_line(line).has_value());
    }
    CHECK_FALSE(gid_of_line(fmt::format(R"({{"gid":"{}"}})", std::string(257, '1'))).has_value());
}

TEST_CASE("an export is asked for all fields that lists are asked for") {
    Lines lines;
    const auto body = lines.source->body(Lines::work(Id::resource_export));
    CHECK(lines.source->target(Lines::work(Id::resource_export)) == "/exports/resource");
    CHECK(body.starts_with(
        R"({"data":{"workspace":"1","export_request_parameters":[{"resource_type":"task","fields":["name",)"));
    for (const std::string field :
         {"\"assignee.name\"", "\"stories.created_by.name\"", "\"attachments.permanent_url\""})
        CHECK(body.find(field) != std::string::npos);
    CHECK(body.find("view_url") == std::string::npos);
    CHECK(lines.source->body(Lines::work(Id::resource_export, "1", "77")).empty());
    CHECK(lines.source->body(Lines::work(Id::project_tasks, "5")).empty());
    CHECK(lines.source->target(Lines::work(Id::resource_export, "1", "77")) ==
          "/jobs/77?opt_fields=status,new_resource_export.download_url");
}

TEST_CASE("a job is running, done or failed") {
    using Is = source::Answer::Job::Is;
    Lines lines;
    const auto is = [&](const std::string& job) {
        std::string body = "{\"data\":" + job + "}";
        body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
        lines.source->read(Lines::work(Id::resource_export), body, lines.answer);
        return *lines.answer.job;
    };
    CHECK(is(R"({"gid":"7","status":"not_started","new_resource_export":{"gid":"8","download_url":null}})").is ==
          Is::running);
    CHECK(is(R"({"gid":"7","status":"in_progress"})").is == Is::running);
    CHECK(is(R"({"gid":"7","status":"succeeded"})").is == Is::running);  // its link is still to come
    CHECK(is(R"({"gid":"7","status":"failed"})").is == Is::failed);
    const auto done = is(R"({"gid":"7","status":"succeeded","new_resource_export":{"download_url":"https://x/y"}})");
    CHECK(done.is == Is::done);
    CHECK(done.gid == "7");
    CHECK(done.url == "https://x/y");
    CHECK_THROWS_AS(is(R"({"gid":"7","status":"odd"})"), Error);
    CHECK_THROWS_AS(is(R"({"status":"failed"})"), Error);
    CHECK_THROWS_AS(is("[]"), Error);
}

TEST_CASE("who may not export, and who exports already") {
    using enum source::Verdict;
    Lines lines;
    const auto verdict = [&](int status, std::string_view body, std::string_view cursor = "") {
        return lines.source->classify(Lines::work(Id::resource_export, "1", cursor),
                                      {.status = status, .content_type = "application/json", .body = body});
    };
    CHECK(verdict(201, "{}") == page);
    CHECK(verdict(402, "{}") == capability_off);
    CHECK(verdict(403, "Only service accounts may") == capability_off);
    CHECK(verdict(403, "An export is already in progress") == busy);
    CHECK(verdict(403, "in progress", "77") == hidden);
    CHECK(verdict(404, "", "77") == hidden);
    CHECK(verdict(200, "{}", "77") == page);
}
