#include "http/lines.hpp"

#include <zlib.h>

#include <cstring>
#include <new>

#include "http/client.hpp"

namespace taskmirror::http {

namespace {

constexpr std::size_t kAtOnce = 64UL * 1024;  // unpacked

}  // namespace

void LineReader::Free::operator()(z_stream_s* stream) const {
    inflateEnd(stream);
    delete stream;
}

LineReader::LineReader(std::size_t longest) : stream_(new z_stream_s{}), longest_(longest) {
    constexpr int kGzip = 16;
    if (inflateInit2(stream_.get(), MAX_WBITS + kGzip) != Z_OK) throw std::bad_alloc();
}

LineReader::~LineReader() = default;

bool LineReader::take(std::string_view piece, const Visit& visit) {
    if (damaged_) return false;
    auto& stream = *stream_;
    // zlib does not write there: its interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
    stream.avail_in = static_cast<uInt>(piece.size());
    for (bool full = false; stream.avail_in > 0 || full;) {
        // A file may consist of several members.
        if (whole_ && inflateReset(&stream) != Z_OK) return !(damaged_ = true);
        whole_ = false;
        if (buffer_.size() < used_ + kAtOnce + kPadding) buffer_.resize(used_ + kAtOnce + kPadding);
        stream.next_out = reinterpret_cast<Bytef*>(buffer_.data() + used_);
        stream.avail_out = kAtOnce;
        const int result = inflate(&stream, Z_NO_FLUSH);
        full = stream.avail_out == 0;
        split(kAtOnce - stream.avail_out, visit);
        whole_ = result == Z_STREAM_END;
        if (whole_) full = false;
        if (result == Z_BUF_ERROR && stream.avail_in == 0) break;  // what was there has been unpacked
        if (result != Z_OK && result != Z_STREAM_END) return !(damaged_ = true);
    }
    return true;
}

bool LineReader::end(const Visit& visit) {
    if (damaged_ || !whole_) return false;
    if (used_ > 0) give({buffer_.data(), used_}, visit);
    used_ = 0;
    return true;
}

// What was just unpacked ends lines, or is the beginning of one.
void LineReader::split(std::size_t fresh, const Visit& visit) {
    const char* line = buffer_.data();
    const char* from = line + used_;
    const char* const end = from + fresh;
    while (from != end) {
        const auto* const newline =
            static_cast<const char*>(std::memchr(from, '\n', static_cast<std::size_t>(end - from)));
        if (newline == nullptr) break;
        if (!skipping_) give({line, static_cast<std::size_t>(newline - line)}, visit);
        skipping_ = false;
        line = from = newline + 1;
    }
    used_ = skipping_ ? 0 : static_cast<std::size_t>(end - line);
    if (used_ > longest_) {
        visit({line, longest_}, false);
        skipping_ = true;
        used_ = 0;
    }
    if (used_ > 0 && line != buffer_.data()) std::memmove(buffer_.data(), line, used_);
}

void LineReader::give(std::string_view line, const Visit& visit) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) return;
    line.size() > longest_ ? visit(line.substr(0, longest_), false) : visit(line, true);
}

}  // namespace taskmirror::http
