#pragma once

#include "types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Opens an HDF5 file to read.
/// Errors: errc::io, in the system's words where it has some.
hdf5_handle open_hdf5(const std::string& file);

/// Which file an open object lies in, which need not be the one that its name began in.
std::string file_of(hid_t object);

/// A dataset of an open file, as the file has it.
/// Errors: errc::io.
struct hdf5_source {
    hdf5_source(hid_t file, const std::string& dataset);

    hdf5_handle data, type, space, made;
    std::vector<hsize_t> extents; ///< None for a single value, or for nothing at all.
    file_type element;

    /// Refuses what no array can have: other elements, no or too many dimensions, extents too large
    /// to count.
    /// Errors: errc::io.
    void require_array() const;

    /// The last of these alone.
    void require_countable() const;

    bool is_empty() const noexcept;

    /// Of all elements as they lie in the file; after require_countable.
    std::uint64_t bytes() const;
};

} // namespace nodespan::detail
