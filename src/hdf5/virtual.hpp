#pragma once

#include "source.hpp"

#include <filesystem>
#include <string>

namespace nodespan::detail {

/// The path at which HDF5 looks for a file that `file` names: with a prefix, in which ${ORIGIN} is
/// the folder of `file`. Absolute names are not changed.
std::filesystem::path with_prefix(const std::string& prefix, const std::string& name,
                                  const std::string& file);

/// Refuses a virtual dataset unless each source exists, is whole and large enough, and has elements
/// that are the same numbers in the dataset: HDF5 gives the fill value for what is missing.
/// Numbered sources (%b in their names) end at the first missing one; they are not checked.
/// Errors: errc::io.
void require_sources(const hdf5_source& source);

} // namespace nodespan::detail
