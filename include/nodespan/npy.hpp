#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/raw.hpp"

#include <filesystem>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// What a .npy file holds.
struct npy_contents {
    dtype type = dtype::float64;
    byte_order bytes = byte_order::little;
    index_order order = index_order::row_major;
    std::vector<index_t> extents; ///< any number of them; none: a single element
    index_t offset = 0;           ///< of the first element, in bytes
};

/// Reads the header of a .npy file.
/// Call:   any process alone, without MPI.
/// Errors: errc::io.
/// Source: NumPy Enhancement Proposal 1; numpy.lib.format, versions 1.0, 2.0 and 3.0.
[[nodiscard]] npy_contents npy_info(const std::filesystem::path& file);

/// How save_npy writes.
struct npy_options {
    byte_order bytes = byte_order::little;
    index_order order = index_order::row_major;
    file_progress progress = {};
};

namespace detail {
void save_npy(array_core& from, dtype type, const std::filesystem::path& file,
              const npy_options& options);
void load_npy(array_core& to, dtype type, const std::filesystem::path& file,
              const file_progress& progress);
index_list npy_extents(const team& ranks, dtype type, int dimensions,
                       const std::filesystem::path& file);
} // namespace detail

/// Writes the whole array into a new .npy file, which numpy.load reads.
///
/// A file of that name is replaced, but only once the new one is complete: until then the new one
/// is called `file`.part, and after a failure the old file is unchanged. Symbolic links are
/// followed, and the mode of the old file is kept.
/// Shape:  any, also empty arrays and ranks without elements.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file. Ends another before it
///         returns: elements may be changed then.
/// Errors: errc::io (with the file and the cause), errc::mismatched_arguments, errc::peer_lost,
///         errc::finalized, MPI category: the same on all ranks.
/// Cost:   as save_raw: every rank writes one range of bytes.
/// Source: NumPy Enhancement Proposal 1.
template <has_dtype T, int N>
void save_npy(array<T, N>& from, const std::filesystem::path& file,
              const npy_options& options = {}) {
    detail::save_npy(detail::access::core(from), dtype_of<T>(), file, options);
}

/// Reads the whole array from a .npy file, in either index order and byte order.
/// Shape:  the file has the array's extents and its element type.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save_npy; float16, structured and object dtypes are refused. Elements are unspecified
///         after errors of reading, and untouched after others.
/// Cost:   as load_raw: every rank reads one range of bytes.
template <has_dtype T, int N>
void load_npy(array<T, N>& to, const std::filesystem::path& file,
              const file_progress& progress = {}) {
    detail::load_npy(detail::access::core(to), dtype_of<T>(), file, progress);
}

/// Makes an array with the extents and the elements of a .npy file.
/// Shape:  the file holds T, in N dimensions.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as load_npy, and those of making an array.
/// Cost:   that of making an array, and of load_npy.
template <has_dtype T, int N>
[[nodiscard]] array<T, N> open_npy(team& ranks, const std::filesystem::path& file,
                                   const array_options& options = {},
                                   const file_progress& progress = {}) {
    array<T, N> result(
        ranks, detail::to_indices<N>(detail::npy_extents(ranks, dtype_of<T>(), N, file)), options);
    load_npy(result, file, progress);
    return result;
}

} // namespace nodespan
