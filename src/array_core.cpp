#include "nodespan/detail/array_core.hpp"

#include "agreement.hpp"
#include "arena.hpp"
#include "team_core.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <vector>

namespace nodespan::detail {
namespace {

std::string braces(const index_list& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

// Everything that must be the same on all ranks.
std::uint64_t fingerprint(const std::string& name, std::size_t element_bytes,
                          const index_list& extents, const array_options& options) {
    std::size_t seed = 0;
    boost::hash_combine(seed, name);
    boost::hash_combine(seed, element_bytes);
    boost::hash_range(seed, extents.begin(), extents.end());
    boost::hash_combine(seed, options.distribution.node_grid);
    boost::hash_combine(seed, options.distribution.rank_grid);
    boost::hash_combine(seed, options.distribution.cuts);
    boost::hash_combine(seed, options.zeroed);
    return seed;
}

// The bytes this rank is the first to touch: the runs of memory that make up its box where they
// are as long as a page, or an even part of the node's block where they are not. All ranks of a
// node choose alike, so together they touch it all.
std::vector<byte_range> first_touch(const distribution& cut, const box<dynamic>& whole,
                                    const box<dynamic>& mine, std::size_t element_bytes,
                                    const placement& ranks, int node, int node_rank) {
    const index_list extents = whole.extents();
    const index_list steps = row_major_strides(extents);
    const index_list grid = cut.rank_grid(node);
    std::size_t last_cut = grid.size() - 1; // dimensions behind it are whole in every rank's box
    while (last_cut > 0 && grid[last_cut] == 1) --last_cut;

    const auto bytes = [&](index_t elements) {
        return static_cast<std::size_t>(elements) * element_bytes;
    };
    if (last_cut > 0 &&
        bytes(extents[last_cut] / grid[last_cut] * steps[last_cut]) < page_bytes()) {
        const std::size_t total = bytes(whole.size());
        const auto share = static_cast<std::size_t>(ranks.node_size(node));
        const auto me = static_cast<std::size_t>(node_rank);
        return {{total / share * me, me + 1 == share ? total : total / share * (me + 1)}};
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

} // namespace

array_core::array_core(class team& team, const index_list& extents, std::size_t element_bytes,
                       const char* type, const array_options& options)
    : team_(team.core()),
      element_bytes_(element_bytes) {
    name_ = fmt::format("array<{},{}>", boost::core::demangle(type), extents.size());
    team_core& core = *team_.core();
    block_request request;
    request.description = fmt::format("{}({})", name_, braces(extents));
    request.fingerprint = fingerprint(name_, element_bytes, extents, options);
    request.zeroed = options.zeroed;
    const std::optional<error> refused = attempt([&] {
        cut_ = distribution(extents, core.ranks(), options.distribution);
        index_t all_bytes = 0;
        if (__builtin_mul_overflow(cut_.largest_node_size(), static_cast<index_t>(element_bytes),
                                   &all_bytes))
            throw error(errc::invalid_argument,
                        request.description + ": over 2^63 bytes on a node");
        rank_box_ = cut_.rank_box(core.rank());
        node_box_ = cut_.node_box(core.node());
        request.reserved_bytes = static_cast<std::size_t>(all_bytes);
        request.node_bytes = static_cast<std::size_t>(node_box_.size()) * element_bytes;
        request.mine = first_touch(cut_, node_box_, rank_box_, element_bytes, *core.ranks(),
                                   core.node(), core.node_rank());
    });
    block_ = std::make_unique<block>(arena::of(core).allocate(refused, request));
    lock_ = mutex(&block_->header->lock, core.is_crowded());
}

array_core::~array_core() {
    arena::of(*team_.core()).free(*block_);
}

std::byte* array_core::node_data() const noexcept {
    return block_->data;
}

mutex& array_core::lock_of(int node) {
    require_node("mutex", node);
    if (node != team_.node())
        throw error(errc::not_on_node,
                    fmt::format("{}::mutex({}): locked directly on its own node only {}", name_,
                                node, where()));
    return lock_;
}

std::string array_core::where() const {
    return fmt::format("[rank {} of {}, node {} of {}]", team_.rank(), team_.size(), team_.node(),
                       team_.nodes());
}

void array_core::refuse_index(const char* operation, const index_list& at) const {
    require_index(operation, at);
    throw error(errc::not_on_node,
                fmt::format("{}::{}({}): held by node {}, and this node has [{}, {}) {}", name_,
                            operation, braces(at), cut_.owner_node(at), braces(node_box_.lo),
                            braces(node_box_.hi), where()));
}

void array_core::require_index(const char* operation, const index_list& at) const {
    if (box<dynamic>{index_list(static_cast<int>(at.size()), 0), cut_.extents()}.contains(at))
        return;
    throw error(errc::out_of_range,
                fmt::format("{}::{}({}): index outside extents {} {}", name_, operation, braces(at),
                            braces(cut_.extents()), where()));
}

void array_core::require_rank(const char* operation, int rank) const {
    if (rank >= 0 && rank < team_.size()) return;
    throw error(errc::out_of_range, fmt::format("{}::{}({}): the team has ranks 0 to {} {}", name_,
                                                operation, rank, team_.size() - 1, where()));
}

void array_core::require_node(const char* operation, int node) const {
    if (node >= 0 && node < team_.nodes()) return;
    throw error(errc::out_of_range, fmt::format("{}::{}({}): the team has nodes 0 to {} {}", name_,
                                                operation, node, team_.nodes() - 1, where()));
}

void array_core::require_peer(const char* operation, int rank) const {
    require_rank(operation, rank);
    if (team_.ranks().node_of(rank) == team_.node()) return;
    throw error(errc::not_on_node,
                fmt::format("{}::{}({}): that rank is on node {} {}", name_, operation, rank,
                            team_.ranks().node_of(rank), where()));
}

} // namespace nodespan::detail
