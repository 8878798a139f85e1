#pragma once

#include "nodespan/array.hpp"
#include "nodespan/axis.hpp"
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

/// The mean of all rows (axis 0) or of all columns (axis 1), as mean of axis.hpp, into a table with
/// one copy on each node, of which each rank writes its share. This is the best way for thousands
/// of rows.
/// Shape:  out.size() == extent(1) for axis 0, extent(0) for axis 1.
/// Call:   collective over the array's team, same axis on all ranks.
/// Epoch:  as mean of axis.hpp, and no rank reads the table during the call; afterwards all ranks
///         see it.
/// Errors: errc::mismatched_arguments, errc::size_mismatch, errc::invalid_argument, on all ranks;
///         errc::peer_lost, MPI category.
/// Cost:   as mean of axis.hpp; on one node, for axis 0, a node_fence in place of the all_reduce of
///         the results.
template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, replicated<U, 1>& out);

namespace detail {

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

} // namespace detail

template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, replicated<U, 1>& out) {
    detail::access::core(field).require_live("mean");
    detail::access::core(field).require_boxes("mean");
    team& everyone = out.get_team();
    detail::require_axis<2>(everyone, "mean", field.extents(), axis,
                            static_cast<std::size_t>(out.size()), false);
    const std::span<U> table(out.edit().data_handle(), static_cast<std::size_t>(out.size()));
    if (everyone.nodes() == 1 && axis == 0) {
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
