#include "by_hand.hpp"

#include <nodespan/array.hpp>
#include <nodespan/replicated.hpp>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace nodespan::bench {
namespace {

// A table that rank 0 has and all need: one copy a node, against one a rank.
void measure_load(lines& result, team& team, index_t bytes) {
    const index_t count = bytes / static_cast<index_t>(sizeof(double));
    replicated<double, 1> table(team, {count});
    const page_memory memory(static_cast<std::size_t>(bytes));
    const std::span<const double> source(memory.doubles(), static_cast<std::size_t>(count));
    result.add(
        "replicated::load", text_of_bytes(bytes), "MPI_Bcast, a copy a rank",
        [&](long times) {
            for (; times > 0; --times) table.load(source);
        },
        [&](long times) {
            for (; times > 0; --times)
                MPI_Bcast(memory.doubles(), static_cast<int>(count), MPI_DOUBLE, 0, team.comm());
        });
}

// 64 MiB that one rank has made and another adds up: read where they are, or sent.
void measure_handing_over(lines& result, team& team) {
    constexpr index_t count = index_t{8} << 20;
    array<double, 1> line(team, {count * team.size()});
    const page_memory memory(count * sizeof(double));
    const int last = team.size() - 1;
    const auto add_up = [](const double* from) {
        std::array<double, 8> parts{};
        for (std::size_t i = 0; i < count; i += 8)
            for (std::size_t k = 0; k < 8; ++k) parts[k] += from[i + k];
        keep(parts);
    };
    const double* const mine = line.local().data_handle();
    const double* const theirs = line.block(last).data_handle();
    result.add(
        "64 MiB for a peer to add up", "fence, read in place", "MPI_Send, MPI_Recv",
        [=, &team](long times) {
            for (; times > 0; --times) {
                team.fence();
                if (team.rank() == 0) add_up(theirs);
                team.fence();
            }
        },
        [=, &team, &memory](long times) {
            for (; times > 0; --times) {
                if (team.rank() == last) MPI_Send(mine, count, MPI_DOUBLE, 0, 0, team.comm());
                if (team.rank() != 0) continue;
                MPI_Recv(memory.doubles(), count, MPI_DOUBLE, last, 0, team.comm(),
                         MPI_STATUS_IGNORE);
                add_up(memory.doubles());
            }
        });
}

// The recipe for sharing NumPy arrays of 2014: rows of a 2000 x 10 array are filled by workers in
// blocks of 100, and one process has them all afterwards.
void measure_recipe(lines& result, team& team) {
    constexpr index_t rows = 2000, columns = 10, block = 100;
    array<double, 2> table(team, {rows, columns});
    const page_memory mine(rows * columns * sizeof(double));
    const page_memory all(rows * columns * sizeof(double));
    std::vector<int> counts, begins;
    for (int rank = 0; rank < team.size(); ++rank) {
        const box<2> part = table.rank_box_of(rank);
        counts.push_back(static_cast<int>(part.size()));
        begins.push_back(static_cast<int>(part.lo[0] * columns));
    }
    const box<2> part = table.rank_box();
    const auto fill = [part](double* to) {
        for (index_t i = part.lo[0]; i < part.hi[0]; ++i, to += columns)
            std::fill_n(to, columns, static_cast<double>(i / block * block));
        keep_writes();
    };
    const auto local = table.local();
    result.add(
        "2000 x 10 filled in 20 blocks", "in place, fence", "filled, MPI_Gatherv",
        [=, &team](long times) {
            for (; times > 0; --times) {
                fill(local.data_handle());
                team.fence();
            }
        },
        [&](long times) {
            for (; times > 0; --times) {
                fill(mine.doubles());
                MPI_Gatherv(mine.doubles(), counts[static_cast<std::size_t>(team.rank())],
                            MPI_DOUBLE, all.doubles(), counts.data(), begins.data(), MPI_DOUBLE, 0,
                            team.comm());
            }
        });
}

} // namespace

std::vector<measurement> measure_sharing(team& team, int batches) {
    lines result(team, batches);
    for (const index_t bytes : {index_t{4} << 10, index_t{1} << 20, index_t{16} << 20})
        measure_load(result, team, bytes);
    if (!has_node_peers(team)) return result.take();
    measure_handing_over(result, team);
    measure_recipe(result, team);
    return result.take();
}

} // namespace nodespan::bench
