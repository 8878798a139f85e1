#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/error.hpp>
#include <nodespan/placement.hpp>

#include "forked.hpp"

#include <functional>
#include <limits>
#include <vector>

namespace {

using nodespan::placement;
using list = std::vector<int>;

void expect_code(const std::function<void()>& call, nodespan::errc code) {
    try {
        call();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const nodespan::error& failure) {
        EXPECT_EQ(failure.code(), code) << failure.what();
    }
}

TEST(Placement, NumbersRanksNodeByNode) {
    const placement ranks(list{2, 3, 1});

    EXPECT_EQ(ranks.nodes(), 3);
    EXPECT_EQ(ranks.size(), 6);
    std::vector<int> nodes;
    for (int rank = 0; rank < 6; ++rank) nodes.push_back(ranks.node_of(rank));
    EXPECT_THAT(nodes, testing::ElementsAre(0, 0, 1, 1, 1, 2));
    EXPECT_EQ(ranks.first_rank(1), 2);
    EXPECT_EQ(ranks.node_size(1), 3);
    EXPECT_FALSE(ranks.is_uniform());
}

TEST(Placement, EqualNodesGivenOneByOneAreUniform) {
    const placement listed(list{4, 4, 4}), counted(3, 4);

    EXPECT_TRUE(listed.is_uniform());
    EXPECT_TRUE(counted.is_uniform());
    EXPECT_EQ(listed.size(), 12);
    for (int rank = 0; rank < 12; ++rank) {
        EXPECT_EQ(listed.node_of(rank), rank / 4);
        EXPECT_EQ(counted.node_of(rank), rank / 4);
    }
}

TEST(Placement, TheFirstRankBehindTheLastNodeIsTheSize) {
    EXPECT_EQ(placement(list{2, 5}).first_rank(2), 7);
    EXPECT_EQ(placement(7, 3).first_rank(7), 21);
}

TEST(Placement, AgreesWithCountingOnRandomMachines) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE(seed);
        nodespan::test::random_numbers random(seed);
        std::vector<int> sizes(static_cast<std::size_t>(1 + random.below(20)));
        for (int& size : sizes) size = static_cast<int>(1 + random.below(9));

        const placement ranks(sizes);

        int rank = 0;
        for (int node = 0; node < ranks.nodes(); ++node) {
            ASSERT_EQ(ranks.first_rank(node), rank);
            ASSERT_EQ(ranks.node_size(node), sizes[static_cast<std::size_t>(node)]);
            for (int i = 0; i < ranks.node_size(node); ++i) ASSERT_EQ(ranks.node_of(rank++), node);
        }
        ASSERT_EQ(ranks.size(), rank);
    }
}

TEST(Placement, HoldsAMillionRanks) {
    const placement ranks(10'000, 100);

    EXPECT_EQ(ranks.size(), 1'000'000);
    EXPECT_EQ(ranks.node_of(999'999), 9'999);
    EXPECT_EQ(ranks.first_rank(5'000), 500'000);
}

TEST(Placement, RefusesNodesWithoutRanks) {
    expect_code([] { placement(list{2, 0, 1}); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(list{-1}); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(list{}); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(3, 0); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(0, 3); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(-2, -3); }, nodespan::errc::invalid_argument);
}

TEST(Placement, RefusesMoreRanksThanAnIntHolds) {
    constexpr int most = std::numeric_limits<int>::max();

    expect_code([] { placement(list{most, 1}); }, nodespan::errc::invalid_argument);
    expect_code([] { placement(65'536, 65'536); }, nodespan::errc::invalid_argument);
}

} // namespace
