#pragma once

#include "arena.hpp"
#include "pages.hpp"

#include <algorithm>
#include <cstddef>

namespace nodespan::detail {

// Sizes and byte ranges of blocks, for the two sources of the arena.

inline constexpr std::size_t mebibyte = std::size_t{1} << 20;
inline constexpr std::size_t cache_line = 64;
inline constexpr std::size_t large_block = 64 * 1024; // larger blocks are whole pages
inline constexpr std::size_t kept_bytes =
    64 * mebibyte; // freed memory that is kept for the next array

inline byte_range shifted(byte_range range, std::size_t by) {
    return {range.begin + by, range.end + by};
}

inline byte_range elements_of(const block& b) {
    return {b.offset, b.offset + b.node_bytes};
}
inline byte_range words_of(const block& b) {
    return {b.header_offset, b.header_offset + block_words::bytes};
}

inline std::size_t reserve_for(const block_request& request) {
    const std::size_t bytes = std::max(request.reserved_bytes, cache_line);
    return round_up(bytes, bytes < large_block ? cache_line : page_bytes());
}

// The size of new window number `number` for a block.
inline std::size_t window_for(const block_request& request, std::size_t number) {
    return stagger(number) + page_bytes() + reserve_for(request);
}

} // namespace nodespan::detail
