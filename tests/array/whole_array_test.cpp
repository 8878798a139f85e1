// Where elements are, running sums, counts, and reductions along an axis, over all cuts, against
// what one rank computes alone.

#include <nodespan/algorithm.hpp>
#include <nodespan/axis.hpp>
#include <nodespan/combine.hpp>
#include <nodespan/creation.hpp>
#include <nodespan/error.hpp>
#include <nodespan/order.hpp>
#include <nodespan/scan.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

const double nan = std::numeric_limits<double>::quiet_NaN();

array<double, 1> of(const team& everyone, const std::vector<double>& elements) {
    array<double, 1> result(everyone, {static_cast<index_t>(elements.size())});
    const view<double, 1> mine = result.local();
    std::copy_n(elements.begin() + result.rank_box().lo[0], mine.size(), mine.begin());
    result.fence();
    return result;
}

std::vector<double> some(index_t size, bool with_nan) {
    std::vector<double> result;
    for (index_t i = 0; i < size; ++i)
        result.push_back(with_nan && i % 11 == 3 ? nan : static_cast<double>(i * 37 % 23) - 7);
    return result;
}

template <int N>
indices<N> place_in(index_t flat, const indices<N>& extents) {
    indices<N> at{};
    for (std::size_t d = N; d-- > 0; flat /= extents[d]) at[d] = flat % extents[d];
    return at;
}

// A value by the global place, with whole numbers, so that sums are exact in any order.
double value_at(index_t flat) {
    return static_cast<double>(flat * 31 % 101 - 50);
}

template <class T, int N>
void set(array<T, N>& field) {
    for_each(field, [&](const indices<N>& at, T& x) {
        x = static_cast<T>(value_at(detail::flat_index<N>(at, field.extents())));
    });
    field.fence();
}

TEST(Order, ArgminAndArgmaxGiveTheFirstOfTheBestAndTheFirstNan) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t size : {1, 3, 101})
        for (const bool with_nan : {false, true}) {
            const std::vector<double> elements = some(size, with_nan);
            const array<double, 1> field = of(everyone, elements);
            index_t least = 0, most = 0;
            for (index_t i = 1; i < size; ++i) {
                const double x = elements[static_cast<std::size_t>(i)];
                const double low = elements[static_cast<std::size_t>(least)];
                const double high = elements[static_cast<std::size_t>(most)];
                if (!std::isnan(low) && (std::isnan(x) || x < low)) least = i;
                if (!std::isnan(high) && (std::isnan(x) || x > high)) most = i;
            }

            EXPECT_EQ(argmin(field)[0], least);
            EXPECT_EQ(argmax(field)[0], most);
        }
    array<int, 2> grid(everyone, {5, 7}, {.distribution = {.node_grid = {1, everyone.nodes()}}});
    for_each(grid, [](const indices<2>& at, int& x) { x = at[1] == 3 ? 1 : 0; });
    EXPECT_EQ(argmax(grid), (indices<2>{0, 3}));
    EXPECT_EQ(argmin(grid), (indices<2>{0, 0}));
    array<int, 1> nothing(everyone, {0});
    const caught_error empty = caught([&] { static_cast<void>(argmin(nothing)); });
    EXPECT_EQ(empty.code, errc::invalid_argument);
    EXPECT_TRUE(empty.collective);
}

TEST(Order, NonzeroListsAllPlacesRowByRowHoweverTheArrayIsCut) {
    team everyone(MPI_COMM_WORLD);
    for (const array_options& how :
         {array_options{}, array_options{.distribution = {.node_grid = {1, everyone.nodes()},
                                                         .rank_grid = {1, 0}}}}) {
        array<int, 2> field(everyone, {13, 7}, how);
        for_each(field,
                 [](const indices<2>& at, int& x) { x = (at[0] * 5 + at[1]) % 3 == 0 ? 2 : 0; });
        std::vector<indices<2>> expected;
        for (index_t i = 0; i < 13; ++i)
            for (index_t j = 0; j < 7; ++j)
                if ((i * 5 + j) % 3 == 0) expected.push_back({i, j});

        EXPECT_EQ(to_vector(nonzero(field)), expected);
        fill(field, 0);
        EXPECT_EQ(nonzero(field).size(), 0);
    }
}

TEST(Order, UniqueGivesEachElementOnceAndOneNan) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t size : {0, 1, 2, 101, 997})
        for (const bool with_nan : {false, true}) {
            const std::vector<double> elements = some(size, with_nan);
            std::vector<double> expected;
            for (const double x : elements)
                if (!std::isnan(x)) expected.push_back(x);
            const bool has_nan = expected.size() < elements.size();
            std::ranges::sort(expected);
            expected.erase(std::unique(expected.begin(), expected.end()), expected.end());

            std::vector<double> found = to_vector(unique(of(everyone, elements)));

            if (has_nan) {
                ASSERT_FALSE(found.empty());
                EXPECT_TRUE(std::isnan(found.back()));
                found.pop_back();
            }
            EXPECT_EQ(found, expected);
        }
}

TEST(Order, SearchsortedGivesTheBoundsOfTheWhole) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t size : {0, 1, 2, 3, 101}) {
        std::vector<double> elements = some(size, false);
        std::ranges::sort(elements);
        const array<double, 1> field = of(everyone, elements);
        std::vector<double> values = {-100, 100, 0.5};
        for (int x = -8; x < 17; ++x) values.push_back(x);

        const std::vector<index_t> left = searchsorted(field, values),
                                   right = searchsorted(field, values, side::right);

        for (std::size_t i = 0; i < values.size(); ++i) {
            EXPECT_EQ(left[i], std::ranges::lower_bound(elements, values[i]) - elements.begin());
            EXPECT_EQ(right[i], std::ranges::upper_bound(elements, values[i]) - elements.begin());
        }
        EXPECT_EQ(searchsorted(field, std::vector{nan})[0], size);
    }
}

TEST(Scan, CumsumAddsUpAndMayBeInPlaceAndWider) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t size : {0, 1, 5, 997}) {
        array<std::int8_t, 1> bytes(everyone, {size});
        array<std::int64_t, 1> wide(everyone, {size});
        set(bytes);
        std::vector<std::int64_t> expected;
        std::vector<std::int8_t> wrapped;
        std::int64_t sum = 0;
        for (index_t i = 0; i < size; ++i) {
            expected.push_back(sum += static_cast<std::int64_t>(value_at(i)));
            wrapped.push_back(static_cast<std::int8_t>(sum));
        }

        cumsum(bytes, wide);
        cumsum(bytes, bytes);
        bytes.fence();

        EXPECT_EQ(to_vector(wide), expected);
        EXPECT_EQ(to_vector(bytes), wrapped);
        bytes.fence();
    }
    array<int, 1> a(everyone, {5}), b(everyone, {6});
    const caught_error other = caught([&] { cumsum(a, b); });
    EXPECT_EQ(other.code, errc::invalid_argument);
    EXPECT_TRUE(other.collective);
}

TEST(Scan, HistogramCountsAsNumpyDoes) {
    team everyone(MPI_COMM_WORLD);
    const std::vector<std::vector<double>> cases = {
        {-7, 0, 15}, {-7, -6.5, 3, 3, 11, 15}, {0, 1, 2, 3, 4, 5, 6}, {100, 200}, {-1, -1}};
    for (const index_t size : {0, 1, 997})
        for (const std::vector<double>& edges : cases) {
            const std::vector<double> elements = some(size, true);
            std::vector<index_t> expected(edges.size() - 1, 0);
            for (const double x : elements)
                for (std::size_t k = 0; k + 1 < edges.size(); ++k)
                    if (x >= edges[k] &&
                        (x < edges[k + 1] || (k + 2 == edges.size() && x == edges[k + 1])))
                        ++expected[k];

            EXPECT_EQ(histogram(of(everyone, elements), edges), expected);
        }
    array<int, 1> field(everyone, {10});
    const std::vector<int> bad = {3, 2}, one = {1};
    for (const std::vector<int>& edges : {bad, one}) {
        const caught_error wrong = caught([&] { static_cast<void>(histogram(field, edges)); });
        EXPECT_EQ(wrong.code, errc::invalid_argument);
    }
    if (everyone.size() > 1) {
        const std::vector<int> mine = {0, everyone.rank() == 1 ? 2 : 3};
        const caught_error other = caught([&] { static_cast<void>(histogram(field, mine)); });
        EXPECT_EQ(other.code, errc::mismatched_arguments);
        EXPECT_TRUE(other.collective);
    }
}

// All axes of an array against loops over all of its elements.
template <int N>
void expect_reductions(const indices<N>& extents, const array_options& how) {
    team everyone(MPI_COMM_WORLD);
    array<double, N> field(everyone, extents, how);
    array<int, N> whole(everyone, extents, how);
    set(field);
    set(whole);
    for (int axis = 0; axis < N; ++axis) {
        indices<N> others = extents;
        others[static_cast<std::size_t>(axis)] = 1;
        const auto results = static_cast<std::size_t>(box<N>{{}, others}.size());
        std::vector<double> sums(results, 0), least(results, 1e9), most(results, -1e9);
        std::vector<double> squares(results, 0);
        const auto each = static_cast<double>(extents[static_cast<std::size_t>(axis)]);
        for (index_t flat = 0; flat < field.size(); ++flat) {
            indices<N> at = place_in<N>(flat, extents);
            at[static_cast<std::size_t>(axis)] = 0;
            const auto to = static_cast<std::size_t>(detail::flat_index<N>(at, others));
            sums[to] += value_at(flat);
            squares[to] += value_at(flat) * value_at(flat);
            least[to] = std::min(least[to], value_at(flat));
            most[to] = std::max(most[to], value_at(flat));
        }
        std::vector<double> out(results);
        std::vector<std::int64_t> counts(results);

        sum(field, axis, std::span<double>(out));
        EXPECT_EQ(out, sums);
        sum(whole, axis, std::span<std::int64_t>(counts));
        EXPECT_TRUE(std::ranges::equal(counts, sums));
        nodespan::min(field, axis, out);
        EXPECT_EQ(out, least);
        nodespan::max(field, axis, out);
        EXPECT_EQ(out, most);
        mean(field, axis, std::span<double>(out));
        for (std::size_t i = 0; i < results; ++i) EXPECT_EQ(out[i], sums[i] / each);
        var(field, axis, std::span<double>(out));
        for (std::size_t i = 0; i < results; ++i)
            EXPECT_NEAR(out[i], squares[i] / each - sums[i] / each * sums[i] / each, 1e-6);
    }
}

TEST(Axis, ReductionsAreThoseOfTheWholeInOneToSixDimensions) {
    team everyone(MPI_COMM_WORLD);
    expect_reductions<1>({101}, {});
    expect_reductions<2>({17, 5}, {});
    expect_reductions<2>({3, 31}, {.distribution = {.node_grid = {1, everyone.nodes()}}});
    expect_reductions<3>({5, 7, 11}, {.ghosts = {.width = {1, 0, 2}}});
    expect_reductions<3>({2, 3, 13}, {.distribution = {.node_grid = {1, 1, everyone.nodes()},
                                                       .rank_grid = {1, 0, 1}}});
    expect_reductions<4>({3, 2, 5, 3}, {});
    expect_reductions<5>({1, 3, 2, 5, 2}, {});
    expect_reductions<6>({2, 1, 3, 2, 2, 3}, {});
}

TEST(Axis, OnOneNodeTheBitsAreThoseOfOneRank) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.nodes() > 1) return;
    team alone = everyone.split(everyone.rank());
    const auto fill_with_thirds = [](array<double, 3>& field) {
        for_each(field, [&](const indices<3>& at, double& x) {
            x = value_at(detail::flat_index<3>(at, field.extents())) / 3;
        });
        field.fence();
    };
    array<double, 3> shared(everyone, {13, 11, 19}), mine(alone, {13, 11, 19});
    fill_with_thirds(shared);
    fill_with_thirds(mine);
    for (int axis = 0; axis < 3; ++axis) {
        const auto results = static_cast<std::size_t>(shared.size() / shared.extent(axis));
        std::vector<double> ours(results), theirs(results);
        sum(shared, axis, std::span<double>(ours));
        sum(mine, axis, std::span<double>(theirs));
        EXPECT_EQ(std::memcmp(ours.data(), theirs.data(), results * sizeof(double)), 0);
        var(shared, axis, std::span<double>(ours));
        var(mine, axis, std::span<double>(theirs));
        EXPECT_EQ(std::memcmp(ours.data(), theirs.data(), results * sizeof(double)), 0);
    }
}

TEST(Axis, NansReachTheResultsOfTheirOwnAlone) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {7, 5});
    set(field);
    for_each(field, [](const indices<2>& at, double& x) {
        if (at[0] == 6 && at[1] == 2) x = nan;
    });
    field.fence();
    std::vector<double> columns(5), rows(7);
    nodespan::min(field, 0, columns);
    nodespan::max(field, 1, rows);
    for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(std::isnan(columns[j]), j == 2);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(std::isnan(rows[i]), i == 6);
}

TEST(Axis, WhatDoesNotFitIsAnErrorOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    array<double, 3> field(everyone, {3, 4, 5}), nothing(everyone, {0, 4, 5});
    std::vector<double> twenty(20), twelve(12);
    const auto code_of = [&](auto call) {
        const caught_error end = caught(call);
        EXPECT_TRUE(end.collective);
        return end.code;
    };
    EXPECT_EQ(code_of([&] { sum(field, 3, std::span<double>(twenty)); }), errc::invalid_argument);
    EXPECT_EQ(code_of([&] { sum(field, -1, std::span<double>(twenty)); }), errc::invalid_argument);
    EXPECT_EQ(code_of([&] { sum(field, 0, std::span<double>(twelve)); }), errc::size_mismatch);
    EXPECT_EQ(code_of([&] { nodespan::min(nothing, 0, twenty); }), errc::invalid_argument);
    EXPECT_EQ(code_of([&] { var(field, 0, std::span<double>(twenty), 3); }),
              errc::invalid_argument);
    sum(nothing, 0, std::span<double>(twenty));
    EXPECT_EQ(twenty, std::vector<double>(20, 0.0));
    if (everyone.size() > 1) {
        const int axis = everyone.rank() == 0 ? 0 : 2;
        std::span<double> out = everyone.rank() == 0 ? std::span(twenty) : std::span(twelve);
        EXPECT_EQ(code_of([&] { sum(field, axis, out); }), errc::mismatched_arguments);
    }
}

struct affine {
    std::uint64_t factor, offset;
};

// Affine maps: associative, and in another order another result.
TEST(Combine, TakesAnyAssociativeFunctionInTheOrderOfTheRanks) {
    team everyone(MPI_COMM_WORLD);
    const auto after = [](const affine& a, const affine& b) {
        return affine{a.factor * b.factor, a.factor * b.offset + a.offset};
    };
    const auto of_rank = [](int rank) {
        return affine{static_cast<std::uint64_t>(2 * rank + 3),
                      static_cast<std::uint64_t>(rank * rank + 1)};
    };
    affine expected = of_rank(0);
    for (int rank = 1; rank < everyone.size(); ++rank) expected = after(expected, of_rank(rank));

    const affine all = all_reduce(everyone, of_rank(everyone.rank()), after);
    std::vector<affine> many(300'000, of_rank(everyone.rank())); // in more than one piece
    all_reduce(everyone, many, after);

    EXPECT_EQ(all.factor, expected.factor);
    EXPECT_EQ(all.offset, expected.offset);
    EXPECT_TRUE(std::ranges::all_of(many, [&](const affine& one) {
        return one.factor == expected.factor && one.offset == expected.offset;
    }));
}

TEST(Combine, AFunctionThatThrowsAndCountsThatDifferAreErrorsOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) return;
    bool is_thrown = false;
    errc code{};
    try {
        static_cast<void>(all_reduce(everyone, 1, [&](int a, int b) {
            if (everyone.rank() == 1) throw std::runtime_error("no");
            return a + b;
        }));
    } catch (const error& failure) {
        code = static_cast<errc>(failure.code().value());
    } catch (const std::runtime_error&) {
        is_thrown = true;
    }
    EXPECT_EQ(is_thrown, everyone.rank() == 1);
    EXPECT_TRUE(is_thrown || code == errc::peer_lost);
    std::vector<int> values(everyone.rank() == 0 ? 2 : 3);
    EXPECT_EQ(caught([&] { all_reduce(everyone, values, std::plus<int>()); }).code,
              errc::mismatched_arguments);
}

} // namespace
