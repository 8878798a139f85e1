#ifndef NODESPAN_C_ERROR_H
#define NODESPAN_C_ERROR_H

/// The codes that calls return, and the functions that describe the last error.

/// A caller may pass any number for an enumeration. In C++ it is undefined to read one that fits no
/// enumerator, unless the enumeration's type is fixed: NODESPAN_C_INT fixes it to that of C.
#ifdef __cplusplus
#define NODESPAN_C_API extern "C" __attribute__((visibility("default")))
#define NODESPAN_C_INT : int
#else
#define NODESPAN_C_API extern __attribute__((visibility("default")))
#define NODESPAN_C_INT
#endif

/// Those up to DEVICE are nodespan::errc.
typedef enum nodespan_error NODESPAN_C_INT {
    NODESPAN_SUCCESS = 0,
    NODESPAN_ERROR_INVALID_ARGUMENT = 1, ///< a value no call could accept
    NODESPAN_ERROR_MISMATCHED_ARGUMENTS, ///< ranks passed different arguments to a collective call
    NODESPAN_ERROR_OUT_OF_RANGE,         ///< an index or box outside the array
    NODESPAN_ERROR_SIZE_MISMATCH,        ///< a buffer whose size is not that of the box
    NODESPAN_ERROR_NOT_ON_NODE,          ///< direct access to what another node holds
    NODESPAN_ERROR_NO_CAPACITY,          ///< not enough shared memory on at least one node
    NODESPAN_ERROR_NOT_INITIALIZED,      ///< MPI is not initialised yet
    NODESPAN_ERROR_FINALIZED,            ///< MPI is finalised already
    NODESPAN_ERROR_PEER_LOST,            ///< another rank left a collective call
    NODESPAN_ERROR_IO,                   ///< a file could not be read or written
    NODESPAN_ERROR_WRONG_THREAD,         ///< a call by a thread that may not make it
    NODESPAN_ERROR_UNSUPPORTED,          ///< what this machine does not have
    NODESPAN_ERROR_DEVICE,               ///< the driver of a GPU reports a failure
    NODESPAN_ERROR_MPI = 100,            ///< MPI's; see nodespan_last_error_mpi_code
    NODESPAN_ERROR_NO_MEMORY,            ///< this process has no more memory of its own
    NODESPAN_ERROR_OTHER
} nodespan_error;

/// The last error of this thread; calls that succeed do not change it. It is one line such as
/// nodespan: array<double,2>::get([{0, 0}, {9, 9})): box outside extents {4, 4} [rank 3 of 8, ...],
/// or "" if there was none. Valid until this thread's next error.
/// Call:   any thread, also without MPI. Returns the message.
NODESPAN_C_API const char* nodespan_last_error_message(void);

/// 1 if every rank of the team got this same error, so that they can go on together; else 0.
NODESPAN_C_API int nodespan_last_error_is_collective(void);

/// MPI's own code after NODESPAN_ERROR_MPI, for MPI_Error_class; else MPI_SUCCESS.
NODESPAN_C_API int nodespan_last_error_mpi_code(void);

#endif
