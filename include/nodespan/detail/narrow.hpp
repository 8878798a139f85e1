#pragma once

#include "nodespan/detail/export.hpp"

#include <cmath>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

template <class T>
concept plain_number = std::integral<T> || std::floating_point<T>;

/// Whether To has every value of From.
template <plain_number To, plain_number From>
inline constexpr bool holds_all_of =
    std::floating_point<To>
        ? std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits &&
              (std::integral<From> ||
               std::numeric_limits<From>::max_exponent <= std::numeric_limits<To>::max_exponent)
        : std::integral<From>&& std::numeric_limits<From>::digits <= std::numeric_limits<To>::digits
              && (std::is_signed_v<To> || !std::is_signed_v<From>);

/// 2^digits, the first power of two that is too large for the type Integer.
template <std::floating_point Float, std::integral Integer>
Float first_too_large() {
    return std::ldexp(Float(1), std::numeric_limits<Integer>::digits);
}

template <std::integral To, std::floating_point From>
bool has_same_integer(From value) {
    const From end = first_too_large<From, To>();
    const From begin = std::is_signed_v<To> ? -end : From(0);
    return value >= begin && value < end && std::trunc(value) == value; // false for a NaN
}

template <std::floating_point To, std::integral From>
bool has_same_float(From value) {
    const To near = static_cast<To>(value);
    return has_same_integer<From>(near) && static_cast<From>(near) == value;
}

/// The number as a To, or nothing where To does not have that very number: never another one. A NaN
/// and infinities are themselves in every floating type, and in no other.
template <plain_number To, plain_number From>
std::optional<To> narrow(From value) {
    if constexpr (std::integral<To> && std::integral<From>) {
        const To same = static_cast<To>(value);
        if (static_cast<From>(same) != value || (same < To(0)) != (value < From(0))) return {};
        return same;
    } else if constexpr (std::integral<To>) {
        if (!has_same_integer<To>(value)) return {};
        return static_cast<To>(value);
    } else if constexpr (std::integral<From>) {
        if (!holds_all_of<To, From> && !has_same_float<To>(value)) return {};
        return static_cast<To>(value);
    } else {
        if (std::isnan(value) || std::isinf(value)) return static_cast<To>(value);
        if constexpr (!holds_all_of<To, From>)
            if (std::abs(value) > static_cast<From>(std::numeric_limits<To>::max())) return {};
        const To same = static_cast<To>(value);
        if (static_cast<From>(same) != value) return {};
        return same;
    }
}

/// The name of a type in messages: int32, uint64, bool, float64; long double, whose size differs
/// between machines.
template <plain_number T>
std::string number_name() {
    using plain = std::remove_cv_t<T>;
    if (std::same_as<plain, bool>) return "bool";
    if (std::same_as<plain, long double>) return "long double";
    const std::string bits = std::to_string(sizeof(T) * 8);
    if (std::floating_point<T>) return "float" + bits;
    return (std::is_signed_v<T> ? "int" : "uint") + bits;
}

} // namespace detail
} // namespace nodespan
