#include "scalapack.hpp"

#include <algorithm>
#include <stdexcept>

extern "C" { // ScaLAPACK has no headers
int Csys2blacs_handle(MPI_Comm comm);
void Cblacs_gridinit(int* context, const char* order, int rows, int columns);
void Cblacs_gridinfo(int context, int* rows, int* columns, int* row, int* column);
void Cblacs_gridexit(int context);
int numroc_(const int* n, const int* block, const int* me, const int* first, const int* count);
void descinit_(int* descriptor, const int* m, const int* n, const int* row_block,
               const int* column_block, const int* first_row, const int* first_column,
               const int* context, const int* leading, int* info);
void Cpdgemr2d(int m, int n, const double* a, int ia, int ja, const int* a_descriptor, double* b,
               int ib, int jb, const int* b_descriptor, int context);
void pdgemm_(const char* a_op, const char* b_op, const int* m, const int* n, const int* k,
             const double* alpha, const double* a, const int* ia, const int* ja,
             const int* a_descriptor, const double* b, const int* ib, const int* jb,
             const int* b_descriptor, const double* beta, double* c, const int* ic, const int* jc,
             const int* c_descriptor);
}

namespace nodespan::bench {

scalapack_grid::scalapack_grid(const team& team, int rows, int columns)
    : context_(Csys2blacs_handle(team.comm())) {
    Cblacs_gridinit(&context_, "Row", rows, columns);
}

scalapack_grid::~scalapack_grid() {
    Cblacs_gridexit(context_);
}

scalapack_matrix::scalapack_matrix(const scalapack_grid& grid, index_t size, index_t block)
    : context_(grid.context()),
      size_(static_cast<int>(size)) {
    int rows = 0, columns = 0, row = 0, column = 0;
    Cblacs_gridinfo(context_, &rows, &columns, &row, &column);
    const int zero = 0, square = static_cast<int>(block);
    const int mine = numroc_(&size_, &square, &row, &zero, &rows);
    const int mine_too = numroc_(&size_, &square, &column, &zero, &columns);
    const int leading = std::max(1, mine);
    int info = 0;
    descinit_(descriptor_.data(), &size_, &size_, &square, &square, &zero, &zero, &context_,
              &leading, &info);
    if (info != 0) throw std::runtime_error("descinit failed");
    elements_.resize(static_cast<std::size_t>(leading) * static_cast<std::size_t>(mine_too), 1);
}

void scalapack_matrix::copy_to(scalapack_matrix& other) const {
    Cpdgemr2d(size_, size_, elements_.data(), 1, 1, descriptor_.data(), other.elements_.data(), 1,
              1, other.descriptor_.data(), context_);
}

void scalapack_matrix::be_product(const scalapack_matrix& a, const scalapack_matrix& b) {
    const int one = 1;
    const double factor = 1, nothing = 0;
    pdgemm_("N", "N", &size_, &size_, &size_, &factor, a.elements_.data(), &one, &one,
            a.descriptor_.data(), b.elements_.data(), &one, &one, b.descriptor_.data(), &nothing,
            elements_.data(), &one, &one, descriptor_.data());
}

} // namespace nodespan::bench
