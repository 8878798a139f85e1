#pragma once

#include "nodespan/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// Whether a line (without its end) is blank: only blanks. If tabs separate fields, a line of tabs
/// has empty fields and is not blank.
bool is_blank_line(std::string_view line, char separator);

/// Whether all fields stand in quotes.
/// Errors: malformed, as split_csv_line.
bool is_quoted_csv_line(std::string_view line, char separator);

/// The fields of a line, without blanks and quotes around them. A blank as separator stands for any
/// number of blanks and tabs.
/// Errors: malformed: a quote that is not closed on the line, or text outside of quotes.
std::vector<std::string> split_csv_line(std::string_view line, char separator);

/// The number of fields that split_csv_line would return.
/// Errors: malformed.
std::size_t count_csv_fields(std::string_view line, char separator);

/// Reads the `columns` numbers of a line into `to`, which has room for them.
/// Errors: malformed, naming the column and its text.
void parse_csv_line(std::string_view line, char separator, dtype type, std::size_t columns,
                    std::byte* to);

/// Whether CSV holds such numbers: all but complex ones.
constexpr bool is_csv_type(dtype type) noexcept {
    return facts_of(type).kind != 'c';
}

/// Appends the numbers of a row and a line end: the shortest text that reads back as the same
/// number.
void format_csv_line(const std::byte* from, std::size_t columns, char separator, dtype type,
                     std::string& to);

} // namespace nodespan::detail
