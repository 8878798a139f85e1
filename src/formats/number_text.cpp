#include "number_text.hpp"

#include "malformed.hpp"
#include "text_lines.hpp"

#include <charconv>
#include <cmath>
#include <concepts>
#include <optional>

namespace nodespan::detail {
namespace {

// A number that is out of range: zero if it is too small, nothing if it is too large.
template <class T>
std::optional<T> round_out_of_range(const char* from, const char* to) {
    long double wide = 0;
    if (std::from_chars(from, to, wide).ec != std::errc()) {
        const std::string_view text(from, static_cast<std::size_t>(to - from));
        const std::size_t exponent = text.find_first_of("eE");
        if (exponent == text.npos || text.substr(exponent + 1, 1) != "-") return std::nullopt;
        wide = 0;
    }
    if (std::abs(wide) > 1) return std::nullopt;
    return *from == '-' ? -T(0) : T(0);
}

// 1.0D+00, as Fortran writes it, with an E in place of the D.
std::string with_e(std::string_view text) {
    std::string result(text);
    const std::size_t at = result.find_first_of("dD");
    if (at != result.npos && at > 0 &&
        std::string_view("0123456789.").find(result[at - 1]) != std::string_view::npos)
        result[at] = 'e';
    return result;
}

// from_chars takes no plus.
std::string_view without_plus(std::string_view text) {
    return text.size() > 1 && text[0] == '+' && text[1] != '-' ? text.substr(1) : text;
}

} // namespace

bool is_number_text(std::string_view field) {
    const std::string text = with_e(field);
    const std::string_view plain = without_plus(text);
    double value = 0; // of any size
    const auto found = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    return found.ec != std::errc::invalid_argument && found.ptr == plain.data() + plain.size();
}

template <class T>
T parse_number(std::string_view text) {
    const auto is_no = [&] {
        throw malformed((text.empty() ? "the field is empty, no " : shown_field(text) + " is no ") +
                        std::string(dtype_name(dtype_of<T>())));
    };
    const char *const from = without_plus(text).data(), *const to = text.data() + text.size();
    T value{};
    std::from_chars_result result{};
    if constexpr (std::same_as<T, bool>) {
        unsigned bit = 0;
        result = std::from_chars(from, to, bit);
        if (bit > 1) is_no();
        value = bit != 0;
    } else {
        result = std::from_chars(from, to, value);
    }
    if constexpr (std::floating_point<T>)
        if (result.ptr != to && result.ec != std::errc::invalid_argument)
            if (const std::string changed = with_e(text);
                changed != text && is_number_text(changed))
                return parse_number<T>(changed);
    if (result.ptr != to || result.ec == std::errc::invalid_argument) is_no();
    if (result.ec == std::errc()) return value;
    if constexpr (std::floating_point<T>)
        if (const auto rounded = round_out_of_range<T>(from, to)) return *rounded;
    throw malformed(shown_field(text) + " does not fit into " + dtype_name(dtype_of<T>()));
}

template <class T>
void format_number(T value, std::string& to) {
    char text[40];
    std::to_chars_result result{};
    if constexpr (std::same_as<T, bool>)
        result = std::to_chars(text, text + sizeof text, value ? 1 : 0);
    else
        result = std::to_chars(text, text + sizeof text, value);
    to.append(text, result.ptr);
}

#define NODESPAN_NUMBER_TEXT(T)                                                                    \
    template T parse_number<T>(std::string_view);                                                  \
    template void format_number<T>(T, std::string&);
NODESPAN_NUMBER_TEXT(bool)
NODESPAN_NUMBER_TEXT(std::int8_t)
NODESPAN_NUMBER_TEXT(std::int16_t)
NODESPAN_NUMBER_TEXT(std::int32_t)
NODESPAN_NUMBER_TEXT(std::int64_t)
NODESPAN_NUMBER_TEXT(std::uint8_t)
NODESPAN_NUMBER_TEXT(std::uint16_t)
NODESPAN_NUMBER_TEXT(std::uint32_t)
NODESPAN_NUMBER_TEXT(std::uint64_t)
NODESPAN_NUMBER_TEXT(float)
NODESPAN_NUMBER_TEXT(double)
#undef NODESPAN_NUMBER_TEXT

} // namespace nodespan::detail
