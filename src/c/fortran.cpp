#include "nodespan/c/fortran.h"

#include "array.hpp"
#include "replicated.hpp"

#include <cstddef>

using namespace nodespan;
using detail::handle_kind;
using detail::require_given;

namespace {

constexpr const char* function = "nodespan_node"; // what the program has called

std::max_align_t nothing; // where a part without elements begins

// Fortran has no unsigned integers: those of the same size stand for them.
dtype shown_as(dtype type) {
    return detail::facts_of(type).kind == 'u' ? *detail::find_dtype('i', bytes_of(type)) : type;
}

void require_fit(dtype stored, std::size_t dimensions, dtype type, int rank) {
    if (shown_as(stored) == type && static_cast<int>(dimensions) == rank) return;
    throw error(errc::invalid_argument,
                fmt::format("{}: a Fortran array of {} and rank {} cannot be elements of {} in {} "
                            "dimensions",
                            function, dtype_name(type), rank, dtype_name(stored), dimensions));
}

box<dynamic_rank> part_of(const detail::array_core& core, nodespan_part part) {
    switch (part) {
    case NODESPAN_WITHOUT_GHOSTS:
        return core.node_box();
    case NODESPAN_WITH_GHOSTS:
        return core.stored_box();
    case NODESPAN_MY_SHARE:
        return core.rank_box();
    }
    throw error(errc::invalid_argument,
                fmt::format("{}: {} is no nodespan_part", function, static_cast<int>(part)));
}

void find(const nodespan_array_object& array, dtype type, int rank, nodespan_part part,
          nodespan_fortran_location& place) {
    require_fit(array.type, array.dimensions(), type, rank);
    if (!array.is_column_major && rank > 1)
        throw error(errc::invalid_argument,
                    fmt::format("{}: the array is row-major, so that its last index runs fastest; "
                                "make it with the order nodespan_column_major",
                                function));
    const box<dynamic_rank> part_box = part_of(*array.core, part);
    const index_list lo = array.in_order(part_box.lo), hi = array.in_order(part_box.hi);
    const index_list begin = array.in_order(array.core->stored_box().lo),
                     stored = array.in_order(array.core->stored_box().extents());
    const bool is_empty = part_box.empty();
    place.data = is_empty ? static_cast<void*>(&nothing) : array.core->node_data();
    for (std::size_t d = 0; d < lo.size(); ++d) {
        place.stored[d] = is_empty ? 0 : stored[d];
        place.skipped[d] = is_empty ? 0 : lo[d] - begin[d];
        place.count[d] = is_empty ? 0 : hi[d] - lo[d];
        place.lower[d] = lo[d] + 1;
    }
}

void find(const nodespan_replicated_object& table, dtype type, int rank, nodespan_part part,
          nodespan_fortran_location& place) {
    require_fit(table.type, table.extents.size(), type, rank);
    if (part != NODESPAN_WITHOUT_GHOSTS)
        throw error(errc::invalid_argument,
                    fmt::format("{}: a replicated table has no ghosts and no shares", function));
    place.data = table.core->data() != nullptr ? table.core->data() : static_cast<void*>(&nothing);
    for (std::size_t d = 0; d < table.extents.size(); ++d) {
        place.stored[d] = place.count[d] = table.extents[d];
        place.skipped[d] = 0;
        place.lower[d] = 1;
    }
}

} // namespace

int nodespan_fortran_find(const void* handle, nodespan_type type, int rank, nodespan_part part,
                          nodespan_fortran_location* place) {
    return detail::c_call([&] {
        detail::require_not_null(function, "the handle", handle);
        nodespan_fortran_location& result = require_given(function, "place", place);
        const dtype wanted = detail::take_type(function, type);
        const auto* const head = static_cast<const detail::handle_head*>(handle);
        if (head->kind == handle_kind::replicated)
            find(*static_cast<const nodespan_replicated_object*>(head), wanted, rank, part, result);
        else
            find(require_given(function, "the handle",
                               static_cast<const nodespan_array_object*>(head)),
                 wanted, rank, part, result);
    });
}
