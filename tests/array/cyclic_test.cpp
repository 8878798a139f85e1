// Block-cyclic arrays against what one rank computes alone.

#include <nodespan/algorithm.hpp>
#include <nodespan/axis.hpp>
#include <nodespan/creation.hpp>
#include <nodespan/npy.hpp>
#include <nodespan/order.hpp>
#include <nodespan/patch.hpp>
#include <nodespan/redistribute.hpp>
#include <nodespan/scan.hpp>
#include <nodespan/sort.hpp>
#include <nodespan/transpose.hpp>

#include "array_cases.hpp"
#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <numeric>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;
using testing::HasSubstr;

// A number that tells the indices.
template <class T, int N>
T number(const indices<N>& at) {
    index_t sum = 1;
    for (const index_t i : at) sum = (sum * 31 + i) % 30011;
    if constexpr (std::same_as<T, char>)
        return static_cast<char>(sum % 100);
    else
        return static_cast<T>(static_cast<float>(sum % 8000)); // fits all types
}

// The position in row-major order.
template <int N>
std::size_t flat(const indices<N>& at, const indices<N>& extents) {
    index_t result = 0;
    for (std::size_t d = 0; d < N; ++d) result = result * extents[d] + at[d];
    return static_cast<std::size_t>(result);
}

template <class T, int N>
std::vector<T> numbers(const box<N>& patch) {
    std::vector<T> result;
    for_each_index(patch, [&](const indices<N>& at) { result.push_back(number<T, N>(at)); });
    return result;
}

// Grids of nodes, with nodes along one dimension or along two of them.
template <int N>
std::vector<std::vector<int>> grids_of(const team& everyone) {
    const int nodes = everyone.nodes();
    std::vector<std::vector<int>> result;
    std::vector<int> grid(N, 1);
    grid[0] = nodes;
    result.push_back(grid);
    if constexpr (N > 1) {
        grid[0] = 1;
        grid[N - 1] = nodes;
        result.push_back(grid);
        if (nodes % 2 == 0 && nodes > 2) {
            grid[0] = 2;
            grid[N - 1] = nodes / 2;
            result.push_back(grid);
        }
    }
    return result;
}

// Blocks of one element, of a few, and larger than the extent; and one dimension in pieces.
template <int N>
std::vector<distribution_options> cyclic_cuts(const team& everyone) {
    std::vector<distribution_options> result;
    for (const std::vector<int>& grid : grids_of<N>(everyone)) {
        result.push_back({.node_grid = grid, .block = std::vector<index_t>(N, 1)});
        result.push_back({.node_grid = grid, .block = std::vector<index_t>(N, 3)});
        result.push_back({.node_grid = grid, .block = std::vector<index_t>(N, 1000)});
        result.push_back({.node_grid = grid, .block = std::vector<index_t>(N, 2)});
        result.back().block[0] = 0;
        if constexpr (N == 1) result.back().block[0] = 5;
    }
    return result;
}

template <int N>
box<N> random_patch(random_numbers& random, const indices<N>& extents) {
    box<N> result;
    for (std::size_t d = 0; d < N; ++d) {
        result.lo[d] = random.below(extents[d] + 1);
        result.hi[d] = result.lo[d] + random.below(extents[d] - result.lo[d] + 1);
    }
    return result;
}

template <class T, int N, class Layout>
void set(array<T, N, Layout>& field) {
    field.for_each_local_box([&](const box<N>& mine, const indices<N>& place) {
        for_each_index(mine, [&](const indices<N>& at) {
            indices<N> inside = place;
            for (std::size_t d = 0; d < N; ++d) inside[d] += at[d] - mine.lo[d];
            field.local()[inside] = number<T, N>(at);
        });
    });
    field.fence();
}

// All ranks read all elements.
template <class T, int N, class Layout>
void expect_numbers(const array<T, N, Layout>& field) {
    const box<N> whole{{}, field.extents()};
    std::vector<T> found(static_cast<std::size_t>(whole.size()));
    field.get(whole, view<T, N>(found.data(), field.extents()));
    EXPECT_EQ(found, (numbers<T, N>(whole)));
}

template <class T, int N, class Layout>
void expect_views_and_elements(const team& everyone, const indices<N>& extents) {
    for (const distribution_options& cut : cyclic_cuts<N>(everyone)) {
        array<T, N, Layout> field(everyone, extents, {.distribution = cut});
        ASSERT_TRUE(field.is_cyclic());
        set(field);

        const box<N> whole{{}, extents};
        index_t of_node = 0;
        for_each_index(whole, [&](const indices<N>& at) {
            ASSERT_EQ(field.get(at), (number<T, N>(at)));
            const indices<N> place = field.node_place(at);
            if (field.owner_node(at) != everyone.node()) return;
            ASSERT_EQ((field.node()[place]), (number<T, N>(at)));
            ASSERT_EQ(field.node_index(place), at);
            ++of_node;
        });
        EXPECT_EQ(of_node, field.node().size());
        index_t mine = field.local().size();
        for_each_index(box<N>{{}, field.local().extents()}, [&](const indices<N>& place) {
            ASSERT_EQ((field.local()[place]), (number<T, N>(field.local_index(place))));
        });
        EXPECT_EQ(all_reduce(everyone, mine), whole.size());
        expect_numbers(field);
        field.fence();

        // Each element is put by another rank than the one that has it.
        index_t turn = 0;
        for_each_index(whole, [&](const indices<N>& at) {
            if (turn++ % everyone.size() == everyone.rank())
                field.put(at, static_cast<T>(number<T, N>(at) + T(1)));
        });
        field.fence();
        for_each_index(whole, [&](const indices<N>& at) {
            ASSERT_EQ(field.get(at), static_cast<T>(number<T, N>(at) + T(1)));
        });
        field.fence();
    }
}

TEST(Cyclic, ViewsAndElementsAreWhereTheirIndicesSay) {
    team everyone(MPI_COMM_WORLD);
    expect_views_and_elements<double, 1, row_major>(everyone, {37});
    expect_views_and_elements<double, 1, row_major>(everyone, {1});
    expect_views_and_elements<char, 1, row_major>(everyone, {19});
    expect_views_and_elements<double, 2, row_major>(everyone, {13, 17});
    expect_views_and_elements<float, 2, column_major>(everyone, {11, 19});
    expect_views_and_elements<double, 2, row_major>(everyone, {0, 5});
    expect_views_and_elements<std::complex<double>, 3, row_major>(everyone, {5, 3, 7});
    expect_views_and_elements<short, 3, column_major>(everyone, {3, 7, 5});
}

// Boxes of elements, from and into dense memory and memory of the other order.
template <class T, int N, class Layout>
void expect_patches(const team& everyone, const indices<N>& extents, std::uint64_t seed) {
    random_numbers random(seed); // the same on all ranks
    for (const distribution_options& cut : cyclic_cuts<N>(everyone)) {
        array<T, N, Layout> field(everyone, extents, {.distribution = cut});
        std::vector<T> expected(static_cast<std::size_t>(field.size()));
        field.fence();
        for (int round = 0; round < 12; ++round) {
            const box<N> patch = random_patch<N>(random, extents);
            const auto who = static_cast<int>(random.below(everyone.size()));
            const index_t shift = random.below(90);
            const bool is_turned = random.below(2) == 0, adds = random.below(3) == 0;
            std::vector<T> values(static_cast<std::size_t>(patch.size()));
            const indices<N> size = patch.extents();
            indices<N> strides = row_major_strides(size);
            if (is_turned) strides = reversed(row_major_strides(reversed(size)));
            const view<T, N, strided> memory(values.data(), size, strides);
            for_each_index(box<N>{{}, size}, [&](indices<N> at) {
                T& value = memory[at];
                for (std::size_t d = 0; d < N; ++d) at[d] += patch.lo[d];
                value = static_cast<T>(number<T, N>(at) + T(static_cast<float>(shift) / 4));
                T& there = expected[flat<N>(at, extents)];
                there = adds ? static_cast<T>(there + T(2) * value) : value;
            });
            if (everyone.rank() == who) {
                if (adds)
                    field.accumulate(patch, memory, accumulate_op::sum, T(2));
                else if (round % 2 == 0)
                    field.put(patch, memory);
                else
                    field.put_async(patch, memory).wait();
            }
            field.fence();

            const box<N> asked = random_patch<N>(random, extents);
            std::vector<T> found(static_cast<std::size_t>(asked.size()));
            const view<T, N> out(found.data(), asked.extents());
            if (round % 2 == 0)
                field.get(asked, out);
            else
                field.get_async(asked, out).wait();
            std::size_t wrong = 0, i = 0;
            for_each_index(asked, [&](const indices<N>& at) {
                wrong += found[i++] == expected[flat<N>(at, extents)] ? 0u : 1u;
            });
            ASSERT_EQ(wrong, 0u) << "round " << round << " of seed " << seed;
            field.fence();
        }
    }
}

TEST(Cyclic, PatchesOfAllShapesComeAndGo) {
    team everyone(MPI_COMM_WORLD);
    expect_patches<double, 1, row_major>(everyone, {101}, 1);
    expect_patches<double, 2, row_major>(everyone, {23, 29}, 2);
    expect_patches<float, 2, column_major>(everyone, {31, 17}, 3);
    expect_patches<std::complex<double>, 3, row_major>(everyone, {7, 11, 5}, 4);
    expect_patches<std::int64_t, 2, row_major>(everyone, {2, 97}, 5);
}

// More than one piece of what is packed at once.
TEST(Cyclic, LargePatchesTravelInPieces) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {307, 401}, {.distribution = {.block = {16, 32}}});
    const box<2> whole{{0, 0}, {307, 401}};
    if (everyone.rank() == everyone.size() - 1) field.put(whole, numbers<double, 2>(whole));
    field.fence();

    expect_numbers(field);
    field.fence();
}

TEST(Cyclic, AccumulatesOfAllRanksAndAtomicsLoseNothing) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 2> counts(everyone, {13, 11}, {.distribution = {.block = {2, 3}}});
    array<double, 1> least(everyone, {29}, {.distribution = {.block = {4}}});
    fill(least, 1e9);
    counts.fence();
    const box<2> most{{1, 1}, {13, 10}};
    const std::vector<std::int64_t> ones(static_cast<std::size_t>(most.size()), 1);

    for (int i = 0; i < 5; ++i) counts.accumulate(most, ones);
    std::vector<double> mine(29, everyone.rank() + 3.0);
    least.accumulate({{0}, {29}}, mine, accumulate_op::min);
    least.fence();
    for_each_index(most,
                   [&](const indices<2>& at) { ASSERT_EQ(counts.get(at), 5 * everyone.size()); });
    ASSERT_EQ(min(least), 3.0);
    ASSERT_EQ(max(least), 3.0);
    counts.fence();

    std::int64_t drawn = 0;
    for (int i = 0; i < 10; ++i) drawn += counts.fetch_add({12, 10}, 1);
    const std::int64_t n = 10 * everyone.size();
    EXPECT_EQ(all_reduce(everyone, drawn), n * (n - 1) / 2);
    counts.fence();
    std::int64_t expected = 0;
    const bool is_first = counts.compare_exchange({0, 0}, expected, everyone.rank() + 1);
    EXPECT_EQ(all_reduce(everyone, is_first ? 1 : 0), 1);
    counts.fence();
}

TEST(Cyclic, ListsAndStridedBoxesFindTheirElements) {
    team everyone(MPI_COMM_WORLD);
    for (const distribution_options& cut : cyclic_cuts<2>(everyone)) {
        array<double, 2> field(everyone, {17, 19}, {.distribution = cut});
        set(field);
        random_numbers random(7 + static_cast<std::uint64_t>(everyone.rank()));
        std::vector<indices<2>> places;
        for (int i = 0; i < 60; ++i) places.push_back({random.below(17), random.below(19)});
        std::vector<double> found(places.size());

        field.gather(places, found);

        for (std::size_t i = 0; i < places.size(); ++i)
            ASSERT_EQ(found[i], (number<double, 2>(places[i])));
        const strided_box<2> every({1, 2}, {17, 18}, {3, 5});
        const indices<2> size = every.extents();
        std::vector<double> strided(static_cast<std::size_t>(size[0] * size[1]));
        field.get(every, strided);
        for (index_t i = 0; i < size[0]; ++i)
            for (index_t j = 0; j < size[1]; ++j)
                ASSERT_EQ(strided[static_cast<std::size_t>(i * size[1] + j)],
                          (number<double, 2>({1 + 3 * i, 2 + 5 * j})));
        field.fence();

        if (everyone.rank() == 0) field.put(every, std::vector<double>(strided.size(), -1.0));
        field.fence();
        if (everyone.rank() == everyone.size() - 1) {
            const std::vector<indices<2>> two{{0, 0}, {16, 18}};
            field.scatter(two, std::vector<double>{-2, -3});
        }
        field.fence();
        field.scatter_add(std::vector<indices<2>>{{5, 5}, {5, 5}}, 1.0);
        field.fence();
        for_each_index(box<2>{{0, 0}, {17, 19}}, [&](const indices<2>& at) {
            double expected = number<double, 2>(at);
            if (at[0] >= 1 && at[1] >= 2 && (at[0] - 1) % 3 == 0 && (at[1] - 2) % 5 == 0 &&
                at[1] < 18)
                expected = -1;
            if (at == indices<2>{0, 0}) expected = -2;
            if (at == indices<2>{16, 18}) expected = -3;
            if (at == indices<2>{5, 5}) expected += 2 * everyone.size();
            ASSERT_EQ(field.get(at), expected) << at[0] << ", " << at[1];
        });
        field.fence();
    }
}

template <class T, int N, class From, class To>
void expect_moved(const team& everyone, const indices<N>& extents) {
    std::vector<distribution_options> cuts = cyclic_cuts<N>(everyone);
    cuts.push_back({});
    for (const distribution_options& before : cuts)
        for (const distribution_options& after : cuts) {
            array<T, N, From> field(everyone, extents, {.distribution = before});
            array<T, N, To> other(everyone, extents, {.distribution = after});
            set(field);

            copy(field, other);
            other.fence();
            expect_numbers(other);
            redistribute(field, after);

            EXPECT_EQ(field.options().distribution.block, after.block);
            expect_numbers(field);
            field.fence();
        }
}

TEST(Cyclic, MovesBetweenAnyTwoDistributionsAndOrders) {
    team everyone(MPI_COMM_WORLD);
    expect_moved<double, 1, row_major, row_major>(everyone, {53});
    expect_moved<float, 2, row_major, column_major>(everyone, {11, 13});
    expect_moved<double, 2, column_major, row_major>(everyone, {7, 23});
    expect_moved<short, 3, row_major, row_major>(everyone, {5, 4, 3});
    expect_moved<double, 2, row_major, row_major>(everyone, {0, 3});
}

TEST(Cyclic, ResizesAndTurnsOver) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {13, 11}, {.distribution = {.block = {2, 3}}});
    array<double, 2> turned(everyone, {11, 13}, {.distribution = {.block = {4, 1}}});
    array<double, 2> straight(everyone, {11, 13});
    set(field);

    transpose(field, turned);
    transpose(field, straight);
    turned.fence();
    for_each_index(box<2>{{0, 0}, {11, 13}}, [&](const indices<2>& at) {
        ASSERT_EQ(turned.get(at), (number<double, 2>(reversed(at))));
        ASSERT_EQ(straight.get(at), (number<double, 2>(reversed(at))));
    });
    resize(field, {17, 5});

    EXPECT_TRUE(field.is_cyclic());
    for_each_index(box<2>{{0, 0}, {17, 5}}, [&](const indices<2>& at) {
        ASSERT_EQ(field.get(at), (at[0] < 13 ? number<double, 2>(at) : 0.0));
    });
    field.fence();
}

TEST(Cyclic, WholeArrayFunctionsGiveWhatOneRankWouldFind) {
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{17, 13};
    const std::vector<double> all = numbers<double, 2>(box<2>{{0, 0}, extents});
    for (const distribution_options& cut : cyclic_cuts<2>(everyone)) {
        array<double, 2> field(everyone, extents, {.distribution = cut});
        array<double, 2> alike = empty_like(field);
        for_each(field, [](const indices<2>& at, double& x) { x = number<double, 2>(at); });
        field.fence();

        EXPECT_EQ(sum(field), std::accumulate(all.begin(), all.end(), 0.0));
        EXPECT_EQ(min(field), *std::min_element(all.begin(), all.end()));
        EXPECT_EQ(max(field), *std::max_element(all.begin(), all.end()));
        EXPECT_EQ(flat<2>(argmax(field), extents),
                  static_cast<std::size_t>(std::max_element(all.begin(), all.end()) - all.begin()));
        EXPECT_EQ(nonzero(field).size(),
                  std::count_if(all.begin(), all.end(), [](double x) { return x != 0; }));
        transform(field, alike, [](double x) { return 2 * x; });
        EXPECT_EQ(dot(field, alike), 2 * dot(field, field));
        alike.fence();
        EXPECT_EQ(alike.get({16, 12}), 2 * all.back());

        const box<2> patch{{2, 1}, {15, 11}};
        double inside = 0;
        for_each_index(patch, [&](const indices<2>& at) { inside += number<double, 2>(at); });
        EXPECT_EQ(sum(field, patch), inside);
        field.fence();
        scale(field, patch, 3.0);
        add(field, patch, alike, patch, 1.0);
        field.fence();
        EXPECT_EQ(sum(field, patch), 5 * inside);
        fill(field, patch, 1.0);
        field.fence();
        EXPECT_EQ(sum(field, patch), static_cast<double>(patch.size()));
        copy(alike, patch, field, patch);
        field.fence();
        EXPECT_EQ(max(field, patch), max(alike, patch));
        field.fence();
    }
}

TEST(Cyclic, WhatNeedsBoxesIsRefusedOnAllRanksAndTheyGoOn) {
    team everyone(MPI_COMM_WORLD);
    array<double, 1> line(everyone, {40}, {.distribution = {.block = {3}}});
    array<double, 1> other(everyone, {40});
    array<double, 2> table(everyone, {8, 8}, {.distribution = {.block = {3, 3}}});
    std::vector<double> out(8);
    const char* const why = "block-cyclic, so what a node or a rank holds is no box of indices";

    const auto expect_refused = [&](const std::function<void()>& call) {
        const caught_error refused = caught(call);
        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_THAT(refused.text, HasSubstr(why));
    };
    expect_refused([&] { static_cast<void>(line.rank_box()); });
    expect_refused([&] { static_cast<void>(line.node_box()); });
    expect_refused([&] { static_cast<void>(line.node_box_with_ghosts()); });
    expect_refused([&] { static_cast<void>(line.local_with_ghosts()); });
    expect_refused([&] { static_cast<void>(line.rank_box_of(0)); });
    expect_refused([&] { static_cast<void>(line.node_box_of(0)); });
    expect_refused([&] { sort(line); });
    expect_refused([&] { sort(other, line); });
    expect_refused([&] { static_cast<void>(unique(line)); });
    expect_refused([&] { cumsum(line, other); });
    expect_refused([&] { sum(table, 0, std::span<double>(out)); });
    expect_refused([&] { mean(table, 1, std::span<double>(out)); });
    expect_refused([&] { var(table, 1, std::span<double>(out)); });
    expect_refused([&] { max(table, 0, std::span<double>(out)); });
    EXPECT_THAT(caught([&] { static_cast<void>(dot(line, other)); }).text,
                HasSubstr("not cut alike"));
    EXPECT_THAT(caught([&] {
                    array<double, 1>(everyone, {40},
                                     {.distribution = {.block = {3}}, .ghosts = {.width = {1}}});
                }).text,
                HasSubstr("ghosts around a block-cyclic array"));
    EXPECT_EQ(caught([&] { static_cast<void>(line.node_place({40})); }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { static_cast<void>(line.local_index({line.local().size()})); }).code,
              errc::out_of_range);
    if (everyone.nodes() > 1) {
        EXPECT_EQ(caught([&] { line(39) = 1; }).code, errc::not_on_node);
    }
    line.fence();
    EXPECT_EQ(sum(line), 0);
}

TEST(Cyclic, ArraysOfOtherBlocksAreNotTheSameArguments) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "needs two ranks";

    EXPECT_EQ(caught([&] {
                  array<double, 1>(everyone, {40},
                                   {.distribution = {.block = {everyone.rank() + 1}}});
              }).code,
              errc::mismatched_arguments);
}

} // namespace
