// One executable per target: TASKMIRROR_FUZZ_TARGET names it. What a target throws ends the run and keeps the input.
#include <cstddef>
#include <cstdint>

#include "targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    taskmirror::fuzz::TASKMIRROR_FUZZ_TARGET({reinterpret_cast<const char*>(data), size});
    return 0;
}
