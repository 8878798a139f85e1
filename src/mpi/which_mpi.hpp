#pragma once

#include <mpi.h>

namespace nodespan::detail {

/// Whether the library is built with Open MPI, to which some rules and settings belong. Its
/// versions 4 and 5 run the same programs; which one it is shows only at run time, see has_pt2pt.
#ifdef OPEN_MPI
inline constexpr bool is_built_with_open_mpi = true;
#else
inline constexpr bool is_built_with_open_mpi = false;
#endif

} // namespace nodespan::detail
