#pragma once

#include "node_barrier.hpp"
#include "nodespan/placement.hpp"
#include "usage.hpp"

#include <mpi.h>

namespace nodespan::detail {

/// What a rank brings to a team's last meeting: `failure` in word 0, and whether and how it has
/// kept books, null for not.
agreed_words usage_terms(std::uint64_t failure, const team_usage* books);

/// Puts the ranks' books together and writes the report. Only if all ranks have kept books, as
/// `agreed` says, the outcome of that meeting; else nobody waits for anybody.
/// Call:   collective over `comm`, the team's ranks in order.
/// Errors: none: a report that fails is left out, and what can't be written is said on standard
///         error.
void report_usage(const agreed_words& agreed, MPI_Comm comm, int rank, const placement& ranks,
                  const team_usage* books) noexcept;

} // namespace nodespan::detail
