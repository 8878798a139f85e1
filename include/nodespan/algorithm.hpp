#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/counter.hpp"
#include "nodespan/detail/local_rows.hpp"

#include <algorithm>
#include <concepts>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

/// What programs do with whole arrays. Every rank works on its own elements, its rank box; results
/// are the same bits in every run of a team of the same shape.

namespace nodespan {

// Each rank for itself: no communication, and no fence before or after. Epoch: the memory rule.

/// Sets all elements. Call: all ranks, each sets its own.
template <class T, int N>
void fill(array<T, N>& to, const std::type_identity_t<T>& value);

/// Calls f(element), or f(indices, element) with global indices, for each element, row-major.
/// Call:   all ranks, each for its own elements.
/// Errors: what f throws, on that rank.
template <class T, int N, class F>
void for_each(array<T, N>& field, F&& f);
template <class T, int N, class F>
void for_each(const array<T, N>& field, F&& f);

/// out = f(a), or f(a, b), element by element; out may be one of the others.
/// Shape:  equal extents, cut alike over the ranks.
/// Call:   all ranks, each for its own elements.
/// Errors: errc::invalid_argument (cut otherwise), what f throws; on that rank.
template <class A, class T, int N, class F>
void transform(const array<A, N>& a, array<T, N>& out, F&& f);
template <class A, class B, class T, int N, class F>
void transform(const array<A, N>& a, const array<B, N>& b, array<T, N>& out, F&& f);

/// Copies all elements, however both arrays are cut; their teams may differ.
/// Shape:  equal extents.
/// Call:   all ranks of the team of `to`, each for its own elements of it.
/// Epoch:  reads what was there at the last fence of `from`; the memory rule.
/// Errors: errc::size_mismatch, on all ranks; else as array::get.
/// Cost:   a local copy where the rank's boxes are equal, a get where they are not.
template <class T, int N>
void copy(const array<T, N>& from, array<T, N>& to);

// Collective over the array's team; all ranks get the result. No fences for transfers. Every rank
// combines its own elements in a fixed order, then ranks are combined as by all_reduce.
// Errors: errc::peer_lost, the MPI category. Cost: reading the elements, and one all_reduce.

/// The sum of all elements; 0 if there are none.
template <class T, int N>
requires(array<T, N>::is_number) T sum(const array<T, N>& field);

/// The least and the largest element, by std::min and std::max: NaNs that are not the first number
/// of a rank are passed over. Errors: errc::invalid_argument (no elements), on all ranks.
template <class T, int N>
requires(std::is_arithmetic_v<T>) T min(const array<T, N>& field);
template <class T, int N>
requires(std::is_arithmetic_v<T>) T max(const array<T, N>& field);

/// The sum of a * b, without conjugation. Errors: errc::invalid_argument (cut otherwise), on that
/// rank.
template <class T, int N>
requires(array<T, N>::is_number) T dot(const array<T, N>& a, const array<T, N>& b);

/// init combined with all elements by op(U, T) and op(U, U), which are associative, as by
/// std::reduce; U can be a wider type than the elements, such as a sum of bytes needs.
/// Shape:  U is trivially copyable. Same init on all ranks.
/// Errors: what op throws, on that rank; the others get errc::peer_lost, and the team lives on.
/// Cost:   as above, with some bytes for each rank of the team.
template <class T, int N, class Op, class U>
requires(std::is_trivially_copyable_v<U>) U reduce(const array<T, N>& field, Op&& op, U init);

/// The mean of all rows (axis 0) or of all columns (axis 1), to `out` on every rank.
/// Shape:  out.size() == extent(1) for axis 0, extent(0) for axis 1; not in memory of `field`.
/// Call:   collective over the array's team, same axis on all ranks.
/// Epoch:  reads all elements of the node, as of the last fence; afterwards all have been read.
/// Order:  rows are added in order within a node, by rank and column; then nodes in node order. So
///         on one node means of rows are the same bits for any number of ranks.
/// Errors: errc::size_mismatch or errc::mismatched_arguments, on all ranks; errc::invalid_argument
///         (axis, no elements).
/// Cost:   reading the elements, shared out among the ranks, and an all_reduce of `out`: fastest in
///         memory of another array of the team.
template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, std::span<U> out);

/// Calls f for all indices of `range`, on whichever rank is free: f(index), or f(box<1>) for up to
/// `chunk` indices at once.
/// Call:   collective over the team, same arguments on all ranks. Ends with a fence.
/// Order:  ascending on each rank. Which rank gets what differs from run to run.
/// Errors: errc::invalid_argument (chunk below 1), on all ranks. Where f throws, that rank takes no
///         more work, others do the rest; at the end it throws what f threw, the others
///         errc::peer_lost with its number, and the team lives on.
/// Cost:   a counter for the call; one node: an atomic instruction a chunk. Several: a round trip
///         for as many chunks as a node has ranks. So ranks finish within about one chunk of each
///         other.
template <class F>
void work_share(team& team, const box<1>& range, index_t chunk, F&& f);

namespace detail {

template <class A, class B, int N>
void require_cut_alike(const char* operation, const array<A, N>& a, const array<B, N>& b) {
    if (a.extents() == b.extents() && a.rank_box() == b.rank_box()) return;
    throw error(errc::invalid_argument,
                std::string(operation) + ": the arrays are not cut alike over the ranks");
}

template <class Array, class F>
void for_each_element(Array& field, F&& f) {
    const auto mine = field.local();
    const auto first = field.rank_box().lo;
    constexpr int N = decltype(mine)::rank();
    for_each_row<N>(mine.extents(), [&](indices<N> at, index_t length) {
        auto* const row = &mine[at];
        for (std::size_t d = 0; d < N; ++d) at[d] += first[d];
        for (index_t i = 0; i < length; ++i, ++at[N - 1])
            if constexpr (std::invocable<F&, const indices<N>&, decltype(*row)>)
                f(std::as_const(at), row[i]);
            else
                f(row[i]);
    });
}

/// What every rank gives, by rank.
template <class T>
std::vector<T> all_gather(const team& team, const T& mine) {
    std::vector<T> all(static_cast<std::size_t>(team.size()), mine);
    const std::span bytes(reinterpret_cast<unsigned char*>(all.data()), all.size() * sizeof(T));
    const std::size_t begin = static_cast<std::size_t>(team.rank()) * sizeof(T);
    std::fill_n(bytes.begin(), begin, static_cast<unsigned char>(0));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin + sizeof(T)), bytes.end(),
              static_cast<unsigned char>(0));
    all_reduce(team, bytes); // each byte is somebody's, and 0 with all others
    return all;
}

/// Throws on all ranks if one brings an exception: there that one, on others errc::peer_lost.
inline void throw_together(const team& team, const char* operation,
                           const std::exception_ptr& mine) {
    constexpr int nobody = std::numeric_limits<int>::max();
    const int who = all_reduce(team, mine ? team.rank() : nobody, accumulate_op::min);
    if (mine) std::rethrow_exception(mine);
    if (who != nobody)
        throw error(errc::peer_lost,
                    std::string(operation) + ": the program's function failed on rank " +
                        std::to_string(who),
                    true);
}

template <class T, int N, class Better>
T best(const char* operation, const array<T, N>& field, accumulate_op op, T worst,
       Better&& better) {
    if (field.size() == 0)
        throw error(errc::invalid_argument, std::string(operation) + ": the array has no elements",
                    true);
    T result = worst;
    bool is_first = true;
    for_each(field, [&](const T& value) {
        if (is_first || better(value, result)) result = value;
        is_first = false;
    });
    return all_reduce(field.get_team(), result, op);
}

/// Share `part` of `parts` of `count` elements: whole cache lines of doubles.
inline index_t share_of(index_t count, int part, int parts) {
    constexpr index_t line = 8;
    return part == parts ? count : count / line * part / parts * line;
}

/// Sums of my share of the columns of this node, rows in order.
template <class T, class U>
void add_rows(const array<T, 2>& field, std::span<U> out) {
    const team& everyone = field.get_team();
    const view<const T, 2> rows = field.node();
    const index_t columns = rows.extent(1);
    const index_t begin = share_of(columns, everyone.node_rank(), everyone.node_size());
    const index_t end = share_of(columns, everyone.node_rank() + 1, everyone.node_size());
    U* const sums = out.data() + field.node_box().lo[1] + begin;
    for (index_t i = 0; begin < end && i < rows.extent(0); ++i) {
        const T* const row = &rows(i, begin);
        for (index_t j = 0; j < end - begin; ++j) sums[j] += static_cast<U>(row[j]);
    }
}

} // namespace detail

template <class T, int N>
void fill(array<T, N>& to, const std::type_identity_t<T>& value) {
    detail::for_each_row<N>(to.local().extents(),
                            [mine = to.local(), &value](const auto& at, index_t length) {
                                std::fill_n(&mine[at], length, value);
                            });
}

template <class T, int N, class F>
void for_each(array<T, N>& field, F&& f) {
    detail::for_each_element(field, f);
}

template <class T, int N, class F>
void for_each(const array<T, N>& field, F&& f) {
    detail::for_each_element(field, f);
}

template <class A, class T, int N, class F>
void transform(const array<A, N>& a, array<T, N>& out, F&& f) {
    detail::require_cut_alike("transform", a, out);
    detail::for_each_row<N>(out.local().extents(), [&, from = a.local(), to = out.local()](
                                                       const auto& at, index_t length) {
        const A* const x = &from[at];
        T* const y = &to[at];
        for (index_t i = 0; i < length; ++i) y[i] = f(x[i]);
    });
}

template <class A, class B, class T, int N, class F>
void transform(const array<A, N>& a, const array<B, N>& b, array<T, N>& out, F&& f) {
    detail::require_cut_alike("transform", a, out);
    detail::require_cut_alike("transform", b, out);
    detail::for_each_row<N>(out.local().extents(),
                            [&, first = a.local(), second = b.local(),
                             to = out.local()](const auto& at, index_t length) {
                                const A* const x = &first[at];
                                const B* const y = &second[at];
                                T* const z = &to[at];
                                for (index_t i = 0; i < length; ++i) z[i] = f(x[i], y[i]);
                            });
}

template <class T, int N>
void copy(const array<T, N>& from, array<T, N>& to) {
    if (from.extents() != to.extents())
        throw error(errc::size_mismatch, "copy: the arrays have different extents");
    if (&from == &to || to.rank_box().empty()) return;
    from.get(to.rank_box(), to.local());
}

template <class T, int N>
requires(array<T, N>::is_number) T sum(const array<T, N>& field) {
    T mine{};
    const auto part = field.local();
    detail::for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
        mine += detail::sum_of<T>(length, [row = &part[at]](index_t i) { return row[i]; });
    });
    return all_reduce(field.get_team(), mine);
}

template <class T, int N>
requires(std::is_arithmetic_v<T>) T min(const array<T, N>& field) {
    using limits = std::numeric_limits<T>;
    return detail::best("min", field, accumulate_op::min,
                        limits::has_infinity ? limits::infinity() : limits::max(), std::less<T>());
}

template <class T, int N>
requires(std::is_arithmetic_v<T>) T max(const array<T, N>& field) {
    using limits = std::numeric_limits<T>;
    return detail::best("max", field, accumulate_op::max,
                        limits::has_infinity ? -limits::infinity() : limits::lowest(),
                        std::greater<T>());
}

template <class T, int N>
requires(array<T, N>::is_number) T dot(const array<T, N>& a, const array<T, N>& b) {
    detail::require_cut_alike("dot", a, b);
    T mine{};
    const auto first = a.local(), second = b.local();
    detail::for_each_row<N>(first.extents(), [&](const auto& at, index_t length) {
        const T *const x = &first[at], *const y = &second[at];
        mine += detail::sum_of<T>(length, [x, y](index_t i) { return x[i] * y[i]; });
    });
    return all_reduce(a.get_team(), mine);
}

template <class T, int N, class Op, class U>
requires(std::is_trivially_copyable_v<U>) U reduce(const array<T, N>& field, Op&& op, U init) {
    struct partial {
        U value;
        bool is_empty, has_failed;
    };
    partial mine{init, true, false};
    std::exception_ptr failure;
    try {
        for_each(field, [&](const T& value) {
            mine.value = mine.is_empty ? static_cast<U>(value) : op(mine.value, value);
            mine.is_empty = false;
        });
    } catch (...) {
        failure = std::current_exception();
    }
    const std::vector<partial> all = detail::all_gather(field.get_team(), mine);
    U result = init;
    try {
        for (const partial& one : all)
            if (!failure && !one.is_empty) result = op(result, one.value);
    } catch (...) {
        failure = std::current_exception();
    }
    detail::throw_together(field.get_team(), "reduce", failure);
    return result;
}

template <class T, std::floating_point U>
void mean(const array<T, 2>& field, int axis, std::span<U> out) {
    if (axis != 0 && axis != 1)
        throw error(errc::invalid_argument, "mean: an axis is 0 or 1, not " + std::to_string(axis));
    if (static_cast<index_t>(out.size()) != field.extent(1 - axis)) {
        all_reduce(field.get_team(), out); // fails on all ranks, if others have room enough
        throw error(errc::size_mismatch,
                    "mean: " + std::to_string(out.size()) + " elements given for " +
                        std::to_string(field.extent(1 - axis)),
                    true);
    }
    if (field.extent(axis) == 0)
        throw error(errc::invalid_argument, "mean: the array has no elements");
    std::fill(out.begin(), out.end(), U{0});
    if (axis == 0)
        detail::add_rows(field, out);
    else
        detail::for_each_row<2>(field.local().extents(), [&](const auto& at, index_t length) {
            const T* const row = &field.local()[at];
            out[static_cast<std::size_t>(field.rank_box().lo[0] + at[0])] =
                detail::sum_of<U>(length, [row](index_t i) { return static_cast<U>(row[i]); });
        });
    all_reduce(field.get_team(), out); // where others have added, this rank has 0
    for (U& value : out) value /= static_cast<U>(field.extent(axis));
}

template <class F>
void work_share(team& team, const box<1>& range, index_t chunk, F&& f) {
    int ranks = 0; // of the largest node
    for (int node = 0; node < team.nodes(); ++node)
        ranks = std::max(ranks, team.ranks().node_size(node));
    index_t portion = 0;
    if (chunk < 1 || __builtin_mul_overflow(chunk, index_t{ranks}, &portion))
        throw error(errc::invalid_argument,
                    "work_share: chunks of " + std::to_string(chunk) + " indices");
    counter tickets(team, range.lo[0], portion);
    std::exception_ptr failure;
    try {
        for (box<1> part = tickets.take(chunk); part.lo[0] < range.hi[0];
             part = tickets.take(chunk)) {
            part.hi[0] = std::min(part.hi[0], range.hi[0]);
            if constexpr (std::invocable<F&, const box<1>&>)
                f(std::as_const(part));
            else
                for (index_t i = part.lo[0]; i < part.hi[0]; ++i) f(i);
        }
    } catch (...) {
        failure = std::current_exception();
    }
    team.fence();
    detail::throw_together(team, "work_share", failure);
}

} // namespace nodespan
