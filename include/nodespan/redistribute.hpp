#pragma once

#include "nodespan/algorithm.hpp"
#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/moving.hpp"

#include <cstddef>
#include <utility>

/// Arrays that are cut otherwise, or get other extents, and keep their elements. `copy` moves
/// elements between two arrays.

namespace nodespan {

/// Cuts an array otherwise. Ghosts, name and order in memory stay; ghosts hold zeros or old values
/// until they are exchanged.
/// Call:   collective over the array's team, same options on all ranks. Ends an epoch before and
///         after. Views, and what else points into the array, are invalid afterwards.
/// Errors: those of making an array; errc::peer_lost, MPI category: on all ranks. The array is then
///         as it was.
/// Cost:   a new array; while it is filled, there are both. Each rank fetches its new elements:
///         each byte is copied once, and crosses to another node at most once, from all nodes in
///         turn. To and from block-cyclic cuts in long messages, but from one to another block by
///         block.
template <class T, int N, class Layout>
void redistribute(array<T, N, Layout>& field, const distribution_options& options);

/// Gives an array other extents. Elements whose indices both have stay; new ones are zero bytes.
/// Cut points of dimensions whose extent changes give way to nearly equal pieces; grids stay. With
/// `options` it is cut otherwise, as by redistribute.
/// Call:   collective over the array's team, same arguments on all ranks; as redistribute.
/// Errors: as redistribute.
/// Cost:   as redistribute.
template <class T, int N, class Layout>
void resize(array<T, N, Layout>& field, const indices<N>& extents);
template <class T, int N, class Layout>
void resize(array<T, N, Layout>& field, const indices<N>& extents,
            const distribution_options& options);

namespace detail {

/// Replaces an array by another one that has what both have.
template <class T, int N, class Layout>
void move_into_new(const char* operation, array<T, N, Layout>& field, const indices<N>& extents,
                   const distribution_options& cut) {
    array_options options = field.options();
    options.distribution = cut;
    const box<N> whole{{}, extents}, old{{}, field.extents()};
    options.zeroed = !old.contains(whole);
    array<T, N, Layout> result(field.get_team(), extents, options);
    move_elements(operation, core_of(field), core_of(result));
    field = std::move(result);
}

} // namespace detail

template <class T, int N, class Layout>
void redistribute(array<T, N, Layout>& field, const distribution_options& options) {
    detail::move_into_new("redistribute", field, field.extents(), options);
}

template <class T, int N, class Layout>
void resize(array<T, N, Layout>& field, const indices<N>& extents) {
    distribution_options options = field.options().distribution;
    for (std::size_t d = 0; d < options.cuts.size(); ++d)
        if (extents[d] != field.extents()[d]) options.cuts[d].clear();
    detail::move_into_new("resize", field, extents, options);
}

template <class T, int N, class Layout>
void resize(array<T, N, Layout>& field, const indices<N>& extents,
            const distribution_options& options) {
    detail::move_into_new("resize", field, extents, options);
}

} // namespace nodespan
