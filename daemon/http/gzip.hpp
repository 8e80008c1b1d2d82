// A whole gzip body (RFC 1952) to text, over libdeflate: a third of the CPU time that zlib takes within libcurl.
//
// It never allocates more than the cap, whatever the body claims or unpacks to.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct libdeflate_decompressor;

namespace taskmirror::http {

enum class Inflated { complete, too_large, damaged };

class Inflater {
  public:
    Inflater();

    // Members that follow each other are joined; a truncated body and bytes after the last member are damage. `text`
    // has `padding` zero bytes after its end, within its capacity; it is empty unless complete. `cap`: bytes of text.
    Inflated inflate(std::string_view packed, std::size_t cap, std::size_t padding, std::string& text) const;

  private:
    struct Free {
        void operator()(libdeflate_decompressor* decompressor) const;
    };
    std::unique_ptr<libdeflate_decompressor, Free> decompressor_;
};

}  // namespace taskmirror::http
