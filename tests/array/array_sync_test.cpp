// Arrays whose ranks work on the same elements at the same time, or disagree.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::array_options;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;
using testing::HasSubstr;

template <class T>
class ArrayAtomics : public testing::Test {};

using atomic_types = testing::Types<std::uint8_t, std::int32_t, std::int64_t, float, double>;
TYPED_TEST_SUITE(ArrayAtomics, atomic_types);

TYPED_TEST(ArrayAtomics, FetchAddOfAllRanksSumsExactly) {
    team everyone(MPI_COMM_WORLD);
    array<TypeParam, 1> a(everyone, {8 * everyone.size()});
    const index_t at = a.node_box().lo[0] + 1;
    constexpr int rounds = 3000;

    for (int i = 0; i < rounds; ++i) a.fetch_add({at}, TypeParam{1});
    a.fence();

    EXPECT_EQ(a(at), static_cast<TypeParam>(rounds * everyone.node_size()));
    EXPECT_EQ(a(at - 1), TypeParam{0});
    EXPECT_EQ(a(at + 1), TypeParam{0});
}

TEST(ArrayAtomicsOrder, FetchAddReturnsEveryValueOnce) {
    team everyone(MPI_COMM_WORLD);
    array<std::int64_t, 1> next(everyone, {everyone.size()});
    array<std::uint8_t, 1> claimed(everyone, {1000 * everyone.size()});
    const index_t counter = next.node_box().lo[0], base = claimed.node_box().lo[0];

    for (int i = 0; i < 1000; ++i)
        claimed.fetch_add({base + next.fetch_add({counter}, 1)}, std::uint8_t{1});
    claimed.fence();

    for (const std::uint8_t times : claimed.node()) ASSERT_EQ(times, 1);
}

TEST(ArrayAtomicsOrder, CompareExchangeClaimsEachSlotOnce) {
    team everyone(MPI_COMM_WORLD);
    array<std::int32_t, 1> slots(everyone, {500 * everyone.size()});
    array<index_t, 1> wins(everyone, {everyone.size()});
    const std::int32_t me = everyone.rank() + 1;

    for (index_t i = slots.node_box().lo[0]; i < slots.node_box().hi[0]; ++i) {
        std::int32_t found = 0;
        if (slots.compare_exchange({i}, found, me))
            wins.local()(0) += 1;
        else
            EXPECT_NE(found, 0); // whoever was first
    }
    wins.fence();

    index_t total = 0;
    for (const index_t count : wins.node()) total += count;
    EXPECT_EQ(total, slots.node_box().size());
    for (const std::int32_t owner : slots.node())
        EXPECT_EQ(everyone.node_of(owner - 1), everyone.node());
}

// Each rank ends its array only when the one before has gone on: would one wait, all would.
TEST(ArrayEnd, IsLocalAndWaitsForNobody) {
    team everyone(MPI_COMM_WORLD);
    std::optional<array<int, 1>> a;
    a.emplace(everyone, nodespan::indices<1>{100 * everyone.size()});
    const int before =
        everyone.rank() == 0 ? MPI_PROC_NULL : everyone.comm_rank(everyone.rank() - 1);
    const int after = everyone.rank() + 1 == everyone.size()
                          ? MPI_PROC_NULL
                          : everyone.comm_rank(everyone.rank() + 1);

    int passed = 0;
    MPI_Recv(&passed, 1, MPI_INT, before, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    a.reset();
    MPI_Send(&passed, 1, MPI_INT, after, 0, MPI_COMM_WORLD);

    everyone.fence();
}

TEST(ArrayMutex, ProtectsAPlainCounter) {
    team everyone(MPI_COMM_WORLD);
    array<long, 1> a(everyone, {everyone.size()});
    constexpr int rounds = 2000;

    for (int i = 0; i < rounds; ++i) {
        const std::scoped_lock guard(a.mutex(everyone.node()));
        a.node()(0) += 1;
    }
    a.fence();

    EXPECT_EQ(a.node()(0), long{rounds} * everyone.node_size());
}

TEST(ArrayMutex, ReadersSeeBothHalvesOfAWrite) {
    team everyone(MPI_COMM_WORLD);
    array<long, 2> a(everyone, {everyone.size(), 2});
    nodespan::mutex& lock = a.mutex(everyone.node());

    for (int i = 0; i < 2000; ++i) {
        if (everyone.is_leader()) {
            const std::unique_lock guard(lock);
            a.node()(0, 0) += 1;
            a.node()(0, 1) += 1;
        } else {
            const std::shared_lock guard(lock);
            ASSERT_EQ(a.node()(0, 0), a.node()(0, 1));
        }
    }
    a.fence();

    EXPECT_EQ(a.node()(0, 1), 2000);
}

TEST(ArrayMutex, OfEachArrayIsItsOwnAndFreeAtFirst) {
    team everyone(MPI_COMM_WORLD);
    for (int i = 0; i < 3; ++i) { // the second time in space that was used
        array<int, 1> a(everyone, {10}), b(everyone, {10});
        const int node = everyone.node();
        if (everyone.is_leader()) {
            const std::scoped_lock guard(a.mutex(node));
            EXPECT_TRUE(b.mutex(node).try_lock());
            EXPECT_FALSE(a.mutex(node).try_lock_shared());
        }
        a.fence(); // the lock of b is left held when b ends
    }
}

// Whether every rank got mismatched_arguments, and the team still makes sound arrays.
void expect_mismatch(team& everyone, const std::function<void()>& make) {
    const auto refused = caught(make);

    EXPECT_EQ(refused.code, errc::mismatched_arguments) << refused.text;
    EXPECT_TRUE(refused.collective);
    array<int, 1> after(everyone, {64});
    for (int& value : after.local()) value = 8;
    after.fence();
    for (const int value : after.node()) EXPECT_EQ(value, 8);
}

TEST(ArrayMismatch, OfExtentsIsToldOnEveryRank) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "one rank agrees with itself";
    const index_t rows = everyone.rank() == everyone.size() - 1 ? 11 : 10;

    expect_mismatch(everyone, [&] { const array<int, 2> never(everyone, {rows, 4}); });
    const auto told = caught([&] { const array<int, 2> never(everyone, {rows, 4}); });

    EXPECT_THAT(told.text, HasSubstr("array<int,2>({10, 4})"));
    EXPECT_THAT(told.text, HasSubstr("array<int,2>({11, 4})"));
}

TEST(ArrayMismatch, OfTypesDimensionsAndOptionsIsToldOnEveryRank) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "one rank agrees with itself";
    const bool odd = everyone.rank() == 0;

    expect_mismatch(everyone, [&] {
        odd ? void(array<float, 1>(everyone, {10})) : void(array<int, 1>(everyone, {10}));
    });
    expect_mismatch(everyone, [&] {
        odd ? void(array<int, 2>(everyone, {10, 1})) : void(array<int, 1>(everyone, {10}));
    });
    expect_mismatch(everyone, [&] {
        array_options options;
        options.zeroed = odd;
        const array<int, 1> never(everyone, {10}, options);
    });
    expect_mismatch(everyone, [&] {
        array_options options;
        if (odd) options.distribution.rank_grid = {0};
        const array<int, 1> never(everyone, {10}, options);
    });
}

TEST(ArrayMismatch, OfTheOrderOfMakingIsToldOnEveryRank) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) GTEST_SKIP() << "one rank agrees with itself";

    expect_mismatch(everyone, [&] {
        const index_t first = everyone.rank() == 0 ? 10 : 20;
        const array<int, 1> a(everyone, {first});
        const array<int, 1> b(everyone, {30 - first});
    });
}

TEST(ArrayArguments, InvalidOnOneRankAreRefusedOnEveryRank) {
    team everyone(MPI_COMM_WORLD);
    for (int culprit = 0; culprit < everyone.size(); ++culprit) {
        SCOPED_TRACE(culprit);
        const index_t rows = everyone.rank() == culprit ? -7 : 10;

        const auto refused = caught([&] { const array<int, 1> never(everyone, {rows}); });

        EXPECT_EQ(refused.code, errc::invalid_argument);
        EXPECT_TRUE(refused.collective);
        EXPECT_THAT(refused.text, HasSubstr("-7"));
    }
}

TEST(ArrayArguments, TooManyBytesAreRefusedAndTheProgramGoesOn) {
    team everyone(MPI_COMM_WORLD);

    const auto never = caught([&] { array<double, 1> a(everyone, {index_t{1} << 61}); });
    const auto no_room = caught([&] { array<char, 1> a(everyone, {index_t{1} << 50}); });
    const array<int, 1> small(everyone, {10});

    EXPECT_TRUE(never.code == errc::invalid_argument || never.code == errc::no_capacity);
    EXPECT_EQ(no_room.code, errc::no_capacity) << no_room.text;
    EXPECT_TRUE(no_room.collective);
    EXPECT_EQ(small.size(), 10);
}

// All indices are held once, and read back what their owners wrote.
void expect_tiled(team& everyone, const array_options& options) {
    array<int, 2> a(everyone, {30, 20}, options);
    for_each_index(a.rank_box(), [&](const auto& at) { a(at[0], at[1]) += everyone.rank() + 1; });
    a.fence();
    for_each_index(a.node_box(), [&](const auto& at) {
        const int owner = nodespan::detail::access::core(a).cut().owner_rank(at);
        ASSERT_EQ(a(at[0], at[1]), owner + 1);
    });
}

TEST(ArrayOptions, CutOverGridsOfNodesAndRanks) {
    team everyone(MPI_COMM_WORLD);
    const std::vector<std::vector<int>> grids{{0, 1}, {1, 0}};
    for (const auto& nodes : grids)
        for (const auto& ranks : grids) {
            array_options options;
            options.distribution.node_grid = nodes;
            options.distribution.rank_grid = ranks;
            expect_tiled(everyone, options);
        }
}

TEST(ArrayOptions, CutAtGivenPoints) {
    team everyone(MPI_COMM_WORLD);
    array_options options;
    std::vector<index_t> points(static_cast<std::size_t>(everyone.size()) + 1, 30);
    for (std::size_t i = 0; i + 1 < points.size(); ++i)
        points[i] = static_cast<index_t>(i * i) / 2; // the first two are equal: an empty piece
    options.distribution.cuts = {points, {}};

    expect_tiled(everyone, options);
}

} // namespace
