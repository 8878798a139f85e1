#pragma once

#include "combine.hpp"
#include "node_pairs.hpp"
#include "rendezvous.hpp"
#include "team_core.hpp"

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace nodespan::detail {

/// The part of collective calls that crosses nodes: messages between leaders, of which each sends
/// and keeps as much for a million nodes as for a few, but for the number of rounds. Every wait
/// keeps MPI going, and ends with errc::peer_lost when a rank has left. An error here ends the team
/// on all ranks. MPI may then still write to this object and to the values, which must stay: they
/// lie in scratch space, and never in memory that the program may free. At most 2^31 - 1 bytes a
/// call.
class leader_exchange {
public:
    explicit leader_exchange(team_core& team);

    /// Joins what the nodes found, and combines their values, if there are any, in the order of
    /// node_pairs; a node without values takes those of others. `why` is what ranks wait in until
    /// the next call of this function.
    /// Call:   leaders.
    /// Errors: MPI category.
    void settle(rendezvous::outcome& mine, run_kernel kernel, const occasion& why);

    /// Combines `bytes` bytes of all nodes in the order of node_pairs; all nodes get the result.
    /// Call:   leaders.
    void combine(std::byte* values, std::size_t bytes, std::size_t element_bytes,
                 run_kernel kernel);

    /// Copies from one node's leader to all others'.
    /// Call:   leaders.
    void broadcast(std::byte* values, std::size_t bytes, int root_node);

private:
    using bytes_span = std::span<std::byte>;
    struct meeting { // with one other node
        int node;
        bool is_upper; // what that node has comes before what this one has
        std::size_t element_bytes;
        run_kernel kernel;
    };

    void wait();
    void wait_for(std::size_t begin, std::size_t end);
    void forget_requests() noexcept;
    void receive_outcome(int node);
    void receive(bytes_span to, int node);
    void send(bytes_span from, int node);
    void meet(const meeting& with, bytes_span mine, bytes_span theirs);
    void spread(const std::vector<bytes_span>& halved, bytes_span mine);

    team_core& team_;
    int nodes_;
    int node_;
    node_pairs pairs_;
    std::unique_ptr<rendezvous::outcome> outcome_; // of another node
    std::vector<std::byte> values_;                // of another node
    std::vector<MPI_Request> open_;
    std::vector<int> peers_; // the rank at the other end of each request
    occasion why_;
};

} // namespace nodespan::detail
