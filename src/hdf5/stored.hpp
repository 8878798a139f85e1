#pragma once

#include "source.hpp"

namespace nodespan::detail {

/// Refuses a dataset whose elements the file does not have or cannot return: the file, the files of
/// its elements or the sources of a virtual dataset are missing or shorter than its extents need,
/// or a filter is not installed. Reads no elements and reserves no memory for them. Elements that
/// were never written are stored nowhere, which is no fault: HDF5 has the fill value for them.
/// Call:   after require_countable.
/// Errors: errc::io.
void require_stored(const hdf5_source& source);

} // namespace nodespan::detail
