#pragma once

#include "source.hpp"

#include <filesystem>
#include <string>

namespace nodespan::detail {

/// Where HDF5 looks for a file that `file` names: after a prefix, in which ${ORIGIN} is the folder
/// of `file`; absolute names as they are.
std::filesystem::path with_prefix(const std::string& prefix, const std::string& name,
                                  const std::string& file);

/// Refuses a virtual dataset unless each source is there, whole, as large as is taken of it, and of
/// elements that are the same numbers in it: HDF5 gives the fill value for what is missing. Sources
/// that are numbered (%b in their names) end where the first is missing, and are not looked at.
/// Errors: errc::io.
void require_sources(const hdf5_source& source);

} // namespace nodespan::detail
