#include "first_touch.hpp"

#include "even_cut.hpp"
#include "pages.hpp"

namespace nodespan::detail {
namespace {

// A rank's box, grown by the ghosts of its node where the box is at the node's edge.
box<dynamic_rank> up_to_ghosts(const box<dynamic_rank>& mine, const box<dynamic_rank>& node,
                               const box<dynamic_rank>& stored) {
    box<dynamic_rank> result = mine;
    if (mine.empty()) return result;
    for (std::size_t d = 0; d < mine.lo.size(); ++d) {
        if (mine.lo[d] == node.lo[d]) result.lo[d] = stored.lo[d];
        if (mine.hi[d] == node.hi[d]) result.hi[d] = stored.hi[d];
    }
    return result;
}

} // namespace

std::vector<byte_range> first_touch(const distribution& cut, const ghost_layers& ghosts, int rank,
                                    std::size_t element_bytes) {
    const placement& ranks = cut.placement();
    const int node = ranks.node_of(rank);
    const box<dynamic_rank> node_box = cut.node_box(node);
    const box<dynamic_rank> whole = with_ghosts(node_box, ghosts);
    const box<dynamic_rank> mine = up_to_ghosts(cut.rank_box(rank), node_box, whole);
    const index_list extents = whole.extents();
    const index_list steps = row_major_strides(extents);
    const index_list grid = cut.rank_grid(node);
    std::size_t last_cut = grid.size() - 1; // every rank's box has the later dimensions whole
    while (last_cut > 0 && grid[last_cut] == 1) --last_cut;

    const auto bytes = [&](index_t elements) {
        return static_cast<std::size_t>(elements) * element_bytes;
    };
    if (last_cut > 0 &&
        bytes(extents[last_cut] / grid[last_cut] * steps[last_cut]) < page_bytes()) {
        const std::size_t total = bytes(whole.size());
        const auto share = static_cast<std::size_t>(ranks.node_size(node));
        const auto me = static_cast<std::size_t>(rank - ranks.first_rank(node));
        return {{even_cut(total, me, share), even_cut(total, me + 1, share)}};
    }
    std::vector<byte_range> result;
    if (mine.empty()) return result;
    index_list at = mine.lo;
    for (;;) {
        index_t begin = 0;
        for (std::size_t d = 0; d <= last_cut; ++d) begin += (at[d] - whole.lo[d]) * steps[d];
        const index_t run = (mine.hi[last_cut] - mine.lo[last_cut]) * steps[last_cut];
        result.push_back({bytes(begin), bytes(begin + run)});
        std::size_t d = last_cut;
        while (d > 0 && ++at[d - 1] == mine.hi[d - 1]) {
            at[d - 1] = mine.lo[d - 1];
            --d;
        }
        if (d == 0) return result;
    }
}

} // namespace nodespan::detail
