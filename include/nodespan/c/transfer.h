#ifndef NODESPAN_C_TRANSFER_H
#define NODESPAN_C_TRANSFER_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

#include <stdint.h>

/// Transfers: any rank alone, elements of any node. What a rank sends is visible to others after a
/// fence, or under a lock released afterwards; to itself at once. Buffers have the array's type and
/// order, without gaps; `count` is how many elements there are, which must be those of the box.

/// Copies the box [lo, hi) of the array to `to`; or `from` to it. put returns when `from` may be
/// changed.
/// Shape:  0 <= lo <= hi <= extents.
/// Epoch:  the memory rule.
/// Errors: OUT_OF_RANGE, SIZE_MISMATCH, INVALID_ARGUMENT, MPI; `to` is then unspecified.
/// Cost:   same node: one copy per run of elements. Otherwise MPI_Get or MPI_Put, one for each
///         piece or node touched.
NODESPAN_C_API int nodespan_array_get(nodespan_array array, const int64_t* lo, const int64_t* hi,
                                      void* to, int64_t count);
NODESPAN_C_API int nodespan_array_put(nodespan_array array, const int64_t* lo, const int64_t* hi,
                                      const void* from, int64_t count);

/// How accumulate combines what is there with what comes. MIN and MAX of floating-point numbers
/// give NaN where one side is NaN; FMIN and FMAX the number. -0 is less than +0.
typedef enum nodespan_op NODESPAN_C_INT {
    NODESPAN_SUM,
    NODESPAN_MIN,
    NODESPAN_MAX,
    NODESPAN_PROD,
    NODESPAN_REPLACE,
    NODESPAN_FMIN, ///< as MIN, but a NaN gives way to a number
    NODESPAN_FMAX  ///< as MAX, but a NaN gives way to a number
} nodespan_op;

/// Combines each element of the box with `scale` times that of `from`: element = op(element, scale
/// * from). `scale` is one element, or null for 1. Not for NODESPAN_BOOL; of complex SUM, PROD and
/// REPLACE.
/// Epoch:  each element in one indivisible step: free of the memory rule against other accumulate
///         and fetch_add. Over several nodes MPI promises it for one operation at a time; what it
///         combines otherwise the library does, and that loses nothing among itself: MIN, MAX, FMIN
///         and FMAX of floating-point numbers, SUM, PROD and fetch_add of 8- and 16-bit integers.
/// Errors: as put; INVALID_ARGUMENT for an operation the elements do not have.
/// Cost:   one node: at the speed of memory. Several: MPI_Accumulate, also onto this node, or a
///         lock, a get and a put.
NODESPAN_C_API int nodespan_array_accumulate(nodespan_array array, nodespan_op op,
                                             const int64_t* lo, const int64_t* hi, const void* from,
                                             int64_t count, const void* scale);

/// Adds *value to an element in one indivisible step, and writes what it was before to *before,
/// which may be null. Neither for NODESPAN_BOOL nor for complex numbers.
/// Epoch:  as accumulate.
/// Errors: OUT_OF_RANGE, INVALID_ARGUMENT, MPI.
/// Cost:   one node: one atomic instruction. Several: a round trip (MPI_Fetch_and_op).
NODESPAN_C_API int nodespan_array_fetch_add(nodespan_array array, const int64_t* at,
                                            const void* value, void* before);

#endif
