#pragma once

#include "nodespan/box.hpp"
#include "nodespan/dtype.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// What the header of a .npy file says.
struct npy_header {
    dtype type = dtype::float64;
    byte_order bytes = byte_order::little;
    index_order order = index_order::row_major;
    std::vector<index_t> shape;
    std::size_t data_offset = 0; ///< where the elements begin

    friend bool operator==(const npy_header&, const npy_header&) = default;
};

/// How many bytes of a file's beginning parse_npy_header needs, judged from `text`. If that is more
/// than `text` has, call again with so many bytes.
/// Errors: malformed.
std::size_t npy_header_bytes(std::string_view text);

/// The header at the beginning of `text`, versions 1.0, 2.0 and 3.0.
/// Errors: malformed, saying what is wrong or what no array can hold.
npy_header parse_npy_header(std::string_view text);

/// The header as NumPy writes it, in the oldest version that can hold it. Its length, a multiple of
/// 64, is where the elements begin.
std::string make_npy_header(const npy_header& header);

/// The number of elements, and the number of bytes in the file.
/// Errors: malformed, if they exceed 2^63.
index_t npy_size(const npy_header& header);

} // namespace nodespan::detail
