#pragma once

#include "nodespan/dtype.hpp"

#include <string>
#include <string_view>

namespace nodespan::detail {

/// Whether a text reads as a floating-point number, of any size.
bool is_number_text(std::string_view text);

/// The number that a text without blanks says: bool (as 0 and 1), an integer, float or double.
/// A plus, and exponents as in 1.0D+00, are allowed; what is too small becomes 0.
/// Errors: malformed, showing the text, for what is no T or does not fit.
template <class T>
T parse_number(std::string_view text);

/// Appends the shortest text that reads back as the same number; nan and inf as such.
template <class T>
void format_number(T value, std::string& to);

} // namespace nodespan::detail
