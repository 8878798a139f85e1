#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/detail/local_rows.hpp"
#include "nodespan/detail/together.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

/// Reductions along one axis, as sum(axis=...) is in NumPy: all elements that differ in that index
/// only become one.

namespace nodespan {

// What the calls below have in common.
// Shape:  out.size() is the product of the other extents; the results lie there in row-major order,
//         on every rank. `out` is not in memory of `field`.
// Call:   collective over the array's team, same axis on all ranks.
// Epoch:  reads all elements of the node, as of the last fence; when they return, no rank reads
//         them any more.
// Order:  within a node elements are combined in the order of the axis, those of one row of the
//         last axis in eight parts; then nodes are combined as in all_reduce. So on one node the
//         results have the same bits for any number of ranks.
// Errors: errc::mismatched_arguments, errc::size_mismatch, errc::invalid_argument (axis; no
//         elements, except for sum), on all ranks; errc::peer_lost, MPI category.
// Cost:   reading the elements, shared among the ranks of the node, and two all_reduce calls, one
//         of them of `out`: fastest if `out` lies in another array of the team.

/// The sums; 0 where there are no elements.
template <class T, int N, class U>
requires(array<T, N>::is_number&& array<U, 1>::is_number) void sum(const array<T, N>& field,
                                                                   int axis, std::span<U> out);

/// The least and the largest elements; NaNs and zeros as accumulate_op says.
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) void min(
    const array<T, N>& field, int axis, std::type_identity_t<std::span<T>> out);
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) void max(
    const array<T, N>& field, int axis, std::type_identity_t<std::span<T>> out);

/// The means.
template <class T, int N, std::floating_point U>
void mean(const array<T, N>& field, int axis, std::span<U> out);

/// The variances: the mean of the squared distances from the mean, by two passes; the squares are
/// divided by the number of elements less `ddof`.
/// Errors: also errc::invalid_argument (ddof below 0, or not below the number of elements).
template <class T, int N, std::floating_point U>
void var(const array<T, N>& field, int axis, std::span<U> out, int ddof = 0);

namespace detail {

/// Share `part` of `parts` of `count` elements, in whole cache lines of doubles.
inline index_t share_of(index_t count, int part, int parts) {
    constexpr index_t line = 8;
    return part == parts ? count : count / line * part / parts * line;
}

template <int N>
void check_axis(const char* operation, const indices<N>& extents, int axis, std::size_t given,
                bool may_be_empty) {
    const std::string name(operation);
    if (axis < 0 || axis >= N)
        throw error(errc::invalid_argument,
                    name + ": an axis is 0 to " + std::to_string(N - 1) + ", not " +
                        std::to_string(axis),
                    true);
    index_t expected = 1;
    for (int d = 0; d < N; ++d)
        if (d != axis) expected *= extents[static_cast<std::size_t>(d)];
    if (static_cast<index_t>(given) != expected)
        throw error(errc::size_mismatch,
                    name + ": " + std::to_string(given) + " elements given for " +
                        std::to_string(expected),
                    true);
    if (!may_be_empty && extents[static_cast<std::size_t>(axis)] == 0)
        throw error(errc::invalid_argument,
                    name + ": the array has no elements along axis " + std::to_string(axis), true);
}

template <int N>
void require_axis(const team& team, const char* operation, const indices<N>& extents, int axis,
                  std::size_t given, bool may_be_empty) {
    const std::array<index_t, 2> arguments{axis, static_cast<index_t>(given)};
    require_same<index_t>(team, operation, arguments);
    check_axis<N>(operation, extents, axis, given, may_be_empty);
}

/// Calls f(first, count, place) for stretches of results that this rank of the node computes. The
/// first element that goes into the first of them is `first`; the next result's elements lie one
/// step of the last other dimension further, and its place in `out` is the next one.
template <class T, int N, class F>
void for_each_result(const array<T, N>& field, int axis, F&& f) {
    const view<const T, N> all = field.node();
    if (all.empty()) return;
    const team& everyone = field.get_team();
    const auto along = static_cast<std::size_t>(axis);
    constexpr std::size_t ends = N - 1, before = N == 1 ? 0 : ends - 1;
    const std::size_t last = along == ends ? before : ends;
    indices<N> extents = all.extents();
    extents[along] = 1;
    const index_t results = box<N>{{}, extents}.size();
    const index_t end = share_of(results, everyone.node_rank() + 1, everyone.node_size());
    for (index_t at = share_of(results, everyone.node_rank(), everyone.node_size()); at < end;) {
        indices<N> place{};
        index_t rest = at, to = 0;
        for (std::size_t d = N; d-- > 0; rest /= extents[d]) place[d] = rest % extents[d];
        for (std::size_t d = 0; d < N; ++d)
            if (d != along) to = to * field.extents()[d] + field.node_box().lo[d] + place[d];
        const index_t count = std::min(end - at, extents[last] - place[last]);
        f(&all[place], count, to);
        at += count;
    }
}

// From one element to the next along an axis; with one dimension there is no other one.
template <class T, int N>
index_t step_of(const view<const T, N>& all, int axis) {
    if constexpr (N == 1)
        return 1;
    else
        return all.stride(axis);
}

/// Adds term(element, place in out) of all elements along the axis into `out`, which is all 0.
template <class T, int N, class U, class Term>
void add_along(const array<T, N>& field, int axis, std::span<U> out, Term term) {
    const view<const T, N> all = field.node();
    const index_t length = all.extent(axis), step = step_of(all, axis);
    for_each_result(field, axis, [&](const T* first, index_t count, index_t to) {
        U* const results = out.data() + to;
        if (axis == N - 1) {
            const index_t next = step_of(all, N - 2);
            for (index_t j = 0; j < count; ++j)
                results[j] = sum_of<U>(length, [&, row = first + j * next](index_t i) {
                    return term(row[i], to + j);
                });
            return;
        }
        constexpr index_t tile = 2048; // results that stay in the first cache
        for (index_t begin = 0; begin < count; begin += tile) {
            const index_t end = std::min(count, begin + tile);
            for (index_t k = 0; k < length; ++k)
                for (index_t j = begin; j < end; ++j)
                    results[j] += term(first[k * step + j], to + j);
        }
    });
    all_reduce(field.get_team(), out);
}

template <class T, int N>
void best_along(const array<T, N>& field, int axis, std::span<T> out, accumulate_op op) {
    access::core(field).require_live(to_string(op));
    access::core(field).require_boxes(to_string(op));
    require_axis<N>(field.get_team(), to_string(op), field.extents(), axis, out.size(), false);
    std::ranges::fill(out, neutral<T>(op));
    const view<const T, N> all = field.node();
    const index_t length = all.extent(axis), step = step_of(all, axis);
    for_each_result(field, axis, [&](const T* first, index_t count, index_t to) {
        if (axis == N - 1) {
            const index_t next = step_of(all, N - 2);
            for (index_t j = 0; j < count; ++j)
                combine_all(kind_of<T>(), op, first + j * next, length, &out[0] + to + j);
        } else {
            for (index_t k = 0; k < length; ++k)
                combine_each(kind_of<T>(), op, first + k * step, count, &out[0] + to);
        }
    });
    all_reduce(field.get_team(), out, op);
}

} // namespace detail

template <class T, int N, class U>
requires(array<T, N>::is_number&& array<U, 1>::is_number) void sum(const array<T, N>& field,
                                                                   int axis, std::span<U> out) {
    detail::access::core(field).require_live("sum");
    detail::access::core(field).require_boxes("sum");
    detail::require_axis<N>(field.get_team(), "sum", field.extents(), axis, out.size(), true);
    std::ranges::fill(out, U{});
    detail::add_along(field, axis, out,
                      [](const T& element, index_t) { return static_cast<U>(element); });
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) void min(
    const array<T, N>& field, int axis, std::type_identity_t<std::span<T>> out) {
    detail::best_along<T, N>(field, axis, out, accumulate_op::min);
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) void max(
    const array<T, N>& field, int axis, std::type_identity_t<std::span<T>> out) {
    detail::best_along<T, N>(field, axis, out, accumulate_op::max);
}

template <class T, int N, std::floating_point U>
void mean(const array<T, N>& field, int axis, std::span<U> out) {
    detail::access::core(field).require_live("mean");
    detail::access::core(field).require_boxes("mean");
    detail::require_axis<N>(field.get_team(), "mean", field.extents(), axis, out.size(), false);
    std::ranges::fill(out, U{0});
    detail::add_along(field, axis, out,
                      [](const T& element, index_t) { return static_cast<U>(element); });
    for (U& value : out) value /= static_cast<U>(field.extent(axis));
}

template <class T, int N, std::floating_point U>
void var(const array<T, N>& field, int axis, std::span<U> out, int ddof) {
    detail::access::core(field).require_live("var");
    detail::access::core(field).require_boxes("var");
    detail::require_axis<N>(field.get_team(), "var", field.extents(), axis, out.size(), false);
    detail::require_same<int>(field.get_team(), "var", std::span<const int>(&ddof, 1));
    if (ddof < 0 || ddof >= field.extent(axis))
        throw error(errc::invalid_argument,
                    "var: ddof is " + std::to_string(ddof) + " for " +
                        std::to_string(field.extent(axis)) + " elements along the axis",
                    true);
    std::vector<U> means(out.size());
    mean(field, axis, std::span<U>(means));
    std::ranges::fill(out, U{0});
    detail::add_along(field, axis, out, [&](const T& element, index_t place) {
        const U distance = static_cast<U>(element) - means[static_cast<std::size_t>(place)];
        return distance * distance;
    });
    for (U& value : out) value /= static_cast<U>(field.extent(axis) - ddof);
}

} // namespace nodespan
