#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/dtype.hpp"

#include <fmt/format.h>

#include <type_traits>

namespace nodespan::detail {

/// Errors: errc::invalid_argument.
inline void require_one_dimension(const char* operation, const array_core& field) {
    if (field.cut().dimensions() != 1)
        throw error(errc::invalid_argument,
                    fmt::format("{}: the array has {} dimensions; it takes those of one", operation,
                                field.cut().dimensions()),
                    true);
}

/// Calls f(type identity) for types with an order.
template <class F>
auto visit_ordered(const char* operation, dtype type, F&& f) {
    return visit(type, [&](auto known) -> decltype(f(std::type_identity<double>())) {
        if constexpr (std::is_arithmetic_v<typename decltype(known)::type>)
            return f(known);
        else
            throw error(
                errc::invalid_argument,
                fmt::format("{}: elements of type {} have no order", operation, dtype_name(type)),
                true);
    });
}

} // namespace nodespan::detail
