#include "http/gzip.hpp"

#include <libdeflate.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace taskmirror::http {

namespace {

constexpr std::size_t kMostRatio = 1032;  // that deflate can reach
constexpr std::size_t kSmallest = 1024;

// The last four bytes: the length of the last member's text. Only a hint, for the body may lie, or have more members.
std::size_t claimed_size(std::string_view packed) {
    if (packed.size() < 4) return 0;
    std::size_t size = 0;
    for (std::size_t i = 1; i <= 4; ++i) size = size << 8 | static_cast<unsigned char>(packed[packed.size() - i]);
    return size;
}

// All members, one after the other. `used`: bytes written.
libdeflate_result inflate_members(libdeflate_decompressor* decompressor, std::string_view packed, char* out,
                                  std::size_t size, std::size_t& used) {
    used = 0;
    libdeflate_result result = LIBDEFLATE_BAD_DATA;
    do {
        std::size_t read = 0;
        std::size_t written = 0;
        result = libdeflate_gzip_decompress_ex(decompressor, packed.data(), packed.size(), out + used, size - used,
                                               &read, &written);
        if (result != LIBDEFLATE_SUCCESS) break;
        packed.remove_prefix(read);
        used += written;
    } while (!packed.empty());
    return result;
}

}  // namespace

void Inflater::Free::operator()(libdeflate_decompressor* decompressor) const {
    libdeflate_free_decompressor(decompressor);
}

Inflater::Inflater() : decompressor_(libdeflate_alloc_decompressor()) {
    if (!decompressor_) throw std::bad_alloc();
}

Inflated Inflater::inflate(std::string_view packed, std::size_t cap, std::size_t padding, std::string& text) const {
    std::size_t size = std::max(std::min(claimed_size(packed), packed.size() * kMostRatio), kSmallest);
    for (size = std::min(size, cap);; size = size > cap / 2 ? cap : size * 2) {
        text = std::string();  // the smaller one goes before the larger one comes
        text.resize(size + padding);
        std::size_t used = 0;
        const auto result = inflate_members(decompressor_.get(), packed, text.data(), size, used);
        if (result == LIBDEFLATE_SUCCESS) {
            std::memset(text.data() + used, 0, padding);
            text.resize(used);
            return Inflated::complete;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE || size == cap) {
            text = std::string();
            return result == LIBDEFLATE_INSUFFICIENT_SPACE ? Inflated::too_large : Inflated::damaged;
        }
    }
}

}  // namespace taskmirror::http
