#pragma once

#include "handle.hpp"

namespace nodespan::detail {

/// File access properties with which HDF5 reads through our driver. The driver adds what HDF5's own
/// reading lacks: bytes behind the file's end are an error, not zeros, and heaps are checked before
/// HDF5 walks through them, which might otherwise not end. Files cannot be written in this way.
/// Errors: errc::io.
hdf5_handle access_to_read();

/// Registers a driver of ours as `id`, unless it is there already, for as long as the process
/// lives. HDF5 calls the driver of a file once more after the file has let go of the driver, which
/// must not be freed by that. `value` is the driver's number, one of those for private use (256 to
/// 511).
/// Errors: errc::io.
void register_for_good(hid_t& id, H5FD_class_t driver, int value);

} // namespace nodespan::detail
