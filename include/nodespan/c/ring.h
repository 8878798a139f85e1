#ifndef NODESPAN_C_RING_H
#define NODESPAN_C_RING_H

#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

#include <stdint.h>

/// Who gets a frame: every consumer, or the first that asks.
typedef enum nodespan_delivery NODESPAN_C_INT {
    NODESPAN_TO_ALL,
    NODESPAN_TO_ONE
} nodespan_delivery;

/// What the producer does while consumers have not released enough frames.
typedef enum nodespan_when_full NODESPAN_C_INT {
    NODESPAN_BLOCK,       ///< it waits in reserve: nothing is lost
    NODESPAN_DROP_NEWEST, ///< the frame just written is lost
    NODESPAN_DROP_OLDEST  ///< the oldest frame that is not being read is lost
} nodespan_when_full;

/// How a ring is made. All zero, as NODESPAN_RING_OPTIONS_INIT sets it, is the default.
typedef struct nodespan_ring_options {
    int64_t slots; ///< frames that may wait or be read while another is written; 0 stands for 8
    int producer;  ///< the team's rank that produces; all others consume
    nodespan_delivery delivery;
    nodespan_when_full when_full;
    const char* name; ///< in messages and in the usage report; or null
} nodespan_ring_options;

#define NODESPAN_RING_OPTIONS_INIT                                                                 \
    { 0, 0, NODESPAN_TO_ALL, NODESPAN_BLOCK, 0 }

/// A stream of frames from one rank to the others, through memory that they share: frames are
/// written in place and read in place, not copied. Each has a number, 0, 1, 2, ..., so that losses
/// are counted exactly. A frame that somebody reads is not overwritten. One thread of a rank at a
/// time uses its end of a ring.
typedef struct nodespan_ring_object* nodespan_ring;

/// Frames of `frame_elements` elements. `options` may be null.
/// Shape:  frame_elements >= 1, slots >= 1; at most 4095 consumers.
/// Call:   collective over the team, which has one node and two ranks or more; same arguments on
///         all ranks. Made and freed in the same order as arrays.
/// Errors: INVALID_ARGUMENT, MISMATCHED_ARGUMENTS, NO_CAPACITY, FINALIZED, MPI: on all ranks.
NODESPAN_C_API int nodespan_ring_create(nodespan_team team, nodespan_type type,
                                        int64_t frame_elements,
                                        const nodespan_ring_options* options,
                                        nodespan_ring* result);

/// Ends this rank's end of the ring, its frames included, and makes the handle null; does nothing
/// if it is null already. Waits for nobody; the producer's end closes the ring.
NODESPAN_C_API int nodespan_ring_free(nodespan_ring* ring);

/// A slot for the next frame, with the elements that were there before, and its number
/// (`sequence` may be null). The producer keeps it until it publishes it, and has one at a time.
/// Call:   the producer alone.
/// Errors: INVALID_ARGUMENT (on other ranks; closed), PEER_LOST with NODESPAN_BLOCK if no rank
///         is left that would make room.
/// Cost:   some 10 ns. With NODESPAN_BLOCK waits until consumers have released a frame.
NODESPAN_C_API int nodespan_ring_reserve(nodespan_ring ring, void** elements, uint64_t* sequence);

/// Gives the reserved frame to consumers; its elements must not be used afterwards. `is_there`,
/// which may be null, becomes 0 if the frame was lost since the ring is full.
/// Call:   the producer alone. Does not wait.
/// Errors: INVALID_ARGUMENT (nothing is reserved, closed).
NODESPAN_C_API int nodespan_ring_publish(nodespan_ring ring, int* is_there);

/// Ends the stream: consumers get the frames that are left, then none.
/// Call:   the producer alone; may be repeated.
NODESPAN_C_API int nodespan_ring_close(nodespan_ring ring);

/// Waits for the next frame: its elements and its number (which may be null). `elements` becomes
/// null once the ring is closed and no frame is left. A consumer may hold several frames, but at
/// most `slots` while it waits for another.
/// Call:   a consumer alone.
/// Errors: INVALID_ARGUMENT (on the producer), PEER_LOST.
/// Cost:   some 10 ns and the transfer of a cache line if a frame is there.
NODESPAN_C_API int nodespan_ring_next(nodespan_ring ring, const void** elements,
                                      uint64_t* sequence);

/// Gives the slot of a frame back; its elements must not be read afterwards.
/// Call:   the consumer that holds it.
/// Errors: INVALID_ARGUMENT: this rank holds no frame of this number.
NODESPAN_C_API int nodespan_ring_release(nodespan_ring ring, uint64_t sequence);

/// The numbers given so far, those of lost frames included; the frames that this consumer has
/// received; and those that were lost: exact once all consumers have reached the end.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_ring_published(nodespan_ring ring, uint64_t* frames);
NODESPAN_C_API int nodespan_ring_received(nodespan_ring ring, uint64_t* frames);
NODESPAN_C_API int nodespan_ring_lost(nodespan_ring ring, uint64_t* frames);

#endif
