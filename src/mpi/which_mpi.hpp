#pragma once

#include <mpi.h>

namespace nodespan::detail {

/// Whether the library is built with Open MPI, of which some rules and settings are its own. Its
/// versions 4 and 5 run the same programs: which it is shows at run time only, see has_pt2pt.
#ifdef OPEN_MPI
inline constexpr bool is_built_with_open_mpi = true;
#else
inline constexpr bool is_built_with_open_mpi = false;
#endif

} // namespace nodespan::detail
