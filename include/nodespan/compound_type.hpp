#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"

#include <array>
#include <complex>
#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// One member of a struct that files hold: its name in the file, and the member itself.
template <class T, class M>
struct compound_member {
    const char* name;
    M T::*member;
};

/// The members of the struct T that files hold, empty where T is no such struct. To store arrays of
/// a struct, list its members once, outside of all namespaces:
///     template <>
///     inline constexpr auto nodespan::stored_members<particle> = std::tuple(
///         nodespan::compound_member{"mass", &particle::mass},
///         nodespan::compound_member{"position", &particle::position});
/// A member is a number, complex, a std::array or C array of what can be stored, or such a struct.
template <class T>
inline constexpr std::tuple<> stored_members{};

namespace detail {

struct file_member;

/// An element type that files can hold; known at run time.
struct file_type {
    char kind = 0; ///< i: signed, u: unsigned, f: floating, c: complex, s: struct, a: array.
    std::size_t bytes = 0;            ///< Of a whole element.
    std::vector<file_member> members; ///< Of a struct; one for the elements of an array.
    std::vector<index_t> extents;     ///< Of an array.
    std::string name{};               ///< Of a type that arrays do not have (kind 0).
};

struct file_member {
    std::string name;
    std::size_t offset = 0; ///< Bytes from the begin of the struct.
    file_type type;
};

/// Whether elements of one type can be converted to the other: the types are the same except for
/// the offsets of members.
bool is_same_type(const file_type& a, const file_type& b);

/// Whether all parts of the type are known.
bool is_whole(const file_type& type);

/// The type as text, such as float64, complex128, float64[3] or {mass: float64, position:
/// float64[3]}.
[[nodiscard]] std::string to_text(const file_type& type);

template <class T>
constexpr char scalar_kind() {
    if constexpr (std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>)
        return 'c';
    else if constexpr (std::same_as<T, float> || std::same_as<T, double>)
        return 'f';
    else if constexpr (std::integral<T> && !std::same_as<T, bool> && sizeof(T) <= 8)
        return std::signed_integral<T> ? 'i' : 'u';
    else
        return 0;
}

template <class T>
inline constexpr bool is_std_array = false;
template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;
template <int N, class Dimensions>
inline constexpr bool is_std_array<static_indices<N, Dimensions>> = true;

template <class T>
constexpr bool is_storable() {
    if constexpr (std::is_bounded_array_v<T>) {
        return is_storable<std::remove_extent_t<T>>();
    } else if constexpr (is_std_array<T>) {
        return std::tuple_size_v<T> > 0 && is_storable<typename T::value_type>();
    } else if constexpr (scalar_kind<T>() != 0) {
        return true;
    } else {
        return std::apply(
            []<class... M>(const compound_member<T, M>&... members) {
                return sizeof...(members) > 0 && (is_storable<M>() && ...);
            },
            stored_members<T>);
    }
}

template <class T, class M>
std::size_t offset_of(M T::*member) {
    alignas(T) static const std::byte memory[sizeof(T)]{}; // only its addresses are used
    const T& object = *reinterpret_cast<const T*>(memory);
    return static_cast<std::size_t>(
        reinterpret_cast<const std::byte*>(std::addressof(object.*member)) - memory);
}

template <class T>
file_type file_type_of();

template <class Element>
file_type array_type(std::size_t count, std::size_t bytes) {
    file_type element = file_type_of<Element>();
    std::vector<index_t> extents{static_cast<index_t>(count)};
    if (element.kind == 'a') { // an array of arrays is one of more dimensions
        extents.insert(extents.end(), element.extents.begin(), element.extents.end());
        file_type inner = element.members[0].type;
        element = std::move(inner);
    }
    return {'a', bytes, {{"", 0, std::move(element)}}, std::move(extents)};
}

template <class T>
file_type file_type_of() {
    if constexpr (std::is_bounded_array_v<T>) {
        return array_type<std::remove_extent_t<T>>(std::extent_v<T>, sizeof(T));
    } else if constexpr (is_std_array<T>) {
        return array_type<typename T::value_type>(std::tuple_size_v<T>, sizeof(T));
    } else if constexpr (scalar_kind<T>() != 0) {
        return {scalar_kind<T>(), sizeof(T), {}, {}};
    } else {
        file_type type{'s', sizeof(T), {}, {}};
        std::apply(
            [&]<class... M>(const compound_member<T, M>&... members) {
                (type.members.push_back(
                     {members.name, offset_of(members.member), file_type_of<M>()}),
                 ...);
            },
            stored_members<T>);
        return type;
    }
}

} // namespace detail

/// Whether files hold arrays of T: integers of 1 to 8 bytes, float, double, std::complex of these
/// two (stored as a compound of r and i, as h5py does), std::array of these, and structs with
/// `stored_members`. Not bool: a file may hold bytes that are no bool.
template <class T>
concept storable = detail::is_storable<T>();

} // namespace nodespan
