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

/// Elements of a file in the file's order, [first, first + count).
struct element_range {
    index_t first = 0;
    index_t count = 0;
};

/// The part of a file that this rank moves; the parts of all ranks make up the whole.
element_range share_of(const array_core& array, index_order order);

/// Copies a range of the file's elements from the array, or into it.
/// Call:   each rank alone.
void get_range(const array_core& from, index_order order, const element_range& range,
               std::byte* to);
void put_range(array_core& to, index_order order, const element_range& range, std::byte* from);

/// Writes this rank's share of the elements.
/// Call:   all ranks, after a fence; each alone.
void write_elements(const posix_file& file, const array_core& from, const file_layout& layout,
                    const file_progress& progress);

/// Reads this rank's share of the elements.
/// Call:   all ranks, between fences; each alone.
void read_elements(const posix_file& file, array_core& to, const file_layout& layout,
                   const file_progress& progress);

} // namespace nodespan::detail
