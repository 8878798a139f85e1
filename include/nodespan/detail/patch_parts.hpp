#pragma once

#include "nodespan/algorithm.hpp"
#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/moving.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>

namespace nodespan::detail {

/// A view of a column-major block with its indices in reverse order: all views have long rows.
template <class T, int N, class Layout>
view<T, N> rows_of(const view<T, N, Layout>& elements) {
    if constexpr (std::same_as<Layout, column_major>)
        return elements.transposed();
    else
        return elements;
}

/// Calls f(box, elements) for the boxes of a patch that are this rank's: one, or, block-cyclic, one
/// for each block.
template <class Array, class Box, class F>
void for_each_own_part(Array& field, const Box& patch, F&& f) {
    const auto local = field.local();
    field.for_each_local_box([&](const Box& mine, const auto& place) {
        const Box part = mine.intersection(patch);
        if (!part.empty()) f(part, local.patch(shifted(part, mine.lo, place)));
    });
}

template <class T, int N, class Layout>
void require_patch(const char* operation, const array<T, N, Layout>& field, const box<N>& patch,
                   const fingerprint& also = {}) {
    require_box(operation, core_of(field), in_core_order<Layout>(patch), also);
}

/// Which dimension of an array of one order each dimension of one of another order is.
template <class From, class To, int N>
index_list axes_between() {
    return axes_in_order(N, !std::same_as<From, To>);
}

template <class T, int N, class Layout>
T best_inside(const array<T, N, Layout>& field, const box<N>& patch, accumulate_op op) {
    require_patch(to_string(op), field, patch);
    if (patch.empty())
        throw error(errc::invalid_argument,
                    std::string(to_string(op)) + ": the box has no elements", true);
    T result = neutral<T>(op);
    for_each_own_part(field, patch, [&](const box<N>&, const auto& elements) {
        const auto part = rows_of(elements);
        for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
            combine_all(kind_of<T>(), op, &part[at], length, &result);
        });
    });
    return all_reduce(field.get_team(), result, op);
}

/// Calls f(piece) for pieces of at most `most` elements, as long along the last dimensions as that
/// allows.
template <int N, class F>
void for_each_half(const box<N>& whole, index_t most, F&& f) {
    if (whole.empty()) return;
    if (whole.size() <= most) return f(whole);
    std::size_t d = 0;
    while (whole.hi[d] - whole.lo[d] == 1) ++d;
    box<N> first = whole, second = whole;
    first.hi[d] = second.lo[d] = whole.lo[d] + (whole.hi[d] - whole.lo[d]) / 2;
    for_each_half(first, most, f);
    for_each_half(second, most, f);
}

/// The memory that a program gives for a box of any size, which elements of an array will fill.
template <class T, int N, class Layout>
view<T, N, strided> memory_of(const char* operation, const array<T, N, Layout>& field,
                              const box<N>& patch, const patch_memory& memory) {
    bool is_right = true;
    for (std::size_t d = 0; d < N; ++d) is_right &= patch.lo[d] <= patch.hi[d];
    if (!is_right || (field.size() == 0 && !patch.empty()))
        throw error(errc::out_of_range, std::string(operation) +
                                            ": the box ends before it begins, or the array has no "
                                            "elements");
    const indices<N> extents = patch.extents();
    indices<N> strides = std::same_as<Layout, column_major>
                             ? reversed(row_major_strides(reversed(extents)))
                             : row_major_strides(extents);
    bool fits = memory.is_view || memory.size == patch.size();
    for (std::size_t d = 0; memory.is_view && d < N; ++d) {
        fits &= memory.extents[d] == extents[d];
        strides[d] = memory.strides[d];
    }
    if (!fits)
        throw error(errc::size_mismatch,
                    std::string(operation) + ": the buffer has not the box's size");
    return {reinterpret_cast<T*>(memory.data), extents, strides};
}

/// Calls f(box inside the array, the same elements counted from patch.lo) for each repetition of
/// an array of these extents that a patch touches.
template <int N, class F>
void for_each_repetition(const indices<N>& extents, const box<N>& patch, F&& f) {
    if (patch.empty()) return;
    indices<N> begin{}, at{};
    for (std::size_t d = 0; d < N; ++d)
        at[d] = begin[d] =
            patch.lo[d] / extents[d] - (patch.lo[d] % extents[d] < 0 ? 1 : 0); // rounded down
    for (;;) {
        box<N> inside;
        indices<N> origin{};
        for (std::size_t d = 0; d < N; ++d) {
            origin[d] = at[d] * extents[d];
            inside.lo[d] = std::max(patch.lo[d], origin[d]) - origin[d];
            inside.hi[d] = std::min(patch.hi[d] - origin[d], extents[d]);
        }
        f(inside, shifted(shifted(inside, {}, origin), patch.lo, {}));
        std::size_t d = N;
        for (; d > 0; --d) {
            if (patch.hi[d - 1] - at[d - 1] * extents[d - 1] > extents[d - 1]) break;
            at[d - 1] = begin[d - 1];
        }
        if (d == 0) return;
        ++at[d - 1];
    }
}

} // namespace nodespan::detail
