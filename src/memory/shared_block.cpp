#include "shared_block.hpp"

namespace nodespan::detail {

shared_block::shared_block(team_core& team, const std::optional<error>& refused,
                           const block_request& request, const label& what)
    : team_(team),
      block_(arena::of(team).allocate(refused, request)) {
    if (team_usage* const counters = team.usage())
        usage_ = counters->begin_array(what.name, what.type, what.extents, block_.node_bytes);
}

shared_block::~shared_block() {
    if (team_usage* const counters = team_.usage()) counters->end_array(block_.node_bytes);
    arena::of(team_).free(block_);
}

} // namespace nodespan::detail
