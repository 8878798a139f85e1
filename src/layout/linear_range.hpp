#pragma once

#include "nodespan/box.hpp"

#include <algorithm>
#include <cstddef>

namespace nodespan::detail {

/// Calls f(box) for boxes that hold, one after the other, the elements `first` to `first` + `count`
/// - 1 of a row-major array: each is a contiguous range of it. At most two a dimension.
template <class F>
void for_each_box_of_range(const index_list& extents, index_t first, index_t count, F&& f) {
    const index_list steps = row_major_strides(extents);
    const std::size_t dimensions = extents.size();
    while (count > 0) {
        // The outermost dimension whose whole steps begin here and fit.
        std::size_t d = 0;
        while (d + 1 < dimensions && (first % steps[d] != 0 || count < steps[d])) ++d;
        box<dynamic_rank> part{extents, extents};
        index_t rest = first;
        for (std::size_t k = 0; k < dimensions; ++k) {
            part.lo[k] = k <= d ? rest / steps[k] : 0;
            part.hi[k] = k <= d ? part.lo[k] + 1 : extents[k];
            rest %= steps[k];
        }
        const index_t taken = std::min(count / steps[d], extents[d] - part.lo[d]);
        part.hi[d] = part.lo[d] + taken;
        f(part);
        first += taken * steps[d];
        count -= taken * steps[d];
    }
}

/// The same values from the last to the first: column-major order is row-major order of these.
index_list reversed(const index_list& values);

/// Whether the elements of `part` are a contiguous range of a row-major array.
bool is_range(const index_list& extents, const box<dynamic_rank>& part);

/// The position of an element in a row-major array.
index_t range_offset(const index_list& extents, const index_list& at);

} // namespace nodespan::detail
