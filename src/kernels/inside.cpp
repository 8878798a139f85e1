#include "nodespan/detail/inside.hpp"

#include <cstdint>

#if defined(__x86_64__) && defined(__GLIBC__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define FOR_EACH_PROCESSOR
#endif

namespace nodespan::detail {

// Adds up the signs of the distances to both ends, without a branch or a comparison, so that the
// compiler checks several numbers by one instruction. Unsigned, so that nothing overflows.
FOR_EACH_PROCESSOR bool are_inside(const index_t* numbers, std::size_t count, index_t low,
                                   index_t extent) noexcept {
    const auto first = static_cast<std::uint64_t>(low);
    const auto last = static_cast<std::uint64_t>(extent) - 1;
    std::uint64_t outside = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t distance = static_cast<std::uint64_t>(numbers[i]) - first;
        outside |= distance | (last - distance);
    }
    return outside >> 63 == 0;
}

} // namespace nodespan::detail
