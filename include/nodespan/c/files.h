#ifndef NODESPAN_C_FILES_H
#define NODESPAN_C_FILES_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"
#include "nodespan/c/team.h"
#include "nodespan/c/type.h"

/// Arrays in files. `save` writes the whole array into a file, which takes the place of one of its
/// name once it is complete. `load` fills an array from a file of its extents. `open` makes an
/// array of the extents that it finds in the file, and fills it.
///
/// A column-major array is stored with its indices in reverse order, and the order of its elements
/// is not changed: of an array of (nx, ny) a .npy file says (ny, nx), a CSV file has ny lines of nx
/// numbers, and a Matrix Market file has the transposed matrix.
/// Call:   collective over the team, same arguments on all ranks.
/// Epoch:  ends one epoch before, and one after: all ranks see the elements.
/// Errors: IO (with the file and the cause), MISMATCHED_ARGUMENTS, INVALID_ARGUMENT, PEER_LOST,
///         FINALIZED, MPI: on all ranks; for open also those of nodespan_array_create.

/// The files of NumPy. Loading takes the array's own type, in either order and byte order.
/// Cost:   every rank writes or reads one range of bytes.
NODESPAN_C_API int nodespan_array_save_npy(nodespan_array array, const char* file);
NODESPAN_C_API int nodespan_array_load_npy(nodespan_array array, const char* file);
NODESPAN_C_API int nodespan_array_open_npy(nodespan_team team, nodespan_type type, int dimensions,
                                           const char* file, const nodespan_array_options* options,
                                           nodespan_array* result);

/// Whether the first line of a CSV file names its columns. NODESPAN_HEADER_DETECT: it does if none
/// of its fields looks like a number and a row follows.
typedef enum nodespan_csv_header NODESPAN_C_INT {
    NODESPAN_HEADER_DETECT,
    NODESPAN_HEADER_ABSENT,
    NODESPAN_HEADER_PRESENT
} nodespan_csv_header;

/// The form of a CSV file. All zero, as NODESPAN_CSV_OPTIONS_INIT sets it, is the default.
typedef struct nodespan_csv_options {
    char separator; ///< , ; tab blank | or :. 0: when reading, found out; when writing, a comma
    nodespan_csv_header header; ///< when reading
    const char* const* names;   ///< when writing, the first line: one for each column; or null
} nodespan_csv_options;

#define NODESPAN_CSV_OPTIONS_INIT                                                                  \
    { 0, NODESPAN_HEADER_DETECT, 0 }

/// Tables of numbers as text: arrays of one dimension (one number a line) or two, of any type that
/// is not complex. `csv` may be null. Each number is the shortest text that reads back as the same
/// number.
/// Errors: IO with the line and column of what is no number of the array's type, too.
/// Cost:   every rank formats its rows, or reads the lines that begin in its part of the file.
NODESPAN_C_API int nodespan_array_save_csv(nodespan_array array, const char* file,
                                           const nodespan_csv_options* csv);
NODESPAN_C_API int nodespan_array_load_csv(nodespan_array array, const char* file,
                                           const nodespan_csv_options* csv);
NODESPAN_C_API int nodespan_array_open_csv(nodespan_team team, nodespan_type type, int dimensions,
                                           const char* file, const nodespan_csv_options* csv,
                                           const nodespan_array_options* options,
                                           nodespan_array* result);

/// Dense Matrix Market files: arrays of one dimension (a matrix of one column) or two. Of
/// symmetric, skew-symmetric and hermitian matrices loading gives both triangles.
/// Cost:   as CSV.
NODESPAN_C_API int nodespan_array_save_mtx(nodespan_array array, const char* file);
NODESPAN_C_API int nodespan_array_load_mtx(nodespan_array array, const char* file);
NODESPAN_C_API int nodespan_array_open_mtx(nodespan_team team, nodespan_type type, int dimensions,
                                           const char* file, const nodespan_array_options* options,
                                           nodespan_array* result);

#endif
