#pragma once

#include "types.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Opens an HDF5 file to read.
/// Errors: errc::io, with the system's words if it has some.
hdf5_handle open_hdf5(const std::string& file);

/// The file in which an open object lies; it may differ from the file in which its name began.
std::string file_of(hid_t object);

/// A dataset of an open file, as the file has it.
/// Errors: errc::io.
struct hdf5_source {
    hdf5_source(hid_t file, const std::string& dataset);

    hdf5_handle data, type, space, made;
    std::vector<hsize_t> extents; ///< None for a single value, or for nothing at all.
    file_type element;

    /// Refuses a dataset that no array can have: other elements, no or too many dimensions, extents
    /// too large to count.
    /// Errors: errc::io.
    void require_array() const;

    /// The last of these tests only.
    void require_countable() const;

    bool is_empty() const noexcept;

    /// The bytes of all elements as they lie in the file. Needs require_countable first.
    std::uint64_t bytes() const;
};

} // namespace nodespan::detail
