#pragma once

#include "nodespan/error.hpp"
#include "transfer.hpp"

#include <mpi.h>

#include <memory>
#include <optional>
#include <vector>

namespace nodespan::detail {

/// Brings an array's ghosts up to date: one message for each pair of nodes that touch, by the ranks
/// that share a node's messages among them; nothing at all inside a node.
///
/// Messages, not RMA: they carry the synchronisation with them, so neighbours wait for each other
/// and for nobody else.
class ghost_exchange {
public:
    /// What this rank will have to send, receive and copy. No communication.
    explicit ghost_exchange(const array_place& place);
    ~ghost_exchange();
    ghost_exchange(const ghost_exchange&) = delete;
    ghost_exchange& operator=(const ghost_exchange&) = delete;

    /// Call: collective over the team, `finish` after `start`.
    void start();
    void finish();
    bool is_started() const noexcept { return is_started_; }

private:
    struct message {
        index_list extents;
        std::byte* data; // in the node's block
        index_list strides;
        std::unique_ptr<std::byte[]> dense; // nothing where the elements lie densely
    };
    struct copy {
        index_list extents;
        const std::byte* from;
        std::byte* to;
    };

    void add_message(std::vector<message>& list, const box<dynamic>& part, int peer, int tag);
    message make_message(const box<dynamic>& part) const;
    std::byte* address(const box<dynamic>& part) const;
    void post();
    void wait();

    array_place place_;
    index_list strides_; // of the node's block, bytes
    std::vector<message> sends_;
    std::vector<message> receives_;
    std::vector<copy> copies_;
    std::vector<MPI_Request> requests_; // receives first
    bool nothing_to_do_ = true;         // on no rank of the team
    bool is_started_ = false;
    std::optional<error> failure_;
};

} // namespace nodespan::detail
