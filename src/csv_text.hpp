#pragma once

#include "nodespan/number_type.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// How a line of CSV falls into fields. A blank as separator stands for any number of blanks and
/// tabs.
struct csv_dialect {
    char separator = ',';
    bool has_header = false;
};

/// A line without its line end, LF or CR LF.
std::string_view without_line_end(std::string_view line);

/// Whether a line (without its end) has nothing to say: blanks alone.
bool is_blank_line(std::string_view line);

/// The bytes at the beginning of a file that come before its rows: a byte order mark, and lines
/// that begin with #. Up to the end of `text`, if it has nothing else.
std::size_t csv_preamble_bytes(std::string_view text);

/// Finds the separator, unless it is given (not 0), and whether the first line names the columns,
/// from lines at the beginning of a file; `text` ends with a line's end or the file's.
csv_dialect detect_csv_dialect(std::string_view text, char separator);

/// The fields of a line, without blanks and quotes around them.
/// Errors: malformed: a quote that is not closed on the line, or text outside of quotes.
std::vector<std::string> split_csv_line(std::string_view line, char separator);

/// The number of fields, as split_csv_line has them. Errors: malformed.
std::size_t count_csv_fields(std::string_view line, char separator);

/// Reads the `columns` numbers of a line into `to`, which has room for them.
/// Errors: malformed, naming the column and what stands there.
void parse_csv_line(std::string_view line, char separator, number_type type, std::size_t columns,
                    std::byte* to);

/// Whether CSV holds such numbers: all but complex ones.
constexpr bool is_csv_type(number_type type) noexcept {
    return facts_of(type).kind != 'c';
}

/// Appends the numbers of a row and a line end: the shortest text that reads back as the same
/// number.
void format_csv_line(const std::byte* from, std::size_t columns, char separator, number_type type,
                     std::string& to);

} // namespace nodespan::detail
