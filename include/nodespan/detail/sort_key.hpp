#pragma once

#include "nodespan/detail/requirements.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace nodespan::detail {

template <std::size_t Bytes>
using unsigned_of = std::conditional_t<
    Bytes == 1, std::uint8_t,
    std::conditional_t<Bytes == 2, std::uint16_t,
                       std::conditional_t<Bytes == 4, std::uint32_t, std::uint64_t>>>;

/// Numbers whose order is that of an unsigned integer made of their bits.
template <class T>
concept has_sort_key = std::same_as<T, float> || std::same_as<T, double> ||
    (std::integral<T> && sizeof(T) <= 8);

/// An integer that is less where `value` is less. NaNs come last, and are equal; so are both zeros.
/// It looks at bits only, so that a program's -ffast-math does not change it.
template <bool is_descending = false, has_sort_key T>
constexpr auto sort_key(T value) noexcept {
    using bits = unsigned_of<sizeof(T)>;
    constexpr bits top = static_cast<bits>(bits{1} << (8 * sizeof(T) - 1));
    constexpr bits all = static_cast<bits>(~bits{0});
    const auto flipped = [](bits key) { return is_descending ? static_cast<bits>(~key) : key; };
    auto word = std::bit_cast<bits>(value);
    if constexpr (std::floating_point<T>) {
        constexpr auto infinity = std::bit_cast<bits>(std::numeric_limits<T>::infinity());
        const bits magnitude = word & static_cast<bits>(~top);
        if (magnitude == 0) word = 0;
        const bits key = word ^ ((word & top) != 0 ? all : top);
        return magnitude > infinity ? all : flipped(key);
    } else if constexpr (std::is_signed_v<T>) {
        return flipped(static_cast<bits>(word ^ top));
    } else {
        return flipped(word);
    }
}

template <class T>
constexpr bool is_nan(const T& value) noexcept {
    if constexpr (std::floating_point<T> && has_sort_key<T>)
        return sort_key(value) == static_cast<unsigned_of<sizeof(T)>>(-1);
    else if constexpr (std::floating_point<T>)
        return value != value;
    else
        return false;
}

} // namespace nodespan::detail
