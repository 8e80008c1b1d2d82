#include "core/width.hpp"

#include <catch2/catch.hpp>

using namespace taskmirror;

TEST_CASE("a text is as wide as a terminal shows it") {
    CHECK(cells("") == 0);
    CHECK(cells("plan") == 4);
    CHECK(cells("Größe") == 5);
    CHECK(cells("日本") == 4);
    CHECK(cells("🎉") == 2);
    CHECK(cells("e\xCC\x81") == 1);  // with an accent of its own
    CHECK(cells("\xFF") == 1);
}

TEST_CASE("a text that is too wide is cut between characters") {
    CHECK(fitting("plan", 4) == "plan");
    CHECK(fitting("plans", 4) == "pla…");
    CHECK(fitting("日本語", 6) == "日本語");
    CHECK(fitting("日本語", 5) == "日本…");
    CHECK(fitting("日本語", 4) == "日…");
    CHECK(fitting("🎉🎉", 1) == "…");
    CHECK(cells(fitting(std::string(300, 'x'), 20)) == 20);
}

TEST_CASE("what steers the direction of text is written out") {
    CHECK(without_direction("a\xE2\x80\xAE"
                            "b") == "a\\u202eb");
    CHECK(without_direction("\xE2\x81\xA6x\xE2\x81\xA9") == "\\u2066x\\u2069");
    CHECK(without_direction("שלום 日本 é") == "שלום 日本 é");
}
