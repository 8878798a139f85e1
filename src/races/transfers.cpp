#include "far.hpp"
#include "nodespan/distribution.hpp"
#include "process.hpp"
#include "runs.hpp"
#include "team_core.hpp"
#include "transfer.hpp"

// Transfers count as reads and writes of their elements, at the place of the program that makes
// the call.

namespace nodespan::detail::race {
namespace {

// The first byte of the element at `index`, for patches of memory; calls f(address of a row).
template <class F>
void for_each_row(const index_list& extents, const index_list& strides, std::uintptr_t begin,
                  F&& f) {
    const std::size_t rows = extents.size() - 1;
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (extents[d] <= 0) return;
    index_list at(static_cast<int>(rows), 0);
    for (;;) {
        std::uintptr_t row = begin;
        for (std::size_t d = 0; d < rows; ++d)
            row += static_cast<std::uintptr_t>(at[d] * strides[d]);
        f(row);
        std::size_t d = rows;
        for (;;) {
            if (d-- == 0) return;
            if (++at[d] < extents[d]) break;
            at[d] = 0;
        }
    }
}

void touch_patch(std::uintptr_t begin, const index_list& extents, const index_list& strides,
                 std::size_t element_bytes, const deed& how) {
    if (extents.size() == 0) return;
    const std::size_t last = extents.size() - 1;
    for_each_row(extents, strides, begin, [&](std::uintptr_t row) {
        if (strides[last] == static_cast<index_t>(element_bytes)) {
            touch_now(row, static_cast<std::size_t>(extents[last]) * element_bytes, how);
            return;
        }
        for (index_t i = 0; i < extents[last]; ++i)
            touch_now(row + static_cast<std::uintptr_t>(i * strides[last]), element_bytes, how);
    });
}

void touch_here(const array_location& place, const box<dynamic_rank>& part, const deed& how) {
    const node_patch here = find_on_node(place, place.team->node(), part);
    touch_patch(reinterpret_cast<std::uintptr_t>(place.where.data) - place.where.offset +
                    here.offset,
                part.extents(), here.strides, place.element_bytes, how);
}

} // namespace

inline namespace checked {

void touches(const array_location& place, const box<dynamic_rank>& patch, op what,
             const void* where) {
    if (patch.empty()) return;
    known_team* const t = find(*place.team);
    if (t == nullptr) return;
    const deed how{reinterpret_cast<std::uintptr_t>(where), what};
    place.for_each_part(patch, [&](int node, const box<dynamic_rank>& part) {
        if (node == place.team->node())
            touch_here(place, part, how);
        else
            note_far(*t, place, node, part, how);
    });
}

void touches(const array_location& place, const index_t* places, std::size_t count, op what,
             const void* where) {
    const std::size_t dimensions = place.cut->extents().size();
    index_list at(static_cast<int>(dimensions), 0);
    for (std::size_t i = 0; i < count; ++i) {
        box<dynamic_rank> one{at, at};
        for (std::size_t d = 0; d < dimensions; ++d) {
            one.lo[d] = places[i * dimensions + d];
            one.hi[d] = one.lo[d] + 1;
        }
        touches(place, one, what, where);
    }
}

void touches(const void* begin, const index_list& extents, const index_list& strides,
             std::size_t element_bytes, op what, const void* where) {
    if (!is_watched(reinterpret_cast<std::uintptr_t>(begin))) return;
    touch_patch(reinterpret_cast<std::uintptr_t>(begin), extents, strides, element_bytes,
                {reinterpret_cast<std::uintptr_t>(where), what});
}

} // namespace checked

} // namespace nodespan::detail::race
