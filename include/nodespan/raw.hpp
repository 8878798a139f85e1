#pragma once

#include "nodespan/array.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/dtype.hpp"

#include <filesystem>
#include <functional>

namespace NODESPAN_EXPORT nodespan {

/// Is told, on each rank, every few MiB, how much of its own share is done. Must not throw or
/// communicate.
using file_progress = std::function<void(index_t done, index_t of)>;

/// How elements lie in a file without a header.
struct raw_options {
    /// Where they begin. A writer leaves zero bytes before.
    index_t offset = 0;

    byte_order bytes = byte_order::little;
    index_order order = index_order::row_major;
    file_progress progress = {};
};

namespace detail {
void save_raw(array_core& from, dtype type, const std::filesystem::path& file,
              const raw_options& options);
void load_raw(array_core& to, dtype type, const std::filesystem::path& file,
              const raw_options& options);

/// What was found in a file as an array's extents.
template <int N>
indices<N> to_indices(const index_list& found) {
    return to_static<N>(box<dynamic_rank>{found, found}).lo;
}
} // namespace detail

/// Writes the elements of the array, and nothing else, into a new file.
///
/// Replaces a file of that name, but only once the new one is complete: until then it is called
/// `file`.part, and after a failure the old file is as it was. Follows symbolic links, and keeps
/// the mode of the old file.
/// Shape:  any; empty arrays and ranks without elements too. options.offset >= 0, in bytes.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file. Ends another before it
///         returns: elements may be changed then.
/// Errors: errc::io (with the file and the system's words), errc::invalid_argument,
///         errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI category: the same on
///         all ranks.
/// Cost:   every rank writes one range of bytes: its own box, from where it lies, if the array is
///         cut along dimension 0 alone and the file is row-major. Otherwise as many elements as the
///         others, through a buffer of 4 MiB and `get`. Waits for the disk.
/// Source: POSIX pwrite, fallocate, fsync, rename.
template <has_dtype T, int N>
void save_raw(array<T, N>& from, const std::filesystem::path& file,
              const raw_options& options = {}) {
    detail::save_raw(detail::access::core(from), dtype_of<T>(), file, options);
}

/// Reads the whole array from a file that has at least its elements.
/// Shape:  as save_raw. Of what is after the elements nothing is read.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save_raw. Elements are unspecified after errors of reading, and untouched after
///         others.
/// Cost:   as save_raw, with `put`.
template <has_dtype T, int N>
void load_raw(array<T, N>& to, const std::filesystem::path& file, const raw_options& options = {}) {
    detail::load_raw(detail::access::core(to), dtype_of<T>(), file, options);
}

} // namespace nodespan
