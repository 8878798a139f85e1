// Block-cyclic distributions against dealing blocks out one by one.

#include <nodespan/distribution.hpp>
#include <nodespan/error.hpp>

#include "distribution_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>

namespace {

using namespace nodespan::test;
using nodespan::box;
using nodespan::distribution;
using nodespan::distribution_options;
using nodespan::dynamic_rank;
using nodespan::index_list;
using nodespan::index_t;
using testing::HasSubstr;

// The place of every index along one dimension, and the node there.
struct dealt {
    std::vector<index_t> place, node;

    dealt(index_t extent, index_t block, index_t nodes)
        : place(static_cast<std::size_t>(extent)),
          node(place) {
        index_t next = 0;
        for (index_t k = 0; k < nodes; ++k)
            for (index_t i = 0; i < extent; ++i)
                if (i / block % nodes == k) {
                    place[static_cast<std::size_t>(i)] = next++;
                    node[static_cast<std::size_t>(i)] = k;
                }
    }
};

distribution_options random_blocks(random_numbers& random, distribution_options options,
                                   const std::vector<index_t>& extents) {
    for (const index_t extent : extents) options.block.push_back(1 + random.below(extent + 3));
    return options;
}

TEST(CyclicDistribution, PlacesAreThoseOfBlocksDealtOneByOne) {
    for (index_t extent = 0; extent <= 23; ++extent)
        for (index_t block = 1; block <= 25; ++block)
            for (int nodes = 1; nodes <= 5; ++nodes) {
                SCOPED_TRACE(testing::Message() << extent << " / " << block << " / " << nodes);
                const distribution cut =
                    make({extent}, std::vector<int>(static_cast<std::size_t>(nodes), 2),
                         {.block = {block}});
                const dealt expected(extent, block, nodes);

                for (index_t i = 0; i < extent; ++i) {
                    const auto k = static_cast<std::size_t>(i);
                    ASSERT_EQ(cut.place_of(at({i})), at({expected.place[k]}));
                    ASSERT_EQ(cut.index_of(at({expected.place[k]})), at({i}));
                    ASSERT_EQ(cut.owner_node(at({i})), expected.node[k]);
                }
            }
}

TEST(CyclicDistribution, EveryPlaceHasOneOwnerOnNodesOfAllSizes) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 4);
        const auto extents = random_extents(random, dimensions);
        const auto [nodes, grids] = random_grids(random, dimensions);
        distribution_options options = random_blocks(random, grids, extents);
        if (seed % 3 == 0) options.block[0] = 0; // in pieces beside dealt ones

        const distribution cut = make(extents, nodes, options), places = cut.places();

        expect_sound(places);
        EXPECT_EQ(cut.largest_node_size(), places.largest_node_size());
        for_each_index({index_list(dimensions, 0), at(extents)}, [&](const index_list& index) {
            ASSERT_EQ(cut.index_of(cut.place_of(index)), index);
            ASSERT_EQ(cut.owner_node(index), places.owner_node(cut.place_of(index)));
            ASSERT_EQ(cut.owner_rank(index), places.owner_rank(cut.place_of(index)));
        });
    }
}

TEST(CyclicDistribution, APatchIsOneBoxOfPlacesOnEachOwner) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int dimensions = static_cast<int>(1 + seed % 3);
        const auto extents = random_extents(random, dimensions);
        const auto [nodes, grids] = random_grids(random, dimensions);
        distribution_options options = random_blocks(random, grids, extents);
        if (seed % 5 == 0) options.block.back() = 0;
        const distribution cut = make(extents, nodes, options);
        box<dynamic_rank> patch{at(extents), at(extents)};
        for (std::size_t d = 0; d < patch.lo.size(); ++d) {
            patch.lo[d] = random.below(extents[d] + 1);
            patch.hi[d] = patch.lo[d] + random.below(extents[d] - patch.lo[d] + 1);
        }

        std::map<int, index_t> found;
        index_t seen = 0;
        cut.for_each_owner(patch, [&](int node, const box<dynamic_rank>& part) {
            ASSERT_EQ(found.count(node), 0u) << "node " << node << " twice";
            found[node] = part.size();
            ASSERT_TRUE(cut.places().node_box(node).contains(part));
            for_each_index(part, [&](const index_list& place) {
                ASSERT_TRUE(patch.contains(cut.index_of(place)));
                ++seen;
            });
            index_t in_runs = 0;
            cut.for_each_run(
                part, [&](const box<dynamic_rank>& places, const box<dynamic_rank>& indices) {
                    ASSERT_TRUE(part.contains(places));
                    ASSERT_EQ(places.extents(), indices.extents());
                    in_runs += places.size();
                    for_each_index(indices, [&](const index_list& index) {
                        index_list place = places.lo;
                        for (std::size_t d = 0; d < place.size(); ++d)
                            place[d] += index[d] - indices.lo[d];
                        ASSERT_EQ(cut.place_of(index), place);
                    });
                });
            ASSERT_EQ(in_runs, part.size());
        });
        ASSERT_EQ(seen, patch.size());
    }
}

TEST(CyclicDistribution, KnowsPlacesOfTheLargestExtents) {
    constexpr index_t most = std::numeric_limits<index_t>::max();
    for (const index_t block : {index_t{1}, index_t{7}, most / 3, most - 1, most}) {
        const distribution cut = make({most}, {1, 1, 1}, {.block = {block}});
        for (const index_t i : {index_t{0}, most / 2, most - 1}) {
            EXPECT_EQ(cut.index_of(cut.place_of(at({i}))), at({i})) << block;
            EXPECT_EQ(cut.owner_node(at({i})), i / block % 3) << block;
        }
    }
}

std::string refusal(const std::vector<index_t>& extents, const distribution_options& options) {
    try {
        make(extents, {1, 1}, options);
    } catch (const nodespan::error& failure) {
        return failure.what();
    }
    return {};
}

TEST(CyclicDistribution, SaysWhatDoesNotFit) {
    EXPECT_THAT(refusal({8, 8}, {.block = {2}}), HasSubstr("block [2] has 1 entries for 2"));
    EXPECT_THAT(refusal({8}, {.block = {-1}}), HasSubstr("block [-1]: below 0"));
    EXPECT_THAT(refusal({8}, {.cuts = {{0, 4, 8}}, .block = {2}}),
                HasSubstr("dimension 0 has a block of 2 and cut points"));
    EXPECT_EQ(refusal({8, 8}, {.cuts = {{0, 4, 8}, {}}, .block = {0, 2}}), "");
}

TEST(CyclicDistribution, HasNoBoxesOfIndices) {
    const distribution cut = make({8}, {1, 1}, {.block = {2}});

    EXPECT_THROW(static_cast<void>(cut.node_box(0)), nodespan::error);
    EXPECT_THROW(static_cast<void>(cut.rank_box(0)), nodespan::error);
    EXPECT_THROW(cut.for_each_node({at({0}), at({8})}, [](int, const auto&) {}), nodespan::error);
    EXPECT_FALSE(make({8}, {1, 1}, {.block = {0}}).is_cyclic());
}

} // namespace
