#include "node_table.hpp"

#include "distribution_cases.hpp"

#include <gtest/gtest.h>

#include <map>

namespace {

using nodespan::detail::node_table;
using nodespan::test::random_numbers;

TEST(NodeTable, HasNothingAtFirst) {
    node_table<int> table;

    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.find(0), nullptr);
    table.erase(0);
    EXPECT_EQ(table.size(), 0U);
}

TEST(NodeTable, MakesAValueOnceAndForgetsIt) {
    node_table<int> table;

    EXPECT_EQ(table[7], 0);
    table[7] = 3;
    EXPECT_EQ(table[7], 3);
    table.erase(7);
    EXPECT_EQ(table.find(7), nullptr);
    EXPECT_EQ(table[7], 0);
}

TEST(NodeTable, BehavesAsAMapWhateverIsMadeAndErased) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE(seed);
        random_numbers random(seed);
        const int nodes = seed % 2 == 0 ? 20 : 16'000; // many collisions, or many nodes
        node_table<long> table;
        std::map<int, long> expected;
        for (int step = 0; step < 5000; ++step) {
            const auto node = static_cast<int>(random.below(nodes));
            if (random.below(3) == 0) {
                table.erase(node);
                expected.erase(node);
            } else {
                table[node] += step;
                expected[node] += step;
            }
        }

        ASSERT_EQ(table.size(), expected.size());
        for (int node = 0; node < nodes; ++node) {
            const long* const found = table.find(node);
            const auto at = expected.find(node);
            ASSERT_EQ(found != nullptr, at != expected.end()) << node;
            if (found != nullptr) {
                ASSERT_EQ(*found, at->second);
            }
        }
    }
}

} // namespace
