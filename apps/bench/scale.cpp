#include "scale.hpp"

#include "ghost_plan.hpp"
#include "held_bytes.hpp"
#include "timing.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/distribution.hpp>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace nodespan::bench {
namespace {

using json = nlohmann::ordered_json;

constexpr int a_node = 64; // ranks
constexpr double batch_seconds = 0.0005;

struct layout {
    std::string name;
    int nodes = 1;
    bool even = true;
    std::vector<index_t> extents;
    distribution_options options;
};

struct result {
    layout of;
    double placement_bytes = 0, distribution_bytes = 0, ghost_bytes = 0;
    double placement_seconds = 0, distribution_seconds = 0, ghost_seconds = 0;
    double owner_rank_seconds = 0, owner_node_seconds = 0;
    double rank_box_seconds = 0, node_box_seconds = 0;
    std::size_t neighbours = 0;
};

// Nearly equal pieces, but said point by point.
std::vector<index_t> points(index_t extent, index_t pieces) {
    std::vector<index_t> cuts;
    for (index_t k = 0; k <= pieces; ++k) cuts.push_back(extent / pieces * k + k % 2);
    cuts.front() = 0;
    cuts.back() = extent;
    return cuts;
}

// The ways to cut an array over nodes that make a line, a rectangle and a block.
std::vector<layout> layouts_of(int rows, int columns, const std::vector<int>& block) {
    constexpr index_t line = index_t{1} << 45, side = index_t{1} << 22, edge = index_t{1} << 15;
    const int nodes = rows * columns;
    std::vector<layout> all;
    for (const bool even : {true, false}) {
        const std::string name = even ? "even" : "uneven";
        const std::vector<int> in_2d = even ? std::vector<int>{8, 8} : std::vector<int>{0, 1};
        const std::vector<int> in_3d = even ? std::vector<int>{4, 4, 4} : std::vector<int>{0, 1, 1};
        all.push_back({name + ", 1-D", nodes, even, {line}, {}});
        all.push_back({name + ", 2-D", nodes, even, {side, side}, {{rows, columns}, in_2d, {}}});
        all.push_back({name + ", 3-D", nodes, even, {edge, edge, edge}, {block, in_3d, {}}});
    }
    all.push_back({"cuts, 1-D", nodes, true, {line}, {{}, {}, {points(line, nodes * a_node)}}});
    all.push_back({"cuts, 2-D",
                   nodes,
                   true,
                   {side, side},
                   {{rows, columns}, {8, 8}, {points(side, rows * 8), points(side, columns * 8)}}});
    return all;
}

std::shared_ptr<const placement> place(const layout& wanted) {
    if (wanted.even) return std::make_shared<const placement>(wanted.nodes, a_node);
    std::vector<int> sizes(static_cast<std::size_t>(wanted.nodes), a_node);
    for (std::size_t k = 0; k + 1 < sizes.size(); k += 2) {
        --sizes[k];
        ++sizes[k + 1];
    }
    return std::make_shared<const placement>(sizes);
}

index_list list_of(const std::vector<index_t>& values) {
    index_list list(static_cast<int>(values.size()), 0);
    for (std::size_t d = 0; d < values.size(); ++d) list[d] = values[d];
    return list;
}

double median_of(std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    return seconds[seconds.size() / 2];
}

// Seconds for each call of f(), which does something `count` times.
template <class F>
double time_each(int batches, std::size_t count, F&& f) {
    using clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    for (int batch = 0; batch < batches; ++batch) {
        long calls = 0;
        const auto start = clock::now();
        double spent = 0;
        do {
            f();
            ++calls;
            spent = std::chrono::duration<double>(clock::now() - start).count();
        } while (spent < batch_seconds);
        seconds.push_back(spent / static_cast<double>(calls) / static_cast<double>(count));
    }
    return median_of(seconds);
}

// Each look-up at places of its own that no processor can guess.
void time_look_ups(const distribution& cut, int batches, result& to) {
    constexpr std::size_t count = 16'384;
    std::mt19937_64 random(1);
    std::vector<index_list> places(count, cut.extents());
    std::vector<int> ranks(count), nodes(count);
    const auto below = [&](index_t n) {
        return static_cast<index_t>(random() % static_cast<std::uint64_t>(n));
    };
    for (std::size_t i = 0; i < count; ++i) {
        for (std::size_t d = 0; d < places[i].size(); ++d) places[i][d] = below(cut.extents()[d]);
        ranks[i] = static_cast<int>(below(cut.placement().size()));
        nodes[i] = static_cast<int>(below(cut.placement().nodes()));
    }
    const auto each = [&](const auto& inputs, auto&& look_up) {
        return time_each(batches, count, [&] {
            for (const auto& input : inputs) keep(look_up(input));
        });
    };
    to.owner_rank_seconds = each(places, [&](const index_list& at) { return cut.owner_rank(at); });
    to.owner_node_seconds = each(places, [&](const index_list& at) { return cut.owner_node(at); });
    to.rank_box_seconds = each(ranks, [&](int rank) { return cut.rank_box(rank).lo[0]; });
    to.node_box_seconds = each(nodes, [&](int node) { return cut.node_box(node).lo[0]; });
}

// One layer all around a node in the middle, periodic.
void plan_ghosts(const distribution& cut, int batches, result& to) {
    ghost_options options;
    options.width.assign(static_cast<std::size_t>(cut.dimensions()), 1);
    options.periodic.assign(static_cast<std::size_t>(cut.dimensions()), true);
    const detail::ghost_layers layers = detail::check_ghosts(options, cut.extents());
    const int node = cut.placement().nodes() / 2;
    {
        const held_bytes held;
        const auto receives = detail::ghost_receives(cut, layers, node);
        const auto sends = detail::ghost_sends(cut, layers, node);
        to.neighbours = receives.size();
        to.ghost_bytes = static_cast<double>(held.now());
    }
    to.ghost_seconds = time_each(batches, 1, [&] {
        keep(detail::ghost_receives(cut, layers, node).size() +
             detail::ghost_sends(cut, layers, node).size());
    });
}

result measure(const layout& wanted, int batches) {
    result to;
    to.of = wanted;
    std::optional<distribution> cut;
    {
        const held_bytes held;
        std::shared_ptr<const placement> ranks = place(wanted);
        to.placement_bytes = static_cast<double>(held.now());
        cut.emplace(list_of(wanted.extents), ranks, wanted.options);
        to.distribution_bytes =
            static_cast<double>(held.now()) - to.placement_bytes + static_cast<double>(sizeof *cut);
    }
    const std::shared_ptr<const placement> ranks = place(wanted);
    to.placement_seconds = time_each(batches, 1, [&] { keep(place(wanted)->size()); });
    to.distribution_seconds = time_each(batches, 1, [&] { // with what an array reserves
        const distribution made(list_of(wanted.extents), ranks, wanted.options);
        keep(made.largest_node_size());
    });
    time_look_ups(*cut, batches, to);
    plan_ghosts(*cut, batches, to);
    return to;
}

std::string text_of(const std::vector<result>& results) {
    std::string text =
        fmt::format("{:>8} {:<12}{:>10}{:>13}{:>11}{:>11}{:>11}{:>11}{:>11}{:>10}{:>10}{:>11}\n",
                    "ranks", "cut", "placement", "distribution", "made", "owner_rank", "owner_node",
                    "rank_box", "node_box", "ghosts of", "plan", "made");
    for (const result& r : results)
        text += fmt::format("{:>8} {:<12}{:>8.0f} B{:>11.0f} B{:>8.2f} us{:>8.1f} ns{:>8.1f} ns"
                            "{:>8.1f} ns{:>8.1f} ns{:>10}{:>8.0f} B{:>8.2f} us\n",
                            r.of.nodes * a_node, r.of.name, r.placement_bytes, r.distribution_bytes,
                            r.distribution_seconds * 1e6, r.owner_rank_seconds * 1e9,
                            r.owner_node_seconds * 1e9, r.rank_box_seconds * 1e9,
                            r.node_box_seconds * 1e9, r.neighbours, r.ghost_bytes,
                            r.ghost_seconds * 1e6);
    return text;
}

std::string json_of(const std::vector<result>& results) {
    json all = json::array();
    for (const result& r : results)
        all.push_back({{"ranks", r.of.nodes * a_node},
                       {"nodes", r.of.nodes},
                       {"cut", r.of.name},
                       {"placement_bytes", r.placement_bytes},
                       {"distribution_bytes", r.distribution_bytes},
                       {"placement_seconds", r.placement_seconds},
                       {"distribution_seconds", r.distribution_seconds},
                       {"owner_rank_seconds", r.owner_rank_seconds},
                       {"owner_node_seconds", r.owner_node_seconds},
                       {"rank_box_seconds", r.rank_box_seconds},
                       {"node_box_seconds", r.node_box_seconds},
                       {"ghost_pieces", r.neighbours},
                       {"ghost_plan_bytes", r.ghost_bytes},
                       {"ghost_plan_seconds", r.ghost_seconds}});
    return json{{"ranks_per_node", a_node}, {"scale", all}}.dump(2) + "\n";
}

} // namespace

scale_figures measure_scale(int batches) {
    const struct {
        int rows, columns;
        std::vector<int> block;
    } machines[] = {{2, 1, {2, 1, 1}},
                    {4, 4, {4, 2, 2}},
                    {16, 10, {8, 5, 4}},
                    {40, 40, {16, 10, 10}},
                    {125, 125, {25, 25, 25}}}; // a million ranks
    std::vector<result> results;
    for (const auto& machine : machines)
        for (const layout& wanted : layouts_of(machine.rows, machine.columns, machine.block))
            results.push_back(measure(wanted, batches));
    return {text_of(results), json_of(results)};
}

} // namespace nodespan::bench
