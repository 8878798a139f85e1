#pragma once

#include "combine.hpp"
#include "leader_exchange.hpp"
#include "nodespan/collectives.hpp"
#include "rendezvous.hpp"

#include <cstddef>
#include <memory>
#include <optional>

namespace nodespan::detail {

/// A team's collective calls: its scratch space in shared memory, and the ways a call can go.
///
/// Small values travel beside the notes by which ranks meet. Large ones that lie in the team's
/// windows are combined in place, each rank a slice of all. Others go through scratch space in
/// chunks, like on a pipeline: between two meetings chunks are brought, combined, exchanged between
/// nodes and taken home, each a step behind the one before.
class collectives_core {
public:
    /// Those of a team, made at the first call.
    /// Call:   collective.
    /// Errors: as arena::allocate.
    static collectives_core& of(team_core& team);

    explicit collectives_core(team_core& team);

    /// See the public header.
    /// Call:   collective.
    void run(const collective_call& mine);

private:
    void meet_and_check(const collective_call& mine, const call_note& note);
    void settle_between_nodes(const collective_call& mine);
    bool stays_in_place(const call_note& note) const noexcept;
    bool finish_small(const collective_call& mine);
    void reduce_in_place(const collective_call& mine);
    void combine_slices(const collective_call& mine, std::size_t begin, std::size_t end);
    void reduce_by_steps(const collective_call& mine);
    void broadcast(const collective_call& mine);
    template <class From>
    void combine_run(std::byte* to, std::size_t bytes, const collective_call& mine, From&& from);

    void give_up() noexcept;
    void reserve_scratch();
    std::byte* inbox(std::size_t chunk, int node_rank) const noexcept;
    std::byte* outbox(std::size_t chunk) const noexcept;
    std::byte* values_of(int node_rank) const noexcept;
    int root_on_node(const collective_call& mine) const noexcept;
    int largest_node() const noexcept;

    team_core& team_;
    arena& memory_;
    std::optional<rendezvous> board_;
    std::unique_ptr<leader_exchange> exchange_; // leaders', where there are several nodes
    std::byte* scratch_ = nullptr;              // made when it is needed first
    std::size_t chunk_bytes_;
    run_kernel kernel_ = nullptr; // of the call that runs
    occasion why_;                // the same
};

} // namespace nodespan::detail
