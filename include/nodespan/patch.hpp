#pragma once

#include "nodespan/algorithm.hpp"
#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/patch_parts.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

/// Operations on patches: boxes of arrays, whoever holds them.

namespace nodespan {

// In the first four each rank works on those elements of the box that are its own. The ranks
// compare their arguments in a small all_reduce; else there is no communication but for elements of
// `from` that other nodes hold.
// Call:   collective over the team of `to`, with the same boxes and factors on all ranks.
// Epoch:  the memory rule; reads the values of the last fence of `from`. No fence.
// Errors: errc::mismatched_arguments, errc::out_of_range (a box that is not within the extents), on
//         all ranks; else as array::get.

/// Sets all elements of a box.
template <class T, int N, class Layout>
void fill(array<T, N, Layout>& to, const box<N>& patch, const std::type_identity_t<T>& value);

/// Multiplies all elements of a box by a factor.
template <class T, int N, class Layout>
requires(array<T, N>::is_number) void scale(array<T, N, Layout>& to, const box<N>& patch,
                                            const std::type_identity_t<T>& factor);

/// Copies the elements of a box to one of another array, or to one of the same array that has none
/// of them. The arrays may be cut differently and have different orders in memory.
/// Shape:  boxes of equal extents.
/// Errors: errc::size_mismatch, errc::invalid_argument (boxes of one array overlap), on all ranks.
/// Cost:   each element is copied once, and crosses to another node at most once.
template <class T, int N, class From, class To>
void copy(const array<T, N, From>& from, const box<N>& from_patch, array<T, N, To>& to,
          const box<N>& to_patch);

/// to = to + factor * from, element by element. As copy; both boxes may be the same one.
/// Cost:   elements of this node are read where they lie; others arrive in pieces of 256 KiB.
template <class T, int N, class From, class To>
requires(array<T, N>::is_number) void add(array<T, N, To>& to, const box<N>& to_patch,
                                          const array<T, N, From>& from, const box<N>& from_patch,
                                          const std::type_identity_t<T>& factor = T(1));

/// Reductions of boxes, as those of whole arrays: the sum, the least and the largest element.
/// Call:   collective over the array's team, same box on all ranks, which all get the result.
/// Epoch:  the memory rule; no fence.
/// Errors: errc::out_of_range, errc::mismatched_arguments, errc::invalid_argument (the least or
///         largest of no elements), on all ranks; errc::peer_lost, MPI category.
/// Cost:   one pass over the box's elements and two small all_reduce.
template <class T, int N, class Layout>
requires(array<T, N>::is_number) [[nodiscard]] T
    sum(const array<T, N, Layout>& field, const box<N>& patch);
template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    min(const array<T, N, Layout>& field, const box<N>& patch);
template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    max(const array<T, N, Layout>& field, const box<N>& patch);
template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    fmin(const array<T, N, Layout>& field, const box<N>& patch);
template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    fmax(const array<T, N, Layout>& field, const box<N>& patch);

/// get and put of a box that may reach over the array's ends, as if the array were repeated
/// without end in all directions: index -1 is the last one.
/// Shape:  lo <= hi; for put_periodic not more than the extents, so that no element is written
///         twice. The memory is as for get and put.
/// Call:   any rank alone. Epoch and order: as get and put.
/// Errors: errc::size_mismatch, errc::out_of_range (elements of an array that has none, lo > hi),
///         errc::invalid_argument (a larger box for put_periodic), MPI category.
/// Cost:   a get or a put for each repetition that the box touches.
template <class T, int N, class Layout>
void get_periodic(const array<T, N, Layout>& field, const box<N>& from,
                  const std::type_identity_t<detail::buffer<T, N>>& to);
template <class T, int N, class Layout>
void put_periodic(array<T, N, Layout>& field, const box<N>& to,
                  const std::type_identity_t<detail::buffer<const T, N>>& from);

template <class T, int N, class Layout>
void fill(array<T, N, Layout>& to, const box<N>& patch, const std::type_identity_t<T>& value) {
    detail::require_patch("fill", to, patch);
    detail::for_each_own_part(to, patch, [&](const box<N>&, const auto& elements) {
        const auto mine = detail::rows_of(elements);
        detail::for_each_row<N>(mine.extents(), [&](const auto& at, index_t length) {
            std::fill_n(&mine[at], length, value);
        });
    });
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number) void scale(array<T, N, Layout>& to, const box<N>& patch,
                                            const std::type_identity_t<T>& factor) {
    detail::require_patch("scale", to, patch, detail::fingerprint().add_number(factor));
    detail::for_each_own_part(to, patch, [&](const box<N>&, const auto& elements) {
        const auto mine = detail::rows_of(elements);
        detail::for_each_row<N>(mine.extents(), [&](const auto& at, index_t length) {
            T* const row = &mine[at];
            for (index_t i = 0; i < length; ++i) row[i] = static_cast<T>(row[i] * factor);
        });
    });
}

template <class T, int N, class From, class To>
void copy(const array<T, N, From>& from, const box<N>& from_patch, array<T, N, To>& to,
          const box<N>& to_patch) {
    detail::copy_box(detail::core_of(from), detail::in_core_order<From>(from_patch),
                     detail::core_of(to), detail::in_core_order<To>(to_patch),
                     detail::axes_between<From, To, N>());
}

template <class T, int N, class From, class To>
requires(array<T, N>::is_number) void add(array<T, N, To>& to, const box<N>& to_patch,
                                          const array<T, N, From>& from, const box<N>& from_patch,
                                          const std::type_identity_t<T>& factor) {
    detail::require_boxes("add", detail::core_of(from), detail::in_core_order<From>(from_patch),
                          detail::core_of(to), detail::in_core_order<To>(to_patch),
                          detail::axes_between<From, To, N>(),
                          detail::fingerprint().add_number(factor));
    const auto add_rows = [&](const view<T, N, strided>& sums, const auto& values) {
        detail::for_each_row<N>(sums.extents(), [&](const auto& at, index_t length) {
            T* const sum = &sums[at];
            const T* const value = &values[at];
            const index_t step = sums.stride(N - 1), value_step = values.stride(N - 1);
            for (index_t i = 0; i < length; ++i)
                sum[i * step] = static_cast<T>(sum[i * step] + factor * value[i * value_step]);
        });
    };
    std::vector<T> values;
    const auto add_part = [&](const box<N>& mine, const view<T, N, strided>& sums) {
        const box<N> there = detail::shifted(mine, to_patch.lo, from_patch.lo);
        if (!from.is_cyclic() && from.node_box().contains(there)) {
            const auto node = from.node();
            add_rows(sums, view<const T, N, strided>(
                               node.patch(detail::shifted(there, from.node_box().lo, {}))));
            return;
        }
        constexpr index_t most = std::max<index_t>(1, 256 * 1024 / static_cast<index_t>(sizeof(T)));
        values.resize(static_cast<std::size_t>(std::min(most, mine.size())));
        detail::for_each_half(mine, most, [&](const box<N>& piece) {
            const view<T, N> arrived(values.data(), piece.extents());
            from.get(detail::shifted(piece, to_patch.lo, from_patch.lo), arrived);
            add_rows(sums.patch(detail::shifted(piece, mine.lo, {})), arrived);
        });
    };
    detail::for_each_own_part(to, to_patch, add_part);
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number) T sum(const array<T, N, Layout>& field, const box<N>& patch) {
    detail::require_patch("sum", field, patch);
    T mine{};
    detail::for_each_own_part(field, patch, [&](const box<N>&, const auto& elements) {
        const auto part = detail::rows_of(elements);
        detail::for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
            mine += detail::sum_of<T>(length, [row = &part[at]](index_t i) { return row[i]; });
        });
    });
    return all_reduce(field.get_team(), mine);
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T
    min(const array<T, N, Layout>& field, const box<N>& patch) {
    return detail::best_inside(field, patch, accumulate_op::min);
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T
    max(const array<T, N, Layout>& field, const box<N>& patch) {
    return detail::best_inside(field, patch, accumulate_op::max);
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T
    fmin(const array<T, N, Layout>& field, const box<N>& patch) {
    return detail::best_inside(field, patch, accumulate_op::fmin);
}

template <class T, int N, class Layout>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T
    fmax(const array<T, N, Layout>& field, const box<N>& patch) {
    return detail::best_inside(field, patch, accumulate_op::fmax);
}

template <class T, int N, class Layout>
void get_periodic(const array<T, N, Layout>& field, const box<N>& from,
                  const std::type_identity_t<detail::buffer<T, N>>& to) {
    const auto memory = detail::memory_of<T, N, Layout>("get_periodic", field, from, to.memory());
    detail::for_each_repetition(
        field.extents(), from,
        [&](const box<N>& inside, const box<N>& part) { field.get(inside, memory.patch(part)); });
}

template <class T, int N, class Layout>
void put_periodic(array<T, N, Layout>& field, const box<N>& to,
                  const std::type_identity_t<detail::buffer<const T, N>>& from) {
    const auto memory = detail::memory_of<T, N, Layout>("put_periodic", field, to, from.memory());
    for (std::size_t d = 0; d < N; ++d)
        if (!to.empty() && to.extents()[d] > field.extents()[d])
            throw error(errc::invalid_argument,
                        "put_periodic: the box is larger than the array along dimension " +
                            std::to_string(d) + ", so that elements would be written twice");
    detail::for_each_repetition(field.extents(), to, [&](const box<N>& inside, const box<N>& part) {
        field.put(inside, view<const T, N, strided>(memory.patch(part)));
    });
}

} // namespace nodespan
