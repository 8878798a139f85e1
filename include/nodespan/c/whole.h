#ifndef NODESPAN_C_WHOLE_H
#define NODESPAN_C_WHOLE_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

#include <stdint.h>

/// Calls on whole arrays: collective over the array's team, same arguments on all ranks. Their
/// errors are MISMATCHED_ARGUMENTS, INVALID_ARGUMENT, PEER_LOST and MPI, and what else is said: on
/// all ranks.

/// Cuts an array otherwise: grids and blocks as in nodespan_array_options; null: the default.
/// Ghosts, name and order stay. Addresses and strides of before are invalid afterwards. Ends an
/// epoch before and after.
/// Errors: NO_CAPACITY; the array is then as it was.
/// Cost:   a new array; while it is filled, there are both. Each element crosses to another node at
///         most once.
NODESPAN_C_API int nodespan_array_redistribute(nodespan_array array, const int* node_grid,
                                               const int* rank_grid, const int64_t* block);

/// Gives an array other extents. Elements whose indices both have stay; new ones are zero bytes.
/// As nodespan_array_redistribute.
NODESPAN_C_API int nodespan_array_resize(nodespan_array array, const int64_t* extents);

/// Turns `from` over into `to`: dimension d of `to` is dimension axes[d] of `from`; null: in
/// reverse order. The arrays may be cut differently and have different orders.
/// Shape:  the same type; extents of `to` are those of `from` in that order.
/// Epoch:  reads the values of the last fence; no fence.
/// Errors: SIZE_MISMATCH.
NODESPAN_C_API int nodespan_array_transpose(nodespan_array from, nodespan_array to,
                                            const int* axes);

/// Copies the box [from_lo, from_hi) of an array to the box [to_lo, to_hi) of another one, or of
/// the same one where they have no element in common. As nodespan_array_transpose.
/// Shape:  boxes of equal extents.
/// Errors: SIZE_MISMATCH, OUT_OF_RANGE.
NODESPAN_C_API int nodespan_array_copy(nodespan_array from, const int64_t* from_lo,
                                       const int64_t* from_hi, nodespan_array to,
                                       const int64_t* to_lo, const int64_t* to_hi);

/// Sorts all elements of an array of one dimension, in ascending order, NaNs last; equal elements
/// keep their order. sort_by_key sorts `keys` and moves the elements of `values` along, an array of
/// a type of 8 bytes that is cut alike. Not for complex types. Ends an epoch before and after.
/// Errors: NO_CAPACITY.
/// Cost:   each rank sorts its own elements; then all merge. Each element crosses to another node
///         at most once.
NODESPAN_C_API int nodespan_array_sort(nodespan_array array);
NODESPAN_C_API int nodespan_array_sort_by_key(nodespan_array keys, nodespan_array values);

/// out[i] = array[0] + ... + array[i], of one dimension; integers wrap. `out` has the same type, is
/// cut alike, and may be the array itself. Not for NODESPAN_BOOL. No fence.
NODESPAN_C_API int nodespan_array_cumsum(nodespan_array array, nodespan_array out);

/// The indices of the least or the largest element: of several the first one, in the array's order;
/// a NaN is both. Not for complex types. No fence.
NODESPAN_C_API int nodespan_array_argmin(nodespan_array array, int64_t* at);
NODESPAN_C_API int nodespan_array_argmax(nodespan_array array, int64_t* at);

/// How many elements lie in each bin: counts[k] of those with edges[k] <= element < edges[k + 1],
/// of the last bin also those that equal its upper edge. `counts` has one number less than there
/// are edges, on every rank.
/// Shape:  at least two edges, which ascend. Not for complex types.
NODESPAN_C_API int nodespan_array_histogram(nodespan_array array, const double* edges,
                                            int64_t edge_count, int64_t* counts);

#endif
