#include "list_room.hpp"

#include <algorithm>
#include <bit>
#include <memory>

namespace nodespan::detail {
namespace {

constexpr std::size_t unit = 16;                         // values begin at multiples of it
constexpr std::size_t turn_bytes = std::size_t{8} << 20; // of numbers and values

constexpr std::size_t smallest_bytes = 64 * 1024;
constexpr std::size_t slack = 3 * unit; // what a bundle has beside its numbers and values

constexpr std::size_t whole_units(std::size_t bytes) {
    return (bytes + unit - 1) / unit * unit;
}

// What an element takes of either room: in one its number and value, in the other, while they are
// sorted, its number and its rank.
constexpr std::size_t record_bytes(std::size_t element_bytes) {
    return sizeof(index_t) + std::max(element_bytes, sizeof(std::uint32_t));
}

} // namespace

std::size_t list_room::elements_in_a_turn(std::size_t element_bytes) noexcept {
    return std::max<std::size_t>(1, turn_bytes / record_bytes(element_bytes));
}

std::size_t list_room::values_begin(std::size_t count) noexcept {
    return numbers_begin + whole_units(count * sizeof(index_t));
}

std::size_t list_room::bundle_bytes(std::size_t count, std::size_t element_bytes) noexcept {
    return values_begin(count) + whole_units(count * element_bytes);
}

bool list_room::takes_all(const team_core& team, std::size_t count,
                          std::size_t element_bytes) noexcept {
    const auto ranks = static_cast<std::size_t>(team.placement()->size());
    return (ranks - 1) * bundle_bytes(count, element_bytes) <= turn_bytes + slack * ranks;
}

list_room& list_room::of(team_core& team, std::size_t element_bytes, std::size_t longest) {
    if (!team.lists) team.lists = std::make_shared<list_room>(team);
    list_room& result = *static_cast<list_room*>(team.lists.get());
    const std::size_t elements = std::min(longest, elements_in_a_turn(element_bytes));
    std::size_t bytes = elements * record_bytes(element_bytes);
    if (takes_all(team, elements, element_bytes))
        bytes *= static_cast<std::size_t>(std::max(1, team.placement()->size() - 1));
    bytes = std::bit_ceil(bytes);
    const std::size_t most = std::max(turn_bytes, record_bytes(element_bytes)); // no power of 2
    result.reserve(std::min(std::max(bytes, smallest_bytes), most));
    return result;
}

void list_room::reserve(std::size_t bytes) {
    const auto ranks = static_cast<std::size_t>(team_.placement()->size());
    const std::size_t room = whole_units(bytes) + slack * ranks;
    if (room <= room_bytes_) return;
    constexpr std::size_t page = 4096; // so that no two ranks touch the same one first
    const std::size_t tables = whole_units((sizeof(bundle) + sizeof(std::uint64_t)) * ranks);
    const std::size_t positions = bytes / record_bytes(1) * sizeof(std::uint32_t);
    const std::size_t each = (tables + 2 * room + positions + page - 1) / page * page;

    int largest_node = 0;
    const placement& all = *team_.placement();
    for (int node = 0; node < all.nodes(); ++node)
        largest_node = std::max(largest_node, all.node_size(node));
    block_request request;
    request.description = "shared memory for lists of all ranks";
    request.reserved_bytes = each * static_cast<std::size_t>(largest_node);
    request.node_bytes = each * static_cast<std::size_t>(team_.node_size());
    request.zeroed = false;
    const auto me = static_cast<std::size_t>(team_.node_rank());
    request.mine = [&] { return std::vector<byte_range>{{each * me, each * (me + 1)}}; };
    const block made = arena::of(team_).allocate({}, request);
    if (room_bytes_ != 0) arena::of(team_).free(where_);
    where_ = made;
    room_bytes_ = room;
    each_bytes_ = each;
}

list_room::bundle* list_room::bundles_of(int node_rank) const noexcept {
    return reinterpret_cast<bundle*>(begin_of(node_rank));
}

std::uint64_t* list_room::incoming() const noexcept {
    return reinterpret_cast<std::uint64_t*>(bundles_of(team_.node_rank()) +
                                            team_.placement()->size());
}

std::byte* list_room::out_of(int node_rank) const noexcept {
    const auto ranks = static_cast<std::size_t>(team_.placement()->size());
    return begin_of(node_rank) + whole_units((sizeof(bundle) + sizeof(std::uint64_t)) * ranks);
}

std::byte* list_room::in() const noexcept {
    return out_of(team_.node_rank()) + room_bytes_;
}

std::uint32_t* list_room::positions() const noexcept {
    return reinterpret_cast<std::uint32_t*>(in() + room_bytes_);
}

} // namespace nodespan::detail
