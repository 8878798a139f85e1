#ifndef NODESPAN_C_FORTRAN_H
#define NODESPAN_C_FORTRAN_H

#include "nodespan/c/error.h"
#include "nodespan/c/type.h"

#include <stdint.h>

/// What the Fortran module asks the library, to point a Fortran array at memory.

/// The part of an array that a Fortran pointer shows. Tables have the first one only.
typedef enum nodespan_part NODESPAN_C_INT {
    NODESPAN_WITHOUT_GHOSTS, ///< all elements that this node holds
    NODESPAN_WITH_GHOSTS,    ///< and those that it stores of its neighbours; without gaps
    NODESPAN_MY_SHARE        ///< this rank's own
} nodespan_part;

/// Where elements are, in a column-major array or a replicated table: `data` begins a dense block
/// of `stored` elements along each dimension; in it the part begins after `skipped` and has `count`
/// elements; `lower` is the index of its first one in the whole array, counted from 1.
typedef struct nodespan_fortran_location {
    void* data;
    int64_t stored[6];
    int64_t skipped[6];
    int64_t count[6];
    int64_t lower[6];
} nodespan_fortran_location;

/// The location of a part, for a Fortran array of this type and rank. Unsigned integers are shown
/// as integers of their size.
/// Call:   any rank alone.
/// Errors: INVALID_ARGUMENT: elements of another type, another number of dimensions, an array in
///         row-major order, no handle of an array or table.
NODESPAN_C_API int nodespan_fortran_find(const void* handle, nodespan_type type, int rank,
                                         nodespan_part part, nodespan_fortran_location* place);

#endif
