#pragma once

#include "nodespan/array.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/dtype.hpp"

#include <filesystem>
#include <functional>

namespace NODESPAN_EXPORT nodespan {

/// A function that is called on each rank every few MiB, with how much of the rank's own share is
/// done. It must not throw or communicate.
using file_progress = std::function<void(index_t done, index_t of)>;

/// How elements lie in a file that has no header.
struct raw_options {
    /// Where the elements begin, in bytes. A writer fills the bytes before with zeros.
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

/// The extents found in a file, as those of an array.
template <int N>
indices<N> to_indices(const index_list& found) {
    return to_static<N>(box<dynamic_rank>{found, found}).lo;
}
} // namespace detail

/// Writes the elements of the array, and nothing else, into a new file.
///
/// A file of that name is replaced, but only once the new one is complete: until then the new one
/// is called `file`.part, and after a failure the old file is unchanged. Symbolic links are
/// followed, and the mode of the old file is kept.
/// Shape:  any, also empty arrays and ranks without elements. options.offset >= 0, in bytes.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file. Ends another before it
///         returns: elements may be changed then.
/// Errors: errc::io (with the file and the system's words), errc::invalid_argument,
///         errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI category: the same on
///         all ranks.
/// Cost:   every rank writes one range of bytes. If the array is cut along dimension 0 alone and
///         the file is row-major, that is its own box, from where it lies. Otherwise every rank
///         writes the same number of elements, through a buffer of 4 MiB and `get`. Waits for the
///         disk.
/// Source: POSIX pwrite, fallocate, fsync, rename.
template <has_dtype T, int N>
void save_raw(array<T, N>& from, const std::filesystem::path& file,
              const raw_options& options = {}) {
    detail::save_raw(detail::access::core(from), dtype_of<T>(), file, options);
}

/// Reads the whole array from a file that has at least its elements.
/// Shape:  as save_raw. Bytes after the elements are not read.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save_raw. Elements are unspecified after errors of reading, and unchanged after
///         others.
/// Cost:   as save_raw, with `put`.
template <has_dtype T, int N>
void load_raw(array<T, N>& to, const std::filesystem::path& file, const raw_options& options = {}) {
    detail::load_raw(detail::access::core(to), dtype_of<T>(), file, options);
}

} // namespace nodespan
