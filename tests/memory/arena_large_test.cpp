// An array of more elements than 32 bits count.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>
#include <nodespan/team.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <utility>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::index_t;
using nodespan::team;

void expect_reachable(team& everyone) {
    constexpr index_t size = (index_t{1} << 31) + 8;
    std::optional<array<char, 1>> made;
    const auto refused = caught([&] { made.emplace(everyone, nodespan::indices<1>{size}); });
    if (refused.code == nodespan::errc::no_capacity) GTEST_SKIP() << refused.text;
    ASSERT_TRUE(made) << refused.text;
    array<char, 1>& a = *made;
    const nodespan::box<1> mine = a.rank_box();
    const auto mark = static_cast<char>(10 + everyone.rank());

    a(mine.lo[0]) = mark;
    a(mine.hi[0] - 1) = mark;
    a.fence();

    EXPECT_EQ(a.size(), size);
    EXPECT_EQ(a.rank_box_of(everyone.size() - 1).hi[0], size);
    EXPECT_EQ(mine.size(), size / everyone.size());
    EXPECT_EQ(a.local()(0), mark);
    EXPECT_EQ(a.local()(mine.size() - 1), mark);
    EXPECT_EQ(&a.node()(mine.hi[0] - 1 - a.node_box().lo[0]), &a(mine.hi[0] - 1));
    for (int rank = 0; rank < everyone.size(); ++rank) {
        if (everyone.node_of(rank) != everyone.node()) continue;
        EXPECT_EQ(a(a.rank_box_of(rank).lo[0]), static_cast<char>(10 + rank));
        EXPECT_EQ(a(a.rank_box_of(rank).hi[0] - 1), static_cast<char>(10 + rank));
        EXPECT_EQ(a(a.rank_box_of(rank).lo[0] + 1), 0);
    }
}

TEST(ArenaLarge, OneNodeHoldsMoreElementsThan32BitsCount) {
    team everyone(MPI_COMM_WORLD, {world_size()});

    expect_reachable(everyone);
}

TEST(ArenaLarge, SeveralNodesHoldMoreElementsThan32BitsCount) {
    team everyone(MPI_COMM_WORLD, {1});

    expect_reachable(everyone);
}

} // namespace
