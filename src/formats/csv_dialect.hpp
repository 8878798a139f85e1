#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// The number of bytes at the beginning of a file before its rows: a byte order mark, and
/// everything up to the last line that begins with #, blank lines between such lines included. It
/// is all of `text` if there is nothing else. The errors of spreadsheets, such as #N/A, begin no
/// comment.
std::size_t csv_preamble_bytes(std::string_view text);

/// Returns the next line that is not blank, without its end, and removes it from the text with all
/// before it. If there is none, the result has no data().
std::string_view take_csv_row(std::string_view& text);

/// Finds the separator from the first two rows of a text without preamble; a comma if nothing else
/// is found. The second row decides, since a name may contain anything.
char find_csv_separator(std::string_view text);

/// Whether the first row of a text without preamble names the columns: none of its fields is a
/// number or looks like one, and a row follows. Names that look like numbers are recognised if
/// format_csv_names has marked them.
/// Errors: malformed: a row that is neither clearly names nor clearly numbers, and quotes as in
///         split_csv_line.
bool csv_has_names(std::string_view text, char separator);

/// The line that names the columns. If csv_has_names would misread it, all names stand in quotes,
/// with a blank line below, which other programs ignore.
std::string format_csv_names(const std::vector<std::string>& names, char separator, bool has_rows);

} // namespace nodespan::detail
