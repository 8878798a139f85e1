// Debian's ScaLAPACK solves equations in the memory of arrays.

#include <nodespan/algorithm.hpp>
#include <nodespan/creation.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#ifdef NODESPAN_HAS_SCALAPACK
extern "C" {
int Csys2blacs_handle(MPI_Comm comm);
void Cfree_blacs_system_handle(int handle);
void Cblacs_gridinit(int* context, const char* order, int rows, int columns);
void Cblacs_gridinfo(int context, int* rows, int* columns, int* row, int* column);
void Cblacs_gridexit(int context);
int numroc_(const int* extent, const int* block, const int* me, const int* first, const int* nodes);
void pdgesv_(const int* n, const int* columns, double* a, const int* a_row, const int* a_column,
             const int* a_descriptor, int* pivots, double* b, const int* b_row, const int* b_column,
             const int* b_descriptor, int* info);
}
#endif

namespace {

using namespace nodespan::test;
using namespace nodespan;
using testing::HasSubstr;

TEST(Scalapack, IsRefusedWhereRanksShareANodeOrNothingIsDealt) {
    team everyone(MPI_COMM_WORLD);
    team alone(MPI_COMM_WORLD, {.ranks_per_node = 1});
    array<double, 2, column_major> dealt(everyone, {20, 20}, {.distribution = {.block = {4, 4}}});
    array<double, 2, column_major> pieces(alone, {20, 20});

    if (everyone.nodes() < everyone.size()) {
        EXPECT_THAT(caught([&] { static_cast<void>(dealt.scalapack()); }).text,
                    HasSubstr("here ranks share a node's"));
    }
    EXPECT_THAT(caught([&] { static_cast<void>(pieces.scalapack()); }).text,
                HasSubstr("not block-cyclic"));
}

#ifdef NODESPAN_HAS_SCALAPACK

// A grid of ScaLAPACK's with the processes where the array has its nodes.
class grid_of {
public:
    template <class T>
    grid_of(const team& everyone, const scalapack_matrix<T>& matrix)
        : handle_(Csys2blacs_handle(everyone.comm())),
          context_(handle_) {
        Cblacs_gridinit(&context_, "C", matrix.grid_rows, matrix.grid_columns);
    }
    ~grid_of() {
        Cblacs_gridexit(context_);
        Cfree_blacs_system_handle(handle_);
    }
    grid_of(const grid_of&) = delete;
    grid_of& operator=(const grid_of&) = delete;

    int context() const noexcept { return context_; }

private:
    int handle_, context_;
};

double coefficient(const indices<2>& at) {
    return std::sin(static_cast<double>(at[0] * 37 + at[1] * 101 + 1)) + (at[0] == at[1] ? 5 : 0);
}

double right_side(const indices<2>& at) {
    return std::cos(static_cast<double>(at[0] * 13 + at[1] * 7));
}

void expect_solved(const team& everyone, const std::vector<int>& node_grid, index_t n,
                   index_t block) {
    constexpr index_t sides = 3;
    const distribution_options cut{.node_grid = node_grid, .block = {block, block}};
    array<double, 2, column_major> a(everyone, {n, n}, {.distribution = cut});
    array<double, 2, column_major> b(everyone, {n, sides}, {.distribution = cut});
    for_each(a.transposed(),
             [](const indices<2>& at, double& x) { x = coefficient(reversed(at)); });
    for_each(b.transposed(), [](const indices<2>& at, double& x) { x = right_side(reversed(at)); });
    a.fence();
    const grid_of grid(everyone, a.scalapack());
    const auto in_a = a.scalapack(grid.context()), in_b = b.scalapack(grid.context());
    int rows = 0, columns = 0, row = 0, column = 0;
    Cblacs_gridinfo(grid.context(), &rows, &columns, &row, &column);
    const int zero = 0, one = 1, size = static_cast<int>(n), count = static_cast<int>(sides);
    ASSERT_EQ(numroc_(&size, &in_a.descriptor[4], &row, &zero, &rows), a.local().extent(0));
    ASSERT_EQ(numroc_(&size, &in_a.descriptor[5], &column, &zero, &columns), a.local().extent(1));

    std::vector<int> pivots(static_cast<std::size_t>(a.local().extent(0) + in_a.descriptor[4]));
    int info = -1;
    pdgesv_(&size, &count, in_a.data, &one, &one, in_a.descriptor.data(), pivots.data(), in_b.data,
            &one, &one, in_b.descriptor.data(), &info);

    ASSERT_EQ(info, 0);
    b.fence();
    const std::vector<double> x = to_vector(b); // column-major
    double worst = 0;
    for (index_t i = 0; i < n; ++i)
        for (index_t k = 0; k < sides; ++k) {
            double left = 0;
            for (index_t j = 0; j < n; ++j)
                left += coefficient({i, j}) * x[static_cast<std::size_t>(k * n + j)];
            worst = std::max(worst, std::abs(left - right_side({i, k})));
        }
    EXPECT_LT(worst, 1000 * static_cast<double>(n) * std::numeric_limits<double>::epsilon());
    b.fence();
}

TEST(Scalapack, SolvesEquationsInTheMemoryOfArrays) {
    team everyone(MPI_COMM_WORLD, {.ranks_per_node = 1});
    const int nodes = everyone.nodes();
    for (const index_t block : {1, 8, 200}) {
        expect_solved(everyone, {nodes, 1}, 101, block);
        expect_solved(everyone, {1, nodes}, 101, block);
        if (nodes % 2 == 0 && nodes > 2) expect_solved(everyone, {2, nodes / 2}, 101, block);
    }
}

#endif

} // namespace
