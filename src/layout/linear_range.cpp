#include "linear_range.hpp"

namespace nodespan::detail {

index_list reversed(const index_list& values) {
    index_list result = values;
    for (std::size_t d = 0; d < values.size(); ++d) result[d] = values[values.size() - 1 - d];
    return result;
}

bool is_range(const index_list& extents, const box<dynamic_rank>& part) {
    if (part.empty()) return true;
    std::size_t d = 0;
    while (d < extents.size() && part.hi[d] - part.lo[d] == 1) ++d;
    for (++d; d < extents.size(); ++d)
        if (part.hi[d] - part.lo[d] != extents[d]) return false;
    return true;
}

index_t range_offset(const index_list& extents, const index_list& at) {
    const index_list steps = row_major_strides(extents);
    index_t offset = 0;
    for (std::size_t d = 0; d < extents.size(); ++d) offset += at[d] * steps[d];
    return offset;
}

} // namespace nodespan::detail
