// A Poisson problem that PETSc solves in the memory of nodespan arrays: no element is copied.
//
// -laplace(u) = 2 pi^2 sin(pi x) sin(pi y) on the unit square, u = 0 on its edge, 5-point stencil
// on n x n inner points. The solution is known: sin(pi x) sin(pi y).
#include <nodespan/nodespan.hpp>

#include <petscksp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>
#include <span>
#include <vector>

using field_t = nodespan::array<PetscScalar, 2>;
using nodespan::index_t;

static double known(index_t n, index_t i, index_t j) {
    const double turn = std::numbers::pi / static_cast<double>(n + 1);
    return std::sin(turn * static_cast<double>(i + 1)) *
           std::sin(turn * static_cast<double>(j + 1));
}

// Shown in docs/embedding.md:
// A PETSc vector whose elements are those of `field`. Rank boxes are whole rows, one after the
// other in the order of team ranks: just as PETSc cuts a vector over the ranks of the team's
// communicator. Destroy it before the array ends.
static PetscErrorCode vector_on(field_t& field, Vec* result) {
    const std::span<PetscScalar> mine = field.local().span();
    PetscFunctionBeginUser;
    PetscCall(VecCreateMPIWithArray(field.get_team().comm(), 1, static_cast<PetscInt>(mine.size()),
                                    static_cast<PetscInt>(field.size()), mine.data(), result));
    PetscFunctionReturn(0);
}
// Shown up to here.

// Unknown (i, j) has the number i n + j, in the matrix as in the arrays.
static PetscErrorCode make_laplacian(field_t& field, Mat* result) {
    const auto mine = static_cast<PetscInt>(field.local().size());
    const auto all = static_cast<PetscInt>(field.size());
    const auto n = static_cast<PetscInt>(field.extent(1));
    PetscFunctionBeginUser;
    PetscCall(MatCreateAIJ(field.get_team().comm(), mine, mine, all, all, 5, nullptr, 2, nullptr,
                           result)); // up to 2 of a row's 5 elements belong to other ranks
    PetscInt first = 0, end = 0;
    PetscCall(MatGetOwnershipRange(*result, &first, &end));
    for (PetscInt row = first; row < end; ++row) {
        PetscInt columns[5] = {row}, count = 1;
        PetscScalar values[5] = {4, -1, -1, -1, -1};
        if (row >= n) columns[count++] = row - n;
        if (row % n > 0) columns[count++] = row - 1;
        if (row % n < n - 1) columns[count++] = row + 1;
        if (row < all - n) columns[count++] = row + n;
        PetscCall(MatSetValues(*result, 1, &row, count, columns, values, INSERT_VALUES));
    }
    PetscCall(MatAssemblyBegin(*result, MAT_FINAL_ASSEMBLY));
    PetscCall(MatAssemblyEnd(*result, MAT_FINAL_ASSEMBLY));
    PetscFunctionReturn(0);
}

// Solves for `solution`; both arrays are written and read by PETSc where they lie.
static PetscErrorCode solve(field_t& solution, field_t& right_side, PetscInt* iterations,
                            bool* in_place) {
    Mat laplacian = nullptr;
    Vec x = nullptr, b = nullptr;
    KSP solver = nullptr;
    PC preconditioner = nullptr;
    const PetscScalar* elements = nullptr;
    PetscFunctionBeginUser;
    PetscCall(make_laplacian(solution, &laplacian));
    PetscCall(vector_on(solution, &x));
    PetscCall(vector_on(right_side, &b));
    PetscCall(KSPCreate(solution.get_team().comm(), &solver));
    PetscCall(KSPSetOperators(solver, laplacian, laplacian));
    PetscCall(KSPSetType(solver, KSPCG));
    PetscCall(KSPGetPC(solver, &preconditioner));
    PetscCall(PCSetType(preconditioner, PCBJACOBI));
    PetscCall(KSPSetTolerances(solver, 1e-10, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
    PetscCall(KSPSetErrorIfNotConverged(solver, PETSC_TRUE));
    PetscCall(KSPSetFromOptions(solver));
    PetscCall(KSPSolve(solver, b, x));
    PetscCall(KSPGetIterationNumber(solver, iterations));

    PetscCall(VecGetArrayRead(x, &elements));
    *in_place = elements == solution.local().span().data();
    PetscCall(VecRestoreArrayRead(x, &elements));
    PetscCall(KSPDestroy(&solver));
    PetscCall(VecDestroy(&b));
    PetscCall(VecDestroy(&x));
    PetscCall(MatDestroy(&laplacian));
    PetscFunctionReturn(0);
}

// Looks at all elements of this rank, and at the middle row, whoever owns it: a node peer's
// elements, which PETSc has written there, are plain memory here.
static bool is_right(const field_t& solution, double* largest) {
    const index_t n = solution.extent(0), middle = n / 2;
    std::vector<PetscScalar> row(static_cast<std::size_t>(n));
    solution.get({{middle, 0}, {middle + 1, n}}, row);
    const bool is_here = solution.owner_node({middle, 0}) == solution.get_team().node();
    double error = 0;
    for (index_t j = 0; j < n; ++j) {
        const PetscScalar value = row[static_cast<std::size_t>(j)];
        if (is_here && value != solution(middle, j)) error = 1; // a load
        error = std::max(error, std::abs(value - known(n, middle, j)));
    }
    nodespan::for_each(solution, [&](const nodespan::indices<2>& at, PetscScalar value) {
        error = std::max(error, std::abs(value - known(n, at[0], at[1])));
    });
    *largest = nodespan::all_reduce(solution.get_team(), error, nodespan::accumulate_op::max);
    return *largest < 1.0 / static_cast<double>((n + 1) * (n + 1)); // pi^2 / 12 of that, in theory
}

// The arrays live as long as this function: their vectors are gone by then, PETSc is not.
static int solve_and_check(nodespan::team& everyone) {
    PetscInt n = 200, iterations = 0;
    PetscCallAbort(everyone.comm(), PetscOptionsGetInt(nullptr, nullptr, "-n", &n, nullptr));
    field_t solution{everyone, {n, n}}, right_side{everyone, {n, n}};
    const double h = 1.0 / static_cast<double>(n + 1);
    nodespan::for_each(right_side, [&](const nodespan::indices<2>& at, PetscScalar& value) {
        value = h * h * 2 * std::numbers::pi * std::numbers::pi * known(n, at[0], at[1]);
    });

    bool in_place = false;
    PetscCallAbort(everyone.comm(), solve(solution, right_side, &iterations, &in_place));
    solution.fence(); // what PETSc wrote is visible to all ranks

    double error = 0;
    const bool right = is_right(solution, &error);
    const int good =
        nodespan::all_reduce(everyone, in_place && right ? 1 : 0, nodespan::accumulate_op::min);
    if (everyone.rank() == 0)
        std::printf("%d x %d: %d iterations, error %.3e, %s\n", static_cast<int>(n),
                    static_cast<int>(n), static_cast<int>(iterations), error,
                    good != 0 ? "in place" : "WRONG");
    return good != 0 ? 0 : 1;
}

// Shown in docs/embedding.md:
int main(int argc, char** argv) {
    // Starts MPI with what nodespan needs between nodes.
    return nodespan::run(argc, argv, [&](nodespan::team& everyone) {
        PETSC_COMM_WORLD = everyone.comm(); // ranks numbered node by node, for PETSc as well
        if (PetscInitialize(&argc, &argv, nullptr, nullptr) != 0) return 1;
        const int status = solve_and_check(everyone);
        PetscFinalize(); // before the team ends, whose communicator it uses
        return status;
    });
}
// Shown up to here.
