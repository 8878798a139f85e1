#include "nodespan/detail/moving.hpp"

#include <fmt/format.h>

#include <exception>

namespace nodespan::detail {
namespace {

fingerprint& add(fingerprint& sum, const index_list& numbers) {
    for (const index_t one : numbers) sum.add(one);
    return sum;
}

fingerprint& add(fingerprint& sum, const box<dynamic_rank>& patch) {
    return add(add(sum, patch.lo), patch.hi);
}

box<dynamic_rank> whole_of(const array_core& field) {
    const index_list& extents = field.cut().extents();
    return {index_list(static_cast<int>(extents.size()), 0), extents};
}

void require_inside(const char* operation, const array_core& field,
                    const box<dynamic_rank>& patch) {
    for (std::size_t d = 0; d < patch.lo.size(); ++d)
        if (patch.lo[d] < 0 || patch.lo[d] > patch.hi[d] || patch.hi[d] > field.cut().extents()[d])
            throw error(errc::out_of_range,
                        fmt::format("{}: along dimension {} the box is not within the array's "
                                    "extents",
                                    operation, field.named_dimension(d)),
                        true);
}

bool is_a_permutation(const index_list& axes) {
    index_list uses(static_cast<int>(axes.size()), 0);
    for (const index_t axis : axes) {
        if (axis < 0 || axis >= static_cast<index_t>(axes.size())) return false;
        if (++uses[static_cast<std::size_t>(axis)] > 1) return false;
    }
    return true;
}

/// The dimensions of a box of `to`, each at the place that it has in `from`.
index_list in_order_of_from(const index_list& of_to, const index_list& axes) {
    index_list result = of_to;
    for (std::size_t d = 0; d < axes.size(); ++d)
        result[static_cast<std::size_t>(axes[d])] = of_to[d];
    return result;
}

/// Gets this rank's elements of a box of `to`, which all ranks have agreed on; block by block where
/// they are dealt in blocks.
void fetch_own(const array_core& from, const box<dynamic_rank>& from_patch, array_core& to,
               const box<dynamic_rank>& to_patch, const index_list& axes) {
    to.cut().for_each_run(
        to.rank_places(), [&](const box<dynamic_rank>& places, const box<dynamic_rank>& indices) {
            const box<dynamic_rank> mine = indices.intersection(to_patch);
            if (mine.empty()) return;
            box<dynamic_rank> there = from_patch;
            for (std::size_t d = 0; d < axes.size(); ++d) {
                const auto axis = static_cast<std::size_t>(axes[d]);
                there.lo[axis] = from_patch.lo[axis] + mine.lo[d] - to_patch.lo[d];
                there.hi[axis] = from_patch.lo[axis] + mine.hi[d] - to_patch.lo[d];
            }
            box<dynamic_rank> part = mine;
            for (std::size_t d = 0; d < axes.size(); ++d) {
                part.lo[d] += places.lo[d] - indices.lo[d];
                part.hi[d] += places.lo[d] - indices.lo[d];
            }
            patch_memory memory = memory_of(to, part);
            memory.extents = in_order_of_from(memory.extents, axes);
            memory.strides = in_order_of_from(memory.strides, axes);
            from.get(there, memory);
        });
}

/// The same by puts: one message for a node, and none for each of its blocks.
void put_own(const array_core& from, array_core& to, const box<dynamic_rank>& patch) {
    const box<dynamic_rank> mine = from.rank_box().intersection(patch);
    if (!mine.empty()) to.put(mine, memory_of(from, mine));
}

} // namespace

patch_memory memory_of(const array_core& field, const box<dynamic_rank>& part) {
    const box<dynamic_rank>& stored = field.stored_places();
    patch_memory result;
    result.is_view = true;
    result.extents = part.extents();
    result.strides = row_major_strides(stored.extents());
    index_t offset = 0;
    for (std::size_t d = 0; d < part.lo.size() && !part.empty(); ++d)
        offset += (part.lo[d] - stored.lo[d]) * result.strides[d];
    result.data = field.node_data() + offset * static_cast<index_t>(field.element_bytes());
    return result;
}

void require_box(const char* operation, const array_core& field, const box<dynamic_rank>& patch,
                 fingerprint also) {
    require_same(field.get_team(), operation, add(also, patch));
    require_inside(operation, field, patch);
}

void require_boxes(const char* operation, const array_core& from,
                   const box<dynamic_rank>& from_patch, const array_core& to,
                   const box<dynamic_rank>& to_patch, const index_list& axes, fingerprint also) {
    const bool is_one = &from == &to;
    add(add(also, from_patch), to_patch).add(is_one);
    add(add(also, from.cut().extents()), to.cut().extents());
    require_same(to.get_team(), operation, also);
    require_inside(operation, from, from_patch);
    require_inside(operation, to, to_patch);
    if (from_patch.extents() != in_order_of_from(to_patch.extents(), axes))
        throw error(errc::size_mismatch,
                    fmt::format("{}: the boxes have different extents", operation), true);
    if (is_one && from_patch != to_patch && !from_patch.intersection(to_patch).empty())
        throw error(errc::invalid_argument,
                    fmt::format("{}: the boxes of one array overlap; copy one of them to another "
                                "array first",
                                operation),
                    true);
}

void copy_box(const array_core& from, const box<dynamic_rank>& from_patch, array_core& to,
              const box<dynamic_rank>& to_patch, const index_list& axes) {
    require_boxes("copy", from, from_patch, to, to_patch, axes);
    if (&from != &to || from_patch != to_patch) fetch_own(from, from_patch, to, to_patch, axes);
}

void turn_over(const array_core& from, array_core& to, const index_list& axes) {
    const bool is_one = &from == &to;
    fingerprint arguments;
    add(arguments, axes).add(is_one);
    add(add(arguments, from.cut().extents()), to.cut().extents());
    require_same(to.get_team(), "transpose", arguments);
    if (!is_a_permutation(axes))
        throw error(errc::invalid_argument,
                    fmt::format("transpose: axes are the numbers from 0 to {}, each once",
                                to.cut().dimensions() - 1),
                    true);
    if (is_one)
        throw error(errc::invalid_argument,
                    "transpose: an array cannot be turned over in place; take another one", true);
    for (std::size_t d = 0; d < axes.size(); ++d) {
        const auto axis = static_cast<std::size_t>(axes[d]);
        if (to.cut().extents()[d] != from.cut().extents()[axis])
            throw error(errc::size_mismatch,
                        fmt::format("transpose: dimension {} has not the extent of dimension {} of "
                                    "the other array",
                                    to.named_dimension(d), from.named_dimension(axis)),
                        true);
    }
    fetch_own(from, whole_of(from), to, whole_of(to), axes);
}

void move_elements(const char* operation, array_core& from, array_core& to) {
    from.fence();
    std::exception_ptr failure;
    try {
        const box<dynamic_rank> common = whole_of(from).intersection(whole_of(to));
        if (to.cut().is_cyclic() && !from.cut().is_cyclic())
            put_own(from, to, common);
        else
            fetch_own(from, common, to, common, axes_in_order(to.cut().dimensions()));
    } catch (...) {
        failure = std::current_exception();
    }
    throw_together(to.get_team(), operation, failure);
    to.fence();
}

} // namespace nodespan::detail
