#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/indices.hpp"

#include <cstddef>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Whether all of `count` numbers lie in [low, low + extent).
/// Cost:   the processor's widest instructions; some 0.1 ns a number.
bool are_inside(const index_t* numbers, std::size_t count, index_t low, index_t extent) noexcept;

} // namespace detail
} // namespace nodespan
