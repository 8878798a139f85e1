#include "mtx_header.hpp"

#include "malformed.hpp"
#include "number_text.hpp"
#include "text_lines.hpp"

#include <algorithm>
#include <complex>
#include <concepts>
#include <cstring>
#include <limits>
#include <vector>

namespace nodespan::detail {
namespace {

constexpr std::string_view banner = "%%MatrixMarket";
constexpr mtx_field fields[] = {mtx_field::integer, mtx_field::real, mtx_field::complex};
constexpr mtx_symmetry symmetries[] = {mtx_symmetry::general, mtx_symmetry::symmetric,
                                       mtx_symmetry::skew_symmetric, mtx_symmetry::hermitian};

template <class T>
constexpr bool is_complex = number_kind<T>() == 'c';

[[noreturn]] void refuse(std::uint64_t line, const std::string& why) {
    throw malformed("line " + std::to_string(line) + ": " + why);
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> result;
    while (!(line = trim_blanks(line)).empty()) {
        const auto end = std::find_if(line.begin(), line.end(), is_blank);
        result.push_back(line.substr(0, static_cast<std::size_t>(end - line.begin())));
        line.remove_prefix(result.back().size());
    }
    return result;
}

bool is_same_word(std::string_view a, std::string_view b) {
    const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, small, small);
}

// The one of `known` that a word names.
template <class Known>
auto find_named(std::string_view word, const Known& known, const char* what) {
    for (const auto one : known)
        if (is_same_word(word, name_of(one))) return one;
    refuse(1, shown_field(word) + " is no " + what + " of dense matrices");
}

// Of what can be negative, which bool and unsigned integers are not: they are refused before.
template <class T>
T negative(T value) {
    if (value == std::numeric_limits<T>::min())
        throw malformed("the negative of " + std::to_string(value) + " does not fit into " +
                        dtype_name(dtype_of<T>()));
    return static_cast<T>(-value);
}

mtx_field field_of(dtype type) {
    const char kind = facts_of(type).kind;
    return kind == 'c' ? mtx_field::complex : kind == 'f' ? mtx_field::real : mtx_field::integer;
}

} // namespace

const char* name_of(mtx_field field) noexcept {
    constexpr const char* names[] = {"integer", "real", "complex"};
    return names[static_cast<std::size_t>(field)];
}

const char* name_of(mtx_symmetry symmetry) noexcept {
    constexpr const char* names[] = {"general", "symmetric", "skew-symmetric", "hermitian"};
    return names[static_cast<std::size_t>(symmetry)];
}

bool mtx_header_parser::take(std::string_view line) {
    if (++header_.lines == 1) {
        take_banner(line);
        return false;
    }
    line = trim_blanks(line);
    if (line.empty() || line.front() == '%') return false;
    take_size(line);
    return true;
}

void mtx_header_parser::take_banner(std::string_view line) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.empty() || !is_same_word(words[0], banner))
        refuse(1, "this is no Matrix Market file, which begins with %%MatrixMarket");
    if (words.size() != 5)
        refuse(1,
               shown_field(line) + " has not the five words of a Matrix Market file's first line");
    if (!is_same_word(words[1], "matrix"))
        refuse(1, "the file holds a " + shown_field(words[1]) + ", which is no matrix");
    if (is_same_word(words[2], "coordinate"))
        refuse(1, "the matrix is sparse (coordinate), which no array is; write it as a dense one "
                  "(array), in Python with scipy.io.mmwrite(file, a.toarray())");
    if (!is_same_word(words[2], "array"))
        refuse(1, shown_field(words[2]) + " is neither array nor coordinate");
    header_.field = find_named(words[3], fields, "field");
    header_.symmetry = find_named(words[4], symmetries, "symmetry");
    if (header_.symmetry == mtx_symmetry::hermitian && header_.field != mtx_field::complex)
        refuse(1, "a hermitian matrix is complex");
}

void mtx_header_parser::take_size(std::string_view line) {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() != 2)
        refuse(header_.lines, shown_field(line) + " is not the rows and columns of a matrix");
    const auto extent = [&](std::string_view word) {
        try {
            const auto value = parse_number<index_t>(word);
            if (value >= 0) return value;
        } catch (const malformed&) { // said below
        }
        refuse(header_.lines, shown_field(word) + " is no number of rows or columns");
    };
    header_.rows = extent(words[0]);
    header_.columns = extent(words[1]);
    constexpr index_t most = std::numeric_limits<index_t>::max() / 32; // bytes and lines too
    if (header_.columns > 0 && header_.rows > most / header_.columns)
        refuse(header_.lines, "so many rows and columns exceed 2^62 bytes");
    if (std::max(header_.rows, header_.columns) > most)
        refuse(header_.lines, "so many rows and columns exceed 2^62 bytes");
    if (header_.symmetry != mtx_symmetry::general && header_.rows != header_.columns)
        refuse(header_.lines, std::string("a matrix that is ") + name_of(header_.symmetry) +
                                  " has as many rows as columns");
}

std::string format_mtx_header(dtype type, index_t rows, index_t columns) {
    return std::string(banner) + " matrix array " + name_of(field_of(type)) + " general\n" +
           std::to_string(rows) + ' ' + std::to_string(columns) + '\n';
}

index_t mtx_entries::first_row(index_t column) const noexcept {
    if (symmetry_ == mtx_symmetry::general) return 0;
    return symmetry_ == mtx_symmetry::skew_symmetric ? column + 1 : column;
}

index_t mtx_entries::column_start(index_t column) const noexcept {
    if (symmetry_ == mtx_symmetry::general) return column * rows_;
    const index_t first = rows_ - first_row(0); // elements of column 0; each next one has one less
    return column * first - column * (column - 1) / 2;
}

mtx_entries::entry mtx_entries::operator[](index_t element) const noexcept {
    index_t low = 0, high = columns_; // column_start(low) <= element < column_start(high)
    while (high - low > 1) {
        const index_t middle = low + (high - low) / 2;
        (column_start(middle) <= element ? low : high) = middle;
    }
    return {first_row(low) + element - column_start(low), low};
}

bool is_mtx_value(std::string_view line) {
    return !trim_blanks(line).empty();
}

bool can_hold(dtype type, mtx_field field) noexcept {
    return static_cast<int>(field_of(type)) >= static_cast<int>(field);
}

void parse_mtx_value(std::string_view line, mtx_field field, dtype type, std::byte* to) {
    const std::string_view text = trim_blanks(line);
    const auto blank =
        static_cast<std::size_t>(std::find_if(text.begin(), text.end(), is_blank) - text.begin());
    const std::string_view first = text.substr(0, blank), rest = trim_blanks(text.substr(blank));
    const bool is_pair = field == mtx_field::complex;
    if (is_pair && rest.empty())
        throw malformed(shown_field(text) + " is one number, and a complex value two");
    if (!is_pair && !rest.empty())
        throw malformed(shown_field(text) + " is more than one value, and a line has one");
    visit(type, [&]<class T>(std::type_identity<T>) {
        if constexpr (is_complex<T>) {
            using part = typename T::value_type;
            const T value(parse_number<part>(first), is_pair ? parse_number<part>(rest) : part(0));
            std::memcpy(to, &value, sizeof value);
        } else {
            const T value = parse_number<T>(first);
            std::memcpy(to, &value, sizeof value);
        }
    });
}

void format_mtx_value(const std::byte* from, dtype type, std::string& to) {
    visit(type, [&]<class T>(std::type_identity<T>) {
        T value;
        std::memcpy(&value, from, sizeof value);
        if constexpr (is_complex<T>) {
            format_number(value.real(), to);
            to += ' ';
            format_number(value.imag(), to);
        } else {
            format_number(value, to);
        }
    });
    to += '\n';
}

void mirror_mtx_values(std::byte* values, std::size_t count, mtx_symmetry symmetry, dtype type) {
    if (symmetry != mtx_symmetry::skew_symmetric && symmetry != mtx_symmetry::hermitian) return;
    visit(type, [&]<class T>(std::type_identity<T>) {
        for (std::size_t k = 0; k < count; ++k) {
            T value;
            std::memcpy(&value, values + k * sizeof value, sizeof value);
            if constexpr (is_complex<T>)
                value = symmetry == mtx_symmetry::hermitian ? std::conj(value) : -value;
            else if constexpr (std::signed_integral<T>)
                value = negative(value);
            else if constexpr (std::floating_point<T>)
                value = -value;
            std::memcpy(values + k * sizeof value, &value, sizeof value);
        }
    });
}

} // namespace nodespan::detail
