#ifndef NODESPAN_NODESPAN_H
#define NODESPAN_NODESPAN_H

/* Distributed arrays on MPI-3 shared windows, for C and what can call C. The C++ headers tell more
 * of what the calls do; docs/c_and_fortran.md has programs.
 *
 * Every function that can fail returns NODESPAN_SUCCESS or an error code, and never throws or ends
 * the program; nodespan_last_error_message() then says in one line what went wrong. A collective
 * call fails on all ranks or on none, but for null pointers, which are the caller's own affair
 * unless said otherwise. Handles are of one process; threads follow the rule of nodespan::team. */

#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define NODESPAN_C_API __attribute__((visibility("default")))
#else
#define NODESPAN_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum { NODESPAN_MAX_DIMENSIONS = 6, NODESPAN_SELF = -1 };

/* ---- Errors ---- */

/* What went wrong: nodespan::errc, and what is not nodespan's own. */
typedef enum nodespan_code {
    NODESPAN_SUCCESS = 0,
    NODESPAN_INVALID_ARGUMENT = 1, /* a value no call could accept, or a null pointer */
    NODESPAN_MISMATCHED_ARGUMENTS, /* ranks passed different arguments to one collective call */
    NODESPAN_OUT_OF_RANGE,         /* an index or box outside the array, a rank that is not there */
    NODESPAN_SIZE_MISMATCH,        /* a buffer whose size is not that of the box */
    NODESPAN_NOT_ON_NODE,          /* direct access to what another node holds */
    NODESPAN_NO_CAPACITY,          /* not enough shared memory on at least one node */
    NODESPAN_NOT_INITIALIZED,      /* MPI is not initialised yet */
    NODESPAN_FINALIZED,            /* MPI is finalised already */
    NODESPAN_PEER_LOST,            /* another rank left a collective call */
    NODESPAN_IO,                   /* a file could not be read or written; HDF5's errors too */
    NODESPAN_WRONG_THREAD,         /* a call by a thread that may not make it */
    NODESPAN_MPI_ERROR = 100,      /* an MPI call failed; the message has MPI's words */
    NODESPAN_NO_MEMORY,            /* no ordinary memory */
    NODESPAN_OTHER_ERROR
} nodespan_code;

/* The message of this thread's last call that failed: one line. Valid until the next one; never
 * null, "" before the first. */
NODESPAN_C_API const char* nodespan_last_error_message(void);

/* Whether all ranks of the team got that same error, and may go on together: 1 or 0. */
NODESPAN_C_API int nodespan_last_error_is_collective(void);

/* ---- Element types ---- */

typedef enum nodespan_type {
    NODESPAN_BOOL,
    NODESPAN_INT8,
    NODESPAN_INT16,
    NODESPAN_INT32,
    NODESPAN_INT64,
    NODESPAN_UINT8,
    NODESPAN_UINT16,
    NODESPAN_UINT32,
    NODESPAN_UINT64,
    NODESPAN_FLOAT32,
    NODESPAN_FLOAT64,
    NODESPAN_COMPLEX64,
    NODESPAN_COMPLEX128
} nodespan_type;

/* The type of a name as NumPy's, such as float32.
 * Errors: NODESPAN_INVALID_ARGUMENT. */
NODESPAN_C_API int nodespan_type_from_name(const char* name, nodespan_type* type);

/* Its name, and the bytes of an element; NULL and 0 if it is no type. */
NODESPAN_C_API const char* nodespan_type_name(nodespan_type type);
NODESPAN_C_API size_t nodespan_type_bytes(nodespan_type type);

/* ---- Teams ---- */

/* A group of ranks, numbered node by node. See nodespan::team. */
typedef struct nodespan_team nodespan_team;

/* Who this rank is, and who shares memory with it. */
typedef struct nodespan_team_info {
    int rank, size;           /* in the team */
    int node, nodes;          /* this rank's node, and how many there are */
    int node_rank, node_size; /* among the ranks of this node */
} nodespan_team_info;

/* Call:   collective over `comm`, which may be freed afterwards. MPI is initialised.
 * Errors: NODESPAN_NOT_INITIALIZED, NODESPAN_FINALIZED, NODESPAN_INVALID_ARGUMENT, MPI's.
 * Cost:   four communicators and a window. */
NODESPAN_C_API int nodespan_team_create(MPI_Comm comm, nodespan_team** team);
NODESPAN_C_API int nodespan_team_create_f(MPI_Fint comm, nodespan_team** team); /* for Fortran */

/* Lets go of a team, and sets the handle to NULL; arrays keep what they need of it.
 * Call: collective over the team, before MPI_Finalize. A NULL handle is left alone. */
NODESPAN_C_API int nodespan_team_free(nodespan_team** team);

NODESPAN_C_API int nodespan_team_get_info(const nodespan_team* team, nodespan_team_info* info);

/* The number in the communicator it was made of of team rank `rank`.
 * Errors: NODESPAN_OUT_OF_RANGE. */
NODESPAN_C_API int nodespan_team_comm_rank(const nodespan_team* team, int rank, int* comm_rank);

/* Ends an epoch: what any rank wrote before is visible to all ranks after it; of the node's ranks
 * alone, and directly alone, for nodespan_team_node_fence.
 * Call: collective over the team; over the node. Errors: NODESPAN_PEER_LOST, MPI's. */
NODESPAN_C_API int nodespan_team_fence(nodespan_team* team);
NODESPAN_C_API int nodespan_team_node_fence(nodespan_team* team);

/* Lets MPI serve other nodes' transfers; for leaders in long computations. Call: any rank. */
NODESPAN_C_API int nodespan_team_progress(nodespan_team* team);

/* ---- Arrays ---- */

/* An array over the ranks of a team. See nodespan::array. */
typedef struct nodespan_array nodespan_array;

/* Which index runs fastest: the last one (C) or the first one (Fortran). */
typedef enum nodespan_order { NODESPAN_ROW_MAJOR, NODESPAN_COLUMN_MAJOR } nodespan_order;

/* How an array is cut and what surrounds it; all zeros is what a NULL pointer to options means.
 * Entries are one a dimension, in the array's own order. */
typedef struct nodespan_array_options {
    nodespan_order order;
    int uninitialized; /* not 0: elements may start as an old array's, instead of zeros */
    int64_t ghost_width[NODESPAN_MAX_DIMENSIONS];
    int periodic[NODESPAN_MAX_DIMENSIONS];  /* not 0: the index space closes on itself */
    int node_grid[NODESPAN_MAX_DIMENSIONS]; /* how many nodes along each; all 0: the slowest alone
                                             */
    int rank_grid[NODESPAN_MAX_DIMENSIONS]; /* the same of each node's ranks; one 0: the rest */
    const char* name;                       /* what messages call it; NULL: no name */
} nodespan_array_options;

/* Shape:  1 to 6 dimensions; extents >= 0.
 * Call:   collective over the team, same arguments on all ranks. Ends an epoch.
 * Errors: NODESPAN_NO_CAPACITY, NODESPAN_MISMATCHED_ARGUMENTS, NODESPAN_INVALID_ARGUMENT (null
 *         pointers too), NODESPAN_FINALIZED, MPI's: the same on all ranks, which can go on.
 * Cost:   that of nodespan::array, and two small MPI_Allreduce. */
NODESPAN_C_API int nodespan_array_create(nodespan_team* team, nodespan_type type, int dimensions,
                                         const int64_t* extents,
                                         const nodespan_array_options* options,
                                         nodespan_array** array);

/* Ends an array, and sets the handle to NULL. Call: all ranks, arrays in the same order; waits for
 * nobody. A NULL handle is left alone. */
NODESPAN_C_API int nodespan_array_free(nodespan_array** array);

/* What it was made with; each pointer may be NULL. `extents` has room for as many as dimensions. */
NODESPAN_C_API int nodespan_array_get_info(const nodespan_array* array, nodespan_type* type,
                                           int* dimensions, int64_t* extents,
                                           nodespan_order* order);

/* The half-open box of indices that a rank or a node owns; NODESPAN_SELF: this one. `lo` and `hi`
 * have one entry a dimension. Errors: NODESPAN_OUT_OF_RANGE. */
NODESPAN_C_API int nodespan_array_rank_box(const nodespan_array* array, int rank, int64_t* lo,
                                           int64_t* hi);
NODESPAN_C_API int nodespan_array_node_box(const nodespan_array* array, int node, int64_t* lo,
                                           int64_t* hi);

/* Plain memory: where the first element of a node peer's rank box lies (NODESPAN_SELF: my own), or
 * that of this node's box, or that of this node's box with its ghosts, whose indices are `lo` to
 * `hi`. Element (i, j) from there is at data[i * strides[0] + j * strides[1]].
 * Epoch:  between two fences an element is written by one rank or read by many.
 * Errors: NODESPAN_OUT_OF_RANGE, NODESPAN_NOT_ON_NODE. Valid until the array is freed. */
NODESPAN_C_API int nodespan_array_block(nodespan_array* array, int rank, void** data,
                                        int64_t* strides);
NODESPAN_C_API int nodespan_array_node(nodespan_array* array, void** data, int64_t* strides);
NODESPAN_C_API int nodespan_array_node_with_ghosts(nodespan_array* array, int64_t* lo, int64_t* hi,
                                                   void** data, int64_t* strides);

/* ---- Transfers: any rank alone, elements of any node, by global indices ---- */

typedef enum nodespan_op {
    NODESPAN_SUM,
    NODESPAN_MIN,
    NODESPAN_MAX,
    NODESPAN_PROD,
    NODESPAN_REPLACE
} nodespan_op;

/* Copies the box [lo, hi) to `to`, or `from` into it: `count` elements one after the other, in the
 * array's order. accumulate combines element = op(element, scale * from) in one indivisible step
 * each; `scale` points to one element, NULL: 1.
 * Shape:  0 <= lo <= hi <= extents; count is the box's size.
 * Epoch:  get and put: as for plain memory; others see it after a fence, or under a lock released
 *         afterwards. accumulate: free of that against other ones.
 * Errors: NODESPAN_OUT_OF_RANGE, NODESPAN_SIZE_MISMATCH, NODESPAN_INVALID_ARGUMENT (an operation
 *         that the elements do not have), MPI's. */
NODESPAN_C_API int nodespan_array_get(const nodespan_array* array, const int64_t* lo,
                                      const int64_t* hi, void* to, int64_t count);
NODESPAN_C_API int nodespan_array_put(nodespan_array* array, const int64_t* lo, const int64_t* hi,
                                      const void* from, int64_t count);
NODESPAN_C_API int nodespan_array_accumulate(nodespan_array* array, const int64_t* lo,
                                             const int64_t* hi, const void* from, int64_t count,
                                             nodespan_op op, const void* scale);

/* Adds *value to the element at `at` in one indivisible step; *before gets what it was (may be
 * NULL). Integers, float32 and float64. Errors: as get. */
NODESPAN_C_API int nodespan_array_fetch_add(nodespan_array* array, const int64_t* at,
                                            const void* value, void* before);

/* ---- Synchronisation ---- */

/* As nodespan_team_fence and _node_fence. exchange_ghosts is a node fence that brings ghosts up to
 * date. Call: collective over the team; over the node for node_fence. */
NODESPAN_C_API int nodespan_array_fence(nodespan_array* array);
NODESPAN_C_API int nodespan_array_node_fence(nodespan_array* array);
NODESPAN_C_API int nodespan_array_exchange_ghosts(nodespan_array* array);

/* The array's reader/writer lock of a node, which every rank may take: alone, or shared by readers.
 * Unlock what this rank has locked, and in the same way.
 * Errors: NODESPAN_OUT_OF_RANGE, NODESPAN_PEER_LOST, MPI's. */
NODESPAN_C_API int nodespan_array_lock(nodespan_array* array, int node);
NODESPAN_C_API int nodespan_array_unlock(nodespan_array* array, int node);
NODESPAN_C_API int nodespan_array_lock_shared(nodespan_array* array, int node);
NODESPAN_C_API int nodespan_array_unlock_shared(nodespan_array* array, int node);

/* ---- Files ----
 * Call:   collective over the array's team, same arguments on all ranks. Ends epochs.
 * Errors: NODESPAN_IO, NODESPAN_MISMATCHED_ARGUMENTS, NODESPAN_PEER_LOST, MPI's: on all ranks. A
 *         NULL name is an empty one.
 * A file that is written has its name when it is complete. load needs the array's extents and type.
 * The indices of a column-major array are in reverse order in a file, as Fortran programs have it.
 */

NODESPAN_C_API int nodespan_array_save_npy(nodespan_array* array, const char* file);
NODESPAN_C_API int nodespan_array_load_npy(nodespan_array* array, const char* file);

/* What becomes of a file that is there already. See nodespan::save_mode. */
typedef enum nodespan_save_mode {
    NODESPAN_REPLACE_FILE,
    NODESPAN_ADD,
    NODESPAN_OVERWRITE
} nodespan_save_mode;

/* A dataset of an HDF5 file; in the library's component hdf5. */
NODESPAN_C_API int nodespan_array_save(nodespan_array* array, const char* file, const char* dataset,
                                       nodespan_save_mode mode);
NODESPAN_C_API int nodespan_array_load(nodespan_array* array, const char* file,
                                       const char* dataset);

#ifdef __cplusplus
}
#endif

#endif
