#pragma once

#include "timing.hpp"

#include <vector>

namespace nodespan::bench {

/// Lists that all ranks have, against the same by MPI_Alltoallv.
std::vector<measurement> measure_lists_together(team& team, int batches);

} // namespace nodespan::bench
