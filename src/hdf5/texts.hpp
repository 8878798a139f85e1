#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The texts of any length that an open attribute has.
///
/// HDF5 keeps such texts apart, in heaps, and its own reading of them neither ends in every damaged
/// file nor stays within memory. So only where a text lies is taken from HDF5, and the bytes from
/// the file. Zero bytes within a text are kept, those at its end are not.
/// Errors: errc::io.
std::vector<std::string> read_long_texts(hid_t attribute, std::size_t count);

} // namespace nodespan::detail
