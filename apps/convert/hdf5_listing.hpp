#pragma once

#include "contents.hpp"

namespace nodespan::convert {

/// The datasets of an HDF5 file, with their types and extents. Call: one rank alone.
/// Errors: nodespan::error, errc::io.
std::vector<contents> list_hdf5(const std::string& file);

} // namespace nodespan::convert
