#pragma once

#include "nodespan/detail/export.hpp"

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>
#include <type_traits>

namespace NODESPAN_EXPORT nodespan {

/// The element types that NumPy, CSV and raw files can hold, known at run time.
enum class dtype : unsigned char {
    boolean,
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
    complex64,
    complex128
};

/// The order of the bytes of a number in a file.
enum class byte_order : unsigned char { little, big };

/// Which index of an array runs fastest in a file: the last one (C) or the first one (Fortran).
enum class index_order : unsigned char { row_major, column_major };

namespace detail {

struct dtype_facts {
    const char* name; // NumPy's
    std::size_t bytes;
    char kind; // NumPy's: b, i, u, f, c
};

inline constexpr dtype_facts dtypes[] = {
    {"bool", 1, 'b'},       {"int8", 1, 'i'},    {"int16", 2, 'i'},   {"int32", 4, 'i'},
    {"int64", 8, 'i'},      {"uint8", 1, 'u'},   {"uint16", 2, 'u'},  {"uint32", 4, 'u'},
    {"uint64", 8, 'u'},     {"float32", 4, 'f'}, {"float64", 8, 'f'}, {"complex64", 8, 'c'},
    {"complex128", 16, 'c'}};

constexpr const dtype_facts& facts_of(dtype type) noexcept {
    return dtypes[static_cast<std::size_t>(type)];
}

/// The type of this kind and size, if there is one.
constexpr std::optional<dtype> find_dtype(char kind, std::size_t bytes) noexcept {
    for (std::size_t k = 0; k < std::size(dtypes); ++k)
        if (dtypes[k].kind == kind && dtypes[k].bytes == bytes) return static_cast<dtype>(k);
    return std::nullopt;
}

template <class T>
constexpr char number_kind() noexcept {
    if (std::same_as<T, bool>) return 'b';
    if (std::integral<T>) return std::is_signed_v<T> ? 'i' : 'u';
    if (std::same_as<T, float> || std::same_as<T, double>) return 'f';
    if (std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>) return 'c';
    return 0;
}

} // namespace detail

/// Whether files can hold T: bool, integers of 1 to 8 bytes, float, double, and std::complex of
/// these two.
template <class T>
concept has_dtype = detail::find_dtype(detail::number_kind<T>(), sizeof(T))
.has_value();

/// T as a value.
template <has_dtype T>
constexpr dtype dtype_of() noexcept {
    return *detail::find_dtype(detail::number_kind<T>(), sizeof(T));
}

/// The name that NumPy gives it, such as float64.
constexpr const char* dtype_name(dtype type) noexcept {
    return detail::facts_of(type).name;
}

/// The bytes of one element.
constexpr std::size_t bytes_of(dtype type) noexcept {
    return detail::facts_of(type).bytes;
}

/// Calls f(std::type_identity<T>()) for the C++ type T that has this number type, and returns what
/// f does: the same type for all T. For programs that learn the type of their elements at run time.
template <class F>
constexpr decltype(auto) visit(dtype type, F&& f) {
    using enum dtype;
    switch (type) {
    case boolean:
        return f(std::type_identity<bool>());
    case int8:
        return f(std::type_identity<std::int8_t>());
    case int16:
        return f(std::type_identity<std::int16_t>());
    case int32:
        return f(std::type_identity<std::int32_t>());
    case int64:
        return f(std::type_identity<std::int64_t>());
    case uint8:
        return f(std::type_identity<std::uint8_t>());
    case uint16:
        return f(std::type_identity<std::uint16_t>());
    case uint32:
        return f(std::type_identity<std::uint32_t>());
    case uint64:
        return f(std::type_identity<std::uint64_t>());
    case float32:
        return f(std::type_identity<float>());
    case complex64:
        return f(std::type_identity<std::complex<float>>());
    case complex128:
        return f(std::type_identity<std::complex<double>>());
    case float64:
        break;
    }
    return f(std::type_identity<double>());
}

/// The type of this name, if there is one.
constexpr std::optional<dtype> find_dtype(std::string_view name) noexcept {
    for (std::size_t k = 0; k < std::size(detail::dtypes); ++k)
        if (detail::dtypes[k].name == name) return static_cast<dtype>(k);
    return std::nullopt;
}

} // namespace nodespan
