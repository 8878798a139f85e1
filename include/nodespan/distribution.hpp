#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/placement.hpp"

#include <memory>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// How an array is cut. By default: dimension 0 in size() nearly equal pieces, node by node.
struct distribution_options {
    /// Nodes along each dimension; the product is the number of nodes. One entry may be 0, which
    /// means "the rest". Empty: all nodes along dimension 0. Pieces are proportional to the numbers
    /// of ranks in them.
    std::vector<int> node_grid = {};

    /// Ranks along each dimension inside every node; the product is the node's number of ranks. One
    /// entry may be 0, which means "the rest", and also fits nodes of different sizes. Empty: all
    /// ranks of a node along dimension 0.
    std::vector<int> rank_grid = {};

    /// Explicit cut points, `cuts[d]` for dimension d; an empty list means nearly equal pieces.
    /// They ascend from 0 to extent(d); there is one more than there are rank pieces along d. Two
    /// equal neighbours make an empty piece.
    std::vector<std::vector<index_t>> cuts = {};

    /// Block-cyclic: the extents of the blocks that are dealt to the nodes along each dimension in
    /// turn, node 0 first. A 0 leaves a dimension in nearly equal pieces. Empty: nothing is dealt.
    /// Nodes get their turns whatever their numbers of ranks; what a node has got is cut over its
    /// ranks. No cuts along a dimension that is dealt.
    std::vector<index_t> block = {};
};

/// Ghost layers: copies of neighbours' elements around every node's box, corners included.
struct ghost_options {
    /// Layers on both sides along each dimension, >= 0; they may reach past the next node. Empty:
    /// none. Otherwise one entry per dimension; where `periodic`, at most the extent.
    std::vector<index_t> width = {};

    /// Whether the index space is periodic along each dimension. Empty: nowhere. Otherwise one
    /// entry per dimension.
    std::vector<bool> periodic = {};
};

/// Which node and which rank own which box of an N-d index space. Pure arithmetic without MPI.
///
/// The index space is cut over nodes first, then every node's box over its ranks; both levels are
/// grids, numbered row-major. Every index belongs to exactly one rank. Boxes can be empty. Copies
/// are cheap if no explicit cuts are given. Read-only after construction.
///
/// Block-cyclic, a node has many small boxes, which lie packed: along each dimension its indices
/// follow each other in ascending order, those of the next node behind them. This order numbers the
/// index space anew, by places: what a node or a rank has is a box of places, and `places()` tells
/// which. Elsewhere the place of an index is the index.
class distribution {
public:
    /// No dimensions and no owners; only to be assigned to.
    distribution() = default;

    /// Cuts `extents` over the ranks of `ranks`.
    /// Shape:  1 to 6 dimensions; extents >= 0, their product below 2^63.
    /// Errors: errc::invalid_argument names the extents, grid or cut points that do not fit.
    distribution(const index_list& extents, std::shared_ptr<const nodespan::placement> ranks,
                 const distribution_options& options = {});

    int dimensions() const noexcept { return static_cast<int>(extents_.size()); }
    const index_list& extents() const noexcept { return extents_; }
    const nodespan::placement& placement() const noexcept { return *ranks_; }

    /// Whether the options said block, so that there are no boxes of indices.
    bool is_cyclic() const noexcept { return is_cyclic_; }

    /// The box a node stores: the union of its ranks' boxes.
    /// Errors: errc::invalid_argument if block-cyclic; so do rank_box and for_each_node.
    /// Cost:   O(dimensions).
    box<dynamic_rank> node_box(int node) const;

    /// A rank's share of the work.
    /// Cost:   O(dimensions), O(log nodes) where nodes differ in size.
    box<dynamic_rank> rank_box(int rank) const;

    /// The node, or the rank, that owns the element at `index`. Needs one inside the extents.
    /// Cost:   O(dimensions); O(log) where nodes differ in size or cuts are explicit.
    int owner_node(const index_list& index) const;
    int owner_rank(const index_list& index) const;

    /// The extents of what is dealt to nodes in turn: 0 where a dimension is in pieces, at most its
    /// extent elsewhere.
    index_list block() const;

    /// How many nodes there are along each dimension, and how many ranks of a node.
    index_list node_grid() const;
    index_list rank_grid(int node) const;

    /// The largest extents of any node box, dimension by dimension, and their product, which every
    /// node has to reserve.
    index_list largest_node_extents() const;
    index_t largest_node_size() const;

    /// Calls f(node, part) for every node that owns a part of `patch`, in ascending order.
    template <class F>
    void for_each_node(const box<dynamic_rank>& patch, F&& f) const;

    /// The place of an index inside the extents, and the index of such a place.
    /// Cost:   O(dimensions).
    index_list place_of(const index_list& index) const;
    index_list index_of(const index_list& place) const;

    /// The same owners, asked by place: it has boxes.
    distribution places() const;

    /// Calls f(node, places) once for every node that owns elements of `patch`: on each these are
    /// one box of places. In any order of nodes.
    template <class F>
    void for_each_owner(const box<dynamic_rank>& patch, F&& f) const;

    /// Calls f(places, indices) for the largest boxes whose elements have one order by place and by
    /// index, in ascending order of places. All of `part`, a box of places, is one node's.
    template <class F>
    void for_each_run(const box<dynamic_rank>& part, F&& f) const;

    /// Whether both number the same extents by the same places.
    bool has_places_of(const distribution& other) const noexcept;

private:
    // How one dimension is cut over the node grid.
    struct axis {
        index_t extent = 0;
        int nodes = 1;               // pieces over nodes
        bool along_all = false;      // every node is along this dimension: weights are its ranks
        std::vector<index_t> weight; // else prefix sums of ranks; empty: all pieces weigh the same
        std::vector<index_t> cuts;   // explicit points between rank pieces
        index_t each = 0;       // with cuts: rank pieces of every node piece, if all have as many
        std::vector<int> piece; // else number of the first rank piece of a node piece
        index_t block = 0;      // dealt in blocks of this extent
    };

    // How many nodes own a part of a range along one dimension, and which one is the first.
    struct turn {
        index_t first, count;
    };

    void set_node_grid(const std::vector<int>& grid);
    void set_rank_grid(const std::vector<int>& grid);
    void set_cuts(const std::vector<std::vector<index_t>>& cuts);
    void set_pieces(axis& a, int d);
    void set_blocks(const std::vector<index_t>& blocks,
                    const std::vector<std::vector<index_t>>& cuts);
    [[noreturn]] static void refuse_boxes();

    index_list node_at(int node) const; // position in the node grid
    index_t node_cut(const axis& a, index_t k) const;
    index_t rank_cut(const axis& a, index_t k, index_t piece, index_t pieces) const;
    static index_t first_piece(const axis& a, index_t k);
    static index_t node_of_piece(const axis& a, index_t piece);
    index_t find_node(const axis& a, index_t at) const;
    index_t find_rank(const axis& a, index_t k, index_t at, index_t pieces) const;
    int node_number(const index_list& coordinates) const;
    int node_at_place(const index_list& at) const;
    int rank_at_place(const index_list& at) const;
    static index_t dealt(const axis& a, index_t end, index_t k);
    static index_t dealt_before(const axis& a, index_t k);
    static index_t find_dealt(const axis& a, index_t place);
    turn turn_of(const axis& a, index_t lo, index_t hi) const;
    box<dynamic_rank> part_of(const index_list& coordinates, const box<dynamic_rank>& patch) const;
    box<dynamic_rank> run_at(const index_list& place, const index_list& end) const;

    index_list extents_;
    std::shared_ptr<const nodespan::placement> ranks_;
    std::vector<axis> axes_;
    index_list rank_grid_; // 0 for the rest
    bool is_cyclic_ = false;
};

template <class F>
void distribution::for_each_node(const box<dynamic_rank>& patch, F&& f) const {
    if (is_cyclic_) refuse_boxes();
    if (patch.empty()) return;
    index_list first = patch.lo, last = patch.lo;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        first[d] = find_node(axes_[d], patch.lo[d]);
        last[d] = find_node(axes_[d], patch.hi[d] - 1);
    }
    index_list place = first;
    for (;;) {
        const int node = node_number(place);
        const box<dynamic_rank> part = node_box(node).intersection(patch);
        if (!part.empty()) f(node, part);
        std::size_t d = axes_.size();
        while (d > 0 && place[d - 1] == last[d - 1]) {
            place[d - 1] = first[d - 1];
            --d;
        }
        if (d == 0) return;
        ++place[d - 1];
    }
}

template <class F>
void distribution::for_each_owner(const box<dynamic_rank>& patch, F&& f) const {
    if (!is_cyclic_) return for_each_node(patch, f);
    if (patch.empty()) return;
    index_list first = patch.lo, count = patch.lo, coordinates = patch.lo;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const turn whose = turn_of(axes_[d], patch.lo[d], patch.hi[d]);
        coordinates[d] = first[d] = whose.first;
        count[d] = whose.count;
    }
    index_list at(dimensions(), 0);
    for (;;) {
        const box<dynamic_rank> part = part_of(coordinates, patch);
        if (!part.empty()) f(node_number(coordinates), part);
        std::size_t d = axes_.size();
        for (; d > 0; --d) {
            const bool is_last = ++at[d - 1] == count[d - 1];
            if (is_last) at[d - 1] = 0;
            coordinates[d - 1] = (first[d - 1] + at[d - 1]) % axes_[d - 1].nodes;
            if (!is_last) break;
        }
        if (d == 0) return;
    }
}

template <class F>
void distribution::for_each_run(const box<dynamic_rank>& part, F&& f) const {
    if (part.empty()) return;
    index_list place = part.lo;
    for (;;) {
        const box<dynamic_rank> indices = run_at(place, part.hi);
        const index_list extents = indices.extents();
        box<dynamic_rank> places{place, place};
        for (std::size_t d = 0; d < axes_.size(); ++d) places.hi[d] += extents[d];
        f(places, indices);
        std::size_t d = axes_.size();
        while (d > 0 && places.hi[d - 1] == part.hi[d - 1]) {
            place[d - 1] = part.lo[d - 1];
            --d;
        }
        if (d == 0) return;
        place[d - 1] = places.hi[d - 1];
    }
}

} // namespace nodespan
