#pragma once

#include "nodespan/error.hpp"
#include "transfer.hpp"
#include "unfinished.hpp"

#include <mpi.h>

#include <cstdint>
#include <list>
#include <optional>
#include <vector>

namespace nodespan::detail {

/// Brings an array's ghosts up to date: one message from leader to leader for each pair of nodes
/// that touch, and one for each large piece, which the ranks of a node share among them; nothing at
/// all inside a node.
///
/// Messages, not RMA: they carry the synchronisation with them, so neighbours wait for each other
/// and for nobody else.
class ghost_exchange {
public:
    /// What this rank will have to send, receive and copy. No communication.
    ghost_exchange(const array_place& place, const occasion& why);

    /// An exchange that is under way is left to the arena, which sees that its messages have ended
    /// before the array's place is used again. Waits for nobody.
    ~ghost_exchange();
    ghost_exchange(const ghost_exchange&) = delete;
    ghost_exchange& operator=(const ghost_exchange&) = delete;

    /// Call:   collective over the team, `finish` after `start`. `exchange` is both: where all is
    ///         small, the leader works between the arrival of its node's ranks and their release.
    void exchange();
    void start();
    void finish();
    bool is_started() const noexcept { return is_started_; }

    /// Adds up what an exchange moves: this rank's copies inside the node, and what it sends.
    void add_bytes(std::uint64_t& inside, std::uint64_t& between) const;

private:
    // Elements of the node's block.
    struct part {
        index_list extents;
        std::byte* data = nullptr;
    };
    // What goes to one rank or comes from it, part after part.
    struct message {
        int peer = 0;
        int tag = 0;
        std::vector<part> parts;
        std::byte* dense = nullptr; // nothing where one dense part goes as it lies
    };
    struct copy {
        part to;
        const std::byte* from;
    };

    enum class way { receive, send };
    std::vector<message> messages(const std::vector<ghost_piece>& pieces, way where);
    void add_copy(const ghost_piece& piece, int worker);
    void prepare(message& m, way where);
    part part_of(const box<dynamic_rank>& elements) const;
    void pack(const message& m) const;
    void unpack(const message& m) const;
    void post();
    void wait();
    std::vector<MPI_Request>& requests() noexcept { return messages_.front().requests; }

    array_place place_;
    occasion why_;
    index_list strides_; // of the node's block, bytes
    std::vector<message> sends_;
    std::vector<message> receives_;
    std::vector<copy> copies_;
    std::list<unfinished> messages_ = std::list<unfinished>(1); // one; requests of receives first
    bool nothing_to_do_ = true;                                 // on no rank of the team
    bool leader_alone_ = true; // the other ranks of this node have nothing to do
    bool is_started_ = false;
    std::optional<error> failure_;
};

} // namespace nodespan::detail
