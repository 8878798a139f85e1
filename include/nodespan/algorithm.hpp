#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/local_rows.hpp"
#include "nodespan/detail/together.hpp"
#include "nodespan/mean.hpp"
#include "nodespan/work_share.hpp"

#include <algorithm>
#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <vector>

/// Operations on whole arrays. Every rank works on its own elements, those of its rank box. Results
/// have the same bits in every run of a team of the same shape.

namespace nodespan {

// Each rank works alone: no communication, and no fence before or after.
// Epoch:  the memory rule.

/// Sets all elements.
/// Call:   all ranks, each sets its own elements.
template <class T, int N>
void fill(array<T, N>& to, const std::type_identity_t<T>& value);

/// Calls f(element), or f(indices, element) with global indices, for each element, row-major.
/// Call:   all ranks, each for its own elements.
/// Errors: what f throws, on that rank.
template <class T, int N, class F>
void for_each(array<T, N>& field, F&& f);
template <class T, int N, class F>
void for_each(const array<T, N>& field, F&& f);

/// out = f(a), or f(a, b), element by element; out may be the same array as one of the others.
/// Shape:  equal extents, cut alike over the ranks.
/// Call:   all ranks, each for its own elements.
/// Errors: errc::invalid_argument (the arrays are cut differently), what f throws; on that rank.
template <class A, class T, int N, class F>
void transform(const array<A, N>& a, array<T, N>& out, F&& f);
template <class A, class B, class T, int N, class F>
void transform(const array<A, N>& a, const array<B, N>& b, array<T, N>& out, F&& f);

/// Copies all elements. The arrays may be cut differently, have different orders in memory, and
/// belong to different teams.
/// Shape:  equal extents.
/// Call:   all ranks of the team of `to`, each for its own elements of `to`.
/// Epoch:  reads the values of the last fence of `from`; the memory rule.
/// Errors: errc::size_mismatch, on all ranks; else as array::get.
/// Cost:   a local copy if the rank's boxes in both arrays are equal, else a get; into a
///         block-cyclic array one for each block.
template <class T, int N, class From, class To>
void copy(const array<T, N, From>& from, array<T, N, To>& to);

// The calls below are collective over the array's team; all ranks get the result. They are no
// fences for transfers. Every rank combines its own elements in a fixed order; then the ranks'
// results are combined as by all_reduce. Their errors are errc::peer_lost and the MPI category;
// they cost one pass over the elements and one all_reduce.

/// The sum of all elements; 0 if there are none.
template <class T, int N>
requires(array<T, N>::is_number) [[nodiscard]] T sum(const array<T, N>& field);

/// The least and the largest element. The result is NaN if any element is NaN, and -0 is less than
/// +0, as for accumulate_op::min; so it is the same for any number of ranks. fmin and fmax pass
/// over NaNs; their result is NaN only if all elements are NaN.
/// Errors: errc::invalid_argument (no elements), on all ranks.
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    min(const array<T, N>& field);
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    max(const array<T, N>& field);
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    fmin(const array<T, N>& field);
template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) [[nodiscard]] T
    fmax(const array<T, N>& field);

/// The sum of a * b, without conjugation.
/// Errors: errc::invalid_argument (the arrays are cut differently), on all ranks.
/// Cost:   an all_reduce more.
template <class T, int N>
requires(array<T, N>::is_number) [[nodiscard]] T dot(const array<T, N>& a, const array<T, N>& b);

/// Combines init with all elements by op(U, T) and op(U, U), which must be associative, as for
/// std::reduce. U may be a wider type than the elements, for example for a sum of bytes.
/// Shape:  U is trivially copyable. Same init on all ranks.
/// Errors: what op throws, on that rank; the others get errc::peer_lost, and the team lives on.
/// Cost:   as above, and some bytes for each rank of the team.
template <class T, int N, class Op, class U>
requires(std::is_trivially_copyable_v<U>) [[nodiscard]] U
    reduce(const array<T, N>& field, Op&& op, U init);

namespace detail {

template <class A, class B, int N>
bool is_cut_alike(const array<A, N>& a, const array<B, N>& b) {
    const array_core &one = access::core(a), &other = access::core(b);
    return one.rank_places() == other.rank_places() && one.cut().has_places_of(other.cut());
}

template <class A, class B, int N>
void require_cut_alike(const char* operation, const array<A, N>& a, const array<B, N>& b) {
    detail::access::core(a).require_live(operation);
    if (is_cut_alike(a, b)) return;
    throw error(errc::invalid_argument,
                std::string(operation) + ": the arrays are not cut alike over the ranks");
}

template <class Array, class F>
void for_each_element(Array& field, F&& f) {
    detail::access::core(field).require_live("for_each");
    const auto mine = field.local();
    constexpr int N = decltype(mine)::rank();
    const auto visit = [&](const indices<N>& extents, const indices<N>& place,
                           const indices<N>& first) {
        for_each_row<N>(extents, [&](indices<N> at, index_t length) {
            indices<N> inside = place;
            for (std::size_t d = 0; d < N; ++d) inside[d] += at[d];
            auto* const row = &mine[inside];
            for (std::size_t d = 0; d < N; ++d) at[d] += first[d];
            for (index_t i = 0; i < length; ++i, ++at[N - 1])
                if constexpr (std::invocable<F&, const indices<N>&, decltype(*row)>)
                    f(std::as_const(at), row[i]);
                else
                    f(row[i]);
        });
    };
    if constexpr (std::invocable<F&, const indices<N>&, decltype(*mine.data_handle())>)
        field.for_each_local_box([&](const box<N>& global, const indices<N>& place) {
            visit(global.extents(), place, global.lo);
        });
    else
        visit(mine.extents(), {}, {});
}

template <class T, int N>
T best(const array<T, N>& field, accumulate_op op) {
    detail::access::core(field).require_live(to_string(op));
    if (field.size() == 0)
        throw error(errc::invalid_argument,
                    std::string(to_string(op)) + ": the array has no elements", true);
    T result = neutral<T>(op);
    const auto part = field.local();
    for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
        combine_all(kind_of<T>(), op, &part[at], length, &result);
    });
    return all_reduce(field.get_team(), result, op);
}

} // namespace detail

template <class T, int N>
void fill(array<T, N>& to, const std::type_identity_t<T>& value) {
    detail::access::core(to).require_live("fill");
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

template <class T, int N, class From, class To>
void copy(const array<T, N, From>& from, array<T, N, To>& to) {
    if (from.extents() != to.extents())
        throw error(errc::size_mismatch, "copy: the arrays have different extents");
    if (static_cast<const void*>(&from) == &to) return;
    to.for_each_local_box([&](const box<N>& mine, const indices<N>& place) {
        from.get(mine, to.local().patch(detail::shifted(mine, mine.lo, place)));
    });
}

template <class T, int N>
requires(array<T, N>::is_number) T sum(const array<T, N>& field) {
    detail::access::core(field).require_live("sum");
    T mine{};
    const auto part = field.local();
    detail::for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
        mine += detail::sum_of<T>(length, [row = &part[at]](index_t i) { return row[i]; });
    });
    return all_reduce(field.get_team(), mine);
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T min(const array<T, N>& field) {
    return detail::best(field, accumulate_op::min);
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T max(const array<T, N>& field) {
    return detail::best(field, accumulate_op::max);
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T fmin(const array<T, N>& field) {
    return detail::best(field, accumulate_op::fmin);
}

template <class T, int N>
requires(array<T, N>::is_number&& std::is_arithmetic_v<T>) T fmax(const array<T, N>& field) {
    return detail::best(field, accumulate_op::fmax);
}

template <class T, int N>
requires(array<T, N>::is_number) T dot(const array<T, N>& a, const array<T, N>& b) {
    detail::access::core(a).require_live("dot");
    detail::require_on_all(a.get_team(), detail::is_cut_alike(a, b), errc::invalid_argument,
                           "dot: the arrays are not cut alike over the ranks");
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

} // namespace nodespan
