#include "timing.hpp"

#include <mpi.h>

#include <algorithm>

namespace nodespan::bench {
namespace {

constexpr double batch_seconds = 0.01;

double time_of(const team& team, const workload& work, long count) {
    MPI_Barrier(team.comm());
    const double start = MPI_Wtime();
    work(count);
    return MPI_Wtime() - start;
}

// How often a batch does its work; the same on all ranks. Warms up caches and pages as well.
long batch_count(const team& team, const workload& work) {
    for (long count = 1;; count *= 2) {
        double seconds = time_of(team, work, count);
        MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, team.comm());
        if (seconds >= batch_seconds / 2) return count * (seconds < batch_seconds ? 2 : 1);
    }
}

struct statistics {
    double median = 0, best = 0, spread = 0;
};

// Of batch times: the slowest rank's in every batch.
statistics summarise(const team& team, std::vector<double> seconds, long count) {
    MPI_Allreduce(MPI_IN_PLACE, seconds.data(), static_cast<int>(seconds.size()), MPI_DOUBLE,
                  MPI_MAX, team.comm());
    std::sort(seconds.begin(), seconds.end());
    const std::size_t n = seconds.size();
    const double median = (seconds[n / 2] + seconds[(n - 1) / 2]) / 2;
    const auto works = static_cast<double>(count);
    return {median / works, seconds[0] / works, (seconds[n * 3 / 4] - seconds[n / 4]) / median};
}

} // namespace

measurement compare(const team& team, int batches, const workload& ours,
                    const workload& reference) {
    const workload* const works[] = {&ours, &reference};
    const long counts[] = {batch_count(team, ours), batch_count(team, reference)};
    std::vector<double> seconds[2];
    for (int batch = 0; batch < batches; ++batch)
        for (int turn = 0; turn < 2; ++turn) {
            const int who = (batch + turn) % 2; // each goes first as often as the other
            seconds[who].push_back(time_of(team, *works[who], counts[who]));
        }
    const statistics mine = summarise(team, seconds[0], counts[0]);
    const statistics other = summarise(team, seconds[1], counts[1]);
    measurement result;
    result.ours_seconds = mine.median;
    result.reference_seconds = other.median;
    result.best_ratio = other.best / mine.best;
    result.spread = std::max(mine.spread, other.spread);
    return result;
}

} // namespace nodespan::bench
