#pragma once

#include "nodespan/detail/export.hpp"

#include <cstddef>
#include <cstring>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Fewer bytes are copied by memcpy directly. From this size on glibc uses `rep movsb`, on the
/// processors where it begins earliest.
inline constexpr std::size_t plain_copy_below_bytes = 2112;

/// From this size on stores bypass the caches. So long a copy leaves nothing useful in them, and
/// ordinary stores would first read every line of the destination.
inline constexpr std::size_t streaming_copy_from_bytes = std::size_t{16} << 20;

/// copy_bytes for plain_copy_below_bytes and more.
void copy_many_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;

/// Copies a piece of a copy that altogether has streaming_copy_from_bytes or more: its stores
/// bypass the caches. The memory does not overlap.
void stream_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;

/// Copies bytes between memory that does not overlap, as fast as the machine can.
inline void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
    if (bytes >= plain_copy_below_bytes)
        copy_many_bytes(to, from, bytes);
    else if (bytes > 0)
        std::memcpy(to, from, bytes); // null pointers are allowed for no bytes
}

} // namespace detail
} // namespace nodespan
