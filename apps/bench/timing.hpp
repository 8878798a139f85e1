#pragma once

#include <nodespan/box.hpp>
#include <nodespan/team.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace nodespan::bench {

/// One line of the result: the same work done by nodespan and by a reference, in one run.
struct measurement {
    std::string name;        ///< The case.
    std::string size;        ///< Of the work, in words.
    std::string reference;   ///< What nodespan is measured against.
    double ours_seconds = 0; ///< One piece of work: median over batches, slowest rank of each.
    double reference_seconds = 0;
    double best_ratio = 0; ///< Of the fastest batches: what other programs' load disturbs least.
    double spread = 0;     ///< How far batches of one side differ: quartile distance / median.

    /// Above 1: nodespan is faster.
    double ratio() const { return reference_seconds / ours_seconds; }
    bool is_noisy() const { return spread > 0.1; }
};

/// Does its work `count` times.
using workload = std::function<void(long count)>;

/// Times both in alternating batches of some 2 ms, so that a change of the machine's mood meets
/// both.
/// Call: collective, with workloads that do the same on all ranks.
measurement compare(team& team, int batches, const workload& ours, const workload& reference);

/// What the slowest rank's times of one piece of work say, of batch for batch.
measurement measurement_of(const std::vector<double>& ours, const std::vector<double>& reference);

/// Collects the lines of a case.
class lines {
public:
    lines(team& team, int batches) : team_(team), batches_(batches) {}

    /// Call: collective, as compare().
    void add(std::string name, std::string size, std::string reference, const workload& ours,
             const workload& theirs);
    std::vector<measurement> take() { return std::move(results_); }

private:
    team& team_;
    int batches_;
    std::vector<measurement> results_;
};

/// "64 MiB", "4 KiB", "100 B".
std::string text_of_bytes(index_t bytes);

/// Makes the compiler compute a value that nobody asks for, or write what nobody reads.
template <class T>
void keep(const T& value) {
    asm volatile("" : : "r,m"(value));
}
inline void keep_writes() {
    asm volatile("" : : : "memory");
}

/// A case: measures something at one or more sizes. Call: collective.
struct bench_case {
    const char* name;
    const char* description;
    std::vector<measurement> (*run)(team& team, int batches);
    bool (*is_for)(const team& team); ///< Whether it is run where nobody asks for it by name.
};

std::vector<measurement> measure_sum(team& team, int batches);
std::vector<measurement> measure_fence(team& team, int batches);
std::vector<measurement> measure_create(team& team, int batches);
std::vector<measurement> measure_elements(team& team, int batches);
std::vector<measurement> measure_lists(team& team, int batches);
std::vector<measurement> measure_locks(team& team, int batches);
std::vector<measurement> measure_commands(team& team, int batches);
std::vector<measurement> measure_loops(team& team, int batches);
std::vector<measurement> measure_copies(team& team, int batches);
std::vector<measurement> measure_patches(team& team, int batches);
std::vector<measurement> measure_sorting(team& team, int batches);
std::vector<measurement> measure_maps(team& team, int batches);
std::vector<measurement> measure_sharing(team& team, int batches);
std::vector<measurement> measure_transfer(team& team, int batches);
std::vector<measurement> measure_ghosts(team& team, int batches);
std::vector<measurement> measure_collectives(team& team, int batches);
std::vector<measurement> measure_gpu(team& team, int batches);
bool has_gpus(const team& team); ///< Every rank. Call: collective.
std::vector<measurement> measure_redistribute(team& team, int batches);
std::vector<measurement> measure_transpose(team& team, int batches);
std::vector<measurement> measure_multiply(team& team, int batches); // with linalg only
std::vector<measurement> measure_files(team& team, int batches);    // with HDF5 only

} // namespace nodespan::bench
