#ifndef NODESPAN_C_COUNTER_H
#define NODESPAN_C_COUNTER_H

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"

#include <stdint.h>

/// A counter of tickets that all ranks of a team share: each rank that asks gets numbers, nobody
/// gets a number twice, none is left out. Programs use it to distribute work dynamically.
typedef struct nodespan_counter_object* nodespan_counter;

/// Counts from `first`. Over several nodes take fetches `portion` numbers at a time for a whole
/// node.
/// Shape:  first >= -2^62; portion >= 1.
/// Call:   collective over the team, same arguments on all ranks; made and freed in the same order
///         as arrays.
/// Errors: as nodespan_array_create.
NODESPAN_C_API int nodespan_counter_create(nodespan_team team, int64_t first, int64_t portion,
                                           nodespan_counter* result);

/// Ends a counter and makes the handle null; does nothing if it is null already.
NODESPAN_C_API int nodespan_counter_free(nodespan_counter* counter);

/// Writes the first of `chunk` numbers that only the caller gets. They are larger than all numbers
/// that next has given before.
/// Shape:  1 <= chunk <= 2^62 / ranks.
/// Call:   any rank alone.
/// Errors: INVALID_ARGUMENT, OUT_OF_RANGE (fewer numbers are left below 2^63), MPI.
/// Cost:   one node: an atomic instruction. Several: a round trip.
NODESPAN_C_API int nodespan_counter_next(nodespan_counter counter, int64_t chunk, int64_t* first);

/// Writes up to `most` numbers, at least one, that only the caller gets: [lo, hi). They ascend on
/// each rank; a node may get small numbers after another node has got larger ones.
/// Call:   any rank alone, also beside next.
/// Errors: as next.
/// Cost:   one node: an atomic instruction. Several: a lock of the node, and a round trip for each
///         portion.
NODESPAN_C_API int nodespan_counter_take(nodespan_counter counter, int64_t most, int64_t* lo,
                                         int64_t* hi);

/// Starts again from `first`.
/// Call:   collective over the team, same arguments on all ranks; a fence.
/// Errors: MISMATCHED_ARGUMENTS, INVALID_ARGUMENT, PEER_LOST, MPI: on all ranks.
NODESPAN_C_API int nodespan_counter_reset(nodespan_counter counter, int64_t first);

/// What work_share calls, for the indices [lo, hi). `context` is what work_share was given. It
/// returns 0, or any other number where it failed. It must not leave by longjmp.
typedef int (*nodespan_work)(int64_t lo, int64_t hi, void* context);

/// Calls `work` for all indices of [lo, hi), up to `chunk` at once, on whichever rank is free.
/// Call:   collective over the team, same lo, hi and chunk on all ranks. Ends with a fence. `work`
///         makes no collective calls.
/// Order:  ascending on each rank. Which rank gets which indices differs from run to run.
/// Errors: INVALID_ARGUMENT (null, chunk below 1), MISMATCHED_ARGUMENTS: on all ranks, before any
///         work. If `work` fails, that rank takes no more work, and others do the rest. Then the
///         call is NODESPAN_ERROR_OTHER on that rank, with the number that `work` returned and the
///         message where that was an error of nodespan; on the others PEER_LOST with its rank. The
///         team lives on.
/// Cost:   a counter for the call. One node: an atomic instruction for each chunk. Several: a round
///         trip for as many chunks as a node has ranks.
NODESPAN_C_API int nodespan_team_work_share(nodespan_team team, int64_t lo, int64_t hi,
                                            int64_t chunk, nodespan_work work, void* context);

#endif
