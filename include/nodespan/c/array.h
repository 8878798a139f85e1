#ifndef NODESPAN_C_ARRAY_H
#define NODESPAN_C_ARRAY_H

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

#include <stdint.h>

#define NODESPAN_MAX_DIMENSIONS 6

/// Which index runs fastest in memory: the last one, as in C, or the first one, as in Fortran.
typedef enum nodespan_order NODESPAN_C_INT {
    NODESPAN_ROW_MAJOR,
    NODESPAN_COLUMN_MAJOR
} nodespan_order;

/// How an array is made. All zero, as NODESPAN_ARRAY_OPTIONS_INIT sets it, is the default. Lists
/// have an entry for each dimension, in the array's order; they are not used after the call.
typedef struct nodespan_array_options {
    nodespan_order order;
    int unspecified;      ///< not 0: elements start with any values; 0: as zero bytes
    const char* name;     ///< in messages and in the usage report; or null
    const int* node_grid; ///< nodes along each dimension, one entry may be 0: "the rest"; null: all
                          ///< along the slowest dimension
    const int* rank_grid; ///< ranks along each dimension inside every node, likewise
    const int64_t* ghosts; ///< layers of neighbours' elements on both sides; null: none
    const int* periodic;   ///< not 0: the index space is periodic there; null: nowhere
    const int64_t* block;  ///< block-cyclic: extent of a block; 0: not along this dimension; null:
                           ///< nowhere. Blocks are dealt to the nodes in turn
} nodespan_array_options;

#define NODESPAN_ARRAY_OPTIONS_INIT                                                                \
    { NODESPAN_ROW_MAJOR, 0, 0, 0, 0, 0, 0, 0 }

/// An array over the ranks of a team. Each node's part is one dense block that all its ranks
/// address directly. The memory rule: in an epoch, the time between two fences, an element is
/// written by one rank or read by many; a lock orders accesses inside an epoch.
typedef struct nodespan_array_object* nodespan_array;

/// Makes an array of 1 to 6 dimensions. `options` may be null. Ends an epoch.
/// Shape:  extents >= 0; product and bytes below 2^63.
/// Call:   collective over the team, same arguments on all ranks; ranks make and free a team's
///         arrays in the same order.
/// Errors: NO_CAPACITY, MISMATCHED_ARGUMENTS, INVALID_ARGUMENT, FINALIZED, MPI: on all ranks.
/// Cost:   three meetings of all ranks, and the first touch of new pages.
NODESPAN_C_API int nodespan_array_create(nodespan_team team, nodespan_type type, int dimensions,
                                         const int64_t* extents,
                                         const nodespan_array_options* options,
                                         nodespan_array* result);

/// Ends an array and makes the handle null; does nothing if it is null already.
/// Call:   every rank of the team, in the same order for all of its arrays; does not wait for other
///         ranks.
NODESPAN_C_API int nodespan_array_free(nodespan_array* array);

/// The properties with which the array was made.
/// Call:   any rank alone, like all calls below up to the fences.
NODESPAN_C_API int nodespan_array_type(nodespan_array array, nodespan_type* type);
NODESPAN_C_API int nodespan_array_order(nodespan_array array, nodespan_order* order);
NODESPAN_C_API int nodespan_array_dimensions(nodespan_array array, int* dimensions);
NODESPAN_C_API int nodespan_array_extents(nodespan_array array, int64_t* extents);

/// The indices of my share, of all elements that this node holds, and of those with their ghosts;
/// and the same for any rank or node. Boxes can be empty.
/// Errors: OUT_OF_RANGE; INVALID_ARGUMENT where the array is block-cyclic.
NODESPAN_C_API int nodespan_array_rank_box(nodespan_array array, int64_t* lo, int64_t* hi);
NODESPAN_C_API int nodespan_array_node_box(nodespan_array array, int64_t* lo, int64_t* hi);
NODESPAN_C_API int nodespan_array_node_box_with_ghosts(nodespan_array array, int64_t* lo,
                                                       int64_t* hi);
NODESPAN_C_API int nodespan_array_rank_box_of(nodespan_array array, int rank, int64_t* lo,
                                              int64_t* hi);
NODESPAN_C_API int nodespan_array_node_box_of(nodespan_array array, int node, int64_t* lo,
                                              int64_t* hi);

/// The node that holds an element.
/// Errors: OUT_OF_RANGE.
NODESPAN_C_API int nodespan_array_owner_node(nodespan_array array, const int64_t* at, int* node);

/// Where an element is in the memory of its node, counted from the first element that
/// nodespan_array_node tells; and the GLOBAL indices of the element at a place of this node's
/// memory, or of my share as nodespan_array_local tells it. `extents` are those of my share in
/// memory, whatever the cut.
/// Errors: OUT_OF_RANGE.
NODESPAN_C_API int nodespan_array_node_place(nodespan_array array, const int64_t* at,
                                             int64_t* place);
NODESPAN_C_API int nodespan_array_node_index(nodespan_array array, const int64_t* place,
                                             int64_t* at);
NODESPAN_C_API int nodespan_array_local_index(nodespan_array array, const int64_t* place,
                                              int64_t* at);
NODESPAN_C_API int nodespan_array_local_extents(nodespan_array array, int64_t* extents);

/// A block-cyclic matrix where it lies, as ScaLAPACK's routines take it: `descriptor` has 9
/// entries, `data` are this rank's blocks. A context that fits numbers the team's ranks by columns
/// of the grid of grid[0] x grid[1] nodes; `context` is only written into the descriptor.
/// Shape:  two dimensions, in column-major order, block-cyclic in both where several nodes share
///         them; one rank a node (nodespan_team_options).
/// Call:   any rank alone. ScaLAPACK's calls need fences before and after, as loads and stores do.
/// Errors: INVALID_ARGUMENT.
NODESPAN_C_API int nodespan_array_scalapack(nodespan_array array, int context, int* descriptor,
                                            int* grid, void** data);

/// Plain memory: the address of the first element of my rank box, of the node box, of the node box
/// with its ghosts, and of the rank box of another rank of this node. `strides` gives the distance
/// to the next element along each dimension, in ELEMENTS; it may be null. Only the block of
/// node_with_ghosts has no gaps, and that of node in an array without ghosts. Valid until the array
/// is freed.
/// Epoch:  the memory rule.
/// Errors: for block OUT_OF_RANGE, NOT_ON_NODE.
NODESPAN_C_API int nodespan_array_local(nodespan_array array, void** data, int64_t* strides);
NODESPAN_C_API int nodespan_array_node(nodespan_array array, void** data, int64_t* strides);
NODESPAN_C_API int nodespan_array_node_with_ghosts(nodespan_array array, void** data,
                                                   int64_t* strides);
NODESPAN_C_API int nodespan_array_block(nodespan_array array, int rank, void** data,
                                        int64_t* strides);

/// Ends the epoch for all ranks, or for those of this node: nodespan_team_fence of the array's
/// team.
NODESPAN_C_API int nodespan_array_fence(nodespan_array array);
NODESPAN_C_API int nodespan_array_node_fence(nodespan_array array);

/// Ends the epoch of this node and updates its ghosts, corners included, at once or in two steps.
/// Between the steps the elements within the ghosts' width of a node's edge must not be written.
/// Call:   collective over the team.
/// Errors: INVALID_ARGUMENT (two starts), PEER_LOST, MPI.
/// Cost:   inside a node only a node_fence. Otherwise messages between nodes that touch.
NODESPAN_C_API int nodespan_array_exchange_ghosts(nodespan_array array);
NODESPAN_C_API int nodespan_array_start_exchange_ghosts(nodespan_array array);
NODESPAN_C_API int nodespan_array_finish_exchange_ghosts(nodespan_array array);

/// The array's fair reader/writer lock of a node. The program decides what it guards. It is not
/// recursive; only the rank that holds it unlocks it. What was written or sent under it is visible
/// to its next holder. `try_lock` sets `taken` to whether it got the lock.
/// Call:   any rank alone.
/// Errors: OUT_OF_RANGE; MPI in teams of several nodes.
/// Cost:   own node: two atomic operations when it is free. Elsewhere three round trips to lock and
///         two to unlock.
NODESPAN_C_API int nodespan_array_lock(nodespan_array array, int node);
NODESPAN_C_API int nodespan_array_try_lock(nodespan_array array, int node, int* taken);
NODESPAN_C_API int nodespan_array_unlock(nodespan_array array, int node);
NODESPAN_C_API int nodespan_array_lock_shared(nodespan_array array, int node);
NODESPAN_C_API int nodespan_array_unlock_shared(nodespan_array array, int node);

#endif
