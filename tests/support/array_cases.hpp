#pragma once

#include <nodespan/box.hpp>

#include <cstddef>

namespace nodespan::test {

/// Calls f(index) for every index of a box, row-major.
template <int N, class F>
void for_each_index(const box<N>& b, F&& f) {
    if (b.empty()) return;
    indices<N> at = b.lo;
    for (;;) {
        f(at);
        std::size_t d = N;
        while (d > 0 && ++at[d - 1] == b.hi[d - 1]) {
            at[d - 1] = b.lo[d - 1];
            --d;
        }
        if (d == 0) return;
    }
}

} // namespace nodespan::test
