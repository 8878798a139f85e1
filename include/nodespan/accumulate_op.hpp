#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"

#include <atomic>
#include <complex>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>

namespace NODESPAN_EXPORT nodespan {

/// How accumulate combines the old value of an element with a new one. All calls that take an
/// accumulate_op use it in the same way.
///
/// min and max of floating-point numbers are IEEE 754's minimum and maximum: a NaN on either side
/// gives NaN, as in NumPy, and -0 is less than +0. fmin and fmax are its minimumNumber and
/// maximumNumber: if only one side is NaN, they give the number. So results depend neither on the
/// order of the ranks nor on which rank holds which value. If the result is a NaN, its sign and
/// payload are unspecified. For integers fmin and fmax equal min and max. Sums and products of
/// integers wrap.
/// Source: IEEE 754-2019 section 9.6.
enum class accumulate_op { sum, min, max, prod, replace, fmin, fmax };

constexpr const char* to_string(accumulate_op op) noexcept {
    switch (op) {
    case accumulate_op::sum:
        return "sum";
    case accumulate_op::min:
        return "min";
    case accumulate_op::max:
        return "max";
    case accumulate_op::prod:
        return "prod";
    case accumulate_op::replace:
        return "replace";
    case accumulate_op::fmin:
        return "fmin";
    case accumulate_op::fmax:
        return "fmax";
    }
    return "unknown";
}

namespace detail {

/// The element types that have arithmetic at run time. All other types are `other`: their elements
/// can only be copied.
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

constexpr element_kind kind_of_integer(std::size_t bytes, bool is_signed) noexcept {
    using enum element_kind;
    switch (bytes) {
    case 1:
        return is_signed ? int8 : uint8;
    case 2:
        return is_signed ? int16 : uint16;
    case 4:
        return is_signed ? int32 : uint32;
    case 8:
        return is_signed ? int64 : uint64;
    default:
        return other;
    }
}

/// The kind of T. Integers are told apart by size and sign, since `long` and `long long` are
/// distinct types with the same meaning. bool counts as no number.
template <class T>
constexpr element_kind kind_of() noexcept {
    using U = std::remove_cv_t<T>;
    if (std::same_as<U, bool>) return element_kind::other;
    if constexpr (std::integral<U>) return kind_of_integer(sizeof(U), std::is_signed_v<U>);
    if (std::same_as<U, float>) return element_kind::float32;
    if (std::same_as<U, double>) return element_kind::float64;
    if (std::same_as<U, long double>) return element_kind::long_double;
    if (std::same_as<U, std::complex<float>>) return element_kind::complex_float32;
    if (std::same_as<U, std::complex<double>>) return element_kind::complex_float64;
    return element_kind::other;
}

/// The neutral element of an operation, for ranks that hold no elements.
template <class T>
constexpr T neutral(accumulate_op op) {
    using limits = std::numeric_limits<T>;
    if (limits::has_quiet_NaN && (op == accumulate_op::fmin || op == accumulate_op::fmax))
        return limits::quiet_NaN();
    if (op == accumulate_op::min || op == accumulate_op::fmin)
        return limits::has_infinity ? limits::infinity() : limits::max();
    return limits::has_infinity ? -limits::infinity() : limits::lowest();
}

/// Numbers of up to 8 bytes, which MPI and all processors can add to in one step. A compiler that
/// may use 16-byte atomics also has some for long double and __int128, but MPI has none.
template <class T>
concept addable = std::is_arithmetic_v<T> && kind_of<T>()
!= element_kind::other && sizeof(T) <= 8 && std::atomic_ref<T>::is_always_lock_free;

/// Whether elements of this kind have this operation. Complex numbers have no order, and elements
/// of kind `other` have no arithmetic.
constexpr bool supports(element_kind kind, accumulate_op op) noexcept {
    if (kind == element_kind::other) return false;
    const bool is_complex =
        kind == element_kind::complex_float32 || kind == element_kind::complex_float64;
    switch (op) {
    case accumulate_op::sum:
    case accumulate_op::prod:
    case accumulate_op::replace:
        return true;
    case accumulate_op::min:
    case accumulate_op::max:
    case accumulate_op::fmin:
    case accumulate_op::fmax:
        return !is_complex;
    }
    return false; // a number that is no operation
}

/// *result = op(*result, each of `count` elements that lie one after the other). It is compiled in
/// the library, so that a program's -ffast-math, which ignores NaNs, does not change it. Needs
/// supports(kind, op).
void combine_all(element_kind kind, accumulate_op op, const void* elements, index_t count,
                 void* result) noexcept;

/// to[i] = op(to[i], from[i]) for `count` elements. As above; they do not overlap.
void combine_each(element_kind kind, accumulate_op op, const void* from, index_t count,
                  void* to) noexcept;

} // namespace detail
} // namespace nodespan
