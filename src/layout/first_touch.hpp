#pragma once

#include "ghost_plan.hpp"
#include "interval_set.hpp"
#include "nodespan/distribution.hpp"

#include <cstddef>
#include <vector>

namespace nodespan::detail {

/// The bytes of its node's block that a rank is the first to touch: the runs of memory that make up
/// its box, with the ghosts beside it, where they are as long as a page; an even part of the block
/// where they are not. All ranks of a node choose alike, so together they touch it all.
std::vector<byte_range> first_touch(const distribution& cut, const ghost_layers& ghosts, int rank,
                                    std::size_t element_bytes);

} // namespace nodespan::detail
