#pragma once

#include "nodespan/indices.hpp"
#include "nodespan/multiply.hpp"

namespace nodespan::detail {

/// A row-major matrix in memory, and what is taken of it.
template <class T>
struct factor {
    const T* elements = nullptr;
    index_t row = 0; ///< elements from row to row
    matrix_op op = matrix_op::as_is;
};

/// c = alpha * op(a) * op(b) + beta * c in this rank's memory: op(a) is rows x inner, op(b) inner x
/// columns. Where beta is 0, c is not read.
template <class T>
void node_product(index_t rows, index_t columns, index_t inner, const T& alpha, const factor<T>& a,
                  const factor<T>& b, const T& beta, T* c, index_t c_row);

/// While it lives, products of this rank use so many threads, where the library can be told so.
class product_threads {
public:
    explicit product_threads(int threads);
    ~product_threads();
    product_threads(const product_threads&) = delete;            // for one scope
    product_threads& operator=(const product_threads&) = delete; // for one scope

private:
    int before_ = 0;
};

} // namespace nodespan::detail
