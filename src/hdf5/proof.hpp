#pragma once

#include "chunks.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/hdf5_info.hpp"

#include <hdf5.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace nodespan::detail {

/// A dataset as it should be, and where HDF5 has stored it.
struct written_dataset {
    std::string name;
    file_type type;
    std::vector<hsize_t> extents;
    bool is_chunked = false;
    std::uint64_t address = 0;      ///< Of the first element, unless in chunks.
    std::uint64_t stored_bytes = 0; ///< Of all elements, or chunks.
};

/// The attributes that objects should have, by the objects' names.
using written_attributes = std::map<std::string, attributes>;

/// Reads back what was written, from a file that was opened anew: of each dataset its header, the
/// whole index of its chunks, and its first and last element; of each attribute its value.
/// Errors: errc::io, if something is not as it should be, or HDF5 cannot read it.
/// Cost:   some reads of some KiB for each dataset; unpacking two chunks.
void prove(hid_t file, const std::vector<written_dataset>& datasets,
           const written_attributes& of_objects);

} // namespace nodespan::detail
