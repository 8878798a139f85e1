// The block-cyclic part of distribution. Blocks of one dimension go round its nodes: with b = block
// and p = nodes, index i is in block i / b, of node i / b % p, and i / b / p blocks of that node
// lie before it. By place a node's indices stand together, behind those of the nodes before it.
#include "nodespan/distribution.hpp"

#include "nodespan/error.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace nodespan {
namespace {

[[noreturn]] void refuse(const std::string& why) {
    throw error(errc::invalid_argument, "distribution: " + why);
}

} // namespace

void distribution::refuse_boxes() {
    refuse("block-cyclic, so what a node or a rank holds is no box of indices; ask places(), or "
           "redistribute to an array without block");
}

void distribution::set_blocks(const std::vector<index_t>& blocks,
                              const std::vector<std::vector<index_t>>& cuts) {
    if (blocks.empty()) return;
    if (blocks.size() != axes_.size())
        refuse(fmt::format("block {} has {} entries for {} dimensions", blocks, blocks.size(),
                           axes_.size()));
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        if (blocks[d] < 0) refuse(fmt::format("block {}: below 0", blocks));
        if (blocks[d] > 0 && d < cuts.size() && !cuts[d].empty())
            refuse(fmt::format("dimension {} has a block of {} and cut points; it takes one of "
                               "them",
                               d, blocks[d]));
        // A block may be larger than the extent; the first node then has all.
        axes_[d].block = std::min(blocks[d], std::max<index_t>(axes_[d].extent, 1));
        is_cyclic_ |= blocks[d] > 0;
    }
}

// How many of the indices below `end` node k of a dimension has.
index_t distribution::dealt(const axis& a, index_t end, index_t k) {
    const index_t blocks = end / a.block, own = blocks / a.nodes * a.block;
    const index_t turn = blocks % a.nodes;
    if (k < turn) return own + a.block;
    return k == turn ? own + end % a.block : own;
}

// How many indices the nodes before node k of a dimension have.
index_t distribution::dealt_before(const axis& a, index_t k) {
    const index_t blocks = a.extent / a.block, turn = blocks % a.nodes;
    const index_t own = blocks / a.nodes * a.block;
    return own * k + std::min(k, turn) * a.block + (k > turn ? a.extent % a.block : 0);
}

// The node at a place: those before the one with the last block have a block more than those
// behind.
index_t distribution::find_dealt(const axis& a, index_t place) {
    const index_t blocks = a.extent / a.block, turn = blocks % a.nodes;
    const index_t own = blocks / a.nodes * a.block;
    const index_t first = turn * (own + a.block);
    if (place < first) return place / (own + a.block);
    const index_t behind = place - first - own - a.extent % a.block;
    return behind < 0 ? turn : turn + 1 + behind / own;
}

index_list distribution::block() const {
    index_list result = extents_;
    for (std::size_t d = 0; d < axes_.size(); ++d) result[d] = axes_[d].block;
    return result;
}

index_list distribution::place_of(const index_list& index) const {
    index_list result = index;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        if (!is_cyclic_ || a.block == 0) continue;
        const index_t block = index[d] / a.block;
        result[d] =
            dealt_before(a, block % a.nodes) + block / a.nodes * a.block + index[d] % a.block;
    }
    return result;
}

index_list distribution::index_of(const index_list& place) const {
    index_list result = place;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        if (!is_cyclic_ || a.block == 0) continue;
        const index_t k = find_dealt(a, place[d]), own = place[d] - dealt_before(a, k);
        result[d] = (own / a.block * a.nodes + k) * a.block + own % a.block;
    }
    return result;
}

distribution distribution::places() const {
    distribution result = *this;
    result.is_cyclic_ = false;
    return result;
}

bool distribution::has_places_of(const distribution& other) const noexcept {
    if (extents_ != other.extents_) return false;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis &a = axes_[d], &b = other.axes_[d];
        const index_t block = is_cyclic_ ? a.block : 0;
        const index_t other_block = other.is_cyclic_ ? b.block : 0;
        if (block != other_block || (block > 0 && a.nodes != b.nodes)) return false;
    }
    return true;
}

distribution::turn distribution::turn_of(const axis& a, index_t lo, index_t hi) const {
    if (a.block > 0) {
        const index_t first = lo / a.block, last = (hi - 1) / a.block;
        return {first % a.nodes, std::min<index_t>(last - first + 1, a.nodes)};
    }
    const index_t first = find_node(a, lo);
    return {first, find_node(a, hi - 1) - first + 1};
}

// The places of a patch's elements on one node.
box<dynamic_rank> distribution::part_of(const index_list& coordinates,
                                        const box<dynamic_rank>& patch) const {
    box<dynamic_rank> result = patch;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        const index_t k = coordinates[d], begin = node_cut(a, k);
        if (a.block > 0) {
            result.lo[d] = begin + dealt(a, patch.lo[d], k);
            result.hi[d] = begin + dealt(a, patch.hi[d], k);
        } else {
            result.lo[d] = std::max(patch.lo[d], begin);
            result.hi[d] = std::max(result.lo[d], std::min(patch.hi[d], node_cut(a, k + 1)));
        }
    }
    return result;
}

// The indices that follow each other as their places do, from `place` up to `end`.
box<dynamic_rank> distribution::run_at(const index_list& place, const index_list& end) const {
    const index_list first = index_of(place);
    box<dynamic_rank> result{first, first};
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        const index_t left = end[d] - place[d];
        const bool is_dealt = is_cyclic_ && a.block > 0 && a.nodes > 1;
        result.hi[d] += is_dealt ? std::min(left, a.block - first[d] % a.block) : left;
    }
    return result;
}

} // namespace nodespan
