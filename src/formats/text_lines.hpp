#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nodespan::detail {

/// Where the next line's end begins at or after `from`: LF, CR LF or CR alone; the text's own end
/// if there is none.
std::size_t find_line_end(std::string_view text, std::size_t from);

/// The position after the end of line that begins at `end`.
std::size_t after_line_end(std::string_view text, std::size_t end);

/// Removes the first line from the text, and returns it without its end.
std::string_view take_line(std::string_view& text);

/// A blank or a tab.
constexpr bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t';
}

/// A text without the blanks and tabs around it.
std::string_view trim_blanks(std::string_view text);

/// A field as messages show it: in quotes, shortened, on one line.
std::string shown_field(std::string_view text);

} // namespace nodespan::detail
