#include "node_product.hpp"

#include <algorithm>
#include <complex>

#ifdef NODESPAN_CBLAS_HEADER
#include NODESPAN_CBLAS_HEADER
#else
#include <Eigen/Core>
#endif

// Whichever of these the program's library has.
extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int threads);
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] int MKL_Set_Num_Threads_Local(int threads);
}

namespace nodespan {

const char* multiply_backend() noexcept {
#ifdef NODESPAN_CBLAS_HEADER
    return "CBLAS: " NODESPAN_CBLAS_NAME;
#else
    return "Eigen";
#endif
}

namespace detail {

product_threads::product_threads(int threads) {
    if (openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr) {
        before_ = openblas_get_num_threads();
        openblas_set_num_threads(std::min(threads, before_));
    } else if (MKL_Set_Num_Threads_Local != nullptr) {
        MKL_Set_Num_Threads_Local(threads);
    }
}

product_threads::~product_threads() {
    if (before_ > 0)
        openblas_set_num_threads(before_);
    else if (openblas_set_num_threads == nullptr && MKL_Set_Num_Threads_Local != nullptr)
        MKL_Set_Num_Threads_Local(0); // as the program has set it for all threads
}

namespace {

// Element (i, j) of op(a).
template <class T>
const T* at(const factor<T>& a, index_t i, index_t j) {
    return a.op == matrix_op::as_is ? a.elements + i * a.row + j : a.elements + j * a.row + i;
}

#ifdef NODESPAN_CBLAS_HEADER

CBLAS_TRANSPOSE to_cblas(matrix_op op) {
    return op == matrix_op::as_is        ? CblasNoTrans
           : op == matrix_op::transposed ? CblasTrans
                                         : CblasConjTrans;
}

// Sizes that fit into BLAS's integers.
template <class T>
void small_product(index_t rows, index_t columns, index_t inner, const T& alpha, const factor<T>& a,
                   const factor<T>& b, const T& beta, T* c, index_t c_row) {
    const auto row_of = [](const factor<T>& f, index_t m, index_t n) { // of no elements: any
        return static_cast<int>(std::max({f.row, f.op == matrix_op::as_is ? n : m, index_t{1}}));
    };
    const auto call = [&](auto gemm, auto scalar) {
        gemm(CblasRowMajor, to_cblas(a.op), to_cblas(b.op), static_cast<int>(rows),
             static_cast<int>(columns), static_cast<int>(inner), scalar(alpha), a.elements,
             row_of(a, rows, inner), b.elements, row_of(b, inner, columns), scalar(beta), c,
             static_cast<int>(c_row));
    };
    const auto value = [](const T& x) { return x; };
    const auto place = [](const T& x) { return static_cast<const void*>(&x); };
    if constexpr (std::same_as<T, float>)
        call(cblas_sgemm, value);
    else if constexpr (std::same_as<T, double>)
        call(cblas_dgemm, value);
    else if constexpr (std::same_as<T, std::complex<float>>)
        call(cblas_cgemm, place);
    else
        call(cblas_zgemm, place);
}

#else

template <class T>
using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class Matrix>
using mapped = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;

template <class T>
void small_product(index_t rows, index_t columns, index_t inner, const T& alpha, const factor<T>& a,
                   const factor<T>& b, const T& beta, T* c, index_t c_row) {
    mapped<matrix<T>> result(c, rows, columns, Eigen::OuterStride<>(c_row));
    if (beta == T(0))
        result.setZero();
    else if (beta != T(1))
        result *= beta;
    const auto with = [](const factor<T>& f, index_t m, index_t n, auto&& use) {
        const bool is_turned = f.op != matrix_op::as_is;
        const mapped<const matrix<T>> there(f.elements, is_turned ? n : m, is_turned ? m : n,
                                            Eigen::OuterStride<>(f.row));
        if (!is_turned)
            use(there);
        else if (f.op == matrix_op::transposed)
            use(there.transpose());
        else
            use(there.adjoint());
    };
    with(a, rows, inner, [&](const auto& left) {
        with(b, inner, columns,
             [&](const auto& right) { result.noalias() += alpha * (left * right); });
    });
}

#endif

} // namespace

// In pieces whose sizes fit into the integers of BLAS.
template <class T>
void node_product(index_t rows, index_t columns, index_t inner, const T& alpha, const factor<T>& a,
                  const factor<T>& b, const T& beta, T* c, index_t c_row) {
    constexpr index_t most = index_t{1} << 30;
    if (rows == 0 || columns == 0) return;
    for (index_t i = 0; i < rows; i += most)
        for (index_t j = 0; j < columns; j += most)
            for (index_t k = 0; k == 0 || k < inner; k += most) // at least once: beta * c
                small_product(std::min(most, rows - i), std::min(most, columns - j),
                              std::min(most, inner - k), alpha, factor<T>{at(a, i, k), a.row, a.op},
                              factor<T>{at(b, k, j), b.row, b.op}, k == 0 ? beta : T(1),
                              c + i * c_row + j, c_row);
}

template void node_product(index_t, index_t, index_t, const float&, const factor<float>&,
                           const factor<float>&, const float&, float*, index_t);
template void node_product(index_t, index_t, index_t, const double&, const factor<double>&,
                           const factor<double>&, const double&, double*, index_t);
template void node_product(index_t, index_t, index_t, const std::complex<float>&,
                           const factor<std::complex<float>>&, const factor<std::complex<float>>&,
                           const std::complex<float>&, std::complex<float>*, index_t);
template void node_product(index_t, index_t, index_t, const std::complex<double>&,
                           const factor<std::complex<double>>&, const factor<std::complex<double>>&,
                           const std::complex<double>&, std::complex<double>*, index_t);

} // namespace detail
} // namespace nodespan
