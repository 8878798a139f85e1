#include "timing.hpp"

#include <nodespan/sort.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#include <parallel/algorithm>
#endif

namespace nodespan::bench {
namespace {

// Both sides begin each time with a copy of the same random numbers.
void at_size(team& team, int batches, index_t size, std::vector<measurement>& results) {
    const bool is_first = team.rank() == 0; // which alone sorts what the others measure against
    array<double, 1> field(team, {size}, {.zeroed = false});
    const view<double, 1> mine = field.local();
    std::vector<double> own(static_cast<std::size_t>(mine.size()));
    std::vector<double> all(is_first ? static_cast<std::size_t>(size) : 0), sorted(all.size());
    std::mt19937_64 random(static_cast<std::uint64_t>(team.rank()));
    std::uniform_real_distribution<double> between(-1, 1);
    std::ranges::generate(own, [&] { return between(random); });
    std::ranges::generate(all, [&] { return between(random); });

    lines lines(team, batches);
    const auto repeat = [](auto once) {
        return [once](long count) {
            for (; count > 0; --count) once();
        };
    };
    const workload ours = repeat([&] {
        std::ranges::copy(own, mine.begin());
        sort(field);
    });
    const std::string text = fmt::format("{} doubles", size);
    lines.add("sort", text, "std::sort, one process", ours, repeat([&] {
                  if (!is_first) return;
                  std::ranges::copy(all, sorted.begin());
                  std::sort(sorted.begin(), sorted.end());
              }));
#ifdef _OPENMP
    omp_set_num_threads(team.node_size()); // as many cores as the ranks have
    lines.add("sort", text, fmt::format("__gnu_parallel::sort, {} threads", team.node_size()), ours,
              repeat([&] {
                  if (!is_first) return;
                  std::ranges::copy(all, sorted.begin());
                  __gnu_parallel::sort(sorted.begin(), sorted.end());
              }));
#endif
    std::ranges::copy(lines.take(), std::back_inserter(results));
}

} // namespace

std::vector<measurement> measure_sorting(team& team, int batches) {
    std::vector<measurement> results;
    for (const index_t size : {100'000, 1'000'000, 10'000'000})
        at_size(team, batches, size, results);
    at_size(team, std::min(batches, 3), 100'000'000, results); // takes many seconds a time
    return results;
}

} // namespace nodespan::bench
