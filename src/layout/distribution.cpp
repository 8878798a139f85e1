#include "nodespan/distribution.hpp"

#include "ascending.hpp"
#include "nodespan/error.hpp"

#include <fmt/ranges.h>

#include <numeric>
#include <utility>

namespace nodespan {

using detail::last_not_above;

namespace {

__extension__ using wide = __int128;

// floor(a * b / c) for values >= 0, without overflow.
index_t scale(index_t a, index_t b, index_t c) {
    index_t product = 0;
    if (!__builtin_mul_overflow(a, b, &product)) return product / c;
    return static_cast<index_t>(static_cast<wide>(a) * b / c);
}

// The largest w with scale(n, w, total) <= at: the last of `total` equal pieces that begins there.
index_t piece_of(index_t at, index_t n, index_t total) {
    index_t product = 0;
    if (!__builtin_mul_overflow(at + 1, total, &product)) return (product - 1) / n;
    return static_cast<index_t>((static_cast<wide>(at + 1) * total - 1) / n);
}

[[noreturn]] void refuse(const std::string& why) {
    throw error(errc::invalid_argument, "distribution: " + why);
}

// A grid as given, with its shape checked; `rest` is the position of its 0, or -1.
struct checked_grid {
    index_list counts;
    index_t product = 1;
    int rest = -1;
};

checked_grid check_grid(const std::vector<int>& grid, std::size_t dimensions, const char* name) {
    checked_grid result{index_list(static_cast<int>(dimensions), 1)};
    if (grid.size() != dimensions)
        refuse(fmt::format("{} {} has {} entries for {} dimensions", name, grid, grid.size(),
                           dimensions));
    for (std::size_t d = 0; d < dimensions; ++d) {
        if (grid[d] < 0 || (grid[d] == 0 && result.rest >= 0))
            refuse(fmt::format("{} {} needs entries above 0, or one 0 for the rest", name, grid));
        result.counts[d] = grid[d];
        if (grid[d] == 0)
            result.rest = static_cast<int>(d);
        else if (__builtin_mul_overflow(result.product, grid[d], &result.product))
            refuse(fmt::format("{} {} has over 2^63 pieces", name, grid));
    }
    return result;
}

} // namespace

distribution::distribution(const index_list& extents,
                           std::shared_ptr<const nodespan::placement> ranks,
                           const distribution_options& options)
    : extents_(extents),
      ranks_(std::move(ranks)) {
    if (extents.size() < 1) refuse("an array needs at least one dimension");
    index_t size = 1;
    bool too_large = false;
    for (const index_t extent : extents) {
        if (extent < 0) refuse(fmt::format("extents {{{}}}: below 0", fmt::join(extents, ", ")));
        too_large |= __builtin_mul_overflow(size, std::max<index_t>(extent, 1), &size);
    }
    if (too_large)
        refuse(fmt::format("extents {{{}}}: over 2^63 elements", fmt::join(extents, ", ")));

    axes_.resize(extents.size());
    for (std::size_t d = 0; d < axes_.size(); ++d) axes_[d].extent = extents[d];
    set_node_grid(options.node_grid);
    set_rank_grid(options.rank_grid);
    set_cuts(options.cuts);
    set_blocks(options.block, options.cuts);
}

void distribution::set_node_grid(const std::vector<int>& grid) {
    std::vector<int> wanted = grid;
    if (wanted.empty()) {
        wanted.assign(axes_.size(), 1);
        wanted[0] = 0;
    }
    checked_grid checked = check_grid(wanted, axes_.size(), "node_grid");
    const int nodes = ranks_->nodes();
    if (nodes % checked.product != 0 || (checked.rest < 0 && checked.product != nodes))
        refuse(fmt::format("node_grid {} does not fit {} nodes", wanted, nodes));
    if (checked.rest >= 0)
        checked.counts[static_cast<std::size_t>(checked.rest)] = nodes / checked.product;

    for (std::size_t d = 0; d < axes_.size(); ++d) {
        axes_[d].nodes = static_cast<int>(checked.counts[d]);
        axes_[d].along_all = axes_[d].nodes == nodes;
    }
    if (ranks_->is_uniform()) return;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        axis& a = axes_[d];
        if (a.nodes == 1 || a.along_all) continue;
        a.weight.assign(static_cast<std::size_t>(a.nodes) + 1, 0);
        for (int node = 0; node < nodes; ++node)
            a.weight[static_cast<std::size_t>(node_at(node)[d]) + 1] += ranks_->node_size(node);
        std::partial_sum(a.weight.begin(), a.weight.end(), a.weight.begin());
    }
}

void distribution::set_rank_grid(const std::vector<int>& grid) {
    std::vector<int> wanted = grid;
    if (wanted.empty()) {
        wanted.assign(axes_.size(), 1);
        wanted[0] = 0;
    }
    const checked_grid checked = check_grid(wanted, axes_.size(), "rank_grid");
    const int kinds = ranks_->is_uniform() ? 1 : ranks_->nodes();
    for (int node = 0; node < kinds; ++node) {
        const int ranks = ranks_->node_size(node);
        if (ranks % checked.product != 0 || (checked.rest < 0 && checked.product != ranks))
            refuse(
                fmt::format("rank_grid {} does not fit node {} of {} ranks", wanted, node, ranks));
    }
    rank_grid_ = checked.counts;
}

void distribution::set_cuts(const std::vector<std::vector<index_t>>& cuts) {
    if (cuts.empty()) return;
    if (cuts.size() != axes_.size())
        refuse(fmt::format("cuts for {} dimensions, extents {{{}}}", cuts.size(),
                           fmt::join(extents_, ", ")));
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        if (cuts[d].empty()) continue;
        axis& a = axes_[d];
        set_pieces(a, static_cast<int>(d));
        const index_t pieces = first_piece(a, a.nodes);
        if (cuts[d].size() != static_cast<std::size_t>(pieces) + 1)
            refuse(fmt::format("dimension {} needs {} cut points for {} pieces, not {}", d,
                               pieces + 1, pieces, cuts[d].size()));
        if (cuts[d].front() != 0 || cuts[d].back() != a.extent ||
            !std::is_sorted(cuts[d].begin(), cuts[d].end()))
            refuse(fmt::format("cut points {} of dimension {} must ascend from 0 to {}", cuts[d], d,
                               a.extent));
        a.cuts = cuts[d];
    }
}

// How many rank pieces each node piece of dimension d has.
void distribution::set_pieces(axis& a, int d) {
    const auto along = static_cast<std::size_t>(d);
    if (ranks_->is_uniform()) {
        a.each = rank_grid(0)[along];
        return;
    }
    std::vector<index_t> pieces(static_cast<std::size_t>(a.nodes), 0);
    for (int node = 0; node < ranks_->nodes(); ++node) {
        index_t& here = pieces[static_cast<std::size_t>(node_at(node)[along])];
        const index_t wanted = rank_grid(node)[along];
        if (here != 0 && here != wanted)
            refuse(fmt::format("cuts of dimension {} need as many ranks along it in every node of "
                               "a row of the node grid",
                               d));
        here = wanted;
    }
    a.piece.assign(1, 0);
    for (const index_t count : pieces) a.piece.push_back(a.piece.back() + static_cast<int>(count));
}

index_t distribution::first_piece(const axis& a, index_t k) {
    return a.piece.empty() ? k * a.each : a.piece[static_cast<std::size_t>(k)];
}

index_t distribution::node_of_piece(const axis& a, index_t piece) {
    return a.piece.empty() ? piece / a.each : last_not_above(a.piece, static_cast<int>(piece));
}

index_list distribution::node_at(int node) const {
    index_list coordinates = extents_;
    for (std::size_t d = axes_.size(); d-- > 0;) {
        coordinates[d] = node % axes_[d].nodes;
        node /= axes_[d].nodes;
    }
    return coordinates;
}

int distribution::node_number(const index_list& coordinates) const {
    index_t node = 0;
    for (std::size_t d = 0; d < axes_.size(); ++d) node = node * axes_[d].nodes + coordinates[d];
    return static_cast<int>(node);
}

index_list distribution::node_grid() const {
    index_list grid = extents_;
    for (std::size_t d = 0; d < axes_.size(); ++d) grid[d] = axes_[d].nodes;
    return grid;
}

index_list distribution::rank_grid(int node) const {
    index_list grid = rank_grid_;
    index_t rest = ranks_->node_size(node);
    for (const index_t count : rank_grid_)
        if (count > 0) rest /= count;
    for (std::size_t d = 0; d < grid.size(); ++d)
        if (grid[d] == 0) grid[d] = rest;
    return grid;
}

// Where node piece k of a dimension begins.
index_t distribution::node_cut(const axis& a, index_t k) const {
    const auto at = static_cast<std::size_t>(k);
    if (!a.cuts.empty()) return a.cuts[static_cast<std::size_t>(first_piece(a, k))];
    if (a.block > 0) return dealt_before(a, k);
    if (!a.weight.empty()) return scale(a.extent, a.weight[at], a.weight.back());
    if (a.along_all && !ranks_->is_uniform())
        return scale(a.extent, ranks_->first_rank(static_cast<int>(k)), ranks_->size());
    return scale(a.extent, k, a.nodes);
}

// Where rank piece `piece` of `pieces` inside node piece k begins.
index_t distribution::rank_cut(const axis& a, index_t k, index_t piece, index_t pieces) const {
    if (!a.cuts.empty()) return a.cuts[static_cast<std::size_t>(first_piece(a, k) + piece)];
    const index_t lo = node_cut(a, k);
    return lo + scale(node_cut(a, k + 1) - lo, piece, pieces);
}

index_t distribution::find_node(const axis& a, index_t at) const {
    if (!a.cuts.empty()) return node_of_piece(a, last_not_above(a.cuts, at));
    if (a.block > 0) return find_dealt(a, at);
    if (!a.weight.empty()) return last_not_above(a.weight, piece_of(at, a.extent, a.weight.back()));
    if (a.along_all && !ranks_->is_uniform())
        return ranks_->node_of(static_cast<int>(piece_of(at, a.extent, ranks_->size())));
    return piece_of(at, a.extent, a.nodes);
}

index_t distribution::find_rank(const axis& a, index_t k, index_t at, index_t pieces) const {
    const index_t lo = node_cut(a, k);
    return piece_of(at - lo, node_cut(a, k + 1) - lo, pieces);
}

box<dynamic_rank> distribution::node_box(int node) const {
    if (is_cyclic_) refuse_boxes();
    const index_list coordinates = node_at(node);
    box<dynamic_rank> result{coordinates, coordinates};
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        result.lo[d] = node_cut(axes_[d], coordinates[d]);
        result.hi[d] = node_cut(axes_[d], coordinates[d] + 1);
    }
    return result;
}

box<dynamic_rank> distribution::rank_box(int rank) const {
    if (is_cyclic_) refuse_boxes();
    const int node = ranks_->node_of(rank);
    const index_list coordinates = node_at(node);
    const index_list grid = rank_grid(node);
    box<dynamic_rank> result{coordinates, coordinates};
    index_t rest = rank - ranks_->first_rank(node);
    for (std::size_t d = axes_.size(); d-- > 0;) {
        const index_t piece = rest % grid[d];
        rest /= grid[d];
        result.lo[d] = rank_cut(axes_[d], coordinates[d], piece, grid[d]);
        result.hi[d] = rank_cut(axes_[d], coordinates[d], piece + 1, grid[d]);
    }
    return result;
}

int distribution::owner_node(const index_list& index) const {
    return is_cyclic_ ? node_at_place(place_of(index)) : node_at_place(index);
}

int distribution::owner_rank(const index_list& index) const {
    return is_cyclic_ ? rank_at_place(place_of(index)) : rank_at_place(index);
}

int distribution::node_at_place(const index_list& at) const {
    index_list coordinates = at;
    for (std::size_t d = 0; d < axes_.size(); ++d) coordinates[d] = find_node(axes_[d], at[d]);
    return node_number(coordinates);
}

// Explicit cuts are searched once: the piece tells both the node and the rank.
int distribution::rank_at_place(const index_list& at) const {
    index_list coordinates = at, piece = at;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        if (a.cuts.empty()) {
            coordinates[d] = find_node(a, at[d]);
            continue;
        }
        piece[d] = last_not_above(a.cuts, at[d]);
        coordinates[d] = node_of_piece(a, piece[d]);
    }
    const int node = node_number(coordinates);
    const index_list grid = rank_grid(node);
    index_t local = 0;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        local = local * grid[d] + (a.cuts.empty() ? find_rank(a, coordinates[d], at[d], grid[d])
                                                  : piece[d] - first_piece(a, coordinates[d]));
    }
    return ranks_->first_rank(node) + static_cast<int>(local);
}

index_list distribution::largest_node_extents() const {
    index_list result = extents_;
    for (std::size_t d = 0; d < axes_.size(); ++d) {
        const axis& a = axes_[d];
        const bool equal =
            a.cuts.empty() && a.weight.empty() && (!a.along_all || ranks_->is_uniform());
        if (a.block > 0) { // the first node has the most
            result[d] = dealt(a, a.extent, 0);
            continue;
        }
        result[d] = equal ? a.extent / a.nodes + (a.extent % a.nodes != 0) : 0;
        if (equal) continue;
        for (int k = 0; k < a.nodes; ++k)
            result[d] = std::max(result[d], node_cut(a, k + 1) - node_cut(a, k));
    }
    return result;
}

index_t distribution::largest_node_size() const {
    index_t size = 1;
    for (const index_t extent : largest_node_extents()) size *= extent;
    return size;
}

} // namespace nodespan
