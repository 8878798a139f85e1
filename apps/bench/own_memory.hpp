#pragma once

#include "timing.hpp"

#include <vector>

namespace nodespan::bench {

/// Collective calls of values in a rank's own memory, which every rank writes anew before each
/// call: without that, caches keep what was sent before, and none but the first call would move
/// anything. Against the same calls of MPI, as they are, and by coll/sm where Open MPI has it.
/// Call: collective.
std::vector<measurement> measure_own_memory(team& team, int batches);

/// Lets a communicator ask Open MPI for its collective calls through shared memory, which others do
/// not get by that.
/// Call: before MPI begins.
void let_mpi_offer_sm();

} // namespace nodespan::bench
