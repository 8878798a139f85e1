#pragma once

#include "nodespan/box.hpp"

#include <algorithm>
#include <vector>

namespace nodespan::detail {

/// Cuts a box into boxes of at most `most` elements (or of one), in row-major order, and each along
/// the first dimension that can be cut. Nothing for an empty box. Needs most >= 1.
inline std::vector<box<dynamic>> pieces(const box<dynamic>& whole, index_t most) {
    if (whole.empty()) return {};
    std::size_t d = 0;
    while (d < whole.lo.size() && whole.hi[d] - whole.lo[d] == 1) ++d;
    if (whole.size() <= most || d == whole.lo.size()) return {whole};

    const index_t extent = whole.hi[d] - whole.lo[d];
    const index_t step = std::max<index_t>(1, most / (whole.size() / extent));
    std::vector<box<dynamic>> result;
    box<dynamic> part = whole;
    for (index_t at = whole.lo[d]; at < whole.hi[d]; at += step) {
        part.lo[d] = at;
        part.hi[d] = std::min(at + step, whole.hi[d]);
        const std::vector<box<dynamic>> inside = pieces(part, most);
        result.insert(result.end(), inside.begin(), inside.end());
    }
    return result;
}

} // namespace nodespan::detail
