#include "by_hand.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nodespan/array.hpp>

#include <array>
#include <vector>

namespace nodespan::bench {
namespace {

workload barriers(MPI_Comm comm) {
    return [comm](long count) {
        for (; count > 0; --count) MPI_Barrier(comm);
    };
}

// Some microseconds of arithmetic that no compiler can shorten.
void compute(long steps) {
    double x = 1;
    for (; steps > 0; --steps) {
        x = x * 0.999 + 0.001;
        keep(x);
    }
}

long steps_in(double seconds) {
    constexpr long many = 1'000'000;
    const double start = MPI_Wtime();
    compute(many);
    return static_cast<long>(seconds / (MPI_Wtime() - start) * many);
}

// Work of 20 to 50 us between the meetings. The first rank has the most in one epoch, the last one
// in the next, as where loads differ.
template <class Meet>
workload after_work(const team& team, long least, long most, Meet meet) {
    const long ranks = std::max(team.size() - 1, 1);
    const long more = (most - least) * team.rank() / ranks;
    return [least, most, more, meet](long count) {
        for (; count > 0; --count) {
            compute(count % 2 == 0 ? least + more : most - more);
            meet();
        }
    };
}

} // namespace

std::vector<measurement> measure_fence(team& team, int batches) {
    lines result(team, batches);
    const std::string size =
        app::count_of(team.size(), "rank") + ", " + app::count_of(team.nodes(), "node");
    const workload fences = [&team](long count) {
        for (; count > 0; --count) team.fence();
    };
    MPI_Comm duplicate = MPI_COMM_NULL;
    MPI_Comm_dup(MPI_COMM_WORLD, &duplicate);
    result.add("fence", size, "MPI_Barrier, world", fences, barriers(MPI_COMM_WORLD));
    result.add("fence", size, "MPI_Barrier, duplicate", fences, barriers(duplicate));
    MPI_Comm_free(&duplicate);
    {
        const page_memory memory(4096);
        const mpi_window window(team, 0, memory, 4096, mpi_window::access::by_lock);
        result.add("fence", size, "MPI_Win_fence", fences, [&](long count) {
            for (; count > 0; --count) MPI_Win_fence(0, window.get());
        });
    }
    const long least = steps_in(20e-6), most = steps_in(50e-6);
    result.add("fence after work", "20 to 50 us of work", "MPI_Barrier, world",
               after_work(team, least, most, [&team] { team.fence(); }),
               after_work(team, least, most, [] { MPI_Barrier(MPI_COMM_WORLD); }));
    std::vector<array<double, 1>> arrays;
    for (int i = 0; i < 1000; ++i) arrays.emplace_back(team, indices<1>{64});
    result.add("fence", "1,000 live arrays", "MPI_Barrier, world", fences,
               barriers(MPI_COMM_WORLD));
    return result.take();
}

} // namespace nodespan::bench
