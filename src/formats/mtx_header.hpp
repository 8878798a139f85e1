#pragma once

#include "nodespan/box.hpp"
#include "nodespan/dtype.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodespan::detail {

enum class mtx_field : unsigned char { integer, real, complex };

/// Which elements a file has: all, or those of the lower triangle, skew-symmetric ones without the
/// diagonal. The others are the same, negative or conjugate.
enum class mtx_symmetry : unsigned char { general, symmetric, skew_symmetric, hermitian };

/// As files call them, such as real and skew-symmetric.
const char* name_of(mtx_field field) noexcept;
const char* name_of(mtx_symmetry symmetry) noexcept;

/// What the first lines of a dense Matrix Market file say.
struct mtx_header {
    mtx_field field = mtx_field::real;
    mtx_symmetry symmetry = mtx_symmetry::general;
    index_t rows = 0;
    index_t columns = 0;
    std::uint64_t lines = 0; ///< up to that with the size, which is the last
};

/// Takes the first lines of a file.
class mtx_header_parser {
public:
    /// Takes the next line, without its end; true: the header is complete with it.
    /// Errors: malformed, naming the line and what stands there.
    bool take(std::string_view line);

    const mtx_header& header() const noexcept { return header_; }

private:
    void take_banner(std::string_view line);
    void take_size(std::string_view line);

    mtx_header header_;
};

/// The header of a general file with elements of a type, up to the line with the size.
std::string format_mtx_header(dtype type, index_t rows, index_t columns);

/// The elements of a matrix that a file with a header has, column by column.
class mtx_entries {
public:
    explicit mtx_entries(const mtx_header& header)
        : rows_(header.rows),
          columns_(header.columns),
          symmetry_(header.symmetry) {}

    index_t size() const noexcept { return column_start(columns_); }

    /// The number of elements in the columns before one.
    index_t column_start(index_t column) const noexcept;

    /// The first row of a column that is in the file.
    index_t first_row(index_t column) const noexcept;

    /// Where an element is, of those in the file.
    struct entry {
        index_t row, column;
    };
    entry operator[](index_t element) const noexcept;

private:
    index_t rows_, columns_;
    mtx_symmetry symmetry_;
};

/// Whether a line is a value: blank ones are not.
bool is_mtx_value(std::string_view line);

/// Whether elements of a type can be what a file has: integers go everywhere, real numbers into
/// floating-point and complex ones, complex numbers into complex ones.
bool can_hold(dtype type, mtx_field field) noexcept;

/// Reads the value of a line into an element of a type that can hold it.
/// Errors: malformed, showing what stands there.
void parse_mtx_value(std::string_view line, mtx_field field, dtype type, std::byte* to);

/// Appends an element and a line end: the shortest text that reads back as the same number.
void format_mtx_value(const std::byte* from, dtype type, std::string& to);

/// Turns elements into those at the mirrored positions.
/// Errors: malformed: the least integer of a type, such as -128 as int8, has no negative.
void mirror_mtx_values(std::byte* values, std::size_t count, mtx_symmetry symmetry, dtype type);

} // namespace nodespan::detail
