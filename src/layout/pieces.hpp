#pragma once

#include "nodespan/box.hpp"

#include <algorithm>
#include <vector>

namespace nodespan::detail {

/// How to cut a box into boxes of at most `most` elements: along the first dimension that can be
/// cut, `step` indices at a time. Needs a box that is not empty, and most >= 1.
struct piece_cut {
    std::size_t dimension = 0;
    index_t step = 0;
    index_t row = 0; ///< elements per index; if more than `most`, rows are cut too

    piece_cut(const box<dynamic_rank>& whole, index_t most) {
        while (dimension + 1 < whole.lo.size() && whole.hi[dimension] - whole.lo[dimension] == 1)
            ++dimension;
        const index_t extent = whole.hi[dimension] - whole.lo[dimension];
        row = whole.size() / extent;
        step = std::clamp<index_t>(most / row, 1, extent);
    }
};

/// Cuts a box into boxes of at most `most` elements (or of one); calls f(piece) in row-major order.
/// No call for an empty box. Needs most >= 1. Allocates nothing.
template <class F>
void for_each_piece(const box<dynamic_rank>& whole, index_t most, F&& f) {
    if (whole.empty()) return;
    if (whole.size() <= std::max<index_t>(1, most)) {
        f(whole);
        return;
    }
    const piece_cut cut(whole, most);
    const std::size_t d = cut.dimension;
    box<dynamic_rank> part = whole;
    for (index_t at = whole.lo[d]; at < whole.hi[d]; at = part.hi[d]) {
        part.lo[d] = at;
        part.hi[d] = at + std::min(cut.step, whole.hi[d] - at); // at + step may be too large
        for_each_piece(part, most, f);
    }
}

/// The size of the largest of these pieces. Needs a box that is not empty.
inline index_t largest_piece(box<dynamic_rank> whole, index_t most) {
    while (whole.size() > most && whole.size() > 1) {
        const piece_cut cut(whole, most);
        if (cut.row <= most || cut.row == 1) return cut.step * cut.row;
        whole.hi[cut.dimension] = whole.lo[cut.dimension] + 1;
    }
    return whole.size();
}

/// The same as a list.
inline std::vector<box<dynamic_rank>> pieces(const box<dynamic_rank>& whole, index_t most) {
    std::vector<box<dynamic_rank>> result;
    for_each_piece(whole, most, [&](const box<dynamic_rank>& piece) { result.push_back(piece); });
    return result;
}

} // namespace nodespan::detail
