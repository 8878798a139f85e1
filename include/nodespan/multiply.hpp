#pragma once

#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/export.hpp"

#include <complex>
#include <concepts>
#include <type_traits>

/// Products of matrices, in the component `linalg`: programs link nodespan::linalg.

namespace NODESPAN_EXPORT nodespan {

/// What is taken of a matrix: itself, its transpose, or the complex conjugate of that.
enum class matrix_op { as_is, transposed, adjoint };

/// Types that BLAS multiplies.
template <class T>
concept blas_number = std::same_as<T, float> || std::same_as<T, double> ||
    std::same_as<T, std::complex<float>> || std::same_as<T, std::complex<double>>;

/// What a node has fetched from others during a product, to be compared with what it had to.
struct multiply_traffic {
    index_t received_bytes = 0; ///< By this rank.
};

/// c = alpha * op(a) * op(b) + beta * c. Where beta is 0, c is not read.
/// Shape:  op(a) is m x k, op(b) is k x n, c is m x n; any of them may be 0. The arrays may be cut
///         in any way, each in its own.
/// Call:   collective over the arrays' team, which is the same for all three; same arguments on all
///         ranks. Ends an epoch before and after.
/// Order:  sums run over k in pieces; so where arrays are cut otherwise results may differ in
///         their last bits.
/// Errors: errc::size_mismatch, errc::mismatched_arguments, errc::invalid_argument (c is a or b,
///         teams differ), errc::no_capacity, errc::peer_lost, MPI category: on all ranks. After
///         the last three the elements of c are unspecified.
/// Cost:   each rank computes its own elements of c with the CBLAS that the library was built with,
///         or with Eigen. What lies on its node is read where it lies. From other nodes each
///         node fetches the rows of op(a) and the columns of op(b) that its part of c needs, once,
///         by all its ranks; a piece is fetched while the one before is multiplied, into memory
///         that the node shares: at most 64 MiB, or 64 values of k. Least is fetched where nodes
///         are a grid of squares (distribution_options::node_grid).
/// Source: van de Geijn and Watts, SUMMA, 1997.
template <blas_number T>
void multiply(const array<T, 2>& a, const array<T, 2>& b, array<T, 2>& c,
              std::type_identity_t<T> alpha = T(1), std::type_identity_t<T> beta = T(0),
              matrix_op a_op = matrix_op::as_is, matrix_op b_op = matrix_op::as_is,
              multiply_traffic* traffic = nullptr);

extern template void multiply(const array<float, 2>&, const array<float, 2>&, array<float, 2>&,
                              float, float, matrix_op, matrix_op, multiply_traffic*);
extern template void multiply(const array<double, 2>&, const array<double, 2>&, array<double, 2>&,
                              double, double, matrix_op, matrix_op, multiply_traffic*);
extern template void multiply(const array<std::complex<float>, 2>&,
                              const array<std::complex<float>, 2>&, array<std::complex<float>, 2>&,
                              std::complex<float>, std::complex<float>, matrix_op, matrix_op,
                              multiply_traffic*);
extern template void multiply(const array<std::complex<double>, 2>&,
                              const array<std::complex<double>, 2>&,
                              array<std::complex<double>, 2>&, std::complex<double>,
                              std::complex<double>, matrix_op, matrix_op, multiply_traffic*);

/// The same of column-major arrays.
template <blas_number T>
void multiply(const array<T, 2, column_major>& a, const array<T, 2, column_major>& b,
              array<T, 2, column_major>& c, std::type_identity_t<T> alpha = T(1),
              std::type_identity_t<T> beta = T(0), matrix_op a_op = matrix_op::as_is,
              matrix_op b_op = matrix_op::as_is, multiply_traffic* traffic = nullptr) {
    multiply(b.transposed(), a.transposed(), c.transposed(), alpha, beta, b_op, a_op, traffic);
}

/// Which library computes the products of a node: "CBLAS" or "Eigen", with what CMake found.
const char* multiply_backend() noexcept;

} // namespace nodespan
