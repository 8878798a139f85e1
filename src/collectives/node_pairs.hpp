#pragma once

namespace nodespan::detail {

/// The order in which the leaders of nodes combine what their nodes have: always two neighbouring
/// groups of nodes at a time, until one group is left. It depends on the number of nodes alone.
///
/// Of `nodes` nodes the largest power of two that is not more is the number of groups to begin
/// with. If there are nodes beyond it, as many of the first groups are pairs of nodes; all others
/// are one node. Groups then combine pairwise: in the round of distance d (1, 2, 4, ...) group g
/// meets group g ^ d, and afterwards each has what 2 d neighbouring groups have.
class node_pairs {
public:
    node_pairs(int nodes, int node) noexcept {
        while (groups_ * 2 <= nodes) groups_ *= 2;
        pairs_ = nodes - groups_;
        group_ = node < 2 * pairs_ ? node / 2 : node - pairs_;
        if (node < 2 * pairs_) other_ = node ^ 1;
        stands_back_ = other_ >= 0 && other_ < node;
    }

    int groups() const noexcept { return groups_; }

    /// The other node of this node's pair; -1 if it is alone in its group.
    int other() const noexcept { return other_; }

    /// Whether the other one speaks for both; it is the one with the lower number.
    bool stands_back() const noexcept { return stands_back_; }

    /// The node that this one meets in a round, and whether that one's group comes first.
    int partner(int distance) const noexcept { return speaker_of(group_ ^ distance); }
    bool is_upper(int distance) const noexcept { return (group_ & distance) != 0; }

private:
    int speaker_of(int group) const noexcept { return group < pairs_ ? 2 * group : group + pairs_; }

    int groups_ = 1, pairs_ = 0, group_ = 0, other_ = -1;
    bool stands_back_ = false;
};

} // namespace nodespan::detail
