#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/together.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// Functions that make arrays from memory that a program already has, or like other arrays, and
/// that copy elements back into the program's own memory.

namespace nodespan {
namespace detail {

/// The layout of an array made from a view of layout L: that of the view, unless another is wanted.
template <class Wanted, class L>
using array_layout =
    std::conditional_t<!std::same_as<Wanted, void>, Wanted,
                       std::conditional_t<std::same_as<L, column_major>, column_major, row_major>>;

/// Writes the values of each rank into the array; afterwards all ranks see them. Fails on all ranks
/// or on none.
template <class Array, class View, int N>
void put_together(Array& field, const box<N>& patch, const View& mine, const char* operation) {
    std::exception_ptr failure;
    try {
        field.put(patch, mine);
    } catch (...) {
        failure = std::current_exception();
    }
    throw_together(field.get_team(), operation, failure);
    field.fence();
}

template <class U, class T, int N, class Layout>
auto like(const array<T, N, Layout>& other, bool zeroed) {
    array_options options = other.options();
    options.zeroed = zeroed;
    options.name.clear(); // a name belongs to one array
    using value = std::conditional_t<std::same_as<U, void>, T, U>;
    return array<value, N, Layout>(other.get_team(), other.extents(), options);
}

} // namespace detail

/// Makes an array with the elements that rank `root` has in its memory. The views of other ranks
/// are not read, and may be {}.
/// Shape:  that of the root's view.
/// Call:   collective over the team, same root and options on all ranks. The program may use the
///         view's memory again when the call returns.
/// Epoch:  all ranks see the elements.
/// Order:  that of the view, row-major if the view is strided; Layout (row_major, column_major)
///         asks for another one.
/// Errors: errc::out_of_range (root), and those of making an array and of put; on all ranks.
/// Cost:   a new array without zeroing, and a copy by the root, at one process's speed of memory.
template <class Layout = void, class T, int N, class L>
[[nodiscard]] auto array_from_root(const team& team, const view<T, N, L>& elements, int root = 0,
                                   array_options options = {}) {
    indices<N> extents = elements.extents();
    broadcast(team, extents, root);
    options.zeroed = false;
    array<std::remove_const_t<T>, N, detail::array_layout<Layout, L>> result(team, extents,
                                                                             options);
    const bool is_root = team.rank() == root;
    detail::put_together(result, is_root ? box<N>{{}, extents} : box<N>{},
                         is_root ? elements : view<T, N, L>{}, "array_from_root");
    return result;
}

/// Makes an array of the elements that all ranks have in their memory, one part after the other in
/// rank order: along dimension 0, or along the last dimension if the array is column-major.
/// Shape:  the other extents are equal on all ranks whose view is not empty. If the options have no
///         distribution, every rank box is the rank's own part.
/// Call:   collective over the team, same options on all ranks.
/// Epoch:  as above.
/// Order:  as above; the views' layout is the same type on all ranks.
/// Errors: errc::size_mismatch, and those of making an array and of put; on all ranks.
/// Cost:   as above, but every rank copies its own part, inside its node unless the options say
///         otherwise. Keeps the cut points, 8 bytes a rank.
template <class Layout = void, class T, int N, class L>
[[nodiscard]] auto array_from_parts(const team& team, const view<T, N, L>& mine,
                                    array_options options = {}) {
    using layout = detail::array_layout<Layout, L>;
    constexpr std::size_t along = std::same_as<layout, column_major> ? N - 1 : 0;
    const std::vector<indices<N>> parts = detail::all_gather(team, mine.extents());
    indices<N> extents{};
    box<N> patch;
    std::vector<index_t> cuts{0};
    for (std::size_t rank = 0; rank < parts.size(); ++rank) {
        indices<N> part = parts[rank];
        if (box<N>{{}, part}.empty()) part = {};
        if (part != indices<N>{}) {
            indices<N> expected = extents;
            expected[along] = part[along];
            if (cuts.back() > 0 && part != expected)
                throw error(errc::size_mismatch,
                            "array_from_parts: the part of rank " + std::to_string(rank) +
                                " does not fit those before it, but for dimension " +
                                std::to_string(along),
                            true);
            const index_t end = cuts.back() + part[along];
            extents = part;
            extents[along] = end;
            if (static_cast<int>(rank) == team.rank()) {
                patch.hi = extents;
                patch.lo[along] = cuts.back();
            }
        }
        cuts.push_back(extents[along]);
    }
    distribution_options& cut = options.distribution;
    if (cut.node_grid.empty() && cut.rank_grid.empty() && cut.cuts.empty() && cut.block.empty()) {
        cut.cuts.resize(N);
        cut.cuts[along] = std::move(cuts);
    }
    options.zeroed = false;
    array<std::remove_const_t<T>, N, layout> result(team, extents, options);
    detail::put_together(result, patch, patch.empty() ? view<T, N, L>{} : mine, "array_from_parts");
    return result;
}

/// Makes an array with the extents, the cut, the ghosts and the order of another one. Its elements
/// have the same type or type U; they are zero or unspecified.
/// Call:   collective over the team.
/// Errors: as making an array.
/// Cost:   as making an array.
template <class U = void, class T, int N, class Layout>
[[nodiscard]] auto zeros_like(const array<T, N, Layout>& other) {
    return detail::like<U>(other, true);
}
template <class U = void, class T, int N, class Layout>
[[nodiscard]] auto empty_like(const array<T, N, Layout>& other) {
    return detail::like<U>(other, false);
}

/// Returns all elements, or those of a patch, in memory of this rank, in the array's order. To fill
/// memory that exists already, use get.
/// Call:   any rank alone.
/// Epoch:  as get.
/// Errors: as get.
/// Cost:   as get.
template <class T, int N, class Layout>
requires(!std::same_as<T, bool>)
    [[nodiscard]] std::vector<T> to_vector(const array<T, N, Layout>& field, const box<N>& patch) {
    std::vector<T> result(static_cast<std::size_t>(patch.size()));
    field.get(patch, result);
    return result;
}
template <class T, int N, class Layout>
requires(!std::same_as<T, bool>)
    [[nodiscard]] std::vector<T> to_vector(const array<T, N, Layout>& field) {
    return to_vector(field, box<N>{{}, field.extents()});
}

} // namespace nodespan
