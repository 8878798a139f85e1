#pragma once

#include <nodespan/distribution.hpp>

#include "forked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace nodespan::test {

inline index_list at(const std::vector<index_t>& values) {
    index_list result(static_cast<int>(values.size()), 0);
    for (std::size_t d = 0; d < std::min<std::size_t>(values.size(), max_dimensions); ++d)
        result[d] = values[d];
    return result;
}

inline distribution make(const std::vector<index_t>& extents, const std::vector<int>& nodes,
                         const distribution_options& options = {}) {
    return {at(extents), std::make_shared<const placement>(nodes), options};
}

inline std::vector<int> random_nodes(random_numbers& random, int most_nodes, int most_ranks) {
    std::vector<int> nodes(static_cast<std::size_t>(1 + random.below(most_nodes)));
    for (int& ranks : nodes) ranks = static_cast<int>(1 + random.below(most_ranks));
    return nodes;
}

/// Some hundreds of indices at most; now and then an extent of 0.
inline std::vector<index_t> random_extents(random_numbers& random, int dimensions) {
    const index_t largest[] = {0, 40, 16, 8, 6, 4, 3};
    std::vector<index_t> extents(static_cast<std::size_t>(dimensions));
    for (index_t& extent : extents)
        extent = random.below(30) == 0 ? 0 : 1 + random.below(largest[dimensions]);
    return extents;
}

/// A node grid and a rank grid, an entry in each replaced by 0 now and then, and nodes of
/// different sizes where the rank grid allows it.
inline std::pair<std::vector<int>, distribution_options> random_grids(random_numbers& random,
                                                                      int dimensions) {
    distribution_options options;
    int nodes = 1, ranks = 1;
    for (int d = 0; d < dimensions; ++d) {
        options.node_grid.push_back(static_cast<int>(nodes > 6 ? 1 : 1 + random.below(3)));
        options.rank_grid.push_back(static_cast<int>(ranks > 6 ? 1 : 1 + random.below(3)));
        nodes *= options.node_grid.back();
        ranks *= options.rank_grid.back();
    }
    const auto place = static_cast<std::size_t>(random.below(dimensions));
    std::vector<int> sizes(static_cast<std::size_t>(nodes), ranks);
    if (random.below(2) == 0) options.node_grid[place] = 0;
    if (random.below(2) == 0) {
        const int others = ranks / options.rank_grid[place];
        options.rank_grid[place] = 0;
        for (int& size : sizes) size = static_cast<int>(others * (1 + random.below(3)));
    }
    return {sizes, options};
}

/// The same with equal nodes; cuts[d] holds one number, how many rank pieces there are along d.
inline std::pair<std::vector<int>, distribution_options> random_even_grids(random_numbers& random,
                                                                           int dimensions) {
    distribution_options options;
    int nodes = 1, ranks = 1;
    for (int d = 0; d < dimensions; ++d) {
        options.node_grid.push_back(static_cast<int>(1 + random.below(3)));
        options.rank_grid.push_back(static_cast<int>(1 + random.below(3)));
        options.cuts.push_back({options.node_grid.back() * options.rank_grid.back()});
        nodes *= options.node_grid.back();
        ranks *= options.rank_grid.back();
    }
    return {std::vector<int>(static_cast<std::size_t>(nodes), ranks), options};
}

/// Grids over equal nodes, and cut points for most dimensions: some pieces are empty.
inline std::pair<std::vector<int>, distribution_options>
random_cuts(random_numbers& random, const std::vector<index_t>& extents) {
    auto [nodes, options] = random_even_grids(random, static_cast<int>(extents.size()));
    for (std::size_t d = 0; d < extents.size(); ++d) {
        std::vector<index_t>& points = options.cuts[d];
        const index_t count = points.front();
        points.clear();
        if (random.below(4) == 0) continue; // nearly equal pieces along d
        for (index_t i = 1; i < count; ++i) points.push_back(random.below(extents[d] + 1));
        points.push_back(0);
        points.push_back(extents[d]);
        std::sort(points.begin(), points.end());
    }
    return {nodes, options};
}

template <class F>
void for_each_index(const box<dynamic_rank>& b, F&& f) {
    if (b.empty()) return;
    index_list place = b.lo;
    for (;;) {
        f(place);
        std::size_t d = place.size();
        while (d > 0 && ++place[d - 1] == b.hi[d - 1]) {
            place[d - 1] = b.lo[d - 1];
            --d;
        }
        if (d == 0) return;
    }
}

/// Every index has one owner; look-ups agree with boxes; ranks tile their node, nodes the whole.
inline void expect_sound(const distribution& cut) {
    const placement& ranks = cut.placement();
    const index_list zero(cut.dimensions(), 0);
    const box<dynamic_rank> whole{zero, cut.extents()};
    index_t of_nodes = 0, largest = 0, seen = 0;
    for (int node = 0; node < ranks.nodes(); ++node) {
        const box<dynamic_rank> outer = cut.node_box(node);
        ASSERT_TRUE(whole.contains(outer)) << "node " << node;
        of_nodes += outer.size();
        largest = std::max(largest, outer.size());
        index_t of_ranks = 0;
        const index_list grid = cut.rank_grid(node);
        index_t product = 1;
        for (const index_t count : grid) product *= count;
        ASSERT_EQ(product, ranks.node_size(node));
        for (int i = 0; i < ranks.node_size(node); ++i) {
            const int rank = ranks.first_rank(node) + i;
            const box<dynamic_rank> inner = cut.rank_box(rank);
            ASSERT_TRUE(outer.contains(inner)) << "rank " << rank;
            for (std::size_t d = 0; d < zero.size(); ++d) ASSERT_LE(inner.lo[d], inner.hi[d]);
            of_ranks += inner.size();
            for_each_index(inner, [&](const index_list& place) {
                ++seen;
                ASSERT_EQ(cut.owner_rank(place), rank);
                ASSERT_EQ(cut.owner_node(place), node);
            });
        }
        ASSERT_EQ(of_ranks, outer.size()) << "ranks of node " << node;
    }
    // As many boxed indices as indices, and each box holds what the look-up sends there: a tiling.
    ASSERT_EQ(of_nodes, whole.size());
    ASSERT_EQ(seen, whole.size());
    for_each_index(whole, [&](const index_list& place) {
        ASSERT_TRUE(cut.rank_box(cut.owner_rank(place)).contains(place));
    });
    ASSERT_GE(cut.largest_node_size(), largest);
}

} // namespace nodespan::test
