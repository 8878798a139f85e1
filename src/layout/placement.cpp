#include "nodespan/placement.hpp"

#include "ascending.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

namespace nodespan {

placement::placement(const std::vector<int>& ranks_per_node) {
    if (ranks_per_node.empty() ||
        *std::min_element(ranks_per_node.begin(), ranks_per_node.end()) < 1)
        throw error(errc::invalid_argument, "placement: every node needs at least one rank");
    nodes_ = static_cast<int>(ranks_per_node.size());
    uniform_ = ranks_per_node.front();
    std::int64_t total = 0;
    for (const int ranks : ranks_per_node) total += ranks;
    if (total > std::numeric_limits<int>::max())
        throw error(errc::invalid_argument, fmt::format("placement: {} ranks are too many", total));
    size_ = static_cast<int>(total);
    if (std::count(ranks_per_node.begin(), ranks_per_node.end(), uniform_) == nodes_) return;

    first_.reserve(ranks_per_node.size() + 1);
    first_.push_back(0);
    for (const int ranks : ranks_per_node) first_.push_back(first_.back() + ranks);
}

placement::placement(int nodes, int ranks_per_node) : nodes_(nodes), uniform_(ranks_per_node) {
    if (nodes < 1 || ranks_per_node < 1 || nodes > std::numeric_limits<int>::max() / ranks_per_node)
        throw error(errc::invalid_argument,
                    fmt::format("placement({}, {}): no such machine", nodes, ranks_per_node));
    size_ = nodes * ranks_per_node;
}

int placement::node_of(int rank) const noexcept {
    if (first_.empty()) return rank / uniform_;
    return static_cast<int>(detail::last_not_above(first_, rank));
}

} // namespace nodespan
