#ifndef NODESPAN_C_TRANSFER_H
#define NODESPAN_C_TRANSFER_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"
#include "nodespan/c/op.h"

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

/// Copies the elements at `count` places to `to`, or `from` to the elements. `places` has the
/// indices of one place after the other, in the array's order: those of place k begin at
/// places[k * dimensions]. If several values go to the same element, the last one stays.
/// scatter_add adds the values, as accumulate does; not for NODESPAN_BOOL.
/// Epoch:  the memory rule; of scatter_add that of accumulate.
/// Errors: OUT_OF_RANGE before any element is copied, INVALID_ARGUMENT, MPI.
/// Cost:   same node: a load or store for each element. Otherwise sorting, and one message to a
///         node for each 65,536 elements or 64 MiB.
NODESPAN_C_API int nodespan_array_gather(nodespan_array array, const int64_t* places, int64_t count,
                                         void* to);
NODESPAN_C_API int nodespan_array_scatter(nodespan_array array, const int64_t* places,
                                          int64_t count, const void* from);
NODESPAN_C_API int nodespan_array_scatter_add(nodespan_array array, const int64_t* places,
                                              int64_t count, const void* from);

/// The same of lists that all ranks have, each its own, of no places too. Over nodes this is much
/// faster than calls of each rank alone. Values reach an element in a fixed order, rank 0's first:
/// sums have the same bits in every run.
/// Call:   collective over the team.
/// Epoch:  ends one when it begins and one when it returns.
/// Errors: OUT_OF_RANGE of any rank, NO_CAPACITY, MISMATCHED_ARGUMENTS (another array on another
///         rank): on all ranks, before any element is copied. INVALID_ARGUMENT (null, a negative
///         count) of any rank: on all. PEER_LOST, MPI: the team has ended.
/// Cost:   three meetings, and two messages from rank to rank for each 8 MiB of a rank's list; the
///         node's memory for each rank: up to 19 MiB, kept until the team ends.
NODESPAN_C_API int nodespan_array_gather_all(nodespan_array array, const int64_t* places,
                                             int64_t count, void* to);
NODESPAN_C_API int nodespan_array_scatter_all(nodespan_array array, const int64_t* places,
                                              int64_t count, const void* from);
NODESPAN_C_API int nodespan_array_scatter_add_all(nodespan_array array, const int64_t* places,
                                                  int64_t count, const void* from);

#endif
