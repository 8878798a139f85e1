#pragma once

#include "nodespan/array.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/detail/local_rows.hpp"
#include "nodespan/detail/together.hpp"

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace nodespan {

/// out[i] = a[0] + ... + a[i]. The sums may be of a wider type than the elements; integers wrap.
/// Shape:  arrays of equal extents, cut alike over the ranks; `out` may be the same array as `a`.
/// Call:   collective over the array's team.
/// Epoch:  the memory rule, of the rank's own elements; other ranks see the sums after a fence.
/// Order:  each rank adds its own elements in order, to the sum of those of the ranks before it. So
///         integers have the same bits for any number of ranks, and floating-point numbers in every
///         run of a team of the same size.
/// Errors: errc::invalid_argument (arrays that are not cut alike), on all ranks; errc::peer_lost,
///         MPI category.
/// Cost:   two passes over the elements and two all_reduce calls.
template <class T, class U>
requires(array<T, 1>::is_number&& array<U, 1>::is_number) void cumsum(const array<T, 1>& a,
                                                                      array<U, 1>& out);

/// How many elements lie in each bin: in bin k those with edges[k] <= element < edges[k + 1]; the
/// last bin holds its upper edge as well, as in NumPy. NaNs lie in no bin.
/// Shape:  at least two edges, which ascend; one bin less. Elements and edges are compared in their
///         common type.
/// Call:   collective over the array's team, same edges on all ranks; all get the result.
/// Epoch:  the memory rule, of the rank's own elements.
/// Errors: errc::mismatched_arguments, errc::invalid_argument (edges), on all ranks;
///         errc::peer_lost, MPI category.
/// Cost:   one pass over the elements, with a binary search for each one unless the edges are
///         nearly equally far from each other; two all_reduce calls.
template <class T, int N, std::ranges::contiguous_range Edges>
requires(std::is_arithmetic_v<T>)
    [[nodiscard]] std::vector<index_t> histogram(const array<T, N>& field, const Edges& edges);

namespace detail {

// Sums of integers wrap.
template <class U>
U plus(U a, U b) {
    if constexpr (std::is_integral_v<U> && !std::is_same_v<U, bool>)
        return static_cast<U>(static_cast<std::make_unsigned_t<U>>(a) +
                              static_cast<std::make_unsigned_t<U>>(b));
    else
        return a + b;
}

/// Finds the bin of a value among ascending edges.
template <class E>
class bins {
public:
    explicit bins(std::span<const E> edges) : edges_(edges) {
        const double width = static_cast<double>(edges.back()) - static_cast<double>(edges[0]);
        scale_ = static_cast<double>(count()) / width;
        is_even_ = width > 0 && scale_ * width < 1e300;
        for (std::size_t i = 0; i < edges.size() && is_even_; ++i) {
            const double at =
                (static_cast<double>(edges[i]) - static_cast<double>(edges[0])) * scale_;
            is_even_ = at > static_cast<double>(i) - 0.5 && at < static_cast<double>(i) + 0.5;
        }
    }

    std::size_t count() const { return edges_.size() - 1; }

    /// Needs a value between the first edge and the last, both included.
    std::size_t find(E value) const {
        if (!is_even_) {
            const auto place = std::ranges::upper_bound(edges_, value) - edges_.begin();
            return std::min(static_cast<std::size_t>(place), count()) - 1;
        }
        const double guess = (static_cast<double>(value) - static_cast<double>(edges_[0])) * scale_;
        std::size_t bin = std::min(static_cast<std::size_t>(guess), count() - 1);
        while (value < edges_[bin]) --bin;
        while (bin + 1 < count() && value >= edges_[bin + 1]) ++bin;
        return bin;
    }

private:
    std::span<const E> edges_;
    double scale_ = 0;
    bool is_even_ = false;
};

} // namespace detail

template <class T, class U>
requires(array<T, 1>::is_number&& array<U, 1>::is_number) void cumsum(const array<T, 1>& a,
                                                                      array<U, 1>& out) {
    detail::access::core(a).require_live("cumsum");
    detail::access::core(a).require_boxes("cumsum");
    detail::access::core(out).require_boxes("cumsum");
    const team& everyone = a.get_team();
    detail::require_on_all(everyone, a.extents() == out.extents() && a.rank_box() == out.rank_box(),
                           errc::invalid_argument,
                           "cumsum: the arrays are not cut alike over the ranks");
    const view<const T, 1> from = a.local();
    U mine{};
    for (const T& element : from) mine = detail::plus(mine, static_cast<U>(element));
    const std::vector<U> sums = detail::all_gather(everyone, mine);
    U sum{};
    for (int rank = 0; rank < everyone.rank(); ++rank)
        sum = detail::plus(sum, sums[static_cast<std::size_t>(rank)]);
    const view<U, 1> to = out.local();
    for (index_t i = 0; i < from.size(); ++i)
        to(i) = sum = detail::plus(sum, static_cast<U>(from(i)));
}

template <class T, int N, std::ranges::contiguous_range Edges>
requires(std::is_arithmetic_v<T>) std::vector<index_t> histogram(const array<T, N>& field,
                                                                 const Edges& edges) {
    using E = std::ranges::range_value_t<Edges>;
    using common = std::common_type_t<T, E>;
    detail::access::core(field).require_live("histogram");
    const team& everyone = field.get_team();
    const std::span<const E> given(std::ranges::data(edges), std::ranges::size(edges));
    detail::require_same(everyone, "histogram", given);
    const std::vector<common> ends(given.begin(), given.end());
    bool is_ascending = ends.size() >= 2;
    for (std::size_t i = 1; i < ends.size(); ++i) is_ascending &= ends[i - 1] <= ends[i];
    if (!is_ascending)
        throw error(errc::invalid_argument,
                    "histogram: " + std::to_string(ends.size()) +
                        " edges that are fewer than two or do not ascend",
                    true);
    const detail::bins<common> found{std::span<const common>(ends)};
    std::vector<index_t> counts(found.count(), 0);
    const auto part = field.local();
    detail::for_each_row<N>(part.extents(), [&](const auto& at, index_t length) {
        const T* const row = &part[at];
        for (index_t i = 0; i < length; ++i) {
            const auto value = static_cast<common>(row[i]);
            if (value >= ends.front() && value <= ends.back()) ++counts[found.find(value)];
        }
    });
    all_reduce(everyone, counts);
    return counts;
}

} // namespace nodespan
