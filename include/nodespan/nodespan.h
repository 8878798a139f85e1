#ifndef NODESPAN_NODESPAN_H
#define NODESPAN_NODESPAN_H

/// nodespan for C, in one include: distributed arrays whose node-local part all ranks of a node
/// share as plain memory. C99; C++ programs use nodespan.hpp. The rules of the C interface:
///
/// Every function returns NODESPAN_SUCCESS or a nodespan_error, unless it says otherwise, and keeps
/// the message of the last error of this thread. Handles are pointers to what the library owns. A
/// null handle, one of another kind, or a null pointer where something is needed, is
/// NODESPAN_ERROR_INVALID_ARGUMENT; so are most copies of a handle that has ended. Results are
/// written on success only. Collective calls fail on all ranks or on none. There is one exception:
/// a rank that passes such a handle, or a null pointer for the result of making a team, gets its
/// error at once and alone.
///
/// Indices start from 0, in arrays of as many int64_t as there are dimensions; boxes are half-open,
/// [lo, hi). They name dimensions in the array's own order: of a column-major one, the first index
/// runs fastest. For Fortran, whose indices start from 1, the same box is lo + 1 : hi.

#include "nodespan/c/array.h"
#include "nodespan/c/collectives.h"
#include "nodespan/c/counter.h"
#include "nodespan/c/error.h"
#include "nodespan/c/files.h"
#include "nodespan/c/fortran.h"
#include "nodespan/c/op.h"
#include "nodespan/c/queue.h"
#include "nodespan/c/replicated.h"
#include "nodespan/c/ring.h"
#include "nodespan/c/team.h"
#include "nodespan/c/transfer.h"
#include "nodespan/c/type.h"
#include "nodespan/c/whole.h"
#ifdef NODESPAN_HAS_LINALG // defined by the target nodespan::linalg
#include "nodespan/c/multiply.h"
#endif
#ifdef NODESPAN_HAS_HDF5 // defined by the target nodespan::hdf5
#include "nodespan/c/checkpoint.h"
#include "nodespan/c/hdf5.h"
#endif

#endif
