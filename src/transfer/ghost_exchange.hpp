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

/// Updates the ghosts of an array. For each pair of nodes that touch, one message goes from leader
/// to leader, and one for each large piece; the ranks of a node share the large pieces among them.
/// Inside a node nothing is sent.
///
/// It uses messages and not RMA, because messages also synchronise: neighbours wait for each other
/// and for nobody else.
class ghost_exchange {
public:
    /// Plans what this rank will send, receive and copy. No communication.
    ghost_exchange(const array_location& location, const occasion& why);

    /// Leaves an exchange that is under way to the arena, which waits for its messages before the
    /// array's place is used again. Does not wait itself.
    ~ghost_exchange();
    ghost_exchange(const ghost_exchange&) = delete;
    ghost_exchange& operator=(const ghost_exchange&) = delete;

    /// `exchange` does both `start` and `finish`. If all pieces are small, the leader works between
    /// the arrival of its node's ranks and their release.
    /// Call:   collective over the team, `finish` after `start`. `called_from` is for the race
    ///         checker.
    void exchange(const void* called_from);
    void start(const void* called_from);
    void finish();
    bool is_started() const noexcept { return is_started_; }

    /// Adds the bytes that one exchange moves: this rank's copies inside the node, and what it
    /// sends.
    void add_bytes(std::uint64_t& inside, std::uint64_t& between) const;

private:
    // A box of the node's block.
    struct part {
        index_list extents;
        std::byte* data = nullptr;
    };
    // A message to or from one rank, part after part.
    struct message {
        int peer = 0;
        int tag = 0;
        std::vector<part> parts;
        std::byte* dense = nullptr; // null if one dense part is sent from where it lies
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
    void tell_races(const void* called_from) const;
    void post();
    void wait();
    std::vector<MPI_Request>& requests() noexcept { return messages_.front().requests; }

    array_location location_;
    occasion why_;
    index_list strides_; // of the node's block, bytes
    std::vector<message> sends_;
    std::vector<message> receives_;
    std::vector<copy> copies_;
    std::list<unfinished> messages_ = std::list<unfinished>(1); // one; requests of receives first
    bool nothing_to_do_ = true;                                 // on all ranks of the team
    bool leader_alone_ = true; // the other ranks of this node do nothing
    bool is_started_ = false;
    std::optional<error> failure_;
};

} // namespace nodespan::detail
