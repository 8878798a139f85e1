#pragma once

#include "posix_file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace nodespan::detail {

/// A number as HDF5 files have it: little endian, of any width.
std::uint64_t number_at(const std::byte* bytes, std::size_t width);

struct heap_object {
    std::uint64_t address, bytes; ///< In the file.
};

/// The objects, by number, of the heap that begins at `at` in a file of `length` bytes, where sizes
/// take `size_bytes` bytes. Refuses a damaged heap: HDF5 1.10 would walk through it without end, or
/// out of it.
/// Errors: errc::io.
std::map<std::uint64_t, heap_object> objects_of_heap(const posix_file& file, std::uint64_t length,
                                                     std::uint64_t at, std::size_t size_bytes);

} // namespace nodespan::detail
