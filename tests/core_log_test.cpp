#include <catch2/catch.hpp>

#include "core/log.hpp"
#include "core/time.hpp"

#include "temporary_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <functional>

using namespace taskmirror;
using testing::Environment;
using testing::TemporaryFolder;

namespace {

constexpr std::size_t kTimeSize = 24;  // of "2026-06-01T09:00:00.123Z"

// What comes out on standard error, which leads to a file meanwhile.
std::string captured(const std::function<void()>& run) {
    const TemporaryFolder folder;
    const std::filesystem::path path = folder.write("stderr", "");
    const int before = dup(STDERR_FILENO);
    const int file = open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    dup2(file, STDERR_FILENO);
    close(file);
    run();
    dup2(before, STDERR_FILENO);
    close(before);
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string logged(const log::Options& options, const std::function<void()>& run) {
    log::configure(options);
    std::string text = captured(run);
    log::configure({});
    return text;
}

}  // namespace

TEST_CASE("a line of text begins with time and level") {
    const std::string text = logged({.format = log::Format::text}, [] { log::info("sync started source={}", "acme"); });

    CHECK(parse_iso(text.substr(0, kTimeSize)).has_value());
    CHECK(text.substr(kTimeSize) == " info sync started source=acme\n");
}

TEST_CASE("a JSON line is an object whatever the message holds") {
    const std::string text =
        logged({.format = log::Format::json}, [] { log::warning("said \"no\\yes\"\n\x01\xFF {}", "%v"); });

    const std::string begin = R"({"time":")";
    CHECK(text.substr(0, begin.size()) == begin);
    CHECK(parse_iso(text.substr(begin.size(), kTimeSize)).has_value());
    CHECK(text.substr(begin.size() + kTimeSize) ==
          R"(","level":"warning","message":"said \"no\\yes\"\u000a\u0001\ufffd %v"})"
          "\n");
}

TEST_CASE("a line for the journal has its priority and no time") {
    const std::string text = logged({.level = log::Level::debug, .format = log::Format::journal}, [] {
        log::debug("a");
        log::info("b");
        log::warning("c");
        log::error("d");
    });

    CHECK(text == "<7>a\n<6>b\n<4>c\n<3>d\n");
}

TEST_CASE("the automatic format is that of the journal where standard error leads there") {
    const std::string text = captured([] {
        struct stat status {};
        fstat(STDERR_FILENO, &status);
        const Environment stream("JOURNAL_STREAM", fmt::format("{}:{}", status.st_dev, status.st_ino));
        log::configure({});
        log::info("here");
    });
    const std::string elsewhere = captured([] {
        const Environment stream("JOURNAL_STREAM", "1:2");
        log::configure({});
        log::info("here");
    });

    CHECK(text == "<6>here\n");
    CHECK_THAT(elsewhere, Catch::EndsWith("Z info here\n"));
}

TEST_CASE("a line below the level is not written") {
    const std::string text = logged({.level = log::Level::warning, .format = log::Format::journal}, [] {
        log::info("a");
        log::warning("b");
    });
    const std::string off = logged({.level = log::Level::off}, [] {
        log::error("a");
        log::write(log::Level::error, "b");
    });

    CHECK(text == "<4>b\n");
    CHECK(off.empty());
    CHECK_FALSE(log::enabled(log::Level::debug));
    CHECK_FALSE(log::enabled(log::Level::off));
}

TEST_CASE("a concealed text never comes out, plain or percent-encoded") {
    log::conceal("");
    log::conceal("2/1200:cafe");
    log::conceal("2/1200:cafe-and-more");

    const std::string text = logged({.format = log::Format::journal}, [] {
        log::error("token=2/1200:cafe twice 2/1200:cafe, 2%2F1200%3Acafe and 2/1200:cafe-and-more");
    });

    CHECK(text == "<3>token=[hidden] twice [hidden], [hidden] and [hidden]\n");
}

TEST_CASE("a message can neither forge a second line nor move the cursor") {
    const std::string text = logged({.format = log::Format::journal},
                                    [] { log::info("a\n<3>forged\r\x1B[2J \xC2\x9B \xE2\x82 \xC3\xA9 \"q\""); });

    CHECK(text == "<6>a\\u000a<3>forged\\u000d\\u001b[2J \\u009b \\ufffd\\ufffd \xC3\xA9 \"q\"\n");
}

TEST_CASE("what stands around lines is called for lines that are written") {
    static int before = 0;
    static int after = 0;
    log::around_lines([] { ++before; }, [] { ++after; });

    logged({.level = log::Level::warning}, [] {
        log::info("not written");
        log::warning("written");
    });
    log::around_lines(nullptr, nullptr);

    CHECK(before == 1);
    CHECK(after == 1);
}
