#include "by_hand.hpp"

#include <fmt/format.h>
#include <nodespan/array.hpp>

#include <array>
#include <string>

namespace nodespan::bench {
namespace {

constexpr int side = 2048;

// One row to each neighbour and one from each. Where a node has several ranks they wait for its
// leader, as they do for a node that shares its memory.
class rows_by_hand {
public:
    explicit rows_by_hand(const team& team)
        : among_(team.nodes() > 1 ? team.leader_comm() : team.comm()),
          node_(team.nodes() > 1 && team.node_size() > 1 ? team.node_comm() : MPI_COMM_NULL),
          takes_part_(team.nodes() == 1 || team.is_leader()),
          rows_(4 * side * sizeof(double)) {
        if (!takes_part_) return;
        int rank = 0, size = 0;
        MPI_Comm_rank(among_, &rank);
        MPI_Comm_size(among_, &size);
        neighbours_ = {rank > 0 ? rank - 1 : MPI_PROC_NULL,
                       rank + 1 < size ? rank + 1 : MPI_PROC_NULL};
    }

    void exchange() {
        if (node_ != MPI_COMM_NULL) MPI_Barrier(node_);
        if (takes_part_) {
            std::array<MPI_Request, 4> open{};
            double* row = rows_.doubles();
            std::size_t i = 0;
            for (const int neighbour : neighbours_) {
                MPI_Irecv(row, side, MPI_DOUBLE, neighbour, 0, among_, &open[i++]);
                MPI_Isend(row + side, side, MPI_DOUBLE, neighbour, 0, among_, &open[i++]);
                row += 2 * side;
            }
            MPI_Waitall(4, open.data(), MPI_STATUSES_IGNORE);
        }
        if (node_ != MPI_COMM_NULL) MPI_Barrier(node_);
    }

private:
    MPI_Comm among_;
    MPI_Comm node_;
    bool takes_part_;
    page_memory rows_;
    std::array<int, 2> neighbours_{};
};

} // namespace

std::vector<measurement> measure_ghosts(team& team, int batches) {
    array_options options;
    options.ghosts.width = {1, 1};
    array<double, 2> field(team, {side, side}, options);
    rows_by_hand rows(team);
    const workload ours = [&](long count) {
        for (; count > 0; --count) field.exchange_ghosts();
    };
    const workload fences = [&](long count) {
        for (; count > 0; --count) team.fence();
    };
    const workload by_hand = [&](long count) {
        for (; count > 0; --count) rows.exchange();
    };
    lines result(team, batches);
    const auto add = [&](const workload& reference, const char* name) {
        result.add(
            "ghosts, width 1",
            fmt::format("{0}x{0}, {1} node{2}", side, team.nodes(), team.nodes() > 1 ? "s" : ""),
            name, ours, reference);
    };
    add(fences, "fence()");
    add(by_hand, team.nodes() > 1 ? "Isend/Irecv, leaders" : "Isend/Irecv, ranks");
    return result.take();
}

} // namespace nodespan::bench
