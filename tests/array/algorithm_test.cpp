// Algorithms over whole arrays, cut in many ways, against what one rank computes alone.

#include <nodespan/algorithm.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

double at(index_t i, index_t j) {
    return static_cast<double>((i * 37 + j * 11) % 101) - 40.5;
}

using shape = indices<2>;
const std::vector<shape> shapes = {{17, 9}, {1, 30}, {2, 3}, {64, 64}, {5, 1}};

// Every element by its global indices.
void set(array<double, 2>& field) {
    for_each(field, [](const indices<2>& i, double& element) { element = at(i[0], i[1]); });
    field.fence();
}

// Cut over both dimensions, where the number of nodes allows.
array_options by_columns(const team& everyone) {
    return {.distribution = {.node_grid = {1, everyone.nodes()}}};
}

index_t count_wrong(array<double, 2>& field, double (*expected)(index_t, index_t)) {
    index_t wrong = 0;
    for_each(std::as_const(field), [&](const indices<2>& i, const double& element) {
        wrong += element == expected(i[0], i[1]) ? 0 : 1;
    });
    return all_reduce(field.get_team(), wrong);
}

TEST(Algorithm, FillSetsAllElementsAndNothingBeside) {
    team everyone(MPI_COMM_WORLD);
    array<int, 3> field(everyone, {7, 3, 5}, {.ghosts = {.width = {1, 0, 2}}});

    fill(field, 3);
    field.fence();

    EXPECT_EQ(sum(field), 3 * 7 * 3 * 5);
    int around = 0;
    const auto all = field.node_with_ghosts();
    for (index_t i = 0; i < all.extent(0); ++i)
        for (index_t j = 0; j < all.extent(1); ++j)
            for (index_t k = 0; k < all.extent(2); ++k) around += all(i, j, k);
    EXPECT_EQ(around, 3 * field.node_box().size());
}

TEST(Algorithm, ForEachAndTransformReachEachElementOnce) {
    team everyone(MPI_COMM_WORLD);
    for (const shape& extents : shapes)
        for (const array_options& how : {array_options{}, by_columns(everyone)}) {
            array<double, 2> a(everyone, extents, how), b(everyone, extents, how);
            array<double, 2> c(everyone, extents, how);

            set(a);
            transform(a, b, [](double x) { return 2 * x; });
            transform(a, b, c, [](double x, double y) { return x + y; });
            for_each(c, [](double& x) { x += 1; });
            c.fence();

            EXPECT_EQ(count_wrong(a, at), 0);
            EXPECT_EQ(count_wrong(c, [](index_t i, index_t j) { return 3 * at(i, j) + 1; }), 0);
        }
}

TEST(Algorithm, CopyWorksBetweenAllDistributions) {
    team everyone(MPI_COMM_WORLD);
    for (const shape& extents : shapes) {
        array<double, 2> rows(everyone, extents), columns(everyone, extents, by_columns(everyone));
        array<double, 2> again(everyone, extents);
        set(rows);

        copy(rows, columns);
        columns.fence();
        copy(columns, again);
        again.fence();

        EXPECT_EQ(count_wrong(columns, at), 0);
        EXPECT_EQ(count_wrong(again, at), 0);
    }
    array<double, 2> small(everyone, {2, 2}), large(everyone, {2, 3});
    EXPECT_EQ(caught([&] { copy(small, large); }).code, errc::size_mismatch);
}

TEST(Algorithm, SumMinMaxDotAndReduceAreThoseOfTheWhole) {
    team everyone(MPI_COMM_WORLD);
    for (const shape& extents : shapes)
        for (const array_options& how : {array_options{}, by_columns(everyone)}) {
            array<double, 2> a(everyone, extents, how);
            set(a);
            double total = 0, squares = 0, least = 1e9, most = -1e9;
            for (index_t i = 0; i < extents[0]; ++i)
                for (index_t j = 0; j < extents[1]; ++j) {
                    total += at(i, j);
                    squares += at(i, j) * at(i, j);
                    least = std::min(least, at(i, j));
                    most = std::max(most, at(i, j));
                }

            EXPECT_EQ(sum(a), total); // halves: nothing is rounded
            EXPECT_EQ(dot(a, a), squares);
            EXPECT_EQ(nodespan::min(a), least);
            EXPECT_EQ(nodespan::max(a), most);
            EXPECT_EQ(nodespan::reduce(
                          a, [](long double x, long double y) { return x + y; }, 1.0L),
                      1.0L + total);
        }
}

// However few elements a rank has, and wherever among them the NaN and the extremes lie.
TEST(Algorithm, MinAndMaxGiveNanIfThereIsOneAndFminAndFmaxPassItOver) {
    team everyone(MPI_COMM_WORLD);
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const index_t count : {1, 2, 5, 8, 1000})
        for (const index_t step : {1, 3, 7})
            for (index_t nan_at = 0; nan_at < count; nan_at += count / 9 + 1) {
                array<double, 1> a(everyone, {count});
                const auto at = [&](index_t i) {
                    return i == nan_at ? nan : static_cast<double>(1 + (i * step + 3) % count);
                };
                for_each(a, [&](const indices<1>& i, double& x) { x = at(i[0]); });
                a.fence();
                double least = nan, most = nan; // std::fmin and std::fmax pass NaNs over
                for (index_t i = 0; i < count; ++i) {
                    least = std::fmin(least, at(i));
                    most = std::fmax(most, at(i));
                }

                EXPECT_TRUE(std::isnan(nodespan::min(a)));
                EXPECT_TRUE(std::isnan(nodespan::max(a)));
                if (count > 1) {
                    EXPECT_EQ(nodespan::fmin(a), least);
                    EXPECT_EQ(nodespan::fmax(a), most);
                } else {
                    EXPECT_TRUE(std::isnan(nodespan::fmin(a)));
                    EXPECT_TRUE(std::isnan(nodespan::fmax(a)));
                }
                a.fence();
            }
}

TEST(Algorithm, MinIsTheNegativeZeroAndMaxThePositiveOneWhereverTheyLie) {
    team everyone(MPI_COMM_WORLD);
    for (index_t where = 0; where < 9; ++where) {
        array<float, 1> a(everyone, {9});
        for_each(a, [&](const indices<1>& i, float& x) { x = i[0] == where ? -0.0F : 0.0F; });
        a.fence();

        EXPECT_TRUE(std::signbit(nodespan::min(a)));
        EXPECT_FALSE(std::signbit(nodespan::max(a)));
        a.fence();
    }
}

TEST(Algorithm, NansReachSumsAndMeans) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 4});
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for_each(a, [&](const indices<2>& i, double& x) { x = i == indices<2>{5, 1} ? nan : 2; });
    a.fence();
    std::vector<double> rows(4), columns(6);

    mean(a, 0, std::span(rows));
    mean(a, 1, std::span(columns));

    EXPECT_TRUE(std::isnan(sum(a)));
    for (std::size_t j = 0; j < 4; ++j) EXPECT_EQ(std::isnan(rows[j]), j == 1);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(std::isnan(columns[i]), i == 5);
}

TEST(Algorithm, ReduceKeepsTheOrderOfRanks) {
    team everyone(MPI_COMM_WORLD);
    array<index_t, 1> field(everyone, {23});
    for_each(field, [](const indices<1>& i, index_t& element) { element = i[0]; });

    // Associative, but not commutative: the later one.
    const index_t last = nodespan::reduce(
        field, [](index_t, index_t later) { return later; }, index_t{-1});

    EXPECT_EQ(last, 22);
}

TEST(Algorithm, EmptyArraysHaveASumButNoMinimum) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> empty(everyone, {0, 5});

    EXPECT_EQ(sum(empty), 0);
    EXPECT_EQ(nodespan::reduce(empty, std::plus<>(), 4.0), 4.0);
    for (const caught_error& e : {caught([&] { static_cast<void>(nodespan::min(empty)); }),
                                  caught([&] { static_cast<void>(nodespan::max(empty)); }),
                                  caught([&] { static_cast<void>(nodespan::fmin(empty)); }),
                                  caught([&] { static_cast<void>(nodespan::fmax(empty)); })}) {
        EXPECT_EQ(e.code, errc::invalid_argument);
        EXPECT_TRUE(e.collective);
    }
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

TEST(Algorithm, SumsAreTheSameBitsInEveryRun) {
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {100003});
    for_each(field,
             [](const indices<1>& i, double& x) { x = std::sin(static_cast<double>(i[0])); });
    const double first = sum(field), product = dot(field, field);
    for (int run = 0; run < 20; ++run) {
        EXPECT_EQ(sum(field), first);
        EXPECT_EQ(dot(field, field), product);
    }
    EXPECT_NEAR(product, 100003 / 2.0, 1.0);
}

TEST(Algorithm, MeanOfRowsAndColumns) {
    team everyone(MPI_COMM_WORLD);
    for (const shape& extents : shapes)
        for (const array_options& how : {array_options{}, by_columns(everyone)}) {
            array<double, 2> field(everyone, extents, how);
            set(field);
            for (const int axis : {0, 1}) {
                const auto d = static_cast<std::size_t>(1 - axis);
                std::vector<double> out(static_cast<std::size_t>(extents[d]), -1.0);

                replicated<double, 1> table(everyone, {extents[d]});

                mean(field, axis, std::span(out));
                mean(field, axis, table);

                EXPECT_TRUE(std::equal(out.begin(), out.end(), table.node().begin()));
                for (index_t k = 0; k < extents[d]; ++k) {
                    double total = 0;
                    for (index_t m = 0; m < extents[1 - d]; ++m)
                        total += axis == 0 ? at(m, k) : at(k, m);
                    EXPECT_EQ(out[static_cast<std::size_t>(k)],
                              total / static_cast<double>(extents[1 - d]));
                }
            }
        }
}

TEST(Algorithm, MeanRefusesRoomThatDoesNotFit) {
    team everyone(MPI_COMM_WORLD);
    array<float, 2> field(everyone, {8, 6});
    std::vector<double> right(6), wrong(5);

    EXPECT_EQ(caught([&] { mean(field, 0, std::span(wrong)); }).code, errc::size_mismatch);
    if (everyone.size() > 1) {
        EXPECT_EQ(caught([&] {
                      mean(field, 0, everyone.rank() == 0 ? std::span(wrong) : std::span(right));
                  }).code,
                  errc::mismatched_arguments);
    }
    EXPECT_EQ(caught([&] { mean(field, 2, std::span(right)); }).code, errc::invalid_argument);
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

// Cut points of one array that are those of the other one for some ranks, and not for others.
TEST(Algorithm, DotRefusesArraysThatAreCutDifferentlyForSomeRanks) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() < 3) GTEST_SKIP() << "needs a rank whose part is the same in both";
    const index_t size = everyone.size();
    std::vector<index_t> points(static_cast<std::size_t>(size) + 1);
    for (std::size_t i = 0; i < points.size(); ++i) points[i] = 3 * static_cast<index_t>(i);
    array<double, 1> a(everyone, {3 * size}, {.distribution = {.cuts = {points}}});
    ++points[points.size() - 2];
    array<double, 1> b(everyone, {3 * size}, {.distribution = {.cuts = {points}}});

    const caught_error end = caught([&] { static_cast<void>(dot(a, b)); });

    EXPECT_EQ(end.code, errc::invalid_argument);
    EXPECT_TRUE(end.collective);
}

TEST(Algorithm, MeanIntoATableRefusesAnotherAxisOnAnotherRank) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {4, 4});
    replicated<double, 1> table(everyone, {4});
    if (everyone.size() > 1) {
        EXPECT_EQ(caught([&] { mean(field, everyone.rank() == 0 ? 0 : 1, table); }).code,
                  errc::mismatched_arguments);
    }
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

TEST(Algorithm, AFunctionThatThrowsInReduceDoesNotHangTheOthers) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> field(everyone, {10 * everyone.size()});
    const bool is_last = everyone.rank() + 1 == everyone.size();
    const auto add = [&](int a, int b) {
        if (is_last) throw std::runtime_error("no more");
        return a + b;
    };

    if (is_last) {
        EXPECT_THROW(static_cast<void>(nodespan::reduce(field, add, 0)), std::runtime_error);
    } else {
        const caught_error failure =
            caught([&] { static_cast<void>(nodespan::reduce(field, add, 0)); });
        EXPECT_EQ(failure.code, errc::peer_lost);
        EXPECT_THAT(failure.text,
                    testing::HasSubstr("on rank " + std::to_string(everyone.size() - 1)));
    }

    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
}

} // namespace
