#include "timing.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <limits>

namespace nodespan::bench {
namespace {

// Shorter than the turns in which a busy machine shares its cores, so that many batches have a core
// to themselves; far longer than a look at the clock and the meeting that begins a batch.
constexpr double batch_seconds = 0.002;

// Begins with our own fence: where ranks share cores and MPI does not yield, those that are still
// in an MPI_Barrier take a core from those that have left it, for milliseconds.
double time_of(team& team, const workload& work, long count) {
    team.fence();
    const double start = MPI_Wtime();
    work(count);
    return MPI_Wtime() - start;
}

// How often a batch does its work; the same on all ranks. Warms up caches and pages as well.
long batch_count(team& team, const workload& work) {
    for (long count = 1;; count *= 2) {
        double fastest = std::numeric_limits<double>::max(); // of some, lest a pause decides
        for (int i = 0; i < 3 && fastest >= batch_seconds / 2; ++i) {
            double seconds = time_of(team, work, count);
            MPI_Allreduce(MPI_IN_PLACE, &seconds, 1, MPI_DOUBLE, MPI_MAX, team.comm());
            fastest = std::min(fastest, seconds);
        }
        if (fastest >= batch_seconds / 2) return count * (fastest < batch_seconds ? 2 : 1);
    }
}

struct statistics {
    double median = 0, best = 0, spread = 0;
};

statistics summarise(std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    const std::size_t n = seconds.size();
    const double median = (seconds[n / 2] + seconds[(n - 1) / 2]) / 2;
    return {median, seconds[0], (seconds[n * 3 / 4] - seconds[n / 4]) / median};
}

// The slowest rank's time in every batch, for one piece of work.
std::vector<double> slowest(const team& team, std::vector<double> seconds, long count) {
    MPI_Allreduce(MPI_IN_PLACE, seconds.data(), static_cast<int>(seconds.size()), MPI_DOUBLE,
                  MPI_MAX, team.comm());
    for (double& time : seconds) time /= static_cast<double>(count);
    return seconds;
}

} // namespace

measurement compare(team& team, int batches, const workload& ours, const workload& reference) {
    const workload* const works[] = {&ours, &reference};
    const long counts[] = {batch_count(team, ours), batch_count(team, reference)};
    std::vector<double> seconds[2];
    for (int batch = 0; batch < batches; ++batch)
        for (int turn = 0; turn < 2; ++turn) {
            const int who = (batch + turn) % 2; // each goes first as often as the other
            seconds[who].push_back(time_of(team, *works[who], counts[who]));
        }
    return measurement_of(slowest(team, seconds[0], counts[0]),
                          slowest(team, seconds[1], counts[1]));
}

measurement measurement_of(const std::vector<double>& ours, const std::vector<double>& reference) {
    const statistics mine = summarise(ours), other = summarise(reference);
    measurement result;
    result.ours_seconds = mine.median;
    result.reference_seconds = other.median;
    result.best_ratio = other.best / mine.best;
    result.spread = std::max(mine.spread, other.spread);
    return result;
}

void lines::add(std::string name, std::string size, std::string reference, const workload& ours,
                const workload& theirs) {
    measurement result = compare(team_, batches_, ours, theirs);
    result.name = std::move(name);
    result.size = std::move(size);
    result.reference = std::move(reference);
    results_.push_back(std::move(result));
}

std::string text_of_bytes(index_t bytes) {
    constexpr index_t kib = 1024, mib = 1024 * kib;
    if (bytes >= mib && bytes % mib == 0) return fmt::format("{} MiB", bytes / mib);
    if (bytes >= kib && bytes % kib == 0) return fmt::format("{} KiB", bytes / kib);
    return fmt::format("{} B", bytes);
}

} // namespace nodespan::bench
