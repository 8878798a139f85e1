#include <nodespan/distribution.hpp>

#include "distribution_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace {

using namespace nodespan::test;
using nodespan::box;
using nodespan::distribution;
using nodespan::distribution_options;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::placement;

struct list_box {
    std::vector<index_t> lo, hi;
};
box<nodespan::dynamic_rank> range(const list_box& b) {
    return {at(b.lo), at(b.hi)};
}

TEST(Distribution, CutsDimensionZeroInNearlyEqualPieces) {
    const distribution cut = make({10, 4}, {2, 2});

    EXPECT_EQ(cut.rank_box(0), range({{0, 0}, {2, 4}}));
    EXPECT_EQ(cut.rank_box(1), range({{2, 0}, {5, 4}}));
    EXPECT_EQ(cut.rank_box(2), range({{5, 0}, {7, 4}}));
    EXPECT_EQ(cut.rank_box(3), range({{7, 0}, {10, 4}}));
    EXPECT_EQ(cut.node_box(1), range({{5, 0}, {10, 4}}));
}

TEST(Distribution, DefaultPiecesAreFloorOrCeilingAndConsecutiveOnUnevenNodesToo) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const index_t extent = random.below(60);
        const distribution cut = make({extent, 3}, random_nodes(random, 5, 5));
        const index_t size = cut.placement().size();

        index_t end = 0;
        for (int rank = 0; rank < size; ++rank) {
            const auto b = cut.rank_box(rank);
            ASSERT_EQ(b.lo[0], end);
            end = b.hi[0];
            ASSERT_GE(b.hi[0] - b.lo[0], extent / size);
            ASSERT_LE(b.hi[0] - b.lo[0], (extent + size - 1) / size);
            ASSERT_EQ(b.lo[1], 0);
            ASSERT_EQ(b.hi[1], 3);
        }
        ASSERT_EQ(end, extent);
        for (int node = 0; node < cut.placement().nodes(); ++node) {
            const int first = cut.placement().first_rank(node);
            const int last = first + cut.placement().node_size(node) - 1;
            ASSERT_EQ(cut.node_box(node).lo[0], cut.rank_box(first).lo[0]);
            ASSERT_EQ(cut.node_box(node).hi[0], cut.rank_box(last).hi[0]);
        }
    }
}

TEST(Distribution, EveryIndexHasOneOwnerByDefault) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 6);
        const auto extents = random_extents(random, dimensions);

        expect_sound(make(extents, random_nodes(random, 5, 4)));
    }
}

TEST(Distribution, EveryIndexHasOneOwnerInGrids) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 6);
        const auto extents = random_extents(random, dimensions);
        const auto [nodes, options] = random_grids(random, dimensions);

        expect_sound(make(extents, nodes, options));
    }
}

TEST(Distribution, EveryIndexHasOneOwnerWithCutPoints) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 4);
        const auto extents = random_extents(random, dimensions);
        const auto [nodes, options] = random_cuts(random, extents);

        const distribution cut = make(extents, nodes, options);

        expect_sound(cut);
        for (int rank = 0; rank < cut.placement().size(); ++rank)
            for (std::size_t d = 0; d < extents.size(); ++d)
                if (!options.cuts[d].empty()) {
                    ASSERT_THAT(options.cuts[d], testing::Contains(cut.rank_box(rank).lo[d]));
                }
    }
}

TEST(Distribution, CutPointsMayLeaveRanksEmpty) {
    const distribution cut = make({6}, {2, 2}, {{}, {}, {{0, 0, 4, 4, 6}}});

    EXPECT_TRUE(cut.rank_box(0).empty());
    EXPECT_EQ(cut.rank_box(1), range({{0}, {4}}));
    EXPECT_TRUE(cut.rank_box(2).empty());
    EXPECT_EQ(cut.owner_rank(at({3})), 1);
    EXPECT_EQ(cut.owner_rank(at({4})), 3);
    EXPECT_EQ(cut.node_box(0), range({{0}, {4}}));
    EXPECT_EQ(cut.largest_node_size(), 4);
}

TEST(Distribution, HasRoomForMoreRanksThanRows) {
    const distribution cut = make({2, 5}, {3, 3, 3});

    expect_sound(cut);
    int busy = 0;
    for (int rank = 0; rank < 9; ++rank) busy += cut.rank_box(rank).empty() ? 0 : 1;
    EXPECT_EQ(busy, 2);
}

TEST(Distribution, ZeroExtentsMakeEverythingEmpty) {
    const std::vector<std::vector<index_t>> all{{0}, {0, 5}, {5, 0}, {0, 0, 0}};
    for (const auto& extents : all) {
        const distribution cut = make(extents, {2, 3});

        for (int rank = 0; rank < 5; ++rank) EXPECT_EQ(cut.rank_box(rank).size(), 0);
        EXPECT_EQ(cut.largest_node_size(), 0);
    }
}

TEST(Distribution, GivesNodesOfAGridSharesInProportionToTheirRanks) {
    const distribution cut = make({12, 12}, {1, 1, 3, 1}, {{2, 2}, {0, 1}, {}});

    EXPECT_EQ(cut.node_box(0), range({{0, 0}, {4, 8}}));   // rows of nodes: 2 and 4 ranks
    EXPECT_EQ(cut.node_box(3), range({{4, 8}, {12, 12}})); // columns: 4 and 2 ranks
    expect_sound(cut);
}

TEST(Distribution, AZeroInAGridMeansTheRest) {
    const distribution cut = make({8, 8, 8}, {4, 4, 4, 4}, {{2, 0, 1}, {1, 2, 0}, {}});

    EXPECT_EQ(cut.node_box(1), range({{0, 4, 0}, {4, 8, 8}}));
    EXPECT_EQ(cut.rank_box(5), range({{0, 4, 4}, {4, 6, 8}}));
    EXPECT_EQ(cut.rank_grid(0), at({1, 2, 2}));
}

TEST(Distribution, VisitsEveryOwnerOfAPatchOnceAndInOrder) {
    for (std::uint64_t seed = 1; seed <= 400; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 4);
        const auto extents = random_extents(random, dimensions);
        const auto [nodes, options] = random_grids(random, dimensions);
        const distribution cut = make(extents, nodes, options);
        box<nodespan::dynamic_rank> patch{at(extents), at(extents)};
        for (std::size_t d = 0; d < extents.size(); ++d) {
            patch.lo[d] = random.below(extents[d] + 1);
            patch.hi[d] = patch.lo[d] + random.below(extents[d] - patch.lo[d] + 1);
        }

        std::vector<int> visited, expected;
        index_t count = 0;
        cut.for_each_node(patch, [&](int node, const box<nodespan::dynamic_rank>& part) {
            visited.push_back(node);
            count += part.size();
            EXPECT_EQ(part, cut.node_box(node).intersection(patch));
        });

        for (int node = 0; node < cut.placement().nodes(); ++node)
            if (!cut.node_box(node).intersection(patch).empty()) expected.push_back(node);
        ASSERT_EQ(visited, expected);
        ASSERT_EQ(count, patch.size());
    }
}

TEST(Distribution, ACopyIsEqualAndOutlivesTheOriginal) {
    distribution copy;
    {
        const distribution original = make({9, 2}, {1, 2});
        copy = original;
    }

    EXPECT_EQ(copy.dimensions(), 2);
    EXPECT_EQ(copy.extents(), at({9, 2}));
    expect_sound(copy);
}

} // namespace
