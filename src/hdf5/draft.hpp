#pragma once

#include "file_draft.hpp"
#include "handle.hpp"

namespace nodespan::detail {

/// Access properties with which HDF5 reads and writes the file of `draft`, and no other, through
/// it. It takes new space behind what was there, even where HDF5 took the file to end before. The
/// draft lives longer than what is opened so.
///
/// HDF5 does not learn of writes that fail, since it would not get over them: a file that it cannot
/// close ends the program later. The draft knows: file_draft::require_good.
/// Errors: errc::io.
hdf5_handle access_to(file_draft& draft);

} // namespace nodespan::detail
