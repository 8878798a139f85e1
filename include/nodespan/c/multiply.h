#ifndef NODESPAN_C_MULTIPLY_H
#define NODESPAN_C_MULTIPLY_H

#include "nodespan/c/array.h"
#include "nodespan/c/error.h"

/// What is taken of a matrix: itself, its transpose, or the complex conjugate of that.
typedef enum nodespan_matrix_op NODESPAN_C_INT {
    NODESPAN_AS_IS,
    NODESPAN_TRANSPOSED,
    NODESPAN_ADJOINT
} nodespan_matrix_op;

/// c = alpha * op(a) * op(b) + beta * c, of matrices of NODESPAN_FLOAT32, NODESPAN_FLOAT64,
/// NODESPAN_COMPLEX64 or NODESPAN_COMPLEX128. `alpha` and `beta` point to one element; null: 1 and
/// 0, where c is not read. Needs the component linalg.
/// Shape:  arrays of one type, order and team, cut in any way; op(a) is m x k, op(b) is k x n, c is
///         m x n.
/// Call:   collective over the team, same arguments on all ranks. Ends an epoch before and after.
/// Errors: INVALID_ARGUMENT (types, orders, c is a or b), SIZE_MISMATCH, MISMATCHED_ARGUMENTS,
///         NO_CAPACITY, PEER_LOST, MPI: on all ranks.
/// Cost:   each rank computes its own elements of c by BLAS, and reads what lies on its node in
///         place; panels from other nodes arrive once a node.
NODESPAN_C_API int nodespan_array_multiply(nodespan_array a, nodespan_array b, nodespan_array c,
                                           const void* alpha, const void* beta,
                                           nodespan_matrix_op a_op, nodespan_matrix_op b_op);

#endif
