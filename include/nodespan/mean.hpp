#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/detail/local_rows.hpp"
#include "nodespan/replicated.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace nodespan {

/// Computes the mean of all rows (axis 0) or of all columns (axis 1) into `out` on every rank.
/// Shape:  out.size() == extent(1) for axis 0, extent(0) for axis 1; `out` is not in memory of
///         `field`.
/// Call:   collective over the array's team, same axis on all ranks.
/// Epoch:  reads all elements of the node, as of the last fence; when it returns, no rank reads
///         them any more.
/// Order:  within a node rows are added in order, by rank and column; then nodes are added in node
///         order. So on one node the means of rows have the same bits for any number of ranks.
/// Errors: errc::size_mismatch or errc::mismatched_arguments, on all ranks; errc::invalid_argument
///         (axis, no elements).
/// Cost:   reading the elements, shared among the ranks, and an all_reduce of `out`: fastest if
///         `out` lies in another array of the team.
template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, std::span<U> out);

/// The same into a table with one copy on each node, of which each rank writes its share. This is
/// the best way for thousands of rows.
/// Shape:  as above.
/// Epoch:  as above, and no rank reads the table during the call; afterwards all ranks see it.
/// Errors: errc::size_mismatch, errc::invalid_argument, errc::peer_lost; MPI category.
/// Cost:   as above; on one node, for axis 0, a node_fence in place of the all_reduce.
template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, replicated<U, 1>& out);

namespace detail {

/// Share `part` of `parts` of `count` elements, in whole cache lines of doubles.
inline index_t share_of(index_t count, int part, int parts) {
    constexpr index_t line = 8;
    return part == parts ? count : count / line * part / parts * line;
}

/// My share of the columns of this node.
template <class T>
box<1> share_of_columns(const array<T, 2>& field) {
    const team& everyone = field.get_team();
    const index_t columns = field.node_box().extents()[1], first = field.node_box().lo[1];
    return {{first + share_of(columns, everyone.node_rank(), everyone.node_size())},
            {first + share_of(columns, everyone.node_rank() + 1, everyone.node_size())}};
}

/// Adds the elements of my share of this node's columns, rows in order, into their places in `out`.
template <class T, class U>
void add_rows(const array<T, 2>& field, std::span<U> out) {
    const view<const T, 2> rows = field.node();
    const box<1> mine = share_of_columns(field);
    U* const sums = out.data() + mine.lo[0];
    std::fill_n(sums, mine.size(), U{0});
    for (index_t i = 0; !mine.empty() && i < rows.extent(0); ++i) {
        const T* const row = &rows(i, mine.lo[0] - field.node_box().lo[1]);
        for (index_t j = 0; j < mine.size(); ++j) sums[j] += static_cast<U>(row[j]);
    }
}

inline void require_axis(const indices<2>& extents, int axis) {
    if (axis != 0 && axis != 1)
        throw error(errc::invalid_argument, "mean: an axis is 0 or 1, not " + std::to_string(axis));
    if (extents[static_cast<std::size_t>(axis)] == 0)
        throw error(errc::invalid_argument,
                    "mean: the array has no elements along axis " + std::to_string(axis));
}

} // namespace detail

template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, std::span<U> out) {
    detail::access::core(field).require_live("mean");
    detail::require_axis(field.extents(), axis);
    if (static_cast<index_t>(out.size()) != field.extent(1 - axis)) {
        all_reduce(field.get_team(), out); // throws on all, if their sizes differ
        throw error(errc::size_mismatch,
                    "mean: " + std::to_string(out.size()) + " elements given for " +
                        std::to_string(field.extent(1 - axis)),
                    true);
    }
    std::fill(out.begin(), out.end(), U{0});
    if (axis == 0)
        detail::add_rows(field, out);
    else
        detail::for_each_row<2>(field.local().extents(), [&](const auto& at, index_t length) {
            const T* const row = &field.local()[at];
            out[static_cast<std::size_t>(field.rank_box().lo[0] + at[0])] =
                detail::sum_of<U>(length, [row](index_t i) { return static_cast<U>(row[i]); });
        });
    all_reduce(field.get_team(), out); // this rank has 0 in the places of others
    for (U& value : out) value /= static_cast<U>(field.extent(axis));
}

template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, replicated<U, 1>& out) {
    detail::access::core(field).require_live("mean");
    detail::require_axis(field.extents(), axis);
    team& everyone = out.get_team();
    const std::span<U> table(out.edit().data_handle(), static_cast<std::size_t>(out.size()));
    if (everyone.nodes() == 1 && axis == 0 && out.size() == field.extent(1)) {
        detail::add_rows(field, table);
        const box<1> mine = detail::share_of_columns(field);
        for (U& value : table.subspan(static_cast<std::size_t>(mine.lo[0]),
                                      static_cast<std::size_t>(mine.size())))
            value /= static_cast<U>(field.extent(0));
    } else {
        std::vector<U> all(table.size());
        mean(field, axis, std::span<U>(all));
        const index_t begin =
                          detail::share_of(out.size(), everyone.node_rank(), everyone.node_size()),
                      end = detail::share_of(out.size(), everyone.node_rank() + 1,
                                             everyone.node_size());
        std::copy(all.begin() + begin, all.begin() + end, table.begin() + begin);
    }
    everyone.node_fence();
}

} // namespace nodespan
