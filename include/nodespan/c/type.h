#ifndef NODESPAN_C_TYPE_H
#define NODESPAN_C_TYPE_H

#include "nodespan/c/error.h"

#include <stddef.h>

/// The type of an array's elements; the values are those of nodespan::dtype.
typedef enum nodespan_type NODESPAN_C_INT {
    NODESPAN_BOOL, ///< one byte, as C99's _Bool
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
    NODESPAN_COMPLEX64, ///< two float
    NODESPAN_COMPLEX128 ///< two double
} nodespan_type;

/// The type with this NumPy name, such as "float64".
/// Call:   any thread, also without MPI, like the two below.
/// Errors: INVALID_ARGUMENT.
NODESPAN_C_API int nodespan_type_from_name(const char* name, nodespan_type* type);

/// The NumPy name of a type, and the bytes of an element. They return these values, and NULL or 0
/// if `type` is no type.
NODESPAN_C_API const char* nodespan_type_name(nodespan_type type);
NODESPAN_C_API size_t nodespan_type_size(nodespan_type type);

#endif
