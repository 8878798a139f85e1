#pragma once

#include "file_draft.hpp"
#include "handle.hpp"

namespace nodespan::detail {

/// Access properties with which HDF5 reads and writes the file of `draft`, and no other, through
/// the draft. HDF5 then allocates new space only behind the old bytes, even if it took the file to
/// end before. The draft must outlive all objects opened with these properties.
///
/// HDF5 is not told of writes that fail, because it could not close the file then, which would
/// later end the program. The draft keeps the error: file_draft::require_good.
/// Errors: errc::io.
hdf5_handle access_to(file_draft& draft);

} // namespace nodespan::detail
