#pragma once

#include <nodespan/distribution.hpp>

#include <string>

namespace nodespan::heat {

/// How --layout cuts a field over nodes: "rows"; "blocks", as square as the number of nodes allows;
/// or a grid of nodes, "2x3".

/// What is wrong with such a text; empty if nothing is. As CLI11 wants it of a check.
std::string complaint_about(const std::string& layout);

/// The node grid for so many nodes; a grid in `layout` is taken as it is.
distribution_options options_of(const std::string& layout, int nodes);

/// How many nodes `layout` is for; 0: any.
index_t nodes_of(const std::string& layout);

} // namespace nodespan::heat
