#pragma once

#include <nodespan/array.hpp>

#include "forked.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <complex>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

// What the oracle draws: values, boxes, and ways to cut an array. No communication.

namespace nodespan::test {

/// An element that can only be copied.
struct record {
    index_t number;
    double half;
    std::int32_t kind;
    std::int32_t check;
    friend bool operator==(const record&, const record&) = default;
};
static_assert(sizeof(record) == 24);

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<std::complex<T>> = true;

/// Number `k` of the values of operation `op`: small and whole, so that sums are exact.
template <class T>
T value_of(index_t op, index_t k) {
    const auto mixed = static_cast<std::uint64_t>(op * 1'000'003 + k) * 0x9E3779B97F4A7C15ULL;
    const auto n = static_cast<index_t>(mixed >> 40);
    if constexpr (std::is_same_v<T, record>)
        return {n, static_cast<double>(n) / 2, static_cast<std::int32_t>(n % 7), 4711};
    else if constexpr (is_complex<T>)
        return {static_cast<double>(n % 50 - 25), static_cast<double>(n / 64 % 50 - 25)};
    else if constexpr (std::is_unsigned_v<T>)
        return static_cast<T>(n);
    else
        return static_cast<T>(n % 200 - 100);
}

/// What a mutex-guarded addition does; sums of it do not depend on who was first.
template <class T>
T added(T element, const T& value) {
    if constexpr (std::is_same_v<T, record>)
        element.number += value.number;
    else
        element = static_cast<T>(element + value);
    return element;
}

template <class T>
T scaled(const T& scale, const T& value) {
    return static_cast<T>(scale * value);
}

template <class T>
T combined(accumulate_op op, const T& element, const T& value) {
    switch (op) {
    case accumulate_op::sum:
        return static_cast<T>(element + value);
    case accumulate_op::prod:
        return static_cast<T>(element * value);
    case accumulate_op::min:
    case accumulate_op::fmin:
        if constexpr (!is_complex<T>) return std::min(element, value);
        break;
    case accumulate_op::max:
    case accumulate_op::fmax:
        if constexpr (!is_complex<T>) return std::max(element, value);
        break;
    case accumulate_op::replace:
        break;
    }
    return value;
}

template <class T>
std::string text_of(const T& value) {
    if constexpr (std::is_same_v<T, record>)
        return fmt::format("{{{}, {}, {}, {}}}", value.number, value.half, value.kind, value.check);
    else if constexpr (is_complex<T>)
        return fmt::format("({}, {})", value.real(), value.imag());
    else
        return fmt::format("{}", +value);
}

template <int N>
std::string text_of(const indices<N>& at) {
    return fmt::format("{{{}}}", fmt::join(at, ", "));
}
template <int N>
std::string text_of(const box<N>& b) {
    return fmt::format("[{}, {})", text_of<N>(b.lo), text_of<N>(b.hi));
}

/// A part of `within`: all of it, a column, one element, none, or anything.
template <int N>
box<N> random_box(random_numbers& random, const box<N>& within) {
    const index_t way = random.below(8);
    if (within.empty() || way == 0) return within;
    box<N> result = within;
    for (std::size_t d = 0; d < N; ++d) {
        const index_t extent = within.hi[d] - within.lo[d];
        if (way == 1 && d + 1 < N) continue; // one column of every row
        result.lo[d] += random.below(extent);
        result.hi[d] = result.lo[d] + 1;
        if (way > 2) result.hi[d] += random.below(within.hi[d] - result.lo[d]);
    }
    if (way == 3) {
        const auto d = static_cast<std::size_t>(random.below(N));
        result.hi[d] = result.lo[d];
    }
    return result;
}

template <int N>
indices<N> random_index(random_numbers& random, const box<N>& within) {
    indices<N> at = within.lo;
    for (std::size_t d = 0; d < N; ++d) at[d] += random.below(within.hi[d] - within.lo[d]);
    return at;
}

/// Cuts a box into up to `count` boxes, one of which may be empty.
template <int N>
std::vector<box<N>> random_parts(random_numbers& random, const box<N>& whole, index_t count) {
    std::vector<box<N>> parts{whole};
    while (static_cast<index_t>(parts.size()) < count) {
        box<N>& cut = parts[static_cast<std::size_t>(random.below(index_t(parts.size())))];
        const auto d = static_cast<std::size_t>(random.below(N));
        box<N> rest = cut;
        cut.hi[d] = rest.lo[d] = cut.lo[d] + random.below(cut.hi[d] - cut.lo[d] + 1);
        parts.push_back(rest);
    }
    return parts;
}

/// From a few elements to some thousands; now and then none, or fewer rows than ranks.
template <int N>
indices<N> random_extents(random_numbers& random) {
    constexpr index_t usual[] = {0, 300, 30, 12, 7}, large[] = {0, 20'000, 150, 28, 12};
    const index_t most = random.below(8) == 0 ? large[N] : usual[N];
    indices<N> extents;
    for (index_t& extent : extents) extent = random.below(6) == 0 ? 1 : 1 + random.below(most);
    if (random.below(12) == 0) extents[static_cast<std::size_t>(random.below(N))] = 0;
    return extents;
}

/// Factors along `dimensions` whose product is `count`.
inline std::vector<int> random_grid(random_numbers& random, int dimensions, int count) {
    std::vector<int> grid(static_cast<std::size_t>(dimensions), 1);
    for (int factor = 2; count > 1; ++factor)
        for (; count % factor == 0; count /= factor)
            grid[static_cast<std::size_t>(random.below(dimensions))] *= factor;
    return grid;
}

/// A distribution that fits these ranks: grids of nodes and ranks, cut points with empty pieces.
template <int N>
distribution_options random_distribution(random_numbers& random, const placement& ranks,
                                         const indices<N>& extents) {
    distribution_options options;
    if (random.below(4) == 0) return options;
    options.node_grid = random_grid(random, N, ranks.nodes());
    const auto rest = static_cast<std::size_t>(random.below(N));
    if (ranks.is_uniform()) {
        options.rank_grid = random_grid(random, N, ranks.node_size(0));
    } else {
        options.rank_grid.assign(N, 1);
        options.rank_grid[rest] = 0; // as many as a node has
    }
    if (random.below(2) == 0) {
        options.cuts.resize(N);
        for (std::size_t d = 0; d < N; ++d) {
            int pieces = options.node_grid[d] * options.rank_grid[d];
            if (pieces == 0) {
                if (options.node_grid[d] != ranks.nodes()) continue; // needs as many in every node
                pieces = ranks.size();
            }
            if (random.below(3) == 0) continue;
            std::vector<index_t>& points = options.cuts[d];
            for (int i = 1; i < pieces; ++i) points.push_back(random.below(extents[d] + 1));
            points.push_back(0);
            points.push_back(extents[d]);
            std::sort(points.begin(), points.end());
        }
    }
    if (random.below(3) == 0) options.node_grid[rest] = 0; // the rest: what it was
    if (random.below(3) == 0) options.rank_grid[rest] = 0;
    return options;
}

template <int N>
ghost_options random_ghosts(random_numbers& random, const indices<N>& extents) {
    ghost_options ghosts;
    if (random.below(2) == 0) return ghosts;
    for (std::size_t d = 0; d < N; ++d) {
        ghosts.periodic.push_back(random.below(2) == 0);
        const index_t width = random.below(3);
        ghosts.width.push_back(ghosts.periodic.back() ? std::min(width, extents[d]) : width);
    }
    return ghosts;
}

template <int N>
std::string text_of(const indices<N>& extents, const array_options& options) {
    std::vector<int> periodic(options.ghosts.periodic.begin(), options.ghosts.periodic.end());
    return fmt::format("extents {}, node_grid {}, rank_grid {}, cuts {}, ghosts {} periodic {}",
                       text_of<N>(extents), options.distribution.node_grid,
                       options.distribution.rank_grid, options.distribution.cuts,
                       options.ghosts.width, periodic);
}

} // namespace nodespan::test
