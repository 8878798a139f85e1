#pragma once

#include "nodespan/detail/export.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

namespace NODESPAN_EXPORT nodespan {

/// Every index, extent and count of elements: signed, 64 bits.
using index_t = std::int64_t;

/// The largest number of dimensions that an array can have.
inline constexpr int max_dimensions = 6;

/// Stands for a number of dimensions that is known only at run time.
inline constexpr int dynamic_rank = 0;

/// Up to `max_dimensions` indices; their number is known only at run time. Allocates nothing.
class index_list {
public:
    constexpr index_list() = default;

    /// `count` times `value`. Needs 0 <= count <= max_dimensions.
    constexpr index_list(int count, index_t value) : count_(count) {
        std::fill_n(values_.begin(), count, value);
    }

    template <std::size_t N>
    constexpr index_list(const std::array<index_t, N>& values) : count_(static_cast<int>(N)) {
        static_assert(N <= max_dimensions, "an array has at most 6 dimensions");
        std::copy(values.begin(), values.end(), values_.begin());
    }

    constexpr std::size_t size() const noexcept { return static_cast<std::size_t>(count_); }
    constexpr index_t operator[](std::size_t d) const noexcept { return values_[d]; }
    constexpr index_t& operator[](std::size_t d) noexcept { return values_[d]; }
    constexpr const index_t* begin() const noexcept { return values_.data(); }
    constexpr const index_t* end() const noexcept { return values_.data() + count_; }

    friend constexpr bool operator==(const index_list&, const index_list&) = default;

private:
    std::array<index_t, max_dimensions> values_{}; // unused places stay 0, so == may compare all
    int count_ = 0;
};

/// The indices of one element, or extents: a `std::array` where N is known, an `index_list` where
/// it is not.
template <int N>
using indices = std::conditional_t<N == dynamic_rank, index_list,
                                   std::array<index_t, static_cast<std::size_t>(N > 0 ? N : 1)>>;

namespace detail {

/// hi - lo, never below 0; the largest number where it is larger.
constexpr index_t length(index_t lo, index_t hi) {
    index_t result = 0;
    if (hi <= lo) return 0;
    return __builtin_sub_overflow(hi, lo, &result) ? std::numeric_limits<index_t>::max() : result;
}

} // namespace detail

/// A half-open range of N-d indices, `[lo, hi)`. It is empty if hi[d] <= lo[d] for any d.
///
/// Extents and sizes above 2^63 - 1, such as those of a box that will be refused, count as 2^63 -
/// 1.
template <int N>
struct box {
    indices<N> lo{};
    indices<N> hi{};

    /// hi - lo, never below 0.
    constexpr indices<N> extents() const {
        indices<N> result = lo;
        for (std::size_t d = 0; d < lo.size(); ++d) result[d] = detail::length(lo[d], hi[d]);
        return result;
    }

    /// How many elements; 0 for an empty box.
    constexpr index_t size() const {
        if (empty()) return 0;
        index_t count = 1;
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (__builtin_mul_overflow(count, detail::length(lo[d], hi[d]), &count))
                return std::numeric_limits<index_t>::max();
        return count;
    }

    constexpr bool empty() const {
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (hi[d] <= lo[d]) return true;
        return false;
    }

    constexpr bool contains(const indices<N>& at) const {
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (at[d] < lo[d] || at[d] >= hi[d]) return false;
        return true;
    }

    /// Whether all of `other` lies inside this box; an empty box lies inside every box.
    template <std::same_as<box> Box> // no brace is taken for a box: contains({1, 2}) asks of an
                                     // index
    constexpr bool contains(const Box& other) const {
        if (other.empty()) return true;
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (other.lo[d] < lo[d] || other.hi[d] > hi[d]) return false;
        return true;
    }

    constexpr box intersection(const box& other) const {
        box result = *this;
        for (std::size_t d = 0; d < lo.size(); ++d) {
            result.lo[d] = std::max(lo[d], other.lo[d]);
            result.hi[d] = std::max(result.lo[d], std::min(hi[d], other.hi[d]));
        }
        return result;
    }

    friend constexpr bool operator==(const box&, const box&) = default;
};

/// The same box with its number of dimensions known only at run time.
template <int N>
requires(N != dynamic_rank) constexpr box<dynamic_rank> to_dynamic(const box<N>& b) {
    return {b.lo, b.hi};
}

/// The same box with N known at compile time. Needs a box of N dimensions.
template <int N>
constexpr box<N> to_static(const box<dynamic_rank>& b) {
    box<N> result;
    std::copy_n(b.lo.begin(), N, result.lo.begin());
    std::copy_n(b.hi.begin(), N, result.hi.begin());
    return result;
}

/// The same values in reverse order.
template <class Index>
constexpr Index reversed(Index values) {
    for (std::size_t d = 0; 2 * d + 1 < values.size(); ++d)
        std::swap(values[d], values[values.size() - 1 - d]);
    return values;
}

/// The box of the same elements if indices are taken in reverse order.
template <int N>
constexpr box<N> transposed(const box<N>& b) {
    return {reversed(b.lo), reversed(b.hi)};
}

/// Row-major strides, in elements, of a dense block with these extents.
template <class Index>
constexpr Index row_major_strides(const Index& extents) {
    Index strides = extents;
    index_t step = 1;
    for (std::size_t d = extents.size(); d-- > 0;) {
        strides[d] = step;
        if (d > 0) step *= extents[d]; // the product of all may be too large a number
    }
    return strides;
}

} // namespace nodespan
