#pragma once

#include "call_order.hpp"
#include "far_ends.hpp"
#include "mpi_wait.hpp"
#include "node_barrier.hpp"
#include "nodespan/placement.hpp"

#include <mpi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>

namespace nodespan::detail {

/// The meeting point of the leaders of a team's nodes, by messages. Only leaders of teams of
/// several nodes have one. leader_barrier.cpp explains the protocol.
///
/// All leaders call the same sequence of meetings. MPI keeps going while a leader waits.
class leader_barrier {
public:
    /// `comm` holds all ranks of the team, in team order; no other code uses these tags there.
    leader_barrier(MPI_Comm comm, const placement& ranks, int node, node_barrier& own_node,
                   bool oversubscribed, const far_ends& ends);

    leader_barrier(const leader_barrier&) = delete;            // messages may be under way to it
    leader_barrier& operator=(const leader_barrier&) = delete; // messages may be under way to it

    /// Replaces all words by their maximum over the nodes. Returns whether MPI did all of its part
    /// on this rank. If not, the others have been sent what was known, and the words mean nothing.
    /// If nodes came for different calls, this tells the ranks of the node and throws, on all
    /// leaders.
    /// Errors: errc::peer_lost; errc::mismatched_arguments.
    /// Cost:   as many rounds of small messages as the number of nodes has binary digits.
    bool maximum(agreed_words& words, const occasion& why);

    /// Copies memory of node `root` to the same memory of all nodes; returns whether MPI did so.
    /// `leaders` holds only the leaders.
    /// Errors: errc::peer_lost.
    bool broadcast(std::byte* data, std::size_t bytes, int root, MPI_Comm leaders,
                   const occasion& why);

    /// Keeps MPI going, and notices when a node is abandoned.
    void progress();

    /// Tells all other nodes, once, that this node will not take part any more. Does not wait.
    void abandon() noexcept;

    /// The message that abandon() sends: from the leader of `node`, which has met the others `met`
    /// times.
    static void tell_abandoned(MPI_Comm comm, const placement& ranks, int node,
                               std::uint64_t met) noexcept;
    std::uint64_t met() const noexcept { return met_; }

    /// For other calls in which nodes wait for each other: counts one, and looks, in a wait,
    /// whether nodes are in different calls. If so, tells the ranks of the node and throws.
    /// Errors: errc::mismatched_arguments.
    void begin_call(const operation_name& operation) noexcept { order_.begin(operation); }
    void throw_if_mixed(const occasion& why, double seconds);

private:
    // What leaders tell each other in a meeting: the agreed words, and two for the kinds of calls.
    using message = std::array<std::uint64_t, std::tuple_size_v<agreed_words> + 2>;
    struct round_words {
        std::array<message, 32> sent{}, received{};
    };

    bool combine(message& mine, const occasion& why);
    std::string text_of(int node, const std::string& mine, const occasion& why);
    [[noreturn]] void throw_mixed(int node, int other, const occasion& why);
    bool finish(std::span<MPI_Request> requests, const occasion& why, int from_node);
    bool is_lost() const noexcept;
    [[noreturn]] void throw_lost(const occasion& why) const;
    void complain(const watchdog& watch, const occasion& why, int from_node) const;
    int leader_of(int node) const noexcept { return ranks_->first_rank(node); }

    MPI_Comm comm_;
    const placement* ranks_;
    int node_;
    node_barrier* own_node_;
    bool oversubscribed_;
    const far_ends* ends_;
    std::optional<lent_memory<round_words>> words_; // replaced after a meeting that failed
    bool told_ = false;                             // other nodes know that this one is abandoned
    call_order order_;
    std::uint64_t met_ = 0;        // meetings so far
    int lost_node_ = -1;           // a node that is abandoned,
    std::uint64_t lost_after_ = 0; // and the meetings that it reached
};

} // namespace nodespan::detail
