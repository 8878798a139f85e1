#pragma once

#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <type_traits>

/// Turning arrays over.

namespace nodespan {

/// Which dimension of one array each dimension of another is.
template <int N>
using axes_list = std::array<int, static_cast<std::size_t>(N)>;

/// to(j, i) = from(i, j). With more dimensions the order of the indices is reversed, or as `axes`
/// says: dimension d of `to` is dimension axes[d] of `from`, as in NumPy. The arrays may be cut
/// differently and have different orders in memory.
/// Shape:  to.extent(d) == from.extent(axes[d]).
/// Call:   all ranks of the team of `to`, each for its own elements of `to`, as copy.
/// Epoch:  reads the values of the last fence of `from`; the memory rule.
/// Errors: errc::size_mismatch, errc::invalid_argument (axes, the same array twice), on all ranks;
///         else as array::get.
/// Cost:   what lies on the rank's node is read once and written once, in tiles: for elements of
///         4, 8 and 16 bytes at some half of the speed of a copy. What other nodes hold
///         crosses once, in pieces of 256 KiB that are turned over where they arrive.
template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to,
               const std::type_identity_t<axes_list<N>>& axes);
template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to);

namespace detail {

template <int N>
void require_axes(const axes_list<N>& axes) {
    axes_list<N> sorted = axes;
    std::sort(sorted.begin(), sorted.end());
    for (int d = 0; d < N; ++d)
        if (sorted[static_cast<std::size_t>(d)] != d)
            throw error(errc::invalid_argument, "transpose: axes are the numbers from 0 to " +
                                                    std::to_string(N - 1) + ", each once");
}

} // namespace detail

template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to,
               const std::type_identity_t<axes_list<N>>& axes) {
    detail::require_axes<N>(axes);
    if (static_cast<const void*>(&from) == &to)
        throw error(errc::invalid_argument,
                    "transpose: an array cannot be turned over in place; take another one");
    for (std::size_t d = 0; d < N; ++d)
        if (const auto axis = static_cast<std::size_t>(axes[d]);
            to.extents()[d] != from.extents()[axis])
            throw error(errc::size_mismatch, "transpose: dimension " + std::to_string(d) +
                                                 " has not the extent of dimension " +
                                                 std::to_string(axis) + " of the other array");
    const box<N> whole{{}, to.extents()};
    detail::for_each_own_part(to, whole, [&](const box<N>& part, const view<T, N, strided>& mine) {
        box<N> there;
        indices<N> extents{}, strides{};
        for (std::size_t d = 0; d < N; ++d) {
            const auto axis = static_cast<std::size_t>(axes[d]);
            there.lo[axis] = part.lo[d];
            there.hi[axis] = part.hi[d];
            extents[axis] = mine.extents()[d];
            strides[axis] = mine.strides()[d];
        }
        from.get(there, view<T, N, strided>(mine.data_handle(), extents, strides));
    });
}

template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to) {
    axes_list<N> axes{};
    for (int d = 0; d < N; ++d) axes[static_cast<std::size_t>(d)] = N - 1 - d;
    transpose(from, to, axes);
}

} // namespace nodespan
