#pragma once

#include <nodespan/team.hpp>

#include <functional>
#include <string>
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

/// Times both in alternating batches of some 10 ms, so that a change of the machine's mood meets
/// both.
/// Call: collective, with workloads that do the same on all ranks.
measurement compare(const team& team, int batches, const workload& ours, const workload& reference);

/// A case: measures something at one or more sizes. Call: collective.
struct bench_case {
    const char* name;
    const char* description;
    std::vector<measurement> (*run)(team& team, int batches);
};

std::vector<measurement> measure_sum(team& team, int batches);
std::vector<measurement> measure_fence(team& team, int batches);
std::vector<measurement> measure_node(team& team, int batches);
std::vector<measurement> measure_transfer(team& team, int batches);
std::vector<measurement> measure_ghosts(team& team, int batches);

} // namespace nodespan::bench
