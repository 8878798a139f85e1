#pragma once

#include "nodespan/detail/export.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace NODESPAN_EXPORT nodespan {

/// Every index, extent and count of elements: signed, 64 bits.
using index_t = std::int64_t;

/// The largest number of dimensions that an array can have.
inline constexpr int max_dimensions = 6;

/// Stands for a number of dimensions that is known only at run time.
inline constexpr int dynamic_rank = 0;

namespace detail {

/// Exactly N numbers, or none, which are 0. A `std::array` that does not take fewer in its braces;
/// all else it has from there.
template <int N, class = std::make_index_sequence<static_cast<std::size_t>(N)>>
class static_indices;

template <int N, std::size_t... D>
class static_indices<N, std::index_sequence<D...>> : public std::array<index_t, sizeof...(D)> {
    template <std::size_t>
    using number = index_t; // one a dimension, of no template type: so braces do not narrow

public:
    using array_type = std::array<index_t, sizeof...(D)>;

    constexpr static_indices() noexcept : array_type{} {}
    constexpr static_indices(number<D>... values) noexcept // NOLINT: meant to convert
        : array_type{values...} {}

    /// Of arrays only, not of braces, which could mean one.
    template <std::same_as<array_type> Array>
    constexpr static_indices(const Array& values) noexcept // NOLINT: meant to convert
        : array_type(values) {}
};

} // namespace detail

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

/// The indices of one element, or extents. Where N is known it is a `std::array` of index_t that is
/// made of exactly N numbers, indices<2>{i, j}, or of none, which are 0. Where N is not known it is
/// an `index_list`.
template <int N>
using indices =
    std::conditional_t<N == dynamic_rank, index_list, detail::static_indices<(N > 0 ? N : 1)>>;

static_assert(std::is_trivially_copyable_v<indices<3>> && std::is_standard_layout_v<indices<3>> &&
                  sizeof(indices<3>) == 3 * sizeof(index_t),
              "lists of indices are handed on as the numbers they are made of");

} // namespace nodespan

template <int N, class Dimensions>
struct std::tuple_size<nodespan::detail::static_indices<N, Dimensions>>
    : std::integral_constant<std::size_t, static_cast<std::size_t>(N)> {};

template <std::size_t K, int N, class Dimensions>
struct std::tuple_element<K, nodespan::detail::static_indices<N, Dimensions>> {
    using type = nodespan::index_t;
};
