#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/detail/narrow.hpp"
#include "nodespan/hdf5_info.hpp"

#include <concepts>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

template <class T, class Attribute>
inline constexpr bool is_kind_of = false;
template <class T, class... Kinds>
inline constexpr bool is_kind_of<T, std::variant<Kinds...>> = (std::same_as<T, Kinds> || ...);

template <class T>
inline constexpr bool is_number_list = false;
template <plain_number T>
inline constexpr bool is_number_list<std::vector<T>> = true;

/// The types that a program can store as an attribute: any number, and the types of `attribute`.
template <class T>
concept attribute_value = plain_number<T> || is_kind_of<T, attribute>;

/// The exact value as an attribute: a number that index_t and double do not have becomes a list of
/// one.
template <attribute_value T>
attribute to_attribute(const T& value) {
    if constexpr (std::integral<T>) {
        if (const auto usual = narrow<index_t>(value)) return *usual;
        return std::vector<std::uint64_t>{static_cast<std::uint64_t>(value)};
    } else if constexpr (std::floating_point<T>) {
        if (const auto usual = narrow<double>(value)) return *usual;
        return std::vector<long double>{static_cast<long double>(value)};
    } else {
        return value;
    }
}

/// A number as another type of its kind, integer or floating; nothing if that type does not have
/// it.
template <plain_number T, plain_number From>
std::optional<T> same_number(From value) {
    if constexpr (std::integral<T> == std::integral<From>) return narrow<T>(value);
    return {};
}

template <attribute_value T, class Stored>
std::optional<T> from_stored(const Stored& stored) {
    if constexpr (std::same_as<T, Stored>) {
        return stored;
    } else if constexpr (plain_number<T> && plain_number<Stored>) {
        return same_number<T>(stored);
    } else if constexpr (plain_number<T> && (std::same_as<Stored, std::vector<std::uint64_t>> ||
                                             std::same_as<Stored, std::vector<long double>>)) {
        if (stored.size() == 1) return same_number<T>(stored.front());
    } else if constexpr (is_number_list<T> && is_number_list<Stored>) {
        T result;
        for (const auto number : stored)
            if (const auto same = same_number<typename T::value_type>(number))
                result.push_back(*same);
        if (result.size() == stored.size()) return result;
    }
    return {};
}

/// The stored value, or nothing if T does not have exactly this value.
template <attribute_value T>
std::optional<T> from_attribute(const attribute& kept) {
    return std::visit([](const auto& stored) { return from_stored<T>(stored); }, kept);
}

/// The name of the type in messages.
template <attribute_value T>
std::string attribute_type_name() {
    if constexpr (plain_number<T>)
        return number_name<T>();
    else if constexpr (std::same_as<T, std::string>)
        return "text";
    else if constexpr (is_number_list<T>)
        return "list of " + number_name<typename T::value_type>();
    else
        return "list of texts";
}

} // namespace detail
} // namespace nodespan
