#include "http/lines.hpp"

#include <zlib.h>
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "gzip_support.hpp"
#include "http/client.hpp"

using namespace taskmirror::http;
using taskmirror::testing::gzip;

namespace {

using Lines = std::vector<std::string>;

constexpr std::size_t kLongest = 1000;

struct Read {
    Lines lines;
    Lines cut;  // the beginnings of lines that are too long
    bool taken = true, ended = false;
};

// In pieces of so many bytes.
Read read(const std::string& file, std::size_t piece) {
    Read result;
    LineReader reader(kLongest);
    const auto visit = [&](std::string_view line, bool whole) {
        (whole ? result.lines : result.cut).emplace_back(line);
        for (std::size_t i = 0; i < kPadding; ++i) static_cast<void>(*(line.data() + line.size() + i) == 'x');
    };
    for (std::size_t at = 0; at < file.size() && result.taken; at += piece)
        result.taken = reader.take(std::string_view(file).substr(at, piece), visit);
    result.ended = reader.end(visit);
    return result;
}

}  // namespace

TEST_CASE("the lines of a gzip file are the same in whatever pieces it comes") {
    std::string text;
    Lines expected;
    for (int i = 0; i < 5000; ++i) {
        expected.push_back(std::to_string(i) + std::string(static_cast<std::size_t>(i % 90), 'a'));
        text += expected.back() + "\n";
    }
    const auto file = gzip(text);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, file.size()}) {
        CAPTURE(piece);
        const auto result = read(file, piece);
        CHECK(result.ended);
        CHECK(result.lines == expected);
        CHECK(result.cut.empty());
    }
}

TEST_CASE("a last line needs no line break, and empty lines are none") {
    const auto result = read(gzip("\n\na\r\n\n\r\nb\n\nlast"), 3);
    CHECK(result.ended);
    CHECK(result.lines == Lines{"a", "b", "last"});
}

TEST_CASE("a line with a NUL is a line") {
    const auto result = read(gzip(std::string("a\0b\nc\n", 6)), 2);
    CHECK(result.ended);
    CHECK(result.lines == Lines{std::string("a\0b", 3), "c"});
}

TEST_CASE("of a line that is too long only the beginning comes, and the next one is whole") {
    const std::string most(kLongest, 'm'), more(kLongest + 1, 'n'), far_more(1'000'000, 'o');
    const auto result = read(gzip(most + "\n" + more + "\nb\n" + far_more + "\nc\n" + more), 100);
    CHECK(result.ended);
    CHECK(result.lines == Lines{most, "b", "c"});
    CHECK(result.cut == Lines{std::string(kLongest, 'n'), std::string(kLongest, 'o'), std::string(kLongest, 'n')});
}

TEST_CASE("members of a gzip file that follow each other are one file") {
    const auto result = read(gzip("a\nb") + gzip("c\nd\n") + gzip(""), 5);
    CHECK(result.ended);
    CHECK(result.lines == Lines{"a", "bc", "d"});
}

TEST_CASE("a file that is cut off anywhere never ends well") {
    const auto file = gzip("first\nsecond\nthird\n");
    for (std::size_t size = 0; size < file.size(); ++size) {
        CAPTURE(size);
        CHECK_FALSE(read(file.substr(0, size), 4).ended);
    }
    CHECK(read(file, 4).ended);
}

TEST_CASE("what stands behind the file, or is none, is damage") {
    CHECK_FALSE(read(gzip("a\n") + "garbage", 4).taken);
    CHECK_FALSE(read("{\"gid\":\"1\"}\n", 4).taken);
    auto flipped = gzip("a line\nanother line\n");
    flipped[flipped.size() - 6] = static_cast<char>(flipped[flipped.size() - 6] ^ 1);  // of its checksum
    const auto result = read(flipped, 1000);
    CHECK_FALSE(result.taken);
    CHECK_FALSE(result.ended);
}

TEST_CASE("a bomb costs no memory and gives no line") {
    std::string bomb;
    {
        z_stream stream{};
        REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
        std::string piece(1 << 20, 'x'), out(1 << 16, '\0');
        for (int i = 0; i < 64; ++i) {
            stream.next_in = reinterpret_cast<Bytef*>(piece.data());
            stream.avail_in = static_cast<uInt>(piece.size());
            do {
                stream.next_out = reinterpret_cast<Bytef*>(out.data());
                stream.avail_out = static_cast<uInt>(out.size());
                deflate(&stream, i == 63 ? Z_FINISH : Z_NO_FLUSH);
                bomb.append(out, 0, out.size() - stream.avail_out);
            } while (stream.avail_out == 0);
        }
        deflateEnd(&stream);
    }
    const auto result = read(bomb, 1000);
    CHECK(result.ended);
    CHECK(result.lines.empty());
    CHECK(result.cut.size() == 1);
}
