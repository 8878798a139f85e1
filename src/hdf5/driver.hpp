#pragma once

#include "handle.hpp"

namespace nodespan::detail {

/// File access properties with which HDF5 reads through our driver. The driver adds what HDF5's own
/// reading lacks: bytes behind the file's end are an error, not zeros, and heaps are checked before
/// HDF5 walks through them, which might otherwise not end. Files cannot be written in this way.
/// Errors: errc::io.
hdf5_handle access_to_read();

} // namespace nodespan::detail
