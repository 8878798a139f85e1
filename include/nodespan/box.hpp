#pragma once

#include "nodespan/indices.hpp"

#include <algorithm>
#include <concepts>
#include <limits>
#include <utility>

namespace NODESPAN_EXPORT nodespan {

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

    /// Empty, at the origin.
    constexpr box() = default;

    /// Both ends, with N numbers each: box<2>{{0, 0}, {10, 5}}.
    constexpr box(const indices<N>& begin, const indices<N>& end) : lo(begin), hi(end) {}

    /// hi - lo, never below 0.
    [[nodiscard]] constexpr indices<N> extents() const {
        indices<N> result = lo;
        for (std::size_t d = 0; d < lo.size(); ++d) result[d] = detail::length(lo[d], hi[d]);
        return result;
    }

    /// How many elements; 0 for an empty box.
    [[nodiscard]] constexpr index_t size() const {
        if (empty()) return 0;
        index_t count = 1;
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (__builtin_mul_overflow(count, detail::length(lo[d], hi[d]), &count))
                return std::numeric_limits<index_t>::max();
        return count;
    }

    [[nodiscard]] constexpr bool empty() const {
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (hi[d] <= lo[d]) return true;
        return false;
    }

    [[nodiscard]] constexpr bool contains(const indices<N>& at) const {
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (at[d] < lo[d] || at[d] >= hi[d]) return false;
        return true;
    }

    /// Whether all of `other` lies inside this box; an empty box lies inside every box.
    template <std::same_as<box> Box> // no brace is taken for a box: contains({1, 2}) asks of an
                                     // index
    [[nodiscard]] constexpr bool contains(const Box& other) const {
        if (other.empty()) return true;
        for (std::size_t d = 0; d < lo.size(); ++d)
            if (other.lo[d] < lo[d] || other.hi[d] > hi[d]) return false;
        return true;
    }

    [[nodiscard]] constexpr box intersection(const box& other) const {
        box result = *this;
        for (std::size_t d = 0; d < lo.size(); ++d) {
            result.lo[d] = std::max(lo[d], other.lo[d]);
            result.hi[d] = std::max(result.lo[d], std::min(hi[d], other.hi[d]));
        }
        return result;
    }

    friend constexpr bool operator==(const box&, const box&) = default;
};

/// Every step[d]-th index of a range: lo, lo + step, ... below hi. Needs step >= 1.
template <int N>
struct strided_box {
    indices<N> lo{};
    indices<N> hi{};
    indices<N> step{};

    constexpr strided_box(const indices<N>& begin, const indices<N>& end, const indices<N>& every)
        : lo(begin),
          hi(end),
          step(every) {}

    /// How many indices there are along each dimension.
    [[nodiscard]] constexpr indices<N> extents() const {
        indices<N> result = lo;
        for (std::size_t d = 0; d < lo.size(); ++d)
            result[d] = hi[d] <= lo[d] ? 0 : (detail::length(lo[d], hi[d]) - 1) / step[d] + 1;
        return result;
    }

    friend constexpr bool operator==(const strided_box&, const strided_box&) = default;
};

/// The same box with its number of dimensions known only at run time.
template <int N>
requires(N != dynamic_rank) [[nodiscard]] constexpr box<dynamic_rank> to_dynamic(const box<N>& b) {
    return {b.lo, b.hi};
}

/// The same box with N known at compile time. Needs a box of N dimensions.
template <int N>
[[nodiscard]] constexpr box<N> to_static(const box<dynamic_rank>& b) {
    box<N> result;
    for (std::size_t d = 0; d < result.lo.size(); ++d) { // GCC 14 warns of std::copy_n of them
        result.lo[d] = b.lo[d];
        result.hi[d] = b.hi[d];
    }
    return result;
}

/// The same values in reverse order.
template <class Index>
[[nodiscard]] constexpr Index reversed(Index values) {
    for (std::size_t d = 0; 2 * d + 1 < values.size(); ++d)
        std::swap(values[d], values[values.size() - 1 - d]);
    return values;
}

/// The box of the same elements if indices are taken in reverse order.
template <int N>
[[nodiscard]] constexpr box<N> transposed(const box<N>& b) {
    return {reversed(b.lo), reversed(b.hi)};
}

/// Row-major strides, in elements, of a dense block with these extents.
template <class Index>
[[nodiscard]] constexpr Index row_major_strides(const Index& extents) {
    Index strides = extents;
    index_t step = 1;
    for (std::size_t d = extents.size(); d-- > 0;) {
        strides[d] = step;
        if (d > 0) step *= extents[d]; // the product of all may be too large a number
    }
    return strides;
}

} // namespace nodespan
