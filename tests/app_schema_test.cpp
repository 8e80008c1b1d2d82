#include <catch2/catch.hpp>

#include "app.hpp"
#include "asana/left_out.hpp"

#include <fstream>
#include <iterator>

using namespace taskmirror;

TEST_CASE("the data dictionary in docs is the one that the program prints") {
    std::ifstream in(TASKMIRROR_SOURCE_DIR "/docs/data-dictionary.md");
    const std::string committed{std::istreambuf_iterator<char>(in), {}};

    INFO("out of date, run: build/release/taskmirror schema --markdown > docs/data-dictionary.md");
    CHECK((committed == data_dictionary()));
}

TEST_CASE("the data dictionary says what is left out, and why") {
    const auto text = data_dictionary();

    for (const auto& [what, path, why] : asana::kLeftOut) {
        CHECK_THAT(text, Catch::Contains(std::string(what) + " | " + std::string(why)));
    }
}
