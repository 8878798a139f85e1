// What array_core says of a call, and what it refuses before the call begins.
#include "nodespan/detail/array_core.hpp"
#include "nodespan/detail/inside.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace nodespan::detail {
namespace {

std::string braces(const index_list& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

// Whether all places of a list exist. Unsigned, so that one comparison tests both ends.
bool are_all_inside(const index_list& extents, const index_t* places, std::size_t count) {
    if (extents.size() == 1) return are_inside(places, count, 0, extents[0]);
    bool is_inside = true;
    for (std::size_t i = 0; i < count; ++i)
        for (const index_t extent : extents)
            is_inside &= static_cast<std::uint64_t>(*places++) < static_cast<std::uint64_t>(extent);
    return is_inside;
}

} // namespace

index_list array_core::check_patch(const char* operation, const box<dynamic_rank>& patch,
                                   const patch_memory& memory) const {
    return check_patch(operation, patch, patch.extents(), memory);
}

// How many elements there are along each dimension, if the steps are some.
index_list array_core::check_step(const char* operation, const box<dynamic_rank>& patch,
                                  const index_list& step) const {
    index_list result = patch.extents();
    for (std::size_t d = 0; d < step.size(); ++d) {
        if (step[d] < 1)
            throw error(errc::invalid_argument,
                        fmt::format("{}: steps of {}, and each is 1 or more {}",
                                    call_on(operation, patch), shown(step), where()));
        if (result[d] > 0) result[d] = (result[d] - 1) / step[d] + 1;
    }
    return result;
}

// The buffer's strides in bytes, if the patch fits into the array, and the elements wanted of it
// into the buffer.
index_list array_core::check_patch(const char* operation, const box<dynamic_rank>& patch,
                                   const index_list& wanted, const patch_memory& memory) const {
    const index_list& extents = cut_.extents();
    bool fits = true;
    for (std::size_t d = 0; d < extents.size(); ++d)
        fits &= patch.lo[d] >= 0 && patch.lo[d] <= patch.hi[d] && patch.hi[d] <= extents[d];
    if (!fits)
        throw error(errc::out_of_range,
                    fmt::format("{}: box outside extents {} {}", call_on(operation, patch),
                                shown(extents), where()));
    const index_t count = box<dynamic_rank>{index_list(cut_.dimensions(), 0), wanted}.size();
    if (memory.is_view ? memory.extents != wanted : memory.size != count)
        throw error(
            errc::size_mismatch,
            fmt::format("{}: {} elements {}, but the buffer has {} {}", call_on(operation, patch),
                        count, shown(wanted),
                        memory.is_view ? shown(memory.extents) : std::to_string(memory.size),
                        where()));
    index_list strides = memory.is_view ? memory.strides : row_major_strides(wanted);
    for (std::size_t d = 0; d < strides.size(); ++d)
        strides[d] *= static_cast<index_t>(type_.bytes);
    return strides;
}

void array_core::require_list(const char* operation, const index_t* places, std::size_t count,
                              std::size_t room) const {
    if (count != room)
        throw error(errc::size_mismatch,
                    fmt::format("{}::{}: {} indices, but the buffer has {} elements {}", name_,
                                operation, count, room, where()));
    if (are_all_inside(cut_.extents(), places, count)) return;
    index_list at(cut_.dimensions(), 0);
    for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(places + i * at.size(), at.size(), &at[0]);
        require_index(operation, at);
    }
}

std::string array_core::call_on(const char* operation, const box<dynamic_rank>& patch) const {
    return fmt::format("{}::{}([{}, {}))", name_, operation, shown(patch.lo), shown(patch.hi));
}

std::string array_core::call_on(const char* operation, const index_list& at) const {
    return fmt::format("{}::{}({})", name_, operation, shown(at));
}

// Indices as the program gave them.
std::string array_core::shown(const index_list& numbers) const {
    return braces(type_.is_transposed ? reversed(numbers) : numbers);
}

std::string array_core::where() const {
    return fmt::format("[rank {} of {}, node {} of {}]", team_.rank(), team_.size(), team_.node(),
                       team_.nodes());
}

void array_core::refuse_index(const char* operation, const index_list& at) const {
    require_index(operation, at);
    if (is_dealt_)
        throw error(errc::not_on_node,
                    fmt::format("{}: block-cyclic over several nodes, so elements are found by get "
                                "and put, or by their place in node() {}",
                                call_on(operation, at), where()));
    throw error(errc::not_on_node, fmt::format("{}: held by node {}, and this node has [{}, {}) {}",
                                               call_on(operation, at), cut_.owner_node(at),
                                               shown(node_box_.lo), shown(node_box_.hi), where()));
}

void array_core::refuse_place(const char* operation, const index_list& place,
                              const box<dynamic_rank>& places) const {
    throw error(errc::out_of_range,
                fmt::format("{}: place outside extents {} {}", call_on(operation, place),
                            shown(places.extents()), where()));
}

void array_core::require_index(const char* operation, const index_list& at) const {
    if (box<dynamic_rank>{index_list(static_cast<int>(at.size()), 0), cut_.extents()}.contains(at))
        return;
    throw error(errc::out_of_range,
                fmt::format("{}: index outside extents {} {}", call_on(operation, at),
                            shown(cut_.extents()), where()));
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
    if (team_.placement().node_of(rank) == team_.node()) return;
    throw error(errc::not_on_node,
                fmt::format("{}::{}({}): that rank is on node {} {}", name_, operation, rank,
                            team_.placement().node_of(rank), where()));
}

} // namespace nodespan::detail
