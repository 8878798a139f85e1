#include "timing.hpp"

#include <nodespan/array.hpp>

#include <array>
#include <memory>
#include <numeric>

namespace nodespan::bench {
namespace {

constexpr index_t columns = 64; // of the two-dimensional arrays

// Eight sums at once, so that memory sets the pace and not the latency of one addition. The same
// function for every way of reaching an element; never inlined, so that neither side's loop is
// compiled into its surroundings.
template <class At>
[[gnu::noinline]] double sum(index_t count, At at) {
    std::array<double, 8> parts{};
    for (index_t i = 0; i < count; i += 8)
        for (index_t k = 0; k < 8; ++k) parts[static_cast<std::size_t>(k)] += at(i + k);
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

template <class At>
[[gnu::noinline]] double sum_rows(index_t rows, At at) {
    std::array<double, 8> parts{};
    for (index_t i = 0; i < rows; ++i)
        for (index_t j = 0; j < columns; j += 8)
            for (index_t k = 0; k < 8; ++k) parts[static_cast<std::size_t>(k)] += at(i, j + k);
    return std::accumulate(parts.begin(), parts.end(), 0.0);
}

template <class Sum>
workload repeat(Sum sum_once) {
    return [sum_once](long count) {
        volatile double sink = 0; // keeps the sums
        for (; count > 0; --count) sink = sum_once();
        static_cast<void>(sink);
    };
}

measurement in_one_dimension(team& team, index_t count, const double* memory, int batches) {
    array<double, 1> field(team, {count * team.size()});
    const auto mine = field.local();
    std::fill(mine.begin(), mine.end(), 1.0);
    measurement result = compare(
        team, batches, repeat([=] { return sum(count, [mine](index_t i) { return mine(i); }); }),
        repeat([=] { return sum(count, [memory](index_t i) { return memory[i]; }); }));
    result.name = "sum, v(i)";
    return result;
}

measurement in_two_dimensions(team& team, index_t count, const double* memory, int batches) {
    const index_t rows = count / columns;
    array<double, 2> field(team, {rows * team.size(), columns});
    const auto mine = field.local();
    const auto all = mine.span();
    std::fill(all.begin(), all.end(), 1.0);
    const auto ours = [mine](index_t i, index_t j) { return mine(i, j); };
    const auto theirs = [memory](index_t i, index_t j) { return memory[i * columns + j]; };
    measurement result = compare(team, batches, repeat([=] { return sum_rows(rows, ours); }),
                                 repeat([=] { return sum_rows(rows, theirs); }));
    result.name = "sum, v(i, j)";
    return result;
}

} // namespace

std::vector<measurement> measure_sum(team& team, int batches) {
    std::vector<measurement> results;
    for (index_t kib = 64; kib <= 64 * 1024; kib *= 4) {
        const index_t count = kib * 1024 / static_cast<index_t>(sizeof(double));
        const auto memory = std::make_unique<double[]>(static_cast<std::size_t>(count));
        std::fill_n(memory.get(), count, 1.0);
        for (const auto run : {in_one_dimension, in_two_dimensions}) {
            measurement result = run(team, count, memory.get(), batches);
            result.size = text_of_bytes(kib * 1024) + " a rank";
            result.reference = "malloc";
            results.push_back(result);
        }
    }
    return results;
}

} // namespace nodespan::bench
