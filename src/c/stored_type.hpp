#pragma once

#include "call.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/dtype.hpp"

namespace nodespan::detail {

/// How HDF5 files hold elements of this type.
/// Errors: errc::invalid_argument: they do not.
inline file_type stored_type(const char* function, dtype type) {
    return visit(type, [&](auto known) -> file_type {
        using T = typename decltype(known)::type;
        if constexpr (storable<T>) return file_type_of<T>();
        throw error(
            errc::invalid_argument,
            fmt::format("{}: HDF5 files hold no elements of type {}", function, dtype_name(type)));
    });
}

} // namespace nodespan::detail
