#pragma once

#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/moving.hpp"

#include <array>
#include <concepts>
#include <cstddef>
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
/// Call:   collective over the team of `to`, same arguments on all ranks; each fills its own
///         elements of `to`.
/// Epoch:  reads the values of the last fence of `from`; the memory rule. No fence.
/// Errors: errc::mismatched_arguments, errc::size_mismatch, errc::invalid_argument (axes, the same
///         array twice), on all ranks; else as array::get.
/// Cost:   what lies on the rank's node is read once and written once, in tiles: for elements of
///         4, 8 and 16 bytes, and arrays larger than the caches, at 0.75 to 0.9 of the speed of a
///         copy where the processor has AVX-512, at some half of it elsewhere. What other nodes
///         hold crosses once, in pieces of 256 KiB that are turned over where they arrive. A small
///         all_reduce before.
template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to,
               const std::type_identity_t<axes_list<N>>& axes);
template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to);

template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to,
               const std::type_identity_t<axes_list<N>>& axes) {
    const auto in_order = [](bool is_reversed, int d) { return is_reversed ? N - 1 - d : d; };
    index_list all(N, 0);
    for (int d = 0; d < N; ++d)
        all[static_cast<std::size_t>(in_order(std::same_as<To, column_major>, d))] =
            in_order(std::same_as<From, column_major>, axes[static_cast<std::size_t>(d)]);
    detail::turn_over(detail::core_of(from), detail::core_of(to), all);
}

template <class T, int N, class From, class To>
void transpose(const array<T, N, From>& from, array<T, N, To>& to) {
    axes_list<N> axes{};
    for (int d = 0; d < N; ++d) axes[static_cast<std::size_t>(d)] = N - 1 - d;
    transpose(from, to, axes);
}

} // namespace nodespan
