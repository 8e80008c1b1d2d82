// The inputs that fuzzing keeps, through the same functions: what was found once stays mended.
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "targets.hpp"

using namespace taskmirror;

TEST_CASE("every input of the fuzz corpora is read or refused as promised") {
    for (const auto& target : fuzz::kTargets) {
        const auto folder = std::filesystem::path(TASKMIRROR_SOURCE_DIR) / "tests/fuzz/corpus" / target.name;
        int inputs = 0;
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            INFO(entry.path().string());
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes{std::istreambuf_iterator<char>(in), {}};
            CHECK_NOTHROW(target.run(bytes));
            // Cut off anywhere as well, as a connection may be.
            for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 64)
                CHECK_NOTHROW(target.run(std::string_view(bytes).substr(0, size)));
            ++inputs;
        }
        INFO(target.name);
        CHECK(inputs >= 12);
    }
}
