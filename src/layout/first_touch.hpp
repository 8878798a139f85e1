#pragma once

#include "ghost_plan.hpp"
#include "interval_set.hpp"
#include "nodespan/distribution.hpp"

#include <cstddef>
#include <vector>

namespace nodespan::detail {

/// The bytes of its node's block that a rank is the first to touch. If the runs of memory of its
/// box, with the ghosts beside it, are at least as long as a page, it is these; otherwise it is an
/// equal part of the block. All ranks of a node decide alike, so together they touch all of it.
std::vector<byte_range> first_touch(const distribution& cut, const ghost_layers& ghosts, int rank,
                                    std::size_t element_bytes);

} // namespace nodespan::detail
