#pragma once

#include "arena.hpp"

#include <cstddef>
#include <cstdint>

namespace nodespan::detail {

/// Shared memory in which the ranks of a team sort their lists for each other: for each rank a
/// table, and two rooms, of what it has for others and of what comes. While a rank sorts, nothing
/// comes, and it uses that room. A list goes through it by turns, so that its length costs no
/// memory. Kept until the team ends.
class list_room {
public:
    /// What a rank has for another one: where in its room, and how many elements.
    struct bundle {
        std::uint64_t begin = 0, count = 0;
    };

    /// The room of a team, for lists of up to `longest` elements of `element_bytes` bytes. The
    /// first call makes it, and one that needs more makes a larger one.
    /// Call:   collective, with equal arguments.
    /// Errors: as arena::allocate.
    static list_room& of(team_core& team, std::size_t element_bytes, std::size_t longest);

    explicit list_room(team_core& team) : team_(team) {}

    /// How many elements of a rank's list go in a turn.
    static std::size_t elements_in_a_turn(std::size_t element_bytes) noexcept;

    /// A bundle: how many elements it has, their numbers, and their values.
    static constexpr std::size_t numbers_begin = 16;
    static std::size_t values_begin(std::size_t count) noexcept;
    static std::size_t bundle_bytes(std::size_t count, std::size_t element_bytes) noexcept;

    /// Whether every rank has room for bundles of so many elements of all others.
    static bool takes_all(const team_core& team, std::size_t count,
                          std::size_t element_bytes) noexcept;

    /// A rank of this node: its table, with an entry for each rank of the team, and its room.
    bundle* bundles_of(int node_rank) const noexcept;
    std::byte* out_of(int node_rank) const noexcept;

    /// This rank: how many elements each rank has for it, and room for them.
    std::uint64_t* incoming() const noexcept;
    std::byte* in() const noexcept;

    /// This rank: a number for each element of a turn.
    std::uint32_t* positions() const noexcept;
    std::size_t in_bytes() const noexcept { return room_bytes_; }

private:
    std::byte* begin_of(int node_rank) const noexcept {
        return where_.data + static_cast<std::size_t>(node_rank) * each_bytes_;
    }
    void reserve(std::size_t bytes);

    team_core& team_;
    block where_;
    std::size_t room_bytes_ = 0; // of one of a rank's two rooms; 0 before there is one
    std::size_t each_bytes_ = 0; // of all that a rank has
};

} // namespace nodespan::detail
