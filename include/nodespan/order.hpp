#pragma once

#include "nodespan/array.hpp"
#include "nodespan/creation.hpp"
#include "nodespan/detail/local_rows.hpp"
#include "nodespan/detail/together.hpp"
#include "nodespan/sort.hpp"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Where elements are, and which there are. Results depend on no number of ranks or nodes.

namespace nodespan {

/// The indices of the least and of the largest element; of several, those of the first, row-major.
/// As in NumPy a NaN is both least and largest. Both zeros are equal.
/// Call:   collective over the array's team; all ranks get the result. Not a fence.
/// Epoch:  the memory rule, of the rank's own elements.
/// Errors: errc::invalid_argument (no elements), on all ranks; errc::peer_lost, MPI category.
/// Cost:   one pass over the elements, and an all_reduce of some bytes a rank.
template <class T, int N>
requires(std::is_arithmetic_v<T>) [[nodiscard]] indices<N> argmin(const array<T, N>& field);
template <class T, int N>
requires(std::is_arithmetic_v<T>) [[nodiscard]] indices<N> argmax(const array<T, N>& field);

/// The indices of all elements that are not zero, row-major, in a new array that is cut evenly.
/// Call:   collective over the array's team.
/// Epoch:  the memory rule, of the rank's own elements; all ranks see the result.
/// Errors: as making an array.
/// Cost:   a pass over the elements, and a new array; where the array is cut over other dimensions
///         than the first, a sort of the result.
template <class T, int N>
[[nodiscard]] array<indices<N>, 1> nonzero(const array<T, N>& field);

/// The elements in ascending order, each once, in a new array that is cut evenly. All NaNs are one.
/// Call:   collective over the array's team.
/// Epoch:  ends one; all ranks see the result.
/// Errors: as sort.
/// Cost:   as sort, of a copy of the array, and another copy of what remains.
template <class T>
[[nodiscard]] array<T, 1> unique(const array<T, 1>& field);

/// Before or behind elements that are equal to the value.
enum class side { left, right };

/// For each value the index in a sorted array at which it could be put in without changing the
/// order: before the first element that is not less, or behind the last one that is not larger.
/// Shape:  `sorted` is ascending, as sort leaves it; the result has as many indices as `values`.
/// Call:   any rank alone.
/// Epoch:  as get.
/// Errors: as gather.
/// Cost:   one node: a binary search for each value. Several: log2(size) times a gather of as many
///         elements as there are values, so ask for many at once.
template <class T>
[[nodiscard]] std::vector<index_t> searchsorted(const array<T, 1>& sorted,
                                                std::type_identity_t<std::span<const T>> values,
                                                side which = side::left);

namespace detail {

template <int N>
index_t flat_index(const indices<N>& at, const indices<N>& extents) {
    index_t result = 0;
    for (std::size_t d = 0; d < N; ++d) result = result * extents[d] + at[d];
    return result;
}

// `is_better(a, b)`: a is chosen, and not b.
template <class T, int N, class Better>
indices<N> place_of_best(const char* operation, const array<T, N>& field, Better is_better) {
    access::core(field).require_live(operation);
    if (field.size() == 0)
        throw error(errc::invalid_argument, std::string(operation) + ": the array has no elements",
                    true);
    struct candidate {
        T value;
        bool is_there;
        indices<N> at;
    };
    candidate mine{};
    const auto part = field.local();
    for_each_row<N>(part.extents(), [&](indices<N> at, index_t length) {
        const T* const row = &part[at];
        for (index_t i = 0; i < length; ++i)
            if (!mine.is_there || is_better(row[i], mine.value)) {
                mine = {row[i], true, at};
                mine.at[N - 1] += i;
            }
    });
    if (mine.is_there) mine.at = field.local_index(mine.at);
    std::optional<candidate> best;
    for (const candidate& one : all_gather(field.get_team(), mine)) {
        if (!one.is_there) continue;
        const bool is_chosen =
            !best || is_better(one.value, best->value) ||
            (!is_better(best->value, one.value) &&
             flat_index<N>(one.at, field.extents()) < flat_index<N>(best->at, field.extents()));
        if (is_chosen) best = one;
    }
    return best->at;
}

// Whether rank order is the row-major order of the elements.
template <class T, int N>
bool is_cut_in_rows(const array<T, N>& field) {
    if (field.is_cyclic()) return false;
    for (int rank = 0; rank < field.get_team().size(); ++rank) {
        const box<N> part = field.rank_box_of(rank);
        for (std::size_t d = 1; d < N; ++d)
            if (!part.empty() && part.extents()[d] != field.extents()[d]) return false;
    }
    return true;
}

// A new array, cut evenly, of what all ranks have, in rank order.
template <class T, class Fill>
array<T, 1> array_of_found(const team& everyone, const char* operation, Fill fill) {
    std::vector<T> mine;
    std::exception_ptr failure;
    try {
        fill(mine);
    } catch (...) {
        failure = std::current_exception();
    }
    throw_together(everyone, operation, failure);
    const view<const T, 1> found(mine.data(), {static_cast<index_t>(mine.size())});
    return array_from_parts(everyone, found, {.distribution = {.node_grid = {everyone.nodes()}}});
}

} // namespace detail

template <class T, int N>
requires(std::is_arithmetic_v<T>) indices<N> argmin(const array<T, N>& field) {
    return detail::place_of_best("argmin", field, [](const T& a, const T& b) {
        return !detail::is_nan(b) && (detail::is_nan(a) || ascending()(a, b));
    });
}

template <class T, int N>
requires(std::is_arithmetic_v<T>) indices<N> argmax(const array<T, N>& field) {
    return detail::place_of_best("argmax", field, [](const T& a, const T& b) {
        return !detail::is_nan(b) && (detail::is_nan(a) || descending()(a, b));
    });
}

template <class T, int N>
array<indices<N>, 1> nonzero(const array<T, N>& field) {
    detail::access::core(field).require_live("nonzero");
    array<indices<N>, 1> result = detail::array_of_found<indices<N>>(
        field.get_team(), "nonzero", [&](std::vector<indices<N>>& mine) {
            for_each(field, [&](const indices<N>& at, const T& element) {
                if (element != T{}) mine.push_back(at);
            });
        });
    if (!detail::is_cut_in_rows(field)) sort(result);
    return result;
}

template <class T>
array<T, 1> unique(const array<T, 1>& field) {
    detail::access::core(field).require_boxes("unique");
    array<T, 1> sorted(field.get_team(), field.extents(),
                       {.distribution = field.options().distribution, .zeroed = false});
    sorted.fence(); // all have written what is read now
    std::copy(field.local().begin(), field.local().end(), sorted.local().begin());
    sort(sorted);
    array<T, 1> result =
        detail::array_of_found<T>(field.get_team(), "unique", [&](std::vector<T>& mine) {
            const view<const T, 1> part = std::as_const(sorted).local();
            if (part.empty()) return;
            const index_t first = sorted.rank_box().lo[0];
            if (first == 0 || ascending()(sorted.get({first - 1}), part(0)))
                mine.push_back(part(0));
            for (index_t i = 1; i < part.size(); ++i)
                if (ascending()(part(i - 1), part(i))) mine.push_back(part(i));
        });
    return result;
}

template <class T>
std::vector<index_t> searchsorted(const array<T, 1>& sorted,
                                  std::type_identity_t<std::span<const T>> values, side which) {
    const auto is_before = [which](const T& element, const T& value) {
        return which == side::left ? ascending()(element, value) : !ascending()(value, element);
    };
    std::vector<index_t> result(values.size(), 0);
    if (sorted.get_team().nodes() == 1) {
        detail::access::core(sorted).require_live("searchsorted");
        const view<const T, 1> all = sorted.node();
        for (std::size_t i = 0; i < values.size(); ++i)
            result[i] = std::partition_point(
                            all.begin(), all.end(),
                            [&](const T& element) { return is_before(element, values[i]); }) -
                        all.begin();
        return result;
    }
    std::vector<index_t> end(values.size(), sorted.size());
    std::vector<indices<1>> middles;
    for (index_t length = sorted.size(); length > 0; length /= 2) { // all ranges halve together
        middles.clear();
        for (std::size_t i = 0; i < values.size(); ++i)
            middles.push_back({std::min(result[i] + (end[i] - result[i]) / 2, sorted.size() - 1)});
        std::vector<T> found(values.size());
        sorted.gather(middles, found);
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (result[i] == end[i]) continue;
            if (is_before(found[i], values[i]))
                result[i] = middles[i][0] + 1;
            else
                end[i] = middles[i][0];
        }
    }
    return result;
}

} // namespace nodespan
