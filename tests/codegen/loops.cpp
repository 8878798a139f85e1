// Pairs of the same loop: over views, as programs write it, and over bare pointers.

#include <nodespan/view.hpp>

#include <cstdint>

using nodespan::index_t;
using nodespan::view;

extern "C" {

void saxpy_view(view<double, 1> y, view<const double, 1> x, double a) {
    for (index_t i = 0; i < y.extent(0); ++i) y(i) += a * x(i);
}
void saxpy_pointer(double* y, const double* x, index_t count, double a) {
    for (index_t i = 0; i < count; ++i) y[i] += a * x[i];
}

// A patch: rows with gaps between them.
void saxpy2_view(view<double, 2> y, view<const double, 2> x, double a) {
    for (index_t i = 0; i < y.extent(0); ++i)
        for (index_t j = 0; j < y.extent(1); ++j) y(i, j) += a * x(i, j);
}
void saxpy2_pointer(double* y, const double* x, index_t rows, index_t length, index_t step,
                    double a) {
    for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < length; ++j) y[i * step + j] += a * x[i * step + j];
}

void rows_view(view<double, 2> y, double a) {
    for (index_t i = 0; i < y.extent(0); ++i)
        for (double& value : y.row(i)) value *= a;
}
void rows_pointer(double* y, index_t rows, index_t length, index_t step, double a) {
    for (index_t i = 0; i < rows; ++i, y += step)
        for (double* value = y; value != y + length; ++value) *value *= a;
}

// Whole numbers, since the order of floating-point sums is the program's.
std::int64_t sum_view(view<const std::int64_t, 2> x) {
    std::int64_t result = 0;
    for (index_t i = 0; i < x.extent(0); ++i)
        for (index_t j = 0; j < x.extent(1); ++j) result += x(i, j);
    return result;
}
std::int64_t sum_pointer(const std::int64_t* x, index_t rows, index_t length, index_t step) {
    std::int64_t result = 0;
    for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < length; ++j) result += x[i * step + j];
    return result;
}

void stencil_view(view<double, 2> to, view<const double, 2> from) {
    for (index_t i = 1; i + 1 < to.extent(0); ++i)
        for (index_t j = 1; j + 1 < to.extent(1); ++j)
            to(i, j) = from(i, j) + 0.1 * (from(i - 1, j) + from(i + 1, j) + from(i, j - 1) +
                                           from(i, j + 1) - 4 * from(i, j));
}
void stencil_pointer(double* to, const double* from, index_t rows, index_t length, index_t step) {
    for (index_t i = 1; i + 1 < rows; ++i)
        for (index_t j = 1; j + 1 < length; ++j) {
            const double* at = from + i * step + j;
            to[i * step + j] = at[0] + 0.1 * (at[-step] + at[step] + at[-1] + at[1] - 4 * at[0]);
        }
}

void stencil3_view(view<double, 3> to, view<const double, 3> from) {
    for (index_t i = 1; i + 1 < to.extent(0); ++i)
        for (index_t j = 1; j + 1 < to.extent(1); ++j)
            for (index_t k = 1; k + 1 < to.extent(2); ++k)
                to(i, j, k) = from(i - 1, j, k) + from(i + 1, j, k) + from(i, j - 1, k) +
                              from(i, j + 1, k) + from(i, j, k - 1) + from(i, j, k + 1);
}
void stencil3_pointer(double* to, const double* from, index_t planes, index_t rows, index_t length,
                      index_t plane, index_t step) {
    for (index_t i = 1; i + 1 < planes; ++i)
        for (index_t j = 1; j + 1 < rows; ++j)
            for (index_t k = 1; k + 1 < length; ++k) {
                const double* at = from + i * plane + j * step + k;
                to[i * plane + j * step + k] =
                    at[-plane] + at[plane] + at[-step] + at[step] + at[-1] + at[1];
            }
}

// No pair: each element needs the one before, so the first is never vectorised.
void different_view(view<double, 1> y, double a) {
    for (index_t i = 1; i < y.extent(0); ++i) y(i) += a * y(i - 1);
}
void different_pointer(double* y, index_t count, double a) {
    for (index_t i = 1; i < count; ++i) y[i] += a;
}

} // extern "C"
