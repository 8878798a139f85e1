#ifndef NODESPAN_C_REPLICATED_H
#define NODESPAN_C_REPLICATED_H

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

#include <stdint.h>

/// A table that every rank reads: one copy on each node, not one in each rank. Its elements lie
/// without gaps, in the order in which the program reads and writes them; zero bytes until it is
/// loaded.
typedef struct nodespan_replicated_object* nodespan_replicated;

/// Makes a table of 1 to 6 dimensions.
/// Shape:  extents >= 0.
/// Call:   collective over the team, same arguments on all ranks; made and freed in the same order
///         as arrays.
/// Errors: INVALID_ARGUMENT, MISMATCHED_ARGUMENTS, NO_CAPACITY, MPI: on all ranks.
NODESPAN_C_API int nodespan_replicated_create(nodespan_team team, nodespan_type type,
                                              int dimensions, const int64_t* extents,
                                              nodespan_replicated* result);

/// Ends a table and makes the handle null; does nothing if it is null already.
NODESPAN_C_API int nodespan_replicated_free(nodespan_replicated* table);

/// This node's copy, to be read; and the same to be changed. Until publish only this node has the
/// changes. Valid until the table is freed.
/// Call:   any rank alone.
/// Epoch:  the memory rule, among the node's ranks.
NODESPAN_C_API int nodespan_replicated_node(nodespan_replicated table, const void** data);
NODESPAN_C_API int nodespan_replicated_edit(nodespan_replicated table, void** data);

/// Fills all copies with the `count` elements that rank `root` passes. Other ranks may pass null
/// and 0.
/// Call:   collective over the team, the same root on all ranks. Ends an epoch.
/// Errors: INVALID_ARGUMENT, SIZE_MISMATCH, OUT_OF_RANGE (root), MISMATCHED_ARGUMENTS, PEER_LOST,
///         MPI: on all ranks. The copies are then unchanged, except after errors of MPI.
/// Cost:   one copy on the root's node, two agreements, and a broadcast between leaders.
NODESPAN_C_API int nodespan_replicated_load(nodespan_replicated table, const void* from,
                                            int64_t count, int root);

/// Sends the copy of node `node`, which the program has edited, to all other nodes. Like load.
NODESPAN_C_API int nodespan_replicated_publish(nodespan_replicated table, int node);

#endif
