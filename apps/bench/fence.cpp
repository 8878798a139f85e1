#include "timing.hpp"

#include <fmt/format.h>
#include <mpi.h>

namespace nodespan::bench {
namespace {

workload barriers(MPI_Comm comm) {
    return [comm](long count) {
        for (; count > 0; --count) MPI_Barrier(comm);
    };
}

} // namespace

std::vector<measurement> measure_fence(team& team, int batches) {
    MPI_Comm duplicate = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &duplicate);
    const workload fences = [&team](long count) {
        for (; count > 0; --count) team.fence();
    };
    std::vector<measurement> results;
    for (const auto& [comm, name] : {std::pair{MPI_COMM_WORLD, "MPI_Barrier, world"},
                                     std::pair{duplicate, "MPI_Barrier, duplicate"}}) {
        measurement result = compare(team, batches, fences, barriers(comm));
        result.name = "fence";
        result.size = fmt::format("{} ranks, {} nodes", team.size(), team.nodes());
        result.reference = name;
        results.push_back(result);
    }
    MPI_Comm_free(&duplicate);
    return results;
}

} // namespace nodespan::bench
