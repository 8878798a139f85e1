#pragma once

#include "combine.hpp"
#include "rendezvous.hpp"
#include "team_core.hpp"

#include <mpi.h>

#include <cstddef>
#include <vector>

namespace nodespan::detail {

/// The part of collective calls that crosses nodes: messages between leaders. Every wait keeps MPI
/// going, and ends with errc::peer_lost when a rank has left. An error here ends the team on all
/// ranks. MPI may then still write to this object and to the values, which must stay: they lie in
/// scratch space, and never in memory that the program may free. At most 2^31 - 1 bytes a call.
class leader_exchange {
public:
    explicit leader_exchange(team_core& team);

    /// Compares what the nodes found, and combines the values in `mine`, if there are any, in node
    /// order; a broadcast takes the values of node `root_node`. `why` is what ranks wait in until
    /// the next call of this function.
    /// Call:   leaders.
    /// Errors: MPI category.
    void settle(rendezvous::outcome& mine, run_kernel kernel, int root_node, const occasion& why);

    /// Combines `bytes` bytes of all nodes in node order; all nodes get the result.
    /// Call:   leaders.
    void combine(std::byte* values, std::size_t bytes, std::size_t element_bytes,
                 run_kernel kernel);

    /// Copies from one node's leader to all others'.
    /// Call:   leaders.
    void broadcast(std::byte* values, std::size_t bytes, int root_node);

private:
    void wait();
    void wait_for(std::size_t number);
    void gather_outcomes(const rendezvous::outcome& mine);
    void receive(std::byte* to, std::size_t bytes, int node);
    void send(const std::byte* from, std::size_t bytes, int node);
    void combine_parts(std::byte* mine, std::size_t bytes, std::size_t element_bytes,
                       run_kernel kernel);
    std::byte* part_from(int node, std::size_t bytes) noexcept {
        return parts_.data() + static_cast<std::size_t>(node) * bytes;
    }
    std::byte* part(std::byte* values, int node, std::size_t bytes, std::size_t unit) const;

    team_core& team_;
    int nodes_;
    int node_;
    std::vector<rendezvous::outcome> outcomes_; // of all nodes
    std::vector<std::byte> parts_;              // the parts of other nodes that this node combines
    std::vector<MPI_Request> open_;
    std::vector<int> peers_; // the rank at the other end of each request
    occasion why_;
};

} // namespace nodespan::detail
