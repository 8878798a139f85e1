#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/detail/sort_key.hpp"
#include "nodespan/detail/sort_runs.hpp"
#include "nodespan/detail/split_runs.hpp"
#include "nodespan/detail/together.hpp"

#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nodespan {

/// The orders that sort knows by themselves. NaNs come last in both, as in NumPy, and count as
/// equal; so do both zeros. Other types are compared by their operator<.
struct ascending {
    template <detail::has_sort_key T>
    static constexpr auto bits(const T& value) noexcept {
        return detail::sort_key(value);
    }
    template <class T>
    constexpr bool operator()(const T& a, const T& b) const {
        if constexpr (detail::has_sort_key<T>)
            return bits(a) < bits(b);
        else
            return a < b || (detail::is_nan(b) && !detail::is_nan(a));
    }
};
struct descending {
    template <detail::has_sort_key T>
    static constexpr auto bits(const T& value) noexcept {
        return detail::sort_key<true>(value);
    }
    template <class T>
    constexpr bool operator()(const T& a, const T& b) const {
        if constexpr (detail::has_sort_key<T>)
            return bits(a) < bits(b);
        else
            return b < a || (detail::is_nan(b) && !detail::is_nan(a));
    }
};

/// Sorts all elements, whichever rank holds them. Equal elements keep their order, so the result is
/// the same for any number of ranks and nodes.
/// Shape:  any cut of the array; every rank keeps its rank box.
/// Call:   collective over the array's team, with equal `less` on all ranks: a strict weak order,
///         as for std::sort.
/// Epoch:  ends one when it begins and one when it returns.
/// Errors: errc::no_capacity, errc::mismatched_arguments (other extents on other ranks),
///         errc::invalid_argument (`less` is no strict weak order, where that is noticed), on all
///         ranks. What `less` throws, on that rank; the others get errc::peer_lost, and the team
///         lives on. After an error the elements may be in another order, or be others.
/// Cost:   each rank sorts its own elements: integers and floating-point numbers of up to 8 bytes,
///         ascending or descending, byte by byte in up to 8 passes without comparisons, others by
///         std::stable_sort. On one node every rank then looks for its share in all runs; over
///         nodes, from 256 KiB on, some 30 rounds of three all_reduce calls find it. Each element
///         moves once, over the network at most once, and is merged in log2(ranks) passes. Memory:
///         another array like this one, and in teams of more than two ranks or several nodes as
///         much again of the rank's own.
template <class T, class Less = ascending>
void sort(array<T, 1>& field, Less less = {});

/// Sorts the keys, and moves the values along with them. With values 0, 1, 2... that gives the
/// places from which the keys came.
/// Shape:  arrays of equal extents, cut alike over the ranks.
/// Call:   as above.
/// Epoch:  as above.
/// Errors: as above; errc::invalid_argument (arrays that are not cut alike), on all ranks. If
///         `less` throws, neither array has changed.
/// Cost:   as above, of pairs of a key and a value; and as much memory of the rank's own for them.
template <class K, class V, class Less = ascending>
void sort(array<K, 1>& keys, array<V, 1>& values, Less less = {});

namespace detail {

/// Where my share begins and ends in the run of each rank.
struct run_pieces {
    std::vector<index_t> begin, end;

    void require(index_t count) const {
        bool is_right = true;
        for (std::size_t q = 0; q < begin.size(); ++q) {
            is_right &= begin[q] <= end[q];
            count -= end[q] - begin[q];
        }
        if (!is_right || count != 0)
            throw error(errc::invalid_argument,
                        "sort: the comparison is no strict weak order of the elements");
    }
};

// How many elements the ranks before this one have.
template <class R>
index_t begin_of(const array<R, 1>& runs, int rank) {
    index_t result = 0;
    for (int r = 0; r < rank; ++r) result += runs.rank_box_of(r).size();
    return result;
}

// Up to this size it is cheaper to fetch all runs from other nodes than to talk about them.
inline constexpr index_t small_sort_bytes = 256 * 1024;

// On one node, or for few elements, each rank looks for itself.
template <class R, class Order>
run_pieces pieces_by_myself(const array<R, 1>& runs, Order& order) {
    const team& everyone = runs.get_team();
    const bool is_far = everyone.nodes() > 1;
    const std::size_t count_of_all = is_far ? static_cast<std::size_t>(runs.size()) : 0;
    const auto fetched = std::make_unique_for_overwrite<R[]>(count_of_all);
    if (is_far) runs.get({{0}, {runs.size()}}, std::span<R>(fetched.get(), count_of_all));
    std::vector<std::span<const R>> all;
    for (int rank = 0; rank < everyone.size(); ++rank) {
        const box<1> part = runs.rank_box_of(rank);
        if (is_far)
            all.push_back(std::span<const R>(fetched.get() + (part.empty() ? 0 : part.lo[0]),
                                             static_cast<std::size_t>(part.size())));
        else
            all.push_back(runs.block(rank));
    }
    const index_t begin = begin_of(runs, everyone.rank());
    const index_t count = runs.rank_box().size();
    run_pieces result{split_here<R>(all, begin, order), split_here<R>(all, begin + count, order)};
    result.require(count);
    return result;
}

// Over nodes every rank looks where all shares begin in its own run; then it asks the others.
template <class R, class Order>
run_pieces pieces_over_nodes(const array<R, 1>& runs, Order& order) {
    const team& everyone = runs.get_team();
    const auto ranks = static_cast<index_t>(everyone.size());
    std::vector<index_t> targets;
    for (int rank = 1; rank < everyone.size(); ++rank) targets.push_back(begin_of(runs, rank));
    std::exception_ptr failure;
    const std::span<const R> run = runs.local();
    const std::vector<index_t> mine =
        run_splitter<R, Order>(everyone, run, targets, order).find(failure);
    throw_together(everyone, "sort", failure);

    array<index_t, 2> table(everyone, {ranks, ranks + 1}, {.name = "sort"}); // a row a rank
    const view<index_t, 2> row = table.local();
    std::copy(mine.begin(), mine.end(), &row(0, 1));
    row(0, ranks) = static_cast<index_t>(run.size());
    table.fence();
    std::vector<index_t> ends(static_cast<std::size_t>(2 * ranks));
    table.get({{0, everyone.rank()}, {ranks, everyone.rank() + 2}}, ends);
    table.fence(); // all ranks have read it
    run_pieces result;
    for (std::size_t i = 0; i < ends.size(); i += 2) {
        result.begin.push_back(ends[i]);
        result.end.push_back(ends[i + 1]);
    }
    result.require(static_cast<index_t>(run.size()));
    return result;
}

// Merges my pieces of all runs. Those of this node are read where they lie; others are fetched.
template <class R, class Order>
void merge_pieces(const array<R, 1>& runs, const run_pieces& pieces, std::span<R> to,
                  Order& order) {
    const team& everyone = runs.get_team();
    const auto is_far = [&](int rank) { return everyone.node_of(rank) != everyone.node(); };
    std::vector<std::span<const R>> parts;
    index_t far_elements = 0;
    for (int rank = 0; rank < everyone.size(); ++rank) {
        const auto q = static_cast<std::size_t>(rank);
        if (is_far(rank)) far_elements += pieces.end[q] - pieces.begin[q];
    }
    const auto fetched =
        std::make_unique_for_overwrite<R[]>(static_cast<std::size_t>(far_elements));
    std::vector<request> under_way;
    R* next = fetched.get();
    for (int rank = 0; rank < everyone.size(); ++rank) {
        const auto q = static_cast<std::size_t>(rank);
        const index_t begin = pieces.begin[q], count = pieces.end[q] - begin;
        if (count == 0) continue;
        if (is_far(rank)) {
            const index_t first = runs.rank_box_of(rank).lo[0] + begin;
            const std::span<R> memory(next, static_cast<std::size_t>(count));
            under_way.push_back(runs.get_async(box<1>{{first}, {first + count}}, memory));
            parts.push_back(memory);
            next += count;
        } else {
            parts.push_back(
                std::span<const R>(&runs.block(rank)(begin), static_cast<std::size_t>(count)));
        }
    }
    for (request& one : under_way) one.wait();
    const auto spare =
        std::make_unique_for_overwrite<R[]>(parts.size() > 2 ? to.size() : std::size_t{0});
    merge_runs<R>(parts, to.data(), spare.get(), order);
}

/// Sorts the elements that all ranks have in `mine`; each gets as many as it had.
template <class R, class Order>
void sort_shares(const team& everyone, index_t total, const distribution_options& cut,
                 std::span<R> mine, Order& order) {
    array<R, 1> runs(everyone, {total}, {.distribution = cut, .zeroed = false, .name = "sort"});
    std::exception_ptr failure;
    try {
        order.sort(mine, runs.local());
    } catch (...) {
        failure = std::current_exception();
    }
    throw_together(everyone, "sort", failure);
    runs.fence();
    try {
        const bool is_alone =
            everyone.nodes() == 1 || total <= small_sort_bytes / static_cast<index_t>(sizeof(R));
        const run_pieces pieces =
            is_alone ? pieces_by_myself(runs, order) : pieces_over_nodes(runs, order);
        merge_pieces(runs, pieces, mine, order);
    } catch (...) {
        failure = std::current_exception();
    }
    throw_together(everyone, "sort", failure);
}

template <class K, class V>
struct keyed_value {
    K key;
    V value;
};

} // namespace detail

template <class T, class Less>
void sort(array<T, 1>& field, Less less) {
    detail::access::core(field).require_boxes("sort");
    field.fence();
    const auto whole = [](const T& element) -> const T& { return element; };
    detail::record_order<T, decltype(whole), Less> order{whole, std::move(less)};
    detail::sort_shares<T>(field.get_team(), field.size(), field.options().distribution,
                           field.local(), order);
    field.fence();
}

template <class K, class V, class Less>
void sort(array<K, 1>& keys, array<V, 1>& values, Less less) {
    using record = detail::keyed_value<K, V>;
    const team& everyone = keys.get_team();
    detail::access::core(keys).require_boxes("sort");
    detail::access::core(values).require_boxes("sort");
    detail::require_on_all(
        everyone, keys.extents() == values.extents() && keys.rank_box() == values.rank_box(),
        errc::invalid_argument, "sort: the arrays are not cut alike over the ranks");
    keys.fence();
    values.fence();
    const view<K, 1> own_keys = keys.local();
    const view<V, 1> own_values = values.local();
    std::vector<record> mine;
    std::exception_ptr failure;
    try {
        mine.reserve(static_cast<std::size_t>(own_keys.size()));
        for (index_t i = 0; i < own_keys.size(); ++i) mine.push_back({own_keys(i), own_values(i)});
    } catch (...) {
        failure = std::current_exception();
    }
    detail::throw_together(everyone, "sort", failure);
    const auto key_of = [](const record& one) -> const K& { return one.key; };
    detail::record_order<record, decltype(key_of), Less> order{key_of, std::move(less)};
    detail::sort_shares<record>(everyone, keys.size(), keys.options().distribution, mine, order);
    for (index_t i = 0; i < own_keys.size(); ++i) {
        own_keys(i) = mine[static_cast<std::size_t>(i)].key;
        own_values(i) = mine[static_cast<std::size_t>(i)].value;
    }
    keys.fence();
    values.fence();
}

} // namespace nodespan
