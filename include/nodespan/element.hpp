#pragma once

#include <complex>
#include <concepts>
#include <type_traits>

namespace nodespan {

/// How accumulate combines what is there with what comes.
enum class accumulate_op { sum, min, max, prod, replace };

constexpr const char* to_string(accumulate_op op) noexcept {
    switch (op) {
    case accumulate_op::sum: return "sum";
    case accumulate_op::min: return "min";
    case accumulate_op::max: return "max";
    case accumulate_op::prod: return "prod";
    case accumulate_op::replace: return "replace";
    }
    return "unknown";
}

namespace detail {

/// The element types that arithmetic knows at run time. All else is `other`: it can be copied only.
enum class element_kind : unsigned char {
    other,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
    float32,
    float64,
    long_double,
    complex_float32,
    complex_float64
};

/// The kind of T. Integers go by size and sign, since `long` and `long long` are distinct types of
/// equal meaning; bool is no number.
template <class T>
constexpr element_kind kind_of() {
    using U = std::remove_cv_t<T>;
    using enum element_kind;
    if constexpr (std::same_as<U, bool>) return other;
    else if constexpr (std::integral<U>) {
        constexpr bool is_signed = std::is_signed_v<U>;
        switch (sizeof(U)) {
        case 1: return is_signed ? int8 : uint8;
        case 2: return is_signed ? int16 : uint16;
        case 4: return is_signed ? int32 : uint32;
        case 8: return is_signed ? int64 : uint64;
        default: return other;
        }
    } else if constexpr (std::same_as<U, float>) return float32;
    else if constexpr (std::same_as<U, double>) return float64;
    else if constexpr (std::same_as<U, long double>) return long_double;
    else if constexpr (std::same_as<U, std::complex<float>>) return complex_float32;
    else if constexpr (std::same_as<U, std::complex<double>>) return complex_float64;
    else return other;
}

/// Whether elements of this kind can be combined so. Complex numbers have no order, and what we do
/// not know has no arithmetic.
constexpr bool supports(element_kind kind, accumulate_op op) noexcept {
    if (kind == element_kind::other) return false;
    const bool is_complex =
        kind == element_kind::complex_float32 || kind == element_kind::complex_float64;
    return !is_complex || (op != accumulate_op::min && op != accumulate_op::max);
}

} // namespace detail
} // namespace nodespan
