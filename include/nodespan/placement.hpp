#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/detail/standard_library.hpp"

#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// The number of ranks on each node; ranks are numbered node by node. Pure arithmetic, no
/// communication.
///
/// Nodes of equal size need no memory; otherwise one int for each node is kept.
class placement {
public:
    /// Node k has ranks_per_node[k] ranks.
    /// Errors: errc::invalid_argument if the list is empty or an entry is below 1.
    explicit placement(const std::vector<int>& ranks_per_node);

    /// `nodes` nodes of `ranks_per_node` ranks each.
    placement(int nodes, int ranks_per_node);

    int nodes() const noexcept { return nodes_; }
    int size() const noexcept { return size_; }

    /// The first rank of a node; first_rank(nodes()) is size().
    int first_rank(int node) const noexcept {
        return first_.empty() ? node * uniform_ : first_[static_cast<std::size_t>(node)];
    }
    int node_size(int node) const noexcept { return first_rank(node + 1) - first_rank(node); }

    /// Cost:   O(1) where nodes have equal sizes, O(log nodes) elsewhere.
    int node_of(int rank) const noexcept;

    /// Whether all nodes have the same number of ranks.
    bool is_uniform() const noexcept { return first_.empty(); }

private:
    int nodes_ = 0;
    int size_ = 0;
    int uniform_ = 0;        // ranks of every node, where they are equal
    std::vector<int> first_; // nodes + 1 first ranks, where they are not
};

} // namespace nodespan
