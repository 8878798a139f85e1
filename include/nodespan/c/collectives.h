#ifndef NODESPAN_C_COLLECTIVES_H
#define NODESPAN_C_COLLECTIVES_H

#include "nodespan/c/error.h"
#include "nodespan/c/op.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

#include <stdint.h>

/// Combines `count` values of all ranks, element by element; the result replaces the values on
/// every rank, with reduce only on rank `root`.
/// Shape:  the same number of values on all ranks. Values of ranks of one node do not overlap.
/// Call:   collective over the team, same arguments on all ranks: SUM, PROD, MIN, MAX, FMIN or FMAX
///         (the last four not for complex numbers); not for NODESPAN_BOOL.
/// Epoch:  not a fence.
/// Order:  ranks of a node are combined in rank order, then nodes, two neighbouring groups at a
///         time: the same bits in every run and on all ranks.
/// Errors: MISMATCHED_ARGUMENTS, also if one rank alone passes null or a count below 0;
///         INVALID_ARGUMENT, OUT_OF_RANGE (root), NO_CAPACITY; on all ranks, and the values are
///         unchanged. PEER_LOST and MPI end the team.
/// Cost:   one node: up to 1 KiB, one meeting. It is fastest if the values lie in arrays of the
///         team. Over N nodes log2(N) rounds of messages between leaders.
NODESPAN_C_API int nodespan_team_all_reduce(nodespan_team team, nodespan_type type, void* values,
                                            int64_t count, nodespan_op op);
NODESPAN_C_API int nodespan_team_reduce(nodespan_team team, nodespan_type type, void* values,
                                        int64_t count, nodespan_op op, int root);

/// Copies the values of rank `root` to those of all other ranks. Any type.
/// Call:   collective over the team, same arguments on all ranks.
/// Epoch:  not a fence.
/// Errors: as reduce.
/// Cost:   one node: as all_reduce; several: an allgather and a binomial tree of leaders.
NODESPAN_C_API int nodespan_team_broadcast(nodespan_team team, nodespan_type type, void* values,
                                           int64_t count, int root);

#endif
