#ifndef NODESPAN_C_FILES_H
#define NODESPAN_C_FILES_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

/// Writes the whole array into a .npy file, which numpy.load reads. A file of that name is replaced
/// once the new one is complete. A column-major array is stored with its indices in reverse order,
/// and the order of its elements is not changed: for extents (nx, ny) the file says (ny, nx).
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends one epoch before, and one after: all ranks see the elements.
/// Errors: IO (with the file and the cause), MISMATCHED_ARGUMENTS, INVALID_ARGUMENT, PEER_LOST,
///         FINALIZED, MPI: on all ranks.
/// Cost:   every rank writes or reads one range of bytes.
NODESPAN_C_API int nodespan_array_save_npy(nodespan_array array, const char* file);

/// Fills the array from a file of its own type and extents, in either order and byte order.
NODESPAN_C_API int nodespan_array_load_npy(nodespan_array array, const char* file);

#endif
