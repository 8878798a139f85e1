#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "array_cases.hpp"
#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <memory>
#include <tuple>
#include <type_traits>
#include <utility>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;

enum class colour : std::uint16_t { none, red, green };

struct particle {
    double x[3];
    std::int32_t kind;
    friend bool operator==(const particle& a, const particle& b) {
        return a.x[0] == b.x[0] && a.x[2] == b.x[2] && a.kind == b.kind;
    }
};

template <class T>
T value_of(index_t i) {
    if constexpr (std::is_same_v<T, particle>)
        return {{static_cast<double>(i), 0, 7}, static_cast<std::int32_t>(i)};
    else if constexpr (std::is_same_v<T, bool>)
        return i % 3 == 0;
    else if constexpr (std::is_same_v<T, std::complex<double>>)
        return {static_cast<double>(i), -1};
    else
        return static_cast<T>(i % 100);
}

template <class T>
class ArrayOf : public testing::Test {};

using types = testing::Types<std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t,
                             std::uint32_t, std::int64_t, std::uint64_t, char, float, double,
                             long double, std::complex<double>, bool, colour, particle>;
TYPED_TEST_SUITE(ArrayOf, types);

TYPED_TEST(ArrayOf, StartsZeroAndKeepsWhatEachRankWrote) {
    team everyone(MPI_COMM_WORLD);
    array<TypeParam, 2> a(everyone, {23, 3});

    for_each_index(a.node_box(), [&](const auto& at) { EXPECT_EQ(a(at[0], at[1]), TypeParam{}); });
    a.fence();
    for_each_index(a.rank_box(), [&](const auto& at) {
        a(at[0], at[1]) = value_of<TypeParam>(at[0] * 3 + at[1]);
    });
    a.fence();

    for_each_index(a.node_box(), [&](const auto& at) {
        EXPECT_EQ(a(at[0], at[1]), value_of<TypeParam>(at[0] * 3 + at[1]));
    });
}

// local(), block(), node() and operator() reach the same elements.
template <int N>
void expect_one_memory(team& everyone) {
    SCOPED_TRACE(N);
    nodespan::indices<N> extents{};
    for (int d = 0; d < N; ++d) extents[static_cast<std::size_t>(d)] = d == 0 ? 11 : 3;
    array<int, N> a(everyone, extents);
    const auto whole = a.node();
    const nodespan::box<N> outer = a.node_box();

    EXPECT_EQ(whole.extents(), outer.extents());
    EXPECT_TRUE(whole.is_exhaustive());
    for (int peer = everyone.rank() - everyone.node_rank();
         peer < everyone.rank() - everyone.node_rank() + everyone.node_size(); ++peer) {
        const auto block = a.block(peer);
        const nodespan::box<N> inner = a.rank_box_of(peer);
        ASSERT_EQ(block.extents(), inner.extents());
        for_each_index(inner, [&](const nodespan::indices<N>& at) {
            nodespan::indices<N> in_block = at, in_node = at;
            for (std::size_t d = 0; d < N; ++d) {
                in_block[d] -= inner.lo[d];
                in_node[d] -= outer.lo[d];
            }
            ASSERT_EQ(&block[in_block], &whole[in_node]);
            ASSERT_EQ(&std::apply(a, at), &whole[in_node]);
            ASSERT_EQ(a.owner_node(at), everyone.node());
            if (peer == everyone.rank()) {
                ASSERT_EQ(&a.local()[in_block], &whole[in_node]);
            }
        });
    }
    index_t count = 0;
    for (int rank = 0; rank < everyone.size(); ++rank) count += a.rank_box_of(rank).size();
    EXPECT_EQ(count, a.size());
    EXPECT_EQ(a.rank_box_of(everyone.rank()), a.rank_box());
    EXPECT_EQ(a.node_box_of(everyone.node()), outer);
}

TEST(Array, ItsViewsAgreeInOneToSixDimensions) {
    team everyone(MPI_COMM_WORLD);

    expect_one_memory<1>(everyone);
    expect_one_memory<2>(everyone);
    expect_one_memory<3>(everyone);
    expect_one_memory<4>(everyone);
    expect_one_memory<5>(everyone);
    expect_one_memory<6>(everyone);
}

TEST(Array, KnowsItsExtents) {
    team everyone(MPI_COMM_WORLD);

    const array<double, 3> a(everyone, {5, 6, 7});

    EXPECT_EQ(a.extents(), (nodespan::indices<3>{5, 6, 7}));
    EXPECT_EQ(a.extent(1), 6);
    EXPECT_EQ(a.size(), 210);
    EXPECT_EQ(a.get_team().size(), everyone.size());
}

TEST(Array, RanksOfANodeSeeEachOthersElements) {
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {40, 8});
    for_each_index(a.rank_box(),
                   [&](const auto& at) { a(at[0], at[1]) = everyone.rank() * 1000 + 1; });

    a.fence();

    const int first = everyone.placement().first_rank(everyone.node());
    for (int peer = first; peer < first + everyone.node_size(); ++peer)
        for (index_t i = 0; i < a.block(peer).extent(0); ++i)
            EXPECT_EQ(a.block(peer)(i, 7), peer * 1000 + 1);
}

TEST(Array, IsZeroAgainInSpaceThatWasUsed) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t rows : {3, 700, 40'000, 900'000}) {
        SCOPED_TRACE(rows);
        for (int round = 0; round < 3; ++round) {
            array<std::uint32_t, 1> a(everyone, {rows});
            index_t dirty = 0;
            for (const std::uint32_t value : a.node()) dirty += value != 0 ? 1 : 0;
            ASSERT_EQ(dirty, 0) << "round " << round;
            a.fence();
            for (std::uint32_t& value : a.local()) value = 0xA5A5A5A5U;
        }
    }
}

TEST(Array, UninitialisedIsUsableAtOnce) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array_options options;
    options.zeroed = false;
    array<int, 1> a(everyone, {5000}, options);

    for (int& value : a.local()) value = 9;
    a.fence();

    for (const int value : a.node()) ASSERT_EQ(value, 9);
}

TEST(Array, BlocksBeginOnACacheLineAndLargeOnesOnAPage) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t bytes : {1, 63, 65, 1000, 65'535, 65'536, 65'537, 1'000'000}) {
        SCOPED_TRACE(bytes);
        // As many bytes on every node: its ranks' shares follow the number of ranks.
        array<char, 1> a(everyone, {bytes * everyone.size()});
        array<char, 1> behind(everyone, {3});

        const auto address = reinterpret_cast<std::uintptr_t>(a.node().data_handle());

        EXPECT_EQ(address % 64, 0U);
        if (bytes >= 65'536) {
            EXPECT_EQ(address % 4096, 0U);
        }
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(behind.node().data_handle()) % 64, 0U);
    }
}

TEST(Array, CanBeEmpty) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> none(everyone, {0, 5}), thin(everyone, {5, 0});
    array<double, 2> other(everyone, {5, 5});

    static_cast<void>(other.local());
    none.fence();

    EXPECT_TRUE(none.local().empty());
    EXPECT_TRUE(none.node().empty());
    EXPECT_EQ(thin.size(), 0);
    EXPECT_EQ(caught([&] { none(0, 0) = 1; }).code, errc::out_of_range);
    EXPECT_EQ(caught([&] { thin(0, 0) = 1; }).code, errc::out_of_range);
}

TEST(Array, CanHaveFewerRowsThanRanks) {
    team everyone(MPI_COMM_WORLD);
    array<int, 2> a(everyone, {1, 4});

    if (!a.local().empty()) a.local()(0, 3) = 5;
    a.fence();

    EXPECT_EQ(a.local().empty(), a.rank_box().empty());
    if (a.owner_node({0, 0}) == everyone.node()) {
        EXPECT_EQ(a(0, 3), 5);
    }
}

TEST(Array, ConstGivesConstElements) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> a(everyone, {100});
    const array<int, 1>& readable = a;

    for (int& value : a.local()) value = 3;

    for (const int value : readable.local()) EXPECT_EQ(value, 3);
    EXPECT_EQ(readable.node().data_handle(), a.node().data_handle());
    static_assert(std::is_same_v<decltype(readable.local()), nodespan::view<const int, 1>>);
    static_assert(std::is_same_v<decltype(readable(0)), const int&>);
}

TEST(Array, MovesWithItsElements) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> first(everyone, {50}), second(everyone, {20});
    for (int& value : first.local()) value = 4;
    const int* const data = first.node().data_handle();

    array<int, 1> third(std::move(first));
    second = std::move(third);
    second.fence();

    EXPECT_EQ(second.node().data_handle(), data);
    EXPECT_EQ(second.extent(0), 50);
    for (const int value : second.node()) EXPECT_EQ(value, 4);
    static_assert(!std::is_copy_constructible_v<array<int, 1>>);
}

TEST(Array, OutlivesItsTeamsHandle) {
    auto everyone = std::make_unique<team>(MPI_COMM_WORLD);
    array<int, 1> a(*everyone, {100});

    everyone.reset();
    for (int& value : a.local()) value = 6;
    a.fence();

    for (const int value : a.node()) EXPECT_EQ(value, 6);
}

TEST(Array, OfManyTeamsLiveAtOnce) {
    team everyone(MPI_COMM_WORLD), alone = everyone.split(everyone.rank()),
                                   half = everyone.split(everyone.rank() % 2);
    array<int, 1> a(everyone, {90}), b(alone, {90}), c(half, {90});

    for (int& value : a.local()) value = 1;
    for (int& value : b.local()) value = 2;
    for (int& value : c.local()) value = 3;
    half.fence();
    everyone.fence();

    for (const int value : a.node()) EXPECT_EQ(value, 1);
    for (const int value : b.node()) EXPECT_EQ(value, 2);
    for (const int value : c.node()) EXPECT_EQ(value, 3);
}

} // namespace
