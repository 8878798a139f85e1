#include "by_hand.hpp"
#include "lists_together.hpp"

#include <nodespan/array.hpp>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <random>
#include <vector>

namespace nodespan::bench {
namespace {

constexpr index_t count = 4096;       // elements in a list
constexpr index_t block = 128 * 1024; // doubles of a rank: 1 MiB

// Lists of random places in a peer's block, against loops over them that are written by hand.
std::vector<measurement> measure_lists_alone(team& team, int batches) {
    if (!require_node_peers(team, "lists of a rank alone")) return {};
    lines result(team, batches);
    array<double, 1> line(team, {block * team.size()});
    const index_t begin = line.rank_box_of(team.size() - 1).lo[0];
    double* const there = line.block(team.size() - 1).data_handle();
    std::mt19937 random(1);
    std::uniform_int_distribution<index_t> place(0, block - 1);
    std::vector<indices<1>> places;
    for (index_t i = 0; i < count; ++i) places.push_back({begin + place(random)});
    std::vector<double> values(count, 1.0);
    const auto each = [&, there, begin](auto element) {
        return on_rank_0(team, [&, there, begin, element] {
            for (std::size_t i = 0; i < count; ++i) element(there[places[i][0] - begin], values[i]);
            keep_writes();
        });
    };
    result.add("gather", "4096 elements of 1 MiB", "loop of loads",
               on_rank_0(team, [&] { line.gather(places, values); }),
               each([](double& element, double& value) { value = element; }));
    result.add("scatter", "4096 elements of 1 MiB", "loop of stores",
               on_rank_0(team, [&] { line.scatter(places, values); }),
               each([](double& element, double& value) { element = value; }));
    result.add("scatter_add", "4096 elements of 1 MiB", "std::atomic_ref",
               on_rank_0(team, [&] { line.scatter_add(places, values); }),
               each([](double& element, double& value) {
                   std::atomic_ref(element).fetch_add(value, std::memory_order_relaxed);
               }));
    return result.take();
}

} // namespace

std::vector<measurement> measure_lists(team& team, int batches) {
    std::vector<measurement> results = measure_lists_alone(team, batches);
    if (team.size() > 1)
        std::ranges::move(measure_lists_together(team, batches), std::back_inserter(results));
    return results;
}

} // namespace nodespan::bench
