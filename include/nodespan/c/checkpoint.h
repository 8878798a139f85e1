#ifndef NODESPAN_C_CHECKPOINT_H
#define NODESPAN_C_CHECKPOINT_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

#include <stdint.h>

/// What a program needs to go on after it was stopped: named arrays and values, written together
/// with a step number, and restored on any team. A checkpoint is one HDF5 file,
/// `folder`/step-000000001200.h5, written under another name, read back, checked, and renamed: a
/// job that is killed at any moment leaves the checkpoints that were finished before. Needs the
/// component hdf5.
typedef struct nodespan_checkpoint_object* nodespan_checkpoint;

/// How checkpoints are kept. All zero, as NODESPAN_CHECKPOINT_OPTIONS_INIT sets it, is the default.
typedef struct nodespan_checkpoint_options {
    int keep;     ///< finished checkpoints that stay in the folder; 0 stands for 2
    int unproved; ///< not 0: a checkpoint gets its name without being read back from the disk
} nodespan_checkpoint_options;

#define NODESPAN_CHECKPOINT_OPTIONS_INIT                                                           \
    { 0, 0 }

/// Reads and makes nothing yet. `options` may be null.
/// Call:   any rank alone; the same on all ranks.
/// Errors: INVALID_ARGUMENT.
NODESPAN_C_API int nodespan_checkpoint_create(nodespan_team team, const char* folder,
                                              const nodespan_checkpoint_options* options,
                                              nodespan_checkpoint* result);

/// Makes the handle null; its files stay. Does nothing if it is null already.
NODESPAN_C_API int nodespan_checkpoint_free(nodespan_checkpoint* checkpoint);

/// Adds an array, which is freed after the last write or restore. It replaces what had this name.
/// Call:   the same on all ranks.
/// Errors: INVALID_ARGUMENT (NODESPAN_BOOL).
NODESPAN_C_API int nodespan_checkpoint_add_array(nodespan_checkpoint checkpoint, const char* name,
                                                 nodespan_array array);

/// Adds one number, or bool, that *value is. The memory remains the caller's and outlives the
/// checkpoint. It has the same value on all ranks when it is written; restoring gives exactly that
/// value, or an error.
/// Call:   the same on all ranks.
/// Errors: INVALID_ARGUMENT (complex numbers: put them into an array).
NODESPAN_C_API int nodespan_checkpoint_add_value(nodespan_checkpoint checkpoint, const char* name,
                                                 nodespan_type type, void* value);

/// Writes a checkpoint, and removes all but the latest ones. Makes the folder if it is missing.
/// Call:   collective over the team. 0 <= step < 10^18; a checkpoint of this step is replaced.
/// Epoch:  ends an epoch: all that was written before is in it.
/// Errors: IO (full disk, no permission, the data read back differ), INVALID_ARGUMENT (a checkpoint
///         of a later step, from another run; an array that is freed), MISMATCHED_ARGUMENTS,
///         PEER_LOST, FINALIZED, MPI: on all ranks. Checkpoints that were finished before stay.
/// Cost:   as nodespan_array_save_hdf5; then all ranks read the file once for its checksum, and
///         once more to prove it.
NODESPAN_C_API int nodespan_checkpoint_write(nodespan_checkpoint checkpoint, int64_t step);

/// Reads the latest checkpoint that is readable and fits the arrays and values. `step` becomes its
/// step, or -1 if there is none. latest only looks for one that is whole.
/// Call:   collective over the team.
/// Epoch:  ends one before it reads, and one after.
/// Errors: as write. A damaged checkpoint is no error, see refusals. IO if none fits, and one that
///         is whole lacks something or has it with other extents; then nothing has been changed.
NODESPAN_C_API int nodespan_checkpoint_restore(nodespan_checkpoint checkpoint, int64_t* step);
NODESPAN_C_API int nodespan_checkpoint_latest(nodespan_checkpoint checkpoint, int64_t* step);

/// How many checkpoints later than that of latest or restore were not used; and why the k-th of
/// them was not, from 0 on: it returns the text, valid until the next call of write, latest or
/// restore, or NULL if there is no such one.
/// Call:   any rank alone.
NODESPAN_C_API int nodespan_checkpoint_refusals(nodespan_checkpoint checkpoint, int* count);
NODESPAN_C_API const char* nodespan_checkpoint_refusal(nodespan_checkpoint checkpoint, int k);

#endif
