// Distributions too large to enumerate, and what they refuse.

#include <nodespan/distribution.hpp>
#include <nodespan/error.hpp>

#include "distribution_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace {

using namespace nodespan::test;
using nodespan::distribution;
using nodespan::distribution_options;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::placement;
using testing::HasSubstr;

constexpr index_t largest = std::numeric_limits<index_t>::max();

TEST(DistributionLimits, LookUpsAgreeWithBoxesInHugeExtents) {
    const std::vector<std::vector<int>> machines{{1}, {3, 4}, {7, 1, 1, 5}, {64, 64, 64}};
    for (int shift = 40; shift <= 62; ++shift)
        for (const auto& nodes : machines)
            for (const index_t off : {index_t{-1}, index_t{0}, index_t{12'345}}) {
                SCOPED_TRACE(testing::Message() << "2^" << shift << " + " << off);
                const index_t extent = (index_t{1} << shift) + off;
                const distribution cut = make({extent}, nodes);
                const int size = cut.placement().size();

                index_t end = 0;
                for (int rank = 0; rank < size; ++rank) {
                    const auto b = cut.rank_box(rank);
                    ASSERT_EQ(b.lo[0], end);
                    end = b.hi[0];
                    ASSERT_GE(b.size(), extent / size);
                    ASSERT_LE(b.size(), extent / size + 1);
                    ASSERT_EQ(cut.owner_rank(b.lo), rank);
                    ASSERT_EQ(cut.owner_rank(at({b.hi[0] - 1})), rank);
                    ASSERT_EQ(cut.owner_node(b.lo), cut.placement().node_of(rank));
                }
                ASSERT_EQ(end, extent);
            }
}

TEST(DistributionLimits, TheLargestExtentOfAllCanBeCut) {
    const distribution cut = make({largest}, {5, 6});

    EXPECT_EQ(cut.owner_rank(at({largest - 1})), 10);
    EXPECT_EQ(cut.rank_box(10).hi[0], largest);
    EXPECT_GE(cut.largest_node_size(), largest / 11 * 6);
}

TEST(DistributionLimits, SixDimensionsOfManyElementsAgreeWithBoxes) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const auto [nodes, options] = random_grids(random, 6);
        const distribution cut = make({1000, 999, 1001, 998, 1023, 997}, nodes, options);
        index_list place(6, 0);
        for (std::size_t d = 0; d < 6; ++d) place[d] = random.below(cut.extents()[d]);

        const int rank = cut.owner_rank(place);

        ASSERT_TRUE(cut.rank_box(rank).contains(place));
        ASSERT_TRUE(cut.node_box(cut.owner_node(place)).contains(place));
        ASSERT_EQ(cut.owner_node(place), cut.placement().node_of(rank));
    }
}

TEST(DistributionLimits, AMillionRanksAreLookedUp) {
    const auto even = std::make_shared<const placement>(10'000, 100);
    std::vector<int> sizes(10'000, 100);
    sizes[0] = 99;
    sizes[9'999] = 101;
    const auto uneven = std::make_shared<const placement>(sizes);
    for (const auto& ranks : {even, uneven}) {
        const distribution cut(at({index_t{1} << 45, 7}), ranks);
        random_numbers random(4);
        for (int i = 0; i < 100'000; ++i) {
            const index_list place = at({random.below(index_t{1} << 43), random.below(7)});
            const int rank = cut.owner_rank(place);
            ASSERT_TRUE(cut.rank_box(rank).contains(place)) << place[0];
            ASSERT_EQ(cut.owner_node(place), ranks->node_of(rank));
        }
        EXPECT_EQ(cut.owner_rank(at({(index_t{1} << 45) - 1, 6})), 999'999);
    }
}

std::string refusal(const std::vector<index_t>& extents, const std::vector<int>& nodes,
                    const distribution_options& options = {}) {
    try {
        make(extents, nodes, options);
    } catch (const nodespan::error& refused) {
        EXPECT_EQ(refused.code(), nodespan::errc::invalid_argument);
        return refused.what();
    }
    return "accepted";
}

TEST(DistributionRefusals, NegativeExtents) {
    EXPECT_THAT(refusal({5, -1}, {2}), HasSubstr("{5, -1}"));
    EXPECT_THAT(refusal({0, std::numeric_limits<index_t>::min()}, {2}), HasSubstr("below 0"));
}

TEST(DistributionRefusals, MoreElementsThan64BitsCount) {
    EXPECT_THAT(refusal({index_t{1} << 32, index_t{1} << 31}, {2}), HasSubstr("2^63"));
    EXPECT_THAT(refusal({largest, 2}, {1}), HasSubstr("2^63"));
    EXPECT_THAT(refusal({0, largest, 2}, {1}), HasSubstr("2^63"));
    EXPECT_EQ(refusal({index_t{1} << 31, index_t{1} << 31}, {2}), "accepted");
}

TEST(DistributionRefusals, NoDimensions) {
    EXPECT_THAT(refusal({}, {2}), HasSubstr("at least one dimension"));
}

TEST(DistributionRefusals, NodeGridsThatDoNotFit) {
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{2, 3}, {}, {}}), HasSubstr("node_grid [2, 3]"));
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{3, 0}, {}, {}}), HasSubstr("4 nodes"));
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{2, 1}, {}, {}}), HasSubstr("does not fit"));
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{4}, {}, {}}), HasSubstr("1 entries"));
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{0, 0}, {}, {}}), HasSubstr("one 0"));
    EXPECT_THAT(refusal({8, 8}, {1, 1, 1, 1}, {{-2, -2}, {}, {}}), HasSubstr("above 0"));
}

TEST(DistributionRefusals, GridsWhoseProductOverflows) {
    const std::vector<int> wide{1 << 16, 1 << 16, 1 << 16, 1 << 16};

    EXPECT_THAT(refusal({8, 8, 8, 8}, {1, 1}, {wide, {}, {}}), HasSubstr("node_grid"));
    EXPECT_THAT(refusal({8, 8, 8, 8}, {1, 1}, {{}, wide, {}}), HasSubstr("rank_grid"));
}

TEST(DistributionRefusals, RankGridsThatDoNotFitEveryNode) {
    EXPECT_THAT(refusal({8, 8}, {4, 4}, {{}, {2, 3}, {}}), HasSubstr("rank_grid [2, 3]"));
    EXPECT_THAT(refusal({8, 8}, {4, 2}, {{}, {2, 2}, {}}), HasSubstr("node 1 of 2 ranks"));
    EXPECT_THAT(refusal({8, 8}, {4, 3}, {{}, {2, 0}, {}}), HasSubstr("node 1 of 3 ranks"));
    EXPECT_THAT(refusal({8, 8}, {4}, {{}, {4}, {}}), HasSubstr("1 entries"));
    EXPECT_EQ(refusal({8, 8}, {4, 2}, {{}, {2, 0}, {}}), "accepted");
}

TEST(DistributionRefusals, CutPointsWrongInNumberOrderOrEnds) {
    EXPECT_THAT(refusal({8}, {2}, {{}, {}, {{0, 8}}}), HasSubstr("needs 3 cut points"));
    EXPECT_THAT(refusal({8}, {2}, {{}, {}, {{0, 2, 4, 8}}}), HasSubstr("not 4"));
    EXPECT_THAT(refusal({8}, {3}, {{}, {}, {{0, 5, 2, 8}}}), HasSubstr("must ascend"));
    EXPECT_THAT(refusal({8}, {2}, {{}, {}, {{1, 5, 8}}}), HasSubstr("from 0 to 8"));
    EXPECT_THAT(refusal({8}, {2}, {{}, {}, {{0, 5, 9}}}), HasSubstr("from 0 to 8"));
    EXPECT_THAT(refusal({8}, {2}, {{}, {}, {{0, -1, 8}}}), HasSubstr("must ascend"));
    EXPECT_THAT(refusal({8, 8}, {2}, {{}, {}, {{0, 5, 8}}}), HasSubstr("1 dimensions"));
}

TEST(DistributionRefusals, CutPointsAcrossNodesThatDisagreeInTheirPieces) {
    // Nodes 0 and 1 share the first row of the grid, and have 1 and 2 pieces along dimension 0.
    const distribution_options options{{1, 2}, {0, 1}, {{0, 4, 8}, {}}};

    EXPECT_THAT(refusal({8, 8}, {1, 2}, options), HasSubstr("as many ranks"));
}

TEST(DistributionRefusals, CutPointsFitNodesOfDifferentSizesAlongOneDimension) {
    const distribution cut = make({8}, {1, 2}, {{}, {}, {{0, 5, 6, 8}}});

    EXPECT_EQ(cut.node_box(0).hi[0], 5);
    EXPECT_EQ(cut.rank_box(2).lo[0], 6);
    expect_sound(cut);
}

} // namespace
