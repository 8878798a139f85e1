#pragma once

#include "nodespan/detail/export.hpp"

#include <cstddef>
#include <cstring>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Below this, memcpy is called with nothing in between: where glibc begins to use `rep movsb`, on
/// the processors where it begins earliest.
inline constexpr std::size_t plain_copy_below_bytes = 2112;

/// From here on stores go past the caches. A copy that long leaves nothing useful in them, and
/// ordinary stores would first read every line of the destination.
inline constexpr std::size_t streaming_copy_from_bytes = std::size_t{16} << 20;

/// copy_bytes for plain_copy_below_bytes and more.
void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;

/// Copies bytes between places that do not overlap, as fast as the machine can.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
    if (bytes >= plain_copy_below_bytes)
        copy_many_bytes(to, from, bytes);
    else if (bytes > 0)
        std::memcpy(to, from, bytes); // no bytes may come with null pointers
}

} // namespace detail
} // namespace nodespan
