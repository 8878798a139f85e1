#pragma once

#include "call.hpp"
#include "nodespan/c/array.h"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/dtype.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

/// Holds an array known at run time, which knows only row-major order: for a column-major array it
/// has the indices in reverse order, as array<T, N, column_major> does.
struct nodespan_array_object : nodespan::detail::c_object<nodespan::detail::handle_kind::array> {
    std::unique_ptr<nodespan::detail::array_core> core; // made last, when nothing else can fail
    nodespan::dtype type = nodespan::dtype::float64;
    bool is_column_major = false;

    /// Ends with the array; others look at it by weak pointers.
    std::shared_ptr<const nodespan_array_object*> life =
        std::make_shared<const nodespan_array_object*>(this);

    std::size_t dimensions() const { return core->cut().extents().size(); }

    /// From the program's order to the array's, and back.
    nodespan::index_list in_order(const nodespan::index_list& values) const {
        return is_column_major ? nodespan::reversed(values) : values;
    }
};

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// An array that a call is about to make. All that can fail for one rank alone comes first.
struct array_draft {
    std::unique_ptr<nodespan_array_object> object;
    int dimensions = 0;
    array_options options; // in the core's order

    /// Errors: errc::invalid_argument.
    array_draft(const char* function, nodespan_type type, int dimensions,
                const nodespan_array_options* given);

    /// The extents in the core's order.
    /// Errors: errc::invalid_argument for null.
    index_list take_extents(const char* function, const std::int64_t* extents) const;

    /// Makes it, of extents in the core's order.
    /// Call:   collective over the team.
    /// Errors: those of making an array.
    void make(team& ranks, const index_list& extents);
};

/// The type of this number.
/// Errors: errc::invalid_argument.
dtype take_type(const char* function, nodespan_type type);

/// Errors: errc::invalid_argument, if it is none of 1 to 6.
void require_dimensions(const char* function, int dimensions);

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

/// The address of the element at the first place of a box of this node.
inline std::byte* first_element(const nodespan_array_object& array, const index_list& at) {
    const box<dynamic_rank>& stored = array.core->stored_places();
    const index_list strides = row_major_strides(stored.extents());
    index_t offset = 0;
    if (!stored.empty())
        for (std::size_t d = 0; d < at.size(); ++d) offset += (at[d] - stored.lo[d]) * strides[d];
    return array.core->node_data() + offset * static_cast<index_t>(array.core->element_bytes());
}

} // namespace detail
} // namespace nodespan
