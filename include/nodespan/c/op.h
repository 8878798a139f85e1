#ifndef NODESPAN_C_OP_H
#define NODESPAN_C_OP_H

#include "nodespan/c/error.h"

/// How accumulate combines the old value of an element with a new one, and all_reduce and reduce
/// the values of the ranks. MIN and MAX of floating-point numbers give NaN if one side is NaN; FMIN
/// and FMAX give the number. -0 is less than +0.
typedef enum nodespan_op NODESPAN_C_INT {
    NODESPAN_SUM,
    NODESPAN_MIN,
    NODESPAN_MAX,
    NODESPAN_PROD,
    NODESPAN_REPLACE,
    NODESPAN_FMIN, ///< as MIN, but of a NaN and a number the number
    NODESPAN_FMAX  ///< as MAX, but of a NaN and a number the number
} nodespan_op;

#endif
