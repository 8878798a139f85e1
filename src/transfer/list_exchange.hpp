#pragma once

#include "list_room.hpp"
#include "listed.hpp"
#include "open_messages.hpp"
#include "place_finder.hpp"
#include "transfer.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace nodespan::detail {

/// The lists of all ranks of a team, which they move together, turn by turn: a rank sorts the next
/// elements of its list by the ranks that handle them. Bundles for ranks of the node are read where
/// they lie; others are messages. Each rank handles one stretch of its node's block, bundle after
/// bundle in the order of ranks: so no two ranks change an element at once, and the order in which
/// its values come does not depend on time.
///
/// An exception leaves other ranks waiting: the team must be abandoned, and its memory never used
/// again, where MPI may still write.
class list_exchange {
public:
    /// One rank's part: `count` places inside the array, which must stay.
    /// Call:   any rank alone; no communication.
    list_exchange(const array_location& a, const index_t* places, index_t count,
                  const occasion& why);

    /// Copies the elements to `to`. `longest` elements has the longest list of all ranks.
    /// Call:   collective over the team, between two fences.
    /// Errors: errc::peer_lost, MPI category.
    void gather(list_room& room, std::uint64_t longest, std::byte* to);

    /// Changes the elements by the values.
    /// Call:   as above.
    void scatter(list_room& room, std::uint64_t longest, const std::byte* from,
                 listed_kernel change);

    /// The bytes of this rank's elements on this node, and on others.
    std::size_t bytes_here() const noexcept { return (count_ - far_) * bytes_; }
    std::size_t bytes_away() const noexcept { return far_ * bytes_; }

private:
    bool is_here(std::size_t rank) const noexcept { return rank - first_here_ < node_size_; }
    template <class F>
    void for_each_far(F&& f) const;
    std::uint64_t begin(list_room& room, std::uint64_t longest);
    void begin_turn(std::uint64_t turn);
    template <class F>
    void for_each_bundle(F&& f) const;
    void receive_first(std::size_t most_bytes);
    void exchange_counts();
    void receive_all(std::size_t most_bytes);
    void fill(const std::byte* from);
    template <class Size>
    void send_bundles(open_messages& sends, Size&& size_of);
    void fill_questions(std::byte* out);
    void load_here(std::byte* to);
    void answer();
    void take_answers(std::byte* to);
    template <class Size>
    std::size_t receive_group(std::size_t first, Size&& size_of);
    void change_all(listed_kernel change);

    const array_location& a_;
    team_core& team_;
    occasion why_;
    const index_t* places_;
    std::size_t count_, bytes_, most_; // elements, bytes of each, elements in a turn
    std::size_t dimensions_, ranks_, first_here_, node_size_;
    std::size_t far_ = 0; // elements of other nodes
    std::unique_ptr<place_finder> finder_;

    // Of the turn: where it begins in the list, how many elements it has, and, until bundles come,
    // where these lie.
    list_room* room_ = nullptr;
    list_room::bundle* bundles_ = nullptr; // in shared memory
    std::size_t longest_ = 0;              // bundle that a rank may have
    bool takes_all_ = false;               // there is room for as long ones of all ranks
    std::size_t begin_ = 0, here_ = 0;
    std::uint32_t* rank_ = nullptr;
    index_t* element_ = nullptr;
    std::vector<std::uint64_t> counts_; // by rank, between turns 0
    std::vector<std::size_t> came_;     // by rank: where its bundle lies
};

} // namespace nodespan::detail
