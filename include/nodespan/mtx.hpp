#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/raw.hpp"

#include <filesystem>
#include <memory>
#include <string>

namespace NODESPAN_EXPORT nodespan {

/// What a dense Matrix Market file holds.
struct mtx_contents {
    /// The type that holds all values of the file's field: int64 for integer, float64 for real,
    /// complex128 for complex.
    dtype type = dtype::float64;

    std::string symmetry = "general"; ///< or symmetric, skew-symmetric, hermitian
    index_t rows = 0;
    index_t columns = 0;
};

/// Reads the header of a dense Matrix Market file.
/// Call:   any process alone, without MPI.
/// Errors: errc::io, with the line where it is the file's.
/// Cost:   reads the first lines, not the values.
/// Source: Boisvert, Pozo and Remington, The Matrix Market Exchange Formats, NISTIR 5935, 1996.
[[nodiscard]] mtx_contents mtx_info(const std::filesystem::path& file);

namespace detail {
struct mtx_plan;
void save_mtx(array_core& from, dtype type, const std::filesystem::path& file,
              const file_progress& progress);
std::shared_ptr<const mtx_plan> plan_mtx(const team& ranks, dtype type, int dimensions,
                                         const std::filesystem::path& file,
                                         const file_progress& progress);
index_list mtx_extents(const mtx_plan& plan);
void load_mtx(array_core& to, const mtx_plan& plan);
} // namespace detail

/// Writes the whole array into a new dense Matrix Market file: `matrix array`, general, integer,
/// real or complex as T is, bool as 0 and 1. Values stand column by column, one a line, in the
/// shortest decimal text that reads back as the same number; nan and inf as such.
///
/// Replaces a file of that name, but only once the new one is complete: until then it is called
/// `file`.part, and after a failure the old file is as it was. Follows symbolic links, and keeps
/// the mode of the old file.
/// Shape:  one dimension (a matrix of one column), or two; either may be empty.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file. Ends another before it
///         returns: elements may be changed then.
/// Errors: errc::io (with the file and the cause), errc::mismatched_arguments, errc::peer_lost,
///         errc::finalized, MPI category: the same on all ranks.
/// Cost:   every rank formats an equal part of the values and writes it as one range of bytes;
///         twice, if its text is longer than 64 MiB, which is not kept. Waits for the disk.
/// Source: as mtx_info.
template <has_dtype T, int N>
requires(N <= 2) void save_mtx(array<T, N>& from, const std::filesystem::path& file,
                               const file_progress& progress = {}) {
    detail::save_mtx(detail::access::core(from), dtype_of<T>(), file, progress);
}

/// Reads the whole array from a dense Matrix Market file.
///
/// Of symmetric, skew-symmetric and hermitian matrices, whose files have the lower triangle, the
/// array gets both. Lines end with LF, CR LF or CR, the last one perhaps with nothing; blank lines
/// are left out.
/// Shape:  the file has as many rows and columns as the array; one dimension: one column.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save_mtx; sparse matrices, real values for integers, complex ones for what is not
///         complex, and more or fewer values than announced are errc::io. So is what is no T, with
///         its line, row and column; elements are then unspecified.
/// Cost:   every rank reads the lines that begin in its part of the file: once to count them, once
///         for the values, which it `put`s where they belong.
/// Source: as mtx_info.
template <has_dtype T, int N>
requires(N <= 2) void load_mtx(array<T, N>& to, const std::filesystem::path& file,
                               const file_progress& progress = {}) {
    detail::load_mtx(
        detail::access::core(to),
        *detail::plan_mtx(detail::access::core(to).get_team(), dtype_of<T>(), N, file, progress));
}

/// A new array with the rows and columns of a dense Matrix Market file.
/// Shape:  any for N = 2; one column for N = 1.
/// Call:   collective over the team, same arguments on all ranks.
/// Epoch:  ends one before it returns: all ranks see the elements.
/// Errors: as load_mtx, and those of making an array.
/// Cost:   that of an array, and of load_mtx.
/// Source: as mtx_info.
template <has_dtype T, int N>
requires(N <= 2) [[nodiscard]] array<T, N> open_mtx(team& ranks, const std::filesystem::path& file,
                                                    const array_options& options = {},
                                                    const file_progress& progress = {}) {
    const auto plan = detail::plan_mtx(ranks, dtype_of<T>(), N, file, progress);
    array<T, N> result(ranks, detail::to_indices<N>(detail::mtx_extents(*plan)), options);
    detail::load_mtx(detail::access::core(result), *plan);
    return result;
}

} // namespace nodespan
