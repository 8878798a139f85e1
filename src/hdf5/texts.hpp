#pragma once

#include <hdf5.h>

#include <cstddef>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The texts of any length of an open attribute.
///
/// HDF5 stores such texts separately, in heaps. Its own reading of them may not end in a damaged
/// file, or may leave the memory that it has. So only the places of the texts are taken from HDF5,
/// and the bytes from the file. Zero bytes inside a text are kept, those at its end are not.
/// Errors: errc::io.
std::vector<std::string> read_long_texts(hid_t attribute, std::size_t count);

} // namespace nodespan::detail
