#pragma once

#include "atomic_file.hpp"
#include "nodespan/detail/array_core.hpp"
#include "nodespan/raw.hpp"

namespace nodespan::detail {

/// How all elements of an array lie in a file.
struct file_layout {
    std::uint64_t offset = 0;
    dtype type = dtype::float64;
    byte_order bytes = byte_order::little;
    index_order order = index_order::row_major;
};

/// Writes this rank's share of the elements.
/// Call:   all ranks, after a fence; each alone.
void write_elements(const posix_file& file, const array_core& from, const file_layout& layout,
                    const file_progress& progress);

/// Reads this rank's share of the elements.
/// Call:   all ranks, between fences; each alone.
void read_elements(const posix_file& file, array_core& to, const file_layout& layout,
                   const file_progress& progress);

} // namespace nodespan::detail
