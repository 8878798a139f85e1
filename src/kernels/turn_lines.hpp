#pragma once

#include "turn.hpp"

#include <cstddef>

namespace nodespan::detail {

/// Whether this processor turns matrices over by whole cache lines in its registers, for elements
/// of this size and this place in memory. It needs AVX-512 (F and BW).
bool can_turn_by_lines(const turned_matrix& matrix, std::size_t element_bytes) noexcept;

/// The same as turn_over(): squares of a cache line by a cache line are loaded, turned over in
/// registers and, with `is_large`, streamed to memory. Needs can_turn_by_lines().
/// Cost:   6 KiB of stack.
void turn_by_lines(const turned_matrix& matrix, std::size_t element_bytes, bool is_large) noexcept;

} // namespace nodespan::detail
