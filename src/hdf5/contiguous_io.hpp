#pragma once

#include "nodespan/detail/array_core.hpp"
#include "posix_file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

/// A patch of an array and the place of its elements in a file, in which they lie as in memory:
/// part of a dense row-major block.
struct file_patch {
    box<dynamic_rank> patch;
    std::uint64_t offset = 0; ///< Bytes from the begin of the file to the block's first element.
    index_list extents;       ///< Of the block.
    index_list at;            ///< Where in the block the patch begins.
};

/// Moves this rank's share of a patch; the shares of all ranks make up the whole patch. A rank
/// moves elements of its node straight between memory and the file. If nodes own only short pieces
/// of the file's rows, ranks take long ranges of the file instead, and use get and put for elements
/// of other nodes.
/// Call:   any rank alone; the same arguments on all.
/// Epoch:  write_share sees what was written before the last fence; read_share needs a fence after
///         it.
/// Errors: errc::io, with the system's words; MPI category.
void write_share(const array_core& from, const file_patch& where, const posix_file& file);
void read_share(array_core& to, const file_patch& where, const posix_file& file);

/// The k-th of n nearly equal pieces of a box, cut along its first dimension that is longer than 1.
box<dynamic_rank> nth_piece(const box<dynamic_rank>& whole, index_t k, index_t n);

} // namespace nodespan::detail
