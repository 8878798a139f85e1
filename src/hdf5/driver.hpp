#pragma once

#include "handle.hpp"

namespace nodespan::detail {

/// File access properties with which HDF5 reads through us, with what its own way of reading a file
/// lacks: bytes behind the file's end are an error, not zeros, and heaps are looked through before
/// HDF5 does, which would not always come to an end. Files cannot be written so.
/// Errors: errc::io.
hdf5_handle access_to_read();

} // namespace nodespan::detail
