// The lines of a gzip file (RFC 1952) that comes in pieces, over zlib, which can stop anywhere; libdeflate cannot.
//
// Its memory is bounded by the longest line that it takes, whatever the file unpacks to.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

struct z_stream_s;

namespace taskmirror::http {

class LineReader {
  public:
    // A line without its line break, or, if it is longer than `longest`, the beginning of it: `whole` is false then.
    // kPadding bytes behind it can be read. Empty lines are left out.
    using Visit = std::function<void(std::string_view line, bool whole)>;

    explicit LineReader(std::size_t longest);
    ~LineReader();
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;

    // Visits the lines that end in this piece. False: the file is damaged, nothing more can be read of it.
    bool take(std::string_view piece, const Visit& visit);
    // After the last piece: visits what stands behind the last line break. False: the file was cut off.
    bool end(const Visit& visit);

  private:
    struct Free {
        void operator()(z_stream_s* stream) const;
    };
    void split(std::size_t fresh, const Visit& visit);
    void give(std::string_view line, const Visit& visit);

    std::unique_ptr<z_stream_s, Free> stream_;
    std::size_t longest_;
    std::vector<char> buffer_;  // the line so far, and room for what is unpacked at once
    std::size_t used_ = 0;
    bool skipping_ = false;  // the rest of a line that was too long
    bool whole_ = false;     // the file could end here
    bool damaged_ = false;
};

}  // namespace taskmirror::http
