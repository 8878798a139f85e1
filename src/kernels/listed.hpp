#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/indices.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace nodespan::detail {

/// Calls f(size), whose conversion to std::size_t gives `bytes`: a constant for the sizes that
/// elements mostly have, so that copies of them are single instructions.
template <class F>
void with_size(std::size_t bytes, F&& f) {
    switch (bytes) {
    case 1:
        return f(std::integral_constant<std::size_t, 1>());
    case 2:
        return f(std::integral_constant<std::size_t, 2>());
    case 4:
        return f(std::integral_constant<std::size_t, 4>());
    case 8:
        return f(std::integral_constant<std::size_t, 8>());
    case 16:
        return f(std::integral_constant<std::size_t, 16>());
    default:
        return f(bytes);
    }
}

/// Changes elements number at[0], at[1], ... of a block by `count` values, one after the other.
using listed_kernel = void (*)(std::byte* block, const index_t* at, const std::byte* values,
                               std::size_t count, std::size_t bytes);

/// Copies the values to the elements: of several for one element, the last one stays.
void store_listed(std::byte* block, const index_t* at, const std::byte* values, std::size_t count,
                  std::size_t bytes);

/// The kernel that adds the values to elements which no other thread uses; null for `other`.
listed_kernel add_listed(element_kind kind) noexcept;

/// Copies the elements to `to`, one after the other, or to the places `to_at` there.
void load_listed(const std::byte* block, const index_t* at, std::byte* to, std::size_t count,
                 std::size_t bytes);
void load_listed(const std::byte* block, const index_t* at, std::byte* to,
                 const std::uint32_t* to_at, std::size_t count, std::size_t bytes);

/// Copies values that lie one after the other to the places `to_at` of `to`.
void spread_listed(const std::byte* values, std::byte* to, const std::uint32_t* to_at,
                   std::size_t count, std::size_t bytes);

} // namespace nodespan::detail
