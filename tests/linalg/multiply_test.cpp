// Products of arrays that are cut in many ways, against three loops. Elements are small and whole,
// so that no sum is rounded.

#include <nodespan/algorithm.hpp>
#include <nodespan/creation.hpp>
#include <nodespan/multiply.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <limits>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

template <class T>
T element(index_t seed, index_t i, index_t j) {
    const auto real = static_cast<float>((i * 7 + j * 3 + seed) % 11 - 5);
    if constexpr (requires { typename T::value_type; })
        return {real, static_cast<float>((i * 2 + j * 5 + seed) % 7 - 3)};
    else
        return static_cast<T>(real);
}

template <class T>
void set(array<T, 2>& field, index_t seed) {
    for_each(field, [&](const indices<2>& at, T& x) { x = element<T>(seed, at[0], at[1]); });
    field.fence();
}

template <class T>
T conjugate(const T& x) {
    if constexpr (requires { typename T::value_type; })
        return std::conj(x);
    else
        return x;
}

// Element (i, k) of op(matrix).
template <class T>
T taken(index_t seed, matrix_op op, index_t i, index_t k) {
    if (op == matrix_op::as_is) return element<T>(seed, i, k);
    const T x = element<T>(seed, k, i);
    return op == matrix_op::adjoint ? conjugate(x) : x;
}

struct shape {
    index_t rows, columns, inner;
};

// By rows, by columns, by a grid, and all on the last node.
std::vector<distribution_options> cuts_of(const team& everyone, const indices<2>& extents) {
    std::vector<distribution_options> result(1);
    result.push_back({.node_grid = {1, everyone.nodes()}});
    result.push_back({.node_grid = {1, everyone.nodes()}, .rank_grid = {1, 0}});
    if (everyone.nodes() % 2 == 0)
        result.push_back({.node_grid = {2, everyone.nodes() / 2}, .rank_grid = {0, 1}});
    distribution_options by_points;
    by_points.cuts.resize(2);
    by_points.cuts[0].assign(static_cast<std::size_t>(everyone.size()), 0);
    by_points.cuts[0].push_back(extents[0]);
    result.push_back(by_points);
    return result;
}

template <class T>
void expect_product(const team& everyone, const shape& s, std::size_t a_cut, std::size_t b_cut,
                    std::size_t c_cut, matrix_op a_op, matrix_op b_op, T alpha, T beta) {
    const indices<2> of_a{s.rows, s.inner}, of_b{s.inner, s.columns}, of_c{s.rows, s.columns};
    const indices<2> a_extents = a_op == matrix_op::as_is ? of_a : reversed(of_a);
    const indices<2> b_extents = b_op == matrix_op::as_is ? of_b : reversed(of_b);
    const auto cut = [&](const indices<2>& extents, std::size_t which) {
        const auto all = cuts_of(everyone, extents);
        return array_options{.distribution = all[which % all.size()]};
    };
    array<T, 2> a(everyone, a_extents, cut(a_extents, a_cut));
    array<T, 2> b(everyone, b_extents, cut(b_extents, b_cut));
    array<T, 2> c(everyone, of_c, cut(of_c, c_cut));
    set(a, 1);
    set(b, 2);
    if (beta == T(0))
        fill(c, T(std::numeric_limits<float>::quiet_NaN())); // not read
    else
        set(c, 3);

    multiply(a, b, c, alpha, beta, a_op, b_op);

    index_t wrong = 0;
    for_each(std::as_const(c), [&](const indices<2>& at, const T& x) {
        T sum{};
        for (index_t k = 0; k < s.inner; ++k)
            sum += taken<T>(1, a_op, at[0], k) * taken<T>(2, b_op, k, at[1]);
        T expected = alpha * sum;
        if (beta != T(0)) expected += beta * element<T>(3, at[0], at[1]);
        wrong += x == expected ? 0 : 1;
    });
    EXPECT_EQ(all_reduce(everyone, wrong), 0)
        << s.rows << " x " << s.inner << " x " << s.columns << ", cuts " << a_cut << b_cut << c_cut
        << ", ops " << static_cast<int>(a_op) << static_cast<int>(b_op);
}

template <class T>
void expect_products(T alpha, T beta) {
    team everyone(MPI_COMM_WORLD);
    const matrix_op ops[] = {matrix_op::as_is, matrix_op::transposed, matrix_op::adjoint};
    std::size_t turn = 0;
    for (const shape& s :
         {shape{37, 41, 101}, shape{1, 1, 1}, shape{2, 53, 3}, shape{61, 1, 17}, shape{1, 19, 83},
          shape{64, 64, 64}, shape{0, 5, 3}, shape{5, 0, 3}, shape{7, 5, 0}})
        for (const matrix_op a_op : ops)
            for (const matrix_op b_op : ops) {
                ++turn; // all cuts with each other in the course of the shapes and types
                if (turn % (std::same_as<T, double> ? 2 : 4) == 0) // each array may be a window
                    expect_product<T>(everyone, s, turn, turn / 2, turn / 3, a_op, b_op, alpha,
                                      turn % 8 < 4 ? beta : T(0));
            }
}

TEST(Multiply, IsThatOfThreeLoopsForDoubles) {
    expect_products<double>(1, 1);
}

TEST(Multiply, IsThatOfThreeLoopsForFloats) {
    expect_products<float>(2, -1);
}

TEST(Multiply, IsThatOfThreeLoopsForComplexNumbers) {
    expect_products<std::complex<double>>({1, 2}, {0, 1});
    expect_products<std::complex<float>>({0, -1}, {2, 0});
}

// Several panels from each node, and several steps of each rank.
TEST(Multiply, TakesMoreThanAPanel) {
    team everyone(MPI_COMM_WORLD);
    for (const std::size_t cut : {0U, 1U, 4U})
        expect_product<double>(everyone, {150, 90, 1501}, cut, cut + 1, cut, matrix_op::as_is,
                               matrix_op::transposed, 1, 0);
}

TEST(Multiply, FetchesEachElementOnceANode) {
    team everyone(MPI_COMM_WORLD);
    const index_t n = 60;
    array<double, 2> a(everyone, {n, n}), b(everyone, {n, n}), c(everyone, {n, n});
    multiply_traffic traffic;

    multiply(a, b, c, 1, 0, matrix_op::as_is, matrix_op::as_is, &traffic);

    // By rows: all of b but the rows that the node has.
    index_t expected = 0;
    for (int node = 0; node < everyone.nodes(); ++node)
        if (!c.node_box_of(node).empty()) expected += n * n - b.node_box_of(node).size();
    EXPECT_EQ(all_reduce(everyone, traffic.received_bytes),
              expected * static_cast<index_t>(sizeof(double)));
}

TEST(Multiply, TakesColumnMajorArrays) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2, column_major> a(everyone, {9, 13}), b(everyone, {9, 7}), c(everyone, {13, 7});
    set(a.transposed(), 1);
    set(b.transposed(), 2);

    multiply(a, b, c, 2, 0, matrix_op::transposed);

    index_t wrong = 0;
    for_each(std::as_const(c.transposed()), [&](const indices<2>& at, const double& x) {
        double sum = 0; // at are (column, row)
        for (index_t k = 0; k < 9; ++k)
            sum += element<double>(1, at[1], k) * element<double>(2, at[0], k);
        wrong += x == 2 * sum ? 0 : 1;
    });
    EXPECT_EQ(all_reduce(everyone, wrong), 0);
}

TEST(Multiply, NumbersThatAreNotFiniteReachTheResultAndNothingBeside) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {5, 4}), b(everyone, {4, 6}), c(everyone, {5, 6});
    fill(a, 1);
    fill(b, 1);
    a.fence();
    if (everyone.rank() == 0) a.put(indices<2>{3, 2}, std::numeric_limits<double>::quiet_NaN());

    multiply(a, b, c);

    index_t wrong = 0;
    for_each(std::as_const(c), [&](const indices<2>& at, const double& x) {
        wrong += (at[0] == 3 ? x != x : x == 4) ? 0 : 1;
    });
    EXPECT_EQ(all_reduce(everyone, wrong), 0);
}

TEST(Multiply, RefusesWhatDoesNotFitOnAllRanks) {
    team everyone(MPI_COMM_WORLD), other(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {4, 5}), b(everyone, {5, 6}), c(everyone, {4, 6});
    array<double, 2> square(everyone, {4, 4}), second(everyone, {4, 4}), elsewhere(other, {5, 6});

    for (const caught_error& e :
         {caught([&] { multiply(b, a, c); }), caught([&] { multiply(a, b, square); }),
          caught([&] { multiply(a, b, c, 1, 0, matrix_op::transposed); })}) {
        EXPECT_EQ(e.code, errc::size_mismatch);
        EXPECT_TRUE(e.collective);
    }
    EXPECT_EQ(caught([&] { multiply(square, square, square); }).code, errc::invalid_argument);
    EXPECT_EQ(caught([&] { multiply(a, elsewhere, c); }).code, errc::invalid_argument);
    if (everyone.size() > 1) {
        const double mine = everyone.rank();
        EXPECT_EQ(caught([&] { multiply(a, b, c, mine); }).code, errc::mismatched_arguments);
        EXPECT_EQ(
            caught([&] { multiply(square, square, everyone.rank() == 0 ? square : second); }).code,
            errc::mismatched_arguments);
        EXPECT_EQ(caught([&] { multiply(a, b, c, 1, mine); }).code, errc::mismatched_arguments);
    }
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

} // namespace
