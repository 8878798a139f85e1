#pragma once

#include <nodespan/array.hpp>

#include "array_cases.hpp"
#include "forked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <type_traits>
#include <vector>

namespace nodespan::test {

/// A value that tells which element it is and of which epoch, as far as T can.
template <class T>
T value_in_epoch(index_t number, int epoch) {
    const auto mixed =
        static_cast<std::uint64_t>(number * 1009 + epoch + 1) * 0x9E3779B97F4A7C15ULL;
    if constexpr (std::is_arithmetic_v<T>)
        return static_cast<T>(mixed >> 20);
    else
        return T::of(mixed);
}

/// The row-major number of an element.
template <int N>
index_t number_of(const indices<N>& at, const indices<N>& extents) {
    index_t number = 0;
    for (std::size_t d = 0; d < N; ++d) number = number * extents[d] + at[d];
    return number;
}

/// An array with ghosts, filled and checked epoch by epoch.
template <class T, int N>
class ghost_check {
public:
    ghost_check(team& everyone, const indices<N>& extents, const array_options& options)
        : elements(everyone, extents, options),
          options_(options) {}

    /// Collective. Writes, exchanges and checks in `epochs` epochs.
    template <class Pause>
    void run(int epochs, Pause&& pause) {
        for (int epoch = 0; epoch < epochs; ++epoch) {
            prepare(epoch);
            pause();
            elements.exchange_ghosts();
            pause();
            expect_right(epoch);
        }
        elements.node_fence(); // this node's ranks have looked at everything
    }
    void run(int epochs) {
        run(epochs, [] {});
    }

    /// This rank's elements get the epoch's values; ghosts, by the leader, what must go away or
    /// stay.
    void prepare(int epoch) {
        elements.node_fence(); // nobody of this node still looks at the last epoch
        write(epoch);
        if (elements.get_team().is_leader()) spoil_ghosts(epoch);
    }

    void write(int epoch) {
        for_each_index(elements.rank_box(),
                       [&](const indices<N>& at) { cell(at) = element_value(at, epoch); });
    }

    /// How many cells of this node do not hold what they should after an exchange.
    index_t count_wrong(int epoch) {
        index_t wrong = 0;
        for_each_index(elements.node_box_with_ghosts(), [&](const indices<N>& at) {
            const auto source = shown_at(at);
            const T expected = source ? element_value(*source, epoch) : outside_value(at, epoch);
            wrong += std::memcmp(&cell(at), &expected, sizeof(T)) != 0 ? 1 : 0;
        });
        return wrong;
    }

    void expect_right(int epoch) {
        EXPECT_EQ(count_wrong(epoch), 0)
            << "wrong cells of node " << elements.get_team().node() << " in epoch " << epoch << '\n'
            << describe();
    }

    /// How many cells of this node are not as `prepare` left them, without an exchange. Elements
    /// may be another epoch's.
    index_t count_changed(int epoch, int epoch_of_elements) {
        index_t changed = 0;
        for_each_index(elements.node_box_with_ghosts(), [&](const indices<N>& at) {
            const T expected = elements.node_box().contains(at)
                                   ? element_value(at, epoch_of_elements)
                               : shown_at(at) ? stale_value(at, epoch)
                                              : outside_value(at, epoch);
            changed += std::memcmp(&cell(at), &expected, sizeof(T)) != 0 ? 1 : 0;
        });
        return changed;
    }

    T element_value(const indices<N>& at, int epoch) const {
        return value_in_epoch<T>(number_of<N>(at, elements.extents()), epoch);
    }

    std::string describe() const {
        const auto list = [](const auto& values) {
            return testing::PrintToString(std::vector<index_t>(values.begin(), values.end()));
        };
        return "extents " + list(elements.extents()) + ", width " + list(options_.ghosts.width) +
               ", periodic " + list(options_.ghosts.periodic) + ", node grid " +
               list(options_.distribution.node_grid) + ", node box " +
               list(elements.node_box().lo) + list(elements.node_box().hi);
    }

    array<T, N> elements;

private:
    T& cell(const indices<N>& at) {
        indices<N> local = at;
        for (std::size_t d = 0; d < N; ++d) local[d] -= elements.node_box_with_ghosts().lo[d];
        return elements.node_with_ghosts()[local];
    }

    // The element that the cell at `at` stands for; none outside of an edge that is not periodic.
    std::optional<indices<N>> shown_at(indices<N> at) const {
        for (std::size_t d = 0; d < N; ++d) {
            const index_t extent = elements.extents()[d];
            if (at[d] >= 0 && at[d] < extent) continue;
            if (options_.ghosts.periodic.empty() || !options_.ghosts.periodic[d])
                return std::nullopt;
            at[d] += at[d] < 0 ? extent : -extent;
        }
        return at;
    }

    static T outside_value(const indices<N>& at, int epoch) {
        return value_in_epoch<T>(number_of<N>(at, filled(4096)), -epoch - 1000);
    }
    static T stale_value(const indices<N>& at, int epoch) {
        return value_in_epoch<T>(number_of<N>(at, filled(4096)), -epoch - 9000);
    }
    static indices<N> filled(index_t value) {
        indices<N> result{};
        result.fill(value);
        return result;
    }

    void spoil_ghosts(int epoch) {
        for_each_index(elements.node_box_with_ghosts(), [&](const indices<N>& at) {
            if (!elements.node_box().contains(at))
                cell(at) = shown_at(at) ? stale_value(at, epoch) : outside_value(at, epoch);
        });
    }

    array_options options_;
};

/// Extents and options of an array with ghosts, for any team; the same on all ranks that draw
/// alike.
template <int N>
struct ghost_case {
    indices<N> extents{};
    array_options options;

    static ghost_case draw(random_numbers& random, const team& everyone) {
        ghost_case result;
        auto& [extents, options] = result;
        for (std::size_t d = 0; d < N; ++d) {
            extents[d] = 1 + random.below(d == 0 ? 4 * everyone.size() : 9);
            const index_t width = random.below(4);
            options.ghosts.width.push_back(width);
            options.ghosts.periodic.push_back(random.below(2) == 0 && width <= extents[d]);
        }
        if (N > 1 && random.below(3) > 0)
            result.draw_grid(random, everyone);
        else if (random.below(2) == 0)
            result.draw_cuts(random, 0, everyone.size());
        return result;
    }

private:
    // Nodes along two dimensions, and sometimes uneven cuts along the second.
    void draw_grid(random_numbers& random, const team& everyone) {
        const int nodes = everyone.nodes();
        int along = 1 + static_cast<int>(random.below(nodes));
        while (nodes % along != 0) --along;
        std::vector<int> grid(N, 1);
        grid[0] = along;
        const auto second = 1 + static_cast<std::size_t>(random.below(N - 1));
        grid[second] = nodes / along;
        options.distribution.node_grid = grid;
        if (random.below(2) == 0) draw_cuts(random, second, grid[second]);
    }

    void draw_cuts(random_numbers& random, std::size_t dimension, int pieces) {
        std::vector<index_t> cuts{0, extents[dimension]};
        for (int i = 1; i < pieces; ++i) cuts.push_back(random.below(extents[dimension] + 1));
        std::sort(cuts.begin(), cuts.end());
        options.distribution.cuts.resize(N);
        options.distribution.cuts[dimension] = cuts;
    }
};

} // namespace nodespan::test
