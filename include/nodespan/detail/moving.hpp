#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/detail/together.hpp"

/// What moves elements between arrays whose types are known only at run time. Boxes and axes are in
/// the cores' order; elements of both are of one type.

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// A part of this node's elements as the memory of a patch. Needs a box of places of the node.
patch_memory memory_of(const array_core& field, const box<dynamic_rank>& part);

/// Refuses a box that is not within the extents, or is another one on other ranks. `also` is
/// compared along with it.
/// Call:   collective over the array's team.
/// Errors: errc::mismatched_arguments, errc::out_of_range; on all ranks.
void require_box(const char* operation, const array_core& field, const box<dynamic_rank>& patch,
                 fingerprint also = {});

/// The same of two boxes of equal extents, of two arrays or of one in which they have no element in
/// common, or all. Dimension d of `to` is dimension axes[d] of `from`.
/// Call:   collective over the team of `to`.
/// Errors: also errc::size_mismatch, errc::invalid_argument; on all ranks.
void require_boxes(const char* operation, const array_core& from,
                   const box<dynamic_rank>& from_patch, const array_core& to,
                   const box<dynamic_rank>& to_patch, const index_list& axes,
                   fingerprint also = {});

/// The run-time halves of transpose and of copy of boxes.
/// Call:   collective over the team of `to`.
void copy_box(const array_core& from, const box<dynamic_rank>& from_patch, array_core& to,
              const box<dynamic_rank>& to_patch, const index_list& axes);
void turn_over(const array_core& from, array_core& to, const index_list& axes);

/// Fills a new array with those elements of another one whose indices both have. Ends an epoch
/// before and after.
/// Call:   collective over their team.
/// Errors: errc::peer_lost, MPI category; on all ranks.
void move_elements(const char* operation, array_core& from, array_core& to);

/// 0, 1, 2..., or the same in reverse order.
inline index_list axes_in_order(int dimensions, bool is_reversed = false) {
    index_list result(dimensions, 0);
    for (std::size_t d = 0; d < result.size(); ++d) result[d] = static_cast<index_t>(d);
    return is_reversed ? reversed(result) : result;
}

} // namespace detail
} // namespace nodespan
