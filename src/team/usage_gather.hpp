#pragma once

#include "node_barrier.hpp"
#include "usage_counters.hpp"

#include <cstdint>
#include <vector>

namespace nodespan::detail {

/// What a rank brings to a team's last meeting: `failure` in word 0, and whether and how it has
/// kept counters, null for not.
agreed_words usage_terms(std::uint64_t failure, const team_usage* counters);

/// The numbers of all ranks, on rank 0.
struct gathered_usage {
    std::vector<std::uint64_t> by_rank, sums;
};

/// Whether a report is wanted, as `agreed` says, the outcome of that meeting: only if all ranks
/// have kept counters, and as many. Else nobody waits for anybody, and rank 0 says why.
bool is_report_wanted(const agreed_words& agreed, int rank);

/// Writes the report.
/// Call:   rank 0.
/// Errors: none; what can't be written is said on standard error.
void write_usage(const gathered_usage& all, int nodes, const team_usage& counters);

} // namespace nodespan::detail
