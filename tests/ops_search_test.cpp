#include "ops/search.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace taskmirror;
using namespace taskmirror::ops;

namespace {

std::string expression(std::vector<std::string> words) { return search_expression(words); }

}  // namespace

TEST_CASE("words are quoted, so that what FTS5 understands means nothing in them") {
    CHECK(expression({"red", "car"}) == R"("red" "car")");
    CHECK(expression({"red car"}) == R"("red car")");
    CHECK(expression({"NEAR(a"}) == R"("NEAR(a")");
    CHECK(expression({"name:a", "OR", "-b"}) == R"("name:a" "OR" "-b")");
    CHECK(expression({R"(say "no")"}) == R"("say ""no""")");
    CHECK(expression({"car*"}) == R"("car" *)");
    CHECK(expression({"c*r"}) == R"("c*r")");
}

TEST_CASE("words without a letter or a digit are left out") {
    CHECK(expression({"red", "-", "car"}) == R"("red" "car")");
    CHECK(expression({"\"", "*", "()"}).empty());
    CHECK(expression({}).empty());
    CHECK(expression({"ä"}) == "\"ä\"");
}

TEST_CASE("hits are shown with what leads to them") {
    const std::vector<store::Hit> hits = {
        {.kind = "task",
         .gid = "12",
         .name = "Paint it red",
         .projects = "House, Car",
         .passage = "Paint it red",
         .permalink = "https://app.asana.com/0/0/12",
         .at = Instant(Milliseconds(1'780'000'000'000))},
        {.kind = "comment", .gid = "13", .of_gid = "14", .name = "A goal", .passage = "red\nor blue"}};

    CHECK(hits_text(hits) ==
          "task     2026-05-28  Paint it red  [House, Car]\n"
          "                     https://app.asana.com/0/0/12\n"
          "comment              A goal\n"
          "                     red or blue\n"
          "                     13\n");
    CHECK(hits_json(hits) ==
          R"([{"kind":"task","gid":"12","of_gid":null,"name":"Paint it red","projects":"House, Car",)"
          R"("passage":"Paint it red","permalink_url":"https://app.asana.com/0/0/12","at":"2026-05-28T20:26:40.000Z"},)"
          "\n"
          R"({"kind":"comment","gid":"13","of_gid":"14","name":"A goal","projects":"","passage":"red\u000aor blue",)"
          R"("permalink_url":"","at":null}])"
          "\n");
    CHECK(hits_json({}) == "[]\n");
}

TEST_CASE("control characters in hits are escaped") {
    const std::vector<store::Hit> hits = {
        {.kind = "task", .gid = "12", .name = "\x1b[31mred", .projects = "a\tb", .passage = "\x07 \xff"}};

    CHECK(hits_text(hits) ==
          "task                 \\u001b[31mred  [a\\u0009b]\n"
          "                     \\u0007 \\ufffd\n"
          "                     12\n");
}
