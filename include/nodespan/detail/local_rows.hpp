#pragma once

#include "nodespan/view.hpp"

#include <cstddef>

namespace nodespan::detail {

/// The box as one sees it whose index 0 is there where this one's `from` has `to`.
template <int N>
box<N> shifted(box<N> patch, const indices<N>& from, const indices<N>& to) {
    for (std::size_t d = 0; d < N; ++d) {
        patch.lo[d] += to[d] - from[d];
        patch.hi[d] += to[d] - from[d];
    }
    return patch;
}

/// Calls f(at, length) for every row of the last dimension of a box of these extents, in row-major
/// order; `at` are the indices of the row's first element.
template <int N, class F>
void for_each_row(const indices<N>& extents, F&& f) {
    if (box<N>{{}, extents}.empty()) return;
    indices<N> at{};
    for (;;) {
        f(at, extents[N - 1]);
        int d = N - 2;
        for (; d >= 0; --d) {
            const auto i = static_cast<std::size_t>(d);
            if (++at[i] < extents[i]) break;
            at[i] = 0;
        }
        if (d < 0) return;
    }
}

/// A sum in a fixed order in which processors can add several elements at once: eight partial sums,
/// each of every eighth element.
template <class Sum, class At>
Sum sum_of(index_t count, At&& at) {
    Sum parts[8] = {};
    index_t i = 0;
    for (; i + 8 <= count; i += 8)
        for (index_t k = 0; k < 8; ++k) parts[k] += at(i + k);
    for (index_t k = 0; i < count; ++i, ++k) parts[k] += at(i);
    return ((parts[0] + parts[4]) + (parts[2] + parts[6])) +
           ((parts[1] + parts[5]) + (parts[3] + parts[7]));
}

} // namespace nodespan::detail
