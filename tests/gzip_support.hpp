// A gzip file (RFC 1952), for tests of what unpacks it.
#pragma once

#include <libdeflate.h>

#include <string>
#include <string_view>

namespace taskmirror::testing {

inline std::string gzip(std::string_view text) {
    libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
    std::string packed(libdeflate_gzip_compress_bound(compressor, text.size()), '\0');
    packed.resize(libdeflate_gzip_compress(compressor, text.data(), text.size(), packed.data(), packed.size()));
    libdeflate_free_compressor(compressor);
    return packed;
}

}  // namespace taskmirror::testing
