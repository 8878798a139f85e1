#pragma once

#include "call.hpp"
#include "nodespan/c/array.h"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/dtype.hpp"

#include <cstdint>
#include <optional>
#include <string>

/// Holds an array known at run time, which knows only row-major order: for a column-major array it
/// has the indices in reverse order, as array<T, N, column_major> does.
struct nodespan_array_object {
    std::optional<nodespan::detail::array_core> core; // made last, when nothing else can fail
    nodespan::dtype type = nodespan::dtype::float64;
    bool is_column_major = false;

    std::size_t dimensions() const { return core->cut().extents().size(); }

    /// From the program's order to the array's, and back.
    nodespan::index_list in_order(const nodespan::index_list& values) const {
        return is_column_major ? nodespan::reversed(values) : values;
    }
};

namespace nodespan::detail {

/// As many numbers as the array has dimensions, in its core's order.
/// Errors: errc::invalid_argument for null.
inline index_list take_list(const char* function, const char* argument,
                            const nodespan_array_object& array, const std::int64_t* values) {
    require_given(function, argument, values);
    index_list result(static_cast<int>(array.dimensions()), 0);
    for (std::size_t d = 0; d < result.size(); ++d) result[d] = values[d];
    return array.in_order(result);
}

inline void give_list(const nodespan_array_object& array, const index_list& values,
                      std::int64_t* result) {
    const index_list ordered = array.in_order(values);
    for (std::size_t d = 0; d < ordered.size(); ++d) result[d] = ordered[d];
}

/// The address of the element at the first index of a box of this node.
inline std::byte* first_element(const nodespan_array_object& array, const index_list& at) {
    const box<dynamic_rank>& stored = array.core->stored_box();
    const index_list strides = row_major_strides(stored.extents());
    index_t offset = 0;
    if (!stored.empty())
        for (std::size_t d = 0; d < at.size(); ++d) offset += (at[d] - stored.lo[d]) * strides[d];
    return array.core->node_data() + offset * static_cast<index_t>(array.core->element_bytes());
}

} // namespace nodespan::detail
