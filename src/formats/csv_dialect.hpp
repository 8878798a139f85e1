#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// The bytes at the beginning of a file that come before its rows: a byte order mark, and all up to
/// the last line that begins with #, blank lines between such lines too. Up to the end of `text`,
/// if it has nothing else. The errors of spreadsheets, such as #N/A, begin no comment.
std::size_t csv_preamble_bytes(std::string_view text);

/// The next line that is not blank, without its end, taken off the text with all before it; one
/// without data() if there is none.
std::string_view take_csv_row(std::string_view& text);

/// Finds the separator from the first two rows of a text without preamble; a comma where nothing
/// tells. The second row has the say, since a name may hold anything.
char find_csv_separator(std::string_view text);

/// Whether the first row of a text without preamble names the columns: none of its fields is a
/// number or looks like one, and a row follows. Names that look like numbers are known by what
/// format_csv_names does to them.
/// Errors: malformed: what is neither clearly names nor clearly numbers, and quotes as in
///         split_csv_line.
bool csv_has_names(std::string_view text, char separator);

/// The line that names the columns. Where csv_has_names would take it for something else, all names
/// stand in quotes, with a blank line below, which other programs pass over.
std::string format_csv_names(const std::vector<std::string>& names, char separator, bool has_rows);

} // namespace nodespan::detail
