#pragma once

#include "atomic_file.hpp"
#include "nodespan/raw.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace nodespan::detail {

/// Texts of rows, each a line: what CSV and Matrix Market files have in common.

/// Whether a line, without its end, is a row: blank ones are not.
using line_test = std::function<bool(std::string_view line)>;

struct line_counts {
    std::uint64_t lines = 0;
    std::uint64_t rows = 0; ///< those of them that are one
};

/// Counts the lines that begin in the bytes from `first` to before `last`, in a text that begins at
/// `start`.
/// Errors: errc::io, malformed.
line_counts count_lines(const posix_file& file, std::uint64_t start, std::uint64_t first,
                        std::uint64_t last, const line_test& is_row);

/// The lines of a text that this rank reads: those that begin in its range of bytes.
struct text_share {
    std::uint64_t start = 0;        ///< of the text of all ranks, in the file
    std::uint64_t lines_before = 0; ///< of the file, before it
    std::uint64_t first = 0, last = 0;
    atomic_file::sums lines, rows; ///< `before`: those of lower ranks
};

/// Cuts a text into equal ranges and counts what is in them.
/// Call:   collective.
/// Errors: errc::io.
text_share share_text(const atomic_file& call, const posix_file& file, std::uint64_t start,
                      std::uint64_t lines_before, const line_test& is_row);

/// How the rows of a text become elements.
struct row_reading {
    std::size_t row_bytes = 0; ///< that `parse` fills
    line_test is_row;
    std::function<void(std::string_view line, index_t row, std::byte* to)> parse;
    std::function<void(index_t first, index_t count, std::byte* rows)> store;
    file_progress progress;
};

/// Reads this rank's rows, many at a time.
/// Call:   each rank alone.
/// Errors: errc::io; malformed, that of `parse` behind the line's number and a comma.
void read_rows(const posix_file& file, const text_share& mine, const row_reading& how);

/// Takes a piece of text, and how many of the rank's rows are done with it.
using text_taker = std::function<void(const std::string& text, index_t done)>;

/// Replaces the file of a call by a text: `head`, as the first rank has it, then what `format`
/// makes of each rank's `rows`. It is called twice where the text is longer than 64 MiB, which is
/// not kept.
/// Call:   collective.
/// Errors: as atomic_file.
void write_text(const atomic_file& call, const std::string& head, index_t rows,
                const file_progress& progress,
                const std::function<void(const text_taker&)>& format);

} // namespace nodespan::detail
