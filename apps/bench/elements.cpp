#include "by_hand.hpp"

#include <nodespan/array.hpp>
#include <nodespan/counter.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace nodespan::bench {
namespace {

constexpr index_t block = 4096; // elements of a rank
constexpr int many = 10'000;    // live arrays

// Places in the peer's block, one after the other and round again.
index_t next(index_t at) {
    return (at + 1) % block;
}

// For each way to reach an element of the peer: a load or store from memory of one's own beside it.
void measure_access(lines& result, team& team, const std::string& size) {
    array<double, 1> line(team, {block * team.size()});
    const page_memory memory(block * sizeof(double));
    const index_t begin = line.rank_box_of(team.size() - 1).lo[0];
    const auto through = [&](auto access) { // a loop over the peer's elements
        return loop_on_rank_0(team, [=](long count) {
            for (index_t at = 0; count > 0; --count, at = next(at)) access(at);
        });
    };
    double* const plain = memory.doubles();
    const workload load = through([plain](index_t at) { keep(plain[at]); });
    const workload store = through([plain](index_t at) {
        plain[at] = 1.0;
        keep_writes();
    });
    const auto there = line.block(team.size() - 1);
    result.add("read, get({i})", size, "load, malloc",
               through([&line, begin](index_t at) { keep(line.get({begin + at})); }), load);
    result.add("read, a(i)", size, "load, malloc",
               through([&line, begin](index_t at) { keep(line(begin + at)); }), load);
    result.add("read, view v(i)", size, "load, malloc",
               through([there](index_t at) { keep(there(at)); }), load);
    result.add("write, put({i}, x)", size, "store, malloc", through([&line, begin](index_t at) {
                   line.put({begin + at}, 1.0);
                   keep_writes();
               }),
               store);
    result.add("write, a(i)", size, "store, malloc", through([&line, begin](index_t at) {
                   line(begin + at) = 1.0;
                   keep_writes();
               }),
               store);
}

void measure_many_arrays(lines& result, team& team) {
    std::vector<array<double, 1>> arrays;
    std::vector<std::unique_ptr<double[]>> blocks;
    for (int i = 0; i < many; ++i) {
        arrays.emplace_back(team, indices<1>{8 * team.size()});
        blocks.push_back(std::make_unique<double[]>(8));
    }
    measure_access(result, team, "10,000 live arrays");
    const index_t begin = arrays[0].rank_box_of(team.size() - 1).lo[0];
    result.add("read, get({i})", "10,000 arrays in turn", "load, malloc, in turn",
               loop_on_rank_0(team,
                              [&](long count) {
                                  for (std::size_t k = 0; count > 0; --count, k = (k + 1) % many)
                                      keep(arrays[k].get({begin}));
                              }),
               loop_on_rank_0(team, [&](long count) {
                   for (std::size_t k = 0; count > 0; --count, k = (k + 1) % many)
                       keep(blocks[k][0]);
               }));
}

void measure_atomics(lines& result, team& team) {
    array<std::int64_t, 1> counts(team, {8 * team.size()});
    const index_t at = counts.rank_box_of(team.size() - 1).lo[0];
    std::int64_t* const bare = &counts(at);
    const page_memory memory(4096);
    const mpi_window window(team, team.size() - 1, memory, 4096);
    const auto add = [&, at] { keep(counts.fetch_add({at}, 1)); };
    const auto add_bare = [bare] { keep(std::atomic_ref(*bare).fetch_add(1)); };
    const auto add_by_mpi = [&] {
        const std::int64_t one = 1;
        std::int64_t before = 0;
        MPI_Fetch_and_op(&one, &before, MPI_INT64_T, window.target(), 0, MPI_SUM, window.get());
        MPI_Win_flush(window.target(), window.get());
    };
    const std::string all = std::to_string(team.size()) + " ranks at once";
    result.add("fetch_add", "alone", "std::atomic_ref", on_rank_0(team, add),
               on_rank_0(team, add_bare));
    result.add("fetch_add", "alone", "MPI_Fetch_and_op, flush", on_rank_0(team, add),
               on_rank_0_by_mpi(team, add_by_mpi));
    result.add("fetch_add", all, "std::atomic_ref", on_all(team, add), on_all(team, add_bare));
    // Each reads and tries to put one more, as in a loop that changes an element in its own way.
    const auto exchange = [&, at] {
        std::int64_t expected = *bare;
        keep(counts.compare_exchange({at}, expected, expected + 1));
    };
    const auto exchange_bare = [bare] {
        std::int64_t expected = *bare;
        keep(std::atomic_ref(*bare).compare_exchange_strong(expected, expected + 1));
    };
    result.add("compare_exchange", "alone", "std::atomic_ref", on_rank_0(team, exchange),
               on_rank_0(team, exchange_bare));
    result.add("compare_exchange", all, "std::atomic_ref", on_all(team, exchange),
               on_all(team, exchange_bare));

    counter tickets(team);
    const auto ticket = [&] { keep(tickets.next()); };
    result.add("counter::next", "alone", "MPI_Fetch_and_op, flush", on_rank_0(team, ticket),
               on_rank_0_by_mpi(team, add_by_mpi));
    result.add("counter::next", all, "std::atomic_ref", on_all(team, ticket),
               on_all(team, add_bare));
}

} // namespace

std::vector<measurement> measure_elements(team& team, int batches) {
    if (!require_node_peers(team, "elements")) return {};
    lines result(team, batches);
    measure_access(result, team, "8 B");
    measure_many_arrays(result, team);
    measure_atomics(result, team);
    return result.take();
}

} // namespace nodespan::bench
