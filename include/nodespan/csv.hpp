#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/raw.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// Whether the first line of a CSV file names its columns. With `detect`, it does if none of its
/// fields is a number or looks like one and a row follows, or if the names are marked as save_csv
/// marks them. It is a row if all its fields are numbers or empty. Any other first line is an
/// error, which asks for this option.
enum class csv_header : unsigned char { detect, absent, present };

/// The form of a CSV file, for writing and for reading.
struct csv_options {
    /// A comma, semicolon, tab, blank (which stands for any number of blanks and tabs), | or colon.
    /// 0: when reading, found out from the first lines; when writing, a comma.
    char separator = 0;

    csv_header header = csv_header::detect; ///< when reading

    /// The first line when writing, one name for each column; empty: no such line. Names that look
    /// like numbers, and names without rows below, are marked: all names stand in quotes, and a
    /// blank line follows.
    std::vector<std::string> names = {};

    file_progress progress = {};
};

/// What a CSV file holds.
struct csv_contents {
    char separator = ',';
    std::vector<std::string> names; ///< empty where the file has none
    index_t rows = 0;
    index_t columns = 0;
};

/// Reads what a CSV file holds, except the numbers.
/// Call:   any process alone, without MPI.
/// Errors: errc::io, errc::invalid_argument.
/// Cost:   reads the whole file, to count the rows; does not convert the numbers.
[[nodiscard]] csv_contents csv_info(const std::filesystem::path& file,
                                    const csv_options& options = {});

/// Whether CSV can hold T: bool (as 0 and 1), integers, float, double.
template <class T>
concept csv_number = has_dtype<T> && detail::number_kind<T>()
!= 'c';

namespace detail {
struct csv_plan;
void save_csv(array_core& from, dtype type, const std::filesystem::path& file,
              const csv_options& options);
std::shared_ptr<const csv_plan> plan_csv(const team& ranks, dtype type, int dimensions,
                                         const std::filesystem::path& file,
                                         const csv_options& options);
index_list csv_extents(const csv_plan& plan);
void load_csv(array_core& to, const csv_plan& plan);
} // namespace detail

/// Writes the whole array into a new CSV file, one line for each row. Each number is the shortest
/// decimal text that reads back as the same number; nan and inf are written as such.
///
/// A file of that name is replaced, but only once the new one is complete: until then the new one
/// is called `file`.part, and after a failure the old file is unchanged. Symbolic links are
/// followed, and the mode of the old file is kept.
/// Shape:  one dimension (one number a line), or two with at least one column, unless there are no
///         rows; options.names has one name for each column, or none.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file. Ends another before it
///         returns: elements may be changed then.
/// Errors: errc::io (with the file and the cause), errc::invalid_argument,
///         errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI category: the same on
///         all ranks.
/// Cost:   every rank formats its rows and writes them as one range of bytes. A rank whose text is
///         longer than 64 MiB formats it twice and does not keep it. Waits for the disk.
template <csv_number T, int N>
requires(N <= 2) void save_csv(array<T, N>& from, const std::filesystem::path& file,
                               const csv_options& options = {}) {
    detail::save_csv(detail::access::core(from), dtype_of<T>(), file, options);
}

/// Reads the whole array from a CSV file.
///
/// Lines end with LF, CR LF or CR; the last line need not have an end. Blank lines are ignored, and
/// so are lines that begin with # before the first row and the names. Blanks and quotes around
/// numbers are allowed, and exponents as in 1.0D+00.
/// Shape:  the file has as many rows and columns as the array; for one dimension, one column.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before it reads, and one after: all ranks see the new elements.
/// Errors: as save_csv. A row of another length, an empty field, a text that is no number of type
///         T, or a first line that csv_header::detect cannot classify, is errc::io with the first
///         such line and column. Elements are then unspecified.
/// Cost:   every rank reads the lines that begin in its part of the file: once to count them, once
///         for the numbers, which it `put`s where they belong.
template <csv_number T, int N>
requires(N <= 2) void load_csv(array<T, N>& to, const std::filesystem::path& file,
                               const csv_options& options = {}) {
    detail::load_csv(
        detail::access::core(to),
        *detail::plan_csv(detail::access::core(to).get_team(), dtype_of<T>(), N, file, options));
}

/// Makes an array with the rows and columns of a CSV file.
/// Shape:  any for N = 2; one column for N = 1.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as load_csv, and those of making an array.
/// Cost:   that of making an array, and of load_csv.
template <csv_number T, int N>
requires(N <= 2) [[nodiscard]] array<T, N> open_csv(team& ranks, const std::filesystem::path& file,
                                                    const csv_options& options = {},
                                                    const array_options& made = {}) {
    const auto plan = detail::plan_csv(ranks, dtype_of<T>(), N, file, options);
    array<T, N> result(ranks, detail::to_indices<N>(detail::csv_extents(*plan)), made);
    detail::load_csv(detail::access::core(result), *plan);
    return result;
}

} // namespace nodespan
