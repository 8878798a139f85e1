#include "node_pairs.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using nodespan::detail::node_pairs;

constexpr int most_nodes = 70;

// What each node has in the end, as text, if all do what node_pairs says; a message goes both ways.
std::vector<std::string> combined(int nodes) {
    std::vector<node_pairs> pairs;
    std::vector<std::string> has;
    for (int node = 0; node < nodes; ++node) {
        pairs.emplace_back(nodes, node);
        has.push_back(std::to_string(node));
    }
    const auto at = [](int node) { return static_cast<std::size_t>(node); };
    const auto together = [](const std::string& lower, const std::string& upper) {
        return "(" + lower + " " + upper + ")";
    };
    for (int node = 0; node < nodes; ++node)
        if (const int other = pairs[at(node)].other(); other >= 0 && !pairs[at(node)].stands_back())
            has[at(node)] = together(has[at(node)], has[at(other)]);
    for (int distance = 1; distance < pairs[0].groups(); distance *= 2) {
        std::vector<std::string> next = has;
        for (int node = 0; node < nodes; ++node) {
            const node_pairs& mine = pairs[at(node)];
            if (mine.stands_back()) continue;
            const int partner = mine.partner(distance);
            EXPECT_EQ(pairs[at(partner)].partner(distance), node) << nodes << " nodes";
            EXPECT_FALSE(pairs[at(partner)].stands_back());
            next[at(node)] = mine.is_upper(distance) ? together(has[at(partner)], has[at(node)])
                                                     : together(has[at(node)], has[at(partner)]);
        }
        has = std::move(next);
    }
    for (int node = 0; node < nodes; ++node)
        if (pairs[at(node)].stands_back()) has[at(node)] = has[at(pairs[at(node)].other())];
    return has;
}

TEST(NodePairs, GiveAllNodesTheSameInTheSameOrder) {
    for (int nodes = 1; nodes <= most_nodes; ++nodes) {
        const std::vector<std::string> has = combined(nodes);

        EXPECT_EQ(has, std::vector<std::string>(has.size(), has[0])) << nodes << " nodes";
    }
}

TEST(NodePairs, CombineNeighboursFirst) {
    EXPECT_EQ(combined(1)[0], "0");
    EXPECT_EQ(combined(2)[0], "(0 1)");
    EXPECT_EQ(combined(3)[0], "((0 1) 2)");
    EXPECT_EQ(combined(4)[0], "((0 1) (2 3))");
    EXPECT_EQ(combined(5)[0], "(((0 1) 2) (3 4))");
    EXPECT_EQ(combined(7)[0], "(((0 1) (2 3)) ((4 5) 6))");
}

TEST(NodePairs, NeedAsManyRoundsAsTheNumberOfNodesHasDigits) {
    const node_pairs of_many(15'625, 15'624);

    EXPECT_EQ(of_many.groups(), 8'192);
    EXPECT_EQ(of_many.other(), -1);
    EXPECT_EQ(node_pairs(15'625, 15'000).partner(1), 14'999);
}

} // namespace
