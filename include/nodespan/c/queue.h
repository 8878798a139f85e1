#ifndef NODESPAN_C_QUEUE_H
#define NODESPAN_C_QUEUE_H

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"

#include <stddef.h>
#include <stdint.h>

/// A queue of commands among the ranks of a node: any rank puts, any rank gets, first come, first
/// served. It is bounded: a rank that puts waits while `capacity` items wait. Put an item that says
/// where the data lie, such as an index into an array, not the data.
/// Epoch:  what a rank wrote before put is visible to the rank that gets the item; what a rank
///         wrote before task_done is visible to ranks that join.
typedef struct nodespan_queue_object* nodespan_queue;

/// Makes an empty, open queue with room for `capacity` items of `item_bytes` bytes.
/// Shape:  capacity >= 1; 1 <= item_bytes <= 1024.
/// Call:   collective over the team, which has one node; same arguments on all ranks. Made and
///         freed in the same order as arrays.
/// Errors: INVALID_ARGUMENT, MISMATCHED_ARGUMENTS, NO_CAPACITY, MPI: on all ranks.
/// Cost:   as an array of `capacity` times 64 bytes, more for items of over 56 bytes.
NODESPAN_C_API int nodespan_queue_create(nodespan_team team, int64_t capacity, size_t item_bytes,
                                         nodespan_queue* result);

/// Ends a queue and makes the handle null; does nothing if it is null already. All ranks have left
/// its other calls.
NODESPAN_C_API int nodespan_queue_free(nodespan_queue* queue);

NODESPAN_C_API int nodespan_queue_capacity(nodespan_queue queue, int64_t* capacity);

/// Puts an item at the end, and sets `is_put` to 1. Waits for room; ranks that wait are served in
/// the order in which they called. Sets it to 0 if the queue is closed, or is closed before there
/// is room. try_put does not wait: 0 also where there is no room.
/// Call:   any rank alone, like all calls below.
/// Errors: INVALID_ARGUMENT, PEER_LOST, FINALIZED.
/// Cost:   three atomic instructions, no MPI call. A system call if a rank sleeps.
NODESPAN_C_API int nodespan_queue_put(nodespan_queue queue, const void* item, int* is_put);
NODESPAN_C_API int nodespan_queue_try_put(nodespan_queue queue, const void* item, int* is_put);

/// Takes the first item, and sets `is_taken` to 1. Waits for one. Sets it to 0 if the queue is
/// closed and empty; `item` is then unchanged. try_get does not wait: 0 also where there is no item
/// or others already wait for it.
/// Errors: as put.
/// Cost:   an atomic instruction. A system call if a rank that puts sleeps.
NODESPAN_C_API int nodespan_queue_get(nodespan_queue queue, void* item, int* is_taken);
NODESPAN_C_API int nodespan_queue_try_get(nodespan_queue queue, void* item, int* is_taken);

/// Marks one item as done: once for each item that was got, on any rank. join waits until every
/// item that was put is marked, including items put in the meantime.
/// Errors: INVALID_ARGUMENT if all items that were put are marked already; PEER_LOST in join.
NODESPAN_C_API int nodespan_queue_task_done(nodespan_queue queue);
NODESPAN_C_API int nodespan_queue_join(nodespan_queue queue);

/// Accepts no more items. Those in the queue can still be got; after them get gives none, also on
/// ranks that wait in it.
NODESPAN_C_API int nodespan_queue_close(nodespan_queue queue);
NODESPAN_C_API int nodespan_queue_is_closed(nodespan_queue queue, int* is_closed);

#endif
