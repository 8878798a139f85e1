#pragma once

#include "nodespan/distribution.hpp"

#include <string>

namespace nodespan {

/// How an array is cut, what surrounds it, and what it is called.
struct array_options {
    /// How the array is cut over nodes and ranks.
    distribution_options distribution = {};

    /// Copies of neighbours' elements around every node's box.
    ghost_options ghosts = {};

    /// Whether elements start as zero bytes. Without it a new array may hold an old one's values.
    bool zeroed = true;

    /// What the array is called in messages and in the usage report.
    std::string name = {};
};

} // namespace nodespan
