#include "nodespan/scalapack.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace nodespan::detail {
namespace {

[[noreturn]] void refuse(const array_core& of, const char* why) {
    throw error(errc::invalid_argument, of.name() + why);
}

} // namespace

scalapack_matrix<void> describe_for_scalapack(const array_core& of, int context) {
    const distribution& cut = of.cut();
    const placement& ranks = cut.placement();
    if (ranks.size() != ranks.nodes())
        refuse(of, "::scalapack: ScaLAPACK's processes have memory of their own each, and here "
                   "ranks share a "
                   "node's; make the team with one rank a node (team_options::ranks_per_node = 1)");
    const index_list &extents = cut.extents(), grid = cut.node_grid(), block = cut.block();
    for (std::size_t d = 0; d < 2; ++d)
        if (block[d] == 0 && grid[d] > 1)
            refuse(of, "::scalapack: not block-cyclic; give distribution_options::block for both "
                       "dimensions");
    if (std::max(extents[0], extents[1]) > std::numeric_limits<int>::max())
        refuse(of, "::scalapack: extents over 2^31 - 1, which is what ScaLAPACK counts to");
    const auto number = [](index_t value) { return static_cast<int>(value); };
    const auto block_of = [&](std::size_t d) {
        return number(block[d] > 0 ? block[d] : std::max<index_t>(1, extents[d]));
    };
    scalapack_matrix<void> result;
    const index_t own_rows = of.node_places().extents()[1];
    result.descriptor = {1,
                         context,
                         number(extents[1]),
                         number(extents[0]),
                         block_of(1),
                         block_of(0),
                         0,
                         0,
                         number(std::max<index_t>(1, own_rows))};
    result.data = of.node_data();
    result.grid_rows = number(grid[1]);
    result.grid_columns = number(grid[0]);
    return result;
}

} // namespace nodespan::detail
