#include "csv_text.hpp"

#include "malformed.hpp"
#include "number_text.hpp"
#include "text_lines.hpp"

#include <cstring>

namespace nodespan::detail {
namespace {

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

template <class T>
T number_of(std::string_view field, std::size_t column) try {
    return parse_number<T>(field);
} catch (const malformed& wrong) {
    refuse(column, wrong.what());
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

bool is_blank_line(std::string_view line, char separator) {
    if (separator == '\t' && line.find('\t') != line.npos) return false; // a row of empty fields
    return trim_blanks(line).empty();
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
                const T value = number_of<T>(trim_blanks(inside_quotes(field, column)), column);
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
