#ifndef NODESPAN_C_HDF5_H
#define NODESPAN_C_HDF5_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

/// What happens to a file that exists already.
typedef enum nodespan_save_mode NODESPAN_C_INT {
    NODESPAN_REPLACE_FILE, ///< a new file takes its place once it is complete
    NODESPAN_ADD,          ///< it gets another dataset; an error if it has one of that name
    NODESPAN_OVERWRITE     ///< as add, but a dataset of that name is replaced
} nodespan_save_mode;

/// Writes the whole array as the dataset `dataset` of an HDF5 file; missing groups in the name are
/// made. Needs the component hdf5. A column-major array is stored with its indices in reverse
/// order, as Fortran and MATLAB programs do.
/// Call:   collective over the array's team, same arguments on all ranks.
/// Epoch:  ends an epoch: all that was written before is in the file.
/// Errors: IO (with HDF5's own words, or the system's), INVALID_ARGUMENT (also for NODESPAN_BOOL),
///         MISMATCHED_ARGUMENTS, PEER_LOST, FINALIZED, MPI: on all ranks.
/// Cost:   ranks write what their node holds to its place in the file.
NODESPAN_C_API int nodespan_array_save_hdf5(nodespan_array array, const char* file,
                                            const char* dataset, nodespan_save_mode mode);

/// Fills the array from a dataset of its own type and extents, whatever program wrote it.
/// Epoch:  ends one epoch before, and one after: all ranks see the elements.
NODESPAN_C_API int nodespan_array_load_hdf5(nodespan_array array, const char* file,
                                            const char* dataset);

/// Makes an array of the extents of a dataset of this type and number of dimensions, and fills it.
/// Call:   collective over the team, same arguments on all ranks.
/// Errors: as load, and those of nodespan_array_create.
NODESPAN_C_API int nodespan_array_open_hdf5(nodespan_team team, nodespan_type type, int dimensions,
                                            const char* file, const char* dataset,
                                            const nodespan_array_options* options,
                                            nodespan_array* result);

#endif
