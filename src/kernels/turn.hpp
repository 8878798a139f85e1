#pragma once

#include "nodespan/indices.hpp"

#include <cstddef>

namespace nodespan::detail {

/// A matrix to be turned over: element (i, j) goes from `from + i * from_row + j * element` to
/// `to + j * to_row + i * element`. Strides in bytes, of any sign; the memories do not overlap.
struct turned_matrix {
    index_t rows = 0;    ///< i
    index_t columns = 0; ///< j
    std::byte* to = nullptr;
    index_t to_row = 0;
    const std::byte* from = nullptr;
    index_t from_row = 0;
};

/// Whether turn_over() knows elements of this size, and a matrix is large enough to be worth it.
bool can_turn_over(const turned_matrix& matrix, std::size_t element_bytes) noexcept;

/// Copies it by lines (turn_lines.hpp), or where the processor cannot do that by way of a buffer in
/// the first cache: reads come in runs of a KiB or so, asked for in advance, and writes in whole
/// cache lines, which from `streaming_copy_from_bytes` on bypass the caches.
/// Cost:   by lines some 1.1 to 1.4 times that of copying the bytes in order, for elements of 1 and
///         2 bytes 2 to 5 times; else some 1.3 to 1.8 times. 32 KiB of stack.
void turn_over(const turned_matrix& matrix, std::size_t element_bytes, bool is_large) noexcept;

} // namespace nodespan::detail
