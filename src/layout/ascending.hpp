#pragma once

#include "nodespan/box.hpp"

#include <cstddef>
#include <vector>

namespace nodespan::detail {

/// The last position in an ascending list whose value is not above `value`. The first value must
/// not be above it.
/// Cost:   O(log n) steps without a branch that depends on values; a processor guesses half of such
///         branches wrongly, which costs more than the search.
template <class T>
index_t last_not_above(const std::vector<T>& ascending, T value) noexcept {
    const T* begin = ascending.data();
    for (std::size_t left = ascending.size(); left > 1;) {
        const std::size_t half = left / 2;
        begin += static_cast<std::size_t>(begin[half] <= value) * half;
        left -= half;
    }
    return begin - ascending.data();
}

} // namespace nodespan::detail
