#ifndef NODESPAN_C_TRANSFER_H
#define NODESPAN_C_TRANSFER_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

#include <stdint.h>

/// Transfers: any rank alone, elements of any node. Other ranks see what a rank sends after a
/// fence, or under a lock that is released afterwards; the rank itself sees it at once. Buffers
/// have the array's type and order, without gaps. `count` is the number of their elements, which
/// must be that of the box.

/// Copies the box [lo, hi) of the array to `to`, or `from` to the box. put returns when `from` may
/// be changed.
/// Shape:  0 <= lo <= hi <= extents.
/// Epoch:  the memory rule.
/// Errors: OUT_OF_RANGE, SIZE_MISMATCH, INVALID_ARGUMENT, MPI; `to` is then unspecified.
/// Cost:   same node: one copy per run of elements. Otherwise MPI_Get or MPI_Put, one for each
///         piece or node touched.
NODESPAN_C_API int nodespan_array_get(nodespan_array array, const int64_t* lo, const int64_t* hi,
                                      void* to, int64_t count);
NODESPAN_C_API int nodespan_array_put(nodespan_array array, const int64_t* lo, const int64_t* hi,
                                      const void* from, int64_t count);

/// How accumulate combines the old value of an element with a new one. MIN and MAX of
/// floating-point numbers give NaN if one side is NaN; FMIN and FMAX give the number. -0 is less
/// than +0.
typedef enum nodespan_op NODESPAN_C_INT {
    NODESPAN_SUM,
    NODESPAN_MIN,
    NODESPAN_MAX,
    NODESPAN_PROD,
    NODESPAN_REPLACE,
    NODESPAN_FMIN, ///< as MIN, but of a NaN and a number the number
    NODESPAN_FMAX  ///< as MAX, but of a NaN and a number the number
} nodespan_op;

/// Combines each element of the box with `scale` times that of `from`: element = op(element, scale
/// * from). `scale` points to one element, or is null for 1. Not for NODESPAN_BOOL; complex numbers
/// have only SUM, PROD and REPLACE.
/// Epoch:  each element changes in one indivisible step, so other accumulate and fetch_add calls
///         may change it in the same epoch. Over several nodes MPI promises this for one operation
///         at a time. The library uses a lock of its own for what MPI does differently: MIN, MAX,
///         FMIN and FMAX of floating-point numbers, SUM, PROD and fetch_add of 8- and 16-bit
///         integers. Among these nothing is lost.
/// Errors: as put; INVALID_ARGUMENT for an operation that the elements do not have.
/// Cost:   one node: the speed of memory. Several: MPI_Accumulate, also for this node's elements,
///         or a lock, a get and a put.
NODESPAN_C_API int nodespan_array_accumulate(nodespan_array array, nodespan_op op,
                                             const int64_t* lo, const int64_t* hi, const void* from,
                                             int64_t count, const void* scale);

/// Adds *value to an element in one indivisible step, and writes the old value to *before, which
/// may be null. Not for NODESPAN_BOOL, nor for complex numbers.
/// Epoch:  as accumulate.
/// Errors: OUT_OF_RANGE, INVALID_ARGUMENT, MPI.
/// Cost:   one node: one atomic instruction. Several: a round trip (MPI_Fetch_and_op).
NODESPAN_C_API int nodespan_array_fetch_add(nodespan_array array, const int64_t* at,
                                            const void* value, void* before);

#endif
