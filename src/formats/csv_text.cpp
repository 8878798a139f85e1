#include "csv_text.hpp"

#include "malformed.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace nodespan::detail {
namespace {

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

[[noreturn]] void refuse(std::size_t column, const std::string& why) {
    throw malformed("column " + std::to_string(column + 1) + ": " + why);
}

// The end of a field in quotes, behind its closing quote.
std::size_t end_of_quotes(std::string_view line, std::size_t at, std::size_t column) {
    for (++at; at < line.size(); ++at) {
        if (line[at] != '"') continue;
        if (at + 1 == line.size() || line[at + 1] != '"') return at + 1;
        ++at; // a quote written twice is one quote
    }
    refuse(column, "a quoted field goes on past the end of its line");
}

// Calls f(field, column) for each field, trimmed, with its quotes; returns the number of fields.
template <class F>
std::size_t for_each_field(std::string_view line, char separator, F&& f) {
    const bool is_spaced = separator == ' ';
    if (is_spaced) line = trim_blanks(line);
    if (is_spaced && line.empty()) return 0;
    std::size_t column = 0;
    for (std::size_t at = 0;; ++column) {
        std::size_t start = at;
        while (start < line.size() && is_blank(line[start]) && line[start] != separator) ++start;
        std::size_t end = start;
        if (end < line.size() && line[end] == '"') end = end_of_quotes(line, end, column);
        while (end < line.size() && line[end] != separator && !(is_spaced && is_blank(line[end])))
            ++end;
        f(trim_blanks(line.substr(start, end - start)), column);
        if (end >= line.size()) return column + 1;
        at = end + 1;
        while (is_spaced && at < line.size() && is_blank(line[at])) ++at;
    }
}

std::string_view inside_quotes(std::string_view field, std::size_t column) {
    if (field.empty() || field.front() != '"') return field;
    if (end_of_quotes(field, 0, column) != field.size())
        refuse(column, "text follows the quotes in " + shown_field(field));
    return field.substr(1, field.size() - 2);
}

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

template <class T>
T parse_number(std::string_view text, std::size_t column) {
    const auto is_no = [&] {
        refuse(column, (text.empty() ? "the field is empty, no " : shown_field(text) + " is no ") +
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
            if (const std::string changed = with_e(text); changed != text && is_csv_number(changed))
                return parse_number<T>(changed, column);
    if (result.ptr != to || result.ec == std::errc::invalid_argument) is_no();
    if (result.ec == std::errc()) return value;
    if constexpr (std::floating_point<T>)
        if (const auto rounded = round_out_of_range<T>(from, to)) return *rounded;
    refuse(column, shown_field(text) + " does not fit into " + dtype_name(dtype_of<T>()));
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

// Calls f(T{}) for the C++ type of a type that CSV holds.
template <class F>
void with_type(dtype type, F&& f) {
    switch (type) {
    case dtype::boolean:
        return f(bool{});
    case dtype::int8:
        return f(std::int8_t{});
    case dtype::int16:
        return f(std::int16_t{});
    case dtype::int32:
        return f(std::int32_t{});
    case dtype::int64:
        return f(std::int64_t{});
    case dtype::uint8:
        return f(std::uint8_t{});
    case dtype::uint16:
        return f(std::uint16_t{});
    case dtype::uint32:
        return f(std::uint32_t{});
    case dtype::uint64:
        return f(std::uint64_t{});
    case dtype::float32:
        return f(float{});
    case dtype::float64:
        return f(double{});
    case dtype::complex64:
    case dtype::complex128:
        break;
    }
    throw malformed("CSV holds no complex numbers");
}

} // namespace

std::size_t find_line_end(std::string_view text, std::size_t from) {
    constexpr std::size_t step = 256; // so that the look for one kind never goes far past the other
    for (; from < text.size(); from += step) {
        const std::string_view part = text.substr(from, step);
        const std::size_t lf = std::min(part.find('\n'), part.size());
        const std::size_t end = std::min(part.substr(0, lf).find('\r'), lf);
        if (end < part.size()) return from + end;
    }
    return text.size();
}

std::size_t after_line_end(std::string_view text, std::size_t end) {
    const bool is_pair = text.substr(end, 2) == "\r\n";
    return std::min(text.size(), end + (is_pair ? 2 : 1));
}

std::string_view take_line(std::string_view& text) {
    const std::size_t end = find_line_end(text, 0);
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(after_line_end(text, end));
    return line;
}

std::string_view trim_blanks(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

std::string shown_field(std::string_view text) {
    std::string result = "\"";
    for (const char c : text.substr(0, 40))
        result += static_cast<unsigned char>(c) >= ' ' && c != '\x7f' ? c : '?';
    return result + (text.size() > 40 ? "...\"" : "\"");
}

bool is_blank_line(std::string_view line, char separator) {
    if (separator == '\t' && line.find('\t') != line.npos) return false; // a row of empty fields
    return trim_blanks(line).empty();
}

bool is_csv_number(std::string_view field) {
    const std::string text = with_e(field);
    const std::string_view plain = without_plus(text);
    double value = 0; // of any size
    const auto found = std::from_chars(plain.data(), plain.data() + plain.size(), value);
    return found.ec != std::errc::invalid_argument && found.ptr == plain.data() + plain.size();
}

bool is_quoted_csv_line(std::string_view line, char separator) {
    bool result = true;
    for_each_field(line, separator,
                   [&](std::string_view field, std::size_t) { result &= field.starts_with('"'); });
    return result;
}

std::vector<std::string> split_csv_line(std::string_view line, char separator) {
    std::vector<std::string> result;
    for_each_field(line, separator, [&](std::string_view field, std::size_t column) {
        const std::string_view inside = inside_quotes(field, column);
        const bool is_quoted = field.starts_with('"');
        std::string text;
        for (std::size_t k = 0; k < inside.size(); ++k) {
            text += inside[k];
            if (is_quoted && inside[k] == '"') ++k; // written twice
        }
        result.push_back(text);
    });
    return result;
}

std::size_t count_csv_fields(std::string_view line, char separator) {
    return for_each_field(line, separator, [](std::string_view, std::size_t) {});
}

void parse_csv_line(std::string_view line, char separator, dtype type, std::size_t columns,
                    std::byte* to) {
    with_type(type, [&]<class T>(T) {
        const std::size_t found =
            for_each_field(line, separator, [&](std::string_view field, std::size_t column) {
                if (column >= columns) return; // counted, and reported below
                const T value = parse_number<T>(trim_blanks(inside_quotes(field, column)), column);
                std::memcpy(to + column * sizeof(T), &value, sizeof(T));
            });
        if (found != columns)
            throw malformed("the line has " + std::to_string(found) + " columns, the first one " +
                            std::to_string(columns));
    });
}

void format_csv_line(const std::byte* from, std::size_t columns, char separator, dtype type,
                     std::string& to) {
    with_type(type, [&]<class T>(T) {
        for (std::size_t k = 0; k < columns; ++k) {
            T value;
            std::memcpy(&value, from + k * sizeof(T), sizeof(T));
            if (k > 0) to += separator;
            format_number(value, to);
        }
    });
    to += '\n';
}

} // namespace nodespan::detail
